/* SPDX-License-Identifier: Apache-2.0 */
/* Task.Supervisor: tasks under a supervisor, so that they end in order with their application, and
 * tasks that may fail without their owner (TSU).
 *
 *     cop_supervisor_start_link(COP("[{Task.Supervisor, name: My.Tasks}]"), ...);
 *     cop_term task = cop_task_supervisor_async_nolink(COP("My.Tasks"), fun, COP("[]"));
 *     cop_term result = cop_task_yield(task, 1000);
 *
 * It is a DynamicSupervisor: count_children, sys and all calls of that work with it. supervisor is
 * a pid or any name of a server; a call of one that is not there exits as cop_gen_server_call. All
 * switch. */
#ifndef COPPICE_TASK_SUPERVISOR_H
#define COPPICE_TASK_SUPERVISOR_H

#include "coppice/task.h"

COP_BEGIN_DECLS

/* Task.Supervisor.start_link(options): name, max_restarts 3, max_seconds 5, max_children :infinity
 * (TSU-01). */
COP_API cop_term cop_task_supervisor_start_link(cop_term options);

/* A task as of cop_task_async, a child of supervisor; fun is as there. With nolink it is not linked
 * to the caller: a crash gives only the DOWN. options: shutdown 5000, the time it has when the
 * supervisor stops. Exits: RuntimeError where there are max_children (TSU-02, 04). */
COP_API cop_term cop_task_supervisor_async(cop_term supervisor, cop_term fun, cop_term options);
COP_API cop_term cop_task_supervisor_async_nolink(cop_term supervisor, cop_term fun,
                                                  cop_term options);
/* A task without reply: {:ok, pid}, {:ok, pid, info}, :ignore or {:error, :max_children}. options:
 * restart :temporary | :transient | :permanent, shutdown 5000 (TSU-03). */
COP_API cop_term cop_task_supervisor_start_child(cop_term supervisor, cop_term fun,
                                                 cop_term options);
/* The pids of all tasks. */
COP_API cop_term cop_task_supervisor_children(cop_term supervisor);
/* :ok or {:error, :not_found} (TSU-05). */
COP_API cop_term cop_task_supervisor_terminate_child(cop_term supervisor, cop_pid task);

/* cop_task_async_stream() with tasks of supervisor; with nolink a failing task is an element
 * {:exit, reason} and nothing more. options also: shutdown (TSU-07). */
COP_API cop_term cop_task_supervisor_async_stream(cop_term supervisor, cop_term enumerable,
                                                  cop_term fun, cop_term options);
COP_API cop_term cop_task_supervisor_async_stream_nolink(cop_term supervisor, cop_term enumerable,
                                                         cop_term fun, cop_term options);

COP_END_DECLS

#endif
