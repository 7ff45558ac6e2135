/* SPDX-License-Identifier: Apache-2.0 */
/* Starts without a type, environments set at once, keys of descriptions. */
#include "otp/application_config.h"

#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"
#include "otp/text.h"

cop_term cop__application_start(cop_term app)
{
    return cop_application_start(app, COP(":temporary"));
}

cop_term cop__application_ensure_started(cop_term app)
{
    return cop_application_ensure_started(app, COP(":temporary"));
}

cop_term cop__application_ensure_all_started(cop_term apps)
{
    return cop_application_ensure_started_all(apps, COP(":temporary"));
}

/* --- Environments ----------------------------------------------------------------------------- */

/* Raises what OTP's {badarg, text} becomes in Elixir. app and what may be cop_none(). */
static COP_NORETURN void refuse(cop_term app, const char *words, cop_term what)
{
    COP__TEXT(text);
    cop_bytes shown;

    if (!cop_is_none(app)) {
        cop__text_add(&text, "application: ");
        if (cop_is_atom(app))
            cop__text_add_bytes(&text, cop_atom_text(app));
        else
            cop__text_add_term(&text, app);
        cop__text_add(&text, "; ");
    }
    cop__text_add(&text, words);
    if (!cop_is_none(what) && cop_is_atom(what))
        cop__text_add_bytes(&text, cop_atom_text(what));
    else if (!cop_is_none(what))
        cop__text_add_term(&text, what);
    shown = cop_to_bytes(cop_inspect(cop__kernel_to_charlist(cop__text_binary(&text))));
    cop_raise("ArgumentError", "argument error: %.*s", (int)shown.len, shown.data);
}

static bool has_key(cop_term pairs, cop_term key)
{
    cop_term found, rest = pairs, pair;

    for (; cop_match(rest, "[pair | rest]", pair, rest);) {
        if (cop_match(pair, "{found, _}", found) && cop_identical(found, key)) return true;
    }
    return false;
}

static void check_parameters(cop_term app, cop_term parameters)
{
    cop_term rest = parameters, pair, key;

    if (!cop_is_list(parameters)) refuse(app, "parameters must be a list", cop_none());
    for (; cop_match(rest, "[pair | rest]", pair, rest);) {
        if (!cop_match(pair, "{key, _}", key)) refuse(app, "invalid parameter: ", pair);
        if (!cop_is_atom(key)) refuse(app, "invalid parameter name: ", key);
        if (has_key(rest, key)) refuse(app, "duplicate parameter: ", key);
    }
    if (!cop_is_empty_list(rest)) cop__raise_argument(3, "not a list");
}

static void check(cop_term config)
{
    cop_term rest = config, pair, app, parameters;

    for (; cop_match(rest, "[pair | rest]", pair, rest);) {
        if (!cop_match(pair, "{app, parameters}", app, parameters))
            refuse(cop_none(), "invalid application config: ", pair);
        if (!cop_is_atom(app)) refuse(app, "application name must be an atom", cop_none());
        check_parameters(app, parameters);
        if (has_key(rest, app)) refuse(cop_none(), "duplicate application config: ", app);
    }
    if (!cop_is_empty_list(rest)) cop__raise_argument(3, "not a list");
}

cop_term cop__application_put_all(cop_term config, bool lasts)
{
    cop_term pair, app, parameters, key, value;

    check(config);
    for (; cop_match(config, "[pair | config]", pair, config);) {
        cop_expect(pair, "{app, parameters}", app, parameters);
        for (; cop_match(parameters, "[{key, value} | parameters]", key, value, parameters);) {
            if (lasts)
                cop_application_put_env_persistent(app, key, value);
            else
                cop_application_put_env(app, key, value);
        }
    }
    return cop_ok();
}

bool cop__application_lasts(cop_term options)
{
    return cop_is_keyword(options) &&
           cop_match(cop_keyword_get(options, COP(":persistent"), cop_false()), "true");
}

cop_term cop__application_put(cop_term app, cop_term key, cop_term value, cop_term options)
{
    if (cop__application_lasts(options)) return cop_application_put_env_persistent(app, key, value);
    return cop_application_put_env(app, key, value);
}

bool cop__application_is_spec_key(cop_term key)
{
    cop_term keys = COP("[:description, :id, :vsn, :modules, :maxP, :maxT, :registered,"
                        " :included_applications, :optional_applications, :applications, :mod,"
                        " :start_phases]");

    while (!cop_is_empty_list(keys) && !cop_identical(cop_head(keys), key))
        keys = cop_tail(keys);
    return !cop_is_empty_list(keys);
}
