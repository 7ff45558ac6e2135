/* SPDX-License-Identifier: Apache-2.0 */
/* Terms from texts and quoted forms. */
#include <stdlib.h>
#include <string.h>

#include "term/match.h"
#include "term/types.h"

static void template_fini(struct cop__template *t)
{
    cop__template_fini(t);
}

static bool build(cop_term quoted, cop_term bindings, cop_term *ret_term,
                  struct cop_parse_error *error)
{
    __attribute__((cleanup(template_fini))) struct cop__template t = {0};
    struct cop__scope scope = {.bindings = bindings};

    if (!cop__template_compile(&t, quoted, &scope, error)) return false;
    *ret_term = cop__template_run(&t, NULL);
    return true;
}

bool cop_parse(cop_bytes text, cop_term *ret_term, struct cop_parse_error *ret_error)
{
    cop_term quoted;

    return cop_quote(text, &quoted, ret_error) && build(quoted, cop_none(), ret_term, ret_error);
}

bool cop_quoted_build(cop_term quoted, cop_term bindings, cop_term *ret_term,
                      struct cop_parse_error *ret_error)
{
    return build(quoted, bindings, ret_term, ret_error);
}

/* --- The console's matches ---------------------------------------------------------------------*/

struct console_match {
    struct cop__pattern pattern;
    struct cop__pattern_names names;
    cop_term *bound;
};

static void console_match_fini(struct console_match *m)
{
    cop__pattern_fini(&m->pattern);
    free(m->names.found);
    free(m->bound);
}

bool cop_quoted_match(cop_term pattern, cop_term value, cop_term bindings, cop_term *ret_bindings,
                      struct cop_parse_error *ret_error)
{
    __attribute__((cleanup(console_match_fini))) struct console_match m = {
        .names = {.scope = {.bindings = bindings}}};

    memset(ret_error, 0, sizeof(*ret_error));
    if (!cop__pattern_compile(&m.pattern, pattern, &m.names, ret_error)) return false;
    m.bound = cop__syntax_grow(NULL, (m.names.found_len + 1) * sizeof(cop_term));
    if (!cop__pattern_run(&m.pattern, value, NULL, m.bound)) return false;
    for (size_t i = 0; i < m.pattern.binds_len; i++) {
        const struct cop__match_bind *bind = &m.pattern.binds[i];
        cop_term bound;
        cop__pattern_write(bind, &bound, m.bound[bind->var]);
        bindings = cop_map_put(bindings, m.names.found[bind->var], bound);
    }
    *ret_bindings = bindings;
    return true;
}
