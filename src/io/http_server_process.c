/* SPDX-License-Identifier: Apache-2.0 */
/* The process of an HTTP server: it drives libmicrohttpd, has requests handled and passes answers
 * on.
 *
 * The daemon is the data of a handle, whose descriptor is that of libmicrohttpd's epoll set. So it
 * goes with the process, however that ends, and whoever touches the daemon has the handle's lock
 * and is in the runtime: a server that is killed meanwhile is dead only when it has come out. In
 * there nothing switches or raises; what terms are made of is taken out first. */
#include "base/alloc.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "coppice/fd.h"
#include "coppice/http_server.h"
#include "coppice/node.h"
#include "io/handle.h"
#include "io/http_daemon.h"
#include "io/http_message.h"
#include "io/http_server.h"
#include "io/inet.h"
#include "io/reason.h"
#include "io/tcp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

struct server {
    cop_ref handle;
    struct cop__handle *entered; /* between enter() and leave() */
    cop_kept handler;
    int port;
    size_t buffer_max;
};

/* --- The handle ------------------------------------------------------------------------------- */

static bool server_ready(struct cop__handle *h, unsigned events)
{
    h->wanted &= (uint8_t)~events;
    cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), COP(":readable")));
    return true;
}

/* At once, so that the port is free when others are told that the server is gone. */
static bool server_drain(struct cop__handle *h)
{
    cop__http_daemon_stop(h->data);
    h->data = NULL;
    return false;
}

static void server_dispose(struct cop__handle *h)
{
    if (h->data != NULL) cop__http_daemon_stop(h->data);
}

static cop_term server_info(struct cop__handle *h, cop_term list)
{
    unsigned connections = cop__http_daemon_connections(h->data);
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (getsockname(cop__http_daemon_socket(h->data), (struct sockaddr *)&address, &size) == 0)
        list = cop_cons(cop_tuple(COP(":local"), cop__address_term(&address, size)), list);
    return cop_cons(cop_tuple(COP(":connections"), connections), list);
}

static const struct cop__handle_kind server_kind = {.name = "http_server",
                                                    .ready = server_ready,
                                                    .drain = server_drain,
                                                    .dispose = server_dispose,
                                                    .info = server_info};

static struct cop__http_daemon *enter(struct server *s)
{
    cop__port_enter();
    s->entered = cop__handle_find(&server_kind, s->handle);
    COP_CHECK(s->entered != NULL, "an HTTP server without its handle");
    return s->entered->data;
}

static void leave(struct server *s)
{
    cop__handle_unlock(s->entered);
    cop__port_leave();
}

/* --- Starting --------------------------------------------------------------------------------- */

static int64_t option(cop_term options, cop_term key, int64_t fallback)
{
    cop_term value = cop_keyword_get(options, key, cop_int(fallback));

    return cop_is_integer(value) ? cop_to_int(value) : 0; /* :infinity */
}

/* A socket that listens, or a negative error number; *ret_port is its port. */
static int open_socket(union cop__inet *address, int *ret_port)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = cop__inet_size(address);
    const int on = 1;

    if (fd < 0) return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, &address->any, size) == 0 && listen(fd, BACKLOG) == 0 &&
        getsockname(fd, &address->any, &size) == 0) {
        *ret_port = cop__inet_port(address);
        return fd;
    }
    int error = -errno;
    close(fd);
    return error;
}

/* The address of the options: false, and why it is none. */
static bool find_address(cop_term options, union cop__inet *ret, cop_term *ret_reason)
{
    cop_term host = cop_keyword_get(options, COP(":address"), COP("\"127.0.0.1\""));

    if (!cop__inet_find(host, AF_INET, COP_INFINITY, ret, ret_reason)) return false;
    cop__inet_set_port(ret, (int)option(options, COP(":port"), 0));
    return true;
}

static struct cop__http_limits limits_of(cop_term options)
{
    return (struct cop__http_limits){
        .body_max = (size_t)option(options, COP(":body_max"), 1048576),
        .header_max = (size_t)option(options, COP(":header_max"), 16384),
        .buffer_max = (size_t)option(options, COP(":buffer_max"), 65536),
        .connections_max = (unsigned)option(options, COP(":connections_max"), 1000),
        .idle_timeout_s = (unsigned)((option(options, COP(":idle_timeout"), 60000) + 999) / 1000)};
}

