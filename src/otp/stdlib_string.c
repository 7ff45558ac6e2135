/* SPDX-License-Identifier: Apache-2.0 */
/* String, Integer, Float and Atom. Letters beyond ASCII and Latin-1 keep their case, and what a
 * reader would take for one letter is counted by its code points. */
#include "otp/stdlib.h"
#include "otp/text.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static cop_bytes string_arg(cop_term string, const char *function)
{
    if (!cop_is_binary(string)) cop__raise_no_clause(function);
    return cop_to_bytes(string);
}

/* --- Code points ------------------------------------------------------------------------------ */

/* The bytes of the code point at `at`; 1 where there is none. */
static size_t code_size(cop_bytes text, size_t at)
{
    unsigned char c = (unsigned char)text.data[at];
    size_t size = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

    return size <= text.len - at ? size : 1;
}

static cop_term length(cop_term string)
{
    cop_bytes text = string_arg(string, "String.length/1");
    int64_t count = 0;

    for (size_t i = 0; i < text.len; i += code_size(text, i))
        count++;
    return cop_int(count);
}

static bool is_valid_at(cop_bytes text, size_t at, uint32_t *ret_code, size_t *ret_size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)text.data[at];
    size_t size = code_size(text, at);
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
    cop_bytes text = string_arg(string, "String.valid?/1");
    uint32_t code;
    size_t size;

    for (size_t i = 0; i < text.len; i += size)
        if (!is_valid_at(text, i, &code, &size)) return cop_false();
    return cop_true();
}

static cop_term to_charlist(cop_term string)
{
    cop_bytes text = string_arg(string, "String.to_charlist/1");
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
    cop_bytes text = string_arg(string, "String.reverse/1");
    COP__TEXT(out);
    cop_term pieces = cop_empty_list();

    for (size_t i = 0; i < text.len; i += code_size(text, i))
        pieces = cop_cons(cop_binary(text.data + i, code_size(text, i)), pieces);
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
    return change_case(string_arg(string, "String.upcase/2"), true);
}

static cop_term downcase(cop_term string)
{
    return change_case(string_arg(string, "String.downcase/2"), false);
}

/* --- Parts ------------------------------------------------------------------------------------ */

/* Where what stands in text from `from` on, or text.len. */
static size_t position(cop_bytes text, size_t from, cop_bytes what)
{
    const char *found =
        from <= text.len ? memmem(text.data + from, text.len - from, what.data, what.len) : NULL;

    return found ? (size_t)(found - text.data) : text.len;
}

static cop_term contains(cop_term string, cop_term contents)
{
    cop_bytes text = string_arg(string, "String.contains?/2");
    cop_bytes what = string_arg(contents, "String.contains?/2");

    return cop_bool(memmem(text.data, text.len, what.data, what.len) != NULL || what.len == 0);
}

static cop_term starts_with(cop_term string, cop_term prefix)
{
    cop_bytes text = string_arg(string, "String.starts_with?/2");
    cop_bytes what = string_arg(prefix, "String.starts_with?/2");

    return cop_bool(text.len >= what.len && memcmp(text.data, what.data, what.len) == 0);
}

static cop_term ends_with(cop_term string, cop_term suffix)
{
    cop_bytes text = string_arg(string, "String.ends_with?/2");
    cop_bytes what = string_arg(suffix, "String.ends_with?/2");

    return cop_bool(text.len >= what.len &&
                    memcmp(text.data + text.len - what.len, what.data, what.len) == 0);
}

static cop_term trim(cop_term string)
{
    cop_bytes text = string_arg(string, "String.trim/1");
    size_t from = 0;

    while (from < text.len && isspace((unsigned char)text.data[from]))
        from++;
    while (text.len > from && isspace((unsigned char)text.data[text.len - 1]))
        text.len--;
    return cop_binary(text.data + from, text.len - from);
}

static cop_term split_at_blanks(cop_term string)
{
    cop_bytes text = string_arg(string, "String.split/1");
    cop_term done = cop_empty_list();

    for (size_t i = 0; i < text.len;) {
        size_t from = i;

        while (i < text.len && !isspace((unsigned char)text.data[i]))
            i++;
        if (i > from) done = cop_cons(cop_binary(text.data + from, i - from), done);
        while (i < text.len && isspace((unsigned char)text.data[i]))
            i++;
    }
    return cop_list_reverse(done);
}

/* Between all code points, and before and after them. */
static cop_term split_codes(cop_bytes text)
{
    cop_term done = COP("[\"\"]");

    for (size_t i = 0; i < text.len; i += code_size(text, i))
        done = cop_cons(cop_binary(text.data + i, code_size(text, i)), done);
    return cop_list_reverse(cop_cons(COP("\"\""), done));
}

