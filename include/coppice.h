/* SPDX-License-Identifier: Apache-2.0 */
/* Coppice: supervision trees for C. This header is all of the library's API; each part has its own
 * under coppice/. Start reading with coppice/gen_server.h. */
#ifndef COPPICE_H
#define COPPICE_H

#include "coppice/agent.h"
#include "coppice/application.h"
#include "coppice/base.h"
#include "coppice/dns.h"
#include "coppice/dynamic_supervisor.h"
#include "coppice/error.h"
#include "coppice/ets.h"
#include "coppice/fd.h"
#include "coppice/gen_server.h"
#include "coppice/http.h"
#include "coppice/http_server.h"
#include "coppice/introspect.h"
#include "coppice/io.h"
#include "coppice/json.h"
#include "coppice/logger.h"
#include "coppice/mailbox.h"
#include "coppice/memory.h"
#include "coppice/module.h"
#include "coppice/node.h"
#include "coppice/os_process.h"
#include "coppice/os_signal.h"
#include "coppice/partition_supervisor.h"
#include "coppice/pattern.h"
#include "coppice/port.h"
#include "coppice/proc_lib.h"
#include "coppice/process.h"
#include "coppice/registry.h"
#include "coppice/shell.h"
#include "coppice/supervisor.h"
#include "coppice/syntax.h"
#include "coppice/task.h"
#include "coppice/task_supervisor.h"
#include "coppice/tcp.h"
#include "coppice/term.h"
#include "coppice/timer.h"
#include "coppice/udp.h"

#endif
