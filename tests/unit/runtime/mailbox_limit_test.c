/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of mailboxes: docs/adr/0010, coppice/mailbox.h. Their events: mailbox_event_test.c. */
#include "sitter.h"

#include <pthread.h>

/* --- Policies: both sides of max -------------------------------------------------------------- */

PROCESS_TEST(without_a_limit)
{
    cop_pid pid = sitter(0, COP_KILL);
    send_numbers(pid, 1, 1000);
    CHECK_TERM(check_info(pid, "mailbox"), "[]");
    CHECK_INT(cop_to_int(check_info(pid, "message_queue_len")), 1000);
    stop_sitter(pid);
    return cop_end();
}

PROCESS_TEST(drop_new)
{
    cop_pid pid = sitter(3, COP_DROP_NEW);
    send_numbers(pid, 1, 3);
    CHECK_TERM(check_info(pid, "mailbox"), "[max: 3, policy: :drop_new, dropped: 0]");
    check_holds(pid, "[1, 2, 3]", 0);
    send_numbers(pid, 4, 6);
    check_holds(pid, "[1, 2, 3]", 3);
    stop_sitter(pid);
    return cop_end();
}

PROCESS_TEST(drop_old)
{
    cop_pid pid = sitter(3, COP_DROP_OLD);
    send_numbers(pid, 1, 3);
    CHECK_TERM(check_info(pid, "mailbox"), "[max: 3, policy: :drop_old, dropped: 0]");
    check_holds(pid, "[1, 2, 3]", 0);
    send_numbers(pid, 4, 5);
    check_holds(pid, "[3, 4, 5]", 2);
    stop_sitter(pid);
    return cop_end();
}

PROCESS_TEST(a_limit_of_one)
{
    cop_pid first = sitter(1, COP_DROP_NEW), last = sitter(1, COP_DROP_OLD);
    send_numbers(first, 1, 3);
    send_numbers(last, 1, 3);
    check_holds(first, "[1]", 2);
    check_holds(last, "[3]", 2);
    stop_sitter(first);
    stop_sitter(last);
    return cop_end();
}

static cop_term flood(cop_term arg)
{
    cop_pid to;
    int first, last;
    cop_expect(arg, "{to, first, last}", to, first, last);
    send_numbers(to, first, last);
    return cop_ok();
}

static cop_term flood_order(cop_pid to, int first, int last)
{
    return cop_build("{to, first, last}", to, first, last);
}

/* One that traps gets a message for each that was refused. */
PROCESS_TEST(exit_sender_that_traps)
{
    cop_pid pid = sitter(3, COP_EXIT_SENDER), sender = puppet_start();
    puppet_trap(sender, true);
    puppet_call(sender, flood, flood_order(pid, 1, 3));
    check_holds(pid, "[1, 2, 3]", 0);
    CHECK_TERM(puppet_mailbox(sender), "[]");
    puppet_call(sender, flood, flood_order(pid, 4, 5));
    check_holds(pid, "[1, 2, 3]", 2);
    cop_term expected = cop_build("{:EXIT, pid, {:mailbox_full, pid}}", pid);
    CHECK_SAME(puppet_mailbox(sender), cop_list(expected, expected));
    CHECK_TERM(check_info(pid, "mailbox"), "[max: 3, policy: :exit_sender, dropped: 2]");
    stop_sitter(pid);
    return cop_end();
}

PROCESS_TEST(exit_sender_that_does_not_trap)
{
    cop_pid pid = sitter(3, COP_EXIT_SENDER), sender = puppet_start();
    cop_ref ref = cop_monitor(sender);
    puppet_call(sender, flood, flood_order(pid, 1, 3));
    check_holds(pid, "[1, 2, 3]", 0);
    CHECK(cop_is_alive(sender));
    puppet_cast(sender, flood, flood_order(pid, 4, 4));
    CHECK_SAME(check_down(ref), cop_build("{:mailbox_full, pid}", pid));
    check_holds(pid, "[1, 2, 3]", 1);
    stop_sitter(pid);
    return cop_end();
}

static void *send_from_a_thread(void *arg)
{
    for (int i = 0; i < 5; i++)
        cop_send(*(cop_pid *)arg, cop_int(i));
    return NULL;
}

