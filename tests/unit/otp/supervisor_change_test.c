/* SPDX-License-Identifier: Apache-2.0 */
/* Change of code: supervisors ask their init again. Children are probes (probe.h). */
#include "coppice/sys.h"

#include "probe.h"

#include <stdio.h>

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

/* What the next init returns, in Elixir syntax. Strings, since inits run in other processes. */
static char next_init[512];

static cop_term init_as_told(cop_term arg)
{
    struct cop_parse_error error;
    cop_term t;

    (void)arg;
    cop_assert(cop_parse(cop_to_bytes(cop_string(next_init)), &t, &error));
    return t;
}

static const struct cop_module told = {.size = sizeof(struct cop_module),
                                       .name = "Changing.Supervisor",
                                       .supervisor_init = init_as_told,
                                       .child_spec = ""};

#define CHILD(id, more) "%{id: :" id ", start: {Probe, :start_link, [[id: :" id "]]}" more "}"

static void tell(const char *value)
{
    snprintf(next_init, sizeof next_init, "%s", value);
}

static cop_term change(cop_pid sup, const char *value)
{
    cop_term answer;

    tell(value);
    cop_assert_equal(cop_ok(), cop_sys_suspend(to(sup), COP_INFINITY));
    answer = cop_sys_change_code(to(sup), COP("Changing.Supervisor"), COP(":undefined"), cop_nil(),
                                 COP_INFINITY);
    cop_assert_equal(cop_ok(), cop_sys_resume(to(sup), COP_INFINITY));
    return answer;
}

static cop_pid start(const char *value)
{
    cop_pid sup;

    tell(value);
    cop_expect(cop_supervisor_start_link_module(&told, cop_nil(), COP("[]")), "{:ok, sup}", sup);
    return sup;
}

/* SUP-66: flags are replaced; known children keep their processes and get the new specification;
 * new ones are there but stopped; those that are not listed stay. */
static void flags_and_children(void)
{
    cop_pid sup = start("{:ok, {%{}, [" CHILD("a", "") ", " CHILD("b", "") "]}}");
    cop_pid a = probe_pid(sup, COP(":a")), b = probe_pid(sup, COP(":b"));

    cop_assert_equal(
        cop_ok(), change(sup, "{:ok, {%{strategy: :one_for_all, intensity: 7, period: 9},"
                              " [" CHILD("c", "") ", " CHILD("a", ", shutdown: 77,"
                                                                  " restart: :transient") "]}}"));
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:b, ^b, _, _}, {:a, ^a, _, _}, {:c, :undefined, :worker, [Probe]}]", a, b);
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")),
                     "{:ok, %{shutdown: 77, restart: :transient}}");
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{strategy: :one_for_all, intensity: 7, period: 9}");
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":c")), "{:ok, _}");
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":c")));
    /* A temporary child that runs has no arguments (SUP-64); auto_shutdown is a flag as the others.
     */
    cop_assert_equal(
        cop_ok(), change(sup, "{:ok, {%{auto_shutdown: :any_significant},"
                              " [" CHILD("a", ", restart: :temporary, significant: true") "]}}"));
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")),
                     "{:ok, %{start: {Probe, :start_link, :undefined}, significant: true}}");
    /* Neither does one go that is not listed and does not run. */
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:b, ^b, _, _}, {:c, :undefined, _, _}, {:a, ^a, _, _}]", a, b);
    cop_assert_match(
        cop_supervisor_start_child(to(sup), cop_map_put(probe_spec("d", "", "restart: :transient"),
                                                        COP(":significant"), cop_true())),
        "{:ok, _}");
}

/* SUP-66: what OTP's specifications do not have is replaced like the rest, and holds from the next
 * start on. */
static void limits_and_delays(void)
{
    cop_pid sup = start("{:ok, {%{}, [" CHILD("a", "") "]}}");

    cop_assert_equal(cop_ok(),
                     change(sup, "{:ok, {%{}, [" CHILD("a", ", mailbox: [max: 5, policy: :kill],"
                                                            " backoff: [min: 20, max: 70]") "]}}"));
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")),
                     "{:ok, %{mailbox: [max: 5, policy: :kill],"
                     " backoff: [{:min, 20}, {:max, 70} | _]}}");
    cop_assert_equal(COP("{:mailbox, []}"),
                     cop_process_info(probe_pid(sup, COP(":a")), COP(":mailbox")));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _}");
    cop_assert_equal(COP("{:mailbox, [max: 5, policy: :kill, dropped: 0]}"),
                     cop_process_info(probe_pid(sup, COP(":a")), COP(":mailbox")));
}

