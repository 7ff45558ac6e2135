/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as processes: input, output, ends, errors, limits. With real programs. */
#include "support/check_process.h"

#include "coppice/gen_server.h"
#include "coppice/logger.h"
#include "coppice/os_process.h"
#include "coppice/port.h"
#include "os_support.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- Help ------------------------------------------------------------------------------------- */

/* A shell with a script and options in Elixir's syntax. */
static cop_pid start_sh(const char *script, const char *options)
{
    cop_pid pid = cop_no_pid();
    cop_expect(cop_os_process_start(cop_string("sh"),
                                    cop_list(cop_string("-c"), cop_string(script)),
                                    check_parse(options)),
               "{:ok, pid}", pid);
    return pid;
}

static cop_term read_next(cop_pid p)
{
    return cop_os_process_read(cop_pid_term(p), CHECK_LIMIT_MS);
}

static int64_t info_int(cop_pid p, const char *key)
{
    return cop_to_int(cop_map_get(cop_os_process_info(cop_pid_term(p)), cop_atom(key), cop_nil()));
}

/* The reason with which a script ends; linked from its start, however soon that is over. */
static cop_term end_of(const char *script, const char *options)
{
    cop_term reason = cop_nil();
    cop_pid pid = cop_no_pid();
    cop_trap_exit(true);
    cop_expect(cop_os_process_start_link(cop_string("sh"),
                                         cop_list(cop_string("-c"), cop_string(script)),
                                         check_parse(options)),
               "{:ok, pid}", pid);
    cop_expect(check_next(), "{:EXIT, ^pid, reason}", pid, reason);
    return reason;
}

static int open_pid(int64_t os_pid)
{
    int fd = pidfd_open((pid_t)os_pid, 0);
    CHECK(fd >= 0);
    return fd;
}

/* The next message of an active process, which must be a piece of stdout with a number. */
static int64_t next_number(void)
{
    cop_bytes data = {NULL, 0};
    cop_expect(check_next(), "{:os_process, _, {:stdout, data}}", data);
    return strtol(data.data, NULL, 10);
}

/* --- Output ----------------------------------------------------------------------------------- */

PROCESS_TEST(a_passive_owner_reads)
{
    cop_pid p = start_sh("echo one; echo two >&2; exit 0", "[stdout: :owner, stderr: :owner]");
    cop_ref ref = cop_monitor(p);
    cop_term pieces = cop_list(read_next(p), read_next(p));
    CHECK(check_list_has(pieces, COP("{:ok, {:stdout, \"one\\n\"}}")));
    CHECK(check_list_has(pieces, COP("{:ok, {:stderr, \"two\\n\"}}")));
    CHECK(cop_is_alive(p)); /* until the owner knows of the end */
    CHECK_TERM(read_next(p), "{:error, :eof}");
    CHECK_TERM(check_down(ref), ":normal");
    return cop_end();
}

PROCESS_TEST(a_read_gives_up_and_loses_nothing)
{
    cop_pid p = start_sh("read line; echo $line", "[stdout: :owner]");
    CHECK_TERM(cop_os_process_read(cop_pid_term(p), 0), "{:error, :timeout}");
    CHECK_TERM(cop_os_process_read(cop_pid_term(p), 10), "{:error, :timeout}");
    CHECK_TERM(cop_os_process_send(p, "late\n", CHECK_LIMIT_MS), ":ok");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"late\\n\"}}");
    CHECK_TERM(read_next(p), "{:error, :eof}");
    return cop_end();
}

PROCESS_TEST(an_active_owner_gets_messages)
{
    cop_pid p = start_sh("printf 'a\\r\\nb\\n\\nc'", "[stdout: :owner, packet: :line, active: 2]");
    cop_ref ref = cop_monitor(p);
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"a\"}}", p));
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"b\"}}", p));
    CHECK_SAME(check_next(), cop_build("{:os_process_passive, p}", p));
    CHECK_TERM(cop_map_get(cop_os_process_info(cop_pid_term(p)), COP(":active"), cop_nil()),
               "false");
    check_no_message();
    CHECK_TERM(cop_os_process_set_options(cop_pid_term(p), COP("[active: :once]")), ":ok");
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"\"}}", p));
    CHECK_SAME(check_next(), cop_build("{:os_process_passive, p}", p));
    check_no_message();
    CHECK_TERM(cop_os_process_set_options(cop_pid_term(p), COP("[active: true]")), ":ok");
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"c\"}}", p));
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, :eof}}", p));
    CHECK_TERM(check_down(ref), ":normal");
    check_no_message();
    return cop_end();
}

