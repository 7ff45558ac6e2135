/* SPDX-License-Identifier: Apache-2.0 */
/* The values that callbacks return, from C and, where they throw them or must not return them, as
 * the terms that Elixir's would be. */
#include "otp/gen_server_state.h"

static cop_result result_of(enum cop__result_kind kind, cop_term term)
{
    return (cop_result){.kind_ = kind, .term_ = term};
}

cop_result cop_started(void *state)
{
    return (cop_result){.kind_ = COP__RESULT_STARTED, .state_ = state};
}

cop_result cop_ignore(void)
{
    return result_of(COP__RESULT_IGNORE, cop_none());
}

cop_result cop_fail(cop_term reason)
{
    return result_of(COP__RESULT_FAIL, reason);
}

cop_result(cop_reply)(cop_term reply)
{
    return result_of(COP__RESULT_REPLY, reply);
}

cop_result cop_noreply(void)
{
    return result_of(COP__RESULT_NOREPLY, cop_none());
}

cop_result cop_stop(cop_term reason)
{
    return result_of(COP__RESULT_STOP, reason);
}

cop_result cop_stop_reply(cop_term reason, cop_term reply)
{
    return (cop_result){.kind_ = COP__RESULT_STOP_REPLY, .term_ = reason, .extra_ = reply};
}

cop_result cop_no_clause_at(const struct cop_place *place, cop_term message)
{
    return (cop_result){.kind_ = COP__RESULT_NO_CLAUSE, .term_ = message, .place_ = place};
}

cop_result(cop_no_clause)(cop_term message)
{
    return cop_no_clause_at(NULL, message);
}

cop_result cop_bad_return(cop_term value)
{
    return (cop_result){.kind_ = COP__RESULT_BAD, .extra_ = value};
}

cop_result cop_then_continue(cop_result result, cop_term argument)
{
    result.action_ = COP__ACTION_CONTINUE;
    result.continue_ = argument;
    return result;
}

cop_result cop_then_timeout_with(cop_result result, int64_t ms, cop_term message)
{
    if (ms < COP_INFINITY) cop_error(COP(":timeout_value"));
    result.action_ = ms == COP_INFINITY ? COP__ACTION_NONE : COP__ACTION_TIMEOUT;
    result.timeout_ms_ = ms;
    result.continue_ = message;
    return result;
}

cop_result cop_then_timeout(cop_result result, int64_t ms)
{
    return cop_then_timeout_with(result, ms, cop_none());
}

cop_result cop_then_hibernate(cop_result result)
{
    result.action_ = COP__ACTION_HIBERNATE;
    return result;
}

/* --- As terms --------------------------------------------------------------------------------- */

/* The result with the action that a term asks for: a time, :infinity, :hibernate, {:continue, term}
 * or one of GEN-31; a bad return if it is none. */
static cop_result with_action(cop_result result, cop_term action, cop_term value)
{
    cop_term argument;
    int64_t ms;

    if (cop_match(action, ":infinity")) return result;
    if (cop_match(action, ":hibernate")) return cop_then_hibernate(result);
    if (cop_match(action, "{:continue, argument}", argument))
        return cop_then_continue(result, argument);
    if (cop_match(action, "ms", ms) && ms >= 0) return cop_then_timeout(result, ms);
    if ((cop_match(action, "{:timeout, ms, argument}", ms, argument) ||
         cop_match(action, "{:hibernate, ms, argument}", ms, argument)) &&
        ms >= 0)
        return cop_then_timeout_with(result, ms, argument);
    return cop_bad_return(value);
}

/* The state in such a value is a term, which means nothing here. */
cop_result cop__result_of_term(cop_term value)
{
    cop_term a, b;

    if (cop_match(value, "{:reply, a, _}", a)) return cop_reply(a);
    if (cop_match(value, "{:reply, a, _, b}", a, b)) return with_action(cop_reply(a), b, value);
    if (cop_match(value, "{:noreply, _}")) return cop_noreply();
    if (cop_match(value, "{:noreply, _, a}", a)) return with_action(cop_noreply(), a, value);
    if (cop_match(value, "{:stop, a, _}", a)) return cop_stop(a);
    if (cop_match(value, "{:stop, a, b, _}", a, b)) return cop_stop_reply(a, b);
    return cop_bad_return(value);
}

cop_term cop__result_shown(const cop_result *r, cop_term state)
{
    cop_term term = r->term_, extra;

    if (r->kind_ == COP__RESULT_NO_CLAUSE) return cop_nil();
    extra = r->extra_;
    switch (r->kind_) {
    case COP__RESULT_STARTED: return cop_build("{:ok, state}", state);
    case COP__RESULT_IGNORE: return COP(":ignore");
    case COP__RESULT_FAIL: return cop_build("{:error, term}", term);
    case COP__RESULT_REPLY: return cop_build("{:reply, term, state}", term, state);
    case COP__RESULT_NOREPLY: return cop_build("{:noreply, state}", state);
    case COP__RESULT_STOP: return cop_build("{:stop, term, state}", term, state);
    case COP__RESULT_STOP_REPLY:
        return cop_build("{:stop, term, extra, state}", term, extra, state);
    case COP__RESULT_NO_CLAUSE:
    case COP__RESULT_BAD: break;
    }
    return cop_is_none(extra) ? cop_nil() : extra;
}
