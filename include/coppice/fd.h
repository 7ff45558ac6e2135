/* SPDX-License-Identifier: Apache-2.0 */
/* Watching descriptors: how a process drives a library that does its own I/O (libcurl, libpq,
 * libmicrohttpd) or reads a descriptor of its own, without holding up anyone.
 *
 *     cop_ref watch;
 *     if (cop_fd_watch(fd, COP_FD_READABLE, &watch) < 0) ...
 *     ...
 *     if (cop_match(message, "{:fd, ^watch, :readable}", watch)) {
 *         read what there is; then
 *         cop_fd_rearm(watch, COP_FD_READABLE);
 *     }
 *
 * A watch belongs to the process that made it and is gone with it. Each condition is told once, as
 * {:fd, watch, :readable} or {:fd, watch, :writable}, and then no more until it is armed again; so
 * a busy process has at most one message of each kind. An error or a hang-up counts as what is
 * waited for: reading or writing tells. The condition held when it was looked at, which may have
 * been before the last read: expect EAGAIN, and arm again.
 *
 * The descriptor stays the caller's, who may close it at any time, best after cop_fd_unwatch(). It
 * becomes non-blocking (O_NONBLOCK), for whoever else has it, too. */
#ifndef COPPICE_FD_H
#define COPPICE_FD_H

#include "coppice/process.h"

COP_BEGIN_DECLS

enum { COP_FD_READABLE = 1, COP_FD_WRITABLE = 2 };

/* Watches a descriptor for these conditions (0: for none as yet), with a message to the caller. 0,
 * or a negative error number: -EBADF, -EPERM (a plain file: that is always ready), -EMFILE,
 * -ENFILE, -ENOTSUP in a seeded run. The same descriptor may be watched more than once. */
COP_API int cop_fd_watch(int fd, unsigned conditions, cop_ref *ret_watch);
/* Sets what the watch waits for from now on: each of these conditions is told once more, if it
 * holds already then at once; those left out are not. A message that was sent before may still
 * come. Exits: badarg if it is no watch of the caller's. */
COP_API void cop_fd_rearm(cop_ref watch, unsigned conditions);
/* Ends it; afterwards no message of it is in the caller's mailbox. Nothing if it is over. Exits:
 * badarg if it is another process's. */
COP_API void cop_fd_unwatch(cop_ref watch);

COP_END_DECLS

#endif
