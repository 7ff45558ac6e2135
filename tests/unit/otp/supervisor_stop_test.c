/* SPDX-License-Identifier: Apache-2.0 */
/* Supervisor: how it and its children end. Children are probes (probe.h). */
#include "otp/child_life.h"

#include "probe.h"

static cop_pid start(cop_term specs)
{
    cop_pid pid;

    cop_expect(cop_supervisor_start_link(specs, COP("[strategy: :one_for_one]")), "{:ok, pid}",
               pid);
    return pid;
}

static cop_term to(cop_pid pid)
{
    return cop_pid_term(pid);
}

static cop_next stop_it(cop_term supervisor)
{
    cop_supervisor_stop(supervisor, COP(":normal"), COP_INFINITY);
    return cop_end();
}

/* SUP-50: the next is not touched before the previous is dead. */
static void one_after_the_other(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "trap_exit: true", ""),
                                 probe_spec("b", "trap_exit: true, slow: true", "")));
    cop_pid b = probe_pid(sup, COP(":b"));
    cop_ref ref = cop_monitor(sup);

    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_spawn(stop_it, to(sup), NULL);
    NEXT("{:b, :terminate, :shutdown}");
    for (int i = 0; i < 100; i++)
        cop_yield();
    NOTHING();
    cop_send(b, COP(":go"));
    NEXT("{:a, :terminate, :shutdown}");
    NEXT("{:DOWN, ^ref, :process, _, :normal}", ref);
}

/* SUP-51: over its time it is killed; brutal_kill gives none; 0 is none either. */
static void times(void)
{
    cop_pid sup = start(cop_list(probe_spec("slow", "trap_exit: true, slow: true", "shutdown: 10"),
                                 probe_spec("brutal", "trap_exit: true", "shutdown: :brutal_kill"),
                                 probe_spec("zero", "trap_exit: true, slow: true", "shutdown: 0")));
    cop_pid slow = probe_pid(sup, COP(":slow"));
    cop_pid brutal = probe_pid(sup, COP(":brutal"));
    cop_pid zero = probe_pid(sup, COP(":zero"));
    cop_ref slow_ref = cop_monitor(slow), brutal_ref = cop_monitor(brutal);
    cop_ref zero_ref = cop_monitor(zero);

    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":slow")));
    cop_assert_receive("{:slow, :terminate, :shutdown}");
    cop_assert_receive("{:DOWN, ^slow_ref, :process, _, :killed}", slow_ref);
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":brutal")));
    cop_assert_receive("{:DOWN, ^brutal_ref, :process, _, :killed}", brutal_ref);
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":zero")));
    cop_assert_receive("{:DOWN, ^zero_ref, :process, _, :killed}", zero_ref);
    cop_assert(!cop_is_alive(slow) && !cop_is_alive(brutal) && !cop_is_alive(zero));
}

/* SUP-51: with no time at all it is asked all the same, and one that does not trap dies of that. */
static void no_time(void)
{
    cop_pid sup = start(cop_list(probe_spec("zero", "", "shutdown: 0")));
    cop_ref ref = cop_monitor(probe_pid(sup, COP(":zero")));

    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":zero")));
    cop_assert_receive("{:DOWN, ^ref, :process, _, :shutdown}", ref);
}

/* SUP-52: one that unlinked itself is stopped all the same, alive or dead. */
static void unlinked_children(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "", "")));
    cop_pid a = probe_pid(sup, COP(":a")), b = probe_pid(sup, COP(":b"));

    cop_send(a, cop_tuple(COP(":unlink"), sup));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(a, COP(":ping"), COP_INFINITY));
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
    cop_assert(!cop_is_alive(a));
    cop_send(b, cop_tuple(COP(":unlink"), sup));
    cop_assert_equal(COP(":pong"), cop_gen_server_call(b, COP(":ping"), COP_INFINITY));
    probe_exit(b, COP(":kill"));
    cop_assert_match(probe_child(sup, COP(":b")), "^b", b); /* nobody told the supervisor */
    cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":b")));
    cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":b")));
}

/* A probe that is linked with the caller and tells it nothing. */
static cop_pid linked_probe(cop_term options)
{
    cop_pid pid;

    cop_expect(cop_apply(COP("Probe"), COP(":start_link"), cop_list(options)), "{:ok, pid}", pid);
    return pid;
}

