/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a Supervisor: a gen_server whose state is the list of its children. */
#include "otp/supervisor_state.h"

#include "base/check.h"

/* --- Children --------------------------------------------------------------------------------- */

struct cop__start cop__supervisor_start_child(struct cop__supervisor *sup, struct cop__child *child)
{
    struct cop__start start = cop__sup_start(&sup->sup, child);

    if (start.kind == COP__START_IGNORED)
        cop__children_set(&sup->sup.children, child, COP__CHILD_STOPPED, cop_no_pid());
    if (start.kind == COP__START_STARTED) {
        cop__sup_report_progress(&sup->sup, child);
        cop_replace(&child->start, cop__stored_start(cop_kept_term(child->start), child->restart));
    }
    return start;
}

void cop__supervisor_stop_all(struct cop__supervisor *sup)
{
    for (const struct cop__child *c = sup->sup.children.last; c; c = c->before)
        cop__sup_stop(&sup->sup, c);
    cop__children_clear(&sup->sup.children);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* The child as it stands in the error of a failed start_child (SUP-21). */
static cop_term child_record(const struct cop__spec *spec)
{
    return cop_tuple(COP(":child"), COP(":undefined"), spec->id, spec->start,
                     cop__restart_term(spec->restart), spec->significant,
                     cop__shutdown_term(spec->shutdown), cop__type_term(spec->supervisor),
                     spec->modules);
}

static cop_term error(cop_term reason)
{
    return cop_tuple(COP(":error"), reason);
}

static cop_term known_child(const struct cop__child *child)
{
    if (child->state == COP__CHILD_RUNNING)
        return error(cop_tuple(COP(":already_started"), child->pid));
    return COP("{:error, :already_present}");
}

static cop_term start_child(struct cop__supervisor *sup, cop_term t)
{
    struct cop__spec spec;
    struct cop__child *child;
    struct cop__start start;
    cop_term wrong = cop__spec_check(t, sup->auto_shutdown, &spec);

    if (!cop_is_none(wrong)) return error(wrong);
    child = cop__children_by_id(&sup->sup.children, spec.id);
    if (child) return known_child(child);
    child = cop__children_append(&sup->sup.children, &spec, true);
    start = cop__supervisor_start_child(sup, child);
    if (start.kind == COP__START_STARTED) return start.answer;
    if (start.kind == COP__START_IGNORED && spec.restart != COP__TEMPORARY)
        return COP("{:ok, :undefined}");
    cop__children_remove(&sup->sup.children, child);
    if (start.kind == COP__START_IGNORED) return COP("{:ok, :undefined}");
    /* VER-05: an already started process is told as it is. */
    if (cop_match(start.reason, "{:already_started, _}")) return error(start.reason);
    return error(cop_tuple(start.reason, child_record(&spec)));
}

static cop_term restart_stopped(struct cop__supervisor *sup, struct cop__child *child)
{
    struct cop__start start = cop__supervisor_start_child(sup, child);

    if (child->waiting) cop__waiting_reset(child->waiting);
    switch (start.kind) {
    case COP__START_STARTED: return start.answer;
    case COP__START_IGNORED: return COP("{:ok, :undefined}");
    case COP__START_FAILED: return error(start.reason);
    }
    COP_UNREACHABLE();
}

/* restart_child and delete_child are possible for a STOPPED child only (SUP-24, 25). */
static cop_term not_stopped(const struct cop__child *child)
{
    return child->state == COP__CHILD_RUNNING ? COP("{:error, :running}")
                                              : COP("{:error, :restarting}");
}

static cop_term answer_about(struct cop__supervisor *sup, cop_term what, struct cop__child *child)
{
    struct cop__spec spec;

    if (!child) return COP("{:error, :not_found}");
    if (cop_match(what, ":terminate_child")) {
        cop__supervisor_stop_child(sup, child);
        return cop_ok();
    }
    if (cop_match(what, ":get_childspec")) {
        spec = cop__child_spec_now(child);
        return cop_tuple(cop_ok(), cop__spec_map(&spec));
    }
    if (cop_match(what, ":which_child")) return cop_tuple(cop_ok(), cop__child_row(child));
    if (child->state != COP__CHILD_STOPPED) return not_stopped(child);
    if (cop_match(what, ":restart_child")) return restart_stopped(sup, child);
    cop__children_remove(&sup->sup.children, child);
    return cop_ok();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct cop__supervisor *sup = state;
    cop_term what;
    cop_term id;

    (void)from;
    if (sup->strategy == COP__SIMPLE_ONE_FOR_ONE) return cop__simple_call(sup, request);
    if (cop_match(request, "{:start_child, what}", what)) return cop_reply(start_child(sup, what));
    if (cop_match(request, "{what, id}", what, id) &&
        (cop_match(what, ":terminate_child") || cop_match(what, ":restart_child") ||
         cop_match(what, ":delete_child") || cop_match(what, ":get_childspec") ||
         cop_match(what, ":which_child")))
        return cop_reply(answer_about(sup, what, cop__children_by_id(&sup->sup.children, id)));
    return cop__sup_answer(&sup->sup, request);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void terminate(void *state, cop_term reason)
{
    struct cop__supervisor *sup = state;

    (void)reason;
    if (sup->strategy == COP__SIMPLE_ONE_FOR_ONE)
        cop__simple_stop_all(sup);
    else
        cop__supervisor_stop_all(sup);
}

static cop_term format_state(const void *state)
{
    static const char *const strategies[] = {"one_for_one", "one_for_all", "rest_for_one",
                                             "simple_one_for_one"};
    const struct cop__supervisor *sup = state;
    cop_term name = cop_kept_term(sup->sup.name);
    cop_term module = cop_kept_term(sup->sup.module);
    cop_term strategy = cop_atom(strategies[sup->strategy]);
    int64_t intensity = sup->sup.intensity.max;
    int64_t period = sup->sup.intensity.period;
    cop_term children = cop__children_rows(&sup->sup.children);

    return cop_build("%{name: name, module: module, strategy: strategy, intensity: intensity,"
                     " period: period, children: children}",
                     name, module, strategy, intensity, period, children);
}

const struct cop_gen_server cop__supervisor_callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = cop__supervisor_init,
    .handle_call = handle_call,
    .handle_cast = cop__sup_handle_cast,
    .handle_info = cop__sup_handle_info,
    .terminate = terminate,
    .format_state = format_state,
    .code_change = cop__supervisor_code_change,
};
