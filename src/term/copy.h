/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks: terms copied out of their region into one allocation, to be sent or to be kept.
 *
 *      start              block                    words
 *     +------------------+------------------------+-------------------------+-----------+
 *     | prefix of the    | struct cop__block:     | the boxes of the term,  | blocks it |
 *     | caller: a signal | count, size, term, ... | storage BLOCK           | refers to |
 *     +------------------+------------------------+-------------------------+-----------+
 *
 * A message is a block with one owner: the sender's until it is pushed, then the queue's, then the
 * receiver's. cop__heap_adopt() makes it a part of the receiver's region. Immediates and immortal
 * terms need no words. References between blocks are made by keeping only (keep.h), so a message
 * stands alone.
 *
 * Sharing within a term is preserved: each box is copied once however often it is referred to, so a
 * term of n boxes gives a block of n boxes also when written out it would be exponentially
 * large. */
#ifndef COPPICE_TERM_COPY_H
#define COPPICE_TERM_COPY_H

#include "base/alloc_quick.h"
#include "term/heap.h"

enum cop__block_flag {
    COP__BLOCK_KEPT = 1,     /* counted: lives on when the region that adopted it goes */
    COP__BLOCK_LISTED = 2,   /* in heap->kept (else, if adopted, in heap->blocks) */
    COP__BLOCK_RECORDED = 4, /* while keeping: among the new block's references already */
    COP__BLOCK_DEAD = 8,     /* in the quarantine (COP_DEBUG) */
};

struct cop__block {
    uint32_t count;  /* owners: the region or queue, handles (cop_kept), other kept blocks */
    uint32_t words;  /* of boxes, after this header */
    uint32_t refs;   /* blocks referred to, after the words */
    uint16_t prefix; /* bytes before this header, in units of 16 */
    uint16_t flags;  /* enum cop__block_flag */
    cop_term term;   /* what was copied */
    struct cop__block *next;  /* free for the owner until adopted; then of the heap's list */
    struct cop__block **link; /* LISTED: the pointer that points to this block */
    uint64_t *counted;        /* boxes of large binaries in this block */
#ifdef COP_DEBUG
    const char *label; /* where it was adopted or kept */
    uint64_t number;
#endif
};
_Static_assert(sizeof(struct cop__block) % 8 == 0, "words follow");

/* Frees a block that nobody adopted. NULL is allowed. */
void cop__block_free(struct cop__block *block COP_TAKES);
/* A copy of t that lives for ever and that any thread may read; it is never copied again. */
cop_term cop__immortal(cop_term t);
/* A copy of t in another heap (t's own is the running code's, or t is nobody's by now). */
cop_term cop__copy(struct cop__heap *heap, cop_term t);

/* Where the caller's prefix begins. */
static inline void *cop__block_prefix(struct cop__block *block)
{
    return (char *)block - (size_t)block->prefix * 16;
}
static inline uint64_t *cop__block_words(struct cop__block *block)
{
    return (uint64_t *)(block + 1);
}
/* The blocks that this one refers to: block->refs of them. */
static inline struct cop__block **cop__block_refs(struct cop__block *block)
{
    return (struct cop__block **)(void *)(cop__block_words(block) + block->words);
}
/* All bytes of its allocation. */
static inline size_t cop__block_size(const struct cop__block *block)
{
    return (size_t)block->prefix * 16 + sizeof(*block) +
           ((size_t)block->words + block->refs) * sizeof(uint64_t);
}
/* A block with room for its boxes and references, which the caller fills in. */
static inline struct cop__block *cop__block_new(cop_term t, size_t prefix, size_t words,
                                                size_t refs)
{
    size_t size = prefix + sizeof(struct cop__block) + (words + refs) * sizeof(uint64_t);
    struct cop__block *block =
        (struct cop__block *)(void *)((char *)cop__alloc_quick(size) + prefix);

    COP_ASSERT(prefix % 16 == 0 && prefix / 16 <= UINT16_MAX);
    block->count = 1;
    block->words = (uint32_t)words;
    block->refs = (uint32_t)refs;
    block->prefix = (uint16_t)(prefix / 16);
    block->flags = 0;
    block->term = t;
    block->next = NULL;
    block->link = NULL;
    block->counted = NULL;
#ifdef COP_DEBUG
    block->label = NULL;
    block->number = 0;
#endif
    return block;
}
/* Whether t is no more than its word: an immediate, or immortal. */
static inline bool cop__is_bare(cop_term t)
{
    return !cop__is_box(t) || t.word == 0 ||
           cop__header_storage(*cop__box(t)) == COP__STORAGE_IMMORTAL;
}

struct cop__block *cop__pack_boxes(cop_term t, size_t prefix) COP_GIVES;
/* Copies t into a new block behind `prefix` bytes (a multiple of 16, not initialised) for the
 * caller. Exits: error system_limit if t is larger than 1 GiB. Runs on: the thread that runs t's
 * owner, since a large term is written to meanwhile (log.h): what several threads read is
 * immortal. */
static inline COP_GIVES struct cop__block *cop__pack(cop_term t, size_t prefix)
{
    return cop__is_bare(t) ? cop__block_new(t, prefix, 0, 0) : cop__pack_boxes(t, prefix);
}

/* The block in which a box of storage BLOCK stands. */
static inline struct cop__block *cop__block_of(const uint64_t *box)
{
    return (struct cop__block *)(uintptr_t)(box - cop__header_place(*box));
}

/* Whether the region is this one adopted block and nothing else: then the region is empty now, and
 * the block the caller's again. Never with COP_DEBUG, whose quarantine wants to see it. */
static inline bool cop__heap_hand_back(struct cop__heap *heap, const struct cop__block *block)
{
#ifdef COP_DEBUG
    (void)heap;
    (void)block;
    return false;
#else
    if (COP_UNLIKELY(heap->blocks != block || block->next != NULL || heap->chunks != NULL ||
                     heap->drops != NULL || heap->counted != NULL ||
                     (block->flags & COP__BLOCK_KEPT) != 0))
        return false;
    heap->blocks = NULL;
    heap->region_bytes = 0;
    heap->top = NULL;
    heap->limit = NULL;
    return true;
#endif
}

/* cop__block_free() of one that exists, where each message passes. */
static inline void cop__block_free_quick(struct cop__block *block COP_TAKES)
{
#ifndef COP_DEBUG
    if (COP_LIKELY(block->counted == NULL)) {
        cop__free_quick(cop__block_prefix(block), cop__block_size(block));
        return;
    }
#endif
    cop__block_free(block);
}

#endif
