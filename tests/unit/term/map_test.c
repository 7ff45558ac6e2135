/* SPDX-License-Identifier: Apache-2.0 */
/* Maps against a slow model: a row of pairs that is searched from its beginning. */
#include "term_test.h"

#include "../base/death.h"
#include "term/compare.h"
#include "term/map.h"
#include "term/map_tree.h"

#include <string.h>

#define MODEL_MAX 2000

struct model {
    cop_term keys[MODEL_MAX];
    cop_term values[MODEL_MAX];
    size_t len;
};

static size_t model_find(const struct model *m, cop_term key)
{
    size_t at = 0;

    while (at < m->len && !cop_identical(m->keys[at], key))
        at++;
    return at;
}

static void model_put(struct model *m, cop_term key, cop_term value)
{
    size_t at = model_find(m, key);

    if (at == m->len) m->keys[m->len++] = key;
    m->values[at] = value;
}

static void model_remove(struct model *m, cop_term key)
{
    size_t at = model_find(m, key);

    if (at == m->len) return;
    m->keys[at] = m->keys[--m->len];
    m->values[at] = m->values[m->len];
}

/* The shape that map.h promises, below one node. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as there are levels */
static void assert_node(const uint64_t *node, int level)
{
    uint32_t pairs = (uint32_t)node[1];
    uint32_t children = (uint32_t)(node[1] >> 32);
    size_t first = cop__node_first_child(node);
    size_t end = 1 + cop__header_arity(*node);

    assert_int_equal(pairs & children, 0);
    if (node[1] == 0) {
        assert_int_equal(level, COP__TREE_LEVELS);
        return;
    }
    assert_int_equal(end - first, (size_t)__builtin_popcount(children));
    assert_true(level == 0 || children != 0 || first > 4); /* no single pair */
    for (size_t i = first; i < end; i++)
        assert_node(cop__box(cop__term(node[i])), level + 1);
}

static void assert_agrees(cop_term map, const struct model *m)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;
    size_t len = 0;

    assert_int_equal(cop_map_size(map), m->len);
    while (cop_map_next(&it, &key, &value)) {
        size_t at = model_find(m, key);

        assert_true(at < m->len);
        assert_true(cop_identical(value, m->values[at]));
        len++;
    }
    assert_int_equal(len, m->len);
    for (size_t i = 0; i < m->len; i++) {
        assert_true(cop_identical(cop_map_get(map, m->keys[i], cop_none()), m->values[i]));
    }
    assert_int_equal(cop__is_kind(map, COP__BOX_TREE), m->len > COP__FLAT_MAX);
    if (m->len > COP__FLAT_MAX) assert_node(cop__box(cop__term(cop__box(map)[2])), 0);
}

/* Grows and shrinks around all sizes; the last map has the shape of one made at once. */
static void run_model(uint64_t seed, size_t steps, size_t keys)
{
    static struct model m;
    struct gen_term gen;
    cop_term map = cop_map_new();

    m.len = 0;
    gen_term_init(&gen, seed, GEN_TERM_ALL);
    for (size_t i = 0; i < steps; i++) {
        bool is_random = gen_below(&gen, 4) == 0;
        cop_term key = is_random ? gen_term(&gen, 1 + gen_below(&gen, 3))
                                 : cop_int((int64_t)gen_below(&gen, keys));
        bool shrinks = i / (steps / 4) % 2 == 1;

        if (gen_below(&gen, 4) == 0 ? !shrinks : shrinks) {
            map = cop_map_remove(map, key);
            model_remove(&m, key);
            assert_false(cop_map_has(map, key));
        } else {
            cop_term value = gen_term_leaf(&gen);

            map = cop_map_put(map, key, value);
            model_put(&m, key, value);
            assert_true(cop_map_has(map, key));
        }
        if (i % 16 == 0) assert_agrees(map, &m);
    }
    assert_agrees(map, &m);
    assert_true(cop_identical(map, cop_map_from_list(cop_map_to_list(map))));
    assert_true(cop_hash(map) == cop_hash(cop_map_from_list(cop_map_to_list(map))));
}

