/* SPDX-License-Identifier: Apache-2.0 */
/* Restart backoff, on the virtual clock of a seeded node: all times are exact. Children are probes
 * (probe.h). */
#include "probe.h"

#include <stdio.h>

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

static cop_term parse_bytes(cop_bytes text)
{
    struct cop_parse_error error;
    cop_term t;

    cop_assert(cop_parse(text, &t, &error));
    return t;
}

static cop_term parse(const char *text)
{
    return parse_bytes(cop_to_bytes(cop_string(text)));
}

static cop_pid start(cop_term specs, const char *options)
{
    cop_term parsed = parse_bytes(cop_to_bytes(cop_format("[%s]", options)));
    cop_pid pid;

    cop_expect(cop_supervisor_start_link(specs, parsed), "{:ok, pid}", pid);
    return pid;
}

#define OFTEN "max_restarts: 1000, max_seconds: 1000"

/* The process of a child that begins to run exactly ms after now. */
static cop_pid starts_after(const char *id, int64_t ms)
{
    int64_t begin = cop_monotonic_ms();
    cop_term name = cop_atom(id);
    cop_pid pid;

    cop_assert_receive_within(100000, "{^name, :init, pid}", name, pid);
    cop_assert_equal(cop_int(ms), cop_int(cop_monotonic_ms() - begin));
    return pid;
}

static void kill(cop_pid pid)
{
    probe_exit(pid, COP(":kill"));
}

/* --- The option ------------------------------------------------------------------------------- */

static cop_term spec_with(cop_term backoff)
{
    return cop_map_put(probe_spec("a", "", ""), COP(":backoff"), backoff);
}

static void right_options(void)
{
    static const struct {
        const char *given;
        const char *kept;
    } rows[] = {
        {"[]", "[min: 1000, max: 30000, factor: 2.0, jitter: false, reset_after: 30000]"},
        {"[min: 1]", "[min: 1, max: 30000, factor: 2.0, jitter: false, reset_after: 30000]"},
        {"[min: 40000]",
         "[min: 40000, max: 40000, factor: 2.0, jitter: false, reset_after: 40000]"},
        {"[max: 1000]", "[min: 1000, max: 1000, factor: 2.0, jitter: false, reset_after: 1000]"},
        {"[max: 4294967295, min: 7, factor: 1, jitter: true, reset_after: 0]",
         "[min: 7, max: 4294967295, factor: 1.0, jitter: true, reset_after: 0]"},
        {"[factor: 1.5]",
         "[min: 1000, max: 30000, factor: 1.5, jitter: false, reset_after: 30000]"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_pid sup = start(cop_list(spec_with(parse(rows[i].given))), "strategy: :one_for_one");
        cop_term spec;

        cop_expect(cop_supervisor_get_childspec(to(sup), COP(":a")), "{:ok, spec}", spec);
        cop_assert_equal(parse(rows[i].kept), cop_map_get(spec, COP(":backoff"), cop_nil()));
    }
}

static void wrong_options(void)
{
    static const char *const wrong[] = {
        "7",
        "true",
        "[1]",
        "%{min: 1}",
        "[min: 0]",
        "[min: -1]",
        "[min: 1.5]",
        "[min: nil]",
        "[min: 4294967296]",
        "[max: 999]",
        "[min: 10, max: 9]",
        "[max: :infinity]",
        "[max: 4294967296]",
        "[factor: 0.9]",
        "[factor: :x]",
        "[jitter: 1]",
        "[jitter: nil]",
        "[reset_after: -1]",
        "[reset_after: :x]",
        "[maximum: 5]",
        "[min: 1, x: 1]",
    };

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cop_term backoff = parse(wrong[i]), spec = spec_with(backoff);
        cop_term reason = cop_build("{:invalid_backoff, backoff}", backoff);
        cop_term error = cop_tuple(COP(":error"), reason);

        cop_assert_equal(
            cop_tuple(COP(":error"), cop_tuple(COP(":start_spec"), reason)),
            cop_supervisor_start_link(cop_list(spec), COP("[strategy: :one_for_one]")));
        cop_assert_equal(error, cop_supervisor_check_childspecs(cop_list(spec), COP(":undefined")));
        cop_assert_equal(error, cop_dynamic_supervisor_start_child(COP(":nobody"), spec));
    }
    NOTHING();
}

