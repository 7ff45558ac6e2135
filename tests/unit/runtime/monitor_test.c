/* SPDX-License-Identifier: Apache-2.0 */
/* Monitors (MON). */
#include "support/check_process.h"

#include <unistd.h>

static cop_term node_name(void)
{
    return COP(":nonode@nohost");
}

static cop_next die_at_once(cop_term reason)
{
    cop_exit(reason);
}

/* MON-01 MON-03: a fresh reference, one DOWN of this form, and the monitor is gone. */
PROCESS_TEST(a_monitor_fires_once)
{
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor(p);
    cop_exit_process(p, COP(":boom"));
    CHECK_SAME(check_next(), cop_tuple(COP(":DOWN"), ref, COP(":process"), p, COP(":boom")));
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    check_gone(p);
    check_no_message();
    CHECK(!cop_demonitor(ref, false));
    return cop_end();
}

/* MON-02: monitors stack, each with its own DOWN. */
PROCESS_TEST(monitors_stack)
{
    cop_pid p = puppet_start();
    cop_ref a = cop_monitor(p), b = cop_monitor(p), c = cop_monitor(p);
    CHECK(!cop_ref_equal(a, b) && !cop_ref_equal(b, c) && !cop_ref_equal(a, c));
    CHECK(cop_demonitor(b, false));
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_down(a), ":boom");
    CHECK_TERM(check_down(c), ":boom");
    check_gone(p);
    check_no_message();
    return cop_end();
}

/* MON-02: the death of the watcher is nothing to the watched. */
PROCESS_TEST(monitors_are_one_directional)
{
    cop_pid watched = puppet_start(), watcher = puppet_start();
    puppet_trap(watched, true);
    puppet_monitor(watcher, cop_pid_term(watched));
    CHECK_SAME(check_info(watched, "monitored_by"), cop_list(watcher));
    cop_exit_process(watcher, COP(":boom"));
    check_gone(watcher);
    CHECK(cop_is_alive(watched));
    CHECK_TERM(puppet_mailbox(watched), "[]");
    CHECK_TERM(check_info(watched, "monitored_by"), "[]");
    return cop_end();
}

/* MON-04 */
PROCESS_TEST(a_monitor_of_the_dead_fires_at_once)
{
    cop_pid dead = check_dead_pid();
    cop_ref ref = cop_monitor(dead);
    CHECK_SAME(check_next(), cop_tuple(COP(":DOWN"), ref, COP(":process"), dead, COP(":noproc")));
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    return cop_end();
}

/* MON-05: by name, and by {name, node}; the DOWN bears {name, node}. */
PROCESS_TEST(monitors_by_name)
{
    cop_term name = COP(":mon_05");
    cop_term full = cop_tuple(name, node_name());
    for (int i = 0; i < 2; i++) {
        cop_pid p = puppet_start();
        cop_register(name, p);
        cop_ref ref = cop_monitor(i == 0 ? name : full);
        cop_exit_process(p, COP(":boom"));
        CHECK_SAME(check_next(), cop_tuple(COP(":DOWN"), ref, COP(":process"), full, COP(":boom")));
        ref = cop_monitor(i == 0 ? name : full);
        CHECK_SAME(check_next(),
                   cop_tuple(COP(":DOWN"), ref, COP(":process"), full, COP(":noproc")));
    }
    return cop_end();
}

/* MON-04 SIG-02: whoever has sent a kill first watches a dead one, however far the kill is. */
PROCESS_TEST(a_monitor_behind_a_kill_finds_nobody)
{
    cop_term name = COP(":mon_04_killed"), full = cop_tuple(name, node_name());
    for (int i = 0; i < 60; i++) {
        cop_pid p = puppet_start();
        bool by_name = i % 2 == 0;
        cop_register(name, p);
        if (i % 3 == 0) cop_yield(); /* it waits by now, or not */
        cop_exit_process(p, COP(":kill"));
        cop_ref ref = cop_monitor(by_name ? name : cop_pid_term(p));
        CHECK_SAME(check_next(), cop_tuple(COP(":DOWN"), ref, COP(":process"),
                                           by_name ? full : cop_pid_term(p), COP(":noproc")));
        check_gone(p);
    }
    return cop_end();
}

/* MON-04 MON-05: a name on a node that cannot be reached, though we have the name, too. */
PROCESS_TEST(monitors_on_another_node)
{
    cop_term there = COP("{:mon_04, :\"no@where\"}");
    cop_register(COP(":mon_04"), cop_self());
    cop_ref ref = cop_monitor(there);
    CHECK_SAME(check_next(),
               cop_tuple(COP(":DOWN"), ref, COP(":process"), there, COP(":noconnection")));
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    CHECK(!cop_demonitor(ref, true));
    return cop_end();
}

