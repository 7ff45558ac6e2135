/* SPDX-License-Identifier: Apache-2.0 */
/* A sitter is a process that lets messages queue up for ever; process_info is a signal, so it
 * answers however full it is, and after what the same process has sent it before. */
#ifndef COP_TEST_SITTER_H
#define COP_TEST_SITTER_H

#include "support/check_process.h"

/* A sitter with that limit of its mailbox. */
cop_pid sitter(uint32_t max, enum cop_mailbox_policy policy);
/* The same that watches pid and, if it traps, is linked to it. */
cop_pid sitter_of(uint32_t max, enum cop_mailbox_policy policy, bool traps, cop_pid pid);
/* Kills it, or any other process, and waits until it is gone. */
void stop_sitter(cop_pid pid);
void send_numbers(cop_pid to, int from, int last);
/* These are the messages of pid, and so many it has lost. */
void check_holds(cop_pid pid, const char *messages, int dropped);

#endif
