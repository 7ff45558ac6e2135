/* SPDX-License-Identifier: Apache-2.0 */
/* The modules :gen_udp, :inet and :inet_res, for the console and for who calls by name. */
#include "coppice/dns.h"
#include "coppice/error.h"
#include "coppice/tcp.h"
#include "coppice/udp.h"
#include "io/inet.h"

#include <arpa/inet.h>
#include <unistd.h>

/* How long a name may take: what OTP's resolver tries for. */
#define NAME_MS 8000

/* A time in milliseconds, or :infinity. */
static int64_t time_of(cop_term t)
{
    int64_t ms;
    if (cop_match(t, ":infinity")) return COP_INFINITY;
    if (!cop_match(t, "ms", ms) || ms < 0) cop_error(COP(":badarg"));
    return ms;
}

static int port_of(cop_term t)
{
    int port;
    if (!cop_match(t, "port", port)) cop_error(COP(":badarg"));
    return port;
}

/* --- :gen_udp ----------------------------------------------------------------------------------*/

static cop_term udp_open_with(cop_term port, cop_term options)
{
    /* Erlang's are active unless told otherwise; later options win. */
    return cop_udp_open(port_of(port), cop_cons(COP("{:active, true}"), options));
}

static cop_term udp_open(cop_term port)
{
    return udp_open_with(port, cop_empty_list());
}

static cop_term udp_send_to(cop_term socket, cop_term host, cop_term port, cop_term data)
{
    return cop_udp_send(socket, host, port_of(port), data);
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
    return cop_udp_recv(socket, time_of(timeout));
}

static cop_term udp_recv(cop_term socket, cop_term length)
{
    return udp_recv_for(socket, length, COP(":infinity"));
}

