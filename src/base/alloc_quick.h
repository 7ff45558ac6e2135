/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator's short way, to be inlined where each message passes: a block from the thread's
 * open pile, or onto it. Everything else is alloc.c's, which also uses this.
 *
 * The cache is reached through a thread-local that is read anew in each call (tls.h), so callers
 * may go on on another thread in between. Its counters are written by its thread only, with relaxed
 * stores, and read by cop__alloc_stats_read(). */
#ifndef COP_BASE_ALLOC_QUICK_H
#define COP_BASE_ALLOC_QUICK_H

#include "base/alloc.h"
#include "base/alloc_class.h"
#include "base/check.h"
#include "base/tls.h"

#include <stdatomic.h>

/* A block while it is free. */
struct cop__alloc_block {
    struct cop__alloc_block *next; /* of the pile */
    struct cop__alloc_block
        *next_pile; /* first block of a full pile in the depot: the pile below */
};

/* A thread's free blocks of one class. */
struct cop__alloc_bin {
    struct cop__alloc_block *open;
    struct cop__alloc_block *reserve; /* NULL or a full pile */
    _Atomic uint32_t open_len;
    _Atomic uint32_t reserve_len; /* 0 or pile_len */
    uint32_t pile_len;
};

struct cop__alloc_cache {
    struct cop__alloc_bin bins[COP__ALLOC_CLASSES];
    struct cop__alloc_cache *next; /* both under alloc.c's lock */
    struct cop__alloc_cache *prev;
};
COP__TLS_DECLARE(struct cop__alloc_cache, cop__alloc_cache)

/* For counters with one writer: no locked instruction. */
static inline uint32_t cop__alloc_count(const _Atomic uint32_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static inline void cop__alloc_count_set(_Atomic uint32_t *count, uint32_t value)
{
    atomic_store_explicit(count, value, memory_order_relaxed);
}

/* A block of the calling thread's open pile, or NULL. */
static inline void *cop__alloc_class_take(unsigned class_)
{
    struct cop__alloc_cache *cache = cop__alloc_cache_get();
    if (COP_UNLIKELY(cache == NULL)) return NULL;
    struct cop__alloc_bin *bin = &cache->bins[class_];
    struct cop__alloc_block *block = bin->open;
    if (COP_UNLIKELY(block == NULL)) return NULL;
    bin->open = block->next;
    cop__alloc_count_set(&bin->open_len, cop__alloc_count(&bin->open_len) - 1);
    return block;
}

/* Puts a block on the open pile; false if there is none, or it is full. */
static inline bool cop__alloc_class_put(void *freed, unsigned class_)
{
    struct cop__alloc_cache *cache = cop__alloc_cache_get();
    if (COP_UNLIKELY(cache == NULL)) return false;
    struct cop__alloc_bin *bin = &cache->bins[class_];
    uint32_t len = cop__alloc_count(&bin->open_len);
    if (COP_UNLIKELY(len == bin->pile_len)) return false;
    struct cop__alloc_block *block = freed;
    block->next = bin->open;
    bin->open = block;
    cop__alloc_count_set(&bin->open_len, len + 1);
    return true;
}

#if defined(COP_DEBUG) || COP__ALLOC_IS_MALLOC

static inline void *cop__alloc_quick(size_t size)
{
    return cop__alloc(size);
}

static inline void cop__free_quick(void *block, size_t size)
{
    cop__free(block, size);
}

#else

/* cop__alloc(). */
static inline void *cop__alloc_quick(size_t size)
{
    void *block = COP_LIKELY(cop__alloc_is_small(size))
                      ? cop__alloc_class_take(cop__alloc_class_of(size))
                      : NULL;
    return COP_LIKELY(block != NULL) ? block : cop__alloc(size);
}

/* cop__free(), but block is not NULL. */
static inline void cop__free_quick(void *block, size_t size)
{
    if (COP_UNLIKELY(!cop__alloc_is_small(size) ||
                     !cop__alloc_class_put(block, cop__alloc_class_of(size))))
        cop__free(block, size);
}

#endif

#endif
