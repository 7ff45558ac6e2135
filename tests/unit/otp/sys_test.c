/* SPDX-License-Identifier: Apache-2.0 */
/* sys: looking into a server and steering it. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/agent.h"
#include "coppice/dynamic_supervisor.h"
#include "coppice/registry.h"
#include "coppice/supervisor.h"
#include "coppice/sys.h"
#include "coppice/task_supervisor.h"

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

static cop_term same(cop_term x)
{
    return x;
}

static cop_term other(cop_term x)
{
    return cop_tuple(COP(":other"), x);
}

static cop_term leave(cop_term n)
{
    cop_exit(n);
}

static cop_term throw_it(cop_term n)
{
    cop_throw(n);
}

static const struct cop_function functions[] = {COP_EXPORT("add_one(n)", add_one, "n + 1."),
                                                COP_EXPORT("leave(n)", leave, "Exits."),
                                                COP_EXPORT("same(x)", same, "x."),
                                                COP_EXPORT("other(x)", other, "{:other, x}."),
                                                COP_EXPORT("throw(n)", throw_it, "Throws."),
                                                COP_EXPORT("fails(n)", fails, "Raises."),
                                                COP_EXPORT("one()", one, "1."),
                                                COP_EXPORT_END};
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

struct replacement {
    cop_term pid;
    cop_term fun;
};

static cop_term replace_with(void *arg)
{
    const struct replacement *r = arg;

    return cop_sys_replace_state(r->pid, r->fun, COP_CALL_TIMEOUT);
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
    error = cop_assert_raises(replace_with, (&(struct replacement){pid, COP("&SysTest.leave/1")}));
    cop_assert_match(error, "%{original: {:callback_failed, {:gen_server, :system_replace_state},"
                            " {:exit, 2}}}");
    error = cop_assert_raises(replace_with, (&(struct replacement){pid, COP("&SysTest.throw/1")}));
    cop_assert_match(error, "%{original: {:callback_failed, {:gen_server, :system_replace_state},"
                            " {:throw, 2}}}");
    cop_assert_equal(2, cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    /* a server whose state is no term cannot take one */
    pid = cop_pid_term(probe_start(COP("[state: 1]")));
    cop_assert_match(cop_assert_raises(replace, &pid),
                     "%{original: {:callback_failed, _, {:error, :not_supported}}}");
}

/* SYS-04: supervisors and registries answer, but take no state as a term */
PROCESS_TEST(a_state_that_stays_is_no_other)
{
    cop_term starts[] = {
        cop_supervisor_start_link(cop_empty_list(), COP("[strategy: :one_for_one]")),
        cop_dynamic_supervisor_start_link(cop_empty_list()),
        cop_task_supervisor_start_link(cop_empty_list()),
        cop_registry_start_link(COP("[keys: :unique, name: SysTest.Registry]"))};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        cop_term server, state;

        cop_assert_match(starts[i], "{:ok, server}", server);
        state = cop_sys_get_state(server, COP_CALL_TIMEOUT);
        cop_assert_equal(state,
                         replace_with(&(struct replacement){server, COP("&SysTest.same/1")}));
        cop_assert_match(cop_assert_raises(replace_with, (&(struct replacement){
                                                             server, COP("&SysTest.other/1")})),
                         "%{original: {:callback_failed, {:gen_server, :system_replace_state},"
                         " {:error, :not_supported}}}");
        cop_assert_equal(state, cop_sys_get_state(server, COP_CALL_TIMEOUT));
    }
}

