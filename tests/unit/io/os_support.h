/* SPDX-License-Identifier: Apache-2.0 */
/* Watching processes of the operating system that are not the test's children. */
#ifndef COP_TESTS_OS_SUPPORT_H
#define COP_TESTS_OS_SUPPORT_H

#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* How long anything may take that must come. */
#define OS_LIMIT_MS 20000

/* Waits until the process has ended, given a pidfd that was opened while it lived. Closes that. */
static inline bool os_has_ended(int pidfd)
{
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    bool ended = poll(&p, 1, OS_LIMIT_MS) == 1;
    (void)close(pidfd);
    return ended;
}

/* Reads a line with a number; -1 if none comes. */
static inline long os_read_number(int fd)
{
    char text[32];
    size_t len = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (len < sizeof(text) - 1 && poll(&p, 1, OS_LIMIT_MS) == 1 &&
           read(fd, &text[len], 1) == 1 && text[len] != '\n')
        len++;
    text[len] = 0;
    return len == 0 ? -1 : strtol(text, NULL, 10);
}

/* The guardian that is a child of a node, or 0. */
static inline pid_t os_guardian_of(pid_t node)
{
    char path[300];
    char comm[32];
    pid_t found = 0;
    DIR *d = opendir("/proc");
    const struct dirent *e;
    while (found == 0 && d != NULL && (e = readdir(d)) != NULL) {
        int parent = 0;
        (void)snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
        FILE *f = strtol(e->d_name, NULL, 10) > 0 ? fopen(path, "r") : NULL;
        if (f == NULL) continue;
        if (fscanf(f, "%*d (%31[^)]) %*c %d", comm, &parent) == 2 && parent == node &&
            strcmp(comm, "cop-guardian") == 0)
            found = (pid_t)strtol(e->d_name, NULL, 10);
        (void)fclose(f);
    }
    if (d != NULL) (void)closedir(d);
    return found;
}
static inline pid_t os_guardian(void)
{
    return os_guardian_of(getpid());
}

#endif
