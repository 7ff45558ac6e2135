/* SPDX-License-Identifier: Apache-2.0 */
/* The timer service (TMR-11), and options of timers (TMR-02, TMR-08), on the virtual clock of a
 * seeded node: all times are exact. The expected answers are OTP 25's. */
#include "probe.h"

#include "coppice/introspect.h"
#include "coppice/timer.h"

static cop_term self(void)
{
    return cop_pid_term(cop_self());
}

static cop_term process(const char *function, cop_term args)
{
    return cop_apply(COP("Process"), cop_atom(function), args);
}

/* The next message is this one, and it is `after` ms since `from` that it comes. */
#define COMES(message, from, after)                                                                \
    do {                                                                                           \
        cop_term got_;                                                                             \
        cop_assert(cop_receive(&got_, 100000));                                                    \
        cop_assert_equal(COP(message), got_);                                                      \
        cop_assert_equal((after), cop_monotonic_ms() - (from));                                    \
    } while (0)

static void sends_once(void)
{
    int64_t from = cop_monotonic_ms();
    cop_term t;

    cop_register(COP(":me"), cop_self());
    cop_expect(cop_timer_send_after(cop_int(10), self(), COP(":a")), "{:ok, {:send_local, t}}", t);
    cop_assert(cop_is_reference(t));
    COMES(":a", from, 10);
    cop_expect(cop_timer_send_after(cop_int(10), COP(":me"), COP(":b")), "{:ok, {:once, t}}", t);
    COMES(":b", from, 20);
    cop_expect(cop_timer_send_after(cop_int(0), COP(":me"), COP(":c")), "{:ok, {:instant, t}}", t);
    COMES(":c", from, 20);
    cop_expect(cop_timer_send_after(cop_int(5), COP(":nobody"), COP(":d")), "{:ok, {:once, t}}", t);
    cop_sleep(1000);
    NOTHING();
    cop_assert(!cop_is_no_pid(cop_whereis(COP(":timer_server"))));
}

static void sends_again_and_again(void)
{
    int64_t from = cop_monotonic_ms();
    cop_term timer;

    cop_expect(cop_timer_send_interval(cop_int(10), self(), COP(":tick")), "{:ok, timer}", timer);
    for (int i = 1; i <= 5; i++)
        COMES(":tick", from, 10 * i);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    cop_sleep(1000);
    NOTHING();
}

static int64_t timers_of_the_server(void)
{
    cop_sleep(1); /* all that is due has been done */
    return cop_list_len(
        cop_elem(cop_process_info(cop_whereis(COP(":timer_server")), COP(":monitors")), 1));
}

static cop_next end_at_a_word(cop_term arg)
{
    cop_term msg;

    (void)arg;
    while (cop_receive(&msg, COP_INFINITY) && !cop_match(msg, ":end")) {
    }
    return cop_end();
}

/* The sender stops when its receiver has died. */
static void stops_for_the_dead(void)
{
    cop_pid pid = cop_spawn(end_at_a_word, cop_nil(), NULL);
    cop_ref ref = cop_monitor(pid);

    cop_assert_match(cop_timer_send_interval(cop_int(10), cop_pid_term(pid), COP(":tick")),
                     "{:ok, {:interval, _}}");
    cop_assert_equal(1, timers_of_the_server());
    cop_send(pid, COP(":end"));
    cop_assert_match(probe_next(), "{:DOWN, ^ref, _, _, :normal}", ref);
    cop_assert_equal(0, timers_of_the_server());
}

/* TMR-11: the n-th message comes at n intervals, however busy the receiver was. */
static void no_drift_for_the_busy(void)
{
    int64_t from = cop_monotonic_ms();
    cop_term timer;

    cop_expect(cop_timer_send_interval(cop_int(10), self(), COP(":tick")), "{:ok, timer}", timer);
    cop_sleep(35);
    for (int i = 1; i <= 3; i++)
        COMES(":tick", from, 35);
    for (int i = 4; i <= 6; i++)
        COMES(":tick", from, 10 * i);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    NOTHING();
}

/* TMR-11: nor when the service itself was late: it makes up for it, and is on time again. */
static void no_drift_of_the_service(void)
{
    int64_t from;
    cop_term timer;
    cop_pid server;

    cop_assert_match(cop_timer_send_after(cop_int(0), COP(":nobody"), COP(":x")), "{:ok, _}");
    from = cop_monotonic_ms();
    cop_expect(cop_timer_send_interval(cop_int(10), self(), COP(":tick")), "{:ok, timer}", timer);
    server = cop_whereis(COP(":timer_server"));
    COMES(":tick", from, 10);
    cop_assert(cop_suspend_process(server));
    cop_sleep(25);
    cop_assert(cop_resume_process(server));
    COMES(":tick", from, 35);
    COMES(":tick", from, 35);
    COMES(":tick", from, 40);
    COMES(":tick", from, 50);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    NOTHING();
}

/* All that waits no more has been given back by then. */
#define LONG_MS 200000

