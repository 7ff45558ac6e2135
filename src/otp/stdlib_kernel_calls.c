/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel's functions about processes, calls, errors and text. */
#include "otp/exception.h"
#include "otp/stdlib.h"
#include "otp/stdlib_kernel.h"

#include "otp/text.h"
#include <stdio.h>
#include <string.h>

/* --- Processes -------------------------------------------------------------------------------- */

cop_term cop__kernel_self(void)
{
    return cop_pid_term(cop_self());
}

cop_term cop__kernel_node(void)
{
    return COP(":nonode@nohost");
}

cop_term cop__kernel_node_of(cop_term t)
{
    if (!cop_is_pid(t) && !cop_is_reference(t)) cop__raise_argument(1, "not a pid or reference");
    return cop__kernel_node();
}

cop_term cop__kernel_make_ref(void)
{
    return cop_ref_term(cop_make_ref());
}

cop_term cop__kernel_send(cop_term to, cop_term message)
{
    bool is_destination = cop_is_pid(to) || cop_is_reference(to) || cop_is_tuple(to);

    if (!is_destination && (!cop_is_atom(to) || cop_is_no_pid(cop_whereis(to))))
        cop__raise_argument(1, "invalid destination");
    return cop_send(to, message);
}

/* The name of a function for tools, "Mod.fun/2": a C string that lives for ever, as the text of an
 * atom does; one for each function that is ever spawned. */
static const char *function_name(cop_term module, cop_term function, int64_t arity)
{
    cop_bytes shown = cop_to_bytes(cop_inspect(cop_capture(module, function, (int)arity)));
    cop_term name = cop_format("%.*s%c", (int)shown.len - 1, shown.data + 1, '\0');

    return cop_atom_text(cop_atom_from(cop_to_bytes(name))).data;
}

static const char *fun_name(cop_term fun)
{
    cop_term module;
    cop_term function;
    cop_term args;
    int arity;

    cop_capture_parts(fun, &module, &function, &arity, &args);
    return function_name(module, function, cop_is_list(args) ? cop_list_len(args) : arity);
}

static cop_next run_fun(cop_term fun)
{
    (void)cop_call_fun(fun, NULL, 0);
    return cop_end();
}

static cop_next run_mfa(cop_term mfa)
{
    (void)cop_apply(cop_elem(mfa, 0), cop_elem(mfa, 1), cop_elem(mfa, 2));
    return cop_end();
}

/* The pid, or with a monitor {pid, ref}. */
static cop_term spawn_with(cop_start_fn start, cop_term arg, struct cop_spawn_opts opts)
{
    cop_ref ref;
    cop_pid pid;

    opts.ret_ref = &ref;
    pid = cop_spawn(start, arg, &opts);
    return opts.monitor ? cop_tuple(pid, ref) : cop_pid_term(pid);
}

static cop_term spawn_fun(cop_term fun, struct cop_spawn_opts opts)
{
    if (!cop_is_fun(fun, 0)) cop__raise_argument(1, "not a fun");
    opts.name = fun_name(fun);
    return spawn_with(run_fun, fun, opts);
}

static cop_term spawn_mfa(cop_term module, cop_term function, cop_term args,
                          struct cop_spawn_opts opts)
{
    if (!cop_is_atom(module)) cop__raise_argument(1, "not an atom");
    if (!cop_is_atom(function)) cop__raise_argument(2, "not an atom");
    if (!cop_is_list(args) || cop_list_len(args) < 0) cop__raise_argument(3, "not a list");
    if (cop_list_len(args) > 255) cop_error(COP(":system_limit"));
    opts.name = function_name(module, function, cop_list_len(args));
    return spawn_with(run_mfa, cop_tuple(module, function, args), opts);
}

/* False: nothing that spawn_opt knows. Those about memory change nothing here. */
static bool read_spawn_option(cop_term option, struct cop_spawn_opts *opts)
{
    cop_term name, value;

    if (cop_match(option, ":link")) {
        opts->link = true;
    } else if (cop_match(option, ":monitor")) {
        opts->monitor = true;
    } else if (!cop_match(option, "{name, value}", name, value)) {
        return false;
    } else if (cop_match(name, ":priority")) {
        return cop__priority_from(value, &opts->priority);
    } else if (cop_match(name, ":mailbox")) {
        return cop_mailbox_from(value, &opts->mailbox);
    } else {
        return cop_match(name, ":fullsweep_after") || cop_match(name, ":min_heap_size") ||
               cop_match(name, ":min_bin_vheap_size") || cop_match(name, ":max_heap_size") ||
               cop_match(name, ":message_queue_data");
    }
    return true;
}

