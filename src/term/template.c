/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling and running templates. */
#include "term/template.h"

#include <stdlib.h>
#include <string.h>

#include "term/types.h"

int cop__scope_find(const struct cop__scope *scope, cop_term name)
{
    cop_bytes text = cop_atom_text(name);

    for (int i = 0; i < scope->count; i++) {
        if (scope->names[i].len == text.len &&
            memcmp(scope->names[i].data, text.data, text.len) == 0) {
            return i;
        }
    }
    return -1;
}

/* --- Running -----------------------------------------------------------------------------------*/

static cop_term make_map(const cop_term *terms, uint32_t n)
{
    cop_term map = cop_map_new();

    for (uint32_t i = 0; i + 1 < n; i += 2) {
        map = cop_map_put(map, terms[i], terms[i + 1]);
    }
    return map;
}

static cop_term make_list(const cop_term *terms, uint32_t n, cop_term tail)
{
    while (n > 0) {
        tail = cop_cons(terms[--n], tail);
    }
    return tail;
}

static cop_term make_concat(cop_term a, cop_term b)
{
    cop_bytes left;
    cop_bytes right;
    char *data;
    cop_term joined;

    if (!cop_is_binary(a)) cop__term_fail("badarg", a);
    if (!cop_is_binary(b)) cop__term_fail("badarg", b);
    left = cop_to_bytes(a);
    right = cop_to_bytes(b);
    data = cop__syntax_grow(NULL, left.len + right.len + 1);
    memcpy(data, left.data, left.len);
    memcpy(data + left.len, right.data, right.len);
    joined = cop_binary(data, left.len + right.len);
    free(data);
    return joined;
}

static cop_term make_capture(cop_term info, const cop_term *terms, uint32_t n)
{
    const cop_term *parts = cop__tuple_items(info);
    int arity = (int)cop__small_value(parts[2]);
    bool plain = (uint32_t)arity == n;

    /* &Mod.fun(&1, &2) is &Mod.fun/2. */
    for (uint32_t i = 0; i < n && plain; i++) {
        plain = cop__is_tuple_of(terms[i], 2) &&
                cop__is(cop__tuple_items(terms[i])[0], COP_ATOM_hole) &&
                cop_identical(cop__tuple_items(terms[i])[1], cop_int((int64_t)i + 1));
    }
    if (plain) return cop_capture(parts[0], parts[1], arity);
    return cop_capture_bound(parts[0], parts[1], arity, make_list(terms, n, cop_empty_list()));
}

static cop_term mark_value(cop_term t)
{
    if (!cop__is_tuple(t) || cop__tuple_len(t) == 0 ||
        !cop__is(cop__tuple_items(t)[0], COP_ATOM_hole)) {
        return t;
    }
    return cop_tuple(cop__atom(COP_ATOM_hole), cop_atom("value"), t);
}

/* What one step makes of the last n terms. */
static cop_term apply(const struct cop__build_op *op, const cop_term *terms)
{
    switch (op->code) {
    case COP__BUILD_TUPLE: return cop_tuple_from(terms, op->n);
    case COP__BUILD_LIST: return make_list(terms, op->n, cop_empty_list());
    case COP__BUILD_LIST_TAIL: return make_list(terms, op->n - 1, terms[op->n - 1]);
    case COP__BUILD_MAP: return make_map(terms, op->n);
    case COP__BUILD_CONCAT: return make_concat(terms[0], terms[1]);
    case COP__BUILD_VALUE: return mark_value(terms[0]);
    case COP__BUILD_MARKED:
        return cop_tuple(cop__atom(COP_ATOM_hole), op->term,
                         make_list(terms, op->n, cop_empty_list()));
    case COP__BUILD_CAPTURE: return make_capture(op->term, terms, op->n);
    case COP__BUILD_CONST:
    case COP__BUILD_VAR: break;
    }
    return op->term;
}

static void free_terms(cop_term **terms)
{
    free(*terms);
}

#define RUN_STACK 32

