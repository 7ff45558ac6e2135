/* SPDX-License-Identifier: Apache-2.0 */
/* Suspended processes and priorities (PRC-16, PRC-10), on one scheduler: who is runnable and who
 * goes first is then certain. */
#include "support/check_process.h"

static cop_pid me;

/* Answers each message with itself, at top level. */
static cop_next echo(void *unused)
{
    cop_term msg;
    if (cop_receive(&msg, 0)) cop_send(me, msg);
    return cop_hibernate(echo, unused);
}

static cop_next echo_start(cop_term arg)
{
    (void)arg;
    return cop_hibernate(echo, NULL);
}

/* The same inside a receive. */
static bool echo_turn(void *unused, cop_term msg)
{
    (void)unused;
    cop_send(me, msg);
    return true;
}

static cop_next echo_inside(cop_term arg)
{
    (void)arg;
    cop_receive_loop(echo_turn, NULL);
    return cop_end();
}

static cop_term status(cop_pid pid)
{
    return cop_elem(cop_process_info(pid, COP(":status")), 1);
}

static cop_term suspending(void)
{
    return cop_elem(cop_process_info(cop_self(), COP(":suspending")), 1);
}

/* Everybody else has had its turn. */
static void let_others_run(void)
{
    for (int i = 0; i < 100; i++)
        cop_yield();
}

static void held_back(cop_start_fn start)
{
    me = cop_self();
    cop_pid pid = cop_spawn(start, cop_nil(), NULL);
    CHECK(cop_suspend_process(pid));
    CHECK(cop_suspend_process(pid));
    CHECK_TERM(status(pid), ":suspended");
    CHECK_SAME(suspending(), cop_list(cop_tuple(pid, 2, 0)));
    cop_send(pid, COP(":a"));
    cop_send(pid, COP(":b"));
    let_others_run();
    check_no_message();
    CHECK(cop_is_alive(pid)); /* it receives signals all the same ... */
    CHECK_TERM(cop_elem(cop_process_info(pid, COP(":message_queue_len")), 1), "2");
    CHECK(cop_resume_process(pid));
    let_others_run();
    check_no_message(); /* ... and as often as it was suspended it is resumed */
    CHECK(cop_resume_process(pid));
    CHECK_TERM(check_next(), ":a");
    CHECK_TERM(check_next(), ":b");
    CHECK_TERM(suspending(), "[]");
    CHECK(!cop_resume_process(pid));
    cop_send(pid, COP(":c"));
    CHECK_TERM(check_next(), ":c");
    CHECK(cop_suspend_process(pid));
    cop_ref ref = cop_monitor(pid);
    cop_exit_process(pid, COP(":enough")); /* an exit signal is received, too */
    check_down(ref);
    CHECK(!cop_suspend_process(pid));
    CHECK(!cop_resume_process(pid));
}

PROCESS_TEST(a_process_at_top_level_is_held_back) /* PRC-16 */
{
    held_back(echo_start);
    return cop_end();
}

PROCESS_TEST(a_process_in_a_receive_is_held_back) /* PRC-16 */
{
    held_back(echo_inside);
    return cop_end();
}

static cop_next count(cop_term counter)
{
    int64_t *n = (int64_t *)(intptr_t)cop_to_int(counter);
    while (*n < INT64_MAX) {
        ++*n;
        cop_yield();
    }
    return cop_end();
}

PROCESS_TEST(a_process_in_a_loop_is_held_back_where_it_gives_way) /* PRC-16 */
{
    static int64_t n;
    cop_pid pid = cop_spawn(count, cop_int((intptr_t)&n), NULL);
    let_others_run();
    CHECK(n > 0);
    CHECK(cop_suspend_process(pid));
    int64_t then = n;
    let_others_run();
    CHECK_INT(n, then);
    CHECK(cop_resume_process(pid));
    let_others_run();
    CHECK(n > then);
    cop_ref ref = cop_monitor(pid);
    cop_exit_process(pid, COP(":kill"));
    check_down(ref);
    return cop_end();
}

static cop_next suspend_and_end(cop_term pid)
{
    CHECK(cop_suspend_process(cop_to_pid(pid)));
    CHECK(cop_suspend_process(cop_to_pid(pid)));
    return cop_end();
}

PROCESS_TEST(who_ends_holds_nobody_back) /* PRC-16 */
{
    me = cop_self();
    cop_pid pid = cop_spawn(echo_start, cop_nil(), NULL);
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_spawn(suspend_and_end, cop_pid_term(pid), &opts);
    cop_send(pid, COP(":a"));
    check_down(ref);
    CHECK_TERM(check_next(), ":a");
    ref = cop_monitor(pid);
    cop_exit_process(pid, COP(":kill"));
    check_down(ref);
    return cop_end();
}

PROCESS_TEST(nobody_suspends_itself) /* PRC-16 */
{
    CHECK(!cop_suspend_process(cop_self()));
    CHECK(!cop_suspend_process(cop_no_pid()));
    CHECK(!cop_resume_process(cop_self()));
    return cop_end();
}

