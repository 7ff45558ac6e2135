/* SPDX-License-Identifier: Apache-2.0 */
/* Each millisecond, while any seat is awake: a seat whose thread has been in the same piece of
 * process code for 10 ms is given to a spare thread, and the process goes on alone. A process that
 * runs alone and has signals is served by borrowing its gate; if one of them is fatal, the process
 * is *condemned*: it dies here and now for everybody, and its thread, stack and memory stay aside
 * until its code comes back to the runtime. One that the machine only kept waiting does so at once;
 * the log is told of those that do not. */
#include "runtime/watchdog.h"

#include "runtime/exit.h"
#include "runtime/gate.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/timer.h"

#define TICK_NS 1000000

int64_t cop__slice_ns = 10000000;

/* The watchdog handles signals in the name of others: as a thread without a seat. */
static struct cop__thread watchdog_thread;

void cop__watchdog_wake_for_timer(void)
{
    cop__os_unpark(&cop__node.watchdog_parker);
}

void cop__watchdog_wake(void)
{
    /* seq_cst on both sides: the watchdog sets the flag, then looks for awake seats. */
    if (atomic_load_explicit(&cop__node.watchdog_sleeps, memory_order_seq_cst))
        cop__os_unpark(&cop__node.watchdog_parker);
}

/* --- Long slices ------------------------------------------------------------------------------ */

static void take_seat(struct cop__seat *s)
{
    struct cop__thread *t = atomic_load_explicit(&s->thread, memory_order_acquire);
    if (t == NULL || !cop__gate_take(t, COP__GATE_PROCESS)) return;
    bool is_same =
        t->seat == s && atomic_load_explicit(&s->slices, memory_order_relaxed) == s->seen_slices;
    bool is_taken = is_same && cop__seat_take_away(t);
    cop__gate_give(t, is_taken ? COP__GATE_ALONE : COP__GATE_PROCESS);
    if (is_same && !is_taken) {
        static bool has_warned; /* the watchdog alone */
        if (!has_warned)
            cop_log(COP_WARNING,
                    "no spare thread for a process that runs long: other processes wait for it");
        has_warned = true;
    }
}

static void look_at_seat(struct cop__seat *s, int64_t now)
{
    uint32_t slices = atomic_load_explicit(&s->slices, memory_order_relaxed);
    atomic_store_explicit(&s->is_poll_due, true, memory_order_relaxed);
    if (slices != s->seen_slices) {
        s->seen_slices = slices;
        s->seen_ns = now;
        if (atomic_load_explicit(&s->runq.len, memory_order_relaxed) > 0) cop__wake_one();
        return;
    }
    /* What waits behind a slice of more than a tick may be stolen, the lifo slot too. */
    atomic_store_explicit(&s->lifo_open, true, memory_order_relaxed);
    cop__wake_one();
    if (now - s->seen_ns >= cop__slice_ns) {
        take_seat(s);
        s->seen_ns = now;
    }
}

/* --- Processes that run alone ----------------------------------------------------------------- */

/* A process that unwinds by itself gets so many ticks before it is condemned all the same. */
#define UNWIND_TICKS 100
/* A condemned process has so many to come back; then the log is told of it. */
#define RETURN_TICKS 100

static void condemn(struct cop__thread *t, struct cop__proc *p)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    atomic_fetch_or_explicit(&p->flags, COP__PROC_CONDEMNED, memory_order_relaxed);
    atomic_fetch_add_explicit(&cop__node.zombie_count, 1, memory_order_relaxed);
    t->zombie = cop__pid_word(atomic_load(&p->pid));
    t->zombie_name = atomic_load_explicit(&p->name, memory_order_relaxed);
    cop__proc_die(p);
    cop__region_leave(&region);
}

/* The signals of a process that does not come to them. The gate of its thread t is held. */
static bool serve(struct cop__thread *t, struct cop__proc *p)
{
    if (cop__is_exiting(p) && t->ticks++ < UNWIND_TICKS) return true;
    t->ticks = 0;
    watchdog_thread.current = p;
    bool lives = cop__signals_take(p);
    if (!lives) condemn(t, p);
    watchdog_thread.current = NULL;
    return lives;
}

static void tell_of_zombie(const struct cop__thread *t)
{
    cop_region *region = cop_region_open();
    cop_bytes pid = cop_to_bytes(cop_inspect(t->zombie));
    cop_log(COP_WARNING,
            "%.*s was ended while its code ran (%s): its thread and memory stay "
            "until it comes back",
            (int)pid.len, pid.data, t->zombie_name != NULL ? t->zombie_name : "no name");
    cop_region_close(region);
}

static bool is_condemned(const struct cop__thread *t)
{
    return atomic_load_explicit(&t->gate, memory_order_relaxed) == COP__GATE_CONDEMNED;
}

static void look_at_alone(struct cop__thread *t)
{
    if (is_condemned(t)) {
        if (++t->ticks == RETURN_TICKS) tell_of_zombie(t);
        return;
    }
    if (!cop__gate_take(t, COP__GATE_ALONE)) return;
    struct cop__proc *p = t->current;
    bool lives = p == NULL || !cop__signals_pending(p) || serve(t, p);
    cop__gate_give(t, lives ? COP__GATE_ALONE : COP__GATE_CONDEMNED);
}

