/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: their kinds, places and what stands around them. What texts and numbers mean is in
 * literal_test.c. */
#include "syntax_test.h"
#include "term/lex.h"

/* One token as text: kind, place, source; a blank before it and a bracket after a name are
 * marked. */
static void show_token(const struct cop__token *t, char *text, size_t size)
{
    static const char *const kinds[] = {"end",  "newline", ";",    "value",    "part",
                                        "name", "alias",   "key",  "argument", "operator",
                                        ".",    ",",       "open", "close"};

    (void)snprintf(text, size, "%s%s %d:%d %.*s%s", t->space_before ? "_" : "", kinds[t->kind],
                   t->line, t->column, (int)t->source.len, t->source.data,
                   t->adjacent ? " adjacent" : "");
}

static void check_tokens(const char *text, const char *const *expected, size_t len)
{
    struct cop_parse_error error;
    struct cop__lexer lex;
    char got[200];

    assert_true(cop__lex_init(&lex, bytes_of(text), &error));
    for (size_t i = 0; i < len; i++) {
        if (!cop__lex_next(&lex)) fail_msg("%s: %s", text, error.text);
        show_token(&lex.token, got, sizeof(got));
        assert_string_equal(got, expected[i]);
    }
    assert_int_equal(lex.token.kind, COP__TOKEN_END);
    cop__lex_fini(&lex);
}
#define CHECK_TOKENS(text, ...)                                                                    \
    do {                                                                                           \
        static const char *const expected_[] = {__VA_ARGS__};                                      \
        check_tokens(text, expected_, sizeof(expected_) / sizeof(expected_[0]));                   \
    } while (0)

static void kinds_of_tokens(void **state)
{
    (void)state;
    CHECK_TOKENS("f(x, A.B)[k: :v]", "name 1:1 f adjacent", "open 1:2 (", "name 1:3 x", ", 1:4 ,",
                 "_alias 1:6 A.B", "close 1:9 )", "open 1:10 [", "key 1:11 k:", "_value 1:14 :v",
                 "close 1:16 ]", "end 1:17 end of text");
    CHECK_TOKENS("%{a|b}", "open 1:1 %{", "name 1:3 a", "operator 1:4 |", "name 1:5 b",
                 "close 1:6 }", "end 1:7 end of text");
    CHECK_TOKENS("%S{} <<>>", "open 1:1 %", "alias 1:2 S", "open 1:3 {", "close 1:4 }",
                 "_open 1:6 <<", "close 1:8 >>", "end 1:10 end of text");
    CHECK_TOKENS("&1 && &f/2", "argument 1:1 &1", "_operator 1:4 &&", "_operator 1:7 &",
                 "name 1:8 f", "operator 1:9 /", "value 1:10 2", "end 1:11 end of text");
    CHECK_TOKENS("a;b", "name 1:1 a", "; 1:2 ;", "name 1:3 b", "end 1:4 end of text");
}

static void the_longest_operator_counts(void **state)
{
    (void)state;
    CHECK_TOKENS("a===b!=c", "name 1:1 a", "operator 1:2 ===", "name 1:5 b",
                 "operator 1:6 !=", "name 1:8 c", "end 1:9 end of text");
    CHECK_TOKENS("a? b!", "name 1:1 a?", "_name 1:4 b!", "end 1:6 end of text");
    CHECK_TOKENS("a not  in b", "name 1:1 a", "_operator 1:3 not  in", "_name 1:11 b",
                 "end 1:12 end of text");
    CHECK_TOKENS("notin inx", "name 1:1 notin", "_name 1:7 inx", "end 1:10 end of text");
    CHECK_TOKENS("1..2", "value 1:1 1", "operator 1:2 ..", "value 1:4 2", "end 1:5 end of text");
}

static void columns_are_code_points(void **state)
{
    (void)state;
    CHECK_TOKENS("\"é\" + é\n  x", "value 1:1 \"é\"", "_operator 1:5 +", "_name 1:7 é",
                 "newline 1:8 end of line", "name 2:3 x", "end 2:4 end of text");
}

/* A line that begins with a binary operator goes on with the line before. */
static void lines_go_on(void **state)
{
    (void)state;
    CHECK_TOKENS("a\n\n # c\n |> b", "name 1:1 a", "_operator 4:2 |>", "_name 4:5 b",
                 "end 4:6 end of text");
    CHECK_TOKENS("a\n.b", "name 1:1 a", "_. 2:1 .", "name 2:2 b", "end 2:3 end of text");
    CHECK_TOKENS("a\n- b", "name 1:1 a", "newline 1:2 end of line", "operator 2:1 -", "_name 2:3 b",
                 "end 2:4 end of text");
    CHECK_TOKENS("a\nand: b", "name 1:1 a", "newline 1:2 end of line",
                 "key 2:1 and:", "_name 2:6 b", "end 2:7 end of text");
    CHECK_TOKENS("a\\\nb # c\n", "name 1:1 a", "_name 2:1 b", "_end 3:1 end of text");
}

/* A string with a hole is read in parts: the parser hands it back after the hole. */
static void strings_in_parts(void **state)
{
    struct cop_parse_error error;
    struct cop__delimited text;
    struct cop__lexer lex;

    (void)state;
    assert_true(cop__lex_init(&lex, bytes_of("\"a#{b}c#{d}\" e"), &error));
    assert_true(cop__lex_next(&lex));
    assert_int_equal(lex.token.kind, COP__TOKEN_STRING_PART);
    check_same(lex.token.value, cop_string("a"));
    text = lex.delimited;
    assert_true(cop__lex_next(&lex) && cop__lex_next(&lex));
    assert_int_equal(lex.token.kind, COP__TOKEN_CLOSE);
    assert_true(cop__lex_continue(&lex, &text));
    assert_int_equal(lex.token.kind, COP__TOKEN_STRING_PART);
    check_same(lex.token.value, cop_string("c"));
    assert_true(cop__lex_next(&lex) && cop__lex_next(&lex));
    assert_true(cop__lex_continue(&lex, &text));
    assert_int_equal(lex.token.kind, COP__TOKEN_VALUE);
    check_same(lex.token.value, cop_string(""));
    assert_true(cop__lex_next(&lex));
    assert_int_equal(lex.token.kind, COP__TOKEN_NAME);
    assert_int_equal(lex.token.column, 14);
    cop__lex_fini(&lex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_tokens),         cmocka_unit_test(the_longest_operator_counts),
        cmocka_unit_test(columns_are_code_points), cmocka_unit_test(lines_go_on),
        cmocka_unit_test(strings_in_parts),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
