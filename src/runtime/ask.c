/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/ask.h"

#include "runtime/exit.h"
#include "runtime/introspect.h"
#include "runtime/mailbox.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

cop_term cop__ask(struct cop__proc *p, uint64_t whom, cop_term question, int64_t timeout_ms)
{
    struct cop__thread *t = cop__thread();
    struct cop__ask ask = {.id = cop__ref_number(t), .answer = cop_nil()};
    COP_ASSERT(p->ask == NULL);
    p->ask = &ask;
    bool is_asked = cop__signal_send(t, COP__SIG_ASK, whom, ask.id, question);
    p->deadline_ns = timeout_ms < 0 ? -1 : cop__deadline_in(timeout_ms);
    while (is_asked && !ask.is_answered) {
        if (cop__deadline_passed(p) || cop__is_exiting(p)) {
            ask.answer = cop_none();
            break;
        }
        cop__wait(p);
    }
    p->deadline_ns = -1;
    p->ask = NULL;
    return ask.answer;
}

/* Not among the items that process_info knows. */
static cop_term frames_row(const struct cop__proc *p)
{
    cop_term frames = cop__native_frames(p);
    return cop_is_none(frames) ? frames : cop_tuple(cop__atom(COP_ATOM_native_stack), frames);
}

/* A question is an atom that asks for nothing but a sign of life, :suspend, or a list of items. */
void cop__asked(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    cop_term question = cop__signal_term(s);
    cop_term answer = cop_true();
    if (cop__is(question, COP_ATOM_suspend)) cop__suspended_add(p, 1);
    if (cop_is_list(question)) {
        answer = cop_empty_list();
        for (; !cop_is_empty_list(question); question = cop_tail(question)) {
            cop_term row = cop__is(cop_head(question), COP_ATOM_native_stack)
                               ? frames_row(p)
                               : cop__info_inside(p, cop_head(question));
            if (!cop_is_none(row)) answer = cop_cons(row, answer);
        }
    }
    cop__signal_send(cop__thread(), COP__SIG_ANSWER, s->from, s->ref, answer);
    cop__region_leave(&region);
}

void cop__answered(struct cop__proc *p, struct cop__signal *s)
{
    struct cop__ask *ask = p->ask;
    if (ask == NULL || ask->id != s->ref) {
        cop__signal_free(s); /* it came too late */
        return;
    }
    ask->answer = cop__heap_adopt(&p->heap, cop__signal_block(s));
    ask->is_answered = true;
}

bool cop_seems_alive(cop_pid pid)
{
    const struct cop__proc *p = pid.node == 0 ? cop__proc_lookup(pid.id) : NULL;
    if (p == NULL || atomic_load_explicit(&p->inbox, memory_order_acquire) == COP__INBOX_CLOSED)
        return false;
    uint8_t flags = atomic_load_explicit(&p->flags, memory_order_acquire);
    return (flags & COP__PROC_EXITING) == 0 && cop__proc_lookup(pid.id) == p;
}

bool cop_is_alive(cop_pid pid)
{
    struct cop__proc *other = pid.node == 0 ? cop__proc_lookup(pid.id) : NULL;
    if (other == NULL ||
        atomic_load_explicit(&other->inbox, memory_order_acquire) == COP__INBOX_CLOSED)
        return false;
    struct cop__proc *self = cop__current();
    if (self == NULL || self == other) return cop_seems_alive(pid);
    /* All that we sent has been handled if nothing at all waits there. EMPTY may be a moment in
     * which its holder handles what it has just taken; IDLE is not. */
    if (atomic_load_explicit(&other->inbox, memory_order_acquire) == COP__INBOX_IDLE &&
        cop__proc_lookup(pid.id) == other)
        return true;
    struct cop__proc *p = cop__enter()->current;
    cop_term answer = cop__ask(p, pid.id, cop__atom(COP_ATOM_alive), COP_INFINITY);
    cop__leave(cop__thread());
    return cop_to_bool(answer.word == cop_nil().word ? cop_false() : answer);
}
