/* SPDX-License-Identifier: Apache-2.0 */
/* Signals in general: order, reception, death and its order of events (SIG). */
#include "support/check_process.h"

#define SENDERS  4
#define MESSAGES 2000

static cop_next send_numbered(cop_term arg)
{
    cop_pid to;
    int id;
    cop_expect(arg, "{to, id}", to, id);
    for (int i = 0; i < MESSAGES; i++)
        cop_send(to, cop_tuple(id, i));
    return cop_end();
}

/* SIG-02 SIG-04: the messages of each of several senders arrive all and in their order. */
PROCESS_TEST(messages_of_each_sender_keep_order)
{
    int next[SENDERS] = {0};
    for (int id = 0; id < SENDERS; id++)
        cop_spawn(send_numbered, cop_tuple(cop_self(), id), NULL);
    for (int i = 0; i < SENDERS * MESSAGES; i++) {
        int id, n;
        cop_expect(check_next(), "{id, n}", id, n);
        CHECK_INT(n, next[id]);
        next[id]++;
    }
    check_no_message();
    return cop_end();
}

static cop_term send_and_signal(cop_term arg)
{
    cop_pid to = cop_to_pid(arg);
    cop_send(to, COP(":before"));
    cop_exit_process(to, COP(":boom"));
    cop_send(to, COP(":after"));
    return cop_ok();
}

/* SIG-02: the order spans messages and exit signals. */
PROCESS_TEST(exit_signals_keep_order_with_messages)
{
    cop_pid sender = puppet_start();
    cop_trap_exit(true);
    puppet_call(sender, send_and_signal, cop_pid_term(cop_self()));
    CHECK_TERM(check_next(), ":before");
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), sender, COP(":boom")));
    CHECK_TERM(check_next(), ":after");
    return cop_end();
}

static cop_term link_send_and_die(cop_term arg)
{
    cop_link(cop_to_pid(arg));
    cop_send(arg, COP(":hello"));
    cop_exit(COP(":boom"));
}

/* SIG-02 LNK-03: a link is there before the message that was sent after it. */
PROCESS_TEST(links_keep_order_with_messages)
{
    cop_pid sender = puppet_start();
    cop_trap_exit(true);
    puppet_cast(sender, link_send_and_die, cop_pid_term(cop_self()));
    CHECK_TERM(check_next(), ":hello");
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), sender, COP(":boom")));
    check_no_message();
    return cop_end();
}

/* SIG-02: a fatal exit signal after messages: they were there before, so the target could count
 * them; here the target forwards each at its reception, and all come. */
static cop_next forward_all(cop_term arg)
{
    cop_pid to = cop_to_pid(arg);
    for (;;) {
        cop_term msg;
        cop_receive(&msg, COP_INFINITY);
        if (cop_match(msg, ":stop")) return cop_end();
        cop_send(to, msg);
    }
}

PROCESS_TEST(requests_are_answered_after_what_was_sent_before)
{
    cop_pid echo = cop_spawn(forward_all, cop_pid_term(cop_self()), NULL);
    for (int i = 0; i < 100; i++) {
        cop_send(echo, i);
        /* PRC-01 SIG-02: the answer comes when all sent earlier was received. */
        CHECK(cop_is_alive(echo));
    }
    for (int i = 0; i < 100; i++)
        CHECK_SAME(check_next(), i);
    cop_send(echo, COP(":stop"));
    check_gone(echo);
    return cop_end();
}

static atomic_int turns;

static cop_next yield_for_ever(cop_term arg)
{
    (void)arg;
    while (atomic_fetch_add(&turns, 1) >= 0)
        cop_yield();
    return cop_end();
}

/* SIG-05: a process that never receives handles signals at its scheduling points. */
PROCESS_TEST(a_busy_process_handles_signals)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid busy = cop_spawn(yield_for_ever, cop_nil(), &opts);
    cop_link(busy);
    CHECK(check_list_has(check_info(busy, "links"), cop_pid_term(cop_self())));
    CHECK(cop_is_alive(busy));
    cop_unlink(busy);
    cop_exit_process(busy, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    return cop_end();
}

/* SIG-06: after a fatal signal no more of the process's code runs. */
PROCESS_TEST(no_code_runs_after_a_fatal_signal)
{
    for (int i = 0; i < 50; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        atomic_store(&turns, 0);
        cop_pid busy = cop_spawn(yield_for_ever, cop_nil(), &opts);
        check_wait_for(&turns, 1);
        cop_exit_process(busy, i % 2 == 0 ? COP(":kill") : COP(":boom"));
        check_down(ref);
        int at_death = atomic_load(&turns);
        for (int k = 0; k < 100; k++)
            cop_yield();
        CHECK_INT(atomic_load(&turns), at_death);
    }
    return cop_end();
}

static cop_term take_name(cop_term arg)
{
    cop_register(arg, cop_self());
    return cop_ok();
}

