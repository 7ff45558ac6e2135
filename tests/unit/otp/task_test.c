/* SPDX-License-Identifier: Apache-2.0 */
/* Task, one at a time: what the owner gets, and what is left of a task afterwards. */
#include "task_fixture.h"

/* --- Calls that fail -------------------------------------------------------------------------- */

struct wait {
    cop_term (*fn)(cop_term task, int64_t timeout_ms);
    cop_term task;
    int64_t timeout_ms;
};

static cop_term try_wait(void *arg)
{
    const struct wait *w = arg;

    return w->fn(w->task, w->timeout_ms);
}

static cop_term exit_of(cop_term (*fn)(cop_term, int64_t), cop_term task, int64_t timeout_ms)
{
    return cop_assert_exits(try_wait, (&(struct wait){fn, task, timeout_ms}));
}

static cop_term error_of(cop_term (*fn)(cop_term, int64_t), cop_term task, int64_t timeout_ms)
{
    return cop_assert_raises(try_wait, (&(struct wait){fn, task, timeout_ms}));
}

static cop_term ignore(cop_term task, int64_t timeout_ms)
{
    (void)timeout_ms;
    return cop_task_ignore(task);
}

/* A task that fails with how, which has ended. Its EXIT was taken: the caller traps. */
static cop_term failed(cop_term how)
{
    cop_term task = cop_task_async(cop_build("&TaskTest.fail(how)", how));
    cop_pid pid = task_pid(task);

    cop_assert_receive_within(10000, "{:EXIT, ^pid, _}", pid);
    return task;
}

/* --- async, await ----------------------------------------------------------------------------- */

/* TSK-01: the struct, for a function and for a name; linked and watched */
PROCESS_TEST(async_gives_a_struct)
{
    cop_term f = cop_task_async(COP("&TaskTest.gate(7)")), n, owner, pid, ref;

    cop_assert_match(f,
                     "%{__struct__: Task, mfa: {:erlang, :apply, 2}, owner: owner, pid: pid,"
                     " ref: ref}",
                     owner, pid, ref);
    cop_assert_equal(cop_self(), owner);
    cop_assert(cop_is_pid(pid) && cop_is_reference(ref));
    cop_assert_equal(5, (int64_t)cop_map_size(f));
    cop_assert_equal(cop_build("{:links, [pid]}", pid),
                     cop_process_info(cop_self(), COP(":links")));
    cop_assert_equal(cop_build("{:monitors, [process: pid]}", pid),
                     cop_process_info(cop_self(), COP(":monitors")));
    task_go(f);
    cop_assert_equal(7, cop_task_await(f, 10000));
    n = cop_task_async(COP("{TaskTest, :give, [8]}"));
    cop_assert_match(n, "%{mfa: {TaskTest, :give, 1}}");
    cop_assert_equal(8, cop_task_await(n, COP_INFINITY));
}

/* TSK-02: the reply, then the end */
PROCESS_TEST(an_unawaited_task_sends_its_value_and_its_end)
{
    cop_term task = cop_task_async(COP("&TaskTest.give(:v)")), first, second;
    cop_ref ref = task_ref(task);
    cop_pid pid = task_pid(task);

    cop_receive(&first, 10000);
    cop_receive(&second, 10000);
    cop_assert_match(first, "{^ref, :v}", ref);
    cop_assert_match(second, "{:DOWN, ^ref, :process, ^pid, :normal}", ref, pid);
    task_assert_no_message();
    task_assert_none("monitors");
}

/* TSK-02: of an awaited one nothing is left */
PROCESS_TEST(an_awaited_task_leaves_nothing)
{
    cop_term task = cop_task_async(COP("&TaskTest.give(:v)"));
    cop_ref ref = cop_monitor(task_pid(task));

    cop_assert_equal(COP(":v"), cop_task_await(task, 10000));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    task_assert_no_message();
    task_assert_none("monitors");
    task_assert_none("links");
}

static cop_term twice(cop_term x)
{
    return cop_int(cop_to_int(x) * 2);
}

static cop_term with_text(cop_term x)
{
    return cop_tuple(COP(":with"), x);
}

static cop_term no_function(void *arg)
{
    (void)arg;
    return cop_task_fun(NULL, cop_nil());
}

static cop_term wrong_number(void *arg)
{
    return cop_call_fun(*(cop_term *)arg, NULL, 0);
}

