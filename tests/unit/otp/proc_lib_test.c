/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib: the start that the starter waits for. */
#include "counting.h"
#include "support/process_test.h"

#include "coppice/proc_lib.h"
#include "coppice/sys.h"

static void assert_mailbox_empty(void)
{
    cop_assert_equal(COP("{:messages, []}"), cop_process_info(cop_self(), COP(":messages")));
}

/* What the child is told to do before, and whether, it says that it is ready. */
static cop_next child(cop_term order)
{
    cop_term a, b, msg;

    if (cop_match(order, "{:die, a}", a)) cop_exit(a);
    if (cop_match(order, "{:error, a}", a)) cop_error(a);
    if (cop_match(order, ":end")) return cop_end();
    if (cop_match(order, "{:signal, a}", a)) {
        cop_exit_process(cop_to_pid(a), COP(":hello"));
        order = COP(":hang");
    }
    if (cop_match(order, ":hang")) cop_receive(&msg, COP_INFINITY);
    if (cop_match(order, "{:fail, a, b}", a, b)) cop_init_fail(a, COP_CLASS_EXIT, b);
    if (cop_match(order, "{:fail_error, a, b}", a, b)) cop_init_fail(a, COP_CLASS_ERROR, b);
    cop_expect(order, "{:ok, a, b}", a, b);
    cop_register(b, cop_self());
    cop_init_ack(cop_tuple(a, cop_self()));
    cop_receive(&msg, COP_INFINITY);
    cop_exit(msg);
}

static cop_term start(cop_term order)
{
    return cop_proc_lib_start(child, order, NULL);
}

static cop_term start_link(cop_term order)
{
    return cop_proc_lib_start(child, order, &(struct cop_proc_lib_opts){.link = true});
}

/* PLB-06, PLB-07 */
PROCESS_TEST(ack_lets_both_go_on)
{
    cop_pid pid;
    cop_ref ref;

    cop_assert_match(start(COP("{:ok, :hello, ProcLib.A}")), "{:hello, pid}", pid);
    cop_assert_equal(pid, cop_whereis(COP("ProcLib.A")));
    cop_assert_equal(COP("{:links, []}"), cop_process_info(pid, COP(":links")));
    cop_assert_equal(COP("{:monitored_by, []}"), cop_process_info(pid, COP(":monitored_by")));
    ref = cop_monitor(pid);
    cop_send(pid, COP(":bye"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :bye}", ref);
    assert_mailbox_empty();
}

PROCESS_TEST(link_is_there_from_the_first_moment)
{
    cop_pid pid;

    cop_trap_exit(true);
    cop_assert_match(start_link(COP("{:ok, :hello, ProcLib.B}")), "{:hello, pid}", pid);
    cop_send(pid, COP(":bye"));
    cop_assert_receive("{:EXIT, ^pid, :bye}", pid);
    assert_mailbox_empty();
}

/* PLB-08, PLB-09: dead when start returns; a trapping starter finds no EXIT */
PROCESS_TEST(fail_leaves_nothing)
{
    cop_trap_exit(true);
    cop_assert_equal(COP(":no"), start(COP("{:fail, :no, :boom}")));
    cop_assert_equal(COP(":no"), start_link(COP("{:fail, :no, :boom}")));
    cop_assert_equal(COP(":no"), start_link(COP("{:fail, :no, :normal}")));
    cop_assert_equal(COP(":no"), start_link(COP("{:fail_error, :no, :badarg}")));
    assert_mailbox_empty();
    cop_assert_equal(COP("{:links, []}"), cop_process_info(cop_self(), COP(":links")));
    cop_assert_equal(COP("{:monitors, []}"), cop_process_info(cop_self(), COP(":monitors")));
}

/* PLB-10: the same for all variants; PLB-09: also an end with normal is noticed */
PROCESS_TEST(death_before_the_answer)
{
    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, :boom}"), start(COP("{:die, :boom}")));
    cop_assert_equal(COP("{:error, :boom}"), start_link(COP("{:die, :boom}")));
    cop_assert_match(start_link(COP("{:error, :boom}")), "{:error, {:boom, _}}");
    cop_assert_equal(COP("{:error, :normal}"), start_link(COP(":end")));
    cop_assert_equal(COP("{:error, :normal}"), start(COP(":end")));
    assert_mailbox_empty();
}

static cop_next starter(cop_term boot)
{
    cop_term to, order;

    cop_expect(boot, "{to, order}", to, order);
    cop_send(to, cop_tuple(COP(":answer"), start_link(order)));
    return cop_end();
}

