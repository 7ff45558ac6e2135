/* SPDX-License-Identifier: Apache-2.0 */
/* Names of servers: through a module of the user's, on other nodes, global; and servers that were
 * processes before. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/proc_lib.h"
#include "coppice/sys.h"

/* --- A module for {:via, Via, name} ------------------------------------------------------------
 *
 * It keeps names as registered ones, refuses :refused, and tells the process called Via.Spy what
 * it was asked. */

static void spy(cop_term what, cop_term name)
{
    if (!cop_is_no_pid(cop_whereis(COP("Via.Spy"))))
        cop_send(COP("Via.Spy"), cop_tuple(what, name));
}

static cop_term register_name(cop_term name, cop_term pid)
{
    spy(COP(":register"), name);
    if (cop_identical(name, COP(":refused"))) return COP(":no");
    cop_register(name, cop_to_pid(pid));
    return COP(":yes");
}

static cop_term unregister_name(cop_term name)
{
    spy(COP(":unregister"), name);
    cop_unregister(name);
    return name;
}

static cop_term whereis_name(cop_term name)
{
    cop_pid pid = cop_whereis(name);

    return cop_is_no_pid(pid) ? COP(":undefined") : cop_pid_term(pid);
}

static cop_term send_to(cop_term name, cop_term msg)
{
    spy(COP(":send"), name);
    return cop_send(name, msg);
}

static const struct cop_function via_functions[] = {
    COP_EXPORT("register_name(name, pid)", register_name, ":yes or :no."),
    COP_EXPORT("unregister_name(name)", unregister_name, "Forgets a name."),
    COP_EXPORT("whereis_name(name)", whereis_name, "A pid or :undefined."),
    COP_EXPORT("send(name, msg)", send_to, "Sends, or raises."), COP_EXPORT_END};
static const struct cop_module via = {
    .size = sizeof(struct cop_module), .name = "Via", .functions = via_functions};

static cop_term start(cop_term name, cop_term options)
{
    return cop_gen_server_start(&probe_module, probe_opts(options),
                                cop_list(cop_tuple(COP(":name"), name)));
}

/* GEN-02, GEN-04, GEN-40: all ways to a server with such a name */
/* NAM-08 */
PROCESS_TEST(via_name)
{
    cop_term name = COP("{:via, Via, :one}"), pid;

    cop_register(COP("Via.Spy"), cop_self());
    cop_assert_match(start(name, cop_empty_list()), "{:ok, pid}", pid);
    /* registered before init is called */
    cop_assert_receive_within(0, "{:register, :one}");
    cop_assert_receive_within(0, "{:init, ^pid}", pid);
    cop_assert_equal(cop_to_pid(pid), cop_gen_server_whereis(name));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(name, COP(":ping"), 5000));
    cop_assert_equal(cop_ok(), cop_gen_server_cast(name, COP(":c")));
    cop_assert_receive("{:send, :one}");
    cop_assert_receive("{:cast, :c}");
    cop_assert_equal(cop_build("{:error, {:already_started, pid}}", pid),
                     start(name, cop_empty_list()));
    cop_assert_equal(cop_ok(), cop_gen_server_stop(name, COP(":normal"), 5000));
    cop_assert_receive("{:terminate, :normal}");
    cop_assert(cop_is_no_pid(cop_gen_server_whereis(name)));
    cop_refute_receive("_");
}

struct call {
    cop_term server;
    bool stop;
};

static cop_term call(void *arg)
{
    const struct call *c = arg;

    return c->stop ? cop_gen_server_stop(c->server, COP(":normal"), 50)
                   : cop_gen_server_call(c->server, COP(":ping"), 50);
}

static cop_term call_exits(cop_term server)
{
    return cop_assert_exits(call, (&(struct call){server, false}));
}

static cop_term stop_exits(cop_term server)
{
    return cop_assert_exits(call, (&(struct call){server, true}));
}

