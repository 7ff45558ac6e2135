/* SPDX-License-Identifier: Apache-2.0 */
/* Enum: what can be done with the elements of a list, or the {key, value} of a map. */
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"
#include "otp/text.h"

static bool is_truthy(cop_term t)
{
    return !cop_identical(t, cop_nil()) && !cop_identical(t, cop_false());
}

static cop_term count(cop_term enumerable)
{
    return cop_int(cop_list_len(cop__enumerate(enumerable)));
}

/* --- One element after the other -------------------------------------------------------------- */

/* What the walks below know; each uses what it needs. */
struct walk {
    cop_term fun;
    cop_term done; /* a list that grows, an accumulator, or what was found (cop_none(): nothing) */
    bool wanted;
};

static bool map_one(void *state, cop_term element)
{
    struct walk *w = state;

    w->done = cop_cons(cop__call1(w->fun, element), w->done);
    return true;
}

static cop_term map(cop_term enumerable, cop_term fun)
{
    struct walk w = {.fun = fun, .done = cop_empty_list()};

    cop__each(enumerable, map_one, &w);
    return cop_list_reverse(w.done);
}

static bool call_one(void *state, cop_term element)
{
    (void)cop__call1(((struct walk *)state)->fun, element);
    return true;
}

static cop_term each(cop_term enumerable, cop_term fun)
{
    cop__each(enumerable, call_one, &(struct walk){.fun = fun});
    return cop_ok();
}

static bool keep_one(void *state, cop_term element)
{
    struct walk *w = state;

    if (is_truthy(cop__call1(w->fun, element)) == w->wanted) w->done = cop_cons(element, w->done);
    return true;
}

static cop_term keep(cop_term enumerable, cop_term fun, bool wanted)
{
    struct walk w = {.fun = fun, .done = cop_empty_list(), .wanted = wanted};

    cop__each(enumerable, keep_one, &w);
    return cop_list_reverse(w.done);
}

static cop_term filter(cop_term enumerable, cop_term fun)
{
    return keep(enumerable, fun, true);
}

static cop_term reject(cop_term enumerable, cop_term fun)
{
    return keep(enumerable, fun, false);
}

static cop_term count_if(cop_term enumerable, cop_term fun)
{
    return cop_int(cop_list_len(keep(enumerable, fun, true)));
}

static bool find_one(void *state, cop_term element)
{
    struct walk *w = state;

    if (is_truthy(cop__call1(w->fun, element)) != w->wanted) return true;
    w->done = element;
    return false;
}

/* The first element for which fun is as wanted, or cop_none(). */
static cop_term first_where(cop_term enumerable, cop_term fun, bool wanted)
{
    struct walk w = {.fun = fun, .done = cop_none(), .wanted = wanted};

    cop__each(enumerable, find_one, &w);
    return w.done;
}

static cop_term find(cop_term enumerable, cop_term fun)
{
    cop_term found = first_where(enumerable, fun, true);

    return cop_is_none(found) ? cop_nil() : found;
}

static cop_term any(cop_term enumerable, cop_term fun)
{
    return cop_bool(!cop_is_none(first_where(enumerable, fun, true)));
}

static cop_term all(cop_term enumerable, cop_term fun)
{
    return cop_bool(cop_is_none(first_where(enumerable, fun, false)));
}

static bool stop_at_member(void *state, cop_term element)
{
    struct walk *w = state;

    w->wanted = cop_identical(w->done, element);
    return !w->wanted;
}

static cop_term is_member(cop_term enumerable, cop_term element)
{
    struct walk w = {.done = element};

    cop__each(enumerable, stop_at_member, &w);
    return cop_bool(w.wanted);
}

static bool stop_at_once(void *is_empty, cop_term element)
{
    (void)element;
    *(bool *)is_empty = false;
    return false;
}

static cop_term is_empty(cop_term enumerable)
{
    bool is_empty = true;

    cop__each(enumerable, stop_at_once, &is_empty);
    return cop_bool(is_empty);
}

static cop_term to_list(cop_term enumerable)
{
    return cop__enumerate(enumerable);
}

static cop_term reverse(cop_term enumerable)
{
    return cop_list_reverse(cop__enumerate(enumerable));
}

static cop_term sum(cop_term enumerable)
{
    cop_term total = cop_int(0);

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        total = cop__add(total, cop_head(l));
    return total;
}

static bool reduce_one(void *state, cop_term element)
{
    struct walk *w = state;

    w->done = cop__call2(w->fun, element, w->done);
    return true;
}

