/* SPDX-License-Identifier: Apache-2.0 */
/* Dispatch: from a runnable process to its code and back. See sched.h for the picture and
 * docs/internals/scheduler.md for the whole protocol.
 *
 * A frame of this file may go on on another thread after it called process code or switched. So no
 * local of it holds a thread over such a call: `cop__thread()` is asked again each time. */
#include "runtime/sched.h"

#include "runtime/exit.h"
#include "runtime/mailbox.h"
#include "runtime/proc.h"
#include "runtime/seat.h"
#include "runtime/signal.h"
#include "runtime/sim.h"
#include "runtime/stack.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

COP__TLS_DEFINE(struct cop__thread, cop__thread_self);

/* Reductions in a slice: one a turn, one a send, more for a spawn. */
#define SLICE 2000

/* --- Switching ---------------------------------------------------------------------------------*/

static void publish_idle(struct cop__proc *p);

/* First thing on a stack that was switched to: finishes what the left stack could not do itself.
 * The post-action lies on that stack, which may be reused once it is published: copy it first. */
static void arrive(struct cop__stack *me, const struct cop__post *arg)
{
    const struct cop__post post = *arg;
    cop__san_arrive(&me->san, post.san);
    struct cop__thread *t = cop__thread();
    switch (post.kind) {
    case COP__POST_NONE: break;
    case COP__POST_PARK: publish_idle(post.proc); break;
    case COP__POST_YIELD: cop__make_runnable_last(t, post.proc); break;
    case COP__POST_FREE: cop__stack_put(t, post.stack); break;
    }
}

/* Leaves the stack `from` for `to`; comes back when somebody switches to `from`. */
static void switch_to(struct cop__stack *from, struct cop__stack *to, struct cop__post *post)
{
    struct cop__thread *t = cop__thread();
    COP_ASSERT(t->stack == from && from != to);
    t->stack = to;
    post->san = &from->san;
    cop__san_leave(&from->san, &to->san);
    arrive(from, cop__ctx_switch(&from->sp, to->sp, post));
}

/* p becomes what the thread runs. */
static inline void begin(struct cop__thread *t, struct cop__proc *p)
{
    t->current = p;
    p->slice = p->budget = COP_UNLIKELY(cop__node.is_seeded) ? cop__sim_slice() : SLICE;
    atomic_store_explicit(&p->status, COP__STATUS_RUNNING, memory_order_relaxed);
    cop__heap_set_current(&p->heap);
    if (t->seat != NULL)
        atomic_store_explicit(&t->seat->slices,
                              atomic_load_explicit(&t->seat->slices, memory_order_relaxed) + 1,
                              memory_order_relaxed);
}

static struct cop__stack *begin_on_its_stack(struct cop__thread *t, struct cop__proc *p)
{
    struct cop__stack *s = p->stack;
    p->stack = NULL;
    begin(t, p);
    return s;
}

/* The process waits, or goes back to the queue: books what it has done. */
static inline void slice_end(struct cop__proc *p)
{
    uint64_t done = p->slice - p->budget;
    atomic_store_explicit(&p->memory, cop__heap_bytes(&p->heap) + p->mailbox_bytes,
                          memory_order_relaxed);
    atomic_store_explicit(&p->reductions,
                          atomic_load_explicit(&p->reductions, memory_order_relaxed) + done + 1,
                          memory_order_relaxed);
}

/* --- Idle --------------------------------------------------------------------------------------*/

/* Nothing is left to do for p, whose inbox is EMPTY but for this base: hands p to the next who
 * pushes a signal. From the successful exchange on it is not ours. Release: pairs with the acquire
 * of the push that finds IDLE. */
static inline bool go_idle(struct cop__proc *p, struct cop__signal *base)
{
    uintptr_t expected = base != NULL ? (uintptr_t)base : COP__INBOX_EMPTY;
    return atomic_compare_exchange_strong_explicit(&p->inbox, &expected, COP__INBOX_IDLE,
                                                   memory_order_release, memory_order_relaxed);
}

static void publish_idle(struct cop__proc *p)
{
    atomic_store_explicit(&p->status, COP__STATUS_WAITING, memory_order_relaxed);
    if (!go_idle(p, NULL)) cop__make_runnable(cop__thread(), p);
}

