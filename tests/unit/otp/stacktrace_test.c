/* SPDX-License-Identifier: Apache-2.0 */
/* Stacktraces: which entries what is raised has, where they get to, how they print (IEX-05,
 * LOG-11). */
#include "support/process_test.h"

#include "coppice/gen_server.h"

#include <string.h>

/* --- A module whose functions fail ------------------------------------------------------------ */

static int line; /* of what raised last */
#define HERE(what)                                                                                 \
    do {                                                                                           \
        line = __LINE__;                                                                           \
        what;                                                                                      \
    } while (0)

static cop_term fails(cop_term how)
{
    cop_term a;

    if (cop_match(how, ":expect")) HERE(cop_expect(how, "{:ok, a}", a));
    if (cop_match(how, ":exit")) HERE(cop_exit(COP(":bye")));
    if (cop_match(how, ":throw")) HERE(cop_throw(COP(":ball")));
    if (cop_match(how, ":raise")) HERE(cop_raise("RuntimeError", "oops %d", 7));
    if (cop_match(how, ":error")) HERE(cop_error(COP(":badarg")));
    if (cop_match(how, ":inside")) return cop_head(how); /* the library finds it */
    if (cop_match(how, ":no_function"))
        return cop_apply(COP("Trace"), COP(":none"), cop_list(1, 2));
    return how;
}

static cop_term calls(cop_term module, cop_term how)
{
    return cop_tuple(cop_apply(module, COP(":fails"), cop_list(how)));
}

static cop_term calls_itself(cop_term n)
{
    if (cop_to_int(n) == 0) cop_error(COP(":deep"));
    return cop_tuple(cop_apply(COP("Trace"), COP(":calls_itself"), cop_list(cop_to_int(n) - 1)));
}

static _Atomic bool is_stuck, may_go;

/* Waits for a message, in a call, or computes until it may go. */
static cop_term waits(cop_term how)
{
    cop_term msg;

    if (cop_match(how, ":computes")) {
        is_stuck = true;
        while (!may_go)
            ;
    }
    cop_receive(&msg, COP_INFINITY);
    return cop_tuple(how);
}

static cop_next wait_inside(cop_term how)
{
    (void)cop_tuple(cop_apply(COP("Trace"), COP(":waits"), cop_list(how)));
    return cop_end();
}

static cop_next never(void *state)
{
    return cop_hibernate(never, state);
}

static cop_next wait_at_top_level(cop_term how)
{
    (void)how;
    cop_apply(COP("Trace"), COP(":fails"), COP("[:fine]"));
    return cop_hibernate(never, NULL);
}

static cop_term apply_fails(void *how)
{
    return calls(COP("Trace"), *(cop_term *)how);
}

/* Catches one error; the next one knows nothing of it. */
static cop_term catches(cop_term how)
{
    struct cop_outcome outcome;

    cop_assert(!cop_try(apply_fails, &how, &outcome));
    cop_error(COP(":second"));
}

static cop_term raises_again(cop_term how)
{
    struct cop_outcome outcome;

    cop_assert(!cop_try(apply_fails, &how, &outcome));
    cop_reraise(&outcome);
}

static cop_result init(cop_term arg)
{
    if (cop_match(arg, ":no_clause")) return cop_no_clause(arg);
    fails(arg);
    return cop_started(NULL);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    (void)state;
    (void)from;
    if (cop_match(request, ":no_clause")) HERE(return cop_no_clause(request));
    return cop_reply(fails(request));
}

static void terminate(void *state, cop_term reason)
{
    (void)state;
    if (cop_match(reason, ":boom")) cop_error(COP(":in_terminate"));
}

static const struct cop_gen_server callbacks = {
    .size = sizeof callbacks, .init = init, .handle_call = handle_call, .terminate = terminate};
