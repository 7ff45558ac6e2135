/* SPDX-License-Identifier: Apache-2.0 */
/* Timers (TMR). What needs exact times is in tests/sim, on the virtual clock. */
#include "support/check_process.h"

#include "coppice/introspect.h"

/* TMR-01 TMR-10: the message itself, or {:timeout, ref, msg}; never early. */
PROCESS_TEST(timers_deliver)
{
    int64_t start = cop_monotonic_ms();
    cop_ref a = cop_send_after(20, cop_pid_term(cop_self()), COP("{:plain, 1}"));
    CHECK(cop_read_timer(a) >= 0);
    CHECK_TERM(check_next(), "{:plain, 1}");
    CHECK(cop_monotonic_ms() - start >= 20);
    CHECK_INT(cop_read_timer(a), -1);
    start = cop_monotonic_ms();
    cop_ref b = cop_start_timer(20, cop_pid_term(cop_self()), COP(":hello"));
    CHECK(!cop_ref_equal(a, b));
    CHECK_SAME(check_next(), cop_tuple(COP(":timeout"), b, COP(":hello")));
    CHECK(cop_monotonic_ms() - start >= 20);
    check_no_message();
    return cop_end();
}

struct timer_args {
    int64_t ms;
    cop_term to;
};

static cop_term try_send_after(void *arg)
{
    const struct timer_args *a = arg;
    return cop_ref_term(cop_send_after(a->ms, a->to, COP(":x")));
}

static cop_term try_start_timer(void *arg)
{
    const struct timer_args *a = arg;
    return cop_ref_term(cop_start_timer(a->ms, a->to, COP(":x")));
}

/* TMR-10: nor are long ones early. */
PROCESS_TEST(long_times_do_not_end_early)
{
    cop_term msg;
    int64_t start = cop_monotonic_ms();
    CHECK(!cop_receive(&msg, 1000));
    CHECK(cop_monotonic_ms() - start >= 1000);
    return cop_end();
}

/* TMR-02 TMR-03 */
PROCESS_TEST(bad_arguments)
{
    cop_pid far = cop_self();
    far.node = 1;
    struct timer_args bad[] = {
        {-1, cop_pid_term(cop_self())}, {INT64_MIN, cop_pid_term(cop_self())},
        {10, COP("\"text\"")},          {10, COP("17")},
        {0, cop_pid_term(far)},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_send_after, &bad[i]);
        CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_start_timer, &bad[i]);
    }
    check_no_message();
    return cop_end();
}

/* TMR-03: a name is looked up when the timer fires. */
PROCESS_TEST(a_name_is_looked_up_at_the_end)
{
    cop_term name = COP(":tmr_03");
    cop_ref nobody = cop_send_after(1, name, COP(":lost"));
    while (cop_read_timer(nobody) >= 0)
        cop_sleep(1);
    cop_pid first = puppet_start();
    cop_register(name, first);
    cop_send_after(30, name, COP(":hello"));
    cop_unregister(name);
    cop_register(name, cop_self());
    CHECK_TERM(check_next(), ":hello");
    CHECK_TERM(puppet_mailbox(first), "[]");
    cop_unregister(name);
    return cop_end();
}

static cop_term make_timer(cop_term to)
{
    return cop_ref_term(cop_send_after(40, to, COP(":from_the_dead")));
}

/* TMR-04: the receiver's death cancels, the creator's does not. */
PROCESS_TEST(deaths_of_receiver_and_creator)
{
    cop_pid creator = puppet_start(), receiver = puppet_start();
    puppet_call(creator, make_timer, cop_pid_term(cop_self()));
    cop_ref ref = cop_to_ref(puppet_call(creator, make_timer, cop_pid_term(receiver)));
    cop_exit_process(creator, COP(":kill"));
    cop_exit_process(receiver, COP(":kill"));
    CHECK(!cop_is_alive(receiver));
    CHECK_INT(cop_read_timer(ref), -1);
    CHECK_TERM(check_next(), ":from_the_dead");
    cop_ref dead = cop_send_after(1000, cop_pid_term(receiver), COP(":lost"));
    CHECK_INT(cop_cancel_timer(dead), -1);
    return cop_end();
}

/* TMR-05 TMR-07 */
PROCESS_TEST(cancel_and_read)
{
    cop_ref t = cop_send_after(60000, cop_pid_term(cop_self()), COP(":late"));
    int64_t left = cop_read_timer(t);
    CHECK(left > 0 && left <= 60000);
    left = cop_cancel_timer(t);
    CHECK(left > 0 && left <= 60000);
    CHECK_INT(cop_cancel_timer(t), -1);
    CHECK_INT(cop_read_timer(t), -1);
    CHECK_INT(cop_cancel_timer(cop_make_ref()), -1);
    CHECK_INT(cop_read_timer(cop_make_ref()), -1);
    t = cop_start_timer(0, cop_pid_term(cop_self()), COP(":now"));
    CHECK_SAME(check_next(), cop_tuple(COP(":timeout"), t, COP(":now")));
    CHECK_INT(cop_cancel_timer(t), -1);
    return cop_end();
}

static cop_term cancel(cop_term arg)
{
    return cop_int(cop_cancel_timer(cop_to_ref(arg)));
}

