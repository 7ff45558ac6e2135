/* SPDX-License-Identifier: Apache-2.0 */
/* PartitionSupervisor. Partitions are probes (probe.h). */
#include "probe.h"

#include <stdio.h>
#include <string.h>

/* Waits until the supervisor of the test before, which ends with it, has given up the name. */
static void await_free(void)
{
    while (!cop_is_no_pid(cop_whereis(COP("Parts"))))
        cop_yield();
}

/* [name: Parts, child_spec: a probe, partitions: n] and more in front. */
static cop_term options(cop_term more, int64_t partitions)
{
    cop_term spec = probe_spec("p", "trap_exit: true", "");

    while (!cop_is_no_pid(cop_whereis(COP("Parts"))))
        cop_yield();

    return cop_list_append(
        more,
        cop_build("[name: Parts, child_spec: spec, partitions: partitions]", spec, partitions));
}

static cop_pid start(cop_term more, int64_t partitions)
{
    cop_pid pid;

    cop_expect(cop_partition_supervisor_start_link(options(more, partitions)), "{:ok, pid}", pid);
    for (int64_t i = 0; i < partitions; i++)
        NEXT("{:p, :init, _}");
    return pid;
}

static cop_pid where(cop_term key)
{
    return cop_partition_supervisor_whereis(COP("Parts"), key);
}

static cop_term count(void)
{
    return cop_partition_supervisor_count_children(COP("Parts"));
}

/* PSU-01, PSU-04: equal children, whose ids are the numbers of their partitions. */
static void equal_children(void)
{
    cop_pid sup = start(COP("[]"), 3), zero, one, two;

    cop_assert(cop_pid_equal(sup, cop_whereis(COP("Parts"))));
    cop_assert_match(cop_partition_supervisor_which_children(COP("Parts")),
                     "[{2, two, :worker, [Probe]}, {1, one, :worker, [Probe]},"
                     " {0, zero, :worker, [Probe]}]",
                     zero, one, two);
    cop_assert(!cop_pid_equal(zero, one) && !cop_pid_equal(one, two));
    cop_assert_equal(COP("%{specs: 3, active: 3, supervisors: 0, workers: 3}"), count());
    cop_assert(cop_partition_supervisor_partitions(COP("Parts")) == 3);
    cop_assert_equal(cop_ok(),
                     cop_partition_supervisor_stop(COP("Parts"), COP(":normal"), COP_INFINITY));
    for (int i = 0; i < 3; i++)
        NEXT("{:p, :terminate, :shutdown}");
    cop_assert(!cop_is_alive(sup) && !cop_is_alive(zero));
    NOTHING();
}

/* PSU-03: a start function may tell more than the pid. */
static void info_of_a_start(void)
{
    cop_pid p;

    probe_plan("p", "I");
    start(COP("[]"), 1);
    cop_assert_match(cop_partition_supervisor_which_children(COP("Parts")), "[{0, p, _, _}]", p);
    cop_assert(cop_pid_equal(p, where(COP(":any"))));
}

/* PSU-01: as many as there are schedulers. */
static void default_number(void)
{
    cop_term spec = probe_spec("p", "", "");

    await_free();
    cop_assert_match(
        cop_partition_supervisor_start_link(cop_build("[name: Parts, child_spec: spec]", spec)),
        "{:ok, _}");
    cop_assert(cop_partition_supervisor_partitions(COP("Parts")) == cop_schedulers());
    cop_assert(cop_schedulers() == 2); /* as this test's node was started */
}

/* PSU-01: strategy and limit are those of a supervisor. */
static void flags(void)
{
    cop_pid sup;

    cop_trap_exit(true);
    sup = start(COP("[strategy: :one_for_all, max_restarts: 1, max_seconds: 1000]"), 2);
    cop_exit_process(where(cop_int(1)), COP(":kill"));
    NEXT("{:p, :terminate, :shutdown}");
    NEXT("{:p, :init, _}");
    NEXT("{:p, :init, _}");
    cop_exit_process(where(cop_int(0)), COP(":kill"));
    NEXT("{:p, :terminate, :shutdown}");
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_assert_equal(COP("{:error, {:supervisor_data, {:invalid_intensity, -1}}}"),
                     cop_partition_supervisor_start_link(options(COP("[max_restarts: -1]"), 1)));
}

static cop_term start_with(void *arg)
{
    return cop_partition_supervisor_start_link(*(const cop_term *)arg);
}

