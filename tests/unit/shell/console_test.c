/* SPDX-License-Identifier: Apache-2.0 */
/* A program with cop_main() as a user meets it: its commands, its console from a pipe and on a
 * terminal, and its end. The program is program.c, run as a process of the operating system. */
#include "drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

/* The path of a file in the folder of this run. */
static const char *path_in(void **state, const char *name)
{
    static char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", (const char *)*state, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    assert_int_not_equal(fputs(text, file), EOF);
    assert_int_equal(fclose(file), 0);
}

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

/* APP-16: a file of settings, as an option or by the environment; it stands before the defaults and
 * before what is set without lasting. */
static void settings_from_a_file(void **state)
{
    const char *name = path_in(state, "settings.conf");
    const char *const env[] = {"eval", "Application.get_all_env(:demo) |> Enum.sort()", NULL};
    const char *const eval[] = {"eval", "Application.get_env(:demo, :port)", "--config", name,
                                NULL};
    const char *const started[] = {"start_iex", "--config", name, NULL};

    write_file(name, "# ports\n[demo: [port: 4041,\n        hosts: [\"a\"]],\n other: []]\n");
    check_run(eval, "", 0, "4041\n");
    check_run(started,
              "Application.get_env(:demo, :port)\nApplication.get_env(:demo, :kind)\n"
              "Application.get_env(:demo, :hosts)\n",
              0, "4041\n:default\n[\"a\"]\n" STOPPED);
    setenv("COPPICE_CONFIG", name, 1);
    check_run(env, "", 0, "[hosts: [\"a\"], port: 4041]\n");
    unsetenv("COPPICE_CONFIG");
    check_run(env, "", 0, "[]\n");
    unlink(name);
}

