/* SPDX-License-Identifier: Apache-2.0 */
/* Calling captures: &Mod.fun/2, and &Mod.fun(&1, x) whose bound arguments are data (syntax.h tells
 * how they are filled in). */
#include "otp/module.h"

#include "coppice/syntax.h"

static cop_term apply(void *arg, cop_term module, cop_term function, const cop_term *args,
                      size_t len)
{
    (void)arg;
    if (!cop_is_atom(module) || !cop_is_atom(function)) cop_error(COP(":badarg"));
    return cop__apply(module, function, args, len);
}

cop_term cop_call_fun(cop_term fun, const cop_term *args, size_t len)
{
    cop_term module, function, bound;
    int arity;

    if (!cop_is_fun(fun, -1)) cop_error(cop_tuple(COP(":badfun"), fun));
    cop_capture_parts(fun, &module, &function, &arity, &bound);
    if ((size_t)arity != len)
        cop_error(cop_tuple(COP(":badarity"), cop_tuple(fun, cop_list_from(args, len))));
    if (!cop_is_list(bound)) return cop__apply(module, function, args, len);
    return cop_capture_call(fun, args, len, apply, NULL);
}
