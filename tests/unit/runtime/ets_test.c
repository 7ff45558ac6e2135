/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: their kinds, rights, owners, and what is done to single objects (ETS). */
#include "support/check_process.h"

#include "coppice/ets.h"

PROCESS_TEST(a_set)
{
    cop_term t = cop_ets_new(COP(":s"), COP("[]"));
    CHECK(cop_is_reference(t));
    cop_ets_insert(t, COP("{:a, 1}"));
    CHECK_TERM(cop_ets_lookup(t, COP(":a")), "[a: 1]");
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
