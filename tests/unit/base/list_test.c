/* SPDX-License-Identifier: Apache-2.0 */
#include "base/list.h"

#include "support/cmocka_all.h"

#include <stdlib.h>

struct item {
    char padding[3];
    int number;
    struct cop__list items;
};

/* Compares a list with numbers up to a 0, forward and backward. */
static void expect_numbers(struct cop__list *head, const int *numbers)
{
    struct item *item;
    struct cop__list *node;
    int count = 0;

    COP_LIST_FOR (item, head, items) {
        assert_int_equal(item->number, numbers[count]);
        count++;
    }
    assert_int_equal(numbers[count], 0);
    for (node = head->prev; node != head; node = node->prev) {
        count--;
        assert_int_equal(COP_LIST_ENTRY(node, struct item, items)->number, numbers[count]);
    }
    assert_int_equal(count, 0);
    assert_int_equal(cop__list_is_empty(head), numbers[0] == 0);
}

static void test_an_empty_list(void **state)
{
    struct cop__list head;

    (void)state;
    cop__list_init(&head);
    assert_true(cop__list_is_empty(&head));
    assert_null(cop__list_first(&head));
    assert_null(cop__list_last(&head));
    assert_null(cop__list_pop_front(&head));
    expect_numbers(&head, (const int[]){0});
}

static void test_push_and_remove_at_all_places(void **state)
{
    struct item a = {.number = 1}, b = {.number = 2}, c = {.number = 3}, d = {.number = 4};
    struct cop__list head;

    (void)state;
    cop__list_init(&head);
    assert_false(cop__list_is_linked(&a.items));
    cop__list_push_back(&head, &b.items);
    cop__list_push_back(&head, &c.items);
    cop__list_push_front(&head, &a.items);
    cop__list_push_back(&head, &d.items);
    expect_numbers(&head, (const int[]){1, 2, 3, 4, 0});
    assert_true(cop__list_is_linked(&a.items));
    assert_ptr_equal(cop__list_first(&head), &a.items);
    assert_ptr_equal(cop__list_last(&head), &d.items);
    cop__list_remove(&b.items);
    expect_numbers(&head, (const int[]){1, 3, 4, 0});
    assert_false(cop__list_is_linked(&b.items));
    cop__list_remove(&d.items);
    expect_numbers(&head, (const int[]){1, 3, 0});
    assert_ptr_equal(cop__list_pop_front(&head), &a.items);
    assert_false(cop__list_is_linked(&a.items));
    expect_numbers(&head, (const int[]){3, 0});
    cop__list_push_front(&head, &b.items);
    expect_numbers(&head, (const int[]){2, 3, 0});
}

static void test_safe_walk_may_free_its_item(void **state)
{
    struct cop__list head;
    struct item *item;
    int sum = 0;

    (void)state;
    cop__list_init(&head);
    COP_LIST_FOR_SAFE(item, &head, items) fail();
    for (int i = 1; i <= 5; i++) {
        item = calloc(1, sizeof *item);
        assert_non_null(item);
        item->number = i;
        cop__list_push_back(&head, &item->items);
    }
    COP_LIST_FOR_SAFE(item, &head, items)
    {
        if (item->number % 2 == 0) continue;
        sum += item->number;
        cop__list_remove(&item->items);
        free(item);
    }
    assert_int_equal(sum, 9);
    expect_numbers(&head, (const int[]){2, 4, 0});
    COP_LIST_FOR_SAFE(item, &head, items)
    {
        cop__list_remove(&item->items);
        free(item);
    }
    assert_true(cop__list_is_empty(&head));
}

static void test_splice(void **state)
{
    struct item a = {.number = 1}, b = {.number = 2}, c = {.number = 3};
    struct cop__list to;
    struct cop__list from;

    (void)state;
    cop__list_init(&to);
    cop__list_init(&from);
    cop__list_splice_back(&to, &from);
    expect_numbers(&to, (const int[]){0});
    cop__list_push_back(&from, &a.items);
    cop__list_splice_back(&to, &from); /* onto an empty list */
    expect_numbers(&to, (const int[]){1, 0});
    expect_numbers(&from, (const int[]){0});
    cop__list_push_back(&from, &b.items);
    cop__list_push_back(&from, &c.items);
    cop__list_splice_back(&to, &from);
    expect_numbers(&to, (const int[]){1, 2, 3, 0});
    expect_numbers(&from, (const int[]){0});
    cop__list_splice_back(&to, &from); /* of an empty list */
    expect_numbers(&to, (const int[]){1, 2, 3, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_list),
        cmocka_unit_test(test_push_and_remove_at_all_places),
        cmocka_unit_test(test_safe_walk_may_free_its_item),
        cmocka_unit_test(test_splice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
