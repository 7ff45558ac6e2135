/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator. Three levels:
 *
 *   cop__alloc, cop__free ...   sizes, statistics of large blocks, guards of COP_DEBUG builds
 *   a thread's cache            per class: an open pile, which is taken from and put on, and a full
 *                               one in reserve; no lock
 *   the depot                   per class: a stack of full piles, loose blocks, and the rest of a
 *                               chunk that was never cut; a lock
 *
 * A full pile has `pile_len` blocks exactly, so moving one is moving a pointer: nobody counts or
 * walks it. The reserve keeps a thread that goes up and down around a full pile away from the lock.
 *
 * The short way of taking and giving is alloc_quick.h's. The counters of a thread's cache count
 * what is free; what is in use follows from what was cut. So statistics cost nothing here. */
#include "base/alloc_quick.h"

#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_SIZE   ((size_t)64 * 1024)   /* what a class takes at a time, at least */
#define ARENA_SIZE   ((size_t)1024 * 1024) /* what we ask of the system at a time, at least */
#define PILE_SIZE    ((size_t)16 * 1024)   /* about the bytes of a full pile */
#define PILE_LEN_MIN 2
#define PILE_LEN_MAX 64
#define SIZE_LIMIT                                                                                 \
    ((size_t)1 << 40) /* no block is as large; sanitizers end the program from here on */

/* All threads' free blocks of one class. Everything under the lock. */
struct depot {
    pthread_mutex_t lock;
    struct cop__alloc_block *piles;
    struct cop__alloc_block *loose; /* from threads that ended */
    char *uncut;                    /* the rest of the newest chunk */
    char *uncut_end;
    uint64_t free_count; /* blocks in piles and loose */
    uint64_t cut_count;  /* blocks ever cut */
} __attribute__((aligned(64)));

COP__TLS_DEFINE(struct cop__alloc_cache, cop__alloc_cache);

static struct depot depots[COP__ALLOC_CLASSES];
static pthread_once_t set_up_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end_key;

/* Rank: caches_lock, then a depot's, then arena_lock. */
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cop__alloc_cache *caches;
static pthread_mutex_t arena_lock = PTHREAD_MUTEX_INITIALIZER;
static char *arena;
static char *arena_end;

static _Atomic uint64_t chunk_bytes;
static _Atomic uint64_t large_blocks; /* and, where malloc does it all, the small ones */
static _Atomic uint64_t large_bytes;
static _Atomic uint64_t fail_countdown;

/* --- The depot -------------------------------------------------------------------------------- */

static uint32_t pile_len_of(unsigned class)
{
    size_t len = PILE_SIZE / cop__alloc_class_size(class);

    if (len < PILE_LEN_MIN) return PILE_LEN_MIN;
    return len > PILE_LEN_MAX ? PILE_LEN_MAX : (uint32_t)len;
}

