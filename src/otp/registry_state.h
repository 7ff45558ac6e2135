/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a registry, and its parts.
 *
 *   registry.c            starting one, the caller's entries, data about the registry, locks
 *   registry_query.c      asking: lookup, match, select, dispatch
 *   registry_tables.c     where an entry lies
 *   registry_partition.c  the processes: the supervisor, and the partitions that own the tables
 *   registry_module.c     the module's table of functions
 *
 * The supervisor of a registry owns a table that bears the registry's name, with the rows
 *     {-2, {kind, partitions, keys}}                            what asking needs
 *     {-1, {kind, partitions, keys, {pid, pids}, listeners}}    what else there is
 *     {n, keys, {pid, pids}}      for partition n of several; keys and {pid, pids} above are nil
 *     {key, value}                meta
 * kind is :unique, :duplicate or {:duplicate, :key}. Each partition is a process, pid, linked with
 * all that have registered there, and two tables: keys has entries {key, {pid, value}}, and pids
 * has for each a row {pid, key, keys, number}, by which it is found when pid has died. An entry
 * lies in the keys of one partition, chosen by its key (by its pid if kind is :duplicate), and in
 * the pids of another, chosen by its pid. The row in pids is written first and taken last: whatever
 * ends the caller in between, the partition still finds the entry. */
#ifndef COP_OTP_REGISTRY_STATE_H
#define COP_OTP_REGISTRY_STATE_H

#include "coppice/ets.h"
#include "coppice/registry.h"

#define COP__REGISTRY_FOR_ASKING (-2)
#define COP__REGISTRY_FOR_ALL    (-1)

struct cop__registry {
    cop_term name;
    bool is_unique;
    bool is_by_key;     /* the partition of an entry follows from its key, not from its pid */
    int64_t partitions; /* 1 or more */
    cop_term keys;      /* of the only partition, else nil */
    cop_term server; /* {pid, pids} likewise; of cop__registry_find_all() only, as what follows */
    cop_term listeners;
};

/* The process of a partition and the table of those that have registered with it. */
struct cop__registry_server {
    cop_pid pid;
    cop_term pids;
};

/* What asking needs. Exits: ArgumentError if there is no such registry. */
struct cop__registry cop__registry_find(cop_term name);
/* The same with all fields. */
struct cop__registry cop__registry_find_all(cop_term name);
COP_NORETURN void cop__registry_unknown(cop_term name, const char *more);

/* The entries in partition n. */
cop_term cop__registry_keys(const struct cop__registry *r, int64_t n);
/* The entries among which those of pid for key are. */
cop_term cop__registry_keys_of(const struct cop__registry *r, cop_term key, cop_term pid);
/* Entries of key lie in the partitions from the result on, before *ret_end. */
int64_t cop__registry_range(const struct cop__registry *r, cop_term key, int64_t *ret_end);
/* Where t, a pid or the key of a lock, belongs; r with all fields. */
struct cop__registry_server cop__registry_server_of(const struct cop__registry *r, cop_term t);

/* Element pos of the rows of key, as cop_ets_lookup_element(); [] if there are none, or if the
 * table has gone with its partition. */
cop_term cop__registry_read(cop_term table, cop_term key, int64_t pos);
/* A specification that gives result for the entries of key that are {pid, value} as in entry. The
 * key is compared with ===, also if it looks like a pattern (REG-04). */
cop_term cop__registry_spec(cop_term key, cop_term entry, cop_term guards, cop_term result);

/* Starts the processes; arg is {kind, name, partitions, listeners, compressed, meta}.
 * Switches. */
cop_term cop__registry_supervisor_start(cop_term name, cop_term arg);

extern const struct cop_module cop__registry_module;
extern const struct cop_module cop__registry_supervisor_module;
extern const struct cop_module cop__registry_partition_module;

#endif
