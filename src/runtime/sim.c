/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/sim.h"

#include "base/hash.h"
#include "runtime/seat.h"
#include "runtime/timer.h"

void cop__sim_start(uint64_t seed)
{
    cop__rand_seed(&cop__node.seed_rand, seed);
    cop__node.is_seeded = true;
    atomic_store_explicit(&cop__node.is_watched, true, memory_order_relaxed);
    cop__node.history = 0;
    atomic_store_explicit(&cop__node.is_frozen, false, memory_order_relaxed);
    atomic_store_explicit(&cop__node.virtual_ns, 1000000000, memory_order_relaxed);
}

uint32_t cop__sim_choose(uint32_t len)
{
    return (uint32_t)cop__rand_below(&cop__node.seed_rand, len);
}

uint32_t cop__sim_slice(void)
{
    return 1 + (uint32_t)cop__rand_below(&cop__node.seed_rand, 8);
}

bool cop__sim_defers(void)
{
    return cop__rand_below(&cop__node.seed_rand, 2) == 0;
}

bool cop__sim_wait_begin(void)
{
    struct cop__node *n = &cop__node;
    pthread_mutex_lock(&n->idle_lock);
    n->waiting++;
    bool was_frozen = cop__sim_is_frozen();
    pthread_mutex_unlock(&n->idle_lock);
    return was_frozen;
}

void cop__sim_wait_end(void)
{
    struct cop__node *n = &cop__node;
    pthread_mutex_lock(&n->idle_lock);
    if (--n->waiting == 0 && n->is_seeded) {
        atomic_store_explicit(&n->is_still, false, memory_order_relaxed);
        atomic_store_explicit(&n->is_frozen, true, memory_order_release);
    }
    pthread_mutex_unlock(&n->idle_lock);
}

void cop__sim_settle(void)
{
    while (cop__sim_is_frozen() && !atomic_load_explicit(&cop__node.is_still, memory_order_acquire))
        cop__os_yield();
}

void cop__sim_thaw(void)
{
    /* Release: pairs with the acquire of cop__sim_is_frozen(). What was pushed is seen by it. */
    if (atomic_exchange_explicit(&cop__node.is_frozen, false, memory_order_acq_rel))
        cop__wake_one();
}

struct cop__proc *cop__sim_idle(struct cop__thread *t)
{
    struct cop__node *n = &cop__node;
    while (!atomic_load_explicit(&n->is_stopping, memory_order_acquire)) {
        /* Asked first: it may thaw while we look, and then there is something to find. */
        bool is_frozen = cop__sim_is_frozen();
        struct cop__proc *p = cop__seat_pick(t);
        if (p != NULL) return p;
        int64_t next = atomic_load_explicit(&n->timers.next_ns, memory_order_acquire);
        if (next == INT64_MAX || is_frozen) {
            /* Only another thread can go on with it; it pushes to the global queue. */
            if (is_frozen) atomic_store_explicit(&n->is_still, true, memory_order_release);
            cop__os_park(&t->parker, -1);
            continue;
        }
        if (next > atomic_load_explicit(&n->virtual_ns, memory_order_relaxed))
            atomic_store_explicit(&n->virtual_ns, next, memory_order_relaxed);
        cop__timers_fire();
    }
    return NULL;
}

void cop__sim_note(uint64_t receiver, uint32_t kind, uint64_t sender, uint64_t ref)
{
    uint64_t h = cop__hash_combine(cop__node.history, receiver);
    h = cop__hash_combine(h, kind);
    h = cop__hash_combine(h, sender);
    cop__node.history = cop__hash_combine(h, ref);
}

uint64_t cop__sim_history(void)
{
    return cop__node.history;
}
