/* SPDX-License-Identifier: Apache-2.0 */
/* Erlang's modules inet and inet_res: what all sockets have, names and addresses. */
#include "otp/stdlib_inet.h"

#include "coppice/dns.h"
#include "coppice/tcp.h"
#include "coppice/udp.h"
#include "otp/stdlib.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

/* How long a name may take: what OTP's resolver tries for. */
#define NAME_MS 8000

/* --- Addresses -------------------------------------------------------------------------------- */

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
        if (bytes.len >= COP__ADDRESS_MAX || memchr(bytes.data, 0, bytes.len) != NULL) badarg();
        memcpy(text, bytes.data, bytes.len);
        len = bytes.len;
    } else {
        if (cop_list_len(t) < 0) badarg();
        for (; !cop_is_empty_list(t); t = cop_tail(t)) {
            int64_t c;
            if (!cop__is_int64(cop_head(t), &c) || c < 1 || c > 126 || len + 1 == COP__ADDRESS_MAX)
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
    inet_ntop(parts == 4 ? AF_INET : AF_INET6, bytes, text, COP__ADDRESS_MAX);
}

void cop__socket_address(cop_term address, char *text)
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
    char text[COP__ADDRESS_MAX];

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
cop_term cop__socket_options(cop_term options, char *text)
{
    cop_term kept = cop_empty_list();
    cop_term address;

    if (cop_list_len(options) < 0) badarg();
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cop_head(options);
        bool names_address = cop_match(option, "{:ip, address}", address) ||
                             cop_match(option, "{:ifaddr, address}", address);
        if (names_address && text != NULL)
            cop__socket_address(address, text);
        else if (cop_is_tuple(option) && !cop_match(option, "{:mode, :binary}"))
            kept = cop_cons(option, kept);
        else if (!cop_is_tuple(option) && !cop_identical(option, COP(":binary")) &&
                 !cop_identical(option, COP(":inet")) && !cop_identical(option, COP(":inet6")))
            badarg();
    }
    return cop_list_reverse(kept);
}

/* --- Arguments -------------------------------------------------------------------------------- */

int cop__port_arg(cop_term port)
{
    int64_t n;

    if (!cop__is_int64(port, &n) || n < 0 || n > 65535) badarg();
    return (int)n;
}

int64_t cop__timeout_arg(cop_term timeout)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) badarg();
    return ms;
}

/* --- Sockets ---------------------------------------------------------------------------------- */

static cop_term with_shown(cop_term answer)
{
    cop_term address, port;

    if (!cop_match(answer, "{:ok, {address, port}}", address, port)) return answer;
    return cop_tuple(cop_ok(), shown(address, port));
}

/* A socket of UDP, or one that is closed, or was. */
static bool is_udp(cop_term socket)
{
    return !cop_match(cop_udp_sockname(socket), "{:error, :closed}");
}

static cop_term sockname(cop_term socket)
{
    return is_udp(socket) ? cop_udp_sockname(socket) : with_shown(cop_tcp_sockname(socket));
}

static cop_term peername(cop_term socket)
{
    return is_udp(socket) ? cop_udp_peername(socket) : with_shown(cop_tcp_peername(socket));
}

static cop_term port(cop_term socket)
{
    cop_term answer = sockname(socket);
    cop_term number;

    if (!cop_match(answer, "{:ok, {_, number}}", number)) return answer;
    return cop_tuple(cop_ok(), number);
}

