/* SPDX-License-Identifier: Apache-2.0 */
/* The console process: asks for lines, puts them together to expressions, has them evaluated, and
 * keeps what must outlive an evaluator. */
#include "shell/console.h"

#include "coppice/node.h"
#include <stdio.h>
#include <string.h>

struct console {
    cop_pid session;
    cop_ref monitor;
    cop_kept bindings;
    cop_kept history; /* [{line, value}], newest first */
    cop_kept pending; /* binary: the lines of an expression that is not complete */
    int64_t counter;
    bool is_terminal;
    bool has_failed;
    bool is_asked; /* a line will come */
    bool at_end;   /* no further line will come */
};

void cop__console_print(cop_term text)
{
    (void)cop_apply(COP("IO"), COP(":write"), cop_list(text));
}

static void ask(struct console *c, bool goes_on)
{
    char prompt[48];

    (void)snprintf(prompt, sizeof(prompt), "%s(%lld)> ", goes_on ? "..." : "iex",
                   (long long)c->counter);
    cop__reader_ask(cop_self(), prompt);
    c->is_asked = true;
}

static void start_session(struct console *c)
{
    c->session =
        cop__session_start(cop_kept_term(c->bindings), cop_kept_term(c->history), &c->monitor);
}

static void leave(const struct console *c)
{
    if (c->is_terminal) cop__console_print(cop_string("\n"));
    cop_system_stop(c->has_failed && !c->is_terminal ? 1 : 0);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static cop_term join(cop_term a, cop_term b)
{
    return cop_apply(COP("Kernel"), COP(":<>"), cop_list(a, b));
}

/* Nothing but blanks and comments. */
static bool is_blank(cop_bytes text)
{
    struct cop_parse_error error;
    cop_term quoted;
    cop_term forms;

    return cop_quote(text, &quoted, &error) && cop_match(quoted, "{:__block__, _, forms}", forms) &&
           cop_is_empty_list(forms);
}

static void evaluate(struct console *c, cop_term text)
{
    cop_bytes bytes = cop_to_bytes(text);

    cop_replace(&c->pending, COP("\"\""));
    if (bytes.len > 0 && bytes.data[bytes.len - 1] == '\n') bytes.len--;
    cop__session_eval(c->session, cop_binary(bytes.data, bytes.len), c->counter);
}

static void take_line(struct console *c, cop_term line)
{
    cop_term text = join(cop_kept_term(c->pending), line);
    cop_bytes bytes = cop_to_bytes(text);
    struct cop_parse_error error = {0};
    cop_term quoted;

    if (cop_identical(line, COP("\"#iex:break\\n\""))) {
        if (bytes.len > cop_to_bytes(line).len) {
            c->has_failed = true;
            cop__console_print(cop_string("** (TokenMissingError) incomplete expression\n"));
        }
        cop_replace(&c->pending, COP("\"\""));
        ask(c, false);
    } else if (is_blank(bytes)) {
        cop_replace(&c->pending, COP("\"\""));
        ask(c, false);
    } else if (!cop_quote(bytes, &quoted, &error) && error.incomplete) {
        cop_replace(&c->pending, text);
        ask(c, true);
    } else {
        evaluate(c, text);
    }
}

static void take_end(struct console *c)
{
    cop_term text = cop_kept_term(c->pending);

    c->at_end = true;
    if (c->is_terminal || cop_to_bytes(text).len == 0)
        leave(c);
    else
        evaluate(c, text); /* an expression that is not complete: its error is shown */
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void next_line(struct console *c)
{
    if (c->at_end)
        leave(c);
    else
        ask(c, false);
}

static void take_result(struct console *c, bool worked, cop_term value, cop_term bindings)
{
    cop_replace(&c->bindings, bindings);
    if (worked) {
        cop_term entry = cop_tuple(c->counter, value);
        cop_term history = cop_cons(entry, cop_kept_term(c->history));

        history = cop_apply(COP("Enum"), COP(":take"), cop_list(history, COP__HISTORY_MAX));
        cop_replace(&c->history, history);
        c->counter++;
    } else {
        c->has_failed = true;
    }
    next_line(c);
}

static void take_death(struct console *c, cop_term reason)
{
    cop_bytes pid = cop_to_bytes(cop_inspect(cop_pid_term(c->session)));
    cop_bytes words = cop_to_bytes(cop_format_exit(reason));

    c->has_failed = true;
    cop__console_print(cop_format("** (EXIT from %.*s) shell process exited with reason: %.*s\n",
                                  (int)pid.len, pid.data, (int)words.len, words.data));
    start_session(c);
    if (!c->is_asked) /* it died while it evaluated, and not beside a prompt */
        next_line(c);
    else if (c->is_terminal)
        cop__console_print(cop_format("iex(%lld)> ", (long long)c->counter));
}

static bool turn(void *state, cop_term msg)
{
    struct console *c = state;
    cop_ref ref = c->monitor;
    cop_term text;
    cop_term value;
    cop_term bindings;
    cop_term reason;
    bool worked;

    if (cop_match(msg, "{:line, text}", text)) {
        c->is_asked = false;
        take_line(c, text);
    } else if (cop_identical(msg, COP(":eof"))) {
        c->is_asked = false;
        take_end(c);
    } else if (cop_match(msg, "{:done, worked, value, bindings}", worked, value, bindings)) {
        take_result(c, worked, value, bindings);
    } else if (cop_match(msg, "{:DOWN, ^ref, :process, _, reason}", ref, reason)) {
        take_death(c, reason);
    }
    return true;
}

static cop_next console(cop_term arg)
{
    struct console *c = cop_alloc(sizeof(*c));

    (void)arg;
    c->is_terminal = cop__reader_is_terminal();
    c->counter = 1;
    c->bindings = cop_keep(cop_map_new());
    c->history = cop_keep(cop_empty_list());
    c->pending = cop_keep(COP("\"\""));
    cop_set_label(COP(":console"));
    if (c->is_terminal)
        cop__console_print(cop_format("Interactive Coppice (%s) - press Ctrl+D to exit "
                                      "(type h() ENTER for help)\n",
                                      cop_version()));
    start_session(c);
    ask(c, false);
    cop_receive_loop(turn, c);
    return cop_end();
}

void cop__console_start(void)
{
    cop_module_register(&cop__helpers_module);
    (void)cop_spawn(console, cop_nil(), &(struct cop_spawn_opts){.name = "IEx.Server.run/1"});
}
