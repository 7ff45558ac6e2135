/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a copy: the boxes to be copied, each once, in the order in which they will stand. For
 * copy.c and keep.c.
 *
 * Copying goes breadth first with the log as its queue, so it needs no stack. A box that is in the
 * log has its header replaced by the place of its copy (a FORWARD word), and the header is in the
 * log. That is how a box met again is known, in a few nanoseconds, whatever the term's shape. The
 * headers are put back when the copy is done. Only boxes that belong to the caller alone are
 * treated so: immortal ones are never entered. */
#ifndef COPPICE_TERM_LOG_H
#define COPPICE_TERM_LOG_H

#include "base/alloc.h"
#include "term/heap_check.h"
#include <string.h>

struct cop__log_entry {
    uint64_t *box;
    uint64_t header;
};

#define COP__LOG_INLINE 48

struct cop__log {
    struct cop__log_entry *entries;
    size_t len;
    size_t cap;
    size_t words; /* of all boxes in the log */
    struct cop__log_entry inline_entries[COP__LOG_INLINE];
};

/* A stand-in for a header: the copy is `offset` words after the first box of its block. Its bits of
 * storage are those of REGION. */
static inline uint64_t cop__forward(size_t offset)
{
    return (uint64_t)offset << 6 | COP__BOX_FORWARD;
}
static inline size_t cop__forward_offset(uint64_t forward)
{
    return (size_t)(forward >> 6);
}

static inline void cop__log_init(struct cop__log *log)
{
    log->entries = log->inline_entries;
    log->len = 0;
    log->cap = COP__LOG_INLINE;
    log->words = 0;
}
void cop__log_grow(struct cop__log *log);

/* Enters a box, whose header this is. */
static inline void cop__log_add(struct cop__log *log, uint64_t *box, uint64_t header)
{
    if (COP_UNLIKELY(log->len == log->cap)) cop__log_grow(log);
    log->entries[log->len].box = box;
    log->entries[log->len].header = header;
    log->len++;
    *box = cop__forward(log->words);
    log->words += 1 + cop__header_arity(header);
}

/* Enters all boxes below the first one. */
void cop__log_scan(struct cop__log *log);

/* Puts the headers back. */
static inline void cop__log_restore(struct cop__log *log)
{
    for (size_t i = 0; i < log->len; i++)
        *log->entries[i].box = log->entries[i].header;
}
static inline void cop__log_fini(struct cop__log *log)
{
    if (log->entries != log->inline_entries)
        cop__free(log->entries, log->cap * sizeof(*log->entries));
}

/* The writable box of a term: of one that belongs to the caller. */
static inline uint64_t *cop__log_box(uint64_t word)
{
#ifdef COP_DEBUG
    cop__box_check(cop__term(word));
#endif
    return (uint64_t *)(uintptr_t)word;
}

/* Copies the words of a box, whose header this is, to the index-th word of a block. Terms in it are
 * still those of the original. */
uint64_t *cop__block_put_box(struct cop__block *block, size_t index, const uint64_t *box,
                             uint64_t header);

#endif
