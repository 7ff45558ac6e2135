/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks are carved from arenas of 64 MiB of address space; the memory comes page by page with use.
 *
 *      base                                                  top
 *      | guard page | ...............  grows down  <--------- | struct cop__stack |
 *
 * The record at the top shares the first page that any use touches. Guards cost no mapping where
 * the kernel has MADV_GUARD_INSTALL; elsewhere each splits the mapping, and when vm.max_map_count
 * is reached new stacks go without one: a canary word above the guard's place is looked at whenever
 * a stack comes back, and one log line says that it is so. */
#include "runtime/stack.h"

#define ARENA_SIZE ((size_t)64 << 20)
#define PAGE_SIZE  ((size_t)4096)
#define CACHE_MAX  32
/* Stacks in the pool that keep their memory; of others only the address space is kept. */
#define WARM_MAX   256
#define CANARY     0x5afe57acc0ffee11ULL

static struct {
    pthread_mutex_t lock;
    struct cop__stack *warm; /* under the lock, as all of this */
    uint32_t warm_count;
    struct cop__stack *cold;
    struct cop__stack *large; /* of any size above the usual */
    char *arena;              /* the one being cut; older ones are on the list */
    size_t arena_used;
    void **arenas;
    size_t arenas_len;
    uint64_t count;
    uint64_t unguarded;
    bool has_warned;
    void (*dispatch)(void *post);
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

void cop__stacks_init(void (*dispatch)(void *post))
{
    pool.dispatch = dispatch;
}

void cop__stacks_abandon(void)
{
    cop__free(pool.arenas, pool.arenas_len * sizeof(void *));
    pool.arenas = NULL;
    pool.arenas_len = 0;
    pool.warm = pool.cold = pool.large = NULL;
    pool.arena = NULL;
    pool.warm_count = 0;
    pool.count = pool.unguarded = 0;
}

static void forget_all(struct cop__stack *s)
{
    for (; s != NULL; s = s->next)
        cop__san_stack_free(&s->san);
}

void cop__stacks_fini(void)
{
    forget_all(pool.warm);
    forget_all(pool.cold);
    while (pool.large != NULL) {
        struct cop__stack *s = pool.large;
        pool.large = s->next;
        cop__san_stack_free(&s->san);
        cop__os_release(s->base, s->size);
    }
    for (size_t i = 0; i < pool.arenas_len; i++)
        cop__os_release(pool.arenas[i], ARENA_SIZE);
    cop__stacks_abandon();
}

static void arena_add(void)
{
    void *base = cop__os_reserve(ARENA_SIZE);
    COP_CHECK(base != NULL, "no address space for more stacks (%llu in use)",
              (unsigned long long)pool.count);
    void **grown = cop__alloc((pool.arenas_len + 1) * sizeof(void *));
    for (size_t i = 0; i < pool.arenas_len; i++)
        grown[i] = pool.arenas[i];
    grown[pool.arenas_len] = base;
    cop__free(pool.arenas, pool.arenas_len * sizeof(void *));
    pool.arenas = grown;
    pool.arenas_len++;
    pool.arena = base;
    pool.arena_used = 0;
}

static uint64_t *canary(const struct cop__stack *s)
{
    return (uint64_t *)(void *)(s->base + PAGE_SIZE);
}

/* Makes a stack of size bytes at base. The lock is held. */
static struct cop__stack *stack_init(char *base, size_t size)
{
    pool.count++;
    bool is_guarded = cop__os_guard(base, PAGE_SIZE);
    char *top = base + size;
    struct cop__stack *s = (void *)(top - ((sizeof(*s) + 63) & ~(size_t)63));
    s->next = NULL;
    s->base = base;
    s->size = size;
    s->has_canary = !is_guarded;
    s->entry.outer = NULL;
    s->entry.foreign = 0;
    if (!is_guarded) {
        pool.unguarded++;
        *canary(s) = CANARY;
        if (!pool.has_warned) {
            pool.has_warned = true;
            cop_log(COP_WARNING,
                    "no more guard pages for stacks (vm.max_map_count): %llu stacks have one, "
                    "further ones are watched by a canary",
                    (unsigned long long)pool.count - 1);
        }
    }
    cop__san_stack_new(&s->san, base + PAGE_SIZE, (size_t)((char *)s - (base + PAGE_SIZE)));
    s->sp = cop__ctx_make(s, pool.dispatch);
    return s;
}

static struct cop__stack *carve(void)
{
    if (pool.arena == NULL || pool.arena_used == ARENA_SIZE) arena_add();
    char *base = pool.arena + pool.arena_used;
    pool.arena_used += COP__STACK_SIZE;
    return stack_init(base, COP__STACK_SIZE);
}

/* A stack of at least size bytes, above the usual: from those that came back, else a mapping. */
static struct cop__stack *large_take(size_t size)
{
    size = (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    pthread_mutex_lock(&pool.lock);
    struct cop__stack **at = &pool.large;
    while (*at != NULL && (*at)->size < size)
        at = &(*at)->next;
    struct cop__stack *s = *at;
    if (s != NULL) {
        *at = s->next;
    } else {
        char *base = cop__os_reserve(size);
        COP_CHECK(base != NULL, "no address space for a stack of %zu bytes", size);
        s = stack_init(base, size);
    }
    pthread_mutex_unlock(&pool.lock);
    return s;
}

static struct cop__stack *pool_take(void)
{
    pthread_mutex_lock(&pool.lock);
    struct cop__stack *s = pool.warm;
    if (s != NULL) {
        pool.warm = s->next;
        pool.warm_count--;
    } else if (pool.cold != NULL) {
        s = pool.cold;
        pool.cold = s->next;
    } else {
        s = carve();
    }
    pthread_mutex_unlock(&pool.lock);
    return s;
}

struct cop__stack *cop__stack_get(struct cop__thread *t, size_t size)
{
    if (COP_UNLIKELY(size > COP__STACK_SIZE)) return large_take(size);
    struct cop__stack *s = t->stack_cache;
    if (s == NULL) return pool_take();
    t->stack_cache = s->next;
    t->stack_cached--;
    return s;
}

/* The page with the record and the parked loop stays; what lies below goes. */
static void cool(struct cop__stack *s)
{
    char *from = s->base + PAGE_SIZE;
    char *to = (char *)((uintptr_t)s->sp & ~(uintptr_t)(PAGE_SIZE - 1));
    if (to > from && !COP_ASAN) cop__os_forget(from, (size_t)(to - from));
}

static void pool_put(struct cop__stack *s)
{
    pthread_mutex_lock(&pool.lock);
    bool is_cold = pool.warm_count >= WARM_MAX;
    if (!is_cold) {
        s->next = pool.warm;
        pool.warm = s;
        pool.warm_count++;
    }
    pthread_mutex_unlock(&pool.lock);
    if (!is_cold) return;
    cool(s);
    pthread_mutex_lock(&pool.lock);
    s->next = pool.cold;
    pool.cold = s;
    pthread_mutex_unlock(&pool.lock);
}

void cop__stack_put(struct cop__thread *t, struct cop__stack *s)
{
    COP_ASSERT((char *)s->sp > s->base + PAGE_SIZE);
    COP_CHECK(!s->has_canary || *canary(s) == CANARY,
              "a process has overflowed its stack of %zu bytes", s->size);
    if (COP_UNLIKELY(s->size > COP__STACK_SIZE)) {
        cool(s);
        pthread_mutex_lock(&pool.lock);
        s->next = pool.large;
        pool.large = s;
        pthread_mutex_unlock(&pool.lock);
        return;
    }
    if (t->stack_cached < CACHE_MAX) {
        s->next = t->stack_cache;
        t->stack_cache = s;
        t->stack_cached++;
    } else {
        pool_put(s);
    }
}

void cop__stack_flush(struct cop__thread *t)
{
    while (t->stack_cache != NULL) {
        struct cop__stack *s = t->stack_cache;
        t->stack_cache = s->next;
        pool_put(s);
    }
    t->stack_cached = 0;
}

uint64_t cop__stack_count(uint64_t *ret_unguarded)
{
    pthread_mutex_lock(&pool.lock);
    uint64_t count = pool.count;
    *ret_unguarded = pool.unguarded;
    pthread_mutex_unlock(&pool.lock);
    return count;
}
