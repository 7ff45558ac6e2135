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

/* The slot that a pid's number points to, if that still is the process's; else NULL. It may end, and
 * the slot be given away, at any time after: the receiver of a signal checks its address. Any thread. */
struct cop__proc *cop__proc_lookup(uint64_t id);
/* All slots that were ever used: index 1 to the returned number. Any thread. */
uint32_t cop__proc_slots(void);
struct cop__proc *cop__proc_slot(uint32_t index);
/* How many processes live. */
uint32_t cop__proc_count(void);

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
/* The atom that names this node. */
cop_term cop__node_name(void);
static inline cop_term cop__pid_word(uint64_t id)
{
    cop_pid pid = {.id = id, .node = 0, .creation = 0};
    return cop_pid_term(pid);
}

/* A region beside the process's own: for what is built while signals are handled. */
struct cop__proc_region {
    struct cop__heap heap;
    struct cop__heap *outer;
};
void cop__region_enter(struct cop__proc_region *r);
void cop__region_leave(struct cop__proc_region *r);

#endif
