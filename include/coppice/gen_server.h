/* SPDX-License-Identifier: Apache-2.0 */
/* GenServer: a process that serves requests one after the other (GEN).
 *
 * A server is a struct of callbacks and, as its state, an ordinary C struct that it owns. Callbacks
 * return what to do next: cop_reply(answer), cop_noreply(), cop_stop(reason), each optionally
 * followed by an action: `return cop_then_continue(cop_started(state), COP(":load"));`. */
#ifndef COPPICE_GEN_SERVER_H
#define COPPICE_GEN_SERVER_H

#include "coppice/module.h"

enum cop__result_kind {
    COP__RESULT_BAD, /* a struct of zeros is a bad return value */
    COP__RESULT_STARTED,
    COP__RESULT_IGNORE,
    COP__RESULT_FAIL,
    COP__RESULT_REPLY,
    COP__RESULT_NOREPLY,
    COP__RESULT_STOP,
    COP__RESULT_STOP_REPLY,
    COP__RESULT_NO_CLAUSE
};
enum cop__action {
    COP__ACTION_NONE,
    COP__ACTION_CONTINUE,
    COP__ACTION_TIMEOUT,
    COP__ACTION_HIBERNATE
};

/* What a callback wants: made by the functions below only. */
typedef struct cop_result {
    enum cop__result_kind kind_;
    enum cop__action action_;
    cop_term term_; /* reply, reason, or the message without a clause */
    union {
        cop_term extra_;                /* STOP_REPLY: the reply; BAD: the value to report */
        const struct cop_place *place_; /* NO_CLAUSE: where that was said */
    };
    cop_term continue_; /* argument of the continue; message of the timeout, 0: :timeout */
    void *state_;
    int64_t timeout_ms_;
} cop_result;

/* The callbacks. Only init is required; a request, cast or continue without its callback ends the
 * server as in GEN-32, 34. state is what init gave to cop_started(). */
struct cop_gen_server {
    size_t size; /* sizeof(struct cop_gen_server) */
    cop_result (*init)(cop_term arg);
    cop_result (*handle_call)(void *state, cop_term request, cop_from from);
    cop_result (*handle_cast)(void *state, cop_term message);
    cop_result (*handle_info)(void *state, cop_term message);
    cop_result (*handle_continue)(void *state, cop_term argument);
    /* The end in order: see GEN-35 for when it is called and when not. */
    void (*terminate)(void *state, cop_term reason);
    /* The state as a term, for tools and crash reports; default: nil. */
    cop_term (*format_state)(const void *state);
    /* sys:replace_state: takes over a state that is given as a term, of the form that format_state
     * shows; returns the new state. Default: another state than that is refused (SYS-04). */
    void *(*replace_state)(void *state, cop_term term);
    /* sys:change_code: makes the state anew; cop_started(state), or cop_fail(why) or
     * cop_bad_return(why), then the old one stays. Default: it stays, and that is fine (SYS-09). */
    cop_result (*code_change)(void *state, cop_term old_version, cop_term extra);
    /* Hides or shortens what tools and crash reports show: takes a map with the keys state, log
     * and, in a crash, message and reason, and returns it with other values (GEN-57). */
    cop_term (*format_status)(cop_term status);
};

/* A start with everything that can be said about it, for behaviours that are made of a gen_server,
 * as OTP's supervisor is. Such a behaviour is a struct of callbacks like any other; what its users
 * give it (their module, their argument) it packs into arg:
 *
 *     return cop_gen_server_start_with(&(struct cop_gen_start){
 *         .module = &supervisor_module, .callbacks = &supervisor_callbacks, .arg = packed,
 *         .options = options, .link = true,
 *         .initial_call = cop_tuple(COP(":supervisor"), user_module, 1)});
 *
 * The loop below it gives: trap_exit is set by init itself; an exit of the parent ends the server
 * through terminate, other {:EXIT, pid, reason} come to handle_info (GEN-33); sys requests are
 * answered with format_state; the log of a crash names the registered name. */