/* PLB-11: a starter that does not trap dies of the link, except of normal */
PROCESS_TEST(starter_that_does_not_trap)
{
    cop_pid self = cop_self();
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};

    cop_spawn(starter, cop_build("{self, {:die, :boom}}", self), &opts);
    cop_assert_receive("{:DOWN, ^ref, _, _, :boom}", ref);
    cop_spawn(starter, cop_build("{self, {:fail, :no, {:shutdown, 1}}}", self), &opts);
    cop_assert_receive("{:DOWN, ^ref, _, _, {:shutdown, 1}}", ref);
    assert_mailbox_empty();
    cop_spawn(starter, cop_build("{self, :end}", self), &opts);
    cop_assert_receive("{:answer, {:error, :normal}}");
    cop_assert_receive("{:DOWN, ^ref, _, _, :normal}", ref);
    cop_spawn(starter, cop_build("{self, {:fail, :no, :normal}}", self), &opts);
    cop_assert_receive("{:answer, :no}");
}

/* PLB-12 */
PROCESS_TEST(time_runs_out)
{
    struct cop_proc_lib_opts opts = {.timeout_ms = 5};

    cop_assert_equal(COP("{:error, :timeout}"), cop_proc_lib_start(child, COP(":hang"), &opts));
    opts.link = true;
    cop_assert_equal(COP("{:error, :timeout}"), cop_proc_lib_start(child, COP(":hang"), &opts));
    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, :timeout}"), cop_proc_lib_start(child, COP(":hang"), &opts));
    assert_mailbox_empty();
    opts.timeout_ms = 50; /* an EXIT of the child's is there by then */
    cop_assert_equal(COP("{:error, :timeout}"),
                     cop_proc_lib_start(child, cop_tuple(COP(":signal"), cop_self()), &opts));
    assert_mailbox_empty();
}

/* PLB-13: the DOWN comes also when the start failed */
PROCESS_TEST(start_with_a_monitor)
{
    cop_ref ref;
    struct cop_proc_lib_opts opts = {.monitor = true, .ret_ref = &ref};
    cop_pid pid;

    cop_assert_match(cop_proc_lib_start(child, COP("{:ok, :hello, ProcLib.C}"), &opts),
                     "{:hello, pid}", pid);
    cop_send(pid, COP(":bye"));
    cop_assert_receive("{:DOWN, ^ref, :process, ^pid, :bye}", ref, pid);
    cop_assert_equal(COP(":no"), cop_proc_lib_start(child, COP("{:fail, :no, :boom}"), &opts));
    cop_assert_receive("{:DOWN, ^ref, :process, _, :boom}", ref);
    cop_assert_equal(COP(":no"), cop_proc_lib_start(child, COP("{:fail_error, :no, :x}"), &opts));
    cop_assert_receive("{:DOWN, ^ref, :process, _, {:x, []}}", ref); /* PLB-08 */
    opts.timeout_ms = 5;
    cop_assert_equal(COP("{:error, :timeout}"), cop_proc_lib_start(child, COP(":hang"), &opts));
    cop_assert_receive("{:DOWN, ^ref, :process, _, :killed}", ref);
    assert_mailbox_empty();
}

static cop_term start_with_options(void *options)
{
    return cop_apply(
        COP(":proc_lib"), COP(":start"),
        cop_list(COP("Map"), COP(":new"), cop_empty_list(), 5000, *(cop_term *)options));
}

/* PLB-14: a start has a monitor of its own. */
PROCESS_TEST(no_option_monitor)
{
    cop_term options = COP("[:monitor]");

    cop_assert_match(cop_assert_raises(start_with_options, &options),
                     "%{__struct__: ArgumentError}");
    options = COP("[:link]");
    cop_assert_equal(COP("{:error, :normal}"), start_with_options(&options));
    assert_mailbox_empty();
}

/* PLB-05, PLB-06: as the console calls them: a link, and no time to wait at all. */
PROCESS_TEST(from_the_console)
{
    cop_term pid;

    cop_trap_exit(true);
    pid = cop_apply(COP(":proc_lib"), COP(":spawn_link"), cop_list(COP("&Map.new/0")));
    cop_assert_receive_within(5000, "{:EXIT, ^pid, :normal}", pid);
    cop_assert_equal(COP("{:error, :timeout}"), cop_apply(COP(":proc_lib"), COP(":start"),
                                                          COP("[Process, :sleep, [60000], 0]")));
    assert_mailbox_empty();
}

static cop_next tell_dictionary(cop_term to)
{
    cop_init_ack(cop_ok());
    cop_send(to, cop_tuple(COP(":dictionary"), cop_dictionary(), cop_ancestors()));
    return cop_end();
}

