/* SPDX-License-Identifier: Apache-2.0 */
/* Registry under load: processes register, look each other up and end, by themselves and by each
 * other's hands, on four schedulers; and the same in seeded runs, whose histories can be replayed
 * (registry_torture_test SEED). What must hold at any time:
 *   - a unique key has one living owner (REG-03, 09);
 *   - an entry is what its process has registered, also one of a dead process (REG-07, 08);
 *   - who has entries can be found by them, until it gives them up (REG-10, 11).
 * And when all have ended: no entry, no row and no link is left (REG-21, 23). */
#include "base/rand.h"
#include "registry_help.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { KEYS = 24, WORKERS = 40, GENERATIONS = 4, STEPS = 60, PARTITIONS = 3 };

/* The pid of who has the key of U as far as it knows; 0: nobody. */
static _Atomic uint64_t owners[KEYS];
static uint64_t base_seed;

static cop_term key_of(uint64_t n)
{
    return n % 3 == 0 ? cop_int((int64_t)n) : cop_tuple(COP(":key"), n);
}

static cop_pid owner_pid(uint64_t id)
{
    return (cop_pid){id, 0, 0};
}

/* --- What a worker does ----------------------------------------------------------------------- */

struct worker {
    struct cop__rand rand;
    bool has[KEYS];       /* of U */
    int64_t joined[KEYS]; /* of G: how many entries */
};

/* The key is ours now: so its former owner had given it up, or is dead. */
static void note_owned(uint64_t key)
{
    uint64_t former = atomic_exchange(&owners[key], cop_self().id);

    cop_assert(former == 0 || former == cop_self().id || !cop_is_alive(owner_pid(former)));
}

static void take(struct worker *w, uint64_t key)
{
    cop_pid self = cop_self(), other;
    cop_term answer = cop_registry_register(COP("U"), key_of(key), cop_tuple(key_of(key), self));

    if (cop_match(answer, "{:ok, _}")) {
        cop_assert(!w->has[key]);
        w->has[key] = true;
        note_owned(key);
        return;
    }
    cop_assert_match(answer, "{:error, {:already_registered, other}}", other);
    cop_assert(cop_pid_equal(other, self) == w->has[key]);
}

static void give_up(struct worker *w, uint64_t key)
{
    uint64_t id = cop_self().id;

    if (w->has[key]) atomic_compare_exchange_strong(&owners[key], &id, 0);
    cop_registry_unregister(COP("U"), key_of(key));
    w->has[key] = false;
}

static void look(const struct worker *w, uint64_t key)
{
    cop_term found = cop_registry_lookup(COP("U"), key_of(key)), k = key_of(key);
    cop_pid self = cop_self(), pid;

    if (w->has[key]) cop_assert_match(found, "[{^self, {^k, ^self}}]", self, k);
    if (cop_is_empty_list(found)) return;
    cop_assert_match(found, "[{pid, {^k, _}}]", pid, k);
    cop_assert_match(found, "[{_, {_, ^pid}}]", pid);
    cop_assert(w->has[key] == cop_pid_equal(pid, self));
}

static void update(const struct worker *w, uint64_t key)
{
    cop_term answer = cop_registry_update_value(COP("U"), key_of(key), COP("&Function.identity/1"));

    cop_assert(cop_match(answer, ":error") == !w->has[key]);
}

static void join(struct worker *w, uint64_t key)
{
    cop_pid self = cop_self();

    cop_assert_match(
        cop_registry_register(COP("G"), key_of(key), cop_tuple(w->joined[key]++, self)),
        "{:ok, _}");
}

static void leave_group(struct worker *w, uint64_t key)
{
    if (cop__rand_below(&w->rand, 2) == 0) {
        cop_registry_unregister(COP("G"), key_of(key));
        w->joined[key] = 0;
        return;
    }
    if (w->joined[key] == 0) return;
    w->joined[key]--;
    cop_registry_unregister_match(COP("G"), key_of(key), cop_tuple(w->joined[key], COP(":_")),
                                  COP("[]"));
}

static void look_at_group(const struct worker *w, uint64_t key)
{
    cop_term found = cop_registry_lookup(COP("G"), key_of(key));
    cop_pid pid, self = cop_self();
    int64_t mine = 0;

    for (; !cop_is_empty_list(found); found = cop_tail(found)) {
        cop_assert_match(cop_head(found), "{pid, {_, _}}", pid);
        cop_assert_match(cop_head(found), "{_, {_, ^pid}}", pid);
        mine += cop_pid_equal(pid, self);
    }
    cop_assert_equal(w->joined[key], mine);
    cop_assert_equal(mine, cop_list_len(cop_registry_values(COP("G"), key_of(key), self)));
}

