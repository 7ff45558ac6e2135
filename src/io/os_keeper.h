/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: the process that holds the socket to the guardian (guardian.h), as long as the node
 * runs programs. It is started with the first of them, and anew when it has died.
 *
 *     server                        keeper                          guardian
 *       | register ------------------> | monitors the server
 *       | <------------- id, socket -- |
 *       | SPAWN with descriptors ------------------------------------> | forks
 *       | <-- {:os_child, id, what} -- | <--- FORKED, RUNNING, ENDED - |
 *       | dies                         |
 *                                      | SIGKILL --------------------> | kills the group
 *
 * So the keeper knows of each server before there is a program to kill, and sends its SIGKILL
 * behind the SPAWN. When it dies itself, the socket is closed and the guardian kills all; servers
 * see that by a monitor. When the guardian is killed, the keeper kills the groups that it was told
 * of, and exits. */
#ifndef COP_IO_OS_KEEPER_H
#define COP_IO_OS_KEEPER_H

#include "coppice/process.h"
#include "io/guardian_protocol.h"

/* What a server gets to know its program by. */
struct cop__os_ticket {
    uint64_t id;
    cop_ref socket; /* the handle of the guardian's */
    cop_pid keeper;
};

/* Makes the keeper watch the caller, which will be sent {:os_child, id, {:running, os_pid}},
 * {:os_child, id, {:failed, stage, error}} and {:os_child, id, {:ended, status}}. cop_ok(), or a
 * reason why there is no guardian. Switches. */
cop_term cop__os_keeper_register(struct cop__os_ticket *ret);

/* Sends a SPAWN with its COP__GUARDIAN_FDS descriptors, waits while the socket is full. 0 or a
 * negative error number. The caller has entered (port.h). Switches. */
int cop__os_keeper_spawn(const struct cop__os_ticket *ticket,
                         const struct cop__guardian_request *request, const int *fds);

/* Sends a signal to the program's group. */
void cop__os_keeper_signal(const struct cop__os_ticket *ticket, int number);

/* Waits for the end of a guardian whose socket is closed: no program is left then. For the node's
 * end, when all processes are dead and all handles closed. */
void cop__os_keeper_fini(void);

#endif
