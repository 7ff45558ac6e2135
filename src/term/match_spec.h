/* SPDX-License-Identifier: Apache-2.0 */
/* Match specifications of tables: [{pattern, [guard], [body]}] (ETS-13; coppice/ets.h has the
 * language), compiled to rows of steps for a machine with one stack of terms.
 *
 *   a pattern   the object is on the stack; each step takes the top one, looks, and puts its parts
 *   a guard     postfix: arguments are put, functions take them and put their result
 *   a body      the same
 *
 * Patterns and guards run on the object where it stands; what a body uses of it is copied out, so
 * that the result may be used when the object is gone. */
#ifndef COPPICE_TERM_MATCH_SPEC_H
#define COPPICE_TERM_MATCH_SPEC_H

#include "term/share.h"

enum cop__spec_code {
    /* Patterns: take the top term; a step that does not fit ends the match. */
    COP__SPEC_ANY,
    COP__SPEC_BIND,  /* variable n = it */
    COP__SPEC_SAME,  /* === variable n */
    COP__SPEC_WORD,  /* the same word as term */
    COP__SPEC_EQUAL, /* === term */
    COP__SPEC_TUPLE, /* a tuple of n: puts its elements, the first on top */
    COP__SPEC_CONS,  /* a cell: puts tail and head, the head on top */
    COP__SPEC_MAP,   /* a map: stays */
    COP__SPEC_GET,   /* the map on top has the key term: puts its value */
    COP__SPEC_DROP,
    /* Expressions. */
    COP__SPEC_CONST,     /* puts term */
    COP__SPEC_VAR,       /* puts variable n */
    COP__SPEC_OBJECT,    /* puts the object */
    COP__SPEC_ALL,       /* puts the list of the variables */
    COP__SPEC_NEW_TUPLE, /* of n terms */
    COP__SPEC_NEW_CONS,  /* of two */
    COP__SPEC_NEW_MAP,   /* of n pairs */
    COP__SPEC_CALL,      /* function `call` with n arguments */
    COP__SPEC_ANDALSO,   /* false: to step n; true: drops it; else fails */
    COP__SPEC_ORELSE,    /* the other way round */
    COP__SPEC_TEST,      /* a guard's end: takes its value, which must be true */
    COP__SPEC_END,       /* of a pattern, the guards or the body */
};

struct cop__spec_value;
/* A function of guards and bodies: its result, or cop_none() if it fails. */
typedef cop_term (*cop__spec_fn)(struct cop__heap *heap, const cop_term *args, size_t len);

struct cop__spec_op {
    uint8_t code;
    uint32_t n;
    union {
        cop_term term;
        cop__spec_fn call;
    };
};

struct cop__spec_clause {
    uint32_t head; /* steps */
    uint32_t guards;
    uint32_t body;
    uint32_t vars;    /* how many there are */
    uint32_t ordered; /* where, in `ordered`, they stand by their numbers */
    cop_term pattern;
};

/* All zero is empty. Terms in it belong to the region in which it was compiled. */
struct cop__spec {
    struct cop__spec_op *ops;
    size_t ops_len;
    size_t ops_cap;
    struct cop__spec_clause *clauses;
    size_t clauses_len;
    size_t clauses_cap;
    uint32_t *ordered;
    size_t ordered_len;
    size_t ordered_cap;
    cop_term *stack; /* for the largest clause */
    size_t stack_cap;
    cop_term *bound;
    size_t bound_cap;
};

/* What self and node are. */
struct cop__spec_env {
    cop_term self;
    cop_term node;
};

/* False: clauses is no valid specification. To be freed in any case. */
bool cop__spec_compile(struct cop__spec *spec, cop_term clauses, const struct cop__spec_env *env);
void cop__spec_fini(struct cop__spec *spec);
/* The key that all matching objects of a table have, or cop_none() if that is not known: element
 * keypos of the only pattern, if there is no variable in it. (A map in it is that map then, and not
 * any with its keys: so OTP has it.) */
cop_term cop__spec_key(const struct cop__spec *spec, uint32_t keypos);
/* The result for an object, in heap's region; cop_none(): no clause fits. share is the block in
 * which it stands (NULL: what it is made of may be used as it is). */
cop_term cop__spec_run(const struct cop__spec *spec, struct cop__heap *heap, cop_term object,
                       struct cop__share *share);

/* --- Between the files ------------------------------------------------------------------------ */

/* The function of this name with len arguments, or NULL (match_spec_ops.c). */
cop__spec_fn cop__spec_function(cop_term name, size_t len);
/* The number of a variable $N; -1: it is none. */
int64_t cop__spec_variable(cop_term t);

#endif
