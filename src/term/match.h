/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns: a quoted form compiled to a row of steps that take a term apart.
 *
 * The steps are for a machine with registers of terms; register 0 holds the subject. Each step
 * looks at one register, may load a part of it into another, and ends the match when it does not
 * fit. There is no jump: a pattern is a conjunction. */
#ifndef COPPICE_TERM_MATCH_H
#define COPPICE_TERM_MATCH_H

#include <string.h>

#include "coppice/pattern.h"
#include "term/template.h"
#include "term/types.h"

#define COP__MATCH_REGISTERS 64

enum cop__match_code {
    COP__MATCH_TUPLE,     /* src is a tuple of n elements */
    COP__MATCH_ELEM,      /* dst = element n of the tuple src */
    COP__MATCH_ELEM_SAME, /* element n is the word */
    COP__MATCH_ELEM_BIND, /* element n has the type, bound[word] = it */
    COP__MATCH_CONS,      /* src is a cell: dst = head, dst + 1 = tail */
    COP__MATCH_MAP,       /* src is a map */
    COP__MATCH_GET,       /* dst = value of the key `word` in the map src */
    COP__MATCH_GET_PIN,   /* dst = value of the key that variable n has in the map src */
    COP__MATCH_SAME,      /* src is the word: atoms, small integers, [] */
    COP__MATCH_EQUAL,     /* src === the term `word` */
    COP__MATCH_BIND,      /* src has the type, bound[n] = src */
    COP__MATCH_AGAIN,     /* src === bound[n] */
    COP__MATCH_PIN,       /* src === the value that variable n has */
    COP__MATCH_PREFIX,    /* src is a binary that begins with the binary `word` */
    COP__MATCH_END,       /* all fits */
};

struct cop__match_op {
    uint8_t code;
    uint8_t src;
    uint8_t dst;
    uint8_t type; /* enum cop__type of what is bound or pinned */
    uint32_t n;
    uint64_t word;
};

/* A variable that the pattern binds. */
struct cop__match_bind {
    uint32_t var;
    uint32_t skip; /* bytes of a prefix, which are no part of the value */
    uint8_t type;
    bool is_rest; /* of a string; with its prefix in front of it while matching */
};

struct cop__pattern {
    struct cop__match_op *ops;
    size_t ops_len;
    size_t ops_cap;
    struct cop__match_bind *binds;
    size_t binds_len;
    size_t binds_cap;
    uint32_t vars; /* how many there are */
    bool is_flat;  /* a tuple of atoms, small integers and terms that are bound: most messages */
};

/* What the names in a pattern are. For a site: the C variables after it (scope, types). For a
 * console: scope is empty but for its bindings, and names gathers what is bound. */
struct cop__pattern_names {
    struct cop__scope scope;
    const uint8_t *types; /* of the scope's variables */
    bool no_pins;
    cop_term *found; /* console: variables by number */
    size_t found_len;
    size_t found_cap;
};

/* Compiles; the pattern is to be freed in any case, and names->found with free(). Terms in its
 * steps belong to the current heap. */
bool cop__pattern_compile(struct cop__pattern *p, cop_term quoted, struct cop__pattern_names *names,
                          struct cop_parse_error *error);
void cop__pattern_fini(struct cop__pattern *p);

/* Whether t matches. bound has room for p->vars terms and is filled as far as the match went;
 * vars are the C variables, read where pinned. */
bool cop__pattern_run(const struct cop__pattern *p, cop_term t, const void *const *vars,
                      cop_term *bound);
/* False if t cannot match because it is no tuple of the right size: what most clauses that do not
 * match fail by. */
static inline bool cop__pattern_may_match(const struct cop__pattern *p, cop_term t)
{
    return p->ops->code != COP__MATCH_TUPLE || cop__is_tuple_of(t, p->ops->n);
}
/* Writes a bound value of this type to a C variable. */
void cop__pattern_write(const struct cop__match_bind *bind, void *var, cop_term value);
/* The same for a variable's address as the macros pass it: what is pinned may be const, so all come
 * as const. The usual cases are done without a call. */
static inline void cop__pattern_store(const struct cop__match_bind *bind, const void *var,
                                      cop_term value)
{
    void *target;

    memcpy(&target, &var, sizeof(target));
    if (bind->type == COP__TYPE_TERM && !bind->is_rest) {
        memcpy(target, &value, sizeof(value));
    } else if (bind->type == COP__TYPE_INT64 && cop__is_small(value)) {
        int64_t number = cop__small_value(value);
        memcpy(target, &number, sizeof(number));
    } else {
        cop__pattern_write(bind, target, value);
    }
}
/* The term of the C value of this type at var. */
cop_term cop__pattern_read(uint8_t type, const void *var);

#endif
