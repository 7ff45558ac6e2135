/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, exits and throws: a forced unwind of the process's stack to the innermost cop_try, or,
 * for a fatal signal, to the entry of its handler. The frames' cleanups run; catch blocks of C++ do
 * not end it. Costs nothing where nothing is raised.
 *
 * The unwinder calls stop() for each frame, with the frame's canonical address. Where that reaches
 * the catcher's floor the frames above it are gone, and cop__ctx_abort() lets cop__ctx_enter()
 * return 1. stop() carries no sanitizer code: the jump out
 * of it would leave their shadow of the stack wrong. */
#include "runtime/exit.h"

#include "runtime/introspect.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/stacktrace.h"
#include "term/site.h"

#include <stdlib.h>

void cop__exit_set(struct cop__proc *p, enum cop_class class_, cop_term reason,
                   struct cop__block *block)
{
    if (p->exit_block != NULL) cop__block_free(p->exit_block);
    atomic_fetch_or_explicit(&p->flags, COP__PROC_EXITING, memory_order_relaxed);
    p->exit_class = class_;
    p->exit_reason = reason;
    p->exit_stack = cop_empty_list();
    p->exit_block = block;
}

void cop__exit_raised(struct cop__proc *p, const struct cop__catch *entry)
{
    cop__exit_set(p, entry->class_, entry->reason, NULL);
    p->exit_stack = entry->stack;
}

/* --- Unwinding -------------------------------------------------------------------------------- */

COP_NO_SANITIZE static _Unwind_Reason_Code stop(int version, _Unwind_Action actions,
                                                _Unwind_Exception_Class class_,
                                                struct _Unwind_Exception *exception,
                                                struct _Unwind_Context *context, void *arg)
{
    (void)version;
    (void)class_;
    (void)exception;
    const struct cop__catch *catch_ = arg;
    const void *floor = catch_->floor != NULL ? catch_->floor : catch_->sp;
    bool is_end = (actions & _UA_END_OF_STACK) != 0;
    if (!is_end && _Unwind_GetCFA(context) < (uintptr_t)floor) return _URC_NO_REASON;
    cop__san_no_return();
    cop__ctx_abort(catch_->sp);
}

static void exception_done(_Unwind_Reason_Code code, struct _Unwind_Exception *exception)
{
    (void)code;
    (void)exception;
    /* Called when C++ code swallows the exception with catch (...): fatal, there is no way on. */
    COP_CHECK(false, "a catch (...) has swallowed the exit of a process");
}

/* Unwinds p's stack to catch_. Gate: PROCESS. The cleanups on the way may use the runtime: what
 * they raise is caught by a cop_try of their own or again by this catch, those between being
 * gone. */
__attribute__((noreturn)) static void unwind_to(struct cop__proc *p, struct cop__catch *catch_)
{
    p->catch_ = catch_;
    p->is_unwinding = true;
    catch_->unwind.exception_class = 0x434f5050494345ULL; /* "COPPICE" */
    catch_->unwind.exception_cleanup = exception_done;
    _Unwind_Reason_Code code = _Unwind_ForcedUnwind(&catch_->unwind, stop, catch_);
    COP_CHECK(false,
              "the stack of a process cannot be unwound (code %d): is all code compiled "
              "with -fexceptions?",
              (int)code);
    abort();
}

static struct cop__catch *outermost(struct cop__catch *c)
{
    while (c->outer != NULL)
        c = c->outer;
    return c;
}

void cop__die(struct cop__proc *p)
{
    /* cop__foreign_leave() asks again; the next call of the runtime after the cleanups does. */
    if (p->foreign > 0 || p->is_unwinding) return;
    cop__leave(cop__thread());
    cop__raised(p, cop_none());
    unwind_to(p, outermost(p->catch_));
}

/* --- Raising ---------------------------------------------------------------------------------- */

/* Outside of the runtime: errors of terms and of arguments are also found inside. */
static struct cop__proc *raising(void)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "an error outside of a process: nobody can handle it");
    struct cop__thread *t = cop__thread();
    if (atomic_load_explicit(&t->gate, memory_order_relaxed) == COP__GATE_RUNTIME) cop__leave(t);
    COP_CHECK(p->foreign == p->catch_->foreign,
              "an exit inside of COP_FOREIGN would unwind the frames of a foreign library");
    return p;
}

