/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a DynamicSupervisor: a gen_server whose children come and go at run time. A
 * child has no place in an order and no id; it is its process, and while it is restarting, its
 * former one. */
#include "otp/dynamic_supervisor_state.h"

#include "base/check.h"

void cop__dynamic_report(const struct cop__dynamic_supervisor *sup, enum cop__sup_context context,
                         cop_term reason, const struct cop__child *child)
{
    struct cop__sup_ident who = {cop_kept_term(sup->name), cop_kept_term(sup->module)};
    struct cop__spec spec = cop__child_spec_now(child);

    cop__sup_report(&who, context, reason, &spec, child->pid, cop_kept_term(sup->extra));
}

/* --- Init ------------------------------------------------------------------------------------- */

static bool read_max_children(cop_term t, int64_t *ret)
{
    int64_t max;

    if (cop_match(t, ":infinity"))
        *ret = COP__MAX_CHILDREN_INFINITY;
    else if (cop_match(t, "max", max) && max >= 0)
        *ret = max;
    else
        return false;
    return true;
}

/* Sets what the flags say; cop_none(), or what is wrong with them (DYN-03). */
static cop_term take_flags(struct cop__dynamic_supervisor *sup, cop_term flags)
{
    cop_term strategy = cop_map_get(flags, COP(":strategy"), COP(":one_for_one"));
    cop_term restarts = cop_map_get(flags, COP(":intensity"), 1);
    cop_term seconds = cop_map_get(flags, COP(":period"), 5);
    cop_term children = cop_map_get(flags, COP(":max_children"), COP(":infinity"));
    cop_term extra = cop_map_get(flags, COP(":extra_arguments"), cop_empty_list());
    cop_term never = cop_map_get(flags, COP(":auto_shutdown"), COP(":never"));
    int64_t intensity;
    int64_t period;

    if (!cop_match(strategy, ":one_for_one")) return cop_tuple(COP(":invalid_strategy"), strategy);
    if (!cop_match(restarts, "intensity", intensity) || intensity < 0)
        return cop_tuple(COP(":invalid_intensity"), restarts);
    if (!cop_match(seconds, "period", period) || period <= 0)
        return cop_tuple(COP(":invalid_period"), seconds);
    if (!read_max_children(children, &sup->max_children))
        return cop_tuple(COP(":invalid_max_children"), children);
    if (cop_list_len(extra) < 0) return cop_tuple(COP(":invalid_extra_arguments"), extra);
    if (!cop_match(never, ":never")) return cop_tuple(COP(":invalid_auto_shutdown"), never);
    cop__intensity_init(&sup->intensity, intensity, period);
    sup->extra = cop_keep(extra);
    return cop_none();
}

static cop_term init_value(cop_term how)
{
    int64_t address;
    cop_term arg;
    cop_term value;

    if (cop_match(how, "{:call, address, arg}", address, arg)) {
        const struct cop_module *module = (const struct cop_module *)(uintptr_t)address;

        return module->supervisor_init(arg);
    }
    cop_expect(how, "{:init, value}", value);
    return value;
}

