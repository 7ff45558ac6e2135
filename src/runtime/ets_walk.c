/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over the rows of a table in their order (ets.h), shard by shard. A lock is held for a
 * number of rows only: then the walk notes its place, and goes on behind it. So a long one keeps
 * nobody out for long, and still meets each row that stays exactly once. */
#include "runtime/ets.h"

#define ROWS_AT_A_TIME 512

static void note_place(struct cop__ets_place *place, const struct cop__ets *t,
                       const struct cop__ets_row *row)
{
    struct cop__share share = {cop__ets_block(row), NULL};
    place->key = cop__share_copy(cop__heap_need(), &share, cop__ets_key(t, row));
    place->hash = row->order;
    place->age = cop__ets_is_bag(t) ? row->age : 0;
}

/* One way through a table. */
struct walk {
    struct cop__ets *table;
    uint64_t id;
    enum cop__ets_access access;
    struct cop__ets_place *place;
    cop__ets_visit_fn fn;
    void *arg;
};

enum progress { SHARD_DONE, MORE, STOPPED };

/* Calls fn for a row; the caller knows the next one. */
static bool visit(const struct walk *w, struct cop__ets_row *row, struct cop__ets_hold *hold)
{
    struct cop__ets *t = w->table;
    switch (w->fn(w->arg, t, row, hold)) {
    case COP__ETS_KEEP: return true;
    case COP__ETS_STOP: return false;
    case COP__ETS_DELETE:
        COP_ASSERT(w->access == COP__ETS_WRITE);
        cop__ets_remove(t, row);
        cop__ets_discard(hold, row);
        return true;
    }
    COP_UNREACHABLE();
}

static enum progress walk_some(const struct walk *w, uint32_t shard)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    struct cop__ets *t = w->table;
    if (!cop__ets_try(&hold, t, w->id, w->access, 1U << shard)) cop__ets_badarg();
    struct cop__ets_row *row = cop__ets_behind(t, shard, w->place);
    for (uint32_t n = 1; row != NULL; n++) {
        struct cop__ets_row *next = cop__ets_next_row(t, row);
        bool is_last = n == ROWS_AT_A_TIME;
        if (is_last) note_place(w->place, t, row);
        if (!visit(w, row, &hold)) {
            note_place(w->place, t, row);
            return STOPPED;
        }
        if (is_last) return MORE;
        row = next;
    }
    return SHARD_DONE;
}

bool cop__ets_walk(cop_term table, enum cop__ets_access access, struct cop__ets_place *place,
                   cop__ets_visit_fn fn, void *arg)
{
    struct walk w = {NULL, 0, access, place, fn, arg};
    w.table = cop__ets_peek(table, &w.id);
    uint32_t shards = cop__ets_is_tree(w.table) ? 1 : COP__ETS_SHARDS;
    uint32_t shard = cop_is_none(place->key) ? 0 : cop__ets_shard_of(w.table, place->hash);
    while (shard < shards) {
        enum progress progress = walk_some(&w, shard);
        if (progress == STOPPED) return false;
        if (progress == SHARD_DONE) shard++;
    }
    return true;
}

void cop__ets_walk_key(cop_term table, enum cop__ets_access access, cop_term key,
                       cop__ets_visit_fn fn, void *arg)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    struct walk w = {NULL, 0, access, NULL, fn, arg};
    uint64_t hash = cop_hash(key);
    w.table = cop__ets_open(&hold, table, access, hash);
    struct cop__ets_row *next;
    for (struct cop__ets_row *row = cop__ets_find(w.table, hash, key); row != NULL; row = next) {
        next = cop__ets_older(w.table, row);
        if (!visit(&w, row, &hold)) return;
    }
}

/* --- From key to key -------------------------------------------------------------------------- */

static enum cop__ets_visit stop_here(void *arg, struct cop__ets *t, struct cop__ets_row *row,
                                     struct cop__ets_hold *hold)
{
    (void)arg;
    (void)t;
    (void)row;
    (void)hold;
    return COP__ETS_STOP;
}

/* The first key behind the place. */
static cop_term key_behind(cop_term table, struct cop__ets_place place)
{
    if (cop__ets_walk(table, COP__ETS_READ, &place, stop_here, NULL))
        return COP(":\"$end_of_table\"");
    return place.key;
}

cop_term cop_ets_first(cop_term table)
{
    struct cop__ets_place place = {cop_none(), 0, 0};
    return key_behind(table, place);
}

/* Exits: badarg if the key is not there and that counts. */
static void check_key(cop_term table, cop_term key, uint64_t hash)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_READ, hash);
    if (!cop__ets_is_tree(t) && t->fixed == 0 && cop__ets_find(t, hash, key) == NULL)
        cop__ets_badarg();
}

cop_term cop_ets_next(cop_term table, cop_term key)
{
    /* Age 0: behind all rows of a bag that have this key. */
    struct cop__ets_place place = {key, cop_hash(key), 0};
    check_key(table, key, place.hash);
    return key_behind(table, place);
}

/* The last key before this one, or of all (none). */
static cop_term key_before(cop_term table, cop_term key)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_READ, 0);
    if (!cop__ets_is_tree(t)) return cop_none();
    const struct cop__ets_row *row = cop__ets_before(t, key);
    if (row == NULL) return COP(":\"$end_of_table\"");
    struct cop__share share = {cop__ets_block(row), NULL};
    return cop__share_copy(cop__heap_need(), &share, cop__ets_key(t, row));
}

cop_term cop_ets_last(cop_term table)
{
    cop_term key = key_before(table, cop_none());
    return cop_is_none(key) ? cop_ets_first(table) : key;
}

cop_term cop_ets_prev(cop_term table, cop_term key)
{
    cop_term before = key_before(table, key);
    return cop_is_none(before) ? cop_ets_next(table, key) : before;
}

/* --- All objects ------------------------------------------------------------------------------ */

static enum cop__ets_visit gather(void *arg, struct cop__ets *t, struct cop__ets_row *row,
                                  struct cop__ets_hold *hold)
{
    cop_term *list = arg;
    struct cop__share share = {cop__ets_block(row), NULL};
    struct cop__heap *heap = cop__heap_need();
    (void)t;
    (void)hold;
    *list = cop__cons(heap, cop__share_copy(heap, &share, cop__ets_object(row)), *list);
    return COP__ETS_KEEP;
}

cop_term cop__ets_in_order(cop_term table, cop_term list)
{
    uint64_t id;
    const struct cop__ets *t = cop__ets_resolve(table, &id);
    return t != NULL && cop__ets_is_tree(t) ? cop_list_reverse(list) : list;
}

cop_term cop_ets_tab2list(cop_term table)
{
    struct cop__ets_place place = {cop_none(), 0, 0};
    cop_term list = cop_empty_list();
    cop__ets_walk(table, COP__ETS_READ, &place, gather, &list);
    return cop__ets_in_order(table, list);
}
