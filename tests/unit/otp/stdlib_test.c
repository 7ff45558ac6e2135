/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of the standard library: what a real node answers (tests/conformance/stdlib.tsv),
 * limits of integers, and that every table is in order. */
#include "support/process_test.h"

#include "coppice/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cop_term evaluate(void *arg)
{
    const char *text = arg;
    cop_term bindings = cop_map_new();

    return cop_eval((cop_bytes){text, strlen(text)}, bindings, &bindings, NULL);
}

/* The value of an expression as it is shown, or what its failure says. */
static cop_bytes answer_to(const char *text)
{
    struct cop_outcome outcome;
    char *copy = cop_alloc(strlen(text) + 1);

    memcpy(copy, text, strlen(text) + 1);
    if (cop_try(evaluate, copy, &outcome))
        return cop_to_bytes(cop_inspect_with(outcome.value, (struct cop_inspect_opts){0, 50}));
    return cop_to_bytes(cop_format_banner(outcome.class_, outcome.value));
}

/* Whether text is the field of the table, in which a new line is written \n. */
static bool is_field(cop_bytes text, const char *field)
{
    size_t i = 0;

    for (; *field; field++, i++) {
        bool is_line = field[0] == '\\' && field[1] == 'n' && i < text.len && text.data[i] == '\n';

        if (i >= text.len || (!is_line && text.data[i] != *field)) return false;
        if (is_line) field++;
    }
    return i == text.len;
}

/* Evaluates the expressions of a table in turn and compares the answers with the recorded ones. */
static void check_table(const char *path, int rows_min)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t cap = 0;
    int rows = 0;
    int wrong = 0;

    cop_assert(file != NULL);
    while (getline(&line, &cap, file) > 0) {
        char *tab = strchr(line, '\t');
        cop_bytes text;

        if (line[0] == '#' || tab == NULL) continue;
        *tab = '\0';
        tab[1 + strcspn(tab + 1, "\n")] = '\0';
        text = answer_to(line);
        rows++;
        if (is_field(text, tab + 1)) continue;
        printf("%s\nshown    %.*s\nexpected %s\n", line, (int)text.len, text.data, tab + 1);
        wrong++;
    }
    free(line);
    (void)fclose(file);
    cop_assert(rows > rows_min);
    cop_assert_equal(0, wrong);
}

PROCESS_TEST(answers_as_a_real_node)
{
    check_table(CONFORMANCE_DIR "/stdlib.tsv", 280);
}

/* ETS-01 ETS-02 ETS-05 ETS-06 ETS-07 ETS-08 ETS-09 ETS-10 ETS-11 ETS-12 ETS-13 ETS-14 ETS-16 */
PROCESS_TEST(tables_answer_as_those_of_a_real_node)
{
    check_table(CONFORMANCE_DIR "/ets.tsv", 290);
}

static void check_answer(const char *source, const char *expected)
{
    cop_bytes text = answer_to(source);

    if (text.len != strlen(expected) || memcmp(text.data, expected, text.len) != 0) {
        printf("%s\nshown    %.*s\nexpected %s\n", source, (int)text.len, text.data, expected);
        cop_assert_equal(expected, "what is shown above");
    }
}

/* Integers of any size are carried, those beyond 64 bits are not computed with. */
PROCESS_TEST(integers_end_at_64_bits)
{
    check_answer("9223372036854775806 + 1", "9223372036854775807");
    check_answer("9223372036854775807 + 1",
                 "** (SystemLimitError) a system limit has been reached");
    check_answer("-9223372036854775808 - 1",
                 "** (SystemLimitError) a system limit has been reached");
    check_answer("4611686018427387904 * 2",
                 "** (SystemLimitError) a system limit has been reached");
    check_answer("div(-9223372036854775808, -1)",
                 "** (SystemLimitError) a system limit has been reached");
    check_answer("100000000000000000000 + 1",
                 "** (SystemLimitError) a system limit has been reached");
    check_answer("100000000000000000000 > 99999999999999999999", "true");
    check_answer("100000000000000000000 / 100000000000000000000", "1.0");
    check_answer("round(1.0e30)", "** (SystemLimitError) a system limit has been reached");
}

