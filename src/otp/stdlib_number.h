/* SPDX-License-Identifier: Apache-2.0 */
/* Integer.parse/2 and pow, which other tables need, too. */
#ifndef COP_OTP_STDLIB_NUMBER_H
#define COP_OTP_STDLIB_NUMBER_H

#include "coppice/term.h"

/* Whether t is an integer from 2 to 36. */
bool cop__is_base(cop_term t);
/* {integer, rest} of the digits at the beginning of a string, or :error. Exits: system_limit for a
 * number beyond 64 bits in another base than 10. */
cop_term cop__integer_parse(cop_term string, cop_term base);
/* base ** exponent: an integer for integers, the exponent not negative, else a float. */
cop_term cop__power(cop_term base, cop_term exponent);

#endif
