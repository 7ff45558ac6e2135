/* SPDX-License-Identifier: Apache-2.0 */
/* INFO: the sections of Redis that people and their tools look at (redis-cli --stat among them),
 * with figures of this node. A name that is no section of ours has nothing to tell, as in Redis. */
#include "kv.h"
#include "redis.h"
#include "settings.h"
#include "traffic.h"

#include <coppice/introspect.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct text {
    size_t len;
    char data[4096];
};

COP_PRINTF(2, 3) static void add(struct text *t, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(t->data + t->len, sizeof(t->data) - t->len, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof(t->data) - t->len) t->len += (size_t)len;
}

/* Both forms of a size: `name:1536`, `name_human:1.50K`. */
static void add_bytes(struct text *t, const char *name, uint64_t bytes)
{
    static const char units[] = "BKMGTP";
    double value = (double)bytes;
    size_t unit = 0;

    for (; value >= 1024 && unit + 2 < sizeof(units); unit++)
        value /= 1024;
    add(t, "%s:%llu\r\n", name, (unsigned long long)bytes);
    add(t, "%s_human:%.*f%c\r\n", name, unit > 0 ? 2 : 0, value, units[unit]);
}

static void add_server(struct text *t)
{
    cop_term port = cop_application_get_env(COP(":kv_server"), COP(":redis_at"), cop_int(0));
    struct cop_node_figures node;

    cop_read_node(&node);
    add(t, "redis_version:%s\r\nredis_mode:standalone\r\n", KV_REDIS_VERSION);
    add(t, "coppice_version:%s\r\narch_bits:%zu\r\n", cop_version(), 8 * sizeof(void *));
    add(t, "process_id:%d\r\ntcp_port:%lld\r\n", (int)getpid(), (long long)cop_to_int(port));
    add(t, "uptime_in_seconds:%lld\r\n", (long long)(node.uptime_ms / 1000));
    add(t, "uptime_in_days:%lld\r\n", (long long)(node.uptime_ms / 86400000));
}

static void add_clients(struct text *t)
{
    cop_term counts, supervisor = COP("KV.TaskSupervisor");
    struct kv_settings settings = {.connections_max = 0};
    int64_t active = 0;
    char why[200];

    if (!cop_is_no_pid(cop_whereis(supervisor))) {
        counts = cop_dynamic_supervisor_count_children(supervisor);
        active = cop_to_int(cop_map_get(counts, COP(":active"), cop_int(0)));
    }
    (void)kv_settings_read(&settings, why);
    add(t, "connected_clients:%lld\r\n", (long long)active);
    add(t, "maxclients:%lld\r\nblocked_clients:0\r\n", (long long)settings.connections_max);
}

static void add_memory(struct text *t)
{
    struct cop_node_figures node;

    cop_read_node(&node);
    add_bytes(t, "used_memory", node.memory_allocated);
    add_bytes(t, "used_memory_rss", node.memory_resident);
    add_bytes(t, "maxmemory", 0);
}

static void add_stats(struct text *t)
{
    add(t, "total_connections_received:%lld\r\n", kv_traffic_read(&kv_traffic.connections));
    add(t, "total_commands_processed:%lld\r\n", kv_traffic_read(&kv_traffic.commands));
    add(t, "rejected_connections:%lld\r\n", kv_traffic_read(&kv_traffic.refused));
}

static cop_term ask_sizes(void *bucket)
{
    return kv_bucket_run(*(cop_term *)bucket, COP("[{:size}, {:expiring}]"));
}

/* The databases that have keys. */
static void add_keyspace(struct text *t)
{
    for (int i = 0; i < KV_DATABASES; i++) {
        cop_term bucket;
        struct cop_outcome outcome;
        int64_t keys, expires, left;

        if (cop_match(kv_registry_lookup(COP("KV.Registry"), cop_format("%d", i)), "{:ok, bucket}",
                      bucket) &&
            cop_try(ask_sizes, &bucket, &outcome) &&
            cop_match(outcome.value, "[keys, {expires, left}]", keys, expires, left) && keys > 0)
            add(t, "db%d:keys=%lld,expires=%lld,avg_ttl=%lld\r\n", i, (long long)keys,
                (long long)expires, (long long)left);
    }
}

static const struct {
    const char *name;
    const char *title;
    void (*add)(struct text *text);
} sections[] = {{"server", "Server", add_server},
                {"clients", "Clients", add_clients},
                {"memory", "Memory", add_memory},
                {"stats", "Stats", add_stats},
                {"keyspace", "Keyspace", add_keyspace}};

static bool is_asked(const struct kv_words *w, const char *section)
{
    for (size_t i = 1; i < w->len; i++)
        if (kv_word_is(w->items[i], section) || kv_word_is(w->items[i], "all") ||
            kv_word_is(w->items[i], "everything") || kv_word_is(w->items[i], "default"))
            return true;
    return w->len == 1;
}

void kv_redis_info(struct kv_turn *turn, const struct kv_words *w)
{
    struct text *t = cop_alloc(sizeof(*t));

    t->len = 0;
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (!is_asked(w, sections[i].name)) continue;
        add(t, "%s# %s\r\n", t->len > 0 ? "\r\n" : "", sections[i].title);
        sections[i].add(t);
    }
    kv_redis_text(turn, cop_binary(t->data, t->len));
    cop_free(t);
}
