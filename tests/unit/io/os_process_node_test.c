/* SPDX-License-Identifier: Apache-2.0 */
/* That no program outlives its node, and what supervisors make of programs. The node of the first
 * tests is a process of its own, which ends in order or is killed. */
#include "support/check_process.h"

#include "coppice/os_process.h"
#include "coppice/supervisor.h"
#include "os_support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* --- The end of a node ------------------------------------------------------------------------ */

enum { PROGRAMS = 5 };

/* Ignores what can be ignored, as does its child; prints both numbers. */
static const char stubborn[] =
    "trap '' TERM HUP INT; (echo $$; exec sleep 1000) & echo $!; sleep 1000";

static cop_next start_programs(cop_term arg)
{
    cop_term args = cop_list(cop_string("-c"), cop_string(stubborn));
    for (int i = 0; i < PROGRAMS; i++) {
        cop_bytes data;
        cop_pid p;
        int lines = 0;
        cop_expect(cop_os_process_start(cop_string("sh"), args,
                                        COP("[stdout: :owner, packet: "
                                            ":line, kill_after: 100]")),
                   "{:ok, p}", p);
        for (; lines < 2; lines++) {
            cop_expect(cop_os_process_read(cop_pid_term(p), CHECK_LIMIT_MS),
                       "{:ok, {:stdout, data}}", data);
            dprintf((int)cop_to_int(arg), "%.*s\n", (int)data.len, data.data);
        }
    }
    cop_sleep(COP_INFINITY);
    return cop_end();
}

/* Never returns: a node that has programs, tells of them, and waits for an order to stop. */
static void be_node(int tell, int order)
{
    char c;
    struct cop_node_opts opts = {.schedulers = 2};
    if (cop_node_start(&opts) != 0) _exit(1);
    cop_region *region = cop_region_open();
    cop_spawn(start_programs, cop_int(tell), NULL);
    cop_region_close(region);
    if (read(order, &c, 1) == 1) cop_node_stop();
    _exit(0);
}

struct node {
    pid_t pid;
    int order;
    int programs[2 * PROGRAMS]; /* pidfds */
    int guardian;
};

static void node_start(struct node *n)
{
    int tell[2];
    int order[2];
    assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
    assert_int_equal(pipe2(order, O_CLOEXEC), 0);
    n->pid = fork();
    if (n->pid == 0) {
        close(order[1]);
        be_node(tell[1], order[0]);
    }
    close(tell[1]);
    close(order[0]);
    n->order = order[1];
    for (int i = 0; i < 2 * PROGRAMS; i++) {
        n->programs[i] = pidfd_open((pid_t)os_read_number(tell[0]), 0);
        assert_true(n->programs[i] >= 0);
    }
    n->guardian = pidfd_open(os_guardian_of(n->pid), 0);
    assert_true(n->guardian >= 0);
    close(tell[0]);
}

static void after_sigkill_no_program_is_left(void **state)
{
    (void)state;
    struct node n;
    node_start(&n);
    assert_int_equal(kill(n.pid, SIGKILL), 0);
    assert_int_equal(waitpid(n.pid, NULL, 0), n.pid);
    for (int i = 0; i < 2 * PROGRAMS; i++)
        assert_true(os_has_ended(n.programs[i]));
    assert_true(os_has_ended(n.guardian));
    close(n.order);
}

static void after_a_stop_no_program_is_left(void **state)
{
    (void)state;
    struct node n;
    int status = -1;
    node_start(&n);
    assert_int_equal(write(n.order, "s", 1), 1);
    assert_int_equal(waitpid(n.pid, &status, 0), n.pid);
    assert_int_equal(status, 0);
    struct pollfd p = {.fd = n.guardian, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 1); /* its end was waited for */
    for (int i = 0; i < 2 * PROGRAMS; i++)
        assert_true(os_has_ended(n.programs[i]));
    close(n.guardian);
    close(n.order);
}