/* Returns size bytes that were never used, or NULL. */
static char *arena_take(size_t size)
{
    char *taken = NULL;

    pthread_mutex_lock(&arena_lock);
    if ((size_t)(arena_end - arena) < size) {
        size_t ask = size > ARENA_SIZE ? size : ARENA_SIZE;
        void *map = mmap(NULL, ask, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        /* What is left of the old arena is less than one chunk, and is given up. */
        if (map != MAP_FAILED) {
            arena = map;
            arena_end = arena + ask;
            atomic_fetch_add_explicit(&chunk_bytes, ask, memory_order_relaxed);
        }
    }
    if ((size_t)(arena_end - arena) >= size) {
        taken = arena;
        arena += size;
    }
    pthread_mutex_unlock(&arena_lock);
    return taken;
}

/* Cuts up to count new blocks and returns them as a pile; *ret_count tells how many. */
static struct cop__alloc_block *depot_cut(struct depot *depot, unsigned class, uint32_t count,
                                          uint32_t *ret_count)
{
    size_t size = cop__alloc_class_size(class);
    struct cop__alloc_block *pile = NULL;
    uint32_t cut = 0;

    if ((size_t)(depot->uncut_end - depot->uncut) < size) {
        size_t chunk = CHUNK_SIZE > count * size ? CHUNK_SIZE : count * size;

        depot->uncut = arena_take(chunk);
        if (!depot->uncut) {
            depot->uncut_end = NULL;
            return NULL;
        }
        depot->uncut_end = depot->uncut + chunk;
    }
    /* From the far end, so that the pile is in order of address. */
    cut = (uint32_t)((size_t)(depot->uncut_end - depot->uncut) / size);
    if (cut > count) cut = count;
    for (uint32_t i = cut; i > 0; i--) {
        struct cop__alloc_block *block =
            (struct cop__alloc_block *)(void *)(depot->uncut + (i - 1) * size);

        block->next = pile;
        pile = block;
    }
    depot->uncut += cut * size;
    depot->cut_count += cut;
    *ret_count = cut;
    return pile;
}

static struct cop__alloc_block *depot_take_loose(struct depot *depot, uint32_t count,
                                                 uint32_t *ret_count)
{
    struct cop__alloc_block *pile = depot->loose;
    struct cop__alloc_block *last = pile;
    uint32_t taken = 1;

    while (taken < count && last->next) {
        last = last->next;
        taken++;
    }
    depot->loose = last->next;
    last->next = NULL;
    depot->free_count -= taken;
    *ret_count = taken;
    return pile;
}

/* Returns a pile of 1 to pile_len blocks, or NULL without memory. */
static struct cop__alloc_block *depot_take(unsigned class, uint32_t pile_len, uint32_t *ret_count)
{
    struct depot *depot = &depots[class];
    struct cop__alloc_block *pile;

    pthread_mutex_lock(&depot->lock);
    pile = depot->piles;
    if (pile) {
        depot->piles = pile->next_pile;
        depot->free_count -= pile_len;
        *ret_count = pile_len;
    } else if (depot->loose) {
        pile = depot_take_loose(depot, pile_len, ret_count);
    } else {
        pile = depot_cut(depot, class, pile_len, ret_count);
    }
    pthread_mutex_unlock(&depot->lock);
    return pile;
}

/* Takes over a full pile. */
static void depot_put_pile(unsigned class, struct cop__alloc_block *pile, uint32_t pile_len)
{
    struct depot *depot = &depots[class];

    pthread_mutex_lock(&depot->lock);
    pile->next_pile = depot->piles;
    depot->piles = pile;
    depot->free_count += pile_len;
    pthread_mutex_unlock(&depot->lock);
}

/* Takes over a pile that is not full. */
static void depot_put_loose(unsigned class, struct cop__alloc_block *pile, uint32_t count)
{
    struct depot *depot = &depots[class];
    struct cop__alloc_block *last = pile;

    if (!pile) return;
    while (last->next)
        last = last->next;
    pthread_mutex_lock(&depot->lock);
    last->next = depot->loose;
    depot->loose = pile;
    depot->free_count += count;
    pthread_mutex_unlock(&depot->lock);
}

/* --- A thread's cache ------------------------------------------------------------------------- */

static void cache_end(void *of_thread)
{
    struct cop__alloc_cache *cache = of_thread;

    pthread_mutex_lock(&caches_lock);
    for (unsigned class = 0; class < COP__ALLOC_CLASSES; class ++) {
        struct cop__alloc_bin *bin = &cache->bins[class];

        if (bin->reserve) depot_put_pile(class, bin->reserve, bin->pile_len);
        depot_put_loose(class, bin->open, cop__alloc_count(&bin->open_len));
    }
    if (cache->prev)
        cache->prev->next = cache->next;
    else
        caches = cache->next;
    if (cache->next) cache->next->prev = cache->prev;
    pthread_mutex_unlock(&caches_lock);
    cop__alloc_cache_set(NULL);
    free(cache);
}

static void set_up(void)
{
    for (unsigned class = 0; class < COP__ALLOC_CLASSES; class ++) {
        COP_CHECK(pthread_mutex_init(&depots[class].lock, NULL) == 0);
    }
    COP_CHECK(pthread_key_create(&thread_end_key, cache_end) == 0, "no key for the allocator");
}

/* Gives the calling thread its cache. NULL without memory. */
static struct cop__alloc_cache *cache_begin(void)
{
    struct cop__alloc_cache *cache = calloc(1, sizeof *cache);

    pthread_once(&set_up_once, set_up);
    if (!cache) return NULL;
    for (unsigned class = 0; class < COP__ALLOC_CLASSES; class ++) {
        cache->bins[class].pile_len = pile_len_of(class);
    }
    if (pthread_setspecific(thread_end_key, cache) != 0) {
        free(cache);
        return NULL;
    }
    pthread_mutex_lock(&caches_lock);
    cache->next = caches;
    if (caches) caches->prev = cache;
    caches = cache;
    pthread_mutex_unlock(&caches_lock);
    cop__alloc_cache_set(cache);
    return cache;
}

static struct cop__alloc_cache *cache_get(void)
{
    struct cop__alloc_cache *cache = cop__alloc_cache_get();

    return cache ? cache : cache_begin();
}

void cop__alloc_thread_exit(void)
{
    struct cop__alloc_cache *cache = cop__alloc_cache_get();

    if (!cache) return;
    pthread_setspecific(thread_end_key, NULL);
    cache_end(cache);
}

/* --- Blocks of a class ------------------------------------------------------------------------ */

/* Opens the reserve, or a pile from the depot, if the open pile is empty. NULL without memory. */
static __attribute__((noinline, cold)) struct cop__alloc_block *class_alloc_slow(unsigned class)
{
    struct cop__alloc_cache *cache = cache_get();
    struct cop__alloc_bin *bin;
    struct cop__alloc_block *block;
    uint32_t count = 0;

    if (!cache) return NULL;
    bin = &cache->bins[class];
    if (bin->open) {
        block = bin->open;
        count = cop__alloc_count(&bin->open_len);
    } else if (bin->reserve) {
        block = bin->reserve;
        count = bin->pile_len;
        bin->reserve = NULL;
        cop__alloc_count_set(&bin->reserve_len, 0);
    } else {
        block = depot_take(class, bin->pile_len, &count);
        if (!block) return NULL;
    }
    bin->open = block->next;
    cop__alloc_count_set(&bin->open_len, count - 1);
    return block;
}

/* The open pile is full: it becomes the reserve, the old reserve goes to the depot, and block
 * begins a new pile. (Not when the pile becomes full: a thread that takes and gives one block there
 * would come here each time.) */
static __attribute__((noinline, cold)) void bin_close(struct cop__alloc_bin *bin, unsigned class,
                                                      struct cop__alloc_block *block)
{
    if (bin->reserve) depot_put_pile(class, bin->reserve, bin->pile_len);
    bin->reserve = bin->open;
    cop__alloc_count_set(&bin->reserve_len, bin->pile_len);
    block->next = NULL;
    bin->open = block;
    cop__alloc_count_set(&bin->open_len, 1);
}

/* For a thread without a cache. If it gets none, the block is everybody's. */
static __attribute__((noinline, cold)) void class_free_slow(struct cop__alloc_block *block,
                                                            unsigned class)
{
    struct cop__alloc_cache *cache = cache_get();

    block->next = NULL;
    if (cache && !cache->bins[class].open) {
        cache->bins[class].open = block;
        cop__alloc_count_set(&cache->bins[class].open_len, 1);
    } else {
        depot_put_loose(class, block, 1);
    }
}

static inline void class_free(struct cop__alloc_block *block, unsigned class)
{
    struct cop__alloc_cache *cache;

    if (COP_LIKELY(cop__alloc_class_put(block, class))) return;
    cache = cop__alloc_cache_get();
    if (cache)
        bin_close(&cache->bins[class], class, block);
    else
        class_free_slow(block, class);
}

/* --- Raw blocks: a class's, or malloc's ------------------------------------------------------- */

static __attribute__((noinline)) void *large_alloc(size_t size)
{
    void *block = size < SIZE_LIMIT ? malloc(size ? size : 1) : NULL;

    if (block) {
        atomic_fetch_add_explicit(&large_blocks, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&large_bytes, size, memory_order_relaxed);
    }
    return block;
}

static __attribute__((noinline)) void large_free(void *block, size_t size)
{
    atomic_fetch_sub_explicit(&large_blocks, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&large_bytes, size, memory_order_relaxed);
#if COP__ALLOC_IS_MALLOC
    /* Sanitizers' allocators know the size that was asked for. */
    COP_CHECK(malloc_usable_size(block) == (size ? size : 1),
              "block of %zu bytes freed as one of %zu", malloc_usable_size(block), size);
#endif
    free(block);
}

static __attribute__((noinline)) void *raw_alloc_slow(size_t size)
{
    if (!cop__alloc_is_small(size)) return large_alloc(size);
    return class_alloc_slow(cop__alloc_class_of(size));
}

static inline void *raw_alloc_fast(size_t size)
{
    return COP_LIKELY(cop__alloc_is_small(size)) ? cop__alloc_class_take(cop__alloc_class_of(size))
                                                 : NULL;
}

static inline void raw_free(void *block, size_t size)
{
    if (COP_UNLIKELY(!cop__alloc_is_small(size)))
        large_free(block, size);
    else
        class_free(block, cop__alloc_class_of(size));
}

/* --- Guards ----------------------------------------------------------------------------------- */

#if defined(COP_DEBUG) && COP_DEBUG >= 1 && !COP__ALLOC_IS_MALLOC

#define GUARD_LIVE       0x600dcafef00dfeedu
#define GUARD_FREED      0xdeadb10cdeadb10cu
#define FILL_FREED       0xdd
#define FILL_CHECKED_MAX 256 /* bytes of a freed block that are looked at */

/* In front of each block of a debug build. */
struct guard {
    struct cop__alloc_block links; /* raw block's, while it is free */
    uint64_t mark;                 /* neither value: never used */
    size_t size;                   /* as it was asked for, last time */
};
_Static_assert(sizeof(struct guard) % 16 == 0, "blocks stay aligned");

static void guard_check_unused(const struct guard *guard)
{
    const unsigned char *bytes = (const unsigned char *)(guard + 1);
    size_t len = guard->size;

    if (guard->mark != GUARD_FREED) return;
#if COP_DEBUG < 2
    if (len > FILL_CHECKED_MAX) len = FILL_CHECKED_MAX;
#endif
    for (size_t i = 0; i < len; i++) {
        COP_CHECK(bytes[i] == FILL_FREED,
                  "block %p of %zu bytes: byte %zu written after it was freed", (const void *)bytes,
                  guard->size, i);
    }
}

static void *user_alloc_slow(size_t size)
{
    struct guard *guard;

    if (size >= SIZE_LIMIT) return NULL;
    guard = raw_alloc_fast(size + sizeof *guard);
    if (!guard) guard = raw_alloc_slow(size + sizeof *guard);
    if (!guard) return NULL;
    if (cop__alloc_is_small(size + sizeof *guard)) guard_check_unused(guard);
    guard->mark = GUARD_LIVE;
    guard->size = size;
    return guard + 1;
}

static inline void *user_alloc_fast(size_t size)
{
    (void)size;
    return NULL;
}

static void user_free(void *block, size_t size)
{
    struct guard *guard = (struct guard *)block - 1;

    COP_CHECK(guard->mark != GUARD_FREED, "block %p freed twice", block);
    COP_CHECK(guard->mark == GUARD_LIVE, "block %p is not ours or was overrun from below", block);
    COP_CHECK(guard->size == size, "block %p of %zu bytes freed as one of %zu", block, guard->size,
              size);
    guard->mark = GUARD_FREED;
    memset(block, FILL_FREED, size);
    raw_free(guard, size + sizeof *guard);
}

#else

static inline void *user_alloc_fast(size_t size)
{
    return raw_alloc_fast(size);
}

static inline void *user_alloc_slow(size_t size)
{
    return raw_alloc_slow(size);
}

static inline void user_free(void *block, size_t size)
{
    raw_free(block, size);
}

#endif

/* --- The interface ---------------------------------------------------------------------------- */

static __attribute__((noinline)) void *alloc_slow(size_t size)
{
    void *block = user_alloc_slow(size);

    if (COP_UNLIKELY(!block)) {
        cop__check_failed(__FILE__, __LINE__, "out of memory", " %zu bytes were asked for", size);
    }
    return block;
}

/* The fast path calls nothing and ends in a jump to the slow one, so it needs no frame. */
void *cop__alloc(size_t size)
{
    void *block = user_alloc_fast(size);

    return COP_LIKELY(block != NULL) ? block : alloc_slow(size);
}

void *cop__alloc_zeroed(size_t size)
{
    void *block = user_alloc_fast(size);

    if (COP_UNLIKELY(!block)) block = alloc_slow(size);
    return memset(block, 0, size);
}

/* Counts down; true for the call that arrives at 0. */
static __attribute__((noinline, cold)) bool is_made_to_fail(void)
{
    uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);

    while (left > 0) {
        if (atomic_compare_exchange_weak_explicit(&fail_countdown, &left, left - 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
            return left == 1;
        }
    }
    return false;
}

void *cop__try_alloc(size_t size)
{
    if (COP_UNLIKELY(atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0)) {
        if (is_made_to_fail()) return NULL;
    }
    return user_alloc_slow(size);
}

void *cop__realloc(void *block, size_t old_size, size_t new_size)
{
    void *moved = cop__alloc(new_size);

    if (block) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        cop__free(block, old_size);
    }
    return moved;
}

