/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says when a server crashes, letter by letter. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/agent.h"
#include "coppice/logger.h"
#include "coppice/sys.h"

static cop_term start_named(cop_term options)
{
    cop_term pid;

    cop_expect(cop_gen_server_start(&probe_module, probe_opts(options), COP("[name: Log.Probe]")),
               "{:ok, pid}", pid);
    return pid;
}

/* Lets the server of that name end by a cast, and waits for it. */
static cop_term crash_by_cast(void *order)
{
    cop_term pid = start_named(COP("[state: %{a: 1}]"));
    cop_ref ref = cop_monitor(pid);

    cop_gen_server_cast(pid, *(cop_term *)order);
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

struct request {
    cop_term pid;
    cop_term request;
};

static cop_term try_call(void *arg)
{
    const struct request *r = arg;

    return cop_gen_server_call(r->pid, r->request, COP_CALL_TIMEOUT);
}

static cop_term crash_by_call(void *order)
{
    cop_term pid = start_named(COP("[state: %{a: 1}]"));
    cop_ref ref = cop_monitor(pid);

    cop_assert_exits(try_call, (&(struct request){pid, *(cop_term *)order}));
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

static cop_term logged_cast(cop_term order)
{
    return without_places(cop_capture_log(crash_by_cast, &order));
}

static cop_term logged_call(cop_term order)
{
    return without_places(cop_capture_log(crash_by_call, &order));
}

/* The text with the test's pid in place of each @. */
static cop_term with_self(const char *format)
{
    cop_bytes self = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));
    char text[1024] = "";

    for (const char *at = format; *at != '\0'; at++) {
        if (at[0] == '@')
            strncat(text, self.data, self.len);
        else
            strncat(text, at, 1);
    }
    return cop_string(text);
}

/* LOG-05: casts; LOG-06: the state */
PROCESS_TEST(stop_by_cast)
{
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) {:a, 1}\n"
                     "Last message: {:\"$gen_cast\", {:stop, {:a, 1}}}\n"
                     "State: %{a: 1}\n",
                     logged_cast(COP("{:stop, {:a, 1}}")));
}

/* LOG-01, LOG-05: it is an error. LOG-06: without the level debug there are no details. */
PROCESS_TEST(levels_of_crashes)
{
    cop_term order = COP("{:stop, :boom}"), text;
    cop_bytes bytes;

    cop_assert(cop_logger_add_process(COP(":seer"), COP_DEBUG_LEVEL, cop_pid_term(cop_self())));
    (void)logged_cast(order);
    cop_assert_receive("{:log, :error, \"GenServer Log.Probe terminating\" <> _, _}");
    cop_logger_set_level(COP_INFO);
    (void)logged_cast(order);
    cop_logger_set_level(COP_DEBUG_LEVEL);
    cop_log_flush();
    cop_assert(cop_logger_remove_handler(COP(":seer")));
    cop_assert_receive("{:log, :error, text, _}", text);
    bytes = cop_to_bytes(text);
    cop_assert(memmem(bytes.data, bytes.len, "\nLast message: ", 15) != NULL);
    cop_assert(memmem(bytes.data, bytes.len, "State:", 6) == NULL);
}

/* LOG-05: calls name the client */
PROCESS_TEST(crash_by_a_call)
{
    cop_assert_equal(with_self("GenServer Log.Probe terminating\n"
                               "** (stop) bad return value: :x\n"
                               "Last message (from @): {:bad, :x}\n"
                               "State: %{a: 1}\n"
                               "Client @ is alive\n"),
                     logged_call(COP("{:bad, :x}")));
}

/* Ends a server with a state that format_status knows. */
static cop_term crash_with_state(void *state)
{
    cop_ref ref;
    cop_term options = cop_list(cop_tuple(COP(":state"), *(cop_term *)state));
    cop_term pid = start_named(options);

    ref = cop_monitor(pid);
    cop_gen_server_cast(pid, COP("{:stop, :boom}"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :boom}", ref);
    return cop_nil();
}

static cop_term logged_with_state(cop_term state)
{
    return cop_capture_log(crash_with_state, &state);
}

/* GEN-57, GEN-58: all that a crash shows goes through format_status */
PROCESS_TEST(format_status_in_crashes)
{
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :boom\n"
                     "Last message: {:\"$gen_cast\", {:stop, :boom}}\n"
                     "State: :hidden\n",
                     logged_with_state(COP(":secret")));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :r\n"
                     "Last message: :m\n"
                     "State: :s\n",
                     logged_with_state(COP(":all")));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :boom\n"
                     "Last message: {:\"$gen_cast\", {:stop, :boom}}\n"
                     "State: %{log: [], message: {:\"$gen_cast\", {:stop, :boom}}, reason: :boom,"
                     " state: :keys}\n",
                     logged_with_state(COP(":keys")));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :boom\n"
                     "Last message: {:\"$gen_cast\", {:stop, :boom}}\n"
                     "State: \"Probe.format_status/1 crashed\"\n",
                     logged_with_state(COP(":crash")));
}

