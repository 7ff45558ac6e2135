/* SPDX-License-Identifier: Apache-2.0 */
/* Literals: numbers, texts, atoms, collections and captures, read by cop_parse. */
#include <stdio.h>
#include <stdlib.h>

#include "syntax_test.h"
#include "term/syntax.h"
#include "term/types.h"

static void check_shown(const char *text, const char *expected)
{
    const char *got = shown(term_of(text));

    if (strcmp(got, expected) != 0) fail_msg("%s\ngot      %s\nexpected %s", text, got, expected);
}

static void check_bytes(const char *text, const char *data, size_t size)
{
    cop_term t = term_of(text);

    if (!cop_is_binary(t) || cop_to_bytes(t).len != size ||
        memcmp(cop_to_bytes(t).data, data, size) != 0) {
        fail_msg("%s is %s", text, shown(t));
    }
}

static void integers(void **state)
{
    (void)state;
    check_same(term_of("42"), cop_int(42));
    check_same(term_of("-42"), cop_int(-42));
    check_same(term_of("+1_000_000"), cop_int(1000000));
    check_same(term_of("0xFf"), cop_int(255));
    check_same(term_of("0b1010"), cop_int(10));
    check_same(term_of("0o777"), cop_int(511));
    check_same(term_of("?a"), cop_int('a'));
    check_same(term_of("?\\n"), cop_int('\n'));
    check_same(term_of("?é"), cop_int(0xe9));
    check_same(term_of("9223372036854775807"), cop_int(INT64_MAX));
    check_same(term_of("-9223372036854775808"), cop_int(INT64_MIN));
    check_same(term_of("18446744073709551615"), cop_uint(UINT64_MAX));
    check_shown("-0x8000000000000000", "-9223372036854775808");
    check_shown("123456789012345678901234567890", "123456789012345678901234567890");
    check_shown("-123456789012345678901234567890", "-123456789012345678901234567890");
    check_shown("0x1_0000_0000_0000_0000_0000_0000_0000_0000",
                "340282366920938463463374607431768211456");
    check_shown("-(-18446744073709551616)", "18446744073709551616");
}

static void long_integers(void **state)
{
    char text[2001];
    cop_term t;

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        text[i] = (char)('1' + i % 9);
    }
    text[sizeof(text) - 1] = 0;
    t = term_of(text);
    assert_string_equal(shown(t), text);
    check_same(term_of(shown(t)), t);
}

static void floats(void **state)
{
    (void)state;
    check_same(term_of("1.5"), cop_float(1.5));
    check_same(term_of("-1.0e-10"), cop_float(-1.0e-10));
    check_same(term_of("1_0.2_5E+2"), cop_float(1025.0));
    check_same(term_of("1.7976931348623157e308"), cop_float(1.7976931348623157e308));
    check_same(term_of("1.0e-400"), cop_float(0.0));
    check_shown("-0.0", "-0.0");
}

static void texts(void **state)
{
    (void)state;
    check_bytes("\"abc\"", "abc", 3);
    check_bytes("\"\"", "", 0);
    check_bytes("\"\\0\\a\\b\\d\\e\\f\\n\\r\\s\\t\\v\\\\\\\"\\#{\"",
                "\0\a\b\x7f\x1b\f\n\r \t\v\\\"#{", 15);
    check_bytes("\"\\x41\\xff\\x{e9}\\u00e9\\u{1F600}\"", "A\xff\xe9\xc3\xa9\xf0\x9f\x98\x80", 9);
    check_bytes("\"a\\\nb\\é\\z\"", "ab\xc3\xa9z", 5);
    check_bytes("\"a\nb\"", "a\nb", 3);
    check_bytes("~s(a \"b\" (c\\))", "a \"b\" (c)", 9);
    check_bytes("~S(a\\n\\))", "a\\n)", 4);
    check_bytes("<<1, 255, -1, \"ab\", \"\">>",
                "\x01\xff\xff"
                "ab",
                5);
    check_bytes("<<>>", "", 0);
    check_bytes("\"a\" <> \"b\" <> \"c\"", "abc", 3);
    check_same(term_of("'aé'"), term_of("[97, 233]"));
    check_same(term_of("~c\"ab\""), term_of("[?a, ?b]"));
    check_same(term_of("''"), cop_empty_list());
    check_same(term_of("~w(a  b\nc)"), term_of("[\"a\", \"b\", \"c\"]"));
    check_same(term_of("~w(a b)a"), term_of("[:a, :b]"));
}

