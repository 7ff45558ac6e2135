/* SPDX-License-Identifier: Apache-2.0 */
/* The process that takes samples while somebody watches, keeps the journals open, and counts the
 * event streams.
 *
 * A sample is a row of figures; rates are made of two that follow each other when they are read.
 * The ring has an hour of them and is made when the first viewer comes. A minute after the last
 * request or stream it stops: then this process sleeps but for a tick a minute, by which it keeps
 * the journals of crashes, trees and the log open. If it dies they close by themselves. */
#include "observer.h"

#include <string.h>

#define INTERVAL_MS 500
#define GAP_MS      INT64_C(2000) /* samples further apart do not follow each other */
#define SAMPLES     7200          /* an hour of them */
#define POINTS_MAX  1800
#define SEATS_MAX   64
#define WATCH_MS    60000 /* how long a request counts as a viewer */
#define KEEP_MS     60000
#define JOURNAL_MS  150000
#define STREAMS_MAX 64
#define TABLES_MAX  1000 /* more are not asked for their sizes at each sample */
#define PORTS_MAX   2000 /* with more, what goes through them is added up seldom */
#define STATES_MAX  256
#define NAME        "Observer.Sampler"

struct sample {
    int64_t time_ms; /* of the wall */
    int64_t at_ms;   /* of the monotonic clock */
    uint64_t resident;
    uint64_t memory_processes;
    uint64_t memory_tables;
    uint64_t processes;
    uint64_t run_queue;
    uint64_t messages;
    uint64_t reductions;
    uint64_t in; /* bytes through the sockets that were open */
    uint64_t out;
    bool has_io;
    int64_t idle_ns[SEATS_MAX];
};

struct state {
    struct sample *ring; /* NULL: nobody watches */
    uint64_t newest;     /* number of samples ever taken; the newest is at (newest - 1) % SAMPLES */
    uint64_t oldest;     /* number before the oldest that is there */
    int64_t until_ms;    /* samples are taken until then */
    bool is_ticking;
    size_t seats;
    uint64_t ports;
    cop_dict *watched; /* streams: pid -> monitor */
    /* The last states asked for: pid -> {number, state}, and number -> pid. */
    cop_dict *states;
    cop_dict *asked;
    uint64_t questions; /* number of the newest ... */
    uint64_t forgotten; /* ... and of the last that was dropped */
};

/* --- Taking ----------------------------------------------------------------------------------- */

static uint64_t bytes_of_tables(void)
{
    cop_term tables = cop_ets_all();
    uint64_t words = 0;
    int64_t n;

    for (int left = TABLES_MAX; !cop_is_empty_list(tables) && left > 0;
         tables = cop_tail(tables), left--) {
        if (cop_match(cop_ets_info_item(cop_head(tables), COP(":memory")), "n", n))
            words += (uint64_t)n;
    }
    return words * 8;
}

/* With many sockets only now and then: each is looked at. */
static void take_io(struct state *s, struct sample *to)
{
    struct cop__obs_io io;

    if (s->ports > PORTS_MAX && s->newest % 20 != 0) return;
    io = cop__obs_io_now();
    s->ports = io.ports;
    to->in = io.in;
    to->out = io.out;
    to->has_io = true;
}

static void take(struct state *s)
{
    struct sample *to = &s->ring[s->newest % SAMPLES];
    struct cop_scheduler_figures seats[SEATS_MAX];
    struct cop_node_figures node;

    cop_read_node(&node);
    s->seats = cop_read_schedulers(seats, SEATS_MAX);
    *to = (struct sample){.time_ms = cop__obs_now_us() / 1000,
                          .at_ms = cop_monotonic_ms(),
                          .resident = node.memory_resident,
                          .memory_processes = node.memory_processes,
                          .memory_tables = bytes_of_tables(),
                          .processes = node.processes,
                          .run_queue = node.run_queue_global,
                          .messages = node.messages,
                          .reductions = node.reductions};
    take_io(s, to);
    for (size_t i = 0; i < s->seats; i++) {
        to->idle_ns[i] = seats[i].idle_ns;
        to->run_queue += seats[i].run_queue;
    }
    s->newest++;
    if (s->newest - s->oldest > SAMPLES) s->oldest = s->newest - SAMPLES;
}