static void as_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        run_model(seed, 400, 45);
        run_model(seed + 100, 800, 400);
        cop__heap_reset(&heap);
    }
}

/* Pairs in any order, with repeated keys: the last one holds, the shape is the same. */
static void from_list(void **state)
{
    struct gen_term gen;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        cop_term pairs = cop_empty_list();
        cop_term map = cop_map_new();
        size_t len = (size_t)seed * 5;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        for (size_t i = 0; i < len; i++) {
            cop_term key = cop_int((int64_t)gen_below(&gen, 100));
            cop_term value = gen_term_leaf(&gen);

            pairs = cop_cons(cop_tuple(key, value), pairs);
            map = cop_map_put(map, key, value);
        }
        assert_true(cop_identical(cop_map_from_list(cop_list_reverse(pairs)), map));
    }
}

/* Old versions stay as they were. */
static void maps_are_persistent(void **state)
{
    enum { LEN = 300 };
    static cop_term versions[LEN];
    cop_term map = cop_map_new();

    (void)state;
    for (int i = 0; i < LEN; i++) {
        versions[i] = map;
        map = cop_map_put(map, i, i + i);
    }
    for (int i = 0; i < LEN; i++) {
        assert_int_equal(cop_map_size(versions[i]), i);
        assert_false(cop_map_has(versions[i], i));
        if (i > 0) assert_int_equal(cop_to_int(cop_map_get(versions[i], i - 1, 0)), i - 1 + i - 1);
    }
    for (int i = LEN; i-- > 0;)
        map = cop_map_remove(map, i);
    assert_true(cop_identical(map, cop_map_new()));
    assert_int_equal(cop_map_remove(map, 5).word, map.word);
}

/* INS-07: term order, integers before floats. */
static void order_of_small_maps(void **state)
{
    cop_term map = cop_map_new();
    cop_term list;

    (void)state;
    map = cop_map_put(map, "b", 2);
    map = cop_map_put(map, cop_nil(), 0);
    map = cop_map_put(map, 1.5, 2);
    map = cop_map_put(map, cop_atom("a"), 1);
    map = cop_map_put(map, 3, 4);
    map = cop_map_put(map, cop_atom("Elixir.String"), 1);
    list = cop_list(cop_tuple(3, 4), cop_tuple(1.5, 2), cop_tuple(cop_atom("Elixir.String"), 1),
                    cop_tuple(cop_atom("a"), 1), cop_tuple(cop_nil(), 0), cop_tuple("b", 2));
    assert_true(cop_identical(cop_map_to_list(map), list));
}

/* Keys with the same hash: 64 bits do not collide by chance, so the node is built by hand. */
static void bags(void **state)
{
    struct cop__pair pairs[COP__FLAT_MAX + 2];
    cop_term map;
    size_t len = COP__FLAT_MAX + 2;

    (void)state;
    for (size_t i = 0; i < len; i++) {
        pairs[i] = (struct cop__pair){cop_int((int64_t)i), cop_int((int64_t)i), 42};
    }
    map = cop__tree_from_hashed(&heap, pairs, len);
    assert_int_equal(cop_map_size(map), len);
    assert_node(cop__box(cop__term(cop__box(map)[2])), 0);
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;
    for (size_t i = 0; i < len; i++) {
        assert_true(cop_map_next(&it, &key, &value));
        assert_int_equal(cop_to_int(key), i);
    }
    assert_false(cop_map_next(&it, &key, &value));
    assert_true(cop_identical(map, cop__copy(&heap, map)));
}

static void no_map(void)
{
    cop_map_get(cop_ok(), 1, 2);
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    assert_true(dies_saying(no_map, "badmap"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_the_model),        TEST(from_list), TEST(maps_are_persistent),
        TEST(order_of_small_maps), TEST(bags),      TEST(misuse_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
