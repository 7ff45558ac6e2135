/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a Supervisor: its state, and the parts that it is made of.
 *
 *   supervisor.c          what users call: asks the process
 *   supervisor_server.c   init, calls, messages, terminate
 *   supervisor_restart.c  what happens when a child has died
 */
#ifndef COP_OTP_SUPERVISOR_STATE_H
#define COP_OTP_SUPERVISOR_STATE_H

#include "coppice/gen_server.h"
#include "otp/child_life.h"
#include "otp/restart_intensity.h"
#include "otp/sup_report.h"

enum cop__strategy { COP__ONE_FOR_ONE, COP__ONE_FOR_ALL, COP__REST_FOR_ONE };

struct cop__supervisor {
    cop_kept name;   /* as in cop__sup_ident */
    cop_kept module; /* the callback module; Supervisor.Default if there is none */
    enum cop__strategy strategy;
    enum cop__auto_shutdown auto_shutdown;
    struct cop__intensity intensity;
    struct cop__children children;
};

/* The callbacks of the process. Its argument is {name, module, {:init, value}} with what init
 * returned, or {name, module, {:call, address, arg}} with the struct cop_module to ask. */
extern const struct cop_gen_server cop__supervisor_callbacks;

/* Makes a child run; a failure is reported and leaves its state as it is (STOPPED, or RESTARTING,
 * which the caller then sets). IGNORED leaves it STOPPED. Switches. */
struct cop__start cop__supervisor_start_child(struct cop__supervisor *sup, struct cop__child *child,
                                              bool report_failure);

/* Stops a child that runs, reports an unexpected end; afterwards it is STOPPED, and a temporary
 * one is gone (SUP-23, 46). Switches. */
void cop__supervisor_stop_child(struct cop__supervisor *sup, struct cop__child *child);

/* Logs about child, as it is now. */
void cop__supervisor_report(const struct cop__supervisor *sup, enum cop__sup_context context,
                            cop_term reason, const struct cop__child *child);

/* A child has died with this reason: restarts it, or what the strategy asks for, or lets it go.
 * False: the supervisor must stop (limit of restarts, auto_shutdown). Switches. */
bool cop__supervisor_child_died(struct cop__supervisor *sup, struct cop__child *child,
                                cop_term reason);
/* Tries once more to start a child that is RESTARTING. Likewise. */
bool cop__supervisor_retry(struct cop__supervisor *sup, struct cop__child *child);

#endif
