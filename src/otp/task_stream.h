/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of tasks (TSK-16 to 21, TSU-07): what a stream is made of, and the two processes that run
 * it.
 *
 *   the consumer   (task_stream.c) takes elements from the input, has a task started for each, at
 *                  most max_concurrency at once, and hands out the results.
 *   its monitor    (task_monitor.c) a process that starts the tasks, watches them and their times,
 *                  and kills what is left when the consumer stops or dies. It is linked to the
 *                  consumer and traps exits if that does, so that a crash of a linked task kills a
 *                  consumer that does not trap and leaves no message in one that does (TSK-19).
 *
 * A stream is plain data until it is consumed: the capture &Task.Supervised.stream(&1, &2, s),
 * where s is a map with the fields below.
 *
 * The messages, in which ref is the consumer's monitor of the monitor, and also the alias through
 * which the consumer gets them, so that nothing comes after the end:
 *     consumer to monitor   {:spawn, ref, position, element}, {:stop, ref}
 *     monitor to consumer   {:spawned, ref}, {:max_children, ref}, and about the end of a task
 *                           {:down | :timed_out, {ref, position}, reason}
 *     task to consumer      {{ref, position}, value} */
#ifndef COP_OTP_TASK_STREAM_H
#define COP_OTP_TASK_STREAM_H

#include "coppice/task.h"
#include "otp/stdlib.h"

struct cop__stream_options {
    int64_t concurrency_max;
    int64_t timeout_ms;
    bool ordered;
    bool kills; /* on_timeout: :kill_task */
    bool zips;  /* zip_input_on_exit */
};

/* A stream that starts its tasks under a supervisor, or by itself if that is nil. Exits:
 * ArgumentError for options, FunctionClauseError for fun. */
cop_term cop__stream_new(cop_term enumerable, cop_term fun, cop_term options, cop_term supervisor,
                         bool link);
bool cop__is_stream(cop_term t);
/* Calls fn(state, element) until it returns false, then closes the stream; also when it raises.
 * Switches. */
void cop__stream_each(cop_term stream, cop__each_fn fn, void *state);

/* The monitor, linked to the caller; stream is the map of the stream. It waits for {:begin,
 * ref}. */
cop_pid cop__stream_monitor_spawn(cop_term stream, int64_t timeout_ms);

#endif