/* PSU-02 */
static void wrong_options(void)
{
    static const struct {
        const char *more;
        const char *words;
    } rows[] = {
        {"[name: nil]", "the :name option must be given to PartitionSupervisor"},
        {"[name: 7]", "the :name option must be an atom, got: 7"},
        {"[child_spec: nil]", "the :child_spec option must be given to PartitionSupervisor"},
        {"[partitions: 0]", "the :partitions option must be a positive integer, got: 0"},
        {"[partitions: :x]", "the :partitions option must be a positive integer, got: :x"},
        {"[with_arguments: 1]",
         "the :with_arguments option must be a function that receives two arguments, the current "
         "call arguments and the partition, got: 1"},
        {"[auto_shutdown: :any_significant]",
         "the :auto_shutdown option must be :never, got: :any_significant"},
    };
    cop_term too_many;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term more, all, exception;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].more)), &more, &error));
        all = options(more, 1);
        exception = cop_assert_raises(start_with, &all);
        cop_assert_equal(cop_string(rows[i].words),
                         cop_map_get(exception, COP(":message"), cop_nil()));
    }
    too_many = options(COP("[partitions: 65537]"), 1);
    cop_assert_match(cop_assert_raises(start_with, &too_many), "%{__struct__: SystemLimitError}");
    cop_assert_match(
        cop_partition_supervisor_start_link(options(COP("[auto_shutdown: :never]"), 1)),
        "{:ok, _}");
}

/* --- with_arguments --------------------------------------------------------------------------- */

static cop_term numbered(cop_term args, cop_term partition)
{
    cop_term given = cop_head(args);

    return cop_list(cop_cons(cop_tuple(COP(":id"), partition), given));
}

static cop_term no_list(cop_term args, cop_term partition)
{
    (void)args;
    (void)partition;
    return COP(":x");
}

static const struct cop_function functions[] = {
    COP_EXPORT("numbered(args, partition)", numbered, "Its id is its partition."),
    COP_EXPORT("no_list(args, partition)", no_list, "Wrong."), COP_EXPORT_END};

static const struct cop_module arguments = {
    .size = sizeof(struct cop_module), .name = "Arguments", .functions = functions};

/* PSU-01 */
static void with_arguments(void)
{
    cop_term all, exception;

    cop_module_register(&arguments);
    cop_assert_match(cop_partition_supervisor_start_link(
                         options(COP("[with_arguments: &Arguments.numbered/2]"), 3)),
                     "{:ok, _}");
    NEXT("{0, :init, _}");
    NEXT("{1, :init, _}");
    NEXT("{2, :init, _}");
    cop_partition_supervisor_stop(COP("Parts"), COP(":normal"), COP_INFINITY);
    all = options(COP("[with_arguments: &Arguments.no_list/2]"), 1);
    exception = cop_assert_raises(start_with, &all);
    cop_assert_equal("the call to the function in :with_arguments must return a list, got: :x",
                     cop_map_get(exception, COP(":message"), cop_nil()));
}

/* --- Keys ------------------------------------------------------------------------------------- */

static cop_pid child(int64_t partition)
{
    cop_term rows = cop_partition_supervisor_which_children(COP("Parts"));

    while (!cop_identical(cop_elem(cop_head(rows), 0), cop_int(partition)))
        rows = cop_tail(rows);
    return cop_to_pid(cop_elem(cop_head(rows), 1));
}

/* PSU-03 */
static void keys(void)
{
    static const struct {
        int64_t key;
        int64_t partition;
    } rows[] = {{0, 0}, {1, 1}, {2, 2}, {3, 0}, {4, 1}, {-1, 1}, {-2, 2}, {-3, 0}, {INT64_MIN, 2}};
    bool met[3] = {false, false, false};

    start(COP("[]"), 3);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cop_assert(cop_pid_equal(where(cop_int(rows[i].key)), child(rows[i].partition)));
    for (int i = 0; i < 100; i++) {
        cop_term key = cop_tuple(COP(":key"), i);
        cop_pid pid = where(key);

        cop_assert(cop_pid_equal(pid, where(key)));
        for (int p = 0; p < 3; p++)
            met[p] = met[p] || cop_pid_equal(pid, child(p));
    }
    cop_assert(met[0] && met[1] && met[2]);
}

/* PSU-03: the address of a server; after a restart it is that of the new process. */
static void via(void)
{
    cop_term address = COP("{:via, PartitionSupervisor, {Parts, 1}}");
    cop_pid former, again;

    start(COP("[]"), 2);
    former = child(1);
    cop_assert(cop_pid_equal(cop_gen_server_whereis(address), former));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(address, COP(":ping"), COP_INFINITY));
    cop_assert_equal(COP("{:stop, :boom}"), cop_apply(COP("PartitionSupervisor"), COP(":send"),
                                                      COP("[{Parts, 1}, {:stop, :boom}]")));
    NEXT("{:p, :terminate, :boom}");
    cop_assert_match(probe_next(), "{:p, :init, again}", again);
    (void)count(); /* it is noted once the supervisor is done */
    cop_assert(cop_pid_equal(cop_gen_server_whereis(address), again));
    cop_assert(!cop_pid_equal(former, again));
}

