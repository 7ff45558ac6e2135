/* SPDX-License-Identifier: Apache-2.0 */
/* The application controller. */
#include "otp/application_controller.h"

#include "base/check.h"
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "otp/application_env.h"
#include "otp/application_master.h"
#include "otp/application_table.h"
#include "otp/log_settings.h"

#include <stdio.h>

/* ENDED: by itself; it counts as started, but does not run (APP-03). */
enum phase { STARTING, FAILED, RUNNING, ENDED };

/* Who waits for the end of a start (APP-07). */
struct waiter {
    struct waiter *next;
    cop_from from;
};

struct app {
    struct app *next; /* started, or begun to be, before this one */
    const struct cop_application *application;
    cop_term name; /* an atom, which lives for ever */
    cop_term type; /* the same */
    enum phase phase;
    bool has_master; /* a library has none, nor has one that ENDED */
    cop_pid master;
    cop_ref monitor;
    cop_kept failure; /* FAILED: the answer that waits for the master's end */
    struct waiter *waiters;
};

struct controller {
    struct app *newest;
};

/* --- The list --------------------------------------------------------------------------------- */

static struct app *find(const struct controller *c, cop_term name)
{
    struct app *app = c->newest;

    while (app && !cop_identical(app->name, name))
        app = app->next;
    return app;
}

static struct app *find_master(const struct controller *c, cop_pid master)
{
    struct app *app = c->newest;

    while (app && !(app->has_master && cop_pid_equal(app->master, master)))
        app = app->next;
    return app;
}

static void forget(struct controller *c, struct app *app)
{
    struct app **at = &c->newest;

    while (*at != app)
        at = &(*at)->next;
    *at = app->next;
    COP_ASSERT(!app->waiters);
    cop_drop(&app->failure);
    cop_free(app);
}

static void answer_waiters(struct app *app, cop_term answer)
{
    while (app->waiters) {
        struct waiter *waiter = app->waiters;

        app->waiters = waiter->next;
        cop_gen_server_reply(waiter->from, answer);
        cop_free(waiter);
    }
}

static void log_exit(const struct app *app, cop_term reason)
{
    cop_bytes words = cop_to_bytes(cop__application_reason_words(reason));

    cop_log(COP_NOTICE, "Application %s exited: %.*s", app->application->name, (int)words.len,
            words.data);
}

/* --- Load ------------------------------------------------------------------------------------- */

static cop_term no_such(cop_term name)
{
    cop_bytes text = cop_atom_text(name);
    cop_term file = cop__application_charlist("no such file or directory");
    char app[300];
    cop_term app_file;

    snprintf(app, sizeof app, "%.*s.app", (int)text.len, text.data);
    app_file = cop__application_charlist(app);
    return cop_build("{:error, {file, app_file}}", file, app_file);
}

static cop_term load_one(cop_term name)
{
    const struct cop_application *application = cop__application_find(name);

    if (!application) return no_such(name);
    if (cop__application_is_loaded(name))
        return cop_build("{:error, {:already_loaded, name}}", name);
    if (!cop__application_env_load(application))
        return cop_build("{:error, {:bad_environment, name}}", name);
    for (const struct cop_module *const *m = application->modules; m && *m; m++)
        cop_module_register(*m);
    cop__application_set_loaded(name, true);
    return cop_ok();
}

static void unload_one(cop_term name)
{
    cop__application_set_loaded(name, false);
    cop__application_env_unload(name);
}

/* Puts the applications that one includes before the names in list. */
static cop_term with_included(cop_term name, cop_term list)
{
    const struct cop_application *application = cop__application_find(name);
    const struct cop_application *const *included = application->included_applications;

    for (; included && *included; included++)
        list = cop_cons(cop_atom((*included)->name), list);
    return list;
}

/* With those that it includes, so far as they are not there. */
static cop_term load(cop_term name)
{
    cop_term answer = load_one(name), pending;

    if (!cop_match(answer, ":ok")) return answer;
    pending = with_included(name, cop_empty_list());
    while (cop_match(pending, "[name | pending]", name, pending))
        if (cop_match(load_one(name), ":ok")) pending = with_included(name, pending);
    return cop_ok();
}

static bool is_running(const struct controller *c, cop_term name)
{
    const struct app *app = find(c, name);

    return app && app->phase != ENDED;
}

static cop_term unload(const struct controller *c, cop_term name)
{
    cop_term pending;

    if (is_running(c, name)) return cop_build("{:error, {:running, name}}", name);
    if (!cop__application_is_loaded(name)) return cop_build("{:error, {:not_loaded, name}}", name);
    unload_one(name);
    pending = with_included(name, cop_empty_list());
    while (cop_match(pending, "[name | pending]", name, pending)) {
        if (!cop__application_is_loaded(name) || is_running(c, name)) continue;
        unload_one(name);
        pending = with_included(name, pending);
    }
    return cop_ok();
}

