/* SPDX-License-Identifier: Apache-2.0 */
/* Pushing and handling signals. What each kind does is a function of its own room: links in link.c,
 * monitors and aliases in monitor.c, questions in ask.c; this file is the way between. */
#include "runtime/signal.h"

#include "runtime/ask.h"
#include "runtime/exit.h"
#include "runtime/introspect.h"
#include "runtime/link.h"
#include "runtime/mailbox.h"
#include "runtime/monitor.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/sim.h"
#include "runtime/suspend.h"

bool cop__signal_push(struct cop__thread *t, struct cop__signal *s)
{
    struct cop__proc *p = cop__proc_lookup(s->to);
    return p != NULL && cop__signal_push_to(t, p, s);
}

static bool push_or_free(struct cop__thread *t, struct cop__proc *p, struct cop__signal *s)
{
    bool is_pushed = cop__signal_push_to(t, p, s);
    if (COP_UNLIKELY(!is_pushed)) cop__signal_free(s);
    return is_pushed;
}

bool cop__signal_send(struct cop__thread *t, enum cop__signal_kind kind, uint64_t to, uint64_t ref,
                      cop_term term)
{
    struct cop__proc *p = cop__proc_lookup(to);
    return p != NULL && push_or_free(t, p, cop__signal_new(kind, to, ref, term));
}

bool cop__signal_send_from(struct cop__thread *t, uint64_t from, enum cop__signal_kind kind,
                           uint64_t to, uint64_t ref, cop_term term)
{
    struct cop__proc *p = cop__proc_lookup(to);
    if (p == NULL) return false;
    return push_or_free(t, p, cop__signal_new_from(from, kind, to, ref, term));
}

/* The list from the newest down to the base, which is left out, turned round. */
static struct cop__signal *oldest_first(uintptr_t newest, const struct cop__signal *base)
{
    struct cop__signal *s = (struct cop__signal *)newest;
    struct cop__signal *list = NULL;
    while (s != base) {
        struct cop__signal *next = s->next;
        s->next = list;
        list = s;
        s = next;
    }
    return list;
}

cop_term cop__exit_message(uint64_t from, cop_term reason)
{
    const cop_term items[] = {cop__atom(COP_ATOM_EXIT), cop__pid_word(from), reason};
    return cop_tuple_from(items, 3);
}

/* A signal that meets a slot which has been given to another process since: the one it was meant
 * for is dead. */
static void meant_for_the_dead(struct cop__signal *s)
{
    cop__signal_to_dead(cop__thread(), s);
}

/* --- Exit signals: the table of EXI-21 to EXI-31 ---------------------------------------------- */

enum verdict { DROP, DIE, DIE_KILLED, QUEUE };

static enum verdict exit_verdict(const struct cop__proc *p, const struct cop__signal *s,
                                 cop_term reason)
{
    bool is_trapping =
        (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_TRAP_EXIT) != 0;
    bool is_self = s->from == cop__proc_id(p);
    if (s->kind == COP__SIG_EXIT && reason.word == cop__atom(COP_ATOM_kill).word)
        return DIE_KILLED;         /* EXI-07, 27 */
    if (is_trapping) return QUEUE; /* EXI-09 */
    if (reason.word == cop__atom(COP_ATOM_normal).word && !is_self)
        return DROP; /* EXI-06, 21, 25 */
    return DIE;      /* EXI-08, 22, 23, 26, 28, 29 */
}

/* Takes the signal. False: p dies of it. */
static bool handle_exit(struct cop__proc *p, struct cop__signal *s)
{
    if (s->kind == COP__SIG_LINK_EXIT && !cop__link_broken(p, s->from)) {
        cop__signal_free(s); /* EXI-05, 24: unlinked already */
        return true;
    }
    cop_term reason = cop__tuple_items(cop__signal_term(s))[2];
    switch (exit_verdict(p, s, reason)) {
    case DROP: cop__signal_free(s); return true;
    case QUEUE: cop__mailbox_append(p, s); return true;
    case DIE_KILLED:
        cop__exit_set(p, COP_CLASS_EXIT, cop__atom(COP_ATOM_killed), NULL);
        cop__signal_free(s);
        return false;
    case DIE:
    default: cop__exit_set(p, COP_CLASS_EXIT, reason, cop__signal_block(s)); return false;
    }
}

/* --- Handling --------------------------------------------------------------------------------- */

static inline bool is_watched(void)
{
    return atomic_load_explicit(&cop__node.is_watched, memory_order_relaxed);
}

static void watch(struct cop__proc *p, struct cop__signal *s)
{
    if (cop__node.is_seeded) cop__sim_note(cop__proc_id(p), s->kind, s->from, s->ref);
    if (cop__journal_wants(COP_JOURNAL_MESSAGES)) cop__journal_received(p, s);
}

