/* SPDX-License-Identifier: Apache-2.0 */
/* A growing buffer of bytes, for building text and packets.
 *
 *     COP_CLEANUP(cop__buf_fini) struct cop__buf text = {0};
 *     cop__buf_append_fmt(&text, "%d of ", done);
 *     cop__buf_append_uint(&text, all);
 *     puts(cop__buf_cstr(&text));
 *
 * Owns its bytes until they are taken. All zero is an empty buffer that owns nothing. The bytes may
 * be read as data[0] to data[len - 1]; they move when the buffer grows. Not to be used by two
 * threads at once. */
#ifndef COP_BASE_BUF_H
#define COP_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct cop__buf {
    char *data; /* cap bytes, of which len are in use; NULL while cap is 0 */
    size_t len;
    size_t cap;
};

static inline void cop__buf_init(struct cop__buf *buf)
{
    *buf = (struct cop__buf){0};
}

/* Frees the bytes; the buffer is empty then and may be used again. */
void cop__buf_fini(struct cop__buf *buf);

/* Forgets the contents and keeps the memory. */
static inline void cop__buf_clear(struct cop__buf *buf)
{
    buf->len = 0;
}

/* Makes room for more bytes after len and returns where they begin: the caller writes up to that
 * many and adds to len. */
char *cop__buf_reserve(struct cop__buf *buf, size_t more);

/* bytes must not lie in the buffer itself; NULL with len 0 is allowed. */
void cop__buf_append(struct cop__buf *buf, const void *bytes, size_t len);
void cop__buf_append_str(struct cop__buf *buf, const char *text);

static inline void cop__buf_append_char(struct cop__buf *buf, char c)
{
    *(buf->len < buf->cap ? buf->data + buf->len : cop__buf_reserve(buf, 1)) = c;
    buf->len++;
}

/* In decimal. */
void cop__buf_append_uint(struct cop__buf *buf, uint64_t number);
void cop__buf_append_int(struct cop__buf *buf, int64_t number);

/* A code point as UTF-8; U+FFFD in place of what is none. */
void cop__buf_append_utf8(struct cop__buf *buf, uint32_t code);

/* As printf. Not for numbers with a fraction: their point depends on the locale. */
void cop__buf_append_fmt(struct cop__buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The contents as a C string: a zero byte is put behind them, which does not count in len. Valid
 * until the buffer changes. */
char *cop__buf_cstr(struct cop__buf *buf);

/* Hands the bytes over and leaves an empty buffer. They are *ret_len in number, and are freed with
 * cop__free(bytes, *ret_size). NULL, 0 and 0 if nothing was ever appended. */
char *cop__buf_take(struct cop__buf *buf, size_t *ret_len, size_t *ret_size);

#endif
