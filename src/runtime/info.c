/* SPDX-License-Identifier: Apache-2.0 */
/* process_info, and what else can be asked about processes. Two kinds of items: those that stand in
 * the slot and can be read at any time, also while the process is stuck; and those that only the
 * process itself can tell, which are asked by signal. Facts: PRC. */
#include "runtime/ask.h"
#include "runtime/exit.h"
#include "runtime/mailbox.h"
#include "runtime/mailbox_limit.h"
#include "runtime/name.h"
#include "runtime/proc.h"
#include "runtime/relation.h"
#include "runtime/signal.h"
#include "runtime/stack.h"
#include "runtime/stacktrace.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"

#include <string.h>

/* How long a question about links or messages waits for a process that does not come to it. */
#define BUSY_AFTER_MS 200

/* --- Read from outside ------------------------------------------------------------------------ */

static cop_term status_of(const struct cop__proc *p)
{
    if ((atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_EXITING) != 0)
        return cop__atom(COP_ATOM_exiting);
    if (cop__is_suspended(p)) return cop__atom(COP_ATOM_suspended);
    switch (atomic_load_explicit(&p->status, memory_order_relaxed)) {
    case COP__STATUS_RUNNING: return cop__atom(COP_ATOM_running);
    case COP__STATUS_RUNNABLE: return cop__atom(COP_ATOM_runnable);
    default: return cop__atom(COP_ATOM_waiting);
    }
}

/* The name of its function. */
static cop_term function_of(const struct cop__proc *p)
{
    const char *name = atomic_load_explicit(&p->name, memory_order_relaxed);
    return name != NULL ? cop_string(name) : cop_nil();
}

static cop_term name_of(const struct cop__proc *p)
{
    uint32_t atom = atomic_load_explicit(&p->registered, memory_order_relaxed);
    return atom != 0 ? cop__atom(atom) : cop_empty_list();
}

/* Bytes that the process had when it last ran. */
static uint64_t bytes_of(const struct cop__proc *p)
{
    return sizeof(*p) + atomic_load_explicit(&p->memory, memory_order_relaxed);
}

/* The value of an item that stands in the slot, or is the same for all; else cop_none(). Sizes of
 * heap and stack are in words, as OTP's (PRC-07). */
static cop_term outside(const struct cop__proc *p, cop_term item)
{
    if (!cop__is_atom(item)) return cop_none();
    switch (cop__atom_index(item)) {
    case COP_ATOM_status: return status_of(p);
    case COP_ATOM_message_queue_len:
        return cop_int(atomic_load_explicit(&p->mailbox_len, memory_order_relaxed));
    case COP_ATOM_reductions:
        return cop_uint(atomic_load_explicit(&p->reductions, memory_order_relaxed));
    case COP_ATOM_memory: return cop_uint(bytes_of(p));
    case COP_ATOM_heap_size:
    case COP_ATOM_total_heap_size: return cop_uint(bytes_of(p) / 8);
    case COP_ATOM_stack_size:
        return cop_uint((p->stack_size != 0 ? p->stack_size : COP__STACK_SIZE) / 8);
    case COP_ATOM_registered_name: return name_of(p);
    case COP_ATOM_current_function:
    case COP_ATOM_current_location: return function_of(p);
    case COP_ATOM_garbage_collection: return cop_empty_list();
    case COP_ATOM_trap_exit:
        return cop_bool(
            (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_TRAP_EXIT) != 0);
    case COP_ATOM_priority:
        return cop__priority_term(atomic_load_explicit(&p->priority, memory_order_relaxed));
    case COP_ATOM_error_handler: return item;
    case COP_ATOM_message_queue_data: return cop__atom(COP_ATOM_on_heap);
    case COP_ATOM_last_calls: return cop_false();
    case COP_ATOM_catchlevel: return cop_int(0);
    case COP_ATOM_mailbox: return cop__mailbox_info(p);
    default: return cop_none();
    }
}

/* --- Told by the process itself --------------------------------------------------------------- */

static cop_term links_of(struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    struct cop__relation *r;
    COP__RELATION_FOR(r, &p->links)
    if (r->unlink_id == 0) list = cop_cons(cop__pid_word(r->peer), list);
    return cop_list_reverse(list);
}

