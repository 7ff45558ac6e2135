/* SPDX-License-Identifier: Apache-2.0 */
/* Registry: asking who has registered, and calling functions with the answer. All of it is done by
 * the caller, in tables that others change meanwhile; no answer is more than what once was true. */
#include "coppice/registry.h"

#include "coppice/task.h"
#include "otp/registry_state.h"
#include "otp/stdlib.h"

/* --- Entries of a key ------------------------------------------------------------------------- */

/* [{pid, value}] in one partition. */
static cop_term entries_in(const struct cop__registry *r, int64_t n, cop_term key)
{
    cop_term found = cop__registry_read(cop__registry_keys(r, n), key, 2);

    return cop_is_tuple(found) ? cop_list(found) : found;
}

cop_term cop_registry_lookup(cop_term registry, cop_term key)
{
    struct cop__registry r;
    int64_t first, n;
    cop_term list;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.lookup/2");
    r = cop__registry_find(registry);
    first = cop__registry_range(&r, key, &n);
    list = entries_in(&r, --n, key);
    while (n-- > first)
        list = cop_list_append(entries_in(&r, n, key), list);
    return list;
}

cop_pid cop_registry_whereis(cop_term registry, cop_term key)
{
    struct cop__registry r = cop__registry_find(registry);
    cop_term found;
    cop_pid pid;

    if (!r.is_unique) cop_raise("ArgumentError", ":via is not supported for duplicate registries");
    found = cop__registry_read(cop__registry_keys_of(&r, key, cop_nil()), key, 2);
    if (!cop_match(found, "{pid, _}", pid) || !cop_is_alive(pid)) return cop_no_pid();
    return pid;
}

cop_term cop_registry_values(cop_term registry, cop_term key, cop_pid pid)
{
    cop_term of = cop_pid_term(pid), values = cop_empty_list(), found;
    struct cop__registry r;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.values/3");
    r = cop__registry_find(registry);
    found = cop__registry_read(cop__registry_keys_of(&r, key, of), key, 2);
    if (cop_is_tuple(found)) found = cop_list(found);
    for (; !cop_is_empty_list(found); found = cop_tail(found)) {
        if (cop_identical(cop_elem(cop_head(found), 0), of))
            values = cop_cons(cop_elem(cop_head(found), 1), values);
    }
    return cop_list_reverse(values);
}

cop_term cop_registry_keys(cop_term registry, cop_pid pid)
{
    cop_term of = cop_pid_term(pid), keys = cop_empty_list(), found;
    struct cop__registry r;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.keys/2");
    r = cop__registry_find_all(registry);
    found = cop__registry_read(cop__registry_server_of(&r, of).pids, of, 2);
    for (; !cop_is_empty_list(found); found = cop_tail(found))
        keys = cop_cons(cop_head(found), keys);
    return keys;
}

/* --- Patterns --------------------------------------------------------------------------------- */

int64_t cop_registry_count(cop_term registry)
{
    struct cop__registry r;
    int64_t count = 0, size;

    if (!cop_is_atom(registry)) cop__raise_no_clause("Registry.count/1");
    r = cop__registry_find(registry);
    for (int64_t n = 0; n < r.partitions; n++) {
        /* A partition that is being restarted has none. */
        if (cop_match(cop_ets_info_item(cop__registry_keys(&r, n), COP(":size")), "size", size))
            count += size;
    }
    return count;
}

/* Calls ask for each partition from the last on, and adds up the lists or the counts. */
static cop_term select_in(const struct cop__registry *r, int64_t first, int64_t end, cop_term spec)
{
    cop_term list = cop_empty_list();

    while (end-- > first)
        list = cop_list_append(cop_ets_select(cop__registry_keys(r, end), spec), list);
    return list;
}

static int64_t count_in(const struct cop__registry *r, int64_t first, int64_t end, cop_term spec)
{
    int64_t count = 0;

    while (end-- > first)
        count += cop_ets_select_count(cop__registry_keys(r, end), spec);
    return count;
}

cop_term cop_registry_match(cop_term registry, cop_term key, cop_term pattern, cop_term guards)
{
    struct cop__registry r;
    int64_t first, end;
    cop_term spec;

    if (!cop_is_atom(registry) || !cop_is_list(guards)) cop__raise_no_clause("Registry.match/4");
    r = cop__registry_find(registry);
    first = cop__registry_range(&r, key, &end);
    spec = cop__registry_spec(key, cop_build("{:_, pattern}", pattern), guards,
                              COP("{:element, 2, :\"$_\"}"));
    return select_in(&r, first, end, spec);
}

