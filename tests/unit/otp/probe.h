/* SPDX-License-Identifier: Apache-2.0 */
/* A server for tests of supervisors: it tells the test what happens to it and does as it is told.
 *
 * Its options: id: a term; to: the test's pid; trap_exit: true; name: an atom; slow: true, its
 * terminate waits until it is sent :go. It sends {id, :init, pid} and {id, :terminate, reason}.
 * How its starts end is planned by id beforehand, a letter each, of which the last one stays:
 *   o runs   i :ignore   s {:stop, :no}   e {:error, :no}   x exit(:no)   r raises   t throws :no
 * and with the start function itself (not init) answering: I Info {:ok, pid, :info}   B :bad */
#ifndef COP_TEST_PROBE_H
#define COP_TEST_PROBE_H

#include "support/cmocka_all.h"

#include "coppice.h"
#include "coppice/test.h"

/* Forgets all plans; "o" is the plan of every id. */
void probe_reset(void);
void probe_plan(const char *id, const char *plan);
/* How often the probe of this id was begun to start. */
int probe_starts(const char *id);

/* %{id: id, start: {Probe, :start_link, [[id: id, to: self | options]]}} with the overrides of
 * the options' last: spec keys. Both are keyword lists in Elixir syntax without brackets, "" for
 * none. */
cop_term probe_spec(const char *id, const char *options, const char *overrides);
/* The list of such specifications. */
cop_term probe_specs3(cop_term a, cop_term b, cop_term c);

/* The next message, which must come. */
cop_term probe_next(void);
/* cop_assert_match on the next message: {id, :init, pid}. */
#define NEXT(...) cop_assert_match(probe_next(), __VA_ARGS__)
/* No message is waiting. Only after something that orders it, as a call to the supervisor. */
#define NOTHING() cop_assert(probe_is_quiet())
bool probe_is_quiet(void);
/* The pid (or :undefined, :restarting) of the child with this id in which_children. */
cop_term probe_child(cop_pid supervisor, cop_term id);
cop_pid probe_pid(cop_pid supervisor, cop_term id);
/* Sends pid an exit signal and waits until it is dead. */
void probe_exit(cop_pid pid, cop_term reason);

/* Runs body as a test on a node of its own. */
void probe_run(void (*body)(void));

/* For main: TEST(body) is a row of cmocka that runs `static void body(void)` as a process. */
#define TEST(body)                                                                                 \
    {                                                                                              \
#body, probe_row, NULL, NULL, (void *)&(probe_body)                                        \
        {                                                                                          \
            body                                                                                   \
        }                                                                                          \
    }
typedef struct probe_body {
    void (*body)(void);
} probe_body;
void probe_row(void **state);
int probe_node_start(void **state);
int probe_node_start_with(const struct cop_node_opts *opts);
int probe_node_stop(void **state);

#endif
