/* SPDX-License-Identifier: Apache-2.0 */
/* The key-value system's server at free ports, with few connections allowed, and its clients. */
#ifndef KV_SERVER_SUPPORT_H
#define KV_SERVER_SUPPORT_H

#include "kv_support.h"

#include "../../../apps/kv/kv_server.h"
#include "../../../apps/kv/settings.h"

#include <coppice/tcp.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 40
#define WAIT_MS         20000

static inline int port_of(cop_term key)
{
    return (int)cop_to_int(cop_application_get_env(COP(":kv_server"), key, cop_int(0)));
}

static inline cop_term connect_to(int port)
{
    cop_term socket;

    cop_assert_match(cop_tcp_connect("127.0.0.1", port, COP("[]"), WAIT_MS), "{:ok, socket}",
                     socket);
    return socket;
}

static inline cop_term connect_lines(void)
{
    return connect_to(port_of(COP(":lines_at")));
}

static inline cop_term connect_redis(void)
{
    return connect_to(port_of(COP(":redis_at")));
}

static inline void say(cop_term socket, const char *text)
{
    cop_assert_equal(cop_ok(), cop_tcp_send(socket, cop_string(text)));
}

static inline void hear(cop_term socket, const char *text)
{
    cop_assert_equal(cop_tuple(cop_ok(), text), cop_tcp_recv(socket, strlen(text), WAIT_MS));
}

/* The other side has closed, and what it said before is over. */
static inline void hear_end(cop_term socket)
{
    cop_assert_equal(COP("{:error, :closed}"), cop_tcp_recv(socket, 1, WAIT_MS));
    cop_tcp_close(socket);
}

/* Waits until the server has so many connections. */
static inline void wait_for_connections(int64_t count)
{
    while (cop_list_len(cop_task_supervisor_children(COP("KV.TaskSupervisor"))) != count)
        cop_sleep(1);
}

/* Says goodbye, so that no test sees the connections of another. */
static inline void close_and_wait(cop_term socket)
{
    cop_tcp_close(socket);
    wait_for_connections(0);
}

/* A RESP string. */
static inline cop_bytes hear_bulk(cop_term r)
{
    cop_term text;
    int64_t len = 0;
    char c = 0;

    hear(r, "$");
    for (;;) {
        cop_assert_match(cop_tcp_recv(r, 1, WAIT_MS), "{:ok, text}", text);
        c = cop_to_bytes(text).data[0];
        if (c == '\r') break;
        len = 10 * len + (c - '0');
    }
    hear(r, "\n");
    /* The end of the text included: there may be nothing before it. */
    cop_assert_match(cop_tcp_recv(r, (size_t)len + 2, WAIT_MS), "{:ok, text}", text);
    return (cop_bytes){cop_to_bytes(text).data, (size_t)len};
}

static inline cop_next start_server(cop_term arg)
{
    (void)arg;
    cop_expect(cop_application_ensure_all_started(&kv_server), "{:ok, _}");
    return cop_end();
}

static inline int server_up(void **state)
{
    char why[1000], most[16];

    (void)snprintf(most, sizeof(most), "%d", CONNECTIONS_MAX);
    unsetenv("KV_ADDRESS");
    setenv("PORT", "0", 1);
    setenv("REDIS_PORT", "0", 1);
    setenv("KV_CONNECTIONS_MAX", most, 1);
    (void)state;
    if (cop_node_start(NULL) != 0) return -1;
    if (cop_run(start_server, cop_nil(), why, sizeof(why))) return 0;
    fprintf(stderr, "%s\n", why);
    return -1;
}

#endif
