/* SPDX-License-Identifier: Apache-2.0 */
/* List, Keyword and Tuple. */
#include "otp/stdlib.h"

/* --- List ------------------------------------------------------------------------------------- */

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
    if (!cop_is_list(list) || cop_list_len(list) < 0) cop__raise_no_clause("List.last/2");
    for (; !cop_is_empty_list(list); list = cop_tail(list))
        fallback = cop_head(list);
    return fallback;
}

static cop_term last(cop_term list)
{
    return last_or(list, cop_nil());
}

/* The first tuple of list whose element at position is key (==), or cop_none(); asked by this
 * function of List. */
static cop_term key_find(cop_term list, cop_term key, cop_term position, const char *function)
{
    int64_t i;

    if (!cop__is_int64(position, &i)) cop__raise_no_clause(function);
    if (i < 0) cop__raise_argument(2, "out of range");
    for (cop_term l = cop__enumerate(list); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term t = cop_head(l);

        if (cop_is_tuple(t) && (size_t)i < cop_tuple_size(t) &&
            cop_equal(cop_elem(t, (size_t)i), key))
            return t;
    }
    return cop_none();
}

static cop_term keyfind_or(cop_term list, cop_term key, cop_term position, cop_term fallback)
{
    cop_term found = key_find(list, key, position, "List.keyfind/4");

    return cop_is_none(found) ? fallback : found;
}

static cop_term keyfind(cop_term list, cop_term key, cop_term position)
{
    return keyfind_or(list, key, position, cop_nil());
}

static cop_term keymember(cop_term list, cop_term key, cop_term position)
{
    return cop_bool(!cop_is_none(key_find(list, key, position, "List.keymember?/3")));
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
    return without(cop__enumerate(list), element);
}

static cop_term keydelete(cop_term list, cop_term key, cop_term position)
{
    cop_term found = key_find(list, key, position, "List.keydelete/3");

    return cop_is_none(found) ? list : without(list, found);
}

