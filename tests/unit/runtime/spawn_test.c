/* SPDX-License-Identifier: Apache-2.0 */
/* Making processes: arguments, options, stacks, many of them (EXI-01, LNK-11, MON-12, PRC). */
#include "support/check_process.h"

#include <pthread.h>
#include <string.h>

static cop_next echo_argument(cop_term arg)
{
    cop_pid to;
    cop_term value;
    cop_expect(arg, "{to, value}", to, value);
    cop_send(to, cop_tuple(cop_self(), value));
    return cop_end();
}

/* The argument is copied: nothing of the spawner's region is needed later. */
PROCESS_TEST(the_argument_is_copied)
{
    for (int i = 0; i < 200; i++) {
        cop_term value = cop_list(i, "text", cop_tuple(COP(":x"), cop_make_ref()));
        cop_pid p = cop_spawn(echo_argument, cop_tuple(cop_self(), value), NULL);
        CHECK_SAME(check_next(), cop_tuple(p, value));
    }
    return cop_end();
}

/* --- Stacks ------------------------------------------------------------------------------------*/

static int go_deep(int depth)
{
    volatile char frame[1000];
    memset((char *)(uintptr_t)frame, depth, sizeof(frame));
    if (depth == 0) return frame[17];
    return go_deep(depth - 1) + frame[17] * 0 + 1;
}

static cop_next use_much_stack(cop_term arg)
{
    cop_pid to;
    int depth;
    cop_expect(arg, "{to, depth}", to, depth);
    int result = go_deep(depth);
    cop_yield(); /* the stack goes on to be used on whatever thread */
    cop_send(to, cop_int(result));
    return cop_end();
}

/* stack_size: 3 MB used of 4 MB, while others run on theirs. */
PROCESS_TEST(larger_stacks)
{
    struct cop_spawn_opts opts = {.stack_size = 16 << 20};
    for (int i = 0; i < 10; i++)
        cop_spawn(use_much_stack, cop_tuple(cop_self(), 3000), &opts);
    for (int i = 0; i < 10; i++)
        CHECK_SAME(check_next(), 3000);
    opts.stack_size = 70001; /* no whole number of pages */
    cop_spawn(use_much_stack, cop_tuple(cop_self(), 20), &opts);
    CHECK_SAME(check_next(), 20);
    return cop_end();
}

/* --- Options -----------------------------------------------------------------------------------*/

static cop_next wait_for_end(cop_term arg)
{
    cop_term msg;
    (void)arg;
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* The name is what tools show. */
PROCESS_TEST(the_name_of_the_function)
{
    struct cop_spawn_opts opts = {.name = "My.Worker.init/1"};
    cop_pid p = cop_spawn(wait_for_end, cop_nil(), &opts);
    CHECK_TERM(check_info(p, "initial_call"), "\"My.Worker.init/1\"");
    cop_send(p, COP(":end"));
    return cop_end();
}

/* --- Other threads -----------------------------------------------------------------------------*/

static atomic_int ran;

static cop_next count_run(cop_term arg)
{
    CHECK_TERM(cop_elem(arg, 0), "\"from outside\"");
    atomic_fetch_add(&ran, 1);
    return cop_end();
}

static void *spawn_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < 500; i++) {
        cop_region *region = cop_region_open();
        cop_spawn(count_run, cop_tuple("from outside", i), NULL);
        cop_region_close(region);
    }
    return NULL;
}

static cop_next wait_for_runs(cop_term arg)
{
    (void)arg;
    check_wait_for(&ran, 1000);
    return cop_end();
}

static void spawn_from_other_threads(void **state)
{
    pthread_t threads[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, spawn_many, NULL), 0);
    check_run("wait_for_runs", wait_for_runs);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&ran), 1000);
}

static cop_next no_process_here(cop_term arg)
{
    (void)arg;
    CHECK(!cop_is_no_pid(cop_self()));
    return cop_end();
}

static void self_outside_of_processes(void **state)
{
    (void)state;
    assert_true(cop_is_no_pid(cop_self()));
    check_run("no_process_here", no_process_here);
}

/* --- Many --------------------------------------------------------------------------------------*/

/* A ring of processes that wait inside a receive, each with its stack: a token goes round. */
static cop_next ring_member(cop_term arg)
{
    cop_pid next = cop_to_pid(arg);
    for (;;) {
        cop_term msg;
        cop_receive(&msg, COP_INFINITY);
        cop_send(next, msg);
        if (cop_identical(msg, COP(":stop"))) return cop_end();
    }
}

PROCESS_TEST(many_processes_with_stacks)
{
    int count = check_scaled(5000);
    cop_pid next = cop_self();
    for (int i = 0; i < count; i++)
        next = cop_spawn(ring_member, cop_pid_term(next), NULL);
    for (int i = 0; i < 10; i++) {
        cop_send(next, i);
        CHECK_SAME(check_next(), i);
    }
    cop_send(next, COP(":stop"));
    CHECK_TERM(check_next(), ":stop");
    return cop_end();
}

/* EXI-01: a tree of processes 2 wide and 10 deep, all end, all are counted. */
static cop_next tree(cop_term arg)
{
    cop_pid to;
    int depth;
    cop_expect(arg, "{to, depth}", to, depth);
    int64_t count = 1;
    for (int i = 0; depth > 0 && i < 2; i++)
        cop_spawn(tree, cop_tuple(cop_self(), depth - 1), NULL);
    for (int i = 0; depth > 0 && i < 2; i++)
        count += cop_to_int(check_next());
    cop_send(to, count);
    return cop_end();
}

PROCESS_TEST(a_tree_of_processes)
{
    cop_spawn(tree, cop_tuple(cop_self(), 10), NULL);
    CHECK_SAME(check_next(), 2047);
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_argument_is_copied),    cmocka_unit_test(larger_stacks),
        cmocka_unit_test(the_name_of_the_function),  cmocka_unit_test(spawn_from_other_threads),
        cmocka_unit_test(self_outside_of_processes), cmocka_unit_test(many_processes_with_stacks),
        cmocka_unit_test(a_tree_of_processes),
    };
    return cmocka_run_group_tests_name("spawn", tests, check_start_node, check_stop_node);
}
