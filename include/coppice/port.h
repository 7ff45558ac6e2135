/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: what processes own of the operating system, for tools. Sockets are made in tcp.h, watched
 * descriptors in fd.h. */
#ifndef COPPICE_PORT_H
#define COPPICE_PORT_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* A list of maps, one for each port of the node, oldest slot first:
 *   port       its reference: the socket, the watch
 *   kind       :tcp, :tcp_listener, :udp, :os_process, :fd, ...
 *   state      :open, or :draining: closed, with data that is still being sent
 *   owner      pid; nil while it drains
 *   fd         number of the descriptor
 * and of sockets local and remote, {address, port} as in tcp.h, or nil; of connections
 *   input, output      bytes received and sent
 *   queue_size         bytes that the kernel has not taken yet
 *   buffered           bytes received that the owner has not taken
 *   active             as the option
 *   idle_ms            how long ago the kernel last received any; not of Unix sockets
 * and of listeners accepted, a count; of a program's pipes (:os_process) stream and os_pid, and
 * buffered and queue_size are what lies in the pipe. Of an HTTP server (:http_server) connections,
 * of the HTTP client (:http) transfers, counts of what is open. What belongs to one port is of one
 * moment. */
COP_API cop_term cop_ports(void);

COP_END_DECLS

#endif
