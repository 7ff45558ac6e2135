/* SPDX-License-Identifier: Apache-2.0 */
/* The tree's past: the events of its journal, and the tree at a moment, which is the tree of now
 * with all that came later undone. */
#include "observer.h"

#include <stdlib.h>

#define EVENTS_MAX 20000

/* --- Events ----------------------------------------------------------------------------------- */

static cop_term start_map(cop_term event)
{
    cop_term supervisor, id, pid, type, name, former;

    if (!cop_match(event, "{:start, supervisor, id, pid, type, name, former}", supervisor, id, pid,
                   type, name, former))
        return cop_none();
    supervisor = cop__obs_pid(supervisor);
    pid = cop__obs_pid(pid);
    former = cop__obs_pid(former);
    return cop_build("%{event: \"start\", pid: pid, name: name, supervisor: supervisor, id: id,"
                     " type: type, replaces: former}",
                     pid, name, supervisor, id, type, former);
}

static cop_term end_map(cop_term event)
{
    cop_term pid, name, reason, supervisor, id;
    int64_t restarts, max, delay;
    bool abnormal;

    if (cop_match(event, "{:exit, pid, name, reason, abnormal}", pid, name, reason, abnormal)) {
        pid = cop__obs_pid(pid);
        reason = cop__obs_term_text(reason);
        return cop_build("%{event: \"exit\", pid: pid, name: name, reason: reason,"
                         " abnormal: abnormal}",
                         pid, name, reason, abnormal);
    }
    if (cop_match(event, "{:restart, supervisor, id, pid, restarts, max, delay}", supervisor, id,
                  pid, restarts, max, delay)) {
        pid = cop__obs_pid(pid);
        supervisor = cop__obs_pid(supervisor);
        return cop_build("%{event: \"restart\", pid: pid, supervisor: supervisor, id: id,"
                         " restarts: restarts, max_restarts: max, delay_ms: delay}",
                         pid, supervisor, id, restarts, max, delay);
    }
    cop_expect(event, "{:gave_up, supervisor, id, pid}", supervisor, id, pid);
    pid = cop__obs_pid(pid);
    supervisor = cop__obs_pid(supervisor);
    return cop_build("%{event: \"gave_up\", pid: pid, supervisor: supervisor, id: id}", pid,
                     supervisor, id);
}

cop_term cop__obs_tree_event(cop_term entry)
{
    cop_term event, map;
    int64_t number, time;

    cop_expect(entry, "{number, time, event}", number, time, event);
    map = start_map(event);
    if (cop_is_none(map)) map = end_map(event);
    map = cop_map_put(map, COP(":number"), number);
    return cop_map_put(map, COP(":time_us"), time);
}

/* Every event after this moment is there; now, where nothing is noted. */
static int64_t covered_from(void)
{
    int64_t since = cop_journal_since(COP_JOURNAL_TREE);

    return since != 0 ? since : cop__obs_now_us();
}

cop_term cop__obs_history(int64_t from_us, int64_t to_us, int64_t limit)
{
    cop_term list, entry, events = cop_empty_list(), next, lost;
    int64_t last = cop__obs_now_us(), first, time;

    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, EVENTS_MAX), "{next, lost, list}", next, lost,
               list);
    first = covered_from();
    while (cop_match(list, "[entry | list]", entry, list)) {
        cop_expect(entry, "{_, time, _}", time);
        if (time < from_us || time > to_us || limit <= 0) continue;
        limit--;
        events = cop_cons(cop__obs_tree_event(entry), events);
    }
    events = cop_list_reverse(events);
    return cop_build("%{from_us: first, to_us: last, lost: lost, next: next, events: events}",
                     first, last, lost, next, events);
}

/* Whether an event is about pid: of its own, or its former. */
static bool is_about(cop_term event, cop_pid pid, bool *ret_is_former)
{
    *ret_is_former = cop_match(event, "{:start, _, _, _, _, _, ^pid}", pid);
    return *ret_is_former || cop_match(event, "{:start, _, _, ^pid, _, _, _}", pid) ||
           cop_match(event, "{:exit, ^pid, _, _, _}", pid) ||
           cop_match(event, "{:restart, _, _, ^pid, _, _, _}", pid) ||
           cop_match(event, "{:gave_up, _, _, ^pid}", pid);
}

cop_term cop__obs_events_of(cop_pid pid, cop_term *ret_successor)
{
    cop_term list, entry, event, events = cop_empty_list(), successor;
    bool is_former;

    *ret_successor = cop_nil();
    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, EVENTS_MAX), "{_, _, list}", list);
    while (cop_match(list, "[entry | list]", entry, list)) {
        cop_expect(entry, "{_, _, event}", event);
        if (!is_about(event, pid, &is_former)) continue;
        if (!is_former) events = cop_cons(cop__obs_tree_event(entry), events);
        if (is_former && cop_match(event, "{_, _, _, successor, _, _, _}", successor))
            *ret_successor = cop__obs_pid(successor);
    }
    return cop_list_reverse(events);
}

/* --- The tree at a moment --------------------------------------------------------------------- */

/* pid -> {supervisor, id, type, name} of what stood then; and what is known of each process. */
struct past {
    cop_term rows;   /* map: what stands */
    cop_term starts; /* map: pid -> {time, {supervisor, id, type, name}} */
};

