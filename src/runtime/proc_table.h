/* SPDX-License-Identifier: Apache-2.0 */
/* Slots for processes. Freed slots are reused in the order in which they were freed, and only when
 * there are many, so that a pid's number comes back late (PRC-13). */
#ifndef COP_RUNTIME_PROC_TABLE_H
#define COP_RUNTIME_PROC_TABLE_H

#include "runtime/proc.h"

/* A slot for the caller alone, its inbox still closed; NULL when all are in use (reserve: when
 * those kept for the runtime are, too). */
struct cop__proc *cop__proc_alloc(bool reserve);
/* Lets signals in: the process can be found from now on. Returns its number. */
uint64_t cop__proc_open(struct cop__proc *p);
/* The slot of a dead process. */
void cop__proc_free(struct cop__proc *p);

#endif
