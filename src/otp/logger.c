/* SPDX-License-Identifier: Apache-2.0 */
/* Logger, the module: events with the metadata of their process, and the settings, for C and for
 * the console. Queue and handlers are the runtime's (logger.h).
 *
 * As in OTP, a process's metadata and level lie in its dictionary. */
#include "coppice/logger.h"
#include "coppice/sys.h"

#include "otp/exception.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"

#define KEY_METADATA COP(":\"$logger_metadata$\"")
#define KEY_LEVEL    COP(":\"$logger_level\"")

/* --- Metadata --------------------------------------------------------------------------------- */

static bool is_process(void)
{
    return !cop_is_no_pid(cop_self());
}

static cop_term own_metadata(void)
{
    cop_term map = is_process() ? cop_get(KEY_METADATA) : cop_nil();

    return cop_is_map(map) ? map : cop_map_new();
}

/* map with the keys of a keyword list or map; those with nil are not in it. */
static cop_term merged(cop_term map, cop_term more)
{
    cop_term key, value, rest = cop_is_map(more) ? cop_map_to_list(more) : more;

    while (cop_match(rest, "[{key, value} | rest]", key, value, rest)) {
        if (cop_identical(value, cop_nil()))
            map = cop_map_remove(map, key);
        else
            map = cop_map_put(map, key, value);
    }
    return map;
}

static void check_keywords(cop_term keywords)
{
    if (!cop_is_keyword(keywords)) cop_error(COP(":badarg"));
}

cop_term cop_logger_metadata(void)
{
    return cop_map_to_list(own_metadata());
}

void cop_logger_set_metadata(cop_term keywords)
{
    check_keywords(keywords);
    (void)cop_put(KEY_METADATA, merged(own_metadata(), keywords));
}

void cop_logger_reset_metadata(cop_term keywords)
{
    check_keywords(keywords);
    (void)cop_put(KEY_METADATA, merged(cop_map_new(), keywords));
}

/* --- Events ----------------------------------------------------------------------------------- */

/* The process's own level counts in place of that of all. */
static bool is_wanted_here(enum cop_level level)
{
    enum cop_level own;

    if (!cop_logger_enabled(level)) return false;
    return !is_process() || !cop_level_from(cop_get(KEY_LEVEL), &own) || level >= own;
}

void cop_logger_log(enum cop_level level, cop_bytes text, cop_term metadata)
{
    if (is_wanted_here(level)) cop_logger_put(level, text, merged(own_metadata(), metadata));
}

/* --- The module ------------------------------------------------------------------------------- */

static enum cop_level level_arg(cop_term name)
{
    enum cop_level level;

    if (cop_identical(name, COP(":warn"))) return COP_WARNING;
    if (cop_identical(name, COP(":all"))) return COP_DEBUG_LEVEL;
    if (!cop_level_from(name, &level)) {
        cop_bytes shown = cop_to_bytes(cop_inspect(name));

        cop_raise("ArgumentError", "%.*s is no level of Logger", (int)shown.len, shown.data);
    }
    return level;
}

/* A report (keyword list or map) is shown as a value; a function without arguments is called for
 * its text, only now that it is wanted. */
static cop_term message_text(cop_term message)
{
    if (cop_is_fun(message, 0)) message = cop_call_fun(message, NULL, 0);
    if (cop_is_binary(message)) return message;
    if (cop_is_map(message) || (cop_is_keyword(message) && !cop_is_empty_list(message)))
        return cop_inspect_with(message, (struct cop_inspect_opts){0, 50});
    return cop__to_string(message);
}

static cop_term log_with(cop_term level, cop_term message, cop_term metadata)
{
    enum cop_level at = level_arg(level);

    if (!cop_is_keyword(metadata)) cop__raise_no_clause("Logger.log/3");
    if (is_wanted_here(at)) cop_logger_log(at, cop_to_bytes(message_text(message)), metadata);
    return cop_ok();
}

static cop_term log_plain(cop_term level, cop_term message)
{
    return log_with(level, message, cop_empty_list());
}