/* MON-06: the name is resolved when the monitor is made. */
PROCESS_TEST(a_monitor_does_not_follow_the_name)
{
    cop_term name = COP(":mon_06");
    cop_pid first = puppet_start(), second = puppet_start();
    cop_register(name, first);
    cop_ref ref = cop_monitor(name);
    cop_unregister(name);
    cop_register(name, second);
    cop_exit_process(second, COP(":second"));
    check_gone(second);
    check_no_message();
    cop_exit_process(first, COP(":first"));
    CHECK_TERM(check_down(ref), ":first");
    return cop_end();
}

static cop_term monitor_itself(cop_term arg)
{
    cop_ref ref = cop_monitor(cop_self());
    (void)arg;
    CHECK(cop_is_alive(cop_self()));
    return cop_ref_term(ref);
}

/* MON-07 */
PROCESS_TEST(a_monitor_of_oneself_never_fires)
{
    cop_pid p = puppet_start();
    cop_ref own = cop_monitor(p);
    CHECK(cop_is_reference(puppet_call(p, monitor_itself, cop_nil())));
    CHECK_TERM(puppet_mailbox(p), "[]");
    puppet_exit(p, COP(":boom"));
    CHECK_TERM(check_down(own), ":boom");
    check_no_message();
    return cop_end();
}

/* MON-07: the reference is no monitor, nor an alias. */
PROCESS_TEST(a_monitor_of_oneself_is_none)
{
    static const enum cop_alias_mode modes[] = {COP_ALIAS_NONE, COP_ALIAS_EXPLICIT,
                                                COP_ALIAS_DEMONITOR, COP_ALIAS_REPLY_DEMONITOR};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        cop_ref ref = cop_monitor_with(cop_pid_term(cop_self()), modes[i], cop_none());
        CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
        CHECK(!check_list_has(check_info(cop_self(), "monitored_by"), cop_pid_term(cop_self())));
        cop_send(ref, COP(":dropped"));
        CHECK(!cop_unalias(ref));
        CHECK(!cop_demonitor(ref, false));
    }
    cop_register(COP(":myself"), cop_self());
    CHECK(!cop_demonitor(cop_monitor(COP(":myself")), true));
    check_no_message();
    return cop_end();
}

/* MON-08 MON-09: demonitor of active, fired and unknown references; flush. */
PROCESS_TEST(demonitor)
{
    cop_pid p = puppet_start();
    cop_ref a = cop_monitor(p), b = cop_monitor(p), c = cop_monitor(p);
    CHECK(cop_demonitor(a, false));
    CHECK(!cop_demonitor(a, false));
    CHECK(!cop_demonitor(cop_make_ref(), true));
    cop_exit_process(p, COP(":boom"));
    check_gone(p);
    CHECK(cop_is_alive(cop_self())); /* both DOWN have been delivered */
    CHECK(!cop_demonitor(b, true));  /* and this one is taken away, */
    CHECK(!cop_demonitor(c, false)); /* that one stays */
    CHECK_TERM(check_down(c), ":boom");
    check_no_message();
    return cop_end();
}

/* MON-10: nobody ends the monitor of another. */
PROCESS_TEST(demonitor_of_anothers_monitor_does_nothing)
{
    cop_pid watched = puppet_start(), watcher = puppet_start();
    cop_ref ref = puppet_monitor(watcher, cop_pid_term(watched));
    CHECK(!cop_demonitor(ref, true));
    cop_exit_process(watched, COP(":boom"));
    check_gone(watched);
    CHECK_INT(cop_list_len(puppet_mailbox(watcher)), 1);
    return cop_end();
}

/* MON-11 MON-09: the watched dies at that very moment. With flush nothing is ever delivered;
 * without, true says that nothing is, and false that one DOWN is there. */
PROCESS_TEST(demonitor_is_atomic_with_the_death)
{
    int rounds = check_scaled(3000);
    for (int i = 0; i < rounds; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        cop_pid p = cop_spawn(die_at_once, COP(":boom"), &opts);
        bool flush = i % 2 == 0;
        for (int k = 0; k < i % 5; k++)
            cop_yield();
        bool was_active = cop_demonitor(ref, flush);
        if (!flush && !was_active) CHECK_TERM(check_down(ref), ":boom");
        if (i % 50 == 49 || i == rounds - 1) {
            check_gone(p);
            check_no_message();
        }
    }
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    return cop_end();
}

