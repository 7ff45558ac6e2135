/* SPDX-License-Identifier: Apache-2.0 */
/* The timer service: Erlang's module `timer` (TMR-11). It sends, calls and ends once or again and
 * again, for processes that need not live on; one server, :timer_server, started at the first use,
 * keeps what is to come. What one process sends itself is cheaper by cop_send_after().
 *
 * All answer {:ok, timer} or {:error, :badarg}: a time that is no integer >= 0 (milliseconds), a
 * receiver that is no pid, name or {name, node}, a module or function that is no atom, arguments
 * that are no list. Switches: all may, to ask the server. */
#ifndef COPPICE_TIMER_H
#define COPPICE_TIMER_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* Sends message after time. One to the dead, or to a name that is unknown then, is dropped. */
COP_API cop_term cop_timer_send_after(cop_term time, cop_term to, cop_term message);
/* Sends it every time, until the timer is cancelled or the receiver, if it was given by its pid,
 * has ended. */
COP_API cop_term cop_timer_send_interval(cop_term time, cop_term to, cop_term message);
/* Calls Mod.fun(args...) in a process of its own. */
COP_API cop_term cop_timer_apply_after(cop_term time, cop_term module, cop_term function,
                                       cop_term args);
COP_API cop_term cop_timer_apply_interval(cop_term time, cop_term module, cop_term function,
                                          cop_term args);
/* Sends an exit signal with this reason to a pid or to who has the name then. */
COP_API cop_term cop_timer_exit_after(cop_term time, cop_term process, cop_term reason);
COP_API cop_term cop_timer_kill_after(cop_term time, cop_term process);
/* {:ok, :cancel}, also for a timer that is over; {:error, :badarg} for anything else. */
COP_API cop_term cop_timer_cancel(cop_term timer);

COP_END_DECLS

#endif
