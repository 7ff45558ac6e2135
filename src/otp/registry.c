/* SPDX-License-Identifier: Apache-2.0 */
/* Registry as its users see it: starting one, the caller's own entries, locks, and data about the
 * registry. How the tables look: registry_state.h. */
#include "coppice/registry.h"

#include "coppice/gen_server.h"
#include "otp/registry_state.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"

/* Each partition has a name, and names are never freed. */
#define PARTITIONS_MAX 65536

/* The number of a row in pids: makes equal ones of one process differ. */
static uint64_t rows;

/* --- Starting --------------------------------------------------------------------------------- */

static COP_NORETURN void wrong_option(const char *expected, cop_term got)
{
    cop_bytes text = cop_to_bytes(cop_inspect(got));

    cop_raise("ArgumentError", "expected %s, got: %.*s", expected, (int)text.len, text.data);
}

static cop_term kind_option(cop_term options)
{
    cop_term kind = cop_keyword_get(options, COP(":keys"), cop_nil());

    if (cop_match(kind, "{:duplicate, :pid}")) return COP(":duplicate");
    if (!cop_match(kind, ":unique") && !cop_match(kind, ":duplicate") &&
        !cop_match(kind, "{:duplicate, :key}"))
        wrong_option(":keys to be given and be one of :unique, :duplicate, {:duplicate, :key} or "
                     "{:duplicate, :pid}",
                     kind);
    return kind;
}

static cop_term name_option(cop_term options)
{
    cop_term name = cop_keyword_get(options, COP(":name"), cop_none());

    if (cop_is_none(name)) cop_raise("ArgumentError", "expected :name option to be present");
    if (!cop_is_atom(name)) wrong_option(":name to be an atom", name);
    return name;
}

static bool are_atoms(cop_term list)
{
    if (!cop_is_list(list) || cop_list_len(list) < 0) return false;
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        if (!cop_is_atom(cop_head(list))) return false;
    }
    return true;
}

cop_term cop_registry_start_link(cop_term options)
{
    cop_term kind, name, meta, partitions, listeners, compressed;
    int64_t n;

    if (!cop_is_list(options)) cop__raise_no_clause("Keyword.get/3");
    if (!cop_is_keyword(options)) wrong_option("a keyword list", options);
    kind = kind_option(options);
    name = name_option(options);
    meta = cop_keyword_get(options, COP(":meta"), cop_empty_list());
    if (!cop_is_keyword(meta)) wrong_option(":meta to be a keyword list", meta);
    partitions = cop_keyword_get(options, COP(":partitions"), cop_int(1));
    if (!cop_match(partitions, "n", n) || n < 1)
        wrong_option(":partitions to be a positive integer", partitions);
    if (n > PARTITIONS_MAX) cop_error(COP(":system_limit"));
    listeners = cop_keyword_get(options, COP(":listeners"), cop_empty_list());
    if (!are_atoms(listeners))
        wrong_option(":listeners to be a list of named processes", listeners);
    compressed = cop_keyword_get(options, COP(":compressed"), cop_false());
    if (!cop_is_boolean(compressed)) wrong_option(":compressed to be a boolean", compressed);
    return cop__registry_supervisor_start(name,
                                          cop_tuple(kind, name, n, listeners, compressed, meta));
}

/* --- The caller's entries --------------------------------------------------------------------- */

static void tell(cop_term listeners, cop_term message)
{
    for (; !cop_is_empty_list(listeners); listeners = cop_tail(listeners))
        cop_send(cop_head(listeners), message);
}

/* The link goes with the caller's last entry in the partition (REG-05). */
static void unlink_if_nothing_left(const struct cop__registry_server *server, cop_pid self)
{
    if (!cop_ets_member(server->pids, self)) cop_unlink(server->pid);
}

/* Makes the caller the owner of key and returns its pid, or that of the owner. A dead owner is
 * replaced, whether its partition knows of its death or not (REG-09); since others do the same, it
 * is tried again until one has won. */