static const struct cop_function functions[] = {COP_EXPORT("fails(how)", fails, ""),
                                                COP_EXPORT("calls(module, how)", calls, ""),
                                                COP_EXPORT("calls_itself(n)", calls_itself, ""),
                                                COP_EXPORT("waits(how)", waits, ""),
                                                COP_EXPORT("catches(how)", catches, ""),
                                                COP_EXPORT("raises_again(how)", raises_again, ""),
                                                COP_EXPORT_END};
static const struct cop_module trace_module = {
    .size = sizeof trace_module, .name = "Trace", .functions = functions, .gen_server = &callbacks};

/* --- What a call raises ----------------------------------------------------------------------- */

struct mfa {
    cop_term function;
    cop_term args;
};

static cop_term apply(void *arg)
{
    const struct mfa *c = arg;

    return cop_apply(COP("Trace"), c->function, c->args);
}

static struct cop_outcome outcome_of(cop_term function, cop_term args)
{
    struct mfa call = {function, args};
    struct cop_outcome outcome;

    cop_assert(!cop_try(apply, &call, &outcome));
    return outcome;
}

/* {name, arity, file and line known} of each entry */
static cop_term shape(cop_term stack)
{
    cop_term shape = cop_empty_list(), module, name, arity, where, rest = stack;

    while (cop_match(rest, "[{module, name, arity, where} | rest]", module, name, arity, where,
                     rest)) {
        if (cop_match(module, "Trace")) module = COP(":t");
        shape =
            cop_cons(cop_tuple(module, name, arity, cop_bool(!cop_is_empty_list(where))), shape);
    }
    cop_assert(cop_is_empty_list(rest));
    return cop_list_reverse(shape);
}

/* What is raised at a place of ours: the innermost entry tells it, as file and line */
PROCESS_TEST(places)
{
    static const char *const ways[] = {"expect", "exit", "throw", "raise", "error"};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        cop_term how = cop_atom(ways[i]);
        struct cop_outcome outcome = outcome_of(COP(":calls"), cop_list(COP("Trace"), how));
        cop_term where, file, callers;
        int64_t at;

        cop_assert_match(outcome.stack, "[{Trace, :fails, 1, where} | callers]", where, callers);
        cop_assert_equal(COP("[{Trace, :calls, 2, []}]"), callers);
        cop_assert_match(where, "[{:file, file}, {:line, at} | _]", file, at);
        cop_assert_equal(at, line);
        cop_assert_equal(__FILE__, cop_apply(COP("List"), COP(":to_string"), cop_list(file)));
        cop_assert_equal(i == 0 ? COP("\"{:ok, a}\"") : cop_nil(),
                         cop_keyword_get(where, COP(":pattern"), cop_nil()));
    }
}

/* What the library finds tells the call that it was found in, and no place of the library */
PROCESS_TEST(no_places_of_the_library)
{
    struct cop_outcome outcome = outcome_of(COP(":fails"), COP("[:inside]"));

    cop_assert_equal(COP(":badarg"), outcome.value);
    cop_assert_equal(COP("[{Trace, :fails, 1, []}]"), outcome.stack);
    outcome = outcome_of(COP(":fails"), COP("[:no_function]"));
    cop_assert_equal(COP("[{Trace, :none, [1, 2], []}, {Trace, :fails, 1, []}]"), outcome.stack);
}

/* Not more than eight entries, the innermost ones */
PROCESS_TEST(depth)
{
    cop_term stack = outcome_of(COP(":calls_itself"), COP("[6]")).stack;

    cop_assert_equal(7, cop_list_len(stack));
    stack = outcome_of(COP(":calls_itself"), COP("[30]")).stack;
    cop_assert_equal(8, cop_list_len(stack));
    cop_assert_match(stack, "[{Trace, :calls_itself, 1, [{:file, _}, _]} | _]");
}

