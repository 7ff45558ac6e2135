/* SPDX-License-Identifier: Apache-2.0 */
/* The guardian: a program of its own, which forks all OS processes of one node and kills them when
 * the node is no more, however that came. The library carries this program as an array of bytes
 * (docs/adr/0012), guardian.c starts it.
 *
 * Design. It is small enough to be right: one thread, no library but libc, no way to fail but being
 * killed with SIGKILL itself. All signals are blocked, it has a session of its own, and nothing the
 * node does reaches it, but packets on its socket. That the node has died it sees twice: the socket
 * is at its end, and the node's pidfd is readable (also when some other process has inherited the
 * node's end of the socket).
 *
 * No child exists that nobody would kill:
 *   - the guardian is the parent, so it knows a child from fork() on, and a pid or group number
 *     cannot be another's before the guardian has taken the zombie away;
 *   - a child runs nothing of its program before it is told to go. It is told so when it leads a
 *     group of its own and the packet with its number is in the node's socket. So if the guardian
 *     is killed, either the child reads the end of its start socket and exits, or the node knows
 *     whom to kill, and does when it sees that the guardian has gone;
 *   - when a child ends, the rest of its group is killed before the zombie is taken away. */
#include "io/guardian_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    uint64_t id;
    pid_t pid;
    int start;       /* the socket to one that does not run its program yet; else -1 */
    bool has_failed; /* it never will: the node knows */
};

/* What a child writes to its start socket when it cannot run its program. */
struct failure {
    int32_t stage;
    int32_t error;
};

static struct child *children;
static size_t child_count;
static size_t child_cap;
static struct pollfd *polled; /* room for three and one a child */
static int node = COP__GUARDIAN_PIDFD;

/* --- The end ---------------------------------------------------------------------------------- */

/* Kills all groups, takes the zombies away, and exits. */
static _Noreturn void end_all(void)
{
    for (size_t i = 0; i < child_count; i++)
        (void)kill(-children[i].pid, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    _exit(0);
}

static void reply(const struct cop__guardian_reply *r)
{
    /* Waits when the node is slow to read; fails when it is no more. */
    while (send(COP__GUARDIAN_SOCKET, r, sizeof(*r), MSG_NOSIGNAL) != (ssize_t)sizeof(*r))
        if (errno != EINTR && errno != ENOBUFS && errno != ENOMEM) end_all();
}

/* --- The child's side ------------------------------------------------------------------------- */

static _Noreturn void fail(int start, int stage, int error)
{
    struct failure f = {stage, error};
    (void)send(start, &f, sizeof(f), MSG_NOSIGNAL);
    _exit(127);
}

static const char *next_text(const char **at, const char *end)
{
    const char *text = *at;
    size_t len = strnlen(text, (size_t)(end - text));
    if (text + len == end) return NULL;
    *at = text + len + 1;
    return text;
}

/* count pointers to texts, and NULL. */
static char **vector(const char **at, const char *end, size_t count)
{
    char **list = calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *text = next_text(at, end);
        if (text == NULL) return NULL;
        memcpy(&list[i], &text, sizeof(text));
    }
    return list;
}

static bool set_limits(const struct cop__guardian_request *r)
{
    for (uint32_t i = 0; i < r->limit_count && i < COP__GUARDIAN_LIMITS_MAX; i++) {
        struct rlimit old;
        struct rlimit new = {r->limits[i].value, r->limits[i].value};
        /* at the hard limit of time is SIGKILL, before it SIGXCPU, which says why */
        if (r->limits[i].resource == RLIMIT_CPU) new.rlim_max++;
        if (getrlimit(r->limits[i].resource, &old) != 0) return false;
        if (new.rlim_max > old.rlim_max) new.rlim_max = old.rlim_max;
        if (new.rlim_cur > new.rlim_max) new.rlim_cur = new.rlim_max;
        if (setrlimit(r->limits[i].resource, &new) != 0) return false;
    }
    return true;
}

