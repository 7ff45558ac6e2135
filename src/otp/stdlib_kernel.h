/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of Kernel's table that stand beside it: those about processes, calls and text
 * (stdlib_kernel_calls.c), and some that other tables show too. */
#ifndef COP_OTP_STDLIB_KERNEL_H
#define COP_OTP_STDLIB_KERNEL_H

#include "coppice/process.h"

cop_term cop__join_bytes(cop_bytes a, cop_bytes b);
cop_term cop__is_in(cop_term element, cop_term enumerable);

/* Those of stdlib_access.c. */
cop_term cop__kernel_get_in(cop_term data, cop_term keys);
cop_term cop__kernel_put_in(cop_term data, cop_term keys, cop_term value);
cop_term cop__kernel_update_in(cop_term data, cop_term keys, cop_term fun);

/* Those of stdlib_range.c. */
cop_term cop__kernel_range(cop_term first, cop_term last);
cop_term cop__kernel_range_step(cop_term first, cop_term last, cop_term step);

cop_term cop__kernel_self(void);
cop_term cop__kernel_node(void);
cop_term cop__kernel_node_of(cop_term t);
cop_term cop__kernel_make_ref(void);
cop_term cop__kernel_send(cop_term to, cop_term message);
cop_term cop__kernel_exit(cop_term reason);
cop_term cop__kernel_throw(cop_term value);
cop_term cop__kernel_raise(cop_term exception);
cop_term cop__kernel_raise_with(cop_term module, cop_term attributes);
cop_term cop__kernel_spawn(cop_term fun);
cop_term cop__kernel_spawn_mfa(cop_term module, cop_term function, cop_term args);
cop_term cop__kernel_spawn_link(cop_term fun);
cop_term cop__kernel_spawn_link_mfa(cop_term module, cop_term function, cop_term args);
cop_term cop__kernel_spawn_monitor(cop_term fun);
cop_term cop__kernel_spawn_opt(cop_term fun, cop_term options);
cop_term cop__kernel_spawn_opt_mfa(cop_term module, cop_term function, cop_term args,
                                   cop_term options);
/* The priority that an atom names. False: none. */
bool cop__priority_from(cop_term t, enum cop_priority *ret);
cop_term cop__kernel_apply_fun(cop_term fun, cop_term args);
cop_term cop__kernel_apply(cop_term module, cop_term function, cop_term args);
cop_term cop__kernel_exported(cop_term module, cop_term function, cop_term arity);
cop_term cop__kernel_inspect(cop_term t);
cop_term cop__kernel_inspect_with(cop_term t, cop_term options);
cop_term cop__kernel_to_charlist(cop_term t);
cop_term cop__kernel_tap(cop_term value, cop_term fun);
cop_term cop__kernel_then(cop_term value, cop_term fun);
cop_term cop__kernel_dbg(cop_term t);

#endif
