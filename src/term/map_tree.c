/* SPDX-License-Identifier: Apache-2.0 */
/* Hash array mapped tries (map.h has the layout). An update copies the nodes from the root to the
 * pair and shares all others.
 *
 * The highest bits of a hash choose the slot in the root, so pairs in the order of their hashes are
 * pairs in the order of the tree: a tree is built from many pairs by one sort. */
#include "term/map_tree.h"
#include "base/alloc.h"
#include "term/compare.h"

#include <stdlib.h>
#include <string.h>

/* The bitmaps of a node. */
struct maps {
    uint32_t pairs;
    uint32_t children;
};

static struct maps maps_of(const uint64_t *node)
{
    return (struct maps){(uint32_t)node[1], (uint32_t)(node[1] >> 32)};
}

static uint64_t maps_word(struct maps maps)
{
    return (uint64_t)maps.children << 32 | maps.pairs;
}

/* The slot that a hash has in a node of this level, as a bit. */
static uint32_t slot_bit(uint64_t hash, int level)
{
    return (uint32_t)1 << (hash << (COP__TREE_BITS * level) >> (64 - COP__TREE_BITS));
}

/* How many slots of the bitmap are before this one. */
static size_t slots_before(uint32_t bitmap, uint32_t bit)
{
    return (size_t)__builtin_popcount(bitmap & (bit - 1));
}

static const uint64_t *child_at(const uint64_t *node, uint32_t bit)
{
    size_t at = cop__node_first_child(node) + slots_before(maps_of(node).children, bit);

    return cop__box(cop__term(node[at]));
}

static uint64_t *node_new(struct cop__heap *heap, struct maps maps, size_t words)
{
    uint64_t *node = cop__heap_box(heap, COP__BOX_NODE, 1 + words);

    node[1] = maps_word(maps);
    return node;
}

static cop_term tree_new(struct cop__heap *heap, size_t size, const uint64_t *root)
{
    uint64_t *box = cop__heap_box(heap, COP__BOX_TREE, 2);

    box[1] = size;
    box[2] = cop__box_term(root).word;
    return cop__box_term(box);
}

/* A copy of node with the words [at, at + out) replaced by `in` new ones. */
static uint64_t *node_splice(struct cop__heap *heap, const uint64_t *node, struct maps maps,
                             size_t at, size_t out, const uint64_t *words, size_t in)
{
    size_t end = 1 + cop__header_arity(*node);
    uint64_t *copy = node_new(heap, maps, end - 2 - out + in);

    memcpy(copy + 2, node + 2, (at - 2) * sizeof(*copy));
    if (in > 0) memcpy(copy + at, words, in * sizeof(*copy));
    memcpy(copy + at + in, node + at + out, (end - at - out) * sizeof(*copy));
    return copy;
}

/* --- The way from the root to a key
 * -------------------------------------------------------------- */

struct path {
    const uint64_t *nodes[COP__TREE_LEVELS + 1];
    uint32_t bits[COP__TREE_LEVELS + 1]; /* the slot that was taken in each; 0 in a bag */
    int depth;                           /* of the last node */
    size_t at;                           /* in it: word of the pair, or where it would be */
    bool is_found;
    bool is_taken; /* not found, but the slot holds another pair */
};

/* Where a key is in a bag, which is sorted. */
static void bag_search(struct path *path, const uint64_t *bag, cop_term key)
{
    size_t end = 1 + cop__header_arity(*bag);

    for (path->at = 2; path->at < end; path->at += 2) {
        int r = cop__compare_exact(key, cop__term(bag[path->at]));

        path->is_found = r == 0;
        if (r <= 0) return;
    }
}

