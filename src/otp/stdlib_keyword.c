/* SPDX-License-Identifier: Apache-2.0 */
/* Keyword: lists of {key, value} with atoms as keys. */
#include "otp/stdlib.h"

static cop_term keyword_arg(cop_term keywords, const char *function)
{
    if (!cop_is_list(keywords) || cop_list_len(keywords) < 0) cop__raise_no_clause(function);
    return keywords;
}

/* The same with a key, which is an atom. */
static cop_term keyed_arg(cop_term keywords, cop_term key, const char *function)
{
    if (!cop_is_atom(key)) cop__raise_no_clause(function);
    return keyword_arg(keywords, function);
}

/* The value of key, or cop_none(). */
static cop_term value_of(cop_term keywords, cop_term key, const char *function)
{
    return cop_keyword_get(keyed_arg(keywords, key, function), key, cop_none());
}

static cop_term kw_get_or(cop_term keywords, cop_term key, cop_term fallback)
{
    return cop_keyword_get(keyed_arg(keywords, key, "Keyword.get/3"), key, fallback);
}

static cop_term kw_get(cop_term keywords, cop_term key)
{
    return kw_get_or(keywords, key, cop_nil());
}

static cop_term kw_fetch(cop_term keywords, cop_term key)
{
    cop_term value = value_of(keywords, key, "Keyword.fetch/2");

    return cop_is_none(value) ? COP(":error") : cop_tuple(cop_ok(), value);
}

static cop_term kw_fetch_or_raise(cop_term keywords, cop_term key)
{
    cop_term value = value_of(keywords, key, "Keyword.fetch!/2");

    if (cop_is_none(value)) cop__raise_key(key, keywords);
    return value;
}

static cop_term kw_has_key(cop_term keywords, cop_term key)
{
    return cop_bool(!cop_is_none(value_of(keywords, key, "Keyword.has_key?/2")));
}

static cop_term without(cop_term keywords, cop_term key)
{
    cop_term done = cop_empty_list();

    for (; !cop_is_empty_list(keywords); keywords = cop_tail(keywords)) {
        cop_term pair = cop_head(keywords);

        if (!cop_is_tuple(pair) || !cop_identical(cop_elem(pair, 0), key))
            done = cop_cons(pair, done);
    }
    return cop_list_reverse(done);
}

static cop_term kw_delete(cop_term keywords, cop_term key)
{
    return without(keyed_arg(keywords, key, "Keyword.delete/2"), key);
}

static cop_term kw_put(cop_term keywords, cop_term key, cop_term value)
{
    return cop_cons(cop_tuple(key, value), without(keyed_arg(keywords, key, "Keyword.put/3"), key));
}

static cop_term kw_put_new(cop_term keywords, cop_term key, cop_term value)
{
    if (cop_to_bool(kw_has_key(keywords, key))) return keywords;
    return cop_cons(cop_tuple(key, value), keywords);
}

/* Both arguments of Keyword.merge. */
static void merge_args(cop_term keywords, cop_term other, const char *function)
{
    const cop_term both[] = {keywords, other};

    keyword_arg(keywords, function);
    keyword_arg(other, function);
    for (int i = 0; i < 2; i++) {
        cop_bytes text;

        if (cop_is_keyword(both[i])) continue;
        text = cop_to_bytes(cop_inspect_with(both[i], (struct cop_inspect_opts){0, 50}));
        cop_raise("ArgumentError", "expected a keyword list as the %s argument, got: %.*s",
                  i == 0 ? "first" : "second", (int)text.len, text.data);
    }
}

static cop_term kw_merge(cop_term keywords, cop_term other)
{
    merge_args(keywords, other, "Keyword.merge/2");
    for (cop_term l = other; !cop_is_empty_list(l); l = cop_tail(l))
        keywords = without(keywords, cop_elem(cop_head(l), 0));
    return cop_list_append(keywords, other);
}

