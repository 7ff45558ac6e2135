/* SPDX-License-Identifier: Apache-2.0 */
/* GenServer, the server's side: one message after the other (GEN-15 to 34).
 *
 * A server waits at its top level, without a stack: wake() takes one message, calls the callback it
 * is for, does what that returned, and waits again. Nothing of it stays on the stack in between;
 * what does is struct server, owned by the process. Callbacks run inside one cop_try a message:
 * whatever leaves them that way becomes the reason with which terminate() is called and the server
 * ends.
 *
 *              init --ok--> wake <----------------------------+
 *                            | message, timeout, continue      |
 *                            v                                 |
 *                        dispatch --> handle_... --> act ------+ reply, noreply: wait again
 *                            |                        |
 *                     parent exit, terminate      stop, bad return, crash
 *                            +-----------> end <------+   terminate, log, reply, exit */
#include "otp/gen_server_state.h"

#include "coppice/node.h"
#include "otp/exception.h"

/* What the callbacks are called, by enum cop__callback. */
static const struct {
    const char *name;
    int arity;
} callback_names[] = {
    [COP__IN_CALL] = {"handle_call", 3},
    [COP__IN_CAST] = {"handle_cast", 2},
    [COP__IN_INFO] = {"handle_info", 2},
    [COP__IN_CONTINUE] = {"handle_continue", 2},
};

static cop_next wake(void *state);

/* --- Callbacks -------------------------------------------------------------------------------- */

/* A message that handle_info has no use for: logged and dropped (GEN-34, LOG-22). */
static void log_unexpected(const struct cop__server *s, cop_term msg)
{
    COP__TEXT(text);

    cop__text_add_term(&text, cop_module_name(s->module));
    cop__text_add(&text, " ");
    cop__text_add_term(&text, cop__self_name());
    cop__text_add(&text, " received unexpected message in handle_info/2: ");
    cop__text_add_term(&text, msg);
    cop_log(COP_ERROR, "%s\n", text.data);
}

/* The server has no callback for this at all. */
static cop_result no_callback(const struct cop__turn *turn)
{
    COP__TEXT(name);

    cop__text_add_term(&name, cop__self_name());
    switch (turn->in) {
    case COP__IN_CALL:
        cop_raise("RuntimeError",
                  "attempted to call GenServer %s but no handle_call/3 clause was provided",
                  name.data);
    case COP__IN_CAST:
        cop_raise("RuntimeError",
                  "attempted to cast GenServer %s but no handle_cast/2 clause was provided",
                  name.data);
    case COP__IN_CONTINUE:
        cop__raise_undefined(cop_module_name(turn->server->module), COP(":handle_continue"),
                             cop_list(turn->about, cop__server_state(turn->server)));
    case COP__IN_INFO:
    case COP__IN_NONE: break;
    }
    return cop_no_clause(turn->about);
}

static struct cop_frame callback_frame(const struct cop__turn *turn)
{
    return (struct cop_frame){.module = turn->server->module,
                              .function = callback_names[turn->in].name,
                              .arity = callback_names[turn->in].arity};
}

static cop_term call_callback(void *arg)
{
    struct cop__turn *turn = arg;
    const struct cop_gen_server *c = turn->server->callbacks;
    void *state = turn->server->state;
    struct cop_frame frame = callback_frame(turn);

    cop_frame_enter(&frame);
    switch (turn->in) {
    case COP__IN_CALL:
        turn->result = c->handle_call == NULL
                           ? no_callback(turn)
                           : c->handle_call(state, turn->about, cop_to_from(turn->from));
        break;
    case COP__IN_CAST:
        turn->result =
            c->handle_cast == NULL ? no_callback(turn) : c->handle_cast(state, turn->about);
        break;
    case COP__IN_INFO:
        turn->result =
            c->handle_info == NULL ? no_callback(turn) : c->handle_info(state, turn->about);
        break;
    case COP__IN_CONTINUE:
        turn->result =
            c->handle_continue == NULL ? no_callback(turn) : c->handle_continue(state, turn->about);
        break;
    case COP__IN_NONE: break;
    }
    cop_frame_leave(&frame);
    return cop_nil();
}

/* --- One message ------------------------------------------------------------------------------ */

/* Waits for the next message, or for the timeout that an action asked for. */
static cop_next wait_next(struct cop__server *s)
{
    if (s->timeout_ms != COP_INFINITY) return cop_hibernate_for(wake, s, s->timeout_ms);
    return cop_hibernate(wake, s);
}

void cop__server_reply(const struct cop__turn *turn, cop_term reply)
{
    struct cop__server *s = turn->server;

    cop__reply(turn->from, reply);
    if (cop__sys_is_debugged(&s->sys))
        cop_sys_event(&s->sys, cop_tuple(COP(":out"), reply, turn->from, cop__server_state(s)));
}

static void note_noreply(struct cop__server *s)
{
    if (cop__sys_is_debugged(&s->sys))
        cop_sys_event(&s->sys, cop_tuple(COP(":noreply"), cop__server_state(s)));
}

/* The message has no clause in the callback: that kills, except in handle_info. */
static void without_clause(struct cop__turn *turn)
{
    struct cop_frame frame = callback_frame(turn);

    if (turn->in == COP__IN_INFO) {
        log_unexpected(turn->server, turn->about);
        return;
    }
    cop__server_end(turn, cop__no_clause_outcome(&frame, &turn->result), cop_none());
}

/* What is done after the callback's answer was taken care of (GEN-25 to 30). A continue runs as a
 * wake of its own that looks at no message: in a region of its own, and others may run in
 * between. */
