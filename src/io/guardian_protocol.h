/* SPDX-License-Identifier: Apache-2.0 */
/* What the node and its guardian (guardian.h) say to each other: packets of a fixed size over a
 * socket pair of type SOCK_SEQPACKET, so that there are no frames to put together.
 *
 * The guardian is a program of its own: this header is all that both sides share. */
#ifndef COP_IO_GUARDIAN_PROTOCOL_H
#define COP_IO_GUARDIAN_PROTOCOL_H

#include <stdint.h>

/* The descriptors that the guardian is started with. */
#define COP__GUARDIAN_SOCKET 3
#define COP__GUARDIAN_PIDFD  4 /* of the node; may be missing */

/* The descriptors that come with a SPAWN. The first is a file in memory with texts, each ended by
 * 0: the program's path, the directory, the arguments (the program's name first), the variables. */
enum cop__guardian_fd {
    COP__GUARDIAN_FD_TEXTS,
    COP__GUARDIAN_FD_STDIN,
    COP__GUARDIAN_FD_STDOUT,
    COP__GUARDIAN_FD_STDERR,
    COP__GUARDIAN_FDS
};

enum cop__guardian_request_kind { COP__GUARDIAN_SPAWN = 1, COP__GUARDIAN_SIGNAL };

#define COP__GUARDIAN_LIMITS_MAX 8

struct cop__guardian_limit {
    int32_t resource; /* RLIMIT_... */
    uint32_t unused;
    uint64_t value;
};

struct cop__guardian_request {
    uint32_t kind;
    int32_t signal; /* SIGNAL: its number; goes to the whole group */
    uint64_t id;    /* chosen by the node, never used again */
    /* SPAWN */
    uint64_t texts_size;
    uint32_t argc; /* at least 1 */
    uint32_t envc;
    uint32_t limit_count;
    uint32_t unused;
    struct cop__guardian_limit limits[COP__GUARDIAN_LIMITS_MAX];
};

/* What becomes of a child. FORKED comes before the child runs anything of its program; then RUNNING
 * or FAILED; ENDED after RUNNING only. */
enum cop__guardian_reply_kind {
    COP__GUARDIAN_FORKED = 1,
    COP__GUARDIAN_RUNNING,
    COP__GUARDIAN_FAILED,
    COP__GUARDIAN_ENDED
};

/* Where a start failed. */
enum cop__guardian_stage {
    COP__GUARDIAN_AT_FORK = 1, /* before there was a child */
    COP__GUARDIAN_AT_DIRECTORY,
    COP__GUARDIAN_AT_LIMITS,
    COP__GUARDIAN_AT_EXEC
};

struct cop__guardian_reply {
    uint32_t kind;
    int32_t os_pid; /* also the number of its group */
    uint64_t id;
    int32_t stage;  /* FAILED: enum cop__guardian_stage ... */
    int32_t error;  /* ... and a positive error number */
    int32_t status; /* ENDED: as of wait(2) */
    uint32_t unused;
    uint64_t user_us; /* ENDED: the time that it and those for which it waited have used */
    uint64_t system_us;
    uint64_t rss_max; /* ENDED: bytes */
};

#endif
