/* SPDX-License-Identifier: Apache-2.0 */
/* Task.Supervisor: whose children tasks are, what their callers see, and how they end. */
#include "task_fixture.h"

#include "coppice/dynamic_supervisor.h"
#include "coppice/sys.h"

static cop_term start(cop_term options)
{
    cop_term pid;

    cop_expect(cop_task_supervisor_start_link(options), "{:ok, pid}", pid);
    return pid;
}

/* A task of s at its gate, not linked to the caller. */
static cop_term at_gate(cop_term s, cop_term fun, cop_term options)
{
    cop_term task = cop_task_supervisor_async_nolink(s, fun, options);

    task_wait_for_gate(task_pid(task));
    return task;
}

static void stop(cop_term s)
{
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_stop(s, COP(":normal"), 20000));
}

/* TSU-01: flags, name, and that it is a DynamicSupervisor */
PROCESS_TEST(it_is_a_dynamic_supervisor)
{
    cop_term s = start(COP("[name: Tasks.One, max_children: 3, max_restarts: 5, max_seconds: 7]"));
    cop_term state = cop_sys_get_state(s, 5000), pid;

    cop_assert_equal(s, cop_pid_term(cop_whereis(COP("Tasks.One"))));
    cop_assert_match(state, "%{mod: Task.Supervisor, strategy: :one_for_one, max_children: 3,"
                            " max_restarts: 5, max_seconds: 7}");
    cop_assert_match(cop_task_supervisor_start_link(COP("[name: Tasks.One]")),
                     "{:error, {:already_started, pid}}", pid);
    cop_assert_equal(s, pid);
    cop_assert_match(cop_process_info(cop_to_pid(s), COP(":dictionary")), "{_, [_ | _]}");
    cop_assert_equal(cop_ok(), cop_sys_suspend(s, 5000));
    cop_assert_equal(cop_ok(), cop_sys_resume(s, 5000));
    stop(s);
    s = start(COP("[]"));
    cop_assert_match(cop_sys_get_state(s, 5000),
                     "%{max_children: :infinity, max_restarts: 3, max_seconds: 5}");
    stop(s);
}

static cop_term start_wrong(void *options)
{
    return cop_task_supervisor_start_link(*(cop_term *)options);
}

PROCESS_TEST(wrong_flags_fail_the_start)
{
    cop_term wrong = cop_int(5);

    cop_trap_exit(true);
    cop_assert_equal(COP("{:error, {:supervisor_data, {:invalid_max_children, -1}}}"),
                     cop_task_supervisor_start_link(COP("[max_children: -1]")));
    cop_assert_match(cop_assert_raises(start_wrong, &wrong), "%{__struct__: FunctionClauseError}");
}

static cop_term look(cop_term to)
{
    cop_term msg;

    cop_send(to, cop_tuple(cop_self(), cop_get(COP(":\"$callers\"")), cop_ancestors()));
    cop_receive(&msg, COP_INFINITY);
    return msg;
}

/* TSU-02, TSU-06: a child of the supervisor, watched and linked, or only watched */
PROCESS_TEST(a_task_is_a_child_of_the_supervisor)
{
    cop_term s = start(COP("[name: Tasks.Two]")), self = cop_pid_term(cop_self());
    cop_term fun = cop_task_fun(look, self), task, pid, links, rows;
    cop_pid supervisor = cop_to_pid(s);

    task = cop_task_supervisor_async(COP("Tasks.Two"), fun, COP("[]"));
    cop_assert_receive_within(10000, "{pid, [^self], [Tasks.Two, ^self]}", pid, self);
    cop_assert_equal(pid, cop_pid_term(task_pid(task)));
    cop_expect(cop_process_info(task_pid(task), COP(":links")), "{:links, links}", links);
    cop_assert(cop_list_len(links) == 2);
    rows = cop_dynamic_supervisor_which_children(s);
    cop_assert_equal(cop_build("[{:undefined, pid, :worker, [Task.Supervised]}]", pid), rows);
    cop_assert_equal(cop_list(pid), cop_task_supervisor_children(s));
    cop_send(pid, COP(":v"));
    cop_assert_equal(COP(":v"), cop_task_await(task, 10000));

    task = cop_task_supervisor_async_nolink(s, fun, COP("[]"));
    cop_assert_receive_within(10000, "{pid, [^self], [Tasks.Two, ^self]}", pid, self);
    cop_assert_equal(cop_build("{:links, [supervisor]}", supervisor),
                     cop_process_info(task_pid(task), COP(":links")));
    cop_send(pid, COP(":w"));
    cop_assert_equal(COP("{:ok, :w}"), cop_task_yield(task, 10000));
    stop(s);
    task_assert_no_message();
}

