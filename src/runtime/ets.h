/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, inside (docs/adr/0008, docs/internals/tables.md).
 *
 * A *row* is an object in a block of its own (term/copy.h), behind a prefix that links it. Rows are
 * never changed while others may read them, but for small integers of counters, which are written
 * under a lock for writing.
 *
 * A hash table is COP__ETS_SHARDS *shards*, each with its own lock, buckets and counts; the highest
 * bits of a key's hash tell the shard, the next ones the bucket. In a bucket rows stand in order of
 * hash, key (exact), and newest first: so all rows of a table stand in one order, which does not
 * depend on the number of buckets, and a walk can go on behind any *place*, whatever was inserted,
 * deleted or resized meanwhile. An ordered set is shard 0 alone, a treap whose rows are also linked
 * in order.
 *
 * What a table is (struct cop__ets but for its shards) is written under all its locks, and read
 * under any. The struct itself stays when the table goes, and serves the next one: a reader locks
 * first and then looks whether this still is the table that it means.
 *
 * Locks, in order: the tables' (ets_table.c), shards by number. Under them nothing switches,
 * nothing enters the runtime, and no signal is sent. */
#ifndef COP_RUNTIME_ETS_H
#define COP_RUNTIME_ETS_H

#include "base/cleanup.h"
#include "coppice/ets.h"
#include "runtime/exit.h"
#include "runtime/proc.h"
#include "term/share.h"

#define COP__ETS_SHARD_BITS 4
#define COP__ETS_SHARDS     (1U << COP__ETS_SHARD_BITS)
#define COP__ETS_ALL        ((1U << COP__ETS_SHARDS) - 1)

enum cop__ets_type { COP__ETS_SET, COP__ETS_ORDERED_SET, COP__ETS_BAG, COP__ETS_DUPLICATE_BAG };
enum cop__ets_protection { COP__ETS_PUBLIC, COP__ETS_PROTECTED, COP__ETS_PRIVATE };

/* --- Rows and shards (ets_store.c) ------------------------------------------------------------ */

struct cop__ets_row {
    struct cop__ets_row *next; /* in its bucket, or in the order of an ordered set */
    uint64_t order;            /* hash table: hash of the key; ordered set: rank in the heap */
    union {
        uint64_t age;              /* hash table: grows with each row of the shard */
        struct cop__ets_row *left; /* ordered set */
    };
    struct cop__ets_row *right; /* ordered set */
};
_Static_assert(sizeof(struct cop__ets_row) % 16 == 0, "the block after it is aligned");

struct cop__ets_shard {
    pthread_rwlock_t lock;
    struct cop__ets_row **buckets; /* hash table: NULL until used */
    struct cop__ets_row *root;     /* ordered set */
    struct cop__ets_row *first;    /* ordered set */
    uint64_t age;                  /* of the next row */
    size_t len;                    /* rows */
    size_t bytes;                  /* of rows */
    uint8_t bits;                  /* hash table: 2^bits buckets */
} __attribute__((aligned(64)));

/* Where a walk is: behind all rows up to this one, which may be gone. key is none before the first.
 * The key lives in the walker's region. */
struct cop__ets_place {
    cop_term key;
    uint64_t hash;
    uint64_t age; /* bags: of the row */
};

struct cop__ets {
    struct cop__ets_shard shards[COP__ETS_SHARDS];
    /* Read before the lock, too: then what was read counts only if id is the same under it. */
    _Atomic uint8_t type; /* enum cop__ets_type */
    _Atomic uint32_t keypos;

    uint64_t id;      /* the number of its reference; 0: this is no table */
    uint64_t creator; /* pid: in its reference */
    uint64_t owner;   /* pid */
    cop_term name;    /* atom */
    bool is_named;
    uint8_t protection; /* enum cop__ets_protection */
    uint64_t heir;      /* pid or 0 */
    struct cop__block *heir_data;
    uint32_t fixed;      /* how often it is */
    int64_t fixed_at_ms; /* when it became so */
    /* What info shows and nothing asks for. */
    cop_term write_concurrency;
    bool read_concurrency;
    bool decentralized_counters;
    bool compressed;

    /* Under the tables' lock. */
    struct cop__list owned; /* among those of the owner */
    struct cop__list fixes; /* struct cop__ets_fix */
    uint32_t slot;
    uint32_t generation;
    struct cop__ets *next_free;
};