/* GEN-14, GEN-42, GEN-49, GEN-52, NAM-08 */
PROCESS_TEST(via_nobody)
{
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [{:via, Via, :nobody}, :ping, 50]}}"),
                     call_exits(COP("{:via, Via, :nobody}")));
    cop_assert_equal(COP("{:noproc, {GenServer, :stop, [{:via, Via, :nobody}, :normal, 50]}}"),
                     stop_exits(COP("{:via, Via, :nobody}")));
    /* its send raises: a cast is :ok all the same */
    cop_assert_equal(cop_ok(), cop_gen_server_cast(COP("{:via, Via, :nobody}"), COP(":c")));
    cop_assert_equal(cop_ok(), cop_gen_server_cast(COP("{:via, No.Module, :x}"), COP(":c")));
    cop_register(COP("Via.Me"), cop_self());
    cop_assert_equal(cop_nil(),
                     cop_apply(COP("GenServer"), COP(":whereis"), COP("[{:via, Via, :nobody}]")));
    cop_assert_match(call_exits(COP("{:via, Via, Via.Me}")), "{:calling_self, _}");
    cop_assert_match(stop_exits(COP("{:via, Via, Via.Me}")), "{:calling_self, _}");
}

/* GEN-03: refused when the child asks; GEN-10: given back when init fails */
PROCESS_TEST(via_failures)
{
    cop_assert_equal(COP("{:error, {:already_started, :undefined}}"),
                     start(COP("{:via, Via, :refused}"), cop_empty_list()));
    /* silently: a linked starter that does not trap lives on */
    cop_assert_equal(COP("{:error, {:already_started, :undefined}}"),
                     cop_gen_server_start_link(&probe_module, probe_opts(cop_empty_list()),
                                               COP("[name: {:via, Via, :refused}]")));
    cop_refute_receive("{:init, _}");
    cop_register(COP("Via.Spy"), cop_self());
    cop_assert_equal(COP("{:error, :no}"),
                     start(COP("{:via, Via, :two}"), COP("[init: {:stop, :no}]")));
    cop_assert_receive_within(0, "{:unregister, :two}");
    cop_assert_equal(COP(":ignore"), start(COP("{:via, Via, :two}"), COP("[init: :ignore]")));
    cop_assert_receive_within(0, "{:unregister, :two}");
}

static cop_next take_name(cop_term to)
{
    cop_term msg;

    cop_register(COP("Name.Taken"), cop_self());
    cop_send(to, cop_ok());
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* GEN-03: a name that nobody may have is refused when the child asks for it, and init not called */
PROCESS_TEST(names_that_cannot_be_had)
{
    cop_pid pid = cop_spawn(take_name, cop_pid_term(cop_self()), NULL);

    cop_assert_receive(":ok");
    cop_assert_equal(cop_build("{:error, {:already_started, pid}}", pid),
                     start(COP("Name.Taken"), cop_empty_list()));
    cop_assert_equal(COP("{:error, {:already_started, :undefined}}"),
                     start(COP(":undefined"), cop_empty_list()));
    cop_refute_receive("{:init, _}");
    cop_exit_process(pid, COP(":kill"));
}

/* GEN-42, GEN-49, GEN-52: other nodes and global names, of which there are none */
PROCESS_TEST(elsewhere)
{
    cop_assert_equal(
        COP("{{:nodedown, :other@host}, {GenServer, :call, [{:a, :other@host}, :ping, 50]}}"),
        call_exits(COP("{:a, :other@host}")));
    cop_assert_equal(
        COP("{{:nodedown, :other@host}, {GenServer, :stop, [{:a, :other@host}, :normal, 50]}}"),
        stop_exits(COP("{:a, :other@host}")));
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [{:a, :nonode@nohost}, :ping, 50]}}"),
                     call_exits(COP("{:a, :nonode@nohost}")));
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [{:global, :a}, :ping, 50]}}"),
                     call_exits(COP("{:global, :a}")));
    cop_assert_equal(cop_ok(), cop_gen_server_cast(COP("{:a, :other@host}"), COP(":c")));
    cop_assert_equal(cop_ok(), cop_gen_server_cast(COP("{:global, :a}"), COP(":c")));
    cop_assert(cop_is_no_pid(cop_gen_server_whereis(COP("{:global, :a}"))));
    cop_assert(cop_is_no_pid(cop_gen_server_whereis(COP("{:a, :other@host}"))));
}

