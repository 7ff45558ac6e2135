/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that wait for each other in a circle (docs/adr/0008).
 *
 * A call that has waited for COP__CYCLE_MS without an answer is entered here until it ends: who
 * waits, for whom, with which request. Nobody else looks for circles: the call that is entered last
 * of a circle finds it, once, and all its calls have waited that long then. A call that is answered
 * sooner never comes here, so that a call costs nothing more for it. */
#ifndef COP_OTP_CALL_CYCLE_H
#define COP_OTP_CALL_CYCLE_H

#include "coppice/process.h"

#define COP__CYCLE_MS 100

/* A call that has waited long: on the stack of its caller. */
struct cop__long_call {
    cop_pid caller;
    cop_pid server;
    char request[160]; /* as text, cut */
    int64_t since_ms;  /* when it began to wait */
    bool is_entered;
};
/* Takes the call out of the table. */
void cop__long_call_end(struct cop__long_call *call);
/* Declares one that is taken out when its scope is left, by an exit too. */
#define COP__LONG_CALL(name)                                                                       \
    __attribute__((cleanup(cop__long_call_end))) struct cop__long_call name = {.is_entered = false}

/* Enters the caller's call of server. Closes it a circle, that is logged. Returns cop_none(), or
 * where deadlocks shall fail (gen_server.h) the reason for the call to exit with: {:deadlock,
 * pids}. */
cop_term cop__long_call_begin(struct cop__long_call *call, cop_pid server, cop_term request);

#endif
