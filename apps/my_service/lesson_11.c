/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of the lesson that this service grew from, under their names there. They do what
 * MyService, AuthDataLoaderSup and AuthDataLoader do and save to the same place, so that
 * Lesson_11.MyService.start() works beside the running service. As in the lesson, loaders have no
 * name: each update starts one. */
#include "my_service.h"

static cop_term start(void)
{
    return loader_tree_start(&lesson_11_auth_data_loader_sup);
}

static cop_term start_child(void)
{
    return loader_sup_start_child(&lesson_11_auth_data_loader_sup, &lesson_11_auth_data_loader);
}

static cop_term sup_start_link(cop_term arg)
{
    return loader_sup_start_link(&lesson_11_auth_data_loader_sup, arg);
}

static cop_term start_link(cop_term url_list)
{
    return cop_gen_server_start_link(&lesson_11_auth_data_loader, url_list, COP("[]"));
}

static const struct cop_function service_functions[] = {
    COP_EXPORT("start()", start, "Starts a supervisor with Lesson_11.AuthDataLoaderSup."),
    COP_EXPORT("update_auth_rules()", start_child, "Starts a load."), COP_EXPORT_END};

const struct cop_module lesson_11_my_service = {.size = sizeof(struct cop_module),
                                                .name = "Lesson_11.MyService",
                                                .doc = "MyService, as in the lesson.",
                                                .functions = service_functions};

static const struct cop_function sup_functions[] = {
    COP_EXPORT("start_link(arg)", sup_start_link, "Starts the supervisor."),
    COP_EXPORT("start_child()", start_child, "Starts a load."), COP_EXPORT_END};

const struct cop_module lesson_11_auth_data_loader_sup = {
    .size = sizeof(struct cop_module),
    .name = "Lesson_11.AuthDataLoaderSup",
    .doc = "AuthDataLoaderSup, as in the lesson.",
    .functions = sup_functions,
    .supervisor_init = loader_sup_init,
    .child_spec = "type: :supervisor"};

static const struct cop_function loader_functions[] = {
    COP_EXPORT("start_link(url_list)", start_link, "Starts a load from the url in the list."),
    COP_EXPORT_END};

const struct cop_module lesson_11_auth_data_loader = {.size = sizeof(struct cop_module),
                                                      .name = "Lesson_11.AuthDataLoader",
                                                      .doc = "AuthDataLoader, as in the lesson.",
                                                      .functions = loader_functions,
                                                      .gen_server = &loader_callbacks,
                                                      .child_spec = "restart: :transient"};
