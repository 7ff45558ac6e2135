/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: a task that has a socket and a session. Between two messages it waits at its top
 * level, and what it costs then is this struct. */
#ifndef KV_CONNECTION_H
#define KV_CONNECTION_H

#include "session.h"
#include "settings.h"

/* Starts a task under KV.TaskSupervisor that serves socket, which is the caller's and becomes the
 * task's. False: there are as many connections as there may be; the socket is the caller's
 * still. Switches. */
bool kv_connection_start(cop_term socket, enum kv_protocol protocol);

#endif
