/* SPDX-License-Identifier: Apache-2.0 */
/* Links. Each side has a record of the other; both change by signals only.
 *
 * **Unlinking** takes effect at once on the side that asks: its record stays, off, with the id of
 * the request, until the other side has acknowledged it. While it is off, exit signals of that peer
 * are dropped, and a link signal of the peer, too: it was sent before the peer saw our request.
 * Linking again switches the record on; a late acknowledgement finds another id and does nothing.
 * (LNK-07, 09; model: docs/models/link.pml) */
#ifndef COP_RUNTIME_LINK_H
#define COP_RUNTIME_LINK_H

#include "runtime/types.h"

/* Received: the peer asks to link, to unlink, acknowledges. */
void cop__link_asked(struct cop__proc *p, uint64_t peer);
void cop__unlink_asked(struct cop__proc *p, uint64_t peer, uint64_t id);
void cop__unlink_acked(struct cop__proc *p, uint64_t peer, uint64_t id);
/* The peer has died: the record goes. True if the link was on. */
bool cop__link_broken(struct cop__proc *p, uint64_t peer);
/* Both ends at once, when one is being made (spawn_link). */
void cop__link_both(struct cop__proc *p, struct cop__proc *child);
/* At the end of p: tells all linked with {:EXIT, p, reason}, and forgets them. */
void cop__links_end(struct cop__proc *p, cop_term message);

#endif
