/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of bytes and of integers, for tables in memory: 64 bits, all of them good, so a table may
 * take the lowest or the highest. Not for secrets, and not to be stored or sent: they depend on the
 * process's seed and on the machine's byte order.
 *
 * Pure functions, any thread. The seed is set before the first hash is taken, while there is one
 * thread; otherwise tables that exist would lose their keys. */
#ifndef COP_BASE_HASH_H
#define COP_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets the seed of the process (before that, a fixed one holds). Only the first call counts:
 * returns whether this seed is the one in force. */
bool cop__hash_seed_set(uint64_t seed);

uint64_t cop__hash_bytes(const void *bytes, size_t len);
uint64_t cop__hash_u64(uint64_t x);

/* The hash of a pair of hashes; the order matters. */
uint64_t cop__hash_combine(uint64_t first, uint64_t second);

#endif
