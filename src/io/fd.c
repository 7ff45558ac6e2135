/* SPDX-License-Identifier: Apache-2.0 */
/* cop_fd_watch: a handle that tells its owner once for each condition.
 *
 * A duplicate of the descriptor is watched, so that the caller may close its own at any time,
 * whatever thread has the loop just then. */
#include "coppice/fd.h"

#include "coppice/pattern.h"
#include "io/handle.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

_Static_assert((int)COP_FD_READABLE == (int)COP__IO_READ, "one set of bits");
_Static_assert((int)COP_FD_WRITABLE == (int)COP__IO_WRITE, "one set of bits");

static void tell(struct cop__handle *h, cop_term condition)
{
    cop__port_send(h->owner, cop_tuple(COP(":fd"), cop__handle_ref(h), condition));
}

static bool fd_ready(struct cop__handle *h, unsigned events)
{
    if ((events & COP_FD_READABLE) != 0) tell(h, COP(":readable"));
    if ((events & COP_FD_WRITABLE) != 0) tell(h, COP(":writable"));
    h->wanted &= (uint8_t)~events;
    return true;
}

static bool fd_drain(struct cop__handle *h)
{
    (void)h;
    return false;
}

static void fd_dispose(struct cop__handle *h)
{
    (void)h;
}

static const struct cop__handle_kind fd_kind = {
    .name = "fd",
    .ready = fd_ready,
    .drain = fd_drain,
    .dispose = fd_dispose,
};

static unsigned valid(unsigned conditions)
{
    if ((conditions & ~(unsigned)(COP_FD_READABLE | COP_FD_WRITABLE)) != 0)
        cop_error(COP(":badarg"));
    return conditions;
}

int cop_fd_watch(int fd, unsigned conditions, cop_ref *ret_watch)
{
    valid(conditions);
    cop__port_enter();
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    int rc = own < 0 ? -errno : 0;
    struct cop__handle *h = own >= 0 ? cop__handle_open(&fd_kind, own, NULL, &rc) : NULL;
    if (h != NULL) {
        *ret_watch = cop__handle_ref(h);
        cop__handle_want(h, conditions);
        cop__handle_unlock(h);
    } else if (own >= 0) {
        close(own);
    }
    cop__port_leave();
    return rc;
}

/* The caller's open watch, locked and entered, or NULL, neither. Exits: badarg. */
static struct cop__handle *own_watch(cop_ref watch)
{
    uint64_t self = cop__port_enter();
    struct cop__handle *h = cop__handle_find(&fd_kind, watch);
    if (h != NULL && h->owner == self) return h;
    if (h != NULL) cop__handle_unlock(h);
    cop__port_leave();
    if (h != NULL) cop_error(COP(":badarg"));
    return NULL;
}

void cop_fd_rearm(cop_ref watch, unsigned conditions)
{
    valid(conditions);
    struct cop__handle *h = own_watch(watch);
    if (h == NULL) cop_error(COP(":badarg"));
    cop__handle_want(h, conditions);
    cop__handle_unlock(h);
    cop__port_leave();
}

static bool is_of_watch(cop_term message, void *arg)
{
    const cop_ref *watch = arg;
    cop_ref ref;
    return cop_match(message, "{:fd, ref, _}", ref) && cop_ref_equal(ref, *watch);
}

void cop_fd_unwatch(cop_ref watch)
{
    struct cop__handle *h = own_watch(watch);
    if (h != NULL) {
        cop__handle_close(h);
        cop__port_leave();
    }
    cop_term message;
    while (cop_receive_if(is_of_watch, &watch, &message, 0))
        continue;
}