PROCESS_TEST(numbers_of_active_add_up)
{
    cop_pid p = start_sh("read line; printf '1\\n2\\n3\\n4\\n'; read line",
                         "[stdout: :owner, packet: :line, active: 1]");
    CHECK_TERM(cop_os_process_set_options(cop_pid_term(p), COP("[active: 2]")), ":ok");
    CHECK_TERM(cop_os_process_send(p, "go\n", CHECK_LIMIT_MS), ":ok");
    for (int i = 1; i <= 3; i++)
        CHECK_INT(next_number(), i);
    CHECK_SAME(check_next(), cop_build("{:os_process_passive, p}", p));
    check_no_message();
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"4\"}}");
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

PROCESS_TEST(long_lines_come_in_pieces)
{
    cop_pid p = start_sh("printf 'abcdefgh\\nxy\\n1234\\n'",
                         "[stdout: :owner, packet: :line, line_max: 4]");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"abcd\"}}");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"efgh\"}}");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"\"}}");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"xy\"}}");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"1234\"}}");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"\"}}");
    CHECK_TERM(read_next(p), "{:error, :eof}");
    return cop_end();
}

/* A program that prints without end, and an owner who takes nothing. */
PROCESS_TEST(a_flood_waits_for_its_owner)
{
    cop_pid p = start_sh("exec yes", "[stdout: :owner, active: :once]");
    CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, _}}"));
    CHECK_SAME(check_next(), cop_build("{:os_process_passive, p}", p));
    int64_t bytes = info_int(p, "stdout");
    CHECK(bytes > 0 && bytes <= 65536);
    for (int i = 0; i < 20; i++) {
        CHECK(cop_match(read_next(p), "{:ok, {:stdout, _}}"));
        CHECK(info_int(p, "stdout") <= bytes + 65536);
        bytes = info_int(p, "stdout");
    }
    check_no_message();
    CHECK_INT(info_int(p, "stdout"), bytes);
    CHECK(cop_to_int(check_info(p, "memory")) < 300000);
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

static bool is_log(cop_term message, void *arg)
{
    (void)arg;
    return cop_match(message, "{:log, _, _, _}");
}

static cop_term next_log(int64_t os_pid)
{
    for (;;) {
        cop_term text, level;
        cop_term message = cop_nil();
        char start[32];
        int len = snprintf(start, sizeof(start), "sh[%lld]: ", (long long)os_pid);
        CHECK(cop_receive_if(is_log, NULL, &message, CHECK_LIMIT_MS));
        cop_expect(message, "{:log, level, text, _}", level, text);
        cop_bytes t = cop_to_bytes(text);
        if (t.len >= (size_t)len && memcmp(t.data, start, (size_t)len) == 0)
            return cop_tuple(level, cop_binary(t.data + len, t.len - (size_t)len));
    }
}

PROCESS_TEST(lines_go_to_the_log)
{
    CHECK(cop_logger_add_process(COP(":test"), COP_DEBUG_LEVEL, cop_pid_term(cop_self())));
    cop_pid p = start_sh("read go; printf 'one\\n\\033[2Jtwo\\n'; read go; echo oops >&2; "
                         "read go; printf rest",
                         "[]");
    int64_t os_pid = info_int(p, "os_pid");
    cop_ref ref = cop_monitor(p);
    CHECK_TERM(cop_os_process_send(p, "\n", CHECK_LIMIT_MS), ":ok");
    CHECK_TERM(next_log(os_pid), "{:info, \"one\"}");
    CHECK_TERM(next_log(os_pid), "{:info, \"?[2Jtwo\"}");
    CHECK_TERM(cop_os_process_send(p, "\n", CHECK_LIMIT_MS), ":ok");
    CHECK_TERM(next_log(os_pid), "{:warning, \"oops\"}");
    CHECK_TERM(cop_os_process_send(p, "\n", CHECK_LIMIT_MS), ":ok");
    CHECK_TERM(next_log(os_pid), "{:info, \"rest\"}");
    CHECK_TERM(check_down(ref), ":normal");
    CHECK(cop_logger_remove_handler(COP(":test")));
    return cop_end();
}

