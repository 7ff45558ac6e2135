/* SPDX-License-Identifier: Apache-2.0 */
/* The order of terms: the recorded answers of a real node, and what makes it an order. */
#include "term_test.h"

#include "term/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cop_term parse(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse((cop_bytes){text, strlen(text)}, &t, &error)) {
        fail_msg("%s: %d: %s", text, error.column, error.text);
    }
    return t;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void assert_row(char *line)
{
    char *rest = NULL;
    const char *left = strtok_r(line, "\t", &rest);
    const char *right = strtok_r(NULL, "\t", &rest);
    const char *order = strtok_r(NULL, "\t", &rest);
    const char *same = strtok_r(NULL, "\t\n", &rest);
    cop_term a = parse(left);
    cop_term b = parse(right);
    int expected = strcmp(order, "lt") == 0 ? -1 : strcmp(order, "gt") == 0;

    if (sign(cop_compare(a, b)) != expected) fail_msg("%s and %s are not %s", left, right, order);
    if (sign(cop_compare(b, a)) != -expected) fail_msg("%s and %s, reversed", left, right);
    if (cop_equal(a, b) != (expected == 0)) fail_msg("%s == %s", left, right);
    if (cop_identical(a, b) != (strcmp(same, "true") == 0)) fail_msg("%s === %s", left, right);
}

static void as_a_real_node_has_it(void **state)
{
    FILE *file = fopen(CONFORMANCE_DIR "/compare.tsv", "r");
    char *line = NULL;
    size_t cap = 0;
    int rows = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &cap, file) > 0) {
        if (line[0] == '#' || line[0] == '\n') continue;
        assert_row(line);
        rows++;
    }
    free(line);
    fclose(file);
    assert_true(rows > 100);
}

/* a is not above b, b not above c: so a is not above c; and what is equal to both sides is
 * equal. */
static void assert_transitive(int (*order)(cop_term, cop_term), cop_term a, cop_term b, cop_term c)
{
    if (order(a, b) <= 0 && order(b, c) <= 0) {
        assert_true(order(a, c) <= 0);
        if (order(a, b) < 0 || order(b, c) < 0) assert_true(order(a, c) < 0);
    }
}

static void assert_pair(cop_term a, cop_term b)
{
    bool same = cop_identical(a, b);

    assert_int_equal(sign(cop_compare(a, b)), -sign(cop_compare(b, a)));
    assert_int_equal(sign(cop__compare_exact(a, b)), -sign(cop__compare_exact(b, a)));
    assert_int_equal(cop_equal(a, b), cop_compare(a, b) == 0);
    assert_int_equal(same, cop__compare_exact(a, b) == 0);
    if (same) {
        assert_true(cop_equal(a, b));
        assert_true(cop_hash(a) == cop_hash(b));
    }
}

static void it_is_a_total_order(void **state)
{
    enum { TERMS = 40 };
    cop_term terms[TERMS];
    struct gen_term gen;

    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        gen_term_init(&gen, seed, GEN_TERM_ALL);
        for (size_t i = 0; i < TERMS; i++)
            terms[i] = gen_term(&gen, 1 + gen_below(&gen, i));
        for (size_t i = 0; i < TERMS; i++) {
            assert_int_equal(cop_compare(terms[i], terms[i]), 0);
            for (size_t j = 0; j < TERMS; j++) {
                size_t k = gen_below(&gen, TERMS);

                assert_pair(terms[i], terms[j]);
                assert_transitive(cop_compare, terms[i], terms[j], terms[k]);
                assert_transitive(cop__compare_exact, terms[i], terms[j], terms[k]);
            }
        }
        cop__heap_reset(&heap);
    }
}

/* A term built twice, once by another way: all agree that it is the same. */
static void equal_terms_are_equal(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct gen_term gen;
        cop_term a;
        cop_term b;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        a = gen_term(&gen, 60);
        gen_term_init(&gen, seed, GEN_TERM_ALL);
        b = gen_term(&gen, 60);
        assert_true(cop_identical(a, b));
        assert_int_equal(cop_compare(a, b), 0);
        assert_true(cop_hash(a) == cop_hash(b));
    }
}

static cop_term large_map(int64_t first, int64_t len)
{
    cop_term map = cop_map_new();

    for (int64_t i = first; i < first + len; i++)
        map = cop_map_put(map, i, i);
    return map;
}

/* Maps as keys of maps, all of them trees: sorts within sorts. */
static void trees_in_keys_of_trees(void **state)
{
    cop_term a = large_map(0, 40);
    cop_term b = large_map(0, 40);

    (void)state;
    for (int64_t depth = 0; depth < 5; depth++) {
        a = cop_map_put(large_map(depth, 50), a, depth);
        b = cop_map_put(large_map(depth, 50), b, depth);
        assert_true(cop_identical(a, b));
        assert_int_equal(cop_compare(a, b), 0);
        assert_int_equal(cop_compare(a, cop_map_put(b, depth, -1)), 1);
        assert_int_equal(cop_compare(cop_map_put(cop_map_remove(a, depth), depth + 50, 0), b), 1);
    }
    assert_int_equal(cop_compare(large_map(0, 40), large_map(1, 40)), -1);
    assert_int_equal(cop_compare(large_map(5, 40), large_map(0, 41)), -1);
    /* Values decide only when all keys are the same, the least key first. */
    assert_int_equal(cop_compare(cop_map_put(a, 4, 9), cop_map_put(a, 5, 9)), 1);
    /* 1 and 1.0 are different keys, and equal values. */
    assert_true(cop_equal(cop_map_put(a, 9, 1), cop_map_put(a, 9, 1.0)));
    assert_false(cop_identical(cop_map_put(a, 9, 1), cop_map_put(a, 9, 1.0)));
    assert_false(cop_equal(cop_map_put(a, 1000, 1), cop_map_put(a, 1000.0, 1)));
}

static void sorting(void **state)
{
    enum { LEN = 500 };
    cop_term items[LEN];
    struct gen_term gen;

    (void)state;
    gen_term_init(&gen, 11, GEN_TERM_ALL);
    for (size_t i = 0; i < LEN; i++)
        items[i] = gen_term(&gen, 1 + gen_below(&gen, 4));
    cop__sort(items, LEN);
    for (size_t i = 1; i < LEN; i++)
        assert_true(cop_compare(items[i - 1], items[i]) <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_a_real_node_has_it),
        TEST(it_is_a_total_order),
        TEST(equal_terms_are_equal),
        TEST(trees_in_keys_of_trees),
        TEST(sorting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
