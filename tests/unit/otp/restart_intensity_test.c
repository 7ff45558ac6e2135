/* SPDX-License-Identifier: Apache-2.0 */
/* The window of restarts, on times that are given to it (SUP-36, 39). */
#include "otp/restart_intensity.h"

#include "probe.h"

/* 3 restarts in 5 seconds are allowed, the fourth is one too many. */
static void limit(void)
{
    struct cop__intensity in;

    cop__intensity_init(&in, 3, 5);
    cop_assert(cop__intensity_add(&in, 10000));
    cop_assert(cop__intensity_add(&in, 10500));
    cop_assert(cop__intensity_add(&in, 11000));
    cop_assert(!cop__intensity_add(&in, 12000));
}

/* Seconds are truncated: 10.0 still counts at 15.999, no more at 16.0. */
static void window_is_truncated(void)
{
    struct cop__intensity in;

    cop__intensity_init(&in, 1, 5);
    cop_assert(cop__intensity_add(&in, 10000));
    cop_assert(!cop__intensity_add(&in, 15999));
    cop__intensity_init(&in, 1, 5);
    cop_assert(cop__intensity_add(&in, 10000));
    cop_assert(cop__intensity_add(&in, 16000));
    cop__intensity_init(&in, 1, 5);
    cop_assert(cop__intensity_add(&in, 10999));
    cop_assert(cop__intensity_add(&in, 16000));
}

/* SUP-39 */
static void none_allowed(void)
{
    struct cop__intensity in;

    cop__intensity_init(&in, 0, 1);
    cop_assert(!cop__intensity_add(&in, 1));
}

/* The ring wraps, grows and stays in order: a window of 10 that slides over 1 000 restarts. */
static void ring(void)
{
    struct cop__intensity in;

    cop__intensity_init(&in, 11, 10);
    for (int64_t s = 0; s < 1000; s++)
        cop_assert(cop__intensity_add(&in, s * 1000));
    cop_assert_equal((int64_t)11, (int64_t)in.len);
    cop_assert(!cop__intensity_add(&in, 999000));
    cop__intensity_init(&in, 100, 1);
    for (int i = 0; i < 100; i++)
        cop_assert(cop__intensity_add(&in, 5000));
    cop_assert(!cop__intensity_add(&in, 5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(limit), TEST(window_is_truncated), TEST(none_allowed),
                                       TEST(ring)};

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
