/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a supervisor's process that is the same in all. */
#include "otp/sup_server.h"

#include "base/check.h"
#include "coppice/introspect.h"

/* Bytes of a child's id that tools see. */
#define ID_MAX 256

/* --- Init ------------------------------------------------------------------------------------- */

cop_term cop__sup_init_again(const struct cop__sup *sup)
{
    cop_term how = cop_kept_term(sup->how), arg, value;
    int64_t address;

    if (cop_match(how, "{:call, address, arg}", address, arg))
        return ((const struct cop_module *)(uintptr_t)address)->supervisor_init(arg);
    cop_expect(how, "{:init, value}", value);
    return value;
}

cop_term cop__sup_init_value(struct cop__sup *sup, cop_term arg)
{
    cop_term name, module, how;

    cop_expect(arg, "{name, module, how}", name, module, how);
    sup->name = cop_keep(name);
    sup->module = cop_keep(module);
    sup->how = cop_keep(how);
    sup->extra = cop_keep(cop_empty_list());
    cop__rand_seed(&sup->rand, cop_hash(cop_tuple(cop_self(), cop_monotonic_ms())));
    cop_trap_exit(true);
    return cop__sup_init_again(sup);
}

cop_result cop__sup_bad_return(const struct cop__sup *sup, cop_term value)
{
    cop_term module = cop_kept_term(sup->module);

    return cop_stop(cop_build("{:bad_return, {module, :init, value}}", module, value));
}

cop_term cop__sup_take_intensity(struct cop__sup *sup, cop_term intensity, cop_term period)
{
    int64_t max;
    int64_t seconds;

    if (!cop_match(intensity, "max", max) || max < 0)
        return cop_tuple(COP(":invalid_intensity"), intensity);
    if (!cop_match(period, "seconds", seconds) || seconds <= 0)
        return cop_tuple(COP(":invalid_period"), period);
    cop__intensity_init(&sup->intensity, max, seconds);
    return cop_none();
}

/* --- Starts and stops ------------------------------------------------------------------------- */

/* An id as text; nil where children have none. */
static cop_term id_text(const struct cop__child *child)
{
    return child->has_id ? cop_inspect_within(cop_kept_term(child->id), ID_MAX) : cop_nil();
}

void cop__sup_note_start(const struct cop__sup *sup, const struct cop__child *child, cop_pid pid,
                         cop_pid former)
{
    struct cop_process_row row;

    (void)sup;
    cop_journal_mark(pid);
    if (!cop_journal_is_open(COP_JOURNAL_TREE)) return;
    cop_term self = cop_pid_term(cop_self()), id = id_text(child), name = cop_nil();
    cop_term type = cop__type_term(child->supervisor), before = cop_pid_term(former);
    if (cop_read_process(pid, &row) && !cop_match(row.name, "nil")) name = cop_inspect(row.name);
    cop_journal_put(COP_JOURNAL_TREE, cop_build("{:start, self, id, pid, type, name, before}", self,
                                                id, pid, type, name, before));
}

/* A restart of child was decided, or given up. */
static void note_restart(const struct cop__sup *sup, const struct cop__child *child, bool goes_on)
{
    if (!cop_journal_is_open(COP_JOURNAL_TREE)) return;
    cop_term self = cop_pid_term(cop_self()), id = id_text(child), pid = cop_pid_term(child->pid);
    int64_t count = cop__intensity_count(&sup->intensity, cop_monotonic_ms());
    int64_t max = sup->intensity.max, delay = 0;
    if (child->waiting && cop__child_waits(child))
        delay = child->waiting->start_at - cop_monotonic_ms();
    cop_journal_put(COP_JOURNAL_TREE,
                    goes_on ? cop_build("{:restart, self, id, pid, count, max, delay}", self, id,
                                        pid, count, max, delay)
                            : cop_build("{:gave_up, self, id, pid}", self, id, pid));
}

struct cop__start cop__sup_start(struct cop__sup *sup, struct cop__child *child)
{
    struct cop__start start = cop__child_start(
        cop_kept_term(child->start), cop_kept_term(sup->extra), child->mailbox, sup->kind->dynamic);

