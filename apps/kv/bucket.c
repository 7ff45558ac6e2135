/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Bucket: an agent whose state is a store. Temporary: a bucket that died is not started again,
 * since nobody would know what was in it. */
#include "kv.h"

cop_term kv_bucket_start_link(cop_term options)
{
    (void)options;
    return cop_agent_start_link(COP("&KV.Store.new/0"), COP("[]"));
}

cop_term kv_bucket_run(cop_term bucket, cop_term operations)
{
    cop_term run = cop_tuple(COP("KV.Store"), COP(":run"), cop_list(operations));

    return cop_agent_get_and_update(bucket, run, COP_CALL_TIMEOUT);
}

static cop_term run_one(cop_term bucket, cop_term operation)
{
    return cop_head(kv_bucket_run(bucket, cop_list(operation)));
}

cop_term kv_bucket_get(cop_term bucket, cop_term key)
{
    return run_one(bucket, cop_tuple(COP(":get"), key));
}

cop_term kv_bucket_put(cop_term bucket, cop_term key, cop_term value)
{
    return run_one(bucket, cop_tuple(COP(":put"), key, value));
}

cop_term kv_bucket_delete(cop_term bucket, cop_term key)
{
    return run_one(bucket, cop_tuple(COP(":take"), key));
}

cop_term kv_bucket_subscribe(cop_term bucket)
{
    (void)run_one(bucket, cop_tuple(COP(":subscribe"), cop_self()));
    return cop_ok();
}

cop_term kv_bucket_table(cop_term bucket)
{
    return run_one(bucket, COP("{:table}"));
}

static const struct cop_function functions[] = {
    COP_EXPORT("start_link(options)", kv_bucket_start_link, "Starts an empty bucket."),
    COP_EXPORT("get(bucket, key)", kv_bucket_get, "The value of `key`, or `nil`."),
    COP_EXPORT("put(bucket, key, value)", kv_bucket_put, "Puts `value` under `key`."),
    COP_EXPORT("delete(bucket, key)", kv_bucket_delete,
               "Takes `key` out of the bucket and returns the value that it had."),
    COP_EXPORT("subscribe(bucket)", kv_bucket_subscribe,
               "Has the caller told of changes: `{:put, key, value}` and `{:delete, key}`."),
    COP_EXPORT_END};

const struct cop_module kv_bucket = {.size = sizeof(struct cop_module),
                                     .name = "KV.Bucket",
                                     .doc = "Keeps values by their keys.",
                                     .functions = functions,
                                     .child_spec = "restart: :temporary"};
