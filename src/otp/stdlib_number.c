/* SPDX-License-Identifier: Apache-2.0 */
/* Integer, Float and Atom. */
#include "otp/stdlib_number.h"
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"
#include "otp/stdlib_string.h"
#include "otp/text.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

bool cop__is_base(cop_term t)
{
    int64_t base;

    return cop__is_int64(t, &base) && base >= 2 && base <= 36;
}

static cop_term charlist_of(cop_term string)
{
    return cop_apply(COP("String"), COP(":to_charlist"), cop_list(string));
}

/* The literal that text is, which is one. */
static cop_term literal(cop_bytes text)
{
    struct cop_parse_error error;
    cop_term t = cop_nil();

    (void)cop_parse(text, &t, &error);
    return t;
}

/* --- Integer ---------------------------------------------------------------------------------- */

static cop_term integer_to_string(cop_term integer)
{
    if (!cop_is_integer(integer)) cop__raise_argument(1, "not an integer");
    return cop_inspect(integer);
}

static cop_term integer_to_string_of(cop_term integer, cop_term base)
{
    static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char text[66];
    size_t at = sizeof(text);
    uint64_t left;
    int64_t n;

    if (!cop_is_integer(integer)) cop__raise_argument(1, "not an integer");
    if (!cop__is_base(base)) cop__raise_argument(2, "not an integer in the range 2 through 36");
    if (cop_to_int(base) == 10) return cop_inspect(integer);
    if (!cop__is_int64(integer, &n)) cop_error(COP(":system_limit"));
    left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do {
        text[--at] = signs[left % (uint64_t)cop_to_int(base)];
        left /= (uint64_t)cop_to_int(base);
    } while (left > 0);
    if (n < 0) text[--at] = '-';
    return cop_binary(text + at, sizeof(text) - at);
}

static cop_term integer_to_charlist(cop_term integer)
{
    return charlist_of(integer_to_string(integer));
}

static cop_term integer_to_charlist_of(cop_term integer, cop_term base)
{
    return charlist_of(integer_to_string_of(integer, base));
}

/* The value of a digit, 36 if it is none. */
static int64_t digit_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 36;
}

/* The number that digits say, which are all such; of base 10 it may be of any size. */
static cop_term number_of(cop_bytes digits, bool is_negative, int64_t base)
{
    int64_t n = 0;

    if (base == 10) {
        cop_term t = literal(digits);

        if (!is_negative) return t;
        return literal(cop_to_bytes(cop_format("-%.*s", (int)digits.len, digits.data)));
    }
    for (size_t i = 0; i < digits.len; i++) {
        int64_t digit = digit_value(digits.data[i]);

        if (__builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, is_negative ? -digit : digit, &n))
            cop_error(COP(":system_limit"));
    }
    return cop_int(n);
}

cop_term cop__integer_parse(cop_term string, cop_term base)
{
    cop_bytes text = cop__string_arg(string, "Integer.parse/2");
    size_t from;
    size_t to;

    if (!cop_is_integer(base)) cop__raise_no_clause("Integer.parse/2");
    if (!cop__is_base(base)) {
        cop_bytes shown = cop_to_bytes(cop_inspect(base));

        cop_raise("ArgumentError", "invalid base %.*s", (int)shown.len, shown.data);
    }
    from = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    for (to = from; to < text.len && digit_value(text.data[to]) < cop_to_int(base);)
        to++;
    if (to == from) return COP(":error");
    return cop_tuple(
        number_of((cop_bytes){text.data + from, to - from}, text.data[0] == '-', cop_to_int(base)),
        cop_binary(text.data + to, text.len - to));
}

static cop_term integer_parse(cop_term string)
{
    return cop__integer_parse(string, cop_int(10));
}

static cop_term digits_of(cop_term integer, cop_term base)
{
    cop_term done = cop_empty_list();
    int64_t by;
    int64_t n;

    if (!cop_is_integer(integer) || !cop__is_int64(base, &by) || by < 2)
        cop__raise_no_clause("Integer.digits/2");
    if (!cop__is_int64(integer, &n)) cop_error(COP(":system_limit"));
    do {
        done = cop_cons(n % by, done);
        n /= by;
    } while (n != 0);
    return done;
}

