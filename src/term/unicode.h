/* SPDX-License-Identifier: Apache-2.0 */
/* What code points are, as far as reading and printing of terms must know. */
#ifndef COPPICE_TERM_UNICODE_H
#define COPPICE_TERM_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* A code point above 0x7f that may begin a name (an atom, a variable) without quotes. */
bool cop__unicode_starts_name(uint32_t code);
/* One that may follow in such a name. */
bool cop__unicode_continues_name(uint32_t code);
/* A string of such code points is shown between quotes, not as bytes (INS-04). Tells also those
 * that need an escape there: \n, \d. */
bool cop__unicode_is_printable(uint32_t code);
/* The code point at `at` and its size in bytes, or 0 if there is no valid UTF-8 before end. */
int cop__unicode_decode(const char *at, const char *end, uint32_t *ret_code);

#endif
