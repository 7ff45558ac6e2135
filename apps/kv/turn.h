/* SPDX-License-Identifier: Apache-2.0 */
/* What commands are made with: a turn of a session, in which operations for a bucket are gathered.
 * Shared by session.c and the two protocols. */
#ifndef KV_TURN_H
#define KV_TURN_H

#include "session.h"

/* So many commands are dealt with in a turn. */
#define KV_TURN_MAX 128

/* Writes the answer to an operation. */
typedef void (*kv_answer_fn)(struct kv_session *session, cop_term answer);

struct kv_turn {
    struct kv_session *session;
    cop_pid bucket;      /* of the operations */
    cop_term operations; /* the last one first */
    size_t len;
    kv_answer_fn answers[KV_TURN_MAX];
};

/* The operation is done by the bucket, and its answer written with fn, in the order of the
 * commands. */
void kv_turn_add(struct kv_turn *turn, cop_pid bucket, cop_term operation, kv_answer_fn fn);
/* The same for {:read, key}, without the bucket if nothing was added that must be done before. */
void kv_turn_read(struct kv_turn *turn, cop_pid bucket, cop_term key, kv_answer_fn fn);
/* Has the operations done that were added; then what is written comes behind their answers. */
struct kv_out *kv_turn_out(struct kv_turn *turn);

static inline cop_term kv_word(const struct kv_words *words, size_t i)
{
    return cop_binary(words->items[i].data, words->items[i].len);
}
/* Whether word is this one, which is written in upper case; cases do not count. */
bool kv_word_is(cop_bytes word, const char *name);
/* Whether a command is a line of an HTTP request: any page can have a browser send one here, with
 * commands in its body. The connection is to be closed without an answer, as Redis does. */
bool kv_words_are_http(const struct kv_words *words);

/* --- Protocols -------------------------------------------------------------------------------- */

struct kv_protocol_ops {
    /* As the scans of scan.h; ret_why: 64 bytes. */
    enum kv_scan (*scan)(struct kv_session *session, cop_bytes input, size_t *ret_len,
                         char *ret_why);
    /* A complete command. */
    void (*command)(struct kv_turn *turn, cop_bytes command);
    /* Tells that the input is bad. */
    void (*bad)(struct kv_session *session, const char *why);
    /* The answer to an operation of a bucket that is gone (it was not done) or failed. */
    void (*no_bucket)(struct kv_session *session, bool is_gone);
};
extern const struct kv_protocol_ops kv_lines;
extern const struct kv_protocol_ops kv_resp;

#endif
