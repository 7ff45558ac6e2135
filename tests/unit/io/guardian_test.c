/* SPDX-License-Identifier: Apache-2.0 */
/* The guardian without a node: starting, failing, signals, limits, and that nothing outlives who
 * has started it, nor the guardian itself. */
#include "io/guardian.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "os_support.h"
#include "support/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* --- Help ------------------------------------------------------------------------------------- */

static struct cop__guardian guardian;
static uint64_t last_id;

static int up(void **state)
{
    (void)state;
    return cop__guardian_start(&guardian);
}

static int down(void **state)
{
    (void)state;
    return cop__guardian_stop(&guardian) ? 0 : 1;
}

/* A program with its arguments, in a directory, with one variable; its output goes to fds[1]. */
static uint64_t spawn_with(const char *directory, const char *const *argv, int input, int output,
                           const struct cop__guardian_limit *limit)
{
    struct cop__guardian_request r = {.kind = COP__GUARDIAN_SPAWN, .id = ++last_id, .envc = 2};
    COP_CLEANUP(cop__buf_fini) struct cop__buf texts = {0};
    cop__buf_append(&texts, argv[0], strlen(argv[0]) + 1);
    cop__buf_append(&texts, directory, strlen(directory) + 1);
    for (; argv[r.argc] != NULL; r.argc++)
        cop__buf_append(&texts, argv[r.argc], strlen(argv[r.argc]) + 1);
    static const char variables[] = "PATH=/usr/bin:/bin\0COLOUR=green";
    cop__buf_append(&texts, variables, sizeof(variables));
    r.texts_size = texts.len;
    if (limit != NULL) {
        r.limit_count = 1;
        r.limits[0] = *limit;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fds[COP__GUARDIAN_FDS] = {cop__guardian_texts(texts.data, texts.len),
                                  input < 0 ? null : input, output < 0 ? null : output, null};
    assert_true(fds[0] >= 0);
    assert_int_equal(cop__guardian_send(&guardian, &r, fds), 0);
    (void)close(fds[0]);
    (void)close(null);
    return r.id;
}

static uint64_t spawn_sh(const char *script, int output)
{
    return spawn_with("/", (const char *const[]){"/bin/sh", "-c", script, NULL}, -1, output, NULL);
}

static struct cop__guardian_reply next_reply(void)
{
    struct cop__guardian_reply r = {0};
    struct pollfd p = {.fd = guardian.socket, .events = POLLIN};
    assert_int_equal(poll(&p, 1, OS_LIMIT_MS), 1);
    assert_int_equal(cop__guardian_receive(&guardian, &r), 1);
    return r;
}

static struct cop__guardian_reply expect(uint32_t kind, uint64_t id)
{
    struct cop__guardian_reply r = next_reply();
    assert_int_equal(r.kind, kind);
    assert_int_equal(r.id, id);
    return r;
}

/* Its pid. */
static pid_t expect_running(uint64_t id)
{
    pid_t pid = expect(COP__GUARDIAN_FORKED, id).os_pid;
    assert_true(pid > 0);
    assert_int_equal(expect(COP__GUARDIAN_RUNNING, id).os_pid, pid);
    return pid;
}

static void send_signal(uint64_t id, int number)
{
    const struct cop__guardian_request r = {
        .kind = COP__GUARDIAN_SIGNAL, .id = id, .signal = number};
    assert_int_equal(cop__guardian_send(&guardian, &r, NULL), 0);
}

static void open_pipe(int fds[2])
{
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
}

/* --- Start and end ---------------------------------------------------------------------------- */

static void a_program_runs_and_its_status_is_told(void **state)
{
    (void)state;
    uint64_t id = spawn_sh("exit 7", -1);
    pid_t pid = expect_running(id);
    struct cop__guardian_reply r = expect(COP__GUARDIAN_ENDED, id);
    assert_int_equal(r.os_pid, pid);
    assert_true(WIFEXITED(r.status));
    assert_int_equal(WEXITSTATUS(r.status), 7);
    assert_true(r.rss_max > 100000);
}

static void it_gets_its_arguments_variables_and_directory(void **state)
{
    (void)state;
    int out[2];
    char text[128] = "";
    open_pipe(out);
    const char *script = "echo $0 $1 $COLOUR $HOME; pwd; "
                         "cat /proc/self/stat | cut -d' ' -f5";
    uint64_t id =
        spawn_with("/usr", (const char *const[]){"/bin/sh", "-c", script, "name", "a b", NULL}, -1,
                   out[1], NULL);
    (void)close(out[1]);
    pid_t pid = expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
    assert_true(read(out[0], text, sizeof(text) - 1) > 0);
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), "name a b green\n/usr\n%d\n", pid);
    assert_string_equal(text, wanted); /* the last: it leads a group of its own */
    (void)close(out[0]);
}

