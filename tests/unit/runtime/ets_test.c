/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: their kinds, the rights to them, and what is done to single objects (ETS). What a real
 * node answers to all of that is in tests/conformance/ets.tsv; here is what needs several
 * processes, sizes, or a look behind the answers. */
#include "base/alloc.h"
#include "ets_ops.h"
#include "term/heap.h"

#include <string.h>

static const char *const types[] = {":set", ":ordered_set", ":bag", ":duplicate_bag"};
#define TYPES (sizeof(types) / sizeof(types[0]))

static cop_term table_of(const char *type)
{
    return cop_ets_new(COP(":t"), cop_list(check_parse(type), COP(":public")));
}

/* ETS-01: the id is a reference of its own, the name of a named table the name. */
PROCESS_TEST(ids_and_names)
{
    cop_term a = cop_ets_new(COP(":same"), COP("[]"));
    cop_term b = cop_ets_new(COP(":same"), COP("[]"));
    CHECK(cop_is_reference(a) && cop_is_reference(b) && !cop_identical(a, b));
    CHECK_TERM(cop_ets_new(COP(":same"), COP("[:named_table]")), ":same");
    cop_term c = cop_ets_whereis(COP(":same"));
    CHECK(cop_is_reference(c));
    cop_ets_insert(a, COP("{1, :a}"));
    cop_ets_insert(b, COP("{1, :b}"));
    cop_ets_insert(COP(":same"), COP("{1, :c}"));
    CHECK_TERM(cop_ets_lookup(a, 1), "[{1, :a}]");
    CHECK_TERM(cop_ets_lookup(b, 1), "[{1, :b}]");
    CHECK_TERM(cop_ets_lookup(c, 1), "[{1, :c}]");
    /* A reference may be kept as a plain value. */
    cop_ref ref = cop_to_ref(b);
    CHECK_TERM(cop_ets_lookup(cop_ref_term(ref), 1), "[{1, :b}]");
    CHECK(check_list_has(cop_ets_all(), a) && check_list_has(cop_ets_all(), COP(":same")));
    CHECK(!check_list_has(cop_ets_all(), c));
    cop_ets_delete(c);
    CHECK(!check_list_has(cop_ets_all(), COP(":same")));
    return cop_end();
}

/* ETS-06: a reference to a table that is gone means no other, though its memory is used again. */
PROCESS_TEST(a_deleted_table_stays_deleted)
{
    cop_term old = cop_ets_new(COP(":t"), COP("[]"));
    cop_ets_insert(old, COP("{1}"));
    cop_ets_delete(old);
    cop_term fresh = cop_ets_new(COP(":t"), COP("[]"));
    CHECK_TERM(cop_ets_tab2list(fresh), "[]");
    CHECK_TERM(TRY("{:lookup, old, 1}", old), ":badarg");
    CHECK_TERM(TRY("{:insert, old, {1}}", old), ":badarg");
    CHECK_TERM(TRY("{:tab2list, old}", old), ":badarg");
    CHECK_TERM(TRY("{:delete, old}", old), ":badarg");
    CHECK_TERM(cop_ets_info(old), ":undefined");
    CHECK_TERM(TRY("{:info, old, :size}", old), ":undefined");
    CHECK_TERM(cop_ets_tab2list(fresh), "[]");
    cop_term other = cop_ref_term(cop_make_ref());
    CHECK_TERM(TRY("{:lookup, other, 1}", other), ":badarg");
    return cop_end();
}

/* --- Rights ----------------------------------------------------------------------------------- */

/* Operations that read, and that write, on the table t, which has an object {1, 5}. */
static cop_term reads(cop_term t)
{
    return cop_build("[{:lookup, t, 1}, {:lookup_element, t, 1, 2}, {:member, t, 1}, {:first, t},"
                     " {:last, t}, {:next, t, 1}, {:prev, t, 1}, {:tab2list, t}, {:match, t, :_},"
                     " {:select, t, []}, {:select_count, t, []}, {:safe_fixtable, t, true},"
                     " {:safe_fixtable, t, false}]",
                     t);
}

