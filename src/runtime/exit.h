/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving code: errors, exits, kills. Raising unwinds the process's stack down to a cop__catch. */
#ifndef COP_RUNTIME_EXIT_H
#define COP_RUNTIME_EXIT_H

#include "runtime/gate.h"

/* Notes how p ends. block, if not NULL, holds the reason and is taken over; else the reason lies in
 * p's region, or is immortal. */
void cop__exit_set(struct cop__proc *p, enum cop_class class_, cop_term reason,
                   struct cop__block *block COP_TAKES);
/* The same for what nobody has caught: it was raised to the entry of p's handler. */
void cop__exit_raised(struct cop__proc *p, const struct cop__catch *entry);
/* p has received a fatal signal while its code waits in a call: unwinds its whole stack. Gate:
 * RUNTIME before, PROCESS while cleanups run. Returns only inside of COP_FOREIGN, whose frames
 * cannot be unwound: then the call that was waiting returns as if its time were over. */
void cop__die(struct cop__proc *p);
static inline bool cop__is_exiting(const struct cop__proc *p)
{
    return (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_EXITING) != 0;
}
/* An error with this atom (index). */
__attribute__((noreturn)) void cop__raise_atom(uint32_t atom);
/* The reason with which p leaves the world, by EXI-01, in its region. */
cop_term cop__exit_final_reason(struct cop__proc *p);

#endif
