/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, casts and stops as their clients see them. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/supervisor.h"

static void assert_mailbox_empty(void)
{
    cop_assert_equal(COP("{:messages, []}"), cop_process_info(cop_self(), COP(":messages")));
}

struct call {
    cop_term server;
    cop_term request;
    int64_t timeout_ms;
};

static cop_term call(void *arg)
{
    const struct call *c = arg;

    return cop_gen_server_call(c->server, c->request, c->timeout_ms);
}

/* The reason of a call that must exit. */
static cop_term exits(cop_term server, cop_term request, int64_t timeout_ms)
{
    return cop_assert_exits(call, (&(struct call){server, request, timeout_ms}));
}

/* GEN-39: the reply itself; GEN-47: nothing of the call is left */
PROCESS_TEST(call_returns_the_reply)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(COP("{:a, \"b\"}"),
                     cop_gen_server_call(pid, COP("{:reply, {:a, \"b\"}}"), COP_INFINITY));
    cop_assert_equal(COP("{:monitors, []}"), cop_process_info(cop_self(), COP(":monitors")));
    assert_mailbox_empty();
}

/* GEN-17: {client, [:alias | ref]} */
PROCESS_TEST(from_names_client_and_alias)
{
    cop_pid self = cop_self(), pid = probe_start(cop_empty_list());
    cop_term tag;
    cop_ref ref;

    cop_assert_match(cop_gen_server_call(pid, COP(":from"), COP_CALL_TIMEOUT), "{^self, tag}", self,
                     tag);
    cop_assert_match(tag, "[:alias | ref]", ref);
    cop_assert(!cop_ref_equal(ref, cop_make_ref()));
}

/* GEN-41, GEN-42, GEN-44 */
PROCESS_TEST(nobody_there)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_term server = cop_pid_term(pid);

    cop_gen_server_stop(server, COP(":normal"), COP_INFINITY);
    cop_assert_receive("{:terminate, :normal}");
    cop_assert_equal(cop_build("{:noproc, {GenServer, :call, [server, :ping, 5000]}}", server),
                     exits(server, COP(":ping"), 5000));
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [Call.Nobody, {:a, 1}, :infinity]}}"),
                     exits(COP("Call.Nobody"), COP("{:a, 1}"), COP_INFINITY));
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [nil, :x, 1]}}"),
                     exits(cop_nil(), COP(":x"), 1));
    assert_mailbox_empty();
}

/* GEN-42 */
PROCESS_TEST(calling_oneself)
{
    cop_term self = cop_pid_term(cop_self());

    cop_assert_equal(cop_build("{:calling_self, {GenServer, :call, [self, :x, 5000]}}", self),
                     exits(self, COP(":x"), 5000));
    cop_register(COP("Call.Self"), cop_self());
    cop_assert_match(exits(COP("Call.Self"), COP(":x"), 5000), "{:calling_self, _}");
    cop_assert_match(
        exits(COP("{Call.Self, :nonode@nohost}"), COP(":x"), 5000),
        "{:calling_self, {GenServer, :call, [{Call.Self, :nonode@nohost}, :x, 5000]}}");
}

static cop_term call_number(void *arg)
{
    (void)arg;
    return cop_gen_server_call(cop_int(3), COP(":x"), 5000);
}

static cop_term call_with_time(void *server)
{
    return cop_gen_server_call(*(cop_pid *)server, COP(":ping"), -2);
}

/* GEN-40, GEN-48 */
PROCESS_TEST(misuse_is_an_error)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_match(cop_assert_raises(call_number, NULL),
                     "%{__struct__: FunctionClauseError, function: :whereis, arity: 1}");
    cop_assert_match(cop_assert_raises(call_with_time, &pid),
                     "%{__struct__: FunctionClauseError, function: :call, arity: 3}");
}

/* GEN-42, GEN-45, GEN-46, VER-03: the late reply does not come, the server goes on */
PROCESS_TEST(timeout_leaves_nothing)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_match(exits(cop_pid_term(pid), COP(":wait"), 5),
                     "{:timeout, {GenServer, :call, [_, :wait, 5]}}");
    cop_gen_server_cast(pid, COP("{:later, :late}"));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), COP_CALL_TIMEOUT));
    assert_mailbox_empty();
    cop_assert_match(exits(cop_pid_term(pid), COP(":wait"), 0), "{:timeout, _}");
}