/* What the server answers by itself: plainly, or as the options say. */
static void refusals_of(cop_term options, struct cop__http_refusals *to)
{
    static const struct {
        unsigned status;
        const char *text;
    } plain[COP__HTTP_REFUSALS] = {{413, "The body is too large.\n"},
                                   {500, "Something went wrong.\n"},
                                   {503, "There is nobody to answer.\n"}};
    cop_term errors = cop_keyword_get(options, COP(":errors"), cop_map_new());

    for (int i = 0; i < COP__HTTP_REFUSALS; i++) {
        cop_term given = cop_map_get(errors, cop_int(plain[i].status), cop_nil());
        cop_term headers = COP("[{\"content-type\", \"text/plain\"}]");
        cop_term body = cop_string(plain[i].text);

        (void)cop_match(given, "{headers, body}", headers, body);
        to->of[i].status = plain[i].status;
        (void)cop__http_headers(headers, &to->of[i].headers);
        cop__buf_append(&to->of[i].body, cop_to_bytes(body).data, cop_to_bytes(body).len);
    }
}

/* Makes the daemon and the handle that owns it: 0 or a negative error number. */
static int serve(struct server *s, int listen_fd, const struct cop__http_limits *limits,
                 cop_term options)
{
    COP_CLEANUP(cop__http_refusals_fini) struct cop__http_refusals refusals = {0};
    struct cop__http_daemon *d;
    int error = 0;

    refusals_of(options, &refusals);
    d = cop__http_daemon_start(listen_fd, limits, &refusals);
    if (d == NULL) {
        close(listen_fd);
        return -ENOMEM;
    }
    cop__port_enter();
    int fd = fcntl(cop__http_daemon_fd(d), F_DUPFD_CLOEXEC, 0);
    struct cop__handle *h = fd >= 0 ? cop__handle_open(&server_kind, fd, d, &error) : NULL;
    if (h != NULL) {
        s->handle = cop__handle_ref(h);
        cop__handle_want(h, COP__IO_READ);
        cop__handle_unlock(h);
    } else {
        error = fd < 0 ? -errno : error;
        if (fd >= 0) close(fd);
        cop__http_daemon_stop(d);
    }
    cop__port_leave();
    return error;
}

static cop_result init(cop_term options)
{
    struct cop__http_limits limits = limits_of(options);
    struct server *s = cop_alloc(sizeof(*s));
    union cop__inet address;
    cop_term reason;
    int fd;

    cop_trap_exit(true);
    if (!find_address(options, &address, &reason)) return cop_fail(reason);
    fd = open_socket(&address, &s->port);
    if (fd >= 0) fd = serve(s, fd, &limits, options);
    if (fd < 0) return cop_fail(cop__io_reason(fd));
    s->handler = cop_keep(cop_keyword_get(options, COP(":handler"), cop_nil()));
    s->buffer_max = limits.buffer_max;
    return cop_started(s);
}

/* --- Requests and their ends ------------------------------------------------------------------ */

/* Gives a request to who handles it, and remembers the monitor of that process. */
static void hand_over(struct server *s, const struct cop__http_head *head, cop_ref ref)
{
    cop_term handler = cop_kept_term(s->handler);
    cop_term request = cop__http_request_term(head, cop_self(), ref);
    struct cop__http_daemon *d;
    struct cop__http_request *r;
    bool is_there = true;
    cop_ref monitor;

    if (cop_is_fun(handler, 1)) {
        (void)cop__http_handler_spawn(handler, request, &monitor);
    } else if (cop_is_no_pid(cop_gen_server_whereis(handler))) {
        is_there = false;
    } else {
        monitor = cop_monitor(handler);
        cop_send(cop_gen_server_whereis(handler), cop_tuple(COP(":http_request"), request));
    }
    d = enter(s);
    r = cop__http_daemon_find(d, ref);
    if (r != NULL && is_there) {
        r->monitor = monitor;
        r->has_monitor = true;
    } else if (r != NULL) {
        cop__http_request_refuse(d, r, 503);
    }
    leave(s);
}

