/* SPDX-License-Identifier: Apache-2.0 */
/* Probe: a GenServer whose every callback can be told what to do. Its state is the keyword list of
 * its options:
 *   id:        term that names this probe in events
 *   name:      registered name (optional)
 *   init:      :ok | :ignore | {:stop, reason} | {:exit, reason} | {:continue, arg}
 *              | {:fail_times, n, reason}  the first n starts of this id stop with reason
 *              | {:fail_after, n, reason}  the first n starts succeed, later ones stop with reason
 *   trap_exit: true | false (default false)
 *   terminate: :ok | {:sleep, ms} | {:exit, reason} */
#include "fixtures.h"

struct probe {
    cop_kept opts;
};

static cop_term option(const struct probe *p, cop_term key)
{
    return cop_keyword_get(cop_kept_term(p->opts), key, cop_nil());
}

static cop_term id_of(const struct probe *p)
{
    return option(p, COP(":id"));
}

/* --- Interface -------------------------------------------------------------------------------- */

static cop_term start_link(cop_term opts)
{
    cop_term name = cop_keyword_get(opts, COP(":name"), cop_none());
    cop_term options = cop_is_none(name) ? cop_empty_list() : cop_build("[name: name]", name);

    return cop_gen_server_start_link(&probe_module, opts, options);
}

static cop_term child_spec(cop_term opts)
{
    cop_term id = cop_keyword_get(opts, COP(":id"), cop_nil());

    return cop_build("%{id: id, start: {Probe, :start_link, [opts]}}", id, opts);
}

static cop_term call(cop_term server, cop_term request)
{
    return cop_gen_server_call(server, request, COP_CALL_TIMEOUT);
}

static cop_term call_for(cop_term server, cop_term request, cop_term timeout)
{
    return cop_apply(COP("GenServer"), COP(":call"), cop_list(server, request, timeout));
}

static cop_term cast(cop_term server, cop_term request)
{
    return cop_gen_server_cast(server, request);
}

