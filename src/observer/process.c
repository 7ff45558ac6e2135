/* SPDX-License-Identifier: Apache-2.0 */
/* /api/processes/PID: one process, alive or ended. */
#include "observer.h"

#include <string.h>

#define STATE_MAX 65536

/* --- Asked of the process --------------------------------------------------------------------- */

static cop_term info_of(void *arg)
{
    const cop_pid *pid = arg;

    return cop_process_info(*pid,
                            COP("[:links, :monitors, :monitored_by, :dictionary, :stack_size]"));
}

/* {:process, pid or {name, node}} */
static cop_term monitored(cop_term row)
{
    cop_term whom, name;

    if (!cop_match(row, "{_, whom}", whom)) return cop_nil();
    return cop_match(whom, "{name, _}", name) ? cop__obs_process(name) : cop__obs_process(whom);
}

static cop_term pair(cop_term t)
{
    cop_term key, value;

    if (!cop_match(t, "{key, value}", key, value)) return cop_nil();
    key = cop__obs_term(key, COP__OBS_TERM_MAX);
    value = cop__obs_term(value, COP__OBS_TERM_MAX);
    return cop_build("%{key: key, value: value}", key, value);
}

static cop_term count_of(cop_term list)
{
    return cop_is_list(list) ? cop_int(cop_list_len(list)) : cop_nil();
}

/* busy stays a word; lists are taken element by element. */
static cop_term told(cop_term value, cop_term (*fn)(cop_term))
{
    return cop_match(value, ":busy") ? value : cop__obs_each(value, fn);
}

static cop_term ancestors_of(cop_term dictionary)
{
    cop_term list = cop_is_list(dictionary)
                        ? cop_keyword_get(dictionary, COP(":\"$ancestors\""), cop_empty_list())
                        : dictionary;

    return told(list, cop__obs_process);
}

/* What only the process could tell; all "busy" if it did not. */
static cop_term asked(cop_pid pid)
{
    cop_term links, monitors, watchers, dictionary, size = cop_nil();
    struct cop_outcome outcome;
    int64_t words;

    if (!cop_try(info_of, &pid, &outcome) ||
        !cop_match(outcome.value,
                   "[{_, links}, {_, monitors}, {_, watchers}, {_, dictionary}, {_, words}]", links,
                   monitors, watchers, dictionary, words))
        links = monitors = watchers = dictionary = COP(":busy");
    else
        size = cop_int(words * 8);
    cop_term n_links = count_of(links), n_monitors = count_of(monitors);
    cop_term n_watchers = count_of(watchers), above = ancestors_of(dictionary);
    links = told(links, cop__obs_process);
    monitors = told(monitors, monitored);
    watchers = told(watchers, cop__obs_process);
    dictionary = told(dictionary, pair);
    return cop_build("%{links: links, monitors: monitors, monitored_by: watchers,"
                     " links_count: n_links, monitors_count: n_monitors,"
                     " monitored_by_count: n_watchers, dictionary: dictionary, ancestors: above,"
                     " stack_size: size}",
                     links, monitors, watchers, n_links, n_monitors, n_watchers, dictionary, above,
                     size);
}

/* --- Told from outside ------------------------------------------------------------------------ */

static cop_term tables_of(cop_pid pid)
{
    cop_term all = cop_ets_all(), names = cop_empty_list();
    int left = COP__OBS_LIST_MAX;
    cop_pid owner;

    for (; !cop_is_empty_list(all) && left > 0; all = cop_tail(all)) {
        if (!cop_match(cop_ets_info_item(cop_head(all), COP(":owner")), "owner", owner) ||
            !cop_pid_equal(owner, pid))
            continue;
        names = cop_cons(cop_inspect(cop_head(all)), names);
        left--;
    }
    return cop_list_reverse(names);
}

static cop_term pid_or_nil(cop_pid pid)
{
    return cop_is_no_pid(pid) ? cop_nil() : cop__obs_process(cop_pid_term(pid));
}

/* What the row says. */
static cop_term from_row(const struct cop_process_row *row)
{
    static const char *const priorities[] = {"normal", "low", "high", "max"};
    cop_term pid = cop__obs_pid(cop_pid_term(row->pid)), name = cop__obs_name(row->name);
    cop_term label = cop_is_binary(row->label) ? cop__obs_utf8(row->label) : cop_nil();
    cop_term status = cop_string(cop__obs_status(row->status)), call = cop__obs_initial_call(row);
    cop_term function = row->function != NULL ? cop_string(row->function) : cop_nil();
    cop_term priority = cop_string(priorities[row->priority]);
    cop_term scheduler = row->scheduler >= 0 ? cop_int(row->scheduler) : cop_nil();
    int64_t memory = (int64_t)row->memory, queue = row->queue, work = (int64_t)row->reductions;
    bool traps = row->trap_exit, suspended = row->status == COP_PROCESS_SUSPENDED;
    bool is_system = row->is_system;

    return cop_build("%{pid: pid, alive: true, name: name, label: label, status: status,"
                     " initial_call: call, current_function: function, memory: memory,"
                     " queue: queue, reductions: work, priority: priority, trap_exit: traps,"
                     " suspended: suspended, scheduler: scheduler, system_messages: is_system}",
                     pid, name, label, status, call, function, memory, queue, work, priority, traps,
                     suspended, scheduler, is_system);
}

