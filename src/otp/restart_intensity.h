/* SPDX-License-Identifier: Apache-2.0 */
/* How often a supervisor may restart children within how long (SUP-36). */
#ifndef COP_OTP_RESTART_INTENSITY_H
#define COP_OTP_RESTART_INTENSITY_H

#include "coppice/memory.h"

/* The times of the restarts that still count, oldest first, in a ring that grows. */
struct cop__intensity {
    int64_t max;    /* restarts allowed within the period */
    int64_t period; /* seconds */
    int64_t *times; /* cap of them, NULL at first; seconds */
    size_t cap;
    size_t first;
    size_t len;
};

void cop__intensity_init(struct cop__intensity *intensity, int64_t max, int64_t period);

/* Notes a restart at the time now_ms; false if it is one too many. Seconds are whole ones,
 * truncated, so the window is up to a second longer than the period. Times never go back. */
bool cop__intensity_add(struct cop__intensity *intensity, int64_t now_ms);
/* How many restarts are in the window that ends at now_ms. */
int64_t cop__intensity_count(const struct cop__intensity *intensity, int64_t now_ms);

#endif
