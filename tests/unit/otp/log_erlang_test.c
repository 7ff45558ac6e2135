/* SPDX-License-Identifier: Apache-2.0 */
/* Reports in Erlang's form (LOG-03, 04, 07, 10, 11, 16, 17, 19), and terms in its syntax. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/dynamic_supervisor.h"
#include "coppice/logger.h"
#include "coppice/supervisor.h"
#include "coppice/sys.h"

#include <unistd.h>

/* --- Terms ------------------------------------------------------------------------------------ */

PROCESS_TEST(terms)
{
    cop_term t = COP("{:ok, KV.Registry, \"x\\\"y\", <<1, 2>>, [1, :\"a b\" | 2.5], %{a: nil},"
                     " ~c\"abc\", [], {}, :and, \"\", \"\u00e9\", &Map.get/2}");

    cop_assert_equal("{ok,'Elixir.KV.Registry',<<\"x\\\"y\">>,<<1,2>>,[1,'a b'|2.5],#{a => nil},"
                     "\"abc\",[],{},'and',<<>>,<<\"\u00e9\"/utf8>>,fun 'Elixir.Map':get/2}",
                     cop_inspect_erlang(t, 1000));
    cop_assert_equal("{ok,...}", cop_inspect_erlang(t, 2));
}

/* --- Reports ---------------------------------------------------------------------------------- */

/* text with the pid of this process as Erlang has it for each @. */
static cop_term with_self(const char *format)
{
    cop_bytes self = cop_to_bytes(cop_inspect_erlang(cop_pid_term(cop_self()), 100));
    char text[2048] = "";

    for (const char *at = format; *at != '\0'; at++)
        strncat(text, *at == '@' ? self.data : at, *at == '@' ? self.len : 1);
    return cop_string(text);
}

static void check_has(cop_term log, const char *format)
{
    cop_bytes text = cop_to_bytes(log), part = cop_to_bytes(with_self(format));

    if (memmem(text.data, text.len, part.data, part.len) == NULL)
        cop_raise("RuntimeError", "\"%.*s\" is not in: %.*s", (int)part.len, part.data,
                  (int)text.len, text.data);
}

struct request {
    cop_term pid;
    cop_term request;
};

static cop_term call(void *arg)
{
    const struct request *r = arg;

    return cop_gen_server_call(r->pid, r->request, COP_CALL_TIMEOUT);
}

