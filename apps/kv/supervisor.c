/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Supervisor: the buckets' supervisor first, then the registry, which starts buckets under it.
 * One for all: a registry that has forgotten its buckets leaves none behind, and the other way
 * round. */
#include "kv.h"
#include "settings.h"

cop_term kv_supervisor_start_link(cop_term options)
{
    return cop_supervisor_start_link_module(&kv_supervisor, COP(":ok"), options);
}

static cop_term init(cop_term arg)
{
    int64_t most;
    char why[200];

    (void)arg;
    if (!kv_settings_read_buckets(&most, why)) cop_raise("RuntimeError", "%s", why);
    return cop_supervisor_init(
        cop_build("[{DynamicSupervisor, name: KV.BucketSupervisor, max_children: most},"
                  " {KV.Registry, name: KV.Registry}]",
                  most),
        COP("[strategy: :one_for_all]"));
}

static const struct cop_function functions[] = {COP_EXPORT("start_link(options)",
                                                           kv_supervisor_start_link,
                                                           "Starts the tree. Options: `:name`."),
                                                COP_EXPORT_END};

const struct cop_module kv_supervisor = {.size = sizeof(struct cop_module),
                                         .name = "KV.Supervisor",
                                         .doc = "Supervises the registry and the buckets.",
                                         .functions = functions,
                                         .supervisor_init = init,
                                         .child_spec = ""};
