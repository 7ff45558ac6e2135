/* SPDX-License-Identifier: Apache-2.0 */
/* AuthDataLoaderSup: starts loaders on demand, and again, after a while, those that have failed.
 *
 * Restarts are not limited. The limit of a supervisor is against children that die as fast as they
 * are started; here the backoff slows each one down and the loaders' fixed name lets one run at a
 * time, while an auth service that is gone for hours, with events meanwhile, must not bring the
 * service down. */
#include "my_service.h"

cop_term loader_sup_start_link(const struct cop_module *sup, cop_term arg)
{
    cop_term name = cop_module_name(sup);

    return cop_dynamic_supervisor_start_link_module(sup, arg, cop_build("[name: name]", name));
}

cop_term loader_sup_init(cop_term arg)
{
    (void)arg;
    return cop_dynamic_supervisor_init(
        COP("[strategy: :one_for_one, max_restarts: 1_000_000, max_seconds: 1]"));
}

cop_term loader_sup_start_child(const struct cop_module *sup, const struct cop_module *loader)
{
    cop_term name = cop_module_name(sup);
    cop_term module = cop_module_name(loader);
    cop_term url = my_service_url();
    cop_term backoff = my_service_backoff();
    cop_term waiting = cop_dynamic_supervisor_next_starts(name);
    cop_term spec = cop_supervisor_child_spec(cop_build("{module, [url]}", module, url),
                                              cop_build("[backoff: backoff]", backoff));

    /* They would load what the new one loads, and gather while the auth service is gone. */
    for (; !cop_is_empty_list(waiting); waiting = cop_tail(waiting)) {
        cop_pid former = cop_to_pid(cop_elem(cop_head(waiting), 0));

        (void)cop_dynamic_supervisor_terminate_child(name, former);
    }
    return cop_dynamic_supervisor_start_child(name, spec);
}

cop_term auth_data_loader_sup_start_link(cop_term arg)
{
    return loader_sup_start_link(&auth_data_loader_sup, arg);
}

cop_term auth_data_loader_sup_start_child(void)
{
    return loader_sup_start_child(&auth_data_loader_sup, &auth_data_loader);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", auth_data_loader_sup_start_link, "Starts the supervisor."),
    COP_EXPORT("start_child()", auth_data_loader_sup_start_child, "Starts a load."),
    COP_EXPORT_END};

const struct cop_module auth_data_loader_sup = {.size = sizeof(struct cop_module),
                                                .name = "AuthDataLoaderSup",
                                                .doc = "Supervises the loads of the rules.",
                                                .functions = functions,
                                                .supervisor_init = loader_sup_init,
                                                .child_spec = "type: :supervisor"};
