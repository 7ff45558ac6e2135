/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: what `&...` means, how its arguments with holes are written as data
 * (coppice/syntax.h). */
#include <stdlib.h>
#include <string.h>

#include "term/template.h"
#include "term/types.h"

/* Holes may lie this deep in a capture's arguments. */
#define CAPTURE_DEPTH_MAX 64
#define ARITY_MAX         255

/* --- Finding holes -----------------------------------------------------------------------------*/

struct pending {
    cop_term *terms;
    size_t len;
    size_t cap;
};

static void pending_fini(struct pending *p)
{
    free(p->terms);
}

static void pending_push(struct pending *p, cop_term t)
{
    if (p->len == p->cap) {
        p->cap = p->cap == 0 ? 32 : p->cap * 2;
        p->terms = cop__syntax_grow(p->terms, p->cap * sizeof(*p->terms));
    }
    p->terms[p->len++] = t;
}

/* &Mod.fun/2 and &fun/2: *ret_callee and *ret_arity. */
static bool is_arity_form(cop_term body, cop_term *ret_callee, cop_term *ret_arity)
{
    cop_term two[2];
    cop_term name;
    cop_term args;
    cop_term dot[2];

    if (!cop__quoted_is(body, "/", 2, two) || !cop__is_small(two[1])) return false;
    *ret_callee = two[0];
    *ret_arity = two[1];
    if (cop__quoted_is_variable(two[0], &name)) return true;
    if (!cop__quoted_is_node(two[0], &name, &args) || !cop_is_empty_list(args)) return false;
    return cop__quoted_is(name, ".", 2, dot) && cop__is_atom(dot[0]) && cop__is_atom(dot[1]);
}

/* Whether a node stands for data: its parts are in *ret_parts. */
static bool is_data_node(cop_term name, cop_term args, cop_term *ret_parts)
{
    *ret_parts = args;
    return cop__is_atom(name) &&
           (cop__is(args, COP_ATOM_nil) || cop__is_text(name, "{}") || cop__is_text(name, "%{}") ||
            cop__is_text(name, "<>") || cop__is_text(name, "|"));
}

bool cop__has_hole(cop_term quoted)
{
    __attribute__((cleanup(pending_fini))) struct pending todo = {0};
    cop_term name;
    cop_term args;
    cop_term one[1];
    cop_term two[2];

    pending_push(&todo, quoted);
    while (todo.len > 0) {
        cop_term t = todo.terms[--todo.len];
        if (cop__is_cons(t)) {
            pending_push(&todo, cop__cons_tail(t));
            pending_push(&todo, cop__cons_head(t));
        } else if (cop__is_tuple_of(t, 2)) {
            pending_push(&todo, cop__tuple_items(t)[0]);
            pending_push(&todo, cop__tuple_items(t)[1]);
        } else if (cop__quoted_is_node(t, &name, &args)) {
            if (cop__quoted_is(t, "&", 1, one) && is_arity_form(one[0], &two[0], &two[1])) continue;
            if (!is_data_node(name, args, &args)) return true;
            pending_push(&todo, args);
        }
    }
    return false;
}

/* --- Compiling ---------------------------------------------------------------------------------*/

static bool is_no_parens(cop_term meta)
{
    return cop_is_keyword(meta) &&
           cop__is(cop_keyword_get(meta, cop_atom("no_parens"), cop_false()), COP_ATOM_true);
}

/* A call's module, function and quoted arguments. */
static bool resolve_call(struct cop__walk *w, cop_term quoted, struct cop__place place,
                         cop_term *ret_module, cop_term *ret_function, cop_term *ret_args)
{
    static const char *const no_functions[] = {"__block__", "=", "^", "@", "&", "<<>>", "|"};
    cop_term name;
    cop_term args;
    cop_term dot[2];
    cop_term two[2];
    char text[120];

    if (cop__quoted_is(quoted, "|>", 2, two) && cop__quoted_is_node(two[1], &name, &args) &&
        cop_is_list(args)) {
        quoted = cop_tuple(name, cop_elem(two[1], 1), cop_cons(two[0], args));
    }
    cop__quoted_describe(quoted, text, sizeof(text));
    if (!cop__quoted_is_node(quoted, &name, &args) || !cop_is_list(args)) {
        return cop__syntax_fail(w->error, place, "a capture must be &Mod.fun/arity or a call");
    }
    *ret_args = args;
    if (cop__is_atom(name)) {
        for (size_t i = 0; i < sizeof(no_functions) / sizeof(no_functions[0]); i++) {
            if (cop__is_text(name, no_functions[i])) {
                return cop__syntax_fail(w->error, place, "a capture cannot contain %s", text);
            }
        }
        *ret_module = cop_atom("Elixir.Kernel");
        *ret_function = name;
        return true;
    }
    if (!cop__quoted_is(name, ".", 2, dot) || !cop__is_atom(dot[1])) {
        return cop__syntax_fail(w->error, place, "a capture cannot call a function value");
    }
    *ret_module = dot[0];
    *ret_function = dot[1];
    if (cop__is_atom(dot[0])) return true;
    if (!cop_is_empty_list(args) || !is_no_parens(cop_elem(quoted, 1))) {
        return cop__syntax_fail(w->error, place, "the module of a captured call must be a name");
    }
    /* map.key */
    *ret_module = cop_atom("Elixir.Map");
    *ret_function = cop_atom("fetch!");
    *ret_args = cop_list(dot[0], dot[1]);
    return true;
}

static struct cop__walk_frame *open_marked(struct cop__walk *w, const char *kind, cop_term parts,
                                           struct cop__place place)
{
    struct cop__walk_frame *f;

