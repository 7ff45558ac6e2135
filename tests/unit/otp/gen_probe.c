/* SPDX-License-Identifier: Apache-2.0 */
/* The server that does what it is told. */
#include "gen_probe.h"

#include "coppice/test.h"

struct probe {
    cop_pid to;
    cop_kept options;
    cop_from waiting; /* whom {:later, _} answers */
};

static cop_term option(const struct probe *p, cop_term key, cop_term fallback)
{
    return cop_keyword_get(cop_kept_term(p->options), key, fallback);
}

static void tell(const struct probe *p, cop_term what, cop_term value)
{
    cop_send(p->to, cop_tuple(what, value));
}

static void obey_raise(cop_term order)
{
    cop_term a;

    if (cop_match(order, "{:exit, a}", a)) cop_exit(a);
    if (cop_match(order, "{:error, a}", a)) cop_error(a);
    if (cop_match(order, "{:throw, a}", a)) cop_throw(a);
    if (cop_match(order, ":raise")) cop_raise("RuntimeError", "oops");
}

/* Raises or returns what any callback can be told. */
static bool obey(cop_term order, cop_result *ret)
{
    cop_term a, b;
    int64_t ms;

    obey_raise(order);
    if (cop_match(order, "{:stop, a}", a))
        *ret = cop_stop(a);
    else if (cop_match(order, "{:stop, a, b}", a, b))
        *ret = cop_stop_reply(a, b);
    else if (cop_match(order, "{:bad, a}", a))
        *ret = cop_bad_return(a);
    else if (cop_match(order, "{:reply, a}", a))
        *ret = cop_reply(a);
    else if (cop_match(order, "{:continue, a}", a))
        *ret = cop_then_continue(cop_noreply(), a);
    else if (cop_match(order, "{:timeout, ms}", ms))
        *ret = cop_then_timeout(cop_noreply(), ms);
    else if (cop_match(order, "{:timeout_with, ms, a}", ms, a))
        *ret = cop_then_timeout_with(cop_noreply(), ms, a);
    else if (cop_match(order, "{:reply_continue, a, b}", a, b))
        *ret = cop_then_continue(cop_reply(a), b);
    else if (cop_match(order, "{:reply_timeout, a, ms}", a, ms))
        *ret = cop_then_timeout(cop_reply(a), ms);
    else if (cop_match(order, ":hibernate"))
        *ret = cop_then_hibernate(cop_reply(cop_ok()));
    else if (cop_match(order, ":started"))
        *ret = cop_started(NULL);
    else if (cop_match(order, ":ignore"))
        *ret = cop_ignore();
    else if (cop_match(order, "{:fail, a}", a))
        *ret = cop_fail(a);
    else if (cop_match(order, ":no_clause"))
        *ret = cop_no_clause(order);
    else if (cop_match(order, ":zeros"))
        *ret = (cop_result){.kind_ = COP__RESULT_BAD};
    else
        return false;
    return true;
}

static cop_result init(cop_term options)
{
    struct probe *p = cop_alloc(sizeof *p);
    cop_term a;
    cop_result result;

    p->to = cop_to_pid(cop_keyword_get(options, COP(":to"), cop_nil()));
    p->options = cop_keep(options);
    if (cop_to_bool(option(p, COP(":trap_exit"), cop_false()))) cop_trap_exit(true);
    tell(p, COP(":init"), cop_pid_term(cop_self()));
    a = option(p, COP(":init"), cop_nil());
    if (cop_match(a, ":sleep")) cop_sleep(60000);
    if (cop_match(a, ":die")) cop_exit_process(cop_self(), COP(":kill"));
    if (obey(a, &result)) {
        if (result.kind_ != COP__RESULT_NOREPLY) return result;
        result.kind_ = COP__RESULT_STARTED;
        result.state_ = p;
        return result;
    }
    return cop_started(p);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct probe *p = state;
    cop_result result;
    cop_term a, b;

    if (obey(request, &result)) return result;
    if (cop_match(request, "{:reply_twice, a, b}", a, b)) {
        cop_gen_server_reply(from, a);
        cop_gen_server_reply(from, b);
        return cop_noreply();
    }
    if (cop_match(request, ":ping")) return cop_reply(COP(":pong"));
    if (cop_match(request, ":from")) return cop_reply(cop_from_term(from));
    if (cop_match(request, ":dictionary")) return cop_reply(cop_dictionary());
    if (cop_match(request, ":wait")) {
        p->waiting = from;
        return cop_noreply();
    }
    if (cop_match(request, "{:sleep, a}", a)) {
        tell(p, COP(":sleeps"), a);
        cop_sleep(cop_to_int(a));
        return cop_reply(COP(":slept"));
    }
    if (cop_match(request, "{:end_after, a}", a)) { /* the message :go_on */
        tell(p, COP(":sleeps"), a);
        while (cop_receive(&b, COP_INFINITY) && !cop_match(b, ":go_on"))
            continue;
        obey(a, &result);
        return result;
    }
    if (cop_match(request, "{:call, a}", a))
        return cop_reply(cop_gen_server_call(a, COP(":ping"), COP_CALL_TIMEOUT));
    return cop_no_clause(request);
}