/* Functions of C: each has one number, whatever it is given; nobody can name another address. */
PROCESS_TEST(functions_of_c_are_captures)
{
    cop_term f = cop_task_fun(twice, cop_int(21)), g = cop_task_fun(with_text, COP("{:&, 1}"));
    cop_term bad = COP("&Task.Supervised.call(100000, 1)");

    cop_assert_equal(42, cop_task_await(cop_task_async(f), 10000));
    cop_assert_equal(COP("{:with, {:&, 1}}"), cop_task_await(cop_task_async(g), 10000));
    cop_assert(cop_is_fun(f, 0));
    cop_assert_equal(f, cop_task_fun(twice, cop_int(21)));
    cop_assert(!cop_identical(f, cop_task_fun(with_text, cop_int(21))));
    cop_assert_match(cop_assert_raises(no_function, NULL), "%{__struct__: ArgumentError}");
    cop_assert_match(cop_assert_raises(wrong_number, &bad), "%{__struct__: ArgumentError}");
    bad = COP("&Task.Supervised.call(-1, 1)");
    cop_assert_match(cop_assert_raises(wrong_number, &bad), "%{__struct__: ArgumentError}");
    bad = COP("&Task.Supervised.call(:a, 1)");
    cop_assert_match(cop_assert_raises(wrong_number, &bad), "%{__struct__: ArgumentError}");
}

static cop_term start_wrong(void *arg)
{
    return cop_task_async(*(cop_term *)arg);
}

PROCESS_TEST(what_is_no_function_is_refused)
{
    cop_term wrong[] = {cop_int(1),
                        COP("&TaskTest.give/1"),
                        COP("{TaskTest, :give, 1}"),
                        COP("{TaskTest, :give, [1 | 2]}"),
                        COP("{\"TaskTest\", :give, [1]}"),
                        COP("{TaskTest, 3, [1]}")};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cop_assert_match(cop_assert_raises(start_wrong, &wrong[i]),
                         "%{__struct__: FunctionClauseError, module: Task, function: :async}");
    task_assert_none("links");
}

/* TSK-04, TSK-05: reasons */
PROCESS_TEST(await_exits_with_the_reason)
{
    const cop_term reasons[] = {COP(":normal"), COP(":shutdown"), COP("{:shutdown, 1}"),
                                COP(":boom"), COP(":killed")};
    cop_term task, got, exception;

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        cop_term reason = reasons[i];

        task = failed(cop_tuple(COP(":exit"), reason));
        cop_assert_equal(cop_build("{reason, {Task, :await, [task, 5000]}}", reason, task),
                         exit_of(cop_task_await, task, 5000));
    }
    task = failed(COP("{:error, :badarg}"));
    cop_assert_match(exit_of(cop_task_await, task, 5000),
                     "{{:badarg, [{TaskTest, :fail, 1, _} | _]}, {Task, :await, _}}");
    task = failed(COP("{:throw, :v}"));
    cop_assert_match(exit_of(cop_task_await, task, 5000), "{{{:nocatch, :v}, [_ | _]}, _}");
    task = failed(cop_tuple(COP(":error"), cop_exception("RuntimeError", "oops")));
    got = exit_of(cop_task_await, task, 5000);
    cop_assert_match(got, "{{exception, _}, _}", exception);
    cop_assert_match(exception, "%{__struct__: RuntimeError, message: \"oops\"}");
    task = cop_task_async(COP("{Task.Nowhere, :f, [1]}"));
    cop_assert_match(
        exit_of(cop_task_await, task, COP_INFINITY),
        "{{:undef, [{Task.Nowhere, :f, [1], []} | _]}, {Task, :await, [_, :infinity]}}");
    task = failed(COP("{:exit, :noconnection}"));
    cop_assert_match(exit_of(cop_task_await, task, 5000), "{{:nodedown, :nonode@nohost}, _}");
}

/* TSK-04: when the time is over nothing comes any more; the task goes on */
PROCESS_TEST(await_gives_up)
{
    cop_term task = task_at_gate(COP(":late"));
    cop_pid pid = task_pid(task);
    cop_ref ref;

    cop_assert_equal(cop_build("{:timeout, {Task, :await, [task, 3]}}", task),
                     exit_of(cop_task_await, task, 3));
    cop_assert(cop_is_alive(pid));
    task_assert_none("monitors");
    ref = cop_monitor(pid);
    task_go(task);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :normal}", ref);
    task_assert_no_message();
    cop_assert_match(exit_of(cop_task_await, task, 0), "{:timeout, _}");
}

