/* SPDX-License-Identifier: Apache-2.0 */
/* /api/crashes: abnormal ends of processes, each with the report that the log got for it. The
 * runtime notes the ends, our handler of the log the reports, both in the journal of crashes. */
#include "observer.h"

#include <string.h>

#define CRASHES_MAX 256
#define REPORT      "{:report, pid, level, text}"
/* So far from the end of its process a report is still about that. */
#define REPORT_US   2000000

void cop__obs_log_handler(const struct cop_log_event *event, void *arg)
{
    cop_term pid = cop_map_get(event->metadata, COP(":pid"), cop_nil());
    cop_term level = cop_level_name(event->level);
    cop_term text = cop__obs_utf8(cop_binary(event->text.data, event->text.len));

    (void)arg;
    cop_journal_put(COP_JOURNAL_LOG, cop_tuple(level, text, pid));
    if (event->level >= COP_ERROR && cop_is_pid(pid))
        cop_journal_put(COP_JOURNAL_CRASHES, cop_build(REPORT, pid, level, text));
}

/* --- The list --------------------------------------------------------------------------------- */

/* All that is needed to tell of crashes. */
struct past {
    cop_term entries;    /* {number, time_us, event}, oldest first */
    cop_term successors; /* map: pid -> pid */
    cop_term apps;
    cop_term ended;   /* map: pid -> {number, time} of its crash */
    cop_term reports; /* map: pid -> {text, time}, the latest */
    int64_t next;
    int64_t lost;
};

static cop_term read_successors(void)
{
    cop_term list, map = cop_map_new(), pid, former, event;

    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, 20000), "{_, _, list}", list);
    while (cop_match(list, "[{_, _, event} | list]", event, list)) {
        if (cop_match(event, "{:start, _, _, pid, _, _, former}", pid, former) &&
            cop_is_pid(former))
            map = cop_map_put(map, former, pid);
    }
    return map;
}

static struct past read_past(int64_t after)
{
    struct past p = {.successors = read_successors(),
                     .apps = cop_application_trees(),
                     .ended = cop_map_new(),
                     .reports = cop_map_new()};
    cop_term rest, event, pid, text;
    int64_t number, time;

    cop_expect(cop_journal_read(COP_JOURNAL_CRASHES, 0, CRASHES_MAX), "{_, _, rest}", rest);
    while (cop_match(rest, "[{number, time, event} | rest]", number, time, event, rest)) {
        if (cop_match(event, "{:report, pid, _, text}", pid, text))
            p.reports = cop_map_put(p.reports, pid, cop_tuple(text, time));
        else if (cop_match(event, "%{pid: pid}", pid))
            p.ended = cop_map_put(p.ended, pid, cop_tuple(number, time));
    }
    cop_expect(cop_journal_read(COP_JOURNAL_CRASHES, (uint64_t)after, CRASHES_MAX),
               "{next, lost, rest}", p.next, p.lost, rest);
    p.entries = rest;
    return p;
}

static cop_term first_line(cop_term text)
{
    cop_bytes t = cop_to_bytes(text);
    const char *end = t.len > 0 ? memchr(t.data, '\n', t.len) : NULL;

    return end == NULL ? text : cop_binary(t.data, (size_t)(end - t.data));
}

/* {"pid", "name", "label"} as it was. */
static cop_term process_map(cop_term pid, cop_term name, cop_term label)
{
    cop_term id = cop__obs_pid(pid), shown = cop__obs_name(name);
    cop_term text = cop_is_binary(label) ? cop__obs_utf8(label) : cop_nil();

    return cop_build("%{pid: id, name: shown, label: text}", id, shown, text);
}

static cop_term exit_row(const struct past *p, cop_term event)
{
    cop_term pid, name, label, reason, words, leader, process, app = cop_nil();

    cop_expect(event,
               "%{pid: pid, name: name, label: label, reason: reason, words: words,"
               " group_leader: leader}",
               pid, name, label, reason, words, leader);
    process = process_map(pid, name, label);
    if (cop_is_pid(leader)) app = cop__obs_application(p->apps, cop_to_pid(leader));
    reason = cop__obs_term_text(reason);
    if (cop_is_binary(words)) words = cop__obs_utf8(words);
    name = cop__obs_pid(cop_map_get(p->successors, pid, cop_nil()));
    return cop_build("%{kind: \"exit\", process: process, application: app, reason: reason,"
                     " words: words, successor: name}",
                     process, app, reason, words, name);
}

static cop_term report_row(cop_term pid, cop_term text)
{
    cop_term process = cop__obs_process(pid), words = first_line(text);

    return cop_build("%{kind: \"report\", process: process, application: nil, reason: nil,"
                     " words: words, successor: nil}",
                     process, words);
}

/* Whether a report of this time is about the end of the process. */
static bool belongs_to_end(const struct past *p, cop_term pid, int64_t time)
{
    int64_t ended_at;

    return cop_match(cop_map_get(p->ended, pid, cop_nil()), "{_, ended_at}", ended_at) &&
           time > ended_at - REPORT_US && time < ended_at + REPORT_US;
}

