/* SPDX-License-Identifier: Apache-2.0 */
/* Task.Supervisor: a DynamicSupervisor whose children are tasks (TSU). It is that process and
 * nothing else; what is particular is the request {:start_task, args, restart, shutdown}, which the
 * process takes for the child {Task.Supervised, :start_link, args}. */
#include "coppice/task_supervisor.h"

#include "coppice/dynamic_supervisor.h"
#include "otp/dynamic_supervisor_state.h"
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/standard_modules.h"
#include "otp/sup_options.h"
#include "otp/task_process.h"
#include "otp/task_stream.h"

/* --- The supervisor --------------------------------------------------------------------------- */

/* Of the flags of a DynamicSupervisor only these can be set; other options are not looked at. */
static cop_term flags_of(cop_term options)
{
    cop_term keys = COP("[:max_children, :max_seconds, :max_restarts]"), flags = cop_empty_list();

    if (!cop_is_keyword(options)) cop__raise_function_clause(COP("Keyword"), "pop", 3);
    for (; !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        cop_term value = cop_keyword_get(options, cop_head(keys), cop_none());

        if (!cop_is_none(value)) flags = cop_cons(cop_tuple(cop_head(keys), value), flags);
    }
    return flags;
}

cop_term cop_task_supervisor_start_link(cop_term options)
{
    cop_term value = cop_dynamic_supervisor_init(flags_of(options)), name = cop__sup_name(options);

    cop__standard_modules_register();
    return cop_gen_server_start_with(&(struct cop_gen_start){
        .module = &cop__task_supervisor_module,
        .callbacks = &cop__dynamic_supervisor_callbacks,
        .arg = cop_build("{name, Task.Supervisor, {:init, value}}", name, value),
        .options = cop__sup_start_options(options),
        .initial_call = COP("{:supervisor, Task.Supervisor, 1}"),
        .link = true,
    });
}

/* --- Tasks ------------------------------------------------------------------------------------ */

static cop_term start_task(cop_term supervisor, cop_term args, cop_term restart, cop_term shutdown)
{
    return cop_gen_server_call(supervisor, cop_tuple(COP(":start_task"), args, restart, shutdown),
                               COP_INFINITY);
}

static cop_term option(cop_term options, cop_term key)
{
    return cop_keyword_get(options, key, cop_nil());
}

bool cop__task_start_supervised(cop_term supervisor, cop_term owner, cop_term shutdown,
                                cop_pid *ret_task)
{
    cop_term answer =
        start_task(supervisor, cop_list(owner, COP(":monitor")), COP(":temporary"), shutdown);
    cop_pid task;

    if (cop_match(answer, "{:error, :max_children}")) return false;
    cop_expect(answer, "{:ok, task}", task);
    *ret_task = task;
    return true;
}

void cop__task_raise_max_children(bool of_stream)
{
    cop_raise("RuntimeError",
              "reached the maximum number of tasks for this task supervisor. The maximum number of "
              "tasks that are allowed to run at the same time under this supervisor can be "
              "configured with the :max_children option passed to Task.Supervisor.start_link/1%s",
              of_stream
                  ? ". When using async_stream or async_stream_nolink, make sure to configure "
                    ":max_concurrency to be lower or equal to :max_children and pay attention "
                    "to whether other tasks are also spawned under the same task supervisor."
                  : "");
}

/* What fun means, or a FunctionClauseError of a function with an arity of 3 (fun) or 5. */
static cop_term mfa_of(cop_term fun, cop_term options, const char *function)
{
    cop_term mfa = cop__task_mfa(fun);

    if (cop_is_none(mfa) || !cop_is_keyword(options))
        cop__raise_function_clause(COP("Task.Supervisor"), function, cop_is_tuple(fun) ? 5 : 3);
    return mfa;
}

static cop_term async(cop_term supervisor, cop_term mfa, cop_term options, bool link)
{
    cop_pid task;

    if (!cop__task_start_supervised(supervisor, cop__task_owner(),
                                    option(options, COP(":shutdown")), &task))
        cop__task_raise_max_children(false);
    if (link) cop_link(task);
    return cop__task_begin(task, mfa);
}

cop_term cop_task_supervisor_async(cop_term supervisor, cop_term fun, cop_term options)
{
    return async(supervisor, mfa_of(fun, options, "async"), options, true);
}

cop_term cop_task_supervisor_async_nolink(cop_term supervisor, cop_term fun, cop_term options)
{
    return async(supervisor, mfa_of(fun, options, "async_nolink"), options, false);
}

cop_term cop_task_supervisor_start_child(cop_term supervisor, cop_term fun, cop_term options)
{
    cop_term mfa = mfa_of(fun, options, "start_child");

    return start_task(supervisor, cop_list(cop__task_owner(), cop__task_callers(), mfa),
                      option(options, COP(":restart")), option(options, COP(":shutdown")));
}

cop_term cop_task_supervisor_children(cop_term supervisor)
{
    cop_term rows = cop_dynamic_supervisor_which_children(supervisor), pids = cop_empty_list();

    for (rows = cop_list_reverse(rows); !cop_is_empty_list(rows); rows = cop_tail(rows)) {
        cop_term pid = cop_elem(cop_head(rows), 1);

        if (cop_is_pid(pid)) pids = cop_cons(pid, pids);
    }
    return pids;
}

cop_term cop_task_supervisor_terminate_child(cop_term supervisor, cop_pid task)
{
    return cop_dynamic_supervisor_terminate_child(supervisor, task);
}

cop_term cop_task_supervisor_async_stream(cop_term supervisor, cop_term enumerable, cop_term fun,
                                          cop_term options)
{
    return cop__stream_new(enumerable, fun, options, supervisor, true);
}

cop_term cop_task_supervisor_async_stream_nolink(cop_term supervisor, cop_term enumerable,
                                                 cop_term fun, cop_term options)
{
    return cop__stream_new(enumerable, fun, options, supervisor, false);
}