/* INS-01, INS-02: what inspect prints is read. */
static void atoms(void **state)
{
    static const char *const same[] = {
        ":foo",         ":foo?",     ":foo!",        ":foo@bar",
        ":+",           ":<<>>",     ":{}",          ":...",
        ":%{}",         ":..//",     ":\"foo bar\"", ":\"9a\"",
        ":\"a-b\"",     ":é",        "Foo.Bar",      ":\"Elixir.foo\"",
        ":Foo",         "true",      "nil",          ":\"\"",
        ":\"a\\nb\"",   ":=>",       ":\"::\"",      ":&&&",
        ":|>",          ":.",        ":<-",          ":\"a\\\"b\"",
        ":!",           ":!==",      ":^^^",         ":~~~",
        ":<~>",         "Foo",       "[+: 1]",       "[{}: 1]",
        "[\"a b\": 1]", "[..//: 1]", "[a?: 1]",      "[Foo: 1]",
        "[nil: 1]"};

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        cop_term t = term_of(same[i]);
        check_same(term_of(shown(t)), t);
    }
    check_same(term_of("Foo.Bar"), cop_atom("Elixir.Foo.Bar"));
    check_same(term_of(":Foo"), cop_atom("Foo"));
    check_same(term_of(":'a b'"), cop_atom("a b"));
    check_same(term_of(":nil"), cop_nil());
    check_same(term_of(":..."), cop_atom("..."));
}

static void collections(void **state)
{
    cop_term one = cop_int(1);

    (void)state;
    check_same(term_of("{}"), cop_tuple_from(NULL, 0));
    check_same(term_of("{1}"), cop_tuple(1));
    check_same(term_of("{1, :a, \"b\"}"), cop_tuple(1, cop_atom("a"), "b"));
    check_same(term_of("{1, a: 1}"), cop_tuple(1, cop_list(cop_tuple(cop_atom("a"), one))));
    check_same(term_of("[1, 2 | 3]"), cop_cons(1, cop_cons(2, 3)));
    check_same(term_of("[1 | [2]]"), cop_list(1, 2));
    check_same(term_of("[a: 1]"), cop_list(cop_tuple(cop_atom("a"), 1)));
    check_same(term_of("%{\"b\" => 2.5, a: 1}"), term_of("%{:a => 1, \"b\" => 2.5}"));
    check_same(cop_map_get(term_of("%{1 => :x}"), 1, cop_none()), cop_atom("x"));
    check_same(term_of("%{a: 1, a: 2}"), term_of("%{a: 2}"));
    check_same(term_of("%User{name: \"x\"}"), term_of("%{__struct__: User, name: \"x\"}"));
    check_same(term_of("\"\"\"\na\n\"\"\""), cop_string("a\n"));
    check_same(term_of("\"\"\"  \n\"\"\""), cop_string(""));
    check_same(term_of("\"\"\"\n  a\n   b\n c\n\n  \"\"\""), cop_string("a\n b\nc\n\n"));
    check_same(term_of("[\"\"\"\n a\\\n \"\"b\\n\n \"\"\", 1]"),
               cop_list(cop_string("a\"\"b\n\n"), 1));
    check_same(term_of("\"\"\"\n\tx\n\t\"\"\""), cop_string("x\n"));
    check_same(term_of("'''\n ab\n '''"), term_of("[?a, ?b, ?\\n]"));
    check_same(term_of("~s\"\"\"\n a\n \"\"\""), cop_string("a\n"));
    check_same(term_of("~S\"\"\"\n a#{1}\\n\n \"\"\""), cop_string("a#{1}\\n\n"));
    check_same(term_of("1..3"), term_of("%{__struct__: Range, first: 1, last: 3, step: 1}"));
    check_same(term_of("3..1"), term_of("%{__struct__: Range, first: 3, last: 1, step: -1}"));
    check_same(term_of("3..3"), term_of("%{__struct__: Range, first: 3, last: 3, step: 1}"));
    check_same(term_of("1..9//2"), term_of("%{__struct__: Range, first: 1, last: 9, step: 2}"));
    check_same(term_of("{:ok, [%{a: {[], {}}}]}"),
               cop_tuple(cop_ok(),
                         cop_list(cop_map_put(cop_map_new(), cop_atom("a"), term_of("{[], {}}")))));
}

/* --- Captures: syntax.h (public) says how they are written as data ---------------------------- */

static void check_capture(const char *text, const char *function, int arity, const char *args)
{
    cop_term fun = term_of(text);
    cop_term module;
    cop_term name;
    cop_term bound;
    char full[200];
    int got;

    assert_true(cop_is_fun(fun, arity));
    cop_capture_parts(fun, &module, &name, &got, &bound);
    (void)snprintf(full, sizeof(full), "%s.%s", shown(module), cop_atom_text(name).data);
    assert_string_equal(full, function);
    assert_int_equal(got, arity);
    check_same(bound, term_of(args));
    check_same(term_of(shown(fun)), fun);
}

