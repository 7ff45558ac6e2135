/* SPDX-License-Identifier: Apache-2.0 */
/* Making and ending processes. The table they live in: proc_table.c. */
#include "runtime/proc.h"

#include "coppice/logger.h"

#include "runtime/ask.h"
#include "runtime/ets.h"
#include "runtime/exit.h"
#include "runtime/introspect.h"
#include "runtime/link.h"
#include "runtime/mailbox.h"
#include "runtime/mailbox_limit.h"
#include "runtime/monitor.h"
#include "runtime/name.h"
#include "runtime/port.h"
#include "runtime/proc_table.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/sim.h"
#include "runtime/stack.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

#include <string.h>

/* What a spawn costs in reductions. */
#define SPAWN_WORK 10

/* --- Regions and references ------------------------------------------------------------------- */

void cop__region_enter(struct cop__proc_region *r)
{
    memset(&r->heap, 0, sizeof(r->heap));
    r->outer = cop__heap_current();
    cop__heap_set_current(&r->heap);
}

void cop__region_leave(struct cop__proc_region *r)
{
    cop__heap_set_current(r->outer);
    cop__heap_fini(&r->heap);
}

uint64_t cop__ref_number(struct cop__thread *t)
{
    const uint64_t block = 1024;
    if (t == NULL)
        return atomic_fetch_add_explicit(&cop__node.ref_next, block, memory_order_relaxed);
    if (t->ref_next == t->ref_end) {
        t->ref_next = atomic_fetch_add_explicit(&cop__node.ref_next, block, memory_order_relaxed);
        t->ref_end = t->ref_next + block;
    }
    return t->ref_next++;
}

cop_term cop__node_name(void)
{
    return cop__atom(COP_ATOM_nonode);
}

/* --- Birth ------------------------------------------------------------------------------------ */

static void proc_init(struct cop__proc *p, cop_start_fn fn, cop_term arg,
                      const struct cop_spawn_opts *opts)
{
    struct cop__proc *parent = cop__current();
    p->start = fn;
    p->wake = NULL;
    p->state = NULL;
    p->stack = NULL;
    p->catch_ = NULL;
    p->is_unwinding = false;
    p->frames = NULL;
    p->deadline_ns = -1;
    p->armed_ns = -1;
    p->dictionary = NULL;
    p->exit_reason = cop_none();
    p->exit_block = NULL;
    p->ask = NULL;
    p->raised = NULL;
    p->suspending = NULL;
    atomic_store_explicit(&p->suspended, 0, memory_order_relaxed);
    atomic_store_explicit(&p->priority, opts->priority, memory_order_relaxed);
    p->foreign = 0;
    p->label = cop_nil();
    atomic_store_explicit(&p->name, opts->name, memory_order_relaxed);
    atomic_store_explicit(&p->initial_call, 0, memory_order_relaxed);
    atomic_store_explicit(&p->is_system, false, memory_order_relaxed);
    p->stack_size = (uint32_t)(opts->stack_size <= COP__STACK_SIZE ? 0 : opts->stack_size);
    uint64_t leader = 0;
    if (parent != NULL) leader = atomic_load_explicit(&parent->group_leader, memory_order_relaxed);
    atomic_store_explicit(&p->parent, parent != NULL ? cop__proc_id(parent) : 0,
                          memory_order_relaxed);
    atomic_store_explicit(&p->group_leader, leader, memory_order_relaxed);
    atomic_store_explicit(&p->registered, 0, memory_order_relaxed);
    atomic_store_explicit(&p->reductions, 0, memory_order_relaxed);
    atomic_store_explicit(&p->flags, 0, memory_order_relaxed);
    cop__mailbox_init(p);
    cop__mailbox_limit(p, opts->mailbox);
    /* The argument goes into the child's first region. */
    p->start_arg = cop__heap_adopt(&p->heap, cop__pack(arg, 0));
}

cop_pid cop__spawn(cop_start_fn fn, cop_term arg, const struct cop_spawn_opts *opts, bool reserve)
{
    struct cop__proc *parent = cop__current();
    struct cop__thread *t = parent != NULL ? cop__enter() : cop__thread();
    struct cop__proc *p = cop__proc_alloc(reserve);
    if (p == NULL) {
        if (parent == NULL) return cop_no_pid();
        cop__raise_atom(COP_ATOM_system_limit);
    }
    proc_init(p, fn, arg, opts);
    COP_CHECK(parent != NULL || (!opts->link && !opts->monitor),
              "a thread that is no process can neither link nor monitor");
    if (opts->link) cop__link_both(parent, p);
    if (opts->monitor) *opts->ret_ref = cop__monitor_child(parent, p);
    cop_pid pid = {.id = cop__proc_open(p), .node = 0, .creation = 0};
    if (cop__journal_wants(COP_JOURNAL_PROCESSES)) cop__journal_spawned(pid.id, parent, opts->name);
    cop__make_runnable(t, p);
    if (parent != NULL) {
        cop__leave(cop__thread());
        cop__count(parent, SPAWN_WORK);
    }
    return pid;
}

cop_pid cop_spawn(cop_start_fn fn, cop_term arg, const struct cop_spawn_opts *opts)
{
    static const struct cop_spawn_opts none;
    cop_pid pid = cop__spawn(fn, arg, opts != NULL ? opts : &none, false);
    if (cop__current() == NULL) cop__sim_thaw();
    return pid;
}

