/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in their shards: buckets of hash tables, treaps of ordered sets (ets.h has the orders).
 *
 * A treap is a search tree by key and a heap by a random rank, hence of logarithmic depth in the
 * mean. Ranks come from a hash of the row's number in the shard, so that a seeded run repeats. */
#include "runtime/ets.h"

#include "base/hash.h"
#include "term/compare.h"

#define BITS_MIN 2

/* --- Rows ------------------------------------------------------------------------------------- */

struct cop__ets_row *cop__ets_row_new(cop_term object, uint64_t hash)
{
    struct cop__block *block = cop__pack(object, sizeof(struct cop__ets_row));
    struct cop__ets_row *row = cop__block_prefix(block);
    row->next = NULL;
    row->order = hash;
    row->left = NULL;
    row->right = NULL;
    return row;
}

void cop__ets_rows_free(struct cop__ets_row *rows)
{
    while (rows != NULL) {
        struct cop__ets_row *next = rows->next;
        cop__block_free(cop__ets_block(rows));
        rows = next;
    }
}

static struct cop__ets_shard *shard_of_row(struct cop__ets *t, const struct cop__ets_row *row)
{
    return &t->shards[cop__ets_shard_of(t, row->order)];
}

static void count_in(struct cop__ets_shard *s, const struct cop__ets_row *row)
{
    s->len++;
    s->bytes += cop__block_size(cop__ets_block(row));
}

static void count_out(struct cop__ets_shard *s, const struct cop__ets_row *row)
{
    s->len--;
    s->bytes -= cop__block_size(cop__ets_block(row));
}

size_t cop__ets_shard_bytes(const struct cop__ets_shard *s)
{
    size_t buckets = s->buckets != NULL ? (size_t)1 << s->bits : 0;
    return s->bytes + buckets * sizeof(*s->buckets);
}

/* --- Buckets ---------------------------------------------------------------------------------- */

static inline size_t bucket_of(const struct cop__ets_shard *s, uint64_t hash)
{
    return (size_t)(hash << COP__ETS_SHARD_BITS >> (64 - s->bits));
}

/* Below 0 if the row's key stands before (hash, key), 0 if it is that. */
static inline int compare_key(const struct cop__ets *t, const struct cop__ets_row *row,
                              uint64_t hash, cop_term key)
{
    if (row->order != hash) return row->order < hash ? -1 : 1;
    return cop__compare_exact(cop__ets_key(t, row), key);
}

/* The place in its bucket of the first row that does not stand before (hash, key). */
static struct cop__ets_row **hash_seek(const struct cop__ets *t, const struct cop__ets_shard *s,
                                       uint64_t hash, cop_term key)
{
    struct cop__ets_row **at = &s->buckets[bucket_of(s, hash)];
    while (*at != NULL && compare_key(t, *at, hash, key) < 0)
        at = &(*at)->next;
    return at;
}

/* Moves all rows to 2^bits buckets: they come in order, so each is the last of its new bucket. */
static void resize(struct cop__ets_shard *s, uint8_t bits)
{
    size_t old_len = s->buckets != NULL ? (size_t)1 << s->bits : 0;
    size_t len = (size_t)1 << bits;
    struct cop__ets_row **old = s->buckets;
    size_t current = len;

    s->buckets = cop__alloc_zeroed(len * sizeof(*s->buckets));
    s->bits = bits;
    struct cop__ets_row **end = s->buckets;
    for (size_t i = 0; i < old_len; i++) {
        struct cop__ets_row *next;
        for (struct cop__ets_row *row = old[i]; row != NULL; row = next) {
            next = row->next;
            if (bucket_of(s, row->order) != current) {
                current = bucket_of(s, row->order);
                end = &s->buckets[current];
            }
            row->next = NULL;
            *end = row;
            end = &row->next;
        }
    }
    cop__free(old, old_len * sizeof(*old));
}

static void maybe_grow(struct cop__ets_shard *s)
{
    if (s->buckets == NULL)
        resize(s, BITS_MIN);
    else if (s->len > (size_t)2 << s->bits)
        resize(s, (uint8_t)(s->bits + 1));
}

static void maybe_shrink(struct cop__ets_shard *s)
{
    if (s->buckets != NULL && s->bits > BITS_MIN && s->len < (size_t)1 << s->bits >> 2)
        resize(s, (uint8_t)(s->bits - 1));
}

static struct cop__ets_row *hash_add(struct cop__ets *t, struct cop__ets_row *row)
{
    struct cop__ets_shard *s = shard_of_row(t, row);
    cop_term key = cop__ets_key(t, row);

    maybe_grow(s);
    struct cop__ets_row **at = hash_seek(t, s, row->order, key);
    struct cop__ets_row *found = *at;
    bool is_there = found != NULL && compare_key(t, found, row->order, key) == 0;
    if (is_there && !cop__ets_is_bag(t)) {
        cop__ets_swap(t, found, row);
        return found;
    }
    if (is_there && atomic_load_explicit(&t->type, memory_order_relaxed) == COP__ETS_BAG)
        for (; found != NULL; found = cop__ets_older(t, found))
            if (cop_identical(cop__ets_object(found), cop__ets_object(row))) return row;
    row->age = s->age++;
    row->next = *at;
    *at = row;
    count_in(s, row);
    return NULL;
}

