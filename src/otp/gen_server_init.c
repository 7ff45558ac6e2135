/* SPDX-License-Identifier: Apache-2.0 */
/* How a gen_server starts (GEN-03 to 12): its name, its init, and what the starter is told. */
#include "otp/exception.h"
#include "otp/gen_server_state.h"

#include "base/check.h"

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
    struct cop__server *s = arg;
    const struct cop_gen_server *c = s->callbacks;

    if (c->size < sizeof *c || c->replace_state == NULL) cop_error(COP(":not_supported"));
    s->state = c->replace_state(s->state, term);
}

static const struct cop__sys_hooks sys_hooks = {
    .get_state = cop__server_format, .replace_state = replace_state, .name = cop__server_name};

struct init_call {
    struct cop__server *server;
    cop_term arg;
    cop_result result;
};

static struct cop_frame init_frame(const struct cop__server *s)
{
    return (struct cop_frame){.module = s->module, .function = "init", .arity = 1};
}

static cop_term call_init(void *arg)
{
    struct init_call *i = arg;
    struct cop_frame frame = init_frame(i->server);

    cop_frame_enter(&frame);
    i->result = i->server->callbacks->init(i->arg);
    cop_frame_leave(&frame);
    return cop_nil();
}

/* The start is over: what init's exit, error or answer is called when it is no state (GEN-05 to
 * 08). */
static COP_NORETURN void fail(const struct cop__server *s, cop_pid starter, cop_term answer,
                              struct cop_outcome how)
{
    cop__name_give_back(cop_kept_term(s->name));
    cop__log_crash(how.class_, how.value, how.stack);
    cop__init_fail(starter, answer, &how);
}

static COP_NORETURN void fail_with(const struct cop__server *s, cop_pid starter,
                                   struct cop_outcome how)
{
    fail(s, starter, cop_tuple(COP(":error"), cop__whole_reason(&how)), how);
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

static COP_NORETURN void not_started(struct cop__server *s, cop_pid starter, const cop_result *r)
{
    struct cop_outcome how = {COP_CLASS_EXIT, COP(":normal"), cop_empty_list()};
    struct cop_frame frame = init_frame(s);

    switch (r->kind_) {
    case COP__RESULT_IGNORE: fail(s, starter, COP(":ignore"), how);
    case COP__RESULT_FAIL: fail(s, starter, cop_tuple(COP(":error"), r->term_), how);
    case COP__RESULT_STOP: how.value = r->term_; break;
    case COP__RESULT_NO_CLAUSE: how = cop__no_clause_outcome(&frame, r); break;
    case COP__RESULT_BAD:
    default:
        how.value = cop_tuple(COP(":bad_return_value"), cop__result_shown(r, cop_nil()));
        break;
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
    struct cop__server *s = cop_alloc(sizeof *s);
    int64_t module, callbacks;
    bool is_linked;
    cop_term name, arg;
    struct init_call i = {.server = s};
    struct cop_outcome how;
    struct cop__turn turn = {.server = s, .in = COP__IN_NONE};

    cop_expect(boot, BOOT, module, callbacks, is_linked, name, arg);
    *s = (struct cop__server){
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
    return cop__server_follow(&turn);
}
