/* SPDX-License-Identifier: Apache-2.0 */
/* Calling captures: &Mod.fun/2, and &Mod.fun(&1, x) whose bound arguments are data.
 *
 * The list of arguments of a capture holds the bound terms as they are. A hole &n is {:&, n}; where a
 * hole lies inside a tuple, list or map, that is {:&, :tuple, [e...]}, {:&, :list, [e...]},
 * {:&, :cons, [head, tail]} or {:&, :map, [k, v, ...]}, whose elements follow the same rules; a tuple
 * that begins with :& and is meant as it is, is {:&, :value, tuple}. */
#include "otp/module.h"

/* What fills the holes. */
struct call {
    const cop_term *args;
    size_t len;
};

/* --- Filling ------------------------------------------------------------------------------------ */

static bool is_marked(cop_term t)
{
    return cop_is_tuple(t) && cop_tuple_size(t) > 1 && cop_elem(t, 0).word == COP(":&").word;
}

/* The value of a marked term that is no collection; cop_none() if it is one. */
static cop_term leaf(cop_term t, const struct call *c)
{
    cop_term value;
    int64_t n;

    if (cop_match(t, "{:&, n}", n)) {
        if (n < 1 || (size_t)n > c->len) cop_error(COP(":badarg"));
        return c->args[n - 1];
    }
    if (cop_match(t, "{:&, :value, value}", value)) return value;
    return cop_none();
}

/* A collection of which all elements are there, the last one first in done. */
static cop_term collect(cop_term shape, cop_term done)
{
    cop_term list = cop_list_reverse(done), map = cop_map_new();
    size_t len = 0;

    if (shape.word == COP(":list").word) return list;
    if (shape.word == COP(":cons").word) return cop_cons(cop_head(list), cop_head(cop_tail(list)));
    if (shape.word == COP(":tuple").word) {
        cop_term tuple, *items = cop_alloc((size_t)cop_list_len(list) * sizeof(cop_term));

        for (; !cop_is_empty_list(list); list = cop_tail(list))
            items[len++] = cop_head(list);
        tuple = cop_tuple_from(items, len);
        cop_free(items);
        return tuple;
    }
    for (; !cop_is_empty_list(list); list = cop_tail(cop_tail(list)))
        map = cop_map_put(map, cop_head(list), cop_head(cop_tail(list)));
    return map;
}

/* The value of a collection with holes. Its depth is data, so the collections that are not finished yet
 * are kept in a list, the innermost first: {shape, elements to come, elements done}. */
static cop_term fill_deep(cop_term t, const struct call *c)
{
    cop_term open = cop_empty_list(), shape, todo, done, value;

    for (;;) {
        value = is_marked(t) ? leaf(t, c) : t;
        if (cop_is_none(value)) {
            cop_expect(t, "{:&, shape, todo}", shape, todo);
            done = cop_empty_list();
        } else {
            cop_expect(open, "[{shape, todo, done} | open]", shape, todo, done, open);
            done = cop_cons(value, done);
        }
        while (cop_is_empty_list(todo)) {
            value = collect(shape, done);
            if (cop_is_empty_list(open)) return value;
            cop_expect(open, "[{shape, todo, done} | open]", shape, todo, done, open);
            done = cop_cons(value, done);
        }
        t = cop_head(todo);
        open = cop_cons(cop_tuple(shape, cop_tail(todo), done), open);
    }
}

static cop_term fill(cop_term t, const struct call *c)
{
    cop_term value;

    if (!is_marked(t)) return t;
    value = leaf(t, c);
    return cop_is_none(value) ? fill_deep(t, c) : value;
}

/* --- Calling ------------------------------------------------------------------------------------ */

/* {:badarity, {fun, args}}: a BadArityError. */
static COP_NORETURN void bad_arity(cop_term fun, const cop_term *args, size_t len)
{
    cop_error(cop_tuple(COP(":badarity"), cop_tuple(fun, cop_list_from(args, len))));
}

cop_term cop_call_fun(cop_term fun, const cop_term *args, size_t len)
{
    cop_term module, function, bound;
    cop_term filled[COP__ARGS_MAX];
    struct call c = {args, len};
    size_t count = 0;
    int arity;

    if (!cop_is_fun(fun, -1)) cop_error(cop_tuple(COP(":badfun"), fun));
    cop_capture_parts(fun, &module, &function, &arity, &bound);
    if ((size_t)arity != len) bad_arity(fun, args, len);
    if (!cop_is_list(bound)) return cop__apply(module, function, args, len);
    for (; !cop_is_empty_list(bound); bound = cop_tail(bound)) {
        if (count == COP__ARGS_MAX) cop_error(COP(":system_limit"));
        filled[count++] = fill(cop_head(bound), &c);
    }
    return cop__apply(module, function, filled, count);
}