static void input_reaches_it(void **state)
{
    (void)state;
    int in[2];
    int out[2];
    char text[8] = "";
    open_pipe(in);
    open_pipe(out);
    uint64_t id = spawn_with("/", (const char *const[]){"/bin/cat", NULL}, in[0], out[1], NULL);
    (void)close(in[0]);
    (void)close(out[1]);
    (void)expect_running(id);
    assert_int_equal(write(in[1], "hello", 5), 5);
    (void)close(in[1]); /* nobody else has it open: cat sees the end */
    struct cop__guardian_reply r = expect(COP__GUARDIAN_ENDED, id);
    assert_int_equal(r.status, 0);
    assert_int_equal(read(out[0], text, sizeof(text)), 5);
    assert_string_equal(text, "hello");
    (void)close(out[0]);
}

static void failures_name_their_stage(void **state)
{
    (void)state;
    const char *const none[] = {"/no/such/program", NULL};
    const char *const file[] = {"/etc/passwd", NULL};
    const char *const sh[] = {"/bin/sh", "-c", "exit 0", NULL};
    const struct {
        const char *directory;
        const char *const *argv;
        int stage;
        int error;
    } rows[] = {{"/", none, COP__GUARDIAN_AT_EXEC, ENOENT},
                {"/", file, COP__GUARDIAN_AT_EXEC, EACCES},
                {"/no/such/directory", sh, COP__GUARDIAN_AT_DIRECTORY, ENOENT},
                {"/etc/passwd", sh, COP__GUARDIAN_AT_DIRECTORY, ENOTDIR}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t id = spawn_with(rows[i].directory, rows[i].argv, -1, -1, NULL);
        (void)expect(COP__GUARDIAN_FORKED, id);
        struct cop__guardian_reply r = expect(COP__GUARDIAN_FAILED, id);
        assert_int_equal(r.stage, rows[i].stage);
        assert_int_equal(r.error, rows[i].error);
    }
    /* and no end of theirs is told */
    uint64_t id = spawn_sh("exit 0", -1);
    (void)expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
}

static void limits_hold_in_the_program_alone(void **state)
{
    (void)state;
    int out[2];
    open_pipe(out);
    const struct cop__guardian_limit files = {.resource = RLIMIT_NOFILE, .value = 17};
    uint64_t id = spawn_with("/", (const char *const[]){"/bin/sh", "-c", "ulimit -n", NULL}, -1,
                             out[1], &files);
    (void)expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
    assert_int_equal(os_read_number(out[0]), 17);
    id = spawn_sh("ulimit -n", out[1]);
    (void)expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
    assert_true(os_read_number(out[0]) > 17);
    (void)close(out[0]);
    (void)close(out[1]);
}

/* Which descriptors it has. */
static void no_descriptor_leaks_into_it(void **state)
{
    (void)state;
    int out[2];
    char text[64] = "";
    open_pipe(out);
    int leaky = dup(out[0]); /* of the node's, without the flag */
    uint64_t id =
        spawn_with("/", (const char *const[]){"/bin/ls", "/proc/self/fd", NULL}, -1, out[1], NULL);
    (void)expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
    (void)close(out[1]);
    assert_true(read(out[0], text, sizeof(text) - 1) > 0);
    assert_string_equal(text, "0\n1\n2\n3\n"); /* 3 is the directory that it reads */
    (void)close(out[0]);
    (void)close(leaky);
}

/* --- Signals and groups ----------------------------------------------------------------------- */

