/* SPDX-License-Identifier: Apache-2.0 */
/* Applications: what is started with what, how they end, their environment. Their tops are
 * supervisors of one probe (probe.h), which traps exits and tells the process registered as
 * :app_test. */
#include "coppice/application.h"
#include "coppice/logger.h"

#include "probe.h"

#include <stdatomic.h>
#include <string.h>

/* --- Applications to test with ---------------------------------------------------------------- */

static cop_term test_pid(void)
{
    return cop_pid_term(cop_whereis(COP(":app_test")));
}

/* The top of the application called id. */
static cop_term start_top(cop_term id)
{
    cop_term to = test_pid();
    cop_term child = cop_build(
        "%{id: id, start: {Probe, :start_link, [[id: id, to: to, trap_exit: true]]}}", id, to);

    return cop_supervisor_start_link(cop_list(child), COP("[strategy: :one_for_one, "
                                                          "max_restarts: 0]"));
}

static cop_term start_low(cop_term type, cop_term args)
{
    cop_assert_match(cop_tuple(type, args), "{:normal, []}");
    return start_top(COP(":low"));
}

static cop_term start_high(cop_term type, cop_term args)
{
    cop_pid pid;

    (void)type;
    (void)args;
    cop_expect(start_top(COP(":high")), "{:ok, pid}", pid);
    return cop_build("{:ok, pid, :first}", pid);
}

static cop_term high_prep_stop(cop_term state)
{
    cop_send(test_pid(), cop_tuple(COP(":prep_stop"), state));
    return COP(":second");
}

static void high_stop(cop_term state)
{
    cop_send(test_pid(), cop_tuple(COP(":stop"), state));
}

static cop_term rude_prep_stop(cop_term state)
{
    (void)high_prep_stop(state);
    cop_exit(COP(":rude"));
}

static void rude_stop(cop_term state)
{
    high_stop(state);
    cop_raise("RuntimeError", "rude");
}

static cop_term start_failing(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return COP("{:error, :no}");
}

static cop_term start_bad(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return COP(":bad");
}

static cop_term start_crashing(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    cop_exit(COP(":boom"));
}

