/* SPDX-License-Identifier: Apache-2.0 */
/* The order of all terms, and hashes that agree with it.
 *
 * Exact order is the one of keys in maps: as OTP's, but every integer is below every float, so that
 * it is 0 for identical (===) terms only. */
#ifndef COPPICE_TERM_COMPARE_H
#define COPPICE_TERM_COMPARE_H

#include "term/types.h"

int cop__compare_exact(cop_term a, cop_term b);

/* Sorts terms by cop_compare; stable. */
void cop__sort(cop_term *items, size_t len);

#endif
