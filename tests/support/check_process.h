/* SPDX-License-Identifier: Apache-2.0 */
/* Support for tests whose bodies run as processes.
 *
 * cmocka's own asserts leave by longjmp, which must not happen on a process's stack. So inside a
 * process a test says CHECK(...): a failed check is printed, counted, and ends the process; the
 * test fails if its body ended otherwise than normally or any check of any process failed.
 *
 *     PROCESS_TEST(messages_keep_order)
 *     {
 *         cop_send(cop_self(), COP(":a"));
 *         CHECK_TERM(check_next(), ":a");
 *         return cop_end();
 *     }
 *
 * After each body, puppets are killed, and the node must be down to the processes it started with:
 * what a body leaves behind is a failure, too. */
#ifndef COP_TESTS_CHECK_PROCESS_H
#define COP_TESTS_CHECK_PROCESS_H

#include "support/cmocka_all.h"

#include "coppice/node.h"

#include <stdatomic.h>

/* How long anything may take that must come: far more than it does. */
#define CHECK_LIMIT_MS 20000

/* --- Bodies ------------------------------------------------------------------------------------*/

#define PROCESS_TEST(name)                                                                         \
    static cop_next name##_body(cop_term arg);                                                     \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        check_run(#name, name##_body);                                                             \
    }                                                                                              \
    static cop_next name##_body(cop_term arg __attribute__((unused)))

/* Runs body as a process; a failure of it or of any process is a failure of the cmocka test. */
void check_run(const char *name, cop_start_fn body);
/* cmocka's set-up and tear-down of a group: a node with two schedulers (or as *opts). */
int check_start_node(void **state);
int check_stop_node(void **state);
int check_start_node_with(const struct cop_node_opts *opts);
/* Runs a body that leaves so many processes which stay: services that start with their first use.
 * 0, or -1 if it fails. */
int check_settle(cop_start_fn body, int services);
/* For tests that expect a check to fail nowhere else: the failures counted so far. */
int check_failures(void);
/* Factor for counts of repeated work: COPPICE_TEST_SCALE, a float, 1 by default; at least 1
 * results. */
int check_scaled(int count);

/* --- Checks on a process -----------------------------------------------------------------------*/

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) check_fail(__FILE__, __LINE__, "not so: %s", #cond);                          \
    } while (0)
#define CHECK_INT(actual, expected) check_int(__FILE__, __LINE__, #actual, (actual), (expected))
/* The term is identical to the one that the text stands for. */
#define CHECK_TERM(actual, text)    check_term(__FILE__, __LINE__, (actual), check_parse(text))
#define CHECK_SAME(actual, expected)                                                               \
    check_term(__FILE__, __LINE__, cop_term_of(actual), cop_term_of(expected))
/* fn(arg) raises an exception of that class with the reason that the text stands for. */
#define CHECK_RAISES(class_, text, fn, arg)                                                        \
    check_raises(__FILE__, __LINE__, (class_), (text), (fn), (arg))

COP_NORETURN void check_fail(const char *file, int line, const char *format, ...) COP_PRINTF(3, 4);
void check_int(const char *file, int line, const char *what, int64_t actual, int64_t expected);
void check_term(const char *file, int line, cop_term actual, cop_term expected);
void check_raises(const char *file, int line, enum cop_class class_, const char *text,
                  cop_try_fn fn, void *arg);
/* A term from text that need not be a literal of this program. */
cop_term check_parse(const char *text);
bool check_list_has(cop_term list, cop_term item);

/* --- Waiting -----------------------------------------------------------------------------------*/

/* The next message. */
cop_term check_next(void);
/* The mailbox is empty, and all signals that were sent to the caller have been received. */
void check_no_message(void);
/* Waits for the DOWN of ref; the reason. */
cop_term check_down(cop_ref ref);
/* Waits until pid is no longer among the processes, and what it sent at its end has come. */
void check_gone(cop_pid pid);
/* Waits until *flag is at least value, letting others run. */
void check_wait_for(atomic_int *flag, int value);
/* The value of one item of process_info. */
cop_term check_info(cop_pid pid, const char *item);
/* A pid of a process that has died. */
cop_pid check_dead_pid(void);

/* --- Puppets: processes that do what the test says
 * ------------------------------------------------
 *
 * A puppet waits for orders and leaves all other messages in its mailbox. */

typedef cop_term (*puppet_fn)(cop_term arg);

cop_pid puppet_start(void);
cop_pid puppet_start_with(const struct cop_spawn_opts *opts);
/* The puppet calls fn(arg); its result. */
cop_term puppet_call(cop_pid puppet, puppet_fn fn, cop_term arg);
/* The same without waiting: for orders from which it does not come back. */
void puppet_cast(cop_pid puppet, puppet_fn fn, cop_term arg);
/* Waits until the puppet has done all orders that it was given before. */
void puppet_sync(cop_pid puppet);
/* The puppet returns from its function: it ends normally. */
void puppet_end(cop_pid puppet);

void puppet_link(cop_pid puppet, cop_pid to);
void puppet_unlink(cop_pid puppet, cop_pid to);
void puppet_trap(cop_pid puppet, bool on);
cop_ref puppet_monitor(cop_pid puppet, cop_term target);
/* The puppet calls exit(pid, reason); the answer comes after that. */
void puppet_signal(cop_pid puppet, cop_pid target, cop_term reason);
void puppet_send(cop_pid puppet, cop_term to, cop_term msg);
/* All messages that the puppet has, oldest first; it has none then. */
cop_term puppet_mailbox(cop_pid puppet);
/* The puppet calls exit(reason), error(reason), throw(value). */
void puppet_exit(cop_pid puppet, cop_term reason);
void puppet_error(cop_pid puppet, cop_term reason);
void puppet_throw(cop_pid puppet, cop_term value);

#endif
