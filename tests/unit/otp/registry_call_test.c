/* SPDX-License-Identifier: Apache-2.0 */
/* Registry: names of servers, and what calls functions: dispatch and locks. */
#include "registry_help.h"

/* --- Names ------------------------------------------------------------------------------------ */

static cop_result named_init(cop_term arg)
{
    cop_term key = COP(":server");
    cop_pid self = cop_self(), owner = cop_registry_whereis(R, key);

    cop_send(arg, cop_build("{:in_init, self, owner}", self, owner));
    return cop_started(NULL);
}

static const struct cop_gen_server named_callbacks = {.size = sizeof(struct cop_gen_server),
                                                      .init = named_init};
static const struct cop_module named = {.size = sizeof(struct cop_module),
                                        .name = "RegistryTest.Named",
                                        .gen_server = &named_callbacks};

/* REG-18, REG-19: the name is there when init runs. */
PROCESS_TEST(name_before_init)
{
    cop_term self = cop_pid_term(cop_self());
    cop_pid pid;

    start_unique();
    cop_expect(cop_gen_server_start_link(&named, self,
                                         COP("[name: {:via, Registry, {R, :server, :value}}]")),
               "{:ok, pid}", pid);
    cop_assert_receive("{:in_init, ^pid, ^pid}", pid);
    cop_assert_match(cop_registry_lookup(R, COP(":server")), "[{^pid, :value}]", pid);
    cop_assert_match(
        cop_gen_server_start(&named, self, COP("[name: {:via, Registry, {R, :server}}]")),
        "{:error, {:already_started, ^pid}}", pid);
    cop_assert_match(words("send", cop_list(COP("{R, :server}"), COP(":hello"))), ":hello");
}

/* REG-02, REG-18 */
PROCESS_TEST(errors_of_names)
{
    cop_term other;

    start_unique();
    other = cop_pid_term(cop_whereis(R));
    assert_words("** (FunctionClauseError) no function clause matching in Registry.register_name/4",
                 "register_name", cop_list(COP("{R, :a}"), other));
    cop_assert_equal(cop_empty_list(), cop_registry_lookup(R, COP(":a")));
    start_duplicate();
    assert_words("** (ArgumentError) :via is not supported for duplicate registries",
                 "whereis_name", COP("[{D, :a}]"));
    assert_words("** (ArgumentError) argument error", "send", COP("[{R, :a}, :hello]"));
    assert_words("** (ArgumentError) argument error", "send", COP("[{R, :a, 1}, :hello]"));
    cop_assert_equal(COP(":undefined"), words("whereis_name", COP("[{R, :a}]")));
}

/* REG-24: as REG-09 says, for a name. The partition is held back, so that the entry is still there
 * when the supervisor starts the child anew. */
PROCESS_TEST(restarted_child_finds_its_key_free)
{
    cop_term self = cop_pid_term(cop_self()), sup, spec;
    cop_pid pid, again;

    cop_module_register(&named);
    start_unique();
    spec = cop_build("%{id: 1, start: {GenServer, :start_link, [RegistryTest.Named, self,"
                     " [name: {:via, Registry, {R, :server}}]]}}",
                     self);
    cop_expect(cop_supervisor_start_link(cop_list(spec), COP("[strategy: :one_for_one]")),
               "{:ok, sup}", sup);
    cop_assert_receive("{:in_init, pid, _}", pid);
    cop_sys_suspend(P0, COP_CALL_TIMEOUT);
    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive_within(5000, "{:in_init, again, _}", again);
    cop_assert(!cop_pid_equal(pid, again));
    cop_assert(cop_pid_equal(again, cop_registry_whereis(R, COP(":server"))));
    cop_sys_resume(P0, COP_CALL_TIMEOUT);
    cop_gen_server_call(P0, COP(":sync"), COP_CALL_TIMEOUT);
    cop_assert(cop_pid_equal(again, cop_registry_whereis(R, COP(":server"))));
    cop_supervisor_stop(sup, COP(":normal"), COP_INFINITY);
}

/* --- Dispatch --------------------------------------------------------------------------------- */

static cop_term raise_it(void *arg)
{
    return cop_registry_dispatch(D, COP(":a"), COP("&Kernel.hd(&1, 1)"), *(cop_term *)arg);
}

/* REG-13: in the caller, with what fun raises. */
PROCESS_TEST(dispatch)
{
    cop_term none = COP("[]"), fun = COP("&Kernel.exit/1");
    cop_pid self = cop_self();

    start_duplicate();
    cop_assert_equal(cop_ok(), cop_registry_dispatch(D, COP(":a"), fun, none));
    cop_registry_register(D, COP(":a"), cop_int(1));
    cop_registry_register(D, COP(":a"), cop_int(2));
    cop_assert_raises(raise_it, &none);
    fun = cop_build("&Process.send(self, {:got, &1}, [])", self);
    cop_assert_equal(cop_ok(), cop_registry_dispatch(D, COP(":a"), fun, none));
    cop_assert_receive("{:got, [{^self, 1}, {^self, 2}]}", self);
    fun = cop_build("{RegistryTest, :tell, [self]}", self);
    cop_assert_equal(cop_ok(), cop_registry_dispatch(D, COP(":a"), fun, COP("[parallel: true]")));
    cop_assert_receive("{:told, ^self, [{^self, 1}, {^self, 2}]}", self);
}

