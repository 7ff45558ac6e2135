/* SPDX-License-Identifier: Apache-2.0 */
/* The node as a whole: /api/session, /api/system, /metrics. */
#include "observer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEATS_MAX        64
#define RED_PART         0.8 /* of a limit */
#define RED_RUN_QUEUE    100 /* a scheduler */
#define TABLES_MAX_COUNT 1048576
#define TABLES_READ_MAX  10000

/* The name that this program was started by, without its folders. */
static cop_term program(void)
{
    return cop__obs_utf8(cop_string(program_invocation_short_name));
}

static cop_term node_name(void)
{
    cop_bytes name = cop_atom_text(COP(":nonode@nohost"));

    return cop_binary(name.data, name.len);
}

cop_term cop__obs_session(void)
{
    cop_term node = node_name(), version = cop_string(cop_version()), name = program();
    cop_term token = cop_string(cop__obs_settings.page_token);
    cop_term pid = cop_format("%ld", (long)getpid());
    bool read_only = cop__obs_settings.is_read_only;

    return cop_build("%{node: node, version: version, token: token, read_only: read_only,"
                     " pid: pid, program: name}",
                     node, version, token, read_only, pid, name);
}

/* --- Figures ---------------------------------------------------------------------------------- */

struct tables {
    int64_t count;
    int64_t rows;
    int64_t bytes;
};

static struct tables read_tables(void)
{
    struct tables t = {0, 0, 0};
    cop_term all = cop_ets_all();
    int64_t n;

    for (; !cop_is_empty_list(all); all = cop_tail(all)) {
        if (t.count++ >= TABLES_READ_MAX) continue;
        if (cop_match(cop_ets_info_item(cop_head(all), COP(":size")), "n", n)) t.rows += n;
        if (cop_match(cop_ets_info_item(cop_head(all), COP(":memory")), "n", n)) t.bytes += n * 8;
    }
    return t;
}

static cop_term limit(uint64_t used, uint64_t max)
{
    cop_term u = cop_uint(used), m = max > 0 ? cop_uint(max) : cop_nil();

    return cop_build("%{used: u, limit: m}", u, m);
}

static cop_term limits(const struct cop_node_figures *f, const struct tables *t)
{
    cop_term processes = limit(f->processes, f->processes_max);
    cop_term atoms = limit(f->atoms, f->atoms_max);
    cop_term tables = limit((uint64_t)t->count, TABLES_MAX_COUNT);
    cop_term rows = limit((uint64_t)t->rows, 0);

    return cop_build("%{processes: processes, atoms: atoms, tables: tables, tables_rows: rows}",
                     processes, atoms, tables, rows);
}

static cop_term memory(const struct cop_node_figures *f, const struct tables *t)
{
    cop_term resident = cop_uint(f->memory_resident), total = cop_uint(f->memory_taken);
    cop_term atoms = cop_uint(f->memory_atoms);
    cop_term allocated = cop_uint(f->memory_allocated), processes = cop_uint(f->memory_processes);
    int64_t tables = t->bytes;

    return cop_build("%{resident: resident, total: total, allocated: allocated,"
                     " processes: processes, atoms: atoms, tables: tables}",
                     resident, total, allocated, processes, atoms, tables);
}

static cop_term schedulers(const struct cop_scheduler_figures *seats, size_t len, cop_term use)
{
    cop_term list = cop_empty_list(), part;

    for (size_t i = 0; i < len; i++) {
        int64_t number = (int64_t)i, queue = seats[i].run_queue, slices = seats[i].dispatches;

        if (!cop_match(use, "[part | use]", part, use)) part = cop_nil();
        list = cop_cons(cop_build("%{number: number, use: part, run_queue: queue,"
                                  " dispatches: slices}",
                                  number, part, queue, slices),
                        list);
    }
    return cop_list_reverse(list);
}

