/* SPDX-License-Identifier: Apache-2.0 */
/* System messages in processes with a loop of their own: what OTP calls special processes. */
#include "otp/gen.h"

#include "base/check.h"
#include "coppice/introspect.h"

/* Owned by the process. */
struct special {
    struct cop_sys sys;
    const struct cop_sys_hooks *hooks;
    void *state;
};

static cop_term special_name(void *server)
{
    (void)server;
    return cop__self_name();
}

static cop_term special_module(void *server)
{
    const struct special *s = server;

    return s->hooks->module == NULL
               ? cop_nil()
               : cop_module_name(&(struct cop_module){.name = s->hooks->module});
}

static cop_term special_get_state(void *server)
{
    const struct special *s = server;

    return s->hooks->get_state == NULL ? cop_nil() : s->hooks->get_state(s->state);
}

static void special_replace_state(void *server, cop_term state)
{
    const struct special *s = server;

    if (s->hooks->replace_state == NULL) cop_error(COP(":not_supported"));
    s->hooks->replace_state(s->state, state);
}

static cop_term special_change_code(void *server, cop_term old_version, cop_term extra)
{
    const struct special *s = server;

    if (s->hooks->change_code == NULL) return cop_ok();
    return s->hooks->change_code(s->state, old_version, extra);
}

static const struct cop__sys_kind special_kind = {.name = special_name,
                                                  .module = special_module,
                                                  .get_state = special_get_state,
                                                  .replace_state = special_replace_state,
                                                  .change_code = special_change_code};

cop_sys *cop_sys_new(const struct cop_sys_hooks *hooks, void *state, cop_pid parent)
{
    struct special *s = cop_alloc(sizeof *s);

    COP_CHECK(hooks->size >= sizeof *hooks, "cop_sys_hooks without size");
    cop_system_mark();
    *s = (struct special){.sys = {.kind = &special_kind, .server = s, .parent = parent},
                          .hooks = hooks,
                          .state = state};
    return &s->sys;
}

static COP_NORETURN void special_end(const cop_sys *sys, cop_term reason)
{
    const struct special *s = sys->server;

    if (s->hooks->terminate != NULL) s->hooks->terminate(s->state, reason);
    cop_exit(reason);
}

bool cop_sys_receive(cop_sys *sys, cop_term *ret_msg, int64_t timeout_ms)
{
    cop_term msg, reason;

    if (sys->is_suspended)
        msg = cop__sys_receive(sys);
    else if (!cop_receive(&msg, timeout_ms))
        return false;
    if (cop__is_parent_exit(msg, sys->parent)) special_end(sys, cop_elem(msg, 2));
    if (cop__is_system(msg)) {
        if (!cop__sys_handle(sys, msg, &reason)) special_end(sys, reason);
        return false;
    }
    *ret_msg = msg;
    return true;
}
