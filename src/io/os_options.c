/* SPDX-License-Identifier: Apache-2.0 */
/* Options of OS processes. A table tells for each key how its value is read; what is no option, or
 * has a wrong value, is an ArgumentError that shows it. */
#include "io/os_options.h"

#include "coppice/error.h"
#include "io/signal_name.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define LINE_MAX_DEFAULT   65536
#define LINE_MAX_MOST      (16 << 20)
#define KILL_AFTER_DEFAULT 5000

/* --- Values ----------------------------------------------------------------------------------- */

static bool read_target(cop_term value, int stream, enum cop__os_target *ret)
{
    if (cop_match(value, ":null"))
        *ret = COP__OS_NULL;
    else if (cop_match(value, ":inherit"))
        *ret = COP__OS_INHERIT;
    else if (stream == 0 && cop_match(value, ":pipe"))
        *ret = COP__OS_PIPE;
    else if (stream != 0 && cop_match(value, ":log"))
        *ret = COP__OS_LOG;
    else if (stream != 0 && cop_match(value, ":owner"))
        *ret = COP__OS_OWNER;
    else if (stream == 2 && cop_match(value, ":stdout"))
        *ret = COP__OS_STDOUT;
    else
        return false;
    return true;
}

static bool read_stdin(cop_term value, struct cop__os_options *o)
{
    return read_target(value, 0, &o->target[0]);
}

static bool read_stdout(cop_term value, struct cop__os_options *o)
{
    return read_target(value, 1, &o->target[1]);
}

static bool read_stderr(cop_term value, struct cop__os_options *o)
{
    return read_target(value, 2, &o->target[2]);
}

bool cop__os_active(cop_term value, int64_t *ret)
{
    int64_t n;
    if (cop_match(value, "false"))
        *ret = COP__OS_PASSIVE;
    else if (cop_match(value, "true"))
        *ret = COP__OS_ALWAYS;
    else if (cop_match(value, ":once"))
        *ret = 1;
    else if (cop_match(value, "n", n) && n > 0 && n <= 32767)
        *ret = n;
    else
        return false;
    return true;
}

static bool read_active(cop_term value, struct cop__os_options *o)
{
    return cop__os_active(value, &o->active);
}

static bool read_packet(cop_term value, struct cop__os_options *o)
{
    o->is_line = cop_match(value, ":line");
    return o->is_line || cop_match(value, ":raw");
}

static bool read_line_max(cop_term value, struct cop__os_options *o)
{
    int64_t n;
    if (!cop_match(value, "n", n) || n <= 0 || n > LINE_MAX_MOST) return false;
    o->line_max = n;
    return true;
}

static bool read_owner(cop_term value, struct cop__os_options *o)
{
    if (!cop_is_pid(value)) return false;
    o->owner = cop_to_pid(value);
    return true;
}

/* Milliseconds, or :infinity. */
static bool read_ms(cop_term value, int64_t *ret)
{
    int64_t ms = COP_INFINITY;
    if (!cop_match(value, ":infinity") &&
        (!cop_match(value, "ms", ms) || ms < 0 || ms > UINT32_MAX))
        return false;
    *ret = ms;
    return true;
}

static bool read_timeout(cop_term value, struct cop__os_options *o)
{
    return read_ms(value, &o->timeout_ms);
}

static bool read_kill_after(cop_term value, struct cop__os_options *o)
{
    return read_ms(value, &o->kill_after_ms);
}

static bool read_stop_signal(cop_term value, struct cop__os_options *o)
{
    o->stop_signal = cop__signal_number(value);
    return o->stop_signal != 0;
}

static bool has_no_nul(cop_term text)
{
    cop_bytes b = cop_to_bytes(text);
    return memchr(b.data, 0, b.len) == NULL;
}

static bool read_cd(cop_term value, struct cop__os_options *o)
{
    o->cd = value;
    return cop_is_binary(value) && has_no_nul(value);
}

