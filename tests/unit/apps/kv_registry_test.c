/* SPDX-License-Identifier: Apache-2.0 */
/* KV.Bucket and KV.Registry: each test has a registry of its own, and all share the one bucket
 * supervisor of the running application; the last test runs them all at once. */
#include "kv_support.h"

#include <coppice/sys.h>
#include <pthread.h>

static cop_term own_registry(void)
{
    cop_term registry;
    cop_assert_match(cop_start_supervised(COP("{KV.Registry, []}"), COP("[]")), "{:ok, registry}",
                     registry);
    return registry;
}

static cop_term created(cop_term registry, const char *name)
{
    cop_assert_equal(COP(":ok"), kv_registry_create(registry, cop_string(name)));
    return kv_bucket_called(registry, name);
}

static void keeps_values_by_key(void)
{
    cop_term bucket;
    cop_assert_match(cop_start_supervised(COP("KV.Bucket"), COP("[]")), "{:ok, bucket}", bucket);
    cop_assert_equal(cop_nil(), kv_bucket_get(bucket, COP("\"milk\"")));
    cop_assert_equal(COP(":ok"), kv_bucket_put(bucket, COP("\"milk\""), cop_int(3)));
    cop_assert_equal(3, kv_bucket_get(bucket, COP("\"milk\"")));
    cop_assert_equal(3, kv_bucket_delete(bucket, COP("\"milk\"")));
    cop_assert_equal(cop_nil(), kv_bucket_get(bucket, COP("\"milk\"")));
    cop_assert_equal(cop_nil(), kv_bucket_delete(bucket, COP("\"milk\"")));
}

static void keeps_many_values(void)
{
    cop_term bucket;
    cop_assert_match(cop_start_supervised(COP("KV.Bucket"), COP("[]")), "{:ok, bucket}", bucket);
    for (int i = 0; i < 200; i++)
        kv_bucket_put(bucket, cop_int(i), cop_int(2 * i));
    for (int i = 0; i < 200; i++)
        cop_assert_equal(2 * i, kv_bucket_get(bucket, cop_int(i)));
}

static void is_a_temporary_worker(void)
{
    cop_term spec = cop_supervisor_child_spec(COP("KV.Bucket"), COP("[]"));
    cop_assert_equal(COP(":temporary"), cop_map_get(spec, COP(":restart"), cop_none()));
}

static void finds_buckets_by_name(void)
{
    cop_term registry = own_registry();
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"shopping\"")));
    cop_term bucket = created(registry, "shopping");
    kv_bucket_put(bucket, COP("\"milk\""), cop_int(1));
    cop_assert_equal(1, kv_bucket_get(bucket, COP("\"milk\"")));
}

static void keeps_the_first_bucket_of_a_name(void)
{
    cop_term registry = own_registry();
    cop_term bucket = created(registry, "shopping");
    cop_assert_equal(bucket, created(registry, "shopping"));
}

/* A bucket that ends by reason is gone from the registry; the registry and other buckets live
 * on. */
static void check_end(cop_term reason)
{
    cop_term registry = own_registry();
    cop_term bucket = created(registry, "shopping");
    cop_term other = created(registry, "other");
    cop_assert_equal(COP(":ok"), cop_agent_stop(bucket, reason, COP_INFINITY));
    kv_settle(registry);
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"shopping\"")));
    cop_assert_equal(other, kv_bucket_called(registry, "other"));
    cop_assert(cop_is_alive(cop_to_pid(registry)));
}

static void forgets_buckets_that_stop(void)
{
    check_end(COP(":normal"));
}

static void forgets_buckets_that_are_shut_down(void)
{
    check_end(COP(":shutdown"));
}

static void forgets_buckets_that_are_killed(void)
{
    cop_term registry = own_registry();
    cop_term bucket = created(registry, "shopping");
    cop_ref ref = cop_monitor(bucket);
    cop_exit_process(cop_to_pid(bucket), COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, :process, _, :killed}", ref);
    kv_settle(registry);
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"shopping\"")));
    cop_assert(cop_is_alive(cop_to_pid(registry)));
    /* A new one can be made under the name, and it is empty. */
    cop_assert_equal(cop_nil(), kv_bucket_get(created(registry, "shopping"), COP("\"milk\"")));
}

/* A registry with a name that nobody else has. */
static cop_term named_registry(void)
{
    static int count;
    cop_bytes text =
        cop_to_bytes(cop_format("registry_%d", __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED)));
    cop_term name = cop_atom_from(text);

    cop_assert_match(cop_start_supervised(cop_build("{KV.Registry, name: name}", name), COP("[]")),
                     "{:ok, _}");
    return name;
}

/* A registry that cannot answer is asked all the same; and it does not give a bucket away that has
 * ended, though it has not heard of that. */
