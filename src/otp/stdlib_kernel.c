/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel: operators, tests of kinds, and what needs no module's name before it. The console's
 * operators and local calls, and those inside captures, are calls of this table. */
#include "otp/stdlib_kernel.h"
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"
#include "otp/stdlib_number.h"

#include <string.h>

/* --- Comparing, joining ----------------------------------------------------------------------- */

static cop_term equal(cop_term a, cop_term b)
{
    return cop_bool(cop_equal(a, b));
}

static cop_term not_equal(cop_term a, cop_term b)
{
    return cop_bool(!cop_equal(a, b));
}

static cop_term identical(cop_term a, cop_term b)
{
    return cop_bool(cop_identical(a, b));
}

static cop_term not_identical(cop_term a, cop_term b)
{
    return cop_bool(!cop_identical(a, b));
}

static cop_term less(cop_term a, cop_term b)
{
    return cop_bool(cop_compare(a, b) < 0);
}

static cop_term greater(cop_term a, cop_term b)
{
    return cop_bool(cop_compare(a, b) > 0);
}

/* There are no regular expressions: whatever else stands right is none. */
static cop_term contains(cop_term left, cop_term right)
{
    cop_bytes text, part;

    if (!cop_is_binary(left)) cop__raise_no_clause("Kernel.=~/2");
    if (!cop_is_binary(right)) cop__raise_no_clause("Regex.match?/2");
    text = cop_to_bytes(left);
    part = cop_to_bytes(right);
    return cop_bool(part.len == 0 || memmem(text.data, text.len, part.data, part.len) != NULL);
}

static cop_term less_or_equal(cop_term a, cop_term b)
{
    return cop_bool(cop_compare(a, b) <= 0);
}

static cop_term greater_or_equal(cop_term a, cop_term b)
{
    return cop_bool(cop_compare(a, b) >= 0);
}

static cop_term max_of(cop_term a, cop_term b)
{
    return cop_compare(a, b) >= 0 ? a : b;
}

static cop_term min_of(cop_term a, cop_term b)
{
    return cop_compare(a, b) <= 0 ? a : b;
}

static cop_term negation(cop_term value)
{
    if (!cop_is_boolean(value)) cop_error(COP(":badarg"));
    return cop_bool(!cop_to_bool(value));
}

static cop_term is_falsy(cop_term value)
{
    return cop_bool(!cop__is_truthy(value));
}

/* `and`, `or`, && and || as functions, in captures: their right side was computed already. */
static cop_term conjunction(cop_term a, cop_term b)
{
    if (!cop_is_boolean(a)) cop_error(COP(":badarg"));
    return cop_to_bool(a) ? b : a;
}

static cop_term disjunction(cop_term a, cop_term b)
{
    if (!cop_is_boolean(a)) cop_error(COP(":badarg"));
    return cop_to_bool(a) ? a : b;
}

static cop_term right_if_truthy(cop_term a, cop_term b)
{
    return cop__is_truthy(a) ? b : a;
}

static cop_term left_if_truthy(cop_term a, cop_term b)
{
    return cop__is_truthy(a) ? a : b;
}

static cop_term append(cop_term left, cop_term right)
{
    if (cop_list_len(left) < 0) cop_error(COP(":badarg"));
    return cop_list_append(left, right);
}

static cop_term subtract_list(cop_term left, cop_term right)
{
    cop_term kept = cop_empty_list();

    if (cop_list_len(left) < 0 || cop_list_len(right) < 0) cop_error(COP(":badarg"));
    for (; !cop_is_empty_list(left); left = cop_tail(left)) {
        cop_term passed = cop_empty_list();
        cop_term rest = right;

        while (!cop_is_empty_list(rest) && !cop_identical(cop_head(rest), cop_head(left))) {
            passed = cop_cons(cop_head(rest), passed);
            rest = cop_tail(rest);
        }
        if (cop_is_empty_list(rest))
            kept = cop_cons(cop_head(left), kept);
        else
            right = cop_list_append(cop_list_reverse(passed), cop_tail(rest));
    }
    return cop_list_reverse(kept);
}

static cop_term concat(cop_term left, cop_term right)
{
    cop_term bad = !cop_is_binary(left) ? left : !cop_is_binary(right) ? right : cop_none();
    cop_bytes a;
    cop_bytes b;

    if (!cop_is_none(bad)) {
        cop_bytes text = cop_to_bytes(cop_inspect_with(bad, (struct cop_inspect_opts){0, 50}));

        cop_raise("ArgumentError", "expected binary argument in <> operator but got: %.*s",
                  (int)text.len, text.data);
    }
    a = cop_to_bytes(left);
    b = cop_to_bytes(right);
    return cop__join_bytes(a, b);
}