/* A long list in, sorted out; equal elements stay in their order. */
PROCESS_TEST(sorts_long_lists)
{
    cop_term list = cop_empty_list();
    cop_term sorted;
    int64_t last = -1;
    int64_t last_at = -1;
    uint64_t seed = 1;

    for (int64_t i = 5000; i-- > 0;) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        list = cop_cons(cop_tuple((int64_t)(seed >> 60), i), list);
    }
    sorted = cop_apply(COP("Enum"), COP(":sort_by"), cop_list(list, COP("&elem(&1, 0)")));
    cop_assert_equal(5000, cop_list_len(sorted));
    for (; !cop_is_empty_list(sorted); sorted = cop_tail(sorted)) {
        int64_t key = cop_to_int(cop_elem(cop_head(sorted), 0));
        int64_t at = cop_to_int(cop_elem(cop_head(sorted), 1));

        cop_assert(key > last || (key == last && at > last_at));
        last = key;
        last_at = at;
    }
}

/* PRC-01, NAM-01, TMR-04, MON-09, ALS-01, ALS-03, MSG-01 as the module Process shows them */
PROCESS_TEST(processes)
{
    check_answer("p = spawn(&Process.sleep(:infinity)); Process.register(p, :sleeper);"
                 " [Process.whereis(:sleeper) == p, Process.alive?(p),"
                 " Process.exit(p, :kill), Process.sleep(10), Process.alive?(p),"
                 " Process.whereis(:sleeper)]",
                 "[true, true, true, :ok, false, nil]");
    check_answer("t = Process.send_after(self(), :late, 60000);"
                 " [Process.read_timer(t) > 50000, Process.cancel_timer(t) > 50000,"
                 " Process.cancel_timer(t)]",
                 "[true, true, false]");
    check_answer("{p, r} = spawn_monitor(&Process.sleep(:infinity));"
                 " [Process.demonitor(r, [:info]), Process.demonitor(r, [:info]),"
                 " Process.demonitor(r), Process.exit(p, :kill)]",
                 "[true, false, true, true]");
    check_answer("a = Process.alias(); r = Process.alias([:reply]);"
                 " [send(a, 1), send(a, 2), send(r, 3), send(r, 4),"
                 " Process.info(self(), :messages), Process.unalias(a), send(a, 5),"
                 " Process.unalias(a), Process.unalias(r), Process.info(self(), :messages)]",
                 "[1, 2, 3, 4, {:messages, [1, 2, 3]}, true, 5, false, false,"
                 " {:messages, [1, 2, 3]}]");
    check_answer("Process.put(:k, 1); [Process.get(:k), Process.get(:none), Process.get(:none, 2),"
                 " Process.delete(:k), Process.get(:k)]",
                 "[1, nil, 2, 1, nil]");
    check_answer("elem(Process.info(self(), :trap_exit), 1)", "false");
    check_answer("{p, r} = spawn_monitor(&Function.identity(1)); Process.sleep(10);"
                 " [Process.info(p), Process.info(p, :links)]",
                 "[nil, nil]");
}

/* Any module of the library has a text for each function, and one of its own. */
PROCESS_TEST(all_is_documented)
{
    int modules = 0;

    (void)cop_module_find(COP("Kernel"));
    for (cop_term l = cop_modules(); !cop_is_empty_list(l); l = cop_tail(l)) {
        const struct cop_module *module = cop_module_find(cop_head(l));

        if (module->functions == NULL) continue;
        cop_assert(module->doc != NULL && module->doc[0] != '\0');
        for (const struct cop_function *f = module->functions; f->signature; f++)
            cop_assert(f->doc != NULL && strlen(f->doc) > 2);
        modules++;
    }
    cop_assert(modules > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_a_real_node),
        cmocka_unit_test(tables_answer_as_those_of_a_real_node),
        cmocka_unit_test(integers_end_at_64_bits),
        cmocka_unit_test(sorts_long_lists),
        cmocka_unit_test(processes),
        cmocka_unit_test(all_is_documented),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
