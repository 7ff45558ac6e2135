/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded runs: one seed, one history (D9). A program of a thousand processes that send, link,
 * watch, time out and die is run twice with each seed; the hash of all receptions must be the same,
 * and differ between seeds. A run in another OS process, with other addresses, has the same one,
 * too.
 *
 * `sim_history_test hash SEED` prints the hash of one run. */
#include "support/check_process.h"

#include "runtime/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES 1000
#define SEEDS     8

static int64_t virtual_ms; /* how far the clock went in the last run */

static cop_pid neighbour_of(cop_term pids, int i)
{
    return cop_to_pid(cop_elem(pids, (size_t)(i % PROCESSES)));
}

static void relate(cop_term pids, int i)
{
    switch (i % 4) {
    case 0: cop_link(neighbour_of(pids, i + 1)); break;
    case 1: cop_monitor(neighbour_of(pids, i * 7)); break;
    case 2: cop_demonitor(cop_monitor(neighbour_of(pids, i * 3)), true); break;
    default: cop_send_after(i % 50, cop_pid_term(neighbour_of(pids, i + 500)), COP(":tick"));
    }
}

/* Passes messages on until none has come for a while; every tenth dies early. */
static cop_next member(cop_term arg)
{
    cop_term pids, msg;
    int i;
    cop_trap_exit(cop_to_int(arg) % 2 == 0);
    cop_expect(check_next(), "{:start, i, pids}", i, pids);
    relate(pids, i);
    for (int k = 0; k < 3; k++)
        cop_send(neighbour_of(pids, i * 31 + k * 17), cop_tuple(COP(":hop"), 3));
    while (cop_receive(&msg, 20 + i % 30)) {
        int64_t hops;
        if (cop_match(msg, "{:hop, hops}", hops) && hops > 0)
            cop_send(neighbour_of(pids, i * 13 + (int)hops), cop_tuple(COP(":hop"), hops - 1));
        if (i % 10 == 3) cop_exit(COP(":early"));
    }
    return cop_end();
}

static cop_next thousand(cop_term arg)
{
    static cop_term all[PROCESSES];
    static cop_ref refs[PROCESSES];
    (void)arg;
    for (int i = 0; i < PROCESSES; i++) {
        cop_pid p = cop_spawn(member, cop_int(i), NULL);
        refs[i] = cop_monitor(p);
        all[i] = cop_pid_term(p);
    }
    cop_term pids = cop_tuple_from(all, PROCESSES);
    for (int i = 0; i < PROCESSES; i++)
        cop_send(all[i], cop_tuple(COP(":start"), i, pids));
    for (int i = 0; i < PROCESSES; i++)
        check_down(refs[i]);
    virtual_ms = cop_monotonic_ms();
    return cop_end();
}

static bool run_with_seed(int64_t seed, uint64_t *ret_hash)
{
    char text[512] = "";
    struct cop_node_opts opts = {.seed = seed};
    if (cop_node_start(&opts) != 0) return false;
    bool is_ok = cop_run(thousand, cop_nil(), text, sizeof(text));
    *ret_hash = cop__sim_history();
    cop_node_stop();
    if (!is_ok) fprintf(stderr, "seed %" PRId64 ": %s\n", seed, text);
    return is_ok;
}

static void one_seed_one_history(void **state)
{
    uint64_t hashes[SEEDS];
    (void)state;
    for (int i = 0; i < SEEDS; i++) {
        uint64_t again;
        assert_true(run_with_seed(i + 1, &hashes[i]));
        assert_true(run_with_seed(i + 1, &again));
        assert_true(hashes[i] == again);
        assert_true(virtual_ms > 0);
        for (int k = 0; k < i; k++)
            assert_true(hashes[k] != hashes[i]);
    }
}

static uint64_t hash_in_another_process(const char *command)
{
    char line[64] = "";
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    assert_int_equal(pclose(f), 0);
    return strtoull(line, NULL, 16);
}

static const char *program;

/* Other addresses, other moments of the real clock: the same history. */
static void the_history_is_the_same_in_another_process(void **state)
{
    char command[4096];
    uint64_t here;
    (void)state;
    for (int seed = 1; seed <= 2; seed++) {
        snprintf(command, sizeof(command), "'%s' hash %d", program, seed);
        assert_true(run_with_seed(seed, &here));
        assert_true(hash_in_another_process(command) == here);
        assert_true(hash_in_another_process(command) == here);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_seed_one_history),
        cmocka_unit_test(the_history_is_the_same_in_another_process),
    };
    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "hash") == 0) {
        uint64_t hash;
        if (!run_with_seed(atoll(argv[2]), &hash)) return 1;
        printf("%016" PRIx64 "\n", hash);
        return 0;
    }
    return cmocka_run_group_tests_name("sim_history", tests, NULL, NULL);
}
