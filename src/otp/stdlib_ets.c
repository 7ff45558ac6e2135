/* SPDX-License-Identifier: Apache-2.0 */
/* :ets for the console and for captures: cop_ets_* over terms. A badarg is told in the words of
 * OTP, which looks at the arguments after the failure, too (stdlib_ets_error.c). */
#include "otp/stdlib_ets.h"
#include "coppice/ets.h"
#include "otp/stdlib.h"

/* A call of one of the functions below, with its arguments as C has them. */
struct call {
    const char *name;
    cop_term (*fn)(const cop_term *args);
    int arity;
    cop_term args[4];
};

static cop_term run(void *arg)
{
    const struct call *call = arg;

    return call->fn(call->args);
}

static cop_term apply(struct call call)
{
    struct cop_outcome outcome;

    if (cop_try(run, &call, &outcome)) return outcome.value;
    if (outcome.class_ == COP_CLASS_ERROR && cop_match(outcome.value, ":badarg"))
        cop__ets_explain(call.name, call.args, call.arity);
    cop_reraise(&outcome);
}

/* An integer argument; out of its range it is none that the function takes. */
static int64_t integer(cop_term t)
{
    int64_t value;

    if (!cop__is_int64(t, &value)) cop_error(COP(":badarg"));
    return value;
}

static cop_pid pid(cop_term t)
{
    if (!cop_is_pid(t)) cop_error(COP(":badarg"));
    return cop_to_pid(t);
}

static bool boolean(cop_term t)
{
    if (!cop_is_boolean(t)) cop_error(COP(":badarg"));
    return cop_to_bool(t);
}

static cop_term yes(void)
{
    return cop_true();
}

/* Defines the exported function ets_ID of so many terms, which calls :ets.NAME: the expression, in
 * which a[0], a[1], ... are the arguments. */