/* SYS-05 */
PROCESS_TEST(get_status)
{
    cop_pid self = cop_self();
    cop_term pid = cop_pid_term(probe_start_link(COP("[state: :s]"))), misc, dictionary, header;

    cop_assert_match(cop_sys_get_status(pid, COP_CALL_TIMEOUT),
                     "{:status, ^pid, {:module, :gen_server},"
                     " [dictionary, :running, ^self, [], misc]}",
                     pid, self, dictionary, misc);
    cop_assert_equal(COP("{Probe, :init, 1}"),
                     cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    cop_assert_match(misc, "[{:header, _}, {:data, [_, _, _]}, {:data, [{~c\"State\", :s}]}]");
    cop_register(COP("Sys.Named"), cop_to_pid(pid));
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_expect(cop_sys_get_status(pid, COP_CALL_TIMEOUT),
               "{_, _, _, [_, :suspended, _, _, [{:header, header} | _]]}", header);
    cop_assert_equal(COP("~c\"Status for generic server Sys.Named\""), header);
}

static cop_term callback_module(void *server)
{
    return cop_apply(COP(":supervisor"), COP(":get_callback_module"),
                     cop_list(*(cop_term *)server));
}

/* SYS-05: a supervisor tells its module, too; others have none */
PROCESS_TEST(status_of_supervisors)
{
    cop_pid sup, dyn;
    cop_term server, misc, other = cop_pid_term(probe_start_link(cop_empty_list()));

    cop_expect(cop_supervisor_start_link(cop_empty_list(), COP("[strategy: :one_for_one]")),
               "{:ok, sup}", sup);
    cop_expect(cop_dynamic_supervisor_start_link(cop_empty_list()), "{:ok, dyn}", dyn);
    server = cop_pid_term(sup);
    cop_expect(cop_sys_get_status(server, COP_CALL_TIMEOUT), "{_, _, _, [_, _, _, _, misc]}", misc);
    cop_assert_match(misc, "[{:header, _}, {:data, _}, {:data, _},"
                           " {:supervisor, [{~c\"Callback\", Supervisor.Default}]}]");
    cop_assert_equal(COP("Supervisor.Default"), callback_module(&server));
    server = cop_pid_term(dyn);
    cop_assert_equal(COP("Supervisor.Default"), callback_module(&server));
    cop_assert_match(cop_assert_raises(callback_module, &other), "%{original: {:badrecord, _}}");
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

/* --- Code change ------------------------------------------------------------------------------ */

static cop_term change(cop_term pid, cop_term extra)
{
    return cop_sys_change_code(pid, COP("Probe"), COP("\"1.0\""), extra, COP_CALL_TIMEOUT);
}

/* SYS-09: only while suspended; on an error the old state stays */
PROCESS_TEST(change_code)
{
    cop_term pid = cop_pid_term(probe_start(COP("[state: :old]")));

    cop_assert_equal(COP("{:error, {:unknown_system_msg, {:change_code, Probe, \"1.0\", :x}}}"),
                     change(pid, COP(":x")));
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_assert_equal(COP("{:error, {:error, :no}}"), change(pid, COP("{:fail, :no}")));
    cop_assert_receive("{:code_change, {\"1.0\", {:fail, :no}}}");
    cop_assert_equal(COP("{:error, :x}"), change(pid, COP(":x")));
    cop_assert_equal(COP("{:error, {:EXIT, :x}}"), change(pid, COP("{:exit, :x}")));
    cop_assert_match(change(pid, COP("{:error, :x}")), "{:error, {:EXIT, {:x, _}}}");
    cop_assert_equal(COP("{:error, :x}"), change(pid, COP("{:throw, :x}")));
    cop_assert_equal(COP(":old"), cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), change(pid, COP("{:ok, :new}")));
    cop_assert_equal(COP(":new"), cop_sys_get_state(pid, COP_CALL_TIMEOUT));
    cop_sys_resume(pid, COP_CALL_TIMEOUT);
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), COP_CALL_TIMEOUT));
    /* without the callback the state stays, and that is no error */
    pid = agent();
    cop_sys_suspend(pid, COP_CALL_TIMEOUT);
    cop_assert_equal(1, cop_sys_get_state(pid, COP_CALL_TIMEOUT));
}

/* --- format_status ---------------------------------------------------------------------------- */

/* The logged events and the state in the status of a probe with this state. */
static cop_term shown(const char *state)
{
    cop_term options = cop_list(cop_tuple(COP(":state"), cop_atom(state)));
    cop_term events, shown;

    cop_expect(cop_sys_get_status(cop_pid_term(probe_start(options)), COP_CALL_TIMEOUT),
               "{_, _, _, [_, _, _, _, [_, {_, [_, _, {_, events}]}, {_, [{_, shown}]}]]}", events,
               shown);
    return cop_tuple(events, shown);
}