    cop_pid former = child->state == COP__CHILD_STOPPED ? child->former : child->pid;

    if (start.kind != COP__START_STARTED) return start;
    cop__sup_note_start(sup, child, start.pid, former);
    cop__children_set(&sup->children, child, COP__CHILD_RUNNING, start.pid);
    return start;
}

void cop__sup_stop(struct cop__sup *sup, const struct cop__child *child)
{
    cop_term reason;

    if (child->state != COP__CHILD_RUNNING) return;
    reason = cop__child_stop(child->pid, child->shutdown);
    if (cop__stop_is_reported(sup->kind->dynamic, child->shutdown, child->restart,
                              cop__reason_class(reason)))
        cop__sup_report(sup, COP__SHUTDOWN_ERROR, reason, child);
}

/* --- Deaths and restarts ---------------------------------------------------------------------- */

/* The key by which a later message finds child again. */
static cop_term key_of(const struct cop__sup *sup, const struct cop__child *child)
{
    return sup->kind->has_ids ? cop_kept_term(child->id) : cop_pid_term(child->pid);
}

static struct cop__child *find(const struct cop__sup *sup, cop_term key)
{
    if (sup->kind->has_ids) return cop__children_by_id(&sup->children, key);
    return cop_is_pid(key) ? cop__children_by_pid(&sup->children, cop_to_pid(key)) : NULL;
}

void cop__sup_try_again(struct cop__sup *sup, struct cop__child *child)
{
    cop__children_set(&sup->children, child, COP__CHILD_RESTARTING, child->pid);
    cop_send(cop_self(), cop_tuple(COP(":\"$gen_restart\""), key_of(sup, child)));
}

/* The restart was counted and now waits for its time. What goes down with the child goes at once,
 * and comes up with it. */
static void wait(struct cop__sup *sup, struct cop__child *child)
{
    if (sup->kind->clear) sup->kind->clear(sup, child);
    cop__children_set(&sup->children, child, COP__CHILD_RESTARTING, child->pid);
    cop__waiting_begin(child->waiting, cop_monotonic_ms(), &sup->rand,
                       cop_tuple(COP(":\"$backoff\""), key_of(sup, child)));
}

/* Counts a restart and carries it out, unless it is one too many (SUP-37, 38): then false. */
static bool restart(struct cop__sup *sup, struct cop__child *child)
{
    if (!cop__intensity_add(&sup->intensity, cop_monotonic_ms())) {
        note_restart(sup, child, false);
        cop__sup_report(sup, COP__CAUSED_SHUTDOWN, COP(":reached_max_restart_intensity"), child);
        (void)sup->kind->let_go(sup, child);
        return false;
    }
    sup->restarts++;
    if (child->waiting) wait(sup, child);
    note_restart(sup, child, true);
    if (!child->waiting) sup->kind->restart(sup, child);
    return true;
}

/* False: the supervisor must stop. */
static bool child_died(struct cop__sup *sup, struct cop__child *child, cop_term reason)
{
    struct cop__death_rule rule = cop__death_rule(child->restart, cop__reason_class(reason));

    COP_ASSERT(child->state == COP__CHILD_RUNNING);
    if (child->waiting) cop__waiting_ended(child->waiting, cop_monotonic_ms());
    if (rule.report) cop__sup_report(sup, COP__CHILD_TERMINATED, reason, child);
    return rule.restart ? restart(sup, child) : sup->kind->let_go(sup, child);
}