static _Noreturn void run_child(const struct cop__guardian_request *r, const int *fds, int start)
{
    char go;
    sigset_t none;
    (void)close(COP__GUARDIAN_SOCKET); /* the node shall see the guardian's end at once */
    (void)close(COP__GUARDIAN_PIDFD);
    (void)setpgid(0, 0);
    if (recv(start, &go, 1, 0) != 1) _exit(127); /* the guardian has been killed */

    const char *at =
        mmap(NULL, r->texts_size, PROT_READ, MAP_PRIVATE, fds[COP__GUARDIAN_FD_TEXTS], 0);
    if (at == MAP_FAILED) fail(start, COP__GUARDIAN_AT_EXEC, errno);
    const char *end = at + r->texts_size;
    const char *program = next_text(&at, end);
    const char *directory = program == NULL ? NULL : next_text(&at, end);
    char **argv = directory == NULL ? NULL : vector(&at, end, r->argc);
    char **envp = argv == NULL ? NULL : vector(&at, end, r->envc);
    if (envp == NULL) fail(start, COP__GUARDIAN_AT_EXEC, EINVAL);

    if (chdir(directory) != 0) fail(start, COP__GUARDIAN_AT_DIRECTORY, errno);
    for (int i = 0; i < 3; i++) /* all that came lie above */
        if (dup2(fds[COP__GUARDIAN_FD_STDIN + i], i) < 0) fail(start, COP__GUARDIAN_AT_EXEC, errno);
    /* They all have the flag already; this holds should one be forgotten. */
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (!set_limits(r)) fail(start, COP__GUARDIAN_AT_LIMITS, errno);
    sigemptyset(&none);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): it has one thread */
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program, argv, envp);
    fail(start, COP__GUARDIAN_AT_EXEC, errno);
}

/* --- Starting --------------------------------------------------------------------------------- */

static bool make_room(void)
{
    if (child_count < child_cap) return true;
    size_t cap = child_cap == 0 ? 16 : child_cap * 2;
    struct child *more = realloc(children, cap * sizeof(*more));
    if (more == NULL) return false;
    children = more;
    struct pollfd *more_polled = realloc(polled, (cap + 3) * sizeof(*more_polled));
    if (more_polled == NULL) return false;
    polled = more_polled;
    child_cap = cap;
    return true;
}

static void reply_failed(const struct child *c, int stage, int error)
{
    reply(&(struct cop__guardian_reply){.kind = COP__GUARDIAN_FAILED,
                                        .os_pid = c->pid,
                                        .id = c->id,
                                        .stage = stage,
                                        .error = error});
}

/* Forks; 0 or an error number. */
static int start_child(const struct cop__guardian_request *r, const int *fds)
{
    int start[2];
    if (!make_room()) return ENOMEM;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, start) != 0) return errno;
    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        (void)close(start[0]);
        (void)close(start[1]);
        return error;
    }
    if (pid == 0) {
        (void)close(start[0]); /* else it would not see the guardian's end */
        run_child(r, fds, start[1]);
    }
    (void)close(start[1]);
    (void)setpgid(pid, pid); /* on both sides: whoever comes first */
    children[child_count++] = (struct child){.id = r->id, .pid = pid, .start = start[0]};
    reply(&(struct cop__guardian_reply){.kind = COP__GUARDIAN_FORKED, .os_pid = pid, .id = r->id});
    (void)send(start[0], "g", 1, MSG_NOSIGNAL);
    return 0;
}

static void spawn(const struct cop__guardian_request *r, const int *fds, int fd_count)
{
    /* Some may be missing when this program has no more descriptors. */
    int error = fd_count == COP__GUARDIAN_FDS ? start_child(r, fds) : EMFILE;
    if (error != 0) reply_failed(&(struct child){.id = r->id}, COP__GUARDIAN_AT_FORK, error);
    for (int i = 0; i < fd_count; i++)
        (void)close(fds[i]);
}