static cop_term digits(cop_term integer)
{
    return digits_of(integer, cop_int(10));
}

static cop_term undigits_of(cop_term list, cop_term base)
{
    cop_term n = cop_int(0);

    if (!cop_is_list(list) || cop_list_len(list) < 0 || !cop_is_integer(base) ||
        cop_compare(base, cop_int(2)) < 0)
        cop__raise_no_clause("Integer.undigits/2");
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        cop_term digit = cop_head(list);

        if (!cop_is_integer(digit)) cop__raise_no_clause("Integer.undigits/3");
        if (cop_compare(digit, base) >= 0) {
            cop_bytes shown = cop_to_bytes(cop_inspect(digit));
            cop_bytes in = cop_to_bytes(cop_inspect(base));

            cop_raise("ArgumentError", "invalid digit %.*s in base %.*s", (int)shown.len,
                      shown.data, (int)in.len, in.data);
        }
        n = cop__add(cop__multiply(n, base), digit);
    }
    return n;
}

static cop_term undigits(cop_term list)
{
    return undigits_of(list, cop_int(10));
}

/* What floor_div leaves over: it has the divisor's sign. */
static cop_term modulo(cop_term dividend, cop_term divisor)
{
    cop_term left = cop__remainder(dividend, divisor);
    bool differ = cop_compare(left, cop_int(0)) * cop_compare(divisor, cop_int(0)) < 0;

    return differ ? cop__add(left, divisor) : left;
}

static cop_term floor_div(cop_term dividend, cop_term divisor)
{
    cop_term quotient = cop__quotient(dividend, divisor);
    cop_term left = cop__remainder(dividend, divisor);
    bool differ = cop_compare(left, cop_int(0)) * cop_compare(divisor, cop_int(0)) < 0;

    return differ ? cop__subtract(quotient, cop_int(1)) : quotient;
}

static cop_term gcd(cop_term a, cop_term b)
{
    if (!cop_is_integer(a) || !cop_is_integer(b)) cop__raise_no_clause("Integer.gcd/2");
    while (cop_compare(b, cop_int(0)) != 0) {
        cop_term left = cop__remainder(a, b);

        a = b;
        b = left;
    }
    return cop__abs(a);
}

/* By squaring: at most 63 turns before a product is too large, or is 0, 1 or -1 for ever. */
static cop_term integer_power(cop_term base, cop_term exponent)
{
    cop_term power = cop_int(1);
    int64_t n;

    if (!cop__is_int64(exponent, &n)) {
        int64_t b;

        if (!cop__is_int64(base, &b) || b < -1 || b > 1) cop_error(COP(":system_limit"));
        n = cop_to_int(cop__remainder(exponent, cop_int(2))) + 2;
    }
    for (; n > 0; n /= 2) {
        if (n % 2) power = cop__multiply(power, base);
        if (n > 1) base = cop__multiply(base, base);
    }
    return power;
}

static cop_term integer_pow(cop_term base, cop_term exponent)
{
    if (!cop_is_integer(base) || !cop_is_integer(exponent)) cop__raise_no_clause("Integer.pow/2");
    if (cop_compare(exponent, cop_int(0)) < 0) cop_error(COP(":badarith"));
    return integer_power(base, exponent);
}

cop_term cop__power(cop_term base, cop_term exponent)
{
    double power;

    if (!cop_is_number(base) || !cop_is_number(exponent)) cop__raise_no_clause("Kernel.**/2");
    if (cop_is_integer(base) && cop_is_integer(exponent) && cop_compare(exponent, cop_int(0)) >= 0)
        return integer_power(base, exponent);
    power = pow(cop_to_float(base), cop_to_float(exponent));
    if (!isfinite(power)) cop_error(COP(":badarith"));
    return cop_float(power);
}

