/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: what concerns single objects. Each function takes the lock of the key's shard, or those
 * of all its keys, does its work, and copies results out before it gives them back (ETS-15). */
#include "runtime/ets.h"

/* --- Reading ---------------------------------------------------------------------------------- */

/* The object of a row, in the current region. */
static cop_term copy_object(struct cop__heap *heap, const struct cop__ets_row *row)
{
    struct cop__share share = {cop__ets_block(row), NULL};
    return cop__share_copy(heap, &share, cop__ets_object(row));
}

/* From the newest row on: the list begins with the oldest object. */
static cop_term copy_objects(const struct cop__ets *t, const struct cop__ets_row *row)
{
    struct cop__heap *heap = cop__heap_need();
    cop_term list = cop_empty_list();
    for (; row != NULL; row = cop__ets_older(t, row))
        list = cop__cons(heap, copy_object(heap, row), list);
    return list;
}

cop_term(cop_ets_lookup)(cop_term table, cop_term key)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_READ, hash);
    return copy_objects(t, cop__ets_find(t, hash, key));
}

bool(cop_ets_member)(cop_term table, cop_term key)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_READ, hash);
    return cop__ets_find(t, hash, key) != NULL;
}

/* The element, in the current region; none if there is none. */
static cop_term copy_element(const struct cop__ets_row *row, int64_t pos)
{
    struct cop__share share = {cop__ets_block(row), NULL};
    cop_term object = cop__ets_object(row);
    if (pos < 1 || (uint64_t)pos > cop__tuple_len(object)) return cop_none();
    return cop__share_copy(cop__heap_need(), &share, cop__tuple_items(object)[pos - 1]);
}

static cop_term lookup_element(cop_term table, cop_term key, int64_t pos, cop_term fallback)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_READ, hash);
    const struct cop__ets_row *row = cop__ets_find(t, hash, key);
    cop_term list = cop_empty_list();
    if (pos < 1 || (row == NULL && cop_is_none(fallback))) cop__ets_badarg();
    if (row == NULL) return fallback;
    for (; row != NULL; row = cop__ets_older(t, row)) {
        cop_term value = copy_element(row, pos);
        if (cop_is_none(value)) cop__ets_badarg();
        if (!cop__ets_is_bag(t)) return value;
        list = cop_cons(value, list);
    }
    return list;
}

cop_term(cop_ets_lookup_element)(cop_term table, cop_term key, int64_t pos)
{
    return lookup_element(table, key, pos, cop_none());
}

cop_term cop_ets_lookup_element_or(cop_term table, cop_term key, int64_t pos, cop_term fallback)
{
    return lookup_element(table, key, pos, fallback);
}

/* --- Inserting -------------------------------------------------------------------------------- */

/* The key of an object, none if it is no object for this table. */
static cop_term key_of(const struct cop__ets *t, cop_term object)
{
    uint32_t keypos = cop__ets_keypos(t);
    if (!cop__is_tuple(object) || cop__tuple_len(object) < keypos) return cop_none();
    return cop__tuple_items(object)[keypos - 1];
}

/* Rows that wait to be inserted: linked by next. Freed if an error comes. */
struct batch {
    struct cop__ets_row *rows;
    struct cop__ets_row **at; /* where the next one goes */
    bool is_reversed;         /* of a list the last comes first into a bag, as in OTP */
    uint32_t shards;          /* that they belong to */
};

static void batch_fini(struct batch *b)
{
    cop__ets_rows_free(b->rows);
}

static void batch_add(struct batch *b, const struct cop__ets *t, cop_term object)
{
    cop_term key = key_of(t, object);
    if (cop_is_none(key)) cop__ets_badarg();
    uint64_t hash = cop_hash(key);
    struct cop__ets_row *row = cop__ets_row_new(object, hash);
    row->next = *b->at;
    *b->at = row;
    if (!b->is_reversed) b->at = &row->next;
    b->shards |= 1U << cop__ets_shard_of(t, hash);
}

