/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Supervisor and the application: the tree that the seed ends with. */
#include "kv.h"

static cop_term init(cop_term arg)
{
    (void)arg;
    return cop_supervisor_init(COP("[{DynamicSupervisor, name: KV.BucketSupervisor,"
                                   "  strategy: :one_for_one},"
                                   " {KV.Registry, name: KV.Registry}]"),
                               COP("[strategy: :one_for_all]"));
}

static cop_term start_link(cop_term options)
{
    return cop_supervisor_start_link_module(&kv_supervisor, cop_ok(), options);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts the registry and its buckets."),
    COP_EXPORT_END,
};

const struct cop_module kv_supervisor = {
    .size = sizeof(struct cop_module),
    .name = "KV.Supervisor",
    .doc = "A registry and the supervisor of its buckets: one does not outlive the other.",
    .functions = functions,
    .supervisor_init = init,
    .child_spec = "",
};

static cop_term start(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return start_link(COP("[name: KV.Supervisor]"));
}

static const struct cop_module *const modules[] = {&kv_supervisor, &kv_registry, &kv_bucket, NULL};

const struct cop_application kv = {
    .size = sizeof(struct cop_application),
    .name = "kv",
    .description = "A key-value store",
    .version = "0.1.0",
    .modules = modules,
    .start = start,
};

int main(int argc, char **argv)
{
    return cop_main(argc, argv, &kv);
}
