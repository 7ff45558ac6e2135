/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of the application :kv as a whole: what happens when a part of it dies. One test at a
 * time: they kill what they share. */
#include "kv_talk.h"

#include <string.h>

static cop_pid pid_of(cop_term name)
{
    cop_pid pid = cop_whereis(name);
    cop_assert(!cop_is_no_pid(pid));
    return pid;
}

/* Kills the process behind name, and waits until its supervisor has put a new one there. */
static void kill_and_wait(cop_term name)
{
    cop_pid old = pid_of(name);
    cop_ref ref = cop_monitor(old);
    cop_exit_process(old, COP(":kill"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, _}", ref);
    /* The supervisor answers after it has handled the death, and with it the restart. */
    while (!cop_match(cop_supervisor_count_children(COP("KV.Supervisor")), "%{active: 2}"))
        cop_yield();
    while (cop_is_no_pid(cop_whereis(name)) || cop_pid_equal(cop_whereis(name), old))
        cop_yield();
}

static cop_term bucket_in_the_tree(const char *name)
{
    kv_registry_create(COP("KV.Registry"), cop_string(name));
    return kv_bucket_called(COP("KV.Registry"), name);
}

static int64_t buckets(void)
{
    int64_t active;
    cop_assert_match(cop_dynamic_supervisor_count_children(COP("KV.BucketSupervisor")),
                     "%{active: active}", active);
    return active;
}

/* Everything begins anew: no bucket is left, and the names are free. */
static void check_fresh(cop_pid old_registry, cop_pid old_supervisor, cop_term old_bucket)
{
    cop_assert(!cop_is_alive(cop_to_pid(old_bucket)));
    cop_assert(!cop_is_alive(old_registry));
    cop_assert(!cop_is_alive(old_supervisor));
    cop_assert_equal(COP(":error"), kv_registry_lookup(COP("KV.Registry"), COP("\"shopping\"")));
    cop_assert_equal(0, buckets());
}

static void check_kill(cop_term name)
{
    cop_term bucket = bucket_in_the_tree("shopping");
    cop_pid registry = pid_of(COP("KV.Registry"));
    cop_pid supervisor = pid_of(COP("KV.BucketSupervisor"));
    kill_and_wait(name);
    check_fresh(registry, supervisor, bucket);
}

static void a_killed_registry_takes_all_with_it(void)
{
    check_kill(COP("KV.Registry"));
}

static void a_killed_bucket_supervisor_takes_all_with_it(void)
{
    check_kill(COP("KV.BucketSupervisor"));
}

static void no_bucket_is_started_in_place_of_a_dead_one(void)
{
    cop_term bucket = bucket_in_the_tree("shopping");
    int64_t before = buckets();
    cop_ref ref = cop_monitor(bucket);
    cop_exit_process(cop_to_pid(bucket), COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, :process, _, :killed}", ref);
    cop_assert_equal(before - 1, buckets());
    kv_settle(COP("KV.Registry"));
    cop_assert_equal(COP(":error"), kv_registry_lookup(COP("KV.Registry"), COP("\"shopping\"")));
}

/* The registry is not linked to its buckets: SUP-72 and AGT-13 do not reach it. */
static void the_registry_survives_buckets_shut_down(void)
{
    cop_term bucket = bucket_in_the_tree("shopping");
    cop_pid registry = pid_of(COP("KV.Registry"));
    cop_agent_stop(bucket, COP(":shutdown"), COP_INFINITY);
    kv_settle(COP("KV.Registry"));
    cop_assert(cop_pid_equal(registry, pid_of(COP("KV.Registry"))));
}

static cop_term lookup_dead(void *arg)
{
    return kv_registry_lookup(*(cop_term *)arg, COP("\"shopping\""));
}

static void a_call_to_a_dead_server_says_so(void)
{
    cop_term registry;
    cop_assert_match(cop_start_supervised(COP("{KV.Registry, []}"), COP("[]")), "{:ok, registry}",
                     registry);
    cop_stop_supervised(COP("KV.Registry"));
    cop_term reason = cop_assert_exits(lookup_dead, &registry);
    cop_term server;
    cop_assert_match(
        reason, "{:noproc, {GenServer, :call, [server, {:lookup, \"shopping\"}, 5000]}}", server);
    cop_assert_equal(registry, server);
    cop_bytes pid = cop_to_bytes(cop_inspect(registry));
    cop_assert_equal(
        cop_format("** (exit) exited in: GenServer.call(%.*s, {:lookup, \"shopping\"}, 5000)\n"
                   "    ** (EXIT) no process: the process is not alive or there's no process "
                   "currently associated with the given name, possibly because its application "
                   "isn't started",
                   (int)pid.len, pid.data),
        cop_format_banner(COP_CLASS_EXIT, reason));
}

/* LOG-05: the registry crashes on a call that it has no clause for. */
static cop_term crash_registry(void *arg)
{
    (void)arg;
    cop_ref ref = cop_monitor(COP("KV.Registry"));
    cop_pid old = pid_of(COP("KV.Registry"));
    cop_gen_server_cast(COP("KV.Registry"), COP("{:create_badly, 1}"));
    cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, _}", ref);
    while (cop_is_no_pid(cop_whereis(COP("KV.Registry"))) ||
           cop_pid_equal(cop_whereis(COP("KV.Registry")), old))
        cop_yield();
    return cop_ok();
}