/* LOG-05: exceptions; LOG-23 in words */
PROCESS_TEST(exceptions)
{
    cop_log_details(false);
    cop_assert_equal(with_self("GenServer Log.Probe terminating\n"
                               "** (RuntimeError) oops\n"
                               "    Probe.handle_call/3\n"
                               "Last message (from @): :raise\n"),
                     logged_call(COP(":raise")));
    cop_assert_equal(with_self("GenServer Log.Probe terminating\n"
                               "** (FunctionClauseError) no function clause matching in "
                               "Probe.handle_call/3\n"
                               "    Probe.handle_call/3\n"
                               "Last message (from @): :no_clause\n"),
                     logged_call(COP(":no_clause")));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) time out\n"
                     "    Probe.handle_cast/2\n"
                     "Last message: {:\"$gen_cast\", {:exit, :timeout}}\n",
                     logged_cast(COP("{:exit, :timeout}")));
    cop_log_details(true);
}

#define ERROR_OF_FOO                                                                               \
    "{%{__struct__: RuntimeError, __exception__: true, message: \"oops\"}, " FOO "}"
#define FOO "[{Foo, :bar, 2, []}]"

/* The log without its last line, which shows the message. */
static cop_term told_of(const char *order)
{
    struct cop_parse_error error;
    cop_bytes log;
    cop_term term;

    cop_assert(cop_parse((cop_bytes){order, strlen(order)}, &term, &error));
    log = cop_to_bytes(logged_cast(term));
    return cop_binary(
        log.data, (size_t)((const char *)memmem(log.data, log.len, "Last message", 12) - log.data));
}

/* LOG-05, LOG-23: what a callback exits with is an exception where it could have been raised as
 * one; an error that it holds, with its stack, is an inner reason. */
PROCESS_TEST(exits_that_hold_errors)
{
    cop_log_details(false);
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) an exception was raised:\n"
                     "    ** (RuntimeError) oops\n"
                     "        Foo.bar/2\n"
                     "    Probe.handle_cast/2\n",
                     told_of("{:exit, " ERROR_OF_FOO "}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (MatchError) no match of right hand side value: " FOO "\n"
                     "    Probe.handle_cast/2\n",
                     told_of("{:exit, {:badmatch, " FOO "}}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (ArgumentError) argument error\n"
                     "    Probe.handle_cast/2\n",
                     told_of("{:exit, :badarg}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :foo\n"
                     "    Probe.handle_cast/2\n",
                     told_of("{:error, :foo}"));
    cop_log_details(true);
}

/* LOG-05: a reason that is returned has no stack, or that which it holds. */
PROCESS_TEST(stops_that_hold_errors)
{
    cop_log_details(false);
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (RuntimeError) oops\n"
                     "    Foo.bar/2\n",
                     told_of("{:stop, " ERROR_OF_FOO "}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) {:nocatch, :x}\n"
                     "    Foo.bar/2\n",
                     told_of("{:stop, {{:nocatch, :x}, " FOO "}}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :badarg\n",
                     told_of("{:stop, :badarg}"));
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) exited in: GenServer.call(:x, :y, 5000)\n"
                     "    ** (EXIT) an exception was raised:\n"
                     "        ** (RuntimeError) oops\n"
                     "            Foo.bar/2\n",
                     told_of("{:stop, {" ERROR_OF_FOO ", {GenServer, :call, [:x, :y, 5000]}}}"));
    cop_log_details(true);
}

static cop_next ask_slowly(cop_term server)
{
    cop_gen_server_call(server, COP("{:end_after, {:stop, :boom}}"), COP_INFINITY);
    return cop_end();
}

/* The client dies while its request is handled, the server after that. */
static cop_term outlive_the_client(void *ret_client)
{
    cop_term server = start_named(cop_list(cop_tuple(COP(":to"), cop_self())));
    cop_pid client = cop_spawn(ask_slowly, server, NULL);
    cop_ref ref = cop_monitor(client), over = cop_monitor(server);

    cop_assert_receive("{:sleeps, _}");
    cop_exit_process(client, COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :killed}", ref);
    cop_send(server, COP(":go_on"));
    cop_assert_receive("{:DOWN, ^over, _, _, :boom}", over);
    *(cop_pid *)ret_client = client;
    return cop_nil();
}

/* LOG-06 */
PROCESS_TEST(a_dead_client)
{
    cop_pid client;
    cop_bytes log = cop_to_bytes(cop_capture_log(outlive_the_client, &client));
    cop_bytes who = cop_to_bytes(cop_inspect(cop_pid_term(client)));
    cop_term end = cop_format("\nClient %.*s is dead\n", (int)who.len, who.data);
    cop_bytes last = cop_to_bytes(end);

    cop_assert(log.len > last.len);
    cop_assert_equal(end, cop_binary(log.data + log.len - last.len, last.len));
}

/* LOG-08, GEN-37 */
PROCESS_TEST(silent_ends)
{
    cop_assert_equal("", logged_cast(COP("{:stop, :normal}")));
    cop_assert_equal("", logged_cast(COP("{:stop, :shutdown}")));
    cop_assert_equal("", logged_cast(COP("{:exit, {:shutdown, :x}}")));
}

