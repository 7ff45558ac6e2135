/* SPDX-License-Identifier: Apache-2.0 */
/* What was wrong with the arguments of a function of :ets, in OTP's words. A row of the table below
 * says what each argument has to be; the first thing that it is not is told. What can be seen only
 * with the object (a position, an element) is looked up. */
#include "otp/stdlib_ets.h"

#include "coppice/ets.h"
#include "otp/stdlib.h"

#include <string.h>

struct arguments {
    const cop_term *items;
    int len;
};

/* What is wrong with argument i, or NULL. */
typedef const char *(*check_fn)(struct arguments a, int i);

/* --- The table -------------------------------------------------------------------------------- */

static bool is_there(cop_term table)
{
    return !cop_identical(cop_ets_info(table), COP(":undefined"));
}

static const char *table_kind(cop_term table)
{
    if (!cop_is_atom(table) && !cop_is_reference(table)) return "not an atom or a table identifier";
    if (is_there(table)) return NULL;
    return "the table identifier does not refer to an existing ETS table";
}

static const char *rights(cop_term table, bool has_right)
{
    const char *wrong = table_kind(table);

    if (wrong) return wrong;
    return has_right
               ? NULL
               : "the table identifier refers to an ETS table with insufficient access rights";
}

static cop_term item(cop_term table, cop_term name)
{
    return table_kind(table) ? cop_nil() : cop_ets_info_item(table, name);
}

static bool is_own(cop_term table)
{
    return cop_identical(item(table, COP(":owner")), cop_pid_term(cop_self()));
}

static const char *readable(struct arguments a, int i)
{
    bool is_private = cop_match(item(a.items[i], COP(":protection")), ":private");

    return rights(a.items[i], !is_private || is_own(a.items[i]));
}

static const char *writable(struct arguments a, int i)
{
    bool is_public = cop_match(item(a.items[i], COP(":protection")), ":public");

    return rights(a.items[i], is_public || is_own(a.items[i]));
}

static const char *owned(struct arguments a, int i)
{
    return rights(a.items[i], is_own(a.items[i]));
}

static const char *any_table(struct arguments a, int i)
{
    if (!cop_is_atom(a.items[i]) && !cop_is_reference(a.items[i]))
        return "not an atom or a table identifier";
    return NULL;
}

#define NOT_OF_TYPE                                                                                \
    "the table identifier refers to an ETS table of a type not supported by this operation"

/* A set or an ordered set that may be written. */
static const char *writable_set(struct arguments a, int i)
{
    const char *wrong = writable(a, i);
    cop_term type = item(a.items[i], COP(":type"));

    if (wrong) return wrong;
    return cop_match(type, ":bag") || cop_match(type, ":duplicate_bag") ? NOT_OF_TYPE : NULL;
}

static const char *writable_no_bag(struct arguments a, int i)
{
    const char *wrong = writable(a, i);

    if (wrong) return wrong;
    return cop_match(item(a.items[i], COP(":type")), ":bag") ? NOT_OF_TYPE : NULL;
}

/* --- Plain arguments -------------------------------------------------------------------------- */

static const char *anything(struct arguments a, int i)
{
    (void)a;
    (void)i;
    return NULL;
}

static const char *new_name(struct arguments a, int i)
{
    if (!cop_is_atom(a.items[i])) return "not an atom";
    return is_there(a.items[i]) ? "table name already exists" : NULL;
}

static const char *table_name(struct arguments a, int i)
{
    if (!cop_is_atom(a.items[i])) return "invalid table name (must be an atom)";
    return NULL;
}

static const char *free_name(struct arguments a, int i)
{
    const char *wrong = table_name(a, i);

    if (wrong) return wrong;
    return is_there(a.items[i]) ? "table name already exists" : NULL;
}

static const char *new_options(struct arguments a, int i)
{
    if (!cop_is_list(a.items[i])) return "not a list";
    if (cop_list_len(a.items[i]) < 0) return "not a proper list";
    /* Only the name can be wrong else. */
    return cop_is_atom(a.items[0]) && !is_there(a.items[0]) ? "invalid options" : NULL;
}

static const char *heir_options(struct arguments a, int i)
{
    (void)a;
    (void)i;
    return owned(a, 0) ? NULL : "invalid options";
}

static const char *living_pid(struct arguments a, int i)
{
    if (!cop_is_pid(a.items[i])) return "not a pid";
    if (owned(a, 0)) return NULL;
    if (cop_pid_equal(cop_to_pid(a.items[i]), cop_self()))
        return "the process is already the owner of the table";
    return "the pid refers to a terminated process";
}

