/* SPDX-License-Identifier: Apache-2.0 */
/* A text that is put together piece by piece, for the words of crash reports and exit reasons.
 *
 *     COP__TEXT(text);
 *     cop__text_add(&text, "no connection to ");
 *     cop__text_add_term(&text, node);
 *     return cop__text_binary(&text);
 *
 * The memory is freed when the variable's scope is left, by an exit too. Nothing here switches. */
#ifndef COP_OTP_TEXT_H
#define COP_OTP_TEXT_H

#include "coppice/process.h"

#include <stdarg.h>

struct cop__text {
    char *data; /* cap bytes; NULL when empty */
    size_t len;
    size_t cap;
};
void cop__text_free(struct cop__text *text);
#define COP__TEXT(name)                                                                            \
    __attribute__((cleanup(cop__text_free))) struct cop__text name = {NULL, 0, 0}

/* Exits: an error system_limit when there is no memory; so do the others. */
void cop__text_add(struct cop__text *text, const char *piece);
void cop__text_add_bytes(struct cop__text *text, cop_bytes piece);
void cop__text_add_format(struct cop__text *text, const char *format, ...) COP_PRINTF(2, 3);
void cop__text_add_vformat(struct cop__text *text, const char *format, va_list args)
    COP_PRINTF(2, 0);
void cop__text_add_spaces(struct cop__text *text, int count);
/* t as inspect/1 shows it, on one line, 50 elements of a collection (INS-11), and some thousand
 * bytes at most. */
void cop__text_add_term(struct cop__text *text, cop_term t);
/* A call in words: Mod.fun(1, 2), or Mod.fun/2 if args is an integer (LOG-23). */
void cop__text_add_call(struct cop__text *text, cop_term module, cop_term function, cop_term args);
/* The values of a proper list between commas. */
void cop__text_add_items(struct cop__text *text, cop_term list);
cop_term cop__text_binary(const struct cop__text *text);

#endif
