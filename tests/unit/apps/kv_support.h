/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the key-value system share: a node with the application :kv on it, and bodies
 * run as processes. */
#ifndef KV_SUPPORT_H
#define KV_SUPPORT_H

#include "support/cmocka_all.h"

#include "../../../apps/kv/kv.h"

#include <coppice.h>
#include <coppice/test.h>
#include <stdio.h>

static inline cop_next kv_start_body(cop_term arg)
{
    (void)arg;
    cop_expect(cop_application_ensure_all_started(&kv), "{:ok, _}");
    return cop_end();
}

static inline int kv_group_setup(void **state)
{
    char why[1000];
    (void)state;
    if (cop_node_start(NULL) != 0) return -1;
    if (cop_run(kv_start_body, cop_nil(), why, sizeof(why))) return 0;
    fprintf(stderr, "%s\n", why);
    return -1;
}

static inline int kv_group_teardown(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

/* The body of the test, a function without arguments, is its initial state. */
static inline void kv_run(void **state)
{
    char why[4000];
    void (*body)(void);
    *(void **)(void *)&body = *state;
    if (!cop_test_run(body, why, sizeof(why))) fail_msg("%s", why);
}

/* Waits until the registry has handled the news of a death: a call comes after what it got
 * before. */
static inline void kv_settle(cop_term registry)
{
    kv_registry_lookup(registry, cop_string("no such bucket"));
}

/* The bucket of this name. */
static inline cop_term kv_bucket_called(cop_term registry, const char *name)
{
    cop_term bucket;
    cop_assert_match(kv_registry_lookup(registry, cop_string(name)), "{:ok, bucket}", bucket);
    return bucket;
}

#endif
