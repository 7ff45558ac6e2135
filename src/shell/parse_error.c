/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are no expression: the exceptions that tell where and why, with the line in
 * question. */
#include "coppice/error.h"
#include "shell/eval.h"
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

void cop_raise_parse_error(cop_bytes text, const struct cop_parse_error *error,
                           const struct cop_eval_opts *opts)
{
    cop_bytes line = line_of(text, error->line);
    int number = error->line + (opts && opts->line > 0 ? opts->line - 1 : 0);
    int digits = (int)cop_to_bytes(cop_format("%d", number)).len;

    cop_raise(error->incomplete ? "TokenMissingError" : "SyntaxError",
              "%s:%d:%d: %s\n%*s|\n  %d | %.*s\n%*s| %*s",
              opts && opts->file ? opts->file : "nofile", number, error->column, error->text,
              digits + 3, "", number, (int)(line.len < 200 ? line.len : 200), line.data, digits + 3,
              "", error->column, "^");
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
