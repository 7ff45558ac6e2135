/* SPDX-License-Identifier: Apache-2.0 */
/* List and Tuple. */
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"
#include "otp/stdlib_enum.h"

/* --- List ------------------------------------------------------------------------------------- */

/* list, if it is a proper one; else the FunctionClauseError of function. */
static cop_term list_arg(cop_term list, const char *function)
{
    if (!cop_is_list(list) || cop_list_len(list) < 0) cop__raise_no_clause(function);
    return list;
}

static cop_term first_or(cop_term list, cop_term fallback)
{
    if (!cop_is_list(list)) cop__raise_no_clause("List.first/2");
    return cop_is_empty_list(list) ? fallback : cop_head(list);
}

static cop_term first(cop_term list)
{
    return first_or(list, cop_nil());
}

static cop_term last_or(cop_term list, cop_term fallback)
{
    for (list_arg(list, "List.last/2"); !cop_is_empty_list(list); list = cop_tail(list))
        fallback = cop_head(list);
    return fallback;
}

static cop_term last(cop_term list)
{
    return last_or(list, cop_nil());
}

/* The first tuple of list whose element at position is key (==), or cop_none(); asked by this
 * function of List. erlang is the one of :lists that would refuse a negative position, NULL where
 * that is a function of the machine. */
static cop_term key_find(cop_term list, cop_term key, cop_term position, const char *function,
                         const char *erlang)
{
    int64_t i;

    if (!cop__is_int64(position, &i)) cop__raise_no_clause(function);
    if (i < 0 && erlang) cop__raise_no_clause(erlang);
    if (i < 0) cop__raise_argument(2, "out of range");
    if (!cop_is_list(list) || cop_list_len(list) < 0) {
        if (erlang) cop__raise_no_clause(erlang);
        cop__raise_argument(3, "not a list");
    }
    for (cop_term l = list; !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term t = cop_head(l);

        if (cop_is_tuple(t) && (size_t)i < cop_tuple_size(t) &&
            cop_equal(cop_elem(t, (size_t)i), key))
            return t;
    }
    return cop_none();
}

static cop_term keyfind_or(cop_term list, cop_term key, cop_term position, cop_term fallback)
{
    cop_term found = key_find(list, key, position, "List.keyfind/4", NULL);

    return cop_is_none(found) ? fallback : found;
}

static cop_term keyfind(cop_term list, cop_term key, cop_term position)
{
    return keyfind_or(list, key, position, cop_nil());
}

static cop_term keymember(cop_term list, cop_term key, cop_term position)
{
    return cop_bool(!cop_is_none(key_find(list, key, position, "List.keymember?/3", NULL)));
}

/* list without the first element that is identical to what. */
static cop_term without(cop_term list, cop_term what)
{
    cop_term passed = cop_empty_list();
    cop_term l = list;

    for (; !cop_is_empty_list(l); l = cop_tail(l)) {
        if (cop_identical(cop_head(l), what))
            return cop_list_append(cop_list_reverse(passed), cop_tail(l));
        passed = cop_cons(cop_head(l), passed);
    }
    return list;
}

static cop_term delete (cop_term list, cop_term element)
{
    return without(list_arg(list, "List.delete/2"), element);
}

static cop_term keydelete(cop_term list, cop_term key, cop_term position)
{
    cop_term found = key_find(list, key, position, "List.keydelete/3", ":lists.keydelete/3");

    return cop_is_none(found) ? list : without(list, found);
}

/* What is still to come of each list is kept in a list. */
static cop_term flatten_before(cop_term list, cop_term tail)
{
    cop_term pending = cop_list(list);
    cop_term done = cop_empty_list();

    while (!cop_is_empty_list(pending)) {
        cop_term t = cop_head(pending);

        pending = cop_tail(pending);
        if (!cop_is_list(t))
            done = cop_cons(t, done);
        else if (!cop_is_empty_list(t))
            pending = cop_cons(cop_head(t), cop_cons(cop_tail(t), pending));
    }
    return cop_list_append(cop_list_reverse(done), tail);
}

static cop_term flatten_onto(cop_term list, cop_term tail)
{
    if (!cop_is_list(tail)) cop__raise_no_clause(":lists.flatten/2");
    return flatten_before(list_arg(list, ":lists.flatten/2"), tail);
}

static cop_term flatten(cop_term list)
{
    return flatten_before(list_arg(list, ":lists.flatten/1"), cop_empty_list());
}

