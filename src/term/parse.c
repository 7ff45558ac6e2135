/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of coppice: Elixir's expressions, without those that define functions or branch.
 *
 *     text     block
 *     block    expr, expr ... separated by newlines or `;`
 *     expr     unary expr | expr binary expr | value              see the table of operators
 *     value    1  1.0  :a  "text"  "a #{block} b"  'chars'  ~s(..)  ~c(..)  ~w(..)  ?a  true  nil
 *              Mod.Name    name    &1    ( block )
 *              [ elements ]   { elements }   << elements >>   %{ pairs }   %{ expr | pairs }
 *              %Mod{ pairs }   %Mod{ expr | pairs }
 *              name( args )   value.name   value.name( args )   value.( args )   value[ expr ]
 *              name args   value.name args       at the end of a line or block
 *     elements expr, expr ...   then  key: expr, key: expr ...    each part may be missing
 *     args     as elements; the pairs are one last argument, a list
 *     pairs    expr => expr, ...   then  key: expr, ...
 *
 * One loop with an explicit stack reads it (operator precedence): either an operand is wanted or an
 * operator. A frame of the stack is an operator that waits for its right side, or an open bracket
 * or call that gathers operands.
 *
 * It differs from Elixir in that a minus before a number makes a negative number, %Name{a: 1} is
 * quoted as the map %{__struct__: Name, a: 1}, <<...>> of literals as the binary, a string with
 * #{holes} as parts joined by <>, and `x -1` is always a subtraction. */
#include "term/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elixir's precedences: a higher one binds tighter (scaled to fit). */
/* clang-format off */
static const struct cop__operator table[] = {
    /* text   binary  right  unary */
    {"|",         7,  true,   0},
    {"&",         0,  false,  9}, /* a capture */
    {"=",        10,  true,   0},
    {"||",       12,  false,  0}, {"or", 12, false, 0},
    {"&&",       13,  false,  0}, {"and", 13, false, 0},
    {"==",       14,  false,  0}, {"!=", 14, false, 0},
    {"===",      14,  false,  0}, {"!==", 14, false, 0},
    {"=~",       14,  false,  0},
    {"<",        15,  false,  0}, {"<=", 15, false, 0},
    {">",        15,  false,  0}, {">=", 15, false, 0},
    {"|>",       16,  false,  0},
    {"in",       17,  false,  0}, {"not in", 17, false, 0},
    {"//",       19,  true,   0}, /* the step of a range */
    {"++",       20,  true,   0}, {"--", 20, true, 0},
    {"<>",       20,  true,   0}, {"..", 20, true, 0},
    {"+",        21,  false, 30}, {"-", 21, false, 30},
    {"*",        22,  false,  0}, {"/", 22, false, 0},
    {"**",       23,  false,  0},
    {"!",         0,  false, 30}, {"^", 0, false, 30}, {"not", 0, false, 30},
    {"@",         0,  false, 32},
};
/* clang-format on */
/* Binds tighter than all but @: the dot and the access a[b]. */
#define POSTFIX_PRECEDENCE 31

/* Words that Elixir reserves for what this grammar leaves out. */
static const char *const reserved[] = {"fn", "do", "end", "catch", "rescue", "after", "else"};

bool cop__parse_fail(struct cop__parser *p, struct cop__place place, const char *format, ...)
{
    char text[sizeof(p->lex.error->text)];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return cop__lex_fail(&p->lex, place.line, place.column, "%s", text);
}

static struct cop__place token_place(const struct cop__parser *p)
{
    struct cop__place place = {p->lex.token.line, p->lex.token.column};
    return place;
}

bool cop__parse_fail_token(struct cop__parser *p, const char *expected)
{
    const struct cop__token *token = &p->lex.token;
    int len = token->source.len > 40 ? 40 : (int)token->source.len;

    while (len > 0 && len < (int)token->source.len &&
           ((unsigned char)token->source.data[len] & 0xc0) == 0x80) {
        len--;
    }
    if (token->kind == COP__TOKEN_END) {
        (void)cop__parse_fail(p, token_place(p),
                              "syntax error: expression is incomplete (expected %s)", expected);
        p->lex.error->incomplete = true;
        return false;
    }
    return cop__parse_fail(p, token_place(p), "unexpected token: %.*s (expected %s)", len,
                           token->source.data, expected);
}

