/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets for the console: Erlang's modules gen_tcp and inet over tcp.h, with their defaults: a
 * socket is active, waits with small pieces (nodelay), and a line comes with its end. Data are
 * always binaries. */
#include "otp/stdlib.h"

#include "coppice/tcp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* --- Addresses -------------------------------------------------------------------------------- */

#define TEXT_MAX 256

static COP_NORETURN void badarg(void)
{
    cop_error(COP(":badarg"));
}

/* The text of a string, an atom or a charlist. */
static void read_text(cop_term t, char *text)
{
    size_t len = 0;

    if (cop_is_binary(t) || cop_is_atom(t)) {
        cop_bytes bytes = cop_is_atom(t) ? cop_atom_text(t) : cop_to_bytes(t);
        if (bytes.len >= TEXT_MAX || memchr(bytes.data, 0, bytes.len) != NULL) badarg();
        memcpy(text, bytes.data, bytes.len);
        len = bytes.len;
    } else {
        if (cop_list_len(t) < 0) badarg();
        for (; !cop_is_empty_list(t); t = cop_tail(t)) {
            int64_t c;
            if (!cop__is_int64(cop_head(t), &c) || c < 1 || c > 126 || len + 1 == TEXT_MAX)
                badarg();
            text[len++] = (char)c;
        }
    }
    text[len] = 0;
}

/* {127, 0, 0, 1}, or eight numbers of IPv6. */
static void read_ip(cop_term ip, char *text)
{
    unsigned char bytes[16];
    size_t parts = cop_tuple_size(ip);
    size_t width = parts == 8 ? 2 : 1;

    if (parts != 4 && parts != 8) badarg();
    for (size_t i = 0; i < parts; i++) {
        int64_t n;
        if (!cop__is_int64(cop_elem(ip, i), &n) || n < 0 || n > (width == 2 ? 65535 : 255))
            badarg();
        bytes[i * width] = (unsigned char)(width == 2 ? n >> 8 : n);
        bytes[i * width + width - 1] = (unsigned char)n;
    }
    inet_ntop(parts == 4 ? AF_INET : AF_INET6, bytes, text, TEXT_MAX);
}

static void read_address(cop_term address, char *text)
{
    cop_term path;

    if (cop_match(address, "{:local, path}", path))
        read_text(path, text);
    else if (cop_is_tuple(address))
        read_ip(address, text);
    else
        read_text(address, text);
}

/* What inet shows for {address, port}. */
static cop_term shown(cop_term address, cop_term port)
{
    unsigned char b[16];
    char text[TEXT_MAX];

    read_text(address, text);
    if (inet_pton(AF_INET, text, b) == 1)
        return cop_tuple(cop_tuple((int)b[0], (int)b[1], (int)b[2], (int)b[3]), port);
    if (inet_pton(AF_INET6, text, b) == 1) {
        cop_term parts[8];
        for (size_t i = 0; i < 8; i++)
            parts[i] = cop_int(b[2 * i] << 8 | b[2 * i + 1]);
        return cop_tuple(cop_tuple_from(parts, 8), port);
    }
    return cop_tuple(COP(":local"), address);
}

/* --- Options ---------------------------------------------------------------------------------- */

/* Those of tcp.h; the address that an option names goes to text, which may be NULL. */
static cop_term read_options(cop_term options, char *text)
{
    cop_term kept = cop_empty_list();
    cop_term address;

    if (cop_list_len(options) < 0) badarg();
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cop_head(options);
        bool names_address = cop_match(option, "{:ip, address}", address) ||
                             cop_match(option, "{:ifaddr, address}", address);
        if (names_address && text != NULL)
            read_address(address, text);
        else if (cop_is_tuple(option) && !cop_match(option, "{:mode, :binary}"))
            kept = cop_cons(option, kept);
        else if (!cop_is_tuple(option) && !cop_identical(option, COP(":binary")) &&
                 !cop_identical(option, COP(":inet")) && !cop_identical(option, COP(":inet6")))
            badarg();
    }
    return cop_list_reverse(kept);
}

