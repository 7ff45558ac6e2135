/* SPDX-License-Identifier: Apache-2.0 */
/* Words by a small number (the index of an atom, of a table), in chunks that are made when one of
 * their words is first needed and never move: so a reader waits for nobody. A word that was not
 * made is 0. */
#ifndef COP_BASE_NUMBERED_H
#define COP_BASE_NUMBERED_H

#include <stdatomic.h>
#include <stdint.h>

#define COP__NUMBERED_MAX        (UINT32_C(1) << 20) /* numbers are below */
#define COP__NUMBERED_CHUNK_BITS 10
#define COP__NUMBERED_CHUNK      (1U << COP__NUMBERED_CHUNK_BITS)

struct cop__numbered_chunk {
    _Atomic uint64_t words[COP__NUMBERED_CHUNK];
};

/* All zero is empty. */
struct cop__numbered {
    /* Release on making, acquire on reading. */
    _Atomic(struct cop__numbered_chunk *) chunks[COP__NUMBERED_MAX / COP__NUMBERED_CHUNK];
};

/* The place of a number's word, or NULL if it was not made. Any thread. */
static inline _Atomic uint64_t *cop__numbered_find(struct cop__numbered *set, uint32_t number)
{
    if (number >= COP__NUMBERED_MAX) return (_Atomic uint64_t *)0;
    struct cop__numbered_chunk *chunk = atomic_load_explicit(
        &set->chunks[number >> COP__NUMBERED_CHUNK_BITS], memory_order_acquire);
    return chunk ? &chunk->words[number & (COP__NUMBERED_CHUNK - 1)] : (_Atomic uint64_t *)0;
}

/* The word, 0 if it was not made. Acquire: pairs with the release of whoever stored it. */
static inline uint64_t cop__numbered_get(struct cop__numbered *set, uint32_t number)
{
    _Atomic uint64_t *word = cop__numbered_find(set, number);
    return word ? atomic_load_explicit(word, memory_order_acquire) : 0;
}

/* The same place, made. Not to be used by two threads at once; the number must be in range. */
_Atomic uint64_t *cop__numbered_make(struct cop__numbered *set, uint32_t number);
/* Frees all; nobody reads any more. */
void cop__numbered_fini(struct cop__numbered *set);

#endif
