/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for the console: Erlang's module gen_tcp over tcp.h, with its defaults: a socket is
 * active, waits with small pieces (nodelay), and a line comes with its end. Data are always
 * binaries. */
#include "otp/stdlib.h"
#include "otp/stdlib_inet.h"

#include "coppice/tcp.h"

static cop_term with_defaults(cop_term options)
{
    return cop_list_append(COP("[active: true, chomp: false, nodelay: false]"), options);
}

/* --- gen_tcp ---------------------------------------------------------------------------------- */

static cop_term listen_at(cop_term port, cop_term options)
{
    char address[COP__ADDRESS_MAX] = "";
    cop_term own = cop__socket_options(options, address);

    return cop_tcp_listen(address[0] != 0 ? address : NULL, cop__port_arg(port),
                          with_defaults(own));
}

static cop_term accept_within(cop_term listener, cop_term timeout)
{
    return cop_tcp_accept(listener, cop__timeout_arg(timeout));
}

static cop_term accept_one(cop_term listener)
{
    return cop_tcp_accept(listener, COP_INFINITY);
}

static cop_term connect_within(cop_term address, cop_term port, cop_term options, cop_term timeout)
{
    char host[COP__ADDRESS_MAX];

    cop__socket_address(address, host);
    return cop_tcp_connect(host, cop__port_arg(port),
                           with_defaults(cop__socket_options(options, NULL)),
                           cop__timeout_arg(timeout));
}

static cop_term connect_to(cop_term address, cop_term port, cop_term options)
{
    return connect_within(address, port, options, COP(":infinity"));
}

static cop_term recv_within(cop_term socket, cop_term length, cop_term timeout)
{
    int64_t n;

    if (!cop__is_int64(length, &n) || n < 0) cop_error(COP(":badarg"));
    return cop_tcp_recv(socket, (size_t)n, cop__timeout_arg(timeout));
}

static cop_term recv_some(cop_term socket, cop_term length)
{
    return recv_within(socket, length, COP(":infinity"));
}

static cop_term controlling_process(cop_term socket, cop_term pid)
{
    if (!cop_is_pid(pid)) cop_error(COP(":badarg"));
    return cop_tcp_controlling_process(socket, cop_to_pid(pid));
}

static const struct cop_function gen_tcp_functions[] = {
    COP_EXPORT("accept(listener)", accept_one, "Waits for a connection, which is the caller's."),
    COP_EXPORT("accept(listener, timeout)", accept_within, "The same, for so many ms."),
    COP_EXPORT("close(socket)", cop_tcp_close, "Closes; what was sent is still delivered."),
    COP_EXPORT("connect(address, port, options)", connect_to,
               "Connects to a name, an IP tuple or {:local, path}."),
    COP_EXPORT("connect(address, port, options, timeout)", connect_within,
               "The same, within so many ms."),
    COP_EXPORT("controlling_process(socket, pid)", controlling_process,
               "Gives the socket to a process, with its messages."),
    COP_EXPORT(
        "listen(port, options)", listen_at,
        "Listens; 0: any free port.\nOptions: ip, packet (:raw, :line), active (true, false, "
        ":once, n), backlog, reuseaddr, nodelay, keepalive, send_timeout, buffer, line_max, "
        "chomp, show_econnreset."),
    COP_EXPORT("recv(socket, length)", recv_some, "So many bytes, or with 0 what comes next."),
    COP_EXPORT("recv(socket, length, timeout)", recv_within, "The same, for so many ms."),
    COP_EXPORT("send(socket, data)", cop_tcp_send, "Sends iodata."),
    COP_EXPORT("shutdown(socket, how)", cop_tcp_shutdown, "Ends :read, :write or :read_write."),
    COP_EXPORT_END};

const struct cop_module cop__gen_tcp_module = {.size = sizeof(struct cop_module),
                                               .name = ":gen_tcp",
                                               .doc = "TCP and Unix sockets.",
                                               .functions = gen_tcp_functions};
