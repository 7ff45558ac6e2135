/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of guards and bodies. Each returns cop_none() where Erlang's raises. Integers are
 * computed in 64 bits; what does not fit fails. */
#include "term/atom.h"
#include "term/map.h"
#include "term/match_spec.h"
#include "term/number.h"

#include <math.h>
#include <string.h>

#define FN(name)                                                                                   \
    static cop_term name(__attribute__((unused)) struct cop__heap *heap,                           \
                         __attribute__((unused)) const cop_term *a,                                \
                         __attribute__((unused)) size_t len)

/* --- Kinds ------------------------------------------------------------------------------------ */

FN(is_atom)
{
    return cop_bool(cop_is_atom(a[0]));
}
FN(is_binary)
{
    return cop_bool(cop_is_binary(a[0]));
}
FN(is_boolean)
{
    return cop_bool(cop_is_boolean(a[0]));
}
FN(is_float)
{
    return cop_bool(cop_is_float(a[0]));
}
FN(is_function)
{
    return cop_bool(cop_is_fun(a[0], -1));
}
FN(is_integer)
{
    return cop_bool(cop_is_integer(a[0]));
}
FN(is_list)
{
    return cop_bool(cop_is_list(a[0]));
}
FN(is_map)
{
    return cop_bool(cop_is_map(a[0]));
}
FN(is_number)
{
    return cop_bool(cop_is_number(a[0]));
}
FN(is_pid)
{
    return cop_bool(cop_is_pid(a[0]));
}
FN(is_reference)
{
    return cop_bool(cop_is_reference(a[0]));
}
FN(is_tuple)
{
    return cop_bool(cop_is_tuple(a[0]));
}
FN(never)
{
    return cop_false();
}

FN(is_map_key)
{
    if (!cop_is_map(a[1])) return cop_none();
    return cop_bool(!cop_is_none(cop__map_find(a[1], a[0])));
}

/* {:is_record, t, tag, size} */
FN(is_record)
{
    int64_t size;
    if (!cop_is_atom(a[1]) || !cop__integer_value(a[2], &size)) return cop_none();
    return cop_bool(cop_is_tuple(a[0]) && size > 0 && cop__tuple_len(a[0]) == (uint64_t)size &&
                    cop__tuple_items(a[0])[0].word == a[1].word);
}

/* --- Truth ------------------------------------------------------------------------------------ */

static bool all_boolean(const cop_term *a, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!cop_is_boolean(a[i])) return false;
    return true;
}

FN(and_all)
{
    bool all = true;
    if (!all_boolean(a, len)) return cop_none();
    for (size_t i = 0; i < len; i++)
        all = all && a[i].word == cop_true().word;
    return cop_bool(all);
}

FN(or_all)
{
    bool any = false;
    if (!all_boolean(a, len)) return cop_none();
    for (size_t i = 0; i < len; i++)
        any = any || a[i].word == cop_true().word;
    return cop_bool(any);
}

FN(xor_both)
{
    return all_boolean(a, 2) ? cop_bool(a[0].word != a[1].word) : cop_none();
}
FN(not_it)
{
    return all_boolean(a, 1) ? cop_bool(a[0].word != cop_true().word) : cop_none();
}

/* --- Order ------------------------------------------------------------------------------------ */

FN(equal)
{
    return cop_bool(cop_equal(a[0], a[1]));
}
FN(not_equal)
{
    return cop_bool(!cop_equal(a[0], a[1]));
}
FN(same)
{
    return cop_bool(cop_identical(a[0], a[1]));
}
FN(not_same)
{
    return cop_bool(!cop_identical(a[0], a[1]));
}
FN(less)
{
    return cop_bool(cop_compare(a[0], a[1]) < 0);
}
FN(at_most)
{
    return cop_bool(cop_compare(a[0], a[1]) <= 0);
}
FN(greater)
{
    return cop_bool(cop_compare(a[0], a[1]) > 0);
}
FN(at_least)
{
    return cop_bool(cop_compare(a[0], a[1]) >= 0);
}
FN(larger)
{
    return cop_compare(a[0], a[1]) >= 0 ? a[0] : a[1];
}
FN(smaller)
{
    return cop_compare(a[0], a[1]) <= 0 ? a[0] : a[1];
}

/* --- Numbers ---------------------------------------------------------------------------------- */

static cop_term of_double(struct cop__heap *heap, double x)
{
    return isfinite(x) ? cop__float(heap, x) : cop_none();
}

/* Two numbers, as integers if both are such and fit. */
struct operands {
    bool are_integers;
    int64_t i;
    int64_t j;
    double x;
    double y;
};

