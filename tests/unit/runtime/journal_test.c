/* SPDX-License-Identifier: Apache-2.0 */
/* Journals: what they note, what they leave out, how they are read. Each test has a node of its
 * own, so that numbers begin with 1. */
#include "coppice/introspect.h"
#include "support/process_test.h"

/* The events of a journal behind a number, without numbers and times. */
static cop_term events_after(enum cop_journal journal, uint64_t after)
{
    cop_term list, event, found = cop_empty_list();

    cop_expect(cop_journal_read(journal, after, 100000), "{_, _, list}", list);
    while (cop_match(list, "[{_, _, event} | list]", event, list))
        found = cop_cons(event, found);
    return cop_list_reverse(found);
}

static cop_next wait_for_ever(cop_term arg)
{
    cop_term msg;

    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    cop_exit(msg);
}

static cop_next end_at_once(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static void end_of(cop_pid pid)
{
    cop_term msg;
    cop_ref ref = cop_monitor(pid);

    do
        cop_receive(&msg, COP_INFINITY);
    while (!cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref));
}

static cop_pid ended_with(cop_term reason)
{
    cop_pid pid = cop_spawn(wait_for_ever, cop_nil(), &(struct cop_spawn_opts){.name = "waiter"});

    cop_send(pid, reason);
    end_of(pid);
    return pid;
}

PROCESS_TEST(a_closed_journal_notes_nothing)
{
    cop_assert(!cop_journal_is_open(COP_JOURNAL_LOG));
    cop_journal_put(COP_JOURNAL_LOG, COP(":lost"));
    ended_with(COP(":boom"));
    cop_assert_equal(cop_journal_read(COP_JOURNAL_LOG, 0, 10), COP("{0, 0, []}"));
    cop_assert_equal(cop_journal_read(COP_JOURNAL_CRASHES, 0, 10), COP("{0, 0, []}"));
    cop_assert_equal(cop_journal_read(COP_JOURNAL_PROCESSES, 0, 10), COP("{0, 0, []}"));
}

PROCESS_TEST(events_have_numbers_and_times)
{
    cop_term list;
    int64_t first, second;

    cop_journal_open(COP_JOURNAL_LOG, COP_INFINITY);
    cop_assert(cop_journal_is_open(COP_JOURNAL_LOG));
    cop_journal_put(COP_JOURNAL_LOG, COP("{:a, \"text\"}"));
    cop_journal_put(COP_JOURNAL_LOG, COP(":b"));
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 0, 10), "{2, 0, list}", list);
    cop_expect(list, "[{1, first, {:a, \"text\"}}, {2, second, :b}]", first, second);
    cop_assert(first > 1600000000000000 && second >= first);
    cop_assert(cop_journal_newest(COP_JOURNAL_LOG) == 2);
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 1, 10), "{2, 0, [{2, _, :b}]}");
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 0, 1), "{1, 0, [{1, _, _}]}");
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 2, 10), "{2, 0, []}");
    /* A number of an earlier node: from the start. */
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 99, 10), "{2, 0, [_, _]}");
}

PROCESS_TEST(a_journal_closes_when_its_time_is_over)
{
    cop_journal_open(COP_JOURNAL_LOG, 30);
    cop_journal_open(COP_JOURNAL_LOG, 1); /* not sooner */
    cop_journal_put(COP_JOURNAL_LOG, COP(":noted"));
    cop_sleep(40);
    cop_assert(!cop_journal_is_open(COP_JOURNAL_LOG));
    cop_journal_put(COP_JOURNAL_LOG, COP(":not_noted"));
    cop_assert_equal(events_after(COP_JOURNAL_LOG, 0), COP("[:noted]"));
    cop_journal_open(COP_JOURNAL_LOG, 10000);
    cop_journal_put(COP_JOURNAL_LOG, COP(":again"));
    cop_assert_equal(events_after(COP_JOURNAL_LOG, 0), COP("[:noted, :again]"));
}

PROCESS_TEST(the_oldest_fall_out_and_are_counted)
{
    int64_t next, lost, first;
    cop_term rest;

    cop_journal_open(COP_JOURNAL_LOG, COP_INFINITY);
    for (int i = 0; i < 1003; i++)
        cop_journal_put(COP_JOURNAL_LOG, cop_int(i));
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 0, 2000), "{next, lost, [{first, _, 3} | rest]}",
               next, lost, first, rest);
    cop_assert(next == 1003 && lost == 3 && first == 4);
    cop_assert(cop_list_len(rest) == 999);
    cop_expect(cop_journal_read(COP_JOURNAL_LOG, 1, 2000), "{1003, 2, _}");
}

PROCESS_TEST(what_comes_too_fast_is_counted)
{
    int64_t next, lost;
    cop_term list;

    cop_journal_open(COP_JOURNAL_MESSAGES, COP_INFINITY);
    for (int i = 0; i < 5000; i++)
        cop_journal_put(COP_JOURNAL_MESSAGES, cop_int(i));
    cop_expect(cop_journal_read(COP_JOURNAL_MESSAGES, 0, 9999), "{next, lost, list}", next, lost,
               list);
    cop_assert(next == 5000);
    cop_assert(lost >= 2000); /* at most 1000 a second, and this takes less than three */
    cop_assert(cop_list_len(list) == 5000 - lost);
    cop_assert(cop_list_len(list) >= 1000);
}

PROCESS_TEST(starts_and_ends_of_all_processes)
{
    cop_term list;
    cop_pid self = cop_self(), pid;

    cop_journal_open(COP_JOURNAL_PROCESSES, COP_INFINITY);
    pid = ended_with(COP("{:boom, \"x\"}"));
    list = events_after(COP_JOURNAL_PROCESSES, 0);
    cop_expect(list, "[{:start, ^pid, ^self, \"waiter\"}, {:exit, ^pid, \"{:boom, \\\"x\\\"}\"}]",
               pid, self);
    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, 10), "{0, 0, []}");
}

