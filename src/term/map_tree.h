/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that are trees (map.h), for map.c. */
#ifndef COPPICE_TERM_MAP_TREE_H
#define COPPICE_TERM_MAP_TREE_H

#include "term/map.h"

struct cop__pair {
    cop_term key;
    cop_term value;
    uint64_t hash;
};

/* A map of up to COP__FLAT_MAX pairs with different keys; sorts them. */
cop_term cop__map_row(struct cop__heap *heap, struct cop__pair *pairs, size_t len);
/* A map of any size; of pairs with the same key the last one holds. Changes the array. */
cop_term cop__map_from_pairs(struct cop__heap *heap, struct cop__pair *pairs, size_t len);

cop_term cop__tree_find(cop_term map, cop_term key);
cop_term cop__tree_put(struct cop__heap *heap, cop_term map, cop_term key, cop_term value);
/* The result has two rows again if it is small enough. */
cop_term cop__tree_remove(struct cop__heap *heap, cop_term map, cop_term key);
/* A full row and one key more. */
cop_term cop__tree_from_row(struct cop__heap *heap, cop_term map, cop_term key, cop_term value);
/* More than COP__FLAT_MAX pairs, perhaps with equal keys. */
cop_term cop__tree_from_pairs(struct cop__heap *heap, struct cop__pair *pairs, size_t len);
/* The same, and the pairs have their hashes: for tests, which bring hashes that collide. */
cop_term cop__tree_from_hashed(struct cop__heap *heap, struct cop__pair *pairs, size_t len);

#endif
