/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks: one JSON line each, `{"bench", "runtime", "config", "unit", "median", "min", "max"}`,
 * of the runs. config is the number of schedulers. The message is {ref, integer, 16-byte binary},
 * built anew for each send, as a program would.
 *
 *     bench [NAME...]        all benchmarks, or those whose names begin with one of these
 *
 * Each benchmark is a process body that returns nanoseconds (or bytes) an operation. */
#include "observed.h"
#include "policy.h"
#include "tables.h"

#include <coppice.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS     5
#define PAIRS    5
#define RUNS_MAX PAIRS

double bench_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* --- Messages --------------------------------------------------------------------------------- */

#define HOPS 2000000

/* One of a pair that pass a message to and fro. */
struct player {
    cop_pid peer;
    cop_pid boss;
    cop_ref ref;
    int64_t left;
};
static struct player players[2];

/* Sends the message on, or tells the boss that the game is over. */
static bool play(struct player *p, cop_term msg)
{
    if (p->left-- == 0) {
        cop_send(p->boss, COP(":over"));
        return false;
    }
    cop_send(p->peer, cop_tuple(p->ref, p->left, cop_elem(msg, 2)));
    return true;
}

static cop_next top_turn(void *state)
{
    cop_term msg;
    if (!cop_receive(&msg, 0) || play(state, msg)) return cop_hibernate(top_turn, state);
    return cop_end();
}

static cop_next top_start(cop_term number)
{
    struct player *p = &players[cop_to_int(number)];
    p->ref = cop_make_ref();
    return cop_hibernate(top_turn, p);
}

static bool stack_turn(void *state, cop_term msg)
{
    return play(state, msg);
}

static cop_next stack_start(cop_term number)
{
    struct player *p = &players[cop_to_int(number)];
    p->ref = cop_make_ref();
    cop_receive_loop(stack_turn, p);
    return cop_end();
}

static double play_with(cop_start_fn start)
{
    cop_pid a = cop_spawn(start, cop_int(0), NULL);
    cop_pid b = cop_spawn(start, cop_int(1), NULL);
    players[0] = (struct player){.peer = b, .boss = cop_self(), .left = HOPS / 2};
    players[1] = (struct player){.peer = a, .boss = cop_self(), .left = HOPS / 2};
    cop_term msg;
    double from = bench_now_ns();
    cop_send(a, cop_tuple(cop_make_ref(), 0, "0123456789abcdef"));
    cop_receive(&msg, COP_INFINITY);
    double took = bench_now_ns() - from;
    cop_exit_process(a, COP(":kill"));
    cop_exit_process(b, COP(":kill"));
    return took / HOPS;
}

/* The same with a bare integer: what the way of a message costs without building and copying it. */
static bool play_bare(struct player *p)
{
    if (p->left-- == 0) {
        cop_send(p->boss, COP(":over"));
        return false;
    }
    cop_send(p->peer, p->left);
    return true;
}

static cop_next bare_turn(void *state)
{
    cop_term msg;
    if (!cop_receive(&msg, 0) || play_bare(state)) return cop_hibernate(bare_turn, state);
    return cop_end();
}

static cop_next top_bare_start(cop_term number)
{
    return cop_hibernate(bare_turn, &players[cop_to_int(number)]);
}

static bool stack_bare_turn(void *state, cop_term msg)
{
    (void)msg;
    return play_bare(state);
}

static cop_next stack_bare_start(cop_term number)
{
    cop_receive_loop(stack_bare_turn, &players[cop_to_int(number)]);
    return cop_end();
}

static double message_bare_top(void)
{
    return play_with(top_bare_start);
}

static double message_bare_stack(void)
{
    return play_with(stack_bare_start);
}

static double message_top(void)
{
    return play_with(top_start);
}

static double play_top(void)
{
    play_with(top_start);
    return HOPS;
}

static double lost_to_observer(void)
{
    return bench_lost_to_observer(play_top);
}

static double lost_to_viewer(void)
{
    return bench_lost_to_viewer(play_top);
}

static double message_stack(void)
{
    return play_with(stack_start);
}

/* --- Servers ---------------------------------------------------------------------------------- */

#define CALLS 500000

static cop_result echo_init(cop_term arg)
{
    (void)arg;
    return cop_started(NULL);
}

