/* SPDX-License-Identifier: Apache-2.0 */
/* DynamicSupervisor. Children are probes (probe.h). */
#include "coppice/sys.h"

#include "probe.h"

#include <stdio.h>
#include <string.h>

static cop_pid start(cop_term options)
{
    cop_pid pid;

    cop_expect(cop_dynamic_supervisor_start_link(options), "{:ok, pid}", pid);
    return pid;
}

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

static cop_pid add(cop_pid sup, cop_term spec)
{
    cop_pid pid;

    cop_expect(cop_dynamic_supervisor_start_child(to(sup), spec), "{:ok, pid}", pid);
    return pid;
}

static cop_term count(cop_pid sup)
{
    return cop_dynamic_supervisor_count_children(to(sup));
}

/* Waits until the supervisor counts so many. */
static void await_specs(cop_pid sup, int64_t specs)
{
    while (!cop_match(count(sup), "%{specs: ^specs}", specs))
        cop_yield();
}

static void await_active(cop_pid sup, int64_t active)
{
    while (!cop_match(count(sup), "%{active: ^active}", active))
        cop_yield();
}

/* DYN-01, DYN-07, DYN-08, DYN-13, DYN-19, DYN-26 */
static void children_come(void)
{
    cop_pid sup = start(COP("[name: Dyn.Sup]"));
    cop_pid a, b;

    cop_assert(cop_pid_equal(sup, cop_whereis(COP("Dyn.Sup"))));
    cop_assert_equal(COP("[]"), cop_dynamic_supervisor_which_children(to(sup)));
    a = add(sup, probe_spec("a", "", ""));
    b = add(sup, probe_spec("a", "", "type: :supervisor, modules: :dynamic"));
    NEXT("{:a, :init, ^a}", a);
    NEXT("{:a, :init, ^b}", b);
    cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)),
                     "[{:undefined, ^b, :supervisor, :dynamic}, {:undefined, ^a, :worker, "
                     "[Probe]}]",
                     a, b);
    cop_assert_equal(COP("%{specs: 2, active: 2, supervisors: 1, workers: 1}"), count(sup));
    cop_assert_match(cop_dynamic_supervisor_start_child(COP("Dyn.Sup"), COP("{Probe, [id: :c]}")),
                     "{:ok, _}");
}

/* DYN-02, DYN-03 */
static void flags(void)
{
    static const struct {
        const char *options;
        const char *error;
    } rows[] = {
        {"[strategy: :one_for_all]", "{:invalid_strategy, :one_for_all}"},
        {"[max_restarts: -1]", "{:invalid_intensity, -1}"},
        {"[max_seconds: 0]", "{:invalid_period, 0}"},
        {"[max_children: -1]", "{:invalid_max_children, -1}"},
        {"[extra_arguments: 1]", "{:invalid_extra_arguments, 1}"},
        {"[extra_arguments: [1 | 2]]", "{:invalid_extra_arguments, [1 | 2]}"},
    };

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term options, wrong;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].options)), &options, &error));
        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].error)), &wrong, &error));
        cop_assert_equal(cop_build("{:error, {:supervisor_data, wrong}}", wrong),
                         cop_dynamic_supervisor_start_link(options));
    }
    NOTHING();
}

static cop_term init_as_told(cop_term arg)
{
    return arg;
}

static const struct cop_module told = {.size = sizeof(struct cop_module),
                                       .name = "Told.DynamicSupervisor",
                                       .supervisor_init = init_as_told,
                                       .child_spec = ""};