static cop_term wrap(cop_term t)
{
    if (cop_identical(t, cop_nil())) return cop_empty_list();
    return cop_is_list(t) ? t : cop_list(t);
}

static cop_term to_tuple(cop_term list)
{
    if (!cop_is_list(list) || cop_list_len(list) < 0) cop__raise_argument(1, "not a list");
    return cop__list_to_tuple(list);
}

static cop_term duplicate(cop_term element, cop_term times)
{
    cop_term list = cop_empty_list();
    int64_t n = cop__times(times, 2 * sizeof element, "List.duplicate/2");

    for (; n > 0; n--)
        list = cop_cons(element, list);
    return list;
}

static cop_term to_string(cop_term list)
{
    if (!cop_is_list(list)) cop__raise_no_clause("List.to_string/1");
    return cop__to_string(list);
}

/* --- Positions -------------------------------------------------------------------------------- */

/* The position that index means in list, from its end if negative; it may be out of range. Asked by
 * this function of List. */
static int64_t place_of(cop_term list, cop_term index, const char *function)
{
    int64_t i;

    if (!cop__is_int64(index, &i)) cop__raise_no_clause(function);
    list_arg(list, function);
    return i < 0 ? i + cop_list_len(list) : i;
}

/* list with `count` elements from i on replaced by those of with; list itself if i is no position.
 * *ret_first is the first element that went; untouched if none did. */
static cop_term splice(cop_term list, int64_t i, int count, cop_term with, cop_term *ret_first)
{
    cop_term before = cop_empty_list();
    cop_term rest = list;

    if (i < 0 || i + count > cop_list_len(list)) return list;
    for (; i > 0; i--, rest = cop_tail(rest))
        before = cop_cons(cop_head(rest), before);
    if (count > 0) *ret_first = cop_head(rest);
    for (; count > 0; count--)
        rest = cop_tail(rest);
    for (with = cop_list_append(with, rest); !cop_is_empty_list(before); before = cop_tail(before))
        with = cop_cons(cop_head(before), with);
    return with;
}

static cop_term delete_at(cop_term list, cop_term index)
{
    cop_term gone;

    return splice(list, place_of(list, index, "List.delete_at/2"), 1, cop_empty_list(), &gone);
}

static cop_term pop_at_or(cop_term list, cop_term index, cop_term fallback)
{
    int64_t i = place_of(list, index, "List.pop_at/3");
    cop_term rest = splice(list, i, 1, cop_empty_list(), &fallback);

    return cop_tuple(fallback, rest);
}

static cop_term pop_at(cop_term list, cop_term index)
{
    return pop_at_or(list, index, cop_nil());
}

/* Behind the last element for -1, and at the nearest end for a position beyond it. */
static cop_term insert_at(cop_term list, cop_term index, cop_term value)
{
    int64_t i = place_of(list, index, "List.insert_at/3");
    int64_t len = cop_list_len(list);
    cop_term gone;

    if (cop_compare(index, cop_int(0)) < 0) i++;
    return splice(list, i < 0 ? 0 : i > len ? len : i, 0, cop_list(value), &gone);
}

static cop_term replace_at(cop_term list, cop_term index, cop_term value)
{
    cop_term gone;

    return splice(list, place_of(list, index, "List.replace_at/3"), 1, cop_list(value), &gone);
}

static cop_term update_at(cop_term list, cop_term index, cop_term fun)
{
    int64_t i = place_of(list, index, "List.update_at/3");
    cop_term old = cop_none();

    cop__fun_arg(fun, -1, "List.update_at/3");
    (void)splice(list, i, 1, cop_empty_list(), &old);
    return cop_is_none(old) ? list : splice(list, i, 1, cop_list(cop__call1(fun, old)), &old);
}

/* --- Tuples by a key -------------------------------------------------------------------------- */

/* list with tuple in place of the one that key_find found. */
static cop_term with_tuple(cop_term list, cop_term found, cop_term tuple)
{
    cop_term passed = cop_empty_list();

    for (; !cop_identical(cop_head(list), found); list = cop_tail(list))
        passed = cop_cons(cop_head(list), passed);
    return cop_list_append(cop_list_reverse(passed), cop_cons(tuple, cop_tail(list)));
}

static cop_term keyreplace(cop_term list, cop_term key, cop_term position, cop_term tuple)
{
    cop_term found = key_find(list, key, position, "List.keyreplace/4", ":lists.keyreplace/4");

    if (!cop_is_tuple(tuple)) cop__raise_no_clause(":lists.keyreplace/4");
    return cop_is_none(found) ? list : with_tuple(list, found, tuple);
}

