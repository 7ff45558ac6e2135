/* SPDX-License-Identifier: Apache-2.0 */
/* The console process: asks for lines, puts them together to expressions, has them evaluated,
 * prints for its evaluator, and keeps what must outlive one. */
#include "shell/console.h"

#include "coppice/io.h"
#include "coppice/node.h"
#include "shell/link.h"
#include "shell/wire.h"
#include <stdio.h>
#include <string.h>

struct console {
    int64_t link;
    int64_t width; /* of the terminal, as last heard; 0: none */
    cop_pid session;
    cop_ref monitor;
    cop_kept bindings;
    cop_kept history; /* [{line, value}], newest first */
    cop_kept pending; /* binary: the lines of an expression that is not complete */
    cop_kept getter;  /* {from, ref} of an IO.gets that waits for a line, or nil */
    int64_t counter;
    bool is_rpc;
    bool has_failed;
    bool is_asked;   /* a line will come */
    bool is_running; /* the evaluator has a text */
    bool at_end;     /* no further line will come */
    bool is_over;
    char node[128]; /* for the prompt, or empty */
};

/* --- Writing ---------------------------------------------------------------------------------- */

struct writing {
    int64_t link;
    char kind;
    cop_bytes text;
    bool worked;
};

static void write_frame(void *arg)
{
    struct writing *w = arg;

    w->worked = cop__link_write(w->link, w->kind, w->text.data, w->text.len);
}

/* A terminal that is gone ends the console by :gone, not here. */
static void put(const struct console *c, enum cop__frame_kind kind, cop_term text)
{
    struct writing w = {.link = c->link, .kind = (char)kind, .text = cop_to_bytes(text)};

    cop_blocking(write_frame, &w);
}

static void print(const struct console *c, cop_term text)
{
    put(c, COP__FRAME_OUTPUT, text);
}

static void ask_with(struct console *c, cop_term prompt)
{
    c->is_asked = true;
    put(c, COP__FRAME_PROMPT, prompt);
}

/* IEX-01 */
static void ask(struct console *c, bool goes_on)
{
    const char *word = goes_on ? "..." : "iex";
    long long n = (long long)c->counter;

    ask_with(c, c->node[0] ? cop_format("%s(%s)%lld> ", word, c->node, n)
                           : cop_format("%s(%lld)> ", word, n));
}

static void leave(struct console *c, int status)
{
    c->is_over = true;
    put(c, COP__FRAME_STATUS, cop_format("%d", status));
}

static void say_banner(const struct console *c)
{
    if (c->width == 0) return;
    print(c, cop_format("Interactive Coppice (%s) - press Ctrl+C to exit "
                        "(type h() ENTER for help)\n",
                        cop_version()));
}

static void start_session(struct console *c)
{
    c->is_running = false;
    c->session =
        cop__session_start(cop_kept_term(c->bindings), cop_kept_term(c->history), &c->monitor);
    cop__broker_session(c->session);
}

/* --- Lines ------------------------------------------------------------------------------------ */

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
    c->is_running = true;
    cop__session_eval(c->session, cop_binary(bytes.data, bytes.len), c->counter, c->width,
                      c->is_rpc ? COP("\"nofile\"") : COP("\"iex\""));
}

static void abandon(struct console *c)
{
    cop_bytes pending = cop_to_bytes(cop_kept_term(c->pending));

    if (pending.len > 0) {
        c->has_failed = true;
        print(c, cop_format("** (TokenMissingError) iex:%lld: incomplete expression\n",
                            (long long)c->counter));
    }
    cop_replace(&c->pending, COP("\"\""));
    ask(c, false);
}