/* TSU-02: a crash */
PROCESS_TEST(a_crash_is_only_told)
{
    cop_term s = start(COP("[]"));
    cop_term task = at_gate(s, COP("&TaskTest.gate(1)"), COP("[]"));
    cop_ref ref = task_ref(task);
    cop_pid pid = task_pid(task);

    cop_exit_process(pid, COP(":boom"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, ^pid, :boom}", ref, pid);
    task_assert_no_message();
    cop_assert_equal(cop_empty_list(), cop_task_supervisor_children(s));
    stop(s);
}

/* A task that waits at its top level: tells the boss what it gets, until it is told to stop. */
static cop_next wait_for_word(void *state)
{
    cop_pid *boss = state;
    cop_term word;

    if (cop_receive(&word, 0)) {
        if (cop_match(word, ":crash")) cop_exit(COP(":crashed"));
        cop_send(*boss, cop_tuple(COP(":heard"), word));
        if (cop_match(word, ":stop")) return cop_end();
    }
    return cop_hibernate(wait_for_word, state);
}

static cop_next begin_waiting(cop_term boss)
{
    cop_pid *state = cop_alloc(sizeof(*state));

    *state = cop_to_pid(boss);
    cop_send(*state, COP(":begun"));
    return cop_hibernate(wait_for_word, state);
}

static bool has_text(cop_term text, const char *part)
{
    return memmem(cop_to_bytes(text).data, cop_to_bytes(text).len, part, strlen(part)) != NULL;
}

static cop_term crash_the_loop(void *arg)
{
    cop_pid pid = *(cop_pid *)arg;
    cop_ref ref = cop_monitor(pid);

    cop_send(pid, COP(":crash"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, ^pid, :crashed}", ref, pid);
    return cop_nil();
}

PROCESS_TEST(a_task_may_wait_at_its_top_level)
{
    cop_term s = start(COP("[]")), loop = cop_task_loop(begin_waiting, cop_pid_term(cop_self()));
    cop_term task, log, reason;
    cop_pid pid;
    cop_ref ref;

    for (int i = 0; i < 2; i++) {
        cop_assert_match(cop_task_supervisor_start_child(s, loop, COP("[]")), "{:ok, pid}", pid);
        cop_assert_receive_within(10000, ":begun");
        cop_send(pid, COP(":hello"));
        cop_assert_receive_within(10000, "{:heard, :hello}");
        cop_assert_equal(cop_list(pid), cop_task_supervisor_children(s));
        if (i == 1) break;
        ref = cop_monitor(pid);
        cop_send(pid, COP(":stop"));
        cop_assert_receive_within(10000, "{:DOWN, ^ref, :process, ^pid, :normal}", ref, pid);
        cop_assert_receive_within(10000, "{:heard, :stop}");
    }
    log = cop_capture_log(crash_the_loop, &pid);
    cop_assert(has_text(log, "Task #PID<"));
    cop_assert(has_text(log, "** (stop) :crashed"));
    cop_assert_equal(cop_empty_list(), cop_task_supervisor_children(s));
    /* A task that has to reply has no time for that. */
    task = cop_task_supervisor_async_nolink(s, loop, COP("[]"));
    ref = task_ref(task);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, reason}", ref, reason);
    cop_assert_match(reason, "{:badarg, _}");
    stop(s);
}

struct async {
    cop_term (*fn)(cop_term supervisor, cop_term fun, cop_term options);
    cop_term supervisor;
    cop_term fun;
};

static cop_term try_async(void *arg)
{
    const struct async *a = arg;

    return a->fn(a->supervisor, a->fun, COP("[]"));
}

/* TSU-03, TSU-04 */
PROCESS_TEST(max_children_is_the_most)
{
    cop_term s = start(COP("[max_children: 1]")), gate = COP("&TaskTest.gate(1)"), message;
    cop_term task = at_gate(s, gate, COP("[]"));
    struct async calls[] = {{cop_task_supervisor_async, s, gate},
                            {cop_task_supervisor_async_nolink, s, gate}};

    for (size_t i = 0; i < 2; i++) {
        cop_assert_match(cop_assert_raises(try_async, &calls[i]),
                         "%{__struct__: RuntimeError, message: message}", message);
        cop_assert_equal(
            "reached the maximum number of tasks for this task supervisor. The maximum "
            "number of tasks that are allowed to run at the same time under this "
            "supervisor can be configured with the :max_children option passed to "
            "Task.Supervisor.start_link/1",
            message);
    }
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_task_supervisor_start_child(s, gate, COP("[]")));
    cop_assert_equal(cop_nil(), cop_task_shutdown(task, 1000));
    cop_assert_match(cop_task_supervisor_start_child(s, gate, COP("[]")), "{:ok, _}");
    stop(s);
}