static cop_term reduce(cop_term enumerable, cop_term acc, cop_term fun)
{
    struct walk w = {.fun = fun, .done = acc};

    cop__each(enumerable, reduce_one, &w);
    return w.done;
}

/* --- Order ------------------------------------------------------------------------------------ */

static bool follows(void *arg, cop_term a, cop_term b)
{
    (void)arg;
    return cop_compare(a, b) >= 0;
}

static bool as_fun_says(void *arg, cop_term a, cop_term b)
{
    return is_truthy(cop__call2(*(cop_term *)arg, a, b));
}

static cop_term sort(cop_term enumerable)
{
    return cop__sort_list(cop__enumerate(enumerable), cop__precedes, NULL);
}

static cop_term sort_with(cop_term enumerable, cop_term order)
{
    cop_term list = cop__enumerate(enumerable);

    if (cop_identical(order, COP(":asc"))) return cop__sort_list(list, cop__precedes, NULL);
    if (cop_identical(order, COP(":desc"))) return cop__sort_list(list, follows, NULL);
    if (!cop_is_fun(order, 2)) cop__raise_no_clause("Enum.sort/2");
    return cop__sort_list(list, as_fun_says, &order);
}

static bool by_first(void *arg, cop_term a, cop_term b)
{
    (void)arg;
    return cop_compare(cop_elem(a, 0), cop_elem(b, 0)) <= 0;
}

static cop_term sort_by(cop_term enumerable, cop_term fun)
{
    cop_term pairs = cop_empty_list();
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        pairs = cop_cons(cop_tuple(cop__call1(fun, cop_head(l)), cop_head(l)), pairs);
    pairs = cop__sort_list(cop_list_reverse(pairs), by_first, NULL);
    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs))
        done = cop_cons(cop_elem(cop_head(pairs), 1), done);
    return cop_list_reverse(done);
}

/* The first element that stands before (sign -1) or after (1) all others. */
static cop_term extreme(cop_term enumerable, int sign)
{
    cop_term l = cop__enumerate(enumerable);
    cop_term best;

    if (cop_is_empty_list(l)) cop_raise("Enum.EmptyError", "empty error");
    for (best = cop_head(l); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop_compare(cop_head(l), best) * sign > 0) best = cop_head(l);
    return best;
}

static cop_term max_of(cop_term enumerable)
{
    return extreme(enumerable, 1);
}

static cop_term min_of(cop_term enumerable)
{
    return extreme(enumerable, -1);
}

static cop_term uniq(cop_term enumerable)
{
    cop_term seen = cop_map_new();
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (cop_map_has(seen, cop_head(l))) continue;
        seen = cop_map_put(seen, cop_head(l), cop_true());
        done = cop_cons(cop_head(l), done);
    }
    return cop_list_reverse(done);
}

/* --- Positions -------------------------------------------------------------------------------- */

struct place {
    int64_t left;
    cop_term element;
};

static bool stop_at_place(void *state, cop_term element)
{
    struct place *place = state;

    if (place->left-- > 0) return true;
    place->element = element;
    return false;
}

static cop_term at_or(cop_term enumerable, cop_term index, cop_term fallback)
{
    struct place place = {.element = fallback};

    if (!cop__is_int64(index, &place.left)) cop__raise_no_clause("Enum.at/3");
    if (place.left < 0) {
        enumerable = cop__enumerate(enumerable);
        place.left += cop_list_len(enumerable);
        if (place.left < 0) return fallback;
    }
    cop__each(enumerable, stop_at_place, &place);
    return place.element;
}

static cop_term at(cop_term enumerable, cop_term index)
{
    return at_or(enumerable, index, cop_nil());
}

struct taking {
    cop_term done;
    int64_t left;
};

static bool take_one(void *state, cop_term element)
{
    struct taking *t = state;

    t->done = cop_cons(element, t->done);
    return --t->left > 0;
}

static cop_term take_last(cop_term list, int64_t n)
{
    for (n = cop_list_len(list) - n; n > 0; n--)
        list = cop_tail(list);
    return list;
}

/* The first n elements; of a negative n the last. */
static cop_term take(cop_term enumerable, cop_term amount)
{
    struct taking t = {.done = cop_empty_list()};

    if (!cop__is_int64(amount, &t.left)) cop__raise_no_clause("Enum.take/2");
    if (t.left < 0) return take_last(cop__enumerate(enumerable), -t.left);
    if (t.left > 0) cop__each(enumerable, take_one, &t);
    return cop_list_reverse(t.done);
}

