/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a program: what it asks for. */
#ifndef COP_SHELL_COMMANDS_H
#define COP_SHELL_COMMANDS_H

#include "coppice/node.h"

#include <stdio.h>

enum cop__command {
    COP__COMMAND_WRONG, /* what was wrong has been said on standard error */
    COP__COMMAND_START,
    COP__COMMAND_START_IEX,
    COP__COMMAND_REMOTE,
    COP__COMMAND_RPC,
    COP__COMMAND_EVAL,
    COP__COMMAND_STOP,
    COP__COMMAND_PID,
    COP__COMMAND_VERSION,
    COP__COMMAND_HELP
};

struct cop__command_line {
    enum cop__command command;
    const char *argument; /* EVAL, RPC: the expression */
    struct cop_node_opts opts;
    const char *name;    /* of the node; NULL: the application's */
    const char *run_dir; /* where its socket is; NULL: the default */
    const char *history; /* file of the console's lines; NULL: none */
    const char *config;  /* file of settings; NULL: none */
};

/* Options stand before settings of the environment. What this points to lies in argv, in the
 * environment or is static. */
struct cop__command_line cop__command_line(int argc, char **argv);
/* settings: more lines, of the application, or NULL. */
void cop__print_usage(FILE *out, const char *program, const char *settings);

#endif
