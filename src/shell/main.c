/* SPDX-License-Identifier: Apache-2.0 */
/* cop_main(): the life of a program that is one application. */
#include "coppice/application.h"
#include "coppice/io.h"
#include "coppice/shell.h"
#include "shell/commands.h"
#include "shell/local.h"
#include "shell/remote.h"
#include "shell/settings.h"

#include <string.h>

/* What the processes that are started here work on: a program has one command. */
static struct {
    const struct cop_application *application;
    const char *expression;
    const char *config;   /* the file of settings, or NULL */
    const char *settings; /* its text, or NULL */
    char why_not[400];    /* it did not start: in its own words, or "" */
} task;

static const char *program_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "coppice";
}

/* What people call the system. */
static const char *system_name(const struct cop_application *application)
{
    return application->program ? application->program : application->name;
}

/* --- Start ------------------------------------------------------------------------------------ */

/* Exits: if they are not what they should be; task.why_not tells why. */
static void apply_settings(void)
{
    if (task.settings &&
        !cop__settings_apply(task.config, task.settings, task.why_not, sizeof(task.why_not)))
        cop_exit(COP(":shutdown"));
}

static cop_next start_application(cop_term arg)
{
    cop_term answer;
    cop_term app;
    cop_term reason;
    cop_bytes words;

    (void)arg;
    apply_settings();
    answer = cop_application_ensure_all_started_as(task.application, COP(":permanent"));
    if (cop_match(answer, "{:error, {_, {words, {_, :start, _}}}}", words))
        (void)snprintf(task.why_not, sizeof(task.why_not), "%.*s", (int)words.len, words.data);
    if (cop_match(answer, "{:error, {app, reason}}", app, reason)) cop_exit(reason);
    return cop_end();
}

static cop_next stop_applications(cop_term arg)
{
    (void)arg;
    (void)cop_application_stop_all();
    return cop_end();
}

/* Takes the name. False: it is taken; it has been said. A node that cannot be reached runs all the
 * same: its work is another. */
static bool open_door(const struct cop__place *place)
{
    char why[400];

    switch (cop__door_open(place, why, sizeof(why))) {
    case COP__DOOR_OPEN: return true;
    case COP__DOOR_TAKEN: (void)fprintf(stderr, "%s\n", why); return false;
    case COP__DOOR_NONE: break;
    }
    (void)fprintf(stderr, "%s: remote, rpc, stop and pid will not reach this node\n", why);
    return true;
}

/* The node is up. Starts the application, and the console if asked for, and waits for the end. */
static int serve(const struct cop__command_line *line)
{
    char why[1024];
    int status = 1;

    cop_node_at_stop(stop_applications);
    if (!cop__door_serve()) (void)fprintf(stderr, "no thread for remote, rpc, stop and pid\n");
    if (!cop_run(start_application, cop_nil(), why, sizeof(why))) {
        cop_log_flush();
        (void)fprintf(stderr, "Could not start application %s: %s\n", system_name(task.application),
                      task.why_not[0] ? task.why_not : why);
    } else if (line->command == COP__COMMAND_START_IEX && !cop__local_start(line->history)) {
        (void)fprintf(stderr, "no thread for the console\n");
    } else {
        status = cop_node_wait();
    }
    cop__door_close();
    cop__local_stop();
    cop_node_stop();
    return status;
}

/* --- eval ------------------------------------------------------------------------------------- */

static void register_modules(const struct cop_application *application)
{
    for (size_t i = 0; application->modules && application->modules[i]; i++)
        cop_module_register(application->modules[i]);
    for (size_t i = 0; application->applications && application->applications[i]; i++) {
        const struct cop_application *other = application->applications[i];

        for (size_t k = 0; other->modules && other->modules[k]; k++)
            cop_module_register(other->modules[k]);
    }
}

static cop_term evaluate(void *arg)
{
    const char *text = arg;
    cop_term bindings = cop_map_new();

    return cop_eval((cop_bytes){text, strlen(text)}, bindings, &bindings, NULL);
}

static cop_next eval_expression(cop_term arg)
{
    struct cop_outcome outcome;
    char *text = cop_alloc(strlen(task.expression) + 1);
    cop_bytes shown;

    (void)arg;
    apply_settings();
    memcpy(text, task.expression, strlen(task.expression) + 1);
    if (cop_try(evaluate, text, &outcome)) {
        shown = cop_to_bytes(cop_inspect(outcome.value));
        cop_io_write(cop_format("%.*s\n", (int)shown.len, shown.data));
    } else {
        cop_bytes banner = cop_to_bytes(cop_format_banner(outcome.class_, outcome.value));

        (void)fprintf(stderr, "%.*s\n", (int)banner.len, banner.data);
        cop_exit(COP(":shutdown"));
    }
    return cop_end();
}

static int eval(void)
{
    bool worked;

    register_modules(task.application);
    worked = cop_run(eval_expression, cop_nil(), NULL, 0);
    if (task.why_not[0]) (void)fprintf(stderr, "%s\n", task.why_not);
    cop_node_stop();
    return worked ? 0 : 1;
}

/* --- Settings --------------------------------------------------------------------------------- */

/* False: the file cannot be read; it has been said. */
static bool read_settings(const char *path)
{
    char why[400];

    if (path == NULL || path[0] == '\0') return true;
    task.config = path;
    task.settings = cop__settings_read(path, why, sizeof(why));
    if (task.settings == NULL) (void)fprintf(stderr, "%s\n", why);
    return task.settings != NULL;
}

/* --- All -------------------------------------------------------------------------------------- */

int cop_main(int argc, char **argv, const struct cop_application *application)
{
    struct cop__command_line line = cop__command_line(argc, argv);
    const char *program = program_name(argc > 0 ? argv[0] : NULL);
    struct cop__place place;
    int error;

    task.application = application;
    task.expression = line.argument;
    switch (line.command) {
    case COP__COMMAND_WRONG: cop__print_usage(stderr, program, NULL); return 2;
    case COP__COMMAND_HELP: cop__print_usage(stdout, program, application->settings); return 0;
    case COP__COMMAND_VERSION:
        (void)printf("%s %s\n", system_name(application),
                     application->version ? application->version : cop_version());
        return 0;
    default: break;
    }
    place = (struct cop__place){line.run_dir, line.name ? line.name : system_name(application)};
    switch (line.command) {
    case COP__COMMAND_REMOTE: return cop__remote_console(&place, line.history);
    case COP__COMMAND_RPC: return cop__remote_rpc(&place, line.argument);
    case COP__COMMAND_STOP: return cop__remote_stop(&place);
    case COP__COMMAND_PID: return cop__remote_pid(&place);
    case COP__COMMAND_EVAL:
        if (!read_settings(line.config)) return 1;
        break;
    default:
        if (!read_settings(line.config) || !open_door(&place)) return 1;
        break;
    }
    error = cop_node_start(&line.opts);
    if (error != 0) {
        (void)fprintf(stderr, "%s: the node does not start: %s\n", program,
                      strerrorname_np(-error));
        return error == -EINVAL ? 2 : 1;
    }
    return line.command == COP__COMMAND_EVAL ? eval() : serve(&line);
}
