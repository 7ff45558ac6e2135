/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of sockets: pairs of connected ones, by TCP over the loopback or by a Unix socket. */
#ifndef COP_TESTS_IO_TCP_SUPPORT_H
#define COP_TESTS_IO_TCP_SUPPORT_H

#include "support/check_process.h"

#include "coppice/tcp.h"

#define CHECK_OK(term) CHECK_TERM((term), ":ok")

/* Two ends of one connection, both the caller's. */
struct tcp_pair {
    cop_term server;
    cop_term client;
};

/* The value of {:ok, value}. */
static inline cop_term ok_value(cop_term answer)
{
    cop_term value;
    if (!cop_match(answer, "{:ok, value}", value)) {
        cop_bytes text = cop_to_bytes(cop_inspect(answer));
        check_fail(__FILE__, __LINE__, "%.*s", (int)text.len, text.data);
    }
    return value;
}

static inline cop_term tcp_listener(const char *options)
{
    return ok_value(cop_tcp_listen("127.0.0.1", 0, check_parse(options)));
}

static inline int tcp_port(cop_term socket)
{
    return (int)cop_to_int(cop_elem(ok_value(cop_tcp_sockname(socket)), 1));
}

/* options: of the server's end. */
static inline struct tcp_pair tcp_pair(const char *options)
{
    struct tcp_pair p;
    cop_term listener = tcp_listener(options);
    p.client = ok_value(cop_tcp_connect("127.0.0.1", tcp_port(listener), COP("[]"), 5000));
    p.server = ok_value(cop_tcp_accept(listener, 5000));
    CHECK_OK(cop_tcp_close(listener));
    return p;
}

static inline void tcp_pair_close(struct tcp_pair p)
{
    CHECK_OK(cop_tcp_close(p.server));
    CHECK_OK(cop_tcp_close(p.client));
}

static inline void tcp_say(cop_term socket, const char *text)
{
    CHECK_OK(cop_tcp_send(socket, cop_string(text)));
}

/* {:tcp, socket, text} and the like. */
static inline cop_term tcp_message(const char *tag, cop_term socket)
{
    return cop_tuple(check_parse(tag), socket);
}
static inline cop_term tcp_data(cop_term socket, const char *text)
{
    return cop_tuple(COP(":tcp"), socket, text);
}

#endif
