/* SPDX-License-Identifier: Apache-2.0 */
/* Suspending other processes, for debuggers (PRC-16). A suspended process receives signals but runs
 * no code until it was resumed as often as it was suspended. The request is a question, so that it
 * is in force when the call returns; who asked remembers it, and takes it back when it ends. */
#include "runtime/suspend.h"

#include "runtime/ask.h"
#include "runtime/exit.h"
#include "runtime/proc.h"
#include "runtime/signal.h"

/* What one process holds another back with. */
struct cop__suspension {
    struct cop__suspension *next;
    uint64_t whom;
    uint32_t count;
};

/* The place of the link to the one that holds `whom` back; it points to NULL if there is none. */
static struct cop__suspension **find(struct cop__proc *p, uint64_t whom)
{
    struct cop__suspension **at = &p->suspending;
    while (*at != NULL && (*at)->whom != whom)
        at = &(*at)->next;
    return at;
}

static void forget(struct cop__suspension **at)
{
    struct cop__suspension *s = *at;
    *at = s->next;
    cop__free(s, sizeof(*s));
}

bool cop_suspend_process(cop_pid pid)
{
    struct cop__proc *p = cop__enter()->current;
    bool is_other = pid.node == 0 && pid.id != cop__proc_id(p);
    cop_term answer = cop_nil();
    if (is_other) answer = cop__ask(p, pid.id, cop__atom(COP_ATOM_suspend), COP_INFINITY);
    bool is_done = cop__is(answer, COP_ATOM_true);
    if (is_done) {
        struct cop__suspension **at = find(p, pid.id);
        if (*at == NULL) {
            *at = cop__alloc_zeroed(sizeof(**at));
            (*at)->whom = pid.id;
        }
        (*at)->count++;
    }
    cop__leave(cop__thread());
    return is_done;
}

bool cop_resume_process(cop_pid pid)
{
    struct cop__thread *t = cop__enter();
    struct cop__suspension **at = find(t->current, pid.id);
    bool is_done = pid.node == 0 && *at != NULL;
    if (is_done) {
        is_done = cop__signal_send(t, COP__SIG_RESUME, pid.id, 0, cop_nil());
        if (--(*at)->count == 0 || !is_done) forget(at);
    }
    cop__leave(t);
    return is_done;
}

cop_term cop__suspending(struct cop__proc *p)
{
    cop_term list = cop_empty_list();
    for (struct cop__suspension *s = p->suspending; s != NULL; s = s->next)
        list = cop_cons(cop_tuple(cop__pid_word(s->whom), (int64_t)s->count, 0), list);
    return list;
}

void cop__suspending_end(struct cop__proc *p)
{
    while (p->suspending != NULL) {
        struct cop__suspension *s = p->suspending;
        for (; s->count > 0; s->count--)
            cop__signal_send(cop__thread(), COP__SIG_RESUME, s->whom, 0, cop_nil());
        forget(&p->suspending);
    }
}
