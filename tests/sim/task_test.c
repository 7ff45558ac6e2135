/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks under many seeds: a reply, an end, a timeout and a shutdown meet in every order, and
 * whatever the order, the result is one of those that are allowed, and nothing is left: no message,
 * monitor, link or process (TSK-02 to 12, 19, 20, TSU-02, 08). At the end of a full run each result
 * must have been met, else the campaign does not reach what it is for. */
#include "campaign.h"

#include "coppice/dynamic_supervisor.h"
#include "coppice/task_supervisor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 6

/* --- The world of one seed -------------------------------------------------------------------- */

static char failed[512];
static uint64_t random_state;
static int64_t seeds_run;

/* What was met in all seeds. */
enum met {
    AWAIT_VALUE,
    AWAIT_TIMEOUT,
    YIELD_VALUE,
    YIELD_NIL,
    YIELD_EXIT,
    SHUTDOWN_NIL,
    SHUTDOWN_VALUE,
    SHUTDOWN_KILLED,
    SHUTDOWN_EXIT,
    IGNORE_NIL,
    IGNORE_VALUE,
    IGNORE_EXIT,
    MANY_VALUES,
    MANY_TIMEOUT,
    MANY_EXIT,
    OWNER_KILLED,
    STOP_SHUTDOWN,
    STOP_VALUE,
    METS
};
static const char *const met_names[METS] = {
    "await value",  "await timeout",  "yield value",     "yield nil",     "yield exit",
    "shutdown nil", "shutdown value", "shutdown killed", "shutdown exit", "ignore nil",
    "ignore value", "ignore exit",    "many values",     "many timeout",  "many exit",
    "owner killed", "stop shutdown",  "stop value"};
static int64_t met[METS];

static void note(enum met what)
{
    met[what]++;
}

static void fail_with(const char *what, cop_term t)
{
    cop_bytes text = cop_to_bytes(cop_inspect(t));

    if (failed[0] == '\0')
        snprintf(failed, sizeof failed, "%s: %.*s", what, (int)text.len, text.data);
}

static int below(int n)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (int)((random_state >> 33) % (uint64_t)n);
}

static void loiter(void)
{
    for (int i = below(8); i > 0; i--)
        cop_yield();
}

/* --- Things to do ----------------------------------------------------------------------------- */

/* {yields, milliseconds, how}: how is {:value, v}, {:exit, r}, or {:trap, v}. */
static cop_term work(cop_term plan)
{
    cop_term how, value;
    int64_t yields, ms;

    cop_expect(plan, "{yields, ms, how}", yields, ms, how);
    if (cop_match(how, "{:trap, _}")) cop_trap_exit(true);
    for (; yields > 0; yields--)
        cop_yield();
    if (ms > 0) cop_sleep(ms);
    if (cop_match(how, "{:exit, value}", value)) cop_exit(value);
    return cop_elem(how, 1);
}

static cop_term plan(const char *how)
{
    struct cop_parse_error error;
    cop_term t;

    cop_parse((cop_bytes){how, strlen(how)}, &t, &error);
    return cop_task_fun(work, cop_tuple(below(8), below(3), t));
}

struct call {
    cop_term task;
    int64_t timeout_ms;
};

static cop_term try_await(void *arg)
{
    const struct call *c = arg;

    return cop_task_await(c->task, c->timeout_ms);
}

static cop_term try_await_many(void *arg)
{
    const struct call *c = arg;

    return cop_task_await_many(c->task, c->timeout_ms);
}

/* --- What must hold after each race ----------------------------------------------------------- */

static cop_term own(const char *item)
{
    return cop_elem(cop_process_info(cop_self(), cop_atom(item)), 1);
}

/* The task is dead, or is killed now; nothing of it comes or is left. */
static void check_clean(cop_term task)
{
    cop_term pid = cop_map_get(task, COP(":pid"), cop_nil()), msg;

    cop_unlink(cop_to_pid(pid));
    cop_exit_process(cop_to_pid(pid), COP(":kill"));
    cop_sleep(20);
    if (cop_is_alive(cop_to_pid(pid))) fail_with("alive", pid);
    while (cop_receive(&msg, 0)) {
        if (!cop_match(msg, "{:EXIT, ^pid, _}", pid)) fail_with("left", msg);
    }
    if (!cop_is_empty_list(own("monitors"))) fail_with("watched", own("monitors"));
}

/* --- Races ------------------------------------------------------------------------------------ */