static const char *info_item(struct arguments a, int i)
{
    (void)i;
    return table_kind(a.items[0]) ? NULL : "not a valid info item";
}

static const char *boolean(struct arguments a, int i)
{
    return cop_is_boolean(a.items[i]) ? NULL : "not a boolean value";
}

/* --- Objects and keys ------------------------------------------------------------------------- */

static int64_t keypos_of(struct arguments a)
{
    int64_t keypos = 1;

    cop__is_int64(item(a.items[0], COP(":keypos")), &keypos);
    return keypos;
}

static const char *object(struct arguments a, int i)
{
    if (!cop_is_tuple(a.items[i])) return "not a tuple";
    if (cop_tuple_size(a.items[i]) == 0) return "is an empty tuple";
    return NULL;
}

static const char *objects(struct arguments a, int i)
{
    cop_term list = a.items[i];

    if (!cop_is_list(list)) return object(a, i);
    if (cop_list_len(list) < 0) return "not a non-empty tuple or a list of non-empty tuples";
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        bool is_object = cop_is_tuple(cop_head(list)) && cop_tuple_size(cop_head(list)) > 0;

        if (!is_object) return "not a non-empty tuple or a list of non-empty tuples";
    }
    return NULL;
}

static const char *fallback(struct arguments a, int i)
{
    return cop_is_tuple(a.items[i]) ? NULL : "not a tuple";
}

/* Whether the objects with a key can be asked for, and are there. */
static bool is_key(struct arguments a, int i)
{
    return !readable(a, 0) && cop_ets_member(a.items[0], a.items[i]);
}

static const char *key(struct arguments a, int i)
{
    if (readable(a, 0)) return NULL;
    return is_key(a, i) ? NULL : "not a key that exists in the table";
}

/* A key, or it is made (update_counter/4). */
static const char *counter_key(struct arguments a, int i)
{
    return a.len == 4 || writable_set(a, 0) ? NULL : key(a, i);
}

static const char *element_pos(struct arguments a, int i)
{
    int64_t pos;

    if (!cop_is_integer(a.items[i])) return "not an integer";
    if (!cop__is_int64(a.items[i], &pos) || pos < 1) return "out of range";
    return is_key(a, 1) ? "position is greater than the size of the object" : NULL;
}

/* --- Counters and elements -------------------------------------------------------------------- */

/* The object that is counted in, or nil. */
static cop_term counted(struct arguments a)
{
    if (is_key(a, 1)) return cop_head(cop_ets_lookup(a.items[0], a.items[1]));
    return a.len == 4 && cop_is_tuple(a.items[3]) ? a.items[3] : cop_nil();
}

static const char *one_count(struct arguments a, cop_term op)
{
    cop_term of = counted(a);
    int64_t pos = keypos_of(a) + 1;

    if (cop_is_tuple(op)) {
        size_t len = cop_tuple_size(op);

        if (len != 2 && len != 4) return "not a valid update operation";
        for (size_t i = 0; i < len; i++)
            if (!cop_is_integer(cop_elem(op, i))) return "not a valid update operation";
        if (!cop__is_int64(cop_elem(op, 0), &pos)) pos = 0;
    } else if (!cop_is_integer(op)) {
        return "not a valid update operation";
    }
    if (!cop_is_tuple(of)) return NULL;
    if (pos < 1 || (uint64_t)pos > cop_tuple_size(of))
        return "the position in the update operation is out of range";
    if (pos == keypos_of(a)) return "the position is the same as the key position";
    if (!cop_is_integer(cop_elem(of, (size_t)pos - 1)))
        return "the value in the given position, in the object, is not an integer";
    return NULL;
}

static const char *counts(struct arguments a, int i)
{
    cop_term ops = a.items[i];
    const char *wrong = NULL;

    if (!cop_is_list(ops)) return one_count(a, ops);
    for (; cop_is_list(ops) && !cop_is_empty_list(ops) && !wrong; ops = cop_tail(ops)) {
        wrong = one_count(a, cop_head(ops));
        if (cop_is_integer(cop_head(ops))) /* as OTP has it */
            wrong = "the value in the given position, in the object, is not an integer";
    }
    return wrong;
}

static const char *one_element(struct arguments a, cop_term element)
{
    cop_term pos_term;
    cop_term value;
    int64_t pos;

    if (!cop_match(element, "{pos_term, value}", pos_term, value) ||
        !cop__is_int64(pos_term, &pos) || pos < 1)
        return "is not a valid element specification";
    if (!is_key(a, 1)) return NULL;
    if (pos == keypos_of(a)) return "the position is the same as the key position";
    return (uint64_t)pos > cop_tuple_size(counted(a)) ? "out of range" : NULL;
}