/* GEN-57 */
PROCESS_TEST(format_status)
{
    cop_assert_equal(COP("{[], :plain}"), shown("plain"));
    cop_assert_equal(COP("{[], :hidden}"), shown("secret"));
    cop_assert_equal(COP("{[], %{state: :keys, log: []}}"), shown("keys"));
    cop_assert_equal(COP("{[], \"Probe.format_status/1 crashed\"}"), shown("crash"));
    cop_assert_equal(COP("{[], \"Probe.format_status/1 did not return a map\"}"), shown("no_map"));
    cop_assert_equal(COP("{[], \"Probe.format_status/1 returned a map with unknown keys\"}"),
                     shown("unknown_key"));
    cop_assert_equal(COP("{[:l], :s}"), shown("all"));
}

/* --- Processes with a loop of their own ------------------------------------------------------- */

struct worker {
    cop_sys *sys;
    cop_pid to;
    int64_t n;
};

static cop_term worker_state(void *state)
{
    return cop_int(((struct worker *)state)->n);
}

static void worker_replace(void *state, cop_term term)
{
    ((struct worker *)state)->n = cop_to_int(term);
}

static void worker_terminate(void *state, cop_term reason)
{
    cop_send(((struct worker *)state)->to, cop_tuple(COP(":terminate"), reason));
}

static cop_term worker_change(void *state, cop_term old_version, cop_term extra)
{
    if (!cop_identical(old_version, extra)) return cop_tuple(COP(":error"), extra);
    ((struct worker *)state)->n += 100;
    return cop_ok();
}

static const struct cop_sys_hooks worker_hooks = {.size = sizeof(struct cop_sys_hooks),
                                                  .module = "Worker",
                                                  .get_state = worker_state,
                                                  .replace_state = worker_replace,
                                                  .terminate = worker_terminate,
                                                  .change_code = worker_change};
static const struct cop_sys_hooks no_hooks = {.size = sizeof(struct cop_sys_hooks)};

static cop_next worker_wake(void *state)
{
    struct worker *w = state;
    cop_term msg;

    if (cop_sys_receive(w->sys, &msg, 0)) {
        w->n++;
        cop_sys_event(w->sys, cop_tuple(COP(":in"), msg));
        cop_send(w->to, cop_tuple(COP(":got"), msg));
    }
    return cop_hibernate(worker_wake, w);
}

/* {to, parent, has_hooks} */
static cop_next worker_start(cop_term boot)
{
    struct worker *w = cop_alloc(sizeof *w);
    cop_pid to, parent;
    bool has_hooks;

    cop_expect(boot, "{to, parent, has_hooks}", to, parent, has_hooks);
    w->to = to;
    w->sys = cop_sys_new(has_hooks ? &worker_hooks : &no_hooks, w, parent);
    cop_trap_exit(true);
    cop_link(parent);
    return cop_hibernate(worker_wake, w);
}

static cop_term worker(bool has_hooks, cop_pid *ret_parent)
{
    cop_pid self = cop_self(), parent = cop_spawn(idle, cop_nil(), NULL);

    *ret_parent = parent;
    return cop_pid_term(cop_spawn(
        worker_start, cop_build("{self, parent, has_hooks}", self, parent, has_hooks), NULL));
}

