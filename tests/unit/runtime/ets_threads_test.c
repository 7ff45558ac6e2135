/* SPDX-License-Identifier: Apache-2.0 */
/* Tables under processes on several schedulers at once (ETS-07, ETS-11, ETS-15). */
#include "ets_ops.h"

#define WORKERS 4

static cop_term table; /* named, so that all may use it */
static atomic_int ready;
static atomic_int done;
static atomic_int stop;

/* Starts workers that begin together, and waits for their ends. */
static void run_workers(cop_start_fn fn)
{
    cop_ref refs[WORKERS];
    atomic_store(&ready, 0);
    atomic_store(&done, 0);
    atomic_store(&stop, 0);
    for (int i = 0; i < WORKERS; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &refs[i]};
        cop_spawn(fn, cop_int(i), &opts);
    }
    for (int i = 0; i < WORKERS; i++)
        CHECK_TERM(check_down(refs[i]), ":normal");
}

static void make(const char *type)
{
    table = cop_ets_new(COP(":shared"),
                        cop_list(check_parse(type), COP(":public"), COP(":named_table")));
}

/* --- Counters --------------------------------------------------------------------------------- */

#define COUNTS 20000

static cop_next count(cop_term number)
{
    int64_t me = cop_to_int(number);
    int counts = check_scaled(COUNTS);
    for (int i = 0; i < counts; i++) {
        cop_ets_update_counter(COP(":shared"), COP(":one"), 1);
        cop_ets_update_counter_or(COP(":shared"), cop_int(i % 10), COP("[{2, 1}, {3, -1}]"),
                                  COP("{:new, 0, 0}"));
        if (i % 100 == me) cop_yield();
    }
    return cop_end();
}

/* ETS-11: none is lost, whoever counts. */
PROCESS_TEST(counters_are_exact)
{
    const char *const types[] = {":set", ":ordered_set"};
    int64_t counts = check_scaled(COUNTS);
    for (int type = 0; type < 2; type++) {
        make(types[type]);
        cop_ets_insert(table, COP("{:one, 0}"));
        run_workers(count);
        CHECK_SAME(cop_ets_lookup_element(table, COP(":one"), 2), cop_int(counts * WORKERS));
        int64_t sum = 0;
        for (int i = 0; i < 10; i++) {
            int64_t up = cop_to_int(cop_ets_lookup_element(table, i, 2));
            CHECK_INT(cop_to_int(cop_ets_lookup_element(table, i, 3)), -up);
            sum += up;
        }
        CHECK_INT(sum, counts * WORKERS);
        cop_ets_delete(table);
    }
    return cop_end();
}

/* --- Objects are seen whole ------------------------------------------------------------------- */

/* Writes objects and lists of objects whose elements belong together. */
static void write_pairs(int64_t me)
{
    int turns = check_scaled(3000);
    for (int i = 0; i < turns; i++) {
        int64_t n = i * WORKERS + me;
        cop_term text = cop_format("%lld", (long long)n);
        cop_ets_insert(COP(":shared"), cop_tuple(COP(":single"), n, cop_list(n, text)));
        cop_ets_insert(COP(":shared"), cop_list(cop_tuple(COP(":a"), n), cop_tuple(COP(":b"), n),
                                                cop_tuple(COP(":c"), n)));
    }
}

/* The counter in the middle of an insert_new is taken by one only. */
static cop_next write_or_read(cop_term number)
{
    int64_t me = cop_to_int(number);
    if (me % 2 == 0) {
        write_pairs(me);
        atomic_fetch_add(&done, 1);
        return cop_end();
    }
    while (atomic_load(&done) < WORKERS / 2) {
        cop_term found = cop_head(cop_ets_lookup(COP(":shared"), COP(":single")));
        int64_t n = cop_to_int(cop_elem(found, 1));
        cop_term list = cop_elem(found, 2);
        CHECK_INT(cop_to_int(cop_head(list)), n);
        CHECK_SAME(cop_head(cop_tail(list)), cop_format("%lld", (long long)n));
        cop_yield();
    }
    return cop_end();
}

