/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, inside: values and digits. */
#ifndef COPPICE_TERM_NUMBER_H
#define COPPICE_TERM_NUMBER_H

#include "term/heap.h"

/* The magnitude of an integer to base 2^64, lowest digit first, without leading zeros; len is 0 for
 * the number 0. */
struct cop__digits {
    bool negative;
    const uint64_t *digits;
    size_t len;
};

/* True if t is an integer that fits int64. */
bool cop__integer_value(cop_term t, int64_t *ret_value);
/* The digits of any integer: borrowed from the term, or in *one. Another term is an error
 * badarg. */
struct cop__digits cop__integer_digits(cop_term integer, uint64_t *one);
/* digits = digits * factor + carry, in place, with room for one digit more; returns the new
 * length. */
size_t cop__digits_mul_add(uint64_t *digits, size_t len, uint64_t factor, uint64_t carry);

/* t is a float. */
double cop__float_value(cop_term t);

#endif