PROCESS_TEST(ends_in_the_tree_are_of_marked_processes_only)
{
    cop_pid pid;

    cop_journal_open(COP_JOURNAL_TREE, COP_INFINITY);
    ended_with(COP(":unseen"));
    pid = cop_spawn(wait_for_ever, cop_nil(), NULL);
    cop_register(COP("KV.Marked"), pid);
    cop_journal_mark(pid);
    cop_send(pid, COP("{:shutdown, 1}"));
    end_of(pid);
    cop_expect(events_after(COP_JOURNAL_TREE, 0),
               "[{:exit, ^pid, \"KV.Marked\", \"{:shutdown, 1}\", false}]", pid);
}

static cop_next crash_with_all(cop_term boss)
{
    cop_put(COP(":\"$initial_call\""), COP("{KV.Crash, :init, 1}"));
    cop_put(COP(":\"$ancestors\""), COP("[KV.Supervisor]"));
    cop_set_label(COP("\"a label\""));
    cop_register(COP("KV.Crash"), cop_self());
    cop_send(boss, COP(":ready"));
    cop_sleep(100000);
    return cop_end();
}

PROCESS_TEST(a_crash_tells_who_it_was)
{
    cop_term all, crash, msg, self_term = cop_pid_term(cop_self());
    cop_pid pid, found, self = cop_self();

    cop_journal_open(COP_JOURNAL_CRASHES, COP_INFINITY);
    pid = cop_spawn(crash_with_all, self_term, NULL);
    cop_receive(&msg, COP_INFINITY);
    cop_link(pid);
    cop_trap_exit(true);
    cop_send(pid, COP("{:get, \"<script>\"}"));
    cop_exit_process(pid, COP(":kill"));
    end_of(pid);
    all = events_after(COP_JOURNAL_CRASHES, 0);
    cop_expect(all, "[crash]", crash);
    cop_expect(crash, "%{pid: found, name: KV.Crash, label: \"a label\", reason: \":killed\"}",
               found);
    cop_assert(cop_pid_equal(found, pid));
    cop_expect(crash, "%{words: \"killed\", initial_call: {KV.Crash, :init, 1}}");
    cop_expect(crash, "%{ancestors: [KV.Supervisor], links: [^self], queue: 1}", self);
    cop_expect(crash, "%{messages: [\"{:get, \\\"<script>\\\"}\"]}");
    cop_trap_exit(false);
}

PROCESS_TEST(normal_ends_are_no_crashes)
{
    cop_journal_open(COP_JOURNAL_CRASHES, COP_INFINITY);
    end_of(cop_spawn(end_at_once, cop_nil(), NULL));
    ended_with(COP(":normal"));
    ended_with(COP(":shutdown"));
    ended_with(COP("{:shutdown, :why}"));
    cop_assert_equal(events_after(COP_JOURNAL_CRASHES, 0), cop_empty_list());
    ended_with(COP("{:shutdown, :why, :not}"));
    cop_assert(cop_list_len(events_after(COP_JOURNAL_CRASHES, 0)) == 1);
}

PROCESS_TEST(a_trace_notes_what_the_traced_receive)
{
    cop_pid self = cop_self(), other, traced[1];
    cop_term msg, list;

    cop_journal_open(COP_JOURNAL_MESSAGES, COP_INFINITY);
    other = cop_spawn(wait_for_ever, cop_nil(), NULL);
    traced[0] = other;
    cop_trace(traced, 1);
    cop_send(cop_self(), COP(":untraced"));
    cop_receive(&msg, COP_INFINITY);
    cop_send(other, COP("{:hello, 1}"));
    end_of(other);
    list = events_after(COP_JOURNAL_MESSAGES, 0);
    cop_expect(list, "[{:message, ^self, ^other, \"{:hello, 1}\"} | _]", self, other);
    cop_trace(NULL, 0);
    cop_trap_exit(true);
    other = cop_spawn(wait_for_ever, cop_nil(), NULL);
    traced[0] = cop_self();
    cop_link(other);
    cop_trace(traced, 1);
    cop_exit_process(other, COP(":bye"));
    end_of(other);
    cop_trace(NULL, 0);
    list = events_after(COP_JOURNAL_MESSAGES, 1);
    cop_assert(cop_list_len(list) == 2); /* its EXIT and its DOWN, in either order */
    cop_assert(!cop_match(list, "[{:message, _, _, _} | _]"));
    cop_send(cop_self(), COP(":untraced"));
    cop_assert(cop_list_len(events_after(COP_JOURNAL_MESSAGES, 1)) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_closed_journal_notes_nothing, node_up, node_down),
        cmocka_unit_test_setup_teardown(events_have_numbers_and_times, node_up, node_down),
        cmocka_unit_test_setup_teardown(a_journal_closes_when_its_time_is_over, node_up, node_down),
        cmocka_unit_test_setup_teardown(the_oldest_fall_out_and_are_counted, node_up, node_down),
        cmocka_unit_test_setup_teardown(what_comes_too_fast_is_counted, node_up, node_down),
        cmocka_unit_test_setup_teardown(starts_and_ends_of_all_processes, node_up, node_down),
        cmocka_unit_test_setup_teardown(ends_in_the_tree_are_of_marked_processes_only, node_up,
                                        node_down),
        cmocka_unit_test_setup_teardown(a_crash_tells_who_it_was, node_up, node_down),
        cmocka_unit_test_setup_teardown(normal_ends_are_no_crashes, node_up, node_down),
        cmocka_unit_test_setup_teardown(a_trace_notes_what_the_traced_receive, node_up, node_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
