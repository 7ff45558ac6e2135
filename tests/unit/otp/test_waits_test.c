/* SPDX-License-Identifier: Apache-2.0 */
/* How long the assertions about messages wait, on a clock that is virtual. */
#include "support/process_test.h"

#include <string.h>

static int set_up(void **state)
{
    (void)state;
    return cop_node_start(&(struct cop_node_opts){.seed = 7});
}

static int clean_up(void **state)
{
    (void)state;
    cop_node_stop();
    return 0;
}

static bool passes(void (*body)(void), const char *piece)
{
    char why[1024] = "";
    bool has_passed = cop_test_run(body, why, sizeof(why));

    if (!has_passed && strstr(why, piece) == NULL) fail_msg("%s is not in: %s", piece, why);
    return has_passed;
}

static void send_after(int64_t ms)
{
    cop_send_after(ms, cop_pid_term(cop_self()), COP(":late"));
}

static void comes_after_99(void)
{
    send_after(99);
    cop_assert_receive(":late");
}

static void comes_after_101(void)
{
    send_after(101);
    cop_assert_receive(":late");
}

static void is_there(void)
{
    cop_send(cop_self(), COP(":late"));
    cop_assert_received(":late");
}

static void is_not_there_yet(void)
{
    send_after(1);
    cop_assert_received(":late");
}

static void refuted_but_comes_after_99(void)
{
    send_after(99);
    cop_refute_receive(":late");
}

static void refuted_and_comes_after_101(void)
{
    send_after(101);
    cop_refute_receive(":late");
}

/* EXU-06 */
static void waits(void **state)
{
    (void)state;
    assert_true(passes(comes_after_99, ""));
    assert_false(passes(comes_after_101, "no message that matches :late came within 100 ms"));
    assert_true(passes(is_there, ""));
    assert_false(passes(is_not_there_yet, "no message that matches :late came within 0 ms"));
    assert_false(passes(refuted_but_comes_after_99, "unexpectedly received"));
    assert_true(passes(refuted_and_comes_after_101, ""));
}

static cop_pid first;

static void notes_itself(void)
{
    first = cop_self();
    cop_put(COP(":key"), COP(":value"));
    cop_send(cop_self(), COP(":left"));
}

static void is_another(void)
{
    cop_assert(!cop_pid_equal(first, cop_self()));
    cop_assert(!cop_is_alive(first));
    cop_assert_equal(cop_nil(), cop_get(COP(":key")));
    cop_refute_receive(":left");
}

/* EXU-06: a process of its own */
static void each_is_a_process(void **state)
{
    (void)state;
    assert_true(passes(notes_itself, ""));
    assert_true(passes(is_another, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits),
        cmocka_unit_test(each_is_a_process),
    };

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
