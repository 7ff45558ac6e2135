/* SPDX-License-Identifier: Apache-2.0 */
/* See sitter.h. */
#include "sitter.h"

static cop_next sit(cop_term arg)
{
    cop_pid pid, boss;
    bool traps;
    cop_expect(arg, "{boss, pid, traps}", boss, pid, traps);
    cop_trap_exit(traps);
    cop_monitor(pid);
    if (traps) cop_link(pid);
    cop_send(boss, COP(":sits"));
    cop_sleep(4000000000);
    return cop_end();
}

/* A sitter that watches pid and, if it traps, is linked to it. */
cop_pid sitter_of(uint32_t max, enum cop_mailbox_policy policy, bool traps, cop_pid pid)
{
    cop_pid boss = cop_self();
    cop_pid sitter = cop_spawn(sit, cop_build("{boss, pid, traps}", boss, pid, traps),
                               &(struct cop_spawn_opts){.mailbox = {max, policy}});
    CHECK_TERM(check_next(), ":sits");
    return sitter;
}

cop_pid sitter(uint32_t max, enum cop_mailbox_policy policy)
{
    return sitter_of(max, policy, false, cop_self());
}

void stop_sitter(cop_pid pid)
{
    cop_exit_process(pid, COP(":kill"));
    check_gone(pid);
}

void send_numbers(cop_pid to, int from, int last)
{
    for (int i = from; i <= last; i++)
        cop_send(to, i);
}

void check_holds(cop_pid pid, const char *messages, int dropped)
{
    cop_term limit = check_info(pid, "mailbox");
    CHECK_TERM(check_info(pid, "messages"), messages);
    CHECK_SAME(cop_keyword_get(limit, COP(":dropped"), cop_nil()), dropped);
}
