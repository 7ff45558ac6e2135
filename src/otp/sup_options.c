/* SPDX-License-Identifier: Apache-2.0 */
/* Taking options apart, the same way for Supervisor and DynamicSupervisor. */
#include "otp/sup_options.h"

static bool is_sup_option(cop_term key)
{
    return cop_match(key, ":strategy") || cop_match(key, ":max_restarts") ||
           cop_match(key, ":max_seconds") || cop_match(key, ":auto_shutdown") ||
           cop_match(key, ":max_children") || cop_match(key, ":extra_arguments");
}

cop_term cop__sup_start_options(cop_term options)
{
    cop_term left = cop_empty_list();

    if (!cop_is_keyword(options))
        cop_raise("ArgumentError", "expected the options of a supervisor as a keyword list");
    for (cop_term rest = options; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        if (!is_sup_option(cop_elem(cop_head(rest), 0))) left = cop_cons(cop_head(rest), left);
    }
    return cop_list_reverse(left);
}

cop_term cop__sup_name(cop_term options)
{
    return cop_keyword_get(options, COP(":name"), cop_nil());
}

cop_term cop__sup_call_arg(const struct cop_module *module, cop_term arg, cop_term options)
{
    cop_term name = cop__sup_name(options);
    cop_term callback = cop_module_name(module);
    int64_t address = (int64_t)(uintptr_t)module;

    if (!module->supervisor_init)
        cop_apply(callback, COP(":init"), cop_list(arg)); /* says that there is no such function */
    return cop_build("{name, callback, {:call, address, arg}}", name, callback, address, arg);
}

const struct cop_module *cop__sup_module(cop_term name)
{
    const struct cop_module *module = cop_is_atom(name) ? cop_module_find(name) : NULL;

    if (!module) {
        cop_bytes text = cop_to_bytes(cop_inspect(name));

        cop_raise("ArgumentError", "the module %.*s does not exist", (int)text.len, text.data);
    }
    return module;
}

int64_t cop__sup_timeout(cop_term timeout)
{
    return cop_match(timeout, ":infinity") ? COP_INFINITY : cop_to_int(timeout);
}
