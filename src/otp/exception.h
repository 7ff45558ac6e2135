/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions inside this folder: with the stack that a reason came with, and as pieces of text. */
#ifndef COP_OTP_EXCEPTION_H
#define COP_OTP_EXCEPTION_H

#include "otp/text.h"

/* cop_exception_of, where the stack tells which function an :undef or :function_clause is about. */
cop_term cop__exception_of(cop_term reason, cop_term stack);
/* Appends what the exception says, without its name. */
void cop__add_message(struct cop__text *text, cop_term exception);
/* Appends "** (RuntimeError) oops", "** (exit) ..." or "** (throw) ...". */
void cop__add_banner(struct cop__text *text, enum cop_class class_, cop_term reason,
                     cop_term stack);
/* Appends a reason in words; each inner reason on a line of its own, four columns deeper
 * (LOG-24). */
void cop__add_exit(struct cop__text *text, cop_term reason);
/* Appends the entries of a stack, each on a new line, indented. */
void cop__add_stack(struct cop__text *text, cop_term stack, int indent);

/* cop_outcome_reason as processes of Erlang end: what of an exception names a function that was
 * called wrongly is told as an atom and by the stack (TSK-05, GEN-32). */
cop_term cop__outcome_reason(const struct cop_outcome *outcome);
/* Whether a reason is {what was raised, stack}, so that it tells of an error and not of an exit. */
bool cop__reason_is_error(cop_term reason, cop_term *ret_raised, cop_term *ret_stack);

/* Raises a FunctionClauseError that names a function with a guard, which the caller missed. */
COP_NORETURN void cop__raise_function_clause(cop_term module, const char *function, int arity);
/* Raises an UndefinedFunctionError. */
COP_NORETURN void cop__raise_undefined(cop_term module, cop_term function, cop_term args);

#endif
