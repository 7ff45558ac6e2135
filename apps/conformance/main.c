/* SPDX-License-Identifier: Apache-2.0 */
/* coppice-conformance FILE...: evaluates each line of the scenarios and prints it, then the value
 * as inspect/1 shows it, or "** (exit) REASON" or "** (Kind)". What a real Elixir node prints for
 * the same files stands in tests/conformance/expect. Each scenario is run by a process of its own,
 * which traps exits. */
#include "fixtures.h"
#include "numbering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    char **paths;
    int len;
    bool has_failed;
} files;

/* One line and the bindings that it sees. */
struct line {
    cop_bytes text;
    cop_term bindings;
};

static const struct cop_inspect_opts one_line = {0, 0};

static void print(cop_term chardata)
{
    cop_apply(COP("IO"), COP(":puts"), cop_list(chardata));
}

/* --- Lines ------------------------------------------------------------------------------------ */

static cop_term evaluate(void *arg)
{
    struct line *line = arg;

    return cop_eval(line->text, line->bindings, &line->bindings, NULL);
}

/* What is printed for an expression that failed. */
static cop_term failure(const struct cop_outcome *outcome)
{
    cop_term kind;

    if (outcome->class_ == COP_CLASS_EXIT)
        return cop_list(cop_string("** (exit) "), cop_inspect_with(outcome->value, one_line));
    if (outcome->class_ == COP_CLASS_THROW)
        return cop_list(cop_string("** (throw) "), cop_inspect_with(outcome->value, one_line));
    kind = cop_map_get(cop_exception_of(outcome->value), COP(":__struct__"), cop_nil());
    return cop_list(cop_string("** ("), cop_inspect(kind), cop_string(")"));
}

/* Runs one line; the bindings afterwards. */
static cop_term run_line(cop_bytes text, cop_term bindings, cop_dict *seen)
{
    struct line line = {text, bindings};
    struct cop_outcome outcome;
    cop_term out;

    if (cop_try(evaluate, &line, &outcome)) {
        out = cop_inspect_with(outcome.value, one_line);
        bindings = line.bindings;
    } else {
        out = cop_apply(COP("Kernel"), COP(":to_string"), cop_list(failure(&outcome)));
    }
    /* A real node needs some time to compile a line; what others do meanwhile is done here, too. */
    cop_sleep(2);
    print(cop_list(cop_string("> "), cop_binary(text.data, text.len), cop_string("\n"),
                   number_ids(seen, out)));
    return bindings;
}

static cop_bytes trim(const char *from, const char *to)
{
    while (from < to && strchr(" \t\r\n", *from))
        from++;
    while (to > from && strchr(" \t\r\n", to[-1]))
        to--;
    return (cop_bytes){from, (size_t)(to - from)};
}

static void run_lines(cop_bytes text)
{
    cop_dict *seen = cop_dict_new();
    cop_term bindings = cop_map_new();
    const char *end = text.data + text.len;

    for (const char *at = text.data; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        cop_bytes line = trim(at, stop ? stop : end);

        if (line.len > 0 && line.data[0] != '#') bindings = run_line(line, bindings, seen);
        at = stop ? stop + 1 : end;
    }
}

/* --- Files ------------------------------------------------------------------------------------ */

/* A whole file as a binary; cop_none() if it cannot be read. */
static cop_term read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    cop_term text = cop_none();
    char *data = NULL;
    size_t cap = 0;
    ssize_t len;

    if (file == NULL) return text;
    len = getdelim(&data, &cap, '\0', file);
    if (len >= 0 || feof(file)) text = cop_binary(data, len > 0 ? (size_t)len : 0);
    free(data);
    (void)fclose(file);
    return text;
}

static cop_next run_scenario(cop_term text)
{
    cop_trap_exit(true);
    cop_expect(cop_agent_start_link(COP("&Map.new/0"), COP("[name: Starts]")), "{:ok, _}");
    cop_expect(recorder_start_link(cop_empty_list()), "{:ok, _}");
    run_lines(cop_to_bytes(text));
    cop_exit(COP(":shutdown"));
}

static void run_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    cop_term text = read_file(path);
    cop_term msg;
    cop_ref ref;

    print(cop_format("== %s", slash ? slash + 1 : path));
    if (cop_is_none(text)) {
        (void)fprintf(stderr, "%s cannot be read\n", path);
        files.has_failed = true;
        return;
    }
    cop_spawn(run_scenario, text, &(struct cop_spawn_opts){.monitor = true, .ret_ref = &ref});
    cop_receive_ref(ref, NULL, NULL, &msg, COP_INFINITY);
    if (!cop_match(msg, "{:DOWN, ^ref, :process, _, :shutdown}", ref)) {
        cop_bytes shown = cop_to_bytes(cop_inspect_with(msg, one_line));

        (void)fprintf(stderr, "%s: %.*s\n", path, (int)shown.len, shown.data);
        files.has_failed = true;
    }
    cop_sleep(20);
}

static cop_next run_files(cop_term arg)
{
    (void)arg;
    for (int i = 0; i < files.len; i++)
        run_file(files.paths[i]);
    return cop_end();
}

static void no_log(enum cop_level level, const char *text, size_t len, void *arg)
{
    (void)level;
    (void)text;
    (void)len;
    (void)arg;
}

int main(int argc, char **argv)
{
    char why[1024];

    if (argc < 2) {
        (void)fprintf(stderr, "Usage: %s FILE...\n", argv[0]);
        return 2;
    }
    files.paths = argv + 1;
    files.len = argc - 1;
    cop_log_to(no_log, NULL, COP_ERROR);
    if (cop_node_start(NULL) != 0) return 1;
    cop_module_register(&recorder_module);
    cop_module_register(&probe_module);
    if (!cop_run(run_files, cop_nil(), why, sizeof(why))) {
        (void)fprintf(stderr, "%s\n", why);
        files.has_failed = true;
    }
    cop_node_stop();
    return files.has_failed ? 1 : 0;
}
