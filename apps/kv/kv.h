/* SPDX-License-Identifier: Apache-2.0 */
/* KV: buckets of keys and values, found by name. The system of the Elixir guide's chapters on
 * agents, servers, supervisors and dynamic supervisors, in C.
 *
 *     KV.Supervisor, one_for_all
 *      +-- KV.BucketSupervisor   a DynamicSupervisor: buckets come and go under it
 *      +-- KV.Registry           which bucket bears which name; watches them */
#ifndef KV_H
#define KV_H

#include <coppice.h>

extern const struct cop_application kv;
extern const struct cop_module kv_supervisor;
extern const struct cop_module kv_registry;
extern const struct cop_module kv_bucket;

/* Starts the tree; options are those of a supervisor (name). */
cop_term kv_supervisor_start_link(cop_term options);

/* Starts a registry; options: name. */
cop_term kv_registry_start_link(cop_term options);
/* {:ok, bucket}, a bucket that lives, or :error. Of a registry that is given by its name this reads
 * a table and sends no message, else it is a call. Exits: as a call, if there is no such server.
 * Switches: may. */
cop_term kv_registry_lookup(cop_term server, cop_term name);
/* Makes sure that there is a bucket of this name; :ok then. {:error, reason}: it cannot be started,
 * as with :max_children when there are as many as may be. Switches. */
cop_term kv_registry_create(cop_term server, cop_term name);

/* Starts an empty bucket. */
cop_term kv_bucket_start_link(cop_term options);
/* The value of key, or nil. Switches. */
cop_term kv_bucket_get(cop_term bucket, cop_term key);
/* :ok. Switches. */
cop_term kv_bucket_put(cop_term bucket, cop_term key, cop_term value);
/* Takes key out and returns the value that it had, or nil. Switches. */
cop_term kv_bucket_delete(cop_term bucket, cop_term key);
/* The caller gets {:put, key, value} and {:delete, key} from now on; {:dropped}, and nothing after
 * it, when more of them wait than it should let wait. :ok. Switches. */
cop_term kv_bucket_subscribe(cop_term bucket);
/* Does operations, a list, one after the other, in the bucket's process: the list of their answers.
 * store.h has what there is. Switches. */
cop_term kv_bucket_run(cop_term bucket, cop_term operations);
/* The bucket's table, for kv_store_read(). Switches. */
cop_term kv_bucket_table(cop_term bucket);

#endif
