/* SPDX-License-Identifier: Apache-2.0 */
/* Aliases (ALS). */
#include "support/check_process.h"

/* Sends msg from another process, by the alias; returns when it is sent. */
static void send_by(cop_pid sender, cop_ref alias, cop_term msg)
{
    puppet_send(sender, cop_ref_term(alias), msg);
}

/* ALS-01 MSG-02 */
PROCESS_TEST(an_alias_stands_for_its_creator)
{
    cop_pid sender = puppet_start();
    cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
    send_by(sender, alias, COP(":one"));
    send_by(sender, alias, COP(":two"));
    CHECK_TERM(check_next(), ":one");
    CHECK_TERM(check_next(), ":two");
    CHECK_TERM(cop_send(alias, COP(":three")), ":three");
    CHECK_TERM(check_next(), ":three");
    CHECK(cop_unalias(alias));
    CHECK(!cop_unalias(alias));
    return cop_end();
}

/* ALS-02: messages to an inactive alias are dropped; sending never fails. */
PROCESS_TEST(messages_to_an_inactive_alias_are_dropped)
{
    cop_pid sender = puppet_start();
    cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
    cop_unalias(alias);
    send_by(sender, alias, COP(":lost"));
    CHECK_TERM(cop_send(alias, COP(":lost")), ":lost");
    CHECK_TERM(cop_send(cop_make_ref(), COP(":lost")), ":lost");
    CHECK(!cop_unalias(cop_make_ref()));
    check_no_message();
    return cop_end();
}

static cop_term make_alias(cop_term arg)
{
    (void)arg;
    return cop_ref_term(cop_alias(COP_ALIAS_EXPLICIT));
}

/* ALS-02: an alias of the dead. */
PROCESS_TEST(messages_to_an_alias_of_the_dead_are_dropped)
{
    cop_pid p = puppet_start();
    cop_ref alias = cop_to_ref(puppet_call(p, make_alias, cop_nil()));
    cop_exit_process(p, COP(":kill"));
    check_gone(p);
    CHECK_TERM(cop_send(alias, COP(":lost")), ":lost");
    return cop_end();
}

static atomic_int was_sent;

static cop_term send_and_tell(cop_term alias)
{
    cop_send(alias, COP(":on_the_way"));
    atomic_store(&was_sent, 1);
    return cop_ok();
}

/* ALS-02: a message that was sent before the deactivation but is received after it is dropped, too.
 * The sender tells by a flag, for which the creator waits without a scheduling point; in some
 * rounds the runtime may receive the message all the same, in most it cannot. */
PROCESS_TEST(a_message_on_the_way_is_dropped)
{
    enum { ROUNDS = 50 };
    int dropped = 0;
    cop_pid sender = puppet_start();
    for (int i = 0; i < ROUNDS; i++) {
        cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
        cop_term msg;
        atomic_store(&was_sent, 0);
        puppet_cast(sender, send_and_tell, cop_ref_term(alias));
        while (!atomic_load(&was_sent)) {
        }
        CHECK(cop_unalias(alias));
        CHECK(cop_is_alive(cop_self()));
        if (!cop_receive(&msg, 0)) dropped++;
    }
    CHECK(dropped > 0);
    return cop_end();
}

/* ALS-03 */
PROCESS_TEST(a_reply_alias_ends_with_the_first_message)
{
    cop_pid sender = puppet_start();
    cop_ref alias = cop_alias(COP_ALIAS_REPLY);
    send_by(sender, alias, COP(":first"));
    send_by(sender, alias, COP(":second"));
    CHECK_TERM(check_next(), ":first");
    check_no_message();
    CHECK(!cop_unalias(alias));
    alias = cop_alias(COP_ALIAS_REPLY);
    CHECK(cop_unalias(alias));
    send_by(sender, alias, COP(":lost"));
    check_no_message();
    return cop_end();
}

static cop_ref watch(cop_pid pid, enum cop_alias_mode mode)
{
    return cop_monitor_with(cop_pid_term(pid), mode, cop_none());
}

/* ALS-04: which alias survives what. */
PROCESS_TEST(aliases_of_monitors)
{
    const struct {
        enum cop_alias_mode mode;
        bool lives_after_message, lives_after_demonitor, lives_after_down;
    } table[] = {
        {COP_ALIAS_NONE, false, false, false},
        {COP_ALIAS_EXPLICIT, true, true, true},
        {COP_ALIAS_DEMONITOR, true, false, false},
        {COP_ALIAS_REPLY_DEMONITOR, false, false, false},
    };
    cop_pid sender = puppet_start();
    for (int i = 0; i < 4; i++) {
        enum cop_alias_mode mode = table[i].mode;
        cop_term msg;
        cop_pid p = puppet_start();
        cop_ref a = watch(p, mode), b = watch(p, mode), c = watch(p, mode);
        send_by(sender, a, COP(":first"));
        CHECK(cop_receive(&msg, 0) == (mode != COP_ALIAS_NONE));
        send_by(sender, a, COP(":second"));
        CHECK(cop_is_alive(cop_self()));
        CHECK(cop_receive(&msg, 0) == table[i].lives_after_message);
        cop_unalias(a);
        /* The first message through it took the monitor, too, in the last mode only. */
        CHECK(cop_demonitor(a, true) == (mode != COP_ALIAS_REPLY_DEMONITOR));

        CHECK(cop_demonitor(b, false));
        send_by(sender, b, COP(":late"));
        CHECK(cop_is_alive(cop_self()));
        CHECK(cop_receive(&msg, 0) == table[i].lives_after_demonitor);
        CHECK(cop_unalias(b) == table[i].lives_after_demonitor);

        cop_exit_process(p, COP(":boom"));
        CHECK_TERM(check_down(c), ":boom");
        send_by(sender, c, COP(":late"));
        CHECK(cop_is_alive(cop_self()));
        CHECK(cop_receive(&msg, 0) == table[i].lives_after_down);
        CHECK(cop_unalias(c) == table[i].lives_after_down);
        check_gone(p);
        check_no_message();
    }
    return cop_end();
}

