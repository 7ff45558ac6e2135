/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a capture: holes are filled, inner calls made, from left to right and innermost first.
 * Nesting is a stack of levels, not recursion. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "term/syntax.h"
#include "term/types.h"

/* So many of each need no memory from the heap: more than captures have. */
#define LEVELS_INLINE 4
#define VALUES_INLINE 12

struct level {
    cop_term kind; /* :tuple, :list, :map or :call */
    cop_term rest; /* elements still to come */
    size_t base;   /* its first value */
};

struct call {
    struct level *levels; /* inline_levels, or allocated */
    size_t levels_len;
    size_t levels_cap;
    cop_term *values; /* inline_values, or allocated */
    size_t values_len;
    size_t values_cap;
    struct level inline_levels[LEVELS_INLINE];
    cop_term inline_values[VALUES_INLINE];
};

static void call_init(struct call *c)
{
    c->levels = c->inline_levels;
    c->levels_len = 0;
    c->levels_cap = LEVELS_INLINE;
    c->values = c->inline_values;
    c->values_len = 0;
    c->values_cap = VALUES_INLINE;
}

/* Runs also when an exit unwinds the stack out of apply(). */
static void call_fini(struct call *c)
{
    if (c->levels != c->inline_levels) free(c->levels);
    if (c->values != c->inline_values) free(c->values);
}

/* `items` with room for *cap of twice as many as before. */
static void *grow(void *items, const void *inline_items, size_t size, size_t *cap)
{
    void *grown = cop__syntax_grow(items == inline_items ? NULL : items, 2 * *cap * size);

    if (items == inline_items) memcpy(grown, items, *cap * size);
    *cap *= 2;
    return grown;
}

static void open_level(struct call *c, cop_term kind, cop_term rest)
{
    if (c->levels_len == c->levels_cap)
        c->levels = grow(c->levels, c->inline_levels, sizeof(*c->levels), &c->levels_cap);
    c->levels[c->levels_len++] = (struct level){kind, rest, c->values_len};
}

static void push(struct call *c, cop_term value)
{
    if (COP_UNLIKELY(c->values_len == c->values_cap))
        c->values = grow(c->values, c->inline_values, sizeof(*c->values), &c->values_cap);
    c->values[c->values_len++] = value;
}

/* One argument or element: its value, or a level of its own. */
static void take(struct call *c, cop_term item, const cop_term *args, size_t len)
{
    const cop_term *parts;

    if (!cop__is_tuple(item) || cop__tuple_len(item) < 2 ||
        !cop__is(cop__tuple_items(item)[0], COP_ATOM_hole)) {
        push(c, item);
        return;
    }
    parts = cop__tuple_items(item);
    if (cop__tuple_len(item) == 2) {
        int64_t n = cop__is_small(parts[1]) ? cop__small_value(parts[1]) : 0;
        if (n < 1 || (size_t)n > len) cop__term_fail("badarg", item);
        push(c, args[n - 1]);
    } else if (cop__is_text(parts[1], "value")) {
        push(c, parts[2]);
    } else {
        open_level(c, parts[1], parts[2]);
    }
}

static cop_term list_of(const cop_term *values, size_t len, cop_term tail)
{
    while (len > 0) {
        tail = cop_cons(values[--len], tail);
    }
    return tail;
}

static cop_term map_of(const cop_term *values, size_t len)
{
    cop_term map = cop_map_new();

    for (size_t i = 0; i + 1 < len; i += 2) {
        map = cop_map_put(map, values[i], values[i + 1]);
    }
    return map;
}

/* The value of the top level, whose elements are all there. */
static cop_term end_level(struct call *c, cop_apply_fn apply, void *arg)
{
    const struct level *level = &c->levels[c->levels_len - 1];
    const cop_term *values = c->values + level->base;
    size_t len = c->values_len - level->base;
    cop_term result;

    if (c->levels_len == 1 || cop__is_text(level->kind, "call")) {
        if (len < 2) cop__term_fail("badarg", level->kind);
        result = apply(arg, values[0], values[1], values + 2, len - 2);
    } else if (cop__is_text(level->kind, "tuple")) {
        result = cop_tuple_from(values, len);
    } else if (cop__is_text(level->kind, "map")) {
        result = map_of(values, len);
    } else if (cop__is_text(level->kind, "list") && len > 0) {
        result = list_of(values, len - 1, values[len - 1]);
    } else {
        cop__term_fail("badarg", level->kind);
    }
    c->values_len = c->levels[--c->levels_len].base;
    return result;
}

cop_term cop_capture_call(cop_term fun, const cop_term *args, size_t len, cop_apply_fn apply,
                          void *arg)
{
    __attribute__((cleanup(call_fini))) struct call c;
    cop_term module;
    cop_term function;
    cop_term bound;
    int arity;

    call_init(&c);
    cop_capture_parts(fun, &module, &function, &arity, &bound);
    if (cop__is(bound, COP_ATOM_nil)) return apply(arg, module, function, args, len);
    open_level(&c, cop_none(), bound); /* the outermost is the capture's own call */
    push(&c, module);
    push(&c, function);
    while (c.levels_len > 0) {
        struct level *level = &c.levels[c.levels_len - 1];
        if (cop__is_cons(level->rest)) {
            cop_term item = cop__cons_head(level->rest);
            level->rest = cop__cons_tail(level->rest);
            take(&c, item, args, len);
        } else {
            push(&c, end_level(&c, apply, arg));
        }
    }
    return c.values[0];
}
