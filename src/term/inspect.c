/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a term that makes its document (inspect.h).
 *
 * Containers that were begun stand on a stack of frames in the heap, so that depth costs no stack.
 * Each container shows at most `limit` elements, and what lies inside an element has what is left
 * of its container's limit, so that a deep term ends as a long one does: in `...` (INS-11).
 *
 * A list is flexible if all its elements are simple, that is, text without groups; tuples and
 * binaries are flexible always, keyword lists and maps never (INS-13, 14). */
#include "term/inspect.h"

#include "base/check.h"
#include "base/cleanup.h"
#include "term/inspect_walk.h"
#include "term/types.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_WIDTH   80
#define DEFAULT_LIMIT   50
#define PRINTABLE_LIMIT 4096 /* code points of a string; no limit where elements have none */
#define UNLIMITED       (-1)

enum frame_kind {
    FRAME_LIST,  /* rest: the list; also improper */
    FRAME_TUPLE, /* rest: the tuple */
    FRAME_PAIRS, /* rest: a list of {key, value} */
};

struct frame {
    enum frame_kind kind;
    bool is_keyword;  /* PAIRS: key: value, not key => value */
    bool is_argument; /* elements are arguments of a capture: holes are &1 */
    bool is_strict;   /* breaks each line when it breaks; a list finds out at its end */
    bool has_value;   /* PAIRS: the value of the pair at hand is still to come */
    bool has_tail;    /* LIST: rest is the tail after | */
    bool is_first;
    int64_t limit;
    cop_term rest;
    size_t index; /* TUPLE: of the next element */
    cop_term value;
    const char *close;
    uint32_t group;
};

struct walk {
    struct cop__doc doc;
    struct frame *frames;
    size_t len;
    size_t cap;
    size_t text_limit;
    size_t max; /* with more text than this containers show no more elements; 0: any */
};

static void walk_fini(struct walk *w)
{
    cop__doc_fini(&w->doc);
    free(w->frames);
}

/* What follows is not simple: the list that holds it, if one does, breaks each element. */
static void parent_is_strict(struct walk *w)
{
    if (w->len && w->frames[w->len - 1].kind == FRAME_LIST) w->frames[w->len - 1].is_strict = true;
}

/* Begins a container that has elements. Its frame is valid until the next one begins. */
static struct frame *begin(struct walk *w, enum frame_kind kind, cop_term rest, int64_t limit)
{
    struct frame *f;

    parent_is_strict(w);
    if (w->len == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->frames = realloc(w->frames, w->cap * sizeof(*w->frames));
        COP_CHECK(w->frames != NULL, "no memory for %zu levels of a term", w->cap);
    }
    f = &w->frames[w->len++];
    memset(f, 0, sizeof(*f));
    f->kind = kind;
    f->rest = rest;
    f->limit = limit;
    f->is_first = true;
    f->group = cop__doc_open(&w->doc);
    return f;
}

/* --- Containers begin ------------------------------------------------------------------------- */

/* A list, or a map's pairs, between brackets; edges are for groups that may be strict. */
static struct frame *begin_between(struct walk *w, enum frame_kind kind, cop_term rest,
                                   int64_t limit, const char *open, const char *close)
{
    struct frame *f = begin(w, kind, rest, limit);

    cop__doc_string(&w->doc, open);
    f->close = close;
    if (kind != FRAME_TUPLE) cop__doc_edge(&w->doc, f->group, false);
    return f;
}

static bool is_plain_key(cop_term key)
{
    return cop__is_atom(key) && !cop__has_alias_prefix(cop_atom_text(key));
}

/* Whether a list of {key, value} is shown as key: value. The empty list is not asked. */
static bool is_keyword(cop_term list)
{
    for (; cop__is_cons(list); list = cop__cons_tail(list)) {
        cop_term pair = cop__cons_head(list);

        if (!cop__is_tuple_of(pair, 2) || !is_plain_key(cop__tuple_items(pair)[0])) return false;
    }
    return cop_is_empty_list(list);
}

static void begin_list(struct walk *w, cop_term list, int64_t limit)
{
    struct frame *f;

    if (cop__is_printable_list(list, w->text_limit)) {
        cop__inspect_charlist(&w->doc, list, w->text_limit);
    } else if (is_keyword(list)) {
        f = begin_between(w, FRAME_PAIRS, list, limit, "[", "]");
        f->is_keyword = true;
        f->is_strict = true;
    } else {
        begin_between(w, FRAME_LIST, list, limit, "[", "]");
    }
}

