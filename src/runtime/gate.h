/* SPDX-License-Identifier: Apache-2.0 */
/* Entering and leaving the runtime: the gate of types.h.
 *
 * Every public function that touches a seat or a private field of the calling process stands
 * between cop__enter() and cop__leave(). Between them the process may be parked and go on on
 * another thread, so after anything that switches the thread is fetched anew. */
#ifndef COP_RUNTIME_GATE_H
#define COP_RUNTIME_GATE_H

#include "runtime/types.h"

/* The rest of cop__enter: waits while somebody holds the gate, goes on alone when the seat is gone,
 * and unwinds (does not return) when the process was condemned. */
void cop__enter_slow(struct cop__thread *t);

/* The same for a process whose stack is unwound already: it may have been condemned on the way,
 * which changes nothing now. */
void cop__enter_at_end(struct cop__thread *t);

/* From process code into the runtime. Acquire: pairs with the release of whoever held the gate. */
static inline struct cop__thread *cop__enter(void)
{
    struct cop__thread *t = cop__thread();
    uint32_t expected = COP__GATE_PROCESS;
    if (COP_UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &t->gate, &expected, COP__GATE_RUNTIME, memory_order_acquire, memory_order_relaxed)))
        cop__enter_slow(t);
    return t;
}

/* Back into process code. Release: what the runtime did is seen by who holds the gate next. */
static inline void cop__leave(struct cop__thread *t)
{
    COP_ASSERT(atomic_load_explicit(&t->gate, memory_order_relaxed) == COP__GATE_RUNTIME);
    atomic_store_explicit(&t->gate, t->seat != NULL ? COP__GATE_PROCESS : COP__GATE_ALONE,
                          memory_order_release);
}

/* The calling process, or NULL on a thread that runs none. Only its pid may be read before
 * cop__enter(). */
static inline struct cop__proc *cop__current(void)
{
    struct cop__thread *t = cop__thread();
    return t != NULL ? t->current : NULL;
}

/* Takes the gate of another thread that is in process code; on success *ret_was tells to what it
 * must be given back with cop__gate_give(). Never waits. */
static inline bool cop__gate_take(struct cop__thread *t, uint32_t from)
{
    uint32_t expected = from;
    uint32_t held = from == COP__GATE_PROCESS ? COP__GATE_HELD : COP__GATE_HELD_ALONE;
    return atomic_compare_exchange_strong_explicit(&t->gate, &expected, held, memory_order_acquire,
                                                   memory_order_relaxed);
}

static inline void cop__gate_give(struct cop__thread *t, uint32_t to)
{
    atomic_store_explicit(&t->gate, to, memory_order_release);
}

#endif
