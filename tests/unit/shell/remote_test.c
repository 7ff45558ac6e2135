/* SPDX-License-Identifier: Apache-2.0 */
/* A running node and those who speak to it: remote, rpc, stop, pid. */
#include "drive.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct program node;
static struct program a;
static struct program b;

/* Runs a command to its end. */
static void check_command(const char *command, const char *argument, int status, const char *output)
{
    const char *const arguments[] = {command, argument, NULL};

    start(&a, arguments);
    finish(&a, status);
    assert_string_equal(a.text, output);
}

/* A node that has started: its server says so. */
static void start_node(void)
{
    static const char *const arguments[] = {"start_iex", NULL};

    start(&node, arguments);
    type(&node, ":up\n");
    expect(&node, ":up\n");
}

static void stop_node(void)
{
    check_command("stop", NULL, 0, "");
    expect(&node, "server stopped\napplication stopped\n");
    finish(&node, 0);
}

static void path_of(char *path, size_t size, const char *name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
    (void)snprintf(path, size, "%s/%s", getenv("COPPICE_RUN_DIR"), name);
}

/* --- Commands --------------------------------------------------------------------------------- */

static void rpc_and_pid(void **state)
{
    char pid[24];

    (void)state;
    start_node();
    (void)snprintf(pid, sizeof(pid), "%ld\n", (long)node.pid);
    check_command("pid", NULL, 0, pid);
    check_command("rpc", "x = 20; IO.puts(\"printed\"); {:ok, x + 1}", 0, "printed\n{:ok, 21}\n");
    check_command("rpc", "Process.whereis(Demo) |> is_pid()", 0, "true\n");
    check_command("rpc", "1 + :a", 1,
                  "** (ArithmeticError) bad argument in arithmetic expression\n    Kernel.+/2\n");
    check_command("rpc", "Process.exit(self(), :kill); Process.sleep(:infinity)", 1, a.text);
    check_command("rpc", "-1", 0, "-1\n");
    stop_node();
}

static void nobody_there(void **state)
{
    static const char *const commands[] = {"remote", "stop", "pid", "rpc"};
    char socket_path[200];
    char sentence[300];

    (void)state;
    path_of(socket_path, sizeof(socket_path), "demo");
    (void)snprintf(sentence, sizeof(sentence), "no node named demo runs (its socket would be %s)\n",
                   socket_path);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        check_command(commands[i], strcmp(commands[i], "rpc") == 0 ? "1" : NULL, 1, sentence);
}

/* The socket of a node that was killed is in nobody's way. */
static void a_dead_node(void **state)
{
    char path[200];
    struct stat found;

    (void)state;
    start_node();
    path_of(path, sizeof(path), "demo");
    assert_int_equal(stat(path, &found), 0);
    kill_program(&node);
    assert_int_equal(stat(path, &found), 0);
    nobody_there(state);
    start_node();
    check_command("rpc", ":alive", 0, ":alive\n");
    stop_node();
    assert_int_equal(stat(path, &found), -1);
}

static void a_name_is_taken_once(void **state)
{
    static const char *const other[] = {"start_iex", "--name", "other", NULL};
    static const char *const stop[] = {"stop", "--name=other", NULL};
    char sentence[100];

    (void)state;
    start_node();
    (void)snprintf(sentence, sizeof(sentence), "a node named demo runs already (process %ld)\n",
                   (long)node.pid);
    check_command("start", NULL, 1, sentence);
    start(&b, other);
    type(&b, ":up\n");
    expect(&b, ":up\n");
    check_command("rpc", ":first", 0, ":first\n");
    start(&a, stop);
    finish(&a, 0);
    expect(&b, "application stopped\n");
    finish(&b, 0);
    stop_node();
}

