/* SPDX-License-Identifier: Apache-2.0 */
/* The program my_service as people and other programs meet it: the lesson's transcript at the
 * console, its port, signals, real failures of the auth service (which is this test). */
#include "../shell/drive.h"

#include "auth_peer.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct program p;
static char file[200]; /* of the rules */
static char expected[300];

static int up(void **state)
{
    (void)snprintf(file, sizeof(file), "%s/rules.db", (const char *)*state);
    setenv("MY_SERVICE_DB", file, 1);
    setenv("MY_SERVICE_PORT", "0", 1);
    auth_open();
    return 0;
}

static int down(void **state)
{
    (void)state;
    auth_close();
    unlink(file);
    return 0;
}

/* "BEFORE" with the url of the rules behind it, and the end of the line. */
static const char *with_url(const char *before)
{
    (void)snprintf(expected, sizeof(expected), "%s%s\n", before, auth_url());
    return expected;
}

/* One load, from its first line to its last. */
static void expect_load(const char *last)
{
    int fd = auth_take();

    expect(&p, "worker #PID<0.");
    expect(&p, with_url("> started with "));
    expect(&p, with_url("load data from "));
    auth_answer(fd, 200, auth_rules(last));
    (void)snprintf(expected, sizeof(expected),
                   "save data [{\"billing\", [\"invoices\", \"%s\"]}]\n", last);
    expect(&p, expected);
    expect(&p, "work done\n");
}

/* The same where other lines may be among them. */
static void expect_load_in_any_order(const char *last)
{
    auth_answer(auth_take(), 200, auth_rules(last));
    expect(&p, "work done\n");
}

/* The program runs with a console, and its first load is done. */
static void start_with_console(void)
{
    start(&p, (const char *const[]){"start_iex", NULL});
    expect_load("first");
}

/* Waits until the loader has ended, which is after its last line. */
static void await_no_loader(void)
{
    char line[20];

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

/* --- The lesson ------------------------------------------------------------------------------- */

static void the_lessons_transcript(void **state)
{
    (void)state;
    start_with_console();
    type(&p, "Lesson_11.MyService.start()\n");
    expect(&p, "{:ok, #PID<0.");
    for (int i = 0; i < 2; i++) {
        int fd;

        type(&p, "{:ok, pid} = Lesson_11.MyService.update_auth_rules()\n");
        fd = auth_take();
        expect(&p, "worker #PID<0.");
        expect(&p, with_url("> started with "));
        expect(&p, with_url("load data from "));
        /* start_child has answered, and the loading is not done. */
        type(&p, "{:still, Process.alive?(pid)}\n");
        expect(&p, "{:still, true}\n");
        auth_answer(fd, 200, auth_rules(i ? "third" : "second"));
        expect(&p, i ? "save data [{\"billing\", [\"invoices\", \"third\"]}]\n"
                     : "save data [{\"billing\", [\"invoices\", \"second\"]}]\n");
        expect(&p, "work done\n");
    }
    type(&p, "MyService.rules()\n");
    expect(&p, "[{\"billing\", [\"invoices\", \"third\"]}]\n");
    type(&p, "[MyService.version(), MyService.allowed?(\"billing\", \"third\"),"
             " MyService.allowed?(\"billing\", \"second\")]\n");
    expect(&p, "[3, true, false]\n");
    quit();
}

static void the_service_is_asked_under_its_own_names(void **state)
{
    int fd;

    (void)state;
    start_with_console();
    await_no_loader();
    type(&p, "{:ok, one} = MyService.update_auth_rules()\n");
    fd = auth_take();
    type(&p, "MyService.update_auth_rules() == {:error, {:already_started, one}}\n");
    expect(&p, "true\n");
    auth_answer(fd, 200, auth_rules("second"));
    expect(&p, "work done\n");
    assert_true(auth_is_idle());
    /* It runs already. */
    type(&p, "MyService.start()\n");
    expect(&p, "** (EXIT from #PID<0.");
    quit();
}

/* --- Events ----------------------------------------------------------------------------------- */

/* The program runs without a console, and its first load is done. Returns its port. */
static int start_as_service(void)
{
    char port[20];

    start(&p, (const char *const[]){"start", NULL});
    expect(&p, "MyService listens on http://127.0.0.1:");
    take_line(&p, port, sizeof(port));
    expect_load_in_any_order("first");
    return (int)strtol(port, NULL, 10);
}

/* It ends in order, as systemd ends it. */
static void stop_service(void)
{
    kill(p.pid, SIGTERM);
    finish(&p, 0);
}

/* Sends a request to the service's port, and looks for `wanted` in the answer. */
static void request(int port, const char *text, const char *wanted)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char reply[8192];
    size_t len = 0;
    ssize_t n;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    while ((n = read(fd, reply + len, sizeof(reply) - 1 - len)) > 0)
        len += (size_t)n;
    reply[len] = '\0';
    close(fd);
    if (!strstr(reply, wanted)) fail_msg("no \"%s\" in: %s", wanted, reply);
}