static cop_result echo_call(void *state, cop_term request, cop_from from)
{
    (void)state;
    (void)from;
    return cop_reply(request);
}

static cop_result echo_cast(void *state, cop_term message)
{
    (void)state;
    cop_pid to;
    if (cop_match(message, "{:tell, to}", to)) cop_send(to, COP(":told"));
    return cop_noreply();
}

static const struct cop_gen_server echo_callbacks = {.size = sizeof(struct cop_gen_server),
                                                     .init = echo_init,
                                                     .handle_call = echo_call,
                                                     .handle_cast = echo_cast};

static cop_term echo_start_link(cop_term arg);
static const struct cop_function echo_functions[] = {
    COP_EXPORT("start_link(arg)", echo_start_link,
               "Starts a server that answers what it is asked."),
    COP_EXPORT_END};
static const struct cop_module echo = {.size = sizeof(struct cop_module),
                                       .name = "Bench.Echo",
                                       .doc = "Answers what it is asked.",
                                       .functions = echo_functions,
                                       .gen_server = &echo_callbacks,
                                       .child_spec = "restart: :temporary"};

static cop_term echo_start_link(cop_term arg)
{
    return cop_gen_server_start_link(&echo, arg, cop_empty_list());
}

static cop_pid echo_start(void)
{
    cop_pid pid;
    cop_expect(echo_start_link(cop_nil()), "{:ok, pid}", pid);
    return pid;
}

/* A client's turns have regions of their own: what one call received goes before the next. */
struct calls {
    cop_pid server;
    int64_t left;
};

static bool call_turn(void *state, cop_term msg)
{
    struct calls *c = state;
    (void)msg;
    cop_ref ref = cop_make_ref();
    for (int i = 0; i < 100; i++)
        cop_gen_server_call(c->server, cop_tuple(ref, i, "0123456789abcdef"), COP_CALL_TIMEOUT);
    c->left -= 100;
    if (c->left > 0) cop_send(cop_self(), COP(":go"));
    return c->left > 0;
}

static double gen_server_call(void)
{
    struct calls c = {.server = echo_start(), .left = CALLS};
    double from = bench_now_ns();
    cop_send(cop_self(), COP(":go"));
    cop_receive_loop(call_turn, &c);
    double took = bench_now_ns() - from;
    cop_gen_server_stop(cop_term_of(c.server), COP(":normal"), COP_INFINITY);
    return took / CALLS;
}

/* A server written as a loop that waits with its stack, called by hand. */
static bool loop_turn(void *state, cop_term msg)
{
    cop_from from;
    cop_term request;
    (void)state;
    if (!cop_match(msg, "{:\"$gen_call\", from, request}", from, request)) return false;
    cop_gen_server_reply(from, request);
    return true;
}

static cop_next loop_start(cop_term arg)
{
    (void)arg;
    cop_receive_loop(loop_turn, NULL);
    return cop_end();
}

static double gen_server_call_stack(void)
{
    struct calls c = {.server = cop_spawn(loop_start, cop_nil(), NULL), .left = CALLS};
    double from = bench_now_ns();
    cop_send(cop_self(), COP(":go"));
    cop_receive_loop(call_turn, &c);
    double took = bench_now_ns() - from;
    cop_send(c.server, COP(":end"));
    return took / CALLS;
}

static bool cast_turn(void *state, cop_term msg)
{
    struct calls *c = state;
    (void)msg;
    cop_ref ref = cop_make_ref();
    for (int i = 0; i < 100; i++)
        cop_gen_server_cast(c->server, cop_tuple(ref, i, "0123456789abcdef"));
    cop_gen_server_cast(c->server, cop_tuple(COP(":tell"), cop_self()));
    c->left -= 100;
    return c->left >= 0;
}

static double cast(void)
{
    struct calls c = {.server = echo_start(), .left = CALLS};
    double from = bench_now_ns();
    cop_send(cop_self(), COP(":go"));
    cop_receive_loop(cast_turn, &c);
    double took = bench_now_ns() - from;
    cop_gen_server_stop(cop_term_of(c.server), COP(":normal"), COP_INFINITY);
    return took / CALLS;
}

/* --- Births ----------------------------------------------------------------------------------- */

#define SPAWNS 300000

