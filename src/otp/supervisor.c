/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor as its users see it: starting one, and the calls. The work is done in its process
 * (supervisor_server.c). */
#include "coppice/supervisor.h"
#include "coppice/introspect.h"

#include "otp/standard_modules.h"
#include "otp/sup_options.h"
#include "otp/supervisor_state.h"

/* --- Starting --------------------------------------------------------------------------------- */

cop_term cop_supervisor_init(cop_term children, cop_term options)
{
    cop_term strategy, intensity, period, auto_shutdown, specs;

    if (!cop_is_keyword(options))
        cop_raise("ArgumentError", "expected the options of a supervisor as a keyword list");
    strategy = cop_keyword_get(options, COP(":strategy"), cop_nil());
    if (cop_match(strategy, "nil"))
        cop_raise("ArgumentError", "expected :strategy option to be given");
    intensity = cop_keyword_get(options, COP(":max_restarts"), cop_int(3));
    period = cop_keyword_get(options, COP(":max_seconds"), cop_int(5));
    auto_shutdown = cop_keyword_get(options, COP(":auto_shutdown"), COP(":never"));
    specs = cop__child_specs_of(children);
    return cop_build("{:ok, {%{strategy: strategy, intensity: intensity, period: period,"
                     " auto_shutdown: auto_shutdown}, specs}}",
                     strategy, intensity, period, auto_shutdown, specs);
}

/* arg is what cop__supervisor_callbacks want. */
static cop_term start(cop_term arg, cop_term options)
{
    cop__standard_modules_register();
    return cop_gen_server_start_with(&(struct cop_gen_start){
        .module = &cop__supervisor_module,
        .callbacks = &cop__supervisor_callbacks,
        .arg = arg,
        .options = cop__sup_start_options(options),
        .initial_call = cop_tuple(COP(":supervisor"), cop_elem(arg, 1), 1),
        .link = true,
    });
}

cop_term cop_supervisor_start_link(cop_term children, cop_term options)
{
    /* In the caller, so that faulty arguments are its errors and not the supervisor's. */
    cop_term value = cop_supervisor_init(children, options);
    cop_term name = cop__sup_name(options);

    return start(cop_build("{name, Supervisor.Default, {:init, value}}", name, value), options);
}

cop_term cop_supervisor_start_link_module(const struct cop_module *module, cop_term arg,
                                          cop_term options)
{
    return start(cop__sup_call_arg(module, arg, options), options);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term call(cop_term supervisor, cop_term request)
{
    return cop_gen_server_call(supervisor, request, COP_INFINITY);
}

cop_term cop_supervisor_start_child(cop_term supervisor, cop_term child)
{
    cop_term spec = cop_is_list(child) ? child : cop__child_spec_of(child);

    return call(supervisor, cop_tuple(COP(":start_child"), spec));
}

cop_term cop_supervisor_terminate_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":terminate_child"), id));
}

cop_term cop_supervisor_delete_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":delete_child"), id));
}

cop_term cop_supervisor_restart_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":restart_child"), id));
}

cop_term cop_supervisor_which_children(cop_term supervisor)
{
    return call(supervisor, COP(":which_children"));
}

cop_term cop_supervisor_count_children(cop_term supervisor)
{
    return call(supervisor, COP(":count_children"));
}

/* Another process would end by a request that it does not know. */
static bool is_supervisor(cop_pid pid)
{
    struct cop_process_row row;

    return cop_read_process(pid, &row) && cop_match(row.initial_call, "{:supervisor, _, _}");
}

cop_term cop_supervisor_status(cop_term supervisor, int64_t offset, int64_t limit,
                               int64_t timeout_ms)
{
    cop_pid pid = cop_gen_server_whereis(supervisor);
    cop_term answer, status;
    cop_ref id;

    if (cop_is_no_pid(pid) || !is_supervisor(pid)) return COP(":noproc");
    id = cop_gen_server_send_request(cop_pid_term(pid), cop_tuple(COP(":status"), offset, limit));
    answer = cop_gen_server_receive_response(id, timeout_ms);
    if (cop_match(answer, "{:reply, status}", status)) return status;
    return cop_match(answer, ":timeout") ? COP(":busy") : COP(":noproc");
}

cop_term cop_supervisor_next_starts(cop_term supervisor)
{
    return call(supervisor, COP(":next_starts"));
}

cop_term cop_supervisor_get_childspec(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":get_childspec"), id));
}