static cop_next send_and_die(cop_term arg)
{
    cop_pid to = cop_to_pid(arg);
    send_numbers(to, 0, 4);
    return cop_end();
}

/* Who is no process, or no more, is told nothing. */
PROCESS_TEST(exit_sender_that_is_none)
{
    cop_pid foreign = sitter(3, COP_EXIT_SENDER), dead = sitter(3, COP_EXIT_SENDER);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, send_from_a_thread, &foreign) == 0);
    pthread_join(thread, NULL);
    check_gone(cop_spawn(send_and_die, cop_pid_term(dead), NULL));
    check_holds(foreign, "[0, 1, 2]", 2);
    check_holds(dead, "[0, 1, 2]", 2);
    check_no_message();
    stop_sitter(foreign);
    stop_sitter(dead);
    return cop_end();
}

static void check_kill(int last)
{
    cop_pid pid = sitter(3, COP_KILL), linked = puppet_start();
    cop_ref ref = cop_monitor(pid);
    puppet_trap(linked, true);
    puppet_link(linked, pid);
    send_numbers(pid, 1, 3);
    CHECK_TERM(check_info(pid, "mailbox"), "[max: 3, policy: :kill, dropped: 0]");
    send_numbers(pid, 4, last);
    CHECK_TERM(check_down(ref), ":killed");
    check_gone(pid);
    puppet_sync(linked);
    CHECK_SAME(puppet_mailbox(linked), cop_list(cop_build("{:EXIT, pid, :killed}", pid)));
}

/* The first that is too many does it, however many come. */
PROCESS_TEST(kill_at_the_limit)
{
    check_kill(4);
    check_kill(100);
    return cop_end();
}

/* --- What is not lost ------------------------------------------------------------------------- */

/* Messages of links and monitors count, and stay, under each policy. */
PROCESS_TEST(links_and_monitors_arrive_at_a_full_mailbox)
{
    static const struct {
        enum cop_mailbox_policy policy;
        const char *left; /* of three before and three after */
        int dropped;
    } rows[] = {{COP_DROP_NEW, "[:a, :b, :c]", 3},
                {COP_DROP_OLD, "[:d, :e, :f]", 3},
                {COP_KILL, "[:a, :b, :c]", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cop_pid friend = puppet_start();
        cop_pid pid = sitter_of(3, rows[i].policy, true, friend);
        cop_ref ref;
        cop_send(pid, COP(":a"));
        cop_send(pid, COP(":b"));
        cop_send(pid, COP(":c"));
        CHECK(cop_is_alive(pid));
        puppet_exit(friend, COP(":over"));
        check_gone(friend);
        if (rows[i].policy != COP_KILL) {
            cop_send(pid, COP(":d"));
            cop_send(pid, COP(":e"));
            cop_send(pid, COP(":f"));
        }
        cop_term messages = check_info(pid, "messages"), plain = cop_empty_list();
        int others = 0;
        for (; !cop_is_empty_list(messages); messages = cop_tail(messages)) {
            cop_term m = cop_head(messages);
            if (cop_is_atom(m))
                plain = cop_cons(m, plain);
            else if (cop_match(m, "{:EXIT, ^friend, :over}", friend))
                others += 1;
            else if (cop_match(m, "{:DOWN, ref, :process, ^friend, :over}", ref, friend))
                others += 10;
        }
        CHECK_INT(others, 11);
        CHECK_TERM(cop_list_reverse(plain), rows[i].left);
        CHECK_SAME(cop_keyword_get(check_info(pid, "mailbox"), COP(":dropped"), cop_nil()),
                   rows[i].dropped);
        stop_sitter(pid);
    }
    return cop_end();
}

/* Where nothing may go, the new one does. */
PROCESS_TEST(drop_old_of_a_mailbox_that_may_lose_nothing)
{
    cop_pid friend = puppet_start();
    cop_pid pid = sitter_of(2, COP_DROP_OLD, true, friend);
    puppet_exit(friend, COP(":over"));
    check_gone(friend);
    cop_send(pid, COP(":a"));
    CHECK_INT(cop_list_len(check_info(pid, "messages")), 2);
    CHECK(!check_list_has(check_info(pid, "messages"), COP(":a")));
    CHECK_SAME(cop_keyword_get(check_info(pid, "mailbox"), COP(":dropped"), cop_nil()), 1);
    stop_sitter(pid);
    return cop_end();
}

PROCESS_TEST(other_signals_arrive_at_a_full_mailbox)
{
    cop_pid pid = sitter(1, COP_DROP_NEW);
    send_numbers(pid, 1, 3);
    cop_ref ref = cop_monitor(pid);
    cop_link(pid);
    CHECK(check_list_has(check_info(pid, "links"), cop_pid_term(cop_self())));
    CHECK(cop_suspend_process(pid));
    CHECK_TERM(check_info(pid, "status"), ":suspended");
    CHECK(cop_resume_process(pid));
    cop_unlink(pid);
    cop_exit_process(pid, COP(":bye"));
    CHECK_TERM(check_down(ref), ":bye");
    return cop_end();
}

static cop_next send_to_itself(cop_term arg)
{
    cop_pid boss = cop_to_pid(arg);
    for (int i = 0; i < 4; i++)
        cop_send(cop_self(), i);
    cop_send_after(0, cop_pid_term(cop_self()), COP(":tick"));
    cop_sleep(50);
    cop_send(boss, cop_tuple(COP(":done"), cop_messages(10)));
    cop_sleep(4000000000);
    return cop_end();
}

/* What a process sends itself, be it by a timer, counts and stays. */
PROCESS_TEST(own_messages_stay)
{
    for (int i = COP_DROP_NEW; i <= COP_KILL; i++) {
        cop_pid pid =
            cop_spawn(send_to_itself, cop_pid_term(cop_self()),
                      &(struct cop_spawn_opts){.mailbox = {2, (enum cop_mailbox_policy)i}});
        CHECK_TERM(check_next(), "{:done, [0, 1, 2, 3, :tick]}");
        if (i == COP_DROP_OLD) {
            cop_send(pid, COP(":from_another"));
            check_holds(pid, "[0, 1, 2, 3, :tick]", 1);
        }
        stop_sitter(pid);
    }
    return cop_end();
}

/* The messages of timers that others have made, and those through aliases, are as others. */
PROCESS_TEST(timers_are_refused)
{
    cop_pid pid = sitter(2, COP_DROP_NEW);
    send_numbers(pid, 1, 2);
    cop_ref timer = cop_send_after(0, cop_pid_term(pid), COP(":tick"));
    while (cop_read_timer(timer) >= 0)
        cop_yield();
    check_holds(pid, "[1, 2]", 1);
    stop_sitter(pid);
    return cop_end();
}

static bool is_reply(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, "{:reply, _}");
}

