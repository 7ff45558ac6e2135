/* SPDX-License-Identifier: Apache-2.0 */
/* Integers of any size from their digits, as literals have them. */
#include <stdlib.h>

#include "term/heap.h"
#include "term/syntax.h"

/* Digits that are taken at once: base^n fits 64 bits. */
static int digits_at_once(int base)
{
    return base == 16 ? 15 : base == 8 ? 20 : base == 2 ? 62 : 19;
}

static uint64_t digit_value(char c)
{
    return (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* limbs = limbs * factor + add; returns the new number of limbs. */
static size_t multiply_add(uint64_t *limbs, size_t len, uint64_t factor, uint64_t add)
{
    uint64_t carry = add;

    for (size_t i = 0; i < len; i++) {
        unsigned __int128 product = (unsigned __int128)limbs[i] * factor + carry;
        limbs[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry > 0) limbs[len++] = carry;
    return len;
}

cop_term cop__integer_from_digits(const char *digits, size_t len, int base)
{
    size_t step = (size_t)digits_at_once(base);
    uint64_t *limbs = cop__syntax_grow(NULL, (len / step + 2) * sizeof(*limbs));
    size_t limbs_len = 0;
    cop_term result;

    for (size_t at = 0; at < len;) {
        uint64_t factor = 1;
        uint64_t add = 0;
        for (size_t i = 0; i < step && at < len; i++, at++) {
            factor *= (uint64_t)base;
            add = add * (uint64_t)base + digit_value(digits[at]);
        }
        limbs_len = multiply_add(limbs, limbs_len, factor, add);
    }
    result = cop__bigint(cop__heap_need(), false, limbs, limbs_len);
    free(limbs);
    return result;
}

cop_term cop__integer_negate(cop_term integer)
{
    const uint64_t *box;
    int64_t value;

    if (cop__is_kind(integer, COP__BOX_BIGINT)) {
        box = cop__box(integer);
        return cop__bigint(cop__heap_need(), cop__header_extra(*box) == 0, box + 1,
                           cop__header_arity(*box));
    }
    value = cop_to_int(integer);
    if (value == INT64_MIN) return cop_uint((uint64_t)1 << 63);
    return cop_int(-value);
}
