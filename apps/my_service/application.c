/* SPDX-License-Identifier: Apache-2.0 */
/* The application :my_service: its modules, and the supervisor at its top. */
#include "my_service.h"

#include <coppice/http.h>
#include <coppice/http_server.h>

static cop_term start_link(cop_term arg)
{
    return cop_supervisor_start_link_module(&my_service_supervisor, arg,
                                            COP("[name: MyService.Supervisor]"));
}

/* Rest for one: what comes later lives on what comes before. */
static cop_term init(cop_term arg)
{
    int port = my_service_port();
    cop_term address = my_service_address();

    (void)arg;
    my_service_rules_make_table();
    return cop_supervisor_init(
        cop_build("[MyService.Rules,"
                  " %{id: MyService, start: {MyService, :start, []}, type: :supervisor},"
                  " MyService.Events,"
                  " {HttpServer, name: MyService.Web, address: address, port: port,"
                  "              handler: &MyService.Web.handle/1}]",
                  address, port),
        COP("[strategy: :rest_for_one]"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", start_link, "Starts the tree."), COP_EXPORT_END};

const struct cop_module my_service_supervisor = {.size = sizeof(struct cop_module),
                                                 .name = "MyService.Supervisor",
                                                 .doc = "Supervises the service.",
                                                 .functions = functions,
                                                 .supervisor_init = init,
                                                 .child_spec = ""};

static cop_term start(cop_term type, cop_term args)
{
    cop_term answer = start_link(COP(":ok")), why;
    cop_bytes address = cop_to_bytes(my_service_address());

    (void)type;
    (void)args;
    if (cop_match(answer, "{:ok, _}"))
        cop_log(COP_INFO, "MyService listens on http://%.*s:%d", (int)address.len, address.data,
                (int)cop_to_int(cop_http_server_port(COP("MyService.Web"))));
    if (cop_match(answer, "{:error, {:shutdown, {:failed_to_start_child, _, :eaddrinuse}}}")) {
        why = cop_format("port %d is taken: another program listens there; MY_SERVICE_PORT names"
                         " another",
                         my_service_port());
        return cop_tuple(COP(":error"), why);
    }
    return answer;
}

static const struct cop_module *const modules[] = {&my_service_supervisor,
                                                   &my_service_module,
                                                   &auth_data_loader_sup,
                                                   &auth_data_loader,
                                                   &my_service_rules,
                                                   &my_service_events,
                                                   &my_service_web,
                                                   &lesson_11_my_service,
                                                   &lesson_11_auth_data_loader_sup,
                                                   &lesson_11_auth_data_loader,
                                                   NULL};

static const struct cop_application *const needed[] = {&cop_http_server_application,
                                                       &cop_http_application, NULL};

static const char settings[] = "  [AUTH_SERVICE_URL]   the auth service; http://127.0.0.1:4001\n"
                               "  [MY_SERVICE_DB]      the file of the rules; my_service.db in "
                               "STATE_DIRECTORY, else in coppice\n"
                               "                       below XDG_STATE_HOME or ~/.local/state\n"
                               "  [MY_SERVICE_PORT]    the port for events; 0: any free one; 4050\n"
                               "  [MY_SERVICE_ADDRESS] where to listen; 127.0.0.1\n";

const struct cop_application my_service = {
    .size = sizeof(struct cop_application),
    .name = "my_service",
    .description = "Who may ask which service",
    .version = "0.1.0",
    .modules = modules,
    .applications = needed,
    .start = start,
    .registered = "[MyService.Supervisor, MyService.Rules, MyService.Events, MyService.Web,"
                  " AuthDataLoaderSup, AuthDataLoader]",
    .settings = settings};
