/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a Supervisor: its state, and the parts that it is made of.
 *
 *   supervisor.c          what users call: asks the process
 *   supervisor_init.c     flags and specifications: init, code_change
 *   supervisor_server.c   calls, terminate
 *   supervisor_restart.c  what happens when a child has died
 *   supervisor_simple.c   the same for :simple_one_for_one
 */
#ifndef COP_OTP_SUPERVISOR_STATE_H
#define COP_OTP_SUPERVISOR_STATE_H

#include "otp/sup_server.h"

enum cop__strategy {
    COP__ONE_FOR_ONE,
    COP__ONE_FOR_ALL,
    COP__REST_FOR_ONE,
    COP__SIMPLE_ONE_FOR_ONE
};

struct cop__supervisor {
    struct cop__sup sup;
    enum cop__strategy strategy;
    enum cop__auto_shutdown auto_shutdown;
    struct cop__children templates; /* SIMPLE_ONE_FOR_ONE: the specification, a child that never
                                     * runs; else empty */
};

/* The callbacks of the process; for their argument see cop__sup_init_value(). */
extern const struct cop_gen_server cop__supervisor_callbacks;
/* Children in an order, and those of SIMPLE_ONE_FOR_ONE. */
extern const struct cop__sup_kind cop__supervisor_kind;
extern const struct cop__sup_kind cop__simple_kind;

cop_result cop__supervisor_init(cop_term arg);
/* Asks init again (SUP-66). */
cop_result cop__supervisor_code_change(void *state, cop_term old_version, cop_term extra);
/* Stops the children in reverse order, one after the other (SUP-50); there are none then. */
void cop__supervisor_stop_all(struct cop__supervisor *sup);

/* Checks and appends specifications, all stopped; cop_none(), or what is wrong with one. */
cop_term cop__supervisor_take_specs(struct cop__children *all, cop_term specs,
                                    enum cop__auto_shutdown auto_shutdown);
/* Whether the end of child, which is not restarted, ends the supervisor (SUP-59, 60). */
bool cop__supervisor_ends_with(const struct cop__supervisor *sup, const struct cop__child *child);

/* SIMPLE_ONE_FOR_ONE: the answer to a call (SUP-29), and the end (SUP-54). Switch. */
cop_result cop__simple_call(struct cop__supervisor *sup, cop_term request);
void cop__simple_stop_all(struct cop__supervisor *sup);

/* Makes a child run. IGNORED leaves it STOPPED, FAILED as it is. Switches. */
struct cop__start cop__supervisor_start_child(struct cop__supervisor *sup,
                                              struct cop__child *child);

/* Stops a child that runs, reports an unexpected end; afterwards it is STOPPED, and a temporary
 * one is gone (SUP-23, 46). Switches. */
void cop__supervisor_stop_child(struct cop__supervisor *sup, struct cop__child *child);

#endif
