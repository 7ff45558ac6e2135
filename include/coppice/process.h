/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: spawn, send, receive, links, monitors, aliases, names, timers, and what can be asked
 * about them.
 *
 * A process is a function that some scheduler thread runs. While it waits at its top level, that is
 * after it returned cop_hibernate(fn, state), it owns no stack and costs some hundred bytes; a
 * message to it costs about a function call. While it waits inside a call (cop_receive,
 * cop_gen_server_call) it keeps its stack, and may go on on another thread.
 *
 * Processes of the same node share an address space: nothing but this API keeps one from writing to
 * what belongs to another. What they send is copied. */
#ifndef COPPICE_PROCESS_H
#define COPPICE_PROCESS_H

#include "coppice/error.h"
#include "coppice/mailbox.h"
#include "coppice/memory.h"

/* What a process does next, when its function has returned: it ends or it waits. Made by cop_end()
 * and cop_hibernate(). */
typedef struct cop_next {
    struct cop_next (*wake_)(void *state);
    void *state_;
    int64_t timeout_ms_;
} cop_next;
typedef cop_next (*cop_start_fn)(cop_term arg);
typedef cop_next (*cop_wake_fn)(void *state);

COP_BEGIN_DECLS

/* --- Life ------------------------------------------------------------------------------------- */

/* PRC-10: who goes first where several are runnable. A process of high priority that never waits
 * starves the others of its scheduler; high and max are the same here. */
enum cop_priority { COP_PRIORITY_NORMAL, COP_PRIORITY_LOW, COP_PRIORITY_HIGH, COP_PRIORITY_MAX };

/* How to make a process; all zero is the default. */
struct cop_spawn_opts {
    bool link;         /* LNK-11: linked from the first moment */
    bool monitor;      /* MON-12: watched from the first moment; *ret_ref is the monitor */
    cop_ref *ret_ref;  /* with monitor */
    size_t stack_size; /* bytes, 0: 64 KiB; rounded up to whole pages */
    enum cop_priority priority;
    const char *name; /* of the function, for tools: "KV.Registry.init/1"; must live for ever */
    struct cop_mailbox mailbox; /* the limit of its mailbox */
};

/* Starts a process that calls fn(arg); arg is copied into its first region. opts may be NULL.
 * Past the limit of processes it is an error system_limit; on a thread that is no process the
 * answer is cop_no_pid() then. Runs on: any thread (without link and monitor there). Switches:
 * may. */
COP_API cop_pid cop_spawn(cop_start_fn fn, cop_term arg, const struct cop_spawn_opts *opts);

/* Returned by a process's function: give up the stack and wait; when the mailbox is not empty (at
 * once if it is not now: PRC-11), call fn(state) in a fresh region. With a timeout, fn is also
 * called when no message came within it (the mailbox is empty then). */
static inline cop_next cop_hibernate_for(cop_wake_fn fn, void *state, int64_t timeout_ms)
{
    cop_next next = {fn, state, timeout_ms};
    return next;
}
static inline cop_next cop_hibernate(cop_wake_fn fn, void *state)
{
    return cop_hibernate_for(fn, state, COP_INFINITY);
}
/* Returned by a process's function: done, the process ends with `normal`. */
static inline cop_next cop_end(void)
{
    return cop_hibernate_for(NULL, NULL, COP_INFINITY);
}

COP_API cop_pid cop_self(void); /* cop_no_pid() on a thread that is no process */
/* exit(pid, reason): sends an exit signal; the table EXI-21 to EXI-31 says what it does. */
COP_API void cop_exit_process(cop_pid pid, cop_term reason);
/* False once pid is exiting; asked after all that the caller sent it before (PRC-01). Switches:
 * may. */
COP_API bool cop_is_alive(cop_pid pid);
/* The same as far as it can be seen from outside: what the caller sent it may not have been handled
 * yet. So it costs no message, and one that is busy is not waited for. Once a monitor, a link or a
 * call has told of its end this is false. Runs on: any thread. */