/* Takes one signal. False: p dies of it. */
static bool handle(struct cop__proc *p, struct cop__signal *s)
{
    switch ((enum cop__signal_kind)s->kind) {
    case COP__SIG_MESSAGE: cop__mailbox_append(p, s); return true;
    case COP__SIG_ALIAS_MESSAGE: cop__alias_message(p, s); return true;
    case COP__SIG_EXIT:
    case COP__SIG_LINK_EXIT: return handle_exit(p, s);
    case COP__SIG_DOWN: cop__monitor_down(p, s); return true;
    case COP__SIG_LINK: cop__link_asked(p, s->from); break;
    case COP__SIG_UNLINK: cop__unlink_asked(p, s->from, s->ref); break;
    case COP__SIG_UNLINK_ACK: cop__unlink_acked(p, s->from, s->ref); break;
    case COP__SIG_MONITOR: cop__monitor_asked(p, s); break;
    case COP__SIG_DEMONITOR: cop__demonitor_asked(p, s->ref); break;
    case COP__SIG_TICK: p->armed_ns = -1; break;
    case COP__SIG_ASK: cop__asked(p, s); break;
    case COP__SIG_ANSWER: cop__answered(p, s); return true;
    case COP__SIG_RESUME: cop__suspended_add(p, -1); break;
    case COP__SIG_GROUP_LEADER: cop__group_leader_set(p, s->ref); break;
    case COP__SIG_WAKE: break;
    case COP__SIG_KINDS: COP_UNREACHABLE();
    }
    cop__signal_free(s);
    return true;
}

/* Whether this is all that has arrived, and a message for p. */
static inline bool is_lone_message(const struct cop__proc *p, const struct cop__signal *s)
{
    return s->next == NULL && s->kind == COP__SIG_MESSAGE && s->to == cop__proc_id(p);
}

struct cop__signal *cop__signals_base(struct cop__proc *p)
{
    COP_ASSERT(p->base == NULL);
    uintptr_t newest = atomic_load_explicit(&p->inbox, memory_order_acquire);
    if (newest <= COP__INBOX_CLOSED || p->mailbox_first != NULL || is_watched()) return NULL;
    struct cop__signal *s = (struct cop__signal *)newest;
    if (!is_lone_message(p, s)) return NULL;
    p->base = s;
    return s;
}

struct cop__signal *cop__signals_unbase(struct cop__proc *p)
{
    struct cop__signal *base = p->base;
    if (base == NULL) return NULL;
    p->base = NULL;
    uintptr_t newest = (uintptr_t)base;
    if (!atomic_compare_exchange_strong_explicit(&p->inbox, &newest, COP__INBOX_EMPTY,
                                                 memory_order_acquire, memory_order_acquire)) {
        /* Others lie on top; the list below the newest is the holder's. */
        struct cop__signal *s = (struct cop__signal *)newest;
        while (s->next != base)
            s = s->next;
        s->next = NULL;
    }
    return base;
}

struct cop__signal *cop__signals_take_one(struct cop__proc *p)
{
    uintptr_t newest = atomic_load_explicit(&p->inbox, memory_order_acquire);
    if (newest <= COP__INBOX_CLOSED || p->mailbox_first != NULL || is_watched()) return NULL;
    struct cop__signal *s = (struct cop__signal *)newest;
    COP_ASSERT(s != p->base);
    if (!is_lone_message(p, s)) return NULL; /* nor is one that lies on the base */
    /* Only the holder takes; but others may have pushed on top meanwhile. */
    return atomic_compare_exchange_strong_explicit(&p->inbox, &newest, COP__INBOX_EMPTY,
                                                   memory_order_acquire, memory_order_relaxed)
               ? s
               : NULL;
}

bool cop__signals_take(struct cop__proc *p)
{
    if ((atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_EXITING) != 0)
        return false;
    if (!cop__signals_pending(p)) return true;
    /* Acquire: pairs with the release of the pushes. */
    uintptr_t newest = atomic_exchange_explicit(&p->inbox, COP__INBOX_EMPTY, memory_order_acquire);
    uint64_t self = cop__proc_id(p);
    struct cop__signal *s = oldest_first(newest, p->base);
    p->base = NULL;
    while (s != NULL) {
        struct cop__signal *next = s->next;
        if (COP_UNLIKELY(s->to != self)) {
            meant_for_the_dead(s);
        } else {
            if (COP_UNLIKELY(is_watched())) watch(p, s);
            if (!handle(p, s)) {
                p->unhandled = next; /* answered when its name is free: SIG-07 */
                return false;
            }
        }
        s = next;
    }
    return true;
}

struct cop__signal *cop__signals_close(struct cop__proc *p)
{
    uintptr_t newest = atomic_exchange_explicit(&p->inbox, COP__INBOX_CLOSED, memory_order_acq_rel);
    struct cop__signal *base = p->base;
    p->base = NULL;
    return newest <= COP__INBOX_CLOSED ? NULL : oldest_first(newest, base);
}