struct cop_gen_start {
    const struct cop_module *module;        /* it is named in logs; need not be registered */
    const struct cop_gen_server *callbacks; /* NULL: module->gen_server; lives for ever */
    cop_term arg;
    cop_term options;      /* keyword list; cop_none(): [] */
    cop_term initial_call; /* {mod, fun, arity} for tools (PLB-03); cop_none(): {Mod, :init, 1} */
    bool link;
    bool monitor;
};

COP_BEGIN_DECLS

/* --- What callbacks return -------------------------------------------------------------------- */

COP_API cop_result cop_started(void *state);  /* init: {:ok, state} */
COP_API cop_result cop_ignore(void);          /* init: :ignore */
COP_API cop_result cop_fail(cop_term reason); /* init: {:error, reason}: ends silently (GEN-07) */
COP_API cop_result cop_reply(cop_term reply); /* handle_call */
COP_API cop_result cop_noreply(void);         /* handle_call (the reply comes later), others */
COP_API cop_result cop_stop(cop_term reason); /* all: terminate, then end with reason */
COP_API cop_result cop_stop_reply(cop_term reason, cop_term reply); /* handle_call: GEN-21 */
/* No clause of the callback takes this message: the server fails as Elixir's would, with a
 * FunctionClauseError that names the callback; in handle_info it is logged and dropped (GEN-34). */
COP_API cop_result cop_no_clause(cop_term message);
COP_API cop_result cop_no_clause_at(const struct cop_place *place, cop_term message);
#define cop_no_clause(message) cop_no_clause_at(COP_HERE, message)
/* Any other return value: {:bad_return_value, value} (GEN-23). */
COP_API cop_result cop_bad_return(cop_term value);
#define cop_reply(reply) cop_reply(cop_term_of(reply))

/* handle_continue(state, argument) runs next, before any message (GEN-25). */
COP_API cop_result cop_then_continue(cop_result result, cop_term argument);
/* handle_info(state, :timeout) if no message comes within ms (GEN-27). */
COP_API cop_result cop_then_timeout(cop_result result, int64_t ms);
/* handle_info(state, message) then (GEN-31). */
COP_API cop_result cop_then_timeout_with(cop_result result, int64_t ms, cop_term message);
/* A server that waits has given up its stack and its region anyway: this changes nothing. */
COP_API cop_result cop_then_hibernate(cop_result result);

/* --- Starting and stopping -------------------------------------------------------------------- */

/* GenServer.start_link(module, arg, options): {:ok, pid}, :ignore or {:error, reason}. options is a
 * keyword list: name, timeout, hibernate_after, spawn_opt (GEN-02, 11), of which :link, stack_size
 * and mailbox (coppice/mailbox.h) mean something. Switches: until init is done. */
COP_API cop_term cop_gen_server_start_link(const struct cop_module *module, cop_term arg,
                                           cop_term options);
COP_API cop_term cop_gen_server_start(const struct cop_module *module, cop_term arg,
                                      cop_term options);
COP_API cop_term cop_gen_server_start_monitor(const struct cop_module *module, cop_term arg,
                                              cop_term options);
/* All of these in one; returns as they do. Switches. */
COP_API cop_term cop_gen_server_start_with(const struct cop_gen_start *start);
/* Makes the caller, a process that proc_lib has started, a server: `return
 * cop_gen_server_enter_loop(&mod, COP("[]"), cop_nil(), cop_started(state));`. started may carry an
 * action; name: the name that the caller has, or nil; options: debug, hibernate_after. Exits:
 * process_not_registered and its like if name is another's, process_was_not_started_by_proc_lib
 * (GEN-12). */
COP_API cop_next cop_gen_server_enter_loop(const struct cop_module *module, cop_term options,
                                           cop_term name, cop_result started);
/* GenServer.stop(server, reason, timeout): :ok when it died with that reason; otherwise exits as in
 * GEN-52. Switches. */
COP_API cop_term cop_gen_server_stop(cop_term server, cop_term reason, int64_t timeout_ms);

/* --- Calls ------------------------------------------------------------------------------------ */

