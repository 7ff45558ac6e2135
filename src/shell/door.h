/* SPDX-License-Identifier: Apache-2.0 */
/* Where a node is reached: a Unix socket NAME in a folder that only the user can enter.
 *
 *   accepting thread --a connection--> reading thread --lines--> console process
 *                                           broker process: watches consoles
 *
 * A file NAME.lock beside it is locked while the node lives, so that a socket without a locked file
 * is a dead node's and is replaced, and a second node of the name is refused. */
#ifndef COP_SHELL_DOOR_H
#define COP_SHELL_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the node `name` is or would be. dir NULL: /tmp/coppice-UID. */
struct cop__place {
    const char *dir;
    const char *name;
};

enum cop__door_state {
    COP__DOOR_OPEN,
    COP__DOOR_TAKEN, /* a node of the name runs */
    COP__DOOR_NONE   /* the folder cannot be used */
};

/* --- The node's side (door.c) ----------------------------------------------------------------- */

/* Before the node starts: takes the name. What is wrong is said in why. Connections wait until they
 * are served. */
enum cop__door_state cop__door_open(const struct cop__place *place, char *why, size_t size);
/* The node runs: serves who comes. False: no thread to be had. */
bool cop__door_serve(void);
/* A connection for a console of this program itself: the terminal's side of it, or -1; the node's
 * is *ret_link. is_direct: see cop__link_open(). */
int cop__door_local(bool is_direct, int64_t *ret_link);
/* Before the node stops: consoles are told and end, nobody comes in any more. The name stays taken
 * until the program ends. */
void cop__door_close(void);

/* --- The other side (place.c) ----------------------------------------------------------------- */

/* A socket connected with the node of the user; *ret_pid is its process. -1: why says it in a
 * sentence. */
int cop__place_connect(const struct cop__place *place, pid_t *ret_pid, char *why, size_t size);
/* The address; false with why: the name or the folder will not do. Makes the folder if it is to. */
struct sockaddr_un;
bool cop__place_address(const struct cop__place *place, bool must_make, struct sockaddr_un *ret,
                        char *why, size_t size);

#endif
