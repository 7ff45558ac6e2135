/* SPDX-License-Identifier: Apache-2.0 */
/* The window of restarts: a ring of whole seconds. No more than max + 1 times are ever in it, and a
 * generous max costs nothing until restarts happen. */
#include "otp/restart_intensity.h"

#include "base/check.h"

void cop__intensity_init(struct cop__intensity *intensity, int64_t max, int64_t period)
{
    COP_CHECK(max >= 0);
    COP_CHECK(period > 0);
    *intensity = (struct cop__intensity){.max = max, .period = period};
}

static void grow(struct cop__intensity *in)
{
    size_t cap = in->cap ? 2 * in->cap : 4;
    int64_t *times = cop_alloc(cap * sizeof(*times));

    for (size_t i = 0; i < in->len; i++)
        times[i] = in->times[(in->first + i) % in->cap];
    cop_free(in->times);
    in->times = times;
    in->cap = cap;
    in->first = 0;
}

bool cop__intensity_add(struct cop__intensity *in, int64_t now_ms)
{
    int64_t now = now_ms / 1000;

    while (in->len > 0 && in->times[in->first] < now - in->period) {
        in->first = (in->first + 1) % in->cap;
        in->len--;
    }
    if ((int64_t)in->len > in->max) return false; /* one too many already: more need not be noted */
    if (in->len == in->cap) grow(in);
    in->times[(in->first + in->len) % in->cap] = now;
    in->len++;
    return (int64_t)in->len <= in->max;
}

int64_t cop__intensity_count(const struct cop__intensity *in, int64_t now_ms)
{
    int64_t now = now_ms / 1000;
    int64_t count = 0;

    for (size_t i = 0; i < in->len; i++)
        count += in->times[(in->first + i) % in->cap] >= now - in->period;
    return count;
}
