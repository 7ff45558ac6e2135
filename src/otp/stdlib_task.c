/* SPDX-License-Identifier: Apache-2.0 */
/* Task and Task.Supervisor, as the console and child specifications call them. */
#include "otp/exception.h"
#include "otp/stdlib.h"
#include "otp/task_process.h"

#include "coppice/task_supervisor.h"

/* A function by its name, as tasks take it. */
static cop_term mfa(cop_term module, cop_term function, cop_term args)
{
    return cop_tuple(module, function, args);
}

/* A time; what is none is refused by the function that gets it. */
static int64_t timeout_arg(cop_term timeout, const char *function)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) cop__raise_no_clause(function);
    return ms;
}

/* --- Task ------------------------------------------------------------------------------------- */

static cop_term async_mfa(cop_term module, cop_term function, cop_term args)
{
    return cop_task_async(mfa(module, function, args));
}

static cop_term start_mfa(cop_term module, cop_term function, cop_term args)
{
    return cop_task_start(mfa(module, function, args));
}

static cop_term start_link_mfa(cop_term module, cop_term function, cop_term args)
{
    return cop_task_start_link(mfa(module, function, args));
}

static cop_term await_for(cop_term task, cop_term timeout)
{
    return cop_task_await(task, timeout_arg(timeout, "Task.await/2"));
}

static cop_term await(cop_term task)
{
    return cop_task_await(task, COP_CALL_TIMEOUT);
}

static cop_term await_many_for(cop_term tasks, cop_term timeout)
{
    return cop_task_await_many(cop__enumerate(tasks), timeout_arg(timeout, "Task.await_many/2"));
}

static cop_term await_many(cop_term tasks)
{
    return cop_task_await_many(cop__enumerate(tasks), COP_CALL_TIMEOUT);
}

static cop_term yield_for(cop_term task, cop_term timeout)
{
    return cop_task_yield(task, timeout_arg(timeout, "Task.yield/2"));
}

static cop_term yield(cop_term task)
{
    return cop_task_yield(task, COP_CALL_TIMEOUT);
}

/* options may be a time, as it was before there were options. */
static cop_term yield_many_with(cop_term tasks, cop_term options)
{
    if (!cop_is_list(options)) {
        (void)timeout_arg(options, "Task.yield_many/2");
        options = cop_list(cop_tuple(COP(":timeout"), options));
    }
    return cop_task_yield_many(tasks, options);
}

static cop_term yield_many(cop_term tasks)
{
    return cop_task_yield_many(tasks, cop_empty_list());
}

static cop_term shutdown_for(cop_term task, cop_term timeout)
{
    if (cop_match(timeout, ":brutal_kill")) return cop_task_shutdown(task, COP_BRUTAL_KILL);
    return cop_task_shutdown(task, timeout_arg(timeout, "Task.shutdown/2"));
}

static cop_term shutdown(cop_term task)
{
    return cop_task_shutdown(task, 5000);
}

static cop_term async_stream(cop_term enumerable, cop_term fun)
{
    return cop_task_async_stream(enumerable, fun, cop_empty_list());
}

static cop_term async_stream_mfa_with(cop_term enumerable, cop_term module, cop_term function,
                                      cop_term args, cop_term options)
{
    return cop_task_async_stream(enumerable, mfa(module, function, args), options);
}

static cop_term async_stream_mfa(cop_term enumerable, cop_term module, cop_term function,
                                 cop_term args)
{
    return async_stream_mfa_with(enumerable, module, function, args, cop_empty_list());
}