/* --- Input ------------------------------------------------------------------------------------ */

PROCESS_TEST(what_is_sent_is_read)
{
    cop_pid p = start_sh("exec cat", "[stdout: :owner]");
    cop_ref ref = cop_monitor(p);
    CHECK_TERM(cop_os_process_send(p, COP("[\"a\", [98, [\"c\"]] | \"d\"]"), CHECK_LIMIT_MS),
               ":ok");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"abcd\"}}");
    CHECK_INT(info_int(p, "stdin"), 4);
    CHECK_TERM(cop_os_process_close_stdin(cop_pid_term(p)), ":ok");
    CHECK_TERM(cop_os_process_send(p, "e", CHECK_LIMIT_MS), "{:error, :closed}");
    CHECK_TERM(read_next(p), "{:error, :eof}");
    CHECK_TERM(check_down(ref), ":normal");
    return cop_end();
}

PROCESS_TEST(a_sender_waits_for_who_does_not_read)
{
    size_t size = 1 << 20;
    char *zeros = cop_alloc(size);
    cop_pid p = start_sh("trap 'exec cat >/dev/null' USR1; echo ready; "
                         "while :; do sleep 1000 & wait; done",
                         "[stdout: :owner]");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"ready\\n\"}}");
    cop_ref id = cop_gen_server_send_request(cop_pid_term(p),
                                             cop_tuple(COP(":send"), cop_binary(zeros, size)));
    while (info_int(p, "stdin") < 65536)
        cop_yield();
    CHECK_TERM(cop_gen_server_wait_response(id, 20), ":timeout");
    CHECK_INT(info_int(p, "stdin"), 65536); /* what a pipe holds */
    CHECK_TERM(cop_os_process_signal(cop_pid_term(p), COP(":sigusr1")), ":ok");
    CHECK_TERM(cop_gen_server_receive_response(id, CHECK_LIMIT_MS), "{:reply, :ok}");
    CHECK_INT(info_int(p, "stdin"), (int64_t)size);
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

PROCESS_TEST(a_program_may_close_its_input)
{
    cop_pid p = start_sh("exec <&-; echo closed; read -r x <&3 || exec sleep 1000",
                         "[stdout: :owner, stderr: :null]");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"closed\\n\"}}");
    CHECK_TERM(cop_os_process_send(p, "x", CHECK_LIMIT_MS), "{:error, :epipe}");
    CHECK_TERM(cop_os_process_send(p, "x", CHECK_LIMIT_MS), "{:error, :epipe}");
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    p = start_sh("exec sleep 1000", "[stdin: :null]");
    CHECK_TERM(cop_os_process_send(p, "x", CHECK_LIMIT_MS), "{:error, :closed}");
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

/* --- Ends ------------------------------------------------------------------------------------- */

PROCESS_TEST(the_end_of_a_program_is_a_reason)
{
    static const struct {
        const char *script;
        const char *options;
        const char *reason;
    } rows[] = {
        {"exit 0", "[]", ":normal"},
        {"exit 1", "[]", "{:exit_status, 1}"},
        {"exit 255", "[]", "{:exit_status, 255}"},
        {"kill -SEGV $$", "[]", "{:signal, :sigsegv}"},
        {"kill -TERM $$", "[]", "{:signal, :sigterm}"},
        {"exec sleep 1000", "[timeout: 20]", ":timeout"},
        {"trap '' TERM; echo; sleep 1000", "[timeout: 20, kill_after: 20]", ":timeout"},
        {"while :; do :; done", "[limits: [cpu: 0]]", "{:signal, :sigxcpu}"},
        {"ulimit -v | grep -qx 1000000 || exit 9", "[limits: [memory: 1024000000]]", ":normal"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_TERM(end_of(rows[i].script, rows[i].options), rows[i].reason);
    return cop_end();
}

/* The status of a program that was short comes after its output. */
PROCESS_TEST(output_is_not_lost_at_the_end)
{
    for (int i = 0; i < 20; i++) {
        cop_pid p = start_sh("read go; echo $$; exit 3", "[stdout: :owner, active: true]");
        cop_ref ref = cop_monitor(p);
        CHECK_TERM(cop_os_process_send(p, "\n", CHECK_LIMIT_MS), ":ok");
        CHECK(next_number() > 0);
        CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, :eof}}", p));
        CHECK_TERM(check_down(ref), "{:exit_status, 3}");
    }
    return cop_end();
}

