/* SPDX-License-Identifier: Apache-2.0 */
/* What can be switched on in a running server: trace, log, log_to_file, statistics, functions. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/agent.h"
#include "coppice/sys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- Functions to install --------------------------------------------------------------------- */

/* Tells the process in the state, {pid, n}, and counts. */
static cop_term tell(cop_term state, cop_term event, cop_term name)
{
    cop_pid pid;
    int64_t n;

    cop_expect(state, "{pid, n}", pid, n);
    cop_send(pid, cop_tuple(COP(":event"), n, event, name));
    return cop_tuple(pid, n + 1);
}

static cop_term tell_once(cop_term state, cop_term event, cop_term name)
{
    tell(state, event, name);
    return COP(":done");
}

static cop_term tell_and_fail(cop_term state, cop_term event, cop_term name)
{
    tell(state, event, name);
    cop_exit(COP(":oops"));
}

/* Tells who is called :debug_listener, whatever its state is, and is done. */
static cop_term tell_listener(cop_term state, cop_term event, cop_term name)
{
    (void)name;
    cop_send(COP(":debug_listener"), cop_tuple(COP(":heard"), state, event));
    return COP(":done");
}

static const struct cop_function functions[] = {
    COP_EXPORT("tell_listener(state, event, name)", tell_listener, "Tells, and is done."),
    COP_EXPORT("tell(state, event, name)", tell, "Tells and counts."),
    COP_EXPORT("tell_once(state, event, name)", tell_once, "Tells, once."),
    COP_EXPORT("tell_and_fail(state, event, name)", tell_and_fail, "Tells, and fails."),
    COP_EXPORT_END};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "SysDebugTest", .functions = functions};

/* Ends the server of the test before. */
static void end_probe(void)
{
    cop_ref ref = cop_monitor(COP("Debug.Probe"));
    cop_pid pid = cop_whereis(COP("Debug.Probe"));

    if (!cop_is_no_pid(pid)) cop_exit_process(pid, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, _}", ref);
}

static cop_term start_with(cop_term debug)
{
    cop_term pid, options = cop_list(cop_tuple(COP(":debug"), debug), COP("{:name, Debug.Probe}"));

    end_probe();
    cop_expect(cop_gen_server_start(&probe_module, probe_opts(COP("[state: :s]")), options),
               "{:ok, pid}", pid);
    cop_assert_receive("{:init, ^pid}", pid);
    return pid;
}

static cop_term start(void)
{
    return start_with(cop_empty_list());
}

static void ping(cop_term server)
{
    cop_assert_equal(COP(":pong"), cop_gen_server_call(server, COP(":ping"), COP_CALL_TIMEOUT));
}

/* The events that the log of the server has. */
static cop_term logged(cop_term server)
{
    cop_term events;

    cop_expect(cop_sys_log(server, COP(":get"), COP_CALL_TIMEOUT), "{:ok, events}", events);
    return events;
}

/* The debug options in the status of a server. */
static cop_term options_of(cop_term server)
{
    cop_term options;

    cop_expect(cop_sys_get_status(server, COP_CALL_TIMEOUT), "{_, _, _, [_, _, _, options, _]}",
               options);
    return options;
}

/* --- Log -------------------------------------------------------------------------------------- */

/* SYS-11, SYS-14: the events of each kind of message, oldest first */
PROCESS_TEST(log_has_the_events)
{
    cop_term s = start(), self = cop_pid_term(cop_self()), from, events;

    cop_assert_equal(COP("[]"), logged(s));
    cop_assert_equal(cop_ok(), cop_sys_log(s, cop_true(), COP_CALL_TIMEOUT));
    ping(s);
    cop_gen_server_cast(s, COP(":c"));
    cop_send(s, COP(":i"));
    cop_gen_server_cast(s, COP("{:continue, :x}"));
    ping(s);
    events = logged(s);
    /* the first two of the twelve are gone */
    cop_assert_match(events,
                     "[{:in, {:\"$gen_cast\", :c}}, {:noreply, :s}, {:in, :i}, {:noreply, :s},"
                     " {:in, {:\"$gen_cast\", {:continue, :x}}}, {:noreply, :s},"
                     " {:continue, :x}, {:noreply, :s},"
                     " {:in, {:\"$gen_call\", from, :ping}}, {:out, :pong, from, :s}]",
                     from);
    cop_assert_match(from, "{^self, [:alias | _]}", self);
}

