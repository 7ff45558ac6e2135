/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a table is: death of the owner, heirs, give_away, fixing (ETS-04, ETS-05, SIG-07). */
#include "ets_ops.h"

static cop_term new_in(cop_pid owner, cop_term options)
{
    return puppet_call(owner, attempt, cop_build("{:new, :own, options}", options));
}

static void kill_and_wait(cop_pid p)
{
    cop_ref ref = cop_monitor(p);
    cop_exit_process(p, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
}

/* ETS-04 SIG-07: whoever has heard of the death finds the tables gone and their names free; many
 * rows, so that their end takes its time. */
PROCESS_TEST(gone_before_the_news)
{
    for (int turn = 0; turn < check_scaled(10); turn++) {
        cop_pid owner = puppet_start();
        cop_term t = new_in(owner, COP("[:public]"));
        CHECK_TERM(new_in(owner, COP("[:named_table, :public]")), ":own");
        for (int i = 0; i < 20000; i++)
            cop_ets_insert(t, cop_tuple(i, COP("\"some text\"")));
        bool by_link = turn % 2 == 1;
        cop_ref ref = cop_monitor(owner);
        if (by_link) {
            cop_demonitor(ref, true);
            cop_trap_exit(true);
            cop_link(owner);
        }
        cop_exit_process(owner, COP(":kill"));
        (void)check_next(); /* EXIT or DOWN */
        CHECK_TERM(attempt(COP("{:whereis, :own}")), ":undefined");
        CHECK_TERM(TRY("{:info, t, :size}", t), ":undefined");
        CHECK_TERM(TRY("{:lookup, t, 1}", t), ":badarg");
        CHECK_TERM(cop_ets_new(COP(":own"), COP("[:named_table]")), ":own");
        cop_ets_delete(COP(":own"));
        check_gone(owner);
    }
    return cop_end();
}

/* ETS-04: however the owner ends. */
PROCESS_TEST(gone_with_every_end)
{
    cop_pid a = puppet_start(), b = puppet_start();
    cop_term in_a = new_in(a, COP("[]")), in_b = new_in(b, COP("[]"));
    cop_term mine = cop_ets_new(COP(":mine"), COP("[]"));
    puppet_end(a);
    puppet_exit(b, COP(":bye"));
    check_gone(a);
    check_gone(b);
    CHECK_TERM(cop_ets_info(in_a), ":undefined");
    CHECK_TERM(cop_ets_info(in_b), ":undefined");
    CHECK(!check_list_has(cop_ets_all(), in_a) && check_list_has(cop_ets_all(), mine));
    return cop_end();
}

/* ETS-04: the heir gets the table and the message, before it hears of the death; the rows stay. */
PROCESS_TEST(an_heir)
{
    cop_pid owner = puppet_start();
    cop_term self = cop_pid_term(cop_self());
    cop_term t = new_in(owner, cop_build("[{:heir, self, {:data, [1]}}]", self));
    cop_term named = new_in(owner, cop_build("[:named_table, {:heir, self, 2}]", self));
    CHECK_SAME(cop_ets_info_item(t, COP(":heir")), cop_self());
    puppet_call(owner, attempt, cop_build("{:insert, t, {1, :row}}", t));
    CHECK_TERM(TRY("{:insert, t, {2}}", t), ":badarg");
    cop_ref ref = cop_monitor(owner);
    puppet_end(owner);
    CHECK_SAME(check_next(), cop_build("{:\"ETS-TRANSFER\", t, owner, {:data, [1]}}", t, owner));
    CHECK_SAME(check_next(), cop_build("{:\"ETS-TRANSFER\", named, owner, 2}", named, owner));
    CHECK_SAME(check_next(), cop_build("{:DOWN, ref, :process, owner, :normal}", ref, owner));
    CHECK_SAME(cop_ets_info_item(t, COP(":owner")), cop_self());
    CHECK_TERM(cop_ets_lookup(t, 1), "[{1, :row}]");
    cop_ets_insert(t, COP("{2}"));
    CHECK_INT(cop_to_int(cop_ets_info_item(COP(":own"), COP(":size"))), 0);
    cop_ets_delete(COP(":own"));
    cop_ets_delete(t);
    check_no_message();
    return cop_end();
}

/* ETS-04: a dead heir, or none any more, inherits nothing. */
PROCESS_TEST(no_heir)
{
    cop_pid owner = puppet_start(), heir = puppet_start();
    cop_term t = new_in(owner, cop_build("[{:heir, heir, 1}]", heir));
    cop_term u = new_in(owner, cop_build("[{:heir, heir, 1}]", heir));
    cop_term v = new_in(owner, cop_build("[{:heir, owner, 1}]", owner));
    puppet_call(owner, attempt, cop_build("{:setopts, u, {:heir, :none}}", u));
    CHECK_TERM(cop_ets_info_item(u, COP(":heir")), ":none");
    kill_and_wait(heir);
    check_gone(heir);
    CHECK_TERM(cop_ets_info_item(t, COP(":heir")), ":none");
    kill_and_wait(owner);
    CHECK_TERM(cop_ets_info(t), ":undefined");
    CHECK_TERM(cop_ets_info(u), ":undefined");
    CHECK_TERM(cop_ets_info(v), ":undefined");
    return cop_end();
}

/* ETS-04: the heir's own end, too: from owner to heir to its heir. */
PROCESS_TEST(a_line_of_heirs)
{
    cop_pid a = puppet_start(), b = puppet_start();
    cop_term self = cop_pid_term(cop_self());
    cop_term t = new_in(a, cop_build("[{:heir, b, :first}]", b));
    kill_and_wait(a);
    CHECK_SAME(puppet_mailbox(b), cop_list(cop_build("{:\"ETS-TRANSFER\", t, a, :first}", t, a)));
    CHECK_TERM(puppet_call(b, attempt, cop_build("{:setopts, t, {:heir, self, :next}}", t, self)),
               "true");
    kill_and_wait(b);
    CHECK_SAME(check_next(), cop_build("{:\"ETS-TRANSFER\", t, b, :next}", t, b));
    CHECK_SAME(cop_ets_info_item(t, COP(":owner")), cop_self());
    return cop_end();
}

/* ETS-05 */
PROCESS_TEST(give_away)
{
    cop_pid other = puppet_start();
    cop_term self = cop_pid_term(cop_self());
    cop_term t = cop_ets_new(COP(":gift"), COP("[]"));
    cop_ets_insert(t, COP("{1, :row}"));
    cop_ets_give_away(t, other, COP("[:take, :care]"));
    CHECK_SAME(puppet_mailbox(other),
               cop_list(cop_build("{:\"ETS-TRANSFER\", t, self, [:take, :care]}", t, self)));
    CHECK_SAME(cop_ets_info_item(t, COP(":owner")), other);
    CHECK_TERM(TRY("{:insert, t, {2}}", t), ":badarg");
    CHECK_TERM(TRY("{:give_away, t, self, 1}", t, self), ":badarg"); /* not the owner any more */
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:insert, t, {2}}", t)), "true");
    /* It is the other's now, also at the ends of both. */
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:give_away, t, other, 1}", t, other)),
               ":badarg");
    cop_pid dead = check_dead_pid();
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:give_away, t, dead, 1}", t, dead)),
               ":badarg");
    CHECK_SAME(cop_ets_info_item(t, COP(":owner")), other);
    kill_and_wait(other);
    CHECK_TERM(cop_ets_info(t), ":undefined");
    check_no_message();
    return cop_end();
}

