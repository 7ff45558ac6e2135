/* SPDX-License-Identifier: Apache-2.0 */
/* PartitionSupervisor: several equal children that share the work of one name (PSU).
 *
 *     cop_partition_supervisor_start_link(COP("[name: Counters, child_spec: {Counter, []}]"));
 *     cop_gen_server_call(COP("{:via, PartitionSupervisor, {Counters, :visits}}"), COP(":next"),
 *                         COP_CALL_TIMEOUT);
 *
 * The key chooses the partition: an integer its remainder, another term its hash; the same key
 * always the same one. The choice reads a table, it sends no message. Functions that take the name
 * of an unknown supervisor exit with {:noproc, ...}. */
#ifndef COPPICE_PARTITION_SUPERVISOR_H
#define COPPICE_PARTITION_SUPERVISOR_H

#include "coppice/module.h"

COP_BEGIN_DECLS

/* PartitionSupervisor.start_link(options): name (an atom) and child_spec are required; partitions,
 * default the number of schedulers; with_arguments, a function of the child's arguments and its
 * partition that returns the arguments to start it with; strategy :one_for_one, max_restarts 3,
 * max_seconds 5. {:ok, pid} or {:error, reason}. Exits: ArgumentError naming the faulty option
 * (PSU-02), system_limit for more than 65536 partitions. Switches. */
COP_API cop_term cop_partition_supervisor_start_link(cop_term options);
/* The process to which the key's work goes, or cop_no_pid() while it is down. Exits: ArgumentError
 * if there are zero partitions. */
COP_API cop_pid cop_partition_supervisor_whereis(cop_term name, cop_term key);
/* How many partitions keys go to. */
COP_API int64_t cop_partition_supervisor_partitions(cop_term name);
/* PartitionSupervisor.resize!(name, partitions): stops those above or starts them again, and
 * returns how many there were. Exits: ArgumentError unless 0 <= partitions <= those at the start
 * (PSU-05). Switches. */
COP_API int64_t cop_partition_supervisor_resize(cop_term name, int64_t partitions);
/* As those of Supervisor; ids are the numbers of partitions. */
COP_API cop_term cop_partition_supervisor_which_children(cop_term name);
COP_API cop_term cop_partition_supervisor_count_children(cop_term name);
COP_API cop_term cop_partition_supervisor_stop(cop_term name, cop_term reason, int64_t timeout_ms);

COP_END_DECLS

#endif
