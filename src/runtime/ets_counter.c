/* SPDX-License-Identifier: Apache-2.0 */
/* Changing elements of an object in place of the object: update_counter, update_element (ETS-11).
 *
 * The new elements are computed in an array beside the row. If all that changes are small integers
 * they are written to the row, which nobody reads under the lock for writing; else the row gives
 * way to a new one. */
#include "runtime/ets.h"
#include "term/number.h"

#include <string.h>

/* The elements of the object that is changed. */
struct change {
    cop_term *items;
    size_t len;
    bool is_large; /* something else than small integers is new */
    cop_term few[8];
};

static void change_fini(struct change *c)
{
    if (c->items != NULL && c->items != c->few) cop__free(c->items, c->len * sizeof(*c->items));
}

static void change_init(struct change *c, cop_term object)
{
    c->len = cop__tuple_len(object);
    c->is_large = false;
    c->items = c->len <= sizeof(c->few) / sizeof(c->few[0])
                   ? c->few
                   : cop__alloc(c->len * sizeof(*c->items));
    memcpy(c->items, cop__tuple_items(object), c->len * sizeof(*c->items));
}

static void change_put(struct change *c, size_t index, cop_term value)
{
    if (!cop__is_small(value) || !cop__is_small(c->items[index])) c->is_large = true;
    c->items[index] = value;
}

/* Puts the changed object into the table; row is the one that it had been. */
static void change_apply(const struct change *c, struct cop__ets_hold *hold,
                         struct cop__ets_row *row)
{
    struct cop__block *block = cop__ets_block(row);
    bool is_own = block->words > 0; /* else a literal, which many have */
    if (!c->is_large && is_own) {
        memcpy(cop__block_words(block) + 1, c->items, c->len * sizeof(*c->items));
        return;
    }
    cop_term object = cop_tuple_from(c->items, c->len);
    struct cop__ets_row *by = cop__ets_row_new(object, row->order);
    cop__ets_swap(hold->table, row, by);
    cop__ets_discard(hold, row);
}

/* --- Counters --------------------------------------------------------------------------------- */

/* One operation. */
struct count {
    int64_t pos;
    int64_t add;
    bool has_limit;
    int64_t limit;
    int64_t set;
};

/* An integer that is computed with (larger ones are an error system_limit, as everywhere). */
static bool read_integer(cop_term t, int64_t *ret_value)
{
    if (!cop_is_integer(t)) return false;
    if (!cop__integer_value(t, ret_value)) cop__raise_atom(COP_ATOM_system_limit);
    return true;
}

static bool read_count(cop_term op, struct count *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (!cop__is_tuple(op)) return false;
    size_t len = cop__tuple_len(op);
    const cop_term *items = cop__tuple_items(op);
    if (len != 2 && len != 4) return false;
    ret->has_limit = len == 4;
    return cop__integer_value(items[0], &ret->pos) && read_integer(items[1], &ret->add) &&
           (len == 2 || (read_integer(items[2], &ret->limit) && read_integer(items[3], &ret->set)));
}

/* The new value of the element, in c, too. Exits: badarg. */
static cop_term count_one(struct change *c, const struct count *op, uint32_t keypos)
{
    int64_t value;
    if (op->pos < 1 || (uint64_t)op->pos > c->len || op->pos == (int64_t)keypos) cop__ets_badarg();
    if (!read_integer(c->items[op->pos - 1], &value)) cop__ets_badarg();
    if (__builtin_add_overflow(value, op->add, &value)) cop__raise_atom(COP_ATOM_system_limit);
    bool is_past = op->add >= 0 ? value > op->limit : value < op->limit;
    if (op->has_limit && is_past) value = op->set;
    cop_term result = cop_int(value);
    change_put(c, (size_t)(op->pos - 1), result);
    return result;
}

/* The operations were checked. */
static cop_term count_all(struct change *c, cop_term ops, uint32_t keypos)
{
    struct count op;
    if (cop_is_integer(ops)) {
        op = (struct count){.pos = (int64_t)keypos + 1};
        read_integer(ops, &op.add);
        return count_one(c, &op, keypos);
    }
    if (!cop_is_list(ops)) {
        read_count(ops, &op);
        return count_one(c, &op, keypos);
    }
    cop_term results = cop_empty_list();
    for (; !cop_is_empty_list(ops); ops = cop__cons_tail(ops)) {
        read_count(cop__cons_head(ops), &op);
        results = cop_cons(count_one(c, &op, keypos), results);
    }
    return cop_list_reverse(results);
}

