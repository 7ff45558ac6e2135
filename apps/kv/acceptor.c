/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Acceptor: listens at a port, and starts a connection for each client. */
#include "kv_server.h"

#include "connection.h"
#include "settings.h"
#include "traffic.h"

#include <coppice/tcp.h>

struct acceptor {
    cop_kept listener;
    enum kv_protocol protocol;
};

/* There are too many clients: says so, and closes. */
static void refuse(cop_term socket, enum kv_protocol protocol)
{
    kv_traffic_add(&kv_traffic.refused, 1);
    (void)cop_tcp_send(socket, protocol == KV_LINES
                                   ? COP("\"ERROR\\r\\n\"")
                                   : COP("\"-ERR max number of clients reached\\r\\n\""));
    (void)cop_tcp_close(socket);
}

/* One client; each has a turn of its own, so that nothing gathers here. */
static cop_next accept_one(void *state)
{
    const struct acceptor *a = state;
    cop_term socket, message, answer;

    while (cop_receive(&message, 0)) {
    }
    answer = cop_tcp_accept(cop_kept_term(a->listener), COP_INFINITY);
    if (cop_match(answer, "{:ok, socket}", socket)) {
        if (!kv_connection_start(socket, a->protocol)) refuse(socket, a->protocol);
    } else if (cop_match(answer, "{:error, :closed}")) {
        cop_exit(COP(":closed"));
    }
    return cop_hibernate_for(accept_one, state, 0);
}

/* keepalive: a subscriber may be silent for ever, and one whose machine has vanished would keep its
 * place for as long. */
static cop_term listen_at(int port)
{
    struct kv_settings settings;
    char why[200];

    if (!kv_settings_read(&settings, why)) cop_raise("RuntimeError", "%s", why);
    return cop_tcp_listen(
        settings.address, port,
        COP("[active: false, backlog: 1024, send_timeout: 30_000, keepalive: true]"));
}

static cop_next begin(cop_term arg)
{
    struct acceptor *a = cop_alloc(sizeof(*a));
    cop_term answer, listener, reason;
    int protocol, port;

    cop_expect(arg, "{protocol, port}", protocol, port);
    answer = listen_at(port);
    if (cop_match(answer, "{:error, reason}", reason)) {
        answer = cop_build("{:error, {:listen, port, reason}}", port, reason);
        cop_init_fail(answer, COP_CLASS_EXIT, COP(":normal"));
    }
    cop_expect(answer, "{:ok, listener}", listener);
    a->listener = cop_keep(listener);
    a->protocol = (enum kv_protocol)protocol;
    cop_expect(cop_tcp_sockname(listener), "{:ok, {_, port}}", port);
    /* With port 0, this is where it can be seen. */
    cop_application_put_env(COP(":kv_server"),
                            a->protocol == KV_LINES ? COP(":lines_at") : COP(":redis_at"),
                            cop_int(port));
    cop_log(COP_INFO, "Accepting %sconnections on port %d", a->protocol == KV_LINES ? "" : "Redis ",
            port);
    cop_init_ack(cop_tuple(cop_ok(), cop_self()));
    return cop_hibernate_for(accept_one, a, 0);
}

static cop_term start_link(cop_term protocol, cop_term port)
{
    return cop_proc_lib_start(
        begin, cop_tuple(protocol, port),
        &(struct cop_proc_lib_opts){.link = true,
                                    .initial_call = COP("{KV.Acceptor, :start_link, 2}"),
                                    .name = "KV.Acceptor.start_link/2"});
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(protocol, port)", start_link,
               "Listens at `port`; `protocol` is 0 for lines, 1 for RESP."),
    COP_EXPORT_END};

const struct cop_module kv_acceptor = {.size = sizeof(struct cop_module),
                                       .name = "KV.Acceptor",
                                       .doc = "Listens, and starts a task for each connection.",
                                       .functions = functions};
