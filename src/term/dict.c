/* SPDX-License-Identifier: Apache-2.0 */
/* What a process owns besides kept terms: dictionaries and plain blocks. All are in lists of its
 * heap, so that they go with it. */
#include "base/alloc.h"
#include "term/keep.h"

#include <string.h>

#define CAP_MIN 4 /* most have what proc_lib puts into a process dictionary, and that is two */

struct slot {
    uint64_t hash;
    cop_kept key; /* nothing in a free slot */
    cop_kept value;
};

/* Open addressing; a slot is as near to its hash's place as the slots before allow, so that a
 * removal leaves no trace. */
struct cop_dict {
    struct cop__heap *heap; /* the owner */
    struct cop_dict *next;  /* of the owner's list */
    struct cop_dict **link; /* what points to this one */
    size_t len;
    size_t cap;         /* a power of two, or 0; at most three quarters full */
    struct slot *slots; /* cap of them */
};

/* --- Dictionaries
 * ----------------------------------------------------------------------------------- */

cop_dict *cop__dict_new(struct cop__heap *heap)
{
    cop_dict *dict = cop__alloc_zeroed(sizeof(*dict));

    dict->heap = heap;
    dict->link = &heap->dicts;
    dict->next = heap->dicts;
    if (dict->next) dict->next->link = &dict->next;
    heap->dicts = dict;
    heap->owned_bytes += sizeof(*dict);
    return dict;
}

/* Frees the memory of a dictionary; its terms are kept blocks and go on their own. */
static void dict_free(cop_dict *dict)
{
    *dict->link = dict->next;
    if (dict->next) dict->next->link = dict->link;
    dict->heap->owned_bytes -= sizeof(*dict) + dict->cap * sizeof(*dict->slots);
    cop__free(dict->slots, dict->cap * sizeof(*dict->slots));
    cop__free(dict, sizeof(*dict));
}

void cop__dict_free_all(struct cop__heap *heap)
{
    while (heap->dicts)
        dict_free(heap->dicts);
}

static bool is_free(const struct slot *slot)
{
    return cop_is_none(slot->key.term_);
}

/* The slot of a key, or the free one where it belongs. cap is not 0. */
static struct slot *find(const cop_dict *dict, cop_term key, uint64_t hash)
{
    for (size_t at = hash & (dict->cap - 1);; at = (at + 1) & (dict->cap - 1)) {
        struct slot *slot = &dict->slots[at];

        if (is_free(slot)) return slot;
        if (slot->hash == hash && cop_identical(cop_kept_term(slot->key), key)) return slot;
    }
}

static void resize(cop_dict *dict, size_t cap)
{
    struct slot *old = dict->slots;
    size_t old_cap = dict->cap;

    dict->slots = cop__alloc_zeroed(cap * sizeof(*old));
    dict->cap = cap;
    for (size_t i = 0; i < old_cap; i++) {
        size_t at = old[i].hash & (cap - 1);

        if (is_free(&old[i])) continue;
        while (!is_free(&dict->slots[at]))
            at = (at + 1) & (cap - 1);
        dict->slots[at] = old[i];
    }
    cop__free(old, old_cap * sizeof(*old));
    dict->heap->owned_bytes += cap * sizeof(*old) - old_cap * sizeof(*old);
}

/* Closes the gap that a removal left: slots that were pushed beyond it move up. */
static void close_gap(cop_dict *dict, size_t gap)
{
    size_t mask = dict->cap - 1;

    for (size_t at = (gap + 1) & mask; !is_free(&dict->slots[at]); at = (at + 1) & mask) {
        size_t home = dict->slots[at].hash & mask;

        if (((at - home) & mask) < ((at - gap) & mask)) continue;
        dict->slots[gap] = dict->slots[at];
        gap = at;
    }
    memset(&dict->slots[gap], 0, sizeof(dict->slots[gap]));
}

bool cop__dict_next(const cop_dict *dict, size_t *at, cop_term *ret_key, cop_term *ret_value)
{
    for (; *at < dict->cap; (*at)++) {
        const struct slot *slot = &dict->slots[*at];

        if (is_free(slot)) continue;
        *ret_key = cop_kept_term(slot->key);
        *ret_value = cop_kept_term(slot->value);
        (*at)++;
        return true;
    }
    return false;
}

cop_dict *cop_dict_new(void)
{
    return cop__dict_new(cop__heap_need());
}

