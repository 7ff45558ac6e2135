/* SPDX-License-Identifier: Apache-2.0 */
/* Enum: what can be done with the elements of a list, or the {key, value} of a map. Here is what
 * calls a function with one element after the other, and the table. */
#include "otp/stdlib_enum.h"
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"

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

static cop_term flat_map(cop_term enumerable, cop_term fun)
{
    return cop__enum_concat(map(enumerable, fun));
}

static cop_term map_join_with(cop_term enumerable, cop_term joiner, cop_term fun)
{
    if (!cop_is_binary(joiner)) cop__raise_no_clause("Enum.map_join/3");
    return cop__enum_join_with(map(enumerable, fun), joiner);
}

static cop_term map_join(cop_term enumerable, cop_term fun)
{
    return cop__enum_join(map(enumerable, fun));
}

static cop_term into_with(cop_term enumerable, cop_term collectable, cop_term fun)
{
    (void)cop__enum_into(cop_empty_list(), collectable); /* is it one? */
    return cop__enum_into(map(enumerable, fun), collectable);
}

static cop_term each(cop_term enumerable, cop_term fun)
{
    cop__each(enumerable, call_one, &(struct walk){.fun = fun});
    return cop_ok();
}

static bool keep_one(void *state, cop_term element)
{
    struct walk *w = state;

    if (cop__is_truthy(cop__call1(w->fun, element)) == w->wanted)
        w->done = cop_cons(element, w->done);
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

    if (cop__is_truthy(cop__call1(w->fun, element)) != w->wanted) return true;
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

static cop_term find_or(cop_term enumerable, cop_term fallback, cop_term fun)
{
    cop_term found = first_where(enumerable, fun, true);

    return cop_is_none(found) ? fallback : found;
}

static bool find_value_one(void *state, cop_term element)
{
    struct walk *w = state;
    cop_term value = cop__call1(w->fun, element);

    if (!cop__is_truthy(value)) return true;
    w->done = value;
    return false;
}

static cop_term find_value_or(cop_term enumerable, cop_term fallback, cop_term fun)
{
    struct walk w = {.fun = fun, .done = fallback};

    cop__each(enumerable, find_value_one, &w);
    return w.done;
}

static cop_term find_value(cop_term enumerable, cop_term fun)
{
    return find_value_or(enumerable, cop_nil(), fun);
}

static cop_term find_index(cop_term enumerable, cop_term fun)
{
    int64_t i = 0;

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l), i++)
        if (cop__is_truthy(cop__call1(fun, cop_head(l)))) return cop_int(i);
    return cop_nil();
}

/* The first elements for which fun is true, and the others. */
static cop_term split_while(cop_term enumerable, cop_term fun)
{
    cop_term first = cop_empty_list();
    cop_term l = cop__enumerate(enumerable);

    for (; !cop_is_empty_list(l) && cop__is_truthy(cop__call1(fun, cop_head(l))); l = cop_tail(l))
        first = cop_cons(cop_head(l), first);
    return cop_tuple(cop_list_reverse(first), l);
}

static bool take_true(void *state, cop_term element)
{
    struct walk *w = state;

    if (!cop__is_truthy(cop__call1(w->fun, element))) return false;
    w->done = cop_cons(element, w->done);
    return true;
}

static cop_term take_while(cop_term enumerable, cop_term fun)
{
    struct walk w = {.fun = fun, .done = cop_empty_list()};

    cop__each(enumerable, take_true, &w);
    return cop_list_reverse(w.done);
}

static cop_term drop_while(cop_term enumerable, cop_term fun)
{
    return cop_elem(split_while(enumerable, fun), 1);
}

static cop_term split_with(cop_term enumerable, cop_term fun)
{
    cop_term yes = cop_empty_list();
    cop_term no = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term *list = cop__is_truthy(cop__call1(fun, cop_head(l))) ? &yes : &no;

        *list = cop_cons(cop_head(l), *list);
    }
    return cop_tuple(cop_list_reverse(yes), cop_list_reverse(no));
}

