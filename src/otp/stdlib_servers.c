/* SPDX-License-Identifier: Apache-2.0 */
/* GenServer and Agent, as the console and child specifications call them. */
#include "coppice/agent.h"
#include "coppice/gen_server.h"
#include "otp/gen.h"
#include "otp/stdlib.h"

/* A time to wait, or the error that a guard of Elixir's gives. */
static int64_t timeout_arg(cop_term timeout, const char *function)
{
    int64_t ms = cop__timeout(timeout);

    if (ms < COP_INFINITY) cop__raise_no_clause(function);
    return ms;
}

/* --- GenServer -------------------------------------------------------------------------------- */

typedef cop_term (*start_fn)(const struct cop_module *module, cop_term arg, cop_term options);

/* A module that is no GenServer has no init/1, which is what a start finds out. */
static cop_term start_with(start_fn start, const char *function, cop_term name, cop_term arg,
                           cop_term options)
{
    const struct cop_module *module = cop_is_atom(name) ? cop_module_find(name) : NULL;

    if (!cop_is_atom(name) || !cop_is_list(options)) cop__raise_no_clause(function);
    if (cop_is_keyword(options)) cop__name_check(cop_keyword_get(options, COP(":name"), cop_nil()));
    if (module == NULL || module->gen_server == NULL)
        return cop_build("{:error, {:undef, [{name, :init, [arg], []}]}}", name, arg);
    return start(module, arg, options);
}

static cop_term start_link_with(cop_term module, cop_term arg, cop_term options)
{
    return start_with(cop_gen_server_start_link, "GenServer.start_link/3", module, arg, options);
}

static cop_term start_link(cop_term module, cop_term arg)
{
    return start_link_with(module, arg, cop_empty_list());
}

static cop_term start_alone_with(cop_term module, cop_term arg, cop_term options)
{
    return start_with(cop_gen_server_start, "GenServer.start/3", module, arg, options);
}

static cop_term start_alone(cop_term module, cop_term arg)
{
    return start_alone_with(module, arg, cop_empty_list());
}

static cop_term call_for(cop_term server, cop_term request, cop_term timeout)
{
    return cop_gen_server_call(server, request, timeout_arg(timeout, "GenServer.call/3"));
}

static cop_term call(cop_term server, cop_term request)
{
    return cop_gen_server_call(server, request, COP_CALL_TIMEOUT);
}

static cop_term cast(cop_term server, cop_term message)
{
    return cop_gen_server_cast(server, message);
}

cop_term cop__reply_to(cop_term client, cop_term answer)
{
    cop_term to, tag;
    cop_ref ref;

    if (!cop_match(client, "{to, tag}", to, tag)) cop__raise_no_clause(":gen.reply/2");
    if (!cop_is_pid(to)) return cop_ok();
    if (cop_is_reference(tag) || cop_match(tag, "[:alias | ref]", ref))
        return cop_gen_server_reply(cop_to_from(client), answer);
    cop_send(to, cop_tuple(tag, answer));
    return cop_ok();
}

/* What is called Node.list: this node and those that are connected. */
static cop_term all_nodes(void)
{
    return COP("[:nonode@nohost]");
}

static cop_term abcast_on(cop_term nodes, cop_term name, cop_term message)
{
    if (cop_list_len(nodes) < 0 || !cop_is_atom(name)) cop__raise_no_clause("GenServer.abcast/3");
    return cop_gen_server_abcast(nodes, name, message);
}

static cop_term abcast(cop_term name, cop_term message)
{
    return abcast_on(all_nodes(), name, message);
}

static cop_term multi_call_for(cop_term nodes, cop_term name, cop_term request, cop_term timeout)
{
    int64_t ms = timeout_arg(timeout, "GenServer.multi_call/4");

    if (cop_list_len(nodes) < 0 || !cop_is_atom(name))
        cop__raise_no_clause("GenServer.multi_call/4");
    return cop_gen_server_multi_call(nodes, name, request, ms);
}

static cop_term multi_call_on(cop_term nodes, cop_term name, cop_term request)
{
    return multi_call_for(nodes, name, request, COP(":infinity"));
}

static cop_term multi_call(cop_term name, cop_term request)
{
    return multi_call_on(all_nodes(), name, request);
}

static cop_term stop_for(cop_term server, cop_term reason, cop_term timeout)
{
    return cop_gen_server_stop(server, reason, timeout_arg(timeout, "GenServer.stop/3"));
}

static cop_term stop_with(cop_term server, cop_term reason)
{
    return cop_gen_server_stop(server, reason, COP_INFINITY);
}

