/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisors log, in Elixir's words (LOG-13 to 17, 21). */
#include "coppice/sys.h"

#include "probe.h"

#include <stdio.h>
#include <string.h>

static bool contains(cop_term log, const char *words)
{
    cop_bytes text = cop_to_bytes(log);

    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

static void assert_logged(cop_term log, const char *words)
{
    cop_bytes text = cop_to_bytes(log);

    if (!contains(log, words))
        cop_raise("RuntimeError", "\"%s\" is not in: %.*s", words, (int)text.len, text.data);
}

/* A supervisor called Reporting whose child a ends with :boom and is started again. */
static cop_term child_crashes(void *arg)
{
    const char *options = arg;
    cop_pid sup, a;

    cop_expect(cop_supervisor_start_link(cop_list(probe_spec("a", "", options)),
                                         COP("[strategy: :one_for_one, name: Reporting]")),
               "{:ok, sup}", sup);
    a = probe_pid(sup, COP(":a"));
    cop_put(COP(":a"), cop_pid_term(a));
    cop_exit_process(a, COP(":boom"));
    while (cop_identical(probe_child(sup, COP(":a")), cop_pid_term(a)))
        cop_yield();
    cop_supervisor_stop(COP("Reporting"), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* LOG-13, LOG-14, LOG-15, LOG-17 with details; SUP-19, SUP-63; SUP-64: of a temporary child the
 * arguments are forgotten. */
static void child_terminated(void)
{
    char expected[256];
    cop_bytes pid;
    cop_term log;
    bool was_on = cop_log_sasl_reports(true), had_details = cop_log_details(true);

    log = cop_capture_log(child_crashes, (char[]){""});
    pid = cop_to_bytes(cop_inspect(cop_get(COP(":a"))));
    snprintf(expected, sizeof expected,
             "Child :a of Supervisor Reporting terminated\n"
             "** (exit) :boom\n"
             "Pid: %.*s\n"
             "Start Call: Probe.start_link([",
             (int)pid.len, pid.data);
    assert_logged(log, expected);
    snprintf(expected, sizeof expected,
             "Child :a of Supervisor Reporting started\nPid: %.*s\nStart Call: Probe.start_link(",
             (int)pid.len, pid.data);
    assert_logged(log, expected);
    assert_logged(log, "\nRestart: :permanent\nShutdown: 5000\nType: :worker");
    cop_log_details(false);
    log = cop_capture_log(child_crashes, (char[]){"restart: :temporary"});
    assert_logged(log, "terminated\n** (exit) :boom\nPid: ");
    assert_logged(log, "\nStart Call: Probe.start_link/?");
    cop_assert(!contains(log, "Restart: "));
    cop_log_details(had_details);
    cop_log_sasl_reports(was_on);
}

/* One of a DynamicSupervisor with an argument for all. */
static cop_term dynamic_child_crashes(void *arg)
{
    cop_pid sup, a, self = cop_self();
    cop_term options = cop_build("[extra_arguments: [[to: self]]]", self);

    (void)arg;
    cop_expect(cop_dynamic_supervisor_start_link(options), "{:ok, sup}", sup);
    cop_expect(cop_dynamic_supervisor_start_child(
                   cop_pid_term(sup),
                   COP("%{id: 1, restart: :transient, start: {Probe, :start_link, [[id: :a]]}}")),
               "{:ok, a}", a);
    probe_exit(a, COP(":boom"));
    cop_assert_receive_within(5000, "{:a, :init, _}");
    cop_assert_receive_within(5000, "{:a, :init, _}");
    cop_dynamic_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* LOG-15, DYN-10: the start call is shown with the arguments that it was made with. */
static void extra_arguments(void)
{
    char expected[128];
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(dynamic_child_crashes, NULL);
    cop_bytes self = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));

    cop_log_sasl_reports(was_on);
    snprintf(expected, sizeof expected, "\nStart Call: Probe.start_link([to: %.*s], [id: :a])",
             (int)self.len, self.data);
    assert_logged(log, expected);
}

/* LOG-01: progress is info, the end of a child an error. */
static void levels(void)
{
    static const struct {
        enum cop_level level;
        bool progress, end;
    } rows[] = {{COP_INFO, true, true},
                {COP_NOTICE, false, true},
                {COP_ERROR, false, true},
                {COP_CRITICAL, false, false}};
    bool was_on = cop_log_sasl_reports(true);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_term log;

        cop_logger_set_level(rows[i].level);
        log = cop_capture_log(child_crashes, (char[]){""});
        cop_assert(contains(log, "started\n") == rows[i].progress);
        cop_assert(contains(log, "terminated\n") == rows[i].end);
    }
    cop_logger_set_level(COP_DEBUG_LEVEL);
    cop_log_sasl_reports(was_on);
}

static cop_term child_ends(void *arg)
{
    cop_term specs = cop_list(probe_spec("a", "", arg));
    cop_ref ref;
    cop_pid sup, a;

    cop_expect(cop_supervisor_start_link(specs, COP("[strategy: :one_for_one]")), "{:ok, sup}",
               sup);
    a = probe_pid(sup, COP(":a"));
    ref = cop_monitor(a);
    cop_send(a, COP("{:stop, :shutdown}"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :shutdown}", ref);
    while (cop_identical(probe_child(sup, COP(":a")), cop_pid_term(a)))
        cop_yield();
    cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* SUP-33, SUP-34, SUP-35: an end of the normal class is reported of permanent children only. */
static void normal_ends(void)
{
    bool was_on = cop_log_sasl_reports(true);

    assert_logged(cop_capture_log(child_ends, (char[]){""}), " terminated\n** (exit) shutdown");
    cop_assert(
        !contains(cop_capture_log(child_ends, (char[]){"restart: :transient"}), "terminated"));
    cop_assert(
        !contains(cop_capture_log(child_ends, (char[]){"restart: :temporary"}), "terminated"));
    cop_log_sasl_reports(was_on);
}

static cop_term dies_before_it_is_asked(void *arg)
{
    cop_pid sup;

    (void)arg;
    cop_trap_exit(true);
    cop_expect(cop_supervisor_start_link(cop_list(probe_spec("a", "", "")),
                                         COP("[strategy: :one_for_one]")),
               "{:ok, sup}", sup);
    cop_put(COP(":a"), probe_child(sup, COP(":a")));
    cop_sys_suspend(cop_pid_term(sup), COP_INFINITY);
    probe_exit(cop_to_pid(cop_get(COP(":a"))), COP(":boom"));
    cop_sys_terminate(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :normal}", sup);
    return cop_ok();
}

/* SUP-49: one that died just before is told with its own reason. */
static void own_reason(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(dies_before_it_is_asked, NULL);

    cop_log_sasl_reports(was_on);
    assert_logged(log, "shut down abnormally\n** (exit) :boom\n");
    cop_assert(!contains(log, "noproc"));
}

/* A dynamic supervisor hears that its child was not there when it was asked, while the child's end
 * is still under way. */
static cop_term is_told_too_early(void *arg)
{
    cop_pid sup, a;
    cop_ref ref = cop_make_ref();

    (void)arg;
    cop_trap_exit(true);
    cop_expect(cop_dynamic_supervisor_start_link(COP("[]")), "{:ok, sup}", sup);
    cop_expect(cop_dynamic_supervisor_start_child(cop_pid_term(sup),
                                                  probe_spec("a", "trap_exit: true", "")),
               "{:ok, a}", a);
    cop_sys_suspend(cop_pid_term(sup), COP_INFINITY);
    cop_send(sup, cop_build("{:DOWN, ref, :process, a, :noproc}", ref, a));
    cop_sys_terminate(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    cop_assert_receive_within(5000, "{:a, :terminate, :shutdown}");
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :normal}", sup);
    return cop_ok();
}

/* SUP-49, DYN-21: then its own reason is waited for; noproc is never told. */
static void reason_under_way(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(is_told_too_early, NULL);

    cop_log_sasl_reports(was_on);
    cop_assert(!contains(log, "noproc") && !contains(log, "abnormally"));
}

/* A child is ended while it waits for its restart, first by its name, then with the supervisor. */
static cop_term is_ended_in_backoff(void *arg)
{
    cop_pid sup;
    cop_term id = COP(":a");

    (void)arg;
    cop_expect(cop_supervisor_start_link(cop_list(probe_spec("a", "", "backoff: [min: 30000]")),
                                         COP("[strategy: :one_for_one]")),
               "{:ok, sup}", sup);
    for (int i = 0; i < 2; i++) {
        cop_exit_process(probe_pid(sup, id), COP(":kill"));
        while (!cop_identical(probe_child(sup, id), COP(":restarting")))
            cop_yield();
        if (i == 1) break;
        cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(cop_pid_term(sup), id));
        cop_assert_match(cop_supervisor_restart_child(cop_pid_term(sup), id), "{:ok, _}");
    }
    cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* SUP-41, SUP-53: of one that is dead already no end is reported. */
static void end_in_backoff(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(is_ended_in_backoff, NULL);

    cop_log_sasl_reports(was_on);
    assert_logged(log, "terminated\n** (exit) killed");
    cop_assert(!contains(log, "abnormally") && !contains(log, "noproc"));
}

static cop_term start_raises(void *arg)
{
    (void)arg;
    cop_trap_exit(true);
    probe_plan("a", "r");
    cop_supervisor_start_link(cop_list(probe_spec("a", "", "")), COP("[strategy: :one_for_one]"));
    return cop_ok();
}

/* LOG-14: an exception of the start function is told as one. */
static void start_that_raises(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(start_raises, NULL);

    cop_log_sasl_reports(was_on);
    assert_logged(log, "failed to start\n** (exit) an exception was raised:\n    ** (RuntimeError) "
                       "no");
}

/* LOG-09: only where they are asked for. */
static void off_at_first(void)
{
    bool was_on = cop_log_sasl_reports(false);
    cop_term log = cop_capture_log(child_crashes, (char[]){""});

    cop_assert(!contains(log, "of Supervisor"));
    cop_log_sasl_reports(was_on);
}

static cop_term start_fails(void *arg)
{
    (void)arg;
    cop_trap_exit(true);
    probe_plan("a", "s");
    cop_supervisor_start_link(cop_list(probe_spec("b", "", ""), probe_spec("a", "", "")),
                              COP("[strategy: :one_for_one]"));
    return cop_ok();
}

/* LOG-13, LOG-14: start_error; a supervisor without a name (SUP-63), a process that never was
 * (SUP-64). */
static void start_error(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(start_fails, NULL);

    assert_logged(log, "Child :a of Supervisor #PID<");
    assert_logged(log, " (Supervisor.Default) failed to start\n** (exit) :no\nStart Call: Probe.");
    cop_log_sasl_reports(was_on);
}

static cop_term reaches_limit(void *arg)
{
    cop_pid sup;

    (void)arg;
    cop_trap_exit(true);
    cop_expect(cop_supervisor_start_link(cop_list(probe_spec("a", "", "")),
                                         COP("[strategy: :one_for_one, max_restarts: 0]")),
               "{:ok, sup}", sup);
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :shutdown}", sup);
    return cop_ok();
}

/* LOG-13, SUP-38 */
static void caused_shutdown(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(reaches_limit, NULL);

    assert_logged(log, " terminated\n** (exit) killed\nPid: ");
    assert_logged(log, " caused shutdown\n** (exit) :reached_max_restart_intensity\nStart Call: ");
    cop_assert(!contains(log, "shut down abnormally")); /* it was dead already */
    cop_log_sasl_reports(was_on);
}

static cop_term is_killed_at_stop(void *arg)
{
    cop_pid sup;

    (void)arg;
    cop_expect(cop_supervisor_start_link(
                   cop_list(probe_spec("a", "trap_exit: true, slow: true", "shutdown: 1"),
                            probe_spec("b", "", "shutdown: :brutal_kill, restart: :temporary")),
                   COP("[strategy: :one_for_one]")),
               "{:ok, sup}", sup);
    cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* LOG-13, SUP-53: killed is expected of brutal_kill only. */
static void shutdown_error(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(is_killed_at_stop, NULL);

    assert_logged(log, "Child :a of Supervisor #PID<");
    assert_logged(log, " shut down abnormally\n** (exit) killed\nPid: ");
    cop_assert(!contains(log, "Start Call: Probe.start_link/?")); /* b, the temporary one */
    cop_log_sasl_reports(was_on);
}

static cop_term dynamic_reports(void *arg)
{
    cop_pid sup, a;

    (void)arg;
    cop_trap_exit(true);
    probe_plan("a", "oso");
    cop_expect(cop_dynamic_supervisor_start_link(COP("[name: Dynamic.Reporting]")), "{:ok, sup}",
               sup);
    cop_expect(cop_dynamic_supervisor_start_child(cop_pid_term(sup), probe_spec("a", "", "")),
               "{:ok, a}", a);
    cop_assert_receive_within(5000, "{:a, :init, _}");
    cop_exit_process(a, COP(":boom"));
    cop_assert_receive_within(5000, "{:a, :init, _}");
    cop_dynamic_supervisor_stop(cop_pid_term(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* DYN-13, DYN-16, DYN-25: children without a name, failed restarts; no progress. */
static void dynamic_supervisor(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(dynamic_reports, NULL);

    assert_logged(log, "Child :undefined of Supervisor Dynamic.Reporting terminated\n** (exit) "
                       ":boom\nPid: ");
    assert_logged(log, "Child :undefined of Supervisor Dynamic.Reporting failed to start\n** "
                       "(exit) :no\nStart Call: ");
    cop_assert(!contains(log, "Reporting started"));
    cop_log_sasl_reports(was_on);
}

/* A child that fails at its first two restarts and works at the third, with details. */
static cop_term fails_twice(void *arg)
{
    cop_pid a;

    (void)arg;
    cop_trap_exit(true);
    probe_plan("a", "osso");
    cop_expect(cop_supervisor_start_link(
                   cop_list(probe_spec("a", "", "restart: :transient, shutdown: :infinity")),
                   COP("[strategy: :one_for_one, name: Reporting]")),
               "{:ok, _}");
    cop_assert_receive_within(5000, "{:a, :init, a}", a);
    cop_put(COP(":a"), cop_pid_term(a));
    cop_exit_process(a, COP(":boom"));
    cop_assert_receive_within(5000, "{:a, :init, a}", a);
    cop_put(COP(":again"), cop_pid_term(a));
    cop_supervisor_stop(COP("Reporting"), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* The report of a child called a: what happened to it and why, the process (none: NULL), and all
 * that is known of it. */
static void assert_report(cop_term log, const char *what, const char *pid_key)
{
    static const char rest[] = "Start Call: Probe.start_link([id: :a, to: ";
    char expected[256];
    cop_term pid = pid_key ? cop_get(cop_atom(pid_key)) : cop_none();
    cop_bytes text = pid_key ? cop_to_bytes(cop_inspect(pid)) : (cop_bytes){"", 0};

    snprintf(expected, sizeof expected, "Child :a of Supervisor Reporting %s%s%.*s%s%s", what,
             pid_key ? "\nPid: " : "", (int)text.len, text.data, "\n", rest);
    assert_logged(log, expected);
}

/* SUP-63, SUP-64: the offender is the dead process at its end and at the first attempt to restart
 * it, and none at the next. SUP-65, SUP-19: the start of the new one is reported like that of the
 * first. */
static void offenders(void)
{
    bool was_on = cop_log_sasl_reports(true), had_details = cop_log_details(true);
    cop_term log = cop_capture_log(fails_twice, NULL);

    assert_report(log, "started", "a");
    assert_report(log, "terminated\n** (exit) :boom", "a");
    assert_report(log, "failed to start\n** (exit) :no", "a");
    assert_report(log, "failed to start\n** (exit) :no", NULL);
    assert_report(log, "started", "again");
    assert_logged(log, "\nRestart: :transient\nShutdown: :infinity\nType: :worker");
    cop_log_details(had_details);
    cop_log_sasl_reports(was_on);
}

static cop_term send_nonsense(void *arg)
{
    cop_pid sup, dynamic;

    (void)arg;
    cop_expect(cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one]")), "{:ok, sup}",
               sup);
    cop_expect(cop_dynamic_supervisor_start_link(COP("[]")), "{:ok, dynamic}", dynamic);
    cop_send(sup, COP("{:what, 1}"));
    cop_send(dynamic, COP("{:what, 2}"));
    cop_supervisor_count_children(cop_pid_term(sup));
    cop_dynamic_supervisor_count_children(cop_pid_term(dynamic));
    return cop_ok();
}

/* LOG-01, LOG-21 */
static void levels_of_messages(void)
{
    cop_logger_add_process(COP(":seer"), COP_DEBUG_LEVEL, cop_pid_term(cop_self()));
    (void)cop_capture_log(send_nonsense, NULL);
    cop_assert(cop_logger_remove_handler(COP(":seer")));
    cop_assert_receive("{:log, :error, \"Supervisor received unexpected message: \" <> _, _}");
    cop_assert_receive(
        "{:log, :error, \"DynamicSupervisor received unexpected message: \" <> _, _}");
}

static cop_term init_as_told(cop_term arg)
{
    return arg;
}

static const struct cop_module told = {.size = sizeof(struct cop_module),
                                       .name = "Told.Reporting",
                                       .supervisor_init = init_as_told,
                                       .child_spec = ""};

static cop_term told_start_fails(void *arg)
{
    (void)arg;
    cop_trap_exit(true);
    cop_supervisor_start_link_module(&told, COP("{:ok, {%{}, [%{id: 1, start: {No, :no, []}}]}}"),
                                     COP("[]"));
    return cop_ok();
}

/* LOG-14: one of a module is shown with that. */
static void name_of_the_module(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_term log = cop_capture_log(told_start_fails, NULL);

    cop_log_sasl_reports(was_on);
    assert_logged(log, "Child 1 of Supervisor #PID<");
    assert_logged(log, " (Told.Reporting) failed to start\n");
}

/* LOG-21, SUP-32, DYN-23 */
static void unexpected_messages(void)
{
    cop_term log = cop_capture_log(send_nonsense, NULL);
    const char *again;
    cop_bytes text;

    assert_logged(log, "Supervisor received unexpected message: {:what, 1}");
    assert_logged(log, "DynamicSupervisor received unexpected message: {:what, 2}");
    text = cop_to_bytes(log);
    again = (const char *)memmem(text.data, text.len, "{:what, 1}", 10) + 1;
    cop_assert(!memmem(again, text.len - (size_t)(again - text.data), "{:what, 1}", 10)); /* once */
}

static cop_next die_of(cop_term reason)
{
    cop_exit(reason);
}

static cop_term tell_of_strangers(void *arg)
{
    cop_pid sup, dynamic, stranger = cop_spawn(die_of, COP(":x"), NULL);

    (void)arg;
    cop_expect(cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one]")), "{:ok, sup}",
               sup);
    cop_expect(cop_dynamic_supervisor_start_link(COP("[]")), "{:ok, dynamic}", dynamic);
    cop_send(sup, cop_tuple(COP(":EXIT"), stranger, COP(":x")));
    cop_send(dynamic, cop_tuple(COP(":EXIT"), stranger, COP(":x")));
    cop_supervisor_count_children(cop_pid_term(sup));
    cop_dynamic_supervisor_count_children(cop_pid_term(dynamic));
    return cop_ok();
}

/* SUP-32, DYN-23: nothing is said of the end of strangers. */
static void strangers(void)
{
    cop_term log = cop_capture_log(tell_of_strangers, NULL);

    cop_assert(!contains(log, "EXIT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(child_terminated),    TEST(off_at_first),       TEST(start_error),
        TEST(caused_shutdown),     TEST(shutdown_error),     TEST(dynamic_supervisor),
        TEST(unexpected_messages), TEST(levels_of_messages), TEST(name_of_the_module),
        TEST(offenders),           TEST(extra_arguments),    TEST(levels),
        TEST(normal_ends),         TEST(own_reason),         TEST(end_in_backoff),
        TEST(reason_under_way),    TEST(start_that_raises),  TEST(strangers),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
