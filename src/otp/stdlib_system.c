/* SPDX-License-Identifier: Apache-2.0 */
/* System and :erlang. */
#include "coppice/node.h"
#include "coppice/os_process.h"
#include "coppice/os_signal.h"
#include "otp/stdlib.h"
#include "otp/stdlib_arith.h"
#include "otp/stdlib_kernel.h"
#include "otp/stdlib_os.h"
#include "otp/text.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- System ----------------------------------------------------------------------------------- */

static cop_term stop_with(cop_term status)
{
    int64_t n;

    if (!cop__is_int64(status, &n)) n = 1;
    cop_system_stop((int)n);
    return cop_ok();
}

/* APP-14: at once, and nobody is told. */
static COP_NORETURN cop_term halt_with(cop_term status)
{
    int64_t n;

    if (!cop__is_int64(status, &n)) cop__raise_no_clause("System.halt/1");
    if (n < 0) cop__raise_argument(1, "invalid status");
    _exit((int)(n & 0xff));
}

static COP_NORETURN cop_term halt(void)
{
    halt_with(cop_int(0));
}

static cop_term stop(void)
{
    return stop_with(cop_int(0));
}

/* An option of cmd/3 as one of cop_os_process_run(); cop_none() for one that changes nothing. */
static cop_term cmd_option(cop_term option)
{
    cop_term key, value;

    if (cop_match(option, "{:cd, value}", value) || cop_match(option, "{:env, value}", value))
        return option;
    if (cop_match(option, "{:stderr_to_stdout, value}", value) && cop_is_boolean(value))
        return cop_to_bool(value) ? COP("{:stderr, :stdout}") : cop_none();
    if (cop_match(option, "{:parallelism, _}") || cop_match(option, "{:into, \"\"}"))
        return cop_none();
    if (!cop_match(option, "{key, value}", key, value)) cop__raise_no_clause("System.cmd_opts/3");
    key = cop_inspect(key);
    value = cop_inspect(value);
    cop_raise("ArgumentError", "invalid option %.*s with value %.*s", (int)cop_to_bytes(key).len,
              cop_to_bytes(key).data, (int)cop_to_bytes(value).len, cop_to_bytes(value).data);
}

static cop_term cmd_with(cop_term command, cop_term args, cop_term options)
{
    cop_term translated = COP("[output_max: 1_073_741_824]");
    cop_term result, reason;

    if (!cop_is_binary(command) || cop_list_len(args) < 0 || cop_list_len(options) < 0)
        cop__raise_no_clause("System.cmd/3");
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term option = cmd_option(cop_head(options));

        if (!cop_is_none(option)) translated = cop_cons(option, translated);
    }
    result = cop_os_process_run(command, args, translated);
    if (cop_match(result, "{:error, reason}", reason)) cop_error(reason);
    return cop_elem(result, 1);
}

static cop_term cmd(cop_term command, cop_term args)
{
    return cmd_with(command, args, cop_empty_list());
}

static cop_term version(void)
{
    return cop_string(cop_version());
}

/* How many of a unit a second has. */
static int64_t per_second(cop_term unit)
{
    int64_t n;

    if (cop_identical(unit, COP(":second"))) return 1;
    if (cop_identical(unit, COP(":millisecond"))) return 1000;
    if (cop_identical(unit, COP(":microsecond"))) return 1000000;
    if (cop_identical(unit, COP(":nanosecond")) || cop_identical(unit, COP(":native")))
        return 1000000000;
    if (cop__is_int64(unit, &n) && n > 0 && n <= 1000000000) return n;
    cop_raise("ArgumentError", "unsupported time unit");
}

/* The runtime's clock, which is virtual in a seeded run; it counts milliseconds. */
static cop_term monotonic_time_in(cop_term unit)
{
    int64_t part = per_second(unit);
    int64_t ms = cop_monotonic_ms();

    return cop_int(ms / 1000 * part + ms % 1000 * part / 1000);
}

static cop_term monotonic_time(void)
{
    return monotonic_time_in(COP(":native"));
}

static cop_term system_time_in(cop_term unit)
{
    int64_t part = per_second(unit);
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return cop_int(now.tv_sec * part + now.tv_nsec / (1000000000 / part));
}

static cop_term system_time(void)
{
    return system_time_in(COP(":native"));
}

static cop_term get_env_or(cop_term name, cop_term fallback)
{
    cop_bytes text;
    char variable[256];
    const char *value;

    if (!cop_is_binary(name)) cop__raise_no_clause("System.get_env/2");
    text = cop_to_bytes(name);
    if (text.len >= sizeof(variable)) return fallback;
    memcpy(variable, text.data, text.len);
    variable[text.len] = '\0';
    value = getenv(variable); /* NOLINT(concurrency-mt-unsafe): nothing here sets variables */
    return value ? cop_string(value) : fallback;
}

static cop_term get_env(cop_term name)
{
    return get_env_or(name, cop_nil());
}

static cop_term os_pid(void)
{
    return cop_format("%lld", (long long)getpid());
}

static cop_term unique_integer(void)
{
    static int64_t last;

    return cop_int(__atomic_add_fetch(&last, 1, __ATOMIC_RELAXED));
}

static cop_term schedulers(void)
{
    return cop_int(cop_schedulers());
}

