/* SPDX-License-Identifier: Apache-2.0 */
/* Watching processes of the operating system that are not the test's children. */
#ifndef COP_TESTS_OS_SUPPORT_H
#define COP_TESTS_OS_SUPPORT_H

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
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

#endif