static void search(struct path *path, cop_term map, cop_term key, uint64_t hash)
{
    const uint64_t *node = cop__box(cop__term(cop__box(map)[2]));

    path->is_found = false;
    path->is_taken = false;
    for (int level = 0;; level++) {
        uint32_t bit = level < COP__TREE_LEVELS ? slot_bit(hash, level) : 0;
        struct maps maps = maps_of(node);

        path->nodes[level] = node;
        path->bits[level] = bit;
        path->depth = level;
        if (bit == 0) {
            bag_search(path, node, key);
            return;
        }
        if (!(maps.children & bit)) {
            path->at = 2 + 2 * slots_before(maps.pairs, bit);
            path->is_found = maps.pairs & bit && cop_identical(key, cop__term(node[path->at]));
            path->is_taken = maps.pairs & bit && !path->is_found;
            return;
        }
        node = child_at(node, bit);
    }
}

cop_term cop__tree_find(cop_term map, cop_term key)
{
    struct path path;

    search(&path, map, key, cop_hash(key));
    return path.is_found ? cop__term(path.nodes[path.depth][path.at + 1]) : cop_none();
}

/* Puts a new node in the place of the last one of a path: copies those above. */
static const uint64_t *path_replace(struct cop__heap *heap, const struct path *path,
                                    const uint64_t *node)
{
    for (int level = path->depth; level-- > 0;) {
        const uint64_t *above = path->nodes[level];
        struct maps maps = maps_of(above);
        size_t at = cop__node_first_child(above) + slots_before(maps.children, path->bits[level]);
        uint64_t word = cop__box_term(node).word;

        node = node_splice(heap, above, maps, at, 1, &word, 1);
    }
    return node;
}

/* --- Adding
 * --------------------------------------------------------------------------------------- */

/* The node of this level that holds two pairs with different keys. */
static const uint64_t *node_of_two(struct cop__heap *heap, struct cop__pair a, struct cop__pair b,
                                   int level)
{
    int split = level;
    uint64_t *node;

    while (split < COP__TREE_LEVELS && slot_bit(a.hash, split) == slot_bit(b.hash, split))
        split++;
    bool in_order =
        split < COP__TREE_LEVELS ? a.hash < b.hash : cop__compare_exact(a.key, b.key) < 0;
    struct cop__pair first = in_order ? a : b;
    struct cop__pair second = in_order ? b : a;
    struct maps maps = {0, 0};

    if (split < COP__TREE_LEVELS) maps.pairs = slot_bit(a.hash, split) | slot_bit(b.hash, split);
    node = node_new(heap, maps, 4);
    node[2] = first.key.word;
    node[3] = first.value.word;
    node[4] = second.key.word;
    node[5] = second.value.word;
    while (split-- > level) {
        uint64_t *above = node_new(heap, (struct maps){0, slot_bit(a.hash, split)}, 1);

        above[2] = cop__box_term(node).word;
        node = above;
    }
    return node;
}

/* The slot of the last node holds another pair: both go into a child. */
static uint64_t *node_push_down(struct cop__heap *heap, const struct path *path,
                                struct cop__pair pair)
{
    const uint64_t *node = path->nodes[path->depth];
    uint32_t bit = path->bits[path->depth];
    struct maps maps = maps_of(node);
    size_t pairs_end = cop__node_first_child(node);
    struct cop__pair other = {cop__term(node[path->at]), cop__term(node[path->at + 1]), 0};
    size_t before = slots_before(maps.children, bit);
    uint64_t *copy;
    size_t to = 2;

    other.hash = cop_hash(other.key);
    maps.pairs &= ~bit;
    maps.children |= bit;
    copy = node_new(heap, maps, cop__header_arity(*node) - 2);
    for (size_t i = 2; i < pairs_end; i++) {
        if (i != path->at && i != path->at + 1) copy[to++] = node[i];
    }
    memcpy(copy + to, node + pairs_end, before * sizeof(*copy));
    memcpy(copy + to + before + 1, node + pairs_end + before,
           (1 + cop__header_arity(*node) - pairs_end - before) * sizeof(*copy));
    copy[to + before] = 0; /* below */
    copy[to + before] = cop__box_term(node_of_two(heap, other, pair, path->depth + 1)).word;
    return copy;
}

