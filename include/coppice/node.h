/* SPDX-License-Identifier: Apache-2.0 */
/* The node: the schedulers and all processes of a program. Two ways to have one:
 *
 *     int main(int argc, char **argv) { return cop_main(argc, argv, &kv); }
 *
 * gives a program the commands of an Elixir release. A program that owns its main calls
 * cop_node_start(), then cop_run() or cop_spawn() and cop_send() from its threads, and
 * cop_node_stop(). */
#ifndef COPPICE_NODE_H
#define COPPICE_NODE_H

#include "coppice/application.h"

/* All zero is the default; environment variables in brackets set the same. */
struct cop_node_opts {
    size_t size;       /* sizeof(struct cop_node_opts), or 0 */
    int schedulers;    /* 0: one a core [COPPICE_SCHEDULERS] */
    int64_t seed;      /* not 0: a seeded run, one scheduler, virtual time [COPPICE_SEED] */
    int processes_max; /* 0: 8388608 [COPPICE_PROCESSES_MAX] */
    int spares_max;    /* threads beside the schedulers for long work, 0: 64 */
    bool no_signals;   /* leave SIGTERM, SIGINT and SIGPIPE to the program */
};

COP_BEGIN_DECLS

/* "0.1.0". Runs on: any thread. */
COP_API const char *cop_version(void);

/* Starts the node: its scheduler threads and a watchdog. One node a program at a time; fork without
 * exec is not possible while it runs. Signals: blocks none in the calling thread; takes SIGTERM (an
 * ordered stop) and ignores SIGPIPE unless no_signals, and takes others when it is asked to
 * (os_signal.h). Returns 0, or a negative error number (-EBUSY when a node runs, -EAGAIN when
 * threads cannot be made, -EINVAL for options out of range, then errno says nothing more). Runs on:
 * a thread that is no process. opts may be NULL. */
COP_API int cop_node_start(const struct cop_node_opts *opts);
/* Stops applications in reverse order, ends what is left, stops the threads and frees all. After it
 * a node can be started again. A thread that never comes back from its process's code is left
 * behind, named in the log. Runs on: the thread that started the node. */
COP_API void cop_node_stop(void);
/* Waits until somebody calls cop_system_stop() (or SIGTERM comes) and returns its status. Runs on:
 * a thread that is no process. */
COP_API int cop_node_wait(void);
/* Has fn(nil) run as a process when the node stops, before what is left is ended; the last
 * registered first. Runs on: any thread. */
COP_API void cop_node_at_stop(cop_start_fn fn);
/* Runs fn(arg) as a process and waits for its end; returns true if it ended normally, else false
 * and, if text is not NULL, the reason in words in text. Runs on: a thread that is no process. */
COP_API bool cop_run(cop_start_fn fn, cop_term arg, char *text, size_t text_size);

/* Starts the node, then does what the command line says: start, start_iex, eval EXPR, version,
 * help. Returns the exit status: 0, 1 if something failed, 2 for a wrong command line. */
COP_API int cop_main(int argc, char **argv, const struct cop_application *application);

/* How many schedulers the node has. Runs on: any thread. */
COP_API int cop_schedulers(void);
/* System.stop(status): ends the node in order; the program's cop_main returns status. Returns at
 * once. Runs on: any thread. */
COP_API void cop_system_stop(int status);

/* --- Log: where lines go (LOG) ---------------------------------------------------------------- */

enum cop_level {
    COP_DEBUG_LEVEL,
    COP_INFO,
    COP_NOTICE,
    COP_WARNING,
    COP_ERROR,
    COP_CRITICAL,
    COP_ALERT,
    COP_EMERGENCY,
    COP_LOG_OFF /* above all of them: of no event, but of who wants none */
};
/* Logs one text (several lines are allowed) at a level, in the form of LOG-02. Never waits for the
 * terminal. Runs on: any thread. */
COP_API void cop_log(enum cop_level level, const char *format, ...) COP_PRINTF(2, 3);
/* Sends the lines elsewhere: fn is called by the log's own thread, one call a text. NULL: to
 * standard error. Texts below min are dropped. */
typedef void (*cop_log_fn)(enum cop_level level, const char *text, size_t len, void *arg);
COP_API void cop_log_to(cop_log_fn fn, void *arg, enum cop_level min);
/* Has what goes to standard error printed by fn, in its form, for who shares the screen with the
 * log; the console does. NULL: by the log again. Called by the log's own thread. */
typedef void (*cop_log_screen_fn)(const char *text, size_t len, void *arg);
COP_API void cop_log_screen(cop_log_screen_fn fn, void *arg);
/* Waits until all that was logged before is written. Switches. */
COP_API void cop_log_flush(void);

COP_END_DECLS

#endif
