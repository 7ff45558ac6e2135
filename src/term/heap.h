/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of a process, or of a thread's region: what goes with the callback and what stays.
 *
 *   the region   boxes built since the last reset (in what was lent, then in chunks), messages
 *                received (adopted blocks), the counts held on large binaries, and the drops that
 *                wait for the callback's end. cop__heap_reset() frees it all.
 *   owned        kept blocks, dictionaries, plain blocks: freed one by one, or by cop__heap_fini()
 *                when the owner dies.
 *
 * A struct cop__heap that is all zero is an empty heap that owns nothing: one that idles costs no
 * memory but itself. Not to be used by two threads at once; it may wander between threads, and must
 * not be moved in memory while it owns anything.
 *
 * With COP_DEBUG each chunk knows under which label it was filled. Memory that is given up is not
 * freed at once but waits in a quarantine of the program, so that whoever uses a term of an earlier
 * callback is told "term built in handle_cast #812 used in handle_call #813: keep it
 * (cop_keep)". */
#ifndef COPPICE_TERM_HEAP_H
#define COPPICE_TERM_HEAP_H

#include "base/check.h"
#include "base/tls.h"
#include "term/types.h"

struct cop__block;
struct cop__chunk;
struct cop__drop;
struct cop__plain;

struct cop__heap {
    /* The region. */
    uint64_t *top;             /* the next box goes here; NULL without a chunk */
    uint64_t *limit;           /* end of the newest chunk */
    struct cop__chunk *chunks; /* newest first */
    struct cop__block *blocks; /* adopted, newest first */
    struct cop__drop *drops;   /* what cop_drop gave up, newest first; they lie in chunks */
    uint64_t *counted;         /* boxes of large binaries in chunks, newest first */
    size_t region_bytes;       /* of chunks and adopted blocks */
    /* Owned. */
    struct cop__block *kept; /* blocks that live by their counts and are not in `blocks` */
    struct cop_dict *dicts;
    struct cop__plain *plains;
    size_t owned_bytes;
#ifdef COP_DEBUG
    const char *label; /* of what runs now, "handle_cast"; lives for ever */
    uint64_t number;
#endif
};

/* A place in a region: what was built before it stays at a release. */
struct cop__heap_mark {
    uint64_t *top;
    uint64_t *limit;
    struct cop__chunk *chunks;
    struct cop__block *blocks;
    struct cop__drop *drops;
    uint64_t *counted;
};

/* --- The heap of the running code ------------------------------------------------------------- */

COP__TLS_DECLARE(struct cop__heap, cop__heap_running)

/* The heap into which public builders put their results; NULL outside of processes and regions. The
 * value belongs to whoever runs now: never keep it over a switch. Runs on: any thread. */
static inline struct cop__heap *cop__heap_current(void)
{
    return cop__heap_running_get();
}
static inline void cop__heap_set_current(struct cop__heap *heap)
{
    cop__heap_running_set(heap);
}
/* Ends the program: a term was built outside of a process or region. */
__attribute__((noreturn, cold)) void cop__heap_missing(void);
/* The same as cop__heap_current(), but never NULL. */
static inline struct cop__heap *cop__heap_need(void)
{
    struct cop__heap *heap = cop__heap_current();

    if (COP_UNLIKELY(heap == NULL)) cop__heap_missing();
    return heap;
}

/* --- Building --------------------------------------------------------------------------------- */

uint64_t *cop__heap_words_slow(struct cop__heap *heap, size_t words);

/* Room for one box, or for what goes with the region; not initialised. Above COP__ARITY_MAX words
 * it is an error system_limit. */
static inline uint64_t *cop__heap_words(struct cop__heap *heap, size_t words)
{
#ifndef COP_DEBUG
    if (COP_LIKELY((size_t)(heap->limit - heap->top) >= words)) {
        uint64_t *room = heap->top;

        heap->top = room + words;
        return room;
    }
#endif
    return cop__heap_words_slow(heap, words);
}

#ifdef COP_DEBUG
uint64_t cop__heap_place(const struct cop__heap *heap);
#else
static inline uint64_t cop__heap_place(const struct cop__heap *heap)
{
    (void)heap;
    return 0;
}
#endif

/* A new box with its header; the caller fills the `arity` words after it before anything reads
 * it. */
