/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a GenServer: names, what init returns, and that a failed start leaves nothing. */
#include "support/process_test.h"

#include "gen_probe.h"

#include "coppice/sys.h"

static cop_term start(const char *options, bool link)
{
    cop_term opts;
    struct cop_parse_error error;

    cop_assert(cop_parse((cop_bytes){options, strlen(options)}, &opts, &error));
    opts = probe_opts(opts);
    return link ? cop_gen_server_start_link(&probe_module, opts, cop_empty_list())
                : cop_gen_server_start(&probe_module, opts, cop_empty_list());
}

/* Nothing but what the test takes out is in the mailbox. */
static void assert_mailbox_empty(void)
{
    cop_assert_equal(COP("{:messages, []}"), cop_process_info(cop_self(), COP(":messages")));
}

static void assert_nothing_left(void)
{
    cop_assert_receive("{:init, _}");
    assert_mailbox_empty();
}

/* GEN-01, GEN-06 */
PROCESS_TEST(start_returns_ok_and_pid)
{
    cop_pid pid = probe_start(cop_empty_list());

    cop_assert(cop_is_alive(pid));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), COP_CALL_TIMEOUT));
    cop_assert_equal(COP("{:links, []}"), cop_process_info(pid, COP(":links")));
}

/* GEN-01 */
PROCESS_TEST(start_link_links)
{
    cop_pid self = cop_self(), pid = probe_start_link(cop_empty_list());

    cop_assert_equal(cop_build("{:links, [self]}", self), cop_process_info(pid, COP(":links")));
}

/* GEN-01: {:ok, {pid, ref}}, and of a failed start no DOWN is left */
PROCESS_TEST(start_monitor)
{
    cop_pid pid;
    cop_ref ref;

    cop_assert_match(
        cop_gen_server_start_monitor(&probe_module, probe_opts(COP("[]")), cop_empty_list()),
        "{:ok, {pid, ref}}", pid, ref);
    cop_gen_server_stop(cop_pid_term(pid), COP(":bye"), COP_INFINITY);
    cop_assert_receive("{:DOWN, ^ref, :process, ^pid, :bye}", ref, pid);
    cop_assert_receive("{:terminate, :bye}");
    cop_assert_receive("{:init, _}");
    cop_assert_match(cop_gen_server_start_monitor(
                         &probe_module, probe_opts(COP("[init: {:stop, :no}]")), cop_empty_list()),
                     "{:error, :no}");
    assert_nothing_left();
}

static cop_term start_named(cop_term name)
{
    return cop_gen_server_start(&probe_module, probe_opts(cop_empty_list()),
                                cop_list(cop_tuple(COP(":name"), name)));
}

/* GEN-02, GEN-03, GEN-14 */
PROCESS_TEST(name_is_registered_once)
{
    cop_pid pid;

    cop_assert_match(start_named(COP("Start.Once")), "{:ok, pid}", pid);
    cop_assert_receive("{:init, ^pid}", pid);
    cop_assert_equal(pid, cop_whereis(COP("Start.Once")));
    cop_assert_equal(pid, cop_gen_server_whereis(COP("Start.Once")));
    cop_assert_equal(cop_build("{:error, {:already_started, pid}}", pid),
                     start_named(COP("Start.Once")));
    assert_mailbox_empty();
    cop_assert_equal(COP(":pong"), cop_gen_server_call(COP("Start.Once"), COP(":ping"), 5000));
    cop_assert_equal(COP(":pong"),
                     cop_gen_server_call(COP("{Start.Once, :nonode@nohost}"), COP(":ping"), 5000));
    cop_assert_equal(COP(":ok"),
                     cop_gen_server_stop(COP("Start.Once"), COP(":normal"), COP_INFINITY));
    /* GEN-53: the name is free at once */
    cop_assert(cop_is_no_pid(cop_whereis(COP("Start.Once"))));
}

