/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating expressions: what a real node says to those that fail (tests/conformance/errors.tsv),
 * bindings, order, and depth. What expressions give that work, the scenarios of tests/conformance
 * show. */
#include "support/process_test.h"

#include "coppice/shell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct attempt {
    const char *text;
    cop_term bindings;
    const struct cop_eval_opts *opts;
};

static cop_term evaluate(void *arg)
{
    struct attempt *a = arg;

    return cop_eval((cop_bytes){a->text, strlen(a->text)}, a->bindings, &a->bindings, a->opts);
}

static cop_term value_of(const char *text)
{
    struct attempt a = {text, cop_map_new(), NULL};

    return evaluate(&a);
}

/* The line that a console shows for an expression that fails. */
static cop_term banner_of(const char *text)
{
    struct attempt a = {text, cop_map_new(), NULL};
    struct cop_outcome outcome;

    cop_assert(!cop_try(evaluate, &a, &outcome));
    return cop_format_banner(outcome.class_, outcome.value);
}

/* --- Errors ----------------------------------------------------------------------------------- */

/* Where coppice says it in words of its own: how much of the banner is compared. */
static size_t compared(const char *source, const char *kind, const char *message)
{
    static const struct {
        const char *source;
        size_t len; /* "** (" at least: an error it is */
    } own[] = {
        {"Supervisor.child_spec(Map, [])", 72}, /* goes on with how it is done in C */
        {"Supervisor.child_spec(\"a\", [])", 80},
        {"%{a 1}", 4}, /* a key of a map here, a call there */
        {":", 4},      /* could go on here */
    };

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strcmp(own[i].source, source) == 0) return own[i].len;
    /* Of texts that are no expression the kind, since the reader has words of its own. */
    if (strcmp(kind, "** (TokenMissingError)") == 0 || strcmp(kind, "** (SyntaxError)") == 0)
        return strlen(kind);
    return strlen(message) + 1;
}

/* Fills expected with a field of the table, in which a new line is written \n. */
static void unescape(const char *field, char *expected, size_t size)
{
    size_t len = 0;

    for (; *field && len + 1 < size; field++) {
        if (field[0] == '\\' && field[1] == 'n') {
            expected[len++] = '\n';
            field++;
        } else {
            expected[len++] = *field;
        }
    }
    expected[len] = '\0';
}

static bool is_as_recorded(const char *source, const char *kind, const char *message)
{
    static char expected[4096];
    cop_bytes banner = cop_to_bytes(banner_of(source));
    size_t len = compared(source, kind, message);

    unescape(message, expected, sizeof(expected));
    if (len > strlen(message)) /* all of it */
        len = banner.len == strlen(expected) ? banner.len : sizeof(expected);
    if (banner.len >= len && memcmp(banner.data, expected, len) == 0) return true;
    printf("%s\nshown    %.*s\nexpected %s\n", source, (int)banner.len, banner.data, expected);
    return false;
}

/* IEX-05, IEX-06, LOG-23 */
PROCESS_TEST(fails_as_a_real_node)
{
    FILE *file = fopen(CONFORMANCE_DIR "/errors.tsv", "r");
    char *line = NULL;
    size_t cap = 0;
    int rows = 0;
    int wrong = 0;

    cop_assert(file != NULL);
    while (getline(&line, &cap, file) > 0) {
        char *kind = strchr(line, '\t');
        char *message = kind ? strchr(kind + 1, '\t') : NULL;

        if (line[0] == '#' || message == NULL) continue;
        *kind = *message = '\0';
        message[1 + strcspn(message + 1, "\n")] = '\0';
        wrong += !is_as_recorded(line, kind + 1, message + 1);
        rows++;
    }
    free(line);
    (void)fclose(file);
    cop_assert(rows > 100);
    cop_assert_equal(0, wrong);
}

PROCESS_TEST(tells_where_a_text_is_wrong)
{
    cop_bytes text = cop_to_bytes(banner_of("x = 1\n{:ok, )"));

    cop_assert(memmem(text.data, text.len, "nofile:2:7: ", 12) != NULL);
    cop_assert(memmem(text.data, text.len, "\n  2 | {:ok, )\n    |       ^", 26) != NULL);
}