/* As many pairs of a map as are shown, and one more if there are more. */
static cop_term first_pairs(cop_term map, int64_t limit)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term pairs = cop_empty_list(), key, value;

    for (int64_t i = 0; (limit < 0 || i <= limit) && cop_map_next(&it, &key, &value); i++)
        pairs = cop_cons(cop_tuple(key, value), pairs);
    return cop_list_reverse(pairs);
}

static bool has_plain_keys(cop_term map)
{
    struct cop_map_iter it = cop_map_iter(map);
    cop_term key, value;

    while (cop_map_next(&it, &key, &value)) {
        if (!is_plain_key(key)) return false;
    }
    return true;
}

/* 1..3, 1..9//2 (INS-08) */
static void put_range(struct walk *w, const cop_term parts[3])
{
    cop__inspect_integer(&w->doc, parts[0]);
    cop__doc_string(&w->doc, "..");
    cop__inspect_integer(&w->doc, parts[1]);
    if (cop_identical(parts[2], cop_int(1)) && cop_compare(parts[0], parts[1]) <= 0) return;
    cop__doc_string(&w->doc, "//");
    cop__inspect_integer(&w->doc, parts[2]);
}

static void begin_map(struct walk *w, cop_term map, int64_t limit)
{
    cop_bytes name = {NULL, 0};
    cop_term pairs = cop_empty_list();
    bool is_struct = cop__struct_fields(map, &name, &pairs);
    cop_term range[3];
    struct frame *f;

    if (is_struct && cop__range_parts(map, range)) {
        put_range(w, range);
        return;
    }
    if (!is_struct) pairs = first_pairs(map, limit);
    if (cop_is_empty_list(pairs)) {
        cop__doc_string(&w->doc, "%");
        if (is_struct) cop__doc_text(&w->doc, name.data + 7, name.len - 7);
        cop__doc_string(&w->doc, "{}");
        return;
    }
    f = begin(w, FRAME_PAIRS, pairs, limit);
    cop__doc_string(&w->doc, "%");
    if (is_struct) cop__doc_text(&w->doc, name.data + 7, name.len - 7);
    cop__doc_string(&w->doc, "{");
    cop__doc_edge(&w->doc, f->group, false);
    f->close = "}";
    f->is_keyword = is_struct || has_plain_keys(map);
    f->is_strict = true;
}

/* Bytes: <<1, 2, 3>>, all at once, since they have no elements of their own. */
static void put_bytes(struct walk *w, cop_bytes bytes, int64_t limit)
{
    uint32_t group;

    parent_is_strict(w);
    group = cop__doc_open(&w->doc);
    cop__doc_string(&w->doc, "<<");
    for (size_t i = 0; i < bytes.len; i++) {
        char text[8];
        int size = snprintf(text, sizeof(text), "%u", (unsigned char)bytes.data[i]);

        if (limit == 0) {
            cop__doc_string(&w->doc, "...");
            break;
        }
        if (limit > 0) limit--;
        cop__doc_text(&w->doc, text, (size_t)size);
        if (i + 1 < bytes.len) {
            cop__doc_string(&w->doc, ",");
            cop__doc_break(&w->doc, group);
        }
    }
    cop__doc_string(&w->doc, ">>");
    cop__doc_close(&w->doc, group, false, 2);
}

/* --- Captures --------------------------------------------------------------------------------- */

static bool is_named(cop_term atom, const char *name)
{
    cop_bytes text = cop_atom_text(atom);

    return text.len == strlen(name) && memcmp(text.data, name, text.len) == 0;
}

/* [k, v, k, v] as [{k, v}, {k, v}]. */
static cop_term pairs_of(cop_term flat)
{
    cop_term pairs = cop_empty_list();

    while (cop__is_cons(flat)) {
        cop_term key = cop__cons_head(flat);

        flat = cop__cons_tail(flat);
        pairs = cop_cons(cop_tuple(key, cop__cons_head(flat)), pairs);
        flat = cop__cons_tail(flat);
    }
    return cop_list_reverse(pairs);
}

/* [a, b, tail] as [a, b | tail]. */
static cop_term list_of(cop_term parts)
{
    cop_term reversed = cop_list_reverse(parts);

    return cop_list_append(cop_list_reverse(cop__cons_tail(reversed)), cop__cons_head(reversed));
}

