/* SPDX-License-Identifier: Apache-2.0 */
/* Map and Function. */
#include "otp/stdlib.h"

/* --- Map -------------------------------------------------------------------------------------- */

static cop_term new_0(void)
{
    return cop_map_new();
}

static cop_term new_1(cop_term enumerable)
{
    struct cop__range range;

    if (cop__is_range(enumerable, &range)) enumerable = cop__enumerate(enumerable);
    if (cop_is_map(enumerable)) return enumerable;
    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        if (!cop_is_tuple(cop_head(l)) || cop_tuple_size(cop_head(l)) != 2)
            cop_error(COP(":badarg"));
    return cop_map_from_list(enumerable);
}

static cop_term get_or(cop_term map, cop_term key, cop_term fallback)
{
    return cop_map_get(cop__map_arg(map), key, fallback);
}

static cop_term get(cop_term map, cop_term key)
{
    return get_or(map, key, cop_nil());
}

static cop_term fetch(cop_term map, cop_term key)
{
    cop_term value = get_or(map, key, cop_none());

    return cop_is_none(value) ? COP(":error") : cop_tuple(cop_ok(), value);
}

static cop_term fetch_or_raise(cop_term map, cop_term key)
{
    cop_term value = get_or(map, key, cop_none());

    if (cop_is_none(value)) cop__raise_key(key, map);
    return value;
}

static cop_term put(cop_term map, cop_term key, cop_term value)
{
    return cop_map_put(cop__map_arg(map), key, value);
}

static cop_term put_new(cop_term map, cop_term key, cop_term value)
{
    return cop_map_has(cop__map_arg(map), key) ? map : cop_map_put(map, key, value);
}

static cop_term replace(cop_term map, cop_term key, cop_term value)
{
    return cop_map_has(cop__map_arg(map), key) ? cop_map_put(map, key, value) : map;
}

static cop_term delete (cop_term map, cop_term key)
{
    return cop_map_remove(cop__map_arg(map), key);
}

static cop_term has_key(cop_term map, cop_term key)
{
    return cop_bool(cop_map_has(cop__map_arg(map), key));
}

static cop_term column(cop_term map, size_t which)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop_map_to_list(cop__map_arg(map)); !cop_is_empty_list(l); l = cop_tail(l))
        done = cop_cons(cop_elem(cop_head(l), which), done);
    return cop_list_reverse(done);
}

static cop_term keys(cop_term map)
{
    return column(map, 0);
}

static cop_term values(cop_term map)
{
    return column(map, 1);
}

static cop_term to_list(cop_term map)
{
    return cop_map_to_list(cop__map_arg(map));
}

static cop_term merge(cop_term map, cop_term other)
{
    cop_term key;
    cop_term value;

    cop__map_arg(map);
    for (struct cop_map_iter it = cop_map_iter(cop__map_arg(other));
         cop_map_next(&it, &key, &value);)
        map = cop_map_put(map, key, value);
    return map;
}

static cop_term pop_or(cop_term map, cop_term key, cop_term fallback)
{
    cop_term value = get_or(map, key, fallback);

    return cop_tuple(value, cop_map_remove(map, key));
}

static cop_term pop(cop_term map, cop_term key)
{
    return pop_or(map, key, cop_nil());
}

static cop_term update(cop_term map, cop_term key, cop_term fallback, cop_term fun)
{
    cop_term value;

    cop__fun_arg(fun, 1, "Map.update/4");
    value = get_or(map, key, cop_none());
    return cop_map_put(map, key, cop_is_none(value) ? fallback : cop__call1(fun, value));
}

static cop_term update_or_raise(cop_term map, cop_term key, cop_term fun)
{
    cop__fun_arg(fun, 1, "Map.update!/3");
    return cop_map_put(map, key, cop__call1(fun, fetch_or_raise(map, key)));
}

static cop_term take(cop_term map, cop_term names)
{
    cop_term taken = cop_map_new();

    cop__map_arg(map);
    for (cop_term l = cop__enumerate(names); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_map_has(map, cop_head(l)))
            taken = cop_map_put(taken, cop_head(l), cop_map_get(map, cop_head(l), cop_nil()));
    return taken;
}

static cop_term drop(cop_term map, cop_term names)
{
    cop__map_arg(map);
    for (cop_term l = cop__enumerate(names); !cop_is_empty_list(l); l = cop_tail(l))
        map = cop_map_remove(map, cop_head(l));
    return map;
}

static cop_term split(cop_term map, cop_term names)
{
    return cop_tuple(take(map, names), drop(map, names));
}

