/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka tests whose bodies run as processes of a node:
 *
 *     PROCESS_TEST(calls_itself) { cop_assert_equal(1, 1); }
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {cmocka_unit_test(calls_itself)};
 *         return cmocka_run_group_tests(tests, node_up, node_down);
 *     }
 *
 * In a body: the assertions of <coppice/test.h>, never those of cmocka, which jump. */
#ifndef COP_TESTS_PROCESS_TEST_H
#define COP_TESTS_PROCESS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coppice/node.h"
#include "coppice/test.h"

static inline void run_process_test(void (*body)(void))
{
    char why[8192];

    if (!cop_test_run(body, why, sizeof why)) fail_msg("%s", why);
}

#define PROCESS_TEST(name)                                                                         \
    static void name##_body(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        run_process_test(name##_body);                                                             \
    }                                                                                              \
    static void name##_body(void)

static inline int node_up(void **state)
{
    (void)state;
    return cop_node_start(NULL);
}

static inline int node_down(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

#endif
