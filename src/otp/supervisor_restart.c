/* SPDX-License-Identifier: Apache-2.0 */
/* What a Supervisor does when a child has died (SUP-32 to 48, 58 to 62): the part that depends on
 * its strategy.
 *
 * A restart that fails is not repeated here: the child becomes RESTARTING and the supervisor sends
 * itself a message, behind what is already queued, so that between two attempts it hears calls,
 * deaths and its parent. The limit of restarts counts every attempt (sup_server.c). */
#include "otp/supervisor_state.h"

#include "base/check.h"

/* --- Letting go ------------------------------------------------------------------------------- */

static bool another_significant_runs(const struct cop__children *all, const struct cop__child *but)
{
    for (const struct cop__child *c = all->first; c; c = c->after) {
        if (c != but && c->significant && c->state != COP__CHILD_STOPPED) return true;
    }
    return false;
}

bool cop__supervisor_ends_with(const struct cop__supervisor *sup, const struct cop__child *child)
{
    if (!child->significant) return false;
    switch (sup->auto_shutdown) {
    case COP__NEVER:
    case COP__AUTO_SHUTDOWN_UNKNOWN: return false;
    case COP__ANY_SIGNIFICANT: return true;
    case COP__ALL_SIGNIFICANT: return !another_significant_runs(&sup->sup.children, child);
    }
    return false;
}

/* The child becomes STOPPED, a temporary one is gone. */
static bool let_go(struct cop__sup *base, struct cop__child *child)
{
    bool ends = cop__supervisor_ends_with((const struct cop__supervisor *)base, child);

    if (child->restart == COP__TEMPORARY)
        cop__children_remove(&base->children, child);
    else
        cop__children_set(&base->children, child, COP__CHILD_STOPPED, cop_no_pid());
    return !ends;
}

void cop__supervisor_stop_child(struct cop__supervisor *sup, struct cop__child *child)
{
    cop__sup_stop(&sup->sup, child);
    (void)let_go(&sup->sup, child); /* asked for, so it ends nothing else (SUP-61) */
}

/* --- Restarting ------------------------------------------------------------------------------- */

static bool restart_child(struct cop__supervisor *sup, struct cop__child *child)
{
    struct cop__start start;

    cop__let_die();
    start = cop__supervisor_start_child(sup, child);
    if (start.kind != COP__START_FAILED) return true;
    cop__sup_report(&sup->sup, COP__START_ERROR, start.reason, child);
    cop__sup_try_again(&sup->sup, child);
    return false;
}

/* Starts the children from `from` on, in order. All are stopped. A failing one is tried again later
 * and the rest waits for it (SUP-47). */
static void start_group(struct cop__supervisor *sup, struct cop__child *from)
{
    bool goes_on = true;

    for (struct cop__child *c = from; c && goes_on; c = c->after) {
        COP_ASSERT(c->state == COP__CHILD_STOPPED);
        goes_on = restart_child(sup, c);
    }
}

/* Stops the children from the last down to `first`, itself included. Temporary ones vanish, so the
 * child to begin with afterwards is returned. */
static struct cop__child *stop_group(struct cop__supervisor *sup, struct cop__child *first,
                                     struct cop__child *died)
{
    struct cop__children *all = &sup->sup.children;
    struct cop__child *before = first->before;
    struct cop__child *c = all->last;

    while (c != before) {
        struct cop__child *next = c->before;

        if (c == died)
            cop__children_set(all, c, COP__CHILD_STOPPED, cop_no_pid());
        else
            cop__supervisor_stop_child(sup, c);
        c = next;
    }
    return before ? before->after : all->first;
}

static void restart_group(struct cop__supervisor *sup, struct cop__child *first,
                          struct cop__child *died)
{
    start_group(sup, stop_group(sup, first, died));
}

static void clear(struct cop__sup *base, struct cop__child *child)
{
    struct cop__supervisor *sup = (struct cop__supervisor *)base;

    if (sup->strategy == COP__ONE_FOR_ALL) (void)stop_group(sup, base->children.first, child);
    if (sup->strategy == COP__REST_FOR_ONE) (void)stop_group(sup, child, child);
}

static void restart(struct cop__sup *base, struct cop__child *child)
{
    struct cop__supervisor *sup = (struct cop__supervisor *)base;

    switch (sup->strategy) {
    case COP__ONE_FOR_ONE: (void)restart_child(sup, child); break;
    case COP__ONE_FOR_ALL: restart_group(sup, base->children.first, child); break;
    case COP__REST_FOR_ONE: restart_group(sup, child, child); break;
    case COP__SIMPLE_ONE_FOR_ONE: COP_UNREACHABLE();
    }
}

const struct cop__sup_kind cop__supervisor_kind = {
    .name = "Supervisor", .has_ids = true, .restart = restart, .clear = clear, .let_go = let_go};