/* The place that points to a row of a bucket. */
static struct cop__ets_row **hash_link(struct cop__ets *t, const struct cop__ets_row *row)
{
    struct cop__ets_shard *s = shard_of_row(t, row);
    struct cop__ets_row **at = &s->buckets[bucket_of(s, row->order)];
    while (*at != row)
        at = &(*at)->next;
    return at;
}

static struct cop__ets_row *first_from(const struct cop__ets_shard *s, size_t bucket)
{
    for (; bucket < (size_t)1 << s->bits; bucket++)
        if (s->buckets[bucket] != NULL) return s->buckets[bucket];
    return NULL;
}

static struct cop__ets_row *hash_behind(const struct cop__ets *t, uint32_t shard,
                                        const struct cop__ets_place *place)
{
    const struct cop__ets_shard *s = &t->shards[shard];
    if (s->buckets == NULL) return NULL;
    if (cop_is_none(place->key) || cop__ets_shard_of(t, place->hash) < shard)
        return first_from(s, 0);
    COP_ASSERT(cop__ets_shard_of(t, place->hash) == shard);
    struct cop__ets_row *row = *hash_seek(t, s, place->hash, place->key);
    while (row != NULL && compare_key(t, row, place->hash, place->key) == 0 &&
           (!cop__ets_is_bag(t) || row->age >= place->age))
        row = row->next;
    return row != NULL ? row : first_from(s, bucket_of(s, place->hash) + 1);
}

/* --- Treaps ----------------------------------------------------------------------------------- */

/* The place that points to the row with this key, or to NULL where it would be. *ret_before: the
 * last row before. */
static struct cop__ets_row **tree_seek(struct cop__ets *t, cop_term key,
                                       struct cop__ets_row **ret_before)
{
    struct cop__ets_row **at = &t->shards[0].root;
    *ret_before = NULL;
    while (*at != NULL) {
        int order = cop_compare(cop__ets_key(t, *at), key);
        if (order == 0) {
            /* Before it stands the last row of its left side, if there is one. */
            for (struct cop__ets_row *row = (*at)->left; row != NULL; row = row->right)
                *ret_before = row;
            break;
        }
        if (order < 0) *ret_before = *at;
        at = order < 0 ? &(*at)->right : &(*at)->left;
    }
    return at;
}

/* Puts a row with a new key into the tree. */
static void tree_insert(struct cop__ets *t, struct cop__ets_row *row, struct cop__ets_row *before)
{
    struct cop__ets_shard *s = &t->shards[0];
    cop_term key = cop__ets_key(t, row);
    struct cop__ets_row **at = &s->root;
    row->order = cop__hash_u64(s->age++);
    while (*at != NULL && (*at)->order >= row->order)
        at = cop_compare(cop__ets_key(t, *at), key) < 0 ? &(*at)->right : &(*at)->left;
    /* What is below goes to its left and its right. */
    struct cop__ets_row *below = *at;
    struct cop__ets_row **smaller = &row->left;
    struct cop__ets_row **larger = &row->right;
    while (below != NULL) {
        if (cop_compare(cop__ets_key(t, below), key) < 0) {
            *smaller = below;
            smaller = &below->right;
            below = *smaller;
        } else {
            *larger = below;
            larger = &below->left;
            below = *larger;
        }
    }
    *smaller = NULL;
    *larger = NULL;
    *at = row;
    struct cop__ets_row **link = before != NULL ? &before->next : &s->first;
    row->next = *link;
    *link = row;
    count_in(s, row);
}

static struct cop__ets_row *tree_add(struct cop__ets *t, struct cop__ets_row *row)
{
    struct cop__ets_row *before;
    struct cop__ets_row *found = *tree_seek(t, cop__ets_key(t, row), &before);
    if (found != NULL)
        cop__ets_swap(t, found, row);
    else
        tree_insert(t, row, before);
    return found;
}

/* The row at *at leaves the tree: its sides are merged. */
static void tree_remove(struct cop__ets_shard *s, struct cop__ets_row **at,
                        struct cop__ets_row *before)
{
    struct cop__ets_row *row = *at;
    struct cop__ets_row *left = row->left;
    struct cop__ets_row *right = row->right;
    while (left != NULL && right != NULL) {
        if (left->order >= right->order) {
            *at = left;
            at = &left->right;
            left = *at;
        } else {
            *at = right;
            at = &right->left;
            right = *at;
        }
    }
    *at = left != NULL ? left : right;
    *(before != NULL ? &before->next : &s->first) = row->next;
    count_out(s, row);
}

/* The first row behind key. */
static struct cop__ets_row *tree_behind(const struct cop__ets *t, cop_term key)
{
    struct cop__ets_row *row = t->shards[0].root;
    struct cop__ets_row *best = NULL;
    if (cop_is_none(key)) return t->shards[0].first;
    while (row != NULL) {
        bool is_behind = cop_compare(cop__ets_key(t, row), key) > 0;
        if (is_behind) best = row;
        row = is_behind ? row->left : row->right;
    }
    return best;
}

