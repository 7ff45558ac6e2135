/* SPDX-License-Identifier: Apache-2.0 */
/* What a Supervisor makes of the flags and specifications that its init tells: at its start, and
 * once more at a change of code. */
#include "otp/supervisor_state.h"

#include "base/check.h"

/* --- Flags ------------------------------------------------------------------------------------ */

/* Flags as a map or as the old tuple {strategy, intensity, period}. */
struct flags {
    cop_term strategy;
    cop_term intensity;
    cop_term period;
    cop_term auto_shutdown;
};

static bool read_flags(cop_term t, struct flags *ret)
{
    cop_term strategy;
    cop_term intensity;
    cop_term period;

    if (cop_is_map(t)) {
        ret->strategy = cop_map_get(t, COP(":strategy"), COP(":one_for_one"));
        ret->intensity = cop_map_get(t, COP(":intensity"), 1);
        ret->period = cop_map_get(t, COP(":period"), 5);
        ret->auto_shutdown = cop_map_get(t, COP(":auto_shutdown"), COP(":never"));
        return true;
    }
    if (!cop_match(t, "{strategy, intensity, period}", strategy, intensity, period)) return false;
    *ret = (struct flags){strategy, intensity, period, COP(":never")};
    return true;
}

static bool read_strategy(cop_term t, enum cop__strategy *ret)
{
    if (cop_match(t, ":one_for_one"))
        *ret = COP__ONE_FOR_ONE;
    else if (cop_match(t, ":one_for_all"))
        *ret = COP__ONE_FOR_ALL;
    else if (cop_match(t, ":rest_for_one"))
        *ret = COP__REST_FOR_ONE;
    else if (cop_match(t, ":simple_one_for_one"))
        *ret = COP__SIMPLE_ONE_FOR_ONE;
    else
        return false;
    return true;
}

static const char *const strategy_names[] = {[COP__ONE_FOR_ONE] = "one_for_one",
                                             [COP__ONE_FOR_ALL] = "one_for_all",
                                             [COP__REST_FOR_ONE] = "rest_for_one",
                                             [COP__SIMPLE_ONE_FOR_ONE] = "simple_one_for_one"};

/* Sets what the flags say; cop_none(), or what is wrong with them (SUP-07). */
static cop_term take_flags(struct cop__supervisor *sup, cop_term t)
{
    struct flags flags;
    cop_term wrong;

    if (!read_flags(t, &flags)) return cop_tuple(COP(":invalid_type"), t);
    if (!read_strategy(flags.strategy, &sup->strategy))
        return cop_tuple(COP(":invalid_strategy"), flags.strategy);
    sup->sup.strategy = strategy_names[sup->strategy];
    wrong = cop__sup_take_intensity(&sup->sup, flags.intensity, flags.period);
    if (!cop_is_none(wrong)) return wrong;
    if (!cop__read_auto_shutdown(flags.auto_shutdown, &sup->auto_shutdown))
        return cop_tuple(COP(":invalid_auto_shutdown"), flags.auto_shutdown);
    return cop_none();
}

/* --- Specifications --------------------------------------------------------------------------- */

cop_term cop__supervisor_take_specs(struct cop__children *all, cop_term specs,
                                    enum cop__auto_shutdown auto_shutdown)
{
    struct cop__spec spec;

    for (cop_term rest = specs; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_term wrong = cop__spec_check(cop_head(rest), auto_shutdown, &spec);

        if (!cop_is_none(wrong)) return wrong;
        if (cop__children_by_id(all, spec.id))
            return cop_tuple(COP(":duplicate_child_name"), spec.id);
        cop__children_append(all, &spec, true);
    }
    return cop_none();
}

/* Starts all in order (SUP-12); cop_none(), or the failure of one, after the others were stopped
 * (SUP-16). */
static cop_term start_all(struct cop__supervisor *sup)
{
    struct cop__child *after;

    for (struct cop__child *c = sup->sup.children.first; c; c = after) {
        struct cop__start start = cop__supervisor_start_child(sup, c);

        after = c->after;
        if (start.kind == COP__START_FAILED) {
            cop_term id = cop_kept_term(c->id);

            cop__sup_report(&sup->sup, COP__START_ERROR, start.reason, c);
            cop__supervisor_stop_all(sup);
            return cop_tuple(COP(":failed_to_start_child"), id, start.reason);
        }
        if (start.kind == COP__START_IGNORED && c->restart == COP__TEMPORARY)
            cop__children_remove(&sup->sup.children, c); /* SUP-15 */
    }
    return cop_none();
}

