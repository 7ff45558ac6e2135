/* SPDX-License-Identifier: Apache-2.0 */
/* :gen_server, GenServer's functions under their Erlang names: failures of a call name this module
 * and the arguments as they were given, those of a stop are the bare reason (GEN-41, 52). */
#include "coppice/gen_server.h"
#include "otp/gen.h"
#include "otp/stdlib.h"

#define MODULE COP(":gen_server")

static int64_t timeout_arg(cop_term timeout)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) cop__raise_no_clause("gen.call/4");
    return ms;
}

/* --- Starting --------------------------------------------------------------------------------- */

typedef cop_term (*start_fn)(const struct cop_module *module, cop_term arg, cop_term options);

static cop_term start_with(start_fn start, cop_term name, cop_term arg, cop_term options)
{
    const struct cop_module *module = cop_is_atom(name) ? cop_module_find(name) : NULL;

    if (!cop_is_atom(name) || cop_list_len(options) < 0) cop_error(COP(":badarg"));
    if (module == NULL || module->gen_server == NULL)
        return cop_build("{:error, {:undef, [{name, :init, [arg], []}]}}", name, arg);
    return start(module, arg, options);
}

/* The options with the name in it: {:local, atom}, {:global, term} or {:via, module, term}. */
static cop_term with_name(cop_term options, cop_term name)
{
    cop_term atom;

    if (cop_match(name, "{:local, atom}", atom) && cop_is_atom(atom))
        name = atom;
    else if (!cop_match(name, "{:global, _}") && !cop_match(name, "{:via, _, _}"))
        cop_error(COP(":badarg"));
    return cop_cons(cop_tuple(COP(":name"), name), options);
}

