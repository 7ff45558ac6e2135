/* SPDX-License-Identifier: Apache-2.0 */
/* Local names (NAM). */
#include "support/check_process.h"

#include <pthread.h>

struct registration {
    cop_term name;
    cop_pid pid;
};

static cop_term try_register(void *arg)
{
    const struct registration *r = arg;
    cop_register(r->name, r->pid);
    return cop_ok();
}

static cop_term try_unregister(void *arg)
{
    cop_unregister(*(cop_term *)arg);
    return cop_ok();
}

static void refuses(cop_term name, cop_pid pid)
{
    struct registration r = {name, pid};
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_register, &r);
}

/* NAM-01 NAM-02 NAM-04 */
PROCESS_TEST(register_and_whereis)
{
    cop_pid a = puppet_start(), b = puppet_start();
    cop_term name = COP(":nam_01");
    CHECK(cop_is_no_pid(cop_whereis(name)));
    cop_register(name, a);
    CHECK(cop_pid_equal(cop_whereis(name), a));
    refuses(name, b);              /* taken */
    refuses(name, a);              /* the same again */
    refuses(COP(":nam_other"), a); /* a has one */
    CHECK(cop_is_no_pid(cop_whereis(COP(":nam_other"))));
    CHECK_TERM(check_info(a, "registered_name"), ":nam_01");
    cop_unregister(name);
    CHECK(cop_is_no_pid(cop_whereis(name)));
    cop_register(COP(":nam_other"), a);
    cop_register(name, b);
    CHECK(cop_pid_equal(cop_whereis(name), b));
    return cop_end();
}

/* NAM-01: what is no name, and no process. */
PROCESS_TEST(names_that_are_refused)
{
    const char *names[] = {":undefined", "nil",      "true",     "false",
                           "17",         "\"text\"", "{:a, :b}", "[]"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        refuses(check_parse(names[i]), cop_self());
    cop_pid dead = check_dead_pid();
    refuses(COP(":nam_dead"), dead);
    CHECK(cop_is_no_pid(cop_whereis(COP(":nam_dead"))));
    refuses(COP(":nam_dead"), cop_no_pid());
    cop_pid far = puppet_start();
    far.node = 1;
    refuses(COP(":nam_dead"), far);
    CHECK(cop_is_no_pid(cop_whereis(COP(":nam_dead"))));
    return cop_end();
}

/* NAM-03 */
PROCESS_TEST(unregister)
{
    cop_pid a = puppet_start();
    cop_term name = COP(":nam_03");
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_unregister, &name);
    cop_register(name, a);
    cop_unregister(name);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_unregister, &name);
    CHECK_TERM(check_info(a, "registered_name"), "[]");
    return cop_end();
}

/* NAM-04 NAM-05: the name of the dead is nobody's, and may be taken at once. */
PROCESS_TEST(the_name_of_the_dead)
{
    cop_term name = COP(":nam_05");
    for (int i = 0; i < 300; i++) {
        cop_pid a = puppet_start();
        cop_register(name, a);
        puppet_exit(a, COP(":boom"));
        while (cop_is_alive(a))
            cop_yield();
        CHECK(cop_is_no_pid(cop_whereis(name)));
    }
    return cop_end();
}

/* NAM-06 */
PROCESS_TEST(registered_lists_all)
{
    cop_term before = cop_registered();
    cop_pid a = puppet_start(), b = puppet_start();
    cop_register(COP(":nam_06_a"), a);
    cop_register(COP("Nam.B"), b);
    cop_term now = cop_registered();
    CHECK_INT(cop_list_len(now), cop_list_len(before) + 2);
    CHECK(check_list_has(now, COP(":nam_06_a")));
    CHECK(check_list_has(now, COP("Nam.B")));
    cop_unregister(COP("Nam.B"));
    CHECK(!check_list_has(cop_registered(), COP("Nam.B")));
    return cop_end();
}

static cop_term try_send(void *arg)
{
    return cop_send(*(cop_term *)arg, COP(":hello"));
}

