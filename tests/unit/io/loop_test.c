/* SPDX-License-Identifier: Apache-2.0 */
/* Seats and their loops: both wake each other, an idle node sleeps, a loop goes with its seat to
 * another thread, and a node may stop and start again. */
#include "support/check_process.h"

#include "coppice/fd.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void watch(int fd, cop_ref *ref)
{
    CHECK_INT(cop_fd_watch(fd, COP_FD_READABLE, ref), 0);
}

/* Sends each byte that comes on its descriptor back, until the end. */
static cop_next echo(cop_term arg)
{
    int fd = (int)cop_to_int(arg);
    cop_ref ref;
    char bytes[64];
    ssize_t n = -1;
    watch(fd, &ref);
    while (n != 0) {
        cop_term message = check_next();
        CHECK(cop_match(message, "{:fd, ^ref, :readable}", ref));
        n = read(fd, bytes, sizeof(bytes));
        CHECK(n >= 0 || errno == EAGAIN);
        if (n > 0) CHECK_INT(write(fd, bytes, (size_t)n), n);
        cop_fd_rearm(ref, COP_FD_READABLE);
    }
    cop_fd_unwatch(ref);
    close(fd);
    return cop_end();
}

/* Waits for one byte; the watch is armed before and after. What was told may have been taken by the
 * last read already. */
static void await_byte(int fd, cop_ref ref)
{
    char c;
    ssize_t n;
    do {
        cop_term message = check_next();
        CHECK(cop_match(message, "{:fd, ^ref, :readable}", ref));
        n = read(fd, &c, 1);
        CHECK(n == 1 || (n < 0 && errno == EAGAIN));
        cop_fd_rearm(ref, COP_FD_READABLE);
    } while (n < 0);
}

/* A byte to the echo and back, so often. */
static void go_round(int fd, int times)
{
    cop_ref ref;
    watch(fd, &ref);
    for (int i = 0; i < times; i++) {
        CHECK_INT(write(fd, "a", 1), 1);
        await_byte(fd, ref);
    }
    cop_fd_unwatch(ref);
}

static cop_pid start_echo(int *ret_fd)
{
    int fds[2];
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    *ret_fd = fds[0];
    return cop_spawn(echo, cop_int(fds[1]), NULL);
}

static void end_echo(cop_pid pid, int fd)
{
    cop_ref down = cop_monitor(cop_pid_term(pid));
    close(fd);
    CHECK_TERM(check_down(down), ":normal");
}

PROCESS_TEST(round_trips)
{
    int fd;
    cop_pid pid = start_echo(&fd);
    go_round(fd, check_scaled(500));
    end_echo(pid, fd);
    return cop_end();
}

static cop_next client(cop_term arg)
{
    int fd;
    cop_pid pid = start_echo(&fd);
    (void)arg;
    go_round(fd, check_scaled(50));
    end_echo(pid, fd);
    return cop_end();
}

PROCESS_TEST(many_at_once)
{
    cop_ref downs[40];
    for (int i = 0; i < 40; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &downs[i]};
        cop_spawn(client, cop_nil(), &opts);
    }
    for (int i = 0; i < 40; i++)
        CHECK_TERM(check_down(downs[i]), ":normal");
    return cop_end();
}

static int64_t cpu_us(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec +
           r.ru_stime.tv_usec;
}

/* A timer wakes a seat that sleeps in its loop; until then nothing runs. */
PROCESS_TEST(an_idle_node_sleeps)
{
    int fd;
    cop_pid pid = start_echo(&fd);
    go_round(fd, 10);
    cop_sleep(20);
    int64_t before = cpu_us();
    cop_sleep(300);
    CHECK(cpu_us() - before < 100000);
    end_echo(pid, fd);
    return cop_end();
}

static atomic_bool spins;

static cop_next spin(cop_term arg)
{
    (void)arg;
    while (atomic_load(&spins))
        continue;
    return cop_end();
}

/* More endless loops than seats: the seats, and the loops with them, go to other threads. */
PROCESS_TEST(a_loop_goes_with_its_seat)
{
    int fd;
    cop_ref downs[3];
    cop_pid pid = start_echo(&fd);
    atomic_store(&spins, true);
    for (int i = 0; i < 3; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &downs[i]};
        cop_spawn(spin, cop_nil(), &opts);
    }
    go_round(fd, 20);
    atomic_store(&spins, false);
    for (int i = 0; i < 3; i++)
        CHECK_TERM(check_down(downs[i]), ":normal");
    end_echo(pid, fd);
    return cop_end();
}

/* A process that is busy all the time, but comes to the runtime, keeps nobody from his loop. */
static cop_next chatter(cop_term arg)
{
    cop_term message;
    (void)arg;
    cop_send(cop_self(), COP(":again"));
    while (atomic_load(&spins)) {
        cop_receive(&message, COP_INFINITY);
        cop_send(cop_self(), COP(":again"));
    }
    return cop_end();
}

PROCESS_TEST(a_busy_seat_asks_its_loop)
{
    int fd;
    cop_ref downs[4];
    cop_pid pid = start_echo(&fd);
    atomic_store(&spins, true);
    for (int i = 0; i < 4; i++) {
        struct cop_spawn_opts opts = {.monitor = true, .ret_ref = &downs[i]};
        cop_spawn(chatter, cop_nil(), &opts);
    }
    go_round(fd, 50);
    atomic_store(&spins, false);
    for (int i = 0; i < 4; i++)
        CHECK_TERM(check_down(downs[i]), ":normal");
    end_echo(pid, fd);
    return cop_end();
}

/* Ends only with the node; the other end of its pair goes with the watch. */
static cop_next leave_open(cop_term arg)
{
    int fds[2];
    cop_ref ref;
    (void)arg;
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    watch(fds[0], &ref);
    close(fds[0]);
    close(fds[1]);
    cop_fd_rearm(ref, 0);
    cop_sleep(1000000);
    return cop_end();
}

static void nodes_stop_with_open_watches(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++) {
        struct cop_node_opts opts = {.schedulers = i};
        assert_int_equal(cop_node_start(&opts), 0);
        for (int j = 0; j < 5; j++)
            cop_spawn(leave_open, cop_nil(), NULL);
        assert_true(cop_run(client, cop_nil(), NULL, 0));
        cop_node_stop();
    }
}

static cop_next refused(cop_term arg)
{
    cop_ref ref;
    (void)arg;
    if (cop_fd_watch(0, COP_FD_READABLE, &ref) != -ENOTSUP) cop_exit(COP(":was_not_refused"));
    return cop_end();
}

static void seeded_nodes_refuse(void **state)
{
    struct cop_node_opts opts = {.seed = 7};
    (void)state;
    assert_int_equal(cop_node_start(&opts), 0);
    assert_true(cop_run(refused, cop_nil(), NULL, 0));
    cop_node_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(an_idle_node_sleeps),
        cmocka_unit_test(a_loop_goes_with_its_seat),
        cmocka_unit_test(a_busy_seat_asks_its_loop),
    };
    const struct CMUnitTest nodes[] = {
        cmocka_unit_test(nodes_stop_with_open_watches),
        cmocka_unit_test(seeded_nodes_refuse),
    };
    int failed = cmocka_run_group_tests(tests, check_start_node, check_stop_node);
    return failed + cmocka_run_group_tests(nodes, NULL, NULL);
}
