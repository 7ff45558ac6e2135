/* SPDX-License-Identifier: Apache-2.0 */
/* Bad input anywhere: each function of each module's table is called with a thousand generated
 * lists of arguments, nearly all of them wrong. Whatever they are:
 *   - the node lives, and so do all processes but the caller and those that the arguments name;
 *   - the result is a term that can be shown, or an exception, exit or throw that has words;
 *   - nothing is left: no process, name or table, and the second time no block of memory.
 * Runs are seeded, on a virtual clock: a call that waits for ever costs nothing and is ended.
 *
 *     bad_input_test                            all (COPPICE_BAD_INPUT: calls of each, 1000)
 *     bad_input_test 2/4                        the second quarter
 *     bad_input_test Map                        a module
 *     bad_input_test Map.get/2 [N]              a function; only call N, which is shown first
 *
 * A call that ends the program names itself on standard error. */
#include "bad_input.h"

#include "base/alloc.h"
#include "support/gen_term.h"

#include "coppice/agent.h"
#include "coppice/dynamic_supervisor.h"
#include "coppice/ets.h"
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "coppice/registry.h"
#include "coppice/supervisor.h"
#include "coppice/task_supervisor.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS_OF_A_CALLER 50
#define PATIENCE_MS       20000000 /* of virtual time: after that a caller waits for ever */
/* Blocks in use are not counted to the last one while the thread of the log runs, too. */
#define NEAR              8
#define ALL_TIMERS_MS     4294967295

/* What is not called. */
static const struct {
    const char *function;
    const char *why;
} left_out[] = {
    {"System.halt/0", "ends the program, which is its purpose"},
    {"System.halt/1", "ends the program, which is its purpose"},
    {"System.stop/0", "ends the node, which is its purpose"},
    {"System.stop/1", "ends the node, which is its purpose"},
};

/* --- The plan --------------------------------------------------------------------------------- */

struct target {
    const struct cop_module *module;
    const struct cop_function *function;
    char name[96]; /* "Map.get/2" */
};

static struct target targets[2000];
static size_t targets_len;
static int calls = 1000;
static int only_call = -1;

/* The call that runs: all of this belongs to one thread. */
static const struct target *current;
static int call_number; /* the one that runs, or will */
static int failures;
static int values, errors, exits, throws, waits, ends;

static void failed(const char *what, const char *more)
{
    fprintf(stderr, "bad_input_test: %s, call %d: %s%s\n", current->name, call_number, what, more);
    failures++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct target *)a)->name, ((const struct target *)b)->name);
}

static bool is_left_out(const char *name)
{
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (!strcmp(left_out[i].function, name)) return true;
    }
    return false;
}

static void add_module(const struct cop_module *module, const char *wanted)
{
    for (const struct cop_function *f = module->functions; f && f->signature; f++) {
        struct target *t = &targets[targets_len];
        int name_len = (int)(strchr(f->signature + 1, '(') - f->signature);
        size_t module_len = strlen(module->name);

        snprintf(t->name, sizeof t->name, "%s.%.*s/%d", module->name, name_len, f->signature,
                 f->arity);
        if (is_left_out(t->name)) continue;
        if (wanted && strcmp(wanted, t->name) != 0 &&
            (strlen(wanted) != module_len || strcmp(wanted, module->name) != 0))
            continue;
        t->module = module;
        t->function = f;
        if (targets_len + 1 == sizeof targets / sizeof targets[0]) abort();
        targets_len++;
    }
}

static void plan(const char *wanted)
{
    cop_module_find(COP("Kernel")); /* the library's are registered then, but for these */
    bad_input_register();
    for (cop_term names = cop_modules(); !cop_is_empty_list(names); names = cop_tail(names))
        add_module(cop_module_find(cop_head(names)), wanted);
    qsort(targets, targets_len, sizeof targets[0], by_name);
}

/* "2/4": of all functions only every fourth, from the second on. */
static void keep_part(int part, int parts)
{
    size_t kept = 0;

    for (size_t i = 0; i < targets_len; i++) {
        if (i % (size_t)parts == (size_t)part - 1) targets[kept++] = targets[i];
    }
    targets_len = kept;
}