static cop_next stay(cop_term arg)
{
    cop_term msg;

    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* Leaves a process behind that no supervisor knows. */
static cop_term start_leaving(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    cop_send(test_pid(), cop_tuple(COP(":left"), cop_spawn(stay, cop_nil(), NULL)));
    return start_top(COP(":leaving"));
}

#define APP(name_, ...)                                                                            \
    static const struct cop_application name_ = {.size = sizeof(struct cop_application),           \
                                                 .name = #name_,                                   \
                                                 .description = "the " #name_ " one",              \
                                                 .version = "0.1.0",                               \
                                                 __VA_ARGS__}
#define NEEDS(...)                                                                                 \
    .applications = (const struct cop_application *const[])                                        \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* Starts when it is told to. */
static cop_term start_slow(cop_term type, cop_term args)
{
    cop_term msg;

    (void)type;
    (void)args;
    cop_send(test_pid(), cop_tuple(COP(":starting"), cop_self()));
    cop_receive(&msg, COP_INFINITY);
    return start_top(COP(":slow"));
}

/* Asks its group leader for output. */
static cop_term start_printing(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    cop_send(cop_pid_term(cop_group_leader()), COP("{:io_request, :from, :ref, :request}"));
    return start_top(COP(":printing"));
}

APP(slow, .start = start_slow);
APP(hasty, NEEDS(&slow));
APP(printing, .start = start_printing);
APP(library);
APP(low, .start = start_low, NEEDS(&library), .env = "[port: 4040, hosts: [\"a\", \"b\"]]");
APP(high, .start = start_high, .prep_stop = high_prep_stop, .stop = high_stop,
    NEEDS(&library, &low));
APP(rude, .start = start_high, .prep_stop = rude_prep_stop, .stop = rude_stop, NEEDS(&low));
APP(failing, .start = start_failing, NEEDS(&low));
APP(bad, .start = start_bad);
APP(crashing, .start = start_crashing);
APP(leaving, .start = start_leaving);

static void begin(void)
{
    cop_register(COP(":app_test"), cop_self());
}

static void stop_all(void)
{
    cop_assert_equal(cop_ok(), cop_application_stop_all());
    cop_assert_equal(COP("[]"), cop_application_which());
}

/* --- Start and stop --------------------------------------------------------------------------- */

/* APP-01, APP-06, APP-15: what is needed first, once; a second start starts nothing. */
static void starts_what_is_needed(void)
{
    begin();
    cop_assert_equal(COP("{:ok, [:library, :low, :high]}"),
                     cop_application_ensure_all_started(&high));
    NEXT("{:low, :init, _}");
    NEXT("{:high, :init, _}");
    cop_assert_equal(COP("{:ok, []}"), cop_application_ensure_all_started(&high));
    cop_assert_equal(COP("[{:high, ~c\"the high one\", ~c\"0.1.0\"}, {:low, ~c\"the low one\", "
                         "~c\"0.1.0\"}, {:library, ~c\"the library one\", ~c\"0.1.0\"}]"),
                     cop_application_which());
    stop_all();
}

/* APP-09, APP-10: prep_stop changes the state that stop gets; the tree is gone between them. */
static void stop_calls_back(void)
{
    begin();
    cop_application_ensure_all_started(&high);
    NEXT("{:low, :init, _}");
    NEXT("{:high, :init, _}");
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":high")));
    NEXT("{:prep_stop, :first}");
    NEXT("{:high, :terminate, :shutdown}");
    NEXT("{:stop, :second}");
    NOTHING();
    cop_assert_equal(COP("{:error, {:not_started, :high}}"), cop_application_stop(COP(":high")));
    cop_assert_match(cop_application_which(), "[{:low, _, _}, {:library, _, _}]");
    cop_assert_equal(COP("{:ok, [:high]}"), cop_application_ensure_all_started(&high));
    stop_all();
}

/* APP-10, APP-13: callbacks that fail keep nothing from ending: stop gets the state that prep_stop
 * got, and the next application ends as it should. */
static void failing_callbacks(void)
{
    begin();
    cop_application_ensure_all_started(&rude);
    NEXT("{:low, :init, _}");
    NEXT("{:high, :init, _}");
    stop_all();
    NEXT("{:prep_stop, :first}");
    NEXT("{:high, :terminate, :shutdown}");
    NEXT("{:stop, :first}");
    NEXT("{:low, :terminate, :shutdown}");
    NOTHING();
}

/* APP-13: the last started first. */
static void stops_in_reverse(void)
{
    begin();
    cop_application_ensure_all_started(&high);
    NEXT("{:low, :init, _}");
    NEXT("{:high, :init, _}");
    stop_all();
    NEXT("{:prep_stop, :first}");
    NEXT("{:high, :terminate, :shutdown}");
    NEXT("{:stop, :second}");
    NEXT("{:low, :terminate, :shutdown}");
    NOTHING();
}

/* APP-04, APP-06: those that were started for it are stopped again. */
static void failing_starts(void)
{
    begin();
    cop_assert_equal(COP("{:error, {:failing, {:no, {:failing, :start, [:normal, []]}}}}"),
                     cop_application_ensure_all_started(&failing));
    NEXT("{:low, :init, _}");
    NEXT("{:low, :terminate, :shutdown}");
    cop_assert_equal(COP("[]"), cop_application_which());
    cop_assert_equal(COP("{:error, {:bad, {:bad_return, {{:bad, :start, [:normal, []]}, :bad}}}}"),
                     cop_application_ensure_all_started(&bad));
    cop_assert_equal(COP("{:error, {:crashing, {:bad_return, {{:crashing, :start, [:normal, []]}, "
                         "{:EXIT, :boom}}}}}"),
                     cop_application_ensure_all_started(&crashing));
    NOTHING();
}

