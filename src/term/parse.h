/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's two stacks, shared by parse.c (which token is allowed where) and parse_close.c (what
 * a closed bracket, call or operator becomes). Both stacks are blocks of the heap: nesting uses no
 * C stack. */
#ifndef COPPICE_TERM_PARSE_H
#define COPPICE_TERM_PARSE_H

#include "term/syntax.h"

/* One row of the grammar (parse.c). */
struct cop__operator {
    const char *text;
    uint8_t binary; /* precedence as a binary operator, 0: is none */
    bool right;     /* binary: a op b op c is a op (b op c) */
    uint8_t unary;  /* precedence as a prefix, 0: is none */
};

enum cop__shape {
    COP__SHAPE_PLAIN,
    COP__SHAPE_NAME,  /* a name: a variable, or a call if arguments follow */
    COP__SHAPE_FIELD, /* a.b: likewise */
};

struct cop__operand {
    cop_term term;
    struct cop__place place;
    int depth; /* of the quoted form */
    enum cop__shape shape;
};

enum cop__frame_kind {
    COP__FRAME_BLOCK, /* the whole text */
    COP__FRAME_PAREN,
    COP__FRAME_HOLE, /* #{...} in a string; closed by } */
    COP__FRAME_TEXT, /* the parts of a string with holes */
    COP__FRAME_CALL,
    COP__FRAME_NO_PARENS, /* a call without parentheses; ends with the line */
    COP__FRAME_ACCESS,    /* a[b] */
    COP__FRAME_LIST,
    COP__FRAME_TUPLE,
    COP__FRAME_BITS,
    COP__FRAME_MAP,
    /* The kinds above hold any number of operands, those below wait for one. */
    COP__FRAME_UNARY,
    COP__FRAME_BINARY,
};

struct cop__frame {
    enum cop__frame_kind kind;
    struct cop__place place;
    size_t base;   /* its first operand */
    size_t keys;   /* the first operand that is a pair of `key: value`; SIZE_MAX: none yet */
    cop_term head; /* what is called; the name of a struct; or none */
    int head_depth;
    cop_term key;   /* a `key:` that waits for its value; or none */
    bool assoc;     /* a map: `key =>` waits for its value */
    bool update;    /* a map: its first operand is the map to update */
    bool separated; /* after a comma or semicolon */
    const struct cop__operator *op;
    struct cop__delimited text; /* of a TEXT */
};

struct cop__parser {
    struct cop__lexer lex;
    struct cop__frame *frames;
    size_t frames_len;
    size_t frames_cap;
    struct cop__operand *operands;
    size_t operands_len;
    size_t operands_cap;
    bool want_operand;
    bool done;
};

static inline struct cop__frame *cop__parse_top(struct cop__parser *p)
{
    return &p->frames[p->frames_len - 1];
}

/* All of these return false when p->lex.error was filled. */

bool cop__parse_fail(struct cop__parser *p, struct cop__place place, const char *format, ...)
    COP_PRINTF(3, 4);
/* "unexpected token: ... (expected ...)"; at the end of the text: incomplete. */
bool cop__parse_fail_token(struct cop__parser *p, const char *expected);

/* "nested too deep" */
bool cop__parse_fail_depth(struct cop__parser *p, struct cop__place place);

bool cop__parse_push(struct cop__parser *p, cop_term term, struct cop__place place, int depth,
                     enum cop__shape shape);
/* NULL when it nests too deep. head is none. */
struct cop__frame *cop__parse_open(struct cop__parser *p, enum cop__frame_kind kind,
                                   struct cop__place place);
/* Builds the top frame, an operator that has its operands. */
bool cop__parse_reduce(struct cop__parser *p);
/* The expression just read becomes an element of the top frame: joined with its key, checked. */
bool cop__parse_end_element(struct cop__parser *p);
/* Builds the top frame, whose elements are ended, and pushes it as an operand. */
bool cop__parse_close(struct cop__parser *p);
/* How the frame was opened and is closed: `(` and `)`. NULL for those without brackets. */
const char *cop__parse_opening(const struct cop__frame *f);
const char *cop__parse_closing(const struct cop__frame *f);

#endif
