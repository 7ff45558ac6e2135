/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that speak to a running node: remote, rpc, stop, pid. They start no node of their
 * own. Each returns the exit status; what is wrong is said on standard error. */
#ifndef COP_SHELL_REMOTE_H
#define COP_SHELL_REMOTE_H

#include "shell/door.h"

int cop__remote_console(const struct cop__place *place, const char *history);
/* Prints the value of the expression, as eval does. */
int cop__remote_rpc(const struct cop__place *place, const char *expression);
/* Returns when the node's program has ended. */
int cop__remote_stop(const struct cop__place *place);
int cop__remote_pid(const struct cop__place *place);

#endif