static cop_term udp_connect(cop_term socket, cop_term host, cop_term port)
{
    return cop_udp_connect(socket, host, port_of(port));
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

const struct cop_module cop_gen_udp = {.size = sizeof(struct cop_module),
                                       .name = ":gen_udp",
                                       .doc = "Datagrams.",
                                       .functions = udp_functions};

/* --- :inet -------------------------------------------------------------------------------------*/

static cop_term charlist(const char *text)
{
    cop_term list = cop_empty_list();
    for (; *text != 0; text++)
        list = cop_cons(cop_int((unsigned char)*text), list);
    return cop_list_reverse(list);
}

static cop_term getaddr_for(cop_term host, cop_term family, cop_term timeout)
{
    return cop_dns_getaddr(host, family, time_of(timeout));
}

static cop_term getaddr(cop_term host, cop_term family)
{
    return cop_dns_getaddr(host, family, NAME_MS);
}

static cop_term getaddrs_for(cop_term host, cop_term family, cop_term timeout)
{
    return cop_dns_getaddrs(host, family, time_of(timeout));
}

static cop_term getaddrs(cop_term host, cop_term family)
{
    return cop_dns_getaddrs(host, family, NAME_MS);
}

static cop_term host_name(void)
{
    char name[256] = "";
    (void)gethostname(name, sizeof(name) - 1);
    return cop_tuple(cop_ok(), charlist(name));
}

static cop_term ntoa(cop_term address)
{
    union cop__inet parsed;
    char text[INET6_ADDRSTRLEN] = "";
    if (!cop_is_tuple(address) || !cop__inet_from(address, AF_INET, &parsed))
        return COP("{:error, :einval}");
    const void *bits = parsed.any.sa_family == AF_INET6 ? (const void *)&parsed.in6.sin6_addr
                                                        : (const void *)&parsed.in4.sin_addr;
    (void)inet_ntop(parsed.any.sa_family, bits, text, sizeof(text));
    return charlist(text);
}

static cop_term parse_address(cop_term text)
{
    union cop__inet parsed;
    if (cop_is_tuple(text) || cop_is_atom(text) || !cop__inet_from(text, AF_INET, &parsed))
        return COP("{:error, :einval}");
    return cop_tuple(cop_ok(), cop__inet_term(&parsed));
}

/* TCP's addresses are strings: as a tuple, where it is no path. */
static cop_term with_tuple(cop_term answer)
{
    cop_term text, port;
    union cop__inet parsed;
    if (!cop_match(answer, "{:ok, {text, port}}", text, port) ||
        !cop__inet_from(text, AF_INET, &parsed))
        return answer;
    return cop_tuple(cop_ok(), cop_tuple(cop__inet_term(&parsed), port));
}

static bool is_of_udp(cop_term answer)
{
    return !cop_match(answer, "{:error, :closed}");
}

static cop_term sockname(cop_term socket)
{
    cop_term answer = cop_udp_sockname(socket);
    return is_of_udp(answer) ? answer : with_tuple(cop_tcp_sockname(socket));
}

static cop_term peername(cop_term socket)
{
    cop_term answer = cop_udp_peername(socket);
    return is_of_udp(answer) ? answer : with_tuple(cop_tcp_peername(socket));
}

static cop_term port(cop_term socket)
{
    cop_term number;
    cop_term answer = sockname(socket);
    if (!cop_match(answer, "{:ok, {_, number}}", number)) return answer;
    return cop_tuple(cop_ok(), number);
}

static cop_term setopts(cop_term socket, cop_term options)
{
    cop_term answer = cop_udp_peername(socket); /* of which kind is it? */
    return is_of_udp(answer) ? cop_udp_set_options(socket, options)
                             : cop_tcp_set_options(socket, options);
}

static const struct cop_function inet_functions[] = {
    COP_EXPORT("getaddr(host, family)", getaddr, "An address of a host: {:ok, {127, 0, 0, 1}}."),
    COP_EXPORT("getaddr(host, family, timeout)", getaddr_for, "The same for so long."),
    COP_EXPORT("getaddrs(host, family)", getaddrs, "All addresses of a host, :inet or :inet6."),
    COP_EXPORT("getaddrs(host, family, timeout)", getaddrs_for, "The same for so long."),
    COP_EXPORT("gethostname()", host_name, "The name of this machine."),
    COP_EXPORT("ntoa(address)", ntoa, "The text of an address."),
    COP_EXPORT("parse_address(text)", parse_address, "The address that a text is."),
    COP_EXPORT("peername(socket)", peername, "The address and port of the peer."),
    COP_EXPORT("port(socket)", port, "The port of a socket."),
    COP_EXPORT("setopts(socket, options)", setopts, "Changes options of a socket."),
    COP_EXPORT("sockname(socket)", sockname, "The address and port of a socket."),
    COP_EXPORT_END};

const struct cop_module cop_inet = {.size = sizeof(struct cop_module),
                                    .name = ":inet",
                                    .doc = "Addresses, and what all sockets have.",
                                    .functions = inet_functions};

/* --- :inet_res ---------------------------------------------------------------------------------*/

/* The addresses of a name, or none. The machine's resolver knows no other types. */
static cop_term lookup_for(cop_term name, cop_term class_, cop_term type, cop_term options,
                           cop_term timeout)
{
    cop_term list, text;
    cop_term answer = cop_nil();
    (void)options;
    if (!cop_match(class_, ":in")) cop_error(COP(":badarg"));
    if (cop_match(type, ":a"))
        answer = cop_dns_getaddrs(name, COP(":inet"), time_of(timeout));
    else if (cop_match(type, ":aaaa"))
        answer = cop_dns_getaddrs(name, COP(":inet6"), time_of(timeout));
    else if (cop_match(type, ":ptr"))
        answer = cop_dns_getname(name, time_of(timeout));
    else
        cop_error(COP(":badarg"));
    if (cop_match(answer, "{:ok, text}", text) && cop_is_binary(text)) return cop_list(text);
    return cop_match(answer, "{:ok, list}", list) ? list : cop_empty_list();
}

static cop_term lookup(cop_term name, cop_term class_, cop_term type)
{
    return lookup_for(name, class_, type, cop_empty_list(), cop_int(NAME_MS));
}

static const struct cop_function inet_res_functions[] = {
    COP_EXPORT("lookup(name, class, type)", lookup, "Addresses: type :a or :aaaa; :ptr: a name."),
    COP_EXPORT("lookup(name, class, type, opts, timeout)", lookup_for, "The same for so long."),
    COP_EXPORT_END};

const struct cop_module cop_inet_res = {.size = sizeof(struct cop_module),
                                        .name = ":inet_res",
                                        .doc = "What names stand for.",
                                        .functions = inet_res_functions};
