/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: one queue for the node under one lock. A timer is a sender of signals: a tick for a wait,
 * a message for cop_send_after. Facts: TMR. */
#include "runtime/timer.h"

#include "runtime/exit.h"
#include "runtime/name.h"
#include "runtime/proc.h"
#include "runtime/signal.h"
#include "runtime/watchdog.h"

/* Under the lock of cop__node.timers. */
struct timer {
    struct cop__heap_node node; /* key: deadline in ns */
    uint64_t ref;               /* number of its reference; of a tick only the process knows it */
    uint64_t to;                /* pid; 0: name */
    uint32_t name;              /* atom */
    struct cop__signal *signal; /* what it sends; NULL: a tick */
};

int64_t cop__now_ns(void)
{
    if (COP_UNLIKELY(cop__node.is_seeded))
        return atomic_load_explicit(&cop__node.virtual_ns, memory_order_relaxed);
    return cop__os_now_ns();
}

int64_t cop_monotonic_ms(void)
{
    return cop__now_ns() / 1000000;
}

/* The lock is held. */
static void publish_next(void)
{
    struct cop__heap_node *first = cop__heap_queue_peek(&cop__node.timers.queue);
    atomic_store_explicit(&cop__node.timers.next_ns, first != NULL ? first->key : INT64_MAX,
                          memory_order_release);
}

static void timer_free(struct timer *timer)
{
    if (timer->signal != NULL) cop__signal_free(timer->signal);
    cop__free(timer, sizeof(*timer));
}

/* Takes a timer off the queue. The lock is held. */
static void timer_remove(struct timer *timer)
{
    cop__heap_queue_remove(&cop__node.timers.queue, &timer->node);
    cop__map64_remove(&cop__node.timers.by_ref, timer->ref, NULL);
    publish_next();
}

/* The same for the one with this number; NULL: it has fired. */
static struct timer *timer_take(uint64_t ref)
{
    struct cop__timers *all = &cop__node.timers;
    struct timer *timer = NULL;
    pthread_mutex_lock(&all->lock);
    uint64_t *found = cop__map64_get(&all->by_ref, ref);
    if (found != NULL) {
        timer = (struct timer *)(uintptr_t)*found;
        timer_remove(timer);
    }
    pthread_mutex_unlock(&all->lock);
    return timer;
}

static void timer_add(struct timer *timer, int64_t deadline_ns)
{
    struct cop__timers *all = &cop__node.timers;
    pthread_mutex_lock(&all->lock);
    bool is_first = deadline_ns < atomic_load_explicit(&all->next_ns, memory_order_relaxed);
    cop__heap_queue_push(&all->queue, &timer->node, deadline_ns);
    cop__map64_put(&all->by_ref, timer->ref, (uintptr_t)timer);
    publish_next();
    pthread_mutex_unlock(&all->lock);
    if (is_first) cop__watchdog_wake_for_timer();
}

/* --- Deadlines -------------------------------------------------------------------------------- */

/* Not by the kernel's coarse clock: where a virtual processor stands still, that stays behind by
 * more than its tick, and a time would be over early. */
int64_t cop__deadline_in(int64_t ms)
{
    if (COP_UNLIKELY(ms > COP_TIMER_MAX_MS)) ms = COP_TIMER_MAX_MS;
    return cop__now_ns() + ms * 1000000;
}

void cop__deadline_arm(struct cop__proc *p)
{
    if (p->deadline_ns < 0 || (p->armed_ns >= 0 && p->armed_ns <= p->deadline_ns)) return;
    struct timer *timer = p->armed_ns >= 0 ? timer_take(p->armed_ref) : NULL;
    if (timer == NULL) {
        timer = cop__alloc_zeroed(sizeof(*timer));
        timer->to = cop__proc_id(p);
        timer->ref = p->armed_ref = cop__ref_number(cop__thread());
    }
    p->armed_ns = p->deadline_ns;
    timer_add(timer, p->deadline_ns);
}

void cop__deadline_disarm(struct cop__proc *p)
{
    struct timer *timer = p->armed_ns >= 0 ? timer_take(p->armed_ref) : NULL;
    if (timer != NULL) timer_free(timer);
    p->armed_ns = -1;
}

/* --- Firing ----------------------------------------------------------------------------------- */

static void fire(struct timer *timer)
{
    uint64_t to = timer->to != 0 ? timer->to : cop__name_lookup(timer->name); /* TMR-03 */
    if (timer->signal == NULL) {
        cop__signal_send_from(cop__thread(), 0, COP__SIG_TICK, to, 0, cop_nil());
    } else {
        timer->signal->to = to;
        if (cop__signal_push(cop__thread(), timer->signal)) timer->signal = NULL;
    }
    timer_free(timer);
}

int64_t cop__timers_fire(void)
{
    struct cop__timers *all = &cop__node.timers;
    int64_t next = atomic_load_explicit(&all->next_ns, memory_order_acquire);
    int64_t now = cop__now_ns();
    while (next <= now) {
        pthread_mutex_lock(&all->lock);
        struct cop__heap_node *first = cop__heap_queue_peek(&all->queue);
        struct timer *timer = NULL;
        if (first != NULL && first->key <= now) {
            timer = COP_HEAP_ENTRY(first, struct timer, node);
            timer_remove(timer);
        }
        next = atomic_load_explicit(&all->next_ns, memory_order_relaxed);
        pthread_mutex_unlock(&all->lock);
        if (timer != NULL) fire(timer);
    }
    return next;
}

