/* SPDX-License-Identifier: Apache-2.0 */
/* String: positions, patterns and parts. A pattern is a string, or a list of strings of which the
 * first to be found counts, the longest where several stand. */
#include "otp/stdlib.h"
#include "otp/stdlib_enum.h"
#include "otp/stdlib_kernel.h"
#include "otp/stdlib_string.h"
#include "otp/text.h"
#include <ctype.h>
#include <string.h>

static cop_term part(cop_bytes text, size_t from, size_t to)
{
    return cop_binary(text.data + from, to - from);
}

/* --- Positions -------------------------------------------------------------------------------- */

static int64_t count_codes(cop_bytes text)
{
    int64_t count = 0;

    for (size_t i = 0; i < text.len; i += cop__code_size(text, i))
        count++;
    return count;
}

/* Where n code points after the byte `at` end. */
static size_t advance(cop_bytes text, size_t at, int64_t n)
{
    for (; n > 0 && at < text.len; n--)
        at += cop__code_size(text, at);
    return at;
}

cop_term cop__string_codes(cop_bytes text)
{
    cop_term done = cop_empty_list();

    for (size_t i = 0; i < text.len; i = advance(text, i, 1))
        done = cop_cons(part(text, i, advance(text, i, 1)), done);
    return cop_list_reverse(done);
}

/* The place of a position, which is counted from the end if it is below 0; *ret_n is that position
 * counted from the beginning, below 0 if it lies before that. */
static size_t place_of(cop_bytes text, cop_term position, const char *function, int64_t *ret_n)
{
    if (!cop__is_int64(position, ret_n)) cop__raise_no_clause(function);
    if (*ret_n < 0) *ret_n += count_codes(text);
    return advance(text, 0, *ret_n);
}

cop_term cop__string_at(cop_term string, cop_term position)
{
    cop_bytes text = cop__string_arg(string, "String.at/2");
    int64_t n;
    size_t at = place_of(text, position, "String.at/2", &n);

    return n < 0 || at == text.len ? cop_nil() : part(text, at, advance(text, at, 1));
}

cop_term cop__string_last(cop_term string)
{
    (void)cop__string_arg(string, "String.last/1");
    return cop__string_at(string, cop_int(-1));
}

cop_term cop__string_slice(cop_term string, cop_term start, cop_term length)
{
    cop_bytes text = cop__string_arg(string, "String.slice/3");
    int64_t from;
    int64_t n;

    if (!cop__is_int64(start, &from) || !cop__is_int64(length, &n) || n < 0)
        cop__raise_no_clause("String.slice/3");
    if (from < 0) from += count_codes(text);
    text.len = advance(text, advance(text, 0, from), n);
    return part(text, advance(text, 0, from), text.len);
}

cop_term cop__string_slice_range(cop_term string, cop_term range)
{
    cop_bytes text = cop__string_arg(string, "String.slice/2");
    struct cop__range r;

    if (!cop__is_range(range, &r)) cop__raise_no_clause("String.slice/2");
    return cop__enum_join(cop__enum_slice_range(cop__string_codes(text), range));
}

cop_term cop__string_split_at(cop_term string, cop_term position)
{
    cop_bytes text = cop__string_arg(string, "String.split_at/2");
    int64_t n;
    size_t at = place_of(text, position, "String.split_at/2", &n);

    return cop_tuple(part(text, 0, at), part(text, at, text.len));
}

/* --- Patterns --------------------------------------------------------------------------------- */

/* A list of strings, none of them empty; "" alone is a pattern, too. */
static cop_term pattern_arg(cop_term pattern)
{
    cop_term list = cop_is_binary(pattern) ? cop_list(pattern) : pattern;

    if (!cop_is_list(list) || cop_list_len(list) < 0) cop__raise_argument(2, "not a valid pattern");
    for (cop_term l = list; !cop_is_empty_list(l); l = cop_tail(l))
        if (!cop_is_binary(cop_head(l)) ||
            (cop_is_list(pattern) && cop_to_bytes(cop_head(l)).len == 0))
            cop__raise_argument(2, "not a valid pattern");
    return list;
}

/* Where the first of the patterns stands in text from `from` on, and how long it is; text.len and 0
 * if none does. */
static size_t position(cop_bytes text, size_t from, cop_term patterns, size_t *ret_size)
{
    size_t best = text.len;

    *ret_size = 0;
    for (; !cop_is_empty_list(patterns); patterns = cop_tail(patterns)) {
        cop_bytes what = cop_to_bytes(cop_head(patterns));
        const char *found = memmem(text.data + from, text.len - from, what.data, what.len);
        size_t at = found ? (size_t)(found - text.data) : text.len;

        if (found == NULL || at > best || (at == best && what.len <= *ret_size)) continue;
        best = at;
        *ret_size = what.len;
    }
    return best;
}