/* DYN-02: what the options say by default; flags without intensity allow one restart. */
static void defaults(void)
{
    cop_pid sup, a;

    cop_trap_exit(true);
    sup = start(COP("[]"));
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{strategy: :one_for_one, max_restarts: 3, max_seconds: 5,"
                     " max_children: :infinity, extra_arguments: []}");
    cop_expect(cop_dynamic_supervisor_start_link_module(&told, COP("{:ok, %{}}"), COP("[]")),
               "{:ok, sup}", sup);
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{max_restarts: 1, max_seconds: 5, max_children: :infinity}");
    a = add(sup, probe_spec("a", "", ""));
    NEXT("{:a, :init, ^a}", a);
    cop_exit_process(a, COP(":kill"));
    cop_assert_match(probe_next(), "{:a, :init, a}", a);
    cop_exit_process(a, COP(":kill"));
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
}

static void module_tells_options(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    cop_expect(cop_dynamic_supervisor_start_link_module(
                   &told, cop_dynamic_supervisor_init(COP("[max_children: 0]")), COP("[]")),
               "{:ok, sup}", sup);
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_dynamic_supervisor_start_child(to(sup), probe_spec("a", "", "")));
    cop_assert_equal(COP(":ignore"),
                     cop_dynamic_supervisor_start_link_module(&told, COP(":ignore"), COP("[]")));
    cop_assert_equal(COP("{:error, {:bad_return, {Told.DynamicSupervisor, :init, {:ok, 1}}}}"),
                     cop_dynamic_supervisor_start_link_module(&told, COP("{:ok, 1}"), COP("[]")));
    cop_assert_equal(
        COP("{:error, {:supervisor_data, {:invalid_auto_shutdown, :any_significant}}}"),
        cop_dynamic_supervisor_start_link_module(
            &told, COP("{:ok, %{auto_shutdown: :any_significant}}"), COP("[]")));
}

/* DYN-05: checked in the caller. */
static void wrong_spec_without_supervisor(void)
{
    cop_assert_equal(COP("{:error, {:invalid_child_spec, %{id: 1}}}"),
                     cop_dynamic_supervisor_start_child(COP(":nobody"), COP("%{id: 1}")));
}

static cop_term start_under_nobody(void *arg)
{
    (void)arg;
    return cop_dynamic_supervisor_start_child(COP(":nobody"), COP("%{id: 1, start: {M, :f, [1]}}"));
}

static void nobody_there(void)
{
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [:nobody, {:start_child, {{M, :f, [1]}, "
                         ":permanent, 5000, :worker, [M]}}, :infinity]}}"),
                     cop_assert_exits(start_under_nobody, NULL));
}

/* DYN-08, DYN-12, DYN-13: nothing is kept of those that do not start. */
static void answers_of_starts(void)
{
    cop_pid sup = start(COP("[]"));
    cop_term spec = probe_spec("a", "", "");
    cop_pid pid;

    probe_plan("a", "IiseBxtr");
    cop_assert_match(cop_dynamic_supervisor_start_child(to(sup), spec), "{:ok, _, :info}");
    cop_assert_equal(COP(":ignore"), cop_dynamic_supervisor_start_child(to(sup), spec));
    cop_assert_equal(COP("{:error, :no}"), cop_dynamic_supervisor_start_child(to(sup), spec));
    cop_assert_equal(COP("{:error, :no}"), cop_dynamic_supervisor_start_child(to(sup), spec));
    cop_assert_equal(COP("{:error, :bad}"), cop_dynamic_supervisor_start_child(to(sup), spec));
    cop_assert_equal(COP("{:error, :no}"), cop_dynamic_supervisor_start_child(to(sup), spec));
    cop_assert_match(cop_dynamic_supervisor_start_child(to(sup), spec),
                     "{:error, {{:nocatch, :no}, _}}");
    cop_assert_match(cop_dynamic_supervisor_start_child(to(sup), spec),
                     "{:error, {%{message: \"no\"}, _}}");
    cop_assert_match(count(sup), "%{specs: 1}");
    pid = add(sup, probe_spec("b", "name: :taken", ""));
    cop_assert_match(
        cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "name: :taken", "")),
        "{:error, {:already_started, ^pid}}", pid);
}

