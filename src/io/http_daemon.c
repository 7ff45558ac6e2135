/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd's callbacks: they fill requests and note what there is to tell; the server asks
 * afterwards. Names and their percent signs are left as they came, since libmicrohttpd would end a
 * path at %00. */
#include "io/http_daemon.h"

#include "base/alloc.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STREAM_BLOCK 16384

/* A connection. Libmicrohttpd is told only of changes (EPOLLET), and forgets the end of what a
 * client sends when that comes together with the last bytes; so it is watched here. */
struct connection {
    struct cop__list halves; /* of the daemon, when the client has sent its end */
    struct cop__http_request *request;
    int fd;
};

struct cop__http_daemon {
    struct MHD_Daemon *mhd;
    int signs; /* an epoll set: that of libmicrohttpd, and the ends of connections */
    struct cop__list halves;
    struct cop__http_limits limits;
    struct cop__http_refusals refusals;
    struct cop__list all;    /* requests whose connections are open, or that are GONE and told */
    struct cop__list events; /* requests, the oldest news first */
    bool has_closed;         /* a connection, in this run */
    bool is_stopping;
};

/* --- Requests --------------------------------------------------------------------------------- */

void cop__http_head_fini(struct cop__http_head *head)
{
    cop__buf_fini(&head->method);
    cop__buf_fini(&head->path);
    cop__buf_fini(&head->query);
    cop__buf_fini(&head->headers);
    cop__buf_fini(&head->body);
    cop__buf_fini(&head->peer);
}

void cop__http_refusals_fini(struct cop__http_refusals *refusals)
{
    for (int i = 0; i < COP__HTTP_REFUSALS; i++) {
        cop__buf_fini(&refusals->of[i].headers);
        cop__buf_fini(&refusals->of[i].body);
    }
}

static struct cop__http_request *request_new(struct cop__http_daemon *d, struct MHD_Connection *c)
{
    struct cop__http_request *r = cop__alloc_zeroed(sizeof(*r));

    r->connection = c;
    cop__list_push_back(&d->all, &r->all);
    return r;
}

void cop__http_request_free(struct cop__http_request *r)
{
    COP_ASSERT(r->connection == NULL);
    cop__list_remove(&r->all);
    if (cop__list_is_linked(&r->events)) cop__list_remove(&r->events);
    cop__http_head_fini(&r->head);
    cop__buf_fini(&r->what);
    cop__buf_fini(&r->out);
    cop__buf_fini(&r->waiters);
    cop__free(r, sizeof(*r));
}

static void tell(struct cop__http_daemon *d, struct cop__http_request *r)
{
    if (!cop__list_is_linked(&r->events)) cop__list_push_back(&d->events, &r->events);
}

static void suspend(struct cop__http_request *r)
{
    COP_ASSERT(!r->is_suspended);
    r->is_suspended = true;
    MHD_suspend_connection(r->connection);
}

static void resume(struct cop__http_request *r)
{
    if (!r->is_suspended) return;
    r->is_suspended = false;
    MHD_resume_connection(r->connection);
}

static int fd_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void append_text(struct cop__buf *to, const char *text, size_t size)
{
    cop__buf_append(to, text, size);
    cop__buf_append_char(to, '\0');
}

static enum MHD_Result add_pair(void *arg, enum MHD_ValueKind kind, const char *name,
                                size_t name_size, const char *value, size_t value_size)
{
    (void)kind;
    append_text(arg, name, name_size);
    append_text(arg, value, value != NULL ? value_size : 0);
    return MHD_YES;
}

static void note_peer(struct cop__http_request *r)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info != NULL ? info->client_addr : NULL;
    char text[INET6_ADDRSTRLEN] = "";

    if (address != NULL && address->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                        text, sizeof(text));
    else if (address != NULL && address->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                        text, sizeof(text));
    cop__buf_append_str(&r->head.peer, text);
}