/* What an event was about, as far as it outlives the lock. */
struct news {
    enum { NEWS_NONE, NEWS_REQUEST, NEWS_ROOM, NEWS_GONE } kind;
    struct cop__http_head head;
    struct cop__buf waiters;
    cop_ref ref;
    cop_ref monitor;
    cop_ref watch;
    cop_pid owner;
    bool has_monitor;
    bool has_watch;
};

static void news_fini(struct news *n)
{
    cop__http_head_fini(&n->head);
    cop__buf_fini(&n->waiters);
}

/* Takes the next event out of the daemon. fresh: the reference for a new request. */
static void take_news(struct server *s, struct news *n, cop_ref fresh)
{
    struct cop__http_request *r = cop__http_daemon_event(enter(s));

    if (r != NULL && r->is_new) {
        n->kind = NEWS_REQUEST;
        r->is_new = false;
        r->is_told = true;
        r->ref = fresh;
        n->head = r->head;
        r->head = (struct cop__http_head){0};
    } else if (r != NULL) {
        n->kind = r->state == COP__HTTP_GONE ? NEWS_GONE : NEWS_ROOM;
        n->waiters = r->waiters;
        r->waiters = (struct cop__buf){0};
        n->monitor = r->monitor;
        n->has_monitor = r->has_monitor;
        n->watch = r->watch;
        n->has_watch = r->has_watch;
        n->owner = r->is_finished || r->is_half ? cop_no_pid() : r->owner;
    }
    if (r != NULL) n->ref = r->ref;
    if (r != NULL && r->state == COP__HTTP_GONE) cop__http_request_free(r);
    leave(s);
}

static void reply_all(const struct cop__buf *waiters, cop_term reply)
{
    const cop_from *from = (const cop_from *)(const void *)waiters->data;

    for (size_t i = 0; i < waiters->len / sizeof(*from); i++)
        cop_gen_server_reply(from[i], reply);
}

/* Tells what has come of one request. False: there was nothing to tell. */
static bool tell_news(struct server *s)
{
    COP_CLEANUP(news_fini) struct news n = {0};

    take_news(s, &n, cop_make_ref());
    switch (n.kind) {
    case NEWS_NONE: return false;
    case NEWS_REQUEST: hand_over(s, &n.head, n.ref); return true;
    case NEWS_ROOM: reply_all(&n.waiters, cop_ok()); return true;
    case NEWS_GONE: break;
    }
    if (n.has_watch) cop_fd_unwatch(n.watch);
    if (n.has_monitor) cop_demonitor(n.monitor, true);
    reply_all(&n.waiters, COP("{:error, :closed}"));
    if (!cop_is_no_pid(n.owner)) cop_send(n.owner, cop_tuple(COP(":http_closed"), n.ref));
    return true;
}

/* Has the daemon do what there is to do, and tells of it. The last word of each callback. */
static cop_result go_on(struct server *s, cop_result result)
{
    bool has_told;
    int64_t ms;

    do { /* what is told may give the daemon more to do */
        ms = cop__http_daemon_run(enter(s));
        leave(s);
        has_told = false;
        while (tell_news(s))
            has_told = true;
    } while (has_told);
    return ms < 0 ? result : cop_then_timeout(result, ms);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term done(bool is_done)
{
    return is_done ? cop_ok() : COP("{:error, :closed}");
}

/* The request, if it waits for its answer. Entered. */
static struct cop__http_request *unanswered(struct cop__http_daemon *d, cop_ref ref)
{
    struct cop__http_request *r = cop__http_daemon_find(d, ref);

    return r != NULL && r->state == COP__HTTP_WAITING ? r : NULL;
}

static cop_term send_resp(struct server *s, cop_ref ref, int status, cop_term headers,
                          cop_bytes body)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};
    struct cop__http_request *r;

    if (!cop__http_headers(headers, &flat)) return COP("{:error, :badarg}");
    r = unanswered(enter(s), ref);
    if (r != NULL) cop__http_request_answer(r, (unsigned)status, &flat, body.data, body.len);
    leave(s);
    return done(r != NULL);
}

