/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: compiled programs against a slow matcher that walks the quoted pattern, over generated
 * patterns and terms; bindings of the console; errors. */
#include <stdio.h>
#include <stdlib.h>

#include "support/gen_term.h"
#include "syntax_test.h"
#include "term/match.h"
#include "term/types.h"

/* --- The slow matcher: recursive, over the quoted form, with a map of bindings ---------------- */

static bool slow(cop_term p, cop_term t, cop_term *bindings);

static bool slow_node(cop_term p, cop_term t, cop_term *bindings)
{
    cop_term name;
    cop_term args;
    cop_term two[2];

    if (cop__quoted_is_variable(p, &name)) {
        cop_term before = cop_map_get(*bindings, name, cop_none());
        if (cop_atom_text(name).data[0] == '_') return true;
        if (!cop_is_none(before)) return cop_identical(before, t);
        *bindings = cop_map_put(*bindings, name, t);
        return true;
    }
    if (cop__quoted_is(p, "=", 2, two)) {
        return slow(two[0], t, bindings) && slow(two[1], t, bindings);
    }
    if (!cop__quoted_is_node(p, &name, &args)) return false;
    if (cop__is_text(name, "{}")) {
        int64_t len = cop_list_len(args);
        if (!cop_is_tuple(t) || cop_tuple_size(t) != (size_t)len) return false;
        for (size_t i = 0; i < (size_t)len; i++, args = cop_tail(args)) {
            if (!slow(cop_head(args), cop_elem(t, i), bindings)) return false;
        }
        return true;
    }
    assert_true(cop__is_text(name, "%{}"));
    if (!cop_is_map(t)) return false;
    for (; !cop_is_empty_list(args); args = cop_tail(args)) {
        cop_term value = cop_map_get(t, cop_elem(cop_head(args), 0), cop_none());
        if (cop_is_none(value) || !slow(cop_elem(cop_head(args), 1), value, bindings)) return false;
    }
    return true;
}

static bool slow(cop_term p, cop_term t, cop_term *bindings)
{
    cop_term two[2];

    if (cop_is_tuple(p) && cop_tuple_size(p) == 2) {
        return cop_is_tuple(t) && cop_tuple_size(t) == 2 &&
               slow(cop_elem(p, 0), cop_elem(t, 0), bindings) &&
               slow(cop_elem(p, 1), cop_elem(t, 1), bindings);
    }
    if (cop_is_tuple(p)) return slow_node(p, t, bindings);
    if (!cop_is_list(p) || cop_is_empty_list(p)) return cop_identical(p, t);
    if (!cop_is_list(t) || cop_is_empty_list(t)) return false;
    if (cop__quoted_is(cop_head(p), "|", 2, two)) {
        return slow(two[0], cop_head(t), bindings) && slow(two[1], cop_tail(t), bindings);
    }
    return slow(cop_head(p), cop_head(t), bindings) && slow(cop_tail(p), cop_tail(t), bindings);
}

/* --- Generated patterns: a term with some of its parts replaced ------------------------------- */

static cop_term node(const char *name, cop_term args)
{
    return cop_tuple(cop_atom(name), cop_empty_list(), args);
}

static cop_term random_variable(struct gen_term *gen)
{
    static const char *const names[] = {"a", "b", "c", "d", "_", "_x"};

    return node(names[gen_below(gen, 6)], cop_nil());
}

static cop_term quote_term(struct gen_term *gen, cop_term t);

static cop_term quote_list(struct gen_term *gen, cop_term list)
{
    cop_term head = quote_term(gen, cop_head(list));
    cop_term tail = cop_tail(list);

    if (!cop_is_list(tail) || gen_below(gen, 10) == 0) {
        cop_term both = cop_list(head, quote_term(gen, tail));
        return cop_list(node("|", both));
    }
    return cop_cons(head, cop_is_empty_list(tail) ? tail : quote_list(gen, tail));
}

static cop_term quote_map(struct gen_term *gen, cop_term map)
{
    cop_term pairs = cop_empty_list();
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key;
    cop_term value;

    while (cop_map_next(&it, &key, &value)) {
        /* Keys that are data in a quoted form too. */
        if (!cop_is_atom(key) && !cop_is_integer(key) && !cop_is_binary(key)) continue;
        if (gen_below(gen, 2) == 0) continue;
        pairs = cop_cons(cop_tuple(key, quote_term(gen, value)), pairs);
    }
    return node("%{}", pairs);
}

