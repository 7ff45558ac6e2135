/* SPDX-License-Identifier: Apache-2.0 */
/* Copies out of blocks that several threads read at once, as the rows of tables are.
 *
 * cop__pack() writes to the boxes of a large term while it copies them (log.h), so what others read
 * cannot be copied by it. But all boxes of a block stand side by side: its copy is one pass over
 * the words that moves the pointers along, and writes to nothing but the copy. */
#ifndef COPPICE_TERM_SHARE_H
#define COPPICE_TERM_SHARE_H

#include "term/copy.h"

/* A block that is read, and its copy once one was needed: all zero but for block at first. */
struct cop__share {
    const struct cop__block *block;
    uint64_t *words; /* of the copy, or NULL; they live as long as the region */
};

/* A copy in heap's region of a part of the block, its term or any term in it. Immediate and
 * immortal terms are returned as they are; of others that have no terms in them only these are
 * copied, else all of the block, once. */
cop_term cop__share_copy(struct cop__heap *heap, struct cop__share *share, cop_term part);

#endif
