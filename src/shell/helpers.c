/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that one calls in the console without a module: IEx.Helpers. They run in the
 * evaluator. */
#include "shell/console.h"

#include "coppice/error.h"
#include "coppice/io.h"
#include "coppice/node.h"
#include "shell/help.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print(const char *text)
{
    cop_io_write(cop_string(text));
}

/* --- Values of earlier lines (IEX-10) --------------------------------------------------------- */

static COP_NORETURN void out_of_bounds(int64_t n)
{
    cop_raise("RuntimeError", "v(%lld) is out of bounds", (long long)n);
}

static cop_term v_of(cop_term number)
{
    cop_term history = cop_get(COP__HISTORY_KEY);
    int64_t n;
    int64_t line;
    cop_term value;
    cop_term rest;

    if (!cop_match(number, "n", n)) cop_error(COP(":badarg"));
    if (n < 0) {
        for (; !cop_is_empty_list(history); history = cop_tail(history))
            if (++n == 0) return cop_elem(cop_head(history), 1);
        out_of_bounds(cop_to_int(number));
    }
    for (rest = history; cop_match(rest, "[{line, value} | rest]", line, value, rest);)
        if (line == n) return value;
    out_of_bounds(n);
}

static cop_term v(void)
{
    return v_of(cop_int(-1));
}

static cop_term i(void)
{
    return cop__info_of(v());
}

/* --- Messages --------------------------------------------------------------------------------- */

static cop_term flush(void)
{
    cop_term msg;

    while (cop_receive(&msg, 0)) {
        cop_bytes text = cop_to_bytes(cop_inspect_with(msg, cop__session_inspect_opts()));

        cop_io_write(cop_format("%.*s\n", (int)text.len, text.data));
    }
    return cop_ok();
}

/* --- Pids ------------------------------------------------------------------------------------- */

#define SLOT_BITS                                                                                  \
    28 /* of a pid's id; the generation stands above: how #PID<0.slot.generation> reads */

static cop_term make_pid(int64_t node, int64_t slot, int64_t generation)
{
    cop_pid pid = cop_no_pid();

    if (node != 0 || slot < 0 || slot >= (INT64_C(1) << SLOT_BITS) || generation < 0 ||
        generation >= (INT64_C(1) << 32))
        cop_error(COP(":badarg"));
    pid.id = (uint64_t)generation << SLOT_BITS | (uint64_t)slot;
    return cop_pid_term(pid);
}

static cop_term pid_of_numbers(cop_term node, cop_term slot, cop_term generation)
{
    return make_pid(cop_to_int(node), cop_to_int(slot), cop_to_int(generation));
}

static COP_NORETURN void no_text_of(const char *what)
{
    cop_raise("ArgumentError",
              "errors were found at the given arguments:\n\n  * 1st argument: not a textual "
              "representation of a %s\n",
              what);
}

/* The numbers of "1.2.3"; false if it is no such text. */
static bool read_numbers(cop_term t, int64_t *numbers, int count)
{
    cop_bytes text;
    char digits[96];
    char *at = digits;

    if (!cop_is_binary(t)) return false;
    text = cop_to_bytes(t);
    if (text.len >= sizeof(digits)) return false;
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    for (int i = 0; i < count; i++) {
        char *from = at;

        numbers[i] = strtoll(from, &at, 10);
        if (at == from || *from == '-' || (i < count - 1 && *at++ != '.')) return false;
    }
    return *at == '\0';
}

/* "0.21.32", or a registered name. */
static cop_term pid_of(cop_term t)
{
    int64_t parts[3];

    if (cop_is_atom(t)) {
        cop_pid pid = cop_whereis(t);

        if (cop_is_no_pid(pid)) cop_error(COP(":badarg"));
        return cop_pid_term(pid);
    }
    if (!read_numbers(t, parts, 3)) no_text_of("pid");
    return make_pid(parts[0], parts[1], parts[2]);
}

/* --- References (IEX-11) ---------------------------------------------------------------------- */

/* As #Reference<node.c.b.a> reads. */
static cop_term make_ref(const int64_t parts[4])
{
    cop_ref ref = {.id = {(uint64_t)parts[3], (uint64_t)parts[2], (uint64_t)parts[1]}};

    if (parts[0] != 0) cop_error(COP(":badarg"));
    return cop_ref_term(ref);
}

static cop_term ref_of(cop_term text)
{
    int64_t parts[4];

    if (!read_numbers(text, parts, 4)) no_text_of("reference");
    return make_ref(parts);
}