/* Begins a call with arguments; its text up to the bracket is still to be written. */
static struct frame *begin_call(struct walk *w, cop_term args, int64_t limit)
{
    struct frame *f = begin(w, FRAME_LIST, args, limit);

    f->close = ")";
    f->is_argument = true;
    return f;
}

static void put_function(struct walk *w, cop_term module, cop_term function)
{
    cop__inspect_atom(&w->doc, module, COP__ATOM_LITERAL);
    cop__doc_string(&w->doc, ".");
    cop__inspect_atom(&w->doc, function, COP__ATOM_CALL);
}

/* &Mod.fun/2, or &Mod.fun(&1, x). */
static void begin_capture(struct walk *w, cop_term fun, int64_t limit)
{
    cop_term module;
    cop_term function;
    cop_term args;
    int arity;
    char text[16];

    cop_capture_parts(fun, &module, &function, &arity, &args);
    if (cop_is_list(args)) begin_call(w, args, limit);
    cop__doc_string(&w->doc, "&");
    put_function(w, module, function);
    if (cop_is_list(args)) {
        cop__doc_string(&w->doc, "(");
    } else {
        (void)snprintf(text, sizeof(text), "/%d", arity);
        cop__doc_string(&w->doc, text);
    }
}

/* An argument that has a hole in it, as coppice/syntax.h has them: {:&, :tuple, [a, b]} and so
 * on. */
static void begin_argument(struct walk *w, cop_term kind, cop_term parts, int64_t limit)
{
    struct frame *f;

    if (is_named(kind, "call")) {
        cop_term rest = cop__cons_tail(parts);

        begin_call(w, cop__cons_tail(rest), limit);
        put_function(w, cop__cons_head(parts), cop__cons_head(rest));
        cop__doc_string(&w->doc, "(");
        return;
    }
    if (is_named(kind, "tuple")) {
        f = begin(w, FRAME_LIST, parts, limit);
        cop__doc_string(&w->doc, "{");
        f->close = "}";
    } else if (is_named(kind, "list")) {
        f = begin_between(w, FRAME_LIST, list_of(parts), limit, "[", "]");
    } else {
        f = begin_between(w, FRAME_PAIRS, pairs_of(parts), limit, "%{", "}");
        f->is_strict = true;
    }
    f->is_argument = true;
}

/* --- Any term --------------------------------------------------------------------------------- */

/* Prints a term without elements, or begins its frame. */
static void put_term(struct walk *w, cop_term t, int64_t limit)
{
    switch (cop_kind(t)) {
    case COP_KIND_INTEGER: cop__inspect_integer(&w->doc, t); break;
    case COP_KIND_FLOAT: cop__inspect_float(&w->doc, t); break;
    case COP_KIND_ATOM: cop__inspect_atom(&w->doc, t, COP__ATOM_LITERAL); break;
    case COP_KIND_REFERENCE: cop__inspect_ref(&w->doc, t); break;
    case COP_KIND_PID: cop__inspect_pid(&w->doc, t); break;
    case COP_KIND_FUN: begin_capture(w, t, limit); break;
    case COP_KIND_TUPLE:
        if (cop__tuple_len(t) == 0)
            cop__doc_string(&w->doc, "{}");
        else
            begin_between(w, FRAME_TUPLE, t, limit, "{", "}");
        break;
    case COP_KIND_MAP: begin_map(w, t, limit); break;
    case COP_KIND_LIST:
        if (cop_is_empty_list(t))
            cop__doc_string(&w->doc, "[]");
        else
            begin_list(w, t, limit);
        break;
    case COP_KIND_BINARY: {
        cop_bytes bytes = cop_to_bytes(t);

        if (cop__is_printable(bytes, w->text_limit))
            cop__inspect_string(&w->doc, bytes, w->text_limit);
        else
            put_bytes(w, bytes, limit);
        break;
    }
    }
}

/* An element of a frame, which is an argument of a capture or a plain term. */
static void put_element(struct walk *w, cop_term t, int64_t limit, bool is_argument)
{
    const cop_term *items;
    char text[32];

    if (!is_argument || !cop__is_tuple(t) || cop__tuple_len(t) < 2 ||
        !cop__is(cop__tuple_items(t)[0], COP_ATOM_hole)) {
        put_term(w, t, limit);
        return;
    }
    items = cop__tuple_items(t);
    if (cop__tuple_len(t) == 2) {
        (void)snprintf(text, sizeof(text), "&%lld", (long long)cop_to_int(items[1]));
        cop__doc_string(&w->doc, text);
    } else if (cop__is_cons(items[2])) {
        begin_argument(w, items[1], items[2], limit);
    } else {
        put_term(w, items[2], limit); /* {:&, :value, tuple} */
    }
}