static cop_term writes(cop_term t)
{
    return cop_build("[{:insert, t, {2, 1}}, {:insert, t, []}, {:insert_new, t, {3, 1}},"
                     " {:update_counter, t, 1, 1}, {:update_element, t, 1, {2, 6}},"
                     " {:delete, t, 2}, {:delete_object, t, {9}}, {:take, t, 2},"
                     " {:select_delete, t, []}, {:select_replace, t, []}, {:match_delete, t, {7}},"
                     " {:delete_all_objects, t}, {:rename, t, :u}, {:delete, t}]",
                     t);
}

/* Whether all of these succeed, or all fail, in the process. */
static void all_do(cop_pid p, cop_term ops, bool may)
{
    for (; !cop_is_empty_list(ops); ops = cop_tail(ops)) {
        cop_term value = puppet_call(p, attempt, cop_head(ops));
        bool is_refused = cop_identical(value, COP(":badarg"));
        if (is_refused == may)
            check_fail(__FILE__, __LINE__, "%s: %.*s", may ? "refused" : "allowed",
                       (int)cop_to_bytes(cop_inspect(cop_head(ops))).len,
                       cop_to_bytes(cop_inspect(cop_head(ops))).data);
    }
}

static cop_term owned_table(cop_pid owner, const char *protection)
{
    cop_term options = cop_list(check_parse(protection));
    cop_term t = puppet_call(owner, attempt, cop_build("{:new, :t, options}", options));
    cop_term done = puppet_call(owner, attempt, cop_build("{:insert, t, {1, 5}}", t));
    CHECK_TERM(done, "true");
    return t;
}

/* ETS-03 */
PROCESS_TEST(rights)
{
    cop_pid owner = puppet_start(), other = puppet_start();
    cop_term t = owned_table(owner, ":private");
    all_do(other, reads(t), false);
    all_do(other, writes(t), false);
    all_do(owner, reads(t), true);
    all_do(owner, writes(t), true);
    t = owned_table(owner, ":protected");
    all_do(other, reads(t), true);
    all_do(other, writes(t), false);
    all_do(owner, writes(t), true);
    t = owned_table(owner, ":public");
    all_do(other, reads(t), true);
    all_do(other, writes(t), true);
    /* What is known about a table is no secret. */
    t = owned_table(owner, ":private");
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:info, t, :size}", t)), "1");
    /* Only the owner may give it away or set the heir, whatever the protection. */
    t = owned_table(owner, ":public");
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:setopts, t, {:heir, :none}}", t)),
               ":badarg");
    CHECK_TERM(puppet_call(other, attempt, cop_build("{:give_away, t, other, 1}", t, other)),
               ":badarg");
    CHECK_TERM(puppet_call(owner, attempt, cop_build("{:setopts, t, {:heir, :none}}", t)), "true");
    return cop_end();
}

/* --- Objects ---------------------------------------------------------------------------------- */

/* Objects of any shape come out as they went in: small ones, deep ones, wide ones, with large
 * binaries; literals, too. */
PROCESS_TEST(objects_of_any_shape)
{
    char bytes[5000];
    memset(bytes, 'x', sizeof(bytes));
    cop_term large = cop_binary(bytes, sizeof(bytes));
    cop_term deep = cop_empty_list();
    cop_term map = cop_map_new();
    for (int i = 0; i < 1000; i++) {
        deep = cop_list(deep, i);
        map = cop_map_put(map, cop_int(i), cop_tuple(cop_float(i / 3.0), large));
    }
    cop_term wide = cop_list_from((cop_term[]){large, deep, map, cop_int(INT64_MAX)}, 4);
    cop_term objects[] = {
        COP("{1}"),
        COP("{1, :literal, [%{a: 2.5}], \"text\"}"),
        cop_tuple(1, large),
        cop_tuple(1, large, large, cop_list(large)),
        cop_tuple(1, deep),
        cop_tuple(1, map),
        cop_tuple(1, wide, wide),
        cop_tuple(1, cop_self(), cop_make_ref(), COP("&Map.get(&1, :k)")),
        cop_tuple(1, COP("123456789012345678901234567890"), cop_int(INT64_MIN)),
    };
    for (size_t type = 0; type < TYPES; type++) {
        cop_term t = table_of(types[type]);
        for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
            cop_ets_insert(t, objects[i]);
            CHECK_SAME(cop_ets_lookup(t, 1), cop_list(objects[i]));
            CHECK_SAME(cop_ets_tab2list(t), cop_list(objects[i]));
            CHECK_SAME(cop_ets_match_object(t, COP(":_")), cop_list(objects[i]));
            cop_term last = cop_elem(objects[i], cop_tuple_size(objects[i]) - 1);
            cop_term got = cop_ets_lookup_element(t, 1, (int64_t)cop_tuple_size(objects[i]));
            CHECK_SAME(got, type >= 2 ? cop_list(last) : last);
            CHECK_SAME(cop_ets_take(t, 1), cop_list(objects[i]));
            cop_ets_insert(t, cop_tuple(objects[i], 1)); /* as a key */
            CHECK(cop_ets_member(t, objects[i]));
            CHECK_SAME(cop_ets_first(t), objects[i]);
            cop_ets_delete_key(t, objects[i]);
            CHECK_TERM(cop_ets_first(t), ":\"$end_of_table\"");
        }
    }
    return cop_end();
}