static cop_term async_with_a_wrong_option(void *arg)
{
    const struct async *a = arg;

    return a->fn(a->supervisor, a->fun, COP("[shutdown: :odd]"));
}

/* TSU-04: what the supervisor refuses for another reason is not told as too many. */
PROCESS_TEST(a_wrong_option_is_not_too_many)
{
    cop_term s = start(COP("[max_children: 5]")), gate = COP("&TaskTest.gate(1)"), term;
    struct async calls[] = {{cop_task_supervisor_async, s, gate},
                            {cop_task_supervisor_async_nolink, s, gate}};

    for (size_t i = 0; i < 2; i++) {
        cop_assert_match(cop_assert_raises(async_with_a_wrong_option, &calls[i]),
                         "%{__struct__: MatchError, term: term}", term);
        cop_assert_equal(COP("{:error, {:invalid_shutdown, :odd}}"), term);
    }
    cop_assert_equal(COP("[]"), cop_task_supervisor_children(s));
    stop(s);
}

/* TSU-03: restarts */
PROCESS_TEST(children_restart_as_told)
{
    cop_term s = start(COP("[max_restarts: 10]")), self = cop_pid_term(cop_self()), pid, next;
    cop_term fun = cop_task_fun(look, self);
    static const struct {
        const char *restart;
        bool after_crash;
        bool after_normal;
    } rows[] = {{"temporary", false, false}, {"transient", true, false}, {"permanent", true, true}};

    for (size_t i = 0; i < 3; i++) {
        cop_term options = cop_list(cop_tuple(COP(":restart"), cop_atom(rows[i].restart)));

        cop_assert_match(cop_task_supervisor_start_child(s, fun, options), "{:ok, pid}", pid);
        cop_assert_receive_within(10000, "{^pid, [^self], _}", pid, self);
        cop_exit_process(cop_to_pid(pid), COP(":boom"));
        if (rows[i].after_crash) {
            cop_assert_receive_within(10000, "{pid, [^self], [^s, ^self]}", pid, self, s);
            cop_send(pid, COP(":end"));
        }
        if (rows[i].after_normal) {
            cop_assert_receive_within(10000, "{next, [^self], _}", next, self);
            cop_assert(!cop_identical(next, pid));
            cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, cop_to_pid(next)));
        } else {
            cop_ref ref = cop_monitor(pid);

            cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
        }
        cop_assert_equal(cop_empty_list(), cop_task_supervisor_children(s));
    }
    task_assert_no_message();
    task_assert_none("monitors");
    cop_assert_match(cop_task_supervisor_start_child(s, fun, COP("[restart: :odd]")),
                     "{:error, _}");
    stop(s);
}

/* Tells to that it runs and then of each exit signal, of which it does not die. */
static cop_term report_signals(cop_term to)
{
    cop_term msg;

    cop_trap_exit(true);
    cop_send(to, cop_tuple(cop_self(), COP(":runs")));
    while (cop_receive(&msg, COP_INFINITY))
        cop_send(to, cop_tuple(cop_self(), cop_elem(msg, 2)));
    return to;
}

/* Ends a task that waits for nothing but its end, and has its shutdown. */
static void end_at_once(cop_term s, cop_term pid)
{
    cop_ref ref = cop_monitor(pid);

    cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, cop_to_pid(pid)));
    cop_assert_receive("{:DOWN, ^ref, _, _, :killed}", ref);
    task_assert_no_message();
}

