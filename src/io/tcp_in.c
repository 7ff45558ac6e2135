/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection receives: from the kernel into its buffer or straight into a message, cut into
 * lines where that is wanted, and to the owner. */
#include "io/reason.h"
#include "io/tcp_socket.h"

#include "base/alloc.h"
#include "base/check.h"

#include <errno.h>
#include <string.h>

/* Reads in a row for one event, so that others on the loop are not kept waiting. */
#define READS_MAX  4
#define LEAST_SIZE 256

/* --- The buffer ------------------------------------------------------------------------------- */

static size_t in_len(const struct cop__tcp *t)
{
    return t->in_to - t->in_from;
}

void cop__tcp_in_free(struct cop__tcp *t)
{
    cop__free(t->in, t->in_cap);
    t->in = NULL;
    t->in_cap = t->in_from = t->in_to = t->in_seen = 0;
}

static void in_append(struct cop__tcp *t, const char *bytes, size_t len)
{
    if (t->in_to + len > t->in_cap) {
        size_t held = in_len(t);
        size_t cap = held + len > 2 * held ? held + len : 2 * held;
        if (cap < LEAST_SIZE) cap = LEAST_SIZE;
        char *bigger = cop__alloc(cap);
        if (held > 0) memcpy(bigger, t->in + t->in_from, held);
        cop__free(t->in, t->in_cap);
        t->in = bigger;
        t->in_cap = cap;
        t->in_seen -= t->in_from;
        t->in_from = 0;
        t->in_to = held;
    }
    memcpy(t->in + t->in_to, bytes, len);
    t->in_to += len;
}

/* So an idle connection has no buffer. */
static void in_take(struct cop__tcp *t, size_t len)
{
    t->in_from += len;
    if (t->in_seen < t->in_from) t->in_seen = t->in_from;
    if (t->in_from == t->in_to) cop__tcp_in_free(t);
}

/* --- Pieces: a line, or what there is --------------------------------------------------------- */

/* The connection can no longer be read: a line is too long for it. */
static void too_long(struct cop__tcp *t)
{
    t->end = EMSGSIZE;
    cop__tcp_in_free(t);
}

/* The first line that is there, and how many bytes it takes. */
static bool line(struct cop__tcp *t, cop_bytes *ret_line, size_t *ret_size)
{
    if (t->in == NULL) return false;
    const char *from = t->in + t->in_from;
    const char *end = memchr(t->in + t->in_seen, '\n', t->in_to - t->in_seen);
    t->in_seen = end != NULL ? (size_t)(end - t->in) : t->in_to;
    size_t len = t->in_seen - t->in_from;
    if (len > 0 && from[len - 1] == '\r') len--;
    if (len > t->options.line_max) {
        too_long(t);
        return false;
    }
    if (end == NULL) return false;
    *ret_size = (size_t)(end - from) + 1;
    *ret_line = (cop_bytes){from, t->options.chomp ? len : *ret_size};
    return true;
}

/* The next piece of at least len bytes that is there (0: one). */
static bool piece(struct cop__tcp *t, size_t len, cop_bytes *ret_piece, size_t *ret_size)
{
    if (t->options.is_line) return line(t, ret_piece, ret_size);
    size_t held = in_len(t);
    if (held == 0 || held < len) return false;
    *ret_size = len > 0 ? len : held;
    *ret_piece = (cop_bytes){t->in + t->in_from, *ret_size};
    return true;
}

/* --- Messages --------------------------------------------------------------------------------- */

static cop_term reason_of(int end)
{
    return cop__io_reason(end);
}

static bool is_plain_end(const struct cop__tcp *t)
{
    return t->end == COP__TCP_EOF || (t->end == ECONNRESET && !t->options.show_econnreset);
}

static void tell_data(struct cop__handle *h, struct cop__tcp *t, cop_bytes data)
{
    cop_term socket = cop_ref_term(cop__handle_ref(h));
    cop__port_send(h->owner, cop_tuple(COP(":tcp"), socket, cop_binary(data.data, data.len)));
    if (t->options.active == COP__TCP_ONCE)
        t->options.active = 0;
    else if (t->options.active > 0 && --t->options.active == 0)
        cop__port_send(h->owner, cop_tuple(COP(":tcp_passive"), socket));
}

static void tell_end(struct cop__handle *h, struct cop__tcp *t)
{
    cop_term socket = cop_ref_term(cop__handle_ref(h));
    if (!is_plain_end(t))
        cop__port_send(h->owner, cop_tuple(COP(":tcp_error"), socket, reason_of(t->end)));
    cop__port_send(h->owner, cop_tuple(COP(":tcp_closed"), socket));
    t->is_told = true;
    t->options.active = 0;
    cop__tcp_in_free(t); /* half a line */
}

static bool is_active(const struct cop__tcp *t)
{
    return t->options.active != 0 && !t->is_held;
}