static cop_pid claim(cop_term keys, cop_term entry)
{
    cop_term key = cop_elem(entry, 0), owned;
    cop_pid owner;

    while (!cop_ets_insert_new(keys, entry)) {
        if (!cop_match(cop_ets_lookup(keys, key), "[owned]", owned)) continue;
        owner = cop_to_pid(cop_elem(cop_elem(owned, 1), 0));
        if (cop_is_alive(owner)) return owner;
        cop_ets_delete_object(keys, owned);
    }
    return cop_no_pid();
}

cop_term cop_registry_register(cop_term registry, cop_term key, cop_term value)
{
    cop_pid self = cop_self(), owner = cop_no_pid();
    struct cop__registry_server server;
    struct cop__registry r;
    cop_term keys, row, entry;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.register/3");
    r = cop__registry_find_all(registry);
    keys = cop__registry_keys_of(&r, key, cop_pid_term(self));
    server = cop__registry_server_of(&r, cop_pid_term(self));
    cop_link(server.pid);
    row = cop_tuple(self, key, keys, __atomic_fetch_add(&rows, 1, __ATOMIC_RELAXED));
    entry = cop_tuple(key, cop_tuple(self, value));
    cop_ets_insert(server.pids, row);
    if (r.is_unique)
        owner = claim(keys, entry);
    else
        cop_ets_insert(keys, entry);
    if (!cop_is_no_pid(owner)) {
        cop_ets_delete_object(server.pids, row);
        unlink_if_nothing_left(&server, self);
        return cop_build("{:error, {:already_registered, owner}}", owner);
    }
    tell(r.listeners,
         cop_build("{:register, registry, key, self, value}", registry, key, self, value));
    return cop_tuple(cop_ok(), server.pid);
}

/* The rows of pid for key, exactly: the key of this table is pid. */
static cop_term rows_of(cop_pid pid, cop_term key)
{
    return cop_build("[{{pid, :_, :_, :_}, [{:\"=:=\", {:element, 2, :\"$_\"}, {:const, key}}], "
                     "[true]}]",
                     pid, key);
}

/* Forgets the caller's rows for key after its entries, and tells. */
static cop_term forget(const struct cop__registry *r, const struct cop__registry_server *server,
                       cop_term key)
{
    cop_term registry = r->name;
    cop_pid self = cop_self();

    cop_ets_select_delete(server->pids, rows_of(self, key));
    unlink_if_nothing_left(server, self);
    tell(r->listeners, cop_build("{:unregister, registry, key, self}", registry, key, self));
    return cop_ok();
}

cop_term cop_registry_unregister(cop_term registry, cop_term key)
{
    cop_term self = cop_pid_term(cop_self()), keys;
    struct cop__registry_server server;
    struct cop__registry r;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.unregister/2");
    r = cop__registry_find_all(registry);
    keys = cop__registry_keys_of(&r, key, self);
    server = cop__registry_server_of(&r, self);
    cop_ets_select_delete(
        keys, cop__registry_spec(key, cop_build("{self, :_}", self), cop_empty_list(), cop_true()));
    return forget(&r, &server, key);
}

/* Takes so many of the caller's rows for key away. */
static void take_rows(cop_term pids, cop_term key, int64_t count)
{
    cop_term left = cop_ets_lookup(pids, cop_self());

    for (; count > 0 && !cop_is_empty_list(left); left = cop_tail(left)) {
        if (!cop_identical(cop_elem(cop_head(left), 1), key)) continue;
        cop_ets_delete_object(pids, cop_head(left));
        count--;
    }
}

cop_term cop_registry_unregister_match(cop_term registry, cop_term key, cop_term pattern,
                                       cop_term guards)
{
    cop_term self = cop_pid_term(cop_self()), keys, all, some;
    struct cop__registry_server server;
    struct cop__registry r;
    int64_t total, gone;

    if (!cop_is_list(guards)) cop__raise_no_clause("Registry.unregister_match/4");
    r = cop__registry_find_all(registry);
    keys = cop__registry_keys_of(&r, key, self);
    server = cop__registry_server_of(&r, self);
    all = cop_build("{self, :_}", self);
    some = cop_tuple(self, pattern);
    total = cop_ets_select_count(keys, cop__registry_spec(key, all, cop_empty_list(), cop_true()));
    gone = cop_ets_select_delete(keys, cop__registry_spec(key, some, guards, cop_true()));
    if (gone == total) return forget(&r, &server, key);
    take_rows(server.pids, key, gone);
    return cop_ok();
}

