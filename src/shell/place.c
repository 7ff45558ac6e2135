/* SPDX-License-Identifier: Apache-2.0 */
/* Where nodes are found: the folder, and connecting. Others must not be able to put a socket of
 * theirs there, nor to open ours: the folder belongs to the user and nobody else may write to
 * it. */
#include "shell/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-@.";

    return name[0] != '\0' && name[0] != '.' && strlen(name) <= 60 &&
           strspn(name, allowed) == strlen(name);
}

static bool check_folder(const char *dir, bool must_make, char *why, size_t size)
{
    struct stat found;

    if (must_make && mkdir(dir, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(why, size, "the folder %s cannot be made (%s)", dir, strerrorname_np(errno));
        return false;
    }
    if (stat(dir, &found) != 0) {
        if (!must_make) return true; /* then there is no socket either, and that is said */
        (void)snprintf(why, size, "the folder %s cannot be used (%s)", dir, strerrorname_np(errno));
        return false;
    }
    if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 022) != 0) {
        (void)snprintf(why, size, "%s is no folder that only its user can write to", dir);
        return false;
    }
    return true;
}

bool cop__place_address(const struct cop__place *place, bool must_make, struct sockaddr_un *ret,
                        char *why, size_t size)
{
    char home[64];
    const char *dir = place->dir;
    int len;

    if (!is_name(place->name)) {
        (void)snprintf(why, size, "\"%s\" is no name for a node: letters, digits, and _-@. inside",
                       place->name);
        return false;
    }
    if (dir == NULL) {
        (void)snprintf(home, sizeof(home), "/tmp/coppice-%lu", (unsigned long)geteuid());
        dir = home;
    }
    if (!check_folder(dir, must_make, why, size)) return false;
    memset(ret, 0, sizeof(*ret));
    ret->sun_family = AF_UNIX;
    len = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/%s", dir, place->name);
    /* Room for ".lock", which door.c puts behind. */
    if (len < 0 || (size_t)len + 6 > sizeof(ret->sun_path)) {
        (void)snprintf(why, size, "%s/%s is too long for a socket's path", dir, place->name);
        return false;
    }
    return true;
}

int cop__place_connect(const struct cop__place *place, pid_t *ret_pid, char *why, size_t size)
{
    struct sockaddr_un address;
    struct ucred peer;
    socklen_t len = sizeof(peer);
    int fd;

    if (!cop__place_address(place, false, &address, why, size)) return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        int error = errno;

        if (fd >= 0) close(fd);
        if (error == ENOENT || error == ECONNREFUSED)
            (void)snprintf(why, size, "no node named %s runs (its socket would be %s)", place->name,
                           address.sun_path);
        else
            (void)snprintf(why, size, "the node %s cannot be reached at %s (%s)", place->name,
                           address.sun_path, strerrorname_np(error));
        return -1;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != geteuid()) {
        (void)snprintf(why, size, "the node at %s belongs to somebody else", address.sun_path);
        close(fd);
        return -1;
    }
    *ret_pid = peer.pid;
    return fd;
}