/* --- What arguments may name ------------------------------------------------------------------ */

/* The processes that a keeper has started, and that nobody minds the end of. */
static struct {
    cop_pid agent;
    cop_pid supervisor;
    cop_pid dynamic;
    cop_pid registry;
    cop_pid tasks;
    cop_ref table;
    cop_pid keeper;
    cop_pid dead;
} named;

static cop_pid started(cop_term answer)
{
    cop_pid pid = cop_no_pid();

    if (!cop_match(answer, "{:ok, pid}", pid)) failed("a process for the arguments: ", "no start");
    return pid;
}

/* Starts them, says so, and keeps them alive. */
static cop_next keeper(cop_term driver)
{
    cop_term message;

    cop_trap_exit(true);
    named.keeper = cop_self();
    named.agent = started(cop_agent_start_link(COP("&Map.new/0"), COP("[name: :an_agent]")));
    named.supervisor = started(
        cop_supervisor_start_link(COP("[%{id: 1, start: {Agent, :start_link, [&Map.new/0]}}]"),
                                  COP("[strategy: :one_for_one, name: A.Supervisor]")));
    named.dynamic = started(cop_dynamic_supervisor_start_link(COP("[name: A.Dynamic]")));
    named.tasks = started(cop_task_supervisor_start_link(COP("[name: A.Tasks]")));
    named.registry =
        started(cop_registry_start_link(COP("[keys: :unique, name: A.Registry, partitions: 2]")));
    started(cop_registry_start_link(COP("[keys: :duplicate, name: A.Group]")));
    cop_registry_register(COP("A.Registry"), COP(":a"), cop_int(1));
    cop_registry_register(COP("A.Group"), COP(":a"), cop_int(1));
    cop_ets_new(COP(":a_table"), COP("[:named_table, :public]"));
    cop_ets_insert(COP(":a_table"), COP("[{:a, 1}, {:b, {1, 2}}]"));
    named.table = cop_to_ref(cop_ets_new(COP(":another"), COP("[:public, :duplicate_bag]")));
    cop_send(driver, COP(":kept"));
    while (cop_receive(&message, COP_INFINITY))
        continue;
    return cop_end();
}

static cop_term some_id(struct gen_term *gen)
{
    switch (gen_below(gen, 11)) {
    case 0: return cop_pid_term(named.agent);
    case 1: return cop_pid_term(named.supervisor);
    case 2: return cop_pid_term(named.dynamic);
    case 3: return cop_pid_term(named.registry);
    case 4: return cop_pid_term(named.tasks);
    case 5: return cop_pid_term(named.keeper);
    case 6: return cop_pid_term(named.dead);
    case 7: return cop_pid_term(cop_self());
    case 8: return cop_ref_term(named.table);
    case 9: return cop_ref_term(cop_make_ref());
    default: return cop_pid_term((cop_pid){7, 3, 1}); /* of a node that is not there */
    }
}

