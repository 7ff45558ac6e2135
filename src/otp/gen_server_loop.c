/* SPDX-License-Identifier: Apache-2.0 */
/* GenServer, the server's side: init, one message after the other, and the end (GEN-03 to 38).
 *
 * A server waits at its top level, without a stack: wake() takes one message, calls the callback it is
 * for, does what that returned, and waits again. Nothing of it stays on the stack in between; what does
 * is struct server, owned by the process. Callbacks run inside one cop_try a message: whatever leaves
 * them that way becomes the reason with which terminate() is called and the server ends.
 *
 *              init --ok--> wake <----------------------------+
 *                            | message, timeout, continue      |
 *                            v                                 |
 *                        dispatch --> handle_... --> act ------+ reply, noreply: wait again
 *                            |                        |
 *                     parent exit, terminate      stop, bad return, crash
 *                            +-----------> end <------+   terminate, log, reply, exit */
#include "otp/gen_server_loop.h"

#include "coppice/node.h"
#include "otp/exception.h"
#include "otp/log_settings.h"

#include "base/check.h"

struct server {
    const struct cop_module *module;
    const struct cop_gen_server *callbacks;
    void *state;
    cop_kept name; /* as it was given; nil: none */
    cop_kept continue_with;
    bool has_continue;
    int64_t timeout_ms; /* of the action; COP_INFINITY: none */
    struct cop__sys sys;
};

/* Which callback is at work: says what it may return, and what it is called. */
enum callback { IN_CALL, IN_CAST, IN_INFO, IN_CONTINUE, IN_NONE };
static const struct {
    const char *name;
    int arity;
} callback_names[] = {
    [IN_CALL] = {"handle_call", 3},
    [IN_CAST] = {"handle_cast", 2},
    [IN_INFO] = {"handle_info", 2},
    [IN_CONTINUE] = {"handle_continue", 2},
};

/* One message on its way through the server; on the stack. */
struct turn {
    struct server *server;
    cop_term msg;
    enum callback in;
    cop_term from;  /* IN_CALL: {client, tag} */
    cop_term about; /* what the callback is given */
    cop_result result;
};

static cop_next wake(void *state);

/* --- The end ------------------------------------------------------------------------------------ */

static cop_term name_of(void *arg)
{
    const struct server *s = arg;
    cop_term name = cop_kept_term(s->name);

    return cop_identical(name, cop_nil()) ? cop__self_name() : name;
}

static cop_term format_state(void *arg)
{
    const struct server *s = arg;

    return s->callbacks->format_state == NULL ? cop_nil() : s->callbacks->format_state(s->state);
}

static cop_term safe_state(struct server *s)
{
    struct cop_outcome outcome;

    if (cop_try(format_state, s, &outcome)) return outcome.value;
    return cop_format("%s.format_state/1 crashed", s->module->name);
}

struct ending {
    struct server *server;
    cop_term reason;
};

static cop_term call_terminate(void *arg)
{
    const struct ending *e = arg;

    e->server->callbacks->terminate(e->server->state, e->reason);
    return cop_nil();
}

/* The reason a client and the links see, from what was raised. */
static cop_term whole_reason(const struct cop_outcome *how)
{
    return how->class_ == COP_CLASS_ERROR ? cop_tuple(how->value, how->stack) : how->value;
}

static void report(const struct turn *turn, const struct cop_outcome *how)
{
    struct server *s = turn->server;
    struct cop__crash crash = {
        .name = name_of(s),
        .class_ = how->class_,
        .reason = how->value,
        .stack = how->stack,
        .last = turn->in == IN_CALL ? turn->about : turn->msg,
        .client = turn->in == IN_CALL ? cop_elem(turn->from, 0) : cop_none(),
        .state = cop__log_details_on() ? safe_state(s) : cop_nil(),
    };

    cop__log_terminating(&crash);
    cop__log_crash(how->class_, how->value, how->stack);
}

/* Ends the server: terminate, the log, the reply of a stop that has one (GEN-21, 35 to 38). What
 * terminate raises takes the place of the reason, except a throw (GEN-36). */
static COP_NORETURN void end(struct turn *turn, struct cop_outcome how, cop_term reply)
{
    struct ending ending = {turn->server, whole_reason(&how)};
    struct cop_outcome failed;

    if (turn->server->callbacks->terminate != NULL && !cop_try(call_terminate, &ending, &failed) &&
        failed.class_ != COP_CLASS_THROW)
        how = failed;
    if (how.class_ == COP_CLASS_ERROR || !cop__is_normal(how.value)) report(turn, &how);
    if (!cop_is_none(reply)) cop__reply(turn->from, reply);
    cop_exit(whole_reason(&how));
}