#define BY_NAME  "The same with a function by its name."
#define SO_LONG  "The same, waiting so long."
#define ELEMENTS "The same with a function by its name; the element comes first."
static const struct cop_function task_functions[] = {
    COP_EXPORT("async(fun)", cop_task_async, "Starts a task that is to be awaited."),
    COP_EXPORT("async(module, function, args)", async_mfa, BY_NAME),
    COP_EXPORT("async_stream(enumerable, fun)", async_stream,
               "The results of fun for each element, by tasks, a few at a time."),
    COP_EXPORT("async_stream(enumerable, fun, options)", cop_task_async_stream,
               "The same; options: max_concurrency, ordered, timeout, on_timeout, "
               "zip_input_on_exit."),
    COP_EXPORT("async_stream(enumerable, module, function, args)", async_stream_mfa, ELEMENTS),
    COP_EXPORT("async_stream(enumerable, module, function, args, options)", async_stream_mfa_with,
               ELEMENTS),
    COP_EXPORT("await(task)", await, "Waits for the value of a task, 5 s."),
    COP_EXPORT("await(task, timeout)", await_for, SO_LONG),
    COP_EXPORT("await_many(tasks)", await_many, "The values of all tasks, in order."),
    COP_EXPORT("await_many(tasks, timeout)", await_many_for, SO_LONG),
    COP_EXPORT("completed(value)", cop_task_completed, "A task that is done already."),
    COP_EXPORT("ignore(task)", cop_task_ignore, "Lets a task go on without its owner."),
    COP_EXPORT("shutdown(task)", shutdown, "Ends a task, in order if it does so within 5 s."),
    COP_EXPORT("shutdown(task, timeout)", shutdown_for, "The same; a time or :brutal_kill."),
    COP_EXPORT("start(fun)", cop_task_start, "Starts a task that is not awaited: {:ok, pid}."),
    COP_EXPORT("start(module, function, args)", start_mfa, BY_NAME),
    COP_EXPORT("start_link(fun)", cop_task_start_link, "The same, linked to the caller."),
    COP_EXPORT("start_link(module, function, args)", start_link_mfa, BY_NAME),
    COP_EXPORT("yield(task)", yield, "{:ok, value}, {:exit, reason}, or nil after 5 s."),
    COP_EXPORT("yield(task, timeout)", yield_for, SO_LONG),
    COP_EXPORT("yield_many(tasks)", yield_many, "[{task, result or nil}] after at most 5 s."),
    COP_EXPORT("yield_many(tasks, options)", yield_many_with,
               "The same; options: timeout, limit, on_timeout."),
    COP_EXPORT_END};

const struct cop_module cop__task_module = {
    .size = sizeof(struct cop_module),
    .name = "Task",
    .doc = "Processes that do one thing and tell what came of it.",
    .functions = task_functions,
    .child_spec = "restart: :temporary"};

/* --- Task.Supervisor -------------------------------------------------------------------------- */

static cop_term child_spec(cop_term options)
{
    cop_term id = cop_keyword_get(options, COP(":name"), COP("Task.Supervisor"));

    if (!cop_match(id, "{:global, id}", id)) (void)cop_match(id, "{:via, _, id}", id);
    return cop_build("%{id: id, start: {Task.Supervisor, :start_link, [options]},"
                     " type: :supervisor}",
                     id, options);
}

static cop_term start_supervisor(void)
{
    return cop_task_supervisor_start_link(cop_empty_list());
}

/* The four ways to start a task: a function, with options, a function by name, with options. */
#define START(name, start)                                                                         \
    static cop_term name##_fun(cop_term supervisor, cop_term fun)                                  \
    {                                                                                              \
        return start(supervisor, fun, cop_empty_list());                                           \
    }                                                                                              \
    static cop_term name##_mfa_with(cop_term supervisor, cop_term module, cop_term function,       \
                                    cop_term args, cop_term options)                               \
    {                                                                                              \
        return start(supervisor, mfa(module, function, args), options);                            \
    }                                                                                              \
    static cop_term name##_mfa(cop_term supervisor, cop_term module, cop_term function,            \
                               cop_term args)                                                      \
    {                                                                                              \
        return name##_mfa_with(supervisor, module, function, args, cop_empty_list());              \
    }
START(sup_async, cop_task_supervisor_async)
START(sup_async_nolink, cop_task_supervisor_async_nolink)
START(sup_start_child, cop_task_supervisor_start_child)

/* The same of the streams. */
#define STREAM(name, stream)                                                                       \
    static cop_term name##_fun(cop_term supervisor, cop_term enumerable, cop_term fun)             \
    {                                                                                              \
        return stream(supervisor, enumerable, fun, cop_empty_list());                              \
    }                                                                                              \
    static cop_term name##_mfa_with(cop_term supervisor, cop_term enumerable, cop_term module,     \
                                    cop_term function, cop_term args, cop_term options)            \
    {                                                                                              \
        return stream(supervisor, enumerable, mfa(module, function, args), options);               \
    }                                                                                              \
    static cop_term name##_mfa(cop_term supervisor, cop_term enumerable, cop_term module,          \
                               cop_term function, cop_term args)                                   \
    {                                                                                              \
        return name##_mfa_with(supervisor, enumerable, module, function, args, cop_empty_list());  \
    }
