/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements of how work is spread over the schedulers: many processes that want to run at once.
 * What one of these gains on two schedulers another may lose, so they are looked at together. */
#ifndef BENCH_POLICY_H
#define BENCH_POLICY_H

/* Each runs on a process and returns nanoseconds of the clock an operation. */

/* 64 pairs that pass a message to and fro, each for itself: an operation is a message. */
double bench_pairs(void);
/* 64 clients, each of which calls one of 64 servers at random, again and again: a call. */
double bench_clients_and_servers(void);
/* 64 clients that call one and the same server: a call. */
double bench_clients_of_one(void);

double bench_now_ns(void);

#endif
