/* SPDX-License-Identifier: Apache-2.0 */
/* The debug options of a server: a list of pairs in which each event makes a new list. That is slow
 * and small: nobody has them on for long. */
#include "otp/sys_debug.h"

#include "coppice/io.h"
#include "otp/text.h"

#include <time.h>

#define LOG_MAX 10 /* events that log: true keeps */

/* --- The list --------------------------------------------------------------------------------- */

/* The data of the option with this key, or cop_none(). */
static cop_term find(cop_term debug, cop_term key)
{
    for (; !cop_is_empty_list(debug); debug = cop_tail(debug)) {
        cop_term option = cop_head(debug);

        if (cop_identical(cop_elem(option, 0), key)) return cop_elem(option, 1);
    }
    return cop_none();
}

static cop_term without(cop_term debug, cop_term key)
{
    cop_term kept = cop_empty_list();

    for (; !cop_is_empty_list(debug); debug = cop_tail(debug)) {
        if (!cop_identical(cop_elem(cop_head(debug), 0), key))
            kept = cop_cons(cop_head(debug), kept);
    }
    return cop_list_reverse(kept);
}

static cop_term with(cop_term debug, cop_term key, cop_term data)
{
    return cop_cons(cop_tuple(key, data), without(debug, key));
}

/* --- Texts ------------------------------------------------------------------------------------ */

/* The line for an event; {:in, message} and what else a gen_server tells has words of its own. */
static void add_event(struct cop__text *text, cop_term name, cop_term event)
{
    cop_term a, b, c;

    cop__text_add(text, "*DBG* ");
    cop__text_add_term(text, name);
    if (cop_match(event, "{:in, {:\"$gen_call\", {b, _}, a}}", a, b)) {
        cop__text_add(text, " got call ");
        cop__text_add_term(text, a);
        cop__text_add(text, " from ");
        cop__text_add_term(text, b);
    } else if (cop_match(event, "{:in, {:\"$gen_cast\", a}}", a)) {
        cop__text_add(text, " got cast ");
        cop__text_add_term(text, a);
    } else if (cop_match(event, "{:in, a}", a)) {
        cop__text_add(text, " got ");
        cop__text_add_term(text, a);
    } else if (cop_match(event, "{:out, a, {b, _}, c}", a, b, c)) {
        cop__text_add(text, " sent ");
        cop__text_add_term(text, a);
        cop__text_add(text, " to ");
        cop__text_add_term(text, b);
        cop__text_add(text, ", new state ");
        cop__text_add_term(text, c);
    } else if (cop_match(event, "{:noreply, a}", a)) {
        cop__text_add(text, " new state ");
        cop__text_add_term(text, a);
    } else if (cop_match(event, "{:continue, a}", a)) {
        cop__text_add(text, " got continue ");
        cop__text_add_term(text, a);
    } else {
        cop__text_add(text, " dbg  ");
        cop__text_add_term(text, event);
    }
    cop__text_add(text, "\n");
}

/* {{year, month, day}, {hour, minute, second}} of the wall clock here. */
static cop_term local_time(void)
{
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    return cop_tuple(cop_tuple(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday),
                     cop_tuple(tm.tm_hour, tm.tm_min, tm.tm_sec));
}

static int64_t reductions(void)
{
    return cop_to_int(cop_elem(cop_process_info(cop_self(), COP(":reductions")), 1));
}

/* --- The log ---------------------------------------------------------------------------------- */

static cop_term take(cop_term list, int64_t count)
{
    cop_term taken = cop_empty_list();

    for (; count > 0 && !cop_is_empty_list(list); count--, list = cop_tail(list))
        taken = cop_cons(cop_head(list), taken);
    return cop_list_reverse(taken);
}

/* A log that has max events and perhaps as many again, so that it is cut once in max events. */
static cop_term log_of(int64_t max, int64_t len, cop_term events)
{
    if (len >= 2 * max) {
        events = take(events, max);
        len = max;
    }
    return cop_tuple(max, len, events);
}

static cop_term log_event(cop_term log, cop_term event)
{
    int64_t max, len;
    cop_term events;

    cop_expect(log, "{max, len, events}", max, len, events);
    return log_of(max, len + 1, cop_cons(event, events));
}

cop_term cop__debug_log(cop_term debug)
{
    cop_term log = find(debug, COP(":log")), events;
    int64_t max;

    if (cop_is_none(log)) return cop_empty_list();
    cop_expect(log, "{max, _, events}", max, events);
    return cop_list_reverse(take(events, max));
}