static cop_term red(const struct cop_node_figures *f, const struct tables *t, uint64_t queue,
                    size_t seats)
{
    const struct {
        const char *name;
        bool is_red;
    } all[] = {
        {"processes", (double)f->processes > RED_PART * (double)f->processes_max},
        {"atoms", (double)f->atoms > RED_PART * (double)f->atoms_max},
        {"tables", (double)t->count > RED_PART * TABLES_MAX_COUNT},
        {"run_queue", queue > RED_RUN_QUEUE * seats},
        {"zombies", f->zombies > 0},
        {"log_dropped", cop_logger_dropped() > 0},
    };
    cop_term list = cop_empty_list();

    for (size_t i = sizeof all / sizeof all[0]; i > 0; i--) {
        if (all[i - 1].is_red) list = cop_cons(cop_string(all[i - 1].name), list);
    }
    return list;
}

/* What stays the same while the node runs, and what is counted. */
static cop_term basics(const struct cop_node_figures *f)
{
    cop_term node = node_name(), version = cop_string(cop_version());
    cop_term compiler = cop_string(
#ifdef __clang__
        "clang " __clang_version__
#else
        "gcc " __VERSION__
#endif
    );
    cop_term level = cop_level_name(cop_logger_level());
    int64_t word = sizeof(void *), time = cop__obs_now_us(), uptime = f->uptime_ms;
    int64_t cpus = sysconf(_SC_NPROCESSORS_ONLN), seats = cop_schedulers();
    int64_t timers = (int64_t)f->timers, threads = (int64_t)f->threads;
    int64_t zombies = (int64_t)f->zombies, queue = (int64_t)f->run_queue_global;
    int64_t dropped = (int64_t)cop_logger_dropped();

    return cop_build("%{node: node, version: version, compiler: compiler, word_size: word,"
                     " time_us: time, uptime_ms: uptime, cpus: cpus, schedulers: seats,"
                     " timers: timers, threads: threads, zombies: zombies,"
                     " run_queue_global: queue, log_dropped: dropped, log_level: level}",
                     node, version, compiler, word, time, uptime, cpus, seats, timers, threads,
                     zombies, queue, dropped, level);
}

static cop_term io_map(void)
{
    struct cop__obs_io io = cop__obs_io_now();
    cop_term input = cop_uint(io.in), output = cop_uint(io.out);

    return cop_build("%{in: input, out: output}", input, output);
}

cop_term cop__obs_system(void)
{
    struct cop_scheduler_figures seats[SEATS_MAX];
    size_t len = cop_read_schedulers(seats, SEATS_MAX);
    struct tables t = read_tables();
    struct cop_node_figures f;
    cop_term messages_rate = cop_nil(), work_rate = cop_nil(), use = cop_empty_list();
    cop_term in_rate = cop_nil(), out_rate = cop_nil(), io = io_map();
    uint64_t queue = 0;

    cop_read_node(&f);
    for (size_t i = 0; i < len; i++)
        queue += seats[i].run_queue;
    (void)cop_match(cop__obs_newest_sample(),
                    "{_, %{scheduler_use: use, messages_per_s: messages_rate,"
                    " reductions_per_s: work_rate, io_in_per_s: in_rate, io_out_per_s: out_rate}}",
                    use, messages_rate, work_rate, in_rate, out_rate);
    io = cop_map_put(cop_map_put(io, COP(":in_per_s"), in_rate), COP(":out_per_s"), out_rate);
    cop_term limit_map = limits(&f, &t), memory_map = memory(&f, &t);
    cop_term list = schedulers(seats, len, use), reds = red(&f, &t, queue, len);
    cop_term messages = cop_uint(f.messages), work = cop_uint(f.reductions);
    cop_term more =
        cop_build("%{limits: limit_map, memory: memory_map, scheduler: list, messages: messages,"
                  " messages_per_s: messages_rate, reductions: work, reductions_per_s: work_rate,"
                  " io: io, red: reds}",
                  limit_map, memory_map, list, messages, messages_rate, work, work_rate, io, reds);
    return cop__obs_merge(basics(&f), more);
}

