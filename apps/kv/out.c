/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection is to be sent. */
#include "out.h"

#include <string.h>

#define FIRST_CAPACITY 1024
#define CAPACITY_MAX   65536
/* From this size on a binary is not worth a copy. */
#define LARGE          16384

static void send(struct kv_out *out, cop_term data)
{
    if (!out->is_broken && !cop_identical(out->send(out->arg, data), cop_ok()))
        out->is_broken = true;
}

static void send_gathered(struct kv_out *out)
{
    size_t len = out->len;

    out->len = 0;
    if (len > 0) send(out, cop_binary(out->data, len));
}

static void free_data(struct kv_out *out)
{
    if (out->data != out->lent) cop_free(out->data);
}

void kv_out_lend(struct kv_out *out, char *memory, size_t size)
{
    out->data = out->lent = memory;
    out->capacity = size;
}

void kv_out_flush(struct kv_out *out)
{
    send_gathered(out);
    free_data(out);
    kv_out_lend(out, NULL, 0);
}

/* Room for len <= CAPACITY_MAX bytes. */
static void reserve(struct kv_out *out, size_t len)
{
    size_t capacity = out->capacity ? out->capacity : FIRST_CAPACITY;
    char *data;

    if (out->len + len > CAPACITY_MAX) send_gathered(out);
    while (capacity < out->len + len)
        capacity *= 2;
    if (capacity == out->capacity) return;
    data = cop_alloc(capacity);
    if (out->len > 0) memcpy(data, out->data, out->len);
    free_data(out);
    out->data = data;
    out->capacity = capacity;
}

void kv_out_bytes(struct kv_out *out, const char *data, size_t len)
{
    out->total += len;
    while (len > 0) {
        size_t part = len < CAPACITY_MAX ? len : CAPACITY_MAX;

        if (out->capacity - out->len < part) reserve(out, part);
        memcpy(out->data + out->len, data, part);
        out->len += part;
        data += part;
        len -= part;
    }
}

void kv_out_text(struct kv_out *out, const char *text)
{
    kv_out_bytes(out, text, strlen(text));
}

void kv_out_binary(struct kv_out *out, cop_term binary)
{
    cop_bytes bytes = cop_to_bytes(binary);

    if (bytes.len < LARGE) {
        kv_out_bytes(out, bytes.data, bytes.len);
        return;
    }
    out->total += bytes.len;
    send_gathered(out);
    send(out, binary);
}

/* --- RESP ------------------------------------------------------------------------------------- */

void kv_out_header(struct kv_out *out, char mark, int64_t number)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    text[--at] = '\n';
    text[--at] = '\r';
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0) text[--at] = '-';
    text[--at] = mark;
    kv_out_bytes(out, text + at, sizeof(text) - at);
}

void kv_out_simple(struct kv_out *out, const char *text)
{
    kv_out_text(out, "+");
    kv_out_text(out, text);
    kv_out_text(out, "\r\n");
}

void kv_out_int(struct kv_out *out, int64_t value)
{
    kv_out_header(out, ':', value);
}

void kv_out_bulk(struct kv_out *out, cop_term binary)
{
    kv_out_header(out, '$', (int64_t)cop_to_bytes(binary).len);
    kv_out_binary(out, binary);
    kv_out_text(out, "\r\n");
}

void kv_out_bulk_text(struct kv_out *out, const char *text)
{
    kv_out_header(out, '$', (int64_t)strlen(text));
    kv_out_text(out, text);
    kv_out_text(out, "\r\n");
}
