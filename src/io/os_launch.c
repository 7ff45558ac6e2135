/* SPDX-License-Identifier: Apache-2.0 */
/* From options to a running program: pipes, texts, the request to the guardian, its answer.
 *
 * Descriptors are made, handed over and closed without a switch but the wait for the guardian's
 * socket; should the process be killed there, the cleanup closes them. */
#include "base/cleanup.h"
#include "coppice/error.h"
#include "io/guardian.h"
#include "io/os_server.h"
#include "io/pipe.h"
#include "io/reason.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Descriptors for the child; -1: none as yet. */
struct fds {
    int fd[COP__GUARDIAN_FDS];
};

static void fds_close(struct fds *fds)
{
    for (int i = 0; i < COP__GUARDIAN_FDS; i++)
        if (fds->fd[i] >= 0) (void)close(fds->fd[i]);
}

/* --- Streams ---------------------------------------------------------------------------------- */

/* A pipe: *ret_child is the end of the program, *ret the handle of ours. */
static int make_pipe(int stream, const char *name, int *ret_child, cop_ref *ret)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    int ours = stream == 0 ? ends[1] : ends[0];
    *ret_child = stream == 0 ? ends[0] : ends[1];
    (void)fcntl(ours, F_SETFL, O_NONBLOCK);
    int rc = cop__pipe_open(ours, name, ret);
    if (rc != 0) (void)close(ours);
    return rc;
}

static int make_output(struct cop__os_process *p, int stream, int *ret_child)
{
    const char *name = stream == 1 ? "stdout" : "stderr";
    struct cop__os_stream *s = &p->streams[stream - 1];
    int rc = make_pipe(stream, name, ret_child, &s->pipe);
    if (rc != 0) return rc;
    s->name = name;
    s->is_used = s->is_open = true;
    s->is_log = p->options.target[stream] == COP__OS_LOG;
    s->is_line = s->is_log || p->options.is_line;
    return 0;
}

static int make_stream(struct cop__os_process *p, int stream, struct fds *fds)
{
    int *fd = &fds->fd[COP__GUARDIAN_FD_STDIN + stream];
    int rc = 0;
    switch (p->options.target[stream]) {
    case COP__OS_PIPE:
        rc = make_pipe(0, "stdin", fd, &p->input);
        p->has_input = rc == 0;
        return rc;
    case COP__OS_LOG:
    case COP__OS_OWNER: return make_output(p, stream, fd);
    case COP__OS_NULL: *fd = open("/dev/null", O_RDWR | O_CLOEXEC); break;
    case COP__OS_INHERIT: *fd = fcntl(stream, F_DUPFD_CLOEXEC, 3); break;
    case COP__OS_STDOUT: *fd = fcntl(fds->fd[COP__GUARDIAN_FD_STDOUT], F_DUPFD_CLOEXEC, 3); break;
    }
    return *fd < 0 ? -errno : 0;
}

/* --- Request and answer ----------------------------------------------------------------------- */

/* The caller has entered. 0 or a negative error number. */
static int request(struct cop__os_process *p, struct cop__guardian_request *r,
                   const struct cop__buf *texts)
{
    COP_CLEANUP(fds_close) struct fds fds = {{-1, -1, -1, -1}};
    int rc = 0;
    for (int stream = 0; stream < 3 && rc == 0; stream++)
        rc = make_stream(p, stream, &fds);
    if (rc != 0) return rc;
    fds.fd[COP__GUARDIAN_FD_TEXTS] = cop__guardian_texts(texts->data, texts->len);
    if (fds.fd[COP__GUARDIAN_FD_TEXTS] < 0) return fds.fd[COP__GUARDIAN_FD_TEXTS];
    return cop__os_keeper_spawn(&p->ticket, r, fds.fd);
}

/* Of the keeper: about this program, or that it is gone. */
static bool is_answer(cop_term message, void *arg)
{
    const struct cop__os_process *p = arg;
    cop_ref monitor = p->keeper_monitor;
    int64_t id = (int64_t)p->ticket.id;
    return cop_match(message, "{:os_child, ^id, _}", id) ||
           cop_match(message, "{:DOWN, ^monitor, :process, _, _}", monitor);
}

static cop_term failure(int stage, int error)
{
    cop_term name = cop__io_reason(error);
    if (stage == COP__GUARDIAN_AT_DIRECTORY) return cop_tuple(COP(":cd"), name);
    if (stage == COP__GUARDIAN_AT_LIMITS) return cop_tuple(COP(":limits"), name);
    return name;
}

static cop_term await_running(struct cop__os_process *p)
{
    cop_term message;
    int os_pid, stage, error;
    (void)cop_receive_if(is_answer, p, &message, COP_INFINITY);
    if (cop_match(message, "{_, _, {:failed, stage, error}}", stage, error))
        return failure(stage, error);
    if (!cop_match(message, "{_, _, {:running, os_pid}}", os_pid))
        return COP("{:guardian, :killed}");
    p->os_pid = os_pid;
    if (p->has_input) cop__pipe_name(p->input, os_pid);
    for (int i = 0; i < 2; i++)
        if (p->streams[i].is_used) cop__pipe_name(p->streams[i].pipe, os_pid);
    return cop_ok();
}

cop_term cop__os_launch(struct cop__os_process *p, cop_term program, cop_term args)
{
    struct cop__guardian_request r = {.kind = COP__GUARDIAN_SPAWN};
    COP_CLEANUP(cop__buf_fini) struct cop__buf texts = {0};
    int error = cop__os_texts(program, args, &p->options, &texts, &r);
    if (error != 0) return cop__io_reason(error);
    cop_term reason = cop__os_keeper_register(&p->ticket);
    if (!cop_identical(reason, cop_ok())) return reason;
    p->keeper_monitor = cop_monitor(p->ticket.keeper);
    r.id = p->ticket.id;
    cop__port_enter();
    int rc = request(p, &r, &texts);
    cop__port_leave();
    return rc == 0 ? await_running(p) : cop__io_reason(rc);
}
