/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the rules: an SQLite database with one table and one row, the newest load. Plain C,
 * no terms: these functions wait for the disk and are called through cop_blocking. Each opens and
 * closes the file, so that a process that is killed meanwhile leaves nothing open.
 *
 * A rollback journal, not a write-ahead log: there is one writer that seldom writes, and the one
 * file is all of it between two loads, also for who copies it. A crash at any point, also of the
 * machine, leaves the former row whole (synchronous=EXTRA). */
#ifndef MY_SERVICE_STORE_H
#define MY_SERVICE_STORE_H

#include <stddef.h>
#include <stdint.h>

/* One call: what to do, and what came out. */
struct store {
    char *path;
    int64_t busy_ms;  /* how long to wait for a file that somebody has locked */
    int64_t size_max; /* bytes that the file may have; 0: no bound */
    /* The row. To be written: time and body; version is given. Read: all three, body to be
     * freed. */
    int64_t version; /* 0: there is none */
    char time[32];
    char *body;
    size_t body_len;
    /* The name of what went wrong, an atom's text, or NULL:
     *   locked  disk_full  corrupt  not_a_database  read_only  no_memory
     *   eisdir, enotdir, eacces ...: why the file cannot be opened
     *   io_error: the system would not write or read   sqlite_error: anything else */
    const char *error;
};

/* struct store *: reads the row; makes the file if there is none. */
void store_read(void *arg);
/* struct store *: writes a row with the next version in place of the former. */
void store_write(void *arg);

#endif
