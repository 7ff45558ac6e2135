/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of the I/O layer. See docs/internals/io.md. */
#include "runtime/port.h"

#include "runtime/exit.h"
#include "runtime/mailbox.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

/* --- Loops ------------------------------------------------------------------------------------ */

/* Whoever has a loop has seen the driver, too: relaxed will do. */
static const struct cop__port_driver *driver_of(struct cop__node *n)
{
    return atomic_load_explicit(&n->port_driver, memory_order_relaxed);
}

void *cop__port_loop(const struct cop__port_driver *driver)
{
    struct cop__thread *t = cop__thread();
    COP_ASSERT(t->seat != NULL);
    if (cop__node.is_seeded) return NULL;
    atomic_store_explicit(&cop__node.port_driver, driver, memory_order_relaxed);
    if (t->seat->loop == NULL) t->seat->loop = driver->open();
    return t->seat->loop;
}

bool cop__port_is_here(const void *loop)
{
    const struct cop__thread *t = cop__thread();
    return t != NULL && t->seat != NULL && t->seat->loop == loop;
}

void cop__loop_poll(void *loop, bool waits)
{
    driver_of(&cop__node)->poll(loop, waits);
}

void cop__loop_wake(void *loop)
{
    driver_of(&cop__node)->wake(loop);
}

void cop__ports_end(uint64_t pid)
{
    const struct cop__port_driver *driver = driver_of(&cop__node);
    if (driver != NULL) driver->owner_ended(pid);
}

void cop__ports_fini(void)
{
    struct cop__node *n = &cop__node;
    const struct cop__port_driver *driver = driver_of(n);
    if (driver == NULL) return;
    for (int i = 0; i < n->seat_count; i++)
        if (n->seats[i].loop != NULL) driver->close(n->seats[i].loop);
    driver->fini();
}

/* --- The calling process ---------------------------------------------------------------------- */

uint64_t cop__port_enter(void)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "what waits for I/O is a process");
    if (COP_UNLIKELY(cop__enter()->seat == NULL)) cop__park(p, COP__POST_YIELD);
    return cop__proc_id(p);
}

void cop__port_leave(void)
{
    cop__leave(cop__thread());
}

uint64_t cop__port_self(void)
{
    return cop__proc_id(cop__current());
}

void cop__port_deadline(int64_t timeout_ms)
{
    cop__current()->deadline_ns = timeout_ms <= 0 ? timeout_ms : cop__deadline_in(timeout_ms);
}

bool cop__port_wait(void)
{
    struct cop__proc *p = cop__current();
    if (p->deadline_ns == 0 || cop__is_exiting(p)) return false;
    cop__wait(p);
    if (cop__is_suspended(p)) cop__wait_while_suspended(p);
    /* The time can only be over when a tick has come. */
    return p->armed_ns >= 0 || !cop__deadline_passed(p);
}

/* --- Any process ------------------------------------------------------------------------------ */

void cop__port_send(uint64_t pid, cop_term message)
{
    cop__signal_send(cop__thread(), COP__SIG_MESSAGE, pid, 0, message);
}

void cop__port_wake(uint64_t pid)
{
    cop__signal_send(cop__thread(), COP__SIG_WAKE, pid, 0, cop_nil());
}

bool cop__port_adopt(uint64_t pid)
{
    struct cop__proc *p = cop__proc_lookup(pid);
    if (p == NULL) return false;
    /* Both this and the end of p change the flags in one step: either p sees our mark, or we see
     * that it is exiting. */
    uint8_t flags = atomic_fetch_or_explicit(&p->flags, COP__PROC_HAS_PORTS, memory_order_relaxed);
    /* The caller may be unwinding: its end is still to come, unless it was condemned. */
    if (p == cop__current()) return (flags & COP__PROC_CONDEMNED) == 0;
    return (flags & COP__PROC_EXITING) == 0 && cop__proc_id(p) == pid &&
           atomic_load_explicit(&p->inbox, memory_order_acquire) != COP__INBOX_CLOSED;
}

void cop__port_forward(bool (*fn)(cop_term message, void *arg), void *arg, uint64_t to)
{
    struct cop__proc *p = cop__current();
    cop__mailbox_unhand(p);
    if (!cop__signals_take(p)) cop__die(p);
    for (struct cop__signal **at = &p->mailbox_first; *at != NULL;) {
        if (!fn(cop__signal_term(*at), arg)) {
            at = &(*at)->next;
            continue;
        }
        struct cop__signal *s = cop__mailbox_take(p, at);
        s->to = to;
        if (!cop__signal_push(cop__thread(), s)) cop__signal_free(s);
    }
}