/* --- Containers go on ------------------------------------------------------------------------- */

static void end(struct walk *w)
{
    struct frame *f = &w->frames[w->len - 1];
    /* A list's group has edges; a tuple, or the arguments of a capture, has none. */
    bool has_edges = f->close[0] == ']' || f->kind == FRAME_PAIRS;

    if (has_edges) cop__doc_edge(&w->doc, f->group, true);
    cop__doc_string(&w->doc, f->close);
    f->is_strict = f->is_strict && has_edges;
    cop__doc_close(&w->doc, f->group, f->is_strict, f->is_strict ? 2 : 1);
    w->len--;
}

static void separate(struct walk *w, struct frame *f)
{
    if (!f->is_first) {
        cop__doc_string(&w->doc, ",");
        cop__doc_break(&w->doc, f->group);
    }
    f->is_first = false;
}

/* Takes the next element of the innermost frame into *ret. False: there is none. */
static bool take(struct frame *f, cop_term *ret)
{
    if (f->kind == FRAME_TUPLE) {
        if (f->index == cop__tuple_len(f->rest)) return false;
        *ret = cop__tuple_items(f->rest)[f->index];
        if (f->limit != 0) f->index++;
        return true;
    }
    if (!cop__is_cons(f->rest)) return false;
    *ret = cop__cons_head(f->rest);
    if (f->limit != 0) f->rest = cop__cons_tail(f->rest);
    return true;
}

static void put_key(struct walk *w, struct frame *f, cop_term pair)
{
    const cop_term *items = cop__tuple_items(pair);

    f->value = items[1];
    f->has_value = true;
    if (f->is_keyword)
        cop__inspect_atom(&w->doc, items[0], COP__ATOM_KEY);
    else
        put_element(w, items[0], f->limit, f->is_argument);
}

/* Prints the next piece of the innermost frame, or ends it. */
static void step(struct walk *w)
{
    struct frame *f = &w->frames[w->len - 1];
    cop_term next;

    if (w->max != 0 && w->doc.text_len > w->max) f->limit = 0;
    if (f->has_value) {
        f->has_value = false;
        cop__doc_string(&w->doc, f->is_keyword ? " " : " => ");
        put_element(w, f->value, f->limit, f->is_argument);
        return;
    }
    if (f->has_tail) {
        f->has_tail = false;
        next = f->rest;
        f->rest = cop_empty_list();
        cop__doc_string(&w->doc, " |");
        cop__doc_break(&w->doc, f->group);
        put_element(w, next, f->limit, f->is_argument);
        return;
    }
    if (!take(f, &next)) {
        end(w);
        return;
    }
    separate(w, f);
    if (f->limit == 0) {
        cop__doc_string(&w->doc, "...");
        end(w);
        return;
    }
    if (f->limit > 0) f->limit--;
    if (f->kind == FRAME_PAIRS) {
        put_key(w, f, next);
        return;
    }
    f->has_tail = f->kind == FRAME_LIST && !cop__is_cons(f->rest) && !cop_is_empty_list(f->rest);
    put_element(w, next, f->limit, f->is_argument);
}

static cop_term inspect(cop_term t, struct cop_inspect_opts opts, size_t max)
{
    int64_t limit = opts.limit == 0 ? UNLIMITED : opts.limit < 0 ? 0 : opts.limit;
    COP_CLEANUP(walk_fini)
    struct walk w = {.text_limit = opts.limit != 0 ? PRINTABLE_LIMIT : 0, .max = max};

    put_term(&w, t, limit);
    while (w.len > 0)
        step(&w);
    return cop__doc_layout(&w.doc, opts.width);
}

cop_term cop_inspect_with(cop_term t, struct cop_inspect_opts opts)
{
    return inspect(t, opts, 0);
}

cop_term cop_inspect_within(cop_term t, size_t max)
{
    return inspect(t, (struct cop_inspect_opts){0, DEFAULT_LIMIT}, max);
}

cop_term cop_inspect(cop_term t)
{
    return cop_inspect_with(t, (struct cop_inspect_opts){DEFAULT_WIDTH, DEFAULT_LIMIT});
}