/* --- Start ------------------------------------------------------------------------------------ */

static void wait_for(struct app *app, cop_from from)
{
    struct waiter *waiter = cop_alloc(sizeof(*waiter));

    waiter->from = from;
    waiter->next = app->waiters;
    app->waiters = waiter;
}

/* What keeps it from being started, as an error, or cop_none() (APP-03). */
static cop_term missing(const struct controller *c, const struct cop_application *application)
{
    const struct cop_application *const *needs = application->applications;
    const struct app *app;
    cop_term name = cop_none();
    bool is_there = true, runs = true;

    for (; needs && *needs && is_there; needs++) {
        name = cop_atom((*needs)->name);
        app = find(c, name);
        is_there = app && (app->phase == RUNNING || app->phase == ENDED);
    }
    if (!is_there) return cop_build("{:error, {:not_started, name}}", name);
    for (needs = application->applications; needs && *needs && runs; needs++) {
        name = cop_atom((*needs)->name);
        runs = find(c, name)->phase == RUNNING;
    }
    return runs ? cop_none() : cop_build("{:error, {:not_running, name}}", name);
}

static struct app *add(struct controller *c, const struct cop_application *application,
                       cop_term type)
{
    struct app *app = cop_alloc(sizeof(*app));

    app->application = application;
    app->name = cop_atom(application->name);
    app->type = type;
    app->next = c->newest;
    c->newest = app;
    return app;
}

static void log_start(const struct app *app)
{
    if (cop__log_sasl_on())
        cop_log(COP_INFO, "Application %s started at :nonode@nohost", app->application->name);
}

static cop_result start(struct controller *c, cop_term name, cop_term type, cop_from from)
{
    const struct cop_application *application;
    struct app *app = find(c, name);
    cop_term wrong;

    wrong = load(name);
    if (!cop_match(wrong, ":ok") && !cop_match(wrong, "{:error, {:already_loaded, _}}"))
        return cop_reply(wrong);
    if (!cop_match(type, ":permanent") && !cop_match(type, ":transient") &&
        !cop_match(type, ":temporary"))
        return cop_reply(cop_build("{:error, {:invalid_restart_type, type}}", type));
    if (app && app->phase == RUNNING)
        return cop_reply(cop_build("{:error, {:already_started, name}}", name));
    if (app && app->phase != ENDED) {
        wait_for(app, from);
        return cop_noreply();
    }
    application = cop__application_find(name);
    wrong = missing(c, application);
    if (!cop_is_none(wrong)) return cop_reply(wrong);
    if (app) forget(c, app);
    app = add(c, application, type);
    if (!application->start) { /* APP-01: a library */
        app->phase = RUNNING;
        log_start(app);
        return cop_reply(cop_ok());
    }
    app->phase = STARTING;
    app->has_master = true;
    app->master = cop__application_master_start(application, &app->monitor);
    cop__application_set_master(name, app->master);
    wait_for(app, from);
    return cop_noreply();
}

/* The master has told how the start went. A failed one is over when the master has ended. */
static void started(struct controller *c, struct app *app, cop_term answer)
{
    if (app->phase != STARTING) return;
    if (!cop_match(answer, ":ok")) {
        app->phase = FAILED;
        app->failure = cop_keep(answer);
        return;
    }
    /* The order of stopping is that in which applications were up. */
    if (c->newest != app) {
        struct app **at = &c->newest;

        while (*at != app)
            at = &(*at)->next;
        *at = app->next;
        app->next = c->newest;
        c->newest = app;
    }
    app->phase = RUNNING;
    log_start(app);
    answer_waiters(app, cop_ok());
}

/* --- End -------------------------------------------------------------------------------------- */

/* The application's master is gone without having been asked (APP-08). */
static void ended(struct controller *c, struct app *app, cop_term reason)
{
    bool was_running = app->phase == RUNNING;
    cop_term type = app->type;

    if (app->phase == FAILED) {
        cop_term answer = cop_kept_term(app->failure);

        log_exit(app, cop_elem(answer, 1));
        answer_waiters(app, answer);
    } else {
        log_exit(app, reason);
        answer_waiters(app, cop_build("{:error, reason}", reason));
    }
    cop__application_set_master(app->name, cop_no_pid());
    app->has_master = false;
    if (was_running)
        app->phase = ENDED;
    else
        forget(c, app);
    if (was_running && (cop_match(type, ":permanent") ||
                        (cop_match(type, ":transient") && !cop_match(reason, ":normal"))))
        cop_system_stop(1);
}

