/* SPDX-License-Identifier: Apache-2.0 */
/* CONFIG: what Redis' users look up and set by habit. The settings of this server are those of its
 * environment (settings.h): they are shown here under Redis' names, and stay as they are. */
#include "redis.h"
#include "settings.h"
#include "store.h"
#include "traffic.h"

#include <string.h>

static cop_term port(const struct kv_settings *s)
{
    (void)s;
    return cop_application_get_env(COP(":kv_server"), COP(":redis_at"), cop_int(0));
}

static cop_term bulk(const struct kv_settings *s)
{
    return cop_int((int64_t)s->limits.bulk);
}

static cop_term clients(const struct kv_settings *s)
{
    return cop_int(s->connections_max);
}

/* Seconds; 0: for ever. */
static cop_term timeout(const struct kv_settings *s)
{
    return cop_int(s->idle_ms == COP_INFINITY ? 0 : s->idle_ms / 1000);
}

static cop_term address(const struct kv_settings *s)
{
    return cop_string(s->address);
}

static const struct parameter {
    const char *name;
    const char *text;                                  /* its value, or ... */
    cop_term (*value)(const struct kv_settings *from); /* ... a text or number */
} parameters[] = {
    {"appendonly", "no", NULL},         {"bind", NULL, address},  {"databases", "16", NULL},
    {"maxclients", NULL, clients},      {"maxmemory", "0", NULL}, {"port", NULL, port},
    {"proto-max-bulk-len", NULL, bulk}, {"save", "", NULL},       {"timeout", NULL, timeout},
};
#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

static cop_term value_of(const struct parameter *p)
{
    struct kv_settings settings = {.port = 0};
    char why[200];
    cop_term value;

    if (p->text) return cop_string(p->text);
    (void)kv_settings_read(&settings, why);
    value = p->value(&settings);
    return cop_is_binary(value) ? value : cop_inspect(value);
}

/* --- GET -------------------------------------------------------------------------------------- */

/* The name under which one of the words, from the third on, asks for a parameter: that word, or
 * the parameter's own if the word is a pattern. NULL data: none does. */
static cop_bytes asked_as(const struct kv_words *w, const char *name)
{
    cop_bytes own = {name, strlen(name)};

    for (size_t i = 2; i < w->len; i++) {
        if (kv_word_is(w->items[i], name)) return w->items[i];
        if (kv_glob_match(w->items[i], own)) return own;
    }
    return (cop_bytes){NULL, 0};
}

static void get(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_out *out = kv_turn_out(turn);
    int64_t count = 0;

    for (size_t i = 0; i < PARAMETERS; i++)
        count += asked_as(w, parameters[i].name).data != NULL;
    kv_redis_map(turn->session, count);
    for (size_t i = 0; i < PARAMETERS; i++) {
        cop_bytes name = asked_as(w, parameters[i].name);

        if (name.data == NULL) continue;
        kv_out_bulk(out, cop_binary(name.data, name.len));
        kv_out_bulk(out, value_of(&parameters[i]));
    }
}

/* --- SET -------------------------------------------------------------------------------------- */

static const struct parameter *find(cop_bytes name)
{
    for (size_t i = 0; i < PARAMETERS; i++)
        if (kv_word_is(name, parameters[i].name)) return &parameters[i];
    return NULL;
}

static void fail(struct kv_turn *turn, const struct parameter *p, const char *why)
{
    kv_redis_error(turn, "ERR CONFIG SET failed (possibly related to argument '%s') - %s", p->name,
                   why);
}

/* To set what is so already is no mistake; the rest cannot be done. */
static void set(struct kv_turn *turn, const struct kv_words *w)
{
    if (w->len % 2 == 1) {
        kv_redis_error(turn, "ERR syntax error");
        return;
    }
    for (size_t i = 2; i < w->len; i += 2) {
        const struct parameter *p = find(w->items[i]);

        if (p == NULL) {
            kv_redis_error(turn,
                           "ERR Unknown option or number of arguments for CONFIG SET - '%.*s'",
                           (int)(w->items[i].len < 128 ? w->items[i].len : 128), w->items[i].data);
            return;
        }
        for (size_t j = 2; j < i; j += 2) {
            if (find(w->items[j]) != p) continue;
            fail(turn, p, "duplicate parameter");
            return;
        }
    }
    for (size_t i = 2; i < w->len; i += 2) {
        const struct parameter *p = find(w->items[i]);

        if (cop_identical(value_of(p), kv_word(w, i + 1))) continue;
        fail(turn, p, "can't set immutable config");
        return;
    }
    kv_out_simple(kv_turn_out(turn), "OK");
}

/* --- The others ------------------------------------------------------------------------------- */

static void reset(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_traffic_clear(&kv_traffic);
    kv_out_simple(kv_turn_out(turn), "OK");
}

static void rewrite(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_redis_error(turn, "ERR The server is running without a config file");
}

static void help(struct kv_turn *turn, const struct kv_words *w)
{
    static const char *const lines[] = {
        "GET <pattern>",
        "    The parameters like the pattern, and their values.",
        "RESETSTAT",
        "    Sets the counts of INFO's section Stats to 0.",
        "REWRITE",
        "    An error: the settings are in the environment.",
        "SET <directive> <value> [<directive> <value> [...]]",
        "    OK if all are so already; nothing can be changed here.",
        NULL};

    (void)w;
    kv_redis_help(turn, "CONFIG", lines);
}

static const struct kv_redis_command commands[] = {{.name = "get", .arity = -3, .run = get},
                                                   {.name = "help", .arity = 2, .run = help},
                                                   {.name = "resetstat", .arity = 2, .run = reset},
                                                   {.name = "rewrite", .arity = 2, .run = rewrite},
                                                   {.name = "set", .arity = -4, .run = set},
                                                   {.name = NULL}};

void kv_redis_config(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_run_sub(turn, w, commands, "config");
}