/* Without the option nothing waits, and nothing tells of it. */
static void off_by_default(void)
{
    cop_term spec;
    cop_pid sup = start(cop_list(probe_spec("a", "", "backoff: nil"), probe_spec("b", "", "")),
                        "strategy: :one_for_one");

    starts_after("a", 0);
    starts_after("b", 0);
    kill(probe_pid(sup, COP(":a")));
    kill(probe_pid(sup, COP(":b")));
    starts_after("a", 0);
    starts_after("b", 0);
    cop_assert_equal(COP("[]"), cop_supervisor_next_starts(to(sup)));
    cop_expect(cop_supervisor_get_childspec(to(sup), COP(":a")), "{:ok, spec}", spec);
    cop_assert(cop_is_none(cop_map_get(spec, COP(":backoff"), cop_none())));
}

/* --- Waiting ---------------------------------------------------------------------------------- */

/* Each restart waits longer than the one before, up to max. */
static void delays_grow(void)
{
    static const int64_t delays[] = {100, 150, 225, 300, 300};
    cop_pid sup = start(cop_list(probe_spec("a", "", "backoff: [min: 100, max: 300, factor: 1.5]")),
                        "strategy: :one_for_one, " OFTEN);

    starts_after("a", 0);
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        kill(probe_pid(sup, COP(":a")));
        starts_after("a", delays[i]);
    }
}

/* SUP-26, SUP-27, SUP-70: while it waits it is restarting, and says for how long. */
static void state_while_waiting(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "backoff: []")),
                        "strategy: :one_for_one");

    starts_after("a", 0);
    kill(starts_after("b", 0));
    cop_assert_equal(COP(":restarting"), probe_child(sup, COP(":b")));
    cop_assert_equal(COP("%{specs: 2, active: 1, supervisors: 0, workers: 2}"),
                     cop_supervisor_count_children(to(sup)));
    cop_assert_equal(COP("[b: 1000]"), cop_supervisor_next_starts(to(sup)));
    cop_sleep(400);
    cop_assert_equal(COP("[b: 600]"), cop_supervisor_next_starts(to(sup)));
    /* What was sent for an earlier attempt does not wake it. */
    cop_send(sup, COP("{:\"$gen_restart\", :b}"));
    cop_send(sup, cop_tuple(COP(":timeout"), cop_make_ref(), COP("{:\"$backoff\", :b}")));
    cop_assert_equal(COP("[b: 600]"), cop_supervisor_next_starts(to(sup)));
    cop_assert_equal(COP("{:error, :already_present}"),
                     cop_supervisor_start_child(to(sup), probe_spec("b", "", "")));
    cop_assert_equal(COP("{:error, :restarting}"),
                     cop_supervisor_restart_child(to(sup), COP(":b")));
    cop_assert_equal(COP("{:error, :restarting}"), cop_supervisor_delete_child(to(sup), COP(":b")));
    starts_after("b", 600);
    cop_assert_equal(COP("[]"), cop_supervisor_next_starts(to(sup)));
    cop_assert(cop_is_pid(probe_child(sup, COP(":b"))));
    NOTHING();
}

/* A child that ran for reset_after begins anew, one that ran a little shorter does not. */
static void reset(void)
{
    cop_pid a, sup = start(cop_list(probe_spec("a", "", "backoff: [min: 100, reset_after: 5000]")),
                           "strategy: :one_for_one, " OFTEN);

    a = starts_after("a", 0);
    cop_sleep(4999);
    kill(a);
    a = starts_after("a", 100);
    cop_sleep(4999);
    kill(a);
    a = starts_after("a", 200);
    cop_sleep(5000);
    kill(a);
    a = starts_after("a", 100);
    kill(a);
    starts_after("a", 200);
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
}