static const struct cop_function integer_functions[] = {
    COP_EXPORT("digits(integer)", digits, "The digits as a list."),
    COP_EXPORT("digits(integer, base)", digits_of, "The same in another base."),
    COP_EXPORT("floor_div(dividend, divisor)", floor_div, "The whole quotient, rounded down."),
    COP_EXPORT("gcd(integer1, integer2)", gcd, "The greatest common divisor."),
    COP_EXPORT("mod(dividend, divisor)", modulo, "What floor_div leaves over."),
    COP_EXPORT("parse(string)", integer_parse,
               "{integer, rest} of the digits at the beginning, or :error."),
    COP_EXPORT("parse(string, base)", cop__integer_parse,
               "The same with digits of a base from 2 to 36."),
    COP_EXPORT("pow(base, exponent)", integer_pow, "The power of two integers."),
    COP_EXPORT("to_charlist(integer)", integer_to_charlist,
               "The text of an integer as a list of characters."),
    COP_EXPORT("to_charlist(integer, base)", integer_to_charlist_of,
               "The same in a base from 2 to 36."),
    COP_EXPORT("to_string(integer)", integer_to_string, "The text of an integer."),
    COP_EXPORT("to_string(integer, base)", integer_to_string_of,
               "The same in a base from 2 to 36."),
    COP_EXPORT("undigits(digits)", undigits, "The integer with these digits."),
    COP_EXPORT("undigits(digits, base)", undigits_of, "The same in another base."),
    COP_EXPORT_END};

const struct cop_module cop__integer_module = {.size = sizeof(struct cop_module),
                                               .name = "Integer",
                                               .doc = "Integers.",
                                               .functions = integer_functions};

/* --- Float ------------------------------------------------------------------------------------ */

static cop_term float_to_string(cop_term number)
{
    if (!cop_is_float(number)) cop__raise_no_clause("Float.to_string/1");
    return cop_inspect(number);
}

static cop_term float_to_charlist(cop_term number)
{
    if (!cop_is_float(number)) cop__raise_no_clause("Float.to_charlist/1");
    return charlist_of(cop_inspect(number));
}

/* Where digits that begin at `at` end. */
static size_t skip_digits(cop_bytes text, size_t at)
{
    while (at < text.len && isdigit((unsigned char)text.data[at]))
        at++;
    return at;
}

/* Digits, then a point and digits, then an exponent; the last two may be missing. */
static cop_term float_parse(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "Float.parse_unsigned/1");
    size_t from = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t whole = skip_digits(text, from);
    size_t point = whole;
    size_t end;
    cop_bytes digits;

    if (whole == from) return COP(":error");
    if (point < text.len && text.data[point] == '.' && skip_digits(text, point + 1) > point + 1)
        point = skip_digits(text, point + 1);
    end = point;
    if (end < text.len && (text.data[end] == 'e' || text.data[end] == 'E')) {
        size_t sign = end + 1;

        if (sign < text.len && (text.data[sign] == '-' || text.data[sign] == '+')) sign++;
        if (skip_digits(text, sign) > sign) end = skip_digits(text, sign);
    }
    digits = cop_to_bytes(cop_format(
        "%s%.*s%s%.*s", text.data[0] == '-' ? "-" : "", (int)(point - from), text.data + from,
        point == whole ? ".0" : "", (int)(end - point), text.data + point));
    return cop_tuple(literal(digits), cop_binary(text.data + end, text.len - end));
}

/* Which of its neighbours with so many decimals stands for a number. */
enum rounding { NEAREST, DOWN, UP };

/* Adds one to the last digit of a number's decimals, carrying; `text` has a 0 before its first
 * digit. */
static void add_one(char *text, size_t len)
{
    while (len-- > 0) {
        if (text[len] == '.') continue;
        if (text[len] != '9') {
            text[len]++;
            return;
        }
        text[len] = '0';
    }
}

