/* SPDX-License-Identifier: Apache-2.0 */
/* How processes end, and what an exit signal does at its receiver: the decision table (EXI). */
#include "support/check_process.h"

#include <unistd.h>

#include <string.h>

/* --- Reasons of one's own end ------------------------------------------------------------------*/

static cop_next end_normally(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static cop_next do_exit(cop_term arg)
{
    cop_exit(arg);
}

static cop_next do_error(cop_term arg)
{
    cop_error(arg);
}

static cop_next do_throw(cop_term arg)
{
    cop_throw(arg);
}

static cop_term death_of(cop_start_fn fn, cop_term arg)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_spawn(fn, arg, &opts);
    return check_down(ref);
}

/* EXI-01 EXI-13 */
PROCESS_TEST(reasons_of_ones_own_end)
{
    cop_term stack = cop_nil();
    CHECK_TERM(death_of(end_normally, cop_nil()), ":normal");
    CHECK_TERM(death_of(do_exit, COP(":normal")), ":normal");
    CHECK_TERM(death_of(do_exit, COP("{:shutdown, 5}")), "{:shutdown, 5}");
    CHECK_TERM(death_of(do_exit, COP(":kill")), ":kill");
    CHECK(cop_match(death_of(do_error, COP(":wrong")), "{:wrong, stack}", stack));
    CHECK(cop_list_len(stack) >= 0);
    CHECK(cop_match(death_of(do_throw, COP(":ball")), "{{:nocatch, :ball}, stack}", stack));
    CHECK(cop_list_len(stack) >= 0);
    return cop_end();
}

static cop_term try_exit(void *arg)
{
    (void)arg;
    cop_exit(COP(":caught"));
}