static cop_term tell(cop_term entries, cop_term to)
{
    cop_pid self = cop_self();

    return cop_send(to, cop_build("{:told, self, entries}", self, entries));
}

static cop_term fail_at(cop_term entries)
{
    (void)entries;
    cop_raise("RuntimeError", "no");
}

static cop_term inside(cop_term to)
{
    cop_pid self = cop_self();

    cop_send(to, cop_build("{:inside, self}", self));
    cop_assert_receive_within(60000, ":leave");
    return COP(":left");
}

static cop_term fail_inside(void)
{
    cop_raise("RuntimeError", "no");
}

static const struct cop_function functions[] = {
    COP_EXPORT("tell(entries, to)", tell, "Sends what it got."),
    COP_EXPORT("fail_at(entries)", fail_at, "Raises."), COP_EXPORT("inside(to)", inside, "Waits."),
    COP_EXPORT("fail_inside()", fail_inside, "Raises."), COP_EXPORT_END};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "RegistryTest", .functions = functions};

/* REG-13: each partition for itself, the last first; in parallel in processes of their own. */
PROCESS_TEST(dispatch_partitions)
{
    cop_pid self = cop_self(), members[8], teller;
    cop_term fun = cop_build("{RegistryTest, :tell, [self]}", self), entries;
    cop_term all = cop_empty_list();
    int calls = 0;
    int64_t told = 0;

    start(COP("[keys: :duplicate, name: D, partitions: 4]"));
    for (int i = 0; i < 8; i++) {
        members[i] = member(COP(":a"));
        in(members[i], COP("&Registry.register(D, &1, 1)"));
    }
    cop_registry_dispatch(D, COP(":a"), fun, COP("[]"));
    for (; told < 8; calls++) {
        cop_assert_receive("{:told, ^self, entries}", self, entries);
        cop_assert(!cop_is_empty_list(entries));
        told += cop_list_len(entries);
        all = cop_list_append(entries, all);
    }
    cop_assert(calls > 1);
    cop_assert_equal(all, cop_registry_lookup(D, COP(":a")));
    cop_assert_equal(8, cop_list_len(cop_registry_match(D, COP(":a"), COP(":_"), COP("[]"))));
    cop_assert_equal(8, cop_registry_count_match(D, COP(":a"), COP(":_"), COP("[]")));
    cop_assert_equal(8, cop_list_len(cop_registry_select(D, COP("[{{:_, :_, :_}, [], [1]}]"))));
    cop_assert_equal(8, cop_registry_count_select(D, COP("[{{:_, :_, :_}, [], [true]}]")));
    cop_registry_dispatch(D, COP(":a"), fun, COP("[parallel: true]"));
    for (told = 0; told < 8; calls--) {
        cop_assert_receive("{:told, teller, entries}", teller, entries);
        cop_assert(!cop_pid_equal(teller, self));
        told += cop_list_len(entries);
    }
    cop_assert_equal(0, calls);
    cop_registry_dispatch(D, COP(":none"), COP("&RegistryTest.fail_at/1"), COP("[parallel: true]"));
    cop_assert_equal(COP("{:message_queue_len, 0}"),
                     cop_process_info(self, COP(":message_queue_len")));
    for (int i = 0; i < 8; i++)
        end(members[i]);
}

/* REG-01, REG-13: all entries of a key lie together where partitions are chosen by key. */
PROCESS_TEST(dispatch_by_key)
{
    cop_pid self = cop_self(), members[8];
    cop_term fun = cop_build("{RegistryTest, :tell, [self]}", self), entries;

    start(COP("[keys: {:duplicate, :key}, name: D, partitions: 4]"));
    for (int i = 0; i < 8; i++) {
        members[i] = member(COP(":a"));
        in(members[i], COP("&Registry.register(D, &1, 1)"));
    }
    cop_registry_dispatch(D, COP(":a"), fun, COP("[]"));
    cop_assert_receive("{:told, ^self, entries}", self, entries);
    cop_assert_equal(8, cop_list_len(entries));
    for (int i = 0; i < 8; i++)
        end(members[i]);
}

static cop_term dispatch_failing(void *options)
{
    return cop_registry_dispatch(D, COP(":a"), COP("&RegistryTest.fail_at/1"),
                                 *(cop_term *)options);
}