static void is_read_without_a_message(void)
{
    cop_term registry = named_registry();
    cop_term bucket = created(registry, "shopping");
    cop_term other = created(registry, "other");
    cop_pid server = cop_whereis(registry);
    cop_ref ref;

    cop_assert(cop_suspend_process(server));
    cop_assert_equal(bucket, kv_bucket_called(registry, "shopping"));
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"unknown\"")));
    cop_assert_equal(COP(":ok"), cop_agent_stop(bucket, COP(":normal"), COP_INFINITY));
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"shopping\"")));
    ref = cop_monitor(other);
    cop_exit_process(cop_to_pid(other), COP(":kill"));
    cop_assert_receive("{:DOWN, ^ref, _, _, :killed}", ref);
    cop_assert_equal(COP(":error"), kv_registry_lookup(registry, COP("\"other\"")));
    cop_assert(cop_resume_process(server));
    /* A new bucket of the name is found, and stays when all news are heard. */
    cop_term again = created(registry, "shopping");
    cop_assert(!cop_identical(bucket, again));
    cop_assert_equal(again, kv_bucket_called(registry, "shopping"));
    cop_term rows, names;
    cop_assert_match(cop_sys_get_state(registry, COP_CALL_TIMEOUT), "{rows, names}", rows, names);
    cop_assert_equal(again, cop_map_get(rows, "shopping", cop_none()));
    cop_assert_equal(1, cop_map_size(rows));
    cop_assert_equal(1, cop_map_size(names));
}

static cop_term lookup_at_nobody(void *arg)
{
    (void)arg;
    return kv_registry_lookup(COP(":no_such_registry"), COP("\"shopping\""));
}

static void names_the_registry_that_is_not_there(void)
{
    cop_assert_match(
        cop_assert_exits(lookup_at_nobody, NULL),
        "{:noproc, {GenServer, :call, [:no_such_registry, {:lookup, \"shopping\"}, 5000]}}");
}

/* Started under the supervisor by hand, a bucket works without a registry. */
static void works_without_a_registry(void)
{
    cop_term bucket;
    cop_assert_match(
        cop_dynamic_supervisor_start_child(COP("KV.BucketSupervisor"), COP("KV.Bucket")),
        "{:ok, bucket}", bucket);
    cop_assert_equal(COP(":ok"), kv_bucket_put(bucket, COP("\"eggs\""), cop_int(3)));
    cop_assert_equal(3, kv_bucket_get(bucket, COP("\"eggs\"")));
    cop_assert_equal(COP(":ok"), cop_dynamic_supervisor_terminate_child(COP("KV.BucketSupervisor"),
                                                                        cop_to_pid(bucket)));
}

static void (*const bodies[])(void) = {keeps_values_by_key,
                                       keeps_many_values,
                                       is_a_temporary_worker,
                                       finds_buckets_by_name,
                                       keeps_the_first_bucket_of_a_name,
                                       forgets_buckets_that_stop,
                                       forgets_buckets_that_are_shut_down,
                                       forgets_buckets_that_are_killed,
                                       is_read_without_a_message,
                                       names_the_registry_that_is_not_there,
                                       works_without_a_registry};
#define BODIES (sizeof(bodies) / sizeof(bodies[0]))

struct job {
    pthread_t thread;
    void (*body)(void);
    bool is_good;
    char why[1000];
};

static void *job_main(void *arg)
{
    struct job *job = arg;
    job->is_good = cop_test_run(job->body, job->why, sizeof(job->why));
    return NULL;
}

static void all_at_once(void **state)
{
    static struct job jobs[4 * BODIES];
    (void)state;
    for (size_t i = 0; i < 4 * BODIES; i++) {
        jobs[i].body = bodies[i % BODIES];
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, job_main, &jobs[i]), 0);
    }
    for (size_t i = 0; i < 4 * BODIES; i++)
        pthread_join(jobs[i].thread, NULL);
    for (size_t i = 0; i < 4 * BODIES; i++)
        if (!jobs[i].is_good) fail_msg("%s", jobs[i].why);
}

#define TEST(body)                                                                                 \
    {                                                                                              \
#body, kv_run, NULL, NULL, (void *)(uintptr_t)(body)                                       \
    }
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(keeps_values_by_key),
                                       TEST(keeps_many_values),
                                       TEST(is_a_temporary_worker),
                                       TEST(finds_buckets_by_name),
                                       TEST(keeps_the_first_bucket_of_a_name),
                                       TEST(forgets_buckets_that_stop),
                                       TEST(forgets_buckets_that_are_shut_down),
                                       TEST(forgets_buckets_that_are_killed),
                                       TEST(is_read_without_a_message),
                                       TEST(names_the_registry_that_is_not_there),
                                       TEST(works_without_a_registry),
                                       cmocka_unit_test(all_at_once)};
    return cmocka_run_group_tests(tests, kv_group_setup, kv_group_teardown);
}
