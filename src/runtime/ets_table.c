/* SPDX-License-Identifier: Apache-2.0 */
/* All tables: making and deleting them, names, owners, heirs, who has fixed what. One lock is over
 * these, since they change together; reading a table needs it never. A process that holds
 * something here has COP__PROC_HAS_TABLES, so that only such a one looks here at its end. */
#include "runtime/ets.h"

#include "base/hash.h"
#include "base/numbered.h"
#include "runtime/signal.h"

#include <stdlib.h>
#include <string.h>

/* What a process owns or has fixed. */
struct holder {
    struct cop__list owned;
    struct cop__list fixes;
};

static struct {
    pthread_mutex_t lock;
    struct cop__numbered slots; /* addresses; stay until the node stops */
    struct cop__numbered names; /* ids by atom */
    struct cop__map64 holders;  /* pid -> struct holder */
    struct cop__ets *free_first;
    uint32_t used; /* slots */
} tables = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct cop__ets *cop__ets_slot(uint32_t slot)
{
    return (struct cop__ets *)(uintptr_t)cop__numbered_get(&tables.slots, slot);
}

uint64_t cop__ets_named(uint32_t atom)
{
    return cop__numbered_get(&tables.names, atom);
}

cop_term cop__ets_term(const struct cop__ets *t)
{
    return t->is_named ? t->name : cop_ref_term(cop__local_ref(t->creator, t->id));
}

/* --- Holders (under the tables' lock) --------------------------------------------------------- */

static struct holder *holder_find(uint64_t pid)
{
    uint64_t *found = cop__map64_get(&tables.holders, pid);
    return found != NULL ? (struct holder *)(uintptr_t)*found : NULL;
}

static struct holder *holder_make(uint64_t pid)
{
    struct holder *h = holder_find(pid);
    if (h != NULL) return h;
    h = cop__alloc(sizeof(*h));
    cop__list_init(&h->owned);
    cop__list_init(&h->fixes);
    cop__map64_put(&tables.holders, pid, (uintptr_t)h);
    return h;
}

static void holder_drop_if_empty(uint64_t pid)
{
    struct holder *h = holder_find(pid);
    if (h == NULL || !cop__list_is_empty(&h->owned) || !cop__list_is_empty(&h->fixes)) return;
    cop__map64_remove(&tables.holders, pid, NULL);
    cop__free(h, sizeof(*h));
}

/* Has the process look here at its end. False: it is at its end, or gone. */
static bool mark_holder(uint64_t pid)
{
    struct cop__proc *p = cop__proc_lookup(pid);
    if (p == NULL) return false;
    /* Both this and the end of p change the flags in one step: either p sees our mark, or we see
     * that it is exiting. */
    uint8_t flags = atomic_fetch_or_explicit(&p->flags, COP__PROC_HAS_TABLES, memory_order_relaxed);
    return (flags & COP__PROC_EXITING) == 0 && cop__proc_id(p) == pid &&
           atomic_load_explicit(&p->inbox, memory_order_acquire) != COP__INBOX_CLOSED;
}

/* The same for the calling process, which is inside the runtime: it may be unwinding, its end is
 * still to come. False: it was condemned, so its end has been and gone. */
static bool mark_self(uint64_t self)
{
    struct cop__proc *p = cop__proc_lookup(self);
    uint8_t flags = atomic_fetch_or_explicit(&p->flags, COP__PROC_HAS_TABLES, memory_order_relaxed);
    return (flags & COP__PROC_CONDEMNED) == 0;
}

/* --- Locking all of a table ------------------------------------------------------------------- */

static void lock_all(struct cop__ets *t)
{
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        pthread_rwlock_wrlock(&t->shards[i].lock);
}

static void unlock_all(struct cop__ets *t)
{
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        pthread_rwlock_unlock(&t->shards[i].lock);
}

/* --- Making ----------------------------------------------------------------------------------- */

struct options {
    enum cop__ets_type type;
    enum cop__ets_protection protection;
    uint32_t keypos;
    bool is_named;
    uint64_t heir;
    cop_term heir_data;
    cop_term write_concurrency;
    bool read_concurrency;
    int decentralized_counters; /* -1: not said */
    bool compressed;
};

