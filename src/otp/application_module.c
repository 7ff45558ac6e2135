/* SPDX-License-Identifier: Apache-2.0 */
/* The module Application, as the console and captures call it. */
#include "coppice/application.h"

#include "otp/application_config.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"

/* app, which is a name; else the FunctionClauseError of this function. */
static cop_term name_arg(cop_term app, const char *function)
{
    if (!cop_is_atom(app)) cop__raise_no_clause(function);
    return app;
}

/* --- Life ------------------------------------------------------------------------------------- */

static cop_term load(cop_term app)
{
    return cop_application_load(name_arg(app, "Application.load/1"));
}

static cop_term unload(cop_term app)
{
    return cop_application_unload(name_arg(app, "Application.unload/1"));
}

static cop_term ensure_loaded(cop_term app)
{
    cop_term answer = cop_application_load(name_arg(app, "Application.ensure_loaded/1"));

    return cop_match(answer, "{:error, {:already_loaded, _}}") ? cop_ok() : answer;
}

static cop_term start_as(cop_term app, cop_term type)
{
    return cop_application_start(name_arg(app, "Application.start/2"), type);
}

static cop_term start(cop_term app)
{
    return start_as(app, COP(":temporary"));
}

static cop_term ensure_started_as(cop_term app, cop_term type)
{
    return cop_application_ensure_started(name_arg(app, "Application.ensure_started/2"), type);
}

static cop_term ensure_started(cop_term app)
{
    return ensure_started_as(app, COP(":temporary"));
}

/* The type may stand in a list of options; they are started one after the other in any mode. */
static cop_term ensure_all_started_as(cop_term apps, cop_term type)
{
    if (!cop_is_atom(apps) && cop_list_len(apps) < 0)
        cop__raise_no_clause("Application.ensure_all_started/2");
    if (cop_is_keyword(type)) type = cop_keyword_get(type, COP(":type"), COP(":temporary"));
    return cop_application_ensure_started_all(apps, type);
}

static cop_term ensure_all_started(cop_term apps)
{
    return ensure_all_started_as(apps, COP(":temporary"));
}

static cop_term stop(cop_term app)
{
    return cop_application_stop(name_arg(app, "Application.stop/1"));
}

/* --- Descriptions ----------------------------------------------------------------------------- */

static cop_term spec_of(cop_term app, cop_term key)
{
    cop_term spec = cop_application_spec(name_arg(app, "Application.spec/2"));

    if (!cop__application_is_spec_key(key)) cop__raise_no_clause("Application.spec/2");
    return cop_match(spec, "nil") ? spec : cop_keyword_get(spec, key, cop_nil());
}

static cop_term whole_spec(cop_term app)
{
    return cop_application_spec(name_arg(app, "Application.spec/1"));
}

static cop_term get_application(cop_term module)
{
    if (!cop_is_atom(module)) cop__raise_no_clause("Application.get_application/1");
    return cop_application_of(module);
}

/* --- Environment ------------------------------------------------------------------------------ */

static cop_term get_env_or(cop_term app, cop_term key, cop_term fallback)
{
    return cop_application_get_env(name_arg(app, "Application.get_env/3"), key, fallback);
}

static cop_term get_env(cop_term app, cop_term key)
{
    return get_env_or(app, key, cop_nil());
}

static cop_term fetch_env(cop_term app, cop_term key)
{
    return cop_application_fetch_env(name_arg(app, "Application.fetch_env/2"), key);
}

static cop_term get_all_env(cop_term app)
{
    return cop_application_get_all_env(name_arg(app, "Application.get_all_env/1"));
}

static cop_term delete_env_with(cop_term app, cop_term key, cop_term options)
{
    (void)options;
    return cop_application_delete_env(name_arg(app, "Application.delete_env/3"), key);
}

static cop_term delete_env(cop_term app, cop_term key)
{
    return delete_env_with(app, key, cop_empty_list());
}

static cop_term fetch_env_or_raise(cop_term app, cop_term key)
{
    cop_term value;
    cop_term answer = cop_application_fetch_env(name_arg(app, "Application.fetch_env!/2"), key);
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
    COP_EXPORT("load(app)", load, "Makes its modules and environment known."),
    COP_EXPORT("ensure_loaded(app)", ensure_loaded, "The same, and :ok if it is loaded."),
    COP_EXPORT("unload(app)", unload, "Forgets its environment."),
    COP_EXPORT("start(app)", start, "Starts an application whose dependencies run."),
    COP_EXPORT("start(app, type)", start_as, "The same as :permanent, :transient or :temporary."),
    COP_EXPORT("ensure_started(app)", ensure_started, "The same, and :ok if it runs."),
    COP_EXPORT("ensure_started(app, type)", ensure_started_as, "The same as a type."),
    COP_EXPORT("ensure_all_started(app_or_apps)", ensure_all_started,
               "Starts what they need, and then them; {:ok, started}."),
    COP_EXPORT("ensure_all_started(app_or_apps, type_or_options)", ensure_all_started_as,
               "The same as a type, or type: type."),
    COP_EXPORT("stop(app)", stop, "Stops an application."),
    COP_EXPORT("started_applications()", cop_application_which,
               "[{app, description, version}], the last started first."),
    COP_EXPORT("loaded_applications()", cop_application_loaded, "[{app, description, version}]"),
    COP_EXPORT("spec(app)", whole_spec, "The description of a loaded application."),
    COP_EXPORT("spec(app, key)", spec_of, "One value of it."),
    COP_EXPORT("get_application(module)", get_application,
               "The loaded application with this module, or nil."),
    COP_EXPORT("get_env(app, key)", get_env, "The value of key, or nil."),
    COP_EXPORT("get_env(app, key, default)", get_env_or, "The value of key, or default."),
    COP_EXPORT("fetch_env(app, key)", fetch_env, "{:ok, value} or :error."),
    COP_EXPORT("fetch_env!(app, key)", fetch_env_or_raise, "The value, or an ArgumentError."),
    COP_EXPORT("get_all_env(app)", get_all_env, "[{key, value}]"),
    COP_EXPORT("put_env(app, key, value)", put_env, "Sets the value of key."),
    COP_EXPORT("put_env(app, key, value, options)", put_env_with,
               "The same; persistent: true keeps it over loads."),
    COP_EXPORT("put_all_env(config)", put_all_env, "Sets [{app, [{key, value}]}]."),
    COP_EXPORT("put_all_env(config, options)", put_all_env_with,
               "The same; persistent: true keeps them over loads."),
    COP_EXPORT("delete_env(app, key)", delete_env, "Forgets the value of key."),
    COP_EXPORT("delete_env(app, key, options)", delete_env_with, "The same."),
    COP_EXPORT_END};

const struct cop_module cop__application_module = {
    .size = sizeof(struct cop_module),
    .name = "Application",
    .doc = "Named parts of a program, started and stopped in order.",
    .functions = functions,
};
