/* SPDX-License-Identifier: Apache-2.0 */
/* What the Observer costs: a measurement while it runs and nobody looks, and while a viewer follows
 * all that it has to tell. */
#ifndef BENCH_OBSERVED_H
#define BENCH_OBSERVED_H

#include <stdbool.h>

/* Runs fn, which returns nanoseconds an operation, with the Observer started; with a viewer on each
 * page: a stream of all topics, and what the pages ask for, each second. */
double bench_observed(double (*fn)(void), bool has_viewer);

#endif