/* SYS-11 */
PROCESS_TEST(log_has_the_last_events)
{
    cop_term s = start();

    cop_assert_equal(cop_ok(), cop_sys_log(s, COP("{true, 3}"), COP_CALL_TIMEOUT));
    for (int i = 1; i <= 20; i++) {
        cop_send(s, i);
        ping(s);
        /* in, noreply, in, out */
        cop_assert_match(logged(s), "[{:noreply, :s}, {:in, {_, _, :ping}}, {:out, :pong, _, :s}]");
    }
    /* a log that is on stays as it is */
    cop_assert_equal(cop_ok(), cop_sys_log(s, COP("{true, 1}"), COP_CALL_TIMEOUT));
    cop_assert_equal(3, cop_list_len(logged(s)));
    cop_assert_equal(cop_ok(), cop_sys_log(s, cop_true(), COP_CALL_TIMEOUT));
    ping(s);
    cop_assert_match(logged(s), "[{:out, _, _, _}, {:in, _}, {:out, _, _, _}]");
    cop_assert_equal(cop_ok(), cop_sys_log(s, cop_false(), COP_CALL_TIMEOUT));
    cop_assert_equal(COP("[]"), logged(s));
    ping(s);
    cop_assert_equal(COP("[]"), logged(s));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_log(s, COP("{true, 0}"), COP_CALL_TIMEOUT));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_log(s, COP(":x"), COP_CALL_TIMEOUT));
}

/* SYS-05: a status has the logged events and the options */
PROCESS_TEST(status_shows_the_log)
{
    cop_term s = start_with(COP("[{:log, 2}]")), events;

    ping(s);
    cop_assert_match(cop_sys_get_status(s, COP_CALL_TIMEOUT),
                     "{_, _, _, [_, _, _, [{:log, _}], [_, {_, [_, _, {_, events}]}, _]]}", events);
    cop_assert_match(events, "[{:in, _}, {:out, :pong, _, :s}]");
}

/* --- Statistics ------------------------------------------------------------------------------- */

/* SYS-10 */
PROCESS_TEST(statistics_count)
{
    cop_term s = start(), answer;
    int64_t reductions, got, sent, before;

    cop_assert_equal(COP("{:ok, :no_statistics}"), cop_sys_statistics(s, COP(":get"), 5000));
    for (int i = 0; i < 500; i++)
        ping(s);
    cop_expect(cop_process_info(cop_to_pid(s), COP(":reductions")), "{_, before}", before);
    cop_assert_equal(cop_ok(), cop_sys_statistics(s, cop_true(), 5000));
    ping(s);
    cop_send(s, COP(":i"));
    ping(s);
    cop_assert_equal(cop_ok(), cop_sys_statistics(s, cop_true(), 5000)); /* no new beginning */
    answer = cop_sys_statistics(s, COP(":get"), 5000);
    cop_assert_match(answer,
                     "{:ok, [{:start_time, {{_, _, _}, {_, _, _}}},"
                     " {:current_time, {{_, _, _}, {_, _, _}}}, {:reductions, reductions},"
                     " {:messages_in, got}, {:messages_out, sent}]}",
                     reductions, got, sent);
    cop_assert_equal(3, got);
    cop_assert_equal(2, sent);
    cop_assert(reductions > 0 && reductions < before); /* since then */
    cop_assert_equal(cop_ok(), cop_sys_statistics(s, cop_false(), 5000));
    cop_assert_equal(COP("{:ok, :no_statistics}"), cop_sys_statistics(s, COP(":get"), 5000));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_statistics(s, COP(":x"), 5000));
}

/* The years of the two times are of this century: the clock was read. */
PROCESS_TEST(statistics_tell_the_time)
{
    cop_term s = start_with(COP("[:statistics]"));
    int64_t year, month, day, hour, minute, second;

    cop_assert_match(cop_sys_statistics(s, COP(":get"), 5000),
                     "{:ok, [{:start_time, {{year, month, day}, {hour, minute, second}}} | _]}",
                     year, month, day, hour, minute, second);
    cop_assert(year > 2024 && month >= 1 && month <= 12 && day >= 1 && day <= 31);
    cop_assert(hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second <= 60);
}

