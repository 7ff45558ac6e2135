/* SPDX-License-Identifier: Apache-2.0 */
/* What the functions of Task share: the struct %Task{} taken apart, and the messages by which a
 * task is heard of. */
#ifndef COP_OTP_TASK_OWNER_H
#define COP_OTP_TASK_OWNER_H

#include "coppice/task.h"

struct cop__task {
    cop_term term;
    cop_pid owner;
    cop_pid pid; /* none: a completed task */
    cop_ref ref; /* of the owner's monitor, and its alias */
};

/* The task that term is. Exits: a FunctionClauseError of Task.function/arity if it is none. */
struct cop__task cop__task_read(cop_term term, const char *function, int arity);
/* Exits: ArgumentError if the caller is not the owner (TSK-06). */
void cop__task_check_owner(const struct cop__task *task);
/* The time as it stands in an exit reason. Exits: FunctionClauseError if it is none. */
cop_term cop__task_timeout(int64_t timeout_ms, const char *function);
/* Ends the caller with {reason, {Task, function, args}}; from: the pid in the DOWN that brought the
 * reason, whose node is told for noconnection (TSK-05). */
COP_NORETURN void cop__task_exit(cop_term reason, cop_term from, const char *function,
                                 cop_term args);

/* --- What is heard of a task ------------------------------------------------------------------ */

enum cop__task_news { COP__TASK_REPLY, COP__TASK_DOWN, COP__TASK_OTHER };
/* {ref, value}: REPLY; {:DOWN, ref, :process, from, reason}: DOWN. *ret_ref is written for both. */
enum cop__task_news cop__task_news_of(cop_term msg, cop_ref *ret_ref);
/* What a message of such a kind says: {:ok, value} or {:exit, reason}. Exits: function(args) with
 * nodedown, if the connection to the task's node is lost (TSK-08). */
cop_term cop__task_result(cop_term msg, const char *function, cop_term args);
/* Stops watching; its DOWN, if it has come, is gone. A reply that has come stays. */
void cop__task_unwatch(const struct cop__task *task);
/* Takes the reply that has come: {:ok, value}, else cop_none(). */
cop_term cop__task_take_reply(const struct cop__task *task);

#endif
