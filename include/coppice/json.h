/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: texts (RFC 8259) to terms and back, as Elixir's module JSON does it.
 *
 *     cop_expect(cop_json_decode(body), "{:ok, %{\"rules\" => rules}}", rules);
 *     cop_term body = cop_json_encode_or_raise(cop_build("%{rules: n}", n));
 *
 *     object   a map with string keys          null          nil
 *     array    a list                          true, false   the atoms
 *     string   a binary of UTF-8               1, -20        an integer of any size
 *                                              1.5, 1e3      a float
 *
 * Of equal keys in an object the first counts. The other way round atoms are strings too, and the
 * keys of a map may be strings, atoms, integers and floats. What JSON has no words for (tuples,
 * pids, references, captures, structs, improper lists, binaries that are no UTF-8) is refused. Both
 * ways need no more stack for deep data than for flat. The console has this as JSON.decode/1,
 * JSON.decode!/1 and JSON.encode!/1. */
#ifndef COPPICE_JSON_H
#define COPPICE_JSON_H

#include "coppice/module.h"

/* What a text may cost its reader; 0: the default. */
struct cop_json_limits {
    size_t size_max;  /* bytes of the text (67108864) */
    size_t depth_max; /* arrays and objects in each other (1000) */
};

COP_BEGIN_DECLS

/* The module JSON; cop_main() knows it, other programs register it (module.h). */
COP_API extern const struct cop_module cop_json_module;

/* The term of a text, which is a binary: {:ok, term}, or {:error, reason} with one of
 *     {:unexpected_end, offset}                 the text is not complete
 *     {:invalid_byte, offset, byte}             something else was expected there
 *     {:unexpected_sequence, offset, bytes}     half a surrogate pair, a float out of range
 *     {:too_deep, offset}                       beyond depth_max
 *     :too_large                                beyond size_max, or a number of 10000 digits
 * Offsets are in bytes, from 0. Runs on: any thread inside a region, as all of this header. */
COP_API cop_term cop_json_decode(cop_term text);
/* The same within other limits. */
COP_API cop_term cop_json_decode_within(cop_term text, struct cop_json_limits limits);
/* Such a reason in words, as a binary: "line 2, column 7: invalid byte 44". text: what was to be
 * decoded. */
COP_API cop_term cop_json_format_error(cop_term reason, cop_term text);

/* The text of a term, without white space: {:ok, binary} or {:error, reason}: {:unencodable, part},
 * or {:invalid_byte, byte} for a binary that is no UTF-8. The keys of a map come in the order in
 * which inspect shows them. */
COP_API cop_term cop_json_encode(cop_term t);
/* The text alone. Exits: Protocol.UndefinedError, {:invalid_byte, byte}. */
COP_API cop_term cop_json_encode_or_raise(cop_term t);

COP_END_DECLS

#endif