/* GEN-42, GEN-44: the server's own reason */
PROCESS_TEST(server_dies_during_the_call)
{
    static const char *const orders[][2] = {
        {"{:stop, :normal}", ":normal"},
        {"{:stop, :shutdown}", ":shutdown"},
        {"{:stop, {:shutdown, :x}}", "{:shutdown, :x}"},
        {"{:exit, :normal}", ":normal"},
        {"{:exit, {:shutdown, 1}}", "{:shutdown, 1}"},
    };

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        cop_term order, reason;
        struct cop_parse_error error;

        cop_parse((cop_bytes){orders[i][0], strlen(orders[i][0])}, &order, &error);
        cop_parse((cop_bytes){orders[i][1], strlen(orders[i][1])}, &reason, &error);
        cop_assert_equal(reason, probe_call_exits(probe_start(cop_empty_list()), order));
        cop_assert_receive("{:terminate, _}");
    }
    assert_mailbox_empty();
}

/* Kills the probe that it is told of when that is in the middle of a call. */
static cop_next kill_when_it_sleeps(cop_term arg)
{
    cop_term msg;
    cop_pid pid = cop_no_pid();

    (void)arg;
    do {
        cop_receive(&msg, COP_INFINITY);
        cop_match(msg, "{:init, pid}", pid);
    } while (!cop_match(msg, "{:sleeps, _}"));
    cop_exit_process(pid, COP(":kill"));
    return cop_end();
}

/* GEN-42: killed */
PROCESS_TEST(server_is_killed_during_the_call)
{
    cop_pid pid, killer = cop_spawn(kill_when_it_sleeps, cop_nil(), NULL);

    cop_assert_match(
        cop_gen_server_start(&probe_module, cop_build("[to: killer]", killer), cop_empty_list()),
        "{:ok, pid}", pid);
    cop_assert_equal(COP(":killed"), probe_call_exits(pid, COP("{:sleep, 60000}")));
}

/* GEN-20: anybody answers, later; twice is harmless */
PROCESS_TEST(reply_from_elsewhere)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_ref alias = cop_alias(COP_ALIAS_EXPLICIT);
    cop_from from = {cop_self(), alias, true};
    cop_term ref = cop_ref_term(alias);

    cop_send(pid, cop_build("{:\"$gen_call\", from, :wait}", from));
    cop_gen_server_cast(pid, COP("{:later, 1}"));
    cop_gen_server_cast(pid, COP("{:later, 2}"));
    cop_assert_receive("{[:alias | ^ref], 1}", ref);
    cop_assert_receive("{[:alias | ^ref], 2}", ref);
    /* a plain tag, as other clients make it */
    from = (cop_from){cop_self(), cop_make_ref(), false};
    ref = cop_ref_term(from.tag);
    cop_assert_equal(cop_ok(), cop_gen_server_reply(from, COP(":hello")));
    cop_assert_receive("{^ref, :hello}", ref);
}

/* GEN-20: the second answer is dropped, also if it comes before the client has seen the first */
PROCESS_TEST(reply_twice)
{
    cop_pid pid = probe_start(cop_empty_list());

    for (int i = 0; i < 100; i++)
        cop_assert_equal(1, cop_gen_server_call(pid, COP("{:reply_twice, 1, 2}"), 5000));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), 5000));
    assert_mailbox_empty();
}

/* GEN-21: terminate runs first, then comes the reply, then the end */
PROCESS_TEST(stop_with_reply)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_ref ref = cop_monitor(pid);

    cop_assert_equal(COP(":bye"),
                     cop_gen_server_call(pid, COP("{:stop, :normal, :bye}"), COP_CALL_TIMEOUT));
    /* already there, since it was sent before the reply */
    cop_assert_receive_within(0, "{:terminate, :normal}");
    cop_assert_receive("{:DOWN, ^ref, :process, ^pid, :normal}", ref, pid);
}

/* GEN-49 */
PROCESS_TEST(cast_is_always_ok)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert_equal(cop_ok(), cop_gen_server_cast(pid, COP(":hello")));
    cop_assert_receive("{:cast, :hello}");
    cop_assert_equal(cop_ok(), cop_gen_server_cast(COP("Call.Nobody"), COP(":hello")));
    cop_gen_server_stop(cop_pid_term(pid), COP(":normal"), COP_INFINITY);
    cop_assert_equal(cop_ok(), cop_gen_server_cast(pid, COP(":hello")));
}

