/* SPDX-License-Identifier: Apache-2.0 */
/* The test support itself: what fails must fail, and say why. */
#include "support/process_test.h"

#include "coppice/agent.h"
#include "coppice/supervisor.h"

#include <string.h>

/* Runs a body that must fail and checks that the words hold all the pieces. */
static void assert_fails(void (*body)(void), const char *const *pieces)
{
    char why[4096] = "";

    assert_false(cop_test_run(body, why, sizeof why));
    for (; *pieces != NULL; pieces++) {
        if (strstr(why, *pieces) == NULL) fail_msg("%s is not in: %s", *pieces, why);
    }
}

#define FAILS(name, ...)                                                                           \
    static void name##_body(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        assert_fails(name##_body, (const char *const[]){__VA_ARGS__, NULL});                       \
    }                                                                                              \
    static void name##_body(void)

FAILS(equal, "test_support_test.c:", "expected: 1", "actual:   2")
{
    cop_assert_equal(1, 2);
}

/* compared with ===, not == */
FAILS(equal_kinds, "expected: 1", "actual:   1.0")
{
    cop_assert_equal(1, 1.0);
}

/* EXU-07: the exception, file and line, the asserted code; number and name are cmocka's */
FAILS(assert, "** (ExUnit.AssertionError) ", "test_support_test.c:", "1 > 2")
{
    cop_assert(1 > 2);
}

FAILS(match, "no match of", "{:ok, a}", "actual:   :error")
{
    cop_term a;

    cop_assert_match(COP(":error"), "{:ok, a}", a);
}

FAILS(receive, "no message that matches {:a, a} came within 5 ms", "mailbox:  [:b]")
{
    cop_term a;

    cop_send(cop_self(), COP(":b"));
    cop_assert_receive_within(5, "{:a, a}", a);
}

FAILS(refute_receive, "unexpectedly received", "message:  {:a, 1}")
{
    cop_send(cop_self(), COP("{:a, 1}"));
    cop_refute_receive("{:a, _}");
}

static cop_term returns(void *arg)
{
    (void)arg;
    return cop_ok();
}

FAILS(exits, "expected to raise, but it returned", "value:    :ok")
{
    cop_assert_exits(returns, NULL);
}

FAILS(error, "** (MatchError) no match of right hand side value: 1")
{
    cop_error(COP("{:badmatch, 1}"));
}

/* EXU-07: an exit in words */
FAILS(exit_of_the_body, "** (exit) :boom")
{
    cop_exit(COP(":boom"));
}

FAILS(exit_with_shutdown, "** (exit) shutdown")
{
    cop_exit(COP(":shutdown"));
}

FAILS(killed, "** (EXIT from the test) killed")
{
    cop_exit_process(cop_self(), COP(":kill"));
}

/* --- Supervised children ---------------------------------------------------------------------- */

static cop_term empty(void)
{
    return cop_empty_list();
}

static cop_term start_link(cop_term options)
{
    return cop_agent_start_link(COP("&TestSupportTest.empty/0"), options);
}

static const struct cop_function functions[] = {
    COP_EXPORT("empty()", empty, "No elements."),
    COP_EXPORT("start_link(options)", start_link, "An agent."), COP_EXPORT_END};
static const struct cop_module module = {.size = sizeof(struct cop_module),
                                         .name = "TestSupportTest",
                                         .functions = functions,
                                         .child_spec = ""};

/* EXU-01 */
PROCESS_TEST(start_supervised)
{
    cop_pid pid;
    cop_term self = cop_pid_term(cop_self());

    cop_assert_match(
        cop_start_supervised(COP("{TestSupportTest, [name: TestSupport.A]}"), cop_empty_list()),
        "{:ok, pid}", pid);
    cop_assert_equal(pid, cop_whereis(COP("TestSupport.A")));
    /* the test is no relative of it */
    cop_assert_equal(COP("{:links, []}"), cop_process_info(cop_self(), COP(":links")));
    cop_assert(!cop_identical(self, cop_pid_term(pid)));
}

/* EXU-03: the name of the test before is free; the supervisor is a new one */
PROCESS_TEST(all_is_gone_after_a_test)
{
    cop_assert(cop_is_no_pid(cop_whereis(COP("TestSupport.A"))));
    cop_assert_match(
        cop_start_supervised(COP("{TestSupportTest, [name: TestSupport.A]}"), cop_empty_list()),
        "{:ok, _}");
}

