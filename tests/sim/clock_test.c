/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual clock of seeded runs: times are exact, and long ones take no time (D9). */
#include "support/check_process.h"

#include "coppice/module.h"

#include <time.h>

static bool never(cop_term msg, void *arg)
{
    (void)msg;
    (void)arg;
    return false;
}

/* MSG-04: messages that do not fit do not restart the timer: the wait is exact. */
PROCESS_TEST(a_timeout_runs_from_the_call)
{
    cop_term msg;
    for (int i = 1; i <= 20; i++)
        cop_send_after(i * 10, cop_pid_term(cop_self()), COP(":noise"));
    int64_t start = cop_monotonic_ms();
    CHECK(!cop_receive_if(never, NULL, &msg, 105));
    CHECK_INT(cop_monotonic_ms() - start, 105);
    CHECK(cop_is_alive(cop_self()));
    CHECK_TERM(check_info(cop_self(), "message_queue_len"), "10");
    return cop_end();
}

/* TMR-01 TMR-05 TMR-10: what is left is exact, and the deadline is. */
PROCESS_TEST(timers_are_exact)
{
    int64_t start = cop_monotonic_ms();
    cop_ref a = cop_send_after(1000, cop_pid_term(cop_self()), COP(":a"));
    cop_ref b = cop_start_timer(2000, cop_pid_term(cop_self()), COP(":b"));
    CHECK_INT(cop_read_timer(a), 1000);
    cop_sleep(400);
    CHECK_INT(cop_monotonic_ms() - start, 400);
    CHECK_INT(cop_read_timer(a), 600);
    CHECK_TERM(check_next(), ":a");
    CHECK_INT(cop_monotonic_ms() - start, 1000);
    CHECK_INT(cop_cancel_timer(b), 1000);
    cop_sleep(5000);
    check_no_message();
    return cop_end();
}

/* TMR-05: 0 for one that is due and has not fired, here and in Elixir's form; then nothing. */
PROCESS_TEST(a_timer_that_is_due_can_be_cancelled)
{
    cop_ref ref = cop_send_after(0, cop_pid_term(cop_self()), COP(":x"));
    CHECK_INT(cop_read_timer(ref), 0);
    CHECK_TERM(cop_apply(COP("Process"), COP(":read_timer"), cop_list(ref)), "0");
    CHECK_INT(cop_cancel_timer(ref), 0);
    ref = cop_send_after(0, cop_pid_term(cop_self()), COP(":x"));
    CHECK_TERM(cop_apply(COP("Process"), COP(":cancel_timer"), cop_list(ref)), "0");
    CHECK_TERM(cop_apply(COP("Process"), COP(":cancel_timer"), cop_list(ref)), "false");
    cop_sleep(10);
    check_no_message();
    return cop_end();
}

/* MSG-05 D9: an hour, the longest receive there is, and a longer sleep, in no time. */
PROCESS_TEST(long_waits_take_no_time)
{
    cop_term msg;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int64_t start = cop_monotonic_ms();
    CHECK(!cop_receive(&msg, 3600000));
    CHECK(!cop_receive(&msg, 4294967295));
    CHECK_INT(cop_monotonic_ms() - start, 4294967295 + 3600000);
    start = cop_monotonic_ms();
    cop_sleep(2 * 4294967295 + 7);
    CHECK_INT(cop_monotonic_ms() - start, 2 * 4294967295 + 7);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK(after.tv_sec - before.tv_sec < 20);
    return cop_end();
}

static cop_next sleeper(cop_term arg)
{
    cop_pid to;
    int64_t ms;
    cop_expect(arg, "{to, ms}", to, ms);
    cop_sleep(ms);
    cop_send(to, ms);
    return cop_end();
}

/* TMR-10: sleepers wake in the order of their times, whatever order they were started in. */
PROCESS_TEST(sleepers_wake_in_order)
{
    for (int i = 0; i < 100; i++)
        cop_spawn(sleeper, cop_tuple(cop_self(), 1 + i * 37 % 100), NULL);
    for (int i = 1; i <= 100; i++)
        CHECK_SAME(check_next(), i);
    return cop_end();
}

static cop_next wake(void *state)
{
    int64_t *start = state;
    cop_term msg;
    CHECK(!cop_receive(&msg, 0));
    CHECK_INT(cop_monotonic_ms() - *start, 250);
    cop_send(COP(":clock_test"), COP(":woken"));
    return cop_end();
}

static cop_next hibernate(cop_term arg)
{
    int64_t *start = cop_alloc(sizeof(*start));
    (void)arg;
    *start = cop_monotonic_ms();
    return cop_hibernate_for(wake, start, 250);
}

PROCESS_TEST(hibernation_times_out_exactly)
{
    cop_register(COP(":clock_test"), cop_self());
    cop_spawn(hibernate, cop_nil(), NULL);
    CHECK_TERM(check_next(), ":woken");
    return cop_end();
}

static int start_seeded(void **state)
{
    struct cop_node_opts opts = {.seed = 7};
    (void)state;
    return check_start_node_with(&opts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timeout_runs_from_the_call),
        cmocka_unit_test(timers_are_exact),
        cmocka_unit_test(long_waits_take_no_time),
        cmocka_unit_test(sleepers_wake_in_order),
        cmocka_unit_test(hibernation_times_out_exactly),
        cmocka_unit_test(a_timer_that_is_due_can_be_cancelled),
    };
    return cmocka_run_group_tests_name("sim_clock", tests, start_seeded, check_stop_node);
}