PROCESS_TEST(names_file_and_line)
{
    struct cop_eval_opts opts = {.size = sizeof(opts), .file = "iex", .line = 7};
    struct attempt a = {"unknown(1)", cop_map_new(), &opts};
    struct cop_outcome outcome;

    cop_assert(!cop_try(evaluate, &a, &outcome));
    cop_assert_equal(
        "** (CompileError) iex:7: undefined function unknown/1 (there is no such import)",
        cop_format_banner(outcome.class_, outcome.value));
}

/* --- Bindings --------------------------------------------------------------------------------- */

PROCESS_TEST(binds_and_uses_names)
{
    struct attempt a = {"{:ok, x} = {:ok, 1}; y = [x | [x + 1]]", cop_map_new(), NULL};

    cop_assert_equal(COP("[1, 2]"), evaluate(&a));
    cop_assert_equal(COP("%{x: 1, y: [1, 2]}"), a.bindings);
    a.text = "^x = 1";
    cop_assert_equal(1, evaluate(&a));
    a.text = "x = x + 1; x";
    cop_assert_equal(2, evaluate(&a));
}

PROCESS_TEST(an_empty_text_is_nil)
{
    cop_assert_equal(cop_nil(), value_of(""));
    cop_assert_equal(cop_nil(), value_of("# only a comment\n\n"));
}

/* --- Order ------------------------------------------------------------------------------------ */

/* A mistake that a compiler would find keeps the whole expression from having effects. */
PROCESS_TEST(nothing_runs_before_all_names_are_known)
{
    struct attempt a = {"send(self(), :effect); no_such_function()", cop_map_new(), NULL};
    struct cop_outcome outcome;

    cop_assert(!cop_try(evaluate, &a, &outcome));
    a.text = "send(self(), :effect); no_such_name";
    cop_assert(!cop_try(evaluate, &a, &outcome));
    a.text = "[send(self(), :effect) |> no_such_function()]";
    cop_assert(!cop_try(evaluate, &a, &outcome));
    cop_refute_receive(":effect");
}

PROCESS_TEST(arguments_from_left_to_right)
{
    (void)value_of("{send(self(), 1), [send(self(), 2), send(self(), 3)], %{a: send(self(), 4)}}");
    for (int i = 1; i <= 4; i++) {
        cop_term msg;

        cop_assert(cop_receive(&msg, 0));
        cop_assert_equal(i, msg);
    }
}

PROCESS_TEST(what_is_decided_is_not_evaluated)
{
    cop_assert_equal(cop_nil(), value_of("nil && raise(\"no\")"));
    cop_assert_equal(1, value_of("1 || raise(\"no\")"));
    cop_assert_equal(cop_false(), value_of("false and raise(\"no\")"));
    cop_assert_equal(cop_true(), value_of("true or raise(\"no\")"));
}

/* In the words of Elixir 1.14 */
PROCESS_TEST(wrong_lines)
{
    cop_assert_equal("** (CompileError) nofile:1: capture argument &1 must be used within the "
                     "capture operator &",
                     banner_of("&1"));
    cop_assert_equal("** (CompileError) nofile:1: invalid call 1.foo", banner_of("1.foo"));
    cop_assert_equal("** (CompileError) nofile:1: undefined function foo/1 (there is no such "
                     "import)",
                     banner_of("foo(1)"));
}

/* CNR-13: what the console's language has not, is said. */
PROCESS_TEST(what_is_no_part_of_the_language)
{
    cop_assert_equal("** (CompileError) nofile:1: if/2 is not part of the console's language, "
                     "which has calls, matches, captures, pipes and operators",
                     banner_of("if(true, do: 1)"));
    cop_assert_equal("** (CompileError) nofile:1: @/1 is not part of the console's language, "
                     "which has calls, matches, captures, pipes and operators",
                     banner_of("@a"));
}