int64_t cop_registry_count_match(cop_term registry, cop_term key, cop_term pattern, cop_term guards)
{
    struct cop__registry r;
    int64_t first, end;
    cop_term spec;

    if (!cop_is_atom(registry) || !cop_is_list(guards))
        cop__raise_no_clause("Registry.count_match/4");
    r = cop__registry_find(registry);
    first = cop__registry_range(&r, key, &end);
    spec = cop__registry_spec(key, cop_build("{:_, pattern}", pattern), guards, cop_true());
    return count_in(&r, first, end, spec);
}

/* {{key, pid, value}, guards, body} becomes {{key, {pid, value}}, guards, body}. */
static cop_term spec_for_tables(cop_term spec, const char *function)
{
    cop_term out = cop_empty_list(), key, pid, value, guards, body;

    for (cop_term rest = spec; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        if (!cop_match(cop_head(rest), "{{key, pid, value}, guards, body}", key, pid, value, guards,
                       body)) {
            cop_bytes text = cop_to_bytes(cop_inspect(spec));

            cop_raise("ArgumentError", "invalid match specification in %s: %.*s", function,
                      (int)text.len, text.data);
        }
        out = cop_cons(
            cop_build("{{key, {pid, value}}, guards, body}", key, pid, value, guards, body), out);
    }
    return cop_list_reverse(out);
}

static struct cop__registry find_for_spec(cop_term registry, cop_term *spec, const char *function)
{
    if (!cop_is_atom(registry) || !cop_is_list(*spec) || cop_list_len(*spec) < 0)
        cop__raise_no_clause(function);
    *spec = spec_for_tables(*spec, function);
    return cop__registry_find(registry);
}

cop_term cop_registry_select(cop_term registry, cop_term spec)
{
    struct cop__registry r = find_for_spec(registry, &spec, "Registry.select/2");

    return select_in(&r, 0, r.partitions, spec);
}

int64_t cop_registry_count_select(cop_term registry, cop_term spec)
{
    struct cop__registry r = find_for_spec(registry, &spec, "Registry.count_select/2");

    return count_in(&r, 0, r.partitions, spec);
}

/* --- Dispatch --------------------------------------------------------------------------------- */

/* fun is of arity 1, or {module, function, arguments}. */
static void call_with(cop_term entries, cop_term fun)
{
    cop_term module, function, args;

    if (cop_is_empty_list(entries)) return;
    if (cop_match(fun, "{module, function, args}", module, function, args))
        cop_apply(module, function, cop_cons(entries, args));
    else
        cop__call1(fun, entries);
}

static cop_term dispatch_one(cop_term arg)
{
    cop_term registry, key, fun;
    struct cop__registry r;
    int64_t n;

    cop_expect(arg, "{registry, n, key, fun}", registry, n, key, fun);
    r = cop__registry_find(registry);
    call_with(entries_in(&r, n, key), fun);
    return cop_ok();
}

static void dispatch_parallel(const struct cop__registry *r, cop_term key, cop_term fun)
{
    cop_term tasks = cop_empty_list();

    for (int64_t n = 0; n < r->partitions; n++) {
        cop_term arg = cop_tuple(r->name, n, key, fun);

        tasks = cop_cons(cop_task_async(cop_task_fun(dispatch_one, arg)), tasks);
    }
    for (; !cop_is_empty_list(tasks); tasks = cop_tail(tasks))
        cop_task_await(cop_head(tasks), COP_INFINITY);
}

cop_term cop_registry_dispatch(cop_term registry, cop_term key, cop_term fun, cop_term options)
{
    struct cop__registry r;
    int64_t first, n;

    if (!cop_is_atom(registry) ||
        !(cop_is_fun(fun, 1) || (cop_is_tuple(fun) && cop_tuple_size(fun) == 3)))
        cop__raise_no_clause("Registry.dispatch/4");
    r = cop__registry_find(registry);
    if (!r.is_unique && r.partitions > 1) {
        if (!cop_is_list(options)) cop__raise_no_clause("Keyword.get/3");
        cop_term parallel = cop_keyword_get(options, COP(":parallel"), cop_false());

        if (!cop_match(parallel, "false") && !cop_match(parallel, "nil")) {
            dispatch_parallel(&r, key, fun);
            return cop_ok();
        }
    }
    first = cop__registry_range(&r, key, &n);
    while (n-- > first)
        call_with(entries_in(&r, n, key), fun);
    return cop_ok();
}
