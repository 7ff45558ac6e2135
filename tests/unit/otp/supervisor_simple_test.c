/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor with :simple_one_for_one: equal children, each with arguments of its own. Children are
 * probes (probe.h): their template tells them the test, the call that starts them the rest. */
#include "coppice/sys.h"

#include "probe.h"

#include <string.h>

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

/* Keys of overrides replace those of the template. */
static cop_term template(cop_term overrides)
{
    cop_pid self = cop_self();
    cop_term spec = cop_build("%{id: :w, start: {Probe, :start_link, [[to: self]]}}", self);

    return cop_supervisor_child_spec(spec, overrides);
}

static cop_pid start_with(cop_term overrides, cop_term options)
{
    cop_term children = cop_list(template(overrides));
    cop_pid pid;

    cop_expect(cop_supervisor_start_link(
                   children, cop_cons(COP("{:strategy, :simple_one_for_one}"), options)),
               "{:ok, pid}", pid);
    return pid;
}

static cop_pid start(cop_term overrides)
{
    return start_with(overrides, cop_empty_list());
}

static cop_pid add(cop_pid sup, cop_term options)
{
    cop_pid pid;

    cop_expect(cop_supervisor_start_child(to(sup), cop_list(options)), "{:ok, pid}", pid);
    return pid;
}

static cop_term count(cop_pid sup)
{
    return cop_supervisor_count_children(to(sup));
}

static void await_active(cop_pid sup, int64_t active)
{
    while (!cop_match(count(sup), "%{active: ^active}", active))
        cop_yield();
}

/* SUP-03, 26, 27, 29: nothing is started at first; each child has the template's arguments and its
 * own. */
static void children_of_a_template(void)
{
    cop_pid sup = start(COP("[type: :supervisor]")), a, b;
    cop_term rows;

    NOTHING();
    cop_assert_equal(COP("%{specs: 1, active: 0, supervisors: 0, workers: 0}"), count(sup));
    cop_assert_equal(COP("[]"), cop_supervisor_which_children(to(sup)));
    a = add(sup, COP("[id: :a]"));
    b = add(sup, COP("[id: :b]"));
    NEXT("{:a, :init, ^a}", a);
    NEXT("{:b, :init, ^b}", b);
    rows = cop_supervisor_which_children(to(sup));
    cop_assert(cop_list_len(rows) == 2);
    cop_assert_match(rows,
                     "[{:undefined, ^b, :supervisor, [Probe]}, {:undefined, ^a, :supervisor, "
                     "[Probe]}]",
                     a, b);
    cop_assert_equal(COP("%{specs: 1, active: 2, supervisors: 2, workers: 0}"), count(sup));
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    sup = start(COP("[]"));
    add(sup, COP("[id: :a]"));
    cop_assert_equal(COP("%{specs: 1, active: 1, supervisors: 0, workers: 1}"), count(sup));
}

/* SUP-10 */
static void needs_one_specification(void)
{
    cop_term one = template(COP("[]")), none = cop_empty_list(), two = cop_list(one, one);
    cop_term options = COP("[strategy: :simple_one_for_one]");

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, {:bad_start_spec, []}}"),
                     cop_supervisor_start_link(none, options));
    cop_assert_equal(cop_build("{:error, {:bad_start_spec, two}}", two),
                     cop_supervisor_start_link(two, options));
    cop_assert_equal(COP("{:error, {:start_spec, {:invalid_shutdown, :x}}}"),
                     cop_supervisor_start_link(cop_list(template(COP("[shutdown: :x]"))), options));
    NOTHING();
}