PROCESS_TEST(a_stop_is_orderly)
{
    cop_pid p =
        start_sh("trap 'echo bye; exit 7' TERM; echo $$; while :; do sleep 1000 & wait; done",
                 "[stdout: :owner, active: true]");
    int os_pid = open_pid(next_number());
    cop_ref ref = cop_monitor(p);
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":shutdown"), CHECK_LIMIT_MS), ":ok");
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"bye\\n\"}}", p));
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, :eof}}", p));
    CHECK_TERM(check_down(ref), ":shutdown");
    CHECK(os_has_ended(os_pid));
    return cop_end();
}

PROCESS_TEST(another_signal_may_stop_it)
{
    cop_pid p = start_sh("trap 'exit 0' QUIT; trap '' TERM; echo $$; "
                         "while :; do sleep 1000 & wait; done",
                         "[stdout: :owner, active: true, stop_signal: :sigquit, "
                         "kill_after: :infinity]");
    int os_pid = open_pid(next_number());
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    CHECK(os_has_ended(os_pid));
    return cop_end();
}

PROCESS_TEST(who_ignores_the_signal_is_killed)
{
    cop_pid p = start_sh("trap '' TERM; echo $$; while :; do sleep 1000; done",
                         "[stdout: :owner, kill_after: 30]");
    cop_bytes data = {NULL, 0};
    cop_expect(read_next(p), "{:ok, {:stdout, data}}", data);
    int os_pid = open_pid(strtol(data.data, NULL, 10));
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    CHECK(os_has_ended(os_pid));
    return cop_end();
}

/* Also what the program has started itself. */
PROCESS_TEST(a_kill_takes_the_whole_group)
{
    cop_pid p = start_sh("(trap '' TERM; echo $$; sleep 1000) & sleep 1000",
                         "[stdout: :owner, active: true]");
    int inner = open_pid(next_number());
    int outer = open_pid(info_int(p, "os_pid"));
    cop_exit_process(p, COP(":kill"));
    CHECK(os_has_ended(inner));
    CHECK(os_has_ended(outer));
    return cop_end();
}

static cop_term start_for_me(cop_term arg)
{
    (void)arg;
    cop_term pid = cop_nil();
    cop_expect(cop_os_process_start(cop_string("sleep"), cop_list(1000), COP("[stdout: :owner]")),
               "{:ok, pid}", pid);
    return pid;
}

PROCESS_TEST(it_ends_with_its_owner)
{
    cop_pid owner = puppet_start();
    cop_pid p = cop_to_pid(puppet_call(owner, start_for_me, cop_nil()));
    int os_pid = open_pid(info_int(p, "os_pid"));
    cop_ref ref = cop_monitor(p);
    cop_exit_process(owner, COP(":gone"));
    CHECK_TERM(check_down(ref), "{:shutdown, {:owner, :gone}}");
    CHECK(os_has_ended(os_pid));
    return cop_end();
}

