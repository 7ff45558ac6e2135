/* SPDX-License-Identifier: Apache-2.0 */
#include "support/raw_client.h"

#include "coppice/process.h"
#include "coppice/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct job {
    int fd;
    int port;
    const char *data;
    size_t size;
    const char *until;
    char *read; /* malloc's */
    size_t read_len;
    bool is_done;
};

static void connect_job(void *arg)
{
    struct job *job = arg;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)job->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {5, 0};

    job->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(job->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(job->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    job->is_done = connect(job->fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

int raw_connect(int64_t port)
{
    struct job job = {.port = (int)port};

    cop_blocking(connect_job, &job);
    cop_assert(job.is_done);
    return job.fd;
}

bool raw_can_connect(int64_t port)
{
    struct job job = {.port = (int)port};

    cop_blocking(connect_job, &job);
    close(job.fd);
    return job.is_done;
}

static void send_job(void *arg)
{
    struct job *job = arg;

    while (job->size > 0) {
        ssize_t sent = send(job->fd, job->data, job->size, MSG_NOSIGNAL);

        if (sent <= 0) return;
        job->data += sent;
        job->size -= (size_t)sent;
    }
    job->is_done = true;
}

bool raw_send_bytes(int fd, const void *data, size_t size)
{
    struct job job = {.fd = fd, .data = data, .size = size};

    cop_blocking(send_job, &job);
    return job.is_done;
}

bool raw_send(int fd, const char *text)
{
    return raw_send_bytes(fd, text, strlen(text));
}

/* is_done: the connection has ended. */
static void read_job(void *arg)
{
    struct job *job = arg;
    size_t cap = 0;

    for (;;) {
        ssize_t size;

        if (cap - job->read_len < 65536) {
            cap = cap * 2 + 65536;
            job->read = realloc(job->read, cap);
        }
        size = recv(job->fd, job->read + job->read_len, cap - job->read_len, 0);
        job->is_done = size == 0 || (size < 0 && errno == ECONNRESET);
        if (size <= 0) return;
        job->read_len += (size_t)size;
        if (job->until != NULL &&
            memmem(job->read, job->read_len, job->until, strlen(job->until)) != NULL)
            return;
    }
}

cop_term raw_read(int fd, const char *until)
{
    struct job job = {.fd = fd, .until = until};
    cop_term text;

    cop_blocking(read_job, &job);
    text = cop_binary(job.read, job.read_len);
    free(job.read);
    return text;
}

bool raw_is_closed(int fd)
{
    struct job job = {.fd = fd};

    cop_blocking(read_job, &job);
    free(job.read);
    return job.is_done;
}

cop_term raw_exchange(int64_t port, const char *request)
{
    int fd = raw_connect(port);
    cop_term answer;

    (void)raw_send(fd, request);
    answer = raw_read(fd, NULL);
    close(fd);
    return answer;
}
