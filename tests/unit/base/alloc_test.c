/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator in one thread: classes, contents, statistics, failure, and the guards of debug
 * builds. Threads are in alloc_threads_test.c. */
#include "base/alloc.h"

#include "base/alloc_class.h"
#include "base/rand.h"
#include "death.h"
#include "support/cmocka_all.h"

#include <string.h>

#if COP__ALLOC_IS_MALLOC || defined(COP_DEBUG)
#define SEES_MISUSE 1 /* by guards, or by a sanitizer's allocator */
#else
#define SEES_MISUSE 0
#endif

static void test_classes_are_as_documented(void **state)
{
    static const size_t sizes[] = {16,  32,  48,  64,  80,  96,  112, 128, 160,  192, 224,
                                   256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280};

    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(cop__alloc_class_size(i), sizes[i]);
    }
    assert_int_equal(cop__alloc_class_size(COP__ALLOC_CLASSES - 1), COP__ALLOC_SMALL_MAX);
    assert_int_equal(cop__alloc_class_of(0), 0);
    for (size_t size = 1; size <= COP__ALLOC_SMALL_MAX; size++) {
        unsigned class = cop__alloc_class_of(size);

        assert_true(class < COP__ALLOC_CLASSES);
        assert_true(cop__alloc_class_size(class) >= size);
        assert_true(class == 0 ||
                    cop__alloc_class_size(class - 1) < size); /* the least that fits */
        assert_int_equal(cop__alloc_class_size(class) % 16, 0);
    }
}

static void test_every_size_is_aligned_and_writable(void **state)
{
    (void)state;
    for (size_t size = 0; size < 70000; size += size < 2100 ? 1 : 997) {
        char *block = cop__alloc(size);

        assert_int_equal((uintptr_t)block % 16, 0);
        memset(block, 0x5a, size);
        cop__free(block, size);
        block = cop__alloc_zeroed(size); /* most likely the same memory */
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], 0);
        cop__free(block, size);
    }
    cop__free(NULL, 100);
}

struct piece {
    unsigned char *bytes;
    size_t size;
    unsigned char fill;
};

static void piece_begin(struct piece *piece, struct cop__rand *rand)
{
    /* Small sizes are more frequent. */
    piece->size = cop__rand_below(rand, (uint64_t)1 << (1 + cop__rand_below(rand, 17)));
    piece->fill = (unsigned char)cop__rand_next(rand);
    piece->bytes = cop__alloc(piece->size);
    memset(piece->bytes, piece->fill, piece->size);
}

static void piece_end(struct piece *piece)
{
    for (size_t i = 0; i < piece->size; i++)
        assert_int_equal(piece->bytes[i], piece->fill);
    cop__free(piece->bytes, piece->size);
    piece->bytes = NULL;
}

static void test_blocks_do_not_overlap_and_are_counted(void **state)
{
    enum { COUNT = 400 };
    static struct piece pieces[COUNT];
    struct cop__rand rand;
    struct cop__alloc_stats before = cop__alloc_stats_read();
    struct cop__alloc_stats now;
    uint64_t live = 0;
    uint64_t bytes = 0;

    (void)state;
    cop__rand_seed(&rand, 9);
    for (int step = 0; step < 20000; step++) {
        struct piece *piece = &pieces[cop__rand_below(&rand, COUNT)];

        if (piece->bytes)
            piece_end(piece);
        else
            piece_begin(piece, &rand);
    }
    for (int i = 0; i < COUNT; i++) {
        live += pieces[i].bytes != NULL;
        bytes += pieces[i].bytes ? pieces[i].size : 0;
    }
    now = cop__alloc_stats_read();
    assert_true(now.live_blocks - before.live_blocks == live);
    assert_true(now.allocated_bytes - before.allocated_bytes >= bytes);
    assert_true(now.allocated_bytes - before.allocated_bytes <=
                bytes + bytes / 4 + (uint64_t)64 * COUNT);
    for (int i = 0; i < COUNT; i++) {
        if (pieces[i].bytes) piece_end(&pieces[i]);
    }
    now = cop__alloc_stats_read();
    assert_true(now.live_blocks == before.live_blocks);
    assert_true(now.allocated_bytes == before.allocated_bytes);
    assert_true(now.large_blocks == before.large_blocks);
}

static void test_large_blocks_are_counted_apart(void **state)
{
    struct cop__alloc_stats before = cop__alloc_stats_read();
    struct cop__alloc_stats now;
    void *small = cop__alloc(100);
    void *large = cop__alloc(1000000);

    (void)state;
    now = cop__alloc_stats_read();
    assert_true(now.live_blocks == before.live_blocks + 2);
    assert_true(now.large_blocks == before.large_blocks + 1 + COP__ALLOC_IS_MALLOC);
    assert_true(now.large_bytes >= before.large_bytes + 1000000);
    assert_true(now.large_bytes <= before.large_bytes + 1000200);
    cop__free(small, 100);
    cop__free(large, 1000000);
}

