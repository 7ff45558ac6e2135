/* SPDX-License-Identifier: Apache-2.0 */
/* The check of regions: builds with COP_DEBUG only.
 *
 * Each chunk gets a new generation, and its boxes carry it in their headers. When its region is
 * over the chunk's generation becomes 0 and the chunk waits, with its contents, in the quarantine:
 * a ring of the last some hundred chunks and blocks of the whole program. An access to a box whose
 * generation is not its chunk's ends the program and names where the term was built. What has left
 * the quarantine is found by chance only, or by AddressSanitizer, for which retired chunks are
 * poisoned.
 *
 * Blocks do the same with their flag DEAD. */
#include "term/heap_check.h"

#ifndef COP_DEBUG

void cop__heap_quarantine_flush(void)
{
}

#else
#include "base/alloc.h"
#include "base/poison.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define RING_LEN  512
#define RING_SIZE (4 << 20) /* bytes */

/* One that waits: exactly one of the two is set. */
struct waiting {
    struct cop__chunk *chunk;
    struct cop__block *block;
};

static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting ring[RING_LEN]; /* from oldest on, around the end */
static size_t ring_oldest;
static size_t ring_len;
static size_t ring_bytes;

static atomic_uint_fast64_t last_generation;

static size_t waiting_size(const struct waiting *w)
{
    return w->chunk ? w->chunk->size : cop__block_size(w->block);
}

/* Under ring_lock. */
static void ring_free_oldest(void)
{
    struct waiting w = ring[ring_oldest];

    ring_oldest = (ring_oldest + 1) % RING_LEN;
    ring_len--;
    ring_bytes -= waiting_size(&w);
    if (w.chunk) {
        COP_UNPOISON(w.chunk->words, w.chunk->size - sizeof(*w.chunk));
        free(w.chunk);
    } else {
        cop__block_release_memory(w.block);
    }
}

static void ring_add(struct waiting w)
{
    pthread_mutex_lock(&ring_lock);
    if (ring_len == RING_LEN) ring_free_oldest();
    ring_bytes += waiting_size(&w);
    ring[(ring_oldest + ring_len++) % RING_LEN] = w;
    while (ring_bytes > RING_SIZE && ring_len > 1)
        ring_free_oldest();
    pthread_mutex_unlock(&ring_lock);
}

void cop__heap_quarantine_flush(void)
{
    pthread_mutex_lock(&ring_lock);
    while (ring_len > 0)
        ring_free_oldest();
    pthread_mutex_unlock(&ring_lock);
}

static uint64_t next_generation(void)
{
    uint64_t generation;

    do {
        generation = (atomic_fetch_add_explicit(&last_generation, 1, memory_order_relaxed) + 1) &
                     COP__PLACE_MAX;
    } while (generation == 0);
    return generation;
}

void cop__check_chunk_add(struct cop__heap *heap, size_t words)
{
    size_t size = sizeof(struct cop__chunk) + words * sizeof(uint64_t);
    struct cop__chunk *chunk;

    size = (size + COP__CHECK_ALIGN - 1) / COP__CHECK_ALIGN * COP__CHECK_ALIGN;
    chunk = aligned_alloc(COP__CHECK_ALIGN, size);
    COP_CHECK(chunk, "out of memory");
    chunk->next = heap->chunks;
    chunk->size = size;
    chunk->generation = next_generation();
    chunk->label = heap->label;
    chunk->number = heap->number;
    COP_POISON(chunk->words, size - sizeof(*chunk));
    heap->chunks = chunk;
    heap->top = chunk->words;
    /* Boxes begin in the first part only; a box larger than it has the chunk for itself. */
    if (size > COP__CHECK_ALIGN)
        heap->limit = chunk->words + words;
    else
        heap->limit = chunk->words + (size - sizeof(*chunk)) / sizeof(uint64_t);
    heap->region_bytes += size;
}

void cop__check_chunk_use(const uint64_t *words, size_t len)
{
    COP_UNPOISON(words, len * sizeof(*words));
}

uint64_t cop__heap_place(const struct cop__heap *heap)
{
    return heap->chunks->generation << COP__HEADER_PLACE_SHIFT;
}

void cop__check_chunk_retire(struct cop__chunk *chunk)
{
    chunk->generation = 0;
    COP_POISON(chunk->words, chunk->size - sizeof(*chunk));
    ring_add((struct waiting){chunk, NULL});
}

void cop__check_block_retire(struct cop__block *block)
{
    block->flags |= COP__BLOCK_DEAD;
    ring_add((struct waiting){NULL, block});
}

static COP_NORETURN COP_COLD void used_too_late(const char *label, uint64_t number)
{
    struct cop__heap *heap = cop__heap_current();

    fprintf(stderr, "coppice: term built in %s #%llu used in %s #%llu: keep it (cop_keep)\n",
            label ? label : "a callback", (unsigned long long)number,
            heap && heap->label ? heap->label : "no callback",
            (unsigned long long)(heap ? heap->number : 0));
    abort();
}

/* Reads memory that may be poisoned: to tell what it was is the point. */
__attribute__((no_sanitize("address"))) void cop__box_check(cop_term t)
{
    const uint64_t *box = (const uint64_t *)(uintptr_t)t.word;
    uint64_t header = *box;
    enum cop__box kind = cop__header_kind(header);

    if (kind == COP__BOX_FORWARD) return; /* a copy is being made of it */
    if (kind > COP__BOX_NODE) {
        fprintf(stderr, "coppice: a term's memory was freed: keep terms that outlive a callback "
                        "(cop_keep)\n");
        abort();
    }
    if (cop__header_storage(header) == COP__STORAGE_REGION) {
        const struct cop__chunk *chunk =
            (const struct cop__chunk *)(t.word & ~(uint64_t)(COP__CHECK_ALIGN - 1));

        if (chunk->generation != cop__header_place(header)) {
            used_too_late(chunk->label, chunk->number);
        }
    } else if (cop__header_storage(header) == COP__STORAGE_BLOCK) {
        const struct cop__block *block = cop__block_of(box);

        if (block->flags & COP__BLOCK_DEAD) used_too_late(block->label, block->number);
    }
}

#endif
