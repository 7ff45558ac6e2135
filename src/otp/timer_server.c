/* SPDX-License-Identifier: Apache-2.0 */
/* The timer service (timer.h): a gen_server that keeps for each timer what it does, and has the
 * runtime's timers wake it. The next time of an interval counts from the time when the last one was
 * due, so that intervals do not drift. */
#include "coppice/gen_server.h"
#include "coppice/timer.h"

struct service {
    cop_dict *timers;  /* ref -> {runtime's timer, due at ms, interval or nil, action, monitor} */
    cop_dict *watched; /* monitor -> ref: of intervals whose receiver is a pid */
};

/* --- Actions: {:send, to, message}, {:apply, mod, fun, args}, {:exit, process, reason} -------- */

static cop_next apply_in_process(cop_term call)
{
    cop_apply(cop_elem(call, 1), cop_elem(call, 2), cop_elem(call, 3));
    return cop_end();
}

/* Who is meant now: cop_no_pid() for nobody. */
static cop_pid resolve(cop_term process)
{
    if (cop_is_pid(process)) return cop_to_pid(process);
    return cop_is_atom(process) ? cop_whereis(process) : cop_no_pid();
}

static void act(cop_term action)
{
    cop_term to, what;
    cop_pid pid;

    if (cop_match(action, "{:send, to, what}", to, what)) {
        if (!cop_is_atom(to) || !cop_is_no_pid(cop_whereis(to))) cop_send(to, what);
    } else if (cop_match(action, "{:exit, to, what}", to, what)) {
        pid = resolve(to);
        if (!cop_is_no_pid(pid)) cop_exit_process(pid, what);
    } else {
        cop_spawn(apply_in_process, action, NULL);
    }
}

/* --- The server ------------------------------------------------------------------------------- */

static cop_result init(cop_term arg)
{
    struct service *s = cop_alloc(sizeof(*s));

    (void)arg;
    s->timers = cop_dict_new();
    s->watched = cop_dict_new();
    return cop_started(s);
}

/* Arms the runtime's timer for what is due at `at`. */
static void arm(struct service *s, cop_term ref, int64_t at, cop_term interval, cop_term action,
                cop_term monitor)
{
    int64_t left = at - cop_monotonic_ms();
    cop_ref timer = cop_start_timer(left > 0 ? left : 0, cop_pid_term(cop_self()), ref);

    cop_dict_put(s->timers, ref, cop_tuple(timer, at, interval, action, monitor));
}

static void forget(struct service *s, cop_term ref)
{
    cop_term timer, monitor;

    if (!cop_match(cop_dict_remove(s->timers, ref), "{timer, _, _, _, monitor}", timer, monitor))
        return;
    cop_cancel_timer(cop_to_ref(timer));
    if (!cop_is_reference(monitor)) return;
    cop_demonitor(cop_to_ref(monitor), true);
    cop_dict_remove(s->watched, monitor);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct service *s = state;
    cop_term interval, action, to, ref;
    cop_term monitor = cop_nil();
    int64_t time;

    (void)from;
    if (cop_match(request, "{:cancel, ref}", ref)) {
        forget(s, ref);
        return cop_reply(COP("{:ok, :cancel}"));
    }
    if (!cop_match(request, "{:start, time, interval, action}", time, interval, action))
        return cop_no_clause(request);
    ref = cop_ref_term(cop_make_ref());
    if (!cop_match(interval, "nil") && cop_match(action, "{:send, to, _}", to) && cop_is_pid(to)) {
        monitor = cop_ref_term(cop_monitor(to));
        cop_dict_put(s->watched, monitor, ref);
    }
    arm(s, ref, cop_monotonic_ms() + time, interval, action, monitor);
    return cop_reply(ref);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct service *s = state;
    cop_term ref, action, monitor, interval;
    int64_t at, ms;

    if (cop_match(message, "{:timeout, _, ref}", ref)) {
        if (!cop_match(cop_dict_get(s->timers, ref), "{_, at, interval, action, monitor}", at,
                       interval, action, monitor))
            return cop_noreply(); /* cancelled while it was on its way */
        if (cop_match(interval, "ms", ms))
            arm(s, ref, at + ms, interval, action, monitor);
        else
            forget(s, ref);
        act(action);
    } else if (cop_match(message, "{:DOWN, monitor, :process, _, _}", monitor)) {
        ref = cop_dict_get(s->watched, monitor);
        if (!cop_is_none(ref)) forget(s, ref);
    }
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info};
static const struct cop_module server_module = {
    .size = sizeof(struct cop_module), .name = ":timer_server", .gen_server = &callbacks};