/* --- Kinds ------------------------------------------------------------------------------------ */

#define KIND(name, test)                                                                           \
    static cop_term name(cop_term t)                                                               \
    {                                                                                              \
        return cop_bool(test(t));                                                                  \
    }
KIND(is_integer, cop_is_integer)
KIND(is_float, cop_is_float)
KIND(is_number, cop_is_number)
KIND(is_atom, cop_is_atom)
KIND(is_boolean, cop_is_boolean)
KIND(is_pid, cop_is_pid)
KIND(is_reference, cop_is_reference)
KIND(is_tuple, cop_is_tuple)
KIND(is_list, cop_is_list)
KIND(is_map, cop_is_map)
KIND(is_binary, cop_is_binary)

static cop_term is_function_1(cop_term t)
{
    return cop_bool(cop_is_fun(t, -1));
}

static cop_term is_function(cop_term t, cop_term arity)
{
    int64_t n;

    if (!cop__is_int64(arity, &n) || n < 0) cop_error(COP(":badarg"));
    return cop_bool(n <= 255 && cop_is_fun(t, (int)n));
}

static cop_term is_nil(cop_term t)
{
    return cop_bool(cop_identical(t, cop_nil()));
}

static cop_term is_map_key(cop_term map, cop_term key)
{
    return cop_bool(cop_map_has(cop__map_arg(map), key));
}

/* --- Parts ------------------------------------------------------------------------------------ */

/* The position `index` of tuple, from 0. */
static size_t position(cop_term tuple, cop_term index)
{
    int64_t i;

    if (!cop_is_tuple(tuple)) cop__raise_argument(2, "not a tuple");
    if (!cop__is_int64(index, &i)) cop__raise_argument(1, "not an integer");
    if (i < 0 || (size_t)i >= cop_tuple_size(tuple)) cop__raise_argument(1, "out of range");
    return (size_t)i;
}

static cop_term elem(cop_term tuple, cop_term index)
{
    return cop_elem(tuple, position(tuple, index));
}

static cop_term put_elem(cop_term tuple, cop_term index, cop_term value)
{
    return cop_put_elem(tuple, position(tuple, index), value);
}

static cop_term hd(cop_term list)
{
    if (!cop_is_list(list) || cop_is_empty_list(list))
        cop__raise_argument(1, "not a nonempty list");
    return cop_head(list);
}

static cop_term tl(cop_term list)
{
    if (!cop_is_list(list) || cop_is_empty_list(list))
        cop__raise_argument(1, "not a nonempty list");
    return cop_tail(list);
}

static cop_term length(cop_term list)
{
    int64_t len = cop_is_list(list) ? cop_list_len(list) : -1;

    if (len < 0) cop__raise_argument(1, "not a list");
    return cop_int(len);
}

static cop_term map_size(cop_term map)
{
    return cop_int((int64_t)cop_map_size(cop__map_arg(map)));
}

static cop_term tuple_size(cop_term tuple)
{
    if (!cop_is_tuple(tuple)) cop__raise_argument(1, "not a tuple");
    return cop_int((int64_t)cop_tuple_size(tuple));
}

static cop_term byte_size(cop_term binary)
{
    if (!cop_is_binary(binary)) cop__raise_argument(1, "not a bitstring");
    return cop_int((int64_t)cop_to_bytes(binary).len);
}

static cop_term bit_size(cop_term binary)
{
    return cop_int(cop_to_int(byte_size(binary)) * 8);
}

/* A negative length counts to the left. */
static cop_term binary_part(cop_term binary, cop_term start, cop_term length)
{
    int64_t from;
    int64_t n;
    int64_t size;

    if (!cop_is_integer(length)) cop__raise_argument(3, "not an integer");
    if (!cop_is_integer(start)) cop__raise_argument(2, "not an integer");
    if (!cop_is_binary(binary)) cop__raise_argument(1, "not a binary");
    size = (int64_t)cop_to_bytes(binary).len;
    if (!cop__is_int64(start, &from) || from < 0 || from > size)
        cop__raise_argument(2, "out of range");
    if (!cop__is_int64(length, &n) || n > size - from || n < -from)
        cop__raise_argument(3, "out of range");
    if (n < 0) from += n;
    return cop_binary(cop_to_bytes(binary).data + from, (size_t)(n < 0 ? -n : n));
}