/* EXI-02: exit/1 can be caught; exit/2 returns at once, whatever happens to the target. */
PROCESS_TEST(exit_1_is_an_exception_exit_2_a_signal)
{
    CHECK_RAISES(COP_CLASS_EXIT, ":caught", try_exit, NULL);
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor(p);
    cop_exit_process(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    return cop_end();
}

/* EXI-03 */
PROCESS_TEST(exit_signal_to_the_dead)
{
    cop_pid dead = check_dead_pid();
    cop_trap_exit(true);
    cop_exit_process(dead, COP(":boom"));
    cop_exit_process(dead, COP(":kill"));
    check_no_message();
    return cop_end();
}

/* --- The decision table ------------------------------------------------------------------------*/

/* Where a signal comes from: a link at the sender's death; a link that the receiver had removed
 * before; exit/2 of another process; exit/2 of the receiver itself. */
enum origin { LINK, UNLINKED, OTHER, SELF };

struct row {
    const char *fact;
    enum origin origin;
    const char *reason;
    const char *not_trapping; /* "nothing" or the reason with which the receiver dies */
    const char *trapping;     /* the same, or "msg" and the reason in the message */
};

static const struct row table[] = {
    {"EXI-21 EXI-06 EXI-09", LINK, ":normal", "nothing", "msg :normal"},
    {"EXI-22 EXI-13", LINK, ":kill", ":kill", "msg :kill"},
    {"EXI-23 EXI-08 EXI-15", LINK, ":boom", ":boom", "msg :boom"},
    {"EXI-23 EXI-17", LINK, ":shutdown", ":shutdown", "msg :shutdown"},
    {"EXI-23 EXI-17", LINK, "{:shutdown, :x}", "{:shutdown, :x}", "msg {:shutdown, :x}"},
    {"EXI-23", LINK, ":killed", ":killed", "msg :killed"},
    {"EXI-23", LINK, "{:tuple, [1], \"s\"}", "{:tuple, [1], \"s\"}", "msg {:tuple, [1], \"s\"}"},
    {"EXI-24 EXI-05", UNLINKED, ":normal", "nothing", "nothing"},
    {"EXI-24 EXI-05", UNLINKED, ":kill", "nothing", "nothing"},
    {"EXI-24 EXI-05", UNLINKED, ":boom", "nothing", "nothing"},
    {"EXI-25 EXI-11 EXI-06", OTHER, ":normal", "nothing", "msg :normal"},
    {"EXI-26 EXI-10", SELF, ":normal", ":normal", "msg :normal"},
    {"EXI-27 EXI-07", OTHER, ":kill", ":killed", ":killed"},
    {"EXI-27 EXI-12", SELF, ":kill", ":killed", ":killed"},
    {"EXI-28", OTHER, ":killed", ":killed", "msg :killed"},
    {"EXI-28", SELF, ":killed", ":killed", "msg :killed"},
    {"EXI-29", OTHER, ":shutdown", ":shutdown", "msg :shutdown"},
    {"EXI-29", OTHER, "{:shutdown, 7}", "{:shutdown, 7}", "msg {:shutdown, 7}"},
    {"EXI-29 EXI-16", OTHER, ":noproc", ":noproc", "msg :noproc"},
    {"EXI-29", OTHER, "%{a: 1.5}", "%{a: 1.5}", "msg %{a: 1.5}"},
    {"EXI-29", SELF, ":shutdown", ":shutdown", "msg :shutdown"},
    {"EXI-29", SELF, "{:shutdown, 7}", "{:shutdown, 7}", "msg {:shutdown, 7}"},
    {"EXI-29", SELF, "[1, 2]", "[1, 2]", "msg [1, 2]"},
};

static cop_term signal_itself(cop_term reason)
{
    cop_exit_process(cop_self(), reason);
    return cop_ok();
}

/* Makes the signal of the row reach the receiver; when it returns, the signal has been sent. */
static void send_signal(const struct row *row, cop_pid sender, cop_pid receiver)
{
    cop_term reason = check_parse(row->reason);
    switch (row->origin) {
    case LINK:
        puppet_link(sender, receiver);
        puppet_exit(sender, reason);
        check_gone(sender);
        break;
    case UNLINKED:
        puppet_link(sender, receiver);
        puppet_unlink(receiver, sender);
        puppet_exit(sender, reason);
        check_gone(sender);
        break;
    case OTHER: puppet_signal(sender, receiver, reason); break;
    case SELF: puppet_cast(receiver, signal_itself, reason); break;
    }
}

static void check_cell(const struct row *row, bool is_trapping)
{
    const char *expected = is_trapping ? row->trapping : row->not_trapping;
    cop_pid sender = puppet_start();
    cop_pid receiver = puppet_start();
    cop_ref ref = cop_monitor(receiver);
    puppet_trap(receiver, is_trapping);
    send_signal(row, sender, receiver);
    bool must_live = strcmp(expected, "nothing") == 0 || strncmp(expected, "msg ", 4) == 0;
    if (!must_live) {
        cop_term msg;
        if (!cop_receive(&msg, CHECK_LIMIT_MS) || !cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref))
            check_fail(__FILE__, __LINE__, "%s, reason %s, trapping %d: it did not die", row->fact,
                       row->reason, is_trapping);
        CHECK_TERM(cop_elem(msg, 4), expected);
        return;
    }
    if (row->origin != SELF && !cop_is_alive(receiver))
        check_fail(__FILE__, __LINE__, "%s, reason %s, trapping %d: it died", row->fact,
                   row->reason, is_trapping);
    cop_pid from = row->origin == SELF ? receiver : sender;
    cop_term all = puppet_mailbox(receiver);
    if (strcmp(expected, "nothing") == 0)
        CHECK_TERM(all, "[]");
    else
        CHECK_SAME(all, cop_list(cop_tuple(COP(":EXIT"), from, check_parse(expected + 4))));
}

/* EXI-04 to EXI-12, EXI-21 to EXI-29: every cell of the table. */
PROCESS_TEST(decision_table)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        check_cell(&table[i], false);
        check_cell(&table[i], true);
    }
    return cop_end();
}

