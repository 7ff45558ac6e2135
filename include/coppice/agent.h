/* SPDX-License-Identifier: Apache-2.0 */
/* Agent: a process that keeps one term (AGT). The functions that read and change it are captures,
 * run inside the agent: COP("&Map.get(&1, :eggs)"), cop_build("&Map.put(&1, key, value)", key,
 * value). An update of a map costs O(log n), not a copy (memory.h). */
#ifndef COPPICE_AGENT_H
#define COPPICE_AGENT_H

#include "coppice/gen_server.h"

COP_BEGIN_DECLS

/* Agent.start_link(fun, options): the result of fun is the first state; answers as GEN-06. */
COP_API cop_term cop_agent_start_link(cop_term fun, cop_term options);
COP_API cop_term cop_agent_start(cop_term fun, cop_term options);
/* fun(state); the state stays (AGT-03). Exits: as a call of a GenServer. Switches, as the rest. */
COP_API cop_term cop_agent_get(cop_term agent, cop_term fun, int64_t timeout_ms);
/* state = fun(state); :ok (AGT-04). */
COP_API cop_term cop_agent_update(cop_term agent, cop_term fun, int64_t timeout_ms);
/* {value, state} = fun(state); value (AGT-05). */
COP_API cop_term cop_agent_get_and_update(cop_term agent, cop_term fun, int64_t timeout_ms);
/* state = fun(state), without waiting; :ok (AGT-06). */
COP_API cop_term cop_agent_cast(cop_term agent, cop_term fun);
COP_API cop_term cop_agent_stop(cop_term agent, cop_term reason, int64_t timeout_ms);

COP_END_DECLS

#endif