static COP_NORETURN void end_with(struct turn *turn, cop_term reason)
{
    end(turn, (struct cop_outcome){COP_CLASS_EXIT, reason, cop_empty_list()}, cop_none());
}

static COP_NORETURN void end_bad_return(struct turn *turn, cop_term value)
{
    end_with(turn, cop_tuple(COP(":bad_return_value"), cop_is_none(value) ? cop_nil() : value));
}

/* --- Callbacks ---------------------------------------------------------------------------------- */

/* A message that handle_info has no use for: logged and dropped (GEN-34, LOG-22). */
static void log_unexpected(const struct server *s, cop_term msg)
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
static cop_result no_callback(const struct turn *turn)
{
    COP__TEXT(name);

    cop__text_add_term(&name, cop__self_name());
    switch (turn->in) {
    case IN_CALL:
        cop_raise("RuntimeError",
                  "attempted to call GenServer %s but no handle_call/3 clause was provided",
                  name.data);
    case IN_CAST:
        cop_raise("RuntimeError",
                  "attempted to cast GenServer %s but no handle_cast/2 clause was provided",
                  name.data);
    case IN_CONTINUE:
        cop__raise_undefined(cop_module_name(turn->server->module), COP(":handle_continue"),
                             cop_list(turn->about, safe_state(turn->server)));
    case IN_INFO:
    case IN_NONE: break;
    }
    return cop_no_clause(turn->about);
}

static cop_term call_callback(void *arg)
{
    struct turn *turn = arg;
    const struct cop_gen_server *c = turn->server->callbacks;
    void *state = turn->server->state;

    switch (turn->in) {
    case IN_CALL:
        turn->result = c->handle_call == NULL
                           ? no_callback(turn)
                           : c->handle_call(state, turn->about, cop_to_from(turn->from));
        break;
    case IN_CAST:
        turn->result =
            c->handle_cast == NULL ? no_callback(turn) : c->handle_cast(state, turn->about);
        break;
    case IN_INFO:
        turn->result =
            c->handle_info == NULL ? no_callback(turn) : c->handle_info(state, turn->about);
        break;
    case IN_CONTINUE:
        turn->result =
            c->handle_continue == NULL ? no_callback(turn) : c->handle_continue(state, turn->about);
        break;
    case IN_NONE: break;
    }
    return cop_nil();
}

/* A throw is taken as the value that the callback returned (GEN-22). The state in it is a term, which
 * means nothing here. */
static cop_result thrown(cop_term value)
{
    cop_term a, b;

    if (cop_match(value, "{:reply, a, _}", a)) return cop_reply(a);
    if (cop_match(value, "{:noreply, _}")) return cop_noreply();
    if (cop_match(value, "{:stop, a, _}", a)) return cop_stop(a);
    if (cop_match(value, "{:stop, a, b, _}", a, b)) return cop_stop_reply(a, b);
    return cop_bad_return(value);
}

/* What Elixir would have returned, to show it where the callback must not return it. */
static cop_term shown(const cop_result *r, struct server *s)
{
    cop_term state = safe_state(s), term = r->term_, extra = r->extra_;

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
    return extra;
}

/* --- One message --------------------------------------------------------------------------------- */

/* Waits for the next message, or for the timeout that an action asked for. */
static cop_next wait_next(struct server *s)
{
    if (s->timeout_ms != COP_INFINITY) return cop_hibernate_for(wake, s, s->timeout_ms);
    return cop_hibernate(wake, s);
}

/* The message has no clause in the callback: that kills, except in handle_info. */
static void without_clause(struct turn *turn)
{
    struct cop_outcome how = {.class_ = COP_CLASS_ERROR};
    cop_term whole;

    if (turn->in == IN_INFO) {
        log_unexpected(turn->server, turn->about);
        return;
    }
    whole = cop__function_clause(cop_module_name(turn->server->module),
                                 callback_names[turn->in].name, callback_names[turn->in].arity);
    how.value = cop_elem(whole, 0);
    how.stack = cop_elem(whole, 1);
    end(turn, how, cop_none());
}

/* What is done after the callback's answer was taken care of (GEN-25 to 30). A continue runs as a wake
 * of its own that looks at no message: in a region of its own, and others may run in between. */