static void tick_later(struct state *s)
{
    s->is_ticking = true;
    cop_send_after(INTERVAL_MS, cop_pid_term(cop_self()), COP(":sample"));
}

static void begin_watch(struct state *s)
{
    s->until_ms = cop_monotonic_ms() + WATCH_MS;
    if (s->is_ticking) return;
    if (s->ring == NULL) s->ring = cop_alloc(SAMPLES * sizeof *s->ring);
    take(s);
    tick_later(s);
}

static void sample(struct state *s)
{
    s->is_ticking = false;
    if (cop_dict_size(s->watched) == 0 && cop_monotonic_ms() >= s->until_ms) {
        cop_trace(NULL, 0);
        return;
    }
    take(s);
    tick_later(s);
}

/* --- Telling ---------------------------------------------------------------------------------- */

/* Growth a second from one sample to the next; nil where there is no next, or after a gap. */
static cop_term rate(const struct sample *before, const struct sample *now, uint64_t from,
                     uint64_t to)
{
    double seconds;

    if (before == NULL || now->at_ms - before->at_ms > GAP_MS || to < from) return cop_nil();
    seconds = (double)(now->at_ms - before->at_ms) / 1000.0;
    return seconds > 0 ? cop_float((double)(to - from) / seconds) : cop_nil();
}

static cop_term use(const struct sample *before, const struct sample *now, size_t seat)
{
    double slept, all;

    if (before == NULL || now->at_ms - before->at_ms > GAP_MS) return cop_nil();
    all = (double)(now->at_ms - before->at_ms) * 1e6;
    slept = (double)(now->idle_ns[seat] - before->idle_ns[seat]);
    if (all <= 0 || slept < 0) return cop_nil();
    return cop_float(slept >= all ? 0.0 : 1.0 - slept / all);
}

static cop_term io_rate(const struct sample *before, const struct sample *now, bool is_in)
{
    if (before == NULL || !before->has_io || !now->has_io) return cop_nil();
    return is_in ? rate(before, now, before->in, now->in)
                 : rate(before, now, before->out, now->out);
}

static const struct sample *sample_at(const struct state *s, uint64_t number)
{
    return number <= s->oldest || number > s->newest ? NULL : &s->ring[(number - 1) % SAMPLES];
}

static cop_term uses(const struct state *s, const struct sample *before, const struct sample *now)
{
    cop_term list = cop_empty_list();

    for (size_t i = s->seats; i > 0; i--)
        list = cop_cons(use(before, now, i - 1), list);
    return list;
}

static cop_term one_sample(const struct state *s, uint64_t number)
{
    const struct sample *now = sample_at(s, number), *before = sample_at(s, number - 1);
    cop_term scheduler_use, messages, work, input, output;

    if (now == NULL) return cop_nil();
    scheduler_use = uses(s, before, now);
    messages = rate(before, now, before ? before->messages : 0, now->messages);
    work = rate(before, now, before ? before->reductions : 0, now->reductions);
    input = io_rate(before, now, true);
    output = io_rate(before, now, false);
    int64_t time_ms = now->time_ms, resident = (int64_t)now->resident;
    int64_t of_processes = (int64_t)now->memory_processes, tables = (int64_t)now->memory_tables;
    int64_t processes = (int64_t)now->processes, queue = (int64_t)now->run_queue;

    return cop_build("%{time_ms: time_ms, scheduler_use: scheduler_use, processes: processes,"
                     " memory: %{resident: resident, processes: of_processes, tables: tables},"
                     " run_queue: queue, messages_per_s: messages, reductions_per_s: work,"
                     " io_in_per_s: input, io_out_per_s: output}",
                     time_ms, scheduler_use, processes, resident, of_processes, tables, queue,
                     messages, work, input, output);
}

static cop_term newest(const struct state *s)
{
    cop_term value;

    if (s->newest == s->oldest) return COP("{0, nil}");
    value = one_sample(s, s->newest);
    return cop_tuple(cop_uint(s->newest), value);
}

/* The columns of a chart, each built from its end. */
struct columns {
    cop_term time, resident, processes_memory, tables, processes, queue, messages, work, in, out;
    cop_term use[SEATS_MAX];
};

