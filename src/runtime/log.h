/* SPDX-License-Identifier: Apache-2.0 */
/* The log's thread: runs as long as the node. Between log.c, which queues, and log_handlers.c. */
#ifndef COP_RUNTIME_LOG_H
#define COP_RUNTIME_LOG_H

#include "coppice/logger.h"

void cop__log_start(void);
/* Handles what is queued, then ends the thread; later events are handled by their makers. */
void cop__log_stop(void);
/* The node stops or there is none: nobody may be waited for. Runs on: any thread. */
bool cop__log_is_ending(void);

/* An event on its way. */
struct cop__block;
struct cop__logged {
    struct cop__logged *next;
    enum cop_level level;
    int64_t time_us;
    uint64_t pid;             /* who made it, 0: no process */
    struct cop__block *block; /* the metadata; NULL: none. Taken over by cop__log_handle() */
    size_t size;              /* bytes of the allocation */
    size_t len;
    char text[];
};
/* Gives an event to all handlers that want it. Runs on: a thread that may wait. */
void cop__log_handle(struct cop__logged *e);
/* Counts events that nobody gets. */
void cop__log_drop(uint64_t count);

#endif
