/* SPDX-License-Identifier: Apache-2.0 */
#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 512
#define REQUEST_MAX     (1 << 20)

struct connection {
    struct scripted_server *server;
    pthread_t thread;
    int fd;
};

struct scripted_server {
    int fd;
    int port;
    int open;     /* atomic */
    int requests; /* atomic */
    int stops;    /* atomic */
    int used;
    pthread_t thread;
    struct connection connections[CONNECTIONS_MAX];
};

static bool put(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);

        if (sent <= 0) return false;
        text += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool say(int fd, const char *text)
{
    return put(fd, text, strlen(text));
}

static bool answer(int fd, int status, const char *body, size_t size)
{
    char head[200];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 %d Some Words\r\nX-Server: scripted\r\nContent-Length: %zu\r\n\r\n",
                   status, size);
    return say(fd, head) && put(fd, body, size);
}

static bool redirect(int fd, const char *to)
{
    char head[600];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 302 Found\r\nLocation: %.400s\r\nContent-Length: 0\r\n\r\n", to);
    return say(fd, head);
}

static bool send_bytes(int fd, size_t size)
{
    char *bytes = malloc(size + 1);
    bool is_sent;

    memset(bytes, 'x', size + 1);
    is_sent = answer(fd, 200, bytes, size);
    free(bytes);
    return is_sent;
}

static bool send_endless(int fd)
{
    char piece[4102];

    memset(piece, 'x', sizeof(piece));
    memcpy(piece, "1000\r\n", 6);
    if (!say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) return false;
    while (put(fd, piece, sizeof(piece)) && say(fd, "\r\n"))
        continue;
    return false;
}

/* Waits until the client goes, or the server stops. */
static bool wait_for_end(int fd)
{
    char rest[1000];

    while (recv(fd, rest, sizeof(rest), 0) > 0)
        continue;
    return false;
}

static bool has_prefix(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* Answers one request; false: the connection ends. */
static bool respond(int fd, const char *path, const char *request, size_t size)
{
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    char to[64];
    int n;

    if (strcmp(path, "/ok") == 0) return answer(fd, 200, "fine", 4);
    if (strcmp(path, "/echo") == 0) return answer(fd, 200, request, size);
    if (sscanf(path, "/status/%d", &n) == 1) return answer(fd, n, "status", 6);
    if (sscanf(path, "/bytes/%d", &n) == 1) return send_bytes(fd, (size_t)n);
    if (strcmp(path, "/endless") == 0) return send_endless(fd);
    if (strcmp(path, "/chunked") == 0)
        return say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nx-a:  2 \r\n\r\n"
                       "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    if (sscanf(path, "/redirect/%d", &n) == 1) {
        (void)snprintf(to, sizeof(to), "/redirect/%d", n - 1);
        return redirect(fd, n > 1 ? to : "/ok");
    }
    if (has_prefix(path, "/to/")) return redirect(fd, path + 4);
    if (strcmp(path, "/slow") == 0) return wait_for_end(fd);
    if (strcmp(path, "/stall") == 0) return say(fd, half) && wait_for_end(fd);
    if (strcmp(path, "/cut") == 0) (void)say(fd, half);
    if (strcmp(path, "/garbage") == 0) (void)say(fd, "this is no HTTP\r\n\r\n");
    return false;
}

/* Reads a request into text; its size, or 0 at the end of the connection. */
static size_t read_request(int fd, char *text)
{
    size_t len = 0;
    size_t whole = REQUEST_MAX;

    while (len < whole && len < REQUEST_MAX - 1) {
        ssize_t size = recv(fd, text + len, REQUEST_MAX - 1 - len, 0);
        const char *end;
        const char *length;

        if (size <= 0) return 0;
        len += (size_t)size;
        text[len] = '\0';
        end = strstr(text, "\r\n\r\n");
        if (end == NULL || whole != REQUEST_MAX) continue;
        length = strcasestr(text, "\ncontent-length:");
        whole = (size_t)(end - text) + 4;
        if (length != NULL && length < end) whole += strtoul(length + 16, NULL, 10);
    }
    return len;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    char *request = malloc(REQUEST_MAX);
    char path[500];
    size_t size;

    while ((size = read_request(c->fd, request)) > 0) {
        (void)__atomic_add_fetch(&c->server->requests, 1, __ATOMIC_RELAXED);
        if (sscanf(request, "%*s %499s", path) != 1) break;
        if (!respond(c->fd, path, request, size)) break;
    }
    free(request);
    (void)shutdown(c->fd, SHUT_RDWR);
    (void)__atomic_sub_fetch(&c->server->open, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct scripted_server *s = arg;

    while (s->used < CONNECTIONS_MAX) {
        struct connection *c = &s->connections[s->used];
        struct pollfd ready = {.fd = s->fd, .events = POLLIN};

        if (poll(&ready, 1, 20) == 0 && !__atomic_load_n(&s->stops, __ATOMIC_RELAXED)) continue;
        if (__atomic_load_n(&s->stops, __ATOMIC_RELAXED)) break;
        c->fd = accept(s->fd, NULL, NULL);
        if (c->fd < 0) continue;
        c->server = s;
        (void)__atomic_add_fetch(&s->open, 1, __ATOMIC_RELAXED);
        if (pthread_create(&c->thread, NULL, serve, c) != 0) abort();
        s->used++;
    }
    return NULL;
}

struct scripted_server *scripted_start(void)
{
    struct scripted_server *s = calloc(1, sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);

    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(s->fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(s->fd, 128) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &size) != 0 ||
        pthread_create(&s->thread, NULL, accept_all, s) != 0)
        abort();
    s->port = ntohs(at.sin_port);
    return s;
}

int scripted_port(const struct scripted_server *s)
{
    return s->port;
}

int scripted_connections(const struct scripted_server *s)
{
    return __atomic_load_n(&s->open, __ATOMIC_RELAXED);
}

int scripted_requests(const struct scripted_server *s)
{
    return __atomic_load_n(&s->requests, __ATOMIC_RELAXED);
}

bool scripted_has_connections(const struct scripted_server *s, int n)
{
    const struct timespec moment = {0, 2000000};

    for (int i = 0; i < 2500; i++) {
        if (scripted_connections(s) == n) return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

void scripted_stop(struct scripted_server *s)
{
    __atomic_store_n(&s->stops, 1, __ATOMIC_RELAXED);
    pthread_join(s->thread, NULL);
    for (int i = 0; i < s->used; i++) {
        (void)shutdown(s->connections[i].fd, SHUT_RDWR);
        pthread_join(s->connections[i].thread, NULL);
        close(s->connections[i].fd);
    }
    close(s->fd);
    free(s);
}