static bool token_is(const struct cop__parser *p, enum cop__token_kind kind, const char *text)
{
    const struct cop__token *token = &p->lex.token;

    return token->kind == kind && token->text.len == strlen(text) &&
           memcmp(token->text.data, text, token->text.len) == 0;
}

static bool next(struct cop__parser *p)
{
    return cop__lex_next(&p->lex);
}

/* --- The stacks --------------------------------------------------------------------------------*/

static bool holds_statements(const struct cop__frame *f)
{
    return f->kind == COP__FRAME_BLOCK || f->kind == COP__FRAME_PAREN || f->kind == COP__FRAME_HOLE;
}

static bool waits_for_operand(const struct cop__frame *f)
{
    return f->kind >= COP__FRAME_UNARY;
}

/* Builds the operators on top that bind tighter than what comes. */
static bool reduce_above(struct cop__parser *p, int precedence, bool right)
{
    while (waits_for_operand(cop__parse_top(p))) {
        const struct cop__frame *f = cop__parse_top(p);
        int own = f->kind == COP__FRAME_UNARY ? f->op->unary : f->op->binary;
        if (own < precedence || (own == precedence && right)) break;
        if (!cop__parse_reduce(p)) return false;
    }
    return true;
}

static const struct cop__operator *find_operator(const struct cop__parser *p)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (token_is(p, COP__TOKEN_OPERATOR, table[i].text)) return &table[i];
    }
    return NULL;
}

/* Past a name and the parenthesis after it. */
static bool skip_two(struct cop__parser *p)
{
    if (!next(p)) return false;
    return next(p);
}

/* --- An operand is wanted ----------------------------------------------------------------------*/

static const char *expected_operand(struct cop__parser *p)
{
    const struct cop__frame *f = cop__parse_top(p);

    if (waits_for_operand(f)) return "an expression after the operator";
    if (!cop_is_none(f->key)) return "a value after the key";
    return "an expression";
}

static bool push_token(struct cop__parser *p, cop_term term, enum cop__shape shape)
{
    p->want_operand = false;
    return cop__parse_push(p, term, token_place(p), 1, shape) && next(p);
}

static bool fail_reserved(struct cop__parser *p)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (token_is(p, COP__TOKEN_NAME, reserved[i])) {
            return cop__parse_fail(p, token_place(p),
                                   "unexpected reserved word: %s (functions and blocks cannot be "
                                   "written here; use a capture such as &Mod.fun(&1, x))",
                                   reserved[i]);
        }
    }
    return true;
}

/* A name in place of an operand: a variable or a call with parentheses. */
static bool operand_name(struct cop__parser *p)
{
    cop_term name;

    if (!fail_reserved(p)) return false;
    if (!cop__lex_make_atom(&p->lex, p->lex.token.text, COP__TOKEN_NAME)) return false;
    name = p->lex.token.value;
    if (p->lex.token.adjacent && cop__lex_peek(&p->lex, 0) == '(') {
        struct cop__frame *f = cop__parse_open(p, COP__FRAME_CALL, token_place(p));
        if (f == NULL) return false;
        f->head = name;
        return skip_two(p);
    }
    return push_token(p, cop__quote_node(name, token_place(p), cop_nil()), COP__SHAPE_NAME);
}

static bool operand_operator(struct cop__parser *p)
{
    const struct cop__operator *op = find_operator(p);
    const struct cop__frame *top = cop__parse_top(p);
    bool captured = top->kind == COP__FRAME_UNARY && top->op->text[0] == '&' &&
                    cop__lex_peek(&p->lex, 0) == '/' &&
                    cop__lex_digit(cop__lex_peek(&p->lex, 1), 10);
    struct cop__frame *f;

    if (captured) {
        /* &+/2 */
        if (!cop__lex_make_atom(&p->lex, p->lex.token.text, COP__TOKEN_NAME)) return false;
        return push_token(p, cop__quote_node(p->lex.token.value, token_place(p), cop_nil()),
                          COP__SHAPE_PLAIN);
    }
    if (op == NULL || op->unary == 0) return cop__parse_fail_token(p, expected_operand(p));
    f = cop__parse_open(p, COP__FRAME_UNARY, token_place(p));
    if (f == NULL) return false;
    f->op = op;
    return next(p);
}

