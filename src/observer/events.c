/* SPDX-License-Identifier: Apache-2.0 */
/* /api/events: one process a stream. Every quarter of a second it looks what is new in the journals
 * that its viewer follows, and sends that as one piece. A viewer that reads slowly makes it wait,
 * and finds then how much it has missed; nothing is kept for it but the journals' own bounded
 * lists. */
#include "observer.h"

#include "coppice/json.h"

#include <string.h>

#define TICK_MS     250
#define SLOW_TICKS  4  /* what is sent each second */
#define QUIET_TICKS 60 /* then comes a comment */
#define LEASE_MS    30000
#define LEASE_TICKS 40
#define AT_ONCE_MAX 500

enum topic { SYSTEM, LOAD, TREE, PROCESSES, CRASHES, LOG, TRACE, CALLS, TOPICS };
static const char *const names[TOPICS] = {"system",  "load", "tree",  "processes",
                                          "crashes", "log",  "trace", "calls"};

struct stream {
    cop_kept request;
    cop_ref ref; /* the request's: {:http_closed, ref} */
    bool wants[TOPICS];
    uint64_t at[TOPICS]; /* numbers up to which it has seen all */
    enum cop_level level;
    uint64_t calls_hash;
    int ticks;
    int quiet;
    char *text; /* of this turn */
    size_t len;
    size_t cap;
};

/* --- Text ------------------------------------------------------------------------------------- */

static void add(struct stream *s, const char *data, size_t len)
{
    if (s->len + len > s->cap) {
        size_t cap = 2 * (s->len + len);
        char *text = cop_alloc(cap);

        if (s->len > 0) memcpy(text, s->text, s->len);
        cop_free(s->text);
        s->text = text;
        s->cap = cap;
    }
    memcpy(s->text + s->len, data, len);
    s->len += len;
}

static void emit(struct stream *s, const char *name, cop_term value)
{
    cop_bytes json = cop_to_bytes(cop_json_encode_or_raise(value));
    cop_bytes head = cop_to_bytes(cop_format("event: %s\ndata: ", name));

    add(s, head.data, head.len);
    add(s, json.data, json.len);
    add(s, "\n\n", 2);
}

/* --- Topics ----------------------------------------------------------------------------------- */

static void emit_load(struct stream *s)
{
    int64_t number;
    cop_term sample;

    if (!cop_match(cop__obs_newest_sample(), "{number, sample}", number, sample) ||
        (uint64_t)number == s->at[LOAD] || cop_match(sample, "nil"))
        return;
    s->at[LOAD] = (uint64_t)number;
    emit(s, "load", sample);
}

static void emit_tree(struct stream *s)
{
    cop_term list, entry, events = cop_empty_list();
    int64_t next, lost;

    if (cop_journal_newest(COP_JOURNAL_TREE) == s->at[TREE]) return;
    cop_expect(cop_journal_read(COP_JOURNAL_TREE, s->at[TREE], AT_ONCE_MAX), "{next, lost, list}",
               next, lost, list);
    s->at[TREE] = (uint64_t)next;
    while (cop_match(list, "[entry | list]", entry, list))
        events = cop_cons(cop__obs_tree_event(entry), events);
    events = cop_list_reverse(events);
    emit(s, "tree", cop_build("%{lost: lost, events: events}", lost, events));
}

static cop_term process_event(int64_t time, cop_term event)
{
    cop_term pid, parent, call, reason, name = cop_nil();
    struct cop_process_row row;

    if (cop_match(event, "{:exit, pid, reason}", pid, reason)) {
        pid = cop__obs_pid(pid);
        reason = cop__obs_term_text(reason);
        return cop_build("%{event: \"exit\", pid: pid, reason: reason, time_us: time}", pid, reason,
                         time);
    }
    cop_expect(event, "{:start, pid, parent, call}", pid, parent, call);
    if (cop_read_process(cop_to_pid(pid), &row)) {
        name = cop__obs_name(row.name);
        call = cop__obs_initial_call(&row);
    }
    pid = cop__obs_pid(pid);
    parent = cop__obs_pid(parent);
    return cop_build("%{event: \"start\", pid: pid, name: name, parent: parent,"
                     " initial_call: call, time_us: time}",
                     pid, name, parent, call, time);
}

