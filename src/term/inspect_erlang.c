/* SPDX-License-Identifier: Apache-2.0 */
/* Printing of terms in Erlang's syntax, for reports in Erlang's form: {ok,'Elixir.KV',<<"x">>} on
 * one line. Bounded as cop_inspect_within() is. Containers that were begun stand on a stack of
 * levels in the heap. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "term/inspect.h"
#include "term/types.h"

#include <stdlib.h>
#include <string.h>

#define ELEMENTS_MAX 50

enum kind { IN_TUPLE, IN_LIST, IN_MAP };

struct level {
    enum kind kind;
    bool is_first;
    bool has_value; /* IN_MAP: of the pair whose key was written */
    cop_term value;
    cop_term rest; /* the tuple, the rest of the list, or of the list of pairs */
    size_t index;  /* IN_TUPLE: of the next element */
    int left;      /* elements that may still be shown */
};

struct walk {
    struct cop__buf text;
    struct level *levels;
    size_t len;
    size_t cap;
    size_t max;
};

static void walk_fini(struct walk *w)
{
    cop__buf_fini(&w->text);
    cop__free(w->levels, w->cap * sizeof(*w->levels));
}

static void begin(struct walk *w, enum kind kind, cop_term rest, const char *open)
{
    if (w->len == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 16;

        w->levels = cop__realloc(w->levels, w->cap * sizeof(*w->levels), cap * sizeof(*w->levels));
        w->cap = cap;
    }
    cop__buf_append_str(&w->text, open);
    w->levels[w->len++] =
        (struct level){.kind = kind, .is_first = true, .rest = rest, .left = ELEMENTS_MAX};
}

/* --- Terms without elements ------------------------------------------------------------------- */

static bool is_reserved(cop_bytes name)
{
    static const char *const words[] = {
        "after", "and",   "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr", "bxor",
        "case",  "catch", "cond",    "div",    "else",    "end",  "fun", "if",   "let", "maybe",
        "not",   "of",    "or",      "orelse", "receive", "rem",  "try", "when", "xor"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == name.len && memcmp(words[i], name.data, name.len) == 0) return true;
    }
    return false;
}

static bool is_plain(cop_bytes name)
{
    if (name.len == 0 || name.data[0] < 'a' || name.data[0] > 'z' || is_reserved(name))
        return false;
    for (size_t i = 1; i < name.len; i++) {
        char c = name.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '@')
            return false;
    }
    return true;
}

/* The bytes between quotes, with what must be escaped. */
static void put_quoted(struct walk *w, cop_bytes bytes, char quote)
{
    cop__buf_append_char(&w->text, quote);
    for (size_t i = 0; i < bytes.len; i++) {
        char c = bytes.data[i];

        if (c == '\n') {
            cop__buf_append_str(&w->text, "\\n");
            continue;
        }
        if (c == quote || c == '\\') cop__buf_append_char(&w->text, '\\');
        cop__buf_append_char(&w->text, c);
    }
    cop__buf_append_char(&w->text, quote);
}

static void put_atom(struct walk *w, cop_term atom)
{
    cop_bytes name = cop_atom_text(atom);

    if (is_plain(name))
        cop__buf_append(&w->text, name.data, name.len);
    else
        put_quoted(w, name, '\'');
}

static void put_binary(struct walk *w, cop_bytes bytes)
{
    size_t shown = bytes.len < w->max ? bytes.len : w->max;
    bool is_ascii = true;

    if (bytes.len > 0 && cop__is_printable(bytes, w->max)) {
        for (size_t i = 0; i < shown; i++)
            is_ascii = is_ascii && (unsigned char)bytes.data[i] < 0x80;
        cop__buf_append_str(&w->text, "<<");
        put_quoted(w, (cop_bytes){bytes.data, shown}, '"');
        if (!is_ascii) cop__buf_append_str(&w->text, "/utf8");
        cop__buf_append_str(&w->text, shown < bytes.len ? "...>>" : ">>");
        return;
    }
    cop__buf_append_str(&w->text, "<<");
    for (size_t i = 0; i < bytes.len && i < ELEMENTS_MAX; i++) {
        if (i > 0) cop__buf_append_char(&w->text, ',');
        cop__buf_append_uint(&w->text, (unsigned char)bytes.data[i]);
    }
    cop__buf_append_str(&w->text, bytes.len > ELEMENTS_MAX ? ",...>>" : ">>");
}