static cop_term any_true(cop_term enumerable)
{
    return cop_bool(!cop_is_none(first_where(enumerable, COP("&Function.identity/1"), true)));
}

static cop_term all_true(cop_term enumerable)
{
    return cop_bool(cop_is_none(first_where(enumerable, COP("&Function.identity/1"), false)));
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

static cop_term reverse_onto(cop_term enumerable, cop_term tail)
{
    return cop_list_append(reverse(enumerable), cop__enumerate(tail));
}

/* --- One value of them all -------------------------------------------------------------------- */

static cop_term product(cop_term enumerable)
{
    cop_term total = cop_int(1);

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        total = cop__multiply(total, cop_head(l));
    return total;
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

/* The first element is the accumulator. */
static cop_term reduce_first(cop_term enumerable, cop_term fun)
{
    cop_term l = cop__enumerate(enumerable);

    if (cop_is_empty_list(l)) cop_raise("Enum.EmptyError", "empty error");
    return reduce(cop_tail(l), cop_head(l), fun);
}

static bool reduce_while_one(void *state, cop_term element)
{
    struct walk *w = state;
    cop_term verdict = cop__call2(w->fun, element, w->done);
    cop_term acc;

    if (cop_match(verdict, "{:cont, acc}", acc)) {
        w->done = acc;
        return true;
    }
    if (!cop_match(verdict, "{:halt, acc}", acc)) cop__raise_no_clause("Enumerable.List.reduce/3");
    w->done = acc;
    return false;
}

static cop_term reduce_while(cop_term enumerable, cop_term acc, cop_term fun)
{
    struct walk w = {.fun = fun, .done = acc};

    cop__each(enumerable, reduce_while_one, &w);
    return w.done;
}

/* fun(element, acc) gives {mapped, acc}. */
static cop_term map_reduce(cop_term enumerable, cop_term acc, cop_term fun)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term pair = cop__call2(fun, cop_head(l), acc);
        cop_term mapped;

        if (!cop_match(pair, "{mapped, acc}", mapped, acc))
            cop_error(cop_tuple(COP(":badmatch"), pair));
        done = cop_cons(mapped, done);
    }
    return cop_tuple(cop_list_reverse(done), acc);
}

static cop_term scan(cop_term enumerable, cop_term acc, cop_term fun)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l)) {
        acc = cop__call2(fun, cop_head(l), acc);
        done = cop_cons(acc, done);
    }
    return cop_list_reverse(done);
}

static cop_term scan_first(cop_term enumerable, cop_term fun)
{
    cop_term l = cop__enumerate(enumerable);

    if (cop_is_empty_list(l)) return l;
    return cop_cons(cop_head(l), scan(cop_tail(l), cop_head(l), fun));
}