/* Terms that functions take for what they want. */
static const char *const known[] = {
    ":an_agent",
    "A.Supervisor",
    "A.Dynamic",
    "A.Registry",
    "A.Group",
    "A.Tasks",
    ":a_table",
    "[timeout: 1, on_timeout: :kill_task, max_concurrency: 0]",
    "[level: :nope, metadata: 1]",
    ":error",
    "{:via, Registry, {A.Registry, :a}}",
    "{:via, Registry, {A.Group, :a}}",
    "{:via, Nope, 1}",
    "{:global, :a}",
    "{:an_agent, :nonode@nohost}",
    "{:an_agent, :other@host}",
    ":infinity",
    ":normal",
    ":kill",
    ":shutdown",
    "[name: :a]",
    "[name: \"a\"]",
    "[timeout: :a, name: 1]",
    "[strategy: :one_for_one]",
    "[strategy: :one_for_all, max_restarts: -1]",
    "[strategy: :simple_one_for_one, intensity: 1]",
    "[keys: :unique, name: A.Name]",
    "[keys: :duplicate, name: A.Name, partitions: 1152921504606846976]",
    "[:named_table, {:keypos, 0}]",
    "[{:heir, 1, 2}, :bag]",
    "[{{:\"$1\", :_, :\"$2\"}, [{:>, :\"$2\", 1}], [{{:\"$1\"}}]}]",
    "[{:_, [{:element, :a, :\"$_\"}], [:\"$$\"]}]",
    "%{id: 1, start: {Agent, :start_link, [&Map.new/0]}}",
    "%{id: 1, start: {Agent, :start_link, 1}}",
    "%{id: 1, start: {Nope, :f, []}, restart: :maybe}",
    "{Agent, &Map.new/0}",
    "{Registry, [keys: :unique]}",
    "[{Agent, &Map.new/0}, Nope]",
    "{Map, :new, []}",
    "{Nope, :f, [1]}",
    "{Map, :get, [1 | 2]}",
    "&Function.identity/1",
    "&Kernel.exit/1",
    "&Kernel.+(&1, &2)",
    "&Kernel.>(&2, &1)",
    "&Map.new/0",
    "&Nope.f/1",
    "&Kernel.throw(&1)",
    "&{&1, &1}",
    "Kernel",
    "Map",
    "Agent",
    "Registry",
    ":exit",
    ":get",
    ":start_link",
    ":new",
    "-1",
    "0",
    "1",
    "4294967296",
    "1.0e308",
    "[{:a, 1}, {:b, 2}]",
    "[{:a, 1} | {:b, 2}]",
    "[1, 2 | 3]",
    "%{a: 1}",
    "%{__struct__: Map, a: 1}",
    "%{__struct__: RuntimeError, __exception__: true, message: 1}",
    "\"a b\"",
    "\"\"",
    "[width: -5, limit: :a]",
    "[:links, :messages, :nope]",
    "[parallel: true]",
    "{:\"$gen_call\", 1, 2}",
    "{:system, 1, 2}",
};

static cop_term some_known(struct gen_term *gen)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse(cop_to_bytes(cop_string(known[gen_below(gen, sizeof known / sizeof known[0])])),
                   &t, &error)) {
        failed("a term of this test: ", error.text);
        return cop_nil();
    }
    return t;
}

/* A list or tuple of what others give, now and then a deep one. */
static cop_term some_argument(struct gen_term *gen)
{
    cop_term t;

    switch (gen_below(gen, 8)) {
    case 0: return some_id(gen);
    case 1:
    case 2:
    case 3: return some_known(gen);
    case 4: return cop_list(some_known(gen), gen_term(gen, 3));
    case 5: return cop_tuple(some_known(gen), some_id(gen), gen_term_leaf(gen));
    case 6:
        if (gen_below(gen, 20) > 0) return gen_term_leaf(gen);
        t = some_id(gen);
        for (int i = 0; i < 20000; i++)
            t = i % 2 ? cop_list(t) : cop_tuple(t);
        return t;
    default: return gen_term(gen, 1 + gen_below(gen, 12));
    }
}

/* --- The calls -------------------------------------------------------------------------------- */

static cop_term make_the_call(void *args)
{
    return cop_apply(
        cop_module_name(current->module),
        cop_atom_from((cop_bytes){current->function->signature,
                                  (size_t)(strchr(current->function->signature + 1, '(') -
                                           current->function->signature)}),
        *(cop_term *)args);
}

static void look_at(const struct cop_outcome *outcome)
{
    cop_term text;
    cop_bytes bytes;

    if (outcome->class_ == COP_CLASS_NONE) {
        values++;
        cop_inspect(outcome->value);
        return;
    }
    errors += outcome->class_ == COP_CLASS_ERROR;
    exits += outcome->class_ == COP_CLASS_EXIT;
    throws += outcome->class_ == COP_CLASS_THROW;
    text = cop_format_banner(outcome->class_, outcome->value);
    bytes = cop_to_bytes(text);
    if (bytes.len < 5 || memcmp(bytes.data, "** (", 4) != 0) failed("no words of its failure", "");
}