static bool set_flag(struct options *o, cop_term option)
{
    if (cop_match(option, ":set"))
        o->type = COP__ETS_SET;
    else if (cop_match(option, ":ordered_set"))
        o->type = COP__ETS_ORDERED_SET;
    else if (cop_match(option, ":bag"))
        o->type = COP__ETS_BAG;
    else if (cop_match(option, ":duplicate_bag"))
        o->type = COP__ETS_DUPLICATE_BAG;
    else if (cop_match(option, ":public"))
        o->protection = COP__ETS_PUBLIC;
    else if (cop_match(option, ":protected"))
        o->protection = COP__ETS_PROTECTED;
    else if (cop_match(option, ":private"))
        o->protection = COP__ETS_PRIVATE;
    else if (cop_match(option, ":named_table"))
        o->is_named = true;
    else if (cop_match(option, ":compressed"))
        o->compressed = true;
    else
        return false;
    return true;
}

/* {:heir, :none} or {:heir, pid, data}. */
static bool set_heir(struct options *o, cop_term option)
{
    cop_pid pid;
    cop_term data;
    if (cop_match(option, "{:heir, :none}")) {
        o->heir = 0;
        return true;
    }
    if (!cop_match(option, "{:heir, pid, data}", pid, data) || pid.node != 0) return false;
    o->heir = pid.id;
    o->heir_data = data;
    return true;
}

static bool set_pair(struct options *o, cop_term option)
{
    int64_t keypos;
    bool on;
    if (cop_match(option, "{:keypos, keypos}", keypos)) {
        /* A larger one than any tuple has is allowed, too. */
        o->keypos = keypos > (int64_t)COP__TUPLE_MAX ? COP__TUPLE_MAX + 1 : (uint32_t)keypos;
        return keypos >= 1;
    }
    if (cop_match(option, "{:read_concurrency, on}", on)) {
        o->read_concurrency = on;
    } else if (cop_match(option, "{:write_concurrency, :auto}")) {
        o->write_concurrency = COP(":auto");
    } else if (cop_match(option, "{:write_concurrency, on}", on)) {
        o->write_concurrency = cop_bool(on);
    } else if (cop_match(option, "{:decentralized_counters, on}", on)) {
        o->decentralized_counters = on ? 1 : 0;
    } else {
        return false;
    }
    return true;
}

/* What info will show, as in OTP: counters are decentralized only beside concurrent writers, and
 * what is private has none. */
static void settle_concurrency(struct options *o)
{
    bool is_auto = cop_match(o->write_concurrency, ":auto");
    bool is_on = is_auto || cop_match(o->write_concurrency, "true");
    if (o->protection == COP__ETS_PRIVATE) {
        o->read_concurrency = false;
        o->write_concurrency = cop_false();
        is_on = false;
    }
    if (o->decentralized_counters < 0)
        o->decentralized_counters = is_auto || o->type == COP__ETS_ORDERED_SET;
    if (!is_on) o->decentralized_counters = 0;
}

static struct options parse_options(cop_term list)
{
    struct options o = {.type = COP__ETS_SET,
                        .protection = COP__ETS_PROTECTED,
                        .keypos = 1,
                        .heir_data = cop_nil(),
                        .write_concurrency = cop_false(),
                        .decentralized_counters = -1};
    if (cop_list_len(list) < 0) cop__ets_badarg();
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term option = cop_head(list);
        if (!set_flag(&o, option) && !set_heir(&o, option) && !set_pair(&o, option))
            cop__ets_badarg();
    }
    settle_concurrency(&o);
    return o;
}

/* A struct for a table in a slot of its own; NULL: there are too many. The tables' lock. */
static struct cop__ets *take_slot(void)
{
    struct cop__ets *t = tables.free_first;
    if (t != NULL) {
        tables.free_first = t->next_free;
        return t;
    }
    if (tables.used == COP__NUMBERED_MAX) return NULL;
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    /* No reader locks twice, so writers need not starve. */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    t = aligned_alloc(_Alignof(struct cop__ets), sizeof(*t));
    COP_CHECK(t != NULL, "out of memory");
    memset(t, 0, sizeof(*t));
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        pthread_rwlock_init(&t->shards[i].lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    t->slot = tables.used++;
    cop__list_init(&t->fixes);
    atomic_store_explicit(cop__numbered_make(&tables.slots, t->slot), (uintptr_t)t,
                          memory_order_release);
    return t;
}

/* What the table is from now on: a reader of the one before finds another id. */
static void table_init(struct cop__ets *t, cop_term name, const struct options *o,
                       struct cop__block *heir_data, uint64_t owner)
{
    uint64_t generation = ++t->generation;
    lock_all(t);
    atomic_store_explicit(&t->type, o->type, memory_order_relaxed);
    atomic_store_explicit(&t->keypos, o->keypos, memory_order_relaxed);
    t->id = COP__ETS_ID_MARK | generation << COP__ETS_SLOT_BITS | t->slot;
    t->creator = owner;
    t->owner = owner;
    t->name = name;
    t->is_named = o->is_named;
    t->protection = (uint8_t)o->protection;
    t->heir = o->heir;
    t->heir_data = heir_data;
    t->fixed = 0;
    t->write_concurrency = o->write_concurrency;
    t->read_concurrency = o->read_concurrency;
    t->decentralized_counters = o->decentralized_counters != 0;
    t->compressed = o->compressed;
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++)
        t->shards[i].age = 0;
    unlock_all(t);
}

