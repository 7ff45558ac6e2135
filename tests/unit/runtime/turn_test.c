/* SPDX-License-Identifier: Apache-2.0 */
/* A turn at top level that was called for one message, and what comes on top of it meanwhile: that
 * message may still stand in the inbox (signal.h, the base) when the turn receives, waits, keeps
 * it, raises, or never asks for it. What comes is sent by the process to itself, so that it is
 * there for certain. */
#include "support/check_process.h"

static cop_next server(void *boss);

static bool is_late(cop_term msg, void *arg)
{
    (void)arg;
    return cop_is_tuple(msg);
}

static cop_kept kept;

/* What the turn does with the message it was called for, by its name. */
static void act(cop_term boss, cop_term msg)
{
    cop_term late;
    if (cop_identical(msg, COP(":more"))) {
        cop_send(cop_self(), COP(":first"));
        cop_send(cop_self(), COP("{:second, [1, 2]}"));
    } else if (cop_identical(msg, COP(":wait"))) {
        cop_send(cop_self(), COP(":skipped"));
        cop_send(cop_self(), COP("{:late, 1}"));
        CHECK(cop_receive_if(is_late, NULL, &late, COP_INFINITY));
        cop_send(boss, late);
    } else if (cop_identical(msg, COP(":time_out"))) {
        CHECK(!cop_receive_if(is_late, NULL, &late, 1));
    } else if (cop_match(msg, "{:keep, _}")) {
        kept = cop_keep(msg);
    } else if (cop_identical(msg, COP(":give_back"))) {
        cop_send(boss, cop_kept_term(kept));
        cop_drop(&kept);
    }
}

static cop_next server(void *boss)
{
    cop_term msg, to = *(cop_term *)boss;
    CHECK(cop_receive(&msg, COP_INFINITY));
    act(to, msg);
    cop_send(to, msg);
    return cop_hibernate(server, boss);
}

static cop_term the_boss; /* a pid */

static cop_next server_start(cop_term boss)
{
    (void)boss;
    return cop_hibernate(server, &the_boss);
}

static cop_pid start(void)
{
    the_boss = cop_pid_term(cop_self());
    return cop_spawn(server_start, cop_nil(), NULL);
}

static void stop(cop_pid pid)
{
    cop_exit_process(pid, COP(":kill"));
    check_gone(pid);
}

/* SIG-02: what comes during the turn is received after it, in order. */
PROCESS_TEST(what_comes_on_top_follows)
{
    cop_pid pid = start();
    for (int i = 0; i < 3; i++) {
        cop_send(pid, COP(":more"));
        CHECK_TERM(check_next(), ":more");
        CHECK_TERM(check_next(), ":first");
        CHECK_TERM(check_next(), "{:second, [1, 2]}");
    }
    stop(pid);
    return cop_end();
}

/* MSG-03: a turn that waits, for one that is there and for one that never comes. */
PROCESS_TEST(the_turn_may_wait)
{
    cop_pid pid = start();
    for (int i = 0; i < 3; i++) {
        cop_send(pid, COP(":wait"));
        CHECK_TERM(check_next(), "{:late, 1}");
        CHECK_TERM(check_next(), ":wait");
        CHECK_TERM(check_next(), ":skipped");
        cop_send(pid, COP(":time_out"));
        CHECK_TERM(check_next(), ":time_out");
    }
    stop(pid);
    return cop_end();
}

/* The message is kept as it is, and given up in a turn of its own. */
PROCESS_TEST(the_message_may_be_kept)
{
    cop_pid pid = start();
    for (int i = 0; i < 3; i++) {
        cop_send(pid, COP("{:keep, \"sixteen bytes ..\"}"));
        CHECK_TERM(check_next(), "{:keep, \"sixteen bytes ..\"}");
        cop_send(pid, COP(":give_back"));
        CHECK_TERM(check_next(), "{:keep, \"sixteen bytes ..\"}");
        CHECK_TERM(check_next(), ":give_back");
    }
    stop(pid);
    return cop_end();
}

/* --- Turns that do not receive, or not once ----------------------------------------------------*/

static cop_next take_two(void *state)
{
    cop_term a, b;
    CHECK(cop_receive(&a, COP_INFINITY));
    CHECK(cop_receive(&b, COP_INFINITY));
    cop_send(the_boss, cop_tuple(a, b));
    return cop_hibernate(take_two, state);
}

static cop_next leave_it(void *state)
{
    cop_send(cop_self(), COP(":later"));
    return cop_hibernate(take_two, state);
}

