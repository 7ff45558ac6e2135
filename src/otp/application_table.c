/* SPDX-License-Identifier: Apache-2.0 */
/* The table of known applications. Rows are never freed, so the list may be walked unlocked once
 * its head was read; what changes in a row is guarded by the lock. */
#include "otp/application_table.h"

#include "base/check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct row {
    struct row *next;
    const struct cop_application *application;
    uint64_t name; /* an atom's word */
    bool is_loaded;
    bool is_expanded; /* those that it needs or includes are known, too */
    bool has_master;
    cop_pid master;
    cop_pid top;      /* of its tree; none: that has not been started */
    uint64_t started; /* grows from start to start */
};

static struct row *rows;
static uint64_t starts;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is held. */
static struct row *find(cop_term name)
{
    struct row *row = rows;

    while (row && row->name != name.word)
        row = row->next;
    return row;
}

/* The lock is held. */
static void add(const struct cop_application *application)
{
    cop_term name = cop_atom(application->name);
    struct row *row = find(name);

    COP_CHECK(!row || row->application == application, "two applications are called %s",
              application->name);
    if (row) return;
    row = calloc(1, sizeof(*row));
    COP_CHECK(row, "no memory for an application");
    row->application = application;
    row->name = name.word;
    row->next = rows;
    rows = row;
}

/* The lock is held. */
static void add_all(const struct cop_application *const *applications)
{
    for (; applications && *applications; applications++)
        add(*applications);
}

/* The lock is held. */
static struct row *not_expanded(void)
{
    struct row *row = rows;

    while (row && row->is_expanded)
        row = row->next;
    return row;
}

void cop_application_register(const struct cop_application *application)
{
    struct row *row;

    pthread_mutex_lock(&lock);
    add(application);
    while ((row = not_expanded())) {
        row->is_expanded = true;
        add_all(row->application->applications);
        add_all(row->application->included_applications);
    }
    pthread_mutex_unlock(&lock);
}

const struct cop_application *cop__application_find(cop_term name)
{
    const struct row *row;

    pthread_mutex_lock(&lock);
    row = find(name);
    pthread_mutex_unlock(&lock);
    return row ? row->application : NULL;
}

bool cop__application_is_loaded(cop_term name)
{
    const struct row *row;
    bool loaded;

    pthread_mutex_lock(&lock);
    row = find(name);
    loaded = row && row->is_loaded;
    pthread_mutex_unlock(&lock);
    return loaded;
}

void cop__application_set_loaded(cop_term name, bool loaded)
{
    struct row *row;

    pthread_mutex_lock(&lock);
    row = find(name);
    COP_ASSERT(row);
    row->is_loaded = loaded;
    pthread_mutex_unlock(&lock);
}

void cop__application_set_master(cop_term name, cop_pid master)
{
    struct row *row;

    pthread_mutex_lock(&lock);
    row = find(name);
    COP_ASSERT(row);
    row->master = master;
    row->has_master = !cop_is_no_pid(master);
    row->top = cop_no_pid();
    row->started = ++starts;
    pthread_mutex_unlock(&lock);
}

static cop_term text_or_empty(const char *text)
{
    return cop_string(text ? text : "");
}

void cop__application_set_top(cop_term name, cop_pid top)
{
    struct row *row;

    pthread_mutex_lock(&lock);
    row = find(name);
    if (row) row->top = top;
    pthread_mutex_unlock(&lock);
}

/* Copies the row of the application that was started next after the one with this number. */
static bool started_after(uint64_t number, struct row *ret)
{
    const struct row *next = NULL;

    pthread_mutex_lock(&lock);
    for (const struct row *row = rows; row; row = row->next) {
        if (row->has_master && row->started > number && (!next || row->started < next->started))
            next = row;
    }
    if (next) *ret = *next;
    pthread_mutex_unlock(&lock);
    return next;
}

cop_term cop_application_trees(void)
{
    cop_term trees = cop_empty_list();
    struct row row = {.started = 0};

    while (started_after(row.started, &row))
        trees = cop_cons(cop_tuple(cop_atom(row.application->name),
                                   text_or_empty(row.application->description),
                                   text_or_empty(row.application->version), row.master, row.top),
                         trees);
    return cop_list_reverse(trees);
}

cop_term cop__application_of_master(cop_pid master)
{
    const struct row *row;
    const char *name = NULL;

    pthread_mutex_lock(&lock);
    for (row = rows; row && !name; row = row->next) {
        if (row->has_master && cop_pid_equal(row->master, master)) name = row->application->name;
    }
    pthread_mutex_unlock(&lock);
    return name ? cop_atom(name) : cop_none();
}

cop_term cop__applications_loaded(void)
{
    cop_term names = cop_empty_list();
    const struct row *row;

    pthread_mutex_lock(&lock);
    row = rows;
    pthread_mutex_unlock(&lock);
    for (; row; row = row->next) {
        cop_term name = cop_atom(row->application->name);

        if (cop__application_is_loaded(name)) names = cop_cons(name, names);
    }
    return names;
}

cop_term cop__application_of_module(cop_term module)
{
    const struct cop_module *wanted = cop_module_find(module);
    cop_term names = cop__applications_loaded();

    for (; wanted && !cop_is_empty_list(names); names = cop_tail(names)) {
        const struct cop_application *application = cop__application_find(cop_head(names));

        for (const struct cop_module *const *m = application->modules; m && *m; m++) {
            if (*m == wanted) return cop_head(names);
        }
    }
    return cop_none();
}

cop_term cop__application_text(const char *text)
{
    struct cop_parse_error error;
    cop_term value;

    if (!text) return cop_empty_list();
    if (!cop_parse((cop_bytes){text, strlen(text)}, &value, &error)) cop_error(COP(":badarg"));
    return value;
}

cop_term cop__application_charlist(const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");
    cop_term list = cop_empty_list();

    while (*at) {
        int more = *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC0 ? 1 : 0;
        int64_t c = more ? *at & (0x3F >> more) : *at;

        for (at++; more > 0 && (*at & 0xC0) == 0x80; more--, at++)
            c = c << 6 | (*at & 0x3F);
        list = cop_cons(c, list);
    }
    return cop_list_reverse(list);
}