static void a_signal_goes_to_the_whole_group(void **state)
{
    (void)state;
    int out[2];
    open_pipe(out);
    uint64_t id = spawn_sh("sleep 1000 & echo $!; wait", out[1]);
    (void)expect_running(id);
    int inner = pidfd_open((pid_t)os_read_number(out[0]), 0);
    assert_true(inner >= 0);
    send_signal(id, SIGTERM);
    struct cop__guardian_reply r = expect(COP__GUARDIAN_ENDED, id);
    assert_true(WIFSIGNALED(r.status));
    assert_int_equal(WTERMSIG(r.status), SIGTERM);
    assert_true(os_has_ended(inner));
    send_signal(id, SIGTERM); /* to nobody */
    (void)close(out[0]);
    (void)close(out[1]);
}

static void the_rest_of_a_group_goes_with_its_leader(void **state)
{
    (void)state;
    int out[2];
    open_pipe(out);
    /* The inner one ignores what it can, and the leader ends when its input is at its end. */
    int in[2];
    open_pipe(in);
    uint64_t id = spawn_with("/",
                             (const char *const[]){"/bin/sh", "-c",
                                                   "(trap '' TERM HUP; sleep 1000) & echo $!; "
                                                   "read line; exit 0",
                                                   NULL},
                             in[0], out[1], NULL);
    (void)close(in[0]);
    (void)expect_running(id);
    int inner = pidfd_open((pid_t)os_read_number(out[0]), 0);
    assert_true(inner >= 0);
    (void)close(in[1]);
    assert_int_equal(expect(COP__GUARDIAN_ENDED, id).status, 0);
    assert_true(os_has_ended(inner));
    (void)close(out[0]);
    (void)close(out[1]);
}

