/* SPDX-License-Identifier: Apache-2.0 */
/* Figures and rows, read from outside. */
#include "coppice/introspect.h"
#include "coppice/proc_lib.h"
#include "support/process_test.h"

static cop_next idle(void *state)
{
    return cop_hibernate(idle, state);
}

static cop_next be_seen(cop_term boss)
{
    cop_trap_exit(true);
    cop_set_label(COP("\"the <b>one</b>\""));
    cop_put(COP(":\"$initial_call\""), COP("{KV.Seen, :init, 1}"));
    cop_register(COP(":seen"), cop_self());
    cop_send(boss, COP(":ready"));
    return cop_hibernate(idle, NULL);
}

static void kill_and_wait(cop_pid pid)
{
    struct cop_process_row row;

    cop_exit_process(pid, COP(":kill"));
    while (cop_read_process(pid, &row))
        cop_yield();
}

static cop_pid start(cop_start_fn fn, const char *name)
{
    cop_term msg;
    cop_pid pid = cop_spawn(fn, cop_pid_term(cop_self()), &(struct cop_spawn_opts){.name = name});

    cop_receive(&msg, COP_INFINITY);
    return pid;
}

PROCESS_TEST(a_row_tells_what_stands_in_the_slot)
{
    struct cop_process_row row;
    cop_pid pid = start(be_seen, "be_seen/1");

    cop_assert(cop_is_alive(pid)); /* it has come to its rest */
    cop_send(pid, COP(":one"));
    cop_assert(cop_read_process(pid, &row));
    cop_assert(cop_pid_equal(row.pid, pid));
    cop_assert(cop_pid_equal(row.parent, cop_self()));
    cop_assert_equal(row.name, COP(":seen"));
    cop_assert_equal(row.label, COP("\"the <b>one</b>\""));
    cop_assert_equal(row.initial_call, COP("{KV.Seen, :init, 1}"));
    cop_assert(strcmp(row.function, "be_seen/1") == 0);
    cop_assert(row.trap_exit);
    cop_assert(row.priority == COP_PRIORITY_NORMAL);
    cop_assert(row.memory > 0);
    kill_and_wait(pid);
    cop_assert(!cop_read_process(pid, &row));
}

PROCESS_TEST(one_without_all_that_has_nil)
{
    struct cop_process_row row;
    cop_assert(cop_read_process(cop_self(), &row));
    cop_assert_equal(row.name, cop_nil());
    cop_assert_equal(row.label, cop_nil());
    cop_assert(row.status == COP_PROCESS_RUNNING);
    cop_assert(row.scheduler >= 0 && row.scheduler < cop_schedulers());
}

static _Atomic bool goes_on;

static cop_next spin(cop_term boss)
{
    cop_send(boss, COP(":spinning"));
    while (!goes_on)
        continue;
    return cop_end();
}

PROCESS_TEST(a_stuck_process_is_seen)
{
    struct cop_process_row row;

    goes_on = false;
    cop_pid pid = start(spin, "spin/1");
    cop_send(pid, COP(":work"));
    cop_assert(cop_read_process(pid, &row));
    cop_assert(row.status == COP_PROCESS_RUNNING);
    cop_assert(strcmp(row.function, "spin/1") == 0);
    goes_on = true;
    while (cop_is_alive(pid))
        cop_sleep(1);
}

PROCESS_TEST(a_label_can_be_taken_back_and_is_cut_between_characters)
{
    struct cop_process_row row;
    char text[120];

    for (size_t i = 0; i < sizeof text - 1; i += 1)
        text[i] = 'x';
    memcpy(text + 99, "\xc3\xa4", 2); /* the 100th byte would be half of it */
    text[sizeof text - 1] = '\0';
    cop_set_label(cop_string(text));
    cop_assert(cop_read_process(cop_self(), &row));
    cop_assert(cop_to_bytes(row.label).len == 99);
    cop_set_label(COP("{:worker, 1}"));
    cop_assert(cop_read_process(cop_self(), &row));
    cop_assert_equal(row.label, COP("\"{:worker, 1}\""));
    cop_set_label(cop_nil());
    cop_assert(cop_read_process(cop_self(), &row));
    cop_assert_equal(row.label, cop_nil());
}

PROCESS_TEST(rows_come_once_each_whatever_the_page)
{
    struct cop_process_row rows[3];
    cop_pid pids[10];
    size_t len, found = 0, total = 0;
    uint32_t cursor = 0;

    for (int i = 0; i < 10; i++)
        pids[i] = start(be_seen, NULL), cop_unregister(COP(":seen"));
    do {
        len = cop_read_processes(&cursor, rows, 3);
        total += len;
        for (size_t i = 0; i < len; i++)
            for (int k = 0; k < 10; k++)
                found += cop_pid_equal(rows[i].pid, pids[k]);
    } while (len == 3);
    cop_assert_equal(cop_int((int64_t)found), 10);
    cop_assert(total >= 11);
    for (int i = 0; i < 10; i++)
        kill_and_wait(pids[i]);
}

