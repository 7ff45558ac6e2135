/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rand.h"

#include "death.h"
#include "support/cmocka_all.h"

static void test_numbers_are_those_of_the_published_generators(void **state)
{
    struct cop__rand rand;

    (void)state;
    cop__rand_seed(&rand, 0);
    assert_true(rand.state[0] == 0xe220a8397b1dcdafu); /* splitmix64 from 0 */
    assert_true(rand.state[1] == 0x6e789e6aa1b965f4u);
    rand = (struct cop__rand){{1, 2, 3, 4}}; /* xoshiro256** from 1, 2, 3, 4 */
    assert_true(cop__rand_next(&rand) == 11520u);
    assert_true(cop__rand_next(&rand) == 0u);
    assert_true(cop__rand_next(&rand) == 1509978240u);
    assert_true(cop__rand_next(&rand) == 1215971899390074240u);
}

static void test_a_seed_gives_one_history(void **state)
{
    struct cop__rand a;
    struct cop__rand b;
    struct cop__rand other;
    int differences = 0;

    (void)state;
    cop__rand_seed(&a, 42);
    cop__rand_seed(&b, 42);
    cop__rand_seed(&other, 43);
    for (int i = 0; i < 1000; i++) {
        uint64_t x = cop__rand_next(&a);

        assert_true(x == cop__rand_next(&b));
        differences += x != cop__rand_next(&other);
    }
    assert_int_equal(differences, 1000);
}

static void test_below_is_even(void **state)
{
    struct cop__rand rand;
    int counts[10] = {0};

    (void)state;
    cop__rand_seed(&rand, 7);
    for (int i = 0; i < 100000; i++) {
        uint64_t x = cop__rand_below(&rand, 10);

        assert_true(x < 10);
        counts[x]++;
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(counts[i], 9500, 10500); /* sigma is 95 */
    for (int i = 0; i < 100; i++)
        assert_true(cop__rand_below(&rand, 1) == 0);
}

/* With three quarters of 2^64 as the bound, what a remainder or a plain product would favour comes
 * up half the time instead of a third. */
static void test_below_is_even_for_large_bounds(void **state)
{
    struct cop__rand rand;
    uint64_t quarter = (uint64_t)1 << 62;
    int counts[3] = {0};
    int thirds[3] = {0};

    (void)state;
    cop__rand_seed(&rand, 8);
    for (int i = 0; i < 30000; i++) {
        uint64_t x = cop__rand_below(&rand, 3 * quarter);

        assert_true(x < 3 * quarter);
        counts[x / quarter]++;
        thirds[x % 3]++;
    }
    for (int i = 0; i < 3; i++) {
        assert_in_range(counts[i], 9600, 10400); /* sigma is 82 */
        assert_in_range(thirds[i], 9600, 10400);
    }
}

static void ask_below_nothing(void)
{
    struct cop__rand rand;

    cop__rand_seed(&rand, 1);
    cop__rand_below(&rand, 0);
}

static void test_below_nothing_is_a_defect(void **state)
{
    (void)state;
    assert_true(dies_saying(ask_below_nothing, "bound > 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_those_of_the_published_generators),
        cmocka_unit_test(test_a_seed_gives_one_history),
        cmocka_unit_test(test_below_is_even),
        cmocka_unit_test(test_below_is_even_for_large_bounds),
        cmocka_unit_test(test_below_nothing_is_a_defect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
