/* SPDX-License-Identifier: Apache-2.0 */
/* The module :supervisor: the same supervisors under the names and with the answers of Erlang. */
#include "coppice/gen_server.h"
#include "coppice/supervisor.h"
#include "coppice/sys.h"
#include "otp/standard_modules.h"
#include "otp/sup_options.h"

/* --- Starting --------------------------------------------------------------------------------- */

static cop_term start_link_2(cop_term module, cop_term arg)
{
    return cop_supervisor_start_link_module(cop__sup_module(module), arg, cop_empty_list());
}

static cop_term start_link_3(cop_term name, cop_term module, cop_term arg)
{
    (void)cop_match(name, "{:local, name}", name);
    return cop_supervisor_start_link_module(cop__sup_module(module), arg,
                                            cop_build("[name: name]", name));
}

/* --- Calls ------------------------------------------------------------------------------------ */

struct call {
    cop_term supervisor;
    cop_term request;
};

static cop_term make_call(void *arg)
{
    const struct call *call = arg;

    return cop_gen_server_call(call->supervisor, call->request, COP_INFINITY);
}

/* A call that fails names gen_server where Elixir's names GenServer (SUP-30). */
static cop_term call(cop_term supervisor, cop_term request)
{
    struct call c = {supervisor, request};
    struct cop_outcome outcome;
    cop_term why, args;

    if (cop_try(make_call, &c, &outcome)) return outcome.value;
    if (cop_match(outcome.value, "{why, {GenServer, :call, args}}", why, args))
        cop_exit(cop_build("{why, {:gen_server, :call, args}}", why, args));
    cop_exit(outcome.value);
}

static cop_term start_child(cop_term supervisor, cop_term spec)
{
    return call(supervisor, cop_tuple(COP(":start_child"), spec));
}

static cop_term terminate_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":terminate_child"), id));
}

static cop_term delete_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":delete_child"), id));
}

static cop_term restart_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":restart_child"), id));
}

static cop_term get_childspec(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":get_childspec"), id));
}

static cop_term which_child(cop_term supervisor, cop_term id)
{
    return call(supervisor, cop_tuple(COP(":which_child"), id));
}

static cop_term which_children(cop_term supervisor)
{
    return call(supervisor, COP(":which_children"));
}

/* SUP-27: Erlang's is a list of pairs. */
static cop_term count_children(cop_term supervisor)
{
    cop_term specs, active, supervisors, workers;

    cop_expect(call(supervisor, COP(":count_children")),
               "%{specs: specs, active: active, supervisors: supervisors, workers: workers}", specs,
               active, supervisors, workers);
    return cop_build("[specs: specs, active: active, supervisors: supervisors, workers: workers]",
                     specs, active, supervisors, workers);
}

static cop_term check_childspecs(cop_term specs)
{
    return cop_supervisor_check_childspecs(specs, COP(":undefined"));
}

/* --- The module ------------------------------------------------------------------------------- */

/* What the status of a supervisor ends with; a server that is none ends the caller. */
static cop_term get_callback_module(cop_term supervisor)
{
    cop_term status = cop_sys_get_status(supervisor, COP_CALL_TIMEOUT), misc, module;

    cop_expect(status, "{:status, _, {:module, _}, [_, _, _, _, misc]}", misc);
    misc = cop_keyword_get(misc, COP(":supervisor"), cop_nil());
    if (!cop_match(misc, "[{~c\"Callback\", module}]", module))
        cop_error(cop_tuple(COP(":badrecord"), misc));
    return module;
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(module, arg)", start_link_2,
               "Starts a supervisor whose children module.init(arg) tells."),
    COP_EXPORT("start_link(name, module, arg)", start_link_3,
               "The same with a name: {:local, atom} or {:via, module, term}."),
    COP_EXPORT("start_child(supervisor, spec)", start_child,
               "Adds a child and starts it; with :simple_one_for_one spec is more arguments."),
    COP_EXPORT("terminate_child(supervisor, id)", terminate_child,
               "Stops a child; its specification stays, unless it is temporary."),
    COP_EXPORT("delete_child(supervisor, id)", delete_child, "Forgets a child that does not run."),
    COP_EXPORT("restart_child(supervisor, id)", restart_child, "Starts a child that does not run."),
    COP_EXPORT("which_children(supervisor)", which_children,
               "[{id, pid, type, modules}], last started first."),
    COP_EXPORT("which_child(supervisor, id)", which_child,
               "{:ok, row}: the row of a child in which_children."),
    COP_EXPORT("count_children(supervisor)", count_children,
               "[specs: n, active: n, supervisors: n, workers: n]"),
    COP_EXPORT("get_childspec(supervisor, id)", get_childspec,
               "{:ok, map}: the specification of a child."),
    COP_EXPORT("check_childspecs(specs)", check_childspecs,
               ":ok, or {:error, what is wrong with one of these specifications}."),
    COP_EXPORT("check_childspecs(specs, auto_shutdown)", cop_supervisor_check_childspecs,
               "The same for a supervisor with this auto_shutdown."),
    COP_EXPORT("get_callback_module(supervisor)", get_callback_module,
               "The module whose init tells its children."),
    COP_EXPORT_END};

const struct cop_module cop__erlang_supervisor_module = {
    .size = sizeof(struct cop_module),
    .name = ":supervisor",
    .doc = "Supervisors under Erlang's names; see Supervisor.",
    .functions = functions,
};