/* What is wrong with it, and where; nothing runs then. */
static void bad_settings(void **state)
{
    const char *name = path_in(state, "bad.conf");
    const char *const started[] = {"start", "--config", name, NULL};
    const char *const eval[] = {"eval", "1", "--config", name, NULL};
    static const char *const rows[][2] = {
        {"[demo: [port: 1],\n other: ]\n", "bad.conf:2:9: "},
        {"[demo: [port: f(1)]]\n", "bad.conf:1:15: "},
        {"[demo:\n", "bad.conf:2:1: missing terminator: ] (for \"[\" starting at line 1)"},
        {"[demo: 1]\n", "bad.conf: ** (ArgumentError) argument error: ~c\"application: demo; "
                        "parameters must be a list\""},
        {"[demo: [a: 1, a: 2]]\n", "duplicate parameter: a"},
        {"1\n", "bad.conf: not a list of applications: [app: [key: value]]"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(name, rows[i][0]);
        start(&p, started);
        finish(&p, 1);
        if (!strstr(p.text, rows[i][1])) fail_msg("%s\ngave %s", rows[i][0], p.text);
        assert_null(strstr(p.text, "stopped"));
        start(&p, eval);
        finish(&p, 1);
        if (!strstr(p.text, rows[i][1])) fail_msg("%s\ngave %s", rows[i][0], p.text);
    }
    unlink(name);
    start(&p, started);
    finish(&p, 1);
    assert_non_null(strstr(p.text, "bad.conf: No such file or directory\n"));
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

/* IEX-03: no more than 50 elements */
static void a_long_result(void **state)
{
    (void)state;
    check_run(start_iex, "Enum.to_list(1..51)\nEnum.to_list(1..50)\n", 0,
              "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, "
              "24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, "
              "45, 46, 47, 48, 49, 50, ...]\n"
              "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, "
              "24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, "
              "45, 46, 47, 48, 49, 50]\n" STOPPED);
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

#define BADARG(what, helper)                                                                       \
    "** (ArgumentError) errors were found at the given arguments:\n\n  * 1st argument: not a "     \
    "textual representation of a " what "\n\n    IEx.Helpers." helper "/1\n"

/* IEX-08, IEX-10, IEX-11: messages stay until flush prints them; values by line, counted back, and
 * outside of the last 20; pids and references from texts, numbers, names. */
static void helpers(void **state)
{
    (void)state;
    check_run(start_iex,
              "send(self(), {:hello, 1})\nsend(self(), 2)\nflush()\nflush\nv(1)\nv(-1)\nv(99)\n"
              "pid(:nobody)\npid(\"0.1.2\")\npid(0, 1, 2) == pid(\"0.1.2\")\npid(Demo) == "
              "Process.whereis(Demo)\npid(\"0.1\")\nref(\"0.1.2.3\")\nref(0, 1, 2, 3) == "
              "ref(\"0.1.2.3\")\nref(\"0.1.2\")\n",
              1,
              "{:hello, 1}\n2\n{:hello, 1}\n2\n:ok\n:ok\n{:hello, 1}\n{:hello, 1}\n"
              "** (RuntimeError) v(99) is out of bounds\n    IEx.Helpers.v/1\n"
              "** (ArgumentError) argument error\n    "
              "IEx.Helpers.pid/1\n#PID<0.1.2>\ntrue\ntrue\n" BADARG(
                  "pid", "pid") "#Reference<0.1.2.3>\ntrue\n" BADARG("reference", "ref") STOPPED);
    /* the oldest line that is kept is the twentieth from the end */
    check_run(start_iex,
              "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n"
              "{v(2), v(-20), v()}\nv(2)\nv(-21)\n",
              1,
              "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n"
              "{2, 2, 21}\n** (RuntimeError) v(2) is out of bounds\n    IEx.Helpers.v/1\n"
              "** (RuntimeError) v(-21) is out of bounds\n    IEx.Helpers.v/1\n" STOPPED);
}

/* IEX-09 */
static void help(void **state)
{
    (void)state;
    check_run(start_iex,
              "h Map.get/2\nh(Map.get/3)\nh Demo.next\nh Demo.none\nh Demo.next/3\nh Nowhere\n"
              "h self\nexports(Demo)\n",
              0,
              "  Map.get(map, key)\n      The value of key, or nil.\n"
              "  Map.get(map, key, default)\n      The value of key, or default.\n"
              "  Demo.next()\n      Waits for a message and returns it.\n"
              "No documentation for Demo.none was found\n"
              "No documentation for Demo.next/3 was found\n"
              "Could not load module Nowhere, got: nofile\n"
              "  Kernel.self()\n      The calling process.\n"
              "start_link/1     loop/0           next/0           print_all/0\n" STOPPED);
    start(&p, start_iex);
    type(&p, "h\nh Demo\n");
    expect(&p, "  flush() ");
    expect(&p, "Modules:\n\n[");
    expect(&p, "Demo\n\n  A server that tells of its end.\n\n  Demo.start_link(arg)\n");
    finish(&p, 0);
}

/* IEX-09: what a term is; i() asks about the last value. */
static void information(void **state)
{
    (void)state;
    check_run(
        start_iex, "i(1)\n[a: 1]\ni()\ni(&Map.get/2)\ni(\"abc\")\n", 0,
        "Term\n  1\nData type\n  Integer\nReference modules\n  Integer\n"
        "Implemented protocols\n  IEx.Info, Inspect, List.Chars, String.Chars\n"
        "[a: 1]\nTerm\n  [a: 1]\nData type\n  List\nDescription\n  Pairs with an atom each: a "
        "keyword list if all are.\nReference modules\n  List\nImplemented protocols\n  "
        "Collectable, Enumerable, IEx.Info, Inspect, List.Chars, String.Chars\n"
        "Term\n  &Map.get/2\nData type\n  Function\nArity\n  2\nImplemented protocols\n  "
        "Enumerable, IEx.Info, Inspect\n"
        "Term\n  \"abc\"\nData type\n  BitString\nByte size\n  3\nReference modules\n  String, "
        ":binary\nImplemented protocols\n  Collectable, IEx.Info, Inspect, List.Chars, "
        "String.Chars\n" STOPPED);
    start(&p, start_iex);
    type(&p, "i(Process.whereis(Demo))\n");
    expect(&p, "Data type\n  PID\nAlive\n  true\nName\n  Demo\nLinks\n  #PID<");
    expect(&p, "Message queue length\n  0\n");
    expect(&p, "Reference modules\n  Process, Node\n");
    type(&p, "i(pid(\"0.99.99\"))\n");
    expect(&p, "Alive\n  false\nDescription\n");
    finish(&p, 0);
}

/* IEX-11, IEX-12, IEX-14: what there is on no node of C is refused with a sentence. */
static void refused_and_told(void **state)
{
    static const char *const calls[] = {"c(\"a.ex\")", "r(Demo)", "recompile()"};

    (void)state;
    start(&p, start_iex);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        type(&p, calls[i]);
        type(&p, "\n");
        expect(&p, "** (RuntimeError) modules are part of the program and written in C: nothing "
                   "is compiled or loaded while it runs\n");
    }
    type(&p, "port(\"0.5\")\n");
    expect(&p, "** (RuntimeError) there are no ports on a node of coppice\n");
    type(&p, "runtime_info()\n");
    expect(&p, "Coppice version:    ");
    expect(&p, "Schedulers:         ");
    expect(&p, "Processes:          ");
    type(&p, "x = self()\nrespawn()\nx\n");
    expect(&p, "undefined function x/0 (there is no such import)\n");
    type(&p, "1\nv(1)\n");
    expect(&p, "1\n1\n");
    finish(&p, 1);
}

/* In the words of Elixir 1.14 */
static void what_may_have_been_meant(void **state)
{
    (void)state;
    check_run(
        start_iex,
        "Demo.nexxt()\nDemo.next(1)\nMap.get(%{})\nDemo.zzz()\nDemmo.next()\n"
        "String.upcas(\"a\")\nlenght([1])\n",
        1,
        "** (UndefinedFunctionError) function Demo.nexxt/0 is undefined or private. Did you "
        "mean:\n\n      * next/0\n\n    Demo.nexxt()\n"
        "** (UndefinedFunctionError) function Demo.next/1 is undefined or private. Did you "
        "mean:\n\n      * next/0\n\n    Demo.next(1)\n"
        "** (UndefinedFunctionError) function Map.get/1 is undefined or private. Did you "
        "mean:\n\n      * get/2\n      * get/3\n\n    Map.get(%{})\n"
        "** (UndefinedFunctionError) function Demo.zzz/0 is undefined or private\n"
        "    Demo.zzz()\n"
        "** (UndefinedFunctionError) function Demmo.next/0 is undefined (module Demmo is not "
        "available)\n    Demmo.next()\n"
        "** (UndefinedFunctionError) function String.upcas/1 is undefined or private. Did "
        "you mean:\n\n      * upcase/1\n\n    String.upcas(\"a\")\n"
        "** (CompileError) iex:1: undefined function lenght/1 (there is no such import)\n" STOPPED);
}

/* IEX-13 */
static void given_up(void **state)
{
    (void)state;
    check_run(start_iex, "[1,\n#iex:break\n2\n", 1,
              "** (TokenMissingError) iex:1: incomplete expression\n2\n" STOPPED);
}

/* INS-17: texts raw, lists of them, texts put into texts; IEX-04: before the value. */
static void printed_text(void **state)
{
    (void)state;
    check_run(start_iex,
              "IO.puts([\"http://x\"])\nl = [\"http://x\"]\nIO.puts(\"a#{l}b\")\nIO.write([?a, "
              "[\"b\", 99]])\nIO.inspect({:a, 1}, label: \"l\")\nIO.puts(:stderr, \"to err\")\n"
              "IO.gets(\"name? \")\nAnna\nIO.gets(\"name? \")\n",
              0,
              "http://x\n:ok\n[\"http://x\"]\nahttp://xb\n:ok\nabc:ok\nl: {:a, 1}\n{:a, 1}\n"
              "to err\n:ok\n\"Anna\\n\"\n:eof\n" STOPPED);
}

/* --- On a terminal ---------------------------------------------------------------------------- */

/* IEX-01, IEX-02 */
static void prompts_and_history(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "Interactive Coppice (");
    expect(&p, "iex(1)> ");
    type(&p, "\n  # nothing\n"); /* is no expression, so N stays */
    expect(&p, "iex(1)> ");
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

/* The size that the next line is printed at is the one that the terminal has then. */
static void follows_the_terminals_size(void **state)
{
    struct winsize size = {.ws_row = 40, .ws_col = 200};

    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    assert_int_equal(ioctl(p.out, TIOCSWINSZ, &size), 0);
    type(&p, "Enum.map([10000000, 10000001, 10000002], &{&1, :abcdef})\n");
    expect(&p, "\n[{10000000, :abcdef}, {10000001, :abcdef}, {10000002, :abcdef}]\r\n");
    type(&p, "\x04");
    finish(&p, 0);
}

/* Names are inserted as far as they are certain; else TAB shows what there is. */
static void completes_names(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "h Dem\t.ne\t\n");
    expect(&p, "  Demo.next()\r\n");
    expect(&p, "iex(2)> ");
    type(&p, "long_name = %{some_key: 41}\n");
    expect(&p, "\n%{some_key: 41}\r\n");
    expect(&p, "iex(3)> ");
    type(&p, "long\t.so\t + 1\n");
    expect(&p, "\n42\r\n");
    expect(&p, "iex(4)> ");
    type(&p, "Demo.\t");
    expect(&p, "\r\nloop/0          next/0          print_all/0\r\nstart_link/1\r\n");
    expect(&p, "iex(4)> Demo.");
    type(&p, "\x15:done\n"); /* Ctrl+U */
    expect(&p, "\n:done\r\n");
    type(&p, "\x04");
    finish(&p, 0);
}

/* IEX-16: a log line, or what a process prints, comes above the line that is being typed, which
 * stays, and the counter too. */
static void others_print_between(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "pid = spawn(&Demo.print_all/0)\n");
    expect(&p, "iex(2)> ");
    type(&p, "send(pid, \"from elsewhere\"); Demo.next()\n");
    expect(&p, "from elsewhere\r\n"); /* while the evaluator waits */
    type(&p, "\x03");
    expect(&p, "BREAK: (a)bort (i)nterrupt the evaluation (c)ontinue\r\n");
    type(&p, "i");
    expect(&p, "shell process exited with reason: killed\r\n");
    expect(&p, "iex(2)> ");
    type(&p, "Process.send_after(pid, \"above\", 100)\n");
    expect(&p, "iex(3)> ");
    type(&p, "20 + ");
    expect(&p, "20 + ");
    expect(&p, "above\r\n");
    expect(&p, "iex(3)> 20 + ");
    type(&p, "1\n");
    expect(&p, "\n21\r\n");
    expect(&p, "iex(4)> ");
    type(&p, "Process.exit(pid, :kill); spawn(&Kernel.raise(\"oops\"))\n");
    expect(&p, "[error] Process #PID<");
    expect(&p, "** (RuntimeError) oops\r\n");
    type(&p, "v(3)\n");
    expect(&p, "\n21\r\n");
    type(&p, "\x04");
    finish(&p, 0);
}

