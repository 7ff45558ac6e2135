/* SPDX-License-Identifier: Apache-2.0 */
/* A session: one side of a conversation in one of the two protocols. Bytes go in as they come, and
 * answers come out through a function; of sockets it knows nothing. It belongs to one process.
 *
 * What has come is dealt with in turns. In a turn all complete commands, up to a bound, are read;
 * those for the same bucket that follow each other are sent to it as one message, and answered by
 * one; and all answers go out in one piece. */
#ifndef KV_SESSION_H
#define KV_SESSION_H

#include "out.h"
#include "scan.h"

#define KV_DATABASES 16

enum kv_protocol { KV_LINES, KV_RESP };

struct kv_session {
    enum kv_protocol protocol;
    struct kv_limits limits;
    struct kv_out out;
    struct kv_line_scan line_scan;
    struct kv_resp_scan resp_scan;
    /* What has come and was not dealt with, from `pending_at` on; of cop_alloc(). */
    char *pending;
    size_t pending_at;
    size_t pending_len;
    size_t pending_capacity;
    /* Tells that the caller keeps so many bytes between turns; false: there is no room for them. */
    bool (*hold)(size_t bytes);
    size_t held; /* what was told last */
    /* The bucket that was read last, and its table. */
    cop_pid read_bucket;
    cop_kept read_table;
    bool is_over;
    bool is_subscribed;
    /* RESP: */
    int64_t id;
    int version; /* of the protocol: 2 or 3 */
    int database;
    cop_pid bucket; /* of the database, or none: not known */
    cop_kept name;  /* of the client; kept nothing: none */
    bool has_name;
};

enum kv_turn_end {
    KV_WAIT, /* for more bytes */
    KV_BUSY, /* there is more to do: take another turn, with no new bytes */
    KV_OVER  /* the connection is to be closed */
};

/* So many bytes may be kept without a word. */
#define KV_PENDING_FREE 4096

/* Zero but for protocol, limits, out.send, out.arg, hold and id; then this. */
void kv_session_begin(struct kv_session *session);
/* Shows the others what the session is called, and which database and version it has; to be called
 * when that has changed. Runs on: the process of the session (redis_client.c). */
void kv_session_show(const struct kv_session *session);
/* A turn: data, a binary or cop_none(), has come. Exits: as what it calls; the session is not to be
 * used then. Switches. */
enum kv_turn_end kv_session_turn(struct kv_session *session, cop_term data);
/* A change in a bucket that the session has subscribed to: a message of store.h. Switches. */
enum kv_turn_end kv_session_event(struct kv_session *session, cop_term event);

#endif
