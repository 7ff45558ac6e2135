/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and listeners: opening them, and what their handles do. */
#include "coppice/tcp.h"

#include "coppice/node.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "io/reason.h"
#include "io/tcp_socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* So long accept rests when there are no descriptors. */
#define PAUSE_MS 100

int64_t cop__tcp_linger_ms = 30000;

struct cop__handle *cop__tcp_enter(const struct cop__handle_kind *kind, cop_term socket,
                                   cop_term *ret_error)
{
    if (!cop__is_handle(socket)) cop_error(COP(":badarg"));
    cop__port_enter();
    struct cop__handle *h = cop__handle_find(kind, cop_to_ref(socket));
    if (h != NULL && (h->kind == &cop__tcp_kind || h->kind == &cop__listener_kind)) return h;
    *ret_error = cop_tuple(COP(":error"), COP(":closed"));
    if (h != NULL) cop__handle_unlock(h);
    cop__port_leave();
    return NULL;
}

/* --- Connections ------------------------------------------------------------------------------ */

static bool tcp_ready(struct cop__handle *h, unsigned events)
{
    struct cop__tcp *t = cop__tcp_of(h);
    if (t->is_connecting) {
        h->wanted = 0;
        cop__handle_announce(h, COP__IO_WRITE);
        return true;
    }
    if ((events & COP__IO_WRITE) != 0) cop__tcp_flush(h);
    if (h->state == COP__HANDLE_DRAINING) return t->out != NULL;
    if ((events & COP__IO_READ) != 0) cop__tcp_read(h);
    cop__tcp_want(h);
    return true;
}

static bool tcp_drain(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    if (t->out == NULL) {
        /* At once, also if another seat has to close it. */
        if (!cop__port_is_here(h->loop)) shutdown(h->fd, SHUT_WR);
        return false;
    }
    /* Also of what the kernel has then; a Unix socket does not know this. */
    unsigned limit_ms = (unsigned)cop__tcp_linger_ms;
    setsockopt(h->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
    cop__tcp_in_free(t);
    t->is_out_shut = true;
    cop__handle_want(h, COP__IO_WRITE);
    return true;
}

static size_t tcp_left(struct cop__handle *h, uint64_t *ret_limit_ms)
{
    const struct cop__tcp *t = cop__tcp_of(h);
    int in_kernel = 0;
    (void)ioctl(h->fd, SIOCOUTQ, &in_kernel);
    *ret_limit_ms = (uint64_t)cop__tcp_linger_ms;
    return t->out_bytes + (size_t)in_kernel;
}

static void tcp_dispose(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    /* Bytes that nobody has read would make the kernel reset the connection, and what we have sent
     * be lost with it. */
    recv(h->fd, NULL, (size_t)1 << 20, MSG_TRUNC | MSG_DONTWAIT);
    cop__tcp_in_free(t);
    cop__tcp_out_free(t);
    cop__free(t, sizeof(*t));
}

static cop_term with(cop_term list, cop_term key, cop_term value)
{
    return cop_cons(cop_tuple(key, value), list);
}

static cop_term with_names(struct cop__handle *h, cop_term list)
{
    list = with(list, COP(":remote"), cop__tcp_name(h, getpeername, NULL));
    return with(list, COP(":local"), cop__tcp_name(h, getsockname, NULL));
}

static cop_term tcp_info(struct cop__handle *h, cop_term list)
{
    const struct cop__tcp *t = cop__tcp_of(h);
    struct tcp_info kernel;
    socklen_t size = sizeof(kernel);

    if (getsockopt(h->fd, IPPROTO_TCP, TCP_INFO, &kernel, &size) == 0)
        list = with(list, COP(":idle_ms"), cop_uint(kernel.tcpi_last_data_recv));
    list = with(list, COP(":active"), cop__tcp_option_value(&t->options, COP(":active")));
    list = with(list, COP(":buffered"), cop_uint(t->in_to - t->in_from));
    list = with(list, COP(":queue_size"), cop_uint(t->out_bytes));
    list = with(list, COP(":output"), cop_uint(t->bytes_out));
    list = with(list, COP(":input"), cop_uint(t->bytes_in));
    return with_names(h, list);
}

const struct cop__handle_kind cop__tcp_kind = {
    .name = "tcp",
    .ready = tcp_ready,
    .drain = tcp_drain,
    .left = tcp_left,
    .dispose = tcp_dispose,
    .info = tcp_info,
};

struct cop__handle *cop__tcp_new(int fd, const struct cop__tcp_options *o, int *ret_error)
{
    struct cop__tcp *t = cop__alloc_zeroed(sizeof(*t));
    t->options = *o;
    struct cop__handle *h = cop__handle_open(&cop__tcp_kind, fd, t, ret_error);
    if (h == NULL) {
        cop__free(t, sizeof(*t));
        close(fd);
    }
    return h;
}

/* {:ok, socket} for a new connection that was set up, and left; or why there is none. */
static cop_term opened(struct cop__handle *h, int error)
{
    if (h == NULL) return cop__io_error(error);
    cop_term socket = cop_ref_term(cop__handle_ref(h));
    cop__handle_unlock(h);
    return cop_tuple(cop_ok(), socket);
}

/* --- Listening -------------------------------------------------------------------------------- */

static bool listener_ready(struct cop__handle *h, unsigned events)
{
    (void)events;
    cop__handle_announce_one(h, COP__IO_READ);
    if (!cop__handle_is_awaited(h, COP__IO_READ)) h->wanted = 0;
    return true;
}

static bool listener_drain(struct cop__handle *h)
{
    shutdown(h->fd, SHUT_RDWR); /* its port is free at once */
    return false;
}

static void listener_dispose(struct cop__handle *h)
{
    cop__free(h->data, sizeof(struct cop__listener));
}

static cop_term listener_info(struct cop__handle *h, cop_term list)
{
    const struct cop__listener *l = h->data;
    return with_names(h, with(list, COP(":accepted"), cop_uint(l->accepted)));
}

const struct cop__handle_kind cop__listener_kind = {
    .name = "tcp_listener",
    .ready = listener_ready,
    .drain = listener_drain,
    .dispose = listener_dispose,
    .info = listener_info,
};

#define SOCKET_FLAGS (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

/* A descriptor that listens there, or a negative error number. */
static int listen_at(const struct cop__addresses *all, int i, const struct cop__tcp_options *o)
{
    const struct sockaddr *address = (const void *)&all->at[i].address;
    int fd = socket(address->sa_family, SOCKET_FLAGS, 0);
    if (fd < 0) return -errno;
    /* Connections inherit the options of their listener. */
    int rc = cop__tcp_options_apply(fd, ~0U, o);
    if (rc == 0 && (bind(fd, address, all->at[i].size) != 0 || listen(fd, o->backlog) != 0))
        rc = -errno;
    if (rc == 0) return fd;
    close(fd);
    return rc;
}

static cop_term listen_entered(const struct cop__addresses *all, const struct cop__tcp_options *o)
{
    int fd = -ENXIO;
    /* The next one only where the machine does not know this family. */
    for (int i = 0; i < all->len && (i == 0 || fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL); i++)
        fd = listen_at(all, i, o);
    if (fd < 0) return cop__io_error(fd);
    struct cop__listener *l = cop__alloc_zeroed(sizeof(*l));
    l->options = *o;
    int error;
    struct cop__handle *h = cop__handle_open(&cop__listener_kind, fd, l, &error);
    if (h == NULL) {
        cop__free(l, sizeof(*l));
        close(fd);
    }
    return opened(h, error);
}

cop_term cop_tcp_listen(const char *address, int port, cop_term options)
{
    struct cop__tcp_options o = cop__tcp_defaults;
    struct cop__addresses all;
    unsigned given;
    if (!cop__tcp_options_read(options, ~0U, &o, &given)) cop_error(COP(":badarg"));
    cop_term answer = cop__addresses_find(address, port, COP_INFINITY, &all);
    if (!cop_identical(answer, cop_ok())) return answer;
    cop__port_enter();
    answer = listen_entered(&all, &o);
    cop__port_leave();
    return answer;
}

/* --- Accepting -------------------------------------------------------------------------------- */

/* The network's troubles with one connection are none of the listener's. */
static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
           error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET || error == EHOSTUNREACH ||
           error == EOPNOTSUPP || error == ENETUNREACH;
}