#define START(name)                                                                                \
    static cop_term name(cop_term module, cop_term arg, cop_term options)                          \
    {                                                                                              \
        return start_with(cop_gen_server_##name, module, arg, options);                            \
    }                                                                                              \
    static cop_term name##_named(cop_term own, cop_term module, cop_term arg, cop_term options)    \
    {                                                                                              \
        return start_with(cop_gen_server_##name, module, arg, with_name(options, own));            \
    }
START(start)
START(start_link)
START(start_monitor)

/* --- Calls ------------------------------------------------------------------------------------ */

static cop_term call_with(cop_term server, cop_term request, int64_t timeout_ms, cop_term args)
{
    cop_term answer;
    cop_pid pid = cop__server_to_ask(server, &answer);

    if (!cop_is_no_pid(pid) &&
        cop__request(COP(":\"$gen_call\""), pid, request, timeout_ms, &answer))
        return answer;
    cop__exit_call(answer, MODULE, COP(":call"), args);
}

static cop_term call(cop_term server, cop_term request)
{
    return call_with(server, request, COP_CALL_TIMEOUT, cop_list(server, request));
}

static cop_term call_for(cop_term server, cop_term request, cop_term timeout)
{
    return call_with(server, request, timeout_arg(timeout), cop_list(server, request, timeout));
}

static cop_term cast(cop_term server, cop_term message)
{
    return cop_gen_server_cast(server, message);
}

static cop_term stop_for(cop_term server, cop_term reason, cop_term timeout)
{
    cop_term why;
    cop_pid pid = cop__server_to_ask(server, &why);
    int64_t timeout_ms = timeout_arg(timeout);

    if (!cop_is_no_pid(pid) && cop__stop(pid, reason, timeout_ms, &why)) return cop_ok();
    cop_exit(why);
}

static cop_term stop(cop_term server)
{
    return stop_for(server, COP(":normal"), COP(":infinity"));
}

static cop_term this_node(void)
{
    return COP("[:nonode@nohost]");
}

static cop_term abcast(cop_term name, cop_term message)
{
    return cop_gen_server_abcast(this_node(), name, message);
}

static cop_term multi_call_for(cop_term nodes, cop_term name, cop_term request, cop_term timeout)
{
    return cop_gen_server_multi_call(nodes, name, request, timeout_arg(timeout));
}

static cop_term multi_call_on(cop_term nodes, cop_term name, cop_term request)
{
    return cop_gen_server_multi_call(nodes, name, request, COP_INFINITY);
}

static cop_term multi_call(cop_term name, cop_term request)
{
    return multi_call_on(this_node(), name, request);
}

/* --- Requests --------------------------------------------------------------------------------- */

static cop_ref id_arg(cop_term id)
{
    if (!cop_is_reference(id)) cop_error(COP(":badarg"));
    return cop_to_ref(id);
}

static cop_term send_request(cop_term server, cop_term request)
{
    return cop_ref_term(cop_gen_server_send_request(server, request));
}

static cop_term reqids_add(cop_term id, cop_term label, cop_term requests)
{
    return cop_gen_server_add_request(requests, id_arg(id), label);
}

static cop_term send_request_in(cop_term server, cop_term request, cop_term label,
                                cop_term requests)
{
    if (!cop_is_map(requests)) cop_error(COP(":badarg"));
    return reqids_add(send_request(server, request), label, requests);
}

static cop_term receive_response(cop_term id, cop_term timeout)
{
    return cop_gen_server_receive_response(id_arg(id), timeout_arg(timeout));
}

static cop_term wait_response(cop_term id, cop_term timeout)
{
    return cop_gen_server_wait_response(id_arg(id), timeout_arg(timeout));
}

static cop_term check_response(cop_term msg, cop_term id)
{
    return cop_gen_server_check_response(msg, id_arg(id));
}

static cop_term receive_responses(cop_term requests, cop_term timeout, cop_term remove)
{
    return cop_gen_server_receive_responses(requests, timeout_arg(timeout), cop_to_bool(remove));
}

static cop_term wait_responses(cop_term requests, cop_term timeout, cop_term remove)
{
    return cop_gen_server_wait_responses(requests, timeout_arg(timeout), cop_to_bool(remove));
}

static cop_term check_responses(cop_term msg, cop_term requests, cop_term remove)
{
    return cop_gen_server_check_responses(msg, requests, cop_to_bool(remove));
}

static cop_term reqids_new(void)
{
    return cop_map_new();
}

static cop_term reqids_size(cop_term requests)
{
    if (!cop_is_map(requests)) cop_error(COP(":badarg"));
    return cop_int((int64_t)cop_map_size(requests));
}

static cop_term reqids_to_list(cop_term requests)
{
    if (!cop_is_map(requests)) cop_error(COP(":badarg"));
    return cop_map_to_list(requests);
}

static const struct cop_function functions[] = {
    COP_EXPORT("abcast(name, message)", abcast, "Casts to the server of this name: :abcast."),
    COP_EXPORT("abcast(nodes, name, message)", cop_gen_server_abcast, "The same on each node."),
    COP_EXPORT("call_cycles()", cop_gen_server_call_cycles,
               "Circles of calls that wait for each other: [[{caller, server, request}]]."),
    COP_EXPORT("call(server, request)", call, "Sends request and waits for the reply, 5 s."),
    COP_EXPORT("call(server, request, timeout)", call_for, "The same, waiting so long."),
    COP_EXPORT("cast(server, message)", cast, "Sends message without waiting: :ok."),
    COP_EXPORT("check_response(message, id)", check_response, "The response, or :no_reply."),
    COP_EXPORT("check_response(message, requests, remove)", check_responses,
               "The same for a collection of requests."),
    COP_EXPORT("multi_call(name, request)", multi_call, "{[{node, reply}], bad_nodes}."),
    COP_EXPORT("multi_call(nodes, name, request)", multi_call_on, "The same on these nodes."),
    COP_EXPORT("multi_call(nodes, name, request, timeout)", multi_call_for,
               "The same, waiting so long."),
    COP_EXPORT("receive_response(id, timeout)", receive_response,
               "{:reply, value}, {:error, {why, server}} or :timeout."),
    COP_EXPORT("receive_response(requests, timeout, remove)", receive_responses,
               "The same for a collection of requests."),
    COP_EXPORT("reply(client, reply)", cop__reply_to, "Answers a call later."),
    COP_EXPORT("reqids_add(id, label, requests)", reqids_add, "Adds to a collection."),
    COP_EXPORT("reqids_new()", reqids_new, "An empty collection of requests."),
    COP_EXPORT("reqids_size(requests)", reqids_size, "How many are in it."),
    COP_EXPORT("reqids_to_list(requests)", reqids_to_list, "[{id, label}]."),
    COP_EXPORT("send_request(server, request)", send_request, "Calls; the answer comes later."),
    COP_EXPORT("send_request(server, request, label, requests)", send_request_in,
               "The same, added to a collection."),
    COP_EXPORT("start(module, args, options)", start, "Starts a server without a link."),
    COP_EXPORT("start(name, module, args, options)", start_named, "The same, with a name."),
    COP_EXPORT("start_link(module, args, options)", start_link, "Starts a linked server."),
    COP_EXPORT("start_link(name, module, args, options)", start_link_named,
               "The same, with a name."),
    COP_EXPORT("start_monitor(module, args, options)", start_monitor,
               "Starts a server and watches it: {:ok, {pid, ref}}."),
    COP_EXPORT("start_monitor(name, module, args, options)", start_monitor_named,
               "The same, with a name."),
    COP_EXPORT("stop(server)", stop, "Stops a server in order."),
    COP_EXPORT("stop(server, reason, timeout)", stop_for, "The same, with this reason."),
    COP_EXPORT("wait_response(id, timeout)", wait_response,
               "As receive_response, but :timeout leaves the request as it is."),
    COP_EXPORT("wait_response(requests, timeout, remove)", wait_responses,
               "The same for a collection of requests."),
    COP_EXPORT_END};

const struct cop_module cop__erlang_gen_server_module = {
    .size = sizeof(struct cop_module),
    .name = ":gen_server",
    .doc = "Processes that serve requests, under Erlang's names.",
    .functions = functions};
