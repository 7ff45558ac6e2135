/* SPDX-License-Identifier: Apache-2.0 */
/* The node's side of its socket: taking the name, accepting, and a thread a connection that turns
 * frames to messages. Threads wait in the kernel, not in the runtime; what they send, they send
 * under the lock, so that nothing is sent once the node is about to stop. */
#include "shell/door.h"

#include "coppice/node.h"
#include "shell/console.h"
#include "shell/link.h"
#include "shell/wire.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t ended; /* a reading thread has */
    int threads;          /* reading threads */
    bool is_stopped;      /* the node goes: nothing may be sent any more */
    bool is_accepting;
    pthread_t acceptor;
    int socket; /* or -1 */
    struct sockaddr_un address;
    char node[192]; /* name@host, for prompts */
} door = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .socket = -1};

/* --- The name --------------------------------------------------------------------------------- */

/* Locks the file NAME.lock, for as long as the program lives. */
static enum cop__door_state take_name(const struct cop__place *place, char *why, size_t size)
{
    char path[sizeof(door.address.sun_path) + 8];
    char pid[24] = "";
    int fd;

    (void)snprintf(path, sizeof(path), "%s.lock", door.address.sun_path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        (void)snprintf(why, size, "%s cannot be written (%s)", path, strerrorname_np(errno));
        return COP__DOOR_NONE;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = read(fd, pid, sizeof(pid) - 1);

        (void)snprintf(why, size, "a node named %s runs already (process %.*s)", place->name,
                       n > 0 ? (int)n : 1, n > 0 ? pid : "?");
        close(fd);
        return COP__DOOR_TAKEN;
    }
    (void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    if (ftruncate(fd, 0) != 0 || write(fd, pid, strlen(pid)) < 0) {
        (void)snprintf(why, size, "%s cannot be written (%s)", path, strerrorname_np(errno));
        close(fd);
        return COP__DOOR_NONE;
    }
    return COP__DOOR_OPEN; /* the file stays open and locked */
}

/* NAME@HOST, with the host's first name, as a node of Erlang is called. */
static void name_node(const char *name)
{
    char host[65] = "";

    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(door.node, sizeof(door.node), "%s@%.*s", name, (int)strcspn(host, "."), host);
}

enum cop__door_state cop__door_open(const struct cop__place *place, char *why, size_t size)
{
    enum cop__door_state state;
    int fd;

