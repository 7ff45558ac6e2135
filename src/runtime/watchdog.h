/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: a thread that fires timers, takes seats away from processes that hold them for
 * long, and handles the signals of processes that run alone. Sleeps while nothing runs and no timer
 * is due. */
#ifndef COP_RUNTIME_WATCHDOG_H
#define COP_RUNTIME_WATCHDOG_H

#include "runtime/types.h"

/* A slice may take so long before the seat is taken away. Only tests write it, before the node
 * starts. */
extern int64_t cop__slice_ns;

int cop__watchdog_start(void);
/* All processes are dead: waits a moment for those that are in their code, which the machine may
 * have kept from leaving it. */
void cop__watchdog_wait_for_return(void);
void cop__watchdog_stop(void);
/* After that: tells the log of the condemned processes it has not been told of. */
void cop__watchdog_tell_of_the_rest(void);
/* A seat has got work after everything slept: ticks are needed. Any thread. */
void cop__watchdog_wake(void);
/* The earliest timer has changed. Any thread. */
void cop__watchdog_wake_for_timer(void);

#endif
