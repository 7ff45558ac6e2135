/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions without sockets: what is said goes in, and the answers are gathered as text. */
#ifndef KV_TALK_H
#define KV_TALK_H

#include "kv_support.h"

#include "../../../apps/kv/session.h"

#include <string.h>

struct talk {
    struct kv_session session;
    char *said; /* all answers, of cop_alloc() */
    size_t len;
    size_t sends;
    bool is_over;
};

static inline cop_term talk_gather(void *arg, cop_term data)
{
    struct talk *t = arg;
    cop_bytes bytes = cop_to_bytes(data);
    char *said = cop_alloc(t->len + bytes.len + 1);

    if (t->len > 0) memcpy(said, t->said, t->len);
    memcpy(said + t->len, bytes.data, bytes.len);
    cop_free(t->said);
    t->said = said;
    t->len += bytes.len;
    t->sends++;
    return cop_ok();
}

/* The room that there is for what is not complete, and how often it was asked for. */
static size_t talk_room = SIZE_MAX;
static int talk_holds;

static inline bool talk_hold(size_t bytes)
{
    talk_holds++;
    return bytes <= talk_room;
}

static inline void talk_begin(struct talk *t, enum kv_protocol protocol)
{
    *t = (struct talk){.said = cop_alloc(1)};
    t->session.protocol = protocol;
    t->session.limits =
        (struct kv_limits){.line = 200, .bulk = 1000, .words = 300, .command = 4000};
    t->session.out.send = talk_gather;
    t->session.out.arg = t;
    t->session.hold = talk_hold;
    t->session.id = 7;
    kv_session_begin(&t->session);
}

/* Says it, and lets the session take its turns. */
static inline void talk_say(struct talk *t, const char *data, size_t len)
{
    cop_term bytes = cop_binary(data, len);

    while (!t->is_over) {
        enum kv_turn_end end = kv_session_turn(&t->session, bytes);

        bytes = cop_none();
        if (end == KV_OVER) t->is_over = true;
        if (end == KV_WAIT) break;
    }
}

/* The answers to text, of a session that has just begun. */
static inline cop_term talk_answers(enum kv_protocol protocol, const char *text)
{
    struct talk t;

    talk_begin(&t, protocol);
    talk_say(&t, text, strlen(text));
    return cop_binary(t.said, t.len);
}

#endif
