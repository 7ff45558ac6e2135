/* SPDX-License-Identifier: Apache-2.0 */
/* What cop_os_process_start() is told, read and checked. */
#ifndef COP_IO_OS_OPTIONS_H
#define COP_IO_OS_OPTIONS_H

#include "base/buf.h"
#include "coppice/process.h"
#include "io/guardian_protocol.h"

/* Where a stream of a program leads. */
enum cop__os_target {
    COP__OS_PIPE, /* stdin: from senders */
    COP__OS_LOG,
    COP__OS_OWNER,
    COP__OS_NULL,
    COP__OS_INHERIT,
    COP__OS_STDOUT /* stderr: where stdout leads */
};

/* Values of `active`; above 0: so many messages. */
enum { COP__OS_PASSIVE = 0, COP__OS_ALWAYS = -1 };

struct cop__os_options {
    enum cop__os_target target[3]; /* stdin, stdout, stderr */
    cop_pid owner;
    int64_t active;
    bool is_line;
    int64_t line_max;
    int64_t timeout_ms; /* or COP_INFINITY */
    int64_t kill_after_ms;
    int stop_signal;
    struct cop__guardian_limit limits[COP__GUARDIAN_LIMITS_MAX];
    uint32_t limit_count;
    cop_term cd;  /* a binary, or nil */
    cop_term env; /* list of {name, value or nil} */
};

/* Reads the options; owner is who gets output when they name nobody. Exits: ArgumentError. */
void cop__os_options_read(cop_term options, cop_pid owner, struct cop__os_options *ret);
/* The value of an `active` option. False: it is none. */
bool cop__os_active(cop_term value, int64_t *ret);

/* Writes what a SPAWN brings with it: the program's path, the directory, arguments, variables. 0,
 * or a positive error number: ENOENT when no such program is in PATH. Exits: ArgumentError for
 * arguments and variables that are none. */
int cop__os_texts(cop_term program, cop_term args, const struct cop__os_options *options,
                  struct cop__buf *ret_texts, struct cop__guardian_request *ret_request);

#endif
