/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes: see pipe.h. Reading and writing happen under the handle's lock, so that the descriptor
 * cannot be another's meanwhile; neither waits. */
#include "io/pipe.h"

#include "base/alloc.h"
#include "coppice/pattern.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- The kind of handle ----------------------------------------------------------------------- */

static void tell(struct cop__handle *h, cop_term condition)
{
    cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), condition));
}

static bool pipe_ready(struct cop__handle *h, unsigned events)
{
    if ((events & COP__IO_READ) != 0) tell(h, COP(":readable"));
    if ((events & COP__IO_WRITE) != 0) tell(h, COP(":writable"));
    h->wanted &= (uint8_t)~events;
    return true;
}

static bool pipe_drain(struct cop__handle *h)
{
    (void)h;
    return false;
}

static void pipe_dispose(struct cop__handle *h)
{
    cop__free(h->data, sizeof(struct cop__pipe_about));
}

static cop_term pipe_info(struct cop__handle *h, cop_term list)
{
    const struct cop__pipe_about *about = h->data;
    bool is_out = strcmp(about->stream, "stdin") == 0;
    int held = 0;
    (void)ioctl(h->fd, FIONREAD, &held);
    list = cop_cons(cop_tuple(COP(":queue_size"), is_out ? held : 0), list);
    list = cop_cons(cop_tuple(COP(":buffered"), is_out ? 0 : held), list);
    list = cop_cons(cop_tuple(COP(":output"), cop_uint(is_out ? about->bytes : 0)), list);
    list = cop_cons(cop_tuple(COP(":input"), cop_uint(is_out ? 0 : about->bytes)), list);
    list = cop_cons(cop_tuple(COP(":os_pid"), cop_int(about->os_pid)), list);
    return cop_cons(cop_tuple(COP(":stream"), cop_atom(about->stream)), list);
}

static const struct cop__handle_kind pipe_kind = {
    .name = "os_process",
    .ready = pipe_ready,
    .drain = pipe_drain,
    .dispose = pipe_dispose,
    .info = pipe_info,
};

/* --- For the owner ---------------------------------------------------------------------------- */

int cop__pipe_open(int fd, const char *stream, cop_ref *ret)
{
    int error = 0;
    struct cop__pipe_about *about = cop__alloc_zeroed(sizeof(*about));
    about->stream = stream;
    struct cop__handle *h = cop__handle_open(&pipe_kind, fd, about, &error);
    if (h == NULL) {
        cop__free(about, sizeof(*about));
        return error;
    }
    *ret = cop__handle_ref(h);
    cop__handle_unlock(h);
    return 0;
}

/* The open pipe, locked and entered, or NULL and neither. */
static struct cop__handle *enter(cop_ref pipe)
{
    uint64_t self = cop__port_enter();
    struct cop__handle *h = cop__handle_find(&pipe_kind, pipe);
    if (h != NULL && h->owner == self) return h;
    if (h != NULL) cop__handle_unlock(h);
    cop__port_leave();
    return NULL;
}

static void leave(struct cop__handle *h)
{
    cop__handle_unlock(h);
    cop__port_leave();
}

void cop__pipe_name(cop_ref pipe, int os_pid)
{
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return;
    ((struct cop__pipe_about *)h->data)->os_pid = os_pid;
    leave(h);
}

void cop__pipe_close(cop_ref pipe)
{
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return;
    cop__handle_close(h); /* unlocks */
    cop__port_leave();
}

void cop__pipe_arm(cop_ref pipe, unsigned events)
{
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return;
    cop__handle_want(h, h->wanted | events);
    leave(h);
}

/* The result of a system call about a handle, which is left then. */
static ssize_t done(struct cop__handle *h, ssize_t n)
{
    if (n < 0)
        n = -errno;
    else
        ((struct cop__pipe_about *)h->data)->bytes += (uint64_t)n;
    leave(h);
    return n;
}

ssize_t cop__pipe_read(cop_ref pipe, void *buffer, size_t size)
{
    ssize_t n;
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return 0;
    do
        n = read(h->fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return done(h, n);
}

ssize_t cop__pipe_write(cop_ref pipe, const void *bytes, size_t size)
{
    ssize_t n;
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return -EPIPE;
    do
        n = write(h->fd, bytes, size);
    while (n < 0 && errno == EINTR);
    return done(h, n);
}

uint64_t cop__pipe_bytes(cop_ref pipe)
{
    struct cop__handle *h = enter(pipe);
    if (h == NULL) return 0;
    uint64_t bytes = ((const struct cop__pipe_about *)h->data)->bytes;
    leave(h);
    return bytes;
}