static cop_next nothing(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static bool spawn_turn(void *state, cop_term msg)
{
    int64_t *left = state;
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    (void)msg;
    if (--*left < 0) return false;
    cop_spawn(nothing, cop_nil(), &opts);
    return true; /* the DOWN is the next turn's message */
}

static double spawn_exit(void)
{
    int64_t left = SPAWNS;
    double from = bench_now_ns();
    cop_send(cop_self(), COP(":go"));
    cop_receive_loop(spawn_turn, &left);
    return (bench_now_ns() - from) / SPAWNS;
}

#define CHILDREN 20000

static bool start_child_turn(void *state, cop_term sup)
{
    int64_t *left = state;
    for (int i = 0; i < 100; i++)
        cop_dynamic_supervisor_start_child(sup, COP("Bench.Echo"));
    *left -= 100;
    if (*left > 0) cop_send(cop_self(), sup);
    return *left > 0;
}

static double start_child(void)
{
    int64_t left = CHILDREN;
    cop_pid sup;
    cop_expect(cop_dynamic_supervisor_start_link(cop_empty_list()), "{:ok, sup}", sup);
    double from = bench_now_ns();
    cop_send(cop_self(), sup);
    cop_receive_loop(start_child_turn, &left);
    double took = bench_now_ns() - from;
    cop_dynamic_supervisor_stop(cop_term_of(sup), COP(":normal"), COP_INFINITY);
    return took / CHILDREN;
}

/* --- A million at once ------------------------------------------------------------------------ */

#define MILLION 1000000

/* Resident bytes of this program. */
static double resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    /* NOLINTNEXTLINE(cert-err34-c): the kernel wrote the number */
    if (f == NULL || fscanf(f, "%*s %ld", &pages) != 1) pages = 0;
    if (f != NULL) fclose(f);
    return (double)pages * 4096;
}

static cop_next never(void *state)
{
    cop_term msg;
    cop_receive(&msg, 0);
    return cop_match(msg, ":end") ? cop_end() : cop_hibernate(never, state);
}

static cop_next bare_start(cop_term arg)
{
    (void)arg;
    return cop_hibernate(never, NULL);
}

