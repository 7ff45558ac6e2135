/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of Redis on keys: each becomes an operation of the store. */
#include "redis.h"

/* Times beyond this many milliseconds are refused, as Redis refuses what overflows. */
#define TTL_MAX 4000000000000

/* --- Answers ---------------------------------------------------------------------------------- */

static void answer(struct kv_session *s, cop_term value)
{
    cop_term text;

    if (cop_is_binary(value)) {
        kv_out_bulk(&s->out, value);
    } else if (cop_is_integer(value)) {
        kv_out_int(&s->out, cop_to_int(value));
    } else if (cop_match(value, ":ok")) {
        kv_out_text(&s->out, "+OK\r\n");
    } else if (cop_match(value, "{:error, text}", text)) {
        kv_out_text(&s->out, "-");
        kv_out_binary(&s->out, text);
        kv_out_text(&s->out, "\r\n");
    } else {
        kv_redis_null(s);
    }
}

static void answer_list(struct kv_session *s, cop_term list)
{
    kv_out_header(&s->out, '*', cop_list_len(list));
    for (; !cop_is_empty_list(list); list = cop_tail(list))
        answer(s, cop_head(list));
}

/* Milliseconds, told in seconds. */
static void answer_seconds(struct kv_session *s, cop_term ttl)
{
    int64_t ms = cop_to_int(ttl);

    kv_out_int(&s->out, ms < 0 ? ms : (ms + 500) / 1000);
}

/* --- Commands --------------------------------------------------------------------------------- */

/* The words from the second on. */
static cop_term rest(const struct kv_words *w)
{
    cop_term list = cop_empty_list();

    for (size_t i = w->len; i > 1; i--)
        list = cop_cons(kv_word(w, i - 1), list);
    return list;
}

static void get(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":read"), kv_word(w, 1)), answer);
}

/* What is said behind key and value of a SET. */
struct set_options {
    cop_term mode;
    cop_term ttl;
    bool has_mode;
    bool has_ttl;
};

/* Takes word i, and the one behind it if it needs that. False: it was wrong, which is answered. */
static bool set_option(struct kv_turn *turn, const struct kv_words *w, size_t *i,
                       struct set_options *o)
{
    cop_bytes word = w->items[*i];
    bool is_seconds = kv_word_is(word, "EX");
    int64_t ttl;

    if ((kv_word_is(word, "NX") || kv_word_is(word, "XX")) && !o->has_mode) {
        o->mode = kv_word_is(word, "NX") ? COP(":nx") : COP(":xx");
        o->has_mode = true;
        return true;
    }
    if (!(is_seconds || kv_word_is(word, "PX")) || o->has_ttl || *i + 1 == w->len) {
        kv_redis_error(turn, "ERR syntax error");
        return false;
    }
    if (!kv_redis_int(turn, w->items[++*i], &ttl)) return false;
    if (ttl <= 0 || ttl > TTL_MAX / (is_seconds ? 1000 : 1)) {
        kv_redis_error(turn, "ERR invalid expire time in 'set' command");
        return false;
    }
    o->ttl = cop_int(is_seconds ? ttl * 1000 : ttl);
    o->has_ttl = true;
    return true;
}

static void set(struct kv_turn *turn, const struct kv_words *w)
{
    struct set_options o = {.mode = COP(":always"), .ttl = cop_nil()};

    if (w->len == 3) {
        kv_redis_add(turn, cop_tuple(COP(":put"), kv_word(w, 1), kv_word(w, 2)), answer);
        return;
    }
    for (size_t i = 3; i < w->len; i++)
        if (!set_option(turn, w, &i, &o)) return;
    kv_redis_add(turn, cop_tuple(COP(":set"), kv_word(w, 1), kv_word(w, 2), o.mode, o.ttl), answer);
}

static void del(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":del"), rest(w)), answer);
}

static void exists(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":exists"), rest(w)), answer);
}

static void incr(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":incr"), kv_word(w, 1)), answer);
}

static void mset(struct kv_turn *turn, const struct kv_words *w)
{
    if (w->len % 2 == 0)
        kv_redis_wrong_count(turn, "mset");
    else
        kv_redis_add(turn, cop_tuple(COP(":put_all"), rest(w)), answer);
}

static void mget(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":read_all"), rest(w)), answer_list);
}

static void expire(struct kv_turn *turn, const struct kv_words *w)
{
    int64_t seconds;

    if (!kv_redis_int(turn, w->items[2], &seconds)) return;
    if (seconds > TTL_MAX / 1000 || seconds < -TTL_MAX / 1000)
        kv_redis_error(turn, "ERR invalid expire time in 'expire' command");
    else
        kv_redis_add(turn, cop_tuple(COP(":expire"), kv_word(w, 1), 1000 * seconds), answer);
}

static void ttl(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":ttl"), kv_word(w, 1)), answer_seconds);
}

static void keys(struct kv_turn *turn, const struct kv_words *w)
{
    kv_redis_add(turn, cop_tuple(COP(":keys"), kv_word(w, 1)), answer_list);
}

static void dbsize(struct kv_turn *turn, const struct kv_words *w)
{
    (void)w;
    kv_redis_add(turn, COP("{:size}"), answer);
}

static void flushdb(struct kv_turn *turn, const struct kv_words *w)
{
    bool is_plain =
        w->len == 1 ||
        (w->len == 2 && (kv_word_is(w->items[1], "SYNC") || kv_word_is(w->items[1], "ASYNC")));

    if (is_plain)
        kv_redis_add(turn, COP("{:flush}"), answer);
    else
        kv_redis_error(turn, "ERR syntax error");
}

const struct kv_redis_command kv_redis_keys[] = {{"get", 2, get, "readonly", 1, 1, 1},
                                                 {"set", -3, set, "write", 1, 1, 1},
                                                 {"incr", 2, incr, "write", 1, 1, 1},
                                                 {"mset", -3, mset, "write", 1, -1, 2},
                                                 {"mget", -2, mget, "readonly", 1, -1, 1},
                                                 {"del", -2, del, "write", 1, -1, 1},
                                                 {"exists", -2, exists, "readonly", 1, -1, 1},
                                                 {"expire", 3, expire, "write", 1, 1, 1},
                                                 {"ttl", 2, ttl, "readonly", 1, 1, 1},
                                                 {"keys", 2, keys, "readonly", 0, 0, 0},
                                                 {"dbsize", 1, dbsize, "readonly", 0, 0, 0},
                                                 {"flushdb", -1, flushdb, "write", 0, 0, 0},
                                                 {.name = NULL}};
