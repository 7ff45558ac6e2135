/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets the limit of a mailbox (docs/adr/0010): by spawn_opt, and by the specification of a
 * child. What it does then is in tests/unit/runtime/mailbox_limit_test.c. */
#include "probe.h"

#define LIMIT_5   "[max: 5, policy: :kill]"
#define INFO_5    COP("[max: 5, policy: :kill, dropped: 0]")
#define INFO_NONE COP("[]")
#define FOR_ANY   "strategy: :one_for_one, max_restarts: 100"

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

static void check_limit(cop_pid pid, cop_term expected)
{
    cop_assert_equal(cop_tuple(COP(":mailbox"), expected), cop_process_info(pid, COP(":mailbox")));
}

static cop_pid pid_of(cop_term answer)
{
    cop_pid pid;

    cop_expect(answer, "{:ok, pid}", pid);
    return pid;
}

/* --- By spawn_opt ----------------------------------------------------------------------------- */

static cop_term apply(const char *module, const char *function, cop_term args)
{
    return cop_apply(cop_atom(module), cop_atom(function), args);
}

/* Behaviours hand it on to their processes. */
static void spawn_opt(void)
{
    cop_term option = COP("[spawn_opt: [mailbox: " LIMIT_5 "]]");
    cop_pid pid = pid_of(cop_agent_start_link(COP("&List.duplicate(1, 2)"), option));

    check_limit(pid, INFO_5);
    check_limit(pid_of(cop_agent_start_link(COP("&Process.list/0"), COP("[]"))), INFO_NONE);
    pid = pid_of(cop_supervisor_start_link(
        COP("[]"), COP("[strategy: :one_for_one, spawn_opt: [mailbox: " LIMIT_5 "]]")));
    check_limit(pid, INFO_5);
    check_limit(pid_of(cop_dynamic_supervisor_start_link(option)), INFO_5);
    check_limit(pid_of(cop_task_supervisor_start_link(option)), INFO_5);
}

static void spawn_opt_of_proc_lib(void)
{
    cop_pid pid = cop_to_pid(
        apply("proc_lib", "spawn_opt",
              cop_list(COP("&Process.sleep(:infinity)"), COP("[:link, mailbox: " LIMIT_5 "]"))));

    check_limit(pid, INFO_5);
}

static cop_term start_agent(void *arg)
{
    cop_term mailbox = *(cop_term *)arg;

    return cop_agent_start(COP("&Process.list/0"),
                           cop_build("[spawn_opt: [mailbox: mailbox]]", mailbox));
}

static cop_term spawn_plain(void *arg)
{
    cop_term mailbox = *(cop_term *)arg;

    return apply("proc_lib", "spawn_opt",
                 cop_list(COP("&Process.list/0"), cop_build("[mailbox: mailbox]", mailbox)));
}

static void wrong_spawn_opt(void)
{
    static const char *const words = "the option :mailbox must be [max: messages, policy: "
                                     ":drop_new | :drop_old | :exit_sender | :kill], got: ";
    cop_term wrong = COP("[max: 0]"), message;
    cop_term expected = cop_format("%s[max: 0]", words);

    cop_expect(cop_assert_raises(start_agent, &wrong),
               "%{__struct__: ArgumentError, message: message}", message);
    cop_assert_equal(expected, message);
    cop_expect(cop_assert_raises(spawn_plain, &wrong),
               "%{__struct__: ArgumentError, message: message}", message);
    cop_assert_equal(expected, message);
}

/* --- By a specification ----------------------------------------------------------------------- */

static cop_pid start(cop_term specs)
{
    return pid_of(cop_supervisor_start_link(specs, COP("[" FOR_ANY "]")));
}

static void kept_by_restarts(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "mailbox: " LIMIT_5),
                                 probe_spec("b", "", "mailbox: nil"), probe_spec("c", "", "")));
    cop_term spec;

    for (int i = 0; i < 3; i++) {
        check_limit(probe_pid(sup, COP(":a")), INFO_5);
        check_limit(probe_pid(sup, COP(":b")), INFO_NONE);
        check_limit(probe_pid(sup, COP(":c")), INFO_NONE);
        probe_exit(probe_pid(sup, COP(":a")), COP(":kill"));
        probe_exit(probe_pid(sup, COP(":b")), COP(":kill"));
    }
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    check_limit(pid_of(cop_supervisor_restart_child(to(sup), COP(":a"))), INFO_5);
    cop_expect(cop_supervisor_get_childspec(to(sup), COP(":a")), "{:ok, spec}", spec);
    cop_assert_equal(COP(LIMIT_5), cop_map_get(spec, COP(":mailbox"), cop_nil()));
    cop_expect(cop_supervisor_get_childspec(to(sup), COP(":b")), "{:ok, spec}", spec);
    cop_assert(cop_is_none(cop_map_get(spec, COP(":mailbox"), cop_none())));
}