static cop_term register_there(void *arg)
{
    (void)arg;
    return cop_apply(COP("PartitionSupervisor"), COP(":register_name"), COP("[{Parts, 1}, :pid]"));
}

/* PSU-06 */
static void no_registration(void)
{
    cop_term exception;
    cop_pid one;

    start(COP("[]"), 2);
    one = child(1);
    exception = cop_assert_raises(register_there, NULL);
    cop_assert_equal("{:via, PartitionSupervisor, _} cannot be given on registration",
                     cop_map_get(exception, COP(":message"), cop_nil()));
    cop_assert_match(cop_apply(COP("Probe"), COP(":start_link"),
                               COP("[[name: {:via, PartitionSupervisor, {Parts, 1}}]]")),
                     "{:error, {:already_started, ^one}}", one);
}

/* --- Unknown ones ----------------------------------------------------------------------------- */

static cop_term whereis_there(void *arg)
{
    return cop_pid_term(where(*(const cop_term *)arg));
}

static cop_term count_there(void *arg)
{
    (void)arg;
    return count();
}

static cop_term stop_there(void *arg)
{
    (void)arg;
    return cop_partition_supervisor_stop(COP("Parts"), COP(":normal"), COP_INFINITY);
}

/* PSU-04 */
static void nobody_there(void)
{
    cop_term key = COP(":a");

    await_free();
    cop_assert_equal(COP("{:noproc, {PartitionSupervisor, :partitions, [Parts]}}"),
                     cop_assert_exits(whereis_there, &key));
    cop_assert_equal(COP("{:noproc, {GenServer, :call, [Parts, :count_children, :infinity]}}"),
                     cop_assert_exits(count_there, NULL));
    cop_assert_equal(COP("{:noproc, {GenServer, :stop, [Parts, :normal, :infinity]}}"),
                     cop_assert_exits(stop_there, NULL));
    start(COP("[]"), 1);
    stop_there(NULL);
    cop_assert_equal(COP("{:noproc, {PartitionSupervisor, :partitions, [Parts]}}"),
                     cop_assert_exits(whereis_there, &key));
}

/* --- Another number --------------------------------------------------------------------------- */

static int64_t resize(int64_t partitions)
{
    return cop_partition_supervisor_resize(COP("Parts"), partitions);
}

static cop_term resize_there(void *arg)
{
    return cop_int(resize(*(const int64_t *)arg));
}

/* PSU-05 */
static void resizing(void)
{
    int64_t wrong[] = {4, -1};
    cop_term key = COP(":a"), exception;
    cop_pid zero;

    start(COP("[]"), 3);
    zero = child(0);
    cop_assert(resize(1) == 3);
    NEXT("{:p, :terminate, :shutdown}");
    NEXT("{:p, :terminate, :shutdown}");
    cop_assert(cop_partition_supervisor_partitions(COP("Parts")) == 1);
    cop_assert_match(cop_partition_supervisor_which_children(COP("Parts")),
                     "[{2, :undefined, _, _}, {1, :undefined, _, _}, {0, ^zero, _, _}]", zero);
    for (int64_t i = -5; i < 5; i++)
        cop_assert(cop_pid_equal(where(cop_int(i)), zero));
    cop_assert(resize(2) == 1);
    NEXT("{:p, :init, _}");
    cop_assert(cop_pid_equal(where(cop_int(1)), child(1)));
    cop_assert(cop_pid_equal(where(cop_int(2)), zero));
    cop_assert(resize(2) == 2);
    NOTHING();
    for (size_t i = 0; i < 2; i++) {
        char words[100];

        exception = cop_assert_raises(resize_there, &wrong[i]);
        snprintf(words, sizeof words,
                 "the number of partitions to resize to must be a number between 0 and 3, got: %d",
                 (int)wrong[i]);
        cop_assert_equal(cop_string(words), cop_map_get(exception, COP(":message"), cop_nil()));
    }
    cop_assert(resize(0) == 2);
    NEXT("{:p, :terminate, :shutdown}");
    NEXT("{:p, :terminate, :shutdown}");
    exception = cop_assert_raises(whereis_there, &key);
    cop_assert_equal("PartitionSupervisor Parts has zero partitions",
                     cop_map_get(exception, COP(":message"), cop_nil()));
    cop_assert(resize(3) == 0);
    cop_assert_match(count(), "%{active: 3}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_children),  TEST(info_of_a_start), TEST(default_number), TEST(flags),
        TEST(wrong_options),   TEST(with_arguments),  TEST(keys),           TEST(via),
        TEST(no_registration), TEST(nobody_there),    TEST(resizing),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
