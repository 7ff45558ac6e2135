/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor: starting, and the calls that manage children. Children are probes (probe.h). */
#include "coppice/sys.h"

#include "probe.h"

#include <string.h>

static cop_pid start(cop_term specs, const char *options)
{
    struct cop_parse_error error;
    cop_term t;
    cop_pid pid;

    cop_assert(cop_parse(cop_to_bytes(cop_format("[%s]", options)), &t, &error));
    cop_expect(cop_supervisor_start_link(specs, t), "{:ok, pid}", pid);
    return pid;
}

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

static cop_term parse(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    cop_assert(cop_parse(cop_to_bytes(cop_string(text)), &t, &error));
    return t;
}

/* SUP-12, SUP-26, SUP-27, GEN-06: one after the other, and the starter waits for the last. */
static void children_start_in_order(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", ""),
                                 probe_spec("c", "", "type: :supervisor")),
                        "strategy: :one_for_one");

    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    NEXT("{:c, :init, _}");
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, _, :supervisor, [Probe]}, {:b, _, :worker, [Probe]}, "
                     "{:a, _, :worker, [Probe]}]");
    cop_assert_equal(COP("%{specs: 3, active: 3, supervisors: 1, workers: 2}"),
                     cop_supervisor_count_children(to(sup)));
    NOTHING();
}

/* SUP-20, PLB-03 */
static void has_a_name_and_traps(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one, name: Named.Supervisor");
    cop_term again;

    cop_assert(cop_pid_equal(sup, cop_whereis(COP("Named.Supervisor"))));
    again = cop_supervisor_start_link(COP("[]"),
                                      COP("[strategy: :one_for_one, name: Named.Supervisor]"));
    cop_assert_match(again, "{:error, {:already_started, ^sup}}", sup);
    cop_assert_equal(COP("{:trap_exit, true}"), cop_process_info(sup, COP(":trap_exit")));
    cop_assert_match(cop_process_info(sup, COP(":dictionary")), "{:dictionary, _}");
}

static cop_term start_with(void *arg)
{
    return cop_supervisor_start_link(COP("[]"), *(const cop_term *)arg);
}

/* SUP-02 */
static void needs_a_strategy(void)
{
    cop_term options = COP("[max_restarts: 1]");
    cop_term exception = cop_assert_raises(start_with, &options);

    cop_assert_equal("expected :strategy option to be given",
                     cop_map_get(exception, COP(":message"), cop_nil()));
}

/* SUP-07 */
static void wrong_flags(void)
{
    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, {:supervisor_data, {:invalid_strategy, :foo}}}"),
                     cop_supervisor_start_link(COP("[]"), COP("[strategy: :foo]")));
    cop_assert_equal(
        COP("{:error, {:supervisor_data, {:invalid_intensity, -1}}}"),
        cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one, max_restarts: -1]")));
    cop_assert_equal(
        COP("{:error, {:supervisor_data, {:invalid_period, 0}}}"),
        cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one, max_seconds: 0]")));
    cop_assert_equal(
        COP("{:error, {:supervisor_data, {:invalid_auto_shutdown, 1}}}"),
        cop_supervisor_start_link(COP("[]"), COP("[strategy: :one_for_one, auto_shutdown: 1]")));
    NOTHING(); /* PLB-08: no EXIT is left */
}

/* SUP-08, SUP-11: nothing is started if one is wrong. */
static void wrong_specs(void)
{
    cop_term good = probe_spec("a", "", "");
    cop_term options = COP("[strategy: :one_for_one]");

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, {:start_spec, :missing_start}}"),
                     cop_supervisor_start_link(cop_list(good, COP("%{id: 1}")), options));
    cop_assert_equal(COP("{:error, {:start_spec, {:duplicate_child_name, :a}}}"),
                     cop_supervisor_start_link(cop_list(good, good), options));
    NOTHING();
}

/* --- Modules with supervisor_init ------------------------------------------------------------- */

static cop_term init_as_told(cop_term arg)
{
    return arg;
}

static const struct cop_module told = {.size = sizeof(struct cop_module),
                                       .name = "Told.Supervisor",
                                       .supervisor_init = init_as_told,
                                       .child_spec = ""};

