/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator, between its files: eval.c takes forms apart and puts their order on a stack of
 * work, eval_step.c does each piece of work, eval_check.c looks at all before. */
#ifndef COP_SHELL_EVAL_H
#define COP_SHELL_EVAL_H

#include "coppice/pattern.h"
#include "coppice/shell.h"

/* A piece of work. Values are taken from the stack of values, and what comes out is put there. */
enum cop__op {
    COP__OP_EVAL,   /* evaluate the form a */
    COP__OP_DROP,   /* forget a value */
    COP__OP_TUPLE,  /* n values */
    COP__OP_LIST,   /* n values, then the tail */
    COP__OP_MAP,    /* n keys and values */
    COP__OP_UPDATE, /* a map, then n keys and values, of keys that it has */
    COP__OP_MATCH,  /* a value with the pattern a; the value stays */
    COP__OP_DECIDE, /* a value: done with it, or evaluate b instead; a: the operator */
    COP__OP_LOCAL,  /* call the function a with n values */
    COP__OP_REMOTE, /* a module, then n values: call its function a */
    COP__OP_FIELD,  /* a map's field a, or a module's function a without arguments */
    COP__OP_FUN,    /* a function, then n values: call it */
};

struct cop__work {
    enum cop__op op;
    int n;
    cop_term a;
    cop_term b;
    cop_term form; /* for messages: where it stands */
};

/* An evaluation. The stacks grow in memory of the process. */
struct cop__eval {
    const struct cop_eval_opts *opts;
    cop_term *bindings;
    struct cop__work *work;
    size_t work_len;
    size_t work_cap;
    cop_term *values;
    size_t values_len;
    size_t values_cap;
};

void cop__eval_push(struct cop__eval *e, struct cop__work work);
void cop__eval_put(struct cop__eval *e, cop_term value);
cop_term cop__eval_take(struct cop__eval *e);

/* Puts the work of one form on the stack, or its value. */
void cop__eval_form(struct cop__eval *e, cop_term form);
/* Does one piece of work that is no COP__OP_EVAL. */
void cop__eval_step(struct cop__eval *e, const struct cop__work *work);

/* Raises a CompileError if a name in the forms is bound nowhere (eval_check.c). */
void cop__eval_check(struct cop__eval *e, cop_term quoted);

/* Whether name/arity can be called without a module: a helper or a function of Kernel. */
bool cop__eval_has_local(const struct cop__eval *e, cop_term name, int arity);
/* Whether a form is {name, meta, args}; a literal 3-tuple never is one. */
bool cop__form_parts(cop_term form, cop_term *ret_name, cop_term *ret_meta, cop_term *ret_args);
/* A CompileError with file and line of form. */
COP_NORETURN COP_PRINTF(3, 4) void cop__compile_error(const struct cop__eval *e, cop_term form,
                                                      const char *format, ...);

#endif