enum outcome { DONE, WRONG, TOO_MANY };

static enum outcome table_new(cop_term name, const struct options *o, struct cop__block *heir_data,
                              uint64_t owner, cop_term *ret_table)
{
    enum outcome outcome = WRONG;
    pthread_mutex_lock(&tables.lock);
    if (!o->is_named || cop__ets_named(cop__atom_index(name)) == 0) {
        struct cop__ets *t = take_slot();
        outcome = t != NULL ? DONE : TOO_MANY;
        if (t != NULL) {
            table_init(t, name, o, heir_data, owner);
            cop__list_push_back(&holder_make(owner)->owned, &t->owned);
            if (o->is_named)
                atomic_store_explicit(cop__numbered_make(&tables.names, cop__atom_index(name)),
                                      t->id, memory_order_release);
            *ret_table = cop__ets_term(t);
        }
    }
    pthread_mutex_unlock(&tables.lock);
    return outcome;
}

/* The data for an heir; NULL without one. */
static struct cop__block *heir_block(const struct options *o)
{
    return o->heir != 0 ? cop__pack(o->heir_data, 0) : NULL;
}

cop_term cop_ets_new(cop_term name, cop_term options)
{
    uint64_t self = cop__ets_self();
    cop_term table = cop_none();
    if (!cop_is_atom(name)) cop__ets_badarg();
    struct options o = parse_options(options);
    struct cop__block *heir_data = heir_block(&o);
    struct cop__thread *thread = cop__enter();
    enum outcome outcome = WRONG;
    if (mark_self(self)) outcome = table_new(name, &o, heir_data, self, &table);
    if (outcome != DONE) cop__block_free(heir_data);
    if (outcome == WRONG) cop__ets_badarg();
    if (outcome == TOO_MANY) cop__raise_atom(COP_ATOM_system_limit);
    cop__leave(thread);
    return table;
}

/* --- Deleting --------------------------------------------------------------------------------- */

static void fix_free(struct cop__ets_fix *fix)
{
    uint64_t pid = fix->pid;
    cop__list_remove(&fix->by_table);
    cop__list_remove(&fix->by_holder);
    cop__free(fix, sizeof(*fix));
    holder_drop_if_empty(pid);
}

/* Under the tables' lock, and all of the table's: it is no table any more. Returns its rows. */
static struct cop__ets_row *table_end(struct cop__ets *t)
{
    struct cop__ets_row *rows = NULL;
    struct cop__list *node;
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++) {
        struct cop__ets_row *more = cop__ets_remove_all(t, i);
        while (more != NULL) {
            struct cop__ets_row *next = more->next;
            more->next = rows;
            rows = more;
            more = next;
        }
    }
    if (t->is_named)
        atomic_store_explicit(cop__numbered_find(&tables.names, cop__atom_index(t->name)), 0,
                              memory_order_release);
    while ((node = cop__list_first(&t->fixes)) != NULL)
        fix_free(COP_LIST_ENTRY(node, struct cop__ets_fix, by_table));
    cop__list_remove(&t->owned);
    holder_drop_if_empty(t->owner);
    cop__block_free(t->heir_data);
    t->heir_data = NULL;
    t->id = 0;
    t->next_free = tables.free_first;
    tables.free_first = t;
    return rows;
}

/* For what changes a table as a whole: takes the tables' lock and all of the table's. False: there
 * is no such table, or the caller may not; nothing is locked then. Nothing may raise until
 * change_end(). */
static bool change_begin(struct cop__ets_hold *hold, cop_term table, enum cop__ets_access access)
{
    uint64_t id;
    struct cop__ets *t = cop__ets_peek(table, &id);
    cop__ets_enter(hold);
    pthread_mutex_lock(&tables.lock);
    if (cop__ets_lock(hold, t, id, access, COP__ETS_ALL)) return true;
    pthread_mutex_unlock(&tables.lock);
    cop__ets_release(hold);
    return false;
}

static void change_end(struct cop__ets_hold *hold)
{
    pthread_mutex_unlock(&tables.lock);
    cop__ets_release(hold);
}