static cop_term crash_server(void *order)
{
    cop_term pid;
    cop_ref ref;

    cop_expect(cop_gen_server_start(&probe_module, probe_opts(COP("[state: %{a: 1}]")),
                                    COP("[name: Log.Probe]")),
               "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_assert_exits(call, (&(struct request){pid, *(cop_term *)order}));
    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* LOG-07; LOG-09: the server's own report, then proc_lib's; LOG-19 */
PROCESS_TEST(servers)
{
    cop_term order = COP("{:stop, :boom}"), log;
    cop_bytes text;
    const char *crash;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(crash_server, &order);
    cop_logger_set_form(COP_FORM_ELIXIR);
    text = cop_to_bytes(log);
    check_has(log, "** Generic server 'Elixir.Log.Probe' terminating \n"
                   "** Last message in was {stop,boom}\n"
                   "** When Server state == #{a => 1}\n"
                   "** Reason for termination ==\n** boom\n"
                   "** Client @ stacktrace\n** []\n");
    crash =
        memmem(text.data, text.len, "\n  crasher:\n    initial call: 'Elixir.Probe':init/1\n", 52);
    cop_assert(crash != NULL);
    check_has(log, "    registered_name: 'Elixir.Log.Probe'\n    exception exit: boom\n"
                   "    ancestors: [@");
    check_has(log,
              "    message_queue_len: 0\n    messages: []\n    links: []\n"
              "    dictionary: []\n    trap_exit: false\n    status: running\n    heap_size: ");
    check_has(log, "\n  neighbours:\n");
}

/* LOG-07, LOG-19: an exception stands beside its stack. */
PROCESS_TEST(exceptions_of_servers)
{
    cop_term order = COP(":raise"), log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(crash_server, &order);
    cop_logger_set_form(COP_FORM_ELIXIR);
    check_has(log, "** Reason for termination ==\n** {#{'__exception__' => true,");
    check_has(log, "message => <<\"oops\">>},[{'Elixir.Probe',handle_call,3,");
    check_has(log, "    exception error: {#{'__exception__' => true,");
}

static cop_next fail_plainly(cop_term arg)
{
    (void)arg;
    cop_throw(COP("\"oops\""));
}

static cop_term crash_process(void *arg)
{
    cop_ref ref;

    (void)arg;
    cop_spawn(fail_plainly, cop_nil(), &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    cop_assert_receive("{:DOWN, ^ref, :process, _, _}", ref);
    return cop_nil();
}

/* LOG-11 */
PROCESS_TEST(plain_processes)
{
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(crash_process, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    check_has(log, "Error in process <0.");
    check_has(log, "> with exit value:\n{{nocatch,<<\"oops\">>},[{nil,'__FILE__',1,[{file,\"");
}

static cop_term crash_task(void *arg)
{
    cop_term pid;
    cop_ref ref;

    (void)arg;
    cop_expect(cop_apply(COP("Task"), COP(":start"), cop_list(COP("&String.to_integer(\"x\")"))),
               "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_assert_receive("{:DOWN, ^ref, :process, _, _}", ref);
    return cop_nil();
}

/* LOG-10 */
PROCESS_TEST(tasks)
{
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(crash_task, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    check_has(log, "** Task <0.");
    check_has(log, " terminating\n** Started from @\n** When function  == fun ");
    check_has(log, "\n**      arguments == []\n** Reason for termination == \n** {");
}

static cop_term end_a_child(void *arg)
{
    cop_pid sup;
    cop_term child, next;

    (void)arg;
    cop_expect(
        cop_supervisor_start_link(COP("[%{id: :c, start: {Agent, :start_link, [&Map.new/0]}}]"),
                                  COP("[strategy: :one_for_one, name: :log_sup]")),
        "{:ok, sup}", sup);
    cop_assert_match(cop_supervisor_which_children(cop_pid_term(sup)), "[{:c, child, _, _}]",
                     child);
    cop_put(COP(":child"), child);
    cop_exit_process(cop_to_pid(child), COP(":kill"));
    do
        cop_assert_match(cop_supervisor_which_children(cop_pid_term(sup)), "[{:c, next, _, _}]",
                         next);
    while (!cop_is_pid(next) || cop_identical(child, next));
    cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_nil();
}

/* LOG-16, LOG-17 */
PROCESS_TEST(supervisors)
{
    char expected[600];
    cop_bytes pid;
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(end_a_child, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    pid = cop_to_bytes(cop_inspect_erlang(cop_get(COP(":child")), 100));
    snprintf(expected, sizeof expected,
             "    supervisor: {local,log_sup}\n    started: [{pid,%.*s},{id,c},"
             "{mfargs,{'Elixir.Agent',start_link,[fun 'Elixir.Map':new/0]}},"
             "{restart_type,permanent},{significant,false},{shutdown,5000},{child_type,worker}]\n",
             (int)pid.len, pid.data);
    check_has(log, expected);
    snprintf(expected, sizeof expected,
             "    supervisor: {local,log_sup}\n    errorContext: child_terminated\n"
             "    reason: killed\n    offender: [{pid,%.*s},{id,c},{mfargs,",
             (int)pid.len, pid.data);
    check_has(log, expected);
}

static cop_term end_in_private(void *arg)
{
    cop_pid sup;

    (void)arg;
    cop_expect(
        cop_supervisor_start_link(COP("[%{id: :c, start: {Agent, :start_link, [&Map.new/0]}}]"),
                                  COP("[strategy: :one_for_one]")),
        "{:ok, sup}", sup);
    cop_put(COP(":sup"), cop_pid_term(sup));
    cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_nil();
}

/* SUP-63: without a name it is the pid and the module. */
PROCESS_TEST(nameless_supervisors)
{
    char expected[200];
    cop_bytes pid;
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(end_in_private, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    pid = cop_to_bytes(cop_inspect_erlang(cop_get(COP(":sup")), 100));
    snprintf(expected, sizeof expected,
             "    supervisor: {%.*s,'Elixir.Supervisor.Default'}\n    started: [{pid,",
             (int)pid.len, pid.data);
    check_has(log, expected);
}

/* Lets a suspended supervisor end, and waits for that. */
static cop_term end_by_itself(cop_pid sup)
{
    cop_ref ref = cop_monitor(sup);

    cop_unlink(sup);
    cop_sys_terminate(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    return cop_nil();
}

/* Two children of a template end together, with reasons of their own. */
static cop_term end_two(void *arg)
{
    cop_pid sup, one, two;

    (void)arg;
    cop_expect(cop_supervisor_start_link(COP("[%{id: :c, start: {Agent, :start_link, []}}]"),
                                         COP("[strategy: :simple_one_for_one, name: :log_sup]")),
               "{:ok, sup}", sup);
    cop_expect(cop_supervisor_start_child(cop_pid_term(sup), COP("[&Map.new/0]")), "{:ok, one}",
               one);
    cop_expect(cop_supervisor_start_child(cop_pid_term(sup), COP("[&Map.new/0]")), "{:ok, two}",
               two);
    cop_sys_suspend(cop_pid_term(sup), COP_INFINITY);
    cop_exit_process(one, COP(":boom"));
    cop_exit_process(two, COP(":boom"));
    return end_by_itself(sup);
}

/* LOG-16, SUP-54 */
PROCESS_TEST(groups_of_children)
{
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(end_two, NULL);
    check_has(log, "    errorContext: shutdown_error\n    reason: boom\n"
                   "    offender: [{nb_children,2},{id,c},{mfargs,");
    cop_logger_set_form(COP_FORM_ERLANG_LINE);
    log = cop_capture_log(end_two, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    check_has(log, "Supervisor: {local,log_sup}. Context: shutdown_error. Reason: boom. "
                   "Offender: id=c,nb_children=2.");
}

static cop_term end_a_dynamic_child(void *arg)
{
    cop_pid sup, child;

    (void)arg;
    cop_expect(cop_dynamic_supervisor_start_link(COP("[extra_arguments: [&Map.new/0]]")),
               "{:ok, sup}", sup);
    cop_expect(cop_dynamic_supervisor_start_child(
                   cop_pid_term(sup),
                   COP("%{id: 1, restart: :transient, start: {Agent, :start_link, [[]]}}")),
               "{:ok, child}", child);
    cop_sys_suspend(cop_pid_term(sup), COP_INFINITY);
    cop_exit_process(child, COP(":boom"));
    return end_by_itself(sup);
}

/* LOG-16, DYN-10: the start call as it was made */
PROCESS_TEST(extra_arguments)
{
    cop_term log;

    cop_logger_set_form(COP_FORM_ERLANG);
    log = cop_capture_log(end_a_dynamic_child, NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    check_has(log, "{mfargs,{'Elixir.Agent',start_link,[fun 'Elixir.Map':new/0,[]]}}");
}

/* --- Headers ---------------------------------------------------------------------------------- */

static void see_title(const char *line, size_t len, void *arg)
{
    char *seen = arg;

    snprintf(seen + strlen(seen), 4000 - strlen(seen), "%.*s", (int)len, line);
}

static void see_time(const struct cop_log_event *event, void *arg)
{
    *(int64_t *)arg = event->time_us;
}

/* LOG-03, LOG-04: the title of a report, or of its level, with the time */
PROCESS_TEST(headers)
{
    static const char *const levels[] = {"DEBUG", "INFO",     "NOTICE", "WARNING",
                                         "ERROR", "CRITICAL", "ALERT",  "EMERGENCY"};
    char seen[4000] = "", month[4] = "";
    cop_term order = COP("{:stop, :boom}");
    int day, year, h, m, s, us, end = 0;
    int64_t time = 0;

    cop_log_flush();
    cop_log_screen(see_title, seen);
    cop_logger_set_form(COP_FORM_ERLANG);
    cop_assert(cop_logger_add_handler(COP(":seer"), COP_DEBUG_LEVEL, see_time, &time));
    for (int i = 0; i < 8; i++) {
        char title[32];

        seen[0] = '\0';
        cop_log((enum cop_level)i, "the text");
        cop_log_flush();
        snprintf(title, sizeof title, "=%s REPORT==== ", levels[i]);
        cop_assert(strncmp(seen, title, strlen(title)) == 0);
        cop_assert(sscanf(seen + strlen(title), "%2d-%3s-%4d::%2d:%2d:%2d.%6d ===\n%n", &day, month,
                          &year, &h, &m, &s, &us, &end) == 7);
        cop_assert(year >= 2024 && year < 3000 && day >= 1 && day <= 31);
        cop_assert_equal(time % 1000000, us);
        cop_assert_equal("the text\n", cop_string(seen + strlen(title) + end));
    }
    cop_assert(cop_logger_remove_handler(COP(":seer")));
    seen[0] = '\0';
    crash_server(&order);
    cop_log_flush();
    cop_assert(strncmp(seen, "=ERROR REPORT==== ", 18) == 0);
    cop_assert(strstr(seen, "\n=CRASH REPORT==== ") != NULL);
    seen[0] = '\0';
    end_a_child(NULL);
    cop_log_flush();
    cop_assert(strncmp(seen, "=PROGRESS REPORT==== ", 21) == 0);
    cop_assert(strstr(seen, "\n=SUPERVISOR REPORT==== ") != NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    cop_log_screen(NULL, NULL);
}

/* LOG-16: the forms on one line, as a real node has them; other texts are joined. */
PROCESS_TEST(reports_on_one_line)
{
    char seen[4000] = "", expected[600];
    cop_term order = COP("{:stop, :boom}");
    cop_bytes pid;

    cop_log_flush();
    cop_log_screen(see_title, seen);
    cop_logger_set_form(COP_FORM_ERLANG_LINE);
    crash_server(&order);
    cop_log_flush();
    cop_assert(strstr(seen,
                      " ===\nGeneric server 'Elixir.Log.Probe' terminating. Reason: boom. Last "
                      "message: {stop,boom}. State: #{a => 1}. Client <") != NULL);
    cop_assert(strstr(seen, " stacktrace: []") != NULL || strstr(seen, " stacktrace: [{") != NULL);
    cop_assert(strstr(seen, " ===\ncrasher: initial call: ") != NULL ||
               strstr(seen, " ===\n  crasher: initial call: ") != NULL);
    seen[0] = '\0';
    end_a_child(NULL);
    cop_log_flush();
    pid = cop_to_bytes(cop_inspect_erlang(cop_get(COP(":child")), 100));
    snprintf(expected, sizeof expected,
             " ===\nSupervisor: {local,log_sup}. Started: id=c,pid=%.*s.\n=SUPERVISOR REPORT==== ",
             (int)pid.len, pid.data);
    cop_assert(strstr(seen, expected) != NULL);
    snprintf(expected, sizeof expected,
             " ===\nSupervisor: {local,log_sup}. Context: child_terminated. Reason: killed. "
             "Offender: id=c,pid=%.*s.\n=PROGRESS REPORT==== ",
             (int)pid.len, pid.data);
    cop_assert(strstr(seen, expected) != NULL);
    seen[0] = '\0';
    cop_log(COP_INFO, "a:\n  b, \n\n c\nd\n\n");
    cop_log_flush();
    cop_assert(strstr(seen, " ===\na: b, c, d\n") != NULL);
    cop_logger_set_form(COP_FORM_ELIXIR);
    cop_log_screen(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms),
        cmocka_unit_test(servers),
        cmocka_unit_test(exceptions_of_servers),
        cmocka_unit_test(plain_processes),
        cmocka_unit_test(tasks),
        cmocka_unit_test(supervisors),
        cmocka_unit_test(nameless_supervisors),
        cmocka_unit_test(groups_of_children),
        cmocka_unit_test(extra_arguments),
        cmocka_unit_test(headers),
        cmocka_unit_test(reports_on_one_line),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