cop_term cop_supervisor_which_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":which_child"), id));
}

cop_term cop_supervisor_check_childspecs(cop_term specs, cop_term auto_shutdown)
{
    enum cop__auto_shutdown for_what = COP__AUTO_SHUTDOWN_UNKNOWN;
    struct cop__children children = {.first = NULL};
    cop_term wrong;

    if (!cop_match(auto_shutdown, ":undefined") &&
        !cop__read_auto_shutdown(auto_shutdown, &for_what))
        return cop_build("{:error, {:badarg, auto_shutdown}}", auto_shutdown);
    if (cop_list_len(specs) < 0) return cop_build("{:error, {:badarg, specs}}", specs);
    wrong = cop__supervisor_take_specs(&children, specs, for_what);
    cop__children_clear(&children);
    return cop_is_none(wrong) ? cop_ok() : cop_tuple(COP(":error"), wrong);
}

cop_term cop_supervisor_stop(cop_term supervisor, cop_term reason, int64_t timeout_ms)
{
    return cop_gen_server_stop(supervisor, reason, timeout_ms);
}

/* --- The module ------------------------------------------------------------------------------- */

static cop_term start_link_module(cop_term module, cop_term arg, cop_term options)
{
    return cop_supervisor_start_link_module(cop__sup_module(module), arg, options);
}

/* start_link(children, options) or start_link(module, arg). */
static cop_term start_link(cop_term first, cop_term second)
{
    if (cop_is_atom(first)) return start_link_module(first, second, cop_empty_list());
    return cop_supervisor_start_link(first, second);
}

static cop_term stop_1(cop_term supervisor)
{
    return cop_supervisor_stop(supervisor, COP(":normal"), COP_INFINITY);
}

static cop_term stop_2(cop_term supervisor, cop_term reason)
{
    return cop_supervisor_stop(supervisor, reason, COP_INFINITY);
}

static cop_term stop_3(cop_term supervisor, cop_term reason, cop_term timeout)
{
    return cop_supervisor_stop(supervisor, reason, cop__sup_timeout(timeout));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(children, options)", start_link,
               "Starts a supervisor with these children."),
    COP_EXPORT("start_link(module, arg, options)", start_link_module,
               "Starts a supervisor whose children module.init(arg) tells."),
    COP_EXPORT("init(children, options)", cop_supervisor_init,
               "What the init of a supervisor's module returns."),
    COP_EXPORT("child_spec(child, overrides)", cop_supervisor_child_spec,
               "The specification of a child as a map, with keys replaced."),
    COP_EXPORT("start_child(supervisor, child)", cop_supervisor_start_child,
               "Adds a child and starts it."),
    COP_EXPORT("terminate_child(supervisor, id)", cop_supervisor_terminate_child,
               "Stops a child; its specification stays, unless it is temporary."),
    COP_EXPORT("delete_child(supervisor, id)", cop_supervisor_delete_child,
               "Forgets a child that does not run."),
    COP_EXPORT("restart_child(supervisor, id)", cop_supervisor_restart_child,
               "Starts a child that does not run."),
    COP_EXPORT("which_children(supervisor)", cop_supervisor_which_children,
               "[{id, pid, type, modules}], last started first."),
    COP_EXPORT("count_children(supervisor)", cop_supervisor_count_children,
               "How many children there are, and how many of each kind."),
    COP_EXPORT("next_starts(supervisor)", cop_supervisor_next_starts,
               "[{id, ms}]: in how many milliseconds children in backoff will be started."),
    COP_EXPORT("get_childspec(supervisor, id)", cop_supervisor_get_childspec,
               "{:ok, map}: the specification of a child."),
    COP_EXPORT("which_child(supervisor, id)", cop_supervisor_which_child,
               "{:ok, row}: the row of a child in which_children."),
    COP_EXPORT("stop(supervisor)", stop_1, "Stops the children, then the supervisor."),
    COP_EXPORT("stop(supervisor, reason)", stop_2, "The same, with this reason."),
    COP_EXPORT("stop(supervisor, reason, timeout)", stop_3, "The same, waiting so long."),
    COP_EXPORT_END};

const struct cop_module cop__supervisor_module = {
    .size = sizeof(struct cop_module),
    .name = "Supervisor",
    .doc =
        "A process that starts children, starts them anew when they fail, and stops them in order.",
    .functions = functions,
    .gen_server = &cop__supervisor_callbacks,
};
