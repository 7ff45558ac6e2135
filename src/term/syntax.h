/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of Elixir's syntax share: quoted forms and how to make and take them apart.
 *
 *     text --lex.c, lex_text.c--> tokens --parse.c, quote.c--> quoted form
 *     quoted form --template.c--> program --> term        (cop_parse, COP, cop_build)
 *     quoted form --pattern.c--> program --match.c--> bindings   (cop_match)
 *
 * Quoted forms and captures as data are described in coppice/syntax.h. */
#ifndef COPPICE_TERM_SYNTAX_H
#define COPPICE_TERM_SYNTAX_H

#include "coppice/syntax.h"
#include "term/lex.h"

/* Nesting beyond this is an error: an expression's depth, in the text and in its quoted form. */
#define COP__SYNTAX_DEPTH_MAX 100000

/* A block of at least `size` bytes with the contents of `block`; never NULL (ends the program). */
void *cop__syntax_grow(void *block, size_t size) COP_MUST_USE;

/* The integer that len digits of this base say; of any size. */
cop_term cop__integer_from_digits(const char *digits, size_t len, int base);
cop_term cop__integer_negate(cop_term integer);

/* Where a piece of syntax stands. */
struct cop__place {
    int line;
    int column;
};

/* {name, [line: ..., column: ...], args}; args is a list, or nil for a variable. */
cop_term cop__quote_node(cop_term name, struct cop__place place, cop_term args);
/* The same with `no_parens: true` before the place. */
cop_term cop__quote_node_no_parens(cop_term name, struct cop__place place, cop_term args);
/* Fills the error (of which incomplete is false); returns false. */
bool cop__syntax_fail(struct cop_parse_error *error, struct cop__place place, const char *format,
                      ...) COP_PRINTF(3, 4);

/* {name, meta, [a]} and {name, meta, [a, b]}. */
cop_term cop__quote_unary(const char *name, struct cop__place place, cop_term a);
cop_term cop__quote_binary(const char *name, struct cop__place place, cop_term a, cop_term b);
/* {:., meta, [left, right]}; right may be cop_none(): {:., meta, [left]}. */
cop_term cop__quote_dot(struct cop__place place, cop_term left, cop_term right);

/* Whether t is a call, variable or operator, {name, meta, args}: its parts. Anything else stands
 * for itself (lists and pairs as far as their elements do). */
bool cop__quoted_is_node(cop_term t, cop_term *ret_name, cop_term *ret_args);
/* The place in the meta of a node; `fallback` for what has none. */
struct cop__place cop__quoted_place(cop_term t, struct cop__place fallback);
/* Whether t is a variable; its name. */
bool cop__quoted_is_variable(cop_term t, cop_term *ret_name);
/* Whether t is a node of this name with this many arguments; those (at most 2). */
bool cop__quoted_is(cop_term t, const char *name, int64_t arity, cop_term *ret_args);
/* "the operator +", "the call Mod.fun/2", "the variable x": what t is, for messages. */
void cop__quoted_describe(cop_term t, char *text, size_t size);
/* True if t is the atom with this text. */
bool cop__is_text(cop_term t, const char *text);

#endif