static cop_term quote_term(struct gen_term *gen, cop_term t)
{
    cop_term list = cop_empty_list();

    if (gen_below(gen, 8) == 0) return random_variable(gen);
    if (gen_below(gen, 30) == 0) {
        cop_term both = cop_list(random_variable(gen), quote_term(gen, t));
        return node("=", both);
    }
    if (gen_below(gen, 40) == 0) return gen_term_leaf(gen);
    if (cop_is_map(t)) return quote_map(gen, t);
    if (cop_is_list(t)) return cop_is_empty_list(t) ? t : quote_list(gen, t);
    if (!cop_is_tuple(t)) return t;
    for (size_t i = cop_tuple_size(t); i > 0; i--) {
        list = cop_cons(quote_term(gen, cop_elem(t, i - 1)), list);
    }
    if (cop_tuple_size(t) == 2) return cop_tuple(cop_head(list), cop_head(cop_tail(list)));
    return node("{}", list);
}

static void agrees_with_the_slow_matcher(void **state)
{
    struct gen_term gen;
    size_t matched = 0;
    size_t failed = 0;

    (void)state;
    gen_term_init(&gen, 7, GEN_TERM_NO_CAPTURES);
    for (int i = 0; i < 20000; i++) {
        cop_term t = gen_term(&gen, 1 + gen_below(&gen, 25));
        cop_term pattern = quote_term(&gen, t);
        cop_term subject = gen_below(&gen, 4) == 0 ? gen_term(&gen, 5) : t;
        cop_term bindings = cop_map_new();
        cop_term slow_bindings = cop_map_new();
        struct cop_parse_error error;
        bool expected = slow(pattern, subject, &slow_bindings);
        bool got = cop_quoted_match(pattern, subject, cop_map_new(), &bindings, &error);

        if (strstr(error.text, "nested too deep") != NULL) continue;
        assert_string_equal(error.text, "");
        if (got != expected) {
            fail_msg("pattern %s\nterm %s\ngot %d", shown(pattern), shown(subject), got);
        }
        if (got) check_same(bindings, slow_bindings);
        matched += got;
        failed += !got;
        cop__heap_reset(&test_heap);
    }
    assert_true(matched > 5000);
    assert_true(failed > 1000);
}

/* --- Examples --------------------------------------------------------------------------------- */

static void check_match(const char *pattern, const char *term, const char *bindings)
{
    cop_term before = term_of("%{p: 5, q: {:ok, 1}, k: :a}");
    cop_term after = cop_none();
    struct cop_parse_error error;
    cop_term expected = term_of(bindings);
    cop_term pairs = cop_map_to_list(before);

    if (!cop_quoted_match(quoted_of(pattern), term_of(term), before, &after, &error)) {
        fail_msg("%s does not match %s %s", pattern, term, error.text);
    }
    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs)) {
        cop_term key = cop_elem(cop_head(pairs), 0);
        if (!cop_map_has(expected, key)) after = cop_map_remove(after, key);
    }
    check_same(after, expected);
}

static void check_no_match(const char *pattern, const char *term)
{
    cop_term after = cop_none();
    struct cop_parse_error error;

    if (cop_quoted_match(quoted_of(pattern), term_of(term), term_of("%{p: 5, q: {:ok, 1}}"), &after,
                         &error)) {
        fail_msg("%s matches %s", pattern, term);
    }
    assert_string_equal(error.text, "");
}

static void takes_terms_apart(void **state)
{
    (void)state;
    check_match("x", "{1, 2}", "%{x: {1, 2}}");
    check_match("{:ok, x}", "{:ok, 1}", "%{x: 1}");
    check_match("{a, b, c}", "{1, 2, 3}", "%{a: 1, b: 2, c: 3}");
    check_match("{a, {a, _}}", "{1, {1, 2}}", "%{a: 1}");
    check_match("[h | t]", "[1, 2]", "%{h: 1, t: [2]}");
    check_match("[a, b | t]", "[1, 2, 3]", "%{a: 1, b: 2, t: [3]}");
    check_match("[[a], [b, c]]", "[[1], [2, 3]]", "%{a: 1, b: 2, c: 3}");
    check_match("[{a, [b | _]}, c]", "[{1, [2, 3]}, 4]", "%{a: 1, b: 2, c: 4}");
    check_match("%{a: x}", "%{a: 1, b: 2}", "%{x: 1}");
    check_match("%{\"k\" => %{a: [x]}, b: y}", "%{\"k\" => %{a: [1]}, b: 2}", "%{x: 1, y: 2}");
    check_match("%User{name: n}", "%User{name: \"x\"}", "%{n: \"x\"}");
    check_match("%{}", "%{a: 1}", "%{}");
    check_match("%{^k => v}", "%{a: 1}", "%{v: 1}");
    check_match("{^p, x}", "{5, 6}", "%{x: 6}");
    check_match("^q", "{:ok, 1}", "%{}");
    check_match("a = {b, c} = d", "{1, 2}", "%{a: {1, 2}, b: 1, c: 2, d: {1, 2}}");
    check_match("\"ab\" <> rest", "\"abc\"", "%{rest: \"c\"}");
    check_match("\"a\" <> \"b\" <> rest", "\"ab\"", "%{rest: \"\"}");
    check_match("\"ab\" <> _", "\"abc\"", "%{}");
    check_match("{1.0, -1, \"x\", [1 | 2], 123456789012345678901}",
                "{1.0, -1, \"x\", [1 | 2], 123456789012345678901}", "%{}");
    check_match("p", "6", "%{p: 6}");
}

