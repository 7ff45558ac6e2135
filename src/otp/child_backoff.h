/* SPDX-License-Identifier: Apache-2.0 */
/* Restart backoff, an extension of child specifications: how long the restart of a child waits.
 *
 *     backoff: [min: 1000, max: 30_000, factor: 2, jitter: false, reset_after: 30_000]
 *
 * The first restart waits min milliseconds, each further one factor times as long as the one
 * before, and none longer than max. A child that has run for reset_after milliseconds begins with
 * min again. jitter makes each a random time between half of it and the whole. */
#ifndef COP_OTP_CHILD_BACKOFF_H
#define COP_OTP_CHILD_BACKOFF_H

#include "base/rand.h"
#include "coppice/process.h"

/* The option, checked. All zero: there is none. */
struct cop__backoff {
    int64_t min_ms; /* > 0 if there is one */
    int64_t max_ms; /* not less */
    int64_t reset_after_ms;
    double factor; /* >= 1 */
    bool jitter;
};

/* The backoff of one child. The timer is the supervisor's, who gets {:timeout, timer, msg}. */
struct cop__waiting {
    struct cop__backoff rules;
    int64_t delay_ms;   /* of the next restart, without jitter */
    int64_t started_at; /* milliseconds of the monotonic clock: the last start that succeeded */
    int64_t start_at;   /* valid if is_on: when the next will be tried */
    cop_ref timer;      /* valid if is_on */
    bool is_on;         /* it waits just now */
};

/* Reads the option, nil for none; the defaults are those above, and that reset_after is max. False
 * if it is no keyword list of these keys, or a value is wrong; then *ret is untouched. */
bool cop__backoff_read(cop_term option, struct cop__backoff *ret);
/* The option with all its keys, or nil. */
cop_term cop__backoff_term(const struct cop__backoff *rules);

/* NULL if the rules say nothing. To be freed with cop_free(). */
struct cop__waiting *cop__waiting_new(const struct cop__backoff *rules) COP_GIVES;
/* The child's process has ended by itself at the time now_ms. */
void cop__waiting_ended(struct cop__waiting *w, int64_t now_ms);
/* Begins to wait: sends the caller {:timeout, timer, msg} when it is over. */
void cop__waiting_begin(struct cop__waiting *w, int64_t now_ms, struct cop__rand *rand,
                        cop_term msg);
/* Forgets the timer, wherever it is. */
void cop__waiting_cancel(struct cop__waiting *w);
/* Somebody started the child by hand: the next delay is min. */
void cop__waiting_reset(struct cop__waiting *w);

#endif