/* A start that fails is tried again after the next delay, not at once. The time that the child ran
 * before does not count for it. */
static void failing_starts(void)
{
    cop_pid sup, a;

    probe_plan("a", "osssoso");
    sup = start(cop_list(probe_spec("a", "", "backoff: [min: 100, max: 500, reset_after: 1000]")),
                "strategy: :one_for_one, " OFTEN);
    a = starts_after("a", 0);
    cop_sleep(2000);
    kill(a);
    cop_assert(probe_starts("a") == 1);
    cop_sleep(150);
    cop_assert(probe_starts("a") == 2);
    cop_assert_equal(COP("[a: 150]"), cop_supervisor_next_starts(to(sup)));
    a = starts_after("a", 150 + 400 + 500);
    cop_assert(probe_starts("a") == 5);
    kill(a);
    starts_after("a", 500 + 500);
}

/* SUP-36, SUP-37: restarts are counted when they are decided, and one too many does not wait. */
static void intensity_still_counts(void)
{
    cop_pid sup, a;
    int64_t begin;

    cop_trap_exit(true);
    sup = start(cop_list(probe_spec("b", "trap_exit: true", ""),
                         probe_spec("a", "", "backoff: [min: 100]")),
                "strategy: :one_for_one, max_restarts: 1, max_seconds: 5");
    starts_after("b", 0);
    a = starts_after("a", 0);
    kill(a);
    a = starts_after("a", 100);
    begin = cop_monotonic_ms();
    kill(a);
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_assert(cop_monotonic_ms() == begin);
    /* The same for starts that fail: two are counted, the third is not made. */
    probe_plan("a", "os");
    sup = start(cop_list(probe_spec("a", "", "backoff: [min: 100]")),
                "strategy: :one_for_one, max_restarts: 2, max_seconds: 5");
    kill(starts_after("a", 0));
    begin = cop_monotonic_ms();
    NEXT("{:EXIT, ^sup, :shutdown}", sup);
    cop_assert(cop_monotonic_ms() == begin + 100 + 200);
    cop_assert(probe_starts("a") == 3);
}

/* Where each wait is longer than the window, the limit is never reached. */
static void a_slow_loop_goes_on(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "backoff: [min: 6000, factor: 1]")),
                        "strategy: :one_for_one, max_restarts: 1, max_seconds: 5");

    for (int i = 0; i < 20; i++)
        kill(starts_after("a", i == 0 ? 0 : 6000));
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
}

/* SUP-41: whoever ends the wait does not wait; nothing comes afterwards. */
static void ends_of_the_wait(void)
{
    int64_t begin;
    cop_pid a, sup = start(cop_list(probe_spec("a", "", "backoff: [min: 1000]")),
                           "strategy: :one_for_one, " OFTEN);

    kill(starts_after("a", 0));
    begin = cop_monotonic_ms();
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":a")));
    cop_assert_equal(COP("[]"), cop_supervisor_next_starts(to(sup)));
    cop_assert(cop_monotonic_ms() == begin);
    cop_sleep(10000);
    NOTHING();
    /* Started by hand it begins with the shortest delay, and no old timer wakes it early. */
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, _}");
    kill(starts_after("a", 0));
    cop_sleep(500);
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_match(cop_supervisor_restart_child(to(sup), COP(":a")), "{:ok, a}", a);
    starts_after("a", 0);
    kill(a);
    starts_after("a", 1000);
    /* Nor does the supervisor's own end wait. */
    kill(probe_pid(sup, COP(":a")));
    cop_assert_equal(COP("[a: 2000]"), cop_supervisor_next_starts(to(sup)));
    begin = cop_monotonic_ms();
    cop_assert_equal(cop_ok(), cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    cop_assert(cop_monotonic_ms() == begin);
    cop_sleep(10000);
    NOTHING();
}