static void emit_processes(struct stream *s)
{
    cop_term list, event, events = cop_empty_list();
    struct cop_node_figures figures;
    int64_t next, lost, time, count;

    if (cop_journal_newest(COP_JOURNAL_PROCESSES) == s->at[PROCESSES]) return;
    cop_expect(cop_journal_read(COP_JOURNAL_PROCESSES, s->at[PROCESSES], AT_ONCE_MAX),
               "{next, lost, list}", next, lost, list);
    s->at[PROCESSES] = (uint64_t)next;
    while (cop_match(list, "[{_, time, event} | list]", time, event, list))
        events = cop_cons(process_event(time, event), events);
    events = cop_list_reverse(events);
    cop_read_node(&figures);
    count = (int64_t)figures.processes;
    emit(s, "processes",
         cop_build("%{lost: lost, count: count, events: events}", lost, count, events));
}

static void emit_crashes(struct stream *s)
{
    cop_term map, rows, row;

    if (cop_journal_newest(COP_JOURNAL_CRASHES) == s->at[CRASHES]) return;
    map = cop__obs_crashes((int64_t)s->at[CRASHES], AT_ONCE_MAX);
    s->at[CRASHES] = (uint64_t)cop_to_int(cop_map_get(map, COP(":next"), cop_int(0)));
    rows = cop_list_reverse(cop_map_get(map, COP(":crashes"), cop_empty_list()));
    while (cop_match(rows, "[row | rows]", row, rows))
        emit(s, "crash", row);
}

/* {next, lost, events or messages} that was read; sent unless there is nothing to tell. */
static void emit_list(struct stream *s, enum topic topic, cop_term map, const char *key)
{
    cop_term list = cop_map_get(map, cop_atom(key), cop_empty_list());
    int64_t lost;

    s->at[topic] = (uint64_t)cop_to_int(cop_map_get(map, COP(":next"), cop_int(0)));
    if (!cop_is_empty_list(list) || (cop_match(map, "%{lost: lost}", lost) && lost > 0))
        emit(s, names[topic], map);
}

static void emit_log(struct stream *s)
{
    if (cop_journal_newest(COP_JOURNAL_LOG) != s->at[LOG])
        emit_list(s, LOG, cop__obs_log((int64_t)s->at[LOG], s->level, AT_ONCE_MAX), "events");
}

static void emit_trace(struct stream *s)
{
    if (cop_journal_newest(COP_JOURNAL_MESSAGES) != s->at[TRACE])
        emit_list(s, TRACE, cop__obs_trace((int64_t)s->at[TRACE], AT_ONCE_MAX), "messages");
}

/* When other calls wait than before. */
static void emit_calls(struct stream *s)
{
    cop_term calls = cop_gen_server_long_calls(), pairs = cop_empty_list(), from, to;
    uint64_t hash;

    while (cop_match(calls, "[{from, to, _, _} | calls]", from, to, calls))
        pairs = cop_cons(cop_tuple(from, to), pairs);
    hash = cop_hash(pairs);
    if (hash == s->calls_hash) return;
    s->calls_hash = hash;
    emit(s, "calls", cop__obs_calls());
}

static void emit_all(struct stream *s)
{
    bool is_slow_turn = s->ticks % SLOW_TICKS == 0;

    if (s->wants[SYSTEM] && is_slow_turn) emit(s, "system", cop__obs_system());
    if (s->wants[LOAD]) emit_load(s);
    if (s->wants[TREE]) emit_tree(s);
    if (s->wants[PROCESSES]) emit_processes(s);
    if (s->wants[CRASHES]) emit_crashes(s);
    if (s->wants[LOG]) emit_log(s);
    if (s->wants[TRACE]) emit_trace(s);
    if (s->wants[CALLS] && is_slow_turn) emit_calls(s);
}

/* --- The stream ------------------------------------------------------------------------------- */