/* Logger.error/1 and /2 and their like. */
#define LEVEL_FUNCTIONS(name)                                                                      \
    static cop_term name##_with(cop_term message, cop_term metadata)                               \
    {                                                                                              \
        return log_with(COP(":" #name), message, metadata);                                        \
    }                                                                                              \
    static cop_term name(cop_term message)                                                         \
    {                                                                                              \
        return log_plain(COP(":" #name), message);                                                 \
    }
LEVEL_FUNCTIONS(debug)
LEVEL_FUNCTIONS(info)
LEVEL_FUNCTIONS(notice)
LEVEL_FUNCTIONS(warning)
LEVEL_FUNCTIONS(error)
LEVEL_FUNCTIONS(critical)
LEVEL_FUNCTIONS(alert)
LEVEL_FUNCTIONS(emergency)

static cop_term level(void)
{
    return cop_level_name(cop_logger_level());
}

static cop_term levels(void)
{
    return COP("[:emergency, :alert, :critical, :error, :warning, :notice, :info, :debug]");
}

static cop_term compare_levels(cop_term left, cop_term right)
{
    int order = (int)level_arg(left) - (int)level_arg(right);

    return order < 0 ? COP(":lt") : order > 0 ? COP(":gt") : COP(":eq");
}

static cop_term metadata(void)
{
    return cop_logger_metadata();
}

static cop_term set_metadata(cop_term keywords)
{
    if (!cop_is_keyword(keywords)) cop__raise_no_clause("Logger.metadata/1");
    cop_logger_set_metadata(keywords);
    return cop_ok();
}

static cop_term reset_metadata(cop_term keywords)
{
    if (!cop_is_keyword(keywords)) cop__raise_no_clause("Logger.reset_metadata/1");
    cop_logger_reset_metadata(keywords);
    return cop_ok();
}

static cop_term reset_all_metadata(void)
{
    return reset_metadata(cop_empty_list());
}

/* Only of the caller, as in Elixir: another process's dictionary is its own. */
static void check_self(cop_term pid)
{
    if (!cop_is_pid(pid) || !cop_pid_equal(cop_to_pid(pid), cop_self()))
        cop_raise("ArgumentError", "only self() can be given a level");
}

static cop_term put_process_level(cop_term pid, cop_term name)
{
    check_self(pid);
    (void)cop_put(KEY_LEVEL, cop_level_name(level_arg(name)));
    return cop_ok();
}

static cop_term process_level(cop_term pid)
{
    check_self(pid);
    return cop_get(KEY_LEVEL);
}

static cop_term delete_process_level(cop_term pid)
{
    check_self(pid);
    (void)cop_erase(KEY_LEVEL);
    return cop_ok();
}

static cop_term disable(cop_term pid)
{
    return put_process_level(pid, COP(":none"));
}

static cop_term is_enabled(cop_term pid)
{
    check_self(pid);
    return cop_bool(!cop_identical(cop_get(KEY_LEVEL), COP(":none")));
}

/* level, truncate; handle_sasl_reports, which in Elixir is a setting of the start; and form, which
 * is ours. Others are ignored, as Elixir does. */
static cop_term configure(cop_term options)
{
    cop_term value;
    int64_t size;

    if (!cop_is_keyword(options)) cop__raise_no_clause("Logger.configure/1");
    value = cop_keyword_get(options, COP(":level"), cop_none());
    if (!cop_is_none(value)) cop_logger_set_level(level_arg(value));
    value = cop_keyword_get(options, COP(":truncate"), cop_none());
    if (cop_match(value, ":infinity")) {
        (void)cop_logger_truncate(SIZE_MAX);
    } else if (!cop_is_none(value)) {
        if (!cop_match(value, "size", size) || size < 1)
            cop_raise("ArgumentError", "truncate: a positive number of bytes or :infinity");
        (void)cop_logger_truncate((size_t)size);
    }
    value = cop_keyword_get(options, COP(":handle_sasl_reports"), cop_none());
    if (cop_is_boolean(value)) (void)cop_log_sasl_reports(cop_to_bool(value));
    value = cop_keyword_get(options, COP(":form"), cop_none());
    if (cop_match(value, ":elixir")) cop_logger_set_form(COP_FORM_ELIXIR);
    if (cop_match(value, ":erlang")) cop_logger_set_form(COP_FORM_ERLANG);
    if (cop_match(value, ":erlang_line")) cop_logger_set_form(COP_FORM_ERLANG_LINE);
    return cop_ok();
}

static cop_term configure_backend(cop_term backend, cop_term options)
{
    cop_term name;

    if (!cop_identical(backend, COP(":console")) || !cop_is_keyword(options))
        cop__raise_no_clause("Logger.configure_backend/2");
    name = cop_keyword_get(options, COP(":level"), COP(":debug"));
    cop_logger_configure_default(level_arg(name),
                                 cop_keyword_get(options, COP(":metadata"), cop_empty_list()));
    return cop_ok();
}

static cop_term flush(void)
{
    cop_log_flush();
    return cop_ok();
}

static cop_term add_process(cop_term id, cop_term process, cop_term options)
{
    if (!cop_is_atom(id) || !cop_is_keyword(options)) cop__raise_no_clause("Logger.add_handler/3");
    if (cop_logger_add_process(
            id, level_arg(cop_keyword_get(options, COP(":level"), COP(":debug"))), process))
        return cop_ok();
    return cop_build("{:error, {:already_exist, id}}", id);
}

static cop_term remove_handler(cop_term id)
{
    if (cop_logger_remove_handler(id)) return cop_ok();
    return cop_build("{:error, {:not_found, id}}", id);
}

#define EXPORT_LEVEL(name)                                                                         \
    COP_EXPORT(#name "(message)", name, "Logs a message: text, report, or function."),             \
        COP_EXPORT(#name "(message, metadata)", name##_with, "The same with metadata.")

static const struct cop_function functions[] = {
    EXPORT_LEVEL(debug),
    EXPORT_LEVEL(info),
    EXPORT_LEVEL(notice),
    EXPORT_LEVEL(warning),
    EXPORT_LEVEL(error),
    EXPORT_LEVEL(critical),
    EXPORT_LEVEL(alert),
    EXPORT_LEVEL(emergency),
    COP_EXPORT("log(level, message)", log_plain, "Logs a message at a level."),
    COP_EXPORT("log(level, message, metadata)", log_with, "The same with metadata."),
    COP_EXPORT("level()", level, "The level from which on messages are logged."),
    COP_EXPORT("levels()", levels, "All levels, the most severe first."),
    COP_EXPORT("compare_levels(left, right)", compare_levels, ":lt, :eq or :gt."),
    COP_EXPORT("metadata()", metadata, "The metadata of the caller, a keyword list."),
    COP_EXPORT("metadata(keywords)", set_metadata, "Adds to it; nil takes a key out."),
    COP_EXPORT("reset_metadata()", reset_all_metadata, "The caller has no metadata any more."),
    COP_EXPORT("reset_metadata(keywords)", reset_metadata, "It has exactly this."),
    COP_EXPORT("put_process_level(pid, level)", put_process_level, "A level for self() alone."),
    COP_EXPORT("get_process_level(pid)", process_level, "That level, or nil."),
    COP_EXPORT("delete_process_level(pid)", delete_process_level, "Takes it away."),
    COP_EXPORT("disable(pid)", disable, "Nothing that self() logs is wanted."),
    COP_EXPORT("enable(pid)", delete_process_level, "It is wanted again."),
    COP_EXPORT("enabled?(pid)", is_enabled, "Whether it is."),
    COP_EXPORT("configure(options)", configure,
               "level:, truncate: (bytes of a text, or :infinity), handle_sasl_reports:, form: "
               "(:elixir, :erlang, :erlang_line)."),
    COP_EXPORT("configure_backend(backend, options)", configure_backend,
               "Of :console: level:, metadata: (keys to be shown)."),
    COP_EXPORT("add_handler(id, process, options)", add_process,
               "Sends {:log, level, text, metadata} to a process. Options: level:."),
    COP_EXPORT("remove_handler(id)", remove_handler, "Takes a handler away."),
    COP_EXPORT("handlers()", cop_logger_handlers, "The ids of all handlers."),
    COP_EXPORT("flush()", flush, "Waits until all that was logged has been handled."),
    COP_EXPORT_END};

const struct cop_module cop__logger_module = {
    .size = sizeof(struct cop_module),
    .name = "Logger",
    .doc = "Messages of programs and reports of crashes, for people and for other programs.",
    .functions = functions};
