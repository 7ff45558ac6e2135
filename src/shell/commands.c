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
    {"eval", COP__COMMAND_EVAL,
     "eval EXPR        evaluates EXPR with the modules of the system, which is not started,\n"
     "                   and prints its value"},
    {"version", COP__COMMAND_VERSION, "version          prints name and version"},
    {"help", COP__COMMAND_HELP, "help             prints this text"},
};

/* The options, each with a number; environment variables in brackets set the same. */
static const struct {
    const char *name;
    int64_t least;
    int64_t most;
    const char *help;
} options[] = {
    {"--schedulers", 1, 1024,
     "--schedulers N     threads that run processes; one a core [COPPICE_SCHEDULERS]"},
    {"--seed", 1, INT64_MAX,
     "--seed N           a seeded run: one thread, virtual time [COPPICE_SEED]"},
    {"--processes-max", 1, INT_MAX,
     "--processes-max N  how many processes there may be; 8388608 [COPPICE_PROCESSES_MAX]"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))
#define OPTIONS  (sizeof(options) / sizeof(options[0]))

void cop__print_usage(FILE *out, const char *program)
{
    (void)fprintf(out, "Usage: %s COMMAND [OPTIONS]\n\nCommands:\n", program);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %s\n", commands[i].help);
    (void)fprintf(out, "\nOptions:\n");
    for (size_t i = 0; i < OPTIONS; i++)
        (void)fprintf(out, "  %s\n", options[i].help);
}

static void set_option(struct cop_node_opts *opts, size_t option, int64_t value)
{
    switch (option) {
    case 0: opts->schedulers = (int)value; break;
    case 1: opts->seed = value; break;
    default: opts->processes_max = (int)value; break;
    }
}

/* Takes the option at argv[*at], and its value, which may be the next argument. False: it is
 * wrong. */
static bool take_option(struct cop_node_opts *opts, int argc, char **argv, int *at)
{
    const char *name = argv[*at];
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);

    for (size_t i = 0; i < OPTIONS; i++) {
        const char *text = equals ? equals + 1 : NULL;
        char *end;
        int64_t value;

        if (strlen(options[i].name) != len || strncmp(options[i].name, name, len) != 0) continue;
        if (text == NULL && *at + 1 < argc) text = argv[++*at];
        errno = 0;
        value = text ? strtoll(text, &end, 10) : 0;
        if (text == NULL || end == text || *end != '\0' || errno != 0 || value < options[i].least ||
            value > options[i].most) {
            (void)fprintf(stderr, "%s: %s is no number for it\n", options[i].name,
                          text ? text : "nothing");
            return false;
        }
        set_option(opts, i, value);
        return true;
    }
    (void)fprintf(stderr, "unknown option: %s\n", name);
    return false;
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
    if (line->command == COP__COMMAND_EVAL && line->argument == NULL) {
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
    for (int i = 1; i < argc; i++) {
        /* What follows eval is an expression, whatever it begins with. */
        bool is_expression = line.command == COP__COMMAND_EVAL && line.argument == NULL;
        bool is_option = !is_expression && argv[i][0] == '-';

        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            line.command = COP__COMMAND_HELP;
            return line;
        }
        if (is_option ? !take_option(&line.opts, argc, argv, &i) : !take_word(&line, argv[i]))
            return wrong;
    }
    if (line.command == COP__COMMAND_WRONG) (void)fprintf(stderr, "a command is missing\n");
    if (line.command == COP__COMMAND_EVAL && line.argument == NULL) {
        (void)fprintf(stderr, "eval: an expression is missing\n");
        return wrong;
    }
    return line;
}
