/* SPDX-License-Identifier: Apache-2.0 */
/* The RESP protocol: finding the command, and what answers have in common. */
#include "redis.h"

#include "kv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Answers ---------------------------------------------------------------------------------- */

static void write_error(struct kv_out *out, const char *text)
{
    kv_out_text(out, "-");
    kv_out_text(out, text);
    kv_out_text(out, "\r\n");
}

void kv_redis_error(struct kv_turn *turn, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (char *p = text; *p; p++)
        if (*p == '\r' || *p == '\n') *p = ' ';
    write_error(kv_turn_out(turn), text);
}

void kv_redis_wrong_count(struct kv_turn *turn, const char *command)
{
    kv_redis_error(turn, "ERR wrong number of arguments for '%s' command", command);
}

void kv_redis_null(struct kv_session *s)
{
    kv_out_text(&s->out, s->version == 2 ? "$-1\r\n" : "_\r\n");
}

void kv_redis_map(struct kv_session *s, int64_t size)
{
    if (s->version == 2)
        kv_out_header(&s->out, '*', 2 * size);
    else
        kv_out_header(&s->out, '%', size);
}

void kv_redis_text(struct kv_turn *turn, cop_term text)
{
    struct kv_out *out = kv_turn_out(turn);

    if (turn->session->version == 2) {
        kv_out_bulk(out, text);
        return;
    }
    kv_out_header(out, '=', 4 + (int64_t)cop_to_bytes(text).len);
    kv_out_text(out, "txt:");
    kv_out_binary(out, text);
    kv_out_text(out, "\r\n");
}

void kv_redis_help(struct kv_turn *turn, const char *command, const char *const *lines)
{
    struct kv_out *out = kv_turn_out(turn);
    int64_t count = 0;

    while (lines[count])
        count++;
    kv_out_header(out, '*', count + 3);
    kv_out_text(out, "+");
    kv_out_text(out, command);
    kv_out_text(out, " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n");
    for (int64_t i = 0; i < count; i++)
        kv_out_simple(out, lines[i]);
    kv_out_simple(out, "HELP");
    kv_out_simple(out, "    Prints this help.");
}

static void bad(struct kv_session *s, const char *why)
{
    kv_out_text(&s->out, "-ERR ");
    kv_out_text(&s->out, why);
    kv_out_text(&s->out, "\r\n");
}

static void no_bucket(struct kv_session *s, bool is_gone)
{
    write_error(&s->out, is_gone ? "ERR the bucket of this database has ended, try again"
                                 : "ERR the bucket of this database has failed");
}

/* --- Words ------------------------------------------------------------------------------------ */

bool kv_redis_int(struct kv_turn *turn, cop_bytes word, int64_t *ret_value)
{
    bool is_number = kv_to_int(word, ret_value);

    if (!is_number) kv_redis_error(turn, "ERR value is not an integer or out of range");
    return is_number;
}

/* --- Databases -------------------------------------------------------------------------------- */

static bool look_up(struct kv_session *s, cop_term name)
{
    return cop_match(kv_registry_lookup(COP("KV.Registry"), name), "{:ok, bucket}", s->bucket);
}

/* The bucket of the session's database, which is made if there is none. False: it cannot be made,
 * which is answered. */
static bool find_bucket(struct kv_turn *turn, cop_pid *ret_bucket)
{
    struct kv_session *s = turn->session;
    cop_term name;

    if (turn->len > 0) {
        *ret_bucket = turn->bucket; /* all operations that wait are for one bucket */
        return true;
    }
    if (cop_is_no_pid(s->bucket) || !cop_seems_alive(s->bucket)) {
        name = cop_format("%d", s->database);
        if (!look_up(s, name) &&
            !(cop_match(kv_registry_create(COP("KV.Registry"), name), ":ok") && look_up(s, name))) {
            kv_redis_error(turn, "ERR this database has no bucket, and none can be made");
            return false;
        }
    }
    *ret_bucket = s->bucket;
    return true;
}

