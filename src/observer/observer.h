/* SPDX-License-Identifier: Apache-2.0 */
/* The Observer's own rooms. docs/api-http.md is the contract of what they answer.
 *
 *     application   settings, supervisor, module :observer
 *     sampler       the process that takes samples while somebody watches, and counts streams
 *     guard         who may ask: hosts, tokens, origins, limits
 *     router        request -> answer, a function of the request alone
 *     events        one process a stream of server-sent events
 *     shape         the JSON of pids, terms and processes
 *     listing       lists that are filtered, sorted and cut into pages
 *     assets        the files of the page
 *     and a file for each kind of question: system, processes, process, tree, tables, crashes,
 *     history, live (calls, trace, log), actions, metrics
 *
 * An answer is a term that JSON can say: maps with atoms for keys, lists, binaries, numbers. What
 * cannot be answered is thrown with cop__obs_fail() and caught in the router. */
#ifndef COP_OBSERVER_OBSERVER_H
#define COP_OBSERVER_OBSERVER_H

#include "coppice/ets.h"
#include "coppice/gen_server.h"
#include "coppice/http_server.h"
#include "coppice/introspect.h"
#include "coppice/logger.h"
#include "coppice/observer.h"
#include "coppice/supervisor.h"
#include "coppice/sys.h"

/* --- Settings (application.c) ----------------------------------------------------------------- */

struct cop__obs_settings {
    char address[64];
    int port;
    char token[129];     /* access; empty: none is asked for */
    char page_token[33]; /* of changing requests; new with each start */
    bool is_read_only;
    bool is_loopback;
    int requests_a_second; /* below /api/, of all viewers together */
    int changes_a_second;
};
extern struct cop__obs_settings cop__obs_settings; /* written while the application starts */
/* Reads the environment; false: the log says what is wrong. */
bool cop__obs_settings_read(struct cop__obs_settings *ret);

/* Opens the page in a browser, if there is a screen for one (browser.c): whether one was asked to.
 * Switches. */
bool cop__obs_browser_open(cop_term url);

/* --- Requests and answers (router.c, guard.c) ------------------------------------------------- */

/* A request as its handlers see it. */
struct cop__obs_request {
    cop_term all;    /* the map of http_server.h */
    cop_term path;   /* segments */
    cop_term params; /* of the query */
    bool is_post;
};
/* The whole answer to a request map: {status, headers, body}, or :stream for the event stream,
 * which the caller then begins. Switches: the handlers ask processes. */
cop_term cop__obs_answer(cop_term request);
/* What the server is to answer where no handler does: its option errors. */
cop_term cop__obs_refusals(void);
/* The headers that every answer has. */
cop_term cop__obs_security_headers(void);
/* Ends the handling with this status and {"error": {"kind", "message"}}. */
COP_NORETURN COP_PRINTF(3, 4) void cop__obs_fail(int status, const char *kind, const char *format,
                                                 ...);
/* Fails unless the request may be answered at all; and unless it may change something. */
void cop__obs_guard(const struct cop__obs_request *r);
void cop__obs_guard_change(const struct cop__obs_request *r);
/* Counts a request below /api/; fails if too many came in this second. */
void cop__obs_guard_rate(void);
/* A header by its name in lower case; NULL data: it is not there. */
cop_bytes cop__obs_header(const struct cop__obs_request *r, const char *name);
/* A parameter of the query; fallback if it is not there. Fails if it is no number within min and
 * max. */
int64_t cop__obs_number(const struct cop__obs_request *r, const char *name, int64_t fallback,
                        int64_t min, int64_t max);
cop_bytes cop__obs_text(const struct cop__obs_request *r, const char *name, const char *fallback);
/* A string of the body, a map; cop_none() if it is not there. Fails if it is no string. */
cop_term cop__obs_field(cop_term body, const char *name);
bool cop__obs_same(cop_bytes a, const char *b);

/* --- Shapes (shape.c) ------------------------------------------------------------------------- */

#define COP__OBS_TERM_MAX 4096
#define COP__OBS_LIST_MAX 200
#define COP__OBS_ASK_MS   200

/* "0.123.0" of a pid's term; nil of anything else. */
cop_term cop__obs_pid(cop_term pid);
/* "0.1.2.3" of a reference; nil of anything else. */
cop_term cop__obs_ref(cop_term ref);
/* A pid the other way round; cop_no_pid() if the text is none. */
cop_pid cop__obs_pid_from(cop_bytes text);
/* The same, but fails. */
cop_pid cop__obs_pid_or_fail(cop_bytes text);
/* {"text", "cut"}: of a term, and of what is text already. */
cop_term cop__obs_term(cop_term t, size_t max);
cop_term cop__obs_term_text(cop_term text);
/* {"pid", "name", "label"} of a pid or a registered name; nil of anything else. */
cop_term cop__obs_process(cop_term pid_or_name);
/* What such a map is called: its name, else its label, else its pid. */
cop_term cop__obs_called(cop_term process);
/* Its pid; nil of nil. */
cop_term cop__obs_pid_in(cop_term process);
/* The name of a row as Elixir prints it, or nil. */
cop_term cop__obs_name(cop_term name);
/* "KV.Registry.init/1": what the process began with. */
cop_term cop__obs_initial_call(const struct cop_process_row *row);
const char *cop__obs_status(enum cop_process_status status);
/* The binary with all that is no UTF-8 replaced. */
cop_term cop__obs_utf8(cop_term binary);
/* fn of each of the first COP__OBS_LIST_MAX elements; nil if it is no list. */
cop_term cop__obs_each(cop_term list, cop_term (*fn)(cop_term));
/* {"function", "file", "line", "address"} of a frame of cop_native_stack(). */
cop_term cop__obs_frame(cop_term frame);
int64_t cop__obs_now_us(void);
/* The application of a group leader, as a string, or nil. apps: cop_application_trees(). */
cop_term cop__obs_application(cop_term apps, cop_pid leader);
/* What `cop_map_put` would give with each of the pairs of more. */
cop_term cop__obs_merge(cop_term map, cop_term more);