static cop_next wait_for_reply(cop_term arg)
{
    cop_pid boss = cop_to_pid(arg);
    cop_ref ref = cop_alias(COP_ALIAS_REPLY);
    cop_term msg;
    cop_send(boss, cop_tuple(COP(":alias"), ref));
    cop_receive_ref(ref, is_reply, NULL, &msg, COP_INFINITY);
    cop_send(boss, cop_tuple(COP(":got"), msg, cop_messages(10)));
    return cop_end();
}

static cop_pid waiter(enum cop_mailbox_policy policy, uint32_t max, cop_ref *ret_alias)
{
    cop_ref ref;
    cop_pid pid = cop_spawn(wait_for_reply, cop_pid_term(cop_self()),
                            &(struct cop_spawn_opts){.mailbox = {max, policy}});
    cop_expect(check_next(), "{:alias, ref}", ref);
    *ret_alias = ref;
    return pid;
}

PROCESS_TEST(aliases_are_refused)
{
    cop_ref alias;
    cop_pid pid = waiter(COP_DROP_NEW, 2, &alias);
    send_numbers(pid, 1, 2);
    cop_send(alias, COP("{:reply, 1}"));
    check_holds(pid, "[1, 2]", 1);
    stop_sitter(pid);
    return cop_end();
}

/* --- A receive that waits while :drop_old throws away ----------------------------------------- */

/* What it has looked at goes, one by one or all at once, also before the marker of its reference;
 * it finds what it waits for all the same. */