void cop_ets_delete(cop_term table)
{
    struct cop__ets_hold hold = {0};
    if (!change_begin(&hold, table, COP__ETS_WRITE)) cop__ets_badarg();
    hold.garbage = table_end(hold.table);
    change_end(&hold);
}

/* --- Names ------------------------------------------------------------------------------------ */

cop_term cop_ets_whereis(cop_term name)
{
    struct cop__ets_hold hold = {0};
    uint64_t id;
    if (!cop_is_atom(name)) cop__ets_badarg();
    struct cop__ets *t = cop__ets_resolve(name, &id);
    if (t == NULL || !cop__ets_try(&hold, t, id, COP__ETS_INFO, 1)) return COP(":undefined");
    uint64_t creator = t->creator;
    cop__ets_release(&hold);
    return cop_ref_term(cop__local_ref(creator, id));
}

cop_term cop_ets_rename(cop_term table, cop_term name)
{
    struct cop__ets_hold hold = {0};
    bool is_done = false;
    if (!cop_is_atom(name) || !change_begin(&hold, table, COP__ETS_WRITE)) cop__ets_badarg();
    struct cop__ets *t = hold.table;
    if (!t->is_named || cop__ets_named(cop__atom_index(name)) == 0) {
        is_done = true;
        if (t->is_named) {
            atomic_store_explicit(cop__numbered_find(&tables.names, cop__atom_index(t->name)), 0,
                                  memory_order_release);
            atomic_store_explicit(cop__numbered_make(&tables.names, cop__atom_index(name)), t->id,
                                  memory_order_release);
        }
        t->name = name;
    }
    cop_term term = cop__ets_term(t);
    change_end(&hold);
    if (!is_done) cop__ets_badarg();
    return term;
}

cop_term cop_ets_all(void)
{
    cop_term list = cop_empty_list();
    (void)cop__ets_self();
    cop__enter();
    pthread_mutex_lock(&tables.lock);
    /* What a table is called changes under this lock only. */
    for (uint32_t i = tables.used; i-- > 0;) {
        const struct cop__ets *t = cop__ets_slot(i);
        if (t->id != 0) list = cop_cons(cop__ets_term(t), list);
    }
    pthread_mutex_unlock(&tables.lock);
    cop__leave(cop__thread());
    return list;
}

/* --- Owners and heirs ------------------------------------------------------------------------- */

/* Under the tables' lock and all of the table's. */
static void set_owner(struct cop__ets *t, uint64_t pid)
{
    uint64_t old = t->owner;
    cop__list_remove(&t->owned);
    t->owner = pid;
    cop__list_push_back(&holder_make(pid)->owned, &t->owned);
    holder_drop_if_empty(old);
}

static cop_term transfer_message(cop_term table, uint64_t from, cop_term data)
{
    return cop_tuple(COP(":\"ETS-TRANSFER\""), table, cop__pid_word(from), data);
}

void cop_ets_give_away(cop_term table, cop_pid pid, cop_term data)
{
    struct cop__ets_hold hold = {0};
    if (!change_begin(&hold, table, COP__ETS_OWN)) cop__ets_badarg();
    bool is_done = pid.node == 0 && pid.id != hold.table->owner && mark_holder(pid.id);
    if (is_done) set_owner(hold.table, pid.id);
    cop_term term = cop__ets_term(hold.table);
    change_end(&hold);
    if (!is_done) cop__ets_badarg();
    cop_send_nosuspend(cop_pid_term(pid), transfer_message(term, cop__ets_self(), data));
}

void cop_ets_setopts(cop_term table, cop_term options)
{
    struct cop__ets_hold hold = {0};
    struct options o = {.heir_data = cop_nil()};
    bool is_list = cop_is_list(options);
    cop_term option = is_list && !cop_is_empty_list(options) ? cop_head(options) : options;
    if (is_list && cop_list_len(options) > 1) cop__ets_badarg();
    if (!cop_is_empty_list(option) && !set_heir(&o, option)) cop__ets_badarg();
    struct cop__block *data = heir_block(&o);
    bool is_open = change_begin(&hold, table, COP__ETS_OWN);
    if (is_open) {
        if (!cop_is_empty_list(option)) {
            struct cop__block *old = hold.table->heir_data;
            hold.table->heir = o.heir;
            hold.table->heir_data = data;
            data = old;
        }
        change_end(&hold);
    }
    cop__block_free(data);
    if (!is_open) cop__ets_badarg();
}

/* --- Fixing ----------------------------------------------------------------------------------- */

