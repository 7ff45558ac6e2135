/* SPDX-License-Identifier: Apache-2.0 */
/* What a gen_server shows of itself, to tools and in the log of its crash (GEN-57, SYS-03 to 09).
 */
#include "otp/gen_server_state.h"

cop_term cop__server_name(void *server)
{
    const struct cop__server *s = server;
    cop_term name = cop_kept_term(s->name);

    return cop_identical(name, cop_nil()) ? cop__self_name() : name;
}

static cop_term module_name(void *server)
{
    (void)server;
    return COP(":gen_server");
}

/* --- The state -------------------------------------------------------------------------------- */

static cop_term get_state(void *server)
{
    const struct cop__server *s = server;

    return s->callbacks->format_state == NULL ? cop_nil() : s->callbacks->format_state(s->state);
}

cop_term cop__server_state(struct cop__server *s)
{
    struct cop_outcome outcome;

    if (cop_try(get_state, s, &outcome)) return outcome.value;
    return cop_format("%s.format_state/1 crashed", s->module->name);
}

static void replace_state(void *server, cop_term term)
{
    struct cop__server *s = server;

    if (!COP__HAS_CALLBACK(s->callbacks, replace_state)) cop_error(COP(":not_supported"));
    s->state = s->callbacks->replace_state(s->state, term);
}

/* As `use GenServer` has it, the state stays where nothing is said (SYS-09). */
static cop_term change_code(void *server, cop_term old_version, cop_term extra)
{
    struct cop__server *s = server;
    cop_result result;

    if (!COP__HAS_CALLBACK(s->callbacks, code_change)) return cop_ok();
    result = s->callbacks->code_change(s->state, old_version, extra);
    if (result.kind_ != COP__RESULT_STARTED) return cop__result_shown(&result, cop_nil());
    s->state = result.state_;
    return cop_ok();
}

/* --- format_status ---------------------------------------------------------------------------- */

struct status_call {
    cop_term (*format_status)(cop_term status);
    cop_term status;
};

static cop_term call_format_status(void *arg)
{
    const struct status_call *call = arg;

    return call->format_status(call->status);
}

/* The status with what the callback made of it; one that fails, or answers with what is no such
 * map, has :EXIT in it: the words that stand in for the state. */
static cop_term formatted(const struct cop__server *s, cop_term status)
{
    struct status_call call = {s->callbacks->format_status, status};
    struct cop_outcome outcome;
    cop_term merged = status, key, value;
    const char *what = NULL;

    if (!cop_try(call_format_status, &call, &outcome)) {
        what = "crashed";
    } else if (!cop_is_map(outcome.value)) {
        what = "did not return a map";
    } else {
        struct cop_map_iter it = cop_map_iter(outcome.value);

        while (cop_map_next(&it, &key, &value))
            merged = cop_map_put(merged, key, value);
        if (cop_map_size(merged) == cop_map_size(outcome.value)) return merged;
        what = "returned a map with unknown keys";
    }
    return cop_map_put(status, COP(":EXIT"),
                       cop_format("%s.format_status/1 %s", s->module->name, what));
}

void cop__server_format_status(struct cop__server *s, cop_term *state, cop_term *events,
                               cop_term *message, cop_term *reason)
{
    cop_term status, log = *events, shown = *state;

    if (!COP__HAS_CALLBACK(s->callbacks, format_status)) return;
    status = cop_build("%{state: shown, log: log}", shown, log);
    if (reason != NULL) {
        status = cop_map_put(status, COP(":message"), *message);
        status = cop_map_put(status, COP(":reason"), *reason);
    }
    status = formatted(s, status);
    *state = cop_map_get(status, COP(":EXIT"), cop_map_get(status, COP(":state"), shown));
    *events = cop_map_get(status, COP(":log"), log);
    if (reason == NULL) return;
    *message = cop_map_get(status, COP(":message"), *message);
    *reason = cop_map_get(status, COP(":reason"), *reason);
}

static void format_status(void *server, cop_term *state, cop_term *events)
{
    cop__server_format_status(server, state, events, NULL, NULL);
}

const struct cop__sys_kind cop__server_sys_kind = {.name = cop__server_name,
                                                   .module = module_name,
                                                   .get_state = get_state,
                                                   .replace_state = replace_state,
                                                   .change_code = change_code,
                                                   .format_status = format_status};
