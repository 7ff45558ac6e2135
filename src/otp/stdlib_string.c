/* SPDX-License-Identifier: Apache-2.0 */
/* String: letters and conversions, and the table. Letters beyond ASCII and Latin-1 keep their case,
 * and what a reader would take for one letter is counted by its code points. */
#include "otp/stdlib_string.h"
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"
#include "otp/stdlib_number.h"
#include "otp/text.h"
#include <ctype.h>
#include <string.h>

cop_bytes cop__string_arg(cop_term string, const char *function)
{
    if (!cop_is_binary(string)) cop__raise_no_clause(function);
    return cop_to_bytes(string);
}

/* --- Code points ------------------------------------------------------------------------------ */

size_t cop__code_size(cop_bytes text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    size_t size = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

    return size <= text.len - at ? size : 1;
}

static cop_term length(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.length/1");
    int64_t count = 0;

    for (size_t i = 0; i < text.len; i += cop__code_size(text, i))
        count++;
    return cop_int(count);
}

static bool is_valid_at(cop_bytes text, size_t at, uint32_t *ret_code, size_t *ret_size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)text.data[at];
    size_t size = cop__code_size(text, at);
    uint32_t code = size == 1 ? c : c & (0x7fU >> size);

    if (size == 1 && c >= 0x80) return false;
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)text.data[at + i];

        if ((next & 0xc0) != 0x80) return false;
        code = code << 6 | (next & 0x3fU);
    }
    *ret_code = code;
    *ret_size = size;
    return code >= least[size] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static cop_term is_valid(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.valid?/1");
    uint32_t code;
    size_t size;

    for (size_t i = 0; i < text.len; i += size)
        if (!is_valid_at(text, i, &code, &size)) return cop_false();
    return cop_true();
}

static cop_term to_charlist(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.to_charlist/1");
    cop_term done = cop_empty_list();
    uint32_t code;
    size_t size;

    for (size_t i = 0; i < text.len; i += size) {
        if (!is_valid_at(text, i, &code, &size)) cop_error(COP(":badarg"));
        done = cop_cons(cop_int(code), done);
    }
    return cop_list_reverse(done);
}

static cop_term reverse(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.reverse/1");
    COP__TEXT(out);
    cop_term pieces = cop_empty_list();

    for (size_t i = 0; i < text.len; i += cop__code_size(text, i))
        pieces = cop_cons(cop_binary(text.data + i, cop__code_size(text, i)), pieces);
    for (; !cop_is_empty_list(pieces); pieces = cop_tail(pieces))
        cop__text_add_bytes(&out, cop_to_bytes(cop_head(pieces)));
    return cop__text_binary(&out);
}

/* A byte of UTF-8 in the other case: letters of ASCII, and of Latin-1 after the byte c3. */
static unsigned char other_case(unsigned char c, unsigned char before, bool up)
{
    if (c < 0x80) return (unsigned char)(up ? toupper(c) : tolower(c));
    if (before != 0xc3) return c;
    if (up) return c >= 0xa0 && c <= 0xbe && c != 0xb7 ? (unsigned char)(c - 0x20) : c;
    return c >= 0x80 && c <= 0x9e && c != 0x97 ? (unsigned char)(c + 0x20) : c;
}

static cop_term change_case(cop_bytes text, bool up)
{
    COP__TEXT(out);
    unsigned char before = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char changed = (char)other_case(c, before, up);

        cop__text_add_bytes(&out, (cop_bytes){&changed, 1});
        before = c;
    }
    return cop__text_binary(&out);
}

static cop_term upcase(cop_term string)
{
    return change_case(cop__string_arg(string, "String.upcase/2"), true);
}

static cop_term downcase(cop_term string)
{
    return change_case(cop__string_arg(string, "String.downcase/2"), false);
}

static cop_term capitalize(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.capitalize/2");
    size_t first = text.len ? cop__code_size(text, 0) : 0;
    cop_bytes rest = {text.data + first, text.len - first};

    return cop__join_bytes(cop_to_bytes(change_case((cop_bytes){text.data, first}, true)),
                           cop_to_bytes(change_case(rest, false)));
}

