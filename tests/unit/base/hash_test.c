/* SPDX-License-Identifier: Apache-2.0 */
/* The quality of the hashes, measured: avalanche (flip one bit of the input: each bit of the hash
 * flips half the time) and dispersion of the keys that programs really have. All numbers follow
 * from fixed seeds. */
#include "base/hash.h"

#include "base/rand.h"
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES   4000
#define FLIPS_MIN (SAMPLES * 455 / 1000) /* 5.7 sigma around a half */
#define FLIPS_MAX (SAMPLES * 545 / 1000)

static void count_flips(uint32_t flips[64], uint64_t difference)
{
    for (int bit = 0; bit < 64; bit++)
        flips[bit] += (uint32_t)(difference >> bit & 1);
}

static void expect_even(const uint32_t flips[64])
{
    for (int bit = 0; bit < 64; bit++)
        assert_in_range(flips[bit], FLIPS_MIN, FLIPS_MAX);
}

static void test_avalanche_of_integers(void **state)
{
    struct cop__rand rand;

    (void)state;
    cop__rand_seed(&rand, 1);
    for (int in = 0; in < 64; in++) {
        uint32_t flips[64] = {0};

        for (int i = 0; i < SAMPLES; i++) {
            uint64_t x = cop__rand_next(&rand);

            count_flips(flips, cop__hash_u64(x) ^ cop__hash_u64(x ^ (uint64_t)1 << in));
        }
        expect_even(flips);
    }
}

static void test_avalanche_of_small_integers(void **state)
{
    (void)state;
    for (int in = 0; in < 64; in++) {
        uint32_t flips[64] = {0};

        for (uint64_t x = 0; x < SAMPLES; x++) {
            count_flips(flips, cop__hash_u64(x) ^ cop__hash_u64(x ^ (uint64_t)1 << in));
        }
        expect_even(flips);
    }
}

static void avalanche_of_bytes(size_t len)
{
    struct cop__rand rand;
    unsigned char bytes[64];

    cop__rand_seed(&rand, len);
    for (size_t in = 0; in<len * 8; in += len> 8 ? 5 : 1) {
        uint32_t flips[64] = {0};

        for (int i = 0; i < SAMPLES; i++) {
            uint64_t before;

            for (size_t k = 0; k < len; k++)
                bytes[k] = (unsigned char)cop__rand_next(&rand);
            before = cop__hash_bytes(bytes, len);
            bytes[in / 8] ^= (unsigned char)(1 << in % 8);
            count_flips(flips, before ^ cop__hash_bytes(bytes, len));
        }
        expect_even(flips);
    }
}

static void test_avalanche_of_bytes(void **state)
{
    static const size_t lens[] = {3, 4, 8, 11, 16, 17, 40};

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        avalanche_of_bytes(lens[i]);
}

static void test_avalanche_of_pairs(void **state)
{
    struct cop__rand rand;

    (void)state;
    cop__rand_seed(&rand, 2);
    for (int in = 0; in < 64; in++) {
        uint32_t first[64] = {0};
        uint32_t second[64] = {0};

        for (int i = 0; i < SAMPLES; i++) {
            uint64_t a = cop__rand_next(&rand);
            uint64_t b = cop__rand_next(&rand);
            uint64_t hash = cop__hash_combine(a, b);

            count_flips(first, hash ^ cop__hash_combine(a ^ (uint64_t)1 << in, b));
            count_flips(second, hash ^ cop__hash_combine(a, b ^ (uint64_t)1 << in));
        }
        expect_even(first);
        expect_even(second);
    }
}

/* 4096 keys start + i * step into 1024 places by low and by high bits: a random function puts 4 in
 * each on average, and more than 18 in none of them (chance below 1e-4 a run). */
