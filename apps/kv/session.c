/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: turns, and what is left between them. */
#include "session.h"

#include "kv.h"
#include "store.h"
#include "traffic.h"
#include "turn.h"

#include <string.h>
#include <strings.h>

struct kv_traffic kv_traffic;

/* A turn ends when it has written so much. */
#define WRITTEN_MAX 262144
#define ANSWERS     256

bool kv_word_is(cop_bytes word, const char *name)
{
    return word.len == strlen(name) && strncasecmp(word.data, name, word.len) == 0;
}

bool kv_words_are_http(const struct kv_words *words)
{
    return words->len > 0 &&
           (kv_word_is(words->items[0], "POST") || kv_word_is(words->items[0], "HOST:"));
}

static const struct kv_protocol_ops *ops_of(const struct kv_session *s)
{
    return s->protocol == KV_LINES ? &kv_lines : &kv_resp;
}

void kv_session_begin(struct kv_session *s)
{
    s->version = 2;
    s->bucket = s->read_bucket = cop_no_pid();
    if (s->protocol == KV_RESP) kv_session_show(s);
}

/* --- Operations ------------------------------------------------------------------------------- */

struct order {
    cop_pid bucket;
    cop_term operations;
};

static cop_term run_order(void *arg)
{
    const struct order *order = arg;

    return kv_bucket_run(cop_pid_term(order->bucket), order->operations);
}

static void run_operations(struct kv_turn *turn)
{
    struct kv_session *s = turn->session;
    struct order order = {turn->bucket, cop_list_reverse(turn->operations)};
    struct cop_outcome outcome;
    size_t len = turn->len;

    turn->len = 0;
    if (cop_try(run_order, &order, &outcome)) {
        cop_term answers = outcome.value;

        for (size_t i = 0; i < len; i++, answers = cop_tail(answers))
            turn->answers[i](s, cop_head(answers));
        return;
    }
    s->bucket = cop_no_pid();
    for (size_t i = 0; i < len; i++)
        ops_of(s)->no_bucket(s, cop_match(outcome.value, "{:noproc, _}"));
}

struct kv_out *kv_turn_out(struct kv_turn *turn)
{
    if (turn->len > 0) run_operations(turn);
    return &turn->session->out;
}

void kv_turn_add(struct kv_turn *turn, cop_pid bucket, cop_term operation, kv_answer_fn fn)
{
    if (turn->len > 0 && !cop_pid_equal(turn->bucket, bucket)) run_operations(turn);
    if (turn->len == 0) turn->operations = cop_empty_list();
    turn->bucket = bucket;
    turn->operations = cop_cons(operation, turn->operations);
    turn->answers[turn->len++] = fn;
}

/* --- Reading ---------------------------------------------------------------------------------- */

struct reading {
    struct kv_session *session;
    cop_pid bucket;
    cop_term key;
};

static cop_term read_key(void *arg)
{
    const struct reading *reading = arg;
    struct kv_session *s = reading->session;

    if (!cop_pid_equal(s->read_bucket, reading->bucket)) {
        cop_replace(&s->read_table, kv_bucket_table(cop_pid_term(reading->bucket)));
        s->read_bucket = reading->bucket;
    }
    return kv_store_read(cop_kept_term(s->read_table), reading->key);
}

void kv_turn_read(struct kv_turn *turn, cop_pid bucket, cop_term key, kv_answer_fn fn)
{
    struct kv_session *s = turn->session;
    struct reading reading = {s, bucket, key};
    struct cop_outcome outcome;

    if (turn->len > 0)
        kv_turn_add(turn, bucket, cop_tuple(COP(":read"), key), fn);
    else if (cop_try(read_key, &reading, &outcome))
        fn(s, outcome.value);
    else
        ops_of(s)->no_bucket(s, !cop_seems_alive(bucket));
}

/* --- Input ------------------------------------------------------------------------------------ */