/* SUP-52: whoever stops a child finds neither EXIT nor DOWN of it afterwards, and the link is gone;
 * the reason is that of the EXIT where the child was dead before. */
static void nothing_is_left_of_a_child(void)
{
    static const struct {
        const char *options;
        int64_t shutdown;
        const char *own_end; /* the reason with which it ends before */
        bool unlinks;
        const char *reason;
    } rows[] = {
        {"[]", 5000, NULL, false, ":shutdown"},
        {"[trap_exit: true]", COP__SHUTDOWN_INFINITY, NULL, false, ":shutdown"},
        {"[trap_exit: true, slow: true]", 10, NULL, false, ":killed"},
        {"[trap_exit: true]", COP__SHUTDOWN_BRUTAL_KILL, NULL, false, ":killed"},
        {"[]", 5000, NULL, true, ":shutdown"},
        {"[]", 5000, ":boom", false, ":boom"},
        {"[]", COP__SHUTDOWN_BRUTAL_KILL, ":boom", false, ":boom"},
        {"[]", 5000, ":boom", true, ":noproc"},
    };

    cop_trap_exit(true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cop_parse_error error;
        cop_term options, reason;
        cop_pid pid;

        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].options)), &options, &error));
        cop_assert(cop_parse(cop_to_bytes(cop_string(rows[i].reason)), &reason, &error));
        pid = linked_probe(options);
        if (rows[i].unlinks) {
            cop_send(pid, cop_tuple(COP(":unlink"), cop_self()));
            cop_assert_equal(COP(":pong"), cop_gen_server_call(pid, COP(":ping"), COP_INFINITY));
        }
        if (rows[i].own_end != NULL) probe_exit(pid, COP(":boom"));
        cop_assert_equal(reason, cop__child_stop(pid, rows[i].shutdown));
        cop_assert(!cop_is_alive(pid));
        cop_assert_equal(COP("[]"), cop_messages(10));
        cop_assert_match(cop_process_info(cop_self(), COP(":links")), "{:links, []}");
    }
}

static cop_next end_later(cop_term reason)
{
    cop_sleep(5);
    cop_exit(reason);
}

/* SUP-49, SUP-52: an end that is still under way is waited for as long as there is the link. */
static void late_reasons(void)
{
    cop_pid linked, stranger;

    cop_trap_exit(true);
    linked = cop_spawn(end_later, COP(":boom"), &(struct cop_spawn_opts){.link = true});
    stranger = cop_spawn(end_later, COP(":boom"), NULL);
    cop_assert_equal(COP(":noproc"), cop__late_reason(stranger));
    cop_assert_equal(COP(":boom"), cop__late_reason(linked));
    NOTHING();
}

/* SUP-31: reason and order. */
static void stop_with_a_reason(void)
{
    cop_pid sup = start(
        cop_list(probe_spec("a", "trap_exit: true", ""), probe_spec("b", "trap_exit: true", "")));

    cop_trap_exit(true);
    NEXT("{:a, :init, _}");
    NEXT("{:b, :init, _}");
    cop_assert_equal(cop_ok(), cop_supervisor_stop(to(sup), COP("{:shutdown, :x}"), COP_INFINITY));
    NEXT("{:b, :terminate, :shutdown}");
    NEXT("{:a, :terminate, :shutdown}");
    NEXT("{:EXIT, ^sup, {:shutdown, :x}}", sup);
}

static cop_next start_and_end(cop_term arg)
{
    cop_term specs, reason;
    cop_pid test, sup;

    cop_expect(arg, "{test, specs, reason}", test, specs, reason);
    sup = start(specs);
    cop_send(test, cop_tuple(COP(":started"), sup));
    cop_exit(reason);
}

/* SUP-55, SUP-73: any end of the parent ends the supervisor, with that reason. */
static void end_of_the_parent(void)
{
    const cop_term reasons[] = {COP(":normal"), COP(":shutdown"), COP(":boom")};

    for (int i = 0; i < 3; i++) {
        cop_term specs = cop_list(probe_spec("a", "trap_exit: true", "")), reason = reasons[i];
        cop_pid sup;
        cop_ref ref;

        cop_spawn(start_and_end, cop_tuple(cop_self(), specs, reason), NULL);
        NEXT("{:a, :init, _}");
        cop_assert_match(probe_next(), "{:started, sup}", sup);
        ref = cop_monitor(sup);
        cop_assert_receive_within(5000, "{:a, :terminate, :shutdown}");
        cop_assert_receive_within(5000, "{:DOWN, ^ref, :process, _, _}", ref);
    }
}

