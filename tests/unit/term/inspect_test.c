/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of terms: the recorded answers of a real node (tests/conformance/inspect.tsv), what the
 * table cannot hold (pids, captures, depth, limits), and that what was printed reads back. */
#include <stdio.h>

#include "syntax_test.h"

#include <stdlib.h>

#include "support/gen_term.h"
#include "term/float.h"
#include "term/inspect.h"

static void check_text(const char *source, cop_term shown_as, const char *expected)
{
    cop_bytes text = cop_to_bytes(shown_as);

    if (text.len != strlen(expected) || memcmp(text.data, expected, text.len) != 0)
        fail_msg("%s\nshown    %.*s\nexpected %s", source, (int)text.len, text.data, expected);
}

/* A text as a field of the table: a new line is written \\n. */
static cop_term one_field(cop_term text)
{
    cop_bytes bytes = cop_to_bytes(text);
    char *field = malloc(2 * bytes.len + 1);
    size_t len = 0;
    cop_term made;

    assert_non_null(field);
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] == '\n') {
            field[len++] = '\\';
            field[len++] = 'n';
        } else {
            field[len++] = bytes.data[i];
        }
    }
    made = cop_binary(field, len);
    free(field);
    return made;
}

/* INS-01 to INS-16 */
static void as_a_real_node(void **state)
{
    FILE *file = fopen(CONFORMANCE_DIR "/inspect.tsv", "r");
    char *line = NULL;
    size_t cap = 0;
    int rows = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &cap, file) > 0) {
        char *tab = strchr(line, '\t');

        if (line[0] == '#' || tab == NULL) continue;
        *tab = '\0';
        tab[1 + strcspn(tab + 1, "\n")] = '\0';
        check_text(line, one_field(cop_inspect(term_of(line))), tab + 1);
        rows++;
        cop__heap_reset(&test_heap);
    }
    free(line);
    (void)fclose(file);
    assert_true(rows > 400);
}

static void one_line(const char *source, const char *expected)
{
    check_text(source, cop_inspect_with(term_of(source), (struct cop_inspect_opts){0, 50}),
               expected);
}

/* INS-09 */
static void pids_and_references(void **state)
{
    cop_pid local = {.id = UINT64_C(3) << 28 | 148};
    cop_pid remote = {.id = UINT64_C(1) << 28 | 7, .node = 5, .creation = 1};
    cop_ref ref = {.id = {3, 2, 1}, .node = 0};

    (void)state;
    check_text("pid", cop_inspect(cop_pid_term(local)), "#PID<0.148.3>");
    check_text("pid of a node", cop_inspect(cop_pid_term(remote)), "#PID<5.7.1>");
    check_text("reference", cop_inspect(cop_ref_term(ref)), "#Reference<0.1.2.3>");
}

/* INS-09: captures, also with bound arguments, and functions whose names need quotes */
static void captures(void **state)
{
    (void)state;
    one_line("&String.upcase/1", "&String.upcase/1");
    one_line("&:lists.map/2", "&:lists.map/2");
    one_line("&Kernel.+/2", "&Kernel.+/2");
    one_line("&Map.get(&1, :k)", "&Map.get(&1, :k)");
    one_line("&Map.put(&1, \"eggs\", [1, &2])", "&Map.put(&1, \"eggs\", [1, &2])");
    one_line("&{&1, %{k: &2}}", "&Function.identity({&1, %{:k => &2}})");
    one_line("&[&1 | &2]", "&Function.identity([&1 | &2])");
    one_line("&Map.put(&1, :n, Map.get(&1, :n) + 1)",
             "&Map.put(&1, :n, Kernel.+(Map.get(&1, :n), 1))");
    check_text("quoted", cop_inspect(cop_capture(cop_atom("Elixir.Foo"), cop_atom("a b"), 2)),
               "&Foo.\"a b\"/2");
    check_text("alias", cop_inspect(cop_capture(cop_atom("x y"), cop_atom("Foo"), 0)),
               "&:\"x y\".\"Foo\"/0");
    check_text("operator", cop_inspect(cop_capture(cop_atom("Elixir.Foo"), cop_atom("::"), 2)),
               "&Foo.::/2");
}

/* INS-08 */
static void structs_and_exceptions(void **state)
{
    (void)state;
    one_line("%{__struct__: RuntimeError, __exception__: true, message: \"x\"}",
             "%RuntimeError{message: \"x\"}");
    one_line("%{__struct__: KeyError, __exception__: true, key: 1, term: [], message: nil}",
             "%KeyError{key: 1, term: [], message: nil}");
    one_line("%{__struct__: CondClauseError, __exception__: true}", "%CondClauseError{}");
    one_line("%{__struct__: :name, a: 1}", "%{__struct__: :name, a: 1}");
    one_line("1..3", "1..3");
    one_line("1..1", "1..1");
    one_line("1..0//1", "1..0//1");
    one_line("[3..1, {-5..5//2}]", "[3..1//-1, {-5..5//2}]");
    one_line("%{__struct__: Range, first: :a, last: 2, step: 1}",
             "%Range{first: :a, last: 2, step: 1}");
    one_line("%{__struct__: Range, first: 1, last: 2, step: 1, more: 2}", "1..2");
    one_line("%{__struct__: Other, first: 1, last: 2, step: 1}",
             "%Other{first: 1, last: 2, step: 1}");
}

