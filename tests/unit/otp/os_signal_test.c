/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the operating system: System.trap_signal, os:set_signal. Answers, texts and the order
 * of handlers are those of Elixir 1.14. Signals are raised by the main thread, which is no process;
 * what follows from them is waited for by what it leaves behind. */
#include "support/process_test.h"

#include "coppice/gen_server.h"
#include "coppice/logger.h"
#include "coppice/os_signal.h"

#include <signal.h>
#include <stdatomic.h>

/* Who was called, in order. */
static struct {
    _Atomic size_t len;
    char names[64];
} calls;

static cop_term note(char name)
{
    size_t len = atomic_load(&calls.len);

    calls.names[len] = name;
    atomic_store(&calls.len, len + 1);
    return cop_ok();
}

static cop_term note_a(void)
{
    return note('a');
}

static cop_term note_b(void)
{
    return note('b');
}

static cop_term note_and_raise(void)
{
    note('f');
    cop_raise("RuntimeError", "no");
}

static cop_term wrong(void)
{
    note('w');
    return cop_int(1);
}

static const struct cop_function functions[] = {
    COP_EXPORT("a()", note_a, "Notes a."), COP_EXPORT("b()", note_b, "Notes b."),
    COP_EXPORT("fail()", note_and_raise, "Raises."), COP_EXPORT("wrong()", wrong, "Is not :ok."),
    COP_EXPORT_END};
static const struct cop_module notes = {
    .size = sizeof(struct cop_module), .name = "Notes", .functions = functions};

static int up(void **state)
{
    (void)state;
    cop_module_register(&notes);
    atomic_store(&calls.len, 0);
    memset(calls.names, 0, sizeof(calls.names));
    return cop_node_start(NULL);
}

/* Waits until names were called, in this order, and looks that the server is through. */
static void expect_calls(const char *names)
{
    while (atomic_load(&calls.len) < strlen(names))
        cop_yield();
    cop_system_untrap_signal(COP(":sigalrm"), COP(":none")); /* comes after what it got before */
    cop_assert_equal(names, (const char *)calls.names);
}

static cop_term set(cop_term signal, cop_term option)
{
    return cop_apply(COP(":os"), COP(":set_signal"), cop_list(signal, option));
}

/* --- Handlers --------------------------------------------------------------------------------- */

static cop_term trap_it(void *signal)
{
    return cop_system_trap_signal(*(cop_term *)signal, COP(":id"), COP("&Notes.a/0"));
}

/* All signals that can be trapped by a name, and one that cannot. */
static void all_names(void)
{
    cop_term all = COP("[:sigabrt, :sigalrm, :sigchld, :sighup, :sigquit, :sigstop, :sigterm,"
                       " :sigtstp, :sigusr1, :sigusr2]");
    cop_term wrong = COP(":sigkill");

    for (; !cop_is_empty_list(all); all = cop_tail(all)) {
        cop_term signal = cop_head(all), answer = trap_it(&signal);

        cop_assert(cop_match(answer, "{:ok, :id}") || cop_match(answer, "{:error, :not_sup}"));
        cop_system_untrap_signal(signal, COP(":id"));
    }
    cop_assert_match(cop_assert_raises(trap_it, &wrong), "%{__struct__: FunctionClauseError}");
}

static void names_of_signals(void **state)
{
    (void)state;
    run_process_test(all_names);
}

