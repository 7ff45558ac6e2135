/* SPDX-License-Identifier: Apache-2.0 */
/* Texts put together piece by piece, and the wording of terms and calls in them. */
#include "otp/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A term with more text than this is not shown whole: the log would cut it anyway. */
#define TERM_MAX 8192

void cop__text_free(struct cop__text *text)
{
    free(text->data);
    *text = (struct cop__text){NULL, 0, 0};
}

/* Makes room for size more bytes and a final 0, and returns where they go. */
static char *reserve(struct cop__text *text, size_t size)
{
    size_t need = text->len + size + 1;

    if (need > text->cap) {
        size_t cap = text->cap * 2 > need ? text->cap * 2 : need + 64;
        char *data = realloc(text->data, cap);

        if (data == NULL) cop_error(COP(":system_limit"));
        text->data = data;
        text->cap = cap;
    }
    return text->data + text->len;
}

void cop__text_add_bytes(struct cop__text *text, cop_bytes piece)
{
    char *at = reserve(text, piece.len);

    if (piece.len > 0) memcpy(at, piece.data, piece.len);
    text->len += piece.len;
    text->data[text->len] = '\0';
}

void cop__text_add(struct cop__text *text, const char *piece)
{
    cop__text_add_bytes(text, (cop_bytes){piece, strlen(piece)});
}

void cop__text_add_vformat(struct cop__text *text, const char *format, va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len > 0) {
        vsnprintf(reserve(text, (size_t)len), (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
}

void cop__text_add_format(struct cop__text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    cop__text_add_vformat(text, format, args);
    va_end(args);
}

void cop__text_add_spaces(struct cop__text *text, int count)
{
    char *at = reserve(text, (size_t)count);

    memset(at, ' ', (size_t)count);
    text->len += (size_t)count;
    text->data[text->len] = '\0';
}

void cop__text_add_term(struct cop__text *text, cop_term t)
{
    cop__text_add_bytes(text, cop_to_bytes(cop_inspect_within(t, TERM_MAX)));
}

void cop__text_add_items(struct cop__text *text, cop_term list)
{
    for (cop_term rest = list; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        if (rest.word != list.word) cop__text_add(text, ", ");
        cop__text_add_term(text, cop_head(rest));
    }
}

/* The name of a function behind a dot: as an atom but without its colon; what would read as a
 * module or as a bracket is quoted. */
static void add_function(struct cop__text *text, cop_term function)
{
    cop_bytes name = cop_atom_text(function);
    bool is_quoted = name.len > 0 && ((name.data[0] >= 'A' && name.data[0] <= 'Z') ||
                                      name.data[0] == '{' || name.data[0] == '%');
    cop_bytes shown;

    if (is_quoted) {
        cop__text_add(text, "\"");
        cop__text_add_bytes(text, name);
        cop__text_add(text, "\"");
        return;
    }
    shown = cop_to_bytes(cop_inspect(function));
    if (shown.len > 0 && shown.data[0] == ':') {
        shown.data++;
        shown.len--;
    }
    cop__text_add_bytes(text, shown);
}

void cop__text_add_call(struct cop__text *text, cop_term module, cop_term function, cop_term args)
{
    cop__text_add_term(text, module);
    cop__text_add(text, ".");
    add_function(text, function);
    if (cop_is_integer(args)) {
        cop__text_add_format(text, "/%lld", (long long)cop_to_int(args));
        return;
    }
    cop__text_add(text, "(");
    cop__text_add_items(text, args);
    cop__text_add(text, ")");
}

cop_term cop__text_binary(const struct cop__text *text)
{
    return cop_binary(text->len > 0 ? text->data : "", text->len);
}
