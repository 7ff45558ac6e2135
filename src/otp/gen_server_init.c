/* SPDX-License-Identifier: Apache-2.0 */
/* How a gen_server starts (GEN-03 to 12): its name, its init, and what the starter is told. */
#include "otp/exception.h"
#include "otp/gen_server_state.h"
#include "otp/module.h"

#include "base/check.h"
#include "coppice/introspect.h"

#define KEY_INITIAL_CALL ":\"$initial_call\""
#define BOOT             "{module, callbacks, is_linked, name, debug, arg}"

cop_term cop__gen_server_boot(const struct cop_gen_start *start, cop_term options, cop_term name)
{
    cop_term arg = cop_is_none(start->arg) ? cop_nil() : start->arg;
    cop_term debug = cop_keyword_get(options, COP(":debug"), cop_empty_list());
    const struct cop_gen_server *c =
        start->callbacks != NULL ? start->callbacks : start->module->gen_server;
    int64_t module = (intptr_t)start->module, callbacks = (intptr_t)c;
    bool is_linked = start->link;

    COP_CHECK(c != NULL && c->size >= offsetof(struct cop_gen_server, replace_state) &&
                  c->init != NULL,
              "%s has no gen_server, or one without size or init", start->module->name);
    return cop_build(BOOT, module, callbacks, is_linked, name, debug, arg);
}

void cop__server_set(struct cop__server *s, const struct cop_module *module,
                     const struct cop_gen_server *callbacks, cop_term name, cop_pid parent)
{
    *s =
        (struct cop__server){.module = module,
                             .callbacks = callbacks,
                             .name = cop_keep(name),
                             .timeout_ms = COP_INFINITY,
                             .sys = {.kind = &cop__server_sys_kind, .server = s, .parent = parent}};
    cop_system_mark();
}

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

/* The name is somebody else's, or was when it was asked for. */
static COP_NORETURN void refuse_name(cop_pid starter, cop_term name)
{
    struct cop_outcome how = {COP_CLASS_EXIT, COP(":normal"), cop_empty_list()};
    cop_term found = cop__server_locate(name);

    if (cop_identical(found, cop_nil())) found = COP(":undefined");
    cop__init_fail(starter, cop_build("{:error, {:already_started, found}}", found), &how);
}

/* The server of a boot term, which belongs to the process. */
static struct cop__server *new_server(cop_pid starter, cop_term boot, cop_term *ret_arg)
{
    struct cop__server *s = cop_alloc(sizeof *s);
    int64_t module, callbacks;
    bool is_linked;
    cop_term name, debug, arg;

    cop_expect(boot, BOOT, module, callbacks, is_linked, name, debug, arg);
    cop__server_set(s, (const struct cop_module *)(intptr_t)module,
                    (const struct cop_gen_server *)(intptr_t)callbacks, name,
                    is_linked ? starter : cop_self());
    if (!cop_is_empty_list(debug)) cop__sys_debug(&s->sys, debug);
    if (cop_identical(cop_get(COP(KEY_INITIAL_CALL)), cop_nil()))
        cop_put(COP(KEY_INITIAL_CALL), cop__module_initial_call(s->module));
    *ret_arg = arg;
    return s;
}

cop_next cop__gen_server_init(cop_pid starter, cop_term boot)
{
    struct init_call i;
    struct cop__server *s = i.server = new_server(starter, boot, &i.arg);
    cop_term name = cop_kept_term(s->name);
    struct cop_outcome how;
    struct cop__turn turn = {.server = s, .in = COP__IN_NONE};

    if (!cop_identical(name, cop_nil()) && !cop__name_take(name)) refuse_name(starter, name);
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

/* --- Entering the loop ------------------------------------------------------------------------ */

/* Whoever has started the caller. */
static cop_pid parent(void)
{
    cop_term ancestors = cop_ancestors(), head;
    cop_pid pid;

    if (!cop_match(ancestors, "[head | _]", head))
        cop_exit(COP(":process_was_not_started_by_proc_lib"));
    pid = cop__server_where(head);
    if (cop_is_no_pid(pid)) cop_exit(COP(":could_not_find_registered_name"));
    return pid;
}

static void check_own_name(cop_term name)
{
    cop_term module;

    if (cop_identical(name, cop_nil()) || cop_pid_equal(cop__server_where(name), cop_self()))
        return;
    if (cop_match(name, "{:via, module, _}", module))
        cop_exit(cop_tuple(COP(":process_not_registered_via"), module));
    cop_exit(cop_is_atom(name) ? COP(":process_not_registered")
                               : COP(":process_not_registered_globally"));
}

cop_next cop_gen_server_enter_loop(const struct cop_module *module, cop_term options, cop_term name,
                                   cop_result started)
{
    struct cop__server *s = cop_alloc(sizeof *s);
    cop_term debug = cop_keyword_get(options, COP(":debug"), cop_empty_list());
    struct cop__turn turn = {.server = s, .in = COP__IN_NONE, .result = started};

    check_own_name(name);
    cop__server_set(s, module, module->gen_server, name, parent());
    if (!cop_is_empty_list(debug)) cop__sys_debug(&s->sys, debug);
    if (started.kind_ != COP__RESULT_STARTED) cop_error(COP(":badarg"));
    s->state = started.state_;
    return cop__server_follow(&turn);
}
