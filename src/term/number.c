/* SPDX-License-Identifier: Apache-2.0 */
/* Integers and floats. An integer has one form only: small if it fits 61 bits, else an int64's box,
 * else digits to base 2^64. So identical integers have the same form. Big ones are carried,
 * compared and printed; nothing computes with them. */
#include "term/number.h"
#include "base/alloc.h"

#include <math.h>
#include <string.h>

#define CHUNK_DIGITS 19 /* decimal digits that fit a word */
#define CHUNK_BASE   UINT64_C(10000000000000000000)

/* --- Kinds ------------------------------------------------------------------------------------ */

bool cop_is_integer(cop_term t)
{
    return cop__is_small(t) || cop__is_kind(t, COP__BOX_INT64) || cop__is_kind(t, COP__BOX_BIGINT);
}

bool cop_is_float(cop_term t)
{
    return cop__is_kind(t, COP__BOX_FLOAT);
}

bool cop_is_number(cop_term t)
{
    return cop_is_integer(t) || cop_is_float(t);
}

/* --- Integers --------------------------------------------------------------------------------- */

cop_term cop__int(struct cop__heap *heap, int64_t value)
{
    uint64_t *box;

    if (cop__fits_small(value)) return cop__small(value);
    box = cop__heap_box(heap, COP__BOX_INT64, 1);
    box[1] = (uint64_t)value;
    return cop__box_term(box);
}

cop_term cop_int(int64_t value)
{
    if (cop__fits_small(value)) return cop__small(value);
    return cop__int(cop__heap_need(), value);
}

cop_term cop__uint(struct cop__heap *heap, uint64_t value)
{
    return cop__bigint(heap, false, &value, 1);
}

cop_term cop_uint(uint64_t value)
{
    if (value <= (uint64_t)COP__SMALL_MAX) return cop__small((int64_t)value);
    return cop__uint(cop__heap_need(), value);
}

bool cop__integer_value(cop_term t, int64_t *ret_value)
{
    if (cop__is_small(t)) {
        *ret_value = cop__small_value(t);
        return true;
    }
    if (!cop__is_kind(t, COP__BOX_INT64)) return false;
    *ret_value = (int64_t)cop__box(t)[1];
    return true;
}

int64_t cop_to_int(cop_term t)
{
    int64_t value;

    if (!cop__integer_value(t, &value)) cop__term_fail("badarg", t);
    return value;
}

/* --- Digits ----------------------------------------------------------------------------------- */

cop_term cop__bigint(struct cop__heap *heap, bool negative, const uint64_t *digits, size_t len)
{
    uint64_t *box;

    while (len > 0 && digits[len - 1] == 0)
        len--;
    if (len == 0) return cop__small(0);
    if (len == 1 && digits[0] <= (uint64_t)INT64_MAX + negative) {
        return cop__int(heap, (int64_t)(negative ? 0 - digits[0] : digits[0]));
    }
    box = cop__heap_box(heap, COP__BOX_BIGINT, len);
    box[0] |= (uint64_t)negative << COP__HEADER_EXTRA_SHIFT;
    memcpy(box + 1, digits, len * sizeof(*digits));
    return cop__box_term(box);
}

struct cop__digits cop__integer_digits(cop_term integer, uint64_t *one)
{
    struct cop__digits d = {false, one, 1};
    int64_t value;

    if (cop__integer_value(integer, &value)) {
        d.negative = value < 0;
        *one = d.negative ? 0 - (uint64_t)value : (uint64_t)value;
        d.len = value != 0;
    } else if (cop__is_kind(integer, COP__BOX_BIGINT)) {
        const uint64_t *box = cop__box(integer);

        d.negative = cop__header_extra(*box) != 0;
        d.digits = box + 1;
        d.len = cop__header_arity(*box);
    } else {
        cop__term_fail("badarg", integer);
    }
    return d;
}

