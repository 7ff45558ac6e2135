/* SPDX-License-Identifier: Apache-2.0 */
/* Links (LNK). */
#include "support/check_process.h"

#include "runtime/gate.h"
#include "runtime/signal.h"

#include <unistd.h>

static bool are_linked(cop_pid a, cop_pid b)
{
    bool from_a = check_list_has(check_info(a, "links"), cop_pid_term(b));
    bool from_b = check_list_has(check_info(b, "links"), cop_pid_term(a));
    CHECK(from_a == from_b);
    return from_a;
}

/* LNK-01 LNK-13: one link at most; one unlink from either side removes it; visible on both
 * sides. */
PROCESS_TEST(one_link_between_two)
{
    for (int i = 0; i < 2; i++) {
        cop_pid a = puppet_start(), b = puppet_start();
        puppet_link(a, b);
        puppet_link(a, b);
        puppet_link(b, a);
        CHECK(are_linked(a, b));
        CHECK_INT(cop_list_len(check_info(a, "links")), 1);
        CHECK_INT(cop_list_len(check_info(b, "links")), 1);
        if (i == 0)
            puppet_unlink(a, b);
        else
            puppet_unlink(b, a);
        CHECK(!are_linked(a, b));
        cop_exit_process(a, COP(":boom"));
        check_gone(a);
        CHECK(cop_is_alive(b));
    }
    return cop_end();
}

/* LNK-01: linked twice, but one EXIT only. */
PROCESS_TEST(one_exit_for_a_link_made_twice)
{
    cop_pid p = puppet_start();
    cop_trap_exit(true);
    cop_link(p);
    cop_link(p);
    puppet_link(p, cop_self());
    puppet_exit(p, COP(":boom"));
    check_gone(p);
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), p, COP(":boom")));
    check_no_message();
    return cop_end();
}

/* Kills a linked puppet and links to it again before the caller has handled its death; returns how
 * many messages came of it. */
static int link_to_one_that_has_just_died(void)
{
    cop_pid p = puppet_start();
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    cop_link(p);
    puppet_exit(p, COP(":boom"));
    while (check_list_has(cop_processes(), cop_pid_term(p)) && cop_monotonic_ms() < limit)
        usleep(10); /* nothing that receives */
    cop_link(p);
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), p, COP(":boom")));
    int count = 1;
    cop_term msg;
    while (cop_is_alive(cop_self()) && cop_receive(&msg, 0))
        count++;
    return count;
}

/* LNK-01: to link again changes nothing, though the other one is dead by now. If its death was
 * handled before, since the caller's thread was held up, it is another link. */
PROCESS_TEST(linking_again_looks_at_nobody)
{
    int tries = 0;
    cop_trap_exit(true);
    while (link_to_one_that_has_just_died() != 1)
        CHECK(++tries < 200);
    return cop_end();
}

/* LNK-02 */
PROCESS_TEST(link_to_oneself_does_nothing)
{
    cop_link(cop_self());
    CHECK_TERM(check_info(cop_self(), "links"), "[]");
    cop_unlink(cop_self());
    cop_pid p = puppet_start();
    cop_ref ref = cop_monitor(p);
    puppet_link(p, p);
    puppet_exit(p, COP(":boom"));
    CHECK_TERM(check_down(ref), ":boom");
    return cop_end();
}

/* LNK-06 */
PROCESS_TEST(unlink_always_returns)
{
    cop_pid p = puppet_start();
    cop_unlink(p);
    cop_unlink(p);
    CHECK(cop_is_alive(p));
    cop_unlink(check_dead_pid());
    check_no_message();
    return cop_end();
}

/* Unlinks a puppet that has just unlinked and linked again, too; whether a link is left. */
static bool links_after_crossing_unlinks(cop_pid p)
{
    uint64_t self = cop_self().id;
    cop_link(p);
    puppet_sync(p);
    cop_unlink(p);
    struct cop__thread *t = cop__enter();
    cop__signal_send_from(t, p.id, COP__SIG_UNLINK, self, 1, cop_nil());
    cop__signal_send_from(t, p.id, COP__SIG_LINK, self, 0, cop_nil());
    cop__leave(cop__thread());
    puppet_sync(p);
    return check_list_has(check_info(cop_self(), "links"), cop_pid_term(p));
}