/* Logs max events from now on; a log that there is stays as it is. */
static cop_term log_with(cop_term debug, int64_t max)
{
    if (!cop_is_none(find(debug, COP(":log")))) return debug;
    return with(debug, COP(":log"), cop_tuple(max, 0, cop_empty_list()));
}

static void print_log(cop_term debug, cop_term name)
{
    cop_term events = cop__debug_log(debug);
    COP__TEXT(text);

    for (; !cop_is_empty_list(events); events = cop_tail(events))
        add_event(&text, name, cop_head(events));
    cop_io_write(cop_binary(text.data, text.len));
}

/* --- Options ---------------------------------------------------------------------------------- */

static cop_term statistics_on(cop_term debug)
{
    if (!cop_is_none(find(debug, COP(":statistics")))) return debug;
    return with(debug, COP(":statistics"), cop_tuple(local_time(), reductions(), 0, 0));
}

static cop_term statistics(cop_term debug)
{
    cop_term found = find(debug, COP(":statistics")), start, now = local_time();
    int64_t before, got, sent, spent;

    if (cop_is_none(found)) return COP("{:ok, :no_statistics}");
    cop_expect(found, "{start, before, got, sent}", start, before, got, sent);
    spent = reductions() - before;
    return cop_build("{:ok, [start_time: start, current_time: now, reductions: spent,"
                     " messages_in: got, messages_out: sent]}",
                     start, now, spent, got, sent);
}

static cop_term close_file(cop_term debug)
{
    cop_term file = find(debug, COP(":log_to_file"));

    if (!cop_is_none(file)) cop_send(file, COP(":close"));
    return without(debug, COP(":log_to_file"));
}

/* The list with the file open; cop_none() if that cannot be. */
static cop_term open_file(cop_term debug, cop_term name)
{
    cop_term file;

    debug = close_file(debug);
    file = cop__log_file_open(name);
    return cop_is_pid(file) ? with(debug, COP(":log_to_file"), file) : cop_none();
}

/* {fun, state} or {id, fun, state}; one of that key is left as it is (SYS-14). */
static cop_term install(cop_term debug, cop_term what)
{
    cop_term id, fun, state, key, data;

    if (cop_match(what, "{fun, state}", fun, state)) {
        key = fun;
        data = state;
    } else if (cop_match(what, "{id, fun, state}", id, fun, state)) {
        key = id;
        data = cop_tuple(fun, state);
    } else {
        return cop_none();
    }
    return cop_is_none(find(debug, key)) ? cop_cons(cop_tuple(key, data), debug) : debug;
}

/* The list with this start option; cop_none() if it is none. */
static cop_term option(cop_term debug, cop_term option)
{
    cop_term a;
    int64_t n;

    if (cop_match(option, ":trace")) return with(debug, COP(":trace"), cop_true());
    if (cop_match(option, ":log")) return log_with(debug, LOG_MAX);
    if (cop_match(option, "{:log, n}", n) && n > 0) return log_with(debug, n);
    if (cop_match(option, ":statistics")) return statistics_on(debug);
    if (cop_match(option, "{:log_to_file, a}", a)) return open_file(debug, a);
    if (cop_match(option, "{:install, a}", a)) return install(debug, a);
    return cop_none();
}

cop_term cop__debug_options(cop_term options)
{
    cop_term debug = cop_empty_list();

    for (; cop_is_list(options) && !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term next = option(debug, cop_head(options));

        if (!cop_is_none(next)) debug = next;
    }
    return debug;
}

/* --- Commands --------------------------------------------------------------------------------- */

static cop_term log_command(cop_term *debug, cop_term what, cop_term name)
{
    int64_t n;

    if (cop_match(what, ":get")) return cop_tuple(cop_ok(), cop__debug_log(*debug));
    if (cop_match(what, ":print")) {
        print_log(*debug, name);
    } else if (cop_match(what, "true")) {
        *debug = log_with(*debug, LOG_MAX);
    } else if (cop_match(what, "{true, n}", n) && n > 0) {
        *debug = log_with(*debug, n);
    } else if (cop_match(what, "false")) {
        *debug = without(*debug, COP(":log"));
    } else {
        return COP(":unknown_debug");
    }
    return cop_ok();
}

static cop_term statistics_command(cop_term *debug, cop_term what)
{
    if (cop_match(what, ":get")) return statistics(*debug);
    if (cop_match(what, "true")) {
        *debug = statistics_on(*debug);
    } else if (cop_match(what, "false")) {
        *debug = without(*debug, COP(":statistics"));
    } else {
        return COP(":unknown_debug");
    }
    return cop_ok();
}

