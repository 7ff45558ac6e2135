/* SPDX-License-Identifier: Apache-2.0 */
/* sys: looking into a server and steering it. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/agent.h"
#include "coppice/sys.h"

static cop_term add_one(cop_term n)
{
    return cop_int(cop_to_int(n) + 1);
}

static cop_term fails(cop_term n)
{
    (void)n;
    cop_raise("RuntimeError", "x");
}

static cop_term one(void)
{
    return cop_int(1);
}

static const struct cop_function functions[] = {COP_EXPORT("add_one(n)", add_one, "n + 1."),
                                                COP_EXPORT("fails(n)", fails, "Raises."),
                                                COP_EXPORT("one()", one, "1."), COP_EXPORT_END};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "SysTest", .functions = functions};

static cop_term agent(void)
{
    cop_term pid;

    cop_module_register(&module);
    cop_expect(cop_agent_start(COP("&SysTest.one/0"), cop_empty_list()), "{:ok, pid}", pid);
    return pid;
}

/* SYS-03 */
PROCESS_TEST(get_state)
{
    cop_term pid = cop_pid_term(probe_start(COP("[state: {:a, 1}]")));

    cop_assert_equal(COP("{:a, 1}"), cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_assert_equal(COP("{:a, 1}"), cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    cop_assert_equal(1, cop_sys_get_state(agent(), COP_CALL_TIMEOUT));
}

static cop_term replace_by_failing(void *pid)
{
    return cop_sys_replace_state(*(cop_term *)pid, COP("&SysTest.fails/1"), COP_CALL_TIMEOUT);
}

static cop_term replace(void *pid)
{
    return cop_sys_replace_state(*(cop_term *)pid, COP("&SysTest.add_one/1"), COP_CALL_TIMEOUT);
}

/* SYS-04 */
PROCESS_TEST(replace_state)
{
    cop_term pid = agent(), error;

    cop_assert_equal(2, replace(&pid));
    cop_assert_equal(2, cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    error = cop_assert_raises(replace_by_failing, &pid);
    cop_assert_match(error, "%{original: {:callback_failed, {:gen_server, :system_replace_state},"
                            " {:error, %{__struct__: RuntimeError, message: \"x\"}}}}");
    cop_assert_equal(2, cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    /* a server whose state is no term cannot take one */
    pid = cop_pid_term(probe_start(COP("[state: 1]")));
    cop_assert_match(cop_assert_raises(replace, &pid),
                     "%{original: {:callback_failed, _, {:error, :not_supported}}}");
}

/* SYS-05 */
PROCESS_TEST(get_status)
{
    cop_pid self = cop_self();
    cop_term pid = cop_pid_term(probe_start_link(COP("[state: :s]"))), misc, dictionary;

    cop_assert_match(cop_sys_get_status(pid, COP_CALL_TIMEOUT),
                     "{:status, ^pid, {:module, :gen_server},"
                     " [dictionary, :running, ^self, [], misc]}",
                     pid, self, dictionary, misc);
    cop_assert_equal(COP("{Probe, :init, 1}"),
                     cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    cop_assert_match(misc, "[{:header, _}, {:data, [_, _, _]}, {:data, [{~c\"State\", :s}]}]");
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_assert_match(cop_sys_get_status(pid, COP_CALL_TIMEOUT), "{_, _, _, [_, :suspended | _]}");
}

struct call {
    cop_term pid;
    int64_t timeout_ms;
};

static cop_term ping(void *arg)
{
    const struct call *c = arg;

    return cop_gen_server_call(c->pid, COP(":ping"), c->timeout_ms);
}

/* SYS-06, SYS-07: others wait, in order; suspending twice is no error and does not count */
PROCESS_TEST(suspend_and_resume)
{
    struct call c = {cop_pid_term(probe_start(cop_empty_list())), 5};

    cop_assert_equal(cop_ok(), cop_sys_suspend(c.pid, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_suspend(c.pid, COP_CALL_TIMEOUT));
    cop_send(c.pid, COP(":first"));
    cop_assert_match(cop_assert_exits(ping, &c), "{:timeout, _}");
    cop_send(c.pid, COP(":second"));
    cop_refute_receive("{:info, _}");
    cop_assert_equal(cop_ok(), cop_sys_resume(c.pid, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_resume(c.pid, COP_CALL_TIMEOUT));
    cop_assert_receive("{:info, :first}");
    cop_assert_receive("{:info, :second}");
}

/* GEN-54: a suspended server obeys a stop at once; what is queued is lost */
PROCESS_TEST(stop_of_a_suspended_server)
{
    cop_term pid = cop_pid_term(probe_start(cop_empty_list()));

    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_send(pid, COP(":lost"));
    cop_assert_equal(cop_ok(), cop_gen_server_stop(pid, COP(":normal"), COP_CALL_TIMEOUT));
    cop_assert_receive("{:terminate, :normal}");
    cop_refute_receive("{:info, _}");
}

static cop_next parent(cop_term to)
{
    cop_term pid, options = cop_list(cop_tuple(COP(":to"), to), COP("{:trap_exit, true}"));

    cop_expect(cop_gen_server_start_link(&probe_module, options, cop_empty_list()), "{:ok, pid}",
               pid);
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_exit(COP(":gone"));
}

/* SYS-08 */
PROCESS_TEST(suspended_server_whose_parent_ends)
{
    cop_spawn(parent, cop_pid_term(cop_self()), NULL);
    cop_assert_receive_within(5000, "{:terminate, :gone}");
}

/* SYS-15 */
PROCESS_TEST(terminate)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_ref ref = cop_monitor(pid);

    cop_assert_equal(cop_ok(),
                     cop_sys_terminate(cop_pid_term(pid), COP(":shutdown"), COP_CALL_TIMEOUT));
    cop_assert_receive("{:DOWN, ^ref, _, _, :shutdown}", ref);
    cop_assert_receive("{:terminate, :shutdown}");
}

static cop_next idle(cop_term arg)
{
    cop_term msg;

    (void)arg;
    while (cop_receive(&msg, COP_INFINITY))
        continue;
    return cop_end();
}

static cop_term state_of(void *arg)
{
    const struct call *c = arg;

    return cop_sys_get_state(c->pid, c->timeout_ms);
}

/* SYS-01, SYS-02 */
PROCESS_TEST(failures)
{
    struct call c = {COP("Sys.Nobody"), COP_CALL_TIMEOUT};

    cop_assert_equal(COP("{:noproc, {:sys, :get_state, [Sys.Nobody]}}"),
                     cop_assert_exits(state_of, &c));
    c = (struct call){cop_pid_term(cop_spawn(idle, cop_nil(), NULL)), 5};
    cop_assert_match(cop_assert_exits(state_of, &c), "{:timeout, {:sys, :get_state, [_, 5]}}");
    cop_exit_process(cop_to_pid(c.pid), COP(":kill"));
}

/* SYS-09: what is not understood */
PROCESS_TEST(unknown_request)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_from from = {cop_self(), cop_make_ref(), false};

    cop_send(pid, cop_build("{:system, from, :dance}", from));
    cop_assert_receive("{_, {:error, {:unknown_system_msg, :dance}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_state),
        cmocka_unit_test(replace_state),
        cmocka_unit_test(get_status),
        cmocka_unit_test(suspend_and_resume),
        cmocka_unit_test(stop_of_a_suspended_server),
        cmocka_unit_test(suspended_server_whose_parent_ends),
        cmocka_unit_test(terminate),
        cmocka_unit_test(failures),
        cmocka_unit_test(unknown_request),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
