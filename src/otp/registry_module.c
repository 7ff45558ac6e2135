/* SPDX-License-Identifier: Apache-2.0 */
/* Registry as the console, child specifications and {:via, Registry, name} call it. */
#include "coppice/registry.h"

#include "otp/registry_state.h"
#include "otp/stdlib.h"

/* REG-01 */
static cop_term child_spec(cop_term options)
{
    cop_term id;

    if (!cop_is_list(options)) cop__raise_no_clause("Keyword.get/3");
    id = cop_keyword_get(options, COP(":name"), COP("Registry"));
    return cop_build("%{id: id, start: {Registry, :start_link, [options]}, type: :supervisor}", id,
                     options);
}

static cop_term unregister_match(cop_term registry, cop_term key, cop_term pattern)
{
    return cop_registry_unregister_match(registry, key, pattern, cop_empty_list());
}

static cop_term keys(cop_term registry, cop_term pid)
{
    if (!cop_is_pid(pid)) cop__raise_no_clause("Registry.keys/2");
    return cop_registry_keys(registry, cop_to_pid(pid));
}

/* What is no pid has no values. */
static cop_term values(cop_term registry, cop_term key, cop_term pid)
{
    return cop_registry_values(registry, key, cop_is_pid(pid) ? cop_to_pid(pid) : cop_no_pid());
}

static cop_term count(cop_term registry)
{
    return cop_int(cop_registry_count(registry));
}

static cop_term match(cop_term registry, cop_term key, cop_term pattern)
{
    return cop_registry_match(registry, key, pattern, cop_empty_list());
}

static cop_term count_match_4(cop_term registry, cop_term key, cop_term pattern, cop_term guards)
{
    return cop_int(cop_registry_count_match(registry, key, pattern, guards));
}

static cop_term count_match(cop_term registry, cop_term key, cop_term pattern)
{
    return count_match_4(registry, key, pattern, cop_empty_list());
}

static cop_term count_select(cop_term registry, cop_term spec)
{
    return cop_int(cop_registry_count_select(registry, spec));
}

static cop_term dispatch(cop_term registry, cop_term key, cop_term fun)
{
    return cop_registry_dispatch(registry, key, fun, cop_empty_list());
}

/* --- Names: {:via, Registry, {registry, key}} and {:via, Registry, {registry, key, value}} ---- */

struct name {
    cop_term registry;
    cop_term key;
    cop_term value;
};

static struct name name_of(cop_term t, const char *function)
{
    cop_term registry, key, value = cop_nil();

    if (!cop_match(t, "{registry, key}", registry, key) &&
        !cop_match(t, "{registry, key, value}", registry, key, value))
        cop__raise_no_clause(function);
    return (struct name){registry, key, value};
}

static cop_term whereis_name(cop_term t)
{
    struct name name = name_of(t, "Registry.whereis_name/1");
    cop_pid pid = cop_registry_whereis(name.registry, name.key);

    return cop_is_no_pid(pid) ? COP(":undefined") : cop_pid_term(pid);
}

/* A process registers only itself (REG-02). */
static cop_term register_name(cop_term t, cop_term pid)
{
    struct name name = name_of(t, "Registry.register_name/2");

    if (!cop_identical(pid, cop_pid_term(cop_self())))
        cop__raise_no_clause("Registry.register_name/4");
    return cop_match(cop_registry_register(name.registry, name.key, name.value), "{:ok, _}")
               ? COP(":yes")
               : COP(":no");
}

static cop_term unregister_name(cop_term t)
{
    struct name name = name_of(t, "Registry.unregister_name/1");

    return cop_registry_unregister(name.registry, name.key);
}

static cop_term send_to(cop_term t, cop_term message)
{
    struct name name = name_of(t, "Registry.send/2");
    cop_pid pid;

    if (!cop_match(cop_registry_lookup(name.registry, name.key), "[{pid, _}]", pid))
        cop_error(COP(":badarg"));
    return cop_send(pid, message);
}

/* --- The module ------------------------------------------------------------------------------- */

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", cop_registry_start_link,
               "Starts a registry; options: keys, name, partitions, listeners, meta, compressed."),
    COP_EXPORT("child_spec(options)", child_spec, "The specification of such a registry."),
    COP_EXPORT("register(registry, key, value)", cop_registry_register,
               "Registers the caller: {:ok, pid} or {:error, {:already_registered, pid}}."),
    COP_EXPORT("unregister(registry, key)", cop_registry_unregister,
               "Removes the caller's entries for key: :ok."),
    COP_EXPORT("unregister_match(registry, key, pattern)", unregister_match,
               "Removes those of them whose values match."),
    COP_EXPORT("unregister_match(registry, key, pattern, guards)", cop_registry_unregister_match,
               "Removes those of them whose values match."),
    COP_EXPORT("update_value(registry, key, fun)", cop_registry_update_value,
               "Makes fun(value) the value of the caller's key: {new, old} or :error."),
    COP_EXPORT("lookup(registry, key)", cop_registry_lookup, "[{pid, value}] of a key."),
    COP_EXPORT("keys(registry, pid)", keys, "The keys of a process."),
    COP_EXPORT("values(registry, key, pid)", values, "The values of a process under key."),
    COP_EXPORT("count(registry)", count, "The number of entries."),
    COP_EXPORT("match(registry, key, pattern)", match,
               "[{pid, value}] of a key where value matches."),
    COP_EXPORT("match(registry, key, pattern, guards)", cop_registry_match,
               "The same; guards speak of the pattern's variables."),
    COP_EXPORT("count_match(registry, key, pattern)", count_match, "How many there are."),
    COP_EXPORT("count_match(registry, key, pattern, guards)", count_match_4, "How many there are."),
    COP_EXPORT("select(registry, spec)", cop_registry_select,
               "What spec, [{{key, pid, value}, guards, body}], gives for the entries."),
    COP_EXPORT("count_select(registry, spec)", count_select, "For how many spec gives true."),
    COP_EXPORT("dispatch(registry, key, fun)", dispatch,
               "Calls fun([{pid, value}]) if there are entries for key: :ok."),
    COP_EXPORT("dispatch(registry, key, fun, options)", cop_registry_dispatch,
               "The same; with parallel: true in a task for each partition."),
    COP_EXPORT("lock(registry, key, fun)", cop_registry_lock,
               "Calls fun() while nobody else does so with the same key."),
    COP_EXPORT("meta(registry, key)", cop_registry_meta, "{:ok, value} or :error."),
    COP_EXPORT("put_meta(registry, key, value)", cop_registry_put_meta,
               "Keeps value under key, an atom or a tuple."),
    COP_EXPORT("delete_meta(registry, key)", cop_registry_delete_meta, "Removes key: :ok."),
    COP_EXPORT("whereis_name(name)", whereis_name,
               "The pid behind {registry, key}, or :undefined."),
    COP_EXPORT("register_name(name, pid)", register_name,
               "Registers the caller as {registry, key}: :yes or :no."),
    COP_EXPORT("unregister_name(name)", unregister_name, "Gives the name up."),
    COP_EXPORT("send(name, message)", send_to, "Sends to the process behind {registry, key}."),
    COP_EXPORT_END};

const struct cop_module cop__registry_module = {
    .size = sizeof(struct cop_module),
    .name = "Registry",
    .doc = "Names for processes that may be any term, and groups of processes under a key.",
    .functions = functions};
