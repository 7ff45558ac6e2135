/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the command line, and the text that tells what may stand there. */
#include "shell/commands.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum cop__command command;
    const char *help;
} commands[] = {
    {"start", COP__COMMAND_START, "start            starts the system in the foreground"},
    {"start_iex", COP__COMMAND_START_IEX, "start_iex        the same with a console"},
    {"remote", COP__COMMAND_REMOTE, "remote           opens a console at the running system"},
    {"rpc", COP__COMMAND_RPC,
     "rpc EXPR         evaluates EXPR at the running system and prints its value"},
    {"eval", COP__COMMAND_EVAL,
     "eval EXPR        evaluates EXPR with the modules of the system, which is not started,\n"
     "                   and prints its value"},
    {"stop", COP__COMMAND_STOP, "stop             stops the running system, in order, and waits"},
    {"pid", COP__COMMAND_PID, "pid              prints the process number of the running system"},
    {"version", COP__COMMAND_VERSION, "version          prints name and version"},
    {"help", COP__COMMAND_HELP, "help             prints this text"},
};

enum option { SCHEDULERS, SEED, PROCESSES_MAX, NAME, RUN_DIR, HISTORY, CONFIG };

/* A setting: an option, or the variable of the environment in brackets. Those without `most` are
 * texts. */