/* LNK-07 LNK-09: unlinks that cross do not shorten each other: until mine is acknowledged, a link
 * which the other one made before it saw mine is taken back. That comes first nearly always. */
PROCESS_TEST(crossing_unlinks_wait_for_their_own_answers)
{
    cop_pid p = puppet_start();
    for (int tries = 0; links_after_crossing_unlinks(p); tries++) {
        CHECK(tries < 200);
        cop_unlink(p);
    }
    return cop_end();
}

static cop_next die_at_once(cop_term reason)
{
    cop_exit(reason);
}

static bool is_exit_of(cop_term msg, void *arg)
{
    cop_pid pid = *(cop_pid *)arg;
    return cop_match(msg, "{:EXIT, ^pid, _}", pid);
}

static cop_pid spawn_linked(cop_start_fn fn, cop_term arg)
{
    struct cop_spawn_opts opts = {.link = true};
    return cop_spawn(fn, arg, &opts);
}

static atomic_int has_linked;

static cop_term link_and_tell(cop_term pid)
{
    cop_link(cop_to_pid(pid));
    atomic_store(&has_linked, 1);
    return cop_ok();
}

/* LNK-01 LNK-07: the other has linked, but its signal has not been handled yet when unlink is
 * called. */
PROCESS_TEST(unlink_takes_back_a_link_that_has_just_come)
{
    cop_pid p = puppet_start();
    puppet_cast(p, link_and_tell, cop_pid_term(cop_self()));
    for (int i = 0; i < 50000 && atomic_load(&has_linked) == 0; i++)
        usleep(100); /* the process's thread sleeps, so no signal is handled */
    cop_unlink(p);
    CHECK_TERM(check_info(cop_self(), "links"), "[]");
    puppet_exit(p, COP(":boom")); /* would end us */
    check_gone(p);
    return cop_end();
}

/* LNK-07: the other dies at that very moment; after unlink no new EXIT is queued.
 * LNK-08: one that was queued before is there, and can be taken at once. */
PROCESS_TEST(no_exit_is_queued_after_unlink)
{
    int rounds = check_scaled(3000);
    cop_trap_exit(true);
    for (int i = 0; i < rounds; i++) {
        cop_pid p = spawn_linked(die_at_once, COP(":boom"));
        cop_term msg;
        for (int k = 0; k < i % 5; k++)
            cop_yield();
        cop_unlink(p);
        cop_receive_if(is_exit_of, &p, &msg, 0);
        if (i % 50 == 49 || i == rounds - 1) {
            check_gone(p);
            check_no_message();
        }
    }
    return cop_end();
}

static atomic_int has_unlinked;

static cop_next unlink_a_dying_one(cop_term arg)
{
    int yields = (int)cop_to_int(arg);
    cop_pid q = puppet_start();
    cop_link(q);
    cop_exit_process(q, COP(":boom"));
    for (int i = 0; i < yields; i++)
        cop_yield();
    cop_unlink(q);
    atomic_store(&has_unlinked, 1);
    CHECK(!cop_is_alive(q));
    check_gone(q);
    CHECK(cop_is_alive(cop_self()));
    return cop_end();
}

/* LNK-07: who does not trap may die of the link before unlink has returned, and not after. */
PROCESS_TEST(nobody_dies_of_a_link_after_unlink)
{
    int rounds = check_scaled(500);
    for (int i = 0; i < rounds; i++) {
        cop_ref ref;
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
        atomic_store(&has_unlinked, 0);
        cop_spawn(unlink_a_dying_one, cop_int(i % 4), &opts);
        cop_term reason = check_down(ref);
        CHECK_TERM(reason, atomic_load(&has_unlinked) ? ":normal" : ":boom");
    }
    return cop_end();
}

