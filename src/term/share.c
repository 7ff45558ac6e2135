/* SPDX-License-Identifier: Apache-2.0 */
#include "term/share.h"

#include "term/heap_check.h"
#include "term/log.h"

#include <string.h>

/* Copies of up to so many words go into the region's chunk, larger ones get a block. */
#define SMALL_WORDS 64

/* The header of a box that is copied into the region. */
static inline uint64_t region_header(const struct cop__heap *heap, uint64_t header)
{
    uint64_t lasting = header & (((uint64_t)1 << COP__HEADER_PLACE_SHIFT) - 1);

    return (lasting & ~((uint64_t)3 << COP__HEADER_STORAGE_SHIFT)) | cop__heap_place(heap);
}

/* The copy of a box of a counted binary: counts, and is linked where its owner finds it. */
static inline void link_counted(uint64_t *copy, uint64_t **list)
{
    cop__counted_ref((struct cop__counted *)(uintptr_t)copy[1]);
    copy[2] = (uint64_t)(uintptr_t)*list;
    *list = copy;
}

/* Where copied boxes go. */
struct target {
    const struct cop__heap *heap;
    bool is_block; /* they stay boxes of a block */
    uint64_t **counted;
};

/* Copies the boxes at from, len words. */
static inline void copy_words(const struct target *target, const uint64_t *from, uint64_t *to,
                              size_t len)
{
    uint64_t low = (uint64_t)(uintptr_t)from;
    uint64_t size = len * sizeof(uint64_t);
    uint64_t move = (uint64_t)(uintptr_t)to - low;
    size_t at = 0;

    while (at < len) {
        uint64_t header = from[at];
        size_t first = cop__header_first_term(header);
        size_t end = 1 + cop__header_arity(header);

        memcpy(to + at, from + at, end * sizeof(uint64_t));
        if (!target->is_block) to[at] = region_header(target->heap, header);
        if (COP_UNLIKELY(cop__header_kind(header) == COP__BOX_COUNTED)) {
            link_counted(to + at, target->counted);
        }
        if (first > 0) {
            for (size_t i = at + first; i < at + end; i++) {
                bool is_inside = (to[i] & COP__TAG_MASK) == COP__TAG_BOX && to[i] - low < size;

                if (is_inside) to[i] += move;
            }
        }
        at += end;
    }
}

static uint64_t *copy_block(struct cop__heap *heap, const struct cop__block *block)
{
    const uint64_t *from = (const uint64_t *)(block + 1);
    struct cop__block *copy;
    uint64_t *to;

    if (block->words <= SMALL_WORDS) {
        to = cop__heap_words(heap, block->words);
        copy_words(&(struct target){heap, false, &heap->counted}, from, to, block->words);
        return to;
    }
    copy = cop__block_new(cop_none(), 0, block->words, 0);
    to = cop__block_words(copy);
    copy_words(&(struct target){heap, true, &copy->counted}, from, to, block->words);
    copy->term = cop__box_term(to);
    cop__heap_adopt(heap, copy);
    return to;
}

cop_term cop__share_copy(struct cop__heap *heap, struct cop__share *share, cop_term part)
{
    const uint64_t *words = (const uint64_t *)(share->block + 1);
    const uint64_t *box;
    size_t len;

    if (!cop__is_box(part)) return part;
    box = cop__box(part);
    if (cop__header_storage(*box) == COP__STORAGE_IMMORTAL) return part;
    COP_ASSERT(box >= words && box < words + share->block->words);
    len = 1 + cop__header_arity(*box);
    if (!share->words && cop__header_first_term(*box) == 0 && len <= SMALL_WORDS) {
        uint64_t *to = cop__heap_words(heap, len);

        copy_words(&(struct target){heap, false, &heap->counted}, box, to, len);
        return cop__box_term(to);
    }
    if (!share->words) share->words = copy_block(heap, share->block);
    return cop__box_term(share->words + (box - words));
}
