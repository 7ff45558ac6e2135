/* SPDX-License-Identifier: Apache-2.0 */
/* Task, the owner's side: one task at a time (TSK-01 to 14). Several at once are in task_many.c,
 * streams in task_stream.c, the task itself in task_process.c.
 *
 * The owner watches a task by a monitor that is also an alias, ref; the reply {ref, value} goes to
 * the alias, so that after a demonitor none can come. What had come before is looked for then: no
 * reply is lost between the last look and the demonitor, and none stays in the mailbox. */
#include "coppice/task.h"

#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/stdlib_kernel.h"
#include "otp/task_owner.h"
#include "otp/task_process.h"

#include <stdio.h>

#define TASK COP("Task")

/* --- The struct ------------------------------------------------------------------------------- */

struct cop__task cop__task_read(cop_term term, const char *function, int arity)
{
    struct cop__task task = {.term = term};
    cop_term pid;
    cop_pid owner;
    cop_ref ref;

    if (!cop_match(term, "%{__struct__: Task, mfa: _, owner: owner, pid: pid, ref: ref}", owner,
                   pid, ref) ||
        (!cop_is_pid(pid) && !cop_identical(pid, cop_nil())))
        cop__raise_function_clause(TASK, function, arity);
    task.owner = owner;
    task.ref = ref;
    task.pid = cop_is_pid(pid) ? cop_to_pid(pid) : cop_no_pid();
    return task;
}

static COP_NORETURN void raise_about(cop_term task, const char *what)
{
    cop_bytes text = cop_to_bytes(cop_inspect_with(task, (struct cop_inspect_opts){0, 50}));

    cop_raise("ArgumentError", "task %.*s %s", (int)text.len, text.data, what);
}

void cop__task_check_owner(const struct cop__task *task)
{
    cop_bytes self;
    char what[128];

    if (cop_pid_equal(task->owner, cop_self())) return;
    self = cop_to_bytes(cop_inspect(cop_pid_term(cop_self())));
    (void)snprintf(what, sizeof what, "must be queried from the owner but was queried from %.*s",
                   (int)self.len, self.data);
    raise_about(task->term, what);
}

/* The task that term is, which the caller owns. */
static struct cop__task own(cop_term term, const char *function, int arity)
{
    struct cop__task task = cop__task_read(term, function, arity);

    cop__task_check_owner(&task);
    return task;
}

/* The same; it must have a process (it was not made by completed). */
static struct cop__task own_with_process(cop_term term, const char *function, int arity)
{
    struct cop__task task = cop__task_read(term, function, arity);

    if (cop_is_no_pid(task.pid)) raise_about(term, "does not have an associated task process");
    cop__task_check_owner(&task);
    return task;
}

static cop_term struct_of(cop_term mfa, cop_term pid, cop_ref ref)
{
    cop_term module = cop_elem(mfa, 0), function = cop_elem(mfa, 1);
    int64_t arity = cop_list_len(cop_elem(mfa, 2));
    cop_pid owner = cop_self();

    return cop_build("%{__struct__: Task, mfa: {module, function, arity}, owner: owner, pid: pid,"
                     " ref: ref}",
                     module, function, arity, owner, pid, ref);
}

/* --- News and ends ---------------------------------------------------------------------------- */

enum cop__task_news cop__task_news_of(cop_term msg, cop_ref *ret_ref)
{
    cop_ref ref;

    if (cop_match(msg, "{ref, _}", ref)) {
        *ret_ref = ref;
        return COP__TASK_REPLY;
    }
    if (cop_match(msg, "{:DOWN, ref, :process, _, _}", ref)) {
        *ret_ref = ref;
        return COP__TASK_DOWN;
    }
    return COP__TASK_OTHER;
}

void cop__task_exit(cop_term reason, cop_term from, const char *function, cop_term args)
{
    if (cop_identical(reason, COP(":noconnection")))
        reason = cop_tuple(COP(":nodedown"),
                           cop_is_pid(from) ? cop__kernel_node_of(from) : cop_elem(from, 1));
    cop__exit_call(reason, TASK, cop_atom(function), args);
}

