/* SPDX-License-Identifier: Apache-2.0 */
/* The console in the node, between its files.
 *
 *   terminal --frames--> reading thread (door.c) --lines--> console process --texts--> evaluator
 *            <------------------frames (link.c)------------ (console.c)     <--values- (session.c)
 *
 * The console is a process that owns the counter, the bindings and the values of earlier lines, and
 * the device of what is called from it (coppice/io.h). The evaluator is the process that the user
 * is: self(), with its mailbox and links. When it dies, its links with it, the console reports that
 * and starts another one with the same bindings. When the console ends, its evaluator does;
 * broker.c sees to that where the console was killed. The terminal's side is terminal.c, in this
 * program or another one. */
#ifndef COP_SHELL_CONSOLE_H
#define COP_SHELL_CONSOLE_H

#include "coppice/pattern.h"
#include "coppice/process.h"
#include "coppice/shell.h"

/* --- console.c -------------------------------------------------------------------------------- */

/* How a console is to be. */
struct cop__console_opts {
    int64_t link;     /* its connection, which it joins */
    int64_t width;    /* columns of the terminal; 0: it is none */
    const char *node; /* for the prompt; NULL: not named in it */
    bool is_standard; /* also prints for processes of no console */
    cop_term text;    /* a binary: evaluate this and end (rpc); nil: read lines */
};
/* Starts one. Runs on: a thread that is no process, in a region. */
cop_pid cop__console_spawn(const struct cop__console_opts *opts);

/* --- broker.c: watches consoles --------------------------------------------------------------- */

/* Once a node. Runs on: a thread that is no process. */
void cop__broker_start(void);
/* The caller is the console of the link. */
void cop__broker_opened(int64_t link);
/* The caller's evaluator is this one now: it does not outlive the caller. */
void cop__broker_session(cop_pid session);

/* --- session.c: the evaluator ----------------------------------------------------------------- */

/* Starts an evaluator, watched by the caller, which is its device. It is given texts with
 * cop__session_eval() and answers each with {:done, worked, shown, value, bindings} to the caller;
 * shown is a binary: the lines to print. history: [{line, value}]. */
cop_pid cop__session_start(cop_term bindings, cop_term history, cop_ref *ret_monitor);
/* width as in the options above; file is named in messages. */
void cop__session_eval(cop_pid session, cop_term text, int64_t line, int64_t width, cop_term file);
/* Has an evaluator that waits for a text end normally, and waits for that. */
void cop__session_end(cop_pid session, cop_ref monitor);

/* The functions that are called without a module: h(), v(), flush() and so on (helpers.c). */
extern const struct cop_module cop__helpers_module;
/* Where the evaluator keeps [{line, value}], newest first, and the width, in its process
 * dictionary. */
#define COP__HISTORY_KEY COP(":iex_history")
#define COP__HISTORY_MAX 20
#define COP__WIDTH_KEY   COP(":iex_width")
/* A value that is not shown. */
#define COP__NOTHING     COP(":\"do not show this result in output\"")
/* How values are shown to the evaluator's user: on one line where nobody sits before it. */
struct cop_inspect_opts cop__session_inspect_opts(void);

/* blame.c: what is added to the banner of an exception: functions that may have been meant, or
 * nothing. A binary. */
cop_term cop__blame(cop_term exception);

/* --- complete.c ------------------------------------------------------------------------------- */

/* What may stand where the cursor is, after the text `before`: a binary with what to insert, a
 * newline, and the candidates, one a line, if there are several. */
cop_term cop__complete(cop_bytes before, cop_term bindings);

#endif