/* SUP-01, SUP-10 */
static void module_tells_children(void)
{
    cop_term value =
        cop_supervisor_init(cop_list(probe_spec("a", "", "")), COP("[strategy: :rest_for_one]"));
    cop_term child = cop_head(cop_elem(cop_elem(value, 1), 1));

    cop_trap_exit(true);
    cop_assert_match(cop_supervisor_start_link_module(&told, value, COP("[]")), "{:ok, _}");
    NEXT("{:a, :init, _}");
    cop_assert_equal(COP(":ignore"),
                     cop_supervisor_start_link_module(&told, COP(":ignore"), COP("[]")));
    cop_assert_equal(COP("{:error, {:bad_return, {Told.Supervisor, :init, :x}}}"),
                     cop_supervisor_start_link_module(&told, COP(":x"), COP("[]")));
    cop_assert_equal(COP("{:error, {:supervisor_data, {:invalid_type, 7}}}"),
                     cop_supervisor_start_link_module(&told, COP("{:ok, {7, []}}"), COP("[]")));
    cop_assert_match(
        cop_supervisor_start_link_module(
            &told, cop_tuple(cop_ok(), cop_tuple(COP("{:one_for_one, 1, 5}"), cop_list(child))),
            COP("[]")),
        "{:ok, _}");
    NEXT("{:a, :init, _}");
    NOTHING();
}

/* SUP-05: unknown keys are nothing; old tuples are specifications and flags. */
static void old_and_unknown_forms(void)
{
    cop_pid self = cop_self();
    cop_term map =
        cop_build("%{id: :a, start: {Probe, :start_link, [[id: :a, to: self]]}, x: 1}", self);
    cop_term tuple = cop_build("{:b, {Probe, :start_link, [[id: :b, to: self]]}, :temporary, 7,"
                               " :worker, [Probe]}",
                               self);
    cop_term flags = COP("%{strategy: :one_for_one, x: 1}");
    cop_pid sup;

    cop_expect(cop_supervisor_start_link_module(
                   &told, cop_tuple(cop_ok(), cop_tuple(flags, cop_list(map, tuple))), COP("[]")),
               "{:ok, sup}", sup);
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":b")),
                     "{:ok, %{id: :b, restart: :temporary, shutdown: 7, type: :worker,"
                     " modules: [Probe], significant: false}}");
}

/* SUP-02: flags that say nothing allow one restart in five seconds. */
static void defaults_of_flags(void)
{
    cop_term specs = cop_list(probe_spec("a", "", ""));
    cop_pid sup;

    cop_trap_exit(true);
    cop_expect(cop_supervisor_start_link_module(
                   &told, cop_tuple(cop_ok(), cop_tuple(COP("%{}"), specs)), COP("[]")),
               "{:ok, sup}", sup);
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{strategy: :one_for_one, intensity: 1, period: 5}");
    NEXT("{:a, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:a, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_expect(cop_supervisor_start_link(COP("[]"), COP("[strategy: :rest_for_one]")), "{:ok, sup}",
               sup);
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{strategy: :rest_for_one, intensity: 3, period: 5}");
}

/* SUP-58 */
static void who_may_be_significant(void)
{
    static const struct {
        const char *restart;
        const char *auto_shutdown; /* NULL: not given */
        const char *wrong;         /* NULL: it is right */
    } rows[] = {
        {":transient", ":any_significant", NULL},
        {":temporary", ":all_significant", NULL},
        {":transient", NULL, "[auto_shutdown: :never, significant: true]"},
        {":temporary", ":never", "[auto_shutdown: :never, significant: true]"},
        {":permanent", ":never", "[auto_shutdown: :never, significant: true]"},
        {":permanent", ":any_significant", "[restart: :permanent, significant: true]"},
    };

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_term restart = parse(rows[i].restart);
        cop_term spec = cop_map_put(cop_map_put(probe_spec("a", "", ""), COP(":restart"), restart),
                                    COP(":significant"), cop_true());
        cop_term ends = rows[i].auto_shutdown ? parse(rows[i].auto_shutdown) : COP(":never");
        cop_term options = cop_build("[strategy: :one_for_one, auto_shutdown: ends]", ends);
        cop_term answer = cop_supervisor_start_link(cop_list(spec), options);
        cop_term wrong;

        if (!rows[i].wrong) {
            cop_assert_match(answer, "{:ok, _}");
            NEXT("{:a, :init, _}");
            continue;
        }
        wrong = parse(rows[i].wrong);
        cop_assert_equal(cop_build("{:error, {:start_spec, {:bad_combination, wrong}}}", wrong),
                         answer);
    }
    NOTHING();
}

