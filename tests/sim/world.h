/* SPDX-License-Identifier: Apache-2.0 */
/* What the property program knows of its run: who did what to whom, and what may follow of it.
 *
 * A seeded run has one thread, so that all processes may write here plainly. Workers tell the world
 * before they act and when they receive; the world checks what must hold under every seed:
 *
 *  - what one process sends another (messages and exit signals) arrives whole and in order
 *    (SIG-02);
 *  - a monitor gives exactly one DOWN, none after demonitor (MON-03, 08, 11), one after a reply
 *    ends it (ALS-04); all tell the same reason (SIG-13), after all that the dead had sent
 *    (MON-16);
 *  - a link gives exactly one EXIT, none after unlink (LNK-01, 07, 09); both sides agree whether
 *    there is one (LNK-13), and none with the dead remains (LNK-10);
 *  - a timer fires once, and not after cancel returned a number (TMR-07);
 *  - the name of the dead is free (SIG-07);
 *  - a mailbox with a limit loses messages of others only, no more than it has counted, and what
 *    it keeps is in order (docs/adr/0010). */
#ifndef COP_TESTS_SIM_WORLD_H
#define COP_TESTS_SIM_WORLD_H

#include "coppice/node.h"

#define WORKERS     24
#define WATCHES_MAX 4096
#define TIMERS_MAX  2048
#define NAMES       4

enum link_op { LINK_NONE, LINK_MADE, LINK_REMOVED };

/* What r knows of s, and what s has done to r. */
struct pair {
    int sent;        /* direct messages and signals that s has sent to r, from 1 */
    bool is_sending; /* one more is being sent */
    int got;         /* how many of them r has handled */
    int order_sent;  /* the same with those by alias and name, which may be dropped */
    int order_got;
    bool is_closed;       /* r has handled the end of s: nothing more may come */
    enum link_op last_op; /* of s towards r */
    int exits;            /* EXIT messages of a link with s that r handled since its last unlink */
    int real_exits;       /* of these, ever, with another reason than noproc */
};

enum watch_state { WATCH_ACTIVE, WATCH_FIRED, WATCH_ENDED };
struct watch {
    cop_ref ref;
    int owner;
    int target; /* -1: a child, with its number in child */
    int child;
    bool is_reply_ending; /* a reply ends it */
    enum watch_state state;
};

enum timer_state { TIMER_ARMED, TIMER_FIRED, TIMER_CANCELLED };
struct timer {
    cop_ref ref;
    int owner;
    int target;
    enum timer_state state;
};

struct world {
    uint64_t random;
    cop_pid pids[WORKERS];
    bool is_trapping[WORKERS];
    struct cop_mailbox limits[WORKERS]; /* of their mailboxes; max 0: none */
    int lost[WORKERS];                  /* messages that each has found missing, at least */
    bool is_dead[WORKERS];              /* its end has been seen by the driver */
    bool has_reason[WORKERS];
    uint64_t reason[WORKERS];            /* hash of the reason that the first observer was told */
    struct pair pairs[WORKERS][WORKERS]; /* [sender][receiver] */
    struct watch watches[WATCHES_MAX];
    int watch_count;
    struct timer timers[TIMERS_MAX];
    int timer_count;
    int child_count;
    int child_exits_due[WORKERS]; /* linked children whose EXIT has not been handled */
    uint32_t links[WORKERS];      /* whom each is linked to, at rest: a bit each */
    bool has_failed;
    char failure[512];
};

extern struct world world;

uint64_t world_random(uint64_t *state);
/* A property does not hold: the first text is kept for the report. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The number of the worker with that pid; -1: none. */
int world_index(cop_pid pid);
cop_term world_name(int i);

/* me has received msg, in its turn: checks it. False: it is nothing that the world knows. */
bool world_received(int me, cop_term msg);
/* me takes an EXIT or DOWN out of turn: counted, but nothing is closed. */
void world_exit(int me, cop_pid from, cop_term reason, bool is_in_turn);
void world_down(int me, cop_ref ref, cop_term reason, bool is_in_turn);
void world_reply(int me, cop_ref ref);
struct watch *world_watch(int me, int target, cop_ref ref);
struct watch *world_find_watch(cop_ref ref);
/* Nothing is on the way any more: what was due to me must have come. */
void world_check_at_rest(int me);
/* The same for what several have told: their links. */
void world_check_all_at_rest(void);

#endif
