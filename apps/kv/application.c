/* SPDX-License-Identifier: Apache-2.0 */
/* The application :kv: its modules, and the supervisor at its top. */
#include "kv.h"
#include "settings.h"
#include "store.h"

static cop_term start(cop_term type, cop_term args)
{
    int64_t most;
    char why[200];

    (void)type;
    (void)args;
    if (!kv_settings_read_buckets(&most, why)) return cop_tuple(COP(":error"), why);
    return kv_supervisor_start_link(COP("[name: KV.Supervisor]"));
}

static const struct cop_module *const modules[] = {&kv_supervisor, &kv_registry, &kv_bucket,
                                                   &kv_store, NULL};

const struct cop_application kv = {.size = sizeof(struct cop_application),
                                   .name = "kv",
                                   .description = "Buckets of keys and values, found by name",
                                   .version = "0.1.0",
                                   .modules = modules,
                                   .start = start,
                                   .env = kv_settings_buckets_env};
