/* SPDX-License-Identifier: Apache-2.0 */
/* How a gen_server ends (GEN-21, 23, 24, 35 to 38): terminate, the log, the exit. */
#include "otp/exception.h"
#include "otp/gen_server_state.h"

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
    return how->class_ == COP_CLASS_ERROR ? cop__outcome_reason(how) : how->value;
}

static void report(const struct cop__turn *turn, const struct cop_outcome *how)
{
    struct cop__server *s = turn->server;
    cop_term events = cop__sys_events(&s->sys);
    struct cop__crash crash = {
        .name = cop__server_name(s),
        .class_ = how->class_,
        .reason = how->value,
        .stack = how->stack,
        .last = turn->in == COP__IN_CALL ? turn->about : turn->msg,
        .client = turn->in == COP__IN_CALL ? cop_elem(turn->from, 0) : cop_none(),
        .state = cop__server_state(s),
    };

    cop__server_format_status(s, &crash.state, &events, &crash.last, &crash.reason);
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
    if (!cop_is_none(reply)) cop__server_reply(turn, reply);
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