/* PLB-02, PLB-03 */
PROCESS_TEST(what_the_child_knows)
{
    cop_pid self = cop_self();
    struct cop_proc_lib_opts opts = {.initial_call = COP("{Mod, :fun, 3}")};
    cop_term dictionary, ancestors;

    cop_proc_lib_start(tell_dictionary, cop_pid_term(self), &opts);
    cop_assert_receive("{:dictionary, dictionary, ancestors}", dictionary, ancestors);
    cop_assert_equal(cop_list(self), ancestors);
    cop_assert_equal(COP("{Mod, :fun, 3}"),
                     cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil()));
    cop_assert_equal(2, cop_list_len(dictionary));
    cop_register(COP("ProcLib.Starter"), self);
    cop_proc_lib_start(tell_dictionary, cop_pid_term(self), NULL);
    cop_assert_receive("{:dictionary, dictionary, ancestors}", dictionary, ancestors);
    cop_assert_equal(COP("[ProcLib.Starter]"), ancestors);
    cop_assert_equal(1, cop_list_len(dictionary));
}

/* --- Waiting at the top level ----------------------------------------------------------------- */

/* A process that waits at its top level does so from under the report of its crash. */
PROCESS_TEST(wakes_go_on)
{
    cop_pid self = cop_self(), pid;
    cop_ref ref;

    pid = cop_to_pid(cop_proc_lib_start(start_counting, COP("ProcLib.Counts"), NULL));
    ref = cop_monitor(pid);
    for (int i = 1; i <= 3; i++) {
        cop_send(pid, cop_pid_term(self));
        cop_assert_receive("{:count, ^i}", i);
    }
    cop_send(pid, COP("{:die, :boom}"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :boom}", ref);
}

/* --- spawn (PLB-01, 05) ----------------------------------------------------------------------- */

static cop_next tell_and_end(cop_term to)
{
    cop_send(to, cop_tuple(COP(":started"), cop_self(), cop_dictionary(),
                           cop_elem(cop_process_info(cop_self(), COP(":links")), 1)));
    cop_exit(COP(":boom"));
}

/* PLB-05: as the plain ones, PLB-01: with what proc_lib stores */
PROCESS_TEST(spawns)
{
    cop_pid self = cop_self(), pid;
    cop_ref ref;
    struct cop_proc_lib_opts opts = {.initial_call = COP("{Mod, :fun, 1}")};

    cop_trap_exit(true);
    pid = cop_proc_lib_spawn(tell_and_end, cop_pid_term(self), NULL);
    cop_assert_receive("{:started, ^pid, [{:\"$ancestors\", [^self]}], []}", pid, self);
    pid = cop_proc_lib_spawn(tell_and_end, cop_pid_term(self), &opts);
    cop_assert_receive("{:started, ^pid, [_, _], []}", pid);
    opts.link = true;
    pid = cop_proc_lib_spawn(tell_and_end, cop_pid_term(self), &opts);
    cop_assert_receive("{:started, ^pid, [_, _], [^self]}", pid, self);
    cop_assert_receive("{:EXIT, ^pid, :boom}", pid);
    opts = (struct cop_proc_lib_opts){.monitor = true, .ret_ref = &ref};
    pid = cop_proc_lib_spawn(tell_and_end, cop_pid_term(self), &opts);
    cop_assert_receive("{:started, ^pid, _, []}", pid);
    cop_assert_receive("{:DOWN, ^ref, :process, ^pid, :boom}", ref, pid);
    assert_mailbox_empty();
}

static cop_next ack_nobody(cop_term to)
{
    cop_erase(COP(":\"$ancestors\""));
    (void)to;
    cop_init_ack(cop_ok());
    return cop_end();
}

/* PLB-07: the answer goes to the first ancestor, and without one it is an error */
PROCESS_TEST(ack_without_a_starter)
{
    cop_assert_match(cop_proc_lib_start(ack_nobody, cop_nil(), NULL),
                     "{:error, {{:badmatch, :undefined}, _}}");
}

static cop_next takes_two(cop_term arg)
{
    cop_term msg;

    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    cop_receive(&msg, COP_INFINITY);
    cop_exit(msg);
}

/* PLB-03, PLB-04 */
PROCESS_TEST(initial_calls)
{
    struct cop_proc_lib_opts opts = {.initial_call = COP("{Mod, :neighbour, 4}")};
    cop_pid plain, pid = cop_to_pid(cop_proc_lib_start(start_counting, COP("ProcLib.C4"), &opts));

    cop_assert_equal(COP("{Mod, :neighbour, 4}"), cop_translate_initial_call(pid));
    cop_assert_equal(
        COP("{Mod, :neighbour, [:Argument__1, :Argument__2, :Argument__3, :Argument__4]}"),
        cop_initial_call(pid));
    plain = cop_spawn(child, COP(":hang"), NULL);
    cop_assert_equal(COP("{:proc_lib, :init_p, 5}"), cop_translate_initial_call(plain));
    cop_assert_equal(cop_false(), cop_initial_call(plain));
    cop_exit_process(plain, COP(":kill"));
    while (cop_is_alive(plain))
        cop_yield();
    cop_assert_equal(COP("{:proc_lib, :init_p, 5}"), cop_translate_initial_call(plain));
}

/* --- stop (PLB-18) ---------------------------------------------------------------------------- */

struct stop {
    cop_term server;
    cop_term reason;
    int64_t timeout_ms;
};

static cop_term stop(void *arg)
{
    const struct stop *s = arg;

    return cop_proc_lib_stop(s->server, s->reason, s->timeout_ms);
}

static cop_term stop_exits(cop_term server, cop_term reason, int64_t timeout_ms)
{
    return cop_assert_exits(stop, (&(struct stop){server, reason, timeout_ms}));
}

/* A process that answers system messages; its terminate ends it with what it is told first. */
static cop_term terminate_with;
static void stopped(void *state, cop_term reason)
{
    (void)state;
    if (!cop_is_none(terminate_with)) cop_exit(terminate_with);
    (void)reason;
}
static const struct cop_sys_hooks hooks = {.size = sizeof(struct cop_sys_hooks),
                                           .terminate = stopped};

static cop_next special_wake(void *sys)
{
    cop_term msg;

    cop_sys_receive(sys, &msg, 0);
    return cop_hibernate(special_wake, sys);
}

static cop_next special(cop_term name)
{
    cop_register(name, cop_self());
    cop_init_ack(cop_pid_term(cop_self()));
    return cop_hibernate(special_wake, cop_sys_new(&hooks, NULL, cop_no_pid()));
}

static cop_term start_special(void)
{
    return cop_proc_lib_start(special, COP("ProcLib.Special"), NULL);
}

/* PLB-18 */
PROCESS_TEST(stop_waits_for_the_end)
{
    cop_term pid = start_special();

    terminate_with = cop_none();
    cop_assert_equal(cop_ok(), cop_proc_lib_stop(pid, COP(":normal"), COP_INFINITY));
    cop_assert(!cop_is_alive(cop_to_pid(pid)));
    pid = start_special();
    cop_assert_equal(cop_ok(), cop_proc_lib_stop(COP("ProcLib.Special"), COP("{:a, 1}"), 5000));
    cop_assert(!cop_is_alive(cop_to_pid(pid)));
    pid = start_special();
    cop_assert_equal(cop_ok(),
                     cop_proc_lib_stop(COP("{ProcLib.Special, :nonode@nohost}"), COP(":x"), 5000));
    cop_assert(!cop_is_alive(cop_to_pid(pid)));
    assert_mailbox_empty();
}

/* PLB-18: failures */
PROCESS_TEST(stop_fails)
{
    cop_term pid = start_special(), self = cop_pid_term(cop_self());
    cop_ref ref;

    terminate_with = COP(":other");
    cop_assert_equal(COP(":other"), stop_exits(pid, COP(":normal"), COP_INFINITY));
    terminate_with = cop_none();
    cop_assert_equal(COP(":noproc"), stop_exits(pid, COP(":normal"), COP_INFINITY));
    cop_assert_equal(COP(":noproc"), stop_exits(COP("ProcLib.Special"), COP(":normal"), 5));
    cop_assert_equal(COP(":noproc"), stop_exits(COP("{:global, :x}"), COP(":normal"), 5));
    cop_assert_equal(
        COP("{{:nodedown, :a@b}, {:sys, :terminate, [{:x, :a@b}, :normal, :infinity]}}"),
        stop_exits(COP("{:x, :a@b}"), COP(":normal"), COP_INFINITY));
    cop_assert_equal(cop_build("{:calling_self, {:sys, :terminate, [self, :normal, 7]}}", self),
                     stop_exits(self, COP(":normal"), 7));
    /* a plain process does not understand; the request stays with it */
    pid = cop_pid_term(cop_spawn(takes_two, cop_nil(), NULL));
    cop_assert_equal(COP(":timeout"), stop_exits(pid, COP(":normal"), 1));
    ref = cop_monitor(pid);
    cop_send(pid, COP(":second"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :second}", ref);
    assert_mailbox_empty();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ack_lets_both_go_on),
        cmocka_unit_test(link_is_there_from_the_first_moment),
        cmocka_unit_test(fail_leaves_nothing),
        cmocka_unit_test(death_before_the_answer),
        cmocka_unit_test(starter_that_does_not_trap),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(start_with_a_monitor),
        cmocka_unit_test(no_option_monitor),
        cmocka_unit_test(from_the_console),
        cmocka_unit_test(what_the_child_knows),
        cmocka_unit_test(wakes_go_on),
        cmocka_unit_test(spawns),
        cmocka_unit_test(ack_without_a_starter),
        cmocka_unit_test(initial_calls),
        cmocka_unit_test(stop_waits_for_the_end),
        cmocka_unit_test(stop_fails),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
