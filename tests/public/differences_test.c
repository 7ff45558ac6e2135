/* SPDX-License-Identifier: Apache-2.0 */
/* Where C differs (docs/differences.md): the facts that no part of the library answers for. */
#include "support/process_test.h"

#include "coppice.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- CNR-02: one address space ---------------------------------------------------------------- */

static cop_next write_there(cop_term order)
{
    int64_t address;
    cop_pid from;

    cop_expect(order, "{from, address}", from, address);
    *(volatile int *)(intptr_t)address = 17;
    cop_send(from, COP(":written"));
    return cop_end();
}

static cop_next send_bytes(cop_term to)
{
    char bytes[300];

    memset(bytes, 'a', sizeof bytes);
    cop_send(to, cop_binary(bytes, sizeof bytes));
    memset(bytes, 'b', sizeof bytes);
    cop_send(to, COP(":changed"));
    return cop_end();
}

/* CNR-02: nothing stops a process from writing to what is another's; but messages are copies. */
PROCESS_TEST(one_address_space)
{
    volatile int *mine = cop_alloc(sizeof *mine);
    cop_term msg;

    *mine = 1;
    cop_spawn(write_there, cop_tuple(cop_self(), (int64_t)(intptr_t)mine), NULL);
    cop_assert_receive_within(5000, ":written");
    cop_assert_equal(17, *mine);
    cop_spawn(send_bytes, cop_pid_term(cop_self()), NULL);
    cop_assert_receive_within(5000, ":changed");
    cop_assert(cop_receive(&msg, 0));
    cop_assert_equal(300, (int64_t)cop_to_bytes(msg).len);
    for (size_t i = 0; i < 300; i++)
        cop_assert(cop_to_bytes(msg).data[i] == 'a');
}

/* --- CNR-06: faults --------------------------------------------------------------------------- */

static cop_next fault(cop_term arg)
{
    (void)arg;
    volatile int *volatile nowhere = (volatile int *)8;
    *nowhere = 1; /* NOLINT(clang-analyzer-core.FixedAddressDereference): on purpose */
    return cop_end();
}

static void run_a_program_with_a_fault(void)
{
    int sink = open("/dev/null", O_WRONLY);

    dup2(sink, STDERR_FILENO);
    if (cop_node_start(NULL) != 0) _exit(0);
    cop_run(fault, cop_nil(), NULL, 0);
    _exit(0);
}

/* CNR-06: the program ends by the fault, and not in order. (A sanitizer ends it with a status.) */
static void a_fault_ends_the_program(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) run_a_program_with_a_fault();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSEGV : WEXITSTATUS(status) != 0);
}

/* --- CNR-11: no code loading ------------------------------------------------------------------ */

static cop_term one(void)
{
    return cop_int(1);
}

static const struct cop_function one_functions[] = {COP_EXPORT("value()", one, "One."),
                                                    COP_EXPORT_END};
static const struct cop_module first = {
    .size = sizeof first, .name = "Differences.Loaded", .functions = one_functions};
static const struct cop_module second = {
    .size = sizeof second, .name = "Differences.Loaded", .functions = one_functions};

static cop_term call_unknown(void *arg)
{
    (void)arg;
    return cop_apply(COP("Differences.Unknown"), COP(":value"), cop_empty_list());
}

static cop_term call_code(void *arg)
{
    return cop_apply(COP("Code"), COP(":compile_file"), cop_list(*(cop_term *)arg));
}

/* CNR-11: a module is what the program has registered, and nothing brings another one. */
PROCESS_TEST(no_code_loading)
{
    cop_term file = COP("\"differences.ex\"");

    cop_assert(!cop_function_exported(COP("Differences.Loaded"), COP(":value"), 0));
    cop_module_register(&first);
    cop_module_register(&first);
    cop_assert_equal(1, cop_apply(COP("Differences.Loaded"), COP(":value"), cop_empty_list()));
    cop_assert_equal(
        "** (UndefinedFunctionError) function Differences.Unknown.value/0 is undefined "
        "(module Differences.Unknown is not available)",
        cop_format_banner(COP_CLASS_ERROR, cop_assert_raises(call_unknown, NULL)));
    cop_assert_raises(call_code, &file);
}

/* CNR-11: nor does one take the place of another: that is a mistake of the program, which ends. */
static void modules_are_not_replaced(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        cop_module_register(&first);
        cop_module_register(&second);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
    /* Those that fork come while no node runs. */
    const struct CMUnitTest before[] = {
        cmocka_unit_test(a_fault_ends_the_program),
        cmocka_unit_test(modules_are_not_replaced),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_space),
        cmocka_unit_test(no_code_loading),
    };

    return cmocka_run_group_tests(before, NULL, NULL) +
           cmocka_run_group_tests(tests, node_up, node_down);
}
