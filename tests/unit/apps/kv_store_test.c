/* SPDX-License-Identifier: Apache-2.0 */
/* What a bucket does, in virtual time: keys that end, subscribers, and that neither leaves anything
 * behind. */
#include "kv_support.h"

#include "../../../apps/kv/store.h"

#include <coppice/sys.h>

static cop_term new_bucket(void)
{
    cop_term bucket;

    cop_assert_match(cop_start_supervised(COP("KV.Bucket"), COP("[]")), "{:ok, bucket}", bucket);
    return bucket;
}

static cop_term run(cop_term bucket, cop_term operations)
{
    return kv_bucket_run(bucket, operations);
}

/* How many rows the bucket's table has, and how many of them have a timer. */
static void check_rows(cop_term bucket, int64_t rows, int64_t timers)
{
    cop_term table, endings;
    int64_t expiring = 0;

    cop_assert_match(cop_sys_get_state(bucket, COP_CALL_TIMEOUT), "{table, _, endings}", table,
                     endings);
    if (!cop_match(endings, "nil")) cop_assert_match(endings, "{expiring, _}", expiring);
    cop_assert_equal(rows, cop_ets_info_item(table, COP(":size")));
    cop_assert_equal(timers, expiring);
}

/* {:set, key, 1, :always, ttl} */
static void set(cop_term bucket, const char *key, int64_t ttl)
{
    cop_term name = cop_string(key);

    cop_assert_equal(COP("[:ok]"),
                     run(bucket, cop_build("[{:set, name, 1, :always, ttl}]", name, ttl)));
}

static void a_key_ends_at_its_time(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(COP("[:ok, 1000, 1]"),
                     run(bucket, COP("[{:set, \"k\", 1, :always, 1000}, {:ttl, \"k\"},"
                                     " {:get, \"k\"}]")));
    check_rows(bucket, 1, 1);
    cop_sleep(999);
    cop_assert_equal(COP("[1, 1]"), run(bucket, COP("[{:ttl, \"k\"}, {:get, \"k\"}]")));
    cop_sleep(1);
    cop_assert_equal(COP("[nil, -2, 0, []]"),
                     run(bucket, COP("[{:get, \"k\"}, {:ttl, \"k\"}, {:exists, [\"k\"]},"
                                     " {:keys, \"*\"}]")));
    check_rows(bucket, 0, 0);
}

/* Nobody asks: the timer takes it away. */
static void a_key_that_nobody_asks_for_goes_too(void)
{
    cop_term bucket = new_bucket();

    run(bucket, COP("[{:set, \"a\", 1, :always, 50}, {:put, \"b\", 2},"
                    " {:set, \"c\", 1, :always, 5000}]"));
    cop_sleep(60);
    check_rows(bucket, 2, 1);
    cop_sleep(5000);
    check_rows(bucket, 1, 0);
}

/* What is put later counts: a time that was set before has no effect any more. */
static void a_later_value_has_its_own_time(void)
{
    cop_term bucket = new_bucket();

    run(bucket, COP("[{:set, \"a\", 1, :always, 100}, {:put, \"a\", 2},"
                    " {:set, \"b\", 1, :always, 100}, {:set, \"b\", 2, :always, 300},"
                    " {:set, \"c\", 1, :always, 300}, {:expire, \"c\", 100, []},"
                    " {:set, \"d\", 1, :always, 300}, {:incr, \"d\"}]"));
    check_rows(bucket, 4, 3);
    cop_sleep(150);
    cop_assert_equal(COP("[2, 2, nil, \"2\", -1, 150]"),
                     run(bucket, COP("[{:get, \"a\"}, {:get, \"b\"}, {:get, \"c\"}, {:get, \"d\"},"
                                     " {:ttl, \"a\"}, {:ttl, \"d\"}]")));
    cop_sleep(150);
    check_rows(bucket, 1, 0);
}

/* A key whose time is set again and again has one timer, not many. */
static void old_timers_do_not_gather(void)
{
    cop_term bucket = new_bucket();
    cop_term before, after;
    int64_t memory_before, memory_after;

    for (int i = 0; i < 100; i++)
        run(bucket, COP("[{:set, \"k\", 1, :always, 1000000}]"));
    before = cop_process_info(cop_to_pid(bucket), COP(":memory"));
    for (int i = 0; i < 2000; i++)
        run(bucket, COP("[{:set, \"k\", 1, :always, 1000000}]"));
    after = cop_process_info(cop_to_pid(bucket), COP(":memory"));
    cop_assert_match(before, "{_, memory_before}", memory_before);
    cop_assert_match(after, "{_, memory_after}", memory_after);
    cop_assert(memory_after < memory_before + 10000);
    check_rows(bucket, 1, 1);
    run(bucket, COP("[{:flush}]"));
    check_rows(bucket, 0, 0);
}