static cop_next follow(struct turn *turn)
{
    struct server *s = turn->server;

    switch (turn->result.action_) {
    case COP__ACTION_CONTINUE:
        s->continue_with = cop_keep(turn->result.continue_);
        s->has_continue = true;
        return cop_hibernate_for(wake, s, 0);
    case COP__ACTION_TIMEOUT: s->timeout_ms = turn->result.timeout_ms_; break;
    case COP__ACTION_NONE:
    case COP__ACTION_HIBERNATE: break;
    }
    return wait_next(s);
}

/* Does what the callback returned. */
static cop_next act(struct turn *turn)
{
    const cop_result *r = &turn->result;

    switch (r->kind_) {
    case COP__RESULT_NOREPLY: return follow(turn);
    case COP__RESULT_REPLY:
        if (turn->in != IN_CALL) break;
        cop__reply(turn->from, r->term_);
        return follow(turn);
    case COP__RESULT_STOP: end_with(turn, r->term_);
    case COP__RESULT_STOP_REPLY:
        if (turn->in != IN_CALL) break;
        end(turn, (struct cop_outcome){COP_CLASS_EXIT, r->term_, cop_empty_list()}, r->extra_);
    case COP__RESULT_NO_CLAUSE: without_clause(turn); return follow(turn);
    case COP__RESULT_BAD: end_bad_return(turn, r->extra_);
    case COP__RESULT_STARTED:
    case COP__RESULT_IGNORE:
    case COP__RESULT_FAIL: break;
    }
    end_bad_return(turn, shown(r, turn->server));
}

static cop_next run(struct turn *turn, enum callback in, cop_term about)
{
    struct cop_outcome how;

    turn->in = in;
    turn->about = about;
    if (!cop_try(call_callback, turn, &how)) {
        if (how.class_ != COP_CLASS_THROW) end(turn, how, cop_none());
        turn->result = thrown(how.value);
    }
    turn->server->timeout_ms = COP_INFINITY;
    return act(turn);
}

/* {client, tag} */
static bool is_from(cop_term t)
{
    return cop_is_tuple(t) && cop_tuple_size(t) == 2 && cop_is_pid(cop_elem(t, 0));
}

static cop_next handle_system(struct turn *turn)
{
    cop_term reason;

    if (cop__sys_handle(&turn->server->sys, turn->msg, &reason)) return wait_next(turn->server);
    turn->msg = cop_empty_list();
    end_with(turn, reason);
}

static cop_next dispatch(struct turn *turn)
{
    cop_term msg = turn->msg;
    size_t size = cop_is_tuple(msg) ? cop_tuple_size(msg) : 0;
    uint64_t tag = size == 2 || size == 3 ? cop_elem(msg, 0).word : 0;

    if (size == 3) {
        if (tag == COP(":\"$gen_call\"").word && is_from(cop_elem(msg, 1))) {
            turn->from = cop_elem(msg, 1);
            return run(turn, IN_CALL, cop_elem(msg, 2));
        }
        if (cop__is_system(msg)) return handle_system(turn);
        if (cop__is_parent_exit(msg, turn->server->sys.parent)) end_with(turn, cop_elem(msg, 2));
    } else if (size == 2 && tag == COP(":\"$gen_cast\"").word) {
        return run(turn, IN_CAST, cop_elem(msg, 1));
    }
    return run(turn, IN_INFO, msg);
}

static cop_next wake(void *state)
{
    struct server *s = state;
    struct turn turn = {.server = s, .in = IN_NONE};

    if (s->has_continue) {
        cop_term argument = cop_kept_term(s->continue_with);

        s->has_continue = false;
        cop_drop(&s->continue_with);
        turn.msg = cop_tuple(COP(":continue"), argument);
        return run(&turn, IN_CONTINUE, argument);
    }
    if (s->sys.is_suspended) {
        turn.msg = cop__sys_receive(&s->sys);
    } else if (!cop_receive(&turn.msg, 0)) {
        if (s->timeout_ms == COP_INFINITY) return cop_hibernate(wake, s);
        turn.msg = COP(":timeout");
    }
    return dispatch(&turn);
}

/* --- Start -------------------------------------------------------------------------------------- */

#define BOOT "{module, callbacks, is_linked, name, arg}"

cop_term cop__gen_server_boot(const struct cop_gen_start *start, cop_term arg, cop_term name)
{
    const struct cop_gen_server *c =
        start->callbacks != NULL ? start->callbacks : start->module->gen_server;
    int64_t module = (intptr_t)start->module, callbacks = (intptr_t)c;
    bool is_linked = start->link;

    COP_CHECK(c != NULL && c->size >= offsetof(struct cop_gen_server, replace_state) &&
                  c->init != NULL,
              "%s has no gen_server, or one without size or init", start->module->name);
    return cop_build(BOOT, module, callbacks, is_linked, name, arg);
}

