/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are no expression: the exceptions that tell where and why, with the line in
 * question. */
#include "coppice/error.h"
#include "shell/eval.h"
#include <stdlib.h>
#include <string.h>

/* The number-th line of text, from 1. */
static cop_bytes line_of(cop_bytes text, int number)
{
    const char *end = text.data + text.len;
    const char *at = text.data;
    const char *stop;

    for (; number > 1 && at < end; number--) {
        const char *next = memchr(at, '\n', (size_t)(end - at));

        if (next == NULL) break;
        at = next + 1;
    }
    stop = memchr(at, '\n', (size_t)(end - at));
    return (cop_bytes){at, (size_t)((stop ? stop : end) - at)};
}

/* The error's text, in which "... starting at line 1)" counts from the text's first line; first is
 * that line's number. */
static cop_term with_line_number(const char *text, int first)
{
    static const char before[] = "starting at line ";
    const char *at = strstr(text, before);
    char *rest;
    long line;

    if (at == NULL) return cop_string(text);
    at += sizeof(before) - 1;
    line = strtol(at, &rest, 10);
    return cop_format("%.*s%ld%s", (int)(at - text), text, line + first - 1, rest);
}

void cop_raise_parse_error(cop_bytes text, const struct cop_parse_error *error,
                           const struct cop_eval_opts *opts)
{
    cop_bytes line = line_of(text, error->line);
    int first = opts && opts->line > 0 ? opts->line : 1;
    int number = error->line + first - 1;
    cop_bytes what = cop_to_bytes(with_line_number(error->text, first));
    int digits = (int)cop_to_bytes(cop_format("%d", number)).len;

    cop_raise(error->incomplete ? "TokenMissingError" : "SyntaxError",
              "%s:%d:%d: %.*s\n%*s|\n  %d | %.*s\n%*s| %*s",
              opts && opts->file ? opts->file : "nofile", number, error->column, (int)what.len,
              what.data, digits + 3, "", number, (int)(line.len < 200 ? line.len : 200), line.data,
              digits + 3, "", error->column, "^");
}

cop_term cop_eval(cop_bytes text, cop_term bindings, cop_term *ret_bindings,
                  const struct cop_eval_opts *opts)
{
    struct cop_parse_error error;
    cop_term quoted;

    *ret_bindings = bindings;
    if (!cop_quote(text, &quoted, &error)) cop_raise_parse_error(text, &error, opts);
    return cop_eval_quoted(quoted, bindings, ret_bindings, opts);
}