static void wrong_specifications(void)
{
    cop_term spec = probe_spec("a", "", "mailbox: [max: 1, policy: :no]");
    cop_term reason = COP("{:invalid_mailbox, [max: 1, policy: :no]}");
    cop_term error = cop_tuple(COP(":error"), reason);

    cop_trap_exit(true);
    cop_assert_equal(cop_tuple(COP(":error"), cop_tuple(COP(":start_spec"), reason)),
                     cop_supervisor_start_link(cop_list(spec), COP("[" FOR_ANY "]")));
    cop_assert_equal(error, cop_supervisor_check_childspecs(cop_list(spec), COP(":undefined")));
    cop_assert_equal(error, cop_dynamic_supervisor_start_child(COP(":nobody"), spec));
}

/* Of a specification and spawn_opt the former counts; of several processes that the start function
 * starts, the first is the child. */
static void the_first_process(void)
{
    cop_term inner = COP("[%{id: :in, start: {Agent, :start_link, [&Process.list/0]}}]");
    cop_term spec = cop_build("%{id: :sup, type: :supervisor, mailbox: [max: 5, policy: :kill],"
                              " start: {Supervisor, :start_link, [inner,"
                              " [strategy: :one_for_one, spawn_opt: [mailbox: [max: 9]]]]}}",
                              inner);
    cop_pid sup = start(cop_list(spec)), middle = probe_pid(sup, COP(":sup"));

    check_limit(middle, INFO_5);
    check_limit(probe_pid(middle, COP(":in")), INFO_NONE);
}

/* Starts an agent that is not the child, then the child. */
static cop_term start_two(cop_term arg)
{
    cop_term first, second;

    (void)arg;
    cop_expect(cop_agent_start_link(COP("&Process.list/0"), COP("[]")), "{:ok, first}", first);
    cop_expect(cop_agent_start_link(COP("&Process.list/0"), COP("[]")), "{:ok, second}", second);
    return cop_build("{:ok, second, first}", second, first);
}

static const struct cop_function two_functions[] = {
    COP_EXPORT("start_two(arg)", start_two, "Two agents."), COP_EXPORT_END};
static const struct cop_module two_module = {
    .size = sizeof(struct cop_module), .name = "MailboxTest.Two", .functions = two_functions};

/* The limit is for one process: the second that a start function starts has its own, or none. */
static void the_second_process(void)
{
    cop_pid sup = start(cop_empty_list()), first, second;

    cop_module_register(&two_module);
    cop_expect(
        cop_supervisor_start_child(to(sup), COP("%{id: :two, mailbox: " LIMIT_5
                                                ", start: {MailboxTest.Two, :start_two, [1]}}")),
        "{:ok, second, first}", second, first);
    check_limit(first, INFO_5);
    check_limit(second, INFO_NONE);
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":two")));
}

/* A start that starts nothing leaves nothing for the next. */
static void taken_back(void)
{
    cop_pid sup = start(cop_empty_list());

    cop_assert_match(cop_supervisor_start_child(
                         to(sup), COP("%{id: :x, mailbox: [max: 5], start: {Process, :list, []}}")),
                     "{:error, _}");
    probe_plan("r", "r");
    cop_assert_match(cop_supervisor_start_child(to(sup), probe_spec("r", "", "mailbox: [max: 5]")),
                     "{:error, _}");
    check_limit(pid_of(cop_supervisor_start_child(to(sup), probe_spec("a", "", ""))), INFO_NONE);
}

static void tasks(void)
{
    cop_pid sup = start(cop_list(cop_supervisor_child_spec(COP("{Task, &Process.sleep(:infinity)}"),
                                                           COP("[mailbox: " LIMIT_5 "]"))));

    check_limit(probe_pid(sup, COP("Task")), INFO_5);
}

static void dynamic_supervisor(void)
{
    cop_pid sup = pid_of(cop_dynamic_supervisor_start_link(COP("[max_restarts: 100]"))), pid;
    cop_term with = probe_spec("a", "", "mailbox: " LIMIT_5);
    cop_term both = probe_spec("b", "", "backoff: [min: 7], mailbox: " LIMIT_5);

    check_limit(pid_of(cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "", ""))),
                INFO_NONE);
    NEXT("{:c, :init, _}");
    pid = pid_of(cop_dynamic_supervisor_start_child(to(sup), both));
    NEXT("{:b, :init, _}");
    check_limit(pid, INFO_5);
    probe_exit(pid, COP(":kill"));
    cop_assert_match(cop_dynamic_supervisor_next_starts(to(sup)), "[{^pid, 7}]", pid);
    cop_assert_receive("{:b, :init, pid}", pid);
    check_limit(pid, INFO_5);
    pid = pid_of(cop_dynamic_supervisor_start_child(to(sup), with));
    NEXT("{:a, :init, _}");
    check_limit(pid, INFO_5);
    probe_exit(pid, COP(":kill"));
    cop_assert_receive("{:a, :init, pid}", pid);
    check_limit(pid, INFO_5);
}

