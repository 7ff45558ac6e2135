/* SPDX-License-Identifier: Apache-2.0 */
/* Floats as text: the fewest digits that read back as the same value, in the notation that Elixir
 * chooses for them.
 *
 * The digits come from the C library, which rounds exactly: the first count of digits whose rounded
 * decimal reads back is the shortest. Just above a power of two the neighbours below are nearer
 * than those above, and there the decimal next to the rounded one may read back where that one does
 * not. */
#include "term/float.h"

#include "base/check.h"
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX        17
/* Beyond it a float is written with an exponent, whatever the length. */
#define WRITTEN_OUT_BELOW 1.0e16

/* 0.d1 d2 d3 ... times ten to the power of place. */
struct decimal {
    char digits[DIGITS_MAX + 1]; /* no zeros at the end */
    int len;
    int place;
};

static double decimal_value(const struct decimal *d)
{
    char text[DIGITS_MAX + 16];

    /* No point in it: which character that is depends on the program's locale. */
    (void)snprintf(text, sizeof(text), "%.*se%d", d->len, d->digits, d->place - d->len);
    return strtod(text, NULL);
}

static void strip_zeros(struct decimal *d)
{
    while (d->len > 1 && d->digits[d->len - 1] == '0')
        d->len--;
}

/* value rounded to so many digits. */
static struct decimal rounded(double value, int digits)
{
    struct decimal d;
    char text[DIGITS_MAX + 24];
    const char *exponent;

    (void)snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    exponent = strchr(text, 'e');
    COP_CHECK(exponent != NULL);
    d.digits[0] = text[0];
    /* Between the first digit and the others stands the locale's point. */
    if (digits > 1) memcpy(d.digits + 1, exponent - (digits - 1), (size_t)digits - 1);
    d.len = digits;
    d.place = (int)strtol(exponent + 1, NULL, 10) + 1;
    return d;
}

/* One more in the last digit. */
static void step_up(struct decimal *d)
{
    int i = d->len - 1;

    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i >= 0) {
        d->digits[i]++;
    } else {
        d->digits[0] = '1';
        d->place++;
    }
}

/* value is finite and above 0. */
static struct decimal shortest(double value)
{
    int exponent;
    bool is_power_of_two = frexp(value, &exponent) == 0.5;
    struct decimal d = rounded(value, DIGITS_MAX);

    for (int digits = 1; digits < DIGITS_MAX; digits++) {
        struct decimal shorter = rounded(value, digits);
        bool reads_back = decimal_value(&shorter) == value;

        if (!reads_back && is_power_of_two) {
            step_up(&shorter);
            reads_back = decimal_value(&shorter) == value;
        }
        if (reads_back) {
            d = shorter;
            break;
        }
    }
    strip_zeros(&d);
    return d;
}

static size_t put(char *text, size_t at, const char *piece, size_t len)
{
    memcpy(text + at, piece, len);
    return at + len;
}

static size_t put_zeros(char *text, size_t at, int count)
{
    memset(text + at, '0', (size_t)count);
    return at + (size_t)count;
}

/* d.ddde-n */
static size_t put_scientific(char *text, size_t at, const struct decimal *d)
{
    char exponent[16];
    int len = snprintf(exponent, sizeof(exponent), "e%d", d->place - 1);

    at = put(text, at, d->digits, 1);
    at = put(text, at, ".", 1);
    if (d->len == 1)
        at = put(text, at, "0", 1);
    else
        at = put(text, at, d->digits + 1, (size_t)d->len - 1);
    return put(text, at, exponent, (size_t)len);
}

/* Columns that an exponent costs more than the bare digits. */
static int scientific_cost(const struct decimal *d)
{
    char exponent[16];

    return snprintf(exponent, sizeof(exponent), "e%d", d->place - 1) + (d->len == 1 ? 2 : 1);
}

size_t cop__float_text(double value, char text[COP__FLOAT_TEXT_MAX])
{
    struct decimal d;
    double size = fabs(value);
    size_t at = 0;

    COP_CHECK(isfinite(value));
    if (signbit(value)) at = put(text, at, "-", 1);
    if (size == 0) return put(text, at, "0.0", 3);
    d = shortest(size);
    if (d.place <= 0) {
        if (2 - d.place > scientific_cost(&d)) return put_scientific(text, at, &d);
        at = put(text, at, "0.", 2);
        at = put_zeros(text, at, -d.place);
        return put(text, at, d.digits, (size_t)d.len);
    }
    if (size >= WRITTEN_OUT_BELOW) return put_scientific(text, at, &d);
    if (d.len <= d.place) {
        at = put(text, at, d.digits, (size_t)d.len);
        at = put_zeros(text, at, d.place - d.len);
        return put(text, at, ".0", 2);
    }
    at = put(text, at, d.digits, (size_t)d.place);
    at = put(text, at, ".", 1);
    return put(text, at, d.digits + d.place, (size_t)(d.len - d.place));
}

double cop__float_read(const char *text)
{
    static locale_t shared;
    locale_t c_locale = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);

    if (c_locale == NULL) {
        locale_t expected = NULL;
        c_locale = newlocale(LC_ALL_MASK, "C", NULL);
        if (!__atomic_compare_exchange_n(&shared, &expected, c_locale, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_ACQUIRE)) {
            freelocale(c_locale);
            c_locale = expected;
        }
    }
    return strtod_l(text, NULL, c_locale);
}
