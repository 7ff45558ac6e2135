/* SPDX-License-Identifier: Apache-2.0 */
/* Builds with COP_DEBUG stop at the first use of a term whose region is over, and say where it was
 * built. Other builds have no such check; there this program only shows that labels cost
 * nothing. */
#include "term_test.h"

#ifdef COP_DEBUG
#include "../base/death.h"

static cop_term stored; /* the mistake */

static void built_and_used_later(void)
{
    cop__heap_label(&heap, "handle_cast", 812);
    stored = cop_tuple(1, 2);
    cop__heap_reset(&heap);
    cop__heap_label(&heap, "handle_call", 813);
    cop_elem(stored, 0);
}

static void received_and_used_later(void)
{
    cop__heap_label(&heap, "handle_cast", 5);
    stored = cop__heap_adopt(&heap, cop__pack(cop_tuple(1, "a binary"), 32));
    cop__heap_reset(&heap);
    cop__heap_label(&heap, "terminate", 6);
    cop_to_bytes(cop_elem(stored, 1));
}

static void dropped_and_used_later(void)
{
    cop_kept kept;

    cop__heap_label(&heap, "init", 1);
    kept = cop_keep(cop_tuple(1, 2));
    stored = cop_kept_term(kept);
    cop_drop(&kept);
    cop__heap_reset(&heap);
    cop__heap_label(&heap, "handle_info", 2);
    cop_tuple_size(stored);
}

static void of_an_earlier_turn(void)
{
    struct cop__heap_mark mark;
    cop_term outer;

    cop__heap_label(&heap, "a turn", 1);
    outer = cop_tuple(0);
    mark = cop__heap_mark(&heap);
    stored = cop_tuple(1, 2);
    cop__heap_release(&heap, &mark);
    cop__heap_label(&heap, "a turn", 2);
    cop_elem(outer, 0); /* still valid */
    cop_elem(stored, 0);
}

static void sent_later(void)
{
    cop__heap_label(&heap, "handle_cast", 7);
    stored = cop_list(1, 2);
    cop__heap_reset(&heap);
    cop__heap_label(&heap, "handle_cast", 8);
    cop__pack(cop_tuple(stored, stored), 0);
}

static void it_says_where(void **state)
{
    (void)state;
    assert_true(dies_saying(built_and_used_later, "term built in handle_cast #812 used in "
                                                  "handle_call #813: keep it (cop_keep)"));
    assert_true(dies_saying(received_and_used_later,
                            "term built in handle_cast #5 used in terminate #6: keep it"));
    assert_true(dies_saying(dropped_and_used_later,
                            "term built in init #1 used in handle_info #2: keep it"));
    assert_true(dies_saying(of_an_earlier_turn, "term built in a turn #1 used in a turn #2"));
    assert_true(dies_saying(sent_later, "term built in handle_cast #7 used in handle_cast #8"));
}

#else

static void it_says_where(void **state)
{
    (void)state;
    cop__heap_label(&heap, "handle_cast", 812);
    assert_int_equal(cop_tuple_size(cop_tuple(1, 2)), 2);
    assert_int_equal(cop__header_place(*cop__box(cop_tuple(1, 2))), 0);
}

#endif

/* What waits in the quarantine is bounded: a long run does not grow. */
static void the_quarantine_is_bounded(void **state)
{
    uint64_t before = bytes_in_use();

    (void)state;
    for (int i = 0; i < 20000; i++) {
        cop__heap_adopt(&heap, cop__pack(cop_tuple(i, "some text"), 32));
        cop_tuple(i, i);
        cop__heap_reset(&heap);
    }
    assert_true(cop__alloc_stats_read().allocated_bytes < before + (5 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(it_says_where), TEST(the_quarantine_is_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
