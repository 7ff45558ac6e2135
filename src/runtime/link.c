/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/link.h"

#include "runtime/exit.h"
#include "runtime/proc.h"
#include "runtime/relation.h"
#include "runtime/signal.h"

static bool is_trapping(const struct cop__proc *p)
{
    return (atomic_load_explicit(&p->flags, memory_order_relaxed) & COP__PROC_TRAP_EXIT) != 0;
}

void cop__link_asked(struct cop__proc *p, uint64_t peer)
{
    if (cop__relation_find(&p->links, peer) == NULL) cop__relation_add(&p->links, peer, peer);
}

void cop__unlink_asked(struct cop__proc *p, uint64_t peer, uint64_t id)
{
    struct cop__relation *r = cop__relation_find(&p->links, peer);
    /* Off: both have asked at the same time; each waits for its own acknowledgement. */
    if (r != NULL && r->unlink_id == 0) cop__relation_remove(p, &p->links, r);
    cop__signal_send(cop__thread(), COP__SIG_UNLINK_ACK, peer, id, cop_nil());
}

void cop__unlink_acked(struct cop__proc *p, uint64_t peer, uint64_t id)
{
    struct cop__relation *r = cop__relation_find(&p->links, peer);
    if (r != NULL && r->unlink_id == id) cop__relation_remove(p, &p->links, r);
}

bool cop__link_broken(struct cop__proc *p, uint64_t peer)
{
    struct cop__relation *r = cop__relation_find(&p->links, peer);
    if (r == NULL) return false;
    bool is_on = r->unlink_id == 0;
    cop__relation_remove(p, &p->links, r);
    return is_on;
}

void cop__link_both(struct cop__proc *p, struct cop__proc *child)
{
    cop__relation_add(&p->links, cop__proc_id(child), cop__proc_id(child));
    cop__relation_add(&child->links, cop__proc_id(p), cop__proc_id(p));
}

void cop__links_end(struct cop__proc *p, cop_term message)
{
    struct cop__relation *r;
    while ((r = cop__relation_first(&p->links)) != NULL) {
        if (r->unlink_id == 0)
            cop__signal_send(cop__thread(), COP__SIG_LINK_EXIT, r->peer, 0, message);
        cop__relation_remove(p, &p->links, r);
    }
}

/* The caller links to a process that is no more (LNK-04). */
static void link_to_the_dead(struct cop__proc *p, uint64_t peer)
{
    if (!is_trapping(p)) cop__raise_atom(COP_ATOM_noproc);
    cop_term message = cop__exit_message(peer, cop__atom(COP_ATOM_noproc));
    struct cop__signal *s = cop__signal_new(COP__SIG_EXIT, cop__proc_id(p), 0, message);
    s->from = peer;
    cop__signal_push(cop__thread(), s);
}

/* The caller links to a process of another node: none can be reached (LNK-05). */
static void link_to_elsewhere(struct cop__proc *p, cop_pid pid)
{
    cop_term message = cop_tuple(cop__atom(COP_ATOM_EXIT), pid, cop__atom(COP_ATOM_noconnection));
    cop__signal_send_from(cop__thread(), 0, COP__SIG_EXIT, cop__proc_id(p), 0, message);
}

void cop_link(cop_pid pid)
{
    struct cop__proc *p = cop__enter()->current;
    if (pid.node != 0) {
        link_to_elsewhere(p, pid);
    } else if (pid.id != cop__proc_id(p)) { /* LNK-02 */
        struct cop__relation *r = cop__relation_find(&p->links, pid.id);
        bool is_on = r != NULL && r->unlink_id == 0;
        if (!is_on) {
            if (cop__signal_send(cop__thread(), COP__SIG_LINK, pid.id, 0, cop_nil())) {
                if (r == NULL) r = cop__relation_add(&p->links, pid.id, pid.id);
                r->unlink_id = 0;
            } else {
                /* A record that is off stays until it is acknowledged: a link signal that the dead
                 * had sent before may still come. */
                link_to_the_dead(p, pid.id);
            }
        }
    }
    cop__leave(cop__thread());
}

void cop_unlink(cop_pid pid)
{
    struct cop__thread *t = cop__enter();
    struct cop__proc *p = t->current;
    /* First what has come: a link signal of the peer is taken back, too, then. */
    if (cop__signals_pending(p) && !cop__signals_take(p)) cop__die(p);
    struct cop__relation *r = pid.node == 0 ? cop__relation_find(&p->links, pid.id) : NULL;
    if (r != NULL && r->unlink_id == 0) {
        r->unlink_id = cop__ref_number(t);
        if (!cop__signal_send(t, COP__SIG_UNLINK, pid.id, r->unlink_id, cop_nil()))
            cop__relation_remove(p, &p->links, r);
    }
    cop__leave(cop__thread());
}
