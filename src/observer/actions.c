/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that change something. Who may make them is the guard's question. */
#include "observer.h"

#include <string.h>

#define ACT_MS     1000
#define CHILD_MS   5000
#define TRACED_MAX 16
#define TRACE_MS   60000

/* --- Parts ------------------------------------------------------------------------------------ */

static cop_term done(void)
{
    return COP("%{ok: true}");
}

static cop_term done_with(cop_term result)
{
    return cop_build("%{ok: true, result: result}", result);
}

/* A term in Elixir syntax from the body; fallback if it is not there, unless that is none. */
static cop_term term_of(cop_term body, const char *name, cop_term fallback)
{
    cop_term text = cop__obs_field(body, name), value;
    struct cop_parse_error error;

    if (cop_is_none(text) && cop_is_none(fallback))
        cop__obs_fail(400, "bad_request", "%s is missing", name);
    if (cop_is_none(text)) return fallback;
    if (!cop_parse(cop_to_bytes(text), &value, &error))
        cop__obs_fail(400, "bad_request", "%s: line %d, column %d: %s", name, error.line,
                      error.column, error.text);
    return value;
}

static cop_pid living(cop_bytes id)
{
    cop_pid pid = cop__obs_pid_or_fail(id);
    struct cop_process_row row;

    if (!cop_read_process(pid, &row)) cop__obs_fail(404, "not_found", "the process has ended");
    return pid;
}

static void fail_with(cop_term reason)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(reason, 400));

    cop__obs_fail(409, "failed", "%.*s", (int)text.len, text.data);
}

/* --- Processes -------------------------------------------------------------------------------- */

static cop_term suspend(void *arg)
{
    return cop_sys_suspend(cop_pid_term(*(cop_pid *)arg), ACT_MS);
}

static cop_term resume(void *arg)
{
    return cop_sys_resume(cop_pid_term(*(cop_pid *)arg), ACT_MS);
}

static cop_term steer(cop_try_fn fn, cop_pid pid)
{
    struct cop_outcome outcome;
    struct cop_process_row row;

    if (cop_read_process(pid, &row) && !row.is_system)
        cop__obs_fail(409, "failed", "the process handles no system messages");
    if (!cop_try(fn, &pid, &outcome)) fail_with(cop_outcome_reason(&outcome));
    return done();
}

static cop_term act_on_process(cop_bytes id, cop_term action, cop_term body)
{
    cop_pid pid = living(id);

    if (cop_match(action, "\"kill\"")) {
        cop_exit_process(pid, term_of(body, "reason", COP(":kill")));
        return done();
    }
    if (cop_match(action, "\"exit\"")) {
        cop_exit_process(pid, term_of(body, "reason", cop_none()));
        return done();
    }
    if (cop_match(action, "\"suspend\"")) return steer(suspend, pid);
    if (cop_match(action, "\"resume\"")) return steer(resume, pid);
    if (cop_match(action, "\"send\"")) {
        cop_term message = term_of(body, "message", cop_none());

        cop_send(pid, message);
        return done_with(cop__obs_term(message, COP__OBS_TERM_MAX));
    }
    return cop_none();
}

/* --- Trees ------------------------------------------------------------------------------------ */

/* Whether the children of a supervisor are known by ids; fails if it is none or does not answer. A
 * request of the wrong kind would end it. */
static bool has_ids(cop_pid supervisor)
{
    cop_term status = cop_supervisor_status(cop_pid_term(supervisor), 0, 0, ACT_MS);
    bool ids = false;

    if (!cop_match(status, "%{ids: ids}", ids)) fail_with(status);
    return ids;
}

static cop_term ask_supervisor(cop_pid pid, cop_term request)
{
    cop_term answer, reason;
    cop_ref id;

    id = cop_gen_server_send_request(cop_pid_term(pid), request);
    answer = cop_gen_server_receive_response(id, CHILD_MS);
    if (cop_match(answer, "{:reply, {:error, reason}}", reason)) fail_with(reason);
    if (!cop_match(answer, "{:reply, answer}", answer)) fail_with(answer);
    return done_with(cop__obs_term(answer, COP__OBS_TERM_MAX));
}

static cop_term act_on_tree(cop_bytes id, cop_term action, cop_term body)
{
    cop_pid pid = living(id);
    cop_term child;

    bool restarts = cop_match(action, "\"restart_child\"");

    if (!restarts && !cop_match(action, "\"terminate_child\"")) return cop_none();
    if (has_ids(pid)) {
        child = term_of(body, "id", cop_none());
    } else {
        child = cop__obs_field(body, "pid");
        if (restarts || cop_is_none(child))
            cop__obs_fail(400, "bad_request",
                          "children of this supervisor are known by pids, and "
                          "are not restarted by request");
        child = cop_pid_term(cop__obs_pid_or_fail(cop_to_bytes(child)));
    }
    return ask_supervisor(
        pid, cop_tuple(restarts ? COP(":restart_child") : COP(":terminate_child"), child));
}

/* --- The rest --------------------------------------------------------------------------------- */

static cop_term act_on_trace(cop_term body)
{
    cop_term pids = cop_map_get(body, cop_string("pids"), cop_nil());
    cop_pid traced[TRACED_MAX];
    cop_bytes text;
    size_t len = 0;

    if (cop_list_len(pids) < 0 || cop_list_len(pids) > TRACED_MAX)
        cop__obs_fail(400, "bad_request", "pids must be a list of at most %d", TRACED_MAX);
    while (cop_match(pids, "[text | pids]", text, pids))
        traced[len++] = cop__obs_pid_or_fail(text);
    if (!cop_match(pids, "[]")) cop__obs_fail(400, "bad_request", "pids must be strings");
    if (len > 0) cop_journal_open(COP_JOURNAL_MESSAGES, TRACE_MS);
    cop_trace(traced, len);
    return done();
}

static cop_term act_on_log(cop_term body)
{
    cop_term name = cop__obs_field(body, "level");
    enum cop_level level;

    if (!cop_is_none(name)) name = cop_atom_existing(cop_to_bytes(name));
    if (cop_is_none(name) || !cop_level_from(name, &level))
        cop__obs_fail(400, "bad_request", "level must be the name of one");
    cop_logger_set_level(level);
    return done();
}

cop_term cop__obs_act(const struct cop__obs_request *r, cop_term body)
{
    cop_term path = r->path, action;
    cop_bytes id;

    if (cop_match(path, "[\"api\", \"processes\", id, action]", id, action))
        return act_on_process(id, action, body);
    if (cop_match(path, "[\"api\", \"tree\", id, action]", id, action))
        return act_on_tree(id, action, body);
    if (cop_match(path, "[\"api\", \"trace\"]")) return act_on_trace(body);
    if (cop_match(path, "[\"api\", \"log\", \"level\"]")) return act_on_log(body);
    return cop_none();
}