/* The table of a giver that ends is the taker's. */
PROCESS_TEST(what_was_given_stays)
{
    cop_pid giver = puppet_start();
    cop_term self = cop_pid_term(cop_self());
    cop_term t = new_in(giver, COP("[:named_table]"));
    CHECK_TERM(puppet_call(giver, attempt, cop_build("{:give_away, t, self, :x}", t, self)),
               "true");
    kill_and_wait(giver);
    CHECK_SAME(check_next(), cop_build("{:\"ETS-TRANSFER\", :own, giver, :x}", giver));
    CHECK_SAME(cop_ets_info_item(COP(":own"), COP(":owner")), self);
    cop_ets_delete(COP(":own"));
    return cop_end();
}

/* ETS-12: a fix lasts until it is taken back as often, or the process that made it ends. */
PROCESS_TEST(fixing)
{
    cop_pid other = puppet_start();
    cop_term t = cop_ets_new(COP(":fix"), COP("[]"));
    cop_term fixed = COP(":fixed");
    cop_ets_safe_fixtable(t, true);
    cop_ets_safe_fixtable(t, true);
    puppet_call(other, attempt, cop_build("{:safe_fixtable, t, true}", t));
    cop_term who = cop_elem(cop_ets_info_item(t, COP(":safe_fixed_monotonic_time")), 1);
    CHECK_INT(cop_list_len(who), 2);
    CHECK(check_list_has(who, cop_tuple(cop_self(), 2)));
    CHECK(check_list_has(who, cop_tuple(other, 1)));
    kill_and_wait(other);
    CHECK_SAME(cop_elem(cop_ets_info_item(t, COP(":safe_fixed")), 1),
               cop_list(cop_tuple(cop_self(), 2)));
    cop_ets_safe_fixtable(t, false);
    CHECK_TERM(cop_ets_info_item(t, fixed), "true");
    cop_ets_safe_fixtable(t, false);
    CHECK_TERM(cop_ets_info_item(t, fixed), "false");
    cop_ets_safe_fixtable(t, false);
    CHECK_TERM(cop_ets_info_item(t, fixed), "false");
    CHECK_TERM(cop_ets_info_item(t, COP(":safe_fixed")), "false");
    /* A table that goes while it is fixed, and one that is fixed by a process that owns others. */
    cop_ets_safe_fixtable(t, true);
    cop_ets_delete(t);
    return cop_end();
}

