/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks, the heap of the running code, and the ends of regions. What heaps own is in keep.c and
 * dict.c; the quarantine of COP_DEBUG builds is in heap_check.c.
 *
 * Chunks come and go with the region: the allocator's free lists make that cheap, and a heap that
 * idles has none. The first is small, since most callbacks build little; each next one is
 * larger. */
#include "term/heap.h"
#include "base/alloc.h"
#include "term/hash.h"
#include "term/heap_check.h"
#include "term/keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 1024
#define CHUNK_MAX 32768

/* --- The heap of the running code ------------------------------------------------------------- */

COP__TLS_DEFINE(struct cop__heap, cop__heap_running);

void cop__heap_missing(void)
{
    COP_CHECK(false, "a term is built outside of a process: open a region (cop_region_open)");
    abort();
}

/* --- Errors ----------------------------------------------------------------------------------- */

/* Used until the runtime brings its own, and by programs that use terms alone. */
__attribute__((weak)) void cop__term_fail(const char *reason, cop_term culprit)
{
    fprintf(stderr, "coppice: error %s (term %#llx)\n", reason, (unsigned long long)culprit.word);
    abort();
}

/* --- Chunks ----------------------------------------------------------------------------------- */

#ifndef COP_DEBUG
/* A chunk with room for `words`, as the newest. */
static void chunk_add(struct cop__heap *heap, size_t words)
{
    size_t need = sizeof(struct cop__chunk) + words * sizeof(uint64_t);
    size_t size = heap->chunks ? heap->chunks->size * 2 : CHUNK_MIN;
    struct cop__chunk *chunk;

    if (size > CHUNK_MAX) size = CHUNK_MAX;
    if (size < need) size = need;
    chunk = cop__alloc(size);
    chunk->next = heap->chunks;
    chunk->size = size;
    heap->chunks = chunk;
    heap->top = chunk->words;
    heap->limit = chunk->words + (size - sizeof(*chunk)) / sizeof(uint64_t);
    heap->region_bytes += size;
}
#endif

uint64_t *cop__heap_words_slow(struct cop__heap *heap, size_t words)
{
    uint64_t *room;

    if (words > COP__ARITY_MAX) cop__term_fail("system_limit", cop_none());
#ifdef COP_DEBUG
    if ((size_t)(heap->limit - heap->top) < words) cop__check_chunk_add(heap, words);
    cop__check_chunk_use(heap->top, words);
#else
    chunk_add(heap, words);
#endif
    room = heap->top;
    heap->top = room + words;
    return room;
}

/* --- Blocks ----------------------------------------------------------------------------------- */

cop_term cop__heap_adopt(struct cop__heap *heap, struct cop__block *block)
{
    COP_ASSERT(block->count == 1 && block->flags == 0);
    block->next = heap->blocks;
    heap->blocks = block;
    heap->region_bytes += cop__block_size(block);
#ifdef COP_DEBUG
    block->label = heap->label;
    block->number = heap->number;
#endif
    return block->term;
}

/* The region lets go of a block: it is freed, or lives on as a kept one. */
static void block_release(struct cop__heap *heap, struct cop__block *block)
{
    heap->region_bytes -= cop__block_size(block);
    if (block->flags & COP__BLOCK_KEPT && block->count > 1) {
        block->count--;
        cop__block_list(heap, block);
        return;
    }
    COP_ASSERT(block->count == 1 && block->refs == 0);
    cop__block_free_quick(block);
}

/* --- Lifetimes -------------------------------------------------------------------------------- */

struct cop__heap_mark cop__heap_mark(struct cop__heap *heap)
{
    struct cop__heap_mark mark = {heap->top,    heap->limit, heap->chunks,
                                  heap->blocks, heap->drops, heap->counted};

#ifdef COP_DEBUG
    /* What comes now gets a chunk of its own, so that the release can retire it whole. */
    heap->top = NULL;
    heap->limit = NULL;
#endif
    return mark;
}

static inline void release(struct cop__heap *heap, const struct cop__heap_mark *mark)
{
    while (heap->blocks != mark->blocks) {
        struct cop__block *block = heap->blocks;

        COP_ASSERT(block);
        heap->blocks = block->next;
        block_release(heap, block);
    }
    while (heap->drops != mark->drops) {
        struct cop__drop *drop = heap->drops;

        COP_ASSERT(drop);
        heap->drops = drop->next;
        cop__block_unref(heap, drop->block);
    }
    while (heap->counted != mark->counted) {
        uint64_t *box = heap->counted;

        COP_ASSERT(box);
        heap->counted = (uint64_t *)(uintptr_t)box[2];
        cop__counted_unref((struct cop__counted *)(uintptr_t)box[1]);
    }
    while (heap->chunks != mark->chunks) {
        struct cop__chunk *chunk = heap->chunks;

        COP_ASSERT(chunk);
        heap->chunks = chunk->next;
        heap->region_bytes -= chunk->size;
#ifdef COP_DEBUG
        cop__check_chunk_retire(chunk);
#else
        cop__free(chunk, chunk->size);
#endif
    }
    heap->top = mark->top;
    heap->limit = mark->limit;
    COP_ASSERT(heap->chunks || heap->region_bytes == 0 || heap->blocks);
}

void cop__heap_release(struct cop__heap *heap, const struct cop__heap_mark *mark)
{
    release(heap, mark);
}

void cop__heap_reset_slow(struct cop__heap *heap)
{
    static const struct cop__heap_mark empty;
    struct cop__block *block = heap->blocks;

    /* What most callbacks leave: the message they were called for. */
    if (block && !block->next && !heap->chunks && !heap->drops && !heap->counted &&
        !(block->flags & COP__BLOCK_KEPT)) {
        heap->blocks = NULL;
        heap->region_bytes = 0;
        heap->top = NULL;
        heap->limit = NULL;
        cop__block_free_quick(block);
        return;
    }
    release(heap, &empty);
}

void cop__heap_fini(struct cop__heap *heap)
{
    cop__heap_reset(heap);
    cop__dict_free_all(heap);
    cop__plain_free_all(heap);
    while (heap->kept) {
        struct cop__block *block = heap->kept;

        heap->kept = block->next;
        heap->owned_bytes -= cop__block_size(block);
        cop__block_free(block);
    }
    COP_ASSERT(cop__heap_bytes(heap) == 0);
}

/* --- Regions of other threads ----------------------------------------------------------------- */

struct cop_region {
    struct cop__heap heap;
    struct cop__heap *outer; /* of the region opened before, or NULL */
};

cop_region *cop_region_open(void)
{
    cop_region *region = cop__alloc_zeroed(sizeof(*region));

    region->outer = cop__heap_current();
    cop__heap_label(&region->heap, "a region", 0);
    cop__term_seed_pin();
    cop__heap_set_current(&region->heap);
    return region;
}

void cop_region_close(cop_region *region)
{
    COP_CHECK(cop__heap_current() == &region->heap, "regions are closed in reverse order");
    cop__heap_set_current(region->outer);
    cop__heap_fini(&region->heap);
    cop__term_seed_unpin();
    cop__free(region, sizeof(*region));
}
