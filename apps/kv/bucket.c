/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Bucket: an agent whose state is a map. Temporary: a bucket that died is not started again,
 * since nobody would know what was in it. */
#include "kv.h"

cop_term kv_bucket_start_link(cop_term options)
{
    (void)options;
    return cop_agent_start_link(COP("&Map.new/0"), COP("[]"));
}

cop_term kv_bucket_get(cop_term bucket, cop_term key)
{
    return cop_agent_get(bucket, cop_build("&Map.get(&1, key)", key), COP_CALL_TIMEOUT);
}

cop_term kv_bucket_put(cop_term bucket, cop_term key, cop_term value)
{
    return cop_agent_update(bucket, cop_build("&Map.put(&1, key, value)", key, value),
                            COP_CALL_TIMEOUT);
}

cop_term kv_bucket_delete(cop_term bucket, cop_term key)
{
    return cop_agent_get_and_update(bucket, cop_build("&Map.pop(&1, key)", key), COP_CALL_TIMEOUT);
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", kv_bucket_start_link, "Starts an empty bucket."),
    COP_EXPORT("get(bucket, key)", kv_bucket_get, "The value of `key`, or `nil`."),
    COP_EXPORT("put(bucket, key, value)", kv_bucket_put, "Puts `value` under `key`."),
    COP_EXPORT("delete(bucket, key)", kv_bucket_delete,
               "Takes `key` out of the bucket and returns the value that it had."),
    COP_EXPORT_END};

const struct cop_module kv_bucket = {.size = sizeof(struct cop_module),
                                     .name = "KV.Bucket",
                                     .doc = "Keeps values by their keys.",
                                     .functions = functions,
                                     .child_spec = "restart: :temporary"};
