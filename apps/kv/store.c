/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a bucket: {key, value}, or {key, value, deadline, timer} of a key that goes at a time
 * of cop_monotonic_ms(). It is gone at its deadline for everybody who asks; the timer only gives
 * back its memory.
 *
 * The agent's state is {table, subscribers, endings}: the table of rows, the list of pids that are
 * told of changes, and nil, or {n, sum} of n > 0 rows that have a deadline and the sum of these, a
 * float: it is for an average, and may be large. */
#include "store.h"

#include "scan.h"

#include <coppice/introspect.h>

/* So many messages may wait at a subscriber. */
#define BEHIND_MAX 10000

struct store {
    cop_term table;
    cop_term subscribers;
    int64_t expiring;
    double deadlines;
    int64_t now;    /* when the operations are done; 0: nobody has asked yet */
    cop_term state; /* what it was made of ... */
    bool is_other;  /* ... and whether it has changed since */
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
    s->is_other = true;
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
    s->is_other = true;
    return COP(":silent");
}

/* --- Rows ------------------------------------------------------------------------------------- */

/* The time is the same for all operations that are done together. */
static int64_t now(struct store *s)
{
    if (s->now == 0) s->now = cop_monotonic_ms();
    return s->now;
}

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

/* A row ends no more. */
static void forget_ending(struct store *s, const struct ending *ending)
{
    s->is_other = true;
    s->expiring--;
    s->deadlines = s->expiring > 0 ? s->deadlines - (double)ending->deadline : 0;
}

/* The row of key is about to go or to be replaced: its timer goes. */
static void disarm(struct store *s, cop_term row)
{
    struct ending ending;

    if (!has_ending(row, &ending)) return;
    cop_cancel_timer(ending.timer);
    forget_ending(s, &ending);
}

/* Any row of key, or none. */
static cop_term find_row(cop_term table, cop_term key)
{
    cop_term rows = cop_ets_lookup(table, key);

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
    cop_term row = find_row(s->table, key);
    struct ending ending;

    if (cop_is_none(row) || s->expiring == 0 || !has_ending(row, &ending) ||
        ending.deadline > now(s))
        return row;
    remove_row(s, row);
    return cop_none();
}

/* Has the agent look after key in ttl milliseconds, or as late as a timer can. */
static void arm(struct store *s, cop_term key, cop_term value, int64_t ttl)
{
    cop_term cast = cop_build("{:\"$gen_cast\", {:cast, &KV.Store.expire(&1, key)}}", key);
    cop_ref timer = cop_send_after(ttl < COP_TIMER_MAX_MS ? ttl : COP_TIMER_MAX_MS,
                                   cop_pid_term(cop_self()), cast);

    cop_ets_insert(s->table, cop_tuple(key, value, now(s) + ttl, timer));
    s->is_other = true;
    s->expiring++;
    s->deadlines += (double)(now(s) + ttl);
}

