/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics as Prometheus' own tool reads it. */
#include "fixture.h"

#include "coppice/os_process.h"

static int up(void **state)
{
    (void)state;
    return observer_up(NULL);
}

static void check(cop_term text, int64_t wanted)
{
    cop_term output;
    int64_t status;

    cop_expect(cop_os_process_run(COP("\"" PROMTOOL "\""), COP("[\"check\", \"metrics\"]"),
                                  cop_build("[input: text, stderr: :stdout]", text)),
               "{:ok, {output, status}}", output, status);
    if (status != wanted) cop_assert_equal(cop_string("no complaint"), output);
    cop_assert_equal(output, status == 0 ? cop_string("") : output);
}

PROCESS_TEST(promtool_finds_nothing)
{
    cop_term body;

    cop_expect(ask("/metrics"), "{200, _, body}", body);
    cop_assert(cop_to_bytes(body).len > 1000);
    check(body, 0);
    /* It does look. */
    check(COP("\"# HELP a_total A.\\n# TYPE a_total gauge\\na_total 1\\n\""), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(promtool_finds_nothing)};

    return cmocka_run_group_tests(tests, up, observer_down);
}
