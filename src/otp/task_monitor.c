/* SPDX-License-Identifier: Apache-2.0 */
/* The monitor of a stream: the process that starts its tasks, watches them and their times, and
 * kills what is left at the end (task_stream.h has the picture). It is a plain process that knows
 * its messages by the reference of the stream and drops all others (TSK-20). */
#include "otp/task_stream.h"

#include "otp/gen.h"
#include "otp/task_process.h"

struct monitor {
    cop_pid consumer;
    cop_ref consumer_ref; /* our monitor of the consumer */
    cop_ref ref;          /* of the stream */
    cop_kept owner;       /* as of cop__task_owner, in the consumer */
    cop_kept callers;
    cop_kept fun;
    cop_kept supervisor; /* nil: none */
    cop_kept shutdown;
    int64_t timeout_ms;
    bool links;
    cop_dict *running; /* reference of our monitor -> {position, pid, timer | nil} */
    cop_dict *late;    /* the same references, of those that were killed for their time */
};

/* --- Starting tasks --------------------------------------------------------------------------- */

static cop_term mfa_for(cop_term fun, cop_term element)
{
    cop_term module, function, args;

    if (cop_match(fun, "{module, function, args}", module, function, args))
        return cop_tuple(module, function, cop_cons(element, args));
    return cop_build("{:erlang, :apply, [fun, [element]]}", fun, element);
}

/* False: the supervisor has as many children as it may. */
static bool start_task(const struct monitor *m, cop_pid *ret_task)
{
    cop_term supervisor = cop_kept_term(m->supervisor);

    if (cop_identical(supervisor, cop_nil())) {
        *ret_task = cop__task_spawn_reply(cop_kept_term(m->owner), false);
        return true;
    }
    if (!cop__task_start_supervised(supervisor, cop_kept_term(m->owner), cop_kept_term(m->shutdown),
                                    ret_task))
        return false;
    if (m->links) cop_link(*ret_task);
    return true;
}

static void spawn_task(struct monitor *m, int64_t position, cop_term element)
{
    cop_term place = cop_tuple(m->ref, position), timer = cop_nil(), to = cop_ref_term(m->ref);
    cop_ref watched;
    cop_pid task;

    if (!start_task(m, &task)) {
        cop_send(to, cop_tuple(COP(":max_children"), m->ref));
        return;
    }
    watched = cop_monitor(task);
    cop__task_order(task, m->consumer, place, to, cop_kept_term(m->callers),
                    mfa_for(cop_kept_term(m->fun), element));
    if (m->timeout_ms != COP_INFINITY)
        timer = cop_ref_term(
            cop_start_timer(m->timeout_ms, cop_pid_term(cop_self()), cop_tuple(m->ref, watched)));
    cop_dict_put(m->running, watched, cop_tuple(position, task, timer));
    cop_send(to, cop_tuple(COP(":spawned"), m->ref));
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* A task has ended: tells the consumer. */
static void task_is_down(struct monitor *m, cop_term watched, cop_term reason)
{
    cop_term entry = cop_dict_remove(m->running, watched), timer, kind = COP(":down");
    int64_t position;

    cop_expect(entry, "{position, _, timer}", position, timer);
    if (cop_is_reference(timer)) cop_cancel_timer(cop_to_ref(timer));
    if (!cop_is_none(cop_dict_remove(m->late, watched))) kind = COP(":timed_out");
    cop_send(cop_ref_term(m->ref), cop_tuple(kind, cop_tuple(m->ref, position), reason));
}

static void task_is_late(struct monitor *m, cop_term watched)
{
    cop_term entry = cop_dict_get(m->running, watched);
    cop_pid task;

    if (!cop_match(entry, "{_, task, _}", task)) return;
    cop_dict_put(m->late, watched, cop_true());
    cop_unlink(task);
    cop_exit_process(task, COP(":kill"));
}

static bool is_down_of(cop_term msg, void *arg)
{
    cop_term watched = *(cop_term *)arg;

    return cop_match(msg, "{:DOWN, ^watched, _, _, _}", watched);
}

/* The consumer stops: kills what runs and waits until it is dead. */
static void kill_all(const struct monitor *m)
{
    cop_term running = cop_dict_to_list(m->running), watched, msg;
    cop_pid task;

    cop_trap_exit(true);
    for (cop_term rest = running; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_expect(cop_head(rest), "{_, {_, task, _}}", task);
        cop_exit_process(task, COP(":kill"));
    }
    for (cop_term rest = running; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        watched = cop_elem(cop_head(rest), 0);
        cop_receive_if(is_down_of, &watched, &msg, COP_INFINITY);
    }
}

/* The consumer is dead: so are the tasks that are linked, and the monitor. A consumer that ended
 * normally without closing its stream has given it up, too. */
static COP_NORETURN void consumer_is_down(const struct monitor *m, cop_term reason)
{
    cop_term running = cop_dict_to_list(m->running);
    cop_term signal = cop_match(reason, ":normal") ? COP(":shutdown") : reason;
    cop_pid task;

    for (; m->links && !cop_is_empty_list(running); running = cop_tail(running)) {
        cop_expect(cop_head(running), "{_, {_, task, _}}", task);
        cop_exit_process(task, signal);
    }
    cop_exit(reason);
}

/* --- The process ------------------------------------------------------------------------------ */

static bool take_message(void *state, cop_term msg)
{
    struct monitor *m = state;
    cop_ref ref = m->ref, consumer_ref = m->consumer_ref;
    cop_term element, watched, reason;
    int64_t position;

    if (cop_match(msg, "{:spawn, ^ref, position, element}", ref, position, element)) {
        spawn_task(m, position, element);
    } else if (cop_match(msg, "{:DOWN, ^consumer_ref, _, _, reason}", consumer_ref, reason)) {
        consumer_is_down(m, reason);
    } else if (cop_match(msg, "{:DOWN, watched, _, _, reason}", watched, reason)) {
        if (cop_dict_has(m->running, watched)) task_is_down(m, watched, reason);
    } else if (cop_match(msg, "{:timeout, _, {^ref, watched}}", ref, watched)) {
        task_is_late(m, watched);
    } else if (cop_match(msg, "{:stop, ^ref}", ref)) {
        kill_all(m);
        return false;
    }
    return true;
}

static bool is_begin_or_down(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;

    return cop_match(msg, "{:begin, _}") || cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref);
}

