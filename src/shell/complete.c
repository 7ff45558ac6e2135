/* SPDX-License-Identifier: Apache-2.0 */
/* Completion: what may stand at the end of a text. Modules and their parts; after a dot functions
 * or the keys of a map; else variables and the functions that need no module. Runs in the console's
 * process, which has the bindings. */
#include "shell/console.h"

#include <string.h>

/* What is looked for, and what was found: a list of {name, label}. */
struct search {
    cop_bytes hint; /* how the name begins */
    cop_term found;
};

static bool begins(cop_bytes name, cop_bytes hint)
{
    return name.len >= hint.len && memcmp(name.data, hint.data, hint.len) == 0;
}

static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_inside_word(char c)
{
    return is_lower(c) || is_upper(c) || (c >= '0' && c <= '9') || c == '.' || c == ':' ||
           c == '?' || c == '!' || c == '@' || (c & 0x80) != 0;
}

static void add(struct search *s, cop_bytes name, cop_bytes label)
{
    if (!begins(name, s->hint)) return;
    s->found = cop_cons(
        cop_tuple(cop_binary(name.data, name.len), cop_binary(label.data, label.len)), s->found);
}

/* --- What there is ---------------------------------------------------------------------------- */

static void add_functions(struct search *s, const struct cop_module *module)
{
    const struct cop_function *f = module ? module->functions : NULL;

    for (; f && f->signature; f++) {
        cop_bytes name = {f->signature, strcspn(f->signature, "(")};

        if (is_lower(name.data[0]))
            add(s, name, cop_to_bytes(cop_format("%.*s/%d", (int)name.len, name.data, f->arity)));
    }
}

/* The next part of the modules' names that begin with prefix: "KV." has Bucket and Registry. */
static void add_modules(struct search *s, cop_bytes prefix)
{
    for (cop_term l = cop_modules(); !cop_is_empty_list(l); l = cop_tail(l)) {
        const char *text = cop_module_find(cop_head(l))->name;
        cop_bytes name = {text, strlen(text)};

        if (!begins(name, prefix)) continue;
        name.data += prefix.len;
        name.len = strcspn(name.data, ".");
        add(s, name, name);
    }
}

static void add_variables(struct search *s, cop_term bindings)
{
    cop_term names = cop_apply(COP("Map"), COP(":keys"), cop_list(bindings));

    for (; !cop_is_empty_list(names); names = cop_tail(names)) {
        cop_bytes name = cop_atom_text(cop_head(names));

        add(s, name, name);
    }
}

/* --- After a dot ------------------------------------------------------------------------------ */

static const struct cop_module *module_called(cop_bytes text)
{
    cop_term name = text.data[0] == ':' ? cop_format("%.*s", (int)text.len - 1, text.data + 1)
                                        : cop_format("Elixir.%.*s", (int)text.len, text.data);
    cop_term atom = cop_atom_existing(cop_to_bytes(name));

    return cop_is_none(atom) ? NULL : cop_module_find(atom);
}

/* The value of var.key.key; cop_none() if there is none. Nothing is called. */
static cop_term value_of(cop_bytes path, cop_term bindings)
{
    cop_term value = bindings;

    while (path.len > 0) {
        const char *dot = memchr(path.data, '.', path.len);
        size_t len = dot ? (size_t)(dot - path.data) : path.len;
        cop_term key = cop_atom_existing((cop_bytes){path.data, len});

        if (cop_is_none(key) || !cop_is_map(value)) return cop_none();
        value = cop_map_get(value, key, cop_none());
        if (cop_is_none(value)) return value;
        path.data += dot ? len + 1 : len;
        path.len -= dot ? len + 1 : len;
    }
    return value;
}

static void add_keys(struct search *s, cop_term map)
{
    cop_term keys = cop_apply(COP("Map"), COP(":keys"), cop_list(map));

    for (; !cop_is_empty_list(keys); keys = cop_tail(keys)) {
        cop_bytes name;

        if (!cop_is_atom(cop_head(keys))) continue;
        name = cop_atom_text(cop_head(keys));
        if (name.len > 0 && is_lower(name.data[0])) add(s, name, name);
    }
}

static void search_after_dot(struct search *s, cop_bytes left, cop_term bindings)
{
    cop_term value;

    if (left.len == 0) return;
    if (is_upper(left.data[0]) || left.data[0] == ':') {
        add_functions(s, module_called(left));
        add_modules(s, (cop_bytes){left.data, left.len + 1}); /* with the dot */
        return;
    }
    value = value_of(left, bindings);
    if (cop_is_none(value)) return;
    if (cop_is_map(value)) add_keys(s, value);
    if (cop_is_atom(value)) add_functions(s, cop_module_find(value));
}

/* --- The answer ------------------------------------------------------------------------------- */

/* How much all names have in common. */
static cop_bytes common(cop_term found)
{
    cop_bytes all = cop_to_bytes(cop_elem(cop_head(found), 0));

    for (found = cop_tail(found); !cop_is_empty_list(found); found = cop_tail(found)) {
        cop_bytes name = cop_to_bytes(cop_elem(cop_head(found), 0));
        size_t len = 0;

        while (len < all.len && len < name.len && all.data[len] == name.data[len])
            len++;
        all.len = len;
    }
    return all;
}

static cop_term labels(cop_term found)
{
    cop_term lines = cop_empty_list();

    for (found = cop_list_reverse(found); !cop_is_empty_list(found); found = cop_tail(found))
        lines = cop_cons(cop_cons(cop_elem(cop_head(found), 1), COP("\"\\n\"")), lines);
    return lines;
}

/* A line is inserted as far as it is certain; where nothing is, the candidates are shown. */
static cop_term answer(const struct search *s)
{
    cop_term found = cop_apply(COP("Enum"), COP(":sort"), cop_list(s->found));
    cop_bytes certain;
    bool is_unique;

    found = cop_apply(COP("Enum"), COP(":uniq"), cop_list(found));
    if (cop_is_empty_list(found)) return COP("\"\"");
    certain = common(found);
    is_unique = cop_is_empty_list(cop_tail(found));
    if (certain.len > s->hint.len || is_unique)
        return cop_format("%.*s", (int)(certain.len - s->hint.len), certain.data + s->hint.len);
    return cop_apply(COP("Kernel"), COP(":to_string"),
                     cop_list(cop_cons(COP("\"\\n\""), labels(found))));
}

/* The end of text that may be a name. */
static cop_bytes last_word(cop_bytes text)
{
    size_t at = text.len;

    while (at > 0 && is_inside_word(text.data[at - 1]))
        at--;
    return (cop_bytes){text.data + at, text.len - at};
}

cop_term cop__complete(cop_bytes before, cop_term bindings)
{
    cop_bytes word = last_word(before);
    const char *dot = memrchr(word.data, '.', word.len);
    struct search s = {.hint = word, .found = cop_empty_list()};

    if (dot) {
        size_t len = (size_t)(dot - word.data);

        s.hint = (cop_bytes){dot + 1, word.len - len - 1};
        search_after_dot(&s, (cop_bytes){word.data, len}, bindings);
    } else {
        add_modules(&s, (cop_bytes){word.data, 0});
        if (word.len == 0 || is_lower(word.data[0])) {
            add_variables(&s, bindings);
            add_functions(&s, &cop__helpers_module);
            add_functions(&s, cop_module_find(COP("Kernel")));
        }
    }
    return answer(&s);
}
