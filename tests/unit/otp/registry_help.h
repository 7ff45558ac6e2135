/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of Registry are made of: registries under the test's supervisor, processes that do
 * as they are told, and what is behind a registry. */
#ifndef COP_TESTS_REGISTRY_HELP_H
#define COP_TESTS_REGISTRY_HELP_H

#include "support/process_test.h"

#include "coppice/agent.h"
#include "coppice/ets.h"
#include "coppice/gen_server.h"
#include "coppice/registry.h"
#include "coppice/supervisor.h"
#include "coppice/sys.h"

#define R  COP("R")
#define D  COP("D")
#define P0 COP("R.PIDPartition0")

/* Starts a registry with these options; it is stopped with the test. */
void start(cop_term options);
/* R with unique keys, which is returned, and D with duplicate ones. */
cop_pid start_unique(void);
void start_duplicate(void);

/* A process that is not linked with the test and does what it is told; its state is state. */
cop_pid member(cop_term state);
/* fun(state), in a member. */
cop_term in(cop_pid pid, cop_term fun);
/* Kills pid and returns when that is known here. */
void end(cop_pid pid);

/* Waits until there are so many entries. */
void await_count(cop_term registry, int64_t count);
bool is_linked(cop_pid pid, cop_pid other);
/* How many rows a partition has for processes. */
int64_t rows_of(cop_term partition);
/* What Registry.function(args...) raises, in words; else its value. */
cop_term words(const char *function, cop_term args);
#define assert_words(expected, function, args)                                                     \
    cop_assert_equal(cop_string(expected), words(function, args))

#endif
