/* SPDX-License-Identifier: Apache-2.0 */
/* Sending: where a message starts. The rest of its way: signal.c (push), sched.c (wake, dispatch),
 * mailbox.c (receive). Facts: MSG, ALS, NAM-07, EXI. */
#include "runtime/exit.h"
#include "runtime/name.h"
#include "runtime/proc.h"
#include "runtime/sched.h"
#include "runtime/signal.h"
#include "runtime/sim.h"

static inline void count_sent(struct cop__thread *t)
{
    atomic_store_explicit(&t->sent, atomic_load_explicit(&t->sent, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Whom a term means: the pid's number, 0 for nobody. An alias: *ret_alias is its number. */
static uint64_t receiver(cop_term to, uint64_t *ret_alias)
{
    if (COP_LIKELY(cop_is_pid(to))) {
        cop_pid pid = cop_to_pid(to);
        return pid.node == 0 ? pid.id : 0;
    }
    if (cop_is_atom(to)) {
        uint64_t id = cop__name_lookup(cop__atom_index(to));
        if (id == 0) cop__raise_atom(COP_ATOM_badarg); /* NAM-07 */
        return id;
    }
    if (cop_is_reference(to)) {
        cop_ref ref = cop_to_ref(to);
        *ret_alias = ref.id[1];
        return ref.id[0];
    }
    if (cop_is_tuple(to) && cop_tuple_size(to) == 2 && cop_is_atom(cop_elem(to, 0)) &&
        cop_is_atom(cop_elem(to, 1))) {
        if (cop_elem(to, 1).word != cop__node_name().word)
            return 0; /* no such node: NAM-07, DST-08 */
        return cop__name_lookup(cop__atom_index(cop_elem(to, 0)));
    }
    cop__raise_atom(COP_ATOM_badarg);
}

static __attribute__((noinline)) void send_any(cop_term to, cop_term msg)
{
    uint64_t alias = 0;
    uint64_t id = receiver(to, &alias);
    enum cop__signal_kind kind = alias != 0 ? COP__SIG_ALIAS_MESSAGE : COP__SIG_MESSAGE;
    if (cop__current() == NULL) {
        cop__signal_send(NULL, kind, id, alias, msg);
        cop__sim_thaw();
        return;
    }
    struct cop__thread *t = cop__enter();
    count_sent(t);
    cop__signal_send(t, kind, id, alias, msg);
    cop__leave(t);
}

/* The short way, from a process to a local pid: all in one function, since every message goes it.
 * False: it is another case. */
static inline bool send_quick(struct cop__proc *self, cop_term to, cop_term msg)
{
    if (COP_UNLIKELY(self == NULL || !cop__is_local_pid(to))) return false;
    struct cop__thread *t = cop__enter();
    count_sent(t);
    uint64_t id = cop__local_pid_id(to);
    struct cop__proc *p = cop__proc_lookup(id);
    if (COP_LIKELY(p != NULL)) {
        struct cop__signal *s =
            cop__signal_new_from(cop__proc_id(self), COP__SIG_MESSAGE, id, 0, msg);
        if (COP_UNLIKELY(!cop__signal_push_to(t, p, s))) cop__signal_free(s);
    }
    cop__leave(t);
    return true;
}

cop_term(cop_send)(cop_term to, cop_term msg)
{
    struct cop__proc *self = cop__current();
    if (COP_UNLIKELY(!send_quick(self, to, msg))) send_any(to, msg);
    if (COP_LIKELY(self != NULL)) cop__count(self, 1);
    return msg;
}

cop_term(cop_send_nosuspend)(cop_term to, cop_term msg)
{
    if (COP_UNLIKELY(!send_quick(cop__current(), to, msg))) send_any(to, msg);
    return msg;
}

void cop_exit_process(cop_pid pid, cop_term reason)
{
    struct cop__proc *p = cop__current();
    if (pid.node != 0) return; /* that node is not connected: SIG-10 */
    if (p == NULL) {
        cop__signal_send(NULL, COP__SIG_EXIT, pid.id, 0, cop__exit_message(0, reason));
        cop__sim_thaw();
        return;
    }
    uint64_t self = cop__proc_id(p);
    cop_term message = cop__exit_message(self, reason);
    struct cop__thread *t = cop__enter();
    cop__signal_send(t, COP__SIG_EXIT, pid.id, 0, message);
    if (pid.id == self && !cop__signals_take(p)) /* SIG-11: takes effect before the call returns */
        cop__die(p);
    cop__leave(cop__thread());
}