static cop_term is_equal(cop_term left, cop_term right)
{
    return cop_bool(cop_identical(cop__map_arg(left), cop__map_arg(right)));
}

static cop_term from_keys(cop_term names, cop_term value)
{
    cop_term map = cop_map_new();

    if (!cop_is_list(names) || cop_list_len(names) < 0) cop__raise_argument(1, "not a list");
    for (; !cop_is_empty_list(names); names = cop_tail(names))
        map = cop_map_put(map, cop_head(names), value);
    return map;
}

static cop_term new_2(cop_term enumerable, cop_term fun)
{
    cop_term pairs = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        pairs = cop_cons(cop__call1(fun, cop_head(l)), pairs);
    return new_1(cop_list_reverse(pairs));
}

/* What both have goes through fun(key, value, other_value). */
static cop_term merge_with(cop_term map, cop_term other, cop_term fun)
{
    cop_term merged;
    cop_term key;
    cop_term value;

    cop__fun_arg(fun, 3, "Map.merge/3");
    merged = cop__map_arg(map);
    for (struct cop_map_iter it = cop_map_iter(cop__map_arg(other));
         cop_map_next(&it, &key, &value);) {
        const cop_term args[] = {key, cop_map_get(map, key, cop_none()), value};

        merged =
            cop_map_put(merged, key, cop_is_none(args[1]) ? value : cop_call_fun(fun, args, 3));
    }
    return merged;
}

static cop_term filtered(cop_term map, cop_term fun, bool wanted, const char *function)
{
    cop_term kept = map;
    cop_term key;
    cop_term value;

    if (!cop_is_map(map)) cop__raise_no_clause(function);
    cop__fun_arg(fun, 1, function);
    for (struct cop_map_iter it = cop_map_iter(map); cop_map_next(&it, &key, &value);)
        if (cop__is_truthy(cop__call1(fun, cop_tuple(key, value))) != wanted)
            kept = cop_map_remove(kept, key);
    return kept;
}

static cop_term filter(cop_term map, cop_term fun)
{
    return filtered(map, fun, true, "Map.filter/2");
}

static cop_term reject(cop_term map, cop_term fun)
{
    return filtered(map, fun, false, "Map.reject/2");
}

/* --- Map: one key ----------------------------------------------------------------------------- */

static cop_term replace_or_raise(cop_term map, cop_term key, cop_term value)
{
    (void)fetch_or_raise(map, key);
    return cop_map_put(map, key, value);
}

static cop_term pop_or_raise(cop_term map, cop_term key)
{
    return cop_tuple(fetch_or_raise(map, key), cop_map_remove(map, key));
}

static cop_term get_lazy(cop_term map, cop_term key, cop_term fun)
{
    cop_term value;

    cop__fun_arg(fun, 0, "Map.get_lazy/3");
    value = get_or(map, key, cop_none());
    return cop_is_none(value) ? cop_call_fun(fun, NULL, 0) : value;
}

static cop_term put_new_lazy(cop_term map, cop_term key, cop_term fun)
{
    cop__fun_arg(fun, 0, "Map.put_new_lazy/3");
    if (cop_map_has(cop__map_arg(map), key)) return map;
    return cop_map_put(map, key, cop_call_fun(fun, NULL, 0));
}

static cop_term pop_lazy(cop_term map, cop_term key, cop_term fun)
{
    cop__fun_arg(fun, 0, "Map.pop_lazy/3");
    return cop_tuple(get_lazy(map, key, fun), cop_map_remove(map, key));
}

static cop_term changed(cop_term map, cop_term key, cop_term old, cop_term fun)
{
    cop_term got;
    cop_term updated;

    if (!cop__get_and_update(fun, old, &got, &updated))
        return cop_tuple(got, cop_map_remove(map, key));
    return cop_tuple(got, cop_map_put(map, key, updated));
}

static cop_term get_and_update(cop_term map, cop_term key, cop_term fun)
{
    return changed(map, key, get(map, key), cop__fun_arg(fun, 1, "Map.get_and_update/3"));
}

static cop_term get_and_update_or_raise(cop_term map, cop_term key, cop_term fun)
{
    return changed(map, key, fetch_or_raise(map, key),
                   cop__fun_arg(fun, 1, "Map.get_and_update!/3"));
}