/* EXU-02 */
PROCESS_TEST(equal_ids_clash)
{
    cop_pid pid;

    cop_assert_match(cop_start_supervised(COP("TestSupportTest"), cop_empty_list()), "{:ok, pid}",
                     pid);
    cop_assert_equal(cop_build("{:error, {:already_started, pid}}", pid),
                     cop_start_supervised(COP("TestSupportTest"), cop_empty_list()));
    cop_assert_match(cop_start_supervised(COP("TestSupportTest"), COP("[id: :other]")), "{:ok, _}");
}

/* EXU-04 */
PROCESS_TEST(stop_supervised)
{
    cop_pid pid;

    cop_assert_equal(COP("{:error, :not_found}"), cop_stop_supervised(COP("TestSupportTest")));
    cop_assert_match(cop_start_supervised(COP("TestSupportTest"), cop_empty_list()), "{:ok, pid}",
                     pid);
    cop_assert_equal(cop_ok(), cop_stop_supervised(COP("TestSupportTest")));
    cop_assert(!cop_is_alive(pid));
    cop_assert_match(cop_start_supervised(COP("TestSupportTest"), cop_empty_list()), "{:ok, _}");
}

static cop_next start_from_elsewhere(cop_term arg)
{
    cop_start_supervised(arg, cop_empty_list());
    return cop_end();
}

/* EXU-01: only the test's own process */
PROCESS_TEST(other_processes_may_not)
{
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};

    cop_spawn(start_from_elsewhere, COP("TestSupportTest"), &opts);
    cop_assert_receive("{:DOWN, ^ref, _, _, {%{__struct__: RuntimeError}, _}}", ref);
}

/* --- Linked processes ------------------------------------------------------------------------- */

static cop_pid linked;

static cop_next linked_child(cop_term arg)
{
    cop_term msg;

    cop_receive(&msg, COP_INFINITY);
    (void)arg;
    return cop_end();
}

PROCESS_TEST(leaves_a_linked_process)
{
    linked = cop_spawn(linked_child, cop_nil(), &(struct cop_spawn_opts){.link = true});
}

/* EXU-05: it died with the test */
PROCESS_TEST(linked_process_is_gone)
{
    cop_ref ref = cop_monitor(linked);

    cop_assert_receive("{:DOWN, ^ref, _, _, _}", ref);
}

static cop_term log_two(void *arg)
{
    (void)arg;
    cop_log(COP_ERROR, "one");
    cop_log(COP_DEBUG_LEVEL, "two\nlines");
    return cop_nil();
}

static cop_term log_and_exit(void *arg)
{
    cop_log(COP_ERROR, "three");
    cop_exit(*(cop_term *)arg);
}

static cop_term capture_exit(void *arg)
{
    return cop_capture_log(log_and_exit, arg);
}

PROCESS_TEST(capture_log)
{
    cop_term boom = COP(":boom");

    cop_assert_equal("one\ntwo\nlines\n", cop_capture_log(log_two, NULL));
    cop_assert_equal(boom, cop_assert_exits(capture_exit, &boom));
    cop_assert_equal("one\ntwo\nlines\n", cop_capture_log(log_two, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal),
        cmocka_unit_test(equal_kinds),
        cmocka_unit_test(assert),
        cmocka_unit_test(match),
        cmocka_unit_test(receive),
        cmocka_unit_test(refute_receive),
        cmocka_unit_test(exits),
        cmocka_unit_test(error),
        cmocka_unit_test(exit_of_the_body),
        cmocka_unit_test(exit_with_shutdown),
        cmocka_unit_test(killed),
        cmocka_unit_test(start_supervised),
        cmocka_unit_test(all_is_gone_after_a_test),
        cmocka_unit_test(equal_ids_clash),
        cmocka_unit_test(stop_supervised),
        cmocka_unit_test(other_processes_may_not),
        cmocka_unit_test(leaves_a_linked_process),
        cmocka_unit_test(linked_process_is_gone),
        cmocka_unit_test(capture_log),
    };

    cop_module_register(&module);
    return cmocka_run_group_tests(tests, node_up, node_down);
}
