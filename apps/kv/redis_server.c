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
    kv_session_show(s);
}

/* --- HELLO ------------------------------------------------------------------------------------ */

static bool is_word(cop_bytes word, const char *name)
{
    return word.len == strlen(name) && memcmp(word.data, name, word.len) == 0;
}

/* The words of HELLO behind the version. False: one is wrong, which is answered. */
static bool hello_options(struct kv_turn *turn, const struct kv_words *w)
{
    for (size_t i = 2; i < w->len; i++) {
        if (kv_word_is(w->items[i], "SETNAME") && i + 1 < w->len) {
            if (!kv_redis_set_name(turn, w->items[++i])) return false;
        } else if (kv_word_is(w->items[i], "AUTH") && i + 2 < w->len) {
            i += 2;
            if (is_word(w->items[i - 1], "default")) continue; /* any password: it has none */
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
        int64_t version;

        if (!kv_to_int(w->items[1], &version)) {
            kv_redis_error(turn, "ERR Protocol version is not an integer or out of range");
            return;
        }
        if (version != 2 && version != 3) {
            kv_redis_error(turn, "NOPROTO unsupported protocol version");
            return;
        }
        if (!hello_options(turn, w)) return;
        s->version = (int)version;
        kv_session_show(s);
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

/* --- COMMAND ---------------------------------------------------------------------------------- */

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

static void list_names(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_out *out = kv_turn_out(turn);

    if (w->len > 2) { /* a filter: of modules, of access lists */
        kv_redis_error(turn, "ERR syntax error");
        return;
    }
    kv_out_header(out, '*', count_of(kv_redis_keys) + count_of(kv_redis_server));
    for (const struct kv_redis_command *c = kv_redis_keys; c->name; c++)
        kv_out_bulk_text(out, c->name);
    for (const struct kv_redis_command *c = kv_redis_server; c->name; c++)
        kv_out_bulk_text(out, c->name);
}

static void describe_all(struct kv_out *out)
{
    kv_out_header(out, '*', count_of(kv_redis_keys) + count_of(kv_redis_server));
    for (const struct kv_redis_command *c = kv_redis_keys; c->name; c++)
        describe(out, c);
    for (const struct kv_redis_command *c = kv_redis_server; c->name; c++)
        describe(out, c);
}

/* Of some commands, or of all. */
static void command_info(struct kv_turn *turn, const struct kv_words *w)
{
    struct kv_out *out = kv_turn_out(turn);

    if (w->len == 2) {
        describe_all(out);
        return;
    }
    kv_out_header(out, '*', (int64_t)w->len - 2);
    for (size_t i = 2; i < w->len; i++) {
        const struct kv_redis_command *c = kv_redis_find(w->items[i]);

        if (c != NULL)
            describe(out, c);
        else
            kv_out_text(out, turn->session->version == 2 ? "*-1\r\n" : "_\r\n");
    }
}

static void command_help(struct kv_turn *turn, const struct kv_words *w)
{
    static const char *const lines[] = {"(no subcommand)",
                                        "    What INFO tells, of all commands.",
                                        "COUNT",
                                        "    How many commands there are.",
                                        "DOCS [<command-name> ...]",
                                        "    Nothing: Redis' documents have it.",
                                        "INFO [<command-name> ...]",
                                        "    Name, count of words, flags and keys of commands.",
                                        "LIST",
                                        "    The names of all commands.",
                                        NULL};

    (void)w;
    kv_redis_help(turn, "COMMAND", lines);
}

static const struct kv_redis_command command_commands[] = {
    {.name = "count", .arity = 2, .run = command_count},
    {.name = "docs", .arity = -2, .run = command_docs},
    {.name = "help", .arity = 2, .run = command_help},
    {.name = "info", .arity = -2, .run = command_info},
    {.name = "list", .arity = -2, .run = list_names},
    {.name = NULL}};

static void command(struct kv_turn *turn, const struct kv_words *w)
{
    if (w->len > 1)
        kv_redis_run_sub(turn, w, command_commands, "command");
    else
        describe_all(kv_turn_out(turn));
}

const struct kv_redis_command kv_redis_server[] = {
    {"ping", -1, ping, "fast", 0, 0, 0},
    {"echo", 2, echo, "fast", 0, 0, 0},
    {"select", 2, select_database, "fast", 0, 0, 0},
    {"hello", -1, hello, "fast", 0, 0, 0},
    {"client", -2, kv_redis_client, "admin", 0, 0, 0},
    {"config", -2, kv_redis_config, "admin", 0, 0, 0},
    {"command", -1, command, "random", 0, 0, 0},
    {"info", -1, kv_redis_info, "random", 0, 0, 0},
    {"quit", -1, quit, "fast", 0, 0, 0},
    {.name = NULL}};