/* Calls that were left, by returning or by raising, are gone from it */
PROCESS_TEST(caught)
{
    cop_term args = COP("[:error]");

    cop_assert_equal(COP("[{:t, :catches, 1, true}]"),
                     shape(outcome_of(COP(":catches"), args).stack));
    cop_assert_equal(cop_empty_list(), cop_stacktrace(NULL));
    cop_apply(COP("Trace"), COP(":fails"), COP("[:fine]"));
    cop_assert_equal(cop_empty_list(), cop_stacktrace(NULL));
    cop_assert_equal(COP("[{nil, :__FILE__, 1, true}]"), shape(cop_stacktrace(COP_HERE)));
}

/* CNR-07: of others, too: the calls that they wait in. One that computes does not tell. */
PROCESS_TEST(of_other_processes)
{
    cop_pid inside = cop_spawn(wait_inside, COP(":wait"), NULL), top, stuck;
    cop_term item = COP(":current_stacktrace"), expected;

    do /* it has to come there */
        expected = cop_process_info(inside, item);
    while (!cop_match(expected, "{_, [{Trace, :waits, 1, []}]}"));
    top = cop_spawn(wait_at_top_level, cop_nil(), NULL);
    cop_assert_equal(COP("{:current_stacktrace, []}"), cop_process_info(top, item));
    stuck = cop_spawn(wait_inside, COP(":computes"), NULL);
    while (!is_stuck)
        cop_yield();
    cop_assert_equal(COP("{:current_stacktrace, []}"), cop_process_info(stuck, item));
    may_go = true;
    do
        expected = cop_process_info(stuck, item);
    while (!cop_match(expected, "{_, [{Trace, :waits, 1, []}]}"));
    cop_send(inside, cop_nil());
    cop_send(stuck, cop_nil());
    cop_exit_process(top, COP(":kill"));
}

/* What is raised again keeps its stacktrace */
PROCESS_TEST(raised_again)
{
    cop_term args = COP("[:error]");

    cop_assert_equal(COP("[{:t, :fails, 1, true}, {:t, :raises_again, 1, false}]"),
                     shape(outcome_of(COP(":raises_again"), args).stack));
}

/* --- In words --------------------------------------------------------------------------------- */

static cop_term words(cop_term how)
{
    struct cop_outcome outcome = outcome_of(COP(":calls"), cop_list(COP("Trace"), how));

    return cop_format_outcome(&outcome);
}

/* actual is format with file and line of what raised last in place of @. */
static void check_words(cop_term actual, const char *format)
{
    const char *at = strchr(format, '@');

    cop_assert_equal(cop_format("%.*s%s:%d%s", (int)(at - format), format, __FILE__, line, at + 1),
                     actual);
}

/* IEX-05; a failed cop_expect names file, line, pattern and value */
PROCESS_TEST(lines)
{
    check_words(words(COP(":raise")), "** (RuntimeError) oops 7\n    @: Trace.fails/1\n"
                                      "    Trace.calls/2");
    check_words(words(COP(":expect")),
                "** (MatchError) no match of right hand side value: :expect, "
                "expected: {:ok, a}\n    @: Trace.fails/1\n    Trace.calls/2");
    check_words(words(COP(":exit")), "** (exit) :bye\n    @: Trace.fails/1\n    Trace.calls/2");
    check_words(words(COP(":throw")), "** (throw) :ball\n    @: Trace.fails/1\n    Trace.calls/2");
}

/* --- Where it gets to ------------------------------------------------------------------------- */

static cop_next fail_plainly(cop_term how)
{
    fails(how);
    return cop_end();
}

