/* SPDX-License-Identifier: Apache-2.0 */
/* Options of supervisors: what is for the supervisor and what for its gen_server. */
#ifndef COP_OTP_SUP_OPTIONS_H
#define COP_OTP_SUP_OPTIONS_H

#include "coppice/module.h"

/* The options without those that speak of supervising: what cop_gen_server_start_with() takes. */
cop_term cop__sup_start_options(cop_term options);
/* The name in the options, or nil. */
cop_term cop__sup_name(cop_term options);
/* {name, module, {:call, address, arg}}: the argument of a supervisor whose flags come from its
 * module's supervisor_init. Exits: UndefinedFunctionError if it has none. */
cop_term cop__sup_call_arg(const struct cop_module *module, cop_term arg, cop_term options);
/* The module with this name. Exits: ArgumentError if there is none. */
const struct cop_module *cop__sup_module(cop_term name);
/* A time in milliseconds or :infinity, as stop/3 takes it. */
int64_t cop__sup_timeout(cop_term timeout);

#endif