/* The module of its initial call, or of what a supervisor was started as. */
static cop_term module_of(const struct cop_process_row *row)
{
    cop_term module;

    return cop_match(row->initial_call, "{:supervisor, module, _}", module) ||
                   cop_match(row->initial_call, "{module, _, _}", module)
               ? cop_inspect(module)
               : cop_nil();
}

static cop_term alive(const struct cop_process_row *row)
{
    cop_term leader = pid_or_nil(row->group_leader), parent = pid_or_nil(row->parent);
    cop_term app = cop__obs_application(cop_application_trees(), row->group_leader);
    cop_term module = module_of(row), tables = tables_of(row->pid), successor, id = cop_nil();
    cop_term events = cop__obs_events_of(row->pid, &successor), event, rest = events, found;
    cop_term stack = told(cop_native_stack(row->pid), cop__obs_frame);

    while (cop_match(rest, "[event | rest]", event, rest)) {
        if (cop_match(event, "%{event: \"start\", id: found}", found) && cop_is_binary(found))
            id = cop__obs_term_text(found);
    }
    return cop__obs_merge(
        cop__obs_merge(from_row(row), asked(row->pid)),
        cop_build("%{group_leader: leader, parent: parent, application: app, module: module,"
                  " tables: tables, events: events, child_id: id, stacktrace: stack}",
                  leader, parent, app, module, tables, events, id, stack));
}

static cop_term dead(cop_pid pid)
{
    cop_term successor, events = cop__obs_events_of(pid, &successor), row = cop_none();
    cop_term number = cop__obs_crash_of(pid, &row), rest = events, event;
    cop_term id = cop__obs_pid(cop_pid_term(pid)), name = cop_nil(), reason = cop_nil();
    cop_term time = cop_nil(), value, state = cop_nil();

    while (cop_match(rest, "[event | rest]", event, rest)) {
        if (cop_match(event, "%{name: value}", value) && cop_is_binary(value)) name = value;
        (void)cop_match(event, "%{event: \"exit\", reason: reason, time_us: time}", reason, time);
    }
    if (!cop_is_none(row))
        (void)cop_match(row, "%{reason: reason, time_us: time, process: %{name: name}}", reason,
                        time, name);
    if (cop_match(events, "[]") && cop_is_none(row)) {
        cop_bytes text = cop_to_bytes(id);

        cop__obs_fail(404, "not_found", "no process %.*s", (int)text.len, text.data);
    }
    if (cop_is_integer(number)) state = cop__obs_state_at_crash(pid);
    if (cop_match(state, "nil")) state = cop__obs_last_state(pid);
    return cop_build("%{pid: id, alive: false, name: name, reason: reason, time_us: time,"
                     " successor: successor, crash: number, state: state, events: events}",
                     id, name, reason, time, successor, number, state, events);
}

cop_term cop__obs_one_process(cop_pid pid)
{
    struct cop_process_row row;

    return cop_read_process(pid, &row) ? alive(&row) : dead(pid);
}

/* --- State and messages ----------------------------------------------------------------------- */

/* Returns whether it may be asked by system messages, which a plain process would keep. */
static bool must_live(cop_pid pid)
{
    struct cop_process_row row;

    if (!cop_read_process(pid, &row)) cop__obs_fail(404, "not_found", "the process has ended");
    return row.is_system;
}

static cop_term ask_state(void *arg)
{
    return cop_sys_get_state(cop_pid_term(*(cop_pid *)arg), COP__OBS_ASK_MS);
}

static cop_term ask_status(void *arg)
{
    return cop_sys_get_status(cop_pid_term(*(cop_pid *)arg), COP__OBS_ASK_MS);
}

cop_term cop__obs_state(cop_pid pid)
{
    struct cop_outcome state, status;

    if (!must_live(pid)) return COP("%{state: nil, status: nil}");
    if (!cop_try(ask_state, &pid, &state)) return COP("%{state: :busy, status: nil}");
    cop_term shown = cop__obs_term(state.value, STATE_MAX), more = cop_nil();
    cop__obs_state_known(pid, cop__obs_term(state.value, COP__OBS_TERM_MAX));
    if (cop_try(ask_status, &pid, &status)) more = cop__obs_term(status.value, STATE_MAX);
    return cop_build("%{state: shown, status: more}", shown, more);
}

static cop_term ask_messages(void *arg)
{
    return cop_process_info(*(cop_pid *)arg, COP(":messages"));
}

cop_term cop__obs_messages(cop_pid pid, int64_t offset, int64_t limit)
{
    cop_term messages, shown = cop_empty_list();
    struct cop_outcome outcome;
    int64_t count;

    (void)must_live(pid);
    if (!cop_try(ask_messages, &pid, &outcome) ||
        !cop_match(outcome.value, "{_, messages}", messages) || !cop_is_list(messages))
        return COP("%{count: nil, messages: :busy}");
    count = cop_list_len(messages);
    for (int64_t i = 0; i < offset + limit && !cop_is_empty_list(messages);
         i++, messages = cop_tail(messages)) {
        if (i >= offset)
            shown = cop_cons(cop__obs_term(cop_head(messages), COP__OBS_TERM_MAX), shown);
    }
    shown = cop_list_reverse(shown);
    return cop_build("%{count: count, messages: shown}", count, shown);
}