static cop_term start_global(void *arg)
{
    (void)arg;
    return start(COP("{:global, :x}"), cop_empty_list());
}

/* GEN-02: refused with a clear error until there are other nodes */
PROCESS_TEST(global_names_are_refused)
{
    cop_term message;

    cop_assert_match(cop_assert_raises(start_global, NULL),
                     "%{__struct__: ArgumentError, message: message}", message);
    cop_assert_equal("names of the form {:global, term} need a connected node, got: {:global, :x}",
                     message);
}

/* --- enter_loop (GEN-12) ---------------------------------------------------------------------- */

static cop_result loop_call(void *state, cop_term request, cop_from from)
{
    (void)from;
    if (cop_match(request, ":dictionary")) return cop_reply(cop_dictionary());
    if (cop_match(request, ":crash")) cop_exit(COP(":crash"));
    return cop_reply(cop_kept_term(*(cop_kept *)state));
}

static cop_result loop_info(void *state, cop_term message)
{
    cop_send(COP("Loop.Test"), message);
    (void)state;
    return cop_noreply();
}

static cop_result loop_init(cop_term arg)
{
    (void)arg;
    return cop_ignore();
}

static const struct cop_gen_server loop_callbacks = {.size = sizeof(struct cop_gen_server),
                                                     .init = loop_init,
                                                     .handle_call = loop_call,
                                                     .handle_info = loop_info};
static const struct cop_module loop_module = {
    .size = sizeof(struct cop_module), .name = "Loop", .gen_server = &loop_callbacks};

/* {own name or nil, claimed name, timeout} */
static cop_next enter(cop_term boot)
{
    cop_kept *state = cop_alloc(sizeof *state);
    cop_term own, claimed;
    int64_t timeout;

    cop_expect(boot, "{own, claimed, timeout}", own, claimed, timeout);
    *state = cop_keep(COP(":state"));
    if (!cop_identical(own, cop_nil())) cop_register(own, cop_self());
    cop_init_ack(cop_pid_term(cop_self()));
    return cop_gen_server_enter_loop(&loop_module, COP("[debug: [:statistics]]"), claimed,
                                     cop_then_timeout(cop_started(state), timeout));
}

static cop_term enter_with(cop_term boot)
{
    return cop_proc_lib_start(enter, boot, NULL);
}

PROCESS_TEST(enter_loop)
{
    cop_term pid, self = cop_pid_term(cop_self());

    cop_register(COP("Loop.Test"), cop_self());
    pid = enter_with(COP("{nil, nil, 1}"));
    cop_assert_receive(":timeout");
    cop_assert_equal(COP(":state"), cop_gen_server_call(pid, COP(":x"), 5000));
    /* the starter is the parent, by the name that it has */
    cop_assert_match(cop_sys_get_status(pid, 5000),
                     "{:status, ^pid, {:module, :gen_server},"
                     " [_, :running, ^self, [{:statistics, _}], _]}",
                     pid, self);
    cop_gen_server_stop(pid, COP(":normal"), 5000);
    pid = enter_with(COP("{Loop.Name, Loop.Name, -1}"));
    cop_assert_equal(COP(":state"), cop_gen_server_call(COP("Loop.Name"), COP(":x"), 5000));
    cop_gen_server_stop(pid, COP(":normal"), 5000);
    pid = enter_with(COP("{Loop.Name, {:via, Via, Loop.Name}, -1}"));
    cop_assert_equal(COP(":state"), cop_gen_server_call(pid, COP(":x"), 5000));
    cop_gen_server_stop(pid, COP(":normal"), 5000);
}

