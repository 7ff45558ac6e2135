/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"

#include "support/cmocka_all.h"

#include <stdbool.h>

static int freed;

struct thing {
    int number;
};

static void thing_free(struct thing *thing)
{
    assert_int_equal(thing->number, 7);
    freed++;
}
COP_CLEANUP_POINTER(struct thing, thing_free);

static struct thing *make(struct thing *memory, bool is_kept)
{
    COP_CLEANUP(thing_free_at) struct thing *thing = memory;

    memory->number = 7;
    if (!is_kept) return NULL;
    return COP_TAKE(thing);
}

static void test_what_is_not_taken_is_freed(void **state)
{
    struct thing memory;

    (void)state;
    freed = 0;
    assert_null(make(&memory, false));
    assert_int_equal(freed, 1);
    assert_ptr_equal(make(&memory, true), &memory);
    assert_int_equal(freed, 1);
}

static void test_null_is_not_freed(void **state)
{
    (void)state;
    freed = 0;
    {
        COP_CLEANUP(thing_free_at) struct thing *thing = NULL;

        assert_null(COP_TAKE(thing));
    }
    assert_int_equal(freed, 0);
}

static void test_take_evaluates_once_and_leaves_null(void **state)
{
    struct thing memory[2] = {{1}, {2}};
    struct thing *pointers[2] = {&memory[0], &memory[1]};
    int at = 0;

    (void)state;
    /* NOLINTNEXTLINE(bugprone-macro-repeated-side-effects): that they are not is tested here */
    assert_ptr_equal(COP_TAKE(pointers[at++]), &memory[0]);
    assert_int_equal(at, 1);
    assert_null(pointers[0]);
    assert_ptr_equal(pointers[1], &memory[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_taken_is_freed),
        cmocka_unit_test(test_null_is_not_freed),
        cmocka_unit_test(test_take_evaluates_once_and_leaves_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