/* SUP-66: :ignore changes nothing, and neither does an error. */
static void nothing_changes(void)
{
    cop_pid sup = start("{:ok, {%{intensity: 5}, [" CHILD("a", "") "]}}");
    cop_term state = cop_sys_get_state(to(sup), COP_INFINITY);

    cop_assert_equal(cop_ok(), change(sup, ":ignore"));
    cop_assert_equal(COP("{:error, :x}"), change(sup, ":x"));
    cop_assert_equal(COP("{:error, {:error, {:bad_flags, 7}}}"), change(sup, "{:ok, {7, []}}"));
    cop_assert_equal(COP("{:error, {:error, {:invalid_intensity, -1}}}"),
                     change(sup, "{:ok, {%{intensity: -1}, []}}"));
    cop_assert_equal(COP("{:error, {:error, :missing_start}}"),
                     change(sup, "{:ok, {%{intensity: 9}, [" CHILD("b", "") ", %{id: 1}]}}"));
    cop_assert_match(change(sup, "{:ok, {%{strategy: :simple_one_for_one}, [" CHILD("b", "") "]}}"),
                     "{:error, {:error, {:bad_flags, _}}}");
    cop_assert_equal(state, cop_sys_get_state(to(sup), COP_INFINITY));
}

/* SUP-66: one specification remains one, and holds for later starts. */
static void simple_one_for_one(void)
{
    cop_pid sup = start("{:ok, {%{strategy: :simple_one_for_one}, [" CHILD("a", "") "]}}");
    cop_pid a;

    cop_expect(cop_supervisor_start_child(to(sup), COP("[]")), "{:ok, a}", a);
    cop_assert_equal(COP("{:error, {:error, {:bad_start_spec, []}}}"),
                     change(sup, "{:ok, {%{strategy: :simple_one_for_one}, []}}"));
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")), "{:ok, %{shutdown: 5000}}");
    cop_assert_equal(cop_ok(), change(sup, "{:ok, {%{strategy: :simple_one_for_one}, [" CHILD(
                                               "a", ", shutdown: 3") "]}}"));
    cop_assert_match(cop_supervisor_get_childspec(to(sup), COP(":a")), "{:ok, %{shutdown: 3}}");
    cop_assert_match(cop_supervisor_which_children(to(sup)), "[{:undefined, ^a, _, _}]", a);
}

/* SUP-36, SUP-66: the restarts so far count under the new limit. */
static void restarts_are_remembered(void)
{
    cop_pid sup, first;

    cop_trap_exit(true);
    sup = start("{:ok, {%{intensity: 5, period: 1000}, [" CHILD("a", "") "]}}");
    first = probe_pid(sup, COP(":a"));
    probe_exit(first, COP(":kill"));
    while (!cop_is_pid(probe_child(sup, COP(":a"))) ||
           cop_pid_equal(probe_pid(sup, COP(":a")), first))
        cop_yield();
    cop_assert_equal(cop_ok(),
                     change(sup, "{:ok, {%{intensity: 1, period: 1000}, [" CHILD("a", "") "]}}"));
    cop_exit_process(probe_pid(sup, COP(":a")), COP(":kill"));
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :shutdown}", sup);
}

/* DYN-24 */
static void dynamic_supervisor(void)
{
    cop_pid sup, a;

    tell("{:ok, %{max_children: 5, extra_arguments: [[]]}}");
    cop_expect(cop_dynamic_supervisor_start_link_module(&told, cop_nil(), COP("[]")), "{:ok, sup}",
               sup);
    cop_expect(cop_dynamic_supervisor_start_child(to(sup), probe_spec("a", "", "")), "{:ok, a}", a);
    cop_assert_equal(cop_ok(), change(sup, ":ignore"));
    cop_assert_equal(COP("{:error, :x}"), change(sup, ":x"));
    cop_assert_equal(COP("{:error, {:error, {:supervisor_data, {:invalid_max_children, :x}}}}"),
                     change(sup, "{:ok, %{intensity: 4, max_children: :x, extra_arguments: [1]}}"));
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{max_restarts: 1, max_seconds: 5, max_children: 5, extra_arguments: [[]]}");
    cop_assert_equal(cop_ok(), change(sup, "{:ok, %{intensity: 9, period: 8, max_children: 1}}"));
    cop_assert_match(cop_sys_get_state(to(sup), COP_INFINITY),
                     "%{max_restarts: 9, max_seconds: 8, max_children: 1, extra_arguments: []}");
    cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)), "[{:undefined, ^a, _, _}]", a);
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_dynamic_supervisor_start_child(to(sup), probe_spec("b", "", "")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flags_and_children), TEST(limits_and_delays),       TEST(nothing_changes),
        TEST(simple_one_for_one), TEST(restarts_are_remembered), TEST(dynamic_supervisor),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