/* ETS-15: what was read stays as it was when the table goes on. */
PROCESS_TEST(objects_are_copied_out)
{
    cop_term t = table_of(":set");
    cop_pid pid = cop_self();
    cop_ets_insert(t, cop_build("{:k, 1, pid, [1, 2]}", pid));
    cop_term before = cop_ets_lookup(t, COP(":k"));
    cop_term list = cop_ets_lookup_element(t, COP(":k"), 4);
    cop_ets_update_counter(t, COP(":k"), 1);
    CHECK_SAME(before, cop_build("[{:k, 1, pid, [1, 2]}]", pid));
    CHECK_SAME(cop_ets_lookup(t, COP(":k")), cop_build("[{:k, 2, pid, [1, 2]}]", pid));
    cop_ets_delete(t);
    CHECK_SAME(before, cop_build("[{:k, 1, pid, [1, 2]}]", pid));
    CHECK_TERM(list, "[1, 2]");
    return cop_end();
}

/* A counter in an object that came from a literal, which everybody shares, is the table's own. */
PROCESS_TEST(literals_are_not_written_to)
{
    cop_term a = table_of(":set"), b = table_of(":set");
    for (int i = 0; i < 2; i++) {
        cop_term object = COP("{:k, 7, :x}");
        CHECK_TERM(object, "{:k, 7, :x}");
        cop_ets_insert(i == 0 ? a : b, object);
        CHECK_INT(cop_to_int(cop_ets_update_counter(i == 0 ? a : b, COP(":k"), 1)), 8);
        CHECK_INT(cop_to_int(cop_ets_update_counter(i == 0 ? a : b, COP(":k"), 1)), 9);
    }
    return cop_end();
}

/* ETS-11: from small to large integers and back, and where they end. */
PROCESS_TEST(counters_of_any_size)
{
    cop_term t = table_of(":ordered_set");
    const int64_t edge = (INT64_C(1) << 60) - 1; /* the largest that is one word */
    cop_ets_insert(t, COP("{:k, 0, :tail}"));
    CHECK_SAME(cop_ets_update_counter(t, COP(":k"), edge), cop_int(edge));
    CHECK_SAME(cop_ets_update_counter(t, COP(":k"), 1), cop_int(edge + 1));
    CHECK_SAME(cop_ets_update_counter(t, COP(":k"), INT64_MAX - edge - 1), cop_int(INT64_MAX));
    CHECK_TERM(TRY("{:update_counter, t, :k, 1}", t), ":system_limit");
    CHECK_SAME(cop_ets_lookup_element(t, COP(":k"), 2), cop_int(INT64_MAX));
    CHECK_SAME(cop_ets_update_counter(t, COP(":k"), -edge), cop_int(INT64_MAX - edge));
    cop_term large = COP("100000000000000000000");
    CHECK_TERM(TRY("{:update_counter, t, :k, large}", t, large), ":system_limit");
    CHECK_TERM(TRY("{:update_counter, t, :k, {large, 1}}", t, large), ":badarg");
    int64_t n = INT64_MAX - edge;
    CHECK_SAME(cop_ets_lookup(t, COP(":k")), cop_build("[{:k, n, :tail}]", n));
    cop_ets_insert(t, COP("{7, 1}")); /* a key is not counted, even where it is an integer */
    CHECK_TERM(TRY("{:update_counter, t, 7, {1, 1}}", t), ":badarg");
    CHECK_TERM(cop_ets_lookup(t, COP("7")), "[{7, 1}]");
    return cop_end();
}