static void race_await(void)
{
    struct call c = {cop_task_async(plan("{:value, :v}")), below(4)};
    struct cop_outcome o;

    loiter();
    if (cop_try(try_await, &c, &o)) {
        if (!cop_match(o.value, ":v")) fail_with("await", o.value);
        note(AWAIT_VALUE);
    } else {
        if (!cop_match(o.value, "{:timeout, {Task, :await, _}}")) fail_with("await", o.value);
        note(AWAIT_TIMEOUT);
    }
    check_clean(c.task);
}

/* A reply and the DOWN after it come at once. */
static void race_yield(const char *how, const char *expected, enum met seen)
{
    cop_term task = cop_task_async(plan(how)), result;
    struct cop_parse_error error;
    cop_term wanted;

    cop_parse((cop_bytes){expected, strlen(expected)}, &wanted, &error);
    loiter();
    while (cop_match(result = cop_task_yield(task, below(3)), "nil"))
        note(YIELD_NIL);
    if (!cop_identical(result, wanted)) fail_with("yield", result);
    note(seen);
    check_clean(task);
}

static void race_shutdown(const char *how)
{
    cop_term task = cop_task_async(plan(how)), result;
    const int64_t times[] = {COP_BRUTAL_KILL, 0, 1, 3, COP_INFINITY};
    int64_t time = times[below(5)];

    loiter();
    result = cop_task_shutdown(task, time);
    if (cop_match(result, "nil"))
        note(SHUTDOWN_NIL);
    else if (cop_match(result, "{:ok, :v}"))
        note(SHUTDOWN_VALUE);
    else if (cop_match(result, "{:exit, :killed}") && time >= 0)
        note(SHUTDOWN_KILLED);
    else if (cop_match(result, "{:exit, :boom}") && strstr(how, "boom") != NULL)
        note(SHUTDOWN_EXIT);
    else
        fail_with("shutdown", result);
    if (cop_is_alive(cop_to_pid(cop_map_get(task, COP(":pid"), cop_nil()))))
        fail_with("alive after shutdown", task);
    if (!cop_match(cop_task_shutdown(task, time), "{:exit, :noproc}")) fail_with("again", task);
    check_clean(task);
}

static void race_ignore(const char *how)
{
    cop_term task = cop_task_async(plan(how)), result;

    loiter();
    if (below(2) == 0) cop_sleep(below(3));
    result = cop_task_ignore(task);
    if (cop_match(result, "nil"))
        note(IGNORE_NIL);
    else if (cop_match(result, "{:ok, :v}"))
        note(IGNORE_VALUE);
    else if (cop_match(result, "{:exit, :boom}"))
        note(IGNORE_EXIT);
    else
        fail_with("ignore", result);
    check_clean(task);
}

static void race_many(const char *last, enum met seen)
{
    cop_term a = cop_task_async(plan("{:value, 1}")), b = cop_task_async(plan("{:value, 2}"));
    cop_term c = cop_task_async(plan(last)), msg;
    struct call call = {cop_list(a, b, c), 1 + below(4)};
    struct cop_outcome o;

    if (cop_try(try_await_many, &call, &o)) {
        if (!cop_match(o.value, "[1, 2, 3]")) fail_with("many", o.value);
        note(seen);
    } else if (cop_match(o.value, "{:timeout, _}")) {
        note(MANY_TIMEOUT);
    } else {
        if (!cop_match(o.value, "{:boom, {Task, :await_many, _}}")) fail_with("many", o.value);
        note(seen);
    }
    /* What had come before the failure may be there; no DOWN, and nothing comes later. */
    while (cop_receive(&msg, 0)) {
        if (!cop_match(msg, "{_, _}") && !cop_match(msg, "{:EXIT, _, _}")) fail_with("many", msg);
    }
    while (cop_receive(&msg, 20)) {
        if (!cop_match(msg, "{:EXIT, _, _}")) fail_with("many, later", msg);
    }
    check_clean(a);
    check_clean(b);
    check_clean(c);
}

static cop_next owner(cop_term unused)
{
    cop_term task = cop_task_async(plan("{:value, :v}"));
    cop_term s = cop_task_async_stream(COP("[1, 2, 3]"), COP("{Process, :sleep, []}"),
                                       COP("[max_concurrency: 2, timeout: 2]"));

    (void)unused;
    cop_task_yield(task, below(3));
    (void)cop_apply(COP("Enum"), COP(":take"), cop_list(s, 1 + below(3)));
    cop_task_shutdown(task, below(2));
    return cop_end();
}

