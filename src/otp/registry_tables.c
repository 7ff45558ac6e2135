/* SPDX-License-Identifier: Apache-2.0 */
/* Where the entries of a registry lie, and how they are found without being taken for patterns.
 * Nothing here waits, and nothing is remembered: each call reads the registry's own table. */
#include "otp/registry_state.h"

void cop__registry_unknown(cop_term name, const char *more)
{
    cop_bytes text = cop_to_bytes(cop_inspect(name));

    cop_raise("ArgumentError", "unknown registry: %.*s%s", (int)text.len, text.data, more);
}

/* --- Reading ---------------------------------------------------------------------------------- */

struct reading {
    cop_term table;
    cop_term key;
    int64_t pos;
};

static cop_term read_element(void *arg)
{
    const struct reading *r = arg;

    return cop_ets_lookup_element_or(r->table, r->key, r->pos, cop_empty_list());
}

cop_term cop__registry_read(cop_term table, cop_term key, int64_t pos)
{
    struct reading reading = {table, key, pos};
    struct cop_outcome outcome;

    return cop_try(read_element, &reading, &outcome) ? outcome.value : cop_empty_list();
}

/* A row of the registry's table, which is a tuple of this size: so another table is not taken for
 * one. */
static struct cop__registry find(cop_term name, int64_t row, size_t size)
{
    cop_term info = cop__registry_read(name, cop_int(row), 2), kind;
    struct cop__registry r = {.name = name};

    if (!cop_is_tuple(info) || cop_tuple_size(info) != size) cop__registry_unknown(name, "");
    kind = cop_elem(info, 0);
    r.is_unique = cop_identical(kind, COP(":unique"));
    r.is_by_key = r.is_unique || cop_is_tuple(kind);
    r.partitions = cop_to_int(cop_elem(info, 1));
    r.keys = cop_elem(info, 2);
    if (size == 5) {
        r.server = cop_elem(info, 3);
        r.listeners = cop_elem(info, 4);
    }
    return r;
}

struct cop__registry cop__registry_find(cop_term name)
{
    return find(name, COP__REGISTRY_FOR_ASKING, 3);
}

struct cop__registry cop__registry_find_all(cop_term name)
{
    return find(name, COP__REGISTRY_FOR_ALL, 5);
}

/* --- Partitions ------------------------------------------------------------------------------- */

static int64_t partition_of(const struct cop__registry *r, cop_term t)
{
    return (int64_t)(cop_hash(t) % (uint64_t)r->partitions);
}

cop_term cop__registry_keys(const struct cop__registry *r, int64_t n)
{
    return r->partitions == 1 ? r->keys : cop_ets_lookup_element(r->name, cop_int(n), 2);
}

cop_term cop__registry_keys_of(const struct cop__registry *r, cop_term key, cop_term pid)
{
    if (r->partitions == 1) return r->keys;
    return cop__registry_keys(r, partition_of(r, r->is_by_key ? key : pid));
}

int64_t cop__registry_range(const struct cop__registry *r, cop_term key, int64_t *ret_end)
{
    int64_t first = 0;

    *ret_end = r->partitions;
    if (r->is_by_key && r->partitions > 1) {
        first = partition_of(r, key);
        *ret_end = first + 1;
    }
    return first;
}

struct cop__registry_server cop__registry_server_of(const struct cop__registry *r, cop_term t)
{
    struct cop__registry_server ret;
    cop_term server = r->server;

    if (r->partitions > 1) server = cop_ets_lookup_element(r->name, cop_int(partition_of(r, t)), 3);
    ret.pid = cop_to_pid(cop_elem(server, 0));
    ret.pids = cop_elem(server, 1);
    return ret;
}

/* --- Specifications --------------------------------------------------------------------------- */

static bool is_pattern_atom(cop_term atom)
{
    cop_bytes text = cop_atom_text(atom);

    return text.len > 0 && (text.data[0] == '$' || (text.data[0] == '_' && text.len == 1));
}

/* Whether t as a pattern matches only itself. A map does not, and what lies in it is not looked
 * at. What is still to be looked at is a list, since terms may be deep. */
static bool is_literal(cop_term t)
{
    cop_term pending = cop_empty_list();

    for (;;) {
        if (cop_is_map(t) || (cop_is_atom(t) && is_pattern_atom(t))) return false;
        if (cop_is_list(t) && !cop_is_empty_list(t))
            pending = cop_cons(cop_head(t), cop_cons(cop_tail(t), pending));
        if (cop_is_tuple(t)) {
            for (size_t i = 0; i < cop_tuple_size(t); i++)
                pending = cop_cons(cop_elem(t, i), pending);
        }
        if (cop_is_empty_list(pending)) return true;
        t = cop_head(pending);
        pending = cop_tail(pending);
    }
}

cop_term cop__registry_spec(cop_term key, cop_term entry, cop_term guards, cop_term result)
{
    cop_term head = key;

    if (!is_literal(key)) {
        guards =
            cop_cons(cop_build("{:\"=:=\", {:element, 1, :\"$_\"}, {:const, key}}", key), guards);
        head = COP(":_");
    }
    return cop_build("[{{head, entry}, guards, [result]}]", head, entry, guards, result);
}
