/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a registry: its supervisor, which owns the table of the registry's name, and its
 * partitions, which own the entries. A partition does nothing while all goes well: it is linked
 * with those that have registered, clears up behind them when they die, and hands out locks. */
#include "otp/registry_state.h"

#include "coppice/gen_server.h"
#include "coppice/supervisor.h"

#include <string.h>

/* --- Partitions ------------------------------------------------------------------------------- */

struct partition {
    cop_kept pids;
    cop_dict *locks; /* key of each lock that is held => {monitor of its holder, first, last}, where
                      * first ++ reverse(last) are the others that wait for it, as froms */
};

/* arg is {kind, registry, number, partitions, name of keys, name of pids, listeners, compressed};
 * the tables are told to the table of the registry (REG-01). */
static cop_result init(cop_term arg)
{
    struct partition *p = cop_alloc(sizeof *p);
    cop_term kind, registry, keys_name, pids_name, listeners, options, keys, pids;
    cop_pid self = cop_self();
    int64_t number, partitions;
    bool compressed;

    cop_expect(arg,
               "{kind, registry, number, partitions, keys_name, pids_name, listeners, compressed}",
               kind, registry, number, partitions, keys_name, pids_name, listeners, compressed);
    cop_trap_exit(true);
    options = COP("[:duplicate_bag, :public, read_concurrency: true, write_concurrency: true]");
    pids = cop_ets_new(pids_name, options);
    if (cop_match(kind, ":unique"))
        options = COP("[:set, :public, read_concurrency: true, write_concurrency: true]");
    if (compressed) options = cop_cons(COP(":compressed"), options);
    keys = cop_ets_new(keys_name, options);
    if (partitions == 1)
        cop_ets_insert(registry, cop_build("[{-2, {kind, 1, keys}},"
                                           " {-1, {kind, 1, keys, {self, pids}, listeners}}]",
                                           kind, keys, self, pids, listeners));
    else
        cop_ets_insert(registry,
                       cop_build("{number, keys, {self, pids}}", number, keys, self, pids));
    p->pids = cop_keep(pids);
    p->locks = cop_dict_new();
    return cop_started(p);
}

struct removal {
    cop_term table;
    cop_term spec;
};

static cop_term remove_entries(void *arg)
{
    const struct removal *r = arg;

    return cop_int(cop_ets_select_delete(r->table, r->spec));
}

/* REG-21: all that pid has registered goes. Its entries may lie in tables of another partition that
 * has just ended; then they are gone. */
static void clear_up(struct partition *p, cop_pid pid)
{
    cop_term rows = cop_ets_take(cop_kept_term(p->pids), pid), key, table;
    cop_term entry = cop_build("{pid, :_}", pid);
    struct cop_outcome ignored;

    for (; !cop_is_empty_list(rows); rows = cop_tail(rows)) {
        cop_expect(cop_head(rows), "{_, key, table, _}", key, table);
        cop_try(
            remove_entries,
            &(struct removal){table, cop__registry_spec(key, entry, cop_empty_list(), cop_true())},
            &ignored);
    }
}

/* --- Locks ------------------------------------------------------------------------------------ */

/* The lock of key is from's, which it has as long as it lives and does not give it back. */
static void hand_over(struct partition *p, cop_term key, cop_from from, cop_term first,
                      cop_term last)
{
    cop_ref holder =
        cop_monitor_with(cop_pid_term(from.client), COP_ALIAS_NONE, cop_tuple(COP(":unlock"), key));

    cop_dict_put(p->locks, key, cop_tuple(holder, first, last));
    cop_gen_server_reply(from, cop_ref_term(holder));
}

static void lock(struct partition *p, cop_term key, cop_from from)
{
    cop_term held = cop_dict_get(p->locks, key), holder, first, last;

    if (cop_is_none(held)) {
        hand_over(p, key, from, cop_empty_list(), cop_empty_list());
        return;
    }
    cop_expect(held, "{holder, first, last}", holder, first, last);
    cop_dict_put(p->locks, key, cop_tuple(holder, first, cop_cons(cop_from_term(from), last)));
}

/* The holder gives the lock of key back, or has ended. The next gets it; if that has ended, its
 * monitor says so at once. */