/* GEN-02 */
PROCESS_TEST(nil_is_no_name)
{
    cop_pid pid;

    cop_assert_match(start_named(cop_nil()), "{:ok, pid}", pid);
    cop_assert_equal(COP("{:registered_name, []}"), cop_process_info(pid, COP(":registered_name")));
}

static cop_term start_with_number(void *arg)
{
    (void)arg;
    return start_named(cop_int(12));
}

static cop_term start_global(void *arg)
{
    (void)arg;
    return start_named(COP("{:global, :x}"));
}

static cop_term start_via_text(void *arg)
{
    (void)arg;
    return start_named(COP("{:via, \"Via\", :x}"));
}

static cop_term start_as_in_erlang(void *name)
{
    return cop_apply(COP(":gen_server"), COP(":start"),
                     cop_list(*(cop_term *)name, COP("Probe"), probe_opts(COP("[]")), COP("[]")));
}

/* GEN-02: anything else is an ArgumentError that lists the forms and shows the value */
PROCESS_TEST(other_names_are_refused)
{
    cop_term message, name;

    cop_assert_match(cop_assert_raises(start_with_number, NULL),
                     "%{__struct__: ArgumentError, message: message}", message);
    cop_assert_equal("expected :name option to be one of the following:\n\n"
                     "  * nil\n  * atom\n  * {:global, term}\n  * {:via, module, term}\n\n"
                     "Got: 12\n",
                     message);
    cop_assert_match(cop_assert_raises(start_global, NULL), "%{__struct__: ArgumentError}");
    cop_assert_match(cop_assert_raises(start_via_text, NULL), "%{__struct__: ArgumentError}");
    name = COP("{:local, 12}");
    cop_assert_match(cop_assert_raises(start_as_in_erlang, &name), "%{__struct__: ArgumentError}");
    name = COP("{:locally, Start.X}");
    cop_assert_match(cop_assert_raises(start_as_in_erlang, &name), "%{__struct__: ArgumentError}");
    assert_mailbox_empty();
}

/* GEN-05, GEN-06, GEN-10, PLB-08 */
PROCESS_TEST(ignore_leaves_nothing)
{
    cop_pid pid;

    cop_trap_exit(true);
    cop_assert_equal(COP(":ignore"), start("[init: :ignore]", true));
    cop_assert_receive("{:init, pid}", pid);
    cop_assert(!cop_is_alive(pid));
    assert_mailbox_empty();
}

/* GEN-07, GEN-08, VER-02: ends normally: a linked starter that does not trap lives on */
PROCESS_TEST(error_leaves_the_starter_alive)
{
    cop_assert_equal(COP("{:error, :no}"), start("[init: {:fail, :no}]", true));
    assert_nothing_left();
    cop_assert_equal(COP("{:error, :no}"), start("[init: {:throw, {:error, :no}}]", true));
    assert_nothing_left();
}

/* GEN-06, GEN-07, PLB-08: the linked starter traps: gets the answer and no EXIT */
PROCESS_TEST(stop_gives_the_reason)
{
    cop_pid pid;

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, :no}"), start("[init: {:stop, :no}]", true));
    cop_assert_receive("{:init, pid}", pid);
    cop_assert(!cop_is_alive(pid));
    assert_mailbox_empty();
    cop_assert_equal(COP("{:error, :no}"), start("[init: {:stop, :no}]", false));
    assert_nothing_left();
}

static cop_next start_link_stop(cop_term to)
{
    cop_gen_server_start_link(&probe_module,
                              cop_list(cop_tuple(COP(":to"), to), COP("{:init, {:stop, :no}}")),
                              cop_empty_list());
    cop_send(to, COP(":lives"));
    return cop_end();
}

/* GEN-07, PLB-11: the linked starter that does not trap dies of it */
PROCESS_TEST(stop_kills_the_linked_starter)
{
    cop_ref ref;
    cop_pid pid = cop_spawn(start_link_stop, cop_pid_term(cop_self()),
                            &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});

    cop_assert_receive("{:DOWN, ^ref, :process, ^pid, :no}", ref, pid);
    assert_nothing_left();
}

