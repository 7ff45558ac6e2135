/* SPDX-License-Identifier: Apache-2.0 */
/* The timeouts of a GenServer on the virtual clock of a seeded node: all times are exact. */
#include "probe.h"

#include "coppice/sys.h"

/* {:call, ms} and {:cast, ms}: wait so long; a timeout tells the option `to` when it came. */
struct server {
    cop_pid to;
};

static cop_result init(cop_term to)
{
    struct server *s = cop_alloc(sizeof *s);

    s->to = cop_to_pid(to);
    return cop_started(s);
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    int64_t ms;

    (void)state;
    (void)from;
    if (cop_match(request, "{:wait, ms}", ms)) return cop_then_timeout(cop_reply(cop_ok()), ms);
    return cop_reply(cop_ok());
}

static cop_result handle_info(void *state, cop_term message)
{
    const struct server *s = state;

    if (cop_match(message, ":timeout"))
        cop_send(s->to, cop_tuple(COP(":timeout"), cop_monotonic_ms()));
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {.size = sizeof(struct cop_gen_server),
                                                .init = init,
                                                .handle_call = handle_call,
                                                .handle_info = handle_info};
static const struct cop_module module = {
    .size = sizeof(struct cop_module), .name = "TimeoutTest", .gen_server = &callbacks};

static cop_pid start(void)
{
    cop_pid pid;

    cop_expect(cop_gen_server_start_link(&module, cop_pid_term(cop_self()), cop_empty_list()),
               "{:ok, pid}", pid);
    return pid;
}

static void wait_for(cop_pid pid, int64_t ms)
{
    cop_assert_equal(cop_ok(),
                     cop_gen_server_call(pid, cop_tuple(COP(":wait"), ms), COP_CALL_TIMEOUT));
}

/* The timeout comes exactly so many milliseconds after begin, and once. */
static void comes_at(int64_t begin, int64_t ms)
{
    int64_t at;

    cop_assert_receive_within(100000, "{:timeout, at}", at);
    cop_assert_equal(cop_int(ms), cop_int(at - begin));
    cop_sleep(10000);
    NOTHING();
}

/* GEN-27 */
static void comes_once(void)
{
    cop_pid pid = start();
    int64_t begin = cop_monotonic_ms();

    wait_for(pid, 100);
    comes_at(begin, 100);
}

/* GEN-27: any message cancels it, also one that is stray. */
static void cancelled_by_any_message(void)
{
    cop_pid pid = start();

    wait_for(pid, 100);
    cop_sleep(99);
    cop_send(pid, COP(":stray"));
    cop_sleep(10000);
    NOTHING();
    wait_for(pid, 100);
    cop_sleep(99);
    cop_gen_server_call(pid, COP(":other"), COP_CALL_TIMEOUT);
    cop_sleep(10000);
    NOTHING();
}

/* GEN-28: each system message starts it anew with its full length. */
static void starts_anew_after_a_system_message(void)
{
    cop_pid pid = start();
    cop_term server = cop_pid_term(pid);
    int64_t begin = cop_monotonic_ms();

    wait_for(pid, 100);
    cop_sleep(60);
    cop_sys_get_status(server, COP_CALL_TIMEOUT);
    comes_at(begin, 160);
    begin = cop_monotonic_ms();
    wait_for(pid, 100);
    for (int i = 0; i < 20; i++) {
        cop_sleep(99);
        cop_sys_get_state(server, COP_CALL_TIMEOUT);
    }
    NOTHING();
    comes_at(begin, 20 * 99 + 100);
}

/* GEN-28: so it is after a suspension. */
static void starts_anew_after_a_suspension(void)
{
    cop_pid pid = start();
    int64_t begin = cop_monotonic_ms();

    wait_for(pid, 100);
    cop_sleep(60);
    cop_sys_suspend(cop_pid_term(pid), COP_CALL_TIMEOUT);
    cop_sleep(1000);
    NOTHING();
    cop_sys_resume(cop_pid_term(pid), COP_CALL_TIMEOUT);
    comes_at(begin, 1160);
}

static int start_seeded(void **state)
{
    (void)state;
    return probe_node_start_with(&(struct cop_node_opts){.seed = 7});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(comes_once),
        TEST(cancelled_by_any_message),
        TEST(starts_anew_after_a_system_message),
        TEST(starts_anew_after_a_suspension),
    };

    return cmocka_run_group_tests(tests, start_seeded, probe_node_stop);
}
