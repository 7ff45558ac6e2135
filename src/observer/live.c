/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on: calls that wait, messages of traced processes, the log. */
#include "observer.h"

#define LOG_MAX 1000

/* --- Calls ------------------------------------------------------------------------------------ */

/* The circles as lists of pids' texts; *ret_in is a map of the pids in them. */
static cop_term read_circles(cop_term *ret_in)
{
    cop_term circles = cop_gen_server_call_cycles(), list = cop_empty_list(), circle, caller;

    *ret_in = cop_map_new();
    while (cop_match(circles, "[circle | circles]", circle, circles)) {
        cop_term pids = cop_empty_list();

        while (cop_match(circle, "[{caller, _, _} | circle]", caller, circle)) {
            *ret_in = cop_map_put(*ret_in, caller, cop_true());
            pids = cop_cons(cop__obs_pid(caller), pids);
        }
        list = cop_cons(cop_list_reverse(pids), list);
    }
    return cop_list_reverse(list);
}

cop_term cop__obs_calls(void)
{
    cop_term in_circle, circles = read_circles(&in_circle), calls = cop_gen_server_long_calls();
    cop_term list = cop_empty_list(), caller, server, request;
    int64_t ms;

    while (cop_match(calls, "[{caller, server, request, ms} | calls]", caller, server, request, ms,
                     calls)) {
        bool circle = cop_map_has(in_circle, caller);
        cop_term from = cop__obs_process(caller), to = cop__obs_process(server);

        request = cop__obs_utf8(request);
        list = cop_cons(cop_build("%{from: from, to: to, request: request, waited_ms: ms,"
                                  " circle: circle}",
                                  from, to, request, ms, circle),
                        list);
    }
    list = cop_list_reverse(list);
    return cop_build("%{calls: list, circles: circles}", list, circles);
}

/* --- Messages --------------------------------------------------------------------------------- */

static cop_term message_map(cop_term entry)
{
    cop_term kind, from, to, text;
    int64_t number, time;

    cop_expect(entry, "{number, time, {kind, from, to, text}}", number, time, kind, from, to, text);
    from = cop__obs_process(from);
    to = cop__obs_process(to);
    text = cop__obs_term_text(text);
    return cop_build("%{number: number, time_us: time, kind: kind, from: from, to: to, term: text}",
                     number, time, kind, from, to, text);
}

cop_term cop__obs_trace(int64_t after, int64_t max)
{
    cop_term list, messages = cop_empty_list(), entry, pids = cop_empty_list();
    cop_pid traced[16];
    int64_t next, lost;

    cop_expect(cop_journal_read(COP_JOURNAL_MESSAGES, (uint64_t)after, (size_t)max),
               "{next, lost, list}", next, lost, list);
    while (cop_match(list, "[entry | list]", entry, list))
        messages = cop_cons(message_map(entry), messages);
    messages = cop_list_reverse(messages);
    for (size_t len = cop_traced(traced, 16); len > 0; len--)
        pids = cop_cons(cop__obs_pid(cop_pid_term(traced[len - 1])), pids);
    return cop_build("%{pids: pids, next: next, lost: lost, messages: messages}", pids, next, lost,
                     messages);
}

/* --- Log -------------------------------------------------------------------------------------- */

cop_term cop__obs_log(int64_t after, enum cop_level min, int64_t limit)
{
    cop_term list, events = cop_empty_list(), name, text, pid;
    cop_term node_level = cop_level_name(cop_logger_level());
    int64_t next, lost, number, time;
    enum cop_level level;

    cop_expect(cop_journal_read(COP_JOURNAL_LOG, (uint64_t)after, LOG_MAX), "{next, lost, list}",
               next, lost, list);
    list = cop_list_reverse(list);
    while (cop_match(list, "[{number, time, {name, text, pid}} | list]", number, time, name, text,
                     pid, list)) {
        if (!cop_level_from(name, &level) || level < min) continue;
        if (limit <= 0) {
            lost++;
            continue;
        }
        pid = cop__obs_pid(pid);
        events = cop_cons(cop_build("%{number: number, time_us: time, level: name, text: text,"
                                    " pid: pid}",
                                    number, time, name, text, pid),
                          events);
        limit--;
    }
    return cop_build("%{level: node_level, next: next, lost: lost, events: events}", node_level,
                     next, lost, events);
}
