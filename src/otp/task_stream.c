/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of tasks, the consumer's side: task_stream.h has the picture. */
#include "otp/task_stream.h"

#include "coppice/node.h"
#include "otp/exception.h"
#include "otp/gen.h"
#include "otp/task_process.h"

/* --- The stream as data ----------------------------------------------------------------------- */

static int64_t positive_option(cop_term options, cop_term key, cop_term fallback, const char *text)
{
    cop_term value = cop_keyword_get(options, key, fallback);
    int64_t n;

    if (!cop_match(value, "n", n) || n < 1) cop_raise("ArgumentError", "%s", text);
    return n;
}

static bool flag_option(cop_term options, cop_term key, bool fallback)
{
    cop_term value = cop_keyword_get(options, key, cop_bool(fallback));

    return !cop_identical(value, cop_false()) && !cop_identical(value, cop_nil());
}

static struct cop__stream_options options_of(cop_term options)
{
    struct cop__stream_options o;
    cop_term timeout = cop_keyword_get(options, COP(":timeout"), cop_int(COP_CALL_TIMEOUT));
    cop_term on_timeout = cop_keyword_get(options, COP(":on_timeout"), COP(":exit"));

    o.concurrency_max = positive_option(options, COP(":max_concurrency"), cop_int(cop_schedulers()),
                                        ":max_concurrency must be an integer greater than zero");
    o.kills = cop_match(on_timeout, ":kill_task");
    if (!o.kills && !cop_match(on_timeout, ":exit"))
        cop_raise("ArgumentError", ":on_timeout must be either :exit or :kill_task");
    o.timeout_ms = cop__timeout(timeout);
    if (o.timeout_ms < COP_INFINITY)
        cop_raise("ArgumentError", ":timeout must be either a positive integer or :infinity");
    o.ordered = flag_option(options, COP(":ordered"), true);
    o.zips = flag_option(options, COP(":zip_input_on_exit"), false);
    return o;
}

/* The shutdown of the tasks of a supervisor; nil stands for its default. */
static cop_term shutdown_option(cop_term options)
{
    cop_term shutdown = cop_keyword_get(options, COP(":shutdown"), cop_nil());
    int64_t ms;

    if (!cop_match(shutdown, "nil") && !cop_match(shutdown, ":brutal_kill") &&
        (!cop_match(shutdown, "ms", ms) || ms < 0))
        cop_raise("ArgumentError", ":shutdown must be either a positive integer or :brutal_kill");
    return shutdown;
}

static bool is_stream_fun(cop_term fun)
{
    cop_term module, function, args;

    if (cop_is_fun(fun, 1)) return true;
    return cop_match(fun, "{module, function, args}", module, function, args) &&
           cop_is_atom(module) && cop_is_atom(function) && cop_list_len(args) >= 0;
}

/* The function that was called, by what it was given. */
static COP_NORETURN void refuse(bool by_name, bool supervised, bool link)
{
    cop__raise_function_clause(supervised ? COP("Task.Supervisor") : COP("Task"),
                               link ? "async_stream" : "async_stream_nolink",
                               3 + supervised + 2 * by_name);
}

cop_term cop__stream_new(cop_term enumerable, cop_term fun, cop_term options, cop_term supervisor,
                         bool link)
{
    cop_term shutdown;

    if (!is_stream_fun(fun) || !cop_is_keyword(options))
        refuse(cop_is_tuple(fun), !cop_match(supervisor, "nil"), link);
    (void)options_of(options);
    shutdown = shutdown_option(options);
    return cop_build("&Task.Supervised.stream(&1, &2, %{enumerable: enumerable, fun: fun,"
                     " options: options, supervisor: supervisor, link: link, shutdown: shutdown})",
                     enumerable, fun, options, supervisor, link, shutdown);
}

cop_term cop_task_async_stream(cop_term enumerable, cop_term fun, cop_term options)
{
    return cop__stream_new(enumerable, fun, options, cop_nil(), true);
}

/* The map in a stream; cop_none() if fun is no stream. */
static cop_term parts_of(cop_term fun)
{
    cop_term module, function, args, parts;
    int arity;

    if (!cop_is_fun(fun, 2)) return cop_none();
    cop_capture_parts(fun, &module, &function, &arity, &args);
    if (!cop_match(module, "Task.Supervised") || !cop_match(function, ":stream") ||
        !cop_match(args, "[_, _, parts]", parts) ||
        !cop_match(parts, "%{enumerable: _, fun: _, options: _, supervisor: _, link: _,"
                          " shutdown: _}"))
        return cop_none();
    return parts;
}

