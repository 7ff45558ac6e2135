/* SPDX-License-Identifier: Apache-2.0 */
/* Tables against a model: random operations on few keys, done to a table and to a plain array of
 * objects, must give the same results and leave the same objects (ETS-02, ETS-07 to ETS-13). */
#include "base/rand.h"
#include "ets_ops.h"
#include "term/compare.h"

enum type { SET, ORDERED_SET, BAG, DUPLICATE_BAG };

/* The model: objects {key, integer}, oldest first; of an ordered set in the order of keys. */
struct model {
    enum type type;
    cop_term objects[256];
    size_t len;
};

static bool same_key(const struct model *m, cop_term a, cop_term b)
{
    return m->type == ORDERED_SET ? cop_compare(a, b) == 0 : cop_identical(a, b);
}

static cop_term key_at(const struct model *m, size_t i)
{
    return cop_elem(m->objects[i], 0);
}

static void model_remove_at(struct model *m, size_t i)
{
    m->len--;
    for (; i < m->len; i++)
        m->objects[i] = m->objects[i + 1];
}

/* The objects with this key, oldest first. */
static cop_term model_lookup(const struct model *m, cop_term key)
{
    cop_term list = cop_empty_list();
    for (size_t i = m->len; i-- > 0;)
        if (same_key(m, key_at(m, i), key)) list = cop_cons(m->objects[i], list);
    return list;
}

static void model_delete(struct model *m, cop_term key)
{
    for (size_t i = m->len; i-- > 0;)
        if (same_key(m, key_at(m, i), key)) model_remove_at(m, i);
}

static void model_insert(struct model *m, cop_term object)
{
    if (m->type == SET || m->type == ORDERED_SET) model_delete(m, cop_elem(object, 0));
    for (size_t i = 0; m->type == BAG && i < m->len; i++)
        if (cop_identical(m->objects[i], object)) return;
    size_t at = m->len++;
    m->objects[at] = object;
    for (; m->type == ORDERED_SET && at > 0; at--) {
        if (cop_compare(key_at(m, at - 1), key_at(m, at)) < 0) break;
        m->objects[at] = m->objects[at - 1];
        m->objects[at - 1] = object;
    }
}

static void model_delete_object(struct model *m, cop_term object)
{
    for (size_t i = m->len; i-- > 0;)
        if (cop_identical(m->objects[i], object)) model_remove_at(m, i);
}

/* --- Operations ------------------------------------------------------------------------------- */

struct play {
    struct model model;
    struct cop__rand rand;
    cop_term table;
};

static uint64_t below(struct play *p, uint64_t n)
{
    return cop__rand_below(&p->rand, n);
}

/* Few keys, some of which are equal but not the same, of all kinds. */
static cop_term any_key(struct play *p)
{
    static const char *const odd[] = {"1.0",   "2.0", ":a",    "{1}",
                                      "{1.0}", "[1]", "\"1\"", "%{1 => 2}"};
    uint64_t n = below(p, 24);
    return n < 8 ? check_parse(odd[n]) : cop_int((int64_t)n - 10);
}

static cop_term any_object(struct play *p)
{
    return cop_tuple(any_key(p), below(p, 3));
}

static void insert_many(struct play *p)
{
    cop_term list = cop_empty_list();
    cop_term objects[4];
    size_t len = (size_t)below(p, 4);
    for (size_t i = 0; i < len; i++)
        objects[i] = any_object(p);
    for (size_t i = len; i-- > 0;)
        list = cop_cons(objects[i], list);
    bool is_new = below(p, 3) == 0;
    bool is_free = true;
    for (size_t i = 0; i < len; i++)
        is_free = is_free && cop_is_empty_list(model_lookup(&p->model, cop_elem(objects[i], 0)));
    if (is_new)
        CHECK(cop_ets_insert_new(p->table, list) == is_free);
    else
        cop_ets_insert(p->table, list);
    if (is_new && !is_free) return;
    for (size_t i = 0; i < len; i++)
        model_insert(&p->model, objects[p->model.type == BAG ? len - 1 - i : i]);
}

static void count(struct play *p)
{
    cop_term key = any_key(p);
    int64_t add = (int64_t)below(p, 5) - 2;
    cop_term found = model_lookup(&p->model, key);
    cop_term table = p->table;
    if (p->model.type >= BAG || cop_is_empty_list(found)) {
        CHECK_TERM(TRY("{:update_counter, table, key, add}", table, key, add), ":badarg");
        return;
    }
    cop_term object = cop_head(found);
    int64_t sum = cop_to_int(cop_elem(object, 1)) + add;
    CHECK_SAME(cop_ets_update_counter(table, key, add), cop_int(sum));
    model_insert(&p->model, cop_put_elem(object, 1, cop_int(sum)));
}

