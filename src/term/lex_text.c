/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, strings, charlists, quoted atoms and sigils. */
#include "term/lex.h"

#include <stdlib.h>
#include <string.h>

#include "term/float.h"
#include "term/syntax.h"

/* --- The buffer of a text that is not as in the source ---------------------------------------- */

static void put(struct cop__lexer *lex, char c)
{
    if (lex->buffer_len == lex->buffer_cap) {
        lex->buffer_cap = lex->buffer_cap == 0 ? 64 : lex->buffer_cap * 2;
        lex->buffer = cop__syntax_grow(lex->buffer, lex->buffer_cap);
    }
    lex->buffer[lex->buffer_len++] = c;
}

static void put_code(struct cop__lexer *lex, uint32_t code)
{
    if (code < 0x80) {
        put(lex, (char)code);
        return;
    }
    if (code < 0x800) {
        put(lex, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            put(lex, (char)(0xe0 | code >> 12));
        } else {
            put(lex, (char)(0xf0 | code >> 18));
            put(lex, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        put(lex, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    put(lex, (char)(0x80 | (code & 0x3f)));
}

/* --- Numbers -----------------------------------------------------------------------------------*/

/* The digits of one base at `at`, underscores between them left out, into the buffer. */
static void put_digits(struct cop__lexer *lex, int base)
{
    for (;;) {
        unsigned char c = cop__lex_peek(lex, 0);
        if (cop__lex_digit(c, base)) {
            put(lex, (char)c);
        } else if (c != '_' || !cop__lex_digit(cop__lex_peek(lex, 1), base)) {
            return;
        }
        cop__lex_step(lex, 1);
    }
}

/* ".5e-3" after the digits before it. True if there was one. */
static bool put_fraction(struct cop__lexer *lex)
{
    size_t sign;

    if (cop__lex_peek(lex, 0) != '.' || !cop__lex_digit(cop__lex_peek(lex, 1), 10)) return false;
    put(lex, '.');
    cop__lex_step(lex, 1);
    put_digits(lex, 10);
    sign = cop__lex_peek(lex, 1) == '-' || cop__lex_peek(lex, 1) == '+';
    if ((cop__lex_peek(lex, 0) | 0x20) == 'e' && cop__lex_digit(cop__lex_peek(lex, 1 + sign), 10)) {
        put(lex, 'e');
        if (sign) put(lex, (char)cop__lex_peek(lex, 1));
        cop__lex_step(lex, 1 + sign);
        put_digits(lex, 10);
    }
    return true;
}

static int number_base(const struct cop__lexer *lex)
{
    unsigned char c = cop__lex_peek(lex, 0) == '0' ? cop__lex_peek(lex, 1) : 0;
    int base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;

    return base != 10 && cop__lex_digit(cop__lex_peek(lex, 2), base) ? base : 10;
}

bool cop__lex_number(struct cop__lexer *lex)
{
    const char *start = lex->at;
    int base = number_base(lex);
    size_t extra;

    lex->buffer_len = 0;
    if (base != 10) cop__lex_step(lex, 2);
    put_digits(lex, base);
    lex->token.kind = COP__TOKEN_VALUE;
    if (base == 10 && put_fraction(lex)) {
        double value;
        put(lex, 0);
        value = cop__float_read(lex->buffer);
        if (value > 1.7976931348623157e308) {
            return cop__lex_fail(lex, lex->token.line, lex->token.column,
                                 "invalid float number %.60s: out of range", lex->buffer);
        }
        lex->token.value = cop_float(value);
    } else {
        lex->token.value = cop__integer_from_digits(lex->buffer, lex->buffer_len, base);
    }
    extra = cop__lex_name_size(lex, 0, false);
    if (extra > 0 || cop__lex_digit(cop__lex_peek(lex, 0), 10)) {
        return cop__lex_fail(lex, lex->token.line, lex->token.column,
                             "invalid character \"%c\" after number %.*s", *lex->at,
                             lex->at - start > 60 ? 60 : (int)(lex->at - start), start);
    }
    return true;
}

/* --- Escapes -----------------------------------------------------------------------------------*/

/* The hexadecimal number of 1 to max digits at `from` bytes ahead: its digits, or 0. */
static size_t hex_at(const struct cop__lexer *lex, size_t from, size_t max, uint32_t *ret_value)
{
    size_t n = 0;

    *ret_value = 0;
    while (n < max && cop__lex_digit(cop__lex_peek(lex, from + n), 16)) {
        unsigned char c = cop__lex_peek(lex, from + n);
        *ret_value = *ret_value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        n++;
    }
    return n;
}

/* \xHH, \x{H...}, \uHHHH, \u{H...}; at the backslash. A byte with \x in strings, else a code
 * point. */
static bool read_hex_escape(struct cop__lexer *lex, uint32_t *ret_code, bool *ret_byte)
{
    bool is_x = cop__lex_peek(lex, 1) == 'x';
    bool braces = cop__lex_peek(lex, 2) == '{';
    size_t digits = hex_at(lex, braces ? 3 : 2, braces ? 6 : is_x ? 2 : 4, ret_code);
    bool closed = !braces || cop__lex_peek(lex, 3 + digits) == '}';

    if (digits == 0 || !closed || (!braces && !is_x && digits != 4)) {
        return cop__lex_fail(
            lex, lex->line, lex->column,
            is_x ? "invalid hex escape character, expected \\xHH where H is a hexadecimal digit"
                 : "invalid Unicode escape character, expected \\uHHHH or \\u{H*} where H is a "
                   "hexadecimal digit");
    }
    if (*ret_code > 0x10ffff || (!is_x && *ret_code >= 0xd800 && *ret_code <= 0xdfff)) {
        return cop__lex_fail(lex, lex->line, lex->column,
                             "invalid or reserved Unicode code point \\u{%X}", *ret_code);
    }
    *ret_byte = is_x && *ret_code < 256;
    cop__lex_step(lex, (braces ? 4 : 2) + digits);
    return true;
}

/* One escape, at the backslash, which is not the last character. *ret_none: it stands for
 * nothing. */
static bool read_escape(struct cop__lexer *lex, uint32_t *ret_code, bool *ret_byte, bool *ret_none)
{
    static const char from[] = "0abdefnrstv";
    static const char to[] = "\0\a\b\x7f\x1b\f\n\r \t\v";
    unsigned char c = cop__lex_peek(lex, 1);
    const char *known = memchr(from, c, sizeof(from) - 1);

    *ret_byte = false;
    *ret_none = c == '\n';
    if (c == 'x' || c == 'u') return read_hex_escape(lex, ret_code, ret_byte);
    if (known != NULL) {
        *ret_code = (unsigned char)to[known - from];
        cop__lex_step(lex, 2);
        return true;
    }
    cop__lex_step(lex, 1);
    if (c < 0x80) {
        *ret_code = c;
        cop__lex_step(lex, 1);
    } else {
        *ret_code = cop__lex_take_code(lex);
    }
    return true;
}

uint32_t cop__lex_take_code(struct cop__lexer *lex)
{
    unsigned char c = cop__lex_peek(lex, 0);
    size_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t code = size == 1 ? c : c & (0xffU >> (size + 1));

    for (size_t i = 1; i < size; i++) {
        code = code << 6 | (cop__lex_peek(lex, i) & 0x3fU);
    }
    cop__lex_step(lex, size);
    return code;
}

bool cop__lex_char(struct cop__lexer *lex)
{
    uint32_t code;
    bool byte;
    bool none;

    cop__lex_step(lex, 1);
    if (lex->at == lex->end) {
        return cop__lex_fail(lex, lex->token.line, lex->token.column,
                             "unexpected token: \"?\" (expected a character after it)");
    }
    if (*lex->at == '\\' && lex->end - lex->at > 1) {
        if (!read_escape(lex, &code, &byte, &none)) return false;
    } else {
        code = cop__lex_take_code(lex);
    }
    lex->token.kind = COP__TOKEN_VALUE;
    lex->token.value = cop_int(code);
    return true;
}

/* --- Texts between quotes ----------------------------------------------------------------------*/

static const char *text_noun(const struct cop__delimited *d)
{
    return d->heredoc                      ? "heredoc"
           : d->sigil                      ? "sigil"
           : d->kind == COP__TEXT_CHARLIST ? "charlist"
           : d->kind == COP__TEXT_ATOM     ? "atom"
                                           : "string";
}

static bool fail_unended(struct cop__lexer *lex, const struct cop__delimited *d)
{
    const char end[] = {d->close, (char)(d->heredoc ? d->close : '\0'), d->close, '\0'};

    (void)cop__lex_fail(lex, lex->line, lex->column,
                        "missing terminator: %s (for %s starting at line %d)", end, text_noun(d),
                        d->line);
    lex->error->incomplete = true;
    return false;
}

/* One escape inside a text, into the buffer. */
static bool put_escape(struct cop__lexer *lex, const struct cop__delimited *d)
{
    int line = lex->line;
    int column = lex->column;
    uint32_t code;
    bool byte;
    bool none;

    if (lex->end - lex->at < 2) {
        cop__lex_step(lex, 1);
        return fail_unended(lex, d);
    }
    if (d->raw) {
        /* Only the end is escaped. */
        if (cop__lex_peek(lex, 1) != (unsigned char)d->close) put(lex, '\\');
        cop__lex_step(lex, 1);
        put_code(lex, cop__lex_take_code(lex));
        return true;
    }
    if (!read_escape(lex, &code, &byte, &none)) return false;
    if (none) return true;
    if (!byte || code < 0x80 || d->kind == COP__TEXT_CHARLIST) {
        if (code >= 0xd800 && code <= 0xdfff) {
            return cop__lex_fail(lex, line, column,
                                 "invalid or reserved Unicode code point \\u{%X}", code);
        }
        put_code(lex, code);
    } else if (d->kind == COP__TEXT_ATOM) {
        return cop__lex_fail(lex, line, column, "invalid encoding in atom: byte \\x%02X", code);
    } else {
        put(lex, (char)code);
    }
    return true;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

/* Whether the end of a heredoc stands n bytes ahead. */
static bool ends_heredoc(const struct cop__lexer *lex, size_t n, char quote)
{
    unsigned char q = (unsigned char)quote;

    return cop__lex_peek(lex, n) == q && cop__lex_peek(lex, n + 1) == q &&
           cop__lex_peek(lex, n + 2) == q;
}

/* At the beginning of a heredoc's line: passes the blanks that do not count. True: the line was the
 * end, which has been passed. */
static bool take_line_start(struct cop__lexer *lex, const struct cop__delimited *d)
{
    size_t blanks = 0;

    while (is_blank(cop__lex_peek(lex, blanks)))
        blanks++;
    if (ends_heredoc(lex, blanks, d->close)) {
        cop__lex_step(lex, blanks + 3);
        return true;
    }
    cop__lex_step(lex, blanks < d->indent ? blanks : d->indent);
    return false;
}

/* Reads to the end of the text or the next interpolation, into the buffer. */
static bool read_text(struct cop__lexer *lex, const struct cop__delimited *d, bool *ret_hole)
{
    lex->buffer_len = 0;
    *ret_hole = false;
    for (;;) {
        if (d->heredoc && lex->at[-1] == '\n' && take_line_start(lex, d)) return true;
        if (lex->at == lex->end) return fail_unended(lex, d);
        if (*lex->at == d->close && !d->heredoc) {
            cop__lex_step(lex, 1);
            return true;
        }
        if (*lex->at == '\\') {
            if (!put_escape(lex, d)) return false;
        } else if (*lex->at == '#' && cop__lex_peek(lex, 1) == '{' && !d->raw) {
            if (d->kind != COP__TEXT_STRING) {
                return cop__lex_fail(lex, lex->line, lex->column,
                                     "interpolation in a %s is not supported here, use a string",
                                     text_noun(d));
            }
            cop__lex_step(lex, 2);
            *ret_hole = true;
            return true;
        } else {
            put(lex, *lex->at);
            cop__lex_step(lex, 1);
        }
    }
}

/* The list of the buffer's code points. */
static cop_term make_charlist(struct cop__lexer *lex)
{
    cop_term list = cop_empty_list();
    size_t at = lex->buffer_len;

    while (at > 0) {
        uint32_t code = 0;
        unsigned shift = 0;
        unsigned char c = (unsigned char)lex->buffer[--at];
        while ((c & 0xc0) == 0x80) {
            code |= (c & 0x3fU) << shift;
            shift += 6;
            c = (unsigned char)lex->buffer[--at];
        }
        code |= (shift == 0 ? c : c & (0x3fU >> shift / 6)) << shift;
        list = cop_cons(cop_int(code), list);
    }
    return list;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The list of the buffer's words; modifier a: atoms, c: charlists, s: strings. */
static bool make_words(struct cop__lexer *lex, char modifier)
{
    cop_term list = cop_empty_list();
    size_t end = lex->buffer_len;

    if (modifier == 'c') {
        return cop__lex_fail(lex, lex->token.line, lex->token.column,
                             "the modifier c of ~w is not supported here");
    }
    for (;;) {
        size_t start;
        cop_bytes word;
        while (end > 0 && is_space(lex->buffer[end - 1])) {
            end--;
        }
        if (end == 0) break;
        start = end;
        while (start > 0 && !is_space(lex->buffer[start - 1])) {
            start--;
        }
        word.data = lex->buffer + start;
        word.len = end - start;
        if (modifier == 'a') {
            if (!cop__lex_make_atom(lex, word, COP__TOKEN_VALUE)) return false;
            list = cop_cons(lex->token.value, list);
        } else {
            list = cop_cons(cop_binary(word.data, word.len), list);
        }
        end = start;
    }
    lex->token.value = list;
    return true;
}

/* Makes the token of what read_text() read. */
static bool make_text(struct cop__lexer *lex, const struct cop__delimited *d)
{
    cop_bytes text = {lex->buffer, lex->buffer_len};
    char modifier = 0;

    if (d->sigil) {
        while ((cop__lex_peek(lex, 0) | 0x20) >= 'a' && (cop__lex_peek(lex, 0) | 0x20) <= 'z') {
            modifier = *lex->at;
            cop__lex_step(lex, 1);
            if (d->kind != COP__TEXT_WORDS || strchr("acs", modifier) == NULL) {
                return cop__lex_fail(lex, lex->line, lex->column - 1,
                                     "unexpected modifier %c of a sigil", modifier);
            }
        }
    }
    lex->token.kind = COP__TOKEN_VALUE;
    switch (d->kind) {
    case COP__TEXT_STRING: lex->token.value = cop_binary(text.data, text.len); break;
    case COP__TEXT_CHARLIST: lex->token.value = make_charlist(lex); break;
    case COP__TEXT_ATOM: return cop__lex_make_atom(lex, text, COP__TOKEN_VALUE);
    case COP__TEXT_WORDS: return make_words(lex, modifier);
    }
    return true;
}

bool cop__lex_continue(struct cop__lexer *lex, const struct cop__delimited *delimited)
{
    const char *start = lex->at;
    bool hole;
    bool ok;

    lex->delimited = *delimited;
    lex->token.line = lex->line;
    lex->token.column = lex->column;
    if (!read_text(lex, delimited, &hole)) return false;
    if (hole) {
        lex->token.kind = COP__TOKEN_STRING_PART;
        lex->token.value = cop_binary(lex->buffer, lex->buffer_len);
        ok = true;
    } else {
        ok = make_text(lex, delimited);
    }
    lex->token.source.data = start;
    lex->token.source.len = (size_t)(lex->at - start);
    return ok;
}

/* A text from here, its opening character(s) of `skip` bytes included; the token keeps its
 * place. */
static bool begin_text(struct cop__lexer *lex, struct cop__delimited d, size_t skip)
{
    int line = lex->token.line;
    int column = lex->token.column;
    bool ok;

    d.line = lex->line;
    cop__lex_step(lex, skip);
    ok = cop__lex_continue(lex, &d);
    lex->token.line = line;
    lex->token.column = column;
    return ok;
}

/* The blanks before the closing quotes of a heredoc whose first line begins n bytes ahead; 0 if
 * they are missing. */
static size_t heredoc_indent(const struct cop__lexer *lex, size_t n, char quote)
{
    const char *at = lex->at + n;

    while (at < lex->end) {
        size_t ahead = (size_t)(at - lex->at);
        size_t blanks = 0;

        while (is_blank(cop__lex_peek(lex, ahead + blanks)))
            blanks++;
        if (ends_heredoc(lex, ahead + blanks, quote)) return blanks;
        at = memchr(at, '\n', (size_t)(lex->end - at));
        if (at == NULL) return 0;
        at++;
    }
    return 0;
}

/* A text between lines of three quotes; `skip` bytes open it. */
static bool begin_heredoc(struct cop__lexer *lex, struct cop__delimited d, size_t skip)
{
    while (is_blank(cop__lex_peek(lex, skip)))
        skip++;
    if (cop__lex_peek(lex, skip) != '\n' && lex->at + skip < lex->end)
        return cop__lex_fail(lex, lex->line, lex->column,
                             "heredoc allows only zero or more whitespace characters followed by "
                             "a new line after %c%c%c",
                             d.close, d.close, d.close);
    if (lex->at + skip < lex->end) skip++;
    d.heredoc = true;
    d.indent = heredoc_indent(lex, skip, d.close);
    return begin_text(lex, d, skip);
}

bool cop__lex_string(struct cop__lexer *lex)
{
    char quote = *lex->at;
    struct cop__delimited d = {.kind = quote == '"' ? COP__TEXT_STRING : COP__TEXT_CHARLIST,
                               .close = quote};

    if (ends_heredoc(lex, 0, quote)) return begin_heredoc(lex, d, 3);
    if (!begin_text(lex, d, 1)) return false;
    if (lex->token.kind != COP__TOKEN_VALUE || cop__lex_peek(lex, 0) != ':' || lex->after_dot) {
        return true;
    }
    /* "a b": 1 */
    if (is_space((char)cop__lex_peek(lex, 1)) || lex->end - lex->at == 1) {
        cop_bytes name = {lex->buffer, lex->buffer_len};
        cop__lex_step(lex, 1);
        return cop__lex_make_atom(lex, name, COP__TOKEN_KEY);
    }
    return true;
}

bool cop__lex_atom(struct cop__lexer *lex)
{
    unsigned char next = cop__lex_peek(lex, 1);
    size_t n = cop__lex_name_size(lex, 1, true);
    cop_bytes text = {lex->at + 1, n};

    if (next == '"' || next == '\'') {
        struct cop__delimited d = {.kind = COP__TEXT_ATOM, .close = (char)next};
        return begin_text(lex, d, 2);
    }
    if (n == 0) text.len = cop__lex_operator_size(lex, 1, true);
    if (text.len == 0) {
        (void)cop__lex_fail(lex, lex->line, lex->column,
                            "unexpected token: \":\" (expected an atom's name after it)");
        lex->error->incomplete = next == 0;
        return false;
    }
    cop__lex_step(lex, 1 + text.len);
    return cop__lex_make_atom(lex, text, COP__TOKEN_VALUE);
}

bool cop__lex_sigil(struct cop__lexer *lex)
{
    static const char opening[] = "([{</|\"'";
    static const char closing[] = ")]}>/|\"'";
    unsigned char name = cop__lex_peek(lex, 1);
    unsigned char open = cop__lex_peek(lex, 2);
    const char *known = open == 0 ? NULL : strchr(opening, open);
    struct cop__delimited d = {.sigil = true, .raw = name < 'a'};

    switch (name | 0x20) {
    case 's': d.kind = COP__TEXT_STRING; break;
    case 'c': d.kind = COP__TEXT_CHARLIST; break;
    case 'w': d.kind = COP__TEXT_WORDS; break;
    default: known = NULL;
    }
    if (known == NULL && (name | 0x20) == 'r') {
        return cop__lex_fail(lex, lex->line, lex->column,
                             "unsupported sigil: there are no regular expressions here; "
                             "\"text\" =~ \"part\" looks for a string");
    }
    if (known == NULL) {
        return cop__lex_fail(lex, lex->line, lex->column,
                             "unsupported sigil: only ~s, ~c and ~w are read here");
    }
    d.close = closing[known - opening];
    if ((open == '"' || open == '\'') && ends_heredoc(lex, 2, (char)open))
        return begin_heredoc(lex, d, 5);
    return begin_text(lex, d, 3);
}
