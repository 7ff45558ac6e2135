/* SPDX-License-Identifier: Apache-2.0 */
/* The process of a DynamicSupervisor: a gen_server whose children come and go at run time. */
#include "otp/dynamic_supervisor_state.h"

#include "base/check.h"
#include "otp/sup_unordered.h"

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
    cop_term intensity = cop_map_get(flags, COP(":intensity"), 1);
    cop_term period = cop_map_get(flags, COP(":period"), 5);
    cop_term children = cop_map_get(flags, COP(":max_children"), COP(":infinity"));
    cop_term extra = cop_map_get(flags, COP(":extra_arguments"), cop_empty_list());
    cop_term never = cop_map_get(flags, COP(":auto_shutdown"), COP(":never"));
    cop_term wrong;

    if (!cop_match(strategy, ":one_for_one")) return cop_tuple(COP(":invalid_strategy"), strategy);
    wrong = cop__sup_take_intensity(&sup->sup, intensity, period);
    if (!cop_is_none(wrong)) return wrong;
    if (!read_max_children(children, &sup->max_children))
        return cop_tuple(COP(":invalid_max_children"), children);
    if (cop_list_len(extra) < 0) return cop_tuple(COP(":invalid_extra_arguments"), extra);
    if (!cop_match(never, ":never")) return cop_tuple(COP(":invalid_auto_shutdown"), never);
    cop_replace(&sup->sup.extra, extra);
    return cop_none();
}

static const struct cop__sup_kind kind = {.name = "DynamicSupervisor",
                                          .dynamic = true,
                                          .restart = cop__unordered_restart,
                                          .let_go = cop__unordered_let_go};

static cop_result init(cop_term arg)
{
    struct cop__dynamic_supervisor *sup = cop_alloc(sizeof(*sup));
    cop_term flags, value, wrong;

    sup->sup.kind = &kind;
    value = cop__sup_init_value(&sup->sup, arg);
    if (cop_match(value, ":ignore")) return cop_ignore();
    if (!cop_match(value, "{:ok, flags}", flags) || !cop_is_map(flags))
        return cop__sup_bad_return(&sup->sup, value);
    wrong = take_flags(sup, flags);
    if (!cop_is_none(wrong)) return cop_stop(cop_tuple(COP(":supervisor_data"), wrong));
    return cop_started(sup);
}

