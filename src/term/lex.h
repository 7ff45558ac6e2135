/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Elixir's syntax. The lexer looks at characters only and never reads further than the
 * token that it returns (a few characters are peeked at), because what follows a `}` depends on the
 * parser: it may be the rest of a string. lex.c knows names, operators and brackets, lex_text.c
 * numbers, strings, atoms and sigils. */
#ifndef COPPICE_TERM_LEX_H
#define COPPICE_TERM_LEX_H

#include "coppice/term.h"

enum cop__token_kind {
    COP__TOKEN_END,     /* of the text */
    COP__TOKEN_NEWLINE, /* one or more, comments included */
    COP__TOKEN_SEMICOLON,
    COP__TOKEN_VALUE, /* a number, atom, string, charlist or word list: its term is in value */
    COP__TOKEN_STRING_PART, /* text up to an interpolation; value is the binary so far */
    COP__TOKEN_NAME,        /* a name; text is its text */
    COP__TOKEN_ALIAS,       /* A.B.C; text too, value is the atom */
    COP__TOKEN_KEY,         /* `a:` before a value; value is the atom */
    COP__TOKEN_ARGUMENT,    /* &1; value is the number */
    COP__TOKEN_OPERATOR,    /* text is the operator, "not in" included */
    COP__TOKEN_DOT,
    COP__TOKEN_COMMA,
    COP__TOKEN_OPEN,  /* ( [ { << %{ and the % of a struct; text tells which */
    COP__TOKEN_CLOSE, /* ) ] } >> */
};

struct cop__token {
    enum cop__token_kind kind;
    int line; /* of its first character */
    int column;
    cop_bytes source; /* as written, for messages; part of the text read */
    cop_bytes text;   /* valid until the next token */
    cop_term value;
    bool space_before;
    bool adjacent; /* a name with ( or [ right after it */
};

/* What a text between quotes becomes. */
enum cop__quoted_text { COP__TEXT_STRING, COP__TEXT_CHARLIST, COP__TEXT_ATOM, COP__TEXT_WORDS };

/* A text between quotes that is being read: kept by the parser during an interpolation. */
struct cop__delimited {
    enum cop__quoted_text kind;
    char close; /* the character that ends it */
    bool raw;   /* no escapes and no interpolation: ~S and its like */
    bool sigil;
    int line;      /* where it began */
    bool heredoc;  /* """ on both ends: lines, without the blanks before the closing one */
    size_t indent; /* how many blanks these are */
};

/* The lexer of one text. Fields but token and error are its own. */
struct cop__lexer {
    const char *at;
    const char *end;
    int line;
    int column;
    struct cop__token token;
    char *buffer; /* text of a token that is not as in the source; grows */
    size_t buffer_len;
    size_t buffer_cap;
    struct cop__delimited delimited; /* of a STRING_PART: hand it back to cop__lex_continue() */
    bool after_dot;                  /* the parser expects a name: operators and words are names */
    struct cop_parse_error *error;   /* filled when a call returns false */
};

/* text must stay until cop__lex_fini(). Fails at bytes that are no UTF-8. */
bool cop__lex_init(struct cop__lexer *lex, cop_bytes text, struct cop_parse_error *error);
void cop__lex_fini(struct cop__lexer *lex);

/* Reads the next token into lex->token. False: lex->error is filled. */
bool cop__lex_next(struct cop__lexer *lex);
/* The `}` of an interpolation was the last token: reads on in the text around it. The token is a
 * STRING_PART, or a VALUE with the last part. */
bool cop__lex_continue(struct cop__lexer *lex, const struct cop__delimited *delimited);

/* --- Between lex.c and lex_text.c --------------------------------------------------------------*/

/* Fills the error; returns false. */
bool cop__lex_fail(struct cop__lexer *lex, int line, int column, const char *format, ...)
    COP_PRINTF(4, 5);
/* The character `ahead` bytes on, 0 at the end. */
static inline unsigned char cop__lex_peek(const struct cop__lexer *lex, size_t ahead)
{
    return (size_t)(lex->end - lex->at) > ahead ? (unsigned char)lex->at[ahead] : 0;
}
/* Steps over n bytes, counting lines and code points. */
void cop__lex_step(struct cop__lexer *lex, size_t n);
/* The bytes of a name that begins at lex->at, or 0: letters, digits, _, one ? or ! at the end. */
size_t cop__lex_name_size(const struct cop__lexer *lex, size_t from, bool in_atom);
/* The bytes of the operator at lex->at that may stand as an atom's or key's name, or 0. */
size_t cop__lex_operator_size(const struct cop__lexer *lex, size_t from, bool as_atom);
bool cop__lex_digit(unsigned char c, int base);
/* The code point at lex->at, which is not the end; steps over it. */
uint32_t cop__lex_take_code(struct cop__lexer *lex);

bool cop__lex_number(struct cop__lexer *lex);
bool cop__lex_char(struct cop__lexer *lex);   /* at ? */
bool cop__lex_string(struct cop__lexer *lex); /* at " or ' */
bool cop__lex_atom(struct cop__lexer *lex);   /* at : */
bool cop__lex_sigil(struct cop__lexer *lex);  /* at ~ */
/* Makes the token an atom; fails when the text is too long for one. */
bool cop__lex_make_atom(struct cop__lexer *lex, cop_bytes text, enum cop__token_kind kind);

#endif