/* TMR-05: another process may cancel it, too. */
PROCESS_TEST(cancelled_by_another_process)
{
    cop_pid other = puppet_start();
    cop_ref t = cop_send_after(50, cop_pid_term(cop_self()), COP(":late"));
    CHECK(cop_to_int(puppet_call(other, cancel, cop_ref_term(t))) >= 0);
    CHECK_INT(cop_cancel_timer(t), -1);
    cop_send_after(80, cop_pid_term(cop_self()), COP(":end"));
    CHECK_TERM(check_next(), ":end");
    return cop_end();
}

/* TMR-06 TMR-07: cancelled at the moment of firing: a number, and no message; or -1, and one. */
PROCESS_TEST(cancel_against_firing)
{
    int rounds = check_scaled(300);
    for (int i = 0; i < rounds; i++) {
        cop_ref t = cop_start_timer(i % 3, cop_pid_term(cop_self()), COP(":x"));
        if (i % 4 == 1) cop_sleep(1);
        if (i % 4 == 2) cop_yield();
        if (cop_cancel_timer(t) == -1)
            CHECK_SAME(check_next(), cop_tuple(COP(":timeout"), t, COP(":x")));
    }
    cop_send_after(10, cop_pid_term(cop_self()), COP(":end"));
    CHECK_TERM(check_next(), ":end");
    check_no_message();
    return cop_end();
}

/* TMR-09 TMR-10: timers fire in the order of their deadlines when these are apart. */
PROCESS_TEST(order_of_deadlines)
{
    static const int ms[] = {90, 0, 60, 30};
    static const int order[] = {0, 30, 60, 90};
    for (int i = 0; i < 4; i++)
        cop_send_after(ms[i], cop_pid_term(cop_self()), cop_int(ms[i]));
    for (int i = 0; i < 4; i++)
        CHECK_SAME(check_next(), order[i]);
    return cop_end();
}

/* TMR-04 TMR-05: many timers, half of them cancelled: the other half fires, each once. */
PROCESS_TEST(many_timers)
{
    enum { COUNT = 5000 };
    static cop_ref timers[COUNT];
    static unsigned char seen[COUNT];
    int expected = 0;
    for (int i = 0; i < COUNT; i++) {
        seen[i] = 0;
        timers[i] = cop_send_after(5 + i * 7 % 90, cop_pid_term(cop_self()), cop_int(i));
    }
    for (int i = 0; i < COUNT; i++) {
        bool is_cancelled = i % 2 == 0 && cop_cancel_timer(timers[i]) >= 0;
        seen[i] = is_cancelled ? 2 : 0;
        expected += is_cancelled ? 0 : 1;
    }
    for (int k = 0; k < expected; k++) {
        int64_t i = cop_to_int(check_next());
        CHECK_INT(seen[i], 0);
        seen[i] = 1;
    }
    cop_send_after(100, cop_pid_term(cop_self()), COP(":end"));
    CHECK_TERM(check_next(), ":end");
    return cop_end();
}

/* cop_sleep: at least so long; messages queue up. */
PROCESS_TEST(sleep_lets_messages_queue_up)
{
    int64_t start = cop_monotonic_ms();
    cop_send(cop_self(), COP(":zero"));
    cop_send_after(1, cop_pid_term(cop_self()), COP(":one"));
    cop_sleep(30);
    CHECK(cop_monotonic_ms() - start >= 30);
    CHECK_TERM(check_next(), ":zero");
    CHECK_TERM(check_next(), ":one");
    cop_sleep(0);
    return cop_end();
}

static uint64_t timers_set(void)
{
    struct cop_node_figures figures;
    cop_read_node(&figures);
    return figures.timers;
}

static cop_next echo(void *state)
{
    cop_term msg;
    if (cop_receive(&msg, 0)) cop_send(cop_to_pid(msg), COP(":echo"));
    return cop_hibernate(echo, state);
}

static cop_next start_echo(cop_term arg)
{
    (void)arg;
    return cop_hibernate(echo, NULL);
}

static cop_next wait_long(cop_term to)
{
    cop_term msg;
    cop_send_after(1, to, COP(":waits"));
    cop_receive(&msg, 3600000);
    return cop_end();
}

/* A process has one timer for its waits, whatever it waited for before, and none when it has
 * ended. */
PROCESS_TEST(waits_leave_no_timers)
{
    uint64_t before = timers_set();
    cop_pid peer = cop_spawn(start_echo, cop_nil(), NULL), waiter;
    cop_ref ref;
    cop_term msg;
    for (int i = 0; i < 20; i++) {
        CHECK(!cop_receive(&msg, 1));
        cop_send(peer, cop_self());
        CHECK(cop_receive(&msg, 3600000));
    }
    CHECK(timers_set() <= before + 1);
    before = timers_set();
    waiter = cop_spawn(wait_long, cop_pid_term(cop_self()),
                       &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    CHECK_TERM(check_next(), ":waits");
    cop_exit_process(waiter, COP(":kill"));
    check_next();
    CHECK(timers_set() <= before);
    cop_exit_process(peer, COP(":kill"));
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_deliver),
        cmocka_unit_test(long_times_do_not_end_early),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(a_name_is_looked_up_at_the_end),
        cmocka_unit_test(deaths_of_receiver_and_creator),
        cmocka_unit_test(cancel_and_read),
        cmocka_unit_test(cancelled_by_another_process),
        cmocka_unit_test(cancel_against_firing),
        cmocka_unit_test(order_of_deadlines),
        cmocka_unit_test(many_timers),
        cmocka_unit_test(sleep_lets_messages_queue_up),
        cmocka_unit_test(waits_leave_no_timers),
    };
    return cmocka_run_group_tests_name("timer", tests, check_start_node, check_stop_node);
}
