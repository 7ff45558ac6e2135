/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that are run as processes of the operating system and typed at, through pipes or a
 * terminal. Nothing waits for a time: what is expected must come, within a limit that is far more
 * than anything takes. */
#ifndef COP_TESTS_SHELL_DRIVE_H
#define COP_TESTS_SHELL_DRIVE_H

#include "support/cmocka_all.h"

#include <stdbool.h>
#include <sys/types.h>

/* A running program: what goes in, what came out. */
struct program {
    pid_t pid;
    int in;
    int out;
    int terminal; /* or 0: its other side is `in` and `out` */
    size_t len;
    char text[262144];
};

/* Set-up and tear-down of a group: a folder of its own for the sockets of its nodes, and no history
 * but the file `history` in it. *state is the folder. */
int set_up(void **state);
int clean_up(void **state);

/* arguments end with NULL. What it prints on standard error comes out with the rest. */
void start(struct program *p, const char *const *arguments);
void start_on_terminal(struct program *p, const char *command, int columns);
void type(struct program *p, const char *text);
/* Reads until the text stands in the output; what came up to its end is forgotten. */
void expect(struct program *p, const char *text);
/* The rest of the line behind what was expected last, without its end. */
void take_line(struct program *p, char *line, size_t size);
/* Reads to the end. */
void expect_end(struct program *p);
/* Closes the input and reads the rest if they are pipes, and looks at the exit status. A terminal
 * must be as it was. */
void finish(struct program *p, int expected);
/* Waits for the end alone. */
void check_status(struct program *p, int expected);
/* It is killed, with its terminal. */
void kill_program(struct program *p);

#endif
