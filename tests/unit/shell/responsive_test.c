/* SPDX-License-Identifier: Apache-2.0 */
/* What people feel: a node that is asked answers soon, also beside processes that never give way; a
 * node that is not asked costs nothing. */
#include "support/cmocka_all.h"

#include <coppice.h>
#include <coppice/shell.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define TRIALS 100
/* Sanitizers slow the code down, not the schedule. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ANSWER_MS 1000
#elif defined(__clang__)
#define ANSWER_MS 1000 /* only the build with the thread sanitizer is clang's */
#else
#define ANSWER_MS 100
#endif

static atomic_bool is_over;
static atomic_int looping;
static atomic_long hops;

static cop_next loop(cop_term arg)
{
    (void)arg;
    atomic_fetch_add(&looping, 1);
    while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
    }
    return cop_end();
}

static bool pong(void *state, cop_term msg)
{
    cop_pid from;
    (void)state;
    if (!cop_match(msg, "{:ball, from}", from)) return false;
    atomic_fetch_add(&hops, 1);
    cop_send(from, cop_tuple(COP(":ball"), cop_self()));
    return !atomic_load(&is_over);
}

static cop_next player(cop_term first)
{
    if (cop_is_pid(first)) cop_send(first, cop_tuple(COP(":ball"), cop_self()));
    cop_receive_loop(pong, NULL);
    return cop_end();
}

static cop_next start_all(cop_term arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        cop_spawn(loop, cop_nil(), NULL);
    cop_spawn(player, cop_term_of(cop_spawn(player, cop_nil(), NULL)), NULL);
    return cop_end();
}

static cop_next ask(cop_term arg)
{
    cop_term bindings = cop_map_new();
    cop_term value;
    (void)arg;
    value = cop_eval(cop_to_bytes(COP("\"1 + 1\"")), bindings, &bindings, NULL);
    if (!cop_identical(value, cop_int(2))) cop_exit(value);
    return cop_end();
}

static double now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Two schedulers, three endless loops, a ping-pong: an expression is answered within 100 ms in 99
 * of 100 trials, and the ping-pong goes on. */
static void answers_beside_endless_loops(void **state)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .schedulers = 2};
    int soon = 0;
    long before;
    (void)state;
    assert_int_equal(cop_node_start(&opts), 0);
    assert_true(cop_run(start_all, cop_nil(), NULL, 0));
    while (atomic_load(&looping) < 3) {
    }
    before = atomic_load(&hops);
    for (int i = 0; i < TRIALS; i++) {
        double from = now_ms();
        assert_true(cop_run(ask, cop_nil(), NULL, 0));
        soon += now_ms() - from <= ANSWER_MS;
    }
    assert_true(soon >= TRIALS - 1);
    assert_true(atomic_load(&hops) > before + 100);
    atomic_store(&is_over, true);
    cop_node_stop();
}

static double cpu_ms(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* An idle node uses no CPU: none of its threads wakes up. Here the time that passes is the test. */
static void costs_nothing_when_idle(void **state)
{
    double before;
    (void)state;
    assert_int_equal(cop_node_start(NULL), 0);
    assert_true(cop_run(ask, cop_nil(), NULL, 0));
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    before = cpu_ms();
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    assert_true(cpu_ms() - before < 5);
    cop_node_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_beside_endless_loops),
                                       cmocka_unit_test(costs_nothing_when_idle)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
