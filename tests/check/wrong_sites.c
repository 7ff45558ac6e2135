/* SPDX-License-Identifier: Apache-2.0 */
/* Sites that compile and are wrong, for the test of coppice-check; never run. */
#include <coppice.h>

#line 1 "wrong.c"
bool wrong(cop_term t, cop_term x, int64_t n);
COP_RECORD(rec, "{:rec, a, b}", cop_term a, float c);

bool wrong(cop_term t, cop_term x, int64_t n)
{
    bool ok = cop_match(t, "{:ok, x", x);
    ok = ok && cop_match(t, "{:ok, y}", x);
    ok = ok && cop_match(t, "{:ok, x}", x, n);
    cop_expect(t, "{:ok, f(x)}", x);
    cop_send(t, COP("[a: 1, 2]"));
    cop_send(t, cop_build("{x, ^n}", x, n));
    struct rec r;
    return ok && rec_match(t, &r) && cop_match(t, "{:right, x}", x) && cop_is_atom(COP(":right"));
}
