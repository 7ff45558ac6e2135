/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection sends: at once where the kernel takes it, the rest when it can be written; and
 * the sender waits while too much is left. */
#include "io/iodata.h"
#include "io/reason.h"
#include "io/tcp_socket.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

/* --- The queue -------------------------------------------------------------------------------- */

static void queue(struct cop__tcp *t, const char *bytes, size_t len)
{
    struct cop__tcp_out *o = cop__alloc(sizeof(*o) + len);
    o->next = NULL;
    o->len = len;
    o->done = 0;
    memcpy(o->bytes, bytes, len);
    if (t->out == NULL) t->out_last = &t->out;
    *t->out_last = o;
    t->out_last = &o->next;
    t->out_bytes += len;
}

static void queue_pop(struct cop__tcp *t)
{
    struct cop__tcp_out *o = t->out;
    t->out = o->next;
    t->out_bytes -= o->len - o->done;
    cop__free(o, sizeof(*o) + o->len);
}

void cop__tcp_out_free(struct cop__tcp *t)
{
    while (t->out != NULL)
        queue_pop(t);
}

/* Bytes that the kernel has taken; less than len: no more for now, or an error. */
static size_t send_now(struct cop__handle *h, const char *bytes, size_t len)
{
    struct cop__tcp *t = cop__tcp_of(h);
    size_t done = 0;
    while (done < len) {
        ssize_t n = send(h->fd, bytes + done, len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) t->out_error = errno;
            break;
        }
        done += (size_t)n;
    }
    t->bytes_out += done;
    return done;
}

static void shut_now(struct cop__handle *h)
{
    shutdown(h->fd, SHUT_WR);
}

void cop__tcp_out_shut(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    t->is_out_shut = true;
    if (t->out == NULL) shut_now(h);
}

void cop__tcp_flush(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    while (t->out != NULL && t->out_error == 0) {
        struct cop__tcp_out *o = t->out;
        size_t n = send_now(h, o->bytes + o->done, o->len - o->done);
        o->done += n;
        t->out_bytes -= n;
        if (o->done < o->len) break;
        queue_pop(t);
    }
    if (t->out_error != 0) cop__tcp_out_free(t);
    if (t->out == NULL && t->is_out_shut) shut_now(h);
    if (t->out_bytes <= COP__TCP_LOW) cop__handle_announce(h, COP__IO_WRITE);
}

/* --- cop_tcp_send ------------------------------------------------------------------------------*/

static cop_term closed(void)
{
    return cop_tuple(COP(":error"), COP(":closed"));
}

/* As a peer's end is told: a connection that was reset is closed. */
static cop_term failed(const struct cop__tcp *t)
{
    bool is_reset = t->out_error == EPIPE || t->out_error == ECONNRESET;
    if (is_reset && !t->options.show_econnreset) return closed();
    return cop__io_error(is_reset ? ECONNRESET : t->out_error);
}

/* Waits until little is left to send. The handle is locked before and after. */
static cop_term wait_until_low(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    uint64_t id = h->id;
    bool is_in_time = true;
    cop__port_deadline(t->options.send_timeout);
    while (is_in_time && cop__handle_is(h, id) && t->out_bytes > COP__TCP_LOW)
        is_in_time = cop__handle_wait(h, COP__IO_WRITE);
    cop__port_deadline(COP_INFINITY);
    if (!cop__handle_is(h, id)) return closed();
    if (t->out_error != 0) return failed(t);
    return t->out_bytes <= COP__TCP_LOW ? cop_ok() : cop_tuple(COP(":error"), COP(":timeout"));
}

static cop_term send_all(struct cop__handle *h, cop_bytes bytes)
{
    struct cop__tcp *t = cop__tcp_of(h);
    if (t->is_out_shut || t->is_connecting) return closed();
    size_t done = 0;
    if (t->out == NULL && t->out_error == 0) done = send_now(h, bytes.data, bytes.len);
    if (t->out_error != 0) return failed(t);
    if (done == bytes.len) return cop_ok();
    queue(t, bytes.data + done, bytes.len - done);
    cop__tcp_want(h);
    return t->out_bytes > COP__TCP_HIGH ? wait_until_low(h) : cop_ok();
}

cop_term cop_tcp_send(cop_term socket, cop_term data)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf flat = {0};
    cop_bytes bytes;
    cop_term answer;
    if (cop_is_binary(data)) {
        bytes = cop_to_bytes(data);
    } else {
        if (!cop__iodata_append(&flat, data)) cop_error(COP(":badarg"));
        bytes = (cop_bytes){flat.data, flat.len};
    }
    struct cop__handle *h = cop__tcp_enter(&cop__tcp_kind, socket, &answer);
    if (h == NULL) return answer;
    answer = send_all(h, bytes);
    cop__tcp_leave(h);
    return answer;
}
