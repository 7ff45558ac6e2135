/* SPDX-License-Identifier: Apache-2.0 */
/* The part of check_test that is compiled as a build without COP_DEBUG. */
#undef COP_DEBUG
#include "check_off.h"
#include "base/check.h"

int evaluations_when_off(void)
{
    int evaluations = 0;

    COP_ASSERT(++evaluations > 1000);
    COP_ASSERT_SLOW(++evaluations > 1000);
    return evaluations;
}

void check_when_off(void)
{
    COP_CHECK(evaluations_when_off() > 1000);
}
