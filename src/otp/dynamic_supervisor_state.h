/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a DynamicSupervisor: its state, and the parts that it is made of.
 *
 *   dynamic_supervisor.c         what users call: asks the process
 *   dynamic_supervisor_server.c  init, calls, messages
 *   dynamic_supervisor_stop.c    the end of all children at once
 */
#ifndef COP_OTP_DYNAMIC_SUPERVISOR_STATE_H
#define COP_OTP_DYNAMIC_SUPERVISOR_STATE_H

#include "coppice/gen_server.h"
#include "otp/child_life.h"
#include "otp/restart_intensity.h"
#include "otp/sup_report.h"

#define COP__MAX_CHILDREN_INFINITY INT64_MAX

struct cop__dynamic_supervisor {
    cop_kept name;   /* as in cop__sup_ident */
    cop_kept module; /* the callback module; Supervisor.Default if there is none */
    cop_kept extra;  /* arguments that go before those of each specification (DYN-10) */
    int64_t max_children;
    struct cop__intensity intensity;
    struct cop__children children;
};

/* The argument is as that of cop__supervisor_callbacks. */
extern const struct cop_gen_server cop__dynamic_supervisor_callbacks;

/* Logs about child, which has or had the process pid. */
void cop__dynamic_report(const struct cop__dynamic_supervisor *sup, enum cop__sup_context context,
                         cop_term reason, const struct cop__child *child);

/* Asks all children to end and waits for them; each is killed when its own time is over (DYN-20,
 * 21). Messages that come meanwhile are lost. Afterwards there are no children. Switches. */
void cop__dynamic_stop_all(struct cop__dynamic_supervisor *sup);

#endif