static struct cop_spawn_opts spawn_options(cop_term options, int position)
{
    struct cop_spawn_opts opts = {0};

    cop__options_arg(options, position);
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        if (!read_spawn_option(cop_head(options), &opts))
            cop__raise_argument(position, "invalid spawn option");
    }
    return opts;
}

cop_term cop__kernel_spawn(cop_term fun)
{
    return spawn_fun(fun, (struct cop_spawn_opts){0});
}

cop_term cop__kernel_spawn_link(cop_term fun)
{
    return spawn_fun(fun, (struct cop_spawn_opts){.link = true});
}

cop_term cop__kernel_spawn_mfa(cop_term module, cop_term function, cop_term args)
{
    return spawn_mfa(module, function, args, (struct cop_spawn_opts){0});
}

cop_term cop__kernel_spawn_link_mfa(cop_term module, cop_term function, cop_term args)
{
    return spawn_mfa(module, function, args, (struct cop_spawn_opts){.link = true});
}

cop_term cop__kernel_spawn_monitor(cop_term fun)
{
    return spawn_fun(fun, (struct cop_spawn_opts){.monitor = true});
}

cop_term cop__kernel_spawn_opt(cop_term fun, cop_term options)
{
    return spawn_fun(fun, spawn_options(options, 2));
}

cop_term cop__kernel_spawn_opt_mfa(cop_term module, cop_term function, cop_term args,
                                   cop_term options)
{
    return spawn_mfa(module, function, args, spawn_options(options, 4));
}

/* --- Errors ----------------------------------------------------------------------------------- */

/* Raises as the caller of the function does, whose own name in the stacktrace tells nothing. */
static COP_NORETURN void leave(enum cop_class class_, cop_term value)
{
    struct cop_outcome how = {class_, value, cop_stacktrace(NULL)};
    cop_term callers;

    if (cop_match(how.stack, "[{Kernel, _, _, _} | callers]", callers)) how.stack = callers;
    cop_reraise(&how);
}

cop_term cop__kernel_exit(cop_term reason)
{
    leave(COP_CLASS_EXIT, reason);
}

cop_term cop__kernel_throw(cop_term value)
{
    leave(COP_CLASS_THROW, value);
}

/* The message of an exception that is raised by its module's name only. */
static cop_term default_message(cop_term module)
{
    if (cop_identical(module, COP("ArgumentError"))) return COP("\"argument error\"");
    if (cop_identical(module, COP("RuntimeError"))) return COP("\"runtime error\"");
    if (cop_identical(module, COP("ArithmeticError")))
        return COP("\"bad argument in arithmetic expression\"");
    if (cop_identical(module, COP("SystemLimitError")))
        return COP("\"a system limit has been reached\"");
    return cop_nil();
}

/* Whether module may be an exception. Those of C are not declared: a name that no module has and
 * that ends in Error, as all of them do, is taken for one. */
static bool is_exception(cop_term module)
{
    cop_bytes name = cop_atom_text(module);
    const size_t prefix = strlen("Elixir."), suffix = strlen("Error");

    if (cop_module_find(module) != NULL) return cop_function_exported(module, COP(":exception"), 1);
    return name.len >= prefix + suffix && memcmp(name.data, "Elixir.", prefix) == 0 &&
           memcmp(name.data + name.len - suffix, "Error", suffix) == 0;
}

cop_term cop__kernel_raise_with(cop_term module, cop_term attributes)
{
    cop_term message = default_message(module);
    cop_term exception = cop_build("%{__struct__: module, __exception__: true}", module);
    cop_term key;
    cop_term value;
    cop_term rest;

    if (!cop_is_atom(module)) cop__raise_argument(1, "not an atom");
    if (!is_exception(module))
        cop__raise_undefined(module, COP(":exception"), cop_list(attributes));
    if (!cop_is_binary(attributes) && !cop_is_list(attributes))
        cop__raise_function_clause(module, "exception", 1);
    if (cop_is_binary(attributes)) message = attributes;
    if (cop_is_binary(message)) exception = cop_map_put(exception, COP(":message"), message);
    if (cop_is_keyword(attributes)) {
        for (rest = attributes; cop_match(rest, "[{key, value} | rest]", key, value, rest);)
            exception = cop_map_put(exception, key, value);
    }
    leave(COP_CLASS_ERROR, exception);
}

