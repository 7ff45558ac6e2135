/* SPDX-License-Identifier: Apache-2.0 */
/* AuthService.Switch: the mode, and the count of requests. */
#include "auth_service.h"

#include <string.h>

struct switch_state {
    cop_kept mode;
    int64_t requests;
};

cop_term auth_service_mode_named(cop_bytes name)
{
    static const char *const names[] = {"ok",          "slow",        "error500",
                                        "broken_json", "wrong_shape", "cut_off"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i]) == name.len && memcmp(names[i], name.data, name.len) == 0)
            return cop_atom(names[i]);
    return cop_none();
}

static cop_term call(cop_term request)
{
    return cop_gen_server_call(COP("AuthService.Switch"), request, COP_CALL_TIMEOUT);
}

cop_term auth_service_mode(void)
{
    return call(COP(":mode"));
}

cop_term auth_service_set_mode(cop_term mode)
{
    return call(cop_tuple(COP(":set_mode"), mode));
}

cop_term auth_service_count(void)
{
    return call(COP(":count"));
}

cop_term auth_service_requests(void)
{
    return call(COP(":requests"));
}

static cop_result init(cop_term mode)
{
    struct switch_state *s = cop_alloc(sizeof(*s));

    s->mode = cop_keep(mode);
    return cop_started(s);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct switch_state *s = state;
    cop_term mode;

    (void)from;
    if (cop_match(request, ":mode")) return cop_reply(cop_kept_term(s->mode));
    if (cop_match(request, ":requests")) return cop_reply(s->requests);
    if (cop_match(request, ":count")) {
        s->requests++;
        return cop_reply(cop_kept_term(s->mode));
    }
    if (cop_match(request, "{:set_mode, mode}", mode)) {
        cop_replace(&s->mode, mode);
        return cop_reply(cop_ok());
    }
    return cop_no_clause(request);
}

static cop_term format_state(const void *state)
{
    const struct switch_state *s = state;

    return cop_tuple(cop_kept_term(s->mode), s->requests);
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .format_state = format_state};

static cop_term start_link(cop_term mode)
{
    return cop_gen_server_start_link(&auth_service_switch, mode, COP("[name: AuthService.Switch]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(mode)", start_link, "Starts the switch in a mode."),
    COP_EXPORT("mode()", auth_service_mode, "The mode."),
    COP_EXPORT("set_mode(mode)", auth_service_set_mode,
               "`:ok`, `:slow`, `:error500`, `:broken_json`, `:wrong_shape` or `:cut_off`."),
    COP_EXPORT("requests()", auth_service_requests, "How often the rules were asked for."),
    COP_EXPORT_END};

const struct cop_module auth_service_switch = {.size = sizeof(struct cop_module),
                                               .name = "AuthService.Switch",
                                               .doc = "How the rules are answered.",
                                               .functions = functions,
                                               .gen_server = &callbacks,
                                               .child_spec = ""};