static void refuses_what_differs(void **state)
{
    (void)state;
    check_no_match("{:ok, x}", "{:error, 1}");
    check_no_match("{:ok, x}", "{:ok, 1, 2}");
    check_no_match("{:ok, x}", ":ok");
    check_no_match("1", "1.0");
    check_no_match("{a, a}", "{1, 1.0}");
    check_no_match("[a]", "[1, 2]");
    check_no_match("[a, b]", "[1]");
    check_no_match("[a | b]", "[]");
    check_no_match("[1]", "[1 | 2]");
    check_no_match("%{a: 1}", "%{a: 1.0}");
    check_no_match("%{a: x}", "%{b: 1}");
    check_no_match("%{a: x}", "[a: 1]");
    check_no_match("%{1 => x}", "%{1.0 => 2}");
    check_no_match("^p", "6");
    check_no_match("^q", "{:ok, 2}");
    check_no_match("\"ab\" <> rest", "\"a\"");
    check_no_match("\"ab\" <> rest", ":abc");
    check_no_match("\"a\"", "\"b\"");
    check_no_match("123456789012345678901", "123456789012345678902");
}

static void check_no_pattern(const char *pattern, int column, const char *says)
{
    cop_term after = cop_none();
    struct cop_parse_error error;

    assert_false(cop_quoted_match(quoted_of(pattern), cop_ok(), cop_map_new(), &after, &error));
    if (strstr(error.text, says) == NULL || error.column != column) {
        fail_msg("%s\ngot      %d: %s\nexpected %d: %s", pattern, error.column, error.text, column,
                 says);
    }
}

static void says_what_is_no_pattern(void **state)
{
    char deep[400];

    (void)state;
    check_no_pattern("{:ok, f(x)}", 7, "a pattern cannot contain the call f/1");
    check_no_pattern("x + 1", 3, "a pattern cannot contain the operator +");
    check_no_pattern("{^y}", 2, "undefined variable ^y");
    check_no_pattern("^1", 1, "invalid argument for ^");
    check_no_pattern("%{x => 1}", 3, "cannot use variable x as map key inside a pattern");
    check_no_pattern("%{m | a: 1}", 1, "the update of a map");
    check_no_pattern("x <> \"a\"", 3, "the left side of <> in a pattern must be a string");
    check_no_pattern("\"a\" <> {x}", 5, "the right side of <> in a pattern must be a name");
    check_no_pattern("{\"a\" <> r, r}", 12, "the rest of a string can be named once only");
    check_no_pattern("&f(&1)", 1, "a pattern cannot contain the operator &");
    (void)snprintf(
        deep, sizeof(deep), "%.*sx%.*s", 100,
        "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{"
        "{{{{{{{{{{{{{{{{{{",
        100,
        "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}"
        "}}}}}}}}}}}}}}}}}}");
    check_no_pattern(deep, 62, "a pattern nested too deep");
}

/* A long list of names needs no more registers than a short one. */
static void long_patterns(void **state)
{
    char pattern[4000] = "[";
    char term[4000] = "[";
    cop_term after = cop_none();
    struct cop_parse_error error;

    (void)state;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(pattern + strlen(pattern), 16, "v%d, ", i);
        (void)snprintf(term + strlen(term), 16, "%d, ", i);
    }
    (void)snprintf(pattern + strlen(pattern), 16, "{a, b}]");
    (void)snprintf(term + strlen(term), 16, "{:x, :y}]");
    assert_true(cop_quoted_match(quoted_of(pattern), term_of(term), cop_map_new(), &after, &error));
    assert_int_equal(cop_map_size(after), 302);
    check_same(cop_map_get(after, cop_atom("v299"), cop_none()), cop_int(299));
    check_same(cop_map_get(after, cop_atom("b"), cop_none()), cop_atom("y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_slow_matcher),
        cmocka_unit_test(takes_terms_apart),
        cmocka_unit_test(refuses_what_differs),
        cmocka_unit_test(says_what_is_no_pattern),
        cmocka_unit_test(long_patterns),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
