/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams for the console: Erlang's module gen_udp over udp.h, with its default: a socket is
 * active. Data are always binaries. */
#include "coppice/udp.h"
#include "otp/stdlib.h"
#include "otp/stdlib_inet.h"

static cop_term udp_open_with(cop_term port, cop_term options)
{
    /* Erlang's are active unless told otherwise; later options win. */
    return cop_udp_open(cop__port_arg(port), cop_cons(COP("{:active, true}"), options));
}

static cop_term udp_open(cop_term port)
{
    return udp_open_with(port, cop_empty_list());
}

static cop_term udp_send_to(cop_term socket, cop_term host, cop_term port, cop_term data)
{
    return cop_udp_send(socket, host, cop__port_arg(port), data);
}

static cop_term udp_send_pair(cop_term socket, cop_term destination, cop_term data)
{
    cop_term host, port;
    if (!cop_match(destination, "{host, port}", host, port)) cop_error(COP(":badarg"));
    return udp_send_to(socket, host, port, data);
}

static cop_term udp_send(cop_term socket, cop_term data)
{
    return cop_udp_send(socket, cop_nil(), 0, data);
}

static cop_term udp_recv_for(cop_term socket, cop_term length, cop_term timeout)
{
    (void)length; /* a datagram has its own */
    return cop_udp_recv(socket, cop__timeout_arg(timeout));
}

static cop_term udp_recv(cop_term socket, cop_term length)
{
    return udp_recv_for(socket, length, COP(":infinity"));
}

static cop_term udp_connect(cop_term socket, cop_term host, cop_term port)
{
    return cop_udp_connect(socket, host, cop__port_arg(port));
}

static cop_term udp_controlling_process(cop_term socket, cop_term pid)
{
    return cop_udp_controlling_process(socket, cop_to_pid(pid));
}

static const struct cop_function udp_functions[] = {
    COP_EXPORT("close(socket)", cop_udp_close, "Closes a socket."),
    COP_EXPORT("connect(socket, address, port)", udp_connect, "Sends to and hears this peer only."),
    COP_EXPORT("controlling_process(socket, pid)", udp_controlling_process,
               "Gives the socket to another process."),
    COP_EXPORT("open(port)", udp_open, "Opens a socket: {:ok, socket}; 0: any free port."),
    COP_EXPORT("open(port, opts)", udp_open_with, "The same: ip, active, reuseaddr, broadcast ..."),
    COP_EXPORT("recv(socket, length)", udp_recv, "The next datagram: {:ok, {ip, port, data}}."),
    COP_EXPORT("recv(socket, length, timeout)", udp_recv_for, "The same for so long."),
    COP_EXPORT("send(socket, packet)", udp_send, "Sends to the peer of a connected socket."),
    COP_EXPORT("send(socket, destination, packet)", udp_send_pair, "Sends to {host, port}."),
    COP_EXPORT("send(socket, host, port, packet)", udp_send_to, "Sends to a host and port."),
    COP_EXPORT_END};

const struct cop_module cop__gen_udp_module = {.size = sizeof(struct cop_module),
                                               .name = ":gen_udp",
                                               .doc = "Datagrams.",
                                               .functions = udp_functions};
