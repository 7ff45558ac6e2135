/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes to programs: handles whose descriptor the owner reads and writes by itself, when it is told
 * that it can: {:fd, pipe, :readable}, {:fd, pipe, :writable}, once for each arming.
 *
 * A pipe is closed when its owner ends, as every handle. All functions are for its owner; one that
 * is closed is at its end (-EPIPE for a write). */
#ifndef COP_IO_PIPE_H
#define COP_IO_PIPE_H

#include "io/handle.h"

#include <sys/types.h>

/* What tools show of a pipe. */
struct cop__pipe_about {
    const char *stream; /* "stdin"; lives for ever */
    int os_pid;
    uint64_t bytes;
};

/* A handle with a descriptor that does not block; it owns that then. The caller has entered. 0, or
 * a negative error number, and the descriptor is the caller's still. */
int cop__pipe_open(int fd, const char *stream, cop_ref *ret);
/* Of whom it is, for tools. */
void cop__pipe_name(cop_ref pipe, int os_pid);
void cop__pipe_close(cop_ref pipe);
/* Asks to be told once; COP__IO_READ or COP__IO_WRITE. */
void cop__pipe_arm(cop_ref pipe, unsigned events);

/* As read(2) and write(2), but an error is its negative number: 0 is the end, -EAGAIN that nothing
 * is there, or that there is no room. */
ssize_t cop__pipe_read(cop_ref pipe, void *buffer, size_t size);
ssize_t cop__pipe_write(cop_ref pipe, const void *bytes, size_t size);
/* How many bytes have gone through. */
uint64_t cop__pipe_bytes(cop_ref pipe);

#endif
