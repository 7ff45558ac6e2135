/* SPDX-License-Identifier: Apache-2.0 */
/* The console, between its files.
 *
 *   reader thread (edit.c) --lines--> console process (console.c) --texts--> evaluator (session.c)
 *              <--prompts--                               <--values and bindings--
 *
 * The console is a process that owns the counter, the bindings and the values of earlier lines; the
 * evaluator is the process that the user is: self(), with its mailbox and links. When it dies, its
 * links with it, the console reports that and starts another one with the same bindings. The
 * terminal is read by a thread of its own, since reading it blocks. */
#ifndef COP_SHELL_CONSOLE_H
#define COP_SHELL_CONSOLE_H

#include "coppice/pattern.h"
#include "coppice/process.h"
#include "coppice/shell.h"

/* --- edit.c: reading lines -------------------------------------------------------------------- */

/* Starts the thread. It reads nothing until it is asked. False: there is no thread to be had. */
bool cop__reader_start(void);
/* Whether standard input and output are a terminal. */
bool cop__reader_is_terminal(void);
/* Columns of the terminal; 80 if unknown. */
int cop__reader_width(void);
/* Asks for one line: `to` gets {:line, text} or :eof. */
void cop__reader_ask(cop_pid to, const char *prompt);
/* Before the node stops: nothing is sent any more, and the terminal is as it was found. The thread
 * may still wait for a line. */
void cop__reader_stop(void);

/* complete.c: gives libedit the names that may stand where the cursor is. */
void cop__complete_init(void);

/* --- console.c -------------------------------------------------------------------------------- */

/* Starts the console, which ends the node when its input ends: with status 1 if that is no terminal
 * and an expression failed. */
void cop__console_start(void);
/* Prints to standard output. Switches. */
void cop__console_print(cop_term text);

/* --- session.c: the evaluator ----------------------------------------------------------------- */

/* Starts an evaluator, watched by the caller. It is given texts with cop__session_eval() and
 * answers each with {:done, worked, value, bindings} to the caller. history: [{line, value}]. */
cop_pid cop__session_start(cop_term bindings, cop_term history, cop_ref *ret_monitor);
void cop__session_eval(cop_pid session, cop_term text, int64_t line);

/* The functions that are called without a module: h(), v(), flush() and so on (helpers.c). */
extern const struct cop_module cop__helpers_module;
/* Where the evaluator keeps [{line, value}], newest first, in its process dictionary. */
#define COP__HISTORY_KEY COP(":iex_history")
#define COP__HISTORY_MAX 20

#endif