static struct cop__ets_fix *fix_find(struct cop__ets *t, uint64_t pid)
{
    struct cop__ets_fix *fix;
    COP_LIST_FOR (fix, &t->fixes, by_table)
        if (fix->pid == pid) return fix;
    return NULL;
}

static void fix_on(struct cop__ets *t, uint64_t pid)
{
    struct cop__ets_fix *fix = fix_find(t, pid);
    if (fix == NULL) {
        fix = cop__alloc_zeroed(sizeof(*fix));
        fix->table = t;
        fix->pid = pid;
        cop__list_push_back(&t->fixes, &fix->by_table);
        cop__list_push_back(&holder_make(pid)->fixes, &fix->by_holder);
    }
    if (t->fixed++ == 0) t->fixed_at_ms = cop_monotonic_ms();
    fix->count++;
}

static void fix_off(struct cop__ets_fix *fix, uint32_t times)
{
    fix->table->fixed -= times;
    fix->count -= times;
    if (fix->count == 0) fix_free(fix);
}

void cop_ets_safe_fixtable(cop_term table, bool on)
{
    struct cop__ets_hold hold = {0};
    uint64_t self = cop__ets_self();
    if (!change_begin(&hold, table, COP__ETS_READ)) cop__ets_badarg();
    struct cop__ets_fix *fix = fix_find(hold.table, self);
    bool is_done = !on || mark_self(self);
    if (on && is_done) fix_on(hold.table, self);
    if (!on && fix != NULL) fix_off(fix, 1);
    change_end(&hold);
    if (!is_done) cop__ets_badarg();
}

bool cop__ets_each_fix(const struct cop__ets *t, uint64_t id, cop__ets_fix_fn fn, void *arg)
{
    const struct cop__ets_fix *fix;
    pthread_mutex_lock(&tables.lock);
    bool is_there = t->id == id;
    if (is_there) {
        COP_LIST_FOR (fix, &t->fixes, by_table)
            fn(arg, fix);
    }
    pthread_mutex_unlock(&tables.lock);
    return is_there;
}

/* --- The end of a process --------------------------------------------------------------------- */

/* One table of a process at its end. */
struct heritage {
    struct cop__ets_row *rows; /* to be freed */
    cop_term message;          /* for the heir, or none */
    uint64_t heir;
};

static struct heritage bequeath(struct cop__ets *t)
{
    struct heritage h = {NULL, cop_none(), t->heir};
    lock_all(t);
    if (t->heir != 0 && mark_holder(t->heir)) { /* its own heir is exiting, too */
        cop_term data = cop__copy(cop__heap_need(), t->heir_data->term);
        h.message = transfer_message(cop__ets_term(t), t->owner, data);
        set_owner(t, t->heir);
    } else {
        h.rows = table_end(t);
    }
    unlock_all(t);
    return h;
}

/* Takes one thing off the process at its end. False: it holds nothing any more. */
static bool end_one(uint64_t pid, struct heritage *ret_heritage)
{
    struct heritage none = {NULL, cop_none(), 0};
    *ret_heritage = none;
    pthread_mutex_lock(&tables.lock);
    struct holder *h = holder_find(pid);
    if (h != NULL && !cop__list_is_empty(&h->owned)) {
        *ret_heritage = bequeath(COP_LIST_ENTRY(h->owned.next, struct cop__ets, owned));
    } else if (h != NULL) {
        struct cop__ets_fix *fix = COP_LIST_ENTRY(h->fixes.next, struct cop__ets_fix, by_holder);
        struct cop__ets *t = fix->table;
        lock_all(t);
        fix_off(fix, fix->count);
        unlock_all(t);
    }
    pthread_mutex_unlock(&tables.lock);
    return h != NULL;
}

void cop__ets_end(struct cop__proc *p)
{
    uint64_t self = cop__proc_id(p);
    struct heritage h;
    while (end_one(self, &h)) {
        if (!cop_is_none(h.message))
            cop__signal_send_from(cop__thread(), self, COP__SIG_MESSAGE, h.heir, 0, h.message);
        cop__ets_rows_free(h.rows);
    }
}

void cop__ets_fini(void)
{
    for (uint32_t i = 0; i < tables.used; i++) {
        struct cop__ets *t = cop__ets_slot(i);
        COP_ASSERT(t->id == 0);
        for (uint32_t j = 0; j < COP__ETS_SHARDS; j++)
            pthread_rwlock_destroy(&t->shards[j].lock);
        free(t);
    }
    COP_ASSERT(cop__map64_len(&tables.holders) == 0);
    cop__numbered_fini(&tables.slots);
    cop__numbered_fini(&tables.names);
    tables.free_first = NULL;
    tables.used = 0;
}
