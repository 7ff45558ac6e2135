/* SPDX-License-Identifier: Apache-2.0 */
/* What has gone through the server since the program began, as INFO tells it. Anybody counts. */
#ifndef KV_TRAFFIC_H
#define KV_TRAFFIC_H

#include <stdint.h>

struct kv_traffic {
    int64_t connections; /* that were served */
    int64_t refused;     /* since there were too many */
    int64_t commands;    /* of both protocols */
};
extern struct kv_traffic kv_traffic;

static inline void kv_traffic_add(int64_t *figure, int64_t more)
{
    (void)__atomic_add_fetch(figure, more, __ATOMIC_RELAXED);
}
static inline int64_t kv_traffic_read(const int64_t *figure)
{
    return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

#endif
