/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: which are on, what they say, and that they end the program. This file is compiled as a
 * build with COP_DEBUG=2. */
#undef COP_DEBUG
#define COP_DEBUG 2
#include "base/check.h"

#include "check_off.h"
#include "death.h"
#include "support/cmocka_all.h"

static void fail_plainly(void)
{
    COP_CHECK(1 > 2);
}

static void fail_with_text(void)
{
    COP_CHECK(1 > 2, "one is %d, two is \"%s\"", 1, "two");
}

static void fail_with_long_text(void)
{
    COP_CHECK(1 > 2, "%05000d", 7);
}

static void fail_assert(void)
{
    COP_ASSERT(1 > 2);
}

static void fail_assert_slow(void)
{
    COP_ASSERT_SLOW(1 > 2);
}

static void reach_unreachable(void)
{
    COP_UNREACHABLE();
}

static void test_failures_end_the_program_with_place_and_text(void **state)
{
    (void)state;
    assert_true(dies_saying(fail_plainly, "check_test.c:"));
    assert_true(dies_saying(fail_plainly, ": check failed: 1 > 2\n"));
    assert_true(dies_saying(fail_with_text, "check failed: 1 > 2: one is 1, two is \"two\"\n"));
    assert_true(dies_saying(fail_with_long_text, "check failed: 1 > 2: 000000"));
    assert_true(dies_saying(fail_assert, "check failed: 1 > 2\n"));
    assert_true(dies_saying(fail_assert_slow, "check failed: 1 > 2\n"));
    assert_true(dies_saying(reach_unreachable, ": unreachable code reached\n"));
}

static void test_what_holds_does_nothing_and_is_evaluated_once(void **state)
{
    int evaluations = 0;

    (void)state;
    COP_CHECK(++evaluations == 1);
    COP_CHECK(++evaluations == 2, "%d", evaluations);
    COP_ASSERT(++evaluations == 3);
    COP_ASSERT_SLOW(++evaluations == 4);
    assert_int_equal(evaluations, 4);
}

static void test_assertions_are_off_without_debug_and_checks_are_not(void **state)
{
    (void)state;
    assert_int_equal(evaluations_when_off(), 0);
    assert_true(dies_saying(check_when_off, "check_off.c:"));
}

static void report(void)
{
    ssize_t written = write(STDERR_FILENO, "here is why\n", 12);

    (void)written;
    COP_CHECK(0, "again"); /* must not call the reporter again */
}

static void fail_with_reporter(void)
{
    cop__check_set_reporter(report);
    COP_CHECK(1 > 2, "first");
}

static void test_reporter_is_called_once_after_the_text(void **state)
{
    char text[1000];
    int status;
    const char *at;

    (void)state;
    assert_true(dies_saying(fail_with_reporter, "first\nhere is why\n"));
    status = run_in_child(fail_with_reporter, text, sizeof text);
    at = strstr(text, "here is why");
    assert_true(WIFSIGNALED(status));
    assert_non_null(strstr(at, "again"));
    assert_null(strstr(at + 1, "here is why"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failures_end_the_program_with_place_and_text),
        cmocka_unit_test(test_what_holds_does_nothing_and_is_evaluated_once),
        cmocka_unit_test(test_assertions_are_off_without_debug_and_checks_are_not),
        cmocka_unit_test(test_reporter_is_called_once_after_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
