/* SPDX-License-Identifier: Apache-2.0 */
/* Packing terms into blocks. A term of a few boxes, as most messages are, is copied in two short
 * loops that write nothing but the copy; all others through a log (log.h). */
#include "term/copy.h"
#include "base/alloc.h"
#include "term/hash.h"
#include "term/log.h"

#include <string.h>

/* --- Counted binaries ------------------------------------------------------------------------- */

void cop__counted_unref(struct cop__counted *counted)
{
    /* Acquire and release: whoever frees must see what all others did with the bytes. */
    if (atomic_fetch_sub_explicit(&counted->count, 1, memory_order_acq_rel) == 1) {
        cop__free(counted, sizeof(*counted) + counted->size);
    }
}

/* --- Blocks ----------------------------------------------------------------------------------- */

void cop__block_release_memory(struct cop__block *block)
{
    cop__free(cop__block_prefix(block), cop__block_size(block));
}

void cop__block_free(struct cop__block *block)
{
    if (!block) return;
    COP_ASSERT(!(block->flags & COP__BLOCK_DEAD));
    for (uint64_t *box = block->counted; box;) {
        uint64_t *next = (uint64_t *)(uintptr_t)box[2];

        cop__counted_unref((struct cop__counted *)(uintptr_t)box[1]);
        box = next;
    }
#ifdef COP_DEBUG
    if (block->words > 0) {
        cop__check_block_retire(block);
        return;
    }
#endif
    cop__block_release_memory(block);
}

/* The header of a copy that stands at the index-th word of a block. */
static inline uint64_t block_header(uint64_t header, size_t index)
{
    size_t place = sizeof(struct cop__block) / sizeof(uint64_t) + index;
    uint64_t lasting = header & (((uint64_t)1 << COP__HEADER_PLACE_SHIFT) - 1);

    lasting &= ~((uint64_t)3 << COP__HEADER_STORAGE_SHIFT);
    return lasting | (uint64_t)COP__STORAGE_BLOCK << COP__HEADER_STORAGE_SHIFT |
           (uint64_t)place << COP__HEADER_PLACE_SHIFT;
}

/* A reference to counted bytes is now part of the block. */
static inline void count(struct cop__block *block, uint64_t *copy)
{
    cop__counted_ref((struct cop__counted *)(uintptr_t)copy[1]);
    copy[2] = (uint64_t)(uintptr_t)block->counted;
    block->counted = copy;
}

static inline uint64_t *put_box(struct cop__block *block, size_t index, const uint64_t *box,
                                uint64_t header)
{
    uint64_t *copy = cop__block_words(block) + index;
    size_t arity = cop__header_arity(header);

    copy[0] = block_header(header, index);
    for (size_t i = 1; i <= arity; i++)
        copy[i] = box[i];
    if (COP_UNLIKELY(cop__header_kind(header) == COP__BOX_COUNTED)) count(block, copy);
    return copy;
}

uint64_t *cop__block_put_box(struct cop__block *block, size_t index, const uint64_t *box,
                             uint64_t header)
{
    return put_box(block, index, box, header);
}

/* Words of a term that is copied without a look at its shape first. */
#define FLAT_MAX 128

/* --- Copying: the short way ------------------------------------------------------------------- */

/* A boxed term that has to be copied: not an immediate, not immortal. */
static inline bool is_mortal_box(uint64_t word, uint64_t *ret_header)
{
    if ((word & COP__TAG_MASK) != COP__TAG_BOX) return false;
    *ret_header = *cop__log_box(word);
    return cop__header_storage(*ret_header) != COP__STORAGE_IMMORTAL;
}

/* A box without elements, all of whose words are plain. */
static inline bool is_plain_leaf(uint64_t header)
{
    enum cop__box kind = cop__header_kind(header);

    return kind < COP__BOX_TUPLE && kind != COP__BOX_COUNTED;
}

/* The words of a term that is a box of immediates and plain leaves, such as {ref, 1, "text"}; 0 if
 * it is another. */