cop_term cop__string_contains(cop_term string, cop_term contents)
{
    cop_bytes text = cop__string_arg(string, "String.contains?/2");

    if (cop_is_binary(contents)) contents = cop_list(contents);
    if (!cop_is_list(contents) || cop_list_len(contents) < 0)
        cop__raise_argument(2, "not a valid pattern");
    for (; !cop_is_empty_list(contents); contents = cop_tail(contents)) {
        cop_bytes what;

        if (!cop_is_binary(cop_head(contents))) cop__raise_argument(1, "not a bitstring");
        what = cop_to_bytes(cop_head(contents));
        if (what.len == 0 || memmem(text.data, text.len, what.data, what.len)) return cop_true();
    }
    return cop_false();
}

static bool begins_with(cop_bytes text, cop_bytes what)
{
    return text.len >= what.len && memcmp(text.data, what.data, what.len) == 0;
}

static bool ends_with(cop_bytes text, cop_bytes what)
{
    return text.len >= what.len &&
           memcmp(text.data + text.len - what.len, what.data, what.len) == 0;
}

cop_term cop__string_starts_with(cop_term string, cop_term prefix)
{
    cop_bytes text = cop__string_arg(string, "String.starts_with?/2");

    if (cop_is_binary(prefix)) return cop_bool(begins_with(text, cop_to_bytes(prefix)));
    for (prefix = pattern_arg(prefix); !cop_is_empty_list(prefix); prefix = cop_tail(prefix))
        if (begins_with(text, cop_to_bytes(cop_head(prefix)))) return cop_true();
    return cop_false();
}

cop_term cop__string_ends_with(cop_term string, cop_term suffix)
{
    cop_bytes text = cop__string_arg(string, "String.ends_with?/2");

    if (cop_is_binary(suffix)) suffix = cop_list(suffix);
    if (!cop_is_list(suffix) || cop_list_len(suffix) < 0)
        cop__raise_no_clause("String.ends_with?/2");
    for (; !cop_is_empty_list(suffix); suffix = cop_tail(suffix))
        if (ends_with(text, cop__string_arg(cop_head(suffix), "String.ends_with?/2")))
            return cop_true();
    return cop_false();
}

/* --- Splitting -------------------------------------------------------------------------------- */

cop_term cop__string_split_at_blanks(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.split/1");
    cop_term done = cop_empty_list();

    for (size_t i = 0; i < text.len;) {
        size_t from = i;

        while (i < text.len && !isspace((unsigned char)text.data[i]))
            i++;
        if (i > from) done = cop_cons(part(text, from, i), done);
        while (i < text.len && isspace((unsigned char)text.data[i]))
            i++;
    }
    return cop_list_reverse(done);
}

/* How a split goes on. */
struct splitting {
    int64_t parts; /* so many yet, the last one with all that is left */
    bool trim;     /* no empty ones */
    cop_term done; /* reversed */
};

static void add_part(struct splitting *s, cop_bytes text, size_t from, size_t to)
{
    if (s->trim && from == to) return;
    s->done = cop_cons(part(text, from, to), s->done);
    s->parts--;
}

/* Before, between and behind all code points. */
static void split_codes(struct splitting *s, cop_bytes text)
{
    size_t from = 0;

    if (s->parts > 1) add_part(s, text, 0, 0);
    while (s->parts > 1 && from < text.len) {
        size_t to = advance(text, from, 1);

        add_part(s, text, from, to);
        from = to;
    }
    add_part(s, text, from, text.len);
}

static void split_at_patterns(struct splitting *s, cop_bytes text, cop_term patterns)
{
    size_t from = 0;

    while (s->parts > 1) {
        size_t size;
        size_t to = position(text, from, patterns, &size);

        if (size == 0) break;
        add_part(s, text, from, to);
        from = to + size;
    }
    add_part(s, text, from, text.len);
}

cop_term cop__string_split_with(cop_term string, cop_term pattern, cop_term options)
{
    cop_bytes text = cop__string_arg(string, "String.split/3");
    struct splitting s = {.parts = INT64_MAX, .done = cop_empty_list()};
    cop_term patterns;
    cop_term parts;

    if (!cop_is_list(options) || cop_list_len(options) < 0) cop__raise_no_clause("String.split/3");
    patterns = pattern_arg(pattern);
    s.trim = cop__is_truthy(cop_keyword_get(options, COP(":trim"), cop_false()));
    parts = cop_keyword_get(options, COP(":parts"), COP(":infinity"));
    if (!cop_identical(parts, COP(":infinity")) &&
        (!cop__is_int64(parts, &s.parts) || s.parts <= 0))
        cop__raise_no_clause("String.parts_to_index/1");
    if (cop_is_binary(pattern) && cop_to_bytes(pattern).len == 0)
        split_codes(&s, text);
    else
        split_at_patterns(&s, text, patterns);
    return cop_list_reverse(s.done);
}