/* --- Lists (listing.c) ------------------------------------------------------------------------ */

/* Rows are maps. value gives what a column of theirs is sorted and searched by, or nil. */
struct cop__obs_listing {
    const char *name;            /* of the list in the answer */
    const char *const *columns;  /* to sort by, the default first; NULL ends them */
    const char *const *searched; /* for the text of the filter; NULL ends them */
    cop_term (*value)(cop_term map, const char *column);
};
/* {count, matched, offset, NAME} of the rows in all, as the request's parameters have them. */
cop_term cop__obs_list(const struct cop__obs_request *r, const struct cop__obs_listing *l,
                       cop_term all);
/* Whether the parameter order is desc and not asc; fails if it is neither. */
bool cop__obs_is_falling(const struct cop__obs_request *r, const char *fallback);

/* --- The sampler (sampler.c) ------------------------------------------------------------------ */

extern const struct cop_module cop__obs_sampler_module;
/* Somebody looks: samples are taken for a minute from now. */
void cop__obs_watch(void);
/* The calling process is a stream; false: there are too many. */
bool cop__obs_stream_begin(void);
/* The calling stream goes on: a sampler that was restarted learns of it. */
void cop__obs_stream_lives(void);
/* The samples of the last seconds in the shape of /api/load. */
cop_term cop__obs_load(int64_t seconds);
/* {number, sample} of the newest, in the shape of the event `load`; {0, nil} without one, also
 * while the sampler is being restarted. */
cop_term cop__obs_newest_sample(void);

/* The last states that were asked for, of the latest 256 processes: TERMs; nil if it is unknown. */
void cop__obs_state_known(cop_pid pid, cop_term state);
cop_term cop__obs_last_state(cop_pid pid);

/* --- The questions ---------------------------------------------------------------------------- */

cop_term cop__obs_session(void);
cop_term cop__obs_system(void);
cop_term cop__obs_metrics(void); /* a text */
cop_term cop__obs_processes(const struct cop__obs_request *r);
cop_term cop__obs_one_process(cop_pid pid);
cop_term cop__obs_state(cop_pid pid);
cop_term cop__obs_messages(cop_pid pid, int64_t offset, int64_t limit);
cop_term cop__obs_applications(int64_t depth, int64_t children);
cop_term cop__obs_tree(cop_pid pid, int64_t depth, int64_t children, int64_t offset);
cop_term cop__obs_tables(const struct cop__obs_request *r);
cop_term cop__obs_table(const struct cop__obs_request *r, cop_bytes id);
cop_term cop__obs_crashes(int64_t after, int64_t limit);
cop_term cop__obs_crash(int64_t number);
/* The number of pid's crash, or nil; its row in the list, or cop_none(). */
cop_term cop__obs_crash_of(cop_pid pid, cop_term *ret_row);
/* TERM: the state that the report of its crash tells, or nil. */
cop_term cop__obs_state_at_crash(cop_pid pid);
cop_term cop__obs_history(int64_t from_us, int64_t to_us, int64_t limit);
cop_term cop__obs_history_tree(int64_t at_us);
cop_term cop__obs_tree_event(cop_term entry); /* EVENT of {number, time_us, event} */
/* The events of one process, newest last; *ret_successor is a pid's text or nil. */
cop_term cop__obs_events_of(cop_pid pid, cop_term *ret_successor);
/* The tree as it is, flat, as TREE_ROWs with pids as terms; see history.c. */
cop_term cop__obs_tree_now(void);
cop_term cop__obs_calls(void);
cop_term cop__obs_trace(int64_t after, int64_t max);
cop_term cop__obs_log(int64_t after, enum cop_level min, int64_t limit);
cop_term cop__obs_ports(const struct cop__obs_request *r);
/* What went through the sockets that are open now. */
struct cop__obs_io {
    uint64_t ports;
    uint64_t in;
    uint64_t out;
};
struct cop__obs_io cop__obs_io_now(void);
/* POST: the body is read already. */
cop_term cop__obs_act(const struct cop__obs_request *r, cop_term body);

/* Reads the topics of a stream, which ret_wants has room for unless it is NULL; false: one is not
 * known. */
bool cop__obs_topics(const struct cop__obs_request *r, bool *ret_wants);
/* Serves a stream until its viewer goes. Switches. */
void cop__obs_stream(cop_term request);
/* A file of the page, {status, headers, body}; wants_gzip: the client takes it. */
cop_term cop__obs_asset(cop_term path, bool wants_gzip);
/* A handler of the log: into its journal, and errors of processes among the crashes. */
void cop__obs_log_handler(const struct cop_log_event *event, void *arg);

#endif
