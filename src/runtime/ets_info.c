/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about a table (ETS-14). All is read under all locks: one moment. */
#include "runtime/ets.h"

/* In the order in which OTP lists them. */
static const char *const shown[] = {"id",
                                    "decentralized_counters",
                                    "read_concurrency",
                                    "write_concurrency",
                                    "compressed",
                                    "memory",
                                    "owner",
                                    "heir",
                                    "name",
                                    "size",
                                    "node",
                                    "named_table",
                                    "type",
                                    "keypos",
                                    "protection"};

static size_t rows_of(const struct cop__ets *t)
{
    size_t len = 0;
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        len += t->shards[i].len;
    return len;
}

static size_t words_of(const struct cop__ets *t)
{
    size_t bytes = sizeof(*t);
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        bytes += cop__ets_shard_bytes(&t->shards[i]);
    return bytes / sizeof(uint64_t);
}

static cop_term type_of(const struct cop__ets *t)
{
    switch ((enum cop__ets_type)atomic_load_explicit(&t->type, memory_order_relaxed)) {
    case COP__ETS_SET: return COP(":set");
    case COP__ETS_ORDERED_SET: return COP(":ordered_set");
    case COP__ETS_BAG: return COP(":bag");
    case COP__ETS_DUPLICATE_BAG: return COP(":duplicate_bag");
    }
    COP_UNREACHABLE();
}

static cop_term protection_of(const struct cop__ets *t)
{
    switch ((enum cop__ets_protection)t->protection) {
    case COP__ETS_PUBLIC: return COP(":public");
    case COP__ETS_PROTECTED: return COP(":protected");
    case COP__ETS_PRIVATE: return COP(":private");
    }
    COP_UNREACHABLE();
}

/* A heir that is dead is none. */
static cop_term heir_of(const struct cop__ets *t)
{
    bool is_alive = t->heir != 0 && cop__proc_lookup(t->heir) != NULL;
    return is_alive ? cop__pid_word(t->heir) : COP(":none");
}

/* The value of an item; none: nobody knows it. Under the locks. */
static cop_term value_of(const struct cop__ets *t, cop_term item)
{
    if (cop_match(item, ":size")) return cop_uint(rows_of(t));
    if (cop_match(item, ":memory")) return cop_uint(words_of(t));
    if (cop_match(item, ":type")) return type_of(t);
    if (cop_match(item, ":protection")) return protection_of(t);
    if (cop_match(item, ":owner")) return cop__pid_word(t->owner);
    if (cop_match(item, ":heir")) return heir_of(t);
    if (cop_match(item, ":name")) return t->name;
    if (cop_match(item, ":named_table")) return cop_bool(t->is_named);
    if (cop_match(item, ":keypos")) return cop_uint(cop__ets_keypos(t));
    if (cop_match(item, ":node")) return cop__node_name();
    if (cop_match(item, ":id")) return cop_ref_term(cop__local_ref(t->creator, t->id));
    if (cop_match(item, ":compressed")) return cop_bool(t->compressed);
    if (cop_match(item, ":read_concurrency")) return cop_bool(t->read_concurrency);
    if (cop_match(item, ":write_concurrency")) return t->write_concurrency;
    if (cop_match(item, ":decentralized_counters")) return cop_bool(t->decentralized_counters);
    if (cop_match(item, ":fixed")) return cop_bool(t->fixed > 0);
    return cop_none();
}

/* --- safe_fixed: under the tables' lock ------------------------------------------------------- */

struct fixes {
    cop_term list; /* {pid, count} */
    int64_t since_ms;
};

static void gather_fix(void *arg, const struct cop__ets_fix *fix)
{
    struct fixes *f = arg;
    f->since_ms = fix->table->fixed_at_ms;
    f->list = cop_cons(cop_tuple(cop__pid_word(fix->pid), cop_uint(fix->count)), f->list);
}

/* {since, [{pid, count}]}, or false. */
static cop_term fixes_of(const struct cop__ets *t, uint64_t id, cop_term item)
{
    struct fixes f = {cop_empty_list(), 0};
    if (!cop__ets_each_fix(t, id, gather_fix, &f)) return COP(":undefined");
    if (cop_is_empty_list(f.list)) return cop_false();
    cop_term since = cop_int(f.since_ms);
    if (cop_match(item, ":safe_fixed"))
        since = cop_tuple(cop_int(f.since_ms / 1000000000), cop_int(f.since_ms / 1000 % 1000000),
                          cop_int(f.since_ms % 1000 * 1000));
    return cop_tuple(since, f.list);
}

/* --- The functions ---------------------------------------------------------------------------- */

/* The table, read-locked as a whole; NULL if there is none. Exits: badarg if it cannot be one. */
static struct cop__ets *open_info(struct cop__ets_hold *hold, cop_term table, uint64_t *ret_id)
{
    if (!cop_is_atom(table) && !cop_is_reference(table)) cop__ets_badarg();
    struct cop__ets *t = cop__ets_resolve(table, ret_id);
    bool is_there = t != NULL && cop__ets_try(hold, t, *ret_id, COP__ETS_INFO, COP__ETS_ALL);
    return is_there ? t : NULL;
}

cop_term cop_ets_info(cop_term table)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    cop_term list = cop_empty_list();
    uint64_t id;
    const struct cop__ets *t = open_info(&hold, table, &id);
    if (t == NULL) return COP(":undefined");
    for (size_t i = sizeof(shown) / sizeof(shown[0]); i-- > 0;) {
        cop_term item = cop_atom(shown[i]);
        list = cop_cons(cop_tuple(item, value_of(t, item)), list);
    }
    return list;
}

cop_term cop_ets_info_item(cop_term table, cop_term item)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t id;
    const struct cop__ets *t = open_info(&hold, table, &id);
    if (t == NULL) return COP(":undefined");
    cop_term value = value_of(t, item);
    cop__ets_release(&hold);
    if (!cop_is_none(value)) return value;
    if (!cop_match(item, ":safe_fixed") && !cop_match(item, ":safe_fixed_monotonic_time"))
        cop__ets_badarg();
    return fixes_of(t, id, item);
}