cop_result cop__sup_handle_info(void *state, cop_term message)
{
    struct cop__sup *sup = state;
    struct cop__child *child;
    cop_pid pid;
    cop_ref timer;
    cop_term reason;
    cop_term key;
    bool goes_on = true;

    if (cop_match(message, "{:EXIT, pid, reason}", pid, reason)) {
        child = cop__children_by_pid(&sup->children, pid);
        if (child && child->state == COP__CHILD_RUNNING) goes_on = child_died(sup, child, reason);
    } else if (cop_match(message, "{:\"$gen_restart\", key}", key)) {
        /* Somebody may have stopped it meanwhile (SUP-41). */
        child = find(sup, key);
        if (child && child->state == COP__CHILD_RESTARTING && !cop__child_waits(child))
            goes_on = restart(sup, child);
    } else if (cop_match(message, "{:timeout, timer, {:\"$backoff\", key}}", timer, key)) {
        child = find(sup, key);
        if (child && cop__child_waits(child) && cop_ref_equal(child->waiting->timer, timer)) {
            child->waiting->is_on = false;
            sup->kind->restart(sup, child);
        }
    } else {
        cop__sup_report_unexpected(sup->kind->name, message);
    }
    return goes_on ? cop_noreply() : cop_stop(COP(":shutdown"));
}

cop_result cop__sup_handle_cast(void *state, cop_term message)
{
    (void)state;
    (void)message;
    return cop_noreply();
}

/* --- Questions -------------------------------------------------------------------------------- */

/* [{key, milliseconds left}] of those that wait, in the order of the children. */
static cop_term next_starts(const struct cop__sup *sup)
{
    int64_t now = cop_monotonic_ms();
    cop_term rows = cop_empty_list();

    for (const struct cop__child *c = sup->children.last; c; c = c->before) {
        int64_t left = cop__child_waits(c) ? c->waiting->start_at - now : 0;

        if (cop__child_waits(c))
            rows = cop_cons(cop_tuple(key_of(sup, c), left > 0 ? left : 0), rows);
    }
    return rows;
}

/* {id, pid, type, restart, modules, milliseconds until its start}; nil where there is none. */
static cop_term status_row(const struct cop__child *c, int64_t now)
{
    cop_term id = id_text(c), pid = cop_nil(), left = cop_nil(), state = COP(":stopped");
    cop_term type = cop__type_term(c->supervisor), restart = cop__restart_term(c->restart);
    cop_term modules = cop_kept_term(c->modules);

    if (c->state == COP__CHILD_RUNNING) {
        pid = cop_pid_term(c->pid);
        state = COP(":running");
    } else if (c->state == COP__CHILD_RESTARTING) {
        state = COP(":restarting");
    }
    if (c->waiting && cop__child_waits(c))
        left = cop_int(c->waiting->start_at > now ? c->waiting->start_at - now : 0);
    return cop_build("{id, pid, state, type, restart, modules, left}", id, pid, state, type,
                     restart, modules, left);
}

static cop_term status(const struct cop__sup *sup, int64_t offset, int64_t limit)
{
    int64_t now = cop_monotonic_ms(), at = 0;
    int64_t max = sup->intensity.max, seconds = sup->intensity.period, total = sup->restarts;
    int64_t restarts = cop__intensity_count(&sup->intensity, now);
    int64_t count = (int64_t)sup->children.len;
    bool ids = sup->kind->has_ids;
    cop_term rows = cop_empty_list();
    cop_term strategy = cop_atom(sup->strategy ? sup->strategy : "one_for_one");

    for (const struct cop__child *c = sup->children.first; c && at < offset + limit;
         c = c->after, at++) {
        if (at >= offset) rows = cop_cons(status_row(c, now), rows);
    }
    rows = cop_list_reverse(rows);
    return cop_build("%{strategy: strategy, max_restarts: max, max_seconds: seconds,"
                     " restarts: restarts, restarts_total: total, ids: ids, count: count,"
                     " children: rows}",
                     strategy, max, seconds, restarts, total, ids, count, rows);
}

cop_result cop__sup_answer(const struct cop__sup *sup, cop_term request)
{
    int64_t offset, limit;

    if (cop_match(request, ":which_children")) return cop_reply(cop__children_rows(&sup->children));
    if (cop_match(request, ":count_children"))
        return cop_reply(cop__children_count(&sup->children));
    if (cop_match(request, ":next_starts")) return cop_reply(next_starts(sup));
    if (cop_match(request, "{:status, offset, limit}", offset, limit) && offset >= 0 && limit >= 0)
        return cop_reply(status(sup, offset, limit));
    return cop_no_clause(request);
}
