/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisors, applications and long calls tell tools. Each test has a node of its own. */
#include "coppice.h"
#include "coppice/sys.h"
#include "support/process_test.h"

#define WORKER "start: {Agent, :start_link, [&Map.new/0]}"

static cop_pid started(cop_term answer)
{
    cop_pid pid;

    cop_expect(answer, "{:ok, pid}", pid);
    return pid;
}

static cop_pid start_tree(void)
{
    return started(cop_supervisor_start_link(
        COP("[%{id: :a, " WORKER "}, %{id: \"b\", " WORKER ", restart: :temporary},"
            " {DynamicSupervisor, name: Some.Dynamic}]"),
        COP("[strategy: :rest_for_one, max_restarts: 2, max_seconds: 60, name: Some.Tree]")));
}

static cop_pid child(cop_term id)
{
    cop_pid pid;

    cop_expect(cop_supervisor_which_child(COP("Some.Tree"), id), "{:ok, {_, pid, _, _}}", pid);
    return pid;
}

static void kill_and_wait(cop_pid pid)
{
    cop_ref ref = cop_monitor(pid);
    cop_term msg;

    cop_exit_process(pid, COP(":kill"));
    do
        cop_receive(&msg, COP_INFINITY);
    while (!cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref));
    cop_supervisor_count_children(COP("Some.Tree")); /* has handled the EXIT */
}

static cop_term tree_events(void)
{
    cop_term list, event, found = cop_empty_list();

    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, 1000), "{_, 0, list}", list);
    while (cop_match(list, "[{_, _, event} | list]", event, list))
        found = cop_cons(event, found);
    return cop_list_reverse(found);
}

