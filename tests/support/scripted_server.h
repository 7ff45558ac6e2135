/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server for tests of clients, made of threads and plain sockets, that behaves badly on
 * request. The path says how:
 *
 *     /ok            200 with the body "fine"
 *     /echo          200 with the request as body: its head, and what came with it
 *     /status/N      that status, body "status"
 *     /bytes/N       200 with N bytes "x"
 *     /endless       200, chunked, bytes without an end
 *     /chunked       200, chunked: "one", "two"
 *     /redirect/N    302, N times, then /ok
 *     /to/URL        302 to that URL
 *     /slow          no answer
 *     /stall         a head and half of the body, then nothing more
 *     /cut           the same, then the end
 *     /close         the end at once
 *     /garbage       no answer of HTTP */
#ifndef TESTS_SUPPORT_SCRIPTED_SERVER_H
#define TESTS_SUPPORT_SCRIPTED_SERVER_H

#include <stdbool.h>

struct scripted_server;

/* Starts one on a free port of 127.0.0.1. */
struct scripted_server *scripted_start(void);
int scripted_port(const struct scripted_server *s);
/* Connections that are open now, and requests that were read. */
int scripted_connections(const struct scripted_server *s);
int scripted_requests(const struct scripted_server *s);
/* Whether there are n open connections within five seconds; to be called beside schedulers. */
bool scripted_has_connections(const struct scripted_server *s, int n);
/* Ends all connections and threads. */
void scripted_stop(struct scripted_server *s);

#endif
