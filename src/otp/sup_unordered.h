/* SPDX-License-Identifier: Apache-2.0 */
/* Children without an order: how one comes, restarts and goes, and how all end at once. */
#ifndef COP_OTP_SUP_UNORDERED_H
#define COP_OTP_SUP_UNORDERED_H

#include "otp/sup_server.h"

/* Enters a child that was started as pid. A start function may return a process that is a child
 * already; it then stands for the new one. */
void cop__unordered_add(struct cop__sup *sup, struct cop__spec *spec, cop_pid pid);

/* The functions of the kind (struct cop__sup_kind): one that ignores its restart is gone (DYN-17).
 */
void cop__unordered_restart(struct cop__sup *sup, struct cop__child *child);
bool cop__unordered_let_go(struct cop__sup *sup, struct cop__child *child);

/* Asks all children to end and waits for them; each is killed when its own time is over (DYN-20,
 * 21). Messages that come meanwhile are lost. Afterwards there are no children.
 * template: NULL, each unexpected end is reported; else those with the same reason are reported
 * together as ends of this child (SUP-54). Switches. */
void cop__unordered_stop_all(struct cop__sup *sup, const struct cop__child *template);

#endif
