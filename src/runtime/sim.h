/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded runs: one thread, a virtual clock, and a seed that decides every choice. Two runs with one
 * seed have one history; cop__sim_history() is its hash. */
#ifndef COP_RUNTIME_SIM_H
#define COP_RUNTIME_SIM_H

#include "runtime/types.h"

void cop__sim_start(uint64_t seed);
/* Which of len runnable processes goes on: 0 to len - 1. */
uint32_t cop__sim_choose(uint32_t len);
/* How many reductions the next slice has. */
uint32_t cop__sim_slice(void);
/* Whether a process that gave way goes on without receiving what has come: signals are received
 * later than they could be, so that those of two processes cross. */
bool cop__sim_defers(void);
/* Nothing is runnable: moves the clock to the next timer and fires it; with none, waits for other
 * threads. Returns a process to run, or NULL when the node stops. */
struct cop__proc *cop__sim_idle(struct cop__thread *t);
/* What a seeded run does must not depend on how long a thread outside of it takes from one
 * cop_run() to the next. So when none waits for the node any more it stands still, until one has
 * started or sent something. */
/* Before the calling thread starts what it waits for. True: it is to thaw the node afterwards. */
bool cop__sim_wait_begin(void);
void cop__sim_wait_end(void); /* by the seat's thread, before the other one is told */
void cop__sim_settle(void);   /* by the one that was told: until the node stands still */
void cop__sim_thaw(void);     /* nothing where the node does not stand still */
static inline bool cop__sim_is_frozen(void)
{
    return atomic_load_explicit(&cop__node.is_frozen, memory_order_acquire);
}
/* A signal is being received. */
void cop__sim_note(uint64_t receiver, uint32_t kind, uint64_t sender, uint64_t ref);
uint64_t cop__sim_history(void);

#endif
