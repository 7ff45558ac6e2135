/* SPDX-License-Identifier: Apache-2.0 */
/* libmicrohttpd, behind a struct that one process drives: connections, requests that wait for an
 * answer, answers and streams. Knows neither terms nor processes.
 *
 *            all of it is here          answered            sent, or the client is gone
 *   READING -------------------> WAITING --------> ANSWERED ---------------------------> GONE
 *                                   |                                                      ^
 *                                   +------------> STREAMING ------------------------------+
 *
 * While a request is WAITING, and while a stream has nothing to send, its connection is suspended:
 * libmicrohttpd does nothing about it. cop__http_daemon_stop() sees to it that none is then.
 *
 * No function here waits, switches or raises. Not to be used by two threads at once. */
#ifndef COP_IO_HTTP_DAEMON_H
#define COP_IO_HTTP_DAEMON_H

#include "base/buf.h"
#include "base/list.h"
#include "coppice/term.h"

struct MHD_Connection;

struct cop__http_limits {
    size_t body_max;
    size_t header_max;
    size_t buffer_max; /* of a stream: above, who adds to it is to wait */
    unsigned connections_max;
    unsigned idle_timeout_s; /* 0: none */
};

/* What is answered when nobody else does: when a body is too large (413), a handler fails (500), or
 * there is none (503). headers are as in a head. */
struct cop__http_refusal {
    unsigned status;
    struct cop__buf headers;
    struct cop__buf body;
};
#define COP__HTTP_REFUSALS 3
struct cop__http_refusals {
    struct cop__http_refusal of[COP__HTTP_REFUSALS];
};
void cop__http_refusals_fini(struct cop__http_refusals *refusals);

enum cop__http_state {
    COP__HTTP_READING,
    COP__HTTP_WAITING,
    COP__HTTP_ANSWERED,
    COP__HTTP_STREAMING,
    COP__HTTP_GONE
};

/* What the client has sent. Names and values stand one after the other, each ended by a zero byte;
 * those of the query and the path are as they came, with %XX. */
struct cop__http_head {
    struct cop__buf method;
    struct cop__buf path;
    struct cop__buf query;
    struct cop__buf headers;
    struct cop__buf body;
    struct cop__buf peer; /* the address as text */
};
void cop__http_head_fini(struct cop__http_head *head);

struct cop__http_request {
    struct cop__list all;              /* of the daemon */
    struct cop__list events;           /* of the daemon, while there is something to tell */
    struct MHD_Connection *connection; /* NULL: gone */
    enum cop__http_state state;
    bool is_suspended;
    bool is_too_large;
    bool is_new;  /* to be told: WAITING */
    bool is_told; /* the server knows of it, so it is freed by the server only */
    struct cop__http_head head;
    struct cop__buf what; /* method and path, for the log */
    /* A stream: what is to be sent, from `sent` on. */
    struct cop__buf out;
    size_t sent;
    bool is_finished;
    bool is_cut;
    bool is_half; /* its client says no more, which its owner has been told */
    /* The server's own. */
    cop_ref ref;
    cop_ref monitor; /* of who answers */
    cop_pid owner;   /* of the stream */
    cop_ref watch;   /* of the stream's connection */
    bool has_monitor;
    bool has_watch;
    struct cop__buf waiters; /* of cop_from: who waits to add to the stream */
};

struct cop__http_daemon;

/* Serves on a socket that listens, which it owns from now on, as it does the refusals. NULL: it
 * could not, and both are the caller's still. */
struct cop__http_daemon *cop__http_daemon_start(int listen_fd,
                                                const struct cop__http_limits *limits,
                                                struct cop__http_refusals *refusals COP_TAKES);
/* Ends all connections, whatever they are at, and frees all. */
void cop__http_daemon_stop(struct cop__http_daemon *d);
/* Takes no more connections; its socket is closed. */
void cop__http_daemon_deafen(struct cop__http_daemon *d);
/* Whether an answer that is complete has not been sent whole: to be run on until it has. */
bool cop__http_daemon_is_sending(const struct cop__http_daemon *d);
/* The descriptor that is readable when there is something to do. */
int cop__http_daemon_fd(const struct cop__http_daemon *d);
/* The socket that listens. */
int cop__http_daemon_socket(const struct cop__http_daemon *d);
/* How many connections are open. */
unsigned cop__http_daemon_connections(const struct cop__http_daemon *d);
/* Does what there is to do. Milliseconds until there is more without a sign from the descriptor, or
 * -1: never. */
int64_t cop__http_daemon_run(struct cop__http_daemon *d);

/* The next request about which there is something to tell: it is_new, its stream has room again, or
 * it is GONE. NULL: none. */
struct cop__http_request *cop__http_daemon_event(struct cop__http_daemon *d);
/* The request of this reference, or of the process that this monitor watches; NULL: there is
 * none. */
struct cop__http_request *cop__http_daemon_find(struct cop__http_daemon *d, cop_ref ref);
struct cop__http_request *cop__http_daemon_find_monitor(struct cop__http_daemon *d,
                                                        cop_ref monitor);
struct cop__http_request *cop__http_daemon_find_watch(struct cop__http_daemon *d, cop_ref watch);
/* Frees a request that is GONE. */
void cop__http_request_free(struct cop__http_request *r);

/* Answers a request that is WAITING. headers are as in a head. */
void cop__http_request_answer(struct cop__http_request *r, unsigned status,
                              const struct cop__buf *headers, const void *body, size_t size);
/* The same with the refusal of this status, which there is. */
void cop__http_request_refuse(struct cop__http_daemon *d, struct cop__http_request *r,
                              unsigned status);
/* Begins a stream as its answer. */
void cop__http_request_stream(struct cop__http_request *r, unsigned status,
                              const struct cop__buf *headers);
/* Adds to a stream; how many bytes wait then. */
size_t cop__http_request_chunk(struct cop__http_request *r, const void *data, size_t size);
/* Ends a stream: what waits is sent first. */
void cop__http_request_finish(struct cop__http_request *r);
/* Ends its connection, so that the client does not take the stream for whole. */
void cop__http_request_cut(struct cop__http_request *r);
/* The socket of a stream's connection. */
int cop__http_request_fd(const struct cop__http_request *r);
/* Bytes of a stream that wait. */
static inline size_t cop__http_request_pending(const struct cop__http_request *r)
{
    return r->out.len - r->sent;
}

#endif