/* NAM-07 MSG-02 */
PROCESS_TEST(send_to_a_name)
{
    cop_term name = COP(":nam_07");
    cop_term local = cop_tuple(name, COP(":nonode@nohost"));
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", try_send, &name);
    CHECK_TERM(cop_send(local, COP(":lost")), ":lost");
    CHECK_TERM(cop_send(cop_tuple(name, COP(":no@where")), COP(":lost")), ":lost");
    cop_register(name, cop_self());
    CHECK_TERM(cop_send(name, COP(":one")), ":one");
    CHECK_TERM(cop_send(local, COP(":two")), ":two");
    CHECK_TERM(cop_send(cop_tuple(name, COP(":no@where")), COP(":lost")), ":lost");
    CHECK_TERM(check_next(), ":one");
    CHECK_TERM(check_next(), ":two");
    check_no_message();
    cop_unregister(name);
    return cop_end();
}

static atomic_int won;

static cop_next contend(cop_term arg)
{
    struct registration r = {COP(":nam_02"), cop_self()};
    struct cop_outcome outcome;
    cop_term msg;
    if (cop_try(try_register, &r, &outcome)) atomic_fetch_add(&won, 1);
    cop_send(arg, COP(":tried"));
    cop_receive(&msg, COP_INFINITY);
    return cop_end();
}

/* NAM-02: of many that want a name at once, one gets it. */
PROCESS_TEST(one_wins_a_name)
{
    enum { RIVALS = 8 };
    cop_pid rivals[RIVALS];
    for (int round = 0; round < 50; round++) {
        atomic_store(&won, 0);
        for (int i = 0; i < RIVALS; i++)
            rivals[i] = cop_spawn(contend, cop_pid_term(cop_self()), NULL);
        for (int i = 0; i < RIVALS; i++)
            CHECK_TERM(check_next(), ":tried");
        CHECK_INT(atomic_load(&won), 1);
        for (int i = 0; i < RIVALS; i++) {
            cop_send(rivals[i], COP(":end"));
            while (cop_is_alive(rivals[i]))
                cop_yield();
        }
    }
    return cop_end();
}

static void *use_names(void *arg)
{
    cop_pid *pid = arg;
    cop_region *region = cop_region_open();
    bool *result = NULL;
    static bool is_right;
    cop_register(COP(":nam_thread"), *pid);
    is_right = cop_pid_equal(cop_whereis(COP(":nam_thread")), *pid);
    is_right = is_right && check_list_has(cop_registered(), COP(":nam_thread"));
    cop_send(COP(":nam_thread"), COP(":from_outside"));
    cop_unregister(COP(":nam_thread"));
    is_right = is_right && cop_is_no_pid(cop_whereis(COP(":nam_thread")));
    cop_send(*pid, COP(":end"));
    result = is_right ? &is_right : NULL;
    cop_region_close(region);
    return result;
}

static _Atomic(uint64_t) shared_pid[2];
static atomic_int is_shared;

static cop_next share_and_wait(cop_term arg)
{
    cop_pid self = cop_self();
    (void)arg;
    atomic_store(&shared_pid[0], self.id);
    atomic_store(&shared_pid[1], (uint64_t)self.node << 32 | self.creation);
    atomic_store(&is_shared, 1);
    CHECK_TERM(check_next(), ":from_outside");
    CHECK_TERM(check_next(), ":end");
    return cop_end();
}

static void *foreign_thread(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_shared))
        ;
    uint64_t rest = atomic_load(&shared_pid[1]);
    cop_pid pid = {atomic_load(&shared_pid[0]), (uint32_t)(rest >> 32), (uint32_t)rest};
    return use_names(&pid);
}

/* The functions of names run on any thread. */
static void names_from_another_thread(void **state)
{
    pthread_t thread;
    void *result;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, foreign_thread, NULL), 0);
    check_run("share_and_wait", share_and_wait);
    pthread_join(thread, &result);
    assert_non_null(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_and_whereis), cmocka_unit_test(names_that_are_refused),
        cmocka_unit_test(unregister),           cmocka_unit_test(the_name_of_the_dead),
        cmocka_unit_test(registered_lists_all), cmocka_unit_test(send_to_a_name),
        cmocka_unit_test(one_wins_a_name),      cmocka_unit_test(names_from_another_thread),
    };
    return cmocka_run_group_tests_name("name", tests, check_start_node, check_stop_node);
}
