/* SPDX-License-Identifier: Apache-2.0 */
/* Which table a term means, whether the caller may use it, and the locks of its shards. */
#include "runtime/ets.h"

uint64_t cop__ets_self(void)
{
    struct cop__proc *p = cop__current();
    COP_CHECK(p != NULL, "tables are used by processes");
    return cop__proc_id(p);
}

struct cop__ets *cop__ets_resolve(cop_term table, uint64_t *ret_id)
{
    uint64_t id = 0;
    if (cop__is_atom(table)) {
        id = cop__ets_named(cop__atom_index(table));
    } else if (cop__is_kind(table, COP__BOX_REF)) {
        cop_ref ref = cop_to_ref(table);
        if (ref.node == 0 && (ref.id[1] & COP__ETS_ID_MARK) != 0) id = ref.id[1];
    }
    *ret_id = id;
    return id != 0 ? cop__ets_slot(COP__ETS_SLOT(id)) : NULL;
}

struct cop__ets *cop__ets_peek(cop_term table, uint64_t *ret_id)
{
    struct cop__ets *t = cop__ets_resolve(table, ret_id);
    if (t == NULL) cop__ets_badarg();
    return t;
}

static bool may(const struct cop__ets *t, enum cop__ets_access access)
{
    switch (access) {
    case COP__ETS_INFO: return true;
    case COP__ETS_READ: return t->protection != COP__ETS_PRIVATE || t->owner == cop__ets_self();
    case COP__ETS_WRITE: return t->protection == COP__ETS_PUBLIC || t->owner == cop__ets_self();
    case COP__ETS_OWN: return t->owner == cop__ets_self();
    }
    COP_UNREACHABLE();
}

bool cop__ets_lock(struct cop__ets_hold *hold, struct cop__ets *t, uint64_t id,
                   enum cop__ets_access access, uint32_t shards)
{
    hold->table = t;
    for (uint32_t left = shards; left != 0; left &= left - 1) {
        pthread_rwlock_t *lock = &t->shards[__builtin_ctz(left)].lock;
        int failure = hold->is_entered ? pthread_rwlock_wrlock(lock) : pthread_rwlock_rdlock(lock);
        COP_CHECK(failure == 0, "a table's lock fails with %d", failure);
    }
    hold->shards = shards;
    return t->id == id && may(t, access);
}

void cop__ets_enter(struct cop__ets_hold *hold)
{
    (void)cop__ets_self();
    cop__enter();
    hold->is_entered = true;
}

bool cop__ets_try(struct cop__ets_hold *hold, struct cop__ets *t, uint64_t id,
                  enum cop__ets_access access, uint32_t shards)
{
    if (access >= COP__ETS_WRITE) cop__ets_enter(hold);
    if (cop__ets_lock(hold, t, id, access, shards)) return true;
    cop__ets_release(hold);
    return false;
}

struct cop__ets *cop__ets_open(struct cop__ets_hold *hold, cop_term table,
                               enum cop__ets_access access, uint64_t hash)
{
    uint64_t id;
    struct cop__ets *t = cop__ets_peek(table, &id);
    if (!cop__ets_try(hold, t, id, access, 1U << cop__ets_shard_of(t, hash))) cop__ets_badarg();
    return t;
}

struct cop__ets *cop__ets_open_all(struct cop__ets_hold *hold, cop_term table,
                                   enum cop__ets_access access)
{
    uint64_t id;
    struct cop__ets *t = cop__ets_peek(table, &id);
    if (!cop__ets_try(hold, t, id, access, COP__ETS_ALL)) cop__ets_badarg();
    return t;
}

void cop__ets_release(struct cop__ets_hold *hold)
{
    for (uint32_t left = hold->shards; left != 0; left &= left - 1)
        pthread_rwlock_unlock(&hold->table->shards[__builtin_ctz(left)].lock);
    hold->shards = 0;
    if (hold->is_entered) {
        struct cop__thread *t = cop__thread();
        hold->is_entered = false;
        /* An error that is being raised has left already. */
        if (atomic_load_explicit(&t->gate, memory_order_relaxed) == COP__GATE_RUNTIME)
            cop__leave(t);
    }
    cop__ets_rows_free(hold->garbage);
    hold->garbage = NULL;
}