bool cop__is_stream(cop_term t)
{
    return !cop_is_none(parts_of(t));
}

/* --- Consuming: opening and closing ----------------------------------------------------------- */

struct cop_task_stream {
    struct cop__stream_options options;
    cop_pid monitor;
    cop_ref ref;       /* of the monitor; alias */
    cop_kept input;    /* what is left of it, a list */
    cop_dict *inputs;  /* position -> element, of those that run, if they are zipped */
    cop_dict *replies; /* position -> {:ok, value}, of those that have replied but not ended */
    cop_dict *ready;   /* position -> result, of those that ended before their turn */
    int64_t spawned;
    int64_t delivered; /* the next position, if ordered */
    bool is_closed;    /* there is no monitor any more */
};

struct cop_task_stream *cop_task_stream_open(cop_term stream)
{
    cop_term parts = parts_of(stream), fun, options, enumerable;
    struct cop_task_stream *s;
    struct cop__stream_options o;

    if (cop_is_none(parts)) cop__raise_protocol("Enumerable", stream);
    cop_expect(parts, "%{fun: fun, options: options, enumerable: enumerable}", fun, options,
               enumerable);
    if (!is_stream_fun(fun) || !cop_is_keyword(options)) cop_error(COP(":badarg"));
    o = options_of(options);
    enumerable = cop__enumerate(enumerable);
    s = cop_alloc(sizeof *s);
    s->options = o;
    s->input = cop_keep(enumerable);
    s->inputs = cop_dict_new();
    s->replies = cop_dict_new();
    s->ready = cop_dict_new();
    s->monitor = cop__stream_monitor_spawn(parts, o.timeout_ms);
    s->ref = cop_monitor_with(cop_pid_term(s->monitor), COP_ALIAS_DEMONITOR, cop_none());
    cop_send(s->monitor, cop_tuple(COP(":begin"), s->ref));
    return s;
}

static bool is_of_stream(cop_term msg, void *arg)
{
    const struct cop_task_stream *s = arg;
    cop_ref ref = s->ref;
    cop_pid monitor = s->monitor;

    return cop_match(msg, "{{^ref, _}, _}", ref) || cop_match(msg, "{_, {^ref, _}, _}", ref) ||
           cop_match(msg, "{_, ^ref}", ref) || cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref) ||
           (s->is_closed && cop_match(msg, "{:EXIT, ^monitor, _}", monitor));
}

static cop_term next_message(struct cop_task_stream *s)
{
    cop_term msg;

    cop_receive_ref(s->ref, is_of_stream, s, &msg, COP_INFINITY);
    return msg;
}

/* Nothing comes from the stream any more, and nothing is left of what came. */
static void end(struct cop_task_stream *s)
{
    cop_term msg;

    s->is_closed = true;
    cop_unlink(s->monitor);
    cop_demonitor(s->ref, true);
    while (cop_receive_if(is_of_stream, s, &msg, 0))
        continue;
}

/* Has the monitor kill what runs, and waits until that is done. */
static void stop(struct cop_task_stream *s)
{
    if (s->is_closed) return;
    cop_unlink(s->monitor);
    cop_send(s->monitor, cop_tuple(COP(":stop"), s->ref));
    while (!cop_match(next_message(s), "{:DOWN, _, _, _, _}"))
        continue;
    end(s);
}

void cop_task_stream_close(struct cop_task_stream *s)
{
    if (s == NULL) return;
    stop(s);
    cop_drop(&s->input);
    cop_dict_delete(s->inputs);
    cop_dict_delete(s->replies);
    cop_dict_delete(s->ready);
    cop_free(s);
}

/* --- Consuming: the next element -------------------------------------------------------------- */

/* Ends the caller with {reason, {Task.Supervised, :stream, [timeout]}}. */
static COP_NORETURN void exit_stream(const struct cop_task_stream *s, cop_term reason)
{
    cop_term timeout =
        s->options.timeout_ms == COP_INFINITY ? COP(":infinity") : cop_int(s->options.timeout_ms);

    cop__exit_call(reason, COP("Task.Supervised"), COP(":stream"), cop_list(timeout));
}

