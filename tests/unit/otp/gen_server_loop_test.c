/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a GenServer: what callbacks may return, what happens after, and how it ends. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/logger.h"
#include "coppice/sys.h"

static cop_pid probe_monitored(cop_term options, cop_ref *ret_ref)
{
    cop_pid pid = probe_start(options);

    *ret_ref = cop_monitor(pid);
    return pid;
}

/* Sends the order as a cast and returns the reason with which the server ended. */
static cop_term end_by_cast(cop_term options, cop_term order)
{
    cop_ref ref;
    cop_pid pid = probe_monitored(options, &ref);
    cop_term reason;

    cop_gen_server_cast(pid, order);
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, ^pid, reason}", ref, pid, reason);
    return reason;
}

/* GEN-16: what is no request comes to handle_info */
PROCESS_TEST(dispatch)
{
    cop_pid pid = probe_start(COP("[trap_exit: true]")), self = cop_self();

    cop_send(pid, COP(":hello"));
    cop_assert_receive("{:info, :hello}");
    cop_send(pid, COP("{:\"$gen_cast\", :x, :y}"));
    cop_assert_receive("{:info, {:\"$gen_cast\", :x, :y}}");
    cop_send(pid, COP("{:\"$gen_call\", :x, :y}"));
    cop_assert_receive("{:info, {:\"$gen_call\", :x, :y}}");
    cop_send(pid, cop_build("{:\"$gen_call\", {self, :tag}, :y}", self));
    cop_assert_receive("{:info, {:\"$gen_call\", {^self, :tag}, :y}}", self);
    cop_send(pid, COP("{}"));
    cop_assert_receive("{:info, {}}");
    cop_send(pid, COP("{:system, :x, :y}"));
    cop_assert_receive("{:info, {:system, :x, :y}}");
    cop_exit_process(pid, COP(":boo"));
    cop_assert_receive("{:info, {:EXIT, ^self, :boo}}", self);
}

/* Calls without waiting, so that the reply comes among what the server sends besides. Returns the
 * first two messages, the reply as {:reply, value}. */
static cop_term first_two_of_call(cop_pid pid, cop_term request)
{
    cop_term ref = cop_ref_term(cop_make_ref()), self = cop_pid_term(cop_self()), two[2], value;

    cop_send(pid, cop_build("{:\"$gen_call\", {self, ref}, request}", self, ref, request));
    for (int i = 0; i < 2; i++) {
        cop_assert(cop_receive(&two[i], 5000));
        if (cop_match(two[i], "{^ref, value}", ref, value))
            two[i] = cop_tuple(COP(":reply"), value);
    }
    return cop_list(two[0], two[1]);
}

/* GEN-21: terminate runs before the reply is sent; GEN-26: the continue after it */
PROCESS_TEST(when_the_reply_is_sent)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(COP("[{:reply, 1}, {:continue, :c}]"),
                     first_two_of_call(pid, COP("{:reply_continue, 1, :c}")));
    cop_assert_equal(COP("[{:terminate, :normal}, {:reply, 2}]"),
                     first_two_of_call(pid, COP("{:stop, :normal, 2}")));
}

/* GEN-18: {:reply, ...} and what may follow; GEN-26: the reply is sent before the continue runs */
PROCESS_TEST(reply_then_continue)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(1, cop_gen_server_call(pid, COP("{:reply_continue, 1, {:bad, :x}}"), 5000));
    cop_assert_receive("{:continue, {:bad, :x}}");
    cop_assert_receive("{:terminate, {:bad_return_value, :x}}");
}

/* GEN-25: before the messages that are queued, chained */
PROCESS_TEST(continue_runs_before_messages)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_term msg;

    cop_sys_suspend(cop_pid_term(pid), COP_CALL_TIMEOUT);
    cop_gen_server_cast(pid, COP("{:continue, {:continue, {:continue, :last}}}"));
    cop_send(pid, COP(":hello"));
    cop_sys_resume(cop_pid_term(pid), COP_CALL_TIMEOUT);
    for (int i = 0; i < 3; i++) {
        cop_assert(cop_receive(&msg, 5000));
        cop_assert_match(msg, "{:continue, _}");
    }
    cop_assert_equal(COP("{:continue, :last}"), msg);
    cop_assert(cop_receive(&msg, 5000));
    cop_assert_equal(COP("{:info, :hello}"), msg);
}

