/* SPDX-License-Identifier: Apache-2.0 */
/* Circles of waiting calls, on virtual time: when they are found, what is told, what fails. */
#include "support/process_test.h"

#include "coppice/gen_server.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- Servers that call each other ------------------------------------------------------------- */

static cop_result init(cop_term arg)
{
    (void)arg;
    return cop_started(cop_alloc(1));
}

static cop_next reply_later(cop_term arg)
{
    cop_from from;
    int64_t ms;

    cop_expect(arg, "{from, ms}", from, ms);
    cop_sleep(ms);
    cop_gen_server_reply(from, COP(":handed"));
    return cop_end();
}

/* {:chain, [{server, ms} | rest]}: after ms milliseconds calls server with {:chain, rest}; [] is
 * :end. {:hand, ms, order}: another process replies after ms milliseconds; the server goes on with
 * order. {:sleep, ms}: :slept. */
static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term rest, server, order;
    int64_t ms;

    (void)state;
    if (cop_match(request, "{:chain, []}")) return cop_reply(COP(":end"));
    if (cop_match(request, "{:sleep, ms}", ms)) {
        cop_sleep(ms);
        return cop_reply(COP(":slept"));
    }
    if (cop_match(request, "{:hand, ms, order}", ms, order)) {
        cop_spawn(reply_later, cop_tuple(from, ms), NULL);
        cop_send(cop_self(), order);
        return cop_noreply();
    }
    cop_expect(request, "{:chain, [{server, ms} | rest]}", server, ms, rest);
    cop_sleep(ms);
    return cop_reply(cop_gen_server_call(server, cop_tuple(COP(":chain"), rest), COP_INFINITY));
}

static cop_result handle_info(void *state, cop_term order)
{
    cop_term server, request;

    (void)state;
    if (cop_match(order, "{:call, server, request}", server, request))
        cop_gen_server_call(server, request, 5000);
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "CycleTest", .gen_server = &callbacks};

static cop_pid start(void)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start(&module, cop_nil(), COP("[]")), "{:ok, pid}", pid);
    return pid;
}

static cop_next call_it(cop_term arg)
{
    cop_term server, request, to;

    cop_expect(arg, "{to, server, request}", to, server, request);
    cop_send(to, cop_tuple(COP(":answer"), cop_gen_server_call(server, request, COP_INFINITY)));
    return cop_end();
}

/* Another process calls server and tells the answer. */
static cop_pid call_beside(cop_pid server, cop_term request)
{
    return cop_spawn(call_it, cop_tuple(cop_self(), server, request), NULL);
}

static void kill_it(cop_pid pid)
{
    cop_ref ref = cop_monitor(pid);

    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
}

/* What is logged while time goes on for ms milliseconds. */
static cop_term sleep_try(void *ms)
{
    cop_sleep(*(int64_t *)ms);
    return cop_nil();
}

static cop_term logged_within(int64_t ms)
{
    return cop_capture_log(sleep_try, &ms);
}

/* --- Tests ------------------------------------------------------------------------------------ */

/* A calls B; 10 ms later B calls A, which closes the circle: it is told 100 ms after that. */
PROCESS_TEST(a_circle_of_two_is_told_once)
{
    cop_pid a = start(), b = start(), beside;
    cop_term b_text = cop_inspect(cop_pid_term(b)), a_text = cop_inspect(cop_pid_term(a));
    cop_bytes at = cop_to_bytes(a_text), bt = cop_to_bytes(b_text);
    cop_term expected = cop_format("Calls wait for each other in a circle since 100 ms:\n"
                                   "    %.*s calls %.*s: {:chain, []}\n"
                                   "    %.*s calls %.*s: {:chain, [{%.*s, 10}]}\n",
                                   (int)bt.len, bt.data, (int)at.len, at.data, (int)at.len, at.data,
                                   (int)bt.len, bt.data, (int)at.len, at.data);
    cop_term chain = cop_format("{:chain, [{%.*s, 10}]}", (int)at.len, at.data);

    beside = call_beside(a, cop_build("{:chain, [{b, 0}, {a, 10}]}", a, b));
    cop_assert_equal("", logged_within(109));
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
    cop_assert_equal(expected, logged_within(2));
    cop_assert_equal(cop_build("[[{a, b, chain}, {b, a, \"{:chain, []}\"}]]", a, b, chain),
                     cop_gen_server_call_cycles());
    cop_assert_equal("", logged_within(1000)); /* once */
    cop_assert(cop_is_alive(a) && cop_is_alive(b) && cop_is_alive(beside));
    kill_it(beside);
    kill_it(a);
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
    kill_it(b);
}

