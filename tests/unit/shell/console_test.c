/* SPDX-License-Identifier: Apache-2.0 */
/* A program with cop_main() as a user meets it: its commands, its console from a pipe and on a
 * terminal, and its end. The program is program.c, run as a process of the operating system. */
#include "drive.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct program p;

/* The whole output of a program with this input. */
static void check_run(const char *const *arguments, const char *input, int status,
                      const char *output)
{
    start(&p, arguments);
    type(&p, input);
    finish(&p, status);
    assert_string_equal(p.text, output);
}

static const char *const start_iex[] = {"start_iex", NULL};
#define STOPPED "server stopped\napplication stopped\n"

/* --- Commands --------------------------------------------------------------------------------- */

static void version_and_help(void **state)
{
    static const char *const version[] = {"version", NULL};
    static const char *const help[] = {"help", NULL};

    (void)state;
    check_run(version, "", 0, "demo 1.2.3\n");
    start(&p, help);
    finish(&p, 0);
    assert_non_null(strstr(p.text, "Usage: shell_test_program COMMAND"));
    assert_non_null(strstr(p.text, "COPPICE_SCHEDULERS"));
}

static void wrong_command_lines(void **state)
{
    static const char *const lines[][4] = {
        {"no_such_command", NULL},
        {NULL},
        {"start", "--no-such-option"},
        {"start", "--schedulers", "many"},
        {"start", "--schedulers=0"},
        {"start", "--schedulers"},
        {"eval", NULL},
        {"version", "too_much"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        start(&p, lines[i]);
        finish(&p, 2);
        assert_non_null(strstr(p.text, "Usage: shell_test_program COMMAND"));
    }
}

static void eval_prints_the_value(void **state)
{
    static const char *const works[] = {"eval", "x = 20; {:ok, x + 1}", NULL};
    static const char *const fails[] = {"eval", "1 + :a", NULL};
    static const char *const negative[] = {"eval", "-1", "--schedulers", "1", NULL};

    (void)state;
    check_run(works, "", 0, "{:ok, 21}\n");
    check_run(fails, "", 1, "** (ArithmeticError) bad argument in arithmetic expression\n");
    check_run(negative, "", 0, "-1\n");
}

/* --- From a pipe ------------------------------------------------------------------------------ */

static void a_result_a_line(void **state)
{
    (void)state;
    check_run(start_iex, "x = 1 +\n  2\n\n# a comment\n[x, \"s\"]\nProcess.whereis(Demo) == nil\n",
              0, "3\n[3, \"s\"]\nfalse\n" STOPPED);
}

/* IEX-05: the console goes on, the status tells */
static void a_failure_shows_in_the_status(void **state)
{
    (void)state;
    check_run(start_iex, "x = 1\nraise \"oops\"\nx\n", 1, "1\n** (RuntimeError) oops\n1\n" STOPPED);
    start(&p, start_iex);
    type(&p, "1 +");
    finish(&p, 1);
    assert_memory_equal(p.text, "** (TokenMissingError) iex:1:4: ", 32);
}

/* IEX-07, better: bindings and counter survive */
static void dies_of_a_link_and_goes_on(void **state)
{
    (void)state;
    start(&p, start_iex);
    type(&p, "x = 7\nspawn_link(&Kernel.exit(:boom)); Process.sleep(:infinity)\n{x, v(1)}\nv()\n");
    expect(&p, "7\n** (EXIT from #PID<");
    expect(&p, ">) shell process exited with reason: :boom\n{7, 7}\n{7, 7}\n");
    finish(&p, 1);
}

/* IEX-08, IEX-10, IEX-11, IEX-09 */
static void helpers(void **state)
{
    (void)state;
    check_run(start_iex,
              "send(self(), {:hello, 1})\nflush()\nflush()\nv(1)\nv(-1)\nv(99)\n"
              "pid(:nobody)\npid(\"0.1.2\")\npid(0, 1, 2) == pid(\"0.1.2\")\nh Map.get/2\n",
              1,
              "{:hello, 1}\n{:hello, 1}\n:ok\n:ok\n{:hello, 1}\n{:hello, 1}\n"
              "** (RuntimeError) v(99) is out of bounds\n    IEx.Helpers.v/1\n"
              "** (ArgumentError) argument error\n    IEx.Helpers.pid/1\n#PID<0.1.2>\ntrue\n"
              "  Map.get(map, key)\n      The value of key, or nil.\n" STOPPED);
    start(&p, start_iex);
    type(&p, "i(Process.whereis(Demo))\n");
    expect(&p, "Data type\n  PID\n");
    expect(&p, "Alive\n  true\n");
    expect(&p, "Name\n  Demo\n");
    finish(&p, 0);
}

/* --- On a terminal ---------------------------------------------------------------------------- */

/* IEX-01, IEX-02 */
static void prompts_and_history(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "Interactive Coppice (");
    expect(&p, "iex(1)> ");
    type(&p, "40 + 1\n");
    expect(&p, "\n41\r\n");
    expect(&p, "iex(2)> ");
    type(&p, "{:a,\n");
    expect(&p, "...(2)> ");
    type(&p, ":b}\n");
    expect(&p, "\n{:a, :b}\r\n");
    expect(&p, "iex(3)> ");
    type(&p, "raise \"x\"\n");
    expect(&p, "** (RuntimeError) x\r\n");
    expect(&p, "iex(3)> ");
    type(&p, "\x10\x10\x10\x10\n"); /* four lines back */
    expect(&p, "\n41\r\n");
    expect(&p, "iex(4)> ");
    type(&p, "Process.wher\t(Demo) == nil\n"); /* completed */
    expect(&p, "\nfalse\r\n");
    expect(&p, "iex(5)> ");
    type(&p, "\x04");
    expect(&p, "application stopped");
    finish(&p, 0);
}

