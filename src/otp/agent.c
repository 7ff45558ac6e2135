/* SPDX-License-Identifier: Apache-2.0 */
/* Agent: a gen_server whose state is one kept term, and whose requests are functions (AGT). The
 * requests are those of Elixir's Agent.Server, so that failures and logs read the same. */
#include "coppice/agent.h"

#include "otp/exception.h"
#include "otp/gen.h"

struct agent {
    cop_kept state;
};

/* A function of an agent is a capture, or {module, function, args} which is called with the state
 * before its arguments (AGT-08). state may be cop_none(): the one that makes the first state. */
static cop_term call(cop_term fun, cop_term state)
{
    cop_term module, function, args;

    if (cop_match(fun, "{module, function, args}", module, function, args)) {
        if (!cop_is_none(state)) args = cop_cons(state, args);
        return cop_apply(module, function, args);
    }
    return cop_is_none(state) ? cop_call_fun(fun, NULL, 0) : cop_call_fun(fun, &state, 1);
}

static cop_result init(cop_term fun)
{
    struct agent *a = cop_alloc(sizeof *a);

    cop__set_initial_call(fun);
    a->state = cop_keep(call(fun, cop_none()));
    return cop_started(a);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct agent *a = state;
    cop_term kind, fun, result, value, next;

    (void)from;
    if (!cop_match(request, "{kind, fun}", kind, fun)) return cop_no_clause(request);
    if (cop_identical(kind, COP(":get"))) return cop_reply(call(fun, cop_kept_term(a->state)));
    if (cop_identical(kind, COP(":update"))) {
        cop_replace(&a->state, call(fun, cop_kept_term(a->state)));
        return cop_reply(cop_ok());
    }
    if (!cop_identical(kind, COP(":get_and_update"))) return cop_no_clause(request);
    result = call(fun, cop_kept_term(a->state));
    if (!cop_match(result, "{value, next}", value, next)) return cop_bad_return(result);
    cop_replace(&a->state, next);
    return cop_reply(value);
}

static cop_result handle_cast(void *state, cop_term message)
{
    struct agent *a = state;
    cop_term fun;

    if (!cop_match(message, "{:cast, fun}", fun)) return cop_no_clause(message);
    cop_replace(&a->state, call(fun, cop_kept_term(a->state)));
    return cop_noreply();
}

/* Other messages mean nothing to an agent. */
static cop_result handle_info(void *state, cop_term message)
{
    (void)state;
    (void)message;
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    const struct agent *a = state;

    return cop_kept_term(a->state);
}

static void *replace_state(void *state, cop_term term)
{
    struct agent *a = state;

    cop_replace(&a->state, term);
    return a;
}

/* sys:change_code with a function as extra: the state is what that makes of it (AGT-12). */
static cop_result code_change(void *state, cop_term old_version, cop_term fun)
{
    struct agent *a = state;

    (void)old_version;
    cop_replace(&a->state, call(fun, cop_kept_term(a->state)));
    return cop_started(a);
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_cast = handle_cast,
    .handle_info = handle_info,
    .format_state = format_state,
    .replace_state = replace_state,
    .code_change = code_change,
};
static const struct cop_module server_module = {
    .size = sizeof(struct cop_module), .name = "Agent.Server", .gen_server = &callbacks};

/* --- The client's side ------------------------------------------------------------------------ */

/* A function that cannot make a state is refused before a process is made for it. */
static void check_start_fun(cop_term fun)
{
    if (!cop_is_fun(fun, 0) && !cop_match(fun, "{_, _, _}"))
        cop__raise_function_clause(COP("Agent"), "start_link", 2);
}

cop_term cop_agent_start_link(cop_term fun, cop_term options)
{
    check_start_fun(fun);
    return cop_gen_server_start_link(&server_module, fun, options);
}

cop_term cop_agent_start(cop_term fun, cop_term options)
{
    check_start_fun(fun);
    return cop_gen_server_start(&server_module, fun, options);
}

cop_term cop_agent_get(cop_term agent, cop_term fun, int64_t timeout_ms)
{
    return cop_gen_server_call(agent, cop_tuple(COP(":get"), fun), timeout_ms);
}

cop_term cop_agent_update(cop_term agent, cop_term fun, int64_t timeout_ms)
{
    return cop_gen_server_call(agent, cop_tuple(COP(":update"), fun), timeout_ms);
}

cop_term cop_agent_get_and_update(cop_term agent, cop_term fun, int64_t timeout_ms)
{
    return cop_gen_server_call(agent, cop_tuple(COP(":get_and_update"), fun), timeout_ms);
}

cop_term cop_agent_cast(cop_term agent, cop_term fun)
{
    return cop_gen_server_cast(agent, cop_tuple(COP(":cast"), fun));
}

cop_term cop_agent_stop(cop_term agent, cop_term reason, int64_t timeout_ms)
{
    return cop_gen_server_stop(agent, reason, timeout_ms);
}
