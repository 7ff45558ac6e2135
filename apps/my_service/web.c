/* SPDX-License-Identifier: Apache-2.0 */
/* MyService.Web: the service's own port.
 *
 *     POST /events/auth-rules-changed    202; the rules are loaded after it
 *     GET /rules                         {"version": 3, "loaded_at": "...", "rules": [...]} */
#include "my_service.h"

#include <coppice/json.h>

static cop_term plain(int status, const char *text)
{
    return cop_tuple(status, COP("[{\"content-type\", \"text/plain\"}]"), text);
}

static cop_term rules_as_json(void)
{
    cop_term version = my_service_version();
    cop_term loaded_at = my_service_loaded_at();
    cop_term rules = cop_empty_list();
    cop_term list = cop_list_reverse(my_service_rules_list());

    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term client = cop_elem(cop_head(list), 0);
        cop_term services = cop_elem(cop_head(list), 1);

        rules =
            cop_cons(cop_build("%{client: client, services: services}", client, services), rules);
    }
    return cop_json_encode_or_raise(cop_build(
        "%{version: version, loaded_at: loaded_at, rules: rules}", version, loaded_at, rules));
}

cop_term my_service_web_handle(cop_term request)
{
    cop_term path;
    cop_bytes remote_ip;

    cop_expect(request, "%{path_info: path, remote_ip: remote_ip}", path, remote_ip);
    if (cop_match(path, "[\"events\", \"auth-rules-changed\"]")) {
        if (!cop_match(request, "%{method: \"POST\"}"))
            return COP("{405, [{\"allow\", \"POST\"}], \"\"}");
        my_service_events_changed(cop_format("POST from %.*s", (int)remote_ip.len, remote_ip.data));
        return plain(202, "accepted\n");
    }
    if (cop_match(path, "[\"rules\"]") && cop_match(request, "%{method: \"GET\"}"))
        return cop_tuple(200, COP("[{\"content-type\", \"application/json\"}]"), rules_as_json());
    return plain(404, "not found\n");
}

static const struct cop_function functions[] = {
    COP_EXPORT("handle(request)", my_service_web_handle, "Answers a request."), COP_EXPORT_END};

const struct cop_module my_service_web = {.size = sizeof(struct cop_module),
                                          .name = "MyService.Web",
                                          .doc = "The service's own port.",
                                          .functions = functions};
