/* SPDX-License-Identifier: Apache-2.0 */
/* The table of handles, their owners, and the way between a handle and libuv. */
#include "coppice/port.h"

#include "io/handle.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/cleanup.h"
#include "base/map64.h"
#include "base/numbered.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

/* The number of a handle's reference: a mark (bit 62), a generation, the slot. */
#define MARK       (UINT64_C(1) << 62)
#define SLOT_BITS  20
#define SLOT(id)   ((uint32_t)(id) & ((1U << SLOT_BITS) - 1))
#define GENERATION (UINT64_C(1) << SLOT_BITS)

static struct {
    pthread_mutex_t lock;       /* of free handles and `used` */
    struct cop__numbered slots; /* addresses; stay until the node stops */
    uint32_t used;              /* slots 0 to used - 1 have a handle */
    struct cop__handle *free;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct {
    pthread_mutex_t lock;
    struct cop__map64 lists; /* pid -> struct cop__list * of the handles that it owns */
} owners = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- Owners ----------------------------------------------------------------------------------- */

static void owned_add(struct cop__handle *h)
{
    pthread_mutex_lock(&owners.lock);
    uint64_t *at = cop__map64_get(&owners.lists, h->owner);
    struct cop__list *list = at != NULL ? (struct cop__list *)(uintptr_t)*at : NULL;
    if (list == NULL) {
        list = cop__alloc(sizeof(*list));
        cop__list_init(list);
        cop__map64_put(&owners.lists, h->owner, (uintptr_t)list);
    }
    cop__list_push_back(list, &h->owned);
    pthread_mutex_unlock(&owners.lock);
}

static void owned_remove(struct cop__handle *h)
{
    pthread_mutex_lock(&owners.lock);
    struct cop__list *list =
        (struct cop__list *)(uintptr_t)*cop__map64_get(&owners.lists, h->owner);
    cop__list_remove(&h->owned);
    if (cop__list_is_empty(list)) {
        cop__map64_remove(&owners.lists, h->owner, NULL);
        cop__free(list, sizeof(*list));
    }
    pthread_mutex_unlock(&owners.lock);
}

static struct cop__handle *owned_first(uint64_t pid)
{
    struct cop__handle *h = NULL;
    pthread_mutex_lock(&owners.lock);
    uint64_t *at = cop__map64_get(&owners.lists, pid);
    if (at != NULL) {
        struct cop__list *list = (struct cop__list *)(uintptr_t)*at;
        h = COP_LIST_ENTRY(cop__list_first(list), struct cop__handle, owned);
    }
    pthread_mutex_unlock(&owners.lock);
    return h;
}

bool cop__handle_give(struct cop__handle *h, uint64_t owner)
{
    uint64_t old = h->owner;
    if (owner == old) return true;
    owned_remove(h);
    h->owner = owner;
    owned_add(h);
    /* After it is on the list: from here on its end finds it there. */
    if (cop__port_adopt(owner)) return true;
    owned_remove(h);
    h->owner = old;
    owned_add(h);
    return false;
}

void cop__handles_owner_ended(uint64_t pid)
{
    struct cop__handle *h;
    while ((h = owned_first(pid)) != NULL) {
        pthread_mutex_lock(&h->lock);
        if (h->owner == pid && h->state == COP__HANDLE_OPEN)
            cop__handle_close(h);
        else
            pthread_mutex_unlock(&h->lock);
    }
}

/* --- The table -------------------------------------------------------------------------------- */

static struct cop__handle *handle_of_slot(uint32_t slot)
{
    return (struct cop__handle *)(uintptr_t)cop__numbered_get(&table.slots, slot);
}

static void update(struct cop__request *r);

static struct cop__handle *handle_alloc(void)
{
    pthread_mutex_lock(&table.lock);
    struct cop__handle *h = table.free;
    if (h != NULL) {
        table.free = h->next_free;
    } else if (table.used < COP__NUMBERED_MAX) {
        h = cop__alloc_zeroed(sizeof(*h));
        pthread_mutex_init(&h->lock, NULL);
        cop__list_init(&h->waiters);
        h->request.fn = update;
        h->id = MARK | table.used;
        atomic_store_explicit(cop__numbered_make(&table.slots, table.used++), (uintptr_t)h,
                              memory_order_release);
    }
    pthread_mutex_unlock(&table.lock);
    return h;
}

/* Nobody means it any more, and libuv has let go of it. Locked before, unlocked after. */
static void handle_free(struct cop__handle *h)
{
    h->state = COP__HANDLE_FREE;
    h->id += GENERATION;
    pthread_mutex_unlock(&h->lock);
    pthread_mutex_lock(&table.lock);
    h->next_free = table.free;
    table.free = h;
    pthread_mutex_unlock(&table.lock);
}

struct cop__handle *cop__handle_open(const struct cop__handle_kind *kind, int fd, void *data,
                                     int *ret_error)
{
    struct cop__loop *loop = cop__loop_here();
    /* What a condemned process opens while it unwinds nobody would close. */
    if (!cop__port_adopt(cop__port_self())) {
        *ret_error = -ECANCELED;
        return NULL;
    }
    struct cop__handle *h = loop != NULL ? handle_alloc() : NULL;
    if (h == NULL) {
        *ret_error = loop == NULL ? -ENOTSUP : -ENFILE;
        return NULL;
    }
    pthread_mutex_lock(&h->lock);
    h->loop = loop;
    int rc = uv_poll_init(&loop->uv, &h->poll, fd);
    if (rc != 0) {
        *ret_error = rc;
        handle_free(h);
        return NULL;
    }
    h->poll.data = h;
    h->kind = kind;
    h->data = data;
    h->fd = fd;
    h->wanted = 0;
    h->polled = 0;
    h->state = COP__HANDLE_OPEN;
    h->owner = cop__port_self();
    owned_add(h);
    return h;
}

cop_ref cop__handle_ref(const struct cop__handle *h)
{
    cop_ref ref = {.id = {0, h->id, 0}, .node = 0, .creation = 0};
    return ref;
}

static bool is_ours(cop_ref ref)
{
    return ref.node == 0 && ref.id[0] == 0 && (ref.id[1] >> 62) == 1;
}

bool cop__is_handle(cop_term t)
{
    return cop_is_reference(t) && is_ours(cop_to_ref(t));
}

struct cop__handle *cop__handle_find(const struct cop__handle_kind *kind, cop_ref ref)
{
    struct cop__handle *h = is_ours(ref) ? handle_of_slot(SLOT(ref.id[1])) : NULL;
    if (h == NULL) return NULL;
    pthread_mutex_lock(&h->lock);
    if (cop__handle_is(h, ref.id[1]) && (kind == NULL || h->kind == kind)) return h;
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* --- With libuv: the loop's thread ------------------------------------------------------------ */

static void on_ready(uv_poll_t *poll, int status, int events);

/* Tells libuv what is wanted. Locked. */
static void poll_for(struct cop__handle *h, unsigned events)
{
    h->polled = (uint8_t)events;
    if (events == 0) {
        uv_poll_stop(&h->poll);
        return;
    }
    int uv_events = ((events & COP__IO_READ) != 0 ? UV_READABLE : 0) |
                    ((events & COP__IO_WRITE) != 0 ? UV_WRITABLE : 0);
    int rc = uv_poll_start(&h->poll, uv_events, on_ready);
    COP_CHECK(rc == 0, "uv_poll_start: %s", uv_strerror(rc));
}

static void on_closed(uv_handle_t *poll)
{
    struct cop__handle *h = poll->data;
    cop__loop_called(h->loop);
    pthread_mutex_lock(&h->lock);
    cop__loop_forget(h->loop, &h->request);
    handle_free(h);
}

/* --- Lingering: the loop's thread ------------------------------------------------------------- */

/* So often in its time a peer is looked at. */
#define LINGER_LOOKS 4

/* A handle that drains, and what its peer has taken of it. */
struct cop__linger {
    uv_timer_t timer;
    struct cop__handle *handle;
    size_t left;
    int looks_in_vain;
};

static void on_linger_closed(uv_handle_t *timer)
{
    cop__free(timer->data, sizeof(struct cop__linger));
}

/* The end of a handle that nobody waits for any more. Locked. */
static void let_go(struct cop__handle *h)
{
    if (h->linger != NULL) uv_close((uv_handle_t *)&h->linger->timer, on_linger_closed);
    h->linger = NULL;
    h->kind->dispose(h);
    h->data = NULL;
    uv_close((uv_handle_t *)&h->poll, on_closed);
    close(h->fd);
    h->fd = -1;
}

static void on_linger(uv_timer_t *timer)
{
    struct cop__linger *g = timer->data;
    struct cop__handle *h = g->handle;
    uint64_t limit_ms;
    cop__loop_called(h->loop);
    pthread_mutex_lock(&h->lock);
    size_t left = h->kind->left(h, &limit_ms);
    g->looks_in_vain = left < g->left ? 0 : g->looks_in_vain + 1;
    g->left = left;
    if (g->looks_in_vain == LINGER_LOOKS) {
        h->state = COP__HANDLE_CLOSING;
        let_go(h);
    }
    pthread_mutex_unlock(&h->lock);
}

/* Locked. */
static void linger(struct cop__handle *h)
{
    struct cop__linger *g = cop__alloc_zeroed(sizeof(*g));
    uint64_t limit_ms;
    h->linger = g;
    g->handle = h;
    g->left = h->kind->left(h, &limit_ms);
    uv_timer_init(&h->loop->uv, &g->timer);
    g->timer.data = g;
    uv_update_time(&h->loop->uv);
    uint64_t look_ms = limit_ms / LINGER_LOOKS + 1;
    uv_timer_start(&g->timer, on_linger, look_ms, look_ms);
}

/* --- Changes: the loop's thread --------------------------------------------------------------- */

/* Brings libuv up to date. */
static void update(struct cop__request *r)
{
    struct cop__handle *h = COP_LIST_ENTRY(r, struct cop__handle, request);
    pthread_mutex_lock(&h->lock);
    if (h->state == COP__HANDLE_CLOSING) {
        if (h->fd >= 0) let_go(h);
    } else if (h->state != COP__HANDLE_FREE) {
        if (h->state == COP__HANDLE_DRAINING && h->linger == NULL) linger(h);
        if ((h->wanted & ~h->polled) != 0) poll_for(h, h->wanted);
    }
    pthread_mutex_unlock(&h->lock);
}

static void on_ready(uv_poll_t *poll, int status, int uv_events)
{
    struct cop__handle *h = poll->data;
    cop__loop_called(h->loop);
    pthread_mutex_lock(&h->lock);
    unsigned events = ((uv_events & UV_READABLE) != 0 ? COP__IO_READ : 0U) |
                      ((uv_events & UV_WRITABLE) != 0 ? COP__IO_WRITE : 0U);
    if (status !=
        0) { /* an error is pending, and libuv polls no more: who reads or writes sees it */
        events = h->wanted;
        h->polled = 0;
    }
    unsigned unwanted = events & ~(unsigned)h->wanted;
    bool goes_on = true;
    if ((events & h->wanted) != 0 && h->state != COP__HANDLE_CLOSING)
        goes_on = h->kind->ready(h, events & h->wanted);
    if (!goes_on && h->state == COP__HANDLE_DRAINING) h->state = COP__HANDLE_CLOSING;
    if (h->state == COP__HANDLE_CLOSING) {
        if (h->fd >= 0) let_go(h);
    } else if (unwanted != 0 || (h->wanted & ~h->polled) != 0) {
        poll_for(h, h->wanted);
    }
    pthread_mutex_unlock(&h->lock);
}

void cop__handle_want(struct cop__handle *h, unsigned events)
{
    h->wanted = (uint8_t)events;
    if ((events & ~h->polled) == 0) return;
    if (cop__port_is_here(h->loop))
        poll_for(h, events);
    else
        cop__loop_ask(h->loop, &h->request);
}

void cop__handle_close(struct cop__handle *h)
{
    COP_ASSERT(h->state == COP__HANDLE_OPEN);
    owned_remove(h);
    cop__handle_announce(h, ~0U);
    h->state = h->kind->drain(h) ? COP__HANDLE_DRAINING : COP__HANDLE_CLOSING;
    bool is_here = cop__port_is_here(h->loop);
    /* Asked while it is locked: afterwards it may be another's already. */
    if (!is_here) cop__loop_ask(h->loop, &h->request);
    pthread_mutex_unlock(&h->lock);
    if (is_here) update(&h->request);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

static void waiter_end(struct cop__waiter *w)
{
    pthread_mutex_lock(&w->handle->lock);
    if (cop__list_is_linked(&w->link)) cop__list_remove(&w->link);
    pthread_mutex_unlock(&w->handle->lock);
}

static bool wait_unlocked(struct cop__handle *h, unsigned events)
{
    COP_CLEANUP(waiter_end)
    struct cop__waiter w = {.handle = h, .pid = cop__port_self(), .events = events};
    cop__list_push_back(&h->waiters, &w.link);
    pthread_mutex_unlock(&h->lock);
    return cop__port_wait();
}

bool cop__handle_wait(struct cop__handle *h, unsigned events)
{
    bool is_in_time = wait_unlocked(h, events);
    pthread_mutex_lock(&h->lock);
    return is_in_time;
}

static bool announce(struct cop__handle *h, unsigned events, bool one)
{
    struct cop__waiter *w;
    COP_LIST_FOR_SAFE(w, &h->waiters, link)
    {
        if ((w->events & events) == 0) continue;
        cop__list_remove(&w->link);
        cop__port_wake(w->pid);
        if (one) return true;
    }
    return false;
}

void cop__handle_announce(struct cop__handle *h, unsigned events)
{
    if (!cop__list_is_empty(&h->waiters)) announce(h, events, false);
}

bool cop__handle_announce_one(struct cop__handle *h, unsigned events)
{
    return announce(h, events, true);
}

bool cop__handle_is_awaited(const struct cop__handle *h, unsigned events)
{
    const struct cop__waiter *w;
    COP_LIST_FOR (w, &h->waiters, link)
        if ((w->events & events) != 0) return true;
    return false;
}

/* --- For tools -------------------------------------------------------------------------------- */

static cop_term info(struct cop__handle *h)
{
    cop_pid owner = {.id = h->owner, .node = 0, .creation = 0};
    bool is_open = h->state == COP__HANDLE_OPEN;
    cop_term list = cop_empty_list();
    if (h->kind->info != NULL) list = h->kind->info(h, list);
    list = cop_cons(cop_tuple(COP(":fd"), h->fd), list);
    list = cop_cons(cop_tuple(COP(":owner"), is_open ? cop_pid_term(owner) : cop_nil()), list);
    list = cop_cons(cop_tuple(COP(":state"), is_open ? COP(":open") : COP(":draining")), list);
    list = cop_cons(cop_tuple(COP(":kind"), cop_atom(h->kind->name)), list);
    list = cop_cons(cop_tuple(COP(":port"), cop__handle_ref(h)), list);
    return cop_map_from_list(list);
}

cop_term cop_ports(void)
{
    cop_term list = cop_empty_list();
    cop__port_enter();
    pthread_mutex_lock(&table.lock);
    uint32_t used = table.used;
    pthread_mutex_unlock(&table.lock);
    for (uint32_t i = used; i > 0; i--) {
        struct cop__handle *h = handle_of_slot(i - 1);
        pthread_mutex_lock(&h->lock);
        if (h->state == COP__HANDLE_OPEN || h->state == COP__HANDLE_DRAINING)
            list = cop_cons(info(h), list);
        pthread_mutex_unlock(&h->lock);
    }
    cop__port_leave();
    return list;
}

/* --- The node's end --------------------------------------------------------------------------- */

void cop__handles_close(struct cop__loop *l)
{
    for (uint32_t i = 0; i < table.used; i++) {
        struct cop__handle *h = handle_of_slot(i);
        pthread_mutex_lock(&h->lock);
        if (h->loop == l && h->state != COP__HANDLE_FREE && h->fd >= 0) {
            h->state = COP__HANDLE_CLOSING;
            let_go(h);
        }
        pthread_mutex_unlock(&h->lock);
    }
}

void cop__handles_fini(void)
{
    for (uint32_t i = 0; i < table.used; i++) {
        struct cop__handle *h = handle_of_slot(i);
        COP_CHECK(h->state == COP__HANDLE_FREE, "a handle has outlived its node");
        pthread_mutex_destroy(&h->lock);
        cop__free(h, sizeof(*h));
    }
    cop__numbered_fini(&table.slots);
    table.used = 0;
    table.free = NULL;
}
