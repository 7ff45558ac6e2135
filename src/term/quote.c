/* SPDX-License-Identifier: Apache-2.0 */
/* Making quoted forms and looking into them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term/syntax.h"
#include "term/types.h"

void *cop__syntax_grow(void *block, size_t size)
{
    void *bigger = realloc(block, size);

    if (bigger == NULL) {
        (void)fprintf(stderr, "coppice: out of memory (%zu bytes) while reading a text\n", size);
        abort();
    }
    return bigger;
}

static cop_term meta_of(struct cop__place place)
{
    cop_term column = cop_tuple(cop_atom("column"), place.column);
    cop_term line = cop_tuple(cop_atom("line"), place.line);

    return cop_list(line, column);
}

cop_term cop__quote_node(cop_term name, struct cop__place place, cop_term args)
{
    return cop_tuple(name, meta_of(place), args);
}

cop_term cop__quote_node_no_parens(cop_term name, struct cop__place place, cop_term args)
{
    cop_term flag = cop_tuple(cop_atom("no_parens"), cop_true());

    return cop_tuple(name, cop_cons(flag, meta_of(place)), args);
}

cop_term cop__quote_unary(const char *name, struct cop__place place, cop_term a)
{
    return cop__quote_node(cop_atom(name), place, cop_list(a));
}

cop_term cop__quote_binary(const char *name, struct cop__place place, cop_term a, cop_term b)
{
    return cop__quote_node(cop_atom(name), place, cop_list(a, b));
}

cop_term cop__quote_dot(struct cop__place place, cop_term left, cop_term right)
{
    cop_term args = cop_is_none(right) ? cop_list(left) : cop_list(left, right);

    return cop__quote_node(cop_atom("."), place, args);
}

bool cop__syntax_fail(struct cop_parse_error *error, struct cop__place place, const char *format,
                      ...)
{
    va_list args;

    error->line = place.line;
    error->column = place.column;
    error->incomplete = false;
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return false;
}

bool cop__quoted_is_node(cop_term t, cop_term *ret_name, cop_term *ret_args)
{
    if (!cop__is_tuple_of(t, 3)) return false;
    *ret_name = cop__tuple_items(t)[0];
    *ret_args = cop__tuple_items(t)[2];
    return true;
}

static int number_of(cop_term meta, const char *key, int fallback)
{
    cop_term n = cop_keyword_get(meta, cop_atom(key), cop_none());

    return cop__is_small(n) ? (int)cop__small_value(n) : fallback;
}

struct cop__place cop__quoted_place(cop_term t, struct cop__place fallback)
{
    struct cop__place place = fallback;
    cop_term meta;

    if (!cop__is_tuple_of(t, 3)) return place;
    meta = cop__tuple_items(t)[1];
    if (!cop_is_keyword(meta)) return place;
    place.line = number_of(meta, "line", fallback.line);
    place.column = number_of(meta, "column", fallback.column);
    return place;
}

bool cop__is_text(cop_term t, const char *text)
{
    cop_bytes bytes;

    if (!cop__is_atom(t)) return false;
    bytes = cop_atom_text(t);
    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

bool cop__quoted_is_variable(cop_term t, cop_term *ret_name)
{
    cop_term args;

    return cop__quoted_is_node(t, ret_name, &args) && cop__is_atom(*ret_name) &&
           cop__is(args, COP_ATOM_nil);
}

bool cop__quoted_is(cop_term t, const char *name, int64_t arity, cop_term *ret_args)
{
    cop_term head;
    cop_term args;

    if (!cop__quoted_is_node(t, &head, &args) || !cop__is_text(head, name)) return false;
    if (cop_list_len(args) != arity) return false;
    for (int64_t i = 0; i < arity; i++) {
        ret_args[i] = cop_head(args);
        args = cop_tail(args);
    }
    return true;
}

/* Whether a name can stand before parentheses. */
static bool is_plain_name(cop_bytes name)
{
    return name.len > 0 && (name.data[0] == '_' || (unsigned char)name.data[0] >= 0x80 ||
                            ((name.data[0] | 0x20) >= 'a' && (name.data[0] | 0x20) <= 'z'));
}

void cop__quoted_describe(cop_term t, char *text, size_t size)
{
    cop_bytes name = {"", 0};
    cop_bytes module = {"", 0};
    cop_term head;
    cop_term args;
    cop_term dot[2];
    int64_t arity;

    if (!cop__quoted_is_node(t, &head, &args)) {
        (void)snprintf(text, size, "another term");
        return;
    }
    arity = cop_list_len(args);
    if (cop__is_atom(head)) {
        name = cop_atom_text(head);
    } else if (cop__quoted_is(head, ".", 2, dot) && cop__is_atom(dot[1])) {
        name = cop_atom_text(dot[1]);
        if (cop__is_atom(dot[0])) module = cop_atom_text(dot[0]);
        if (module.len > 7 && memcmp(module.data, "Elixir.", 7) == 0) {
            module.data += 7;
            module.len -= 7;
        }
        (void)snprintf(text, size, "the call %.*s.%.*s/%d", (int)module.len, module.data,
                       (int)name.len, name.data, (int)arity);
        return;
    }
    if (cop__quoted_is_variable(t, &head)) {
        (void)snprintf(text, size, "the variable %.*s", (int)name.len, name.data);
    } else if (!is_plain_name(name) || arity < 0) {
        (void)snprintf(text, size, "the operator %.*s", (int)name.len, name.data);
    } else {
        (void)snprintf(text, size, "the call %.*s/%d", (int)name.len, name.data, (int)arity);
    }
}