/* MON-08 MON-11 ALS-04: the same for a monitor whose alias outlives it. */
PROCESS_TEST(demonitor_of_an_alias_is_atomic_with_the_death)
{
    int rounds = check_scaled(200);
    for (int i = 0; i < rounds; i++) {
        cop_pid p = cop_spawn(die_at_once, COP(":boom"), NULL);
        cop_ref ref = cop_monitor_with(cop_pid_term(p), COP_ALIAS_EXPLICIT, cop_none());
        for (int k = 0; k < i % 5; k++)
            cop_yield();
        int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
        while (check_list_has(cop_processes(), cop_pid_term(p)) && cop_monotonic_ms() < limit)
            usleep(10); /* nothing that receives */
        bool was_active = cop_demonitor(ref, false);
        if (!was_active) check_down(ref);
        check_no_message();
        CHECK(cop_unalias(ref));
    }
    return cop_end();
}

/* MON-12 */
PROCESS_TEST(spawn_monitor_misses_no_death)
{
    int rounds = check_scaled(2000);
    for (int i = 0; i < rounds; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        cop_term reason = cop_tuple(COP(":died"), i);
        cop_pid p = cop_spawn(die_at_once, reason, &opts);
        CHECK_SAME(check_next(), cop_tuple(COP(":DOWN"), ref, COP(":process"), p, reason));
    }
    check_no_message();
    return cop_end();
}

/* MON-12 LNK-11: both options at once. */
PROCESS_TEST(spawn_with_link_and_monitor)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.link = true, .monitor = true, .ret_ref = &ref};
    cop_trap_exit(true);
    cop_pid p = cop_spawn(die_at_once, COP(":boom"), &opts);
    bool exit_seen = false, down_seen = false;
    for (int i = 0; i < 2; i++) {
        cop_term msg = check_next();
        exit_seen |= cop_match(msg, "{:EXIT, ^p, :boom}", p);
        down_seen |= cop_match(msg, "{:DOWN, ^ref, :process, ^p, :boom}", p, ref);
    }
    CHECK(exit_seen && down_seen);
    check_no_message();
    return cop_end();
}

/* MON-13: a tag in place of :DOWN, any term. */
PROCESS_TEST(a_tag_replaces_down)
{
    cop_term tag = cop_tuple(COP(":child"), 17);
    for (int i = 0; i < 2; i++) {
        cop_pid p = i == 0 ? puppet_start() : check_dead_pid();
        cop_ref ref = cop_monitor_with(cop_pid_term(p), COP_ALIAS_NONE, tag);
        cop_exit_process(p, COP(":boom"));
        CHECK_SAME(check_next(),
                   cop_tuple(tag, ref, COP(":process"), p, i == 0 ? COP(":boom") : COP(":noproc")));
    }
    return cop_end();
}

/* MON-09 MON-13: flush finds a DOWN with a tag, too. */
PROCESS_TEST(flush_finds_a_tagged_down)
{
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor_with(cop_pid_term(p), COP_ALIAS_NONE, COP(":gone"));
    cop_exit_process(p, COP(":boom"));
    check_gone(p);
    CHECK(cop_is_alive(cop_self()));
    CHECK(!cop_demonitor(ref, true));
    check_no_message();
    return cop_end();
}

/* MON-09: flush takes the DOWN, and nothing else that carries the reference. */
PROCESS_TEST(flush_takes_the_down_only)
{
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor_with(cop_pid_term(p), COP_ALIAS_DEMONITOR, cop_none());
    cop_term reply = cop_tuple(COP(":reply"), ref, 1, 2, 3);
    cop_send(ref, reply);
    CHECK(cop_is_alive(cop_self()));
    cop_exit_process(p, COP(":boom"));
    check_gone(p);
    CHECK(cop_is_alive(cop_self()));
    CHECK(!cop_demonitor(ref, true));
    CHECK_SAME(check_next(), reply);
    check_no_message();
    return cop_end();
}

/* A process that waits at its top level for the DOWN of the monitor that it keeps. */
struct watcher {
    cop_ref ref;
    cop_pid tester;
};

static cop_next flush_on_waking(void *state)
{
    struct watcher *w = state;
    bool was_active = cop_demonitor(w->ref, true);
    cop_term msg;
    bool has_message = cop_receive(&msg, 0);
    cop_send(w->tester, cop_tuple(COP(":flushed"), cop_bool(was_active), cop_bool(has_message)));
    return cop_end();
}