static bool is_exhaustion(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void warn(struct cop__listener *l, int error)
{
    if (!l->has_warned)
        cop_log(COP_WARNING, "accept rests, for there are no descriptors or memory left: %s",
                uv_strerror(-error));
    l->has_warned = true;
}

/* Waits for a connection, or for a while if there are no descriptors. Locked before and after.
 * False: the time is over. */
static bool wait_for_connection(struct cop__handle *h, bool rests, int64_t until_ms)
{
    int64_t left = until_ms < 0 ? COP_INFINITY : until_ms - cop_monotonic_ms();
    if (until_ms >= 0 && left <= 0) return false;
    if (!rests) {
        cop__port_deadline(left);
        cop__handle_want(h, COP__IO_READ);
        return cop__handle_wait(h, COP__IO_READ | COP__IO_CLOSE) || cop_monotonic_ms() < until_ms;
    }
    uint64_t id = h->id;
    cop__port_deadline(left >= 0 && left < PAUSE_MS ? left : PAUSE_MS);
    while (cop__handle_is(h, id) && cop__handle_wait(h, COP__IO_CLOSE))
        continue;
    return true;
}

/* When that time is over; negative: never. */
static int64_t until(int64_t timeout_ms)
{
    return timeout_ms < 0 || timeout_ms > COP_TIMER_MAX_MS ? -1 : cop_monotonic_ms() + timeout_ms;
}

/* A descriptor of a new connection, or a negative error number. Locked before and after. */
static int accept_one(struct cop__handle *h, int64_t timeout_ms)
{
    struct cop__listener *l = h->data;
    uint64_t id = h->id;
    int64_t until_ms = until(timeout_ms);
    for (;;) {
        int fd = accept4(h->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            l->has_warned = false;
            l->accepted++;
            return fd;
        }
        int error = errno;
        if (is_passing(error)) continue;
        bool rests = is_exhaustion(error);
        if (rests)
            warn(l, error);
        else if (error != EAGAIN && error != EWOULDBLOCK)
            return -error;
        bool is_in_time = wait_for_connection(h, rests, until_ms);
        if (!cop__handle_is(h, id)) return -ECANCELED; /* as :closed */
        if (!is_in_time) return -ETIME;
    }
}

static cop_term accept_failed(int error)
{
    if (error == -ECANCELED) return cop_tuple(COP(":error"), COP(":closed"));
    if (error == -ETIME) return cop_tuple(COP(":error"), COP(":timeout"));
    return cop__io_error(error);
}

cop_term cop_tcp_accept(cop_term listener, int64_t timeout_ms)
{
    cop_term answer;
    if (timeout_ms < -1) cop_error(COP(":badarg"));
    struct cop__handle *h = cop__tcp_enter(&cop__listener_kind, listener, &answer);
    if (h == NULL) return answer;
    int fd = accept_one(h, timeout_ms);
    cop__port_deadline(COP_INFINITY);
    const struct cop__tcp_options o =
        fd >= 0 ? ((const struct cop__listener *)h->data)->options : cop__tcp_defaults;
    cop__handle_unlock(h);
    if (fd >= 0) {
        int error;
        struct cop__handle *connection = cop__tcp_new(fd, &o, &error);
        if (connection != NULL) cop__tcp_want(connection);
        answer = opened(connection, error);
    } else {
        answer = accept_failed(fd);
    }
    cop__port_leave();
    return answer;
}

/* --- Connecting ------------------------------------------------------------------------------- */

/* Waits until the connection stands. 0 or a negative error number. Locked before and after. */
static int wait_connected(struct cop__handle *h, int64_t until_ms)
{
    uint64_t id = h->id;
    int64_t left = until_ms < 0 ? COP_INFINITY : until_ms - cop_monotonic_ms();
    bool is_in_time = until_ms < 0 || left > 0;
    cop__port_deadline(left);
    cop__tcp_want(h);
    /* What tcp_ready() saw is over when it wants no more. */
    while (is_in_time && cop__handle_is(h, id) && h->wanted != 0)
        is_in_time = cop__handle_wait(h, COP__IO_WRITE);
    cop__port_deadline(COP_INFINITY);
    if (!cop__handle_is(h, id)) return -ECANCELED; /* closed by another process */
    if (h->wanted != 0) return -ETIME;
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    cop__tcp_of(h)->is_connecting = false;
    return -error;
}

/* One attempt. 0: *ret_handle is connected and locked; or a negative error number. */
static int connect_to(const struct cop__addresses *all, int i, const struct cop__tcp_options *o,
                      int64_t until_ms, struct cop__handle **ret_handle)
{
    const struct sockaddr *address = (const void *)&all->at[i].address;
    int fd = socket(address->sa_family, SOCKET_FLAGS, 0);
    if (fd < 0) return -errno;
    int error = cop__tcp_options_apply(fd, ~(1U << COP__TCP_REUSEADDR), o);
    if (error == 0 && connect(fd, address, all->at[i].size) != 0) error = -errno;
    if (error != 0 && error != -EINPROGRESS) {
        close(fd);
        return error;
    }
    bool is_connecting = error != 0;
    struct cop__handle *h = cop__tcp_new(fd, o, &error);
    if (h == NULL) return error;
    cop__tcp_of(h)->is_connecting = is_connecting;
    error = is_connecting ? wait_connected(h, until_ms) : 0;
    if (error == 0)
        *ret_handle = h;
    else if (error == -ECANCELED)
        cop__handle_unlock(h);
    else
        cop__handle_close(h);
    return error;
}

cop_term cop_tcp_connect(const char *host, int port, cop_term options, int64_t timeout_ms)
{
    struct cop__tcp_options o = cop__tcp_defaults;
    struct cop__addresses all;
    if (timeout_ms < -1 || host == NULL) cop_error(COP(":badarg"));
    int64_t until_ms = until(timeout_ms);
    unsigned given;
    if (!cop__tcp_options_read(options, ~0U, &o, &given)) cop_error(COP(":badarg"));
    cop_term answer = cop__addresses_find(host, port, until_ms, &all);
    if (!cop_identical(answer, cop_ok())) return answer;
    struct cop__handle *h = NULL;
    int rc = 0;
    cop__port_enter();
    for (int i = 0; i < all.len && h == NULL && rc != -ETIME && rc != -ECANCELED; i++)
        rc = connect_to(&all, i, &o, until_ms, &h);
    if (h != NULL) cop__tcp_want(h);
    answer = h == NULL && (rc == -ETIME || rc == -ECANCELED) ? accept_failed(rc) : opened(h, rc);
    cop__port_leave();
    return answer;
}