static cop_term setopts(cop_term socket, cop_term options)
{
    options = cop__socket_options(options, NULL);
    return is_udp(socket) ? cop_udp_set_options(socket, options)
                          : cop_tcp_set_options(socket, options);
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

/* --- Names and addresses ---------------------------------------------------------------------- */

static cop_term charlist(const char *text)
{
    cop_term list = cop_empty_list();

    for (; *text != 0; text++)
        list = cop_cons(cop_int((unsigned char)*text), list);
    return cop_list_reverse(list);
}

static cop_term getaddr_for(cop_term host, cop_term family, cop_term timeout)
{
    return cop_dns_getaddr(host, family, cop__timeout_arg(timeout));
}

static cop_term getaddr(cop_term host, cop_term family)
{
    return cop_dns_getaddr(host, family, NAME_MS);
}

static cop_term getaddrs_for(cop_term host, cop_term family, cop_term timeout)
{
    return cop_dns_getaddrs(host, family, cop__timeout_arg(timeout));
}

static cop_term getaddrs(cop_term host, cop_term family)
{
    return cop_dns_getaddrs(host, family, NAME_MS);
}

static cop_term host_name(void)
{
    char name[COP__ADDRESS_MAX] = "";

    (void)gethostname(name, sizeof(name) - 1);
    return cop_tuple(cop_ok(), charlist(name));
}

static bool is_ip(cop_term address)
{
    int64_t n;

    if (!cop_is_tuple(address)) return false;
    size_t size = cop_tuple_size(address);
    for (size_t i = 0; i < size; i++)
        if (!cop__is_int64(cop_elem(address, i), &n) || n < 0 || n > (size == 4 ? 255 : 65535))
            return false;
    return size == 4 || size == 8;
}

static cop_term ntoa(cop_term address)
{
    char text[COP__ADDRESS_MAX];

    if (!is_ip(address)) return COP("{:error, :einval}");
    read_ip(address, text);
    return charlist(text);
}

static cop_term parse_address(cop_term address)
{
    char text[COP__ADDRESS_MAX];
    cop_term ip;

    if (!cop_is_list(address) && !cop_is_binary(address)) return COP("{:error, :einval}");
    read_text(address, text);
    if (!cop_match(shown(cop_string(text), cop_nil()), "{ip, _}", ip) || !cop_is_tuple(ip))
        return COP("{:error, :einval}");
    return cop_tuple(cop_ok(), ip);
}

static const struct cop_function inet_functions[] = {
    COP_EXPORT("getaddr(host, family)", getaddr, "An address of a host: {:ok, {127, 0, 0, 1}}."),
    COP_EXPORT("getaddr(host, family, timeout)", getaddr_for, "The same, for so many ms."),
    COP_EXPORT("getaddrs(host, family)", getaddrs, "All addresses of a host, :inet or :inet6."),
    COP_EXPORT("getaddrs(host, family, timeout)", getaddrs_for, "The same, for so many ms."),
    COP_EXPORT("gethostname()", host_name, "The name of this machine."),
    COP_EXPORT("getopts(socket, names)", getopts, "{:ok, options} of these names."),
    COP_EXPORT("ntoa(address)", ntoa, "The text of an address."),
    COP_EXPORT("parse_address(text)", parse_address, "The address that a text is."),
    COP_EXPORT("peername(socket)", peername, "{:ok, {ip, port}} of the other end."),
    COP_EXPORT("port(socket)", port, "{:ok, port} of this end."),
    COP_EXPORT("setopts(socket, options)", setopts, "Changes options of an open socket."),
    COP_EXPORT("sockname(socket)", sockname, "{:ok, {ip, port}} of this end."),
    COP_EXPORT_END};

const struct cop_module cop__inet_module = {.size = sizeof(struct cop_module),
                                            .name = ":inet",
                                            .doc = "Addresses, and what all sockets have.",
                                            .functions = inet_functions};

/* --- inet_res --------------------------------------------------------------------------------- */

/* Addresses of a name, or the name of an address; [] if there is none. */
static cop_term lookup_for(cop_term name, cop_term class_, cop_term type, cop_term options,
                           cop_term timeout)
{
    int64_t ms = cop__timeout_arg(timeout);
    cop_term answer, found;

    (void)options;
    if (!cop_match(class_, ":in")) badarg();
    if (cop_match(type, ":a"))
        answer = cop_dns_getaddrs(name, COP(":inet"), ms);
    else if (cop_match(type, ":aaaa"))
        answer = cop_dns_getaddrs(name, COP(":inet6"), ms);
    else if (cop_match(type, ":ptr"))
        answer = cop_dns_getname(name, ms);
    else
        badarg();
    if (!cop_match(answer, "{:ok, found}", found)) return cop_empty_list();
    return cop_is_binary(found) ? cop_list(found) : found;
}

static cop_term lookup(cop_term name, cop_term class_, cop_term type)
{
    return lookup_for(name, class_, type, cop_empty_list(), cop_int(NAME_MS));
}

static const struct cop_function inet_res_functions[] = {
    COP_EXPORT("lookup(name, class, type)", lookup, "Addresses: type :a or :aaaa; :ptr: a name."),
    COP_EXPORT("lookup(name, class, type, opts, timeout)", lookup_for, "The same, for so many ms."),
    COP_EXPORT_END};

const struct cop_module cop__inet_res_module = {.size = sizeof(struct cop_module),
                                                .name = ":inet_res",
                                                .doc = "What names stand for.",
                                                .functions = inet_res_functions};
