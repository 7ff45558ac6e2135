/* SPDX-License-Identifier: Apache-2.0 */
#include "observed.h"

#include <coppice.h>
#include <coppice/http_server.h>
#include <coppice/observer.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_stream(int port)
{
    static const char request[] =
        "GET /api/events?topics=system,load,tree,processes,crashes,log,trace,calls HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, request, sizeof request - 1) < 0)
        cop_exit(COP(":no_stream"));
    return fd;
}

/* The viewer: a thread of the system, which is no part of the node. */
static void *read_all(void *arg)
{
    char bytes[4096];
    ssize_t n;

    do
        n = read(*(int *)arg, bytes, sizeof bytes);
    while (n > 0);
    return NULL;
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

double bench_observed(double (*fn)(void), bool has_viewer)
{
    int64_t port;
    pthread_t viewer;
    double result;
    int fd;

    start_observer();
    if (!has_viewer) return fn();
    cop_expect(cop_http_server_port(COP("Observer.Server")), "port", port);
    fd = open_stream((int)port);
    if (pthread_create(&viewer, NULL, read_all, &fd) != 0) cop_exit(COP(":no_viewer"));
    result = fn();
    shutdown(fd, SHUT_RDWR);
    pthread_join(viewer, NULL);
    close(fd);
    return result;
}
