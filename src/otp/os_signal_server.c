/* SPDX-License-Identifier: Apache-2.0 */
/* :erl_signal_server: who is called at a signal of the operating system (os_signal.h). A gen_server
 * that is started by the first who asks. */
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "coppice/os_signal.h"
#include "otp/stdlib.h"
#include "otp/stdlib_os.h"

#define SERVER COP(":erl_signal_server")

struct server {
    cop_kept handlers; /* [{signal, id, fun}], the newest first */
};

static cop_result init(cop_term arg)
{
    struct server *s = cop_alloc(sizeof(*s));

    (void)arg;
    s->handlers = cop_keep(cop_empty_list());
    return cop_started(s);
}

/* --- Trapping --------------------------------------------------------------------------------- */

static bool has(cop_term handlers, cop_term signal, cop_term id)
{
    for (; !cop_is_empty_list(handlers); handlers = cop_tail(handlers)) {
        cop_term handler = cop_head(handlers);

        if (cop_identical(cop_elem(handler, 0), signal) &&
            (cop_is_none(id) || cop_identical(cop_elem(handler, 1), id)))
            return true;
    }
    return false;
}

static cop_term set_handle(void *arg)
{
    return cop_os_set_signal(*(cop_term *)arg, COP(":handle"));
}

static cop_term trap(struct server *s, cop_term signal, cop_term id, cop_term fun)
{
    struct cop_outcome outcome;
    cop_term handlers = cop_kept_term(s->handlers);

    if (has(handlers, signal, id)) return COP("{:error, :already_registered}");
    if (!cop_try(set_handle, &signal, &outcome)) return COP("{:error, :not_sup}");
    cop_replace(&s->handlers, cop_cons(cop_tuple(signal, id, fun), handlers));
    return cop_tuple(COP(":ok"), id);
}

static cop_term untrap(struct server *s, cop_term signal, cop_term id)
{
    cop_term handlers = cop_kept_term(s->handlers);
    cop_term rest = cop_empty_list();

    if (!has(handlers, signal, id)) return COP("{:error, :not_found}");
    for (; !cop_is_empty_list(handlers); handlers = cop_tail(handlers)) {
        cop_term handler = cop_head(handlers);

        if (!cop_identical(cop_elem(handler, 0), signal) ||
            !cop_identical(cop_elem(handler, 1), id))
            rest = cop_cons(handler, rest);
    }
    cop_replace(&s->handlers, cop_list_reverse(rest));
    if (!has(rest, signal, cop_none())) cop_os_set_signal(signal, COP(":default"));
    return cop_ok();
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    cop_term signal, id, fun;

    (void)from;
    if (cop_match(request, "{:trap, signal, id, fun}", signal, id, fun))
        return cop_reply(trap(state, signal, id, fun));
    if (cop_match(request, "{:untrap, signal, id}", signal, id))
        return cop_reply(untrap(state, signal, id));
    return cop_no_clause(request);
}

/* --- A signal --------------------------------------------------------------------------------- */

static cop_term call(void *arg)
{
    cop_term result = cop_call_fun(*(cop_term *)arg, NULL, 0);

    if (!cop_match(result, ":ok")) cop_error(cop_tuple(COP(":badmatch"), result));
    return result;
}

static void report(cop_term handler, const struct cop_outcome *outcome)
{
    cop_term signal = cop_elem(handler, 0);
    cop_term id = cop_elem(handler, 1);
    cop_term fun = cop_elem(handler, 2);
    cop_bytes name =
        cop_to_bytes(cop_inspect(cop_build("{System.SignalHandler, {signal, id}}", signal, id)));
    cop_bytes why = cop_to_bytes(cop_format_outcome(outcome));
    cop_bytes event = cop_to_bytes(cop_inspect(signal));
    cop_bytes kept = cop_to_bytes(cop_inspect(cop_tuple(signal, fun)));

    cop_log(COP_ERROR,
            ":gen_event handler %.*s installed in :erl_signal_server terminating\n%.*s\n"
            "Last message: %.*s\nState: %.*s",
            (int)name.len, name.data, (int)why.len, why.data, (int)event.len, event.data,
            (int)kept.len, kept.data);
}

static cop_result handle_info(void *state, cop_term message)
{
    struct server *s = state;
    struct cop_outcome outcome;
    cop_term signal, handlers;

    if (!cop_match(message, "{:notify, signal}", signal)) return cop_noreply();
    for (handlers = cop_kept_term(s->handlers); !cop_is_empty_list(handlers);
         handlers = cop_tail(handlers)) {
        cop_term handler = cop_head(handlers);
        cop_term fun = cop_elem(handler, 2);

        if (!cop_identical(cop_elem(handler, 0), signal) || cop_try(call, &fun, &outcome)) continue;
        report(handler, &outcome);
        untrap(s, signal, cop_elem(handler, 1));
    }
    if (cop_match(signal, ":sigterm")) {
        cop_log(COP_NOTICE, "SIGTERM received - shutting down");
        cop_system_stop(0);
    }
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    return cop_kept_term(((const struct server *)state)->handlers);
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info,
                                                .format_state = format_state};
static const struct cop_module server_module = {
    .size = sizeof(struct cop_module), .name = ":erl_signal_server", .gen_server = &callbacks};

static cop_term ask(cop_term request)
{
    if (cop_is_no_pid(cop_whereis(SERVER)))
        cop_gen_server_start(&server_module, cop_nil(), COP("[name: :erl_signal_server]"));
    return cop_gen_server_call(SERVER, request, COP_INFINITY);
}

/* --- What users call -------------------------------------------------------------------------- */

static bool is_signal(cop_term signal)
{
    cop_term all = COP("[:sigabrt, :sigalrm, :sigchld, :sighup, :sigquit, :sigstop, :sigterm,"
                       " :sigtstp, :sigusr1, :sigusr2]");

    while (!cop_is_empty_list(all) && !cop_identical(cop_head(all), signal))
        all = cop_tail(all);
    return !cop_is_empty_list(all);
}

cop_term cop_system_trap_signal(cop_term signal, cop_term id, cop_term fun)
{
    if (!is_signal(signal) || !cop_is_fun(fun, 0)) cop__raise_no_clause("System.trap_signal/3");
    return ask(cop_tuple(COP(":trap"), signal, id, fun));
}

cop_term cop_system_untrap_signal(cop_term signal, cop_term id)
{
    return ask(cop_tuple(COP(":untrap"), signal, id));
}

/* --- For the console -------------------------------------------------------------------------- */

cop_term cop__trap_signal(cop_term signal, cop_term fun)
{
    return cop_system_trap_signal(signal, cop_ref_term(cop_make_ref()), fun);
}

static cop_term try_to_set(void *arg)
{
    const cop_term *args = arg;

    return cop_os_set_signal(args[0], args[1]);
}

static cop_term set_signal(cop_term signal, cop_term option)
{
    cop_term args[] = {signal, option};
    struct cop_outcome outcome;

    if (cop_try(try_to_set, args, &outcome)) return outcome.value;
    if (cop_match(option, ":handle") || cop_match(option, ":ignore") ||
        cop_match(option, ":default"))
        cop__raise_argument(1, "invalid signal name");
    cop__raise_argument(2, "invalid signal handling option");
}

static const struct cop_function functions[] = {
    COP_EXPORT("set_signal(signal, option)", set_signal,
               "Has a signal told to :erl_signal_server (:handle), ignored or treated as before."),
    COP_EXPORT_END};

const struct cop_module cop__os_module = {.size = sizeof(struct cop_module),
                                          .name = ":os",
                                          .doc = "The operating system.",
                                          .functions = functions};
