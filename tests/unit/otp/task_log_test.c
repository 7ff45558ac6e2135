/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of tasks that crash, letter by letter (TSK-22, LOG-10). */
#include "task_fixture.h"

static cop_term crash(void *fun)
{
    cop_term pid;

    cop_expect(cop_task_start(*(cop_term *)fun), "{:ok, pid}", pid);
    cop_ref ref = cop_monitor(pid);
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
    cop_send(cop_self(), pid);
    return cop_nil();
}

/* What the log says, with the task's pid as P. */
static cop_term logged(cop_term fun)
{
    cop_bytes log = cop_to_bytes(without_places(cop_capture_log(crash, &fun))), shown;
    char text[2000], *at;
    cop_term pid;

    cop_receive(&pid, 0);
    shown = cop_to_bytes(cop_inspect(pid));
    cop_assert(log.len < sizeof text);
    memcpy(text, log.data, log.len);
    text[log.len] = '\0';
    at = strstr(text, "#PID<");
    if (at == NULL) return cop_string(text);
    cop_assert(strncmp(at, shown.data, shown.len) == 0);
    *at = 'P';
    memmove(at + 1, at + shown.len, strlen(at + shown.len) + 1);
    return cop_string(text);
}

/* TSK-22, LOG-10 */
PROCESS_TEST(a_crash_is_logged)
{
    cop_term fun =
        cop_tuple(COP("TaskTest"), COP(":fail"),
                  cop_list(cop_tuple(COP(":error"), cop_exception("RuntimeError", "oops"))));

    cop_register(COP(":task_owner"), cop_self());
    cop_assert_equal("Task P started from :task_owner terminating\n"
                     "** (RuntimeError) oops\n"
                     "    TaskTest.fail/1\n"
                     "Function: &TaskTest.fail/1\n"
                     "    Args: [error: %RuntimeError{message: \"oops\"}]\n",
                     logged(fun));
    cop_assert_equal("Task P started from :task_owner terminating\n"
                     "** (stop) :boom\n"
                     "    TaskTest.fail/1\n"
                     "    :erlang.apply/2\n"
                     "Function: &TaskTest.fail({:exit, :boom})\n"
                     "    Args: []\n",
                     logged(COP("&TaskTest.fail({:exit, :boom})")));
    cop_assert_equal("Task P started from :task_owner terminating\n"
                     "** (stop) {:nocatch, :v}\n"
                     "    TaskTest.fail/1\n"
                     "Function: &TaskTest.fail/1\n"
                     "    Args: [throw: :v]\n",
                     logged(COP("{TaskTest, :fail, [{:throw, :v}]}")));
}

/* TSK-22, LOG-10: the class of an end does not decide, but what could have been raised */
PROCESS_TEST(a_reason_that_could_have_been_raised)
{
    cop_term rows = COP("[{{:exit, :badarg}, \"** (ArgumentError) argument error\"},"
                        " {{:error, :foo}, \"** (stop) :foo\"},"
                        " {{:exit, {{:badmatch, 1}, [{Foo, :bar, 2, []}]}},"
                        "  \"** (stop) an exception was raised:\n    ** (MatchError) no match of"
                        " right hand side value: 1\n        Foo.bar/2\"}]");
    cop_term how, told;

    cop_register(COP(":task_owner"), cop_self());
    while (cop_match(rows, "[{how, told} | rows]", how, told, rows)) {
        cop_term expected = cop_format("Task P started from :task_owner terminating\n%.*s\n"
                                       "    TaskTest.fail/1\nFunction: &TaskTest.fail/1\n",
                                       (int)cop_to_bytes(told).len, cop_to_bytes(told).data);
        told = logged(cop_build("{TaskTest, :fail, [how]}", how));
        cop_assert_equal(expected, cop_binary(cop_to_bytes(told).data, cop_to_bytes(expected).len));
    }
}

/* TSK-22 */
PROCESS_TEST(an_orderly_end_is_not_logged)
{
    cop_assert_equal("", logged(COP("&TaskTest.give(1)")));
    cop_assert_equal("", logged(COP("&TaskTest.fail({:exit, :normal})")));
    cop_assert_equal("", logged(COP("&TaskTest.fail({:exit, :shutdown})")));
    cop_assert_equal("", logged(COP("&TaskTest.fail({:exit, {:shutdown, 1}})")));
}

static int up(void **state)
{
    cop_module_register(&task_test_module);
    return node_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_is_logged),
        cmocka_unit_test(a_reason_that_could_have_been_raised),
        cmocka_unit_test(an_orderly_end_is_not_logged),
    };

    return cmocka_run_group_tests(tests, up, node_down);
}