static int64_t entries_of(const struct worker *w)
{
    int64_t count = 0;

    for (int i = 0; i < KEYS; i++)
        count += w->joined[i];
    return count;
}

/* Ends whoever has the key, in one of two ways. */
static void end_another(const struct worker *w, uint64_t key, bool kill)
{
    cop_pid pid = cop_registry_whereis(COP("U"), key_of(key));

    if (!cop_is_no_pid(pid) && !w->has[key])
        cop_exit_process(pid, kill ? COP(":kill") : COP(":shutdown"));
}

static bool step(struct worker *w)
{
    uint64_t key = cop__rand_below(&w->rand, KEYS);

    switch (cop__rand_below(&w->rand, 14)) {
    case 0:
    case 1:
    case 2: take(w, key); break;
    case 3: give_up(w, key); break;
    case 4:
    case 5: look(w, key); break;
    case 6: update(w, key); break;
    case 7:
    case 8: join(w, key); break;
    case 9: leave_group(w, key); break;
    case 10:
    case 11: look_at_group(w, key); break;
    case 12:
        cop_assert_equal(entries_of(w), cop_list_len(cop_registry_keys(COP("G"), cop_self())));
        break;
    default:
        if (cop__rand_below(&w->rand, 8) == 0) return false;
        end_another(w, key, cop__rand_below(&w->rand, 2) == 0);
    }
    if (cop__rand_below(&w->rand, 4) == 0) cop_yield();
    return true;
}

static cop_next next_step(void *state)
{
    struct worker *w = state;

    for (int i = 0; i < STEPS; i++) {
        if (!step(w)) return cop_end();
    }
    return cop_end();
}

static cop_next worker(cop_term number)
{
    struct worker *w = cop_alloc(sizeof *w);

    cop__rand_seed(&w->rand, base_seed * 1000 + (uint64_t)cop_to_int(number));
    return next_step(w);
}

/* --- The test --------------------------------------------------------------------------------- */

static int64_t links_of(cop_pid pid)
{
    cop_term links;

    cop_expect(cop_process_info(pid, COP(":links")), "{:links, links}", links);
    return cop_list_len(links);
}

static void check_nothing_is_left(const char *registry)
{
    for (int n = 0; n < PARTITIONS; n++) {
        cop_term name =
            cop_atom_from(cop_to_bytes(cop_format("Elixir.%s.PIDPartition%d", registry, n)));

        cop_assert_equal(0, rows_of(name));
        cop_assert_equal(1, links_of(cop_whereis(name)));
    }
}

static void body(void)
{
    cop_pid pids[WORKERS];
    struct cop_spawn_opts opts = {.monitor = true};
    cop_ref refs[WORKERS];
    cop_term reason;

    start(COP("[keys: :unique, name: U, partitions: 3]"));
    start(COP("[keys: :duplicate, name: G, partitions: 3]"));
    for (int g = 0; g < GENERATIONS; g++) {
        for (int i = 0; i < WORKERS; i++) {
            opts.ret_ref = &refs[i];
            pids[i] = cop_spawn(worker, cop_int(g * WORKERS + i), &opts);
        }
        for (int i = 0; i < WORKERS; i++) {
            cop_ref ref = refs[i];
            cop_pid pid = pids[i];

            cop_assert_receive_within(60000, "{:DOWN, ^ref, :process, ^pid, reason}", ref, pid,
                                      reason);
            cop_assert(cop_match(reason, ":normal") || cop_match(reason, ":killed") ||
                       cop_match(reason, ":shutdown"));
        }
    }
    await_count(COP("U"), 0);
    await_count(COP("G"), 0);
    check_nothing_is_left("U");
    check_nothing_is_left("G");
}

static int run(int64_t seed)
{
    struct cop_node_opts opts = {.size = sizeof opts, .schedulers = 4, .seed = seed};
    char why[4000];
    bool ok;

    for (int i = 0; i < KEYS; i++)
        atomic_store(&owners[i], 0);
    base_seed = (uint64_t)seed + 1;
    if (seed != 0) opts.schedulers = 1;
    if (cop_node_start(&opts) != 0) return 2;
    ok = cop_test_run(body, why, sizeof why);
    cop_node_stop();
    if (!ok) fprintf(stderr, "seed %lld: %s\n", (long long)seed, why);
    return !ok;
}

int main(int argc, char **argv)
{
    if (argc > 1) return run(strtol(argv[1], NULL, 10));
    for (int64_t seed = 0; seed <= 30; seed++) {
        if (run(seed) != 0) return 1;
    }
    return 0;
}