cop_term cop__template_run(const struct cop__template *t, const cop_term *values)
{
    cop_term few[RUN_STACK];
    __attribute__((cleanup(free_terms))) cop_term *many = NULL;
    cop_term *stack = few;
    size_t len = 0;

    if (t->depth > RUN_STACK) {
        many = cop__syntax_grow(NULL, t->depth * sizeof(*many));
        stack = many;
    }
    for (size_t i = 0; i < t->ops_len; i++) {
        const struct cop__build_op *op = &t->ops[i];
        if (op->code == COP__BUILD_CONST) {
            stack[len++] = op->term;
        } else if (op->code == COP__BUILD_VAR) {
            stack[len++] = values[op->n];
        } else {
            len -= op->n;
            stack[len] = apply(op, stack + len);
            len++;
        }
    }
    return stack[0];
}

void cop__template_fini(struct cop__template *t)
{
    free(t->ops);
    t->ops = NULL;
    t->ops_len = t->ops_cap = 0;
}

/* --- Compiling ---------------------------------------------------------------------------------*/

void cop__walk_emit(struct cop__walk *w, enum cop__build_code code, uint32_t n, cop_term term)
{
    struct cop__template *t = w->out;
    struct cop__build_op *op;
    bool constant = code != COP__BUILD_VAR && code != COP__BUILD_CONST && n <= t->ops_len;

    if (t->ops_len == t->ops_cap) {
        t->ops_cap = t->ops_cap == 0 ? 16 : t->ops_cap * 2;
        t->ops = cop__syntax_grow(t->ops, t->ops_cap * sizeof(*t->ops));
    }
    op = &t->ops[t->ops_len];
    op->code = code;
    op->n = n;
    op->term = term;
    for (uint32_t i = 0; i < n && constant; i++) {
        constant = t->ops[t->ops_len - 1 - i].code == COP__BUILD_CONST;
    }
    if (constant) {
        cop_term *terms = cop__syntax_grow(NULL, ((size_t)n + 1) * sizeof(*terms));
        struct cop__build_op *first = op - n;
        for (uint32_t i = 0; i < n; i++) {
            terms[i] = first[i].term;
        }
        first->term = apply(op, terms);
        first->code = COP__BUILD_CONST;
        first->n = 0;
        t->ops_len -= n;
        free(terms);
    }
    t->ops_len++;
}

struct cop__walk_frame *cop__walk_open(struct cop__walk *w, enum cop__build_code code,
                                       cop_term rest, struct cop__place place)
{
    struct cop__walk_frame *f;

    if (w->frames_len == w->frames_cap) {
        w->frames_cap = w->frames_cap == 0 ? 16 : w->frames_cap * 2;
        w->frames = cop__syntax_grow(w->frames, w->frames_cap * sizeof(*f));
    }
    f = &w->frames[w->frames_len++];
    memset(f, 0, sizeof(*f));
    f->code = code;
    f->rest = rest;
    f->place = place;
    f->first_op = w->out->ops_len;
    return f;
}

static bool walk_variable(struct cop__walk *w, cop_term name, struct cop__place place)
{
    int index = cop__scope_find(w->scope, name);
    cop_bytes text = cop_atom_text(name);
    cop_term value;

    if (index >= 0) {
        w->scope->used |= 1U << index;
        cop__walk_emit(w, COP__BUILD_VAR, (uint32_t)index, cop_none());
        return true;
    }
    if (!cop_is_none(w->scope->bindings)) {
        value = cop_map_get(w->scope->bindings, name, cop_none());
        if (!cop_is_none(value)) {
            cop__walk_emit(w, COP__BUILD_CONST, 0, value);
            return true;
        }
        return cop__syntax_fail(w->error, place, "undefined variable \"%.*s\"", (int)text.len,
                                text.data);
    }
    if (w->scope->names != NULL) {
        return cop__syntax_fail(w->error, place, "no variable \"%.*s\" follows the text",
                                (int)text.len, text.data);
    }
    return cop__syntax_fail(w->error, place, "a literal was expected, found the variable %.*s",
                            (int)text.len, text.data);
}