void cop__tcp_deliver(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    cop_bytes data;
    size_t size;
    while (is_active(t) && piece(t, 0, &data, &size)) {
        tell_data(h, t, data);
        in_take(t, size);
    }
    if (is_active(t) && t->end != 0 && !t->is_told) tell_end(h, t);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* How many bytes may lie in the buffer. */
static size_t in_max(const struct cop__tcp *t)
{
    size_t max = t->options.buffer;
    size_t line_size = (size_t)t->options.line_max + 2;
    if (t->options.is_line && line_size > max) max = line_size;
    return t->need > max ? t->need : max;
}

void cop__tcp_want(struct cop__handle *h)
{
    const struct cop__tcp *t = cop__tcp_of(h);
    unsigned events = 0;
    if (t->end == 0 && !t->is_paused) events |= COP__IO_READ;
    if (t->out != NULL) events |= COP__IO_WRITE;
    cop__handle_want(h, t->is_connecting ? COP__IO_WRITE : events);
}

void cop__tcp_resume(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    size_t held = in_len(t);
    if (!t->is_paused || (held > in_max(t) / 2 && held >= t->need)) return;
    t->is_paused = false;
    cop__tcp_want(h);
}

/* One read. False: there is no more to be had for now. */
static bool read_once(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    char *scratch = h->loop->scratch;
    size_t held = in_len(t);
    size_t room = in_max(t) > held ? in_max(t) - held : 0;
    t->is_paused = room == 0;
    if (room == 0) return false;
    if (room > COP__SCRATCH) room = COP__SCRATCH;
    ssize_t n = recv(h->fd, scratch, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
    if (n <= 0) {
        t->end = n == 0 ? COP__TCP_EOF : errno;
        return false;
    }
    t->bytes_in += (uint64_t)n;
    if (held == 0 && is_active(t) && !t->options.is_line)
        tell_data(h, t, (cop_bytes){scratch, (size_t)n});
    else
        in_append(t, scratch, (size_t)n);
    return (size_t)n == room;
}

/* Whether the reader who waits has something to look at. */
static bool is_enough(struct cop__tcp *t)
{
    cop_bytes data;
    size_t size;
    return piece(t, t->need, &data, &size) || t->end != 0;
}

bool cop__tcp_read(struct cop__handle *h)
{
    struct cop__tcp *t = cop__tcp_of(h);
    for (int i = 0; i < READS_MAX && read_once(h); i++)
        continue;
    cop__tcp_deliver(h);
    cop__tcp_resume(h); /* what was delivered has made room */
    if (cop__handle_is_awaited(h, COP__IO_READ) && is_enough(t))
        cop__handle_announce(h, COP__IO_READ);
    return true;
}

/* --- cop_tcp_recv ------------------------------------------------------------------------------*/

/* What can be answered by now, or cop_none(). */
static cop_term answer(struct cop__tcp *t, size_t len)
{
    cop_bytes data;
    size_t size;
    if (piece(t, len, &data, &size)) {
        cop_term binary = cop_binary(data.data, data.len);
        in_take(t, size);
        return cop_tuple(cop_ok(), binary);
    }
    if (t->end == 0) return cop_none();
    if (is_plain_end(t) || t->is_told) return cop_tuple(COP(":error"), COP(":closed"));
    t->is_told = true;
    return cop__io_error(t->end);
}

/* Waits for it. The handle is locked before and after. */
static cop_term wait_for(struct cop__handle *h, size_t len, int64_t timeout_ms)
{
    struct cop__tcp *t = cop__tcp_of(h);
    uint64_t id = h->id;
    cop_term got = cop_none();
    bool is_in_time = timeout_ms != 0;
    cop__port_deadline(timeout_ms);
    while (is_in_time && cop_is_none(got)) {
        t->need = len;
        cop__tcp_resume(h);
        is_in_time = cop__handle_wait(h, COP__IO_READ);
        if (!cop__handle_is(h, id)) {
            got = cop_tuple(COP(":error"), COP(":closed"));
            break;
        }
        t->need = 0;
        got = answer(t, len);
    }
    cop__port_deadline(COP_INFINITY);
    return cop_is_none(got) ? cop_tuple(COP(":error"), COP(":timeout")) : got;
}

cop_term cop_tcp_recv(cop_term socket, size_t len, int64_t timeout_ms)
{
    cop_term got;
    if (timeout_ms < -1) cop_error(COP(":badarg"));
    struct cop__handle *h = cop__tcp_enter(&cop__tcp_kind, socket, &got);
    if (h == NULL) return got;
    struct cop__tcp *t = cop__tcp_of(h);
    uint64_t id = h->id;
    if (t->options.active != 0) {
        got = cop__io_error(EINVAL);
    } else if (cop__handle_is_awaited(h, COP__IO_READ)) {
        got = cop__io_error(EALREADY);
    } else {
        got = answer(t, len);
        if (cop_is_none(got)) got = wait_for(h, len, timeout_ms);
        if (cop__handle_is(h, id)) cop__tcp_resume(h);
    }
    cop__tcp_leave(h);
    return got;
}