/* DYN-19: a start function may return a process that is a child already; it is counted once. */
static void the_same_child_again(void)
{
    cop_pid sup = start(COP("[]")), a = add(sup, probe_spec("a", "", ""));
    cop_term spec =
        cop_build("%{id: 1, start: {Map, :get, [%{a: {:ok, a}}, :a]}, type: :supervisor}", a);

    cop_assert(cop_pid_equal(add(sup, spec), a));
    cop_assert_equal(COP("%{specs: 1, active: 1, supervisors: 1, workers: 0}"), count(sup));
}

/* DYN-10: before the arguments, at restarts too. */
static void extra_arguments(void)
{
    cop_pid self = cop_self();
    cop_term options = cop_build("[extra_arguments: [[to: self]]]", self);
    cop_pid sup = start(options), pid;

    pid = add(sup, COP("%{id: 1, start: {Probe, :start_link, [[id: :a]]}}"));
    NEXT("{:a, :init, ^pid}", pid);
    cop_exit_process(pid, COP(":kill"));
    NEXT("{:a, :init, _}");
    sup = start(COP("[extra_arguments: [%{a: {:error, :first}}]]"));
    cop_assert_equal(
        COP("{:error, :first}"),
        cop_dynamic_supervisor_start_child(to(sup), COP("%{id: 1, start: {Map, :get, [:a]}}")));
}

/* DYN-11: those that are restarting count. */
static void max_children(void)
{
    cop_pid sup = start(COP("[max_children: 2, max_restarts: 1000000000, max_seconds: 1]"));
    cop_pid a = add(sup, probe_spec("b", "", "")), b;

    probe_plan("a", "os");
    b = add(sup, probe_spec("a", "", ""));
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "", "")));
    cop_exit_process(b, COP(":kill"));
    await_active(sup, 1);
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "", "")));
    cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)),
                     "[{:undefined, :restarting, _, _}, {:undefined, ^a, _, _}]", a);
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_terminate_child(to(sup), b)); /* DYN-18 */
    cop_assert_match(cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "", "")),
                     "{:ok, _}");
}

/* --- Deaths ----------------------------------------------------------------------------------- */

/* A child of this restart type ends with reason: it runs again, or nothing is left of it. */
static void child_ends(const char *restart, cop_term reason, bool runs_again)
{
    char overrides[64];
    cop_pid sup = start(COP("[]")), pid, second;

    snprintf(overrides, sizeof overrides, "restart: :%s", restart);
    pid = add(sup, probe_spec("a", "", overrides));
    NEXT("{:a, :init, ^pid}", pid);
    cop_send(pid, cop_tuple(COP(":stop"), reason));
    NEXT("{:a, :terminate, _}");
    if (runs_again) {
        cop_assert_match(probe_next(), "{:a, :init, second}", second);
        cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)),
                         "[{:undefined, ^second, _, _}]", second);
    } else {
        await_specs(sup, 0);
    }
    cop_dynamic_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    NOTHING();
}

/* DYN-14, SUP-33 to 35: every cell. */
static void restart_types(void)
{
    static const char *const restarts[] = {"permanent", "transient", "temporary"};
    const cop_term reasons[] = {COP(":normal"), COP(":shutdown"), COP("{:shutdown, 1}"),
                                COP(":killed"), COP(":boom")};
    static const char *const table[] = {"RRRRR", "...RR", "....."};

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 5; k++)
            child_ends(restarts[i], reasons[k], table[i][k] == 'R');
    }
}

/* DYN-15 */
static void limit_of_restarts(void)
{
    cop_pid sup, pid;

    cop_trap_exit(true);
    sup = start(COP("[max_restarts: 1, max_seconds: 1000]"));
    pid = add(sup, probe_spec("a", "", ""));
    add(sup, probe_spec("b", "trap_exit: true", ""));
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_exit_process(pid, COP(":kill"));
    cop_assert_match(probe_next(), "{:a, :init, pid}", pid);
    cop_exit_process(pid, COP(":kill"));
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
}