static inline bool cop__ets_is_tree(const struct cop__ets *t)
{
    return atomic_load_explicit(&t->type, memory_order_relaxed) == COP__ETS_ORDERED_SET;
}
static inline bool cop__ets_is_bag(const struct cop__ets *t)
{
    return atomic_load_explicit(&t->type, memory_order_relaxed) >= COP__ETS_BAG;
}
static inline uint32_t cop__ets_keypos(const struct cop__ets *t)
{
    return atomic_load_explicit(&t->keypos, memory_order_relaxed);
}
static inline struct cop__block *cop__ets_block(const struct cop__ets_row *row)
{
    return (struct cop__block *)(uintptr_t)(row + 1);
}
static inline cop_term cop__ets_object(const struct cop__ets_row *row)
{
    return cop__ets_block(row)->term;
}
static inline cop_term cop__ets_key(const struct cop__ets *t, const struct cop__ets_row *row)
{
    return cop__tuple_items(cop__ets_object(row))[cop__ets_keypos(t) - 1];
}
/* The shard of the keys with this hash. */
static inline uint32_t cop__ets_shard_of(const struct cop__ets *t, uint64_t hash)
{
    return cop__ets_is_tree(t) ? 0 : (uint32_t)(hash >> (64 - COP__ETS_SHARD_BITS));
}

/* A row with a copy of object, which is a tuple; hash is its key's. Not under a lock, since it may
 * raise system_limit. */
struct cop__ets_row *cop__ets_row_new(cop_term object, uint64_t hash) COP_GIVES;
/* Frees rows that are linked by next. */
void cop__ets_rows_free(struct cop__ets_row *rows COP_TAKES);

/* The (newest) row with this key, or NULL. The shard is locked, for all of this part. */
struct cop__ets_row *cop__ets_find(const struct cop__ets *t, uint64_t hash, cop_term key);
/* The next older row of a bag with the same key, or NULL. */
struct cop__ets_row *cop__ets_older(const struct cop__ets *t, const struct cop__ets_row *row);
/* Adds a row. Returns what has to be freed: the row that it replaces, or the row itself where a bag
 * has that object, or NULL. */
struct cop__ets_row *cop__ets_add(struct cop__ets *t, struct cop__ets_row *row COP_TAKES) COP_GIVES;
/* Puts `by` into the place of a row with the same key, which is the caller's then. */
void cop__ets_swap(struct cop__ets *t, struct cop__ets_row *row, struct cop__ets_row *by COP_TAKES);
/* Takes a row out. */
void cop__ets_remove(struct cop__ets *t, struct cop__ets_row *row);
/* Takes all rows with this key out, newest first. */
struct cop__ets_row *cop__ets_remove_key(struct cop__ets *t, uint64_t hash, cop_term key) COP_GIVES;
/* Takes all rows of a shard out. */
struct cop__ets_row *cop__ets_remove_all(struct cop__ets *t, uint32_t shard) COP_GIVES;
/* The first row of a shard behind a place, NULL if there is none. */
struct cop__ets_row *cop__ets_behind(const struct cop__ets *t, uint32_t shard,
                                     const struct cop__ets_place *place);
/* The row after this one in its shard. */
struct cop__ets_row *cop__ets_next_row(const struct cop__ets *t, const struct cop__ets_row *row);
/* Ordered set: the last row before key (or of all: key is none), or NULL. */
struct cop__ets_row *cop__ets_before(const struct cop__ets *t, cop_term key);
/* Bytes of buckets and rows of a shard. */
size_t cop__ets_shard_bytes(const struct cop__ets_shard *s);

/* --- Which table, and who may (ets_guard.c) --------------------------------------------------- */

enum cop__ets_access {
    COP__ETS_INFO, /* anybody */
    COP__ETS_READ,
    COP__ETS_WRITE, /* in the runtime, so that nobody is condemned half way */
    COP__ETS_OWN,   /* the owner alone; else as WRITE */
};

/* What a function holds of a table; all zero is nothing. To be declared with
 * COP_CLEANUP(cop__ets_release): an error unwinds through it. */
struct cop__ets_hold {
    struct cop__ets *table;
    uint32_t shards;              /* that are locked: bits */
    bool is_entered;              /* the gate is at RUNTIME, and locks are for writing */
    struct cop__ets_row *garbage; /* freed after the locks: linked by next */
};
/* Gives the locks back, then frees the garbage. Also in the middle of a function. */
void cop__ets_release(struct cop__ets_hold *hold);
static inline void cop__ets_discard(struct cop__ets_hold *hold, struct cop__ets_row *row COP_TAKES)
{
    if (row == NULL) return;
    row->next = hold->garbage;
    hold->garbage = row;
}

