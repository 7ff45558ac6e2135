/* SPDX-License-Identifier: Apache-2.0 */
/* Several tasks at once: await_many and yield_many. */
#include "task_fixture.h"

struct await {
    cop_term tasks;
    int64_t timeout_ms;
};

static cop_term try_await(void *arg)
{
    const struct await *a = arg;

    return cop_task_await_many(a->tasks, a->timeout_ms);
}

static cop_term yield_many(void *arg)
{
    const cop_term *args = arg;

    return cop_task_yield_many(args[0], args[1]);
}

/* The results without the tasks. */
static cop_term results_of(cop_term pairs)
{
    cop_term results = cop_empty_list();

    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs))
        results = cop_cons(cop_elem(cop_head(pairs), 1), results);
    return cop_list_reverse(results);
}

/* --- await_many ------------------------------------------------------------------------------- */

/* TSK-07: the order of the input whatever the order of arrival; others' messages stay */
PROCESS_TEST(values_come_in_the_order_of_the_tasks)
{
    cop_term a = task_at_gate(COP(":a")), b = task_at_gate(COP(":b")), c = task_at_gate(COP(":c"));
    cop_ref ref = task_ref(a);

    cop_send(cop_self(), COP(":foreign"));
    cop_send(cop_self(), COP("{:other, :pair}"));
    task_go(c);
    cop_send_after(4, cop_pid_term(task_pid(b)), COP(":go"));
    cop_send_after(8, cop_pid_term(task_pid(a)), COP(":go"));
    cop_assert_equal(COP("[:a, :b, :c]"), cop_task_await_many(cop_list(a, b, c), 10000));
    cop_assert_receive(":foreign");
    cop_assert_receive("{:other, :pair}");
    cop_assert(!cop_demonitor(ref, false));
    task_assert_none("monitors");
    task_assert_no_message();
}

/* TSK-07, TSK-09: what looks like news of a task that is none of these stays as well. */
PROCESS_TEST(news_of_others_stay)
{
    cop_term a = task_at_gate(COP(":a")), b = task_at_gate(COP(":b")),
             other = task_at_gate(COP(":o"));
    cop_ref ref = cop_make_ref(), others = task_ref(other), over;

    cop_send(cop_self(), cop_tuple(ref, COP(":x")));
    cop_send(cop_self(), cop_build("{:DOWN, ref, :process, 1, :x}", ref));
    over = cop_monitor(task_pid(other));
    task_go(other);
    cop_assert_receive_within(10000, "{:DOWN, ^over, _, _, _}", over);
    task_go(a);
    task_go(b);
    cop_assert_equal(COP("[:a]"), cop_task_await_many(cop_list(a), 10000));
    cop_assert_match(cop_task_yield_many(cop_list(b), COP("[limit: 1]")), "[{_, {:ok, :b}}]");
    cop_assert_receive("{^ref, :x}", ref);
    cop_assert_receive("{:DOWN, ^ref, :process, 1, :x}", ref);
    cop_assert_receive("{^others, :o}", others);
    cop_assert_receive("{:DOWN, ^others, _, _, _}", others);
    task_assert_no_message();
}

/* TSK-07 */
PROCESS_TEST(no_tasks_have_no_values)
{
    int64_t start = cop_monotonic_ms();

    cop_assert_equal(cop_empty_list(), cop_task_await_many(cop_empty_list(), COP_INFINITY));
    cop_assert_equal(cop_empty_list(), cop_task_yield_many(cop_empty_list(), COP("[]")));
    cop_assert_equal(0, cop_monotonic_ms() - start);
}

PROCESS_TEST(a_task_may_be_there_twice)
{
    cop_term a = cop_task_async(COP("&TaskTest.give(1)")), b = cop_task_completed(cop_int(2));

    cop_assert_equal(COP("[1, 2, 1, 2]"), cop_task_await_many(cop_list(a, b, a, b), 10000));
    task_assert_no_message();
}

