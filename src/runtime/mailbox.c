/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox, and receiving from it. Facts: MSG. */
#include "runtime/mailbox.h"

#include "runtime/exit.h"
#include "runtime/mailbox_limit.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/sim.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

void cop__mailbox_init(struct cop__proc *p)
{
    p->mailbox_first = NULL;
    p->mailbox_last = &p->mailbox_first;
    p->mailbox_bytes = 0;
    p->handed = NULL;
    p->base = NULL;
    p->marker_ref = 0;
    p->marker_at = NULL;
    atomic_store_explicit(&p->mailbox_len, 0, memory_order_relaxed);
}

void cop__mailbox_append(struct cop__proc *p, struct cop__signal *s)
{
    uint32_t len = atomic_load_explicit(&p->mailbox_len, memory_order_relaxed) + 1;
    if (COP_UNLIKELY(len >= p->mailbox_max))
        cop__mailbox_append_at_limit(p, s);
    else
        cop__mailbox_put_last(p, s, len);
}

struct cop__signal *cop__mailbox_take(struct cop__proc *p, struct cop__signal **at)
{
    struct cop__signal *s = *at;
    *at = s->next;
    p->mailbox_bytes -= s->size;
    if (p->mailbox_last == &s->next) p->mailbox_last = at;
    if (p->marker_at == &s->next) p->marker_at = at;
    uint32_t len = atomic_load_explicit(&p->mailbox_len, memory_order_relaxed) - 1;
    atomic_store_explicit(&p->mailbox_len, len, memory_order_relaxed);
    return COP_LIKELY(len >= p->mailbox_low) ? s : cop__mailbox_sank(p, s);
}

