/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection is to be sent: gathered, so that the answers to many commands go in one piece,
 * and sent before it becomes much, so that a connection holds little whatever it is asked for. */
#ifndef KV_OUT_H
#define KV_OUT_H

#include <coppice.h>

struct kv_out {
    cop_term (*send)(void *arg, cop_term data); /* :ok, or the connection is gone */
    void *arg;
    char *data; /* lent, or of cop_alloc() */
    char *lent;
    size_t len;
    size_t capacity;
    size_t total; /* bytes that were put in since the beginning */
    bool is_broken;
};

/* All may send, and switch then. After a send that failed nothing has an effect. */
void kv_out_bytes(struct kv_out *out, const char *data, size_t len);
void kv_out_text(struct kv_out *out, const char *text);
/* A large binary is sent by itself, not copied. */
void kv_out_binary(struct kv_out *out, cop_term binary);
/* Memory for what is gathered until the next flush; more is allocated when it is full. */
void kv_out_lend(struct kv_out *out, char *memory, size_t size);
/* Sends what is left, and gives the memory back. */
void kv_out_flush(struct kv_out *out);

/* --- RESP ------------------------------------------------------------------------------------- */

void kv_out_simple(struct kv_out *out, const char *text); /* +text */
void kv_out_int(struct kv_out *out, int64_t value);       /* :value */
void kv_out_bulk(struct kv_out *out, cop_term binary);    /* $len, the bytes */
void kv_out_bulk_text(struct kv_out *out, const char *text);
/* A mark, a number and the end of line: `*3`, the header of an array. */
void kv_out_header(struct kv_out *out, char mark, int64_t number);

#endif
