/* SPDX-License-Identifier: Apache-2.0 */
/* A client of TCP servers for tests: plain sockets, beside the schedulers (cop_blocking).
 *
 *     int fd = raw_connect(port);
 *     raw_send(fd, "GET / HTTP/1.1\r\n\r\n");
 *     cop_term answer = raw_read(fd, "\r\n\r\n");
 *     close(fd);
 *
 * To be called in a process. Nothing waits longer than five seconds. */
#ifndef TESTS_SUPPORT_RAW_CLIENT_H
#define TESTS_SUPPORT_RAW_CLIENT_H

#include "coppice/term.h"

/* A connection to 127.0.0.1, or the test fails. */
int raw_connect(int64_t port);
/* False: the port refuses. */
bool raw_can_connect(int64_t port);
/* Sends a text; false: the peer takes no more. */
bool raw_send(int fd, const char *text);
bool raw_send_bytes(int fd, const void *data, size_t size);
/* What comes until it contains `until`, or up to the end of the connection; NULL: only its end. */
cop_term raw_read(int fd, const char *until);
/* Whether the peer has ended the connection: reads until then. */
bool raw_is_closed(int fd);
/* All of the answer to one request, on a connection of its own. */
cop_term raw_exchange(int64_t port, const char *request);

#endif