PROCESS_TEST(figures_count)
{
    struct cop_node_figures before, after;
    cop_term msg;

    cop_read_node(&before);
    cop_pid pid = start(be_seen, NULL);
    cop_ref timer = cop_send_after(100000, cop_pid_term(pid), COP(":late"));
    for (int i = 0; i < 7; i++)
        cop_send(cop_self(), COP(":count_me"));
    cop_read_node(&after);
    cop_cancel_timer(timer);
    while (cop_receive(&msg, 0))
        continue;
    cop_assert(after.processes == before.processes + 1);
    cop_assert(after.processes_max == 8388608);
    cop_assert(after.timers == before.timers + 1);
    cop_assert(after.messages == before.messages + 8); /* with its :ready */
    cop_assert(after.memory_processes > before.memory_processes);
    cop_assert(after.memory_resident > 1 << 20);
    cop_assert(after.atoms_max == 1048576 && after.atoms > 100);
    cop_assert(after.threads >= (uint64_t)cop_schedulers());
    cop_assert(after.uptime_ms >= before.uptime_ms && after.uptime_ms < 600000);
    kill_and_wait(pid);
}

static int64_t idle_of_all(void)
{
    struct cop_scheduler_figures seats[8];
    size_t len = cop_read_schedulers(seats, 8);
    int64_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += seats[i].idle_ns;
    return sum;
}

PROCESS_TEST(schedulers_tell_how_long_they_slept)
{
    struct cop_scheduler_figures one;
    int64_t before = idle_of_all();

    cop_sleep(50);
    int64_t slept = idle_of_all() - before;
    cop_assert(slept > 20 * 1000000);
    cop_assert(cop_read_schedulers(&one, 1) == 1);
    cop_assert(one.dispatches > 0);
    cop_assert(cop_read_schedulers(&one, 0) == 0);
}

/* --- Native stacks ---------------------------------------------------------------------------- */

__attribute__((noinline)) static void wait_deep_inside(cop_term boss)
{
    cop_term msg;

    cop_send(boss, COP(":ready"));
    cop_receive(&msg, COP_INFINITY);
    cop_send(boss, msg); /* so that the receive is no tail call */
}

__attribute__((noinline)) static cop_next wait_inside(cop_term boss)
{
    wait_deep_inside(boss);
    return cop_end();
}

PROCESS_TEST(a_process_that_waits_inside_shows_where)
{
    cop_pid pid = start(wait_inside, NULL);
    cop_term stack, function, file;
    int64_t line;

    cop_expect(cop_native_stack(pid), "[{function, _, _, _} | stack]", function, stack);
    cop_assert_equal(function, COP("\"cop_receive\""));
    cop_expect(stack, "[{\"wait_deep_inside\", file, line, _}, {\"wait_inside\", _, _, _} | _]",
               file, line);
    cop_assert(strstr(cop_to_bytes(file).data, "introspect_test.c") != NULL);
    cop_assert(line > 0);
    kill_and_wait(pid);
    cop_assert_equal(cop_native_stack(pid), cop_nil());
}

PROCESS_TEST(one_that_waits_at_its_top_level_has_no_stack)
{
    cop_pid pid = start(be_seen, NULL);

    cop_assert(cop_is_alive(pid));
    cop_assert_equal(cop_native_stack(pid), cop_empty_list());
    kill_and_wait(pid);
}

PROCESS_TEST(the_stack_of_a_busy_process_is_busy)
{
    goes_on = false;
    cop_pid pid = start(spin, "spin/1");

    cop_assert_equal(cop_native_stack(pid), COP(":busy"));
    goes_on = true;
    while (cop_is_alive(pid))
        cop_sleep(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_count), /* first: nobody of another test still ends */
        cmocka_unit_test(a_row_tells_what_stands_in_the_slot),
        cmocka_unit_test(one_without_all_that_has_nil),
        cmocka_unit_test(a_stuck_process_is_seen),
        cmocka_unit_test(a_label_can_be_taken_back_and_is_cut_between_characters),
        cmocka_unit_test(rows_come_once_each_whatever_the_page),
        cmocka_unit_test(schedulers_tell_how_long_they_slept),
        cmocka_unit_test(a_process_that_waits_inside_shows_where),
        cmocka_unit_test(one_that_waits_at_its_top_level_has_no_stack),
        cmocka_unit_test(the_stack_of_a_busy_process_is_busy),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
