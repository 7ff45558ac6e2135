/* SPDX-License-Identifier: Apache-2.0 */
#include "task_fixture.h"

/* --- Things to do ----------------------------------------------------------------------------- */

static cop_term give(cop_term x)
{
    return x;
}

static bool is_go(cop_term msg, void *arg)
{
    (void)arg;
    return cop_match(msg, ":go");
}

static cop_term gate(cop_term x)
{
    cop_term msg;

    cop_put(COP(":at_gate"), cop_true());
    cop_receive_if(is_go, NULL, &msg, COP_INFINITY);
    return x;
}

static cop_term stubborn(cop_term x)
{
    cop_trap_exit(true);
    return gate(x);
}

static cop_term end_by(cop_term how)
{
    cop_term r;

    if (cop_match(how, "{:error, r}", r)) cop_error(r);
    if (cop_match(how, "{:throw, r}", r)) cop_throw(r);
    cop_expect(how, "{:exit, r}", r);
    cop_exit(r);
}

static const struct cop_function functions[] = {
    COP_EXPORT("give(x)", give, "x."), COP_EXPORT("gate(x)", gate, "x, after the message :go."),
    COP_EXPORT("stubborn(x)", stubborn, "The same, trapping exits."),
    COP_EXPORT("fail(how)", end_by, "Ends."), COP_EXPORT_END};
const struct cop_module task_test_module = {
    .size = sizeof(struct cop_module), .name = "TaskTest", .functions = functions};

/* --- Looks ------------------------------------------------------------------------------------ */

cop_pid task_pid(cop_term task)
{
    return cop_to_pid(cop_map_get(task, COP(":pid"), cop_nil()));
}

cop_ref task_ref(cop_term task)
{
    return cop_to_ref(cop_map_get(task, COP(":ref"), cop_nil()));
}

void task_wait_for_gate(cop_pid pid)
{
    cop_term dictionary;

    do {
        cop_yield();
        cop_expect(cop_process_info(pid, COP(":dictionary")), "{:dictionary, dictionary}",
                   dictionary);
    } while (!cop_match(cop_keyword_get(dictionary, COP(":at_gate"), cop_nil()), "true"));
}

cop_term task_at_gate(cop_term value)
{
    cop_term task = cop_task_async(cop_build("&TaskTest.gate(value)", value));

    task_wait_for_gate(task_pid(task));
    return task;
}

void task_go(cop_term task)
{
    cop_send(task_pid(task), COP(":go"));
}

void task_assert_no_message(void)
{
    cop_term messages;

    cop_expect(cop_process_info(cop_self(), COP(":messages")), "{:messages, messages}", messages);
    cop_assert_equal(cop_empty_list(), messages);
}

void task_assert_none(const char *item)
{
    cop_assert_equal(cop_empty_list(), cop_elem(cop_process_info(cop_self(), cop_atom(item)), 1));
}

void task_bury(cop_pid pid)
{
    cop_ref ref;

    cop_unlink(pid);
    ref = cop_monitor(pid);
    cop_exit_process(pid, COP(":kill"));
    cop_assert_receive_within(10000, "{:DOWN, ^ref, _, _, _}", ref);
}