void cop__mailbox_unhand(struct cop__proc *p)
{
    struct cop__signal *s = p->handed;
    if (COP_LIKELY(s == NULL)) return;
    p->handed = NULL;
    (void)cop__signals_unbase(p);
    s->next = p->mailbox_first;
    if (s->next == NULL) p->mailbox_last = &s->next;
    if (p->marker_at == &p->mailbox_first) p->marker_at = &s->next;
    p->mailbox_first = s;
    p->mailbox_bytes += s->size;
    atomic_store_explicit(&p->mailbox_len,
                          atomic_load_explicit(&p->mailbox_len, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

void cop__mailbox_clear(struct cop__proc *p)
{
    cop__mailbox_unhand(p);
    p->mailbox_low = 0;
    while (p->mailbox_first != NULL)
        cop__signal_free(cop__mailbox_take(p, &p->mailbox_first));
}

void cop__mailbox_mark(struct cop__proc *p, uint64_t ref)
{
    p->marker_ref = ref;
    p->marker_at = p->mailbox_last;
}

bool cop__mailbox_remove_if(struct cop__proc *p, bool (*fn)(cop_term msg, void *arg), void *arg)
{
    for (struct cop__signal **at = &p->mailbox_first; *at != NULL; at = &(*at)->next) {
        if (fn(cop__signal_term(*at), arg)) {
            cop__signal_free(cop__mailbox_take(p, at));
            return true;
        }
    }
    return false;
}

/* --- Receiving -------------------------------------------------------------------------------- */

static void wait_for_signal(struct cop__proc *p)
{
    if (p->deadline_ns >= 0) cop__deadline_arm(p);
    cop__park(p, COP__POST_PARK);
}

void cop__wait_while_suspended(struct cop__proc *p)
{
    while (cop__is_suspended(p) && !cop__is_exiting(p)) {
        cop__park(p, COP__POST_PARK);
        if (!cop__signals_take(p)) cop__die(p);
    }
}

void cop__wait(struct cop__proc *p)
{
    wait_for_signal(p);
    if (!cop__signals_take(p)) cop__die(p);
}

/* The message becomes part of the region. */
static cop_term adopt(struct cop__proc *p, struct cop__signal *s)
{
    return cop__heap_adopt(&p->heap, cop__signal_block(s));
}

static void deadline_set(struct cop__proc *p, int64_t timeout_ms)
{
    if (COP_UNLIKELY(timeout_ms < -1 || timeout_ms > 4294967295))
        cop__raise_atom(COP_ATOM_timeout_value);
    p->deadline_ns = timeout_ms <= 0 ? timeout_ms : cop__deadline_in(timeout_ms);
}

/* Receives signals, also while it may run no code, on behalf of a receive that has looked at all
 * messages before *at. Returns where it goes on: there, unless a limit has thrown old messages
 * away; then at the front, with what it has seen already. */
static struct cop__signal **take_more(struct cop__proc *p, struct cop__signal **at)
{
    uint32_t dropped = cop__mailbox_dropped(p);
    if (cop__is_suspended(p))
        cop__wait_while_suspended(p);
    else if (!cop__signals_take(p))
        cop__die(p);
    bool is_same = p->mailbox_policy != COP_DROP_OLD || cop__mailbox_dropped(p) == dropped;
    return is_same ? at : &p->mailbox_first;
}

/* The loop behind all receives: looks at the messages from *at on, then waits for more. While the
 * process waits nobody takes messages out, so `at` stays good. */
static bool receive(struct cop__proc *p, struct cop__signal **at, cop_accept_fn fn, void *arg,
                    cop_term *ret_msg, int64_t timeout_ms)
{
    bool has_waited = false;
    deadline_set(p, timeout_ms);
    for (;;) {
        if (cop__is_suspended(p)) at = take_more(p, at);
        for (; *at != NULL; at = &(*at)->next) {
            if (fn == NULL || fn(cop__signal_term(*at), arg)) {
                *ret_msg = adopt(p, cop__mailbox_take(p, at));
                p->deadline_ns = -1;
                return true;
            }
        }
        if (cop__signals_pending(p) && !cop__is_exiting(p)) {
            struct cop__signal *s = cop__signals_take_one(p);
            if (COP_LIKELY(s != NULL)) {
                if (fn == NULL || fn(cop__signal_term(s), arg)) {
                    *ret_msg = adopt(p, s);
                    p->deadline_ns = -1;
                    return true;
                }
                cop__mailbox_append(p, s);
                at = &s->next;
            } else {
                at = take_more(p, at);
            }
            continue;
        }
        /* The time can only be over when a tick has come; before that nobody reads the clock. */
        bool is_over = has_waited && p->armed_ns < 0 && cop__deadline_passed(p);
        if (timeout_ms == 0 || is_over || cop__is_exiting(p)) {
            p->deadline_ns = -1;
            return false;
        }
        wait_for_signal(p);
        has_waited = true;
    }
}

static bool receive_entered(cop_accept_fn fn, void *arg, cop_term *ret_msg, int64_t timeout_ms,
                            uint64_t ref)
{
    struct cop__proc *p = cop__enter()->current;
    cop__mailbox_unhand(p);
    struct cop__signal **at = &p->mailbox_first;
    if (ref != 0 && p->marker_ref == ref) at = p->marker_at;
    bool is_found = receive(p, at, fn, arg, ret_msg, timeout_ms);
    cop__leave(cop__thread());
    return is_found;
}

bool cop_receive(cop_term *ret_msg, int64_t timeout_ms)
{
    struct cop__proc *p = cop__current();
    struct cop__signal *s = p->handed;
    if (COP_LIKELY(s != NULL)) {
        /* Ours since the turn began: no gate is needed for it. */
        p->handed = NULL;
        *ret_msg = adopt(p, s);
        return true;
    }
    return receive_entered(NULL, NULL, ret_msg, timeout_ms, 0);
}

bool cop_receive_if(cop_accept_fn fn, void *arg, cop_term *ret_msg, int64_t timeout_ms)
{
    return receive_entered(fn, arg, ret_msg, timeout_ms, 0);
}

bool cop_receive_ref(cop_ref ref, cop_accept_fn fn, void *arg, cop_term *ret_msg,
                     int64_t timeout_ms)
{
    return receive_entered(fn, arg, ret_msg, timeout_ms, ref.id[1]);
}

void cop_receive_loop(cop_loop_fn fn, void *state)
{
    /* Each message goes with its turn of the loop: none may be the inbox's base then. */
    cop__mailbox_unhand(cop__enter()->current);
    cop__leave(cop__thread());
    for (;;) {
        struct cop__proc *p = cop__current();
        struct cop__heap_mark mark = cop__heap_mark(&p->heap);
        cop_term msg;
        cop_receive(&msg, COP_INFINITY);
        bool goes_on = fn(state, msg);
        cop__heap_release(&p->heap, &mark);
        if (!goes_on) return;
    }
}

static bool accept_nothing(cop_term msg, void *arg)
{
    (void)msg;
    (void)arg;
    return false;
}

void cop_sleep(int64_t ms)
{
    const int64_t longest = 4294967295; /* MSG-05: longer sleeps repeat */
    cop_term none;
    for (; ms > longest; ms -= longest)
        cop_receive_if(accept_nothing, NULL, &none, longest);
    /* A sleep looks at no message: it starts behind them. */
    struct cop__proc *p = cop__enter()->current;
    cop__mailbox_unhand(p);
    receive(p, p->mailbox_last, accept_nothing, NULL, &none, ms);
    cop__leave(cop__thread());
}

void cop_yield(void)
{
    struct cop__proc *p = cop__enter()->current;
    cop__park(p, COP__POST_YIELD);
    bool defers = cop__node.is_seeded && !cop__is_exiting(p) && cop__sim_defers();
    if (!defers && !cop__signals_take(p)) cop__die(p);
    if (cop__is_suspended(p)) cop__wait_while_suspended(p);
    cop__leave(cop__thread());
}
