/* SPDX-License-Identifier: Apache-2.0 */
#include "observed.h"
#include "policy.h"

#include <coppice.h>
#include <coppice/http_server.h>
#include <coppice/observer.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What the pages ask for again and again, beside the stream. */
static char process[64] = "/api/processes/"; /* of the Observer's own server */
static const char *const pages[] = {"/api/applications", "/api/processes", process,
                                    "/api/tables",       "/api/ports",     "/api/calls"};
#define PAGES     (sizeof pages / sizeof pages[0])
#define ROUND_MS  1000
#define STREAM_OF "/api/events?topics=system,load,tree,processes,crashes,log,trace,calls"

static int ask(int port, const char *path, const char *connection)
{
    char request[256];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: %s\r\n\r\n", path,
                       port, connection);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, request, (size_t)len) < 0)
        abort();
    return fd;
}

/* Reads to the end; the answer must be this status. */
static void read_answer(int fd, const char *status)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);

    if (n < 12 || memcmp(bytes + 9, status, 3) != 0) abort(); /* it would measure nothing */
    while (n > 0)
        n = read(fd, bytes, sizeof bytes);
}

/* A viewer on each page: threads of the system, which are no part of the node. */
struct viewer {
    pthread_t follower;
    pthread_t asker;
    int stream;
    int port;
    int ends[2]; /* a pipe: closed at the end */
};

static void *follow(void *arg)
{
    read_answer(((struct viewer *)arg)->stream, "200");
    return NULL;
}

static void *ask_in_turn(void *arg)
{
    const struct viewer *v = arg;
    struct pollfd end = {.fd = v->ends[0], .events = POLLIN};

    do {
        for (size_t i = 0; i < PAGES; i++) {
            int fd = ask(v->port, pages[i], "close");

            read_answer(fd, "200");
            close(fd);
        }
    } while (poll(&end, 1, ROUND_MS) == 0);
    return NULL;
}

/* The pid without what stands around it. */
static void choose_process(void)
{
    cop_bytes text = cop_to_bytes(cop_inspect(cop_pid_term(cop_whereis(COP("Observer.Server")))));
    const char *open = memchr(text.data, '<', text.len);

    snprintf(process, sizeof process, "/api/processes/%.*s", (int)(text.data + text.len - open) - 2,
             open + 1);
}

static void viewer_begin(struct viewer *v, int port)
{
    choose_process();
    v->port = port;
    v->stream = ask(port, STREAM_OF, "keep-alive");
    if (pipe(v->ends) != 0 || pthread_create(&v->follower, NULL, follow, v) != 0 ||
        pthread_create(&v->asker, NULL, ask_in_turn, v) != 0)
        cop_exit(COP(":no_viewer"));
}

static void viewer_end(struct viewer *v)
{
    close(v->ends[1]);
    shutdown(v->stream, SHUT_RDWR);
    pthread_join(v->asker, NULL);
    pthread_join(v->follower, NULL);
    close(v->ends[0]);
    close(v->stream);
}

/* It prints where it is: not among the results. */
static void start_observer(void)
{
    int out = dup(STDOUT_FILENO);

    setenv("OBSERVER_PORT", "0", 1); /* NOLINT(concurrency-mt-unsafe): before anybody reads it */
    if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) cop_exit(COP(":no_output"));
    cop_expect(cop_application_ensure_all_started(&cop_observer_application), "{:ok, _}");
    dup2(out, STDOUT_FILENO);
    close(out);
}

/* --- Measuring -------------------------------------------------------------------------------- */

#define SLICE_NS 1e9 /* a round of the viewer */
#define ROUNDS   2

static double time_of(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double time_of_thread(pthread_t thread)
{
    clockid_t clock;

    return pthread_getcpuclockid(thread, &clock) == 0 ? time_of(clock) : 0;
}

/* Processor time of the node so far: that of the program without the viewer's. */
static double time_of_node(const struct viewer *v)
{
    double all = time_of(CLOCK_PROCESS_CPUTIME_ID);

    if (v == NULL) return all;
    return all - time_of_thread(v->asker) - time_of_thread(v->follower);
}

/* Of a message, over a slice. */
static double time_of_message(double (*play)(void), const struct viewer *v)
{
    double until = bench_now_ns() + SLICE_NS, from = time_of_node(v), messages = 0;

    do {
        messages += play();
    } while (bench_now_ns() < until);
    return (time_of_node(v) - from) / messages;
}

static double with_observer(double (*play)(void), bool has_viewer)
{
    struct viewer viewer;
    double time;
    int64_t port;

    start_observer();
    if (has_viewer) {
        cop_expect(cop_http_server_port(COP("Observer.Server")), "port", port);
        viewer_begin(&viewer, (int)port);
    }
    time = time_of_message(play, has_viewer ? &viewer : NULL);
    if (has_viewer) viewer_end(&viewer);
    cop_expect(cop_application_stop(COP(":observer")), ":ok");
    return time;
}

static double lost(double (*play)(void), bool has_viewer)
{
    static bool is_second;
    double with, without;

    is_second = !is_second;
    if (is_second) {
        without = time_of_message(play, NULL);
        with = with_observer(play, has_viewer);
    } else {
        with = with_observer(play, has_viewer);
        without = time_of_message(play, NULL);
    }
    return 100 * (1 - without / with);
}

double bench_lost_to_observer(double (*play)(void))
{
    return lost(play, false);
}

double bench_lost_to_viewer(double (*play)(void))
{
    return lost(play, true);
}

/* What the node does by itself with the Observer, in percent of a scheduler's time. */
static double observer_time(bool has_viewer)
{
    struct viewer viewer;
    const struct viewer *v = has_viewer ? &viewer : NULL;
    double from, began, share;
    int64_t port;

    start_observer();
    cop_expect(cop_http_server_port(COP("Observer.Server")), "port", port);
    if (has_viewer) viewer_begin(&viewer, (int)port);
    cop_sleep(ROUND_MS); /* the first answers are slower */
    began = bench_now_ns();
    from = time_of_node(v);
    cop_sleep((int64_t)ROUNDS * ROUND_MS);
    share = (time_of_node(v) - from) / (bench_now_ns() - began);
    if (has_viewer) viewer_end(&viewer);
    cop_expect(cop_application_stop(COP(":observer")), ":ok");
    return 100 * share;
}

double bench_observer_time(void)
{
    return observer_time(false);
}

double bench_viewer_time(void)
{
    return observer_time(true);
}
