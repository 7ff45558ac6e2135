/* SPDX-License-Identifier: Apache-2.0 */
/* How long servers, supervisors and tasks take, to the millisecond of virtual time: limits that
 * are common to several waits, and ends that wait for nobody. */
#include "coppice.h"
#include "support/check_process.h"

/* --- A server that takes its time ------------------------------------------------------------- */

static cop_result init(cop_term how)
{
    int64_t ms;

    if (cop_match(how, "{:begins_for, ms}", ms)) cop_sleep(ms);
    if (cop_match(how, ":stubborn")) cop_trap_exit(true);
    return cop_started(NULL);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    int64_t ms;

    (void)state;
    (void)from;
    if (cop_match(request, "{:sleep, ms}", ms)) cop_sleep(ms);
    if (cop_match(request, ":never")) return cop_noreply();
    return cop_reply(COP(":done"));
}

static cop_result handle_cast(void *state, cop_term message)
{
    int64_t ms;
    cop_pid pid;

    (void)state;
    if (cop_match(message, "{:sleep, ms}", ms)) cop_sleep(ms);
    if (cop_match(message, "{:unlink, pid}", pid)) cop_unlink(pid);
    return cop_noreply();
}

static void terminate(void *state, cop_term reason)
{
    (void)state;
    (void)reason;
    cop_sleep(100000);
}

static cop_term start_link_slow(cop_term how);
static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_cast = handle_cast,
                                                .terminate = terminate};
static const struct cop_function functions[] = {
    COP_EXPORT("start_link(how)", start_link_slow, "Starts a slow server."), COP_EXPORT_END};
static const struct cop_module slow_module = {.size = sizeof(struct cop_module),
                                              .name = "Slow",
                                              .functions = functions,
                                              .gen_server = &callbacks};

static cop_term start_link_slow(cop_term how)
{
    return cop_gen_server_start_link(&slow_module, how, cop_empty_list());
}

static cop_term started(cop_term answer)
{
    cop_term pid;

    cop_expect(answer, "{:ok, pid}", pid);
    return pid;
}

/* --- Looks ------------------------------------------------------------------------------------ */

struct timed {
    cop_try_fn fn;
    cop_term about;
    int64_t ms;
};

/* What the call exits with, {why, call}, after exactly so many ms. */
static cop_term exits_after(cop_try_fn fn, cop_term about, int64_t limit_ms, int64_t expected_ms)
{
    struct timed timed = {.about = about, .ms = limit_ms};
    struct cop_outcome outcome;
    int64_t start = cop_monotonic_ms();
    cop_term why;

    CHECK(!cop_try(fn, &timed, &outcome));
    CHECK_INT(cop_monotonic_ms() - start, expected_ms);
    CHECK_INT(outcome.class_, COP_CLASS_EXIT);
    cop_expect(outcome.value, "{why, _}", why);
    return why;
}

static cop_term call_never(void *arg)
{
    const struct timed *t = arg;

    return cop_gen_server_call(t->about, COP(":never"), t->ms);
}

static cop_term stop_it(void *arg)
{
    const struct timed *t = arg;

    return cop_gen_server_stop(t->about, COP(":normal"), t->ms);
}

static cop_term await_all(void *arg)
{
    const struct timed *t = arg;

    return cop_task_await_many(t->about, t->ms);
}

/* --- Servers ---------------------------------------------------------------------------------- */

/* GEN-42: a call waits as long as it says, also where it is looked at meanwhile. */
PROCESS_TEST(calls_time_out_exactly)
{
    static const int64_t limits[] = {0, 1, 99, 100, 101, 150, 5000};
    cop_term server = started(start_link_slow(cop_nil()));

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        CHECK_TERM(exits_after(call_never, server, limits[i], limits[i]), ":timeout");
    int64_t start = cop_monotonic_ms();
    CHECK_TERM(cop_gen_server_call(server, COP("{:sleep, 149}"), 150), ":done");
    CHECK_INT(cop_monotonic_ms() - start, 149);
    check_no_message();
    cop_unlink(cop_to_pid(server));
    cop_exit_process(cop_to_pid(server), COP(":kill"));
    return cop_end();
}

