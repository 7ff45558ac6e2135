/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: packed, adopted, given back (MSG-07: nothing the sender does later is visible). */
#include "term_test.h"

#include <string.h>

/* Packs t, lets its own region go, and gives the copy in `to`. */
static cop_term send_to(struct cop__heap *to, cop_term t)
{
    return cop__heap_adopt(to, cop__pack(t, 32));
}

static void copies_are_equal_and_stand_alone(void **state)
{
    struct cop__heap other = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        size_t size = 1 + seed % 70;
        struct gen_term gen;
        cop_term copy;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        copy = send_to(&other, gen_term(&gen, size));
        cop__heap_reset(&heap); /* what was copied from is gone */
        gen_term_init(&gen, seed, GEN_TERM_ALL);
        assert_true(cop_identical(copy, gen_term(&gen, size)));
        cop__heap_reset(&heap);
        cop__heap_reset(&other);
        assert_int_equal(cop__heap_bytes(&other), 0);
    }
}

static void the_original_is_as_before(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct gen_term gen;
        cop_term a;
        cop_term b;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        a = gen_term(&gen, 50);
        gen_term_init(&gen, seed, GEN_TERM_ALL);
        b = gen_term(&gen, 50);
        cop__block_free(cop__pack(a, 0));
        assert_true(cop_identical(a, b));
    }
}

static void immediates_need_no_words(void **state)
{
    cop_term literal = cop__immortal(cop_tuple(1, "two", cop_list(3.0)));
    struct cop__block *block = cop__pack(cop_ok(), 16);

    (void)state;
    assert_int_equal(block->words, 0);
    assert_int_equal(cop__heap_adopt(&heap, block).word, cop_ok().word);
    block = cop__pack(literal, 48);
    assert_int_equal(block->words, 0);
    assert_int_equal(block->term.word, literal.word);
    assert_int_equal((char *)block - (char *)cop__block_prefix(block), 48);
    cop__block_free(block);
    block = cop__pack(cop_tuple(literal, literal), 0);
    assert_int_equal(block->words, 3);
    cop__block_free(block);
    assert_int_equal(cop__immortal(literal).word, literal.word);
}

static void large_binaries_are_shared(void **state)
{
    struct cop__heap other = {0};
    char data[500] = {1, 2, 3};
    cop_term t = cop_binary(data, sizeof(data));
    const char *bytes = cop_to_bytes(t).data;
    cop_term nested = send_to(&other, cop_list(t, cop_tuple(t, t)));

    (void)state;
    cop__heap_reset(&heap);
    assert_ptr_equal(cop_to_bytes(cop_head(nested)).data, bytes);
    nested = send_to(&heap, nested);
    cop__heap_reset(&other);
    assert_memory_equal(cop_to_bytes(cop_head(nested)).data, data, sizeof(data));
}

/* {t, t} thirty times: 2^30 leaves if written out. */
/* A list of so many cells, each with a binary of so many bytes, counted ones among them. */
static cop_term list_of_binaries(int cells, size_t size)
{
    char bytes[200];
    cop_term list = cop_empty_list();

    for (int i = 0; i < cells; i++) {
        memset(bytes, 'a' + i % 26, sizeof(bytes));
        list = cop_cons(cop_binary(bytes, size), list);
    }
    return list;
}

/* From one way of copying to the other: on both sides of so many boxes, and of so many words. */
static void all_sizes_are_copied_whole(void **state)
{
    struct cop__heap other = {0};
    const size_t sizes[] = {0, 1, 40, 63, 64, 65, 200};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int cells = 1; cells < 70; cells++) {
            cop_term copy = send_to(&other, list_of_binaries(cells, sizes[i]));

            cop__heap_reset(&heap);
            assert_true(cop_identical(copy, list_of_binaries(cells, sizes[i])));
            cop__heap_reset(&heap);
            cop__heap_reset(&other);
            assert_int_equal(cop__heap_bytes(&other), 0);
        }
    }
}

static void sharing_is_preserved(void **state)
{
    struct cop__heap other = {0};
    cop_term t = cop_list(1);
    cop_term copy;

    (void)state;
    for (int i = 0; i < 30; i++)
        t = cop_tuple(t, t);
    copy = send_to(&other, t);
    assert_int_equal(other.blocks->words, 3 + 30 * 3);
    assert_int_equal(cop_elem(copy, 0).word, cop_elem(copy, 1).word);
    cop__heap_reset(&other);
}

static void nested_regions(void **state)
{
    cop_term outer = cop_tuple(1, cop_string("outer"));
    struct cop__heap other = {0};
    size_t bytes = heap.region_bytes;

    (void)state;
    for (int turn = 0; turn < 50; turn++) {
        struct cop__heap_mark mark = cop__heap_mark(&heap);
        char data[300] = {0};

        cop__heap_set_current(&other);
        cop_term msg = cop_tuple(turn, cop_binary(data, sizeof(data)));
        cop__heap_set_current(&heap);
        msg = send_to(&heap, msg);
        cop__heap_reset(&other);
        for (int i = 0; i < 300; i++)
            msg = cop_cons(i, msg);
        cop_binary(data, sizeof(data));
        cop__heap_release(&heap, &mark);
        assert_int_equal(heap.region_bytes, bytes);
        assert_true(cop_identical(cop_elem(outer, 1), cop_string("outer")));
        bytes = heap.region_bytes;
    }
    cop__heap_fini(&other);
}

static void all_bytes_come_back(void **state)
{
    struct cop__heap other = {0};
    struct gen_term gen;
    uint64_t before;

    (void)state;
    gen_term_init(&gen, 5, GEN_TERM_ALL);
    gen_term(&gen, 200); /* makes the atoms */
    cop__heap_reset(&heap);
    before = bytes_in_use();
    for (int i = 0; i < 200; i++) {
        send_to(&other, gen_term(&gen, 20));
        cop__block_free(cop__pack(gen_term(&gen, 20), 16));
        if (i % 7 == 0) cop__heap_reset(&other);
        if (i % 5 == 0) cop__heap_reset(&heap);
    }
    cop__heap_fini(&other);
    cop__heap_fini(&heap);
    assert_int_equal(bytes_in_use(), before);
}

static void regions_of_threads(void **state)
{
    cop_region *outer;
    cop_region *inner;
    cop_term t;

    (void)state;
    cop__heap_set_current(NULL);
    outer = cop_region_open();
    t = cop_tuple(1, 2);
    inner = cop_region_open();
    assert_true(cop_identical(cop_tuple(1, 2), t));
    cop_region_close(inner);
    assert_int_equal(cop_tuple_size(t), 2);
    cop_region_close(outer);
    assert_null(cop__heap_current());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_are_equal_and_stand_alone),
        TEST(the_original_is_as_before),
        TEST(immediates_need_no_words),
        TEST(large_binaries_are_shared),
        TEST(all_sizes_are_copied_whole),
        TEST(sharing_is_preserved),
        TEST(nested_regions),
        TEST(all_bytes_come_back),
        TEST(regions_of_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
