/* SPDX-License-Identifier: Apache-2.0 */
/* Maps: the public functions, and the small ones, which are two sorted rows (map.h). Trees are in
 * map_tree.c. */
#include "term/map.h"
#include "base/alloc.h"
#include "term/compare.h"
#include "term/map_tree.h"

#include <string.h>

bool cop_is_map(cop_term t)
{
    return cop__is_map(t);
}

static void need_map(cop_term t)
{
    if (!cop__is_map(t)) cop__term_fail("badmap", t);
}

static bool is_tree(cop_term map)
{
    return cop__header_kind(*cop__box(map)) == COP__BOX_TREE;
}

size_t cop_map_size(cop_term map)
{
    need_map(map);
    return is_tree(map) ? (size_t)cop__box(map)[1] : cop__header_arity(*cop__box(map)) / 2;
}

/* --- Small maps: rows ------------------------------------------------------------------------- */

static size_t row_len(const uint64_t *box)
{
    return cop__header_arity(*box) / 2;
}

/* Finds the key: true, and its index; or false, and the index where it belongs. */
static bool row_search(const uint64_t *box, cop_term key, size_t *ret_index)
{
    size_t low = 0;
    size_t high = row_len(box);

    while (low < high) {
        size_t middle = (low + high) / 2;
        int r = cop__compare_exact(key, cop__term(box[1 + middle]));

        if (r == 0) {
            *ret_index = middle;
            return true;
        }
        if (r < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *ret_index = low;
    return false;
}

/* The same for look-ups: the order does not matter, so keys that are immediate are compared as
 * words. */
static bool row_find(const uint64_t *box, cop_term key, size_t *ret_index)
{
    size_t len = row_len(box);

    if (cop__is_box(key)) return row_search(box, key, ret_index);
    for (size_t i = 0; i < len; i++) {
        if (box[1 + i] != key.word) continue;
        *ret_index = i;
        return true;
    }
    return false;
}

static cop_term row_put(struct cop__heap *heap, cop_term map, cop_term key, cop_term value)
{
    const uint64_t *old = cop__box(map);
    size_t len = row_len(old);
    size_t at;
    uint64_t *box;

    if (row_find(old, key, &at)) {
        if (old[1 + len + at] == value.word) return map;
        box = cop__heap_box(heap, COP__BOX_MAP, 2 * len);
        memcpy(box + 1, old + 1, 2 * len * sizeof(*box));
        box[1 + len + at] = value.word;
        return cop__box_term(box);
    }
    if (len == COP__FLAT_MAX) return cop__tree_from_row(heap, map, key, value);
    row_search(old, key, &at);
    box = cop__heap_box(heap, COP__BOX_MAP, 2 * len + 2);
    for (size_t i = 0; i <= len; i++) {
        size_t from = i < at ? i : i - 1;

        box[1 + i] = i == at ? key.word : old[1 + from];
        box[2 + len + i] = i == at ? value.word : old[1 + len + from];
    }
    return cop__box_term(box);
}

static cop_term row_remove(struct cop__heap *heap, cop_term map, cop_term key)
{
    const uint64_t *old = cop__box(map);
    size_t len = row_len(old);
    size_t at;
    uint64_t *box;

    if (!row_find(old, key, &at)) return map;
    box = cop__heap_box(heap, COP__BOX_MAP, 2 * len - 2);
    for (size_t i = 0; i + 1 < len; i++) {
        size_t from = i < at ? i : i + 1;

        box[1 + i] = old[1 + from];
        box[len + i] = old[1 + len + from];
    }
    return cop__box_term(box);
}

/* Sorts pairs by key, in exact order; equal keys keep their order. At most some dozens. */
static void pairs_sort(struct cop__pair *pairs, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        struct cop__pair pair = pairs[i];
        size_t at = i;

        for (; at > 0 && cop__compare_exact(pair.key, pairs[at - 1].key) < 0; at--) {
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = pair;
    }
}

cop_term cop__map_row(struct cop__heap *heap, struct cop__pair *pairs, size_t len)
{
    uint64_t *box;

    COP_ASSERT(len <= COP__FLAT_MAX);
    pairs_sort(pairs, len);
    box = cop__heap_box(heap, COP__BOX_MAP, 2 * len);
    for (size_t i = 0; i < len; i++) {
        box[1 + i] = pairs[i].key.word;
        box[1 + len + i] = pairs[i].value.word;
    }
    return cop__box_term(box);
}

/* --- All maps --------------------------------------------------------------------------------- */

cop_term cop__map_put(struct cop__heap *heap, cop_term map, cop_term key, cop_term value)
{
    need_map(map);
    if (is_tree(map)) return cop__tree_put(heap, map, key, value);
    return row_put(heap, map, key, value);
}

cop_term cop__map_remove(struct cop__heap *heap, cop_term map, cop_term key)
{
    need_map(map);
    if (is_tree(map)) return cop__tree_remove(heap, map, key);
    return row_remove(heap, map, key);
}

cop_term cop__map_find(cop_term map, cop_term key)
{
    const uint64_t *box;
    size_t at;

    need_map(map);
    if (is_tree(map)) return cop__tree_find(map, key);
    box = cop__box(map);
    return row_find(box, key, &at) ? cop__term(box[1 + row_len(box) + at]) : cop_none();
}

cop_term cop_map_new(void)
{
    return cop__box_term(cop__heap_box(cop__heap_need(), COP__BOX_MAP, 0));
}

cop_term(cop_map_get)(cop_term map, cop_term key, cop_term fallback)
{
    cop_term value = cop__map_find(map, key);

    return cop_is_none(value) ? fallback : value;
}

bool(cop_map_has)(cop_term map, cop_term key)
{
    return !cop_is_none(cop__map_find(map, key));
}

cop_term(cop_map_put)(cop_term map, cop_term key, cop_term value)
{
    return cop__map_put(cop__heap_need(), map, key, value);
}

cop_term(cop_map_remove)(cop_term map, cop_term key)
{
    return cop__map_remove(cop__heap_need(), map, key);
}

cop_term cop_map_to_list(cop_term map)
{
    struct cop__heap *heap = cop__heap_need();
    struct cop_map_iter it = cop_map_iter(map);
    cop_term pair[2];
    cop_term list = cop_empty_list();

    while (cop_map_next(&it, &pair[0], &pair[1])) {
        list = cop__cons(heap, cop__tuple(heap, pair, 2), list);
    }
    return cop_list_reverse(list);
}

/* Of pairs with the same key the last one holds, as with puts one by one. */
cop_term cop__map_from_pairs(struct cop__heap *heap, struct cop__pair *pairs, size_t len)
{
    cop_term map;

    if (len > COP__FLAT_MAX) return cop__tree_from_pairs(heap, pairs, len);
    pairs_sort(pairs, len);
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (i + 1 < len && cop_identical(pairs[i].key, pairs[i + 1].key)) {
            pairs[i + 1].key = pairs[i].key;
            continue;
        }
        pairs[kept++] = pairs[i];
    }
    map = cop__map_row(heap, pairs, kept);
    return map;
}

cop_term cop_map_from_list(cop_term list)
{
    struct cop__heap *heap = cop__heap_need();
    int64_t len = cop_list_len(list);
    struct cop__pair *pairs;
    cop_term map;
    size_t at = 0;

    if (len < 0) cop__term_fail("badarg", list);
    for (cop_term l = list; cop__is_cons(l); l = cop__cons_tail(l)) {
        if (!cop__is_tuple_of(cop__cons_head(l), 2)) cop__term_fail("badarg", list);
    }
    pairs = cop__alloc((size_t)len * sizeof(*pairs));
    for (cop_term l = list; cop__is_cons(l); l = cop__cons_tail(l)) {
        const cop_term *items = cop__tuple_items(cop__cons_head(l));

        pairs[at++] = (struct cop__pair){items[0], items[1], 0};
    }
    map = cop__map_from_pairs(heap, pairs, at);
    cop__free(pairs, (size_t)len * sizeof(*pairs));
    return map;
}

/* --- Walking: pairs of a node first, then its children
 * ------------------------------------------- */

struct cop_map_iter cop_map_iter(cop_term map)
{
    struct cop_map_iter it;

    need_map(map);
    it.map = map;
    it.depth = 0;
    it.at[0] = 0;
    it.node[0] = is_tree(map) ? cop__box(cop__term(cop__box(map)[2])) : cop__box(map);
    return it;
}

static bool next_of_row(struct cop_map_iter *it, const uint64_t *box, cop_term *ret_key,
                        cop_term *ret_value)
{
    size_t at = it->at[0];

    if (at == row_len(box)) return false;
    *ret_key = cop__term(box[1 + at]);
    *ret_value = cop__term(box[1 + row_len(box) + at]);
    it->at[0]++;
    return true;
}

bool cop_map_next(struct cop_map_iter *it, cop_term *ret_key, cop_term *ret_value)
{
    const uint64_t *node = it->node[0];

    if (cop__header_kind(*node) == COP__BOX_MAP) return next_of_row(it, node, ret_key, ret_value);
    while (it->depth >= 0) {
        size_t at = it->at[it->depth];
        size_t first = cop__node_first_child(it->node[it->depth]);

        node = it->node[it->depth];
        if (2 + 2 * at < first) {
            *ret_key = cop__term(node[2 + 2 * at]);
            *ret_value = cop__term(node[3 + 2 * at]);
            it->at[it->depth]++;
            return true;
        }
        at += first - (first - 2) / 2; /* past the pairs: word of the next child */
        if (at > cop__header_arity(*node)) {
            it->depth--;
            continue;
        }
        it->at[it->depth]++;
        it->depth++;
        it->node[it->depth] = cop__box(cop__term(node[at]));
        it->at[it->depth] = 0;
    }
    return false;
}
