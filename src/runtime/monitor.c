/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/monitor.h"

#include "runtime/exit.h"
#include "runtime/mailbox.h"
#include "runtime/name.h"
#include "runtime/proc.h"
#include "runtime/relation.h"
#include "runtime/signal.h"

/* --- DOWN ------------------------------------------------------------------------------------- */

/* {tag, ref, :process, pid or {name, node}, reason} (MON-01, 05). */
static cop_term down_message(cop_term tag, cop_ref ref, uint64_t dead, uint32_t name,
                             cop_term reason)
{
    cop_term who = name != 0 ? cop_tuple(cop__atom(name), cop__node_name()) : cop__pid_word(dead);
    return cop_tuple(tag, ref, cop__atom(COP_ATOM_process), who, reason);
}

void cop__down_send(struct cop__thread *t, uint64_t to, uint64_t ref, uint64_t dead, uint32_t name,
                    cop_term reason)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    cop_term m =
        down_message(cop__atom(COP_ATOM_DOWN), cop__local_ref(to, ref), dead, name, reason);
    cop__signal_send(t, COP__SIG_DOWN, to, ref, m);
    cop__region_leave(&region);
}

/* The DOWN that p sends itself when it watches one who is dead already (MON-04). */
static void down_at_once(struct cop__thread *t, struct cop__proc *p, uint64_t ref, uint64_t dead,
                         uint32_t name)
{
    cop__down_send(t, cop__proc_id(p), ref, dead, name, cop__atom(COP_ATOM_noproc));
}

static struct cop__signal *retagged(struct cop__signal *s, cop_kept tag)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    cop_term m = cop_put_elem(cop__signal_term(s), 0, tag.term_);
    struct cop__signal *copy = cop__signal_new(COP__SIG_DOWN, s->to, s->ref, m);
    copy->from = s->from;
    cop__region_leave(&region);
    cop__signal_free(s);
    return copy;
}

void cop__monitor_down(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__relation *r = cop__relation_find(&p->monitors, s->ref);
    if (r == NULL || r->is_fired) {
        cop__signal_free(s);
        return;
    }
    if (!cop_is_none(r->tag.term_)) s = retagged(s, r->tag);
    cop__mailbox_append(p, s);
    if (r->alias == COP_ALIAS_EXPLICIT) {
        r->is_fired = true; /* the alias lives on (ALS-04) */
        r->peer = 0;
    } else {
        cop__relation_remove(p, &p->monitors, r);
    }
}

/* --- The watched one's side ------------------------------------------------------------------- */

void cop__monitor_asked(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__relation *r = cop__relation_add(&p->watchers, s->ref, s->from);
    cop_term name = cop__signal_term(s);
    r->name = cop_is_atom(name) && name.word != cop_nil().word ? cop__atom_index(name) : 0;
}

void cop__demonitor_asked(struct cop__proc *p, uint64_t ref)
{
    struct cop__relation *r = cop__relation_find(&p->watchers, ref);
    if (r != NULL) cop__relation_remove(p, &p->watchers, r);
}

void cop__watchers_end(struct cop__proc *p, cop_term reason)
{
    struct cop__relation *r;
    while ((r = cop__relation_first(&p->watchers)) != NULL) {
        cop__down_send(cop__thread(), r->peer, r->key, cop__proc_id(p), r->name, reason);
        cop__relation_remove(p, &p->watchers, r);
    }
}

void cop__monitors_end(struct cop__proc *p)
{
    struct cop__relation *r;
    while ((r = cop__relation_first(&p->monitors)) != NULL) {
        if (r->peer != 0)
            cop__signal_send(cop__thread(), COP__SIG_DEMONITOR, r->peer, r->key, cop_nil());
        cop__relation_remove(p, &p->monitors, r);
    }
}

/* --- The watcher's side ----------------------------------------------------------------------- */

cop_ref cop__monitor_child(struct cop__proc *p, struct cop__proc *child)
{
    uint64_t number = cop__ref_number(cop__thread());
    cop__relation_add(&p->monitors, number, cop__proc_id(child));
    cop__relation_add(&child->watchers, number, cop__proc_id(p));
    cop__mailbox_mark(p, number);
    return cop__local_ref(cop__proc_id(p), number);
}

/* A reference was made: messages that carry it come after all that has arrived by now (MSG-06). */
static void mark(struct cop__proc *p, uint64_t number)
{
    if (cop__signals_pending(p) && !cop__signals_take(p)) cop__die(p);
    cop__mailbox_mark(p, number);
}

/* {name, node} with a node that is not ours: there are no others to reach (MON-04). */
static bool is_elsewhere(cop_term process)
{
    return cop_is_tuple(process) && cop_elem(process, 1).word != cop__node_name().word;
}

static void down_elsewhere(struct cop__thread *t, struct cop__proc *p, uint64_t number,
                           cop_term process)
{
    uint64_t self = cop__proc_id(p);
    cop_term m = cop_tuple(cop__atom(COP_ATOM_DOWN), cop__local_ref(self, number),
                           cop__atom(COP_ATOM_process), process, cop__atom(COP_ATOM_noconnection));
    cop__signal_send(t, COP__SIG_DOWN, self, number, m);
}

/* What a term names: a pid, or a registered name (then *ret_name is its atom's index). Exits:
 * badarg.
 */
