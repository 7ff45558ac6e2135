/* SPDX-License-Identifier: Apache-2.0 */
/* The application :auth_service: its modules, and the supervisor at its top. */
#include "auth_service.h"

static cop_term env(cop_term key)
{
    return cop_application_get_env(COP(":auth_service"), key, cop_nil());
}

static cop_term start(cop_term type, cop_term args)
{
    cop_term address = env(COP(":address"));
    cop_term port = env(COP(":port"));
    cop_term mode = env(COP(":mode"));

    (void)type;
    (void)args;
    return cop_supervisor_start_link(
        cop_build("[{AuthService.Switch, mode},"
                  " {HttpServer, name: AuthService.Web, address: address, port: port,"
                  "              handler: &AuthService.Web.handle/1}]",
                  address, port, mode),
        COP("[strategy: :one_for_one, name: AuthService.Supervisor]"));
}

static const struct cop_module *const modules[] = {&auth_service_switch, &auth_service_web, NULL};
static const struct cop_application *const applications[] = {&cop_http_server_application, NULL};

const struct cop_application auth_service = {
    .size = sizeof(struct cop_application),
    .name = "auth_service",
    .description = "Which client may ask which service",
    .version = "0.1.0",
    .modules = modules,
    .applications = applications,
    .start = start,
    .env = "[address: \"127.0.0.1\", port: 4001, rules: nil, mode: :ok, delay: 10_000]",
    .registered = "[AuthService.Supervisor, AuthService.Switch, AuthService.Web]"};
