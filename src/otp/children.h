/* SPDX-License-Identifier: Apache-2.0 */
/* The children of one supervisor: a list in start order, found by process and by id.
 *
 * Children link themselves into all three, so that adding, finding and removing one costs the same
 * however many there are (SUP-67). A DynamicSupervisor, whose children have no id, leaves the index
 * by id empty. The whole belongs to the process of the supervisor. */
#ifndef COP_OTP_CHILDREN_H
#define COP_OTP_CHILDREN_H

#include "otp/child_spec.h"

/* The states SUP-68 to SUP-70; an unknown id (SUP-71) has no child. */
enum cop__child_state {
    COP__CHILD_STOPPED,   /* pid is none */
    COP__CHILD_RUNNING,   /* pid is its process, dead or alive */
    COP__CHILD_RESTARTING /* pid is the process before, or none */
};

struct cop__child {
    struct cop__child *before;   /* started before this one */
    struct cop__child *after;    /* started after it */
    struct cop__child *pid_next; /* the next in its bucket of the index by pid */
    struct cop__child *id_next;  /* the same by id */
    cop_pid pid;                 /* indexed, unless none; see the states */
    cop_pid former;              /* while STOPPED: the process that it had, for tools */
    uint64_t id_hash;            /* valid if has_id */
    cop_kept id;                 /* several children may have the same if it is not indexed */
    cop_kept start;              /* {module, function, arguments} */
    cop_kept modules;
    int64_t shutdown;
    struct cop__waiting *waiting; /* NULL: no backoff */
    struct cop_mailbox mailbox;
    enum cop__restart restart;
    enum cop__child_state state;
    bool has_id; /* it is known by its id, which is indexed; without, it is shown as :undefined */
    bool supervisor;
    bool significant;
    bool is_down; /* while all are stopped at once: its process is known to be dead */
};

/* All zero: no children. */
struct cop__children {
    struct cop__child *first; /* oldest */
    struct cop__child *last;
    struct cop__child **by_pid;
    struct cop__child **by_id;
    size_t by_pid_cap; /* 0 or a power of two */
    size_t by_id_cap;
    size_t by_pid_len;
    size_t by_id_len;
    size_t len;
};

/* The start call as it is stored once a child runs: nobody starts a temporary one again, so its
 * arguments, which may be large, become :undefined (SUP-64, DYN-22). */
cop_term cop__stored_start(cop_term start, enum cop__restart restart);

/* Makes a child with what spec says and appends it, stopped. Its terms are kept; with_id also
 * enters it into the index by id, where no other has this id. */
struct cop__child *cop__children_append(struct cop__children *all, const struct cop__spec *spec,
                                        bool with_id);
/* Takes child out and frees it. */
void cop__children_remove(struct cop__children *all, struct cop__child *child COP_TAKES);

/* Takes all out and frees them and the indexes. */
void cop__children_clear(struct cop__children *all);

/* Lets child be as spec says, which has its id; its process and its wait stay as they are. */
void cop__children_update(struct cop__children *all, struct cop__child *child,
                          const struct cop__spec *spec);
/* Makes child the last in the order. */
void cop__children_move_last(struct cop__children *all, struct cop__child *child);

/* Sets state and pid and keeps the index by pid right. A child that waited does so no more. */
void cop__children_set(struct cop__children *all, struct cop__child *child,
                       enum cop__child_state state, cop_pid pid);

/* NULL if there is none. A child that is RESTARTING is found by its former pid. */
struct cop__child *cop__children_by_pid(const struct cop__children *all, cop_pid pid);
struct cop__child *cop__children_by_id(const struct cop__children *all, cop_term id);

/* The specification of a child, from its kept terms. */
struct cop__spec cop__child_spec_now(const struct cop__child *child);
/* Whether it is RESTARTING and waits for the time of its backoff. */
bool cop__child_waits(const struct cop__child *child);
/* {id, pid | :undefined | :restarting, type, modules} (SUP-26). */
cop_term cop__child_row(const struct cop__child *child);
/* The rows of all, last started first. */
cop_term cop__children_rows(const struct cop__children *all);
/* %{specs: n, active: n, supervisors: n, workers: n} (SUP-27, DYN-19). */
cop_term cop__children_count(const struct cop__children *all);

#endif