static uint64_t resolve(cop_term process, uint32_t *ret_name)
{
    *ret_name = 0;
    if (cop_is_pid(process)) {
        cop_pid pid = cop_to_pid(process);
        return pid.node == 0 ? pid.id : 0;
    }
    cop_term name = process;
    if (cop_is_tuple(process) && cop_tuple_size(process) == 2) name = cop_elem(process, 0);
    if (!cop_is_atom(name)) cop__raise_atom(COP_ATOM_badarg);
    *ret_name = cop__atom_index(name);
    if (is_elsewhere(process)) return 0;
    return cop__name_lookup(*ret_name);
}

static cop_ref monitor(cop_term process, enum cop_alias_mode alias, cop_term tag)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    uint32_t name;
    uint64_t peer = resolve(process, &name);
    uint64_t number = cop__ref_number(t);
    cop_ref ref = cop__local_ref(cop__proc_id(p), number);
    if (peer == cop__proc_id(p)) { /* MON-07: a reference and nothing else, no alias either */
        cop__leave(cop__thread());
        return ref;
    }
    struct cop__relation *r = cop__relation_add(&p->monitors, number, peer);
    r->alias = (uint8_t)alias;
    r->name = name;
    if (!cop_is_none(tag)) r->tag = cop_keep(tag);
    mark(p, number);
    cop_term shown = name != 0 ? cop__atom(name) : cop_nil();
    if (!cop__signal_send(t, COP__SIG_MONITOR, peer, number, shown)) {
        r->peer = 0;
        if (is_elsewhere(process))
            down_elsewhere(t, p, number, process);
        else
            down_at_once(t, p, number, peer, name);
    }
    cop__leave(cop__thread());
    return ref;
}

cop_ref(cop_monitor)(cop_term process)
{
    return monitor(process, COP_ALIAS_NONE, cop_none());
}

cop_ref cop_monitor_with(cop_term process, enum cop_alias_mode alias, cop_term tag)
{
    return monitor(process, alias, tag);
}

/* Ends a monitor of p that has not fired. */
static void take_off(struct cop__thread *t, struct cop__proc *p, struct cop__relation *r)
{
    if (r->peer != 0) cop__signal_send(t, COP__SIG_DEMONITOR, r->peer, r->key, cop_nil());
    if (r->alias == COP_ALIAS_EXPLICIT) {
        r->peer = 0;
        r->is_fired = true;
    } else {
        cop__relation_remove(p, &p->monitors, r);
    }
}

static bool is_down_of(cop_term msg, void *arg)
{
    const cop_ref *ref = arg;
    if (!cop_is_tuple(msg) || cop_tuple_size(msg) != 5) return false;
    cop_term r = cop_elem(msg, 1);
    if (cop_elem(msg, 2).word != cop__atom(COP_ATOM_process).word) return false;
    return cop_is_reference(r) && cop_ref_equal(cop_to_ref(r), *ref);
}

bool cop_demonitor(cop_ref ref, bool flush)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    bool was_active = false;
    struct cop__relation *r = cop__relation_find(&p->monitors, ref.id[1]);
    /* One that has fired is an alias only: demonitor leaves it (ALS-04). */
    if (ref.id[0] == cop__proc_id(p) && r != NULL && !r->is_fired) {
        take_off(t, p, r);
        was_active = true;
    }
    if (!was_active && flush) {
        cop__mailbox_unhand(p);
        cop__mailbox_remove_if(p, is_down_of, &ref);
    }
    cop__leave(cop__thread());
    return was_active;
}

/* --- Aliases ---------------------------------------------------------------------------------- */

void cop__alias_message(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__relation *r = cop__relation_find(&p->monitors, s->ref);
    if (r == NULL || r->alias == COP_ALIAS_NONE) {
        cop__signal_free(s); /* ALS-02 */
        return;
    }
    s->kind = COP__SIG_MESSAGE;
    s->ref = 0;
    cop__mailbox_append(p, s);
    if (r->alias == COP_ALIAS_REPLY) {
        cop__relation_remove(p, &p->monitors, r);
    } else if (r->alias == COP_ALIAS_REPLY_DEMONITOR) {
        if (r->peer != 0)
            cop__signal_send(cop__thread(), COP__SIG_DEMONITOR, r->peer, r->key, cop_nil());
        cop__relation_remove(p, &p->monitors, r);
    }
}

cop_ref cop_alias(enum cop_alias_mode mode)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    if (mode != COP_ALIAS_EXPLICIT && mode != COP_ALIAS_REPLY) cop__raise_atom(COP_ATOM_badarg);
    uint64_t number = cop__ref_number(t);
    struct cop__relation *r = cop__relation_add(&p->monitors, number, 0);
    r->alias = (uint8_t)mode;
    r->is_fired = true; /* there is no monitor that could fire */
    mark(p, number);
    cop_ref ref = cop__local_ref(cop__proc_id(p), number);
    cop__leave(cop__thread());
    return ref;
}

bool cop_unalias(cop_ref ref)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    struct cop__relation *r = cop__relation_find(&p->monitors, ref.id[1]);
    bool was_active = ref.id[0] == cop__proc_id(p) && r != NULL && r->alias != COP_ALIAS_NONE;
    if (was_active) {
        if (r->is_fired)
            cop__relation_remove(p, &p->monitors, r);
        else
            r->alias = COP_ALIAS_NONE;
    }
    cop__leave(cop__thread());
    return was_active;
}

cop_ref cop_make_ref(void)
{
    struct cop__proc *p = cop__current();
    if (p == NULL) return cop__local_ref(0, cop__ref_number(NULL));
    struct cop__thread *t = cop__enter();
    uint64_t number = cop__ref_number(t);
    mark(p, number);
    cop__leave(cop__thread());
    return cop__local_ref(cop__proc_id(p), number);
}
