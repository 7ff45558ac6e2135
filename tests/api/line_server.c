/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP line server: one process a connection, which answers each line. Lines are read passively,
 * so a client that sends faster than it is answered waits in its own kernel; a second kind of
 * connection gets its lines as messages, one at a time, beside other messages. */
#include "line_server.h"

COP_RECORD(put, "{:put, key, value}", cop_term key, cop_term value);
COP_RECORD(count, "{:count, of, n}", cop_bytes of, int64_t n);

static cop_term answer(cop_term line)
{
    cop_term rest;
    struct put p;

    if (cop_match(line, "\"ECHO \" <> rest", rest)) return cop_build("rest <> \"\\r\\n\"", rest);
    if (cop_match(line, "\"PUT \" <> rest", rest)) {
        p.key = COP(":last");
        p.value = rest;
        return cop_gen_server_call(COP("Store"), put_build(&p), COP_CALL_TIMEOUT);
    }
    return COP("\"ERROR unknown command\\r\\n\"");
}

static cop_next serve(cop_term socket)
{
    cop_term got;
    cop_term line;

    for (;;) {
        got = cop_tcp_recv(socket, 0, 60000);
        if (!cop_match(got, "{:ok, line}", line)) break;
        cop_expect(cop_tcp_send(socket, answer(line)), ":ok");
    }
    cop_expect(got, "{:error, :closed}");
    return cop_end();
}

struct pushed {
    cop_kept socket;
    int64_t lines;
};

static cop_result pushed_init(cop_term socket)
{
    struct pushed *p = cop_alloc(sizeof(*p));

    p->socket = cop_keep(socket);
    cop_expect(cop_tcp_set_options(socket, COP("[active: :once]")), ":ok");
    return cop_started(p);
}

static cop_result pushed_info(void *state, cop_term message)
{
    struct pushed *p = state;
    cop_term socket = cop_kept_term(p->socket);
    cop_bytes data;
    cop_term reason;

    if (cop_match(message, "{:tcp, ^socket, data}", socket, data)) {
        struct count c = {.of = data, .n = ++p->lines};
        cop_term line = cop_binary(data.data, data.len);
        cop_send(COP("Meter"), count_build(&c));
        cop_expect(cop_tcp_send(socket, answer(line)), ":ok");
        cop_expect(cop_tcp_set_options(socket, COP("[active: :once]")), ":ok");
        return cop_noreply();
    }
    if (cop_match(message, "{:tcp_closed, ^socket}", socket)) return cop_stop(COP(":normal"));
    if (cop_match(message, "{:tcp_error, ^socket, reason}", socket, reason)) {
        return cop_stop(cop_build("{:shutdown, reason}", reason));
    }
    return cop_no_clause(message);
}

static const struct cop_gen_server pushed_callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = pushed_init,
    .handle_info = pushed_info,
};

static const struct cop_module pushed = {
    .size = sizeof(struct cop_module), .name = "Pushed", .gen_server = &pushed_callbacks};

/* Accepts for ever; the process of a connection owns its socket. */
static cop_next accept_loop(cop_term arg)
{
    cop_term listener;
    cop_term socket;
    cop_term port;
    cop_pid parent;
    cop_pid owner;
    bool passive;

    cop_expect(arg, "{parent, passive}", parent, passive);
    cop_expect(cop_tcp_listen("127.0.0.1", 0, COP("[packet: :line, line_max: 1024, backlog: 128]")),
               "{:ok, listener}", listener);
    cop_expect(cop_tcp_sockname(listener), "{:ok, {_, port}}", port);
    cop_send(parent, cop_tuple(COP(":listening"), port));
    while (cop_match(cop_tcp_accept(listener, COP_INFINITY), "{:ok, socket}", socket)) {
        if (passive) {
            struct cop_spawn_opts opts = {.name = "line_server"};
            owner = cop_spawn(serve, socket, &opts);
        } else {
            cop_expect(cop_gen_server_start(&pushed, socket, COP("[]")), "{:ok, owner}", owner);
        }
        cop_expect(cop_tcp_controlling_process(socket, owner), ":ok");
    }
    return cop_end();
}

cop_pid line_server_start(bool passive)
{
    return cop_spawn(accept_loop, cop_tuple(cop_self(), passive), NULL);
}