static void a_post_is_an_event(void **state)
{
    int port;

    (void)state;
    port = start_as_service();
    request(port,
            "POST /events/auth-rules-changed HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n",
            "HTTP/1.1 202 ");
    expect(&p, "The auth rules have changed, says POST from 127.0.0.1\n");
    expect_load_in_any_order("second");
    request(port, "GET /rules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "\"rules\":[{\"client\":\"billing\",\"services\":[\"invoices\",\"second\"]}]");
    request(port, "GET /rules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\"version\":2");
    request(port, "GET /events/auth-rules-changed HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 405 ");
    request(port, "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 ");
    assert_true(auth_is_idle());
    stop_service();
}

static void a_hang_up_is_an_event(void **state)
{
    (void)state;
    start_as_service();
    kill(p.pid, SIGHUP);
    expect(&p, "The auth rules have changed, says SIGHUP\n");
    expect_load_in_any_order("second");
    assert_true(auth_is_idle());
    stop_service();
}

/* The terminal's console does not take it for the end of the terminal. */
static void a_hang_up_is_an_event_on_a_terminal_too(void **state)
{
    (void)state;
    start_on_terminal(&p, "start_iex", 80);
    auth_answer(auth_take(), 200, auth_rules("first"));
    expect(&p, "work done");
    expect(&p, "iex");
    kill(p.pid, SIGHUP);
    auth_answer(auth_take(), 200, auth_rules("second"));
    expect(&p, "work done");
    type(&p, "MyService.version() * 1000\r");
    expect(&p, "2000");
    kill(p.pid, SIGTERM);
    check_status(&p, 0);
    close(p.out);
}

/* --- Failures --------------------------------------------------------------------------------- */

/* A load that fails: the log says why, once. The next is asked for by a signal. */
static void expect_failure(const char *reason)
{
    expect(&p, "[error] GenServer AuthDataLoader terminating\n** (stop) {:load_failed, ");
    expect(&p, reason);
    expect(&p, "}\n");
    kill(p.pid, SIGHUP);
}

static void failures_of_the_auth_service_are_told_apart(void **state)
{
    (void)state;
    start_as_service();
    kill(p.pid, SIGHUP);
    auth_answer(auth_take(), 500, "oh");
    expect_failure("{:http_status, 500}");
    auth_answer(auth_take(), 404, auth_rules("404"));
    expect_failure("{:http_status, 404}");
    auth_answer(auth_take(), 200, "{\"rules\": [");
    expect_failure("{:invalid_json, {:unexpected_end, 11}}");
    auth_answer(auth_take(), 200, "{\"rules\": [{\"client\": 1}]}");
    expect_failure("{:wrong_shape, \"rules[0].client\"}");
    auth_cut_off(auth_take());
    expect_failure(":closed");
    auth_answer(auth_take(), 200, auth_rules("second"));
    expect(&p, "work done\n");
    auth_close();
    kill(p.pid, SIGHUP);
    expect_failure(":econnrefused");
    stop_service();
}

static void an_auth_service_that_is_silent(void **state)
{
    int fd;

    (void)state;
    start_with_console();
    await_no_loader();
    type(&p, "Application.put_env(:my_service, :timeout, 50)\n");
    type(&p, "MyService.update_auth_rules()\n");
    fd = auth_take();
    expect(&p, "** (stop) {:load_failed, :timeout}\n");
    close(fd);
    type(&p, "Application.put_env(:my_service, :timeout, 20000)\n");
    auth_answer(auth_take(), 200, auth_rules("second")); /* the supervisor's own try */
    expect(&p, "work done\n");
    quit();
}

static void a_port_that_is_taken_is_said(void **state)
{
    char port[20], said[160];

    (void)state;
    (void)snprintf(port, sizeof(port), "%s", strrchr(auth_url(), ':') + 1);
    port[strcspn(port, "/")] = '\0';
    setenv("MY_SERVICE_PORT", port, 1);
    start(&p, (const char *const[]){"start", NULL});
    expect(&p, "Could not start application my_service: ");
    (void)snprintf(said, sizeof(said),
                   "port %s is taken: another program listens there; MY_SERVICE_PORT names another",
                   port);
    expect(&p, said);
    finish(&p, 1);
}

static void a_port_that_is_none_is_said(void **state)
{
    (void)state;
    setenv("MY_SERVICE_PORT", "http", 1);
    start(&p, (const char *const[]){"start", NULL});
    expect(&p, "MY_SERVICE_PORT is \"http\", but should be a port: 0 to 65535");
    finish(&p, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_lessons_transcript),
                                       TEST(the_service_is_asked_under_its_own_names),
                                       TEST(a_post_is_an_event),
                                       TEST(a_hang_up_is_an_event),
                                       TEST(a_hang_up_is_an_event_on_a_terminal_too),
                                       TEST(failures_of_the_auth_service_are_told_apart),
                                       TEST(an_auth_service_that_is_silent),
                                       TEST(a_port_that_is_taken_is_said),
                                       TEST(a_port_that_is_none_is_said)};

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