static void conditions(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(COP("[:ok, nil, nil, :ok, 3, 0, 1]"),
                     run(bucket, COP("[{:set, 1, 1, :nx, nil}, {:set, 1, 2, :nx, nil},"
                                     " {:set, 2, 2, :xx, nil}, {:set, 1, 3, :xx, 10},"
                                     " {:get, 1}, {:expire, 2, 10, []}, {:expire, 1, 0, []}]")));
    set(bucket, "k", 10);
    cop_sleep(10);
    cop_assert_equal(COP("[nil, :ok]"), run(bucket, COP("[{:set, \"k\", 2, :xx, nil},"
                                                        " {:set, \"k\", 2, :nx, nil}]")));
}

/* The end of a key is moved if it is as is said: to a later time, an earlier one ... */
static void ends_are_moved_on_conditions(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(
        COP("[:ok, 0, 0, 1, 100, 0, 0, 1, 101, 0, 0, 1, 100, 1, -2]"),
        run(bucket, COP("[{:put, 1, 1}, {:expire, 1, 9, [:xx]}, {:expire, 1, 9, [:gt]},"
                        " {:expire, 1, 100, [:nx]}, {:ttl, 1}, {:expire, 1, 9, [:nx]},"
                        " {:expire, 1, 100, [:gt]}, {:expire, 1, 101, [:xx, :gt]}, {:ttl, 1},"
                        " {:expire, 1, 101, [:lt]}, {:expire, 1, 102, [:xx, :lt]},"
                        " {:expire, 1, 100, [:lt]}, {:ttl, 1}, {:expire, 1, -1, [:lt]},"
                        " {:ttl, 1}]")));
    cop_assert_equal(COP("[:ok, 1, 10, 0]"),
                     run(bucket, COP("[{:put, 1, 1}, {:expire, 1, 10, [:lt]}, {:ttl, 1},"
                                     " {:expire, 2, 10, [:lt]}]")));
    check_rows(bucket, 1, 1);
}

/* A new value may keep the end of the former one, and that may be asked for. */
static void values_are_swapped(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(
        COP("[:ok, :ok, 100, \"2\", \"3\", 3, 100, nil, nil, nil, 4, -1]"),
        run(bucket, COP("[{:set, 1, 1, :always, 100}, {:set, 1, 2, :always, :keep},"
                        " {:ttl, 1}, {:swap, 1, 3, :xx, :keep}, {:swap, 1, 4, :nx, nil},"
                        " {:get, 1}, {:ttl, 1}, {:swap, 2, 4, :xx, nil}, {:get, 2},"
                        " {:swap, 2, 4, :nx, :keep}, {:get, 2}, {:ttl, 2}]")));
    check_rows(bucket, 2, 1);
    cop_sleep(100);
    cop_assert_equal(COP("[nil, -1]"),
                     run(bucket, COP("[{:swap, 1, 5, :always, :keep}, {:ttl, 1}]")));
}

/* What is left on average: of those that end, as it is now. */
static void ends_have_an_average(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(COP("[{0, 0}]"), run(bucket, COP("[{:expiring}]")));
    cop_assert_equal(COP("[:ok, :ok, :ok, {2, 200}]"),
                     run(bucket, COP("[{:put, 1, 1}, {:set, 2, 1, :always, 100},"
                                     " {:set, 3, 1, :always, 300}, {:expiring}]")));
    cop_sleep(50);
    cop_assert_equal(COP("[{2, 150}, 1, {1, 50}, 1, {0, 0}]"),
                     run(bucket, COP("[{:expiring}, {:del, [3]}, {:expiring}, {:del, [2]},"
                                     " {:expiring}]")));
}

/* A key may end later than a timer can be set. */
static void the_end_of_a_key_may_be_far(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(COP("[:ok, 9000000000000000000, 1, 8000000000000000000]"),
                     run(bucket, COP("[{:set, 1, 1, :always, 9000000000000000000}, {:ttl, 1},"
                                     " {:expire, 1, 8000000000000000000, []}, {:ttl, 1}]")));
}