/* What the consumer hands over. */
#define BOOT "{owner, traps, callers, timeout, fun, supervisor, shutdown, link}"

static cop_next run(cop_term boot)
{
    struct monitor *m = cop_alloc(sizeof *m);
    cop_term owner, callers, fun, supervisor, shutdown, msg, reason;
    bool traps, link;
    int64_t timeout;
    cop_ref ref;

    cop_expect(boot, BOOT, owner, traps, callers, timeout, fun, supervisor, shutdown, link);
    cop_trap_exit(traps);
    m->consumer = cop_to_pid(cop_elem(owner, 2));
    m->consumer_ref = cop_monitor(m->consumer);
    if (!cop_receive_if(is_begin_or_down, &m->consumer_ref, &msg, COP_INFINITY)) return cop_end();
    if (cop_match(msg, "{:DOWN, _, _, _, reason}", reason)) cop_exit(reason);
    cop_expect(msg, "{:begin, ref}", ref);
    m->ref = ref;
    m->owner = cop_keep(owner);
    m->callers = cop_keep(callers);
    m->fun = cop_keep(fun);
    m->supervisor = cop_keep(supervisor);
    m->shutdown = cop_keep(shutdown);
    m->timeout_ms = timeout;
    m->links = link;
    m->running = cop_dict_new();
    m->late = cop_dict_new();
    cop_receive_loop(take_message, m);
    return cop_end();
}

static bool is_trapping(void)
{
    return cop_match(cop_process_info(cop_self(), COP(":trap_exit")), "{:trap_exit, true}");
}

cop_pid cop__stream_monitor_spawn(cop_term stream, int64_t timeout_ms)
{
    cop_term owner = cop__task_owner(), callers = cop__task_callers(), boot;
    cop_term fun, supervisor, shutdown, link;
    bool traps = is_trapping();

    cop_expect(stream, "%{fun: fun, supervisor: supervisor, shutdown: shutdown, link: link}", fun,
               supervisor, shutdown, link);
    boot = cop_tuple(owner, traps, callers, timeout_ms, fun, supervisor, shutdown, link);
    return cop_spawn(run, boot,
                     &(struct cop_spawn_opts){.link = true, .name = "Task.Supervised.stream/7"});
}
