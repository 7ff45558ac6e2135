/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic on terms. */
#include "otp/stdlib_arith.h"

#include "otp/stdlib.h"
#include <math.h>

/* Two operands, as integers if both are such. */
struct operands {
    bool are_integers;
    int64_t i;
    int64_t j;
    double x;
    double y;
};

static COP_NORETURN void bad(void)
{
    cop_error(COP(":badarith"));
}

static COP_NORETURN void too_large(void)
{
    cop_error(COP(":system_limit"));
}

static struct operands operands(cop_term a, cop_term b)
{
    struct operands o = {false, 0, 0, 0, 0};

    if (!cop_is_number(a) || !cop_is_number(b)) bad();
    if (cop_is_integer(a) && cop_is_integer(b)) {
        if (!cop__is_int64(a, &o.i) || !cop__is_int64(b, &o.j)) too_large();
        o.are_integers = true;
    } else {
        o.x = cop_to_float(a);
        o.y = cop_to_float(b);
    }
    return o;
}

cop_term cop__add(cop_term a, cop_term b)
{
    struct operands o = operands(a, b);
    int64_t sum;

    if (!o.are_integers) return cop_float(o.x + o.y);
    if (__builtin_add_overflow(o.i, o.j, &sum)) too_large();
    return cop_int(sum);
}

cop_term cop__subtract(cop_term a, cop_term b)
{
    struct operands o = operands(a, b);
    int64_t difference;

    if (!o.are_integers) return cop_float(o.x - o.y);
    if (__builtin_sub_overflow(o.i, o.j, &difference)) too_large();
    return cop_int(difference);
}

cop_term cop__multiply(cop_term a, cop_term b)
{
    struct operands o = operands(a, b);
    int64_t product;

    if (!o.are_integers) return cop_float(o.x * o.y);
    if (__builtin_mul_overflow(o.i, o.j, &product)) too_large();
    return cop_int(product);
}

cop_term cop__divide(cop_term a, cop_term b)
{
    if (!cop_is_number(a) || !cop_is_number(b) || cop_to_float(b) == 0) bad();
    return cop_float(cop_to_float(a) / cop_to_float(b));
}

static struct operands divisible(cop_term a, cop_term b)
{
    struct operands o = operands(a, b);

    if (!o.are_integers || o.j == 0) bad();
    if (o.i == INT64_MIN && o.j == -1) too_large();
    return o;
}

cop_term cop__quotient(cop_term a, cop_term b)
{
    struct operands o = divisible(a, b);

    return cop_int(o.i / o.j);
}

cop_term cop__remainder(cop_term a, cop_term b)
{
    struct operands o = divisible(a, b);

    return cop_int(o.i % o.j);
}

cop_term cop__plus(cop_term a)
{
    if (!cop_is_number(a)) bad();
    return a;
}

cop_term cop__negate(cop_term a)
{
    if (cop_is_float(a)) return cop_float(-cop_to_float(a));
    return cop__subtract(cop_int(0), a);
}

cop_term cop__abs(cop_term a)
{
    if (!cop_is_number(a)) cop__raise_argument(1, "not a number");
    if (cop_is_float(a)) return cop_float(fabs(cop_to_float(a)));
    return cop_compare(a, cop_int(0)) < 0 ? cop__negate(a) : a;
}

/* The integer that fn makes of a number. */
static cop_term whole(cop_term a, double (*fn)(double))
{
    double x;

    if (!cop_is_number(a)) cop__raise_argument(1, "not a number");
    if (cop_is_integer(a)) return a;
    x = fn(cop_to_float(a));
    if (!(x >= -0x1p63 && x < 0x1p63)) too_large();
    return cop_int((int64_t)x);
}

cop_term cop__round(cop_term a)
{
    return whole(a, round);
}

cop_term cop__trunc(cop_term a)
{
    return whole(a, trunc);
}

cop_term cop__floor(cop_term a)
{
    return whole(a, floor);
}

cop_term cop__ceil(cop_term a)
{
    return whole(a, ceil);
}