/* ETS-15: a reader sees one object or another, never a mixture. */
PROCESS_TEST(objects_are_seen_whole)
{
    make(":set");
    cop_ets_insert(table, COP("{:single, 0, [0, \"0\"]}"));
    run_workers(write_or_read);
    cop_ets_delete(table);
    return cop_end();
}

/* ETS-07: keys that are inserted by one list; another list takes them, so that a list that is not
 * inserted as one step leaves keys of different writers behind. */
static cop_next write_lists(cop_term number)
{
    int64_t me = cop_to_int(number);
    int turns = check_scaled(2000);
    for (int i = 0; i < turns; i++) {
        cop_term list = cop_empty_list();
        for (int key = 0; key < 8; key++)
            list = cop_cons(cop_tuple(key, i * WORKERS + me), list);
        cop_ets_insert(COP(":shared"), me % 2 == 0 ? list : cop_list_reverse(list));
    }
    return cop_end();
}

PROCESS_TEST(lists_are_inserted_as_one)
{
    const char *const types[] = {":set", ":ordered_set"};
    for (int turn = 0; turn < 10; turn++) {
        make(types[turn % 2]);
        run_workers(write_lists);
        cop_term first = cop_ets_lookup_element(table, 0, 2);
        for (int key = 1; key < 8; key++)
            CHECK_SAME(cop_ets_lookup_element(table, key, 2), first);
        cop_ets_delete(table);
    }
    return cop_end();
}

/* --- insert_new ------------------------------------------------------------------------------- */

static cop_next claim(cop_term number)
{
    int64_t me = cop_to_int(number);
    int turns = check_scaled(3000);
    for (int i = 0; i < turns; i++) {
        cop_term both = cop_list(cop_tuple(i, me), cop_tuple(cop_tuple(COP(":twin"), i), me));
        if (cop_ets_insert_new(COP(":shared"), both)) atomic_fetch_add(&done, 1);
    }
    return cop_end();
}

/* ETS-07: each key is given to one, and its twin with it. */
PROCESS_TEST(insert_new_has_one_winner)
{
    int turns = check_scaled(3000);
    make(":set");
    run_workers(claim);
    CHECK_INT(atomic_load(&done), turns);
    CHECK_INT(cop_to_int(cop_ets_info_item(table, COP(":size"))), 2 * turns);
    for (int i = 0; i < turns; i++)
        CHECK_SAME(cop_ets_lookup_element(table, i, 2),
                   cop_ets_lookup_element(table, cop_tuple(COP(":twin"), i), 2));
    cop_ets_delete(table);
    return cop_end();
}

/* --- Walks beside writers --------------------------------------------------------------------- */

#define STAY 3000

static cop_next churn(cop_term number)
{
    int64_t base = STAY + cop_to_int(number) * 100000;
    for (int64_t i = 0; atomic_load(&stop) == 0; i++) {
        for (int64_t k = 0; k < 64; k++)
            cop_ets_insert(COP(":shared"), cop_tuple(base + (i + k) % 5000, i));
        for (int64_t k = 0; k < 64; k++)
            cop_ets_delete_key(COP(":shared"), base + (i + k) % 5000);
        cop_yield();
    }
    return cop_end();
}

/* ETS-12 ETS-15: one select or traversal sees each object that stays once. */
PROCESS_TEST(walks_beside_writers)
{
    const char *const types[] = {":set", ":ordered_set", ":bag"};
    for (int type = 0; type < 3; type++) {
        make(types[type]);
        cop_ref refs[2];
        atomic_store(&stop, 0);
        for (int64_t i = 0; i < STAY; i++)
            cop_ets_insert(table, cop_tuple(i, 0));
        for (int i = 0; i < 2; i++) {
            struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &refs[i]};
            cop_spawn(churn, cop_int(i), &opts);
        }
        for (int turn = 0; turn < check_scaled(10); turn++) {
            cop_term spec = COP("[{{:\"$1\", :_}, [{:<, :\"$1\", 3000}], [:\"$1\"]}]");
            CHECK_INT(cop_list_len(cop_ets_select(COP(":shared"), spec)), STAY);
            int64_t sum = 0;
            cop_ets_safe_fixtable(COP(":shared"), true);
            cop_term key = cop_ets_first(COP(":shared"));
            for (; cop_is_integer(key); key = cop_ets_next(COP(":shared"), key))
                sum += cop_to_int(key) < STAY ? cop_to_int(key) : 0;
            cop_ets_safe_fixtable(COP(":shared"), false);
            CHECK_INT(sum, (int64_t)STAY * (STAY - 1) / 2);
        }
        atomic_store(&stop, 1);
        for (int i = 0; i < 2; i++)
            CHECK_TERM(check_down(refs[i]), ":normal");
        cop_ets_delete(COP(":shared"));
    }
    return cop_end();
}