static cop_term consume_signals(cop_term s)
{
    cop_term to = cop_pid_term(cop_whereis(COP(":signals"))), list = cop_list(to);

    return cop_apply(COP("Enum"), COP(":to_list"),
                     cop_list(cop_task_supervisor_async_stream_nolink(
                         s, list, COP("&TaskSupervisorTest.report_signals/1"),
                         COP("[shutdown: :brutal_kill]"))));
}

/* TSU-03, TSU-07: the option shutdown, of a child, of a task that is awaited, of a stream's. By
 * default they are asked first. */
PROCESS_TEST(children_end_as_told)
{
    cop_term s = start(COP("[]")), self = cop_pid_term(cop_self()), pid, consumer;
    cop_term fun = cop_task_fun(report_signals, self), brutal = COP("[shutdown: :brutal_kill]");
    cop_ref ref;

    cop_expect(cop_task_supervisor_start_child(s, fun, brutal), "{:ok, pid}", pid);
    cop_assert_receive_within(10000, "{^pid, :runs}", pid);
    end_at_once(s, pid);
    pid = cop_map_get(cop_task_supervisor_async_nolink(s, fun, brutal), COP(":pid"), cop_nil());
    cop_assert_receive_within(10000, "{^pid, :runs}", pid);
    ref = cop_monitor(pid);
    cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, cop_to_pid(pid)));
    cop_assert_receive("{:DOWN, ^ref, _, _, :killed}", ref);
    cop_assert_receive("{:DOWN, _, _, ^pid, :killed}", pid); /* that of the task itself */
    cop_register(COP(":signals"), cop_self());
    cop_expect(cop_task_start(cop_task_fun(consume_signals, s)), "{:ok, consumer}", consumer);
    cop_assert_receive_within(10000, "{pid, :runs}", pid);
    end_at_once(s, pid);
    task_bury(cop_to_pid(consumer));
    cop_expect(cop_task_supervisor_start_child(s, fun, COP("[]")), "{:ok, pid}", pid);
    cop_assert_receive_within(10000, "{^pid, :runs}", pid);
    cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, cop_to_pid(pid)));
    cop_assert_receive("{^pid, :shutdown}", pid);
    stop(s);
}

/* TSU-05 */
PROCESS_TEST(children_can_be_ended)
{
    cop_term s = start(COP("[]")), task = at_gate(s, COP("&TaskTest.gate(1)"), COP("[]"));

    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_task_supervisor_terminate_child(s, cop_self()));
    cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, task_pid(task)));
    cop_assert_equal(COP("{:exit, :shutdown}"), cop_task_yield(task, 0));
    cop_assert_equal(COP("{:error, :not_found}"),
                     cop_task_supervisor_terminate_child(s, task_pid(task)));
    stop(s);
}

/* Of a list of two pids. */
static cop_pid the_other(cop_term pids, cop_pid pid)
{
    cop_pid a, b;

    cop_expect(pids, "[a, b]", a, b);
    return cop_pid_equal(a, pid) ? b : a;
}

/* TSU-05: children are pids: who waits for a restart is counted as a specification only, and is
 * there again after it. */
PROCESS_TEST(children_that_restart)
{
    cop_term s = start(COP("[max_restarts: 5]")),
             task = at_gate(s, COP("&TaskTest.gate(1)"), COP("[]"));
    cop_pid steady = task_pid(task), pid, next;

    cop_assert_match(cop_dynamic_supervisor_start_child(
                         s, COP("%{id: :x, start: {Task, :start_link, [&TaskTest.gate(2)]},"
                                " restart: :permanent, backoff: [min: 50]}")),
                     "{:ok, pid}", pid);
    task_wait_for_gate(pid);
    cop_assert_equal(2, cop_list_len(cop_task_supervisor_children(s)));
    cop_exit_process(pid, COP(":boom"));
    cop_sleep(1);
    cop_assert_equal(cop_build("[steady]", steady), cop_task_supervisor_children(s));
    cop_assert_match(cop_dynamic_supervisor_count_children(s),
                     "%{active: 1, specs: 2, supervisors: 0, workers: 2}");
    cop_sleep(50);
    next = the_other(cop_task_supervisor_children(s), steady);
    cop_assert(!cop_pid_equal(next, pid) && cop_is_alive(next));
    cop_assert_match(cop_dynamic_supervisor_count_children(s),
                     "%{active: 2, specs: 2, supervisors: 0, workers: 2}");
    cop_assert_equal(cop_ok(), cop_task_supervisor_terminate_child(s, next));
    cop_assert_equal(cop_build("[steady]", steady), cop_task_supervisor_children(s));
    stop(s);
}