/* Freed blocks are used again: after a first round, more rounds need no more memory. */
static void test_memory_is_reused(void **state)
{
    enum { COUNT = 3000 };
    static void *blocks[COUNT];
    uint64_t chunk_bytes = 0;

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++)
            blocks[i] = cop__alloc(200);
        if (round == 0) chunk_bytes = cop__alloc_stats_read().chunk_bytes;
        assert_true(cop__alloc_stats_read().chunk_bytes == chunk_bytes);
        for (int i = 0; i < COUNT; i++)
            cop__free(blocks[round % 2 ? i : COUNT - 1 - i], 200);
    }
    assert_int_equal(chunk_bytes == 0, COP__ALLOC_IS_MALLOC);
}

static void test_realloc_keeps_what_both_reach(void **state)
{
    uint64_t live = cop__alloc_stats_read().live_blocks;
    unsigned char *block = cop__realloc(NULL, 0, 10);
    size_t size = 10;

    (void)state;
    for (size_t i = 0; i < size; i++)
        block[i] = (unsigned char)i;
    for (; size < 200000; size *= 3) {
        block = cop__realloc(block, size, size * 3);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], (unsigned char)i);
        for (size_t i = size; i < size * 3; i++)
            block[i] = (unsigned char)i;
    }
    block = cop__realloc(block, size, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(block[i], i);
    cop__free(block, 7);
    assert_true(cop__alloc_stats_read().live_blocks == live);
}

static void test_try_alloc_can_be_made_to_fail(void **state)
{
    (void)state;
    cop__alloc_fail_nth(3);
    for (int i = 1; i <= 6; i++) {
        void *block = cop__try_alloc(50);

        assert_int_equal(block == NULL, i == 3); /* once */
        cop__free(block, 50);
    }
    cop__alloc_fail_nth(1);
    cop__alloc_fail_nth(0);
    cop__free(cop__alloc(1), 1);
    for (int i = 0; i < 3; i++) {
        void *block = cop__try_alloc(50);

        assert_non_null(block);
        cop__free(block, 50);
    }
}

static void test_try_alloc_refuses_what_cannot_be(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, PTRDIFF_MAX, (size_t)1 << 62,
                                   (size_t)1 << 40};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        volatile size_t size = sizes[i]; /* else the compiler warns */

        assert_null(cop__try_alloc(size));
    }
}

static void ask_for_too_much(void)
{
    volatile size_t size = PTRDIFF_MAX;

    cop__alloc(size);
}

static void test_out_of_memory_ends_the_program(void **state)
{
    (void)state;
    assert_true(dies_saying(ask_for_too_much, "out of memory: 9223372036854775807 bytes"));
}

#if !COP__ALLOC_IS_MALLOC
/* The address space ends while blocks of a class are asked for. */
static void use_up_address_space(void)
{
    struct rlimit limit = {64 << 20, 64 << 20};

    if (setrlimit(RLIMIT_AS, &limit) != 0) return;
    for (int i = 0; i < 1000000; i++) {
        if (!cop__try_alloc(1000)) cop__alloc(1000);
    }
}

static void test_small_blocks_run_out_too(void **state)
{
    (void)state;
    assert_true(dies_saying(use_up_address_space, "out of memory: 1000 bytes"));
}
#endif

#if SEES_MISUSE
static void free_with_another_size(void)
{
    cop__free(cop__alloc(100), 60);
}

static void free_large_with_another_size(void)
{
    cop__free(cop__alloc(100000), 100001);
}

static void test_a_wrong_size_is_seen(void **state)
{
    (void)state;
    assert_true(dies_saying(free_with_another_size, "of 100 bytes freed as one of 60"));
    assert_true(
        dies_saying(free_large_with_another_size, "of 100000 bytes freed as one of 100001"));
}
#endif

#if SEES_MISUSE && !COP__ALLOC_IS_MALLOC
static void free_twice(void)
{
    void *block = cop__alloc(100);

    cop__free(block, 100);
    cop__free(block, 100);
}

static void write_after_free(void)
{
    char *volatile block = cop__alloc(100);

    cop__free(block, 100);
    block[42] = 1;
    cop__alloc(100);
}

static void test_guards_of_debug_builds(void **state)
{
    unsigned char *volatile block = cop__alloc(64);

    (void)state;
    assert_true(dies_saying(free_twice, "freed twice"));
    assert_true(dies_saying(write_after_free, "byte 42 written after it was freed"));
    cop__free(block, 64);
    for (int i = 0; i < 64; i++)
        assert_int_equal(block[i], 0xdd);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_are_as_documented),
        cmocka_unit_test(test_every_size_is_aligned_and_writable),
        cmocka_unit_test(test_blocks_do_not_overlap_and_are_counted),
        cmocka_unit_test(test_large_blocks_are_counted_apart),
        cmocka_unit_test(test_memory_is_reused),
        cmocka_unit_test(test_realloc_keeps_what_both_reach),
        cmocka_unit_test(test_try_alloc_can_be_made_to_fail),
        cmocka_unit_test(test_try_alloc_refuses_what_cannot_be),
        cmocka_unit_test(test_out_of_memory_ends_the_program),
#if !COP__ALLOC_IS_MALLOC
        cmocka_unit_test(test_small_blocks_run_out_too),
#endif
#if SEES_MISUSE
        cmocka_unit_test(test_a_wrong_size_is_seen),
#endif
#if SEES_MISUSE && !COP__ALLOC_IS_MALLOC
        cmocka_unit_test(test_guards_of_debug_builds),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