/* GEN-49: one client's casts, calls and messages keep their order */
PROCESS_TEST(order_of_one_client)
{
    cop_pid pid = probe_start(cop_empty_list());

    for (int i = 0; i < 100; i++) {
        cop_gen_server_cast(pid, cop_tuple(COP(":c"), i));
        cop_send(pid, cop_tuple(COP(":m"), i));
    }
    cop_gen_server_call(pid, COP(":ping"), COP_CALL_TIMEOUT);
    for (int i = 0; i < 100; i++) {
        cop_term msg;

        cop_assert(cop_receive(&msg, 0));
        cop_assert_match(msg, "{:cast, {:c, ^i}}", i);
        cop_assert(cop_receive(&msg, 0));
        cop_assert_match(msg, "{:info, {:m, ^i}}", i);
    }
    assert_mailbox_empty();
}

static cop_term stop(void *arg)
{
    const struct call *c = arg;

    return cop_gen_server_stop(c->server, c->request, c->timeout_ms);
}

static cop_term stop_exits(cop_term server, cop_term reason, int64_t timeout_ms)
{
    return cop_assert_exits(stop, (&(struct call){server, reason, timeout_ms}));
}

/* GEN-52, GEN-53 */
PROCESS_TEST(stop_waits_for_the_end)
{
    cop_pid pid = probe_start(COP("[trap_exit: true]"));

    cop_assert_equal(cop_ok(), cop_gen_server_stop(cop_pid_term(pid), COP(":shutdown"), 5000));
    cop_assert(!cop_is_alive(pid));
    cop_assert_receive("{:terminate, :shutdown}");
    assert_mailbox_empty();
}

/* GEN-52 */
PROCESS_TEST(stop_fails)
{
    cop_pid pid = probe_start(COP("[terminate: {:exit, {:shutdown, :other}}]"));
    cop_term server = cop_pid_term(pid), self = cop_pid_term(cop_self());

    cop_assert_equal(
        cop_build("{{:shutdown, :other}, {GenServer, :stop, [server, :normal, :infinity]}}",
                  server),
        stop_exits(server, COP(":normal"), COP_INFINITY));
    cop_assert_receive("{:terminate, :normal}");
    cop_assert_equal(cop_build("{:noproc, {GenServer, :stop, [server, :normal, 100]}}", server),
                     stop_exits(server, COP(":normal"), 100));
    cop_assert_equal(COP("{:noproc, {GenServer, :stop, [Call.Nobody, :normal, :infinity]}}"),
                     stop_exits(COP("Call.Nobody"), COP(":normal"), COP_INFINITY));
    cop_assert_equal(
        cop_build("{:calling_self, {GenServer, :stop, [self, :normal, :infinity]}}", self),
        stop_exits(self, COP(":normal"), COP_INFINITY));
    assert_mailbox_empty();
}

/* GEN-52, GEN-54: in the order of messages; the request stays after a timeout */
PROCESS_TEST(stop_times_out)
{
    cop_pid pid = probe_start(cop_empty_list());
    cop_ref ref = cop_monitor(pid);
    cop_term server = cop_pid_term(pid);
    cop_from from = {cop_self(), cop_make_ref(), false};

    cop_send(pid, cop_build("{:\"$gen_call\", from, {:sleep, 40}}", from));
    cop_assert_receive("{:sleeps, 40}");
    cop_assert_match(stop_exits(server, COP(":normal"), 1), "{:timeout, {GenServer, :stop, _}}");
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :normal}", ref);
    cop_assert_receive("{:terminate, :normal}");
    cop_assert_receive("{_, :slept}");
    assert_mailbox_empty();
}

/* GEN-43: the exit goes on through a server that called another */
PROCESS_TEST(nested_calls)
{
    cop_pid pid = probe_start(cop_empty_list()), dead = probe_start(cop_empty_list());

    cop_gen_server_stop(cop_pid_term(dead), COP(":normal"), COP_INFINITY);
    cop_assert_match(probe_call_exits(pid, cop_build("{:call, dead}", dead)),
                     "{:noproc, {GenServer, :call, [^dead, :ping, 5000]}}", dead);
}