static inline size_t flat_words(const uint64_t *box, uint64_t header)
{
    size_t end = 1 + cop__header_arity(header);
    size_t words = end;
    uint64_t inner;

    if (is_plain_leaf(header)) return words;
    if (cop__header_first_term(header) != 1 || end > FLAT_MAX) return 0;
    for (size_t i = 1; i < end; i++) {
        if (!is_mortal_box(box[i], &inner)) continue;
        if (COP_UNLIKELY(!is_plain_leaf(inner))) return 0;
        words += 1 + cop__header_arity(inner);
    }
    return words <= FLAT_MAX ? words : 0;
}

static inline void flat_copy(const uint64_t *box, uint64_t header, uint64_t *words)
{
    size_t end = 1 + cop__header_arity(header);
    uint64_t *next = words + end; /* where the next leaf goes */
    bool has_terms = !is_plain_leaf(header);
    uint64_t inner;

    words[0] = block_header(header, 0);
    for (size_t i = 1; i < end; i++) {
        words[i] = box[i];
        if (!has_terms || !is_mortal_box(box[i], &inner)) continue;
        const uint64_t *leaf = cop__log_box(box[i]);
        size_t arity = cop__header_arity(inner);

        words[i] = (uint64_t)(uintptr_t)next;
        *next = block_header(inner, (size_t)(next - words));
        next++;
        for (size_t j = 1; j <= arity; j++)
            *next++ = leaf[j];
    }
}

#define SMALL_BOXES 32
#define SMALL_WORDS 192

/* The copy of a small term in the making: its boxes breadth first, as they will stand in the block,
 * but with each reference told from the beginning of the block. A box that is referred to twice is
 * there twice. */
struct small {
    const uint64_t *boxes[SMALL_BOXES];
    uint16_t refs[SMALL_BOXES]; /* which word refers to each; none to the first */
    size_t len;
    size_t words_len; /* of all boxes */
    bool has_counted;
    uint64_t words[SMALL_WORDS];
};

/* False: the term has too many boxes or words. */
static inline bool small_copy(struct small *small, const uint64_t *root, uint64_t header)
{
    size_t len = 1, words_len = 1 + cop__header_arity(header), index = 0;

    if (words_len > SMALL_WORDS) return false;
    small->boxes[0] = root;
    small->has_counted = false;
    for (size_t at = 0; at < len; at++) {
        const uint64_t *box = small->boxes[at];
        uint64_t *copy = small->words + index, inner;
        size_t first = cop__header_first_term(*box), end = 1 + cop__header_arity(*box), i = 1;

        copy[0] = block_header(*box, index);
        small->has_counted |= cop__header_kind(*box) == COP__BOX_COUNTED;
        for (size_t plain = first == 0 ? end : first; i < plain; i++)
            copy[i] = box[i];
        for (; i < end; i++) {
            copy[i] = box[i];
            if (!is_mortal_box(box[i], &inner)) continue;
            copy[i] = words_len * sizeof(uint64_t);
            words_len += 1 + cop__header_arity(inner);
            if (COP_UNLIKELY(len == SMALL_BOXES || words_len > SMALL_WORDS)) return false;
            small->boxes[len] = cop__log_box(box[i]);
            small->refs[len++] = (uint16_t)(index + i);
        }
        index += end;
    }
    small->len = len;
    small->words_len = words_len;
    return true;
}

/* The block of a small term's copy. */
static inline struct cop__block *small_block(const struct small *small, size_t prefix)
{
    struct cop__block *block = cop__block_new(cop_none(), prefix, small->words_len, 0);
    uint64_t *words = cop__block_words(block);

    memcpy(words, small->words, small->words_len * sizeof(uint64_t));
    for (size_t at = 1; at < small->len; at++)
        words[small->refs[at]] += (uint64_t)(uintptr_t)words;
    for (size_t at = 0; small->has_counted && at < small->len; at++) {
        uint64_t *box = at == 0 ? words : (uint64_t *)(uintptr_t)words[small->refs[at]];

        if (cop__header_kind(*box) == COP__BOX_COUNTED) count(block, box);
    }
    return block;
}

/* --- Copying: any shape ----------------------------------------------------------------------- */

void cop__log_grow(struct cop__log *log)
{
    size_t size = log->cap * sizeof(*log->entries);

    if (log->entries == log->inline_entries) {
        log->entries = cop__alloc(size * 2);
        memcpy(log->entries, log->inline_entries, size);
    } else {
        log->entries = cop__realloc(log->entries, size, size * 2);
    }
    log->cap *= 2;
}