void cop__park(struct cop__proc *p, enum cop__post_kind how)
{
    struct cop__thread *t = cop__thread();
    struct cop__stack *from = t->stack;
    struct cop__stack *to;
    struct cop__post post = {.kind = how, .proc = p};
    COP_ASSERT(t->current == p);
    (void)cop__signals_unbase(p); /* it stays part of the region */
    p->stack = from;
    t->current = NULL;
    slice_end(p);
    if (t->seat == NULL) {
        cop__alone_end(t);
        to = &t->native;
    } else {
        struct cop__proc *next = cop__seat_pick(t);
        if (next != NULL && next->stack != NULL) {
            to = begin_on_its_stack(t, next);
        } else if (next == NULL && t->seat->loop != NULL) {
            to = &t->native;
        } else {
            t->picked = next;
            to = cop__stack_get(t, 0);
        }
    }
    switch_to(from, to, &post);
}

/* --- A turn at top level -----------------------------------------------------------------------*/

/* p is at its end, exit_reason set: clears it away. */
static void end(struct cop__proc *p)
{
    cop__proc_end(p);
    struct cop__thread *t = cop__thread();
    t->current = NULL;
    cop__heap_set_current(NULL);
    if (t->seat == NULL) cop__alone_end(t);
}

/* What the process of this stack raised has unwound its frames: it is at its end. */
static void end_aborted(struct cop__stack *self)
{
    struct cop__thread *t = cop__thread();
    cop__enter_at_end(t);
    struct cop__proc *p = t->current;
    p->catch_ = NULL;
    if (!cop__is_exiting(p)) cop__exit_raised(p, &self->entry);
    end(p);
}

/* The turn is over: frees its region. The message it was for, if that is all, must wait until the
 * inbox has let go of it: then it is p->base still, and *spent*, for rest() or drop_spent(). */
static inline void region_end(struct cop__proc *p)
{
    if (COP_LIKELY(p->base != NULL)) {
        if (COP_LIKELY(cop__heap_hand_back(&p->heap, cop__signal_block(p->base)))) return;
        (void)cop__signals_unbase(p);
    }
    cop__heap_reset(&p->heap);
}

/* Between two turns: frees the message of the last one, if it is not free yet. */
static inline void drop_spent(struct cop__proc *p)
{
    struct cop__signal *spent = cop__signals_unbase(p);
    if (spent != NULL) cop__signal_free(spent);
}

/* Calls the process's function, with what this stack lends. True: it waits for more. False: it is
 * at its end, exit_reason set. When it raises something, end_aborted() goes on. */
static inline __attribute__((always_inline)) bool turn(struct cop__stack *self, struct cop__proc *p)
{
    cop_next next;
    p->deadline_ns = -1;
    cop__heap_lend(&p->heap, self->nursery, COP__NURSERY_WORDS);
    if (COP_UNLIKELY(p->start != NULL)) {
        cop_start_fn start = p->start;
        cop_term arg = p->start_arg;
        p->start = NULL;
        cop__leave(cop__thread());
        next = start(arg);
    } else {
        cop_wake_fn wake = p->wake;
        void *state = p->state;
        cop__leave(cop__thread());
        next = wake(state);
    }
    cop__enter();
    if (next.wake_ == NULL) {
        cop__exit_set(p, COP_CLASS_EXIT, cop__atom(COP_ATOM_normal), NULL);
        return false;
    }
    if (COP_UNLIKELY(p->handed != NULL)) cop__mailbox_unhand(p);
    p->wake = next.wake_;
    p->state = next.state_;
    if (COP_UNLIKELY(next.timeout_ms_ >= 0)) p->deadline_ns = cop__deadline_in(next.timeout_ms_);
    region_end(p);
    return true;
}

/* Whether the slice of p may go on. */
static bool may_go_on(struct cop__proc *p)
{
    struct cop__thread *t = cop__thread();
    if (t->seat == NULL) return false;
    if (p->budget > 1) {
        p->budget--;
        return true;
    }
    return false;
}

/* p waits at top level and nothing is there for it. False: something has come meanwhile. */
static inline bool rest(struct cop__proc *p)
{
    if (p->deadline_ns >= 0 && !cop__is_suspended(p)) cop__deadline_arm(p);
    struct cop__thread *t = cop__thread();
    struct cop__signal *spent = p->base;
    t->current = NULL;
    p->catch_ = NULL;
    slice_end(p);
    atomic_store_explicit(&p->status, COP__STATUS_WAITING, memory_order_relaxed);
    p->base = NULL;
    if (COP_UNLIKELY(!go_idle(p, spent))) {
        p->base = spent;
        drop_spent(p);
        return false;
    }
    if (spent != NULL) cop__signal_free(spent);
    if (COP_UNLIKELY(t->seat == NULL)) cop__alone_end(t);
    return true;
}