static cop_term call(cop_term request)
{
    if (cop_is_no_pid(cop_whereis(COP(":timer_server"))))
        cop_gen_server_start(&server_module, cop_nil(), COP("[name: :timer_server]"));
    return cop_gen_server_call(COP(":timer_server"), request, COP_INFINITY);
}

/* --- What users call -------------------------------------------------------------------------- */

static bool is_time(cop_term time, int64_t *ret_ms)
{
    int64_t ms;

    if (!cop_match(time, "ms", ms) || ms < 0 || ms > COP_TIMER_MAX_MS) return false;
    *ret_ms = ms;
    return true;
}

static bool is_receiver(cop_term to)
{
    return cop_is_pid(to) || cop_is_atom(to) ||
           (cop_is_tuple(to) && cop_tuple_size(to) == 2 && cop_is_atom(cop_elem(to, 0)) &&
            cop_is_atom(cop_elem(to, 1)));
}

static bool is_call(cop_term module, cop_term function, cop_term args)
{
    return cop_is_atom(module) && cop_is_atom(function) && cop_is_list(args) &&
           cop_list_len(args) >= 0;
}

static cop_term once(cop_term time, bool is_right, cop_term action)
{
    int64_t ms;
    cop_term ref;

    if (!is_right || !is_time(time, &ms)) return COP("{:error, :badarg}");
    if (ms > 0) {
        ref = call(cop_tuple(COP(":start"), time, cop_nil(), action));
        return cop_build("{:ok, {:once, ref}}", ref);
    }
    act(action);
    ref = cop_ref_term(cop_make_ref());
    return cop_build("{:ok, {:instant, ref}}", ref);
}

static cop_term again(cop_term time, bool is_right, cop_term action)
{
    int64_t ms;
    cop_term ref;

    if (!is_right || !is_time(time, &ms)) return COP("{:error, :badarg}");
    ref = call(cop_tuple(COP(":start"), time, time, action));
    return cop_build("{:ok, {:interval, ref}}", ref);
}

cop_term cop_timer_send_after(cop_term time, cop_term to, cop_term message)
{
    int64_t ms;
    cop_ref ref;

    if (cop_is_pid(to) && is_time(time, &ms) && ms > 0) {
        ref = cop_send_after(ms, to, message);
        return cop_build("{:ok, {:send_local, ref}}", ref);
    }
    return once(time, is_receiver(to), cop_tuple(COP(":send"), to, message));
}

cop_term cop_timer_send_interval(cop_term time, cop_term to, cop_term message)
{
    return again(time, is_receiver(to), cop_tuple(COP(":send"), to, message));
}

cop_term cop_timer_apply_after(cop_term time, cop_term module, cop_term function, cop_term args)
{
    return once(time, is_call(module, function, args),
                cop_tuple(COP(":apply"), module, function, args));
}

cop_term cop_timer_apply_interval(cop_term time, cop_term module, cop_term function, cop_term args)
{
    return again(time, is_call(module, function, args),
                 cop_tuple(COP(":apply"), module, function, args));
}

cop_term cop_timer_exit_after(cop_term time, cop_term process, cop_term reason)
{
    return once(time, cop_is_pid(process) || cop_is_atom(process),
                cop_tuple(COP(":exit"), process, reason));
}

cop_term cop_timer_kill_after(cop_term time, cop_term process)
{
    return cop_timer_exit_after(time, process, COP(":kill"));
}

cop_term cop_timer_cancel(cop_term timer)
{
    cop_term kind, ref;

    if (!cop_match(timer, "{kind, ref}", kind, ref) || !cop_is_reference(ref))
        return COP("{:error, :badarg}");
    if (cop_match(kind, ":once") || cop_match(kind, ":interval"))
        return call(cop_tuple(COP(":cancel"), ref));
    if (cop_match(kind, ":send_local"))
        cop_cancel_timer(cop_to_ref(ref));
    else if (!cop_match(kind, ":instant"))
        return COP("{:error, :badarg}");
    return COP("{:ok, :cancel}");
}
