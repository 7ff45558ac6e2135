/* SPDX-License-Identifier: Apache-2.0 */
/* xoshiro256** of Blackman and Vigna: 256 bits of state, a few shifts a number, no known weakness
 * that a scheduler or a test would meet. The seed is spread over the state by a counter that is
 * mixed (Steele's splitmix64), so that seeds 1, 2, 3 start far apart. */
#include "base/rand.h"

#include "base/check.h"

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

void cop__rand_seed(struct cop__rand *rand, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t x;

        seed += 0x9e3779b97f4a7c15u;
        x = seed;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        rand->state[i] = x ^ (x >> 31);
    }
}

uint64_t cop__rand_next(struct cop__rand *rand)
{
    uint64_t *s = rand->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    COP_ASSERT(s[0] | s[1] | s[2] | s[3]);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* The high word of random * bound falls into [0, bound). Each result is hit by almost as many
 * random words as any other; those of the surplus, 2^64 mod bound in number, are thrown again. */
uint64_t cop__rand_below(struct cop__rand *rand, uint64_t bound)
{
    unsigned __int128 product;

    COP_CHECK(bound > 0);
    product = (unsigned __int128)cop__rand_next(rand) * bound;
    if (COP_UNLIKELY((uint64_t)product < bound)) {
        uint64_t surplus = (0 - bound) % bound;

        while ((uint64_t)product < surplus) {
            product = (unsigned __int128)cop__rand_next(rand) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}