/* All of the request is here: it waits for its answer. */
static void complete(struct cop__http_daemon *d, struct cop__http_request *r, const char *method,
                     const char *path)
{
    cop__buf_append_str(&r->head.method, method);
    cop__buf_append_str(&r->head.path, path);
    cop__buf_append_fmt(&r->what, "%s %.200s", method, path);
    (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, add_pair, &r->head.headers);
    (void)MHD_get_connection_values_n(r->connection, MHD_GET_ARGUMENT_KIND, add_pair,
                                      &r->head.query);
    note_peer(r);
    r->state = COP__HTTP_WAITING;
    r->is_new = true;
    tell(d, r);
    suspend(r);
}

static void add_headers(struct MHD_Response *response, const struct cop__buf *headers)
{
    const char *end = headers->data + headers->len;

    for (const char *name = headers->data; headers->len > 0 && name < end;) {
        const char *value = name + strlen(name) + 1;

        (void)MHD_add_response_header(response, name, value);
        name = value + strlen(value) + 1;
    }
}

static const struct cop__http_refusal *refusal_of(const struct cop__http_daemon *d, unsigned status)
{
    for (int i = 0; i < COP__HTTP_REFUSALS; i++)
        if (d->refusals.of[i].status == status) return &d->refusals.of[i];
    COP_CHECK(false, "an HTTP server without a refusal for %u", status);
}

static enum MHD_Result refuse_body(const struct cop__http_daemon *d, struct cop__http_request *r)
{
    const struct cop__http_refusal *refusal = refusal_of(d, MHD_HTTP_CONTENT_TOO_LARGE);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        refusal->body.len, refusal->body.data, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    COP_CHECK(response != NULL, "out of memory");
    add_headers(response, &refusal->headers);
    result = MHD_queue_response(r->connection, refusal->status, response);
    r->state = COP__HTTP_ANSWERED;
    MHD_destroy_response(response);
    return result;
}

static bool announces_too_much(const struct cop__http_daemon *d, struct MHD_Connection *c)
{
    const char *length =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > d->limits.body_max;
}

/* A body that has turned out to be too large is read on and forgotten, so that its sender gets to
 * reading the answer. */
static void add_body(struct cop__http_daemon *d, struct cop__http_request *r, const char *data,
                     size_t size)
{
    if (size > d->limits.body_max - r->head.body.len) {
        r->is_too_large = true;
        cop__buf_fini(&r->head.body);
    }
    if (!r->is_too_large) cop__buf_append(&r->head.body, data, size);
}