/* GEN-27 */
PROCESS_TEST(timeout_comes_once)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_gen_server_cast(pid, COP("{:timeout, 5}"));
    cop_assert_receive_within(5000, "{:info, :timeout}");
    cop_refute_receive("{:info, :timeout}");
}

/* GEN-27: any message cancels it */
PROCESS_TEST(timeout_is_cancelled_by_a_message)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(cop_ok(), cop_gen_server_call(pid, COP("{:reply_timeout, :ok, 60}"), 5000));
    cop_send(pid, COP(":hello"));
    cop_assert_receive("{:info, :hello}");
    cop_refute_receive("{:info, :timeout}");
}

/* The same, with exact times: gen_server_timeout_test.c */
PROCESS_TEST(timeout_lives_through_system_messages)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(cop_ok(), cop_gen_server_call(pid, COP("{:reply_timeout, :ok, 30}"), 5000));
    cop_sys_get_state(cop_pid_term(pid), COP_CALL_TIMEOUT);
    cop_assert_receive_within(5000, "{:info, :timeout}");
}

/* GEN-29: what is queued goes first */
PROCESS_TEST(timeout_of_zero)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_term msg;

    cop_sys_suspend(cop_pid_term(pid), COP_CALL_TIMEOUT);
    cop_gen_server_cast(pid, COP("{:timeout, 0}"));
    cop_send(pid, COP(":hello"));
    cop_gen_server_cast(pid, COP("{:timeout, 0}"));
    cop_sys_resume(cop_pid_term(pid), COP_CALL_TIMEOUT);
    cop_assert(cop_receive(&msg, 5000));
    cop_assert_equal(COP("{:info, :hello}"), msg);
    cop_assert(cop_receive(&msg, 5000));
    cop_assert_equal(COP("{:info, :timeout}"), msg);
}

/* GEN-27: what is no time is refused where it is asked for; infinity is none */
PROCESS_TEST(timeouts_that_are_none)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(1, cop_gen_server_call(pid, COP("{:reply_timeout, 1, -1}"), 5000));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    cop_refute_receive("{:info, _}");
    cop_assert_match(end_by_cast(cop_empty_list(), COP("{:timeout, -2}")), "{:timeout_value, _}");
}

/* GEN-31: the message of the timeout; a message of another's cancels it, too */
PROCESS_TEST(timeout_with_a_message)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_gen_server_cast(pid, COP("{:timeout_with, 1, {:my, :message}}"));
    cop_assert_receive_within(5000, "{:info, {:my, :message}}");
    cop_gen_server_cast(pid, COP("{:throw, {:noreply, :s, {:timeout, 1, :thrown}}}"));
    cop_assert_receive_within(5000, "{:info, :thrown}");
    cop_gen_server_cast(pid, COP("{:throw, {:noreply, :s, {:hibernate, 1, :asleep}}}"));
    cop_assert_receive_within(5000, "{:info, :asleep}");
    cop_gen_server_cast(pid, COP("{:timeout_with, 60, :late}"));
    cop_send(pid, COP(":hello"));
    cop_assert_receive("{:info, :hello}");
    cop_refute_receive("{:info, _}");
    /* the message is forgotten: the next timeout has its own */
    cop_gen_server_cast(pid, COP("{:timeout, 1}"));
    cop_assert_receive_within(5000, "{:info, :timeout}");
}

/* --- One at a time (GEN-15) ------------------------------------------------------------------- */

struct lone {
    int inside;
    int most;
    int count;
};

static cop_result lone_init(cop_term arg)
{
    (void)arg;
    return cop_started(cop_alloc(sizeof(struct lone)));
}

/* Gives way in the middle, so that another callback could come in if one was let. */
static cop_result lone_cast(void *state, cop_term message)
{
    struct lone *l = state;

    (void)message;
    if (++l->inside > l->most) l->most = l->inside;
    cop_yield();
    cop_gen_server_cast(COP("Loop.Nobody"), COP(":x"));
    l->inside--;
    l->count++;
    return cop_noreply();
}

