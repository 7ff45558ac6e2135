/* SPDX-License-Identifier: Apache-2.0 */
/* /api/processes: rows read from outside, filtered, sorted and cut into pages here, so that the
 * page of a node with 100 000 processes gets as many rows as it shows. */
#include "observer.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* --- Growth of reductions ------------------------------------------------------------------------
 *
 * Two snapshots of all processes' reductions: the growth since the older one is told, and the newer
 * takes its place when it is a window old. They belong to the Observer, not to a viewer. */

#define WINDOW_MS 2000

struct snapshot {
    uint64_t *pids; /* by place in the list of rows: ascending slots */
    uint64_t *reductions;
    size_t len;
    int64_t at_ms;
};

static struct {
    pthread_mutex_t lock;
    struct snapshot older, newer;
} growth = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void snapshot_fill(struct snapshot *s, const struct cop_process_row *rows, size_t len,
                          int64_t now)
{
    uint64_t *pids = realloc(s->pids, (len + 1) * sizeof *pids);
    uint64_t *reductions = pids == NULL ? NULL : realloc(s->reductions, (len + 1) * sizeof *pids);

    if (pids != NULL) s->pids = pids;
    s->len = 0;
    if (reductions == NULL) return; /* nothing is told then */
    s->reductions = reductions;
    for (size_t i = 0; i < len; i++) {
        pids[i] = rows[i].pid.id;
        reductions[i] = rows[i].reductions;
    }
    s->len = len;
    s->at_ms = now;
}

static size_t known_len(const struct snapshot *s)
{
    return s->pids != NULL && s->reductions != NULL ? s->len : 0;
}

struct delta {
    int64_t reductions; /* since the older snapshot; -1: it was not there */
};

/* Sets the growth of each row, in the order of their slots; returns the length of the window. */
static int64_t read_growth(const struct cop_process_row *rows, size_t len, struct delta *deltas)
{
    const uint64_t slot = ((uint64_t)1 << 28) - 1;
    int64_t now = cop_monotonic_ms(), window;
    size_t at = 0;

    pthread_mutex_lock(&growth.lock);
    if (growth.newer.pids == NULL || now - growth.newer.at_ms >= WINDOW_MS) {
        struct snapshot swap = growth.older;

        growth.older = growth.newer;
        growth.newer = swap;
        snapshot_fill(&growth.newer, rows, len, now);
    }
    window = known_len(&growth.older) > 0 ? now - growth.older.at_ms : 0;
    for (size_t i = 0; i < len; i++) {
        const struct snapshot *s = &growth.older;
        size_t known = known_len(s);

        while (at < known && (s->pids[at] & slot) < (rows[i].pid.id & slot))
            at++;
        deltas[i].reductions = at < known && s->pids[at] == rows[i].pid.id
                                   ? (int64_t)(rows[i].reductions - s->reductions[at])
                                   : -1;
    }
    pthread_mutex_unlock(&growth.lock);
    return window;
}

/* --- Reading ---------------------------------------------------------------------------------- */

struct list {
    struct cop_process_row *rows;
    struct delta *deltas;
    uint32_t *order; /* of those that match */
    size_t len;
    size_t matched;
    int64_t window_ms;
};

static struct list read_all(void)
{
    struct cop_node_figures figures;
    struct list l = {NULL, NULL, NULL, 0, 0, 0};
    size_t cap;
    uint32_t cursor = 0;

    cop_read_node(&figures);
    cap = figures.processes + figures.processes / 8 + 64;
    l.rows = cop_alloc(cap * sizeof *l.rows);
    l.len = cop_read_processes(&cursor, l.rows, cap);
    l.deltas = cop_alloc((l.len + 1) * sizeof *l.deltas);
    l.order = cop_alloc((l.len + 1) * sizeof *l.order);
    l.window_ms = read_growth(l.rows, l.len, l.deltas);
    return l;
}

/* --- Filtering -------------------------------------------------------------------------------- */

/* Whether the text at this place goes on with what, which is in small letters. */
static bool goes_on_with(const char *text, cop_bytes what)
{
    size_t i = 0;

    while (i < what.len && tolower((unsigned char)text[i]) == what.data[i])
        i++;
    return i == what.len;
}