/* Sends request and waits for the reply, which it returns.
 *
 *     cop_term next = cop_gen_server_call(counter, COP(":next"), COP_CALL_TIMEOUT);
 *
 * server: pid, name, {name, node}, {:via, mod, name}. Exits: {why, {GenServer, :call, [server,
 * request, timeout]}}, why as in GEN-42. A late reply never arrives (GEN-45). Switches. */
COP_API cop_term cop_gen_server_call(cop_term server, cop_term request, int64_t timeout_ms);
/* Sends message and returns :ok, always (GEN-49). Runs on: any thread. */
COP_API cop_term cop_gen_server_cast(cop_term server, cop_term message);
/* Answers a call; from any process, at any time, once (GEN-20). Returns :ok. */
COP_API cop_term cop_gen_server_reply(cop_from from, cop_term reply);
/* Casts to the server of this name on each node; :abcast (GEN-50). */
COP_API cop_term cop_gen_server_abcast(cop_term nodes, cop_term name, cop_term message);
/* Calls it on each node: {[{node, reply}], bad_nodes}. A late reply never arrives. Switches. */
COP_API cop_term cop_gen_server_multi_call(cop_term nodes, cop_term name, cop_term request,
                                           int64_t timeout_ms);
/* Calls that have waited for 100 ms or more: a list of {caller, server, request, ms}, the request
 * as text. Runs on: any thread with a region. */
COP_API cop_term cop_gen_server_long_calls(void);
/* Calls that wait for each other in a circle, each for 100 ms at least: a list of circles, each the
 * list of its calls {caller, server, request} (the request as text), sorted. A circle is logged
 * once, as a warning, when its last call has waited so long. Runs on: any thread with a region. */
COP_API cop_term cop_gen_server_call_cycles(void);
/* Whether that last call then exits, with {:deadlock, pids} as why: its own pid first, then whom
 * each waits for. At first as COPPICE_DEADLOCKS=fail in the environment says. Returns what was set
 * before. Runs on: any thread. */
COP_API bool cop_deadlocks_fail(bool on);
/* The pid behind a server's name form, or cop_no_pid() (GEN-14). */
COP_API cop_pid cop_gen_server_whereis(cop_term server);

/* --- Calls whose answers are taken later (GEN-51) ---------------------------------------------
 *
 * A response is {:reply, value} or {:error, {why, server}}; why as in GEN-42, but noconnection for
 * a node that cannot be reached. Responses are messages of the caller; where it takes all of its
 * messages anyway, cop_gen_server_check_response() tells which is one. */

/* Sends request and returns the request's id. Switches: with :via. */
COP_API cop_ref cop_gen_server_send_request(cop_term server, cop_term request);
/* The response to a request; after timeout_ms the request is given up: :timeout. Switches. */
COP_API cop_term cop_gen_server_receive_response(cop_ref id, int64_t timeout_ms);
/* The same, but :timeout leaves the request as it is. Switches. */
COP_API cop_term cop_gen_server_wait_response(cop_ref id, int64_t timeout_ms);
/* The response that msg is, or :no_reply. */
COP_API cop_term cop_gen_server_check_response(cop_term msg, cop_ref id);

/* Collections: maps from ids to labels, at first cop_map_new(). Adds one; an error badarg if it is
 * in. */
COP_API cop_term cop_gen_server_add_request(cop_term requests, cop_ref id, cop_term label);
/* The three above for whichever response comes first: {response, label, requests}, :no_request for
 * an empty collection. remove: takes the request out of the collection that is returned. */
COP_API cop_term cop_gen_server_receive_responses(cop_term requests, int64_t timeout_ms,
                                                  bool remove);
COP_API cop_term cop_gen_server_wait_responses(cop_term requests, int64_t timeout_ms, bool remove);
COP_API cop_term cop_gen_server_check_responses(cop_term msg, cop_term requests, bool remove);

COP_END_DECLS

#define cop_gen_server_call(server, request, timeout_ms)                                           \
    cop_gen_server_call(cop_term_of(server), cop_term_of(request), timeout_ms)
#define cop_gen_server_cast(server, message)                                                       \
    cop_gen_server_cast(cop_term_of(server), cop_term_of(message))

#endif
