/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of all supervisors share: who they are, what init makes of flags, how a death
 * becomes a restart or the end, and the questions that every one answers.
 *
 *   Supervisor               children in an order, known by id     supervisor_server.c
 *     :simple_one_for_one    equal children, known by process      supervisor_simple.c
 *   DynamicSupervisor        any children, known by process        dynamic_supervisor_server.c
 *
 * The first is a kind of its own (supervisor_restart.c); the others share the life of children
 * without an order (sup_unordered.c). A kind says only how it restarts and how it lets go. */
#ifndef COP_OTP_SUP_SERVER_H
#define COP_OTP_SUP_SERVER_H

#include "coppice/gen_server.h"
#include "otp/child_life.h"
#include "otp/restart_intensity.h"
#include "otp/sup_report.h"

struct cop__sup_kind {
    const char *name; /* in logs */
    bool has_ids;     /* children are known by their ids, else by their processes */
    bool dynamic;     /* failures and stops are judged as DynamicSupervisor does (DYN-12, 21) */
    /* Carries out a restart that was counted: starts child, which does not run, with whatever the
     * strategy starts with it. What fails to start is left to cop__sup_try_again(). Switches. */
    void (*restart)(struct cop__sup *sup, struct cop__child *child);
    /* Stops what restart() will start with child, which then waits; NULL: nothing. Switches. */
    void (*clear)(struct cop__sup *sup, struct cop__child *child);
    /* child, which does not run, is not to run again. False: the supervisor must end with it. */
    bool (*let_go)(struct cop__sup *sup, struct cop__child *child);
};

/* The first member of the state of each supervisor. Zeros but for kind and extra at first. */
struct cop__sup {
    const struct cop__sup_kind *kind;
    cop_kept name;   /* as given to start_link: an atom, {:global, n}, {:via, m, n}; nil: none */
    cop_kept module; /* the callback module; Supervisor.Default if there is none */
    cop_kept how;    /* {:init, value} or {:call, address, arg}: see cop__sup_init_value() */
    cop_kept extra;  /* arguments before those of each child (DYN-10); a list */
    struct cop__intensity intensity;
    int64_t restarts;      /* since its start */
    const char *strategy;  /* its name; NULL: one_for_one */
    struct cop__rand rand; /* for backoff with jitter */
    struct cop__children children;
};

/* --- Init ------------------------------------------------------------------------------------- */

/* The argument of a supervisor's init is {name, module, {:init, value}} with what the module's init
 * has returned, or {name, module, {:call, address, arg}} with the struct cop_module to ask. Sets
 * name and module, traps exits, and returns the value. Switches: if the module's init does. */
cop_term cop__sup_init_value(struct cop__sup *sup, cop_term arg);
/* The value once more, at a change of code. */
cop_term cop__sup_init_again(const struct cop__sup *sup);
/* init's answer to a value that is neither :ignore nor what was expected (SUP-10). */
cop_result cop__sup_bad_return(const struct cop__sup *sup, cop_term value);
/* Sets the limit of restarts; cop_none(), or what is wrong with the flags (SUP-07). */
cop_term cop__sup_take_intensity(struct cop__sup *sup, cop_term intensity, cop_term period);

/* --- Starts and stops ------------------------------------------------------------------------- */

/* Calls the start function of child, whose process is none or dead. STARTED: it is RUNNING now;
 * IGNORED and FAILED leave it as it is. Switches. */
struct cop__start cop__sup_start(struct cop__sup *sup, struct cop__child *child);
/* Notes for tools that pid runs as child, in the place of a former process or of none. */
void cop__sup_note_start(const struct cop__sup *sup, const struct cop__child *child, cop_pid pid,
                         cop_pid former);
/* Ends the process of child, if it runs, and reports an unexpected end; its state stays. Switches.
 */
void cop__sup_stop(struct cop__sup *sup, const struct cop__child *child);

/* --- Deaths and restarts ---------------------------------------------------------------------- */

/* child has failed to start again: it is RESTARTING, and another attempt follows after all that
 * waits in the mailbox (SUP-40). */
void cop__sup_try_again(struct cop__sup *sup, struct cop__child *child);
/* The death of a child, a restart to be tried again, the end of a wait; other messages are logged
 * (SUP-32). Switches. */
cop_result cop__sup_handle_info(void *state, cop_term message);
cop_result cop__sup_handle_cast(void *state, cop_term message); /* ignored */

/* --- Questions -------------------------------------------------------------------------------- */

/* Answers which_children, count_children, next_starts and {:status, offset, limit}; no clause for
 * other requests. */
cop_result cop__sup_answer(const struct cop__sup *sup, cop_term request);

#endif