/* IEX-03, INS-12: as wide as the terminal, which has 60 columns */
static void lines_fit_the_terminal(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "Enum.map([10000000, 10000001, 10000002], &{&1, :abcdef})\n");
    expect(&p, "\n[\r\n  {10000000, :abcdef},\r\n");
    expect(&p, "iex(2)> ");
    type(&p, "\x04");
    finish(&p, 0);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void stops_in_order(void **state)
{
    (void)state;
    start(&p, start_iex);
    type(&p, "System.stop(3)\nProcess.sleep(:infinity)\n");
    expect(&p, "server stopped\napplication stopped\n");
    finish(&p, 3);
}

/* Whether a prompt stands there already, or comes while the node stops. */
static void leaves_the_terminal_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        start_on_terminal(&p, "start_iex", 60);
        expect(&p, "iex(1)> ");
        type(&p, "System.stop()\n");
        expect(&p, "application stopped");
        finish(&p, 0);
    }
    for (int i = 0; i < 5; i++) {
        start_on_terminal(&p, "start_iex", 60);
        expect(&p, "iex(1)> ");
        assert_int_equal(kill(p.pid, SIGTERM), 0);
        expect(&p, "\r\nserver stopped\r\napplication stopped");
        finish(&p, 0);
    }
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "\x03"); /* Ctrl+C, IEX-13 */
    expect(&p, "BREAK: (a)bort");
    expect(&p, "\r\n");
    type(&p, "\x03");
    expect(&p, "\r\nserver stopped\r\napplication stopped");
    finish(&p, 128 + SIGINT);
}

static void a_signal_ends_in_order(void **state)
{
    (void)state;
    start(&p, start_iex);
    type(&p, ":up\n");
    expect(&p, ":up\n");
    assert_int_equal(kill(p.pid, SIGTERM), 0);
    expect(&p, "server stopped\napplication stopped\n");
    finish(&p, 0);
}

/* Three processes that never give way: the console answers, and the node ends, naming them. */
static void endless_loops_do_not_hold_it(void **state)
{
    (void)state;
    start(&p, start_iex);
    for (int i = 0; i < 3; i++) {
        type(&p, "spawn(&Demo.loop/0) |> is_pid()\n");
        expect(&p, "true\n");
    }
    type(&p, "20 + 1\nSystem.stop()\n");
    expect(&p, "21\n");
    expect(&p, "Demo.loop/0");
    finish(&p, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_and_help),
        cmocka_unit_test(wrong_command_lines),
        cmocka_unit_test(eval_prints_the_value),
        cmocka_unit_test(a_result_a_line),
        cmocka_unit_test(a_failure_shows_in_the_status),
        cmocka_unit_test(dies_of_a_link_and_goes_on),
        cmocka_unit_test(helpers),
        cmocka_unit_test(prompts_and_history),
        cmocka_unit_test(lines_fit_the_terminal),
        cmocka_unit_test(stops_in_order),
        cmocka_unit_test(leaves_the_terminal_in_order),
        cmocka_unit_test(a_signal_ends_in_order),
        cmocka_unit_test(endless_loops_do_not_hold_it),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
