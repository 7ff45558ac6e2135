/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in Elixir's syntax as terms: the quoted form of Elixir. The one grammar of coppice
 * (its file is src/term/parse.c) reads literals, patterns and the console's expressions alike.
 *
 * Quoted forms: atoms, numbers, strings (binaries), lists and pairs {a, b} stand for themselves;
 *     x              {:x, meta, nil}              f(1)          {:f, meta, [1]}
 *     {a, b, c}      {:{}, meta, [a, b, c]}       %{k: v}       {:%{}, meta, [k: v]}
 *     Mod.fun(1)     {{:., meta, [Mod, :fun]}, meta, [1]}       (aliases are plain atoms here)
 *     map.key        {{:., meta, [map, :key]}, [no_parens: true | meta], []}
 *     kw[:a]         {{:., meta, [Access, :get]}, meta, [kw, :a]}
 *     a + b          {:+, meta, [a, b]}           [h | t]       [{:|, meta, [h, t]}]
 *     &1             {:&, meta, [1]}              &M.f/2        {:&, meta, [{:/, meta, [call, 2]}]}
 * meta is [line: n, column: n]. Unlike in Elixir, -1 is the number, %Name{a: 1} the map with
 * __struct__, <<1, "a">> the binary, and "a#{b}" is "a" <> Kernel.to_string(b).
 *
 * **Captures as data.** A capture is a call with holes. &Mod.fun/2 binds nothing; &Mod.fun(&1, x)
 * has a list of arguments (cop_capture_parts), which are the bound terms as they are, but
 *     {:&, n}                          is the hole &n
 *     {:&, :tuple, [a, b]}             a tuple that has a hole or a call inside; the elements
 *                                      follow
 *     {:&, :list, [a, b, tail]}        the same rules. A list with its tail; a map as keys and
 *                                      values
 *     {:&, :map, [k, v, ...]}          in turn; a call inside: first module and function, both
 *                                      atoms.
 *     {:&, :call, [mod, fun, a, ...]}
 *     {:&, :value, t}                  is t, a bound tuple that begins with :& itself.
 * Operators and local names are functions of Kernel: &(&1 + 1) is &Kernel.+(&1, 1). A capture whose
 * body is no call calls Function.identity: &{&1, 1} is &Function.identity({&1, 1}). &1.name is
 * Map.fetch!(&1, :name), kw[:a] Access.get(kw, :a). A capture without any hole takes no
 * argument. */
#ifndef COPPICE_SYNTAX_H
#define COPPICE_SYNTAX_H

#include "coppice/term.h"

COP_BEGIN_DECLS

/* Reads one expression (several, separated by newlines or `;`, become {:__block__, meta, list}).
 * False: *ret_error says where and why; incomplete is set where another line could complete it. */
COP_API bool cop_quote(cop_bytes text, cop_term *ret_quoted, struct cop_parse_error *ret_error);

/* Matches value with a quoted pattern. bindings is a map from names (atoms) to values: pinned names
 * are read from it; *ret_bindings is the map with the pattern's variables put in. False: it does
 * not match, and ret_error->text is empty; or it is no pattern, and the error says why. */
COP_API bool cop_quoted_match(cop_term pattern, cop_term value, cop_term bindings,
                              cop_term *ret_bindings, struct cop_parse_error *ret_error);

/* The term of a quoted literal, in which variables stand for their values in bindings, captures
 * included: how a console makes &Map.get(&1, key). False: the error says what is no literal. */
COP_API bool cop_quoted_build(cop_term quoted, cop_term bindings, cop_term *ret_term,
                              struct cop_parse_error *ret_error);

/* Calls the function of a capture, called with len arguments: apply(arg, module, function, args,
 * len) for each call in it, innermost first; the outermost's result is returned. Exits:
 * BadArityError is the caller's to raise: len must be the capture's arity. Switches: if apply
 * does. */
typedef cop_term (*cop_apply_fn)(void *arg, cop_term module, cop_term function,
                                 const cop_term *args, size_t len);
COP_API cop_term cop_capture_call(cop_term fun, const cop_term *args, size_t len,
                                  cop_apply_fn apply, void *arg);

COP_END_DECLS

#endif