static cop_next leave_it_start(cop_term arg)
{
    (void)arg;
    cop_send(the_boss, COP(":started"));
    return cop_hibernate(leave_it, NULL);
}

/* What a turn was called for and did not take comes before what came during it. */
PROCESS_TEST(a_message_that_is_left_stays_first)
{
    the_boss = cop_pid_term(cop_self());
    cop_pid pid = cop_spawn(leave_it_start, cop_nil(), NULL);
    CHECK_TERM(check_next(), ":started");
    cop_send(pid, COP(":earlier"));
    CHECK_TERM(check_next(), "{:earlier, :later}");
    cop_send(pid, 1);
    cop_send(pid, 2);
    CHECK_TERM(check_next(), "{1, 2}");
    stop(pid);
    return cop_end();
}

static cop_next take_four(void *state)
{
    cop_term got[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        CHECK(cop_receive(&got[i], COP_INFINITY));
    cop_send(the_boss, cop_tuple_from(got, 4));
    return cop_end();
}

static cop_next leave_it_and_take_signals(void *state)
{
    cop_send(cop_self(), 2);
    cop_send(cop_self(), 3);
    cop_trap_exit(true); /* takes all that has arrived */
    cop_send(cop_self(), 4);
    return cop_hibernate(take_four, state);
}

/* The first turn of all is no turn for a message: this one is over before the message comes. */
static cop_next leave_and_take_start(cop_term arg)
{
    (void)arg;
    cop_send(the_boss, COP(":started"));
    return cop_hibernate(leave_it_and_take_signals, NULL);
}

/* Nor does it get lost when others are in the mailbox before it is put there. */
PROCESS_TEST(a_message_that_is_left_comes_before_those_taken)
{
    the_boss = cop_pid_term(cop_self());
    cop_pid pid = cop_spawn(leave_and_take_start, cop_nil(), NULL);
    CHECK_TERM(check_next(), ":started");
    cop_send(pid, 1);
    CHECK_TERM(check_next(), "{1, 2, 3, 4}");
    check_gone(pid);
    return cop_end();
}

static bool loop(void *state, cop_term msg)
{
    (void)state;
    if (cop_is_integer(msg) && cop_to_int(msg) < 50) cop_send(cop_self(), cop_to_int(msg) + 1);
    cop_send(the_boss, msg);
    return true;
}

static cop_next loop_in_a_turn(void *state)
{
    cop_receive_loop(loop, state);
    return cop_end();
}

static cop_next loop_start(cop_term arg)
{
    (void)arg;
    return cop_hibernate(loop_in_a_turn, NULL);
}

/* A loop frees each message with its own turn, the one that woke the process too. */
PROCESS_TEST(a_loop_may_begin_in_a_turn)
{
    the_boss = cop_pid_term(cop_self());
    cop_pid pid = cop_spawn(loop_start, cop_nil(), NULL);
    cop_send(pid, 1);
    for (int i = 1; i <= 50; i++)
        CHECK_SAME(check_next(), i);
    stop(pid);
    return cop_end();
}

static cop_next raise_with_mail(void *state)
{
    cop_term msg;
    (void)state;
    CHECK(cop_receive(&msg, COP_INFINITY));
    cop_link(cop_to_pid(the_boss));
    cop_send(cop_self(), COP(":unread"));
    cop_exit(COP(":gone"));
}

static cop_next raise_start(cop_term arg)
{
    (void)arg;
    return cop_hibernate(raise_with_mail, NULL);
}

/* A death in the turn: what lies on top is freed, the message of the turn once. */
PROCESS_TEST(a_death_in_the_turn)
{
    the_boss = cop_pid_term(cop_self());
    cop_trap_exit(true);
    for (int i = 0; i < 20; i++) {
        cop_pid pid = cop_spawn(raise_start, cop_nil(), NULL);
        cop_send(pid, COP("{:go, \"sixteen bytes ..\"}"));
        cop_term reason;
        cop_expect(check_next(), "{:EXIT, _, reason}", reason);
        CHECK_TERM(reason, ":gone");
        check_gone(pid);
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_on_top_follows),
        cmocka_unit_test(the_turn_may_wait),
        cmocka_unit_test(the_message_may_be_kept),
        cmocka_unit_test(a_message_that_is_left_stays_first),
        cmocka_unit_test(a_message_that_is_left_comes_before_those_taken),
        cmocka_unit_test(a_loop_may_begin_in_a_turn),
        cmocka_unit_test(a_death_in_the_turn),
    };
    return cmocka_run_group_tests_name("turn", tests, check_start_node, check_stop_node);
}
