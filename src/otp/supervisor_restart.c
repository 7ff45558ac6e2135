/* SPDX-License-Identifier: Apache-2.0 */
/* What a Supervisor does when a child has died (SUP-32 to 48, 58 to 62).
 *
 * A restart that fails is not repeated here: the child becomes RESTARTING and the supervisor sends
 * itself a message, behind what is already queued, so that between two attempts it hears calls,
 * deaths and its parent. The limit of restarts counts every attempt. */
#include "otp/supervisor_state.h"

#include "base/check.h"

/* --- Letting go ------------------------------------------------------------------------------- */

/* The child is not to run any more: STOPPED, and a temporary one is gone. */
static void let_go(struct cop__supervisor *sup, struct cop__child *child)
{
    if (child->restart == COP__TEMPORARY)
        cop__children_remove(&sup->children, child);
    else
        cop__children_set(&sup->children, child, COP__CHILD_STOPPED, cop_no_pid());
}

static bool another_significant_runs(const struct cop__supervisor *sup,
                                     const struct cop__child *but)
{
    for (const struct cop__child *c = sup->children.first; c; c = c->after) {
        if (c != but && c->significant && c->state != COP__CHILD_STOPPED) return true;
    }
    return false;
}

/* Whether the end of child, which is not restarted, ends the supervisor (SUP-59, 60). */
static bool ends_supervisor(const struct cop__supervisor *sup, const struct cop__child *child)
{
    if (!child->significant) return false;
    switch (sup->auto_shutdown) {
    case COP__NEVER: return false;
    case COP__ANY_SIGNIFICANT: return true;
    case COP__ALL_SIGNIFICANT: return !another_significant_runs(sup, child);
    }
    return false;
}

void cop__supervisor_stop_child(struct cop__supervisor *sup, struct cop__child *child)
{
    if (child->state == COP__CHILD_RUNNING) {
        cop_term reason = cop__child_stop(child->pid, child->shutdown);

        if (cop__stop_is_reported(false, child->shutdown, child->restart,
                                  cop__reason_class(reason)))
            cop__supervisor_report(sup, COP__SHUTDOWN_ERROR, reason, child);
    }
    let_go(sup, child);
}

/* --- Restarting ------------------------------------------------------------------------------- */

/* Asks for another attempt, after all that waits in the mailbox. */
static void try_again(struct cop__supervisor *sup, struct cop__child *child, cop_pid former)
{
    cop_term id = cop_kept_term(child->id);

    cop__children_set(&sup->children, child, COP__CHILD_RESTARTING, former);
    cop_send(cop_self(), cop_build("{:\"$gen_restart\", id}", id));
}

/* Starts the children from `from` on, in order. All are stopped. A failing one is tried again later
 * and the rest waits for it (SUP-47). died, the child that began it, had the process former. */
static void start_group(struct cop__supervisor *sup, struct cop__child *from,
                        const struct cop__child *died, cop_pid former)
{
    for (struct cop__child *c = from; c; c = c->after) {
        COP_ASSERT(c->state == COP__CHILD_STOPPED);
        if (cop__supervisor_start_child(sup, c, true).kind == COP__START_FAILED) {
            try_again(sup, c, c == died ? former : cop_no_pid());
            return;
        }
    }
}

/* Stops the children from the last down to `first`, itself included. Temporary ones vanish, so the
 * child to begin with afterwards is returned. */
static struct cop__child *stop_group(struct cop__supervisor *sup, struct cop__child *first,
                                     struct cop__child *died)
{
    struct cop__child *before = first->before;
    struct cop__child *c = sup->children.last;

    while (c != before) {
        struct cop__child *next = c->before;

        if (c == died)
            cop__children_set(&sup->children, c, COP__CHILD_STOPPED, cop_no_pid());
        else
            cop__supervisor_stop_child(sup, c);
        c = next;
    }
    return before ? before->after : sup->children.first;
}

static void restart_one(struct cop__supervisor *sup, struct cop__child *child)
{
    cop_pid former = child->pid;
    struct cop__start start;

    start = cop__supervisor_start_child(sup, child, true);
    if (start.kind == COP__START_FAILED) try_again(sup, child, former);
}

static void restart_group(struct cop__supervisor *sup, struct cop__child *first,
                          struct cop__child *died)
{
    cop_pid former = died->pid;
    struct cop__child *from = stop_group(sup, first, died);

    start_group(sup, from, died, former);
}

bool cop__supervisor_retry(struct cop__supervisor *sup, struct cop__child *child)
{
    if (!cop__intensity_add(&sup->intensity, cop_monotonic_ms())) {
        cop__supervisor_report(sup, COP__CAUSED_SHUTDOWN, COP(":reached_max_restart_intensity"),
                               child);
        let_go(sup, child);
        return false;
    }
    switch (sup->strategy) {
    case COP__ONE_FOR_ONE: restart_one(sup, child); break;
    case COP__ONE_FOR_ALL: restart_group(sup, sup->children.first, child); break;
    case COP__REST_FOR_ONE: restart_group(sup, child, child); break;
    }
    return true;
}

bool cop__supervisor_child_died(struct cop__supervisor *sup, struct cop__child *child,
                                cop_term reason)
{
    struct cop__death_rule rule = cop__death_rule(child->restart, cop__reason_class(reason));
    bool ends;

    COP_ASSERT(child->state == COP__CHILD_RUNNING);
    if (rule.report) cop__supervisor_report(sup, COP__CHILD_TERMINATED, reason, child);
    if (rule.restart) return cop__supervisor_retry(sup, child);
    ends = ends_supervisor(sup, child);
    COP_ASSERT(rule.forget == (child->restart == COP__TEMPORARY));
    let_go(sup, child);
    return !ends;
}
