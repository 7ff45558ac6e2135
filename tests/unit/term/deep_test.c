/* SPDX-License-Identifier: Apache-2.0 */
/* A million levels on a stack of 64 KiB: no walk over a term calls itself. */
#include "term_test.h"

#include "term/compare.h"

#include <pthread.h>

#define LEVELS 1000000
#define STACK  ((size_t)64 * 1024)

/* A level is, in turn, a tuple, a list, a map, a capture. */
static cop_term deep(int64_t leaf)
{
    cop_term t = cop_int(leaf);
    cop_term module = cop_atom("Elixir.Map");

    for (int i = 0; i < LEVELS; i++) {
        switch (i % 4) {
        case 0: t = cop_tuple(i, t); break;
        case 1: t = cop_list(t, i); break;
        case 2: t = cop_map_put(cop_map_new(), 1, t); break;
        default: t = cop_capture_bound(module, module, 1, cop_list(t)); break;
        }
    }
    return t;
}

static void *walk(void *arg)
{
    cop_term a;
    cop_term b;
    cop_kept kept;

    cop__heap_set_current(&heap);
    a = deep(1);
    b = deep(2);
    if (cop_compare(a, b) >= 0 || cop_identical(a, b) || cop_hash(a) == cop_hash(b)) return NULL;
    b = cop__copy(&heap, a);
    if (!cop_identical(a, b)) return NULL;
    kept = cop_keep(cop_tuple(a, 1));
    cop__heap_reset(&heap);
    a = deep(1);
    if (!cop_identical(cop_elem(cop_kept_term(kept), 0), a)) return NULL;
    cop_drop(&kept);
    cop__heap_reset(&heap);

    /* Kept one by one, each level is a block that refers to the next. */
    kept = cop_keep(cop_nil());
    for (int i = 0; i < LEVELS / 4; i++) {
        cop_replace(&kept, cop_tuple(cop_kept_term(kept), i));
        cop__heap_reset(&heap);
    }
    cop_drop(&kept);
    cop__heap_reset(&heap);
    if (cop__heap_bytes(&heap) != 0) return NULL;
    cop__heap_set_current(NULL);
    return arg;
}

static void a_million_levels(void **state)
{
    pthread_attr_t attr;
    pthread_t thread;
    void *result;

    (void)state;
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstacksize(&attr, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attr, walk, &heap), 0);
    pthread_join(thread, &result);
    assert_non_null(result);
    pthread_attr_destroy(&attr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_million_levels)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
