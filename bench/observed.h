/* SPDX-License-Identifier: Apache-2.0 */
/* What the Observer costs: a measurement while it runs and nobody looks, and while a viewer follows
 * all that it has to tell. */
#ifndef BENCH_OBSERVED_H
#define BENCH_OBSERVED_H

/* What of the throughput of messages is lost, in percent of the processor time of a message: with
 * the Observer and nobody looking; and with a viewer on each page: a stream of all topics, and what
 * the pages ask for, each second. play() passes messages for a while and returns how many. One call
 * measures a pair of slices, without and with, the order changing from call to call: the median of
 * some pairs tells what the noise of a single one hides. Negative: the noise was larger. */
double bench_lost_to_observer(double (*play)(void));
double bench_lost_to_viewer(double (*play)(void));

/* The processor time that a node takes for the Observer when nobody looks, and for that viewer, in
 * percent of one scheduler's. Beside nothing else, so that neither caches nor other programs have a
 * part in it. */
double bench_observer_time(void);
double bench_viewer_time(void);

#endif