/* APP-05 */
static void failing_top(void)
{
    begin();
    probe_plan("low", "s");
    cop_assert_equal(COP("{:error, {:low, {{:shutdown, {:failed_to_start_child, :low, :no}}, "
                         "{:low, :start, [:normal, []]}}}}"),
                     cop_application_ensure_all_started(&low));
    cop_assert_equal(COP("[]"), cop_application_which());
}

static cop_next start_low_too(cop_term test)
{
    cop_send(test, cop_tuple(COP(":answer"), cop_application_ensure_all_started(&low)));
    return cop_end();
}

/* APP-07: two at once share one start. */
static void simultaneous_starts(void)
{
    begin();
    for (int i = 0; i < 4; i++)
        cop_spawn(start_low_too, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 4; i++)
        cop_assert_receive_within(5000, "{:answer, {:ok, _}}");
    NEXT("{:low, :init, _}");
    NOTHING();
    stop_all();
}

static cop_next start_slow_too(cop_term test)
{
    cop_send(test, cop_tuple(COP(":answer"), cop_application_ensure_all_started(&slow)));
    return cop_end();
}

static cop_next ask_for_slow(cop_term test)
{
    cop_send(test,
             cop_tuple(COP(":answer"), cop_application_start(COP(":slow"), COP(":temporary"))));
    return cop_end();
}

/* APP-07: those who ask while it starts wait for the same start. APP-13, APP-15: the order is that
 * in which applications were up. APP-03: what needs it cannot be started yet. */
static void a_start_that_takes_its_time(void)
{
    cop_term starter, test = cop_pid_term(cop_self());

    begin();
    cop_spawn(start_slow_too, test, NULL);
    cop_assert_receive_within(5000, "{:starting, starter}", starter);
    for (int i = 0; i < 2; i++) {
        cop_pid asking = cop_spawn(ask_for_slow, test, NULL);

        /* It has asked, and its question was read before the next. */
        while (cop_match(cop_process_info(asking, COP(":monitors")), "{:monitors, []}"))
            cop_yield();
    }
    cop_assert_equal(COP("{:ok, [:library]}"), cop_application_ensure_all_started(&library));
    cop_assert_match(cop_application_which(), "[{:library, _, _}]");
    cop_application_register(&hasty);
    cop_assert_equal(COP("{:error, {:not_started, :slow}}"),
                     cop_application_start(COP(":hasty"), COP(":temporary")));
    cop_send(starter, COP(":go"));
    cop_assert_receive_within(5000, "{:answer, {:ok, [:slow]}}");
    for (int i = 0; i < 2; i++)
        cop_assert_receive_within(5000, "{:answer, :ok}");
    NEXT("{:slow, :init, _}");
    NOTHING();
    cop_assert_match(cop_application_which(), "[{:slow, _, _}, {:library, _, _}]");
    stop_all();
}

/* PRC-12, APP-20: what an application prints goes by its master to who was the leader before. */
static void output_goes_on(void)
{
    cop_pid controller;

    begin();
    cop_application_ensure_all_started(&library);
    controller = cop_whereis(COP(":application_controller"));
    cop_set_group_leader(cop_self(), controller);
    cop_assert_match(cop_application_ensure_all_started(&printing), "{:ok, [:printing]}");
    cop_assert_receive_within(5000, "{:io_request, :from, :ref, :request}");
    cop_set_group_leader(cop_group_leader(), controller);
    stop_all();
}