/* Called when the head of a request is here, for each part of its body, and at its end. */
static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *data_size, void **request)
{
    struct cop__http_daemon *d = arg;
    struct cop__http_request *r = *request;

    (void)version;
    if (r == NULL) {
        *request = r = request_new(d, connection);
        connection_of(connection)->request = r;
        return announces_too_much(d, connection) ? refuse_body(d, r) : MHD_YES;
    }
    if (*data_size > 0) {
        add_body(d, r, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (r->state != COP__HTTP_READING) return MHD_NO; /* resumed to be ended */
    if (r->is_too_large) return refuse_body(d, r);
    complete(d, r, method, path);
    return MHD_YES;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why)
{
    struct cop__http_daemon *d = arg;
    struct cop__http_request *r = *request;

    (void)why;
    if (r == NULL) return;
    *request = NULL;
    connection_of(connection)->request = NULL;
    r->connection = NULL;
    r->is_suspended = false;
    r->state = COP__HTTP_GONE;
    if (r->is_told && !d->is_stopping)
        tell(d, r);
    else
        cop__http_request_free(r);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct cop__http_daemon *d = arg;
    struct connection *c = *context;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        d->has_closed = true;
        (void)epoll_ctl(d->signs, EPOLL_CTL_DEL, c->fd, NULL);
        if (cop__list_is_linked(&c->halves)) cop__list_remove(&c->halves);
        cop__free(c, sizeof(*c));
        *context = NULL;
        return;
    }
    *context = c = cop__alloc_zeroed(sizeof(*c));
    c->fd = fd_of(connection);
    struct epoll_event end = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c};
    (void)epoll_ctl(d->signs, EPOLL_CTL_ADD, c->fd, &end);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void queue(struct cop__http_request *r, unsigned status, struct MHD_Response *response,
                  const struct cop__buf *headers)
{
    COP_CHECK(response != NULL, "out of memory");
    add_headers(response, headers);
    (void)MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    resume(r);
}

void cop__http_request_answer(struct cop__http_request *r, unsigned status,
                              const struct cop__buf *headers, const void *body, size_t size)
{
    COP_ASSERT(r->state == COP__HTTP_WAITING && r->is_suspended);
    r->state = COP__HTTP_ANSWERED;
    queue(r, status,
          MHD_create_response_from_buffer(size, (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY),
          headers);
}

void cop__http_request_refuse(struct cop__http_daemon *d, struct cop__http_request *r,
                              unsigned status)
{
    const struct cop__http_refusal *refusal = refusal_of(d, status);

    cop__http_request_answer(r, status, &refusal->headers, refusal->body.data, refusal->body.len);
}

/* Libmicrohttpd asks for up to max bytes of a stream. */
static ssize_t on_read(void *arg, uint64_t position, char *to, size_t max)
{
    struct cop__http_request *r = arg;
    size_t size = cop__http_request_pending(r);

    (void)position;
    if (r->is_cut) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (size == 0 && r->is_finished) return MHD_CONTENT_READER_END_OF_STREAM;
    if (size == 0) {
        suspend(r);
        return 0;
    }
    if (size > max) size = max;
    memcpy(to, r->out.data + r->sent, size);
    r->sent += size;
    if (r->sent == r->out.len) {
        cop__buf_clear(&r->out);
        r->sent = 0;
    }
    return (ssize_t)size;
}

void cop__http_request_stream(struct cop__http_request *r, unsigned status,
                              const struct cop__buf *headers)
{
    COP_ASSERT(r->state == COP__HTTP_WAITING && r->is_suspended);
    r->state = COP__HTTP_STREAMING;
    queue(r, status,
          MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_read, r, NULL),
          headers);
}

size_t cop__http_request_chunk(struct cop__http_request *r, const void *data, size_t size)
{
    if (r->sent > r->out.len / 2) { /* what was sent is most of it: moved away */
        memmove(r->out.data, r->out.data + r->sent, r->out.len - r->sent);
        r->out.len -= r->sent;
        r->sent = 0;
    }
    cop__buf_append(&r->out, data, size);
    if (size > 0) resume(r);
    return cop__http_request_pending(r);
}

void cop__http_request_finish(struct cop__http_request *r)
{
    r->is_finished = true;
    resume(r);
}

void cop__http_request_cut(struct cop__http_request *r)
{
    r->is_cut = true;
    resume(r);
}

int cop__http_request_fd(const struct cop__http_request *r)
{
    return fd_of(r->connection);
}

/* --- The daemon ------------------------------------------------------------------------------- */

static size_t leave_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

static int mhd_fd(const struct cop__http_daemon *d)
{
    return MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD)->listen_fd;
}

struct cop__http_daemon *cop__http_daemon_start(int listen_fd,
                                                const struct cop__http_limits *limits,
                                                struct cop__http_refusals *refusals)
{
    struct cop__http_daemon *d = cop__alloc_zeroed(sizeof(*d));

    d->limits = *limits;
    cop__list_init(&d->all);
    cop__list_init(&d->events);
    cop__list_init(&d->halves);
    d->signs = epoll_create1(EPOLL_CLOEXEC);
    d->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, d,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed, d,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, d, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes,
        NULL, MHD_OPTION_CONNECTION_LIMIT, limits->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        limits->idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits->header_max,
        MHD_OPTION_END);
    struct epoll_event any = {.events = EPOLLIN};
    if (d->mhd == NULL || epoll_ctl(d->signs, EPOLL_CTL_ADD, mhd_fd(d), &any) != 0) {
        if (d->signs >= 0) close(d->signs);
        cop__free(d, sizeof(*d));
        return NULL;
    }
    d->refusals = *refusals;
    *refusals = (struct cop__http_refusals){0};
    return d;
}

void cop__http_daemon_stop(struct cop__http_daemon *d)
{
    struct cop__http_request *r;

    d->is_stopping = true;
    COP_LIST_FOR (r, &d->all, all)
        resume(r);
    MHD_stop_daemon(d->mhd);
    COP_LIST_FOR_SAFE(r, &d->all, all)
    cop__http_request_free(r);
    cop__http_refusals_fini(&d->refusals);
    close(d->signs);
    cop__free(d, sizeof(*d));
}