/* A node can be started again in the same program, and has a guardian of its own. */
static void a_second_node_has_its_own_guardian(void **state)
{
    for (int i = 0; i < 2; i++) {
        assert_int_equal(os_guardian(), 0);
        assert_int_equal(check_start_node(state), 0);
        cop_region *region = cop_region_open();
        int out[2];
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        cop_spawn(start_programs, cop_int(out[1]), NULL);
        cop_region_close(region);
        for (int k = 0; k < 2 * PROGRAMS; k++)
            assert_true(os_read_number(out[0]) > 0);
        assert_true(os_guardian() > 0);
        cop_node_stop();
        close(out[0]);
        close(out[1]);
    }
    assert_int_equal(os_guardian(), 0);
}

/* --- Supervisors ------------------------------------------------------------------------------ */

static cop_term child_of(const char *script, const char *options, const char *overrides)
{
    cop_pid self = cop_self();
    cop_term text = cop_string(script);
    cop_term more = cop_list_append(check_parse(options), cop_build("[owner: self]", self));
    return cop_supervisor_child_spec(
        cop_build("{OsProcess, {\"sh\", [\"-c\", text], more}}", text, more),
        check_parse(overrides));
}

static cop_pid supervise(cop_term child, const char *options)
{
    cop_pid pid = cop_no_pid();
    cop_expect(cop_supervisor_start_link(cop_list(child), check_parse(options)), "{:ok, pid}", pid);
    return pid;
}

/* The next number that a program prints; skips the ends of outputs. */
static int64_t next_number(void)
{
    for (;;) {
        cop_bytes data;
        if (cop_match(check_next(), "{:os_process, _, {:stdout, data}}", data))
            return strtol(data.data, NULL, 10);
    }
}

PROCESS_TEST(a_crash_is_a_restart_with_intensity)
{
    cop_trap_exit(true);
    cop_pid sup = supervise(child_of("read go; echo $$; kill -KILL $$",
                                     "[stdin: :null, stdout: :owner, active: true]", "[]"),
                            "[strategy: :one_for_one, max_restarts: 2]");
    int64_t last = 0;
    for (int i = 0; i < 3; i++) {
        int64_t number = next_number();
        CHECK(number > 0 && number != last);
        last = number;
    }
    cop_term message;
    do
        message = check_next();
    while (cop_match(message, "{:os_process, _, _}"));
    CHECK_SAME(message, cop_build("{:EXIT, sup, :shutdown}", sup));
    return cop_end();
}

PROCESS_TEST(an_end_with_status_0_is_normal)
{
    static const struct {
        const char *script;
        const char *restart;
        bool again;
    } rows[] = {{"echo $$; exit 0", "[restart: :transient]", false},
                {"echo $$; exit 1", "[restart: :temporary]", false},
                {"echo $$; exit 1", "[restart: :transient]", true},
                {"echo $$; exit 0", "[restart: :permanent]", true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cop_trap_exit(true);
        cop_pid sup =
            supervise(child_of(rows[i].script, "[stdout: :owner, active: true]", rows[i].restart),
                      "[strategy: :one_for_one, max_restarts: 1]");
        CHECK(next_number() > 0);
        if (rows[i].again) {
            CHECK(next_number() > 0);
            cop_term message;
            do
                message = check_next();
            while (cop_match(message, "{:os_process, _, _}"));
            CHECK_SAME(message, cop_build("{:EXIT, sup, :shutdown}", sup));
        } else {
            CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, :eof}}"));
            while (cop_to_int(cop_map_get(cop_supervisor_count_children(cop_pid_term(sup)),
                                          COP(":active"), cop_nil())) > 0)
                cop_yield();
            check_no_message();
            CHECK_TERM(cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), CHECK_LIMIT_MS),
                       ":ok");
            CHECK_SAME(check_next(), cop_build("{:EXIT, sup, :normal}", sup));
        }
    }
    return cop_end();
}