/* APP-10, APP-20: what has the application's group leader goes with it. */
static void left_processes_are_killed(void)
{
    cop_pid left, leader, top;
    cop_ref ref;

    begin();
    cop_assert_match(cop_application_ensure_all_started(&leaving), "{:ok, [:leaving]}");
    cop_assert_match(probe_next(), "{:left, left}", left);
    cop_assert_match(probe_next(), "{:leaving, :init, top}", top);
    cop_assert_match(cop_process_info(left, COP(":group_leader")), "{:group_leader, leader}",
                     leader);
    cop_assert_match(cop_process_info(top, COP(":group_leader")), "{:group_leader, ^leader}",
                     leader);
    cop_assert(!cop_pid_equal(leader, cop_group_leader()));
    ref = cop_monitor(left);
    cop_assert_equal(cop_ok(), cop_application_stop(COP(":leaving")));
    NEXT("{:leaving, :terminate, :shutdown}");
    NEXT("{:DOWN, ^ref, :process, _, :killed}", ref);
    cop_assert(!cop_is_alive(leader));
}

/* --- Ends by itself --------------------------------------------------------------------------- */

static void await_none(void)
{
    while (!cop_identical(cop_application_which(), COP("[{:low, ~c\"the low one\", ~c\"0.1.0\"}, "
                                                       "{:library, ~c\"the library one\", "
                                                       "~c\"0.1.0\"}]")))
        cop_yield();
}

/* APP-08 temporary, APP-11: callbacks run, the others go on. */
static void ends_by_itself(void)
{
    cop_pid child;

    begin();
    cop_application_ensure_all_started(&high);
    NEXT("{:low, :init, _}");
    cop_assert_match(probe_next(), "{:high, :init, child}", child);
    cop_exit_process(child, COP(":kill")); /* more than max_restarts */
    NEXT("{:prep_stop, :first}");
    NEXT("{:stop, :second}");
    await_none();
    NOTHING();
    stop_all();
}

/* APP-12: stop is called also when the master is killed. */
static void master_is_killed(void)
{
    cop_pid child, leader;

    begin();
    cop_application_ensure_all_started(&high);
    NEXT("{:low, :init, _}");
    cop_assert_match(probe_next(), "{:high, :init, child}", child);
    cop_assert_match(cop_process_info(child, COP(":group_leader")), "{:group_leader, leader}",
                     leader);
    cop_exit_process(leader, COP(":kill"));
    cop_assert_receive_within(5000, "{:stop, :second}");
    await_none();
    stop_all();
}

static cop_term end_and_stop_high(void *arg)
{
    cop_pid child;

    (void)arg;
    cop_application_ensure_all_started(&high);
    cop_assert_receive_within(5000, "{:high, :init, child}", child);
    cop_exit_process(child, COP(":kill"));
    cop_assert_receive_within(5000, "{:stop, :second}");
    await_none();
    cop_application_stop(COP(":low"));
    cop_application_ensure_all_started(&failing);
    cop_application_ensure_all_started(&bad);
    cop_application_ensure_all_started(&crashing);
    return cop_ok();
}

/* LOG-20 */
static void words_of_ends(void)
{
    cop_bytes log;

    begin();
    cop_logger_add_process(COP(":seer"), COP_DEBUG_LEVEL, cop_pid_term(cop_self()));
    log = cop_to_bytes(cop_capture_log(end_and_stop_high, NULL));
    cop_assert(cop_logger_remove_handler(COP(":seer")));
    cop_assert_receive("{:log, :notice, \"Application high exited: shutdown\", _}");
    cop_assert_receive("{:log, :notice, \"Application low exited: :stopped\", _}");
    cop_assert(memmem(log.data, log.len, "Application high exited: shutdown", 33));
    cop_assert(memmem(log.data, log.len, "Application low exited: :stopped", 32));
    cop_assert(memmem(log.data, log.len,
                      "Application failing exited: :failing.start(:normal, []) returned an error: "
                      ":no",
                      78));
    cop_assert(memmem(log.data, log.len,
                      "Application bad exited: :bad.start(:normal, []) returned a bad value: :bad",
                      74));
    cop_assert(memmem(log.data, log.len,
                      "Application crashing exited: :crashing.start(:normal, []) returned an "
                      "error: :boom",
                      82));
    stop_all();
}

static cop_term start_as_nonsense(void *arg)
{
    (void)arg;
    return cop_application_ensure_all_started_as(&low, COP(":eternal"));
}