/* The children that init told of; cop_none(), or the reason for which the supervisor ends. */
static cop_term take_children(struct cop__supervisor *sup, cop_term specs)
{
    bool is_simple = sup->strategy == COP__SIMPLE_ONE_FOR_ONE;
    int64_t len = cop_list_len(specs);
    cop_term wrong;

    if (len < 0 || (is_simple && len != 1)) return cop_tuple(COP(":bad_start_spec"), specs);
    /* SUP-11: all are checked before one is started. */
    wrong = cop__supervisor_take_specs(is_simple ? &sup->templates : &sup->sup.children, specs,
                                       sup->auto_shutdown);
    if (!cop_is_none(wrong)) return cop_tuple(COP(":start_spec"), wrong);
    wrong = is_simple ? cop_none() : start_all(sup);
    return cop_is_none(wrong) ? wrong : cop_tuple(COP(":shutdown"), wrong);
}

cop_result cop__supervisor_init(cop_term arg)
{
    struct cop__supervisor *sup = cop_alloc(sizeof(*sup));
    cop_term flags, specs, value, wrong;

    sup->sup.kind = &cop__supervisor_kind;
    value = cop__sup_init_value(&sup->sup, arg);
    if (cop_match(value, ":ignore")) return cop_ignore();
    if (!cop_match(value, "{:ok, {flags, specs}}", flags, specs))
        return cop__sup_bad_return(&sup->sup, value);
    wrong = take_flags(sup, flags);
    if (!cop_is_none(wrong)) return cop_stop(cop_tuple(COP(":supervisor_data"), wrong));
    if (sup->strategy == COP__SIMPLE_ONE_FOR_ONE) sup->sup.kind = &cop__simple_kind;
    wrong = take_children(sup, specs);
    return cop_is_none(wrong) ? cop_started(sup) : cop_stop(wrong);
}

/* --- Change of code --------------------------------------------------------------------------- */

/* The listed children come first, in the order of the list, then those that are listed no more. */
static void update_children(struct cop__children *all, const struct cop__children *listed)
{
    size_t unlisted = all->len;

    for (const struct cop__child *c = listed->first; c; c = c->after) {
        struct cop__spec spec = cop__child_spec_now(c);
        struct cop__child *known = cop__children_by_id(all, spec.id);

        if (known) {
            cop__children_update(all, known, &spec);
            cop__children_move_last(all, known);
            unlisted--;
        } else {
            cop__children_append(all, &spec, true);
        }
    }
    for (; unlisted > 0; unlisted--)
        cop__children_move_last(all, all->first);
}

/* Takes over what flags and specs say, or nothing: then what is wrong with them. */
static cop_term change(struct cop__supervisor *sup, cop_term flags, cop_term specs)
{
    struct cop__supervisor fresh = {.strategy = COP__ONE_FOR_ONE};
    cop_term wrong = take_flags(&fresh, flags), type;
    bool is_simple = fresh.strategy == COP__SIMPLE_ONE_FOR_ONE;

    if (cop_match(wrong, "{:invalid_type, type}", type)) return cop_tuple(COP(":bad_flags"), type);
    if (!cop_is_none(wrong)) return wrong;
    if (is_simple != (sup->strategy == COP__SIMPLE_ONE_FOR_ONE))
        return cop_build("{:bad_flags, flags}", flags);
    if (cop_list_len(specs) < 0 || (is_simple && cop_list_len(specs) != 1))
        return cop_tuple(COP(":bad_start_spec"), specs);
    wrong = cop__supervisor_take_specs(&fresh.templates, specs, fresh.auto_shutdown);
    if (cop_is_none(wrong)) {
        sup->strategy = fresh.strategy;
        sup->auto_shutdown = fresh.auto_shutdown;
        sup->sup.intensity.max = fresh.sup.intensity.max;
        sup->sup.intensity.period = fresh.sup.intensity.period;
        if (is_simple) {
            struct cop__children former = sup->templates;

            sup->templates = fresh.templates;
            fresh.templates = former;
        } else {
            update_children(&sup->sup.children, &fresh.templates);
        }
    }
    cop__children_clear(&fresh.templates);
    return wrong;
}

cop_result cop__supervisor_code_change(void *state, cop_term old_version, cop_term extra)
{
    struct cop__supervisor *sup = state;
    cop_term value = cop__sup_init_again(&sup->sup), flags, specs, wrong;

    (void)old_version;
    (void)extra;
    if (cop_match(value, ":ignore")) return cop_started(sup);
    if (!cop_match(value, "{:ok, {flags, specs}}", flags, specs)) return cop_bad_return(value);
    wrong = change(sup, flags, specs);
    return cop_is_none(wrong) ? cop_started(sup) : cop_fail(wrong);
}