/* --- Tables that come and go ------------------------------------------------------------------ */

static cop_next come_and_go(cop_term number)
{
    bool is_maker = cop_to_int(number) == 0;
    int turns = check_scaled(2000);
    for (int i = 0; i < turns; i++) {
        if (is_maker) {
            cop_ets_new(COP(":fleeting"), COP("[:named_table, :public]"));
            cop_ets_insert(COP(":fleeting"), COP("{:k, 0}"));
            cop_ets_delete(COP(":fleeting"));
        } else {
            (void)attempt(COP("{:insert, :fleeting, [{1, :x}, {2, \"text\"}]}"));
            (void)attempt(COP("{:update_counter, :fleeting, :k, 1}"));
            (void)attempt(COP("{:tab2list, :fleeting}"));
            (void)attempt(COP("{:info, :fleeting, :memory}"));
        }
    }
    return cop_end();
}

/* ETS-06: a table may go at any moment of any operation. */
PROCESS_TEST(tables_come_and_go)
{
    run_workers(come_and_go);
    CHECK_TERM(cop_ets_whereis(COP(":fleeting")), ":undefined");
    return cop_end();
}

/* --- Kills ------------------------------------------------------------------------------------ */

static cop_next work_until_killed(cop_term number)
{
    cop_term mine = cop_ets_new(COP(":mine"), COP("[]"));
    for (int64_t i = cop_to_int(number);; i++) {
        cop_ets_insert(mine, cop_tuple(i % 500, i));
        cop_ets_insert(COP(":shared"), cop_list(cop_tuple(i % 50, i), cop_tuple(i % 49, i)));
        cop_ets_match_delete(COP(":shared"), COP("{7, :_}"));
        (void)attempt(COP("{:update_element, :shared, 1, {3, :x}}")); /* fails under the lock */
        cop_ets_tab2list(COP(":shared"));
        if (i % 16 == 0) cop_yield();
    }
    return cop_end();
}

/* A kill at any moment leaves no lock behind, and no table. */
PROCESS_TEST(kills)
{
    make(":set");
    size_t before = (size_t)cop_list_len(cop_ets_all());
    for (int turn = 0; turn < check_scaled(50); turn++) {
        cop_ref refs[WORKERS];
        cop_pid pids[WORKERS];
        for (int i = 0; i < WORKERS; i++) {
            struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &refs[i]};
            pids[i] = cop_spawn(work_until_killed, cop_int(i), &opts);
        }
        for (int i = 0; i < turn % 7 * 3; i++)
            cop_yield();
        for (int i = 0; i < WORKERS; i++)
            cop_exit_process(pids[i], COP(":kill"));
        for (int i = 0; i < WORKERS; i++)
            CHECK_TERM(check_down(refs[i]), ":killed");
        CHECK_INT(cop_list_len(cop_ets_all()), (int64_t)before);
        cop_ets_insert(table, COP("{:still, :works}"));
    }
    cop_ets_delete(COP(":shared"));
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_exact),
        cmocka_unit_test(objects_are_seen_whole),
        cmocka_unit_test(lists_are_inserted_as_one),
        cmocka_unit_test(insert_new_has_one_winner),
        cmocka_unit_test(walks_beside_writers),
        cmocka_unit_test(tables_come_and_go),
        cmocka_unit_test(kills),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