/* INS-11: what is left of a limit holds inside an element */
static void limits(void **state)
{
    static const struct {
        const char *source;
        int limit;
        const char *expected;
    } rows[] = {
        {"[1, 2, 3, 4]", 3, "[1, 2, 3, ...]"},
        {"[1, 2, 3]", 3, "[1, 2, 3]"},
        {"{1, 2, 3, 4}", 3, "{1, 2, 3, ...}"},
        {"%{a: 1, b: [1, 2, 3], c: 2}", 2, "%{a: 1, b: [...], ...}"},
        {"<<255, 2, 3, 4>>", 3, "<<255, 2, 3, ...>>"},
        {"[1, 2 | 3]", 2, "[1, 2 | 3]"},
        {"[1, 2 | {3}]", 2, "[1, 2 | {...}]"},
        {"{<<255>>}", 1, "{<<...>>}"},
        {"[a: 1, b: 2]", 1, "[a: 1, ...]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_text(
            rows[i].source,
            cop_inspect_with(term_of(rows[i].source), (struct cop_inspect_opts){0, rows[i].limit}),
            rows[i].expected);
}

/* INS-11: strings show 4096 characters, and all of them where there is no limit */
static void long_strings(void **state)
{
    static char text[5001];
    cop_term string;

    (void)state;
    memset(text, 'a', 5000);
    string = cop_binary(text, 5000);
    assert_int_equal(cop_to_bytes(cop_inspect(string)).len, 4096 + 2 + 7);
    assert_int_equal(cop_to_bytes(cop_inspect_with(string, (struct cop_inspect_opts){80, 0})).len,
                     5002);
}

/* INS-03: digits for all powers of two, and that they read back */
static void floats_read_back(void **state)
{
    char text[COP__FLOAT_TEXT_MAX + 1];
    double value = 0x1p-1074;

    (void)state;
    for (int i = -1074; i < 1024; i++) {
        size_t len = cop__float_text(value, text);

        assert_true(len < COP__FLOAT_TEXT_MAX);
        text[len] = '\0';
        assert_true(strtod(text, NULL) == value);
        value *= 2;
    }
    text[cop__float_text(5e-324, text)] = '\0';
    assert_string_equal(text, "5.0e-324");
    text[cop__float_text(9007199254740993.0, text)] = '\0';
    assert_string_equal(text, "9007199254740992.0");
    text[cop__float_text(0x1p-44, text)] = '\0';
    assert_string_equal(text, "5.684341886080802e-14");
    text[cop__float_text(-0.0, text)] = '\0';
    assert_string_equal(text, "-0.0");
}

/* A million levels take no stack; a limit ends them as it ends a long list. */
static void deep_terms(void **state)
{
    struct cop_inspect_opts all = {0, 0};
    cop_term list = cop_empty_list();
    cop_term tuple = cop_int(1);
    cop_bytes text;

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        list = cop_list_from(&list, 1);
        tuple = cop_tuple_from(&tuple, 1);
    }
    text = cop_to_bytes(cop_inspect_with(list, all));
    assert_int_equal(text.len, 2000002);
    text = cop_to_bytes(cop_inspect_with(tuple, all));
    assert_int_equal(text.len, 2000001);
    all.width = 80; /* a million groups that cannot be broken */
    text = cop_to_bytes(cop_inspect_with(tuple, all));
    assert_int_equal(text.len, 2000001);
    text = cop_to_bytes(cop_inspect_with(list, (struct cop_inspect_opts){0, 50}));
    assert_int_equal(text.len, 2 * 51 + 3);
}

/* --- What is printed reads back --------------------------------------------------------------- */

static void printed_reads_back(void **state)
{
    struct gen_term gen;

    (void)state;
    /* A capture bound inside a capture is shown as such, but the syntax does not nest them. */
    gen_term_init(&gen, 1, GEN_TERM_NO_IDS | GEN_TERM_NO_CAPTURES);
    for (int i = 0; i < 1000; i++) {
        cop_term t = gen_term(&gen, (size_t)(1 + i % 60));
        int width = i % 3 ? 80 : 0;
        cop_bytes text = cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){width, 0}));
        struct cop_parse_error error;
        cop_term back;

        if (!cop_parse(text, &back, &error))
            fail_msg("%.*s\n%d:%d: %s", (int)text.len, text.data, error.line, error.column,
                     error.text);
        check_same(back, t);
        cop__heap_reset(&test_heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_real_node),
        cmocka_unit_test(pids_and_references),
        cmocka_unit_test(captures),
        cmocka_unit_test(structs_and_exceptions),
        cmocka_unit_test(limits),
        cmocka_unit_test(long_strings),
        cmocka_unit_test(floats_read_back),
        cmocka_unit_test(deep_terms),
        cmocka_unit_test(printed_reads_back),
    };

    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
