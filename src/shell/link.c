/* SPDX-License-Identifier: Apache-2.0 */
/* The table of connections. */
#include "shell/link.h"

#include "shell/wire.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINKS_MAX 32

struct link {
    pthread_mutex_t writing; /* one frame at a time; taken before `lock` */
    /* Under the lock of the table: */
    int fd; /* -1: free */
    int holders;
    int64_t uses; /* a number tells the use it belongs to */
    bool is_direct;
    enum cop__link_kind kind;
};

static struct {
    pthread_mutex_t lock;
    bool is_ready;
    struct link links[LINKS_MAX];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void lock_table(void)
{
    pthread_mutex_lock(&table.lock);
    for (int i = 0; i < LINKS_MAX && !table.is_ready; i++) {
        pthread_mutex_init(&table.links[i].writing, NULL);
        table.links[i].fd = -1;
    }
    table.is_ready = true;
}

static void unlock_table(void)
{
    pthread_mutex_unlock(&table.lock);
}

/* NULL if the number is an old one. The table is locked. */
static struct link *find(int64_t number)
{
    struct link *l = &table.links[number % LINKS_MAX];

    return l->fd >= 0 && l->uses == number / LINKS_MAX ? l : NULL;
}

int64_t cop__link_open(int fd, bool is_direct)
{
    int64_t number = -1;

    lock_table();
    for (int i = 0; i < LINKS_MAX && number < 0; i++) {
        struct link *l = &table.links[i];

        if (l->fd >= 0) continue;
        l->fd = fd;
        l->holders = 1;
        l->uses++;
        l->is_direct = is_direct;
        l->kind = COP__LINK_NEW;
        number = l->uses * LINKS_MAX + i;
    }
    unlock_table();
    if (number < 0) close(fd);
    return number;
}

void cop__link_be(int64_t link, enum cop__link_kind kind)
{
    struct link *l;

    lock_table();
    l = find(link);
    if (l) l->kind = kind;
    unlock_table();
}

void cop__link_join(int64_t link)
{
    struct link *l;

    lock_table();
    l = find(link);
    if (l) l->holders++;
    unlock_table();
}

void cop__link_leave(int64_t link)
{
    struct link *l = &table.links[link % LINKS_MAX];

    pthread_mutex_lock(&l->writing); /* nobody is in the middle of a frame */
    lock_table();
    if (find(link) && --l->holders == 0) {
        close(l->fd);
        l->fd = -1;
    }
    unlock_table();
    pthread_mutex_unlock(&l->writing);
}

static bool write_directly(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

bool cop__link_write(int64_t link, char kind, const char *text, size_t len)
{
    struct link *l = &table.links[link % LINKS_MAX];
    bool is_direct = false;
    bool worked = false;
    int fd = -1;

    pthread_mutex_lock(&l->writing); /* so it is not closed meanwhile */
    lock_table();
    if (find(link)) {
        fd = l->fd;
        is_direct = l->is_direct;
    }
    unlock_table();
    if (fd >= 0 && is_direct && kind == COP__FRAME_OUTPUT)
        worked = write_directly(STDOUT_FILENO, text, len);
    else if (fd >= 0)
        worked = cop__wire_write(fd, kind, text, len);
    pthread_mutex_unlock(&l->writing);
    return worked;
}

void cop__link_shut(int64_t link)
{
    struct link *l;

    lock_table();
    l = find(link);
    if (l) (void)shutdown(l->fd, SHUT_RDWR);
    unlock_table();
}

/* What fits at once: a terminal that does not read now is not waited for. */
static void say_goodbye(const struct link *l)
{
    static const char status[] = {COP__FRAME_STATUS, 0, 0, 0, 1, '0'};

    (void)send(l->fd, status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void cop__links_shut_all(void)
{
    lock_table();
    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *l = &table.links[i];

        if (l->fd < 0 || l->kind == COP__LINK_STOP) continue;
        if (pthread_mutex_trylock(&l->writing) == 0) {
            say_goodbye(l);
            pthread_mutex_unlock(&l->writing);
        }
        (void)shutdown(l->fd, SHUT_RDWR);
    }
    unlock_table();
}