/* SIG-07 NAM-05 NAM-04: who receives DOWN or EXIT or the answer "not alive" can take the name. */
PROCESS_TEST(the_name_is_free_before_anyone_is_told)
{
    cop_term name = COP(":sig_07");
    cop_trap_exit(true);
    for (int i = 0; i < 600; i++) {
        cop_ref ref = {0};
        cop_pid owner = puppet_start();
        puppet_call(owner, take_name, name);
        if (i % 3 == 0)
            ref = cop_monitor(owner);
        else if (i % 3 == 1)
            cop_link(owner);
        cop_exit_process(owner, COP(":kill"));
        if (i % 3 == 0)
            check_down(ref);
        else if (i % 3 == 1)
            cop_expect(check_next(), "{:EXIT, _, :killed}");
        else
            CHECK(!cop_is_alive(owner));
        CHECK(cop_is_no_pid(cop_whereis(name)));
        cop_register(name, cop_self());
        cop_unregister(name);
    }
    return cop_end();
}

static cop_term watch_many_times(cop_term arg)
{
    for (int i = 0; i < 3000; i++)
        cop_monitor(arg);
    return cop_ok();
}

/* SIG-07: though there are many others to be told, who is told first finds the name free. */
PROCESS_TEST(the_name_is_free_while_others_are_still_told)
{
    cop_term name = COP(":sig_07_many");
    cop_trap_exit(true);
    for (int i = 0; i < 30; i++) {
        cop_pid owner = puppet_start(), watcher = puppet_start();
        puppet_call(owner, take_name, name);
        cop_ref timer = cop_send_after(100000, cop_pid_term(owner), COP(":late"));
        if (i % 2 == 0)
            cop_monitor(owner);
        else
            cop_link(owner);
        puppet_call(watcher, watch_many_times, cop_pid_term(owner));
        puppet_exit(owner, COP(":boom"));
        cop_term msg;
        while (!cop_receive(&msg, 0)) { /* awake on its own scheduler, to see the first moment */
        }
        CHECK(cop_is_no_pid(cop_whereis(name)));
        CHECK(cop_match(msg, "{:DOWN, _, _, _, :boom}") || cop_match(msg, "{:EXIT, _, :boom}"));
        CHECK_INT(cop_read_timer(timer), -1);
        cop_exit_process(watcher, COP(":kill"));
    }
    return cop_end();
}

/* SIG-07 TMR-04: the dead one's timers are gone when its death is seen. */
PROCESS_TEST(timers_are_gone_before_anyone_is_told)
{
    for (int i = 0; i < 100; i++) {
        cop_pid target = puppet_start();
        cop_ref ref = cop_monitor(target);
        cop_ref timer = cop_send_after(100000, cop_pid_term(target), COP(":late"));
        CHECK(cop_read_timer(timer) > 0);
        cop_exit_process(target, COP(":kill"));
        check_down(ref);
        CHECK_INT(cop_read_timer(timer), -1);
        CHECK_INT(cop_cancel_timer(timer), -1);
    }
    return cop_end();
}

static cop_term try_link(void *arg)
{
    cop_link(*(cop_pid *)arg);
    return cop_ok();
}

/* SIG-10: signals to the dead are dropped; link, monitor, info, alive are answered. */
PROCESS_TEST(signals_to_the_dead)
{
    cop_pid dead = check_dead_pid();
    CHECK_TERM(cop_send(dead, COP(":lost")), ":lost");
    cop_exit_process(dead, COP(":boom"));
    cop_unlink(dead);
    CHECK_RAISES(COP_CLASS_ERROR, ":noproc", try_link, &dead);
    CHECK_TERM(check_down(cop_monitor(dead)), ":noproc");
    CHECK(!cop_is_alive(dead));
    CHECK_TERM(cop_process_info(dead, COP(":links")), "nil");
    check_no_message();
    return cop_end();
}

static atomic_int went_on;

static cop_next end_itself(cop_term reason)
{
    cop_exit_process(cop_self(), reason);
    atomic_store(&went_on, 1);
    return cop_end();
}

/* SIG-11: a fatal exit signal to oneself takes effect before the call returns. */
PROCESS_TEST(a_signal_to_oneself_takes_effect_at_once)
{
    const char *reasons[] = {":boom", ":normal", ":kill", "{:shutdown, 1}"};
    const char *deaths[] = {":boom", ":normal", ":killed", "{:shutdown, 1}"};
    for (int i = 0; i < 4; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        atomic_store(&went_on, 0);
        cop_spawn(end_itself, check_parse(reasons[i]), &opts);
        CHECK_TERM(check_down(ref), deaths[i]);
        CHECK_INT(atomic_load(&went_on), 0);
    }
    return cop_end();
}

