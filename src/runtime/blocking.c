/* SPDX-License-Identifier: Apache-2.0 */
/* cop_blocking: known long work is done alone, so that the seat is another thread's at once. */
#include "runtime/exit.h"
#include "runtime/sched.h"
#include "runtime/signal.h"

void cop_blocking(cop_blocking_fn fn, void *arg)
{
    struct cop__thread *t = cop__enter();
    /* Without a spare thread the work is done on the seat: slower for others, but done. */
    cop__seat_give_away(t);
    cop__leave(t);
    fn(arg);
    struct cop__proc *p = cop__enter()->current;
    if (cop__thread()->seat == NULL) cop__park(p, COP__POST_YIELD);
    if (!cop__signals_take(p)) cop__die(p);
    cop__leave(cop__thread());
}