static cop_term stop(cop_term server)
{
    return stop_with(server, COP(":normal"));
}

static const struct cop_function gen_server_functions[] = {
    COP_EXPORT("abcast(name, message)", abcast, "Casts to the server of this name: :abcast."),
    COP_EXPORT("abcast(nodes, name, message)", abcast_on, "The same on each node."),
    COP_EXPORT("call(server, request)", call, "Sends request and waits for the reply, 5 s."),
    COP_EXPORT("call(server, request, timeout)", call_for, "The same, waiting so long."),
    COP_EXPORT("cast(server, message)", cast, "Sends message without waiting: :ok."),
    COP_EXPORT("multi_call(name, request)", multi_call, "{[{node, reply}], bad_nodes}."),
    COP_EXPORT("multi_call(nodes, name, request)", multi_call_on, "The same on these nodes."),
    COP_EXPORT("multi_call(nodes, name, request, timeout)", multi_call_for,
               "The same, waiting so long."),
    COP_EXPORT("reply(client, reply)", cop__reply_to, "Answers a call later."),
    COP_EXPORT("start(module, arg)", start_alone, "Starts a server without a link."),
    COP_EXPORT("start(module, arg, options)", start_alone_with,
               "The same; options: name, timeout."),
    COP_EXPORT("start_link(module, arg)", start_link, "Starts a server linked to the caller."),
    COP_EXPORT("start_link(module, arg, options)", start_link_with,
               "The same; options: name, timeout, debug, hibernate_after."),
    COP_EXPORT("stop(server)", stop, "Stops a server in order."),
    COP_EXPORT("stop(server, reason)", stop_with, "The same, with this reason."),
    COP_EXPORT("stop(server, reason, timeout)", stop_for, "The same, waiting so long."),
    COP_EXPORT("whereis(server)", cop__server_locate, "The pid of a server, or nil."),
    COP_EXPORT_END};

const struct cop_module cop__gen_server_module = {
    .size = sizeof(struct cop_module),
    .name = "GenServer",
    .doc = "Processes that serve requests one after the other.",
    .functions = gen_server_functions};

/* --- Agent ------------------------------------------------------------------------------------ */

/* A function by its name, as agents take it: called with the state before its arguments. */
static cop_term mfa(cop_term module, cop_term function, cop_term args)
{
    if (!cop_is_atom(module) || !cop_is_atom(function) || !cop_is_list(args) ||
        cop_list_len(args) < 0)
        cop_error(COP(":badarg"));
    return cop_tuple(module, function, args);
}

static cop_term fun_arg(cop_term fun, int arity, const char *function)
{
    if (!cop_is_fun(fun, arity)) cop__raise_no_clause(function);
    return fun;
}

static cop_term agent_start_link(cop_term fun, cop_term options)
{
    return cop_agent_start_link(fun_arg(fun, 0, "Agent.start_link/2"), options);
}

static cop_term agent_start_link_1(cop_term fun)
{
    return agent_start_link(fun, cop_empty_list());
}

static cop_term agent_start_link_mfa(cop_term module, cop_term fun, cop_term args)
{
    return cop_agent_start_link(mfa(module, fun, args), cop_empty_list());
}

static cop_term agent_start_link_mfa_with(cop_term module, cop_term fun, cop_term args,
                                          cop_term options)
{
    return cop_agent_start_link(mfa(module, fun, args), options);
}

static cop_term agent_start(cop_term fun, cop_term options)
{
    return cop_agent_start(fun_arg(fun, 0, "Agent.start/2"), options);
}

static cop_term agent_start_1(cop_term fun)
{
    return agent_start(fun, cop_empty_list());
}

static cop_term agent_start_mfa(cop_term module, cop_term fun, cop_term args)
{
    return cop_agent_start(mfa(module, fun, args), cop_empty_list());
}

static cop_term agent_start_mfa_with(cop_term module, cop_term fun, cop_term args, cop_term options)
{
    return cop_agent_start(mfa(module, fun, args), options);
}

/* The four ways to ask an agent: fun, fun and a time, a function by name, and that with a time. */
#define ASK(name, ask, called)                                                                     \
    static cop_term name##_fun(cop_term agent, cop_term fun)                                       \
    {                                                                                              \
        return ask(agent, fun_arg(fun, 1, called), COP_CALL_TIMEOUT);                              \
    }                                                                                              \
    static cop_term name##_fun_for(cop_term agent, cop_term fun, cop_term timeout)                 \
    {                                                                                              \
        return ask(agent, fun_arg(fun, 1, called), timeout_arg(timeout, "GenServer.call/3"));      \
    }                                                                                              \
    static cop_term name##_mfa(cop_term agent, cop_term module, cop_term fun, cop_term args)       \
    {                                                                                              \
        return ask(agent, mfa(module, fun, args), COP_CALL_TIMEOUT);                               \
    }                                                                                              \
    static cop_term name##_mfa_for(cop_term agent, cop_term module, cop_term fun, cop_term args,   \
                                   cop_term timeout)                                               \
    {                                                                                              \
        return ask(agent, mfa(module, fun, args), timeout_arg(timeout, "GenServer.call/3"));       \
    }