static inline uint64_t *cop__heap_box(struct cop__heap *heap, enum cop__box kind, size_t arity)
{
    uint64_t *box = cop__heap_words(heap, arity + 1);

    *box = cop__header(kind, arity) | cop__heap_place(heap);
    return box;
}

/* Builders: results in this heap. */
cop_term cop__int(struct cop__heap *heap, int64_t value);
cop_term cop__uint(struct cop__heap *heap, uint64_t value);
cop_term cop__float(struct cop__heap *heap, double value);
cop_term cop__binary(struct cop__heap *heap, const void *data, size_t size);
/* A binary of this size whose bytes the caller writes, through *ret_data, before anyone reads
 * it. */
cop_term cop__binary_space(struct cop__heap *heap, size_t size, char **ret_data);
cop_term cop__tuple(struct cop__heap *heap, const cop_term *items, size_t len);
cop_term cop__cons(struct cop__heap *heap, cop_term head, cop_term tail);
cop_term cop__list(struct cop__heap *heap, const cop_term *items, size_t len, cop_term tail);
cop_term cop__pid(struct cop__heap *heap, cop_pid pid);
cop_term cop__ref(struct cop__heap *heap, cop_ref ref);
cop_term cop__from(struct cop__heap *heap, cop_from from);
/* digits to base 2^64, lowest first; may have leading zeros. An integer of the least kind. */
cop_term cop__bigint(struct cop__heap *heap, bool negative, const uint64_t *digits, size_t len);
/* An integer of any size from decimal digits with an optional sign; cop_none() if text is not
 * one. */
cop_term cop__bigint_from_decimal(struct cop__heap *heap, cop_bytes text);
/* Bytes that the decimal digits of an integer need at most, with sign and final 0. */
size_t cop__bigint_decimal_size(cop_term integer);
/* Writes the decimal digits of any integer and a final 0; returns their number without it. */
size_t cop__bigint_to_decimal(cop_term integer, char *ret_text);

/* --- Lifetimes -------------------------------------------------------------------------------- */

void cop__heap_reset_slow(struct cop__heap *heap);

/* Lends an empty region room for its first boxes; it is the caller's again after the reset. */
/* NOLINTNEXTLINE(readability-non-const-parameter): boxes are written there */
static inline void cop__heap_lend(struct cop__heap *heap, uint64_t *words, size_t count)
{
#ifdef COP_DEBUG
    (void)heap;
    (void)words;
    (void)count;
#else
    if (COP_UNLIKELY(heap->top != NULL)) return;
    heap->top = words;
    heap->limit = words + count;
#endif
}

/* Frees the region: the callback has returned. */
static inline void cop__heap_reset(struct cop__heap *heap)
{
    if (heap->chunks || heap->blocks || heap->drops || heap->counted) {
        cop__heap_reset_slow(heap);
    } else {
        heap->top = NULL;
        heap->limit = NULL;
    }
}

/* Begins a region within the region. Marks nest: the newest is released first. */
struct cop__heap_mark cop__heap_mark(struct cop__heap *heap);
/* Frees what was built, adopted and dropped since the mark. */
void cop__heap_release(struct cop__heap *heap, const struct cop__heap_mark *mark);

/* Frees the region and all that is owned: the owner is dead. The heap is empty then, as at
 * first. */
void cop__heap_fini(struct cop__heap *heap);

/* Makes the term of a message block valid in this region, which frees the block at its end. The
 * block must be in no list. Returns the term. */
cop_term cop__heap_adopt(struct cop__heap *heap, struct cop__block *block COP_TAKES);

/* Bytes that the heap has now, the struct itself not counted. */
static inline size_t cop__heap_bytes(const struct cop__heap *heap)
{
    return heap->region_bytes + heap->owned_bytes;
}

/* --- Checks of regions ------------------------------------------------------------------------ */

/* Says what runs from now on in this heap: the callback and the how manieth. label lives for
 * ever. */
static inline void cop__heap_label(struct cop__heap *heap, const char *label, uint64_t number)
{
#ifdef COP_DEBUG
    heap->label = label;
    heap->number = number;
#else
    (void)heap;
    (void)label;
    (void)number;
#endif
}
/* Frees what waits in the quarantine, for tests that count bytes. Nothing without COP_DEBUG. */
void cop__heap_quarantine_flush(void);

#endif
