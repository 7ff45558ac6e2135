/* SPDX-License-Identifier: Apache-2.0 */
/* Sites that are right, for the test of coppice-check. */
#include <coppice.h>

COP_RECORD(pair, "{a, b}", cop_term a, int b);

bool right(cop_term t);
bool right(cop_term t)
{
    struct pair p;
    cop_bytes rest;

    return (pair_match(t, &p) && cop_is_none(pair_build(&p))) ||
           cop_match(t, "\"a\" <> rest", rest) || cop_match(t, "[_ | _]");
}