/* DYN-16: retried until it runs, or to the limit. */
static void failing_restarts(void)
{
    cop_pid sup, pid;

    cop_trap_exit(true);
    probe_plan("a", "ossoss");
    sup = start(COP("[max_restarts: 3, max_seconds: 1000]"));
    pid = add(sup, probe_spec("a", "", ""));
    NEXT("{:a, :init, ^pid}", pid);
    cop_exit_process(pid, COP(":kill"));
    cop_assert_match(probe_next(), "{:a, :init, pid}", pid);
    cop_assert(probe_starts("a") == 4);
    cop_exit_process(pid, COP(":kill"));
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_assert(probe_starts("a") == 4);
}

/* DYN-17 */
static void restart_that_ignores(void)
{
    cop_pid sup = start(COP("[]"));

    probe_plan("a", "oi");
    cop_exit_process(add(sup, probe_spec("a", "", "")), COP(":kill"));
    await_specs(sup, 0);
    cop_assert(probe_starts("a") == 2);
}

/* DYN-18 */
static void terminate_child(void)
{
    cop_pid sup = start(COP("[]"));
    cop_pid pid = add(sup, probe_spec("a", "trap_exit: true", ""));

    NEXT("{:a, :init, ^pid}", pid);
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_terminate_child(to(sup), pid));
    cop_assert(!cop_is_alive(pid));
    NEXT("{:a, :terminate, :shutdown}");
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_dynamic_supervisor_terminate_child(to(sup), pid));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_dynamic_supervisor_terminate_child(to(sup), cop_self()));
    NOTHING();
}

static cop_term two_are_killed(void *arg)
{
    cop_pid sup = start(COP("[]"));

    (void)arg;
    probe_exit(add(sup, probe_spec("a", "", "restart: :temporary")), COP(":kill"));
    await_specs(sup, 0);
    probe_exit(add(sup, probe_spec("a", "", "restart: :permanent")), COP(":kill"));
    await_active(sup, 1);
    return cop_ok();
}

/* DYN-22: the report of a temporary child's end does not know its arguments, that of another does.
 * DYN-25: without name and module the supervisor is a pid and Supervisor.Default. */
static void arguments_of_temporary_children(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_bytes log = cop_to_bytes(cop_capture_log(two_are_killed, NULL));
    const char *first = memmem(log.data, log.len, "Start Call: ", 12), *second;

    cop_log_sasl_reports(was_on);
    cop_assert(first && strncmp(first + 12, "Probe.start_link/?", 18) == 0);
    second = memmem(first + 1, log.len - (size_t)(first + 1 - log.data), "Start Call: ", 12);
    cop_assert(second && strncmp(second + 12, "Probe.start_link([id: :a, ", 26) == 0);
    cop_assert(memmem(log.data, log.len, "> (Supervisor.Default) terminated", 33));
}

