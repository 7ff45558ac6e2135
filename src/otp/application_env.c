/* SPDX-License-Identifier: Apache-2.0 */
/* The environments of applications, in one table of the program. Terms belong to processes and
 * regions, and these values to nobody: so the table holds their texts in Elixir's syntax, and a
 * reader parses its own copy. They are few and small. The lock is held for no more than a copy. */
#include "otp/application_env.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    uint64_t app; /* words of atoms, which are never freed */
    uint64_t key;
    bool lasts; /* not the value itself, but what it is at the next load */
    char *text;
    size_t len;
};

static struct entry *entries;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is held. */
static struct entry *find(uint64_t app, uint64_t key, bool lasts)
{
    struct entry *e = entries;

    while (e && (e->app != app || e->key != key || e->lasts != lasts))
        e = e->next;
    return e;
}

/* The lock is held. False: no memory. Takes text. */
static bool set(uint64_t app, uint64_t key, bool lasts, char *text, size_t len)
{
    struct entry *e = find(app, key, lasts);

    if (!e) {
        e = calloc(1, sizeof(*e));
        if (!e) return false;
        e->app = app;
        e->key = key;
        e->lasts = lasts;
        e->next = entries;
        entries = e;
    }
    free(e->text);
    e->text = text;
    e->len = len;
    return true;
}

static void put_text(cop_term app, cop_term key, bool lasts, cop_bytes text)
{
    char *copy = malloc(text.len + 1);
    bool done = false;

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
        pthread_mutex_lock(&lock);
        done = set(app.word, key.word, lasts, copy, text.len);
        pthread_mutex_unlock(&lock);
    }
    if (!done) {
        free(copy);
        cop_error(COP(":system_limit"));
    }
}

/* A binary with the text, or cop_none(). */
static cop_term get_text(cop_term app, cop_term key, bool lasts)
{
    cop_term text = cop_none();
    char *copy = NULL;
    struct entry *e;
    size_t len = 0;
    bool found;

    /* Into a block of malloc's first: building a term may raise, which must not happen locked. */
    pthread_mutex_lock(&lock);
    e = find(app.word, key.word, lasts);
    found = e != NULL;
    if (found) {
        len = e->len;
        copy = malloc(len + 1);
        if (copy) memcpy(copy, e->text, len);
    }
    pthread_mutex_unlock(&lock);
    if (found && !copy) cop_error(COP(":system_limit"));
    if (found) text = cop_binary(copy, len);
    free(copy);
    return text;
}

static cop_term check_atom(cop_term t)
{
    if (!cop_is_atom(t)) cop_error(COP(":badarg"));
    return t;
}

/* The value with this text, which is one: it was read before it was set. */
static cop_term value_of(cop_term text)
{
    struct cop_parse_error error;
    cop_term value;

    if (!cop_parse(cop_to_bytes(text), &value, &error)) cop_error(COP(":badarg"));
    return value;
}

cop_term cop_application_fetch_env(cop_term name, cop_term key)
{
    cop_term text = get_text(check_atom(name), key, false);

    return cop_is_none(text) ? COP(":error") : cop_tuple(cop_ok(), value_of(text));
}

cop_term cop_application_get_env(cop_term name, cop_term key, cop_term fallback)
{
    cop_term text = get_text(check_atom(name), key, false);

    return cop_is_none(text) ? fallback : value_of(text);
}

/* The n-th value of an application, the last set first, as a text; cop_none(): there are not so
 * many. */
static cop_term nth_text(cop_term name, size_t n, cop_term *ret_key)
{
    const struct entry *e;

    pthread_mutex_lock(&lock);
    for (e = entries; e; e = e->next) {
        if (e->app == name.word && !e->lasts && n-- == 0) break;
    }
    if (e) ret_key->word = e->key;
    pthread_mutex_unlock(&lock);
    return e ? get_text(name, *ret_key, false) : cop_none();
}

cop_term cop_application_get_all_env(cop_term name)
{
    cop_term all = cop_empty_list(), key = cop_nil(), text;

    check_atom(name);
    for (size_t n = 0; !cop_is_none(text = nth_text(name, n, &key)); n++)
        all = cop_cons(cop_tuple(key, value_of(text)), all);
    return all;
}

static void put_env(cop_term name, cop_term key, cop_term value, bool lasts)
{
    cop_term text = cop_inspect_with(value, (struct cop_inspect_opts){0, 0});
    struct cop_parse_error error;
    cop_term again;

    if (!cop_parse(cop_to_bytes(text), &again, &error) || !cop_identical(again, value)) {
        cop_bytes shown = cop_to_bytes(text);

        cop_raise("ArgumentError", "cannot keep %.*s in the environment of an application",
                  (int)shown.len, shown.data);
    }
    put_text(name, key, false, cop_to_bytes(text));
    if (lasts) put_text(name, key, true, cop_to_bytes(text));
}

cop_term cop_application_put_env(cop_term name, cop_term key, cop_term value)
{
    put_env(check_atom(name), check_atom(key), value, false);
    return cop_ok();
}

cop_term cop_application_put_env_persistent(cop_term name, cop_term key, cop_term value)
{
    put_env(check_atom(name), check_atom(key), value, true);
    return cop_ok();
}

/* Drops the values of an application; of one key only, unless that is cop_none(). What lasts is
 * kept. */
static void drop(cop_term name, cop_term key)
{
    struct entry **at = &entries;

    pthread_mutex_lock(&lock);
    while (*at) {
        struct entry *e = *at;

        if (e->app == name.word && !e->lasts && (cop_is_none(key) || e->key == key.word)) {
            *at = e->next;
            free(e->text);
            free(e);
        } else {
            at = &e->next;
        }
    }
    pthread_mutex_unlock(&lock);
}

cop_term cop_application_delete_env(cop_term name, cop_term key)
{
    drop(check_atom(name), key);
    return cop_ok();
}

/* --- Loading ---------------------------------------------------------------------------------- */

/* The key of an entry that lasts; cop_none(): there are not so many of this application. */
static cop_term nth_lasting(cop_term name, size_t n)
{
    cop_term key = cop_none();

    pthread_mutex_lock(&lock);
    for (const struct entry *e = entries; e; e = e->next) {
        if (e->app == name.word && e->lasts && n-- == 0) {
            key.word = e->key;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return key;
}

bool cop__application_env_load(const struct cop_application *application)
{
    cop_term name = cop_atom(application->name), defaults = cop_empty_list(), key;
    struct cop_parse_error error;

    if (application->env &&
        (!cop_parse((cop_bytes){application->env, strlen(application->env)}, &defaults, &error) ||
         !cop_is_keyword(defaults)))
        return false;
    for (; !cop_is_empty_list(defaults); defaults = cop_tail(defaults)) {
        cop_term pair = cop_head(defaults);

        put_env(name, cop_elem(pair, 0), cop_elem(pair, 1), false);
    }
    for (size_t n = 0; !cop_is_none(key = nth_lasting(name, n)); n++)
        put_text(name, key, false, cop_to_bytes(get_text(name, key, true)));
    return true;
}

void cop__application_env_unload(cop_term name)
{
    drop(name, cop_none());
}
