/* SPDX-License-Identifier: Apache-2.0 */
/* What all behaviours share: names of servers, requests and replies, the synchronous start, system
 * messages, and the words of their crashes.
 *
 * A supervisor or an agent is a gen_server with callbacks of its own (cop_gen_server_start_with);
 * it needs from here what the public headers do not have. The messages are OTP's:
 *     {:"$gen_call", {client, tag}, request}    {:"$gen_cast", message}
 *     {:system, {client, tag}, request}         and the reply to both {tag, reply}
 * where tag is [:alias | ref] for a client that waits with an alias, so that no late reply reaches
 * it (GEN-45). */
#ifndef COP_OTP_GEN_H
#define COP_OTP_GEN_H

#include "coppice/gen_server.h"
#include "coppice/proc_lib.h"
#include "coppice/sys.h"
#include "otp/text.h"

/* --- Names: gen_name.c ------------------------------------------------------------------------ */

/* Exits: an ArgumentError if name is no form of a name (GEN-02); nil stands for no name. */
void cop__name_check(cop_term name);
/* What is behind any form by which a server can be called (GEN-40): a pid, nil, or {name, node} as
 * it is for another node. Exits: a FunctionClauseError for anything else. Switches: with :via, as
 * the rest here. */
cop_term cop__server_locate(cop_term server);
/* The same where only a process will do; or cop_no_pid(). */
cop_pid cop__server_where(cop_term server);
/* The same for one who waits for the answer; or cop_no_pid(), and *ret_why is why not: :noproc,
 * :calling_self, {:nodedown, node}. */
cop_pid cop__server_to_ask(cop_term server, cop_term *ret_why);
/* Sends a message to whoever is there; with :via through the module's send. */
void cop__server_send(cop_term server, cop_term msg);
/* Gives the caller a name that was checked. False: it is taken. Switches: with :via. */
bool cop__name_take(cop_term name);
/* Gives it back where that is not done by the runtime when the process ends (:via). */
void cop__name_give_back(cop_term name);

/* --- Requests and replies: gen.c -------------------------------------------------------------- */

/* Sends {label, from, request} and waits. True: *ret is the reply. False: *ret is why there is
 * none. Nothing of it arrives later. Switches. */
bool cop__request(cop_term label, cop_pid server, cop_term request, int64_t timeout_ms,
                  cop_term *ret);
/* Asks a process to terminate with reason, by system message, and waits for its end. True: it ended
 * with that reason. False: *ret is why not (GEN-52). Switches. */
bool cop__stop(cop_pid server, cop_term reason, int64_t timeout_ms, cop_term *ret);
/* Answers; from is the term {client, tag} of the request. */
void cop__reply(cop_term from, cop_term reply);
/* Ends the caller with {why, {module, function, args}} (GEN-41). */
COP_NORETURN void cop__exit_call(cop_term why, cop_term module, cop_term function, cop_term args);
/* :infinity or the number, as it stands in such a reason. Exits: FunctionClauseError naming the
 * function for a time that is none (GEN-48). */
cop_term cop__timeout_term(int64_t timeout_ms, cop_term module, const char *function, int arity);

/* --- Start: proc_lib.c ------------------------------------------------------------------------ */

/* cop_proc_lib_start for behaviours that report their own crashes; fn is told who waits. */
typedef cop_next (*cop__init_fn)(cop_pid starter, cop_term arg);
cop_term cop__start(cop__init_fn fn, cop_term arg, const struct cop_proc_lib_opts *opts);
/* The option mailbox of a spawn. Exits: ArgumentError if it is none. */
struct cop_mailbox cop__mailbox_option(cop_term value);
/* The next process that the caller starts through proc_lib gets this limit, whatever its options
 * say; to be taken back after the start. */
void cop__mailbox_give(struct cop_mailbox mailbox);
void cop__mailbox_take_back(void);
/* Whether what runs next is a gen_server's loop, which reports its crash itself. */
bool cop__is_server(const cop_next *next);
void cop__init_ack(cop_pid starter, cop_term answer);
/* Has tools show the caller by what it runs: a capture, or {module, function, args} (PLB-03). */
void cop__set_initial_call(cop_term fun);
COP_NORETURN void cop__init_fail(cop_pid starter, cop_term answer, const struct cop_outcome *how);

/* --- System messages: sys_server.c ------------------------------------------------------------ */

/* How a process answers them. The gen_server has one in its own struct. */
struct cop_sys {
    const struct cop__sys_kind *kind;
    void *server;
    cop_pid parent;
    cop_kept debug; /* sys_debug.h; nothing while nothing is on */
    bool is_suspended;
};
/* What a kind of server puts in. server is its own struct. */
struct cop__sys_kind {
    cop_term (*name)(void *server);   /* a registered name, or the pid */
    cop_term (*module)(void *server); /* for {:module, module} of a status */
    cop_term (*get_state)(void *server);
    void (*replace_state)(void *server, cop_term state); /* may raise: then nothing has changed */
    cop_term (*change_code)(void *server, cop_term old_version,
                            cop_term extra); /* :ok or why not */
    /* Puts what a status shows in place of these. */
    void (*format_status)(void *server, cop_term *state, cop_term *events);
};
/* Handles {:system, from, request}. False: the server is to end with *ret_reason, its terminate
 * called. Switches. */
bool cop__sys_handle(struct cop_sys *sys, cop_term msg, cop_term *ret_reason);
bool cop__is_system(cop_term msg);
/* {:EXIT, parent, reason} */
bool cop__is_parent_exit(cop_term msg, cop_pid parent);
/* Waits for what a suspended server handles: system messages and its parent's exit (SYS-06).
 * Switches. */
cop_term cop__sys_receive(const struct cop_sys *sys);
/* The events that are logged, oldest first. */
cop_term cop__sys_events(const struct cop_sys *sys);
/* Switches on what the start option debug: options asks for. */
void cop__sys_debug(struct cop_sys *sys, cop_term options);
static inline bool cop__sys_is_debugged(const struct cop_sys *sys)
{
    return !cop_is_none(sys->debug.term_);
}

/* --- Words: log_text.c ------------------------------------------------------------------------ */

/* normal, shutdown, {shutdown, _}: ends that are no crashes (GEN-37). */
bool cop__is_normal(cop_term reason);
/* The caller's registered name, or its pid. */
cop_term cop__self_name(void);

/* How a server ended. */
struct cop__crash {
    cop_term name;
    enum cop_class class_;
    cop_term reason; /* of class EXIT a whole reason; of class ERROR what was raised */
    cop_term stack;
    cop_term last;   /* message; [] if none */
    cop_term client; /* pid, or cop_none() */
    cop_term state;
};
/* "GenServer NAME terminating" (LOG-05). */
void cop__log_terminating(const struct cop__crash *crash);
/* crash_report.c: "Process NAME terminating" (LOG-18) about the caller, if such reports are on and
 * reason is abnormal (PLB-15). Switches: it asks those that the caller is linked to. */
void cop__log_crash(enum cop_class class_, cop_term reason, cop_term stack);
/* "Task PID started from STARTER terminating" (LOG-10), about the caller; mfa is {module, function,
 * args}. The outcome of an abnormal end. */
void cop__log_task(cop_term starter, cop_term mfa, const struct cop_outcome *outcome);

#endif