static cop_term codepoints(cop_term string)
{
    return cop__string_codes(cop__string_arg(string, "String.codepoints/1"));
}

static cop_term graphemes(cop_term string)
{
    return cop__string_codes(cop__string_arg(string, "String.graphemes/1"));
}

static cop_term first(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.first/1");

    return text.len ? cop_binary(text.data, cop__code_size(text, 0)) : cop_nil();
}

/* Whether all characters can be shown: letters, signs, blanks; no other control characters. */
static cop_term is_printable(cop_term string)
{
    static const char shown[] = "\a\b\t\n\v\f\r\033";
    cop_bytes text = cop__string_arg(string, "String.printable?/2");
    uint32_t code;
    size_t size;

    for (size_t i = 0; i < text.len; i += size) {
        if (!is_valid_at(text, i, &code, &size)) return cop_false();
        if (code < 0x20 && !(code && memchr(shown, (int)code, sizeof(shown) - 1)))
            return cop_false();
        if (code > 0x7f && code < 0xa0) return cop_false();
    }
    return cop_true();
}

/* --- Conversions ------------------------------------------------------------------------------ */

static cop_term to_atom(cop_term string)
{
    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    return cop_atom_from(cop_to_bytes(string));
}

static cop_term to_existing_atom(cop_term string)
{
    cop_term atom;

    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    atom = cop_atom_existing(cop_to_bytes(string));
    if (cop_is_none(atom)) cop__raise_argument(1, "not an already existing atom");
    return atom;
}

/* A text that is one number of this kind, signs and all; else an ArgumentError. */
static cop_term to_number(cop_bytes text, bool (*is_kind)(cop_term), const char *complaint)
{
    struct cop_parse_error error;
    cop_term t;
    bool has_sign = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t digits = has_sign ? 1 : 0;

    if (text.len > digits && isdigit((unsigned char)text.data[digits]) &&
        !memchr(text.data, '_', text.len) &&
        cop_parse((cop_bytes){text.data + (has_sign && text.data[0] == '+'),
                              text.len - (has_sign && text.data[0] == '+')},
                  &t, &error) &&
        is_kind(t))
        return t;
    cop__raise_argument(1, complaint);
}

static cop_term to_integer(cop_term string)
{
    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    return to_number(cop_to_bytes(string), cop_is_integer,
                     "not a textual representation of an integer");
}

static cop_term to_float(cop_term string)
{
    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    return to_number(cop_to_bytes(string), cop_is_float, "not a textual representation of a float");
}

static cop_term to_integer_of_base(cop_term string, cop_term base)
{
    cop_term parsed;

    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    if (!cop__is_base(base)) cop__raise_argument(2, "not an integer in the range 2 through 36");
    parsed = cop__integer_parse(string, base);
    if (!cop_is_tuple(parsed) || cop_to_bytes(cop_elem(parsed, 1)).len > 0)
        cop__raise_argument(1, "not a textual representation of an integer");
    return cop_elem(parsed, 0);
}