cop_term cop__tree_put(struct cop__heap *heap, cop_term map, cop_term key, cop_term value)
{
    struct cop__pair pair = {key, value, cop_hash(key)};
    size_t size = (size_t)cop__box(map)[1];
    uint64_t words[2] = {key.word, value.word};
    const uint64_t *last;
    const uint64_t *node;
    struct path path;

    search(&path, map, key, pair.hash);
    last = path.nodes[path.depth];
    if (path.is_found) {
        if (last[path.at + 1] == value.word) return map;
        node = node_splice(heap, last, maps_of(last), path.at + 1, 1, &words[1], 1);
    } else if (path.is_taken) {
        node = node_push_down(heap, &path, pair);
        size++;
    } else {
        struct maps maps = maps_of(last);

        maps.pairs |= path.bits[path.depth]; /* 0 in a bag */
        node = node_splice(heap, last, maps, path.at, 0, words, 2);
        size++;
    }
    return tree_new(heap, size, path_replace(heap, &path, node));
}

/* --- Removing
 * ------------------------------------------------------------------------------------- */

/* All pairs but one, as a row. */
static cop_term row_without(struct cop__heap *heap, cop_term map, cop_term key)
{
    struct cop__pair pairs[COP__FLAT_MAX];
    struct cop_map_iter it = cop_map_iter(map);
    struct cop__pair pair = {cop_none(), cop_none(), 0};
    size_t len = 0;

    while (cop_map_next(&it, &pair.key, &pair.value)) {
        if (!cop_identical(pair.key, key)) pairs[len++] = pair;
    }
    return cop__map_row(heap, pairs, len);
}

/* A child that is left with one pair gives it to the node above, which may be left with that
 * alone. */
static const uint64_t *path_shrink(struct cop__heap *heap, struct path *path, const uint64_t *node)
{
    while (path->depth > 0 && cop__header_arity(*node) == 3 && maps_of(node).children == 0) {
        const uint64_t *above = path->nodes[--path->depth];
        uint32_t bit = path->bits[path->depth];
        struct maps maps = maps_of(above);
        size_t first = cop__node_first_child(above);
        size_t child = first + slots_before(maps.children, bit);
        size_t at = 2 + 2 * slots_before(maps.pairs, bit);
        size_t end = 1 + cop__header_arity(*above);
        uint64_t *copy;

        maps.children &= ~bit;
        maps.pairs |= bit;
        copy = node_new(heap, maps, end - 1);
        memcpy(copy + 2, above + 2, (at - 2) * sizeof(*copy));
        copy[at] = node[2];
        copy[at + 1] = node[3];
        memcpy(copy + at + 2, above + at, (child - at) * sizeof(*copy));
        memcpy(copy + child + 2, above + child + 1, (end - child - 1) * sizeof(*copy));
        node = copy;
    }
    return node;
}

cop_term cop__tree_remove(struct cop__heap *heap, cop_term map, cop_term key)
{
    size_t size = (size_t)cop__box(map)[1];
    const uint64_t *last;
    const uint64_t *node;
    struct maps maps;
    struct path path;

    search(&path, map, key, cop_hash(key));
    if (!path.is_found) return map;
    if (size - 1 <= COP__FLAT_MAX) return row_without(heap, map, key);
    last = path.nodes[path.depth];
    maps = maps_of(last);
    maps.pairs &= ~path.bits[path.depth];
    node = node_splice(heap, last, maps, path.at, 2, NULL, 0);
    node = path_shrink(heap, &path, node);
    return tree_new(heap, size - 1, path_replace(heap, &path, node));
}

/* --- Building from many pairs
 * --------------------------------------------------------------------- */

static int compare_hashes(const void *a, const void *b)
{
    const struct cop__pair *x = a;
    const struct cop__pair *y = b;

    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return cop__compare_exact(x->key, y->key);
}