static int64_t timers_set(void)
{
    struct cop_node_figures figures;

    cop_sleep(LONG_MS);
    cop_read_node(&figures);
    return (int64_t)figures.timers;
}

/* TMR-11: an interval ends with its receiver, so that nothing is waited for any more; that of
 * another goes on. */
static void nothing_is_set_for_the_dead(void)
{
    cop_pid pid = cop_spawn(end_at_a_word, cop_nil(), NULL);
    int64_t from, before = timers_set();
    cop_term mine, interval = cop_int(6LL * LONG_MS);

    from = cop_monotonic_ms();
    cop_assert_match(cop_timer_send_interval(interval, cop_pid_term(pid), COP(":tick")),
                     "{:ok, {:interval, _}}");
    cop_expect(cop_timer_send_interval(interval, self(), COP(":mine")), "{:ok, mine}", mine);
    cop_assert_equal(before + 2, timers_set());
    probe_exit(pid, COP(":kill"));
    cop_assert_equal(1, timers_of_the_server());
    cop_assert_equal(before + 1, timers_set());
    cop_assert(cop_receive(&interval, 6LL * LONG_MS));
    cop_assert_equal(6LL * LONG_MS, cop_monotonic_ms() - from);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(mine));
    cop_assert_equal(0, timers_of_the_server());
}

static void calls(void)
{
    int64_t from = cop_monotonic_ms();
    cop_term args = cop_list(self(), COP(":called")), timer;

    cop_assert_match(cop_timer_apply_after(cop_int(7), COP("Kernel"), COP(":send"), args),
                     "{:ok, {:once, _}}");
    COMES(":called", from, 7);
    cop_expect(cop_timer_apply_interval(cop_int(7), COP("Kernel"), COP(":send"), args),
               "{:ok, timer}", timer);
    COMES(":called", from, 14);
    COMES(":called", from, 21);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    cop_sleep(100);
    NOTHING();
}

static void ends_others(void)
{
    cop_pid pid = cop_spawn(end_at_a_word, cop_nil(), NULL);
    cop_ref ref = cop_monitor(pid);
    int64_t from = cop_monotonic_ms();
    cop_term timer;

    cop_expect(cop_timer_exit_after(cop_int(30), cop_pid_term(pid), COP(":late")), "{:ok, timer}",
               timer);
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(timer));
    cop_register(COP(":victim"), pid);
    cop_assert_match(cop_timer_exit_after(cop_int(40), COP(":victim"), COP(":soon")),
                     "{:ok, {:once, _}}");
    cop_assert_match(probe_next(), "{:DOWN, ^ref, _, _, :soon}", ref);
    cop_assert_equal(40, cop_monotonic_ms() - from);
    pid = cop_spawn(end_at_a_word, cop_nil(), NULL);
    ref = cop_monitor(pid);
    cop_assert_match(cop_timer_kill_after(cop_int(40), cop_pid_term(pid)), "{:ok, {:once, _}}");
    cop_assert_match(cop_timer_kill_after(cop_int(40), COP(":victim")), "{:ok, {:once, _}}");
    cop_assert_match(probe_next(), "{:DOWN, ^ref, _, _, :killed}", ref);
    cop_assert_equal(80, cop_monotonic_ms() - from);
}

static cop_next trap_and_wait(cop_term to)
{
    cop_term msg;

    cop_trap_exit(true);
    cop_send(to, COP(":traps"));
    while (cop_receive(&msg, COP_INFINITY))
        continue;
    return cop_end();
}

/* TMR-11: kill_after is a kill, also for who traps exits */
static void kills_the_trapping(void)
{
    cop_ref ref;
    cop_pid pid = cop_spawn(trap_and_wait, cop_pid_term(cop_self()),
                            &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});

    cop_assert_receive_within(5000, ":traps");
    cop_assert_match(cop_timer_kill_after(cop_int(1), cop_pid_term(pid)), "{:ok, _}");
    cop_assert_receive_within(5000, "{:DOWN, ^ref, _, _, :killed}", ref);
}

/* TMR-11: what was cancelled does not come, and nobody is watched any more for its sake */
static void cancelled_for_good(void)
{
    cop_term once, interval;

    cop_expect(cop_timer_send_after(cop_int(20), self(), COP(":after")), "{:ok, once}", once);
    cop_expect(cop_timer_send_interval(cop_int(20), self(), COP(":interval")), "{:ok, interval}",
               interval);
    cop_assert_match(cop_process_info(cop_whereis(COP(":timer_server")), COP(":monitors")),
                     "{:monitors, [_ | _]}");
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(once));
    cop_assert_equal(COP("{:ok, :cancel}"), cop_timer_cancel(interval));
    cop_assert_equal(COP("{:monitors, []}"),
                     cop_process_info(cop_whereis(COP(":timer_server")), COP(":monitors")));
    cop_send_after(40, self(), COP(":later"));
    cop_assert_receive_within(5000, ":later");
    NOTHING();
}

