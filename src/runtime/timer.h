/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the clock, the deadline of a wait, the timers that programs make. */
#ifndef COP_RUNTIME_TIMER_H
#define COP_RUNTIME_TIMER_H

#include "runtime/types.h"

/* Monotonic, or the virtual clock of a seeded run. Any thread. */
int64_t cop__now_ns(void);

/* The point of time ms from now. */
int64_t cop__deadline_in(int64_t ms);

/* Whether the deadline of p's wait has passed (false without one). */
static inline bool cop__deadline_passed(const struct cop__proc *p)
{
    return p->deadline_ns >= 0 && cop__now_ns() >= p->deadline_ns;
}
/* Sees to it that a tick comes to p when its deadline passes. One that is due before is left as it
 * is, and costs the process a look at the clock: so a call with a timeout arms a timer about once a
 * timeout, not once a call. One that is due later is moved: a process has one at a time. */
void cop__deadline_arm(struct cop__proc *p);
/* p ends: no tick comes any more. */
void cop__deadline_disarm(struct cop__proc *p);

/* Fires what is due; returns when the next one is (INT64_MAX: none). The watchdog, or a seeded
 * run's only thread. */
int64_t cop__timers_fire(void);
/* Cancels the timers that aim at a process at its end (TMR-04). */
void cop__timers_cancel_for(uint64_t id);
/* How many are set. Any thread. */
size_t cop__timers_count(void);
void cop__timers_init(void);
void cop__timers_fini(void);

#endif