/* --- Metrics ---------------------------------------------------------------------------------- */

struct text {
    char data[16384];
    size_t len;
};

static COP_PRINTF(2, 3) void add(struct text *text, const char *format, ...)
{
    size_t room = sizeof text->data - text->len;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text->data + text->len, room, format, args);
    va_end(args);
    if (len > 0) text->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void metric(struct text *text, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    add(text, "# HELP coppice_%s %s\n# TYPE coppice_%s %s\ncoppice_%s %llu\n", name, help, name,
        type, name, (unsigned long long)value);
}

static void metrics_of_schedulers(struct text *text)
{
    struct cop_scheduler_figures seats[SEATS_MAX];
    size_t len = cop_read_schedulers(seats, SEATS_MAX);

    add(text, "# HELP coppice_scheduler_idle_seconds_total Time that a scheduler has slept.\n"
              "# TYPE coppice_scheduler_idle_seconds_total counter\n");
    for (size_t i = 0; i < len; i++)
        add(text, "coppice_scheduler_idle_seconds_total{scheduler=\"%zu\"} %.6f\n", i,
            (double)seats[i].idle_ns / 1e9);
    add(text, "# HELP coppice_scheduler_run_queue Runnable processes of a scheduler.\n"
              "# TYPE coppice_scheduler_run_queue gauge\n");
    for (size_t i = 0; i < len; i++)
        add(text, "coppice_scheduler_run_queue{scheduler=\"%zu\"} %u\n", i, seats[i].run_queue);
}

cop_term cop__obs_metrics(void)
{
    struct text *text = cop_alloc(sizeof *text);
    struct tables t = read_tables();
    struct cop_node_figures f;
    cop_term done;

    cop_read_node(&f);
    metric(text, "uptime_seconds", "gauge", "Time since the start of the node.",
           (uint64_t)f.uptime_ms / 1000);
    metric(text, "processes", "gauge", "Living processes.", f.processes);
    metric(text, "processes_limit", "gauge", "How many processes there can be.", f.processes_max);
    metric(text, "atoms", "gauge", "Atoms.", f.atoms);
    metric(text, "atoms_limit", "gauge", "How many atoms there can be.", f.atoms_max);
    metric(text, "tables", "gauge", "ETS tables.", (uint64_t)t.count);
    metric(text, "table_rows", "gauge", "Rows of all tables.", (uint64_t)t.rows);
    metric(text, "timers", "gauge", "Timers that are set.", f.timers);
    metric(text, "threads", "gauge", "Threads of the node.", f.threads);
    metric(text, "zombies", "gauge", "Processes that were ended while their code ran.", f.zombies);
    metric(text, "messages_sent_total", "counter", "Messages that processes have sent.",
           f.messages);
    metric(text, "run_queue_global", "gauge", "Runnable processes on no scheduler.",
           f.run_queue_global);
    metric(text, "memory_resident_bytes", "gauge", "Memory of the whole program.",
           f.memory_resident);
    metric(text, "memory_taken_bytes", "gauge", "Memory taken from the system.", f.memory_taken);
    metric(text, "memory_allocated_bytes", "gauge", "Memory in use.", f.memory_allocated);
    metric(text, "memory_processes_bytes", "gauge", "Memory of processes.", f.memory_processes);
    metric(text, "memory_atoms_bytes", "gauge", "Memory of atoms.", f.memory_atoms);
    metric(text, "memory_tables_bytes", "gauge", "Memory of tables.", (uint64_t)t.bytes);
    metric(text, "log_events_dropped_total", "counter", "Log events that nobody got.",
           cop_logger_dropped());
    metric(text, "crashes_total", "counter", "Abnormal ends of processes while the Observer runs.",
           cop_journal_newest(COP_JOURNAL_CRASHES));
    metrics_of_schedulers(text);
    done = cop_binary(text->data, text->len);
    cop_free(text);
    return done;
}
