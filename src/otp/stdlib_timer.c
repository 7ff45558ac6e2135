/* SPDX-License-Identifier: Apache-2.0 */
/* Timers for the console: those of Process, and the module :timer. */
#include "otp/stdlib_timer.h"

#include "coppice/timer.h"
#include "otp/stdlib.h"

#include <time.h>

/* --- Process.send_after and its like (TMR-01 to 08) ------------------------------------------- */

static cop_ref timer_arg(cop_term t)
{
    if (!cop_is_reference(t)) cop__raise_argument(1, "not a reference");
    return cop_to_ref(t);
}

/* The boolean value of an option in a keyword list; any other option is an error. */
static bool option(cop_term options, int position, cop_term name, cop_term other, bool fallback)
{
    cop_term key, value;

    for (; cop_is_list(options) && !cop_is_empty_list(options); options = cop_tail(options)) {
        if (!cop_match(cop_head(options), "{key, value}", key, value) || !cop_is_boolean(value) ||
            (!cop_identical(key, name) && !cop_identical(key, other)))
            cop__raise_argument(position, "invalid option in list");
        if (cop_identical(key, name)) fallback = cop_to_bool(value);
    }
    if (!cop_is_empty_list(options)) cop__raise_argument(position, "not a list");
    return fallback;
}

cop_term cop__send_after_with(cop_term to, cop_term message, cop_term time, cop_term options)
{
    int64_t ms;
    bool is_point = option(options, 3, COP(":abs"), COP(":abs"), false);

    if (!cop_is_integer(time)) cop__raise_argument(1, "not an integer");
    if (!cop__is_int64(time, &ms) || (ms < 0 && !is_point)) cop__raise_argument(1, "out of range");
    if (ms > COP_TIMER_MAX_MS) cop__raise_argument(1, "exceeds the maximum supported time value");
    if (is_point) ms = ms > cop_monotonic_ms() ? ms - cop_monotonic_ms() : 0; /* TMR-02 */
    return cop_ref_term(cop_send_after(ms, to, message));
}

cop_term cop__send_after(cop_term to, cop_term message, cop_term time)
{
    return cop__send_after_with(to, message, time, cop_empty_list());
}

static cop_term time_left(int64_t ms)
{
    return ms < 0 ? cop_false() : cop_int(ms);
}

cop_term cop__cancel_timer(cop_term timer)
{
    return time_left(cop_cancel_timer(timer_arg(timer)));
}

/* TMR-08. The result of an asynchronous one is there when it is asked for: it is sent at once. */
cop_term cop__cancel_timer_with(cop_term timer, cop_term options)
{
    bool is_async = option(options, 2, COP(":async"), COP(":info"), false);
    bool has_info = option(options, 2, COP(":info"), COP(":async"), true);
    cop_term left = cop__cancel_timer(timer);

    if (!is_async) return has_info ? left : cop_ok();
    if (has_info) cop_send(cop_self(), cop_tuple(COP(":cancel_timer"), timer, left));
    return cop_ok();
}

cop_term cop__read_timer(cop_term timer)
{
    return time_left(cop_read_timer(timer_arg(timer)));
}

/* --- :timer ----------------------------------------------------------------------------------- */

static cop_term self(void)
{
    return cop_pid_term(cop_self());
}

static cop_term send_after_to_self(cop_term time, cop_term message)
{
    return cop_timer_send_after(time, self(), message);
}

static cop_term send_interval_to_self(cop_term time, cop_term message)
{
    return cop_timer_send_interval(time, self(), message);
}

static cop_term exit_self_after(cop_term time, cop_term reason)
{
    return cop_timer_exit_after(time, self(), reason);
}

static cop_term kill_self_after(cop_term time)
{
    return cop_timer_kill_after(time, self());
}

static cop_term sleep_for(cop_term time)
{
    return cop_apply(COP("Process"), COP(":sleep"), cop_list(time));
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static cop_term tc_call(cop_term module, cop_term function, cop_term args)
{
    int64_t from = now_us();
    cop_term value = cop_apply(module, function, args);

    return cop_tuple(now_us() - from, value);
}

static cop_term tc_with(cop_term fun, cop_term args)
{
    return tc_call(COP(":erlang"), COP(":apply"), cop_list(fun, args));
}

static cop_term tc(cop_term fun)
{
    return tc_with(fun, cop_empty_list());
}

static cop_term times(cop_term n, int64_t factor)
{
    int64_t value, ms;

    if (!cop__is_int64(n, &value) || __builtin_mul_overflow(value, factor, &ms))
        cop__raise_argument(1, "not an integer of a fitting size");
    return cop_int(ms);
}

static cop_term seconds(cop_term n)
{
    return times(n, 1000);
}

static cop_term minutes(cop_term n)
{
    return times(n, 60000);
}

static cop_term hours(cop_term n)
{
    return times(n, 3600000);
}

static const struct cop_function functions[] = {
    COP_EXPORT("apply_after(time, module, function, args)", cop_timer_apply_after,
               "Calls a function in a process of its own after so many ms."),
    COP_EXPORT("apply_interval(time, module, function, args)", cop_timer_apply_interval,
               "The same every so many ms."),
    COP_EXPORT("cancel(timer)", cop_timer_cancel, "Ends a timer."),
    COP_EXPORT("exit_after(time, reason)", exit_self_after, "Sends the caller an exit signal."),
    COP_EXPORT("exit_after(time, process, reason)", cop_timer_exit_after,
               "Sends a pid or name an exit signal after so many ms."),
    COP_EXPORT("hours(n)", hours, "The milliseconds of n hours."),
    COP_EXPORT("kill_after(time)", kill_self_after, "Kills the caller after so many ms."),
    COP_EXPORT("kill_after(time, process)", cop_timer_kill_after, "Kills a pid or name."),
    COP_EXPORT("minutes(n)", minutes, "The milliseconds of n minutes."),
    COP_EXPORT("seconds(n)", seconds, "The milliseconds of n seconds."),
    COP_EXPORT("send_after(time, message)", send_after_to_self, "Sends to the caller."),
    COP_EXPORT("send_after(time, dest, message)", cop_timer_send_after, "Sends after so many ms."),
    COP_EXPORT("send_interval(time, message)", send_interval_to_self, "Sends to the caller."),
    COP_EXPORT("send_interval(time, dest, message)", cop_timer_send_interval,
               "Sends every so many ms, while the receiver lives."),
    COP_EXPORT("sleep(time)", sleep_for, "Waits so many milliseconds."),
    COP_EXPORT("tc(fun)", tc, "{microseconds, value} of a call."),
    COP_EXPORT("tc(fun, args)", tc_with, "The same with arguments."),
    COP_EXPORT("tc(module, function, args)", tc_call, "The same of a named function."),
    COP_EXPORT_END};

const struct cop_module cop__timer_module = {.size = sizeof(struct cop_module),
                                             .name = ":timer",
                                             .doc = "Timers that send, call or end.",
                                             .functions = functions};
