/* SPDX-License-Identifier: Apache-2.0 */
/* Several tasks at once: await_many and yield_many (TSK-07, 09). Both go through the mailbox by the
 * references of all tasks, with one deadline; what does not belong to them stays there. */
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/task_owner.h"
#include "otp/task_process.h"

/* What is waited for. Terms of the current region. */
struct group {
    cop_term waiting;    /* map: ref -> task, of which nothing has been heard */
    cop_term news;       /* map: ref -> message */
    int64_t deadline_ms; /* by the monotonic clock; not read for COP_INFINITY */
    int64_t timeout_ms;
};

/* Exits: as a struct that is none or is not ours. tasks is a proper list, else FunctionClauseError
 * of the function. */
static struct group group_of(cop_term tasks, int64_t timeout_ms, const char *function)
{
    struct group g = {.waiting = cop_map_new(), .news = cop_map_new(), .timeout_ms = timeout_ms};

    if (timeout_ms > 0) g.deadline_ms = cop_monotonic_ms() + timeout_ms;
    if (cop_list_len(tasks) < 0) cop__raise_function_clause(COP("Task"), function, 2);
    for (; !cop_is_empty_list(tasks); tasks = cop_tail(tasks)) {
        struct cop__task task = cop__task_read(cop_head(tasks), function, 2);

        cop__task_check_owner(&task);
        g.waiting = cop_map_put(g.waiting, task.ref, task.term);
    }
    return g;
}

static bool is_of_group(cop_term msg, void *arg)
{
    const struct group *g = arg;
    cop_ref ref;

    return cop__task_news_of(msg, &ref) != COP__TASK_OTHER && cop_map_has(g->waiting, ref);
}

/* The next news of any task, or cop_none() when the time is over. */
static cop_term next_of_group(struct group *g)
{
    int64_t left = g->timeout_ms;
    cop_term msg;
    cop_ref ref;

    if (left > 0) {
        left = g->deadline_ms - cop_monotonic_ms();
        if (left < 0) left = 0;
    }
    if (!cop_receive_if(is_of_group, g, &msg, left)) return cop_none();
    if (cop__task_news_of(msg, &ref) == COP__TASK_REPLY) cop_demonitor(ref, true);
    g->waiting = cop_map_remove(g->waiting, ref);
    g->news = cop_map_put(g->news, ref, msg);
    return msg;
}

/* --- await_many ------------------------------------------------------------------------------- */

static void unwatch_all(const struct group *g)
{
    struct cop_map_iter it = cop_map_iter(g->waiting);
    cop_term ref, task;

    while (cop_map_next(&it, &ref, &task))
        cop_demonitor(cop_to_ref(ref), true);
}

cop_term cop_task_await_many(cop_term tasks, int64_t timeout_ms)
{
    cop_term timeout = cop__task_timeout(timeout_ms, "await_many"), values = cop_empty_list(), msg;
    struct group g = group_of(tasks, timeout_ms, "await_many");

    while (cop_map_size(g.waiting) > 0) {
        msg = next_of_group(&g);
        if (!cop_is_none(msg) && cop_tuple_size(msg) == 2) continue;
        unwatch_all(&g);
        if (cop_is_none(msg))
            cop__exit_call(COP(":timeout"), COP("Task"), COP(":await_many"),
                           cop_list(tasks, timeout));
        cop__task_exit(cop_elem(msg, 4), cop_elem(msg, 3), "await_many", cop_list(tasks, timeout));
    }
    for (cop_term rest = cop_list_reverse(tasks); !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_term ref = cop_map_get(cop_head(rest), COP(":ref"), cop_nil());

        values = cop_cons(cop_elem(cop_map_get(g.news, ref, cop_nil()), 1), values);
    }
    return values;
}

/* --- yield_many ------------------------------------------------------------------------------- */

struct yield_options {
    int64_t timeout_ms;
    int64_t limit;
    cop_term (*on_timeout)(cop_term task);
};

static cop_term leave_it(cop_term task)
{
    (void)task;
    return cop_nil();
}

static cop_term kill_it(cop_term task)
{
    return cop_task_shutdown(task, COP_BRUTAL_KILL);
}

static COP_NORETURN void raise_option(const char *text, cop_term value)
{
    cop_bytes shown = cop_to_bytes(cop_inspect(value));

    cop_raise("ArgumentError", "%s, got: %.*s", text, (int)shown.len, shown.data);
}

static struct yield_options yield_options_of(cop_term options)
{
    struct yield_options o = {COP_CALL_TIMEOUT, INT64_MAX, leave_it};
    cop_term timeout, limit, on_timeout;
    int64_t n;

    if (!cop_is_keyword(options)) cop__raise_function_clause(COP("Task"), "yield_many", 2);
    timeout = cop_keyword_get(options, COP(":timeout"), cop_int(COP_CALL_TIMEOUT));
    limit = cop_keyword_get(options, COP(":limit"), COP(":infinity"));
    on_timeout = cop_keyword_get(options, COP(":on_timeout"), COP(":nothing"));
    if (cop_match(timeout, "n", n) && n >= 0)
        o.timeout_ms = n;
    else if (cop_match(timeout, ":infinity"))
        o.timeout_ms = COP_INFINITY;
    else
        raise_option(":timeout must be either a non-negative integer or :infinity", timeout);
    if (cop_match(limit, "n", n) && n > 0)
        o.limit = n;
    else if (!cop_match(limit, ":infinity"))
        raise_option(":limit must be either a positive integer or :infinity", limit);
    if (cop_match(on_timeout, ":ignore"))
        o.on_timeout = cop_task_ignore;
    else if (cop_match(on_timeout, ":kill_task"))
        o.on_timeout = kill_it;
    else if (!cop_match(on_timeout, ":nothing"))
        raise_option(":on_timeout must be :nothing, :ignore or :kill_task", on_timeout);
    return o;
}

cop_term cop_task_yield_many(cop_term tasks, cop_term options)
{
    struct yield_options o = yield_options_of(options);
    struct group g = group_of(tasks, o.timeout_ms, "yield_many");
    cop_term results = cop_empty_list(), msg = cop_nil();

    while (cop_map_size(g.waiting) > 0 && (int64_t)cop_map_size(g.news) < o.limit &&
           !cop_is_none(msg))
        msg = next_of_group(&g);
    for (cop_term rest = tasks; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        cop_term task = cop_head(rest), ref = cop_map_get(task, COP(":ref"), cop_nil());
        cop_term heard = cop_map_get(g.news, ref, cop_none()), result = cop_nil();

        if (!cop_is_none(heard))
            result = cop__task_result(heard, "yield_many", cop_list(tasks, options));
        else if (cop_is_none(msg))
            result = o.on_timeout(task);
        results = cop_cons(cop_tuple(task, result), results);
    }
    return cop_list_reverse(results);
}