static cop_next watch_and_wait(cop_term arg)
{
    struct watcher *w = cop_alloc(sizeof *w);
    cop_pid whom;
    cop_expect(arg, "{whom, tester}", whom, w->tester);
    w->ref = cop_monitor(whom);
    cop_send(w->tester, COP(":watches"));
    return cop_hibernate(flush_on_waking, w);
}

/* MON-09: flush takes also the DOWN by which the caller has just been woken. */
PROCESS_TEST(flush_takes_the_down_that_woke_the_caller)
{
    cop_pid p = puppet_start();
    cop_spawn(watch_and_wait, cop_tuple(p, cop_self()), NULL);
    CHECK_TERM(check_next(), ":watches");
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_next(), "{:flushed, false, false}");
    return cop_end();
}

/* MON-14 */
PROCESS_TEST(monitors_show_on_both_sides)
{
    cop_pid p = puppet_start(), q = puppet_start();
    cop_ref a = cop_monitor(p);
    cop_monitor(q);
    cop_term monitors = check_info(cop_self(), "monitors");
    CHECK_INT(cop_list_len(monitors), 2);
    CHECK(check_list_has(monitors, cop_tuple(COP(":process"), p)));
    CHECK(check_list_has(monitors, cop_tuple(COP(":process"), q)));
    puppet_monitor(q, cop_pid_term(p));
    CHECK_SAME(check_info(p, "monitored_by"), cop_list(cop_self(), q));
    cop_demonitor(a, true);
    CHECK_SAME(check_info(p, "monitored_by"), cop_list(q));
    CHECK_SAME(check_info(cop_self(), "monitors"), cop_list(cop_tuple(COP(":process"), q)));
    return cop_end();
}

/* MON-14: by the name where it was made by one; what has fired, and an alias, is no monitor. */
PROCESS_TEST(monitors_are_shown_as_they_were_made)
{
    cop_pid p = puppet_start();
    cop_term node = node_name();
    cop_register(COP(":shown"), p);
    cop_ref ref = cop_monitor(COP(":shown"));
    CHECK(cop_is_reference(cop_ref_term(cop_alias(COP_ALIAS_EXPLICIT))));
    CHECK_SAME(check_info(cop_self(), "monitors"), cop_build("[{:process, {:shown, node}}]", node));
    cop_demonitor(ref, false);
    ref = cop_monitor_with(cop_pid_term(p), COP_ALIAS_EXPLICIT, cop_none());
    CHECK_SAME(check_info(cop_self(), "monitors"), cop_build("[{:process, p}]", p));
    puppet_exit(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    return cop_end();
}

static cop_next answer_and_die(cop_term arg)
{
    cop_send(arg, COP(":answer"));
    return cop_end();
}

/* MON-16: answer, then exit. */
PROCESS_TEST(an_answer_comes_before_the_down)
{
    int rounds = check_scaled(200);
    for (int i = 0; i < rounds; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        cop_spawn(answer_and_die, cop_pid_term(cop_self()), &opts);
        CHECK_TERM(check_next(), ":answer");
        cop_expect(check_next(), "{:DOWN, ^ref, :process, _, :normal}", ref);
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_monitor_fires_once),
        cmocka_unit_test(monitors_stack),
        cmocka_unit_test(monitors_are_one_directional),
        cmocka_unit_test(a_monitor_of_the_dead_fires_at_once),
        cmocka_unit_test(monitors_by_name),
        cmocka_unit_test(a_monitor_behind_a_kill_finds_nobody),
        cmocka_unit_test(monitors_on_another_node),
        cmocka_unit_test(a_monitor_does_not_follow_the_name),
        cmocka_unit_test(a_monitor_of_oneself_never_fires),
        cmocka_unit_test(a_monitor_of_oneself_is_none),
        cmocka_unit_test(demonitor),
        cmocka_unit_test(demonitor_of_anothers_monitor_does_nothing),
        cmocka_unit_test(demonitor_is_atomic_with_the_death),
        cmocka_unit_test(demonitor_of_an_alias_is_atomic_with_the_death),
        cmocka_unit_test(spawn_monitor_misses_no_death),
        cmocka_unit_test(spawn_with_link_and_monitor),
        cmocka_unit_test(a_tag_replaces_down),
        cmocka_unit_test(flush_finds_a_tagged_down),
        cmocka_unit_test(flush_takes_the_down_only),
        cmocka_unit_test(flush_takes_the_down_that_woke_the_caller),
        cmocka_unit_test(monitors_show_on_both_sides),
        cmocka_unit_test(monitors_are_shown_as_they_were_made),
        cmocka_unit_test(an_answer_comes_before_the_down),
    };
    return cmocka_run_group_tests_name("monitor", tests, check_start_node, check_stop_node);
}