static cop_term start_in_vain(void *init)
{
    start(init, false);
    return cop_nil();
}

/* GEN-07: stop with an abnormal reason makes a crash report, error and ignore are silent */
PROCESS_TEST(reports_of_failed_starts)
{
    cop_term log;

    cop_log_sasl_reports(true);
    log = cop_capture_log(start_in_vain, (char[]){"[init: {:stop, :boom}]"});
    cop_assert(memmem(cop_to_bytes(log).data, cop_to_bytes(log).len, "terminating\n** (exit) :boom",
                      27) != NULL);
    cop_assert_equal("", cop_capture_log(start_in_vain, (char[]){"[init: {:stop, :shutdown}]"}));
    cop_assert_equal("", cop_capture_log(start_in_vain, (char[]){"[init: {:fail, :boom}]"}));
    cop_assert_equal("", cop_capture_log(start_in_vain, (char[]){"[init: :ignore]"}));
    cop_log_sasl_reports(false);
}

/* GEN-08 */
PROCESS_TEST(what_init_raises)
{
    cop_term stack;

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, {:bad_return_value, :x}}"), start("[init: {:bad, :x}]", true));
    cop_assert_equal(COP("{:error, {:bad_return_value, :x}}"), start("[init: {:throw, :x}]", true));
    cop_assert_equal(COP("{:error, :x}"), start("[init: {:throw, {:stop, :x}}]", true));
    cop_assert_equal(COP("{:error, :x}"), start("[init: {:throw, {:error, :x}}]", true));
    cop_assert_equal(COP(":ignore"), start("[init: {:throw, :ignore}]", true));
    cop_assert_equal(COP("{:error, :x}"), start("[init: {:exit, :x}]", true));
    cop_assert_match(start("[init: {:error, :x}]", true), "{:error, {:x, stack}}", stack);
    cop_assert(cop_is_list(stack));
    cop_assert_match(start("[init: :raise]", true),
                     "{:error, {%{__struct__: RuntimeError, message: \"oops\"}, _}}");
    cop_assert_equal(COP("{:error, :killed}"), start("[init: :die]", true));
    for (int i = 0; i < 9; i++)
        cop_assert_receive("{:init, _}");
    assert_mailbox_empty();
}

/* GEN-09: whatever went wrong, terminate was not called; GEN-10: the name is free */
PROCESS_TEST(failed_start_with_a_name)
{
    cop_term options = COP("[name: Start.Fails]");

    for (int i = 0; i < 3; i++) {
        cop_assert_equal(
            COP("{:error, :no}"),
            cop_gen_server_start(&probe_module, probe_opts(COP("[init: {:stop, :no}]")), options));
        cop_assert(cop_is_no_pid(cop_whereis(COP("Start.Fails"))));
        assert_nothing_left();
    }
    cop_assert_match(cop_gen_server_start(&probe_module, probe_opts(COP("[]")), options),
                     "{:ok, _}");
}

/* GEN-11, PLB-12 */
PROCESS_TEST(init_that_takes_too_long)
{
    cop_term options = COP("[timeout: 20, name: Start.Slow]");

    cop_trap_exit(true);
    cop_assert_equal(
        COP("{:error, :timeout}"),
        cop_gen_server_start_link(&probe_module, probe_opts(COP("[init: :sleep]")), options));
    cop_assert(cop_is_no_pid(cop_whereis(COP("Start.Slow"))));
    assert_nothing_left();
    cop_assert_equal(COP("{:error, :timeout}"),
                     cop_gen_server_start(&probe_module, probe_opts(COP("[init: :sleep]")),
                                          COP("[timeout: 0]")));
}

static cop_term start_watched(void *arg)
{
    (void)arg;
    return cop_gen_server_start(&probe_module, probe_opts(cop_empty_list()),
                                COP("[spawn_opt: [:monitor]]"));
}

