/* SPDX-License-Identifier: Apache-2.0 */
/* What a process keeps about itself: flags, dictionary, label, group leader. Facts: PRC. */
#include "runtime/exit.h"
#include "runtime/introspect.h"
#include "runtime/proc.h"
#include "runtime/signal.h"

cop_pid cop_self(void)
{
    struct cop__proc *p = cop__current();
    cop_pid pid = cop_no_pid();
    if (p != NULL) pid.id = cop__proc_id(p);
    return pid;
}

bool cop_trap_exit(bool on)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    /* What has arrived by now is decided by the old value (EXI-19). */
    if (!cop__signals_take(p)) cop__die(p);
    uint8_t old;
    if (on)
        old = atomic_fetch_or_explicit(&p->flags, COP__PROC_TRAP_EXIT, memory_order_relaxed);
    else
        old = atomic_fetch_and_explicit(&p->flags, (uint8_t)~COP__PROC_TRAP_EXIT,
                                        memory_order_relaxed);
    cop__leave(cop__thread());
    return (old & COP__PROC_TRAP_EXIT) != 0;
}

enum cop_priority cop_set_priority(enum cop_priority priority)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL && (unsigned)priority <= COP_PRIORITY_MAX, "no process, or no priority");
    return (enum cop_priority)atomic_exchange_explicit(&p->priority, priority,
                                                       memory_order_relaxed);
}

cop_term cop__priority_term(enum cop_priority priority)
{
    static const uint32_t atoms[] = {COP_ATOM_normal, COP_ATOM_low, COP_ATOM_high, COP_ATOM_max};
    return cop__atom(atoms[priority]);
}

static struct cop__proc *dictionary_owner(void)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "a process dictionary belongs to a process");
    if (p->dictionary == NULL) p->dictionary = cop_dict_new();
    return p;
}

static cop_term or_nil(cop_term t)
{
    return cop_is_none(t) ? cop_nil() : t;
}

cop_term cop_put(cop_term key, cop_term value)
{
    struct cop__proc *p = dictionary_owner();
    cop_term old = or_nil(cop_dict_remove(p->dictionary, key));
    cop_dict_put(p->dictionary, key, value);
    if (cop__is(key, COP_ATOM_initial_call)) cop__initial_call_set(p, value);
    return old;
}

cop_term cop_get(cop_term key)
{
    return or_nil(cop_dict_get(dictionary_owner()->dictionary, key));
}

cop_term cop_erase(cop_term key)
{
    return or_nil(cop_dict_remove(dictionary_owner()->dictionary, key));
}

cop_term cop_dictionary(void)
{
    return cop_dict_to_list(dictionary_owner()->dictionary);
}

void cop_set_label(cop_term label)
{
    struct cop__proc *p = cop__enter()->current;
    cop_kept old = {p->label};
    p->label = cop_keep(label).term_;
    cop__label_set(p, label);
    cop_drop(&old);
    cop__leave(cop__thread());
}

cop_pid cop_group_leader(void)
{
    cop_pid pid = cop_no_pid();
    struct cop__proc *p = cop__current();
    if (p != NULL) pid.id = atomic_load_explicit(&p->group_leader, memory_order_relaxed);
    return pid;
}

void cop_set_group_leader(cop_pid leader, cop_pid pid)
{
    if (leader.node != 0 || pid.node != 0) cop_error(COP(":badarg"));
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    if (cop__proc_id(p) == pid.id)
        cop__group_leader_set(p, leader.id);
    else
        cop__signal_send(t, COP__SIG_GROUP_LEADER, pid.id, leader.id, cop_nil());
    cop__leave(cop__thread());
}