static const struct {
    enum option option;
    const char *name;
    const char *variable; /* of a text; the node reads those of numbers */
    int64_t least;
    int64_t most;
    const char *help;
} options[] = {
    {NAME, "--name", "COPPICE_NAME", 0, 0,
     "--name NAME        the name of the system; the application's [COPPICE_NAME]"},
    {RUN_DIR, "--run-dir", "COPPICE_RUN_DIR", 0, 0,
     "--run-dir DIR      where remote, rpc, stop and pid find it; /tmp/coppice-UID\n"
     "                       [COPPICE_RUN_DIR]"},
    {HISTORY, "--history", "COPPICE_HISTORY", 0, 0,
     "--history FILE     the console's earlier lines; ~/.coppice_history; empty: none\n"
     "                       [COPPICE_HISTORY]"},
    {CONFIG, "--config", "COPPICE_CONFIG", 0, 0,
     "--config FILE      settings: [app: [key: value]] [COPPICE_CONFIG]"},
    {SCHEDULERS, "--schedulers", NULL, 1, 1024,
     "--schedulers N     threads that run processes; one a core [COPPICE_SCHEDULERS]"},
    {SEED, "--seed", NULL, 1, INT64_MAX,
     "--seed N           a seeded run: one thread, virtual time [COPPICE_SEED]"},
    {PROCESSES_MAX, "--processes-max", NULL, 1, INT_MAX,
     "--processes-max N  how many processes there may be; 8388608 [COPPICE_PROCESSES_MAX]"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define OPTIONS  (sizeof(options) / sizeof(options[0]))

void cop__print_usage(FILE *out, const char *program, const char *settings)
{
    (void)fprintf(out, "Usage: %s COMMAND [OPTIONS]\n\nCommands:\n", program);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %s\n", commands[i].help);
    (void)fprintf(out, "\nOptions; variables of the environment, in brackets, set the same:\n");
    for (size_t i = 0; i < OPTIONS; i++)
        (void)fprintf(out, "  %s\n", options[i].help);
    (void)fprintf(out, "  [COPPICE_DEADLOCKS]  fail: a call that closes a circle of calls exits\n"
                       "                       after 100 ms, instead of being logged only\n");
    if (settings) (void)fprintf(out, "\nSettings of the system:\n%s", settings);
}

static void set_number(struct cop__command_line *line, enum option option, int64_t value)
{
    if (option == SCHEDULERS) line->opts.schedulers = (int)value;
    if (option == SEED) line->opts.seed = value;
    if (option == PROCESSES_MAX) line->opts.processes_max = (int)value;
}

static void set_text(struct cop__command_line *line, enum option option, const char *text)
{
    if (option == NAME) line->name = text;
    if (option == RUN_DIR) line->run_dir = text;
    if (option == CONFIG) line->config = text;
    if (option == HISTORY) line->history = text[0] ? text : NULL;
}

/* Sets option i of the table. False: text is no value for it. */
static bool set_option(struct cop__command_line *line, size_t i, const char *text)
{
    char *end;
    int64_t value;

    if (options[i].most == 0) {
        if (text) set_text(line, options[i].option, text);
        if (text == NULL) (void)fprintf(stderr, "%s: a value is missing\n", options[i].name);
        return text != NULL;
    }
    errno = 0;
    value = text ? strtoll(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != '\0' || errno != 0 || value < options[i].least ||
        value > options[i].most) {
        (void)fprintf(stderr, "%s: %s is no number for it\n", options[i].name,
                      text ? text : "nothing");
        return false;
    }
    set_number(line, options[i].option, value);
    return true;
}

/* Takes the option at argv[*at], and its value, which may be the next argument. False: it is
 * wrong. */
static bool take_option(struct cop__command_line *line, int argc, char **argv, int *at)
{
    const char *name = argv[*at];
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);

    for (size_t i = 0; i < OPTIONS; i++) {
        const char *text = equals ? equals + 1 : NULL;

        if (strlen(options[i].name) != len || strncmp(options[i].name, name, len) != 0) continue;
        if (text == NULL && *at + 1 < argc) text = argv[++*at];
        return set_option(line, i, text);
    }
    (void)fprintf(stderr, "unknown option: %s\n", name);
    return false;
}

/* ~/.coppice_history */
static const char *default_history(void)
{
    static char path[4096];
    const char *home = getenv("HOME"); /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
    int len = snprintf(path, sizeof(path), "%s/.coppice_history", home ? home : "");

    return home && home[0] && len < (int)sizeof(path) ? path : NULL;
}

static void take_environment(struct cop__command_line *line)
{
    line->history = default_history();
    for (size_t i = 0; i < OPTIONS; i++) {
        const char *value =
            options[i].variable
                ? getenv(options[i].variable) /* NOLINT(concurrency-mt-unsafe): as above */
                : NULL;

        if (value && (value[0] || options[i].option == HISTORY))
            set_text(line, options[i].option, value);
    }
}

static bool wants_expression(const struct cop__command_line *line)
{
    return (line->command == COP__COMMAND_EVAL || line->command == COP__COMMAND_RPC) &&
           line->argument == NULL;
}

/* Takes an argument that is no option. False: it is wrong. */
static bool take_word(struct cop__command_line *line, const char *word)
{
    if (line->command == COP__COMMAND_WRONG) {
        for (size_t i = 0; i < COMMANDS; i++) {
            if (strcmp(commands[i].name, word) == 0) {
                line->command = commands[i].command;
                return true;
            }
        }
        (void)fprintf(stderr, "unknown command: %s\n", word);
        return false;
    }
    if (wants_expression(line)) {
        line->argument = word;
        return true;
    }
    (void)fprintf(stderr, "one argument too many: %s\n", word);
    return false;
}

struct cop__command_line cop__command_line(int argc, char **argv)
{
    const struct cop__command_line wrong = {.command = COP__COMMAND_WRONG};
    struct cop__command_line line = wrong;

    line.opts.size = sizeof(line.opts);
    take_environment(&line);
    for (int i = 1; i < argc; i++) {
        /* What follows eval or rpc is an expression, whatever it begins with. */
        bool is_option = !wants_expression(&line) && argv[i][0] == '-';

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            line.command = COP__COMMAND_HELP;
            return line;
        }
        if (is_option ? !take_option(&line, argc, argv, &i) : !take_word(&line, argv[i]))
            return wrong;
    }
    if (line.command == COP__COMMAND_WRONG) (void)fprintf(stderr, "a command is missing\n");
    if (wants_expression(&line)) {
        (void)fprintf(stderr, "an expression is missing\n");
        return wrong;
    }
    return line;
}
