/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting the keys of two trees by comparisons that somebody else makes: for compare.c, where the
 * comparison of two keys may itself need a sort, and no function may call itself.
 *
 * A merge sort from below, of one tree after the other, that stops whenever it needs to know which
 * of two keys is less. */
#ifndef COPPICE_TERM_TREE_SORT_H
#define COPPICE_TERM_TREE_SORT_H

#include "term/types.h"

struct cop__tree_sort;

/* a and b are trees of the same size. */
struct cop__tree_sort *cop__tree_sort_new(cop_term a, cop_term b);
void cop__tree_sort_free(struct cop__tree_sort *sort);
/* True: compare the terms at *ret_a and *ret_b in exact order and come back with the outcome.
 * False: both are sorted. The outcome of the first call is not looked at. */
bool cop__tree_sort_step(struct cop__tree_sort *sort, int outcome, const uint64_t **ret_a,
                         const uint64_t **ret_b);
/* When sorted: the keys and values of tree 0 or 1 in order of keys. */
const uint64_t *cop__tree_sort_keys(const struct cop__tree_sort *sort, int tree);
const uint64_t *cop__tree_sort_values(const struct cop__tree_sort *sort, int tree);
size_t cop__tree_sort_len(const struct cop__tree_sort *sort);

#endif