static void types(void)
{
    begin();
    cop_assert_raises(start_as_nonsense, NULL);
    cop_assert_match(cop_application_ensure_all_started_as(&low, COP(":permanent")),
                     "{:ok, [:library, :low]}");
    stop_all(); /* APP-09: by request, so the node goes on */
}

/* --- Environment ------------------------------------------------------------------------------ */

/* APP-16, APP-18 */
static void environment(void)
{
    begin();
    cop_assert_equal(cop_ok(), cop_application_put_env(COP(":nowhere"), COP(":k"),
                                                       COP("{1, [a: "
                                                           "\"b\"]}")));
    cop_assert_equal(COP("{1, [a: \"b\"]}"),
                     cop_application_get_env(COP(":nowhere"), COP(":k"), cop_nil()));
    cop_assert_equal(COP(":fallback"),
                     cop_application_get_env(COP(":nowhere"), COP(":other"), COP(":fallback")));
    cop_application_ensure_all_started(&low);
    cop_assert_equal(4040, cop_application_get_env(COP(":low"), COP(":port"), cop_nil()));
    cop_assert_equal(COP("[\"a\", \"b\"]"),
                     cop_application_get_env(COP(":low"), COP(":hosts"), cop_nil()));
    cop_application_put_env(COP(":low"), COP(":port"), cop_int(1));
    stop_all();
    cop_application_ensure_all_started(&low); /* loaded once */
    cop_assert_equal(1, cop_application_get_env(COP(":low"), COP(":port"), cop_nil()));
    stop_all();
}

static cop_term put_pid(void *arg)
{
    (void)arg;
    return cop_application_put_env(COP(":low"), COP(":pid"), cop_pid_term(cop_self()));
}

static void environment_refuses(void)
{
    cop_assert_match(cop_assert_raises(put_pid, NULL), "%{__struct__: ArgumentError}");
}

/* --- The node's end: each test has a node of its own ------------------------------------------ */

static atomic_int stops;

static void count_stop(cop_term state)
{
    (void)state;
    atomic_fetch_add(&stops, 1);
}

static cop_term start_silent(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_supervisor_start_link(
        COP("[%{id: :a, start: {Probe, :start_link, [[name: :silent_child]]}, significant: true, "
            "restart: :transient}]"),
        COP("[strategy: :one_for_one, max_restarts: 0, auto_shutdown: :any_significant]"));
}

/* A top that is no supervisor, and can end with any reason. */
static cop_term start_bare(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_apply(COP("Probe"), COP(":start_link"), COP("[[name: :bare]]"));
}

APP(silent, .start = start_silent, .stop = count_stop);
APP(bare, .start = start_bare, .stop = count_stop);

static cop_next start_silent_app(cop_term type)
{
    cop_assert_match(cop_application_ensure_all_started_as(&silent, type), "{:ok, [:silent]}");
    return cop_end();
}

static cop_next start_bare_app(cop_term type)
{
    cop_assert_match(cop_application_ensure_all_started_as(&bare, type), "{:ok, [:bare]}");
    return cop_end();
}

static cop_next end_child(cop_term arg)
{
    cop_exit_process(cop_whereis(COP(":silent_child")), arg);
    return cop_end();
}

static cop_next end_bare(cop_term reason)
{
    cop_send(COP(":bare"), cop_tuple(COP(":stop"), reason));
    while (!cop_is_empty_list(cop_application_which()))
        cop_yield();
    return cop_end();
}

static void run(cop_start_fn fn, cop_term arg)
{
    char why[512];

    if (!cop_run(fn, arg, why, sizeof why)) fail_msg("%s", why);
}

/* APP-13: cop_node_stop() calls the applications back, also where nobody else does. */
static void node_stop_is_ordered(void **state)
{
    atomic_store(&stops, 0);
    probe_node_start(state);
    run(start_silent_app, COP(":temporary"));
    probe_node_stop(state);
    assert_int_equal(atomic_load(&stops), 1);
}

