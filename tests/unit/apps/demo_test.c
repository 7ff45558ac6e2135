/* SPDX-License-Identifier: Apache-2.0 */
/* The demo as people start it: all systems on one node, with the real auth service as a child. */
#include "../shell/drive.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIMIT_MS 20000 /* far more than anything here takes */

static struct program p;
static char file[200]; /* of the rules */

static int up(void **state)
{
    (void)snprintf(file, sizeof(file), "%s/rules.db", (const char *)*state);
    setenv("MY_SERVICE_DB", file, 1);
    setenv("MY_SERVICE_PORT", "0", 1);
    setenv("PORT", "0", 1);
    setenv("REDIS_PORT", "0", 1);
    setenv("OBSERVER_PORT", "0", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    setenv("AUTH_SERVICE_DELAY", "1500", 1);
    unsetenv("AUTH_SERVICE_URL");
    unsetenv("AUTH_SERVICE_PORT");
    return 0;
}

static int down(void **state)
{
    (void)state;
    unlink(file);
    return 0;
}

static void evaluate(const char *expression, const char *value)
{
    type(&p, expression);
    type(&p, "\n");
    expect(&p, value);
}

/* The demo runs, has loaded rules, and the loader has ended, which is after its last line. */
static void start_demo(void)
{
    char line[20];

    start(&p, (const char *const[]){"start_iex", NULL});
    expect(&p, "work done\n");
    do {
        type(&p, "{:gone, Process.whereis(AuthDataLoader) == nil}\n");
        expect(&p, "{:gone, ");
        take_line(&p, line, sizeof(line));
    } while (strcmp(line, "true}") != 0);
}

static void quit(void)
{
    type(&p, "System.stop()\n");
    finish(&p, 0);
}

/* The process number of the auth service's program. */
static pid_t auth_service_pid(void)
{
    char line[20];

    evaluate("[:os_pid, OsProcess.info(:sys.get_state(Demo.AuthService).process).os_pid]",
             "[:os_pid, ");
    take_line(&p, line, sizeof(line));
    return (pid_t)strtol(line, NULL, 10);
}

/* Waits for the end of a program that is no child of this one. */
static void await_gone(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};

    if (fd < 0) return; /* it is gone already */
    assert_int_equal(poll(&end, 1, LIMIT_MS), 1);
    close(fd);
}

static void all_systems_run(void **state)
{
    (void)state;
    start_demo();
    type(&p, "KV.Registry.create(KV.Registry, \"shopping\")\n");
    evaluate("{:ok, bucket} = KV.Registry.lookup(KV.Registry, \"shopping\")", "{:ok, #PID<0.");
    evaluate("KV.Bucket.put(bucket, \"eggs\", 3)", ":ok\n");
    evaluate("KV.Bucket.get(bucket, \"eggs\")", "3\n");
    evaluate("MyService.allowed?(\"billing\", \"invoices\")", "true\n");
    evaluate("MyService.allowed?(\"frontdesk\", \"invoices\")", "false\n");
    evaluate("{:ok, %{status: status}} = Http.get(:observer.url() <> \"/metrics\", []); status",
             "200\n");
    evaluate("Lesson_11.MyService.start()", "{:ok, #PID<0.");
    evaluate("Lesson_11.MyService.update_auth_rules()", "work done\n");
    evaluate("{:version, MyService.version()}", "{:version, 2}\n");
    quit();
}

/* A hundred processes ask while the auth service takes its time. */
static void of_a_hundred_callers_one_asks_the_auth_service(void **state)
{
    (void)state;
    start_demo();
    evaluate("url = :sys.get_state(Demo.AuthService).url", "\"http://127.0.0.1:");
    evaluate("{:ok, %{status: status}} = Http.post(url <> \"/mode/slow\", \"\", []); status",
             "200\n");
    evaluate("tasks = Enum.map(List.duplicate([], 100),"
             " &Task.async(MyService, :update_auth_rules, &1)); length(tasks)",
             "100\n");
    evaluate("answers = Enum.map(tasks, &Task.await(&1)); length(answers)", "100\n");
    evaluate("{:started, Enum.count(Enum.map(answers, &elem(&1, 0)), &(&1 == :ok))}",
             "{:started, 1}\n");
    evaluate("pids = Enum.map(Enum.reject(answers, &(elem(&1, 0) == :ok)), &elem(elem(&1, 1), 1));"
             " {length(pids), length(Enum.uniq(pids))}",
             "{99, 1}\n");
    expect(&p, "work done\n");
    evaluate("{:ok, %{body: body}} = Http.get(url <> \"/requests\", []); body",
             "{\\\"rules\\\":2}");
    quit();
}

static void an_auth_service_that_was_killed_comes_back(void **state)
{
    pid_t first;

    (void)state;
    start_demo();
    first = auth_service_pid();
    kill(first, SIGKILL);
    await_gone(first);
    /* The first tries may come before it is back; then the loader's supervisor goes on. */
    evaluate("MyService.update_auth_rules()", "work done\n");
    assert_int_not_equal(auth_service_pid(), first);
    evaluate("{:version, MyService.version()}", "{:version, 2}\n");
    quit();
}

static void a_demo_that_was_killed_leaves_no_auth_service(void **state)
{
    pid_t child;

    (void)state;
    start_demo();
    child = auth_service_pid();
    assert_int_equal(kill(child, 0), 0);
    kill_program(&p);
    await_gone(child);
}

static void another_auth_service_may_be_named(void **state)
{
    (void)state;
    setenv("AUTH_SERVICE_URL", "http://127.0.0.1:1", 1); /* where nobody is */
    start(&p, (const char *const[]){"start_iex", NULL});
    expect(&p, "load data from http://127.0.0.1:1/rules\n");
    expect(&p, "{:load_failed, :econnrefused}");
    evaluate("{:auth, Process.whereis(Demo.AuthService)}", "{:auth, nil}\n");
    evaluate("{:version, MyService.version()}", "{:version, nil}\n");
    quit();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(all_systems_run),
                                       TEST(of_a_hundred_callers_one_asks_the_auth_service),
                                       TEST(an_auth_service_that_was_killed_comes_back),
                                       TEST(a_demo_that_was_killed_leaves_no_auth_service),
                                       TEST(another_auth_service_may_be_named)};

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