PROCESS_TEST(signals_go_to_the_group)
{
    cop_pid p = start_sh("trap 'echo hup' HUP; echo $$; while :; do sleep 1000 & wait; done",
                         "[stdout: :owner, active: true]");
    next_number();
    CHECK_TERM(cop_os_process_signal(cop_pid_term(p), COP("1")), ":ok");
    CHECK_SAME(check_next(), cop_build("{:os_process, p, {:stdout, \"hup\\n\"}}", p));
    cop_ref ref = cop_monitor(p);
    CHECK_TERM(cop_os_process_signal(cop_pid_term(p), COP(":sigkill")), ":ok");
    CHECK_TERM(check_down(ref), "{:signal, :sigkill}");
    CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, :eof}}"));
    return cop_end();
}

/* --- Errors ----------------------------------------------------------------------------------- */

static cop_term start_program(const char *program, const char *options)
{
    return cop_os_process_start(cop_string(program), COP("[]"), check_parse(options));
}

PROCESS_TEST(failures_have_names)
{
    static const struct {
        const char *program;
        const char *options;
        const char *answer;
    } rows[] = {{"no-such-program-at-all", "[]", "{:error, :enoent}"},
                {"", "[]", "{:error, :enoent}"},
                {"/no/such/program", "[]", "{:error, :enoent}"},
                {"/etc/passwd", "[]", "{:error, :eacces}"},
                {"/etc", "[]", "{:error, :eacces}"},
                {"true", "[cd: \"/no/such\"]", "{:error, {:cd, :enoent}}"},
                {"true", "[cd: \"/etc/passwd\"]", "{:error, {:cd, :enotdir}}"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CHECK_TERM(start_program(rows[i].program, rows[i].options), rows[i].answer);
    return cop_end();
}

static cop_term try_options(void *arg)
{
    return start_program("true", arg);
}

static cop_term try_args(void *arg)
{
    return cop_os_process_start(cop_string("true"), check_parse(arg), cop_empty_list());
}

static void check_argument_error(cop_try_fn fn, const char *text)
{
    struct cop_outcome outcome;
    char copy[128];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    if (cop_try(fn, copy, &outcome)) check_fail(__FILE__, __LINE__, "%s was accepted", text);
    CHECK(cop_match(outcome.value, "%{__struct__: ArgumentError}"));
}

PROCESS_TEST(wrong_options_are_told)
{
    static const char *const wrong[] = {"[no: 1]",
                                        "[stdin: :log]",
                                        "[stdout: :stdout]",
                                        "[stdout: :pipe]",
                                        "[active: 0]",
                                        "[active: :always]",
                                        "[packet: 4]",
                                        "[line_max: 0]",
                                        "[owner: :me]",
                                        "[timeout: -1]",
                                        "[kill_after: nil]",
                                        "[stop_signal: :sigfoo]",
                                        "[cd: nil]",
                                        "[env: [{\"A=\", \"b\"}]]",
                                        "[env: [{\"A\", 1}]]",
                                        "[limits: [x: 1]]",
                                        "[limits: [cpu: -1]]",
                                        "[env: :a]",
                                        ":a",
                                        "[1]"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        check_argument_error(try_options, wrong[i]);
    return cop_end();
}

static cop_term refused_args(void *arg)
{
    cop_term answer = try_args(arg);
    if (cop_match(answer, "{:error, _}")) cop_error(cop_exception("ArgumentError", "refused"));
    return answer;
}

PROCESS_TEST(arguments_are_texts)
{
    cop_term output = cop_nil();
    cop_expect(cop_os_process_run(cop_string("echo"), COP("[\"a b\", :c, 5, 1.5]"), COP("[]")),
               "{:ok, {output, 0}}", output);
    CHECK_TERM(output, "\"a b c 5 1.5\\n\"");
    check_argument_error(refused_args, "[{:a}]");
    return cop_end();
}

PROCESS_TEST(too_many_open_files)
{
    struct rlimit old;
    int highest = dup(0);
    CHECK(highest > 0);
    close(highest);
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit none = {(rlim_t)highest, old.rlim_max};
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
    cop_term answer = start_program("true", "[]");
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &old), 0);
    CHECK_TERM(answer, "{:error, :emfile}");
    CHECK_TERM(end_of("exit 0", "[]"), ":normal");
    return cop_end();
}

static cop_term run_sh(const char *script, const char *options)
{
    return cop_os_process_run(cop_string("sh"), cop_list(cop_string("-c"), cop_string(script)),
                              check_parse(options));
}

/* --- Many, and the guardian ------------------------------------------------------------------- */

PROCESS_TEST(a_hundred_at_once)
{
    enum { COUNT = 100 };
    cop_pid *pids = cop_alloc(COUNT * sizeof(*pids));
    int *fds = cop_alloc(COUNT * sizeof(*fds));
    for (int i = 0; i < COUNT; i++)
        pids[i] = start_sh("echo $$; exec sleep 1000", "[stdout: :owner, active: true]");
    for (int i = 0; i < COUNT; i++)
        fds[i] = open_pid(next_number());
    for (int i = 0; i < COUNT; i++)
        cop_exit_process(pids[i], COP(":kill"));
    for (int i = 0; i < COUNT; i++)
        CHECK(os_has_ended(fds[i]));
    return cop_end();
}

/* How many pipes and files in memory this program has open. */
static int count_fds(void)
{
    int count = 0;
    char name[64];
    DIR *d = opendir("/proc/self/fd");
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, name, sizeof(name));
        count += n > 6 && (memcmp(name, "pipe:", 5) == 0 || memcmp(name, "/memfd", 6) == 0);
    }
    if (d != NULL) closedir(d);
    return count;
}
static int fds_at_first;