static void add_point(const struct state *s, struct columns *c, uint64_t number)
{
    const struct sample *now = sample_at(s, number), *before = sample_at(s, number - 1);

    c->time = cop_cons(now->time_ms, c->time);
    c->resident = cop_cons(cop_uint(now->resident), c->resident);
    c->processes_memory = cop_cons(cop_uint(now->memory_processes), c->processes_memory);
    c->tables = cop_cons(cop_uint(now->memory_tables), c->tables);
    c->processes = cop_cons(cop_uint(now->processes), c->processes);
    c->queue = cop_cons(cop_uint(now->run_queue), c->queue);
    c->messages =
        cop_cons(rate(before, now, before ? before->messages : 0, now->messages), c->messages);
    c->work =
        cop_cons(rate(before, now, before ? before->reductions : 0, now->reductions), c->work);
    c->in = cop_cons(io_rate(before, now, true), c->in);
    c->out = cop_cons(io_rate(before, now, false), c->out);
    for (size_t i = 0; i < s->seats; i++)
        c->use[i] = cop_cons(use(before, now, i), c->use[i]);
}

static cop_term chart_of(const struct state *s, const struct columns *c)
{
    cop_term all = cop_empty_list();
    int64_t interval = INTERVAL_MS;

    for (size_t i = s->seats; i > 0; i--)
        all = cop_cons(c->use[i - 1], all);
    cop_term time = c->time, resident = c->resident, of_processes = c->processes_memory;
    cop_term tables = c->tables, processes = c->processes, queue = c->queue;
    cop_term messages = c->messages, work = c->work, input = c->in, output = c->out;
    return cop_build("%{interval_ms: interval, time_ms: time, scheduler_use: all,"
                     " memory: %{resident: resident, processes: of_processes, tables: tables},"
                     " processes: processes, run_queue: queue, messages_per_s: messages,"
                     " reductions_per_s: work, io_in_per_s: input, io_out_per_s: output}",
                     interval, time, all, resident, of_processes, tables, processes, queue,
                     messages, work, input, output);
}

static cop_term load(const struct state *s, int64_t seconds)
{
    cop_term empty = cop_empty_list();
    struct columns c = {empty, empty, empty, empty, empty, empty,
                        empty, empty, empty, empty, {{0}}};
    int64_t since = cop_monotonic_ms() - seconds * 1000;
    uint64_t step = (uint64_t)(seconds * 1000 / INTERVAL_MS) / POINTS_MAX + 1;

    for (size_t i = 0; i < SEATS_MAX; i++)
        c.use[i] = empty;
    for (uint64_t n = s->newest; n > s->oldest; n -= n - s->oldest < step ? n - s->oldest : step) {
        if (sample_at(s, n)->at_ms < since) break;
        add_point(s, &c, n);
    }
    return chart_of(s, &c);
}

/* --- The server ------------------------------------------------------------------------------- */

static void keep_journals(void)
{
    cop_journal_open(COP_JOURNAL_TREE, JOURNAL_MS);
    cop_journal_open(COP_JOURNAL_CRASHES, JOURNAL_MS);
    cop_journal_open(COP_JOURNAL_LOG, JOURNAL_MS);
    cop_send_after(KEEP_MS, cop_pid_term(cop_self()), COP(":keep"));
}

static cop_result init(cop_term arg)
{
    struct state *s = cop_alloc(sizeof *s);

    (void)arg;
    s->watched = cop_dict_new();
    s->states = cop_dict_new();
    s->asked = cop_dict_new();
    keep_journals();
    return cop_started(s);
}

/* Once more for one that is known: its former number stands for nobody then. */
static void know_state(struct state *s, cop_term pid, cop_term state)
{
    cop_term number = cop_uint(++s->questions), old;

    if (cop_match(cop_dict_get(s->states, pid), "{old, _}", old)) cop_dict_remove(s->asked, old);
    cop_dict_put(s->states, pid, cop_tuple(number, state));
    cop_dict_put(s->asked, number, pid);
    for (; cop_dict_size(s->states) > STATES_MAX; s->forgotten++) {
        cop_term oldest = cop_dict_remove(s->asked, cop_uint(s->forgotten + 1));

        if (!cop_is_none(oldest)) cop_dict_remove(s->states, oldest);
    }
}