/* The former row of key goes without a word; ttl < 0: it does not end. */
static void put_row(struct store *s, cop_term key, cop_term value, int64_t ttl)
{
    if (s->expiring > 0) {
        cop_term old = find_row(s->table, key);

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

cop_term kv_store_read(cop_term table, cop_term key)
{
    cop_term row = find_row(table, key);
    struct ending ending;

    /* One that has ended stays for the bucket to remove. */
    if (cop_is_none(row) || (has_ending(row, &ending) && ending.deadline <= cop_monotonic_ms()))
        return cop_nil();
    return kv_text(cop_elem(row, 1));
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
    bool keeps = cop_match(ttl, ":keep");
    bool is_there = (keeps || !cop_match(mode, ":always")) && !cop_is_none(live_row(s, key));

    if (is_there ? cop_match(mode, ":nx") : cop_match(mode, ":xx")) return cop_nil();
    if (keeps && is_there) {
        cop_ets_update_element(s->table, key, cop_tuple(2, value));
        tell_put(s, key, value);
    } else {
        put_row(s, key, value, cop_is_integer(ttl) ? cop_to_int(ttl) : -1);
    }
    return cop_ok();
}

static cop_term swap(struct store *s, cop_term key, cop_term value, cop_term mode, cop_term ttl)
{
    cop_term former = read(s, key);

    set(s, key, value, mode, ttl);
    return former;
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

/* Whether a row is as the conditions of an :expire with this deadline say. One that does not end
 * has its deadline behind all others. */
static bool is_as_said(cop_term row, int64_t deadline, cop_term conditions)
{
    struct ending ending;
    int64_t old = has_ending(row, &ending) ? ending.deadline : INT64_MAX;

    for (; !cop_is_empty_list(conditions); conditions = cop_tail(conditions)) {
        cop_term condition = cop_head(conditions);

        if (cop_match(condition, ":nx") && old != INT64_MAX) return false;
        if (cop_match(condition, ":xx") && old == INT64_MAX) return false;
        if (cop_match(condition, ":gt") && deadline <= old) return false;
        if (cop_match(condition, ":lt") && deadline >= old) return false;
    }
    return true;
}

static cop_term expire_in(struct store *s, cop_term key, int64_t ttl, cop_term conditions)
{
    cop_term row = live_row(s, key);

    if (cop_is_none(row) || !is_as_said(row, now(s) + ttl, conditions)) return cop_int(0);
    if (ttl <= 0) {
        remove_row(s, row);
    } else {
        disarm(s, row);
        arm(s, key, cop_elem(row, 1), ttl);
    }
    return cop_int(1);
}

static cop_term expiring(struct store *s)
{
    double left = s->expiring > 0 ? s->deadlines / (double)s->expiring - (double)now(s) : 0;

    return cop_tuple(s->expiring, left > 0 ? (int64_t)left : 0);
}

static cop_term ttl_of(struct store *s, cop_term key)
{
    cop_term row = live_row(s, key);
    struct ending ending;

    if (cop_is_none(row)) return cop_int(-2);
    return cop_int(has_ending(row, &ending) ? ending.deadline - now(s) : -1);
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
    cop_term key, keys, pid, value, mode, until;
    int64_t ttl;

    if (cop_match(op, "{:take, key}", key)) return take(s, key);
    if (cop_match(op, "{:del, keys}", keys)) return count(s, keys, true);
    if (cop_match(op, "{:exists, keys}", keys)) return count(s, keys, false);
    if (cop_match(op, "{:expire, key, ttl, keys}", key, ttl, keys))
        return expire_in(s, key, ttl, keys);
    if (cop_match(op, "{:swap, key, value, mode, until}", key, value, mode, until))
        return swap(s, key, value, mode, until);
    if (cop_match(op, "{:ttl, key}", key)) return ttl_of(s, key);
    if (cop_match(op, "{:keys, key}", key)) return keys_like(s, key);
    if (cop_match(op, "{:size}")) return cop_ets_info_item(s->table, COP(":size"));
    if (cop_match(op, "{:expiring}")) return expiring(s);
    if (cop_match(op, "{:table}")) return s->table;
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
    struct store s = {.state = state};
    cop_term endings;

    cop_expect(state, "{table, subscribers, endings}", s.table, s.subscribers, endings);
    if (!cop_is_atom(endings))
        cop_expect(endings, "{expiring, deadlines}", s.expiring, s.deadlines);
    return s;
}

/* The state as it is now: the same term if nothing of it has changed, which costs the agent
 * nothing to keep. */
static cop_term close_store(const struct store *s)
{
    if (!s->is_other) return s->state;
    return cop_tuple(s->table, s->subscribers,
                     s->expiring > 0 ? cop_tuple(s->expiring, s->deadlines) : cop_nil());
}

static cop_term new (void)
{
    struct store s = {.table = cop_ets_new(COP("KV.Bucket"), COP("[:set, :protected]")),
                      .subscribers = cop_empty_list(),
                      .is_other = true};

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
        forget_ending(&s, &ending);
        arm(&s, key, cop_elem(row, 1), ending.deadline - now(&s));
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