void cop__free(void *block, size_t size)
{
    if (COP_UNLIKELY(!block)) return;
    user_free(block, size);
}

void cop__alloc_fail_nth(uint64_t nth)
{
    atomic_store_explicit(&fail_countdown, nth, memory_order_relaxed);
}

/* Blocks of a class that are in use: cut, and in nobody's piles. Under caches_lock. */
static uint64_t class_live(unsigned class)
{
    struct depot *depot = &depots[class];
    uint64_t free_count;
    uint64_t cut_count;

    pthread_mutex_lock(&depot->lock);
    free_count = depot->free_count;
    cut_count = depot->cut_count;
    pthread_mutex_unlock(&depot->lock);
    for (struct cop__alloc_cache *cache = caches; cache; cache = cache->next) {
        const struct cop__alloc_bin *bin = &cache->bins[class];

        free_count += cop__alloc_count(&bin->open_len) + cop__alloc_count(&bin->reserve_len);
    }
    /* Blocks may move from one counter to another while we read. */
    return cut_count > free_count ? cut_count - free_count : 0;
}

struct cop__alloc_stats cop__alloc_stats_read(void)
{
    struct cop__alloc_stats stats = {
        .large_blocks = atomic_load_explicit(&large_blocks, memory_order_relaxed),
        .large_bytes = atomic_load_explicit(&large_bytes, memory_order_relaxed),
        .chunk_bytes = atomic_load_explicit(&chunk_bytes, memory_order_relaxed),
    };

    stats.live_blocks = stats.large_blocks;
    stats.allocated_bytes = stats.large_bytes;
    pthread_once(&set_up_once, set_up);
    pthread_mutex_lock(&caches_lock);
    for (unsigned class = 0; class < COP__ALLOC_CLASSES; class ++) {
        uint64_t live = class_live(class);

        stats.live_blocks += live;
        stats.allocated_bytes += live * cop__alloc_class_size(class);
    }
    pthread_mutex_unlock(&caches_lock);
    return stats;
}