static cop_term monitors_of(struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    struct cop__relation *r;
    COP__RELATION_FOR(r, &p->monitors)
    {
        if (r->peer == 0) continue;
        cop_term whom =
            r->name != 0 ? cop_tuple(cop__atom(r->name), cop__node_name()) : cop__pid_word(r->peer);
        list = cop_cons(cop_tuple(COP(":process"), whom), list);
    }
    return cop_list_reverse(list);
}

static cop_term watchers_of(struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    struct cop__relation *r;
    COP__RELATION_FOR(r, &p->watchers)
    list = cop_cons(cop__pid_word(r->peer), list);
    return cop_list_reverse(list);
}

/* The oldest ones, at most max. */
static cop_term messages_of(struct cop__proc *p, size_t max)
{
    cop_term list = cop_empty_list();
    for (struct cop__signal *s = p->mailbox_first; s != NULL && max > 0; s = s->next, max--)
        list = cop_cons(cop__signal_term(s), list);
    return cop_list_reverse(list);
}

cop_term cop_messages(size_t max)
{
    struct cop__proc *p = cop__enter()->current;
    cop__mailbox_unhand(p);
    if (!cop__signals_take(p)) cop__die(p);
    cop_term list = messages_of(p, max);
    cop__leave(cop__thread());
    return list;
}

/* The watchdog answers for a process whose code runs on, and may be at its dictionary and label:
 * then these are as if it had none. */
static bool is_watchdog(void)
{
    return cop__thread() != NULL && cop__thread()->stack == NULL;
}

static cop_term dictionary_of(struct cop__proc *p)
{
    return p->dictionary != NULL && !is_watchdog() ? cop_dict_to_list(p->dictionary)
                                                   : cop_empty_list();
}

static cop_term initial_call_of(struct cop__proc *p)
{
    cop_term call = cop_none();
    if (p->dictionary != NULL && !is_watchdog())
        call = cop_dict_get(p->dictionary, COP(":\"$initial_call\""));
    if (!cop_is_none(call)) return call;
    return function_of(p);
}

static cop_term pid_or(uint64_t id, cop_term none)
{
    return id != 0 ? cop__pid_word(id) : none;
}

/* The calls by name that p is in (docs/differences.md, CNR-07). Its code runs on while the watchdog
 * answers for it, on no stack of a process: then nothing can be told. */
static cop_term stack_of(const struct cop__proc *p)
{
    return is_watchdog() ? cop_empty_list() : cop__stacktrace(p, NULL, NULL);
}

/* The value of an item that only p can tell, or cop_none(). */
static cop_term inside(struct cop__proc *p, cop_term item)
{
    if (!cop__is_atom(item)) return cop_none();
    switch (cop__atom_index(item)) {
    case COP_ATOM_current_stacktrace: return stack_of(p);
    case COP_ATOM_links: return links_of(p);
    case COP_ATOM_monitors: return monitors_of(p);
    case COP_ATOM_monitored_by: return watchers_of(p);
    case COP_ATOM_messages: return messages_of(p, SIZE_MAX);
    case COP_ATOM_dictionary: return dictionary_of(p);
    case COP_ATOM_initial_call_item: return initial_call_of(p);
    case COP_ATOM_label: return is_watchdog() ? cop_nil() : p->label;
    case COP_ATOM_suspending: return cop__suspending(p);
    case COP_ATOM_group_leader:
        return pid_or(atomic_load_explicit(&p->group_leader, memory_order_relaxed), cop_nil());
    case COP_ATOM_parent:
        return pid_or(atomic_load_explicit(&p->parent, memory_order_relaxed),
                      cop__atom(COP_ATOM_undefined));
    default: return cop_none();
    }
}

cop_term cop__info_inside(struct cop__proc *p, cop_term item)
{
    cop_term value = inside(p, item);
    return cop_is_none(value) ? value : cop_tuple(item, value);
}

/* --- Asking ----------------------------------------------------------------------------------- */

static bool is_known_inside(cop_term item)
{
    static struct cop__proc nobody = {.label = {COP__ATOM_WORD(COP_ATOM_nil)}}; /* not changed */
    return !cop_is_none(inside(&nobody, item));
}