static cop_next plain(cop_term arg)
{
    cop_term msg;

    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

static bool is_system(cop_pid pid)
{
    struct cop_process_row row;

    cop_assert(cop_read_process(pid, &row));
    return row.is_system;
}

static cop_next answering(cop_term boss)
{
    static const struct cop_sys_hooks hooks = {.size = sizeof hooks};
    cop_sys *sys = cop_sys_new(&hooks, NULL, cop_no_pid());
    cop_term msg;

    cop_send(boss, COP(":ready"));
    while (!cop_sys_receive(sys, &msg, COP_INFINITY))
        continue;
    return cop_end();
}

/* Who would keep a system message for ever is told from who answers it. */
PROCESS_TEST(who_handles_system_messages)
{
    cop_pid one = cop_spawn(plain, cop_nil(), NULL), two, agent;
    cop_term msg;

    start_tree();
    agent = child(COP(":a"));
    cop_assert(!is_system(one) && !is_system(cop_self()));
    cop_assert(is_system(agent) && is_system(cop_whereis(COP("Some.Tree"))));
    cop_assert(is_system(cop_whereis(COP("Some.Dynamic"))));
    two = cop_spawn(answering, cop_pid_term(cop_self()), NULL);
    cop_receive(&msg, COP_INFINITY);
    cop_assert(is_system(two));
    cop_send(one, COP(":end"));
    cop_send(two, COP(":end"));
}

PROCESS_TEST(a_supervisor_tells_its_status)
{
    cop_term status, rows;
    cop_pid a;

    start_tree();
    status = cop_supervisor_status(COP("Some.Tree"), 0, 10, 1000);
    cop_expect(status,
               "%{strategy: :rest_for_one, max_restarts: 2, max_seconds: 60, restarts: 0,"
               " restarts_total: 0, count: 3, children: rows}",
               rows);
    cop_expect(rows,
               "[{\":a\", a, :running, :worker, :permanent, [Agent], nil},"
               " {\"\\\"b\\\"\", _, :running, :worker, :temporary, _, nil},"
               " {\"Some.Dynamic\", _, :running, :supervisor, :permanent, _, nil}]",
               a);
    cop_assert(cop_pid_equal(a, child(COP(":a"))));
    kill_and_wait(a);
    cop_expect(cop_supervisor_status(COP("Some.Tree"), 0, 0, 1000),
               "%{restarts: 1, restarts_total: 1, count: 2, children: []}");
}

PROCESS_TEST(rows_come_in_pages)
{
    start_tree();
    cop_expect(cop_supervisor_status(COP("Some.Tree"), 1, 1, 1000),
               "%{count: 3, children: [{\"\\\"b\\\"\", _, _, _, _, _, _}]}");
    cop_expect(cop_supervisor_status(COP("Some.Tree"), 3, 5, 1000), "%{children: []}");
    cop_supervisor_terminate_child(COP("Some.Tree"), COP(":a"));
    cop_expect(cop_supervisor_status(COP("Some.Tree"), 0, 1, 1000),
               "%{children: [{\":a\", nil, :stopped, _, _, _, nil}]}");
    cop_dynamic_supervisor_start_child(COP("Some.Dynamic"), COP("%{id: :x, " WORKER "}"));
    cop_expect(cop_supervisor_status(COP("Some.Dynamic"), 0, 10, 1000),
               "%{strategy: :one_for_one, count: 1, children: [{nil, _, :running, _, _, _, _}]}");
}

PROCESS_TEST(others_are_not_harmed_by_the_question)
{
    cop_pid agent, busy;

    agent = started(cop_apply(COP("Agent"), COP(":start_link"), COP("[&Map.new/0]")));
    cop_assert_equal(cop_supervisor_status(cop_pid_term(agent), 0, 1, 1000), COP(":noproc"));
    cop_assert(cop_is_alive(agent));
    cop_assert_equal(cop_supervisor_status(COP("No.Such"), 0, 1, 1000), COP(":noproc"));
    busy = start_tree();
    cop_sys_suspend(cop_pid_term(busy), 1000);
    cop_assert_equal(cop_supervisor_status(cop_pid_term(busy), 0, 1, 10), COP(":busy"));
    cop_sys_resume(cop_pid_term(busy), 1000);
}

PROCESS_TEST(a_backoff_counts_down)
{
    int64_t left;

    started(
        cop_supervisor_start_link(COP("[%{id: :a, " WORKER ", backoff: [min: 50000, max: 60000]}]"),
                                  COP("[strategy: :one_for_one, name: Some.Tree]")));
    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    kill_and_wait(child(COP(":a")));
    cop_expect(cop_supervisor_status(COP("Some.Tree"), 0, 1, 1000),
               "%{children: [{\":a\", nil, :restarting, _, _, _, left}]}", left);
    cop_assert(left > 40000 && left <= 50000);
    cop_expect(tree_events(),
               "[{:exit, _, nil, \":killed\", true},"
               " {:restart, _, \":a\", _, 1, 3, left}]",
               left);
    cop_assert(left > 40000 && left <= 50000);
}

PROCESS_TEST(the_tree_has_a_history)
{
    cop_pid sup, a, now;

    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    sup = started(cop_supervisor_start_link(
        COP("[%{id: :a, start: {Agent, :start_link, [&Map.new/0, [name: Some.Agent]]}}]"),
        COP("[strategy: :one_for_one, max_restarts: 1, name: Some.Tree]")));
    a = child(COP(":a"));
    kill_and_wait(a);
    now = child(COP(":a"));
    cop_expect(tree_events(),
               "[{:start, ^sup, \":a\", ^a, :worker, \"Some.Agent\", nil},"
               " {:exit, ^a, \"Some.Agent\", \":killed\", true},"
               " {:restart, ^sup, \":a\", ^a, 1, 1, 0},"
               " {:start, ^sup, \":a\", ^now, :worker, \"Some.Agent\", ^a}]",
               sup, a, now);
}

PROCESS_TEST(a_supervisor_that_gives_up_is_told_of)
{
    cop_term msg;
    cop_pid sup;
    cop_ref ref;

    cop_trap_exit(true);
    sup = started(cop_supervisor_start_link(
        COP("[%{id: :a, " WORKER "}]"),
        COP("[strategy: :one_for_one, max_restarts: 0, name: Some.Tree]")));
    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    ref = cop_monitor(sup);
    cop_exit_process(child(COP(":a")), COP(":kill"));
    do
        cop_receive(&msg, COP_INFINITY);
    while (!cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref));
    cop_expect(tree_events(), "[{:exit, _, _, _, _}, {:gave_up, ^sup, \":a\", _} | _]", sup);
    cop_trap_exit(false);
}

