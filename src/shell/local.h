/* SPDX-License-Identifier: Apache-2.0 */
/* The console of start_iex: a terminal's side on a thread of the node's program. */
#ifndef COP_SHELL_LOCAL_H
#define COP_SHELL_LOCAL_H

#include <stdbool.h>

/* Starts the thread. When the console ends, it ends the node, with status 1 if the input is no
 * terminal and an expression failed; when the terminal is gone, the node goes on. history: the file
 * of earlier lines, or NULL. False: there is no thread to be had. */
bool cop__local_start(const char *history);
/* After the door is closed: waits for the thread's end, but not for long (a terminal may take
 * nothing). */
void cop__local_stop(void);

#endif
