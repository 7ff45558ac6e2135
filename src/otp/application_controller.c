/* SPDX-License-Identifier: Apache-2.0 */
/* The application controller. */
#include "otp/application_controller.h"

#include "base/check.h"
#include "coppice/gen_server.h"
#include "coppice/node.h"
#include "otp/application_master.h"

enum phase { STARTING, FAILED, RUNNING };

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
    bool has_master; /* a library has none */
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

/* --- Start ------------------------------------------------------------------------------------ */

static void wait_for(struct app *app, cop_from from)
{
    struct waiter *waiter = cop_alloc(sizeof(*waiter));

    waiter->from = from;
    waiter->next = app->waiters;
    app->waiters = waiter;
}

static cop_result start(struct controller *c, const struct cop_application *application,
                        cop_term type, cop_from from)
{
    cop_term name = cop_atom(application->name);
    struct app *app = find(c, name);

    if (app && app->phase == RUNNING)
        return cop_reply(cop_build("{:error, {:already_started, name}}", name));
    if (app) {
        wait_for(app, from);
        return cop_noreply();
    }
    app = cop_alloc(sizeof(*app));
    app->application = application;
    app->name = name;
    app->type = type;
    app->next = c->newest;
    c->newest = app;
    if (!application->start) { /* APP-01: a library */
        app->phase = RUNNING;
        return cop_reply(cop_ok());
    }
    app->phase = STARTING;
    app->has_master = true;
    app->master = cop__application_master_start(application, &app->monitor);
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

static void stop(struct controller *c, struct app *app)
{
    cop_term msg;

    if (app->has_master) {
        if (app->phase == RUNNING)
            cop__application_master_stop(app->master);
        else
            cop_exit_process(app->master, COP(":kill"));
        cop_receive_ref(app->monitor, is_down, &app->monitor, &msg, COP_INFINITY);
    }
    answer_waiters(app, COP("{:error, :stopped}"));
    forget(c, app);
}

static cop_term stop_named(struct controller *c, cop_term name)
{
    struct app *app = find(c, name);

    if (!app || app->phase != RUNNING) return cop_build("{:error, {:not_started, name}}", name);
    log_exit(app, COP(":stopped"));
    stop(c, app);
    return cop_ok();
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* The characters of a UTF-8 text, as a list. Bytes that are none count one each. */
static cop_term charlist(const char *text)
{
    const unsigned char *at = (const unsigned char *)(text ? text : "");
    cop_term list = cop_empty_list();

    while (*at) {
        int more = *at >= 0xF0 ? 3 : *at >= 0xE0 ? 2 : *at >= 0xC0 ? 1 : 0;
        int64_t c = more ? *at & (0x3F >> more) : *at;

        for (at++; more > 0 && (*at & 0xC0) == 0x80; more--, at++)
            c = c << 6 | (*at & 0x3F);
        list = cop_cons(c, list);
    }
    return cop_list_reverse(list);
}

static cop_term which(const struct controller *c)
{
    cop_term list = cop_empty_list();

    for (const struct app *app = c->newest; app; app = app->next) {
        if (app->phase == RUNNING)
            list = cop_cons(cop_tuple(app->name, charlist(app->application->description),
                                      charlist(app->application->version)),
                            list);
    }
    return cop_list_reverse(list);
}

static cop_result init(cop_term arg)
{
    (void)arg;
    return cop_started(cop_alloc(sizeof(struct controller)));
}

static cop_result handle_call(void *state, cop_term request, cop_from from)
{
    struct controller *c = state;
    cop_term type, name;
    int64_t address;

    if (cop_match(request, "{:start, address, type}", address, type))
        return start(c, (const struct cop_application *)(uintptr_t)address, type, from);
    if (cop_match(request, "{:stop, name}", name)) return cop_reply(stop_named(c, name));
    if (cop_match(request, ":which")) return cop_reply(which(c));
    if (!cop_match(request, ":stop_all")) return cop_no_clause(request);
    while (c->newest)
        stop(c, c->newest);
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
