/* SPDX-License-Identifier: Apache-2.0 */
/* A running gen_server: what its files share. gen_server_init.c makes it, gen_server_loop.c serves
 * messages, gen_server_end.c ends it. */
#ifndef COP_OTP_GEN_SERVER_STATE_H
#define COP_OTP_GEN_SERVER_STATE_H

#include "otp/gen.h"

/* Owned by the process; all that is left of a server while it waits. */
struct cop__server {
    const struct cop_module *module;
    const struct cop_gen_server *callbacks;
    void *state;
    cop_kept name;      /* as it was given; nil: none */
    cop_kept pending;   /* argument of the continue, or message of the timeout if not :timeout */
    int64_t timeout_ms; /* of the action; COP_INFINITY: none */
    bool has_continue;
    struct cop_sys sys;
};

/* Which callback is at work: says what it may return, and what it is called. */
enum cop__callback { COP__IN_CALL, COP__IN_CAST, COP__IN_INFO, COP__IN_CONTINUE, COP__IN_NONE };

/* One message on its way through the server; on the stack. */
struct cop__turn {
    struct cop__server *server;
    cop_term msg;
    enum cop__callback in;
    cop_term from;  /* COP__IN_CALL: {client, tag} */
    cop_term about; /* what the callback is given */
    cop_result result;
};

/* --- gen_server_init.c ------------------------------------------------------------------------ */

/* What cop__gen_server_init needs, as a term. name was checked; nil: none. */
cop_term cop__gen_server_boot(const struct cop_gen_start *start, cop_term options, cop_term name);
/* Makes *s a server that waits for its state. */
void cop__server_set(struct cop__server *s, const struct cop_module *module,
                     const struct cop_gen_server *callbacks, cop_term name, cop_pid parent);
/* The first function of a server (cop__init_fn). */
cop_next cop__gen_server_init(cop_pid starter, cop_term boot);

/* --- gen_server_loop.c ------------------------------------------------------------------------ */

/* Does what the action of the turn's result asks for, and waits for the next message. */
cop_next cop__server_follow(struct cop__turn *turn);
/* Answers the call of the turn. */
void cop__server_reply(const struct cop__turn *turn, cop_term reply);
/* The answer that a value stands for which a callback threw; state_ is not set (GEN-22). */
cop_result cop__result_of_term(cop_term value);

/* --- gen_server_end.c ------------------------------------------------------------------------- */

/* Ends the server: terminate, the log, the reply of a stop that has one, else cop_none(). */
COP_NORETURN void cop__server_end(struct cop__turn *turn, struct cop_outcome how, cop_term reply);
COP_NORETURN void cop__server_end_with(struct cop__turn *turn, cop_term reason);
COP_NORETURN void cop__server_end_bad_return(struct cop__turn *turn, cop_term value);
/* What Elixir would have returned, to show it where a callback must not return it. */
cop_term cop__result_shown(const cop_result *r, cop_term state);
/* The error of a callback, named by its frame, that has returned cop_no_clause(). */
struct cop_outcome cop__no_clause_outcome(struct cop_frame *frame, const cop_result *r);
/* The reason that a client and the links see, from what was raised. */
cop_term cop__whole_reason(const struct cop_outcome *how);

/* --- gen_server_status.c ---------------------------------------------------------------------- */

/* Whether the callbacks are of a version that has this one, and it is there. */
#define COP__HAS_CALLBACK(c, name)                                                                 \
    ((c)->size >= offsetof(struct cop_gen_server, name) + sizeof((c)->name) && (c)->name != NULL)

/* What its format_state shows; a text if that fails. */
cop_term cop__server_state(struct cop__server *s);
cop_term cop__server_name(void *server);
/* Has format_status put other values in place of these (GEN-57); message and reason are NULL where
 * nobody crashes. */
void cop__server_format_status(struct cop__server *s, cop_term *state, cop_term *events,
                               cop_term *message, cop_term *reason);
/* How a gen_server answers system messages. */
extern const struct cop__sys_kind cop__server_sys_kind;

#endif
