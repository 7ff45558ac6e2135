/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor: what happens when children die. Children are probes (probe.h), which tell of their
 * starts and ends; {id, :init, pid} of a new start is what a test waits for. */
#include "probe.h"

#include <stdio.h>
#include <string.h>

static cop_pid start(cop_term specs, const char *options)
{
    cop_pid pid;
    struct cop_parse_error error;
    cop_term t;

    cop_assert(cop_parse(cop_to_bytes(cop_format("[%s]", options)), &t, &error));
    cop_expect(cop_supervisor_start_link(specs, t), "{:ok, pid}", pid);
    return pid;
}

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

/* Waits until the child with this id is shown as such a thing in which_children. */
static void await_child(cop_pid sup, cop_term id, cop_term state)
{
    while (!cop_identical(probe_child(sup, id), state))
        cop_yield();
}

static void await_gone(cop_pid sup, cop_term id)
{
    while (!cop_is_none(probe_child(sup, id)))
        cop_yield();
}

/* The supervisor, whose start was linked to the trapping test, ends with this reason. */
#define ENDS(sup, reason) cop_assert_receive_within(5000, "{:EXIT, ^sup, " reason "}", sup)

/* a, b and c, which tell also of their ends. */
static cop_term abc(void)
{
    return cop_list(probe_spec("a", "trap_exit: true", ""), probe_spec("b", "trap_exit: true", ""),
                    probe_spec("c", "trap_exit: true", ""));
}

static void next_three_inits(void)
{
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    NEXT("{:c, :init, _}");
}

/* --- Restart types ---------------------------------------------------------------------------- */

/* Lets child a, of this restart type, end with reason; true: it is started again. */
static void dies(const char *restart, const char *reason, const char *what)
{
    char overrides[64];
    cop_pid sup, pid, second;
    struct cop_parse_error error;
    cop_term t;

    snprintf(overrides, sizeof overrides, "restart: :%s", restart);
    sup = start(cop_list(probe_spec("a", "", overrides)), "strategy: :one_for_one");
    cop_assert_receive_within(5000, "{:a, :init, pid}", pid);
    cop_assert(cop_parse(cop_to_bytes(cop_string(reason)), &t, &error));
    cop_send(pid, cop_tuple(COP(":stop"), t));
    if (strcmp(what, "restarted") == 0) {
        cop_assert_receive_within(5000, "{:a, :init, second}", second);
        cop_assert_match(probe_child(sup, COP(":a")), "^second", second);
    } else if (strcmp(what, "kept") == 0) {
        await_child(sup, COP(":a"), COP(":undefined"));
    } else {
        await_gone(sup, COP(":a"));
    }
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
}

/* SUP-33, SUP-34, SUP-35: every cell of the table. */
static void restart_types(void)
{
    static const char *const reasons[] = {":normal", ":shutdown", "{:shutdown, 1}", ":killed",
                                          ":boom"};
    static const struct {
        const char *restart;
        const char *what[5];
    } table[] = {
        {"permanent", {"restarted", "restarted", "restarted", "restarted", "restarted"}},
        {"transient", {"kept", "kept", "kept", "restarted", "restarted"}},
        {"temporary", {"gone", "gone", "gone", "gone", "gone"}},
    };

    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 5; k++) {
            dies(table[i].restart, reasons[k], table[i].what[k]);
            while (!probe_is_quiet())
                ;
        }
    }
}

/* --- Strategies ------------------------------------------------------------------------------- */

/* SUP-43: the others are untouched, the order stays. */
static void one_for_one(void)
{
    cop_pid sup = start(abc(), "strategy: :one_for_one");
    cop_pid a = probe_pid(sup, COP(":a")), c = probe_pid(sup, COP(":c")), b;

    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    cop_assert_match(probe_next(), "{:b, :init, b}", b);
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, ^c, _, _}, {:b, ^b, _, _}, {:a, ^a, _, _}]", a, b, c);
    NOTHING();
}

/* SUP-44 */
static void rest_for_one(void)
{
    cop_pid sup = start(abc(), "strategy: :rest_for_one");
    cop_pid a = probe_pid(sup, COP(":a"));

    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:b, :init, _}");
    NEXT("{:c, :init, _}");
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, _, _, _}, {:b, _, _, _}, {:a, ^a, _, _}]", a);
    NOTHING();
}

/* SUP-45 */
static void one_for_all(void)
{
    cop_pid sup = start(abc(), "strategy: :one_for_all");

    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    next_three_inits();
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, _, _, _}, {:b, _, _, _}, {:a, _, _, _}]");
    NOTHING();
}

