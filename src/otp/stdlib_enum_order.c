/* SPDX-License-Identifier: Apache-2.0 */
/* Enum: order, and which elements are alike. What goes by a function first makes pairs of what the
 * function says and the element. */
#include "otp/stdlib.h"
#include "otp/stdlib_enum.h"

/* {fun(element), element} for each element. */
static cop_term keyed(cop_term enumerable, cop_term fun)
{
    cop_term pairs = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        pairs = cop_cons(cop_tuple(cop__call1(fun, cop_head(l)), cop_head(l)), pairs);
    return cop_list_reverse(pairs);
}

/* {element, element} for each. */
static cop_term doubled(cop_term enumerable)
{
    cop_term pairs = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        pairs = cop_cons(cop_tuple(cop_head(l), cop_head(l)), pairs);
    return cop_list_reverse(pairs);
}

static cop_term key_of(cop_term pair)
{
    return cop_elem(pair, 0);
}

static cop_term value_of(cop_term pair)
{
    return cop_elem(pair, 1);
}

/* --- Order ------------------------------------------------------------------------------------ */

/* What elements are sorted by: :asc, :desc, a function of two that says whether they may stand so,
 * or a module whose compare/2 gives :lt, :eq or :gt. */
static bool in_order(cop_term order, cop_term a, cop_term b)
{
    if (cop_identical(order, COP(":asc"))) return cop_compare(a, b) <= 0;
    if (cop_identical(order, COP(":desc"))) return cop_compare(a, b) >= 0;
    if (cop_is_atom(order))
        return !cop_identical(cop_apply(order, COP(":compare"), cop_list(a, b)), COP(":gt"));
    return cop__is_truthy(cop__call2(order, a, b));
}

/* order, if it is one; else the FunctionClauseError of Elixir's function. */
static cop_term order_arg(cop_term order, const char *function)
{
    if (!cop_is_atom(order) && !cop_is_fun(order, 2)) cop__raise_no_clause(function);
    return order;
}

static bool precedes(void *order, cop_term a, cop_term b)
{
    return in_order(*(cop_term *)order, a, b);
}

static bool key_precedes(void *order, cop_term a, cop_term b)
{
    return in_order(*(cop_term *)order, key_of(a), key_of(b));
}

cop_term cop__enum_sort(cop_term enumerable)
{
    return cop__sort_list(cop__enumerate(enumerable), cop__precedes, NULL);
}

cop_term cop__enum_sort_with(cop_term enumerable, cop_term order)
{
    cop_term list;

    order_arg(order, "Enum.to_sort_fun/1");
    list = cop__enumerate(enumerable);
    if (cop_identical(order, COP(":asc"))) return cop__enum_sort(list);
    return cop__sort_list(list, precedes, &order);
}

cop_term cop__enum_sort_by_with(cop_term enumerable, cop_term fun, cop_term order)
{
    cop_term done = cop_empty_list();
    cop_term pairs = keyed(enumerable, cop__fun_arg(fun, 1, "Enum.sort_by/3"));

    order_arg(order, "List.keysort_fun/2");
    pairs = cop__sort_list(pairs, key_precedes, &order);
    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs))
        done = cop_cons(value_of(cop_head(pairs)), done);
    return cop_list_reverse(done);
}

cop_term cop__enum_sort_by(cop_term enumerable, cop_term fun)
{
    return cop__enum_sort_by_with(enumerable, fun, COP(":asc"));
}

/* Of pairs, the first value whose key stands before (sign -1) or after (1) all others. */
static cop_term extreme(cop_term pairs, int sign)
{
    cop_term best;

    if (cop_is_empty_list(pairs)) cop_raise("Enum.EmptyError", "empty error");
    for (best = cop_head(pairs); !cop_is_empty_list(pairs); pairs = cop_tail(pairs))
        if (cop_compare(key_of(cop_head(pairs)), key_of(best)) * sign > 0) best = cop_head(pairs);
    return value_of(best);
}

