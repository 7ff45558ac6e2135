/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks, and the check of regions in builds with COP_DEBUG (heap_check.c). For src/term only. */
#ifndef COPPICE_TERM_HEAP_CHECK_H
#define COPPICE_TERM_HEAP_CHECK_H

#include "term/copy.h"

struct cop__chunk {
    struct cop__chunk *next;
    size_t size; /* of all, in bytes */
#ifdef COP_DEBUG
    uint64_t generation; /* boxes in this chunk have it too; 0 once retired */
    const char *label;   /* under which it was filled */
    uint64_t number;
#endif
    uint64_t words[];
};

/* Frees a block's memory and nothing else. */
void cop__block_release_memory(struct cop__block *block COP_TAKES);

#ifdef COP_DEBUG
/* In these builds a chunk is aligned to this, and a box begins within its first part of this size:
 * so a box finds its chunk. */
#define COP__CHECK_ALIGN 4096

void cop__check_chunk_add(struct cop__heap *heap, size_t words);
/* These words are going to be written. */
void cop__check_chunk_use(const uint64_t *words, size_t len);
/* The region is over: the chunk waits in the quarantine. */
void cop__check_chunk_retire(struct cop__chunk *chunk COP_TAKES);
/* The same for a block. */
void cop__check_block_retire(struct cop__block *block COP_TAKES);
#endif

/* Counted binaries. */
static inline void cop__counted_ref(struct cop__counted *counted)
{
    /* Relaxed: who adds a count holds one. */
    atomic_fetch_add_explicit(&counted->count, 1, memory_order_relaxed);
}
void cop__counted_unref(struct cop__counted *counted);

#endif
