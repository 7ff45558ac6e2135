/* SPDX-License-Identifier: Apache-2.0 */
/* The key-value system on the network, an application of its own beside :kv, as in the guide.
 *
 *     KV.Server, one_for_one
 *      +-- KV.Budget           how much connections hold of incomplete commands
 *      +-- KV.TaskSupervisor   a Task.Supervisor: a task for each connection
 *      +-- KV.Acceptor         of the line protocol
 *      +-- KV.Acceptor         of RESP */
#ifndef KV_SERVER_H
#define KV_SERVER_H

#include <coppice.h>

extern const struct cop_application kv_server;
extern const struct cop_module kv_server_module;
extern const struct cop_module kv_acceptor;

#endif
