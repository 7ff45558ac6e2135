/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: all that one process does to another, in one queue, in order (SIG-02).
 *
 *                  push (any thread)   take (the holder)
 *   push                  -                  -
 *   take                  -                  X
 *
 * The inbox is a list of signals, newest first; a push is one compare-and-swap, a take one
 * exchange. Its empty states carry the rest of the protocol: IDLE (whoever pushes over it must wake
 * the process), CLOSED (the process is dead, pushes fail). */
#ifndef COP_RUNTIME_SIGNAL_H
#define COP_RUNTIME_SIGNAL_H

#include "runtime/proc.h"
#include "runtime/sched.h"

/* A signal with a term, from the process with this number (0: from nobody). */
static inline struct cop__signal *cop__signal_new_from(uint64_t from, enum cop__signal_kind kind,
                                                       uint64_t to, uint64_t ref, cop_term term)
{
    struct cop__block *b = cop__pack(term, sizeof(struct cop__signal));
    struct cop__signal *s = cop__block_prefix(b);
    s->next = NULL;
    s->to = to;
    s->from = from;
    s->ref = ref;
    s->kind = kind;
    s->size = (uint32_t)cop__block_size(b);
    return s;
}
/* The same from the caller. */
static inline struct cop__signal *cop__signal_new(enum cop__signal_kind kind, uint64_t to,
                                                  uint64_t ref, cop_term term)
{
    struct cop__proc *self = cop__current();
    return cop__signal_new_from(self != NULL ? cop__proc_id(self) : 0, kind, to, ref, term);
}
static inline struct cop__block *cop__signal_block(struct cop__signal *s)
{
    return (struct cop__block *)(void *)(s + 1);
}
static inline void cop__signal_free(struct cop__signal *s COP_TAKES)
{
    cop__block_free_quick(cop__signal_block(s));
}
static inline cop_term cop__signal_term(struct cop__signal *s)
{
    return cop__signal_block(s)->term;
}

/* Pushes a signal to s->to and wakes it. False: it is dead or never was; the caller still owns s
 * then. t is the calling thread with the gate at RUNTIME, or NULL for a thread that is not ours. */
bool cop__signal_push(struct cop__thread *t, struct cop__signal *s COP_TAKES);
/* The same, to a process that was looked up. */
static inline bool cop__signal_push_to(struct cop__thread *t, struct cop__proc *p,
                                       struct cop__signal *s COP_TAKES)
{
    uintptr_t old = atomic_load_explicit(&p->inbox, memory_order_relaxed);
    do {
        if (COP_UNLIKELY(old == COP__INBOX_CLOSED)) return false;
        s->next = old <= COP__INBOX_IDLE ? NULL : (struct cop__signal *)old;
        /* Release: the taker sees the signal. Acquire: over IDLE we become the holder, and see what
         * the last one did; pairs with the release in go_idle() of sched.c. */
    } while (!atomic_compare_exchange_weak_explicit(&p->inbox, &old, (uintptr_t)s,
                                                    memory_order_acq_rel, memory_order_relaxed));
    if (old == COP__INBOX_IDLE) cop__make_runnable(t, p);
    return true;
}
/* Makes and pushes; a signal to the dead is dropped, and false returned. */
bool cop__signal_send(struct cop__thread *t, enum cop__signal_kind kind, uint64_t to, uint64_t ref,
                      cop_term term);

/* The same in the name of another process: a dead one, mostly. */
bool cop__signal_send_from(struct cop__thread *t, uint64_t from, enum cop__signal_kind kind,
                           uint64_t to, uint64_t ref, cop_term term);

/* Handles all that has arrived for p: messages go to the mailbox, the rest takes effect. False: p
 * is to die (its exit reason is set). The caller holds p. */
bool cop__signals_take(struct cop__proc *p);
/* The same for the most frequent case: what is pending is one message, and none waits. NULL: it is
 * not so, nothing was taken. */
struct cop__signal *cop__signals_take_one(struct cop__proc *p);
static inline bool cop__signals_pending(struct cop__proc *p)
{
    uintptr_t newest = atomic_load_explicit(&p->inbox, memory_order_relaxed);
    return newest > COP__INBOX_CLOSED && newest != (uintptr_t)p->base;
}

/* --- The base ----------------------------------------------------------------------------------
 * A message that is handed to a turn need not be taken out of the inbox at once: it stays there as
 * p->base, the end of the list, and going idle takes it out in the same exchange (sched.c). While
 * it is the base its memory must not be freed: a later signal at the same address would be taken
 * for it. What comes on top of it is pending as ever; cop__signals_take() and _close() leave it
 * out. Written by the holder. */

/* The one message that has arrived, if there is no other signal, none waits, and it may be handed
 * to a turn: it is the base now. Else NULL, and nothing is changed. */
struct cop__signal *cop__signals_base(struct cop__proc *p);
/* Takes the base out of the inbox; it is the caller's to free. NULL: there is none. */
struct cop__signal *cop__signals_unbase(struct cop__proc *p);
/* Closes the inbox of a process at its end: later pushes fail. Returns what was still in it, oldest
 * first. */
struct cop__signal *cop__signals_close(struct cop__proc *p);

/* The message {:EXIT, from, reason} in the current region. */
cop_term cop__exit_message(uint64_t from, cop_term reason);

#endif
