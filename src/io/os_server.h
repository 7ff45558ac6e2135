/* SPDX-License-Identifier: Apache-2.0 */
/* The process that stands for a program: what its parts share. os_server.c has its life,
 * os_launch.c its start, os_output.c and os_input.c the pipes. */
#ifndef COP_IO_OS_SERVER_H
#define COP_IO_OS_SERVER_H

#include "coppice/gen_server.h"
#include "io/os_keeper.h"
#include "io/os_options.h"

/* stdout or stderr, when it leads to us. */
struct cop__os_stream {
    const char *name; /* "stdout" */
    bool is_used;     /* the pipe was made: the rest is valid */
    bool is_open;     /* the pipe is not at its end */
    bool is_told;     /* the owner knows of the end */
    bool is_log;      /* else for the owner */
    bool is_line;
    cop_ref pipe;
    char *data; /* cap bytes: read, not given out are those from start to end */
    size_t cap;
    size_t start;
    size_t end;
    size_t rest;    /* bytes read since the program has ended */
    uint64_t bytes; /* read at all */
};

/* What a sender waits for: it is in a list. */
struct cop__os_send {
    struct cop__os_send *next;
    cop_from from;
    cop_kept data;
    size_t done;
};

/* Who waits in cop_os_process_read(). */
struct cop__os_read {
    struct cop__os_read *next;
    cop_from from;
    cop_ref timer; /* if has_timer */
    bool has_timer;
};

struct cop__os_process {
    struct cop__os_options options; /* its terms are valid in init only */
    cop_kept program;
    cop_kept args;
    struct cop__os_ticket ticket;
    int os_pid;
    bool has_ended;
    int status;           /* of wait(2), then */
    bool is_lost;         /* the guardian has died: nobody knows the status */
    cop_kept stop_reason; /* why it is being stopped, by ourselves; or nothing */
    bool is_stopping;
    bool is_run; /* of cop_os_process_run() */
    cop_ref keeper_monitor;
    cop_ref owner_monitor; /* if has_owner: some output is for the owner */
    bool has_owner;
    cop_ref input;
    bool has_input;
    bool is_closing; /* input: when all is written */
    struct cop__os_send *sends;
    struct cop__os_send **sends_end;
    uint64_t bytes_in; /* of input that is closed */
    struct cop__os_stream streams[2];
    int64_t active; /* COP__OS_PASSIVE, COP__OS_ALWAYS, or messages that are left */
    struct cop__os_read *reads;
    struct cop__os_read **reads_end;
};

extern const struct cop_gen_server cop__os_server;

/* --- os_process.c ----------------------------------------------------------------------------- */

/* cop_os_process_start(). is_run: the caller will tell how the program has ended; so that is no
 * failure of this process, which ends with {:shutdown, reason}. */
cop_term cop__os_start(cop_term program, cop_term args, cop_term options, bool link, bool is_run);

/* --- os_launch.c ------------------------------------------------------------------------------ */

/* Starts the program and waits until it runs; cop_ok(), or why not. Switches. */
cop_term cop__os_launch(struct cop__os_process *p, cop_term program, cop_term args);

/* --- os_output.c ------------------------------------------------------------------------------ */

/* Reads and gives out what is wanted, as far as there is something, and asks to be told of more. */
void cop__os_output_pump(struct cop__os_process *p);
/* Whether all output has been given out, and the owner knows of the end. */
bool cop__os_output_is_done(const struct cop__os_process *p);
/* Nobody will want the owner's output any more. */
void cop__os_output_drop(struct cop__os_process *p);
/* A read: answered now or later. */
void cop__os_output_read(struct cop__os_process *p, cop_from from, int64_t timeout_ms);
/* The time of the read with this tag is over. */
void cop__os_output_timeout(struct cop__os_process *p, cop_term tag);
void cop__os_output_activate(struct cop__os_process *p, int64_t active);

/* --- os_input.c ------------------------------------------------------------------------------- */

/* Data to be written: answered when it is. */
void cop__os_input_send(struct cop__os_process *p, cop_from from, cop_term data);
/* Writes what the pipe takes. */
void cop__os_input_pump(struct cop__os_process *p);
void cop__os_input_close(struct cop__os_process *p);

#endif
