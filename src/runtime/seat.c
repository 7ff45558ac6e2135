/* SPDX-License-Identifier: Apache-2.0 */
/* Seats, their run queues, sleeping and waking, and the spare threads that take a seat over when
 * the thread on it does not come back from process code in time.
 *
 * **A message's way is free of locks.** A woken process goes to the seat's lifo slot, which only
 * the thread on the seat touches (thieves come through the gate). Only what it displaces goes to
 * the run queue, where other seats may find it, and only then somebody is woken: never more than
 * one seat searches at a time without having found something.
 *
 * **What is worth stealing.** Moving a process to another core costs some cache misses, and then
 * again for each message between it and those it left. So a thief measures how fast the victim gets
 * through its queue (its count of slices over some microseconds) and takes only what would wait
 * longer than DRAIN_NS. A seat that found queues, but none worth it, goes to sleep and makes the
 * node *not eager*: pushes to run queues wake nobody until the watchdog's next tick. So 64 clients
 * of one server stay on one core, where they are fastest, and 64 pairs, or one long slice with work
 * behind it, spread.
 *
 * **Sleep against push** (model: docs/models/sleep.pml). Sleeper: counts itself (seq_cst), then
 * looks at all queue lengths (seq_cst), then sleeps. Pusher: publishes the length (seq_cst), then
 * looks at the count (seq_cst). One of them sees the other. */
#include "runtime/seat.h"

#include "runtime/exit.h"
#include "runtime/port.h"
#include "runtime/runq.h"
#include "runtime/sim.h"
#include "runtime/timer.h"
#include "runtime/watchdog.h"

/* Every so many picks from the run queue the global queue goes first, so that it cannot starve. */
#define GLOBAL_EVERY 16
/* A process of low priority runs at every so many of its turns, while others are runnable. */
#define LOW_EVERY    8
/* How long a seat without work looks around before it sleeps. */
#define SPIN_NS      20000
/* A queue that its own seat will have emptied within this time is not worth a theft. */
#define DRAIN_NS     20000
/* Picks in a row that did not find the queues empty, after which the loop is asked all the same. */
#define POLL_EVERY   64
/* Seats whose speed a thief remembers. */
#define LOOKS        64

/* --- Waking ------------------------------------------------------------------------------------*/

void cop__thread_wake(struct cop__thread *t)
{
    /* The sleeper tells where it sleeps, then looks at the token; we do the reverse. */
    if (!cop__os_token_set(&t->parker)) return;
    void *loop = atomic_load_explicit(&t->polling, memory_order_seq_cst);
    if (loop != NULL)
        cop__loop_wake(loop);
    else
        cop__os_token_wake(&t->parker);
}

