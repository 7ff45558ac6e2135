/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiler would find before anything runs: names that are bound nowhere, and local calls of
 * functions that do not exist. So an expression with such a mistake has no effects. */
#include "shell/eval.h"

#include <string.h>

/* A walk over forms. */
struct check {
    struct cop__eval *eval;
    cop_term pending; /* a list: forms to be looked at yet */
    cop_term names;   /* a map: what is bound, and what patterns of the expression bind */
};

static bool is_named(cop_term name, const char *text)
{
    cop_bytes bytes = cop_atom_text(name);

    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

static void add(struct check *c, cop_term form)
{
    if (cop_is_tuple(form) || cop_is_list(form)) c->pending = cop_cons(form, c->pending);
}

/* Adds the parts of a list, also an improper one, or of a pair. */
static void add_parts(struct check *c, cop_term form)
{
    if (cop_is_tuple(form)) {
        for (size_t i = 0; i < cop_tuple_size(form); i++)
            add(c, cop_elem(form, i));
        return;
    }
    for (; cop_is_list(form) && !cop_is_empty_list(form); form = cop_tail(form))
        add(c, cop_head(form));
}

/* --- Names ------------------------------------------------------------------------------------ */

/* Puts the variables of patterns into c->names. */
static void bind_pattern(struct check *c, cop_term pattern)
{
    cop_term outer = c->pending;
    cop_term name;
    cop_term meta;
    cop_term args;

    c->pending = cop_list(pattern);
    while (!cop_is_empty_list(c->pending)) {
        cop_term form = cop_head(c->pending);

        c->pending = cop_tail(c->pending);
        if (!cop__form_parts(form, &name, &meta, &args))
            add_parts(c, form);
        else if (cop_is_atom(name) && !cop_is_list(args))
            c->names = cop_map_put(c->names, name, cop_true());
        else if (cop_is_list(args) && !(cop_is_atom(name) && is_named(name, "^")))
            add_parts(c, args);
    }
    c->pending = outer;
}

static void collect_patterns(struct check *c, cop_term quoted)
{
    cop_term left;
    cop_term right;
    cop_term name;
    cop_term meta;
    cop_term args;

    c->pending = cop_empty_list();
    add(c, quoted);
    while (!cop_is_empty_list(c->pending)) {
        cop_term form = cop_head(c->pending);

        c->pending = cop_tail(c->pending);
        if (cop_match(form, "{:=, _, [left, right]}", left, right)) {
            bind_pattern(c, left);
            add(c, right);
        } else if (!cop__form_parts(form, &name, &meta, &args)) {
            add_parts(c, form);
        } else {
            add(c, name);
            if (cop_is_list(args)) add_parts(c, args);
        }
    }
}

/* --- Calls ------------------------------------------------------------------------------------ */

static bool is_special(cop_term name)
{
    static const char *const names[] = {"__block__", "{}", "%{}", "=", "|>", "&&", "||",
                                        "and",       "or", "|",   "&", "^",  "."};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_named(name, names[i])) return true;
    return false;
}

/* What Elixir has and the console has not (CNR-13). */
static bool is_missing(cop_term name)
{
    static const char *const names[] = {"if",   "unless", "case",      "cond",    "for",
                                        "with", "try",    "receive",   "quote",   "unquote",
                                        "def",  "defp",   "import",    "alias",   "require",
                                        "use",  "@",      "defmodule", "sigil_r", "defstruct"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_named(name, names[i])) return true;
    return false;
}

/* raise("text", attributes) calls what is no module. Attributes that are no literal are not
 * shown. */
static void check_raise(const struct check *c, cop_term form)
{
    cop_term exception;
    cop_term attributes;
    cop_bytes text;
    cop_bytes more = {"...", 3};

    if (!cop_match(form, "{_, _, [exception, attributes]}", exception, attributes) ||
        !(cop_is_binary(exception) || cop_is_number(exception)))
        return;
    text = cop_to_bytes(cop_inspect(exception));
    if (!cop_is_tuple(attributes)) more = cop_to_bytes(cop_inspect(attributes));
    if (cop_is_keyword(attributes) && !cop_is_empty_list(attributes))
        more = (cop_bytes){more.data + 1, more.len - 2};
    cop__compile_error(c->eval, form, "invalid call %.*s.exception(%.*s)", (int)text.len, text.data,
                       (int)more.len, more.data);
}

static void check_call(const struct check *c, cop_term name, int arity, cop_term form)
{
    cop_bytes text = cop_atom_text(name);

    if (is_named(name, "raise") && arity == 2) check_raise(c, form);
    if (is_special(name) || cop__eval_has_local(c->eval, name, arity)) return;
    if (is_missing(name))
        cop__compile_error(c->eval, form,
                           "%.*s/%d is not part of the console's language, which has calls, "
                           "matches, captures, pipes and operators",
                           (int)text.len, text.data, arity);
    cop__compile_error(c->eval, form, "undefined function %.*s/%d (there is no such import)",
                       (int)text.len, text.data, arity);
}

/* left |> right: right has one argument more. */
static void check_pipe(struct check *c, cop_term left, cop_term right)
{
    cop_term name;
    cop_term meta;
    cop_term args;

    add(c, left);
    if (!cop__form_parts(right, &name, &meta, &args)) return;
    if (cop_is_atom(name))
        check_call(c, name, cop_is_list(args) ? (int)cop_list_len(args) + 1 : 1, right);
    else
        add(c, name);
    if (cop_is_list(args)) add_parts(c, args);
}

static void check_form(struct check *c, cop_term form)
{
    cop_term name;
    cop_term meta;
    cop_term args;
    cop_term left;
    cop_term right;
    cop_bytes text;

    if (cop_match(form, "{:=, _, [_, right]}", right)) {
        add(c, right);
    } else if (cop_match(form, "{:|>, _, [left, right]}", left, right)) {
        check_pipe(c, left, right);
    } else if (!cop__form_parts(form, &name, &meta, &args)) {
        add_parts(c, form);
    } else if (!cop_is_atom(name)) {
        add(c, name);
        add_parts(c, args);
    } else if (cop_is_list(args)) {
        if (is_named(name, "&")) return; /* what is in a capture, cop_quoted_build() checks */
        check_call(c, name, (int)cop_list_len(args), form);
        add_parts(c, args);
    } else if (!cop_map_has(c->names, name) && !is_named(name, "_") &&
               !cop__eval_has_local(c->eval, name, 0)) {
        text = cop_atom_text(name);
        cop__compile_error(c->eval, form, "undefined function %.*s/0 (there is no such import)",
                           (int)text.len, text.data);
    }
}

void cop__eval_check(struct cop__eval *e, cop_term quoted)
{
    struct check c = {.eval = e, .names = *e->bindings};

    collect_patterns(&c, quoted);
    c.pending = cop_empty_list();
    add(&c, quoted);
    while (!cop_is_empty_list(c.pending)) {
        cop_term form = cop_head(c.pending);

        c.pending = cop_tail(c.pending);
        check_form(&c, form);
    }
}
