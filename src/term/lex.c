/* SPDX-License-Identifier: Apache-2.0 */
/* Names, operators, brackets, newlines and comments. */
#include "term/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term/unicode.h"

/* All operators that are told apart, longest first; parse.c says which mean something. Those of the
 * second list stand only as names (`:<<>>`, `[{}: 1]`), since their characters open or close. */
static const char *const operators[] = {
    "===", "!==", "&&&", "|||", "~~~", "~>>", "<~>",  "+++", "---", "...", "^^^", "<|>",
    "==",  "!=",  "<=",  ">=",  "&&",  "||",  "|>",   "<>",  "++",  "--",  "..",  "//",
    "=~",  "**",  "=>",  "->",  "<-",  "::",  "\\\\", "<~",  "~>",  "=",   "<",   ">",
    "+",   "-",   "*",   "/",   "!",   "^",   "&",    "|",   "@",   ".",
};
static const char *const operator_names[] = {"<<>>", "..//", "%{}", "<<<", ">>>", "<<~", "{}", "%"};
/* Words that are operators, and operators that never begin an expression: a line that begins with
 * one goes on with the expression of the line before. */
static const char *const operator_words[] = {"and", "or", "not", "in", "when"};
static const char *const never_first[] = {
    "===", "!==", "&&&",  "|||", "~>>", "<~>", "+++", "---", "^^^", "<|>", "==", "!=", "<=",
    ">=",  "&&",  "||",   "|>",  "<>",  "++",  "--",  "..",  "//",  "=~",  "**", "=>", "->",
    "<-",  "::",  "\\\\", "<~",  "~>",  "=",   "<",   ">",   "*",   "/",   "|",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool cop__lex_fail(struct cop__lexer *lex, int line, int column, const char *format, ...)
{
    va_list args;

    lex->error->line = line;
    lex->error->column = column;
    lex->error->incomplete = false;
    va_start(args, format);
    (void)vsnprintf(lex->error->text, sizeof(lex->error->text), format, args);
    va_end(args);
    return false;
}

bool cop__lex_init(struct cop__lexer *lex, cop_bytes text, struct cop_parse_error *error)
{
    uint32_t code;

    memset(lex, 0, sizeof(*lex));
    lex->at = text.data;
    lex->end = text.data + text.len;
    lex->line = 1;
    lex->column = 1;
    lex->error = error;
    memset(error, 0, sizeof(*error));
    for (const char *p = text.data; p < lex->end;) {
        int size = cop__unicode_decode(p, lex->end, &code);
        if (size == 0) {
            cop__lex_step(lex, (size_t)(p - text.data));
            return cop__lex_fail(lex, lex->line, lex->column,
                                 "invalid encoding: byte 0x%02X is no UTF-8", (unsigned char)*p);
        }
        p += size;
    }
    return true;
}

void cop__lex_fini(struct cop__lexer *lex)
{
    free(lex->buffer);
    lex->buffer = NULL;
}

void cop__lex_step(struct cop__lexer *lex, size_t n)
{
    for (const char *stop = lex->at + n; lex->at < stop; lex->at++) {
        if (*lex->at == '\n') {
            lex->line++;
            lex->column = 1;
        } else if (((unsigned char)*lex->at & 0xc0) != 0x80) {
            lex->column++;
        }
    }
}

bool cop__lex_digit(unsigned char c, int base)
{
    int value = c >= '0' && c <= '9'                     ? c - '0'
                : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                         : 99;
    return value < base;
}

/* The bytes of the letter at p (or what may follow one, digits excepted), or 0. */
static size_t letter_size(const char *p, const char *end, bool first)
{
    uint32_t code;
    int size;

    if (p >= end) return 0;
    if ((unsigned char)*p < 0x80) {
        return (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
    }
    size = cop__unicode_decode(p, end, &code);
    if (first ? !cop__unicode_starts_name(code) : !cop__unicode_continues_name(code)) return 0;
    return (size_t)size;
}

size_t cop__lex_name_size(const struct cop__lexer *lex, size_t from, bool in_atom)
{
    const char *start = lex->at + from;
    const char *p = start;
    size_t size = letter_size(p, lex->end, true);

    while (size > 0) {
        p += size;
        size = letter_size(p, lex->end, false);
        if (size == 0 && p < lex->end && ((*p >= '0' && *p <= '9') || (in_atom && *p == '@'))) {
            size = 1;
        }
    }
    if (p > start && p < lex->end && (*p == '?' || *p == '!')) {
        /* a != b, not a! = b. */
        bool compares = *p == '!' && p + 1 < lex->end && p[1] == '=';
        if (!compares) p++;
    }
    return (size_t)(p - start);
}

static bool starts_with(const struct cop__lexer *lex, size_t from, const char *text)
{
    size_t left = (size_t)(lex->end - lex->at);
    size_t len;

    if (from >= left || lex->at[from] != text[0]) return false;
    len = strlen(text);
    return left - from >= len && memcmp(lex->at + from, text, len) == 0;
}

size_t cop__lex_operator_size(const struct cop__lexer *lex, size_t from, bool as_atom)
{
    if (as_atom) {
        for (size_t i = 0; i < COUNT(operator_names); i++) {
            if (starts_with(lex, from, operator_names[i])) return strlen(operator_names[i]);
        }
    }
    for (size_t i = 0; i < COUNT(operators); i++) {
        if (starts_with(lex, from, operators[i])) return strlen(operators[i]);
    }
    return 0;
}

static bool is_word(cop_bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* Whether the words `not in` (with blanks between) are at lex->at: their bytes, or 0. */
static size_t not_in_size(const struct cop__lexer *lex)
{
    size_t n = 3;

    if (!starts_with(lex, 0, "not")) return 0;
    while (cop__lex_peek(lex, n) == ' ' || cop__lex_peek(lex, n) == '\t') {
        n++;
    }
    return n > 3 && starts_with(lex, n, "in") && cop__lex_name_size(lex, n, false) == 2 ? n + 2 : 0;
}

/* Whether what is at lex->at goes on with the expression of the line before. */
static bool goes_on(const struct cop__lexer *lex)
{
    size_t size = cop__lex_name_size(lex, 0, false);
    cop_bytes word = {lex->at, size};

    if (size > 0) {
        return cop__lex_peek(lex, size) != ':' &&
               (is_word(word, "and") || is_word(word, "or") || is_word(word, "in") ||
                is_word(word, "when") || not_in_size(lex) > 0);
    }
    if (starts_with(lex, 0, "<<")) return false;
    size = cop__lex_operator_size(lex, 0, false);
    if (size == 1 && *lex->at == '.') return true;
    for (size_t i = 0; i < COUNT(never_first); i++) {
        if (strlen(never_first[i]) == size && starts_with(lex, 0, never_first[i])) return true;
    }
    return false;
}

/* Steps over blanks, comments and escaped newlines; with newlines, over those too and says so. */
static bool skip_blank(struct cop__lexer *lex, bool newlines)
{
    bool met = false;

    for (;;) {
        unsigned char c = cop__lex_peek(lex, 0);
        if (lex->at == lex->end) return met;
        if (c == ' ' || c == '\t' || c == '\f' || c == '\r') {
            cop__lex_step(lex, 1);
        } else if (c == '\\' && cop__lex_peek(lex, 1) == '\n') {
            cop__lex_step(lex, 2);
        } else if (c == '#') {
            const char *line_end = memchr(lex->at, '\n', (size_t)(lex->end - lex->at));
            cop__lex_step(lex, (size_t)((line_end != NULL ? line_end : lex->end) - lex->at));
        } else if (c == '\n' && newlines) {
            met = true;
            cop__lex_step(lex, 1);
        } else {
            return met;
        }
    }
}

/* The rest of the token's fields, for n bytes of source from here. */
static bool take(struct cop__lexer *lex, enum cop__token_kind kind, size_t n)
{
    lex->token.kind = kind;
    lex->token.text.data = lex->at;
    lex->token.text.len = n;
    cop__lex_step(lex, n);
    return true;
}

bool cop__lex_make_atom(struct cop__lexer *lex, cop_bytes text, enum cop__token_kind kind)
{
    size_t points = 0;
    uint32_t code;

    for (size_t i = 0; i < text.len; points++) {
        int size = cop__unicode_decode(text.data + i, text.data + text.len, &code);
        if (size == 0) {
            return cop__lex_fail(lex, lex->token.line, lex->token.column,
                                 "invalid encoding in atom: byte \\x%02X",
                                 (unsigned char)text.data[i]);
        }
        i += (size_t)size;
    }
    if (points > 255) {
        return cop__lex_fail(lex, lex->token.line, lex->token.column,
                             "atom length must be less than system limit: %.40s...", text.data);
    }
    lex->token.kind = kind;
    lex->token.text = text;
    lex->token.value = cop_atom_from(text);
    return true;
}

/* A name or operator of n bytes at lex->at that is followed by a colon: a key. */
static bool take_key(struct cop__lexer *lex, size_t n)
{
    unsigned char next = cop__lex_peek(lex, n + 1);
    cop_bytes name = {lex->at, n};

    if (next != 0 && next != ' ' && next != '\t' && next != '\n' && next != '\r') {
        return cop__lex_fail(lex, lex->line, lex->column,
                             "keyword argument must be followed by space after: %.*s:",
                             n > 80 ? 80 : (int)n, lex->at);
    }
    cop__lex_step(lex, n + 1);
    return cop__lex_make_atom(lex, name, COP__TOKEN_KEY);
}

/* A.B.C as one token. */
static bool take_alias(struct cop__lexer *lex)
{
    char text[7 + 255 * 4] = "Elixir.";
    size_t n = cop__lex_name_size(lex, 0, false);
    bool is_whole = n == 6 && memcmp(lex->at, text, n) == 0; /* Elixir.A is A */
    cop_bytes name;

    while (cop__lex_peek(lex, n) == '.' && cop__lex_peek(lex, n + 1) >= 'A' &&
           cop__lex_peek(lex, n + 1) <= 'Z') {
        n += 1 + cop__lex_name_size(lex, n + 1, false);
    }
    if (n > 255 - 7) {
        return cop__lex_fail(lex, lex->line, lex->column,
                             "atom length must be less than system limit: %.40s...", lex->at);
    }
    memcpy(text + 7, lex->at, n);
    name.data = is_whole ? text + 7 : text;
    name.len = is_whole ? n : n + 7;
    lex->token.value = cop_atom_from(name);
    return take(lex, COP__TOKEN_ALIAS, n);
}

static bool take_name(struct cop__lexer *lex, size_t n)
{
    cop_bytes word = {lex->at, n};
    size_t not_in = not_in_size(lex);

    if (cop__lex_peek(lex, n) == ':' && cop__lex_peek(lex, n + 1) != ':') return take_key(lex, n);
    if (*lex->at >= 'A' && *lex->at <= 'Z') return take_alias(lex);
    if (!lex->after_dot) {
        if (is_word(word, "true") || is_word(word, "false") || is_word(word, "nil")) {
            (void)take(lex, COP__TOKEN_VALUE, n);
            return cop__lex_make_atom(lex, word, COP__TOKEN_VALUE);
        }
        if (not_in > 0) {
            (void)take(lex, COP__TOKEN_OPERATOR, not_in);
            lex->token.text.data = "not in";
            lex->token.text.len = 6;
            return true;
        }
        for (size_t i = 0; i < COUNT(operator_words); i++) {
            if (is_word(word, operator_words[i])) return take(lex, COP__TOKEN_OPERATOR, n);
        }
    }
    (void)take(lex, COP__TOKEN_NAME, n);
    lex->token.adjacent = cop__lex_peek(lex, 0) == '(' || cop__lex_peek(lex, 0) == '[';
    return true;
}

/* An operator, or its use as a name: `+: 1`, Kernel.+, &+/2. was_capture: the token before was
 * &. */
static bool take_operator(struct cop__lexer *lex, bool was_capture)
{
    size_t as_name = cop__lex_operator_size(lex, 0, true);
    size_t n = cop__lex_operator_size(lex, 0, false);
    unsigned char after = cop__lex_peek(lex, as_name + 1);

    if (as_name > 0 && cop__lex_peek(lex, as_name) == ':' &&
        (after == 0 || after == ' ' || after == '\n' || after == '\t')) {
        return take_key(lex, as_name);
    }
    if (n == 2 && starts_with(lex, 0, "//") && cop__lex_digit(cop__lex_peek(lex, 2), 10) &&
        (lex->after_dot || was_capture)) {
        n = 1;
    }
    if (lex->after_dot && n > 0 && !(n == 1 && *lex->at == '.')) {
        (void)take(lex, COP__TOKEN_NAME, n);
        lex->token.adjacent = cop__lex_peek(lex, 0) == '(';
        return true;
    }
    if (n == 1 && *lex->at == '.') return take(lex, COP__TOKEN_DOT, 1);
    if (n > 0) return take(lex, COP__TOKEN_OPERATOR, n);
    return cop__lex_fail(lex, lex->line, lex->column, "unexpected token: \"%c\"", *lex->at);
}

/* &1 */
static bool take_argument(struct cop__lexer *lex)
{
    int64_t n = 0;
    size_t size = 1;

    while (cop__lex_digit(cop__lex_peek(lex, size), 10)) {
        n = n * 10 + (cop__lex_peek(lex, size) - '0');
        size++;
        if (n > 255) {
            return cop__lex_fail(lex, lex->line, lex->column,
                                 "capture argument &%.*s is above &255", (int)size - 1,
                                 lex->at + 1);
        }
    }
    lex->token.value = cop_int(n);
    return take(lex, COP__TOKEN_ARGUMENT, size);
}

/* Brackets and what is told by its first character; false through *ret_done: none of them. */
static bool take_punctuation(struct cop__lexer *lex, bool *ret_taken)
{
    unsigned char c = cop__lex_peek(lex, 0);
    unsigned char next = cop__lex_peek(lex, 1);

    *ret_taken = true;
    switch (c) {
    case '(':
    case '[':
    case '{': return take(lex, COP__TOKEN_OPEN, 1);
    case ')':
    case ']':
    case '}': return take(lex, COP__TOKEN_CLOSE, 1);
    case ',': return take(lex, COP__TOKEN_COMMA, 1);
    case ';': return take(lex, COP__TOKEN_SEMICOLON, 1);
    case '%': return take(lex, COP__TOKEN_OPEN, next == '{' ? 2 : 1);
    case '"':
    case '\'': return cop__lex_string(lex);
    case '?': return cop__lex_char(lex);
    case '<':
        if (next == '<') return take(lex, COP__TOKEN_OPEN, 2);
        break;
    case '>':
        if (next == '>') return take(lex, COP__TOKEN_CLOSE, 2);
        break;
    case ':':
        if (next != ':') return cop__lex_atom(lex);
        break;
    case '~':
        if (letter_size(lex->at + 1, lex->end, true) > 0) return cop__lex_sigil(lex);
        break;
    case '&':
        if (cop__lex_digit(next, 10) && !lex->after_dot) return take_argument(lex);
        break;
    default:
        if (cop__lex_digit(c, 10)) return cop__lex_number(lex);
    }
    *ret_taken = false;
    return true;
}

/* Whether an operator's name used as a key begins here: `{}: 1`, `<<>>: 2`. */
static bool at_bracket_key(const struct cop__lexer *lex)
{
    size_t n = cop__lex_operator_size(lex, 0, true);

    return n > 0 && cop__lex_peek(lex, n) == ':' && (cop__lex_peek(lex, n + 1) == ' ') &&
           cop__lex_operator_size(lex, 0, false) != n;
}

static bool read_token(struct cop__lexer *lex, bool was_capture)
{
    bool taken = false;
    size_t n;

    if (at_bracket_key(lex)) return take_operator(lex, false);
    if (!take_punctuation(lex, &taken)) return false;
    if (taken) return true;
    n = cop__lex_name_size(lex, 0, false);
    if (n > 0) return take_name(lex, n);
    if (cop__lex_operator_size(lex, 0, true) > 0) return take_operator(lex, was_capture);
    n = 1;
    while (((unsigned char)cop__lex_peek(lex, n) & 0xc0) == 0x80) {
        n++;
    }
    return cop__lex_fail(lex, lex->line, lex->column, "unexpected token: \"%.*s\"", (int)n,
                         lex->at);
}

bool cop__lex_next(struct cop__lexer *lex)
{
    struct cop__token *token = &lex->token;
    bool was_capture = token->kind == COP__TOKEN_OPERATOR && is_word(token->text, "&");
    const char *before = lex->at;
    const char *start;
    bool ok;

    (void)skip_blank(lex, false);
    token->line = lex->line;
    token->column = lex->column;
    token->adjacent = false;
    token->space_before = false;
    if (cop__lex_peek(lex, 0) == '\n') {
        (void)skip_blank(lex, true);
        if (lex->at < lex->end && !goes_on(lex)) {
            token->kind = COP__TOKEN_NEWLINE;
            token->source = (cop_bytes){"end of line", 11};
            return true;
        }
        token->line = lex->line;
        token->column = lex->column;
    }
    start = lex->at;
    token->space_before = start != before;
    if (start == lex->end) {
        token->kind = COP__TOKEN_END;
        token->source = (cop_bytes){"end of text", 11};
        return true;
    }
    ok = read_token(lex, was_capture);
    lex->after_dot = false;
    token->source.data = start;
    token->source.len = (size_t)(lex->at - start);
    return ok;
}
