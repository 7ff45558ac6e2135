/* SPDX-License-Identifier: Apache-2.0 */
/* JSON texts to terms, in one pass and without recursion: values that are read wait on a stack of
 * their own until the array or object that holds them ends, which takes them all off and leaves
 * itself. Why not a library's reader: docs/adr/0013-json-of-our-own.md. */
#include "coppice/json.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "coppice/pattern.h"
#include "term/float.h"
#include "term/syntax.h"

#include <string.h>

#define SIZE_MAX_DEFAULT  ((size_t)64 << 20)
#define DEPTH_MAX_DEFAULT 1000
/* Reading an integer takes time by the square of its digits. */
#define NUMBER_SIZE_MAX   10000

/* An array or object that is not complete. */
struct frame {
    size_t base; /* its values are from here on; of an object, keys and values in turn */
    bool is_object;
};

struct reader {
    const char *text;
    size_t size;
    size_t at;
    size_t depth_max;
    struct cop__buf values; /* of cop_term */
    struct cop__buf frames; /* of struct frame, the outermost first */
    struct cop__buf string; /* what is read of a string with escapes */
    cop_term error;         /* the reason, or cop_none() */
};

static void release(struct reader *r)
{
    cop__buf_fini(&r->values);
    cop__buf_fini(&r->frames);
    cop__buf_fini(&r->string);
}

/* --- Errors: false for the caller to return --------------------------------------------------- */

static bool fail_sequence(struct reader *r, size_t from, size_t to)
{
    r->error = cop_tuple(COP(":unexpected_sequence"), from, cop_binary(r->text + from, to - from));
    return false;
}

/* The byte at `at` is not what may stand there, or is missing. */
static bool fail_at(struct reader *r, size_t at)
{
    if (at >= r->size)
        r->error = cop_tuple(COP(":unexpected_end"), r->size);
    else
        r->error = cop_tuple(COP(":invalid_byte"), at, (unsigned char)r->text[at]);
    return false;
}

/* --- The stacks ------------------------------------------------------------------------------- */

static size_t values_len(const struct reader *r)
{
    return r->values.len / sizeof(cop_term);
}

static const cop_term *values_from(const struct reader *r, size_t at)
{
    return (const cop_term *)(const void *)r->values.data + at;
}

static void push(struct reader *r, cop_term value)
{
    cop__buf_append(&r->values, &value, sizeof(value));
}

static struct frame *innermost(struct reader *r)
{
    if (r->frames.len == 0) return NULL;
    return (struct frame *)(void *)(r->frames.data + r->frames.len) - 1;
}

static bool open(struct reader *r, bool is_object)
{
    struct frame frame = {values_len(r), is_object};

    if (r->frames.len / sizeof(frame) >= r->depth_max) {
        r->error = cop_tuple(COP(":too_deep"), r->at);
        return false;
    }
    cop__buf_append(&r->frames, &frame, sizeof(frame));
    r->at++;
    return true;
}

/* The innermost array or object is complete. */
static void close(struct reader *r)
{
    const struct frame *frame = innermost(r);
    size_t len = values_len(r) - frame->base;
    const cop_term *values = len == 0 ? NULL : values_from(r, frame->base);
    cop_term done = cop_empty_list();

    if (frame->is_object) {
        /* The first pair last in the list: of equal keys that one counts. */
        for (size_t i = 0; i < len; i += 2)
            done = cop_cons(cop_tuple(values[i], values[i + 1]), done);
        done = cop_map_from_list(done);
    } else {
        done = cop_list_from(values, len);
    }
    r->values.len = frame->base * sizeof(cop_term);
    r->frames.len -= sizeof(*frame);
    r->at++;
    push(r, done);
}

/* --- Scalars ---------------------------------------------------------------------------------- */

static int peek(const struct reader *r, size_t at)
{
    return at < r->size ? (unsigned char)r->text[at] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct reader *r)
{
    while (r->at < r->size && strchr(" \t\r\n", r->text[r->at]) != NULL && r->text[r->at] != '\0')
        r->at++;
}

static size_t skip_digits(const struct reader *r, size_t at)
{
    while (is_digit(peek(r, at)))
        at++;
    return at;
}

