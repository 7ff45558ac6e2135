/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to a process: dictionary, label, group leader, hibernation (PRC). */
#include "support/check_process.h"

/* PRC-08 */
PROCESS_TEST(dictionary)
{
    CHECK_TERM(cop_get(COP(":a")), "nil");
    CHECK_TERM(cop_put(COP(":a"), COP("1")), "nil");
    CHECK_TERM(cop_put(COP(":a"), COP("[2, \"two\"]")), "1");
    CHECK_TERM(cop_put(COP("{:b, 1}"), COP("3")), "nil");
    CHECK_TERM(cop_get(COP(":a")), "[2, \"two\"]");
    CHECK_TERM(cop_get(COP("1")), "nil");
    cop_term all = cop_dictionary();
    CHECK_INT(cop_list_len(all), 2);
    CHECK(check_list_has(all, COP("{:a, [2, \"two\"]}")));
    CHECK(check_list_has(all, COP("{{:b, 1}, 3}")));
    CHECK_TERM(cop_erase(COP(":a")), "[2, \"two\"]");
    CHECK_TERM(cop_erase(COP(":a")), "nil");
    CHECK_TERM(cop_dictionary(), "[{{:b, 1}, 3}]");
    return cop_end();
}

static cop_term get_a(cop_term arg)
{
    (void)arg;
    return cop_get(COP(":a"));
}

/* PRC-08: private, and not inherited. */
PROCESS_TEST(the_dictionary_is_private)
{
    cop_put(COP(":a"), COP(":mine"));
    cop_pid p = puppet_start();
    CHECK_TERM(puppet_call(p, get_a, cop_nil()), "nil");
    CHECK_TERM(cop_get(COP(":a")), ":mine");
    return cop_end();
}

static bool put_in_turns(void *state, cop_term msg)
{
    int *turn = state;
    if (*turn > 0) CHECK_SAME(cop_get(COP(":last")), cop_list(*turn - 1, "text"));
    cop_put(COP(":last"), cop_list(*turn, "text"));
    *turn += 1;
    return cop_identical(msg, COP(":go"));
}

/* Values of the dictionary outlive the region in which they were built. */
PROCESS_TEST(the_dictionary_keeps_values_over_turns)
{
    int turn = 0;
    for (int i = 0; i < 1000; i++)
        cop_send(cop_self(), COP(":go"));
    cop_send(cop_self(), COP(":stop"));
    cop_receive_loop(put_in_turns, &turn);
    CHECK_SAME(cop_get(COP(":last")), cop_list(1000, "text"));
    return cop_end();
}

static cop_term set_label(cop_term arg)
{
    cop_set_label(arg);
    return cop_ok();
}

/* PRC-14 */
PROCESS_TEST(label)
{
    cop_pid p = puppet_start();
    CHECK_TERM(check_info(p, "label"), "nil");
    puppet_call(p, set_label, COP("{:worker, 3}"));
    CHECK_TERM(check_info(p, "label"), "{:worker, 3}");
    cop_exit_process(p, COP(":kill"));
    CHECK(!cop_is_alive(p));
    CHECK_TERM(cop_process_info(p, COP(":label")), "nil");
    return cop_end();
}

static cop_term tell_leader(cop_term arg)
{
    (void)arg;
    return cop_pid_term(cop_group_leader());
}

static cop_term leader_of_a_child(cop_term arg)
{
    cop_pid child = puppet_start();
    (void)arg;
    return puppet_call(child, tell_leader, cop_nil());
}

/* PRC-12: inherited from the spawner; may be changed by another process. */
PROCESS_TEST(group_leader)
{
    cop_pid leader = puppet_start(), p = puppet_start();
    CHECK_SAME(puppet_call(p, tell_leader, cop_nil()), cop_group_leader());
    cop_set_group_leader(leader, p);
    CHECK_SAME(puppet_call(p, tell_leader, cop_nil()), leader);
    CHECK_SAME(puppet_call(p, leader_of_a_child, cop_nil()), leader);
    CHECK_SAME(check_info(p, "group_leader"), leader);
    cop_set_group_leader(leader, cop_self());
    CHECK_SAME(cop_group_leader(), leader);
    return cop_end();
}

/* --- Hibernation -------------------------------------------------------------------------------*/

struct server {
    cop_pid owner;
    int wakes;
    int timeouts;
};

static cop_next server_wake(void *state)
{
    struct server *s = state;
    cop_term msg;
    s->wakes++;
    CHECK(cop_receive(&msg, 0));
    if (cop_match(msg, ":stop")) return cop_end();
    cop_send(s->owner, cop_tuple(s->wakes, msg));
    return cop_hibernate(server_wake, s);
}

