/* SPDX-License-Identifier: Apache-2.0 */
/* A seat's libuv loop. Everything of libuv belongs to the thread on that seat; other threads ask it
 * by a request.
 *
 * Callbacks run on the native stack of the seat's thread and run no code of processes: they push
 * signals (cop__port_send, cop__port_wake). Each begins with cop__loop_called() and may build
 * terms, in a region that goes when the next callback begins. */
#ifndef COP_IO_LOOP_H
#define COP_IO_LOOP_H

#include "base/list.h"
#include "runtime/port.h"
#include "term/heap.h"

#include <pthread.h>
#include <uv.h>

struct cop__loop {
    uv_loop_t uv;
    uv_async_t async; /* wakes a poll that waits, and says that there are requests */
    pthread_mutex_t lock;
    struct cop__list requests; /* under the lock, oldest first */
    bool is_waiting;           /* nothing has been called back since the poll began */
    struct cop__heap heap;     /* of the callbacks */
    uint64_t nursery[64];      /* lent to it */
    /* What is read goes here first, so that only what is there takes memory of its own. */
    char *scratch;
};
#define COP__SCRATCH 65536

/* What another thread wants done with a loop: part of what it is about. All zero: not asked. */
struct cop__request {
    struct cop__list link;
    void (*fn)(struct cop__request *r);
};

/* The loop of the caller's seat, NULL in a seeded run or without descriptors. For a process that
 * has entered. */
struct cop__loop *cop__loop_here(void);
/* Calls r->fn on the loop's thread: now, if that is the calling one, else soon. Asked again before
 * that it is called once. Any thread that has entered. */
void cop__loop_ask(struct cop__loop *l, struct cop__request *r);
/* Takes back what was asked and is not done yet. The loop's thread. */
void cop__loop_forget(struct cop__loop *l, struct cop__request *r);
/* The first word of each callback. */
void cop__loop_called(struct cop__loop *l);

#endif
