/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar: what texts are quoted to, where and why others fail. */
#include <stdio.h>
#include <stdlib.h>

#include "quoted_table.h"
#include "syntax_test.h"

/* --- Quoted forms, their places left out ------------------------------------------------------ */

static cop_term strip(cop_term t);

static cop_term strip_list(cop_term list)
{
    if (!cop_is_list(list)) return strip(list);
    if (cop_is_empty_list(list)) return list;
    return cop_cons(strip(cop_head(list)), strip_list(cop_tail(list)));
}

static cop_term strip(cop_term t)
{
    if (cop_is_list(t)) return strip_list(t);
    if (!cop_is_tuple(t)) return t;
    if (cop_tuple_size(t) == 3 && cop_is_keyword(cop_elem(t, 1))) {
        cop_term flag = cop_keyword_get(cop_elem(t, 1), cop_atom("no_parens"), cop_none());
        cop_term meta = cop_empty_list();
        if (!cop_is_none(flag)) {
            meta = cop_list(cop_tuple(cop_atom("no_parens"), flag));
        }
        return cop_tuple(strip(cop_elem(t, 0)), meta, strip(cop_elem(t, 2)));
    }
    if (cop_tuple_size(t) == 2) return cop_tuple(strip(cop_elem(t, 0)), strip(cop_elem(t, 1)));
    return t;
}

static void quotes_as_elixir(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(quoted_table) / sizeof(quoted_table[0]); i++) {
        struct cop_parse_error error;
        cop_term quoted;
        cop_term expected = term_of(quoted_table[i].quoted);
        if (!cop_quote(bytes_of(quoted_table[i].text), &quoted, &error)) {
            fail_msg("%s: %d:%d: %s", quoted_table[i].text, error.line, error.column, error.text);
        }
        if (!cop_identical(strip(quoted), expected)) {
            fail_msg("%s\ngot      %s\nexpected %s", quoted_table[i].text, shown(strip(quoted)),
                     shown(expected));
        }
    }
}

/* Where we differ from Elixir on purpose: a minus after a blank makes no argument. */
static void minus_after_a_name_subtracts(void **state)
{
    (void)state;
    check_same(strip(quoted_of("f -1")), term_of("{:-, [], [{:f, [], nil}, 1]}"));
    check_same(strip(quoted_of("f -x")), term_of("{:-, [], [{:f, [], nil}, {:x, [], nil}]}"));
}

/* Nor is the first character of != a part of the name before it. */
static void unequal_needs_no_blank(void **state)
{
    (void)state;
    check_same(strip(quoted_of("a!=b")), term_of("{:!=, [], [{:a, [], nil}, {:b, [], nil}]}"));
}

static void tells_places(void **state)
{
    cop_term quoted = quoted_of("a =\n  é + foo(b)");
    cop_term plus = cop_elem(quoted, 2);

    (void)state;
    check_same(quoted, term_of("{:=, [line: 1, column: 3],"
                               " [{:a, [line: 1, column: 1], nil},"
                               "  {:+, [line: 2, column: 5],"
                               "   [{:é, [line: 2, column: 3], nil},"
                               "    {:foo, [line: 2, column: 7],"
                               "     [{:b, [line: 2, column: 11], nil}]}]}]}"));
    assert_true(cop_is_list(plus));
}

static void nothing_is_an_empty_block(void **state)
{
    (void)state;
    check_same(strip(quoted_of("")), term_of("{:__block__, [], []}"));
    check_same(strip(quoted_of("  # only a comment\n")), term_of("{:__block__, [], []}"));
}

/* --- Errors ----------------------------------------------------------------------------------- */

struct failure {
    const char *text;
    int line;
    int column;
    bool incomplete;
    const char *says; /* a part of the message */
};

static void check_failures(const struct failure *failures, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct failure *f = &failures[i];
        struct cop_parse_error error;
        cop_term quoted;
        if (cop_quote(bytes_of(f->text), &quoted, &error)) {
            fail_msg("%s: was read as %s", f->text, shown(quoted));
        }
        if (strstr(error.text, f->says) == NULL || error.line != f->line ||
            error.column != f->column || error.incomplete != f->incomplete) {
            fail_msg("%s\ngot      %d:%d: %s%s\nexpected %d:%d: %s%s", f->text, error.line,
                     error.column, error.text, error.incomplete ? " (incomplete)" : "", f->line,
                     f->column, f->says, f->incomplete ? " (incomplete)" : "");
        }
    }
}
#define CHECK_FAILURES(table) check_failures(table, sizeof(table) / sizeof((table)[0]))