static cop_result lone_call(void *state, cop_term request, cop_from from)
{
    struct lone *l = state;

    (void)request;
    (void)from;
    return cop_reply(cop_tuple(l->most, l->count, l->inside));
}

static const struct cop_gen_server lone_callbacks = {.size = sizeof(struct cop_gen_server),
                                                     .init = lone_init,
                                                     .handle_cast = lone_cast,
                                                     .handle_call = lone_call};
static const struct cop_module lone_module = {
    .size = sizeof(struct cop_module), .name = "Lone", .gen_server = &lone_callbacks};

static cop_next many_casts(cop_term server)
{
    for (int i = 0; i < 50; i++)
        cop_gen_server_cast(server, COP(":work"));
    cop_gen_server_call(server, COP(":done"), COP_INFINITY);
    return cop_end();
}

/* GEN-15 */
PROCESS_TEST(one_callback_at_a_time)
{
    cop_term pid;
    cop_ref ref;

    cop_expect(cop_gen_server_start(&lone_module, cop_nil(), cop_empty_list()), "{:ok, pid}", pid);
    for (int i = 0; i < 4; i++)
        cop_spawn(many_casts, pid, &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    for (int i = 0; i < 4; i++)
        cop_assert_receive_within(20000, "{:DOWN, _, _, _, :normal}");
    cop_assert_equal(COP("{1, 200, 0}"), cop_gen_server_call(pid, COP(":done"), COP_INFINITY));
}

/* GEN-30, CNR-19: hibernation, asked for by an action or by the option, or not at all */
PROCESS_TEST(hibernate_wakes_for_a_message)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(cop_ok(), cop_gen_server_call(pid, COP(":hibernate"), 5000));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    cop_send(pid, COP(":hello"));
    cop_assert_receive("{:info, :hello}");
    for (int64_t ms = 0; ms <= 1; ms++) {
        cop_expect(cop_gen_server_start(&probe_module, probe_opts(cop_empty_list()),
                                        cop_build("[hibernate_after: ms]", ms)),
                   "{:ok, pid}", pid);
        cop_sleep(5);
        cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    }
}

/* GEN-19, GEN-23: bad returns */
PROCESS_TEST(bad_returns)
{
    cop_term options = COP("[state: :s]");

    cop_assert_equal(COP("{:bad_return_value, :x}"), end_by_cast(options, COP("{:bad, :x}")));
    cop_assert_receive("{:terminate, {:bad_return_value, :x}}");
    cop_assert_equal(COP("{:bad_return_value, {:reply, 1, :s}}"),
                     end_by_cast(options, COP("{:reply, 1}")));
    cop_assert_equal(COP("{:bad_return_value, {:stop, 1, 2, :s}}"),
                     end_by_cast(options, COP("{:stop, 1, 2}")));
    cop_assert_equal(COP("{:bad_return_value, {:ok, :s}}"), end_by_cast(options, COP(":started")));
    cop_assert_equal(COP("{:bad_return_value, :ignore}"), end_by_cast(options, COP(":ignore")));
    cop_assert_equal(COP("{:bad_return_value, {:error, 1}}"),
                     end_by_cast(options, COP("{:fail, 1}")));
    cop_assert_equal(COP("{:bad_return_value, nil}"), end_by_cast(options, COP(":zeros")));
    cop_assert_equal(COP("{:bad_return_value, :x}"),
                     probe_call_exits(probe_start(options), COP("{:bad, :x}")));
}

