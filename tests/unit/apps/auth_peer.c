/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_peer.h"

#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_MS 20000 /* far more than anything here takes */

static int listener = -1;
static char url[100];

void auth_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 10), 0);
    getsockname(listener, (struct sockaddr *)&address, &len);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/rules", ntohs(address.sin_port));
    setenv("AUTH_SERVICE_URL", url, 1);
    setenv("no_proxy", "127.0.0.1", 1);
}

void auth_close(void)
{
    close(listener);
    listener = -1;
}

const char *auth_url(void)
{
    return url;
}

int auth_take(void)
{
    struct pollfd file = {.fd = listener, .events = POLLIN};
    char request[4096];
    size_t len = 0;
    int fd;

    assert_int_equal(poll(&file, 1, LIMIT_MS), 1);
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    do {
        ssize_t n = read(fd, request + len, sizeof(request) - 1 - len);

        assert_true(n > 0);
        len += (size_t)n;
        request[len] = '\0';
    } while (!strstr(request, "\r\n\r\n"));
    assert_int_equal(strncmp(request, "GET /rules HTTP/1.1\r\n", 21), 0);
    return fd;
}

static void send_all(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void auth_answer(int fd, int status, const char *body)
{
    char head[200];

    (void)snprintf(head, sizeof(head),
                   "HTTP/1.1 %d Words\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
                   strlen(body));
    send_all(fd, head);
    send_all(fd, body);
    close(fd);
}

void auth_cut_off(int fd)
{
    send_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"rules\": [{\"cli");
    close(fd);
}

int auth_is_idle(void)
{
    struct pollfd file = {.fd = listener, .events = POLLIN};

    return poll(&file, 1, 0) == 0;
}

const char *auth_rules(const char *last)
{
    static char body[200];

    (void)snprintf(body, sizeof(body),
                   "{\"rules\": [{\"client\": \"billing\", \"services\": [\"invoices\", \"%s\"]}]}",
                   last);
    return body;
}
