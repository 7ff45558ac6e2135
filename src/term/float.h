/* SPDX-License-Identifier: Apache-2.0 */
/* Floats as text. */
#ifndef COPPICE_TERM_FLOAT_H
#define COPPICE_TERM_FLOAT_H

#include <stddef.h>

#define COP__FLOAT_TEXT_MAX 32 /* bytes that cop__float_text() writes at most */

/* Writes value, which must be finite, as Elixir shows it (INS-03): the shortest digits that read
 * back as the same value. Returns the length; no final 0. */
size_t cop__float_text(double value, char text[COP__FLOAT_TEXT_MAX]);

/* strtod of a whole text, whatever locale the program has set; HUGE_VAL if it is out of range. */
double cop__float_read(const char *text);

#endif