static void the_log_names_a_crashed_registry(void)
{
    cop_bytes log = cop_to_bytes(cop_capture_log(crash_registry, NULL));
    char text[4000];
    size_t len = log.len < sizeof(text) - 1 ? log.len : sizeof(text) - 1;
    memcpy(text, log.data, len);
    text[len] = 0;
    cop_assert(strstr(text, "GenServer KV.Registry terminating") != NULL);
    cop_assert(strstr(text, "Last message: {:\"$gen_cast\", {:create_badly, 1}}") != NULL);
    cop_assert(strstr(text, "KV.Registry.handle_cast/2") != NULL);
}

/* The application is started anew, with a setting that counts from its start. */
static void start_with_buckets_max(int64_t most)
{
    cop_application_stop(COP(":kv"));
    cop_application_put_env(COP(":kv"), COP(":buckets_max"), cop_int(most));
    cop_assert_match(cop_application_ensure_all_started(&kv), "{:ok, _}");
}

/* The registry lives on when a bucket cannot be started, and says why it cannot. */
static void buckets_are_so_many_at_most(void)
{
    cop_pid registry;

    start_with_buckets_max(2);
    registry = pid_of(COP("KV.Registry"));
    cop_assert_equal("OK\r\n", talk_answers(KV_LINES, "CREATE one\n"));
    cop_assert_equal(":0\r\n", talk_answers(KV_RESP, "DBSIZE\r\n"));
    cop_assert_equal(COP("{:error, :max_children}"),
                     kv_registry_create(COP("KV.Registry"), cop_string("three")));
    cop_assert_equal("OK\r\nERROR\r\n",
                     talk_answers(KV_LINES, "CREATE one\nCREATE b\nCREATE one\n"));
    cop_assert_equal("+OK\r\n-ERR this database has no bucket, and none can be made\r\n+PONG\r\n"
                     "+OK\r\n:1\r\n",
                     talk_answers(KV_RESP, "SELECT 1\r\nINCR n\r\nPING\r\nSELECT 0\r\nINCR n\r\n"));
    cop_assert(cop_pid_equal(registry, pid_of(COP("KV.Registry"))));
    cop_assert_equal(2, buckets());
    cop_agent_stop(kv_bucket_called(COP("KV.Registry"), "one"), COP(":normal"), COP_INFINITY);
    while (buckets() == 2)
        cop_yield();
    cop_assert_equal(cop_ok(), kv_registry_create(COP("KV.Registry"), cop_string("three")));
    start_with_buckets_max(100000);
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(no_bucket_is_started_in_place_of_a_dead_one),
                                       TEST(the_registry_survives_buckets_shut_down),
                                       TEST(a_killed_registry_takes_all_with_it),
                                       TEST(a_killed_bucket_supervisor_takes_all_with_it),
                                       TEST(a_call_to_a_dead_server_says_so),
                                       TEST(the_log_names_a_crashed_registry),
                                       TEST(buckets_are_so_many_at_most)};
    return cmocka_run_group_tests(tests, kv_group_setup, kv_group_teardown);
}