/* --- Lines ------------------------------------------------------------------------------------ */

/* What is printed to standard output while fn(server) runs. */
static cop_term printed(void (*fn)(cop_term server), cop_term server)
{
    char path[] = "/tmp/sys_debug_XXXXXX", text[4096];
    int file = mkstemp(path), saved = dup(STDOUT_FILENO);
    ssize_t len;

    fflush(stdout);
    dup2(file, STDOUT_FILENO);
    fn(server);
    dup2(saved, STDOUT_FILENO);
    len = pread(file, text, sizeof text, 0);
    close(saved);
    close(file);
    unlink(path);
    return cop_binary(text, (size_t)len);
}

static void one_of_each(cop_term server)
{
    ping(server);
    cop_gen_server_cast(server, COP(":c"));
    cop_send(server, COP("{:i, 1}"));
    cop_gen_server_cast(server, COP("{:continue, :x}"));
    cop_sys_get_state(server, COP_CALL_TIMEOUT);
    cop_assert_equal(2, cop_gen_server_call(server, COP("{:stop, :normal, 2}"), COP_CALL_TIMEOUT));
}

/* The lines of one_of_each. */
static cop_term expected_lines(void)
{
    cop_term self = cop_inspect(cop_pid_term(cop_self()));
    cop_bytes me = cop_to_bytes(self);
    int len = (int)me.len;

    return cop_format("*DBG* Debug.Probe got call :ping from %.*s\n"
                      "*DBG* Debug.Probe sent :pong to %.*s, new state :s\n"
                      "*DBG* Debug.Probe got cast :c\n"
                      "*DBG* Debug.Probe new state :s\n"
                      "*DBG* Debug.Probe got {:i, 1}\n"
                      "*DBG* Debug.Probe new state :s\n"
                      "*DBG* Debug.Probe got cast {:continue, :x}\n"
                      "*DBG* Debug.Probe new state :s\n"
                      "*DBG* Debug.Probe got continue :x\n"
                      "*DBG* Debug.Probe new state :s\n"
                      "*DBG* Debug.Probe got call {:stop, :normal, 2} from %.*s\n"
                      "*DBG* Debug.Probe sent 2 to %.*s, new state :s\n",
                      len, me.data, len, me.data, len, me.data, len, me.data);
}

static void one_of_each_traced(cop_term server)
{
    cop_ref ref = cop_monitor(server);

    cop_assert_equal(cop_ok(), cop_sys_trace(server, cop_true(), COP_CALL_TIMEOUT));
    one_of_each(server);
    cop_assert_receive("{:DOWN, ^ref, _, _, :normal}", ref);
}

/* SYS-12, CNR-18 */
PROCESS_TEST(trace_prints_lines)
{
    cop_assert_equal(expected_lines(), printed(one_of_each_traced, start()));
}

static void not_traced(cop_term server)
{
    cop_assert_equal(cop_ok(), cop_sys_trace(server, cop_false(), COP_CALL_TIMEOUT));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_trace(server, COP(":x"), COP_CALL_TIMEOUT));
    ping(server);
}

/* SYS-12: off again; GEN-11: the start option, which knows its own kinds only */
PROCESS_TEST(trace_is_switched_off)
{
    cop_term s = start_with(COP("[:trace, :foo, {:log, 0}]"));

    cop_assert_equal(COP("[trace: true]"), options_of(s));
    cop_assert_equal("", printed(not_traced, s));
    cop_assert_equal(COP("[]"), options_of(s));
}

static void print_log(cop_term server)
{
    cop_assert_equal(cop_ok(), cop_sys_log(server, COP(":print"), COP_CALL_TIMEOUT));
}

/* SYS-11: print */
PROCESS_TEST(log_is_printed)
{
    cop_term s = start_with(COP("[:log]"));

    cop_send(s, COP(":i"));
    cop_send(s, COP(":j"));
    cop_assert_equal("*DBG* Debug.Probe got :i\n*DBG* Debug.Probe new state :s\n"
                     "*DBG* Debug.Probe got :j\n*DBG* Debug.Probe new state :s\n",
                     printed(print_log, s));
}

