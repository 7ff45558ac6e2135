/* SPDX-License-Identifier: Apache-2.0 */
/* All at once, at random, on four schedulers: spawns, sends, links, monitors, kills, names, timers,
 * tries, blocking calls, and long slices that are handed over. It must end with no process left,
 * and the sanitizers must have nothing to say. The length follows COPPICE_TEST_SCALE. */
#include "support/check_process.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define TABLE_LEN 64
#define ALIVE_MAX 300

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static cop_pid table[TABLE_LEN]; /* of whom random ones are taken */
static atomic_int alive;         /* roughly: those whose cleanup has not run */
static atomic_int spawned;
static atomic_int budget; /* steps left for all together */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static cop_pid random_pid(uint64_t *random)
{
    pthread_mutex_lock(&table_lock);
    cop_pid pid = table[next_random(random) % TABLE_LEN];
    pthread_mutex_unlock(&table_lock);
    return pid;
}

static void put_pid(uint64_t *random, cop_pid pid)
{
    pthread_mutex_lock(&table_lock);
    table[next_random(random) % TABLE_LEN] = pid;
    pthread_mutex_unlock(&table_lock);
}

static void leave(int *unused)
{
    (void)unused;
    atomic_fetch_sub(&alive, 1);
}

static cop_next actor(cop_term arg);

static void spawn_actor(uint64_t *random)
{
    struct cop_spawn_opts opts = {0};
    cop_ref ref;
    uint64_t kind = next_random(random) % 8;
    if (atomic_load(&alive) >= ALIVE_MAX) return;
    opts.link = (kind & 1) != 0;
    opts.monitor = (kind & 2) != 0;
    opts.ret_ref = &ref;
    opts.stack_size = kind == 7 ? 256 << 10 : 0;
    atomic_fetch_add(&spawned, 1);
    put_pid(random, cop_spawn(actor, cop_int((int64_t)(next_random(random) >> 8)), &opts));
}