/* What both have goes through fun(key, value, other_value). */
static cop_term kw_merge_with(cop_term keywords, cop_term other, cop_term fun)
{
    cop_term done = cop_empty_list();
    cop_term rest = keywords;

    cop__fun_arg(fun, 3, "Keyword.merge/3");
    merge_args(keywords, other, "Keyword.merge/3");
    for (cop_term l = other; !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term key = cop_elem(cop_head(l), 0);
        cop_term value = cop_keyword_get(keywords, key, cop_none());
        const cop_term args[] = {key, value, cop_elem(cop_head(l), 1)};

        rest = without(rest, key);
        done = cop_cons(
            cop_is_none(value) ? cop_head(l) : cop_tuple(key, cop_call_fun(fun, args, 3)), done);
    }
    return cop_list_append(rest, cop_list_reverse(done));
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

    for (cop_term l = keyword_arg(keywords, function); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term pair = cop_head(l);
        cop_bytes text;

        if (cop_is_tuple(pair) && cop_tuple_size(pair) == 2 && cop_is_atom(cop_elem(pair, 0))) {
            done = cop_cons(cop_elem(pair, which), done);
            continue;
        }
        text = cop_to_bytes(cop_inspect_with(pair, (struct cop_inspect_opts){0, 50}));
        cop_raise("ArgumentError",
                  "expected a keyword list, but an entry in the list is not a two-element tuple "
                  "with an atom as its first element, got: %.*s",
                  (int)text.len, text.data);
    }
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

static cop_term kw_to_list(cop_term keywords)
{
    return keyword_arg(keywords, "Keyword.to_list/1");
}

/* --- Made of others --------------------------------------------------------------------------- */

static cop_term kw_new(void)
{
    return cop_empty_list();
}

/* Of a key that comes again, the last pair. */
static cop_term kw_new_from(cop_term pairs)
{
    cop_term done = cop_empty_list();

    for (cop_term l = cop__enumerate(pairs); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term pair = cop_head(l);

        if (!cop_is_tuple(pair) || cop_tuple_size(pair) != 2 || !cop_is_atom(cop_elem(pair, 0)))
            cop_error(cop_tuple(COP(":badmatch"), pair));
        done = cop_cons(pair, without(done, cop_elem(pair, 0)));
    }
    return cop_list_reverse(done);
}

static cop_term kw_new_with(cop_term enumerable, cop_term fun)
{
    cop_term pairs = cop_empty_list();

    cop__fun_arg(fun, 1, "Keyword.new/2");
    for (cop_term l = cop__enumerate(enumerable); !cop_is_empty_list(l); l = cop_tail(l))
        pairs = cop_cons(cop__call1(fun, cop_head(l)), pairs);
    return kw_new_from(cop_list_reverse(pairs));
}

/* The pairs whose key is (or is not) in keys. */
static cop_term chosen(cop_term keywords, cop_term keys, bool wanted, const char *function)
{
    cop_term done = cop_empty_list();

    keyword_arg(keys, function);
    for (cop_term l = keyword_arg(keywords, function); !cop_is_empty_list(l); l = cop_tail(l)) {
        bool is_in = false;

        if (!cop_is_tuple(cop_head(l))) cop__raise_no_clause(function);
        for (cop_term k = keys; !is_in && !cop_is_empty_list(k); k = cop_tail(k))
            is_in = cop_identical(cop_elem(cop_head(l), 0), cop_head(k));
        if (is_in == wanted) done = cop_cons(cop_head(l), done);
    }
    return cop_list_reverse(done);
}

static cop_term kw_take(cop_term keywords, cop_term keys)
{
    return chosen(keywords, keys, true, "Keyword.take/2");
}

static cop_term kw_drop(cop_term keywords, cop_term keys)
{
    return chosen(keywords, keys, false, "Keyword.drop/2");
}

static cop_term kw_split(cop_term keywords, cop_term keys)
{
    return cop_tuple(chosen(keywords, keys, true, "Keyword.split/2"),
                     chosen(keywords, keys, false, "Keyword.split/2"));
}

static cop_term filtered(cop_term keywords, cop_term fun, bool wanted, const char *function)
{
    cop_term done = cop_empty_list();

    cop__fun_arg(fun, 1, function);
    for (cop_term l = keyword_arg(keywords, function); !cop_is_empty_list(l); l = cop_tail(l))
        if (cop__is_truthy(cop__call1(fun, cop_head(l))) == wanted)
            done = cop_cons(cop_head(l), done);
    return cop_list_reverse(done);
}

static cop_term kw_filter(cop_term keywords, cop_term fun)
{
    return filtered(keywords, fun, true, "Keyword.filter/2");
}

static cop_term kw_reject(cop_term keywords, cop_term fun)
{
    return filtered(keywords, fun, false, "Keyword.reject/2");
}

static cop_term kw_is_equal(cop_term left, cop_term right)
{
    return cop_bool(
        cop_identical(cop__sort_list(keyword_arg(left, "Keyword.equal?/2"), cop__precedes, NULL),
                      cop__sort_list(keyword_arg(right, "Keyword.equal?/2"), cop__precedes, NULL)));
}

static cop_term kw_get_values(cop_term keywords, cop_term key)
{
    cop_term done = cop_empty_list();

    keyed_arg(keywords, key, "Keyword.get_values/2");
    for (; !cop_is_empty_list(keywords); keywords = cop_tail(keywords)) {
        cop_term value;

        if (cop_match(cop_head(keywords), "{^key, value}", key, value))
            done = cop_cons(value, done);
    }
    return cop_list_reverse(done);
}

static cop_term kw_get_lazy(cop_term keywords, cop_term key, cop_term fun)
{
    cop_term value = value_of(keywords, key, "Keyword.get_lazy/3");

    cop__fun_arg(fun, 0, "Keyword.get_lazy/3");
    return cop_is_none(value) ? cop_call_fun(fun, NULL, 0) : value;
}

static cop_term kw_pop_or_raise(cop_term keywords, cop_term key)
{
    cop_term value = value_of(keywords, key, "Keyword.pop!/2");

    if (cop_is_none(value)) cop__raise_key(key, keywords);
    return cop_tuple(value, without(keywords, key));
}

/* --- The first pair of a key changed ---------------------------------------------------------- */

/* keywords with value at the place of key's first pair and without its others. */
static cop_term replaced(cop_term keywords, cop_term key, cop_term value)
{
    cop_term before = cop_empty_list();

    for (; !cop_identical(cop_elem(cop_head(keywords), 0), key); keywords = cop_tail(keywords))
        before = cop_cons(cop_head(keywords), before);
    keywords = cop_cons(cop_tuple(key, value), without(cop_tail(keywords), key));
    return cop_list_append(cop_list_reverse(before), keywords);
}

static cop_term kw_replace(cop_term keywords, cop_term key, cop_term value)
{
    bool is_there = !cop_is_none(value_of(keywords, key, "Keyword.replace/3"));

    return is_there ? replaced(keywords, key, value) : keywords;
}

static cop_term kw_replace_or_raise(cop_term keywords, cop_term key, cop_term value)
{
    if (cop_is_none(value_of(keywords, key, "Keyword.replace!/3"))) cop__raise_key(key, keywords);
    return replaced(keywords, key, value);
}

static cop_term kw_update(cop_term keywords, cop_term key, cop_term fallback, cop_term fun)
{
    cop_term value = value_of(keywords, key, "Keyword.update/4");

    cop__fun_arg(fun, 1, "Keyword.update/4");
    if (cop_is_none(value)) return cop_list_append(keywords, cop_list(cop_tuple(key, fallback)));
    return replaced(keywords, key, cop__call1(fun, value));
}

static cop_term kw_update_or_raise(cop_term keywords, cop_term key, cop_term fun)
{
    cop_term value = value_of(keywords, key, "Keyword.update!/3");

    cop__fun_arg(fun, 1, "Keyword.update!/3");
    if (cop_is_none(value)) cop__raise_key(key, keywords);
    return replaced(keywords, key, cop__call1(fun, value));
}

static cop_term kw_get_and_update(cop_term keywords, cop_term key, cop_term fun)
{
    cop_term value = value_of(keywords, key, "Keyword.get_and_update/3");
    cop_term old = cop_is_none(value) ? cop_nil() : value;
    cop_term got;

    if (!cop__get_and_update(fun, old, &got, &old)) return cop_tuple(got, without(keywords, key));
    return cop_tuple(got, cop_is_none(value) ? cop_cons(cop_tuple(key, old), keywords)
                                             : replaced(keywords, key, old));
}

static const struct cop_function keyword_functions[] = {
    COP_EXPORT("delete(keywords, key)", kw_delete, "The list without key."),
    COP_EXPORT("drop(keywords, keys)", kw_drop, "The list without these keys."),
    COP_EXPORT("equal?(left, right)", kw_is_equal,
               "Whether both have the same pairs, in any order."),
    COP_EXPORT("fetch(keywords, key)", kw_fetch, "{:ok, value} or :error."),
    COP_EXPORT("fetch!(keywords, key)", kw_fetch_or_raise,
               "The value; a KeyError if there is none."),
    COP_EXPORT("filter(keywords, fun)", kw_filter, "The pairs of which fun is true."),
    COP_EXPORT("get(keywords, key)", kw_get, "The first value of key, or nil."),
    COP_EXPORT("get(keywords, key, default)", kw_get_or, "The first value of key, or default."),
    COP_EXPORT("get_and_update(keywords, key, fun)", kw_get_and_update,
               "{got, the list with new} where fun(value) gives {got, new} or :pop."),
    COP_EXPORT("get_lazy(keywords, key, fun)", kw_get_lazy,
               "The first value of key, or what fun() gives."),
    COP_EXPORT("get_values(keywords, key)", kw_get_values, "All values of key."),
    COP_EXPORT("has_key?(keywords, key)", kw_has_key, "Whether there is such a key."),
    COP_EXPORT("keys(keywords)", kw_keys, "All keys."),
    COP_EXPORT("keyword?(term)", kw_is_keyword, "Whether term is a keyword list."),
    COP_EXPORT("merge(keywords, other)", kw_merge, "Both as one; other's values win."),
    COP_EXPORT("merge(keywords, other, fun)", kw_merge_with,
               "Both as one; fun(key, value, other_value) of what both have."),
    COP_EXPORT("new()", kw_new, "The empty list."),
    COP_EXPORT("new(pairs)", kw_new_from, "The pairs; of a key that comes again, the last."),
    COP_EXPORT("new(enumerable, fun)", kw_new_with, "The same of what fun makes of each element."),
    COP_EXPORT("pop(keywords, key)", kw_pop, "{value or nil, the list without key}."),
    COP_EXPORT("pop(keywords, key, default)", kw_pop_or,
               "{value or default, the list without key}."),
    COP_EXPORT("pop!(keywords, key)", kw_pop_or_raise,
               "{value, the list without key}; a KeyError if there is none."),
    COP_EXPORT("put(keywords, key, value)", kw_put, "The list with value at key only."),
    COP_EXPORT("put_new(keywords, key, value)", kw_put_new, "The same unless it has key."),
    COP_EXPORT("reject(keywords, fun)", kw_reject, "The pairs of which fun is not true."),
    COP_EXPORT("replace(keywords, key, value)", kw_replace,
               "The list with value at key, if it has key."),
    COP_EXPORT("replace!(keywords, key, value)", kw_replace_or_raise,
               "The same; a KeyError if it has not."),
    COP_EXPORT("split(keywords, keys)", kw_split, "{the pairs with these keys, the others}."),
    COP_EXPORT("take(keywords, keys)", kw_take, "The pairs with these keys."),
    COP_EXPORT("to_list(keywords)", kw_to_list, "The list itself."),
    COP_EXPORT("update(keywords, key, default, fun)", kw_update,
               "The list with fun(value) at key, or default behind it."),
    COP_EXPORT("update!(keywords, key, fun)", kw_update_or_raise,
               "The same; a KeyError if there is none."),
    COP_EXPORT("values(keywords)", kw_values, "All values."),
    COP_EXPORT_END};

const struct cop_module cop__keyword_module = {.size = sizeof(struct cop_module),
                                               .name = "Keyword",
                                               .doc = "Lists of {key, value} with atoms as keys.",
                                               .functions = keyword_functions};
