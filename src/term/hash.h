/* SPDX-License-Identifier: Apache-2.0 */
/* The seed of terms' hashes: it decides the order of large maps. */
#ifndef COPPICE_TERM_HASH_H
#define COPPICE_TERM_HASH_H

#include <stdbool.h>
#include <stdint.h>

/* Sets the seed, while no thread hashes terms: when a node starts. What was built with another seed
 * could not be read any more, so this does nothing, and says so, while something of that kind is
 * pinned. Before the first call a fixed seed holds. */
bool cop__term_seed_set(uint64_t number);

/* A term or table that is built with the seed may outlive all nodes until it is unpinned: of a
 * region of a thread that is no process, or of a literal. Runs on: any thread. */
void cop__term_seed_pin(void);
void cop__term_seed_unpin(void);

#endif
