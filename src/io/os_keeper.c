/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: see os_keeper.h. */
#include "io/os_keeper.h"

#include "coppice/gen_server.h"
#include "io/guardian.h"
#include "io/handle.h"
#include "io/reason.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* Numbers of programs: of the whole run, since a new keeper must not use an old one's. */
static _Atomic uint64_t last_id;

/* The guardian that was started last, until its end was waited for. */
static struct {
    pthread_mutex_t lock;
    pid_t pid; /* or 0 */
} newest = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct keeper {
    struct cop__guardian guardian;
    cop_ref socket;
    cop_dict *children; /* id -> {server, monitor, os_pid or nil} */
    cop_dict *monitors; /* monitor -> id */
    cop_dict *unsent;   /* number -> {id, signal}: while the socket is full */
    int64_t unsent_first;
    int64_t unsent_end;
};

/* --- The socket, a handle --------------------------------------------------------------------- */

static bool socket_ready(struct cop__handle *h, unsigned events)
{
    h->wanted &= (uint8_t)~events;
    if ((events & COP__IO_READ) != 0)
        cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), COP(":readable")));
    if ((events & COP__IO_WRITE) != 0) {
        cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), COP(":writable")));
        cop__handle_announce(h, COP__IO_WRITE);
    }
    return true;
}

static bool socket_drain(struct cop__handle *h)
{
    (void)h;
    return false;
}

static void socket_dispose(struct cop__handle *h)
{
    (void)h;
}

static cop_term socket_info(struct cop__handle *h, cop_term list)
{
    (void)h;
    return list;
}

static const struct cop__handle_kind socket_kind = {
    .name = "os_guardian",
    .ready = socket_ready,
    .drain = socket_drain,
    .dispose = socket_dispose,
    .info = socket_info,
};

static void arm(cop_ref socket, unsigned events)
{
    cop__port_enter();
    struct cop__handle *h = cop__handle_find(&socket_kind, socket);
    if (h != NULL) {
        cop__handle_want(h, h->wanted | events);
        cop__handle_unlock(h);
    }
    cop__port_leave();
}

/* The caller has entered. Other senders may be quicker: so in a loop. */
static int send_waiting(cop_ref socket, const struct cop__guardian_request *request, const int *fds)
{
    for (;;) {
        struct cop__handle *h = cop__handle_find(&socket_kind, socket);
        if (h == NULL) return -EPIPE;
        struct cop__guardian g = {.socket = h->fd};
        int rc = cop__guardian_send(&g, request, fds);
        if (rc == -EAGAIN) {
            cop__handle_want(h, h->wanted | COP__IO_WRITE);
            (void)cop__handle_wait(h, COP__IO_WRITE);
        }
        cop__handle_unlock(h);
        if (rc != -EAGAIN) return rc;
    }
}

/* --- Start ------------------------------------------------------------------------------------ */

/* Lets a former guardian end first: then no program of an earlier keeper runs beside those of this
 * one. */
static void wait_for_former(void *arg)
{
    (void)arg;
    cop__os_keeper_fini();
}

void cop__os_keeper_fini(void)
{
    pthread_mutex_lock(&newest.lock);
    struct cop__guardian g = {.pid = newest.pid, .socket = -1};
    if (g.pid != 0 && cop__guardian_stop(&g)) newest.pid = 0;
    pthread_mutex_unlock(&newest.lock);
}

/* Starts a guardian and makes its socket a handle of the caller's. */
static int start_guardian(struct keeper *k)
{
    struct cop__handle *h = NULL;
    cop__port_enter();
    int rc = cop__guardian_start(&k->guardian);
    if (rc == 0) {
        pthread_mutex_lock(&newest.lock);
        newest.pid = k->guardian.pid;
        pthread_mutex_unlock(&newest.lock);
        h = cop__handle_open(&socket_kind, k->guardian.socket, NULL, &rc);
        if (h == NULL) (void)cop__guardian_stop(&k->guardian);
    }
    if (h != NULL) {
        k->socket = cop__handle_ref(h);
        cop__handle_want(h, COP__IO_READ);
        cop__handle_unlock(h);
    }
    cop__port_leave();
    return rc;
}

static cop_result init(cop_term arg)
{
    struct keeper *k = cop_alloc(sizeof(*k));
    (void)arg;
    /* It is of no application, and must not go with the one that came first. */
    cop_set_group_leader(cop_self(), cop_self());
    cop_blocking(wait_for_former, NULL);
    int rc = start_guardian(k);
    if (rc != 0) return cop_fail(cop_tuple(COP(":guardian"), cop__io_reason(rc)));
    k->children = cop_dict_new();
    k->monitors = cop_dict_new();
    k->unsent = cop_dict_new();
    return cop_started(k);
}

/* --- Signals ---------------------------------------------------------------------------------- */

static int send_signal(const struct keeper *k, uint64_t id, int number)
{
    const struct cop__guardian_request r = {
        .kind = COP__GUARDIAN_SIGNAL, .id = id, .signal = number};
    return cop__guardian_send(&k->guardian, &r, NULL);
}

/* In order: what could not be sent goes first. The keeper must not wait, it has to read. */
static void signal_child(struct keeper *k, uint64_t id, int number)
{
    if (k->unsent_first == k->unsent_end && send_signal(k, id, number) != -EAGAIN) return;
    cop_dict_put(k->unsent, k->unsent_end++, cop_tuple(id, number));
    arm(k->socket, COP__IO_WRITE);
}

