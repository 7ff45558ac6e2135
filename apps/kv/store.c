/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a bucket: {key, value}, or {key, value, deadline, timer} of a key that goes at a time
 * of cop_monotonic_ms(). It is gone at its deadline for everybody who asks; the timer only gives
 * back its memory.
 *
 * The agent's state is {table, subscribers, expiring}: the table of rows, the list of pids that
 * are told of changes, and how many rows have a deadline. */
#include "store.h"

#include "scan.h"

#include <coppice/introspect.h>

/* So many messages may wait at a subscriber. */
#define BEHIND_MAX 10000

struct store {
    cop_term table;
    cop_term subscribers;
    int64_t expiring;
    int64_t now;
    cop_term state; /* what it was made of */
};

/* --- Subscribers ------------------------------------------------------------------------------ */

/* Seen from outside: a subscriber that is busy holds up nobody. */
static bool keeps_up(cop_pid pid)
{
    struct cop_process_row row;

    return cop_read_process(pid, &row) && row.queue < BEHIND_MAX;
}

/* Tells them; who does not keep up, or is gone, is told no more. */
static void tell(struct store *s, cop_term event)
{
    cop_term kept = cop_empty_list(), list = s->subscribers;

    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_pid pid = cop_to_pid(cop_head(list));

        if (!keeps_up(pid)) {
            cop_send_nosuspend(pid, COP("{:dropped}"));
            continue;
        }
        cop_send_nosuspend(pid, event);
        kept = cop_cons(pid, kept);
    }
    s->subscribers = kept;
}

static void tell_put(struct store *s, cop_term key, cop_term value)
{
    if (!cop_is_empty_list(s->subscribers)) tell(s, cop_tuple(COP(":put"), key, value));
}

static void tell_delete(struct store *s, cop_term key)
{
    if (!cop_is_empty_list(s->subscribers)) tell(s, cop_tuple(COP(":delete"), key));
}

static cop_term subscribe(struct store *s, cop_term subscriber)
{
    cop_term kept = cop_list(subscriber), list = s->subscribers;

    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term other = cop_head(list);

        if (!cop_identical(other, subscriber) && cop_seems_alive(cop_to_pid(other)))
            kept = cop_cons(other, kept);
    }
    s->subscribers = kept;
    return COP(":silent");
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* When a row ends, and the timer that is set for it. */
struct ending {
    int64_t deadline;
    cop_ref timer;
};

/* Whether the row ends at all. */
static bool has_ending(cop_term row, struct ending *ret_ending)
{
    int64_t deadline;
    cop_ref timer;

    if (!cop_match(row, "{_, _, deadline, timer}", deadline, timer)) return false;
    *ret_ending = (struct ending){deadline, timer};
    return true;
}

/* The row of key is about to go or to be replaced: its timer goes. */
static void disarm(struct store *s, cop_term row)
{
    struct ending ending;

    if (!has_ending(row, &ending)) return;
    cop_cancel_timer(ending.timer);
    s->expiring--;
}

/* Any row of key, or none. */
static cop_term find_row(struct store *s, cop_term key)
{
    cop_term rows = cop_ets_lookup(s->table, key);

    return cop_is_empty_list(rows) ? cop_none() : cop_head(rows);
}

static void remove_row(struct store *s, cop_term row)
{
    cop_term key = cop_elem(row, 0);

    disarm(s, row);
    cop_ets_delete_key(s->table, key);
    tell_delete(s, key);
}

/* The row of key if that is there and has not ended, or none. */
static cop_term live_row(struct store *s, cop_term key)
{
    cop_term row = find_row(s, key);
    struct ending ending;

    if (cop_is_none(row) || s->expiring == 0 || !has_ending(row, &ending) ||
        ending.deadline > s->now)
        return row;
    remove_row(s, row);
    return cop_none();
}

/* Has the agent look after key in ttl milliseconds. */
static void arm(struct store *s, cop_term key, cop_term value, int64_t ttl)
{
    cop_term cast = cop_build("{:\"$gen_cast\", {:cast, &KV.Store.expire(&1, key)}}", key);
    cop_ref timer = cop_send_after(ttl, cop_pid_term(cop_self()), cast);

    cop_ets_insert(s->table, cop_tuple(key, value, s->now + ttl, timer));
    s->expiring++;
}

/* The former row of key goes without a word; ttl < 0: it does not end. */
static void put_row(struct store *s, cop_term key, cop_term value, int64_t ttl)
{
    if (s->expiring > 0) {
        cop_term old = find_row(s, key);

        if (!cop_is_none(old)) disarm(s, old);
    }
    if (ttl < 0)
        cop_ets_insert(s->table, cop_tuple(key, value));
    else
        arm(s, key, value, ttl);
    tell_put(s, key, value);
}