/* A line of an expression. */
static void take_line(struct console *c, cop_term line)
{
    cop_bytes before = cop_to_bytes(cop_kept_term(c->pending));
    cop_bytes bytes = cop_to_bytes(line);
    cop_term text =
        cop_format("%.*s%.*s", (int)before.len, before.data, (int)bytes.len, bytes.data);
    struct cop_parse_error error = {0};
    cop_term quoted;

    bytes = cop_to_bytes(text);
    if (cop_identical(line, COP("\"#iex:break\\n\""))) {
        abandon(c);
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

/* --- The device (coppice/io.h) ---------------------------------------------------------------- */

static void answer(cop_term from, cop_term ref, cop_term value)
{
    cop_send(from, cop_tuple(COP(":io_reply"), ref, value));
}

static void take_request(struct console *c, cop_term from, cop_term ref, cop_term what)
{
    cop_term text;

    if (cop_match(what, "{:put_chars, :unicode, text}", text) && cop_is_binary(text)) {
        print(c, text);
        answer(from, ref, cop_ok());
    } else if (!cop_match(what, "{:get_line, :unicode, text}", text) || !cop_is_binary(text)) {
        answer(from, ref, COP("{:error, :request}"));
    } else if (c->at_end) {
        answer(from, ref, COP(":eof"));
    } else if (c->is_asked) { /* somebody beside the prompt, which has the line */
        answer(from, ref, COP("{:error, :enotsup}"));
    } else {
        cop_replace(&c->getter, cop_tuple(from, ref));
        ask_with(c, text);
    }
}

/* The line, or :eof, is for an IO.gets. False: for the console. */
static bool give_to_getter(struct console *c, cop_term line)
{
    cop_term from;
    cop_term ref;

    if (!cop_match(cop_kept_term(c->getter), "{from, ref}", from, ref)) return false;
    answer(from, ref, line);
    cop_replace(&c->getter, cop_nil());
    return true;
}

/* --- What ends an evaluation ------------------------------------------------------------------ */

static void next_line(struct console *c)
{
    if (c->is_rpc || c->at_end)
        leave(c, c->has_failed && (c->is_rpc || c->width == 0) ? 1 : 0);
    else if (!c->is_asked)
        ask(c, false);
}

static void take_end(struct console *c)
{
    cop_term text = cop_kept_term(c->pending);

    c->at_end = true;
    if (c->is_running) return; /* it was an IO.gets that met the end */
    if (c->width > 0 || cop_to_bytes(text).len == 0)
        next_line(c);
    else
        evaluate(c, text); /* an expression that is not complete: its error is shown */
}

static void take_result(struct console *c, bool worked, cop_term value, cop_term bindings)
{
    c->is_running = false;
    cop_replace(&c->bindings, bindings);
    if (worked) {
        cop_term history = cop_cons(cop_tuple(c->counter, value), cop_kept_term(c->history));

        history = cop_apply(COP("Enum"), COP(":take"), cop_list(history, COP__HISTORY_MAX));
        cop_replace(&c->history, history);
        c->counter++;
    } else {
        c->has_failed = true;
    }
    next_line(c);
}

static void show(const struct console *c, bool worked, cop_term text)
{
    put(c, c->is_rpc && !worked ? COP__FRAME_ERROR : COP__FRAME_OUTPUT, text);
}

/* IEX-07 */
static void take_death(struct console *c, cop_term reason)
{
    cop_bytes pid = cop_to_bytes(cop_inspect(cop_pid_term(c->session)));
    cop_bytes words = cop_to_bytes(cop_format_exit(reason));

    c->has_failed = true;
    show(c, false,
         cop_format("** (EXIT from %.*s) shell process exited with reason: %.*s\n", (int)pid.len,
                    pid.data, (int)words.len, words.data));
    if (!cop_identical(cop_kept_term(c->getter), cop_nil())) cop_replace(&c->getter, cop_nil());
    start_session(c);
    next_line(c);
}

/* A new evaluator, as at the beginning. */
static void respawn(struct console *c)
{
    (void)cop_demonitor(c->monitor, true);
    cop_exit_process(c->session, COP(":kill"));
    cop_replace(&c->bindings, cop_map_new());
    cop_replace(&c->history, cop_empty_list());
    c->counter = 1;
    start_session(c);
    say_banner(c);
    next_line(c);
}

/* --- The process ------------------------------------------------------------------------------ */

static void take_from_terminal(struct console *c, cop_term msg)
{
    cop_term text;
    int64_t width;

    if (cop_match(msg, "{:line, width, text}", width, text)) {
        c->is_asked = false;
        c->width = width;
        if (give_to_getter(c, text)) return;
        if (c->is_running) return; /* an IO.gets asked for it, and died */
        take_line(c, text);
    } else if (cop_identical(msg, COP(":eof"))) {
        c->is_asked = false;
        (void)give_to_getter(c, msg);
        take_end(c);
    } else if (cop_match(msg, "{:complete, text}", text)) {
        put(c, COP__FRAME_COMPLETE, cop__complete(cop_to_bytes(text), cop_kept_term(c->bindings)));
    } else if (cop_identical(msg, COP(":interrupt"))) {
        if (c->is_running) cop_exit_process(c->session, COP(":kill"));
    } else if (cop_identical(msg, COP(":gone"))) {
        c->is_over = true;
    }
}

static bool turn(void *state, cop_term msg)
{
    struct console *c = state;
    cop_ref ref = c->monitor;
    cop_term from;
    cop_term what;
    cop_term shown;
    cop_term value;
    cop_term bindings;
    bool worked;

    if (cop_match(msg, "{:io_request, from, value, what}", from, value, what)) {
        take_request(c, from, value, what);
    } else if (cop_match(msg, "{:done, worked, shown, value, bindings}", worked, shown, value,
                         bindings)) {
        show(c, worked, shown);
        take_result(c, worked, value, bindings);
    } else if (cop_match(msg, "{:DOWN, ^ref, :process, _, what}", ref, what)) {
        take_death(c, what);
    } else if (cop_identical(msg, COP(":respawn"))) {
        if (c->is_running) respawn(c);
    } else {
        take_from_terminal(c, msg);
    }
    return !c->is_over;
}

static void begin(struct console *c, cop_term text)
{
    start_session(c);
    if (c->is_rpc) {
        c->at_end = true;
        evaluate(c, text);
        return;
    }
    say_banner(c);
    ask(c, false);
}

static cop_next console(cop_term arg)
{
    struct console *c = cop_alloc(sizeof(*c));
    int64_t link;
    int64_t width;
    cop_term text;
    cop_bytes node;
    bool is_standard;

    cop_expect(arg, "{link, width, node, is_standard, text}", link, width, node, is_standard, text);
    c->link = link;
    c->width = width;
    cop__broker_opened(link);
    (void)snprintf(c->node, sizeof(c->node), "%.*s", (int)node.len, node.data);
    c->is_rpc = cop_is_binary(text);
    c->counter = 1;
    c->bindings = cop_keep(cop_map_new());
    c->history = cop_keep(cop_empty_list());
    c->pending = cop_keep(COP("\"\""));
    c->getter = cop_keep(cop_nil());
    cop_set_label(COP(":console"));
    if (!cop_io_attach(is_standard && c->width > 0)) (void)cop_io_attach(false);
    cop_set_group_leader(cop_self(), cop_self());
    begin(c, text);
    cop_receive_loop(turn, c);
    if (!c->is_running) cop__session_end(c->session, c->monitor);
    return cop_end(); /* the broker does the rest */
}

cop_pid cop__console_spawn(const struct cop__console_opts *opts)
{
    cop_term arg = cop_tuple(opts->link, opts->width, cop_string(opts->node ? opts->node : ""),
                             opts->is_standard, opts->text);

    cop__link_join(opts->link);
    return cop_spawn(console, arg, &(struct cop_spawn_opts){.name = "IEx.Server.run/1"});
}
