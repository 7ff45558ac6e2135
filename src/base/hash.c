/* SPDX-License-Identifier: Apache-2.0 */
/* One tool: multiply two words to 128 bits and fold the halves together (as the wyhash family
 * does). One fold makes every bit of the result depend on every bit of both words, unevenly; two in
 * a row are even enough for any table (hash_test.c measures it).
 *
 * A fold with a zero word gives zero, which would forget everything before it. Words of the input
 * are therefore mixed with odd constants or the state first, and the running state is also carried
 * past each fold. */
#include "base/hash.h"

#include <string.h>

/* Odd words with about as many ones as zeros: bits of the square roots of 2, 3, 5 and 7. */
#define ROOT2 0x6a09e667f3bcc909u
#define ROOT3 0xbb67ae8584caa73bu
#define ROOT5 0x3c6ef372fe94f82bu
#define ROOT7 COP__HASH_FIXED

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t load64(const unsigned char *at)
{
    uint64_t x;

    memcpy(&x, at, sizeof x);
    return x;
}

static inline uint64_t load32(const unsigned char *at)
{
    uint32_t x;

    memcpy(&x, at, sizeof x);
    return x;
}

static inline uint64_t step(uint64_t state, uint64_t a, uint64_t b)
{
    return fold(a ^ ROOT2, b ^ state) + ((state << 29) | (state >> 35));
}

uint64_t cop__hash_seed(uint64_t number)
{
    return fold(number ^ ROOT3, ROOT5) ^ number ^ ROOT7;
}

uint64_t cop__hash_u64_with(uint64_t seed, uint64_t x)
{
    return fold(fold(x ^ seed, ROOT2) ^ x, ROOT3);
}

uint64_t cop__hash_u64(uint64_t x)
{
    return cop__hash_u64_with(COP__HASH_FIXED, x);
}

uint64_t cop__hash_combine(uint64_t first, uint64_t second)
{
    return fold(step(first, second, ROOT5), ROOT3);
}

/* The last 1 to 16 bytes as two words. They may overlap: the length is hashed too, so two inputs of
 * one length give the same words only if they are equal. */
static inline void load_tail(const unsigned char *at, size_t len, uint64_t *ret_a, uint64_t *ret_b)
{
    if (len >= 8) {
        *ret_a = load64(at);
        *ret_b = load64(at + len - 8);
    } else if (len >= 4) {
        *ret_a = load32(at);
        *ret_b = load32(at + len - 4);
    } else {
        *ret_a = (uint64_t)at[0] << 16 | (uint64_t)at[len / 2] << 8 | at[len - 1];
        *ret_b = 0;
    }
}

uint64_t cop__hash_bytes_with(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t state = seed;
    size_t left = len;

    while (left > 16) {
        state = step(state, load64(at), load64(at + 8));
        at += 16;
        left -= 16;
    }
    if (left > 0) {
        uint64_t a;
        uint64_t b;

        load_tail(at, left, &a, &b);
        state = step(state, a, b);
    }
    return fold(state ^ ROOT3, (uint64_t)len ^ ROOT5);
}

uint64_t cop__hash_bytes(const void *bytes, size_t len)
{
    return cop__hash_bytes_with(COP__HASH_FIXED, bytes, len);
}
