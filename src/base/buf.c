/* SPDX-License-Identifier: Apache-2.0 */
/* The buffer doubles when it is full, so n bytes cost O(n) however they come. */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CAP_MIN     64
#define REPLACEMENT 0xfffdu      /* the code point that stands for one that cannot be shown */
#define DECIMAL_MAX 20           /* digits of UINT64_MAX */
#define FMT_FIRST   ((size_t)80) /* room for most formatted pieces */

void cop__buf_fini(struct cop__buf *buf)
{
    cop__free(buf->data, buf->cap);
    cop__buf_init(buf);
}

char *cop__buf_reserve(struct cop__buf *buf, size_t more)
{
    COP_ASSERT(buf->len <= buf->cap);
    if (more > buf->cap - buf->len) {
        size_t cap = buf->cap ? buf->cap : CAP_MIN;

        COP_CHECK(more <= PTRDIFF_MAX / 2 - buf->len, "buffer of %zu bytes asked for %zu more",
                  buf->len, more);
        while (cap < buf->len + more)
            cap *= 2;
        buf->data = cop__realloc(buf->data, buf->cap, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void cop__buf_append(struct cop__buf *buf, const void *bytes, size_t len)
{
    if (len == 0) return;
    memcpy(cop__buf_reserve(buf, len), bytes, len);
    buf->len += len;
}

void cop__buf_append_str(struct cop__buf *buf, const char *text)
{
    cop__buf_append(buf, text, strlen(text));
}

void cop__buf_append_uint(struct cop__buf *buf, uint64_t number)
{
    char digits[DECIMAL_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    cop__buf_append(buf, digits + at, sizeof digits - at);
}

void cop__buf_append_int(struct cop__buf *buf, int64_t number)
{
    if (number < 0) cop__buf_append_char(buf, '-');
    cop__buf_append_uint(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void cop__buf_append_utf8(struct cop__buf *buf, uint32_t code)
{
    char *at = cop__buf_reserve(buf, COP__UTF8_MAX);
    size_t len = cop__utf8_encode(code, at);

    buf->len += len ? len : cop__utf8_encode(REPLACEMENT, at);
}

void cop__buf_append_fmt(struct cop__buf *buf, const char *format, ...)
{
    char *at = cop__buf_reserve(buf, FMT_FIRST);
    size_t room = buf->cap - buf->len;
    va_list args;
    int need;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): wrong, va_start is just above */
    need = vsnprintf(at, room, format, args);
    va_end(args);
    COP_CHECK(need >= 0, "bad format \"%s\"", format);
    if ((size_t)need >= room) {
        at = cop__buf_reserve(buf, (size_t)need + 1);
        va_start(args, format);
        vsnprintf(at, (size_t)need + 1, format, args);
        va_end(args);
    }
    buf->len += (size_t)need;
}

char *cop__buf_cstr(struct cop__buf *buf)
{
    *cop__buf_reserve(buf, 1) = '\0';
    return buf->data;
}

char *cop__buf_take(struct cop__buf *buf, size_t *ret_len, size_t *ret_size)
{
    char *data = buf->data;

    *ret_len = buf->len;
    *ret_size = buf->cap;
    cop__buf_init(buf);
    return data;
}