/* An owner that is killed at any moment leaves no task and no monitor of a stream. */
static void race_owner(void)
{
    cop_pid pid = cop_spawn(owner, cop_nil(), NULL);
    cop_ref ref = cop_monitor(pid);
    cop_term reason, msg;

    for (int i = below(60); i > 0; i--)
        cop_yield();
    if (below(3) == 0) cop_sleep(below(3));
    cop_exit_process(pid, below(2) == 0 ? COP(":kill") : COP(":boom"));
    cop_receive(&msg, COP_INFINITY);
    if (!cop_match(msg, "{:DOWN, ^ref, _, _, reason}", ref, reason))
        fail_with("owner", msg);
    else if (cop_match(reason, ":killed"))
        note(OWNER_KILLED);
}

/* A supervisor that stops while a task ends by itself. */
static void race_supervisor(void)
{
    cop_term s, task, result;

    cop_expect(cop_task_supervisor_start_link(COP("[]")), "{:ok, s}", s);
    task = cop_task_supervisor_async_nolink(s, plan("{:value, :v}"), COP("[]"));
    loiter();
    cop_dynamic_supervisor_stop(s, COP(":normal"), COP_INFINITY);
    result = cop_task_yield(task, 0);
    if (cop_match(result, "{:exit, :shutdown}"))
        note(STOP_SHUTDOWN);
    else if (cop_match(result, "{:ok, :v}"))
        note(STOP_VALUE);
    else
        fail_with("stop", result);
    check_clean(task);
}

static void race_stream(void)
{
    cop_term s =
        cop_task_async_stream(COP("[0, 1, 2, 1, 0]"), COP("{Process, :sleep, []}"),
                              COP("[max_concurrency: 3, timeout: 2, on_timeout: :kill_task,"
                                  " ordered: false]"));
    cop_term taken = cop_apply(COP("Enum"), COP(":take"), cop_list(s, below(7))), msg;

    for (; !cop_is_empty_list(taken); taken = cop_tail(taken)) {
        if (!cop_match(cop_head(taken), "{:ok, :ok}") &&
            !cop_match(cop_head(taken), "{:exit, :timeout}"))
            fail_with("stream", cop_head(taken));
    }
    if (cop_receive(&msg, 10)) fail_with("stream left", msg);
    if (!cop_is_empty_list(own("monitors"))) fail_with("stream watched", own("monitors"));
    if (!cop_is_empty_list(own("links"))) fail_with("stream linked", own("links"));
}

/* --- The driver ------------------------------------------------------------------------------- */

static int64_t processes_now(void)
{
    return cop_list_len(cop_processes());
}

static void race(int which)
{
    switch (which) {
    case 0: race_await(); break;
    case 1: race_yield("{:value, :v}", "{:ok, :v}", YIELD_VALUE); break;
    case 2: race_yield("{:exit, :boom}", "{:exit, :boom}", YIELD_EXIT); break;
    case 3: race_shutdown("{:value, :v}"); break;
    case 4: race_shutdown("{:exit, :boom}"); break;
    case 5: race_shutdown("{:trap, :v}"); break;
    case 6: race_ignore("{:value, :v}"); break;
    case 7: race_ignore("{:exit, :boom}"); break;
    case 8: race_many("{:value, 3}", MANY_VALUES); break;
    case 9: race_many("{:exit, :boom}", MANY_EXIT); break;
    case 10: race_owner(); break;
    case 11: race_supervisor(); break;
    default: race_stream(); break;
    }
}

static cop_next driver(cop_term arg)
{
    int64_t base = processes_now();

    (void)arg;
    for (int i = 0; i < ROUNDS && failed[0] == '\0'; i++) {
        int which = below(13);

        cop_trap_exit(which == 2 || which == 4 || which == 7 || which == 9);
        race(which);
        cop_sleep(50);
        if (processes_now() != base) fail_with("processes are left after race", cop_int(which));
    }
    return cop_end();
}

static void prepare(int64_t seed)
{
    failed[0] = '\0';
    random_state = (uint64_t)seed * 2654435761U + 1;
    seeds_run++;
    cop_log_to(NULL, NULL, COP_ERROR + 1); /* crashes are wanted here */
}

static const char *failure(void)
{
    return failed[0] == '\0' ? NULL : failed;
}

int main(int argc, char **argv)
{
    static const struct campaign campaign = {"task", SEEDS_FILE, prepare, driver, failure};
    int status = campaign_main(&campaign, argc, argv);

    for (int i = 0; i < METS && seeds_run >= 100; i++) {
        if (met[i] > 0) continue;
        fprintf(stderr, "never met: %s\n", met_names[i]);
        status = 1;
    }
    return status;
}