static cop_term keystore(cop_term list, cop_term key, cop_term position, cop_term tuple)
{
    cop_term found = key_find(list, key, position, "List.keystore/4", ":lists.keystore/4");

    if (!cop_is_tuple(tuple)) cop__raise_no_clause(":lists.keystore/4");
    if (cop_is_none(found)) return cop_list_append(list, cop_list(tuple));
    return with_tuple(list, found, tuple);
}

static cop_term keytake(cop_term list, cop_term key, cop_term position)
{
    cop_term found = key_find(list, key, position, "List.keytake/3", ":lists.keytake/3");

    return cop_is_none(found) ? cop_nil() : cop_tuple(found, without(list, found));
}

static bool key_precedes(void *position, cop_term a, cop_term b)
{
    size_t i = *(size_t *)position;

    return cop_compare(cop_elem(a, i), cop_elem(b, i)) <= 0;
}

static cop_term keysort(cop_term list, cop_term position)
{
    int64_t i;
    size_t at;

    list_arg(list, "List.keysort/3");
    if (!cop__is_int64(position, &i)) cop__raise_no_clause("List.keysort/3");
    if (i < 0) cop__raise_no_clause(":lists.keysort/2");
    if (cop_list_len(list) < 2) return list;
    for (cop_term l = list; !cop_is_empty_list(l); l = cop_tail(l)) {
        if (!cop_is_tuple(cop_head(l))) cop__raise_argument(2, "not a tuple");
        if ((size_t)i >= cop_tuple_size(cop_head(l))) cop__raise_argument(1, "out of range");
    }
    at = (size_t)i;
    return cop__sort_list(list, key_precedes, &at);
}

/* --- Folds and texts -------------------------------------------------------------------------- */

static cop_term fold(cop_term list, cop_term acc, cop_term fun)
{
    for (; !cop_is_empty_list(list); list = cop_tail(list))
        acc = cop__call2(fun, cop_head(list), acc);
    return acc;
}

static cop_term foldl(cop_term list, cop_term acc, cop_term fun)
{
    cop__fun_arg(fun, -1, "List.foldl/3");
    return fold(list_arg(list, "List.foldl/3"), acc, fun);
}

static cop_term foldr(cop_term list, cop_term acc, cop_term fun)
{
    cop__fun_arg(fun, -1, "List.foldr/3");
    return fold(cop_list_reverse(list_arg(list, "List.foldr/3")), acc, fun);
}

static cop_term starts_with(cop_term list, cop_term prefix)
{
    list_arg(list, "List.starts_with?/2");
    list_arg(prefix, "List.starts_with?/2");
    for (; !cop_is_empty_list(prefix); list = cop_tail(list), prefix = cop_tail(prefix))
        if (cop_is_empty_list(list) || !cop_identical(cop_head(list), cop_head(prefix)))
            return cop_false();
    return cop_true();
}

static cop_term is_improper(cop_term list)
{
    if (!cop_is_list(list)) cop__raise_no_clause("List.improper?/1");
    return cop_bool(cop_list_len(list) < 0);
}

static cop_term to_charlist(cop_term list)
{
    if (!cop_is_list(list)) cop__raise_no_clause("List.to_charlist/1");
    return cop_apply(COP("String"), COP(":to_charlist"), cop_list(cop__chardata(list, true)));
}

/* What this function of String makes of the list's characters, which are code points only; else the
 * list is not what is wanted. */
static cop_term from_characters(cop_term list, cop_term function, const char *wanted)
{
    if (!cop_is_list(list) || cop_list_len(list) < 0) cop__raise_argument(1, "not a list");
    for (cop_term l = list; !cop_is_empty_list(l); l = cop_tail(l)) {
        int64_t code;

        if (!cop__is_int64(cop_head(l), &code) || code < 0 || code > 0x10ffff ||
            (code >= 0xd800 && code <= 0xdfff))
            cop__raise_argument(1, wanted);
    }
    return cop_apply(COP("String"), function, cop_list(cop__to_string(list)));
}

static cop_term to_atom(cop_term list)
{
    return from_characters(list, COP(":to_atom"), "not a list of characters");
}

static cop_term to_existing_atom(cop_term list)
{
    return from_characters(list, COP(":to_existing_atom"), "not a list of characters");
}

static cop_term to_integer(cop_term list)
{
    return from_characters(list, COP(":to_integer"), "not a textual representation of an integer");
}