/* What stands before and behind a key of an ordered set. */
static void neighbours(struct play *p)
{
    const struct model *m = &p->model;
    cop_term key = any_key(p);
    cop_term before = COP(":\"$end_of_table\""), behind = before;
    if (m->type != ORDERED_SET) return;
    for (size_t i = 0; i < m->len; i++)
        if (cop_compare(key_at(m, i), key) < 0) before = key_at(m, i);
    for (size_t i = m->len; i-- > 0;)
        if (cop_compare(key_at(m, i), key) > 0) behind = key_at(m, i);
    CHECK_SAME(cop_ets_prev(p->table, key), before);
    CHECK_SAME(cop_ets_next(p->table, key), behind);
    CHECK_SAME(cop_ets_last(p->table),
               m->len > 0 ? key_at(m, m->len - 1) : cop_ets_first(p->table));
}

static void step(struct play *p)
{
    cop_term key = any_key(p);
    cop_term object = any_object(p);
    struct model *m = &p->model;
    switch (below(p, 12)) {
    case 0:
    case 1:
    case 2:
        cop_ets_insert(p->table, object);
        model_insert(m, object);
        break;
    case 3:
    case 4: insert_many(p); break;
    case 5:
        cop_ets_delete_key(p->table, key);
        model_delete(m, key);
        break;
    case 6:
        cop_ets_delete_object(p->table, object);
        model_delete_object(m, object);
        break;
    case 7:
        CHECK_SAME(cop_ets_take(p->table, key), model_lookup(m, key));
        model_delete(m, key);
        break;
    case 8: count(p); break;
    case 9: neighbours(p); break;
    case 10: {
        int64_t n = 0;
        for (size_t i = m->len; i-- > 0;) {
            if (cop_to_int(cop_elem(m->objects[i], 1)) != 1) continue;
            model_remove_at(m, i);
            n++;
        }
        CHECK_INT(cop_ets_select_delete(p->table, COP("[{{:_, 1}, [], [true]}]")), n);
        break;
    }
    default:
        if (below(p, 40) != 0) break;
        cop_ets_delete_all_objects(p->table);
        m->len = 0;
    }
    CHECK_SAME(cop_ets_lookup(p->table, key), model_lookup(m, key));
    CHECK(cop_ets_member(p->table, key) == !cop_is_empty_list(model_lookup(m, key)));
}

/* The same objects; those of an ordered set in the same order. */
static void compare_all(const struct play *p)
{
    const struct model *m = &p->model;
    cop_term list = cop_ets_tab2list(p->table);
    static cop_term theirs[256];
    static cop_term ours[256];
    CHECK_INT(cop_list_len(list), (int64_t)m->len);
    CHECK_INT(cop_to_int(cop_ets_info_item(p->table, COP(":size"))), (int64_t)m->len);
    for (size_t i = 0; i < m->len; i++, list = cop_tail(list)) {
        theirs[i] = cop_head(list);
        ours[i] = m->objects[i];
    }
    if (m->type == ORDERED_SET) {
        CHECK_SAME(cop_list_from(theirs, m->len), cop_list_from(ours, m->len));
        return;
    }
    for (size_t i = 0; i < m->len; i++) {
        size_t in_theirs = 0, in_ours = 0;
        for (size_t j = 0; j < m->len; j++) {
            in_theirs += cop_identical(theirs[j], ours[i]) ? 1 : 0;
            in_ours += cop_identical(ours[j], ours[i]) ? 1 : 0;
        }
        CHECK_INT((int64_t)in_theirs, (int64_t)in_ours);
    }
}

static void play(enum type type, uint64_t seed)
{
    static const char *const names[] = {":set", ":ordered_set", ":bag", ":duplicate_bag"};
    struct play *p = cop_alloc(sizeof(*p));
    p->model.type = type;
    cop__rand_seed(&p->rand, seed);
    p->table = cop_ets_new(COP(":random"), cop_list(check_parse(names[type])));
    for (int i = 0; i < 400 && p->model.len < 200; i++) {
        step(p);
        if (i % 10 == 0) compare_all(p);
    }
    compare_all(p);
    cop_ets_delete(p->table);
    cop_free(p);
}

/* ETS-02 ETS-07 ETS-09 ETS-10 ETS-11 ETS-12 */
PROCESS_TEST(as_the_model)
{
    for (uint64_t seed = 1; seed <= (uint64_t)check_scaled(20); seed++)
        for (int type = SET; type <= DUPLICATE_BAG; type++)
            play((enum type)type, seed);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_model)};
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