/* TSK-03: who is linked to whom */
static cop_term own_a_task(cop_term how)
{
    cop_term task = cop_task_async(how);

    cop_send(COP(":task_tester"), task);
    return cop_task_await(task, COP_INFINITY);
}

static cop_term leave_a_task(cop_term how)
{
    cop_send(COP(":task_tester"), cop_task_async(how));
    return cop_nil();
}

PROCESS_TEST(a_failing_task_takes_its_owner_along)
{
    cop_term owner = cop_task_fun(own_a_task, COP("&TaskTest.gate(1)")), pid, reason, task;
    cop_ref ref;

    cop_register(COP(":task_tester"), cop_self());
    cop_expect(cop_task_start(owner), "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_assert_receive_within(10000, "%{owner: _}");
    cop_exit_process(cop_to_pid(pid), COP(":normal"));
    cop_assert(cop_is_alive(cop_to_pid(pid)));
    cop_exit_process(cop_to_pid(pid), COP(":boom"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :boom}", ref);

    cop_expect(cop_task_start(owner), "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_receive(&task, 10000);
    cop_exit_process(task_pid(task), COP(":bang"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, reason}", ref, reason);
    cop_assert_equal(COP(":bang"), reason);
}

PROCESS_TEST(an_owner_takes_its_task_along_unless_it_ends_normally)
{
    cop_term pid, task;
    cop_ref ref;

    cop_register(COP(":task_tester"), cop_self());
    cop_expect(cop_task_start(cop_task_fun(own_a_task, COP("&TaskTest.gate(1)"))), "{:ok, pid}",
               pid);
    cop_receive(&task, 10000);
    ref = cop_monitor(task_pid(task));
    cop_exit_process(cop_to_pid(pid), COP(":kill"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :killed}", ref);

    cop_expect(cop_task_start(cop_task_fun(leave_a_task, COP("&TaskTest.gate(1)"))), "{:ok, pid}",
               pid);
    cop_receive(&task, 10000);
    ref = cop_monitor(pid);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_assert(cop_is_alive(task_pid(task)));
    task_bury(task_pid(task));
}

/* --- Owners ----------------------------------------------------------------------------------- */

static cop_term shutdown_brutally(cop_term task, int64_t timeout_ms)
{
    (void)timeout_ms;
    return cop_task_shutdown(task, COP_BRUTAL_KILL);
}

static cop_term await_list(cop_term task, int64_t timeout_ms)
{
    return cop_task_await_many(cop_list(cop_task_completed(COP(":x")), task), timeout_ms);
}

static cop_term yield_list(cop_term task, int64_t timeout_ms)
{
    (void)timeout_ms;
    return cop_task_yield_many(cop_list(task), COP("[]"));
}

/* TSK-06 */
PROCESS_TEST(only_the_owner_may_wait)
{
    cop_term (*const fns[])(cop_term, int64_t) = {cop_task_await,    cop_task_yield,    ignore,
                                                  cop_task_shutdown, shutdown_brutally, await_list,
                                                  yield_list};
    cop_term mine = task_at_gate(cop_nil());
    cop_term task = cop_map_put(mine, COP(":owner"), cop_pid_term(task_pid(mine)));
    cop_bytes shown = cop_to_bytes(cop_inspect_with(task, (struct cop_inspect_opts){0, 50}));
    cop_bytes self = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));
    cop_term text = cop_format("task %.*s must be queried from the owner but was queried from %.*s",
                               (int)shown.len, shown.data, (int)self.len, self.data);

    for (size_t i = 0; i < sizeof fns / sizeof fns[0]; i++) {
        cop_term error = error_of(fns[i], task, 10), message;

        cop_assert_match(error, "%{__struct__: ArgumentError, message: message}", message);
        cop_assert_equal(text, message);
    }
    task_go(mine);
    cop_assert_equal(cop_nil(), cop_task_await(mine, 10000));
}

/* TSK-04, 08, 10: what is no time or no task */
PROCESS_TEST(what_is_no_time_is_refused)
{
    cop_term (*const fns[])(cop_term, int64_t) = {cop_task_await, cop_task_yield, cop_task_shutdown,
                                                  await_list};
    const int64_t times[] = {-2, -2, -3, -2};
    cop_term task = cop_task_completed(cop_int(1));

    for (size_t i = 0; i < sizeof fns / sizeof fns[0]; i++) {
        cop_assert_match(error_of(fns[i], task, times[i]),
                         "%{__struct__: FunctionClauseError, module: Task}");
        cop_assert_match(error_of(fns[i], COP("%{ref: 1}"), 5),
                         "%{__struct__: FunctionClauseError}");
    }
    cop_assert_equal(1, cop_task_await(task, 0));
}

/* --- yield ------------------------------------------------------------------------------------ */

/* TSK-08 */
PROCESS_TEST(yield_looks)
{
    cop_term task = task_at_gate(COP(":v"));
    cop_ref ref = cop_monitor(task_pid(task));

    cop_assert_equal(cop_nil(), cop_task_yield(task, 0));
    cop_assert_equal(cop_nil(), cop_task_yield(task, 2));
    task_go(task);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    /* both a reply and a DOWN are there now */
    cop_assert_equal(COP("{:ok, :v}"), cop_task_yield(task, 0));
    task_assert_no_message();
    cop_assert_equal(cop_nil(), cop_task_yield(task, 0));
}

PROCESS_TEST(yield_tells_an_exit)
{
    cop_term task;

    cop_trap_exit(true);
    task = failed(COP("{:exit, :boom}"));
    cop_assert_equal(COP("{:exit, :boom}"), cop_task_yield(task, 10000));
    task = failed(COP("{:exit, :normal}"));
    cop_assert_equal(COP("{:exit, :normal}"), cop_task_yield(task, COP_INFINITY));
    task = failed(COP("{:exit, :noconnection}"));
    cop_assert_equal(cop_build("{{:nodedown, :nonode@nohost}, {Task, :yield, [task, 7]}}", task),
                     exit_of(cop_task_yield, task, 7));
    task_assert_no_message();
}

/* --- shutdown --------------------------------------------------------------------------------- */

/* TSK-10: our signal; the caller lives though it is linked and does not trap */
PROCESS_TEST(shutdown_ends_a_task)
{
    cop_term task = task_at_gate(cop_nil());

    cop_assert_equal(cop_nil(), cop_task_shutdown(task, 10000));
    cop_assert(!cop_is_alive(task_pid(task)));
    cop_assert_equal(COP("{:exit, :noproc}"), cop_task_shutdown(task, 10000));
    cop_assert_equal(COP("{:exit, :noproc}"), cop_task_shutdown(task, COP_BRUTAL_KILL));
    task = task_at_gate(cop_nil());
    cop_assert_equal(cop_nil(), cop_task_shutdown(task, COP_BRUTAL_KILL));
    task_assert_no_message();
    task_assert_none("monitors");
    task_assert_none("links");
}

/* TSK-10: a reply counts, also one that comes while we wait */
PROCESS_TEST(shutdown_finds_a_reply)
{
    cop_term task = cop_task_async(COP("&TaskTest.give(:v)"));
    cop_ref ref = cop_monitor(task_pid(task));

    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_assert_equal(COP("{:ok, :v}"), cop_task_shutdown(task, COP_BRUTAL_KILL));
    task = cop_task_async(COP("&TaskTest.stubborn(:w)"));
    task_wait_for_gate(task_pid(task));
    cop_send_after(5, cop_pid_term(task_pid(task)), COP(":go"));
    cop_assert_equal(COP("{:ok, :w}"), cop_task_shutdown(task, 10000));
    task_assert_no_message();
    task_assert_none("monitors");
}

/* TSK-10: a reply counts, even if the task died of our signal; one that it sent before its end can
 * be told from one that was sent for it by nobody. */
PROCESS_TEST(shutdown_prefers_a_reply)
{
    cop_term task = task_at_gate(COP(":unused"));

    cop_send(cop_self(), cop_tuple(task_ref(task), COP(":v")));
    cop_assert_equal(COP("{:ok, :v}"), cop_task_shutdown(task, 10000));
    task = task_at_gate(COP(":unused"));
    cop_send(cop_self(), cop_tuple(task_ref(task), COP(":w")));
    cop_assert_equal(COP("{:ok, :w}"), cop_task_shutdown(task, COP_BRUTAL_KILL));
    task_assert_no_message();
}

/* TSK-10, TSK-11: what the shutdown says about a task, by how it had ended and how it is asked */
PROCESS_TEST(shutdown_tells_how_a_task_has_ended)
{
    static const struct {
        const char *reason;
        const char *gentle;
        const char *brutal;
    } rows[] = {
        {":normal", "{:exit, :normal}", "{:exit, :normal}"},
        {":boom", "{:exit, :boom}", "{:exit, :boom}"},
        {":shutdown", "nil", "{:exit, :shutdown}"},
        {":killed", "{:exit, :killed}", "nil"},
        {"{:shutdown, 1}", "{:exit, {:shutdown, 1}}", "{:exit, {:shutdown, 1}}"},
    };
    struct cop_parse_error error;

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_term reason, gentle, brutal, how;

        cop_assert(cop_parse((cop_bytes){rows[i].reason, strlen(rows[i].reason)}, &reason, &error));
        cop_assert(cop_parse((cop_bytes){rows[i].gentle, strlen(rows[i].gentle)}, &gentle, &error));
        cop_assert(cop_parse((cop_bytes){rows[i].brutal, strlen(rows[i].brutal)}, &brutal, &error));
        how = cop_tuple(COP(":exit"), reason);
        cop_assert_equal(gentle, cop_task_shutdown(failed(how), 1000));
        cop_assert_equal(brutal, cop_task_shutdown(failed(how), COP_BRUTAL_KILL));
    }
    task_assert_no_message();
    task_assert_none("monitors");
}

/* TSK-10: the time is over */
PROCESS_TEST(shutdown_kills_at_last)
{
    cop_term task = cop_task_async(COP("&TaskTest.stubborn(1)"));

    task_wait_for_gate(task_pid(task));
    cop_assert_equal(COP("{:exit, :killed}"), cop_task_shutdown(task, 3));
    cop_assert(!cop_is_alive(task_pid(task)));
    task = cop_task_async(COP("&TaskTest.stubborn(1)"));
    task_wait_for_gate(task_pid(task));
    cop_assert_equal(cop_nil(), cop_task_shutdown(task, COP_BRUTAL_KILL));
    task_assert_no_message();
}

static cop_term shutdown_10(cop_term task, int64_t timeout_ms)
{
    (void)timeout_ms;
    return cop_task_shutdown(task, 10);
}

PROCESS_TEST(shutdown_of_a_lost_or_absent_process)
{
    cop_term task, message;

    cop_trap_exit(true);
    task = failed(COP("{:exit, :noconnection}"));
    cop_assert_equal(
        cop_build("{{:nodedown, :nonode@nohost}, {Task, :shutdown, [task, 10]}}", task),
        exit_of(shutdown_10, task, 0));
    task = failed(COP("{:exit, :noconnection}"));
    cop_assert_match(exit_of(shutdown_brutally, task, 0),
                     "{{:nodedown, _}, {Task, :shutdown, [_, :brutal_kill]}}");
    task = cop_task_completed(cop_nil());
    cop_assert_match(error_of(cop_task_shutdown, task, 5),
                     "%{__struct__: ArgumentError, message: message}", message);
    cop_assert_match(error_of(ignore, task, 0), "%{__struct__: ArgumentError, message: ^message}",
                     message);
}

/* --- ignore, completed, start ----------------------------------------------------------------- */

/* TSK-12 */
PROCESS_TEST(an_ignored_task_is_on_its_own)
{
    cop_term task = task_at_gate(cop_nil());
    cop_ref ref = cop_monitor(task_pid(task));

    cop_assert_equal(cop_nil(), cop_task_ignore(task));
    task_assert_none("links");
    cop_assert_match(exit_of(cop_task_await, task, 0), "{:timeout, _}");
    cop_exit_process(task_pid(task), COP(":boom"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :boom}", ref);
    task_assert_no_message();

    task = task_at_gate(cop_nil());
    ref = cop_monitor(task_pid(task));
    cop_assert_equal(cop_nil(), cop_task_ignore(task));
    task_go(task);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :normal}", ref);
    task_assert_no_message();
}

PROCESS_TEST(ignore_tells_what_had_come)
{
    cop_term task = cop_task_async(COP("&TaskTest.give(:v)"));
    cop_ref ref = cop_monitor(task_pid(task));

    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_assert_equal(COP("{:ok, :v}"), cop_task_ignore(task));
    cop_assert_equal(cop_nil(), cop_task_ignore(task));
    cop_trap_exit(true);
    task = failed(COP("{:exit, :boom}"));
    cop_assert_equal(COP("{:exit, :boom}"), cop_task_ignore(task));
    task_assert_no_message();
}

/* TSK-13 */
PROCESS_TEST(a_completed_task_has_no_process)
{
    cop_term task = cop_task_completed(COP("[1]")), messages;
    cop_ref ref = task_ref(task);
    cop_pid owner = cop_self();

    cop_assert_match(
        task, "%{__struct__: Task, mfa: {Task, :completed, 1}, owner: ^owner, pid: nil}", owner);
    cop_expect(cop_process_info(cop_self(), COP(":messages")), "{:messages, messages}", messages);
    cop_assert_equal(cop_build("[{ref, [1]}]", ref), messages);
    cop_assert_equal(COP("[1]"), cop_task_await(task, 0));
    task_assert_no_message();
}

static cop_term report(cop_term to)
{
    cop_send(to, cop_tuple(cop_self(), cop_get(COP(":\"$callers\"")), cop_ancestors(),
                           cop_get(COP(":\"$initial_call\""))));
    return cop_nil();
}

/* TSK-14, TSK-15 */
PROCESS_TEST(start_does_not_watch)
{
    cop_term fun = cop_task_fun(report, cop_pid_term(cop_self())), self = cop_pid_term(cop_self());
    cop_term pid, gate = COP("&TaskTest.gate(1)");

    cop_assert_match(cop_task_start(fun), "{:ok, pid}", pid);
    cop_assert_receive_within(10000, "{^pid, [^self], [^self], {Task.Supervised, :call, 2}}", pid,
                              self);
    cop_assert_match(cop_task_start(gate), "{:ok, pid}", pid);
    task_assert_none("links");
    task_assert_none("monitors");
    task_bury(cop_to_pid(pid));
    cop_assert_match(cop_task_start_link(gate), "{:ok, pid}", pid);
    cop_assert_equal(cop_build("{:links, [pid]}", pid),
                     cop_process_info(cop_self(), COP(":links")));
    task_assert_none("monitors");
    task_bury(cop_to_pid(pid));
    task_assert_no_message();
}

/* TSK-14 */
PROCESS_TEST(a_task_is_a_temporary_child)
{
    cop_assert_equal(COP("%{id: Task, start: {Task, :start_link, [:x]}, restart: :temporary}"),
                     cop_apply(COP("Task"), COP(":child_spec"), COP("[:x]")));
}

static cop_term nest(cop_term depth)
{
    int64_t n = cop_to_int(depth);

    if (n == 0) return cop_tuple(cop_get(COP(":\"$callers\"")), cop_ancestors());
    return cop_task_await(cop_task_async(cop_task_fun(nest, cop_int(n - 1))), COP_INFINITY);
}

/* TSK-15: callers and ancestors through nested tasks */
PROCESS_TEST(callers_accumulate)
{
    cop_term task = cop_task_async(cop_task_fun(nest, cop_int(2))), callers, ancestors;
    cop_pid outer = task_pid(task), self = cop_self();

    cop_assert_match(cop_task_await(task, 10000), "{callers, ancestors}", callers, ancestors);
    cop_assert_match(callers, "[_, ^outer, ^self]", outer, self);
    cop_assert_equal(callers, ancestors);
}

static int up(void **state)
{
    cop_module_register(&task_test_module);
    return node_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(async_gives_a_struct),
        cmocka_unit_test(an_unawaited_task_sends_its_value_and_its_end),
        cmocka_unit_test(an_awaited_task_leaves_nothing),
        cmocka_unit_test(functions_of_c_are_captures),
        cmocka_unit_test(what_is_no_function_is_refused),
        cmocka_unit_test(await_exits_with_the_reason),
        cmocka_unit_test(await_gives_up),
        cmocka_unit_test(a_failing_task_takes_its_owner_along),
        cmocka_unit_test(an_owner_takes_its_task_along_unless_it_ends_normally),
        cmocka_unit_test(only_the_owner_may_wait),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(yield_looks),
        cmocka_unit_test(yield_tells_an_exit),
        cmocka_unit_test(shutdown_ends_a_task),
        cmocka_unit_test(shutdown_finds_a_reply),
        cmocka_unit_test(shutdown_prefers_a_reply),
        cmocka_unit_test(shutdown_tells_how_a_task_has_ended),
        cmocka_unit_test(shutdown_kills_at_last),
        cmocka_unit_test(shutdown_of_a_lost_or_absent_process),
        cmocka_unit_test(an_ignored_task_is_on_its_own),
        cmocka_unit_test(ignore_tells_what_had_come),
        cmocka_unit_test(a_completed_task_has_no_process),
        cmocka_unit_test(start_does_not_watch),
        cmocka_unit_test(a_task_is_a_temporary_child),
        cmocka_unit_test(callers_accumulate),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
