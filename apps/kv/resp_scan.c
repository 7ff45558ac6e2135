/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the RESP protocol. */
#include "scan.h"

#include <stdio.h>
#include <string.h>

#define WHY_SIZE   64
/* A number and its end take at most so many bytes. */
#define NUMBER_MAX 32
#define FEW_DIGITS 4

static enum kv_scan bad(char *ret_why, const char *what)
{
    (void)snprintf(ret_why, WHY_SIZE, "Protocol error: %s", what);
    return KV_SCAN_BAD;
}

/* --- Numbers ---------------------------------------------------------------------------------- */

/* Reads the number behind the mark at `at`, `*3\r\n`, and steps over it. BAD: there is none. */
static enum kv_scan read_any_number(size_t *at, cop_bytes input, int64_t *ret_number)
{
    const char *text = input.data + *at + 1;
    size_t len = input.len - *at - 1;
    const char *end = memchr(text, '\r', len < NUMBER_MAX ? len : NUMBER_MAX);

    if (end == NULL) return len < NUMBER_MAX ? KV_SCAN_MORE : KV_SCAN_BAD;
    if (end + 1 == text + len) return KV_SCAN_MORE;
    if (end[1] != '\n' || !kv_to_int((cop_bytes){text, (size_t)(end - text)}, ret_number))
        return KV_SCAN_BAD;
    *at += 1 + (size_t)(end - text) + 2;
    return KV_SCAN_COMMAND;
}

/* The same; nearly all numbers have a few digits, and are there. */
static inline enum kv_scan read_number(size_t *at, cop_bytes input, int64_t *ret_number)
{
    const char *text = input.data + *at + 1, *p = text;
    size_t len = input.len - *at - 1;
    int64_t number = 0;

    if (len <= FEW_DIGITS + 2 || *text < '1') return read_any_number(at, input, ret_number);
    for (; p < text + FEW_DIGITS && *p >= '0' && *p <= '9'; p++)
        number = 10 * number + (*p - '0');
    if (p[0] != '\r' || p[1] != '\n') return read_any_number(at, input, ret_number);
    *at += 1 + (size_t)(p - text) + 2;
    *ret_number = number;
    return KV_SCAN_COMMAND;
}

/* --- Where a command ends --------------------------------------------------------------------- */

static enum kv_scan scan_line(struct kv_resp_scan *s, cop_bytes input,
                              const struct kv_limits *limits, char *ret_why)
{
    struct kv_line_scan line = {s->at};
    size_t len;
    enum kv_scan found = kv_line_scan(&line, input, limits, &len);

    if (found == KV_SCAN_BAD) return bad(ret_why, "too big inline request");
    s->at = found == KV_SCAN_COMMAND ? len : line.at;
    return found;
}

/* The header of an array, at the beginning of input. */
static enum kv_scan scan_header(struct kv_resp_scan *s, cop_bytes input,
                                const struct kv_limits *limits, char *ret_why)
{
    int64_t count;
    enum kv_scan found = read_number(&s->at, input, &count);

    if (found == KV_SCAN_MORE) return found;
    if (found == KV_SCAN_BAD || count > (int64_t)limits->words)
        return bad(ret_why, "invalid multibulk length");
    s->is_array = true;
    s->left = count > 0 ? count : 0;
    return KV_SCAN_COMMAND;
}

/* The length of the next string. */
static enum kv_scan scan_bulk(struct kv_resp_scan *s, cop_bytes input,
                              const struct kv_limits *limits, char *ret_why)
{
    int64_t len;
    enum kv_scan found;

    if (s->at == input.len) return KV_SCAN_MORE;
    if (input.data[s->at] != '$') {
        char what[] = "expected '$', got '?'";

        if (input.data[s->at] != '\r' && input.data[s->at] != '\n')
            what[sizeof(what) - 3] = input.data[s->at];
        else
            what[sizeof(what) - 3] = ' ';
        return bad(ret_why, what);
    }
    found = read_number(&s->at, input, &len);
    if (found == KV_SCAN_MORE) return found;
    if (found == KV_SCAN_BAD || len < 0 || len > (int64_t)limits->bulk)
        return bad(ret_why, "invalid bulk length");
    if (s->at + (size_t)len > limits->command) return bad(ret_why, "too big command");
    s->bulk = len + 1;
    return KV_SCAN_COMMAND;
}