/* The exact decimals of x are cut, so that 2.675, which is a little less, becomes 2.67. */
static cop_term rounded(cop_term number, cop_term precision, enum rounding how,
                        const char *function)
{
    static const size_t cap = 1 + 310 + 1 + 1080; /* no double has more digits */
    bool is_negative;
    bool is_exact;
    char *text;
    size_t len;
    cop_term t;
    int64_t n;

    if (!cop_is_float(number) || !cop__is_int64(precision, &n)) cop__raise_no_clause(function);
    if (n < 0 || n > 15)
        cop_raise("ArgumentError", "precision %lld is out of valid range of 0..15", (long long)n);
    if (how != NEAREST && (n == 0 || cop_to_float(number) == 0))
        return cop_float(how == UP ? ceil(cop_to_float(number)) : floor(cop_to_float(number)));
    is_negative = cop_to_float(number) < 0;
    text = cop_alloc(cap);
    text[0] = '0';
    (void)snprintf(text + 1, cap - 1, "%.1078f", fabs(cop_to_float(number)));
    len = (size_t)(strchr(text, '.') - text) + 1 + (size_t)n;
    is_exact = strspn(text + len, "0.") == strlen(text + len);
    if ((how == NEAREST && text[len] >= '5') || (how == (is_negative ? DOWN : UP) && !is_exact))
        add_one(text, len);
    t = literal(cop_to_bytes(
        cop_format("%s%.*s%s", is_negative ? "-" : "", (int)len, text, n == 0 ? "0" : "")));
    cop_free(text);
    return cop_to_float(t) == 0 ? cop_float(0) : t;
}

static cop_term float_round_to(cop_term number, cop_term precision)
{
    return rounded(number, precision, NEAREST, "Float.round/2");
}

static cop_term float_round(cop_term number)
{
    return float_round_to(number, cop_int(0));
}

static cop_term float_floor_to(cop_term number, cop_term precision)
{
    return rounded(number, precision, DOWN, "Float.floor/2");
}

static cop_term float_floor(cop_term number)
{
    return float_floor_to(number, cop_int(0));
}

static cop_term float_ceil_to(cop_term number, cop_term precision)
{
    return rounded(number, precision, UP, "Float.ceil/2");
}

static cop_term float_ceil(cop_term number)
{
    return float_ceil_to(number, cop_int(0));
}

static const struct cop_function float_functions[] = {
    COP_EXPORT("ceil(number)", float_ceil, "The smallest whole float that is not below number."),
    COP_EXPORT("ceil(number, precision)", float_ceil_to, "The same with so many decimals."),
    COP_EXPORT("floor(number)", float_floor, "The largest whole float that is not above number."),
    COP_EXPORT("floor(number, precision)", float_floor_to, "The same with so many decimals."),
    COP_EXPORT("parse(string)", float_parse,
               "{float, rest} of the number at the beginning, or :error."),
    COP_EXPORT("round(number)", float_round, "The nearest whole float; halves away from zero."),
    COP_EXPORT("round(number, precision)", float_round_to, "The same with so many decimals."),
    COP_EXPORT("to_charlist(float)", float_to_charlist,
               "The text of a float as a list of characters."),
    COP_EXPORT("to_string(float)", float_to_string, "The text of a float."),
    COP_EXPORT_END};

const struct cop_module cop__float_module = {.size = sizeof(struct cop_module),
                                             .name = "Float",
                                             .doc = "Floats.",
                                             .functions = float_functions};

/* --- Atom ------------------------------------------------------------------------------------- */

static cop_term atom_to_string(cop_term atom)
{
    cop_bytes text;

    if (!cop_is_atom(atom)) cop__raise_argument(1, "not an atom");
    text = cop_atom_text(atom);
    return cop_binary(text.data, text.len);
}

static cop_term atom_to_charlist(cop_term atom)
{
    return charlist_of(atom_to_string(atom));
}

static const struct cop_function atom_functions[] = {
    COP_EXPORT("to_charlist(atom)", atom_to_charlist,
               "The text of an atom as a list of characters."),
    COP_EXPORT("to_string(atom)", atom_to_string, "The text of an atom."), COP_EXPORT_END};

const struct cop_module cop__atom_module = {.size = sizeof(struct cop_module),
                                            .name = "Atom",
                                            .doc = "Atoms.",
                                            .functions = atom_functions};