/* The slice of p, which waits at top level, is used up. */
static void give_way(struct cop__proc *p)
{
    struct cop__thread *t = cop__thread();
    drop_spent(p);
    t->current = NULL;
    p->catch_ = NULL;
    slice_end(p);
    if (t->seat == NULL) cop__alone_end(t);
    cop__make_runnable_last(t, p);
}

static inline void begin_at_top(struct cop__stack *self, struct cop__proc *p)
{
    begin(cop__thread(), p);
    p->catch_ = &self->entry;
}

/* Handles what has arrived for p between two turns. False: p dies of it.
 *
 * One message that meets an empty mailbox is *handed* to the turn: cop_receive() takes it without
 * another word, since nobody else knows of it. */
static inline bool take_arrived(struct cop__proc *p)
{
    drop_spent(p);
    p->handed = COP_UNLIKELY(cop__is_suspended(p)) ? NULL : cop__signals_base(p);
    return p->handed != NULL || cop__signals_take(p);
}

/* Whether p, for which nothing has just arrived, has a reason to run. */
static inline bool has_reason(const struct cop__proc *p)
{
    return (p->start != NULL || p->mailbox_first != NULL || cop__deadline_passed(p)) &&
           !cop__is_suspended(p);
}

/* Runs a process that waits at top level, on the stack of this dispatch loop. */
static inline __attribute__((always_inline)) void run_top(struct cop__stack *self,
                                                          struct cop__proc *p)
{
    begin_at_top(self, p);
    for (;;) {
        if (cop__signals_pending(p) && !take_arrived(p)) break;
        if (p->handed == NULL) {
            if (!has_reason(p)) {
                if (rest(p)) return;
                begin_at_top(self, p);
                continue;
            }
            drop_spent(p);
        }
        if (!turn(self, p)) break;
        if (!may_go_on(p)) {
            give_way(p);
            return;
        }
    }
    p->catch_ = NULL;
    end(p);
}

/* --- The loop ----------------------------------------------------------------------------------*/

/* Leaves this dispatch loop for another stack; it waits in the pool meanwhile. */
static void go_to(struct cop__stack *self, struct cop__stack *to)
{
    struct cop__post post = {.kind = COP__POST_FREE, .stack = self};
    switch_to(self, to, &post);
}

/* Whether p, which waits at top level, is to run on another kind of stack: a larger one than usual,
 * or back on a usual one. */
static bool wants_other_stack(const struct cop__proc *p, const struct cop__stack *self)
{
    return COP_UNLIKELY(p->stack_size != 0 || self->size != COP__STACK_SIZE) &&
           (p->stack_size > self->size || (p->stack_size == 0 && self->size > COP__STACK_SIZE));
}

static inline __attribute__((always_inline)) void dispatch_one(struct cop__stack *self)
{
    struct cop__thread *t = cop__thread();
    struct cop__proc *p = cop__seat_next(t);
    if (COP_UNLIKELY(p == NULL)) {
        go_to(self, &t->native);
    } else if (p->stack != NULL) {
        go_to(self, begin_on_its_stack(t, p));
    } else if (wants_other_stack(p, self)) {
        t->picked = p;
        go_to(self, cop__stack_get(t, p->stack_size));
    } else {
        run_top(self, p);
    }
}

/* Runs until a process raises something that its own code does not catch. */
static void dispatch(void *arg)
{
    struct cop__stack *self = arg;
    /* Unwinding need not come down to here. TSan wants to see each frame go, though. */
    self->entry.floor = COP_TSAN ? NULL : cop__ctx_sp();
    for (;;)
        dispatch_one(self);
}

void cop__dispatch(void *arg)
{
    struct cop__stack *self = cop__thread()->stack;
    arrive(self, arg);
    for (;;) {
        cop__ctx_enter(&self->entry.sp, dispatch, self);
        end_aborted(self);
    }
}

void *cop__thread_main(void *thread)
{
    struct cop__thread *t = thread;
    cop__thread_self_set(t);
    cop__san_stack_native(&t->native.san);
    while (cop__seat_wait(t)) {
        do {
            t->picked = cop__seat_poll(t);
            struct cop__stack *to = cop__stack_get(t, 0);
            struct cop__post post = {.kind = COP__POST_NONE};
            t->stack = &t->native;
            switch_to(&t->native, to, &post);
        } while (cop__seat_is_kept(t));
    }
    cop__stack_flush(t);
    cop__alloc_thread_exit();
    atomic_store_explicit(&t->has_ended, true, memory_order_release);
    return NULL;
}
