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

static bool is_start(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, "{:start, _, _}");
}

/* Passes messages on until none has come for a while; every tenth dies early. */
static cop_next member(cop_term arg)
{
    cop_term pids, msg;
    int i;
    cop_trap_exit(cop_to_int(arg) % 2 == 0);
    cop_receive_if(is_start, NULL, &msg, COP_INFINITY);
    cop_expect(msg, "{:start, i, pids}", i, pids);
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

/* --- Several runs of one node ----------------------------------------------------------------- */

/* Lives on beside the run that started it, and beside the next ones. */
static cop_next straggler(cop_term arg)
{
    cop_term msg;
    int64_t left = cop_to_int(arg);
    for (; left > 0; left--) {
        cop_receive(&msg, left % 3);
        cop_spawn(straggler, cop_int(left / 2), NULL);
    }
    return cop_end();
}

static cop_next short_run(cop_term arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++)
        cop_spawn(straggler, cop_int(6), NULL);
    cop_yield();
    return cop_end();
}

/* What is left of a run goes on when the next one is under way, not in between: how long the
 * calling thread takes decides nothing. */
static void a_node_stands_still_between_runs(void **state)
{
    uint64_t first = 0;
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct cop_node_opts opts = {.seed = 7};
        assert_int_equal(cop_node_start(&opts), 0);
        for (int run = 0; run < 5; run++) {
            assert_true(cop_run(short_run, cop_nil(), NULL, 0));
            for (int k = 0; k < i * 1000; k++)
                cop__os_relax();
        }
        cop_node_stop();
        if (i == 0) first = cop__sim_history();
        assert_true(cop__sim_history() == first);
    }
}

/* --- Hashes ----------------------------------------------------------------------------------- */

static uint64_t map_order;

static cop_next look_at_a_map(cop_term arg)
{
    cop_term map = cop_map_new(), key, value;
    struct cop_map_iter it;
    (void)arg;
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "order_%d", i);
        map = cop_map_put(map, cop_int(i), cop_true());
        map = cop_map_put(map, cop_atom(name), cop_true());
        map = cop_map_put(map, cop_tuple(i, 1.5), cop_true());
    }
    map_order = 0;
    it = cop_map_iter(map);
    while (cop_map_next(&it, &key, &value)) {
        cop_bytes text = cop_to_bytes(cop_inspect(key));
        for (size_t i = 0; i < text.len; i++)
            map_order = map_order * 31 + (unsigned char)text.data[i];
    }
    return cop_end();
}

static uint64_t order_with_seed(int64_t seed)
{
    assert_int_equal(cop_node_start(&(struct cop_node_opts){.seed = seed, .schedulers = 1}), 0);
    assert_true(cop_run(look_at_a_map, cop_nil(), NULL, 0));
    cop_node_stop();
    return map_order;
}

/* The order of large maps: the same for one seed, whatever ran before; of a run without a seed
 * nobody knows it. */
static void the_seed_decides_the_order_of_maps(void **state)
{
    uint64_t first = order_with_seed(1), second = order_with_seed(2);
    cop_region *region;
    (void)state;
    assert_true(first != second);
    assert_true(order_with_seed(1) == first);
    assert_true(order_with_seed(2) == second);
    assert_true(order_with_seed(0) != order_with_seed(0));
    assert_true(order_with_seed(1) == first);
    /* What a region holds stays readable: the order is still the former one. */
    region = cop_region_open();
    assert_true(order_with_seed(2) == first);
    cop_region_close(region);
    assert_true(order_with_seed(2) == second);
}

static cop_term large_literal(void)
{
    return COP("%{1 => 1, 2 => 2, 3 => 3, 4 => 4, 5 => 5, 6 => 6, 7 => 7, 8 => 8, 9 => 9, 10 => 10,"
               " 11 => 11, 12 => 12, 13 => 13, 14 => 14, 15 => 15, 16 => 16, 17 => 17, 18 => 18,"
               " 19 => 19, 20 => 20, 21 => 21, 22 => 22, 23 => 23, 24 => 24, 25 => 25, 26 => 26,"
               " 27 => 27, 28 => 28, 29 => 29, 30 => 30, 31 => 31, 32 => 32, 33 => 33, :z => 34}");
}

static cop_next look_at_the_literal(cop_term arg)
{
    (void)arg;
    for (int i = 1; i <= 33; i++)
        CHECK_SAME(cop_map_get(large_literal(), cop_int(i), cop_nil()), i);
    CHECK_SAME(cop_map_get(large_literal(), COP(":z"), cop_nil()), 34);
    return cop_end();
}

/* The last test: a literal with a large map lives for ever, and so does the order of then. */
static void a_large_literal_keeps_the_order(void **state)
{
    uint64_t first = order_with_seed(1);
    (void)state;
    for (int seed = 1; seed <= 3; seed++) {
        assert_int_equal(cop_node_start(&(struct cop_node_opts){.seed = seed}), 0);
        assert_true(cop_run(look_at_the_literal, cop_nil(), NULL, 0));
        cop_node_stop();
    }
    assert_true(order_with_seed(2) == first);
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
        cmocka_unit_test(a_node_stands_still_between_runs),
        cmocka_unit_test(the_history_is_the_same_in_another_process),
        cmocka_unit_test(the_seed_decides_the_order_of_maps),
        cmocka_unit_test(a_large_literal_keeps_the_order),
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
