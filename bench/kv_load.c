/* SPDX-License-Identifier: Apache-2.0 */
/* Load for a server of the key-value system's line protocol: no part of Coppice, plain sockets.
 *
 *     kv_load PORT CONNECTIONS DEPTH REQUESTS      prints requests a second
 *     kv_load PORT CONNECTIONS idle PID            prints bytes of PID's memory a connection
 *
 * Each connection has DEPTH requests on their way at a time, PUT and GET in turn. Idle connections
 * have asked once each. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX       64
#define CONNECTIONS_MAX 1024 /* that ask */

struct connection {
    int fd;
    int expected; /* lines of the answers that are still to come */
    int next;     /* the next request: PUT if it is even */
};

static void fail(const char *what)
{
    perror(what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

static double now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) fail("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);

        if (sent < 0) fail("send");
        data += sent;
        len -= (size_t)sent;
    }
}

/* The number of lines that have come. */
static int receive(int fd)
{
    static char data[65536];
    ssize_t len = recv(fd, data, sizeof(data), 0);
    int lines = 0;

    if (len <= 0) fail("recv");
    for (ssize_t i = 0; i < len; i++)
        lines += data[i] == '\n';
    return lines;
}

static void ask(struct connection *c, int depth)
{
    static const char put[] = "PUT bench key:000000000042 xxx\r\n",
                      get[] = "GET bench key:000000000042\r\n";
    char requests[DEPTH_MAX * sizeof(put)];
    size_t len = 0;

    for (int i = 0; i < depth; i++, c->next++) {
        const char *text = c->next % 2 ? get : put;

        memcpy(requests + len, text, strlen(text));
        len += strlen(text);
        c->expected += c->next % 2 ? 2 : 1;
    }
    send_all(c->fd, requests, len);
}

/* Waits for answers; how many connections have some. */
static int wait_for(int epoll, struct epoll_event *events)
{
    int count = epoll_wait(epoll, events, CONNECTIONS_MAX, 10000);

    if (count <= 0) fail("epoll_wait");
    return count;
}

static double run(int port, int connections, int depth, long requests)
{
    static struct connection c[CONNECTIONS_MAX];
    static struct epoll_event events[CONNECTIONS_MAX];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    long asked = 0, busy = connections;
    double from;

    for (int i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &c[i]};

        c[i].fd = connect_to(port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, c[i].fd, &event) != 0) fail("epoll_ctl");
    }
    send_all(c[0].fd, "CREATE bench\r\n", 14);
    if (receive(c[0].fd) != 1) fail("CREATE");
    from = now_s();
    for (int i = 0; i < connections; i++, asked += depth)
        ask(&c[i], depth);
    while (busy > 0) {
        int count = wait_for(epoll, events);

        for (int i = 0; i < count; i++) {
            struct connection *ready = events[i].data.ptr;

            ready->expected -= receive(ready->fd);
            if (ready->expected > 0) continue;
            if (asked < requests) {
                ask(ready, depth);
                asked += depth;
            } else {
                busy--;
            }
        }
    }
    return (double)asked / (now_s() - from);
}

/* Pages of a process that are its own, in bytes. */
static long memory_of(const char *pid)
{
    static const char dirty[] = "Private_Dirty:";
    char path[64], line[256];
    long kib = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", pid);
    file = fopen(path, "r");
    if (file == NULL) fail(path);
    while (fgets(line, sizeof(line), file))
        if (strncmp(line, dirty, strlen(dirty)) == 0) kib += strtol(line + strlen(dirty), NULL, 10);
    (void)fclose(file);
    return 1024 * kib;
}

static double idle(int port, int connections, const char *pid)
{
    struct rlimit limit;
    long before;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    before = memory_of(pid);
    for (int i = 0; i < connections; i++) {
        int fd = connect_to(port);

        send_all(fd, "GET bench x\r\n", 13);
        (void)receive(fd);
    }
    return (double)(memory_of(pid) - before) / connections;
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
    int port, connections, depth;

    if (argc != 5) return 2;
    port = number(argv[1]);
    connections = number(argv[2]);
    depth = number(argv[3]);
    if (strcmp(argv[3], "idle") == 0) {
        printf("%.0f\n", idle(port, connections, argv[4]));
        return 0;
    }
    if (depth > DEPTH_MAX || connections > CONNECTIONS_MAX) return 2;
    printf("%.0f\n", run(port, connections, depth, number(argv[4])));
    return 0;
}
