/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a DynamicSupervisor: its state, and the parts that it is made of.
 *
 *   dynamic_supervisor.c         what users call: asks the process
 *   dynamic_supervisor_server.c  init, calls
 *   sup_unordered.c              the end of one child and of all at once
 */
#ifndef COP_OTP_DYNAMIC_SUPERVISOR_STATE_H
#define COP_OTP_DYNAMIC_SUPERVISOR_STATE_H

#include "otp/sup_server.h"

#define COP__MAX_CHILDREN_INFINITY INT64_MAX

struct cop__dynamic_supervisor {
    struct cop__sup sup;
    int64_t max_children;
};

/* The callbacks of the process; for their argument see cop__sup_init_value(). */
extern const struct cop_gen_server cop__dynamic_supervisor_callbacks;

#endif