static bool read_word(struct reader *r, const char *word, cop_term value)
{
    for (size_t i = 0; word[i] != '\0'; i++)
        if (peek(r, r->at + i) != word[i]) return fail_at(r, r->at + i);
    r->at += strlen(word);
    push(r, value);
    return true;
}

/* The float in the text from `from` to `to`, which is one by its form. */
static bool push_float(struct reader *r, size_t from, size_t to)
{
    double value;

    cop__buf_clear(&r->string);
    cop__buf_append(&r->string, r->text + from, to - from);
    value = cop__float_read(cop__buf_cstr(&r->string));
    if (!__builtin_isfinite(value)) return fail_sequence(r, from, to);
    push(r, cop_float(value));
    return true;
}

static void push_integer(struct reader *r, size_t from, size_t to)
{
    bool is_negative = r->text[from] == '-';
    size_t digits = from + is_negative;
    cop_term value = cop__integer_from_digits(r->text + digits, to - digits, 10);

    push(r, is_negative ? cop__integer_negate(value) : value);
}

static bool read_number(struct reader *r)
{
    size_t from = r->at;
    size_t at = from + (peek(r, from) == '-');
    bool is_float = false;

    if (!is_digit(peek(r, at))) return fail_at(r, at);
    at = peek(r, at) == '0' ? at + 1 : skip_digits(r, at);
    if (peek(r, at) == '.') {
        is_float = true;
        if (!is_digit(peek(r, at + 1))) return fail_at(r, at + 1);
        at = skip_digits(r, at + 1);
    }
    if ((peek(r, at) | 0x20) == 'e') {
        is_float = true;
        at += peek(r, at + 1) == '+' || peek(r, at + 1) == '-' ? 2 : 1;
        if (!is_digit(peek(r, at))) return fail_at(r, at);
        at = skip_digits(r, at);
    }
    if (at - from >= NUMBER_SIZE_MAX) {
        r->error = COP(":too_large");
        return false;
    }
    r->at = at;
    if (is_float) return push_float(r, from, at);
    push_integer(r, from, at);
    return true;
}

/* --- Strings ---------------------------------------------------------------------------------- */

/* The four hexadecimal digits at `at`; false if they are none. */
static bool read_hex(const struct reader *r, size_t at, uint32_t *ret_code)
{
    uint32_t code = 0;

    for (size_t i = at; i < at + 4; i++) {
        int c = peek(r, i);
        int letter = c | 0x20;

        if (is_digit(c))
            code = code << 4 | (uint32_t)(c - '0');
        else if (letter >= 'a' && letter <= 'f')
            code = code << 4 | (uint32_t)(letter - 'a' + 10);
        else
            return false;
    }
    *ret_code = code;
    return true;
}

/* \uXXXX, which stands at r->at: a code point, or the first half of one and then \uXXXX again. */
static bool read_code(struct reader *r)
{
    size_t from = r->at;
    uint32_t code;
    uint32_t low;

    if (!read_hex(r, from + 2, &code)) {
        size_t at = from + 2;
        while (is_digit(peek(r, at)) ||
               ((peek(r, at) | 0x20) >= 'a' && (peek(r, at) | 0x20) <= 'f'))
            at++;
        return fail_at(r, at);
    }
    r->at = from + 6;
    if (code >= 0xD800 && code <= 0xDFFF) {
        int c = peek(r, r->at);
        int u = peek(r, r->at + 1);
        bool is_pair = code <= 0xDBFF && (c == '\\' || c < 0) && (u == 'u' || u < 0);

        if (!is_pair) return fail_sequence(r, from, from + 6);
        if (r->size - from < 12) return fail_at(r, r->size);
        if (!read_hex(r, from + 8, &low) || low < 0xDC00 || low > 0xDFFF)
            return fail_sequence(r, from, from + 12);
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        r->at = from + 12;
    }
    cop__buf_append_utf8(&r->string, code);
    return true;
}

static bool read_escape(struct reader *r)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    int c = peek(r, r->at + 1);
    const char *found = c > 0 ? strchr(names, c) : NULL;

    if (c == 'u') return read_code(r);
    if (found == NULL) return fail_at(r, r->at + 1);
    cop__buf_append_char(&r->string, values[found - names]);
    r->at += 2;
    return true;
}