/* How many times the probe named id was started since the recorder's start. */
static cop_term starts(cop_term id)
{
    return cop_agent_get(COP("Starts"), cop_build("&Map.get(&1, id, 0)", id), COP_CALL_TIMEOUT);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

static cop_result ready(struct probe *p)
{
    cop_term id = id_of(p);

    recorder_add(cop_build("{id, :init}", id));
    return cop_started(p);
}

static cop_result refuse(const struct probe *p, cop_term reason)
{
    cop_term id = id_of(p);

    recorder_add(cop_build("{id, :refused, reason}", id, reason));
    return cop_stop(reason);
}

/* Counts this start; how many there were before. */
static int64_t count_start(cop_term id)
{
    return cop_to_int(cop_agent_get_and_update(
        COP("Starts"),
        cop_build("&{Map.get(&1, id, 0), Map.put(&1, id, Map.get(&1, id, 0) + 1)}", id),
        COP_CALL_TIMEOUT));
}

static cop_result init(cop_term opts)
{
    struct probe *p = cop_alloc(sizeof(*p));
    cop_term how = cop_keyword_get(opts, COP(":init"), cop_ok());
    cop_term id;
    cop_term reason;
    cop_term arg;
    int64_t before;
    int64_t n;

    p->opts = cop_keep(opts);
    id = id_of(p);
    if (cop_identical(option(p, COP(":trap_exit")), cop_true())) cop_trap_exit(true);
    before = count_start(id);
    if (cop_match(how, ":ok")) return ready(p);
    if (cop_match(how, "{:continue, arg}", arg)) {
        recorder_add(cop_build("{id, :init}", id));
        return cop_then_continue(cop_started(p), arg);
    }
    if (cop_match(how, ":ignore")) {
        recorder_add(cop_build("{id, :ignore}", id));
        return cop_ignore();
    }
    if (cop_match(how, "{:stop, reason}", reason)) return refuse(p, reason);
    if (cop_match(how, "{:exit, reason}", reason)) cop_exit(reason);
    if (cop_match(how, "{:fail_times, n, reason}", n, reason))
        return before < n ? refuse(p, reason) : ready(p);
    if (cop_match(how, "{:fail_after, n, reason}", n, reason))
        return before >= n ? refuse(p, reason) : ready(p);
    cop_error(cop_tuple(COP(":case_clause"), how));
}

static cop_result handle_continue(void *state, cop_term arg)
{
    const struct probe *p = state;
    cop_term id = id_of(p);
    cop_from from;
    cop_term t;

    if (cop_match(arg, "{:reply_to, from, t}", from, t))
        cop_gen_server_reply(from, t);
    else
        recorder_add(cop_build("{id, :continue, arg}", id, arg));
    return cop_noreply();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term t;
    cop_term reason;
    cop_term server;
    cop_term spec;
    cop_pid pid;
    int64_t ms;

    if (cop_match(request, ":ping")) return cop_reply(COP(":pong"));
    if (cop_match(request, ":id")) return cop_reply(id_of(state));
    if (cop_match(request, "{:reply, t}", t)) return cop_reply(t);
    if (cop_match(request, "{:noreply, t}", t))
        return cop_then_continue(cop_noreply(), cop_build("{:reply_to, from, t}", from, t));
    if (cop_match(request, "{:stop, reason, t}", reason, t)) return cop_stop_reply(reason, t);
    if (cop_match(request, "{:exit, reason}", reason)) cop_exit(reason);
    if (cop_match(request, "{:sleep, ms}", ms)) {
        cop_sleep(ms);
        return cop_reply(COP(":slept"));
    }
    if (cop_match(request, "{:call, server, t}", server, t))
        return cop_reply(cop_gen_server_call(server, t, COP_CALL_TIMEOUT));
    if (cop_match(request, "{:link, pid}", pid)) {
        cop_link(pid);
        return cop_reply(cop_true());
    }
    if (cop_match(request, "{:monitor, t}", t)) {
        cop_monitor(t);
        return cop_reply(cop_true());
    }
    if (cop_match(request, "{:start_child, server, spec}", server, spec))
        return cop_reply(cop_dynamic_supervisor_start_child(server, spec));
    return cop_no_clause(request);
}

static cop_result handle_cast(void *state, cop_term request)
{
    cop_term reason;
    cop_term to;
    cop_term t;

    (void)state;
    if (cop_match(request, "{:stop, reason}", reason)) return cop_stop(reason);
    if (cop_match(request, "{:exit, reason}", reason)) cop_exit(reason);
    if (cop_match(request, "{:continue, t}", t)) return cop_then_continue(cop_noreply(), t);
    if (cop_match(request, "{:send, to, t}", to, t)) {
        cop_send(to, t);
        return cop_noreply();
    }
    return cop_no_clause(request);
}

static cop_result handle_info(void *state, cop_term msg)
{
    cop_term id = id_of(state);

    recorder_add(cop_build("{id, :info, msg}", id, msg));
    return cop_noreply();
}

static void terminate(void *state, cop_term reason)
{
    const struct probe *p = state;
    cop_term id = id_of(p);
    cop_term how = option(p, COP(":terminate"));
    cop_term other;
    int64_t ms;

    recorder_add(cop_build("{id, :terminate, reason}", id, reason));
    if (cop_match(how, "{:sleep, ms}", ms)) cop_sleep(ms);
    if (cop_match(how, "{:exit, other}", other)) cop_exit(other);
}

static cop_term format_state(const void *state)
{
    const struct probe *p = state;

    return cop_kept_term(p->opts);
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_cast = handle_cast,
                                                .handle_info = handle_info,
                                                .handle_continue = handle_continue,
                                                .terminate = terminate,
                                                .format_state = format_state};

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(opts)", start_link, "Starts a probe."),
    COP_EXPORT("child_spec(opts)", child_spec, "Its child specification; the id is opts[:id]."),
    COP_EXPORT("call(server, request)", call, "GenServer.call/2."),
    COP_EXPORT("call(server, request, timeout)", call_for, "GenServer.call/3."),
    COP_EXPORT("cast(server, request)", cast, "GenServer.cast/2."),
    COP_EXPORT("starts(id)", starts, "How many times the probe named id was started."),
    COP_EXPORT_END};

const struct cop_module probe_module = {.size = sizeof(struct cop_module),
                                        .name = "Probe",
                                        .doc = "A GenServer that does in each callback as told.",
                                        .functions = functions,
                                        .gen_server = &callbacks};