/* What Elixir writes, from its mark on: <0.1.0> of #PID<0.1.0>. */
static void put_elixir(struct walk *w, cop_term t, char mark, const char *before)
{
    cop_bytes shown = cop_to_bytes(cop_inspect_within(t, w->max));
    const char *from = mark == '\0' ? shown.data : memchr(shown.data, mark, shown.len);

    cop__buf_append_str(&w->text, before);
    cop__buf_append(&w->text, from, shown.len - (size_t)(from - shown.data));
}

static void put_fun(struct walk *w, cop_term fun)
{
    cop_term module, function, bound;
    int arity;

    cop_capture_parts(fun, &module, &function, &arity, &bound);
    cop__buf_append_str(&w->text, "fun ");
    put_atom(w, module);
    cop__buf_append_char(&w->text, ':');
    put_atom(w, function);
    cop__buf_append_fmt(&w->text, "/%d", arity);
}

/* --- Containers ------------------------------------------------------------------------------- */

/* As many pairs of a map as are shown, and one more if there are more. */
static cop_term first_pairs(cop_term map)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term pairs = cop_empty_list(), key, value;

    for (int i = 0; i <= ELEMENTS_MAX && cop_map_next(&it, &key, &value); i++)
        pairs = cop_cons(cop_tuple(key, value), pairs);
    return cop_list_reverse(pairs);
}

static void put_characters(struct walk *w, cop_term list)
{
    COP_CLEANUP(cop__buf_fini) struct cop__buf text = {0};

    for (; cop__is_cons(list) && text.len < w->max; list = cop__cons_tail(list))
        cop__buf_append_utf8(&text, (uint32_t)cop_to_int(cop__cons_head(list)));
    put_quoted(w, (cop_bytes){text.data, text.len}, '"');
}

static void put(struct walk *w, cop_term t)
{
    switch (cop_kind(t)) {
    case COP_KIND_ATOM: put_atom(w, t); break;
    case COP_KIND_INTEGER:
    case COP_KIND_FLOAT: put_elixir(w, t, '\0', ""); break;
    case COP_KIND_PID: put_elixir(w, t, '<', ""); break;
    case COP_KIND_REFERENCE: put_elixir(w, t, '<', "#Ref"); break;
    case COP_KIND_FUN: put_fun(w, t); break;
    case COP_KIND_BINARY: put_binary(w, cop_to_bytes(t)); break;
    case COP_KIND_TUPLE: begin(w, IN_TUPLE, t, "{"); break;
    case COP_KIND_MAP: begin(w, IN_MAP, first_pairs(t), "#{"); break;
    case COP_KIND_LIST:
        if (cop__is_printable_list(t, w->max))
            put_characters(w, t);
        else
            begin(w, IN_LIST, t, "[");
        break;
    }
}

/* Takes the next element of a level. False: there is none. */
static bool take(struct level *l, cop_term *ret)
{
    if (l->kind == IN_TUPLE) {
        if (l->index == cop_tuple_size(l->rest)) return false;
        *ret = cop_elem(l->rest, l->index++);
        return true;
    }
    if (!cop__is_cons(l->rest)) return false;
    *ret = cop__cons_head(l->rest);
    l->rest = cop__cons_tail(l->rest);
    return true;
}

/* Writes the next piece of the innermost level, or ends it. */
static void step(struct walk *w)
{
    static const char *const close[] = {[IN_TUPLE] = "}", [IN_LIST] = "]", [IN_MAP] = "}"};
    struct level *l = &w->levels[w->len - 1];
    cop_term next;

    if (l->has_value) {
        l->has_value = false;
        cop__buf_append_str(&w->text, " => ");
        put(w, l->value);
        return;
    }
    if (take(l, &next)) {
        if (!l->is_first) cop__buf_append_char(&w->text, ',');
        l->is_first = false;
        if (l->left-- > 0 && w->text.len <= w->max) {
            if (l->kind == IN_MAP) {
                l->has_value = true;
                l->value = cop_elem(next, 1);
                next = cop_elem(next, 0);
            }
            put(w, next);
            return;
        }
        cop__buf_append_str(&w->text, "...");
    } else if (l->kind == IN_LIST && !cop_is_empty_list(l->rest)) {
        next = l->rest;
        l->rest = cop_empty_list();
        cop__buf_append_char(&w->text, '|');
        put(w, next);
        return;
    }
    cop__buf_append_str(&w->text, close[l->kind]);
    w->len--;
}

cop_term cop_inspect_erlang(cop_term t, size_t max)
{
    COP_CLEANUP(walk_fini) struct walk w = {.max = max};

    put(&w, t);
    while (w.len > 0)
        step(&w);
    return cop_binary(w.text.data, w.text.len);
}