static bool is_down(cop_term msg, void *arg)
{
    cop_ref ref = *(const cop_ref *)arg;

    return cop_match(msg, "{:DOWN, ^ref, :process, _, _}", ref);
}

/* Waits for the end of a master that was asked for it; after limit_ms it is killed, and its tree is
 * left to the end of the node. */
static void await_master(const struct app *app, int64_t limit_ms)
{
    cop_ref monitor = app->monitor;
    cop_term msg;

    if (cop_receive_ref(monitor, is_down, &monitor, &msg, limit_ms)) return;
    cop_exit_process(app->master, COP(":kill"));
    cop_receive_ref(monitor, is_down, &monitor, &msg, COP_INFINITY);
}

static void stop(struct controller *c, struct app *app, int64_t limit_ms)
{
    if (app->has_master) {
        if (app->phase == RUNNING)
            cop__application_master_stop(app->master);
        else
            cop_exit_process(app->master, COP(":kill"));
        await_master(app, limit_ms);
        cop__application_set_master(app->name, cop_no_pid());
    }
    answer_waiters(app, COP("{:error, :stopped}"));
    forget(c, app);
}

static cop_term stop_named(struct controller *c, cop_term name)
{
    struct app *app = find(c, name);

    if (!app || (app->phase != RUNNING && app->phase != ENDED))
        return cop_build("{:error, {:not_started, name}}", name);
    if (app->phase == RUNNING) log_exit(app, COP(":stopped"));
    stop(c, app, COP_INFINITY);
    return cop_ok();
}

/* APP-13: how long each application has at the end of the node. */
static int64_t shutdown_timeout(void)
{
    cop_term limit =
        cop_application_get_env(COP(":kernel"), COP(":shutdown_timeout"), COP(":infinity"));
    int64_t ms;

    return cop_match(limit, "ms", ms) && ms >= 0 ? ms : COP_INFINITY;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static cop_term which(const struct controller *c)
{
    cop_term list = cop_empty_list();

    for (const struct app *app = c->newest; app; app = app->next) {
        if (app->phase == RUNNING)
            list = cop_cons(cop_tuple(app->name,
                                      cop__application_charlist(app->application->description),
                                      cop__application_charlist(app->application->version)),
                            list);
    }
    return cop_list_reverse(list);
}

static cop_result init(cop_term arg)
{
    /* What another node of this program has loaded before is not loaded in this one. */
    cop_term loaded = cop__applications_loaded();

    (void)arg;
    for (; !cop_is_empty_list(loaded); loaded = cop_tail(loaded)) {
        cop__application_set_loaded(cop_head(loaded), false);
        cop__application_env_unload(cop_head(loaded));
    }
    return cop_started(cop_alloc(sizeof(struct controller)));
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct controller *c = state;
    cop_term type, name;
    int64_t limit_ms;

    if (cop_match(request, "{:start, name, type}", name, type)) return start(c, name, type, from);
    if (cop_match(request, "{:load, name}", name)) return cop_reply(load(name));
    if (cop_match(request, "{:unload, name}", name)) return cop_reply(unload(c, name));
    if (cop_match(request, "{:stop, name}", name)) return cop_reply(stop_named(c, name));
    if (cop_match(request, ":which")) return cop_reply(which(c));
    if (!cop_match(request, ":stop_all")) return cop_no_clause(request);
    limit_ms = shutdown_timeout();
    while (c->newest)
        stop(c, c->newest, limit_ms);
    return cop_reply(cop_ok());
}

static cop_result handle_info(void *state, cop_term message)
{
    struct controller *c = state;
    cop_term answer, reason;
    struct app *app;
    cop_pid pid;

    if (cop_match(message, "{:started, pid, answer}", pid, answer)) {
        app = find_master(c, pid);
        if (app) started(c, app, answer);
    } else if (cop_match(message, "{:DOWN, _, :process, pid, reason}", pid, reason)) {
        app = find_master(c, pid);
        if (app) ended(c, app, reason);
    }
    return cop_noreply();
}

static const struct cop_gen_server callbacks = {
    .size = sizeof(struct cop_gen_server),
    .init = init,
    .handle_call = handle_call,
    .handle_info = handle_info,
};

static const struct cop_module controller_module = {
    .size = sizeof(struct cop_module),
    .name = ":application_controller",
    .doc = "Knows which applications run.",
    .gen_server = &callbacks,
};

void cop__application_controller_ensure(void)
{
    cop_term answer;

    if (!cop_is_no_pid(cop_whereis(COP(":application_controller")))) return;
    /* Of two that start it at once, one finds it already started. */
    answer =
        cop_gen_server_start(&controller_module, cop_nil(), COP("[name: :application_controller]"));
    if (!cop_match(answer, "{:ok, _}") && !cop_match(answer, "{:error, {:already_started, _}}"))
        cop_exit(answer);
}
