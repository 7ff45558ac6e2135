/* SPDX-License-Identifier: Apache-2.0 */
/* Run queues: linked through cop__proc.next; guarded by whoever guards their owner. */
#ifndef COP_RUNTIME_RUNQ_H
#define COP_RUNTIME_RUNQ_H

#include "runtime/types.h"

static inline uint32_t cop__runq_len(const struct cop__runq *q)
{
    return atomic_load_explicit(&q->len, memory_order_relaxed);
}

/* seq_cst: a seat that goes to sleep counts itself and then looks at len; who queues sets len and
 * then looks whether somebody sleeps. One of the two sees the other. */
static inline void cop__runq_len_set(struct cop__runq *q, uint32_t len)
{
    atomic_store_explicit(&q->len, len, memory_order_seq_cst);
}

static inline void cop__runq_push(struct cop__runq *q, struct cop__proc *p)
{
    p->next = NULL;
    if (q->first == NULL) q->last = &q->first;
    *q->last = p;
    q->last = &p->next;
    cop__runq_len_set(q, cop__runq_len(q) + 1);
}

/* In front of all others. */
static inline void cop__runq_push_first(struct cop__runq *q, struct cop__proc *p)
{
    p->next = q->first;
    if (p->next == NULL) q->last = &p->next;
    q->first = p;
    cop__runq_len_set(q, cop__runq_len(q) + 1);
}

static inline struct cop__proc *cop__runq_pop(struct cop__runq *q)
{
    struct cop__proc *p = q->first;
    if (p == NULL) return NULL;
    q->first = p->next;
    p->next = NULL;
    atomic_store_explicit(&q->len, cop__runq_len(q) - 1, memory_order_relaxed);
    return p;
}

/* Moves the older half (at least one) of from behind to's own. */
static inline void cop__runq_take_half(struct cop__runq *to, struct cop__runq *from)
{
    uint32_t n = (cop__runq_len(from) + 1) / 2;
    for (uint32_t i = 0; i < n; i++)
        cop__runq_push(to, cop__runq_pop(from));
}

/* Takes out the i-th (from 0); for seeded runs. */
static inline struct cop__proc *cop__runq_pop_at(struct cop__runq *q, uint32_t i)
{
    struct cop__proc **at = &q->first;
    while (i-- > 0)
        at = &(*at)->next;
    struct cop__proc *p = *at;
    *at = p->next;
    if (p->next == NULL) q->last = at;
    p->next = NULL;
    atomic_store_explicit(&q->len, cop__runq_len(q) - 1, memory_order_relaxed);
    return p;
}

#endif