COP_API bool cop_seems_alive(cop_pid pid);
/* Lets others run. Switches. */
COP_API void cop_yield(void);
/* Process.sleep(ms): lets messages queue up. Switches. */
COP_API void cop_sleep(int64_t ms);
/* process_flag(trap_exit, on): returns the old value (EXI-19). */
COP_API bool cop_trap_exit(bool on);
/* process_flag(priority, value) of the caller: returns the old one (PRC-10). */
COP_API enum cop_priority cop_set_priority(enum cop_priority priority);

/* For debuggers (PRC-16): pid receives signals but runs no code until it was resumed as often as it
 * was suspended, or the caller has ended. In force when the call returns, which is when pid has
 * come to a point where it receives signals. False, and nothing happens, if pid is the caller, is
 * dead or is of another node. Switches. */
COP_API bool cop_suspend_process(cop_pid pid);
/* Takes one suspension of the caller's back; false if there is none, or pid is dead. */
COP_API bool cop_resume_process(cop_pid pid);

/* --- Messages --------------------------------------------------------------------------------- */

/* Sends a copy of msg to a pid, an alias, a registered name or {name, node}; returns msg. Never
 * fails for pids and aliases, dead or alive; an unknown name is an error badarg (NAM-07, MSG-01,
 * 02). Runs on: any thread. Switches: may (a long run of sends gives way; a busy connection to
 * another node will make the sender wait). */
COP_API cop_term cop_send(cop_term to, cop_term msg);
/* The same, but never switches. */
COP_API cop_term cop_send_nosuspend(cop_term to, cop_term msg);
#define cop_send(to, msg)           cop_send(cop_term_of(to), cop_term_of(msg))
#define cop_send_nosuspend(to, msg) cop_send_nosuspend(cop_term_of(to), cop_term_of(msg))

/* Takes the oldest message. False after timeout_ms without one (0: looks only; COP_INFINITY: waits
 * for ever). A timeout below -1 or above 4294967295 is an error timeout_value (MSG-05).
 * Switches. */
COP_API bool cop_receive(cop_term *ret_msg, int64_t timeout_ms);
/* Selective: takes the first message, in order of arrival, that fn accepts; others stay, in order
 * (MSG-03). The timeout runs from the call (MSG-04). fn must not switch. Switches. */
typedef bool (*cop_accept_fn)(cop_term msg, void *arg);
COP_API bool cop_receive_if(cop_accept_fn fn, void *arg, cop_term *ret_msg, int64_t timeout_ms);
/* The same for messages that carry ref, made by the caller before (a monitor, alias or
 * cop_make_ref): messages older than ref are not looked at (MSG-06). */
COP_API bool cop_receive_ref(cop_ref ref, cop_accept_fn fn, void *arg, cop_term *ret_msg,
                             int64_t timeout_ms);
/* The oldest messages of the caller's mailbox, at most max, which stay there. */
COP_API cop_term cop_messages(size_t max);
/* Calls fn(state, msg) for each message, each in a region of its own, until it returns false. */
typedef bool (*cop_loop_fn)(void *state, cop_term msg);
COP_API void cop_receive_loop(cop_loop_fn fn, void *state);

/* --- Links and monitors ------------------------------------------------------------------------*/

/* Exits: error noproc if pid is a local process that is no more and the caller does not trap
 * (LNK-04). One of another node, which cannot be reached, sends the exit signal noconnection
 * (LNK-05). */
COP_API void cop_link(cop_pid pid);
/* After it has returned no exit signal of that link takes effect (LNK-07). */
COP_API void cop_unlink(cop_pid pid);

/* Watches a pid or a registered name: its end gives one {:DOWN, ref, :process, pid, reason}; with a
 * name, {name, node} stands for the pid (MON-05). */
COP_API cop_ref cop_monitor(cop_term process);
#define cop_monitor(process) cop_monitor(cop_term_of(process))
enum cop_alias_mode {
    COP_ALIAS_NONE,
    COP_ALIAS_EXPLICIT,        /* ends with cop_unalias only */
    COP_ALIAS_DEMONITOR,       /* ends with the monitor too (ALS-04) */
    COP_ALIAS_REPLY_DEMONITOR, /* ends also with the first message through it */
    COP_ALIAS_REPLY            /* cop_alias: ends with the first message through it (ALS-03) */
};
/* Watches and makes the reference an alias of the caller; tag, if not cop_none(), replaces
 * :DOWN. */
