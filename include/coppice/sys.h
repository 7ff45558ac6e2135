/* SPDX-License-Identifier: Apache-2.0 */
/* sys: looking into and steering a running server from outside (SYS). Every behaviour answers; a
 * plain process does not, so the call ends with the timeout.
 *
 *     cop_term state = cop_sys_get_state(COP("KV.Registry"), COP_CALL_TIMEOUT);
 *
 * server: as in cop_gen_server_call. Exits: {why, {:sys, function, arguments}} with why timeout,
 * noproc or the reason with which the server ended (SYS-02). All of them switch. */
#ifndef COPPICE_SYS_H
#define COPPICE_SYS_H

#include "coppice/module.h"

COP_BEGIN_DECLS

/* The state as its format_state shows it (SYS-03). */
COP_API cop_term cop_sys_get_state(cop_term server, int64_t timeout_ms);
/* state = fun(state), inside the server; returns the new one. Exits: an error {:callback_failed,
 * ...} if fun fails; then nothing has changed (SYS-04). */
COP_API cop_term cop_sys_replace_state(cop_term server, cop_term fun, int64_t timeout_ms);
/* {:status, pid, {:module, mod}, [dictionary, :running | :suspended, parent, [], misc]}
 * (SYS-05). */
COP_API cop_term cop_sys_get_status(cop_term server, int64_t timeout_ms);
/* From now on only system messages and the parent's exit are handled; all else waits (SYS-06). */
COP_API cop_term cop_sys_suspend(cop_term server, int64_t timeout_ms);
COP_API cop_term cop_sys_resume(cop_term server, int64_t timeout_ms);
/* Asks the server to end with reason, terminate included; returns when it has heard (SYS-15). */
COP_API cop_term cop_sys_terminate(cop_term server, cop_term reason, int64_t timeout_ms);

/* --- What is reported about crashes -------------------------------------------------------------
 *
 * Runs on: any thread. Both return what was set before. */

/* Whether reports tell the state of a server and the details of a process (LOG-06, 15, 18), as
 * Elixir does where the level debug is on; at first: yes. */
COP_API bool cop_log_details(bool on);
/* Whether crash reports of processes and reports of supervisors are logged, Elixir's
 * handle_sasl_reports (LOG-09); at first: no. */
COP_API bool cop_log_sasl_reports(bool on);

COP_END_DECLS

#endif