static cop_next waiting_start(cop_term arg)
{
    cop_term msg;
    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* Makes them a hundred a turn, so that what each start leaves in the maker's region goes. */
struct births {
    cop_pid (*make)(void);
    cop_pid *pids;
    int made;
};

static bool births_turn(void *state, cop_term msg)
{
    struct births *b = state;
    (void)msg;
    for (int i = 0; i < 100; i++)
        b->pids[b->made++] = b->make();
    if (b->made < MILLION) cop_send(cop_self(), COP(":go"));
    return b->made < MILLION;
}

/* Makes a million with fn, lets them come to rest, and gives bytes each; then ends them all. */
static double million(cop_pid (*make)(void))
{
    cop_pid *pids = malloc(MILLION * sizeof(*pids));
    struct births births = {.make = make, .pids = pids};
    double before = resident();
    cop_send(cop_self(), COP(":go"));
    cop_receive_loop(births_turn, &births);
    for (int i = 0; i < MILLION; i++)
        if (!cop_is_alive(pids[i])) cop_exit(COP(":one_has_died"));
    double bytes = (resident() - before) / MILLION;
    for (int i = 0; i < MILLION; i++)
        cop_exit_process(pids[i], COP(":kill"));
    for (int i = 0; i < MILLION; i++)
        while (cop_is_alive(pids[i]))
            cop_yield();
    free(pids);
    return bytes;
}

static cop_pid make_bare(void)
{
    return cop_spawn(bare_start, cop_nil(), NULL);
}

static cop_pid make_waiting(void)
{
    return cop_spawn(waiting_start, cop_nil(), NULL);
}

static cop_pid make_server(void)
{
    cop_pid pid;
    cop_expect(cop_gen_server_start(&echo, cop_nil(), cop_empty_list()), "{:ok, pid}", pid);
    return pid;
}

static double idle_bare(void)
{
    return million(make_bare);
}

static double idle_waiting(void)
{
    return million(make_waiting);
}

static double idle_gen_server(void)
{
    return million(make_server);
}

/* --- Running them ----------------------------------------------------------------------------- */

struct bench {
    const char *name;
    const char *unit;
    double (*fn)(void);
    int runs;
};
static const struct bench benches[] = {
    {"message_bare_top_level", "ns", message_bare_top, RUNS},
    {"message_bare_stack", "ns", message_bare_stack, RUNS},
    {"message_top_level", "ns", message_top, RUNS},
    {"message_stack", "ns", message_stack, RUNS},
    {"message_lost_to_observer", "%", lost_to_observer, PAIRS},
    {"message_lost_to_viewer", "%", lost_to_viewer, PAIRS},
    {"observer_idle_time", "%", bench_observer_time, 3},
    {"observer_viewer_time", "%", bench_viewer_time, 3},
    {"gen_server_call", "ns", gen_server_call, RUNS},
    {"gen_server_call_stack", "ns", gen_server_call_stack, RUNS},
    {"gen_server_cast", "ns", cast, RUNS},
    {"spawn_exit", "ns", spawn_exit, RUNS},
    {"start_child", "ns", start_child, RUNS},
    {"pairs_64", "ns", bench_pairs, RUNS},
    {"clients_64_servers_64", "ns", bench_clients_and_servers, RUNS},
    {"clients_64_server_1", "ns", bench_clients_of_one, RUNS},
    {"ets_lookup", "ns", ets_lookup, RUNS},
    {"ets_lookup_ordered", "ns", ets_lookup_ordered, RUNS},
    {"ets_insert", "ns", ets_insert, RUNS},
    {"ets_update_counter", "ns", ets_update_counter, RUNS},
    {"ets_update_one", "ns", ets_update_one, RUNS},
    {"million_idle_processes", "bytes", idle_bare, 1},
    {"million_waiting_with_stack", "bytes", idle_waiting, 1},
    {"million_idle_gen_servers", "bytes", idle_gen_server, 1},
};

static double results[RUNS_MAX];

static cop_next body(cop_term arg)
{
    cop_term index;
    cop_term run;
    cop_expect(arg, "{index, run}", index, run);
    results[cop_to_int(run)] = benches[cop_to_int(index)].fn();
    return cop_end();
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Runs one benchmark on a running node; false if it failed. */
static bool run(int index, int schedulers)
{
    const struct bench *b = &benches[index];
    for (int i = 0; i < b->runs; i++) {
        char text[200];
        cop_region *region = cop_region_open();
        bool is_done = cop_run(body, cop_tuple(index, i), text, sizeof(text));
        cop_region_close(region);
        if (!is_done) {
            fprintf(stderr, "%s: %s\n", b->name, text);
            return false;
        }
    }
    qsort(results, (size_t)b->runs, sizeof(results[0]), compare_doubles);
    printf("{\"bench\": \"%s\", \"runtime\": \"coppice\", \"config\": \"%d\", \"unit\": \"%s\", "
           "\"median\": %.1f, \"min\": %.1f, \"max\": %.1f}\n",
           b->name, schedulers, b->unit, results[b->runs / 2], results[0], results[b->runs - 1]);
    fflush(stdout);
    return true;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    if (argc < 2) return true;
    for (int i = 1; i < argc; i++)
        if (strncmp(name, argv[i], strlen(argv[i])) == 0) return true;
    return false;
}

/* One benchmark on a node of its own. */
static bool run_alone(int index, int schedulers)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .schedulers = schedulers};
    if (cop_node_start(&opts) != 0) {
        fprintf(stderr, "the node does not start\n");
        return false;
    }
    cop_module_register(&echo);
    bool is_good = run(index, schedulers);
    cop_node_stop();
    return is_good;
}

/* Each benchmark runs in a program of its own, so that none finds the memory of another warm. */
int main(int argc, char **argv)
{
    bool is_good = true;
    for (int schedulers = 1; schedulers <= 2; schedulers++) {
        for (int i = 0; i < (int)(sizeof(benches) / sizeof(benches[0])); i++) {
            if (!is_wanted(benches[i].name, argc, argv)) continue;
            pid_t child = fork();
            if (child == 0) return run_alone(i, schedulers) ? 0 : 1;
            int status = 1;
            if (child < 0 || waitpid(child, &status, 0) != child || status != 0) is_good = false;
        }
    }
    return is_good ? 0 : 1;
}