static cop_term arguments(int number)
{
    struct gen_term gen;
    cop_term args = cop_empty_list();
    size_t seed = (size_t)number;

    for (const char *c = current->name; *c; c++)
        seed = seed * 31 + (unsigned char)*c;
    gen_term_init(&gen, seed, GEN_TERM_NO_IDS);
    for (int i = 0; i < current->function->arity; i++)
        args = cop_cons(some_argument(&gen), args);
    return args;
}

static cop_next call_next(void *left)
{
    struct cop_outcome outcome;
    cop_term args, ignored;
    int number = call_number;

    if (left == NULL || call_number >= calls) return cop_end();
    while (cop_receive(&ignored, 0))
        continue;
    args = arguments(number);
    if (only_call >= 0) {
        cop_bytes text = cop_to_bytes(cop_inspect(args));

        fprintf(stderr, "%s %.*s\n", current->name, (int)text.len, text.data);
    }
    cop_try(make_the_call, &args, &outcome);
    look_at(&outcome);
    call_number = number + 1;
    return cop_hibernate_for(call_next, (char *)left - 1, 0);
}

static cop_next caller(cop_term arg)
{
    (void)arg;
    return call_next((void *)(uintptr_t)CALLS_OF_A_CALLER);
}

/* --- The driver ------------------------------------------------------------------------------- */

static bool is_down(cop_term message, void *ref)
{
    cop_ref of;

    return cop_match(message, "{:DOWN, of, :process, _, _}", of) &&
           cop_ref_equal(of, *(cop_ref *)ref);
}

static cop_pid bystanders[32];
static size_t bystanders_len;
static int64_t base_tables;

static bool is_bystander(cop_pid pid)
{
    for (size_t i = 0; i < bystanders_len; i++) {
        if (cop_pid_equal(pid, bystanders[i])) return true;
    }
    return false;
}

/* Ends all that was started since, and those who start again what was ended. */
static void clear_up(void)
{
    bool is_clear = false;

    for (int i = 0; !is_clear; i++) {
        is_clear = true;
        for (cop_term all = cop_processes(); !cop_is_empty_list(all); all = cop_tail(all)) {
            cop_pid pid = cop_to_pid(cop_head(all));

            if (is_bystander(pid)) continue;
            is_clear = false;
            cop_exit_process(pid, COP(":kill"));
        }
        if (i == 10000) {
            failed("a process cannot be ended", "");
            return;
        }
        cop_sleep(1);
    }
}

/* Those that are linked with us say what they have ended of. */
static void check_bystanders(void)
{
    cop_term message, reason;

    while (cop_receive(&message, 0)) {
        if (cop_match(message, "{:EXIT, _, reason}", reason)) {
            cop_bytes text = cop_to_bytes(cop_inspect(reason));

            fprintf(stderr, "%.*s\n", (int)text.len, text.data);
        }
    }
    for (size_t i = 0; i < bystanders_len; i++) {
        if (!cop_is_alive(bystanders[i])) failed("a process that was not named has ended", "");
    }
    if (cop_list_len(cop_ets_all()) != base_tables) failed("a table is left", "");
}

/* One caller makes some calls. */
static void run_caller(void)
{
    struct cop_spawn_opts opts = {.monitor = true};
    int before = call_number;
    cop_pid pid, self = cop_self();
    cop_term down, message;
    cop_ref ref;

    cop_spawn(keeper, cop_pid_term(self), NULL);
    cop_receive(&message, COP_INFINITY);
    opts.ret_ref = &ref;
    pid = cop_spawn(caller, cop_nil(), &opts);
    if (!cop_receive_ref(ref, is_down, &ref, &down, PATIENCE_MS)) {
        waits++;
        call_number++;
        cop_exit_process(pid, COP(":kill"));
        cop_receive_ref(ref, is_down, &ref, &down, COP_INFINITY);
    } else if (call_number == before || call_number % CALLS_OF_A_CALLER != 0) {
        if (call_number < calls) {
            ends++;
            call_number++; /* the call that ended the caller */
        }
    }
    clear_up();
}

static bool run_target(void *state, cop_term message)
{
    (void)state;
    (void)message;
    call_number = only_call >= 0 ? only_call : 0;
    do {
        run_caller();
    } while (call_number < calls && only_call < 0);
    check_bystanders();
    return false;
}

