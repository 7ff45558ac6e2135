/* SPDX-License-Identifier: Apache-2.0 */
/* The environments of applications, in one table of the program. Terms belong to processes and
 * regions, and these values to nobody: so the table holds their texts in Elixir's syntax, and a
 * reader parses its own copy. They are few and small. The lock is held for no more than a copy. */
#include "otp/application_env.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A value, or with key 0 the mark that an application's defaults were taken over. */
struct entry {
    struct entry *next;
    uint64_t app; /* words of atoms, which are never freed */
    uint64_t key;
    char *text;
    size_t len;
};

static struct entry *entries;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The lock is held. */
static struct entry *find(uint64_t app, uint64_t key)
{
    struct entry *e = entries;

    while (e && (e->app != app || e->key != key))
        e = e->next;
    return e;
}

/* The lock is held. False: no memory. Takes text. */
static bool set(uint64_t app, uint64_t key, char *text, size_t len)
{
    struct entry *e = find(app, key);

    if (!e) {
        e = calloc(1, sizeof(*e));
        if (!e) return false;
        e->app = app;
        e->key = key;
        e->next = entries;
        entries = e;
    }
    free(e->text);
    e->text = text;
    e->len = len;
    return true;
}

static void put_text(cop_term app, uint64_t key, cop_bytes text)
{
    char *copy = malloc(text.len + 1);
    bool done = false;

    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
        pthread_mutex_lock(&lock);
        done = set(app.word, key, copy, text.len);
        pthread_mutex_unlock(&lock);
    }
    if (!done) {
        free(copy);
        cop_error(COP(":system_limit"));
    }
}

/* A binary with the text, or cop_none(). */
static cop_term get_text(cop_term app, uint64_t key)
{
    cop_term text = cop_none();
    char *copy = NULL;
    struct entry *e;
    size_t len = 0;
    bool found;

    /* Into a block of malloc's first: building a term may raise, which must not happen locked. */
    pthread_mutex_lock(&lock);
    e = find(app.word, key);
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

cop_term cop_application_get_env(cop_term name, cop_term key, cop_term fallback)
{
    cop_term text = get_text(check_atom(name), check_atom(key).word);
    struct cop_parse_error error;
    cop_term value;

    if (cop_is_none(text)) return fallback;
    if (!cop_parse(cop_to_bytes(text), &value, &error))
        cop_error(COP(":badarg")); /* it was read before it was set */
    return value;
}

cop_term cop_application_put_env(cop_term name, cop_term key, cop_term value)
{
    cop_term text = cop_inspect_with(value, (struct cop_inspect_opts){0, 0});
    struct cop_parse_error error;
    cop_term again;

    check_atom(name);
    check_atom(key);
    if (!cop_parse(cop_to_bytes(text), &again, &error) || !cop_identical(again, value)) {
        cop_bytes shown = cop_to_bytes(text);

        cop_raise("ArgumentError", "cannot keep %.*s in the environment of an application",
                  (int)shown.len, shown.data);
    }
    put_text(name, key.word, cop_to_bytes(text));
    return cop_ok();
}

void cop__application_env_load(const struct cop_application *application)
{
    cop_term name = cop_atom(application->name);
    struct cop_parse_error error;
    cop_term defaults;

    if (!application->env || !cop_is_none(get_text(name, 0))) return;
    if (!cop_parse((cop_bytes){application->env, strlen(application->env)}, &defaults, &error) ||
        !cop_is_keyword(defaults))
        cop_raise("ArgumentError", "the environment of the application %s is no keyword list: %s",
                  application->name, application->env);
    put_text(name, 0, (cop_bytes){"", 0});
    for (; !cop_is_empty_list(defaults); defaults = cop_tail(defaults)) {
        cop_term pair = cop_head(defaults);

        cop_application_put_env(name, cop_elem(pair, 0), cop_elem(pair, 1));
    }
}