static void values_of_all_kinds(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(COP("[:ok, [1], \"[1]\", 4, \"4\", 2, [\"4\", nil], [1], nil, 1, 1]"),
                     run(bucket, COP("[{:put_all, [:a, [1], :n, 3]}, {:get, :a}, {:read, :a},"
                                     " {:incr, :n}, {:get, :n}, {:size}, {:read_all, [:n, :none]},"
                                     " {:take, :a}, {:take, :a}, {:del, [:a, :n]}, {:incr, :n}]")));
    cop_assert_match(
        run(bucket, COP("[{:put, 1, \"\"}, {:incr, 1}, {:put, 1, \"+1\"}, {:incr, 1},"
                        " {:put, 1, \"01\"}, {:incr, 1}, {:put, 1, \"-0\"}, {:incr, 1},"
                        " {:put, 1, [1]}, {:incr, 1}, {:put, 1, \"-1\"}, {:incr, 1}]")),
        "[_, {:error, _}, _, {:error, _}, _, {:error, _}, _, {:error, _}, _, {:error, _}, _, 0]");
}

static void subscribers_hear_of_changes(void)
{
    cop_term bucket = new_bucket();

    cop_assert_equal(cop_ok(), kv_bucket_subscribe(bucket));
    cop_assert_equal(cop_ok(), kv_bucket_subscribe(bucket));
    run(bucket, COP("[{:put, 1, 2}, {:take, 1}, {:take, 1}, {:put_all, [3, 4]}, {:incr, 5},"
                    " {:set, 6, 7, :always, 100}, {:get, 6}]"));
    cop_assert_received("{:put, 1, 2}");
    cop_assert_received("{:delete, 1}");
    cop_assert_received("{:delete, 1}");
    cop_assert_received("{:put, 3, 4}");
    cop_assert_received("{:put, 5, \"1\"}");
    cop_assert_received("{:put, 6, 7}");
    cop_sleep(101);
    cop_assert_received("{:delete, 6}");
    run(bucket, COP("[{:flush}]"));
    cop_assert_received("{:delete, 3}");
    cop_assert_received("{:delete, 5}");
    cop_assert_equal(COP("[]"), cop_messages(10));
}

static cop_next subscribe_and_end(cop_term bucket)
{
    kv_bucket_subscribe(bucket);
    return cop_end();
}

