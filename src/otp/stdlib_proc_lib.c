/* SPDX-License-Identifier: Apache-2.0 */
/* :proc_lib, as the console and child specifications call it: the started process calls a function
 * of a module table, or a capture. */
#include "coppice/proc_lib.h"

#include "otp/gen.h"
#include "otp/stdlib.h"

/* --- What runs -------------------------------------------------------------------------------- */

static cop_next run_mfa(cop_term mfa)
{
    cop_apply(cop_elem(mfa, 0), cop_elem(mfa, 1), cop_elem(mfa, 2));
    return cop_end();
}

static cop_next run_fun(cop_term fun)
{
    cop_call_fun(fun, NULL, 0);
    return cop_end();
}

/* {module, function, arity}: what tools show. */
static cop_term call_of(cop_term module, cop_term function, cop_term args)
{
    if (!cop_is_atom(module) || !cop_is_atom(function) || cop_list_len(args) < 0)
        cop_error(COP(":badarg"));
    return cop_tuple(module, function, cop_list_len(args));
}

static cop_term call_of_fun(cop_term fun)
{
    cop_term module, function, args;
    int arity;

    if (!cop_is_fun(fun, 0)) cop_error(COP(":badarg"));
    cop_capture_parts(fun, &module, &function, &arity, &args);
    return cop_tuple(module, function, cop_is_list(args) ? cop_list_len(args) : arity);
}

/* --- spawn ------------------------------------------------------------------------------------ */

/* link, monitor, stack_size and mailbox; anything else is no option. */
static struct cop_proc_lib_opts spawn_options(cop_term options)
{
    struct cop_proc_lib_opts opts = {.name = ":proc_lib"};
    cop_term mailbox;
    int64_t size;

    if (cop_list_len(options) < 0) cop_error(COP(":badarg"));
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cop_head(options);

        if (cop_match(option, ":link"))
            opts.link = true;
        else if (cop_match(option, ":monitor"))
            opts.monitor = true;
        else if (cop_match(option, "{:stack_size, size}", size) && size >= 0)
            opts.stack_size = (size_t)size;
        else if (cop_match(option, "{:mailbox, mailbox}", mailbox))
            opts.mailbox = cop__mailbox_option(mailbox);
        else
            cop_error(COP(":badarg"));
    }
    return opts;
}

static cop_term spawn_with(cop_start_fn fn, cop_term arg, cop_term call,
                           struct cop_proc_lib_opts opts)
{
    cop_ref ref;
    cop_pid pid;

    opts.initial_call = call;
    opts.ret_ref = &ref;
    pid = cop_proc_lib_spawn(fn, arg, &opts);
    return opts.monitor ? cop_tuple(pid, ref) : cop_pid_term(pid);
}

static cop_term spawn_opt_fun(cop_term fun, cop_term options)
{
    return spawn_with(run_fun, fun, call_of_fun(fun), spawn_options(options));
}

static cop_term spawn_opt(cop_term module, cop_term function, cop_term args, cop_term options)
{
    return spawn_with(run_mfa, cop_tuple(module, function, args), call_of(module, function, args),
                      spawn_options(options));
}

static cop_term spawn_fun(cop_term fun)
{
    return spawn_opt_fun(fun, cop_empty_list());
}

static cop_term spawn(cop_term module, cop_term function, cop_term args)
{
    return spawn_opt(module, function, args, cop_empty_list());
}

static cop_term spawn_link_fun(cop_term fun)
{
    return spawn_opt_fun(fun, COP("[:link]"));
}

static cop_term spawn_link(cop_term module, cop_term function, cop_term args)
{
    return spawn_opt(module, function, args, COP("[:link]"));
}

/* --- start ------------------------------------------------------------------------------------ */

/* Starts with these options, or with the watch that start_monitor is about. */
static cop_term start_with(cop_term mfa, cop_term timeout, cop_term options, bool link,
                           bool monitor)
{
    struct cop_proc_lib_opts opts = spawn_options(options);
    int64_t ms = cop__timeout(timeout);
    cop_term answer;
    cop_ref ref;

    if (opts.monitor || ms < COP_INFINITY) cop_error(COP(":badarg"));
    opts.link |= link;
    opts.monitor = monitor;
    opts.ret_ref = &ref;
    opts.timeout_ms = ms == COP_INFINITY ? 0 : ms < 1 ? 1 : ms;
    opts.initial_call = call_of(cop_elem(mfa, 0), cop_elem(mfa, 1), cop_elem(mfa, 2));
    answer = cop_proc_lib_start(run_mfa, mfa, &opts);
    return monitor ? cop_tuple(answer, ref) : answer;
}

#define START(name, link, monitor)                                                                 \
    static cop_term name(cop_term module, cop_term function, cop_term args)                        \
    {                                                                                              \
        return start_with(cop_tuple(module, function, args), COP(":infinity"), cop_empty_list(),   \
                          link, monitor);                                                          \
    }                                                                                              \
    static cop_term name##_for(cop_term module, cop_term function, cop_term args,                  \
                               cop_term timeout)                                                   \
    {                                                                                              \
        return start_with(cop_tuple(module, function, args), timeout, cop_empty_list(), link,      \
                          monitor);                                                                \
    }                                                                                              \
    static cop_term name##_opt(cop_term module, cop_term function, cop_term args,                  \
                               cop_term timeout, cop_term options)                                 \
    {                                                                                              \
        return start_with(cop_tuple(module, function, args), timeout, options, link, monitor);     \
    }