/* --- A server that is restarted (GEN-55) ------------------------------------------------------ */

/* Starts a probe called Call.Window when the test, whose pid is to, says :go. */
static cop_term window_start(cop_term to)
{
    cop_term msg;

    cop_send(to, cop_tuple(COP(":starting"), cop_self()));
    do {
        cop_receive(&msg, COP_INFINITY);
    } while (!cop_match(msg, ":go"));
    return cop_gen_server_start_link(&probe_module, cop_list(cop_tuple(COP(":to"), to)),
                                     COP("[name: Call.Window]"));
}

static const struct cop_function window_functions[] = {
    COP_EXPORT("start_link(to)", window_start, "Starts when it is told to."), COP_EXPORT_END};
static const struct cop_module window_module = {
    .size = sizeof(struct cop_module), .name = "Window", .functions = window_functions};

static cop_next window_supervisor(cop_term to)
{
    cop_term spec = cop_build("[%{id: :w, start: {Window, :start_link, [to]}}]", to), msg;

    cop_supervisor_start_link(spec, COP("[strategy: :one_for_one]"));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* GEN-55: between the end and the new start there is nobody of that name */
PROCESS_TEST(call_in_the_restart_window)
{
    cop_pid starter, sup, pid;

    cop_module_register(&window_module);
    starter = cop_spawn(window_supervisor, cop_pid_term(cop_self()), NULL);
    cop_assert_receive("{:starting, sup}", sup);
    cop_send(sup, COP(":go"));
    cop_assert_receive("{:init, pid}", pid);
    cop_assert_equal(COP(":pong"), cop_gen_server_call(COP("Call.Window"), COP(":ping"), 5000));
    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive("{:starting, ^sup}", sup);
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [Call.Window, :ping, 5000]}}"),
                     exits(COP("Call.Window"), COP(":ping"), 5000));
    cop_send(sup, COP(":go"));
    cop_assert_receive("{:init, _}");
    cop_assert_equal(COP(":pong"), cop_gen_server_call(COP("Call.Window"), COP(":ping"), 5000));
    cop_exit_process(starter, COP(":kill"));
}

static cop_next calls_back(cop_term boot)
{
    cop_term peer, msg, from;
    cop_pid to;

    cop_expect(boot, "{to, peer}", to, peer);
    cop_send(to, COP(":up"));
    cop_receive(&msg, COP_INFINITY);
    cop_expect(msg, "{:\"$gen_call\", from, :ping}", from);
    (void)from;
    cop_send(to, cop_tuple(COP(":outcome"), exits(peer, COP(":ping"), 20)));
    return cop_end();
}

/* GEN-56: two that call each other wait until the time of one is over */
PROCESS_TEST(two_that_call_each_other)
{
    cop_pid self = cop_self();
    cop_term other = cop_pid_term(cop_spawn(calls_back, cop_build("{self, self}", self), NULL));
    cop_term reason;

    cop_assert_receive(":up");
    reason = exits(other, COP(":ping"), COP_INFINITY); /* its time is the shorter one; it ends */
    cop_assert_equal(cop_build("{:normal, {GenServer, :call, [other, :ping, :infinity]}}", other),
                     reason);
    cop_assert_receive("{:outcome, {:timeout, {GenServer, :call, [^self, :ping, 20]}}}", self);
    cop_assert_receive("{:\"$gen_call\", _, :ping}");
    assert_mailbox_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(call_returns_the_reply),
        cmocka_unit_test(from_names_client_and_alias),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(calling_oneself),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(timeout_leaves_nothing),
        cmocka_unit_test(server_dies_during_the_call),
        cmocka_unit_test(server_is_killed_during_the_call),
        cmocka_unit_test(reply_from_elsewhere),
        cmocka_unit_test(reply_twice),
        cmocka_unit_test(stop_with_reply),
        cmocka_unit_test(cast_is_always_ok),
        cmocka_unit_test(order_of_one_client),
        cmocka_unit_test(stop_waits_for_the_end),
        cmocka_unit_test(stop_fails),
        cmocka_unit_test(stop_times_out),
        cmocka_unit_test(nested_calls),
        cmocka_unit_test(call_in_the_restart_window),
        cmocka_unit_test(two_that_call_each_other),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
