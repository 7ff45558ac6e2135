/* SPDX-License-Identifier: Apache-2.0 */
/* DynamicSupervisor as its users see it: starting one, and the calls. The work is done in its
 * process (dynamic_supervisor_server.c). */
#include "coppice/dynamic_supervisor.h"

#include "otp/dynamic_supervisor_state.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"
#include "otp/sup_options.h"

/* --- Starting --------------------------------------------------------------------------------- */

cop_term cop_dynamic_supervisor_init(cop_term options)
{
    cop_term strategy, intensity, period, max_children, extra;

    if (!cop_is_keyword(options))
        cop_raise("ArgumentError", "expected the options of a supervisor as a keyword list");
    strategy = cop_keyword_get(options, COP(":strategy"), COP(":one_for_one"));
    intensity = cop_keyword_get(options, COP(":max_restarts"), cop_int(3));
    period = cop_keyword_get(options, COP(":max_seconds"), cop_int(5));
    max_children = cop_keyword_get(options, COP(":max_children"), COP(":infinity"));
    extra = cop_keyword_get(options, COP(":extra_arguments"), cop_empty_list());
    return cop_build("{:ok, %{strategy: strategy, intensity: intensity, period: period,"
                     " max_children: max_children, extra_arguments: extra}}",
                     strategy, intensity, period, max_children, extra);
}

static cop_term start(cop_term arg, cop_term options)
{
    cop__standard_modules_register();
    return cop_gen_server_start_with(&(struct cop_gen_start){
        .module = &cop__dynamic_supervisor_module,
        .callbacks = &cop__dynamic_supervisor_callbacks,
        .arg = arg,
        .options = cop__sup_start_options(options),
        .initial_call = cop_tuple(COP(":supervisor"), cop_elem(arg, 1), 1),
        .link = true,
    });
}

cop_term cop_dynamic_supervisor_start_link(cop_term options)
{
    cop_term value = cop_dynamic_supervisor_init(options);
    cop_term name = cop__sup_name(options);

    return start(cop_build("{name, Supervisor.Default, {:init, value}}", name, value), options);
}

cop_term cop_dynamic_supervisor_start_link_module(const struct cop_module *module, cop_term arg,
                                                  cop_term options)
{
    return start(cop__sup_call_arg(module, arg, options), options);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term call(cop_term supervisor, cop_term request)
{
    return cop_gen_server_call(supervisor, request, COP_INFINITY);
}

cop_term cop_dynamic_supervisor_start_child(cop_term supervisor, cop_term child)
{
    struct cop__spec spec;
    cop_term wrong = cop__spec_check_dynamic(cop__child_spec_of(child), &spec);
    cop_term extensions;

    if (!cop_is_none(wrong)) return cop_tuple(COP(":error"), wrong);
    extensions = cop__spec_extensions(&spec);
    child =
        cop_tuple(spec.start, cop__restart_term(spec.restart), cop__shutdown_term(spec.shutdown),
                  cop__type_term(spec.supervisor), spec.modules);
    /* Without extensions the request is Elixir's, as one sees it where a call fails. */
    if (!cop_is_empty_list(extensions)) child = cop_tuple(child, extensions);
    return call(supervisor, cop_tuple(COP(":start_child"), child));
}

cop_term cop_dynamic_supervisor_terminate_child(cop_term supervisor, cop_pid child)
{
    return call(supervisor, cop_tuple(COP(":terminate_child"), child));
}

cop_term cop_dynamic_supervisor_which_children(cop_term supervisor)
{
    return call(supervisor, COP(":which_children"));
}

cop_term cop_dynamic_supervisor_count_children(cop_term supervisor)
{
    return call(supervisor, COP(":count_children"));
}

cop_term cop_dynamic_supervisor_next_starts(cop_term supervisor)
{
    return call(supervisor, COP(":next_starts"));
}

cop_term cop_dynamic_supervisor_stop(cop_term supervisor, cop_term reason, int64_t timeout_ms)
{
    return cop_gen_server_stop(supervisor, reason, timeout_ms);
}

/* --- The module ------------------------------------------------------------------------------- */

/* DYN-04. */
static cop_term child_spec(cop_term options)
{
    cop_term id = cop_keyword_get(options, COP(":name"), COP("DynamicSupervisor"));

    if (!cop_match(id, "{:global, id}", id)) (void)cop_match(id, "{:via, _, id}", id);
    return cop_build("%{id: id, start: {DynamicSupervisor, :start_link, [options]},"
                     " type: :supervisor}",
                     id, options);
}

static cop_term start_link_module(cop_term module, cop_term arg, cop_term options)
{
    return cop_dynamic_supervisor_start_link_module(cop__sup_module(module), arg, options);
}

static cop_term start_link_module_2(cop_term module, cop_term arg)
{
    return start_link_module(module, arg, cop_empty_list());
}

static cop_term terminate_child(cop_term supervisor, cop_term child)
{
    if (!cop_is_pid(child)) cop__raise_no_clause("DynamicSupervisor.terminate_child/2");
    return cop_dynamic_supervisor_terminate_child(supervisor, cop_to_pid(child));
}

static cop_term stop_1(cop_term supervisor)
{
    return cop_dynamic_supervisor_stop(supervisor, COP(":normal"), COP_INFINITY);
}

static cop_term stop_2(cop_term supervisor, cop_term reason)
{
    return cop_dynamic_supervisor_stop(supervisor, reason, COP_INFINITY);
}

static cop_term stop_3(cop_term supervisor, cop_term reason, cop_term timeout)
{
    return cop_dynamic_supervisor_stop(supervisor, reason, cop__sup_timeout(timeout));
}

static const struct cop_function functions[] = {
    COP_EXPORT("child_spec(options)", child_spec, "The specification of such a supervisor."),
    COP_EXPORT("start_link(options)", cop_dynamic_supervisor_start_link,
               "Starts a supervisor without children."),
    COP_EXPORT("start_link(module, arg)", start_link_module_2,
               "Starts one whose options module.init(arg) tells."),
    COP_EXPORT("start_link(module, arg, options)", start_link_module,
               "Starts one whose options module.init(arg) tells."),
    COP_EXPORT("init(options)", cop_dynamic_supervisor_init,
               "What the init of a dynamic supervisor's module returns."),
    COP_EXPORT("start_child(supervisor, child)", cop_dynamic_supervisor_start_child,
               "Adds a child and starts it."),
    COP_EXPORT("terminate_child(supervisor, pid)", terminate_child,
               "Stops a child; it is not restarted."),
    COP_EXPORT("which_children(supervisor)", cop_dynamic_supervisor_which_children,
               "[{:undefined, pid, type, modules}]"),
    COP_EXPORT("count_children(supervisor)", cop_dynamic_supervisor_count_children,
               "How many children there are, and how many of each kind."),
    COP_EXPORT("next_starts(supervisor)", cop_dynamic_supervisor_next_starts,
               "[{pid, ms}]: in how many milliseconds children in backoff will be started; pid is "
               "the process before."),
    COP_EXPORT("stop(supervisor)", stop_1, "Stops the children, then the supervisor."),
    COP_EXPORT("stop(supervisor, reason)", stop_2, "The same, with this reason."),
    COP_EXPORT("stop(supervisor, reason, timeout)", stop_3, "The same, waiting so long."),
    COP_EXPORT_END};

const struct cop_module cop__dynamic_supervisor_module = {
    .size = sizeof(struct cop_module),
    .name = "DynamicSupervisor",
    .doc = "A supervisor that starts children on demand, any number of each kind.",
    .functions = functions,
    .gen_server = &cop__dynamic_supervisor_callbacks,
};