/* GEN-52: the limit of stop holds for all of it: until the server hears, and until it has ended. */
PROCESS_TEST(stop_times_out_exactly)
{
    cop_term server = started(cop_gen_server_start(&slow_module, cop_nil(), cop_empty_list()));

    cop_gen_server_cast(server, COP("{:sleep, 60}"));
    CHECK_TERM(exits_after(stop_it, server, 100, 100), ":timeout");
    check_no_message();
    cop_exit_process(cop_to_pid(server), COP(":kill"));
    return cop_end();
}

/* GEN-11 PLB-12: of an init that takes too long nothing is left after the limit. */
PROCESS_TEST(starts_time_out_exactly)
{
    int64_t start = cop_monotonic_ms();

    CHECK_TERM(cop_gen_server_start(&slow_module, COP("{:begins_for, 500}"), COP("[timeout: 20]")),
               "{:error, :timeout}");
    CHECK_INT(cop_monotonic_ms() - start, 20);
    start = cop_monotonic_ms();
    cop_term server =
        started(cop_gen_server_start(&slow_module, COP("{:begins_for, 20}"), COP("[timeout: 21]")));
    CHECK_INT(cop_monotonic_ms() - start, 20);
    cop_exit_process(cop_to_pid(server), COP(":kill"));
    return cop_end();
}

/* GEN-50: the limit of multi_call is one for all. */
PROCESS_TEST(multi_calls_have_one_deadline)
{
    cop_term twice = COP("[:nonode@nohost, :nonode@nohost]");
    cop_term server =
        started(cop_gen_server_start(&slow_module, cop_nil(), COP("[name: :slow_multi]")));
    int64_t start = cop_monotonic_ms();

    CHECK_TERM(cop_gen_server_multi_call(twice, COP(":slow_multi"), COP("{:sleep, 60}"), 100),
               "{[{:nonode@nohost, :done}], [:nonode@nohost]}");
    CHECK_INT(cop_monotonic_ms() - start, 100);
    start = cop_monotonic_ms();
    CHECK_TERM(cop_gen_server_multi_call(twice, COP(":slow_multi"), COP(":ping"), 100),
               "{[{:nonode@nohost, :done}, {:nonode@nohost, :done}], []}");
    CHECK_INT(cop_monotonic_ms() - start, 20); /* it still slept */
    check_no_message();
    cop_exit_process(cop_to_pid(server), COP(":kill"));
    return cop_end();
}

/* MSG-05: Process.sleep sleeps once. */
PROCESS_TEST(process_sleep)
{
    int64_t start = cop_monotonic_ms();

    CHECK_TERM(cop_apply(COP("Process"), COP(":sleep"), COP("[50]")), ":ok");
    CHECK_INT(cop_monotonic_ms() - start, 50);
    return cop_end();
}

/* --- Tasks ------------------------------------------------------------------------------------ */

/* TSK-07 TSK-09: the limit is one for all. */
PROCESS_TEST(tasks_have_one_deadline)
{
    cop_term tasks = cop_list(cop_task_async(COP("&Process.sleep(60)")),
                              cop_task_async(COP("&Process.sleep(90)")),
                              cop_task_async(COP("&Process.sleep(100000)")));
    int64_t start = cop_monotonic_ms();

    cop_trap_exit(true);
    CHECK_INT(cop_list_len(cop_task_yield_many(tasks, COP("[timeout: 80]"))), 3);
    CHECK_INT(cop_monotonic_ms() - start, 80);
    CHECK_TERM(exits_after(await_all, cop_tail(tasks), 100, 100), ":timeout");
    cop_exit_process(
        cop_to_pid(cop_map_get(cop_head(cop_tail(cop_tail(tasks))), COP(":pid"), cop_nil())),
        COP(":kill"));
    cop_expect(check_next(), "{:EXIT, _, :normal}");
    cop_expect(check_next(), "{:EXIT, _, :normal}");
    cop_expect(check_next(), "{:EXIT, _, :killed}");
    return cop_end();
}

/* --- Supervisors ------------------------------------------------------------------------------ */