/* The text of a request that waits for 100 ms, as it is told. */
static cop_term told_request(cop_term request)
{
    cop_pid server = start(), caller;
    cop_term text;

    cop_assert(cop_suspend_process(server));
    caller = call_beside(server, request);
    cop_sleep(101);
    cop_assert_match(cop_gen_server_long_calls(), "[{^caller, ^server, text, _}]", caller, server,
                     text);
    kill_it(caller);
    kill_it(server);
    return text;
}

/* A long request is cut to 159 bytes, and between two characters: of three bytes each here, and the
 * cut is tried at each of these. */
PROCESS_TEST(long_requests_are_cut)
{
    static const char ahead[] = "xx";
    char many[200] = "", all_that_fit[200] = "";

    for (size_t i = 0; i < 60; i++)
        memcpy(many + 3 * i, "\xe2\x82\xac", 3);
    memcpy(all_that_fit, many, 3L * 52);
    for (size_t n = 0; n < 3; n++) {
        cop_term request = cop_format("%.*s%s", (int)n, ahead, many);

        cop_assert_equal(cop_format("\"%.*s%s", (int)n, ahead, all_that_fit),
                         told_request(request));
    }
    /* 159 bytes with their quotes are whole, 160 are not */
    cop_assert_equal(cop_format("\"x%s\"", all_that_fit),
                     told_request(cop_format("x%s", all_that_fit)));
    cop_assert_equal(cop_format("\"xx%s", all_that_fit),
                     told_request(cop_format("xx%s", all_that_fit)));
}

/* Any length; who waits for a member of it is not in it. */
PROCESS_TEST(a_circle_of_many)
{
    cop_pid a = start(), b = start(), c = start(), d = start(), e = start(), tail = start();
    cop_term circles, calls,
        beside =
            cop_build("{:chain, [{a, 0}, {b, 0}, {c, 0}, {d, 0}, {e, 0}, {a, 5}]}", a, b, c, d, e);
    cop_pid caller = call_beside(tail, beside);
    cop_bytes log = cop_to_bytes(logged_within(110));
    cop_term caller_now, server_now, first = cop_none(), next = cop_none();
    int lines = 0;

    for (size_t i = 0; i < log.len; i++)
        lines += log.data[i] == '\n';
    cop_assert_equal(6, lines);
    circles = cop_gen_server_call_cycles();
    cop_expect(circles, "[calls]", calls);
    cop_assert_equal(5, cop_list_len(calls));
    for (; !cop_is_empty_list(calls); calls = cop_tail(calls)) {
        cop_expect(cop_head(calls), "{caller_now, server_now, _}", caller_now, server_now);
        if (cop_is_none(first))
            first = caller_now;
        else
            cop_assert_equal(next, caller_now);
        next = server_now;
        cop_assert(!cop_pid_equal(cop_to_pid(caller_now), tail));
    }
    cop_assert_equal(first, next);
    for (size_t i = 0; i < 7; i++)
        kill_it((cop_pid[]){a, b, c, d, e, tail, caller}[i]);
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
}

/* Who has a name is told by it. */
PROCESS_TEST(names_are_told)
{
    cop_pid a = start(), b = start();
    cop_term b_text = cop_inspect(cop_pid_term(b));
    cop_bytes bt = cop_to_bytes(b_text);
    cop_term expected = cop_format("Calls wait for each other in a circle since 100 ms:\n"
                                   "    %.*s calls Cycle.A: {:chain, []}\n"
                                   "    Cycle.A calls %.*s: {:chain, [{Cycle.A, 10}]}\n",
                                   (int)bt.len, bt.data, (int)bt.len, bt.data);
    cop_pid beside;

    cop_register(COP("Cycle.A"), a);
    beside = call_beside(a, cop_build("{:chain, [{b, 0}, {Cycle.A, 10}]}", b));
    cop_assert_equal(expected, logged_within(120));
    kill_it(beside);
    kill_it(a);
    kill_it(b);
}

/* What waits long in a row is no circle. */
PROCESS_TEST(a_chain_is_no_circle)
{
    cop_pid a = start(), b = start(), c = start();

    call_beside(a, cop_build("{:chain, [{b, 0}, {c, 200}]}", b, c));
    cop_assert_equal("", logged_within(150));
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
    cop_assert_equal("", logged_within(150));
    cop_assert_receive("{:answer, :end}");
    kill_it(a);
    kill_it(b);
    kill_it(c);
}

/* B gives A's call to somebody else and calls A: a circle until that one replies. */
static cop_term circle_that_resolves(cop_pid a, cop_pid b, int64_t ms)
{
    cop_term order = cop_build("{:call, a, {:chain, []}}", a);

    return cop_build("{:chain, [{b, 0}, {:hand, ms, order}]}", b, ms, order);
}

