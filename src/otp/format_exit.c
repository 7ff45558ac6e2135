/* SPDX-License-Identifier: Apache-2.0 */
/* Exit reasons in words (LOG-23, LOG-24), as Elixir tells them in logs, console and test failures.
 *
 * A reason may hold another: that of the call that failed, of the child that did not start, of what
 * was raised. The outer one is told first, then `** (EXIT)` and the inner one on the next line,
 * four columns deeper. So this is a loop from the outside in. tests/conformance/format_exit.tsv
 * holds what a real Elixir says. */
#include "otp/exception.h"

#include <string.h>

/* Reasons that hold themselves (by length of tuples, not truly) are cut off here. */
#define DEPTH_MAX 100

/* --- Stacks ----------------------------------------------------------------------------------- */

static bool is_count_or_args(cop_term t)
{
    return cop_is_integer(t) || (cop_is_list(t) && cop_list_len(t) >= 0);
}

/* {module, function, arity or arguments, location}, or the same of a fun. */
static bool is_stack_entry(cop_term t)
{
    if (!cop_is_tuple(t)) return false;
    if (cop_tuple_size(t) == 4)
        return cop_is_atom(cop_elem(t, 0)) && cop_is_atom(cop_elem(t, 1)) &&
               is_count_or_args(cop_elem(t, 2)) && cop_is_keyword(cop_elem(t, 3));
    return cop_tuple_size(t) == 3 && cop_is_fun(cop_elem(t, 0), -1) &&
           is_count_or_args(cop_elem(t, 1)) && cop_is_keyword(cop_elem(t, 2));
}

static bool is_stack(cop_term t)
{
    if (!cop_is_list(t) || cop_list_len(t) < 1) return false;
    for (; !cop_is_empty_list(t); t = cop_tail(t)) {
        if (!is_stack_entry(cop_head(t))) return false;
    }
    return true;
}

/* "lib/kv.ex:12: ", where the entry says so. The file is a list of characters, or a string. */
static void add_location(struct cop__text *text, cop_term location)
{
    cop_term file = cop_keyword_get(location, COP(":file"), cop_nil());
    cop_term line = cop_keyword_get(location, COP(":line"), cop_nil());

    if (cop_is_binary(file)) {
        cop__text_add_bytes(text, cop_to_bytes(file));
    } else if (cop_is_list(file) && cop_list_len(file) > 0) {
        for (; !cop_is_empty_list(file); file = cop_tail(file)) {
            if (cop_is_integer(cop_head(file)))
                cop__text_add_format(text, "%c", (int)(cop_to_int(cop_head(file)) & 0x7f));
        }
    } else {
        return;
    }
    if (cop_is_integer(line) && cop_to_int(line) > 0)
        cop__text_add_format(text, ":%lld", (long long)cop_to_int(line));
    cop__text_add(text, ": ");
}

static void add_stack_entry(struct cop__text *text, cop_term entry)
{
    if (cop_tuple_size(entry) == 4) {
        add_location(text, cop_elem(entry, 3));
        if (cop_match(entry, "{_, :__FILE__, 1, _}")) {
            cop__text_add(text, "(file)");
            return;
        }
        cop__text_add_call(text, cop_elem(entry, 0), cop_elem(entry, 1), cop_elem(entry, 2));
        return;
    }
    add_location(text, cop_elem(entry, 2));
    cop__text_add_term(text, cop_elem(entry, 0));
    if (cop_is_integer(cop_elem(entry, 1))) {
        cop__text_add_format(text, "/%lld", (long long)cop_to_int(cop_elem(entry, 1)));
        return;
    }
    cop__text_add(text, "(");
    cop__text_add_items(text, cop_elem(entry, 1));
    cop__text_add(text, ")");
}

void cop__add_stack(struct cop__text *text, cop_term stack, int indent)
{
    if (!is_stack(stack)) return;
    for (; !cop_is_empty_list(stack); stack = cop_tail(stack)) {
        cop__text_add(text, "\n");
        cop__text_add_spaces(text, indent);
        add_stack_entry(text, cop_head(stack));
    }
}

/* What only an error raises, so that it is known as one also where no stack is: an exception, or
 * one of the reasons that stand for one. */
static bool is_raised_only(cop_term t)
{
    cop_term exception;

    if (cop_is_map(t)) return cop_map_has(t, COP(":__exception__"));
    exception = cop_exception_of(t);
    return !cop_identical(cop_map_get(exception, COP(":__struct__"), cop_nil()),
                          COP("ErlangError"));
}