static bool contains(cop_bytes text, cop_bytes what)
{
    for (size_t at = 0; at + what.len <= text.len; at++) {
        if (goes_on_with(text.data + at, what)) return true;
    }
    return false;
}

static bool term_contains(cop_term text, cop_bytes what)
{
    return cop_is_binary(text) && contains(cop_to_bytes(text), what);
}

static bool matches(const struct cop_process_row *row, cop_bytes what)
{
    const char *function = row->function != NULL ? row->function : "";

    return what.len == 0 || contains((cop_bytes){function, strlen(function)}, what) ||
           term_contains(cop__obs_name(row->name), what) || term_contains(row->label, what) ||
           term_contains(cop__obs_initial_call(row), what) ||
           term_contains(cop__obs_pid(cop_pid_term(row->pid)), what);
}

/* The group leader of an application; cop_no_pid(): there is no such. */
static cop_pid leader_of(cop_bytes application)
{
    cop_term apps = cop_application_trees(), name;
    cop_pid master;

    while (cop_match(apps, "[{name, _, _, master, _} | apps]", name, master, apps)) {
        cop_bytes text = cop_atom_text(name);

        if (text.len == application.len && memcmp(text.data, application.data, text.len) == 0)
            return master;
    }
    cop__obs_fail(404, "not_found", "there is no such application");
}

static void filter(struct list *l, const struct cop__obs_request *r)
{
    cop_bytes text = cop__obs_text(r, "filter", ""), app = cop__obs_text(r, "application", "");
    cop_pid leader = app.len > 0 ? leader_of(app) : cop_no_pid();
    char *small = cop_alloc(text.len + 1);
    cop_bytes what = {small, text.len};

    for (size_t i = 0; i < text.len; i++)
        small[i] = (char)tolower((unsigned char)text.data[i]);
    for (size_t i = 0; i < l->len; i++) {
        if (app.len > 0 && !cop_pid_equal(l->rows[i].group_leader, leader)) continue;
        if (matches(&l->rows[i], what)) l->order[l->matched++] = (uint32_t)i;
    }
    cop_free(small);
}

/* --- Sorting ---------------------------------------------------------------------------------- */

enum column {
    BY_PID,
    BY_NAME,
    BY_LABEL,
    BY_STATUS,
    BY_MEMORY,
    BY_QUEUE,
    BY_REDUCTIONS,
    BY_DELTA,
    BY_FUNCTION,
    BY_SCHEDULER,
    COLUMNS
};
static const char *const columns[COLUMNS] = {"pid",
                                             "name",
                                             "label",
                                             "status",
                                             "memory",
                                             "queue",
                                             "reductions",
                                             "reductions_delta",
                                             "current_function",
                                             "scheduler"};

/* What a row is sorted by: a number or a text, found once. */
struct key {
    int64_t number;
    cop_bytes text;
    bool is_missing;
};
struct sorting {
    struct key *keys; /* by place in the list of rows */
    enum column by;
    bool falling;
};

static cop_term shown_name(const struct cop_process_row *row)
{
    cop_term name = cop__obs_name(row->name);

    return cop_is_binary(name) ? name : cop__obs_initial_call(row);
}

static cop_term function_text(const struct cop_process_row *row)
{
    return row->function != NULL ? cop_string(row->function) : cop_nil();
}

static struct key number_key(int64_t number)
{
    return (struct key){.number = number};
}

/* A number that is not there is negative. */
static struct key natural_key(int64_t number)
{
    return (struct key){.number = number, .is_missing = number < 0};
}

static struct key text_key(cop_term text)
{
    if (!cop_is_binary(text)) return (struct key){.is_missing = true};
    return (struct key){.text = cop_to_bytes(text)};
}

static struct key key_of(const struct list *l, uint32_t at, enum column by)
{
    const struct cop_process_row *row = &l->rows[at];

    switch (by) {
    case BY_NAME: return text_key(shown_name(row));
    case BY_LABEL: return text_key(row->label);
    case BY_STATUS: return number_key(row->status);
    case BY_SCHEDULER: return natural_key(row->scheduler);
    case BY_MEMORY: return number_key((int64_t)row->memory);
    case BY_QUEUE: return number_key(row->queue);
    case BY_REDUCTIONS: return number_key((int64_t)row->reductions);
    case BY_DELTA: return natural_key(l->deltas[at].reductions);
    case BY_FUNCTION: return text_key(function_text(row));
    case BY_PID:
    case COLUMNS: break;
    }
    return number_key(at);
}