cop_term cop__enum_max(cop_term enumerable)
{
    return extreme(doubled(enumerable), 1);
}

cop_term cop__enum_max_by(cop_term enumerable, cop_term fun)
{
    return extreme(keyed(enumerable, cop__fun_arg(fun, 1, "Enum.max_by/4")), 1);
}

cop_term cop__enum_min(cop_term enumerable)
{
    return extreme(doubled(enumerable), -1);
}

cop_term cop__enum_min_by(cop_term enumerable, cop_term fun)
{
    return extreme(keyed(enumerable, cop__fun_arg(fun, 1, "Enum.min_by/4")), -1);
}

cop_term cop__enum_min_max(cop_term enumerable)
{
    cop_term pairs = doubled(enumerable);

    return cop_tuple(extreme(pairs, -1), extreme(pairs, 1));
}

/* --- Likeness --------------------------------------------------------------------------------- */

/* The values of pairs, each key (===) once. */
static cop_term unique(cop_term pairs)
{
    cop_term seen = cop_map_new();
    cop_term done = cop_empty_list();

    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        cop_term pair = cop_head(pairs);

        if (cop_map_has(seen, key_of(pair))) continue;
        seen = cop_map_put(seen, key_of(pair), cop_true());
        done = cop_cons(value_of(pair), done);
    }
    return cop_list_reverse(done);
}

cop_term cop__enum_uniq(cop_term enumerable)
{
    return unique(doubled(enumerable));
}

cop_term cop__enum_uniq_by(cop_term enumerable, cop_term fun)
{
    return unique(keyed(enumerable, fun));
}

/* The values of pairs whose key is not that of the pair before. */
static cop_term changes(cop_term pairs)
{
    cop_term before = cop_none();
    cop_term done = cop_empty_list();

    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        cop_term pair = cop_head(pairs);

        if (cop_is_none(before) || !cop_identical(before, key_of(pair)))
            done = cop_cons(value_of(pair), done);
        before = key_of(pair);
    }
    return cop_list_reverse(done);
}

cop_term cop__enum_dedup(cop_term enumerable)
{
    return changes(doubled(enumerable));
}

cop_term cop__enum_dedup_by(cop_term enumerable, cop_term fun)
{
    return changes(keyed(enumerable, fun));
}

static cop_term frequencies(cop_term pairs)
{
    cop_term counts = cop_map_new();

    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        cop_term key = key_of(cop_head(pairs));

        counts = cop_map_put(counts, key, cop_to_int(cop_map_get(counts, key, 0)) + 1);
    }
    return counts;
}

cop_term cop__enum_frequencies(cop_term enumerable)
{
    return frequencies(doubled(enumerable));
}

cop_term cop__enum_frequencies_by(cop_term enumerable, cop_term fun)
{
    return frequencies(keyed(enumerable, cop__fun_arg(fun, 1, "Enum.frequencies_by/2")));
}

/* Each group grows at its front, so the elements are taken from the last to the first. */
cop_term cop__enum_group_by_with(cop_term enumerable, cop_term fun, cop_term value_fun)
{
    cop_term groups = cop_map_new();
    cop_term pairs = cop_empty_list();

    for (cop_term l = keyed(enumerable, fun); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term pair = cop_head(l);

        pairs = cop_cons(cop_tuple(key_of(pair), cop__call1(value_fun, value_of(pair))), pairs);
    }
    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        cop_term pair = cop_head(pairs);
        cop_term group = cop_map_get(groups, key_of(pair), cop_empty_list());

        groups = cop_map_put(groups, key_of(pair), cop_cons(value_of(pair), group));
    }
    return groups;
}

cop_term cop__enum_group_by(cop_term enumerable, cop_term fun)
{
    return cop__enum_group_by_with(enumerable, fun, COP("&Function.identity/1"));
}
