/* SPDX-License-Identifier: Apache-2.0 */
/* The console of start_iex. While it is on a terminal, the lines of the log pass through it, so
 * that they come between prompts (IEX-16). */
#include "shell/local.h"

#include "coppice/node.h"
#include "shell/door.h"
#include "shell/link.h"
#include "shell/terminal.h"
#include "shell/wire.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_t thread;
    bool runs;
    const char *history;
    _Atomic(int64_t) link; /* of the console, for the log's thread; -1: none */
} local = {.link = -1};

/* The log's lines, while the console is on the same screen. */
static void print_log(const char *text, size_t len, void *arg)
{
    int64_t link = atomic_load(&local.link);

    (void)arg;
    if (link < 0 || !cop__link_write(link, COP__FRAME_OUTPUT, text, len))
        (void)fwrite(text, 1, len, stderr);
}

static void *serve(void *arg)
{
    enum cop__terminal_end end = COP__END_GONE;
    bool is_terminal = cop__terminal_is_one();
    int status = 0;

    (void)arg;
    cop__terminal_init(local.history);
    if (is_terminal && isatty(STDERR_FILENO)) cop_log_screen(print_log, NULL);
    while (end == COP__END_GONE) {
        /* A console that was killed: a new one. When the node stops there is none any more. */
        int64_t link;
        int fd = cop__door_local(!is_terminal, &link);

        if (fd < 0) break;
        atomic_store(&local.link, link);
        end = cop__terminal_serve(fd, NULL, &status);
        atomic_store(&local.link, -1);
        close(fd);
    }
    cop_log_screen(NULL, NULL);
    cop__terminal_fini();
    if (end == COP__END_HUNG_UP) {
        cop_log(COP_NOTICE, "the console's terminal is gone; the node goes on");
        return NULL;
    }
    if (end == COP__END_ABORT) cop_system_stop(128 + SIGINT);
    if (end == COP__END_STATUS) cop_system_stop(status);
    return NULL;
}

bool cop__local_start(const char *history)
{
    sigset_t all;
    sigset_t old;

    local.history = history;
    /* Signals are for the thread that waits for the end of the node. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    local.runs = pthread_create(&local.thread, NULL, serve, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return local.runs;
}

void cop__local_stop(void)
{
    struct timespec until;

    if (!local.runs) return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    if (pthread_timedjoin_np(local.thread, NULL, &until) != 0) pthread_detach(local.thread);
    cop__terminal_restore();
}