/* --- Timers of programs ----------------------------------------------------------------------- */

static cop_ref start(int64_t ms, cop_term to, cop_term msg, bool is_plain)
{
    struct cop__proc *self = cop__current();
    bool is_pid = cop_is_pid(to);
    if (ms < 0 || ms > COP_TIMER_MAX_MS || (!is_pid && !cop_is_atom(to)) ||
        (is_pid && cop_to_pid(to).node != 0))
        cop__raise_atom(COP_ATOM_badarg);
    struct cop__thread *t = self != NULL ? cop__enter() : NULL;
    uint64_t number = cop__ref_number(t);
    uint64_t creator = self != NULL ? cop__proc_id(self) : 0;
    cop_ref ref = cop__local_ref(creator, number);
    if (!is_plain) msg = cop_tuple(cop__atom(COP_ATOM_timeout), ref, msg);
    struct timer *timer = cop__alloc_zeroed(sizeof(*timer));
    timer->ref = number;
    timer->to = is_pid ? cop_to_pid(to).id : 0;
    timer->name = is_pid ? 0 : cop__atom_index(to);
    timer->signal = cop__signal_new(COP__SIG_MESSAGE, timer->to, 0, msg);
    struct cop__proc *target = cop__proc_lookup(timer->to);
    if (target != NULL)
        atomic_fetch_or_explicit(&target->flags, COP__PROC_HAS_TIMERS, memory_order_relaxed);
    timer_add(timer, cop__now_ns() + ms * 1000000);
    if (self != NULL) cop__leave(t);
    return ref;
}

cop_ref cop_send_after(int64_t ms, cop_term to, cop_term msg)
{
    return start(ms, to, msg, true);
}

cop_ref cop_start_timer(int64_t ms, cop_term to, cop_term msg)
{
    return start(ms, to, msg, false);
}

static int64_t ms_left(const struct timer *timer)
{
    int64_t left = timer->node.key - cop__now_ns();
    return left <= 0 ? 0 : (left + 999999) / 1000000;
}

static bool is_target_alive(const struct timer *timer)
{
    return timer->to == 0 || cop__proc_lookup(timer->to) != NULL;
}

static int64_t look_up(cop_ref ref, bool cancel)
{
    struct cop__timers *all = &cop__node.timers;
    struct timer *done = NULL;
    int64_t left = -1;
    pthread_mutex_lock(&all->lock);
    uint64_t *found = cop__map64_get(&all->by_ref, ref.id[1]);
    if (found != NULL) {
        struct timer *timer = (struct timer *)(uintptr_t)*found;
        if (is_target_alive(timer)) left = ms_left(timer);
        if (cancel) {
            timer_remove(timer);
            done = timer;
        }
    }
    pthread_mutex_unlock(&all->lock);
    if (done != NULL) timer_free(done);
    return left;
}

int64_t cop_cancel_timer(cop_ref timer)
{
    return look_up(timer, true);
}

int64_t cop_read_timer(cop_ref timer)
{
    return look_up(timer, false);
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* Takes one timer that aims at id off the queue (0: any), or returns NULL. The lock is held. */
static struct timer *take_one_for(uint64_t id)
{
    struct cop__timers *all = &cop__node.timers;
    for (size_t i = 0; i < cop__heap_queue_len(&all->queue); i++) {
        struct timer *timer = COP_HEAP_ENTRY(all->queue.slots[i].node, struct timer, node);
        if (timer->to == id) {
            timer_remove(timer);
            return timer;
        }
    }
    return NULL;
}

void cop__timers_cancel_for(uint64_t id)
{
    struct timer *timer;
    do {
        pthread_mutex_lock(&cop__node.timers.lock);
        timer = take_one_for(id);
        pthread_mutex_unlock(&cop__node.timers.lock);
        if (timer != NULL) timer_free(timer);
    } while (timer != NULL);
}

size_t cop__timers_count(void)
{
    pthread_mutex_lock(&cop__node.timers.lock);
    size_t count = cop__heap_queue_len(&cop__node.timers.queue);
    pthread_mutex_unlock(&cop__node.timers.lock);
    return count;
}

void cop__timers_init(void)
{
    struct cop__timers *all = &cop__node.timers;
    pthread_mutex_init(&all->lock, NULL);
    atomic_store_explicit(&all->next_ns, INT64_MAX, memory_order_relaxed);
}

void cop__timers_fini(void)
{
    struct cop__timers *all = &cop__node.timers;
    struct cop__heap_node *node;
    while ((node = cop__heap_queue_pop(&all->queue)) != NULL)
        timer_free(COP_HEAP_ENTRY(node, struct timer, node));
    cop__heap_queue_fini(&all->queue);
    cop__map64_fini(&all->by_ref);
    pthread_mutex_destroy(&all->lock);
}