static const struct cop_function functions[] = {
    COP_EXPORT("+(value)", cop__plus, "The number itself."),
    COP_EXPORT("+(left, right)", cop__add, "The sum of two numbers."),
    COP_EXPORT("-(value)", cop__negate, "The number with its sign turned."),
    COP_EXPORT("-(left, right)", cop__subtract, "The difference of two numbers."),
    COP_EXPORT("*(left, right)", cop__multiply, "The product of two numbers."),
    COP_EXPORT("**(left, right)", cop__power, "The power of two numbers."),
    COP_EXPORT("/(left, right)", cop__divide, "The quotient of two numbers, always a float."),
    COP_EXPORT("div(dividend, divisor)", cop__quotient, "The whole quotient of two integers."),
    COP_EXPORT("rem(dividend, divisor)", cop__remainder, "What div leaves over."),
    COP_EXPORT("abs(number)", cop__abs, "The number without its sign."),
    COP_EXPORT("round(number)", cop__round, "The nearest integer; halves away from zero."),
    COP_EXPORT("trunc(number)", cop__trunc, "The integer part."),
    COP_EXPORT("floor(number)", cop__floor, "The largest integer that is not above number."),
    COP_EXPORT("ceil(number)", cop__ceil, "The smallest integer that is not below number."),
    COP_EXPORT("==(left, right)", equal, "Whether two terms are equal; 1 == 1.0."),
    COP_EXPORT("!=(left, right)", not_equal, "Whether two terms are not equal."),
    COP_EXPORT("===(left, right)", identical, "Whether two terms are the same; not 1 === 1.0."),
    COP_EXPORT("!==(left, right)", not_identical, "Whether two terms are not the same."),
    COP_EXPORT("<(left, right)", less, "Whether left stands before right in the order of terms."),
    COP_EXPORT(">(left, right)", greater, "Whether left stands after right."),
    COP_EXPORT("<=(left, right)", less_or_equal, "Whether left stands not after right."),
    COP_EXPORT(">=(left, right)", greater_or_equal, "Whether left stands not before right."),
    COP_EXPORT("=~(left, right)", contains, "Whether the string right stands in left."),
    COP_EXPORT("max(first, second)", max_of, "The larger of two terms."),
    COP_EXPORT("min(first, second)", min_of, "The smaller of two terms."),
    COP_EXPORT("not(value)", negation, "The opposite of a boolean."),
    COP_EXPORT("!(value)", is_falsy, "Whether value is nil or false."),
    COP_EXPORT("and(left, right)", conjunction, "Right if left is true, else false."),
    COP_EXPORT("or(left, right)", disjunction, "True if left is true, else right."),
    COP_EXPORT("&&(left, right)", right_if_truthy, "Right unless left is nil or false."),
    COP_EXPORT("||(left, right)", left_if_truthy, "Left unless it is nil or false, else right."),
    COP_EXPORT("++(left, right)", append, "Two lists as one."),
    COP_EXPORT("--(left, right)", subtract_list,
               "Left without the first of each element of right."),
    COP_EXPORT("<>(left, right)", concat, "Two binaries as one."),
    COP_EXPORT("..(first, last)", cop__kernel_range, "The integers from first to last."),
    COP_EXPORT("..//(first, last, step)", cop__kernel_range_step, "The same in steps."),
    COP_EXPORT("in(left, right)", cop__is_in, "Whether left is an element of right."),
    COP_EXPORT("is_integer(term)", is_integer, "Whether term is an integer."),
    COP_EXPORT("is_float(term)", is_float, "Whether term is a float."),
    COP_EXPORT("is_number(term)", is_number, "Whether term is a number."),
    COP_EXPORT("is_atom(term)", is_atom, "Whether term is an atom."),
    COP_EXPORT("is_boolean(term)", is_boolean, "Whether term is true or false."),
    COP_EXPORT("is_nil(term)", is_nil, "Whether term is nil."),
    COP_EXPORT("is_pid(term)", is_pid, "Whether term is a pid."),
    COP_EXPORT("is_reference(term)", is_reference, "Whether term is a reference."),
    COP_EXPORT("is_tuple(term)", is_tuple, "Whether term is a tuple."),
    COP_EXPORT("is_list(term)", is_list, "Whether term is a list, also an improper one."),
    COP_EXPORT("is_map(term)", is_map, "Whether term is a map."),
    COP_EXPORT("is_map_key(map, key)", is_map_key, "Whether map has key."),
    COP_EXPORT("is_binary(term)", is_binary, "Whether term is a binary."),
    COP_EXPORT("is_bitstring(term)", is_binary, "Whether term is a binary."),
    COP_EXPORT("is_function(term)", is_function_1, "Whether term is a capture."),
    COP_EXPORT("is_function(term, arity)", is_function, "Whether term is one of this arity."),
    COP_EXPORT("elem(tuple, index)", elem, "The element at index, from 0."),
    COP_EXPORT("put_elem(tuple, index, value)", put_elem, "The tuple with value at index."),
    COP_EXPORT("get_in(data, keys)", cop__kernel_get_in, "The value under key after key, or nil."),
    COP_EXPORT("put_in(data, keys, value)", cop__kernel_put_in, "The data with value there."),
    COP_EXPORT("update_in(data, keys, fun)", cop__kernel_update_in,
               "The data with fun(value) there."),
    COP_EXPORT("hd(list)", hd, "The first element."),
    COP_EXPORT("tl(list)", tl, "All but the first element."),
    COP_EXPORT("length(list)", length, "The number of elements."),
    COP_EXPORT("map_size(map)", map_size, "The number of keys."),
    COP_EXPORT("tuple_size(tuple)", tuple_size, "The number of elements."),
    COP_EXPORT("byte_size(binary)", byte_size, "The number of bytes."),
    COP_EXPORT("bit_size(binary)", bit_size, "The number of bits."),
    COP_EXPORT("binary_part(binary, start, size)", binary_part, "So many bytes from start on."),
    COP_EXPORT("self()", cop__kernel_self, "The calling process."),
    COP_EXPORT("node()", cop__kernel_node, "The name of this node."),
    COP_EXPORT("node(term)", cop__kernel_node_of, "The name of the node of a pid or reference."),
    COP_EXPORT("make_ref()", cop__kernel_make_ref, "A new reference."),
    COP_EXPORT("send(dest, message)", cop__kernel_send, "Sends message to a pid or name."),
    COP_EXPORT("exit(reason)", cop__kernel_exit, "Ends the calling process with reason."),
    COP_EXPORT("throw(term)", cop__kernel_throw, "Throws term to whoever catches it."),
    COP_EXPORT("raise(exception)", cop__kernel_raise,
               "Raises an exception, or a RuntimeError with this text."),
    COP_EXPORT("raise(exception, attributes)", cop__kernel_raise_with,
               "Raises the exception of this module, with a text or fields."),
    COP_EXPORT("spawn(fun)", cop__kernel_spawn, "Starts a process that calls fun."),
    COP_EXPORT("spawn(module, fun, args)", cop__kernel_spawn_mfa, "Starts one that calls this."),
    COP_EXPORT("spawn_link(fun)", cop__kernel_spawn_link, "Starts a linked process."),
    COP_EXPORT("spawn_link(module, fun, args)", cop__kernel_spawn_link_mfa,
               "Starts a linked process that calls this."),
    COP_EXPORT("spawn_monitor(fun)", cop__kernel_spawn_monitor,
               "Starts a watched process: {pid, ref}."),
    COP_EXPORT("apply(fun, args)", cop__kernel_apply_fun, "Calls fun with a list of arguments."),
    COP_EXPORT("apply(module, fun, args)", cop__kernel_apply, "Calls a function by its name."),
    COP_EXPORT("function_exported?(module, function, arity)", cop__kernel_exported,
               "Whether the module has this function."),
    COP_EXPORT("inspect(term)", cop__kernel_inspect, "The text that shows term."),
    COP_EXPORT("inspect(term, options)", cop__kernel_inspect_with,
               "The same; options: limit, width, pretty."),
    COP_EXPORT("to_string(term)", cop__to_string,
               "The text of a string, atom, number or chardata."),
    COP_EXPORT("to_charlist(term)", cop__kernel_to_charlist, "The same as a list of codes."),
    COP_EXPORT("tap(value, fun)", cop__kernel_tap, "Calls fun with value and returns value."),
    COP_EXPORT("then(value, fun)", cop__kernel_then, "Calls fun with value."),
    COP_EXPORT("dbg(term)", cop__kernel_dbg, "Prints term and returns it."),
    COP_EXPORT_END};

const struct cop_module cop__kernel_module = {
    .size = sizeof(struct cop_module),
    .name = "Kernel",
    .doc = "Operators, tests of kinds, and functions that need no module before their name.",
    .functions = functions};
