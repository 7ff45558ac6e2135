/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Registry: which bucket bears which name. Buckets are started under KV.BucketSupervisor and
 * watched, not linked: the registry lives on when one dies, and its monitor takes the dead one off
 * the list.
 *
 * The list is a table of rows {name, bucket}. A registry with a name lends it to the table, and
 * clients that ask by that name read the table themselves: no message, and none waits for
 * another. Between the death of a bucket and the news of it the row is still there; so whoever
 * finds one looks whether it lives, and does not wait for it if it is busy. */
#include "kv.h"

struct registry {
    cop_ref table;   /* name -> bucket */
    cop_dict *names; /* monitor -> name */
};

/* {:ok, bucket} or :error. */
static cop_term find(cop_term table, cop_term name)
{
    cop_pid bucket;

    if (!cop_match(cop_ets_lookup(table, name), "[{_, bucket}]", bucket) ||
        !cop_seems_alive(bucket))
        return COP(":error");
    return cop_tuple(cop_ok(), bucket);
}

/* --- For clients ------------------------------------------------------------------------------ */

cop_term kv_registry_start_link(cop_term options)
{
    cop_term name = cop_keyword_get(options, COP(":name"), cop_nil());

    return cop_gen_server_start_link(&kv_registry, name, options);
}

struct question {
    cop_term server;
    cop_term name;
};

static cop_term find_by_question(void *arg)
{
    const struct question *q = arg;

    return find(q->server, q->name);
}

/* The table of a registry that is not there is not there either: then the call tells what is
 * wrong. */
cop_term kv_registry_lookup(cop_term server, cop_term name)
{
    struct question question = {server, name};
    struct cop_outcome outcome;

    if (cop_is_atom(server) && cop_try(find_by_question, &question, &outcome)) return outcome.value;
    return cop_gen_server_call(server, cop_tuple(COP(":lookup"), name), COP_CALL_TIMEOUT);
}

cop_term kv_registry_create(cop_term server, cop_term name)
{
    return cop_gen_server_call(server, cop_tuple(COP(":create"), name), COP_CALL_TIMEOUT);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

/* name: of the registry, or nil. */
static cop_result init(cop_term name)
{
    struct registry *r = cop_alloc(sizeof(*r));
    cop_term table;

    if (cop_is_atom(name) && !cop_match(name, "nil"))
        table = cop_ets_whereis(
            cop_ets_new(name, COP("[:named_table, :protected, {:read_concurrency, true}]")));
    else
        table = cop_ets_new(COP("KV.Registry"), COP("[:protected, {:read_concurrency, true}]"));
    r->table = cop_to_ref(table);
    r->names = cop_dict_new();
    return cop_started(r);
}

static cop_term create(struct registry *r, cop_term name)
{
    cop_term answer =
        cop_dynamic_supervisor_start_child(COP("KV.BucketSupervisor"), COP("KV.Bucket"));
    cop_pid bucket;

    if (!cop_match(answer, "{:ok, bucket}", bucket)) return answer;
    cop_dict_put(r->names, cop_monitor(bucket), name);
    cop_ets_insert(cop_ref_term(r->table), cop_tuple(name, bucket));
    return cop_ok();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct registry *r = state;
    cop_term name;

    (void)from;
    if (cop_match(request, "{:lookup, name}", name))
        return cop_reply(find(cop_ref_term(r->table), name));
    if (cop_match(request, "{:create, name}", name)) {
        bool is_there = !cop_match(find(cop_ref_term(r->table), name), ":error");

        return cop_reply(is_there ? cop_ok() : create(r, name));
    }
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct registry *r = state;
    cop_term ref, bucket;

    if (cop_match(message, "{:DOWN, ref, :process, bucket, _reason}", ref, bucket)) {
        cop_term name = cop_dict_remove(r->names, ref);

        /* The name may be another bucket's by now. */
        if (!cop_is_none(name))
            cop_ets_delete_object(cop_ref_term(r->table), cop_tuple(name, bucket));
        return cop_noreply();
    }
    return cop_no_clause(message);
}

static cop_term format_state(const void *state)
{
    const struct registry *r = state;

    return cop_tuple(cop_map_from_list(cop_ets_tab2list(cop_ref_term(r->table))),
                     cop_map_from_list(cop_dict_to_list(r->names)));
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", kv_registry_start_link,
               "Starts a registry. Options: `:name`."),
    COP_EXPORT("lookup(server, name)", kv_registry_lookup,
               "`{:ok, bucket}` if there is a bucket called `name`, else `:error`."),
    COP_EXPORT("create(server, name)", kv_registry_create,
               "Makes sure that there is a bucket called `name`: `:ok`, or `{:error, reason}`."),
    COP_EXPORT_END};

const struct cop_module kv_registry = {.size = sizeof(struct cop_module),
                                       .name = "KV.Registry",
                                       .doc = "Which bucket bears which name.",
                                       .functions = functions,
                                       .gen_server = &callbacks,
                                       .child_spec = ""};
