/* SPDX-License-Identifier: Apache-2.0 */
/* The master and the starter of an application. */
#include "otp/application_master.h"

#include "coppice/introspect.h"
#include "otp/application_table.h"

/* --- Starter ---------------------------------------------------------------------------------- */

struct starter {
    const struct cop_application *application;
    cop_pid master;
    cop_pid top;
    cop_kept state; /* given to prep_stop and stop */
    cop_kept reason;
};

static const struct cop_application *application_at(int64_t address)
{
    return (const struct cop_application *)(uintptr_t)address;
}

static cop_term call_start(void *arg)
{
    const struct cop_application *application = arg;

    return application->start(COP(":normal"), cop__application_text(application->args));
}

/* {app, :start, [:normal, args]}: the call as it stands in errors. The callbacks are not a
 * module's, so the application's name stands for it. */
static cop_term start_call(const struct cop_application *application)
{
    return cop_tuple(cop_atom(application->name), COP(":start"),
                     cop_list(COP(":normal"), cop__application_text(application->args)));
}

struct phase {
    const struct cop_application *application;
    cop_term name;
    cop_term args;
};

static cop_term call_phase(void *arg)
{
    const struct phase *p = arg;

    return p->application->start_phase(p->name, COP(":normal"), p->args);
}

/* The answer of a callback that was called as mfa and did not do as it should. */
static cop_term failure(cop_term mfa, cop_term answer)
{
    cop_term reason;

    if (cop_match(answer, "{:error, reason}", reason))
        return cop_build("{:error, {reason, mfa}}", reason, mfa);
    return cop_build("{:error, {:bad_return, {mfa, answer}}}", mfa, answer);
}

/* What a callback returned, threw (which `catch` takes for the same), or {:EXIT, reason}. */
static cop_term answer_of(cop_try_fn callback, void *arg)
{
    struct cop_outcome outcome;

    if (cop_try(callback, arg, &outcome) || outcome.class_ == COP_CLASS_THROW) return outcome.value;
    return cop_tuple(COP(":EXIT"), cop_outcome_reason(&outcome));
}

/* APP-19: cop_none(), or the error of the phase that failed. */
static cop_term run_phases(const struct cop_application *application)
{
    cop_term phases = cop__application_text(application->start_phases);
    cop_term app = cop_atom(application->name), name, args, answer;

    if (!application->start_phase) return cop_none();
    while (cop_match(phases, "[{name, args} | phases]", name, args, phases)) {
        struct phase phase = {application, name, args};

        answer = answer_of(call_phase, &phase);
        if (!cop_match(answer, ":ok"))
            return failure(cop_build("{app, :start_phase, [name, :normal, args]}", app, name, args),
                           answer);
    }
    return cop_none();
}

/* APP-04. True if the application runs; then *ret_pid and *ret_state are its top and its state,
 * else *ret_answer says why not. */
static bool run_start(const struct cop_application *application, cop_pid *ret_pid,
                      cop_term *ret_state, cop_term *ret_answer)
{
    union {
        const struct cop_application *application;
        void *arg;
    } call = {application};
    cop_term mfa = start_call(application);
    cop_term answer, state;
    cop_pid pid;

    answer = answer_of(call_start, call.arg);
    if (cop_match(answer, "{:ok, pid, state}", pid, state)) {
        *ret_pid = pid;
        *ret_state = state;
        return true;
    }
    if (cop_match(answer, "{:ok, pid}", pid)) {
        *ret_pid = pid;
        *ret_state = cop_empty_list();
        return true;
    }
    *ret_answer = failure(mfa, answer);
    return false;
}

static cop_term call_prep_stop(void *arg)
{
    const struct starter *s = arg;

    return s->application->prep_stop(cop_kept_term(s->state));
}

static cop_term call_stop(void *arg)
{
    const struct starter *s = arg;

    s->application->stop(cop_kept_term(s->state));
    return cop_ok();
}

/* The callbacks must not keep the application from ending: what they raise is dropped. */
static void prep_stop(struct starter *s)
{
    struct cop_outcome outcome;

    if (s->application->prep_stop && cop_try(call_prep_stop, s, &outcome))
        cop_replace(&s->state, outcome.value);
}

static void stop(struct starter *s)
{
    struct cop_outcome outcome;

    if (s->application->stop) (void)cop_try(call_stop, s, &outcome);
}