/* How long it takes to end the child of this specification, after it was sent a message. */
static int64_t time_of_end(cop_term sup, cop_term shutdown, cop_term how)
{
    cop_term spec = cop_build("%{id: :x, start: {Slow, :start_link, [how]}, shutdown: shutdown}",
                              how, shutdown);
    cop_pid self = cop_to_pid(sup);
    cop_term pid = started(cop_supervisor_start_child(sup, spec));

    if (cop_match(how, ":unlinked")) {
        cop_ref ref = cop_monitor(pid);
        cop_gen_server_cast(pid, cop_build("{:unlink, self}", self));
        CHECK_TERM(cop_gen_server_call(pid, COP(":ping"), COP_INFINITY), ":done");
        cop_exit_process(cop_to_pid(pid), COP(":kill"));
        CHECK_TERM(check_down(ref), ":killed");
    }
    int64_t start = cop_monotonic_ms();
    CHECK_TERM(cop_supervisor_terminate_child(sup, COP(":x")), ":ok");
    start = cop_monotonic_ms() - start;
    CHECK_TERM(cop_supervisor_delete_child(sup, COP(":x")), ":ok");
    return start;
}

/* SUP-51: a child has the time of its specification and not more. SUP-52: one that unlinked itself
 * and is dead is waited for no moment. */
PROCESS_TEST(children_end_in_time)
{
    cop_module_register(&slow_module);
    cop_term sup =
        started(cop_supervisor_start_link(cop_empty_list(), COP("[strategy: :one_for_one]")));

    CHECK_INT(time_of_end(sup, cop_int(70), COP(":stubborn")), 70);
    CHECK_INT(time_of_end(sup, cop_int(0), COP(":stubborn")), 0);
    CHECK_INT(time_of_end(sup, COP(":brutal_kill"), COP(":stubborn")), 0);
    CHECK_INT(time_of_end(sup, cop_int(70), cop_nil()), 0);
    CHECK_INT(time_of_end(sup, COP(":infinity"), COP(":stubborn")), 100000);
    CHECK_INT(time_of_end(sup, cop_int(70), COP(":unlinked")), 0);
    CHECK_TERM(cop_supervisor_stop(sup, COP(":normal"), COP_INFINITY), ":ok");
    return cop_end();
}

/* DYN-20: all at once, and each has its own time. SUP-50: one after the other. */
PROCESS_TEST(all_children_end_in_time)
{
    static const char *const specs[] = {
        "%{id: 1, start: {Slow, :start_link, [:stubborn]}, shutdown: 70}",
        "%{id: 2, start: {Slow, :start_link, [:stubborn]}, shutdown: 90}",
        "%{id: 3, start: {Slow, :start_link, [:stubborn]}, shutdown: :brutal_kill}",
    };
    cop_module_register(&slow_module);
    cop_term dynamic = started(cop_dynamic_supervisor_start_link(cop_empty_list()));
    cop_term ordered =
        started(cop_supervisor_start_link(cop_empty_list(), COP("[strategy: :one_for_one]")));

    for (int i = 0; i < 3; i++) {
        started(cop_dynamic_supervisor_start_child(dynamic, check_parse(specs[i])));
        started(cop_supervisor_start_child(ordered, check_parse(specs[i])));
    }
    int64_t start = cop_monotonic_ms();
    CHECK_TERM(cop_dynamic_supervisor_stop(dynamic, COP(":normal"), COP_INFINITY), ":ok");
    CHECK_INT(cop_monotonic_ms() - start, 90);
    start = cop_monotonic_ms();
    CHECK_TERM(cop_supervisor_stop(ordered, COP(":normal"), COP_INFINITY), ":ok");
    CHECK_INT(cop_monotonic_ms() - start, 160);
    return cop_end();
}

static int start_seeded(void **state)
{
    struct cop_node_opts opts = {.seed = 11};

    (void)state;
    return check_start_node_with(&opts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_time_out_exactly),  cmocka_unit_test(stop_times_out_exactly),
        cmocka_unit_test(starts_time_out_exactly), cmocka_unit_test(multi_calls_have_one_deadline),
        cmocka_unit_test(process_sleep),           cmocka_unit_test(tasks_have_one_deadline),
        cmocka_unit_test(children_end_in_time),    cmocka_unit_test(all_children_end_in_time),
    };

    return cmocka_run_group_tests_name("sim_server_clock", tests, start_seeded, check_stop_node);
}
