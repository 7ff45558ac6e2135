/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose answers are taken later (GEN-51), and calls to servers of one name on several nodes
 * (GEN-50).
 *
 * A request's id is the monitor of its server, which is also the alias for the answer: whichever
 * comes first ends both. Where there is no server a DOWN is made up, so that all ends are alike. A
 * collection is a map from ids to labels. */
#include "coppice/gen_server.h"

#include "otp/gen.h"

/* --- One request ------------------------------------------------------------------------------ */

static cop_ref fail(cop_term server, cop_term reason)
{
    cop_ref ref = cop_make_ref();

    cop_send(cop_self(), cop_build("{:DOWN, ref, :process, server, reason}", ref, server, reason));
    return ref;
}

cop_ref cop_gen_server_send_request(cop_term server, cop_term request)
{
    cop_term found = cop__server_locate(server), from;
    cop_ref ref;

    if (cop_is_tuple(found)) return fail(server, COP(":noconnection"));
    if (!cop_is_pid(found)) return fail(server, COP(":noproc"));
    ref = cop_monitor_with(found, COP_ALIAS_REPLY_DEMONITOR, cop_none());
    from = cop_from_term((cop_from){.client = cop_self(), .tag = ref, .is_alias = true});
    cop_send(found, cop_tuple(COP(":\"$gen_call\""), from, request));
    return ref;
}

/* What a message says about the request that it names in *ret_id: {:reply, value} or {:error,
 * {reason, server}}. False: it is about none. */
static bool is_response(cop_term msg, cop_ref *ret_id, cop_term *ret_response)
{
    cop_term value, server, reason;
    cop_ref id;

    if (cop_match(msg, "{[:alias | id], value}", id, value)) {
        *ret_response = cop_tuple(COP(":reply"), value);
    } else if (cop_match(msg, "{:DOWN, id, :process, server, reason}", id, server, reason)) {
        *ret_response = cop_tuple(COP(":error"), cop_tuple(reason, server));
    } else {
        return false;
    }
    *ret_id = id;
    return true;
}

static bool is_response_to(cop_term msg, void *arg)
{
    cop_ref id;
    cop_term response;

    return is_response(msg, &id, &response) && cop_ref_equal(id, *(cop_ref *)arg);
}

cop_term cop_gen_server_check_response(cop_term msg, cop_ref id)
{
    cop_ref of;
    cop_term response;

    if (!is_response(msg, &of, &response) || !cop_ref_equal(of, id)) return COP(":no_reply");
    return response;
}

cop_term cop_gen_server_wait_response(cop_ref id, int64_t timeout_ms)
{
    cop_term msg;

    if (!cop_receive_if(is_response_to, &id, &msg, timeout_ms)) return COP(":timeout");
    return cop_gen_server_check_response(msg, id);
}

cop_term cop_gen_server_receive_response(cop_ref id, int64_t timeout_ms)
{
    cop_term response = cop_gen_server_wait_response(id, timeout_ms);

    if (!cop_identical(response, COP(":timeout"))) return response;
    cop_demonitor(id, true);
    return cop_gen_server_wait_response(id, 0); /* one that came before that counts */
}

/* --- Collections ------------------------------------------------------------------------------ */

static cop_term collection(cop_term requests)
{
    if (!cop_is_map(requests)) cop_error(COP(":badarg"));
    return requests;
}

cop_term cop_gen_server_add_request(cop_term requests, cop_ref id, cop_term label)
{
    if (cop_map_has(collection(requests), id)) cop_error(COP(":badarg"));
    return cop_map_put(requests, id, label);
}

static bool is_response_to_one(cop_term msg, void *requests)
{
    cop_ref id;
    cop_term response;

    return is_response(msg, &id, &response) && cop_map_has(*(cop_term *)requests, id);
}

cop_term cop_gen_server_check_responses(cop_term msg, cop_term requests, bool remove)
{
    cop_ref id;
    cop_term response, label;

    if (cop_map_size(collection(requests)) == 0) return COP(":no_request");
    if (!is_response(msg, &id, &response)) return COP(":no_reply");
    label = cop_map_get(requests, cop_ref_term(id), cop_none());
    if (cop_is_none(label)) return COP(":no_reply");
    return cop_tuple(response, label, remove ? cop_map_remove(requests, id) : requests);
}

cop_term cop_gen_server_wait_responses(cop_term requests, int64_t timeout_ms, bool remove)
{
    cop_term msg;

    if (cop_map_size(collection(requests)) == 0) return COP(":no_request");
    if (!cop_receive_if(is_response_to_one, &requests, &msg, timeout_ms)) return COP(":timeout");
    return cop_gen_server_check_responses(msg, requests, remove);
}

cop_term cop_gen_server_receive_responses(cop_term requests, int64_t timeout_ms, bool remove)
{
    cop_term answer = cop_gen_server_wait_responses(requests, timeout_ms, remove), msg, id, label;
    struct cop_map_iter it;

    if (!cop_identical(answer, COP(":timeout"))) return answer;
    it = cop_map_iter(requests);
    while (cop_map_next(&it, &id, &label))
        cop_demonitor(cop_to_ref(id), true);
    while (cop_receive_if(is_response_to_one, &requests, &msg, 0))
        continue;
    return answer;
}

/* --- Several nodes ---------------------------------------------------------------------------- */

cop_term cop_gen_server_abcast(cop_term nodes, cop_term name, cop_term message)
{
    for (; !cop_is_empty_list(nodes); nodes = cop_tail(nodes))
        cop_gen_server_cast(cop_tuple(name, cop_head(nodes)), message);
    return COP(":abcast");
}

/* The requests of {name, node} of each node, labelled with the nodes. */
static cop_term request_all(cop_term nodes, cop_term name, cop_term request)
{
    cop_term requests = cop_map_new();

    for (; !cop_is_empty_list(nodes); nodes = cop_tail(nodes)) {
        cop_term node = cop_head(nodes);
        cop_ref id = cop_gen_server_send_request(cop_tuple(name, node), request);

        requests = cop_gen_server_add_request(requests, id, node);
    }
    return requests;
}

cop_term cop_gen_server_multi_call(cop_term nodes, cop_term name, cop_term request,
                                   int64_t timeout_ms)
{
    cop_term requests = request_all(nodes, name, request), replies = cop_empty_list(), bad;
    int64_t end = timeout_ms == COP_INFINITY ? 0 : cop_monotonic_ms() + timeout_ms;
    cop_term response, node, value, answer;
    struct cop_map_iter it;

    for (bad = cop_empty_list();;) {
        answer = cop_gen_server_receive_responses(requests, timeout_ms, true);
        if (!cop_match(answer, "{response, node, requests}", response, node, requests)) break;
        if (cop_match(response, "{:reply, value}", value))
            replies = cop_cons(cop_tuple(node, value), replies);
        else
            bad = cop_cons(node, bad);
        if (timeout_ms == COP_INFINITY) continue;
        timeout_ms = end - cop_monotonic_ms();
        if (timeout_ms < 0) timeout_ms = 0;
    }
    it = cop_map_iter(requests); /* those that have not answered in time */
    while (cop_map_next(&it, &response, &node))
        bad = cop_cons(node, bad);
    return cop_tuple(cop_list_reverse(replies), cop_list_reverse(bad));
}