    if (++w->capture_depth > CAPTURE_DEPTH_MAX) {
        (void)cop__syntax_fail(w->error, place, "a capture nested deeper than %d levels",
                               CAPTURE_DEPTH_MAX);
        return NULL;
    }
    f = cop__walk_open(w, COP__BUILD_MARKED, parts, place);
    f->info = cop_atom(kind);
    f->in_capture = true;
    return f;
}

static bool walk_hole(struct cop__walk *w, cop_term n, struct cop__place place)
{
    int64_t number = cop__is_small(n) ? cop__small_value(n) : 0;

    if (number < 1 || number > ARITY_MAX) {
        return cop__syntax_fail(w->error, place, "nested captures are not allowed");
    }
    w->holes[number / 64] |= UINT64_C(1) << number % 64;
    cop__walk_emit(w, COP__BUILD_CONST, 0, cop_tuple(cop__atom(COP_ATOM_hole), n));
    return true;
}

/* Keys and values of a map in turn. */
static bool map_parts(struct cop__walk *w, cop_term pairs, struct cop__place place,
                      cop_term *ret_parts)
{
    cop_term list = cop_empty_list();

    for (; cop__is_cons(pairs); pairs = cop__cons_tail(pairs)) {
        cop_term pair = cop__cons_head(pairs);
        if (!cop__is_tuple_of(pair, 2)) {
            return cop__syntax_fail(w->error, place,
                                    "a capture cannot update a map, use Map.put or Map.merge");
        }
        list = cop_cons(cop__tuple_items(pair)[0], list);
        list = cop_cons(cop__tuple_items(pair)[1], list);
    }
    *ret_parts = cop_list_reverse(list);
    return true;
}

bool cop__walk_argument(struct cop__walk *w, cop_term quoted, struct cop__place place)
{
    cop_term name;
    cop_term args;
    cop_term one[1];
    cop_term module;

    if (cop__is_cons(quoted)) return open_marked(w, "list", quoted, place) != NULL;
    if (cop__is_tuple_of(quoted, 2)) {
        args = cop_list(cop_elem(quoted, 0), cop_elem(quoted, 1));
        return open_marked(w, "tuple", args, place) != NULL;
    }
    (void)cop__quoted_is_node(quoted, &name, &args);
    if (cop__quoted_is(quoted, "&", 1, one)) return walk_hole(w, one[0], place);
    if (cop__is_text(name, "{}")) return open_marked(w, "tuple", args, place) != NULL;
    if (cop__is_text(name, "%{}")) {
        return map_parts(w, args, place, &args) && open_marked(w, "map", args, place) != NULL;
    }
    if (!resolve_call(w, quoted, place, &module, &name, &args)) return false;
    args = cop_cons(module, cop_cons(name, args));
    return open_marked(w, "call", args, place) != NULL;
}

/* &Mod.fun/2 */
static bool walk_arity_form(struct cop__walk *w, cop_term callee, cop_term arity,
                            struct cop__place place)
{
    cop_term module = cop_atom("Elixir.Kernel");
    cop_term function = cop_elem(callee, 0);
    cop_term dot[2];
    int64_t n = cop__small_value(arity);

    if (cop__quoted_is(function, ".", 2, dot)) {
        module = dot[0];
        function = dot[1];
    }
    if (n < 0 || n > ARITY_MAX) {
        return cop__syntax_fail(w->error, place, "the arity of a capture must be 0 to %d",
                                ARITY_MAX);
    }
    cop__walk_emit(w, COP__BUILD_CONST, 0, cop_capture(module, function, (int)n));
    return true;
}

bool cop__walk_capture(struct cop__walk *w, cop_term body, struct cop__place place)
{
    cop_term name = cop_none();
    cop_term args = cop_none();
    cop_term module = cop_atom("Elixir.Function");
    cop_term function = cop_atom("identity");
    cop_term arity;
    cop_term one[1];
    struct cop__walk_frame *f;
    bool node = cop__quoted_is_node(body, &name, &args);

    if (cop__is_small(body)) {
        return cop__syntax_fail(w->error, place,
                                "capture argument &%d must be used within the capture operator &",
                                (int)cop__small_value(body));
    }
    if (is_arity_form(body, &name, &arity)) return walk_arity_form(w, name, arity, place);
    if (!cop__has_hole(body)) {
        return cop__syntax_fail(w->error, place,
                                "invalid args for &, expected &Mod.fun/arity, &fun/arity or a "
                                "call with arguments such as &1");
    }
    if (!node || cop__is_text(name, "{}") || cop__is_text(name, "%{}") ||
        cop__quoted_is(body, "&", 1, one)) {
        args = cop_list(body);
    } else if (!resolve_call(w, body, place, &module, &function, &args)) {
        return false;
    }
    memset(w->holes, 0, sizeof(w->holes));
    f = cop__walk_open(w, COP__BUILD_CAPTURE, args, place);
    f->info = cop_tuple(module, function, 0);
    f->in_capture = true;
    return true;
}

bool cop__walk_end_capture(struct cop__walk *w, struct cop__walk_frame *f)
{
    int arity = 0;

    for (int n = ARITY_MAX; n >= 1; n--) {
        bool found = (w->holes[n / 64] >> n % 64 & 1) != 0;
        if (found && arity == 0) arity = n;
        if (!found && arity > 0) {
            return cop__syntax_fail(w->error, f->place,
                                    "capture argument &%d cannot be defined without &%d", arity, n);
        }
    }
    f->info = cop_put_elem(f->info, 2, cop_int(arity));
    return true;
}
