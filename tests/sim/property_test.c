/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs under many seeds: what must hold under each (world.h), and that nothing is left.
 *
 *     sim_property_test              the seeds of seeds.txt, then 500 (COPPICE_SIM_SEEDS: how many)
 *     sim_property_test FROM COUNT   these
 *     COPPICE_SEED=n sim_property_test   this one only: a replay
 *
 * A seed that fails is printed; put it into seeds.txt when the cause is mended. */
#include "base/alloc.h"
#include "runtime/sim.h"
#include "term/heap.h"
#include "worker.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEDS_DEFAULT    500
#define WAIT_MS          600000 /* of virtual time */
#define SEED_SECONDS_MAX 60

/* --- The driver --------------------------------------------------------------------------------*/

static bool next(cop_term *ret_msg)
{
    if (cop_receive(ret_msg, WAIT_MS)) return true;
    world_fail("the driver waits for ever");
    return false;
}

/* The driver watches all. Handles one message; true if it was what fn waits for. */
static void note_death(cop_pid pid, cop_term reason)
{
    int i = world_index(pid);
    uint64_t hash = cop_hash(reason);
    if (i < 0 || world.is_dead[i])
        world_fail("the driver got a second DOWN of %d", i);
    else if (world.has_reason[i] && world.reason[i] != hash)
        world_fail("the driver was told another reason of the end of %d", i);
    else
        world.is_dead[i] = true;
    if (i >= 0) {
        world.has_reason[i] = true;
        world.reason[i] = hash;
    }
}

/* Waits until each worker has said word or has died. */
static void wait_for_all(const char *word)
{
    bool has_said[WORKERS] = {false};
    cop_term expected = cop_atom(word), msg, reason;
    cop_pid pid;
    int i;
    for (;;) {
        int left = 0;
        for (int k = 0; k < WORKERS; k++)
            left += !has_said[k] && !world.is_dead[k];
        if (left == 0 || !next(&msg)) return;
        if (cop_match(msg, "{^expected, i}", expected, i))
            has_said[i] = true;
        else if (cop_match(msg, "{:DOWN, _, :process, pid, reason}", pid, reason))
            note_death(pid, reason);
        else
            world_fail("the driver got something unknown");
    }
}

static int processes_now(void)
{
    return (int)cop_list_len(cop_processes());
}

/* Ends a random half of those alive, in one of three ways, and waits for their ends. */
static void end_some(uint64_t *random, bool all)
{
    for (int i = 0; i < WORKERS; i++) {
        if (world.is_dead[i] || (!all && world_random(random) % 2 == 0)) continue;
        cop_exit_process(world.pids[i], COP(":kill"));
        while (!world.is_dead[i]) {
            cop_term msg, reason;
            cop_pid pid;
            if (!next(&msg)) return;
            if (cop_match(msg, "{:DOWN, _, :process, pid, reason}", pid, reason))
                note_death(pid, reason);
        }
    }
}

static void drive(int base)
{
    uint64_t random = world.random;
    for (int i = 0; i < WORKERS; i++) {
        world.is_trapping[i] = i % 4 != 0;
        world.pids[i] = cop_spawn(worker, cop_int(i), NULL);
        cop_monitor(world.pids[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        cop_send(world.pids[i], COP(":go"));
    wait_for_all("idle");
    end_some(&random, false);
    cop_sleep(1000); /* all timers have fired, all signals are where they go */
    for (int i = 0; i < WORKERS; i++)
        cop_send(world.pids[i], COP(":check"));
    wait_for_all("checked");
    world_check_all_at_rest();
    end_some(&random, true);
    for (int i = 0; processes_now() > base; i++) {
        if (i == 1000) {
            world_fail("%d processes are left", processes_now() - base);
            return;
        }
        cop_sleep(1);
    }
}

static cop_next driver(cop_term arg)
{
    cop_term msg;
    (void)arg;
    int base = processes_now();
    int names = (int)cop_list_len(cop_registered());
    cop_register(COP(":driver"), cop_self());
    drive(base);
    cop_unregister(COP(":driver"));
    if (cop_list_len(cop_registered()) != names) world_fail("names are left");
    if (!world.has_failed && cop_receive(&msg, 0)) world_fail("the driver has a message left");
    return cop_end();
}

/* --- Seeds -------------------------------------------------------------------------------------*/

static volatile sig_atomic_t seed_now;

/* A crash or a hang of the runtime itself: the seed must be known. */
static void tell_seed(int number)
{
    char text[64] = "the seed was ";
    size_t len = strlen(text);
    long n = seed_now, tens = 1;
    while (n / tens >= 10)
        tens *= 10;
    for (; tens > 0; tens /= 10)
        text[len++] = (char)('0' + n / tens % 10);
    text[len++] = '\n';
    if (write(STDERR_FILENO, text, len) < 0 || number == SIGALRM) _exit(1);
}

/* What the check of regions holds back for a while is free. */
static uint64_t live_blocks(void)
{
    cop__heap_quarantine_flush();
    return cop__alloc_stats_read().live_blocks;
}

static bool run_seed(int64_t seed, uint64_t *ret_live)
{
    char text[512] = "";
    uint64_t before = live_blocks();
    struct cop_node_opts opts = {.seed = seed, .no_signals = true};
    memset(&world, 0, sizeof(world));
    world.random = (uint64_t)seed * 7919;
    seed_now = (sig_atomic_t)seed;
    alarm(SEED_SECONDS_MAX);
    if (cop_node_start(&opts) != 0) return false;
    if (!cop_run(driver, cop_nil(), text, sizeof(text))) world_fail("the driver: %s", text);
    cop_node_stop();
    *ret_live = live_blocks() - before;
    if (world.has_failed) fprintf(stderr, "seed %" PRId64 ": %s\n", seed, world.failure);
    return !world.has_failed;
}

/* Runs it; again if blocks are left, since literals are made once and stay. */
static bool check_seed(int64_t seed)
{
    uint64_t live;
    bool is_ok = run_seed(seed, &live);
    for (int i = 0; is_ok && live != 0 && i < 2; i++)
        is_ok = run_seed(seed, &live);
    if (is_ok && live != 0) {
        fprintf(stderr, "seed %" PRId64 ": %" PRId64 " blocks are left\n", seed, (int64_t)live);
        is_ok = false;
    }
    return is_ok;
}

static int check_range(int64_t from, int64_t count)
{
    int failed = 0;
    for (int64_t seed = from; seed < from + count && failed < 5; seed++)
        failed += !check_seed(seed);
    return failed;
}

/* Lines: a seed, then a comment. */
static int check_file(const char *path)
{
    char line[256];
    int failed = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        fprintf(stderr, "%s cannot be opened\n", path);
        return 1;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        if (line[0] >= '1' && line[0] <= '9') failed += !check_seed(atoll(line));
    }
    fclose(f);
    return failed;
}

int main(int argc, char **argv)
{
    const char *one = getenv("COPPICE_SEED");
    const char *count = getenv("COPPICE_SIM_SEEDS");
    struct sigaction action = {.sa_handler = tell_seed, .sa_flags = (int)SA_RESETHAND};
    int failed;
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (one != NULL)
        failed = !check_seed(atoll(one));
    else if (argc == 3)
        failed = check_range(atoll(argv[1]), atoll(argv[2]));
    else
        failed =
            check_file(SEEDS_FILE) + check_range(1, count == NULL ? SEEDS_DEFAULT : atoll(count));
    return failed == 0 ? 0 : 1;
}
