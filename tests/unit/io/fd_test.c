/* SPDX-License-Identifier: Apache-2.0 */
/* cop_fd_watch: what is told, when, to whom, and what becomes of it. */
#include "support/check_process.h"

#include "coppice/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static void pair(int fds[2])
{
    CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
}

static void close_pair(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static void poke(int fd)
{
    CHECK_INT(write(fd, "x", 1), 1);
}

static void take(int fd)
{
    char c;
    CHECK_INT(read(fd, &c, 1), 1);
}

static cop_ref watch(int fd, unsigned conditions)
{
    cop_ref ref;
    CHECK_INT(cop_fd_watch(fd, conditions, &ref), 0);
    return ref;
}

static cop_term told(cop_ref ref, const char *condition)
{
    return cop_tuple(COP(":fd"), ref, check_parse(condition));
}

PROCESS_TEST(readable_is_told_once)
{
    int fds[2];
    pair(fds);
    cop_ref ref = watch(fds[0], COP_FD_READABLE);
    check_no_message();
    poke(fds[1]);
    CHECK_SAME(check_next(), told(ref, ":readable"));
    poke(fds[1]); /* not armed: nothing is said, also not when others are served meanwhile */
    cop_ref other = watch(fds[1], COP_FD_WRITABLE);
    CHECK_SAME(check_next(), told(other, ":writable"));
    check_no_message();
    cop_fd_rearm(ref, COP_FD_READABLE); /* both bytes wait: told at once */
    CHECK_SAME(check_next(), told(ref, ":readable"));
    take(fds[0]);
    take(fds[0]);
    cop_fd_rearm(ref, COP_FD_READABLE);
    check_no_message();
    poke(fds[1]);
    CHECK_SAME(check_next(), told(ref, ":readable"));
    cop_fd_unwatch(ref);
    cop_fd_unwatch(other);
    close_pair(fds);
    return cop_end();
}

PROCESS_TEST(conditions_are_told_and_taken_back_one_by_one)
{
    int fds[2];
    pair(fds);
    cop_ref ref = watch(fds[0], COP_FD_READABLE | COP_FD_WRITABLE);
    CHECK_SAME(check_next(), told(ref, ":writable"));
    check_no_message();
    poke(fds[1]);
    CHECK_SAME(check_next(), told(ref, ":readable"));
    cop_fd_rearm(ref, 0);
    check_no_message();
    cop_fd_rearm(ref, COP_FD_WRITABLE);
    CHECK_SAME(check_next(), told(ref, ":writable"));
    cop_fd_unwatch(ref);
    close_pair(fds);
    return cop_end();
}

PROCESS_TEST(hang_up_is_readable)
{
    int fds[2];
    pair(fds);
    cop_ref ref = watch(fds[0], COP_FD_READABLE);
    close(fds[1]);
    CHECK_SAME(check_next(), told(ref, ":readable"));
    close(fds[0]); /* also before the end of the watch */
    cop_fd_unwatch(ref);
    return cop_end();
}

PROCESS_TEST(unwatch_takes_messages_back)
{
    int fds[2];
    pair(fds);
    cop_ref ref = watch(fds[0], COP_FD_WRITABLE);
    cop_ref other = watch(fds[0], COP_FD_WRITABLE); /* a second watch of the same descriptor */
    cop_term first = check_next();
    cop_term second = check_next();
    CHECK(!cop_identical(first, second));
    cop_send(cop_self(), first);
    cop_send(cop_self(), second);
    cop_fd_unwatch(ref);
    CHECK_SAME(check_next(), told(other, ":writable"));
    check_no_message();
    cop_fd_unwatch(ref); /* it is over: nothing */
    cop_fd_unwatch(other);
    close_pair(fds);
    return cop_end();
}

static cop_term rearm(void *arg)
{
    cop_fd_rearm(*(const cop_ref *)arg, COP_FD_READABLE);
    return cop_ok();
}

static cop_term rearm_badly(void *arg)
{
    cop_fd_rearm(*(const cop_ref *)arg, 4);
    return cop_ok();
}

static cop_term unwatch(void *arg)
{
    cop_fd_unwatch(*(const cop_ref *)arg);
    return cop_ok();
}

static cop_term use_others(cop_term ref)
{
    cop_ref r = cop_to_ref(ref);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", rearm, &r);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", unwatch, &r);
    return cop_ok();
}

PROCESS_TEST(misuse)
{
    int fds[2];
    cop_ref ref = cop_make_ref();
    pair(fds);
    CHECK_INT(cop_fd_watch(-1, COP_FD_READABLE, &ref), -EBADF);
    int plain = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CHECK_INT(cop_fd_watch(plain, COP_FD_READABLE, &ref), -EPERM);
    close(plain);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", rearm, &ref);
    ref = watch(fds[0], COP_FD_READABLE);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", rearm_badly, &ref);
    cop_pid other = puppet_start();
    puppet_call(other, use_others, cop_ref_term(ref));
    cop_fd_unwatch(ref);
    CHECK_RAISES(COP_CLASS_ERROR, ":badarg", rearm, &ref);
    close_pair(fds);
    return cop_end();
}

static cop_term watch_for_test(cop_term fd)
{
    return cop_ref_term(watch((int)cop_to_int(fd), COP_FD_READABLE));
}

/* The duplicate of the watch goes with the process: then the peer of a closed pair sees its end. */
PROCESS_TEST(a_watch_ends_with_its_process)
{
    for (int i = 0; i < 50; i++) {
        int fds[2];
        char c;
        pair(fds);
        cop_pid owner = puppet_start();
        puppet_call(owner, watch_for_test, cop_int(fds[0]));
        close(fds[0]);
        cop_ref end = watch(fds[1], COP_FD_READABLE);
        if (i % 2 == 0)
            puppet_end(owner);
        else
            cop_exit_process(owner, COP(":kill"));
        CHECK_SAME(check_next(), told(end, ":readable"));
        CHECK_INT(read(fds[1], &c, 1), 0);
        cop_fd_unwatch(end);
        close(fds[1]);
    }
    return cop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readable_is_told_once),
        cmocka_unit_test(conditions_are_told_and_taken_back_one_by_one),
        cmocka_unit_test(hang_up_is_readable),
        cmocka_unit_test(unwatch_takes_messages_back),
        cmocka_unit_test(misuse),
        cmocka_unit_test(a_watch_ends_with_its_process),
    };
    return cmocka_run_group_tests(tests, check_start_node, check_stop_node);
}