static int compare_keys(const struct key *a, const struct key *b)
{
    size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = (a->number > b->number) - (a->number < b->number);

    if (order == 0 && len > 0) order = memcmp(a->text.data, b->text.data, len);
    return order != 0 ? order : (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

/* Those without come last, rows that are equal stay in the order of their slots: whatever the
 * order. */
static int compare_places(const void *a, const void *b, void *arg)
{
    const struct sorting *s = arg;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    const struct key *x = &s->keys[i], *y = &s->keys[k];
    int order = x->is_missing || y->is_missing ? 0 : compare_keys(x, y);

    if (x->is_missing != y->is_missing) return x->is_missing ? 1 : -1;
    if (order == 0) return (i > k) - (i < k);
    return s->falling ? -order : order;
}

static void sort(struct list *l, const struct cop__obs_request *r)
{
    cop_bytes key = cop__obs_text(r, "sort", "reductions");
    struct sorting s = {NULL, COLUMNS, cop__obs_is_falling(r, "desc")};

    for (int i = 0; i < COLUMNS; i++) {
        if (cop__obs_same(key, columns[i])) s.by = (enum column)i;
    }
    if (s.by == COLUMNS) cop__obs_fail(400, "bad_request", "there is no such column to sort by");
    s.keys = cop_alloc((l->len + 1) * sizeof *s.keys);
    for (size_t i = 0; i < l->matched; i++)
        s.keys[l->order[i]] = key_of(l, l->order[i], s.by);
    qsort_r(l->order, l->matched, sizeof *l->order, compare_places, &s);
    cop_free(s.keys);
}

/* --- Rows ------------------------------------------------------------------------------------- */

static cop_term row_map(const struct cop_process_row *row, int64_t delta)
{
    static const char *const priorities[] = {"normal", "low", "high", "max"};
    cop_term pid = cop__obs_pid(cop_pid_term(row->pid)), name = cop__obs_name(row->name);
    cop_term call = cop__obs_initial_call(row), function = function_text(row);
    cop_term label = cop_is_binary(row->label) ? cop__obs_utf8(row->label) : cop_nil();
    cop_term status = cop_string(cop__obs_status(row->status));
    cop_term growth_term = delta >= 0 ? cop_int(delta) : cop_nil();
    cop_term scheduler = row->scheduler >= 0 ? cop_int(row->scheduler) : cop_nil();
    cop_term priority = cop_string(priorities[row->priority]);
    int64_t memory = (int64_t)row->memory, queue = row->queue;
    int64_t reductions = (int64_t)row->reductions;
    bool traps = row->trap_exit, suspended = row->status == COP_PROCESS_SUSPENDED;

    return cop_build("%{pid: pid, name: name, initial_call: call, label: label, status: status,"
                     " memory: memory, queue: queue, reductions: reductions,"
                     " reductions_delta: growth_term, current_function: function,"
                     " scheduler: scheduler, priority: priority, trap_exit: traps,"
                     " suspended: suspended}",
                     pid, name, call, label, status, memory, queue, reductions, growth_term,
                     function, scheduler, priority, traps, suspended);
}

cop_term cop__obs_processes(const struct cop__obs_request *r)
{
    int64_t offset = cop__obs_number(r, "offset", 0, 0, 100000000);
    int64_t max = cop__obs_number(r, "limit", 100, 0, 1000);
    struct list l = read_all();
    cop_term rows = cop_empty_list();
    int64_t count = (int64_t)l.len, matched, interval = l.window_ms, end;

    filter(&l, r);
    sort(&l, r);
    matched = (int64_t)l.matched;
    end = offset + max < matched ? offset + max : matched;
    for (int64_t i = end; i > offset; i--) {
        uint32_t at = l.order[i - 1];

        rows = cop_cons(row_map(&l.rows[at], l.deltas[at].reductions), rows);
    }
    return cop_build("%{count: count, matched: matched, offset: offset, interval_ms: interval,"
                     " processes: rows}",
                     count, matched, offset, interval, rows);
}
