/* SPDX-License-Identifier: Apache-2.0 */
/* What the Observer remembers, and how far it says to remember. */
#include "fixture.h"

static int up(void **state)
{
    (void)state;
    return observer_up(NULL);
}

static cop_term tree_at(int64_t at_us)
{
    return json_of(ask(path_of("/api/history/tree?at_us=*", cop_format("%lld", (long long)at_us))));
}

/* Complete: since the journal is open, and not a microsecond before. */
PROCESS_TEST(the_past_before_the_first_look_is_not_complete)
{
    int64_t from;

    cop_expect(json_of(ask("/api/history")), "%{\"from_us\" => from}", from);
    cop_assert(from == cop_journal_since(COP_JOURNAL_TREE));
    cop_assert(from < cop__obs_now_us());
    cop_expect(tree_at(from), "%{\"complete\" => true}");
    cop_expect(tree_at(from - 1), "%{\"complete\" => false}");
    cop_expect(tree_at(cop__obs_now_us()), "%{\"complete\" => true}");
}

static void restart_agent(void)
{
    cop_pid pid = cop_whereis(COP("Look.Agent"));

    cop_exit_process(pid, COP(":kill"));
    while (cop_is_no_pid(cop_whereis(COP("Look.Agent"))) ||
           cop_pid_equal(cop_whereis(COP("Look.Agent")), pid))
        cop_sleep(1);
    cop_supervisor_count_children(COP("Look.Top"));
}

/* Numbers without events: more came in a second than are kept. */
PROCESS_TEST(a_past_with_a_gap_is_not_complete)
{
    int64_t before = cop__obs_now_us(), after;

    cop_sleep(2);
    for (int i = 0; i < 25000; i++)
        cop_journal_put(COP_JOURNAL_TREE, COP("{:gave_up, nil, nil, nil}"));
    cop_sleep(1100); /* the next second takes events again */
    restart_agent();
    after = cop__obs_now_us();
    cop_sleep(2);
    restart_agent();
    cop_expect(tree_at(before), "%{\"complete\" => false}");
    cop_expect(tree_at(after), "%{\"complete\" => true}");
}

/* Here all the events are dropped, so that none is left to tell how far the past goes back. */
PROCESS_TEST(a_past_that_was_dropped_is_not_complete)
{
    int64_t before = cop__obs_now_us(), after, from;
    cop_term large = cop_empty_list();

    cop_sleep(2);
    restart_agent();
    for (int i = 0; i < 600000; i++)
        large = cop_cons(cop_int(i), large);
    cop_journal_put(COP_JOURNAL_TREE, large); /* more than there is room for */
    after = cop__obs_now_us();
    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, 1), "{_, _, []}");
    cop_expect(tree_at(before), "%{\"complete\" => false}");
    cop_expect(tree_at(after), "%{\"complete\" => true}");
    cop_expect(json_of(ask("/api/history")), "%{\"from_us\" => from}", from);
    cop_assert(before < from && from <= after);
}

/* Children in the order of their start, as on the page of the applications, also when they are
 * many: a tree that is moved through time must not shuffle them. */
PROCESS_TEST(the_past_has_its_children_in_their_order)
{
    cop_term tree, pid, above, dynamic = pid_text(COP("Look.Dynamic")), started = cop_empty_list();
    cop_term shown = cop_empty_list();

    for (int i = 0; i < 100; i++) {
        cop_term child;

        cop_expect(
            cop_dynamic_supervisor_start_child(
                COP("Look.Dynamic"), COP("%{id: :x, start: {Agent, :start_link, [&Map.new/0]}}")),
            "{:ok, child}", child);
        started = cop_cons(cop__obs_pid(child), started);
    }
    cop_expect(tree_at(cop__obs_now_us()), "%{\"tree\" => tree}", tree);
    for (; !cop_is_empty_list(tree); tree = cop_tail(tree)) {
        cop_expect(cop_head(tree), "%{\"pid\" => pid, \"supervisor\" => above}", pid, above);
        if (cop_identical(above, dynamic)) shown = cop_cons(pid, shown);
    }
    cop_assert_equal(shown, started);
}

static cop_next follow(cop_term boss)
{
    cop_term msg;
    bool counted = cop__obs_stream_begin();

    cop_send(boss, cop_tuple(COP(":counted"), cop_bool(counted)));
    while (cop_receive(&msg, COP_INFINITY) && !cop_match(msg, ":end"))
        cop__obs_stream_lives();
    return cop_end();
}

static int64_t streams(void)
{
    return cop_to_int(
        cop_map_get(cop_sys_get_state(COP("Observer.Sampler"), 5000), COP(":streams"), cop_nil()));
}

/* A sampler that was restarted knows its streams as soon as they say that they are there. */
PROCESS_TEST(a_new_sampler_learns_of_the_streams)
{
    cop_pid old = cop_whereis(COP("Observer.Sampler"));
    cop_pid stream = cop_spawn(follow, cop_pid_term(cop_self()), NULL);

    cop_assert_receive_within(5000, "{:counted, true}");
    cop_assert(streams() == 1);
    cop_exit_process(old, COP(":kill"));
    while (cop_is_no_pid(cop_whereis(COP("Observer.Sampler"))) ||
           cop_pid_equal(cop_whereis(COP("Observer.Sampler")), old))
        cop_sleep(1);
    cop_assert(streams() == 0);
    cop_send(stream, COP(":still_there"));
    cop_send(stream, COP(":still_there")); /* said twice, it is one */
    cop_is_alive(stream);
    while (streams() == 0)
        cop_sleep(1);
    cop_assert(streams() == 1);
    cop_send(stream, COP(":end"));
    while (streams() > 0)
        cop_sleep(1);
}