static void send_unsent(struct keeper *k)
{
    int64_t id;
    int number;
    for (; k->unsent_first < k->unsent_end; k->unsent_first++) {
        cop_term row = cop_dict_get(k->unsent, k->unsent_first);
        if (cop_match(row, "{id, number}", id, number) &&
            send_signal(k, (uint64_t)id, number) == -EAGAIN) {
            arm(k->socket, COP__IO_WRITE);
            return;
        }
        cop_dict_remove(k->unsent, k->unsent_first);
    }
}

/* --- What the guardian says ------------------------------------------------------------------- */

static void forget(struct keeper *k, uint64_t id)
{
    cop_ref monitor;
    if (!cop_match(cop_dict_remove(k->children, id), "{_, monitor, _}", monitor)) return;
    cop_demonitor(monitor, true);
    cop_dict_remove(k->monitors, monitor);
}

static void handle_reply(struct keeper *k, const struct cop__guardian_reply *r)
{
    cop_term server, monitor, what;
    if (!cop_match(cop_dict_get(k->children, r->id), "{server, monitor, _}", server, monitor))
        return; /* of a server that is no more: it has been killed already */
    switch (r->kind) {
    case COP__GUARDIAN_FORKED:
        cop_dict_put(k->children, r->id, cop_tuple(server, monitor, r->os_pid));
        return;
    case COP__GUARDIAN_RUNNING: what = cop_tuple(COP(":running"), r->os_pid); break;
    case COP__GUARDIAN_FAILED: what = cop_tuple(COP(":failed"), r->stage, r->error); break;
    default: what = cop_tuple(COP(":ended"), r->status); break;
    }
    if (r->kind != COP__GUARDIAN_RUNNING) forget(k, r->id);
    cop_send(server, cop_tuple(COP(":os_child"), cop_uint(r->id), what));
}

/* The guardian has been killed, its children live on: an end to them. */
static void kill_all(struct keeper *k)
{
    int os_pid;
    cop_term rows = cop_dict_to_list(k->children);
    for (; !cop_is_empty_list(rows); rows = cop_tail(rows))
        if (cop_match(cop_head(rows), "{_, {_, _, os_pid}}", os_pid)) (void)kill(-os_pid, SIGKILL);
}

static cop_result take_replies(struct keeper *k)
{
    struct cop__guardian_reply r;
    int n;
    while ((n = cop__guardian_receive(&k->guardian, &r)) > 0)
        handle_reply(k, &r);
    if (n < 0) {
        kill_all(k);
        return cop_stop(COP("{:guardian, :killed}"));
    }
    arm(k->socket, COP__IO_READ);
    return cop_noreply();
}

/* --- The server ------------------------------------------------------------------------------- */

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct keeper *k = state;
    if (!cop_match(request, ":register")) return cop_no_clause(request);
    uint64_t id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    cop_ref monitor = cop_monitor(from.client);
    cop_dict_put(k->children, id, cop_tuple(from.client, monitor, cop_nil()));
    cop_dict_put(k->monitors, monitor, id);
    return cop_reply(cop_tuple(cop_uint(id), k->socket, cop_self()));
}

static cop_result handle_cast(void *state, cop_term message)
{
    int64_t id;
    int number;
    if (!cop_match(message, "{:signal, id, number}", id, number)) return cop_no_clause(message);
    signal_child(state, (uint64_t)id, number);
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    struct keeper *k = state;
    cop_ref monitor;
    int64_t id;
    if (cop_match(message, "{:fd, _, :readable}")) return take_replies(k);
    if (cop_match(message, "{:fd, _, :writable}")) {
        send_unsent(k);
    } else if (cop_match(message, "{:DOWN, monitor, :process, _, _}", monitor) &&
               cop_match(cop_dict_get(k->monitors, monitor), "id", id)) {
        signal_child(k, (uint64_t)id, SIGKILL);
        forget(k, (uint64_t)id);
    }
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_cast = handle_cast,
                                                .handle_info = handle_info};
static const struct cop_module keeper_module = {
    .size = sizeof(struct cop_module), .name = "OsProcess.Keeper", .gen_server = &callbacks};

/* --- For servers ------------------------------------------------------------------------------ */

cop_term cop__os_keeper_register(struct cop__os_ticket *ret)
{
    cop_term reason;
    int64_t id;
    cop_ref socket;
    cop_pid keeper;
    if (cop_is_no_pid(cop_whereis(COP("OsProcess.Keeper"))) &&
        cop_match(cop_gen_server_start(&keeper_module, cop_nil(), COP("[name: OsProcess.Keeper]")),
                  "{:error, reason}", reason) &&
        !cop_match(reason, "{:already_started, _}"))
        return reason;
    cop_expect(cop_gen_server_call(COP("OsProcess.Keeper"), COP(":register"), COP_INFINITY),
               "{id, socket, keeper}", id, socket, keeper);
    *ret = (struct cop__os_ticket){.id = (uint64_t)id, .socket = socket, .keeper = keeper};
    return cop_ok();
}

int cop__os_keeper_spawn(const struct cop__os_ticket *ticket,
                         const struct cop__guardian_request *request, const int *fds)
{
    return send_waiting(ticket->socket, request, fds);
}

void cop__os_keeper_signal(const struct cop__os_ticket *ticket, int number)
{
    cop_gen_server_cast(ticket->keeper, cop_tuple(COP(":signal"), cop_uint(ticket->id), number));
}