cop_term cop__string_split(cop_term string, cop_term pattern)
{
    return cop__string_split_with(string, pattern, cop_empty_list());
}

/* --- Replacing -------------------------------------------------------------------------------- */

static void add_replacement(struct cop__text *out, cop_bytes found, cop_term replacement)
{
    cop_term text = replacement;

    if (!cop_is_binary(replacement))
        text = cop__call1(replacement, cop_binary(found.data, found.len));
    cop__text_add_bytes(out, cop_to_bytes(cop__to_string(text)));
}

/* Before each code point and at the end. */
static void replace_between(struct cop__text *out, cop_bytes text, cop_term replacement, bool all)
{
    add_replacement(out, (cop_bytes){"", 0}, replacement);
    for (size_t i = 0; i < text.len; i = advance(text, i, 1)) {
        cop__text_add_bytes(out, (cop_bytes){text.data + i, cop__code_size(text, i)});
        if (all) add_replacement(out, (cop_bytes){"", 0}, replacement);
    }
}

cop_term cop__string_replace_with(cop_term string, cop_term pattern, cop_term replacement,
                                  cop_term options)
{
    cop_bytes text = cop__string_arg(string, "String.replace/4");
    cop_term patterns;
    COP__TEXT(out);
    size_t from = 0;
    bool all;

    if (!cop_is_list(options) || cop_list_len(options) < 0 ||
        (!cop_is_binary(replacement) && !cop_is_fun(replacement, 1)))
        cop__raise_no_clause("String.replace/4");
    patterns = pattern_arg(pattern);
    all = cop__is_truthy(cop_keyword_get(options, COP(":global"), cop_true()));
    if (cop_is_binary(pattern) && cop_to_bytes(pattern).len == 0) {
        replace_between(&out, text, replacement, all);
        return cop__text_binary(&out);
    }
    for (bool go_on = true; go_on; go_on = all) {
        size_t size;
        size_t to = position(text, from, patterns, &size);

        if (size == 0) break;
        cop__text_add_bytes(&out, (cop_bytes){text.data + from, to - from});
        add_replacement(&out, (cop_bytes){text.data + to, size}, replacement);
        from = to + size;
    }
    cop__text_add_bytes(&out, (cop_bytes){text.data + from, text.len - from});
    return cop__text_binary(&out);
}

cop_term cop__string_replace(cop_term string, cop_term pattern, cop_term replacement)
{
    return cop__string_replace_with(string, pattern, replacement, cop_empty_list());
}

cop_term cop__string_replace_prefix(cop_term string, cop_term prefix, cop_term replacement)
{
    static const char function[] = "String.replace_prefix/3";
    cop_bytes text = cop__string_arg(string, function);
    cop_bytes what = cop__string_arg(prefix, function);
    cop_bytes with = cop__string_arg(replacement, function);

    if (!begins_with(text, what)) return string;
    return cop__join_bytes(with, (cop_bytes){text.data + what.len, text.len - what.len});
}

cop_term cop__string_replace_suffix(cop_term string, cop_term suffix, cop_term replacement)
{
    static const char function[] = "String.replace_suffix/3";
    cop_bytes text = cop__string_arg(string, function);
    cop_bytes what = cop__string_arg(suffix, function);
    cop_bytes with = cop__string_arg(replacement, function);

    if (!ends_with(text, what)) return string;
    return cop__join_bytes((cop_bytes){text.data, text.len - what.len}, with);
}

/* --- Ends ------------------------------------------------------------------------------------- */

/* What is trimmed when nothing is said. */
static const cop_bytes blanks = {NULL, 0};

/* The bytes of `what` at the beginning of text; 0 if it does not begin so. */
static size_t leading(cop_bytes text, cop_bytes what)
{
    if (what.data == NULL) return text.len > 0 && isspace((unsigned char)text.data[0]);
    return begins_with(text, what) ? what.len : 0;
}

static size_t trailing(cop_bytes text, cop_bytes what)
{
    if (what.data == NULL) return text.len > 0 && isspace((unsigned char)text.data[text.len - 1]);
    return ends_with(text, what) ? what.len : 0;
}

static cop_bytes without_leading(cop_bytes text, cop_bytes what)
{
    for (size_t size; (size = leading(text, what)) > 0;)
        text = (cop_bytes){text.data + size, text.len - size};
    return text;
}

