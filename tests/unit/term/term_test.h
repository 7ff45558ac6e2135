/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of terms share: cmocka, and a heap that is the current one. */
#ifndef TESTS_UNIT_TERM_TERM_TEST_H
#define TESTS_UNIT_TERM_TERM_TEST_H

#include "support/cmocka_all.h"

#include "base/alloc.h"
#include "coppice/memory.h"
#include "support/gen_term.h"
#include "term/keep.h"

static struct cop__heap heap;

/* All that was allocated and not freed, what waits in the quarantine not counted. */
static inline uint64_t bytes_in_use(void)
{
    cop__heap_quarantine_flush();
    return cop__alloc_stats_read().allocated_bytes;
}

static inline int open_heap(void **state)
{
    (void)state;
    cop__heap_set_current(&heap);
    return 0;
}

static inline int close_heap(void **state)
{
    (void)state;
    cop__heap_fini(&heap);
    cop__heap_set_current(NULL);
    return cop__heap_bytes(&heap) == 0 ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_heap, close_heap)

#endif