static bool serve_alone(void)
{
    struct cop__node *n = &cop__node;
    struct cop__thread *t;
    pthread_mutex_lock(&n->lock);
    bool is_any = !cop__list_is_empty(&n->alone);
    /* Serving takes no lock that comes before this one, and threads leave the list under it. */
    COP_LIST_FOR (t, &n->alone, alone)
        look_at_alone(t);
    pthread_mutex_unlock(&n->lock);
    return is_any;
}

/* --- The thread ------------------------------------------------------------------------------- */

static bool is_all_asleep(void)
{
    return atomic_load_explicit(&cop__node.sleeper_count, memory_order_seq_cst) ==
           cop__node.seat_count;
}

static void *watchdog_main(void *arg)
{
    struct cop__node *n = &cop__node;
    (void)arg;
    cop__thread_self_set(&watchdog_thread);
    while (!atomic_load_explicit(&n->is_stopping, memory_order_acquire)) {
        int64_t next_timer = cop__timers_fire();
        bool is_any_alone = serve_alone();
        int64_t now = cop__os_now_ns();
        atomic_store_explicit(&n->watchdog_sleeps, true, memory_order_seq_cst);
        bool is_asleep = is_all_asleep() && !is_any_alone;
        atomic_store_explicit(&n->is_eager, true, memory_order_relaxed);
        if (!is_asleep) {
            atomic_store_explicit(&n->watchdog_sleeps, false, memory_order_relaxed);
            for (int i = 0; i < n->seat_count; i++)
                look_at_seat(&n->seats[i], now);
        }
        int64_t until = is_asleep ? -1 : now + TICK_NS;
        if (next_timer != INT64_MAX && (until < 0 || next_timer < until)) until = next_timer;
        cop__os_park(&n->watchdog_parker, until);
        atomic_store_explicit(&n->watchdog_sleeps, false, memory_order_relaxed);
    }
    cop__alloc_thread_exit();
    return NULL;
}

int cop__watchdog_start(void)
{
    atomic_store_explicit(&watchdog_thread.gate, COP__GATE_RUNTIME, memory_order_relaxed);
    return cop__os_thread_start(&cop__node.watchdog, watchdog_main, NULL, "coppice-watch");
}

void cop__watchdog_wait_for_return(void)
{
    struct cop__node *n = &cop__node;
    struct cop__os_parker nobody = {0};
    for (int i = 0; i < RETURN_TICKS; i++) {
        pthread_mutex_lock(&n->lock);
        bool is_any_alone = !cop__list_is_empty(&n->alone);
        pthread_mutex_unlock(&n->lock);
        if (!is_any_alone) return;
        cop__os_park(&nobody, cop__os_now_ns() + TICK_NS);
    }
}

void cop__watchdog_stop(void)
{
    cop__os_unpark(&cop__node.watchdog_parker);
    pthread_join(cop__node.watchdog, NULL);
}

void cop__watchdog_tell_of_the_rest(void)
{
    struct cop__thread *t;
    pthread_mutex_lock(&cop__node.lock);
    COP_LIST_FOR (t, &cop__node.alone, alone)
        if (is_condemned(t) && !cop_is_none(t->zombie) && t->ticks < RETURN_TICKS)
            tell_of_zombie(t);
    pthread_mutex_unlock(&cop__node.lock);
}

/* --- The other side of the gate --------------------------------------------------------------- */

/* Waits until nobody holds the gate; then it is RUNTIME. Returns what it was. */
static uint32_t enter_waiting(struct cop__thread *t)
{
    for (uint32_t spins = 0;; spins++) {
        uint32_t gate = atomic_load_explicit(&t->gate, memory_order_acquire);
        COP_CHECK(gate != COP__GATE_RUNTIME, "the runtime was entered twice");
        bool is_held = gate == COP__GATE_HELD || gate == COP__GATE_HELD_ALONE;
        if (!is_held &&
            atomic_compare_exchange_strong_explicit(&t->gate, &gate, COP__GATE_RUNTIME,
                                                    memory_order_acquire, memory_order_relaxed))
            return gate;
        if (spins % 64 == 63)
            cop__os_yield();
        else
            cop__os_relax();
    }
}

/* A thread whose node has stopped: it was in its process's code and could not be ended. It must
 * touch nothing of the next node. */
static bool has_outlived(const struct cop__thread *t)
{
    return t->epoch != atomic_load_explicit(&cop__node_epoch, memory_order_acquire);
}

__attribute__((noreturn)) static void stay(struct cop__thread *t)
{
    cop__gate_give(t, COP__GATE_CONDEMNED); /* so that nobody waits for its end */
    cop__os_sleep_for_ever();
}

void cop__enter_slow(struct cop__thread *t)
{
    if (enter_waiting(t) == COP__GATE_CONDEMNED)
        /* returns inside of COP_FOREIGN: it goes on until that has returned */
        cop__die(t->current);
    else if (has_outlived(t))
        stay(t);
}

void cop__enter_at_end(struct cop__thread *t)
{
    enter_waiting(t);
    if (has_outlived(t)) stay(t);
}