/* The table that a term means, not locked, and its id; NULL: no such term, or table. Any thread. */
struct cop__ets *cop__ets_resolve(cop_term table, uint64_t *ret_id);
/* The same; for what has to be known to choose the shards. Exits: badarg. */
struct cop__ets *cop__ets_peek(cop_term table, uint64_t *ret_id);
/* The caller will write: enters the runtime. */
void cop__ets_enter(struct cop__ets_hold *hold);
/* Locks shards (bits) of a table and tells whether it is still there and the caller may. */
bool cop__ets_lock(struct cop__ets_hold *hold, struct cop__ets *t, uint64_t id,
                   enum cop__ets_access access, uint32_t shards);
/* The same, entered for what writes; if the answer is false, nothing is held. */
bool cop__ets_try(struct cop__ets_hold *hold, struct cop__ets *t, uint64_t id,
                  enum cop__ets_access access, uint32_t shards);
/* The same for the shard of a key with this hash. Exits: badarg. */
struct cop__ets *cop__ets_open(struct cop__ets_hold *hold, cop_term table,
                               enum cop__ets_access access, uint64_t hash);
/* The same for all shards. */
struct cop__ets *cop__ets_open_all(struct cop__ets_hold *hold, cop_term table,
                                   enum cop__ets_access access);
/* The pid's number of the caller. */
uint64_t cop__ets_self(void);
static inline COP_NORETURN void cop__ets_badarg(void)
{
    cop__raise_atom(COP_ATOM_badarg);
}

/* --- All tables (ets_table.c) ----------------------------------------------------------------- */

/* Of one process: how often it has fixed a table. */
struct cop__ets_fix {
    struct cop__list by_table;
    struct cop__list by_holder;
    struct cop__ets *table;
    uint64_t pid;
    uint32_t count;
};

/* The term that programs know a table by. */
cop_term cop__ets_term(const struct cop__ets *t);
/* What p owned goes to the heirs or is deleted: at its end, before anybody hears of it (ETS-04). */
void cop__ets_end(struct cop__proc *p);
void cop__ets_fini(void);
/* The slot's table struct, or NULL; the table by name: its id, or 0. Any thread. */
struct cop__ets *cop__ets_slot(uint32_t slot);
uint64_t cop__ets_named(uint32_t atom);
/* The parts of an id. */
#define COP__ETS_ID_MARK   (UINT64_C(1) << 63) /* other references have smaller numbers */
#define COP__ETS_SLOT_BITS 20
#define COP__ETS_SLOT(id)  ((uint32_t)(id) & ((1U << COP__ETS_SLOT_BITS) - 1))
/* Calls fn for each fix of a table, under the tables' lock. False: there is no such table. */
typedef void (*cop__ets_fix_fn)(void *arg, const struct cop__ets_fix *fix);
bool cop__ets_each_fix(const struct cop__ets *t, uint64_t id, cop__ets_fix_fn fn, void *arg);

/* --- Walking (ets_walk.c) --------------------------------------------------------------------- */

enum cop__ets_visit {
    COP__ETS_KEEP,
    COP__ETS_DELETE, /* needs COP__ETS_WRITE */
    COP__ETS_STOP,   /* after this row, which stays */
};
typedef enum cop__ets_visit (*cop__ets_visit_fn)(void *arg, struct cop__ets *t,
                                                 struct cop__ets_row *row,
                                                 struct cop__ets_hold *hold);
/* Calls fn for all rows behind *place in order, under the lock of their shard, which is given up
 * now and then. True: the end was reached; else *place is where fn stopped. Exits: badarg, also if
 * the table goes meanwhile. */
bool cop__ets_walk(cop_term table, enum cop__ets_access access, struct cop__ets_place *place,
                   cop__ets_visit_fn fn, void *arg);
/* The same for the rows with one key. */
void cop__ets_walk_key(cop_term table, enum cop__ets_access access, cop_term key,
                       cop__ets_visit_fn fn, void *arg);
/* A list that was built in front of itself during a walk, in the order in which it is shown: that
 * of an ordered set, and oldest first for equal keys of a bag. */
cop_term cop__ets_in_order(cop_term table, cop_term list);

#endif
