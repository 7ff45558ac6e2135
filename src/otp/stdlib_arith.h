/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on terms: the functions behind Kernel's operators, for the tables that show them.
 *
 * Integers are computed in 64 bits. A result beyond them, or a larger operand (which can be
 * carried, compared and printed), is an error system_limit; with a float in it the whole is one. */
#ifndef COP_OTP_STDLIB_ARITH_H
#define COP_OTP_STDLIB_ARITH_H

#include "coppice/term.h"

/* Exits: an error badarith for what is no number. */
cop_term cop__add(cop_term a, cop_term b);
cop_term cop__subtract(cop_term a, cop_term b);
cop_term cop__multiply(cop_term a, cop_term b);
cop_term cop__divide(cop_term a, cop_term b);   /* a / b, a float */
cop_term cop__quotient(cop_term a, cop_term b); /* div(a, b) */
cop_term cop__remainder(cop_term a, cop_term b);
cop_term cop__plus(cop_term a);
cop_term cop__negate(cop_term a);
cop_term cop__abs(cop_term a);
cop_term cop__round(cop_term a);
cop_term cop__trunc(cop_term a);
cop_term cop__floor(cop_term a);
cop_term cop__ceil(cop_term a);

#endif
