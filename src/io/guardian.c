/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the guardian, and the packets to and from it.
 *
 * Its program is written into a file in memory and run from there; posix_spawn() does not copy the
 * node, however large that is and however many threads it has. All descriptors have the flag
 * CLOEXEC from the moment they exist, so that no program that another thread starts meanwhile can
 * inherit the node's end of the socket. */
#include "io/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long its end is waited for: it waits for those that it has killed. */
#define STOP_MS 5000

static void close_fd(int fd)
{
    if (fd >= 0) (void)close(fd);
}

/* 0 or a negative error number. */
static int write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? -errno : -EIO;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* The same under a number that is none of those under which the guardian finds its own; -1 with
 * errno if that fails, or has. */
static int move_up(int fd)
{
    if (fd < 0) return -1;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    int error = errno;
    close_fd(fd);
    errno = error;
    return copy;
}

/* --- Start ------------------------------------------------------------------------------------ */

/* The file with the guardian's program, or a negative error number. */
static int open_image(void)
{
    int fd = move_up(memfd_create("coppice-guardian", MFD_CLOEXEC));
    if (fd < 0) return -errno;
    int rc = write_all(fd, cop__guardian_image, cop__guardian_image_size);
    if (rc == 0) return fd;
    close_fd(fd);
    return rc;
}

/* Runs the program; 0 or a positive error number. pidfd may be negative. */
static int run(int image, int socket, int pidfd, pid_t *ret)
{
    static const char name[] = "coppice-guardian";
    char path[32];
    char argv0[sizeof(name)];
    char *argv[] = {argv0, NULL};
    char *envp[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t all;
    sigset_t none;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", image);
    memcpy(argv0, name, sizeof(name));
    sigfillset(&all);
    sigemptyset(&none);
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0) return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        /* A session of its own: what a terminal sends to the node's group does not reach it. */
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                  POSIX_SPAWN_SETSIGMASK);
        (void)posix_spawnattr_setsigdefault(&attr, &all);
        (void)posix_spawnattr_setsigmask(&attr, &all);
        for (int fd = 0; fd < 3 && rc == 0; fd++)
            rc = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
        if (rc == 0) rc = posix_spawn_file_actions_adddup2(&files, socket, COP__GUARDIAN_SOCKET);
        if (rc == 0 && pidfd >= 0)
            rc = posix_spawn_file_actions_adddup2(&files, pidfd, COP__GUARDIAN_PIDFD);
        else if (rc == 0) /* what the host has there must not pass for it */
            rc = posix_spawn_file_actions_addclose(&files, COP__GUARDIAN_PIDFD);
        if (rc == 0) rc = posix_spawn(ret, path, &files, &attr, argv, envp);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

int cop__guardian_start(struct cop__guardian *ret)
{
    int ends[2] = {-1, -1};
    int rc = 0;
    int pidfd = move_up(pidfd_open(getpid(), 0)); /* it does without, before Linux 5.3 */
    int image = open_image();
    if (image < 0) {
        rc = -image;
    } else if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        rc = errno;
    } else {
        ends[1] = move_up(ends[1]);
        rc = ends[1] < 0 ? EMFILE : 0;
    }
    if (rc == 0) rc = run(image, ends[1], pidfd, &ret->pid);
    close_fd(ends[1]);
    close_fd(image);
    close_fd(pidfd);
    if (rc != 0) {
        close_fd(ends[0]);
        return -rc;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ret->socket = ends[0];
    return 0;
}

bool cop__guardian_stop(struct cop__guardian *g)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    pid_t ended = 0;
    close_fd(g->socket);
    g->socket = -1;
    for (int ms = 0; ended == 0 && ms < STOP_MS; ms++) {
        ended = waitpid(g->pid, NULL, WNOHANG);
        if (ended == 0) (void)nanosleep(&pause, NULL);
    }
    return ended != 0; /* below 0: the program has taken it away itself */
}

/* --- Packets ---------------------------------------------------------------------------------- */

int cop__guardian_texts(const void *texts, size_t size)
{
    int fd = memfd_create("coppice-spawn", MFD_CLOEXEC);
    if (fd < 0) return -errno;
    int rc = write_all(fd, texts, size);
    if (rc == 0) return fd;
    close_fd(fd);
    return rc;
}

int cop__guardian_send(const struct cop__guardian *g, const struct cop__guardian_request *request,
                       const int *fds)
{
    struct cop__guardian_request copy = *request;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(COP__GUARDIAN_FDS * sizeof(int))];
    } control = {.room = {0}};
    struct iovec part = {&copy, sizeof(copy)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;
    if (fds != NULL) {
        control.head.cmsg_len = CMSG_LEN(COP__GUARDIAN_FDS * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        memcpy(CMSG_DATA(&control.head), fds, COP__GUARDIAN_FDS * sizeof(int));
        m.msg_control = &control;
        m.msg_controllen = sizeof(control);
    }
    do
        n = sendmsg(g->socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(copy) ? 0 : n < 0 ? -errno : -EIO;
}

int cop__guardian_receive(const struct cop__guardian *g, struct cop__guardian_reply *ret)
{
    ssize_t n;
    /* A guardian that died with requests unread resets the socket: that is told once, before what
     * it had still answered. */
    do
        n = recv(g->socket, ret, sizeof(*ret), MSG_DONTWAIT);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n == (ssize_t)sizeof(*ret)) return 1;
    if (n < 0 && errno == EAGAIN) return 0;
    return n < 0 ? -errno : -EPIPE;
}
