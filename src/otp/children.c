/* SPDX-License-Identifier: Apache-2.0 */
/* The list and the two indexes of a supervisor's children. The indexes are arrays of chains,
 * doubled when there are as many children as chains; they never shrink. */
#include "otp/children.h"

#include "base/check.h"

#define CAP_FIRST 16

/* --- Index by pid ----------------------------------------------------------------------------- */

static size_t pid_bucket(cop_pid pid, size_t cap)
{
    /* Local pids count up, so their low bits alone would do; remote ones of several nodes would
     * not. */
    uint64_t mixed = (pid.id ^ ((uint64_t)pid.node << 32)) * UINT64_C(0x9E3779B97F4A7C15);

    return (size_t)(mixed >> 32) & (cap - 1);
}

static void pid_index_grow(struct cop__children *all)
{
    size_t cap = all->by_pid_cap ? 2 * all->by_pid_cap : CAP_FIRST;
    struct cop__child **grown = cop_alloc(cap * sizeof(struct cop__child *));

    for (struct cop__child *c = all->first; c; c = c->after) {
        if (!cop_is_no_pid(c->pid)) {
            size_t bucket = pid_bucket(c->pid, cap);

            c->pid_next = grown[bucket];
            grown[bucket] = c;
        }
    }
    cop_free(all->by_pid);
    all->by_pid = grown;
    all->by_pid_cap = cap;
}

static void pid_index_add(struct cop__children *all, struct cop__child *child)
{
    struct cop__child **bucket;

    all->by_pid_len++;
    if (all->by_pid_len > all->by_pid_cap) {
        pid_index_grow(all); /* takes child along */
        return;
    }
    bucket = &all->by_pid[pid_bucket(child->pid, all->by_pid_cap)];
    child->pid_next = *bucket;
    *bucket = child;
}

static void pid_index_remove(struct cop__children *all, struct cop__child *child)
{
    struct cop__child **at = &all->by_pid[pid_bucket(child->pid, all->by_pid_cap)];

    while (*at != child)
        at = &(*at)->pid_next;
    *at = child->pid_next;
    all->by_pid_len--;
}

struct cop__child *cop__children_by_pid(const struct cop__children *all, cop_pid pid)
{
    struct cop__child *child;

    if (all->by_pid_cap == 0 || cop_is_no_pid(pid)) return NULL;
    child = all->by_pid[pid_bucket(pid, all->by_pid_cap)];
    while (child && !cop_pid_equal(child->pid, pid))
        child = child->pid_next;
    return child;
}

/* --- Index by id ------------------------------------------------------------------------------ */

static void id_index_grow(struct cop__children *all)
{
    size_t cap = all->by_id_cap ? 2 * all->by_id_cap : CAP_FIRST;
    struct cop__child **grown = cop_alloc(cap * sizeof(struct cop__child *));

    for (struct cop__child *c = all->first; c; c = c->after) {
        if (c->has_id) {
            size_t bucket = (size_t)c->id_hash & (cap - 1);

            c->id_next = grown[bucket];
            grown[bucket] = c;
        }
    }
    cop_free(all->by_id);
    all->by_id = grown;
    all->by_id_cap = cap;
}

static void id_index_add(struct cop__children *all, struct cop__child *child)
{
    struct cop__child **bucket;

    all->by_id_len++;
    if (all->by_id_len > all->by_id_cap) {
        id_index_grow(all);
        return;
    }
    bucket = &all->by_id[(size_t)child->id_hash & (all->by_id_cap - 1)];
    child->id_next = *bucket;
    *bucket = child;
}

static void id_index_remove(struct cop__children *all, struct cop__child *child)
{
    struct cop__child **at = &all->by_id[(size_t)child->id_hash & (all->by_id_cap - 1)];

    while (*at != child)
        at = &(*at)->id_next;
    *at = child->id_next;
    all->by_id_len--;
}

struct cop__child *cop__children_by_id(const struct cop__children *all, cop_term id)
{
    uint64_t hash;
    struct cop__child *child;

    if (all->by_id_cap == 0) return NULL;
    hash = cop_hash(id);
    child = all->by_id[(size_t)hash & (all->by_id_cap - 1)];
    while (child && (child->id_hash != hash || !cop_identical(cop_kept_term(child->id), id)))
        child = child->id_next;
    return child;
}

/* --- The list --------------------------------------------------------------------------------- */

cop_term cop__stored_start(cop_term start, enum cop__restart restart)
{
    return restart == COP__TEMPORARY ? cop_put_elem(start, 2, COP(":undefined")) : start;
}

static void put_last(struct cop__children *all, struct cop__child *child)
{
    child->before = all->last;
    child->after = NULL;
    *(all->last ? &all->last->after : &all->first) = child;
    all->last = child;
    all->len++;
}

static void take_out(struct cop__children *all, struct cop__child *child)
{
    *(child->before ? &child->before->after : &all->first) = child->after;
    *(child->after ? &child->after->before : &all->last) = child->before;
    all->len--;
}

