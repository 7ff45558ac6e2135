/* SPDX-License-Identifier: Apache-2.0 */
/* The guardian: one helper process of the operating system a node, which forks all programs that
 * the node runs, and kills them when the node is gone. This is the node's side of it: starting it,
 * sending it requests and reading what it answers. It knows nothing of processes of the runtime;
 * os_process_guardian.c has the one that uses it.
 *
 * What the guardian is and why nothing escapes it stands in guardian_program.c; how it comes into
 * being without a file on the disk, in docs/adr/0012. */
#ifndef COP_IO_GUARDIAN_H
#define COP_IO_GUARDIAN_H

#include "io/guardian_protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct cop__guardian {
    pid_t pid;
    int socket; /* does not block; -1: there is none */
};

/* Starts one. 0 or a negative error number; nothing is left behind then. Runs on: any thread, as
 * all of this. */
int cop__guardian_start(struct cop__guardian *ret);

/* Closes the socket, upon which the guardian kills all that it has started and ends, and waits for
 * that for a while. True if it has ended. */
bool cop__guardian_stop(struct cop__guardian *g);

/* A file in memory with these bytes, for a SPAWN, or a negative error number. The caller closes
 * it. */
int cop__guardian_texts(const void *texts, size_t size);

/* Sends a request, with the COP__GUARDIAN_FDS descriptors of a SPAWN (NULL for others), which stay
 * the caller's. 0, -EAGAIN when the socket is full, or another negative error number: the guardian
 * is gone. */
int cop__guardian_send(const struct cop__guardian *g, const struct cop__guardian_request *request,
                       const int *fds);

/* Takes the next answer: 1. 0 when there is none now, negative when the guardian is gone. */
int cop__guardian_receive(const struct cop__guardian *g, struct cop__guardian_reply *ret);

/* The program of the guardian, an ELF file, made when the library is built. */
extern const unsigned char cop__guardian_image[];
extern const size_t cop__guardian_image_size;

#endif