static void captures(void **state)
{
    (void)state;
    check_capture("&String.upcase/1", "String.upcase", 1, "nil");
    check_capture("&:lists.max/1", ":lists.max", 1, "nil");
    check_capture("&self/0", "Kernel.self", 0, "nil");
    check_capture("&+/2", "Kernel.+", 2, "nil");
    check_capture("&Kernel.//2", "Kernel./", 2, "nil");
    check_capture("&Map.get(&1, :a)", "Map.get", 1, "[{:&, 1}, :a]");
    check_capture("&Map.put(&2, :a, &1)", "Map.put", 2, "[{:&, 2}, :a, {:&, 1}]");
    check_capture("&Map.get(&1, &2)", "Map.get", 2, "nil");
    check_capture("&(&1 + 1)", "Kernel.+", 1, "[{:&, 1}, 1]");
    check_capture("&length(&1)", "Kernel.length", 1, "nil");
    check_capture("& &1", "Function.identity", 1, "nil");
    check_capture("& &1.name", "Map.fetch!", 1, "[{:&, 1}, :name]");
    check_capture("& &1[:a]", "Access.get", 1, "[{:&, 1}, :a]");
    check_capture("&{&1, &1}", "Function.identity", 1, "[{:&, :tuple, [{:&, 1}, {:&, 1}]}]");
    check_capture("&[&1 | &2]", "Function.identity", 2, "[{:&, :list, [{:&, 1}, {:&, 2}]}]");
    check_capture("&[1, &1]", "Function.identity", 1, "[{:&, :list, [1, {:&, 1}, []]}]");
    check_capture("&%{a: &1}", "Function.identity", 1, "[{:&, :map, [:a, {:&, 1}]}]");
    check_capture("&f(&1, {1, [2]}, {&1, {3}})", "Kernel.f", 1,
                  "[{:&, 1}, {1, [2]}, {:&, :tuple, [{:&, 1}, {3}]}]");
    check_capture("&(&1 * 2 + 1)", "Kernel.+", 1, "[{:&, :call, [Kernel, :*, {:&, 1}, 2]}, 1]");
    check_capture("&f(&1, {:&, 1})", "Kernel.f", 1, "[{:&, 1}, {:&, :value, {:&, 1}}]");
    check_capture("&f(&1, {{:&, 1}, 2})", "Kernel.f", 1, "[{:&, 1}, {{:&, 1}, 2}]");
    check_capture("&f({:&, &1})", "Kernel.f", 1, "[{:&, :tuple, [:&, {:&, 1}]}]");
    check_capture("&Enum.map(&1, &String.upcase/1)", "Enum.map", 1, "[{:&, 1}, &String.upcase/1]");
    check_capture("&Map.new()", "Map.new", 0, "nil");
    check_capture("&IO.puts(\"x\")", "IO.puts", 0, "[\"x\"]");
}

static void check_fails(const char *text, int column, const char *says)
{
    struct cop_parse_error error;
    cop_term t;

    if (cop_parse(bytes_of(text), &t, &error)) fail_msg("%s: was read as %s", text, shown(t));
    if (strstr(error.text, says) == NULL || error.column != column) {
        fail_msg("%s\ngot      %d: %s\nexpected %d: %s", text, error.column, error.text, column,
                 says);
    }
}

static void says_what_is_no_literal(void **state)
{
    (void)state;
    check_fails("{:ok, x}", 7, "a literal was expected, found the variable x");
    check_fails("[1, f(2)]", 5, "a literal was expected, found the call f/1");
    check_fails("Mod.fun(1, 2)", 5, "a literal was expected, found the call Mod.fun/2");
    check_fails("1 + 2", 3, "a literal was expected, found the operator +");
    check_fails("%{m | a: 1}", 1, "an update of a map is no literal");
    check_fails("1; 2", 1, "one term was expected, found several");
    check_fails("\"a#{b}\"", 3, "found the call Kernel.to_string/1");
    check_fails("&1", 1, "capture argument &1 must be used within the capture operator &");
    check_fails("&f(&2)", 1, "capture argument &2 cannot be defined without &1");
    check_fails("&f(&g(&1))", 4, "nested captures are not allowed");
    check_fails("&1.f(2)", 4, "the call");
    check_fails("&x", 1, "invalid args for &");
    check_fails("&{1}", 1, "invalid args for &");
    check_fails("&(&1 = 1)", 1, "a capture cannot contain the operator =");
    check_fails("&f(x, &1)", 4, "the variable x");
    check_fails("&f/256", 1, "the arity of a capture must be 0 to 255");
    check_fails("&300", 1, "above &255");
    check_fails("1a", 1, "invalid character \"a\" after number 1");
    check_fails("1__0", 1, "invalid character \"_\" after number 1");
    check_fails("0x", 1, "invalid character \"x\" after number 0");
    check_fails("1.0e999", 1, "out of range");
    check_fails("\"\\xZ\"", 2, "invalid hex escape character");
    check_fails("\"\\u12\"", 2, "invalid Unicode escape character");
    check_fails("\"\\u{110000}\"", 2, "invalid or reserved Unicode code point");
    check_fails("\"\\u{D800}\"", 2, "invalid or reserved Unicode code point");
    check_fails(":\"\\xff\"", 3, "invalid encoding in atom");
    check_fails("[\"\\xff\": 1]", 2, "invalid encoding in atom");
    check_fails("\"é\xff\"", 3, "invalid encoding: byte 0xFF");
    check_fails("#PID<0.1.0>", 1, "a term was expected, found nothing");
    check_fails("$", 1, "unexpected token: \"$\"");
    check_fails("?", 1, "expected a character after it");
}

