/* SPDX-License-Identifier: Apache-2.0 */
#include "../kv/kv_server.h"
#include "../my_service/my_service.h"
#include "demo.h"

#include <coppice/observer.h>

static const struct cop_application *const systems[] = {&kv_server, &demo_auth_service, &my_service,
                                                        &cop_observer_application, NULL};

static const char settings[] =
    "  [PORT]               of kv's line protocol; 4040\n"
    "  [REDIS_PORT]         of kv's Redis protocol; off: none; 4079\n"
    "  [AUTH_SERVICE_URL]   the auth service; without it one is started\n"
    "  [MY_SERVICE_PORT]    of my_service; 4050\n"
    "  [OBSERVER_PORT]      of the Observer's page; 4000\n"
    "and the others of kv and my_service: `kv help`, `my_service help`\n";

static const struct cop_application demo = {.size = sizeof(struct cop_application),
                                            .name = "demo",
                                            .description = "All systems on one node",
                                            .version = "0.1.0",
                                            .applications = systems,
                                            .settings = settings};

int main(int argc, char **argv)
{
    cop_region *region = cop_region_open();

    /* Alone kv speaks the Redis protocol only when told to. */
    cop_application_put_env_persistent(COP(":kv_server"), COP(":redis_port"), cop_int(4079));
    cop_region_close(region);
    return cop_main(argc, argv, &demo);
}
