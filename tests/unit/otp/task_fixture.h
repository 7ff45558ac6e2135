/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of tasks share: a module of things to do, and looks at the mailbox. */
#ifndef COP_TESTS_TASK_FIXTURE_H
#define COP_TESTS_TASK_FIXTURE_H

#include "coppice/proc_lib.h"
#include "coppice/task_supervisor.h"
#include "support/process_test.h"

/* TaskTest: give(x) is x; gate(x) waits for the message :go, then is x; fail(how) ends by how:
 * {:exit, r}, {:error, r}, {:throw, v}; stubborn(x) traps exits and does as gate. */
extern const struct cop_module task_test_module;

/* The pid in a %Task{}. */
cop_pid task_pid(cop_term task);
cop_ref task_ref(cop_term task);
/* A task at its gate: it has begun and waits for :go. */
cop_term task_at_gate(cop_term value);
/* Waits until pid, which calls gate, stands there. */
void task_wait_for_gate(cop_pid pid);
void task_go(cop_term task);
/* The mailbox is empty, also of what is under way. */
void task_assert_no_message(void);
/* process_info(self(), item) is the empty list. */
void task_assert_none(const char *item);
/* Kills pid if need be and waits for its end. */
void task_bury(cop_pid pid);

#endif
