/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between a console in the node and the terminal that it is shown on: another program's
 * (remote, rpc, stop), or a thread of this one (start_iex).
 *
 * A frame is its kind, the length of its text in 4 bytes, and the text. Both sides run on the same
 * machine, mostly from the same file: the first frame tells the version of this protocol, and
 * nothing else is promised. */
#ifndef COP_SHELL_WIRE_H
#define COP_SHELL_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#define COP__WIRE_VERSION "1"

enum cop__frame_kind {
    /* From the terminal. The first one is one of the first three; its text begins with the version,
     * a digit. */
    COP__FRAME_CONSOLE = 'I',  /* then the columns, 0: no terminal */
    COP__FRAME_RPC = 'R',      /* then an expression */
    COP__FRAME_STOP = 'S',     /* stop the node; the connection ends with it */
    COP__FRAME_LINE = 'L',     /* columns, a blank, a line with its end: the answer to a prompt */
    COP__FRAME_END = 'E',      /* no further line: also an answer */
    COP__FRAME_COMPLETE = 'C', /* what stands before the cursor; answered by the same */
    COP__FRAME_INTERRUPT = 'B',
    /* To the terminal. */
    COP__FRAME_OUTPUT = 'O',
    COP__FRAME_ERROR = 'M',  /* for standard error */
    COP__FRAME_PROMPT = 'P', /* a line is wanted */
    COP__FRAME_STATUS = 'X', /* the end: an exit status in digits */
    /* 'C': what to insert, a newline, then the candidates, one a line */
};

struct cop__frame {
    char kind;
    const char
        *text; /* followed by a zero byte that is no part of it; until the next one is read */
    size_t len;
};

/* What was read and not taken yet. All zero with fd set is a beginning. */
struct cop__wire {
    int fd;
    char *data;
    size_t len;
    size_t cap;
    size_t taken; /* bytes of the frame that was taken last */
    char kept;    /* the byte that its zero stands on */
};

/* Writes one frame, or several if the text is long (of output and errors); waits while the other
 * side does not read. False: it is gone. */
bool cop__wire_write(int fd, char kind, const char *text, size_t len);
/* Reads once, waiting if nothing is there. False: the other side is gone, or talks nonsense. */
bool cop__wire_read(struct cop__wire *wire);
/* Takes a frame from what was read. False: it is not whole yet. */
bool cop__wire_take(struct cop__wire *wire, struct cop__frame *ret);
/* Whether there is one to be taken. */
bool cop__wire_has(const struct cop__wire *wire);
void cop__wire_free(struct cop__wire *wire);

#endif
