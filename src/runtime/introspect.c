/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of the node and rows of its processes, read from outside: atomics of slots, seats and
 * threads. The pieces of one row are of nearly the same moment, no more; that the slot is still the
 * same process's is asked again after the last. */
#include "runtime/introspect.h"

#include "runtime/proc.h"
#include "runtime/suspend.h"
#include "runtime/timer.h"
#include "term/atom.h"

/* A process that was condemned must not touch a node that may have stopped: so each look is made
 * inside of the runtime, and long ones give way in between. */
#define SLOTS_A_LOOK 4096

static bool look_begin(void)
{
    if (cop__current() == NULL) return false;
    cop__enter();
    return true;
}

static void look_end(bool has_entered)
{
    if (has_entered) cop__leave(cop__thread());
}

/* --- The node --------------------------------------------------------------------------------- */

static void add_processes(struct cop_node_figures *f)
{
    bool has_entered = look_begin();
    for (uint32_t i = cop__proc_slots(); i > 0; i--) {
        const struct cop__proc *p = cop__proc_slot(i);
        if (i % SLOTS_A_LOOK == 0) {
            look_end(has_entered);
            has_entered = look_begin();
        }
        if (atomic_load_explicit(&p->inbox, memory_order_acquire) == COP__INBOX_CLOSED) continue;
        f->memory_processes += sizeof(*p) + atomic_load_explicit(&p->memory, memory_order_relaxed);
        f->reductions += atomic_load_explicit(&p->reductions, memory_order_relaxed);
    }
    look_end(has_entered);
}

static void add_threads(struct cop_node_figures *f)
{
    const struct cop__thread *t;
    bool has_entered = look_begin();
    pthread_mutex_lock(&cop__node.lock);
    COP_LIST_FOR (t, &cop__node.threads, all) {
        f->threads++;
        f->messages += atomic_load_explicit(&t->sent, memory_order_relaxed);
    }
    pthread_mutex_unlock(&cop__node.lock);
    look_end(has_entered);
}

void cop_read_node(struct cop_node_figures *ret_figures)
{
    struct cop__alloc_stats memory = cop__alloc_stats_read();
    bool has_entered = look_begin();
    struct cop_node_figures f = {
        .uptime_ms = (cop__now_ns() - cop__node.started_ns) / 1000000,
        .processes = cop__proc_count(),
        .processes_max = cop__proc_max(),
        .atoms = cop__atom_count(),
        .atoms_max = COP__ATOM_COUNT_MAX,
        .timers = cop__timers_count(),
        .zombies = (uint64_t)atomic_load_explicit(&cop__node.zombie_count, memory_order_relaxed),
        .memory_resident = cop__os_resident_bytes(),
        .memory_atoms = cop__atom_memory(),
        .memory_taken = memory.chunk_bytes + memory.large_bytes,
        .memory_allocated = memory.allocated_bytes,
        .run_queue_global = atomic_load_explicit(&cop__node.global.len, memory_order_relaxed)};
    look_end(has_entered);
    add_processes(&f);
    add_threads(&f);
    *ret_figures = f;
}

size_t cop_read_schedulers(struct cop_scheduler_figures *ret_figures, size_t max)
{
    size_t len = 0;
    bool has_entered = look_begin();
    for (; len < max && len < (size_t)cop__node.seat_count; len++) {
        const struct cop__seat *s = &cop__node.seats[len];
        int64_t since = atomic_load_explicit(&s->asleep_since_ns, memory_order_relaxed);
        int64_t idle = atomic_load_explicit(&s->idle_ns, memory_order_relaxed);
        int64_t now = cop__os_now_ns();
        if (since != 0 && now > since) idle += now - since;
        ret_figures[len] = (struct cop_scheduler_figures){
            .idle_ns = idle,
            .dispatches = atomic_load_explicit(&s->slices, memory_order_relaxed),
            .run_queue = atomic_load_explicit(&s->runq.len, memory_order_relaxed)};
    }
    look_end(has_entered);
    return len;
}

/* --- Initial calls: module << 32 | function << 8 | arity, the atoms by their indexes ---------- */

_Static_assert(COP__ATOM_COUNT_MAX <= 1 << 24, "an atom's index takes 24 bits");

void cop__initial_call_set(struct cop__proc *p, cop_term call)
{
    if (!cop_is_tuple(call) || cop_tuple_size(call) != 3) return;
    cop_term m = cop_elem(call, 0), f = cop_elem(call, 1), a = cop_elem(call, 2);
    if (!cop_is_atom(m) || !cop_is_atom(f) || !cop_is_integer(a)) return;
    uint64_t packed = (uint64_t)cop__atom_index(m) << 32 | (uint64_t)cop__atom_index(f) << 8 |
                      ((uint64_t)cop_to_int(a) & 0xff);
    atomic_store_explicit(&p->initial_call, packed, memory_order_relaxed);
}

static cop_term initial_call_term(uint64_t packed)
{
    if (packed == 0) return cop_nil();
    return cop_tuple(cop__atom((uint32_t)(packed >> 32)),
                     cop__atom((uint32_t)(packed >> 8) & 0xffffff), (int)(packed & 0xff));
}

