/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, one code point at a time, strictly: no overlong forms, no surrogates, nothing above
 * U+10FFFF. Pure functions, any thread. */
#ifndef COP_BASE_UTF8_H
#define COP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COP__UTF8_MAX 4 /* bytes of a code point */

/* Writes code to at and returns how many bytes that took; 0 if it is no code point that UTF-8 can
 * carry. */
size_t cop__utf8_encode(uint32_t code, char at[COP__UTF8_MAX]);

/* Reads the code point at the start of len bytes and returns how many bytes it took. 0 if there are
 * none or they are not valid. */
size_t cop__utf8_decode(const void *bytes, size_t len, uint32_t *ret_code);

/* Are all len bytes valid? */
bool cop__utf8_valid(const void *bytes, size_t len);

#endif
