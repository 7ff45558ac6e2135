/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Registry: which bucket bears which name. Buckets are started under KV.BucketSupervisor and
 * watched, not linked: the registry lives on when one dies, and its monitor takes the dead one off
 * the list. */
#include "kv.h"

struct registry {
    cop_dict *names; /* name -> bucket */
    cop_dict *refs;  /* monitor -> name */
};

/* --- For clients ------------------------------------------------------------------------------ */

cop_term kv_registry_start_link(cop_term options)
{
    return cop_gen_server_start_link(&kv_registry, COP(":ok"), options);
}

cop_term kv_registry_lookup(cop_term server, cop_term name)
{
    return cop_gen_server_call(server, cop_tuple(COP(":lookup"), name), COP_CALL_TIMEOUT);
}

cop_term kv_registry_create(cop_term server, cop_term name)
{
    return cop_gen_server_cast(server, cop_tuple(COP(":create"), name));
}

/* --- Callbacks -------------------------------------------------------------------------------- */

static cop_result init(cop_term arg)
{
    struct registry *r = cop_alloc(sizeof(*r));

    (void)arg;
    r->names = cop_dict_new();
    r->refs = cop_dict_new();
    return cop_started(r);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct registry *r = state;
    cop_term name;

    (void)from;
    if (cop_match(request, "{:lookup, name}", name)) {
        cop_term bucket = cop_dict_get(r->names, name);
        return cop_reply(cop_is_none(bucket) ? COP(":error") : cop_tuple(COP(":ok"), bucket));
    }
    return cop_no_clause(request);
}

static cop_result handle_cast(void *state, cop_term message)
{
    struct registry *r = state;
    cop_term name;
    cop_pid bucket;

    if (cop_match(message, "{:create, name}", name)) {
        if (!cop_dict_has(r->names, name)) {
            cop_expect(
                cop_dynamic_supervisor_start_child(COP("KV.BucketSupervisor"), COP("KV.Bucket")),
                "{:ok, bucket}", bucket);
            cop_dict_put(r->refs, cop_monitor(bucket), name);
            cop_dict_put(r->names, name, bucket);
        }
        return cop_noreply();
    }
    return cop_no_clause(message);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct registry *r = state;
    cop_term ref;

    if (cop_match(message, "{:DOWN, ref, :process, _pid, _reason}", ref)) {
        cop_term name = cop_dict_remove(r->refs, ref);
        if (!cop_is_none(name)) cop_dict_remove(r->names, name);
        return cop_noreply();
    }
    return cop_no_clause(message);
}

static cop_term format_state(const void *state)
{
    const struct registry *r = state;

    return cop_tuple(cop_map_from_list(cop_dict_to_list(r->names)),
                     cop_map_from_list(cop_dict_to_list(r->refs)));
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_cast = handle_cast,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", kv_registry_start_link,
               "Starts a registry. Options: `:name`."),
    COP_EXPORT("lookup(server, name)", kv_registry_lookup,
               "`{:ok, bucket}` if there is a bucket called `name`, else `:error`."),
    COP_EXPORT("create(server, name)", kv_registry_create,
               "Makes sure that there is a bucket called `name`."),
    COP_EXPORT_END};

const struct cop_module kv_registry = {.size = sizeof(struct cop_module),
                                       .name = "KV.Registry",
                                       .doc = "Which bucket bears which name.",
                                       .functions = functions,
                                       .gen_server = &callbacks,
                                       .child_spec = ""};