static cop_term try_link(void *arg)
{
    cop_link(*(cop_pid *)arg);
    return cop_ok();
}

/* EXI-30 LNK-04 */
PROCESS_TEST(link_to_nobody)
{
    cop_pid dead = check_dead_pid();
    CHECK_RAISES(COP_CLASS_ERROR, ":noproc", try_link, &dead);
    check_no_message();
    cop_trap_exit(true);
    cop_link(dead);
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), dead, COP(":noproc")));
    check_no_message();
    CHECK_TERM(check_info(cop_self(), "links"), "[]");
    return cop_end();
}

/* --- Spreading ---------------------------------------------------------------------------------*/

/* EXI-14: a kill does not go on as a kill: trapping neighbours survive with `killed`, others die
 * of it. */
PROCESS_TEST(a_kill_spreads_as_killed)
{
    cop_pid victim = puppet_start(), trapping = puppet_start(), plain = puppet_start();
    cop_ref ref = cop_monitor(plain);
    puppet_trap(trapping, true);
    puppet_link(trapping, victim);
    puppet_link(plain, victim);
    cop_exit_process(victim, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    check_gone(victim);
    CHECK_SAME(puppet_mailbox(trapping), cop_list(cop_tuple(COP(":EXIT"), victim, COP(":killed"))));
    return cop_end();
}

/* EXI-13: exit(kill) of the process itself is an ordinary reason for its neighbours. */
PROCESS_TEST(own_exit_with_kill_is_an_ordinary_reason)
{
    cop_pid victim = puppet_start(), plain = puppet_start();
    cop_ref ref = cop_monitor(plain), own = cop_monitor(victim);
    puppet_link(plain, victim);
    cop_trap_exit(true);
    cop_link(victim);
    puppet_exit(victim, COP(":kill"));
    CHECK_TERM(check_down(own), ":kill");
    CHECK_TERM(check_down(ref), ":kill");
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), victim, COP(":kill")));
    return cop_end();
}

/* EXI-15: a death goes through a chain of 100 links with its reason; the EXIT at the end bears the
 * pid of the last neighbour. */
PROCESS_TEST(a_death_goes_through_a_chain)
{
    enum { LENGTH = 100 };
    cop_pid chain[LENGTH];
    cop_trap_exit(true);
    for (int i = 0; i < LENGTH; i++) {
        chain[i] = puppet_start();
        if (i > 0) puppet_link(chain[i], chain[i - 1]);
    }
    cop_link(chain[LENGTH - 1]);
    cop_exit_process(chain[0], COP("{:boom, 1}"));
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), chain[LENGTH - 1], COP("{:boom, 1}")));
    for (int i = 0; i < LENGTH; i++)
        CHECK(!cop_is_alive(chain[i]));
    return cop_end();
}

/* EXI-17 EXI-21: shutdown goes through links to those who do not trap, normal does not. */
PROCESS_TEST(normal_does_not_spread)
{
    cop_pid a = puppet_start(), b = puppet_start();
    puppet_link(a, b);
    puppet_end(a);
    check_gone(a);
    CHECK(cop_is_alive(b));
    CHECK_TERM(check_info(b, "links"), "[]");
    return cop_end();
}

/* --- trap_exit ---------------------------------------------------------------------------------*/

/* EXI-19 */
PROCESS_TEST(trap_exit_returns_the_old_value_and_changes_nothing_past)
{
    CHECK(!cop_trap_exit(true));
    CHECK(cop_trap_exit(true));
    cop_exit_process(cop_self(), COP(":one"));
    CHECK(cop_trap_exit(false));
    CHECK(!cop_trap_exit(false));
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), cop_self(), COP(":one")));
    check_no_message();
    return cop_end();
}

static atomic_int has_signalled;

static cop_term signal_and_tell(cop_term pid)
{
    cop_exit_process(cop_to_pid(pid), COP(":before"));
    atomic_store(&has_signalled, 1);
    return cop_ok();
}

