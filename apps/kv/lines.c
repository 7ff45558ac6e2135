/* SPDX-License-Identifier: Apache-2.0 */
/* The line protocol: commands are lines, answers are lines ended by CRLF. */
#include "kv.h"
#include "turn.h"

#include <string.h>

static enum kv_scan scan(struct kv_session *s, cop_bytes input, size_t *ret_len,
                         char *ret_why) /* NOLINT(readability-non-const-parameter): as in ops */
{
    (void)ret_why;
    return kv_line_scan(&s->line_scan, input, &s->limits, ret_len);
}

static void bad(struct kv_session *s, const char *why)
{
    (void)why;
    kv_out_text(&s->out, "ERROR\r\n");
}

static void no_bucket(struct kv_session *s, bool is_gone)
{
    kv_out_text(&s->out, is_gone ? "NOT FOUND\r\n" : "ERROR\r\n");
    if (!is_gone) s->is_over = true;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void answer_ok(struct kv_session *s, cop_term answer)
{
    (void)answer;
    kv_out_text(&s->out, "OK\r\n");
}

/* The value, which is nil for a missing key: an empty line. */
static void answer_value(struct kv_session *s, cop_term value)
{
    if (cop_is_binary(value)) kv_out_binary(&s->out, value);
    kv_out_text(&s->out, "\r\nOK\r\n");
}

static void answer_nothing(struct kv_session *s, cop_term answer)
{
    (void)answer;
    s->is_subscribed = true;
}

/* --- Commands --------------------------------------------------------------------------------- */

static void put(struct kv_turn *turn, cop_pid bucket, const struct kv_words *w)
{
    kv_turn_add(turn, bucket, cop_tuple(COP(":put"), kv_word(w, 2), kv_word(w, 3)), answer_ok);
}

static void get(struct kv_turn *turn, cop_pid bucket, const struct kv_words *w)
{
    kv_turn_read(turn, bucket, kv_word(w, 2), answer_value);
}

static void delete (struct kv_turn *turn, cop_pid bucket, const struct kv_words *w)
{
    kv_turn_add(turn, bucket, cop_tuple(COP(":delete"), kv_word(w, 2)), answer_ok);
}

static void subscribe(struct kv_turn *turn, cop_pid bucket, const struct kv_words *w)
{
    (void)w;
    kv_turn_add(turn, bucket, cop_tuple(COP(":subscribe"), cop_self()), answer_nothing);
}

/* Those on a bucket, which is the second word. */
static const struct {
    const char *name;
    size_t words;
    void (*run)(struct kv_turn *turn, cop_pid bucket, const struct kv_words *words);
} commands[] = {
    {"PUT", 4, put},
    {"GET", 3, get},
    {"DELETE", 3, delete},
    {"SUBSCRIBE", 2, subscribe},
};

static bool is_word(cop_bytes word, const char *name)
{
    return word.len == strlen(name) && memcmp(word.data, name, word.len) == 0;
}

static void run(struct kv_turn *turn, const struct kv_words *w)
{
    cop_pid bucket;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (w->len != commands[i].words || !is_word(w->items[0], commands[i].name)) continue;
        if (cop_match(kv_registry_lookup(COP("KV.Registry"), kv_word(w, 1)), "{:ok, bucket}",
                      bucket))
            commands[i].run(turn, bucket, w);
        else
            kv_out_text(kv_turn_out(turn), "NOT FOUND\r\n");
        return;
    }
    if (w->len == 2 && is_word(w->items[0], "CREATE")) {
        cop_term name = kv_word(w, 1);
        struct kv_out *out = kv_turn_out(turn);

        turn->session->is_over = !cop_match(kv_registry_create(COP("KV.Registry"), name), ":ok");
        kv_out_text(out, turn->session->is_over ? "ERROR\r\n" : "OK\r\n");
        return;
    }
    kv_out_text(kv_turn_out(turn), "UNKNOWN COMMAND\r\n");
}

/* GET /path HTTP/1.1 would be a command of ours. */
static bool is_http(const struct kv_words *w)
{
    static const char version[] = "HTTP/";
    const size_t len = sizeof(version) - 1;

    return kv_words_are_http(w) ||
           (w->len >= 3 && is_word(w->items[0], "GET") && w->items[2].len >= len &&
            memcmp(w->items[2].data, version, len) == 0);
}

static void command(struct kv_turn *turn, cop_bytes line)
{
    struct kv_words words;

    kv_words_init(&words);
    kv_line_words(line, &words);
    if (is_http(&words))
        turn->session->is_over = true;
    else
        run(turn, &words);
    kv_words_free(&words);
}

const struct kv_protocol_ops kv_lines = {scan, command, bad, no_bucket};