static cop_term die_plainly(void *how)
{
    cop_ref ref;
    cop_term reason;

    cop_spawn(fail_plainly, *(cop_term *)how,
              &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    cop_assert_receive("{:DOWN, ^ref, :process, _, reason}", ref, reason);
    return reason;
}

/* EXI-01: it is in the reason of a process; LOG-11: and in its log */
PROCESS_TEST(reasons_of_processes)
{
    cop_term how = COP(":error"), stack;

    cop_assert_match(die_plainly(&how), "{:badarg, stack}", stack);
    cop_assert_equal(COP("[{nil, :__FILE__, 1, true}]"), shape(stack));
    how = COP(":throw");
    cop_assert_match(die_plainly(&how), "{{:nocatch, :ball}, stack}", stack);
    cop_assert_equal(COP("[{nil, :__FILE__, 1, true}]"), shape(stack));
    how = COP(":exit");
    cop_assert_equal(COP(":bye"), die_plainly(&how));
}

/* LOG-11 */
PROCESS_TEST(log_of_processes)
{
    cop_term how = COP(":raise");
    cop_bytes log = cop_to_bytes(cop_capture_log(die_plainly, &how));
    const char *rest = memchr(log.data, '>', log.len);

    cop_assert(strncmp(log.data, "Process #PID<0.", 15) == 0 && rest != NULL);
    check_words(cop_binary(rest, (size_t)(log.data + log.len - rest)),
                "> raised an exception\n** (RuntimeError) oops 7\n    @: (file)\n");
}

static cop_term start(cop_term arg)
{
    return cop_gen_server_start(&trace_module, arg, cop_empty_list());
}

struct request {
    cop_term pid;
    cop_term request;
};

static cop_term call_server(void *arg)
{
    const struct request *r = arg;

    return cop_gen_server_call(r->pid, r->request, COP_CALL_TIMEOUT);
}

static cop_term server_reason(cop_term order)
{
    cop_term pid, reason, exit_reason;

    cop_expect(start(COP(":fine")), "{:ok, pid}", pid);
    exit_reason = cop_assert_exits(call_server, (&(struct request){pid, order}));
    cop_assert_match(exit_reason, "{reason, {GenServer, :call, _}}", reason);
    return reason;
}

/* The callbacks of a server are calls by name */
PROCESS_TEST(callbacks_of_servers)
{
    cop_term stack, where;

    cop_assert_match(server_reason(COP(":error")), "{:badarg, stack}", stack);
    cop_assert_equal(COP("[{:t, :handle_call, 3, true}]"), shape(stack));
    cop_assert_match(server_reason(COP(":no_clause")),
                     "{:function_clause, [{Trace, :handle_call, 3, where}]}", where);
    cop_assert_equal(line, cop_keyword_get(where, COP(":line"), cop_nil()));
    cop_assert_match(start(COP(":error")), "{:error, {:badarg, stack}}", stack);
    cop_assert_equal(COP("[{:t, :init, 1, true}]"), shape(stack));
    cop_assert_match(start(COP(":no_clause")), "{:error, {:function_clause, stack}}", stack);
    cop_assert_equal(COP("[{:t, :init, 1, true}]"), shape(stack));
}

static cop_term stop_badly(void *pid)
{
    return cop_gen_server_stop(*(cop_term *)pid, COP(":boom"), COP_CALL_TIMEOUT);
}

PROCESS_TEST(terminate_is_one_of_them)
{
    cop_term pid, stack;

    cop_expect(start(COP(":fine")), "{:ok, pid}", pid);
    cop_assert_match(cop_assert_exits(stop_badly, &pid),
                     "{{:in_terminate, stack}, {GenServer, :stop, _}}", stack);
    cop_assert_equal(COP("[{:t, :terminate, 2, true}]"), shape(stack));
}

static int up(void **state)
{
    cop_module_register(&trace_module);
    return node_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(no_places_of_the_library),
        cmocka_unit_test(depth),
        cmocka_unit_test(caught),
        cmocka_unit_test(raised_again),
        cmocka_unit_test(lines),
        cmocka_unit_test(reasons_of_processes),
        cmocka_unit_test(log_of_processes),
        cmocka_unit_test(of_other_processes),
        cmocka_unit_test(callbacks_of_servers),
        cmocka_unit_test(terminate_is_one_of_them),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