/* SUP-13, 14, 15: what start_child answers; of what does not run nothing is kept. */
static void answers_of_starts(void)
{
    cop_pid sup = start(COP("[]"));

    probe_plan("a", "Iisr");
    cop_assert_match(cop_supervisor_start_child(to(sup), COP("[[id: :a]]")), "{:ok, _, :info}");
    cop_assert_equal(COP("{:ok, :undefined}"),
                     cop_supervisor_start_child(to(sup), COP("[[id: :a]]")));
    cop_assert_equal(COP("{:error, :no}"), cop_supervisor_start_child(to(sup), COP("[[id: :a]]")));
    cop_assert_match(cop_supervisor_start_child(to(sup), COP("[[id: :a]]")),
                     "{:error, {:EXIT, {%{message: \"no\"}, _}}}");
    cop_assert_match(cop_supervisor_start_child(to(sup), COP("[1, 2, 3]")),
                     "{:error, {:EXIT, {%{arity: 4}, _}}}");
    cop_assert_equal(COP("%{specs: 1, active: 1, supervisors: 0, workers: 1}"), count(sup));
}

/* SUP-29: those of the template come first. */
static void order_of_arguments(void)
{
    cop_pid sup;

    cop_expect(
        cop_supervisor_start_link(COP("[%{id: :w, start: {Map, :get, [%{a: {:error, :first}}]}}]"),
                                  COP("[strategy: :simple_one_for_one]")),
        "{:ok, sup}", sup);
    cop_assert_equal(COP("{:error, :first}"), cop_supervisor_start_child(to(sup), COP("[:a]")));
}

/* SUP-23, SUP-29: by pid only. */
static void calls_by_id_and_by_pid(void)
{
    cop_pid sup = start(COP("[]"));
    cop_pid a = add(sup, COP("[id: :a, trap_exit: true]"));
    const cop_term keys[] = {COP(":w"), to(a)};

    NEXT("{:a, :init, _}");
    for (int i = 0; i < 2; i++) {
        cop_assert_equal(COP("{:error, :simple_one_for_one}"),
                         cop_supervisor_restart_child(to(sup), keys[i]));
        cop_assert_equal(COP("{:error, :simple_one_for_one}"),
                         cop_supervisor_delete_child(to(sup), keys[i]));
        cop_assert_match(cop_supervisor_get_childspec(to(sup), keys[i]),
                         "{:ok, %{id: :w, start: {Probe, :start_link, [_]}, shutdown: 5000}}");
    }
    cop_assert_equal(COP("{:error, :simple_one_for_one}"),
                     cop_supervisor_terminate_child(to(sup), COP(":w")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_supervisor_terminate_child(to(sup), to(cop_self())));
    cop_assert_match(cop_supervisor_which_child(to(sup), to(a)),
                     "{:ok, {:undefined, ^a, :worker, [Probe]}}", a);
    cop_assert(cop_is_alive(a));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), to(a)));
    NEXT("{:a, :terminate, :shutdown}");
    cop_assert(!cop_is_alive(a));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), to(a))); /* a dead pid */
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_get_childspec(to(sup), to(a)));
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_which_child(to(sup), to(a)));
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_get_childspec(to(sup), COP(":x")));
    NOTHING();
}

/* SUP-33 to 36: a child is restarted with its own arguments; what is not restarted is forgotten. */
static void deaths(void)
{
    cop_pid sup = start(COP("[restart: :transient]")), a, again;

    a = add(sup, COP("[id: :a]"));
    add(sup, COP("[id: :b]"));
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_exit_process(a, COP(":kill"));
    cop_assert_match(probe_next(), "{:a, :init, again}", again);
    cop_assert_match(count(sup), "%{active: 2}");
    cop_send(again, COP("{:stop, :normal}"));
    await_active(sup, 1);
    cop_assert_equal(COP("%{specs: 1, active: 1, supervisors: 0, workers: 1}"), count(sup));
    cop_trap_exit(true); /* no more than three restarts in five seconds: one was */
    for (int i = 0; i < 3; i++) {
        cop_exit_process(cop_to_pid(cop_elem(cop_head(cop_supervisor_which_children(to(sup))), 1)),
                         COP(":kill"));
        if (i < 2) cop_assert_receive_within(5000, "{:b, :init, _}");
    }
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :shutdown}", sup);
}