static cop_term file_command(cop_term *debug, cop_term name)
{
    cop_term opened;

    if (cop_match(name, "false")) {
        *debug = close_file(*debug);
        return cop_ok();
    }
    opened = open_file(*debug, name);
    if (cop_is_none(opened)) {
        *debug = without(*debug, COP(":log_to_file"));
        return COP("{:error, :open_file}");
    }
    *debug = opened;
    return cop_ok();
}

cop_term cop__debug_command(cop_term *debug, cop_term command, cop_term name)
{
    cop_term a, next;

    if (cop_match(command, "{:log, a}", a)) return log_command(debug, a, name);
    if (cop_match(command, "{:statistics, a}", a)) return statistics_command(debug, a);
    if (cop_match(command, "{:log_to_file, a}", a)) return file_command(debug, a);
    if (cop_match(command, "{:trace, true}")) {
        *debug = with(*debug, COP(":trace"), cop_true());
    } else if (cop_match(command, "{:trace, false}")) {
        *debug = without(*debug, COP(":trace"));
    } else if (cop_match(command, ":no_debug")) {
        close_file(*debug);
        *debug = cop_empty_list();
    } else if (cop_match(command, "{:remove, a}", a)) {
        *debug = without(*debug, a);
    } else if (cop_match(command, "{:install, a}", a)) {
        next = install(*debug, a);
        if (cop_is_none(next)) return COP(":unknown_debug");
        *debug = next;
    } else {
        return COP(":unknown_debug");
    }
    return cop_ok();
}

/* --- Events ----------------------------------------------------------------------------------- */

struct user_call {
    cop_term fun;
    cop_term args[3];
};

static cop_term call_user(void *arg)
{
    const struct user_call *call = arg;

    return cop_call_fun(call->fun, call->args, 3);
}

/* The new state of a function of the user's; cop_none() when it is done or has failed. */
static cop_term user_event(cop_term fun, cop_term state, cop_term event, cop_term name)
{
    struct user_call call = {fun, {state, event, name}};
    struct cop_outcome outcome;

    if (!cop_try(call_user, &call, &outcome) || cop_identical(outcome.value, COP(":done")))
        return cop_none();
    return outcome.value;
}

static cop_term count(cop_term statistics, cop_term event)
{
    bool is_in = cop_identical(cop_elem(event, 0), COP(":in"));
    bool is_out = cop_identical(cop_elem(event, 0), COP(":out"));

    return cop_tuple(cop_elem(statistics, 0), cop_elem(statistics, 1),
                     cop_to_int(cop_elem(statistics, 2)) + is_in,
                     cop_to_int(cop_elem(statistics, 3)) + is_out);
}

static void trace(cop_term name, cop_term event)
{
    COP__TEXT(text);

    add_event(&text, name, event);
    cop_io_write(cop_binary(text.data, text.len));
}

static void write_to(cop_term file, cop_term name, cop_term event)
{
    COP__TEXT(text);

    add_event(&text, name, event);
    cop_send(file, cop__text_binary(&text));
}

/* The option's new data after an event; cop_none(): the option is done. */
static cop_term tell(cop_term key, cop_term data, cop_term name, cop_term event)
{
    cop_term fun, state;

    if (cop_match(key, ":trace")) {
        trace(name, event);
        return data;
    }
    if (cop_match(key, ":log")) return log_event(data, event);
    if (cop_match(key, ":statistics")) return count(data, event);
    if (cop_match(key, ":log_to_file")) {
        write_to(data, name, event);
        return data;
    }
    if (cop_is_fun(key, 3)) return user_event(key, data, event, name);
    if (!cop_match(data, "{fun, state}", fun, state)) return cop_none();
    state = user_event(fun, state, event, name);
    return cop_is_none(state) ? state : cop_tuple(fun, state);
}

cop_term cop__debug_event(cop_term debug, cop_term name, cop_term event)
{
    cop_term told = cop_empty_list();

    for (; !cop_is_empty_list(debug); debug = cop_tail(debug)) {
        cop_term key = cop_elem(cop_head(debug), 0);
        cop_term data = tell(key, cop_elem(cop_head(debug), 1), name, event);

        if (!cop_is_none(data)) told = cop_cons(cop_tuple(key, data), told);
    }
    return cop_list_reverse(told);
}
