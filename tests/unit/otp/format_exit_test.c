/* SPDX-License-Identifier: Apache-2.0 */
/* Reasons and exceptions in words, against what a real Elixir says
 * (tests/conformance/format_exit.tsv, made by format_exit.exs): LOG-23, LOG-24. */
#include "support/process_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FORMAT_EXIT_TSV
#error "the path of the table comes from CMake"
#endif

static cop_term parse(const char *text)
{
    struct cop_parse_error error;
    cop_term t;

    if (!cop_parse((cop_bytes){text, strlen(text)}, &t, &error))
        cop_raise("ArgumentError", "%s: column %d: %s", text, error.column, error.text);
    return t;
}

static cop_term in_words(const char *kind, cop_term reason)
{
    if (strcmp(kind, "format") == 0) return cop_format_exit(reason);
    if (strcmp(kind, "error") == 0) return cop_format_banner(COP_CLASS_ERROR, reason);
    if (strcmp(kind, "exit") == 0) return cop_format_banner(COP_CLASS_EXIT, reason);
    return cop_format_banner(COP_CLASS_THROW, reason);
}

PROCESS_TEST(as_elixir_words_it)
{
    FILE *file = fopen(FORMAT_EXIT_TSV, "r");
    char *line = NULL;
    size_t cap = 0;
    int count = 0, wrong = 0;

    cop_assert(file != NULL);
    for (; getline(&line, &cap, file) > 0; count++) {
        char *rest = line, *kind = strsep(&rest, "\t"), *reason = strsep(&rest, "\t");
        cop_term expected, actual;

        rest[strcspn(rest, "\n")] = '\0';
        expected = parse(rest);
        actual = in_words(kind, parse(reason));
        if (cop_identical(expected, actual)) continue;
        wrong++;
        printf("%s\n  expected: %s\n  actual:   %.*s\n", reason, rest,
               (int)cop_to_bytes(cop_inspect(actual)).len, cop_to_bytes(cop_inspect(actual)).data);
    }
    free(line);
    fclose(file);
    cop_assert_equal(0, wrong);
    cop_assert(count > 120);
}

/* CNR: an exception without a stack is told as one, since C has not always a stack to show. */
PROCESS_TEST(errors_without_a_stack)
{
    cop_assert_equal(
        "an exception was raised:\n    ** (RuntimeError) oops",
        cop_format_exit(cop_build(
            "{%{__struct__: RuntimeError, __exception__: true, message: \"oops\"}, []}")));
    cop_assert_equal("an exception was raised:\n    ** (ArgumentError) argument error",
                     cop_format_exit(COP("{:badarg, []}")));
    cop_assert_equal("{:noproc, []}", cop_format_exit(COP("{:noproc, []}")));
    cop_assert_equal("shutdown: []", cop_format_exit(COP("{:shutdown, []}")));
}

/* Reasons that hold each other very often end in words all the same. */
PROCESS_TEST(deep_reasons)
{
    cop_term reason = COP(":boom");

    for (int i = 0; i < 100000; i++)
        reason = cop_tuple(reason, COP("{M, :f, []}"));
    cop_assert(cop_to_bytes(cop_format_exit(reason)).len > 1000);
}

static cop_term raise_one(void *arg)
{
    (void)arg;
    cop_raise("ArgumentError", "no %s, %d", "way", 3);
}

PROCESS_TEST(exceptions_are_structs)
{
    cop_term expected =
        COP("%{__struct__: ArgumentError, __exception__: true, message: \"no way, 3\"}");

    cop_assert_equal(expected, cop_assert_raises(raise_one, NULL));
    cop_assert_equal(expected, cop_exception("ArgumentError", "no way, %d", 3));
    cop_assert_equal(expected, cop_exception_of(expected));
    cop_assert_equal(COP("%{__struct__: MatchError, __exception__: true, term: 1}"),
                     cop_exception_of(COP("{:badmatch, 1}")));
    cop_assert_equal(
        COP("%{__struct__: KeyError, __exception__: true, key: :a, term: nil, message: nil}"),
        cop_exception_of(COP("{:badkey, :a}")));
    cop_assert_equal(
        COP("%{__struct__: ErlangError, __exception__: true, original: :foo, reason: nil}"),
        cop_exception_of(COP(":foo")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_elixir_words_it),
        cmocka_unit_test(errors_without_a_stack),
        cmocka_unit_test(deep_reasons),
        cmocka_unit_test(exceptions_are_structs),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