/* ETS-09: with a default. */
PROCESS_TEST(lookup_element_with_a_default)
{
    cop_term t = table_of(":set"), b = table_of(":bag");
    cop_ets_insert(t, COP("{:k, 1}"));
    cop_ets_insert(b, COP("{:k, 1}"));
    CHECK_TERM(cop_ets_lookup_element_or(t, COP(":k"), 2, COP(":none")), "1");
    CHECK_TERM(cop_ets_lookup_element_or(t, COP(":x"), 2, COP(":none")), ":none");
    CHECK_TERM(cop_ets_lookup_element_or(b, COP(":k"), 2, COP(":none")), "[1]");
    CHECK_TERM(cop_ets_lookup_element_or(b, COP(":x"), 2, COP(":none")), ":none");
    CHECK_TERM(TRY("{:lookup_element, t, :k, 3}", t), ":badarg");
    CHECK_TERM(TRY("{:lookup_element, t, :k, 0}", t), ":badarg");
    CHECK_TERM(TRY("{:lookup_element, t, :x, 2}", t), ":badarg");
    CHECK_TERM(TRY("{:lookup_element, b, :x, 2}", b), ":badarg");
    return cop_end();
}

/* ETS-02 ETS-09 ETS-10: bags keep the order of insertion, whatever goes in between. */
PROCESS_TEST(bags_keep_their_order)
{
    cop_term b = table_of(":bag"), d = table_of(":duplicate_bag");
    for (int i = 0; i < 50; i++) {
        cop_ets_insert(b, cop_tuple(COP(":k"), i % 25));
        cop_ets_insert(d, cop_tuple(COP(":k"), i % 25));
        cop_ets_insert(b, cop_tuple(i, 0));
    }
    CHECK_INT(cop_list_len(cop_ets_lookup(b, COP(":k"))), 25);
    CHECK_INT(cop_list_len(cop_ets_lookup(d, COP(":k"))), 50);
    cop_ets_delete_object(b, COP("{:k, 7}"));
    cop_ets_delete_object(d, COP("{:k, 7}"));
    cop_ets_insert(b, COP("{:k, 7}"));
    cop_term list = cop_ets_lookup_element(b, COP(":k"), 2);
    for (int i = 0; i < 25; i++, list = cop_tail(list))
        CHECK_SAME(cop_head(list), cop_int(i < 7 ? i : i < 24 ? i + 1 : 7));
    list = cop_ets_lookup_element(d, COP(":k"), 2);
    CHECK_INT(cop_list_len(list), 48);
    for (int i = 0; i < 50; i++) {
        if (i % 25 == 7) continue;
        CHECK_SAME(cop_head(list), cop_int(i % 25));
        list = cop_tail(list);
    }
    CHECK_INT(cop_to_int(cop_ets_info_item(b, COP(":size"))), 75);
    return cop_end();
}

/* --- Sizes ------------------------------------------------------------------------------------ */

/* Keys from 0 to n - 1, in an order that is none. */
static int64_t scattered(int64_t i, int64_t n)
{
    return i * 7919 % n;
}

#define MANY 5003 /* prime, and no multiple of 7919 */

/* Tables grow and shrink: nothing is lost, all is found, and the memory comes back. */
PROCESS_TEST(grow_and_shrink)
{
    for (size_t type = 0; type < TYPES; type++) {
        cop_term t = table_of(types[type]);
        int64_t empty = cop_to_int(cop_ets_info_item(t, COP(":memory")));
        for (int64_t i = 0; i < MANY; i++)
            cop_ets_insert(t, cop_tuple(scattered(i, MANY), i));
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), MANY);
        CHECK(cop_to_int(cop_ets_info_item(t, COP(":memory"))) > empty + MANY * 10);
        for (int64_t i = 0; i < MANY; i++)
            CHECK_INT(cop_to_int(cop_elem(cop_head(cop_ets_lookup(t, scattered(i, MANY))), 1)), i);
        CHECK(!cop_ets_member(t, MANY));
        CHECK_INT(cop_list_len(cop_ets_tab2list(t)), MANY);
        for (int64_t i = 0; i < MANY; i++) {
            if (i % 10 != 0) cop_ets_delete_key(t, i);
        }
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), (MANY + 9) / 10);
        for (int64_t i = 0; i < MANY; i++)
            CHECK(cop_ets_member(t, i) == (i % 10 == 0));
        CHECK_INT(cop_list_len(cop_ets_tab2list(t)), (MANY + 9) / 10);
        cop_ets_delete_all_objects(t);
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), 0);
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":memory"))), empty);
        CHECK_TERM(cop_ets_tab2list(t), "[]");
        cop_ets_insert(t, COP("{1, 2}"));
        CHECK_TERM(cop_ets_tab2list(t), "[{1, 2}]");
        cop_ets_delete(t);
    }
    return cop_end();
}