static COP_NORETURN void monitor_is_down(struct cop_task_stream *s, cop_term reason)
{
    end(s);
    exit_stream(s, reason);
}

static cop_term exit_result(struct cop_task_stream *s, int64_t position, cop_term reason)
{
    if (s->options.zips) reason = cop_tuple(cop_dict_get(s->inputs, position), reason);
    return cop_tuple(COP(":exit"), reason);
}

/* The task at position has ended, in time or not. Its result, if it is to be handed out now. */
static cop_term ended(struct cop_task_stream *s, int64_t position, bool timed_out, cop_term reason)
{
    cop_term result = cop_dict_remove(s->replies, position);

    if (cop_is_none(result)) {
        if (timed_out && !s->options.kills) {
            stop(s);
            exit_stream(s, COP(":timeout"));
        }
        result = exit_result(s, position, timed_out ? COP(":timeout") : reason);
    }
    if (s->options.zips) (void)cop_dict_remove(s->inputs, position);
    if (!s->options.ordered || position == s->delivered) return result;
    cop_dict_put(s->ready, position, result);
    return cop_none();
}

/* Takes one message; the result of a task, if that is to be handed out now. */
static cop_term take_message(struct cop_task_stream *s)
{
    cop_term msg = next_message(s), kind, value, reason;
    int64_t position;

    if (cop_match(msg, "{{_, position}, value}", position, value)) {
        cop_dict_put(s->replies, position, cop_tuple(cop_ok(), value));
        return cop_none();
    }
    if (cop_match(msg, "{kind, {_, position}, reason}", kind, position, reason))
        return ended(s, position, cop_match(kind, ":timed_out"), reason);
    cop_expect(msg, "{:DOWN, _, _, _, reason}", reason);
    monitor_is_down(s, reason);
}

static bool is_answer(cop_term msg, void *arg)
{
    cop_ref ref = ((const struct cop_task_stream *)arg)->ref;

    return cop_match(msg, "{:spawned, ^ref}", ref) ||
           cop_match(msg, "{:max_children, ^ref}", ref) ||
           cop_match(msg, "{:DOWN, ^ref, _, _, _}", ref);
}

/* Has a task started for the next element of the input. */
static void spawn_next(struct cop_task_stream *s)
{
    cop_term input = cop_kept_term(s->input), element = cop_head(input), answer, reason;

    cop_send(s->monitor, cop_tuple(COP(":spawn"), s->ref, s->spawned, element));
    if (s->options.zips) cop_dict_put(s->inputs, s->spawned, element);
    cop_replace(&s->input, cop_tail(input));
    s->spawned++;
    cop_receive_ref(s->ref, is_answer, s, &answer, COP_INFINITY);
    if (cop_match(answer, "{:DOWN, _, _, _, reason}", reason)) monitor_is_down(s, reason);
    if (cop_match(answer, "{:max_children, _}")) {
        stop(s);
        cop__task_raise_max_children(true);
    }
}

bool cop_task_stream_next(struct cop_task_stream *s, cop_term *ret_element)
{
    cop_term result = cop_none();

    while (cop_is_none(result)) {
        if (s->is_closed) return false;
        if (s->options.ordered) result = cop_dict_remove(s->ready, s->delivered);
        if (!cop_is_none(result)) break;
        if (!cop_is_empty_list(cop_kept_term(s->input)) &&
            s->spawned - s->delivered < s->options.concurrency_max)
            spawn_next(s);
        else if (s->spawned > s->delivered)
            result = take_message(s);
        else
            stop(s);
    }
    s->delivered++;
    *ret_element = result;
    return true;
}

/* --- Consuming: all --------------------------------------------------------------------------- */

struct each {
    struct cop_task_stream *stream;
    cop__each_fn fn;
    void *state;
};

static cop_term each_try(void *arg)
{
    const struct each *each = arg;
    cop_term element;

    while (cop_task_stream_next(each->stream, &element))
        if (!each->fn(each->state, element)) break;
    return cop_nil();
}

void cop__stream_each(cop_term stream, cop__each_fn fn, void *state)
{
    struct each each = {cop_task_stream_open(stream), fn, state};
    struct cop_outcome outcome;
    bool has_returned = cop_try(each_try, &each, &outcome);

    cop_task_stream_close(each.stream);
    if (!has_returned) cop_reraise(&outcome);
}