/* A stream's connection is looked at for the end of its client, and its owner for its own. */
static void watch_stream(struct server *s, cop_ref ref, int fd, cop_pid owner)
{
    struct cop__http_request *r;
    cop_ref monitor = cop_monitor(owner);
    cop_ref former = monitor;
    cop_ref watch;
    bool has_watch = cop_fd_watch(fd, COP_FD_READABLE, &watch) == 0;

    r = cop__http_daemon_find(enter(s), ref);
    if (r != NULL) {
        if (r->has_monitor) former = r->monitor;
        r->monitor = monitor;
        r->has_monitor = true;
        r->owner = owner;
        r->watch = watch;
        r->has_watch = has_watch;
    }
    leave(s);
    if (!cop_ref_equal(former, monitor)) cop_demonitor(former, true);
}

static cop_term send_chunked(struct server *s, cop_ref ref, int status, cop_term headers,
                             cop_pid owner)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};
    struct cop__http_request *r;
    int fd = -1;

    if (!cop__http_headers(headers, &flat)) return COP("{:error, :badarg}");
    r = unanswered(enter(s), ref);
    if (r != NULL) {
        cop__http_request_stream(r, (unsigned)status, &flat);
        fd = cop__http_request_fd(r);
    }
    leave(s);
    if (fd >= 0) watch_stream(s, ref, fd, owner);
    return done(fd >= 0);
}

static struct cop__http_request *open_stream(struct cop__http_daemon *d, cop_ref ref)
{
    struct cop__http_request *r = cop__http_daemon_find(d, ref);

    return r != NULL && r->state == COP__HTTP_STREAMING && !r->is_finished && !r->is_cut ? r : NULL;
}

static cop_term chunk(struct server *s, cop_ref ref, cop_bytes data, cop_from from)
{
    struct cop__http_request *r = open_stream(enter(s), ref);
    bool waits = r != NULL && cop__http_request_chunk(r, data.data, data.len) > s->buffer_max;

    if (waits) cop__buf_append(&r->waiters, &from, sizeof(from));
    leave(s);
    if (waits) return cop_none();
    return done(r != NULL);
}

static cop_term finish(struct server *s, cop_ref ref)
{
    struct cop__http_request *r = open_stream(enter(s), ref);

    if (r != NULL) cop__http_request_finish(r);
    leave(s);
    return done(r != NULL);
}

/* The reply to a call; cop_none() if it comes later. False: there is no such call. */
static bool take_call(struct server *s, cop_term request, cop_from from, cop_term *ret_reply)
{
    cop_ref ref;
    int status;
    cop_term headers;
    cop_bytes bytes;

    if (cop_match(request, ":port"))
        *ret_reply = cop_int(s->port);
    else if (cop_match(request, "{:send_resp, ref, status, headers, bytes}", ref, status, headers,
                       bytes))
        *ret_reply = send_resp(s, ref, status, headers, bytes);
    else if (cop_match(request, "{:send_chunked, ref, status, headers}", ref, status, headers))
        *ret_reply = send_chunked(s, ref, status, headers, from.client);
    else if (cop_match(request, "{:chunk, ref, bytes}", ref, bytes))
        *ret_reply = chunk(s, ref, bytes, from);
    else if (cop_match(request, "{:finish, ref}", ref))
        *ret_reply = finish(s, ref);
    else
        return false;
    return true;
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term reply;

    if (!take_call(state, request, from, &reply)) return cop_no_clause(request);
    return go_on(state, cop_is_none(reply) ? cop_noreply() : cop_reply(reply));
}

/* --- Messages --------------------------------------------------------------------------------- */

static void log_unanswered(const struct cop__buf *what, cop_term reason)
{
    cop_bytes text = cop_to_bytes(cop_format_exit(reason));

    if (what->len == 0) return;
    cop_log(COP_ERROR, "HTTP request %.*s: its handler has ended without an answer: %.*s",
            (int)what->len, what->data, (int)text.len, text.data);
}

/* Who was to answer is gone. */
static void on_down(struct server *s, cop_ref monitor, cop_term reason)
{
    bool is_normal = cop_identical(reason, COP(":normal"));
    struct cop__http_daemon *d = enter(s);
    struct cop__http_request *r = cop__http_daemon_find_monitor(d, monitor);
    COP_CLEANUP(cop__buf_fini) struct cop__buf unanswered = {0};

    if (r != NULL) r->has_monitor = false;
    if (r != NULL && r->state == COP__HTTP_WAITING) {
        cop__buf_append(&unanswered, r->what.data, r->what.len);
        cop__http_request_refuse(d, r, cop_match(reason, ":noproc") ? 503 : 500);
    } else if (r != NULL && r->state == COP__HTTP_STREAMING) {
        is_normal ? cop__http_request_finish(r) : cop__http_request_cut(r);
    }
    leave(s);
    log_unanswered(&unanswered, reason);
}

