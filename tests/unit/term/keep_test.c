/* SPDX-License-Identifier: Apache-2.0 */
/* Kept terms, dictionaries, plain blocks: what lives, what is shared, and that all of it goes. */
#include "term_test.h"

#include <string.h>

/* A message with this term, from another heap. */
static cop_term received(cop_term t)
{
    return cop__heap_adopt(&heap, cop__pack(t, 32));
}

static void end_callback(void)
{
    cop__heap_reset(&heap);
    assert_int_equal(heap.region_bytes, 0);
}

static void kept_terms_outlive_the_callback(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct gen_term gen;
        cop_kept kept;
        cop_term t;

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        t = gen_term(&gen, 1 + seed % 50);
        kept = cop_keep(seed % 2 == 0 ? t : received(t));
        end_callback();
        gen_term_init(&gen, seed, GEN_TERM_ALL);
        assert_true(cop_identical(cop_kept_term(kept), gen_term(&gen, 1 + seed % 50)));
        cop_drop(&kept);
        end_callback();
        assert_int_equal(heap.owned_bytes, 0);
    }
}

/* A drop takes effect at the callback's end; in a turn, at the turn's. */
static void a_dropped_term_lives_till_the_end(void **state)
{
    cop_kept kept = cop_keep(cop_tuple(1, "x"));
    struct cop__heap_mark mark;
    cop_term t;

    (void)state;
    end_callback();
    t = cop_kept_term(kept);
    cop_drop(&kept);
    assert_true(cop_is_none(cop_kept_term(kept)));
    cop_drop(&kept); /* nothing may be dropped again */
    assert_true(cop_identical(t, cop_tuple(1, "x")));
    end_callback();
    assert_int_equal(heap.owned_bytes, 0);

    kept = cop_keep(cop_tuple(2, "y"));
    mark = cop__heap_mark(&heap);
    cop_drop(&kept);
    assert_true(heap.owned_bytes > 0);
    cop__heap_release(&heap, &mark);
    assert_int_equal(heap.owned_bytes, 0);
}

static void what_is_kept_is_shared(void **state)
{
    cop_kept inner = cop_keep(cop_list(1, 2, 3));
    cop_kept outer = cop_keep(cop_tuple(cop_kept_term(inner), cop_kept_term(inner), "x"));
    cop_kept tail = cop_keep(cop_tail(cop_kept_term(inner)));
    struct cop__block *block = cop__block_of(cop__box(cop_kept_term(inner)));

    (void)state;
    assert_int_equal(cop_elem(cop_kept_term(outer), 0).word, cop_kept_term(inner).word);
    assert_int_equal(block->count, 3); /* two handles and one block, however often it refers */
    cop_drop(&inner);
    cop_drop(&tail);
    end_callback();
    assert_int_equal(block->count, 1);
    assert_true(cop_identical(cop_elem(cop_kept_term(outer), 1), cop_list(1, 2, 3)));
    cop_drop(&outer);
    end_callback();
    assert_int_equal(heap.owned_bytes, 0);
}

static void messages_are_adopted_when_sensible(void **state)
{
    char data[64] = {0};
    cop_term large = cop_empty_list();
    cop_term msg;
    cop_kept a;
    cop_kept b;
    cop_kept c;
    size_t size;

    (void)state;
    for (int i = 0; i < 100; i++)
        large = cop_cons(cop_binary(data, sizeof(data)), large);
    msg = received(cop_tuple(cop_atom("put"), "key", large));
    size = cop__block_size(heap.blocks);
    a = cop_keep(cop_elem(msg, 2)); /* most of it: the same words */
    assert_int_equal(cop_kept_term(a).word, cop_elem(msg, 2).word);
    msg = received(cop_tuple(cop_atom("put"), "key", large));
    b = cop_keep(cop_elem(msg, 1)); /* little of it: a copy */
    assert_int_not_equal(cop_kept_term(b).word, cop_elem(msg, 1).word);
    msg = received(cop_tuple(cop_atom("put"), "key", 1));
    c = cop_keep(cop_tuple("x", cop_elem(msg, 1))); /* a small message: all of it, by reference */
    assert_int_equal(cop_elem(cop_kept_term(c), 1).word, cop_elem(msg, 1).word);
    end_callback();
    assert_true(heap.owned_bytes < size + 600);
    assert_int_equal(cop_list_len(cop_kept_term(a)), 100);
    cop_drop(&a);
    cop_drop(&b);
    cop_drop(&c);
    end_callback();
    assert_int_equal(heap.owned_bytes, 0);
}

/* A state that is a map: each update shares all but the way to its key. */
static void updates_of_kept_maps(void **state)
{
    enum { KEYS = 3000 };
    cop_kept map = cop_keep(cop_map_new());
    cop_kept old;
    size_t bytes;

    (void)state;
    for (int i = 0; i < KEYS; i++) {
        cop_replace(&map, cop_map_put(cop_kept_term(map), i, i));
        end_callback();
    }
    bytes = heap.owned_bytes;
    old = cop_keep(cop_kept_term(map));
    for (int i = 0; i < 100; i++) {
        cop_replace(&map, cop_map_put(cop_kept_term(map), 7, cop_tuple("changed", i)));
        end_callback();
    }
    assert_true(heap.owned_bytes < bytes + 3000);
    assert_int_equal(cop_to_int(cop_map_get(cop_kept_term(old), 7, 0)), 7);
    assert_true(cop_is_tuple(cop_map_get(cop_kept_term(map), 7, 0)));
    cop_drop(&old);
    end_callback();
    for (int i = 0; i < KEYS; i++) {
        assert_true(cop_map_has(cop_kept_term(map), i));
        cop_replace(&map, cop_map_remove(cop_kept_term(map), i));
        end_callback();
    }
    assert_int_equal(cop_map_size(cop_kept_term(map)), 0);
    cop_drop(&map);
    end_callback();
    assert_int_equal(heap.owned_bytes, 0);
}

