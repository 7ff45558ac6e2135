/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, binaries, tuples, lists, pids, references, captures: what goes in comes out. */
#include "term_test.h"

#include "../base/death.h"

#include <string.h>

static void assert_decimal(cop_term t, const char *text)
{
    char buf[400];

    assert_true(cop__bigint_decimal_size(t) < sizeof(buf));
    assert_int_equal(cop__bigint_to_decimal(t, buf), strlen(text));
    assert_string_equal(buf, text);
}

static void integers(void **state)
{
    static const char *const texts[] = {"0",
                                        "-1",
                                        "1152921504606846975",
                                        "1152921504606846976",
                                        "-1152921504606846976",
                                        "-1152921504606846977",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "-9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "10000000000000000000",
                                        "100000000000000000000000000000000000000",
                                        "-340282366920938463463374607431768211456"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        cop_bytes text = {texts[i], strlen(texts[i])};
        cop_term t = cop__bigint_from_decimal(&heap, text);

        assert_int_equal(cop_kind(t), COP_KIND_INTEGER);
        assert_decimal(t, texts[i]);
        assert_true(cop_identical(t, cop__bigint_from_decimal(&heap, text)));
    }
    assert_true(cop_to_int(cop_int(INT64_MIN)) == INT64_MIN);
    assert_true(cop_to_int(cop_int(INT64_MAX)) == INT64_MAX);
    assert_true(cop_to_int(cop_int((INT64_C(1) << 60))) == INT64_C(1) << 60);
    assert_decimal(cop_uint(UINT64_MAX), "18446744073709551615");
    assert_true(cop_is_none(cop__bigint_from_decimal(&heap, (cop_bytes){"1x", 2})));
    assert_true(cop_is_none(cop__bigint_from_decimal(&heap, (cop_bytes){"-", 1})));
    assert_decimal(cop__bigint_from_decimal(&heap, (cop_bytes){"-000", 4}), "0");
}

static void floats(void **state)
{
    (void)state;
    assert_true(cop_to_float(cop_float(-1.5)) == -1.5);
    assert_true(cop_to_float(cop_term_of(3)) == 3.0);
    assert_true(cop_to_float(cop_int(-(INT64_C(1) << 53) - 1)) == -9007199254740992.0);
    assert_true(cop_to_float(cop_uint(UINT64_MAX)) == 18446744073709551616.0);
    assert_true(cop_to_float(cop__bigint_from_decimal(
                    &heap, (cop_bytes){"-1000000000000000000000000000000000000000", 41})) == -1e39);
    assert_false(cop_is_integer(cop_float(1.0)));
    assert_true(cop_is_number(cop_float(1.0)));
}

static void binaries_of_every_size(void **state)
{
    char data[200];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (char)(i * 7);
    for (size_t size = 0; size <= sizeof(data); size++) {
        cop_term t = cop_binary(data, size);
        cop_bytes bytes = cop_to_bytes(t);

        assert_true(cop_is_binary(t));
        assert_int_equal(bytes.len, size);
        if (size > 0) assert_memory_equal(bytes.data, data, size);
        assert_int_equal(cop__is_kind(t, COP__BOX_COUNTED), size > COP__INLINE_MAX);
    }
    assert_true(cop_identical(cop_format("%d-%s", 42, "x"), cop_string("42-x")));
    assert_int_equal(cop_to_bytes(cop_format("%0600d", 1)).len, 600);
}

static void tuples_and_lists(void **state)
{
    cop_term t = cop_tuple(1, "two", 3.0);
    cop_term l = cop_list(1, 2, 3);
    cop_term kw = cop_list(cop_tuple(cop_atom("a"), 1), cop_tuple(cop_atom("b"), 2));

    (void)state;
    assert_int_equal(cop_tuple_size(t), 3);
    assert_int_equal(cop_tuple_size(cop_tuple_from(NULL, 0)), 0);
    assert_int_equal(cop_to_int(cop_elem(cop_put_elem(t, 1, cop_int(5)), 1)), 5);
    assert_true(cop_is_binary(cop_elem(t, 1)));
    assert_int_equal(cop_list_len(l), 3);
    assert_int_equal(cop_list_len(cop_cons(1, 2)), -1);
    assert_int_equal(cop_list_len(cop_empty_list()), 0);
    assert_true(cop_identical(cop_list_reverse(l), cop_list(3, 2, 1)));
    assert_true(cop_identical(cop_list_append(l, cop_list(4)), cop_list(1, 2, 3, 4)));
    assert_true(cop_identical(cop_list_append(cop_empty_list(), l), l));
    assert_true(cop_is_keyword(kw));
    assert_true(cop_is_keyword(cop_empty_list()));
    assert_false(cop_is_keyword(l));
    assert_int_equal(cop_to_int(cop_keyword_get(kw, cop_atom("b"), cop_nil())), 2);
    assert_int_equal(cop_keyword_get(kw, cop_atom("c"), cop_nil()).word, cop_nil().word);
}

