/* SPDX-License-Identifier: Apache-2.0 */
/* How a gen_server ends (GEN-21, 23, 24, 35 to 38): terminate, the log, the exit. */
#include "otp/gen_server_state.h"

#include "otp/log_settings.h"

cop_term cop__server_name(void *arg)
{
    const struct cop__server *s = arg;
    cop_term name = cop_kept_term(s->name);

    return cop_identical(name, cop_nil()) ? cop__self_name() : name;
}

cop_term cop__server_format(void *arg)
{
    const struct cop__server *s = arg;

    return s->callbacks->format_state == NULL ? cop_nil() : s->callbacks->format_state(s->state);
}

cop_term cop__server_state(struct cop__server *s)
{
    struct cop_outcome outcome;

    if (cop_try(cop__server_format, s, &outcome)) return outcome.value;
    return cop_format("%s.format_state/1 crashed", s->module->name);
}

struct ending {
    struct cop__server *server;
    cop_term reason;
};

static cop_term call_terminate(void *arg)
{
    const struct ending *e = arg;
    struct cop_frame frame = {.module = e->server->module, .function = "terminate", .arity = 2};

    cop_frame_enter(&frame);
    e->server->callbacks->terminate(e->server->state, e->reason);
    cop_frame_leave(&frame);
    return cop_nil();
}

cop_term cop__whole_reason(const struct cop_outcome *how)
{
    return how->class_ == COP_CLASS_ERROR ? cop_tuple(how->value, how->stack) : how->value;
}

static void report(const struct cop__turn *turn, const struct cop_outcome *how)
{
    struct cop__server *s = turn->server;
    struct cop__crash crash = {
        .name = cop__server_name(s),
        .class_ = how->class_,
        .reason = how->value,
        .stack = how->stack,
        .last = turn->in == COP__IN_CALL ? turn->about : turn->msg,
        .client = turn->in == COP__IN_CALL ? cop_elem(turn->from, 0) : cop_none(),
        .state = cop__log_details_on() ? cop__server_state(s) : cop_nil(),
    };

    cop__log_terminating(&crash);
    cop__log_crash(how->class_, how->value, how->stack);
}

/* What terminate raises takes the place of the reason, except a throw (GEN-36). The reply goes out
 * last, whatever became of terminate, as on a real node (GEN-21). */
void cop__server_end(struct cop__turn *turn, struct cop_outcome how, cop_term reply)
{
    struct ending ending = {turn->server, cop__whole_reason(&how)};
    struct cop_outcome failed;

    if (turn->server->callbacks->terminate != NULL && !cop_try(call_terminate, &ending, &failed) &&
        failed.class_ != COP_CLASS_THROW)
        how = failed;
    if (how.class_ == COP_CLASS_ERROR || !cop__is_normal(how.value)) report(turn, &how);
    if (!cop_is_none(reply)) cop__reply(turn->from, reply);
    cop_exit(cop__whole_reason(&how));
}

void cop__server_end_with(struct cop__turn *turn, cop_term reason)
{
    cop__server_end(turn, (struct cop_outcome){COP_CLASS_EXIT, reason, cop_empty_list()},
                    cop_none());
}

void cop__server_end_bad_return(struct cop__turn *turn, cop_term value)
{
    cop__server_end_with(turn, cop_tuple(COP(":bad_return_value"), value));
}

struct cop_outcome cop__no_clause_outcome(struct cop_frame *frame, const cop_result *r)
{
    struct cop_outcome how = {.class_ = COP_CLASS_ERROR, .value = COP(":function_clause")};

    cop_frame_enter(frame);
    how.stack = cop_stacktrace(r->place_);
    cop_frame_leave(frame);
    return how;
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