/* %Name{ */
static bool operand_struct(struct cop__parser *p, struct cop__place place)
{
    struct cop__frame *f;
    cop_term name;

    if (!next(p)) return false;
    if (p->lex.token.kind != COP__TOKEN_ALIAS) {
        return cop__parse_fail_token(p, "{ or the name of a struct after %");
    }
    name = p->lex.token.value;
    if (!next(p)) return false;
    if (!token_is(p, COP__TOKEN_OPEN, "{")) return cop__parse_fail_token(p, "{");
    f = cop__parse_open(p, COP__FRAME_MAP, place);
    if (f == NULL) return false;
    f->head = name;
    return next(p);
}

static bool operand_open(struct cop__parser *p)
{
    struct cop__place place = token_place(p);
    enum cop__frame_kind kind = COP__FRAME_MAP;

    switch (p->lex.token.text.data[0]) {
    case '(': kind = COP__FRAME_PAREN; break;
    case '[': kind = COP__FRAME_LIST; break;
    case '{': kind = COP__FRAME_TUPLE; break;
    case '<': kind = COP__FRAME_BITS; break;
    default:
        if (p->lex.token.text.len == 1) return operand_struct(p, place);
    }
    return cop__parse_open(p, kind, place) != NULL && next(p);
}

static bool operand_key(struct cop__parser *p)
{
    struct cop__frame *f = cop__parse_top(p);
    bool takes = f->kind >= COP__FRAME_CALL && f->kind <= COP__FRAME_MAP &&
                 f->kind != COP__FRAME_BITS && cop_is_none(f->key) && !f->assoc;

    if (!takes) return cop__parse_fail_token(p, expected_operand(p));
    f->key = p->lex.token.value;
    if (f->keys == SIZE_MAX) f->keys = p->operands_len;
    return next(p);
}

/* The part of a string before it was the last token. */
static bool open_hole(struct cop__parser *p)
{
    struct cop__place place = {p->lex.line, p->lex.column - 2};

    return cop__parse_open(p, COP__FRAME_HOLE, place) != NULL && next(p);
}

/* The first part of a string with holes. */
static bool operand_text(struct cop__parser *p)
{
    struct cop__place place = token_place(p);
    struct cop__frame *f = cop__parse_open(p, COP__FRAME_TEXT, place);

    if (f == NULL) return false;
    f->text = p->lex.delimited;
    return cop__parse_push(p, p->lex.token.value, place, 1, COP__SHAPE_PLAIN) && open_hole(p);
}

static bool fail_unended(struct cop__parser *p)
{
    struct cop__frame *f = cop__parse_top(p);
    bool bracket = cop__parse_opening(f) != NULL;

    if (!bracket) return cop__parse_fail_token(p, expected_operand(p));
    (void)cop__parse_fail(p, token_place(p),
                          "missing terminator: %s (for \"%s\" starting at line %d)",
                          cop__parse_closing(f), cop__parse_opening(f), f->place.line);
    p->lex.error->incomplete = true;
    return false;
}

static bool close_bracket(struct cop__parser *p);

/* A closing bracket where an operand could be: after nothing, or after the last comma. */
static bool operand_close(struct cop__parser *p)
{
    const struct cop__frame *f = cop__parse_top(p);
    bool empty = p->operands_len == f->base && !f->separated;
    bool allowed = false;

    if (cop__parse_opening(f) == NULL || !cop_is_none(f->key) || f->assoc) {
        return cop__parse_fail_token(p, expected_operand(p));
    }
    switch (f->kind) {
    case COP__FRAME_LIST:
    case COP__FRAME_TUPLE:
    case COP__FRAME_BITS:
    case COP__FRAME_MAP:
    case COP__FRAME_HOLE: allowed = !f->update || f->separated; break;
    case COP__FRAME_CALL: allowed = empty; break;
    case COP__FRAME_PAREN: allowed = !empty; break;
    default: break;
    }
    if (!allowed && token_is(p, COP__TOKEN_CLOSE, cop__parse_closing(f))) {
        return cop__parse_fail_token(p, "an expression");
    }
    return close_bracket(p);
}