/* Deleted while it waits, and added anew: it is a new child. */
static void deleted_child(void)
{
    cop_term spec = probe_spec("a", "", "backoff: [min: 1000]");
    cop_pid sup = start(cop_list(spec), "strategy: :one_for_one, " OFTEN);

    kill(starts_after("a", 0));
    cop_supervisor_terminate_child(to(sup), COP(":a"));
    cop_assert_equal(cop_ok(), cop_supervisor_delete_child(to(sup), COP(":a")));
    cop_assert_match(cop_supervisor_start_child(to(sup), spec), "{:ok, _}");
    kill(starts_after("a", 0));
    starts_after("a", 1000);
}

/* A temporary child is not restarted, so it does not wait. */
static void temporary_child(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "restart: :temporary, backoff: []")),
                        "strategy: :one_for_one");

    kill(starts_after("a", 0));
    cop_assert_equal(COP("[]"), cop_supervisor_next_starts(to(sup)));
    cop_assert_equal(COP("[]"), cop_supervisor_which_children(to(sup)));
}

/* With jitter a delay is between half of the whole and the whole. */
static void jitter(void)
{
    cop_pid sup =
        start(cop_list(probe_spec("a", "", "backoff: [min: 1000, factor: 1, jitter: true]")),
              "strategy: :one_for_one, " OFTEN);
    int64_t least = INT64_MAX, most = 0, left;

    starts_after("a", 0);
    for (int i = 0; i < 200; i++) {
        kill(probe_pid(sup, COP(":a")));
        cop_expect(cop_supervisor_next_starts(to(sup)), "[a: left]", left);
        least = left < least ? left : least;
        most = left > most ? left : most;
        starts_after("a", left);
    }
    cop_assert(least >= 500 && least < 550);
    cop_assert(most <= 1000 && most > 950);
}

/* --- Groups ----------------------------------------------------------------------------------- */

static cop_term abc(void)
{
    return cop_list(probe_spec("a", "trap_exit: true", ""),
                    probe_spec("b", "trap_exit: true", "backoff: [min: 1000]"),
                    probe_spec("c", "trap_exit: true", ""));
}

static void begin_abc(void)
{
    starts_after("a", 0);
    starts_after("b", 0);
    starts_after("c", 0);
}

/* SUP-45: the others go down with the child and come up with it. */
static void one_for_all(void)
{
    cop_pid sup = start(abc(), "strategy: :one_for_all, " OFTEN);
    int64_t begin = cop_monotonic_ms();

    begin_abc();
    kill(probe_pid(sup, COP(":b")));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    cop_assert_equal(COP("[{:c, :undefined, :worker, [Probe]}, {:b, :restarting, :worker, [Probe]},"
                         " {:a, :undefined, :worker, [Probe]}]"),
                     cop_supervisor_which_children(to(sup)));
    cop_assert_equal(COP("[b: 1000]"), cop_supervisor_next_starts(to(sup)));
    cop_assert(cop_monotonic_ms() == begin);
    starts_after("a", 1000);
    starts_after("b", 0);
    starts_after("c", 0);
    /* The death of another, which has no backoff, takes effect at once, also for one that waits. */
    kill(probe_pid(sup, COP(":a")));
    NEXT("{:c, :terminate, :shutdown}");
    NEXT("{:b, :terminate, :shutdown}");
    begin_abc();
    NOTHING();
}

/* SUP-44 */
static void rest_for_one(void)
{
    cop_pid sup = start(abc(), "strategy: :rest_for_one, " OFTEN), a;

    begin_abc();
    a = probe_pid(sup, COP(":a"));
    kill(probe_pid(sup, COP(":b")));
    NEXT("{:c, :terminate, :shutdown}");
    cop_assert_match(cop_supervisor_which_children(to(sup)),
                     "[{:c, :undefined, _, _}, {:b, :restarting, _, _}, {:a, ^a, _, _}]", a);
    starts_after("b", 1000);
    starts_after("c", 0);
    /* a dies while b waits: b is started with it, and its timer starts nothing. */
    kill(probe_pid(sup, COP(":b")));
    NEXT("{:c, :terminate, :shutdown}");
    kill(a);
    begin_abc();
    cop_sleep(10000);
    NOTHING();
}