static cop_term with_defaults(cop_term options)
{
    return cop_list_append(COP("[active: true, chomp: false, nodelay: false]"), options);
}

/* --- gen_tcp ---------------------------------------------------------------------------------- */

static int port_arg(cop_term port)
{
    int64_t n;

    if (!cop__is_int64(port, &n) || n < 0 || n > 65535) badarg();
    return (int)n;
}

static int64_t timeout_arg(cop_term timeout)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) badarg();
    return ms;
}

static cop_term listen_at(cop_term port, cop_term options)
{
    char address[TEXT_MAX] = "";
    cop_term own = read_options(options, address);

    return cop_tcp_listen(address[0] != 0 ? address : NULL, port_arg(port), with_defaults(own));
}

static cop_term accept_within(cop_term listener, cop_term timeout)
{
    return cop_tcp_accept(listener, timeout_arg(timeout));
}

static cop_term accept_one(cop_term listener)
{
    return cop_tcp_accept(listener, COP_INFINITY);
}

static cop_term connect_within(cop_term address, cop_term port, cop_term options, cop_term timeout)
{
    char host[TEXT_MAX];

    read_address(address, host);
    return cop_tcp_connect(host, port_arg(port), with_defaults(read_options(options, NULL)),
                           timeout_arg(timeout));
}

static cop_term connect_to(cop_term address, cop_term port, cop_term options)
{
    return connect_within(address, port, options, COP(":infinity"));
}

static cop_term recv_within(cop_term socket, cop_term length, cop_term timeout)
{
    int64_t n;

    if (!cop__is_int64(length, &n) || n < 0) badarg();
    return cop_tcp_recv(socket, (size_t)n, timeout_arg(timeout));
}

static cop_term recv_some(cop_term socket, cop_term length)
{
    return recv_within(socket, length, COP(":infinity"));
}

static cop_term controlling_process(cop_term socket, cop_term pid)
{
    if (!cop_is_pid(pid)) badarg();
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

/* --- inet ------------------------------------------------------------------------------------- */

static cop_term with_shown(cop_term answer)
{
    cop_term address, port;

    if (!cop_match(answer, "{:ok, {address, port}}", address, port)) return answer;
    return cop_tuple(cop_ok(), shown(address, port));
}

static cop_term sockname(cop_term socket)
{
    return with_shown(cop_tcp_sockname(socket));
}

static cop_term peername(cop_term socket)
{
    return with_shown(cop_tcp_peername(socket));
}

static cop_term port(cop_term socket)
{
    cop_term answer = cop_tcp_sockname(socket);
    cop_term number;

    if (!cop_match(answer, "{:ok, {_, number}}", number)) return answer;
    return cop_tuple(cop_ok(), number);
}

static cop_term setopts(cop_term socket, cop_term options)
{
    return cop_tcp_set_options(socket, read_options(options, NULL));
}

/* OTP shows packet: :raw as 0. */
static cop_term getopts(cop_term socket, cop_term names)
{
    cop_term answer = cop_tcp_get_options(socket, names);
    cop_term shown_options = cop_empty_list();
    cop_term options;

    if (!cop_match(answer, "{:ok, options}", options)) return answer;
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cop_head(options);
        if (cop_match(option, "{:packet, :raw}")) option = COP("{:packet, 0}");
        shown_options = cop_cons(option, shown_options);
    }
    return cop_tuple(cop_ok(), cop_list_reverse(shown_options));
}

static const struct cop_function inet_functions[] = {
    COP_EXPORT("getopts(socket, names)", getopts, "{:ok, options} of these names."),
    COP_EXPORT("peername(socket)", peername, "{:ok, {ip, port}} of the other end."),
    COP_EXPORT("port(socket)", port, "{:ok, port} of this end."),
    COP_EXPORT("setopts(socket, options)", setopts, "Changes options of an open socket."),
    COP_EXPORT("sockname(socket)", sockname, "{:ok, {ip, port}} of this end."),
    COP_EXPORT_END};

const struct cop_module cop__inet_module = {.size = sizeof(struct cop_module),
                                            .name = ":inet",
                                            .doc = "What all sockets have.",
                                            .functions = inet_functions};
