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
 * ...} if fun fails, or if the state is another one and the server takes none as a term, as
 * supervisors and registries; then nothing has changed (SYS-04). */
COP_API cop_term cop_sys_replace_state(cop_term server, cop_term fun, int64_t timeout_ms);
/* {:status, pid, {:module, mod}, [dictionary, :running | :suspended, parent, [], misc]}
 * (SYS-05). */
COP_API cop_term cop_sys_get_status(cop_term server, int64_t timeout_ms);
/* From now on only system messages and the parent's exit are handled; all else waits (SYS-06). */
COP_API cop_term cop_sys_suspend(cop_term server, int64_t timeout_ms);
COP_API cop_term cop_sys_resume(cop_term server, int64_t timeout_ms);
/* Asks the server to end with reason, terminate included; returns when it has heard (SYS-15). */
COP_API cop_term cop_sys_terminate(cop_term server, cop_term reason, int64_t timeout_ms);
/* Has a suspended server's code_change(old_version, state, extra) make its state anew: :ok, or
 * {:error, why} and the old state stays (SYS-09). */
COP_API cop_term cop_sys_change_code(cop_term server, cop_term module, cop_term old_version,
                                     cop_term extra, int64_t timeout_ms);

/* --- Debugging: what a server does, as it does it ---------------------------------------------
 *
 * The same can be asked for at the start: GenServer.start_link(mod, arg, debug: [:trace, :log]). An
 * unknown flag is answered with :unknown_debug. */

/* Prints a line per event to standard output (SYS-12); flag: true or false. */
COP_API cop_term cop_sys_trace(cop_term server, cop_term flag, int64_t timeout_ms);
/* Keeps the last 10 events, or n: flag is true, {true, n}, false, :get ({:ok, events}, oldest
 * first) or :print (SYS-11). */
COP_API cop_term cop_sys_log(cop_term server, cop_term flag, int64_t timeout_ms);
/* Appends the lines of trace to a file of this name, which is made anew; false: no more. :ok or
 * {:error, :open_file} (SYS-13). */
COP_API cop_term cop_sys_log_to_file(cop_term server, cop_term file, int64_t timeout_ms);
/* Counts: flag is true, false or :get (SYS-10). */
COP_API cop_term cop_sys_statistics(cop_term server, cop_term flag, int64_t timeout_ms);
/* Calls fun(fun_state, event, name) for each event; what it returns is its next state, :done ends
 * it. what: {fun, fun_state} or {id, fun, fun_state} (SYS-14). */
COP_API cop_term cop_sys_install(cop_term server, cop_term what, int64_t timeout_ms);
COP_API cop_term cop_sys_remove(cop_term server, cop_term fun_or_id, int64_t timeout_ms);
/* Ends all of these. */
COP_API cop_term cop_sys_no_debug(cop_term server, int64_t timeout_ms);

/* --- Answering: processes with a loop of their own --------------------------------------------
 *
 * A GenServer, and what is made of one, answers all of this by itself. Any other process can:
 *
 *     static cop_next wake(void *state)
 *     {
 *         struct worker *w = state;
 *         cop_term msg;
 *
 *         if (cop_sys_receive(w->sys, &msg, 0)) work(w, msg);
 *         return cop_hibernate(wake, w);
 *     }
 */

/* What such a process has to say; each may be NULL. state is what cop_sys_new() was given. */
struct cop_sys_hooks {
    size_t size;                                       /* sizeof(struct cop_sys_hooks) */
    const char *module;                                /* its name, for get_status */
    cop_term (*get_state)(void *state);                /* NULL: nil */
    void (*replace_state)(void *state, cop_term term); /* may raise: nothing has changed then */
    void (*terminate)(void *state, cop_term reason);   /* its end; it exits with reason after it */
    cop_term (*change_code)(void *state, cop_term old_version, cop_term extra); /* :ok or why not */
};
typedef struct cop_sys cop_sys;

/* Makes the caller answer system messages. hooks lives for ever; parent: the process whose exit is
 * to end this one, or cop_no_pid(). Belongs to the process and goes with it. */
COP_API cop_sys *cop_sys_new(const struct cop_sys_hooks *hooks, void *state, cop_pid parent)
    COP_GIVES;
/* Takes the next message of the process's own, as cop_receive(). False: none came within the time,
 * or what came was a system message, which is answered by now. While suspended it waits for system
 * messages only, however long. Ends the caller, through terminate, when it was asked to and when
 * its parent exits while it traps. Switches. */
COP_API bool cop_sys_receive(cop_sys *sys, cop_term *ret_msg, int64_t timeout_ms);
/* Tells what is switched on of an event such as {:in, msg}, {:out, reply, to, state}. */
COP_API void cop_sys_event(cop_sys *sys, cop_term event);

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