PROCESS_TEST(drop_old_under_a_selective_receive)
{
    for (uint32_t max = 1; max <= 4; max++) {
        for (int sent = 0; sent <= 12; sent++) {
            cop_ref alias;
            cop_pid pid = waiter(COP_DROP_OLD, max, &alias);
            for (int i = 1; i <= sent; i++) {
                cop_send(pid, i);
                if (sent % 2 == 0) check_info(pid, "messages"); /* it has looked at it */
            }
            cop_send(alias, COP("{:reply, 7}"));
            cop_term left;
            cop_expect(check_next(), "{:got, {:reply, 7}, left}", left);
            int first = sent - (int)max + 2, last = sent;
            for (int i = first < 1 ? 1 : first; i <= last; i++, left = cop_tail(left))
                CHECK_SAME(cop_head(left), i);
            CHECK(cop_is_empty_list(left));
            check_gone(pid);
        }
    }
    return cop_end();
}

/* The same while it is held back. */
PROCESS_TEST(drop_old_while_suspended)
{
    cop_ref alias;
    cop_pid pid = waiter(COP_DROP_OLD, 2, &alias);
    cop_send(pid, 1);
    CHECK_TERM(check_info(pid, "messages"), "[1]");
    CHECK(cop_suspend_process(pid));
    send_numbers(pid, 2, 9);
    cop_send(alias, COP("{:reply, 8}"));
    CHECK_TERM(check_info(pid, "messages"), "[9, {:reply, 8}]");
    CHECK(cop_resume_process(pid));
    CHECK_TERM(check_next(), "{:got, {:reply, 8}, [9]}");
    check_gone(pid);
    return cop_end();
}

/* --- The option ------------------------------------------------------------------------------- */

PROCESS_TEST(right_options)
{
    static const struct {
        const char *given;
        const char *read;
    } rows[] = {
        {"nil", "nil"},
        {"[max: 1]", "[max: 1, policy: :drop_new]"},
        {"[max: 4294967294, policy: :drop_new]", "[max: 4294967294, policy: :drop_new]"},
        {"[policy: :drop_old, max: 5]", "[max: 5, policy: :drop_old]"},
        {"[max: 5, policy: :exit_sender]", "[max: 5, policy: :exit_sender]"},
        {"[max: 5, policy: :kill]", "[max: 5, policy: :kill]"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct cop_mailbox mailbox;
        CHECK(cop_mailbox_from(check_parse(rows[i].given), &mailbox));
        CHECK_TERM(cop_mailbox_term(mailbox), rows[i].read);
    }
    return cop_end();
}

PROCESS_TEST(wrong_options)
{
    static const char *const wrong[] = {"7",
                                        ":kill",
                                        "[]",
                                        "%{max: 1}",
                                        "[1]",
                                        "[max: 0]",
                                        "[max: -1]",
                                        "[max: 1.0]",
                                        "[max: 4294967295]",
                                        "[max: 18446744073709551617]",
                                        "[max: nil]",
                                        "[max: :infinity]",
                                        "[policy: :kill]",
                                        "[max: 1, policy: nil]",
                                        "[max: 1, policy: :die]",
                                        "[max: 1, policy: \"kill\"]",
                                        "[max: 1, size: 3]",
                                        "[{:max, 1} | :x]",
                                        "{:max, 1}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct cop_mailbox mailbox = {77, COP_KILL};
        if (cop_mailbox_from(check_parse(wrong[i]), &mailbox))
            check_fail(__FILE__, __LINE__, "taken: %s", wrong[i]);
        CHECK_INT(mailbox.max, 77);
        CHECK_INT(mailbox.policy, COP_KILL);
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit),
        cmocka_unit_test(drop_new),
        cmocka_unit_test(drop_old),
        cmocka_unit_test(a_limit_of_one),
        cmocka_unit_test(exit_sender_that_traps),
        cmocka_unit_test(exit_sender_that_does_not_trap),
        cmocka_unit_test(exit_sender_that_is_none),
        cmocka_unit_test(kill_at_the_limit),
        cmocka_unit_test(links_and_monitors_arrive_at_a_full_mailbox),
        cmocka_unit_test(drop_old_of_a_mailbox_that_may_lose_nothing),
        cmocka_unit_test(other_signals_arrive_at_a_full_mailbox),
        cmocka_unit_test(own_messages_stay),
        cmocka_unit_test(timers_are_refused),
        cmocka_unit_test(aliases_are_refused),
        cmocka_unit_test(drop_old_under_a_selective_receive),
        cmocka_unit_test(drop_old_while_suspended),
        cmocka_unit_test(right_options),
        cmocka_unit_test(wrong_options),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