static void says_what_is_wrong(void **state)
{
    static const struct failure failures[] = {
        {")", 1, 1, false, "unexpected token: )"},
        {"1 + )", 1, 5, false, "unexpected token: ) (expected an expression after the operator)"},
        {"(1]", 1, 3, false,
         "unexpected token: ]. The \"(\" at line 1 is missing terminator \")\""},
        {"[1\n, {2)", 2, 5, false, "The \"{\" at line 2 is missing terminator \"}\""},
        {"1 2", 1, 3, false, "unexpected token: 2 (expected an operator or the end"},
        {"[1 2]", 1, 4, false, "unexpected token: 2 (expected an operator, a comma or ])"},
        {"{1 :a}", 1, 4, false, "unexpected token: :a (expected an operator, a comma or })"},
        {"[,]", 1, 2, false, "unexpected token: ,"},
        {"f(,)", 1, 3, false, "unexpected token: ,"},
        {"f(1,)", 1, 5, false, "unexpected token: ) (expected an expression)"},
        {"()", 1, 2, false, "unexpected token: )"},
        {"(1, 2)", 1, 3, false, "unexpected token: ,"},
        {"1, 2", 1, 2, false, "unexpected token: ,"},
        {"a:1", 1, 1, false, "keyword argument must be followed by space after: a:"},
        {"a: 1", 1, 1, false, "unexpected token: a:"},
        {"[a: 1, 2]", 1, 8, false, "unexpected expression after keyword list"},
        {"f(a: 1, 2)", 1, 9, false, "Keyword lists must always come as the last argument"},
        {"%{a: 1, 2 => 3}", 1, 9, false, "unexpected expression after keyword list"},
        {"%{1}", 1, 4, false, "unexpected token: } (expected => after a key of a map)"},
        {"%{1, 2 => 3}", 1, 4, false, "=> after a key of a map"},
        {"%{m | }", 1, 7, false, "unexpected token: }"},
        {"%{a => }", 1, 8, false, "unexpected token: }"},
        {"[a: ]", 1, 5, false, "unexpected token: ] (expected a value after the key)"},
        {"1 => 2", 1, 3, false, "unexpected token: =>"},
        {"[f 1, 2]", 1, 5, false, "unexpected comma. Parentheses are required"},
        {"g(a: f 1, b: 2)", 1, 9, false, "unexpected comma. Parentheses are required"},
        {"[1; 2]", 1, 3, false, "unexpected token: ;"},
        {"x.1", 1, 3, false, "unexpected token: 1 (expected a name or ( after the dot)"},
        {"a.B", 1, 3, false, "unexpected token: B (expected a name or ( after the dot)"},
        {"f(1)(2)", 1, 5, false, "unexpected token: ("},
        {"%a{}", 1, 2, false, "unexpected token: a"},
        {"* 2", 1, 1, false, "unexpected token: *"},
        {"1 ! 2", 1, 3, false, "unexpected token: !"},
    };

    (void)state;
    CHECK_FAILURES(failures);
}

/* The grammar has neither functions nor branches: the message says so. */
static void says_what_is_left_out(void **state)
{
    static const struct failure failures[] = {
        {"fn x -> x end", 1, 1, false, "unexpected reserved word: fn"},
        {"if x do", 1, 6, false, "unexpected reserved word: do"},
        {"a ||| b", 1, 3, false, "unexpected operator: ||| (it is not part of this grammar)"},
        {"x -> y", 1, 3, false, "unexpected operator: ->"},
        {"x when y", 1, 3, false, "unexpected operator: when"},
        {"<<x::size(3)>>", 1, 4, false, "sizes and types of segments"},
        {"<<1::4>>", 1, 4, false, "sizes and types of segments"},
        {"<<300>>", 1, 3, false, "a segment of <<...>> must be a byte"},
        {"<<1.5>>", 1, 3, false, "a segment of <<...>> must be a byte"},
        {"~r/a/", 1, 1, false,
         "unsupported sigil: there are no regular expressions here; "
         "\"text\" =~ \"part\" looks for a string"},
        {"~x/a/", 1, 1, false, "unsupported sigil: only ~s, ~c and ~w are read here"},
        {"\"\"\"a\n\"\"\"", 1, 1, false,
         "heredoc allows only zero or more whitespace characters followed by a new line after "
         "\"\"\""},
        {"'a#{b}'", 1, 3, false, "interpolation in a charlist is not supported"},
        {":\"a#{b}\"", 1, 4, false, "interpolation in a atom is not supported"},
    };

    (void)state;
    CHECK_FAILURES(failures);
}