/* A stream's connection has something to read: what has no business to come now, or its end. Then
 * it is not looked at again. A client that says no more may be gone, or wait for the rest: so the
 * owner is told, and may go on; what is sent to one that is gone ends the connection. */
static void on_stream_readable(struct server *s, cop_ref watch)
{
    struct cop__http_request *r = cop__http_daemon_find_watch(enter(s), watch);
    cop_pid owner = cop_no_pid();
    ssize_t size = 1;
    int error = 0;
    cop_ref ref = watch;
    char byte;

    if (r != NULL && r->state == COP__HTTP_STREAMING) {
        size = recv(cop__http_request_fd(r), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        error = errno;
        if (size < 0 && error != EAGAIN) cop__http_request_cut(r);
        if (size == 0 && !r->is_finished) {
            r->is_half = true;
            owner = r->owner;
            ref = r->ref;
        }
    }
    leave(s);
    if (size < 0 && error == EAGAIN) cop_fd_rearm(watch, COP_FD_READABLE);
    if (!cop_is_no_pid(owner)) cop_send(owner, cop_tuple(COP(":http_closed"), ref));
}

static cop_result handle_info(void *state, cop_term message)
{
    struct server *s = state;
    cop_ref ref;
    cop_term reason;

    if (cop_match(message, "{:fd, ref, :readable}", ref)) {
        if (cop_ref_equal(ref, s->handle)) {
            (void)enter(s);
            cop__handle_want(s->entered, COP__IO_READ);
            leave(s);
        } else {
            on_stream_readable(s, ref);
        }
    } else if (cop_match(message, "{:DOWN, ref, :process, _, reason}", ref, reason)) {
        on_down(s, ref, reason);
    }
    return go_on(s, cop_noreply());
}

/* --- The end ---------------------------------------------------------------------------------- */

/* One step of sending what is complete. False: all is sent. *ret_ms: how long the next may wait. */
static bool send_on(struct server *s, int64_t *ret_ms)
{
    struct cop__http_daemon *d = enter(s);
    bool is_sending;

    *ret_ms = cop__http_daemon_run(d);
    is_sending = cop__http_daemon_is_sending(d);
    cop__handle_want(s->entered, COP__IO_READ);
    leave(s);
    return is_sending;
}

/* What was in the mailbox at the end, or has come since: answers count; signs of descriptors do
 * not, since the daemon is run anyhow. */
static void take_last(struct server *s, cop_term message)
{
    cop_term request, reply, reason;
    cop_from from;
    cop_ref ref;

    if (cop_match(message, "{:\"$gen_call\", from, request}", from, request)) {
        if (take_call(s, request, from, &reply) && !cop_is_none(reply))
            cop_gen_server_reply(from, reply);
    } else if (cop_match(message, "{:DOWN, ref, :process, _, reason}", ref, reason)) {
        on_down(s, ref, reason);
    }
}

/* An ordered end: nobody new is heard, and answers that are complete are sent whole. A supervisor
 * bounds the time, and a client that takes nothing is idle. */
static void terminate(void *state, cop_term reason)
{
    struct server *s = state;
    cop_term message;
    int64_t ms;

    if (!cop_match(reason, ":normal") && !cop_match(reason, ":shutdown") &&
        !cop_match(reason, "{:shutdown, _}"))
        return;
    cop__http_daemon_deafen(enter(s));
    leave(s);
    while (cop_receive(&message, 0))
        take_last(s, message);
    while (send_on(s, &ms))
        if (cop_receive(&message, ms)) take_last(s, message);
}

static cop_term format_state(const void *state)
{
    const struct server *s = state;
    int64_t port = s->port;
    cop_term handler = cop_kept_term(s->handler);

    return cop_build("%{port: port, handler: handler}", port, handler);
}

const struct cop_gen_server cop__http_server_callbacks = {.size = sizeof(struct cop_gen_server),
                                                          .init = init,
                                                          .handle_call = handle_call,
                                                          .handle_info = handle_info,
                                                          .terminate = terminate,
                                                          .format_state = format_state};