static cop_result handle_resolving(void *state, cop_term request, cop_from from)
{
    cop_term server;
    int64_t ms;
    cop_term order;

    if (cop_match(request, "{:chain, [{server, 0}, {:hand, ms, order}]}", server, ms, order))
        return cop_reply(
            cop_gen_server_call(server, cop_tuple(COP(":hand"), ms, order), COP_INFINITY));
    return handle_call(state, request, from);
}

static const struct cop_gen_server resolving_callbacks = {.size = sizeof(struct cop_gen_server),
                                                          .init = init,
                                                          .handle_call = handle_resolving,
                                                          .handle_info = handle_info};
static const struct cop_module resolving = {.size = sizeof(struct cop_module),
                                            .name = "CycleTest.Resolving",
                                            .gen_server = &resolving_callbacks};

static cop_pid start_resolving(void)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start(&resolving, cop_nil(), COP("[]")), "{:ok, pid}", pid);
    return pid;
}

PROCESS_TEST(a_circle_that_resolves_itself)
{
    cop_pid a = start_resolving(), b = start();

    cop_deadlocks_fail(true);
    call_beside(a, circle_that_resolves(a, b, 99));
    cop_assert_equal("", logged_within(300));
    cop_assert_receive("{:answer, :handed}");
    cop_deadlocks_fail(false);
    call_beside(a, circle_that_resolves(a, b, 150)); /* told, but nothing fails */
    cop_assert(cop_to_bytes(logged_within(140)).len > 0);
    cop_assert_equal(1, cop_list_len(cop_gen_server_call_cycles()));
    cop_assert_equal("", logged_within(300));
    cop_assert_receive("{:answer, :handed}");
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
    cop_assert(cop_is_alive(a) && cop_is_alive(b));
    kill_it(a);
    kill_it(b);
}

/* The call that closed it exits when it has waited 100 ms. */
PROCESS_TEST(a_deadlock_can_fail)
{
    cop_pid a = start(), b = start(), dead;
    cop_ref ref = cop_monitor(b);
    int64_t from = cop_monotonic_ms();
    cop_term why, pids;

    cop_assert(!cop_deadlocks_fail(true));
    cop_assert(cop_deadlocks_fail(true));
    call_beside(a, cop_build("{:chain, [{b, 0}, {a, 10}]}", a, b));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, dead, why}", ref, dead, why);
    cop_assert_equal(110, cop_monotonic_ms() - from);
    cop_assert_match(why, "{{:deadlock, pids}, {GenServer, :call, [^a, {:chain, []}, :infinity]}}",
                     pids, a);
    cop_assert_equal(cop_build("[b, a]", a, b), pids);
    cop_assert(cop_deadlocks_fail(false));
    cop_assert_equal(cop_empty_list(), cop_gen_server_call_cycles());
    kill_it(a);
}

/* A call with a limit of 100 ms or less never counts; one with a larger has its exact time. */
static cop_term timed(void *arg)
{
    const cop_term *args = arg;

    return cop_gen_server_call(args[0], COP("{:sleep, 1000}"), cop_to_int(args[1]));
}

PROCESS_TEST(timeouts_are_exact)
{
    static const int64_t times[] = {0, 99, 100, 101, 250};

    for (size_t i = 0; i < 5; i++) {
        cop_pid a = start();
        cop_term args[] = {cop_pid_term(a), cop_int(times[i])};
        int64_t from = cop_monotonic_ms();

        cop_assert_match(cop_assert_exits(timed, args), "{:timeout, _}");
        cop_assert_equal(times[i], cop_monotonic_ms() - from);
        kill_it(a);
    }
}

/* What a program with this value of COPPICE_DEADLOCKS does at first; it is read once. */
static bool fails_with(const char *value)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (value) setenv("COPPICE_DEADLOCKS", value, 1);
        _exit(cop_deadlocks_fail(false) ? 7 : 0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 7;
}

static void the_environment_tells(void **state)
{
    (void)state;
    assert_false(fails_with(NULL));
    assert_true(fails_with("fail"));
    assert_false(fails_with("log"));
    assert_false(fails_with(""));
}

static int up(void **state)
{
    (void)state;
    return cop_node_start(&(struct cop_node_opts){.seed = 41, .no_signals = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle_of_two_is_told_once),
        cmocka_unit_test(long_requests_are_cut),
        cmocka_unit_test(a_circle_of_many),
        cmocka_unit_test(names_are_told),
        cmocka_unit_test(a_chain_is_no_circle),
        cmocka_unit_test(a_circle_that_resolves_itself),
        cmocka_unit_test(a_deadlock_can_fail),
        cmocka_unit_test(timeouts_are_exact),
    };

    const struct CMUnitTest before[] = {cmocka_unit_test(the_environment_tells)};

    /* without threads, since it forks */
    return cmocka_run_group_tests(before, NULL, NULL) +
           cmocka_run_group_tests(tests, up, node_down);
}
