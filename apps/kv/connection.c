/* SPDX-License-Identifier: Apache-2.0 */
/* Connections. */
#include "connection.h"

#include "budget.h"
#include "traffic.h"

#include <coppice/tcp.h>

struct connection {
    struct kv_session session;
    cop_kept socket;
    int64_t idle_ms;
    bool is_busy; /* the session has more to do */
};

static cop_next wake(void *state);

static cop_term send(void *arg, cop_term data)
{
    const struct connection *c = arg;

    return cop_tcp_send(cop_kept_term(c->socket), data);
}

/* Waits for the next message: not at all if there is something to do, and for as long as may be if
 * it is the client who waits for us. */
static cop_next wait_on(struct connection *c)
{
    int64_t idle_ms = c->session.is_subscribed ? COP_INFINITY : c->idle_ms;

    return cop_hibernate_for(wake, c, c->is_busy ? 0 : idle_ms);
}

/* What the process does after a turn that ended so. */
static cop_next go_on(struct connection *c, enum kv_turn_end end)
{
    if (end == KV_OVER) return cop_end(); /* what was sent is still delivered */
    c->is_busy = end == KV_BUSY;
    if (!c->is_busy) cop_tcp_set_options(cop_kept_term(c->socket), COP("[active: :once]"));
    return wait_on(c);
}

struct turn {
    struct connection *connection;
    cop_term data;
    enum kv_turn_end end;
};

static cop_term take_turn(void *arg)
{
    struct turn *turn = arg;

    turn->end = kv_session_turn(&turn->connection->session, turn->data);
    return cop_ok();
}

/* Whatever goes wrong in a turn is told to the client, and ends this task as any that crashes. */
static cop_next serve(struct connection *c, cop_term data)
{
    struct turn turn = {.connection = c, .data = data};
    struct cop_outcome outcome;

    if (cop_try(take_turn, &turn, &outcome)) return go_on(c, turn.end);
    (void)send(c, c->session.protocol == KV_LINES ? COP("\"ERROR\\r\\n\"")
                                                  : COP("\"-ERR internal error\\r\\n\""));
    cop_reraise(&outcome);
}

static cop_next wake(void *state)
{
    struct connection *c = state;
    cop_term message, data;

    if (!cop_receive(&message, 0)) return c->is_busy ? serve(c, cop_none()) : cop_end();
    if (cop_match(message, "{:tcp, _, data}", data)) return serve(c, data);
    if (cop_match(message, "{:tcp_closed, _}") || cop_match(message, "{:tcp_error, _, _}"))
        return cop_end();
    if (cop_match(message, ":serve")) return go_on(c, KV_WAIT);
    if (c->session.is_subscribed && cop_is_tuple(message)) {
        enum kv_turn_end end = kv_session_event(&c->session, message);

        if (end == KV_OVER) return cop_end();
    }
    return wait_on(c);
}

static cop_next begin(cop_term arg)
{
    static int64_t last_id;
    struct connection *c = cop_alloc(sizeof(*c));
    cop_term socket;
    int protocol;
    struct kv_settings settings;
    char why[200];

    cop_expect(arg, "{socket, protocol}", socket, protocol);
    if (!kv_settings_read(&settings, why)) cop_raise("RuntimeError", "%s", why);
    c->socket = cop_keep(socket);
    c->idle_ms = settings.idle_ms;
    c->session = (struct kv_session){
        .protocol = (enum kv_protocol)protocol,
        .limits = settings.limits,
        .out = {.send = send, .arg = c},
        .hold = kv_budget_hold,
        .id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED),
    };
    kv_session_begin(&c->session);
    kv_traffic_add(&kv_traffic.connections, 1);
    return wait_on(c); /* for :serve, with which the socket comes */
}

bool kv_connection_start(cop_term socket, enum kv_protocol protocol)
{
    cop_term fun = cop_task_loop(begin, cop_tuple(socket, (int)protocol));
    cop_pid task;

    if (!cop_match(cop_task_supervisor_start_child(COP("KV.TaskSupervisor"), fun, COP("[]")),
                   "{:ok, task}", task))
        return false;
    cop_tcp_controlling_process(socket, task);
    cop_send(task, COP(":serve"));
    return true;
}