static bool want_operand(struct cop__parser *p)
{
    const struct cop__token *token = &p->lex.token;

    switch (token->kind) {
    case COP__TOKEN_NEWLINE: return next(p);
    case COP__TOKEN_SEMICOLON:
        if (!holds_statements(cop__parse_top(p))) break;
        return next(p);
    case COP__TOKEN_END:
        if (cop__parse_top(p)->kind != COP__FRAME_BLOCK) return fail_unended(p);
        p->done = true;
        return cop__parse_close(p);
    case COP__TOKEN_VALUE:
    case COP__TOKEN_ALIAS: return push_token(p, token->value, COP__SHAPE_PLAIN);
    case COP__TOKEN_ARGUMENT:
        return push_token(p, cop__quote_unary("&", token_place(p), token->value), COP__SHAPE_PLAIN);
    case COP__TOKEN_STRING_PART: return operand_text(p);
    case COP__TOKEN_NAME: return operand_name(p);
    case COP__TOKEN_KEY: return operand_key(p);
    case COP__TOKEN_OPERATOR: return operand_operator(p);
    case COP__TOKEN_OPEN: return operand_open(p);
    case COP__TOKEN_CLOSE: return operand_close(p);
    case COP__TOKEN_DOT:
    case COP__TOKEN_COMMA: break;
    }
    return cop__parse_fail_token(p, expected_operand(p));
}

/* --- An operator is wanted ---------------------------------------------------------------------*/

static const char *expected_operator(struct cop__parser *p)
{
    size_t i = p->frames_len;

    while (waits_for_operand(&p->frames[i - 1])) {
        i--;
    }
    switch (p->frames[i - 1].kind) {
    case COP__FRAME_PAREN: return "an operator or )";
    case COP__FRAME_CALL: return "an operator, a comma or )";
    case COP__FRAME_ACCESS: return "an operator or ]";
    case COP__FRAME_LIST: return "an operator, a comma or ]";
    case COP__FRAME_TUPLE: return "an operator, a comma or }";
    case COP__FRAME_MAP:
        return p->frames[i - 1].assoc || !cop_is_none(p->frames[i - 1].key)
                   ? "an operator, a comma or }"
                   : "an operator or => after a key of a map";
    case COP__FRAME_BITS: return "an operator, a comma or >>";
    case COP__FRAME_HOLE: return "an operator or }";
    default: return "an operator or the end of the expression";
    }
}

/* The last operand is called with what follows on the line. */
static bool open_no_parens(struct cop__parser *p)
{
    struct cop__operand callee = p->operands[--p->operands_len];
    struct cop__frame *f;

    f = cop__parse_open(p, COP__FRAME_NO_PARENS, callee.place);
    if (f == NULL) return false;
    f->head = cop_elem(callee.term, 0);
    f->head_depth = callee.depth;
    return true;
}

static bool can_call(const struct cop__parser *p)
{
    return p->operands[p->operands_len - 1].shape != COP__SHAPE_PLAIN && p->lex.token.space_before;
}

/* What follows ends a call without parentheses, if one is on top. */
static bool close_no_parens(struct cop__parser *p)
{
    return cop__parse_end_element(p) && cop__parse_close(p);
}

static bool end_line(struct cop__parser *p)
{
    struct cop__frame *f;

    if (!reduce_above(p, 0, false)) return false;
    f = cop__parse_top(p);
    if (f->kind == COP__FRAME_NO_PARENS) return close_no_parens(p);
    if (holds_statements(f)) {
        f->separated = true;
        p->want_operand = true;
        return cop__parse_end_element(p) && next(p);
    }
    if (p->lex.token.kind == COP__TOKEN_SEMICOLON) {
        return cop__parse_fail_token(p, expected_operator(p));
    }
    p->operands[p->operands_len - 1].shape = COP__SHAPE_PLAIN;
    return next(p);
}

static bool end_text(struct cop__parser *p)
{
    if (!reduce_above(p, 0, false)) return false;
    if (cop__parse_top(p)->kind == COP__FRAME_NO_PARENS) return close_no_parens(p);
    if (cop__parse_top(p)->kind != COP__FRAME_BLOCK) return fail_unended(p);
    p->done = true;
    return cop__parse_end_element(p) && cop__parse_close(p);
}

static bool comma(struct cop__parser *p)
{
    struct cop__frame *f;

    if (!reduce_above(p, 0, false)) return false;
    f = cop__parse_top(p);
    if (f->kind == COP__FRAME_NO_PARENS) {
        const struct cop__frame *below = f - 1;
        while (waits_for_operand(below)) {
            below--;
        }
        if (!holds_statements(below) && below->kind != COP__FRAME_NO_PARENS) {
            return cop__parse_fail(p, token_place(p),
                                   "unexpected comma. Parentheses are required to solve ambiguity "
                                   "inside containers and calls");
        }
    } else if (holds_statements(f) || (f->kind == COP__FRAME_ACCESS && f->keys == SIZE_MAX)) {
        return cop__parse_fail_token(p, expected_operator(p));
    }
    if (!cop__parse_end_element(p)) return false;
    f->separated = true;
    p->want_operand = true;
    return next(p);
}