static const struct cop_function system_functions[] = {
    COP_EXPORT("cmd(command, args)", cmd, "Runs a program: {output, status}."),
    COP_EXPORT("cmd(command, args, opts)", cmd_with, "The same with cd, env, stderr_to_stdout."),
    COP_EXPORT("get_env(name)", get_env, "An environment variable, or nil."),
    COP_EXPORT("get_env(name, default)", get_env_or, "An environment variable, or default."),
    COP_EXPORT("halt()", halt, "Ends the program at once, with status 0; nothing is stopped."),
    COP_EXPORT("halt(status)", halt_with, "Ends the program at once."),
    COP_EXPORT("monotonic_time()", monotonic_time, "A clock that never goes back, in ns."),
    COP_EXPORT("monotonic_time(unit)", monotonic_time_in, "The same in :second, :millisecond ..."),
    COP_EXPORT("os_time()", system_time, "The time since 1970, in ns."),
    COP_EXPORT("os_time(unit)", system_time_in, "The same in a unit."),
    COP_EXPORT("pid()", os_pid, "The number of the operating system's process."),
    COP_EXPORT("schedulers()", schedulers, "How many schedulers there are."),
    COP_EXPORT("schedulers_online()", schedulers, "How many schedulers are at work: all."),
    COP_EXPORT("stop()", stop, "Ends the node in order, with status 0."),
    COP_EXPORT("stop(status)", stop_with, "Ends the node in order."),
    COP_EXPORT("system_time()", system_time, "The time since 1970, in ns."),
    COP_EXPORT("system_time(unit)", system_time_in, "The same in a unit."),
    COP_EXPORT("trap_signal(signal, fun)", cop__trap_signal, "Calls fun at each such signal."),
    COP_EXPORT("trap_signal(signal, id, fun)", cop_system_trap_signal,
               "The same; untrap_signal takes it off by its id."),
    COP_EXPORT("unique_integer()", unique_integer, "A number that was not given before."),
    COP_EXPORT("untrap_signal(signal, id)", cop_system_untrap_signal,
               "Takes off what trap_signal has added."),
    COP_EXPORT("version()", version, "The version of coppice."),
    COP_EXPORT_END};

const struct cop_module cop__system_module = {.size = sizeof(struct cop_module),
                                              .name = "System",
                                              .doc = "The node and its surroundings.",
                                              .functions = system_functions};

/* --- :erlang ---------------------------------------------------------------------------------- */

static cop_term erlang_error(cop_term reason)
{
    cop_error(reason);
}

static cop_pid pid_arg(cop_term t)
{
    if (!cop_is_pid(t)) cop__raise_argument(1, "not a pid");
    return cop_to_pid(t);
}

/* PRC-16 */
static cop_term suspend_process(cop_term pid)
{
    if (cop_pid_equal(pid_arg(pid), cop_self()))
        cop__raise_argument(1, "the pid refers to the current process");
    if (!cop_suspend_process(cop_to_pid(pid)))
        cop__raise_argument(1, "the pid does not refer to an existing process");
    return cop_true();
}

static cop_term resume_process(cop_term pid)
{
    if (!cop_resume_process(pid_arg(pid)))
        cop__raise_argument(1, "process is not suspended or is not alive");
    return cop_true();
}

static cop_term system_info(cop_term item)
{
    if (cop_identical(item, COP(":process_count"))) return cop_int(cop_list_len(cop_processes()));
    if (cop_identical(item, COP(":system_version"))) return version();
    if (cop_identical(item, COP(":wordsize"))) return cop_int(8);
    cop__raise_argument(1, "invalid system info item");
}

static const struct cop_function erlang_functions[] = {
    COP_EXPORT("+(left, right)", cop__add, "The sum of two numbers."),
    COP_EXPORT("-(left, right)", cop__subtract, "The difference of two numbers."),
    COP_EXPORT("*(left, right)", cop__multiply, "The product of two numbers."),
    COP_EXPORT("apply(fun, args)", cop__kernel_apply_fun, "Calls fun with a list of arguments."),
    COP_EXPORT("apply(module, fun, args)", cop__kernel_apply, "Calls a function by its name."),
    COP_EXPORT("error(reason)", erlang_error, "Raises an error with this reason."),
    COP_EXPORT("exit(reason)", cop__kernel_exit, "Ends the calling process."),
    COP_EXPORT("node()", cop__kernel_node, "The name of this node."),
    COP_EXPORT("processes()", cop_processes, "All processes of this node."),
    COP_EXPORT("registered()", cop_registered, "All names of processes."),
    COP_EXPORT("resume_process(pid)", resume_process, "Takes one suspension back."),
    COP_EXPORT("self()", cop__kernel_self, "The calling process."),
    COP_EXPORT("suspend_process(pid)", suspend_process,
               "Lets a process run no code until it is resumed as often."),
    COP_EXPORT("send(dest, message)", cop__kernel_send, "Sends message to a pid or name."),
    COP_EXPORT("system_info(item)", system_info, ":process_count, :system_version, :wordsize."),
    COP_EXPORT("throw(term)", cop__kernel_throw, "Throws term."),
    COP_EXPORT_END};

const struct cop_module cop__erlang_module = {.size = sizeof(struct cop_module),
                                              .name = ":erlang",
                                              .doc = "Basic functions under their Erlang names.",
                                              .functions = erlang_functions};
