/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of the HTTP server: what its users call (http_server.c), and the process
 * (http_server_process.c). They talk by calls of the GenServer:
 *
 *     :port                                             the port
 *     {:send_resp, ref, status, headers, body}          :ok, {:error, :closed}
 *     {:send_chunked, ref, status, headers}             the same; the caller owns the stream
 *     {:chunk, ref, data}                               :ok, in time; {:error, :closed}
 *     {:finish, ref}                                    :ok, {:error, :closed} */
#ifndef COP_IO_HTTP_SERVER_H
#define COP_IO_HTTP_SERVER_H

#include "coppice/gen_server.h"

extern const struct cop_gen_server cop__http_server_callbacks;

/* Starts the process that answers a request: calls the handler, a capture of arity 1. */
cop_pid cop__http_handler_spawn(cop_term handler, cop_term request, cop_ref *ret_monitor);

#endif