static const struct cop_function functions[] = {
    COP_EXPORT("all?(enumerable)", all_true, "Whether all elements are true."),
    COP_EXPORT("all?(enumerable, fun)", all, "Whether fun is true of all elements."),
    COP_EXPORT("any?(enumerable)", any_true, "Whether some element is true."),
    COP_EXPORT("any?(enumerable, fun)", any, "Whether fun is true of some element."),
    COP_EXPORT("at(enumerable, index)", cop__enum_at, "The element at index, or nil."),
    COP_EXPORT("at(enumerable, index, default)", cop__enum_at_or,
               "The element at index, or default."),
    COP_EXPORT("chunk_by(enumerable, fun)", cop__enum_chunk_by,
               "Parts, a new one where fun gives another value."),
    COP_EXPORT("chunk_every(enumerable, count)", cop__enum_chunk_every, "Parts of count elements."),
    COP_EXPORT("chunk_every(enumerable, count, step)", cop__enum_chunk_every_step,
               "The same, each a step after the one before."),
    COP_EXPORT("chunk_every(enumerable, count, step, leftover)", cop__enum_chunk_every_leftover,
               "The last one filled up from leftover, or left out: :discard."),
    COP_EXPORT("concat(enumerables)", cop__enum_concat,
               "The elements of all, one after the other."),
    COP_EXPORT("concat(left, right)", cop__enum_concat_two, "The elements of both."),
    COP_EXPORT("count(enumerable)", count, "The number of elements."),
    COP_EXPORT("count(enumerable, fun)", count_if, "How many there are of which fun is true."),
    COP_EXPORT("dedup(enumerable)", cop__enum_dedup,
               "Without those that equal (===) the one before."),
    COP_EXPORT("dedup_by(enumerable, fun)", cop__enum_dedup_by,
               "Without those of which fun gives what it gave before."),
    COP_EXPORT("drop(enumerable, amount)", cop__enum_drop,
               "All but the first elements; the last if negative."),
    COP_EXPORT("drop_while(enumerable, fun)", drop_while,
               "The elements from the first on of which fun is not true."),
    COP_EXPORT("each(enumerable, fun)", each, "Calls fun with each element."),
    COP_EXPORT("empty?(enumerable)", is_empty, "Whether there is no element."),
    COP_EXPORT("fetch(enumerable, index)", cop__enum_fetch, "{:ok, element at index} or :error."),
    COP_EXPORT("fetch!(enumerable, index)", cop__enum_fetch_or_raise,
               "The element; an Enum.OutOfBoundsError if there is none."),
    COP_EXPORT("filter(enumerable, fun)", filter, "The elements of which fun is true."),
    COP_EXPORT("find(enumerable, fun)", find, "The first element of which fun is true, or nil."),
    COP_EXPORT("find(enumerable, default, fun)", find_or, "The same, or default."),
    COP_EXPORT("find_index(enumerable, fun)", find_index,
               "The position of the first of which fun is true, or nil."),
    COP_EXPORT("find_value(enumerable, fun)", find_value,
               "The first true value that fun gives, or nil."),
    COP_EXPORT("find_value(enumerable, default, fun)", find_value_or, "The same, or default."),
    COP_EXPORT("flat_map(enumerable, fun)", flat_map, "The elements of what fun makes of each."),
    COP_EXPORT("frequencies(enumerable)", cop__enum_frequencies,
               "How often each element is there, as a map."),
    COP_EXPORT("frequencies_by(enumerable, fun)", cop__enum_frequencies_by,
               "How often fun gives each of its values."),
    COP_EXPORT("group_by(enumerable, fun)", cop__enum_group_by,
               "A map from fun's values to the elements."),
    COP_EXPORT("group_by(enumerable, fun, value_fun)", cop__enum_group_by_with,
               "The same with what value_fun makes of them."),
    COP_EXPORT("intersperse(enumerable, separator)", cop__enum_intersperse,
               "The elements with separator between them."),
    COP_EXPORT("into(enumerable, collectable)", cop__enum_into,
               "The elements put into a list, string or map."),
    COP_EXPORT("into(enumerable, collectable, fun)", into_with,
               "The same with what fun makes of each."),
    COP_EXPORT("join(enumerable)", cop__enum_join, "The texts of all elements as one."),
    COP_EXPORT("join(enumerable, joiner)", cop__enum_join_with,
               "The same with a text between them."),
    COP_EXPORT("map(enumerable, fun)", map, "What fun makes of each element."),
    COP_EXPORT("map_join(enumerable, fun)", map_join,
               "The texts of what fun makes of each, as one."),
    COP_EXPORT("map_join(enumerable, joiner, fun)", map_join_with,
               "The same with a text between them."),
    COP_EXPORT("map_reduce(enumerable, acc, fun)", map_reduce,
               "{mapped, acc} where fun(element, acc) gives such a pair."),
    COP_EXPORT("max(enumerable)", cop__enum_max, "The largest element."),
    COP_EXPORT("max_by(enumerable, fun)", cop__enum_max_by,
               "The first of which fun gives the largest value."),
    COP_EXPORT("member?(enumerable, element)", is_member, "Whether element is in it (===)."),
    COP_EXPORT("min(enumerable)", cop__enum_min, "The smallest element."),
    COP_EXPORT("min_by(enumerable, fun)", cop__enum_min_by,
               "The first of which fun gives the smallest value."),
    COP_EXPORT("min_max(enumerable)", cop__enum_min_max, "{smallest, largest}."),
    COP_EXPORT("product(enumerable)", product, "The product of the elements."),
    COP_EXPORT("reduce(enumerable, fun)", reduce_first,
               "The same; acc begins as the first element."),
    COP_EXPORT("reduce(enumerable, acc, fun)", reduce, "fun(element, acc) over all elements."),
    COP_EXPORT("reduce_while(enumerable, acc, fun)", reduce_while,
               "The same while fun gives {:cont, acc}, until {:halt, acc}."),
    COP_EXPORT("reject(enumerable, fun)", reject, "The elements of which fun is not true."),
    COP_EXPORT("reverse(enumerable)", reverse, "The elements from last to first."),
    COP_EXPORT("reverse(enumerable, tail)", reverse_onto, "The same before those of tail."),
    COP_EXPORT("scan(enumerable, fun)", scan_first, "All that reduce comes by."),
    COP_EXPORT("scan(enumerable, acc, fun)", scan, "The same from acc on."),
    COP_EXPORT("slice(enumerable, range)", cop__enum_slice_range,
               "The elements at the positions of range, negative ones from the end."),
    COP_EXPORT("slice(enumerable, start, amount)", cop__enum_slice,
               "So many elements from start on."),
    COP_EXPORT("sort(enumerable)", cop__enum_sort, "The elements in the order of terms."),
    COP_EXPORT("sort(enumerable, order)", cop__enum_sort_with,
               "The same by :asc, :desc or a function."),
    COP_EXPORT("sort_by(enumerable, fun)", cop__enum_sort_by,
               "In the order of what fun makes of each."),
    COP_EXPORT("sort_by(enumerable, fun, order)", cop__enum_sort_by_with,
               "The same by :asc, :desc or a function."),
    COP_EXPORT("split(enumerable, amount)", cop__enum_split, "{the first elements, the others}."),
    COP_EXPORT("split_while(enumerable, fun)", split_while,
               "{the first of which fun is true, the others}."),
    COP_EXPORT("split_with(enumerable, fun)", split_with,
               "{those of which fun is true, the others}."),
    COP_EXPORT("sum(enumerable)", sum, "The sum of the elements."),
    COP_EXPORT("take(enumerable, amount)", cop__enum_take,
               "The first elements; the last if negative."),
    COP_EXPORT("take_while(enumerable, fun)", take_while,
               "The first elements of which fun is true."),
    COP_EXPORT("to_list(enumerable)", to_list, "The elements as a list."),
    COP_EXPORT("uniq(enumerable)", cop__enum_uniq, "Each element once."),
    COP_EXPORT("uniq_by(enumerable, fun)", cop__enum_uniq_by,
               "The elements of which fun gives a new value."),
    COP_EXPORT("unzip(enumerable)", cop__enum_unzip, "{first parts, second parts} of pairs."),
    COP_EXPORT("with_index(enumerable)", cop__enum_with_index, "Each element with its position."),
    COP_EXPORT("with_index(enumerable, offset)", cop__enum_with_index_from,
               "Positions from offset on, or fun(element, position)."),
    COP_EXPORT("zip(enumerables)", cop__enum_zip,
               "Tuples of the first elements, of the second ones, ..."),
    COP_EXPORT("zip(left, right)", cop__enum_zip_two,
               "Pairs of the first elements, of the second ones, ..."),
    COP_EXPORT("zip_with(left, right, fun)", cop__enum_zip_with, "What fun makes of these pairs."),
    COP_EXPORT_END};

const struct cop_module cop__enum_module = {.size = sizeof(struct cop_module),
                                            .name = "Enum",
                                            .doc = "Working with the elements of lists and maps.",
                                            .functions = functions};