static bool read_operands(const cop_term *a, struct operands *o)
{
    memset(o, 0, sizeof(*o));
    if (!cop_is_number(a[0]) || !cop_is_number(a[1])) return false;
    if (cop_is_integer(a[0]) && cop_is_integer(a[1])) {
        o->are_integers = true;
        return cop__integer_value(a[0], &o->i) && cop__integer_value(a[1], &o->j);
    }
    o->x = cop_to_float(a[0]);
    o->y = cop_to_float(a[1]);
    return true;
}

FN(add)
{
    struct operands o;
    if (!read_operands(a, &o)) return cop_none();
    if (!o.are_integers) return of_double(heap, o.x + o.y);
    return __builtin_add_overflow(o.i, o.j, &o.i) ? cop_none() : cop__int(heap, o.i);
}

FN(subtract)
{
    struct operands o;
    if (!read_operands(a, &o)) return cop_none();
    if (!o.are_integers) return of_double(heap, o.x - o.y);
    return __builtin_sub_overflow(o.i, o.j, &o.i) ? cop_none() : cop__int(heap, o.i);
}

FN(multiply)
{
    struct operands o;
    if (!read_operands(a, &o)) return cop_none();
    if (!o.are_integers) return of_double(heap, o.x * o.y);
    return __builtin_mul_overflow(o.i, o.j, &o.i) ? cop_none() : cop__int(heap, o.i);
}

FN(divide)
{
    if (!cop_is_number(a[0]) || !cop_is_number(a[1]) || cop_to_float(a[1]) == 0) return cop_none();
    return of_double(heap, cop_to_float(a[0]) / cop_to_float(a[1]));
}

/* Two integers. */
static bool read_integers(const cop_term *a, int64_t *ret_i, int64_t *ret_j)
{
    return cop__integer_value(a[0], ret_i) && cop__integer_value(a[1], ret_j);
}

FN(quotient)
{
    int64_t i;
    int64_t j;
    if (!read_integers(a, &i, &j) || j == 0 || (i == INT64_MIN && j == -1)) return cop_none();
    return cop__int(heap, i / j);
}

FN(remainder_of)
{
    int64_t i;
    int64_t j;
    if (!read_integers(a, &i, &j) || j == 0) return cop_none();
    return cop__int(heap, j == -1 ? 0 : i % j);
}

FN(band)
{
    int64_t i;
    int64_t j;
    return read_integers(a, &i, &j) ? cop__int(heap, i & j) : cop_none();
}

FN(bor)
{
    int64_t i;
    int64_t j;
    return read_integers(a, &i, &j) ? cop__int(heap, i | j) : cop_none();
}

FN(bxor)
{
    int64_t i;
    int64_t j;
    return read_integers(a, &i, &j) ? cop__int(heap, i ^ j) : cop_none();
}

FN(bnot)
{
    int64_t i;
    return cop__integer_value(a[0], &i) ? cop__int(heap, ~i) : cop_none();
}

/* i * 2^by, rounded down. */
static cop_term shift(struct cop__heap *heap, int64_t i, int64_t by)
{
    int64_t result;
    if (i == 0) return cop__int(heap, 0);
    if (by <= 0) return cop__int(heap, i >> (by < -63 ? 63 : -by));
    if (by >= 63 || __builtin_mul_overflow(i, INT64_C(1) << by, &result)) return cop_none();
    return cop__int(heap, result);
}

FN(bsl)
{
    int64_t i;
    int64_t by;
    return read_integers(a, &i, &by) ? shift(heap, i, by) : cop_none();
}

FN(bsr)
{
    int64_t i;
    int64_t by;
    if (!read_integers(a, &i, &by) || by == INT64_MIN) return cop_none();
    return shift(heap, i, -by);
}

FN(plus)
{
    return cop_is_number(a[0]) ? a[0] : cop_none();
}

FN(negate)
{
    const cop_term operands[2] = {cop_int(0), a[0]};
    if (cop_is_float(a[0])) return of_double(heap, -cop_to_float(a[0]));
    return subtract(heap, operands, 2);
}

FN(absolute)
{
    if (!cop_is_number(a[0])) return cop_none();
    return cop_compare(a[0], cop_int(0)) < 0 ? negate(heap, a, 1) : a[0];
}

FN(to_float)
{
    return cop_is_number(a[0]) ? of_double(heap, cop_to_float(a[0])) : cop_none();
}

/* The integer that fn makes of a number. */
static cop_term whole(struct cop__heap *heap, cop_term t, double (*fn)(double))
{
    if (cop_is_integer(t)) return t;
    if (!cop_is_float(t)) return cop_none();
    double x = fn(cop_to_float(t));
    return x >= -0x1p63 && x < 0x1p63 ? cop__int(heap, (int64_t)x) : cop_none();
}