/* The text in a file, once it has this length. */
static cop_term text_of(const char *path, size_t len)
{
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 0;

    cop_assert(file >= 0);
    for (int i = 0; i < 2000 && (size_t)got < len; i++) {
        if (i > 0) cop_sleep(1);
        got = pread(file, text, sizeof text, 0);
    }
    close(file);
    return cop_binary(text, (size_t)got);
}

/* SYS-13: the same lines in a file; the process that holds it open goes with the server */
PROCESS_TEST(lines_in_a_file)
{
    char path[] = "/tmp/sys_debug_XXXXXX";
    cop_term s = start(), lines = expected_lines(), file, name;
    cop_ref ref = cop_monitor(s);

    close(mkstemp(path));
    name = cop_string(path);
    cop_assert_equal(cop_ok(), cop_sys_log_to_file(s, name, COP_CALL_TIMEOUT));
    cop_assert_match(options_of(s), "[{:log_to_file, file}]", file);
    one_of_each(s);
    cop_assert_receive("{:DOWN, ^ref, _, _, :normal}", ref);
    ref = cop_monitor(file);
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    cop_assert_equal(lines, text_of(path, cop_to_bytes(lines).len));
    unlink(path);
}

/* SYS-13: until it is closed; the name may be a list of characters, too */
PROCESS_TEST(file_is_closed)
{
    cop_term s = start(), file;
    cop_ref ref;

    cop_assert_equal(cop_ok(), cop_sys_log_to_file(s, COP("~c\"/dev/null\""), COP_CALL_TIMEOUT));
    cop_assert_match(options_of(s), "[{:log_to_file, file}]", file);
    ref = cop_monitor(file);
    cop_assert_equal(cop_ok(), cop_sys_log_to_file(s, cop_false(), COP_CALL_TIMEOUT));
    cop_assert_receive("{:DOWN, ^ref, _, _, :normal}", ref);
    cop_assert_equal(COP("[]"), options_of(s));
    cop_assert_equal(COP("{:error, :open_file}"),
                     cop_sys_log_to_file(s, COP("\"/nonexistent/file\""), COP_CALL_TIMEOUT));
    cop_assert_equal(COP("{:error, :open_file}"), cop_sys_log_to_file(s, COP(":x"), 5000));
    cop_assert_equal(COP("[]"), options_of(s));
    ping(s);
}

/* SYS-13: another file takes the place of the one before, which is closed; so does no_debug */
PROCESS_TEST(files_are_closed)
{
    cop_term s = start(), first, second;
    cop_ref ref;

    cop_sys_log_to_file(s, COP("\"/dev/null\""), COP_CALL_TIMEOUT);
    cop_assert_match(options_of(s), "[{:log_to_file, first}]", first);
    ref = cop_monitor(first);
    cop_sys_log_to_file(s, COP("\"/dev/null\""), COP_CALL_TIMEOUT);
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, :normal}", ref);
    cop_assert_match(options_of(s), "[{:log_to_file, second}]", second);
    cop_assert(!cop_identical(first, second));
    ref = cop_monitor(second);
    cop_assert_equal(cop_ok(), cop_sys_no_debug(s, COP_CALL_TIMEOUT));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, :normal}", ref);
    cop_assert_equal(COP("[]"), options_of(s));
}

/* SYS-11, GEN-11: a log of one event is one, of none is none. */
PROCESS_TEST(the_shortest_log)
{
    cop_term s = start_with(COP("[{:log, 1}]"));

    cop_send(s, COP(":i"));
    ping(s);
    cop_assert_match(logged(s), "[{:out, :pong, _, :s}]");
    cop_assert_equal(cop_ok(), cop_sys_log(s, cop_false(), COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_log(s, COP("{true, 1}"), COP_CALL_TIMEOUT));
    cop_send(s, COP(":i"));
    ping(s);
    cop_assert_match(logged(s), "[{:out, :pong, _, :s}]");
    cop_assert_equal(cop_ok(), cop_sys_log(s, cop_false(), COP_CALL_TIMEOUT));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_log(s, COP("{true, 0}"), COP_CALL_TIMEOUT));
    s = start_with(COP("[{:log, 0}]"));
    cop_assert_equal(COP("[]"), options_of(s));
}