/* SIG-11: one's own messages keep their order. */
PROCESS_TEST(messages_to_oneself_keep_order)
{
    for (int i = 0; i < 1000; i++)
        cop_send(cop_self(), i);
    for (int i = 0; i < 1000; i++)
        CHECK_SAME(check_next(), i);
    return cop_end();
}

static cop_term send_many_and_die(cop_term arg)
{
    for (int i = 0; i < 100; i++)
        cop_send(arg, i);
    cop_exit_process(cop_self(), COP(":kill"));
    return cop_ok();
}

/* SIG-12 MON-16: what a process sent before its death arrives, before its DOWN. */
PROCESS_TEST(what_the_dead_sent_arrives_before_its_down)
{
    for (int round = 0; round < 50; round++) {
        cop_pid sender = puppet_start();
        cop_monitor(sender);
        puppet_cast(sender, send_many_and_die, cop_pid_term(cop_self()));
        for (int i = 0; i < 100; i++)
            CHECK_SAME(check_next(), i);
        cop_expect(check_next(), "{:DOWN, _, :process, _, :killed}");
    }
    return cop_end();
}

/* SIG-13: EXIT and DOWN of one death carry the same reason. */
PROCESS_TEST(exit_and_down_carry_one_reason)
{
    const char *reasons[] = {":boom", "{:shutdown, [1, \"two\"]}", ":kill", ":normal"};
    cop_trap_exit(true);
    for (int i = 0; i < 4; i++) {
        cop_term reason = check_parse(reasons[i]);
        cop_pid p = puppet_start();
        cop_link(p);
        cop_monitor(p);
        puppet_exit(p, reason);
        bool exit_seen = false, down_seen = false;
        for (int k = 0; k < 2; k++) {
            cop_term msg = check_next();
            exit_seen |= cop_match(msg, "{:EXIT, ^p, ^reason}", p, reason);
            down_seen |= cop_match(msg, "{:DOWN, _, :process, ^p, ^reason}", p, reason);
        }
        CHECK(exit_seen && down_seen);
        check_no_message();
    }
    return cop_end();
}

/* SIG-14: several monitors of one watcher fire in the order in which they were made. */
PROCESS_TEST(downs_come_in_the_order_of_the_monitors)
{
    enum { COUNT = 50 };
    cop_ref refs[COUNT];
    cop_pid p = puppet_start();
    for (int i = 0; i < COUNT; i++)
        refs[i] = cop_monitor(p);
    CHECK(cop_demonitor(refs[7], false));
    CHECK(cop_demonitor(refs[0], false));
    CHECK(cop_demonitor(refs[COUNT - 1], false));
    cop_exit_process(p, COP(":boom"));
    for (int i = 1; i < COUNT - 1; i++) {
        cop_ref ref;
        if (i == 7) continue;
        cop_expect(check_next(), "{:DOWN, ref, :process, _, :boom}", ref);
        CHECK(cop_ref_equal(ref, refs[i]));
    }
    check_no_message();
    return cop_end();
}

/* SIG-13: of one death the EXIT comes before the DOWN, whichever of link and monitor is older. */
PROCESS_TEST(the_exit_comes_before_the_down)
{
    cop_trap_exit(true);
    for (int turn = 0; turn < 2; turn++) {
        cop_term p = cop_pid_term(puppet_start());
        if (turn == 0) cop_link(cop_to_pid(p));
        cop_ref ref = cop_monitor(p);
        if (turn == 1) cop_link(cop_to_pid(p));
        puppet_exit(cop_to_pid(p), COP(":boom"));
        cop_expect(check_next(), "{:EXIT, ^p, :boom}", p);
        cop_expect(check_next(), "{:DOWN, ^ref, :process, ^p, :boom}", ref, p);
        check_no_message();
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_comes_before_the_down),
        cmocka_unit_test(messages_of_each_sender_keep_order),
        cmocka_unit_test(exit_signals_keep_order_with_messages),
        cmocka_unit_test(links_keep_order_with_messages),
        cmocka_unit_test(requests_are_answered_after_what_was_sent_before),
        cmocka_unit_test(a_busy_process_handles_signals),
        cmocka_unit_test(no_code_runs_after_a_fatal_signal),
        cmocka_unit_test(the_name_is_free_before_anyone_is_told),
        cmocka_unit_test(the_name_is_free_while_others_are_still_told),
        cmocka_unit_test(timers_are_gone_before_anyone_is_told),
        cmocka_unit_test(signals_to_the_dead),
        cmocka_unit_test(a_signal_to_oneself_takes_effect_at_once),
        cmocka_unit_test(messages_to_oneself_keep_order),
        cmocka_unit_test(what_the_dead_sent_arrives_before_its_down),
        cmocka_unit_test(exit_and_down_carry_one_reason),
        cmocka_unit_test(downs_come_in_the_order_of_the_monitors),
    };
    return cmocka_run_group_tests_name("signal", tests, check_start_node, check_stop_node);
}