/* The text of the report about an end of this time, or nil. */
static cop_term report_of(const struct past *p, cop_term pid)
{
    cop_term text;
    int64_t time;

    return cop_match(cop_map_get(p->reports, pid, cop_nil()), "{text, time}", text, time) &&
                   belongs_to_end(p, pid, time)
               ? text
               : cop_nil();
}

/* The row of an entry; cop_none() for a report that belongs to an end. */
static cop_term row_of(const struct past *p, cop_term entry)
{
    cop_term event, row, pid, text;
    int64_t number, time;

    cop_expect(entry, "{number, time, event}", number, time, event);
    if (cop_match(event, "{:report, pid, _, text}", pid, text)) {
        if (belongs_to_end(p, pid, time)) return cop_none();
        row = report_row(pid, text);
    } else {
        row = exit_row(p, event);
    }
    row = cop_map_put(row, COP(":number"), number);
    return cop_map_put(row, COP(":time_us"), time);
}

cop_term cop__obs_crashes(int64_t after, int64_t limit)
{
    struct past p = read_past(after);
    cop_term entries = cop_list_reverse(p.entries), rows = cop_empty_list(), entry;
    int64_t next = p.next, lost = p.lost;

    while (limit > 0 && cop_match(entries, "[entry | entries]", entry, entries)) {
        cop_term row = row_of(&p, entry);

        if (cop_is_none(row)) continue;
        rows = cop_cons(row, rows);
        limit--;
    }
    rows = cop_list_reverse(rows);
    return cop_build("%{next: next, lost: lost, crashes: rows}", next, lost, rows);
}

cop_term cop__obs_crash_of(cop_pid pid, cop_term *ret_row)
{
    struct past p = read_past(0);
    cop_term number = cop_nil(), rest = p.entries, entry;

    (void)cop_match(cop_map_get(p.ended, cop_pid_term(pid), cop_nil()), "{number, _}", number);
    while (cop_match(rest, "[entry | rest]", entry, rest)) {
        if (cop_identical(cop_elem(entry, 0), number)) *ret_row = row_of(&p, entry);
    }
    return number;
}

/* --- One -------------------------------------------------------------------------------------- */

static cop_term as_term(cop_term text)
{
    return cop__obs_term_text(text);
}

/* What a GenServer's report says of its state, to the end; nil if it says nothing. */
static cop_term state_in(cop_term report)
{
    static const char mark[] = "\nState: ";
    cop_bytes text;
    const char *at;

    if (!cop_is_binary(report)) return cop_nil();
    text = cop_to_bytes(report);
    at = memmem(text.data, text.len, mark, strlen(mark));
    if (at == NULL) return cop_nil();
    at += strlen(mark);
    return cop__obs_term_text(cop_binary(at, (size_t)(text.data + text.len - at)));
}

cop_term cop__obs_state_at_crash(cop_pid pid)
{
    struct past p = read_past(0);

    return state_in(report_of(&p, cop_pid_term(pid)));
}

static cop_term call_text(cop_term call, cop_term function)
{
    struct cop_process_row row = {.initial_call = call, .function = NULL};
    cop_term text = cop__obs_initial_call(&row);

    return cop_is_binary(text) ? text : function;
}

/* What an end has beside its row. */
static cop_term details(const struct past *p, cop_term event)
{
    cop_term pid, call, function, ancestors, messages, links, report, state, frames;
    int64_t queue;

    cop_expect(event,
               "%{pid: pid, initial_call: call, function: function, ancestors: ancestors,"
               " messages: messages, links: links, queue: queue, frames: frames}",
               pid, call, function, ancestors, messages, links, queue, frames);
    call = call_text(call, function);
    ancestors = cop__obs_each(ancestors, cop__obs_process);
    messages = cop__obs_each(messages, as_term);
    links = cop__obs_each(links, cop__obs_process);
    report = report_of(p, pid);
    state = state_in(report);
    frames = cop__obs_each(cop_native_frames(frames), cop__obs_frame);
    return cop_build("%{initial_call: call, ancestors: ancestors, state: state,"
                     " messages: messages, queue: queue, links: links, report: report,"
                     " stacktrace: frames}",
                     call, ancestors, state, messages, queue, links, report, frames);
}

cop_term cop__obs_crash(int64_t number)
{
    struct past p = read_past(0);
    cop_term rest = p.entries, entry, row, event, pid, text, tree;
    int64_t at, time;

    while (cop_match(rest, "[entry | rest]", entry, rest)) {
        cop_expect(entry, "{at, time, event}", at, time, event);
        if (at != number) continue;
        row = row_of(&p, entry);
        if (cop_is_none(row)) break;
        if (cop_match(event, "{:report, pid, _, text}", pid, text))
            row = cop__obs_merge(row, cop_build("%{initial_call: nil, ancestors: [], state: nil,"
                                                " messages: [], queue: nil, links: [],"
                                                " stacktrace: [], report: text}",
                                                text));
        else
            row = cop__obs_merge(row, details(&p, event));
        /* As it stood before: the end itself is undone. */
        tree = cop_map_get(cop__obs_history_tree(time - 1), COP(":tree"), cop_empty_list());
        return cop_map_put(row, COP(":tree"), tree);
    }
    cop__obs_fail(404, "not_found", "there is no such crash any more");
}
