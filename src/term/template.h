/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and templates: a quoted form compiled to a program that builds its term.
 *
 * The program is for a machine with a stack of terms: each step pushes one or puts the last n
 * together. Parts without variables are built while compiling, so a literal is one step. */
#ifndef COPPICE_TERM_TEMPLATE_H
#define COPPICE_TERM_TEMPLATE_H

#include "term/syntax.h"

enum cop__build_code {
    COP__BUILD_CONST,     /* push term */
    COP__BUILD_VAR,       /* push the value of variable n */
    COP__BUILD_TUPLE,     /* of the last n */
    COP__BUILD_LIST,      /* of the last n */
    COP__BUILD_LIST_TAIL, /* the last is the tail */
    COP__BUILD_MAP,       /* keys and values in turn, n terms */
    COP__BUILD_CONCAT,    /* two binaries */
    COP__BUILD_VALUE,     /* marks the last as a value in a capture's arguments, if need be */
    COP__BUILD_MARKED,    /* {:&, term, list of the last n} */
    COP__BUILD_CAPTURE,   /* term is {module, function, arity}; the last n are the arguments */
};

struct cop__build_op {
    enum cop__build_code code;
    uint32_t n;
    cop_term term;
};

struct cop__template {
    struct cop__build_op *ops;
    size_t ops_len;
    size_t ops_cap;
    size_t depth; /* the most terms that are on the stack at once */
};

/* The names that a literal or pattern may use. */
struct cop__scope {
    const cop_bytes *names; /* variables by number; NULL: there are none */
    int count;
    uint32_t used;     /* bit i: name i was found */
    cop_term bindings; /* a map of names to values, or none */
};
/* The number of the variable called name, or -1. */
int cop__scope_find(const struct cop__scope *scope, cop_term name);

/* Compiles. Names in the bindings become constants. The template is to be freed in any case. Its
 * terms belong to the current heap. */
bool cop__template_compile(struct cop__template *t, cop_term quoted, struct cop__scope *scope,
                           struct cop_parse_error *error);
void cop__template_fini(struct cop__template *t);
/* The term, with these values of the variables. */
cop_term cop__template_run(const struct cop__template *t, const cop_term *values);

/* The steps of compiling that template_capture.c shares with template.c. */
struct cop__walk_frame {
    enum cop__build_code code;
    bool in_capture; /* its parts are arguments of a capture */
    bool escape;     /* followed by BUILD_VALUE */
    uint32_t count;
    cop_term rest; /* quoted parts still to come */
    cop_term info;
    size_t first_op;
    struct cop__place place;
};

struct cop__walk {
    struct cop__template *out;
    struct cop__scope *scope;
    struct cop_parse_error *error;
    struct cop__walk_frame *frames;
    size_t frames_len;
    size_t frames_cap;
    uint64_t holes[4]; /* of the capture around: bit n: &n was found */
    size_t capture_depth;
};

void cop__walk_emit(struct cop__walk *w, enum cop__build_code code, uint32_t n, cop_term term);
struct cop__walk_frame *cop__walk_open(struct cop__walk *w, enum cop__build_code code,
                                       cop_term rest, struct cop__place place);
/* A capture {:&, _, [body]} outside of another. */
bool cop__walk_capture(struct cop__walk *w, cop_term body, struct cop__place place);
/* A part of a capture's arguments that has a hole or a call inside. */
bool cop__walk_argument(struct cop__walk *w, cop_term quoted, struct cop__place place);
/* Whether a part of a capture's arguments has one. */
bool cop__has_hole(cop_term quoted);
/* The arity of the capture around is known: sets it in the frame's info. */
bool cop__walk_end_capture(struct cop__walk *w, struct cop__walk_frame *f);

#endif
