/* SPDX-License-Identifier: Apache-2.0 */
/* UDP sockets, as Erlang's gen_udp.
 *
 *     cop_expect(cop_udp_open(0, COP("[ip: {127, 0, 0, 1}, active: true]")),
 *                "{:ok, socket}", socket);
 *     cop_udp_send(socket, COP("{127, 0, 0, 1}"), 4040, cop_string("hello"));
 *
 * A socket is a term; it belongs to one process, its owner, and is closed when that ends. Datagrams
 * come in one of two ways, as with TCP (tcp.h):
 *   passive   cop_udp_recv() waits for one.
 *   active    messages to the owner: {:udp, socket, ip, port, data}, {:udp_error, socket, reason}.
 *             Active once, it is passive after one of them; active n, after n, and says
 *             {:udp_passive, socket}. What nobody takes fills the kernel's buffer (recbuf), then
 *             the kernel drops it.
 * data is a binary, ip a tuple {a, b, c, d} or of eight numbers for IPv6.
 *
 * Where an address is asked for, it is such a tuple, a string with one, :any, :loopback, or the
 * name of a host, which is looked up (dns.h). Answers are terms: :ok, {:ok, value} or {:error,
 * reason}; a reason is an atom such as :closed, :timeout, :eaddrinuse, :emsgsize (a datagram too
 * large), :econnrefused (nobody listens where a connected socket sends to), :nxdomain, :enotsup (a
 * seeded run). Any process may use a socket, as in OTP; only its owner may give it away. A term
 * that was never a socket is an error badarg. */
#ifndef COPPICE_UDP_H
#define COPPICE_UDP_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* Opens a socket at a port of this machine (0: any free one). options, a list:
 *   ip, ifaddr    the address (any)
 *   :inet, :inet6 the kind of it (that of ip, else :inet)
 *   active        false, true, :once or n (false; gen_udp begins with true)
 *   reuseaddr, broadcast, ipv6_v6only   booleans (false)
 *   recbuf, sndbuf                      bytes of the kernel's buffers
 *   :binary       changes nothing
 * Exits: badarg for an unknown option. Switches: if a name is looked up. */
COP_API cop_term cop_udp_open(int port, cop_term options);
/* :ok, also if it was closed already. */
COP_API cop_term cop_udp_close(cop_term socket);

/* Sends one datagram: a binary, or a list of binaries, bytes and such lists. address is nil on a
 * connected socket. Waits while the kernel's buffer is full. Switches: may. */
COP_API cop_term cop_udp_send(cop_term socket, cop_term address, int port, cop_term data);
/* The next datagram of a passive socket (others: {:error, :einval}): {:ok, {ip, port, data}}.
 * Switches. */
COP_API cop_term cop_udp_recv(cop_term socket, int64_t timeout_ms);
/* From now on it sends to this peer, and receives from this one only. Switches: may. */
COP_API cop_term cop_udp_connect(cop_term socket, cop_term address, int port);

/* Gives the socket to another process, with the messages of it that the caller has not received
 * yet. {:error, :not_owner} if the caller is not its owner, {:error, :badarg} if the other is
 * dead. */
COP_API cop_term cop_udp_controlling_process(cop_term socket, cop_pid owner);
/* Changes active, broadcast, recbuf, sndbuf. A number n for active adds to what is left. */
COP_API cop_term cop_udp_set_options(cop_term socket, cop_term options);
/* {:ok, {ip, port}}: its own, and that of its peer, if it is connected. */
COP_API cop_term cop_udp_sockname(cop_term socket);
COP_API cop_term cop_udp_peername(cop_term socket);

COP_END_DECLS

#endif