static bool is_known_outside(cop_term item)
{
    static const struct cop__proc nobody;
    return !cop_is_none(outside(&nobody, item));
}

/* The value for one item from the answers of a question, which are {item, value} in any order. */
static cop_term answered_row(cop_term answers, cop_term item)
{
    for (; !cop_is_empty_list(answers); answers = cop_tail(answers))
        if (cop_elem(cop_head(answers), 0).word == item.word) return cop_head(answers);
    return cop_tuple(item, COP(":busy"));
}

/* The rows for a list of items, from the slot and from what was answered. */
static cop_term rows(const struct cop__proc *p, cop_term items, cop_term answers)
{
    cop_term list = cop_empty_list();
    for (; !cop_is_empty_list(items); items = cop_tail(items)) {
        cop_term item = cop_head(items);
        cop_term value = outside(p, item);
        cop_term row = cop_is_none(value) ? answered_row(answers, item) : cop_tuple(item, value);
        list = cop_cons(row, list);
    }
    return cop_list_reverse(list);
}

/* Which of the items have to be asked. Exits: badarg for one that nobody knows. */
static cop_term to_ask(cop_term items)
{
    cop_term list = cop_empty_list();
    if (cop_list_len(items) < 0) cop_error(COP(":badarg"));
    for (; !cop_is_empty_list(items); items = cop_tail(items)) {
        cop_term item = cop_head(items);
        if (is_known_inside(item))
            list = cop_cons(item, list);
        else if (!is_known_outside(item))
            cop_error(COP(":badarg"));
    }
    return list;
}

/* What the process p tells about itself, or is asked by self; cop_nil() if it is dead. */
static cop_term answers_for(uint64_t whom, cop_term wanted)
{
    struct cop__proc *self = cop__enter()->current;
    cop_term answers = cop_empty_list();
    if (cop__proc_id(self) == whom) {
        cop__mailbox_unhand(self);
        if (!cop__signals_take(self)) cop__die(self);
        for (; !cop_is_empty_list(wanted); wanted = cop_tail(wanted))
            answers = cop_cons(cop__info_inside(self, cop_head(wanted)), answers);
    } else {
        answers = cop__ask(self, whom, wanted, BUSY_AFTER_MS);
        if (cop_is_none(answers)) answers = cop_empty_list();
    }
    cop__leave(cop__thread());
    return answers;
}

cop_term cop_process_info(cop_pid pid, cop_term items)
{
    bool is_one = cop_is_atom(items);
    cop_term list = is_one ? cop_list(items) : items;
    cop_term wanted = to_ask(list);
    struct cop__proc *p = cop__proc_lookup(pid.id);
    if (pid.node != 0) cop_error(COP(":badarg"));
    if (p == NULL || (cop__proc_id(p) == pid.id &&
                      atomic_load_explicit(&p->inbox, memory_order_acquire) == COP__INBOX_CLOSED))
        return cop_nil();
    /* One sign of life, so that what was sent before counts, and the dead have no rows. */
    cop_term answers = answers_for(pid.id, wanted);
    if (answers.word == cop_nil().word) return cop_nil();
    cop_term found = rows(p, list, answers);
    return is_one ? cop_head(found) : found;
}

/* Until all have been told of its end (EXI-20); one that was condemned is dead at once. */
static bool is_listed(const struct cop__proc *p)
{
    if (atomic_load_explicit(&p->inbox, memory_order_acquire) != COP__INBOX_CLOSED) return true;
    uint8_t flags = atomic_load_explicit(&p->flags, memory_order_relaxed);
    return (flags & (COP__PROC_EXITING | COP__PROC_CONDEMNED)) == COP__PROC_EXITING &&
           atomic_load_explicit(&p->status, memory_order_acquire) != COP__STATUS_FREE;
}

cop_term cop_processes(void)
{
    cop_term list = cop_empty_list();
    for (uint32_t i = cop__proc_slots(); i > 0; i--) {
        struct cop__proc *p = cop__proc_slot(i);
        if (is_listed(p)) list = cop_cons(cop__pid_word(cop__proc_id(p)), list);
    }
    return list;
}