/* --- Operations ------------------------------------------------------------------------------- */

static cop_term get(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key);

    return cop_is_none(row) ? cop_nil() : cop_elem(row, 1);
}

static cop_term read(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key);

    return cop_is_none(row) ? cop_nil() : kv_text(cop_elem(row, 1));
}

static cop_term read_all(struct store *s, cop_term keys)
{
    cop_term values = cop_empty_list();

    for (; !cop_is_empty_list(keys); keys = cop_tail(keys))
        values = cop_cons(read(s, cop_head(keys)), values);
    return cop_list_reverse(values);
}

static cop_term put_all(struct store *s, cop_term pairs)
{
    for (; !cop_is_empty_list(pairs); pairs = cop_tail(cop_tail(pairs)))
        put_row(s, cop_head(pairs), cop_head(cop_tail(pairs)), -1);
    return cop_ok();
}

static cop_term set(struct store *s, cop_term key, cop_term value, cop_term mode, cop_term ttl)
{
    if (!cop_match(mode, ":always") && cop_is_none(live_row(s, key)) != cop_match(mode, ":nx"))
        return cop_nil();
    put_row(s, key, value, cop_is_integer(ttl) ? cop_to_int(ttl) : -1);
    return cop_ok();
}

/* Subscribers hear of it also if there was no such key. */
static cop_term take(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key);

    if (cop_is_none(row))
        tell_delete(s, key);
    else
        remove_row(s, row);
    return cop_is_none(row) ? cop_nil() : cop_elem(row, 1);
}

/* How many of keys there are; they are removed, too. */
static cop_term count(struct store *s, cop_term keys, bool removes)
{
    int64_t n = 0;

    for (; !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        cop_term row = live_row(s, cop_head(keys));

        if (cop_is_none(row)) continue;
        n++;
        if (removes) remove_row(s, row);
    }
    return cop_int(n);
}

/* The integer that value is, or is the text of. */
static bool to_number(cop_term value, int64_t *ret_number)
{
    int64_t n;

    if (cop_is_binary(value)) return kv_to_int(cop_to_bytes(value), ret_number);
    if (!cop_match(value, "n", n)) return false;
    *ret_number = n;
    return true;
}

static cop_term incr(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key), value;
    int64_t n = 0;

    if (!cop_is_none(row) && !to_number(cop_elem(row, 1), &n))
        return COP("{:error, \"ERR value is not an integer or out of range\"}");
    if (n == INT64_MAX) return COP("{:error, \"ERR increment or decrement would overflow\"}");
    value = cop_format("%lld", (long long)n + 1);
    if (cop_is_none(row) || !cop_ets_update_element(s->table, key, cop_tuple(2, value)))
        cop_ets_insert(s->table, cop_tuple(key, value));
    tell_put(s, key, value);
    return cop_int(n + 1);
}

static cop_term expire_in(struct store *s, cop_term key, int64_t ttl)
{
    cop_term row = live_row(s, key);

    if (cop_is_none(row)) return cop_int(0);
    if (ttl <= 0) {
        remove_row(s, row);
    } else {
        disarm(s, row);
        arm(s, key, cop_elem(row, 1), ttl);
    }
    return cop_int(1);
}

static cop_term ttl_of(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key);
    struct ending ending;

    if (cop_is_none(row)) return cop_int(-2);
    return cop_int(has_ending(row, &ending) ? ending.deadline - s->now : -1);
}

/* The keys of all rows. */
static cop_term all_keys(struct store *s)
{
    return cop_ets_select(s->table, COP("[{{:\"$1\", :_}, [], [:\"$1\"]},"
                                        " {{:\"$1\", :_, :_, :_}, [], [:\"$1\"]}]"));
}

static cop_term keys_like(struct store *s, cop_term pattern)
{
    cop_term keys = all_keys(s), found = cop_empty_list();

    for (; !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        cop_term text = kv_text(cop_head(keys));

        if (kv_glob_match(cop_to_bytes(pattern), cop_to_bytes(text)) &&
            (s->expiring == 0 || !cop_is_none(live_row(s, cop_head(keys)))))
            found = cop_cons(text, found);
    }
    return found;
}

static cop_term flush(struct store *s)
{
    if (s->expiring > 0 || !cop_is_empty_list(s->subscribers)) count(s, all_keys(s), true);
    cop_ets_delete_all_objects(s->table);
    return cop_ok();
}

