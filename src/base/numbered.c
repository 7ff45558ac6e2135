/* SPDX-License-Identifier: Apache-2.0 */
#include "base/numbered.h"

#include "base/alloc.h"
#include "base/check.h"

_Atomic uint64_t *cop__numbered_make(struct cop__numbered *set, uint32_t number)
{
    COP_CHECK(number < COP__NUMBERED_MAX, "number %u is out of range", number);
    _Atomic(struct cop__numbered_chunk *) *at = &set->chunks[number >> COP__NUMBERED_CHUNK_BITS];
    if (atomic_load_explicit(at, memory_order_relaxed) == NULL)
        atomic_store_explicit(at, cop__alloc_zeroed(sizeof(struct cop__numbered_chunk)),
                              memory_order_release);
    return cop__numbered_find(set, number);
}

void cop__numbered_fini(struct cop__numbered *set)
{
    for (uint32_t i = 0; i < COP__NUMBERED_MAX / COP__NUMBERED_CHUNK; i++) {
        struct cop__numbered_chunk *chunk =
            atomic_load_explicit(&set->chunks[i], memory_order_relaxed);
        if (chunk != NULL) cop__free(chunk, sizeof(*chunk));
        atomic_store_explicit(&set->chunks[i], NULL, memory_order_relaxed);
    }
}