/* SUP-09: a list can be checked before there is a supervisor. */
static void check_of_specifications(void)
{
    cop_term a = probe_spec("a", "", ""), b = probe_spec("b", "", "");
    cop_term significant = cop_map_put(a, COP(":significant"), cop_true());
    cop_term transient = cop_map_put(significant, COP(":restart"), COP(":transient"));
    cop_term unknown = COP(":undefined");

    cop_assert_equal(cop_ok(), cop_supervisor_check_childspecs(cop_list(a, b), unknown));
    cop_assert_equal(COP("{:error, {:duplicate_child_name, :a}}"),
                     cop_supervisor_check_childspecs(cop_list(a, b, a), unknown));
    cop_assert_equal(COP("{:error, :missing_start}"),
                     cop_supervisor_check_childspecs(cop_list(a, COP("%{id: 1}")), unknown));
    cop_assert_equal(COP("{:error, {:bad_combination, [restart: :permanent, significant: true]}}"),
                     cop_supervisor_check_childspecs(cop_list(significant), unknown));
    cop_assert_equal(cop_ok(), cop_supervisor_check_childspecs(cop_list(transient), unknown));
    cop_assert_equal(
        COP("{:error, {:bad_combination, [auto_shutdown: :never, significant: true]}}"),
        cop_supervisor_check_childspecs(cop_list(transient), COP(":never")));
    cop_assert_equal(COP("{:error, {:badarg, :x}}"),
                     cop_supervisor_check_childspecs(cop_list(a), COP(":x")));
    cop_assert_equal(COP("{:error, {:badarg, 7}}"),
                     cop_supervisor_check_childspecs(cop_int(7), unknown));
    NOTHING();
}

/* --- Start of children ------------------------------------------------------------------------ */

/* SUP-15 */
static void ignored_children(void)
{
    cop_pid sup;

    probe_plan("a", "i");
    probe_plan("b", "i");
    probe_plan("d", "i");
    sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "restart: :temporary"),
                         probe_spec("c", "", ""), probe_spec("d", "", "restart: :transient")),
                "strategy: :one_for_one");
    NEXT("{:c, :init, _}");
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:d, :undefined, _, _}, {:c, _, _, _}, {:a, :undefined, _, _}]");
    cop_assert_equal(COP("%{specs: 3, active: 1, supervisors: 0, workers: 3}"),
                     cop_supervisor_count_children(to(sup)));
    cop_assert_equal(COP("{:ok, :undefined}"), cop_supervisor_restart_child(to(sup), COP(":a")));
    probe_plan("a", "o");
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _}");
}

/* SUP-16: those before are stopped in reverse, nothing is retried. */
static void failing_child_rolls_back(void)
{
    cop_term answer;

    cop_trap_exit(true);
    probe_plan("c", "s");
    answer = cop_supervisor_start_link(cop_list(probe_spec("a", "trap_exit: true", ""),
                                                probe_spec("b", "trap_exit: true", ""),
                                                probe_spec("c", "", ""), probe_spec("d", "", "")),
                                       COP("[strategy: :one_for_one]"));
    cop_assert_equal(COP("{:error, {:shutdown, {:failed_to_start_child, :c, :no}}}"), answer);
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    NOTHING();
    cop_assert(probe_starts("c") == 1);
}

static cop_term supervisor_spec(cop_term id, cop_term children)
{
    return cop_build("%{id: id, start: {Supervisor, :start_link, "
                     "[children, [strategy: :one_for_one]]}, type: :supervisor}",
                     id, children);
}

/* SUP-17: reasons nest. */
static void nested_failure(void)
{
    cop_term inner, answer;

    cop_trap_exit(true);
    probe_plan("a", "s");
    inner = supervisor_spec(COP(":inner"), cop_list(probe_spec("a", "", "")));
    answer = cop_supervisor_start_link(cop_list(inner), COP("[strategy: :one_for_one]"));
    cop_assert_equal(COP("{:error, {:shutdown, {:failed_to_start_child, :inner, "
                         "{:shutdown, {:failed_to_start_child, :a, :no}}}}}"),
                     answer);
    NOTHING();
}

static cop_next start_failing(cop_term spec)
{
    cop_supervisor_start_link(cop_list(spec), COP("[strategy: :one_for_one]"));
    return cop_end();
}

/* SUP-18: a linked starter that does not trap dies of it. */
static void starter_dies(void)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};

    probe_plan("a", "s");
    cop_spawn(start_failing, probe_spec("a", "", ""), &opts);
    cop_assert_receive_within(
        5000, "{:DOWN, ^ref, :process, _, {:shutdown, {:failed_to_start_child, :a, :no}}}", ref);
}