static enum kv_scan scan_array(struct kv_resp_scan *s, cop_bytes input,
                               const struct kv_limits *limits, char *ret_why)
{
    enum kv_scan found;

    if (!s->is_array && (found = scan_header(s, input, limits, ret_why)) != KV_SCAN_COMMAND)
        return found;
    for (; s->left > 0; s->left--) {
        if (s->bulk == 0 && (found = scan_bulk(s, input, limits, ret_why)) != KV_SCAN_COMMAND)
            return found;
        if (input.len - s->at < (size_t)s->bulk + 1) return KV_SCAN_MORE;
        s->at += (size_t)s->bulk + 1;
        s->bulk = 0;
    }
    return KV_SCAN_COMMAND;
}

enum kv_scan kv_resp_scan(struct kv_resp_scan *scan, cop_bytes input,
                          const struct kv_limits *limits, size_t *ret_len, char *ret_why)
{
    enum kv_scan found;

    if (input.len == 0) return KV_SCAN_MORE;
    found = input.data[0] == '*' ? scan_array(scan, input, limits, ret_why)
                                 : scan_line(scan, input, limits, ret_why);
    if (found != KV_SCAN_COMMAND) return found;
    *ret_len = scan->at;
    *scan = (struct kv_resp_scan){0};
    return found;
}

/* --- Words ------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The character that the escape sequence at p, after its backslash, stands for; steps over it. */
static char unescape(const char **p, const char *end)
{
    char c = *(*p)++;

    if (c == 'x' && end - *p >= 2 && hex_digit((*p)[0]) >= 0 && hex_digit((*p)[1]) >= 0) {
        c = (char)(hex_digit((*p)[0]) * 16 + hex_digit((*p)[1]));
        *p += 2;
        return c;
    }
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'b': return '\b';
    case 'a': return '\a';
    default: return c;
    }
}

/* Copies the quoted part that begins at *p to *out, and steps over it. In single quotes only \' is
 * an escape. False: it does not end, or more than space follows. */
static bool unquote(const char **p, const char *end, char **out)
{
    char quote = *(*p)++;

    while (*p < end && **p != quote) {
        char c = *(*p)++;

        if (c == '\\' && *p < end && quote == '"')
            c = unescape(p, end);
        else if (c == '\\' && *p < end && **p == '\'')
            c = *(*p)++;
        *(*out)++ = c;
    }
    if (*p == end) return false;
    (*p)++;
    return *p == end || kv_is_space(**p);
}

/* A word with quotes in it. What it means is never longer than what it is. */
static bool quoted_word(const char **p, const char *end, char **out)
{
    while (*p < end && !kv_is_space(**p)) {
        if (**p == '"' || **p == '\'') return unquote(p, end, out);
        *(*out)++ = *(*p)++;
    }
    return true;
}

/* The words of a line in which there are quotes. */
static bool quoted_words(cop_bytes line, struct kv_words *words)
{
    const char *p = line.data, *end = line.data + line.len;
    char *out = words->decoded = cop_alloc(line.len);

    for (;;) {
        char *from = out;

        while (p < end && kv_is_space(*p))
            p++;
        if (p == end) return true;
        if (!quoted_word(&p, end, &out)) return false;
        kv_words_add(words, (cop_bytes){from, (size_t)(out - from)});
    }
}

bool kv_resp_words(cop_bytes command, struct kv_words *words)
{
    size_t at = 0;
    int64_t left = 0, len = 0;

    if (command.data[0] != '*') {
        if (memchr(command.data, '"', command.len) || memchr(command.data, '\'', command.len))
            return quoted_words(command, words);
        kv_line_words(command, words);
        return true;
    }
    for (read_number(&at, command, &left); left > 0; left--) {
        (void)read_number(&at, command, &len);
        kv_words_add(words, (cop_bytes){command.data + at, (size_t)len});
        at += (size_t)len + 2;
    }
    return true;
}
