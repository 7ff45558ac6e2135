/* SPDX-License-Identifier: Apache-2.0 */
/* The modules about supervision and applications, under the names that child specifications, the
 * console and other nodes call them by. */
#ifndef COP_OTP_STANDARD_MODULES_H
#define COP_OTP_STANDARD_MODULES_H

#include "coppice/module.h"

extern const struct cop_module cop__supervisor_module;
extern const struct cop_module cop__erlang_supervisor_module;
extern const struct cop_module cop__dynamic_supervisor_module;
extern const struct cop_module cop__partition_supervisor_module;
extern const struct cop_module cop__application_module;
extern const struct cop_module cop__logger_module;
extern const struct cop_module cop__erlang_application_module;

/* Registers them; after the first time it does nothing. Whoever resolves a child specification
 * calls it, so that {DynamicSupervisor, name: X} works in every program. Runs on: any thread. */
void cop__standard_modules_register(void);

#endif
