/* SPDX-License-Identifier: Apache-2.0 */
/* Access, which container[key] calls, and Kernel's functions for values inside of values: get_in
 * and its like, which take a list of keys, one for each level. */
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"

static cop_term access_get_or(cop_term container, cop_term key, cop_term fallback)
{
    if (cop_is_map(container)) return cop_map_get(container, key, fallback);
    if (cop_identical(container, cop_nil())) return cop_nil();
    if (!cop_is_list(container)) cop__raise_no_clause("Access.get/3");
    if (!cop_is_atom(key)) {
        cop_bytes text = cop_to_bytes(cop_inspect_with(key, (struct cop_inspect_opts){0, 50}));

        cop_raise("ArgumentError",
                  "the Access calls for keywords expect the key to be an atom, got: %.*s",
                  (int)text.len, text.data);
    }
    return cop_keyword_get(container, key, fallback);
}

static cop_term access_get(cop_term container, cop_term key)
{
    return access_get_or(container, key, cop_nil());
}

static cop_term access_fetch(cop_term container, cop_term key)
{
    cop_term value = access_get_or(container, key, cop_none());

    if (cop_is_none(value) || cop_identical(container, cop_nil())) return COP(":error");
    return cop_tuple(cop_ok(), value);
}

static cop_term access_get_and_update(cop_term container, cop_term key, cop_term fun)
{
    if (cop_is_map(container))
        return cop_apply(COP("Map"), COP(":get_and_update"), cop_list(container, key, fun));
    if (cop_is_list(container))
        return cop_apply(COP("Keyword"), COP(":get_and_update"), cop_list(container, key, fun));
    if (cop_identical(container, cop_nil())) {
        cop_bytes text = cop_to_bytes(cop_inspect_with(key, (struct cop_inspect_opts){0, 50}));

        cop_raise("ArgumentError", "could not put/update key %.*s on a nil value", (int)text.len,
                  text.data);
    }
    cop__raise_no_clause("Access.get_and_update/3");
}

static const struct cop_function access_functions[] = {
    COP_EXPORT("fetch(container, key)", access_fetch, "{:ok, value} or :error."),
    COP_EXPORT("get(container, key)", access_get, "The value of key in a map or keyword list."),
    COP_EXPORT("get(container, key, default)", access_get_or, "The same, or default."),
    COP_EXPORT("get_and_update(container, key, fun)", access_get_and_update,
               "{got, the container with new} where fun(value) gives {got, new} or :pop."),
    COP_EXPORT_END};

const struct cop_module cop__access_module = {.size = sizeof(struct cop_module),
                                              .name = "Access",
                                              .doc = "What container[key] calls.",
                                              .functions = access_functions};

/* --- Kernel: a list of keys ------------------------------------------------------------------- */

/* keys, if it is a list of one at least; else the FunctionClauseError of function. */
static cop_term keys_arg(cop_term keys, const char *function)
{
    if (!cop_is_list(keys) || cop_list_len(keys) < 1) cop__raise_no_clause(function);
    return keys;
}

cop_term cop__kernel_get_in(cop_term data, cop_term keys)
{
    for (keys_arg(keys, "Kernel.get_in/2"); !cop_is_empty_list(keys); keys = cop_tail(keys))
        data = access_get(data, cop_head(keys));
    return data;
}

/* {key, container} of each level, the innermost first; fails where a level could not be changed. */
static cop_term levels_of(cop_term data, cop_term keys)
{
    cop_term levels = cop_empty_list();

    for (; !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        if (!cop_is_map(data)) (void)access_get_and_update(data, cop_head(keys), COP("&{&1, &1}"));
        levels = cop_cons(cop_tuple(cop_head(keys), data), levels);
        data = access_get(data, cop_head(keys));
    }
    return levels;
}

/* data with value at the innermost level. */
static cop_term rebuilt(cop_term levels, cop_term value)
{
    for (; !cop_is_empty_list(levels); levels = cop_tail(levels)) {
        cop_term key = cop_elem(cop_head(levels), 0);
        cop_term container = cop_elem(cop_head(levels), 1);
        cop_term fun = cop_build("&Function.identity({&1, value})", value);

        value = cop_elem(access_get_and_update(container, key, fun), 1);
    }
    return value;
}

cop_term cop__kernel_put_in(cop_term data, cop_term keys, cop_term value)
{
    return rebuilt(levels_of(data, keys_arg(keys, "Kernel.put_in/3")), value);
}

cop_term cop__kernel_update_in(cop_term data, cop_term keys, cop_term fun)
{
    cop_term levels = levels_of(data, keys_arg(keys, "Kernel.update_in/3"));
    cop_term innermost = cop_head(levels);

    return rebuilt(levels,
                   cop__call1(fun, access_get(cop_elem(innermost, 1), cop_elem(innermost, 0))));
}
