/* SPDX-License-Identifier: Apache-2.0 */
/* Children without an order, as those of a DynamicSupervisor: each is its process, and while it is
 * restarting, its former one.
 *
 * At the end all are asked at once, and there is one timer for each distinct shutdown time, so that
 * the whole takes as long as the slowest child and not as the sum. The supervisor ends afterwards,
 * so it takes every message that comes and looks at those which tell of its children: the EXIT of
 * the link and the DOWN of the monitor carry the same reason, and the first counts. Only a child
 * that was dead before it was asked has a DOWN with noproc; its reason is in its EXIT, which is in
 * the mailbox or under way. */
#include "otp/sup_unordered.h"

#include "base/check.h"

/* --- One -------------------------------------------------------------------------------------- */

void cop__unordered_add(struct cop__sup *sup, struct cop__spec *spec, cop_pid pid)
{
    struct cop__child *known = cop__children_by_pid(&sup->children, pid);
    struct cop__child *child;

    if (known) cop__children_remove(&sup->children, known);
    spec->start = cop__stored_start(spec->start, spec->restart);
    child = cop__children_append(&sup->children, spec, false);
    cop__sup_note_start(sup, child, pid, cop_no_pid());
    cop__children_set(&sup->children, child, COP__CHILD_RUNNING, pid);
}

void cop__unordered_restart(struct cop__sup *sup, struct cop__child *child)
{
    struct cop__start start;

    cop__let_die();
    start = cop__sup_start(sup, child);
    switch (start.kind) {
    case COP__START_STARTED: break;
    case COP__START_IGNORED: cop__children_remove(&sup->children, child); break;
    case COP__START_FAILED:
        cop__sup_report(sup, COP__START_ERROR, start.reason, child);
        cop__sup_try_again(sup, child);
        break;
    }
}

bool cop__unordered_let_go(struct cop__sup *sup, struct cop__child *child)
{
    cop__children_remove(&sup->children, child);
    return true;
}

/* --- All at once ------------------------------------------------------------------------------ */

struct stopping {
    struct cop__sup *sup;
    const struct cop__child *template;
    cop_dict *timers;  /* shutdown time -> timer */
    cop_dict *reasons; /* with a template: unexpected reason -> number of children */
    size_t left;       /* children that are not known to be dead */
};

static void ask(struct stopping *s, struct cop__child *child)
{
    cop_monitor(child->pid);
    s->left++;
    if (child->shutdown == COP__SHUTDOWN_BRUTAL_KILL) {
        cop_exit_process(child->pid, COP(":kill"));
        return;
    }
    cop_exit_process(child->pid, COP(":shutdown"));
    if (child->shutdown != COP__SHUTDOWN_INFINITY)
        cop_dict_put(s->timers, child->shutdown, cop_nil());
}

static void ask_all(struct stopping *s)
{
    cop_term times;

    for (struct cop__child *c = s->sup->children.first; c; c = c->after) {
        c->is_down = c->state != COP__CHILD_RUNNING;
        if (!c->is_down) ask(s, c);
    }
    times = cop_dict_to_list(s->timers);
    for (; !cop_is_empty_list(times); times = cop_tail(times)) {
        cop_term time = cop_elem(cop_head(times), 0);
        int64_t ms = cop__receive_limit(cop_to_int(time));

        cop_dict_put(s->timers, time,
                     cop_start_timer(ms, cop_pid_term(cop_self()), cop_tuple(COP(":kill"), time)));
    }
}

static void cancel_timers(const struct stopping *s)
{
    cop_term timers = cop_dict_to_list(s->timers);

    for (; !cop_is_empty_list(timers); timers = cop_tail(timers))
        cop_cancel_timer(cop_to_ref(cop_elem(cop_head(timers), 1)));
}

static void is_dead(struct stopping *s, struct cop__child *child, cop_term reason)
{
    cop_term number;

    COP_ASSERT(!child->is_down && s->left > 0);
    child->is_down = true;
    s->left--;
    if (!cop__stop_is_reported(s->sup->kind->dynamic, child->shutdown, child->restart,
                               cop__reason_class(reason)))
        return;
    if (!s->template) {
        cop__sup_report(s->sup, COP__SHUTDOWN_ERROR, reason, child);
        return;
    }
    number = cop_dict_get(s->reasons, reason);
    cop_dict_put(s->reasons, reason, cop_is_none(number) ? 1 : cop_to_int(number) + 1);
}

static void report_reasons(const struct stopping *s)
{
    cop_term reasons = cop_dict_to_list(s->reasons);

    for (; !cop_is_empty_list(reasons); reasons = cop_tail(reasons)) {
        cop_term pair = cop_head(reasons);

        cop__sup_report_together(s->sup, cop_elem(pair, 0), s->template,
                                 cop_to_int(cop_elem(pair, 1)));
    }
}

/* Those whose time is over. */
static void kill_late(const struct stopping *s, int64_t shutdown)
{
    for (const struct cop__child *c = s->sup->children.first; c; c = c->after) {
        if (!c->is_down && c->shutdown == shutdown) cop_exit_process(c->pid, COP(":kill"));
    }
}

static bool take_message(void *state, cop_term msg)
{
    struct stopping *s = state;
    struct cop__child *child;
    int64_t shutdown;
    cop_term reason;
    cop_pid pid;

    if (cop_match(msg, "{:DOWN, _, :process, pid, reason}", pid, reason)) {
        child = cop__children_by_pid(&s->sup->children, pid);
        if (child && !child->is_down) {
            if (cop_match(reason, ":noproc")) reason = cop__late_reason(pid);
            is_dead(s, child, reason);
        }
    } else if (cop_match(msg, "{:EXIT, pid, reason}", pid, reason)) {
        child = cop__children_by_pid(&s->sup->children, pid);
        if (child && !child->is_down) is_dead(s, child, reason);
    } else if (cop_match(msg, "{:timeout, _, {:kill, shutdown}}", shutdown)) {
        kill_late(s, shutdown);
    }
    return s->left > 0;
}

void cop__unordered_stop_all(struct cop__sup *sup, const struct cop__child *template)
{
    struct stopping stopping = {
        .sup = sup, .template = template, .timers = cop_dict_new(), .reasons = cop_dict_new()};

    ask_all(&stopping);
    if (stopping.left > 0) cop_receive_loop(take_message, &stopping);
    cancel_timers(&stopping);
    report_reasons(&stopping);
    cop_dict_delete(stopping.timers);
    cop_dict_delete(stopping.reasons);
    cop__children_clear(&sup->children);
}