static void check_counts(cop_term ops)
{
    struct count op;
    int64_t add;
    if (read_integer(ops, &add) || read_count(ops, &op)) return;
    if (cop_list_len(ops) < 0) cop__ets_badarg();
    for (; !cop_is_empty_list(ops); ops = cop__cons_tail(ops))
        if (!read_count(cop__cons_head(ops), &op)) cop__ets_badarg();
}

/* The object that is made where none is: fallback with this key. Exits: badarg. */
static cop_term object_for(cop_term fallback, cop_term key, uint32_t keypos)
{
    if (cop_is_none(fallback) || cop__tuple_len(fallback) < keypos) cop__ets_badarg();
    return cop_put_elem(fallback, keypos - 1, key);
}

static cop_term update_counter(cop_term table, cop_term key, cop_term ops, cop_term fallback)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    COP_CLEANUP(change_fini) struct change change = {0};
    uint64_t hash = cop_hash(key);
    check_counts(ops);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_WRITE, hash);
    if (cop__ets_is_bag(t)) cop__ets_badarg();
    uint32_t keypos = cop__ets_keypos(t);
    struct cop__ets_row *row = cop__ets_find(t, hash, key);
    if (row != NULL) {
        change_init(&change, cop__ets_object(row));
        cop_term result = count_all(&change, ops, keypos);
        change_apply(&change, &hold, row);
        return result;
    }
    change_init(&change, object_for(fallback, key, keypos));
    cop_term result = count_all(&change, ops, keypos);
    cop__ets_add(t, cop__ets_row_new(cop_tuple_from(change.items, change.len), hash));
    return result;
}

cop_term(cop_ets_update_counter)(cop_term table, cop_term key, cop_term op)
{
    return update_counter(table, key, op, cop_none());
}

cop_term cop_ets_update_counter_or(cop_term table, cop_term key, cop_term op, cop_term fallback)
{
    if (!cop__is_tuple(fallback)) cop__ets_badarg();
    return update_counter(table, key, op, fallback);
}

/* --- Elements --------------------------------------------------------------------------------- */

/* {pos, value} with pos >= 1. */
static bool read_element(cop_term t, int64_t *ret_pos)
{
    return cop__is_tuple_of(t, 2) && cop__integer_value(cop__tuple_items(t)[0], ret_pos) &&
           *ret_pos >= 1;
}

static void check_elements(cop_term values)
{
    int64_t pos;
    if (read_element(values, &pos)) return;
    if (cop_list_len(values) < 0) cop__ets_badarg();
    for (; !cop_is_empty_list(values); values = cop__cons_tail(values))
        if (!read_element(cop__cons_head(values), &pos)) cop__ets_badarg();
}

static void set_one(struct change *c, cop_term element, uint32_t keypos)
{
    int64_t pos = 0;
    read_element(element, &pos);
    if ((uint64_t)pos > c->len || pos == (int64_t)keypos) cop__ets_badarg();
    change_put(c, (size_t)(pos - 1), cop__tuple_items(element)[1]);
}

bool cop_ets_update_element(cop_term table, cop_term key, cop_term values)
{
    COP_CLEANUP(cop__ets_release) struct cop__ets_hold hold = {0};
    COP_CLEANUP(change_fini) struct change change = {0};
    uint64_t hash = cop_hash(key);
    struct cop__ets *t = cop__ets_open(&hold, table, COP__ETS_WRITE, hash);
    if (cop__ets_is_bag(t)) cop__ets_badarg();
    struct cop__ets_row *row = cop__ets_find(t, hash, key);
    if (row == NULL) return false; /* whatever the values are */
    check_elements(values);
    change_init(&change, cop__ets_object(row));
    if (cop__is_tuple(values)) {
        set_one(&change, values, cop__ets_keypos(t));
    } else {
        for (; !cop_is_empty_list(values); values = cop__cons_tail(values))
            set_one(&change, cop__cons_head(values), cop__ets_keypos(t));
    }
    change_apply(&change, &hold, row);
    return true;
}
