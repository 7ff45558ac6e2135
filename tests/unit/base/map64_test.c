/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map64.h"

#include "base/alloc.h"
#include "base/rand.h"
#include "support/cmocka_all.h"

#include <string.h>

static void test_an_empty_map_owns_nothing(void **state)
{
    struct cop__map64 map = {0};
    uint64_t live = cop__alloc_stats_read().live_blocks;

    (void)state;
    assert_null(cop__map64_get(&map, 0));
    assert_null(cop__map64_get(&map, 1));
    assert_false(cop__map64_remove(&map, 0, NULL));
    assert_false(cop__map64_remove(&map, 1, NULL));
    assert_null(cop__map64_next(&map, NULL));
    assert_int_equal(cop__map64_len(&map), 0);
    assert_true(cop__map64_put(&map, 5, 50));
    assert_true(cop__alloc_stats_read().live_blocks == live + 1);
    assert_true(cop__map64_remove(&map, 5, NULL));
    assert_true(cop__alloc_stats_read().live_blocks == live);
    assert_null(map.entries);
    cop__map64_fini(&map);
}

static void test_any_key_will_do(void **state)
{
    static const uint64_t keys[] = {0, 1, UINT64_MAX, INT64_MAX, (uint64_t)1 << 63};
    struct cop__map64 map;
    uint64_t value = 77;

    (void)state;
    cop__map64_init(&map);
    for (size_t i = 0; i < 5; i++) {
        assert_true(cop__map64_put(&map, keys[i], i));
        assert_int_equal(cop__map64_len(&map), i + 1);
    }
    for (size_t i = 0; i < 5; i++)
        assert_false(cop__map64_put(&map, keys[i], i + 10));
    assert_int_equal(cop__map64_len(&map), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(*cop__map64_get(&map, keys[i]) == i + 10);
    assert_false(cop__map64_remove(&map, 2, &value));
    assert_true(value == 77); /* untouched */
    for (size_t i = 0; i < 5; i++) {
        assert_true(cop__map64_remove(&map, keys[i], &value));
        assert_true(value == i + 10);
        assert_null(cop__map64_get(&map, keys[i]));
        assert_true(cop__map64_is_valid(&map));
    }
    assert_null(map.entries);
}

static void test_only_the_key_0(void **state)
{
    struct cop__map64 map = {0};

    (void)state;
    cop__map64_put(&map, 0, 9);
    assert_null(cop__map64_get(&map, 1));
    assert_true(cop__map64_next(&map, NULL)->value == 9);
    assert_null(cop__map64_next(&map, cop__map64_next(&map, NULL)));
    *cop__map64_get(&map, 0) = 10;
    assert_true(*cop__map64_get(&map, 0) == 10);
    cop__map64_fini(&map);
    assert_null(cop__map64_get(&map, 0));
}

static void test_grows_and_shrinks(void **state)
{
    struct cop__map64 map = {0};
    unsigned grown;

    (void)state;
    for (uint64_t i = 0; i < 10000; i++) {
        cop__map64_put(&map, i << 20, i);
        assert_true(map.len <= ((size_t)1 << map.cap_log2)); /* some entry stays free */
    }
    assert_true(cop__map64_is_valid(&map));
    grown = map.cap_log2;
    assert_int_equal(grown, 14);
    for (uint64_t i = 0; i < 10000; i++)
        assert_true(*cop__map64_get(&map, i << 20) == i);
    for (uint64_t i = 0; i < 9995; i++)
        assert_true(cop__map64_remove(&map, i << 20, NULL));
    assert_true(map.cap_log2 <= 6);
    assert_true(cop__map64_is_valid(&map));
    for (uint64_t i = 9995; i < 10000; i++)
        assert_true(*cop__map64_get(&map, i << 20) == i);
    cop__map64_fini(&map);
}

static void test_a_walk_meets_each_entry_once(void **state)
{
    struct cop__map64 map = {0};
    struct cop__map64_entry *entry;
    uint8_t met[100] = {0};

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        cop__map64_put(&map, i, i * 3);
    COP_MAP_FOR (entry, &map) {
        assert_true(entry->value == entry->key * 3);
        met[entry->key]++;
        entry->value = 0;
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(met[i], 1);
    COP_MAP_FOR (entry, &map)
        assert_true(entry->value == 0);
    cop__map64_fini(&map);
}

/* What the map must be like: a plain table over the few keys of a run. */
struct model {
    bool has[256];
    uint64_t value[256];
    size_t len;
};

static void expect_same(const struct cop__map64 *map, const struct model *model, uint64_t stride)
{
    assert_true(cop__map64_is_valid(map));
    assert_int_equal(cop__map64_len(map), model->len);
    for (uint64_t key = 0; key < 256; key++) {
        uint64_t *value = cop__map64_get(map, key * stride);

        assert_int_equal(value != NULL, model->has[key]);
        if (value) assert_true(*value == model->value[key]);
    }
}

static void random_operation(struct cop__map64 *map, struct model *model, struct cop__rand *rand,
                             uint64_t keys, uint64_t stride)
{
    uint64_t key = cop__rand_below(rand, keys);
    uint64_t value = cop__rand_next(rand);

    if (cop__rand_below(rand, 2)) {
        assert_int_equal(cop__map64_put(map, key * stride, value), !model->has[key]);
        model->len += !model->has[key];
        model->has[key] = true;
        model->value[key] = value;
    } else {
        uint64_t old = 0;

        assert_int_equal(cop__map64_remove(map, key * stride, &old), model->has[key]);
        if (model->has[key]) assert_true(old == model->value[key]);
        model->len -= model->has[key];
        model->has[key] = false;
    }
}

static void test_agrees_with_a_model(void **state)
{
    static const uint64_t strides[] = {1, 16, (uint64_t)1 << 40};
    struct cop__rand rand;

    (void)state;
    cop__rand_seed(&rand, 3);
    for (uint64_t round = 0; round < 300; round++) {
        struct cop__map64 map = {0};
        struct model model = {0};
        uint64_t stride = strides[round % 3];
        uint64_t keys = 1 + cop__rand_below(&rand, 256);

        for (int i = 0; i < 300; i++) {
            random_operation(&map, &model, &rand, keys, stride);
            if (i % 30 == 0) expect_same(&map, &model, stride);
        }
        expect_same(&map, &model, stride);
        cop__map64_fini(&map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_map_owns_nothing),
        cmocka_unit_test(test_any_key_will_do),
        cmocka_unit_test(test_only_the_key_0),
        cmocka_unit_test(test_grows_and_shrinks),
        cmocka_unit_test(test_a_walk_meets_each_entry_once),
        cmocka_unit_test(test_agrees_with_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