void cop__http_daemon_deafen(struct cop__http_daemon *d)
{
    int fd = MHD_quiesce_daemon(d->mhd);

    if (fd >= 0) close(fd);
}

bool cop__http_daemon_is_sending(const struct cop__http_daemon *d)
{
    const struct cop__http_request *r;

    COP_LIST_FOR (r, &d->all, all)
        if (r->state == COP__HTTP_ANSWERED || (r->state == COP__HTTP_STREAMING && r->is_finished))
            return true;
    return false;
}

int cop__http_daemon_fd(const struct cop__http_daemon *d)
{
    return d->signs;
}

int cop__http_daemon_socket(const struct cop__http_daemon *d)
{
    return MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_LISTEN_FD)->listen_fd;
}

unsigned cop__http_daemon_connections(const struct cop__http_daemon *d)
{
    return MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* Those who wait to add to a stream are told when there is room. */
static void find_room(struct cop__http_daemon *d)
{
    struct cop__http_request *r;

    COP_LIST_FOR (r, &d->all, all)
        if (r->waiters.len > 0 && cop__http_request_pending(r) <= d->limits.buffer_max) tell(d, r);
}

/* Lists the connections whose client says no more. */
static void list_halves(struct cop__http_daemon *d)
{
    struct epoll_event events[64];
    int count = epoll_wait(d->signs, events, 64, 0);

    for (int i = 0; i < count; i++)
        if (events[i].data.ptr != NULL)
            cop__list_push_back(&d->halves, &((struct connection *)events[i].data.ptr)->halves);
}

/* Ends those of them that have not said a whole request; what they have sent is read first. True:
 * there were some. */
static bool end_halves(struct cop__http_daemon *d)
{
    struct connection *c;
    bool has_ended = false;

    list_halves(d);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): c alone is removed, after its next */
    COP_LIST_FOR_SAFE(c, &d->halves, halves)
    {
        char byte;

        if (c->request != NULL && c->request->state != COP__HTTP_READING) continue;
        if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0) continue;
        cop__list_remove(&c->halves);
        (void)shutdown(c->fd, SHUT_RDWR);
        has_ended = true;
    }
    return has_ended;
}

int64_t cop__http_daemon_run(struct cop__http_daemon *d)
{
    MHD_UNSIGNED_LONG_LONG ms;

    /* Where the connections were as many as may be, libmicrohttpd looks at its socket again in the
     * run after the one in which one has ended. */
    do {
        d->has_closed = false;
        (void)MHD_run(d->mhd);
    } while (d->has_closed || end_halves(d));
    find_room(d);
    return MHD_get_timeout(d->mhd, &ms) == MHD_YES ? (int64_t)ms : -1;
}

struct cop__http_request *cop__http_daemon_event(struct cop__http_daemon *d)
{
    struct cop__http_request *r;

    if (cop__list_is_empty(&d->events)) return NULL;
    r = COP_LIST_ENTRY(d->events.next, struct cop__http_request, events);
    cop__list_remove(&r->events);
    return r;
}

struct cop__http_request *cop__http_daemon_find(struct cop__http_daemon *d, cop_ref ref)
{
    struct cop__http_request *r;

    COP_LIST_FOR (r, &d->all, all)
        if (r->is_told && cop_ref_equal(r->ref, ref)) return r;
    return NULL;
}

struct cop__http_request *cop__http_daemon_find_monitor(struct cop__http_daemon *d, cop_ref monitor)
{
    struct cop__http_request *r;

    COP_LIST_FOR (r, &d->all, all)
        if (r->has_monitor && cop_ref_equal(r->monitor, monitor)) return r;
    return NULL;
}

struct cop__http_request *cop__http_daemon_find_watch(struct cop__http_daemon *d, cop_ref watch)
{
    struct cop__http_request *r;

    COP_LIST_FOR (r, &d->all, all)
        if (r->has_watch && cop_ref_equal(r->watch, watch)) return r;
    return NULL;
}
