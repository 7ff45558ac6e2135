/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of mailboxes, an extension. A mailbox has none by default, as in OTP (MSG-01).
 *
 *     mailbox: [max: 1000, policy: :drop_old]
 *
 * is an option of a child's specification and of spawn_opt; struct cop_spawn_opts and struct
 * cop_proc_lib_opts have it as a struct. max is from 1 to 4294967294. The policy says what happens
 * when a message comes to a mailbox that has max:
 *
 *     :drop_new      it is thrown away; the default
 *     :drop_old      the oldest one is thrown away for it
 *     :exit_sender   it is thrown away, and its sender gets an exit signal with the reason
 *                    {:mailbox_full, pid}, as by exit/2
 *     :kill          the process gets an exit signal with the reason :kill, from itself
 *
 * All messages count, but a process loses only what others have sent: the messages of links and
 * monitors and what it has sent itself, by a timer too, stay and make nobody exit. All other
 * signals arrive. A request of GenServer or :sys is a message: a full server does not answer it.
 *
 * What counts is what has arrived. A process that runs receives when it next calls a function that
 * receives or waits, one that computes after some ten milliseconds at the latest: until then what
 * is sent to it is in transit, without a limit.
 *
 * A mailbox that reaches max, and one that has since fallen below half of it, is an *event*: a
 * warning in the log, and a message {:mailbox, :high | :low, pid, length, dropped} to all who have
 * subscribed. dropped is how many messages the process has lost in its life. */
#ifndef COPPICE_MAILBOX_H
#define COPPICE_MAILBOX_H

#include "coppice/term.h"

#define COP_MAILBOX_MAX INT64_C(4294967294)

enum cop_mailbox_policy { COP_DROP_NEW, COP_DROP_OLD, COP_EXIT_SENDER, COP_KILL };

/* All zero: no limit. */
struct cop_mailbox {
    uint32_t max; /* messages; 0: no limit */
    enum cop_mailbox_policy policy;
};

COP_BEGIN_DECLS

/* Reads [max: n, policy: p]; nil stands for no limit. False, and *ret is untouched, if it is
 * neither. Runs on: any thread. */
COP_API bool cop_mailbox_from(cop_term option, struct cop_mailbox *ret);
/* Back: the list with both keys, or nil. Runs on: any thread, inside of a region. */
COP_API cop_term cop_mailbox_term(struct cop_mailbox mailbox);

/* pid gets the events of all mailboxes, once each however often it is entered, until it ends or is
 * taken out. An event that finds its own mailbox full is lost without another word. Exits: badarg
 * for a process of another node. Runs on: any thread. */
COP_API void cop_mailbox_subscribe(cop_pid pid);
/* False if it was not subscribed. */
COP_API bool cop_mailbox_unsubscribe(cop_pid pid);

COP_END_DECLS

#endif