PROCESS_TEST(the_time_of_a_receive_runs_on) /* PRC-16, MSG-04 */
{
    me = cop_self();
    cop_pid pid = cop_spawn(echo_inside, cop_nil(), NULL);
    CHECK(cop_suspend_process(pid));
    cop_send_after(1, cop_pid_term(pid), COP(":late"));
    cop_sleep(3);
    check_no_message();
    CHECK(cop_resume_process(pid));
    CHECK_TERM(check_next(), ":late");
    cop_ref ref = cop_monitor(pid);
    cop_exit_process(pid, COP(":kill"));
    check_down(ref);
    return cop_end();
}

/* --- Priorities ------------------------------------------------------------------------------- */

#define TURNS 800

/* How often each of the counters had run when the first had run TURNS times. */
static void race(enum cop_priority a, enum cop_priority b, int64_t *ret_a, int64_t *ret_b)
{
    static int64_t n[2];
    enum cop_priority priorities[] = {a, b};
    cop_pid pids[2];
    cop_ref refs[2];
    n[0] = n[1] = 0;
    CHECK_INT(cop_set_priority(COP_PRIORITY_MAX), COP_PRIORITY_NORMAL);
    for (int i = 0; i < 2; i++) {
        struct cop_spawn_opts opts = {
            .priority = priorities[i], .monitor = true, .ret_ref = &refs[i]};
        pids[i] = cop_spawn(count, cop_int((intptr_t)&n[i]), &opts);
    }
    CHECK_INT(cop_set_priority(COP_PRIORITY_NORMAL), COP_PRIORITY_MAX);
    while (n[0] < TURNS && n[1] < TURNS)
        cop_yield();
    *ret_a = n[0];
    *ret_b = n[1];
    for (int i = 0; i < 2; i++)
        cop_exit_process(pids[i], COP(":kill"));
    for (int i = 0; i < 2; i++)
        check_down(refs[i]);
}

PROCESS_TEST(low_runs_once_in_eight) /* PRC-10 */
{
    int64_t normal, low;
    race(COP_PRIORITY_NORMAL, COP_PRIORITY_LOW, &normal, &low);
    CHECK(low > 0 && low < normal / 4);
    race(COP_PRIORITY_LOW, COP_PRIORITY_NORMAL, &low, &normal);
    CHECK(low > 0 && low < normal / 4);
    race(COP_PRIORITY_NORMAL, COP_PRIORITY_NORMAL, &normal, &low);
    CHECK(low > normal / 2 && low < normal * 2);
    return cop_end();
}

PROCESS_TEST(a_priority_is_told) /* PRC-10 */
{
    cop_pid self = cop_self();
    CHECK_TERM(cop_process_info(self, COP(":priority")), "{:priority, :normal}");
    CHECK_INT(cop_set_priority(COP_PRIORITY_HIGH), COP_PRIORITY_NORMAL);
    CHECK_TERM(cop_process_info(self, COP(":priority")), "{:priority, :high}");
    CHECK_INT(cop_set_priority(COP_PRIORITY_LOW), COP_PRIORITY_HIGH);
    CHECK_TERM(cop_process_info(self, COP(":priority")), "{:priority, :low}");
    CHECK_INT(cop_set_priority(COP_PRIORITY_MAX), COP_PRIORITY_LOW);
    CHECK_TERM(cop_process_info(self, COP(":priority")), "{:priority, :max}");
    CHECK_INT(cop_set_priority(COP_PRIORITY_NORMAL), COP_PRIORITY_MAX);
    return cop_end();
}

static cop_next say(cop_term what)
{
    cop_send(me, what);
    return cop_end();
}

/* Those who were made runnable first go first, but one of high priority goes before them. */
PROCESS_TEST(high_goes_first) /* PRC-10 */
{
    static const struct cop_spawn_opts high = {.priority = COP_PRIORITY_HIGH};
    me = cop_self();
    cop_spawn(say, COP(":a"), NULL);
    cop_spawn(say, COP(":b"), NULL);
    cop_spawn(say, COP(":c"), NULL);
    cop_spawn(say, COP(":high"), &high);
    bool is_before_b = false;
    for (int i = 0; i < 4; i++) {
        cop_term said = check_next();
        if (cop_match(said, ":high")) is_before_b = true;
        if (cop_match(said, ":a") || cop_match(said, ":b")) CHECK(is_before_b);
    }
    return cop_end();
}

static int one_scheduler(void **state)
{
    (void)state;
    return check_start_node_with(&(struct cop_node_opts){.schedulers = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_at_top_level_is_held_back),
        cmocka_unit_test(a_process_in_a_receive_is_held_back),
        cmocka_unit_test(a_process_in_a_loop_is_held_back_where_it_gives_way),
        cmocka_unit_test(who_ends_holds_nobody_back),
        cmocka_unit_test(nobody_suspends_itself),
        cmocka_unit_test(the_time_of_a_receive_runs_on),
        cmocka_unit_test(low_runs_once_in_eight),
        cmocka_unit_test(a_priority_is_told),
        cmocka_unit_test(high_goes_first),
    };
    return cmocka_run_group_tests_name("suspend", tests, one_scheduler, check_stop_node);
}