COP_API cop_ref cop_monitor_with(cop_term process, enum cop_alias_mode alias, cop_term tag);
/* Stops watching; afterwards no DOWN of ref is delivered. flush takes one that was (MON-09). True
 * if the monitor was still active. */
COP_API bool cop_demonitor(cop_ref ref, bool flush);

/* A reference that nobody else has. Runs on: any thread. */
COP_API cop_ref cop_make_ref(void);
COP_API cop_ref cop_alias(enum cop_alias_mode mode); /* EXPLICIT or REPLY */
COP_API bool cop_unalias(cop_ref ref);               /* true if it was active */

/* --- Names ------------------------------------------------------------------------------------ */

/* Exits: error badarg in the cases of NAM-01. Runs on: any thread, as all of this part. */
COP_API void cop_register(cop_term name, cop_pid pid);
COP_API void cop_unregister(cop_term name);
COP_API cop_pid cop_whereis(cop_term name); /* cop_no_pid() if unknown */
COP_API cop_term cop_registered(void);      /* list of names */

/* --- Timers (TMR) ----------------------------------------------------------------------------- */

/* The longest time of a timer, 146 years in milliseconds. */
#define COP_TIMER_MAX_MS (INT64_MAX / 1000000 / 2)

/* Sends msg to a pid or a name after ms milliseconds. Exits: badarg for a time below 0 or beyond
 * COP_TIMER_MAX_MS, or another receiver. */
COP_API cop_ref cop_send_after(int64_t ms, cop_term to, cop_term msg);
/* Sends {:timeout, ref, msg}. */
COP_API cop_ref cop_start_timer(int64_t ms, cop_term to, cop_term msg);
/* Milliseconds that were left, or -1 if the timer was not active. */
COP_API int64_t cop_cancel_timer(cop_ref timer);
COP_API int64_t cop_read_timer(cop_ref timer);
/* Milliseconds of a clock that never goes back; virtual in a seeded run. Runs on: any thread. */
COP_API int64_t cop_monotonic_ms(void);

/* --- Process dictionary (PRC-08) -------------------------------------------------------------- */

COP_API cop_term cop_put(cop_term key, cop_term value); /* the old value or nil */
COP_API cop_term cop_get(cop_term key);                 /* the value or nil */
/* Takes key out; the value that it had, or nil. */
COP_API cop_term cop_erase(cop_term key);
COP_API cop_term cop_dictionary(void); /* list of {key, value} */
/* Process label, shown by tools and crash reports (PRC-14). */
COP_API void cop_set_label(cop_term label);

/* --- Group leader, information ---------------------------------------------------------------- */

/* The caller's group leader (PRC-12), or cop_no_pid(). */
COP_API cop_pid cop_group_leader(void);
/* Makes leader the group leader of pid, by a signal if that is another. */
COP_API void cop_set_group_leader(cop_pid leader, cop_pid pid);

/* process_info(pid, items): a list of {item, value} in the asked order, nil for a dead process, an
 * error badarg for an unknown item (PRC-02, 03). items: a list of atoms, or one atom, which gives
 * one {item, value}. What can be read from outside is, also from a process that is stuck; the rest
 * is asked by signal and is :busy when that takes longer than 200 ms. :mailbox, an extension, is
 * [max: n, policy: p, dropped: d], or [] without a limit. Switches: may. */
COP_API cop_term cop_process_info(cop_pid pid, cop_term items);
COP_API cop_term cop_processes(void); /* list of all local pids */

/* --- Long work -------------------------------------------------------------------------------- */

/* Calls fn(arg) beside the schedulers: for what blocks (a file, a database) or computes for long.
 * The process waits meanwhile as in a receive, but cannot be unwound before fn returns; a kill
 * makes it dead for everybody at once. fn must not use this API. Switches. */
typedef void (*cop_blocking_fn)(void *arg);
COP_API void cop_blocking(cop_blocking_fn fn, void *arg);

COP_END_DECLS

#endif