static void wrong_arguments(void)
{
    cop_term bad = COP("{:error, :badarg}"), some = COP("[]");

    cop_assert_equal(bad, cop_timer_send_after(cop_int(-1), self(), some));
    cop_assert_equal(bad, cop_timer_send_after(COP("1.0"), self(), some));
    cop_assert_equal(bad, cop_timer_send_after(COP("333093764351963186"), self(), some));
    cop_assert_equal(bad, cop_timer_send_interval(COP("4611686018428"), self(), some));
    cop_assert_equal(bad, cop_timer_send_after(cop_int(1), cop_int(1), some));
    cop_assert_equal(bad, cop_timer_send_interval(cop_int(-1), self(), some));
    cop_assert_equal(bad, cop_timer_send_interval(cop_int(1), COP("{1, :a}"), some));
    cop_assert_equal(bad, cop_timer_apply_after(cop_int(1), COP(":a"), COP(":b"), COP(":c")));
    cop_assert_equal(bad, cop_timer_apply_after(cop_int(1), COP("1"), COP(":b"), some));
    cop_assert_equal(bad, cop_timer_apply_interval(cop_int(1), COP(":a"), COP("1"), some));
    cop_assert_equal(bad, cop_timer_exit_after(cop_int(-5), self(), some));
    cop_assert_equal(bad, cop_timer_kill_after(cop_int(5), COP("{:a, :b}")));
    cop_assert_equal(bad, cop_timer_cancel(COP(":foo")));
    cop_assert_equal(bad, cop_timer_cancel(cop_tuple(COP(":twice"), cop_make_ref())));
    cop_assert_equal(bad, cop_timer_cancel(COP("{:once, 1}")));
    cop_assert_equal(COP("{:ok, :cancel}"),
                     cop_timer_cancel(cop_tuple(COP(":once"), cop_make_ref())));
    cop_assert_equal(COP("{:ok, :cancel}"),
                     cop_timer_cancel(cop_tuple(COP(":instant"), cop_make_ref())));
}

/* --- Options of Process.send_after and Process.cancel_timer ----------------------------------- */

static cop_term send_after(void *time)
{
    return process("send_after", cop_list(self(), COP(":x"), *(cop_term *)time));
}

/* TMR-02 */
static void times_that_are_none(void)
{
    cop_term negative = cop_int(-1), too_long = COP("4611686018428"),
             huge = COP("333093764351963186");
    cop_term longest = COP("4611686018427");

    cop_assert_raises(send_after, &negative);
    cop_assert_raises(send_after, &too_long);
    cop_assert_raises(send_after, &huge);
    cop_assert(cop_cancel_timer(cop_to_ref(send_after(&longest))) > 0);
}

/* TMR-02 */
static void a_point_of_time(void)
{
    int64_t from = cop_monotonic_ms();

    process("send_after", cop_list(self(), COP(":then"), from + 25, COP("[abs: true]")));
    COMES(":then", from, 25);
    process("send_after", cop_list(self(), COP(":past"), from - 25, COP("[abs: true]")));
    COMES(":past", from, 25);
    process("send_after", cop_list(self(), COP(":in"), 10, COP("[abs: false]")));
    COMES(":in", from, 35);
}

/* TMR-08 */
static void asynchronous(void)
{
    cop_term timer = cop_ref_term(cop_send_after(50, self(), COP(":never")));
    cop_term again = cop_list(timer, COP("[async: true]"));

    cop_sleep(20);
    cop_assert_equal(cop_ok(), process("cancel_timer", again));
    cop_assert_match(probe_next(), "{:cancel_timer, ^timer, 30}", timer);
    cop_assert_equal(cop_ok(), process("cancel_timer", again));
    cop_assert_match(probe_next(), "{:cancel_timer, ^timer, false}", timer);
    cop_assert_equal(cop_ok(),
                     process("cancel_timer", cop_list(timer, COP("[async: true, info: false]"))));
    cop_assert_equal(cop_ok(), process("cancel_timer", cop_list(timer, COP("[info: false]"))));
    cop_assert_equal(cop_false(), process("cancel_timer", cop_list(timer, COP("[]"))));
    cop_sleep(100);
    NOTHING();
}

static int start_seeded(void **state)
{
    (void)state;
    return probe_node_start_with(&(struct cop_node_opts){.seed = 3});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_once),
        TEST(sends_again_and_again),
        TEST(stops_for_the_dead),
        TEST(calls),
        TEST(no_drift_for_the_busy),
        TEST(no_drift_of_the_service),
        TEST(nothing_is_set_for_the_dead),
        TEST(ends_others),
        TEST(kills_the_trapping),
        TEST(cancelled_for_good),
        TEST(wrong_arguments),
        TEST(times_that_are_none),
        TEST(a_point_of_time),
        TEST(asynchronous),
    };
    return cmocka_run_group_tests_name("timer", tests, start_seeded, probe_node_stop);
}