/* Lines of an earlier session come back. */
static void remembers_lines(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, ":kept_for_later\n");
    expect(&p, "\n:kept_for_later\r\n");
    expect(&p, "iex(2)> ");
    type(&p, "\x04");
    finish(&p, 0);
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "\x10\n");
    expect(&p, "\n:kept_for_later\r\n");
    type(&p, "\x04");
    finish(&p, 0);
}

/* A console that is killed: its evaluator goes, the node stays, a new one comes. */
static void a_killed_console(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "Process.exit(Process.group_leader(), :kill)\n");
    expect(&p, "Interactive Coppice (");
    expect(&p, "iex(1)> ");
    type(&p, "Process.whereis(Demo) != nil\n");
    expect(&p, "\ntrue\r\n");
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

/* APP-14: halt calls nobody back. */
static void halts_at_once(void **state)
{
    (void)state;
    start(&p, start_iex);
    type(&p, ":up\nSystem.halt(:x)\nSystem.halt(-1)\n");
    expect(&p, ":up\n");
    expect(&p, "FunctionClauseError");
    expect(&p, "invalid status");
    type(&p, "System.halt(4)\nProcess.sleep(:infinity)\n");
    finish(&p, 4);
    assert_null(strstr(p.text, "stopped"));
}

/* APP-14 */
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