/* The texts that are names of files, and those that are none, on both sides of each limit. */
PROCESS_TEST(names_of_files)
{
    enum { PATH_BYTES = 1024 };
    static const char start_of_path[] = "/dev/";
    char path[PATH_BYTES + 1];
    cop_term s = start(), codes = cop_empty_list(), refused = COP("{:error, :open_file}"), whole;

    /* "/dev//////null" of the longest length and one more */
    memset(path, '/', PATH_BYTES);
    memcpy(path, start_of_path, sizeof(start_of_path) - 1);
    memcpy(path + PATH_BYTES - 5, "null", 4);
    for (size_t i = PATH_BYTES - 1; i > 0; i--)
        codes = cop_cons((int)path[i - 1], codes);
    whole = cop_cons('/', codes);
    cop_assert_equal(cop_ok(), cop_sys_log_to_file(s, codes, COP_CALL_TIMEOUT));
    cop_assert_equal(refused, cop_sys_log_to_file(s, whole, COP_CALL_TIMEOUT));
    cop_assert_equal(cop_ok(), cop_sys_log_to_file(s, cop_binary(path, PATH_BYTES - 1), 5000));
    memmove(path + 1, path, PATH_BYTES - 1);
    cop_assert_equal(refused, cop_sys_log_to_file(s, cop_binary(path, PATH_BYTES), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, COP("[47, 100, 0]"), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, COP("[47, 100, -1]"), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, COP("[47, 116, 109, 112, 47, 128]"), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, COP("[47, :x]"), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, COP("[]"), 5000));
    cop_assert_equal(refused, cop_sys_log_to_file(s, cop_binary("/dev/null\0x", 11), 5000));
    cop_assert_equal(COP("[]"), options_of(s));
}

/* --- Functions of the user's ------------------------------------------------------------------ */

/* SYS-14: called with each event and the name, its answer is its next state */
PROCESS_TEST(installed_function)
{
    cop_term s = start(), fun = COP("&SysDebugTest.tell/3");
    cop_pid self = cop_self();

    cop_assert_equal(cop_ok(), cop_sys_install(s, cop_build("{fun, {self, 5}}", fun, self), 5000));
    /* the same is not installed twice, nor does it begin anew */
    cop_assert_equal(cop_ok(), cop_sys_install(s, cop_build("{fun, {self, 50}}", fun, self), 5000));
    cop_send(s, COP(":i"));
    cop_assert_receive("{:event, 5, {:in, :i}, Debug.Probe}");
    cop_assert_receive("{:event, 6, {:noreply, :s}, Debug.Probe}");
    cop_assert_equal(cop_build("[{fun, {self, 7}}]", fun, self), options_of(s));
    cop_assert_equal(cop_ok(), cop_sys_remove(s, fun, 5000));
    cop_send(s, COP(":i"));
    ping(s);
    cop_refute_receive("{:event, _, _, _}");
    cop_assert_equal(COP("[]"), options_of(s));
}

/* SYS-14: what is done is not called again */
PROCESS_TEST(done_is_done)
{
    cop_term s = start();

    cop_register(COP(":debug_listener"), cop_self());
    cop_sys_install(s, COP("{&SysDebugTest.tell_listener/3, :first}"), 5000);
    cop_sys_install(s, COP("{:id, &SysDebugTest.tell_listener/3, :second}"), 5000);
    cop_send(s, COP(":i"));
    ping(s);
    cop_assert_receive("{:heard, :second, {:in, :i}}");
    cop_assert_receive("{:heard, :first, {:in, :i}}");
    cop_refute_receive("{:heard, _, _}");
    cop_assert_equal(COP("[]"), options_of(s));
}