/* Goes past the characters that stand for themselves: to a quote, an escape, or what may not stand
 * in a string. */
static void skip_plain(struct reader *r)
{
    uint32_t code;

    while (r->at < r->size) {
        unsigned char c = (unsigned char)r->text[r->at];
        size_t size = 1;

        if (c == '"' || c == '\\' || c < ' ') return;
        if (c >= 0x80) size = cop__utf8_decode(r->text + r->at, r->size - r->at, &code);
        if (size == 0) return;
        r->at += size;
    }
}

static bool read_string(struct reader *r)
{
    size_t from = ++r->at;

    skip_plain(r);
    if (peek(r, r->at) == '"') { /* most strings have no escapes */
        push(r, cop_binary(r->text + from, r->at - from));
        r->at++;
        return true;
    }
    cop__buf_clear(&r->string);
    for (;;) {
        cop__buf_append(&r->string, r->text + from, r->at - from);
        if (peek(r, r->at) == '"') break;
        if (peek(r, r->at) != '\\') return fail_at(r, r->at);
        if (!read_escape(r)) return false;
        from = r->at;
        skip_plain(r);
    }
    push(r, cop_binary(r->string.data, r->string.len));
    r->at++;
    return true;
}

/* --- The whole -------------------------------------------------------------------------------- */

static bool read_scalar(struct reader *r)
{
    switch (peek(r, r->at)) {
    case '"': return read_string(r);
    case 't': return read_word(r, "true", cop_true());
    case 'f': return read_word(r, "false", cop_false());
    case 'n': return read_word(r, "null", cop_nil());
    case '-': return read_number(r);
    default: return is_digit(peek(r, r->at)) ? read_number(r) : fail_at(r, r->at);
    }
}

/* A key and its colon. */
static bool read_key(struct reader *r)
{
    skip_space(r);
    if (peek(r, r->at) != '"') return fail_at(r, r->at);
    if (!read_string(r)) return false;
    skip_space(r);
    if (peek(r, r->at) != ':') return fail_at(r, r->at);
    r->at++;
    return true;
}

/* A value is read: ends what ends with it. *ret_more: another value follows. */
static bool read_separators(struct reader *r, bool *ret_more)
{
    const struct frame *frame;

    while ((frame = innermost(r)) != NULL) {
        skip_space(r);
        if (peek(r, r->at) == ',') {
            r->at++;
            *ret_more = true;
            return !frame->is_object || read_key(r);
        }
        if (peek(r, r->at) != (frame->is_object ? '}' : ']')) return fail_at(r, r->at);
        close(r);
    }
    *ret_more = false;
    return true;
}

/* Reads a value up to where it, or the first in it, is complete. */
static bool read_value(struct reader *r)
{
    for (;;) {
        bool is_object;

        skip_space(r);
        is_object = peek(r, r->at) == '{';
        if (!is_object && peek(r, r->at) != '[') return read_scalar(r);
        if (!open(r, is_object)) return false;
        skip_space(r);
        if (peek(r, r->at) == (is_object ? '}' : ']')) {
            close(r);
            return true;
        }
        if (is_object && !read_key(r)) return false;
    }
}

static bool read_text(struct reader *r)
{
    bool more = true;

    while (more)
        if (!read_value(r) || !read_separators(r, &more)) return false;
    skip_space(r);
    return r->at == r->size || fail_at(r, r->at);
}

cop_term cop_json_decode_within(cop_term text, struct cop_json_limits limits)
{
    cop_bytes bytes = cop_to_bytes(text);
    COP_CLEANUP(release)
    struct reader r = {
        .text = bytes.data,
        .size = bytes.len,
        .depth_max = limits.depth_max != 0 ? limits.depth_max : DEPTH_MAX_DEFAULT,
        .error = cop_none(),
    };

    if (bytes.len > (limits.size_max != 0 ? limits.size_max : SIZE_MAX_DEFAULT))
        return COP("{:error, :too_large}");
    if (!read_text(&r)) return cop_tuple(COP(":error"), r.error);
    return cop_tuple(cop_ok(), *values_from(&r, 0));
}

cop_term cop_json_decode(cop_term text)
{
    return cop_json_decode_within(text, (struct cop_json_limits){0});
}
