/* SPDX-License-Identifier: Apache-2.0 */
/* TCP sockets. Settled on paper: the functions come with the I/O layer, so <coppice.h> does not
 * include this header yet.
 *
 * A socket is a term; it belongs to one process, its owner, and is closed when that ends. It
 * delivers what it receives in one of two ways:
 *   passive   cop_tcp_recv() waits for bytes or for a line; nothing comes unasked.
 *   active    messages to the owner: {:tcp, socket, data}, {:tcp_closed, socket},
 *             {:tcp_error, socket, reason}. Active once or for n messages, the socket is passive
 *             again after them and says {:tcp_passive, socket}; so a fast sender cannot flood a
 *             slow owner, who asks for more when it is ready.
 * data is a binary: what has arrived, or one line with its end (\n, \r\n) taken off.
 *
 *     cop_expect(cop_tcp_listen(NULL, 4040, COP("[packet: :line, reuseaddr: true]")),
 *                "{:ok, listener}", listener);
 *     cop_expect(cop_tcp_accept(listener, COP_INFINITY), "{:ok, socket}", socket);
 *
 * Answers are terms: :ok, {:ok, value} or {:error, reason}; a reason is an atom such as :closed,
 * :timeout, :econnrefused, :eaddrinuse, :emsgsize (a line above the limit). Any process may send;
 * receiving, closing and changing options are the owner's (others: {:error, :not_owner}). */
#ifndef COPPICE_TCP_H
#define COPPICE_TCP_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* --- Opening and closing ---------------------------------------------------------------------- */

/* Listens at an address of this machine ("127.0.0.1", "::", NULL: all) and a port (0: any free
 * one). options is a keyword list, also the default of the sockets accepted:
 *   packet        :raw or :line (:raw)        line_max      bytes of a line (65536)
 *   active        false, true, :once or n (false)
 *   backlog       connections that wait (1024)
 *   reuseaddr, nodelay, keepalive             booleans (true, true, false)
 *   send_timeout  milliseconds or :infinity (:infinity); then {:error, :timeout}
 *   buffer        bytes read at once (65536)
 * Exits: badarg for an unknown option. */
COP_API cop_term cop_tcp_listen(const char *address, int port, cop_term options);
/* Waits for a connection; the caller owns the new socket. Several processes may wait on one
 * listener, each connection goes to one of them. Switches. */
COP_API cop_term cop_tcp_accept(cop_term listener, int64_t timeout_ms);
/* Connects to a host (name or address) and port, with the options of cop_tcp_listen that make
 * sense. Switches: until connected. */
COP_API cop_term cop_tcp_connect(const char *host, int port, cop_term options, int64_t timeout_ms);
/* Closes: what was sent before is still delivered. :ok, also if it was closed already. */
COP_API cop_term cop_tcp_close(cop_term socket);
/* Ends one direction: how is :read, :write or :read_write. */
COP_API cop_term cop_tcp_shutdown(cop_term socket, cop_term how);

/* --- Data --------------------------------------------------------------------------------------*/

/* Sends a binary, or a list of binaries, bytes and such lists. Waits while the kernel's buffer is
 * full: what a peer does not read slows its sender down. Switches: may. */
COP_API cop_term cop_tcp_send(cop_term socket, cop_term data);
/* Passive sockets: exactly len bytes, or with 0 what there is (at least one), or with packet: :line
 * the next line, whatever len. {:ok, binary}. After {:error, :timeout} nothing is lost.
 * Switches. */
COP_API cop_term cop_tcp_recv(cop_term socket, size_t len, int64_t timeout_ms);

/* --- Ownership and options ---------------------------------------------------------------------*/

/* Gives the socket to another process. Messages of it that the caller has not received yet are
 * moved to the new owner's mailbox, in order, before new ones. */
COP_API cop_term cop_tcp_controlling_process(cop_term socket, cop_pid owner);
/* Changes options: packet, line_max, active, nodelay, keepalive, send_timeout. A number n for
 * active adds to what is left. */
COP_API cop_term cop_tcp_set_options(cop_term socket, cop_term options);
/* {:ok, {address, port}}; the address is a string. */
COP_API cop_term cop_tcp_sockname(cop_term socket);
COP_API cop_term cop_tcp_peername(cop_term socket);

COP_END_DECLS

#endif
