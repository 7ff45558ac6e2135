/* SPDX-License-Identifier: Apache-2.0 */
/* The module Application, as the console and captures call it. */
#include "coppice/application.h"

#include "otp/application_config.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"

static cop_term ensure_loaded(cop_term app)
{
    cop_term answer = cop_application_load(app);

    return cop_match(answer, "{:error, {:already_loaded, _}}") ? cop_ok() : answer;
}

/* --- Descriptions ----------------------------------------------------------------------------- */

static cop_term spec_of(cop_term app, cop_term key)
{
    cop_term spec = cop_application_spec(app);

    if (!cop__application_is_spec_key(key)) cop__raise_no_clause("Application.spec/2");
    return cop_match(spec, "nil") ? spec : cop_keyword_get(spec, key, cop_nil());
}

static cop_term get_application(cop_term module)
{
    if (!cop_is_atom(module)) cop__raise_no_clause("Application.get_application/1");
    return cop_application_of(module);
}

/* --- Environment ------------------------------------------------------------------------------ */

static cop_term get_env(cop_term app, cop_term key)
{
    return cop_application_get_env(app, key, cop_nil());
}

static cop_term fetch_env_or_raise(cop_term app, cop_term key)
{
    cop_term value, answer = cop_application_fetch_env(app, key);
    cop_bytes a, k;

    if (cop_match(answer, "{:ok, value}", value)) return value;
    a = cop_to_bytes(cop_inspect(app));
    k = cop_to_bytes(cop_inspect(key));
    if (cop_match(cop_application_spec(app), "nil"))
        cop_raise("ArgumentError",
                  "could not fetch application environment %.*s for application %.*s because the "
                  "application was not loaded nor configured",
                  (int)k.len, k.data, (int)a.len, a.data);
    cop_raise("ArgumentError",
              "could not fetch application environment %.*s for application %.*s because "
              "configuration at %.*s was not set",
              (int)k.len, k.data, (int)a.len, a.data, (int)k.len, k.data);
}

static cop_term put_env_with(cop_term app, cop_term key, cop_term value, cop_term options)
{
    if (!cop_is_atom(app)) cop__raise_no_clause("Application.put_env/4");
    return cop__application_put(app, key, value, options);
}

static cop_term put_env(cop_term app, cop_term key, cop_term value)
{
    return put_env_with(app, key, value, cop_empty_list());
}

static cop_term put_all_env_with(cop_term config, cop_term options)
{
    if (!cop_is_list(config)) cop__raise_no_clause("Application.put_all_env/2");
    return cop__application_put_all(config, cop__application_lasts(options));
}

static cop_term put_all_env(cop_term config)
{
    return put_all_env_with(config, cop_empty_list());
}

/* --- The module ------------------------------------------------------------------------------- */

static const struct cop_function functions[] = {
    COP_EXPORT("load(app)", cop_application_load, "Makes its modules and environment known."),
    COP_EXPORT("ensure_loaded(app)", ensure_loaded, "The same, and :ok if it is loaded."),
    COP_EXPORT("unload(app)", cop_application_unload, "Forgets its environment."),
    COP_EXPORT("start(app)", cop__application_start,
               "Starts an application whose dependencies run."),
    COP_EXPORT("start(app, type)", cop_application_start,
               "The same as :permanent, :transient or :temporary."),
    COP_EXPORT("ensure_started(app)", cop__application_ensure_started,
               "The same, and :ok if it runs."),
    COP_EXPORT("ensure_started(app, type)", cop_application_ensure_started, "The same as a type."),
    COP_EXPORT("ensure_all_started(app_or_apps)", cop__application_ensure_all_started,
               "Starts what they need, and then them; {:ok, started}."),
    COP_EXPORT("ensure_all_started(app_or_apps, type)", cop_application_ensure_started_all,
               "The same as a type."),
    COP_EXPORT("stop(app)", cop_application_stop, "Stops an application."),
    COP_EXPORT("started_applications()", cop_application_which,
               "[{app, description, version}], the last started first."),
    COP_EXPORT("loaded_applications()", cop_application_loaded, "[{app, description, version}]"),
    COP_EXPORT("spec(app)", cop_application_spec, "The description of a loaded application."),
    COP_EXPORT("spec(app, key)", spec_of, "One value of it."),
    COP_EXPORT("get_application(module)", get_application,
               "The loaded application with this module, or nil."),
    COP_EXPORT("get_env(app, key)", get_env, "The value of key, or nil."),
    COP_EXPORT("get_env(app, key, default)", cop_application_get_env,
               "The value of key, or default."),
    COP_EXPORT("fetch_env(app, key)", cop_application_fetch_env, "{:ok, value} or :error."),
    COP_EXPORT("fetch_env!(app, key)", fetch_env_or_raise, "The value, or an ArgumentError."),
    COP_EXPORT("get_all_env(app)", cop_application_get_all_env, "[{key, value}]"),
    COP_EXPORT("put_env(app, key, value)", put_env, "Sets the value of key."),
    COP_EXPORT("put_env(app, key, value, options)", put_env_with,
               "The same; persistent: true keeps it over loads."),
    COP_EXPORT("put_all_env(config)", put_all_env, "Sets [{app, [{key, value}]}]."),
    COP_EXPORT("put_all_env(config, options)", put_all_env_with,
               "The same; persistent: true keeps them over loads."),
    COP_EXPORT("delete_env(app, key)", cop_application_delete_env, "Forgets the value of key."),
    COP_EXPORT_END};

const struct cop_module cop__application_module = {
    .size = sizeof(struct cop_module),
    .name = "Application",
    .doc = "Named parts of a program, started and stopped in order.",
    .functions = functions,
};