/* SUP-46: temporary siblings go; stopped ones come back. */
static void siblings_of_a_group(void)
{
    cop_pid sup =
        start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "restart: :temporary"),
                       probe_spec("c", "", "restart: :transient")),
              "strategy: :one_for_all");

    next_three_inits();
    cop_supervisor_terminate_child(to(sup), COP(":c"));
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:a, :init, _}");
    NEXT("{:c, :init, _}");
    cop_assert_match(cop_supervisor_which_children(to(sup)), "[{:c, _, _, _}, {:a, _, _, _}]");
    NOTHING();
}

/* A child that dies last of all takes no group with it that does not exist; the first takes all. */
static void ends_of_the_list(void)
{
    cop_pid sup = start(abc(), "strategy: :rest_for_one, max_restarts: 5");

    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":c")), COP(":kill"));
    NEXT("{:c, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:b, :terminate, :shutdown}");
    next_three_inits();
    NOTHING();
}

/* --- Intensity -------------------------------------------------------------------------------- */

/* SUP-36, SUP-38: so many restarts, then the supervisor stops the others and ends with shutdown. */
static void limit_of_restarts(void)
{
    cop_pid sup, a;

    cop_trap_exit(true);
    sup = start(abc(), "strategy: :one_for_one, max_restarts: 2, max_seconds: 1000");
    next_three_inits();
    for (int i = 0; i < 2; i++) {
        cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
        NEXT("{:a, :init, _}");
    }
    a = probe_pid(sup, COP(":a"));
    cop_exit_process(a, COP(":kill"));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
}

/* SUP-37: a group counts once. SUP-39: none allowed. */
static void what_counts(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    sup = start(abc(), "strategy: :one_for_all, max_restarts: 1, max_seconds: 1000");
    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":c")), COP(":kill"));
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    next_three_inits();
    cop_assert_match(cop_supervisor_count_children(to(sup)), "%{active: 3}");
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    while (!probe_is_quiet())
        ;
    sup = start(cop_list(probe_spec("a", "", "")), "strategy: :one_for_one, max_restarts: 0");
    NEXT("{:a, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
}

/* restart_child by hand does not count (SUP-25), nor do ends that are not restarted. */
static void what_does_not_count(void)
{
    cop_pid sup;

    sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "restart: :transient")),
                "strategy: :one_for_one, max_restarts: 0");
    for (int i = 0; i < 5; i++) {
        cop_supervisor_terminate_child(to(sup), COP(":a"));
        cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _}");
        cop_send(probe_pid(sup, COP(":b")), COP("{:stop, :normal}"));
        await_child(sup, COP(":b"), COP(":undefined"));
        cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":b")), "{:ok, _}");
    }
}

/* SUP-38: the permanent child supervisor is restarted by its parent, the transient one is not. */
static void limit_of_a_child_supervisor(void)
{
    cop_term children = cop_list(probe_spec("a", "", ""));
    cop_term spec = cop_build("%{id: :inner, start: {Supervisor, :start_link, [children, "
                              "[strategy: :one_for_one, max_restarts: 0]]}, type: :supervisor}",
                              children);
    cop_pid sup = start(cop_list(spec), "strategy: :one_for_one");
    cop_pid a;

    cop_assert_match(probe_next(), "{:a, :init, a}", a);
    cop_exit_process(a, COP(":kill"));
    NEXT("{:a, :init, _}");
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    sup = start(cop_list(cop_map_put(spec, COP(":restart"), COP(":transient"))),
                "strategy: :one_for_one");
    cop_assert_match(probe_next(), "{:a, :init, a}", a);
    cop_exit_process(a, COP(":kill"));
    await_child(sup, COP(":inner"), COP(":undefined"));
}

/* --- Failing restarts ------------------------------------------------------------------------- */

/* SUP-40: every attempt counts; here the third is within the limit. */
static void restart_is_retried(void)
{
    cop_pid sup;

    probe_plan("a", "osso");
    sup = start(cop_list(probe_spec("a", "", "")), "strategy: :one_for_one, max_restarts: 3");
    NEXT("{:a, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:a, :init, _}");
    cop_assert(probe_starts("a") == 4);
    cop_assert(cop_is_pid(probe_child(sup, COP(":a"))));
}

