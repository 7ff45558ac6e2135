/* SPDX-License-Identifier: Apache-2.0 */
/* Logger: events with a level, a text and metadata, and the handlers that get them.
 *
 * An event goes from the process that makes it to the log's own thread, which calls the handlers
 * one after the other: no scheduler waits for a terminal (LOG-25). The way is bounded. When more
 * events come than the handlers take, the newest are dropped and counted, and a warning tells how
 * many, as soon as there is room again. A text is cut at a size, so that the report of a process
 * with a huge state costs no more than any other.
 *
 * The handler `:default` writes to standard error in the form of LOG-02; cop_log_to() (node.h)
 * sends its texts elsewhere. */
#ifndef COPPICE_LOGGER_H
#define COPPICE_LOGGER_H

#include "coppice/node.h"

/* What a handler is given; all of it is valid during the call. */
struct cop_log_event {
    enum cop_level level;
    cop_bytes text;
    int64_t time_us; /* since 1970 */
    /* A map: what the process (cop_logger_set_metadata) and the call said, and of an event that a
     * process made its :pid, and :time, as time_us. */
    cop_term metadata;
};

COP_BEGIN_DECLS

/* --- Making events ---------------------------------------------------------------------------- */

/* Logs text with metadata, a keyword list or map that is added to that of the calling process.
 * Short texts are easier with cop_log(). Runs on: any thread, inside of a region. */
COP_API void cop_logger_log(enum cop_level level, cop_bytes text, cop_term metadata);
/* The same without the caller's metadata; metadata is a map, or cop_none(). Callable where no code
 * of a process may run. Runs on: any thread. */
COP_API void cop_logger_put(enum cop_level level, cop_bytes text, cop_term metadata);
/* Logger.metadata/0: what all events of the calling process have, a keyword list. */
COP_API cop_term cop_logger_metadata(void);
/* Adds keys to it; one with the value nil is taken out. Exits: badarg if it is no keyword list. */
COP_API void cop_logger_set_metadata(cop_term keywords);
/* The metadata is exactly this from now on. */
COP_API void cop_logger_reset_metadata(cop_term keywords);

/* --- What is wanted --------------------------------------------------------------------------- */

/* Events below the level are not made at all; COP_LOG_OFF: none. COP_DEBUG_LEVEL at first, which
 * also puts the details into the reports of crashes (LOG-06). Runs on: any thread, as the rest. */
COP_API enum cop_level cop_logger_level(void);
COP_API void cop_logger_set_level(enum cop_level level);
/* Whether an event of this level would be made. */
COP_API bool cop_logger_enabled(enum cop_level level);
/* Texts longer than this many bytes are cut, and end in " (truncated)"; 8192 at first. Returns the
 * former number. */
COP_API size_t cop_logger_truncate(size_t size);
/* How many events were dropped, since the program began. */
COP_API uint64_t cop_logger_dropped(void);

/* The form of reports and of what the default handler prints: Elixir's at first. Erlang's has a
 * title before each event (LOG-03, 04), and all reports of crashes and supervisors (LOG-09); with
 * ERLANG_LINE the text behind the title is on one line (LOG-16). Runs on: any thread. */
enum cop_log_form { COP_FORM_ELIXIR, COP_FORM_ERLANG, COP_FORM_ERLANG_LINE };
COP_API enum cop_log_form cop_logger_form(void);
COP_API void cop_logger_set_form(enum cop_log_form form);

/* The name of a level, an atom, and back; COP_LOG_OFF is :none. False for no level. */
COP_API cop_term cop_level_name(enum cop_level level);
COP_API bool cop_level_from(cop_term name, enum cop_level *ret_level);

/* --- Handlers --------------------------------------------------------------------------------- */

/* Calls fn for each event from this level on; id is an atom. fn runs on the log's thread, so it may
 * build terms and send, but not wait for messages; while it takes its time, events queue up.
 * Returns false if there is a handler of that id, or 15 others. */
typedef void (*cop_log_handler_fn)(const struct cop_log_event *event, void *arg);
COP_API bool cop_logger_add_handler(cop_term id, enum cop_level level, cop_log_handler_fn fn,
                                    void *arg);
/* Sends {:log, level, text, metadata} to a process, by pid or registered name. One that has more
 * than a thousand messages waiting gets none, which are counted as dropped; a pid's handler goes
 * with the process. */
COP_API bool cop_logger_add_process(cop_term id, enum cop_level level, cop_term process);
/* After it has returned, fn is not called any more. False if there is no such handler. Not from
 * inside a handler. Switches. */
COP_API bool cop_logger_remove_handler(cop_term id);
/* The ids, a list. */
COP_API cop_term cop_logger_handlers(void);
/* What the default handler writes: events from this level on, and before the level the values of
 * these keys, a list of atoms (Elixir's configure_backend/2). */
COP_API void cop_logger_configure_default(enum cop_level level, cop_term keys);

COP_END_DECLS

#endif