static bool is_variable(cop_term name, cop_term value)
{
    if (!cop_is_binary(name) || !has_no_nul(name)) return false;
    cop_bytes b = cop_to_bytes(name);
    if (b.len == 0 || memchr(b.data, '=', b.len) != NULL) return false;
    return cop_match(value, "nil") || (cop_is_binary(value) && has_no_nul(value));
}

static bool read_env(cop_term value, struct cop__os_options *o)
{
    cop_term name, text;
    o->env = value;
    if (cop_list_len(value) < 0) return false;
    for (; !cop_is_empty_list(value); value = cop_tail(value))
        if (!cop_match(cop_head(value), "{name, text}", name, text) || !is_variable(name, text))
            return false;
    return true;
}

static bool read_limits(cop_term value, struct cop__os_options *o)
{
    const struct {
        cop_term name;
        int resource;
    } rows[] = {{COP(":memory"), RLIMIT_AS},    {COP(":cpu"), RLIMIT_CPU},
                {COP(":files"), RLIMIT_NOFILE}, {COP(":file_size"), RLIMIT_FSIZE},
                {COP(":stack"), RLIMIT_STACK},  {COP(":core"), RLIMIT_CORE}};
    o->limit_count = 0;
    if (!cop_is_keyword(value)) return false;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t n;
        cop_term limit = cop_keyword_get(value, rows[i].name, cop_none());
        if (cop_is_none(limit)) continue;
        if (!cop_match(limit, "n", n) || n < 0) return false;
        o->limits[o->limit_count++] =
            (struct cop__guardian_limit){.resource = rows[i].resource, .value = (uint64_t)n};
    }
    return cop_list_len(value) == (int64_t)o->limit_count;
}

static bool read_name(cop_term value, struct cop__os_options *o)
{
    (void)o;
    return cop_is_atom(value) || cop_is_tuple(value);
}

/* Of the child's specification: see os_module.c. */
static bool read_id(cop_term value, struct cop__os_options *o)
{
    (void)value;
    (void)o;
    return true;
}

/* --- All -------------------------------------------------------------------------------------- */

typedef bool (*read_fn)(cop_term value, struct cop__os_options *o);

static read_fn reader_of(cop_term key)
{
    const struct {
        cop_term key;
        read_fn fn;
    } rows[] = {{COP(":cd"), read_cd},
                {COP(":env"), read_env},
                {COP(":stdin"), read_stdin},
                {COP(":stdout"), read_stdout},
                {COP(":stderr"), read_stderr},
                {COP(":owner"), read_owner},
                {COP(":active"), read_active},
                {COP(":packet"), read_packet},
                {COP(":line_max"), read_line_max},
                {COP(":limits"), read_limits},
                {COP(":timeout"), read_timeout},
                {COP(":stop_signal"), read_stop_signal},
                {COP(":kill_after"), read_kill_after},
                {COP(":name"), read_name},
                {COP(":id"), read_id}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (cop_identical(rows[i].key, key)) return rows[i].fn;
    return NULL;
}

static COP_NORETURN void refuse(const char *what, cop_term t)
{
    cop_bytes text = cop_to_bytes(cop_inspect_within(t, 200));
    cop_raise("ArgumentError", "%s: %.*s", what, (int)text.len, text.data);
}

void cop__os_options_read(cop_term options, cop_pid owner, struct cop__os_options *ret)
{
    *ret = (struct cop__os_options){.target = {COP__OS_PIPE, COP__OS_LOG, COP__OS_LOG},
                                    .owner = owner,
                                    .line_max = LINE_MAX_DEFAULT,
                                    .timeout_ms = COP_INFINITY,
                                    .kill_after_ms = KILL_AFTER_DEFAULT,
                                    .stop_signal = SIGTERM,
                                    .cd = cop_nil(),
                                    .env = cop_empty_list()};
    if (cop_list_len(options) < 0) refuse("options of an OS process are a keyword list", options);
    for (; !cop_is_empty_list(options); options = cop_tail(options)) {
        cop_term key, value;
        read_fn fn = NULL;
        if (cop_match(cop_head(options), "{key, value}", key, value)) fn = reader_of(key);
        if (fn == NULL || !fn(value, ret)) refuse("no option of an OS process", cop_head(options));
    }
}
