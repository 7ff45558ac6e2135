/* SPDX-License-Identifier: Apache-2.0 */
/* The key-value store of the sources that try the public headers. */
#ifndef TESTS_API_KV_H
#define TESTS_API_KV_H

#include <coppice.h>

extern const struct cop_module kv_registry;
extern const struct cop_module kv_bucket;
extern const struct cop_module kv_supervisor;
extern const struct cop_application kv;

cop_term kv_registry_lookup(cop_term server, cop_term name);
cop_term kv_registry_create(cop_term server, cop_term name);
cop_term kv_bucket_get(cop_term bucket, cop_term key);
cop_term kv_bucket_put(cop_term bucket, cop_term key, cop_term value);
cop_term kv_bucket_delete(cop_term bucket, cop_term key);

#endif
