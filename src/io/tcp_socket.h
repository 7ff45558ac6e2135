/* SPDX-License-Identifier: Apache-2.0 */
/* TCP and Unix sockets, inside. A connection is a handle of the kind cop__tcp_kind, a listener one
 * of cop__listener_kind; their data are the two structs here, under the handle's lock.
 *
 *   in    callback: recv into the loop's scratch --> message to the owner (active)
 *                                               \-> `in`, until it holds enough; then reading rests
 *         cop_tcp_recv takes from `in`, or waits until there is enough
 *   out   cop_tcp_send: send at once -- what is left --> `out` --> callback sends it */
#ifndef COP_IO_TCP_SOCKET_H
#define COP_IO_TCP_SOCKET_H

#include "coppice/tcp.h"
#include "io/handle.h"

#include <sys/socket.h>

/* Besides COP__IO_READ and COP__IO_WRITE: nothing but the end of a handle. */
#define COP__IO_CLOSE 4

/* Senders wait above the one until no more than the other is left to send. */
#define COP__TCP_HIGH 65536
#define COP__TCP_LOW  32768

/* --- Options (tcp_options.c) ------------------------------------------------------------------ */

enum { COP__TCP_ALWAYS = INT32_MIN, COP__TCP_ONCE };

enum cop__tcp_option {
    COP__TCP_PACKET,
    COP__TCP_LINE_MAX,
    COP__TCP_CHOMP,
    COP__TCP_ACTIVE,
    COP__TCP_BACKLOG,
    COP__TCP_REUSEADDR,
    COP__TCP_NODELAY,
    COP__TCP_KEEPALIVE,
    COP__TCP_SHOW_ECONNRESET,
    COP__TCP_SEND_TIMEOUT,
    COP__TCP_BUFFER,
    COP__TCP_OPTIONS
};

struct cop__tcp_options {
    int32_t active; /* 0: passive; COP__TCP_ALWAYS, _ONCE; else so many messages more */
    uint32_t line_max;
    uint32_t buffer;
    int32_t backlog;
    int64_t send_timeout;
    bool is_line;
    bool chomp;
    bool reuseaddr;
    bool nodelay;
    bool keepalive;
    bool show_econnreset;
};
extern const struct cop__tcp_options cop__tcp_defaults;
/* What a closed connection still has to send is given up when the peer takes nothing for so many
 * milliseconds. Only tests write it, before they close. */
extern int64_t cop__tcp_linger_ms;

/* Reads a keyword list over what *o has; *ret_given: bits of the options that were given. False: it
 * is no such list, or has others than the allowed (bits). */
bool cop__tcp_options_read(cop_term list, unsigned allowed, struct cop__tcp_options *o,
                           unsigned *ret_given);
/* Reads the value of `active`; a number adds to what is left of an earlier one. False: it is none.
 * Also of UDP. */
bool cop__tcp_active(cop_term value, int32_t *active);
/* Tells the kernel of the given options that are its business. 0 or a negative error number; what
 * a Unix socket does not know is passed over. */
int cop__tcp_options_apply(int fd, unsigned given, const struct cop__tcp_options *o);
/* The value of one option, by its name; cop_none(): there is none of this name. */
cop_term cop__tcp_option_value(const struct cop__tcp_options *o, cop_term name);

/* --- Sockets ---------------------------------------------------------------------------------- */

struct cop__tcp_out {
    struct cop__tcp_out *next;
    size_t len;
    size_t done;
    char bytes[];
};

struct cop__tcp {
    struct cop__tcp_options options;
    bool is_connecting; /* nothing is read or told; the connecting process waits for WRITE */
    bool is_held;       /* between two owners: nothing is delivered */
    bool is_paused;     /* enough is in `in`: nothing is read until half is taken */
    /* In: bytes from..to of `in`, of which those before `seen` hold no end of a line. NULL: none.
     * */
    char *in;
    size_t in_cap;
    size_t in_from;
    size_t in_to;
    size_t in_seen;
    size_t need;  /* bytes that the reader who waits wants */
    int end;      /* 0; or why no more can come: an error number, END_OF_FILE */
    bool is_told; /* the owner has been told of the end, or the reader of its reason */
    /* Out: oldest first. */
    struct cop__tcp_out *out;
    struct cop__tcp_out **out_last;
    size_t out_bytes;
    int out_error;    /* error number: nothing can be sent any more */
    bool is_out_shut; /* no more is taken; the kernel is told when all is out */
    uint64_t bytes_in;
    uint64_t bytes_out;
};
#define COP__TCP_EOF (-1)

struct cop__listener {
    struct cop__tcp_options options;
    bool has_warned; /* that there are no descriptors; until there are */
    uint64_t accepted;
};

extern const struct cop__handle_kind cop__tcp_kind;
extern const struct cop__handle_kind cop__listener_kind;

/* A connection of the caller's over a connected (or connecting) descriptor, locked, not reading
 * yet; NULL: *ret_error says why, and the descriptor was closed. */
struct cop__handle *cop__tcp_new(int fd, const struct cop__tcp_options *o, int *ret_error);

static inline struct cop__tcp *cop__tcp_of(struct cop__handle *h)
{
    return h->data;
}

/* In (tcp_in.c). All locked. */
bool cop__tcp_read(struct cop__handle *h);    /* what the kernel has; callback */
void cop__tcp_deliver(struct cop__handle *h); /* what the owner is to have by now, as messages */
void cop__tcp_want(struct cop__handle *h);    /* what is waited for, by what is there */
/* Something was taken from the buffer, or more is needed: reads on if it was paused. */
void cop__tcp_resume(struct cop__handle *h);
void cop__tcp_in_free(struct cop__tcp *t);

/* Out (tcp_out.c). All locked. */
void cop__tcp_flush(struct cop__handle *h); /* sends what the kernel takes */
void cop__tcp_out_free(struct cop__tcp *t);
/* No more shall be sent; the kernel is told when all is out. */
void cop__tcp_out_shut(struct cop__handle *h);

/* --- For all files ---------------------------------------------------------------------------- */

/* The open connection or listener (kind; NULL: either) that a term means, entered and locked; NULL,
 * left and not locked: there is none (any more), *ret_error is {:error, :closed}. Exits: badarg. */
struct cop__handle *cop__tcp_enter(const struct cop__handle_kind *kind, cop_term socket,
                                   cop_term *ret_error);
static inline void cop__tcp_leave(struct cop__handle *h)
{
    cop__handle_unlock(h);
    cop__port_leave();
}

/* --- Addresses (tcp_address.c) ---------------------------------------------------------------- */

#define COP__ADDRESSES 8

struct cop__addresses {
    int len;
    struct {
        struct sockaddr_storage address;
        socklen_t size;
    } at[COP__ADDRESSES];
};
/* The addresses of a host (NULL: any address of this machine) and port. :ok, or {:error, reason}. A
 * name is asked for, until that point of time (negative: for ever). Not entered. Exits: badarg for
 * the port. Switches: may. */
cop_term cop__addresses_find(const char *host, int port, int64_t until_ms,
                             struct cop__addresses *ret);
/* The name of one end, as getsockname and getpeername give it; nil, with *ret_error (may be NULL):
 * there is none. Locked. */
typedef int (*cop__tcp_name_fn)(int fd, struct sockaddr *address, socklen_t *size);
cop_term cop__tcp_name(struct cop__handle *h, cop__tcp_name_fn fn, int *ret_error);
/* {address, port}. */
cop_term cop__address_term(const struct sockaddr_storage *address, socklen_t size);

#endif