static void assert_pid_and_ref(cop_pid pid, cop_ref ref)
{
    cop_from from = {pid, ref, true};

    assert_true(cop_pid_equal(cop_to_pid(cop_pid_term(pid)), pid));
    assert_true(cop_ref_equal(cop_to_ref(cop_ref_term(ref)), ref));
    assert_true(cop_to_from(cop_from_term(from)).is_alias);
    from.is_alias = false;
    assert_true(cop_ref_equal(cop_to_from(cop_from_term(from)).tag, ref));
    assert_false(cop_to_from(cop_from_term(from)).is_alias);
}

static void ids(void **state)
{
    uint64_t largest = (UINT64_C(1) << 60) - 1;

    (void)state;
    assert_pid_and_ref((cop_pid){largest, 0, 0}, (cop_ref){{largest, UINT64_MAX, 0}, 0, 0});
    assert_pid_and_ref((cop_pid){7, 1, 2}, (cop_ref){{1, 2, 3}, 4, 5});
    assert_int_equal(cop_pid_term(cop_no_pid()).word, cop_nil().word);
    assert_true(cop_is_pid(cop_pid_term((cop_pid){7, 1, 2})));
    assert_false(cop_identical(cop_pid_term((cop_pid){7, 1, 2}), cop_pid_term((cop_pid){7, 1, 3})));
}

/* GEN-17: {pid, [:alias | ref]}. */
static void from_as_term(void **state)
{
    cop_ref ref = {{1, 2, 0}, 0, 0};
    cop_term t = cop_from_term((cop_from){{5, 0, 0}, ref, true});

    (void)state;
    assert_true(
        cop_identical(t, cop_tuple(((cop_pid){5, 0, 0}), cop_cons(cop_atom("alias"), ref))));
}

static void captures(void **state)
{
    cop_term module;
    cop_term function;
    cop_term args;
    int arity;
    cop_term holes = cop_list(cop_tuple(cop_atom("&"), 1), 5);

    (void)state;
    cop_capture_parts(cop_capture(cop_atom("M"), cop_atom("f"), 2), &module, &function, &arity,
                      &args);
    assert_int_equal(module.word, cop_atom("M").word);
    assert_int_equal(function.word, cop_atom("f").word);
    assert_int_equal(arity, 2);
    assert_int_equal(args.word, cop_nil().word);
    cop_capture_parts(cop_capture_bound(module, function, 1, holes), &module, &function, &arity,
                      &args);
    assert_int_equal(arity, 1);
    assert_true(cop_identical(args, holes));
    assert_true(cop_is_fun(cop_capture(module, function, 3), 3));
    assert_true(cop_is_fun(cop_capture(module, function, 3), -1));
    assert_false(cop_is_fun(cop_capture(module, function, 3), 2));
    assert_false(cop_is_fun(module, -1));
}

static void elem_beyond(void)
{
    cop_elem(cop_tuple(1), 1);
}

static void int_of_atom(void)
{
    cop_to_int(cop_ok());
}

static void not_a_number(void)
{
    cop_float(__builtin_nan(""));
}

static void improper_reverse(void)
{
    cop_list_reverse(cop_cons(1, 2));
}

static void outside(void)
{
    cop__heap_set_current(NULL);
    cop_tuple(1, 2);
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    assert_true(dies_saying(elem_beyond, "badarg"));
    assert_true(dies_saying(int_of_atom, "badarg"));
    assert_true(dies_saying(not_a_number, "badarith"));
    assert_true(dies_saying(improper_reverse, "badarg"));
    assert_true(dies_saying(outside, "outside of a process"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers),
        TEST(floats),
        TEST(binaries_of_every_size),
        TEST(tuples_and_lists),
        TEST(ids),
        TEST(from_as_term),
        TEST(captures),
        TEST(misuse_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
