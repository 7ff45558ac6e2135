/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's side of a console: shows what comes from the node, asks for lines when the node
 * wants one. Runs on a thread that is no process, in the node's program (local.c) or in another one
 * (remote.c); uses nothing of the runtime. A program has one terminal. */
#ifndef COP_SHELL_TERMINAL_H
#define COP_SHELL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

enum cop__terminal_end {
    COP__END_STATUS,  /* the node said so */
    COP__END_GONE,    /* the connection ended without a word */
    COP__END_ABORT,   /* Ctrl+C twice */
    COP__END_HUNG_UP, /* the terminal is gone */
};

/* Whether standard input and output are a terminal. */
bool cop__terminal_is_one(void);
/* Before the first one is used: notes how the terminal is, takes its signals (Ctrl+C, Ctrl+\, a new
 * size, its end). history: the file of earlier lines, or NULL. */
void cop__terminal_init(const char *history);
/* Asks the node at the other end of fd for a console, or with a text for its evaluation, and serves
 * it to the end. */
enum cop__terminal_end cop__terminal_serve(int fd, const char *text, int *ret_status);
/* After the last one was used, on the same thread: gives all back. */
void cop__terminal_fini(void);
/* The terminal is as it was found. Runs on: any thread. */
void cop__terminal_restore(void);

/* --- Between terminal.c and edit.c ------------------------------------------------------------ */

enum cop__event {
    COP__EVENT_KEY,   /* a byte of input is there */
    COP__EVENT_FRAME, /* frames of the node have been read */
    COP__EVENT_SIZE,  /* the terminal is another size, or was away */
    COP__EVENT_INTERRUPT,
    COP__EVENT_END, /* no more of this: see cop__terminal_end */
};
/* Waits for one of these; for keys only if they are wanted. */
enum cop__event cop__terminal_wait(bool wants_key);
/* Reads what is there of the input. 0: its end; -1: the terminal is gone, which is noted. */
int cop__terminal_read(char *data, size_t size);
/* Handles the frames that were read, up to a prompt. False: the end has come, or a prompt. */
bool cop__terminal_frames(void);
void cop__terminal_send(char kind, const char *text, size_t len);
/* The question after Ctrl+C. False: this is the end. */
bool cop__terminal_break(void);
int cop__terminal_width(void);

/* edit.c: lines of a terminal, edited with libedit. */
void cop__edit_init(const char *file);
void cop__edit_fini(void);
/* A line without its end, until the next call; NULL: there is none, *ret_at_end tells whether that
 * was said at the keyboard (Ctrl+D). */
const char *cop__edit_line(const char *text, bool *ret_at_end);
/* Prints whole lines; above the line that is being edited, if one is. */
void cop__edit_print(const char *text, size_t len);
/* The node's answer to a COP__FRAME_COMPLETE. */
void cop__edit_completed(const char *text);

#endif