void kv_redis_add(struct kv_turn *turn, cop_term operation, kv_answer_fn fn)
{
    cop_pid bucket;

    if (find_bucket(turn, &bucket)) kv_turn_add(turn, bucket, operation, fn);
}

void kv_redis_read(struct kv_turn *turn, cop_term key, kv_answer_fn fn)
{
    cop_pid bucket;

    if (find_bucket(turn, &bucket)) kv_turn_read(turn, bucket, key, fn);
}

/* --- Commands --------------------------------------------------------------------------------- */

static const struct kv_redis_command *find_in(const struct kv_redis_command *table, cop_bytes name)
{
    for (; name.len > 0 && table->name; table++)
        if ((name.data[0] | 0x20) == table->name[0] && kv_word_is(name, table->name)) return table;
    return NULL;
}

const struct kv_redis_command *kv_redis_find(cop_bytes name)
{
    const struct kv_redis_command *c = find_in(kv_redis_keys, name);

    return c ? c : find_in(kv_redis_server, name);
}

static bool is_count(const struct kv_redis_command *c, size_t words)
{
    return c->arity >= 0 ? words == (size_t)c->arity : words >= (size_t)-c->arity;
}

void kv_redis_run_sub(struct kv_turn *turn, const struct kv_words *w,
                      const struct kv_redis_command *table, const char *command)
{
    const struct kv_redis_command *c = find_in(table, w->items[1]);
    char name[32];
    size_t i = 0;

    if (c != NULL && is_count(c, w->len)) {
        c->run(turn, w);
        return;
    }
    if (c != NULL) {
        (void)snprintf(name, sizeof(name), "%s|%s", command, c->name);
        kv_redis_wrong_count(turn, name);
        return;
    }
    for (; command[i]; i++)
        name[i] = (char)(command[i] - 'a' + 'A');
    name[i] = '\0';
    kv_redis_error(turn, "ERR unknown subcommand '%.*s'. Try %s HELP.",
                   (int)(w->items[1].len < 128 ? w->items[1].len : 128), w->items[1].data, name);
}

/* The first words of an unknown command, as Redis repeats them. */
static void answer_unknown(struct kv_turn *turn, const struct kv_words *w)
{
    char args[160] = "";
    size_t len = 0;

    for (size_t i = 1; i < w->len && len < 128; i++) {
        size_t most = 128 - len, word = w->items[i].len < most ? w->items[i].len : most;
        int got = snprintf(args + len, sizeof(args) - len, "'%.*s' ", (int)word, w->items[i].data);

        len += (size_t)got;
        if (len >= sizeof(args)) break;
    }
    kv_redis_error(turn, "ERR unknown command '%.*s', with args beginning with: %s",
                   (int)(w->items[0].len < 128 ? w->items[0].len : 128), w->items[0].data, args);
}

static void run(struct kv_turn *turn, const struct kv_words *w)
{
    const struct kv_redis_command *c = kv_redis_find(w->items[0]);

    if (c == NULL)
        answer_unknown(turn, w);
    else if (!is_count(c, w->len))
        kv_redis_wrong_count(turn, c->name);
    else
        c->run(turn, w);
}

static void command(struct kv_turn *turn, cop_bytes text)
{
    struct kv_words words;

    kv_words_init(&words);
    if (!kv_resp_words(text, &words)) {
        kv_redis_error(turn, "ERR Protocol error: unbalanced quotes in request");
        turn->session->is_over = true;
    } else if (kv_words_are_http(&words)) {
        turn->session->is_over = true;
    } else if (words.len > 0) {
        run(turn, &words);
    }
    kv_words_free(&words);
}

static enum kv_scan scan(struct kv_session *s, cop_bytes input, size_t *ret_len, char *ret_why)
{
    return kv_resp_scan(&s->resp_scan, input, &s->limits, ret_len, ret_why);
}

const struct kv_protocol_ops kv_resp = {scan, command, bad, no_bucket};