size_t cop__digits_mul_add(uint64_t *digits, size_t len, uint64_t factor, uint64_t carry)
{
    for (size_t i = 0; i < len; i++) {
        unsigned __int128 product = (unsigned __int128)digits[i] * factor + carry;

        digits[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry) digits[len++] = carry;
    return len;
}

cop_term cop__bigint_from_decimal(struct cop__heap *heap, cop_bytes text)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t at = text.len > 0 && (negative || text.data[0] == '+');
    size_t cap = (text.len - at) / CHUNK_DIGITS + 1;
    uint64_t *digits;
    size_t len = 0;
    cop_term t;

    if (at == text.len) return cop_none();
    for (size_t i = at; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return cop_none();
    }
    digits = cop__alloc(cap * sizeof(*digits));
    while (at < text.len) {
        uint64_t chunk = 0;
        uint64_t base = 1;

        for (int i = 0; i < CHUNK_DIGITS && at < text.len; i++, at++) {
            chunk = chunk * 10 + (uint64_t)(text.data[at] - '0');
            base *= 10;
        }
        len = cop__digits_mul_add(digits, len, base, chunk);
    }
    t = cop__bigint(heap, negative, digits, len);
    cop__free(digits, cap * sizeof(*digits));
    return t;
}

size_t cop__bigint_decimal_size(cop_term integer)
{
    uint64_t one;

    /* A word is less than 20 decimal digits. */
    return cop__integer_digits(integer, &one).len * 20 + 3;
}

/* Divides in place; returns the rest. */
static uint64_t divide(uint64_t *digits, size_t len, uint64_t divisor)
{
    unsigned __int128 rest = 0;

    for (size_t i = len; i-- > 0;) {
        rest = rest << 64 | digits[i];
        digits[i] = (uint64_t)(rest / divisor);
        rest %= divisor;
    }
    return (uint64_t)rest;
}

size_t cop__bigint_to_decimal(cop_term integer, char *ret_text)
{
    uint64_t one;
    struct cop__digits d = cop__integer_digits(integer, &one);
    uint64_t *digits = cop__alloc((d.len + 1) * sizeof(*digits));
    size_t len = d.len;
    size_t size = 0;

    memcpy(digits, d.digits, d.len * sizeof(*digits));
    do { /* lowest first */
        uint64_t chunk = divide(digits, len, CHUNK_BASE);

        while (len > 0 && digits[len - 1] == 0)
            len--;
        for (int i = 0; i < CHUNK_DIGITS && (len > 0 || chunk > 0); i++, chunk /= 10) {
            ret_text[size++] = (char)('0' + chunk % 10);
        }
    } while (len > 0);
    cop__free(digits, (d.len + 1) * sizeof(*digits));
    if (size == 0) ret_text[size++] = '0';
    if (d.negative) ret_text[size++] = '-';
    for (size_t i = 0; i < size / 2; i++) {
        char c = ret_text[i];

        ret_text[i] = ret_text[size - 1 - i];
        ret_text[size - 1 - i] = c;
    }
    ret_text[size] = 0;
    return size;
}

/* --- Floats ----------------------------------------------------------------------------------- */

cop_term cop__float(struct cop__heap *heap, double value)
{
    uint64_t *box;

    if (!isfinite(value)) cop__term_fail("badarith", cop_none());
    box = cop__heap_box(heap, COP__BOX_FLOAT, 1);
    memcpy(box + 1, &value, sizeof(value));
    return cop__box_term(box);
}

cop_term cop_float(double value)
{
    return cop__float(cop__heap_need(), value);
}

double cop__float_value(cop_term t)
{
    double value;

    memcpy(&value, cop__box(t) + 1, sizeof(value));
    return value;
}

/* The two highest words decide, the second with a bit for what is below, so that the conversion
 * rounds as if it had seen all. */
static double digits_to_float(struct cop__digits d)
{
    double value;
    uint64_t low = 0;

    if (d.len == 0) return 0.0;
    if (d.len == 1) {
        value = (double)d.digits[0];
    } else {
        for (size_t i = 0; i + 2 < d.len; i++)
            low |= d.digits[i];
        value = (double)((unsigned __int128)d.digits[d.len - 1] << 64 | d.digits[d.len - 2] |
                         (low != 0));
        value = d.len > 18 ? INFINITY : ldexp(value, (int)(d.len - 2) * 64);
    }
    return d.negative ? -value : value;
}

double cop_to_float(cop_term t)
{
    uint64_t one;
    double value;

    if (cop_is_float(t)) return cop__float_value(t);
    if (!cop_is_integer(t)) cop__term_fail("badarg", t);
    value = digits_to_float(cop__integer_digits(t, &one));
    if (!isfinite(value)) cop__term_fail("badarg", t);
    return value;
}