static void know(struct past *p, cop_term pid, cop_term time, cop_term what)
{
    p->starts = cop_map_put(p->starts, pid, cop_tuple(time, what));
}

/* What each event says about who was what. */
static void learn(struct past *p, cop_term events)
{
    cop_term supervisor, id, pid, type, name, former, event;
    int64_t time;

    while (cop_match(events, "[{_, time, event} | events]", time, event, events)) {
        if (!cop_match(event, "{:start, supervisor, id, pid, type, name, former}", supervisor, id,
                       pid, type, name, former))
            continue;
        cop_term what = cop_build("{supervisor, id, type, name}", supervisor, id, type, name);
        /* The former was the same child, and began before all that is known. */
        if (cop_is_pid(former) && !cop_map_has(p->starts, former)) know(p, former, cop_nil(), what);
        know(p, pid, cop_int(time), what);
    }
}

/* Undoes one event. */
static void undo(struct past *p, cop_term event)
{
    cop_term pid, name, known, supervisor, id, type;

    if (cop_match(event, "{:start, _, _, pid, _, _, _}", pid)) {
        p->rows = cop_map_remove(p->rows, pid);
    } else if (cop_match(event, "{:exit, pid, name, _, _}", pid, name)) {
        known = cop_map_get(p->starts, pid, cop_nil());
        if (!cop_match(known, "{_, {supervisor, id, type, _}}", supervisor, id, type)) {
            supervisor = id = cop_nil();
            type = COP(":worker");
        }
        p->rows = cop_map_put(
            p->rows, pid, cop_build("{supervisor, id, type, name}", supervisor, id, type, name));
    }
}

static void stand_now(struct past *p)
{
    cop_term now = cop__obs_tree_now(), pid, supervisor, id, type, name;

    while (cop_match(now, "[{pid, supervisor, id, type, name} | now]", pid, supervisor, id, type,
                     name, now))
        p->rows = cop_map_put(
            p->rows, pid, cop_build("{supervisor, id, type, name}", supervisor, id, type, name));
}

static cop_term row_map(const struct past *p, cop_term pid, cop_term row)
{
    cop_term supervisor, id, type, name, since = cop_nil(), shown = cop__obs_pid(pid);

    cop_expect(row, "{supervisor, id, type, name}", supervisor, id, type, name);
    (void)cop_match(cop_map_get(p->starts, pid, cop_nil()), "{since, _}", since);
    supervisor = cop__obs_pid(supervisor);
    return cop_build("%{pid: shown, name: name, supervisor: supervisor, id: id, type: type,"
                     " since_us: since}",
                     shown, name, supervisor, id, type, since);
}

static int compare_pids(const void *a, const void *b)
{
    return cop_compare(*(const cop_term *)a, *(const cop_term *)b);
}

/* supervisor -> [pid] in the order of their start, which is that of pids; the key nil has those
 * whose supervisor does not stand. */
static cop_term children_map(const struct past *p)
{
    cop_term pairs = cop_map_to_list(p->rows), map = cop_map_new(), above;
    size_t count = 0;
    cop_term *pids = cop_alloc((cop_map_size(p->rows) + 1) * sizeof *pids);

    for (; !cop_is_empty_list(pairs); pairs = cop_tail(pairs))
        pids[count++] = cop_elem(cop_head(pairs), 0);
    qsort(pids, count, sizeof *pids, compare_pids);
    while (count-- > 0) {
        above = cop_elem(cop_map_get(p->rows, pids[count], cop_nil()), 0);
        if (!cop_map_has(p->rows, above)) above = cop_nil();
        map = cop_map_put(map, above,
                          cop_cons(pids[count], cop_map_get(map, above, cop_empty_list())));
    }
    cop_free(pids);
    return map;
}

/* TREE_ROWs, parents before their children. */
static cop_term rows_of(const struct past *p)
{
    cop_term map = children_map(p), rows = cop_empty_list(), pid;
    cop_term level = cop_map_get(map, cop_nil(), cop_empty_list());

    while (!cop_match(level, "[]")) {
        cop_term below = cop_empty_list();

        while (cop_match(level, "[pid | level]", pid, level)) {
            cop_term children = cop_map_get(map, pid, cop_empty_list()), child;

            rows = cop_cons(row_map(p, pid, cop_map_get(p->rows, pid, cop_nil())), rows);
            while (cop_match(children, "[child | children]", child, children))
                below = cop_cons(child, below);
        }
        level = cop_list_reverse(below);
    }
    return cop_list_reverse(rows);
}

cop_term cop__obs_history_tree(int64_t at_us)
{
    struct past p = {cop_map_new(), cop_map_new()};
    cop_term list, newest_first, event, tree;
    int64_t time, number, next;
    bool complete;

    cop_expect(cop_journal_read(COP_JOURNAL_TREE, 0, EVENTS_MAX), "{next, _, list}", next, list);
    complete = at_us >= covered_from();
    learn(&p, list);
    stand_now(&p);
    newest_first = cop_list_reverse(list);
    while (cop_match(newest_first, "[{number, time, event} | newest_first]", number, time, event,
                     newest_first)) {
        if (number != next) complete = false; /* too many came at once: some are not there */
        next = number;
        if (time <= at_us) break;
        undo(&p, event);
        next--;
    }
    tree = rows_of(&p);
    return cop_build("%{at_us: at_us, number: next, complete: complete, tree: tree}", at_us, next,
                     complete, tree);
}