static cop_term kill(void *arg)
{
    cop_term pid = start_named(cop_empty_list());
    cop_ref ref = cop_monitor(pid);

    (void)arg;
    cop_exit_process(cop_to_pid(pid), COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* LOG-08 */
PROCESS_TEST(killed_by_a_signal)
{
    cop_assert_equal("", cop_capture_log(kill, NULL));
}

static cop_term stop(void *arg)
{
    start_named(COP("[state: 1]"));
    (void)arg;
    return cop_gen_server_stop(COP("Log.Probe"), COP(":boom"), COP_INFINITY);
}

/* The last message of a stop is shown as on a real node */
PROCESS_TEST(stopped_from_outside)
{
    cop_assert_equal("GenServer Log.Probe terminating\n"
                     "** (stop) :boom\n"
                     "Last message: []\n"
                     "State: 1\n",
                     cop_capture_log(stop, NULL));
}

static cop_term fail_to_start(void *arg)
{
    (void)arg;
    return cop_gen_server_start(&probe_module, probe_opts(COP("[init: {:stop, :no}]")),
                                cop_empty_list());
}

/* GEN-07: a start that fails is told to the starter only */
PROCESS_TEST(failed_start)
{
    cop_assert_equal("", cop_capture_log(fail_to_start, NULL));
}

/* Whether text has all of these pieces, one after the other. */
static bool has_in_order(cop_bytes text, const char *const *pieces)
{
    for (; *pieces != NULL; pieces++) {
        const char *at = memmem(text.data, text.len, *pieces, strlen(*pieces));

        if (at == NULL) return false;
        at += strlen(*pieces);
        text.len -= (size_t)(at - text.data);
        text.data = at;
    }
    return true;
}

/* LOG-09, GEN-37: the server's own log comes before the crash report */
PROCESS_TEST(both_reports)
{
    static const char *const pieces[] = {
        "GenServer Log.Probe terminating\n** (stop) :boom\n", "\nProcess Log.Probe (#PID<",
        ">) terminating\n** (exit) :boom\n", "Initial Call: Probe.init/1\nAncestors: [", NULL};
    cop_bytes text;

    cop_log_details(false);
    cop_log_sasl_reports(true);
    text = cop_to_bytes(logged_cast(COP("{:stop, :boom}")));
    cop_assert(has_in_order(text, pieces));
    cop_assert_equal("", logged_cast(COP("{:stop, {:shutdown, 1}}")));
    cop_log_sasl_reports(false);
    cop_log_details(true);
}

static cop_term send_stray(void *arg)
{
    cop_pid pid;

    (void)arg;
    cop_expect(
        cop_gen_server_start(&bare_module, probe_opts(cop_empty_list()), COP("[name: Log.Bare]")),
        "{:ok, pid}", pid);
    cop_send(pid, COP("{:bad, \"x\"}"));
    cop_gen_server_stop(cop_pid_term(pid), COP(":normal"), COP_INFINITY);
    return cop_nil();
}

/* LOG-22, GEN-34 */
PROCESS_TEST(unexpected_message)
{
    cop_assert_equal(
        "Bare Log.Bare received unexpected message in handle_info/2: {:bad, \"x\"}\n\n",
        cop_capture_log(send_stray, NULL));
}

static cop_term try_update(void *arg)
{
    (void)arg;
    return cop_agent_update(COP(":log_agent"), COP("&Map.fetch!(&1, :none)"), COP_CALL_TIMEOUT);
}

static cop_term crash_agent(void *arg)
{
    cop_pid pid;
    cop_ref ref;

    cop_expect(cop_apply(COP("Agent"), COP(":start"), COP("[&Map.new/0, [name: :log_agent]]")),
               "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_assert_exits(try_update, arg);
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* LOG-12: as a GenServer; the last message is the function in its tuple */
PROCESS_TEST(agents)
{
    cop_assert_equal(with_self("GenServer :log_agent terminating\n"
                               "** (KeyError) key :none not found in: %{}\n"
                               "    Map.fetch!/2\n"
                               "    Agent.Server.handle_call/3\n"
                               "Last message (from @): {:update, &Map.fetch!(&1, :none)}\n"
                               "State: %{}\n"
                               "Client @ is alive\n"),
                     cop_capture_log(crash_agent, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_by_cast),
        cmocka_unit_test(levels_of_crashes),
        cmocka_unit_test(crash_by_a_call),
        cmocka_unit_test(format_status_in_crashes),
        cmocka_unit_test(exceptions),
        cmocka_unit_test(exits_that_hold_errors),
        cmocka_unit_test(stops_that_hold_errors),
        cmocka_unit_test(a_dead_client),
        cmocka_unit_test(silent_ends),
        cmocka_unit_test(killed_by_a_signal),
        cmocka_unit_test(stopped_from_outside),
        cmocka_unit_test(failed_start),
        cmocka_unit_test(both_reports),
        cmocka_unit_test(unexpected_message),
        cmocka_unit_test(agents),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