/* ETS-04: of several options for the heir the last counts. */
PROCESS_TEST(the_last_heir_option)
{
    cop_term self = cop_pid_term(cop_self());
    cop_term t = cop_ets_new(COP(":x"), cop_build("[{:heir, self, 1}, {:heir, :none}]", self));
    CHECK_TERM(cop_ets_info_item(t, COP(":heir")), ":none");
    t = cop_ets_new(COP(":y"), cop_build("[{:heir, :none}, {:heir, self, 1}]", self));
    CHECK_SAME(cop_ets_info_item(t, COP(":heir")), self);
    return cop_end();
}

/* ETS-12: with a table go all that had fixed it; the next in its place knows nothing of them. */
PROCESS_TEST(fixes_go_with_the_table)
{
    cop_pid others[] = {puppet_start(), puppet_start(), puppet_start()};
    cop_term t = cop_ets_new(COP(":first"), COP("[]"));
    for (int i = 0; i < 3; i++)
        puppet_call(others[i], attempt, cop_build("{:safe_fixtable, t, true}", t));
    cop_ets_delete(t);
    t = cop_ets_new(COP(":second"), COP("[]"));
    CHECK_TERM(cop_ets_info_item(t, COP(":safe_fixed")), "false");
    for (int i = 0; i < 3; i++) {
        kill_and_wait(others[i]);
        CHECK_TERM(cop_ets_info_item(t, COP(":fixed")), "false");
    }
    return cop_end();
}

/* An owner of many tables that others have fixed, and that has fixed those of others. */
PROCESS_TEST(many_tables)
{
    cop_pid a = puppet_start(), b = puppet_start();
    cop_term mine = cop_ets_new(COP(":mine"), COP("[]"));
    size_t before = (size_t)cop_list_len(cop_ets_all());
    for (int i = 0; i < 200; i++) {
        cop_term t = new_in(a, COP("[]"));
        puppet_call(b, attempt, cop_build("{:safe_fixtable, t, true}", t));
        puppet_call(a, attempt, cop_build("{:safe_fixtable, mine, true}", mine));
        if (i % 3 == 0) puppet_call(a, attempt, cop_build("{:delete, t}", t));
    }
    CHECK_INT(cop_list_len(cop_ets_all()), (int64_t)before + 133);
    kill_and_wait(a);
    CHECK_INT(cop_list_len(cop_ets_all()), (int64_t)before);
    CHECK_TERM(cop_ets_info_item(mine, COP(":fixed")), "false");
    kill_and_wait(b);
    return cop_end();
}

/* ETS-06: names change hands. */
PROCESS_TEST(renaming)
{
    cop_term a = cop_ets_new(COP(":name_a"), COP("[:named_table]"));
    cop_term b = cop_ets_new(COP(":name_b"), COP("[:named_table]"));
    CHECK_TERM(TRY("{:rename, a, :name_b}", a), ":badarg");
    CHECK_TERM(cop_ets_rename(a, COP(":name_c")), ":name_c");
    CHECK_TERM(attempt(COP("{:insert, :name_a, {1}}")), ":badarg");
    CHECK_TERM(cop_ets_rename(b, COP(":name_a")), ":name_a");
    cop_ets_insert(COP(":name_a"), COP("{:was_b}"));
    cop_ets_insert(COP(":name_c"), COP("{:was_a}"));
    CHECK_TERM(cop_ets_first(COP(":name_a")), ":was_b");
    CHECK_TERM(cop_ets_first(COP(":name_c")), ":was_a");
    cop_ets_delete(COP(":name_c"));
    cop_ets_delete(COP(":name_a"));
    CHECK_TERM(attempt(COP("{:whereis, :name_a}")), ":undefined");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gone_before_the_news),
        cmocka_unit_test(gone_with_every_end),
        cmocka_unit_test(an_heir),
        cmocka_unit_test(no_heir),
        cmocka_unit_test(a_line_of_heirs),
        cmocka_unit_test(give_away),
        cmocka_unit_test(what_was_given_stays),
        cmocka_unit_test(fixing),
        cmocka_unit_test(the_last_heir_option),
        cmocka_unit_test(fixes_go_with_the_table),
        cmocka_unit_test(many_tables),
        cmocka_unit_test(renaming),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