/* Traps exits and ends when it is told to go, and not at a shutdown. */
static cop_next stubborn_main(cop_term test)
{
    cop_term msg;

    cop_trap_exit(true);
    cop_send(test, cop_tuple(COP(":stubborn"), cop_self()));
    while (cop_receive(&msg, COP_INFINITY) && !cop_match(msg, ":go")) {
        if (cop_match(msg, "{:EXIT, _, :shutdown}")) cop_send(test, COP(":asked"));
    }
    return cop_end();
}

static cop_term start_stubborn(cop_term type, cop_term args)
{
    (void)type;
    (void)args;
    return cop_tuple(cop_ok(),
                     cop_spawn(stubborn_main, test_pid(), &(struct cop_spawn_opts){.link = true}));
}

APP(stubborn, .start = start_stubborn, NEEDS(&low));

/* APP-13: what does not end in kernel's shutdown_timeout does not keep the others from it. */
static void a_stop_may_be_cut(void)
{
    cop_pid pid;
    cop_ref ref;

    begin();
    cop_application_put_env(COP(":kernel"), COP(":shutdown_timeout"), cop_int(20));
    cop_assert_match(cop_application_ensure_all_started(&stubborn),
                     "{:ok, [:library, :low, :stubborn]}");
    NEXT("{:low, :init, _}");
    cop_assert_match(probe_next(), "{:stubborn, pid}", pid);
    stop_all();
    NEXT(":asked");
    NEXT("{:low, :terminate, :shutdown}");
    cop_assert(cop_is_alive(pid));
    ref = cop_monitor(pid);
    cop_send(pid, COP(":go"));
    NEXT("{:DOWN, ^ref, :process, _, _}", ref);
    cop_application_delete_env(COP(":kernel"), COP(":shutdown_timeout"));
}

/* APP-08: a permanent application takes the node with it, whatever the reason. */
static void permanent_ends_the_node(void **state)
{
    atomic_store(&stops, 0);
    probe_node_start(state);
    run(start_silent_app, COP(":permanent"));
    run(end_child, COP(":kill"));
    assert_int_equal(cop_node_wait(), 1);
    probe_node_stop(state);
    assert_int_equal(atomic_load(&stops), 1);
    probe_node_start(state);
    run(start_bare_app, COP(":permanent"));
    run(end_bare, COP(":normal"));
    assert_int_equal(cop_node_wait(), 1);
    probe_node_stop(state);
}

/* APP-08: a transient one does unless it ended normally; a temporary one never. */
static void others_do_not_always(void **state)
{
    probe_node_start(state);
    run(start_bare_app, COP(":transient"));
    run(end_bare, COP(":normal"));
    run(start_bare_app, COP(":temporary"));
    run(end_bare, COP(":boom"));
    cop_system_stop(7);
    assert_int_equal(cop_node_wait(), 7);
    probe_node_stop(state);
    probe_node_start(state);
    run(start_bare_app, COP(":transient"));
    run(end_bare, COP(":shutdown"));
    assert_int_equal(cop_node_wait(), 1);
    probe_node_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(starts_what_is_needed),
        TEST(stop_calls_back),
        TEST(stops_in_reverse),
        TEST(failing_callbacks),
        TEST(a_stop_may_be_cut),
        TEST(failing_starts),
        TEST(failing_top),
        TEST(simultaneous_starts),
        TEST(a_start_that_takes_its_time),
        TEST(output_goes_on),
        TEST(left_processes_are_killed),
        TEST(ends_by_itself),
        TEST(master_is_killed),
        TEST(words_of_ends),
        TEST(types),
        TEST(environment),
        TEST(environment_refuses),
    };

    const struct CMUnitTest with_own_nodes[] = {
        cmocka_unit_test(node_stop_is_ordered),
        cmocka_unit_test(permanent_ends_the_node),
        cmocka_unit_test(others_do_not_always),
    };
    int failed = cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);

    return failed + cmocka_run_group_tests(with_own_nodes, NULL, NULL);
}