cop_term cop__kernel_raise(cop_term exception)
{
    cop_term module;

    if (cop_is_binary(exception))
        leave(COP_CLASS_ERROR,
              cop_build("%{__struct__: RuntimeError, __exception__: true, message: exception}",
                        exception));
    if (cop_match(exception, "%{__exception__: true, __struct__: module}", module))
        leave(COP_CLASS_ERROR, exception);
    if (!cop_is_atom(exception)) {
        cop_bytes text = cop_to_bytes(cop_inspect(exception));

        cop_raise("ArgumentError",
                  "raise/1 and reraise/2 expect a module name, string or exception as the first "
                  "argument, got: %.*s",
                  (int)text.len, text.data);
    }
    return cop__kernel_raise_with(exception, cop_empty_list());
}

/* --- Calls ------------------------------------------------------------------------------------ */

cop_term cop__kernel_apply_fun(cop_term fun, cop_term args)
{
    cop_term module;
    cop_term function;
    cop_term bound;
    cop_term items[32];
    size_t len = 0;
    int arity;

    if (cop_is_fun(fun, -1)) {
        cop_capture_parts(fun, &module, &function, &arity, &bound);
        if (cop_identical(bound, cop_nil()) && cop_list_len(args) == arity)
            return cop_apply(module, function, args);
    }
    for (; cop_is_list(args) && !cop_is_empty_list(args) && len < 32; args = cop_tail(args))
        items[len++] = cop_head(args);
    return cop_call_fun(fun, items, len);
}

cop_term cop__kernel_apply(cop_term module, cop_term function, cop_term args)
{
    if (!cop_is_atom(module)) cop__raise_argument(1, "not an atom");
    if (!cop_is_atom(function)) cop__raise_argument(2, "not an atom");
    if (!cop_is_list(args) || cop_list_len(args) < 0) cop__raise_argument(3, "not a list");
    return cop_apply(module, function, args);
}

cop_term cop__kernel_exported(cop_term module, cop_term function, cop_term arity)
{
    int64_t n;

    if (!cop__is_int64(arity, &n) || n < 0) cop__raise_argument(3, "not an integer");
    return cop_bool(n <= 255 && cop_function_exported(module, function, (int)n));
}

cop_term cop__kernel_tap(cop_term value, cop_term fun)
{
    (void)cop__call1(fun, value);
    return value;
}

cop_term cop__kernel_then(cop_term value, cop_term fun)
{
    return cop__call1(fun, value);
}

/* --- Text ------------------------------------------------------------------------------------- */

cop_term cop__kernel_inspect(cop_term t)
{
    return cop_inspect_with(t, (struct cop_inspect_opts){0, 50});
}

cop_term cop__kernel_inspect_with(cop_term t, cop_term options)
{
    cop_term limit = cop_keyword_get(options, COP(":limit"), cop_int(50));
    cop_term width = cop_keyword_get(options, COP(":width"), cop_int(80));
    cop_term pretty = cop_keyword_get(options, COP(":pretty"), cop_false());
    struct cop_inspect_opts opts = {0, 0};
    int64_t n;

    if (cop__is_int64(limit, &n) && n < INT32_MAX) opts.limit = n > 0 ? (int)n : -1;
    if (cop_identical(pretty, cop_true()) && cop__is_int64(width, &n) && n > 0 && n < INT32_MAX)
        opts.width = (int)n;
    return cop_inspect_with(t, opts);
}

cop_term cop__kernel_to_charlist(cop_term t)
{
    if (!cop_is_binary(t) && !cop_is_atom(t) && !cop_is_number(t) && !cop_is_list(t))
        cop__raise_protocol("List.Chars", t);
    return cop_apply(COP("String"), COP(":to_charlist"), cop_list(cop__to_string(t)));
}

cop_term cop__kernel_dbg(cop_term t)
{
    return cop_apply(COP("IO"), COP(":inspect"), cop_list(t));
}

cop_term cop__join_bytes(cop_bytes a, cop_bytes b)
{
    COP__TEXT(text);

    cop__text_add_bytes(&text, a);
    cop__text_add_bytes(&text, b);
    return cop__text_binary(&text);
}

cop_term cop__is_in(cop_term element, cop_term enumerable)
{
    return cop_apply(COP("Enum"), COP(":member?"), cop_list(enumerable, element));
}