/* GEN-22, GEN-30: a throw is the return value */
PROCESS_TEST(throws_are_returns)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(1, cop_gen_server_call(pid, COP("{:throw, {:reply, 1, :state}}"), 5000));
    cop_gen_server_cast(pid, COP("{:throw, {:noreply, :state}}"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    cop_assert_equal(3, cop_gen_server_call(pid, COP("{:throw, {:reply, 3, :s, 0}}"), 5000));
    cop_assert_receive("{:info, :timeout}");
    cop_gen_server_cast(pid, COP("{:throw, {:noreply, :s, 1}}"));
    cop_assert_receive("{:info, :timeout}");
    cop_assert_equal(4,
                     cop_gen_server_call(pid, COP("{:throw, {:reply, 4, :s, :hibernate}}"), 5000));
    cop_gen_server_cast(pid, COP("{:throw, {:noreply, :s, {:continue, :c}}}"));
    cop_assert_receive("{:continue, :c}");
    cop_assert_equal(2, cop_gen_server_call(pid, COP("{:throw, {:stop, :normal, 2, :s}}"), 5000));
    cop_assert_receive("{:terminate, :normal}");
    cop_assert_equal(COP(":x"), end_by_cast(cop_empty_list(), COP("{:throw, {:stop, :x, 1}}")));
    cop_assert_equal(COP("{:bad_return_value, :x}"),
                     end_by_cast(cop_empty_list(), COP("{:throw, :x}")));
}

/* GEN-24 */
PROCESS_TEST(exceptions_end_the_server)
{
    cop_term stack;

    cop_assert_match(end_by_cast(cop_empty_list(), COP("{:error, :x}")), "{:x, stack}", stack);
    cop_assert_receive("{:terminate, {:x, ^stack}}", stack);
    cop_assert_match(end_by_cast(cop_empty_list(), COP(":raise")),
                     "{%{__struct__: RuntimeError, message: \"oops\"}, _}");
    cop_assert_equal(COP(":x"), end_by_cast(cop_empty_list(), COP("{:exit, :x}")));
    cop_assert_receive("{:terminate, :x}");
}

static cop_term raise_shutdown(void *arg)
{
    (void)arg;
    cop_assert_match(end_by_cast(cop_empty_list(), COP("{:error, :shutdown}")), "{:shutdown, _}");
    return cop_nil();
}

static cop_term exit_shutdown(void *arg)
{
    (void)arg;
    cop_assert_equal(COP(":shutdown"), end_by_cast(cop_empty_list(), COP("{:exit, :shutdown}")));
    return cop_nil();
}

/* GEN-37: an error is logged whatever it is called, an exit of the normal class is not */
PROCESS_TEST(what_is_logged_of_an_end)
{
    cop_bytes log = cop_to_bytes(cop_capture_log(raise_shutdown, NULL));

    cop_assert(memmem(log.data, log.len, "** (stop) shutdown\n", 19) != NULL);
    cop_assert_equal("", cop_capture_log(exit_shutdown, NULL));
}

static cop_term send_stray(void *arg)
{
    cop_pid pid = probe_start(cop_empty_list());

    (void)arg;
    cop_send(pid, COP(":no_clause"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    return cop_nil();
}

/* LOG-22: an error, not less */
PROCESS_TEST(a_stray_message_is_an_error)
{
    cop_term log;

    cop_logger_set_level(COP_ERROR);
    log = cop_capture_log(send_stray, NULL);
    cop_logger_set_level(COP_DEBUG_LEVEL);
    cop_assert(memmem(cop_to_bytes(log).data, cop_to_bytes(log).len,
                      "received unexpected message in handle_info/2: :no_clause", 56) != NULL);
}

/* GEN-35, GEN-38 */
PROCESS_TEST(stop_gives_exactly_the_reason)
{
    cop_assert_equal(COP("{:shutdown, :x}"),
                     end_by_cast(cop_empty_list(), COP("{:stop, {:shutdown, :x}}")));
    cop_assert_receive("{:terminate, {:shutdown, :x}}");
    cop_assert_equal(COP(":normal"), end_by_cast(cop_empty_list(), COP("{:stop, :normal}")));
    cop_assert_receive("{:terminate, :normal}");
}

/* GEN-36 */
PROCESS_TEST(what_terminate_raises)
{
    cop_term stop = COP("{:stop, :normal}");

    cop_assert_equal(COP(":y"), end_by_cast(COP("[terminate: {:exit, :y}]"), stop));
    cop_assert_match(end_by_cast(COP("[terminate: {:error, :y}]"), stop), "{:y, _}");
    cop_assert_equal(COP(":normal"), end_by_cast(COP("[terminate: {:throw, :y}]"), stop));
}

/* GEN-21 as a real node does it: the reply comes even if terminate crashes; the exit after it */
PROCESS_TEST(stop_reply_with_crashing_terminate)
{
    cop_ref ref;
    cop_pid pid = probe_monitored(COP("[terminate: {:exit, :y}]"), &ref);

    cop_assert_equal(COP(":bye"),
                     cop_gen_server_call(pid, COP("{:stop, :normal, :bye}"), COP_CALL_TIMEOUT));
    cop_assert_receive("{:DOWN, ^ref, _, _, :y}", ref);
}

/* GEN-35: not for kill, nor for a signal while not trapping */
PROCESS_TEST(terminate_is_not_called)
{
    cop_ref ref;
    cop_pid pid = probe_monitored(COP("[trap_exit: true]"), &ref);

    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :killed}", ref);
    pid = probe_monitored(cop_empty_list(), &ref);
    cop_exit_process(pid, COP(":shutdown"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :shutdown}", ref);
    cop_refute_receive("{:terminate, _}");
}

/* --- The parent (GEN-33) ---------------------------------------------------------------------- */

/* Starts a probe linked to itself, tells the test, then ends with the given reason when told to. */
static cop_next parent(cop_term boot)
{
    cop_term to, options, reason, msg;
    cop_pid pid;

    cop_expect(boot, "{to, options, reason}", to, options, reason);
    cop_expect(cop_gen_server_start_link(
                   &probe_module, cop_cons(cop_tuple(COP(":to"), to), options), cop_empty_list()),
               "{:ok, pid}", pid);
    cop_send(to, cop_tuple(COP(":child"), pid));
    cop_receive(&msg, COP_INFINITY);
    cop_exit(reason);
}

/* The child's end after its parent ended with reason; :lives if it does. */
static cop_term end_by_parent(cop_term options, cop_term reason)
{
    cop_pid self = cop_self(), child;
    cop_pid starter =
        cop_spawn(parent, cop_build("{self, options, reason}", self, options, reason), NULL);
    cop_term how;
    cop_ref ref;

    cop_assert_receive("{:child, child}", child);
    ref = cop_monitor(child);
    cop_monitor(starter);
    cop_send(starter, cop_ok());
    cop_assert_receive("{:DOWN, _, :process, ^starter, _}", starter);
    if (cop_identical(reason, COP(":normal")) && cop_is_empty_list(options)) {
        cop_assert_equal(COP(":pong"), cop_gen_server_call(child, COP(":ping"), 5000));
        return COP(":lives");
    }
    cop_assert_receive("{:DOWN, ^ref, _, _, how}", ref, how);
    return how;
}

PROCESS_TEST(parent_ends)
{
    cop_term trap = COP("[trap_exit: true]");

    cop_assert_equal(COP(":normal"), end_by_parent(trap, COP(":normal")));
    cop_assert_receive("{:terminate, :normal}");
    cop_assert_equal(COP(":shutdown"), end_by_parent(trap, COP(":shutdown")));
    cop_assert_receive("{:terminate, :shutdown}");
    cop_assert_equal(COP(":killed"), end_by_parent(trap, COP(":killed")));
    cop_assert_receive("{:terminate, :killed}");
    cop_assert_equal(COP(":boom"), end_by_parent(cop_empty_list(), COP(":boom")));
    cop_assert_equal(COP(":lives"), end_by_parent(cop_empty_list(), COP(":normal")));
    cop_refute_receive("{:terminate, _}");
    cop_refute_receive("{:info, _}");
}

/* --- Missing callbacks and clauses (GEN-32, 34) ----------------------------------------------- */

PROCESS_TEST(no_clause_ends_the_server)
{
    cop_term reason = probe_call_exits(probe_start(cop_empty_list()), COP(":no_clause"));

    cop_assert_match(reason, "{:function_clause, [{Probe, :handle_call, 3, [file: _, line: _]}]}");
    cop_assert_match(end_by_cast(cop_empty_list(), COP(":no_clause")),
                     "{:function_clause, [{Probe, :handle_cast, 2, [file: _, line: _]}]}");
}

static cop_pid bare_start(void)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start(&bare_module, probe_opts(cop_empty_list()), cop_empty_list()),
               "{:ok, pid}", pid);
    return pid;
}

PROCESS_TEST(missing_callbacks)
{
    cop_pid pid = bare_start();
    cop_ref ref = cop_monitor(pid);
    cop_term reason, text, pid_term = cop_pid_term(pid);

    /* no terminate, no format_state either */
    cop_assert_equal(cop_nil(), cop_sys_get_state(pid_term, COP_CALL_TIMEOUT));
    reason = probe_call_exits(pid, COP(":x"));
    cop_assert_match(reason, "{%{__struct__: RuntimeError, message: text}, _}", text);
    cop_assert_equal(cop_format("attempted to call GenServer %.*s but no handle_call/3 clause was "
                                "provided",
                                (int)cop_to_bytes(cop_inspect(pid_term)).len,
                                cop_to_bytes(cop_inspect(pid_term)).data),
                     text);
    cop_assert_receive("{:DOWN, ^ref, _, _, ^reason}", ref, reason);
    pid = bare_start();
    ref = cop_monitor(pid);
    pid_term = cop_pid_term(pid);
    cop_gen_server_cast(pid, COP(":x"));
    cop_assert_receive("{:DOWN, ^ref, _, _, {%{__struct__: RuntimeError, message: text}, _}}", ref,
                       text);
    cop_assert_equal(cop_format("attempted to cast GenServer %.*s but no handle_cast/2 clause was "
                                "provided",
                                (int)cop_to_bytes(cop_inspect(pid_term)).len,
                                cop_to_bytes(cop_inspect(pid_term)).data),
                     text);
    /* stray messages do not hurt */
    pid = bare_start();
    cop_send(pid, COP(":stray"));
    cop_assert_equal(cop_nil(), cop_sys_get_state(cop_pid_term(pid), COP_CALL_TIMEOUT));
}

/* GEN-32: there is no default for handle_continue */
PROCESS_TEST(missing_handle_continue)
{
    cop_term options = probe_opts(COP("[init: {:continue, :x}]")), reason;
    cop_pid pid;

    cop_trap_exit(true);
    cop_expect(cop_gen_server_start_link(&bare_module, options, cop_empty_list()), "{:ok, pid}",
               pid);
    cop_assert_receive("{:EXIT, ^pid, reason}", pid, reason);
    cop_assert_match(reason, "{:undef, [{Bare, :handle_continue, _, _} | _]}");
}

/* GEN-32: an undef inside of a callback that is there is a crash like any other */
PROCESS_TEST(undef_inside_a_callback)
{
    cop_ref ref;
    cop_pid pid = probe_monitored(cop_empty_list(), &ref);

    cop_send(pid, COP("{:error, :undef}"));
    cop_assert_receive("{:terminate, {:undef, [{Probe, :handle_info, 2, _}]}}");
    cop_assert_receive("{:DOWN, ^ref, _, ^pid, {:undef, [{Probe, :handle_info, 2, _}]}}", ref, pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dispatch),
        cmocka_unit_test(when_the_reply_is_sent),
        cmocka_unit_test(reply_then_continue),
        cmocka_unit_test(continue_runs_before_messages),
        cmocka_unit_test(timeout_comes_once),
        cmocka_unit_test(timeout_is_cancelled_by_a_message),
        cmocka_unit_test(timeout_lives_through_system_messages),
        cmocka_unit_test(timeout_of_zero),
        cmocka_unit_test(timeout_with_a_message),
        cmocka_unit_test(timeouts_that_are_none),
        cmocka_unit_test(one_callback_at_a_time),
        cmocka_unit_test(hibernate_wakes_for_a_message),
        cmocka_unit_test(bad_returns),
        cmocka_unit_test(throws_are_returns),
        cmocka_unit_test(what_is_logged_of_an_end),
        cmocka_unit_test(a_stray_message_is_an_error),
        cmocka_unit_test(exceptions_end_the_server),
        cmocka_unit_test(stop_gives_exactly_the_reason),
        cmocka_unit_test(what_terminate_raises),
        cmocka_unit_test(stop_reply_with_crashing_terminate),
        cmocka_unit_test(terminate_is_not_called),
        cmocka_unit_test(parent_ends),
        cmocka_unit_test(no_clause_ends_the_server),
        cmocka_unit_test(missing_callbacks),
        cmocka_unit_test(missing_handle_continue),
        cmocka_unit_test(undef_inside_a_callback),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