/* The reason of one that does not get into the loop. */
static cop_term enter_fails(cop_term boot)
{
    cop_ref ref;
    struct cop_proc_lib_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_term reason;

    cop_proc_lib_start(enter, boot, &opts);
    cop_assert_receive("{:DOWN, ^ref, _, _, reason}", ref, reason);
    return reason;
}

static cop_next enter_unborn(cop_term arg)
{
    (void)arg;
    return cop_gen_server_enter_loop(&loop_module, cop_empty_list(), cop_nil(), cop_started(NULL));
}

/* Started by one who had a name and has lost it. */
static cop_next enter_orphaned(cop_term arg)
{
    (void)arg;
    cop_unregister(COP(":loop_parent"));
    return cop_gen_server_enter_loop(&loop_module, cop_empty_list(), cop_nil(), cop_started(NULL));
}

/* GEN-12: the parent is looked for under the name that it had */
PROCESS_TEST(enter_loop_without_a_parent)
{
    cop_ref ref;

    cop_register(COP(":loop_parent"), cop_self());
    cop_proc_lib_spawn(
        enter_orphaned, cop_nil(),
        &(struct cop_proc_lib_opts){.monitor = true, .ret_ref = &ref, .initial_call = cop_none()});
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, :could_not_find_registered_name}", ref);
}

PROCESS_TEST(enter_loop_fails)
{
    cop_pid holder = cop_spawn(take_name, cop_pid_term(cop_self()), NULL);
    cop_ref ref;

    cop_assert_receive(":ok");
    cop_assert_equal(COP(":process_not_registered"), enter_fails(COP("{nil, Loop.Name, -1}")));
    cop_assert_equal(COP(":process_not_registered"), enter_fails(COP("{nil, Name.Taken, -1}")));
    cop_assert_equal(COP("{:process_not_registered_via, Via}"),
                     enter_fails(COP("{nil, {:via, Via, Loop.Name}, -1}")));
    cop_assert_equal(COP(":process_not_registered_globally"),
                     enter_fails(COP("{nil, {:global, :x}, -1}")));
    cop_spawn(enter_unborn, cop_nil(), &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    cop_assert_receive("{:DOWN, ^ref, _, _, :process_was_not_started_by_proc_lib}", ref);
    cop_exit_process(holder, COP(":kill"));
}

static cop_term crash_in_loop(void *arg)
{
    cop_term pid = enter_with(COP("{nil, nil, -1}"));
    cop_ref ref = cop_monitor(pid);

    (void)arg;
    cop_sys_terminate(pid, COP(":crash"), 5000);
    cop_assert_receive("{:DOWN, ^ref, _, _, :crash}", ref);
    return cop_nil();
}

/* PLB-15: one crash, one report */
PROCESS_TEST(crash_after_enter_loop)
{
    cop_bytes text;
    const char *report;

    cop_register(COP("Loop.Test"), cop_self());
    cop_log_sasl_reports(true);
    text = cop_to_bytes(cop_capture_log(crash_in_loop, NULL));
    cop_log_sasl_reports(false);
    cop_assert(text.len > 10 && memcmp(text.data, "GenServer ", 10) == 0);
    report = memmem(text.data, text.len, "\nProcess ", 9);
    cop_assert(report != NULL);
    cop_assert(memmem(report + 9, text.len - (size_t)(report + 9 - text.data), "\nProcess ", 9) ==
               NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(via_name),
        cmocka_unit_test(via_nobody),
        cmocka_unit_test(via_failures),
        cmocka_unit_test(names_that_cannot_be_had),
        cmocka_unit_test(elsewhere),
        cmocka_unit_test(global_names_are_refused),
        cmocka_unit_test(enter_loop),
        cmocka_unit_test(enter_loop_fails),
        cmocka_unit_test(enter_loop_without_a_parent),
        cmocka_unit_test(crash_after_enter_loop),
    };

    cop_module_register(&via);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
