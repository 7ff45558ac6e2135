/* SPDX-License-Identifier: Apache-2.0 */
/* Registry: names for processes that may be any term, and groups of processes under a key (REG).
 *
 *     cop_registry_start_link(COP("[keys: :unique, name: KV.Names]"));
 *     cop_registry_register(COP("KV.Names"), COP("{:bucket, 7}"), cop_nil());
 *     cop_gen_server_call(COP("{:via, Registry, {KV.Names, {:bucket, 7}}}"), request, 5000);
 *
 * A process registers only itself, and what it has registered goes with it. Asking sends no message
 * and takes no lock: the entries are rows of tables (ets.h), which the caller reads itself. With
 * keys: :unique a key has one owner; with :duplicate any number of entries, also several of one
 * process. Keys are compared with ===.
 *
 * For all functions:
 *   registry: the name with which it was started, an atom.
 *   Runs on:  a process. Switches: no, but where a function of the caller's is called, or where
 *             it is said.
 *   Exits:    ArgumentError "unknown registry: ..." if there is none of this name (REG-20);
 *             FunctionClauseError for other arguments of the wrong kind. */
#ifndef COPPICE_REGISTRY_H
#define COPPICE_REGISTRY_H

#include "coppice/process.h"

COP_BEGIN_DECLS

/* Registry.start_link(options): {:ok, pid} of the supervisor of its partitions, or {:error,
 * reason}. options: keys, :unique or :duplicate (or {:duplicate, :key}: partitions are chosen by
 * key, not by process); name, an atom; partitions 1; listeners [], names of processes; meta [], a
 * keyword list; compressed false (REG-01). Exits: ArgumentError that names the wrong option;
 * system_limit for more than 65536 partitions. Switches. */
COP_API cop_term cop_registry_start_link(cop_term options);

/* --- Entries of the caller -------------------------------------------------------------------- */

/* {:ok, pid of the partition, which is linked now}, or {:error, {:already_registered, pid}}
 * (REG-02, 03, 05). The key of a process that is dead is free (REG-09). Switches: may. */
COP_API cop_term cop_registry_register(cop_term registry, cop_term key, cop_term value);
/* Removes all entries of the caller for key; :ok, always (REG-10). The link goes with the caller's
 * last entry in the partition. */
COP_API cop_term cop_registry_unregister(cop_term registry, cop_term key);
/* The same for the entries whose values match pattern and guards, as in ets.h. */
COP_API cop_term cop_registry_unregister_match(cop_term registry, cop_term key, cop_term pattern,
                                               cop_term guards);
/* value = fun(value) of the caller's unique key: {new, old}, or :error if the key is not the
 * caller's (REG-12). Exits: ArgumentError if keys are not unique. */
COP_API cop_term cop_registry_update_value(cop_term registry, cop_term key, cop_term fun);

/* --- Asking ----------------------------------------------------------------------------------- */

/* [{pid, value}] of a key, in the order of registration within a partition; [] if there is none
 * (REG-07). A process that has just died may be among them (REG-08). */
COP_API cop_term cop_registry_lookup(cop_term registry, cop_term key);
/* The living owner of a unique key, or cop_no_pid() (REG-18). Exits: ArgumentError if keys are not
 * unique. Switches: may. */
COP_API cop_pid cop_registry_whereis(cop_term registry, cop_term key);
/* The keys of pid, the last registered first; one with several entries is there as often
 * (REG-11). */
COP_API cop_term cop_registry_keys(cop_term registry, cop_pid pid);
/* The values that pid has under key. */
COP_API cop_term cop_registry_values(cop_term registry, cop_term key, cop_pid pid);
/* The number of entries (REG-15). */
COP_API int64_t cop_registry_count(cop_term registry);

/* [{pid, value}] of a key where value matches pattern and guards, as in ets.h (REG-14). Exits:
 * badarg for guards that are none. */
COP_API cop_term cop_registry_match(cop_term registry, cop_term key, cop_term pattern,
                                    cop_term guards);
/* How many there are. */
COP_API int64_t cop_registry_count_match(cop_term registry, cop_term key, cop_term pattern,
                                         cop_term guards);
/* What a specification of ets.h gives for the entries {key, pid, value}. Exits: ArgumentError if
 * one of its heads has another form. */
COP_API cop_term cop_registry_select(cop_term registry, cop_term spec);
/* For how many of them it gives true. */
COP_API int64_t cop_registry_count_select(cop_term registry, cop_term spec);

/* --- Calling ---------------------------------------------------------------------------------- */

/* Calls fun([{pid, value}]), or {mod, fun, args} as mod.fun([{pid, value}], args...), in the
 * caller, once for each partition that has entries for key; :ok (REG-13). options: parallel: true
 * calls it in a task for each partition instead, if keys are duplicate. What fun raises reaches the
 * caller. */
COP_API cop_term cop_registry_dispatch(cop_term registry, cop_term key, cop_term fun,
                                       cop_term options);
/* Calls fun() and returns its result, while nobody else does so with the same key, which is a name
 * of its own and need not be registered. It is free again when fun has returned or raised, or the
 * caller has ended (REG-16). Exits: as a call of a GenServer if it waits for longer than 5 s.
 * Switches. */
COP_API cop_term cop_registry_lock(cop_term registry, cop_term key, cop_term fun);

/* --- Data about the registry itself ----------------------------------------------------------- */

/* {:ok, value} or :error (REG-15). key is an atom or a tuple. */
COP_API cop_term cop_registry_meta(cop_term registry, cop_term key);
COP_API cop_term cop_registry_put_meta(cop_term registry, cop_term key, cop_term value);
COP_API cop_term cop_registry_delete_meta(cop_term registry, cop_term key);

COP_END_DECLS

#endif