void cop__log_scan(struct cop__log *log)
{
    for (size_t at = 0; at < log->len; at++) {
        const uint64_t *box = log->entries[at].box;
        uint64_t header = log->entries[at].header;
        size_t first = cop__header_first_term(header);
        size_t end = 1 + cop__header_arity(header);
        uint64_t inner;

        if (first == 0) continue;
        for (size_t i = first; i < end; i++) {
            if (is_mortal_box(box[i], &inner) && cop__header_kind(inner) != COP__BOX_FORWARD) {
                cop__log_add(log, cop__log_box(box[i]), inner);
            }
        }
    }
}

/* Copies the boxes of the log. */
static void log_copy(const struct cop__log *log, struct cop__block *block)
{
    uint64_t *words = cop__block_words(block);
    size_t index = 0;

    for (size_t at = 0; at < log->len; at++) {
        uint64_t header = log->entries[at].header;
        uint64_t *copy = put_box(block, index, log->entries[at].box, header);
        size_t first = cop__header_first_term(header);
        size_t end = 1 + cop__header_arity(header);
        uint64_t inner;

        index += end;
        if (first == 0) continue;
        for (size_t i = first; i < end; i++) {
            if (!is_mortal_box(copy[i], &inner)) continue;
            copy[i] = (uint64_t)(uintptr_t)(words + cop__forward_offset(inner));
        }
    }
}

static __attribute__((noinline)) struct cop__block *pack_any(uint64_t *box, uint64_t header,
                                                             size_t prefix)
{
    struct cop__log log;
    struct cop__block *block;

    cop__log_init(&log);
    cop__log_add(&log, box, header);
    cop__log_scan(&log);
    if (log.words > COP__PLACE_MAX - sizeof(*block) / sizeof(uint64_t)) {
        cop__log_restore(&log);
        cop__log_fini(&log);
        cop__term_fail("system_limit", cop__box_term(box));
    }
    block = cop__block_new(cop_none(), prefix, log.words, 0);
    log_copy(&log, block);
    block->term = cop__box_term(cop__block_words(block));
    cop__log_restore(&log);
    cop__log_fini(&log);
    return block;
}

static __attribute__((noinline)) struct cop__block *pack_small(uint64_t *box, uint64_t header,
                                                               size_t prefix)
{
    struct small small; /* large, and written before it is read */
    struct cop__block *block;

    if (!small_copy(&small, box, header)) return pack_any(box, header, prefix);
    block = small_block(&small, prefix);
    block->term = cop__box_term(cop__block_words(block));
    return block;
}

struct cop__block *cop__pack_boxes(cop_term t, size_t prefix)
{
    uint64_t *box = cop__log_box(t.word);
    uint64_t header = *box;
    size_t words = flat_words(box, header);
    struct cop__block *block;

    if (COP_UNLIKELY(words == 0)) return pack_small(box, header, prefix);
    block = cop__block_new(cop_none(), prefix, words, 0);
    block->term = cop__box_term(cop__block_words(block));
    flat_copy(box, header, cop__block_words(block));
    return block;
}

cop_term cop__copy(struct cop__heap *heap, cop_term t)
{
    uint64_t header;

    if (t.word == 0 || !is_mortal_box(t.word, &header)) return t;
    return cop__heap_adopt(heap, cop__pack(t, 0));
}

/* All immortal blocks, through next: so that leak checkers find them. */
static _Atomic(struct cop__block *) immortals;

cop_term cop__immortal(cop_term t)
{
    uint64_t header;
    struct cop__block *block;
    uint64_t *words;

    if (!is_mortal_box(t.word, &header)) return t;
    block = cop__pack(t, 0);
    words = cop__block_words(block);
    for (size_t at = 0; at < block->words; at += 1 + cop__header_arity(words[at])) {
        words[at] &= ~((uint64_t)3 << COP__HEADER_STORAGE_SHIFT);
        words[at] |= (uint64_t)COP__STORAGE_IMMORTAL << COP__HEADER_STORAGE_SHIFT;
        if (cop__header_kind(words[at]) == COP__BOX_TREE) cop__term_seed_pin();
    }
    block->next = atomic_load_explicit(&immortals, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&immortals, &block->next, block,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return block->term;
}