static cop_next exit_with(cop_term arg)
{
    cop_pid pid;
    cop_term reason;

    cop_expect(arg, "{pid, reason}", pid, reason);
    cop_exit_process(pid, reason);
    return cop_end();
}

/* SUP-72: only the parent's shutdown is obeyed. */
static void shutdown_from_others(void)
{
    cop_pid sup = start(cop_list(probe_spec("a", "", "")));
    cop_pid a = probe_pid(sup, COP(":a")), other;
    cop_ref ref;
    struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &ref};

    NEXT("{:a, :init, _}");
    other = cop_spawn(exit_with, cop_tuple(sup, COP(":shutdown")), &opts);
    NEXT("{:DOWN, ^ref, :process, ^other, :normal}", ref, other);
    cop_assert_match(probe_child(sup, COP(":a")), "^a", a);
    NOTHING();
}

/* SUP-55, SUP-56: killed, it takes its children along; those that trap terminate. */
static void killed_supervisor(void)
{
    cop_pid sup, a, b;
    cop_ref a_ref, b_ref;

    cop_trap_exit(true);
    sup = start(cop_list(probe_spec("a", "", ""), probe_spec("b", "trap_exit: true", "")));
    a = probe_pid(sup, COP(":a"));
    b = probe_pid(sup, COP(":b"));
    a_ref = cop_monitor(a);
    b_ref = cop_monitor(b);
    cop_exit_process(sup, COP(":kill"));
    cop_assert_receive_within(5000, "{:b, :terminate, :killed}");
    cop_assert_receive_within(5000, "{:DOWN, ^a_ref, :process, _, :killed}", a_ref);
    cop_assert_receive_within(5000, "{:DOWN, ^b_ref, :process, _, :killed}", b_ref);
    cop_assert_receive_within(5000, "{:EXIT, ^sup, :killed}", sup);
}

/* SUP-49: one that died just before is not reported as noproc and nothing hangs; its EXIT is not
 * taken for a death that is to be handled. */
static void died_just_before(void)
{
    for (int i = 0; i < 50; i++) {
        cop_pid sup = start(cop_list(probe_spec("a", "", "")));
        cop_pid a = probe_pid(sup, COP(":a"));

        cop_exit_process(a, COP(":kill"));
        cop_assert_equal(cop_ok(), cop_supervisor_terminate_child(to(sup), COP(":a")));
        cop_assert_equal(COP(":undefined"), probe_child(sup, COP(":a")));
        cop_assert_equal(cop_ok(), cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY));
    }
}

/* SUP-57: a tree stops from the leaves. */
static void tree(void)
{
    cop_term leaf = cop_list(probe_spec("leaf", "trap_exit: true", ""));
    cop_term inner = cop_build("%{id: :inner, start: {Supervisor, :start_link, [leaf, [strategy: "
                               ":one_for_one]]}, type: :supervisor}",
                               leaf);
    cop_pid sup = start(cop_list(probe_spec("first", "trap_exit: true", ""), inner,
                                 probe_spec("last", "trap_exit: true", "")));

    NEXT("{:first, :init, _}");
    NEXT("{:leaf, :init, _}");
    NEXT("{:last, :init, _}");
    cop_supervisor_stop(to(sup), COP(":normal"), COP_INFINITY);
    NEXT("{:last, :terminate, :shutdown}");
    NEXT("{:leaf, :terminate, :shutdown}");
    NEXT("{:first, :terminate, :shutdown}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_after_the_other),
        TEST(times),
        TEST(no_time),
        TEST(unlinked_children),
        TEST(nothing_is_left_of_a_child),
        TEST(stop_with_a_reason),
        TEST(late_reasons),
        TEST(end_of_the_parent),
        TEST(shutdown_from_others),
        TEST(killed_supervisor),
        TEST(died_just_before),
        TEST(tree),
    };

    return cmocka_run_group_tests(tests, probe_node_start, probe_node_stop);
}