/* --- Children without an order ---------------------------------------------------------------- */

static cop_pid add(cop_pid sup, cop_term spec)
{
    cop_pid pid;

    cop_expect(cop_dynamic_supervisor_start_child(to(sup), spec), "{:ok, pid}", pid);
    return pid;
}

static void dynamic_supervisor(void)
{
    cop_pid sup, a, b;
    int64_t begin;

    cop_expect(cop_dynamic_supervisor_start_link(COP("[max_children: 2, max_restarts: 100]")),
               "{:ok, sup}", sup);
    probe_plan("a", "oosso");
    a = add(sup, probe_spec("a", "", "backoff: [min: 100]"));
    b = add(sup, probe_spec("b", "", ""));
    starts_after("a", 0);
    starts_after("b", 0);
    kill(a);
    cop_assert_match(cop_dynamic_supervisor_which_children(to(sup)),
                     "[{:undefined, ^b, _, _}, {:undefined, :restarting, :worker, [Probe]}]", b);
    cop_assert_match(cop_dynamic_supervisor_next_starts(to(sup)), "[{^a, 100}]", a);
    cop_assert_equal(COP("{:error, :max_children}"),
                     cop_dynamic_supervisor_start_child(to(sup), probe_spec("c", "", "")));
    a = starts_after("a", 100);
    kill(a);
    a = starts_after("a", 200 + 400 + 800); /* two starts fail */
    kill(a);
    cop_assert_match(cop_dynamic_supervisor_next_starts(to(sup)), "[{^a, 1600}]", a);
    begin = cop_monotonic_ms();
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_terminate_child(to(sup), a)); /* DYN-18 */
    cop_assert(cop_monotonic_ms() == begin);
    cop_assert_equal(COP("[]"), cop_dynamic_supervisor_next_starts(to(sup)));
    cop_sleep(10000);
    NOTHING();
    kill(add(sup, probe_spec("d", "", "backoff: []")));
    starts_after("d", 0);
    begin = cop_monotonic_ms();
    cop_assert_equal(cop_ok(), cop_dynamic_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    cop_assert(cop_monotonic_ms() == begin);
    cop_sleep(10000);
    NOTHING();
}

static void simple_one_for_one(void)
{
    cop_pid self = cop_self(), a;
    cop_term spec = cop_build("%{id: :w, start: {Probe, :start_link, [[to: self]]},"
                              " backoff: [min: 100]}",
                              self);
    cop_pid sup = start(cop_list(spec), "strategy: :simple_one_for_one");

    cop_expect(cop_supervisor_start_child(to(sup), COP("[[id: :a]]")), "{:ok, a}", a);
    starts_after("a", 0);
    kill(a);
    cop_assert_match(cop_supervisor_next_starts(to(sup)), "[{^a, 100}]", a);
    kill(starts_after("a", 100));
    starts_after("a", 200);
}

static int start_seeded(void **state)
{
    (void)state;
    return probe_node_start_with(&(struct cop_node_opts){.seed = 7});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(right_options),
        TEST(wrong_options),
        TEST(off_by_default),
        TEST(delays_grow),
        TEST(state_while_waiting),
        TEST(reset),
        TEST(failing_starts),
        TEST(intensity_still_counts),
        TEST(a_slow_loop_goes_on),
        TEST(ends_of_the_wait),
        TEST(deleted_child),
        TEST(temporary_child),
        TEST(jitter),
        TEST(one_for_all),
        TEST(rest_for_one),
        TEST(dynamic_supervisor),
        TEST(simple_one_for_one),
    };

    return cmocka_run_group_tests(tests, start_seeded, probe_node_stop);
}
