/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from one process to another that the runtime answers: is it alive, what are its links.
 * A question is a signal, so the answer comes after all that the asker sent before (PRC-01); a
 * process that is stuck in its code is answered for by the watchdog. */
#ifndef COP_RUNTIME_ASK_H
#define COP_RUNTIME_ASK_H

#include "runtime/types.h"

/* A question that waits for its answer: on the stack of the asker, which p->ask points to. */
struct cop__ask {
    uint64_t id;
    bool is_answered;
    cop_term answer; /* in the asker's region */
};

/* Asks, and waits for the answer; cop_nil() if the other is dead, cop_none() after timeout_ms.
 * Gate: RUNTIME; switches. */
cop_term cop__ask(struct cop__proc *p, uint64_t whom, cop_term question, int64_t timeout_ms);
/* Received. answered takes s over. */
void cop__asked(struct cop__proc *p, struct cop__signal *s);
void cop__answered(struct cop__proc *p, struct cop__signal *s COP_TAKES);

/* What only p itself can tell: {item, value} or cop_none() for an unknown item. */
cop_term cop__info_inside(struct cop__proc *p, cop_term item);

#endif