/* --- Death ------------------------------------------------------------------------------------ */

void cop__signal_to_dead(struct cop__thread *t, struct cop__signal *s)
{
    struct cop__proc_region region;
    cop__region_enter(&region);
    cop_term noproc = cop__atom(COP_ATOM_noproc);
    switch ((enum cop__signal_kind)s->kind) {
    case COP__SIG_LINK:
        cop__signal_send_from(t, s->to, COP__SIG_LINK_EXIT, s->from, 0,
                              cop__exit_message(s->to, noproc));
        break;
    case COP__SIG_UNLINK:
        cop__signal_send_from(t, s->to, COP__SIG_UNLINK_ACK, s->from, s->ref, cop_nil());
        break;
    case COP__SIG_MONITOR: {
        cop_term name = cop__signal_term(s);
        bool is_named = cop_is_atom(name) && name.word != cop_nil().word;
        cop__down_send(t, s->from, s->ref, s->to, is_named ? cop__atom_index(name) : 0, noproc);
        break;
    }
    case COP__SIG_ASK: cop__signal_send(t, COP__SIG_ANSWER, s->from, s->ref, cop_nil()); break;
    default: break; /* SIG-10 */
    }
    cop__region_leave(&region);
    cop__signal_free(s);
}

#define REPORT_TERM_MAX 8192

/* A process that nobody watches over through proc_lib says why it crashed (EXI-18). */
static void report_crash(struct cop__proc *p)
{
    if (p->exit_class != COP_CLASS_ERROR && p->exit_class != COP_CLASS_THROW) return;
    struct cop_outcome how = {p->exit_class, p->exit_reason, p->exit_stack};
    bool erlang = cop_logger_form() != COP_FORM_ELIXIR;
    cop_term pid_term = cop__pid_word(cop__proc_id(p));
    cop_bytes words =
        cop_to_bytes(erlang ? cop_inspect_erlang(cop_outcome_reason(&how), REPORT_TERM_MAX)
                            : cop_format_outcome(&how));
    cop_bytes pid = cop_to_bytes(erlang ? cop_inspect_erlang(pid_term, REPORT_TERM_MAX)
                                        : cop_inspect(pid_term));
    cop_log(COP_ERROR,
            erlang ? "Error in process %.*s with exit value:\n%.*s\n"
                   : "Process %.*s raised an exception\n%.*s",
            (int)pid.len, pid.data, (int)words.len, words.data);
}

static void answer_all(struct cop__thread *t, struct cop__signal *s)
{
    while (s != NULL) {
        struct cop__signal *next = s->next;
        cop__signal_to_dead(t, s);
        s = next;
    }
}

/* Ends what stands between p and others; they hear of it. */
static void let_go(struct cop__proc *p, cop_term reason)
{
    cop__deadline_disarm(p);
    /* Who is linked and watches hears of the link first, as in OTP. */
    cop__links_end(p, cop__exit_message(cop__proc_id(p), reason));
    cop__watchers_end(p, reason);
    cop__monitors_end(p);
    cop__suspending_end(p);
}

void cop__proc_die(struct cop__proc *p)
{
    struct cop__thread *t = cop__thread();
    uint64_t self = cop__proc_id(p);
    uint8_t flags = atomic_fetch_or_explicit(&p->flags, COP__PROC_EXITING, memory_order_relaxed);
    report_crash(p);
    cop_term reason = cop__exit_final_reason(p);
    cop__journal_ended(p, flags, reason);
    /* First what others could see of it, then the news of its death (SIG-07). */
    cop__name_release(p);
    if ((flags & COP__PROC_HAS_TABLES) != 0) cop__ets_end(p);
    if ((flags & COP__PROC_HAS_LABEL) != 0) cop__label_end(p);
    if ((flags & COP__PROC_HAS_PORTS) != 0) cop__ports_end(self);
    if ((flags & COP__PROC_HAS_TIMERS) != 0) cop__timers_cancel_for(self);
    let_go(p, reason);
    /* Closed last: whoever is told "not alive" may count on the news having been sent to all. */
    struct cop__signal *s = cop__signals_close(p);
    answer_all(t, p->unhandled);
    p->unhandled = NULL;
    answer_all(t, s);
}

void cop__proc_bury(struct cop__proc *p)
{
    cop__mailbox_clear(p);
    if (p->exit_block != NULL) cop__block_free(p->exit_block);
    p->exit_block = NULL;
    if (p->raised != NULL) cop__raised_free(p);
    cop__heap_set_current(NULL);
    cop__heap_fini(&p->heap);
    memset(&p->heap, 0, sizeof(p->heap));
    cop__proc_free(p);
}

void cop__proc_end(struct cop__proc *p)
{
    uint8_t flags = atomic_load_explicit(&p->flags, memory_order_relaxed);
    cop__heap_set_current(&p->heap);
    if ((flags & COP__PROC_CONDEMNED) != 0) {
        /* Its cleanups may have linked and watched since. */
        let_go(p, cop__exit_final_reason(p));
        atomic_fetch_sub_explicit(&cop__node.zombie_count, 1, memory_order_relaxed);
    } else {
        cop__proc_die(p);
    }
    cop__proc_bury(p);
}
