/* SPDX-License-Identifier: Apache-2.0 */
/* Benchmarks of tables: nanoseconds an operation, of two processes that use one table at once. So
 * on two schedulers a number is half of that on one where they do not wait for each other. */
#ifndef COP_BENCH_TABLES_H
#define COP_BENCH_TABLES_H

double ets_lookup(void);         /* of {integer, integer, atom} in a set of 10000 */
double ets_lookup_ordered(void); /* the same in an ordered set */
double ets_insert(void);         /* replaces these objects */
double ets_update_counter(void); /* counters of 10000 keys */
double ets_update_one(void);     /* one counter for both */

#endif
