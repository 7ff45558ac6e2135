/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: the table of slots, making one, ending one. */
#ifndef COP_RUNTIME_PROC_H
#define COP_RUNTIME_PROC_H

#include "runtime/gate.h"

/* A pid's number is generation << SLOT_BITS | slot; slot 0 is nobody's. */
#define COP__SLOT_BITS 28
#define COP__SLOT_MASK ((UINT64_C(1) << COP__SLOT_BITS) - 1)

void cop__proc_table_init(int processes_max);
void cop__proc_table_fini(void);
void cop__proc_table_abandon(void); /* instead, when threads still use some slots */

/* What a look-up reads of the table; the rest is proc_table.c's. */
struct cop__proc_table {
    struct cop__proc *slots; /* set while the node starts */
    _Atomic uint32_t used;   /* slots that were ever used; grows under the table's lock */
};
extern struct cop__proc_table cop__proc_table;

/* The slot that a pid's number points to, if that still is the process's; else NULL. It may end,
 * and the slot be given away, at any time after: the receiver of a signal checks its address. Any
 * thread. */
static inline struct cop__proc *cop__proc_lookup(uint64_t id)
{
    uint64_t slot = id & COP__SLOT_MASK;
    /* Acquire: pairs with the release in cop__proc_alloc(). */
    if (COP_UNLIKELY(slot == 0 ||
                     slot > atomic_load_explicit(&cop__proc_table.used, memory_order_acquire)))
        return NULL;
    struct cop__proc *p = &cop__proc_table.slots[slot];
    return atomic_load_explicit(&p->pid, memory_order_relaxed) == id ? p : NULL;
}
/* All slots that were ever used: index 1 to the returned number. Any thread. */
uint32_t cop__proc_slots(void);
struct cop__proc *cop__proc_slot(uint32_t index);
/* How many processes live, and how many can. */
uint32_t cop__proc_count(void);
uint32_t cop__proc_max(void);

/* cop_spawn; with reserve also when the limit of processes is reached, for the runtime's own
 * few. */
cop_pid cop__spawn(cop_start_fn fn, cop_term arg, const struct cop_spawn_opts *opts, bool reserve);

/* The end of a process that the caller holds, its exit reason set: SIG-07 in order. A condemned one
 * was ended already and is only buried. */
void cop__proc_end(struct cop__proc *p);
/* The first part: after it p is dead for everybody, and what it owned in memory is still there. */
void cop__proc_die(struct cop__proc *p);
/* The second part: frees memory and slot. */
void cop__proc_bury(struct cop__proc *p);
/* Answers a signal as the dead do, and frees it. */
void cop__signal_to_dead(struct cop__thread *t, struct cop__signal *s COP_TAKES);

/* A number for a reference, unique in the node. t may be NULL. */
uint64_t cop__ref_number(struct cop__thread *t);
cop_term cop__priority_term(enum cop_priority priority);
/* The atom that names this node. */
cop_term cop__node_name(void);
static inline cop_term cop__pid_word(uint64_t id)
{
    cop_pid pid = {.id = id, .node = 0, .creation = 0};
    return cop_pid_term(pid);
}

static inline cop_ref cop__local_ref(uint64_t creator, uint64_t number)
{
    cop_ref ref = {.id = {creator, number, 0}, .node = 0, .creation = 0};
    return ref;
}
/* The pid's number of a process that the caller holds. */
static inline uint64_t cop__proc_id(const struct cop__proc *p)
{
    return atomic_load_explicit(&p->pid, memory_order_relaxed);
}

/* A region beside the process's own: for what is built while signals are handled. */
struct cop__proc_region {
    struct cop__heap heap;
    struct cop__heap *outer;
};
void cop__region_enter(struct cop__proc_region *r);
void cop__region_leave(struct cop__proc_region *r);

#endif
