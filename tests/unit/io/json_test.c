/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to terms and back: what each form means, where a wrong text is wrong, and both sides of each
 * limit. The reasons and texts of failures are those of Elixir 1.18. */
#include "support/process_test.h"

#include "coppice/json.h"
#include "coppice/shell.h"

#include <stdlib.h>

static cop_term decode(const char *text)
{
    return cop_json_decode(cop_string(text));
}

#define cop_assert_decodes(expected, text)                                                         \
    cop_assert_equal(cop_tuple(cop_ok(), COP(expected)), decode(text))
#define cop_assert_refuses(expected, text)                                                         \
    cop_assert_equal(cop_tuple(COP(":error"), COP(expected)), decode(text))
#define cop_assert_encodes(expected, term)                                                         \
    cop_assert_equal(cop_tuple(cop_ok(), cop_string(expected)), cop_json_encode(COP(term)))

PROCESS_TEST(decodes_each_form)
{
    cop_assert_decodes("nil", "null");
    cop_assert_decodes("true", "true");
    cop_assert_decodes("false", " \t\r\n false \n");
    cop_assert_decodes("[]", "[]");
    cop_assert_decodes("[]", "[ ]");
    cop_assert_decodes("%{}", "{}");
    cop_assert_decodes("%{}", " { } ");
    cop_assert_decodes("[1, [2, []], %{}]", "[1,[2,[]],{}]");
    cop_assert_decodes("%{\"a\" => 1, \"b\" => %{\"c\" => [nil]}}",
                       "{\"a\" : 1 , \"b\":{\"c\":[ null ]}}");
    cop_assert_decodes("%{\"\" => \"\"}", "{\"\":\"\"}");
    cop_assert_decodes("%{\"a\" => 1}", "{\"a\":1,\"a\":2}");
}

PROCESS_TEST(decodes_numbers_of_any_size)
{
    cop_assert_decodes("0", "0");
    cop_assert_decodes("0", "-0");
    cop_assert_decodes("-7", "-7");
    cop_assert_decodes("9223372036854775807", "9223372036854775807");
    cop_assert_decodes("-9223372036854775808", "-9223372036854775808");
    cop_assert_decodes("9223372036854775808", "9223372036854775808");
    cop_assert_decodes("-123456789012345678901234567890", "-123456789012345678901234567890");
    cop_assert_decodes("1.5", "1.5");
    cop_assert_decodes("-0.0", "-0.0");
    cop_assert_decodes("1.0e3", "1e3");
    cop_assert_decodes("1.0e3", "1E+3");
    cop_assert_decodes("0.0125", "1.25e-2");
    cop_assert_decodes("1.7976931348623157e308", "1.7976931348623157e308");
    cop_assert_decodes("[1.0, 1]", "[1.0,1]");
}

