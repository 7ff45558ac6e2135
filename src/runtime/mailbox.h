/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox: messages that have arrived and were not taken, oldest first. Touched by the holder
 * of the process alone. */
#ifndef COP_RUNTIME_MAILBOX_H
#define COP_RUNTIME_MAILBOX_H

#include "runtime/types.h"

void cop__mailbox_init(struct cop__proc *p);
/* Puts a message at the end; where the mailbox has a limit (mailbox_limit.h) it may be freed
 * instead, or another one. The first message of a mailbox is always taken. */
void cop__mailbox_append(struct cop__proc *p, struct cop__signal *s COP_TAKES);
/* The same without a look at the limit; len is the length with it. */
static inline void cop__mailbox_put_last(struct cop__proc *p, struct cop__signal *s COP_TAKES,
                                         uint32_t len)
{
    s->next = NULL;
    p->mailbox_bytes += s->size;
    *p->mailbox_last = s;
    p->mailbox_last = &s->next;
    atomic_store_explicit(&p->mailbox_len, len, memory_order_relaxed);
}
/* Takes the message at *at out of the list; the caller owns it. */
struct cop__signal *cop__mailbox_take(struct cop__proc *p, struct cop__signal **at);
/* The message that was handed to this turn, and not asked for yet, goes back to the front. */
void cop__mailbox_unhand(struct cop__proc *p);
/* Frees all messages. */
void cop__mailbox_clear(struct cop__proc *p);
/* Remembers that messages which carry the reference `ref`, made now, can only come after what is
 * here (MSG-06). */
void cop__mailbox_mark(struct cop__proc *p, uint64_t ref);
/* Removes the first message for which fn holds; true if there was one. */
bool cop__mailbox_remove_if(struct cop__proc *p, bool (*fn)(cop_term msg, void *arg), void *arg);

/* Waits in a call until something has arrived or the deadline passed; handles signals. Does not
 * return if the process is to die. Wants the gate at RUNTIME. */
void cop__wait(struct cop__proc *p);
/* Waits in a call while p may run no code (PRC-16); else like cop__wait(). */
void cop__wait_while_suspended(struct cop__proc *p);

#endif
