/* SPDX-License-Identifier: Apache-2.0 */
/* MyService.Events: has the rules loaded at the start and whenever somebody says that they have
 * changed. A load that runs may have asked before the change, so after it there is another; however
 * many events come meanwhile, it is one. A load that failed is tried again by its supervisor, and
 * that try is the other one.
 *
 * Linked to AuthDataLoaderSup: if that is gone, so is what it was about to load, and this server
 * begins anew with a load. */
#include "my_service.h"

struct events {
    cop_ref load; /* monitor of the load that runs, while is_loading */
    bool is_loading;
    bool is_again; /* an event has come since */
};

/* --- For those who know of a change ----------------------------------------------------------- */

cop_term my_service_events_start_link(cop_term arg)
{
    return cop_gen_server_start_link(&my_service_events, arg, COP("[name: MyService.Events]"));
}

cop_term my_service_events_changed(cop_term who)
{
    return cop_gen_server_cast(COP("MyService.Events"), cop_tuple(COP(":changed"), who));
}

static cop_term on_hang_up(void)
{
    return my_service_events_changed(COP("\"SIGHUP\""));
}

/* --- The server ------------------------------------------------------------------------------- */

static void load(struct events *e)
{
    cop_term answer = my_service_update_auth_rules();
    cop_pid pid;

    if (cop_match(answer, "{:error, {:already_started, pid}}", pid))
        e->is_again = true;
    else
        cop_expect(answer, "{:ok, pid}", pid);
    e->load = cop_monitor(pid);
    e->is_loading = true;
}

static cop_result init(cop_term arg)
{
    struct events *e = cop_alloc(sizeof(*e));
    cop_pid sup = cop_whereis(COP("AuthDataLoaderSup"));

    (void)arg;
    if (cop_is_no_pid(sup)) return cop_fail(COP("{:not_started, AuthDataLoaderSup}"));
    cop_link(sup);
    /* Who starts anew finds it trapped; on a node that takes no signals there is none. */
    cop_system_trap_signal(COP(":sighup"), COP("MyService.Events"),
                           COP("&MyService.Events.hang_up/0"));
    return cop_then_continue(cop_started(e), COP(":load"));
}

static cop_result handle_continue(void *state, cop_term argument)
{
    cop_expect(argument, ":load");
    load(state);
    return cop_noreply();
}

static cop_result handle_cast(void *state, cop_term message)
{
    struct events *e = state;
    cop_bytes who;

    if (!cop_match(message, "{:changed, who}", who)) return cop_no_clause(message);
    cop_log(COP_INFO, "The auth rules have changed, says %.*s", (int)who.len, who.data);
    if (e->is_loading)
        e->is_again = true;
    else
        load(e);
    return cop_noreply();
}

static cop_result handle_info(void *state, cop_term message)
{
    struct events *e = state;
    cop_ref ref = e->load;
    cop_term reason;
    bool is_again = e->is_again;

    if (!cop_match(message, "{:DOWN, ^ref, :process, _, reason}", ref, reason))
        return cop_no_clause(message);
    e->is_loading = e->is_again = false;
    /* :noproc: it was over before it was watched, whichever way. */
    if (is_again && (cop_match(reason, ":normal") || cop_match(reason, ":noproc"))) load(e);
    return cop_noreply();
}

static cop_term format_state(const void *state)
{
    const struct events *e = state;

    bool loading = e->is_loading;
    bool again = e->is_again;

    return cop_build("%{loading: loading, again: again}", loading, again);
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_continue = handle_continue,
                                                .handle_cast = handle_cast,
                                                .handle_info = handle_info,
                                                .format_state = format_state};

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(arg)", my_service_events_start_link, "Starts the server."),
    COP_EXPORT("changed(who)", my_service_events_changed,
               "Says that the rules have changed: they are loaded, in a while."),
    COP_EXPORT("hang_up()", on_hang_up, "Says so for SIGHUP."), COP_EXPORT_END};

const struct cop_module my_service_events = {.size = sizeof(struct cop_module),
                                             .name = "MyService.Events",
                                             .doc = "Has the rules loaded when they change.",
                                             .functions = functions,
                                             .gen_server = &callbacks,
                                             .child_spec = "backoff: [min: 50, max: 5000]"};