static bool is_down(cop_term msg, void *arg)
{
    cop_ref ref = *(const cop_ref *)arg;

    return cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

/* The tree has all the time that its children were given. */
static void stop_top(const struct starter *s)
{
    cop_ref monitor = cop_monitor(s->top);
    cop_term msg;

    cop_exit_process(s->top, COP(":shutdown"));
    cop_receive_ref(monitor, is_down, &monitor, &msg, COP_INFINITY);
}

/* APP-10 */
static void stop_tree(struct starter *s)
{
    prep_stop(s);
    stop_top(s);
    stop(s);
}

static bool starter_turn(void *state, cop_term msg)
{
    struct starter *s = state;
    cop_pid pid;
    cop_term reason;

    if (cop_match(msg, "{:stop, pid}", pid) && cop_pid_equal(pid, s->master)) {
        stop_tree(s);
        s->reason = cop_keep(COP(":normal"));
        return false;
    }
    if (!cop_match(msg, "{:EXIT, pid, reason}", pid, reason)) return true;
    if (cop_pid_equal(pid, s->top)) { /* APP-11 */
        prep_stop(s);
        stop(s);
    } else if (cop_pid_equal(pid, s->master)) { /* APP-12 */
        stop_tree(s);
    } else {
        return true;
    }
    s->reason = cop_keep(reason);
    return false;
}

/* For tools. */
static void note_top(const struct starter *s)
{
    cop_term app = cop_atom(s->application->name), id = cop_string(s->application->name);
    struct cop_process_row row;
    cop_pid top = s->top;
    cop_term name = cop_nil();

    cop__application_set_top(app, top);
    cop_journal_mark(top);
    if (!cop_journal_is_open(COP_JOURNAL_TREE)) return;
    if (cop_read_process(top, &row) && !cop_match(row.name, "nil")) name = cop_inspect(row.name);
    cop_journal_put(COP_JOURNAL_TREE,
                    cop_build("{:start, nil, id, top, :supervisor, name, nil}", id, top, name));
}

static cop_next starter_main(cop_term arg)
{
    struct starter s = {.application = NULL};
    cop_term state, answer;
    int64_t address;
    cop_pid master;

    cop_expect(arg, "{master, address}", master, address);
    s.master = master;
    s.application = application_at(address);
    cop_trap_exit(true);
    if (!run_start(s.application, &s.top, &state, &answer)) {
        cop_send(master, cop_tuple(COP(":started"), cop_self(), answer));
        return cop_end();
    }
    answer = run_phases(s.application);
    if (!cop_is_none(answer)) {
        stop_top(&s);
        cop_send(master, cop_tuple(COP(":started"), cop_self(), answer));
        return cop_end();
    }
    if (s.application->start) note_top(&s);
    s.state = cop_keep(state);
    cop_send(master, cop_tuple(COP(":started"), cop_self(), COP(":ok")));
    cop_receive_loop(starter_turn, &s);
    cop_exit(cop_kept_term(s.reason));
}

/* --- Master ----------------------------------------------------------------------------------- */

struct master {
    cop_pid controller;
    cop_pid starter;
    cop_pid former_leader; /* where the output of the application's processes goes */
    cop_kept reason;
};

static bool master_turn(void *state, cop_term msg)
{
    struct master *m = state;
    cop_term reason, answer;
    cop_pid pid;

    if (cop_match(msg, "{:EXIT, pid, reason}", pid, reason)) {
        if (!cop_pid_equal(pid, m->starter)) return true;
        m->reason = cop_keep(reason);
        return false;
    }
    if (cop_match(msg, "{:started, pid, answer}", pid, answer) && cop_pid_equal(pid, m->starter))
        cop_send(m->controller, cop_tuple(COP(":started"), cop_self(), answer));
    else if (cop_match(msg, "{:stop, pid}", pid) && cop_pid_equal(pid, m->controller))
        cop_send(m->starter, cop_tuple(COP(":stop"), cop_self()));
    else if (cop_match(msg, "{:io_request, _, _, _}") && !cop_is_no_pid(m->former_leader))
        cop_send(m->former_leader, msg);
    return true;
}

static bool is_mine(cop_pid pid)
{
    cop_pid self = cop_self();

    return !cop_pid_equal(pid, self) &&
           cop_match(cop_process_info(pid, COP(":group_leader")), "{:group_leader, ^self}", self);
}

/* Kills what the application left behind, until nothing is (APP-10). */
static void kill_group(void)
{
    bool found = true;

    while (found) {
        found = false;
        for (cop_term all = cop_processes(); !cop_is_empty_list(all); all = cop_tail(all)) {
            cop_pid pid = cop_to_pid(cop_head(all));
            cop_ref monitor;
            cop_term msg;

            if (!is_mine(pid)) continue;
            found = true;
            monitor = cop_monitor(pid);
            cop_exit_process(pid, COP(":kill"));
            cop_receive_ref(monitor, is_down, &monitor, &msg, COP_INFINITY);
        }
    }
}

static cop_next master_main(cop_term arg)
{
    static const struct cop_spawn_opts linked = {.link = true, .name = "application_starter"};
    struct master m = {.former_leader = cop_group_leader()};
    cop_pid controller;
    int64_t address;

    cop_expect(arg, "{controller, address}", controller, address);
    m.controller = controller;
    cop_trap_exit(true);
    cop_set_group_leader(cop_self(), cop_self());
    m.starter = cop_spawn(starter_main, cop_tuple(cop_self(), address), &linked);
    cop_receive_loop(master_turn, &m);
    kill_group();
    cop_exit(cop_kept_term(m.reason));
}

cop_pid cop__application_master_start(const struct cop_application *application,
                                      cop_ref *ret_monitor)
{
    int64_t address = (int64_t)(uintptr_t)application;
    struct cop_spawn_opts opts = {
        .monitor = true, .ret_ref = ret_monitor, .name = "application_master"};

    return cop_spawn(master_main, cop_tuple(cop_self(), address), &opts);
}

void cop__application_master_stop(cop_pid master)
{
    cop_send(master, cop_tuple(COP(":stop"), cop_self()));
}
