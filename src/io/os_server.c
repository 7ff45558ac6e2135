/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a process that stands for a program, a gen_server.
 *
 *     init: launch ----> running ----------------------------> ended ----> stop(reason)
 *                           |  timeout, the owner ends           ^  all output is given out
 *                           +-- stop signal, kill_after, SIGKILL |
 *                           |                                    |
 *                           +-- terminate(): the same, but it waits on the spot
 *
 * A program's end is told by the keeper, {:os_child, id, {:ended, status}}; output that is in its
 * pipes then is given out first, and the reason is made of the status. */
#include "io/os_server.h"
#include "coppice/error.h"
#include "io/pipe.h"
#include "io/signal_name.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* --- Reasons ---------------------------------------------------------------------------------- */

static cop_term reason_of_end(const struct cop__os_process *p)
{
    if (p->is_stopping) return cop_kept_term(p->stop_reason);
    if (p->is_lost) return COP("{:guardian, :killed}");
    if (WIFSIGNALED(p->status))
        return cop_tuple(COP(":signal"), cop__signal_name(WTERMSIG(p->status)));
    if (WEXITSTATUS(p->status) == 0) return COP(":normal");
    return cop_tuple(COP(":exit_status"), WEXITSTATUS(p->status));
}

/* What a callback returns: it goes on, or all is over. */
static cop_result next(struct cop__os_process *p)
{
    if (!p->has_ended || !cop__os_output_is_done(p)) return cop_noreply();
    cop_term reason = reason_of_end(p);
    return cop_stop(p->is_run ? cop_tuple(COP(":shutdown"), reason) : reason);
}

/* --- Stopping --------------------------------------------------------------------------------- */

static void send_stop_signal(struct cop__os_process *p)
{
    cop__os_keeper_signal(&p->ticket, p->options.stop_signal);
    if (p->options.kill_after_ms != COP_INFINITY)
        cop_send_after(p->options.kill_after_ms, cop_pid_term(cop_self()), COP(":os_kill"));
}

/* For a reason of its own; goes on until the program has ended. */
static void begin_stop(struct cop__os_process *p, cop_term reason)
{
    if (p->is_stopping || p->has_ended) return;
    p->is_stopping = true;
    p->stop_reason = cop_keep(reason);
    send_stop_signal(p);
}

static void handle_owner_end(struct cop__os_process *p, cop_term reason)
{
    p->has_owner = false;
    p->active = COP__OS_PASSIVE;
    begin_stop(p, cop_build("{:shutdown, {:owner, reason}}", reason));
    cop__os_output_drop(p);
}

/* --- Messages --------------------------------------------------------------------------------- */

static void handle_end(struct cop__os_process *p, int status)
{
    p->has_ended = true;
    p->status = status;
    cop__os_output_pump(p);
}

static void handle_down(struct cop__os_process *p, cop_ref monitor, cop_term reason)
{
    if (cop_ref_equal(monitor, p->keeper_monitor)) {
        p->is_lost = !p->has_ended;
        if (p->is_lost) handle_end(p, 0);
    } else if (p->has_owner && cop_ref_equal(monitor, p->owner_monitor)) {
        handle_owner_end(p, reason);
    }
}

/* Everything but calls; also while terminate() waits. */
static void on_message(struct cop__os_process *p, cop_term message)
{
    cop_ref ref;
    cop_term t;
    int status;
    if (cop_match(message, "{:fd, _, :readable}"))
        cop__os_output_pump(p);
    else if (cop_match(message, "{:fd, _, :writable}"))
        cop__os_input_pump(p);
    else if (cop_match(message, "{:os_child, _, {:ended, status}}", status))
        handle_end(p, status);
    else if (cop_match(message, "{:DOWN, ref, :process, _, t}", ref, t))
        handle_down(p, ref, t);
    else if (cop_match(message, ":os_timeout"))
        begin_stop(p, COP(":timeout"));
    else if (cop_match(message, ":os_kill"))
        cop__os_keeper_signal(&p->ticket, SIGKILL);
    else if (cop_match(message, "{:timeout, _, t}", t))
        cop__os_output_timeout(p, t);
}

