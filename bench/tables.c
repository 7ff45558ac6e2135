/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include <coppice.h>

#include <stdint.h>
#include <time.h>

#define ROWS    10000
#define OPS     400000
#define WORKERS 2

typedef void (*op_fn)(int64_t key);
static op_fn op; /* what the workers do */

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void lookup(int64_t key)
{
    if (cop_is_empty_list(cop_ets_lookup(COP(":bench"), key))) cop_exit(COP(":lost"));
}

static void insert(int64_t key)
{
    cop_ets_insert(COP(":bench"), cop_tuple(key, key, COP(":value")));
}

static void count(int64_t key)
{
    cop_ets_update_counter(COP(":bench"), key, 1);
}

static void count_one(int64_t key)
{
    (void)key;
    cop_ets_update_counter(COP(":bench"), 0, 1);
}

/* What is read goes with the turn, as in a server. */
static cop_next turn(void *state)
{
    int64_t *left = state;
    for (int i = 0; i < 100; i++)
        op((*left)-- * 7919 % ROWS);
    if (*left <= 0) return cop_end();
    return cop_hibernate_for(turn, state, 0);
}

static cop_next worker(cop_term arg)
{
    int64_t *left = cop_alloc(sizeof(*left));
    (void)arg;
    *left = OPS;
    return turn(left);
}

static double run(op_fn fn, cop_term type)
{
    cop_ref refs[WORKERS];
    cop_term options = cop_list(type, COP(":named_table"), COP(":public"));
    op = fn;
    cop_ets_new(COP(":bench"), options);
    for (int64_t i = 0; i < ROWS; i++)
        insert(i);
    double from = now_ns();
    for (int i = 0; i < WORKERS; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &refs[i]};
        cop_spawn(worker, cop_nil(), &opts);
    }
    for (int i = 0; i < WORKERS; i++) {
        cop_term down;
        cop_receive(&down, COP_INFINITY);
    }
    double took = now_ns() - from;
    cop_ets_delete(COP(":bench"));
    return took / ((double)OPS * WORKERS);
}

double ets_lookup(void)
{
    return run(lookup, COP(":set"));
}

double ets_lookup_ordered(void)
{
    return run(lookup, COP(":ordered_set"));
}

double ets_insert(void)
{
    return run(insert, COP(":set"));
}

double ets_update_counter(void)
{
    return run(count, COP(":set"));
}

double ets_update_one(void)
{
    return run(count_one, COP(":set"));
}