/* Atoms have at most 255 code points. */
static void atoms_have_a_limit(void **state)
{
    char text[600] = ":";
    size_t len = 1;

    (void)state;
    for (int i = 0; i < 255; i++, len += 2) {
        memcpy(text + len, "é", 3);
    }
    assert_true(cop_is_atom(term_of(text)));
    memcpy(text + len, "a", 2);
    check_fails(text, 1, "atom length must be less than system limit");
}

/* --- Calling captures ------------------------------------------------------------------------- */

/* Kernel.+ adds, all else returns {function, args}. */
static cop_term apply(void *arg, cop_term module, cop_term function, const cop_term *args,
                      size_t len)
{
    int *calls = arg;

    (void)module;
    (*calls)++;
    if (strcmp(cop_atom_text(function).data, "+") == 0) {
        return cop_int(cop_to_int(args[0]) + cop_to_int(args[1]));
    }
    return cop_tuple(function, cop_list_from(args, len));
}

static void check_call(const char *fun, const char *expected, int expected_calls)
{
    cop_term args[] = {cop_int(10), cop_int(20)};
    cop_term t = term_of(fun);
    int calls = 0;

    check_same(cop_capture_call(t, args, cop_is_fun(t, 2) ? 2 : cop_is_fun(t, 1), apply, &calls),
               term_of(expected));
    assert_int_equal(calls, expected_calls);
}

static void calls_captures(void **state)
{
    (void)state;
    check_call("&f/2", "{:f, [10, 20]}", 1);
    check_call("&f(&2, :a, &1)", "{:f, [20, :a, 10]}", 1);
    check_call("&f(&1 + 1, &1 + 2)", "{:f, [11, 12]}", 3);
    check_call("&{&1, {&1, [1, &1 | 2]}, %{&1 => 3}, {4, 5}}",
               "{:identity, [{10, {10, [1, 10 | 2]}, %{10 => 3}, {4, 5}}]}", 1);
    check_call("&f({:&, &1}, {:&, 1}, {:&, :tuple, []})",
               "{:f, [{:&, 10}, {:&, 1}, {:&, :tuple, []}]}", 1);
    check_call("&f([&1], g(&1, []))", "{:f, [[10], {:g, [10, []]}]}", 2);
    check_call("&f([[[[[[[&1]]]]]]], {&2, {&1, {&2, {&1, {&2}}}}})",
               "{:f, [[[[[[[[10]]]]]]], {20, {10, {20, {10, {20}}}}}]}", 1);
    check_call("&f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, &1)",
               "{:f, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 10]}", 1);
    check_call("&f({&1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, g(&1, 15)})",
               "{:f, [{10, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, {:g, [10, 15]}}]}", 2);
    check_call("&f()", "{:f, []}", 1);
    check_call("&f(1)", "{:f, [1]}", 1);
}

/* Values from a map stand where the names are: the console's captures. */
static void builds_with_bindings(void **state)
{
    cop_term bindings = term_of("%{x: {:&, 2}, y: [1]}");
    struct cop_parse_error error;
    cop_term t;

    (void)state;
    assert_true(cop_quoted_build(quoted_of("{x, y, %{x => y}}"), bindings, &t, &error));
    check_same(t, term_of("{{:&, 2}, [1], %{{:&, 2} => [1]}}"));
    assert_true(cop_quoted_build(quoted_of("&f(&1, x, [y, &1])"), bindings, &t, &error));
    check_same(t, term_of("&f(&1, {:&, 2}, [[1], &1])"));
    assert_false(cop_quoted_build(quoted_of("{x, zz}"), bindings, &t, &error));
    assert_string_equal(error.text, "undefined variable \"zz\"");
    assert_int_equal(error.column, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(long_integers),
        cmocka_unit_test(floats),
        cmocka_unit_test(texts),
        cmocka_unit_test(atoms),
        cmocka_unit_test(collections),
        cmocka_unit_test(captures),
        cmocka_unit_test(says_what_is_no_literal),
        cmocka_unit_test(atoms_have_a_limit),
        cmocka_unit_test(calls_captures),
        cmocka_unit_test(builds_with_bindings),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
