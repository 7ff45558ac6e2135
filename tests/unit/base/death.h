/* SPDX-License-Identifier: Apache-2.0 */
/* Runs code that must end the program, in a child, and looks at what it said on stderr. */
#ifndef TEST_BASE_DEATH_H
#define TEST_BASE_DEATH_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls fn in a child whose abort leaves no core. Its stderr is in text (cut to size). Returns the
 * status of wait(). */
static int run_in_child(void (*fn)(void), char *text, size_t size)
{
    int ends[2];
    int status = 0;
    size_t len = 0;
    ssize_t count;
    pid_t child;

    if (pipe(ends) != 0) abort();
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would go on with the next test */
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        fn();
        _exit(0);
    }
    close(ends[1]);
    while (len + 1 < size && (count = read(ends[0], text + len, size - 1 - len)) > 0) {
        len += (size_t)count;
    }
    text[len] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return status;
}

/* Does fn abort, with part in what it says? */
static int dies_saying(void (*fn)(void), const char *part)
{
    static char text[4096];
    int status = run_in_child(fn, text, sizeof text);

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, part)) return 1;
    fprintf(stderr, "status %x, said: %s\n", status, text);
    return 0;
}

#endif
