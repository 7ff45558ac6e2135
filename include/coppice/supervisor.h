/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor: a process that starts children, starts them anew when they fail, and stops them in
 * order (SUP).
 *
 *     cop_supervisor_start_link(COP("[{DynamicSupervisor, name: KV.BucketSupervisor},"
 *                                   " {KV.Registry, name: KV.Registry}]"),
 *                               COP("[strategy: :one_for_all]"));
 *
 * A child is a module, {module, arg}, or a map %{id:, start: {mod, :fun, args}, restart:,
 * shutdown:, type:, modules:, significant:} (SUP-04, 06). All calls wait without limit (SUP-21) and
 * switch.
 *
 * **Backoff** is an extension. A specification, also one for a DynamicSupervisor, may have
 *
 *     backoff: [min: 1000, max: 30_000, factor: 2, jitter: false, reset_after: 30_000]
 *
 * with any of these keys; shown are the defaults, and reset_after is as long as max unless given.
 * Then a restart of this child waits: the first one min milliseconds, each further one factor times
 * (a number >= 1) as long as the one before, up to max. A child that ran for reset_after
 * milliseconds begins with min again, as does one that restart_child has started. With jitter each
 * delay is drawn evenly between half of it and the whole, so that many that fell together do not
 * rise together. While it waits the child is :restarting: terminate_child, delete_child and the
 * supervisor's own end do not wait for it (SUP-41). A restart is counted when it is decided, before
 * the wait; too many end the supervisor at once. With :one_for_all and :rest_for_one the others are
 * stopped at once and started with the child. A start function that fails is tried again after the
 * next delay. Faulty options are {:error, {:start_spec, {:invalid_backoff, options}}}, in
 * start_child {:error, {:invalid_backoff, options}}.
 *
 * **A limit of the mailbox** is another one: mailbox: [max: 1000, policy: :drop_old], see
 * coppice/mailbox.h. It holds for the process that the start function starts first, if by proc_lib,
 * as all behaviours do. Faulty ones are {:invalid_mailbox, options} in the same places. */
#ifndef COPPICE_SUPERVISOR_H
#define COPPICE_SUPERVISOR_H

#include "coppice/module.h"

COP_BEGIN_DECLS

/* Supervisor.start_link(children, options). options: strategy (required), max_restarts 3,
 * max_seconds 5, auto_shutdown :never, name. Returns {:ok, pid} or {:error, reason} (SUP-07, 08,
 * 16). */
COP_API cop_term cop_supervisor_start_link(cop_term children, cop_term options);
/* Supervisor.start_link(module, arg, options): flags and children come from the module's
 * supervisor_init(arg). */
COP_API cop_term cop_supervisor_start_link_module(const struct cop_module *module, cop_term arg,
                                                  cop_term options);
/* Supervisor.init(children, options): what supervisor_init returns. */
COP_API cop_term cop_supervisor_init(cop_term children, cop_term options);
/* Supervisor.child_spec(child, overrides): the map, with keys replaced. Exits: ArgumentError
 * (SUP-06). */
COP_API cop_term cop_supervisor_child_spec(cop_term child, cop_term overrides);

/* {:ok, pid}, {:ok, pid, info}, {:ok, :undefined} or {:error, reason} (SUP-21). With the strategy
 * :simple_one_for_one child is the list of arguments that follow those of its one specification
 * (SUP-29). */
COP_API cop_term cop_supervisor_start_child(cop_term supervisor, cop_term child);
/* :ok or {:error, :not_found}; the child is stopped, its specification stays (SUP-23). */
COP_API cop_term cop_supervisor_terminate_child(cop_term supervisor, cop_term id);
/* :ok or {:error, reason}: forgets a child that does not run (SUP-24). */
COP_API cop_term cop_supervisor_delete_child(cop_term supervisor, cop_term id);
/* Starts a stopped child: {:ok, pid} or {:error, reason} (SUP-25). */
COP_API cop_term cop_supervisor_restart_child(cop_term supervisor, cop_term id);
/* [{id, pid | :undefined | :restarting, type, modules}], last started first (SUP-26). */
COP_API cop_term cop_supervisor_which_children(cop_term supervisor);
/* [{id, ms}]: children that are in backoff, in start order, and in how many milliseconds each will
 * be started. */
COP_API cop_term cop_supervisor_next_starts(cop_term supervisor);
/* All that a tool wants to know, within timeout_ms: a map with :strategy, :max_restarts,
 * :max_seconds, :restarts (in the window that ends now), :restarts_total, :ids (whether children
 * are known by ids, else by pids), :count and :children, at most limit rows in start order behind
 * the first offset ones: {id, pid, state, type, restart, modules, ms}. id is a text, nil for
 * children without one; pid is nil unless state is :running (else :restarting or :stopped); ms:
 * until the end of its backoff, or nil. :busy if it does not answer in time, :noproc if it is dead
 * or no supervisor. */
COP_API cop_term cop_supervisor_status(cop_term supervisor, int64_t offset, int64_t limit,
                                       int64_t timeout_ms);
COP_API cop_term cop_supervisor_count_children(cop_term supervisor); /* a map: SUP-27 */
/* {:ok, specification} or {:error, :not_found} (SUP-28). */
COP_API cop_term cop_supervisor_get_childspec(cop_term supervisor, cop_term id);
/* {:ok, row} with the child's row in which_children, or {:error, :not_found} (SUP-28). */
COP_API cop_term cop_supervisor_which_child(cop_term supervisor, cop_term id);
/* :ok or {:error, what is wrong} (SUP-09). auto_shutdown is the flag of the supervisor that they
 * are for, or :undefined. */
COP_API cop_term cop_supervisor_check_childspecs(cop_term specs, cop_term auto_shutdown);
/* Stops the children in reverse order, then the supervisor; :ok (SUP-31). */
COP_API cop_term cop_supervisor_stop(cop_term supervisor, cop_term reason, int64_t timeout_ms);

COP_END_DECLS

#endif