/* SYS-14: by an id; done and failures take it away */
PROCESS_TEST(installed_with_an_id)
{
    cop_term s = start();
    cop_pid self = cop_self();

    cop_sys_install(s, cop_build("{:a, &SysDebugTest.tell/3, {self, 1}}", self), 5000);
    cop_sys_install(s, cop_build("{:a, &SysDebugTest.tell/3, {self, 20}}", self), 5000);
    cop_sys_install(s, cop_build("{:b, &SysDebugTest.tell_once/3, {self, 300}}", self), 5000);
    cop_sys_install(s, cop_build("{:c, &SysDebugTest.tell_and_fail/3, {self, 4000}}", self), 5000);
    cop_assert_match(options_of(s), "[{:c, {_, _}}, {:b, {_, _}}, {:a, {_, {^self, 1}}}]", self);
    cop_send(s, COP(":i"));
    cop_assert_receive("{:event, 4000, {:in, :i}, _}");
    cop_assert_receive("{:event, 300, {:in, :i}, _}");
    cop_assert_receive("{:event, 1, {:in, :i}, _}");
    cop_assert_receive("{:event, 2, {:noreply, :s}, _}");
    cop_assert_match(options_of(s), "[{:a, {_, {^self, 3}}}]", self);
    cop_assert_equal(cop_ok(), cop_sys_remove(s, COP(":a"), 5000));
    cop_assert_equal(cop_ok(), cop_sys_remove(s, COP(":a"), 5000)); /* nor is that an error */
    cop_assert_equal(COP("[]"), options_of(s));
    cop_assert_equal(COP(":unknown_debug"), cop_sys_install(s, COP(":x"), 5000));
}

/* SYS-13: no_debug */
PROCESS_TEST(everything_off)
{
    cop_term s = start_with(COP("[:trace, :log, :statistics, {:log_to_file, \"/dev/null\"},"
                                " {:install, {:id, &SysDebugTest.tell/3, 0}}]"));

    cop_assert_equal(5, cop_list_len(options_of(s)));
    cop_assert_equal(cop_ok(), cop_sys_no_debug(s, COP_CALL_TIMEOUT));
    cop_assert_equal(COP("[]"), options_of(s));
    ping(s);
}

static cop_term start_with_nonsense(void *arg)
{
    (void)arg;
    return start_with(COP(":nonsense"));
}

/* GEN-11: debug options that are no list are told of, and the server runs */
PROCESS_TEST(nonsense_is_logged)
{
    cop_assert_equal("Debug.Probe: ignoring erroneous debug options - :nonsense\n",
                     cop_capture_log(start_with_nonsense, NULL));
    ping(COP("Debug.Probe"));
}

/* --- Failures --------------------------------------------------------------------------------- */

static cop_term trace_nobody(void *arg)
{
    (void)arg;
    return cop_sys_trace(COP("Sys.Nobody"), cop_true(), 77);
}

static cop_term no_debug_nobody(void *arg)
{
    (void)arg;
    return cop_sys_no_debug(COP("Sys.Nobody"), COP_CALL_TIMEOUT);
}

/* SYS-02 */
PROCESS_TEST(failures_name_the_function)
{
    cop_assert_equal(COP("{:noproc, {:sys, :trace, [Sys.Nobody, true, 77]}}"),
                     cop_assert_exits(trace_nobody, NULL));
    cop_assert_equal(COP("{:noproc, {:sys, {:debug, :no_debug}, [Sys.Nobody]}}"),
                     cop_assert_exits(no_debug_nobody, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_has_the_events),
        cmocka_unit_test(log_has_the_last_events),
        cmocka_unit_test(status_shows_the_log),
        cmocka_unit_test(statistics_count),
        cmocka_unit_test(statistics_tell_the_time),
        cmocka_unit_test(trace_prints_lines),
        cmocka_unit_test(trace_is_switched_off),
        cmocka_unit_test(log_is_printed),
        cmocka_unit_test(lines_in_a_file),
        cmocka_unit_test(file_is_closed),
        cmocka_unit_test(files_are_closed),
        cmocka_unit_test(the_shortest_log),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(installed_function),
        cmocka_unit_test(done_is_done),
        cmocka_unit_test(installed_with_an_id),
        cmocka_unit_test(everything_off),
        cmocka_unit_test(nonsense_is_logged),
        cmocka_unit_test(failures_name_the_function),
    };

    cop_module_register(&module);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