/* PLB-14; GEN-11: spawn_opt may ask for a link, and nothing of it makes the starter a parent */
PROCESS_TEST(spawn_options)
{
    cop_pid pid, self = cop_self();

    cop_assert_match(cop_assert_raises(start_watched, NULL), "%{__struct__: ArgumentError}");
    cop_assert_match(cop_gen_server_start(&probe_module, probe_opts(COP("[trap_exit: true]")),
                                          COP("[spawn_opt: [:link, stack_size: 131072]]")),
                     "{:ok, pid}", pid);
    cop_assert_equal(cop_build("{:links, [self]}", self), cop_process_info(pid, COP(":links")));
    cop_assert_equal(COP("{:stack_size, 16384}"), cop_process_info(pid, COP(":stack_size")));
    cop_assert_receive("{:init, ^pid}", pid);
    assert_mailbox_empty();
}

static cop_pid parent_in_status(cop_pid pid)
{
    cop_pid parent;

    cop_expect(cop_sys_get_status(cop_pid_term(pid), COP_CALL_TIMEOUT),
               "{_, _, _, [_, _, parent, _, _]}", parent);
    return parent;
}

/* GEN-12 */
PROCESS_TEST(who_is_the_parent)
{
    cop_pid linked = probe_start_link(cop_empty_list()), alone = probe_start(cop_empty_list());

    cop_assert_equal(cop_self(), parent_in_status(linked));
    cop_assert_equal(alone, parent_in_status(alone));
}

/* GEN-25: before messages that were there already; the starter has its answer */
PROCESS_TEST(continue_after_init)
{
    cop_term order;

    cop_assert_match(start("[init: {:continue, {:continue, :second}}]", false), "{:ok, _}");
    cop_assert_receive("{:init, _}");
    cop_assert_receive("{:continue, {:continue, order}}", order);
    cop_assert_equal(COP(":second"), order);
    cop_assert_receive("{:continue, :second}");
}

/* PLB-02, PLB-03, PRC-09 */
PROCESS_TEST(dictionary_tells_where_it_comes_from)
{
    cop_pid self = cop_self(), pid = probe_start(cop_empty_list());
    cop_term dictionary = cop_gen_server_call(pid, COP(":dictionary"), COP_CALL_TIMEOUT);
    cop_term ancestors, call;

    call = cop_keyword_get(dictionary, COP(":\"$initial_call\""), cop_nil());
    cop_assert_equal(COP("{Probe, :init, 1}"), call);
    ancestors = cop_keyword_get(dictionary, COP(":\"$ancestors\""), cop_nil());
    cop_assert_match(ancestors, "[^self | _]", self);
    cop_register(COP("Start.Parent"), self);
    dictionary = cop_gen_server_call(probe_start(cop_empty_list()), COP(":dictionary"), 5000);
    ancestors = cop_keyword_get(dictionary, COP(":\"$ancestors\""), cop_nil());
    cop_assert_match(ancestors, "[Start.Parent | _]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_returns_ok_and_pid),
        cmocka_unit_test(start_link_links),
        cmocka_unit_test(start_monitor),
        cmocka_unit_test(name_is_registered_once),
        cmocka_unit_test(nil_is_no_name),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(ignore_leaves_nothing),
        cmocka_unit_test(error_leaves_the_starter_alive),
        cmocka_unit_test(stop_gives_the_reason),
        cmocka_unit_test(stop_kills_the_linked_starter),
        cmocka_unit_test(reports_of_failed_starts),
        cmocka_unit_test(what_init_raises),
        cmocka_unit_test(failed_start_with_a_name),
        cmocka_unit_test(init_that_takes_too_long),
        cmocka_unit_test(spawn_options),
        cmocka_unit_test(who_is_the_parent),
        cmocka_unit_test(continue_after_init),
        cmocka_unit_test(dictionary_tells_where_it_comes_from),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