static void a_child_has_no_signal_blocked_or_ignored(void **state)
{
    (void)state;
    int out[2];
    char text[256] = "";
    unsigned long blocked = 1;
    unsigned long ignored = 1;
    open_pipe(out);
    uint64_t id = spawn_with(
        "/", (const char *const[]){"/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status", NULL},
        -1, out[1], NULL);
    (void)close(out[1]);
    (void)expect_running(id);
    (void)expect(COP__GUARDIAN_ENDED, id);
    assert_true(read(out[0], text, sizeof(text) - 1) > 0);
    assert_int_equal(sscanf(text, "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
    assert_int_equal(blocked, 0);
    assert_int_equal(ignored & 0x7fffffff, 0); /* the C library ignores 32 and 33 of its own */
    (void)close(out[0]);
}

static void a_hundred_at_once(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    int running = 0;
    int ended = 0;
    uint64_t first = last_id + 1;
    for (int i = 0; i < COUNT; i++)
        (void)spawn_with("/", (const char *const[]){"/bin/sleep", "1000", NULL}, -1, -1, NULL);
    while (running < COUNT)
        running += next_reply().kind == COP__GUARDIAN_RUNNING;
    for (int i = 0; i < COUNT; i++)
        send_signal(first + (uint64_t)i, SIGKILL);
    while (ended < COUNT) {
        struct cop__guardian_reply r = next_reply();
        assert_int_equal(r.kind, COP__GUARDIAN_ENDED);
        assert_int_equal(WTERMSIG(r.status), SIGKILL);
        ended++;
    }
}

/* How many descriptors the guardian has. */
static int guardian_fds(void)
{
    char path[64];
    int count = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", guardian.pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d) != NULL)
        count++;
    (void)closedir(d);
    return count;
}

static void it_keeps_no_descriptors(void **state)
{
    (void)state;
    const char *const none[] = {"/no/such/program", NULL};
    int before = guardian_fds();
    for (int i = 0; i < 10; i++) {
        uint64_t id = spawn_with("/", none, -1, -1, NULL);
        (void)expect(COP__GUARDIAN_FORKED, id);
        (void)expect(COP__GUARDIAN_FAILED, id);
        id = spawn_sh("exit 0", -1);
        (void)expect_running(id);
        (void)expect(COP__GUARDIAN_ENDED, id);
    }
    assert_int_equal(guardian_fds(), before);
}

/* --- Nothing is left -------------------------------------------------------------------------- */

/* A node: starts a guardian and a program whose child ignores signals, tells both numbers, waits.
 * leak: an innocent process that inherits the node's end of the socket. */
static void be_node(int tell, bool leak)
{
    struct cop__guardian_reply r = {0};
    int out[2];
    char line[32];
    if (cop__guardian_start(&guardian) != 0) _exit(1);
    if (pipe2(out, O_CLOEXEC) != 0) _exit(1);
    (void)spawn_sh("(trap '' TERM; sleep 1000) & echo $!; trap '' TERM; sleep 1000", out[1]);
    while (r.kind != COP__GUARDIAN_RUNNING)
        (void)cop__guardian_receive(&guardian, &r);
    int len = snprintf(line, sizeof(line), "%d\n%ld\n%d\n", r.os_pid, os_read_number(out[0]),
                       guardian.pid);
    pid_t other = leak ? fork() : -1;
    if (other == 0) {
        (void)close(tell);
        for (;;)
            (void)pause();
    }
    (void)!write(tell, line, (size_t)len);
    (void)dprintf(tell, "%d\n", other);
    for (;;)
        (void)pause();
}

static void after_sigkill_of_the_node_nothing_is_left(void **state)
{
    for (int leak = 0; leak < 2; leak++) {
        int tell[2];
        open_pipe(tell);
        pid_t node = fork();
        if (node == 0) be_node(tell[1], leak != 0);
        (void)close(tell[1]);
        int outer = pidfd_open((pid_t)os_read_number(tell[0]), 0);
        int inner = pidfd_open((pid_t)os_read_number(tell[0]), 0);
        int helper = pidfd_open((pid_t)os_read_number(tell[0]), 0);
        pid_t other = (pid_t)os_read_number(tell[0]);
        assert_true(outer >= 0 && inner >= 0 && helper >= 0);
        assert_int_equal(kill(node, SIGKILL), 0);
        assert_int_equal(waitpid(node, NULL, 0), node);
        assert_true(os_has_ended(outer));
        assert_true(os_has_ended(inner));
        assert_true(os_has_ended(helper));
        if (leak != 0) (void)kill(other, SIGKILL);
        (void)close(tell[0]);
    }
    (void)state;
}

static void stopping_it_ends_all_first(void **state)
{
    (void)state;
    struct cop__guardian outer = guardian;
    assert_int_equal(cop__guardian_start(&guardian), 0);
    uint64_t id = spawn_sh("trap '' TERM; sleep 1000", -1);
    pid_t pid = expect_running(id);
    assert_true(cop__guardian_stop(&guardian));
    assert_int_equal(kill(pid, 0), -1); /* not even a zombie */
    assert_int_equal(errno, ESRCH);
    guardian = outer;
}

/* Only SIGKILL ends it: the node sees that, and has been told all groups. */
static void the_node_sees_the_end_of_the_guardian(void **state)
{
    (void)state;
    struct cop__guardian outer = guardian;
    struct cop__guardian_reply r;
    assert_int_equal(cop__guardian_start(&guardian), 0);
    for (int number = 1; number < 32; number++)
        if (number != SIGKILL && number != SIGSTOP) (void)kill(guardian.pid, number);
    uint64_t id = spawn_sh("sleep 1000", -1);
    pid_t pid = expect_running(id);
    (void)kill(guardian.pid, SIGKILL);
    struct pollfd p = {.fd = guardian.socket, .events = POLLIN};
    assert_int_equal(poll(&p, 1, OS_LIMIT_MS), 1);
    assert_true(cop__guardian_receive(&guardian, &r) < 0);
    assert_true(cop__guardian_stop(&guardian));
    int child = pidfd_open(pid, 0);
    (void)kill(-pid, SIGKILL);
    assert_true(os_has_ended(child));
    guardian = outer;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_runs_and_its_status_is_told),
        cmocka_unit_test(it_gets_its_arguments_variables_and_directory),
        cmocka_unit_test(input_reaches_it),
        cmocka_unit_test(failures_name_their_stage),
        cmocka_unit_test(limits_hold_in_the_program_alone),
        cmocka_unit_test(no_descriptor_leaks_into_it),
        cmocka_unit_test(a_signal_goes_to_the_whole_group),
        cmocka_unit_test(the_rest_of_a_group_goes_with_its_leader),
        cmocka_unit_test(a_child_has_no_signal_blocked_or_ignored),
        cmocka_unit_test(a_hundred_at_once),
        cmocka_unit_test(it_keeps_no_descriptors),
        cmocka_unit_test(after_sigkill_of_the_node_nothing_is_left),
        cmocka_unit_test(stopping_it_ends_all_first),
        cmocka_unit_test(the_node_sees_the_end_of_the_guardian),
    };
    return cmocka_run_group_tests(tests, up, down);
}
