/* SPDX-License-Identifier: Apache-2.0 */
/* What has gone through the server since the program began, or CONFIG RESETSTAT, as INFO tells it.
 * Anybody counts. */
#ifndef KV_TRAFFIC_H
#define KV_TRAFFIC_H

#include <stdatomic.h>
#include <stdint.h>

/* Written by all connections, read by INFO: figures that need no order among each other. */
struct kv_traffic {
    _Atomic(int64_t) connections; /* that were served */
    _Atomic(int64_t) refused;     /* since there were too many */
    _Atomic(int64_t) commands;    /* of both protocols */
};
extern struct kv_traffic kv_traffic;

#define kv_traffic_add(figure, more)                                                               \
    ((void)atomic_fetch_add_explicit((figure), (more), memory_order_relaxed))
#define kv_traffic_read(figure) ((long long)atomic_load_explicit((figure), memory_order_relaxed))

static inline void kv_traffic_clear(struct kv_traffic *traffic)
{
    atomic_store_explicit(&traffic->connections, 0, memory_order_relaxed);
    atomic_store_explicit(&traffic->refused, 0, memory_order_relaxed);
    atomic_store_explicit(&traffic->commands, 0, memory_order_relaxed);
}

#endif
