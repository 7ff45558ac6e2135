/* SPDX-License-Identifier: Apache-2.0 */
/* Match specifications (ETS-13): what a real node answers is in tests/conformance/ets.tsv; here are
 * the edges of integers, depth, keys, and agreement with the other matcher. */
#include "term_test.h"

#include "coppice/pattern.h"
#include "term/match_spec.h"

#include <string.h>

static cop_term parse(const char *text)
{
    struct cop_parse_error error;
    cop_term t = cop_none();

    if (!cop_parse((cop_bytes){text, strlen(text)}, &t, &error)) fail_msg("%s", error.text);
    return t;
}

/* The result of a specification for an object; none if no clause fits. False: it is wrong. */
static bool run(cop_term clauses, cop_term object, cop_term *ret)
{
    const struct cop__spec_env env = {COP(":me"), COP(":here")};
    struct cop__spec spec;
    bool is_right = cop__spec_compile(&spec, clauses, &env);

    if (is_right) *ret = cop__spec_run(&spec, &heap, object, NULL);
    cop__spec_fini(&spec);
    return is_right;
}

/* The value of a body for the object {1, 2}. */
static void gives(const char *body, const char *expected)
{
    cop_term clauses =
        cop_list(cop_tuple(parse("{:\"$1\", :\"$2\"}"), cop_empty_list(), cop_list(parse(body))));
    cop_term result = cop_none();

    if (!run(clauses, parse("{1, 2}"), &result)) fail_msg("wrong: %s", body);
    if (!cop_identical(result, parse(expected))) {
        cop_bytes text = cop_to_bytes(cop_inspect(result));

        fail_msg("%s gives %.*s", body, (int)text.len, text.data);
    }
}

/* CNR-16: what does not fit 64 bits fails. */
static void integers_end(void **state)
{
    (void)state;
    gives("{:+, 9223372036854775806, 1}", "9223372036854775807");
    gives("{:+, 9223372036854775807, 1}", ":EXIT");
    gives("{:-, -9223372036854775807, 1}", "-9223372036854775808");
    gives("{:-, -9223372036854775808, 1}", ":EXIT");
    gives("{:*, 4611686018427387904, 2}", ":EXIT");
    gives("{:*, 4611686018427387904, -2}", "-9223372036854775808");
    gives("{:div, -9223372036854775808, -1}", ":EXIT");
    gives("{:rem, -9223372036854775808, -1}", "0");
    gives("{:div, 7, -2}", "-3");
    gives("{:rem, 7, -2}", "1");
    gives("{:-, -9223372036854775808}", ":EXIT");
    gives("{:abs, -9223372036854775808}", ":EXIT");
    gives("{:abs, -9223372036854775807}", "9223372036854775807");
    gives("{:+, 9223372036854775808, 0}", ":EXIT");
    gives("{:bsl, 1, 62}", "4611686018427387904");
    gives("{:bsl, 1, 63}", ":EXIT");
    gives("{:bsl, -1, 62}", "-4611686018427387904");
    gives("{:bsl, 2, 62}", ":EXIT");
    gives("{:bsr, 4611686018427387904, 62}", "1");
    gives("{:bsr, 4611686018427387904, 63}", "0");
    gives("{:bsr, 4611686018427387904, 1000}", "0");
    gives("{:bsr, -1, -1000}", ":EXIT");
    gives("{:bsr, 1, -9223372036854775808}", ":EXIT");
    gives("{:*, 1.0e308, 10}", ":EXIT");
    gives("{:/, 7, 2}", "3.5");
    gives("{:/, 7, 0.0}", ":EXIT");
    gives("{:round, 1.0e19}", ":EXIT");
    gives("{:trunc, -2.7}", "-2");
    gives("{:floor, -2.5}", "-3");
    gives("{:ceil, 2.1}", "3");
    gives("{:band, 1.0, 1}", ":EXIT");
    gives("{:bnot, 1.0}", ":EXIT");
    gives("{:max, 1, 1.0}", "1");
    gives("{:min, 2, 1.0}", "1.0");
    gives("{:tuple_size, :\"$_\"}", "2");
    gives("{:tuple_size, 1}", ":EXIT");
    gives("{:is_boolean, true}", "true");
    gives("{:is_boolean, :a}", "false");
    gives("{:size, 1}", ":EXIT");
    gives("{:map_size, 1}", ":EXIT");
    gives("{:byte_size, 1}", ":EXIT");
    gives("{:is_map_key, :a, 1}", ":EXIT");
    gives("{:map_get, :a, 1}", ":EXIT");
    gives("{{{:self}, {:node}}}", "{:me, :here}");
}