/* ETS-02 ETS-12: an ordered set is in order from both ends, whatever came and went. */
PROCESS_TEST(ordered_sets_are_in_order)
{
    cop_term t = table_of(":ordered_set");
    for (int64_t i = 0; i < MANY; i++)
        cop_ets_insert(t, cop_tuple(scattered(i, MANY), 0));
    for (int64_t i = 0; i < MANY; i += 3)
        cop_ets_delete_key(t, i);
    int64_t expected = 1;
    for (cop_term k = cop_ets_first(t); cop_is_integer(k); k = cop_ets_next(t, k)) {
        CHECK_INT(cop_to_int(k), expected);
        expected += expected % 3 == 1 ? 1 : 2;
    }
    CHECK(expected >= MANY);
    expected = MANY % 3 == 1 ? MANY - 2 : MANY - 1;
    for (cop_term k = cop_ets_last(t); cop_is_integer(k); k = cop_ets_prev(t, k)) {
        CHECK_INT(cop_to_int(k), expected);
        expected -= expected % 3 == 2 ? 1 : 2;
    }
    CHECK(expected <= 0);
    cop_term list = cop_ets_tab2list(t);
    for (int64_t last = -1; !cop_is_empty_list(list); list = cop_tail(list)) {
        int64_t key = cop_to_int(cop_elem(cop_head(list), 0));
        CHECK(key > last);
        last = key;
    }
    return cop_end();
}

/* Makes tables of all kinds, fills them, and leaves all to the end of the process. */
static cop_term use_tables(cop_term arg)
{
    char bytes[1000] = "a large binary";
    cop_term large = cop_binary(bytes, sizeof(bytes));
    cop_term self = cop_pid_term(cop_self());
    for (size_t type = 0; type < TYPES; type++) {
        cop_term heir = cop_build("{:heir, self, [large, large]}", self, large);
        cop_term t = cop_ets_new(COP(":m"), cop_list(check_parse(types[type]), heir));
        for (int i = 0; i < 300; i++) {
            cop_ets_insert(t, cop_tuple(i, large, large));
            cop_ets_insert(t, cop_tuple(i, large, i));
        }
        cop_ets_match_delete(t, COP("{7, :_, :_}"));
        cop_ets_take(t, 8);
        for (int i = 10; i < 110; i++) {
            if (type < 2) cop_ets_update_element(t, cop_int(i), COP("{2, :x}"));
            if (type != 2)
                cop_ets_select_replace(t, cop_build("[{{i, :_, :_}, [], [{{i, 1, 2}}]}]", i));
            cop_ets_delete_object(t, cop_tuple(i + 100, large, i + 100));
            cop_ets_safe_fixtable(t, true);
            cop_ets_safe_fixtable(t, false);
        }
        cop_ets_select_delete(t, COP("[{{:_, 1, 2}, [], [true]}]"));
        cop_ets_setopts(t, heir);
        cop_ets_safe_fixtable(t, true);
        if (type % 2 == 0) cop_ets_delete_all_objects(t);
        if (type == 1) cop_ets_delete(t);
    }
    return arg;
}

/* All that tables took is given back: rows, large binaries, the data for an heir. */
PROCESS_TEST(memory_comes_back)
{
    int64_t before = 0;
    for (int turn = 0; turn < 3; turn++) {
        cop_pid p = puppet_start();
        puppet_call(p, use_tables, cop_nil());
        puppet_end(p);
        check_gone(p);
        cop__heap_quarantine_flush();
        int64_t now = (int64_t)cop__alloc_stats_read().live_blocks;
        if (turn == 0) before = now;
        CHECK(now - before < 20);
    }
    return cop_end();
}

/* The data for an heir, which is given back with the table, with the next heir's data, and where no
 * table comes of it. */