static cop_result handle_info(void *state, cop_term message)
{
    on_message(state, message);
    return next(state);
}

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term info_of(const struct cop__os_process *p)
{
    uint64_t bytes[2] = {0, 0};
    uint64_t in = p->has_input ? cop__pipe_bytes(p->input) : p->bytes_in;
    for (int i = 0; i < 2; i++)
        bytes[i] = p->streams[i].bytes;
    cop_term program = cop_kept_term(p->program);
    cop_term args = cop_kept_term(p->args);
    cop_term owner = p->has_owner ? cop_pid_term(p->options.owner) : cop_nil();
    cop_term active = p->active == COP__OS_PASSIVE  ? cop_false()
                      : p->active == COP__OS_ALWAYS ? cop_true()
                                                    : cop_int(p->active);
    int64_t os_pid = p->os_pid;
    int64_t out = (int64_t)bytes[0];
    int64_t err = (int64_t)bytes[1];
    int64_t written = (int64_t)in;
    return cop_build("%{program: program, args: args, os_pid: os_pid, owner: owner, "
                     "active: active, stdin: written, stdout: out, stderr: err}",
                     program, args, os_pid, owner, active, written, out, err);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct cop__os_process *p = state;
    cop_term data;
    int64_t n;
    int number;
    if (cop_match(request, "{:send, data}", data)) {
        cop__os_input_send(p, from, data);
    } else if (cop_match(request, "{:read, n}", n)) {
        cop__os_output_read(p, from, n);
    } else if (cop_match(request, ":close_stdin")) {
        cop__os_input_close(p);
        (void)cop_gen_server_reply(from, cop_ok());
    } else if (cop_match(request, "{:active, n}", n)) {
        (void)cop_gen_server_reply(from, cop_ok());
        cop__os_output_activate(p, n);
    } else if (cop_match(request, "{:signal, number}", number)) {
        if (!p->has_ended) cop__os_keeper_signal(&p->ticket, number);
        (void)cop_gen_server_reply(from, cop_ok());
    } else if (cop_match(request, ":info")) {
        (void)cop_gen_server_reply(from, info_of(p));
    } else {
        return cop_no_clause(request);
    }
    return next(p);
}

/* --- Start and end ---------------------------------------------------------------------------- */

static void watch_owner(struct cop__os_process *p)
{
    for (int i = 0; i < 2; i++)
        p->has_owner |= p->streams[i].is_used && !p->streams[i].is_log;
    if (p->has_owner) p->owner_monitor = cop_monitor(p->options.owner);
}

/* arg: {program, args, options, caller, is_run} */
static cop_result init(cop_term arg)
{
    cop_term program, args, options;
    cop_pid caller;
    bool is_run;
    struct cop__os_process *p = cop_alloc(sizeof(*p));
    cop_expect(arg, "{program, args, options, caller, is_run}", program, args, options, caller,
               is_run);
    p->is_run = is_run;
    cop__os_options_read(options, caller, &p->options);
    p->sends_end = &p->sends;
    p->reads_end = &p->reads;
    p->active = p->options.active;
    p->program = cop_keep(program);
    p->args = cop_keep(args);
    cop_trap_exit(true);
    cop_term answer = cop__os_launch(p, program, args);
    if (!cop_identical(answer, cop_ok())) return cop_fail(answer);
    cop_set_label(program);
    watch_owner(p);
    if (p->options.timeout_ms != COP_INFINITY)
        cop_send_after(p->options.timeout_ms, cop_pid_term(cop_self()), COP(":os_timeout"));
    cop__os_output_pump(p);
    return cop_started(p);
}

/* While terminate() waits for the program's end. */
struct ending {
    struct cop__os_process *p;
    cop_ref supervisor; /* if is_supervised: it will kill us when the time is up */
    bool is_supervised;
};

static bool wait_for_end(void *state, cop_term message)
{
    struct ending *e = state;
    cop_ref ref;
    if (e->is_supervised && cop_match(message, "{:DOWN, ref, :process, _, _}", ref) &&
        cop_ref_equal(ref, e->supervisor)) {
        e->is_supervised = false;
        cop__os_keeper_signal(&e->p->ticket, SIGKILL); /* there is no one to wait for */
    } else {
        on_message(e->p, message);
    }
    return !e->p->has_ended;
}

/* The process that has started this one. */
static cop_pid parent(void)
{
    cop_term first, rest;
    if (!cop_match(cop_get(COP(":\"$ancestors\"")), "[first | rest]", first, rest))
        return cop_no_pid();
    return cop_is_pid(first) ? cop_to_pid(first) : cop_whereis(first);
}

/* A supervisor's shutdown gives the time, by a kill at its end: then the keeper has the program
 * killed. All others leave it to kill_after. */
static void terminate(void *state, cop_term reason)
{
    struct cop__os_process *p = state;
    struct ending e = {.p = p};
    cop_pid starter = parent();
    if (p->has_ended) return;
    if (p->options.target[1] == COP__OS_OWNER && p->active == COP__OS_PASSIVE)
        cop__os_output_drop(p);
    if (cop_match(reason, ":shutdown") && !cop_is_no_pid(starter) && cop_is_alive(starter)) {
        e.is_supervised = true;
        e.supervisor = cop_monitor(cop_pid_term(starter));
        cop__os_keeper_signal(&p->ticket, p->options.stop_signal);
    } else {
        send_stop_signal(p);
    }
    cop_receive_loop(wait_for_end, &e);
}

static cop_term format_state(const void *state)
{
    return info_of(state);
}

const struct cop_gen_server cop__os_server = {.size = sizeof(struct cop_gen_server),
                                              .init = init,
                                              .handle_call = handle_call,
                                              .handle_info = handle_info,
                                              .terminate = terminate,
                                              .format_state = format_state};