cop_next cop__server_follow(struct cop__turn *turn)
{
    struct cop__server *s = turn->server;

    switch (turn->result.action_) {
    case COP__ACTION_CONTINUE:
        s->pending = cop_keep(turn->result.continue_);
        s->has_continue = true;
        return cop_hibernate_for(wake, s, 0);
    case COP__ACTION_TIMEOUT:
        s->timeout_ms = turn->result.timeout_ms_;
        if (!cop_is_none(turn->result.continue_)) s->pending = cop_keep(turn->result.continue_);
        break;
    case COP__ACTION_NONE:
    case COP__ACTION_HIBERNATE: break;
    }
    return wait_next(s);
}

/* Does what the callback returned. */
static cop_next act(struct cop__turn *turn)
{
    const cop_result *r = &turn->result;

    switch (r->kind_) {
    case COP__RESULT_NOREPLY: note_noreply(turn->server); return cop__server_follow(turn);
    case COP__RESULT_REPLY:
        if (turn->in != COP__IN_CALL) break;
        cop__server_reply(turn, r->term_);
        return cop__server_follow(turn);
    case COP__RESULT_STOP: cop__server_end_with(turn, r->term_);
    case COP__RESULT_STOP_REPLY:
        if (turn->in != COP__IN_CALL) break;
        cop__server_end(turn, (struct cop_outcome){COP_CLASS_EXIT, r->term_, cop_empty_list()},
                        r->extra_);
    case COP__RESULT_NO_CLAUSE:
        without_clause(turn);
        note_noreply(turn->server);
        return cop__server_follow(turn);
    case COP__RESULT_BAD:
    case COP__RESULT_STARTED:
    case COP__RESULT_IGNORE:
    case COP__RESULT_FAIL: break;
    }
    cop__server_end_bad_return(turn, cop__result_shown(r, cop__server_state(turn->server)));
}

static cop_next run(struct cop__turn *turn, enum cop__callback in, cop_term about)
{
    struct cop_outcome how;

    turn->in = in;
    turn->about = about;
    if (!cop_try(call_callback, turn, &how)) {
        if (how.class_ != COP_CLASS_THROW) cop__server_end(turn, how, cop_none());
        turn->result = cop__result_of_term(how.value);
    }
    return act(turn);
}

/* {client, ref} or {client, [:alias | ref]}: what can be answered */
static bool is_from(cop_term t)
{
    cop_term tag;

    if (!cop_is_tuple(t) || cop_tuple_size(t) != 2 || !cop_is_pid(cop_elem(t, 0))) return false;
    tag = cop_elem(t, 1);
    return cop_is_reference(tag) ||
           (cop_is_list(tag) && !cop_is_empty_list(tag) && cop_is_reference(cop_tail(tag)));
}

/* The timeout that runs is lost then, and started anew (GEN-28). */
static cop_next handle_system(struct cop__turn *turn)
{
    cop_term reason;

    if (cop__sys_handle(&turn->server->sys, turn->msg, &reason)) return wait_next(turn->server);
    turn->msg = cop_empty_list();
    cop__server_end_with(turn, reason);
}

/* A message of the server's own ends the wait for which there was a timeout (GEN-27). */
static void begin_turn(struct cop__turn *turn)
{
    struct cop__server *s = turn->server;

    s->timeout_ms = COP_INFINITY;
    cop_drop(&s->pending);
    if (cop__sys_is_debugged(&s->sys)) cop_sys_event(&s->sys, cop_tuple(COP(":in"), turn->msg));
}

static cop_next dispatch(struct cop__turn *turn)
{
    cop_term msg = turn->msg;
    size_t size = cop_is_tuple(msg) ? cop_tuple_size(msg) : 0;
    uint64_t tag = size == 2 || size == 3 ? cop_elem(msg, 0).word : 0;

    if (size == 3) {
        bool is_call = tag == COP(":\"$gen_call\"").word && is_from(cop_elem(msg, 1));

        if (!is_call && cop__is_system(msg)) return handle_system(turn);
        if (!is_call && cop__is_parent_exit(msg, turn->server->sys.parent))
            cop__server_end_with(turn, cop_elem(msg, 2));
        begin_turn(turn);
        if (is_call) {
            turn->from = cop_elem(msg, 1);
            return run(turn, COP__IN_CALL, cop_elem(msg, 2));
        }
        return run(turn, COP__IN_INFO, msg);
    }
    begin_turn(turn);
    if (size == 2 && tag == COP(":\"$gen_cast\"").word) {
        return run(turn, COP__IN_CAST, cop_elem(msg, 1));
    }
    return run(turn, COP__IN_INFO, msg);
}

/* The continue that the last callback asked for. */
static cop_next run_continue(struct cop__turn *turn)
{
    struct cop__server *s = turn->server;
    cop_term argument = cop_kept_term(s->pending);

    s->has_continue = false;
    cop_drop(&s->pending);
    turn->msg = cop_tuple(COP(":continue"), argument);
    cop_sys_event(&s->sys, turn->msg);
    return run(turn, COP__IN_CONTINUE, argument);
}

static cop_next wake(void *state)
{
    struct cop__server *s = state;
    struct cop__turn turn = {.server = s, .in = COP__IN_NONE};

    if (s->has_continue) return run_continue(&turn);
    if (s->sys.is_suspended) {
        turn.msg = cop__sys_receive(&s->sys);
    } else if (!cop_receive(&turn.msg, 0)) {
        if (s->timeout_ms == COP_INFINITY) return cop_hibernate(wake, s);
        turn.msg = cop_is_none(s->pending.term_) ? COP(":timeout") : cop_kept_term(s->pending);
    }
    return dispatch(&turn);
}

bool cop__is_server(const cop_next *next)
{
    return next->wake_ == wake;
}