static cop_term name_heirs(cop_term arg)
{
    cop_term heir = cop_build("{:heir, arg, {:some, :data}}", arg);
    cop_ets_new(COP(":taken"), COP("[:named_table]"));
    for (int i = 0; i < 100; i++) {
        cop_term t = cop_ets_new(COP(":h"), cop_list(heir));
        cop_ets_setopts(t, heir);
        cop_ets_setopts(t, COP("{:heir, :none}"));
        cop_ets_setopts(t, heir);
        cop_ets_delete(t);
        CHECK_TERM(TRY("{:setopts, t, heir}", t, heir), ":badarg");
        CHECK_TERM(TRY("{:new, :taken, [:named_table, heir]}", heir), ":badarg");
    }
    return arg;
}

PROCESS_TEST(memory_of_heirs_comes_back)
{
    int64_t before = 0;
    for (int turn = 0; turn < 3; turn++) {
        cop_pid p = puppet_start();
        puppet_call(p, name_heirs, cop_pid_term(cop_self()));
        puppet_end(p);
        check_gone(p);
        cop__heap_quarantine_flush();
        int64_t now = (int64_t)cop__alloc_stats_read().live_blocks;
        if (turn == 0) before = now;
        CHECK(now - before < 20);
    }
    return cop_end();
}

/* --- Walks ------------------------------------------------------------------------------------ */

/* How often each number below len was seen, in a table or a list of {number, ...}. */
static void see(cop_term list, uint8_t *seen, int64_t len)
{
    for (; !cop_is_empty_list(list); list = cop_tail(list)) {
        int64_t key = cop_to_int(cop_elem(cop_head(list), 0));
        if (key >= 0 && key < len) seen[key]++;
    }
}

/* ETS-12 ETS-13: in pieces of any size, while others come and go and the table is resized, each
 * object that stays is seen exactly once. */
PROCESS_TEST(walks_in_pieces_see_all_once)
{
    const int64_t stay = 1000;
    cop_term all = COP("[{{:\"$1\", :_}, [], [:\"$_\"]}]");
    for (size_t type = 0; type < TYPES; type++) {
        cop_term t = table_of(types[type]);
        uint8_t *seen = cop_alloc((size_t)stay);
        for (int64_t i = 0; i < stay; i++)
            cop_ets_insert(t, cop_tuple(i, 0));
        int64_t extra = stay;
        cop_term piece = cop_ets_select_limit(t, all, 7);
        while (cop_is_tuple(piece)) {
            cop_term results = cop_elem(piece, 0);
            CHECK(cop_list_len(results) >= 1 && cop_list_len(results) <= 7);
            see(results, seen, stay);
            for (int i = 0; i < 50 && extra < 4 * stay; i++)
                cop_ets_insert(t, cop_tuple(extra++, 0));
            for (int64_t i = extra - 30; i < extra; i++)
                if (i >= stay) cop_ets_delete_key(t, i);
            piece = cop_ets_continue(cop_elem(piece, 1));
        }
        CHECK_TERM(piece, ":\"$end_of_table\"");
        for (int64_t i = 0; i < stay; i++)
            CHECK_INT(seen[i], 1);
        cop_ets_delete(t);
    }
    return cop_end();
}

/* A piece ends within the objects of one key of a bag, and the next one goes on there. */
PROCESS_TEST(pieces_of_a_bag)
{
    cop_term t = table_of(":duplicate_bag");
    for (int i = 0; i < 10; i++)
        cop_ets_insert(t, cop_tuple(i, COP(":k")));
    for (int i = 0; i < 10; i++)
        cop_ets_insert(t, cop_tuple(COP(":k"), i));
    uint8_t seen[10] = {0};
    int pieces = 0;
    cop_term piece = cop_ets_match_limit(t, COP("{:k, :\"$1\"}"), 3);
    for (; cop_is_tuple(piece); piece = cop_ets_continue(cop_elem(piece, 1))) {
        for (cop_term r = cop_elem(piece, 0); !cop_is_empty_list(r); r = cop_tail(r))
            seen[cop_to_int(cop_head(cop_head(r)))]++;
        pieces++;
        if (cop_is_atom(cop_elem(piece, 1))) break;
    }
    CHECK_INT(pieces, 4);
    for (int i = 0; i < 10; i++)
        CHECK_INT(seen[i], 1);
    return cop_end();
}