static cop_term drop(cop_term enumerable, cop_term amount)
{
    cop_term l = cop__enumerate(enumerable);
    int64_t n;

    if (!cop__is_int64(amount, &n)) cop__raise_no_clause("Enum.drop/2");
    if (n < 0) {
        n += cop_list_len(l);
        return take(l, cop_int(n > 0 ? n : 0));
    }
    for (; n > 0 && !cop_is_empty_list(l); n--)
        l = cop_tail(l);
    return l;
}

static cop_term with_index(cop_term enumerable)
{
    cop_term done = cop_empty_list();
    int64_t i = 0;

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        done = cop_cons(cop_tuple(cop_head(l), i++), done);
    return cop_list_reverse(done);
}

static cop_term concat(cop_term enumerables)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop_list_reverse(cop__enumerate(enumerables)); !cop_is_empty_list(l);
         l = cop_tail(l))
        done = cop_list_append(cop__enumerate(cop_head(l)), done);
    return done;
}

static cop_term join_with(cop_term enumerable, cop_term joiner)
{
    COP__TEXT(text);
    bool is_first = true;

    if (!cop_is_binary(joiner)) cop__raise_no_clause("Enum.join/2");
    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!is_first) cop__text_add_bytes(&text, cop_to_bytes(joiner));
        cop__text_add_bytes(&text, cop_to_bytes(cop__to_string(cop_head(l))));
        is_first = false;
    }
    return cop__text_binary(&text);
}

static cop_term join(cop_term enumerable)
{
    return join_with(enumerable, COP("\"\""));
}

static const struct cop_function functions[] = {
    COP_EXPORT("all?(enumerable, fun)", all, "Whether fun is true of all elements."),
    COP_EXPORT("any?(enumerable, fun)", any, "Whether fun is true of some element."),
    COP_EXPORT("at(enumerable, index)", at, "The element at index, or nil."),
    COP_EXPORT("at(enumerable, index, default)", at_or, "The element at index, or default."),
    COP_EXPORT("concat(enumerables)", concat, "The elements of all, one after the other."),
    COP_EXPORT("count(enumerable)", count, "The number of elements."),
    COP_EXPORT("count(enumerable, fun)", count_if, "How many there are of which fun is true."),
    COP_EXPORT("drop(enumerable, amount)", drop, "All but the first elements."),
    COP_EXPORT("each(enumerable, fun)", each, "Calls fun with each element."),
    COP_EXPORT("empty?(enumerable)", is_empty, "Whether there is no element."),
    COP_EXPORT("filter(enumerable, fun)", filter, "The elements of which fun is true."),
    COP_EXPORT("find(enumerable, fun)", find, "The first element of which fun is true, or nil."),
    COP_EXPORT("join(enumerable)", join, "The texts of all elements as one."),
    COP_EXPORT("join(enumerable, joiner)", join_with, "The same with a text between them."),
    COP_EXPORT("map(enumerable, fun)", map, "What fun makes of each element."),
    COP_EXPORT("max(enumerable)", max_of, "The largest element."),
    COP_EXPORT("member?(enumerable, element)", is_member, "Whether element is in it (===)."),
    COP_EXPORT("min(enumerable)", min_of, "The smallest element."),
    COP_EXPORT("reduce(enumerable, acc, fun)", reduce, "fun(element, acc) over all elements."),
    COP_EXPORT("reject(enumerable, fun)", reject, "The elements of which fun is not true."),
    COP_EXPORT("reverse(enumerable)", reverse, "The elements from last to first."),
    COP_EXPORT("sort(enumerable)", sort, "The elements in the order of terms."),
    COP_EXPORT("sort(enumerable, order)", sort_with, "The same by :asc, :desc or a function."),
    COP_EXPORT("sort_by(enumerable, fun)", sort_by, "In the order of what fun makes of each."),
    COP_EXPORT("sum(enumerable)", sum, "The sum of the elements."),
    COP_EXPORT("take(enumerable, amount)", take, "The first elements; the last if negative."),
    COP_EXPORT("to_list(enumerable)", to_list, "The elements as a list."),
    COP_EXPORT("uniq(enumerable)", uniq, "Each element once."),
    COP_EXPORT("with_index(enumerable)", with_index, "Each element with its position."),
    COP_EXPORT_END};

const struct cop_module cop__enum_module = {.size = sizeof(struct cop_module),
                                            .name = "Enum",
                                            .doc = "Working with the elements of lists and maps.",
                                            .functions = functions};