FN(to_round)
{
    return whole(heap, a[0], round);
}
FN(to_trunc)
{
    return whole(heap, a[0], trunc);
}
FN(to_floor)
{
    return whole(heap, a[0], floor);
}
FN(to_ceil)
{
    return whole(heap, a[0], ceil);
}

/* --- Parts ------------------------------------------------------------------------------------ */

FN(element)
{
    int64_t pos;
    if (!cop__integer_value(a[0], &pos) || !cop_is_tuple(a[1])) return cop_none();
    if (pos < 1 || (uint64_t)pos > cop__tuple_len(a[1])) return cop_none();
    return cop__tuple_items(a[1])[pos - 1];
}

FN(head)
{
    return cop__is_cons(a[0]) ? cop__cons_head(a[0]) : cop_none();
}
FN(tail)
{
    return cop__is_cons(a[0]) ? cop__cons_tail(a[0]) : cop_none();
}

FN(list_length)
{
    int64_t n = cop_is_list(a[0]) ? cop_list_len(a[0]) : -1;
    return n >= 0 ? cop__int(heap, n) : cop_none();
}

FN(tuple_size)
{
    return cop_is_tuple(a[0]) ? cop__int(heap, (int64_t)cop__tuple_len(a[0])) : cop_none();
}

FN(byte_size)
{
    return cop_is_binary(a[0]) ? cop__int(heap, (int64_t)cop_to_bytes(a[0]).len) : cop_none();
}

FN(size)
{
    return cop_is_tuple(a[0]) ? tuple_size(heap, a, 1) : byte_size(heap, a, 1);
}

FN(bit_size)
{
    return cop_is_binary(a[0]) ? cop__int(heap, (int64_t)cop_to_bytes(a[0]).len * 8) : cop_none();
}

FN(map_size)
{
    return cop_is_map(a[0]) ? cop__int(heap, (int64_t)cop_map_size(a[0])) : cop_none();
}

FN(map_get)
{
    return cop_is_map(a[1]) ? cop__map_find(a[1], a[0]) : cop_none();
}

/* --- The table -------------------------------------------------------------------------------- */

#define ANY_NUMBER 255 /* of arguments, one at least */

static const struct {
    const char *name;
    uint8_t arity;
    cop__spec_fn fn;
} functions[] = {
    {"is_atom", 1, is_atom},
    {"is_binary", 1, is_binary},
    {"is_bitstring", 1, is_binary},
    {"is_boolean", 1, is_boolean},
    {"is_float", 1, is_float},
    {"is_function", 1, is_function},
    {"is_integer", 1, is_integer},
    {"is_list", 1, is_list},
    {"is_map", 1, is_map},
    {"is_number", 1, is_number},
    {"is_pid", 1, is_pid},
    {"is_port", 1, never},
    {"is_reference", 1, is_reference},
    {"is_tuple", 1, is_tuple},
    {"is_map_key", 2, is_map_key},
    {"is_record", 3, is_record},
    {"and", ANY_NUMBER, and_all},
    {"or", ANY_NUMBER, or_all},
    {"xor", 2, xor_both},
    {"not", 1, not_it},
    {"==", 2, equal},
    {"/=", 2, not_equal},
    {"=:=", 2, same},
    {"=/=", 2, not_same},
    {"<", 2, less},
    {"=<", 2, at_most},
    {">", 2, greater},
    {">=", 2, at_least},
    {"max", 2, larger},
    {"min", 2, smaller},
    {"+", 2, add},
    {"-", 2, subtract},
    {"*", 2, multiply},
    {"/", 2, divide},
    {"div", 2, quotient},
    {"rem", 2, remainder_of},
    {"band", 2, band},
    {"bor", 2, bor},
    {"bxor", 2, bxor},
    {"bnot", 1, bnot},
    {"bsl", 2, bsl},
    {"bsr", 2, bsr},
    {"+", 1, plus},
    {"-", 1, negate},
    {"abs", 1, absolute},
    {"float", 1, to_float},
    {"round", 1, to_round},
    {"trunc", 1, to_trunc},
    {"floor", 1, to_floor},
    {"ceil", 1, to_ceil},
    {"element", 2, element},
    {"hd", 1, head},
    {"tl", 1, tail},
    {"length", 1, list_length},
    {"size", 1, size},
    {"tuple_size", 1, tuple_size},
    {"byte_size", 1, byte_size},
    {"bit_size", 1, bit_size},
    {"map_size", 1, map_size},
    {"map_get", 2, map_get},
};

cop__spec_fn cop__spec_function(cop_term name, size_t len)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        bool fits = functions[i].arity == ANY_NUMBER ? len > 0 : functions[i].arity == len;
        if (fits && cop__atom_is_text(name, functions[i].name)) return functions[i].fn;
    }
    return NULL;
}
