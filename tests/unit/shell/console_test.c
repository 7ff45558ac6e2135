/* SPDX-License-Identifier: Apache-2.0 */
/* A program with cop_main() as a user meets it: its commands, its console from a pipe and on a
 * terminal, and its end. The program is program.c, run as a process of the operating system. */
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#define LIMIT_MS 20000 /* far more than anything here takes */

/* A running program: what goes in, what came out. */
struct program {
    pid_t pid;
    int in;
    int out;
    int terminal; /* or 0: its other side is `in` and `out` */
    size_t len;
    char text[65536];
};

static struct program p;

static void run_child(const char *const *arguments)
{
    const char *argv[8] = {PROGRAM};

    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a child has one thread */
    setenv("TERM", "xterm", 1);
    execv(PROGRAM, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void start(const char *const *arguments)
{
    int in[2];
    int out[2];

    memset(&p, 0, sizeof(p));
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        run_child(arguments);
    }
    close(in[0]);
    close(out[1]);
    p.in = in[1];
    p.out = out[0];
}

static void start_on_terminal(void)
{
    static const char *const arguments[] = {"start_iex", NULL};
    struct winsize size = {.ws_row = 40, .ws_col = 60};

    memset(&p, 0, sizeof(p));
    assert_int_equal(openpty(&p.out, &p.terminal, NULL, NULL, &size), 0);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        close(p.out);
        login_tty(p.terminal);
        run_child(arguments);
    }
    p.in = p.out;
}

static void type(const char *text)
{
    assert_int_equal(write(p.in, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads what comes; false at the end. */
static bool read_some(void)
{
    struct pollfd fd = {.fd = p.out, .events = POLLIN};
    ssize_t n;

    if (poll(&fd, 1, LIMIT_MS) != 1) fail_msg("nothing comes any more, after:\n%s", p.text);
    n = read(p.out, p.text + p.len, sizeof(p.text) - 1 - p.len);
    if (n <= 0) return false;
    p.len += (size_t)n;
    p.text[p.len] = '\0';
    return true;
}

/* Reads until the text stands in the output; what came before it is forgotten. */
static void expect(const char *text)
{
    char *found;

    while ((found = strstr(p.text, text)) == NULL)
        if (!read_some()) fail_msg("ended without \"%s\", after:\n%s", text, p.text);
    found += strlen(text);
    p.len -= (size_t)(found - p.text);
    memmove(p.text, found, p.len + 1);
}

/* The terminal is left as a shell wants it: it reads lines and shows what is typed. */
static void check_terminal(void)
{
    struct termios settings;

    assert_int_equal(tcgetattr(p.terminal, &settings), 0);
    assert_int_equal(settings.c_lflag & (ICANON | ECHO), ICANON | ECHO);
    close(p.terminal);
}

/* Closes the input and reads the rest if they are pipes, and looks at the exit status. A terminal
 * is open here, too, and does not end. */
static void finish(int expected)
{
    int status;

    if (p.terminal == 0) {
        close(p.in);
        while (read_some()) {
        }
    }
    assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
    if (p.terminal != 0) check_terminal();
    close(p.out);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
        printf("%s\n", p.text); /* longer than a message may be */
        fail_msg("ended with %#x", status);
    }
}

/* The whole output of a program with this input. */
static void check_run(const char *const *arguments, const char *input, int status,
                      const char *output)
{
    start(arguments);
    type(input);
    finish(status);
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
    start(help);
    finish(0);
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
        start(lines[i]);
        finish(2);
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
    start(start_iex);
    type("1 +");
    finish(1);
    assert_memory_equal(p.text, "** (TokenMissingError) iex:1:4: ", 32);
}

/* IEX-07, better: bindings and counter survive */
static void dies_of_a_link_and_goes_on(void **state)
{
    (void)state;
    start(start_iex);
    type("x = 7\nspawn_link(&Kernel.exit(:boom)); Process.sleep(:infinity)\n{x, v(1)}\nv()\n");
    expect("7\n** (EXIT from #PID<");
    expect(">) shell process exited with reason: :boom\n{7, 7}\n{7, 7}\n");
    finish(1);
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
    start(start_iex);
    type("i(Process.whereis(Demo))\n");
    expect("Data type\n  PID\n");
    expect("Alive\n  true\n");
    expect("Name\n  Demo\n");
    finish(0);
}

/* --- On a terminal ---------------------------------------------------------------------------- */

/* IEX-01, IEX-02 */
static void prompts_and_history(void **state)
{
    (void)state;
    start_on_terminal();
    expect("Interactive Coppice (");
    expect("iex(1)> ");
    type("40 + 1\n");
    expect("\n41\r\n");
    expect("iex(2)> ");
    type("{:a,\n");
    expect("...(2)> ");
    type(":b}\n");
    expect("\n{:a, :b}\r\n");
    expect("iex(3)> ");
    type("raise \"x\"\n");
    expect("** (RuntimeError) x\r\n");
    expect("iex(3)> ");
    type("\x10\x10\x10\x10\n"); /* four lines back */
    expect("\n41\r\n");
    expect("iex(4)> ");
    type("Process.wher\tDemo) == nil\n"); /* completed */
    expect("\nfalse\r\n");
    expect("iex(5)> ");
    type("\x04");
    expect("application stopped");
    finish(0);
}

/* IEX-03, INS-12: as wide as the terminal, which has 60 columns */
static void lines_fit_the_terminal(void **state)
{
    (void)state;
    start_on_terminal();
    expect("iex(1)> ");
    type("Enum.map([10000000, 10000001, 10000002], &{&1, :abcdef})\n");
    expect("\n[\r\n  {10000000, :abcdef},\r\n");
    expect("iex(2)> ");
    type("\x04");
    finish(0);
}

/* --- The end ---------------------------------------------------------------------------------- */

static void stops_in_order(void **state)
{
    (void)state;
    start(start_iex);
    type("System.stop(3)\nProcess.sleep(:infinity)\n");
    expect("server stopped\napplication stopped\n");
    finish(3);
}

/* Whether a prompt stands there already, or comes while the node stops. */
static void leaves_the_terminal_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        start_on_terminal();
        expect("iex(1)> ");
        type("System.stop()\n");
        expect("application stopped");
        finish(0);
    }
    for (int i = 0; i < 5; i++) {
        start_on_terminal();
        expect("iex(1)> ");
        assert_int_equal(kill(p.pid, SIGTERM), 0);
        expect("\r\nserver stopped\r\napplication stopped");
        finish(0);
    }
    start_on_terminal();
    expect("iex(1)> ");
    type("\x03"); /* Ctrl+C */
    expect("\r\nserver stopped\r\napplication stopped");
    finish(128 + SIGINT);
}

static void a_signal_ends_in_order(void **state)
{
    (void)state;
    start(start_iex);
    type(":up\n");
    expect(":up\n");
    assert_int_equal(kill(p.pid, SIGTERM), 0);
    expect("server stopped\napplication stopped\n");
    finish(0);
}

/* Three processes that never give way: the console answers, and the node ends, naming them. */
static void endless_loops_do_not_hold_it(void **state)
{
    (void)state;
    start(start_iex);
    for (int i = 0; i < 3; i++) {
        type("spawn(&Demo.loop/0) |> is_pid()\n");
        expect("true\n");
    }
    type("20 + 1\nSystem.stop()\n");
    expect("21\n");
    expect("Demo.loop/0");
    finish(0);
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
    return cmocka_run_group_tests(tests, NULL, NULL);
}