/* DYN-24: what changes holds for later starts. */
static cop_result code_change(void *state, cop_term old_version, cop_term extra)
{
    struct cop__dynamic_supervisor *sup = state, fresh = {.sup = {.kind = NULL}};
    cop_term value = cop__sup_init_again(&sup->sup), flags, wrong;

    (void)old_version;
    (void)extra;
    if (cop_match(value, ":ignore")) return cop_started(sup);
    if (!cop_match(value, "{:ok, flags}", flags) || !cop_is_map(flags))
        return cop_bad_return(value);
    fresh.sup.extra = cop_keep(cop_empty_list());
    wrong = take_flags(&fresh, flags);
    if (!cop_is_none(wrong)) return cop_fail(cop_tuple(COP(":supervisor_data"), wrong));
    sup->max_children = fresh.max_children;
    sup->sup.intensity.max = fresh.sup.intensity.max;
    sup->sup.intensity.period = fresh.sup.intensity.period;
    cop_replace(&sup->sup.extra, cop_kept_term(fresh.sup.extra));
    cop_drop(&fresh.sup.extra);
    return cop_started(sup);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Starts a child by its specification. */
static cop_term start_by_spec(struct cop__dynamic_supervisor *sup, cop_term specification)
{
    struct cop__start started;
    struct cop__spec spec;
    cop_term wrong = cop__spec_check_dynamic(specification, &spec);

    if (!cop_is_none(wrong)) return cop_tuple(COP(":error"), wrong);
    if ((int64_t)sup->sup.children.len >= sup->max_children) return COP("{:error, :max_children}");
    started = cop__child_start(spec.start, cop_kept_term(sup->sup.extra), spec.mailbox, true);
    switch (started.kind) {
    case COP__START_STARTED:
        cop__unordered_add(&sup->sup, &spec, started.pid);
        return started.answer;
    case COP__START_IGNORED: return COP(":ignore");
    case COP__START_FAILED: return cop_tuple(COP(":error"), started.reason);
    }
    COP_UNREACHABLE();
}

static cop_term start_child(struct cop__dynamic_supervisor *sup, cop_term t)
{
    cop_term start, restart, shutdown, type, modules, extensions = cop_empty_list();
    cop_term backoff, mailbox;

    if (cop_match(t, "{t, extensions}", t, extensions) && !cop_is_keyword(extensions))
        return cop_build("{:error, {:invalid_child_spec, extensions}}", extensions);
    backoff = cop_keyword_get(extensions, COP(":backoff"), cop_nil());
    mailbox = cop_keyword_get(extensions, COP(":mailbox"), cop_nil());
    if (!cop_match(t, "{start, restart, shutdown, type, modules}", start, restart, shutdown, type,
                   modules))
        return cop_build("{:error, {:invalid_child_spec, t}}", t);
    return start_by_spec(
        sup, cop_build("%{id: :undefined, start: start, restart: restart, shutdown: shutdown,"
                       " type: type, modules: modules, backoff: backoff, mailbox: mailbox}",
                       start, restart, shutdown, type, modules, backoff, mailbox));
}

/* A task, if this is a Task.Supervisor; nil stands for its default (TSU-03). */
static cop_term start_task(struct cop__dynamic_supervisor *sup, cop_term args, cop_term restart,
                           cop_term shutdown)
{
    if (cop_match(restart, "nil")) restart = COP(":temporary");
    if (cop_match(shutdown, "nil")) shutdown = cop_int(5000);
    return start_by_spec(sup,
                         cop_build("{:undefined, {Task.Supervised, :start_link, args}, restart,"
                                   " shutdown, :worker, [Task.Supervised]}",
                                   args, restart, shutdown));
}

static cop_term terminate_child(struct cop__dynamic_supervisor *sup, cop_pid pid)
{
    struct cop__child *child = cop__children_by_pid(&sup->sup.children, pid);

    if (!child) return COP("{:error, :not_found}");
    cop__sup_stop(&sup->sup, child);
    cop__children_remove(&sup->sup.children, child);
    return cop_ok();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct cop__dynamic_supervisor *sup = state;
    cop_term child, args, restart, shutdown;
    cop_pid pid;

    (void)from;
    if (cop_match(request, "{:start_child, child}", child))
        return cop_reply(start_child(sup, child));
    if (cop_match(request, "{:terminate_child, pid}", pid))
        return cop_reply(terminate_child(sup, pid));
    if (cop_match(request, "{:start_task, args, restart, shutdown}", args, restart, shutdown) &&
        cop_match(cop_kept_term(sup->sup.module), "Task.Supervisor"))
        return cop_reply(start_task(sup, args, restart, shutdown));
    return cop__sup_answer(&sup->sup, request);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void terminate(void *state, cop_term reason)
{
    (void)reason;
    cop__unordered_stop_all(state, NULL);
}

static cop_term format_state(const void *state)
{
    const struct cop__dynamic_supervisor *sup = state;
    cop_term name = cop_kept_term(sup->sup.name);
    cop_term module = cop_kept_term(sup->sup.module);
    cop_term extra = cop_kept_term(sup->sup.extra);
    cop_term max = sup->max_children == COP__MAX_CHILDREN_INFINITY ? COP(":infinity")
                                                                   : cop_int(sup->max_children);
    int64_t intensity = sup->sup.intensity.max;
    int64_t period = sup->sup.intensity.period;
    cop_term children = cop__children_rows(&sup->sup.children);

    return cop_build("%{name: name, mod: module, strategy: :one_for_one, max_restarts: intensity,"
                     " max_seconds: period, max_children: max, extra_arguments: extra,"
                     " children: children}",
                     name, module, intensity, period, max, extra, children);
}

const struct cop_gen_server cop__dynamic_supervisor_callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_cast = cop__sup_handle_cast,
    .handle_info = cop__sup_handle_info,
    .terminate = terminate,
    .format_state = format_state,
    .code_change = code_change,
};