bool cop__reason_is_error(cop_term reason, cop_term *ret_raised, cop_term *ret_stack)
{
    cop_term raised, stack;

    if (!cop_is_tuple(reason) || cop_tuple_size(reason) != 2) return false;
    raised = cop_elem(reason, 0);
    stack = cop_elem(reason, 1);
    if (!is_stack(stack) && !(cop_is_empty_list(stack) && is_raised_only(raised))) return false;
    *ret_raised = raised;
    *ret_stack = stack;
    return true;
}

/* --- Reasons that hold no other --------------------------------------------------------------- */

struct wording {
    const char *tag;
    const char *words;
    const char *after; /* what comes after the value */
};

static const struct wording atoms[] = {
    {"normal", "normal", ""},
    {"shutdown", "shutdown", ""},
    {"killed", "killed", ""},
    {"timeout", "time out", ""},
    {"calling_self", "process attempted to call itself", ""},
    {"noconnection", "no connection", ""},
    {"noproc",
     "no process: the process is not alive or there's no process currently associated with the "
     "given "
     "name, possibly because its application isn't started",
     ""},
    {NULL, NULL, NULL},
};
static const struct wording pairs[] = {
    {"shutdown", "shutdown: ", ""},
    {"already_started", "already started: ", ""},
    {"bad_return_value", "bad return value: ", ""},
    {"bad_call", "bad call: ", ""},
    {"bad_cast", "bad cast: ", ""},
    {"bad_start_spec", "bad child specification, invalid children: ", ""},
    {NULL, NULL, NULL},
};
static const struct wording child_specs[] = {
    {"duplicate_child_name", "more than one child specification has the id: ",
     ".\nIf using maps as child specifications, make sure the :id keys are unique.\n"
     "If using a module or {module, arg} as child, use Supervisor.child_spec/2 to change the :id, "
     "for example:\n\n"
     "    children = [\n"
     "      Supervisor.child_spec({MyWorker, arg}, id: :my_worker_1),\n"
     "      Supervisor.child_spec({MyWorker, arg}, id: :my_worker_2)\n"
     "    ]\n"},
    {"invalid_child_spec", "invalid child specification: ", ""},
    {"invalid_child_type", "invalid child type: ", ". Must be :worker or :supervisor."},
    {"invalid_mfa", "invalid mfa: ", ""},
    {"invalid_restart_type",
     "invalid restart type: ", ". Must be :permanent, :transient or :temporary."},
    {"invalid_shutdown",
     "invalid shutdown: ", ". Must be an integer >= 0, :infinity or :brutal_kill."},
    {"invalid_modules", "invalid modules: ", ". Must be a list of atoms or :dynamic."},
    {"invalid_module", "invalid module: ", ". Must be an atom."},
    {NULL, NULL, NULL},
};
static const struct wording flags[] = {
    {"invalid_type", "invalid type: ", ""},
    {"invalid_strategy", "invalid strategy: ", ""},
    {"invalid_intensity", "invalid max_restarts (intensity): ", ""},
    {"invalid_period", "invalid max_seconds (period): ", ""},
    {"invalid_max_children", "invalid max_children: ", ""},
    {"invalid_extra_arguments", "invalid extra_arguments: ", ""},
    {NULL, NULL, NULL},
};

static const struct wording *find(const struct wording *table, cop_term tag)
{
    cop_bytes text;

    if (!cop_is_atom(tag)) return NULL;
    text = cop_atom_text(tag);
    for (; table->tag != NULL; table++) {
        if (text.len == strlen(table->tag) && memcmp(text.data, table->tag, text.len) == 0)
            return table;
    }
    return NULL;
}

/* A pair {tag, value} by a table; false if it is not in it. */
static bool add_pair(struct cop__text *text, const struct wording *table, cop_term pair)
{
    const struct wording *found = NULL;

    if (cop_is_tuple(pair) && cop_tuple_size(pair) == 2) found = find(table, cop_elem(pair, 0));
    if (found == NULL) return false;
    cop__text_add(text, found->words);
    cop__text_add_term(text, cop_elem(pair, 1));
    cop__text_add(text, found->after);
    return true;
}

static void add_pair_or_value(struct cop__text *text, const char *words,
                              const struct wording *table, cop_term pair)
{
    cop__text_add(text, words);
    if (add_pair(text, table, pair)) return;
    cop__text_add(text, "got: ");
    cop__text_add_term(text, pair);
}

