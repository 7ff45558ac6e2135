/* SPDX-License-Identifier: Apache-2.0 */
/* Loops: opening, polling, waking, requests from other threads, closing. */
#include "io/loop.h"

#include "base/alloc.h"
#include "base/check.h"
#include "io/handle.h"
#include "io/os_keeper.h"

static void on_async(uv_async_t *async);

/* --- What the runtime calls ------------------------------------------------------------------- */

static void *loop_open(void)
{
    struct cop__loop *l = cop__alloc_zeroed(sizeof(*l));
    if (uv_loop_init(&l->uv) != 0) {
        cop__free(l, sizeof(*l));
        return NULL;
    }
    if (uv_async_init(&l->uv, &l->async, on_async) != 0) {
        uv_loop_close(&l->uv);
        cop__free(l, sizeof(*l));
        return NULL;
    }
    l->async.data = l;
    pthread_mutex_init(&l->lock, NULL);
    cop__list_init(&l->requests);
    l->scratch = cop__alloc(COP__SCRATCH);
    return l;
}

static void loop_poll(void *loop, bool waits)
{
    struct cop__loop *l = loop;
    cop__heap_set_current(&l->heap);
    l->is_waiting = waits;
    uv_run(&l->uv, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    l->is_waiting = false;
    cop__heap_set_current(NULL);
}

static void loop_wake(void *loop)
{
    struct cop__loop *l = loop;
    uv_async_send(&l->async);
}

static void requests_run(struct cop__loop *l);

/* The threads have ended: what is left on the loop is the caller's. */
static void loop_close(void *loop)
{
    struct cop__loop *l = loop;
    cop__heap_set_current(&l->heap);
    requests_run(l);
    cop__handles_close(l);
    uv_close((uv_handle_t *)&l->async, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    COP_CHECK(uv_loop_close(&l->uv) == 0, "something of a loop was not closed");
    cop__heap_set_current(NULL);
    cop__heap_fini(&l->heap);
    pthread_mutex_destroy(&l->lock);
    cop__free(l->scratch, COP__SCRATCH);
    cop__free(l, sizeof(*l));
}

/* The last of all: what was closed before may be what others wait for. */
static void loops_fini(void)
{
    cop__handles_fini();
    cop__os_keeper_fini();
}

static const struct cop__port_driver driver = {
    .open = loop_open,
    .poll = loop_poll,
    .wake = loop_wake,
    .owner_ended = cop__handles_owner_ended,
    .close = loop_close,
    .fini = loops_fini,
};

struct cop__loop *cop__loop_here(void)
{
    return cop__port_loop(&driver);
}

/* --- Requests --------------------------------------------------------------------------------- */

void cop__loop_ask(struct cop__loop *l, struct cop__request *r)
{
    if (cop__port_is_here(l)) {
        r->fn(r);
        return;
    }
    pthread_mutex_lock(&l->lock);
    bool is_new = !cop__list_is_linked(&r->link);
    if (is_new) cop__list_push_back(&l->requests, &r->link);
    pthread_mutex_unlock(&l->lock);
    if (is_new) uv_async_send(&l->async);
}

void cop__loop_forget(struct cop__loop *l, struct cop__request *r)
{
    pthread_mutex_lock(&l->lock);
    if (cop__list_is_linked(&r->link)) cop__list_remove(&r->link);
    pthread_mutex_unlock(&l->lock);
}

static void requests_run(struct cop__loop *l)
{
    for (;;) {
        pthread_mutex_lock(&l->lock);
        struct cop__list *node = cop__list_pop_front(&l->requests);
        pthread_mutex_unlock(&l->lock);
        if (node == NULL) return;
        struct cop__request *r = COP_LIST_ENTRY(node, struct cop__request, link);
        r->fn(r);
    }
}

static void on_async(uv_async_t *async)
{
    struct cop__loop *l = async->data;
    cop__loop_called(l);
    requests_run(l);
}

void cop__loop_called(struct cop__loop *l)
{
    if (l->is_waiting) {
        l->is_waiting = false;
        cop__port_awake();
    }
    cop__heap_reset(&l->heap);
    cop__heap_lend(&l->heap, l->nursery, sizeof(l->nursery) / sizeof(l->nursery[0]));
}
