/* SPDX-License-Identifier: Apache-2.0 */
/* Random terms for tests of properties: the same seed gives the same terms.
 *
 *     struct gen_term gen;
 *     gen_term_init(&gen, seed, GEN_TERM_ALL);
 *     cop_term t = gen_term(&gen, 30);
 *
 * Values near edges (61 bits, 2^53, 64 bytes, 32 keys) are common, and so are equal parts, so that
 * two random terms are often alike. Builds in the current heap. */
#ifndef TESTS_SUPPORT_GEN_TERM_H
#define TESTS_SUPPORT_GEN_TERM_H

#include "base/rand.h"
#include "coppice/term.h"

enum gen_term_kinds {
    GEN_TERM_ALL = 0,
    GEN_TERM_NO_IDS = 1,      /* no pids, references: nothing that has no literal */
    GEN_TERM_NO_CAPTURES = 2, /* no captures */
    GEN_TERM_NO_IMPROPER = 4, /* no lists with a tail that is no list */
};

struct gen_term {
    struct cop__rand rand;
    unsigned without; /* enum gen_term_kinds */
};

void gen_term_init(struct gen_term *gen, uint64_t seed, unsigned without);
/* A term of about `size` leaves; 1 is a leaf. */
cop_term gen_term(struct gen_term *gen, size_t size);
/* A leaf: a number, atom, binary, pid, ... */
cop_term gen_term_leaf(struct gen_term *gen);
/* A number from 0 to bound - 1; 0 if bound is 0. */
size_t gen_below(struct gen_term *gen, size_t bound);

#endif
