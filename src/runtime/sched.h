/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: what runs next on a seat, how a process gets onto a stack and off it again.
 *
 *     dispatch loop (one a stack) -- picks a process --+-- idle at top level: calls it here
 *            ^                                         +-- waits with a stack: switches to it
 *            |                                                    |
 *            +-- a post-action, on arrival: publish the process left, or pool the stack --+
 *
 * Functions here want the gate at RUNTIME unless they say otherwise. */
#ifndef COP_RUNTIME_SCHED_H
#define COP_RUNTIME_SCHED_H

#include "runtime/gate.h"

/* Queues a process that nobody holds (it was just woken, spawned, or gives way) so that some seat
 * runs it. From a seat: it runs next there; from elsewhere: through the global queue. t may be
 * NULL, and is the calling thread. */
static inline void cop__make_runnable(struct cop__thread *t, struct cop__proc *p);
/* The same, but behind all others of the seat. */
void cop__make_runnable_last(struct cop__thread *t, struct cop__proc *p);

/* The rest of cop__make_runnable: no seat, its lifo slot is taken, another priority. */
void cop__make_runnable_slow(struct cop__thread *t, struct cop__proc *p);
static inline void cop__make_runnable(struct cop__thread *t, struct cop__proc *p)
{
    atomic_store_explicit(&p->status, COP__STATUS_RUNNABLE, memory_order_relaxed);
    bool is_normal =
        atomic_load_explicit(&p->priority, memory_order_relaxed) == COP_PRIORITY_NORMAL;
    if (COP_LIKELY(t != NULL && t->seat != NULL && t->seat->lifo == NULL && !cop__node.is_seeded &&
                   is_normal))
        t->seat->lifo = p;
    else
        cop__make_runnable_slow(t, p);
}

/* Waits on the stack of the calling process until somebody makes it runnable (COP__POST_PARK), or
 * only lets others go first (COP__POST_YIELD). The thread may be another one afterwards. */
void cop__park(struct cop__proc *p, enum cop__post_kind how);

/* Counts work against the slice of the calling process (reductions); gives way when it is used up.
 * Wants the gate at PROCESS. */
static inline void cop__count(struct cop__proc *p, uint32_t work)
{
    if (COP_LIKELY(p->budget > work)) {
        p->budget -= work;
        return;
    }
    p->budget = 0;
    cop_yield();
}

/* What every pooled stack runs. arg is the post-action of the switch that started it. */
void cop__dispatch(void *arg);
/* A thread's life on its native stack: takes seats as they are given, until the node stops. */
void *cop__thread_main(void *thread);

/* The calling thread, in process code's runtime, gives its seat to a spare thread and goes on
 * alone. False: no spare was to be had. */
bool cop__seat_give_away(struct cop__thread *t);
/* The same for a seat that the caller took by the gate of its thread `from` (HELD). */
bool cop__seat_take_away(struct cop__thread *from);
/* The calling thread's process is done with its slice: the thread is not alone any more. */
void cop__alone_end(struct cop__thread *t);

/* Wakes a sleeping seat if no other looks for work. Any thread, any gate. */
void cop__wake_one(void);
/* Wakes this thread, wherever it sleeps. */
void cop__thread_wake(struct cop__thread *t);

#endif