static cop_term to_float(cop_term list)
{
    return from_characters(list, COP(":to_float"), "not a textual representation of a float");
}

/* The elements of a list or a tuple, up to an improper end. */
static cop_term elements(cop_term t)
{
    cop_term done = cop_empty_list();

    if (cop_is_tuple(t)) {
        for (size_t i = cop_tuple_size(t); i > 0; i--)
            done = cop_cons(cop_elem(t, i - 1), done);
        return done;
    }
    if (!cop_is_list(t)) cop__raise_no_clause("List.to_list/1");
    for (; cop_is_list(t) && !cop_is_empty_list(t); t = cop_tail(t))
        done = cop_cons(cop_head(t), done);
    return cop_list_reverse(done);
}

/* Whether behind so many elements of a list there is the end of an improper one. */
static bool is_improper_at(cop_term t, int64_t n)
{
    if (cop_is_tuple(t)) return false;
    for (; n > 0; n--)
        t = cop_tail(t);
    return !cop_is_list(t);
}

static cop_term zip(cop_term lists)
{
    cop_term columns = cop_empty_list();
    cop_term rows;

    for (cop_term l = list_arg(lists, "List.zip/1"); !cop_is_empty_list(l); l = cop_tail(l))
        columns = cop_cons(elements(cop_head(l)), columns);
    rows = cop__enum_zip(cop_list_reverse(columns));
    for (cop_term l = lists; !cop_is_empty_list(l); l = cop_tail(l))
        if (is_improper_at(cop_head(l), cop_list_len(rows))) cop__raise_no_clause("List.to_list/1");
    return rows;
}

static const struct cop_function list_functions[] = {
    COP_EXPORT("delete(list, element)", delete, "The list without the first such element."),
    COP_EXPORT("delete_at(list, index)", delete_at, "The list without the element at index."),
    COP_EXPORT("duplicate(element, times)", duplicate, "A list of the element so many times."),
    COP_EXPORT("first(list)", first, "The first element, or nil."),
    COP_EXPORT("first(list, default)", first_or, "The first element, or default."),
    COP_EXPORT("flatten(list)", flatten, "The elements of the lists in list as one list."),
    COP_EXPORT("flatten(list, tail)", flatten_onto, "The same before tail."),
    COP_EXPORT("foldl(list, acc, fun)", foldl,
               "fun(element, acc) over all elements from the left."),
    COP_EXPORT("foldr(list, acc, fun)", foldr, "The same from the right."),
    COP_EXPORT("improper?(list)", is_improper, "Whether it ends in something else than []."),
    COP_EXPORT("insert_at(list, index, value)", insert_at,
               "The list with value before index; behind all for -1."),
    COP_EXPORT("keydelete(list, key, position)", keydelete,
               "The list without the first tuple that has key there."),
    COP_EXPORT("keyfind(list, key, position)", keyfind,
               "The first tuple that has key at position, or nil."),
    COP_EXPORT("keyfind(list, key, position, default)", keyfind_or, "The same, or default."),
    COP_EXPORT("keymember?(list, key, position)", keymember, "Whether there is such a tuple."),
    COP_EXPORT("keyreplace(list, key, position, tuple)", keyreplace,
               "The list with tuple in place of the first one that has key there."),
    COP_EXPORT("keysort(list, position)", keysort,
               "Tuples in the order of their elements at position."),
    COP_EXPORT("keystore(list, key, position, tuple)", keystore,
               "The same, or with tuple behind it."),
    COP_EXPORT("keytake(list, key, position)", keytake,
               "{the first tuple that has key there, the other elements}, or nil."),
    COP_EXPORT("last(list)", last, "The last element, or nil."),
    COP_EXPORT("last(list, default)", last_or, "The last element, or default."),
    COP_EXPORT("pop_at(list, index)", pop_at, "{element or nil, the list without it}."),
    COP_EXPORT("pop_at(list, index, default)", pop_at_or,
               "{element or default, the list without it}."),
    COP_EXPORT("replace_at(list, index, value)", replace_at, "The list with value at index."),
    COP_EXPORT("starts_with?(list, prefix)", starts_with, "Whether the list begins so."),
    COP_EXPORT("to_atom(list)", to_atom, "The atom with these characters."),
    COP_EXPORT("to_charlist(list)", to_charlist, "The characters of chardata as a list."),
    COP_EXPORT("to_existing_atom(list)", to_existing_atom,
               "The same as to_atom if there is one already."),
    COP_EXPORT("to_float(list)", to_float, "The float that the characters say."),
    COP_EXPORT("to_integer(list)", to_integer, "The integer that the characters say."),
    COP_EXPORT("to_string(list)", to_string, "The text of chardata."),
    COP_EXPORT("to_tuple(list)", to_tuple, "The elements as a tuple."),
    COP_EXPORT("update_at(list, index, fun)", update_at, "The list with fun(element) at index."),
    COP_EXPORT("wrap(term)", wrap, "A list: term if it is one, [] of nil, else [term]."),
    COP_EXPORT("zip(lists)", zip, "Tuples of the first elements, of the second ones, ..."),
    COP_EXPORT_END};

