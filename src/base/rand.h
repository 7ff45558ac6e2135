/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers from a seed: the same seed gives the same numbers on every machine. For choices of
 * schedulers, tests and simulation; not for secrets.
 *
 * A generator is plain data (xoshiro256**): it may be copied, owns nothing, and is not to be used
 * by two threads at once. One that is all zero must be seeded first. */
#ifndef COP_BASE_RAND_H
#define COP_BASE_RAND_H

#include <stdint.h>

struct cop__rand {
    uint64_t state[4]; /* not all zero once seeded */
};

/* Any seed will do; near seeds give unrelated numbers. */
void cop__rand_seed(struct cop__rand *rand, uint64_t seed);

/* 64 random bits. */
uint64_t cop__rand_next(struct cop__rand *rand);

/* A number from 0 to bound - 1, each equally likely. bound is not 0. */
uint64_t cop__rand_below(struct cop__rand *rand, uint64_t bound);

#endif
