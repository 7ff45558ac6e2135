/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: a process that evaluates one text after the other, tells what comes out, and is
 * otherwise like any process: what is sent to it stays until it is received, who is linked to it
 * takes it along. */
#include "coppice/error.h"
#include "shell/console.h"
#include <stdio.h>
#include <string.h>

#define END_MS      1000
#define SESSION_END COP(":\"$iex_end\"")

struct session {
    cop_pid console;
    cop_kept bindings;
};

/* One text on its way through cop_try. */
struct attempt {
    cop_bytes text;
    cop_term bindings;
    const struct cop_eval_opts *opts;
};

/* --- Evaluating ------------------------------------------------------------------------------- */

/* Mod, Mod.fun or fun as a quoted {Mod} or {Mod, :fun}; cop_none() if the form is none of them. */
static cop_term called_name(cop_term form)
{
    cop_term module;
    cop_term function;

    if (cop_is_atom(form)) return cop_build("{:{}, [], [form]}", form);
    if (cop_match(form, "{{:., _, [module, function]}, _, _}", module, function) &&
        cop_is_atom(module))
        return cop_tuple(module, function);
    if (cop_match(form, "{function, _, nil}", function) && cop_is_atom(function))
        return cop_tuple(COP("IEx.Helpers"), function);
    return cop_none();
}

/* The same for the argument of h, which may have an arity: {Mod, :fun, arity}. */
static cop_term name_of(cop_term form)
{
    cop_term module;
    cop_term function;
    cop_term call;
    int64_t arity;

    if (!cop_match(form, "{:/, _, [call, arity]}", call, arity)) return called_name(form);
    call = called_name(call);
    if (cop_is_none(call) || cop_tuple_size(call) != 2) return cop_none();
    module = cop_elem(call, 0);
    function = cop_elem(call, 1);
    return cop_build("{:{}, [], [module, function, arity]}", module, function, arity);
}

/* h Map.get asks about the function and does not call it. */
static cop_term with_names(cop_term quoted)
{
    cop_term meta;
    cop_term arg;
    cop_term name;

    if (!cop_match(quoted, "{:h, meta, [arg]}", meta, arg)) return quoted;
    name = name_of(arg);
    return cop_is_none(name) ? quoted : cop_build("{:h, meta, [name]}", meta, name);
}

static cop_term evaluate(void *arg)
{
    struct attempt *a = arg;
    struct cop_parse_error error;
    cop_term quoted;

    if (!cop_quote(a->text, &quoted, &error)) cop_raise_parse_error(a->text, &error, a->opts);
    return cop_eval_quoted(with_names(quoted), a->bindings, &a->bindings, a->opts);
}

/* --- What is shown ---------------------------------------------------------------------------- */

struct cop_inspect_opts cop__session_inspect_opts(void)
{
    return (struct cop_inspect_opts){(int)cop_to_int(cop_get(COP__WIDTH_KEY)), 50};
}

/* The value's lines (IEX-03). */
static cop_term value_lines(cop_term value)
{
    cop_bytes text;

    if (cop_identical(value, COP__NOTHING)) return COP("\"\"");
    text = cop_to_bytes(cop_inspect_with(value, cop__session_inspect_opts()));
    return cop_format("%.*s\n", (int)text.len, text.data);
}

/* The banner, what may have been meant, and the stack (IEX-05). */
static cop_term failure_lines(const struct cop_outcome *outcome)
{
    cop_bytes text = cop_to_bytes(cop_format_outcome(outcome));
    cop_bytes banner = cop_to_bytes(cop_format_banner(outcome->class_, outcome->value));
    cop_bytes hint = cop_to_bytes(cop__blame(outcome->value));
    cop_bytes stack = {"", 0};

    if (text.len > banner.len && memcmp(text.data, banner.data, banner.len) == 0)
        stack = (cop_bytes){text.data + banner.len, text.len - banner.len};
    if (hint.len == 0) return cop_format("%.*s\n", (int)text.len, text.data);
    return cop_format("%.*s%.*s%.*s\n", (int)banner.len, banner.data, (int)hint.len, hint.data,
                      (int)stack.len, stack.data);
}

/* --- The process ------------------------------------------------------------------------------ */

static bool is_request(cop_term msg, void *arg)
{
    (void)arg;
    return cop_identical(msg, SESSION_END) || cop_match(msg, "{:\"$iex_eval\", _, _, _, _}");
}

static void remember(int64_t line, cop_term value)
{
    cop_term history = cop_cons(cop_tuple(line, value), cop_get(COP__HISTORY_KEY));

    history = cop_apply(COP("Enum"), COP(":take"), cop_list(history, COP__HISTORY_MAX));
    (void)cop_put(COP__HISTORY_KEY, history);
}

/* One text. Messages of others stay in the mailbox; each turn has a region of its own. */
static cop_next turn(void *state)
{
    struct session *s = state;
    char name[32];
    struct cop_eval_opts opts = {
        .size = sizeof(opts), .file = name, .helpers = &cop__helpers_module};
    struct attempt attempt = {.bindings = cop_kept_term(s->bindings), .opts = &opts};
    struct cop_outcome outcome;
    cop_bytes text;
    cop_bytes file;
    cop_term width;
    cop_term shown;
    cop_term msg;
    int64_t line;
    bool worked;

    (void)cop_receive_if(is_request, NULL, &msg, COP_INFINITY);
    if (cop_identical(msg, SESSION_END)) return cop_end();
    cop_expect(msg, "{:\"$iex_eval\", text, line, width, file}", text, line, width, file);
    attempt.text = text;
    opts.line = (int)line;
    (void)snprintf(name, sizeof(name), "%.*s", (int)file.len, file.data);
    (void)cop_put(COP__WIDTH_KEY, width);
    worked = cop_try(evaluate, &attempt, &outcome);
    if (worked) {
        shown = value_lines(outcome.value);
        remember(line, outcome.value);
    } else {
        shown = failure_lines(&outcome);
        attempt.bindings = cop_kept_term(s->bindings);
    }
    cop_replace(&s->bindings, attempt.bindings);
    cop_send(s->console, cop_tuple(COP(":done"), worked, shown, outcome.value, attempt.bindings));
    return cop_hibernate(turn, s);
}

static cop_next session(cop_term arg)
{
    struct session *s = cop_alloc(sizeof(*s));
    cop_pid console;
    cop_term bindings;
    cop_term history;

    cop_expect(arg, "{console, bindings, history}", console, bindings, history);
    s->console = console;
    s->bindings = cop_keep(bindings);
    (void)cop_put(COP__HISTORY_KEY, history);
    (void)cop_put(COP__WIDTH_KEY, cop_int(0));
    return cop_hibernate_for(turn, s, 0);
}

cop_pid cop__session_start(cop_term bindings, cop_term history, cop_ref *ret_monitor)
{
    return cop_spawn(session, cop_tuple(cop_self(), bindings, history),
                     &(struct cop_spawn_opts){
                         .monitor = true, .ret_ref = ret_monitor, .name = "IEx.Evaluator.init/4"});
}

void cop__session_eval(cop_pid session_pid, cop_term text, int64_t line, int64_t width,
                       cop_term file)
{
    cop_send(session_pid, cop_tuple(COP(":\"$iex_eval\""), text, line, width, file));
}

static bool is_down_of(cop_term msg, void *arg)
{
    cop_ref ref = *(cop_ref *)arg;

    return cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

void cop__session_end(cop_pid session_pid, cop_ref monitor)
{
    cop_term msg;

    cop_send(session_pid, SESSION_END);
    (void)cop_receive_ref(monitor, is_down_of, &monitor, &msg, END_MS);
}