static void unlock(struct partition *p, cop_term key, cop_ref ref)
{
    cop_term held = cop_dict_get(p->locks, key), first, last;
    cop_from next;

    if (cop_is_none(held) || !cop_match(held, "{^ref, first, last}", ref, first, last)) return;
    cop_demonitor(ref, true);
    if (cop_is_empty_list(first)) {
        first = cop_list_reverse(last);
        last = cop_empty_list();
    }
    if (cop_match(first, "[next | first]", next, first))
        hand_over(p, key, next, first, last);
    else
        cop_dict_remove(p->locks, key);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term key;

    if (cop_match(request, ":sync")) return cop_reply(cop_ok());
    if (!cop_match(request, "{:lock, key}", key)) return cop_no_clause(request);
    lock(state, key, from);
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    cop_term key;
    cop_pid pid;
    cop_ref ref;

    if (cop_match(message, "{:EXIT, pid, _}", pid))
        clear_up(state, pid);
    else if (cop_match(message, "{:unlock, key, ref}", key, ref) ||
             cop_match(message, "{{:unlock, key}, ref, :process, _, _}", key, ref))
        unlock(state, key, ref);
    else
        return cop_no_clause(message);
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    const struct partition *p = state;

    return cop_tuple(cop_kept_term(p->pids), cop_map_from_list(cop_dict_to_list(p->locks)));
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_info = handle_info,
    .format_state = format_state,
};

static cop_term start_link(cop_term name, cop_term arg)
{
    return cop_gen_server_start_link(&cop__registry_partition_module, arg,
                                     cop_build("[name: name]", name));
}

static const struct cop_function partition_functions[] = {
    COP_EXPORT("start_link(name, arg)", start_link, "Starts a partition; its registry does."),
    COP_EXPORT_END};

const struct cop_module cop__registry_partition_module = {
    .size = sizeof(struct cop_module),
    .name = "Registry.Partition",
    .doc = "The process that a part of a registry's entries belongs to.",
    .functions = partition_functions,
    .gen_server = &callbacks};

/* --- The supervisor --------------------------------------------------------------------------- */

/* R.PIDPartition0 of the registry R; Module.concat. */
static cop_term part_name(cop_term registry, const char *what, int64_t n)
{
    static const char prefix[] = "Elixir.";
    cop_bytes name = cop_atom_text(registry);
    bool has_prefix =
        name.len >= sizeof prefix - 1 && !memcmp(name.data, prefix, sizeof prefix - 1);

    if (cop_identical(registry, cop_nil()))
        return cop_atom_from(cop_to_bytes(cop_format("%s%s%lld", prefix, what, (long long)n)));
    return cop_atom_from(cop_to_bytes(cop_format("%s%.*s.%s%lld", has_prefix ? "" : prefix,
                                                 (int)name.len, name.data, what, (long long)n)));
}

static cop_term partition_spec(cop_term arg, int64_t n)
{
    cop_term kind, name, listeners, compressed, keys_name, pids_name;
    int64_t partitions;

    cop_expect(arg, "{kind, name, partitions, listeners, compressed, _}", kind, name, partitions,
               listeners, compressed);
    keys_name = part_name(name, "KeyPartition", n);
    pids_name = part_name(name, "PIDPartition", n);
    return cop_build("%{id: pids_name, start: {Registry.Partition, :start_link, [pids_name,"
                     " {kind, name, n, partitions, keys_name, pids_name, listeners, compressed}]}}",
                     pids_name, kind, name, n, partitions, keys_name, listeners, compressed);
}

/* The entries of duplicate keys lie with the partition of their process: it can be started anew
 * alone. All other partitions know of entries in each other's tables (REG-22). */
static cop_term supervisor_init(cop_term arg)
{
    cop_term kind, name, listeners, meta, rows, children = cop_empty_list();
    int64_t partitions;

    cop_expect(arg, "{kind, name, partitions, listeners, _, meta}", kind, name, partitions,
               listeners, meta);
    cop_ets_new(name, COP("[:set, :public, :named_table, read_concurrency: true]"));
    rows = cop_build("[{-2, {kind, partitions, nil}},"
                     " {-1, {kind, partitions, nil, nil, listeners}} | meta]",
                     kind, partitions, listeners, meta);
    cop_ets_insert(name, rows);
    for (int64_t n = partitions; n-- > 0;)
        children = cop_cons(partition_spec(arg, n), children);
    return cop_supervisor_init(children, cop_match(kind, ":duplicate")
                                             ? COP("[strategy: :one_for_one]")
                                             : COP("[strategy: :one_for_all]"));
}

const struct cop_module cop__registry_supervisor_module = {
    .size = sizeof(struct cop_module),
    .name = "Registry.Supervisor",
    .doc = "The process of a registry: the supervisor of its partitions.",
    .supervisor_init = supervisor_init};

cop_term cop__registry_supervisor_start(cop_term name, cop_term arg)
{
    return cop_supervisor_start_link_module(&cop__registry_supervisor_module, arg,
                                            cop_build("[name: name]", name));
}