struct cop__ets_row *cop__ets_before(const struct cop__ets *t, cop_term key)
{
    struct cop__ets_row *row = t->shards[0].root;
    struct cop__ets_row *best = NULL;
    while (row != NULL) {
        bool is_before = cop_is_none(key) || cop_compare(cop__ets_key(t, row), key) < 0;
        if (is_before) best = row;
        row = is_before ? row->right : row->left;
    }
    return best;
}

/* --- Both ------------------------------------------------------------------------------------- */

struct cop__ets_row *cop__ets_find(const struct cop__ets *t, uint64_t hash, cop_term key)
{
    const struct cop__ets_shard *s = &t->shards[cop__ets_shard_of(t, hash)];
    struct cop__ets_row *row;
    if (cop__ets_is_tree(t)) {
        int order;
        for (row = s->root; row != NULL; row = order < 0 ? row->right : row->left)
            if ((order = cop_compare(cop__ets_key(t, row), key)) == 0) break;
        return row;
    }
    if (s->buckets == NULL) return NULL;
    row = s->buckets[bucket_of(s, hash)];
    for (; row != NULL && row->order <= hash; row = row->next)
        if (row->order == hash && cop_identical(cop__ets_key(t, row), key)) return row;
    return NULL;
}

struct cop__ets_row *cop__ets_older(const struct cop__ets *t, const struct cop__ets_row *row)
{
    struct cop__ets_row *next = row->next;
    bool is_same = cop__ets_is_bag(t) && next != NULL && next->order == row->order &&
                   cop_identical(cop__ets_key(t, next), cop__ets_key(t, row));
    return is_same ? next : NULL;
}

struct cop__ets_row *cop__ets_add(struct cop__ets *t, struct cop__ets_row *row)
{
    return cop__ets_is_tree(t) ? tree_add(t, row) : hash_add(t, row);
}

void cop__ets_swap(struct cop__ets *t, struct cop__ets_row *row, struct cop__ets_row *by)
{
    struct cop__ets_shard *s = shard_of_row(t, row);
    struct cop__ets_row *before;
    if (cop__ets_is_tree(t)) {
        *tree_seek(t, cop__ets_key(t, row), &before) = by;
        *(before != NULL ? &before->next : &s->first) = by;
    } else {
        *hash_link(t, row) = by;
    }
    count_out(s, row);
    by->next = row->next;
    by->order = row->order;
    by->left = row->left; /* or age */
    by->right = row->right;
    count_in(s, by);
}

void cop__ets_remove(struct cop__ets *t, struct cop__ets_row *row)
{
    struct cop__ets_shard *s = shard_of_row(t, row);
    if (cop__ets_is_tree(t)) {
        struct cop__ets_row *before;
        struct cop__ets_row **at = tree_seek(t, cop__ets_key(t, row), &before);
        COP_ASSERT(*at == row);
        tree_remove(s, at, before);
    } else {
        *hash_link(t, row) = row->next;
        count_out(s, row);
        maybe_shrink(s);
    }
}

struct cop__ets_row *cop__ets_remove_key(struct cop__ets *t, uint64_t hash, cop_term key)
{
    struct cop__ets_row *first = NULL;
    struct cop__ets_row **end = &first;
    struct cop__ets_row *row;
    while ((row = cop__ets_find(t, hash, key)) != NULL) {
        cop__ets_remove(t, row);
        *end = row;
        end = &row->next;
    }
    *end = NULL;
    return first;
}

struct cop__ets_row *cop__ets_remove_all(struct cop__ets *t, uint32_t shard)
{
    struct cop__ets_shard *s = &t->shards[shard];
    struct cop__ets_row *first = s->first;
    if (s->buckets != NULL) {
        struct cop__ets_row **end = &first;
        for (size_t i = 0; i < (size_t)1 << s->bits; i++) {
            *end = s->buckets[i];
            while (*end != NULL)
                end = &(*end)->next;
        }
        cop__free(s->buckets, ((size_t)1 << s->bits) * sizeof(*s->buckets));
    }
    s->buckets = NULL;
    s->root = NULL;
    s->first = NULL;
    s->bits = 0;
    s->len = 0;
    s->bytes = 0;
    return first;
}

struct cop__ets_row *cop__ets_behind(const struct cop__ets *t, uint32_t shard,
                                     const struct cop__ets_place *place)
{
    return cop__ets_is_tree(t) ? tree_behind(t, place->key) : hash_behind(t, shard, place);
}

struct cop__ets_row *cop__ets_next_row(const struct cop__ets *t, const struct cop__ets_row *row)
{
    if (row->next != NULL || cop__ets_is_tree(t)) return row->next;
    const struct cop__ets_shard *s = &t->shards[cop__ets_shard_of(t, row->order)];
    return first_from(s, bucket_of(s, row->order) + 1);
}