/* SUP-42: a restart that returns :ignore is forgotten (VER-07).
 * SUP-40: one that fails is retried. */
static void restarts(void)
{
    cop_pid sup = start_with(COP("[]"), COP("[max_restarts: 1000000000, max_seconds: 1]"));
    cop_pid a;

    probe_plan("a", "oi");
    cop_exit_process(add(sup, COP("[id: :a]")), COP(":kill"));
    while (!cop_match(count(sup), "%{workers: 0}"))
        cop_yield();
    probe_plan("b", "os");
    a = add(sup, COP("[id: :b]"));
    cop_exit_process(a, COP(":kill"));
    await_active(sup, 0);
    cop_assert_equal(COP("[{:undefined, :restarting, :worker, [Probe]}]"),
                     cop_supervisor_which_children(to(sup)));
    cop_assert_equal(COP("%{specs: 1, active: 0, supervisors: 0, workers: 1}"), count(sup));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), to(a)));
    cop_assert_equal(COP("[]"), cop_supervisor_which_children(to(sup)));
}

/* SUP-59, 60: as with the other strategies. */
static void significant_children(void)
{
    cop_pid sup, a, b;

    cop_trap_exit(true);
    sup = start_with(COP("[restart: :temporary, significant: true]"),
                     COP("[auto_shutdown: :all_significant]"));
    a = add(sup, COP("[id: :a]"));
    b = add(sup, COP("[id: :b]"));
    cop_exit_process(a, COP(":kill"));
    await_active(sup, 1);
    cop_exit_process(b, COP(":kill"));
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :shutdown}", sup);
}

static cop_next stop_it(cop_term supervisor)
{
    cop_supervisor_stop(supervisor, COP(":normal"), COP_INFINITY);
    return cop_end();
}

/* SUP-54: all are asked at once. */
static void stops_all_at_once(void)
{
    cop_pid sup = start(COP("[shutdown: :infinity]"));
    cop_ref ref = cop_monitor(sup);
    cop_pid slow[3];

    for (int i = 0; i < 3; i++) {
        slow[i] = add(sup, COP("[id: :a, trap_exit: true, slow: true]"));
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

static cop_term two_are_killed(void *arg)
{
    cop_pid sup = start(COP("[shutdown: 1]"));

    (void)arg;
    add(sup, COP("[id: :a, trap_exit: true, slow: true]"));
    add(sup, COP("[id: :a, trap_exit: true, slow: true]"));
    add(sup, COP("[id: :b]")); /* ends in time */
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    return cop_ok();
}

/* SUP-54, 63: those that were killed when the time was over are one report. */
static void reports_together(void)
{
    bool was_on = cop_log_sasl_reports(true);
    cop_bytes log = cop_to_bytes(cop_capture_log(two_are_killed, NULL));
    static const char report[] = "Children :w of Supervisor ";
    static const char words[] = " (Supervisor.Default) shut down abnormally\n** (exit) killed\n"
                                "Number: 2\nStart Call: Probe.start_link([to: #PID<";
    const char *first = memmem(log.data, log.len, report, strlen(report));

    cop_log_sasl_reports(was_on);
    cop_assert(first);
    cop_assert(memmem(log.data, log.len, words, strlen(words)));
    first++;
    cop_assert(!memmem(first, log.len - (size_t)(first - log.data), report, strlen(report)));
    cop_assert(!memmem(log.data, log.len, "Child :w", strlen("Child :w")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(children_of_a_template),
        TEST(needs_one_specification),
        TEST(answers_of_starts),
        TEST(order_of_arguments),
        TEST(calls_by_id_and_by_pid),
        TEST(deaths),
        TEST(restarts),
        TEST(significant_children),
        TEST(stops_all_at_once),
        TEST(reports_together),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