static void says_that_more_is_expected(void **state)
{
    static const struct failure failures[] = {
        {"[1,", 1, 4, true, "missing terminator: ] (for \"[\" starting at line 1)"},
        {"{1, 2", 1, 6, true, "missing terminator: } (for \"{\" starting at line 1)"},
        {"f(a, b", 1, 7, true, "missing terminator: ) (for \"(\" starting at line 1)"},
        {"\n\n%{a: 1", 3, 7, true, "missing terminator: } (for \"%{\" starting at line 3)"},
        {"<<1", 1, 4, true, "missing terminator: >> (for \"<<\" starting at line 1)"},
        {"x[1", 1, 4, true, "missing terminator: ] (for \"[\" starting at line 1)"},
        {"1 +", 1, 4, true, "expression is incomplete"},
        {"x =\n", 2, 1, true, "expression is incomplete"},
        {"[a:", 1, 4, true, "missing terminator: ]"},
        {"not", 1, 4, true, "expression is incomplete"},
        {"x.", 1, 3, true, "expression is incomplete"},
        {"\"abc", 1, 5, true, "missing terminator: \" (for string starting at line 1)"},
        {"\n\"a\nbc", 3, 3, true, "missing terminator: \" (for string starting at line 2)"},
        {"'abc", 1, 5, true, "missing terminator: ' (for charlist starting at line 1)"},
        {":\"abc", 1, 6, true, "missing terminator: \" (for atom starting at line 1)"},
        {"~w(a b", 1, 7, true, "missing terminator: ) (for sigil starting at line 1)"},
        {"\"a#{b", 1, 6, true, "missing terminator: } (for \"#{\" starting at line 1)"},
        {"\"a#{b} c", 1, 9, true, "missing terminator: \" (for string starting at line 1)"},
        {"\"a\\", 1, 4, true, "missing terminator"},
        {"\"\"\"", 1, 4, true, "missing terminator: \"\"\" (for heredoc starting at line 1)"},
        {"\"\"\"\na", 2, 2, true, "missing terminator: \"\"\" (for heredoc starting at line 1)"},
        {"\"\"\"\na\"\"\"\n", 3, 1, true, "missing terminator: \"\"\" (for heredoc"},
        {"'''\na#", 2, 3, true, "missing terminator: ''' (for heredoc starting at line 1)"},
    };

    (void)state;
    CHECK_FAILURES(failures);
}

/* --- Depth ------------------------------------------------------------------------------------ */

/* `repeat` times `text`, with what comes before and after; to be freed. */
static char *repeated(const char *before, const char *text, size_t repeat, const char *after)
{
    size_t len = strlen(text);
    size_t size = strlen(before) + len * repeat + strlen(after) + 1;
    char *all = malloc(size);
    char *at = all + strlen(before);

    assert_non_null(all);
    (void)snprintf(all, size, "%s", before);
    for (size_t i = 0; i < repeat; i++, at += len) {
        memcpy(at, text, len);
    }
    memcpy(at, after, strlen(after) + 1);
    return all;
}

static void check_too_deep(size_t levels, const char *before, const char *text, const char *after)
{
    char *all = repeated(before, text, levels, after);
    struct cop_parse_error error;
    cop_term quoted;

    if (cop_quote(bytes_of(all), &quoted, &error)) fail_msg("%zu times %s was read", levels, text);
    if (strstr(error.text, "nested too deep: more than 100000 levels") == NULL) {
        fail_msg("%zu times %s: %s", levels, text, error.text);
    }
    assert_false(error.incomplete);
    free(all);
    cop__heap_reset(&test_heap);
}

static void a_million_levels_are_an_error(void **state)
{
    (void)state;
    check_too_deep(1000000, "", "[", "");
    check_too_deep(110000, "", "{", "");
    check_too_deep(110000, "", "(", "1");
    check_too_deep(110000, "", "%{a: ", "");
    check_too_deep(110000, "", "f(", "");
    check_too_deep(110000, "", "- ", "x");
    check_too_deep(110000, "", "not ", "x");
    check_too_deep(110000, "", "\"#{", "");
    check_too_deep(110000, "", "f ", "1");
    check_too_deep(110000, "", "a = ", "1");
    check_too_deep(110000, "1", "+ 1", "");
    check_too_deep(110000, "a", ".b", "");
    check_too_deep(110000, "a", "[1]", "");
    check_too_deep(110000, "a", ".()", "");
    check_too_deep(110000, "a", " |> b()", "");
}

static void many_levels_are_fine(void **state)
{
    char *open = repeated("", "[", 90000, "");
    char *all = repeated(open, "]", 90000, "");
    cop_term t = term_of(all);
    size_t levels = 0;

    (void)state;
    for (; !cop_is_empty_list(t); t = cop_head(t)) {
        levels++;
    }
    assert_int_equal(levels, 89999);
    free(open);
    free(all);
}

static void wide_is_not_deep(void **state)
{
    char *all = repeated("[", "1, ", 60000, "2]");

    (void)state;
    assert_int_equal(cop_list_len(term_of(all)), 60001);
    free(all);
    all = repeated("", "x = 1\n", 30000, "x");
    assert_int_equal(cop_list_len(cop_elem(quoted_of(all), 2)), 30001);
    free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_as_elixir),
        cmocka_unit_test(minus_after_a_name_subtracts),
        cmocka_unit_test(unequal_needs_no_blank),
        cmocka_unit_test(tells_places),
        cmocka_unit_test(nothing_is_an_empty_block),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(says_what_is_left_out),
        cmocka_unit_test(says_that_more_is_expected),
        cmocka_unit_test(a_million_levels_are_an_error),
        cmocka_unit_test(many_levels_are_fine),
        cmocka_unit_test(wide_is_not_deep),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
