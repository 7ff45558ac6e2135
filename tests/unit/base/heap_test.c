/* SPDX-License-Identifier: Apache-2.0 */
#include "base/heap.h"

#include "base/alloc.h"
#include "base/rand.h"
#include "death.h"
#include "support/cmocka_all.h"

struct timer {
    int number;
    struct cop__heap_node node;
};

static int pop_number(struct cop__heap_queue *queue)
{
    struct cop__heap_node *first = cop__heap_queue_peek(queue);
    struct cop__heap_node *node = cop__heap_queue_pop(queue);

    assert_ptr_equal(first, node);
    assert_non_null(node);
    assert_false(cop__heap_node_is_queued(node));
    return COP_HEAP_ENTRY(node, struct timer, node)->number;
}

static void test_an_empty_queue_owns_nothing(void **state)
{
    struct cop__heap_queue queue = {0};
    struct timer timer = {.number = 1};
    uint64_t live = cop__alloc_stats_read().live_blocks;

    (void)state;
    assert_null(cop__heap_queue_peek(&queue));
    assert_null(cop__heap_queue_pop(&queue));
    cop__heap_queue_push(&queue, &timer.node, 5);
    assert_true(cop__heap_node_is_queued(&timer.node));
    assert_int_equal(cop__heap_queue_len(&queue), 1);
    assert_int_equal(pop_number(&queue), 1);
    assert_true(cop__alloc_stats_read().live_blocks == live);
    cop__heap_queue_fini(&queue);
}

static void test_least_first_and_equals_in_order(void **state)
{
    static const int64_t keys[] = {5, INT64_MAX, 3, 5, INT64_MIN, 3, 0, -1, 5, INT64_MAX};
    static const int order[] = {4, 7, 6, 2, 5, 0, 3, 8, 1, 9};
    struct cop__heap_queue queue;
    struct timer timers[10] = {{0}};

    (void)state;
    cop__heap_queue_init(&queue);
    for (int i = 0; i < 10; i++) {
        timers[i].number = i;
        cop__heap_queue_push(&queue, &timers[i].node, keys[i]);
    }
    for (int i = 0; i < 10; i++)
        assert_int_equal(pop_number(&queue), order[i]);
    assert_null(cop__heap_queue_pop(&queue));
}

static void test_a_thousand_equals_stay_in_order_while_others_leave(void **state)
{
    static struct timer timers[1000];
    struct cop__heap_queue queue = {0};
    int expected = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        timers[i].number = i;
        cop__heap_queue_push(&queue, &timers[i].node, 7);
    }
    for (int i = 0; i < 1000; i += 3)
        cop__heap_queue_remove(&queue, &timers[i].node);
    while (cop__heap_queue_peek(&queue)) {
        if (expected % 3 == 0) expected++;
        assert_int_equal(pop_number(&queue), expected++);
    }
    assert_int_equal(expected, 999);
}

static void test_fini_takes_nodes_out(void **state)
{
    struct cop__heap_queue queue = {0};
    struct timer timers[20] = {{0}};

    (void)state;
    for (int i = 0; i < 20; i++)
        cop__heap_queue_push(&queue, &timers[i].node, 20 - i);
    cop__heap_queue_fini(&queue);
    for (int i = 0; i < 20; i++)
        assert_false(cop__heap_node_is_queued(&timers[i].node));
    cop__heap_queue_push(&queue, &timers[0].node, 1); /* usable again */
    cop__heap_queue_fini(&queue);
}

/* The first of the queued timers by a plain search, or -1. */
static int first_of(const struct timer *timers, int count)
{
    int first = -1;

    for (int i = 0; i < count; i++) {
        const struct cop__heap_node *node = &timers[i].node;
        const struct cop__heap_node *least = first < 0 ? NULL : &timers[first].node;

        if (!cop__heap_node_is_queued(node)) continue;
        if (!least || node->key < least->key ||
            (node->key == least->key && node->seq < least->seq)) {
            first = i;
        }
    }
    return first;
}

static void test_agrees_with_a_search(void **state)
{
    enum { COUNT = 200 };
    static struct timer timers[COUNT];
    struct cop__heap_queue queue = {0};
    struct cop__rand rand;
    size_t len = 0;

    (void)state;
    cop__rand_seed(&rand, 5);
    for (int i = 0; i < COUNT; i++)
        timers[i].number = i;
    for (int step = 0; step < 20000; step++) {
        struct timer *timer = &timers[cop__rand_below(&rand, COUNT)];
        /* Fills, then empties, and so on. */
        uint64_t odds = step / 2000 % 2 == 0 ? 8 : 2;

        if (!cop__heap_node_is_queued(&timer->node)) {
            if (cop__rand_below(&rand, 10) >= odds) continue;
            cop__heap_queue_push(&queue, &timer->node, (int64_t)cop__rand_below(&rand, 50));
            len++;
        } else if (cop__rand_below(&rand, 2)) {
            int first = first_of(timers, COUNT);

            assert_int_equal(pop_number(&queue), first);
            len--;
        } else {
            cop__heap_queue_remove(&queue, &timer->node);
            len--;
        }
        assert_int_equal(cop__heap_queue_len(&queue), len);
        if (step % 16 == 0) assert_true(cop__heap_queue_is_valid(&queue));
    }
    cop__heap_queue_fini(&queue);
}

static void push_twice(void)
{
    struct cop__heap_queue queue = {0};
    struct timer timer = {0};

    cop__heap_queue_push(&queue, &timer.node, 1);
    cop__heap_queue_push(&queue, &timer.node, 2);
}

static void remove_from_another(void)
{
    struct cop__heap_queue queues[2] = {{0}};
    struct timer timers[2] = {{0}};

    cop__heap_queue_push(&queues[0], &timers[0].node, 1);
    cop__heap_queue_push(&queues[1], &timers[1].node, 1);
    cop__heap_queue_remove(&queues[0], &timers[1].node);
}

static void test_misuse_is_a_defect(void **state)
{
    (void)state;
    assert_true(dies_saying(push_twice, "in a queue already"));
    assert_true(dies_saying(remove_from_another, "not in this queue"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_queue_owns_nothing),
        cmocka_unit_test(test_least_first_and_equals_in_order),
        cmocka_unit_test(test_a_thousand_equals_stay_in_order_while_others_leave),
        cmocka_unit_test(test_fini_takes_nodes_out),
        cmocka_unit_test(test_agrees_with_a_search),
        cmocka_unit_test(test_misuse_is_a_defect),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
