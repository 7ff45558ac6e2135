/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of mailboxes (coppice/mailbox.h, docs/adr/0010): what mailbox.c does where one has been
 * reached. A mailbox is *high* from the message that fills it on, until it is below half. */
#ifndef COP_RUNTIME_MAILBOX_LIMIT_H
#define COP_RUNTIME_MAILBOX_LIMIT_H

#include "runtime/types.h"

/* At birth. */
void cop__mailbox_limit(struct cop__proc *p, struct cop_mailbox limit);
/* cop__mailbox_append() where s will fill the mailbox or finds it full: appends it or frees it. May
 * free another one, and send signals, also to p. */
void cop__mailbox_append_at_limit(struct cop__proc *p, struct cop__signal *s COP_TAKES)
    __attribute__((cold, noinline));
/* With the taking of s a mailbox that was high is so no more. Returns s. */
struct cop__signal *cop__mailbox_sank(struct cop__proc *p, struct cop__signal *s)
    __attribute__((cold, noinline));
/* How many messages were thrown away. */
static inline uint32_t cop__mailbox_dropped(const struct cop__proc *p)
{
    return atomic_load_explicit(&p->mailbox_dropped, memory_order_relaxed);
}
/* The item :mailbox of process_info. */
cop_term cop__mailbox_info(const struct cop__proc *p);
/* The node ends: nobody is subscribed any more. */
void cop__mailbox_events_end(void);

#endif