STREAM(sup_stream, cop_task_supervisor_async_stream)
STREAM(sup_stream_nolink, cop_task_supervisor_async_stream_nolink)

static cop_term terminate_child(cop_term supervisor, cop_term task)
{
    if (!cop_is_pid(task)) cop__raise_function_clause(COP("Task.Supervisor"), "terminate_child", 2);
    return cop_task_supervisor_terminate_child(supervisor, cop_to_pid(task));
}

static const struct cop_function supervisor_functions[] = {
    COP_EXPORT("async(supervisor, fun)", sup_async_fun,
               "Starts a task under a supervisor, linked to the caller, to be awaited."),
    COP_EXPORT("async(supervisor, fun, options)", cop_task_supervisor_async,
               "The same; options: shutdown."),
    COP_EXPORT("async(supervisor, module, function, args)", sup_async_mfa, BY_NAME),
    COP_EXPORT("async(supervisor, module, function, args, options)", sup_async_mfa_with, BY_NAME),
    COP_EXPORT("async_nolink(supervisor, fun)", sup_async_nolink_fun,
               "The same without a link: a crash is only told."),
    COP_EXPORT("async_nolink(supervisor, fun, options)", cop_task_supervisor_async_nolink,
               "The same; options: shutdown."),
    COP_EXPORT("async_nolink(supervisor, module, function, args)", sup_async_nolink_mfa, BY_NAME),
    COP_EXPORT("async_nolink(supervisor, module, function, args, options)",
               sup_async_nolink_mfa_with, BY_NAME),
    COP_EXPORT("async_stream(supervisor, enumerable, fun)", sup_stream_fun,
               "As Task.async_stream, with tasks of the supervisor."),
    COP_EXPORT("async_stream(supervisor, enumerable, fun, options)",
               cop_task_supervisor_async_stream, "The same; options also: shutdown."),
    COP_EXPORT("async_stream(supervisor, enumerable, module, function, args)", sup_stream_mfa,
               ELEMENTS),
    COP_EXPORT("async_stream(supervisor, enumerable, module, function, args, options)",
               sup_stream_mfa_with, ELEMENTS),
    COP_EXPORT("async_stream_nolink(supervisor, enumerable, fun)", sup_stream_nolink_fun,
               "The same; a task that fails is an element {:exit, reason}."),
    COP_EXPORT("async_stream_nolink(supervisor, enumerable, fun, options)",
               cop_task_supervisor_async_stream_nolink, "The same; options also: shutdown."),
    COP_EXPORT("async_stream_nolink(supervisor, enumerable, module, function, args)",
               sup_stream_nolink_mfa, ELEMENTS),
    COP_EXPORT("async_stream_nolink(supervisor, enumerable, module, function, args, options)",
               sup_stream_nolink_mfa_with, ELEMENTS),
    COP_EXPORT("child_spec(options)", child_spec, "The specification of such a supervisor."),
    COP_EXPORT("children(supervisor)", cop_task_supervisor_children, "The pids of all tasks."),
    COP_EXPORT("start_child(supervisor, fun)", sup_start_child_fun,
               "Starts a task that is not awaited: {:ok, pid}."),
    COP_EXPORT("start_child(supervisor, fun, options)", cop_task_supervisor_start_child,
               "The same; options: restart, shutdown."),
    COP_EXPORT("start_child(supervisor, module, function, args)", sup_start_child_mfa, BY_NAME),
    COP_EXPORT("start_child(supervisor, module, function, args, options)", sup_start_child_mfa_with,
               BY_NAME),
    COP_EXPORT("start_link()", start_supervisor, "Starts a supervisor of tasks."),
    COP_EXPORT("start_link(options)", cop_task_supervisor_start_link,
               "The same; options: name, max_children, max_restarts, max_seconds."),
    COP_EXPORT("terminate_child(supervisor, pid)", terminate_child, "Ends a task."),
    COP_EXPORT_END};

const struct cop_module cop__task_supervisor_module = {.size = sizeof(struct cop_module),
                                                       .name = "Task.Supervisor",
                                                       .doc = "Tasks under a supervisor.",
                                                       .functions = supervisor_functions};