/* --- start_child ------------------------------------------------------------------------------ */

/* SUP-14, SUP-21: the answers of every kind of start. */
static void start_child_answers(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");
    cop_pid pid;
    cop_term record;

    cop_expect(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")), "{:ok, pid}", pid);
    NEXT("{:a, :init, ^pid}", pid);
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:already_started, ^pid}}", pid);
    probe_plan("info", "I");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("info", "", "")),
                     "{:ok, _, :info}");
    probe_plan("none", "i");
    cop_assert_equal(COP("{:ok, :undefined}"),
                     cop_supervisor_start_child(to(sup), probe_spec("none", "", "")));
    cop_assert_equal(COP("{:error, :already_present}"),
                     cop_supervisor_start_child(to(sup), probe_spec("none", "", "")));
    probe_plan("temp", "i");
    cop_assert_equal(
        COP("{:ok, :undefined}"),
        cop_supervisor_start_child(to(sup), probe_spec("temp", "", "restart: :temporary")));
    cop_assert(cop_is_none(probe_child(sup, COP(":temp"))));
    probe_plan("f", "s");
    cop_expect(cop_supervisor_start_child(to(sup), probe_spec("f", "", "shutdown: 7")),
               "{:error, {:no, record}}", record);
    cop_assert_match(record, "{:child, :undefined, :f, {Probe, :start_link, [_]}, :permanent, "
                             "false, 7, :worker, [Probe]}");
    cop_assert(cop_is_none(probe_child(sup, COP(":f"))));
}

/* SUP-13: what a start function may do wrong. */
static void failures_of_start(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");
    cop_term stack;

    probe_plan("a", "eBtxr");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:no, _}}");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:bad, _}}");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:no, _}}");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:no, _}}");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {{:EXIT, {%{message: \"no\"}, stack}}, _}}", stack);
    cop_assert(cop_list_len(stack) >= 0);
    cop_assert_match(cop_supervisor_start_child(to(sup), COP("%{id: 1, start: {Nowhere, :f, []}}")),
                     "{:error, {{:EXIT, {_, _}}, _}}");
    cop_assert_equal(COP("{:error, :missing_id}"),
                     cop_supervisor_start_child(to(sup), COP("%{}"))); /* SUP-09 */
    cop_assert_equal(COP("%{specs: 0, active: 0, supervisors: 0, workers: 0}"),
                     cop_supervisor_count_children(to(sup)));
}

/* VER-05: a name that is taken is told as it is. */
static void already_started_is_unwrapped(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");
    cop_pid pid;

    cop_expect(cop_supervisor_start_child(to(sup), probe_spec("a", "name: :taken", "")),
               "{:ok, pid}", pid);
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("b", "name: :taken", "")),
                     "{:error, {:already_started, ^pid}}", pid);
}

/* SUP-22: last in order, first to be stopped. */
static void added_child_is_last(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "trap_exit: true", "")), "strategy: :one_for_one");

    NEXT("{:a, :init, _}");
    cop_supervisor_start_child(to(sup), probe_spec("b", "trap_exit: true", ""));
    NEXT("{:b, :init, _}");
    cop_assert_equal(cop_ok(), cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
}

/* --- The table of states (SUP-68 to 71) ------------------------------------------------------- */

static void running(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "trap_exit: true", "")), "strategy: :one_for_one");
    cop_pid pid = probe_pid(sup, COP(":a"));

    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")),
                     "{:error, {:already_started, ^pid}}", pid);
    cop_assert_equal(COP("{:error, :running}"), cop_supervisor_restart_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :running}"), cop_supervisor_delete_child(to(sup), COP(":a")));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert(!cop_is_alive(pid));
    NEXT("{:a, :init, _}");
    NEXT("{:a, :terminate, :shutdown}");
    NOTHING();
}

static void stopped(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "")), "strategy: :one_for_one");

    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":a")));
    cop_assert_equal(COP("{:error, :already_present}"),
                     cop_supervisor_start_child(to(sup), probe_spec("a", "", "")));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    probe_plan("a", "sIo"); /* SUP-25 */
    cop_assert_equal(COP("{:error, :no}"), cop_supervisor_restart_child(to(sup), COP(":a")));
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _, :info}");
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _}");
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_equal(cop_ok(), cop_supervisor_delete_child(to(sup), COP(":a")));
    cop_assert(cop_is_none(probe_child(sup, COP(":a"))));
}