static void add_plain(struct cop__text *text, cop_term reason)
{
    const struct wording *found = find(atoms, reason);
    cop_term a, b;

    if (found != NULL) {
        cop__text_add(text, found->words);
    } else if (cop_match(reason, "{:nodedown, a}", a) && cop_is_atom(a)) {
        cop__text_add(text, "no connection to ");
        cop__text_add_bytes(text, cop_atom_text(a));
    } else if (cop_match(reason, "{:start_spec, a}", a)) {
        add_pair_or_value(text, "bad child specification, ", child_specs, a);
    } else if (cop_match(reason, "{:supervisor_data, a}", a)) {
        add_pair_or_value(text, "bad supervisor configuration, ", flags, a);
    } else if (cop_match(reason, "{:bad_return, {a, :init, b}}", a, b) && cop_is_atom(a)) {
        cop__text_add_call(text, a, COP(":init"), cop_int(1));
        cop__text_add(text, " returned a bad value: ");
        cop__text_add_term(text, b);
    } else if (!add_pair(text, pairs, reason)) {
        cop__text_add_term(text, reason);
    }
}

/* --- The whole -------------------------------------------------------------------------------- */

static bool is_call(cop_term module, cop_term function, cop_term args)
{
    return cop_is_atom(module) && cop_is_atom(function) && cop_is_list(args) &&
           cop_list_len(args) >= 0 && cop_list_len(args) < 256;
}

/* Tells the outer part of a reason that holds another, and returns the inner one; cop_none() if
 * there is none. */
static cop_term add_outer(struct cop__text *text, cop_term reason)
{
    cop_term inner, child, m, f, a;

    if (cop_match(reason, "{:shutdown, {:failed_to_start_child, child, inner}}", child, inner)) {
        cop__text_add(text, "shutdown: failed to start child: ");
        cop__text_add_term(text, child);
        cop_match(inner, "{:EXIT, inner}", inner);
        return inner;
    }
    if (cop_match(reason, "{inner, {m, f, a}}", inner, m, f, a) && is_call(m, f, a)) {
        cop__text_add(text, "exited in: ");
        cop__text_add_call(text, m, f, a);
        return inner;
    }
    return cop_none();
}

/* The pattern of a cop_expect stands in the stacktrace. */
static void add_pattern(struct cop__text *text, cop_term stack)
{
    cop_term location, pattern = cop_nil();

    if (cop_match(stack, "[{_, _, _, location} | _]", location) && cop_is_keyword(location))
        pattern = cop_keyword_get(location, COP(":pattern"), pattern);
    if (!cop_is_binary(pattern)) return;
    cop__text_add(text, ", expected: ");
    cop__text_add_bytes(text, cop_to_bytes(pattern));
}

/* "** (RuntimeError) oops" */
static void add_exception(struct cop__text *text, cop_term reason, cop_term stack)
{
    cop_term exception = cop__exception_of(reason, stack);

    cop__text_add(text, "** (");
    cop__text_add_term(text, cop_map_get(exception, COP(":__struct__"), cop_nil()));
    cop__text_add(text, ") ");
    cop__add_message(text, exception);
    add_pattern(text, stack);
}

void cop__add_exit(struct cop__text *text, cop_term reason)
{
    cop_term raised, stack, inner;
    int indent = 0;

    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        indent += 4;
        if (cop__reason_is_error(reason, &raised, &stack)) {
            cop__text_add(text, "an exception was raised:\n");
            cop__text_add_spaces(text, indent);
            add_exception(text, raised, stack);
            cop__add_stack(text, stack, indent + 4);
            return;
        }
        inner = add_outer(text, reason);
        if (cop_is_none(inner)) break;
        cop__text_add(text, "\n");
        cop__text_add_spaces(text, indent);
        cop__text_add(text, "** (EXIT) ");
        reason = inner;
    }
    add_plain(text, reason);
}

void cop__add_banner(struct cop__text *text, enum cop_class class_, cop_term reason, cop_term stack)
{
    switch (class_) {
    case COP_CLASS_EXIT:
        cop__text_add(text, "** (exit) ");
        cop__add_exit(text, reason);
        break;
    case COP_CLASS_THROW:
        cop__text_add(text, "** (throw) ");
        cop__text_add_term(text, reason);
        break;
    case COP_CLASS_NONE: cop__text_add_term(text, reason); break;
    case COP_CLASS_ERROR: add_exception(text, reason, stack); break;
    }
}

cop_term cop_format_exit(cop_term reason)
{
    COP__TEXT(text);

    cop__add_exit(&text, reason);
    return cop__text_binary(&text);
}

cop_term cop_format_outcome(const struct cop_outcome *outcome)
{
    COP__TEXT(text);

    cop__add_banner(&text, outcome->class_, outcome->value, outcome->stack);
    cop__add_stack(&text, outcome->stack, 4);
    return cop__text_binary(&text);
}

cop_term cop_format_banner(enum cop_class class_, cop_term reason)
{
    COP__TEXT(text);

    cop__add_banner(&text, class_, reason, cop_empty_list());
    return cop__text_binary(&text);
}
