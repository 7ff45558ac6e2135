/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of Registry are made of. */
#include "registry_help.h"

void start(cop_term options)
{
    cop_term child = cop_build("{Registry, options}", options);

    cop_assert_match(cop_start_supervised(child, COP("[]")), "{:ok, _}");
}

cop_pid start_unique(void)
{
    start(COP("[keys: :unique, name: R]"));
    return cop_whereis(R);
}

void start_duplicate(void)
{
    start(COP("[keys: :duplicate, name: D]"));
}

cop_pid member(cop_term state)
{
    cop_term fun = cop_capture_bound(COP("Function"), COP(":identity"), 0, cop_list(state));
    cop_pid pid;

    cop_expect(cop_agent_start(fun, cop_empty_list()), "{:ok, pid}", pid);
    return pid;
}

cop_term in(cop_pid pid, cop_term fun)
{
    return cop_agent_get(cop_pid_term(pid), fun, COP_CALL_TIMEOUT);
}

void end(cop_pid pid)
{
    cop_ref ref = cop_monitor(pid);

    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, _}", ref);
}

void await_count(cop_term registry, int64_t count)
{
    while (cop_registry_count(registry) != count)
        cop_yield();
}

bool is_linked(cop_pid pid, cop_pid other)
{
    cop_term links;

    cop_expect(cop_process_info(pid, COP(":links")), "{:links, links}", links);
    for (; !cop_is_empty_list(links); links = cop_tail(links)) {
        if (cop_identical(cop_head(links), cop_pid_term(other))) return true;
    }
    return false;
}

int64_t rows_of(cop_term partition)
{
    cop_term pids;

    cop_expect(cop_sys_get_state(partition, COP_CALL_TIMEOUT), "{pids, _}", pids);
    return cop_to_int(cop_ets_info_item(pids, COP(":size")));
}

struct call {
    const char *function;
    cop_term args;
};

static cop_term apply_it(void *arg)
{
    const struct call *call = arg;

    return cop_apply(COP("Registry"), cop_atom(call->function), call->args);
}

cop_term words(const char *function, cop_term args)
{
    struct call call = {function, args};
    struct cop_outcome outcome;

    if (cop_try(apply_it, &call, &outcome)) return outcome.value;
    return cop_format_banner(outcome.class_, cop_exception_of(outcome.value));
}
