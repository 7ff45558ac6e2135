/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib: processes with a start that their starter waits for (PLB). What behaviours are built
 * on; anybody can write one. */
#ifndef COPPICE_PROC_LIB_H
#define COPPICE_PROC_LIB_H

#include "coppice/process.h"

/* How to start; all zero: no link, no monitor, no limit of time. The watch that a start needs for
 * itself cannot be asked for (PLB-14): monitor makes it start_monitor. */
struct cop_proc_lib_opts {
    bool link;
    bool monitor;
    cop_ref *ret_ref;   /* with monitor: PLB-13 */
    int64_t timeout_ms; /* until init_ack; 0 stands for no limit */
    size_t stack_size;
    cop_term initial_call;      /* {mod, fun, arity} for tools (PLB-03); cop_none(): not set */
    const char *name;           /* as in cop_spawn_opts */
    struct cop_mailbox mailbox; /* the same; that of a child specification goes before it */
};

COP_BEGIN_DECLS

/* Starts fn(arg) and waits until it calls cop_init_ack(answer) or cop_init_fail(answer, ...), or
 * dies: {:error, reason}, or the time is over: {:error, :timeout} (PLB-06 to 12). Returns the
 * answer. Nothing is left behind by a failed start: no process, no name, no message. Switches. */
COP_API cop_term cop_proc_lib_start(cop_start_fn fn, cop_term arg,
                                    const struct cop_proc_lib_opts *opts);
/* As cop_spawn(), of a process that knows its ancestors and whose crash is reported (PLB-01, 05,
 * 15). Runs on: a process. Switches: may. */
COP_API cop_pid cop_proc_lib_spawn(cop_start_fn fn, cop_term arg,
                                   const struct cop_proc_lib_opts *opts);
/* Asks a process by system message to end with reason and waits for its death: :ok. server: as in
 * cop_gen_server_call. Exits: noproc, timeout (the request stays), {:nodedown, node}, or the other
 * reason with which it died (PLB-18). Switches. */
COP_API cop_term cop_proc_lib_stop(cop_term server, cop_term reason, int64_t timeout_ms);

/* What a process was started with, for tools: {mod, fun, arity}; {:proc_lib, :init_p, 5} if that
 * cannot be told (PLB-03, 04). Switches: may. */
COP_API cop_term cop_translate_initial_call(cop_pid pid);
/* {mod, fun, [:Argument__1, ...]}; false if it cannot be told. Switches: may. */
COP_API cop_term cop_initial_call(cop_pid pid);

/* --- In the started process ------------------------------------------------------------------- */

/* Tells the starter that the start is done (PLB-07). */
COP_API void cop_init_ack(cop_term answer);
/* Ends the caller with class and reason; the starter gets the answer when it is dead (PLB-08). */
COP_API COP_NORETURN void cop_init_fail(cop_term answer, enum cop_class class_, cop_term reason);
/* The processes above this one, nearest first: names or pids (PLB-02). */
COP_API cop_term cop_ancestors(void);

COP_END_DECLS

#endif