cop_term cop_registry_update_value(cop_term registry, cop_term key, cop_term fun)
{
    cop_term keys, value, now;
    struct cop__registry r;
    cop_pid owner, self = cop_self();

    if (!cop_is_atom(registry) || !cop_is_fun(fun, 1))
        cop__raise_no_clause("Registry.update_value/3");
    r = cop__registry_find(registry);
    if (!r.is_unique)
        cop_raise("ArgumentError",
                  "Registry.update_value/3 is not supported for duplicate registries");
    keys = cop__registry_keys_of(&r, key, cop_nil());
    if (!cop_match(cop__registry_read(keys, key, 2), "{owner, value}", owner, value) ||
        !cop_pid_equal(owner, self))
        return COP(":error");
    now = cop__call1(fun, value);
    cop_ets_insert(keys, cop_tuple(key, cop_tuple(self, now)));
    return cop_tuple(now, value);
}

/* --- Locks ------------------------------------------------------------------------------------ */

static cop_term call_it(void *fun)
{
    return cop_call_fun(*(cop_term *)fun, NULL, 0);
}

cop_term cop_registry_lock(cop_term registry, cop_term key, cop_term fun)
{
    struct cop_outcome outcome;
    struct cop__registry r;
    cop_pid server;
    cop_term ref;

    if (!cop_is_atom(registry) || !cop_is_fun(fun, 0)) cop__raise_no_clause("Registry.lock/3");
    r = cop__registry_find_all(registry);
    server = cop__registry_server_of(&r, key).pid;
    ref = cop_gen_server_call(server, cop_tuple(COP(":lock"), key), COP_CALL_TIMEOUT);
    cop_try(call_it, &fun, &outcome);
    cop_send(server, cop_tuple(COP(":unlock"), key, ref));
    if (outcome.class_ != COP_CLASS_NONE) cop_reraise(&outcome);
    return outcome.value;
}

/* --- Data about the registry ------------------------------------------------------------------ */

struct meta {
    cop_term registry;
    cop_term key;
    cop_term value;
};

/* A row of the registry's table, which it is that says that there is such a registry. */
static cop_term attempt(cop_try_fn fn, struct meta *meta, const char *function, const char *more)
{
    struct cop_outcome outcome;

    if (!cop_is_atom(meta->registry) || !(cop_is_atom(meta->key) || cop_is_tuple(meta->key)))
        cop__raise_no_clause(function);
    if (!cop_try(fn, meta, &outcome)) cop__registry_unknown(meta->registry, more);
    return outcome.value;
}

static cop_term get_it(void *arg)
{
    const struct meta *meta = arg;
    cop_term value;

    if (!cop_match(cop_ets_lookup(meta->registry, meta->key), "[{_, value}]", value))
        return COP(":error");
    return cop_tuple(cop_ok(), value);
}

static cop_term put_it(void *arg)
{
    const struct meta *meta = arg;

    cop_ets_insert(meta->registry, cop_tuple(meta->key, meta->value));
    return cop_ok();
}

static cop_term delete_it(void *arg)
{
    const struct meta *meta = arg;

    cop_ets_delete_key(meta->registry, meta->key);
    return cop_ok();
}

cop_term cop_registry_meta(cop_term registry, cop_term key)
{
    return attempt(get_it, &(struct meta){registry, key, cop_nil()}, "Registry.meta/2",
                   ". Either the registry name is invalid or the registry is not running, possibly "
                   "because its application isn't started");
}

cop_term cop_registry_put_meta(cop_term registry, cop_term key, cop_term value)
{
    return attempt(put_it, &(struct meta){registry, key, value}, "Registry.put_meta/3", "");
}

cop_term cop_registry_delete_meta(cop_term registry, cop_term key)
{
    return attempt(delete_it, &(struct meta){registry, key, cop_nil()}, "Registry.delete_meta/2",
                   "");
}