/* objects is a tuple or a list. */
static void batch_fill(struct batch *b, const struct cop__ets *t, cop_term objects)
{
    b->at = &b->rows;
    b->is_reversed = atomic_load_explicit(&t->type, memory_order_relaxed) == COP__ETS_BAG;
    if (!cop_is_list(objects)) {
        batch_add(b, t, objects);
        return;
    }
    if (cop_list_len(objects) < 0) cop__ets_badarg();
    for (; !cop_is_empty_list(objects); objects = cop__cons_tail(objects))
        batch_add(b, t, cop__cons_head(objects));
}

static bool has_any(const struct cop__ets *t, const struct cop__ets_row *rows)
{
    for (; rows != NULL; rows = rows->next)
        if (cop__ets_find(t, rows->order, cop__ets_key(t, rows)) != NULL) return true;
    return false;
}

/* False: is_new, and one of the keys is there. */
static bool insert(cop_term table, cop_term objects, bool is_new)
{
    COP_CLEANUP(batch_fini) struct batch batch = {0};
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t id;
    struct cop__ets *t = cop__ets_peek(table, &id);
    batch_fill(&batch, t, objects);
    /* An empty list touches no shard, but asks for the right to write all the same. */
    uint32_t shards = batch.shards != 0 ? batch.shards : 1;
    if (!cop__ets_try(&hold, t, id, COP__ETS_WRITE, shards)) cop__ets_badarg();
    if (is_new && has_any(t, batch.rows)) return false;
    while (batch.rows != NULL) {
        struct cop__ets_row *row = batch.rows;
        batch.rows = row->next;
        cop__ets_discard(&hold, cop__ets_add(t, row));
    }
    return true;
}

void cop_ets_insert(cop_term table, cop_term objects)
{
    insert(table, objects, false);
}

bool cop_ets_insert_new(cop_term table, cop_term objects)
{
    return insert(table, objects, true);
}

/* --- Deleting --------------------------------------------------------------------------------- */

cop_term(cop_ets_take)(cop_term table, cop_term key)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_WRITE, hash);
    cop_term objects = copy_objects(t, cop__ets_find(t, hash, key));
    hold.garbage = cop__ets_remove_key(t, hash, key);
    return objects;
}

void(cop_ets_delete_key)(cop_term table, cop_term key)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_WRITE, hash);
    hold.garbage = cop__ets_remove_key(t, hash, key);
}

void cop_ets_delete_object(cop_term table, cop_term object)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    uint64_t id;
    struct cop__ets *t = cop__ets_peek(table, &id);
    if (!cop__is_tuple(object) || cop__tuple_len(object) == 0) cop__ets_badarg();
    /* A tuple that is too short for the table stands for nothing in it. */
    cop_term key = key_of(t, object);
    uint64_t hash = cop_is_none(key) ? 0 : cop_hash(key);
    if (!cop__ets_try(&hold, t, id, COP__ETS_WRITE, 1U << cop__ets_shard_of(t, hash)))
        cop__ets_badarg();
    if (cop_is_none(key)) return;
    struct cop__ets_row *next;
    for (struct cop__ets_row *row = cop__ets_find(t, hash, key); row != NULL; row = next) {
        next = cop__ets_older(t, row);
        if (!cop_identical(cop__ets_object(row), object)) continue;
        cop__ets_remove(t, row);
        cop__ets_discard(&hold, row);
    }
}

void cop_ets_delete_all_objects(cop_term table)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    struct cop__ets *t = cop__ets_open_all(&hold, table, COP__ETS_WRITE);
    for (uint32_t i = 0; i < COP__ETS_SHARDS; i++) {
        struct cop__ets_row *rows = cop__ets_remove_all(t, i);
        while (rows != NULL) {
            struct cop__ets_row *next = rows->next;
            cop__ets_discard(&hold, rows);
            rows = next;
        }
    }
}
