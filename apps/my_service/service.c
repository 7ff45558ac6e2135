/* SPDX-License-Identifier: Apache-2.0 */
/* MyService: what others ask it. Questions are answered from the table that MyService.Rules writes,
 * in the process that asks. */
#include "my_service.h"

cop_term loader_tree_start(const struct cop_module *sup)
{
    return cop_supervisor_start_link(cop_list(cop_module_name(sup)),
                                     COP("[strategy: :one_for_one]"));
}

cop_term my_service_start(void)
{
    return loader_tree_start(&auth_data_loader_sup);
}

cop_term my_service_update_auth_rules(void)
{
    return auth_data_loader_sup_start_child();
}

/* Element pos of the row that says which rules are in force: {:current, version, time, rules}. */
static cop_term current(int64_t pos, cop_term fallback)
{
    return cop_ets_lookup_element_or(COP("MyService.Rules"), COP(":current"), pos, fallback);
}

cop_term my_service_version(void)
{
    return current(2, cop_nil());
}

cop_term my_service_loaded_at(void)
{
    return current(3, cop_nil());
}

cop_term my_service_rules_list(void)
{
    return current(4, cop_empty_list());
}

bool my_service_is_allowed(cop_term client, cop_term service)
{
    cop_term version = my_service_version();
    cop_term now;

    /* The rows of a version come and the former go in one stroke each, the new ones first: who
     * finds no row of a version that is still in force knows that there is none. */
    for (;; version = now) {
        if (cop_ets_member(COP("MyService.Rules"), cop_tuple(version, client, service)))
            return true;
        now = my_service_version();
        if (cop_identical(now, version)) return false;
    }
}

static cop_term is_allowed(cop_term client, cop_term service)
{
    return cop_bool(my_service_is_allowed(client, service));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start()", my_service_start, "Starts a supervisor with AuthDataLoaderSup."),
    COP_EXPORT("update_auth_rules()", my_service_update_auth_rules,
               "Has the rules loaded: `{:ok, pid}`, or `{:error, {:already_started, pid}}`."),
    COP_EXPORT("allowed?(client, service)", is_allowed, "Whether client may ask service."),
    COP_EXPORT("rules()", my_service_rules_list, "The rules: `[{client, [service]}]`."),
    COP_EXPORT("version()", my_service_version, "The number of the load they come from, or nil."),
    COP_EXPORT("loaded_at()", my_service_loaded_at, "When they were loaded, or nil."),
    COP_EXPORT_END};

const struct cop_module my_service_module = {.size = sizeof(struct cop_module),
                                             .name = "MyService",
                                             .doc = "Who may ask which service.",
                                             .functions = functions};