static cop_next server_start(cop_term arg)
{
    struct server *s = cop_alloc(sizeof(*s));
    CHECK_INT(s->wakes, 0);
    s->owner = cop_to_pid(arg);
    return cop_hibernate(server_wake, s);
}

/* PRC-11: sleeps until there is a message, then goes on with the function, once a message here. */
PROCESS_TEST(hibernate_wakes_for_messages)
{
    cop_pid p = cop_spawn(server_start, cop_pid_term(cop_self()), NULL);
    cop_ref ref = cop_monitor(p);
    for (int i = 1; i <= 1000; i++) {
        cop_send(p, COP(":ping"));
        if (i % 2 == 0) {
            CHECK_SAME(check_next(), cop_tuple(i - 1, COP(":ping")));
            CHECK_SAME(check_next(), cop_tuple(i, COP(":ping")));
        }
    }
    cop_send(p, COP(":stop"));
    CHECK_TERM(check_down(ref), ":normal");
    return cop_end();
}

static cop_next woken_at_once(void *state)
{
    cop_send(*(cop_pid *)state, COP(":woken"));
    return cop_end();
}

static cop_next hibernate_with_a_message(cop_term arg)
{
    cop_pid *owner = cop_alloc(sizeof(*owner));
    *owner = cop_to_pid(arg);
    cop_send(cop_self(), COP(":here"));
    CHECK(cop_is_alive(cop_self()));        /* this one is in the mailbox, */
    cop_send(cop_self(), COP(":here_too")); /* that one may be on its way */
    return cop_hibernate(woken_at_once, owner);
}

/* PRC-11: at once, if the mailbox is not empty. */
PROCESS_TEST(hibernate_does_not_sleep_over_messages)
{
    for (int i = 0; i < 100; i++) {
        cop_spawn(hibernate_with_a_message, cop_pid_term(cop_self()), NULL);
        CHECK_TERM(check_next(), ":woken");
    }
    return cop_end();
}

static cop_next timed_wake(void *state)
{
    struct server *s = state;
    cop_term msg;
    if (!cop_receive(&msg, 0)) {
        s->timeouts++;
        if (s->timeouts < 3) return cop_hibernate_for(timed_wake, s, 10);
        cop_send(s->owner, COP(":timed_out"));
        return cop_hibernate(timed_wake, s);
    }
    cop_send(s->owner, msg);
    return cop_match(msg, ":stop") ? cop_end() : cop_hibernate_for(timed_wake, s, 60000);
}

static cop_next timed_start(cop_term arg)
{
    struct server *s = cop_alloc(sizeof(*s));
    s->owner = cop_to_pid(arg);
    return cop_hibernate_for(timed_wake, s, 10);
}

/* cop_hibernate_for: called without a message when the time is over; a timeout of an earlier wait
 * does not strike a later one. */
PROCESS_TEST(hibernate_with_a_timeout)
{
    int64_t start = cop_monotonic_ms();
    cop_pid p = cop_spawn(timed_start, cop_pid_term(cop_self()), NULL);
    CHECK_TERM(check_next(), ":timed_out");
    CHECK(cop_monotonic_ms() - start >= 30);
    cop_send(p, COP(":one"));
    CHECK_TERM(check_next(), ":one");
    cop_send(p, COP(":two"));
    CHECK_TERM(check_next(), ":two");
    cop_send(p, COP(":stop"));
    CHECK_TERM(check_next(), ":stop");
    check_gone(p);
    check_no_message();
    return cop_end();
}

static cop_next never_woken(void *state)
{
    (void)state;
    check_fail(__FILE__, __LINE__, "woken by something that is no message");
}

static cop_next sleep_for_ever(cop_term arg)
{
    (void)arg;
    return cop_hibernate(never_woken, NULL);
}

/* SIG-05: a hibernating process handles signals that are no messages without being woken. */
PROCESS_TEST(a_hibernating_process_handles_signals)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid p = cop_spawn(sleep_for_ever, cop_nil(), &opts);
    for (int i = 0; i < 10; i++) {
        cop_link(p);
        CHECK(check_list_has(check_info(p, "links"), cop_pid_term(cop_self())));
        cop_unlink(p);
        cop_exit_process(p, COP(":normal"));
        CHECK(cop_is_alive(p));
    }
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dictionary),
        cmocka_unit_test(the_dictionary_is_private),
        cmocka_unit_test(the_dictionary_keeps_values_over_turns),
        cmocka_unit_test(label),
        cmocka_unit_test(group_leader),
        cmocka_unit_test(hibernate_wakes_for_messages),
        cmocka_unit_test(hibernate_does_not_sleep_over_messages),
        cmocka_unit_test(hibernate_with_a_timeout),
        cmocka_unit_test(a_hibernating_process_handles_signals),
    };
    return cmocka_run_group_tests_name("process_data", tests, check_start_node, check_stop_node);
}