/* IEX-13: at once, and not in order; the terminal is as it was. */
static void quits_at_once(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    type(&p, "\x1c");
    finish(&p, 128 + SIGQUIT);
    assert_null(strstr(p.text, "stopped"));
}

/* The console goes with its terminal, the node does not. */
static void the_terminal_goes(void **state)
{
    static const char *const pid[] = {"pid", NULL};
    static const char *const stop[] = {"stop", NULL};
    static struct program other;
    char text[24];

    (void)state;
    start_on_terminal(&p, "start_iex", 60);
    expect(&p, "iex(1)> ");
    close(p.out);
    close(p.terminal);
    (void)snprintf(text, sizeof(text), "%ld\n", (long)p.pid);
    start(&other, pid);
    finish(&other, 0);
    assert_string_equal(other.text, text);
    start(&other, stop);
    finish(&other, 0);
    check_status(&p, 0);
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
        cmocka_unit_test(settings_from_a_file),
        cmocka_unit_test(bad_settings),
        cmocka_unit_test(wrong_command_lines),
        cmocka_unit_test(eval_prints_the_value),
        cmocka_unit_test(a_result_a_line),
        cmocka_unit_test(a_long_result),
        cmocka_unit_test(a_failure_shows_in_the_status),
        cmocka_unit_test(dies_of_a_link_and_goes_on),
        cmocka_unit_test(helpers),
        cmocka_unit_test(help),
        cmocka_unit_test(information),
        cmocka_unit_test(refused_and_told),
        cmocka_unit_test(what_may_have_been_meant),
        cmocka_unit_test(given_up),
        cmocka_unit_test(printed_text),
        cmocka_unit_test(prompts_and_history),
        cmocka_unit_test(lines_fit_the_terminal),
        cmocka_unit_test(follows_the_terminals_size),
        cmocka_unit_test(completes_names),
        cmocka_unit_test(others_print_between),
        cmocka_unit_test(remembers_lines),
        cmocka_unit_test(a_killed_console),
        cmocka_unit_test(stops_in_order),
        cmocka_unit_test(quits_at_once),
        cmocka_unit_test(the_terminal_goes),
        cmocka_unit_test(leaves_the_terminal_in_order),
        cmocka_unit_test(halts_at_once),
        cmocka_unit_test(a_signal_ends_in_order),
        cmocka_unit_test(endless_loops_do_not_hold_it),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
