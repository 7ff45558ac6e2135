/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a task: how it is started, what it is told to do, and how it ends.
 *
 * What a task does is {module, function, args}, a function being {:erlang, :apply, [fun, args]} as
 * in Elixir. There are two ways to start one:
 *
 *   reply    the process waits for its order {caller, ref, reply_to, callers, mfa}, because the
 *            reference under which it shall answer is that of the caller's monitor, which can only
 *            be made when there is a process. It answers {ref, value} to reply_to.
 *   noreply  the process has its order from the start and answers nobody.
 *
 * Both are the start_link of the module Task.Supervised, by which supervisors start tasks. */
#ifndef COP_OTP_TASK_PROCESS_H
#define COP_OTP_TASK_PROCESS_H

#include "coppice/task.h"

/* The caller as tasks know who started them: {node, name or pid, pid}. */
cop_term cop__task_owner(void);
/* [caller | its callers] (TSK-15). */
cop_term cop__task_callers(void);
/* What a function that is given to Task means: a capture of no argument, or {module, function,
 * args}. cop_none() for anything else. */
cop_term cop__task_mfa(cop_term fun);

/* A task that waits for its order, linked to the caller. With watches it ends when the owner does
 * before the order came, or when none comes for long: a task whose parent is a supervisor. */
cop_pid cop__task_spawn_reply(cop_term owner, bool watches);
/* Gives it the order, in the name of its owner. reply_to: the alias or pid to which it shall send
 * {ref, value}. */
void cop__task_order(cop_pid task, cop_pid owner, cop_term ref, cop_term reply_to, cop_term callers,
                     cop_term mfa);
/* A task that is not waited for. */
cop_pid cop__task_spawn_noreply(cop_term owner, cop_term callers, cop_term mfa, bool link);

/* Watches a task that waits for its order, gives the order, and returns the struct by which the
 * caller awaits it: %Task{} (TSK-01). */
cop_term cop__task_begin(cop_pid task, cop_term mfa);

/* A task under a supervisor that waits for its order; shutdown: its own, nil for that of the
 * supervisor. False: the supervisor has max_children. Exits: as a call of the supervisor. */
bool cop__task_start_supervised(cop_term supervisor, cop_term owner, cop_term shutdown,
                                cop_pid *ret_task);
/* Raises the RuntimeError of TSU-04; of_stream adds what helps there. */
COP_NORETURN void cop__task_raise_max_children(bool of_stream);

extern const struct cop_module cop__task_module;
extern const struct cop_module cop__task_supervised_module;
extern const struct cop_module cop__task_supervisor_module;

#endif
