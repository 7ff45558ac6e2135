/* SPDX-License-Identifier: Apache-2.0 */
/* Task: a process that does one thing and tells its owner what came of it (TSK).
 *
 *     cop_term task = cop_task_async(cop_build("&Report.render(year)", year));
 *     ...
 *     cop_term report = cop_task_await(task, COP_CALL_TIMEOUT);
 *
 * What a task does is a function of no argument, which is data and copied into the task: a capture
 * (COP("&Mod.fun/0"), or as above one whose arguments are all bound), a {module, function, args},
 * or a function of C with the term that it is called with:
 *
 *     static cop_term render(cop_term year) { ... }
 *     cop_term task = cop_task_async(cop_task_fun(render, cop_int(2026)));
 *
 * A task is linked to its owner, the process that has called cop_task_async: if one of them fails
 * the other ends too (TSK-03); task_supervisor.h has tasks that are not. The struct %Task{} that
 * stands for it is a term: only its owner may await, yield, shut down or ignore it, else these are
 * an ArgumentError (TSK-06); each of them but yield ends the matter once for all. Times are
 * milliseconds or COP_INFINITY; anything else is a FunctionClauseError. */
#ifndef COPPICE_TASK_H
#define COPPICE_TASK_H

#include "coppice/module.h"

/* In place of a time for cop_task_shutdown(): kills at once. */
#define COP_BRUTAL_KILL (-2)

COP_BEGIN_DECLS

/* --- One task --------------------------------------------------------------------------------- */

/* The function of no argument that calls fn(arg): for Task, and wherever else such a function is
 * taken. A plain capture, &Task.Supervised.call(number, arg), of this program: another node cannot
 * call it. arg is copied with it. Exits: error badarg for NULL; error system_limit where a program
 * has more than 1024 such functions. */
typedef cop_term (*cop_task_fn)(cop_term arg);
COP_API cop_term cop_task_fun(cop_task_fn fn, cop_term arg);

/* The same for a function that says what the process does next, as that of cop_spawn does: a task
 * that waits at its top level has no stack meanwhile, and costs as little as a server. Only for
 * tasks without a reply (cop_task_start, cop_task_start_link, cop_task_supervisor_start_child),
 * which end when the process does; others fail with badarg. */
COP_API cop_term cop_task_loop(cop_start_fn fn, cop_term arg);

/* Starts a task, linked to the caller and watched by it; returns %Task{mfa:, owner:, pid:, ref:}.
 * When fun returns v the owner gets {ref, v} (TSK-01, 02). Switches: may. */
COP_API cop_term cop_task_async(cop_term fun);
/* A task that is done: its reply, value, is in the caller's mailbox (TSK-13). */
COP_API cop_term cop_task_completed(cop_term value);
/* Waits for the value and returns it. Exits: {reason, {Task, :await, [task, timeout]}} when the
 * task has died of reason, with reason timeout when the time is over; then nothing of it comes
 * later (TSK-04, 05). Switches. */
COP_API cop_term cop_task_await(cop_term task, int64_t timeout_ms);
/* {:ok, value}, {:exit, reason}, or nil after timeout_ms; the task then goes on and may be asked
 * again (TSK-08). Exits: {{:nodedown, node}, ...} for a lost node. Switches. */
COP_API cop_term cop_task_yield(cop_term task, int64_t timeout_ms);
/* Asks the task to end with shutdown and waits, then kills it; with COP_BRUTAL_KILL kills it. The
 * caller is unlinked first. {:ok, value} if it replied all the same, nil if it died of that signal,
 * {:exit, reason} else, with reason noproc for a task that was dealt with before (TSK-10, 11).
 * Switches. */
COP_API cop_term cop_task_shutdown(cop_term task, int64_t timeout_ms);
/* Lets the task go on without us: unlinks, stops watching, takes no reply. As cop_task_yield(task,
 * 0) if it had ended already, else nil (TSK-12). Switches: may. */
COP_API cop_term cop_task_ignore(cop_term task);

/* --- Several ---------------------------------------------------------------------------------- */

/* The values of a list of tasks, in its order; one time for all. Exits: as cop_task_await, with the
 * list of tasks, at the first that fails; none of them is watched then (TSK-07). Switches. */
COP_API cop_term cop_task_await_many(cop_term tasks, int64_t timeout_ms);
/* [{task, result}] in the order of tasks; result as of cop_task_yield. options, a keyword list:
 * timeout 5000, limit :infinity (returns when so many have ended), on_timeout :nothing | :ignore |
 * :kill_task (TSK-09). Switches. */
COP_API cop_term cop_task_yield_many(cop_term tasks, cop_term options);

/* --- Without a reply -------------------------------------------------------------------------- */

/* Starts a task for what it does, not for its value: {:ok, pid} at once (TSK-14). Switches: may. */
COP_API cop_term cop_task_start(cop_term fun);
COP_API cop_term cop_task_start_link(cop_term fun);

/* --- Streams ---------------------------------------------------------------------------------- */

/* A task for each element of enumerable, a few at a time: fun is a capture of one argument, or
 * {module, function, args}, called with the element before args. Nothing runs until the stream is
 * consumed, by the functions of Enum or as below, in any process (TSK-16 to 21). Its elements are
 * {:ok, value}, or {:exit, reason} in a process that traps exits.
 *
 * options, a keyword list: max_concurrency (schedulers), ordered true, timeout 5000 for each task,
 * on_timeout :exit | :kill_task, zip_input_on_exit false. Exits: ArgumentError naming the
 * option. */
COP_API cop_term cop_task_async_stream(cop_term enumerable, cop_term fun, cop_term options);

/* Consuming a stream one by one:
 *
 *     struct cop_task_stream *s = cop_task_stream_open(stream);
 *     while (cop_task_stream_next(s, &element)) ...
 *     cop_task_stream_close(s);
 *
 * Owns: the caller; it may be kept in a server's state between callbacks. Closing is needed to stop
 * early (what still runs is killed: TSK-20) and frees it; a process that ends takes its streams
 * with it. After next has exited only close may be called. All three switch.
 * Exits: next: {:timeout, {Task.Supervised, :stream, [timeout]}} when a task takes too long. */
struct cop_task_stream;
COP_API struct cop_task_stream *cop_task_stream_open(cop_term stream) COP_GIVES;
COP_API bool cop_task_stream_next(struct cop_task_stream *stream, cop_term *ret_element);
COP_API void cop_task_stream_close(struct cop_task_stream *stream COP_TAKES); /* NULL is allowed */

COP_END_DECLS

#endif