PROCESS_TEST(children_of_a_dynamic_supervisor_are_in_the_tree)
{
    cop_pid sup, pid;

    sup = started(cop_dynamic_supervisor_start_link(COP("[name: Some.Dynamic]")));
    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    pid = started(
        cop_dynamic_supervisor_start_child(COP("Some.Dynamic"), COP("%{id: :x, " WORKER "}")));
    cop_dynamic_supervisor_terminate_child(COP("Some.Dynamic"), pid);
    cop_expect(tree_events(),
               "[{:start, ^sup, nil, ^pid, :worker, nil, nil},"
               " {:exit, ^pid, nil, \":shutdown\", false}]",
               sup, pid);
}

/* --- Applications ----------------------------------------------------------------------------- */

static cop_term start_app(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one, name: App.Top]"));
}

static const struct cop_application library = {.size = sizeof library, .name = "some_library"};
static const struct cop_application *const needs[] = {&library, NULL};
static const struct cop_application some_app = {.size = sizeof some_app,
                                                .name = "some_app",
                                                .description = "Some words",
                                                .version = "1.2.3",
                                                .applications = needs,
                                                .start = start_app};

PROCESS_TEST(applications_tell_their_trees)
{
    cop_pid top;

    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    cop_expect(cop_application_ensure_all_started(&some_app), "{:ok, _}");
    top = cop_whereis(COP("App.Top"));
    cop_expect(cop_application_trees(), "[{:some_app, \"Some words\", \"1.2.3\", _, ^top}]", top);
    cop_expect(tree_events(), "[{:start, nil, \"some_app\", ^top, :supervisor, \"App.Top\", nil}]",
               top);
    cop_application_stop(COP(":some_app"));
    cop_assert_equal(cop_application_trees(), cop_empty_list());
    cop_expect(tree_events(), "[_, {:exit, ^top, \"App.Top\", \":shutdown\", false}]", top);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_next call_it(cop_term server)
{
    cop_gen_server_call(server, COP("{:transfer, 5}"), COP_INFINITY);
    return cop_end();
}

PROCESS_TEST(long_calls_are_listed)
{
    cop_pid server = started(cop_apply(COP("Agent"), COP(":start"), COP("[&Map.new/0]")));
    cop_pid caller;
    int64_t ms;

    cop_assert_equal(cop_gen_server_long_calls(), cop_empty_list());
    cop_sys_suspend(cop_pid_term(server), 1000);
    caller = cop_spawn(call_it, cop_pid_term(server), NULL);
    while (cop_is_empty_list(cop_gen_server_long_calls()))
        cop_sleep(10);
    cop_expect(cop_gen_server_long_calls(), "[{^caller, ^server, \"{:transfer, 5}\", ms}]", caller,
               server, ms);
    cop_assert(ms >= 100 && ms < 20000);
    cop_exit_process(caller, COP(":kill"));
    while (cop_is_alive(caller))
        cop_yield();
    cop_assert_equal(cop_gen_server_long_calls(), cop_empty_list());
    cop_exit_process(server, COP(":kill"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, node_up, node_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_handles_system_messages),
        TEST(a_supervisor_tells_its_status),
        TEST(rows_come_in_pages),
        TEST(others_are_not_harmed_by_the_question),
        TEST(a_backoff_counts_down),
        TEST(the_tree_has_a_history),
        TEST(a_supervisor_that_gives_up_is_told_of),
        TEST(children_of_a_dynamic_supervisor_are_in_the_tree),
        TEST(applications_tell_their_trees),
        TEST(long_calls_are_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
