/* SPDX-License-Identifier: Apache-2.0 */
/* Seats: what runs next, who sits where, who sleeps. Want the gate at RUNTIME. */
#ifndef COP_RUNTIME_SEAT_H
#define COP_RUNTIME_SEAT_H

#include "runtime/sched.h"

/* A chain of wake-ups in the lifo slot gives way to the run queue after this many. */
#define COP__LIFO_RUN_MAX 32

/* The next process of the thread's seat, if one is at hand; NULL otherwise. Does not look
 * elsewhere. */
struct cop__proc *cop__seat_pick(struct cop__thread *t);
/* The next process to run, wherever it comes from; sleeps when there is none. NULL: the thread has
 * no seat (any more), or the node stops, or the seat's loop must be asked: on the native stack, by
 * cop__seat_poll(). */
struct cop__proc *cop__seat_next_slow(struct cop__thread *t);
static inline struct cop__proc *cop__seat_next(struct cop__thread *t)
{
    struct cop__seat *s = t->seat;
    if (COP_LIKELY(t->picked == NULL && s != NULL && s->lifo != NULL &&
                   s->lifo_run < COP__LIFO_RUN_MAX)) {
        struct cop__proc *p = s->lifo;
        s->lifo = NULL;
        s->lifo_run++;
        return p;
    }
    return cop__seat_next_slow(t);
}
/* A thread without a seat waits for one. False: the node stops. On the thread's native stack. */
bool cop__seat_wait(struct cop__thread *t);

/* Asks the loop of the thread's seat, if it has one, then as cop__seat_next(). On the native stack:
 * the stacks of processes, which the loop's code would dirty, stay small. */
struct cop__proc *cop__seat_poll(struct cop__thread *t);
/* A thread that has just left process stacks still has its seat, and the node does not stop. */
bool cop__seat_is_kept(const struct cop__thread *t);

/* A new thread, with a seat or as a spare (seat NULL). 0 or a negative error number. The node's
 * lock is held. */
int cop__thread_new(struct cop__seat *seat);

#endif