static void expect_dispersed(uint64_t start, uint64_t step)
{
    uint8_t low[1024] = {0};
    uint8_t high[1024] = {0};
    int empty = 0;

    for (uint64_t i = 0; i < 4096; i++) {
        uint64_t hash = cop__hash_u64(start + i * step);

        assert_true(++low[hash & 1023] <= 18);
        assert_true(++high[hash >> 54] <= 18);
    }
    for (int i = 0; i < 1024; i++)
        empty += low[i] == 0;
    assert_in_range(empty, 1, 45); /* 18.8 expected; an arithmetic spread would leave none */
}

static void test_regular_keys_are_dispersed(void **state)
{
    (void)state;
    for (int shift = 0; shift < 52; shift += 3) {
        expect_dispersed(0, (uint64_t)1 << shift);
        expect_dispersed(12345, ((uint64_t)1 << shift) + 1);
    }
    expect_dispersed(0x7f0000001000u, 64); /* addresses of blocks */
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void test_short_texts_do_not_collide(void **state)
{
    enum { COUNT = 100000 };
    static uint64_t hashes[COUNT];
    char text[32];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        int len = snprintf(text, sizeof text, "Elixir.KV.Bucket.%d", i);

        hashes[i] = cop__hash_bytes(text, (size_t)len);
    }
    qsort(hashes, COUNT, sizeof hashes[0], compare_u64);
    for (int i = 1; i < COUNT; i++)
        assert_true(hashes[i - 1] != hashes[i]);
}

static void test_length_and_order_count(void **state)
{
    char zeros[64] = {0};
    uint64_t hashes[65];

    (void)state;
    for (size_t len = 0; len <= 64; len++) {
        hashes[len] = cop__hash_bytes(zeros, len);
        for (size_t i = 0; i < len; i++)
            assert_true(hashes[i] != hashes[len]);
    }
    assert_true(cop__hash_bytes(NULL, 0) == hashes[0]);
    assert_true(cop__hash_combine(1, 2) != cop__hash_combine(2, 1));
    assert_true(cop__hash_combine(0, 0) != cop__hash_combine(0, 1));
}

static void test_nothing_outside_is_read(void **state)
{
    (void)state;
    /* Exactly as long as asked for, so that AddressSanitizer sees a byte too many; and wherever the
     * bytes lie. */
    for (size_t len = 1; len <= 50; len++) {
        char *exact = malloc(len);
        char shifted[64];

        assert_non_null(exact);
        for (size_t i = 0; i < len; i++)
            exact[i] = (char)i;
        memcpy(shifted + 3, exact, len);
        assert_true(cop__hash_bytes(exact, len) == cop__hash_bytes(shifted + 3, len));
        free(exact);
    }
}

static void test_seeds_give_other_functions(void **state)
{
    uint64_t one = cop__hash_seed(1), two = cop__hash_seed(2);
    uint32_t flips[64] = {0};

    (void)state;
    assert_true(cop__hash_u64(1) == cop__hash_u64_with(COP__HASH_FIXED, 1));
    assert_true(cop__hash_bytes("abc", 3) == cop__hash_bytes_with(COP__HASH_FIXED, "abc", 3));
    assert_true(cop__hash_u64_with(one, 1) != cop__hash_u64_with(two, 1));
    assert_true(cop__hash_bytes_with(one, "abc", 3) != cop__hash_bytes_with(two, "abc", 3));
    for (uint64_t x = 0; x < SAMPLES; x++)
        count_flips(flips, cop__hash_u64_with(cop__hash_seed(x), 7) ^
                               cop__hash_u64_with(cop__hash_seed(x + 1), 7));
    expect_even(flips);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_avalanche_of_integers),
        cmocka_unit_test(test_avalanche_of_small_integers),
        cmocka_unit_test(test_avalanche_of_bytes),
        cmocka_unit_test(test_avalanche_of_pairs),
        cmocka_unit_test(test_regular_keys_are_dispersed),
        cmocka_unit_test(test_short_texts_do_not_collide),
        cmocka_unit_test(test_length_and_order_count),
        cmocka_unit_test(test_nothing_outside_is_read),
        cmocka_unit_test(test_seeds_give_other_functions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