/* TSU-08, TSU-03: at once, each in its own time */
PROCESS_TEST(stopping_ends_all_tasks)
{
    cop_term s = start(COP("[]")), gate = COP("&TaskTest.gate(1)"),
             hard = COP("&TaskTest.stubborn(1)");
    cop_term a = at_gate(s, gate, COP("[]"));
    cop_term b = at_gate(s, gate, COP("[shutdown: :brutal_kill]"));
    cop_term c = at_gate(s, hard, COP("[shutdown: 30]")),
             d = at_gate(s, hard, COP("[shutdown: 30]"));
    cop_term e = cop_task_supervisor_async(s, gate, COP("[]"));
    int64_t from = cop_monotonic_ms();

    cop_trap_exit(true);
    stop(s);
    cop_assert_equal(30, cop_monotonic_ms() - from);
    cop_assert_equal(COP("{:exit, :shutdown}"), cop_task_yield(a, 0));
    cop_assert_equal(COP("{:exit, :killed}"), cop_task_yield(b, 0));
    cop_assert_equal(COP("{:exit, :killed}"), cop_task_yield(c, 0));
    cop_assert_equal(COP("{:exit, :killed}"), cop_task_yield(d, 0));
    cop_assert_equal(COP("{:exit, :shutdown}"), cop_task_yield(e, 0));
}

/* --- Streams ---------------------------------------------------------------------------------- */

static cop_term to_list(cop_term s)
{
    return cop_apply(COP("Enum"), COP(":to_list"), cop_list(s));
}

static cop_term try_to_list(void *s)
{
    return to_list(*(cop_term *)s);
}

/* TSU-07 */
PROCESS_TEST(a_failing_task_is_an_element)
{
    cop_term s = start(COP("[]")), list = COP("[{:exit, :boom}, {:exit, :normal}]");

    /* not trapping */
    cop_assert_equal(COP("[exit: :boom, exit: :normal]"),
                     to_list(cop_task_supervisor_async_stream_nolink(
                         s, list, COP("&TaskTest.fail/1"), COP("[]"))));
    cop_assert_equal(COP("[ok: 1, ok: 2]"),
                     to_list(cop_task_supervisor_async_stream(s, COP("[1, 2]"),
                                                              COP("&TaskTest.give/1"), COP("[]"))));
    cop_assert_equal(cop_empty_list(), cop_task_supervisor_children(s));
    task_assert_no_message();
    task_assert_none("monitors");
    stop(s);
}

/* TSU-07: a linked one kills a consumer that does not trap */
PROCESS_TEST(a_linked_failing_task_kills_the_consumer)
{
    cop_term s = start(COP("[]")), stream, pid;
    cop_ref ref;

    stream = cop_task_supervisor_async_stream(s, COP("[{:exit, :boom}]"), COP("&TaskTest.fail/1"),
                                              COP("[]"));
    cop_expect(cop_task_start(cop_tuple(COP("Enum"), COP(":to_list"), cop_list(stream))),
               "{:ok, pid}", pid);
    ref = cop_monitor(pid);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :boom}", ref);
    stop(s);
}

static cop_next wait_for_end(cop_term arg)
{
    cop_term msg;

    cop_receive(&msg, COP_INFINITY);
    (void)arg;
    return cop_end();
}

/* Traps exits, and takes all elements of the stream. */
static cop_next consume(cop_term stream)
{
    cop_trap_exit(true);
    cop_apply(COP("Enum"), COP(":to_list"), cop_list(stream));
    return cop_end();
}

