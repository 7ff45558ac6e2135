/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that were ended while their code ran (D8), and the end of a node with such ones. The
 * log says nothing of those that come back at once, as they do where the machine kept them. */
#include "support/check_process.h"

#include "coppice/logger.h"
#include "runtime/types.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static atomic_int release_loop, is_looping, cleaned;
static atomic_int told;        /* lines about a process */
static atomic_int told_of_end; /* lines about the end of a node */
static char said[256];         /* the last line about a process: written before `told` */

static void take_line(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level, (void)arg;
    if (memmem(text, len, "still in their code", 19) != NULL) atomic_fetch_add(&told_of_end, 1);
    if (memmem(text, len, "was ended while its code ran", 28) == NULL) return;
    snprintf(said, sizeof(said), "%.*s", (int)len, text);
    atomic_fetch_add(&told, 1);
}

static void count_cleanup(int *unused)
{
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
}

static cop_next loop(cop_term arg)
{
    __attribute__((cleanup(count_cleanup), unused)) int here = 0;
    (void)arg;
    atomic_store(&is_looping, 1);
    while (!atomic_load_explicit(&release_loop, memory_order_relaxed)) {
    }
    return cop_end();
}

static void reset(void)
{
    atomic_store(&release_loop, 0);
    atomic_store(&is_looping, 0);
    atomic_store(&cleaned, 0);
    atomic_store(&told, 0);
    atomic_store(&told_of_end, 0);
    cop_log_to(take_line, NULL, COP_DEBUG_LEVEL);
}

/* --- While the node runs ---------------------------------------------------------------------- */

/* A process that was killed in its loop, and is dead. */
static cop_pid killed_in_a_loop(void)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.name = "looper", .monitor = true, .ret_ref = &ref};
    reset();
    cop_pid pid = cop_spawn(loop, cop_nil(), &opts);
    check_wait_for(&is_looping, 1);
    cop_exit_process(pid, COP(":kill"));
    CHECK_TERM(check_down(ref), ":killed");
    return pid;
}

static void let_return(void)
{
    atomic_store(&release_loop, 1);
    check_wait_for(&cleaned, 1);
    cop_log_flush();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
}

PROCESS_TEST(one_that_stays_away_is_told_of)
{
    cop_pid pid = killed_in_a_loop();
    check_wait_for(&told, 1);
    cop_bytes shown = cop_to_bytes(cop_inspect(cop_pid_term(pid)));
    CHECK(memmem(said, strlen(said), shown.data, shown.len) != NULL);
    CHECK(strstr(said, "(looper)") != NULL);
    let_return();
    CHECK_INT(atomic_load(&told), 1);
    return cop_end();
}

/* On a machine that stands still meanwhile, it is not at once: then again. */
PROCESS_TEST(one_that_comes_back_is_not)
{
    int64_t from;
    do {
        from = cop_monotonic_ms();
        killed_in_a_loop();
        let_return();
    } while (cop_monotonic_ms() - from >= 50);
    CHECK_INT(atomic_load(&told), 0);
    return cop_end();
}

/* --- When it ends ----------------------------------------------------------------------------- */

static cop_next end_normally(cop_term arg)
{
    (void)arg;
    return cop_end();
}

static void start(void)
{
    struct cop_node_opts opts = {.size = sizeof(opts), .schedulers = 1};
    assert_int_equal(cop_node_start(&opts), 0);
}

static void start_with_a_loop(void)
{
    reset();
    start();
    cop_spawn(loop, cop_nil(), &(struct cop_spawn_opts){.name = "looper"});
    while (!atomic_load(&is_looping)) {
    }
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* A process in a loop does not keep the node from stopping; when it comes back, before or after the
 * stop, it is unwound. Another node can be started meanwhile. */
static void a_loop_does_not_hold_the_end(void **state)
{
    (void)state;
    start_with_a_loop();
    cop_node_stop();
    cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    assert_int_equal(atomic_load(&cleaned), 0);
    assert_int_equal(atomic_load(&told), 1);
    assert_int_equal(atomic_load(&told_of_end), 1);
    start();
    assert_true(cop_run(end_normally, cop_nil(), NULL, 0));
    atomic_store(&release_loop, 1);
    for (int i = 0; i < 5000 && atomic_load(&cleaned) == 0; i++)
        sleep_ms(1);
    assert_int_equal(atomic_load(&cleaned), 1);
    assert_true(cop_run(end_normally, cop_nil(), NULL, 0));
    cop_node_stop();
}

/* Lets the loop return late: some time after its process was condemned, of which there is one more
 * then. */
static void *release_late(void *zombies)
{
    while (atomic_load(&cop__node.zombie_count) == *(const int *)zombies) {
    }
    sleep_ms(20);
    atomic_store(&release_loop, 1);
    return NULL;
}

/* On a machine that stands still meanwhile, it is too late: then again. */
static void the_end_waits_for_one_that_returns(void **state)
{
    int64_t from;

    (void)state;
    do {
        pthread_t releaser;
        int zombies;

        start_with_a_loop();
        zombies = atomic_load(&cop__node.zombie_count);
        assert_int_equal(pthread_create(&releaser, NULL, release_late, &zombies), 0);
        from = cop_monotonic_ms();
        cop_node_stop();
        pthread_join(releaser, NULL);
        cop_log_to(NULL, NULL, COP_DEBUG_LEVEL);
    } while (cop_monotonic_ms() - from >= 90);
    assert_int_equal(atomic_load(&cleaned), 1);
    assert_int_equal(atomic_load(&told), 0);
    assert_int_equal(atomic_load(&told_of_end), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_stays_away_is_told_of),
        cmocka_unit_test(one_that_comes_back_is_not),
    };
    const struct CMUnitTest ends[] = {
        cmocka_unit_test(a_loop_does_not_hold_the_end),
        cmocka_unit_test(the_end_waits_for_one_that_returns),
    };
    return cmocka_run_group_tests_name("zombie", tests, check_start_node, check_stop_node) +
           cmocka_run_group_tests_name("end", ends, NULL, NULL);
}