PROCESS_TEST(no_descriptor_is_lost)
{
    for (int i = 0; i < 10; i++) {
        CHECK_TERM(run_sh("exit 1", "[input: \"x\"]"), "{:ok, {\"\", 1}}");
        CHECK_TERM(start_program("/no/such/program", "[]"), "{:error, :enoent}");
        cop_exit_process(start_sh("exec sleep 1000", "[]"), COP(":kill"));
    }
    int64_t limit = cop_monotonic_ms() + CHECK_LIMIT_MS;
    const int of_libuv = 6; /* for two loops */
    while (count_fds() > fds_at_first + of_libuv && cop_monotonic_ms() < limit)
        cop_yield();
    CHECK(count_fds() <= fds_at_first + of_libuv);
    return cop_end();
}

PROCESS_TEST(a_guardian_that_was_killed_is_replaced)
{
    cop_pid p = start_sh("(echo $$; exec sleep 1000)", "[stdout: :owner, active: true]");
    int os_pid = open_pid(next_number());
    cop_ref ref = cop_monitor(p);
    pid_t first = os_guardian();
    CHECK(first > 0);
    CHECK_INT(kill(first, SIGKILL), 0);
    CHECK_TERM(check_down(ref), "{:guardian, :killed}");
    CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, :eof}}"));
    CHECK(os_has_ended(os_pid));
    CHECK_TERM(run_sh("echo again", "[]"), "{:ok, {\"again\\n\", 0}}");
    CHECK(os_guardian() > 0 && os_guardian() != first);
    return cop_end();
}

PROCESS_TEST(so_is_a_keeper_that_was_killed)
{
    cop_pid p = start_sh("echo $$; exec sleep 1000", "[stdout: :owner, active: true]");
    int os_pid = open_pid(next_number());
    cop_ref ref = cop_monitor(p);
    cop_exit_process(cop_whereis(COP("OsProcess.Keeper")), COP(":kill"));
    CHECK_TERM(check_down(ref), "{:guardian, :killed}");
    CHECK(cop_match(check_next(), "{:os_process, _, {:stdout, :eof}}"));
    CHECK(os_has_ended(os_pid));
    CHECK_TERM(run_sh("echo again", "[]"), "{:ok, {\"again\\n\", 0}}");
    return cop_end();
}

