/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of Redis on keys: each becomes an operation of the store. */
#include "redis.h"

#include <string.h>
#include <time.h>

/* --- Answers ---------------------------------------------------------------------------------- */

static void answer(struct kv_session *s, cop_term value)
{
    cop_term text;

    if (cop_is_binary(value)) {
        kv_out_bulk(&s->out, value);
    } else if (cop_is_integer(value)) {
        kv_out_int(&s->out, cop_to_int(value));
    } else if (cop_identical(value, cop_ok())) {
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

    kv_out_int(&s->out, ms < 0 ? ms : ms / 1000 + (ms % 1000 >= 500));
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
    kv_redis_read(turn, kv_word(w, 1), answer);
}

static int64_t wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A time in milliseconds that is so many of a unit from `base` on. False: Redis cannot count so
 * far, which is answered. */
static bool in_ms(struct kv_turn *turn, const char *command, int64_t unit, int64_t base,
                  int64_t *time)
{
    if (*time <= INT64_MAX / unit && *time >= INT64_MIN / unit &&
        *time * unit <= INT64_MAX - base) {
        *time *= unit;
        return true;
    }
    kv_redis_error(turn, "ERR invalid expire time in '%s' command", command);
    return false;
}

/* How a SET says when its key is to end. */
static const struct set_time {
    const char *name;
    int64_t unit; /* milliseconds */
    bool is_absolute;
} set_times[] = {{"EX", 1000, false}, {"PX", 1, false}, {"EXAT", 1000, true}, {"PXAT", 1, true}};

/* What is said behind key and value of a SET. */
struct set_options {
    const char *mode; /* "nx", "xx" or "always" */
    const struct set_time *time;
    size_t time_at; /* its word */
    bool keeps_ttl;
    bool gets; /* answers the former value */
};

static const struct set_time *time_named(cop_bytes word)
{
    for (size_t i = 0; i < sizeof(set_times) / sizeof(set_times[0]); i++)
        if (kv_word_is(word, set_times[i].name)) return &set_times[i];
    return NULL;
}

static bool set_mode(struct set_options *o, const char *mode)
{
    bool is_other = strcmp(o->mode, "always") != 0 && strcmp(o->mode, mode) != 0;

    o->mode = mode;
    return !is_other;
}

/* Takes word i, and the one behind it if it needs that. False: it does not fit. */
static bool set_option(const struct kv_words *w, size_t *i, struct set_options *o)
{
    cop_bytes word = w->items[*i];
    const struct set_time *time;

    if (kv_word_is(word, "NX")) return set_mode(o, "nx");
    if (kv_word_is(word, "XX")) return set_mode(o, "xx");
    if (kv_word_is(word, "GET")) return o->gets = true;
    if (kv_word_is(word, "KEEPTTL")) {
        o->keeps_ttl = true;
        return o->time == NULL;
    }
    time = time_named(word);
    if (time == NULL || (o->time && o->time != time) || o->keeps_ttl || *i + 1 == w->len)
        return false;
    o->time = time;
    o->time_at = ++*i;
    return true;
}

/* The ttl of the operation. False: the time is none, which is answered. */
static bool set_ttl(struct kv_turn *turn, const struct kv_words *w, const struct set_options *o,
                    cop_term *ret_ttl)
{
    int64_t now = wall_ms(), time;

    *ret_ttl = o->keeps_ttl ? COP(":keep") : cop_nil();
    if (o->time == NULL) return true;
    if (!kv_redis_int(turn, w->items[o->time_at], &time)) return false;
    if (time <= 0) time = INT64_MAX; /* as much too little as this is too much */
    if (!in_ms(turn, "set", o->time->unit, o->time->is_absolute ? 0 : now, &time)) return false;
    if (o->time->is_absolute) time = time > now ? time - now : 0;
    *ret_ttl = cop_int(time);
    return true;
}

static void set(struct kv_turn *turn, const struct kv_words *w)
{
    struct set_options o = {.mode = "always"};
    cop_term op, ttl;

    if (w->len == 3) {
        kv_redis_add(turn, cop_tuple(COP(":put"), kv_word(w, 1), kv_word(w, 2)), answer);
        return;
    }
    for (size_t i = 3; i < w->len; i++) {
        if (set_option(w, &i, &o)) continue;
        kv_redis_error(turn, "ERR syntax error");
        return;
    }
    if (!set_ttl(turn, w, &o, &ttl)) return;
    op = cop_tuple(o.gets ? COP(":swap") : COP(":set"), kv_word(w, 1), kv_word(w, 2),
                   cop_atom(o.mode), ttl);
    kv_redis_add(turn, op, answer);
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

/* The words of an EXPIRE behind its time, as conditions of the operation. False: they are wrong,
 * which is answered. */
static bool expire_conditions(struct kv_turn *turn, const struct kv_words *w, cop_term *ret_list)
{
    static const char *const names[] = {"NX", "XX", "GT", "LT"};
    const cop_term atoms[] = {COP(":nx"), COP(":xx"), COP(":gt"), COP(":lt")};
    enum { NX = 1, XX = 2, GT = 4, LT = 8 };
    unsigned all = 0;

    *ret_list = cop_empty_list();
    for (size_t i = 3; i < w->len; i++) {
        unsigned j = 0;

        while (j < 4 && !kv_word_is(w->items[i], names[j]))
            j++;
        if (j == 4) {
            kv_redis_error(turn, "ERR Unsupported option %.*s",
                           (int)(w->items[i].len < 128 ? w->items[i].len : 128), w->items[i].data);
            return false;
        }
        if (!(all & 1U << j)) *ret_list = cop_cons(atoms[j], *ret_list);
        all |= 1U << j;
    }
    if ((all & NX) && all != NX)
        kv_redis_error(turn, "ERR NX and XX, GT or LT options at the same time are not compatible");
    else if ((all & GT) && (all & LT))
        kv_redis_error(turn, "ERR GT and LT options at the same time are not compatible");
    else
        return true;
    return false;
}

static void expire(struct kv_turn *turn, const struct kv_words *w)
{
    cop_term conditions;
    int64_t time;

    if (!expire_conditions(turn, w, &conditions)) return;
    if (!kv_redis_int(turn, w->items[2], &time)) return;
    if (in_ms(turn, "expire", 1000, wall_ms(), &time))
        kv_redis_add(turn, cop_tuple(COP(":expire"), kv_word(w, 1), time, conditions), answer);
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
                                                 {"expire", -3, expire, "write", 1, 1, 1},
                                                 {"ttl", 2, ttl, "readonly", 1, 1, 1},
                                                 {"keys", 2, keys, "readonly", 0, 0, 0},
                                                 {"dbsize", 1, dbsize, "readonly", 0, 0, 0},
                                                 {"flushdb", -1, flushdb, "write", 0, 0, 0},
                                                 {.name = NULL}};
