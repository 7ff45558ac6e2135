/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a supervisor's children and its indexes. */
#include "otp/children.h"

#include "base/alloc.h"
#include "probe.h"

static cop_pid pid_of(uint64_t n)
{
    return (cop_pid){.id = n << 3 | 1, .node = 0, .creation = 0};
}

static struct cop__child *append(struct cop__children *all, int64_t id)
{
    struct cop__spec spec = {
        .id = cop_int(id), .start = COP("{M, :f, [1]}"), .modules = COP("[M]"), .shutdown = 5000};

    return cop__children_append(all, &spec, true);
}

/* All three ways to a child agree: the list, the index by pid, the index by id. */
static void assert_consistent(const struct cop__children *all)
{
    size_t len = 0, pids = 0;

    for (const struct cop__child *c = all->first; c; c = c->after) {
        len++;
        cop_assert(c->after ? c->after->before == c : all->last == c);
        cop_assert(cop__children_by_id(all, cop_kept_term(c->id)) == c);
        if (!cop_is_no_pid(c->pid)) {
            pids++;
            cop_assert(cop__children_by_pid(all, c->pid) == c);
        }
    }
    cop_assert(len == all->len && len == all->by_id_len && pids == all->by_pid_len);
}

static void empty(void)
{
    struct cop__children all = {0};

    cop_assert(!cop__children_by_id(&all, cop_int(1)));
    cop_assert(!cop__children_by_pid(&all, pid_of(1)));
    cop_assert(!cop__children_by_pid(&all, cop_no_pid()));
    cop_assert_equal(COP("[]"), cop__children_rows(&all));
    cop_assert_equal(COP("%{specs: 0, active: 0, supervisors: 0, workers: 0}"),
                     cop__children_count(&all));
}

/* All that a child takes is given back with it. */
static void memory_comes_back(void)
{
    int64_t before = 0;

    for (int turn = 0; turn < 3; turn++) {
        struct cop__children all = {0};
        int64_t now;

        for (int i = 0; i < 100; i++)
            append(&all, i);
        while (all.first)
            cop__children_remove(&all, all.first);
        cop__children_clear(&all);
        now = (int64_t)cop__alloc_stats_read().live_blocks;
        if (turn == 0) before = now;
        cop_assert(now - before < 20);
    }
}

static void add_find_remove(void)
{
    struct cop__children all = {0};

    for (int i = 0; i < 1000; i++) {
        struct cop__child *c = append(&all, i);

        if (i % 3 != 0) cop__children_set(&all, c, COP__CHILD_RUNNING, pid_of((uint64_t)i));
    }
    assert_consistent(&all);
    for (int i = 0; i < 1000; i += 2)
        cop__children_remove(&all, cop__children_by_id(&all, cop_int(i)));
    assert_consistent(&all);
    cop_assert(!cop__children_by_id(&all, cop_int(2)));
    cop_assert(!cop__children_by_pid(&all, pid_of(2)));
    while (all.last)
        cop__children_remove(&all, all.last);
    assert_consistent(&all);
}

/* SUP-26, SUP-27, SUP-68 to 70 */
static void rows_and_counts(void)
{
    struct cop__children all = {0};
    struct cop__child *c;

    append(&all, 1);
    c = append(&all, 2);
    cop__children_set(&all, c, COP__CHILD_RUNNING, cop_self());
    c = append(&all, 3);
    c->supervisor = true;
    cop__children_set(&all, c, COP__CHILD_RESTARTING, pid_of(9));
    cop_assert_match(cop__children_rows(&all),
                     "[{3, :restarting, :supervisor, [M]}, {2, _, :worker, [M]}, "
                     "{1, :undefined, :worker, [M]}]");
    cop_assert_equal(COP("%{specs: 3, active: 1, supervisors: 1, workers: 2}"),
                     cop__children_count(&all));
    cop__children_set(&all, c, COP__CHILD_STOPPED, cop_no_pid());
    cop_assert(!cop__children_by_pid(&all, pid_of(9)));
    assert_consistent(&all);
}

/* 1 and 1.0 are different ids. */
static void ids_are_compared_exactly(void)
{
    struct cop__children all = {0};
    struct cop__spec spec = {
        .id = cop_float(1.0), .start = COP("{M, :f, []}"), .modules = COP("[]")};
    struct cop__child *one = append(&all, 1);
    struct cop__child *other = cop__children_append(&all, &spec, true);

    cop_assert(cop__children_by_id(&all, cop_int(1)) == one);
    cop_assert(cop__children_by_id(&all, cop_float(1.0)) == other);
}

static size_t longest_chain(const struct cop__children *all, bool by_id)
{
    size_t longest = 0;

    for (size_t i = 0; i < (by_id ? all->by_id_cap : all->by_pid_cap); i++) {
        const struct cop__child *c = by_id ? all->by_id[i] : all->by_pid[i];
        size_t len = 0;

        for (; c; c = by_id ? c->id_next : c->pid_next)
            len++;
        longest = len > longest ? len : longest;
    }
    return longest;
}

/* SUP-67: a hundred thousand children are found in a few steps each. */
static void many(void)
{
    struct cop__children all = {0};

    for (int i = 0; i < 100000; i++)
        cop__children_set(&all, append(&all, i), COP__CHILD_RUNNING, pid_of((uint64_t)i + 1));
    cop_assert(longest_chain(&all, true) < 20);
    cop_assert(longest_chain(&all, false) < 20);
    for (int i = 0; i < 100000; i++)
        cop__children_remove(&all, cop__children_by_pid(&all, pid_of((uint64_t)i + 1)));
    cop_assert(all.len == 0 && !all.first && !all.last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty),           TEST(memory_comes_back),        TEST(add_find_remove),
        TEST(rows_and_counts), TEST(ids_are_compared_exactly), TEST(many)};

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