static cop_bytes without_trailing(cop_bytes text, cop_bytes what)
{
    for (size_t size; (size = trailing(text, what)) > 0;)
        text.len -= size;
    return text;
}

static cop_term binary_of(cop_bytes text)
{
    return cop_binary(text.data, text.len);
}

cop_term cop__string_trim(cop_term string)
{
    cop_bytes text = cop__string_arg(string, "String.trim/1");

    return binary_of(without_trailing(without_leading(text, blanks), blanks));
}

cop_term cop__string_trim_leading(cop_term string)
{
    return binary_of(
        without_leading(cop__string_arg(string, "String.Break.trim_leading/1"), blanks));
}

cop_term cop__string_trim_trailing(cop_term string)
{
    return binary_of(
        without_trailing(cop__string_arg(string, "String.Break.trim_trailing/1"), blanks));
}

static cop_bytes trim_arg(cop_term to_trim, const char *function)
{
    cop_bytes what = cop__string_arg(to_trim, function);

    if (what.len == 0)
        cop_raise("ArgumentError", "cannot use an empty string as the match to replace");
    return what;
}

cop_term cop__string_trim_leading_of(cop_term string, cop_term to_trim)
{
    cop_bytes text = cop__string_arg(string, "String.trim_leading/2");

    return binary_of(without_leading(text, trim_arg(to_trim, "String.trim_leading/2")));
}

cop_term cop__string_trim_trailing_of(cop_term string, cop_term to_trim)
{
    cop_bytes text = cop__string_arg(string, "String.trim_trailing/2");

    return binary_of(without_trailing(text, trim_arg(to_trim, "String.trim_trailing/2")));
}

cop_term cop__string_trim_of(cop_term string, cop_term to_trim)
{
    cop_bytes text = cop__string_arg(string, "String.trim/2");
    cop_bytes what = trim_arg(to_trim, "String.trim/2");

    return binary_of(without_trailing(without_leading(text, what), what));
}

/* The blanks or paddings that text lacks to have count code points. */
static cop_term missing(cop_bytes text, cop_term count, cop_term padding, const char *function)
{
    COP__TEXT(out);
    cop_term next;
    int64_t n;

    if (!cop__is_int64(count, &n) || n < 0) cop__raise_no_clause(function);
    n = cop__times(cop_int(n > count_codes(text) ? n - count_codes(text) : 0), 64, function);
    if (cop_is_binary(padding)) padding = cop__string_codes(cop_to_bytes(padding));
    if (!cop_is_list(padding) || cop_list_len(padding) <= 0) cop__raise_no_clause(function);
    for (next = padding; n > 0; n--, next = cop_tail(next)) {
        if (cop_is_empty_list(next)) next = padding;
        if (!cop_is_binary(cop_head(next))) {
            cop_bytes shown =
                cop_to_bytes(cop_inspect_with(cop_head(next), (struct cop_inspect_opts){0, 50}));

            cop_raise("ArgumentError", "expected a string padding element, got: %.*s",
                      (int)shown.len, shown.data);
        }
        cop__text_add_bytes(&out, cop_to_bytes(cop_head(next)));
    }
    return cop__text_binary(&out);
}

cop_term cop__string_pad_leading_with(cop_term string, cop_term count, cop_term padding)
{
    cop_bytes text = cop__string_arg(string, "String.pad_leading/3");

    return cop__join_bytes(cop_to_bytes(missing(text, count, padding, "String.pad_leading/3")),
                           text);
}

cop_term cop__string_pad_leading(cop_term string, cop_term count)
{
    return cop__string_pad_leading_with(string, count, COP("\" \""));
}

cop_term cop__string_pad_trailing_with(cop_term string, cop_term count, cop_term padding)
{
    cop_bytes text = cop__string_arg(string, "String.pad_trailing/3");

    return cop__join_bytes(text,
                           cop_to_bytes(missing(text, count, padding, "String.pad_trailing/3")));
}

cop_term cop__string_pad_trailing(cop_term string, cop_term count)
{
    return cop__string_pad_trailing_with(string, count, COP("\" \""));
}

cop_term cop__string_duplicate(cop_term string, cop_term times)
{
    COP__TEXT(out);
    cop_bytes text;
    int64_t n;

    if (!cop_is_integer(times)) cop__raise_argument(2, "not an integer");
    if (cop_compare(times, cop_int(0)) < 0) cop__raise_argument(2, "out of range");
    if (!cop_is_binary(string)) cop__raise_argument(1, "not a binary");
    text = cop_to_bytes(string);
    for (n = cop__times(times, text.len, "String.duplicate/2"); n > 0; n--)
        cop__text_add_bytes(&out, text);
    return cop__text_binary(&out);
}
