/* SPDX-License-Identifier: Apache-2.0 */
/* A Supervisor with the strategy :simple_one_for_one (SUP-29, 54): one specification, and any
 * number of children that are started from it with arguments of their own. */
#include "otp/sup_unordered.h"
#include "otp/supervisor_state.h"

static bool let_go(struct cop__sup *base, struct cop__child *child)
{
    bool ends = cop__supervisor_ends_with((const struct cop__supervisor *)base, child);

    cop__children_remove(&base->children, child);
    return !ends;
}

const struct cop__sup_kind cop__simple_kind = {
    .name = "Supervisor", .restart = cop__unordered_restart, .let_go = let_go};

static cop_term start_child(struct cop__supervisor *sup, cop_term more)
{
    struct cop__spec spec = cop__child_spec_now(sup->templates.first);
    struct cop__start start;

    spec.start = cop_put_elem(spec.start, 2, cop_list_append(cop_elem(spec.start, 2), more));
    start = cop__child_start(spec.start, cop_empty_list(), spec.mailbox, false);
    switch (start.kind) {
    case COP__START_STARTED: cop__unordered_add(&sup->sup, &spec, start.pid); return start.answer;
    case COP__START_IGNORED: return COP("{:ok, :undefined}");
    case COP__START_FAILED: break;
    }
    return cop_tuple(COP(":error"), start.reason);
}

static cop_term terminate_child(struct cop__supervisor *sup, cop_term key)
{
    struct cop__child *child;

    if (!cop_is_pid(key)) return COP("{:error, :simple_one_for_one}");
    child = cop__children_by_pid(&sup->sup.children, cop_to_pid(key));
    if (child) {
        cop__sup_stop(&sup->sup, child);
        cop__children_remove(&sup->sup.children, child);
    } else if (cop_is_alive(cop_to_pid(key))) {
        return COP("{:error, :not_found}");
    }
    return cop_ok();
}

/* A child by its process, or the specification by its id. */
static const struct cop__child *find(const struct cop__supervisor *sup, cop_term key)
{
    const struct cop__child *template = cop__children_by_id(&sup->templates, key);

    if (template || !cop_is_pid(key)) return template;
    return cop__children_by_pid(&sup->sup.children, cop_to_pid(key));
}

static cop_term get_childspec(const struct cop__supervisor *sup, cop_term key)
{
    struct cop__spec spec;

    if (!find(sup, key)) return COP("{:error, :not_found}");
    spec = cop__child_spec_now(sup->templates.first);
    return cop_tuple(cop_ok(), cop__spec_map(&spec));
}

static cop_term which_child(const struct cop__supervisor *sup, cop_term key)
{
    const struct cop__child *child = find(sup, key);

    return child ? cop_tuple(cop_ok(), cop__child_row(child)) : COP("{:error, :not_found}");
}

/* SUP-27: however many run, there is one specification. */
static cop_term count_children(const struct cop__supervisor *sup)
{
    return cop_map_put(cop__children_count(&sup->sup.children), COP(":specs"), 1);
}

cop_result cop__simple_call(struct cop__supervisor *sup, cop_term request)
{
    cop_term key;

    if (cop_match(request, "{:start_child, key}", key)) return cop_reply(start_child(sup, key));
    if (cop_match(request, "{:terminate_child, key}", key))
        return cop_reply(terminate_child(sup, key));
    if (cop_match(request, "{:restart_child, _}") || cop_match(request, "{:delete_child, _}"))
        return cop_reply(COP("{:error, :simple_one_for_one}"));
    if (cop_match(request, "{:get_childspec, key}", key)) return cop_reply(get_childspec(sup, key));
    if (cop_match(request, "{:which_child, key}", key)) return cop_reply(which_child(sup, key));
    if (cop_match(request, ":count_children")) return cop_reply(count_children(sup));
    return cop__sup_answer(&sup->sup, request);
}

void cop__simple_stop_all(struct cop__supervisor *sup)
{
    cop__unordered_stop_all(&sup->sup, sup->templates.first);
}