const struct cop_module cop__list_module = {.size = sizeof(struct cop_module),
                                            .name = "List",
                                            .doc = "Lists.",
                                            .functions = list_functions};

/* --- Tuple ------------------------------------------------------------------------------------ */

static cop_term tuple_arg(cop_term tuple)
{
    if (!cop_is_tuple(tuple)) cop__raise_argument(1, "not a tuple");
    return tuple;
}

static cop_term tuple_to_list(cop_term tuple)
{
    cop_term list = cop_empty_list();

    for (size_t i = cop_tuple_size(tuple_arg(tuple)); i > 0; i--)
        list = cop_cons(cop_elem(tuple, i - 1), list);
    return list;
}

static cop_term tuple_append(cop_term tuple, cop_term value)
{
    return to_tuple(cop_list_append(tuple_to_list(tuple), cop_list(value)));
}

/* A position in tuple, or up to `extra` behind it, as Tuple's functions ask for it. */
static size_t tuple_place(cop_term tuple, cop_term index, size_t extra)
{
    int64_t i;

    if (!cop_is_number(index)) cop_error(COP(":badarith"));
    if (!cop_is_integer(index)) cop__raise_argument(1, "not an integer");
    if (!cop_is_tuple(tuple)) cop__raise_argument(2, "not a tuple");
    if (!cop__is_int64(index, &i) || i < 0 || (size_t)i >= cop_tuple_size(tuple) + extra)
        cop__raise_argument(1, "out of range");
    return (size_t)i;
}

static cop_term tuple_delete_at(cop_term tuple, cop_term index)
{
    size_t i = tuple_place(tuple, index, 0);
    cop_term gone;

    return to_tuple(splice(tuple_to_list(tuple), (int64_t)i, 1, cop_empty_list(), &gone));
}

static cop_term tuple_insert_at(cop_term tuple, cop_term index, cop_term value)
{
    size_t i = tuple_place(tuple, index, 1);
    cop_term gone;

    return to_tuple(splice(tuple_to_list(tuple), (int64_t)i, 0, cop_list(value), &gone));
}

static cop_term tuple_duplicate(cop_term value, cop_term times)
{
    if (!cop_is_integer(times) || cop_compare(times, cop_int(0)) < 0)
        cop__raise_argument(1, "out of range");
    return to_tuple(duplicate(value, times));
}

static cop_term tuple_sum(cop_term tuple)
{
    cop_term total = cop_int(0);

    for (cop_term l = tuple_to_list(tuple); !cop_is_empty_list(l); l = cop_tail(l))
        total = cop__add(total, cop_head(l));
    return total;
}

static cop_term tuple_product(cop_term tuple)
{
    cop_term total = cop_int(1);

    for (cop_term l = tuple_to_list(tuple); !cop_is_empty_list(l); l = cop_tail(l))
        total = cop__multiply(total, cop_head(l));
    return total;
}

static const struct cop_function tuple_functions[] = {
    COP_EXPORT("append(tuple, value)", tuple_append, "The tuple with one element more."),
    COP_EXPORT("delete_at(tuple, index)", tuple_delete_at,
               "The tuple without the element at index."),
    COP_EXPORT("duplicate(value, times)", tuple_duplicate, "A tuple of value so many times."),
    COP_EXPORT("insert_at(tuple, index, value)", tuple_insert_at,
               "The tuple with value before index."),
    COP_EXPORT("product(tuple)", tuple_product, "The product of the elements."),
    COP_EXPORT("sum(tuple)", tuple_sum, "The sum of the elements."),
    COP_EXPORT("to_list(tuple)", tuple_to_list, "The elements as a list."),
    COP_EXPORT_END};

const struct cop_module cop__tuple_module = {.size = sizeof(struct cop_module),
                                             .name = "Tuple",
                                             .doc = "Tuples.",
                                             .functions = tuple_functions};
