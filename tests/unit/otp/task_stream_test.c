/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of tasks: what is emitted and when, how many run, and what is left at the end. */
#include "task_fixture.h"

/* --- Things to do and to look at -------------------------------------------------------------- */

/* How many of these tasks run, and the most there were; they tell a counter outside. */
static int64_t running;
static int64_t running_most;

static cop_term count(cop_term x)
{
    int64_t now = __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
    int64_t most = __atomic_load_n(&running_most, __ATOMIC_SEQ_CST);

    while (now > most && !__atomic_compare_exchange_n(&running_most, &most, now, false,
                                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        continue;
    cop_sleep(cop_to_int(x));
    __atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
    return x;
}

/* Tells the process called :stream_tester that it runs, then does as TaskTest.gate. */
static cop_term announce(cop_term x)
{
    cop_term msg;

    cop_send(COP(":stream_tester"), cop_tuple(COP(":runs"), cop_self(), x));
    cop_receive(&msg, COP_INFINITY);
    return x;
}

/* 1 at once; else it runs for ever, whoever asks it to end. */
static cop_term resist(cop_term x)
{
    if (cop_identical(x, cop_int(1))) return x;
    cop_trap_exit(true);
    for (;;)
        announce(x);
}

static cop_term callers_of(cop_term x)
{
    (void)x;
    return cop_get(COP(":\"$callers\""));
}

static const struct cop_function functions[] = {
    COP_EXPORT("count(ms)", count, "ms, after so long."),
    COP_EXPORT("announce(x)", announce, "x, after any message."),
    COP_EXPORT("resist(x)", resist, "x, or no end."),
    COP_EXPORT("callers_of(x)", callers_of, "The callers."), COP_EXPORT_END};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "StreamTest", .functions = functions};

static cop_term stream(cop_term list, cop_term fun, cop_term options)
{
    return cop_task_async_stream(list, fun, options);
}

static cop_term to_list(cop_term s)
{
    return cop_apply(COP("Enum"), COP(":to_list"), cop_list(s));
}

static cop_term try_to_list(void *s)
{
    return to_list(*(cop_term *)s);
}

static void assert_nothing_left(void)
{
    task_assert_no_message();
    task_assert_none("links");
    task_assert_none("monitors");
}

/* Waits until so many tasks have announced themselves; their pids, the last first. */
static cop_term announced(int count_)
{
    cop_term pids = cop_empty_list(), pid;

    for (int i = 0; i < count_; i++) {
        cop_assert_receive_within(10000, "{:runs, pid, _}", pid);
        pids = cop_cons(pid, pids);
    }
    return pids;
}

static void assert_all_dead(cop_term pids)
{
    for (; !cop_is_empty_list(pids); pids = cop_tail(pids))
        cop_assert(!cop_is_alive(cop_to_pid(cop_head(pids))));
}

/* --- Values ----------------------------------------------------------------------------------- */

/* TSK-16 */
PROCESS_TEST(elements_are_pairs)
{
    cop_assert_equal(COP("[ok: 1, ok: 2, ok: 3]"),
                     to_list(stream(COP("[1, 2, 3]"), COP("&TaskTest.give/1"), COP("[]"))));
    cop_assert_equal(COP("[ok: {:a, 1}]"),
                     to_list(stream(COP("%{a: 1}"), COP("&TaskTest.give/1"), COP("[]"))));
    cop_assert_equal(COP("[]"), to_list(stream(COP("[]"), COP("&TaskTest.give/1"), COP("[]"))));
    cop_assert_equal(COP("[ok: [1, 5], ok: [2, 5]]"),
                     to_list(stream(COP("[[1], [2]]"), COP("{Kernel, :++, [[5]]}"), COP("[]"))));
    assert_nothing_left();
}

/* TSK-16: data that looks like a hole of a capture is data */
PROCESS_TEST(elements_may_look_like_holes)
{
    cop_term odd = COP("[{:&, 1}, {:&, :call, [Kernel, :exit, 1]}]");

    cop_assert_equal(COP("[ok: {:&, 1}, ok: {:&, :call, [Kernel, :exit, 1]}]"),
                     to_list(stream(odd, COP("&TaskTest.give/1"), COP("[]"))));
}

/* TSK-17: order; most at once */
PROCESS_TEST(order_and_concurrency)
{
    cop_term ordered = COP("[max_concurrency: 3]");
    cop_term unordered = COP("[max_concurrency: 3, ordered: false]");
    cop_term times = COP("[400, 1, 1, 1, 1]");

    running_most = 0;
    cop_assert_equal(COP("[ok: 400, ok: 1, ok: 1, ok: 1, ok: 1]"),
                     to_list(stream(times, COP("&StreamTest.count/1"), ordered)));
    cop_assert(running_most >= 2 && running_most <= 3);
    running_most = 0;
    cop_assert_equal(COP("[ok: 1, ok: 1, ok: 1, ok: 1, ok: 400]"),
                     to_list(stream(times, COP("&StreamTest.count/1"), unordered)));
    cop_assert(running_most >= 2 && running_most <= 3);
    running_most = 0;
    to_list(stream(times, COP("&StreamTest.count/1"), COP("[max_concurrency: 1]")));
    cop_assert_equal(1, running_most);
    running_most = 0;
    to_list(stream(COP("[100, 100, 100, 100, 100, 100]"), COP("&StreamTest.count/1"), COP("[]")));
    cop_assert_equal(cop_schedulers(), running_most); /* TSK-16: the default */
    assert_nothing_left();
}

static cop_pid next_announced(int64_t expected)
{
    cop_pid pid;

    cop_assert_receive_within(10000, "{:runs, pid, ^expected}", pid, expected);
    return pid;
}

static void let_go(cop_pid pid)
{
    cop_ref ref = cop_monitor(pid);

    cop_send(pid, COP(":go"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
}

/* Lets the second of two tasks end before the first, and looks when the third begins. */
static cop_term drive(cop_term consumer)
{
    cop_pid first, second;

    cop_register(COP(":stream_tester"), cop_self());
    cop_send(consumer, COP(":ready"));
    first = next_announced(1);
    second = next_announced(2);
    let_go(second);
    cop_refute_receive("{:runs, _, _}");
    let_go(first);
    let_go(next_announced(3));
    return cop_nil();
}

/* TSK-17: ordered results that wait for their turn count as running */
PROCESS_TEST(what_waits_to_be_emitted_takes_a_place)
{
    cop_term driver = cop_task_async(cop_task_fun(drive, cop_pid_term(cop_self())));

    cop_assert_receive_within(10000, ":ready");
    cop_assert_equal(COP("[ok: 1, ok: 2, ok: 3]"),
                     to_list(stream(COP("[1, 2, 3]"), COP("&StreamTest.announce/1"),
                                    COP("[max_concurrency: 2]"))));
    cop_assert_equal(cop_nil(), cop_task_await(driver, 10000));
}

/* TSK-15: the consumer is the caller, wherever the stream was made */
PROCESS_TEST(tasks_work_for_the_consumer)
{
    cop_term s = stream(COP("[1]"), COP("&StreamTest.callers_of/1"), COP("[]"));
    cop_term task = cop_task_async(cop_tuple(COP("Enum"), COP(":to_list"), cop_list(s)));
    cop_pid consumer = task_pid(task), self = cop_self();

    cop_assert_equal(cop_build("[ok: [consumer, self]]", consumer, self),
                     cop_task_await(task, 10000));
    cop_assert_equal(cop_build("[ok: [self]]", self), to_list(s));
}

/* --- Failures --------------------------------------------------------------------------------- */

/* TSK-16, 19 */
PROCESS_TEST(a_trapping_consumer_gets_exits_as_elements)
{
    cop_term list = COP("[{:exit, :normal}, {:exit, :boom}]");

    cop_trap_exit(true);
    cop_assert_equal(COP("[exit: :normal, exit: :boom]"),
                     to_list(stream(list, COP("&TaskTest.fail/1"), COP("[]"))));
    cop_assert_equal(
        COP("[exit: {{:exit, :normal}, :normal}, exit: {{:exit, :boom}, :boom}]"),
        to_list(stream(list, COP("&TaskTest.fail/1"), COP("[zip_input_on_exit: true]"))));
    cop_assert_match(
        to_list(stream(COP("[{:error, :badarg}]"), COP("&TaskTest.fail/1"), COP("[]"))),
        "[exit: {:badarg, _}]");
    assert_nothing_left();
}

/* TSK-19 */
PROCESS_TEST(a_crash_kills_a_consumer_that_does_not_trap)
{
    cop_term s = stream(COP("[{:exit, :boom}]"), COP("&TaskTest.fail/1"), COP("[]")), pid;
    cop_ref ref;

    cop_expect(cop_task_start(cop_tuple(COP("Enum"), COP(":to_list"), cop_list(s))), "{:ok, pid}",
               pid);
    ref = cop_monitor(pid);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :boom}", ref);
}

/* TSK-18 */
PROCESS_TEST(a_task_that_takes_too_long)
{
    cop_term list = COP("[:a, :b]"), s;

    cop_register(COP(":stream_tester"), cop_self());
    s = stream(list, COP("&StreamTest.announce/1"), COP("[timeout: 20, max_concurrency: 2]"));
    cop_assert_equal(COP("{:timeout, {Task.Supervised, :stream, [20]}}"),
                     cop_assert_exits(try_to_list, &s));
    assert_all_dead(announced(2));
    s = stream(list, COP("&StreamTest.announce/1"), COP("[timeout: 20, on_timeout: :kill_task]"));
    cop_assert_equal(COP("[exit: :timeout, exit: :timeout]"), to_list(s));
    assert_all_dead(announced(2));
    s = stream(list, COP("&StreamTest.announce/1"),
               COP("[timeout: 20, on_timeout: :kill_task, zip_input_on_exit: true]"));
    cop_assert_equal(COP("[exit: {:a, :timeout}, exit: {:b, :timeout}]"), to_list(s));
    announced(2);
    assert_nothing_left();
}

static cop_term make(void *options)
{
    return stream(COP("[]"), COP("&TaskTest.give/1"), *(cop_term *)options);
}

/* TSK-21: when the stream is made, not when it is consumed */
PROCESS_TEST(wrong_options_are_named)
{
    static const char *const concurrency = ":max_concurrency must be an integer greater than zero";
    static const char *const on_timeout = ":on_timeout must be either :exit or :kill_task";
    static const char *const timeout = ":timeout must be either a positive integer or :infinity";
    static const char *const shutdown =
        ":shutdown must be either a positive integer or :brutal_kill";
    const struct {
        cop_term options;
        const char *message;
    } rows[] = {
        {COP("[max_concurrency: 0]"), concurrency},
        {COP("[max_concurrency: -1]"), concurrency},
        {COP("[max_concurrency: :x]"), concurrency},
        {COP("[on_timeout: :kill]"), on_timeout},
        {COP("[timeout: -1]"), timeout},
        {COP("[timeout: :x]"), timeout},
        {COP("[shutdown: -1]"), shutdown},
        {COP("[shutdown: :infinity]"), shutdown},
    };
    cop_term right = COP("[max_concurrency: 1, timeout: 0, on_timeout: :exit, shutdown: 0]");
    cop_term message;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_term options = rows[i].options;

        cop_assert_match(cop_assert_raises(make, &options),
                         "%{__struct__: ArgumentError, message: message}", message);
        cop_assert_equal(rows[i].message, message);
    }
    cop_assert_equal(cop_empty_list(), to_list(make(&right)));
    right = COP("[timeout: :infinity, on_timeout: :kill_task, shutdown: :brutal_kill]");
    cop_assert_equal(cop_empty_list(), to_list(make(&right)));
}

/* --- Stopping early --------------------------------------------------------------------------- */

/* TSK-20: by closing, by taking some, by an exception */
PROCESS_TEST(stopping_early_kills_the_rest)
{
    cop_term s =
        stream(COP("[:a, :b, :c]"), COP("&StreamTest.announce/1"), COP("[max_concurrency: 3]"));
    struct cop_task_stream *opened;
    cop_term element;

    cop_register(COP(":stream_tester"), cop_self());
    opened = cop_task_stream_open(s);
    cop_send_after(20, COP(":stream_tester"), COP(":go_on"));
    cop_assert_receive_within(1000, ":go_on");
    cop_task_stream_close(opened); /* nothing had begun */
    assert_nothing_left();

    s = stream(COP("[1, 10000, 10000]"), COP("&StreamTest.count/1"), COP("[max_concurrency: 3]"));
    opened = cop_task_stream_open(s);
    cop_assert(cop_task_stream_next(opened, &element));
    cop_assert_equal(COP("{:ok, 1}"), element);
    cop_task_stream_close(opened);
    assert_nothing_left();
    cop_assert_equal(COP("[ok: 1]"), cop_apply(COP("Enum"), COP(":take"), cop_list(s, 1)));
    assert_nothing_left();
}

/* TSK-20: also one that does not obey. */
PROCESS_TEST(stopping_early_kills_the_stubborn)
{
    struct cop_task_stream *s = cop_task_stream_open(
        stream(COP("[1, 2]"), COP("&StreamTest.resist/1"), COP("[max_concurrency: 2]")));
    cop_term element, pids;

    cop_register(COP(":stream_tester"), cop_self());
    cop_assert(cop_task_stream_next(s, &element));
    cop_assert_equal(COP("{:ok, 1}"), element);
    pids = announced(1);
    cop_task_stream_close(s);
    assert_all_dead(pids);
    assert_nothing_left();
}

struct map_call {
    cop_term stream;
    cop_term fun;
};

static cop_term try_map(void *arg)
{
    const struct map_call *call = arg;

    return cop_apply(COP("Enum"), COP(":map"), cop_list(call->stream, call->fun));
}

/* TSK-20 */
PROCESS_TEST(an_exception_in_the_consumer_kills_the_rest)
{
    struct map_call call = {
        stream(COP("[1, 10000]"), COP("&StreamTest.count/1"), COP("[max_concurrency: 2]")),
        COP("&TaskTest.fail({:exit, &1})")};

    cop_assert_equal(COP("{:ok, 1}"), cop_assert_exits(try_map, &call));
    assert_nothing_left();
}

/* Takes one element of a stream and returns without closing it. */
static cop_term consume(cop_term unused)
{
    struct cop_task_stream *s = cop_task_stream_open(stream(
        COP("[1, 2]"), COP("&StreamTest.announce/1"), COP("[max_concurrency: 2, ordered: false]")));
    cop_term element;

    (void)unused;
    cop_task_stream_next(s, &element);
    return cop_nil();
}

static cop_term consume_for_ever(cop_term unused)
{
    (void)unused;
    return to_list(
        stream(COP("[1, 2]"), COP("&StreamTest.announce/1"), COP("[max_concurrency: 2]")));
}

/* Waits for the end of each; then nobody of them runs. */
static void assert_all_end(cop_term pids)
{
    for (; !cop_is_empty_list(pids); pids = cop_tail(pids)) {
        cop_ref ref = cop_monitor(cop_head(pids));

        cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    }
}

/* TSK-20: the end of the consumer is the end of its streams */
PROCESS_TEST(a_consumer_that_dies_takes_its_tasks_along)
{
    const cop_term reasons[] = {COP(":kill"), COP(":boom"), COP(":shutdown")};
    cop_term pid;

    cop_register(COP(":stream_tester"), cop_self());
    for (size_t i = 0; i < 3; i++) {
        cop_expect(cop_task_start(cop_task_fun(consume_for_ever, cop_nil())), "{:ok, pid}", pid);
        {
            cop_term pids = announced(2);

            cop_exit_process(cop_to_pid(pid), reasons[i]);
            assert_all_end(pids);
        }
    }
    cop_expect(cop_task_start(cop_task_fun(consume, cop_nil())), "{:ok, pid}", pid);
    {
        cop_term pids = announced(2);

        cop_send(cop_head(pids), COP(":go"));
        assert_all_end(pids);
    }
}

/* TSK-20: what is no message of the stream does not disturb it */
PROCESS_TEST(strangers_messages_are_ignored)
{
    struct cop_task_stream *s;
    cop_term element, links, monitor;
    cop_ref ref = cop_make_ref();

    s = cop_task_stream_open(stream(COP("[1, 2]"), COP("&TaskTest.give/1"), COP("[]")));
    cop_expect(cop_process_info(cop_self(), COP(":links")), "{:links, links}", links);
    cop_expect(links, "[monitor]", monitor);
    cop_send(monitor, COP(":hello"));
    cop_send(monitor, cop_build("{:DOWN, ref, :process, monitor, :boom}", ref, monitor));
    cop_send(monitor, cop_build("{:stop, ref}", ref));
    cop_send(monitor, cop_build("{:timeout, ref, {ref, ref}}", ref));
    cop_send(monitor, cop_build("{:spawn, ref, 0, 5}", ref));
    cop_send(cop_self(), cop_build("{{ref, 0}, :x}", ref));
    cop_assert(cop_task_stream_next(s, &element));
    cop_assert_equal(COP("{:ok, 1}"), element);
    cop_assert(cop_task_stream_next(s, &element));
    cop_assert_equal(COP("{:ok, 2}"), element);
    cop_assert(!cop_task_stream_next(s, &element));
    cop_assert(!cop_task_stream_next(s, &element));
    cop_task_stream_close(s);
    cop_task_stream_close(NULL);
    cop_assert_receive("{{^ref, 0}, :x}", ref);
    assert_nothing_left();
}

struct next_call {
    struct cop_task_stream *stream;
};

static cop_term try_next(void *arg)
{
    cop_term element;

    return cop_bool(cop_task_stream_next(((struct next_call *)arg)->stream, &element));
}

/* The monitor of a stream is killed: the consumer is told. */
PROCESS_TEST(a_lost_monitor_ends_the_stream)
{
    struct next_call call = {
        cop_task_stream_open(stream(COP("[1]"), COP("&TaskTest.gate/1"), COP("[]")))};
    cop_term links, monitor;

    cop_trap_exit(true);
    cop_expect(cop_process_info(cop_self(), COP(":links")), "{:links, links}", links);
    cop_expect(links, "[monitor]", monitor);
    cop_exit_process(cop_to_pid(monitor), COP(":kill"));
    cop_assert_equal(COP("{:killed, {Task.Supervised, :stream, [5000]}}"),
                     cop_assert_exits(try_next, &call));
    cop_task_stream_close(call.stream);
    assert_nothing_left();
}

/* TSK-20: what came before that is told of it goes, too. */
PROCESS_TEST(a_lost_monitor_leaves_no_messages)
{
    struct next_call call = {cop_task_stream_open(
        stream(COP("[1, 2, 3, 4]"), COP("&TaskTest.give/1"), COP("[max_concurrency: 3]")))};
    cop_term links, monitor, length;
    cop_ref ref;

    cop_trap_exit(true);
    cop_expect(cop_process_info(cop_self(), COP(":links")), "{:links, links}", links);
    cop_expect(links, "[monitor]", monitor);
    cop_assert_equal(cop_true(), try_next(&call));
    do { /* the reply and the end of two more */
        cop_yield();
        cop_expect(cop_process_info(cop_self(), COP(":message_queue_len")), "{_, length}", length);
    } while (cop_to_int(length) < 4);
    ref = cop_monitor(monitor);
    cop_exit_process(cop_to_pid(monitor), COP(":kill"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_assert_equal(COP("{:killed, {Task.Supervised, :stream, [5000]}}"),
                     cop_assert_exits(try_next, &call));
    cop_task_stream_close(call.stream);
    assert_nothing_left();
}

static cop_term try_open(void *t)
{
    cop_task_stream_open(*(cop_term *)t);
    return cop_nil();
}

/* What was not made by async_stream is no stream, whatever it looks like. */
PROCESS_TEST(forged_streams_are_refused)
{
    cop_term forged[] = {
        cop_int(1),
        COP("&TaskTest.give/1"),
        COP("&Task.Supervised.stream(&1, &2, 3)"),
        COP("&Task.Supervised.stream(&1, &2, %{enumerable: 1})"),
        COP("&Task.Supervised.stream(&1, &2, %{enumerable: [1], fun: 1, options: [], supervisor:"
            " nil, link: true, shutdown: nil})"),
        COP("&Task.Supervised.stream(&1, &2, %{enumerable: 5, fun: &TaskTest.give/1, options: [],"
            " supervisor: nil, link: true, shutdown: nil})")};

    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++)
        cop_assert_match(cop_assert_raises(try_open, &forged[i]), "%{__exception__: true}");
    assert_nothing_left();
}

/* An input that is itself a stream. */
PROCESS_TEST(a_stream_over_a_stream)
{
    cop_term inner = stream(COP("[1, 2]"), COP("&TaskTest.give/1"), COP("[]"));

    cop_assert_equal(COP("[ok: {:ok, 1}, ok: {:ok, 2}]"),
                     to_list(stream(inner, COP("&TaskTest.give/1"), COP("[]"))));
    assert_nothing_left();
}

static int up(void **state)
{
    cop_module_register(&task_test_module);
    cop_module_register(&module);
    return node_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_pairs),
        cmocka_unit_test(elements_may_look_like_holes),
        cmocka_unit_test(order_and_concurrency),
        cmocka_unit_test(what_waits_to_be_emitted_takes_a_place),
        cmocka_unit_test(tasks_work_for_the_consumer),
        cmocka_unit_test(a_trapping_consumer_gets_exits_as_elements),
        cmocka_unit_test(a_crash_kills_a_consumer_that_does_not_trap),
        cmocka_unit_test(a_task_that_takes_too_long),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(stopping_early_kills_the_rest),
        cmocka_unit_test(stopping_early_kills_the_stubborn),
        cmocka_unit_test(an_exception_in_the_consumer_kills_the_rest),
        cmocka_unit_test(a_consumer_that_dies_takes_its_tasks_along),
        cmocka_unit_test(strangers_messages_are_ignored),
        cmocka_unit_test(a_lost_monitor_ends_the_stream),
        cmocka_unit_test(a_lost_monitor_leaves_no_messages),
        cmocka_unit_test(forged_streams_are_refused),
        cmocka_unit_test(a_stream_over_a_stream),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