static const struct cop_function map_functions[] = {
    COP_EXPORT("delete(map, key)", delete, "The map without key."),
    COP_EXPORT("drop(map, keys)", drop, "The map without these keys."),
    COP_EXPORT("equal?(left, right)", is_equal, "Whether both are the same (===)."),
    COP_EXPORT("fetch(map, key)", fetch, "{:ok, value} or :error."),
    COP_EXPORT("fetch!(map, key)", fetch_or_raise,
               "The value of key; a KeyError if there is none."),
    COP_EXPORT("filter(map, fun)", filter, "The map with the {key, value} of which fun is true."),
    COP_EXPORT("from_keys(keys, value)", from_keys, "The map with value at each of these keys."),
    COP_EXPORT("get(map, key)", get, "The value of key, or nil."),
    COP_EXPORT("get(map, key, default)", get_or, "The value of key, or default."),
    COP_EXPORT("get_and_update(map, key, fun)", get_and_update,
               "{got, the map with new} where fun(value) gives {got, new} or :pop."),
    COP_EXPORT("get_and_update!(map, key, fun)", get_and_update_or_raise,
               "The same; a KeyError if there is none."),
    COP_EXPORT("get_lazy(map, key, fun)", get_lazy, "The value of key, or what fun() gives."),
    COP_EXPORT("has_key?(map, key)", has_key, "Whether map has key."),
    COP_EXPORT("keys(map)", keys, "All keys."),
    COP_EXPORT("merge(map, other)", merge, "Both as one; other's values win."),
    COP_EXPORT("merge(map, other, fun)", merge_with,
               "Both as one; fun(key, value, other_value) of what both have."),
    COP_EXPORT("new()", new_0, "The empty map."),
    COP_EXPORT("new(enumerable)", new_1, "The map with these {key, value}."),
    COP_EXPORT("new(enumerable, fun)", new_2, "The same of what fun makes of each element."),
    COP_EXPORT("pop(map, key)", pop, "{value or nil, the map without key}."),
    COP_EXPORT("pop(map, key, default)", pop_or, "{value or default, the map without key}."),
    COP_EXPORT("pop!(map, key)", pop_or_raise,
               "{value, the map without key}; a KeyError if there is none."),
    COP_EXPORT("pop_lazy(map, key, fun)", pop_lazy,
               "{value or what fun() gives, the map without key}."),
    COP_EXPORT("put(map, key, value)", put, "The map with value at key."),
    COP_EXPORT("put_new(map, key, value)", put_new, "The same unless map has key."),
    COP_EXPORT("put_new_lazy(map, key, fun)", put_new_lazy,
               "The map with what fun() gives at key, unless it has key."),
    COP_EXPORT("reject(map, fun)", reject,
               "The map with the {key, value} of which fun is not true."),
    COP_EXPORT("replace(map, key, value)", replace, "The map with value at key, if it has key."),
    COP_EXPORT("replace!(map, key, value)", replace_or_raise,
               "The same; a KeyError if it has not."),
    COP_EXPORT("split(map, keys)", split, "{the map with these keys only, the map without them}."),
    COP_EXPORT("take(map, keys)", take, "The map with these keys only."),
    COP_EXPORT("to_list(map)", to_list, "The {key, value} as a list."),
    COP_EXPORT("update(map, key, default, fun)", update,
               "The map with fun(value) at key, or default if there is none."),
    COP_EXPORT("update!(map, key, fun)", update_or_raise, "The same; a KeyError if there is none."),
    COP_EXPORT("values(map)", values, "All values."),
    COP_EXPORT_END};

const struct cop_module cop__map_module = {.size = sizeof(struct cop_module),
                                           .name = "Map",
                                           .doc = "Maps: values under keys.",
                                           .functions = map_functions};

/* --- Function --------------------------------------------------------------------------------- */

static cop_term function_identity(cop_term value)
{
    return value;
}

static cop_term function_capture(cop_term module, cop_term function, cop_term arity)
{
    int64_t n;

    if (!cop_is_atom(module)) cop__raise_argument(1, "not an atom");
    if (!cop_is_atom(function)) cop__raise_argument(2, "not an atom");
    if (!cop_is_integer(arity)) cop__raise_argument(3, "not an integer");
    if (!cop__is_int64(arity, &n) || n < 0 || n > 255) cop__raise_argument(3, "out of range");
    return cop_capture(module, function, (int)n);
}

static const struct cop_function function_functions[] = {
    COP_EXPORT("capture(module, function, arity)", function_capture, "&module.function/arity."),
    COP_EXPORT("identity(value)", function_identity, "The value itself."), COP_EXPORT_END};

const struct cop_module cop__function_module = {.size = sizeof(struct cop_module),
                                                .name = "Function",
                                                .doc = "Functions as values.",
                                                .functions = function_functions};