/* The pairs of a map as a list of keys and values in turn. */
static bool flatten_pairs(struct cop__walk *w, cop_term pairs, struct cop__place place,
                          cop_term *ret_list)
{
    cop_term list = cop_empty_list();

    for (; cop__is_cons(pairs); pairs = cop__cons_tail(pairs)) {
        cop_term pair = cop__cons_head(pairs);
        if (!cop__is_tuple_of(pair, 2)) {
            return cop__syntax_fail(w->error, place, "an update of a map is no literal");
        }
        list = cop_cons(cop__tuple_items(pair)[0], list);
        list = cop_cons(cop__tuple_items(pair)[1], list);
    }
    *ret_list = cop_list_reverse(list);
    return true;
}

/* 1..3 and 1..9//2: parts are the ends and the step. */
static bool walk_range(struct cop__walk *w, const cop_term *parts, struct cop__place place)
{
    if (!cop_is_integer(parts[0]) || !cop_is_integer(parts[1]) || !cop_is_integer(parts[2])) {
        return cop__syntax_fail(w->error, place, "the parts of a range must be integers here");
    }
    if (cop_identical(parts[2], cop_int(0))) {
        return cop__syntax_fail(w->error, place, "the step of a range must not be 0");
    }
    cop__walk_emit(
        w, COP__BUILD_CONST, 0,
        make_map((cop_term[]){cop_atom("__struct__"), cop_atom("Elixir.Range"), cop_atom("first"),
                              parts[0], cop_atom("last"), parts[1], cop_atom("step"), parts[2]},
                 8));
    return true;
}

static bool fail_node(struct cop__walk *w, cop_term quoted, struct cop__place place)
{
    char text[120];
    cop_term args[1];

    if (cop__quoted_is(quoted, "__block__", 0, args)) {
        (void)cop__syntax_fail(w->error, place, "a term was expected, found nothing");
        w->error->incomplete = true;
        return false;
    }
    if (cop_is_tuple(quoted) && cop_tuple_size(quoted) == 3 &&
        cop__is_text(cop_elem(quoted, 0), "__block__")) {
        return cop__syntax_fail(w->error, place, "one term was expected, found several");
    }
    cop__quoted_describe(quoted, text, sizeof(text));
    return cop__syntax_fail(w->error, place, "a literal was expected, found %s", text);
}

/* {name, meta, args} */
static bool walk_node(struct cop__walk *w, cop_term quoted, struct cop__place place)
{
    cop_term name;
    cop_term args;
    cop_term two[2];
    cop_term parts[3];

    (void)cop__quoted_is_node(quoted, &name, &args);
    if (cop__quoted_is_variable(quoted, &name)) return walk_variable(w, name, place);
    if (cop__is_text(name, "{}")) {
        (void)cop__walk_open(w, COP__BUILD_TUPLE, args, place);
        return true;
    }
    if (cop__is_text(name, "%{}")) {
        if (!flatten_pairs(w, args, place, &args)) return false;
        (void)cop__walk_open(w, COP__BUILD_MAP, args, place);
        return true;
    }
    if (cop__quoted_is(quoted, "<>", 2, two)) {
        for (int i = 0; i < 2; i++) {
            if (!cop_is_binary(two[i]) && !cop_is_tuple(two[i])) {
                return cop__syntax_fail(w->error, place, "<> joins strings only");
            }
        }
        (void)cop__walk_open(w, COP__BUILD_CONCAT, args, place);
        return true;
    }
    if (cop__quoted_is(quoted, "..//", 3, parts)) return walk_range(w, parts, place);
    if (cop__quoted_is(quoted, "..", 2, parts)) {
        parts[2] = cop_int(cop_compare(parts[0], parts[1]) > 0 ? -1 : 1);
        return walk_range(w, parts, place);
    }
    if (cop__quoted_is(quoted, "&", 1, two)) return cop__walk_capture(w, two[0], place);
    return fail_node(w, quoted, place);
}