static cop_result init(cop_term arg)
{
    struct cop__dynamic_supervisor *sup = cop_alloc(sizeof(*sup));
    cop_term name, module, how, flags, value, wrong;

    cop_expect(arg, "{name, module, how}", name, module, how);
    cop_trap_exit(true);
    value = init_value(how);
    if (cop_match(value, ":ignore")) return cop_ignore();
    if (!cop_match(value, "{:ok, flags}", flags) || !cop_is_map(flags))
        return cop_stop(cop_build("{:bad_return, {module, :init, value}}", module, value));
    sup->name = cop_keep(name);
    sup->module = cop_keep(module);
    wrong = take_flags(sup, flags);
    if (!cop_is_none(wrong)) return cop_stop(cop_tuple(COP(":supervisor_data"), wrong));
    return cop_started(sup);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Enters a child that was started as pid. A start function may return a process that is a child
 * already; it then stands for the new one. */
static void add_child(struct cop__dynamic_supervisor *sup, struct cop__spec *spec, cop_pid pid)
{
    struct cop__child *known = cop__children_by_pid(&sup->children, pid);
    struct cop__child *child;

    if (known) cop__children_remove(&sup->children, known);
    spec->start = cop__stored_start(spec->start, spec->restart);
    child = cop__children_append(&sup->children, spec, false);
    cop__children_set(&sup->children, child, COP__CHILD_RUNNING, pid);
}

static cop_term start_child(struct cop__dynamic_supervisor *sup, cop_term t)
{
    cop_term start, restart, shutdown, type, modules, wrong;
    struct cop__start started;
    struct cop__spec spec;

    if (!cop_match(t, "{start, restart, shutdown, type, modules}", start, restart, shutdown, type,
                   modules))
        return cop_build("{:error, {:invalid_child_spec, t}}", t);
    wrong = cop__spec_check_dynamic(
        cop_tuple(COP(":undefined"), start, restart, shutdown, type, modules), &spec);
    if (!cop_is_none(wrong)) return cop_tuple(COP(":error"), wrong);
    if ((int64_t)sup->children.len >= sup->max_children) return COP("{:error, :max_children}");
    started = cop__child_start(spec.start, cop_kept_term(sup->extra), true);
    switch (started.kind) {
    case COP__START_STARTED: add_child(sup, &spec, started.pid); return started.answer;
    case COP__START_IGNORED: return COP(":ignore");
    case COP__START_FAILED: return cop_tuple(COP(":error"), started.reason);
    }
    COP_UNREACHABLE();
}

static cop_term terminate_child(struct cop__dynamic_supervisor *sup, cop_pid pid)
{
    struct cop__child *child = cop__children_by_pid(&sup->children, pid);

    if (!child) return COP("{:error, :not_found}");
    if (child->state == COP__CHILD_RUNNING) {
        cop_term reason = cop__child_stop(pid, child->shutdown);

        if (cop__stop_is_reported(true, child->shutdown, child->restart, cop__reason_class(reason)))
            cop__dynamic_report(sup, COP__SHUTDOWN_ERROR, reason, child);
    }
    cop__children_remove(&sup->children, child);
    return cop_ok();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct cop__dynamic_supervisor *sup = state;
    cop_term child;
    cop_pid pid;

    (void)from;
    if (cop_match(request, "{:start_child, child}", child))
        return cop_reply(start_child(sup, child));
    if (cop_match(request, "{:terminate_child, pid}", pid))
        return cop_reply(terminate_child(sup, pid));
    if (cop_match(request, ":which_children")) return cop_reply(cop__children_rows(&sup->children));
    if (cop_match(request, ":count_children"))
        return cop_reply(cop__children_count(&sup->children));
    return cop_no_clause(request);
}

/* --- Messages and the end --------------------------------------------------------------------- */

/* False: one restart too many. */
static bool restart(struct cop__dynamic_supervisor *sup, struct cop__child *child)
{
    struct cop__start start;
    cop_pid former = child->pid;

    if (!cop__intensity_add(&sup->intensity, cop_monotonic_ms())) {
        cop__dynamic_report(sup, COP__CAUSED_SHUTDOWN, COP(":reached_max_restart_intensity"),
                            child);
        cop__children_remove(&sup->children, child);
        return false;
    }
    start = cop__child_start(cop_kept_term(child->start), cop_kept_term(sup->extra), true);
    switch (start.kind) {
    case COP__START_STARTED:
        cop__children_set(&sup->children, child, COP__CHILD_RUNNING, start.pid);
        break;
    case COP__START_IGNORED: cop__children_remove(&sup->children, child); break; /* DYN-17 */
    case COP__START_FAILED:
        cop__dynamic_report(sup, COP__START_ERROR, start.reason, child);
        cop__children_set(&sup->children, child, COP__CHILD_RESTARTING, former);
        cop_send(cop_self(), cop_build("{:\"$gen_restart\", former}", former)); /* DYN-16 */
        break;
    }
    return true;
}

static bool child_died(struct cop__dynamic_supervisor *sup, struct cop__child *child,
                       cop_term reason)
{
    struct cop__death_rule rule = cop__death_rule(child->restart, cop__reason_class(reason));

    if (rule.report) cop__dynamic_report(sup, COP__CHILD_TERMINATED, reason, child);
    if (rule.restart) return restart(sup, child);
    cop__children_remove(&sup->children, child);
    return true;
}

static cop_result handle_cast(void *state, cop_term message)
{
    (void)state;
    (void)message;
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    struct cop__dynamic_supervisor *sup = state;
    struct cop__child *child;
    cop_pid pid;
    cop_term reason;
    bool goes_on = true;

    if (cop_match(message, "{:EXIT, pid, reason}", pid, reason)) {
        child = cop__children_by_pid(&sup->children, pid);
        if (child && child->state == COP__CHILD_RUNNING) goes_on = child_died(sup, child, reason);
    } else if (cop_match(message, "{:\"$gen_restart\", pid}", pid)) {
        child = cop__children_by_pid(&sup->children, pid);
        if (child && child->state == COP__CHILD_RESTARTING) goes_on = restart(sup, child);
    } else {
        cop__sup_report_unexpected("DynamicSupervisor", message);
    }
    return goes_on ? cop_noreply() : cop_stop(COP(":shutdown"));
}

static void terminate(void *state, cop_term reason)
{
    (void)reason;
    cop__dynamic_stop_all(state);
}

static cop_term format_state(const void *state)
{
    const struct cop__dynamic_supervisor *sup = state;
    cop_term name = cop_kept_term(sup->name);
    cop_term module = cop_kept_term(sup->module);
    cop_term extra = cop_kept_term(sup->extra);
    cop_term max = sup->max_children == COP__MAX_CHILDREN_INFINITY ? COP(":infinity")
                                                                   : cop_int(sup->max_children);
    int64_t intensity = sup->intensity.max;
    int64_t period = sup->intensity.period;
    cop_term children = cop__children_rows(&sup->children);

    return cop_build("%{name: name, mod: module, strategy: :one_for_one, max_restarts: intensity,"
                     " max_seconds: period, max_children: max, extra_arguments: extra,"
                     " children: children}",
                     name, module, intensity, period, max, extra, children);
}

const struct cop_gen_server cop__dynamic_supervisor_callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_cast = handle_cast,
    .handle_info = handle_info,
    .terminate = terminate,
    .format_state = format_state,
};
