/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's transfers, on an epoll set of their own that one process watches. Knows no processes.
 *
 * No function here waits, switches or raises. Not to be used by two threads at once. */
#ifndef COP_IO_HTTP_TRANSFER_H
#define COP_IO_HTTP_TRANSFER_H

#include "base/buf.h"
#include "base/list.h"
#include "coppice/gen_server.h"

/* What is to be done. Texts are ended by a zero byte. */
struct cop__http_order {
    struct cop__buf method;
    struct cop__buf url;
    struct cop__buf headers; /* names and values in turn */
    struct cop__buf body;
    struct cop__buf cacertfile; /* empty: the system's */
    int64_t timeout_ms;         /* 0: none */
    int64_t connect_timeout_ms;
    int64_t body_max; /* -1: any */
    int redirects_max;
    bool has_body;
    bool verifies;
    bool is_stream; /* the body is taken piece by piece, and the peer waits meanwhile */
};
void cop__http_order_fini(struct cop__http_order *order);

/* How a transfer ended. */
enum cop__http_end {
    COP__HTTP_END_NONE,
    COP__HTTP_END_OK,
    COP__HTTP_END_SYSTEM, /* error is the system's */
    COP__HTTP_END_NXDOMAIN,
    COP__HTTP_END_CONNECT_TIMEOUT,
    COP__HTTP_END_TIMEOUT,
    COP__HTTP_END_CLOSED,
    COP__HTTP_END_TLS, /* text says why */
    COP__HTTP_END_REDIRECTS,
    COP__HTTP_END_TOO_LARGE,
    COP__HTTP_END_BAD_URL,
    COP__HTTP_END_BAD_RESPONSE,
    COP__HTTP_END_OTHER /* text */
};
#define COP__HTTP_TEXT_MAX 256

struct cop__http_transfers;

struct cop__http_transfer {
    struct cop__list all;
    struct cop__list events; /* while there may be something to tell */
    struct cop__http_transfers *of;
    void *easy; /* CURL */
    void *list; /* curl_slist: the headers that are sent */
    struct cop__http_order order;
    struct cop__buf headers; /* of the answer, as in an order; those of the last head that came */
    struct cop__buf body;    /* what has come and was not taken */
    long status;
    bool has_head;
    bool is_paused; /* enough has come */
    enum cop__http_end end;
    int error;
    char text[COP__HTTP_TEXT_MAX];
    /* The client's own. */
    cop_from from;   /* who waits for the whole */
    cop_ref ref;     /* of a stream */
    cop_ref monitor; /* of the owner */
    bool has_told_head;
    bool is_asked; /* for data */
};

/* NULL: the system has no descriptor left. */
struct cop__http_transfers *cop__http_transfers_new(void);
/* Cancels all and frees everything. */
void cop__http_transfers_free(struct cop__http_transfers *ts);
/* The descriptor that is readable when there is something to do. */
int cop__http_transfers_fd(const struct cop__http_transfers *ts);
/* How many transfers there are. */
int64_t cop__http_transfers_len(const struct cop__http_transfers *ts);
/* Does what there is to do. Milliseconds until there is more without a sign from the descriptor, or
 * -1: never. */
int64_t cop__http_transfers_run(struct cop__http_transfers *ts);
/* The next transfer that has more to tell than before; NULL: none. */
struct cop__http_transfer *cop__http_transfers_event(struct cop__http_transfers *ts);
/* The stream of this reference, the transfer whose owner this monitor watches; NULL: none. */
struct cop__http_transfer *cop__http_transfers_find(struct cop__http_transfers *ts, cop_ref ref);
struct cop__http_transfer *cop__http_transfers_find_monitor(struct cop__http_transfers *ts,
                                                            cop_ref monitor);

/* Starts one; takes what is in the order. */
struct cop__http_transfer *cop__http_transfer_start(struct cop__http_transfers *ts,
                                                    struct cop__http_order *order);
/* There may be more to tell of it: puts it back behind the others. */
void cop__http_transfer_tell(struct cop__http_transfer *t);
/* The body was taken: more may come. */
void cop__http_transfer_go_on(struct cop__http_transfer *t);
/* Cancels it if it has not ended, and frees it. */
void cop__http_transfer_free(struct cop__http_transfer *t);

#endif