/* The dead are forgotten, and who lets too many messages wait is told so and left. */
static void subscribers_come_and_go(void)
{
    cop_term bucket = new_bucket(), subscribers, event;
    int count = 0;

    for (int i = 0; i < 5; i++) {
        cop_ref ref;
        cop_spawn(subscribe_and_end, bucket,
                  &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
        cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
    }
    kv_bucket_subscribe(bucket);
    cop_assert_match(cop_sys_get_state(bucket, COP_CALL_TIMEOUT), "{_, subscribers, _}",
                     subscribers);
    cop_assert_equal(cop_list(cop_self()), subscribers);
    for (int i = 0; i < 10100; i++)
        run(bucket, COP("[{:put, 1, 1}]"));
    cop_assert_match(cop_sys_get_state(bucket, COP_CALL_TIMEOUT), "{_, [], _}");
    while (cop_receive(&event, 0) && cop_match(event, "{:put, 1, 1}"))
        count++;
    cop_assert_equal(10000, count);
    cop_assert_match(event, "{:dropped}");
    cop_assert(!cop_receive(&event, 0));
}

struct listener {
    cop_pid to; /* who is told how many events came at a time */
};

static cop_next count_events(void *state)
{
    const struct listener *l = state;
    cop_term event;
    int count = 0;

    while (cop_receive(&event, 0))
        count++;
    cop_send(l->to, cop_tuple(COP(":events"), count));
    return cop_hibernate(count_events, state);
}

static cop_next listen_to(cop_term arg)
{
    struct listener *l = cop_alloc(sizeof(*l));
    cop_term bucket;

    cop_expect(arg, "{bucket, to}", bucket, l->to);
    kv_bucket_subscribe(bucket);
    cop_send(l->to, COP(":ready"));
    return cop_hibernate(count_events, l);
}

/* The bucket looks at its subscribers from outside: none of them gets a turn between two events,
 * and who subscribes waits for none of the others. */
static void subscribers_are_not_waited_for(void)
{
    cop_term bucket = new_bucket(), events;
    cop_pid listener = cop_spawn(listen_to, cop_tuple(bucket, cop_self()), NULL);

    cop_assert_receive(":ready");
    run(bucket, COP("[{:put, 1, 1}, {:put, 2, 2}, {:put, 3, 3}]"));
    cop_assert_receive("{:events, events}", events);
    cop_assert_equal(3, events);
    kv_bucket_subscribe(bucket);
    cop_assert_equal(COP("[]"), cop_messages(10));
    cop_exit_process(listener, COP(":kill"));
}

/* Finding a bucket takes no turn of it, whatever it has to do. */
static void a_lookup_does_not_wait_for_the_bucket(void)
{
    cop_term registry = COP("KV.Registry"), name = COP("\"busy\""), bucket;
    cop_ref ref;

    cop_assert_equal(cop_ok(), kv_registry_create(registry, name));
    bucket = kv_bucket_called(registry, "busy");
    ref = cop_gen_server_send_request(
        bucket, COP("{:get_and_update, &KV.Store.run(&1, [{:put, 1, 2}, {:get, 1}])}"));
    cop_assert_equal(bucket, kv_bucket_called(registry, "busy"));
    cop_assert_equal(COP("[]"), cop_messages(10));
    cop_assert_receive("{[:alias | ^ref], [:ok, 2]}", ref);
}

static cop_term run_unknown(void *bucket)
{
    return run(*(cop_term *)bucket, COP("[{:unknown}]"));
}

static void an_unknown_operation_is_a_mistake(void)
{
    cop_term bucket = new_bucket();

    cop_assert_match(cop_assert_exits(run_unknown, &bucket),
                     "{{%{message: \"unknown operation\"}, _}, _}");
}

static cop_term read_dead(void *arg)
{
    const cop_term *table = arg;

    return kv_store_read(*table, COP("1"));
}

/* As {:read, key}, by anybody: also what has ended and is still there is not read. */
static void a_table_is_read_without_its_bucket(void)
{
    cop_term bucket = new_bucket(), table = kv_bucket_table(bucket);

    run(bucket, COP("[{:put, 1, \"one\"}, {:put, 2, [:two]}, {:set, 3, 4, :always, 100}]"));
    cop_assert_equal("one", kv_store_read(table, COP("1")));
    cop_assert_equal("[:two]", kv_store_read(table, COP("2")));
    cop_assert_equal(cop_nil(), kv_store_read(table, COP("4")));
    cop_sys_suspend(bucket, COP_CALL_TIMEOUT);
    cop_sleep(99);
    cop_assert_equal("4", kv_store_read(table, COP("3")));
    cop_sleep(1);
    cop_assert_equal(cop_nil(), kv_store_read(table, COP("3")));
    cop_assert_equal(3, cop_ets_info_item(table, COP(":size")));
    cop_sys_resume(bucket, COP_CALL_TIMEOUT);
    cop_agent_stop(bucket, COP(":normal"), COP_INFINITY);
    (void)cop_assert_raises(read_dead, &table);
}

static int virtual_time(void **state)
{
    char why[1000];
    struct cop_node_opts opts = {.size = sizeof(opts), .seed = 1};

    (void)state;
    if (cop_node_start(&opts) != 0) return -1;
    return cop_run(kv_start_body, cop_nil(), why, sizeof(why)) ? 0 : -1;
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(a_key_ends_at_its_time),
                                       TEST(a_key_that_nobody_asks_for_goes_too),
                                       TEST(a_later_value_has_its_own_time),
                                       TEST(old_timers_do_not_gather),
                                       TEST(conditions),
                                       TEST(ends_are_moved_on_conditions),
                                       TEST(values_are_swapped),
                                       TEST(ends_have_an_average),
                                       TEST(the_end_of_a_key_may_be_far),
                                       TEST(values_of_all_kinds),
                                       TEST(subscribers_hear_of_changes),
                                       TEST(subscribers_come_and_go),
                                       TEST(subscribers_are_not_waited_for),
                                       TEST(a_lookup_does_not_wait_for_the_bucket),
                                       TEST(an_unknown_operation_is_a_mistake),
                                       TEST(a_table_is_read_without_its_bucket)};
    return cmocka_run_group_tests(tests, virtual_time, kv_group_teardown);
}