/* Sorts by hash, then by key; stable, so that the later of equal keys stays later. */
static void sort_by_hash(struct cop__pair *pairs, size_t len)
{
    struct cop__pair *room = cop__alloc(len * sizeof(*pairs));
    struct cop__pair *from = pairs;
    struct cop__pair *to = room;

    for (size_t width = 1; width < len; width *= 2) {
        struct cop__pair *other = from;

        for (size_t at = 0; at < len; at += 2 * width) {
            size_t i = at;
            size_t middle = at + width < len ? at + width : len;
            size_t j = middle;
            size_t end = at + 2 * width < len ? at + 2 * width : len;

            for (size_t k = at; k < end; k++) {
                bool left = j == end || (i < middle && compare_hashes(&from[i], &from[j]) <= 0);

                to[k] = left ? from[i++] : from[j++];
            }
        }
        from = to;
        to = other;
    }
    if (from != pairs) memcpy(pairs, from, len * sizeof(*pairs));
    cop__free(room, len * sizeof(*pairs));
}

static const uint64_t *build_bag(struct cop__heap *heap, const struct cop__pair *pairs, size_t len)
{
    uint64_t *node = node_new(heap, (struct maps){0, 0}, 2 * len);

    for (size_t i = 0; i < len; i++) {
        node[2 + 2 * i] = pairs[i].key.word;
        node[3 + 2 * i] = pairs[i].value.word;
    }
    return node;
}

/* The pairs that share the slot of the first one. */
static size_t group_len(const struct cop__pair *pairs, size_t len, int level)
{
    size_t n = 1;

    while (n < len && slot_bit(pairs[n].hash, level) == slot_bit(pairs[0].hash, level))
        n++;
    return n;
}

/* The node of this level over pairs sorted by hash. Calls itself at most COP__TREE_LEVELS deep. */
/* NOLINTNEXTLINE(misc-no-recursion): the depth is bounded by the bits of a hash */
static const uint64_t *build(struct cop__heap *heap, const struct cop__pair *pairs, size_t len,
                             int level)
{
    struct maps maps = {0, 0};
    uint64_t *node;
    size_t to_pair = 2;
    size_t to_child;
    size_t n;

    if (level == COP__TREE_LEVELS) return build_bag(heap, pairs, len);
    for (size_t i = 0; i < len; i += n) {
        n = group_len(pairs + i, len - i, level);
        if (n == 1)
            maps.pairs |= slot_bit(pairs[i].hash, level);
        else
            maps.children |= slot_bit(pairs[i].hash, level);
    }
    to_child = 2 + 2 * (size_t)__builtin_popcount(maps.pairs);
    node = node_new(heap, maps, to_child - 2 + (size_t)__builtin_popcount(maps.children));
    for (size_t i = 0; i < len; i += n) {
        n = group_len(pairs + i, len - i, level);
        if (n == 1) {
            node[to_pair++] = pairs[i].key.word;
            node[to_pair++] = pairs[i].value.word;
        } else {
            node[to_child++] = cop__box_term(build(heap, pairs + i, n, level + 1)).word;
        }
    }
    return node;
}

cop_term cop__tree_from_pairs(struct cop__heap *heap, struct cop__pair *pairs, size_t len)
{
    for (size_t i = 0; i < len; i++)
        pairs[i].hash = cop_hash(pairs[i].key);
    return cop__tree_from_hashed(heap, pairs, len);
}

cop_term cop__tree_from_hashed(struct cop__heap *heap, struct cop__pair *pairs, size_t len)
{
    size_t kept = 0;

    sort_by_hash(pairs, len);
    for (size_t i = 0; i < len; i++) {
        if (i + 1 < len && compare_hashes(&pairs[i], &pairs[i + 1]) == 0) {
            pairs[i + 1].key = pairs[i].key;
        } else {
            pairs[kept++] = pairs[i];
        }
    }
    if (kept <= COP__FLAT_MAX) return cop__map_row(heap, pairs, kept);
    return tree_new(heap, kept, build(heap, pairs, kept, 0));
}

cop_term cop__tree_from_row(struct cop__heap *heap, cop_term map, cop_term key, cop_term value)
{
    struct cop__pair pairs[COP__FLAT_MAX + 1];
    struct cop_map_iter it = cop_map_iter(map);
    size_t len = 0;

    while (cop_map_next(&it, &pairs[len].key, &pairs[len].value))
        len++;
    pairs[len++] = (struct cop__pair){key, value, 0};
    return cop__tree_from_pairs(heap, pairs, len);
}
