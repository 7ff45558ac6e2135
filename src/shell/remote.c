/* SPDX-License-Identifier: Apache-2.0 */
/* Speaking to a running node. */
#include "shell/remote.h"

#include "shell/terminal.h"
#include "shell/wire.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A connection, or -1, which has been said. */
static int reach(const struct cop__place *place, pid_t *ret_pid)
{
    char why[400];
    int fd = cop__place_connect(place, ret_pid, why, sizeof(why));

    if (fd < 0) (void)fprintf(stderr, "%s\n", why);
    return fd;
}

static int serve(const struct cop__place *place, const char *expression)
{
    pid_t pid;
    int fd = reach(place, &pid);
    enum cop__terminal_end end;
    int status;

    if (fd < 0) return 1;
    (void)signal(SIGPIPE, SIG_IGN); /* who reads our output may go */
    end = cop__terminal_serve(fd, expression, &status);
    close(fd);
    cop__terminal_fini();
    switch (end) {
    case COP__END_STATUS: return status;
    case COP__END_ABORT: return 128 + SIGINT;
    case COP__END_HUNG_UP: return 128 + SIGHUP;
    case COP__END_GONE: break;
    }
    (void)fprintf(stderr, "the node %s is gone\n", place->name);
    return 1;
}

int cop__remote_console(const struct cop__place *place, const char *history)
{
    cop__terminal_init(history);
    return serve(place, NULL);
}

int cop__remote_rpc(const struct cop__place *place, const char *expression)
{
    return serve(place, expression);
}

int cop__remote_stop(const struct cop__place *place)
{
    struct cop__wire wire = {0};
    struct cop__frame f;
    int status = 0;
    pid_t pid;

    wire.fd = reach(place, &pid);
    if (wire.fd < 0) return 1;
    (void)cop__wire_write(wire.fd, COP__FRAME_STOP, COP__WIRE_VERSION, 1);
    /* The end of the connection is the answer; a frame says that there will be none. */
    while (cop__wire_read(&wire)) {
        while (cop__wire_take(&wire, &f)) {
            if (f.kind == COP__FRAME_ERROR) (void)fprintf(stderr, "%s", f.text);
            status = 1;
        }
    }
    close(wire.fd);
    cop__wire_free(&wire);
    return status;
}

int cop__remote_pid(const struct cop__place *place)
{
    pid_t pid;
    int fd = reach(place, &pid);

    if (fd < 0) return 1;
    close(fd);
    (void)printf("%ld\n", (long)pid);
    return 0;
}
