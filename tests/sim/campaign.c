/* SPDX-License-Identifier: Apache-2.0 */
#include "campaign.h"

#include "base/alloc.h"
#include "term/heap.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define SEEDS_DEFAULT    500
#define SEED_SECONDS_MAX 60  /* of the processor: a loop */
#define WAIT_SECONDS_MAX 600 /* of the clock, on however busy a machine: a deadlock */
#define FAILURES_MAX     5

static volatile sig_atomic_t seed_now; /* its lower half; for the handler */
static int64_t seed_base;

/* A crash or a hang of the runtime itself: the seed must be known. */
static void tell_seed(int number)
{
    char digits[24], *at = digits + sizeof(digits);
    int64_t seed = seed_base + seed_now;
    *--at = '\n';
    do
        *--at = (char)('0' + seed % 10);
    while ((seed /= 10) > 0);
    static const char text[] = "the seed was ";
    bool is_told = write(STDERR_FILENO, text, sizeof(text) - 1) > 0 &&
                   write(STDERR_FILENO, at, (size_t)(digits + sizeof(digits) - at)) > 0;
    if (!is_told || number != SIGABRT) _exit(1);
}

/* What the check of regions holds back for a while is free. */
static uint64_t live_blocks(void)
{
    cop__heap_quarantine_flush();
    return cop__alloc_stats_read().live_blocks;
}

static bool run_seed(const struct campaign *c, int64_t seed, uint64_t *ret_left)
{
    char text[512] = "";
    uint64_t before = live_blocks();
    struct cop_node_opts opts = {.seed = seed, .no_signals = true};
    c->prepare(seed);
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = SEED_SECONDS_MAX}, NULL);
    alarm(WAIT_SECONDS_MAX);
    if (cop_node_start(&opts) != 0) return false;
    bool has_ended = cop_run(c->driver, cop_nil(), text, sizeof(text));
    cop_node_stop();
    *ret_left = live_blocks() - before;
    const char *failure = c->failure();
    if (failure != NULL)
        fprintf(stderr, "%s, seed %" PRId64 ": %s\n", c->name, seed, failure);
    else if (!has_ended)
        fprintf(stderr, "%s, seed %" PRId64 ": the driver: %s\n", c->name, seed, text);
    return failure == NULL && has_ended;
}

/* Runs it; again if blocks are left, since literals are made once and stay. */
static bool check_seed(const struct campaign *c, int64_t seed)
{
    uint64_t left;
    seed_now = (sig_atomic_t)(seed - seed_base);
    bool is_ok = run_seed(c, seed, &left);
    for (int i = 0; is_ok && left != 0 && i < 3; i++)
        is_ok = run_seed(c, seed, &left);
    if (is_ok && left != 0) {
        fprintf(stderr, "%s, seed %" PRId64 ": %" PRId64 " blocks are left\n", c->name, seed,
                (int64_t)left);
        is_ok = false;
    }
    return is_ok;
}

static int check_range(const struct campaign *c, int64_t from, int64_t count)
{
    int failed = 0;
    seed_base = from;
    for (int64_t seed = from; seed < from + count && failed < FAILURES_MAX; seed++)
        failed += !check_seed(c, seed);
    return failed;
}

/* Lines: the campaign's name, a seed, then a comment. */
static int check_file(const struct campaign *c)
{
    char line[256];
    int failed = 0;
    size_t name_len = strlen(c->name);
    FILE *f = fopen(c->seeds_file, "r");
    if (f == NULL) {
        fprintf(stderr, "%s cannot be opened\n", c->seeds_file);
        return 1;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, c->name, name_len) == 0 && line[name_len] == ' ')
            failed += !check_seed(c, strtoll(line + name_len, NULL, 10));
    }
    fclose(f);
    return failed;
}

int campaign_main(const struct campaign *c, int argc, char **argv)
{
    const char *one = getenv("COPPICE_SEED");
    const char *count = getenv("COPPICE_SIM_SEEDS");
    struct sigaction action = {.sa_handler = tell_seed, .sa_flags = (int)SA_RESETHAND};
    int failed;
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGPROF, &action, NULL);
    if (one != NULL)
        failed = check_range(c, atoll(one), 1);
    else if (argc == 3)
        failed = check_range(c, atoll(argv[1]), atoll(argv[2]));
    else
        failed = check_file(c) + check_range(c, 1, count == NULL ? SEEDS_DEFAULT : atoll(count));
    return failed == 0 ? 0 : 1;
}