/* One quoted part: emits its steps or opens a frame for its own parts. */
static bool walk_part(struct cop__walk *w, cop_term quoted, struct cop__place place,
                      bool in_capture)
{
    size_t frames = w->frames_len;
    cop_term name;

    place = cop__quoted_place(quoted, place);
    if (in_capture && cop__has_hole(quoted)) return cop__walk_argument(w, quoted, place);
    if (cop__is_tuple_of(quoted, 2)) {
        cop_term pair = make_list(cop__tuple_items(quoted), 2, cop_empty_list());
        (void)cop__walk_open(w, COP__BUILD_TUPLE, pair, place);
    } else if (cop__is_cons(quoted)) {
        (void)cop__walk_open(w, COP__BUILD_LIST, quoted, place);
    } else if (cop__is_tuple_of(quoted, 3)) {
        if (!walk_node(w, quoted, place)) return false;
    } else if (cop_is_tuple(quoted) || cop_is_none(quoted)) {
        return cop__syntax_fail(w->error, place, "a malformed quoted form");
    } else {
        cop__walk_emit(w, COP__BUILD_CONST, 0, quoted);
    }
    if (!in_capture) return true;
    if (w->frames_len > frames) {
        w->frames[w->frames_len - 1].escape = true;
    } else if (cop__quoted_is_variable(quoted, &name)) {
        cop__walk_emit(w, COP__BUILD_VALUE, 1, cop_none());
    }
    return true;
}

static bool end_frame(struct cop__walk *w)
{
    struct cop__walk_frame f = w->frames[w->frames_len - 1];

    if (!cop_is_empty_list(f.rest)) {
        return cop__syntax_fail(w->error, f.place, "a malformed quoted form");
    }
    if (f.code == COP__BUILD_CAPTURE && !cop__walk_end_capture(w, &f)) return false;
    if (f.code == COP__BUILD_MARKED) {
        w->capture_depth--;
        if (cop__is_text(f.info, "list")) {
            cop__walk_emit(w, COP__BUILD_CONST, 0, cop_empty_list());
            f.count++;
        }
        /* "list" with a tail of its own was renamed while it was walked. */
        if (cop__is_text(f.info, "list_tail")) f.info = cop_atom("list");
    }
    w->frames_len--;
    cop__walk_emit(w, f.code, f.count, f.info);
    if (f.escape) cop__walk_emit(w, COP__BUILD_VALUE, 1, cop_none());
    return true;
}

/* The next part of the top frame, or its end. */
static bool walk_step(struct cop__walk *w)
{
    struct cop__walk_frame *f = &w->frames[w->frames_len - 1];
    bool marked = f->code == COP__BUILD_MARKED && cop__is_text(f->info, "list");
    cop_term part;
    cop_term two[2];

    if (!cop__is_cons(f->rest)) return end_frame(w);
    part = cop__cons_head(f->rest);
    f->rest = cop__cons_tail(f->rest);
    f->count++;
    if ((f->code == COP__BUILD_LIST || marked) && cop_is_empty_list(f->rest) &&
        cop__quoted_is(part, "|", 2, two)) {
        if (marked) {
            f->info = cop_atom("list_tail");
        } else {
            f->code = COP__BUILD_LIST_TAIL;
        }
        f->rest = cop_list(two[1]);
        part = two[0];
    }
    return walk_part(w, part, f->place, f->in_capture);
}

/* The greatest height of the stack while the program runs. */
static size_t depth_of(const struct cop__template *t)
{
    size_t len = 0;
    size_t depth = 0;

    for (size_t i = 0; i < t->ops_len; i++) {
        bool pushes = t->ops[i].code == COP__BUILD_CONST || t->ops[i].code == COP__BUILD_VAR;
        len = len + 1 - (pushes ? 0 : t->ops[i].n);
        if (len > depth) depth = len;
    }
    return depth;
}

static void walk_fini(struct cop__walk *w)
{
    free(w->frames);
}

bool cop__template_compile(struct cop__template *t, cop_term quoted, struct cop__scope *scope,
                           struct cop_parse_error *error)
{
    __attribute__((cleanup(walk_fini))) struct cop__walk w = {
        .out = t, .scope = scope, .error = error};
    struct cop__place start = {1, 1};
    bool ok = walk_part(&w, quoted, start, false);

    while (ok && w.frames_len > 0) {
        ok = walk_step(&w);
    }
    t->depth = depth_of(t);
    return ok;
}