static cop_term end_here(cop_term arg)
{
    (void)arg;
    cop_exit(COP(":over"));
}

/* ALS-04: the first message through a reply_demonitor alias ends the monitor: no DOWN. */
PROCESS_TEST(a_reply_ends_the_monitor)
{
    cop_pid sender = puppet_start(), p = puppet_start();
    cop_ref ref = watch(p, COP_ALIAS_REPLY_DEMONITOR);
    send_by(sender, ref, COP(":reply"));
    CHECK_TERM(check_next(), ":reply");
    CHECK_TERM(check_info(cop_self(), "monitors"), "[]");
    CHECK_TERM(check_info(p, "monitored_by"), "[]"); /* the other side knows it, too */
    cop_exit_process(p, COP(":boom"));
    check_gone(p);
    check_no_message();
    CHECK(!cop_unalias(ref));
    return cop_end();
}

/* ALS-04: a reply and the end of the watched one right after it, both before the watcher looks; and
 * one that comes after the DOWN. */
PROCESS_TEST(a_reply_before_and_after_the_end)
{
    cop_pid sender = puppet_start(), p = puppet_start();
    cop_ref ref = watch(p, COP_ALIAS_REPLY_DEMONITOR);
    puppet_cast(p, send_and_tell, cop_ref_term(ref));
    puppet_cast(p, end_here, cop_nil());
    check_gone(p);
    CHECK_TERM(check_next(), ":on_the_way");
    check_no_message();
    ref = watch(p, COP_ALIAS_REPLY_DEMONITOR);
    CHECK_TERM(check_down(ref), ":noproc");
    send_by(sender, ref, COP(":late"));
    check_no_message();
    return cop_end();
}

/* ALS-04: unalias of a monitor's alias leaves the monitor. */
PROCESS_TEST(unalias_leaves_the_monitor)
{
    cop_pid p = puppet_start();
    cop_ref ref = watch(p, COP_ALIAS_DEMONITOR);
    CHECK(cop_unalias(ref));
    cop_send(ref, COP(":lost"));
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    check_no_message();
    return cop_end();
}

/* ALS-01: a monitor without one is no alias to be ended, and goes on. */
PROCESS_TEST(unalias_of_a_plain_monitor_does_nothing)
{
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor(p);
    CHECK(!cop_unalias(ref));
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    CHECK(!cop_unalias(ref));
    return cop_end();
}

/* ALS-01 ALS-04: demonitor is nothing to a plain alias, nor to one that outlived its monitor. */
PROCESS_TEST(demonitor_leaves_plain_aliases)
{
    cop_ref plain[] = {cop_alias(COP_ALIAS_REPLY), cop_alias(COP_ALIAS_EXPLICIT),
                       watch(check_dead_pid(), COP_ALIAS_EXPLICIT)};
    check_down(plain[2]);
    for (int i = 0; i < 3; i++) {
        CHECK(!cop_demonitor(plain[i], true));
        cop_send(plain[i], COP(":still"));
        CHECK_TERM(check_next(), ":still");
        CHECK(cop_unalias(plain[i]) == (i > 0));
    }
    return cop_end();
}

static cop_term do_unalias(cop_term arg)
{
    return cop_bool(cop_unalias(cop_to_ref(arg)));
}

/* ALS-05 */
PROCESS_TEST(only_the_creator_ends_an_alias)
{
    cop_pid other = puppet_start();
    cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
    CHECK_TERM(puppet_call(other, do_unalias, cop_ref_term(alias)), "false");
    send_by(other, alias, COP(":still"));
    CHECK_TERM(check_next(), ":still");
    CHECK(cop_unalias(alias));
    return cop_end();
}

/* ALS-06: a call gives up; the late reply does not pollute the mailbox. */
PROCESS_TEST(no_late_reply)
{
    cop_pid server = puppet_start();
    for (int i = 0; i < 100; i++) {
        cop_ref ref = watch(server, COP_ALIAS_DEMONITOR);
        puppet_cast(server, send_and_tell, cop_ref_term(ref));
        cop_demonitor(ref, true);
        puppet_sync(server); /* the reply was sent */
    }
    cop_term msg;
    int early = 0;
    CHECK(cop_is_alive(cop_self()));
    while (cop_receive(&msg, 0))
        early++;
    /* A reply that came before demonitor is none that is late. */
    CHECK(early < 100);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alias_stands_for_its_creator),
        cmocka_unit_test(messages_to_an_inactive_alias_are_dropped),
        cmocka_unit_test(messages_to_an_alias_of_the_dead_are_dropped),
        cmocka_unit_test(a_message_on_the_way_is_dropped),
        cmocka_unit_test(a_reply_alias_ends_with_the_first_message),
        cmocka_unit_test(aliases_of_monitors),
        cmocka_unit_test(a_reply_ends_the_monitor),
        cmocka_unit_test(a_reply_before_and_after_the_end),
        cmocka_unit_test(unalias_leaves_the_monitor),
        cmocka_unit_test(unalias_of_a_plain_monitor_does_nothing),
        cmocka_unit_test(demonitor_leaves_plain_aliases),
        cmocka_unit_test(only_the_creator_ends_an_alias),
        cmocka_unit_test(no_late_reply),
    };
    return cmocka_run_group_tests_name("alias", tests, check_start_node, check_stop_node);
}