PROCESS_TEST(its_pipes_are_ports)
{
    cop_pid p = start_sh("echo 12345; read line; printf 789; exec sleep 1000", "[stdout: :owner]");
    cop_term shown[3] = {cop_nil(), cop_nil(), cop_nil()};
    int64_t os_pid = info_int(p, "os_pid");
    CHECK_TERM(read_next(p), "{:ok, {:stdout, \"12345\\n\"}}");
    CHECK_TERM(cop_os_process_send(p, "\n", CHECK_LIMIT_MS), ":ok");
    do {
        for (cop_term l = cop_ports(); !cop_is_empty_list(l); l = cop_tail(l)) {
            cop_term m = cop_head(l);
            if (cop_match(m, "%{stream: :stdin, owner: ^p}", p)) shown[0] = m;
            if (cop_match(m, "%{stream: :stdout, owner: ^p}", p)) shown[1] = m;
            if (cop_match(m, "%{stream: :stderr, owner: ^p}", p)) shown[2] = m;
        }
    } while (!cop_match(shown[1], "%{buffered: 3}")); /* nobody reads them */
    CHECK(
        cop_match(shown[1], "%{kind: :os_process, os_pid: ^os_pid, input: 6, output: 0}", os_pid));
    CHECK(
        cop_match(shown[0], "%{kind: :os_process, os_pid: ^os_pid, input: 0, output: 1}", os_pid));
    CHECK(cop_match(shown[2], "%{kind: :os_process, os_pid: ^os_pid, input: 0}", os_pid));
    CHECK_TERM(cop_os_process_stop(cop_pid_term(p), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

PROCESS_TEST(what_is_known_of_it)
{
    cop_pid p = start_sh("exec sleep 1000", "[stdout: :owner, active: 5, name: :sleeper]");
    cop_term info = cop_os_process_info(COP(":sleeper"));
    cop_pid self = cop_self();
    CHECK(cop_match(info,
                    "%{program: \"sh\", args: [\"-c\", \"exec sleep 1000\"], owner: ^self, "
                    "active: 5, stdin: 0, stdout: 0, stderr: 0}",
                    self));
    CHECK(info_int(p, "os_pid") > 1);
    CHECK(cop_match(start_program("true", "[name: :sleeper]"), "{:error, {:already_started, ^p}}",
                    p));
    CHECK_TERM(cop_os_process_stop(COP(":sleeper"), COP(":normal"), CHECK_LIMIT_MS), ":ok");
    return cop_end();
}

/* --- All -------------------------------------------------------------------------------------- */

static cop_next first_use(cop_term arg)
{
    (void)arg;
    CHECK_TERM(run_sh("exit 0", "[]"), "{:ok, {\"\", 0}}");
    return cop_end();
}

static int up(void **state)
{
    fds_at_first = count_fds();
    return check_start_node(state) != 0 ? -1 : check_settle(first_use, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passive_owner_reads),
        cmocka_unit_test(a_read_gives_up_and_loses_nothing),
        cmocka_unit_test(an_active_owner_gets_messages),
        cmocka_unit_test(numbers_of_active_add_up),
        cmocka_unit_test(long_lines_come_in_pieces),
        cmocka_unit_test(a_flood_waits_for_its_owner),
        cmocka_unit_test(lines_go_to_the_log),
        cmocka_unit_test(what_is_sent_is_read),
        cmocka_unit_test(a_sender_waits_for_who_does_not_read),
        cmocka_unit_test(a_program_may_close_its_input),
        cmocka_unit_test(the_end_of_a_program_is_a_reason),
        cmocka_unit_test(output_is_not_lost_at_the_end),
        cmocka_unit_test(a_stop_is_orderly),
        cmocka_unit_test(another_signal_may_stop_it),
        cmocka_unit_test(who_ignores_the_signal_is_killed),
        cmocka_unit_test(a_kill_takes_the_whole_group),
        cmocka_unit_test(it_ends_with_its_owner),
        cmocka_unit_test(signals_go_to_the_group),
        cmocka_unit_test(failures_have_names),
        cmocka_unit_test(wrong_options_are_told),
        cmocka_unit_test(arguments_are_texts),
        cmocka_unit_test(too_many_open_files),
        cmocka_unit_test(a_hundred_at_once),
        cmocka_unit_test(no_descriptor_is_lost),
        cmocka_unit_test(a_guardian_that_was_killed_is_replaced),
        cmocka_unit_test(so_is_a_keeper_that_was_killed),
        cmocka_unit_test(its_pipes_are_ports),
        cmocka_unit_test(what_is_known_of_it),
    };
    return cmocka_run_group_tests(tests, up, check_stop_node);
}
