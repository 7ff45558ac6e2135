/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of Redis about the connection and the server. */
#include "redis.h"
#include "store.h"

#include <string.h>

static void ping(struct kv_turn *turn, const struct kv_words *w)
{
    if (w->len > 2)
        kv_redis_wrong_count(turn, "ping");
    else if (w->len == 2)
        kv_out_bulk(kv_turn_out(turn), kv_word(w, 1));
    else
        kv_out_simple(kv_turn_out(turn), "PONG");
}

static void echo(struct kv_turn *turn, const struct kv_words *w)
{
    kv_out_bulk(kv_turn_out(turn), kv_word(w, 1));
}

static void quit(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_out_simple(kv_turn_out(turn), "OK");
    turn->session->is_over = true;
}

static void select_database(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_session *s = turn->session;
    int64_t number;

    if (!kv_redis_int(turn, w->items[1], &number)) return;
    if (number != (int)number) {
        kv_redis_error(turn, "ERR value is out of range, value must between -2147483648 and "
                             "2147483647");
        return;
    }
    if (number < 0 || number >= KV_DATABASES) {
        kv_redis_error(turn, "ERR DB index is out of range");
        return;
    }
    kv_out_simple(kv_turn_out(turn), "OK");
    s->database = (int)number;
    s->bucket = cop_no_pid();
}

/* --- HELLO, CLIENT ---------------------------------------------------------------------------- */

static bool is_client_name(cop_bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < '!' || name.data[i] > '~') return false;
    return true;
}

/* False: it is no name, which is answered. */
static bool set_name(struct kv_turn *turn, cop_bytes name)
{
    struct kv_session *s = turn->session;

    if (!is_client_name(name)) {
        kv_redis_error(turn, "ERR Client names cannot contain spaces, newlines or special "
                             "characters.");
        return false;
    }
    cop_replace(&s->name, cop_binary(name.data, name.len));
    s->has_name = name.len > 0;
    return true;
}

/* The words of HELLO behind the version. False: one is wrong, which is answered. */
static bool hello_options(struct kv_turn *turn, const struct kv_words *w)
{
    for (size_t i = 2; i < w->len; i++) {
        if (kv_word_is(w->items[i], "SETNAME") && i + 1 < w->len) {
            if (!set_name(turn, w->items[++i])) return false;
        } else if (kv_word_is(w->items[i], "AUTH") && i + 2 < w->len) {
            kv_redis_error(turn, "WRONGPASS invalid username-password pair or user is disabled.");
            return false;
        } else {
            kv_redis_error(turn, "ERR Syntax error in HELLO option '%.*s'",
                           (int)(w->items[i].len < 128 ? w->items[i].len : 128), w->items[i].data);
            return false;
        }
    }
    return true;
}

static void hello(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_session *s = turn->session;
    struct kv_out *out = kv_turn_out(turn);

    if (w->len > 1) {
        cop_bytes version = w->items[1];

        if (version.len != 1 || version.data[0] < '0' || version.data[0] > '9') {
            kv_redis_error(turn, "ERR Protocol version is not an integer or out of range");
            return;
        }
        if (version.data[0] != '2' && version.data[0] != '3') {
            kv_redis_error(turn, "NOPROTO unsupported protocol version");
            return;
        }
        if (!hello_options(turn, w)) return;
        s->version = version.data[0] - '0';
    }
    kv_redis_map(s, 7);
    kv_out_bulk_text(out, "server");
    kv_out_bulk_text(out, "redis");
    kv_out_bulk_text(out, "version");
    kv_out_bulk_text(out, KV_REDIS_VERSION);
    kv_out_bulk_text(out, "proto");
    kv_out_int(out, s->version);
    kv_out_bulk_text(out, "id");
    kv_out_int(out, s->id);
    kv_out_bulk_text(out, "mode");
    kv_out_bulk_text(out, "standalone");
    kv_out_bulk_text(out, "role");
    kv_out_bulk_text(out, "master");
    kv_out_bulk_text(out, "modules");
    kv_out_header(out, '*', 0);
}

static void client_id(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_out_int(kv_turn_out(turn), turn->session->id);
}

static void client_getname(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_session *s = turn->session;
    struct kv_out *out = kv_turn_out(turn);

    (void)w;
    if (s->has_name)
        kv_out_bulk(out, cop_kept_term(s->name));
    else
        kv_redis_null(s);
}