cop_term cop__task_result(cop_term msg, const char *function, cop_term args)
{
    if (cop_tuple_size(msg) == 2) return cop_tuple(cop_ok(), cop_elem(msg, 1));
    if (cop_identical(cop_elem(msg, 4), COP(":noconnection")))
        cop__task_exit(cop_elem(msg, 4), cop_elem(msg, 3), function, args);
    return cop_tuple(COP(":exit"), cop_elem(msg, 4));
}

cop_term cop__task_timeout(int64_t timeout_ms, const char *function)
{
    return cop__timeout_term(timeout_ms, TASK, function, 2);
}

static bool is_reply_or_down(cop_term msg, void *arg)
{
    cop_ref ref;

    return cop__task_news_of(msg, &ref) != COP__TASK_OTHER && cop_ref_equal(ref, *(cop_ref *)arg);
}

static bool is_reply(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;

    return cop_match(msg, "{^ref, _}", ref);
}

static bool is_down(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;

    return cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

void cop__task_unwatch(const struct cop__task *task)
{
    cop_demonitor(task->ref, true);
}

cop_term cop__task_take_reply(const struct cop__task *task)
{
    cop_ref ref = task->ref;
    cop_term msg;

    if (!cop_receive_ref(ref, is_reply, &ref, &msg, 0)) return cop_none();
    return cop_tuple(cop_ok(), cop_elem(msg, 1));
}

/* The next news of a task within timeout_ms, or cop_none(). After a reply there is no DOWN. */
static cop_term next_news(const struct cop__task *task, int64_t timeout_ms)
{
    cop_ref ref = task->ref;
    cop_term msg;

    if (!cop_receive_ref(ref, is_reply_or_down, &ref, &msg, timeout_ms)) return cop_none();
    if (cop_tuple_size(msg) == 2) cop__task_unwatch(task);
    return msg;
}

/* --- Starting --------------------------------------------------------------------------------- */

static cop_term mfa_of(cop_term fun, const char *function)
{
    cop_term mfa = cop__task_mfa(fun);

    if (cop_is_none(mfa)) cop__raise_function_clause(TASK, function, cop_is_tuple(fun) ? 3 : 1);
    return mfa;
}

cop_term cop__task_begin(cop_pid task, cop_term mfa)
{
    cop_ref ref = cop_monitor_with(cop_pid_term(task), COP_ALIAS_DEMONITOR, cop_none());

    cop__task_order(task, cop_self(), cop_ref_term(ref), cop_ref_term(ref), cop__task_callers(),
                    mfa);
    return struct_of(mfa, cop_pid_term(task), ref);
}

cop_term cop_task_async(cop_term fun)
{
    cop_term mfa = mfa_of(fun, "async");

    return cop__task_begin(cop__task_spawn_reply(cop__task_owner(), false), mfa);
}

cop_term cop_task_completed(cop_term value)
{
    cop_ref ref = cop_make_ref();

    cop_send(cop_self(), cop_tuple(ref, value));
    return struct_of(cop_build("{Task, :completed, [value]}", value), cop_nil(), ref);
}

static cop_term start(cop_term fun, const char *function, bool link)
{
    cop_term mfa = mfa_of(fun, function);

    return cop_tuple(cop_ok(),
                     cop__task_spawn_noreply(cop__task_owner(), cop__task_callers(), mfa, link));
}

cop_term cop_task_start(cop_term fun)
{
    return start(fun, "start", false);
}

cop_term cop_task_start_link(cop_term fun)
{
    return start(fun, "start_link", true);
}

/* --- Waiting ---------------------------------------------------------------------------------- */

cop_term cop_task_await(cop_term term, int64_t timeout_ms)
{
    cop_term timeout = cop__task_timeout(timeout_ms, "await"), msg;
    struct cop__task task = own(term, "await", 2);

    msg = next_news(&task, timeout_ms);
    if (cop_is_none(msg)) {
        cop__task_unwatch(&task);
        msg = cop__task_take_reply(&task);
        if (cop_is_none(msg))
            cop__exit_call(COP(":timeout"), TASK, COP(":await"), cop_list(term, timeout));
    }
    if (cop_tuple_size(msg) == 5)
        cop__task_exit(cop_elem(msg, 4), cop_elem(msg, 3), "await", cop_list(term, timeout));
    return cop_elem(msg, 1);
}

cop_term cop_task_yield(cop_term term, int64_t timeout_ms)
{
    cop_term timeout = cop__task_timeout(timeout_ms, "yield");
    struct cop__task task = own(term, "yield", 2);
    cop_term msg = next_news(&task, timeout_ms);

    return cop_is_none(msg) ? cop_nil() : cop__task_result(msg, "yield", cop_list(term, timeout));
}

cop_term cop_task_ignore(cop_term term)
{
    struct cop__task task = own_with_process(term, "ignore", 1);
    cop_term msg = next_news(&task, 0), reply;

    cop_unlink(task.pid);
    if (!cop_is_none(msg)) return cop__task_result(msg, "ignore", cop_list(term));
    cop__task_unwatch(&task);
    reply = cop__task_take_reply(&task);
    return cop_is_none(reply) ? cop_nil() : reply;
}

/* --- Shutdown --------------------------------------------------------------------------------- */

struct shutdown {
    struct cop__task task;
    bool is_brutal;
    cop_term timeout; /* as it was given */
};

/* Whether a task that died of reason died of our signal. */
static bool is_our_signal(const struct shutdown *s, cop_term reason)
{
    return cop_identical(reason, s->is_brutal ? COP(":killed") : COP(":shutdown"));
}

/* The result for a task that was found dead: its end was told by its own DOWN, if nobody has taken
 * that yet. */
static cop_term found_dead(struct shutdown *s, cop_term *from)
{
    cop_term msg;

    if (!cop_receive_ref(s->task.ref, is_down, &s->task.ref, &msg, 0)) return COP(":noproc");
    *from = cop_elem(msg, 3);
    return cop_elem(msg, 4);
}

/* Asks the task to end, kills it when the time is over, and waits for its DOWN. The exit signals
 * are ours only once the link is gone. */
static cop_term end_task(const struct shutdown *s, int64_t timeout_ms)
{
    cop_ref monitor = cop_monitor(s->task.pid);
    cop_term down;

    cop_unlink(s->task.pid);
    if (!s->is_brutal) {
        cop_exit_process(s->task.pid, COP(":shutdown"));
        if (cop_receive_ref(monitor, is_down, &monitor, &down, timeout_ms)) return down;
    }
    cop_exit_process(s->task.pid, COP(":kill"));
    cop_receive_ref(monitor, is_down, &monitor, &down, COP_INFINITY);
    return down;
}

cop_term cop_task_shutdown(cop_term term, int64_t timeout_ms)
{
    struct shutdown s = {.is_brutal = timeout_ms == COP_BRUTAL_KILL};
    cop_term down, reason, from, reply;

    s.timeout = s.is_brutal ? COP(":brutal_kill") : cop__task_timeout(timeout_ms, "shutdown");
    s.task = own_with_process(term, "shutdown", 2);
    down = end_task(&s, timeout_ms);
    from = cop_elem(down, 3);
    reason = cop_elem(down, 4);
    if (cop_identical(reason, COP(":noproc"))) reason = found_dead(&s, &from);
    cop__task_unwatch(&s.task);
    reply = cop__task_take_reply(&s.task);
    if (!cop_is_none(reply)) return reply;
    if (is_our_signal(&s, reason)) return cop_nil();
    if (cop_identical(reason, COP(":noconnection")))
        cop__task_exit(reason, from, "shutdown", cop_list(term, s.timeout));
    return cop_tuple(COP(":exit"), reason);
}