/* ETS-12: from key to key under safe_fixtable, deleting what was met; all others are met. */
PROCESS_TEST(traversal_of_a_fixed_table)
{
    cop_term t = table_of(":set");
    for (int i = 0; i < 600; i++)
        cop_ets_insert(t, cop_tuple(i, 0));
    int met = 0;
    cop_ets_safe_fixtable(t, true);
    cop_term key = cop_ets_first(t);
    while (cop_is_integer(key)) {
        cop_ets_delete_key(t, key);
        met++;
        key = cop_ets_next(t, key);
    }
    cop_ets_insert(t, COP("{:again}"));
    CHECK_TERM(cop_ets_next(t, COP(":again")), ":\"$end_of_table\"");
    (void)cop_ets_next(t, COP(":never")); /* CNR-16: no error */
    cop_ets_delete_key(t, COP(":again"));
    cop_ets_safe_fixtable(t, false);
    CHECK_INT(met, 600);
    CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), 0);
    CHECK_TERM(TRY("{:next, t, 1}", t), ":badarg");
    return cop_end();
}

/* A walk that is longer than a lock is held at a time: deletes, replaces, counts each once. */
PROCESS_TEST(long_walks)
{
    for (size_t type = 0; type < TYPES; type++) {
        cop_term t = table_of(types[type]);
        for (int64_t i = 0; i < MANY * 3; i++)
            cop_ets_insert(t, cop_tuple(i, i % 3));
        CHECK_INT(cop_ets_select_count(t, COP("[{{:_, 1}, [], [true]}]")), MANY);
        if (type != 2) {
            CHECK_INT(cop_ets_select_replace(t, COP("[{{:\"$1\", 1}, [], [{{:\"$1\", :one}}]}]")),
                      MANY);
            CHECK_INT(cop_ets_select_count(t, COP("[{{:_, :one}, [], [true]}]")), MANY);
        }
        CHECK_INT(cop_ets_select_delete(t, COP("[{{:_, 2}, [], [true]}]")), MANY);
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), MANY * 2);
        cop_ets_match_delete(t, COP("{:_, 0}"));
        CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":size"))), MANY);
        cop_ets_delete(t);
    }
    return cop_end();
}

static cop_term go_on(void *arg)
{
    return cop_ets_continue(*(cop_term *)arg);
}

/* ETS-13: a continuation is a term like any other; a wrong one is refused. */
PROCESS_TEST(continuations)
{
    cop_term t = table_of(":ordered_set");
    for (int i = 0; i < 5; i++)
        cop_ets_insert(t, cop_tuple(i, 0));
    cop_term piece = cop_ets_match_limit(t, COP("{:\"$1\", :_}"), 2);
    cop_term again = cop_elem(piece, 1);
    CHECK_TERM(cop_elem(cop_ets_continue(again), 0), "[[2], [3]]");
    CHECK_TERM(cop_elem(cop_ets_continue(again), 0), "[[2], [3]]");
    cop_ets_delete_key(t, 1); /* where it stands */
    cop_ets_insert(t, COP("{1.5, 0}"));
    CHECK_TERM(cop_elem(cop_ets_continue(again), 0), "[[1.5], [2]]");
    cop_ets_delete(t);
    struct cop_outcome outcome;
    const char *wrong[] = {"1", "{}", "{:\"$ets\", 1, 2, 3, 4, 5}", "nil"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cop_term c = check_parse(wrong[i]);
        CHECK(!cop_try(go_on, &c, &outcome));
        CHECK_TERM(outcome.value, ":badarg");
    }
    CHECK(!cop_try(go_on, &again, &outcome)); /* the table is gone */
    CHECK_TERM(outcome.value, ":badarg");
    return cop_end();
}

/* ETS-08, ETS-10, ETS-11, ETS-14: where the key is not the first element; what a counter becomes
 * beyond its threshold. */