/* Some journals note something only while somebody follows them. */
static void renew(const struct stream *s)
{
    cop_pid traced;

    if (s->wants[PROCESSES]) cop_journal_open(COP_JOURNAL_PROCESSES, LEASE_MS);
    if (s->wants[TRACE] && cop_traced(&traced, 1) > 0)
        cop_journal_open(COP_JOURNAL_MESSAGES, LEASE_MS);
}

/* False: the viewer is gone. */
static bool send(struct stream *s)
{
    cop_term answer;

    if (s->len == 0 && ++s->quiet >= QUIET_TICKS) add(s, ":\n\n", 3);
    if (s->len == 0) return true;
    s->quiet = 0;
    answer = cop_http_server_chunk(cop_kept_term(s->request), cop_binary(s->text, s->len));
    s->len = 0;
    return cop_match(answer, ":ok");
}

static bool turn(void *state, cop_term msg)
{
    struct stream *s = state;
    cop_ref ref = s->ref;

    if (cop_match(msg, "{:http_closed, ^ref}", ref)) return false;
    if (!cop_match(msg, ":tick")) return true;
    if (s->ticks % LEASE_TICKS == 0) renew(s);
    if (s->ticks % SLOW_TICKS == 0) cop__obs_stream_lives();
    emit_all(s);
    s->ticks++;
    if (!send(s)) return false;
    cop_send_after(TICK_MS, cop_pid_term(cop_self()), COP(":tick"));
    return true;
}

static void hello(struct stream *s)
{
    cop_bytes node_name = cop_atom_text(COP(":nonode@nohost"));
    cop_term node = cop_binary(node_name.data, node_name.len);
    int64_t time = cop__obs_now_us();
    int64_t tree = (int64_t)s->at[TREE], crashes = (int64_t)s->at[CRASHES];
    int64_t log = (int64_t)s->at[LOG], trace = (int64_t)s->at[TRACE];

    add(s, "retry: 1000\n\n", 13);
    emit(s, "hello",
         cop_build("%{node: node, time_us: time, tree: tree, crashes: crashes, log: log,"
                   " trace: trace}",
                   node, time, tree, crashes, log, trace));
}

bool cop__obs_topics(const struct cop__obs_request *r, bool *ret_wants)
{
    cop_bytes all = cop__obs_text(r, "topics", "");
    const char *at = all.data, *end = all.data + all.len;

    while (at < end) {
        const char *next = memchr(at, ',', (size_t)(end - at));
        cop_bytes name = {at, (size_t)((next != NULL ? next : end) - at)};
        bool is_known = false;

        for (int i = 0; i < TOPICS; i++) {
            if (!cop__obs_same(name, names[i])) continue;
            is_known = true;
            if (ret_wants != NULL) ret_wants[i] = true;
        }
        if (!is_known) return false;
        at = next != NULL ? next + 1 : end;
    }
    return true;
}

void cop__obs_stream(cop_term request)
{
    struct cop__obs_request r = {
        .all = request, .params = cop_map_get(request, COP(":query_params"), cop_map_new())};
    struct stream s = {.request = cop_keep(request), .level = COP_DEBUG_LEVEL};
    cop_term level = cop_atom_existing(cop__obs_text(&r, "level", "debug"));

    s.ref = cop_to_ref(cop_map_get(request, COP(":ref"), cop_nil()));
    (void)cop__obs_topics(&r, s.wants);
    if (!cop_is_none(level)) (void)cop_level_from(level, &s.level);
    s.at[TREE] = cop_journal_newest(COP_JOURNAL_TREE);
    s.at[CRASHES] = cop_journal_newest(COP_JOURNAL_CRASHES);
    s.at[LOG] = cop_journal_newest(COP_JOURNAL_LOG);
    s.at[TRACE] = cop_journal_newest(COP_JOURNAL_MESSAGES);
    s.at[PROCESSES] = cop_journal_newest(COP_JOURNAL_PROCESSES);
    hello(&s);
    if (!send(&s)) return;
    cop_send(cop_self(), COP(":tick"));
    cop_receive_loop(turn, &s);
}