/* Twice: the first time makes what stays, as atoms and patterns that were compiled. */
static void run_all(void)
{
    uint64_t blocks[2];

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < targets_len; i++) {
            current = &targets[i];
            cop_send(cop_self(), COP(":go"));
            cop_receive_loop(run_target, NULL);
        }
        cop_sleep(ALL_TIMERS_MS);
        check_bystanders();
        cop_log_flush();
        blocks[pass] = cop__alloc_stats_read().live_blocks;
    }
    if (blocks[1] > blocks[0] + NEAR) {
        char text[100];

        snprintf(text, sizeof text, "%lld blocks; name a module to find whose",
                 (long long)(blocks[1] - blocks[0]));
        failed("after all, memory is left: ", text);
    }
}

static cop_next ends_at_once(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static cop_next driver(cop_term arg)
{
    cop_pid pid;

    (void)arg;
    cop_trap_exit(true);
    cop_expect(cop_agent_start(COP("&Map.new/0"), COP("[name: :bystander]")), "{:ok, pid}", pid);
    cop_expect(
        cop_supervisor_start_link(COP("[%{id: 1, start: {Agent, :start_link, [&Map.new/0]}}]"),
                                  COP("[strategy: :one_for_one, name: By.Supervisor]")),
        "{:ok, pid}", pid);
    cop_expect(cop_registry_start_link(COP("[keys: :unique, name: By.Registry]")), "{:ok, pid}",
               pid);
    named.dead = cop_spawn(ends_at_once, cop_nil(), NULL);
    for (cop_term all = cop_processes(); !cop_is_empty_list(all); all = cop_tail(all)) {
        if (!cop_pid_equal(named.dead, cop_to_pid(cop_head(all))))
            bystanders[bystanders_len++] = cop_to_pid(cop_head(all));
    }
    clear_up();
    base_tables = cop_list_len(cop_ets_all());
    run_all();
    return cop_end();
}

/* --- The program ------------------------------------------------------------------------------ */

static void drop(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(3);
}

static void name_the_call(int signal_number)
{
    char digits[12] = "";
    size_t at = sizeof(digits) - 1;

    for (unsigned n = (unsigned)call_number; at > 0 && (n > 0 || digits[at] == 0); n /= 10)
        digits[--at] = (char)('0' + n % 10);
    say("bad_input_test: ");
    say(current ? current->name : "none");
    say(" ");
    say(digits + at);
    say(" ends the program\n");
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void prepare(void)
{
    const char *number = getenv("COPPICE_BAD_INPUT");
    int nowhere = open("/dev/null", O_WRONLY);

    if (number != NULL) calls = (int)strtol(number, NULL, 10);
    fflush(stdout);
    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0) exit(2); /* IO.puts prints */
    signal(SIGABRT, name_the_call);
    cop_log_to(drop, NULL, COP_ERROR);
}

int main(int argc, char **argv)
{
    struct cop_node_opts opts = {.size = sizeof opts, .seed = 1, .schedulers = 1};
    char why[400] = "";
    cop_region *region;
    bool ended;

    prepare();
    if (argc > 2) only_call = (int)strtol(argv[2], NULL, 10);
    if (cop_node_start(&opts) != 0) return 2;
    region = cop_region_open();
    if (argc > 1 && isdigit((unsigned char)argv[1][0])) {
        char *slash;
        int part = (int)strtol(argv[1], &slash, 10);

        plan(NULL);
        keep_part(part, (int)strtol(slash + 1, NULL, 10));
    } else {
        plan(argc > 1 ? argv[1] : NULL);
    }
    cop_region_close(region);
    ended = cop_run(driver, cop_nil(), why, sizeof why);
    cop_node_stop();
    fprintf(stderr,
            "%zu functions, %d calls each, twice: %d values, %d errors, %d exits, %d throws, %d "
            "callers ended, %d waited for ever\n",
            targets_len, calls, values, errors, exits, throws, ends, waits);
    if (!ended)
        fprintf(stderr, "the driver ended at %s, call %d: %s\n",
                current ? current->name : "the start", call_number, why);
    return failures > 0 || !ended || targets_len == 0;
}