void cop__wake_one(void)
{
    struct cop__node *n = &cop__node;
    if (n->is_seeded) {
        struct cop__thread *t = atomic_load_explicit(&n->seats[0].thread, memory_order_acquire);
        if (t != cop__thread()) cop__os_unpark(&t->parker);
        return;
    }
    if (atomic_load_explicit(&n->sleeper_count, memory_order_seq_cst) == 0 ||
        atomic_load_explicit(&n->searching, memory_order_seq_cst) > 0)
        return;
    pthread_mutex_lock(&n->idle_lock);
    struct cop__thread *t = NULL;
    if (!cop__list_is_empty(&n->sleepers)) {
        t = COP_LIST_ENTRY(cop__list_first(&n->sleepers), struct cop__thread, sleeper);
        cop__list_remove(&t->sleeper);
        t->is_sleeper = false;
        atomic_fetch_sub_explicit(&n->sleeper_count, 1, memory_order_seq_cst);
        /* On its behalf, so that two pushes in a row do not wake two. */
        atomic_fetch_add_explicit(&n->searching, 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&n->idle_lock);
    if (t != NULL) cop__thread_wake(t);
}

static void push_global(struct cop__proc *p)
{
    struct cop__node *n = &cop__node;
    pthread_mutex_lock(&n->global_lock);
    cop__runq_push(&n->global, p);
    pthread_mutex_unlock(&n->global_lock);
    cop__wake_one();
}

static enum cop_priority priority_of(const struct cop__proc *p)
{
    return (enum cop_priority)atomic_load_explicit(&p->priority, memory_order_relaxed);
}

static void push_local(struct cop__seat *s, struct cop__proc *p)
{
    if (COP_UNLIKELY(priority_of(p) >= COP_PRIORITY_HIGH))
        cop__runq_push_first(&s->runq, p);
    else
        cop__runq_push(&s->runq, p);
    if (atomic_load_explicit(&cop__node.is_eager, memory_order_relaxed)) cop__wake_one();
}

void cop__make_runnable_slow(struct cop__thread *t, struct cop__proc *p)
{
    if (t == NULL || t->seat == NULL) {
        push_global(p);
        return;
    }
    struct cop__seat *s = t->seat;
    if (cop__node.is_seeded) {
        cop__runq_push(&s->runq, p);
        return;
    }
    if (COP_UNLIKELY(priority_of(p) != COP_PRIORITY_NORMAL)) {
        push_local(s, p);
        return;
    }
    struct cop__proc *displaced = s->lifo;
    s->lifo = p;
    if (displaced != NULL) push_local(s, displaced);
}

void cop__make_runnable_last(struct cop__thread *t, struct cop__proc *p)
{
    atomic_store_explicit(&p->status, COP__STATUS_RUNNABLE, memory_order_relaxed);
    if (t->seat == NULL)
        push_global(p);
    else
        push_local(t->seat, p);
}

/* --- Picking -----------------------------------------------------------------------------------*/

static struct cop__proc *pop_global(struct cop__seat *s)
{
    struct cop__node *n = &cop__node;
    if (cop__runq_len(&n->global) == 0) return NULL;
    pthread_mutex_lock(&n->global_lock);
    struct cop__proc *p = cop__runq_pop(&n->global);
    /* A share for this seat at once, so that the lock is rarely taken. */
    uint32_t share = cop__runq_len(&n->global) / (uint32_t)n->seat_count;
    for (uint32_t i = 0; i < share && i < 64; i++)
        cop__runq_push(&s->runq, cop__runq_pop(&n->global));
    pthread_mutex_unlock(&n->global_lock);
    return p;
}

static struct cop__proc *pick_seeded(struct cop__seat *s)
{
    struct cop__proc *p;
    if (cop__sim_is_frozen()) return NULL;
    pthread_mutex_lock(&cop__node.global_lock);
    while ((p = cop__runq_pop(&cop__node.global)) != NULL)
        cop__runq_push(&s->runq, p);
    pthread_mutex_unlock(&cop__node.global_lock);
    uint32_t len = cop__runq_len(&s->runq);
    return len == 0 ? NULL : cop__runq_pop_at(&s->runq, cop__sim_choose(len));
}

/* A process of low priority lets the others go first most times. */
static struct cop__proc *pop_by_priority(struct cop__seat *s)
{
    struct cop__proc *p = cop__runq_pop(&s->runq);
    if (COP_LIKELY(p == NULL || priority_of(p) != COP_PRIORITY_LOW)) return p;
    if (cop__runq_len(&s->runq) == 0 || ++s->low_turn % LOW_EVERY == 0) return p;
    cop__runq_push(&s->runq, p);
    return cop__runq_pop(&s->runq);
}

/* The lifo slot has had its share: the global queue, the run queue, and the lifo slot again. */
static struct cop__proc *pick_fairly(struct cop__seat *s)
{
    s->lifo_run = 0;
    if (cop__node.is_seeded) return pick_seeded(s);
    struct cop__proc *p = NULL;
    if (++s->global_turn % GLOBAL_EVERY == 0) p = pop_global(s);
    if (p == NULL) p = pop_by_priority(s);
    if (p == NULL && s->lifo != NULL) {
        p = s->lifo;
        s->lifo = NULL;
    }
    return p;
}

/* Whether the loop must be asked although there is something to run. */
static bool is_poll_due(struct cop__seat *s)
{
    return ++s->poll_turn >= POLL_EVERY ||
           atomic_load_explicit(&s->is_poll_due, memory_order_relaxed);
}

struct cop__proc *cop__seat_pick(struct cop__thread *t)
{
    struct cop__seat *s = t->seat;
    struct cop__proc *p = s->lifo;
    if (COP_LIKELY(p != NULL && s->lifo_run < COP__LIFO_RUN_MAX)) {
        s->lifo = NULL;
        s->lifo_run++;
        return p;
    }
    if (s->loop != NULL && is_poll_due(s)) return NULL;
    return pick_fairly(s);
}

/* --- Stealing ----------------------------------------------------------------------------------*/

/* What a thief saw when it began to look. */
struct looks {
    int64_t ns;
    uint32_t slices[LOOKS];
};

static void look_around(struct looks *looks)
{
    looks->ns = cop__os_now_ns();
    for (int i = 0; i < cop__node.seat_count && i < LOOKS; i++)
        looks->slices[i] = atomic_load_explicit(&cop__node.seats[i].slices, memory_order_relaxed);
}

static bool is_worth_it(const struct cop__seat *v, const struct looks *looks, int64_t now)
{
    if (atomic_load_explicit(&v->lifo_open, memory_order_relaxed)) return true;
    uint32_t len = cop__runq_len(&v->runq);
    int64_t spent = now - looks->ns;
    if (len == 0 || spent < DRAIN_NS / 4) return false;
    uint32_t done =
        atomic_load_explicit(&v->slices, memory_order_relaxed) - looks->slices[v->number % LOOKS];
    return spent * len > (int64_t)DRAIN_NS * done;
}

/* Takes work from the seat v, if the thread on it is in process code just now. */
static struct cop__proc *steal_from(struct cop__seat *self, struct cop__seat *v)
{
    struct cop__thread *victim = atomic_load_explicit(&v->thread, memory_order_acquire);
    if (victim == NULL || !cop__gate_take(victim, COP__GATE_PROCESS)) return NULL;
    struct cop__seat *s = victim->seat; /* may be another than v by now; held all the same */
    struct cop__proc *p = NULL;
    if (cop__runq_len(&s->runq) > 0) {
        cop__runq_take_half(&self->runq, &s->runq);
        p = cop__runq_pop(&self->runq);
    } else if (s->lifo != NULL && atomic_load_explicit(&s->lifo_open, memory_order_relaxed)) {
        p = s->lifo;
        s->lifo = NULL;
        atomic_store_explicit(&s->lifo_open, false, memory_order_relaxed);
    }
    cop__gate_give(victim, COP__GATE_PROCESS);
    return p;
}

static struct cop__proc *find_elsewhere(struct cop__seat *self, const struct looks *looks,
                                        int64_t now)
{
    struct cop__proc *p = pop_global(self);
    for (int i = 1; p == NULL && i < cop__node.seat_count; i++) {
        struct cop__seat *v = &cop__node.seats[(self->number + i) % cop__node.seat_count];
        if (is_worth_it(v, looks, now)) p = steal_from(self, v);
    }
    return p;
}

/* --- Sleeping ----------------------------------------------------------------------------------*/

static bool is_stopping(void)
{
    return atomic_load_explicit(&cop__node.is_stopping, memory_order_acquire);
}

static bool is_work_anywhere(void)
{
    struct cop__node *n = &cop__node;
    if (atomic_load_explicit(&n->global.len, memory_order_seq_cst) > 0) return true;
    if (!atomic_load_explicit(&n->is_eager, memory_order_relaxed)) return false;
    for (int i = 0; i < n->seat_count; i++)
        if (atomic_load_explicit(&n->seats[i].runq.len, memory_order_seq_cst) > 0) return true;
    return false;
}

/* A search has found nothing worth it: until the next tick nobody is woken for a run queue. */
static void be_less_eager(void)
{
    if (is_work_anywhere()) atomic_store_explicit(&cop__node.is_eager, false, memory_order_relaxed);
}

/* Counts the thread among the sleepers, unless there is work or the node stops. */
static bool sleepers_add(struct cop__thread *t)
{
    struct cop__node *n = &cop__node;
    pthread_mutex_lock(&n->idle_lock);
    cop__list_push_back(&n->sleepers, &t->sleeper);
    t->is_sleeper = true;
    atomic_fetch_add_explicit(&n->sleeper_count, 1, memory_order_seq_cst);
    bool may_sleep = !is_work_anywhere() && !is_stopping();
    if (!may_sleep) {
        cop__list_remove(&t->sleeper);
        t->is_sleeper = false;
        atomic_fetch_sub_explicit(&n->sleeper_count, 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&n->idle_lock);
    return may_sleep;
}

void cop__port_awake(void)
{
    struct cop__node *n = &cop__node;
    struct cop__thread *t = cop__thread();
    pthread_mutex_lock(&n->idle_lock);
    if (t->is_sleeper) {
        cop__list_remove(&t->sleeper);
        t->is_sleeper = false;
        atomic_fetch_sub_explicit(&n->sleeper_count, 1, memory_order_seq_cst);
        atomic_fetch_add_explicit(&n->searching, 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&n->idle_lock);
}

/* Sleeps until a wake-up, or until the seat's loop has something. */
static void sleep_once(struct cop__thread *t)
{
    void *loop = t->seat->loop;
    if (loop == NULL) {
        cop__os_park(&t->parker, -1);
        return;
    }
    atomic_store_explicit(&t->polling, loop, memory_order_seq_cst);
    if (!cop__os_token_take(&t->parker)) cop__loop_poll(loop, true);
    atomic_store_explicit(&t->polling, NULL, memory_order_seq_cst);
    cop__os_token_take(&t->parker);
}

/* Sleeps until cop__wake_one(), cop__wake_all() or the seat's loop (cop__port_awake()) picks the
 * thread; true if that counted it as searching. */
static bool sleep_until_woken(struct cop__thread *t)
{
    struct cop__node *n = &cop__node;
    for (;;) {
        sleep_once(t);
        pthread_mutex_lock(&n->idle_lock);
        bool is_woken = !t->is_sleeper;
        pthread_mutex_unlock(&n->idle_lock);
        if (is_woken) return true;
        if (is_stopping()) {
            pthread_mutex_lock(&n->idle_lock);
            bool is_still = t->is_sleeper;
            if (is_still) {
                cop__list_remove(&t->sleeper);
                t->is_sleeper = false;
                atomic_fetch_sub_explicit(&n->sleeper_count, 1, memory_order_seq_cst);
            }
            pthread_mutex_unlock(&n->idle_lock);
            return !is_still;
        }
    }
}

/* The same, and books it as the seat's idle time. */
static bool sleep_and_count(struct cop__thread *t)
{
    struct cop__seat *s = t->seat;
    int64_t since = cop__os_now_ns();
    atomic_store_explicit(&s->asleep_since_ns, since, memory_order_relaxed);
    bool is_woken = sleep_until_woken(t);
    int64_t idle = atomic_load_explicit(&s->idle_ns, memory_order_relaxed);
    atomic_store_explicit(&s->asleep_since_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&s->idle_ns, idle + cop__os_now_ns() - since, memory_order_relaxed);
    return is_woken;
}

/* Asks the seat's loop, if it has one, and picks of what that has brought or was there. */
static struct cop__proc *poll_and_pick(struct cop__seat *s)
{
    if (s->loop == NULL) return NULL;
    s->poll_turn = 0;
    atomic_store_explicit(&s->is_poll_due, false, memory_order_relaxed);
    cop__loop_poll(s->loop, false);
    return pick_fairly(s);
}

/* Looks for work elsewhere and in the seat's loop for a while, then sleeps, until there is some or
 * the node stops. */
static struct cop__proc *search(struct cop__thread *t)
{
    struct cop__node *n = &cop__node;
    struct cop__seat *s = t->seat;
    struct cop__proc *p = NULL;
    atomic_fetch_add_explicit(&n->searching, 1, memory_order_seq_cst);
    for (;;) {
        struct looks looks;
        look_around(&looks);
        int64_t now = looks.ns;
        do {
            p = find_elsewhere(s, &looks, now);
            if (p == NULL) p = poll_and_pick(s);
            for (int i = 0; p == NULL && i < 32; i++)
                cop__os_relax();
            now = cop__os_now_ns();
        } while (p == NULL && !is_stopping() && now < looks.ns + SPIN_NS);
        if (p == NULL) be_less_eager();
        atomic_fetch_sub_explicit(&n->searching, 1, memory_order_seq_cst);
        if (p != NULL || is_stopping()) break;
        if (!sleepers_add(t)) {
            atomic_fetch_add_explicit(&n->searching, 1, memory_order_seq_cst);
            cop__os_yield();
            continue;
        }
        if (!sleep_and_count(t)) break;
        cop__watchdog_wake();
        if (s->loop != NULL && (p = pick_fairly(s)) != NULL) {
            atomic_fetch_sub_explicit(&n->searching, 1, memory_order_seq_cst);
            break;
        }
    }
    /* What was taken with it, or has come meanwhile, may be worth another seat. */
    if (p != NULL && is_work_anywhere()) cop__wake_one();
    return p;
}

struct cop__proc *cop__seat_next_slow(struct cop__thread *t)
{
    struct cop__proc *p = t->picked;
    t->picked = NULL;
    if (p != NULL) return p;
    if (COP_UNLIKELY(t->seat == NULL || is_stopping())) return NULL;
    p = cop__seat_pick(t);
    if (COP_LIKELY(p != NULL)) return p;
    if (cop__node.is_seeded) return cop__sim_idle(t);
    if (t->seat->loop != NULL) return NULL; /* for cop__seat_poll() */
    return search(t);
}

struct cop__proc *cop__seat_poll(struct cop__thread *t)
{
    if (t->seat->loop == NULL) return NULL;
    struct cop__proc *p = poll_and_pick(t->seat);
    return p != NULL || is_stopping() ? p : search(t);
}

bool cop__seat_is_kept(const struct cop__thread *t)
{
    return t->seat != NULL && !is_stopping();
}

/* --- Who sits where ----------------------------------------------------------------------------*/

int cop__thread_new(struct cop__seat *seat)
{
    static int numbers; /* under the node's lock */
    struct cop__thread *t = cop__alloc_zeroed(sizeof(*t));
    atomic_store_explicit(&t->gate, COP__GATE_RUNTIME, memory_order_relaxed);
    t->number = numbers++;
    t->epoch = atomic_load_explicit(&cop__node_epoch, memory_order_relaxed);
    t->seat = seat;
    if (seat != NULL)
        atomic_store_explicit(&seat->thread, t, memory_order_release);
    else
        cop__list_push_back(&cop__node.spares, &t->spare);
    cop__list_push_back(&cop__node.threads, &t->all);
    int rc = cop__os_thread_start(&t->handle, cop__thread_main, t, "coppice");
    if (rc != 0) {
        if (seat == NULL)
            cop__list_remove(&t->spare);
        else
            atomic_store_explicit(&seat->thread, NULL, memory_order_release);
        cop__list_remove(&t->all);
        cop__free(t, sizeof(*t));
    }
    return rc;
}

bool cop__seat_wait(struct cop__thread *t)
{
    struct cop__node *n = &cop__node;
    pthread_mutex_lock(&n->lock);
    if (t->seat == NULL && !cop__list_is_linked(&t->spare))
        cop__list_push_back(&n->spares, &t->spare);
    while (t->seat == NULL && !is_stopping()) {
        pthread_mutex_unlock(&n->lock);
        cop__os_park(&t->parker, -1);
        pthread_mutex_lock(&n->lock);
    }
    if (cop__list_is_linked(&t->spare)) cop__list_remove(&t->spare);
    pthread_mutex_unlock(&n->lock);
    return !is_stopping();
}

/* Gives a seat that nobody can touch to a spare thread. The node's lock is held. */
static bool seat_to_spare(struct cop__seat *s)
{
    struct cop__node *n = &cop__node;
    if (cop__list_is_empty(&n->spares)) {
        if (n->spare_count >= n->spares_max || cop__thread_new(NULL) != 0) return false;
        n->spare_count++;
    }
    struct cop__thread *spare =
        COP_LIST_ENTRY(cop__list_first(&n->spares), struct cop__thread, spare);
    cop__list_remove(&spare->spare);
    spare->seat = s;
    atomic_store_explicit(&s->thread, spare, memory_order_release);
    cop__os_unpark(&spare->parker);
    return true;
}

static bool hand_over(struct cop__thread *from)
{
    struct cop__node *n = &cop__node;
    struct cop__seat *s = from->seat;
    pthread_mutex_lock(&n->lock);
    bool is_given = !n->is_seeded && seat_to_spare(s);
    if (is_given) {
        from->seat = NULL;
        from->ticks = 0;
        from->zombie = cop_none();
        cop__list_push_back(&n->alone, &from->alone);
    }
    pthread_mutex_unlock(&n->lock);
    return is_given;
}

bool cop__seat_give_away(struct cop__thread *t)
{
    if (t->seat == NULL) return true; /* it is alone already */
    return hand_over(t);
}

bool cop__seat_take_away(struct cop__thread *from)
{
    return hand_over(from);
}

void cop__alone_end(struct cop__thread *t)
{
    pthread_mutex_lock(&cop__node.lock);
    if (cop__list_is_linked(&t->alone)) cop__list_remove(&t->alone);
    pthread_mutex_unlock(&cop__node.lock);
}