/* SUP-31: the time is that of the child's specification, not kill_after. */
PROCESS_TEST(a_shutdown_has_the_time_of_the_specification)
{
    static const struct {
        const char *script;
        const char *options;
        const char *shutdown;
        bool is_orderly;
    } rows[] = {
        {"trap 'sleep 0.1; echo 1; exit 0' TERM; echo $$; while :; do sleep 1000 & wait; done",
         "[stdout: :owner, active: true, kill_after: 0]", "[shutdown: 20000]", true},
        {"trap 'sleep 0.1; echo 1; exit 0' TERM; echo $$; while :; do sleep 1000 & wait; done",
         "[stdout: :owner, active: true, kill_after: 0]", "[shutdown: :infinity]", true},
        {"trap '' TERM; echo $$; while :; do sleep 1000; done",
         "[stdout: :owner, active: true, kill_after: :infinity]", "[shutdown: 50]", false},
        {"trap 'echo 1' TERM; echo $$; while :; do sleep 1000 & wait; done",
         "[stdout: :owner, active: true]", "[shutdown: :brutal_kill]", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cop_trap_exit(true);
        cop_pid sup = supervise(child_of(rows[i].script, rows[i].options, rows[i].shutdown),
                                "[strategy: :one_for_one]");
        int os_pid = pidfd_open((pid_t)next_number(), 0);
        CHECK(os_pid >= 0);
        CHECK_TERM(cop_supervisor_terminate_child(cop_pid_term(sup), COP("OsProcess")), ":ok");
        CHECK(os_has_ended(os_pid));
        if (rows[i].is_orderly) {
            CHECK_INT(next_number(), 1);
            CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, :eof}}"));
        }
        check_no_message();
        CHECK_TERM(cop_supervisor_stop(cop_pid_term(sup), COP(":normal"), CHECK_LIMIT_MS), ":ok");
        CHECK(cop_match(check_next(), "{:EXIT, _, :normal}"));
    }
    return cop_end();
}

/* The supervisor is killed while it waits for a child: nobody waits then. */
PROCESS_TEST(a_killed_supervisor_leaves_no_program)
{
    cop_trap_exit(true);
    cop_pid sup = supervise(child_of("trap '' TERM; echo $$; while :; do sleep 1000; done",
                                     "[stdout: :owner, active: 1, kill_after: :infinity]",
                                     "[shutdown: :infinity]"),
                            "[strategy: :one_for_one]");
    int os_pid = pidfd_open((pid_t)next_number(), 0);
    CHECK(cop_match(check_next(), "{:os_process_passive, _}"));
    cop_exit_process(sup, COP(":shutdown")); /* stops the child, in no time that ends */
    CHECK(cop_is_alive(sup));
    cop_exit_process(sup, COP(":kill"));
    CHECK(cop_match(check_next(), "{:EXIT, _, :killed}"));
    CHECK(os_has_ended(os_pid));
    return cop_end();
}

PROCESS_TEST(children_have_ids)
{
    cop_term spec = cop_supervisor_child_spec(
        COP("{OsProcess, {\"sleep\", [1000], [id: :one, name: :two]}}"), COP("[]"));
    CHECK_TERM(spec, "%{id: :one, start: {OsProcess, :start_link, [{\"sleep\", [1000], [id: :one, "
                     "name: :two]}]}}");
    spec = cop_supervisor_child_spec(COP("{OsProcess, {\"true\", [], [name: :two]}}"), COP("[]"));
    CHECK_TERM(cop_map_get(spec, COP(":id"), cop_nil()), ":two");
    spec = cop_supervisor_child_spec(COP("{OsProcess, \"true\"}"), COP("[]"));
    CHECK_TERM(spec, "%{id: OsProcess, start: {OsProcess, :start_link, [\"true\"]}}");
    return cop_end();
}

static cop_next first_use(cop_term arg)
{
    (void)arg;
    CHECK_TERM(cop_os_process_run(cop_string("true"), COP("[]"), COP("[]")), "{:ok, {\"\", 0}}");
    return cop_end();
}

static int up(void **state)
{
    return check_start_node(state) != 0 ? -1 : check_settle(first_use, 1);
}

int main(void)
{
    const struct CMUnitTest ends[] = {
        cmocka_unit_test(after_sigkill_no_program_is_left),
        cmocka_unit_test(after_a_stop_no_program_is_left),
        cmocka_unit_test(a_second_node_has_its_own_guardian),
    };
    const struct CMUnitTest supervised[] = {
        cmocka_unit_test(a_crash_is_a_restart_with_intensity),
        cmocka_unit_test(an_end_with_status_0_is_normal),
        cmocka_unit_test(a_shutdown_has_the_time_of_the_specification),
        cmocka_unit_test(a_killed_supervisor_leaves_no_program),
        cmocka_unit_test(children_have_ids),
    };
    int failed = cmocka_run_group_tests(ends, NULL, NULL);
    return failed + cmocka_run_group_tests(supervised, up, check_stop_node);
}
