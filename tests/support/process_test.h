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

#include "support/cmocka_all.h"

#include "coppice/node.h"
#include "coppice/test.h"

#include <stdio.h>
#include <string.h>

static inline void run_process_test(void (*body)(void))
{
    char why[8192];

    if (!cop_test_run(body, why, sizeof why)) fail_msg("%s", why);
}

/* The text without the places of its stacktraces: "    Mod.fun/1" for "    file:7: Mod.fun/1". */
static inline cop_term without_places(cop_term text)
{
    cop_bytes t = cop_to_bytes(text);
    char kept[8192];
    size_t len = 0;

    for (size_t i = 0; i < t.len && len < sizeof kept; i++) {
        int place = 0;

        kept[len++] = t.data[i];
        if (len < 5 || strncmp(kept + len - 5, "\n    ", 5) != 0) continue;
        if (sscanf(t.data + i + 1, "%*[^: \n]:%*d: %n", &place) == 0) i += (size_t)place;
    }
    return cop_binary(kept, len);
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