static void replace_state(void *arg, cop_term term)
{
    struct server *s = arg;
    const struct cop_gen_server *c = s->callbacks;

    if (c->size < sizeof *c || c->replace_state == NULL) cop_error(COP(":not_supported"));
    s->state = c->replace_state(s->state, term);
}

static const struct cop__sys_hooks sys_hooks = {
    .get_state = format_state, .replace_state = replace_state, .name = name_of};

struct init_call {
    struct server *server;
    cop_term arg;
    cop_result result;
};

static cop_term call_init(void *arg)
{
    struct init_call *i = arg;

    i->result = i->server->callbacks->init(i->arg);
    return cop_nil();
}

/* The start is over: what init's exit, error or answer is called when it is no state (GEN-05 to 08). */
static COP_NORETURN void fail(const struct server *s, cop_pid starter, cop_term answer,
                              struct cop_outcome how)
{
    cop__name_give_back(cop_kept_term(s->name));
    cop__log_crash(how.class_, how.value, how.stack);
    cop__init_fail(starter, answer, &how);
}

static COP_NORETURN void fail_with(const struct server *s, cop_pid starter, struct cop_outcome how)
{
    fail(s, starter, cop_tuple(COP(":error"), whole_reason(&how)), how);
}

/* A throw in init is its return value (GEN-08). */
static cop_result thrown_in_init(cop_term value)
{
    cop_term reason;

    if (cop_match(value, ":ignore")) return cop_ignore();
    if (cop_match(value, "{:stop, reason}", reason)) return cop_stop(reason);
    if (cop_match(value, "{:error, reason}", reason)) return cop_fail(reason);
    return cop_bad_return(value);
}

static COP_NORETURN void not_started(struct server *s, cop_pid starter, const cop_result *r)
{
    struct cop_outcome how = {COP_CLASS_EXIT, COP(":normal"), cop_empty_list()};
    cop_term whole;

    switch (r->kind_) {
    case COP__RESULT_IGNORE: fail(s, starter, COP(":ignore"), how);
    case COP__RESULT_FAIL: fail(s, starter, cop_tuple(COP(":error"), r->term_), how);
    case COP__RESULT_STOP: how.value = r->term_; break;
    case COP__RESULT_NO_CLAUSE:
        whole = cop__function_clause(cop_module_name(s->module), "init", 1);
        how = (struct cop_outcome){COP_CLASS_ERROR, cop_elem(whole, 0), cop_elem(whole, 1)};
        break;
    case COP__RESULT_BAD:
    default: how.value = cop_tuple(COP(":bad_return_value"), shown(r, s)); break;
    }
    fail_with(s, starter, how);
}

/* The name is somebody else's, or none that can be had. */
static COP_NORETURN void refuse_name(cop_pid starter, cop_term name)
{
    struct cop_outcome how = {COP_CLASS_EXIT, COP(":normal"), cop_empty_list()};
    cop_pid pid = cop__server_where(name);

    cop__init_fail(starter,
                   cop_is_no_pid(pid) ? COP("{:error, :badarg}")
                                      : cop_build("{:error, {:already_started, pid}}", pid),
                   &how);
}

cop_next cop__gen_server_init(cop_pid starter, cop_term boot)
{
    struct server *s = cop_alloc(sizeof *s);
    int64_t module, callbacks;
    bool is_linked;
    cop_term name, arg;
    struct init_call i = {.server = s};
    struct cop_outcome how;
    struct turn turn = {.server = s, .in = IN_NONE};

    cop_expect(boot, BOOT, module, callbacks, is_linked, name, arg);
    *s = (struct server){
        .module = (const struct cop_module *)(intptr_t)module,
        .callbacks = (const struct cop_gen_server *)(intptr_t)callbacks,
        .name = cop_keep(name),
        .timeout_ms = COP_INFINITY,
        .sys = {.hooks = &sys_hooks, .server = s, .parent = is_linked ? starter : cop_self()}};
    if (!cop_identical(name, cop_nil()) && !cop__name_take(name)) {
        refuse_name(starter, name);
    }
    i.arg = arg;
    if (!cop_try(call_init, &i, &how)) {
        if (how.class_ != COP_CLASS_THROW) fail_with(s, starter, how);
        i.result = thrown_in_init(how.value);
    }
    if (i.result.kind_ != COP__RESULT_STARTED) not_started(s, starter, &i.result);
    s->state = i.result.state_;
    cop__init_ack(starter, cop_tuple(cop_ok(), cop_self()));
    turn.result = i.result;
    return follow(&turn);
}