static cop_result handle_cast(void *state, cop_term message)
{
    struct probe *p = state;
    cop_result result;
    cop_term a;

    if (obey(message, &result)) return result;
    if (cop_match(message, "{:later, a}", a)) {
        cop_gen_server_reply(p->waiting, a);
        return cop_noreply();
    }
    tell(p, COP(":cast"), message);
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    cop_result result;

    if (obey(message, &result)) return result;
    tell(state, COP(":info"), message);
    return cop_noreply();
}

static cop_result handle_continue(void *state, cop_term argument)
{
    cop_result result;

    tell(state, COP(":continue"), argument);
    return obey(argument, &result) ? result : cop_noreply();
}

static void terminate(void *state, cop_term reason)
{
    tell(state, COP(":terminate"), reason);
    obey_raise(option(state, COP(":terminate"), cop_nil()));
}

static cop_term format_state(const void *state)
{
    return option(state, COP(":state"), cop_nil());
}

/* {:ok, term} makes a new state that shows that one. */
static cop_result code_change(void *state, cop_term old_version, cop_term extra)
{
    struct probe *p = state, *next;
    cop_term a;

    tell(p, COP(":code_change"), cop_tuple(old_version, extra));
    obey_raise(extra);
    if (cop_match(extra, "{:fail, a}", a)) return cop_fail(a);
    if (!cop_match(extra, "{:ok, a}", a)) return cop_bad_return(extra);
    next = cop_alloc(sizeof *next);
    *next = *p;
    next->options = cop_keep(cop_cons(cop_tuple(COP(":state"), a), cop_kept_term(p->options)));
    return cop_started(next);
}

/* The state says what to do. */
static cop_term format_status(cop_term status)
{
    cop_term order = cop_map_get(status, COP(":state"), cop_nil());

    if (cop_match(order, ":secret")) return cop_map_put(status, COP(":state"), COP(":hidden"));
    if (cop_match(order, ":crash")) cop_raise("RuntimeError", "oops");
    if (cop_match(order, ":no_map")) return cop_int(12);
    if (cop_match(order, ":unknown_key")) return cop_map_put(cop_map_new(), COP(":foo"), 1);
    if (cop_match(order, ":all")) return COP("%{state: :s, log: [:l], message: :m, reason: :r}");
    if (cop_match(order, ":keys")) return cop_map_put(status, COP(":state"), status);
    return status;
}

static const struct cop_gen_server probe_callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_cast = handle_cast,
    .handle_info = handle_info,
    .handle_continue = handle_continue,
    .terminate = terminate,
    .format_state = format_state,
    .code_change = code_change,
    .format_status = format_status,
};
const struct cop_module probe_module = {
    .size = sizeof(struct cop_module), .name = "Probe", .gen_server = &probe_callbacks};

static const struct cop_gen_server bare_callbacks = {.size = sizeof(struct cop_gen_server),
                                                     .init = init};
const struct cop_module bare_module = {
    .size = sizeof(struct cop_module), .name = "Bare", .gen_server = &bare_callbacks};

cop_term probe_opts(cop_term options)
{
    return cop_cons(cop_tuple(COP(":to"), cop_self()), options);
}

cop_pid probe_start(cop_term options)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start(&probe_module, probe_opts(options), cop_empty_list()),
               "{:ok, pid}", pid);
    cop_assert_receive("{:init, ^pid}", pid);
    return pid;
}

cop_pid probe_start_link(cop_term options)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start_link(&probe_module, probe_opts(options), cop_empty_list()),
               "{:ok, pid}", pid);
    cop_assert_receive("{:init, ^pid}", pid);
    return pid;
}

struct call {
    cop_pid probe;
    cop_term request;
};

static cop_term call(void *arg)
{
    struct call *c = arg;

    return cop_gen_server_call(c->probe, c->request, COP_CALL_TIMEOUT);
}

cop_term probe_call_exits(cop_pid probe, cop_term request)
{
    cop_term why, reason = cop_assert_exits(call, (&(struct call){probe, request}));

    cop_assert_match(reason, "{why, {GenServer, :call, [^probe, ^request, 5000]}}", why, probe,
                     request);
    return why;
}
