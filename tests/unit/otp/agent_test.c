/* SPDX-License-Identifier: Apache-2.0 */
/* Agent: functions that run inside the process that keeps the state. */
#include "support/process_test.h"

#include "coppice/agent.h"
#include "coppice/proc_lib.h"
#include "coppice/sys.h"

/* --- A module for the functions --------------------------------------------------------------- */

static cop_term new (void)
{
    return cop_map_new();
}

static cop_term same(cop_term x)
{
    return x;
}

static cop_term put(cop_term map, cop_term key, cop_term value)
{
    return cop_map_put(map, key, value);
}

static cop_term pop(cop_term map, cop_term key)
{
    return cop_tuple(cop_map_get(map, key, cop_nil()), cop_map_remove(map, key));
}

static cop_term crash(cop_term x)
{
    (void)x;
    cop_raise("RuntimeError", "oops");
}

static cop_term leave(cop_term how)
{
    cop_term a;

    if (cop_match(how, "{:throw, a}", a)) cop_throw(a);
    cop_exit(how);
}

static cop_term slow(cop_term x)
{
    cop_sleep(40);
    return x;
}

static const struct cop_function functions[] = {
    COP_EXPORT("new()", new, "An empty map."),
    COP_EXPORT("same(x)", same, "x."),
    COP_EXPORT("put(map, key, value)", put, "As Map.put."),
    COP_EXPORT("pop(map, key)", pop, "As Map.pop."),
    COP_EXPORT("crash(x)", crash, "Raises."),
    COP_EXPORT("leave(how)", leave, "Exits or throws."),
    COP_EXPORT("slow(x)", slow, "x, later."),
    COP_EXPORT_END,
};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "AgentTest", .functions = functions};

static cop_term agent(cop_term fun)
{
    cop_term pid;

    cop_expect(cop_agent_start(fun, cop_empty_list()), "{:ok, pid}", pid);
    return pid;
}

static cop_term state_of(cop_term a)
{
    return cop_agent_get(a, COP("&AgentTest.same/1"), COP_CALL_TIMEOUT);
}

