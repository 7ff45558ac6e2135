/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that one calls in the console without a module: IEx.Helpers. They run in the
 * evaluator. */
#include "shell/console.h"

#include "coppice/error.h"
#include "coppice/io.h"
#include "coppice/node.h"
#include <stdlib.h>
#include <string.h>

/* A value that is not shown. */
#define NOTHING COP(":\"do not show this result in output\"")

static void print(const char *text)
{
    cop_io_write(cop_string(text));
}

static cop_bytes shown(cop_term t)
{
    return cop_to_bytes(cop_inspect_with(t, (struct cop_inspect_opts){0, 50}));
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

/* "0.21.32", or a registered name. */
static cop_term pid_of(cop_term t)
{
    cop_bytes text;
    char digits[64];
    char *at = digits;
    int64_t parts[3];

    if (cop_is_atom(t)) {
        cop_pid pid = cop_whereis(t);

        if (cop_is_no_pid(pid)) cop_error(COP(":badarg"));
        return cop_pid_term(pid);
    }
    if (!cop_is_binary(t)) cop_error(COP(":badarg"));
    text = cop_to_bytes(t);
    if (text.len >= sizeof(digits)) cop_error(COP(":badarg"));
    memcpy(digits, text.data, text.len);
    digits[text.len] = '\0';
    for (int i = 0; i < 3; i++) {
        char *from = at;

        parts[i] = strtoll(from, &at, 10);
        if (at == from || (i < 2 && *at++ != '.')) cop_error(COP(":badarg"));
    }
    if (*at != '\0') cop_error(COP(":badarg"));
    return make_pid(parts[0], parts[1], parts[2]);
}

/* --- Documentation ---------------------------------------------------------------------------- */

static void print_function(const struct cop_module *module, const struct cop_function *f)
{
    cop_io_write(cop_format("  %s.%s\n      %s\n", module->name, f->signature, f->doc));
}

static void print_module(const struct cop_module *module)
{
    const struct cop_function *f = module->functions;

    cop_io_write(cop_format("%s\n\n  %s\n\n", module->name,
                            module->doc ? module->doc : "No documentation."));
    for (; f && f->signature; f++)
        print_function(module, f);
}

static bool is_called(const struct cop_function *f, cop_bytes name, int64_t arity)
{
    return strcspn(f->signature, "(") == name.len &&
           memcmp(f->signature, name.data, name.len) == 0 && (arity < 0 || arity == f->arity);
}

/* h Mod.fun, h Mod.fun/2; arity -1: all. */
static void print_functions(const struct cop_module *module, cop_term function, int64_t arity)
{
    const struct cop_function *f = module->functions;
    bool is_known = false;

    for (; f && f->signature; f++) {
        if (is_called(f, cop_atom_text(function), arity)) {
            print_function(module, f);
            is_known = true;
        }
    }
    if (!is_known) {
        cop_bytes name = cop_atom_text(function);

        cop_io_write(cop_format("No documentation for %s.%.*s was found\n", module->name,
                                (int)name.len, name.data));
    }
}

/* The names come as {Mod}, {Mod, :fun} or {Mod, :fun, arity}: session.c does not evaluate them. */
static cop_term h_of(cop_term name)
{
    const struct cop_module *module = NULL;
    int64_t arity = -1;
    size_t size = cop_is_tuple(name) ? cop_tuple_size(name) : 0;

    if (size > 0 && cop_is_atom(cop_elem(name, 0))) module = cop_module_find(cop_elem(name, 0));
    if (module && size == 2 && module == &cop__helpers_module &&
        cop_function_exported(COP("Kernel"), cop_elem(name, 1), 1))
        module = cop_module_find(COP("Kernel"));
    if (size == 3) arity = cop_to_int(cop_elem(name, 2));
    if (module == NULL) {
        cop_bytes text = shown(size > 0 ? cop_elem(name, 0) : name);

        cop_io_write(cop_format("Could not load module %.*s\n", (int)text.len, text.data));
    } else if (size == 1) {
        print_module(module);
    } else {
        print_functions(module, cop_elem(name, 1), arity);
    }
    return NOTHING;
}

static cop_term h(void)
{
    print("The console reads expressions in Elixir's syntax: literals, variables, matches with =,\n"
          "calls (Mod.fun(args)), captures (&Mod.fun/1, &Map.get(&1, :k)), pipes and operators.\n"
          "An expression that is not complete goes on on the next line; #iex:break gives it up.\n\n"
          "Functions without a module:\n\n");
    for (const struct cop_function *f = cop__helpers_module.functions; f->signature; f++)
        cop_io_write(cop_format("  %-24s %s\n", f->signature, f->doc));
    print("\nModules:\n\n  ");
    cop_io_write(cop_inspect_with(cop_apply(COP("Enum"), COP(":sort"), cop_list(cop_modules())),
                                  (struct cop_inspect_opts){cop__session_inspect_opts().width, 0}));
    print("\n");
    return NOTHING;
}

/* --- What a term is (IEX-09) ------------------------------------------------------------------ */

static void print_line(const char *title, cop_bytes text)
{
    cop_io_write(cop_format("%s\n  %.*s\n", title, (int)text.len, text.data));
}

static void print_text(const char *title, const char *text)
{
    print_line(title, (cop_bytes){text, strlen(text)});
}

static void print_process(cop_term t)
{
    cop_pid pid = cop_to_pid(t);
    cop_term info = cop_process_info(pid, COP("[:registered_name, :links, :message_queue_len]"));
    cop_term name;
    cop_term links;
    cop_term queue;

    print_text("Alive", cop_is_alive(pid) ? "true" : "false");
    if (!cop_match(info, "[{:registered_name, name}, {:links, links}, {:message_queue_len, queue}]",
                   name, links, queue))
        return;
    print_line("Name", cop_is_empty_list(name) ? (cop_bytes){"not registered", 14} : shown(name));
    print_line("Links", shown(links));
    print_line("Message queue length", shown(queue));
}

static cop_term i_of(cop_term t)
{
    print_line("Term", shown(t));
    print_text("Data type", cop_kind_name(t));
    if (cop_is_pid(t)) print_process(t);
    if (cop_is_binary(t)) print_line("Byte size", shown(cop_int((int64_t)cop_to_bytes(t).len)));
    if (cop_is_atom(t) && cop_module_find(t))
        print_text("Description", "A module; h shows its functions.");
    print_text("Reference modules", cop_kind_name(t));
    return NOTHING;
}

static cop_term i(void)
{
    return i_of(v());
}

/* --- The rest --------------------------------------------------------------------------------- */

static cop_term clear(void)
{
    if (cop__session_inspect_opts().width > 0) print("\033[2J\033[1;1H");
    return NOTHING;
}

static cop_term runtime_info(void)
{
    cop_term count = cop_int(cop_list_len(cop_processes()));
    cop_bytes processes = shown(count);

    cop_io_write(cop_format("Coppice version    %s\nProcesses          %.*s\n", cop_version(),
                            (int)processes.len, processes.data));
    return NOTHING;
}

static const struct cop_function functions[] = {
    COP_EXPORT("clear()", clear, "Clears the screen."),
    COP_EXPORT("flush()", flush, "Prints the messages that were sent to the console."),
    COP_EXPORT("h()", h, "This help."),
    COP_EXPORT("h(name)", h_of, "The documentation of a module or function: h Map.get"),
    COP_EXPORT("i()", i, "What the last value is."),
    COP_EXPORT("i(term)", i_of, "What a term is."),
    COP_EXPORT("pid(text)", pid_of, "A pid from \"0.21.32\" or a registered name."),
    COP_EXPORT("pid(x, y, z)", pid_of_numbers, "A pid from its three numbers."),
    COP_EXPORT("runtime_info()", runtime_info, "Figures of this node."),
    COP_EXPORT("v()", v, "The last value."),
    COP_EXPORT("v(number)", v_of, "The value of a line; negative numbers count back."),
    COP_EXPORT_END};

const struct cop_module cop__helpers_module = {.size = sizeof(struct cop_module),
                                               .name = "IEx.Helpers",
                                               .doc = "What the console offers besides Kernel.",
                                               .functions = functions};
