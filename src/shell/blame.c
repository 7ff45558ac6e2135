/* SPDX-License-Identifier: Apache-2.0 */
/* What Elixir's console adds to the banner of a function that is not there: those that may have
 * been meant, by the distance of Jaro of their names. */
#include "coppice/error.h"
#include "shell/console.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN    64   /* longer names are compared by so much of them */
#define LIKE            0.77 /* from this distance on a name is like another */
#define SUGGESTIONS_MAX 5

struct suggestion {
    double distance;
    const char *name; /* a signature: up to its bracket */
    size_t len;
    int arity;
};

/* --- The distance ----------------------------------------------------------------------------- */

/* Which letters of a have a partner in b, at most `window` away; the count of them. */
static size_t pair_up(cop_bytes a, cop_bytes b, bool *in_a, bool *in_b)
{
    size_t longer = a.len > b.len ? a.len : b.len;
    size_t window = longer / 2 > 0 ? longer / 2 - 1 : 0;
    size_t count = 0;

    for (size_t i = 0; i < a.len; i++) {
        size_t k = i > window ? i - window : 0;

        for (; k < b.len && k <= i + window; k++) {
            if (in_b[k] || a.data[i] != b.data[k]) continue;
            in_a[i] = in_b[k] = true;
            count++;
            break;
        }
    }
    return count;
}

static double jaro(cop_bytes a, cop_bytes b)
{
    bool in_a[NAME_MAX_LEN] = {false};
    bool in_b[NAME_MAX_LEN] = {false};
    double count;
    size_t swapped = 0;

    if (a.len > NAME_MAX_LEN) a.len = NAME_MAX_LEN;
    if (b.len > NAME_MAX_LEN) b.len = NAME_MAX_LEN;
    count = (double)pair_up(a, b, in_a, in_b);
    if (count == 0) return 0;
    for (size_t i = 0, k = 0; i < a.len; i++) {
        if (!in_a[i]) continue;
        while (!in_b[k])
            k++;
        if (a.data[i] != b.data[k++]) swapped++;
    }
    return (count / (double)a.len + count / (double)b.len +
            (count - floor((double)swapped / 2)) / count) /
           3;
}

/* --- Suggestions ------------------------------------------------------------------------------ */

/* Puts s into its place among those found, the nearest first; the last one falls out. */
static void insert(struct suggestion *found, int *len, struct suggestion s)
{
    int at = *len < SUGGESTIONS_MAX ? (*len)++ : SUGGESTIONS_MAX;

    for (; at > 0 && found[at - 1].distance < s.distance; at--)
        if (at < SUGGESTIONS_MAX) found[at] = found[at - 1];
    if (at < SUGGESTIONS_MAX) found[at] = s;
}

static bool has_name(const struct cop_module *module, cop_bytes name)
{
    for (const struct cop_function *f = module->functions; f && f->signature; f++)
        if (strcspn(f->signature, "(") == name.len &&
            memcmp(f->signature, name.data, name.len) == 0)
            return true;
    return false;
}

/* As they are listed: by name, then arity. */
static bool stands_before(const struct suggestion *a, const struct suggestion *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->name, b->name, len);

    if (order == 0 && a->len == b->len) return a->arity <= b->arity;
    return order < 0 || (order == 0 && a->len < b->len);
}

static void sort(struct suggestion *found, int len)
{
    for (int i = 1; i < len; i++) {
        for (int k = i; k > 0 && !stands_before(&found[k - 1], &found[k]); k--) {
            struct suggestion s = found[k];

            found[k] = found[k - 1];
            found[k - 1] = s;
        }
    }
}

static cop_term listed(const struct suggestion *found, int len)
{
    cop_term text = cop_string(". Did you mean:\n\n");

    for (int i = 0; i < len; i++) {
        cop_bytes before = cop_to_bytes(text);

        text = cop_format("%.*s      * %.*s/%d\n", (int)before.len, before.data, (int)found[i].len,
                          found[i].name, found[i].arity);
    }
    return text;
}

/* The same name with other arities, else names that are like it. */
static cop_term suggestions(const struct cop_module *module, cop_bytes name)
{
    struct suggestion found[SUGGESTIONS_MAX];
    bool is_known = has_name(module, name);
    int len = 0;

    for (const struct cop_function *f = module->functions; f && f->signature; f++) {
        cop_bytes other = {f->signature, strcspn(f->signature, "(")};
        double distance = jaro(name, other);

        if (is_known && distance < 1) continue;
        if (distance >= LIKE)
            insert(found, &len, (struct suggestion){distance, other.data, other.len, f->arity});
    }
    sort(found, len);
    return len > 0 ? listed(found, len) : COP("\"\"");
}

cop_term cop__blame(cop_term exception)
{
    cop_term name;
    cop_term function;
    const struct cop_module *module;

    if (!cop_match(exception,
                   "%{__struct__: UndefinedFunctionError, module: name, function: function}", name,
                   function) ||
        !cop_is_atom(name) || !cop_is_atom(function))
        return COP("\"\"");
    module = cop_module_find(name);
    return module ? suggestions(module, cop_atom_text(function)) : COP("\"\"");
}
