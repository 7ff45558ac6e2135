/* SPDX-License-Identifier: Apache-2.0 */
/* The module :application: the same under the names and with the answers of Erlang. */
#include "coppice/application.h"

#include "otp/application_config.h"
#include "otp/standard_modules.h"

/* {:ok, x}, or :undefined for nil and :error. */
static cop_term found(cop_term x)
{
    return cop_match(x, "nil") ? COP(":undefined") : cop_tuple(cop_ok(), x);
}

static cop_term get_env(cop_term app, cop_term key)
{
    cop_term answer = cop_application_fetch_env(app, key);

    return cop_match(answer, ":error") ? COP(":undefined") : answer;
}

static cop_term set_all_env(cop_term config)
{
    return cop__application_put_all(config, false);
}

static cop_term set_all_env_with(cop_term config, cop_term options)
{
    return cop__application_put_all(config, cop__application_lasts(options));
}

static cop_term get_application(cop_term pid_or_module)
{
    return found(cop_application_of(pid_or_module));
}

static cop_term own_application(void)
{
    return found(cop_application_of(cop_pid_term(cop_self())));
}

static cop_term get_all_key(cop_term app)
{
    return found(cop_application_spec(app));
}

static cop_term get_key(cop_term app, cop_term key)
{
    cop_term spec = cop_application_spec(app);

    if (!cop_is_list(spec) || !cop__application_is_spec_key(key)) return COP(":undefined");
    return cop_tuple(cop_ok(), cop_keyword_get(spec, key, cop_nil()));
}

static const struct cop_function functions[] = {
    COP_EXPORT("load(app)", cop_application_load, "Makes its modules and environment known."),
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
    COP_EXPORT("which_applications()", cop_application_which,
               "[{app, description, version}], the last started first."),
    COP_EXPORT("loaded_applications()", cop_application_loaded, "[{app, description, version}]"),
    COP_EXPORT("get_env(app, key)", get_env, "{:ok, value} or :undefined."),
    COP_EXPORT("get_env(app, key, default)", cop_application_get_env,
               "The value of key, or default."),
    COP_EXPORT("get_all_env(app)", cop_application_get_all_env, "[{key, value}]"),
    COP_EXPORT("set_env(config)", set_all_env, "Sets [{app, [{key, value}]}]."),
    COP_EXPORT("set_env(config, options)", set_all_env_with,
               "The same; persistent: true keeps them over loads."),
    COP_EXPORT("set_env(app, key, value)", cop_application_put_env, "Sets the value of key."),
    COP_EXPORT("set_env(app, key, value, options)", cop__application_put,
               "The same; persistent: true keeps it over loads."),
    COP_EXPORT("unset_env(app, key)", cop_application_delete_env, "Forgets the value of key."),
    COP_EXPORT("get_key(app, key)", get_key, "{:ok, value} of the description, or :undefined."),
    COP_EXPORT("get_all_key(app)", get_all_key, "{:ok, description} or :undefined."),
    COP_EXPORT("get_application()", own_application, "{:ok, app} of the caller, or :undefined."),
    COP_EXPORT("get_application(pid_or_module)", get_application, "{:ok, app} or :undefined."),
    COP_EXPORT_END};

const struct cop_module cop__erlang_application_module = {
    .size = sizeof(struct cop_module),
    .name = ":application",
    .doc = "Applications under Erlang's names; see Application.",
    .functions = functions,
};
