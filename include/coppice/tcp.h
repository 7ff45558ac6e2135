/* SPDX-License-Identifier: Apache-2.0 */
/* TCP and Unix sockets.
 *
 * A socket is a term; it belongs to one process, its owner, and is closed when that ends. It
 * delivers what it receives in one of two ways:
 *   passive   cop_tcp_recv() waits for bytes or for a line; nothing comes unasked. What the process
 *             does not take stays in the kernel, and slows the peer down.
 *   active    messages to the owner: {:tcp, socket, data}, {:tcp_error, socket, reason},
 *             {:tcp_closed, socket}. Active once, it is passive again after one message of data;
 *             active n, after n of them, and says {:tcp_passive, socket}. So a fast sender cannot
 *             flood a slow owner, who asks for more when it is ready.
 * data is a binary: what has arrived, or one line with its end (\n, \r\n) taken off.
 *
 *     cop_expect(cop_tcp_listen(NULL, 4040, COP("[packet: :line, reuseaddr: true]")),
 *                "{:ok, listener}", listener);
 *     cop_expect(cop_tcp_accept(listener, COP_INFINITY), "{:ok, socket}", socket);
 *
 * Answers are terms: :ok, {:ok, value} or {:error, reason}; a reason is an atom such as :closed,
 * :timeout, :econnrefused, :eaddrinuse, :emfile, :emsgsize (a line above the limit), :enotsup (a
 * seeded run). Any process may use a socket, as in OTP; only its owner may give it away. A term
 * that was never a socket is an error badarg.
 *
 * The end of what a peer sends closes only that direction: {:tcp_closed, socket}, or {:error,
 * :closed} after all data; sending goes on until it fails. A connection that was reset ends in the
 * same way, or with the reason :econnreset if show_econnreset is set. */
#ifndef COPPICE_TCP_H
#define COPPICE_TCP_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* --- Opening and closing ---------------------------------------------------------------------- */

/* Listens at an address of this machine ("127.0.0.1", "::", NULL: all) and a port (0: any free
 * one). An address that begins with "/" is the path of a Unix socket, which must not be there yet,
 * and one with "@" an abstract one; the port is 0 then. options is a keyword list, also the default
 * of the sockets accepted:
 *   packet        :raw or :line (:raw)        line_max      bytes of a line (65536)
 *   chomp         whether lines come without their end (true)
 *   active        false, true, :once or n, -32768 to 32767 (false)
 *   backlog       connections that wait (1024)
 *   reuseaddr, nodelay, keepalive, show_econnreset   booleans (true, true, false, false)
 *   send_timeout  milliseconds or :infinity (:infinity); then {:error, :timeout}
 *   buffer        bytes that are read ahead (65536)
 * Exits: badarg for an unknown option. */
COP_API cop_term cop_tcp_listen(const char *address, int port, cop_term options);
/* Waits for a connection; the caller owns the new socket. Several processes may wait on one
 * listener, each connection goes to one of them. When the program has no descriptors left it waits
 * until there are some, with a word in the log. Switches. */
COP_API cop_term cop_tcp_accept(cop_term listener, int64_t timeout_ms);
/* Connects to a host (a name, an address, or a Unix socket as above) and port, with the options of
 * cop_tcp_listen. Of a name's addresses each is tried. Switches: until connected. */
COP_API cop_term cop_tcp_connect(const char *host, int port, cop_term options, int64_t timeout_ms);
/* Closes: what was sent before is still delivered, unless the peer takes nothing for 30 s. :ok,
 * also if it was closed already. */
COP_API cop_term cop_tcp_close(cop_term socket);
/* Ends one direction: how is :read, :write or :read_write. What was sent before is still
 * delivered. */
COP_API cop_term cop_tcp_shutdown(cop_term socket, cop_term how);

/* --- Data --------------------------------------------------------------------------------------*/

/* Sends a binary, or a list of binaries, bytes and such lists. What the kernel does not take at
 * once is sent later; while that is more than 64 KiB the sender waits until it is half: so what a
 * peer does not read slows its sender down. After {:error, :timeout} it is still on its way. Exits:
 * badarg for other data. Switches: may. */
COP_API cop_term cop_tcp_send(cop_term socket, cop_term data);
/* Passive sockets (others: {:error, :einval}; {:error, :ealready} while another process waits for
 * data of this one): exactly len bytes, or with 0 what there is (at least
 * one), or with packet: :line the next line, whatever len. {:ok, binary}. After {:error, :timeout}
 * nothing is lost. Switches. */
COP_API cop_term cop_tcp_recv(cop_term socket, size_t len, int64_t timeout_ms);

/* --- Ownership and options ---------------------------------------------------------------------*/

/* Gives the socket to another process. Messages of it that the caller has not received yet are
 * moved to the new owner's mailbox, in order, before new ones. {:error, :not_owner}: the caller is
 * not its owner; {:error, :badarg}: the other is dead. */
COP_API cop_term cop_tcp_controlling_process(cop_term socket, cop_pid owner);
/* Changes options: packet, line_max, chomp, active, nodelay, keepalive, show_econnreset,
 * send_timeout, buffer. A number n for active adds to what is left; once that is 0 or less the
 * socket is passive and says so. */
COP_API cop_term cop_tcp_set_options(cop_term socket, cop_term options);
/* {:ok, [name: value, ...]} for a list of names of options */
COP_API cop_term cop_tcp_get_options(cop_term socket, cop_term names);
/* {:ok, {address, port}}; the address is a string. */
COP_API cop_term cop_tcp_sockname(cop_term socket);
COP_API cop_term cop_tcp_peername(cop_term socket);

COP_END_DECLS

#endif
