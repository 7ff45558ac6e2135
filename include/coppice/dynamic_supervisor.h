/* SPDX-License-Identifier: Apache-2.0 */
/* DynamicSupervisor: starts children on demand, any number of each kind (DYN). All calls switch. */
#ifndef COPPICE_DYNAMIC_SUPERVISOR_H
#define COPPICE_DYNAMIC_SUPERVISOR_H

#include "coppice/module.h"

COP_BEGIN_DECLS

/* DynamicSupervisor.start_link(options): name, strategy :one_for_one, max_restarts 3, max_seconds
 * 5, max_children :infinity, extra_arguments [] (DYN-01). */
COP_API cop_term cop_dynamic_supervisor_start_link(cop_term options);
/* DynamicSupervisor.start_link(module, arg, options): the options come from supervisor_init(arg),
 * which returns cop_dynamic_supervisor_init(options). */
COP_API cop_term cop_dynamic_supervisor_start_link_module(const struct cop_module *module,
                                                          cop_term arg, cop_term options);
COP_API cop_term cop_dynamic_supervisor_init(cop_term options);
/* {:ok, pid}, {:ok, pid, info}, :ignore or {:error, reason}; the specification is checked in the
 * caller (DYN-05 to 12). */
COP_API cop_term cop_dynamic_supervisor_start_child(cop_term supervisor, cop_term child);
COP_API cop_term cop_dynamic_supervisor_terminate_child(cop_term supervisor, cop_pid child);
COP_API cop_term cop_dynamic_supervisor_which_children(cop_term supervisor);
/* [{pid, ms}]: children that are in backoff (supervisor.h), each by the process that it was, and in
 * how many milliseconds each will be started. */
COP_API cop_term cop_dynamic_supervisor_next_starts(cop_term supervisor);
COP_API cop_term cop_dynamic_supervisor_count_children(cop_term supervisor); /* a map: DYN-19 */
COP_API cop_term cop_dynamic_supervisor_stop(cop_term supervisor, cop_term reason,
                                             int64_t timeout_ms);

COP_END_DECLS

#endif