/* Without a sampler there are no samples, and the question is answered all the same. */
PROCESS_TEST(system_is_told_while_the_sampler_is_away)
{
    cop_supervisor_terminate_child(COP("Observer.Supervisor"), COP("Observer.Sampler"));
    cop_expect(json_of(ask("/api/system")), "%{\"messages_per_s\" => nil}");
    cop_supervisor_restart_child(COP("Observer.Supervisor"), COP("Observer.Sampler"));
    cop_assert(status_of(ask("/api/load")) == 200);
}

/* --- Crashes ---------------------------------------------------------------------------------- */

__attribute__((noinline)) static void go_wrong(cop_term what)
{
    cop_error(what);
}

static cop_next crash(cop_term what)
{
    go_wrong(what);
    return cop_end();
}

__attribute__((noinline)) static void wait_long(void)
{
    cop_term msg;

    cop_receive(&msg, COP_INFINITY);
    cop_yield(); /* nothing that ends the call as its last thing */
}

static cop_next wait_inside(cop_term boss)
{
    cop_send(boss, COP(":waits"));
    wait_long();
    return cop_end();
}

static cop_term go_wrong_inside(void *arg)
{
    (void)arg;
    go_wrong(COP(":forgiven"));
    return cop_nil();
}

static cop_next end_otherwise(cop_term arg)
{
    struct cop_outcome outcome;

    (void)arg;
    cop_try(go_wrong_inside, NULL, &outcome);
    cop_exit(COP(":another_reason"));
}

/* The stack of the newest crash, which is that of pid; waits for it. */
static cop_term stack_of(cop_pid pid)
{
    cop_term id = cop__obs_pid(cop_pid_term(pid)), stack = cop_nil(), number = cop_nil();

    while (cop_is_alive(pid))
        cop_sleep(1);
    cop_expect(json_of(ask(path_of("/api/processes/*", id))), "%{\"crash\" => number}", number);
    cop_expect(json_of(ask(path_of("/api/crashes/*", cop_inspect(number)))),
               "%{\"stacktrace\" => stack}", stack);
    return stack;
}

static bool has_function(cop_term stack, const char *name)
{
    cop_term frame, function;

    while (cop_match(stack, "[frame | stack]", frame, stack)) {
        if (cop_match(frame, "%{\"function\" => function}", function) && cop_is_binary(function) &&
            cop_identical(function, cop_string(name)))
            return true;
    }
    return false;
}

PROCESS_TEST(a_crash_tells_where_it_was)
{
    cop_term stack, file, function;
    cop_pid pid;
    int64_t line;

    stack = stack_of(cop_spawn(crash, COP(":wrong"), NULL));
    cop_expect(stack, "[%{\"function\" => function, \"file\" => file, \"line\" => line} | _]",
               function, file, line);
    cop_assert_equal(function, cop_string("go_wrong"));
    cop_assert(memmem(cop_to_bytes(file).data, cop_to_bytes(file).len, "history_test.c", 14));
    cop_assert(line > 0);
    cop_assert(has_function(stack, "crash"));
    /* Killed while it waits inside a call. */
    pid = cop_spawn(wait_inside, cop_pid_term(cop_self()), NULL);
    cop_assert_receive_within(5000, ":waits");
    cop_is_alive(pid);
    cop_exit_process(pid, COP(":kill"));
    cop_assert(has_function(stack_of(pid), "wait_long"));
    /* An error that was caught is not where it ended. */
    stack = stack_of(cop_spawn(end_otherwise, cop_nil(), NULL));
    cop_assert(has_function(stack, "end_otherwise") && !has_function(stack, "go_wrong"));
}

/* --- The dead --------------------------------------------------------------------------------- */

PROCESS_TEST(the_dead_show_reason_and_last_state)
{
    cop_pid pid;
    cop_term old = pid_text(COP("Look.Agent"));

    /* As the last question for it was answered. */
    cop_expect(json_of(ask(path_of("/api/processes/*/state", old))),
               "%{\"state\" => %{\"text\" => \"%{}\"}}");
    restart_agent();
    cop_expect(json_of(ask(path_of("/api/processes/*", old))),
               "%{\"alive\" => false, \"reason\" => %{\"text\" => \":killed\"},"
               " \"state\" => %{\"text\" => \"%{}\"}}");
    /* As its report tells. */
    old = pid_text(COP("Look.Agent"));
    pid = cop_whereis(COP("Look.Agent"));
    cop_gen_server_cast(COP("Look.Agent"), COP(":rubbish"));
    while (cop_is_alive(pid))
        cop_sleep(1);
    cop_log_flush();
    cop_expect(json_of(ask(path_of("/api/processes/*", old))),
               "%{\"state\" => %{\"text\" => \"%{}\"}}");
    /* Never asked, and no report: nothing is known. */
    while (cop_is_no_pid(cop_whereis(COP("Look.Agent"))))
        cop_sleep(1);
    old = pid_text(COP("Look.Agent"));
    restart_agent();
    cop_expect(json_of(ask(path_of("/api/processes/*", old))), "%{\"state\" => nil}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_before_the_first_look_is_not_complete),
        cmocka_unit_test(a_new_sampler_learns_of_the_streams),
        cmocka_unit_test(system_is_told_while_the_sampler_is_away),
        cmocka_unit_test(a_crash_tells_where_it_was),
        cmocka_unit_test(the_dead_show_reason_and_last_state),
        cmocka_unit_test(the_past_has_its_children_in_their_order),
        cmocka_unit_test(a_past_with_a_gap_is_not_complete),
        cmocka_unit_test(a_past_that_was_dropped_is_not_complete),
    };

    return cmocka_run_group_tests(tests, up, observer_down);
}