static const char *elements(struct arguments a, int i)
{
    cop_term values = a.items[i];
    const char *wrong = NULL;

    if (!cop_is_list(values)) return one_element(a, values);
    for (; cop_is_list(values) && !cop_is_empty_list(values) && !wrong; values = cop_tail(values))
        wrong = one_element(a, cop_head(values));
    return wrong;
}

/* --- Patterns --------------------------------------------------------------------------------- */

static const char *spec(struct arguments a, int i)
{
    int64_t limit = 1;

    (void)i;
    if (a.len == 3 && (!cop__is_int64(a.items[2], &limit) || limit < 1)) return NULL;
    return readable(a, 0) ? NULL : "not a valid match specification";
}

static const char *write_spec(struct arguments a, int i)
{
    return writable(a, 0) ? NULL : spec(a, i);
}

static const char *replace_spec(struct arguments a, int i)
{
    return writable_no_bag(a, 0) ? NULL : spec(a, i);
}

static const char *limit(struct arguments a, int i)
{
    int64_t value;

    if (!cop_is_integer(a.items[i])) return "not an integer";
    return cop__is_int64(a.items[i], &value) && value > 0 ? NULL : "out of range";
}

static const char *continuation(struct arguments a, int i)
{
    (void)a;
    (void)i;
    return "invalid continuation";
}

/* --- The functions ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int arity;
    check_fn checks[4];
} functions[] = {
    {"new", 2, {new_name, new_options}},
    {"delete", 1, {writable}},
    {"delete", 2, {writable, anything}},
    {"delete_all_objects", 1, {writable}},
    {"delete_object", 2, {writable, object}},
    {"first", 1, {readable}},
    {"last", 1, {readable}},
    {"next", 2, {readable, key}},
    {"prev", 2, {readable, key}},
    {"give_away", 3, {owned, living_pid, anything}},
    {"info", 1, {any_table}},
    {"info", 2, {any_table, info_item}},
    {"insert", 2, {writable, objects}},
    {"insert_new", 2, {writable, objects}},
    {"lookup", 2, {readable, anything}},
    {"lookup_element", 3, {readable, key, element_pos}},
    {"lookup_element", 4, {readable, anything, element_pos, anything}},
    {"match", 1, {continuation}},
    {"match", 2, {readable, anything}},
    {"match", 3, {readable, anything, limit}},
    {"match_delete", 2, {writable, anything}},
    {"match_object", 1, {continuation}},
    {"match_object", 2, {readable, anything}},
    {"match_object", 3, {readable, anything, limit}},
    {"member", 2, {readable, anything}},
    {"rename", 2, {writable, free_name}},
    {"safe_fixtable", 2, {readable, boolean}},
    {"select", 1, {continuation}},
    {"select", 2, {readable, spec}},
    {"select", 3, {readable, spec, limit}},
    {"select_count", 2, {readable, spec}},
    {"select_delete", 2, {writable, write_spec}},
    {"select_replace", 2, {writable_no_bag, replace_spec}},
    {"setopts", 2, {owned, heir_options}},
    {"tab2list", 1, {readable}},
    {"take", 2, {writable, anything}},
    {"update_counter", 3, {writable_set, counter_key, counts}},
    {"update_counter", 4, {writable_set, anything, counts, fallback}},
    {"update_element", 3, {writable_set, anything, elements}},
    {"whereis", 1, {table_name}},
};

void cop__ets_explain(const char *name, const cop_term *args, int arity)
{
    static const char *const nth[] = {"1st", "2nd", "3rd", "4th"};
    const struct arguments a = {args, arity};
    cop_term text = cop_string("");

    for (size_t row = 0; row < sizeof(functions) / sizeof(functions[0]); row++) {
        if (functions[row].arity != arity || strcmp(functions[row].name, name) != 0) continue;
        for (int i = 0; i < arity; i++) {
            const char *wrong = functions[row].checks[i](a, i);
            cop_bytes so_far = cop_to_bytes(text);

            if (!wrong) continue;
            text = cop_format("%.*s  * %s argument: %s\n", (int)so_far.len, so_far.data, nth[i],
                              wrong);
        }
    }
    cop_bytes lines = cop_to_bytes(text);
    if (lines.len == 0) return;
    cop_raise("ArgumentError", "errors were found at the given arguments:\n\n%.*s", (int)lines.len,
              lines.data);
}
