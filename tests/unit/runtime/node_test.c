/* SPDX-License-Identifier: Apache-2.0 */
/* The node: start, stop, run, options (D11). Each test starts nodes of its own. */
#include "support/check_process.h"

#include <string.h>

static cop_next end_normally(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static cop_next exit_with(cop_term arg)
{
    cop_exit(arg);
}

static void start(int schedulers)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .schedulers = schedulers};
    assert_int_equal(cop_node_start(&opts), 0);
}

static void a_node_starts_and_stops_again(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        start(1 + i % 3);
        assert_true(cop_run(end_normally, cop_nil(), NULL, 0));
        cop_node_stop();
    }
}

static void one_node_at_a_time(void **state)
{
    (void)state;
    start(2);
    assert_int_equal(cop_node_start(NULL), -EBUSY);
    assert_true(cop_run(end_normally, cop_nil(), NULL, 0));
    cop_node_stop();
}

static void options_out_of_range(void **state)
{
    struct cop_node_opts bad[] = {
        {.schedulers = -1}, {.schedulers = 1 << 20}, {.processes_max = -1}, {.spares_max = -1},
        {.size = 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(cop_node_start(&bad[i]), -EINVAL);
    start(1); /* and nothing is left of them */
    cop_node_stop();
}

static void defaults(void **state)
{
    (void)state;
    assert_int_equal(cop_node_start(NULL), 0);
    assert_true(cop_run(end_normally, cop_nil(), NULL, 0));
    cop_node_stop();
}

static void run_tells_how_it_ended(void **state)
{
    char text[512] = "untouched";
    (void)state;
    start(2);
    assert_true(cop_run(end_normally, cop_nil(), text, sizeof(text)));
    cop_region *region = cop_region_open();
    assert_true(cop_run(exit_with, COP(":normal"), text, sizeof(text)));
    assert_false(cop_run(exit_with, COP(":boom"), text, sizeof(text)));
    assert_non_null(strstr(text, ":boom"));
    assert_false(cop_run(exit_with, cop_string("a longer text that does not fit"), text, 10));
    assert_true(strlen(text) < 10);
    assert_false(cop_run(exit_with, COP(":boom"), NULL, 0));
    cop_region_close(region);
    cop_node_stop();
}

/* --- Stopping ----------------------------------------------------------------------------------*/

static char order[16];
static atomic_int order_len;

static void note(char letter)
{
    order[atomic_fetch_add(&order_len, 1)] = letter;
}

static cop_next first_hook(cop_term arg)
{
    (void)arg;
    note('1');
    return cop_end();
}

static cop_next second_hook(cop_term arg)
{
    (void)arg;
    cop_sleep(1); /* a hook may wait; the node is still whole */
    note('2');
    return cop_end();
}

static void hooks_run_last_first(void **state)
{
    (void)state;
    memset(order, 0, sizeof(order));
    atomic_store(&order_len, 0);
    start(2);
    cop_node_at_stop(first_hook);
    cop_node_at_stop(second_hook);
    cop_node_stop();
    assert_string_equal(order, "21");
    start(2); /* they were those of one node */
    cop_node_stop();
    assert_string_equal(order, "21");
}

static atomic_int unwound;

static void count_cleanup(int *unused)
{
    (void)unused;
    atomic_fetch_add(&unwound, 1);
}

static cop_next wait_for_ever(cop_term arg)
{
    __attribute__((cleanup(count_cleanup), unused)) int here = 0;
    cop_term msg;
    (void)arg;
    cop_put(COP(":k"), cop_list(1, 2, "three"));
    cop_trap_exit(true);
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

static cop_next sleep_at_top(void *unused)
{
    return cop_hibernate(sleep_at_top, unused);
}

static cop_next hibernate_at_once(cop_term arg)
{
    (void)arg;
    return cop_hibernate(sleep_at_top, NULL);
}

static cop_next start_some(cop_term arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++) {
        cop_pid p = cop_spawn(i % 2 == 0 ? wait_for_ever : hibernate_at_once, cop_nil(), NULL);
        cop_send(p, cop_list(i, "never taken"));
        cop_send_after(1000000, cop_pid_term(p), COP(":late"));
    }
    return cop_end();
}

/* What is left at the stop is ended; those who wait on a stack are unwound. */
static void stop_ends_what_is_left(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        atomic_store(&unwound, 0);
        start(2);
        assert_true(cop_run(start_some, cop_nil(), NULL, 0));
        cop_node_stop();
        assert_true(atomic_load(&unwound) <= 50);
    }
}

static cop_next stop_the_system(cop_term arg)
{
    cop_system_stop((int)cop_to_int(arg));
    return cop_end();
}

static void system_stop_gives_the_status(void **state)
{
    (void)state;
    start(2);
    cop_region *region = cop_region_open();
    cop_spawn(stop_the_system, cop_int(3), NULL);
    cop_region_close(region);
    assert_int_equal(cop_node_wait(), 3);
    cop_node_stop();
}

/* --- The limit of processes --------------------------------------------------------------------*/

static cop_term spawn_one(void *arg)
{
    (void)arg;
    return cop_pid_term(cop_spawn(wait_for_ever, cop_nil(), NULL));
}

static cop_next spawn_to_the_limit(cop_term arg)
{
    cop_term pids = cop_empty_list();
    struct cop_outcome o;
    (void)arg;
    for (int i = 0; i < 200; i++) {
        if (!cop_try(spawn_one, NULL, &o)) break;
        pids = cop_cons(o.value, pids);
    }
    CHECK_INT(o.class_, COP_CLASS_ERROR);
    CHECK_TERM(o.value, ":system_limit");
    CHECK(cop_list_len(pids) >= 50 && cop_list_len(pids) < 100);
    /* Room again as soon as one has gone. */
    cop_pid last = cop_to_pid(cop_head(pids));
    cop_exit_process(last, COP(":kill"));
    check_gone(last);
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    while (!cop_try(spawn_one, NULL, &o))
        CHECK(cop_monotonic_ms() < limit);
    return cop_end();
}

static void processes_max(void **state)
{
    struct cop_node_opts opts = {.schedulers = 2, .processes_max = 100};
    char text[512] = "";
    (void)state;
    assert_int_equal(cop_node_start(&opts), 0);
    bool is_ok = cop_run(spawn_to_the_limit, cop_nil(), text, sizeof(text));
    cop_node_stop();
    if (!is_ok) fail_msg("%s", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_starts_and_stops_again),
        cmocka_unit_test(one_node_at_a_time),
        cmocka_unit_test(options_out_of_range),
        cmocka_unit_test(defaults),
        cmocka_unit_test(run_tells_how_it_ended),
        cmocka_unit_test(hooks_run_last_first),
        cmocka_unit_test(stop_ends_what_is_left),
        cmocka_unit_test(system_stop_gives_the_status),
        cmocka_unit_test(processes_max),
    };
    return cmocka_run_group_tests_name("node", tests, NULL, NULL);
}