/* What no client of ours sends. */
static void wrong_request(void)
{
    cop_pid sup = pid_of(cop_dynamic_supervisor_start_link(COP("[]")));
    cop_term child = COP("{{Process, :list, []}, :temporary, 5000, :worker, []}");
    cop_term request = cop_tuple(COP(":start_child"), cop_tuple(child, 7));

    cop_assert_equal(COP("{:error, {:invalid_child_spec, 7}}"),
                     cop_gen_server_call(to(sup), request, 5000));
}

static void simple_one_for_one(void)
{
    cop_pid self = cop_self(), pid;
    cop_term spec = cop_build("%{id: :w, start: {Probe, :start_link, [[to: self]]},"
                              " mailbox: [max: 5, policy: :kill]}",
                              self);
    cop_pid sup = pid_of(cop_supervisor_start_link(
        cop_list(spec), COP("[strategy: :simple_one_for_one, max_restarts: 100]")));

    pid = pid_of(cop_supervisor_start_child(to(sup), COP("[[id: :a]]")));
    NEXT("{:a, :init, _}");
    check_limit(pid, INFO_5);
    probe_exit(pid, COP(":kill"));
    cop_assert_receive("{:a, :init, pid}", pid);
    check_limit(pid, INFO_5);
}

/* A supervisor with a limit does not lose what it tells itself. */
static void supervisors_keep_their_word(void)
{
    cop_term spec = probe_spec("a", "", "backoff: [min: 50]"), event;
    cop_pid sup = pid_of(cop_supervisor_start_link(
        cop_list(spec), COP("[strategy: :one_for_one, spawn_opt: [mailbox: [max: 2]]]")));

    NEXT("{:a, :init, _}");
    probe_exit(probe_pid(sup, COP(":a")), COP(":kill"));
    cop_assert_match(cop_supervisor_next_starts(to(sup)), "[a: 50]");
    cop_assert(cop_suspend_process(sup));
    cop_send(sup, COP(":noise"));
    cop_send(sup, COP(":noise"));
    cop_sleep(100);
    cop_send(sup, COP(":noise"));
    cop_assert(cop_resume_process(sup));
    cop_assert_receive("{:a, :init, _}");
    cop_expect(cop_process_info(sup, COP(":mailbox")), "{:mailbox, event}", event);
    cop_assert_equal(COP("[max: 2, policy: :drop_new, dropped: 1]"), event);
}

/* --- From the console ------------------------------------------------------------------------- */

/* The functions of Process. */
static void subscribing(void)
{
    cop_pid pid = pid_of(cop_agent_start_link(
        COP("&Process.list/0"), COP("[spawn_opt: [mailbox: [max: 1, policy: :drop_old]]]")));

    cop_assert_equal(cop_false(), apply("Elixir.Process", "unsubscribe_mailboxes", COP("[]")));
    cop_assert_equal(cop_ok(), apply("Elixir.Process", "subscribe_mailboxes", COP("[]")));
    cop_assert(cop_suspend_process(pid));
    cop_send(pid, COP(":x"));
    cop_assert(cop_resume_process(pid));
    cop_assert_receive("{:mailbox, :high, ^pid, 1, 0}", pid);
    cop_assert_receive("{:mailbox, :low, ^pid, 0, 0}", pid);
    cop_assert_equal(cop_true(), apply("Elixir.Process", "unsubscribe_mailboxes", COP("[]")));
}

static int start_seeded(void **state)
{
    (void)state;
    return probe_node_start_with(&(struct cop_node_opts){.seed = 7});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spawn_opt),
        TEST(spawn_opt_of_proc_lib),
        TEST(wrong_spawn_opt),
        TEST(kept_by_restarts),
        TEST(wrong_specifications),
        TEST(the_first_process),
        TEST(the_second_process),
        TEST(taken_back),
        TEST(tasks),
        TEST(dynamic_supervisor),
        TEST(wrong_request),
        TEST(simple_one_for_one),
        TEST(supervisors_keep_their_word),
        TEST(subscribing),
    };

    return cmocka_run_group_tests(tests, start_seeded, probe_node_stop);
}
