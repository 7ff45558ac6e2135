/* SPDX-License-Identifier: Apache-2.0 */
/* The module JSON of Elixir 1.18, and what is wrong with a text in words. */
#include "coppice/json.h"

#include "base/utf8.h"
#include "coppice/error.h"

/* --- Errors in words -------------------------------------------------------------------------- */

/* Line and column, from 1, of the byte at offset; columns count code points. */
static void place_of(cop_bytes text, int64_t offset, int64_t *ret_line, int64_t *ret_column)
{
    int64_t line = 1;
    int64_t column = 1;
    uint32_t code;

    for (size_t at = 0; at < text.len && (int64_t)at < offset;) {
        size_t size = cop__utf8_decode(text.data + at, text.len - at, &code);

        column = text.data[at] == '\n' ? 1 : column + 1;
        line += text.data[at] == '\n';
        at += size > 0 ? size : 1;
    }
    *ret_line = line;
    *ret_column = column;
}

/* Where a reason says that it is wrong; false for one of no place. */
static bool offset_of(cop_term reason, int64_t *ret_offset)
{
    int64_t offset;

    if (!cop_match(reason, "{_kind, offset}", offset) &&
        !cop_match(reason, "{_kind, offset, _what}", offset))
        return false;
    *ret_offset = offset;
    return true;
}

static cop_term words_of(cop_term reason)
{
    int64_t byte;
    cop_term sequence;

    if (cop_match(reason, "{:unexpected_end, _}"))
        return cop_string("unexpected end of JSON binary");
    if (cop_match(reason, "{:invalid_byte, _, byte}", byte))
        return cop_format("invalid byte %d", (int)byte);
    if (cop_match(reason, "{:unexpected_sequence, _, sequence}", sequence)) {
        cop_bytes shown = cop_to_bytes(cop_inspect(sequence));
        return cop_format("unexpected sequence %.*s", (int)shown.len, shown.data);
    }
    if (cop_match(reason, "{:too_deep, _}"))
        return cop_string("arrays and objects nest too deeply");
    return cop_string("the text, or a number in it, is too large");
}

cop_term cop_json_format_error(cop_term reason, cop_term text)
{
    cop_bytes words = cop_to_bytes(words_of(reason));
    int64_t offset;
    int64_t line;
    int64_t column;

    if (!offset_of(reason, &offset)) return words_of(reason);
    place_of(cop_to_bytes(text), offset, &line, &column);
    return cop_format("line %lld, column %lld: %.*s", (long long)line, (long long)column,
                      (int)words.len, words.data);
}

/* --- The module ------------------------------------------------------------------------------- */

/* Elixir's exception; its message tells the offset only, so line and column are fields as well. */
static COP_NORETURN void raise_decode(cop_term reason, cop_term text)
{
    cop_bytes words = cop_to_bytes(words_of(reason));
    cop_term exception;
    int64_t offset;
    int64_t line;
    int64_t column;

    if (!offset_of(reason, &offset))
        cop_raise("JSON.DecodeError", "%.*s", (int)words.len, words.data);
    place_of(cop_to_bytes(text), offset, &line, &column);
    exception = cop_exception("JSON.DecodeError", "%.*s at position (byte offset) %lld",
                              (int)words.len, words.data, (long long)offset);
    exception = cop_map_put(exception, COP(":data"), text);
    exception = cop_map_put(exception, COP(":offset"), offset);
    exception = cop_map_put(exception, COP(":line"), line);
    cop_error(cop_map_put(exception, COP(":column"), column));
}

static cop_term decode_or_raise(cop_term text)
{
    cop_term answer = cop_json_decode(text);

    if (!cop_identical(cop_elem(answer, 0), cop_ok())) raise_decode(cop_elem(answer, 1), text);
    return cop_elem(answer, 1);
}

cop_term cop_json_encode_or_raise(cop_term t)
{
    cop_term answer = cop_json_encode(t);
    cop_term part;

    if (cop_match(answer, "{:error, {:unencodable, part}}", part)) {
        cop_bytes shown = cop_to_bytes(cop_inspect_within(part, 500));

        cop_raise("Protocol.UndefinedError",
                  "protocol JSON.Encoder not implemented for %.*s of type %s", (int)shown.len,
                  shown.data, cop_kind_name(part));
    }
    if (!cop_identical(cop_elem(answer, 0), cop_ok())) cop_error(cop_elem(answer, 1));
    return cop_elem(answer, 1);
}

static const struct cop_function functions[] = {
    COP_EXPORT("decode(binary)", cop_json_decode,
               "{:ok, term}, or {:error, reason} that tells the byte offset."),
    COP_EXPORT("decode!(binary)", decode_or_raise, "The term; else a JSON.DecodeError."),
    COP_EXPORT("encode!(term)", cop_json_encode_or_raise,
               "The text of a term. Atoms are strings, but for nil, true and false."),
    COP_EXPORT_END};

const struct cop_module cop_json_module = {.size = sizeof(struct cop_module),
                                           .name = "JSON",
                                           .doc = "JSON texts to terms and back.",
                                           .functions = functions};