/* The start socket of a child tells that it runs (by its end) or why not. */
static void finish_start(struct child *c)
{
    struct failure f;
    ssize_t n;
    do
        n = recv(c->start, &f, sizeof(f), 0);
    while (n < 0 && errno == EINTR);
    (void)close(c->start);
    c->start = -1;
    c->has_failed = n == (ssize_t)sizeof(f);
    if (c->has_failed)
        reply_failed(c, f.stage, f.error);
    else
        reply(&(struct cop__guardian_reply){
            .kind = COP__GUARDIAN_RUNNING, .os_pid = c->pid, .id = c->id});
}

/* --- What comes ------------------------------------------------------------------------------- */

static void take_request(void)
{
    struct cop__guardian_request r = {0};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(COP__GUARDIAN_FDS * sizeof(int))];
    } control;
    struct iovec part = {&r, sizeof(r)};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    int fds[COP__GUARDIAN_FDS];
    int fd_count = 0;

    ssize_t n = recvmsg(COP__GUARDIAN_SOCKET, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n != (ssize_t)sizeof(r)) end_all(); /* its end, or no node of ours */
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        fd_count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), (size_t)fd_count * sizeof(int));
    }
    if (r.kind == COP__GUARDIAN_SPAWN) {
        spawn(&r, fds, fd_count);
        return;
    }
    for (size_t i = 0; i < child_count; i++)
        if (children[i].id == r.id) (void)kill(-children[i].pid, r.signal);
}

static void bury(struct child *c)
{
    struct cop__guardian_reply r = {.kind = COP__GUARDIAN_ENDED, .os_pid = c->pid, .id = c->id};
    struct rusage used;
    int status = 0;
    if (c->start >= 0) finish_start(c);
    (void)kill(-c->pid, SIGKILL); /* while the zombie still holds the number */
    if (wait4(c->pid, &status, 0, &used) == c->pid && !c->has_failed) {
        r.status = status;
        r.user_us = (uint64_t)used.ru_utime.tv_sec * 1000000 + (uint64_t)used.ru_utime.tv_usec;
        r.system_us = (uint64_t)used.ru_stime.tv_sec * 1000000 + (uint64_t)used.ru_stime.tv_usec;
        r.rss_max = (uint64_t)used.ru_maxrss * 1024;
        reply(&r);
    }
    *c = children[--child_count];
}

static void take_ended(int signals)
{
    struct signalfd_siginfo drained;
    siginfo_t info;
    while (read(signals, &drained, sizeof(drained)) > 0)
        continue;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
        size_t i = 0;
        while (i < child_count && children[i].pid != info.si_pid)
            i++;
        if (i < child_count)
            bury(&children[i]);
        else
            (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void serve(int signals)
{
    polled[0] = (struct pollfd){.fd = COP__GUARDIAN_SOCKET, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = signals, .events = POLLIN};
    polled[2] = (struct pollfd){.fd = node, .events = POLLIN};
    /* Only those that start: the kernel takes no more entries than we may have descriptors. */
    size_t starting = 0;
    for (size_t i = 0; i < child_count; i++)
        if (children[i].start >= 0)
            polled[3 + starting++] = (struct pollfd){.fd = children[i].start, .events = POLLIN};
    if (poll(polled, 3 + starting, -1) < 0) return;
    if ((polled[2].revents & POLLIN) != 0) end_all();
    size_t k = 0;
    for (size_t i = 0; i < child_count && k < starting; i++)
        if (children[i].start == polled[3 + k].fd && polled[3 + k++].revents != 0)
            finish_start(&children[i]);
    if (polled[1].revents != 0) take_ended(signals);
    if (polled[0].revents != 0) take_request();
}

int main(void)
{
    sigset_t all;
    (void)prctl(PR_SET_NAME, "cop-guardian");
    sigfillset(&all);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): it has one thread */
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)close_range(COP__GUARDIAN_PIDFD + 1, ~0U, 0);
    (void)fcntl(COP__GUARDIAN_SOCKET, F_SETFD, FD_CLOEXEC);
    if (fcntl(COP__GUARDIAN_PIDFD, F_SETFD, FD_CLOEXEC) != 0) node = -1;
    (void)chdir("/"); /* children are told where to go */
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || !make_room()) return 1;
    for (;;)
        serve(signals);
}
