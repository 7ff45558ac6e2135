/* SPDX-License-Identifier: Apache-2.0 */
/* The application :kv: its modules, and the supervisor at its top. */
#include "kv.h"
#include "store.h"

static cop_term start(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return kv_supervisor_start_link(COP("[name: KV.Supervisor]"));
}

static const struct cop_module *const modules[] = {&kv_supervisor, &kv_registry, &kv_bucket,
                                                   &kv_store, NULL};

const struct cop_application kv = {.size = sizeof(struct cop_application),
                                   .name = "kv",
                                   .description = "Buckets of keys and values, found by name",
                                   .version = "0.1.0",
                                   .modules = modules,
                                   .start = start};