/* Two versions of a large map in one term, maps in maps, parts kept and parts in a message. */
static void mixtures(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct gen_term gen;
        cop_kept kept[4];
        cop_term t[4];

        gen_term_init(&gen, seed, GEN_TERM_ALL);
        for (int i = 0; i < 4; i++) {
            cop_term base = i == 0 ? cop_map_new() : t[i - 1];

            if (!cop_is_map(base)) base = cop_map_new();
            for (int n = 0; n < 50; n++) {
                cop_term key = cop_int((int64_t)gen_below(&gen, 80));

                bool is_leaf = i == 0 || n % 10 > 0;

                base =
                    cop_map_put(base, key, is_leaf ? gen_term_leaf(&gen) : cop_tuple(t[i - 1], n));
            }
            t[i] = gen_below(&gen, 3) == 0 ? received(base) : base;
            kept[i] = cop_keep(gen_below(&gen, 2) == 0 ? t[i] : cop_tuple(t[i], base));
            t[i] = cop_kept_term(kept[i]);
            if (cop_is_tuple(t[i])) {
                assert_true(cop_identical(cop_elem(t[i], 0), base));
                t[i] = cop_elem(t[i], gen_below(&gen, 2));
            }
            assert_true(cop_identical(t[i], base));
            if (i == 1) cop_drop(&kept[0]);
            end_callback();
        }
        for (int i = 1; i < 4; i++) {
            assert_true(cop_hash(cop_kept_term(kept[i])) != 0);
            cop_drop(&kept[i]);
        }
        end_callback();
        assert_int_equal(heap.owned_bytes, 0);
    }
}

static void dictionaries(void **state)
{
    enum { KEYS = 500 };
    cop_dict *dict = cop_dict_new();
    struct gen_term gen;
    cop_term model = cop_map_new();
    cop_kept kept_model = cop_keep(model);

    (void)state;
    gen_term_init(&gen, 3, GEN_TERM_ALL);
    for (int i = 0; i < 4000; i++) {
        cop_term key = cop_tuple("key", (int64_t)gen_below(&gen, KEYS));

        model = cop_kept_term(kept_model);
        if (gen_below(&gen, 2) == 0) {
            cop_term value = gen_term(&gen, 3);

            cop_dict_put(dict, received(key), received(value));
            model = cop_map_put(model, key, value);
        } else {
            cop_term removed = cop_dict_remove(dict, key);
            cop_term value = cop_map_get(model, key, cop_none());

            assert_int_equal(cop_is_none(removed), cop_is_none(value));
            if (!cop_is_none(removed)) assert_true(cop_identical(removed, value));
            model = cop_map_remove(model, key);
        }
        cop_replace(&kept_model, model);
        assert_int_equal(cop_dict_size(dict), cop_map_size(model));
        assert_int_equal(cop_dict_has(dict, key), cop_map_has(model, key));
        end_callback();
    }
    assert_true(
        cop_identical(cop_map_from_list(cop_dict_to_list(dict)), cop_kept_term(kept_model)));
    cop_dict_delete(dict);
    cop_drop(&kept_model);
    end_callback();
    assert_int_equal(heap.owned_bytes, 0);
}

static void plain_blocks(void **state)
{
    char *a = cop_alloc(100);
    char *b = cop_alloc(0);
    static const char zeros[100];

    (void)state;
    assert_memory_equal(a, zeros, 100);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_true(heap.owned_bytes >= 100);
    cop_free(a);
    cop_free(b);
    cop_free(NULL);
    assert_int_equal(heap.owned_bytes, 0);
}

/* The owner dies: nothing was dropped, all goes. */
static void all_goes_with_the_owner(void **state)
{
    struct gen_term gen;
    uint64_t before;

    (void)state;
    gen_term_init(&gen, 9, GEN_TERM_ALL);
    gen_term(&gen, 300); /* makes the atoms */
    cop__heap_reset(&heap);
    before = bytes_in_use();
    for (int i = 0; i < 50; i++) {
        cop_dict *dict = cop_dict_new();
        cop_kept kept = cop_keep(gen_term(&gen, 30));

        cop_dict_put(dict, i, cop_kept_term(kept));
        cop_dict_put(dict, gen_term(&gen, 10), received(gen_term(&gen, 10)));
        cop_alloc(1000);
        if (i % 3 == 0) cop_drop(&kept);
    }
    cop__heap_fini(&heap);
    assert_int_equal(cop__heap_bytes(&heap), 0);
    assert_int_equal(bytes_in_use(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kept_terms_outlive_the_callback),
        TEST(a_dropped_term_lives_till_the_end),
        TEST(what_is_kept_is_shared),
        TEST(messages_are_adopted_when_sensible),
        TEST(updates_of_kept_maps),
        TEST(mixtures),
        TEST(dictionaries),
        TEST(plain_blocks),
        TEST(all_goes_with_the_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