void cop_system_mark(void)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "cop_system_mark outside of a process");
    atomic_store_explicit(&p->is_system, true, memory_order_relaxed);
}

/* --- Rows ------------------------------------------------------------------------------------- */

static enum cop_process_status status_of(const struct cop__proc *p, uint8_t flags)
{
    if ((flags & COP__PROC_EXITING) != 0) return COP_PROCESS_EXITING;
    if (cop__is_suspended(p)) return COP_PROCESS_SUSPENDED;
    switch (atomic_load_explicit(&p->status, memory_order_relaxed)) {
    case COP__STATUS_RUNNING: return COP_PROCESS_RUNNING;
    case COP__STATUS_RUNNABLE: return COP_PROCESS_RUNNABLE;
    default: return COP_PROCESS_WAITING;
    }
}

static cop_pid local_pid(uint64_t id)
{
    cop_pid pid = {.id = id, .node = 0, .creation = 0};
    return pid;
}

static bool read_row(const struct cop__proc *p, struct cop_process_row *row)
{
    uint64_t id = cop__proc_id(p);
    if (atomic_load_explicit(&p->inbox, memory_order_acquire) == COP__INBOX_CLOSED) return false;
    uint8_t flags = atomic_load_explicit(&p->flags, memory_order_relaxed);
    uint32_t name = atomic_load_explicit(&p->registered, memory_order_relaxed);
    bool has_label = (flags & COP__PROC_HAS_LABEL) != 0;
    *row = (struct cop_process_row){
        .pid = local_pid(id),
        .parent = local_pid(atomic_load_explicit(&p->parent, memory_order_relaxed)),
        .group_leader = local_pid(atomic_load_explicit(&p->group_leader, memory_order_relaxed)),
        .name = name != 0 ? cop__atom(name) : cop_nil(),
        .label = has_label ? cop__label_text(id) : cop_nil(),
        .initial_call =
            initial_call_term(atomic_load_explicit(&p->initial_call, memory_order_relaxed)),
        .function = atomic_load_explicit(&p->name, memory_order_relaxed),
        .status = status_of(p, flags),
        .priority = (enum cop_priority)atomic_load_explicit(&p->priority, memory_order_relaxed),
        .memory = sizeof(*p) + atomic_load_explicit(&p->memory, memory_order_relaxed),
        .reductions = atomic_load_explicit(&p->reductions, memory_order_relaxed),
        .queue = atomic_load_explicit(&p->mailbox_len, memory_order_relaxed),
        .scheduler = -1,
        .trap_exit = (flags & COP__PROC_TRAP_EXIT) != 0,
        .is_system = atomic_load_explicit(&p->is_system, memory_order_relaxed)};
    return cop__proc_id(p) == id;
}

/* The processes that run just now, as far as their threads can be asked. */
#define SEATS_ASKED 64
struct running {
    uint64_t pids[SEATS_ASKED];
    int len;
};

static void find_running(struct running *r)
{
    const struct cop__thread *self = cop__thread();
    r->len = cop__node.seat_count < SEATS_ASKED ? cop__node.seat_count : SEATS_ASKED;
    for (int i = 0; i < r->len; i++) {
        struct cop__thread *t =
            atomic_load_explicit(&cop__node.seats[i].thread, memory_order_acquire);
        r->pids[i] = 0;
        if (t != NULL && t == self && t->current != NULL) {
            r->pids[i] = cop__proc_id(t->current);
        } else if (t != NULL && cop__gate_take(t, COP__GATE_PROCESS)) {
            if (t->current != NULL) r->pids[i] = cop__proc_id(t->current);
            cop__gate_give(t, COP__GATE_PROCESS);
        }
    }
}

static void set_scheduler(struct cop_process_row *row, const struct running *r)
{
    for (int i = 0; i < r->len; i++)
        if (r->pids[i] == row->pid.id) row->scheduler = i;
}

size_t cop_read_processes(uint32_t *cursor, struct cop_process_row *ret_rows, size_t max)
{
    struct running running;
    size_t len = 0;
    bool has_entered = look_begin();
    find_running(&running);
    while (len < max && *cursor < cop__proc_slots()) {
        if (++*cursor % SLOTS_A_LOOK == 0) {
            look_end(has_entered);
            has_entered = look_begin();
        }
        if (!read_row(cop__proc_slot(*cursor), &ret_rows[len])) continue;
        set_scheduler(&ret_rows[len], &running);
        len++;
    }
    look_end(has_entered);
    return len;
}

bool cop__read_process(uint64_t pid, struct cop_process_row *ret_row)
{
    const struct cop__proc *p = cop__proc_lookup(pid);
    struct cop_process_row row;
    if (p == NULL || !read_row(p, &row) || row.pid.id != pid) return false;
    *ret_row = row;
    return true;
}

bool cop_read_process(cop_pid pid, struct cop_process_row *ret_row)
{
    struct running running;
    bool has_entered = look_begin();
    bool is_found = pid.node == 0 && cop__read_process(pid.id, ret_row);
    if (is_found) {
        find_running(&running);
        set_scheduler(ret_row, &running);
    }
    look_end(has_entered);
    return is_found;
}
