/* SPDX-License-Identifier: Apache-2.0 */
/* What the auth service's text must look like:
 *
 *     {"rules": [{"client": "billing", "services": ["invoices", "customers"]}, ...]}
 *
 * Other keys are let through, so that the auth service can grow. */
#include "my_service.h"

#include <coppice/json.h>

/* True if t is a proper list. */
static bool is_list(cop_term t)
{
    return cop_is_list(t) && cop_list_len(t) >= 0;
}

static cop_term wrong(cop_term place)
{
    return cop_build("{:error, {:wrong_shape, place}}", place);
}

/* cop_none(), or the error about rule i. */
static cop_term check_rule(cop_term rule, int i)
{
    cop_term client, services;

    if (!cop_match(rule, "%{\"client\" => client}", client) || !cop_is_binary(client))
        return wrong(cop_format("rules[%d].client", i));
    if (!cop_match(rule, "%{\"services\" => services}", services) || !is_list(services))
        return wrong(cop_format("rules[%d].services", i));
    for (int k = 0; !cop_is_empty_list(services); services = cop_tail(services), k++)
        if (!cop_is_binary(cop_head(services)))
            return wrong(cop_format("rules[%d].services[%d]", i, k));
    return cop_none();
}

static cop_term read_rules(cop_term list)
{
    cop_term read = cop_empty_list();

    for (int i = 0; !cop_is_empty_list(list); list = cop_tail(list), i++) {
        cop_term rule = cop_head(list);
        cop_term error = check_rule(rule, i);

        if (!cop_is_none(error)) return error;
        read = cop_cons(cop_tuple(cop_map_get(rule, COP("\"client\""), cop_nil()),
                                  cop_map_get(rule, COP("\"services\""), cop_nil())),
                        read);
    }
    return cop_tuple(COP(":ok"), cop_list_reverse(read));
}

cop_term my_service_rules_read(cop_term body)
{
    cop_term answer = cop_json_decode(body);
    cop_term data, list, why;

    if (cop_match(answer, "{:error, why}", why))
        return cop_build("{:error, {:invalid_json, why}}", why);
    cop_expect(answer, "{:ok, data}", data);
    if (!cop_match(data, "%{\"rules\" => list}", list) || !is_list(list))
        return wrong(COP("\"rules\""));
    return read_rules(list);
}
