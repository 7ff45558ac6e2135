/* SPDX-License-Identifier: Apache-2.0 */
/* Maps, inside: two shapes, one for each size, so that equal maps have equal shapes.
 *
 *   MAP   up to COP__FLAT_MAX keys: the keys in exact order (compare.h), then their values.
 *   TREE  above: {size, root}. Nodes split by five bits of the key's hash a level. A NODE is
 *         {bitmaps, k1, v1, k2, v2, ..., child1, child2, ...}: the low half of the bitmaps says
 *         which of the 32 slots hold a pair, the high half which hold a child; both in order of
 *         slots. A child holds two pairs at least. Below the last level (all 64 bits are used up) a
 *         node is a bag, its bitmaps 0: pairs with equal hashes, in exact order of keys.
 *
 * This is canonical: the same keys always make the same tree, in whatever order they came. */
#ifndef COPPICE_TERM_MAP_H
#define COPPICE_TERM_MAP_H

#include "term/heap.h"

#define COP__TREE_BITS   5
#define COP__TREE_LEVELS 13 /* ceil(64 / 5); the bag is the level after */

static inline bool cop__is_map(cop_term t)
{
    return cop__is_kind(t, COP__BOX_MAP) || cop__is_kind(t, COP__BOX_TREE);
}
/* Keys of a node. */
static inline size_t cop__node_pairs(const uint64_t *node)
{
    size_t pairs = (size_t)__builtin_popcount((uint32_t)node[1]);

    return node[1] == 0 ? (cop__header_arity(node[0]) - 1) / 2 : pairs;
}
/* Where the first child of a node stands. */
static inline size_t cop__node_first_child(const uint64_t *node)
{
    return 2 + 2 * cop__node_pairs(node);
}

cop_term cop__map_put(struct cop__heap *heap, cop_term map, cop_term key, cop_term value);
cop_term cop__map_remove(struct cop__heap *heap, cop_term map, cop_term key);
/* The value, or cop_none(). */
cop_term cop__map_find(cop_term map, cop_term key);

#endif