/* --- Running ---------------------------------------------------------------------------------- */

/* The operations that are less often asked for. */
static cop_term run_rare(struct store *s, cop_term op)
{
    cop_term key, keys, pid;
    int64_t ttl;

    if (cop_match(op, "{:take, key}", key)) return take(s, key);
    if (cop_match(op, "{:del, keys}", keys)) return count(s, keys, true);
    if (cop_match(op, "{:exists, keys}", keys)) return count(s, keys, false);
    if (cop_match(op, "{:expire, key, ttl}", key, ttl)) return expire_in(s, key, ttl);
    if (cop_match(op, "{:ttl, key}", key)) return ttl_of(s, key);
    if (cop_match(op, "{:keys, key}", key)) return keys_like(s, key);
    if (cop_match(op, "{:size}")) return cop_ets_info_item(s->table, COP(":size"));
    if (cop_match(op, "{:expiring}")) return cop_int(s->expiring);
    if (cop_match(op, "{:flush}")) return flush(s);
    if (cop_match(op, "{:subscribe, pid}", pid)) return subscribe(s, pid);
    cop_raise("ArgumentError", "unknown operation");
}

static cop_term run_one(struct store *s, cop_term op)
{
    cop_term key, keys, value, mode, ttl;

    if (cop_match(op, "{:read, key}", key)) return read(s, key);
    if (cop_match(op, "{:set, key, value, mode, ttl}", key, value, mode, ttl))
        return set(s, key, value, mode, ttl);
    if (cop_match(op, "{:get, key}", key)) return get(s, key);
    if (cop_match(op, "{:put, key, value}", key, value)) {
        put_row(s, key, value, -1);
        return cop_ok();
    }
    if (cop_match(op, "{:delete, key}", key)) {
        take(s, key);
        return cop_ok();
    }
    if (cop_match(op, "{:incr, key}", key)) return incr(s, key);
    if (cop_match(op, "{:put_all, keys}", keys)) return put_all(s, keys);
    if (cop_match(op, "{:read_all, keys}", keys)) return read_all(s, keys);
    return run_rare(s, op);
}

static struct store open_store(cop_term state)
{
    cop_term table, subscribers;
    int64_t expiring;

    cop_expect(state, "{table, subscribers, expiring}", table, subscribers, expiring);
    return (struct store){table, subscribers, expiring, cop_monotonic_ms(), state};
}

/* The state as it is now: the same term if nothing of it has changed, which costs the agent
 * nothing to keep. */
static cop_term close_store(const struct store *s)
{
    cop_term subscribers;
    int64_t expiring;

    if (!cop_is_none(s->state) &&
        cop_match(s->state, "{_, subscribers, expiring}", subscribers, expiring) &&
        expiring == s->expiring && cop_is_empty_list(subscribers) &&
        cop_is_empty_list(s->subscribers))
        return s->state;
    return cop_tuple(s->table, s->subscribers, s->expiring);
}

static cop_term new (void)
{
    struct store s = {.table = cop_ets_new(COP("KV.Bucket"), COP("[:set, :protected]")),
                      .subscribers = cop_empty_list()};

    return close_store(&s);
}

static cop_term run(cop_term state, cop_term ops)
{
    struct store s = open_store(state);
    cop_term answers = cop_empty_list();

    for (; !cop_is_empty_list(ops); ops = cop_tail(ops))
        answers = cop_cons(run_one(&s, cop_head(ops)), answers);
    return cop_tuple(cop_list_reverse(answers), close_store(&s));
}

/* The timer of key is over. It may have been another one's, whose row is no more. */
static cop_term expire(cop_term state, cop_term key)
{
    struct store s = open_store(state);
    cop_term row = live_row(&s, key);
    struct ending ending;

    /* A timer that came early is set again. */
    if (!cop_is_none(row) && has_ending(row, &ending) && cop_read_timer(ending.timer) < 0) {
        s.expiring--;
        arm(&s, key, cop_elem(row, 1), ending.deadline - s.now);
    }
    return close_store(&s);
}

static const struct cop_function functions[] = {
    COP_EXPORT("new()", new, "The state of a new bucket."),
    COP_EXPORT("run(state, operations)", run, "Does `operations`: `{answers, state}`."),
    COP_EXPORT("expire(state, key)", expire, "Removes `key` if its time is over."), COP_EXPORT_END};

const struct cop_module kv_store = {.size = sizeof(struct cop_module),
                                    .name = "KV.Store",
                                    .doc = "What is in a bucket; runs in the bucket's process.",
                                    .functions = functions};