static void trap_two(void)
{
    cop_assert_equal(COP("{:ok, :a}"),
                     cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0")));
    cop_assert_equal(COP("{:ok, :b}"),
                     cop_system_trap_signal(COP(":sighup"), COP(":b"), COP("&Notes.b/0")));
    cop_assert_equal(COP("{:error, :already_registered}"),
                     cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.b/0")));
    /* Another signal may have the id. */
    cop_assert_equal(COP("{:ok, :a}"),
                     cop_system_trap_signal(COP(":sigusr1"), COP(":a"), COP("&Notes.a/0")));
}

static void the_last_was_first_and_the_first_goes(void)
{
    expect_calls("ba");
    cop_assert_equal(cop_ok(), cop_system_untrap_signal(COP(":sighup"), COP(":b")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_system_untrap_signal(COP(":sighup"), COP(":b")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_system_untrap_signal(COP(":sigusr2"), COP(":a")));
}

static void only_the_other_was_called(void)
{
    expect_calls("baa");
}

static void handlers_are_called_the_newest_first(void **state)
{
    (void)state;
    run_process_test(trap_two);
    raise(SIGHUP);
    run_process_test(the_last_was_first_and_the_first_goes);
    raise(SIGHUP);
    run_process_test(only_the_other_was_called);
}

/* What the program does at SIGHUP now. */
static void (*action_at_hup(void))(int)
{
    struct sigaction now;

    sigaction(SIGHUP, NULL, &now);
    return now.sa_handler;
}

static void trap_and_untrap(void)
{
    cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0"));
    cop_system_trap_signal(COP(":sighup"), COP(":b"), COP("&Notes.b/0"));
    cop_system_untrap_signal(COP(":sighup"), COP(":a"));
    cop_assert(action_at_hup() != SIG_IGN); /* one is left */
    cop_system_untrap_signal(COP(":sighup"), COP(":b"));
    cop_assert(action_at_hup() == SIG_IGN);
    cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0"));
}

static void what_was_before_comes_back(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    run_process_test(trap_and_untrap);
    assert_true(action_at_hup() != SIG_IGN);
    cop_node_stop();
    assert_true(action_at_hup() == SIG_IGN);
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(cop_node_start(NULL), 0);
}

static cop_term log_of_failures(void *arg)
{
    (void)arg;
    cop_system_trap_signal(COP(":sighup"), COP(":fails"), COP("&Notes.fail/0"));
    cop_system_trap_signal(COP(":sighup"), COP(":wrong"), COP("&Notes.wrong/0"));
    cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0"));
    cop_send(COP(":erl_signal_server"), COP("{:notify, :sighup}"));
    cop_send(COP(":erl_signal_server"), COP("{:notify, :sighup}"));
    cop_send(COP(":erl_signal_server"), COP(":nonsense"));
    expect_calls("awfa");
    return cop_ok();
}

static void handlers_that_fail(void)
{
    cop_bytes log = cop_to_bytes(cop_capture_log(log_of_failures, NULL));
    char text[4000];

    cop_assert(log.len < sizeof(text));
    memcpy(text, log.data, log.len);
    text[log.len] = 0;
    cop_assert(strstr(text, ":gen_event handler {System.SignalHandler, {:sighup, :fails}} "
                            "installed in :erl_signal_server terminating\n"
                            "** (RuntimeError) no\n"));
    cop_assert(strstr(text, "Last message: :sighup\nState: {:sighup, &Notes.fail/0}"));
    cop_assert(strstr(text, "{System.SignalHandler, {:sighup, :wrong}}"));
    cop_assert(strstr(text, "** (MatchError) no match of right hand side value: 1\n"));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_system_untrap_signal(COP(":sighup"), COP(":fails")));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_system_untrap_signal(COP(":sighup"), COP(":wrong")));
    cop_assert_equal(cop_ok(), cop_system_untrap_signal(COP(":sighup"), COP(":a")));
}

static void handlers_that_fail_are_logged_and_taken_off(void **state)
{
    (void)state;
    run_process_test(handlers_that_fail);
}

/* --- What is refused -------------------------------------------------------------------------- */

static cop_term apply(void *arg)
{
    const cop_term *call = arg;

    return cop_apply(call[0], call[1], call[2]);
}

static void check_raises(cop_term module, cop_term function, cop_term args, const char *exception,
                         const char *message)
{
    cop_term call[] = {module, function, args};
    cop_term error = cop_assert_raises(apply, call);
    cop_term text = cop_map_get(error, COP(":message"), cop_nil());

    cop_assert_equal(cop_atom(exception), cop_map_get(error, COP(":__struct__"), cop_nil()));
    if (message) cop_assert_equal(message, text);
}

static cop_term set_badly(void *arg)
{
    return cop_os_set_signal(*(cop_term *)arg, COP(":handle"));
}

static void unknown_ones(void)
{
    cop_term term = COP(":sigkill");
    struct cop_outcome outcome;

    cop_assert_equal(COP("{:error, :not_sup}"),
                     cop_system_trap_signal(COP(":sigchld"), COP(":a"), COP("&Notes.a/0")));
    check_raises(COP("System"), COP(":trap_signal"), COP("[:sigkill, :a, &Notes.a/0]"),
                 "Elixir.FunctionClauseError", NULL);
    check_raises(COP("System"), COP(":trap_signal"), COP("[:sighup, :a, &Map.get/2]"),
                 "Elixir.FunctionClauseError", NULL);
    check_raises(COP(":os"), COP(":set_signal"), COP("[:sigkill, :handle]"), "Elixir.ArgumentError",
                 "errors were found at the given arguments:\n\n"
                 "  * 1st argument: invalid signal name\n");
    check_raises(COP(":os"), COP(":set_signal"), COP("[:sighup, :foo]"), "Elixir.ArgumentError",
                 "errors were found at the given arguments:\n\n"
                 "  * 2nd argument: invalid signal handling option\n");
    check_raises(COP(":os"), COP(":set_signal"), COP("[1, :handle]"), "Elixir.ArgumentError", NULL);
    cop_assert(!cop_try(set_badly, &term, &outcome));
    cop_assert_equal(COP(":badarg"), outcome.value);
}

static void unknown_signals_are_refused(void **state)
{
    (void)state;
    run_process_test(unknown_ones);
}

static void nothing_is_taken(void)
{
    cop_assert_equal(COP("{:error, :not_sup}"),
                     cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0")));
    check_raises(COP(":os"), COP(":set_signal"), COP("[:sigterm, :ignore]"), "Elixir.ArgumentError",
                 NULL);
}

/* D11: signals can be refused. CNR-21: which are taken. */
static void a_node_with_no_signals_takes_none(void **state)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .no_signals = true};

    (void)state;
    cop_node_stop();
    signal(SIGTERM, SIG_IGN);
    assert_int_equal(cop_node_start(&opts), 0);
    run_process_test(nothing_is_taken);
    assert_true(action_at_hup() == SIG_DFL);
    raise(SIGTERM);
    cop_node_stop();
    assert_true(signal(SIGTERM, SIG_DFL) == SIG_IGN);
    assert_int_equal(cop_node_start(NULL), 0);
}

/* --- Ignoring, SIGTERM ------------------------------------------------------------------------ */

static void ignore_hup(void)
{
    cop_system_trap_signal(COP(":sighup"), COP(":a"), COP("&Notes.a/0"));
    cop_assert_equal(cop_ok(), set(COP(":sighup"), COP(":ignore")));
}

static void handle_hup(void)
{
    cop_assert_equal(cop_ok(), set(COP(":sighup"), COP(":handle")));
}

static void one_call(void)
{
    expect_calls("a");
    cop_assert_equal(1, (int)atomic_load(&calls.len));
}

static void an_ignored_signal_is_not_told(void **state)
{
    (void)state;
    run_process_test(ignore_hup);
    raise(SIGHUP);
    run_process_test(handle_hup);
    raise(SIGHUP);
    run_process_test(one_call);
}

static void trap_term(void)
{
    cop_system_trap_signal(COP(":sigterm"), COP(":a"), COP("&Notes.a/0"));
}

/* APP-14: it ends the node in order, after who has trapped it. */
static void handlers_of_sigterm_come_before_the_end(void **state)
{
    (void)state;
    run_process_test(trap_term);
    raise(SIGTERM);
    assert_int_equal(cop_node_wait(), 0);
    assert_string_equal(calls.names, "a");
}

static void trap_and_untrap_term(void)
{
    trap_term();
    cop_assert_equal(cop_ok(), cop_system_untrap_signal(COP(":sigterm"), COP(":a")));
}

static void sigterm_ends_the_node_also_when_untrapped(void **state)
{
    (void)state;
    run_process_test(trap_and_untrap_term);
    raise(SIGTERM);
    assert_int_equal(cop_node_wait(), 0);
    assert_string_equal(calls.names, "");
}

/* Somebody asked for the signal, but there is no server. */
static void handle_term(void)
{
    cop_os_set_signal(COP(":sigterm"), COP(":handle"));
}

static void sigterm_ends_a_node_without_a_server(void **state)
{
    (void)state;
    run_process_test(handle_term);
    raise(SIGTERM);
    assert_int_equal(cop_node_wait(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, node_down)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(handlers_are_called_the_newest_first),
                                       TEST(what_was_before_comes_back),
                                       TEST(handlers_that_fail_are_logged_and_taken_off),
                                       TEST(names_of_signals),
                                       TEST(unknown_signals_are_refused),
                                       TEST(a_node_with_no_signals_takes_none),
                                       TEST(an_ignored_signal_is_not_told),
                                       TEST(handlers_of_sigterm_come_before_the_end),
                                       TEST(sigterm_ends_the_node_also_when_untrapped),
                                       TEST(sigterm_ends_a_node_without_a_server)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
