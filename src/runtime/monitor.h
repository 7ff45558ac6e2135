/* SPDX-License-Identifier: Apache-2.0 */
/* Monitors and aliases. The one who watches keeps a record under the reference's number, which is
 * also the alias if it is one; the watched one keeps who watches, by age. A DOWN whose record is
 * gone is dropped when it is received, so demonitor needs to wait for nobody (MON-08, 11). */
#ifndef COP_RUNTIME_MONITOR_H
#define COP_RUNTIME_MONITOR_H

#include "runtime/types.h"

/* Received. down and alias_message take s over. */
void cop__monitor_asked(struct cop__proc *p, struct cop__signal *s);
void cop__demonitor_asked(struct cop__proc *p, uint64_t ref);
void cop__monitor_down(struct cop__proc *p, struct cop__signal *s COP_TAKES);
void cop__alias_message(struct cop__proc *p, struct cop__signal *s COP_TAKES);
/* The watcher's end of a monitor on a process that is being made; the child's is added, too. */
cop_ref cop__monitor_child(struct cop__proc *p, struct cop__proc *child);
/* Sends the DOWN of a process that is no more to `to`. */
void cop__down_send(struct cop__thread *t, uint64_t to, uint64_t ref, uint64_t dead, uint32_t name,
                    cop_term reason);
/* At the end of p: tells its watchers, oldest first, and takes its own monitors off. */
void cop__watchers_end(struct cop__proc *p, cop_term reason);
void cop__monitors_end(struct cop__proc *p);

#endif