/* DYN-25: tools see a supervisor of its module. */
static void initial_call(void)
{
    cop_pid sup = start(COP("[]")), other;
    cop_term dictionary;

    cop_expect(cop_dynamic_supervisor_start_link_module(
                   &told, cop_dynamic_supervisor_init(COP("[]")), COP("[]")),
               "{:ok, other}", other);
    dictionary = cop_elem(cop_process_info(sup, COP(":dictionary")), 1);
    cop_assert_equal(COP("{:supervisor, Supervisor.Default, 1}"),
                     cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    dictionary = cop_elem(cop_process_info(other, COP(":dictionary")), 1);
    cop_assert_equal(COP("{:supervisor, Told.DynamicSupervisor, 1}"),
                     cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
}

/* A supervisor of a dynamic one. DYN-04: its id is DynamicSupervisor or its name, so two without a
 * name clash. DYN-27: when it crashes its children go with it, and it comes up empty. */
static void under_a_supervisor(void)
{
    cop_term children = COP("[{DynamicSupervisor, []}, {DynamicSupervisor, name: Dyn.Named}]");
    cop_pid top, dynamic, again, a;
    cop_ref ref;

    cop_expect(cop_supervisor_start_link(children, COP("[strategy: :one_for_one]")), "{:ok, top}",
               top);
    dynamic = probe_pid(top, COP("DynamicSupervisor"));
    cop_assert_match(cop_supervisor_start_child(to(top), COP("{DynamicSupervisor, []}")),
                     "{:error, {:already_started, ^dynamic}}", dynamic);
    cop_assert_match(cop_supervisor_which_children(to(top)),
                     "[{Dyn.Named, _, :supervisor, [DynamicSupervisor]},"
                     " {DynamicSupervisor, _, :supervisor, [DynamicSupervisor]}]");
    a = add(dynamic, probe_spec("a", "", ""));
    ref = cop_monitor(a);
    probe_exit(dynamic, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :killed}", ref);
    while (!cop_is_pid(probe_child(top, COP("DynamicSupervisor"))) ||
           cop_pid_equal(probe_pid(top, COP("DynamicSupervisor")), dynamic))
        cop_yield();
    again = probe_pid(top, COP("DynamicSupervisor"));
    cop_assert_equal(COP("%{specs: 0, active: 0, supervisors: 0, workers: 0}"), count(again));
}

/* --- The end of all --------------------------------------------------------------------------- */

static cop_next stop_it(cop_term supervisor)
{
    cop_dynamic_supervisor_stop(supervisor, COP(":normal"), COP_INFINITY);
    return cop_end();
}

/* DYN-20: all are asked at once, and the supervisor waits for the slowest. */
static void stops_all_at_once(void)
{
    cop_pid sup = start(COP("[]"));
    cop_pid slow[3];
    cop_ref ref = cop_monitor(sup);

    for (int i = 0; i < 3; i++) {
        slow[i] = add(sup, probe_spec("a", "trap_exit: true, slow: true", "shutdown: :infinity"));
        NEXT("{:a, :init, _}");
    }
    cop_spawn(stop_it, to(sup), NULL);
    for (int i = 0; i < 3; i++)
        NEXT("{:a, :terminate, :shutdown}");
    NOTHING();
    for (int i = 0; i < 3; i++)
        cop_send(slow[i], COP(":go"));
    NEXT("{:DOWN, ^ref, :process, _, :normal}", ref);
}

/* DYN-20: each in its own time; those over it are killed, the others are not. */
static void stops_in_their_times(void)
{
    cop_pid sup = start(COP("[]"));
    cop_pid slow = add(sup, probe_spec("slow", "trap_exit: true, slow: true", "shutdown: 10"));
    cop_pid zero = add(sup, probe_spec("zero", "trap_exit: true, slow: true", "shutdown: 0"));
    cop_pid brutal = add(sup, probe_spec("brutal", "trap_exit: true", "shutdown: :brutal_kill"));
    cop_pid quick = add(sup, probe_spec("quick", "trap_exit: true", "shutdown: 60000"));
    cop_pid ever =
        add(sup, probe_spec("ever", "trap_exit: true, slow: true", "shutdown: :infinity"));
    cop_ref slow_ref = cop_monitor(slow), zero_ref = cop_monitor(zero);
    cop_ref brutal_ref = cop_monitor(brutal), quick_ref = cop_monitor(quick);
    cop_ref ever_ref = cop_monitor(ever), sup_ref = cop_monitor(sup);

    cop_spawn(stop_it, to(sup), NULL);
    cop_assert_receive_within(5000, "{:DOWN, ^slow_ref, :process, _, :killed}", slow_ref);
    cop_assert_receive_within(5000, "{:DOWN, ^zero_ref, :process, _, :killed}", zero_ref);
    cop_assert_receive_within(5000, "{:DOWN, ^brutal_ref, :process, _, :killed}", brutal_ref);
    cop_assert_receive_within(5000, "{:DOWN, ^quick_ref, :process, _, :shutdown}", quick_ref);
    cop_assert(cop_is_alive(ever) && cop_is_alive(sup));
    cop_send(ever, COP(":go"));
    cop_assert_receive_within(5000, "{:DOWN, ^ever_ref, :process, _, :shutdown}", ever_ref);
    cop_assert_receive_within(5000, "{:DOWN, ^sup_ref, :process, _, :normal}", sup_ref);
}

/* DYN-21: one that died before is not waited for, whatever it left behind. */
static void stops_with_dead_children(void)
{
    for (int i = 0; i < 50; i++) {
        cop_pid sup = start(COP("[]"));
        cop_pid a = add(sup, probe_spec("a", "", "restart: :temporary"));

        add(sup, probe_spec("b", "", ""));
        cop_exit_process(a, COP(":kill"));
        cop_assert_equal(cop_ok(),
                         cop_dynamic_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    }
}

/* DYN-20: one that unlinked itself and died is found out by its monitor. */
static void stops_with_unlinked_child(void)
{
    cop_pid sup = start(COP("[]"));
    cop_pid a = add(sup, probe_spec("a", "", ""));

    cop_send(a, cop_tuple(COP(":unlink"), sup));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(a, COP(":ping"), COP_INFINITY));
    probe_exit(a, COP(":kill"));
    cop_assert_match(count(sup), "%{active: 1}");
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
}

/* DYN-27 */
static void killed_supervisor(void)
{
    cop_pid sup, a;
    cop_ref ref;

    cop_trap_exit(true);
    sup = start(COP("[]"));
    a = add(sup, probe_spec("a", "", ""));
    ref = cop_monitor(a);
    cop_exit_process(sup, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, :killed}", ref);
}

static cop_next do_nothing(cop_term arg)
{
    (void)arg;
    return cop_end();
}

/* DYN-23 */
static void strangers_are_ignored(void)
{
    cop_pid sup = start(COP("[]")), stranger = cop_spawn(do_nothing, cop_nil(), NULL);
    cop_pid a = add(sup, probe_spec("a", "", ""));

    cop_send(sup, cop_build("{:EXIT, stranger, :x}", stranger));
    cop_gen_server_cast(to(sup), COP(":x"));
    cop_send(sup, COP(":x"));
    cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)), "[{:undefined, ^a, _, _}]", a);
}