ASK(get, cop_agent_get, "Agent.get/3")
ASK(update, cop_agent_update, "Agent.update/3")
ASK(get_and_update, cop_agent_get_and_update, "Agent.get_and_update/3")

static cop_term agent_cast(cop_term agent, cop_term fun)
{
    return cop_agent_cast(agent, fun_arg(fun, 1, "Agent.cast/2"));
}

static cop_term agent_cast_mfa(cop_term agent, cop_term module, cop_term fun, cop_term args)
{
    return cop_agent_cast(agent, mfa(module, fun, args));
}

static cop_term agent_stop_for(cop_term agent, cop_term reason, cop_term timeout)
{
    return cop_agent_stop(agent, reason, timeout_arg(timeout, "GenServer.stop/3"));
}

static cop_term agent_stop_with(cop_term agent, cop_term reason)
{
    return cop_agent_stop(agent, reason, COP_INFINITY);
}

static cop_term agent_stop(cop_term agent)
{
    return agent_stop_with(agent, COP(":normal"));
}

#define BY_NAME "The same with a function by its name; the state comes first."
static const struct cop_function agent_functions[] = {
    COP_EXPORT("start_link(fun)", agent_start_link_1, "Starts an agent whose state fun gives."),
    COP_EXPORT("start_link(fun, options)", agent_start_link, "The same; options: name, timeout."),
    COP_EXPORT("start_link(module, fun, args)", agent_start_link_mfa, "The same by a name."),
    COP_EXPORT("start_link(module, fun, args, options)", agent_start_link_mfa_with, "The same."),
    COP_EXPORT("start(fun)", agent_start_1, "The same without a link."),
    COP_EXPORT("start(fun, options)", agent_start, "The same without a link."),
    COP_EXPORT("start(module, fun, args)", agent_start_mfa, "The same by a name."),
    COP_EXPORT("start(module, fun, args, options)", agent_start_mfa_with, "The same."),
    COP_EXPORT("get(agent, fun)", get_fun, "What fun makes of the state."),
    COP_EXPORT("get(agent, fun, timeout)", get_fun_for, "The same, waiting so long."),
    COP_EXPORT("get(agent, module, fun, args)", get_mfa, BY_NAME),
    COP_EXPORT("get(agent, module, fun, args, timeout)", get_mfa_for, BY_NAME),
    COP_EXPORT("update(agent, fun)", update_fun,
               "What fun makes of the state is the new one: :ok."),
    COP_EXPORT("update(agent, fun, timeout)", update_fun_for, "The same, waiting so long."),
    COP_EXPORT("update(agent, module, fun, args)", update_mfa, BY_NAME),
    COP_EXPORT("update(agent, module, fun, args, timeout)", update_mfa_for, BY_NAME),
    COP_EXPORT("get_and_update(agent, fun)", get_and_update_fun,
               "fun(state) gives {value, state}: the value."),
    COP_EXPORT("get_and_update(agent, fun, timeout)", get_and_update_fun_for, "The same."),
    COP_EXPORT("get_and_update(agent, module, fun, args)", get_and_update_mfa, BY_NAME),
    COP_EXPORT("get_and_update(agent, module, fun, args, timeout)", get_and_update_mfa_for,
               BY_NAME),
    COP_EXPORT("cast(agent, fun)", agent_cast, "update without waiting: :ok."),
    COP_EXPORT("cast(agent, module, fun, args)", agent_cast_mfa, BY_NAME),
    COP_EXPORT("stop(agent)", agent_stop, "Stops an agent in order."),
    COP_EXPORT("stop(agent, reason)", agent_stop_with, "The same, with this reason."),
    COP_EXPORT("stop(agent, reason, timeout)", agent_stop_for, "The same, waiting so long."),
    COP_EXPORT_END};

const struct cop_module cop__agent_module = {.size = sizeof(struct cop_module),
                                             .name = "Agent",
                                             .doc = "Processes that keep one term.",
                                             .functions = agent_functions,
                                             .child_spec = ""};
