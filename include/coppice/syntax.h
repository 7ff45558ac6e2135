/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions in Elixir's syntax as terms: the quoted form of Elixir. The one grammar of coppice (its
 * file is src/term/parse.c) reads literals, patterns and the console's expressions alike.
 *
 * Quoted forms: atoms, numbers, strings (binaries), lists and pairs {a, b} stand for themselves;
 *     x              {:x, meta, nil}              f(1)          {:f, meta, [1]}
 *     {a, b, c}      {:{}, meta, [a, b, c]}       %{k: v}       {:%{}, meta, [k: v]}
 *     Mod.fun(1)     {{:., meta, [Mod, :fun]}, meta, [1]}       (aliases are plain atoms here)
 *     map.key        {{:., meta, [map, :key]}, [no_parens: true | meta], []}
 *     kw[:a]         {{:., meta, [Access, :get]}, meta, [kw, :a]}
 *     a + b          {:+, meta, [a, b]}           [h | t]       [{:|, meta, [h, t]}]
 *     &1             {:&, meta, [1]}              &M.f/2        {:&, meta, [{:/, meta, [call, 2]}]}
 * meta is [line: n, column: n]. */
#ifndef COPPICE_SYNTAX_H
#define COPPICE_SYNTAX_H

#include "coppice/term.h"

COP_BEGIN_DECLS

/* Reads one expression (several, separated by newlines or `;`, become {:__block__, meta, list}).
 * False: *ret_error says where and why; incomplete is set where another line could complete it. */
COP_API bool cop_quote(cop_bytes text, cop_term *ret_quoted, struct cop_parse_error *ret_error);

COP_END_DECLS

#endif
