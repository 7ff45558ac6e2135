/* SPDX-License-Identifier: Apache-2.0 */
/* Kept terms: blocks that live by counting, without atomics since one process owns them.
 *
 * A kept block is a struct cop__block (copy.h) with COP__BLOCK_KEPT. Its count says how many hold
 * it: handles (cop_kept), other kept blocks whose boxes refer to it, and the region that adopted it
 * if it came as a message. Keeping copies only what is not in kept blocks yet:
 *
 *   a box of the region        is copied into the new block
 *   a box of a kept block      is shared: that block counts once more and is recorded
 *   a box of a message block   is shared by keeping the message whole, if that is small, or if what
 *                              is asked for is (most of) the message; else it is copied
 *   a node of a large map      gets a block of its own, so that an update of a kept map with n keys
 *                              copies O(log n) nodes and shares the others
 *
 * Terms are acyclic, so blocks are, and counting suffices. */
#ifndef COPPICE_TERM_KEEP_H
#define COPPICE_TERM_KEEP_H

#include "term/copy.h"

/* cop_keep, cop_drop, cop_replace for this heap. */
cop_kept cop__keep(struct cop__heap *heap, cop_term t) COP_GIVES;
void cop__drop(struct cop__heap *heap, cop_kept *kept COP_TAKES);
void cop__replace(struct cop__heap *heap, cop_kept *kept, cop_term t);
/* The same as cop__drop, but at once: nobody uses the term any more. */
void cop__drop_now(struct cop__heap *heap, cop_kept *kept COP_TAKES);

cop_dict *cop__dict_new(struct cop__heap *heap) COP_GIVES;
void *cop__plain_alloc(struct cop__heap *heap, size_t size) COP_GIVES;
void cop__plain_free(struct cop__heap *heap, void *block COP_TAKES);

/* Walks the pairs of a dictionary that does not change meanwhile: *at begins with 0. */
bool cop__dict_next(const cop_dict *dict, size_t *at, cop_term *ret_key, cop_term *ret_value);

/* --- For heap.c
 * ---------------------------------------------------------------------------------- */

/* A waiting cop_drop; lies in the region. */
struct cop__drop {
    struct cop__drop *next;
    struct cop__block *block;
};
/* Takes one from the count; the last one frees the block, and so on along its references. */
void cop__block_unref(struct cop__heap *heap, struct cop__block *block);
/* Puts a kept block that is in no list into heap->kept. */
void cop__block_list(struct cop__heap *heap, struct cop__block *block);
/* Frees the owned things of a heap without looking at counts. */
void cop__dict_free_all(struct cop__heap *heap);
void cop__plain_free_all(struct cop__heap *heap);

#endif