static cop_next trap_too_late(cop_term puppet)
{
    puppet_cast(cop_to_pid(puppet), signal_and_tell, cop_pid_term(cop_self()));
    for (int i = 0; i < 50000 && atomic_load(&has_signalled) == 0; i++)
        usleep(100); /* the process's thread sleeps, so no signal is handled */
    cop_trap_exit(true);
    cop_exit(COP(":it_lives"));
}

/* EXI-19: a signal that has come before is fatal, though it was not handled yet. */
PROCESS_TEST(trap_exit_is_too_late_for_what_has_come)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_spawn(trap_too_late, cop_pid_term(puppet_start()), &opts);
    CHECK_TERM(check_down(ref), ":before");
    return cop_end();
}

/* EXI-20 */
PROCESS_TEST(the_dead_are_not_alive_and_have_no_info)
{
    for (int i = 0; i < 200; i++) {
        cop_pid p = puppet_start();
        cop_ref ref = cop_monitor(p);
        puppet_exit(p, COP(":boom"));
        check_down(ref);
        CHECK(!cop_is_alive(p));
        CHECK_TERM(cop_process_info(p, COP(":status")), "nil");
    }
    return cop_end();
}

/* What a dying process finds out about itself. */
static struct {
    bool is_listed, is_alive, takes_a_name;
    cop_term status; /* a literal */
    atomic_int is_done;
} at_end;

static cop_term take_a_name(void *arg)
{
    (void)arg;
    cop_register(COP(":too_late"), cop_self());
    return cop_nil();
}

static void look_at_oneself(char *unused)
{
    (void)unused;
    cop_pid self = cop_self();
    struct cop_outcome outcome;
    at_end.takes_a_name = cop_try(take_a_name, NULL, &outcome);
    at_end.is_listed = check_list_has(cop_processes(), cop_pid_term(self));
    at_end.is_alive = cop_is_alive(self);
    at_end.status = check_info(self, "status");
    atomic_store(&at_end.is_done, 1);
}

static cop_next wait_and_look_at_the_end(cop_term tester)
{
    char looks __attribute__((cleanup(look_at_oneself), unused)) = 0;
    cop_term msg;
    cop_send(tester, COP(":ready"));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* EXI-20 NAM-01 PRC-04 PRC-15: an exiting process is among the processes, and not alive. */
PROCESS_TEST(the_dying_are_listed_but_not_alive)
{
    cop_pid p = cop_spawn(wait_and_look_at_the_end, cop_pid_term(cop_self()), NULL);
    CHECK_TERM(check_next(), ":ready");
    cop_exit_process(p, COP(":boom"));
    check_wait_for(&at_end.is_done, 1);
    CHECK(at_end.is_listed);
    CHECK(!at_end.is_alive);
    CHECK(!at_end.takes_a_name);
    CHECK_TERM(at_end.status, ":exiting");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_of_ones_own_end),
        cmocka_unit_test(exit_1_is_an_exception_exit_2_a_signal),
        cmocka_unit_test(exit_signal_to_the_dead),
        cmocka_unit_test(decision_table),
        cmocka_unit_test(link_to_nobody),
        cmocka_unit_test(a_kill_spreads_as_killed),
        cmocka_unit_test(own_exit_with_kill_is_an_ordinary_reason),
        cmocka_unit_test(a_death_goes_through_a_chain),
        cmocka_unit_test(normal_does_not_spread),
        cmocka_unit_test(trap_exit_returns_the_old_value_and_changes_nothing_past),
        cmocka_unit_test(trap_exit_is_too_late_for_what_has_come),
        cmocka_unit_test(the_dead_are_not_alive_and_have_no_info),
        cmocka_unit_test(the_dying_are_listed_but_not_alive),
    };
    return cmocka_run_group_tests_name("exit", tests, check_start_node, check_stop_node);
}