struct cop__child *cop__children_append(struct cop__children *all, const struct cop__spec *spec,
                                        bool with_id)
{
    struct cop__child *child = cop_alloc(sizeof(*child));

    COP_ASSERT(!with_id || !cop__children_by_id(all, spec->id));
    child->pid = cop_no_pid();
    child->start = cop_keep(spec->start);
    child->modules = cop_keep(spec->modules);
    child->shutdown = spec->shutdown;
    child->waiting = cop__waiting_new(&spec->backoff);
    child->mailbox = spec->mailbox;
    child->restart = spec->restart;
    child->state = COP__CHILD_STOPPED;
    child->supervisor = spec->supervisor;
    child->significant = spec->significant;
    put_last(all, child);
    child->id = cop_keep(spec->id);
    if (with_id) {
        child->id_hash = cop_hash(spec->id);
        child->has_id = true;
        id_index_add(all, child);
    }
    return child;
}

/* One that waits just now does so by the rules that it has. */
static void update_backoff(struct cop__child *child, const struct cop__backoff *rules)
{
    struct cop__waiting *former = child->waiting;

    if (cop__child_waits(child)) return;
    child->waiting = cop__waiting_new(rules);
    if (child->waiting && former) child->waiting->started_at = former->started_at;
    cop_free(former);
}

void cop__children_update(struct cop__children *all, struct cop__child *child,
                          const struct cop__spec *spec)
{
    bool runs = child->state == COP__CHILD_RUNNING;

    COP_ASSERT(cop__children_by_id(all, spec->id) == child);
    cop_replace(&child->start, runs ? cop__stored_start(spec->start, spec->restart) : spec->start);
    cop_replace(&child->modules, spec->modules);
    child->shutdown = spec->shutdown;
    child->restart = spec->restart;
    child->supervisor = spec->supervisor;
    child->significant = spec->significant;
    update_backoff(child, &spec->backoff);
    child->mailbox = spec->mailbox;
}

void cop__children_move_last(struct cop__children *all, struct cop__child *child)
{
    take_out(all, child);
    put_last(all, child);
}

void cop__children_remove(struct cop__children *all, struct cop__child *child)
{
    cop__children_set(all, child, COP__CHILD_STOPPED, cop_no_pid());
    if (child->has_id) id_index_remove(all, child);
    take_out(all, child);
    cop_drop(&child->id);
    cop_drop(&child->start);
    cop_drop(&child->modules);
    cop_free(child->waiting);
    cop_free(child);
}

void cop__children_clear(struct cop__children *all)
{
    while (all->last)
        cop__children_remove(all, all->last);
    cop_free(all->by_pid);
    cop_free(all->by_id);
    *all = (struct cop__children){.first = NULL};
}

void cop__children_set(struct cop__children *all, struct cop__child *child,
                       enum cop__child_state state, cop_pid pid)
{
    COP_ASSERT(state != COP__CHILD_STOPPED || cop_is_no_pid(pid));
    COP_ASSERT(state != COP__CHILD_RUNNING || !cop_is_no_pid(pid));
    if (!cop_is_no_pid(child->pid)) pid_index_remove(all, child);
    if (!cop_is_no_pid(child->pid)) child->former = child->pid;
    child->state = state;
    child->pid = pid;
    if (child->waiting) {
        cop__waiting_cancel(child->waiting);
        if (state == COP__CHILD_RUNNING) child->waiting->started_at = cop_monotonic_ms();
    }
    if (!cop_is_no_pid(pid)) pid_index_add(all, child);
}

/* --- As terms --------------------------------------------------------------------------------- */

struct cop__spec cop__child_spec_now(const struct cop__child *child)
{
    static const struct cop__backoff none;

    return (struct cop__spec){
        .id = cop_kept_term(child->id),
        .start = cop_kept_term(child->start),
        .modules = cop_kept_term(child->modules),
        .shutdown = child->shutdown,
        .backoff = child->waiting ? child->waiting->rules : none,
        .mailbox = child->mailbox,
        .restart = child->restart,
        .supervisor = child->supervisor,
        .significant = child->significant,
    };
}

bool cop__child_waits(const struct cop__child *child)
{
    return child->waiting && child->waiting->is_on;
}

static cop_term shown_pid(const struct cop__child *child)
{
    switch (child->state) {
    case COP__CHILD_STOPPED: return COP(":undefined");
    case COP__CHILD_RUNNING: return cop_pid_term(child->pid);
    case COP__CHILD_RESTARTING: return COP(":restarting");
    }
    COP_UNREACHABLE();
}

cop_term cop__child_row(const struct cop__child *child)
{
    cop_term id = child->has_id ? cop_kept_term(child->id) : COP(":undefined");

    return cop_tuple(id, shown_pid(child), cop__type_term(child->supervisor),
                     cop_kept_term(child->modules));
}

cop_term cop__children_rows(const struct cop__children *all)
{
    cop_term rows = cop_empty_list();

    for (const struct cop__child *c = all->first; c; c = c->after)
        rows = cop_cons(cop__child_row(c), rows);
    return rows;
}

cop_term cop__children_count(const struct cop__children *all)
{
    int64_t specs = (int64_t)all->len;
    int64_t active = 0;
    int64_t supervisors = 0;
    int64_t workers;

    for (const struct cop__child *c = all->first; c; c = c->after) {
        active += c->state == COP__CHILD_RUNNING;
        supervisors += c->supervisor;
    }
    workers = specs - supervisors;
    return cop_build("%{specs: specs, active: active, supervisors: supervisors, workers: workers}",
                     specs, active, supervisors, workers);
}