/* AGT-01, AGT-03, AGT-04, AGT-05, AGT-06 */
PROCESS_TEST(state_changes)
{
    cop_term a = agent(COP("&AgentTest.new/0")), key = COP("\"milk\""), n = cop_int(3);

    cop_assert_equal(COP("%{}"), state_of(a));
    cop_assert_equal(cop_ok(),
                     cop_agent_update(a, cop_build("&AgentTest.put(&1, key, n)", key, n), 5000));
    cop_assert_equal(COP("%{\"milk\" => 3}"), state_of(a));
    cop_assert_equal(cop_ok(), cop_agent_cast(a, COP("&AgentTest.put(&1, :a, 1)")));
    cop_assert_equal(COP("%{\"milk\" => 3, a: 1}"), state_of(a));
    cop_assert_equal(3,
                     cop_agent_get_and_update(a, cop_build("&AgentTest.pop(&1, key)", key), 5000));
    cop_assert_equal(COP("%{a: 1}"), state_of(a));
    cop_assert_equal(COP("%{a: 1}"), cop_sys_get_state(a, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_agent_cast(COP("Agent.Nobody"), COP("&AgentTest.same/1")));
}

/* AGT-08: the state before the arguments */
PROCESS_TEST(module_function_args)
{
    cop_term a = agent(COP("{AgentTest, :same, [%{a: 1}]}"));

    cop_agent_update(a, COP("{AgentTest, :put, [:b, 2]}"), COP_CALL_TIMEOUT);
    cop_assert_equal(COP("%{a: 1, b: 2}"),
                     cop_agent_get(a, COP("{AgentTest, :same, []}"), COP_CALL_TIMEOUT));
}

/* A state of many turns stays what it is: each turn's region goes. */
PROCESS_TEST(many_updates)
{
    cop_term a = agent(COP("&AgentTest.new/0")), state;
    int64_t n = 0;

    for (int64_t i = 0; i < 1000; i++)
        cop_agent_cast(a, cop_build("&AgentTest.put(&1, i, {i, \"text\"})", i));
    state = state_of(a);
    cop_assert_equal(1000, (int64_t)cop_map_size(state));
    for (n = 0; n < 1000; n++)
        cop_assert_equal(cop_build("{n, \"text\"}", n), cop_map_get(state, n, cop_nil()));
}

/* AGT-02 */
PROCESS_TEST(start_fails)
{
    cop_term pid;

    cop_assert_match(cop_agent_start(COP("&AgentTest.crash(1)"), cop_empty_list()),
                     "{:error, {%{__struct__: RuntimeError, message: \"oops\"}, _}}");
    cop_assert_equal(COP("{:error, :boom}"),
                     cop_agent_start(COP("{AgentTest, :leave, [:boom]}"), cop_empty_list()));
    cop_assert_equal(COP("{:error, {:bad_return_value, :x}}"),
                     cop_agent_start(COP("{AgentTest, :leave, [{:throw, :x}]}"), COP("[]")));
    cop_assert_match(cop_agent_start(COP("&AgentTest.new/0"), COP("[name: Agent.One]")),
                     "{:ok, pid}", pid);
    cop_assert_equal(cop_build("{:error, {:already_started, pid}}", pid),
                     cop_agent_start(COP("&AgentTest.new/0"), COP("[name: Agent.One]")));
    cop_assert_equal(COP("%{}"), state_of(COP("Agent.One")));
}

static cop_term start_with_arity_one(void *arg)
{
    (void)arg;
    return cop_agent_start(COP("&AgentTest.same/1"), cop_empty_list());
}

PROCESS_TEST(start_needs_a_function_of_no_argument)
{
    cop_assert_match(cop_assert_raises(start_with_arity_one, NULL),
                     "%{__struct__: FunctionClauseError}");
}

struct request {
    cop_term agent;
    cop_term fun;
};

static cop_term update(void *arg)
{
    const struct request *r = arg;

    return cop_agent_update(r->agent, r->fun, COP_CALL_TIMEOUT);
}

static cop_term get_and_update(void *arg)
{
    const struct request *r = arg;

    return cop_agent_get_and_update(r->agent, r->fun, COP_CALL_TIMEOUT);
}

static cop_term get_soon(void *arg)
{
    const struct request *r = arg;

    return cop_agent_get(r->agent, r->fun, 5);
}

/* AGT-05 */
PROCESS_TEST(bad_return)
{
    struct request r = {agent(COP("&AgentTest.new/0")), COP("&AgentTest.same/1")};
    cop_ref ref = cop_monitor(r.agent);
    cop_term fun = r.fun, a = r.agent;

    cop_assert_equal(cop_build("{{:bad_return_value, %{}},"
                               " {GenServer, :call, [a, {:get_and_update, fun}, 5000]}}",
                               a, fun),
                     cop_assert_exits(get_and_update, &r));
    cop_assert_receive("{:DOWN, ^ref, _, _, {:bad_return_value, %{}}}", ref);
}

/* AGT-09 */
PROCESS_TEST(exception_in_the_function)
{
    struct request r = {agent(COP("&AgentTest.new/0")), COP("&AgentTest.crash/1")};
    cop_ref ref = cop_monitor(r.agent);

    cop_assert_match(
        cop_assert_exits(update, &r),
        "{{%{__struct__: RuntimeError}, _}, {GenServer, :call, [_, {:update, _}, 5000]}}");
    cop_assert_receive("{:DOWN, ^ref, _, _, {%{__struct__: RuntimeError}, _}}", ref);
}

static cop_term update_soon(void *arg)
{
    const struct request *r = arg;

    return cop_agent_update(r->agent, r->fun, 5);
}

static cop_term get_and_update_soon(void *arg)
{
    const struct request *r = arg;

    return cop_agent_get_and_update(r->agent, r->fun, 5);
}

/* AGT-10: the function still runs to its end */
PROCESS_TEST(timeout)
{
    struct request r = {agent(COP("&AgentTest.new/0")), COP("&AgentTest.slow/1")};

    cop_assert_match(cop_assert_exits(get_soon, &r),
                     "{:timeout, {GenServer, :call, [_, {:get, _}, 5]}}");
    cop_assert_equal(COP("%{}"), state_of(r.agent));
    cop_assert_match(cop_assert_exits(update_soon, &r),
                     "{:timeout, {GenServer, :call, [_, {:update, _}, 5]}}");
    cop_assert_match(cop_assert_exits(get_and_update_soon, &r),
                     "{:timeout, {GenServer, :call, [_, {:get_and_update, _}, 5]}}");
    cop_refute_receive("_");
}

/* AGT-07, AGT-13 */
PROCESS_TEST(stop)
{
    cop_term pid;

    cop_trap_exit(true);
    cop_expect(cop_agent_start_link(COP("&AgentTest.new/0"), cop_empty_list()), "{:ok, pid}", pid);
    cop_assert_equal(cop_ok(), cop_agent_stop(pid, COP(":shutdown"), COP_INFINITY));
    cop_assert_receive("{:EXIT, ^pid, :shutdown}", pid);
}

/* PLB-03 */
PROCESS_TEST(initial_call)
{
    cop_term info =
        cop_process_info(cop_to_pid(agent(COP("&AgentTest.new/0"))), COP(":dictionary"));

    cop_assert_equal(COP("{AgentTest, :new, 0}"),
                     cop_keyword_get(cop_elem(info, 1), COP(":\"$initial_call\""), cop_nil()));
    cop_assert_equal(COP("{Map, :new, 0}"),
                     cop_translate_initial_call(cop_to_pid(agent(COP("{Map, :new, []}")))));
    cop_assert_equal(COP("{Enum, :sum, 1}"),
                     cop_translate_initial_call(cop_to_pid(agent(COP("{Enum, :sum, [[1, 2]]}")))));
}

static cop_term change(cop_term pid, cop_term extra)
{
    return cop_sys_change_code(pid, COP("Agent"), COP(":old"), extra, COP_CALL_TIMEOUT);
}

/* AGT-12: a function as extra makes the state anew; one that raises leaves it */
PROCESS_TEST(code_change)
{
    cop_term a = agent(COP("&AgentTest.new/0"));

    cop_sys_suspend(a, COP_CALL_TIMEOUT);
    cop_assert_equal(cop_ok(), change(a, COP("{AgentTest, :put, [:a, 1]}")));
    cop_assert_equal(COP("%{a: 1}"), cop_sys_get_state(a, COP_CALL_TIMEOUT));
    cop_assert_match(change(a, COP("{AgentTest, :crash, []}")),
                     "{:error, {:EXIT, {%{__struct__: RuntimeError, message: \"oops\"}, _}}}");
    cop_assert_equal(COP("{:error, {:EXIT, %{a: 1}}}"), change(a, COP("{AgentTest, :leave, []}")));
    cop_assert_equal(COP("%{a: 1}"), cop_sys_get_state(a, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), change(a, COP("&AgentTest.put(&1, :b, 2)")));
    cop_sys_resume(a, COP_CALL_TIMEOUT);
    cop_assert_equal(COP("%{a: 1, b: 2}"), state_of(a));
}

static cop_next dies_with_its_agent(cop_term to)
{
    cop_term pid, msg;

    cop_expect(cop_agent_start_link(COP("&AgentTest.new/0"), cop_empty_list()), "{:ok, pid}", pid);
    cop_send(to, cop_tuple(COP(":agent"), pid));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* AGT-13: who is linked to it and does not trap dies of the shutdown */
PROCESS_TEST(stop_with_shutdown_kills_the_linked)
{
    cop_term pid;
    cop_ref ref;

    cop_spawn(dies_with_its_agent, cop_pid_term(cop_self()),
              &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    cop_assert_receive("{:agent, pid}", pid);
    cop_assert_equal(cop_ok(), cop_agent_stop(pid, COP(":shutdown"), COP_INFINITY));
    cop_assert_receive("{:DOWN, ^ref, _, _, :shutdown}", ref);
}

static cop_term stop_soon(void *arg)
{
    return cop_agent_stop(*(cop_term *)arg, COP(":normal"), 5);
}

/* AGT-07: exits as GEN-52 */
PROCESS_TEST(stop_of_nobody)
{
    cop_term nobody = COP("Agent.Nobody");

    cop_assert_equal(COP("{:noproc, {GenServer, :stop, [Agent.Nobody, :normal, 5]}}"),
                     cop_assert_exits(stop_soon, &nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_changes),
        cmocka_unit_test(module_function_args),
        cmocka_unit_test(many_updates),
        cmocka_unit_test(start_fails),
        cmocka_unit_test(start_needs_a_function_of_no_argument),
        cmocka_unit_test(bad_return),
        cmocka_unit_test(exception_in_the_function),
        cmocka_unit_test(timeout),
        cmocka_unit_test(stop),
        cmocka_unit_test(initial_call),
        cmocka_unit_test(code_change),
        cmocka_unit_test(stop_with_shutdown_kills_the_linked),
        cmocka_unit_test(stop_of_nobody),
    };

    cop_module_register(&module);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
