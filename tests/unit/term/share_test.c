/* SPDX-License-Identifier: Apache-2.0 */
/* Copies out of blocks that others read: equal, alone, and nothing is written to the block. */
#include "term_test.h"

#include "coppice/pattern.h"
#include "term/share.h"
#include "term/types.h"

#include <string.h>

static cop_term copy_of(struct cop__heap *to, const struct cop__block *block, cop_term part)
{
    struct cop__share share = {block, NULL};

    return cop__share_copy(to, &share, part);
}

/* Of a term of any shape and size, and of each element of a tuple. */
static void copies_are_equal_and_stand_alone(void **state)
{
    struct cop__heap other = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct gen_term gen;
        cop_term elements[3];
        cop_term copies[3];
        struct cop__block *block;
        size_t size = 1 + seed % 90;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        for (int i = 0; i < 3; i++)
            elements[i] = gen_term(&gen, size);
        block = cop__pack(cop_tuple_from(elements, 3), 32);
        uint64_t *before = cop__alloc(cop__block_size(block));
        memcpy(before, cop__block_words(block), block->words * sizeof(uint64_t));
        cop_term whole = copy_of(&other, block, block->term);
        for (int i = 0; i < 3; i++)
            copies[i] = copy_of(&other, block, cop_elem(block->term, (size_t)i));
        assert_memory_equal(before, cop__block_words(block), block->words * sizeof(uint64_t));
        cop__free(before, cop__block_size(block));
        cop__block_free(block); /* what was copied from is gone */
        cop__heap_quarantine_flush();
        assert_true(cop_identical(whole, cop_tuple_from(elements, 3)));
        for (int i = 0; i < 3; i++)
            assert_true(cop_identical(copies[i], elements[i]));
        cop__heap_reset(&other);
        cop__heap_reset(&heap);
        assert_int_equal(cop__heap_bytes(&other), 0);
    }
}

/* All parts of one share come from one copy; a part without terms needs none. */
static void one_copy_serves_all_parts(void **state)
{
    cop_term list = cop_list(1, 2.5, "three");
    struct cop__block *block = cop__pack(cop_tuple(list, 2.5, list, COP(":a")), 32);
    struct cop__share share = {block, NULL};
    struct cop__heap other = {0};

    (void)state;
    cop_term number = cop__share_copy(&other, &share, cop_elem(block->term, 1));
    assert_true(cop_identical(number, cop_float(2.5)));
    assert_null(share.words);
    assert_int_equal(cop__share_copy(&other, &share, cop_elem(block->term, 3)).word,
                     COP(":a").word);
    assert_null(share.words);
    cop_term first = cop__share_copy(&other, &share, cop_elem(block->term, 0));
    assert_non_null(share.words);
    cop_term again = cop__share_copy(&other, &share, cop_elem(block->term, 2));
    cop_term whole = cop__share_copy(&other, &share, block->term);
    assert_true(cop_identical(first, list) && cop_identical(again, list));
    assert_int_equal(cop_elem(whole, 0).word, first.word);
    cop__block_free(block);
    cop__heap_fini(&other);
}

/* Large binaries are shared, and counted: the bytes go with the last that has them. */
static void large_binaries_are_shared(void **state)
{
    char bytes[5000];
    struct cop__heap other = {0};
    uint64_t before = bytes_in_use();

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    for (size_t len = 1; len < 40; len += 38) { /* copies in the region, and in a block */
        cop_term large = cop_binary(bytes, sizeof(bytes));
        cop_term items[40];

        for (size_t i = 0; i < len; i++)
            items[i] = i % 2 == 0 ? large : cop_list(large, 1);
        struct cop__block *block = cop__pack(cop_tuple_from(items, len), 32);
        const char *data = cop_to_bytes(cop_elem(block->term, 0)).data;
        cop_term copy = copy_of(&other, block, block->term);
        cop_term element = copy_of(&other, block, cop_elem(block->term, 0));
        cop__block_free(block);
        cop__heap_reset(&heap);
        assert_ptr_equal(cop_to_bytes(cop_elem(copy, 0)).data, data);
        assert_ptr_equal(cop_to_bytes(element).data, data);
        assert_memory_equal(cop_to_bytes(element).data, bytes, sizeof(bytes));
        assert_true(bytes_in_use() >= before + sizeof(bytes));
        cop__heap_reset(&other);
        assert_true(bytes_in_use() < before + sizeof(bytes));
    }
}

/* Literals and immediates are what they are. */
static void what_is_not_copied(void **state)
{
    cop_term literal = cop__immortal(cop_tuple(1, cop_list("text", 2)));
    struct cop__block *block = cop__pack(cop_tuple(literal, 7), 32);

    (void)state;
    assert_int_equal(copy_of(&heap, block, cop_elem(block->term, 0)).word, literal.word);
    assert_int_equal(copy_of(&heap, block, cop_elem(block->term, 1)).word, cop_int(7).word);
    cop_term copy = copy_of(&heap, block, block->term);
    assert_int_equal(cop_elem(copy, 0).word, literal.word);
    assert_int_not_equal(copy.word, block->term.word);
    cop__block_free(block);
    block = cop__pack(literal, 32);
    assert_int_equal(copy_of(&heap, block, block->term).word, literal.word);
    cop__block_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(copies_are_equal_and_stand_alone),
        TEST(one_copy_serves_all_parts),
        TEST(large_binaries_are_shared),
        TEST(what_is_not_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
