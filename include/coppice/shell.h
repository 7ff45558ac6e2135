/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating expressions in Elixir's syntax: what the console does with a line, for programs that
 * want the same.
 *
 *     cop_term bindings = cop_map_new();
 *     cop_eval(text, bindings, &bindings, NULL);
 *
 * An expression calls the functions of registered modules, and those of Kernel without a module's
 * name. There are no definitions, no anonymous functions but captures, and no special forms but =
 * and the operators that decide: a console for a running system, not a language to write one in. */
#ifndef COPPICE_SHELL_H
#define COPPICE_SHELL_H

#include "coppice/module.h"
#include "coppice/syntax.h"

/* All zero is the default. */
struct cop_eval_opts {
    size_t size;      /* sizeof(struct cop_eval_opts), or 0 */
    const char *file; /* named in messages; NULL: "nofile" */
    int line;         /* number of the first line; 0: 1 */
    /* Functions that are called without a module's name, before Kernel's; NULL: none. */
    const struct cop_module *helpers;
};

COP_BEGIN_DECLS

/* The value of the expressions in text (the last one's; nil for none). bindings is a map from names
 * (atoms) to values; *ret_bindings is the same with what was bound, and is written even if a later
 * expression of the text fails. opts may be NULL. Exits: with what the expressions raise; errors
 * SyntaxError, TokenMissingError and CompileError for what is none. Switches: if they do. */
COP_API cop_term cop_eval(cop_bytes text, cop_term bindings, cop_term *ret_bindings,
                          const struct cop_eval_opts *opts);
/* The same for what cop_quote() has read. */
COP_API cop_term cop_eval_quoted(cop_term quoted, cop_term bindings, cop_term *ret_bindings,
                                 const struct cop_eval_opts *opts);
/* Raises what cop_eval() raises for a text that cop_quote() could not read. */
COP_API COP_NORETURN void cop_raise_parse_error(cop_bytes text, const struct cop_parse_error *error,
                                                const struct cop_eval_opts *opts);

COP_END_DECLS

#endif