/* What can be seen to be no module before anything runs. */
PROCESS_TEST(raising_a_text_with_attributes)
{
    cop_assert_equal("** (CompileError) nofile:1: invalid call \"a\".exception([])",
                     banner_of("raise(\"a\", [])"));
    cop_assert_equal("** (CompileError) nofile:2: invalid call 1.exception(message: \"b\")",
                     banner_of("1\nraise(1, message: \"b\")"));
    cop_assert_equal("** (ArgumentError) errors were found at the given arguments:\n\n"
                     "  * 1st argument: not an atom\n",
                     banner_of("x = \"a\"; raise(x, [])"));
}

/* Texts of several lines lose the blanks that stand before their closing quotes. */
PROCESS_TEST(heredocs)
{
    cop_assert_equal("a 2 \"q\"\n\n b\n!", value_of("\"\"\"\n  a #{1 + 1} \"q\"\n\n   b\n"
                                                    "  \"\"\" <> \"!\""));
}

/* A name that is bound nowhere is a call without brackets. */
PROCESS_TEST(calls_without_brackets)
{
    cop_assert_equal(cop_true(), value_of("self == self()"));
    cop_assert_equal(cop_int(1), value_of("self = 1; self"));
}

PROCESS_TEST(pipes_into_calls)
{
    cop_assert_equal(COP("[3, 2]"), value_of("[1, 2] |> Enum.map(&(&1 + 1)) |> Enum.reverse()"));
    cop_assert_equal(COP("2"), value_of("[1, 2] |> length"));
    cop_assert_equal("** (CompileError) nofile:1: undefined function x/1 (there is no such import)",
                     banner_of("x = 1; 2 |> x"));
    cop_assert_equal("** (ArgumentError) cannot pipe 1 into 2, can only pipe into local calls "
                     "foo(), remote calls Foo.bar() or anonymous function calls foo.()",
                     banner_of("1 |> 2"));
}

static cop_term answer(void)
{
    return cop_int(42);
}

/* Helpers come before Kernel's functions, and are told by name and arity. */
PROCESS_TEST(helpers_need_no_module)
{
    static const struct cop_function functions[] = {
        COP_EXPORT("answer()", answer, "42."), COP_EXPORT("self()", answer, "42."), COP_EXPORT_END};
    static const struct cop_module helpers = {
        .size = sizeof(struct cop_module), .name = "Test.Helpers", .functions = functions};
    struct cop_eval_opts opts = {.size = sizeof(opts), .helpers = &helpers};
    struct attempt a = {"[answer(), self(), div(4, 2)]", cop_map_new(), &opts};

    cop_module_register(&helpers);
    cop_assert_equal(COP("[42, 42, 2]"), evaluate(&a));
}

/* Depth costs no stack: an expression as deep as the reader allows. */
PROCESS_TEST(deep_expressions)
{
    enum { DEPTH = 20000 };
    char *text = cop_alloc(DEPTH * 4 + 2);
    size_t at = 0;

    for (int i = 0; i < DEPTH; i++)
        text[at++] = i % 2 ? '[' : '{';
    text[at++] = '1';
    for (int i = DEPTH; i-- > 0;)
        text[at++] = i % 2 ? ']' : '}';
    cop_assert(cop_is_tuple(value_of(text)));
    at = 0;
    for (int i = 0; i < DEPTH; i++) {
        text[at++] = '1';
        text[at++] = '+';
    }
    text[at++] = '1';
    text[at] = '\0';
    cop_assert_equal(DEPTH + 1, value_of(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fails_as_a_real_node),
        cmocka_unit_test(tells_where_a_text_is_wrong),
        cmocka_unit_test(names_file_and_line),
        cmocka_unit_test(binds_and_uses_names),
        cmocka_unit_test(an_empty_text_is_nil),
        cmocka_unit_test(nothing_runs_before_all_names_are_known),
        cmocka_unit_test(arguments_from_left_to_right),
        cmocka_unit_test(what_is_decided_is_not_evaluated),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(what_is_no_part_of_the_language),
        cmocka_unit_test(raising_a_text_with_attributes),
        cmocka_unit_test(heredocs),
        cmocka_unit_test(calls_without_brackets),
        cmocka_unit_test(pipes_into_calls),
        cmocka_unit_test(helpers_need_no_module),
        cmocka_unit_test(deep_expressions),
    };

    return cmocka_run_group_tests(tests, node_up, node_down);
}