PROCESS_TEST(second_element_as_key)
{
    cop_term t = cop_ets_new(COP(":t"), COP("[:public, {:keypos, 2}]"));
    cop_ets_insert(t, COP("{7, :k, 1}"));
    CHECK_INT(cop_to_int(cop_ets_info_item(t, COP(":keypos"))), 2);
    CHECK_TERM(TRY("{:insert, t, {7}}", t), ":badarg");
    cop_ets_delete_object(t, COP("{7}")); /* stands for nothing */
    CHECK_TERM(cop_ets_lookup(t, COP(":k")), "[{7, :k, 1}]");
    CHECK_INT(cop_to_int(cop_ets_update_counter(t, COP(":k"), COP("{3, 4, 5, 0}"))), 5);
    CHECK_INT(cop_to_int(cop_ets_update_counter(t, COP(":k"), COP("{3, 1, 5, 2}"))), 2);
    CHECK_INT(cop_to_int(cop_ets_update_counter(t, COP(":k"), COP("{3, -2, 0, 9}"))), 0);
    CHECK_INT(cop_to_int(cop_ets_update_counter(t, COP(":k"), COP("{3, -1, 0, 9}"))), 9);
    return cop_end();
}

/* ETS-13: what a specification gives counts and is deleted where it is true, and else stays. */
PROCESS_TEST(only_true_counts)
{
    cop_term t = table_of(":set");
    cop_ets_insert(t, COP("[{1, true}, {2, false}, {3, :x}, {4, true}]"));
    CHECK_INT(cop_ets_select_count(t, COP("[{{:_, :\"$1\"}, [], [:\"$1\"]}]")), 2);
    CHECK_INT(cop_ets_select_count(t, COP("[{{:\"$1\", :_}, [], [:\"$1\"]}]")), 0);
    CHECK_INT(cop_ets_select_delete(t, COP("[{{:_, :\"$1\"}, [], [:\"$1\"]}]")), 2);
    CHECK_INT(cop_ets_select_count(t, COP("[{:_, [], [true]}]")), 2);
    CHECK(cop_ets_member(t, 2) && cop_ets_member(t, 3));
    return cop_end();
}

/* ETS-13: a specification that might change a key is refused, also where it would match nothing. */
PROCESS_TEST(replacing_keeps_keys)
{
    const char *wrong[] = {"{:const, 5}",  "{:const, {2, 1}}",
                           "{:const, {}}", "{:+, 1, 1}",
                           ":x",           "{{}}",
                           "{{2}}",        "{{:\"$1\"}}",
                           "{:hd, [1]}",   "{{{:element, 2, :\"$_\"}}}"};
    const char *right[] = {"{:const, {1}}",      "{:const, {1, 2}}", "{{1}}",
                           "{{{:const, 1}, 2}}", ":\"$_\"",          "{{{:element, 1, :\"$_\"}}}"};
    for (int full = 0; full < 2; full++) {
        cop_term t = table_of(":set");
        cop_ets_insert(t, full ? COP("[{1, 0}, {2, 0}]") : COP("[{2, 0}]"));
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            cop_term body = check_parse(wrong[i]);
            CHECK_TERM(TRY("{:select_replace, t, [{{1, :\"$1\"}, [], [body]}]}", t, body),
                       ":badarg");
        }
        CHECK_TERM(cop_ets_lookup(t, 1), full ? "[{1, 0}]" : "[]");
        for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
            cop_term body = check_parse(right[i]);
            CHECK_SAME(TRY("{:select_replace, t, [{{1, :\"$1\"}, [], [body]}]}", t, body),
                       cop_int(full));
            if (full) cop_ets_insert(t, COP("{1, 0}"));
        }
        CHECK_TERM(cop_ets_lookup(t, 2), "[{2, 0}]");
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_true_counts),
        cmocka_unit_test(second_element_as_key),
        cmocka_unit_test(replacing_keeps_keys),
        cmocka_unit_test(ids_and_names),
        cmocka_unit_test(a_deleted_table_stays_deleted),
        cmocka_unit_test(rights),
        cmocka_unit_test(objects_of_any_shape),
        cmocka_unit_test(objects_are_copied_out),
        cmocka_unit_test(literals_are_not_written_to),
        cmocka_unit_test(counters_of_any_size),
        cmocka_unit_test(lookup_element_with_a_default),
        cmocka_unit_test(bags_keep_their_order),
        cmocka_unit_test(grow_and_shrink),
        cmocka_unit_test(ordered_sets_are_in_order),
        cmocka_unit_test(memory_comes_back),
        cmocka_unit_test(memory_of_heirs_comes_back),
        cmocka_unit_test(walks_in_pieces_see_all_once),
        cmocka_unit_test(pieces_of_a_bag),
        cmocka_unit_test(traversal_of_a_fixed_table),
        cmocka_unit_test(long_walks),
        cmocka_unit_test(continuations),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
