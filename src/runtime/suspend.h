/* SPDX-License-Identifier: Apache-2.0 */
/* Suspended processes. `suspended` of a process counts how often it is held back; where its code
 * would go on (a turn at top level, a receive, a yield) the runtime looks at it. */
#ifndef COP_RUNTIME_SUSPEND_H
#define COP_RUNTIME_SUSPEND_H

#include "runtime/types.h"

/* p may run no code of its own. The holder asks. */
static inline bool cop__is_suspended(const struct cop__proc *p)
{
    return COP_UNLIKELY(atomic_load_explicit(&p->suspended, memory_order_relaxed) != 0);
}
/* One more, or one less, that holds p back; the caller holds p. */
static inline void cop__suspended_add(struct cop__proc *p, int32_t by)
{
    uint32_t old = atomic_load_explicit(&p->suspended, memory_order_relaxed);
    COP_ASSERT(by > 0 || old > 0);
    atomic_store_explicit(&p->suspended, old + (uint32_t)by, memory_order_relaxed);
}
/* [{pid, times, 0}]: whom p holds back. */
cop_term cop__suspending(struct cop__proc *p);
/* p is at its end: it holds nobody back any more. */
void cop__suspending_end(struct cop__proc *p);

#endif