__attribute__((noreturn)) static void raise_it(struct cop__proc *p, enum cop_class class_,
                                               cop_term reason, cop_term stack)
{
    if (class_ != COP_CLASS_THROW) cop__raised(p, reason);
    p->catch_->class_ = class_;
    p->catch_->reason = reason;
    p->catch_->stack = stack;
    unwind_to(p, p->catch_);
}

void cop_raise_at(const struct cop_place *place, enum cop_class class_, cop_term reason)
{
    struct cop__proc *p = raising();
    raise_it(p, class_, reason, cop__stacktrace(p, place, NULL));
}

void(cop_exit)(cop_term reason)
{
    cop_raise_at(NULL, COP_CLASS_EXIT, reason);
}

void(cop_error)(cop_term reason)
{
    cop_raise_at(NULL, COP_CLASS_ERROR, reason);
}

void(cop_throw)(cop_term value)
{
    cop_raise_at(NULL, COP_CLASS_THROW, value);
}

void cop__raise_atom(uint32_t atom)
{
    cop_error(cop__atom(atom));
}

void cop__expect_failed(const struct cop__site *site, cop_term t)
{
    struct cop__proc *p = raising();
    const struct cop_place place = {cop__site_file(site), (int)site->line};
    raise_it(p, COP_CLASS_ERROR, cop_tuple(cop__atom(COP_ATOM_badmatch), t),
             cop__stacktrace(p, &place, cop__site_text(site)));
}

void cop__term_fail(const char *reason, cop_term culprit)
{
    (void)culprit;
    cop_error(cop_atom(reason));
}

/* --- Catching --------------------------------------------------------------------------------- */

struct attempt {
    cop_try_fn fn;
    void *arg;
    cop_term value;
};

static void attempt_main(void *arg)
{
    struct attempt *a = arg;
    a->value = a->fn(a->arg);
}

bool cop_try(cop_try_fn fn, void *arg, struct cop_outcome *ret_outcome)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "cop_try outside of a process");
    struct attempt a = {.fn = fn, .arg = arg};
    struct cop__catch here = {.outer = p->catch_, .foreign = p->foreign};
    struct cop_frame *frames = p->frames;
    bool was_unwinding = p->is_unwinding;
    p->catch_ = &here;
    int aborted = cop__ctx_enter(&here.sp, attempt_main, &a);
    p->catch_ = here.outer;
    p->is_unwinding = was_unwinding;
    if (!aborted) {
        *ret_outcome = (struct cop_outcome){COP_CLASS_NONE, a.value, cop_empty_list()};
        return true;
    }
    p->frames = frames;
    *ret_outcome = (struct cop_outcome){here.class_, here.reason, here.stack};
    return false;
}

void cop_reraise(const struct cop_outcome *outcome)
{
    COP_CHECK(outcome->class_ != COP_CLASS_NONE, "cop_reraise of a normal outcome");
    raise_it(raising(), outcome->class_, outcome->value, outcome->stack);
}

cop_term cop_outcome_reason(const struct cop_outcome *outcome)
{
    switch (outcome->class_) {
    case COP_CLASS_ERROR: return cop_tuple(outcome->value, outcome->stack);
    case COP_CLASS_THROW:
        return cop_tuple(cop_tuple(cop__atom(COP_ATOM_nocatch), outcome->value), outcome->stack);
    case COP_CLASS_EXIT: return outcome->value;
    case COP_CLASS_NONE: break;
    }
    return cop__atom(COP_ATOM_normal);
}

cop_term cop__exit_final_reason(struct cop__proc *p)
{
    struct cop_outcome o = {p->exit_class, p->exit_reason, p->exit_stack};
    return cop_outcome_reason(&o);
}

/* --- Foreign calls ---------------------------------------------------------------------------- */

void cop__foreign_enter(void)
{
    struct cop__proc *p = cop__current();
    if (p != NULL) p->foreign++;
}

void cop__foreign_leave(void)
{
    struct cop__proc *p = cop__current();
    if (p == NULL || --p->foreign > 0) return;
    p = cop__enter()->current;
    if (!cop__signals_take(p)) cop__die(p);
    cop__leave(cop__thread());
}