/* The bracket that closes the top frame: its elements are ended. */
static bool close_bracket(struct cop__parser *p)
{
    struct cop__frame *f = cop__parse_top(p);
    const char *closing = cop__parse_closing(f);

    if (closing == NULL) {
        return cop__parse_fail(p, token_place(p), "unexpected token: %.*s",
                               (int)p->lex.token.text.len, p->lex.token.text.data);
    }
    if (!token_is(p, COP__TOKEN_CLOSE, closing)) {
        return cop__parse_fail(p, token_place(p),
                               "unexpected token: %.*s. The \"%s\" at line %d is missing "
                               "terminator \"%s\"",
                               (int)p->lex.token.text.len, p->lex.token.text.data,
                               cop__parse_opening(f), f->place.line, closing);
    }
    if (f->kind != COP__FRAME_HOLE) {
        p->want_operand = false;
        return cop__parse_close(p) && next(p);
    }
    /* A hole of a string: its text goes on. */
    if (!cop__parse_close(p)) return false;
    if (!cop__lex_continue(&p->lex, &cop__parse_top(p)->text)) return false;
    if (!cop__parse_push(p, p->lex.token.value, token_place(p), 1, COP__SHAPE_PLAIN)) return false;
    if (p->lex.token.kind == COP__TOKEN_STRING_PART) {
        return open_hole(p);
    }
    p->want_operand = false;
    return cop__parse_close(p) && next(p);
}

static bool operator_close(struct cop__parser *p)
{
    if (!reduce_above(p, 0, false)) return false;
    if (cop__parse_top(p)->kind == COP__FRAME_NO_PARENS) return close_no_parens(p);
    return cop__parse_end_element(p) && close_bracket(p);
}

/* The last operand becomes a part of what is called with the arguments that follow. */
static struct cop__frame *open_call(struct cop__parser *p, cop_term callee, struct cop__place place)
{
    int depth = p->operands[--p->operands_len].depth;
    struct cop__frame *f = cop__parse_open(p, COP__FRAME_CALL, place);

    if (f != NULL) {
        f->head = callee;
        f->head_depth = depth + 2;
    }
    return f;
}

/* value.name, value.name(...) and value.(...) */
static bool dot(struct cop__parser *p)
{
    struct cop__place place = token_place(p);
    struct cop__operand *left;
    struct cop__frame *f;
    cop_term callee;

    if (!reduce_above(p, POSTFIX_PRECEDENCE, false)) return false;
    p->lex.after_dot = true;
    if (!next(p)) return false;
    while (p->lex.token.kind == COP__TOKEN_NEWLINE) {
        p->lex.after_dot = true;
        if (!next(p)) return false;
    }
    left = &p->operands[p->operands_len - 1];
    if (token_is(p, COP__TOKEN_OPEN, "(") && !p->lex.token.space_before) {
        callee = cop__quote_dot(place, left->term, cop_none());
        f = open_call(p, callee, place);
        if (f == NULL) return false;
        return next(p);
    }
    if (p->lex.token.kind == COP__TOKEN_NAME) {
        if (!cop__lex_make_atom(&p->lex, p->lex.token.text, COP__TOKEN_NAME)) return false;
    } else if (p->lex.token.kind != COP__TOKEN_VALUE || p->lex.token.source.data[0] != '"') {
        return cop__parse_fail_token(p, "a name or ( after the dot");
    } else if (!cop__lex_make_atom(&p->lex, cop_to_bytes(p->lex.token.value), COP__TOKEN_NAME)) {
        return false;
    }
    callee = cop__quote_dot(place, left->term, p->lex.token.value);
    place = token_place(p);
    if (cop__lex_peek(&p->lex, 0) == '(') {
        f = open_call(p, callee, place);
        if (f == NULL) return false;
        return skip_two(p);
    }
    left->term = cop__quote_node_no_parens(callee, place, cop_empty_list());
    left->place = place;
    left->shape = COP__SHAPE_FIELD;
    if ((left->depth += 2) > COP__SYNTAX_DEPTH_MAX) return cop__parse_fail_depth(p, place);
    return next(p);
}

/* value[ */
static bool access(struct cop__parser *p)
{
    struct cop__frame *f;

    if (!reduce_above(p, POSTFIX_PRECEDENCE, false)) return false;
    f = cop__parse_open(p, COP__FRAME_ACCESS, token_place(p));
    if (f == NULL) return false;
    f->base--; /* the value belongs to it */
    return next(p);
}