/* REG-13: what fun raises reaches the caller, from tasks as their end. */
PROCESS_TEST(dispatch_fails)
{
    cop_term serial = COP("[parallel: false]"), parallel = COP("[parallel: true]");

    start(COP("[keys: :duplicate, name: D, partitions: 2]"));
    cop_registry_register(D, COP(":a"), cop_int(1));
    cop_assert_match(cop_assert_raises(dispatch_failing, &serial),
                     "%{__struct__: RuntimeError, message: \"no\"}");
    cop_trap_exit(true);
    cop_assert_match(cop_assert_exits(dispatch_failing, &parallel),
                     "{{%{__struct__: RuntimeError}, _}, {Task, :await, _}}");
}

/* --- Locks ------------------------------------------------------------------------------------ */

static cop_next locker(cop_term arg)
{
    cop_term key, fun;

    cop_expect(arg, "{key, fun}", key, fun);
    cop_registry_lock(R, key, fun);
    return cop_end();
}

static cop_pid lock_by_another(cop_term key)
{
    cop_pid self = cop_self();
    cop_term fun = cop_build("&RegistryTest.inside(self)", self);

    return cop_spawn(locker, cop_tuple(key, fun), NULL);
}

/* Waits until the partition has so many that wait for the lock of :k. */
static void await_waiting(int64_t count)
{
    cop_term first, last;

    do {
        cop_yield();
    } while (!cop_match(cop_sys_get_state(P0, COP_CALL_TIMEOUT), "{_, %{k: {_, first, last}}}",
                        first, last) ||
             cop_list_len(first) + cop_list_len(last) != count);
}

static cop_term lock_with(void *fun)
{
    return cop_registry_lock(R, COP(":k"), *(cop_term *)fun);
}

/* REG-16: one after the other, in the order of asking; those that have ended meanwhile are
 * passed over. */
PROCESS_TEST(lock)
{
    cop_pid a, b, c, d, other, inside_is;
    cop_term locks;

    start_unique();
    cop_assert_equal(cop_int(7), cop_registry_lock(R, COP(":k"), COP("&Kernel.abs(-7)")));
    a = lock_by_another(COP(":k"));
    cop_assert_receive_within(5000, "{:inside, ^a}", a);
    other = lock_by_another(COP(":other_key"));
    cop_assert_receive_within(5000, "{:inside, ^other}", other);
    b = lock_by_another(COP(":k"));
    await_waiting(1);
    c = lock_by_another(COP(":k"));
    await_waiting(2);
    d = lock_by_another(COP(":k"));
    await_waiting(3);
    cop_refute_receive("{:inside, _}");
    end(c);
    cop_send(a, COP(":leave"));
    cop_assert_receive_within(5000, "{:inside, inside_is}", inside_is);
    cop_assert(cop_pid_equal(b, inside_is));
    end(b); /* a holder that is killed gives it back, too */
    cop_assert_receive_within(5000, "{:inside, ^d}", d);
    cop_send(d, COP(":leave"));
    cop_send(other, COP(":leave"));
    cop_assert_equal(cop_int(7), cop_registry_lock(R, COP(":k"), COP("&Kernel.abs(-7)")));
    cop_assert_equal(cop_int(7), cop_registry_lock(R, COP(":other_key"), COP("&Kernel.abs(-7)")));
    cop_assert_match(cop_sys_get_state(P0, COP_CALL_TIMEOUT), "{_, locks}", locks);
    cop_assert_equal(0, (int64_t)cop_map_size(locks));
    cop_assert_equal(COP("{:monitors, []}"), cop_process_info(cop_whereis(P0), COP(":monitors")));
}

/* REG-16: given back when fun raises, and not by those who do not have it. */
PROCESS_TEST(lock_and_errors)
{
    cop_term fun = COP("&RegistryTest.fail_inside/0"), ref;
    cop_pid a, b;

    start_unique();
    cop_assert_match(cop_assert_raises(lock_with, &fun), "%{__struct__: RuntimeError}");
    cop_assert_equal(cop_int(7), cop_registry_lock(R, COP(":k"), COP("&Kernel.abs(-7)")));
    a = lock_by_another(COP(":k"));
    cop_assert_receive_within(5000, "{:inside, ^a}", a);
    b = lock_by_another(COP(":k"));
    await_waiting(1);
    ref = cop_ref_term(cop_make_ref());
    cop_send(P0, cop_build("{:unlock, :k, ref}", ref));
    cop_send(P0, cop_build("{:unlock, :none, ref}", ref));
    await_waiting(1);
    cop_refute_receive("{:inside, _}");
    cop_send(a, COP(":leave"));
    cop_assert_receive_within(5000, "{:inside, ^b}", b);
    cop_send(b, COP(":leave"));
}

static int up(void **state)
{
    cop_module_register(&module);
    return node_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_before_init),
        cmocka_unit_test(errors_of_names),
        cmocka_unit_test(restarted_child_finds_its_key_free),
        cmocka_unit_test(dispatch),
        cmocka_unit_test(dispatch_partitions),
        cmocka_unit_test(dispatch_by_key),
        cmocka_unit_test(dispatch_fails),
        cmocka_unit_test(lock),
        cmocka_unit_test(lock_and_errors),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
