/* SPDX-License-Identifier: Apache-2.0 */
/* The texts that a program is started with: its path, looked for in PATH, its arguments and
 * variables. */
#include "coppice/error.h"
#include "io/os_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- The program ------------------------------------------------------------------------------ */

static bool is_program(const char *path)
{
    struct stat s;
    return access(path, X_OK) == 0 && stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

/* Appends the first file of this name in the folders of PATH that can be run. */
static bool append_from_path(struct cop__buf *texts, cop_bytes name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets variables */
    const char *at = getenv("PATH");
    size_t start = texts->len;
    if (at == NULL) at = "/usr/local/bin:/usr/bin:/bin";
    for (;;) {
        size_t len = strcspn(at, ":");
        if (len == 0) cop__buf_append_char(texts, '.');
        cop__buf_append(texts, at, len);
        cop__buf_append_char(texts, '/');
        cop__buf_append(texts, name.data, name.len);
        cop__buf_append_char(texts, 0);
        if (is_program(texts->data + start)) return true;
        texts->len = start;
        if (at[len] == 0) return false;
        at += len + 1;
    }
}

/* A path as it means something whatever the directory is. */
static int append_absolute(struct cop__buf *texts, cop_bytes path)
{
    if (path.len == 0 || path.data[0] != '/') {
        char *here = getcwd(cop__buf_reserve(texts, 4096), 4096);
        if (here == NULL) return errno;
        texts->len += strlen(here);
        cop__buf_append_char(texts, '/');
    }
    cop__buf_append(texts, path.data, path.len);
    cop__buf_append_char(texts, 0);
    return 0;
}

static int append_program(struct cop__buf *texts, cop_bytes program)
{
    if (program.len == 0) return ENOENT;
    if (memchr(program.data, '/', program.len) != NULL) return append_absolute(texts, program);
    if (!append_from_path(texts, program)) return ENOENT;
    return 0;
}

/* --- Arguments and variables ------------------------------------------------------------------ */

static COP_NORETURN void refuse(const char *what, cop_term t)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(t, 200));
    cop_raise("ArgumentError", "%s: %.*s", what, (int)text.len, text.data);
}

static void append_text(struct cop__buf *texts, const char *what, cop_term t)
{
    cop_bytes text = {NULL, 0};
    if (cop_is_number(t)) t = cop_inspect(t);
    if (cop_is_binary(t))
        text = cop_to_bytes(t);
    else if (cop_is_atom(t))
        text = cop_atom_text(t);
    else
        refuse(what, t);
    if (memchr(text.data, 0, text.len) != NULL) refuse(what, t);
    cop__buf_append(texts, text.data, text.len);
    cop__buf_append_char(texts, 0);
}

static uint32_t append_args(struct cop__buf *texts, cop_term program, cop_term args)
{
    uint32_t count = 1;
    if (cop_list_len(args) < 0) refuse("arguments of a program are a list", args);
    append_text(texts, "no name of a program", program);
    for (; !cop_is_empty_list(args); args = cop_tail(args), count++)
        append_text(texts, "no argument of a program", cop_head(args));
    return count;
}

/* Whether a variable NAME=... is among those that are given anew. */
static bool is_replaced(const char *variable, cop_term env)
{
    size_t len = strcspn(variable, "=");
    for (; !cop_is_empty_list(env); env = cop_tail(env)) {
        cop_bytes name = cop_to_bytes(cop_elem(cop_head(env), 0));
        if (name.len == len && memcmp(name.data, variable, len) == 0) return true;
    }
    return false;
}

static uint32_t append_env(struct cop__buf *texts, cop_term env)
{
    uint32_t count = 0;
    for (char **at = environ; *at != NULL; at++) {
        if (is_replaced(*at, env)) continue;
        cop__buf_append(texts, *at, strlen(*at) + 1);
        count++;
    }
    for (; !cop_is_empty_list(env); env = cop_tail(env)) {
        cop_term value = cop_elem(cop_head(env), 1);
        if (!cop_is_binary(value)) continue; /* nil: taken out */
        cop_bytes name = cop_to_bytes(cop_elem(cop_head(env), 0));
        cop__buf_append(texts, name.data, name.len);
        cop__buf_append_char(texts, '=');
        append_text(texts, "", value);
        count++;
    }
    return count;
}

int cop__os_texts(cop_term program, cop_term args, const struct cop__os_options *options,
                  struct cop__buf *ret_texts, struct cop__guardian_request *ret_request)
{
    if (!cop_is_binary(program)) refuse("no name of a program", program);
    int error = append_program(ret_texts, cop_to_bytes(program));
    if (error == 0)
        error = append_absolute(ret_texts, cop_is_binary(options->cd) ? cop_to_bytes(options->cd)
                                                                      : (cop_bytes){"", 0});
    ret_request->argc = append_args(ret_texts, program, args);
    ret_request->envc = append_env(ret_texts, options->env);
    ret_request->texts_size = ret_texts->len;
    ret_request->limit_count = options->limit_count;
    memcpy(ret_request->limits, options->limits, sizeof(options->limits));
    return error;
}
