/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of bytes and of integers, for tables in memory: 64 bits, all of them good, so a table may
 * take the lowest or the highest. Not for secrets, and not to be stored or sent: they depend on the
 * machine's byte order. Pure functions, any thread. */
#ifndef COP_BASE_HASH_H
#define COP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t cop__hash_bytes(const void *bytes, size_t len);
uint64_t cop__hash_u64(uint64_t x);

/* The hash of a pair of hashes; the order matters. */
uint64_t cop__hash_combine(uint64_t first, uint64_t second);

/* Families of such functions: each seed gives another one. Seeds come from cop__hash_seed(), which
 * spreads a number, so that small ones do not leave most bits of a state alike; the functions above
 * have the fixed one. */
#define COP__HASH_FIXED 0xa54ff53a5f1d36f1u
uint64_t cop__hash_seed(uint64_t number);
uint64_t cop__hash_bytes_with(uint64_t seed, const void *bytes, size_t len);
uint64_t cop__hash_u64_with(uint64_t seed, uint64_t x);

#endif