static void know_stream(struct state *s, cop_pid pid)
{
    if (cop_dict_has(s->watched, pid)) return;
    cop_dict_put(s->watched, pid, cop_monitor(pid));
    begin_watch(s);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct state *s = state;
    int64_t seconds;
    cop_pid pid;

    (void)from;
    if (cop_match(request, "{:load, seconds}", seconds)) return cop_reply(load(s, seconds));
    if (cop_match(request, ":newest")) return cop_reply(newest(s));
    if (cop_match(request, "{:state, pid}", pid)) {
        cop_term known = cop_dict_get(s->states, pid);

        return cop_reply(cop_is_none(known) ? cop_nil() : cop_elem(known, 1));
    }
    if (cop_match(request, "{:stream, pid}", pid)) {
        if (cop_dict_size(s->watched) >= STREAMS_MAX) return cop_reply(cop_false());
        know_stream(s, pid);
        return cop_reply(cop_true());
    }
    return cop_no_clause(request);
}

static cop_result handle_cast(void *state, cop_term request)
{
    cop_term shown;
    cop_pid pid;

    if (cop_match(request, "{:stream, pid}", pid))
        know_stream(state, pid);
    else if (cop_match(request, "{:state, pid, shown}", pid, shown))
        know_state(state, cop_pid_term(pid), shown);
    else if (cop_match(request, ":watch"))
        begin_watch(state);
    else
        return cop_no_clause(request);
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    struct state *s = state;
    cop_term pid;

    if (cop_match(message, ":sample")) {
        sample(s);
    } else if (cop_match(message, ":keep")) {
        keep_journals();
    } else if (cop_match(message, "{:DOWN, _, _, pid, _}", pid)) {
        cop_dict_remove(s->watched, pid);
        s->until_ms = cop_monotonic_ms() + WATCH_MS;
    }
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    const struct state *s = state;
    int64_t streams = (int64_t)cop_dict_size(s->watched),
            samples = (int64_t)(s->newest - s->oldest);
    bool ticking = s->is_ticking;

    return cop_build("%{streams: streams, samples: samples, ticking: ticking}", streams, samples,
                     ticking);
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_cast = handle_cast,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static cop_term start_link(cop_term options)
{
    (void)options;
    return cop_gen_server_start_link(&cop__obs_sampler_module, cop_nil(), COP("[name: " NAME "]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts the sampler under its name."),
    COP_EXPORT_END};

const struct cop_module cop__obs_sampler_module = {
    .size = sizeof(struct cop_module),
    .name = NAME,
    .doc = "Takes samples of the node while somebody watches the Observer.",
    .functions = functions,
    .gen_server = &callbacks,
    .child_spec = ""};

/* --- For the others --------------------------------------------------------------------------- */

void cop__obs_watch(void)
{
    if (!cop_is_no_pid(cop_whereis(COP(NAME)))) cop_gen_server_cast(COP(NAME), COP(":watch"));
}

bool cop__obs_stream_begin(void)
{
    return cop_match(
        cop_gen_server_call(COP(NAME), cop_tuple(COP(":stream"), cop_self()), COP_CALL_TIMEOUT),
        "true");
}

cop_term cop__obs_load(int64_t seconds)
{
    return cop_gen_server_call(COP(NAME), cop_tuple(COP(":load"), seconds), COP_CALL_TIMEOUT);
}

void cop__obs_stream_lives(void)
{
    cop_gen_server_cast(COP(NAME), cop_tuple(COP(":stream"), cop_self()));
}

void cop__obs_state_known(cop_pid pid, cop_term state)
{
    cop_gen_server_cast(COP(NAME), cop_build("{:state, pid, state}", pid, state));
}

static cop_term ask_state(void *arg)
{
    return cop_gen_server_call(COP(NAME), cop_tuple(COP(":state"), *(cop_pid *)arg),
                               COP_CALL_TIMEOUT);
}

cop_term cop__obs_last_state(cop_pid pid)
{
    struct cop_outcome outcome;

    return cop_try(ask_state, &pid, &outcome) ? outcome.value : cop_nil();
}

static cop_term ask_newest(void *arg)
{
    (void)arg;
    return cop_gen_server_call(COP(NAME), COP(":newest"), COP_CALL_TIMEOUT);
}

cop_term cop__obs_newest_sample(void)
{
    struct cop_outcome outcome;

    return cop_try(ask_newest, NULL, &outcome) ? outcome.value : COP("{0, nil}");
}