static void client_setname(struct kv_turn *turn, const struct kv_words *w)
{
    if (set_name(turn, w->items[2])) kv_out_simple(kv_turn_out(turn), "OK");
}

static const struct kv_redis_command client_commands[] = {
    {.name = "id", .arity = 2, .run = client_id},
    {.name = "getname", .arity = 2, .run = client_getname},
    {.name = "setname", .arity = 3, .run = client_setname},
    {.name = NULL}};

static void client(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_run_sub(turn, w, client_commands, "client");
}

/* --- CONFIG, COMMAND -------------------------------------------------------------------------- */

/* What CONFIG GET knows; the value of those without one is a limit of the session. */
static const char *const parameters[][2] = {
    {"appendonly", "no"},         {"databases", "16"}, {"maxmemory", "0"},
    {"proto-max-bulk-len", NULL}, {"save", ""},
};
#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

/* Whether one of the patterns, the words from the third on, is meant. */
static bool is_asked(const struct kv_words *w, const char *name)
{
    for (size_t i = 2; i < w->len; i++)
        if (kv_word_is(w->items[i], name) ||
            kv_glob_match(w->items[i], (cop_bytes){name, strlen(name)}))
            return true;
    return false;
}

static void config_get(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_out *out = kv_turn_out(turn);
    int64_t count = 0;

    for (size_t i = 0; i < PARAMETERS; i++)
        count += is_asked(w, parameters[i][0]);
    kv_redis_map(turn->session, count);
    for (size_t i = 0; i < PARAMETERS; i++) {
        if (!is_asked(w, parameters[i][0])) continue;
        kv_out_bulk_text(out, parameters[i][0]);
        if (parameters[i][1])
            kv_out_bulk_text(out, parameters[i][1]);
        else
            kv_out_bulk(out, cop_format("%zu", turn->session->limits.bulk));
    }
}

static const struct kv_redis_command config_commands[] = {
    {.name = "get", .arity = -3, .run = config_get}, {.name = NULL}};

static void config(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_run_sub(turn, w, config_commands, "config");
}

static void describe(struct kv_out *out, const struct kv_redis_command *c)
{
    kv_out_header(out, '*', 6);
    kv_out_bulk_text(out, c->name);
    kv_out_int(out, c->arity);
    kv_out_header(out, '*', 1);
    kv_out_simple(out, c->flag);
    kv_out_int(out, c->first_key);
    kv_out_int(out, c->last_key);
    kv_out_int(out, c->step);
}

static int64_t count_of(const struct kv_redis_command *c)
{
    int64_t count = 0;

    while (c[count].name)
        count++;
    return count;
}

static void command_count(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_out_int(kv_turn_out(turn), count_of(kv_redis_keys) + count_of(kv_redis_server));
}

/* For these, redis-cli has texts of its own. */
static void command_docs(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    (void)kv_turn_out(turn);
    kv_redis_map(turn->session, 0);
}

static const struct kv_redis_command command_commands[] = {
    {.name = "count", .arity = 2, .run = command_count},
    {.name = "docs", .arity = -2, .run = command_docs},
    {.name = NULL}};

static void command(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_out *out;

    if (w->len > 1) {
        kv_redis_run_sub(turn, w, command_commands, "command");
        return;
    }
    out = kv_turn_out(turn);
    kv_out_header(out, '*', count_of(kv_redis_keys) + count_of(kv_redis_server));
    for (const struct kv_redis_command *c = kv_redis_keys; c->name; c++)
        describe(out, c);
    for (const struct kv_redis_command *c = kv_redis_server; c->name; c++)
        describe(out, c);
}

const struct kv_redis_command kv_redis_server[] = {{"ping", -1, ping, "fast", 0, 0, 0},
                                                   {"echo", 2, echo, "fast", 0, 0, 0},
                                                   {"select", 2, select_database, "fast", 0, 0, 0},
                                                   {"hello", -1, hello, "fast", 0, 0, 0},
                                                   {"client", -2, client, "admin", 0, 0, 0},
                                                   {"config", -2, config, "admin", 0, 0, 0},
                                                   {"command", -1, command, "random", 0, 0, 0},
                                                   {"info", -1, kv_redis_info, "random", 0, 0, 0},
                                                   {"quit", -1, quit, "fast", 0, 0, 0},
                                                   {.name = NULL}};
