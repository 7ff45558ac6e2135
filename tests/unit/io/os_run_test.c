/* SPDX-License-Identifier: Apache-2.0 */
/* cop_os_process_run and System.cmd, with real programs. */
#include "support/check_process.h"

#include "coppice/os_process.h"

#include <stdio.h>
#include <unistd.h>

static void check_argument_error(cop_try_fn fn, const char *text)
{
    struct cop_outcome outcome;
    char copy[128];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    if (cop_try(fn, copy, &outcome)) check_fail(__FILE__, __LINE__, "%s was accepted", text);
    CHECK(cop_match(outcome.value, "%{__struct__: ArgumentError}"));
}

/* --- Run -------------------------------------------------------------------------------------- */

static cop_term run_sh(const char *script, const char *options)
{
    return cop_os_process_run(cop_string("sh"), cop_list(cop_string("-c"), cop_string(script)),
                              check_parse(options));
}

PROCESS_TEST(a_run_gives_output_and_status)
{
    CHECK_TERM(run_sh("echo hello; exit 3", "[]"), "{:ok, {\"hello\\n\", 3}}");
    CHECK_TERM(run_sh("echo a; echo b >&2", "[stderr: :stdout]"), "{:ok, {\"a\\nb\\n\", 0}}");
    CHECK_TERM(run_sh("kill -9 $$", "[]"), "{:ok, {\"\", 137}}");
    CHECK_TERM(run_sh("cat; cat", "[]"), "{:ok, {\"\", 0}}"); /* no input */
    CHECK_TERM(run_sh("cat", "[input: [\"a\", 98]]"), "{:ok, {\"ab\", 0}}");
    CHECK_TERM(run_sh("pwd; echo $A.$B", "[cd: \"/usr\", env: [{\"A\", \"1\"}, {\"B\", nil}]]"),
               "{:ok, {\"/usr\\n1.\\n\", 0}}");
    CHECK_TERM(run_sh("echo abcd", "[output_max: 5]"), "{:ok, {\"abcd\\n\", 0}}");
    CHECK_TERM(run_sh("echo abcd; exec sleep 1000", "[output_max: 4]"), "{:error, :emsgsize}");
    CHECK_TERM(run_sh("exec sleep 1000", "[timeout: 20]"), "{:error, :timeout}");
    CHECK_TERM(cop_os_process_run(cop_string("no-such-program"), COP("[]"), COP("[]")),
               "{:error, :enoent}");
    check_no_message();
    return cop_end();
}

PROCESS_TEST(a_run_writes_while_it_reads)
{
    size_t size = 3 << 20;
    char *bytes = cop_alloc(size);
    cop_term output = cop_nil();
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    cop_term input = cop_binary(bytes, size);
    cop_expect(cop_os_process_run(cop_string("cat"), COP("[]"), cop_build("[input: input]", input)),
               "{:ok, {output, 0}}", output);
    CHECK(cop_identical(output, input));
    return cop_end();
}

PROCESS_TEST(no_descriptor_of_the_node_leaks)
{
    int leaky = dup(0);
    CHECK_TERM(cop_os_process_run(cop_string("ls"), COP("[\"/proc/self/fd\"]"), COP("[]")),
               "{:ok, {\"0\\n1\\n2\\n3\\n\", 0}}"); /* 3 is the directory that it reads */
    close(leaky);
    return cop_end();
}

/* System.cmd, as Elixir's but for CNR-22. */
static cop_term system_cmd(const char *args)
{
    return cop_apply(COP("System"), COP(":cmd"), check_parse(args));
}

static cop_term try_system_cmd(void *arg)
{
    return system_cmd(arg);
}

PROCESS_TEST(system_cmd_is_that_of_elixir)
{
    char unknown[] = "[\"no-such-program\", []]";
    CHECK_TERM(system_cmd("[\"echo\", [\"hi\"]]"), "{\"hi\\n\", 0}");
    CHECK_TERM(system_cmd("[\"sh\", [\"-c\", \"cat; echo x >&2; echo $A; pwd; exit 2\"], "
                          "[stderr_to_stdout: true, env: [{\"A\", \"b\"}], cd: \"/usr\", "
                          "into: \"\"]]"),
               "{\"x\\nb\\n/usr\\n\", 2}");
    CHECK_TERM(system_cmd("[\"sh\", [\"-c\", \"echo x >&2\"], [stderr_to_stdout: false]]"),
               "{\"\", 0}");
    CHECK_RAISES(COP_CLASS_ERROR, ":enoent", try_system_cmd, unknown);
    check_argument_error(try_system_cmd, "[\"echo\", [], [x: 1]]");
    check_no_message();
    return cop_end();
}

static cop_next first_use(cop_term arg)
{
    (void)arg;
    CHECK_TERM(run_sh("exit 0", "[]"), "{:ok, {\"\", 0}}");
    return cop_end();
}

static int up(void **state)
{
    return check_start_node(state) != 0 ? -1 : check_settle(first_use, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_gives_output_and_status),
        cmocka_unit_test(a_run_writes_while_it_reads),
        cmocka_unit_test(no_descriptor_of_the_node_leaks),
        cmocka_unit_test(system_cmd_is_that_of_elixir),
    };
    return cmocka_run_group_tests(tests, up, check_stop_node);
}