/* TSK-07: the first failure exits at once, and nothing is watched any more */
PROCESS_TEST(the_first_failure_counts)
{
    cop_term a = task_at_gate(COP(":a")), b = task_at_gate(COP(":b")), tasks = cop_list(a, b);
    cop_ref ref = cop_monitor(task_pid(b)), finish = cop_monitor(task_pid(a));

    cop_unlink(task_pid(b));
    cop_exit_process(task_pid(b), COP(":boom"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_assert_equal(cop_build("{:boom, {Task, :await_many, [tasks, :infinity]}}", tasks),
                     cop_assert_exits(try_await, (&(struct await){tasks, COP_INFINITY})));
    cop_assert(cop_demonitor(finish, false));
    task_assert_none("monitors");
    finish = cop_monitor(task_pid(a));
    task_go(a);
    cop_assert_receive_within(10000, "{:DOWN, ^finish, _, _, _}", finish);
    task_assert_no_message();
}

/* TSK-07: one deadline for all */
PROCESS_TEST(the_deadline_is_common)
{
    cop_term a = task_at_gate(COP(":a")), b = task_at_gate(COP(":b")), tasks = cop_list(a, b);
    int64_t start = cop_monotonic_ms();

    cop_send_after(40, cop_pid_term(task_pid(a)), COP(":go"));
    cop_assert_equal(cop_build("{:timeout, {Task, :await_many, [tasks, 60]}}", tasks),
                     cop_assert_exits(try_await, (&(struct await){tasks, 60})));
    cop_assert_equal(60, cop_monotonic_ms() - start);
    task_assert_none("monitors");
    task_bury(task_pid(b));
    task_assert_no_message();
}

static cop_term await_improper(void *arg)
{
    return cop_task_await_many(*(cop_term *)arg, 10);
}

PROCESS_TEST(what_is_no_list_of_tasks_is_refused)
{
    cop_term wrong[] = {cop_int(1), COP("[1]"), cop_cons(cop_task_completed(cop_nil()), 3)};

    for (size_t i = 0; i < 3; i++)
        cop_assert_match(cop_assert_raises(await_improper, &wrong[i]),
                         "%{__struct__: FunctionClauseError, module: Task, function: :await_many}");
}

/* --- yield_many ------------------------------------------------------------------------------- */

/* TSK-09 */
PROCESS_TEST(results_come_in_the_order_of_the_tasks)
{
    cop_term a = task_at_gate(COP(":a")), b = cop_task_async(COP("&TaskTest.give(:b)"));
    cop_term c = cop_task_completed(COP(":c")), d = task_at_gate(cop_nil()), pairs;
    cop_ref ref = cop_monitor(task_pid(d));

    cop_unlink(task_pid(d));
    cop_exit_process(task_pid(d), COP(":boom"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    pairs = cop_task_yield_many(cop_list(a, b, c, d), COP("[timeout: 30]"));
    cop_assert_equal(
        cop_build("[{a, nil}, {b, {:ok, :b}}, {c, {:ok, :c}}, {d, {:exit, :boom}}]", a, b, c, d),
        pairs);
    task_go(a); /* :nothing was done to it */
    cop_assert_equal(COP(":a"), cop_task_await(a, 10000));
    task_assert_none("monitors");
    task_assert_no_message();
}

/* TSK-09: limit */
PROCESS_TEST(the_limit_ends_the_wait)
{
    cop_term a = task_at_gate(COP(":a")), b = cop_task_async(COP("&TaskTest.give(:b)"));
    cop_term c = cop_task_completed(COP(":c"));

    cop_assert_equal(
        COP("[nil, {:ok, :b}, {:ok, :c}]"),
        results_of(cop_task_yield_many(
            cop_list(a, b, c), COP("[timeout: :infinity, limit: 2, on_timeout: :kill_task]"))));
    cop_assert(cop_is_alive(task_pid(a))); /* on_timeout is for the timeout only */
    c = cop_task_completed(COP(":c"));
    b = cop_task_completed(COP(":b"));
    cop_assert_equal(COP("[nil, {:ok, :c}, nil]"),
                     results_of(cop_task_yield_many(cop_list(a, c, b), COP("[limit: 1]"))));
    task_go(a);
    cop_assert_equal(COP("[:a, :b]"), cop_task_await_many(cop_list(a, b), 10000));
}

/* TSK-09: kill_task kills also a task that would not go. */
PROCESS_TEST(the_stubborn_are_killed)
{
    cop_term task = cop_task_async(COP("&TaskTest.stubborn(1)"));

    task_wait_for_gate(task_pid(task));
    cop_assert_equal(COP("[nil]"),
                     results_of(cop_task_yield_many(cop_list(task),
                                                    COP("[timeout: 0, on_timeout: :kill_task]"))));
    cop_assert(!cop_is_alive(task_pid(task)));
    task_assert_no_message();
}

/* TSK-09: on_timeout */
PROCESS_TEST(what_happens_to_the_unfinished)
{
    cop_term a = task_at_gate(COP(":a")), b = task_at_gate(COP(":b"));
    cop_ref ref = cop_monitor(task_pid(b));

    cop_assert_equal(
        COP("[nil, nil]"),
        results_of(cop_task_yield_many(cop_list(a, b), COP("[timeout: 0, on_timeout: :nothing]"))));
    cop_assert_equal(COP("[nil]"), results_of(cop_task_yield_many(
                                       cop_list(a), COP("[timeout: 0, on_timeout: :kill_task]"))));
    cop_assert(!cop_is_alive(task_pid(a)));
    cop_assert_equal(COP("[nil]"), results_of(cop_task_yield_many(
                                       cop_list(b), COP("[timeout: 0, on_timeout: :ignore]"))));
    task_assert_none("links");
    task_go(b);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :normal}", ref);
    task_assert_no_message();
}

/* TSK-09, 21: options */
PROCESS_TEST(wrong_options_are_named)
{
    static const struct {
        const char *options;
        const char *message;
    } rows[] = {
        {"[timeout: -1]", ":timeout must be either a non-negative integer or :infinity, got: -1"},
        {"[timeout: :x]", ":timeout must be either a non-negative integer or :infinity, got: :x"},
        {"[limit: 0]", ":limit must be either a positive integer or :infinity, got: 0"},
        {"[limit: :all]", ":limit must be either a positive integer or :infinity, got: :all"},
        {"[on_timeout: :exit]", ":on_timeout must be :nothing, :ignore or :kill_task, got: :exit"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_term args[2] = {cop_empty_list()}, message;
        struct cop_parse_error error;

        cop_assert(
            cop_parse((cop_bytes){rows[i].options, strlen(rows[i].options)}, &args[1], &error));
        cop_assert_match(cop_assert_raises(yield_many, args),
                         "%{__struct__: ArgumentError, message: message}", message);
        cop_assert_equal(rows[i].message, message);
    }
}

/* On virtual time: times are exact, however busy the machine is. */
static int up(void **state)
{
    (void)state;
    cop_module_register(&task_test_module);
    return cop_node_start(&(struct cop_node_opts){.seed = 23, .no_signals = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_in_the_order_of_the_tasks),
        cmocka_unit_test(news_of_others_stay),
        cmocka_unit_test(no_tasks_have_no_values),
        cmocka_unit_test(a_task_may_be_there_twice),
        cmocka_unit_test(the_first_failure_counts),
        cmocka_unit_test(the_deadline_is_common),
        cmocka_unit_test(what_is_no_list_of_tasks_is_refused),
        cmocka_unit_test(results_come_in_the_order_of_the_tasks),
        cmocka_unit_test(the_limit_ends_the_wait),
        cmocka_unit_test(what_happens_to_the_unfinished),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(the_stubborn_are_killed),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