/* LNK-08 */
PROCESS_TEST(an_exit_from_before_unlink_stays)
{
    cop_pid p = puppet_start();
    cop_trap_exit(true);
    cop_link(p);
    cop_exit_process(p, COP(":boom"));
    check_gone(p);
    CHECK(cop_is_alive(cop_self()));
    cop_unlink(p);
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), p, COP(":boom")));
    return cop_end();
}

static cop_term toggle(cop_term arg)
{
    cop_pid other = cop_to_pid(cop_elem(arg, 0));
    int64_t times = cop_to_int(cop_elem(arg, 1));
    bool link_last = cop_to_bool(cop_elem(arg, 2));
    for (int64_t i = 0; i < times; i++) {
        cop_link(other);
        cop_unlink(other);
        if (i % 3 == 0) cop_yield();
    }
    if (link_last) cop_link(other);
    return cop_ok();
}

/* LNK-09: any number of links and unlinks, then a link: exactly one, and one EXIT. */
PROCESS_TEST(link_unlink_link_leaves_one)
{
    for (int i = 0; i < 50; i++) {
        cop_pid a = puppet_start(), b = puppet_start();
        puppet_trap(a, true);
        puppet_call(a, toggle, cop_tuple(b, 1 + i % 5, cop_true()));
        CHECK(are_linked(a, b));
        CHECK_INT(cop_list_len(check_info(a, "links")), 1);
        puppet_exit(b, COP(":boom"));
        check_gone(b);
        CHECK_SAME(puppet_mailbox(a), cop_list(cop_tuple(COP(":EXIT"), b, COP(":boom"))));
        CHECK_TERM(check_info(a, "links"), "[]");
    }
    return cop_end();
}

/* LNK-09: both sides link and unlink at the same time. Whatever the outcome, both sides agree; a
 * link afterwards makes one, an unlink none, and nobody dies meanwhile. */
PROCESS_TEST(both_sides_link_and_unlink)
{
    int rounds = check_scaled(100);
    for (int i = 0; i < rounds; i++) {
        cop_pid a = puppet_start(), b = puppet_start();
        puppet_cast(a, toggle, cop_tuple(b, 20, cop_bool(i % 2 == 0)));
        puppet_call(b, toggle, cop_tuple(a, 20, cop_bool(i % 4 < 2)));
        puppet_sync(a);
        for (int k = 0; k < 3; k++) {
            CHECK(cop_is_alive(a));
            CHECK(cop_is_alive(b));
        }
        are_linked(a, b);
        puppet_link(a, b);
        CHECK(are_linked(a, b));
        puppet_unlink(b, a);
        CHECK(!are_linked(a, b));
        cop_exit_process(a, COP(":boom"));
        check_gone(a);
        CHECK(cop_is_alive(b));
        puppet_end(b);
    }
    return cop_end();
}

/* LNK-10 */
PROCESS_TEST(the_link_goes_with_the_dead)
{
    cop_pid p = puppet_start(), q = puppet_start();
    cop_trap_exit(true);
    cop_link(p);
    cop_link(q);
    cop_exit_process(p, COP(":boom"));
    check_next();
    CHECK_SAME(check_info(cop_self(), "links"), cop_list(q));
    cop_unlink(q);
    return cop_end();
}

/* LNK-11: a child that dies at once gives its real reason, always. */
PROCESS_TEST(spawn_link_misses_no_death)
{
    int rounds = check_scaled(2000);
    cop_trap_exit(true);
    for (int i = 0; i < rounds; i++) {
        cop_pid p = spawn_linked(die_at_once, cop_tuple(COP(":died"), i));
        CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), p, cop_tuple(COP(":died"), i)));
    }
    check_no_message();
    return cop_end();
}

static cop_next tell_links(cop_term arg)
{
    cop_send(arg, check_info(cop_self(), "links"));
    return cop_end();
}

