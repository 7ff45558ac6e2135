/* SPDX-License-Identifier: Apache-2.0 */
/* Handles: descriptors that belong to a process, known to it by a reference, and waited for on one
 * loop. What is read and written is the kind's business: fd.c, tcp.c.
 *
 *              open          close, or the owner ends            what was sent is out
 *      free  -------->  OPEN ------------------------> DRAINING ----------------------+
 *        ^                |                                                           v
 *        |                +-- nothing to send -------------------------------->  CLOSING
 *        +---- the loop has let go of it <-------------------------------------------+
 *
 * The struct of a handle is never freed while the node runs, only used again: so one may lock it
 * and then look whether it still is what was meant. Its lock may be held by callbacks and by
 * processes between cop__port_enter() and cop__port_leave(), and under it nothing switches or
 * raises. Locks, in order: a handle's, its loop's, the owners'.
 *
 * **Wanting.** `wanted` says what the kind waits for; `polled` what libuv was told. What is no
 * longer wanted is taken back from libuv only when it happens, so that wanting something again and
 * again costs no system call. */
#ifndef COP_IO_HANDLE_H
#define COP_IO_HANDLE_H

#include "io/loop.h"

struct cop__handle;
struct cop__linger;

enum { COP__IO_READ = 1, COP__IO_WRITE = 2 };

struct cop__handle_kind {
    const char *name; /* of cop_ports(): "tcp" */
    /* Some of what was wanted has come, or will never come: a read or write tells. Callback,
     * locked; must not close. Answers false if the handle, which is DRAINING, has nothing left to
     * do. */
    bool (*ready)(struct cop__handle *h, unsigned events);
    /* The owner is gone. False: nothing is left to do (ready() is not called then). Locked. */
    bool (*drain)(struct cop__handle *h);
    /* Of those that drain: how many bytes the peer has not taken yet. It is given up when that has
     * not become less for so many milliseconds. Locked. */
    size_t (*left)(struct cop__handle *h, uint64_t *ret_limit_ms);
    /* Frees data, before the descriptor is closed. Locked. */
    void (*dispose)(struct cop__handle *h);
    /* What cop_ports() shows: adds {key, value} pairs in front of a list. Locked. NULL: nothing. */
    cop_term (*info)(struct cop__handle *h, cop_term list);
};

enum cop__handle_state {
    COP__HANDLE_FREE,
    COP__HANDLE_OPEN,
    COP__HANDLE_DRAINING,
    COP__HANDLE_CLOSING
};

struct cop__handle {
    pthread_mutex_t lock; /* of all below, unless it says otherwise */
    uint64_t id;          /* number of its reference */
    uint64_t owner;       /* pid */
    const struct cop__handle_kind *kind;
    void *data; /* the kind's */
    int fd;     /* closed by the loop's thread */
    uint8_t state;
    uint8_t wanted; /* COP__IO_... */
    uint8_t polled;
    struct cop__list waiters;
    struct cop__loop *loop;      /* stays while it is not free */
    struct cop__request request; /* of an update; see loop.h */
    uv_poll_t poll;              /* the loop's thread alone */
    struct cop__linger *linger;  /* the same; of one that drains */
    struct cop__list owned;      /* under the owners' lock */
    struct cop__handle *next_free;
};

/* --- Making, finding, closing: for processes that have entered -------------------------------- */

/* A new handle of the caller's with a descriptor, which it owns from now on, locked. NULL: it is
 * not made, *ret_error is a negative error number, and the descriptor is the caller's still. */
struct cop__handle *cop__handle_open(const struct cop__handle_kind *kind, int fd, void *data,
                                     int *ret_error);
/* The open handle of this kind (NULL: any) that a reference means, locked, or NULL. */
struct cop__handle *cop__handle_find(const struct cop__handle_kind *kind, cop_ref ref);
static inline void cop__handle_unlock(struct cop__handle *h)
{
    pthread_mutex_unlock(&h->lock);
}
/* Locked: is it still the open one with this id? */
static inline bool cop__handle_is(const struct cop__handle *h, uint64_t id)
{
    return h->id == id && h->state == COP__HANDLE_OPEN;
}
cop_ref cop__handle_ref(const struct cop__handle *h);
/* Whether a term is a reference that a handle has or had. */
bool cop__is_handle(cop_term t);
/* Changes what is waited for. Locked; also in callbacks. */
void cop__handle_want(struct cop__handle *h, unsigned events);
/* Closes, for processes and the end of owners. Locked before, unlocked after. */
void cop__handle_close(struct cop__handle *h);
/* Gives it to another process; false: that is dead, and nothing has changed. Locked. */
bool cop__handle_give(struct cop__handle *h, uint64_t owner);

/* --- Waiting ---------------------------------------------------------------------------------- */

/* A process that waits for something about a handle: on its stack. */
struct cop__waiter {
    struct cop__list link; /* of the handle's waiters, under its lock */
    struct cop__handle *handle;
    uint64_t pid;
    unsigned events;
};

/* Waits until one of these events was announced by cop__handle_announce(). Locked before and after;
 * not in between, so the handle may be another afterwards. False: the time of cop__port_deadline()
 * is over. Switches. */
bool cop__handle_wait(struct cop__handle *h, unsigned events);
/* Wakes those who wait for one of these events: all, or one. Locked. */
void cop__handle_announce(struct cop__handle *h, unsigned events);
bool cop__handle_announce_one(struct cop__handle *h, unsigned events);
bool cop__handle_is_awaited(const struct cop__handle *h, unsigned events);

/* --- For loop.c ------------------------------------------------------------------------------- */

void cop__handles_owner_ended(uint64_t pid);
/* Closes all that is on a loop, whose thread has ended. */
void cop__handles_close(struct cop__loop *l);
void cop__handles_fini(void);

#endif