#define ETS1(id, name, expression)                                                                 \
    static cop_term do_##id(const cop_term *a)                                                     \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static cop_term ets_##id(cop_term x)                                                           \
    {                                                                                              \
        return apply((struct call){name, do_##id, 1, {x}});                                        \
    }
#define ETS2(id, name, expression)                                                                 \
    static cop_term do_##id(const cop_term *a)                                                     \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static cop_term ets_##id(cop_term x, cop_term y)                                               \
    {                                                                                              \
        return apply((struct call){name, do_##id, 2, {x, y}});                                     \
    }
#define ETS3(id, name, expression)                                                                 \
    static cop_term do_##id(const cop_term *a)                                                     \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static cop_term ets_##id(cop_term x, cop_term y, cop_term z)                                   \
    {                                                                                              \
        return apply((struct call){name, do_##id, 3, {x, y, z}});                                  \
    }
#define ETS4(id, name, expression)                                                                 \
    static cop_term do_##id(const cop_term *a)                                                     \
    {                                                                                              \
        return expression;                                                                         \
    }                                                                                              \
    static cop_term ets_##id(cop_term x, cop_term y, cop_term z, cop_term w)                       \
    {                                                                                              \
        return apply((struct call){name, do_##id, 4, {x, y, z, w}});                               \
    }

ETS2(new, "new", cop_ets_new(a[0], a[1]))
ETS1(delete, "delete", (cop_ets_delete(a[0]), yes()))
ETS1(whereis, "whereis", cop_ets_whereis(a[0]))
ETS2(rename, "rename", cop_ets_rename(a[0], a[1]))
ETS2(setopts, "setopts", (cop_ets_setopts(a[0], a[1]), yes()))
ETS3(give_away, "give_away", (cop_ets_give_away(a[0], pid(a[1]), a[2]), yes()))
ETS1(info, "info", cop_ets_info(a[0]))
ETS2(info_item, "info", cop_ets_info_item(a[0], a[1]))
ETS2(safe_fixtable, "safe_fixtable", (cop_ets_safe_fixtable(a[0], boolean(a[1])), yes()))
ETS2(insert, "insert", (cop_ets_insert(a[0], a[1]), yes()))
ETS2(insert_new, "insert_new", cop_bool(cop_ets_insert_new(a[0], a[1])))
ETS2(lookup, "lookup", cop_ets_lookup(a[0], a[1]))
ETS3(lookup_element, "lookup_element", cop_ets_lookup_element(a[0], a[1], integer(a[2])))
ETS4(lookup_element_or, "lookup_element",
     cop_ets_lookup_element_or(a[0], a[1], integer(a[2]), a[3]))
ETS2(member, "member", cop_bool(cop_ets_member(a[0], a[1])))
ETS2(take, "take", cop_ets_take(a[0], a[1]))
ETS2(delete_key, "delete", (cop_ets_delete_key(a[0], a[1]), yes()))
ETS2(delete_object, "delete_object", (cop_ets_delete_object(a[0], a[1]), yes()))
ETS1(delete_all, "delete_all_objects", (cop_ets_delete_all_objects(a[0]), yes()))
ETS3(update_counter, "update_counter", cop_ets_update_counter(a[0], a[1], a[2]))
ETS4(update_counter_or, "update_counter", cop_ets_update_counter_or(a[0], a[1], a[2], a[3]))
ETS3(update_element, "update_element", cop_bool(cop_ets_update_element(a[0], a[1], a[2])))
ETS1(first, "first", cop_ets_first(a[0]))
ETS1(last, "last", cop_ets_last(a[0]))
ETS2(next, "next", cop_ets_next(a[0], a[1]))
ETS2(prev, "prev", cop_ets_prev(a[0], a[1]))
ETS1(tab2list, "tab2list", cop_ets_tab2list(a[0]))
ETS2(match, "match", cop_ets_match(a[0], a[1]))
ETS3(match_limit, "match", cop_ets_match_limit(a[0], a[1], integer(a[2])))
ETS1(match_more, "match", cop_ets_continue(a[0]))
ETS2(match_object, "match_object", cop_ets_match_object(a[0], a[1]))
ETS3(match_object_limit, "match_object", cop_ets_match_object_limit(a[0], a[1], integer(a[2])))
ETS1(match_object_more, "match_object", cop_ets_continue(a[0]))
ETS2(match_delete, "match_delete", (cop_ets_match_delete(a[0], a[1]), yes()))
ETS2(select, "select", cop_ets_select(a[0], a[1]))
ETS3(select_limit, "select", cop_ets_select_limit(a[0], a[1], integer(a[2])))
ETS1(select_more, "select", cop_ets_continue(a[0]))
ETS2(select_count, "select_count", cop_int(cop_ets_select_count(a[0], a[1])))
ETS2(select_delete, "select_delete", cop_int(cop_ets_select_delete(a[0], a[1])))
ETS2(select_replace, "select_replace", cop_int(cop_ets_select_replace(a[0], a[1])))

/* The function that is called may fail with badarg, too: it is not among those above. */
static cop_term foldl(cop_term fun, cop_term acc, cop_term table)
{
    return cop_ets_foldl(fun, acc, table);
}

static cop_term foldr(cop_term fun, cop_term acc, cop_term table)
{
    return cop_ets_foldr(fun, acc, table);
}

static const struct cop_function functions[] = {
    COP_EXPORT("all()", cop_ets_all, "All tables."),
    COP_EXPORT("delete(table)", ets_delete, "Deletes the table."),
    COP_EXPORT("delete(table, key)", ets_delete_key, "Deletes the objects with this key."),
    COP_EXPORT("delete_all_objects(table)", ets_delete_all, "Deletes all objects."),
    COP_EXPORT("delete_object(table, object)", ets_delete_object, "Deletes exactly this object."),
    COP_EXPORT("first(table)", ets_first, "The first key, or :\"$end_of_table\"."),
    COP_EXPORT("foldl(fun, acc, table)", foldl, "fun.(object, acc) for each object."),
    COP_EXPORT("foldr(fun, acc, table)", foldr, "The same from the last object on."),
    COP_EXPORT("give_away(table, pid, data)", ets_give_away, "Makes pid the owner."),
    COP_EXPORT("info(table)", ets_info, "What is known about the table."),
    COP_EXPORT("info(table, item)", ets_info_item, "One item of it."),
    COP_EXPORT("insert(table, objects)", ets_insert, "Inserts an object or a list of them."),
    COP_EXPORT("insert_new(table, objects)", ets_insert_new,
               "The same unless one of the keys is there."),
    COP_EXPORT("last(table)", ets_last, "The last key, or :\"$end_of_table\"."),
    COP_EXPORT("lookup(table, key)", ets_lookup, "The objects with this key."),
    COP_EXPORT("lookup_element(table, key, pos)", ets_lookup_element, "An element of the object."),
    COP_EXPORT("lookup_element(table, key, pos, default)", ets_lookup_element_or,
               "An element of the object, or default."),
    COP_EXPORT("match(continuation)", ets_match_more, "Goes on."),
    COP_EXPORT("match(table, pattern)", ets_match, "The values of the variables, as lists."),
    COP_EXPORT("match(table, pattern, limit)", ets_match_limit, "The first ones."),
    COP_EXPORT("match_delete(table, pattern)", ets_match_delete, "Deletes what matches."),
    COP_EXPORT("match_object(continuation)", ets_match_object_more, "Goes on."),
    COP_EXPORT("match_object(table, pattern)", ets_match_object, "The objects that match."),
    COP_EXPORT("match_object(table, pattern, limit)", ets_match_object_limit, "The first ones."),
    COP_EXPORT("member(table, key)", ets_member, "Whether there is an object with this key."),
    COP_EXPORT("new(name, options)", ets_new, "A new table of the caller."),
    COP_EXPORT("next(table, key)", ets_next, "The key after this one."),
    COP_EXPORT("prev(table, key)", ets_prev, "The key before this one."),
    COP_EXPORT("rename(table, name)", ets_rename, "Gives the table another name."),
    COP_EXPORT("safe_fixtable(table, on)", ets_safe_fixtable,
               "Lets traversals by key go on whatever is deleted."),
    COP_EXPORT("select(continuation)", ets_select_more, "Goes on."),
    COP_EXPORT("select(table, spec)", ets_select, "What the match specification gives."),
    COP_EXPORT("select(table, spec, limit)", ets_select_limit, "The first results of it."),
    COP_EXPORT("select_count(table, spec)", ets_select_count, "For how many objects it is true."),
    COP_EXPORT("select_delete(table, spec)", ets_select_delete, "Deletes these."),
    COP_EXPORT("select_replace(table, spec)", ets_select_replace, "Replaces objects by results."),
    COP_EXPORT("setopts(table, options)", ets_setopts, "Sets the heir."),
    COP_EXPORT("tab2list(table)", ets_tab2list, "All objects."),
    COP_EXPORT("take(table, key)", ets_take, "Takes the objects with this key out."),
    COP_EXPORT("update_counter(table, key, op)", ets_update_counter, "Adds to integers."),
    COP_EXPORT("update_counter(table, key, op, default)", ets_update_counter_or,
               "The same; a missing object is made from default."),
    COP_EXPORT("update_element(table, key, values)", ets_update_element, "Sets elements."),
    COP_EXPORT("whereis(name)", ets_whereis, "The reference of a named table."),
    COP_EXPORT_END};

const struct cop_module cop__ets_module = {.size = sizeof(struct cop_module),
                                           .name = ":ets",
                                           .doc = "Tables of terms that all processes can reach.",
                                           .functions = functions};