static void busy(int64_t ms)
{
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void block_shortly(void *arg)
{
    struct timespec t = {.tv_nsec = 100000};
    (void)arg;
    nanosleep(&t, NULL);
}

static cop_term link_or_throw(void *arg)
{
    cop_pid *pid = arg;
    cop_link(*pid);
    cop_yield();
    cop_throw(COP(":thrown"));
}

static cop_term name_oneself(void *arg)
{
    static const char *names[] = {"torture_a", "torture_b", "torture_c"};
    cop_term name = cop_atom(names[*(uint64_t *)arg % 3]);
    cop_register(name, cop_self());
    cop_send(name, cop_tuple(COP(":named"), name));
    cop_yield();
    cop_unregister(name);
    return cop_ok();
}

static bool is_even(cop_term msg, void *arg)
{
    int64_t n = 1;
    (void)arg;
    return cop_match(msg, "{:number, n}", n) && n % 2 == 0;
}

static void signal_step(uint64_t *random, cop_pid pid)
{
    cop_ref ref;
    switch (next_random(random) % 6) {
    case 0: cop_exit_process(pid, COP(":kill")); break;
    case 1: cop_exit_process(pid, COP(":boom")); break;
    case 2: cop_exit_process(pid, COP(":normal")); break;
    case 3: cop_unlink(pid); break;
    case 4:
        ref = cop_monitor_with(cop_pid_term(pid), COP_ALIAS_REPLY_DEMONITOR, cop_none());
        cop_send(pid, cop_tuple(COP(":answer"), ref));
        break;
    default:
        ref = cop_monitor(pid);
        cop_yield();
        cop_demonitor(ref, true);
    }
}

static void receive_step(uint64_t *random)
{
    cop_term msg;
    cop_ref ref;
    int64_t timeout = (int64_t)(next_random(random) % 3);
    if (next_random(random) % 4 == 0)
        cop_receive_if(is_even, NULL, &msg, timeout);
    else if (cop_receive(&msg, timeout) && cop_match(msg, "{:answer, ref}", ref))
        cop_send(ref, COP(":answered"));
}

/* One step of an actor. True: it has had enough. */
static bool step(uint64_t *random)
{
    cop_pid pid = random_pid(random);
    struct cop_outcome outcome;
    switch (next_random(random) % 24) {
    case 0:
    case 1: spawn_actor(random); break;
    case 2:
    case 3:
    case 4: cop_send(pid, cop_tuple(COP(":number"), (int64_t)(next_random(random) % 100))); break;
    case 5: cop_try(link_or_throw, &pid, &outcome); break;
    case 6:
    case 7: signal_step(random, pid); break;
    case 8:
    case 9:
    case 10: receive_step(random); break;
    case 11: cop_yield(); break;
    case 12: cop_trap_exit(next_random(random) % 2 == 0); break;
    case 13: cop_is_alive(pid); break;
    case 14: cop_process_info(pid, COP("[:links, :monitored_by, :message_queue_len]")); break;
    case 15:
        cop_send_after((int64_t)(next_random(random) % 5), cop_pid_term(pid), COP(":tick"));
        break;
    case 16: cop_cancel_timer(cop_start_timer(3, cop_pid_term(pid), COP(":tock"))); break;
    case 17: cop_try(name_oneself, random, &outcome); break;
    case 18: cop_drop(&(cop_kept){cop_keep(cop_list(1, "two", cop_self())).term_}); break;
    case 19: cop_put(COP(":key"), cop_list((int64_t)(next_random(random) % 9), "value")); break;
    case 20:
        if (next_random(random) % 40 == 0) busy(15);
        break;
    case 21:
        if (next_random(random) % 8 == 0) cop_blocking(block_shortly, NULL);
        break;
    case 22: return next_random(random) % 4 == 0;
    default: cop_make_ref();
    }
    return false;
}

static cop_next wake(void *state)
{
    uint64_t *random = state;
    cop_term msg;
    cop_receive(&msg, 0);
    for (int i = 0; i < 20; i++) {
        if (atomic_fetch_sub(&budget, 1) <= 0 || step(random)) return cop_end();
    }
    return cop_hibernate_for(wake, random, 2);
}

static cop_next actor(cop_term arg)
{
    __attribute__((cleanup(leave), unused)) int here = atomic_fetch_add(&alive, 1);
    uint64_t *random = cop_alloc(sizeof(*random));
    *random = (uint64_t)cop_to_int(arg);
    for (int i = 0; i < 40; i++) {
        if (atomic_fetch_sub(&budget, 1) <= 0 || step(random)) return cop_end();
    }
    if (next_random(random) % 3 == 0) return cop_hibernate_for(wake, random, 1);
    if (next_random(random) % 16 == 0) cop_exit(COP(":enough"));
    return cop_end();
}

/* Keeps the number of actors up until the budget is used; then all must end by themselves. */
PROCESS_TEST(torture)
{
    uint64_t random = 17;
    const char *seed = getenv("COPPICE_TORTURE_SEED");
    if (seed != NULL) random = strtoull(seed, NULL, 10);
    cop_trap_exit(true);
    atomic_store(&budget, check_scaled(150000));
    for (int i = 0; i < TABLE_LEN; i++)
        put_pid(&random, check_dead_pid());
    while (atomic_load(&budget) > 0) {
        cop_term msg;
        for (int i = 0; i < 10; i++)
            spawn_actor(&random);
        while (cop_receive(&msg, 1)) {
        }
    }
    CHECK(atomic_load(&spawned) > 10);
    CHECK(cop_list_len(cop_registered()) >= 0);
    return cop_end(); /* check_run() waits until all have gone */
}

static int start_four(void **state)
{
    struct cop_node_opts opts = {.schedulers = 4};
    (void)state;
    return check_start_node_with(&opts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests_name("torture", tests, start_four, check_stop_node);
}