PROCESS_TEST(decodes_strings)
{
    cop_assert_decodes("\"\\\"\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"");
    cop_assert_decodes("\"a\\0b\"", "\"a\\u0000b\"");
    cop_assert_decodes("\"\xc3\xa9 \xe2\x82\xac\"", "\"\\u00e9 \\u20AC\"");
    cop_assert_decodes("\"\xc3\xa9 \xe2\x82\xac\"", "\"\xc3\xa9 \xe2\x82\xac\"");
    cop_assert_decodes("\"x\xf0\x9f\x98\x80y\"", "\"x\\uD83D\\uDE00y\"");
    cop_assert_decodes("\"\xf4\x8f\xbf\xbf\"", "\"\\udbff\\udfff\"");
    cop_assert_decodes("\"\x7f\"", "\"\x7f\"");
}

/* Reasons and offsets are those of Elixir's own tests, and of the same kind. */
PROCESS_TEST(tells_where_a_text_is_wrong)
{
    cop_assert_refuses("{:unexpected_end, 0}", "");
    cop_assert_refuses("{:unexpected_end, 2}", "  ");
    cop_assert_refuses("{:unexpected_end, 1}", "{");
    cop_assert_refuses("{:unexpected_end, 3}", "[1,");
    cop_assert_refuses("{:unexpected_end, 4}", "{\"a\"");
    cop_assert_refuses("{:unexpected_end, 5}", "{\"a\":");
    cop_assert_refuses("{:unexpected_end, 2}", "\"a");
    cop_assert_refuses("{:unexpected_end, 2}", "\"\\");
    cop_assert_refuses("{:unexpected_end, 3}", "\"\\u");
    cop_assert_refuses("{:unexpected_end, 7}", "\"\\ud83d");
    cop_assert_refuses("{:unexpected_end, 8}", "\"\\ud83d\\");
    cop_assert_refuses("{:unexpected_end, 12}", "\"\\ud83d\\udc0");
    cop_assert_refuses("{:unexpected_end, 3}", "tru");
    cop_assert_refuses("{:unexpected_end, 1}", "-");
    cop_assert_refuses("{:unexpected_end, 2}", "1.");
    cop_assert_refuses("{:unexpected_end, 3}", "1e+");
    cop_assert_refuses("{:invalid_byte, 0, 44}", ",");
    cop_assert_refuses("{:invalid_byte, 3, 111}", "123o");
    cop_assert_refuses("{:invalid_byte, 1, 49}", "01");
    cop_assert_refuses("{:invalid_byte, 1, 97}", "-a");
    cop_assert_refuses("{:invalid_byte, 0, 43}", "+1");
    cop_assert_refuses("{:invalid_byte, 0, 46}", ".5");
    cop_assert_refuses("{:invalid_byte, 2, 101}", "1.e3");
    cop_assert_refuses("{:invalid_byte, 2, 120}", "trxe");
    cop_assert_refuses("{:invalid_byte, 3, 93}", "[1,]");
    cop_assert_refuses("{:invalid_byte, 2, 125}", "[1}");
    cop_assert_refuses("{:invalid_byte, 1, 49}", "{1:2}");
    cop_assert_refuses("{:invalid_byte, 7, 125}", "{\"a\":1,}");
    cop_assert_refuses("{:invalid_byte, 5, 44}", "{\"a\" ,1}");
    cop_assert_refuses("{:invalid_byte, 2, 49}", "1 1");
    cop_assert_refuses("{:invalid_byte, 2, 10}", "\"a\n\"");
    cop_assert_refuses("{:invalid_byte, 1, 31}", "\"\x1f\"");
    cop_assert_refuses("{:invalid_byte, 2, 120}", "\"\\x\"");
    cop_assert_refuses("{:invalid_byte, 5, 103}", "\"\\u00g0\"");
    cop_assert_refuses("{:invalid_byte, 2, 255}", "\"a\xff\"");
    cop_assert_refuses("{:invalid_byte, 1, 192}", "\"\xc0\xaf\"");
}

PROCESS_TEST(refuses_halves_of_surrogate_pairs)
{
    cop_assert_refuses("{:unexpected_sequence, 1, \"\\\\ud8aa\\\\udcxx\"}", "\"\\ud8aa\\udcxx\"");
    cop_assert_refuses("{:unexpected_sequence, 2, \"\\\\ud8aa\\\\ud8aa\"}", "\"x\\ud8aa\\ud8aa\"");
    cop_assert_refuses("{:unexpected_sequence, 1, \"\\\\ud8aa\"}", "\"\\ud8aa\"");
    cop_assert_refuses("{:unexpected_sequence, 1, \"\\\\udc00\"}", "\"\\udc00\\ud800\"");
    cop_assert_refuses("{:unexpected_sequence, 1, \"1e309\"}", "[1e309]");
}

/* A reason in words names line and column, in characters. */
PROCESS_TEST(tells_line_and_column)
{
    cop_term text = cop_string("{\n  \"\xc3\xa9\": ,\n}");
    cop_term reason;

    cop_assert_match(cop_json_decode(text), "{:error, reason}", reason);
    cop_assert_equal(COP("{:invalid_byte, 10, 44}"), reason);
    cop_assert_equal("line 2, column 8: invalid byte 44", cop_json_format_error(reason, text));
    cop_assert_equal("line 1, column 2: unexpected end of JSON binary",
                     cop_json_format_error(COP("{:unexpected_end, 1}"), cop_string("[")));
    cop_assert_equal(
        "line 2, column 1: unexpected sequence \"1e999\"",
        cop_json_format_error(COP("{:unexpected_sequence, 1, \"1e999\"}"), cop_string("\n1e999")));
    cop_assert_equal("line 1, column 3: arrays and objects nest too deeply",
                     cop_json_format_error(COP("{:too_deep, 2}"), cop_string("[[[]]]")));
    cop_assert_equal("the text, or a number in it, is too large",
                     cop_json_format_error(COP(":too_large"), cop_string("[]")));
}

static cop_term nested(size_t depth)
{
    char *text = cop_alloc(2 * depth + 1);

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return cop_binary(text, 2 * depth);
}

PROCESS_TEST(limits_have_two_sides)
{
    struct cop_json_limits deep = {.depth_max = 100000};
    struct cop_json_limits small = {.size_max = 4};
    char *digits = cop_alloc(10001);
    cop_term list;

    cop_assert_match(cop_json_decode(nested(1000)), "{:ok, _}");
    cop_assert_equal(COP("{:error, {:too_deep, 1000}}"), cop_json_decode(nested(1001)));
    cop_assert_match(cop_json_decode_within(nested(100000), deep), "{:ok, list}", list);
    cop_assert_equal(cop_tuple(cop_ok(), nested(100000)), cop_json_encode(list));

    cop_assert_equal(COP("{:ok, [12]}"), cop_json_decode_within(cop_string("[12]"), small));
    cop_assert_equal(COP("{:error, :too_large}"),
                     cop_json_decode_within(cop_string("[123]"), small));
    memset(digits, '1', 10000);
    cop_assert_match(cop_json_decode(cop_binary(digits, 9999)), "{:ok, _}");
    cop_assert_equal(COP("{:error, :too_large}"), cop_json_decode(cop_binary(digits, 10000)));
}

PROCESS_TEST(encodes_each_form)
{
    cop_assert_encodes("null", "nil");
    cop_assert_encodes("[true,false,\"ok\",\"Elixir.KV\"]", "[true, false, :ok, KV]");
    cop_assert_encodes("[]", "[]");
    cop_assert_encodes("{}", "%{}");
    cop_assert_encodes("[[],[1,{}],2]", "[[], [1, %{}], 2]");
    cop_assert_encodes("{\"a\":1,\"b\":{\"c\":[null]}}", "%{a: 1, b: %{\"c\" => [nil]}}");
    cop_assert_encodes("{\"1\":\"x\",\"1.5\":\"y\",\"nil\":\"z\"}",
                       "%{1 => \"x\", 1.5 => \"y\", nil => \"z\"}");
    cop_assert_encodes("[0,-1,123456789012345678901234567890]",
                       "[0, -1, 123456789012345678901234567890]");
    cop_assert_encodes("[0.1,1.0,1.0e22,-0.0]", "[0.1, 1.0, 1.0e22, -0.0]");
    cop_assert_encodes("\"\\\"\\\\/\\b\\t\\n\\f\\r\\u0000\\u000B\\u001F\x7f\xc3\xa9\"",
                       "\"\\\"\\\\/\\b\\t\\n\\f\\r\\0\\v\\x1F\x7f\xc3\xa9\"");
    cop_assert_encodes("[\"[\",\"{\",\", \"]", "[\"[\", \"{\", \", \"]");
}

PROCESS_TEST(refuses_what_json_has_no_words_for)
{
    const cop_pid self = cop_self();

    cop_assert_equal(COP("{:error, {:unencodable, {1, 2}}}"), cop_json_encode(COP("[1, {1, 2}]")));
    cop_assert_equal(COP("{:error, {:unencodable, [1 | 2]}}"), cop_json_encode(COP("[[1 | 2]]")));
    cop_assert_equal(COP("{:error, {:unencodable, [1]}}"), cop_json_encode(COP("%{[1] => 2}")));
    cop_assert_equal(COP("{:error, {:unencodable, &Map.get/2}}"),
                     cop_json_encode(COP("%{a: &Map.get/2}")));
    cop_assert_equal(COP("{:error, {:unencodable, %{__struct__: X}}}"),
                     cop_json_encode(COP("%{__struct__: X}")));
    cop_assert_match(cop_json_encode(cop_pid_term(self)), "{:error, {:unencodable, ^self}}", self);
    cop_assert_equal(COP("{:error, {:invalid_byte, 255}}"),
                     cop_json_encode(COP("[\"a\", <<255>>]")));
    cop_assert_equal(COP("{:error, {:invalid_byte, 195}}"),
                     cop_json_encode(COP("%{<<195>> => 1}")));
}

/* --- The module ------------------------------------------------------------------------------- */

static cop_term evaluate(const char *text)
{
    cop_term bindings = cop_map_new();

    return cop_eval((cop_bytes){text, strlen(text)}, bindings, &bindings, NULL);
}

static cop_term evaluate_text(void *arg)
{
    return evaluate(arg);
}

static cop_term failure_of(const char *text)
{
    struct cop_outcome outcome;
    char *copy = cop_alloc(strlen(text) + 1);

    memcpy(copy, text, strlen(text));
    cop_assert(!cop_try(evaluate_text, copy, &outcome));
    return cop_format_banner(outcome.class_, outcome.value);
}

PROCESS_TEST(the_console_has_the_module)
{
    cop_assert_equal(COP("{:ok, [nil, 123, \"string\", %{\"key\" => \"value\"}]}"),
                     evaluate("JSON.decode(~s([null,123,\"string\",{\"key\":\"value\"}]))"));
    cop_assert_equal(COP("[1]"), evaluate("JSON.decode!(\"[1]\")"));
    cop_assert_equal("[123,{\"key\":\"value\"}]",
                     evaluate("JSON.encode!([123, %{key: \"value\"}])"));
    cop_assert_equal("** (JSON.DecodeError) invalid byte 111 at position (byte offset) 3",
                     failure_of("JSON.decode!(\"123o\")"));
    cop_assert_equal("** (JSON.DecodeError) unexpected end of JSON binary at position "
                     "(byte offset) 1",
                     failure_of("JSON.decode!(\"{\")"));
    cop_assert_equal("** (JSON.DecodeError) the text, or a number in it, is too large",
                     failure_of("JSON.decode!(String.duplicate(\"1\", 10000))"));
    cop_assert_equal("** (Protocol.UndefinedError) protocol JSON.Encoder not implemented for {1} "
                     "of type Tuple",
                     failure_of("JSON.encode!([{1}])"));
    cop_assert_equal("** (ErlangError) Erlang error: {:invalid_byte, 255}",
                     failure_of("JSON.encode!(<<255>>)"));
}

static cop_term decode_wrong_text(void *arg)
{
    (void)arg;
    return evaluate("JSON.decode!(\"[\\n1,\\n x]\")");
}

PROCESS_TEST(the_exception_tells_the_place)
{
    cop_term exception = cop_assert_raises(decode_wrong_text, NULL);

    cop_assert_match(exception, "%{data: \"[\\n1,\\n x]\", offset: 6, line: 3, column: 2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_each_form),
        cmocka_unit_test(decodes_numbers_of_any_size),
        cmocka_unit_test(decodes_strings),
        cmocka_unit_test(tells_where_a_text_is_wrong),
        cmocka_unit_test(refuses_halves_of_surrogate_pairs),
        cmocka_unit_test(tells_line_and_column),
        cmocka_unit_test(limits_have_two_sides),
        cmocka_unit_test(encodes_each_form),
        cmocka_unit_test(refuses_what_json_has_no_words_for),
        cmocka_unit_test(the_console_has_the_module),
        cmocka_unit_test(the_exception_tells_the_place),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