START(start, false, false)
START(start_link, true, false)
START(start_monitor, false, true)

/* --- In the started process, and from outside ------------------------------------------------- */

static cop_term init_ack(cop_term answer)
{
    cop_init_ack(answer);
    return cop_ok();
}

static cop_term init_ack_to(cop_term parent, cop_term answer)
{
    if (!cop_is_pid(parent)) cop_error(COP(":badarg"));
    cop__init_ack(cop_to_pid(parent), answer);
    return cop_ok();
}

/* {class, reason} */
static struct cop_outcome exception_arg(cop_term exception)
{
    struct cop_outcome how = {.class_ = COP_CLASS_EXIT, .stack = cop_empty_list()};
    cop_term class_, reason;

    if (!cop_match(exception, "{class_, reason}", class_, reason)) cop_error(COP(":badarg"));
    how.value = reason;
    if (cop_match(class_, ":error"))
        how.class_ = COP_CLASS_ERROR;
    else if (cop_match(class_, ":throw"))
        how.class_ = COP_CLASS_THROW;
    else if (!cop_match(class_, ":exit"))
        cop_error(COP(":badarg"));
    return how;
}

static cop_term init_fail(cop_term answer, cop_term exception)
{
    struct cop_outcome how = exception_arg(exception);

    cop_init_fail(answer, how.class_, how.value);
}

static cop_term init_fail_to(cop_term parent, cop_term answer, cop_term exception)
{
    struct cop_outcome how = exception_arg(exception);

    if (!cop_is_pid(parent)) cop_error(COP(":badarg"));
    cop__init_fail(cop_to_pid(parent), answer, &how);
}

static cop_term stop_for(cop_term process, cop_term reason, cop_term timeout)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) cop__raise_no_clause("gen.call/4");
    return cop_proc_lib_stop(process, reason, ms);
}

static cop_term stop(cop_term process)
{
    return cop_proc_lib_stop(process, COP(":normal"), COP_INFINITY);
}

static cop_pid pid_arg(cop_term pid)
{
    if (!cop_is_pid(pid)) cop_error(COP(":badarg"));
    return cop_to_pid(pid);
}

static cop_term initial_call(cop_term pid)
{
    return cop_initial_call(pid_arg(pid));
}

static cop_term translate_initial_call(cop_term pid)
{
    return cop_translate_initial_call(pid_arg(pid));
}

#define WITH_TIME    "The same, waiting so long."
#define WITH_OPTIONS "The same; options: :link, stack_size."
static const struct cop_function functions[] = {
    COP_EXPORT("init_ack(answer)", init_ack, "Tells the starter that the start is done."),
    COP_EXPORT("init_ack(parent, answer)", init_ack_to, "The same to this process."),
    COP_EXPORT("init_fail(answer, exception)", init_fail, "Ends; the starter gets the answer."),
    COP_EXPORT("init_fail(parent, answer, exception)", init_fail_to, "The same."),
    COP_EXPORT("initial_call(pid)", initial_call, "{mod, fun, [:Argument__1, ...]}, or false."),
    COP_EXPORT("spawn(fun)", spawn_fun, "Starts a process whose crash is reported."),
    COP_EXPORT("spawn(module, function, args)", spawn, "The same by a name."),
    COP_EXPORT("spawn_link(fun)", spawn_link_fun, "The same with a link."),
    COP_EXPORT("spawn_link(module, function, args)", spawn_link, "The same by a name."),
    COP_EXPORT("spawn_opt(fun, options)", spawn_opt_fun,
               "Options: :link, :monitor, stack_size, mailbox."),
    COP_EXPORT("spawn_opt(module, function, args, options)", spawn_opt, "The same by a name."),
    COP_EXPORT("start(module, function, args)", start, "Starts and waits for init_ack."),
    COP_EXPORT("start(module, function, args, timeout)", start_for, WITH_TIME),
    COP_EXPORT("start(module, function, args, timeout, options)", start_opt, WITH_OPTIONS),
    COP_EXPORT("start_link(module, function, args)", start_link, "The same with a link."),
    COP_EXPORT("start_link(module, function, args, timeout)", start_link_for, WITH_TIME),
    COP_EXPORT("start_link(module, function, args, timeout, options)", start_link_opt,
               WITH_OPTIONS),
    COP_EXPORT("start_monitor(module, function, args)", start_monitor, "{answer, monitor}."),
    COP_EXPORT("start_monitor(module, function, args, timeout)", start_monitor_for, WITH_TIME),
    COP_EXPORT("start_monitor(module, function, args, timeout, options)", start_monitor_opt,
               WITH_OPTIONS),
    COP_EXPORT("stop(process)", stop, "Stops a process that knows system messages."),
    COP_EXPORT("stop(process, reason, timeout)", stop_for, "The same, with this reason."),
    COP_EXPORT("translate_initial_call(pid)", translate_initial_call, "{mod, fun, arity}."),
    COP_EXPORT_END};

const struct cop_module cop__proc_lib_module = {
    .size = sizeof(struct cop_module),
    .name = ":proc_lib",
    .doc = "Processes with a start that is waited for, and reports of their crashes.",
    .functions = functions};