/* TSU-07: the tasks of a nolink stream outlive the consumer, those of a linked one do not */
PROCESS_TEST(who_dies_with_the_consumer)
{
    for (int linked = 0; linked < 2; linked++) {
        cop_term s = start(COP("[]")), stream, task;
        cop_term list = COP("[1]"), fun = COP("&TaskTest.gate/1"),
                 options = COP("[timeout: 60000]");
        cop_pid consumer, monitor;
        cop_ref ref;

        stream = linked ? cop_task_supervisor_async_stream(s, list, fun, options)
                        : cop_task_supervisor_async_stream_nolink(s, list, fun, options);
        consumer = cop_spawn(consume, stream, NULL);
        do {
            cop_yield();
        } while (!cop_match(cop_task_supervisor_children(s), "[task]", task));
        task_wait_for_gate(cop_to_pid(task));
        cop_expect(cop_process_info(consumer, COP(":links")), "{:links, [monitor]}", monitor);
        ref = cop_monitor(monitor); /* that of the stream */
        cop_exit_process(consumer, COP(":kill"));
        cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, :killed}", ref);
        ref = cop_monitor(task);
        if (linked)
            cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
        else
            cop_assert(cop_is_alive(cop_to_pid(task)));
        stop(s);
    }
}

static cop_term watched_by_me(cop_term x)
{
    (void)x;
    return cop_process_info(cop_self(), COP(":monitors"));
}

/* TSU-02: a supervised task watches its caller until it has its order, and not longer; where the
 * caller ends before that, so does the task. */
PROCESS_TEST(a_task_without_an_order)
{
    cop_pid self = cop_self(), caller = cop_spawn(wait_for_end, cop_nil(), NULL);
    cop_term owner = cop_tuple(COP(":nonode@nohost"), caller, caller);
    cop_term s = start(COP("[]")), task, pid;

    cop_trap_exit(true);
    cop_expect(
        cop_apply(COP("Task.Supervised"), COP(":start_link"), cop_list(owner, COP(":monitor"))),
        "{:ok, pid}", pid);
    cop_assert_equal(cop_build("{:links, [self]}", self),
                     cop_process_info(cop_to_pid(pid), COP(":links")));
    cop_exit_process(caller, COP(":boom"));
    cop_assert_receive_within(4000, "{:EXIT, ^pid, {:shutdown, :boom}}", pid);
    task = cop_task_supervisor_async(s, cop_task_fun(watched_by_me, cop_nil()), COP("[]"));
    cop_assert_equal(COP("{:monitors, []}"), cop_task_await(task, 10000));
    stop(s);
}

/* TSU-04, TSU-07 */
PROCESS_TEST(a_stream_meets_max_children)
{
    cop_term s = start(COP("[max_children: 1]")), message;
    cop_term stream = cop_task_supervisor_async_stream_nolink(
        s, COP("[1, 2]"), COP("&TaskTest.gate/1"), COP("[max_concurrency: 2]"));

    cop_assert_match(cop_assert_raises(try_to_list, &stream),
                     "%{__struct__: RuntimeError, message: message}", message);
    cop_assert_match(message, "\"reached the maximum number of tasks\" <> _");
    cop_assert_equal(cop_empty_list(), cop_task_supervisor_children(s));
    task_assert_no_message();
    task_assert_none("monitors");
    stop(s);
}

static const struct cop_function own_functions[] = {
    COP_EXPORT("report_signals(to)", report_signals, "Does not end."), COP_EXPORT_END};
static const struct cop_module own_module = {
    .size = sizeof(struct cop_module), .name = "TaskSupervisorTest", .functions = own_functions};

/* On virtual time: times are exact, however busy the machine is. */
static int up(void **state)
{
    (void)state;
    cop_module_register(&task_test_module);
    cop_module_register(&own_module);
    return cop_node_start(&(struct cop_node_opts){.seed = 23, .no_signals = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_dynamic_supervisor),
        cmocka_unit_test(wrong_flags_fail_the_start),
        cmocka_unit_test(a_task_is_a_child_of_the_supervisor),
        cmocka_unit_test(a_crash_is_only_told),
        cmocka_unit_test(a_task_may_wait_at_its_top_level),
        cmocka_unit_test(max_children_is_the_most),
        cmocka_unit_test(a_wrong_option_is_not_too_many),
        cmocka_unit_test(children_restart_as_told),
        cmocka_unit_test(children_can_be_ended),
        cmocka_unit_test(children_end_as_told),
        cmocka_unit_test(children_that_restart),
        cmocka_unit_test(stopping_ends_all_tasks),
        cmocka_unit_test(a_failing_task_is_an_element),
        cmocka_unit_test(a_linked_failing_task_kills_the_consumer),
        cmocka_unit_test(a_stream_meets_max_children),
        cmocka_unit_test(who_dies_with_the_consumer),
        cmocka_unit_test(a_task_without_an_order),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