/* LNK-11 LNK-13: the child sees the link in its first moment, the parent when spawn returns. */
PROCESS_TEST(spawn_link_links_both_sides_at_once)
{
    cop_pid child = spawn_linked(tell_links, cop_pid_term(cop_self()));
    CHECK_SAME(check_next(), cop_list(cop_self()));
    cop_unlink(child);
    struct cop_spawn_opts opts = {.link = true};
    cop_pid p = puppet_start_with(&opts);
    CHECK(are_linked(cop_self(), p));
    cop_unlink(p);
    return cop_end();
}

static cop_next wait_for_ever(cop_term arg)
{
    cop_term msg;
    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

static cop_next spawn_linked_and_die(cop_term arg)
{
    for (int i = 0; i < 20; i++)
        spawn_linked(wait_for_ever, cop_nil());
    cop_exit(arg);
}

/* EXI-15 LNK-11: all linked children die with the parent. */
PROCESS_TEST(children_die_with_their_parent)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_spawn(spawn_linked_and_die, COP(":boom"), &opts);
    CHECK_TERM(check_down(ref), ":boom");
    return cop_end(); /* check_run() sees whether any of them is left */
}

/* SIG-10: what is for a process of another node does not reach the one of ours that has its
 * number. */
PROCESS_TEST(a_number_of_another_node_is_nobody_here)
{
    cop_pid p = puppet_start(), far = p;
    far.node = 1;
    cop_link(p);
    cop_unlink(far);
    CHECK(are_linked(p, cop_self()));
    cop_unlink(p);
    cop_exit_process(far, COP(":kill"));
    CHECK(cop_is_alive(p));
    CHECK(!cop_is_alive(far));
    puppet_exit(p, COP(":normal"));
    check_gone(p);
    return cop_end();
}

static cop_next link_and_wait(cop_term pid)
{
    cop_term msg;
    cop_link(cop_to_pid(pid));
    cop_receive(&msg, CHECK_LIMIT_MS);
    return cop_end();
}

/* LNK-04 LNK-05: a link to another node, which cannot be reached, returns; then a signal comes. */
PROCESS_TEST(a_link_to_another_node_ends_in_a_signal)
{
    cop_pid far = cop_self();
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};
    far.node = 1;
    cop_spawn(link_and_wait, cop_pid_term(far), &opts);
    CHECK_TERM(check_down(ref), ":noconnection");
    cop_trap_exit(true);
    cop_link(far);
    CHECK_SAME(check_next(), cop_tuple(COP(":EXIT"), far, COP(":noconnection")));
    CHECK_TERM(check_info(cop_self(), "links"), "[]");
    check_no_message();
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_link_between_two),
        cmocka_unit_test(one_exit_for_a_link_made_twice),
        cmocka_unit_test(linking_again_looks_at_nobody),
        cmocka_unit_test(link_to_oneself_does_nothing),
        cmocka_unit_test(unlink_always_returns),
        cmocka_unit_test(unlink_takes_back_a_link_that_has_just_come),
        cmocka_unit_test(crossing_unlinks_wait_for_their_own_answers),
        cmocka_unit_test(no_exit_is_queued_after_unlink),
        cmocka_unit_test(nobody_dies_of_a_link_after_unlink),
        cmocka_unit_test(an_exit_from_before_unlink_stays),
        cmocka_unit_test(link_unlink_link_leaves_one),
        cmocka_unit_test(both_sides_link_and_unlink),
        cmocka_unit_test(the_link_goes_with_the_dead),
        cmocka_unit_test(spawn_link_misses_no_death),
        cmocka_unit_test(spawn_link_links_both_sides_at_once),
        cmocka_unit_test(children_die_with_their_parent),
        cmocka_unit_test(a_number_of_another_node_is_nobody_here),
        cmocka_unit_test(a_link_to_another_node_ends_in_a_signal),
    };
    return cmocka_run_group_tests_name("link", tests, check_start_node, check_stop_node);
}