/* SYS-01: any process can answer */
PROCESS_TEST(process_with_a_loop_of_its_own)
{
    cop_pid parent;
    cop_term w = worker(true, &parent), misc;

    cop_send(w, COP(":a"));
    cop_assert_receive("{:got, :a}");
    cop_assert_equal(1, cop_sys_get_state(w, COP_CALL_TIMEOUT));
    cop_assert_equal(2, cop_sys_replace_state(w, COP("&SysTest.add_one/1"), COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_suspend(w, COP_CALL_TIMEOUT));
    cop_send(w, COP(":b"));
    cop_assert_equal(2, cop_sys_get_state(w, COP_CALL_TIMEOUT));
    cop_assert_match(cop_sys_get_status(w, COP_CALL_TIMEOUT),
                     "{:status, ^w, {:module, Worker}, [_, :suspended, ^parent, [], misc]}", w,
                     parent, misc);
    cop_assert_match(misc, "[{:header, _}, {:data, _}, {:data, [{~c\"State\", 2}]}]");
    cop_assert_equal(cop_ok(), cop_sys_change_code(w, COP(":m"), COP(":v"), COP(":v"), 5000));
    cop_assert_equal(COP("{:error, {:error, :x}}"),
                     cop_sys_change_code(w, COP(":m"), COP(":v"), COP(":x"), 5000));
    cop_assert_equal(cop_ok(), cop_sys_log(w, cop_true(), COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_resume(w, COP_CALL_TIMEOUT));
    cop_assert_receive("{:got, :b}");
    cop_assert_equal(103, cop_sys_get_state(w, COP_CALL_TIMEOUT));
    cop_assert_equal(COP("{:ok, [{:in, :b}]}"), cop_sys_log(w, COP(":get"), COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_gen_server_stop(w, COP(":enough"), COP_CALL_TIMEOUT));
    cop_assert_receive("{:terminate, :enough}");
}

/* SYS-08, GEN-33: the parent's exit ends it, suspended or not; another's does not */
PROCESS_TEST(parent_of_a_loop_of_its_own)
{
    cop_pid parent;
    cop_term w = worker(true, &parent);
    cop_ref ref = cop_monitor(w);

    cop_sys_get_state(w, COP_CALL_TIMEOUT); /* it traps by now */
    cop_exit_process(cop_to_pid(w), COP(":boo"));
    cop_assert_receive("{:got, {:EXIT, _, :boo}}");
    cop_exit_process(parent, COP(":gone"));
    cop_assert_receive("{:terminate, :gone}");
    cop_assert_receive("{:DOWN, ^ref, _, _, :gone}", ref);
    w = worker(true, &parent);
    ref = cop_monitor(w);
    cop_sys_suspend(w, COP_CALL_TIMEOUT);
    cop_send(w, COP(":lost"));
    cop_exit_process(parent, COP(":gone"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :gone}", ref);
}

/* Without any hook it answers all the same. */
PROCESS_TEST(loop_without_hooks)
{
    cop_pid parent;
    cop_term w = worker(false, &parent);
    cop_ref ref = cop_monitor(w);

    cop_assert_equal(cop_nil(), cop_sys_get_state(w, COP_CALL_TIMEOUT));
    cop_assert_match(
        cop_assert_raises(replace_with, (&(struct replacement){w, COP("&SysTest.other/1")})),
        "%{original: {:callback_failed, _, {:error, :not_supported}}}");
    cop_assert_match(cop_sys_get_status(w, COP_CALL_TIMEOUT), "{_, _, {:module, nil}, _}");
    cop_sys_suspend(w, COP_CALL_TIMEOUT);
    cop_assert_equal(cop_ok(), cop_sys_change_code(w, COP(":m"), COP(":v"), COP(":x"), 5000));
    cop_sys_terminate(w, COP(":shutdown"), COP_CALL_TIMEOUT);
    cop_assert_receive("{:DOWN, ^ref, _, _, :shutdown}", ref);
}

/* --- Failures --------------------------------------------------------------------------------- */

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
        cmocka_unit_test(a_state_that_stays_is_no_other),
        cmocka_unit_test(status_of_supervisors),
        cmocka_unit_test(suspend_and_resume),
        cmocka_unit_test(stop_of_a_suspended_server),
        cmocka_unit_test(suspended_server_whose_parent_ends),
        cmocka_unit_test(terminate),
        cmocka_unit_test(failures),
        cmocka_unit_test(change_code),
        cmocka_unit_test(format_status),
        cmocka_unit_test(process_with_a_loop_of_its_own),
        cmocka_unit_test(parent_of_a_loop_of_its_own),
        cmocka_unit_test(loop_without_hooks),
        cmocka_unit_test(unknown_request),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