static void retries_reach_the_limit(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    probe_plan("a", "os");
    sup = start(cop_list(probe_spec("a", "", "")),
                "strategy: :one_for_one, max_restarts: 3, max_seconds: 1000");
    NEXT("{:a, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_assert(probe_starts("a") == 4);
}

/* SUP-40, SUP-41: told to stop while it retries, it stops. */
static void stops_while_restarting(void)
{
    cop_pid sup;

    probe_plan("a", "os");
    sup = start(cop_list(probe_spec("a", "", "")),
                "strategy: :one_for_one, max_restarts: 1000000000, max_seconds: 1");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    await_child(sup, COP(":a"), COP(":restarting"));
    cop_assert_equal(cop_ok(), cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
}

/* SUP-41: terminate_child ends the retries for good; a retry that is queued does nothing. */
static void retries_are_ended(void)
{
    cop_pid sup;
    int starts;

    probe_plan("a", "os");
    sup = start(cop_list(probe_spec("a", "", "")),
                "strategy: :one_for_one, max_restarts: 1000000000, max_seconds: 1");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    await_child(sup, COP(":a"), COP(":restarting"));
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    starts = probe_starts("a");
    for (int i = 0; i < 10; i++)
        cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":a")));
    cop_assert(probe_starts("a") == starts);
}

/* SUP-41: what tells a supervisor to try a restart again does nothing to a child that runs, was
 * stopped, or is unknown. */
static void retries_of_nothing(void)
{
    cop_pid sup =
        start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "")), "strategy: :one_for_all");
    cop_pid a = probe_pid(sup, COP(":a"));

    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":b")));
    cop_send(sup, COP("{:\"$gen_restart\", :a}"));
    cop_send(sup, COP("{:\"$gen_restart\", :b}"));
    cop_send(sup, COP("{:\"$gen_restart\", :c}"));
    cop_assert_match(probe_child(sup, COP(":a")), "^a", a);
    cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":b")));
    cop_assert(cop_is_alive(a));
    NOTHING();
}

/* SUP-42 */
static void restart_that_ignores(void)
{
    cop_pid sup;

    probe_plan("a", "oi");
    sup = start(cop_list(probe_spec("a", "", "")), "strategy: :one_for_one");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    await_child(sup, COP(":a"), COP(":undefined"));
    cop_assert(probe_starts("a") == 2);
}

/* SUP-47: those that run again stay, the rest waits. */
static void rest_for_one_fails(void)
{
    cop_pid sup, a;

    probe_plan("b", "oso");
    sup = start(abc(), "strategy: :rest_for_one");
    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:b, :terminate, :shutdown}");
    cop_assert_match(probe_next(), "{:a, :init, a}", a);
    NEXT("{:b, :init, _}");
    NEXT("{:c, :init, _}");
    cop_assert_match(probe_child(sup, COP(":a")), "^a", a);
    NOTHING();
}

/* SUP-47: all are stopped again. */
static void one_for_all_fails(void)
{
    cop_pid sup;

    probe_plan("b", "oso");
    sup = start(abc(), "strategy: :one_for_all");
    next_three_inits();
    cop_exit_process(probe_pid(sup, COP(":c")), COP(":kill"));
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    NEXT("{:a, :init, _}");
    NEXT("{:a, :terminate, :shutdown}");
    next_three_inits();
    cop_assert_match(cop_supervisor_count_children(to(sup)), "%{active: 3}");
    NOTHING();
}

/* SUP-47: while the failing one restarts, those after it are undefined. */
static void group_waits_for_the_failing_one(void)
{
    cop_pid sup;

    probe_plan("b", "os");
    sup = start(abc(), "strategy: :rest_for_one, max_restarts: 1000000000, max_seconds: 1");
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    await_child(sup, COP(":b"), COP(":restarting"));
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, :undefined, _, _}, {:b, :restarting, _, _}, {:a, _, _, _}]");
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":b")));
}

/* --- auto_shutdown (VER-04) ------------------------------------------------------------------- */

static cop_term significant(const char *id, const char *restart)
{
    char overrides[64];

    snprintf(overrides, sizeof overrides, "significant: true, restart: :%s", restart);
    return probe_spec(id, "", overrides);
}

/* SUP-59 SUP-61: those that are not significant end for themselves. */
static void the_insignificant(void)
{
    static const char *const rules[] = {"any_significant", "all_significant"};
    cop_term again;

    cop_trap_exit(true);
    for (int i = 0; i < 2; i++) {
        char options[80];
        cop_pid sup, a, b;

        snprintf(options, sizeof options, "strategy: :one_for_one, auto_shutdown: :%s", rules[i]);
        sup = start(cop_list(probe_spec("a", "", "restart: :transient"),
                             probe_spec("b", "", "restart: :temporary"),
                             significant("c", "temporary")),
                    options);
        a = probe_pid(sup, COP(":a"));
        b = probe_pid(sup, COP(":b"));
        probe_exit(a, COP(":shutdown"));
        probe_exit(b, COP(":kill"));
        again = cop_supervisor_which_children(to(sup));
        cop_assert_match(again, "[{:c, _, _, _}, {:a, :undefined, _, _}]");
        cop_exit_process(probe_pid(sup, COP(":c")), COP(":kill"));
        ENDS(sup, ":shutdown");
    }
}