static cop_term split(cop_term string, cop_term pattern)
{
    cop_bytes text = string_arg(string, "String.split/3");
    cop_bytes what = string_arg(pattern, "String.split/3");
    cop_term done = cop_empty_list();
    size_t from = 0;

    if (what.len == 0) return split_codes(text);
    for (;;) {
        size_t to = position(text, from, what);

        done = cop_cons(cop_binary(text.data + from, to - from), done);
        if (to == text.len) return cop_list_reverse(done);
        from = to + what.len;
    }
}

static cop_term replace(cop_term string, cop_term pattern, cop_term replacement)
{
    cop_bytes with = string_arg(replacement, "String.replace/4");
    cop_term pieces = split(string, pattern);
    COP__TEXT(out);

    for (; !cop_is_empty_list(pieces); pieces = cop_tail(pieces)) {
        cop__text_add_bytes(&out, cop_to_bytes(cop_head(pieces)));
        if (!cop_is_empty_list(cop_tail(pieces))) cop__text_add_bytes(&out, with);
    }
    return cop__text_binary(&out);
}

static cop_term duplicate(cop_term string, cop_term times)
{
    cop_bytes text = string_arg(string, "String.duplicate/2");
    COP__TEXT(out);
    int64_t n = cop__times(times, text.len, "String.duplicate/2");

    for (; n > 0; n--)
        cop__text_add_bytes(&out, text);
    return cop__text_binary(&out);
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
    return to_number(string_arg(string, "String.to_integer/1"), cop_is_integer,
                     "not a textual representation of an integer");
}

static cop_term to_float(cop_term string)
{
    return to_number(string_arg(string, "String.to_float/1"), cop_is_float,
                     "not a textual representation of a float");
}

static cop_term integer_to_string(cop_term integer)
{
    if (!cop_is_integer(integer)) cop__raise_argument(1, "not an integer");
    return cop_inspect(integer);
}

static cop_term float_to_string(cop_term number)
{
    if (!cop_is_float(number)) cop__raise_no_clause("Float.to_string/1");
    return cop_inspect(number);
}

static cop_term atom_to_string(cop_term atom)
{
    cop_bytes text;

    if (!cop_is_atom(atom)) cop__raise_argument(1, "not an atom");
    text = cop_atom_text(atom);
    return cop_binary(text.data, text.len);
}

static const struct cop_function string_functions[] = {
    COP_EXPORT("contains?(string, contents)", contains, "Whether contents stands in string."),
    COP_EXPORT("downcase(string)", downcase, "With small letters (ASCII and Latin-1)."),
    COP_EXPORT("duplicate(string, times)", duplicate, "The string so many times."),
    COP_EXPORT("ends_with?(string, suffix)", ends_with, "Whether string ends so."),
    COP_EXPORT("length(string)", length, "The number of code points."),
    COP_EXPORT("replace(string, pattern, replacement)", replace, "Each pattern replaced."),
    COP_EXPORT("reverse(string)", reverse, "From last to first."),
    COP_EXPORT("split(string)", split_at_blanks, "The words between blanks."),
    COP_EXPORT("split(string, pattern)", split, "The parts between the pattern."),
    COP_EXPORT("starts_with?(string, prefix)", starts_with, "Whether string begins so."),
    COP_EXPORT("to_atom(string)", to_atom, "The atom with this text."),
    COP_EXPORT("to_charlist(string)", to_charlist, "The list of code points."),
    COP_EXPORT("to_existing_atom(string)", to_existing_atom, "The same if there is one already."),
    COP_EXPORT("to_float(string)", to_float, "The float that string says."),
    COP_EXPORT("to_integer(string)", to_integer, "The integer that string says."),
    COP_EXPORT("trim(string)", trim, "Without blanks at both ends."),
    COP_EXPORT("upcase(string)", upcase, "With capital letters (ASCII and Latin-1)."),
    COP_EXPORT("valid?(string)", is_valid, "Whether it is UTF-8."),
    COP_EXPORT_END};

const struct cop_module cop__string_module = {.size = sizeof(struct cop_module),
                                              .name = "String",
                                              .doc = "Texts: binaries in UTF-8.",
                                              .functions = string_functions};

static const struct cop_function integer_functions[] = {
    COP_EXPORT("to_string(integer)", integer_to_string, "The text of an integer."), COP_EXPORT_END};

const struct cop_module cop__integer_module = {.size = sizeof(struct cop_module),
                                               .name = "Integer",
                                               .doc = "Integers.",
                                               .functions = integer_functions};

static const struct cop_function float_functions[] = {
    COP_EXPORT("to_string(float)", float_to_string, "The text of a float."), COP_EXPORT_END};

const struct cop_module cop__float_module = {.size = sizeof(struct cop_module),
                                             .name = "Float",
                                             .doc = "Floats.",
                                             .functions = float_functions};

static const struct cop_function atom_functions[] = {
    COP_EXPORT("to_string(atom)", atom_to_string, "The text of an atom."), COP_EXPORT_END};

const struct cop_module cop__atom_module = {.size = sizeof(struct cop_module),
                                            .name = "Atom",
                                            .doc = "Atoms.",
                                            .functions = atom_functions};
