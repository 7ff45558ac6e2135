/* SPDX-License-Identifier: Apache-2.0 */
/* Calling functions of modules with arguments that are in an array. */
#ifndef COP_OTP_MODULE_H
#define COP_OTP_MODULE_H

#include "coppice/module.h"

/* No function takes more (COP_EXPORT). */
#define COP__ARGS_MAX 6

/* Mod.fun(args...), as cop_apply. Switches: if it does. */
cop_term cop__apply(cop_term module, cop_term function, const cop_term *args, size_t len);
/* {Mod, :init, 1}; for a registered module a literal, so that its servers do not keep one each. */
cop_term cop__module_initial_call(const struct cop_module *module);
cop_term cop__call_function(cop_any_fn fn, const cop_term *args, int arity);

#endif