/* SUP-67: thousands come and go, those before unharmed. */
static void thousands(void)
{
    enum { N = 3000 };
    cop_pid sup = start(COP("[]"));
    cop_term spec = COP("%{id: 1, start: {Probe, :start_link, [[id: 1]]}, restart: :temporary}");
    cop_pid *pids = cop_alloc(N * sizeof *pids);

    for (int i = 0; i < N; i++)
        pids[i] = add(sup, spec);
    cop_assert_match(count(sup), "%{specs: 3000, active: 3000}");
    for (int i = 0; i < N; i += 2)
        cop_exit_process(pids[i], COP(":kill"));
    await_specs(sup, N / 2);
    for (int i = 1; i < N; i += 2)
        cop_assert(cop_is_alive(pids[i]));
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    for (int i = 0; i < N; i++)
        cop_assert(!cop_is_alive(pids[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(children_come),
        TEST(flags),
        TEST(defaults),
        TEST(module_tells_options),
        TEST(wrong_spec_without_supervisor),
        TEST(nobody_there),
        TEST(answers_of_starts),
        TEST(the_same_child_again),
        TEST(extra_arguments),
        TEST(max_children),
        TEST(restart_types),
        TEST(limit_of_restarts),
        TEST(failing_restarts),
        TEST(restart_that_ignores),
        TEST(terminate_child),
        TEST(arguments_of_temporary_children),
        TEST(initial_call),
        TEST(under_a_supervisor),
        TEST(stops_all_at_once),
        TEST(stops_in_their_times),
        TEST(stops_with_dead_children),
        TEST(stops_with_unlinked_child),
        TEST(killed_supervisor),
        TEST(strangers_are_ignored),
        TEST(thousands),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
