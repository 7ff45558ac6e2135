/* SPDX-License-Identifier: Apache-2.0 */
/* The tree campaign: random supervision trees, random deaths, and what must hold of them.
 *
 *   tree_plan.c     which tree: a random one for each seed
 *   tree_process.c  its processes: what each place starts, and the watcher who sees all of them die
 *   tree_oracle.c   what must hold: at each start, at each end, and when all is at rest
 *   tree_client.c   processes beside the tree that call, monitor and link those in it
 *   tree_test.c     the driver: disturbs, waits for rest, has all checked
 *
 * A seeded run has one thread, so that all processes write here plainly. The oracle sees what the
 * tree does from inside: a child's start function runs in its supervisor. It does not foretell what
 * a supervisor does, since several deaths at once may be handled in any order; it holds what was
 * done against the rules:
 *
 *  - a supervisor starts its children in order, and anew only for a cause: a death that its restart
 *    type minds, or a failed restart (SUP-12, 33 to 35, 40, 43 to 47); never beside a living former
 *    self; nothing is left of a failed start (SUP-16, VER-01);
 *  - its restarts are never more than its intensity allows, and it ends for that only when one more
 *    was due (SUP-36 to 39, DYN-15);
 *  - it stops its children in reverse order, each in its time (SUP-50, 51);
 *  - the name and the table of the dead are free for whoever hears of the death (SIG-07, ETS-04);
 *  - at rest the children are those of the specification, in order, and run unless something says
 *    why not (SUP-15, 22 to 27, 41, 42, 69 to 71, DYN-14, 17); everything that lives has a living
 *    supervisor; a supervisor that has ended has a reason for it, the right one (SUP-55);
 *  - calls to a supervisor at rest answer as the table of SUP-68 to 71 says;
 *  - a monitor of anything in it gives one DOWN, a link one EXIT, and none after demonitor with
 *    flush or unlink; a call that timed out is never answered later. */
#ifndef COP_TESTS_SIM_TREE_H
#define COP_TESTS_SIM_TREE_H

#include "coppice.h"

#define NODES_MAX    96
#define CHILDREN_MAX 12
#define LIVES_MAX    8192
#define TIMES_MAX    64
#define NONE         (-1)

#define SHUTDOWN_INFINITY (-1)
#define SHUTDOWN_BRUTAL   (-2)

enum kind { WORKER, STATIC, DYNAMIC };
enum strategy { ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE };
enum restart { PERMANENT, TRANSIENT, TEMPORARY };
enum start { START_OK, START_IGNORE, START_STOP, START_EXIT };
enum outcome { NOTHING, PENDING, STARTED, IGNORED, FAILED };
enum attempt { INITIAL, BY_CALL, RESTART };
enum reason { NORMAL, SHUTDOWN, SHUTDOWN_TERM, KILLED, OTHER };

/* A place in the tree: a child specification, and what became of it. */
struct node {
    enum kind kind;
    int parent;
    enum restart restart;
    int shutdown;
    bool is_initial; /* its supervisor begins with it */
    /* of a supervisor */
    enum strategy strategy;
    int max_restarts;
    int max_seconds;
    int children[CHILDREN_MAX];
    int child_count;
    /* of a worker */
    bool traps;
    bool has_name;
    bool has_table; /* of the same name */
    int init_ms;    /* sleeps */
    int terminate_ms;
    enum start bad_start; /* how its starts bad_from to bad_from + bad_count - 1 end */
    int bad_from;
    int bad_count;
    /* what happened */
    int starts;
    int life;             /* the last one, or NONE */
    enum outcome outcome; /* of the last attempt to start it */
    bool is_listed;       /* its supervisor knows it */
    bool is_stopped;      /* by a call, and not started since */
    int supervisor;       /* the life of the supervisor that attempted last */
    int decisions;        /* restarts of its own under that supervisor */
    int causes;           /* and what may have been a reason for one */
};

/* The life of one process of the tree. */
struct life {
    int node;
    int supervisor; /* a life; NONE: the driver's */
    cop_pid pid;
    bool is_dead;
    int64_t died_ms;
    enum reason reason;
    uint64_t reason_hash;
    bool is_hit;         /* something else than its supervisor may have ended it */
    bool is_judged;      /* its end has been looked at */
    int64_t stopping_ms; /* when its supervisor's shutdown reached it; 0: not */
    /* of a supervisor */
    enum attempt attempt; /* what the last start was for */
    int initial_next;     /* the place in children that it starts next, at first */
    bool has_failed_init; /* one of them failed */
    int group_next;       /* the node that its group restart starts next, or NONE */
    int decision_count;
    int64_t decision_ms[TIMES_MAX]; /* the last ones, a ring */
    int cause_count;
    int64_t cause_ms[TIMES_MAX];
};

struct tree {
    uint64_t random;
    bool has_sleeps;
    struct node nodes[NODES_MAX];
    int node_count;
    struct life lives[LIVES_MAX];
    int life_count;
    int manual; /* the node that a call to its supervisor is to start now, or NONE */
    int64_t events;
    bool has_failed;
    char failure[512];
};

extern struct tree tree;

/* The first failure of a seed is kept. */
void tree_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* One line of the history, told when a single seed is replayed (COPPICE_SEED). */
void tree_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0 to bound - 1. */
int tree_below(int bound);

/* --- Plan ------------------------------------------------------------------------------------- */

/* A new random tree; node 0 is its root. */
void tree_plan(void);
/* One more worker for a supervisor; the node, or NONE if there is no room. */
int tree_plan_worker(int supervisor);
/* The specification of a node, and its name. On a process. */
cop_term tree_spec(int id);
cop_term tree_name(int node);

/* --- Processes -------------------------------------------------------------------------------- */

/* The functions that specifications name; registered by the driver. */
extern const struct cop_module tree_module;
/* Starts the watcher, linked to the caller; it sees each life begin and end. */
void tree_watch(void);
cop_term tree_start_root(void);
cop_term tree_random_reason(void);

/* --- Oracle ----------------------------------------------------------------------------------- */

/* A supervisor, the caller, begins to start node, and has this answer. */
void tree_attempt_begins(int node);
void tree_attempt_ends(int node, cop_term answer);
/* The caller is the process of node: a new life. */
int tree_born(int node);
void tree_died(int life, cop_term reason);
/* Whether the name is free for the table of this life: that of a former one may be in its way only
 * while that one lives. */
bool tree_may_have_table(int life);
/* The worker of this life has been told to terminate. */
void tree_terminates(int life, cop_term reason);
/* The last life of node, if it is not over; else NONE. */
int tree_running(int node);
/* Nothing goes on: checks all that lives, and all that has died since the last time. */
void tree_check_at_rest(void);
void tree_check_nothing_left(void);

/* --- Clients ---------------------------------------------------------------------------------- */

/* A process that does this and that to the tree, then waits for :finish, checks what it got, and
 * ends. Linked to the caller. */
cop_pid tree_client(void);

#endif