/* SUP-59 */
static void any_significant(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    sup = start(cop_list(probe_spec("a", "trap_exit: true", ""), significant("b", "transient")),
                "strategy: :one_for_one, auto_shutdown: :any_significant");
    cop_send(probe_pid(sup, COP(":b")), COP("{:stop, :normal}"));
    cop_assert_receive_within(5000, "{:a, :terminate, :shutdown}");
    ENDS(sup, ":shutdown");
    sup = start(cop_list(significant("b", "temporary")),
                "strategy: :one_for_one, auto_shutdown: :any_significant");
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    ENDS(sup, ":shutdown");
}

/* SUP-60 */
static void all_significant(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    sup = start(cop_list(significant("a", "transient"), significant("b", "temporary"),
                         probe_spec("c", "", "restart: :transient"),
                         probe_spec("d", "", "")), /* it runs all the time */
                "strategy: :one_for_one, auto_shutdown: :all_significant");
    cop_send(probe_pid(sup, COP(":a")), COP("{:stop, :normal}"));
    await_child(sup, COP(":a"), COP(":undefined"));
    cop_send(probe_pid(sup, COP(":c")), COP("{:stop, :normal}"));
    await_child(sup, COP(":c"), COP(":undefined"));
    cop_send(probe_pid(sup, COP(":b")), COP("{:stop, :normal}"));
    ENDS(sup, ":shutdown");
}

/* SUP-60: a significant child that is being restarted has not ended. */
static void all_but_the_restarting(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    sup = start(cop_list(probe_spec("a", "",
                                    "restart: :transient, significant: true,"
                                    " backoff: [min: 30000]"),
                         significant("b", "temporary")),
                "strategy: :one_for_one, auto_shutdown: :all_significant");
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    await_child(sup, COP(":a"), COP(":restarting"));
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill"));
    await_gone(sup, COP(":b"));
    cop_assert_equal(COP("%{specs: 1, active: 0, supervisors: 0, workers: 1}"),
                     cop_supervisor_count_children(to(sup)));
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
}

/* SUP-48, SUP-61 */
static void not_triggered(void)
{
    cop_pid sup, b;

    cop_trap_exit(true);
    sup = start(cop_list(probe_spec("a", "", ""), significant("b", "transient"),
                         significant("c", "temporary")),
                "strategy: :rest_for_one, auto_shutdown: :any_significant, max_restarts: 5");
    next_three_inits();
    cop_supervisor_terminate_child(to(sup), COP(":b"));
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":b")), "{:ok, _}");
    NEXT("{:b, :init, _}");
    cop_exit_process(probe_pid(sup, COP(":b")), COP(":kill")); /* restarts; c, temporary, goes */
    cop_assert_match(probe_next(), "{:b, :init, b}", b);
    cop_assert_match(cop_supervisor_which_children(to(sup)), "[{:b, ^b, _, _}, {:a, _, _, _}]", b);
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill")); /* stops and starts b */
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_assert_match(cop_supervisor_count_children(to(sup)), "%{active: 2}");
    NOTHING();
}

/* SUP-62 */
static void escalates(void)
{
    cop_term children = cop_list(significant("a", "transient"));
    cop_term spec = cop_build(
        "%{id: :inner, start: {Supervisor, :start_link, [children, [strategy: :one_for_one, "
        "auto_shutdown: :any_significant]]}, type: :supervisor, restart: :transient, "
        "significant: true}",
        children);
    cop_pid sup, a;

    cop_trap_exit(true);
    sup = start(cop_list(spec), "strategy: :one_for_one, auto_shutdown: :any_significant");
    cop_assert_match(probe_next(), "{:a, :init, a}", a);
    cop_send(a, COP("{:stop, :normal}"));
    ENDS(sup, ":shutdown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(restart_types),
        TEST(one_for_one),
        TEST(rest_for_one),
        TEST(one_for_all),
        TEST(siblings_of_a_group),
        TEST(ends_of_the_list),
        TEST(limit_of_restarts),
        TEST(what_counts),
        TEST(what_does_not_count),
        TEST(limit_of_a_child_supervisor),
        TEST(restart_is_retried),
        TEST(retries_reach_the_limit),
        TEST(stops_while_restarting),
        TEST(retries_are_ended),
        TEST(retries_of_nothing),
        TEST(restart_that_ignores),
        TEST(rest_for_one_fails),
        TEST(one_for_all_fails),
        TEST(group_waits_for_the_failing_one),
        TEST(any_significant),
        TEST(all_significant),
        TEST(all_but_the_restarting),
        TEST(not_triggered),
        TEST(escalates),
        TEST(the_insignificant),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