    if (!cop__place_address(place, true, &door.address, why, size)) return COP__DOOR_NONE;
    state = take_name(place, why, size);
    if (state != COP__DOOR_OPEN) return state;
    (void)unlink(door.address.sun_path); /* a dead node's: the name is ours */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The folder keeps others out; the mode does where the folder lets them read. */
    if (fd < 0 || fchmod(fd, 0600) != 0 ||
        bind(fd, (struct sockaddr *)&door.address, sizeof(door.address)) != 0 ||
        chmod(door.address.sun_path, 0600) != 0 || listen(fd, 16) != 0) {
        (void)snprintf(why, size, "no socket at %s (%s)", door.address.sun_path,
                       strerrorname_np(errno));
        if (fd >= 0) close(fd);
        return COP__DOOR_NONE;
    }
    door.socket = fd;
    name_node(place->name);
    return COP__DOOR_OPEN;
}

/* --- One connection --------------------------------------------------------------------------- */

/* A reading thread's. */
struct reader {
    int fd;
    int64_t link;
    bool is_local;
    cop_pid console;
};

static void refuse(const struct reader *r, const char *why)
{
    (void)cop__link_write(r->link, COP__FRAME_ERROR, why, strlen(why));
    (void)cop__link_write(r->link, COP__FRAME_STATUS, "1", 1);
}

/* Makes the console that the first frame asks for. The lock is held. */
static void spawn_console(struct reader *r, const struct cop__frame *f)
{
    bool is_rpc = f->kind == COP__FRAME_RPC;
    cop_term text = cop_binary(is_rpc ? f->text + 1 : "", is_rpc ? f->len - 1 : 0);
    int64_t width = is_rpc ? 0 : strtol(f->text + 1, NULL, 10);

    cop__link_be(r->link, is_rpc ? COP__LINK_RPC : COP__LINK_CONSOLE);
    r->console =
        cop__console_spawn(&(struct cop__console_opts){.link = r->link,
                                                       .width = width,
                                                       .node = r->is_local ? NULL : door.node,
                                                       .is_standard = r->is_local,
                                                       .text = is_rpc ? text : cop_nil()});
}

/* The first frame. False: that was all. */
static bool begin(struct reader *r, const struct cop__frame *f)
{
    cop_region *region;

    if (f->len < 1 || f->text[0] != COP__WIRE_VERSION[0]) {
        refuse(r, "the node runs another version of coppice\n");
        return false;
    }
    if (f->kind == COP__FRAME_STOP) {
        cop__link_be(r->link, COP__LINK_STOP);
        cop__link_join(r->link); /* stays open until the program ends: that is the answer */
        cop_system_stop(0);
        return false;
    }
    if (f->kind != COP__FRAME_CONSOLE && f->kind != COP__FRAME_RPC) return false;
    region = cop_region_open();
    pthread_mutex_lock(&door.lock);
    if (!door.is_stopped) spawn_console(r, f);
    pthread_mutex_unlock(&door.lock);
    cop_region_close(region);
    if (cop_is_no_pid(r->console)) refuse(r, "the node has no room for a console\n");
    return !cop_is_no_pid(r->console);
}

/* What a frame says to the console; cop_none(): nothing. */
static cop_term message_of(const struct cop__frame *f)
{
    char *rest;
    int64_t width;

    switch (f->kind) {
    case COP__FRAME_LINE:
        width = strtol(f->text, &rest, 10);
        if (*rest == ' ') rest++;
        return cop_tuple(COP(":line"), width, cop_binary(rest, f->len - (size_t)(rest - f->text)));
    case COP__FRAME_END: return COP(":eof");
    case COP__FRAME_COMPLETE: return cop_tuple(COP(":complete"), cop_binary(f->text, f->len));
    case COP__FRAME_INTERRUPT: return COP(":interrupt");
    default: return cop_none();
    }
}

static void tell(const struct reader *r, const struct cop__frame *f)
{
    cop_region *region = cop_region_open();
    cop_term msg = f ? message_of(f) : COP(":gone");

    pthread_mutex_lock(&door.lock);
    if (!door.is_stopped && !cop_is_none(msg)) cop_send(r->console, msg);
    pthread_mutex_unlock(&door.lock);
    cop_region_close(region);
}

/* Counts a reading thread in. False: the node stops. */
static bool enter(void)
{
    bool may;

    pthread_mutex_lock(&door.lock);
    may = !door.is_stopped;
    if (may) door.threads++;
    pthread_mutex_unlock(&door.lock);
    return may;
}

static void go(struct reader *r)
{
    cop__link_leave(r->link);
    free(r);
    pthread_mutex_lock(&door.lock);
    door.threads--;
    pthread_cond_broadcast(&door.ended);
    pthread_mutex_unlock(&door.lock);
}

static void *read_frames(void *arg)
{
    struct reader *r = arg;
    struct cop__wire wire = {.fd = r->fd};
    struct cop__frame f;
    bool has_begun = false;
    bool goes_on = true;

    while (goes_on && cop__wire_read(&wire)) {
        while (goes_on && cop__wire_take(&wire, &f)) {
            if (has_begun) tell(r, &f);
            if (!has_begun) goes_on = begin(r, &f);
            has_begun = true;
        }
    }
    if (!cop_is_no_pid(r->console)) tell(r, NULL);
    cop__wire_free(&wire);
    go(r);
    return NULL;
}

/* Starts a thread that takes no signals: they are for the thread that waits for the node's end. */
static bool start_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
    sigset_t all;
    sigset_t old;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error == 0;
}

/* Serves a connection; fd belongs to it. Its number, or -1. */
static int64_t serve(int fd, bool is_local, bool is_direct)
{
    struct reader *r = calloc(1, sizeof(*r));
    int64_t link = r ? cop__link_open(fd, is_direct) : -1;
    pthread_t thread;

    if (r == NULL) close(fd);
    if (link < 0) {
        free(r);
        return -1;
    }
    *r = (struct reader){.fd = fd, .link = link, .is_local = is_local, .console = cop_no_pid()};
    if (!enter()) {
        cop__link_leave(link);
        free(r);
        return -1;
    }
    if (!start_thread(&thread, read_frames, r)) {
        go(r);
        return -1;
    }
    pthread_detach(thread);
    return link;
}

/* --- All -------------------------------------------------------------------------------------- */

static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void *accept_all(void *arg)
{
    (void)arg;
    for (;;) {
        int fd = accept4(door.socket, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && !is_ours(fd))
            close(fd);
        else if (fd >= 0)
            (void)serve(fd, false, false);
        else if (errno == EINVAL || errno == EBADF)
            return NULL; /* shut down */
        else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            usleep(100000); /* until somebody has given one back */
    }
}

bool cop__door_serve(void)
{
    cop__broker_start();
    if (door.socket < 0) return true;
    door.is_accepting = start_thread(&door.acceptor, accept_all, NULL);
    return door.is_accepting;
}

int cop__door_local(bool is_direct, int64_t *ret_link)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    *ret_link = serve(ends[0], true, is_direct);
    if (*ret_link >= 0) return ends[1];
    close(ends[1]);
    return -1;
}

void cop__door_close(void)
{
    pthread_mutex_lock(&door.lock);
    door.is_stopped = true;
    pthread_mutex_unlock(&door.lock);
    if (door.socket >= 0) {
        (void)unlink(door.address.sun_path);
        (void)shutdown(door.socket, SHUT_RDWR);
    }
    if (door.is_accepting) pthread_join(door.acceptor, NULL);
    cop__links_shut_all();
    pthread_mutex_lock(&door.lock);
    while (door.threads > 0)
        pthread_cond_wait(&door.ended, &door.lock);
    pthread_mutex_unlock(&door.lock);
}
