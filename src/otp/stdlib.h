/* SPDX-License-Identifier: Apache-2.0 */
/* The modules of Elixir's standard library, as far as captures, the console and child
 * specifications need them: &Map.get(&1, :k), Enum.sort(list), Process.whereis(name).
 *
 * Each table stands in a file of its own, stdlib_NAME.c; a function does what Elixir's does, its
 * errors included, as far as its table says. What they share is here. */
#ifndef COP_OTP_STDLIB_H
#define COP_OTP_STDLIB_H

#include "coppice/module.h"

extern const struct cop_module cop__kernel_module;
extern const struct cop_module cop__function_module;
extern const struct cop_module cop__access_module;
extern const struct cop_module cop__enum_module;
extern const struct cop_module cop__list_module;
extern const struct cop_module cop__keyword_module;
extern const struct cop_module cop__map_module;
extern const struct cop_module cop__range_module;
extern const struct cop_module cop__tuple_module;
extern const struct cop_module cop__string_module;
extern const struct cop_module cop__integer_module;
extern const struct cop_module cop__float_module;
extern const struct cop_module cop__atom_module;
extern const struct cop_module cop__process_module;
extern const struct cop_module cop__node_module;
extern const struct cop_module cop__gen_server_module;
extern const struct cop_module cop__agent_module;
extern const struct cop_module cop__system_module;
extern const struct cop_module cop__io_module;
extern const struct cop_module cop__os_module;
extern const struct cop_module cop__erlang_module;
extern const struct cop_module cop__timer_module;
extern const struct cop_module cop__sys_module;
extern const struct cop_module cop__ets_module;
extern const struct cop_module cop__erlang_gen_server_module;
extern const struct cop_module cop__proc_lib_module;
extern const struct cop_module cop__gen_tcp_module;
extern const struct cop_module cop__gen_udp_module;
extern const struct cop_module cop__inet_module;
extern const struct cop_module cop__inet_res_module;

/* Registers them all; after the first time it does nothing. Runs on: any thread. */
void cop__stdlib_register(void);

/* --- Errors ----------------------------------------------------------------------------------- */

/* An ArgumentError in the words of OTP: "1st argument: not a list". */
COP_NORETURN void cop__raise_argument(int position, const char *what);
/* A FunctionClauseError of "Map.get/3" or ":lists.flatten/1". */
COP_NORETURN void cop__raise_no_clause(const char *function);
COP_NORETURN void cop__raise_bad_map(cop_term t);
/* A KeyError; what is the map or keyword list. */
COP_NORETURN void cop__raise_key(cop_term key, cop_term what);
/* "protocol Enumerable not implemented for 1 of type Integer". */
COP_NORETURN void cop__raise_protocol(const char *protocol, cop_term t);

/* --- Arguments -------------------------------------------------------------------------------- */

/* An ArgumentError if options, the argument at this position, is no proper list. */
void cop__options_arg(cop_term options, int position);
/* True if t is an integer that fits. */
bool cop__is_int64(cop_term t, int64_t *ret);
/* t if it is a map; else a BadMapError. */
cop_term cop__map_arg(cop_term t);
/* first..last//step; step is not 0. */
struct cop__range {
    int64_t first;
    int64_t last;
    int64_t step;
};
/* Whether t is a range of integers that fit. */
bool cop__is_range(cop_term t, struct cop__range *ret_range);
/* How many integers are in it, INT64_MAX at most. */
int64_t cop__range_len(struct cop__range r);
/* The i-th of them, from 0. */
cop_term cop__range_at(struct cop__range r, int64_t i);
/* The elements of a list, a map, a range or a stream of tasks as a list; else the error that Enum
 * raises.
 * Switches: for a stream. */
cop_term cop__enumerate(cop_term t);
/* How often something of size bytes is to be made, from an integer >= 0; else a
 * FunctionClauseError of function. What nobody has the memory for is an error system_limit. */
int64_t cop__times(cop_term times, size_t size, const char *function);
/* Calls fn(state, element) for each of them until it returns false. A stream is consumed only so
 * far, and closed, also when fn raises. Switches: for a stream, or if fn does. */
typedef bool (*cop__each_fn)(void *state, cop_term element);
void cop__each(cop_term enumerable, cop__each_fn fn, void *state);
/* Whether t is neither nil nor false. */
bool cop__is_truthy(cop_term t);
/* The tuple of a proper list's elements. */
cop_term cop__list_to_tuple(cop_term list);
/* fun, if it is a function of this arity; else the FunctionClauseError of function. */
cop_term cop__fun_arg(cop_term fun, int arity, const char *function);
/* What fun(old) says in get_and_update: {got, new}, or :pop (false; *ret_got is old then). Anything
 * else is a RuntimeError. */
bool cop__get_and_update(cop_term fun, cop_term old, cop_term *ret_got, cop_term *ret_new);
/* A time in milliseconds, from an integer or :infinity; -2 if t is neither. */
int64_t cop__timeout(cop_term t);

/* A term as Kernel.to_string/1 makes a text of it, also chardata. */
cop_term cop__to_string(cop_term t);
/* The text of a list of lists, codes and binaries; an ArgumentError in the words of
 * List.to_charlist/1 or of List.to_string/1 if something else is in it. */
cop_term cop__chardata(cop_term list, bool to_charlist);
/* A sort of a proper list, stable but for cop__precedes, which is as OTP has it; precedes(arg, a,
 * b) is true where a may stand before b. */
typedef bool (*cop__precedes_fn)(void *arg, cop_term a, cop_term b);
cop_term cop__sort_list(cop_term list, cop__precedes_fn precedes, void *arg);
/* In OTP's order. */
bool cop__precedes(void *arg, cop_term a, cop_term b);
/* GenServer.reply(client, answer), of any pair: who cannot be reached is not told. */
cop_term cop__reply_to(cop_term client, cop_term answer);
/* fun(a), fun(a, b). */
cop_term cop__call1(cop_term fun, cop_term a);
cop_term cop__call2(cop_term fun, cop_term a, cop_term b);

#endif