/* What is to be read: data, or behind what was left. */
static cop_bytes take_input(struct kv_session *s, cop_bytes data)
{
    size_t left = s->pending_len - s->pending_at, capacity = s->pending_capacity;
    char *pending = s->pending;

    if (left == 0) return data;
    if (left + data.len > capacity) {
        capacity = 2 * (left + data.len);
        pending = cop_alloc(capacity);
    }
    if (data.len > 0) {
        memmove(pending, s->pending + s->pending_at, left);
        memcpy(pending + left, data.data, data.len);
        if (pending != s->pending) cop_free(s->pending);
        s->pending = pending;
        s->pending_at = 0;
        s->pending_len = left + data.len;
        s->pending_capacity = capacity;
    }
    return (cop_bytes){s->pending + s->pending_at, s->pending_len - s->pending_at};
}

/* The first done bytes of input have been dealt with. */
static void keep_rest(struct kv_session *s, cop_bytes input, size_t done)
{
    if (s->pending_len > s->pending_at) {
        s->pending_at += done;
    } else if (done < input.len) {
        s->pending = cop_alloc(input.len - done);
        memcpy(s->pending, input.data + done, input.len - done);
        s->pending_at = 0;
        s->pending_len = s->pending_capacity = input.len - done;
    }
    if (s->pending_at < s->pending_len) return;
    cop_free(s->pending);
    s->pending = NULL;
    s->pending_at = s->pending_len = s->pending_capacity = 0;
}

/* Has room for what is kept until the next turn. False: all connections together hold too much. */
static bool hold_pending(struct kv_session *s)
{
    size_t bytes = s->pending_capacity > KV_PENDING_FREE ? s->pending_capacity : 0;

    if (bytes == s->held) return true;
    if (!s->hold(bytes)) return false;
    s->held = bytes;
    return true;
}

/* Deals with the next command of input. MORE: there is none. */
static enum kv_scan one_command(struct kv_turn *turn, cop_bytes input, size_t *ret_len)
{
    const struct kv_protocol_ops *ops = ops_of(turn->session);
    char why[64];
    enum kv_scan found = ops->scan(turn->session, input, ret_len, why);

    if (found == KV_SCAN_COMMAND) ops->command(turn, (cop_bytes){input.data, *ret_len});
    if (found == KV_SCAN_BAD) {
        (void)kv_turn_out(turn);
        ops->bad(turn->session, why);
        turn->session->is_over = true;
    }
    return found;
}

enum kv_turn_end kv_session_turn(struct kv_session *s, cop_term data)
{
    struct kv_turn turn;   /* its answers are large, and written before they are read */
    char answers[ANSWERS]; /* most turns say little */
    cop_bytes input = take_input(s, cop_is_none(data) ? (cop_bytes){NULL, 0} : cop_to_bytes(data));
    enum kv_scan found = KV_SCAN_COMMAND;
    size_t done = 0, len, before = s->out.total;
    int count = 0;

    turn.session = s;
    turn.len = 0;
    kv_out_lend(&s->out, answers, sizeof(answers));
    while (!s->is_over && count < KV_TURN_MAX && s->out.total - before < WRITTEN_MAX) {
        found = one_command(&turn, (cop_bytes){input.data + done, input.len - done}, &len);
        if (found != KV_SCAN_COMMAND) break;
        done += len;
        count++;
    }
    kv_traffic_add(&kv_traffic.commands, count);
    kv_out_flush(kv_turn_out(&turn));
    if (s->is_over || s->out.is_broken) return KV_OVER;
    keep_rest(s, input, done);
    if (!hold_pending(s)) {
        ops_of(s)->bad(s, "too much is held of commands that are not complete");
        kv_out_flush(&s->out);
        return KV_OVER;
    }
    return found == KV_SCAN_COMMAND && s->pending_len > 0 ? KV_BUSY : KV_WAIT;
}

enum kv_turn_end kv_session_event(struct kv_session *s, cop_term event)
{
    cop_term key, value;

    if (cop_match(event, "{:put, key, value}", key, value)) {
        kv_out_binary(&s->out, kv_text(key));
        kv_out_text(&s->out, " SET TO ");
        kv_out_binary(&s->out, kv_text(value));
        kv_out_text(&s->out, "\r\n");
    } else if (cop_match(event, "{:delete, key}", key)) {
        kv_out_binary(&s->out, kv_text(key));
        kv_out_text(&s->out, " DELETED\r\n");
    } else {
        kv_out_text(&s->out, "ERROR\r\n");
        s->is_over = true;
    }
    kv_out_flush(&s->out);
    return s->is_over || s->out.is_broken ? KV_OVER : KV_WAIT;
}
