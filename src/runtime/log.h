/* SPDX-License-Identifier: Apache-2.0 */
/* The log's thread: runs as long as the node. */
#ifndef COP_RUNTIME_LOG_H
#define COP_RUNTIME_LOG_H

void cop__log_start(void);
/* Writes what is queued, then ends the thread; later texts are written by their callers. */
void cop__log_stop(void);

#endif
