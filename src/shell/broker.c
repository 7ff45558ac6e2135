/* SPDX-License-Identifier: Apache-2.0 */
/* The broker: a process that watches consoles, since one that is killed can clean nothing up. Its
 * evaluator goes with it, and its connection. */
#include "shell/console.h"
#include "shell/link.h"

static cop_pid broker_pid;

/* What is known of a console: {link, evaluator}. */
static void note(cop_dict *consoles, cop_pid console, int64_t link, cop_term session)
{
    cop_dict_put(consoles, console, cop_tuple(link, session));
}

/* Waits for who writes to it, which a shut connection lets go. */
static void close_link(void *arg)
{
    int64_t link = *(int64_t *)arg;

    cop__link_shut(link);
    cop__link_leave(link);
}

static void forget(cop_dict *consoles, cop_term console)
{
    cop_term known = cop_dict_remove(consoles, console);
    int64_t link;
    cop_term session;

    if (cop_is_none(known)) return;
    cop_expect(known, "{link, session}", link, session);
    if (cop_is_pid(session)) cop_exit_process(cop_to_pid(session), COP(":kill"));
    cop_blocking(close_link, &link);
}

static bool turn(void *state, cop_term msg)
{
    cop_dict *consoles = state;
    cop_pid console;
    cop_term session;
    int64_t link;

    if (cop_match(msg, "{:opened, console, link}", console, link)) {
        note(consoles, console, link, cop_nil());
        (void)cop_monitor(console);
    } else if (cop_match(msg, "{:session, console, session}", console, session)) {
        cop_term known = cop_dict_get(consoles, console);

        if (!cop_is_none(known)) note(consoles, console, cop_to_int(cop_elem(known, 0)), session);
    } else if (cop_match(msg, "{:DOWN, _, :process, session, _}", session)) {
        forget(consoles, session);
    }
    return true;
}

static cop_next broker(cop_term arg)
{
    (void)arg;
    cop_set_label(COP(":consoles"));
    cop_receive_loop(turn, cop_dict_new());
    return cop_end();
}

void cop__broker_start(void)
{
    cop_module_register(&cop__helpers_module);
    broker_pid =
        cop_spawn(broker, cop_nil(), &(struct cop_spawn_opts){.name = "IEx.Broker.init/1"});
}

void cop__broker_opened(int64_t link)
{
    cop_send(broker_pid, cop_tuple(COP(":opened"), cop_self(), link));
}

void cop__broker_session(cop_pid session)
{
    cop_send(broker_pid, cop_tuple(COP(":session"), cop_self(), session));
}