/* No recursion: patterns and bodies as deep as can be. */
static void any_depth(void **state)
{
    cop_term pattern = COP(":\"$1\"");
    cop_term body = COP(":\"$1\"");
    cop_term object = cop_int(7);
    cop_term sum = cop_int(0);
    cop_term result = cop_none();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        pattern = i % 2 ? cop_tuple(pattern, i) : cop_cons(cop_int(i), pattern);
        object = i % 2 ? cop_tuple(object, i) : cop_cons(cop_int(i), object);
        body = i % 2 ? cop_tuple(cop_tuple(body, i)) : cop_cons(cop_int(i), body);
        sum = cop_tuple(COP(":+"), sum, 1);
    }
    assert_true(
        run(cop_list(cop_tuple(pattern, cop_empty_list(), cop_list(body))), object, &result));
    assert_true(cop_identical(result, object));
    assert_true(
        run(cop_list(cop_tuple(pattern, cop_empty_list(), cop_list(sum))), object, &result));
    assert_true(cop_identical(result, cop_int(100000)));
}

/* A pattern without variables, in the order of atoms and maps that there are, matches just what is
 * the same; with :_ for a part it still matches. */
static void agrees_with_identity(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct gen_term gen;
        cop_term result = cop_none();

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        cop_term a = gen_term(&gen, 1 + seed % 20);
        cop_term b = seed % 3 == 0 ? a : gen_term(&gen, 1 + seed % 5);
        cop_term spec = cop_list(cop_tuple(cop_tuple(a, COP(":\"$1\""), COP(":\"$1\"")),
                                           cop_empty_list(), cop_list(cop_true())));
        if (!run(spec, cop_tuple(b, b, b), &result)) continue; /* _ or $1 as a key of a map */
        if (cop_identical(a, b)) assert_true(cop_identical(result, cop_true()));
        if (!cop_is_none(result) && !cop_is_map(a)) assert_int_equal(cop_kind(a), cop_kind(b));
        assert_true(run(spec, cop_tuple(a, b, cop_list(b)), &result));
        assert_true(cop_is_none(result));
        cop__heap_reset(&heap);
    }
}

static cop_term key_of(const char *clauses, uint32_t keypos)
{
    const struct cop__spec_env env = {cop_nil(), cop_nil()};
    struct cop__spec spec;

    assert_true(cop__spec_compile(&spec, parse(clauses), &env));
    cop_term key = cop__spec_key(&spec, keypos);
    cop__spec_fini(&spec);
    return key;
}

/* When all that can match has one key. */
static void keys(void **state)
{
    (void)state;
    assert_true(cop_identical(key_of("[{{:a, :_}, [], [1]}]", 1), COP(":a")));
    assert_true(cop_is_none(key_of("[{{:a, :_}, [], [1]}]", 2)));
    assert_true(cop_identical(key_of("[{{:_, :b}, [], [1]}]", 2), COP(":b")));
    assert_true(cop_identical(key_of("[{{{:x, :_}, {:b, [2]}}, [], [1]}]", 2), parse("{:b, [2]}")));
    assert_true(cop_identical(key_of("[{{%{a: :_}, [1 | :\"$1\"], :k}, [], [1]}]", 3), COP(":k")));
    assert_true(cop_is_none(key_of("[{{{:x, :_}, :b}, [], [1]}]", 1)));
    assert_true(cop_identical(key_of("[{{{1, 2}, :b, :_}, [], [1]}]", 2), COP(":b")));
    assert_true(cop_is_none(key_of("[{{:a, :b}, [], [1]}]", 3)));
    assert_true(cop_is_none(key_of("[{:\"$1\", [], [1]}]", 1)));
    assert_true(cop_is_none(key_of("[{{:a}, [], [1]}, {{:a}, [], [2]}]", 1)));
    assert_true(cop_is_none(key_of("[]", 1)));
    assert_true(cop_is_none(key_of("[{{:\"$1\", :\"$1\"}, [], [1]}]", 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(integers_end),
        TEST(any_depth),
        TEST(agrees_with_identity),
        TEST(keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