static const struct cop_function string_functions[] = {
    COP_EXPORT("at(string, position)", cop__string_at, "The code point at position, or nil."),
    COP_EXPORT("capitalize(string)", capitalize,
               "The first letter large, the others small (ASCII and Latin-1)."),
    COP_EXPORT("codepoints(string)", codepoints, "The code points as strings."),
    COP_EXPORT("contains?(string, contents)", cop__string_contains,
               "Whether contents, or one of a list, stands in string."),
    COP_EXPORT("downcase(string)", downcase, "With small letters (ASCII and Latin-1)."),
    COP_EXPORT("duplicate(string, times)", cop__string_duplicate, "The string so many times."),
    COP_EXPORT("ends_with?(string, suffix)", cop__string_ends_with,
               "Whether string ends so, or with one of a list."),
    COP_EXPORT("first(string)", first, "The first code point, or nil."),
    COP_EXPORT("graphemes(string)", graphemes, "The code points as strings."),
    COP_EXPORT("last(string)", cop__string_last, "The last code point, or nil."),
    COP_EXPORT("length(string)", length, "The number of code points."),
    COP_EXPORT("pad_leading(string, count)", cop__string_pad_leading,
               "Filled up to count code points with blanks before it."),
    COP_EXPORT("pad_leading(string, count, padding)", cop__string_pad_leading_with,
               "The same with padding, a string or a list of them."),
    COP_EXPORT("pad_trailing(string, count)", cop__string_pad_trailing,
               "Filled up to count code points with blanks behind it."),
    COP_EXPORT("pad_trailing(string, count, padding)", cop__string_pad_trailing_with,
               "The same with padding."),
    COP_EXPORT("printable?(string)", is_printable, "Whether all of it can be shown."),
    COP_EXPORT("replace(string, pattern, replacement)", cop__string_replace,
               "Each pattern replaced, by a text or what a function makes of it."),
    COP_EXPORT("replace(string, pattern, replacement, options)", cop__string_replace_with,
               "The same; global: false for the first one only."),
    COP_EXPORT("replace_prefix(string, prefix, replacement)", cop__string_replace_prefix,
               "The string with another beginning, if it begins so."),
    COP_EXPORT("replace_suffix(string, suffix, replacement)", cop__string_replace_suffix,
               "The string with another end, if it ends so."),
    COP_EXPORT("reverse(string)", reverse, "From last to first."),
    COP_EXPORT("slice(string, range)", cop__string_slice_range,
               "The code points at the positions of range, negative ones from the end."),
    COP_EXPORT("slice(string, start, length)", cop__string_slice,
               "So many code points from start on."),
    COP_EXPORT("split(string)", cop__string_split_at_blanks, "The words between blanks."),
    COP_EXPORT("split(string, pattern)", cop__string_split,
               "The parts between the pattern, or those of a list."),
    COP_EXPORT("split(string, pattern, options)", cop__string_split_with,
               "The same; options: parts, trim."),
    COP_EXPORT("split_at(string, position)", cop__string_split_at,
               "{the code points before position, the others}."),
    COP_EXPORT("starts_with?(string, prefix)", cop__string_starts_with,
               "Whether string begins so, or with one of a list."),
    COP_EXPORT("to_atom(string)", to_atom, "The atom with this text."),
    COP_EXPORT("to_charlist(string)", to_charlist, "The list of code points."),
    COP_EXPORT("to_existing_atom(string)", to_existing_atom, "The same if there is one already."),
    COP_EXPORT("to_float(string)", to_float, "The float that string says."),
    COP_EXPORT("to_integer(string)", to_integer, "The integer that string says."),
    COP_EXPORT("to_integer(string, base)", to_integer_of_base,
               "The same with digits of a base from 2 to 36."),
    COP_EXPORT("trim(string)", cop__string_trim, "Without blanks at both ends."),
    COP_EXPORT("trim(string, to_trim)", cop__string_trim_of, "Without to_trim at both ends."),
    COP_EXPORT("trim_leading(string)", cop__string_trim_leading, "Without blanks before it."),
    COP_EXPORT("trim_leading(string, to_trim)", cop__string_trim_leading_of,
               "Without to_trim before it."),
    COP_EXPORT("trim_trailing(string)", cop__string_trim_trailing, "Without blanks behind it."),
    COP_EXPORT("trim_trailing(string, to_trim)", cop__string_trim_trailing_of,
               "Without to_trim behind it."),
    COP_EXPORT("upcase(string)", upcase, "With capital letters (ASCII and Latin-1)."),
    COP_EXPORT("valid?(string)", is_valid, "Whether it is UTF-8."),
    COP_EXPORT_END};

const struct cop_module cop__string_module = {.size = sizeof(struct cop_module),
                                              .name = "String",
                                              .doc = "Texts: binaries in UTF-8.",
                                              .functions = string_functions};
