/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of Elixir's syntax share: quoted forms and how to make and take them apart.
 *
 *     text --lex.c, lex_text.c--> tokens --parse.c, quote.c--> quoted form
 *     quoted form --literal.c--> term                  (cop_parse, COP)
 *     quoted form --pattern.c, template.c--> program --match.c, build.c--> bindings, terms
 *
 * **Captures as data.** A capture calls one function: `&Mod.fun/2`, or `&Mod.fun(&1, x)` with bound
 * arguments. Its list of arguments (cop_capture_parts) holds the bound terms as they are, and:
 *   - a hole &n is the tuple {:&, n};
 *   - a tuple, list or map that has a hole somewhere inside is {:&, :tuple, [e...]},
 *     {:&, :list, [e...]}, {:&, :cons, [head, tail]} or {:&, :map, [k, v, ...]}, whose elements
 *     follow the same rules;
 *   - so that nobody takes a bound value for one of these, a tuple that begins with the atom :& and is
 *     itself meant as a value is {:&, :value, tuple}.
 * An operator inside is a call of Kernel's function: &(&1 + 1) is &Kernel.+(&1, 1). A capture whose
 * body is a tuple, list or map calls the function that returns its argument: &{&1, &2} is
 * &Function.identity({&1, &2}). A local call &fun(&1) is one of Kernel's.
 * cop__capture_fill() makes the real arguments of a call. */
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
/* {name, meta, [a]} and {name, meta, [a, b]}. */
cop_term cop__quote_unary(const char *name, struct cop__place place, cop_term a);
cop_term cop__quote_binary(const char *name, struct cop__place place, cop_term a, cop_term b);
/* {:., meta, [left, right]}; right may be cop_none(): {:., meta, [left]}. */
cop_term cop__quote_dot(struct cop__place place, cop_term left, cop_term right);

/* Whether t is a call, variable or operator, {name, meta, args}: its parts. Anything else stands for
 * itself (lists and pairs as far as their elements do). */
bool cop__quoted_is_node(cop_term t, cop_term *ret_name, cop_term *ret_args);
/* The place in the meta of a node; 1, 1 where there is none. */
struct cop__place cop__quoted_place(cop_term t);

#endif