/* What is still to come of each list is kept in a list. */
static cop_term flatten(cop_term list)
{
    cop_term pending = cop_list(cop__enumerate(list));
    cop_term done = cop_empty_list();

    while (!cop_is_empty_list(pending)) {
        cop_term t = cop_head(pending);

        pending = cop_tail(pending);
        if (!cop_is_list(t))
            done = cop_cons(t, done);
        else if (!cop_is_empty_list(t))
            pending = cop_cons(cop_head(t), cop_cons(cop_tail(t), pending));
    }
    return cop_list_reverse(done);
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

static const struct cop_function list_functions[] = {
    COP_EXPORT("delete(list, element)", delete, "The list without the first such element."),
    COP_EXPORT("duplicate(element, times)", duplicate, "A list of the element so many times."),
    COP_EXPORT("first(list)", first, "The first element, or nil."),
    COP_EXPORT("first(list, default)", first_or, "The first element, or default."),
    COP_EXPORT("flatten(list)", flatten, "The elements of the lists in list as one list."),
    COP_EXPORT("keydelete(list, key, position)", keydelete,
               "The list without the first tuple that has key there."),
    COP_EXPORT("keyfind(list, key, position)", keyfind,
               "The first tuple that has key at position, or nil."),
    COP_EXPORT("keyfind(list, key, position, default)", keyfind_or, "The same, or default."),
    COP_EXPORT("keymember?(list, key, position)", keymember, "Whether there is such a tuple."),
    COP_EXPORT("last(list)", last, "The last element, or nil."),
    COP_EXPORT("last(list, default)", last_or, "The last element, or default."),
    COP_EXPORT("to_string(list)", to_string, "The text of chardata."),
    COP_EXPORT("to_tuple(list)", to_tuple, "The elements as a tuple."),
    COP_EXPORT("wrap(term)", wrap, "A list: term if it is one, [] of nil, else [term]."),
    COP_EXPORT_END};

const struct cop_module cop__list_module = {.size = sizeof(struct cop_module),
                                            .name = "List",
                                            .doc = "Lists.",
                                            .functions = list_functions};

/* --- Keyword ---------------------------------------------------------------------------------- */

static cop_term keyword_arg(cop_term keywords, const char *function)
{
    if (!cop_is_list(keywords) || cop_list_len(keywords) < 0) cop__raise_no_clause(function);
    return keywords;
}

static cop_term kw_get_or(cop_term keywords, cop_term key, cop_term fallback)
{
    if (!cop_is_atom(key)) cop__raise_no_clause("Keyword.get/3");
    return cop_keyword_get(keyword_arg(keywords, "Keyword.get/3"), key, fallback);
}

static cop_term kw_get(cop_term keywords, cop_term key)
{
    return kw_get_or(keywords, key, cop_nil());
}

static cop_term kw_fetch(cop_term keywords, cop_term key)
{
    cop_term value = cop_keyword_get(keyword_arg(keywords, "Keyword.fetch/2"), key, cop_none());

    return cop_is_none(value) ? COP(":error") : cop_tuple(cop_ok(), value);
}

static cop_term kw_fetch_or_raise(cop_term keywords, cop_term key)
{
    cop_term value = cop_keyword_get(keyword_arg(keywords, "Keyword.fetch!/2"), key, cop_none());

    if (cop_is_none(value)) cop__raise_key(key, keywords);
    return value;
}

static cop_term kw_has_key(cop_term keywords, cop_term key)
{
    return cop_bool(!cop_is_none(
        cop_keyword_get(keyword_arg(keywords, "Keyword.has_key?/2"), key, cop_none())));
}

static cop_term kw_delete(cop_term keywords, cop_term key)
{
    cop_term done = cop_empty_list();

    keyword_arg(keywords, "Keyword.delete/2");
    for (; !cop_is_empty_list(keywords); keywords = cop_tail(keywords))
        if (!cop_identical(cop_elem(cop_head(keywords), 0), key))
            done = cop_cons(cop_head(keywords), done);
    return cop_list_reverse(done);
}

static cop_term kw_put(cop_term keywords, cop_term key, cop_term value)
{
    keyword_arg(keywords, "Keyword.put/3");
    return cop_cons(cop_tuple(key, value), kw_delete(keywords, key));
}

static cop_term kw_put_new(cop_term keywords, cop_term key, cop_term value)
{
    if (cop_to_bool(kw_has_key(keywords, key))) return keywords;
    return cop_cons(cop_tuple(key, value), keywords);
}

static cop_term kw_merge(cop_term keywords, cop_term other)
{
    keyword_arg(other, "Keyword.merge/2");
    for (cop_term l = other; !cop_is_empty_list(l); l = cop_tail(l))
        keywords = kw_delete(keywords, cop_elem(cop_head(l), 0));
    return cop_list_append(keywords, other);
}

static cop_term kw_pop_or(cop_term keywords, cop_term key, cop_term fallback)
{
    return cop_tuple(kw_get_or(keywords, key, fallback), kw_delete(keywords, key));
}

static cop_term kw_pop(cop_term keywords, cop_term key)
{
    return kw_pop_or(keywords, key, cop_nil());
}

static cop_term kw_column(cop_term keywords, size_t which, const char *function)
{
    cop_term done = cop_empty_list();

    for (cop_term l = keyword_arg(keywords, function); !cop_is_empty_list(l); l = cop_tail(l))
        done = cop_cons(cop_elem(cop_head(l), which), done);
    return cop_list_reverse(done);
}

static cop_term kw_keys(cop_term keywords)
{
    return kw_column(keywords, 0, "Keyword.keys/1");
}

static cop_term kw_values(cop_term keywords)
{
    return kw_column(keywords, 1, "Keyword.values/1");
}

static cop_term kw_is_keyword(cop_term t)
{
    return cop_bool(cop_is_keyword(t));
}

static const struct cop_function keyword_functions[] = {
    COP_EXPORT("delete(keywords, key)", kw_delete, "The list without key."),
    COP_EXPORT("fetch(keywords, key)", kw_fetch, "{:ok, value} or :error."),
    COP_EXPORT("fetch!(keywords, key)", kw_fetch_or_raise,
               "The value; a KeyError if there is none."),
    COP_EXPORT("get(keywords, key)", kw_get, "The first value of key, or nil."),
    COP_EXPORT("get(keywords, key, default)", kw_get_or, "The first value of key, or default."),
    COP_EXPORT("has_key?(keywords, key)", kw_has_key, "Whether there is such a key."),
    COP_EXPORT("keys(keywords)", kw_keys, "All keys."),
    COP_EXPORT("keyword?(term)", kw_is_keyword, "Whether term is a keyword list."),
    COP_EXPORT("merge(keywords, other)", kw_merge, "Both as one; other's values win."),
    COP_EXPORT("pop(keywords, key)", kw_pop, "{value or nil, the list without key}."),
    COP_EXPORT("pop(keywords, key, default)", kw_pop_or,
               "{value or default, the list without key}."),
    COP_EXPORT("put(keywords, key, value)", kw_put, "The list with value at key only."),
    COP_EXPORT("put_new(keywords, key, value)", kw_put_new, "The same unless it has key."),
    COP_EXPORT("values(keywords)", kw_values, "All values."),
    COP_EXPORT_END};

const struct cop_module cop__keyword_module = {.size = sizeof(struct cop_module),
                                               .name = "Keyword",
                                               .doc = "Lists of {key, value} with atoms as keys.",
                                               .functions = keyword_functions};

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

static const struct cop_function tuple_functions[] = {
    COP_EXPORT("append(tuple, value)", tuple_append, "The tuple with one element more."),
    COP_EXPORT("to_list(tuple)", tuple_to_list, "The elements as a list."), COP_EXPORT_END};

const struct cop_module cop__tuple_module = {.size = sizeof(struct cop_module),
                                             .name = "Tuple",
                                             .doc = "Tuples.",
                                             .functions = tuple_functions};