static cop_term ref_of_numbers(cop_term w, cop_term x, cop_term y, cop_term z)
{
    const int64_t parts[] = {cop_to_int(w), cop_to_int(x), cop_to_int(y), cop_to_int(z)};

    for (int i = 0; i < 4; i++)
        if (parts[i] < 0) cop_error(COP(":badarg"));
    return make_ref(parts);
}

static cop_term port_of(cop_term t)
{
    (void)t;
    cop_raise("RuntimeError", "there are no ports on a node of coppice");
}

static cop_term port_of_numbers(cop_term major, cop_term minor)
{
    (void)minor;
    return port_of(major);
}

/* --- What Elixir can and a program in C cannot (CNR-11) --------------------------------------- */

static COP_NORETURN void no_compiler(void)
{
    cop_raise("RuntimeError", "modules are part of the program and written in C: nothing is "
                              "compiled or loaded while it runs");
}

static cop_term compile(cop_term files)
{
    (void)files;
    no_compiler();
}

static cop_term recompile(void)
{
    no_compiler();
}

/* --- The rest --------------------------------------------------------------------------------- */

static cop_term clear(void)
{
    if (cop__session_inspect_opts().width > 0) print("\033[2J\033[1;1H");
    return COP__NOTHING;
}

/* The console starts a new evaluator, without variables, and ends this one. */
static cop_term respawn(void)
{
    cop_send(cop_group_leader(), COP(":respawn"));
    cop_sleep(COP_INFINITY);
    return COP__NOTHING;
}

/* IEX-14 */
static cop_term runtime_info(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];
    long resident = 0;

    while (status && fgets(line, sizeof(line), status))
        if (strncmp(line, "VmRSS:", 6) == 0) resident = strtol(line + 6, NULL, 10);
    if (status) (void)fclose(status);
    cop_io_write(cop_format("\n## System\n\n"
                            "Coppice version:    %s\n"
                            "Schedulers:         %d\n"
                            "Operating system:   process %ld\n"
                            "\n## Use\n\n"
                            "Processes:          %lld\n"
                            "Registered names:   %lld\n"
                            "Memory:             %ld MB\n\n",
                            cop_version(), cop_schedulers(), (long)getpid(),
                            (long long)cop_list_len(cop_processes()),
                            (long long)cop_list_len(cop_registered()), resident / 1024));
    return COP__NOTHING;
}

static const struct cop_function functions[] = {
    COP_EXPORT("c(files)", compile, "Refused: a program in C compiles nothing while it runs."),
    COP_EXPORT("clear()", clear, "Clears the screen."),
    COP_EXPORT("exports()", cop__help_exports_of_helpers, "The functions of the console."),
    COP_EXPORT("exports(module)", cop__help_exports, "The functions of a module."),
    COP_EXPORT("flush()", flush, "Prints the messages that were sent to the console."),
    COP_EXPORT("h()", cop__help, "This help."),
    COP_EXPORT("h(name)", cop__help_of, "The documentation of a module or function: h Map.get/2"),
    COP_EXPORT("i()", i, "What the last value is."),
    COP_EXPORT("i(term)", cop__info_of, "What a term is."),
    COP_EXPORT("pid(text)", pid_of, "A pid from \"0.21.32\" or a registered name."),
    COP_EXPORT("pid(x, y, z)", pid_of_numbers, "A pid from its three numbers."),
    COP_EXPORT("port(text)", port_of, "Refused: there are no ports."),
    COP_EXPORT("port(major, minor)", port_of_numbers, "Refused: there are no ports."),
    COP_EXPORT("r(module)", compile, "Refused, as c/1."),
    COP_EXPORT("recompile()", recompile, "Refused, as c/1."),
    COP_EXPORT("ref(text)", ref_of, "A reference from \"0.1.2.3\"."),
    COP_EXPORT("ref(w, x, y, z)", ref_of_numbers, "A reference from its four numbers."),
    COP_EXPORT("respawn()", respawn, "Starts the console's process anew, without variables."),
    COP_EXPORT("runtime_info()", runtime_info, "Figures of this node."),
    COP_EXPORT("v()", v, "The last value."),
    COP_EXPORT("v(number)", v_of, "The value of a line; negative numbers count back."),
    COP_EXPORT_END};

const struct cop_module cop__helpers_module = {.size = sizeof(struct cop_module),
                                               .name = "IEx.Helpers",
                                               .doc = "What the console offers besides Kernel.",
                                               .functions = functions};