static void restarting(void)
{
    cop_pid sup;

    probe_plan("a", "os");
    sup = start(cop_list(probe_spec("a", "", "")),
                "strategy: :one_for_one, max_restarts: 1000000000, max_seconds: 1");
    probe_exit(probe_pid(sup, COP(":a")), COP(":kill"));
    while (!cop_identical(probe_child(sup, COP(":a")), COP(":restarting")))
        cop_yield();
    cop_assert_equal(COP("%{specs: 1, active: 0, supervisors: 0, workers: 1}"),
                     cop_supervisor_count_children(to(sup))); /* SUP-27 */
    cop_assert_equal(COP("{:error, :already_present}"),
                     cop_supervisor_start_child(to(sup), probe_spec("a", "", "")));
    cop_assert_equal(COP("{:error, :restarting}"),
                     cop_supervisor_restart_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :restarting}"), cop_supervisor_delete_child(to(sup), COP(":a")));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":a")));
    cop_assert_equal(cop_ok(), cop_supervisor_delete_child(to(sup), COP(":a")));
}

static void unknown(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");

    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_restart_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_delete_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_get_childspec(to(sup), COP(":a")));
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("a", "", "")), "{:ok, _}");
}

/* SUP-23 */
static void temporary_child_is_forgotten(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");

    cop_supervisor_start_child(to(sup), probe_spec("a", "", "restart: :temporary"));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_supervisor_terminate_child(to(sup), COP(":a")));
}

/* SUP-28, SUP-64 */
static void specification_of_a_child(void)
{
    cop_pid sup = start(COP("[]"), "strategy: :one_for_one");

    cop_supervisor_start_child(to(sup), probe_spec("a", "", "type: :supervisor"));
    cop_supervisor_start_child(to(sup), probe_spec("b", "", "restart: :temporary, shutdown: 1"));
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")),
                     "{:ok, %{id: :a, start: {Probe, :start_link, [_]}, restart: :permanent, "
                     "shutdown: :infinity, type: :supervisor, modules: [Probe], "
                     "significant: false}}");
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":b")),
                     "{:ok, %{start: {Probe, :start_link, :undefined}, restart: :temporary, "
                     "shutdown: 1}}");
    cop_assert_match(cop_supervisor_which_child(to(sup), COP(":b")),
                     "{:ok, {:b, _, :worker, [Probe]}}");
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_equal(COP("{:ok, {:a, :undefined, :supervisor, [Probe]}}"),
                     cop_supervisor_which_child(to(sup), COP(":a")));
    cop_assert_equal(COP("{:error, :not_found}"), cop_supervisor_which_child(to(sup), COP(":x")));
}

/* --- Messages --------------------------------------------------------------------------------- */

static cop_term which_of_nobody(void *arg)
{
    (void)arg;
    return cop_supervisor_which_children(COP(":nobody"));
}

/* SUP-30 */
static void nobody_there(void)
{
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [:nobody, :which_children, :infinity]}}"),
                     cop_assert_exits(which_of_nobody, NULL));
}

static cop_next die_of(cop_term reason)
{
    cop_exit(reason);
}

/* SUP-32: the death of strangers, casts and other messages do nothing. */
static void strangers_are_ignored(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "")), "strategy: :one_for_all");
    cop_pid pid = probe_pid(sup, COP(":a"));

    NEXT("{:a, :init, _}");
    cop_send(sup, cop_tuple(COP(":EXIT"), cop_spawn(die_of, COP(":x"), NULL), COP(":x")));
    cop_gen_server_cast(to(sup), COP(":x"));
    cop_send(sup, COP(":x"));
    cop_assert_match(probe_child(sup, COP(":a")), "^pid", pid);
    NOTHING();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(children_start_in_order),
        TEST(has_a_name_and_traps),
        TEST(needs_a_strategy),
        TEST(wrong_flags),
        TEST(wrong_specs),
        TEST(module_tells_children),
        TEST(old_and_unknown_forms),
        TEST(defaults_of_flags),
        TEST(who_may_be_significant),
        TEST(check_of_specifications),
        TEST(ignored_children),
        TEST(failing_child_rolls_back),
        TEST(nested_failure),
        TEST(starter_dies),
        TEST(start_child_answers),
        TEST(failures_of_start),
        TEST(already_started_is_unwrapped),
        TEST(added_child_is_last),
        TEST(running),
        TEST(stopped),
        TEST(restarting),
        TEST(unknown),
        TEST(temporary_child_is_forgotten),
        TEST(specification_of_a_child),
        TEST(nobody_there),
        TEST(strangers_are_ignored),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
