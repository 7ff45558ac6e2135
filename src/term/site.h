/* SPDX-License-Identifier: Apache-2.0 */
/* The places in a program where a literal, pattern or template is written (coppice/pattern.h). */
#ifndef COPPICE_TERM_SITE_H
#define COPPICE_TERM_SITE_H

#include "coppice/pattern.h"
#include "term/syntax.h"

_Static_assert(sizeof(struct cop__site) == 32, "read from files by coppice-check");

/* The texts behind a site's head. */
static inline const char *cop__site_text(const struct cop__site *site)
{
    return (const char *)(site + 1);
}
static inline const char *cop__site_names(const struct cop__site *site)
{
    return cop__site_text(site) + site->text_size;
}
static inline const char *cop__site_file(const struct cop__site *site)
{
    return cop__site_names(site) + site->names_size;
}

/* The variables or fields of a site: what `names` says. */
struct cop__site_vars {
    cop_bytes names[COP__SITE_VARS_MAX];
    uint8_t types[COP__SITE_VARS_MAX];
    uint32_t offsets[COP__SITE_VARS_MAX]; /* in a record's struct */
    int count;
};
bool cop__site_vars(const struct cop__site *site, struct cop__site_vars *ret_vars,
                    struct cop_parse_error *error);

/* Whether the site is right: its syntax, that each variable is named in the text and once after it,
 * and the types. False: the error says what is wrong. Builds in the current heap. */
bool cop__site_verify(const struct cop__site *site, struct cop_parse_error *error);

/* Ends the caller because t does not match the pattern of a cop_expect. The runtime brings the one
 * that raises {:badmatch, t}; the weak one of site.c prints and ends the program. */
COP_NORETURN COP_COLD void cop__expect_failed(const struct cop__site *site, cop_term t);

#endif
