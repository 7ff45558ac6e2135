/* SPDX-License-Identifier: Apache-2.0 */
/* Names below a supervisor that was killed. Its children die of the links while its own supervisor
 * starts it anew; what they are called is free by then, as on an OTP node, where whoever the death
 * woke has run when the restart comes. One scheduler, whose seat is never taken away, so that
 * nothing here is luck. */
#include "probe.h"

#include "support/seats.h"

/* A supervisor `inner` that runs children, below one that allows one restart. */
static cop_pid start_outer(cop_term children, cop_term overrides)
{
    cop_pid pid;
    cop_term inner = cop_build("%{id: :inner, type: :supervisor, start: {Supervisor, :start_link,"
                               " [children, [strategy: :one_for_one]]}}",
                               children);

    cop_expect(cop_supervisor_start_link(cop_list(cop_supervisor_child_spec(inner, overrides)),
                                         COP("[strategy: :one_for_one, max_restarts: 1]")),
               "{:ok, pid}", pid);
    return pid;
}

/* SUP-55, SUP-56, NAM-05: one restart is enough. */
static void a_killed_supervisors_names_are_free(void)
{
    cop_term held = probe_spec("held", "name: :held, trap_exit: true", "");
    cop_term dynamic = COP("{DynamicSupervisor, name: :dynamic, strategy: :one_for_one}");
    cop_pid outer = start_outer(cop_list(held, dynamic), COP("[]"));

    NEXT("{:held, :init, _}");
    cop_exit_process(probe_pid(outer, COP(":inner")), COP(":kill"));
    NEXT("{:held, :terminate, :killed}");
    NEXT("{:held, :init, _}");
    cop_assert(!cop_is_no_pid(cop_whereis(COP(":dynamic"))));
    cop_assert(cop_is_pid(probe_child(outer, COP(":inner"))));
    NOTHING();
}

/* The same below a dynamic supervisor. */
static void nor_below_a_dynamic_one(void)
{
    cop_term held = probe_spec("held", "name: :held, trap_exit: true", "");
    cop_term spec = cop_build("%{id: :inner, type: :supervisor, start: {Supervisor, :start_link,"
                              " [[held], [strategy: :one_for_one]]}}",
                              held);
    cop_pid outer, inner;

    cop_expect(cop_dynamic_supervisor_start_link(COP("[max_restarts: 1]")), "{:ok, outer}", outer);
    cop_expect(cop_dynamic_supervisor_start_child(cop_pid_term(outer), spec), "{:ok, inner}",
               inner);
    NEXT("{:held, :init, _}");
    cop_exit_process(inner, COP(":kill"));
    NEXT("{:held, :terminate, :killed}");
    NEXT("{:held, :init, _}");
    cop_assert_match(cop_dynamic_supervisor_count_children(cop_pid_term(outer)), "%{active: 1}");
    NOTHING();
}

/* SUP-45: and where the group of a dead sibling ends with brutal_kill. */
static void nor_below_one_that_is_killed_with_its_group(void)
{
    cop_term held = probe_spec("held", "name: :held, trap_exit: true", "");
    cop_term other = probe_spec("other", "", "");
    cop_term inner = cop_build("%{id: :inner, type: :supervisor, shutdown: :brutal_kill, start:"
                               " {Supervisor, :start_link, [[held], [strategy: :one_for_one]]}}",
                               held);
    cop_pid outer;

    cop_expect(cop_supervisor_start_link(cop_list(inner, other),
                                         COP("[strategy: :one_for_all, max_restarts: 1]")),
               "{:ok, outer}", outer);
    NEXT("{:held, :init, _}");
    NEXT("{:other, :init, _}");
    cop_exit_process(probe_pid(outer, COP(":other")), COP(":kill"));
    NEXT("{:held, :terminate, :killed}");
    NEXT("{:held, :init, _}");
    NEXT("{:other, :init, _}");
    NOTHING();
}

static int start_node(void **state)
{
    struct cop_node_opts opts = {.schedulers = 1};

    (void)state;
    keep_seats();
    return probe_node_start_with(&opts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_killed_supervisors_names_are_free),
        TEST(nor_below_a_dynamic_one),
        TEST(nor_below_one_that_is_killed_with_its_group),
    };

    return cmocka_run_group_tests_name("supervisor_names", tests, start_node, probe_node_stop);
}
