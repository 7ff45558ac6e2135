/* SPDX-License-Identifier: Apache-2.0 */
/* The application :kv_server: its supervisor, and what it says when it does not start. */
#include "budget.h"
#include "kv.h"
#include "kv_server.h"
#include "session.h"
#include "settings.h"

#include <stdio.h>
#include <sys/resource.h>

/* A connection is a descriptor: as many as there may be, as far as the system lets us. */
static void allow_descriptors(int64_t connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)connections + 256;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static cop_term acceptor_spec(cop_term id, enum kv_protocol protocol, int port)
{
    int kind = (int)protocol;

    return cop_build("%{id: {KV.Acceptor, id}, start: {KV.Acceptor, :start_link, [kind, port]}}",
                     id, kind, port);
}

static cop_term init(cop_term arg)
{
    struct kv_settings settings;
    cop_term children = cop_empty_list();
    int64_t most;
    char why[200];

    (void)arg;
    if (!kv_settings_read(&settings, why)) cop_raise("RuntimeError", "%s", why);
    most = settings.connections_max;
    if (settings.redis_port >= 0)
        children = cop_cons(acceptor_spec(COP(":redis"), KV_RESP, settings.redis_port), children);
    if (settings.port >= 0)
        children = cop_cons(acceptor_spec(COP(":lines"), KV_LINES, settings.port), children);
    children =
        cop_cons(cop_build("{Task.Supervisor, name: KV.TaskSupervisor, max_children: most}", most),
                 children);
    children = cop_cons(COP("{KV.Budget, name: KV.Budget}"), children);
    return cop_supervisor_init(children, COP("[strategy: :one_for_one]"));
}

static cop_term start_link(cop_term options)
{
    return cop_supervisor_start_link_module(&kv_server_module, COP(":ok"), options);
}

/* Why the port cannot be listened at, in a sentence. */
static cop_term sentence(int port, cop_term reason)
{
    cop_bytes text;

    if (cop_match(reason, ":eaddrinuse"))
        return cop_format("port %d is taken: another program listens there", port);
    if (cop_match(reason, ":eaddrnotavail"))
        return cop_format("port %d cannot be listened at: this machine has no such address", port);
    if (cop_match(reason, ":eacces"))
        return cop_format("port %d may not be listened at by this user", port);
    text = cop_to_bytes(cop_inspect(reason));
    return cop_format("port %d cannot be listened at: %.*s", port, (int)text.len, text.data);
}

static cop_term start(cop_term type, cop_term args)
{
    struct kv_settings settings;
    char why[200];
    cop_term answer, reason;
    int port;

    (void)type;
    (void)args;
    if (!kv_settings_read(&settings, why)) return cop_tuple(COP(":error"), why);
    allow_descriptors(settings.connections_max);
    answer = start_link(COP("[name: KV.Server]"));
    if (cop_match(answer,
                  "{:error, {:shutdown, {:failed_to_start_child, _, {:listen, port, reason}}}}",
                  port, reason))
        return cop_tuple(COP(":error"), sentence(port, reason));
    return answer;
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", start_link, "Starts the tree. Options: `:name`."),
    COP_EXPORT_END};

const struct cop_module kv_server_module = {.size = sizeof(struct cop_module),
                                            .name = "KV.Server",
                                            .doc = "Supervises acceptors and connections.",
                                            .functions = functions,
                                            .supervisor_init = init,
                                            .child_spec = ""};

static const struct cop_module *const modules[] = {&kv_server_module, &kv_acceptor, &kv_budget,
                                                   NULL};
static const struct cop_application *const applications[] = {&kv, NULL};

const struct cop_application kv_server = {.size = sizeof(struct cop_application),
                                          .name = "kv_server",
                                          .description = "The key-value system on the network",
                                          .version = "0.1.0",
                                          .modules = modules,
                                          .applications = applications,
                                          .start = start,
                                          .env = kv_settings_env,
                                          .program = "kv",
                                          .settings = kv_settings_help};
