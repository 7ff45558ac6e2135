/* SPDX-License-Identifier: Apache-2.0 */
/* A gen_server for the tests of gen_server itself: each request says what its callback shall do,
 * and each callback tells the process in the option `to`. Options, all optional but `to`:
 * to: pid, init: order, trap_exit: true, terminate: {:exit | :error | :throw, term}, state:
 * term */
#ifndef COP_TESTS_GEN_PROBE_H
#define COP_TESTS_GEN_PROBE_H

#include "coppice/gen_server.h"

#include <string.h>

extern const struct cop_module probe_module;
/* The same without any callback but init. */
extern const struct cop_module bare_module;

/* The options with the caller as `to`: probe_opts("[trap_exit: true]"). */
cop_term probe_opts(cop_term options);
/* Starts one, linked or not, and returns its pid. */
cop_pid probe_start(cop_term options);
cop_pid probe_start_link(cop_term options);
/* A call that is expected to exit; returns the reason of the server in it. */
cop_term probe_call_exits(cop_pid probe, cop_term request);

#endif
