/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of processes that were ended while their code ran (D8): nothing of those that
 * come back at once, as they do where it was the machine that kept them. */
#include "support/check_process.h"

#include "coppice/logger.h"

#include <stdio.h>
#include <string.h>

static atomic_int release_loop, is_looping, cleaned;
static atomic_int told; /* lines about a process */
static char said[256];  /* the last of them: written before `told` */

static void take_line(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level, (void)arg;
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

/* A process that was killed in its loop, and is dead. */
static cop_pid killed_in_a_loop(void)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.name = "looper", .monitor = true, .ret_ref = &ref};
    atomic_store(&release_loop, 0);
    atomic_store(&is_looping, 0);
    atomic_store(&cleaned, 0);
    atomic_store(&told, 0);
    cop_log_to(take_line, NULL, COP_DEBUG_LEVEL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_stays_away_is_told_of),
        cmocka_unit_test(one_that_comes_back_is_not),
    };
    return cmocka_run_group_tests_name("zombie", tests, check_start_node, check_stop_node);
}
