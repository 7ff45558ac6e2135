/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime writes down for tools: labels and initial calls, which are read from outside,
 * and the hooks of the journals. */
#ifndef COP_RUNTIME_INTROSPECT_H
#define COP_RUNTIME_INTROSPECT_H

#include "coppice/introspect.h"
#include "runtime/types.h"

/* --- Beside the slot -------------------------------------------------------------------------- */

/* From p's dictionary, in a form that any thread can read; ignores what is no {m, f, a}. */
void cop__initial_call_set(struct cop__proc *p, cop_term call);
static inline void cop__group_leader_set(struct cop__proc *p, uint64_t leader)
{
    atomic_store_explicit(&p->group_leader, leader, memory_order_relaxed);
}
/* The text of p's label, for others. Of the running process. */
void cop__label_set(struct cop__proc *p, cop_term label);
/* The text as a binary, or nil. Any thread, inside of a region. */
cop_term cop__label_text(uint64_t pid);
/* p is at its end. */
void cop__label_end(struct cop__proc *p);
void cop__labels_fini(void);

/* The return addresses of p's frames, innermost first; cop_none() if they are another's to tell.
 * p is the running process, or holds its own stack while it waits. */
cop_term cop__native_frames(const struct cop__proc *p);

/* Notes where p, the running process, raises this, if crashes are noted; nothing if that is only
 * what was raised before on its way on. reason: what is raised, or cop_none() of one that is
 * killed. */
void cop__raised_note(struct cop__proc *p, cop_term reason);
/* The return addresses of where p raised what it ends with, innermost first; [] if it ends
 * otherwise. */
cop_term cop__raised_frames(const struct cop__proc *p, cop_term reason);
void cop__raised_free(struct cop__proc *p);

/* cop_read_process() for who is inside of the runtime; without the scheduler. */
bool cop__read_process(uint64_t pid, struct cop_process_row *ret_row);

/* --- Hooks: each costs a look at a flag while nobody holds the journal open ------------------- */

extern _Atomic bool cop__journal_open[COP_JOURNALS];
static inline bool cop__journal_wants(enum cop_journal journal)
{
    return COP_UNLIKELY(atomic_load_explicit(&cop__journal_open[journal], memory_order_relaxed));
}

static inline void cop__raised(struct cop__proc *p, cop_term reason)
{
    if (cop__journal_wants(COP_JOURNAL_CRASHES)) cop__raised_note(p, reason);
}

/* Whether an open journal takes one more event now; if not, that is counted. The caller then adds
 * it. */
bool cop__journal_admits(enum cop_journal journal);
void cop__journal_add(enum cop_journal journal, cop_term event);

/* A process was made by parent, or by nobody (NULL). */
void cop__journal_spawned(uint64_t pid, const struct cop__proc *parent, const char *function);
/* p dies of reason; its name, links and messages are still there. */
void cop__journal_end(struct cop__proc *p, uint8_t flags, cop_term reason);
static inline void cop__journal_ended(struct cop__proc *p, uint8_t flags, cop_term reason)
{
    if (cop__journal_wants(COP_JOURNAL_PROCESSES) || cop__journal_wants(COP_JOURNAL_TREE) ||
        cop__journal_wants(COP_JOURNAL_CRASHES))
        cop__journal_end(p, flags, reason);
}
/* A signal is received while cop__node.is_watched. */
void cop__journal_received(struct cop__proc *p, struct cop__signal *s);
void cop__journals_fini(void);

#endif
