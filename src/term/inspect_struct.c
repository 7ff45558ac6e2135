/* SPDX-License-Identifier: Apache-2.0 */
/* Which maps are shown as structs, %Name{field: value}, and in which order their fields stand. */
#include "term/inspect_walk.h"
#include "term/syntax.h"
#include "term/types.h"
#include <string.h>

/* The exceptions of Elixir whose fields do not stand in the order of atoms, as they are defined. */
static const struct order {
    const char *name; /* without Elixir. */
    const char *fields[7];
} orders[] = {
    {"UndefinedFunctionError", {"module", "function", "arity", "reason", "message"}},
    {"FunctionClauseError", {"module", "function", "arity", "kind", "args", "clauses"}},
    {"KeyError", {"key", "term", "message"}},
    {"BadArityError", {"function", "args"}},
    {"BadBooleanError", {"term", "operator"}},
    {"SyntaxError", {"file", "line", "column", "snippet", "description"}},
    {"TokenMissingError", {"file", "line", "snippet", "column", "description"}},
    {"CompileError", {"file", "line", "description"}},
    {"Protocol.UndefinedError", {"protocol", "value", "description"}},
};

static cop_term atom_or_none(const char *text)
{
    cop_bytes bytes = {text, strlen(text)};

    return cop_atom_existing(bytes);
}

/* The fields of map in the order that is known for its struct; [] if none is or others are
 * there. */
static cop_term ordered_fields(cop_term map, cop_bytes name, size_t count)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        const char *known = orders[i].name;
        cop_term fields = cop_empty_list();
        size_t found = 0;

        if (name.len - 7 != strlen(known) || memcmp(name.data + 7, known, strlen(known)) != 0)
            continue;
        for (; found < 7 && orders[i].fields[found]; found++) {
            cop_term key = atom_or_none(orders[i].fields[found]);
            cop_term value = cop_is_none(key) ? key : cop_map_get(map, key, cop_none());

            if (cop_is_none(value)) return cop_empty_list();
            fields = cop_cons(cop_tuple(key, value), fields);
        }
        return found == count ? cop_list_reverse(fields) : cop_empty_list();
    }
    return cop_empty_list();
}

bool cop__struct_fields(cop_term map, cop_bytes *ret_name, cop_term *ret_fields)
{
    cop_term module = cop_map_get(map, cop__atom(COP_ATOM_struct), cop_none());
    cop_term all;
    cop_term fields = cop_empty_list();
    size_t count = 0;

    if (cop_is_none(module) || !cop_is_atom(module)) return false;
    *ret_name = cop_atom_text(module);
    if (!cop__has_alias_prefix(*ret_name) || !cop__is_alias(*ret_name)) return false;
    for (all = cop_map_to_list(map); cop__is_cons(all); all = cop__cons_tail(all)) {
        cop_term pair = cop__cons_head(all);
        cop_term key = cop_elem(pair, 0);

        if (!cop_is_atom(key) || cop__has_alias_prefix(cop_atom_text(key))) return false;
        if (cop__is(key, COP_ATOM_struct) || cop__is(key, COP_ATOM_exception)) continue;
        fields = cop_cons(pair, fields);
        count++;
    }
    *ret_fields = ordered_fields(map, *ret_name, count);
    if (cop_is_empty_list(*ret_fields)) *ret_fields = cop_list_reverse(fields);
    return true;
}

bool cop__range_parts(cop_term map, cop_term ret_parts[3])
{
    static const char *const names[] = {"first", "last", "step"};
    cop_term module = cop_map_get(map, cop__atom(COP_ATOM_struct), cop_none());

    if (cop_is_none(module) || !cop__is_text(module, "Elixir.Range")) return false;
    for (int i = 0; i < 3; i++) {
        cop_term name = atom_or_none(names[i]);

        ret_parts[i] = cop_is_none(name) ? name : cop_map_get(map, name, cop_none());
        if (cop_is_none(ret_parts[i]) || !cop_is_integer(ret_parts[i])) return false;
    }
    return true;
}