/* Only its user can open it. */
static void the_socket_is_private(void **state)
{
    char path[200];
    struct stat found;

    start_node();
    path_of(path, sizeof(path), "demo");
    assert_int_equal(stat(path, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0600);
    stop_node();
    assert_int_equal(chmod(*state, 0777), 0);
    start_node();
    expect(&node, ""); /* it runs all the same, and says what it cannot do */
    check_command("pid", NULL, 1, a.text);
    assert_non_null(strstr(a.text, "is no folder that only its user can write to"));
    assert_int_equal(kill(node.pid, SIGTERM), 0);
    finish(&node, 0);
    assert_int_equal(chmod(*state, 0700), 0);
}

/* --- Consoles --------------------------------------------------------------------------------- */

static void start_remote(struct program *p)
{
    start_on_terminal(p, "remote", 60);
    expect(p, "iex(demo@");
    expect(p, ")1> ");
}

/* IEX-15; each console has its variables, its lines, its output. */
static void several_consoles(void **state)
{
    (void)state;
    start_node();
    start_remote(&a);
    start_remote(&b);
    type(&a, "x = 1\n");
    expect(&a, "\n1\r\n");
    expect(&a, ")2> ");
    type(&b, "x\n");
    expect(&b, "undefined function x/0");
    expect(&b, ")1> ");
    type(&b, "Process.register(self(), :b)\n");
    expect(&b, "\ntrue\r\n");
    expect(&b, ")2> ");
    type(&a, "IO.puts(\"to a\"); send(:b, {:hello, x})\n");
    expect(&a, "\nto a\r\n{:hello, 1}\r\n");
    expect(&a, ")3> ");
    type(&b, "flush()\n");
    expect(&b, "\n{:hello, 1}\r\n:ok\r\n");
    expect(&b, ")3> ");
    assert_null(strstr(b.text, "to a"));
    type(&a, "\x04"); /* leaves; the node stays */
    finish(&a, 0);
    type(&b, "Process.whereis(Demo) != nil\n");
    expect(&b, "\ntrue\r\n");
    stop_node();
    finish(&b, 0);
}

/* The evaluator of a console that vanishes ends: normally, unless it is in a loop without end. */
static void a_console_vanishes(void **state)
{
    (void)state;
    start_node();
    type(&node, "Process.register(self(), :watcher)\n");
    expect(&node, "true\n");
    for (int i = 0; i < 2; i++) {
        start_remote(&a);
        type(&a, "Process.register(self(), :evaluator)\n");
        expect(&a, "true");
        type(&node, "Process.monitor(:evaluator) |> is_reference()\n");
        expect(&node, "true\n");
        if (i == 1) {
            type(&a, "send(:watcher, :looping); Demo.loop()\n");
            type(&node, "Demo.next()\n");
            expect(&node, ":looping\n");
        }
        kill_program(&a);
        type(&node, "Demo.next()\n");
        expect(&node, "{:DOWN, #Reference<");
        expect(&node, i == 0 ? ">, :process, {:evaluator, :nonode@nohost}, :normal}\n"
                             : ">, :process, {:evaluator, :nonode@nohost}, :killed}\n");
    }
    type(&node, "Process.whereis(Demo) != nil\n");
    expect(&node, "true\n");
    stop_node();
}

/* A process that outlives its console prints on standard output. */
static void a_process_stays(void **state)
{
    (void)state;
    start_node();
    start_remote(&a);
    type(&a, "spawn(&Demo.print_all/0) |> Process.register(:printer)\n");
    expect(&a, "\ntrue\r\n");
    expect(&a, ")2> ");
    type(&a, "send(:printer, \"at the console\")\n");
    expect(&a, "at the console\r\n");
    type(&a, "\x04");
    finish(&a, 0);
    type(&node, "send(:printer, \"alone\") == \"alone\"\n");
    expect(&node, "alone\n"); /* before or after the value */
    stop_node();
}

/* A console whose terminal takes nothing holds nobody up; then all of it comes. */
static void much_output(void **state)
{
    enum { LINES = 20000 };
    size_t lines = 0;

    (void)state;
    start_node();
    start_remote(&a);
    type(&a, "IO.write(String.duplicate(\"a line of output\\n\", 20000) <> \"end\\n\")\n");
    start_remote(&b);
    type(&b, "20 + 1\n");
    expect(&b, "\n21\r\n");
    expect(&a, "\r\n"); /* what was typed */
    for (; lines < LINES; lines++)
        expect(&a, "a line of output\r\n");
    expect(&a, "end\r\n:ok\r\n");
    kill_program(&b);
    kill_program(&a);
    stop_node();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rpc_and_pid),           cmocka_unit_test(nobody_there),
        cmocka_unit_test(a_dead_node),           cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(the_socket_is_private), cmocka_unit_test(several_consoles),
        cmocka_unit_test(a_console_vanishes),    cmocka_unit_test(a_process_stays),
        cmocka_unit_test(much_output),
    };

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