void cop_dict_delete(cop_dict *dict)
{
    if (!dict) return;
    for (size_t i = 0; i < dict->cap; i++) {
        if (is_free(&dict->slots[i])) continue;
        cop__drop(dict->heap, &dict->slots[i].key);
        cop__drop(dict->heap, &dict->slots[i].value);
    }
    dict_free(dict);
}

size_t cop_dict_size(const cop_dict *dict)
{
    return dict->len;
}

cop_term(cop_dict_get)(const cop_dict *dict, cop_term key)
{
    if (dict->len == 0) return cop_none();
    return cop_kept_term(find(dict, key, cop_hash(key))->value);
}

bool(cop_dict_has)(const cop_dict *dict, cop_term key)
{
    return dict->len > 0 && !is_free(find(dict, key, cop_hash(key)));
}

void(cop_dict_put)(cop_dict *dict, cop_term key, cop_term value)
{
    uint64_t hash = cop_hash(key);
    struct slot *slot;

    if (cop_is_none(key) || cop_is_none(value)) cop__term_fail("badarg", key);
    if (dict->len + 1 > dict->cap / 4 * 3) resize(dict, dict->cap ? dict->cap * 2 : CAP_MIN);
    slot = find(dict, key, hash);
    if (!is_free(slot)) {
        cop__replace(dict->heap, &slot->value, value);
        return;
    }
    slot->key = cop__keep(dict->heap, key);
    slot->value = cop__keep(dict->heap, value);
    slot->hash = hash;
    dict->len++;
}

cop_term(cop_dict_remove)(cop_dict *dict, cop_term key)
{
    struct slot *slot;
    cop_term value;

    if (dict->len == 0) return cop_none();
    slot = find(dict, key, cop_hash(key));
    if (is_free(slot)) return cop_none();
    value = cop_kept_term(slot->value);
    cop__drop(dict->heap, &slot->key);
    cop__drop(dict->heap, &slot->value);
    close_gap(dict, (size_t)(slot - dict->slots));
    dict->len--;
    if (dict->cap > CAP_MIN && dict->len < dict->cap / 8) resize(dict, dict->cap / 2);
    return value;
}

cop_term cop_dict_to_list(const cop_dict *dict)
{
    struct cop__heap *heap = cop__heap_need();
    cop_term list = cop_empty_list();
    cop_term pair[2];
    size_t at = 0;

    while (cop__dict_next(dict, &at, &pair[0], &pair[1])) {
        list = cop__cons(heap, cop__tuple(heap, pair, 2), list);
    }
    return list;
}

/* --- Plain blocks
 * ----------------------------------------------------------------------------------- */

struct cop__plain {
    struct cop__plain *next;
    struct cop__plain **link; /* what points to this one */
    struct cop__heap *heap;   /* the owner */
    size_t size;              /* with this header */
    /* The user's bytes, aligned to 16, follow. */
};
_Static_assert(sizeof(struct cop__plain) % 16 == 0, "what follows is aligned as malloc's blocks");

void *cop__plain_alloc(struct cop__heap *heap, size_t size)
{
    struct cop__plain *plain = NULL;

    if (size < SIZE_MAX / 2) plain = cop__try_alloc(sizeof(*plain) + size);
    if (!plain) cop__term_fail("system_limit", cop_none());
    memset(plain + 1, 0, size);
    plain->size = sizeof(*plain) + size;
    plain->heap = heap;
    plain->link = &heap->plains;
    plain->next = heap->plains;
    if (plain->next) plain->next->link = &plain->next;
    heap->plains = plain;
    heap->owned_bytes += plain->size;
    return plain + 1;
}

void cop__plain_free(struct cop__heap *heap, void *block)
{
    struct cop__plain *plain;

    if (!block) return;
    plain = (struct cop__plain *)block - 1;
    COP_CHECK(plain->heap == heap && *plain->link == plain,
              "cop_free: not a block of cop_alloc() of this process");
    *plain->link = plain->next;
    if (plain->next) plain->next->link = plain->link;
    heap->owned_bytes -= plain->size;
    cop__free(plain, plain->size);
}

void cop__plain_free_all(struct cop__heap *heap)
{
    while (heap->plains)
        cop__plain_free(heap, heap->plains + 1);
}

void *cop_alloc(size_t size)
{
    return cop__plain_alloc(cop__heap_need(), size);
}

void cop_free(void *block)
{
    if (block) cop__plain_free(cop__heap_need(), block);
}