/* `=>` and the `|` of a map's update stand between whole expressions. */
static bool map_operator(struct cop__parser *p, bool *ret_taken)
{
    bool arrow = token_is(p, COP__TOKEN_OPERATOR, "=>");
    size_t i = p->frames_len;
    struct cop__frame *f;

    *ret_taken = false;
    if (!arrow && !token_is(p, COP__TOKEN_OPERATOR, "|")) return true;
    while (waits_for_operand(&p->frames[i - 1])) {
        i--;
    }
    f = &p->frames[i - 1];
    if (f->kind != COP__FRAME_MAP || f->assoc || !cop_is_none(f->key)) return true;
    if (!arrow && (f->update || f->separated)) return true;
    *ret_taken = true;
    if (!reduce_above(p, 0, false)) return false;
    if (arrow) {
        f->assoc = true;
    } else {
        f->update = true;
    }
    p->want_operand = true;
    return next(p);
}

static bool binary_operator(struct cop__parser *p)
{
    const struct cop__operator *op = find_operator(p);
    const struct cop__token *token = &p->lex.token;
    struct cop__frame *f;
    bool is_in = token_is(p, COP__TOKEN_OPERATOR, "in");
    bool taken;

    if (!map_operator(p, &taken)) return false;
    if (taken) return true;
    if (op != NULL && op->binary == 0 && can_call(p)) return open_no_parens(p);
    if (op == NULL) {
        if (token_is(p, COP__TOKEN_OPERATOR, "::")) {
            return cop__parse_fail(p, token_place(p),
                                   "unexpected operator: :: (sizes and types of segments in "
                                   "<<...>> are not supported here)");
        }
        if (token_is(p, COP__TOKEN_OPERATOR, "=>")) {
            return cop__parse_fail_token(p, expected_operator(p));
        }
        return cop__parse_fail(p, token_place(p),
                               "unexpected operator: %.*s (it is not part of this grammar)",
                               (int)token->text.len, token->text.data);
    }
    if (op->binary == 0) return cop__parse_fail_token(p, expected_operator(p));
    /* `not a in b` and `!a in b` mean not(a in b). */
    if (is_in && cop__parse_top(p)->kind == COP__FRAME_UNARY &&
        (strcmp(cop__parse_top(p)->op->text, "not") == 0 ||
         cop__parse_top(p)->op->text[0] == '!')) {
    } else if (!reduce_above(p, op->binary, op->right)) {
        return false;
    }
    f = cop__parse_open(p, COP__FRAME_BINARY, token_place(p));
    if (f == NULL) return false;
    f->base--;
    f->op = op;
    return next(p);
}

static bool want_operator(struct cop__parser *p)
{
    switch (p->lex.token.kind) {
    case COP__TOKEN_NEWLINE:
    case COP__TOKEN_SEMICOLON: return end_line(p);
    case COP__TOKEN_END: return end_text(p);
    case COP__TOKEN_COMMA: return comma(p);
    case COP__TOKEN_CLOSE: return operator_close(p);
    case COP__TOKEN_DOT: return dot(p);
    case COP__TOKEN_OPERATOR: return binary_operator(p);
    case COP__TOKEN_OPEN:
        if (token_is(p, COP__TOKEN_OPEN, "[") && !can_call(p)) return access(p);
        break;
    case COP__TOKEN_NAME:
        if (!fail_reserved(p)) return false;
        break;
    default: break;
    }
    if (can_call(p)) return open_no_parens(p);
    return cop__parse_fail_token(p, expected_operator(p));
}

static void parser_fini(struct cop__parser *p)
{
    cop__lex_fini(&p->lex);
    free(p->frames);
    free(p->operands);
}

bool cop_quote(cop_bytes text, cop_term *ret_quoted, struct cop_parse_error *ret_error)
{
    __attribute__((cleanup(parser_fini))) struct cop__parser p = {0};
    struct cop__place start = {1, 1};
    bool ok = cop__lex_init(&p.lex, text, ret_error) &&
              cop__parse_open(&p, COP__FRAME_BLOCK, start) != NULL && next(&p);

    while (ok && !p.done) {
        ok = p.want_operand ? want_operand(&p) : want_operator(&p);
    }
    if (ok) *ret_quoted = p.operands[0].term;
    return ok;
}
