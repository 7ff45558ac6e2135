/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of a child and their checks. The decision tables are in child_rules.c.
 *
 * The two checks below differ on purpose: they follow Supervisor and DynamicSupervisor in the
 * order in which faults are found and in the words for them. */
#include "otp/child_spec.h"

#include "coppice/supervisor.h"
#include "otp/standard_modules.h"
#include "otp/stdlib.h"

/* --- What the user wrote ---------------------------------------------------------------------- */

static COP_NORETURN void raise_no_child(cop_term other)
{
    cop_bytes text = cop_to_bytes(cop_inspect(other));

    cop_raise("ArgumentError",
              "supervisors expect each child to be one of the following:\n\n"
              "  * a module\n"
              "  * a {module, arg} tuple\n"
              "  * a child specification as a map with at least the :id and :start fields\n"
              "  * or a tuple with 6 elements\n\n"
              "Got: %.*s\n",
              (int)text.len, text.data);
}

static COP_NORETURN void raise_no_child_spec(cop_term module)
{
    cop_bytes name = cop_to_bytes(cop_inspect(module));

    if (!cop_module_find(module))
        cop_raise("ArgumentError",
                  "The module %.*s was given as a child to a supervisor but it does not exist.",
                  (int)name.len, name.data);
    cop_raise("ArgumentError",
              "The module %.*s was given as a child to a supervisor\n"
              "but it does not implement child_spec/1.\n\n"
              "If it is yours, set .child_spec in its struct cop_module, or export a function\n"
              "child_spec(arg) that returns a map. If not, give the supervisor the map itself:\n\n"
              "    %%{id: %.*s, start: {%.*s, :start_link, [arg]}}\n",
              (int)name.len, name.data, (int)name.len, name.data, (int)name.len, name.data);
}

static bool is_spec_key(cop_term key)
{
    return cop_match(key, ":id") || cop_match(key, ":start") || cop_match(key, ":restart") ||
           cop_match(key, ":shutdown") || cop_match(key, ":type") || cop_match(key, ":modules") ||
           cop_match(key, ":significant") || cop_match(key, ":backoff") ||
           cop_match(key, ":mailbox");
}

static cop_term with_overrides(cop_term spec, cop_term overrides)
{
    for (cop_term l = cop__enumerate(overrides); !cop_is_empty_list(l); l = cop_tail(l)) {
        cop_term key;
        cop_term value;

        cop_expect(cop_head(l), "{key, value}", key, value);
        if (!is_spec_key(key)) {
            cop_bytes text = cop_to_bytes(cop_inspect(key));

            cop_raise("ArgumentError", "unknown key %.*s in child specification override",
                      (int)text.len, text.data);
        }
        spec = cop_map_put(spec, key, value);
    }
    return spec;
}

static cop_term child_spec_of_module(cop_term module, cop_term arg)
{
    if (!cop_function_exported(module, COP(":child_spec"), 1)) raise_no_child_spec(module);
    return cop_apply(module, COP(":child_spec"), cop_list(arg));
}

cop_term cop__child_spec_of(cop_term child)
{
    cop_term module;
    cop_term arg;

    cop__standard_modules_register();
    if (cop_is_atom(child)) return child_spec_of_module(child, cop_empty_list());
    if (cop_match(child, "{module, arg}", module, arg) && cop_is_atom(module))
        return child_spec_of_module(module, arg);
    if (cop_is_map(child) || (cop_is_tuple(child) && cop_tuple_size(child) == 6)) return child;
    raise_no_child(child);
}

cop_term cop__child_specs_of(cop_term children)
{
    cop_term specs = cop_empty_list();
    cop_term child;
    cop_term rest;

    for (; cop_match(children, "[child | rest]", child, rest); children = rest)
        specs = cop_cons(cop__child_spec_of(child), specs);
    if (!cop_is_empty_list(children))
        cop_raise("ArgumentError", "expected the children of a supervisor as a list");
    return cop_list_reverse(specs);
}

cop_term cop_supervisor_child_spec(cop_term child, cop_term overrides)
{
    cop_term spec;

    if (cop_is_tuple(child) && cop_tuple_size(child) == 6) {
        cop_bytes text = cop_to_bytes(cop_inspect(child));

        cop_raise("ArgumentError",
                  "old tuple-based child specification %.*s is not supported in "
                  "Supervisor.child_spec/2",
                  (int)text.len, text.data);
    }
    spec = cop__child_spec_of(child);
    return with_overrides(spec, overrides);
}

/* --- The parts of a specification ------------------------------------------------------------- */

static cop_term invalid(const char *what, cop_term value)
{
    return cop_tuple(cop_atom(what), value);
}

static bool read_start(cop_term start, cop_term *ret_module)
{
    cop_term module;
    cop_term function;
    cop_term args;

    if (!cop_match(start, "{module, function, args}", module, function, args) ||
        !cop_is_atom(module) || !cop_is_atom(function) || cop_list_len(args) < 0)
        return false;
    *ret_module = module;
    return true;
}

static bool read_restart(cop_term t, enum cop__restart *ret)
{
    for (int i = COP__PERMANENT; i <= COP__TEMPORARY; i++) {
        if (cop_identical(t, cop__restart_term((enum cop__restart)i))) {
            *ret = (enum cop__restart)i;
            return true;
        }
    }
    return false;
}

static bool read_shutdown(cop_term t, int64_t *ret)
{
    int64_t ms;

    if (cop_match(t, "ms", ms) && ms >= 0)
        *ret = ms;
    else if (cop_match(t, ":infinity"))
        *ret = COP__SHUTDOWN_INFINITY;
    else if (cop_match(t, ":brutal_kill"))
        *ret = COP__SHUTDOWN_BRUTAL_KILL;
    else
        return false;
    return true;
}

static bool read_type(cop_term t, bool *ret_supervisor)
{
    if (!cop_match(t, ":worker") && !cop_match(t, ":supervisor")) return false;
    *ret_supervisor = cop_match(t, ":supervisor");
    return true;
}

/* cop_none() if right; an element that is no atom; or the whole, if it is no proper list. */
static cop_term wrong_module(cop_term modules, bool *ret_whole)
{
    cop_term rest = modules;

    *ret_whole = false;
    if (cop_match(modules, ":dynamic")) return cop_none();
    if (cop_list_len(modules) < 0) {
        *ret_whole = true;
        return modules;
    }
    for (; !cop_is_empty_list(rest); rest = cop_tail(rest)) {
        if (!cop_is_atom(cop_head(rest))) return cop_head(rest);
    }
    return cop_none();
}

/* The keys of a specification as they stand there, cop_none() where missing. */
struct raw_spec {
    cop_term id;
    cop_term start;
    cop_term restart;
    cop_term shutdown;
    cop_term type;
    cop_term modules;
    cop_term significant;
    cop_term backoff;
    cop_term mailbox;
};

static bool read_raw(cop_term spec, struct raw_spec *ret)
{
    if (cop_is_map(spec)) {
        *ret = (struct raw_spec){
            .id = cop_map_get(spec, COP(":id"), cop_none()),
            .start = cop_map_get(spec, COP(":start"), cop_none()),
            .restart = cop_map_get(spec, COP(":restart"), COP(":permanent")),
            .shutdown = cop_map_get(spec, COP(":shutdown"), cop_none()),
            .type = cop_map_get(spec, COP(":type"), COP(":worker")),
            .modules = cop_map_get(spec, COP(":modules"), cop_none()),
            .significant = cop_map_get(spec, COP(":significant"), cop_false()),
            .backoff = cop_map_get(spec, COP(":backoff"), cop_nil()),
            .mailbox = cop_map_get(spec, COP(":mailbox"), cop_nil()),
        };
        return true;
    }
    if (cop_is_tuple(spec) && cop_tuple_size(spec) == 6) {
        *ret = (struct raw_spec){.id = cop_elem(spec, 0),
                                 .start = cop_elem(spec, 1),
                                 .restart = cop_elem(spec, 2),
                                 .shutdown = cop_elem(spec, 3),
                                 .type = cop_elem(spec, 4),
                                 .modules = cop_elem(spec, 5),
                                 .significant = cop_false(),
                                 .backoff = cop_nil(),
                                 .mailbox = cop_nil()};
        return true;
    }
    return false;
}

/* Defaults that depend on other keys (SUP-04). */
static void fill_defaults(struct raw_spec *raw, cop_term module)
{
    if (cop_is_none(raw->shutdown)) {
        raw->shutdown =
            cop_match(raw->type, ":supervisor") ? COP(":infinity") : cop_int(COP_CALL_TIMEOUT);
    }
    if (cop_is_none(raw->modules)) raw->modules = cop_list(module);
}

/* What OTP does not have. cop_none(), or what is wrong. */
static cop_term read_extensions(const struct raw_spec *raw, struct cop__spec *ret)
{
    if (!cop__backoff_read(raw->backoff, &ret->backoff))
        return invalid("invalid_backoff", raw->backoff);
    if (!cop_mailbox_from(raw->mailbox, &ret->mailbox))
        return invalid("invalid_mailbox", raw->mailbox);
    return cop_none();
}

/* --- Checks of Supervisor --------------------------------------------------------------------- */

bool cop__read_auto_shutdown(cop_term t, enum cop__auto_shutdown *ret)
{
    if (cop_match(t, ":never"))
        *ret = COP__NEVER;
    else if (cop_match(t, ":any_significant"))
        *ret = COP__ANY_SIGNIFICANT;
    else if (cop_match(t, ":all_significant"))
        *ret = COP__ALL_SIGNIFICANT;
    else
        return false;
    return true;
}

static cop_term check_significant(const struct raw_spec *raw, enum cop__restart restart,
                                  enum cop__auto_shutdown auto_shutdown)
{
    if (cop_match(raw->significant, "false")) return cop_none();
    if (!cop_match(raw->significant, "true"))
        return invalid("invalid_significant", raw->significant);
    if (auto_shutdown == COP__NEVER)
        return COP("{:bad_combination, [auto_shutdown: :never, significant: true]}");
    if (restart == COP__PERMANENT)
        return COP("{:bad_combination, [restart: :permanent, significant: true]}");
    return cop_none();
}

cop_term cop__spec_check(cop_term spec, enum cop__auto_shutdown auto_shutdown,
                         struct cop__spec *ret)
{
    struct cop__spec checked;
    struct raw_spec raw;
    cop_term module;
    cop_term wrong;
    bool whole;

    if (!read_raw(spec, &raw)) return invalid("invalid_child_spec", spec);
    if (cop_is_none(raw.id)) return COP(":missing_id");
    if (cop_is_none(raw.start)) return COP(":missing_start");
    if (!read_start(raw.start, &module)) return invalid("invalid_mfa", raw.start);
    if (!read_restart(raw.restart, &checked.restart))
        return invalid("invalid_restart_type", raw.restart);
    wrong = check_significant(&raw, checked.restart, auto_shutdown);
    if (!cop_is_none(wrong)) return wrong;
    if (!read_type(raw.type, &checked.supervisor)) return invalid("invalid_child_type", raw.type);
    fill_defaults(&raw, module);
    if (!read_shutdown(raw.shutdown, &checked.shutdown))
        return invalid("invalid_shutdown", raw.shutdown);
    wrong = wrong_module(raw.modules, &whole);
    if (!cop_is_none(wrong)) return invalid(whole ? "invalid_modules" : "invalid_module", wrong);
    wrong = read_extensions(&raw, &checked);
    if (!cop_is_none(wrong)) return wrong;
    checked.id = raw.id;
    checked.start = raw.start;
    checked.modules = raw.modules;
    checked.significant = cop_match(raw.significant, "true");
    *ret = checked;
    return cop_none();
}

/* --- Checks of DynamicSupervisor -------------------------------------------------------------- */

/* A map needs id and a start of three elements, or it is no specification at all. */
static bool has_dynamic_shape(cop_term spec, const struct raw_spec *raw)
{
    return cop_is_tuple(spec) || (!cop_is_none(raw->id) && !cop_is_none(raw->start) &&
                                  cop_is_tuple(raw->start) && cop_tuple_size(raw->start) == 3);
}

cop_term cop__spec_check_dynamic(cop_term spec, struct cop__spec *ret)
{
    struct cop__spec checked;
    struct raw_spec raw;
    cop_term module;
    cop_term wrong;
    bool whole;

    if (!read_raw(spec, &raw) || !has_dynamic_shape(spec, &raw))
        return invalid("invalid_child_spec", spec);
    if (!read_start(raw.start, &module)) return invalid("invalid_mfa", raw.start);
    fill_defaults(&raw, module);
    if (!read_restart(raw.restart, &checked.restart))
        return invalid("invalid_restart_type", raw.restart);
    if (!read_shutdown(raw.shutdown, &checked.shutdown))
        return invalid("invalid_shutdown", raw.shutdown);
    if (!read_type(raw.type, &checked.supervisor)) return invalid("invalid_child_type", raw.type);
    if (!cop_is_none(wrong_module(raw.modules, &whole)))
        return invalid("invalid_modules", raw.modules);
    if (!cop_match(raw.significant, "false"))
        return invalid("invalid_significant", raw.significant);
    wrong = read_extensions(&raw, &checked);
    if (!cop_is_none(wrong)) return wrong;
    checked.id = raw.id;
    checked.start = raw.start;
    checked.modules = raw.modules;
    checked.significant = false;
    *ret = checked;
    return cop_none();
}

/* --- Back to terms ---------------------------------------------------------------------------- */

cop_term cop__restart_term(enum cop__restart restart)
{
    switch (restart) {
    case COP__PERMANENT: return COP(":permanent");
    case COP__TRANSIENT: return COP(":transient");
    case COP__TEMPORARY: return COP(":temporary");
    }
    return cop_none();
}

cop_term cop__shutdown_term(int64_t shutdown)
{
    if (shutdown == COP__SHUTDOWN_INFINITY) return COP(":infinity");
    if (shutdown == COP__SHUTDOWN_BRUTAL_KILL) return COP(":brutal_kill");
    return cop_int(shutdown);
}

cop_term cop__type_term(bool supervisor)
{
    return supervisor ? COP(":supervisor") : COP(":worker");
}

cop_term cop__spec_extensions(const struct cop__spec *spec)
{
    cop_term backoff = cop__backoff_term(&spec->backoff);
    cop_term mailbox = cop_mailbox_term(spec->mailbox);
    cop_term list = cop_empty_list();

    if (!cop_match(mailbox, "nil")) list = cop_cons(cop_tuple(COP(":mailbox"), mailbox), list);
    if (!cop_match(backoff, "nil")) list = cop_cons(cop_tuple(COP(":backoff"), backoff), list);
    return list;
}

cop_term cop__spec_map(const struct cop__spec *spec)
{
    cop_term id = spec->id;
    cop_term start = spec->start;
    cop_term modules = spec->modules;
    cop_term restart = cop__restart_term(spec->restart);
    cop_term shutdown = cop__shutdown_term(spec->shutdown);
    cop_term type = cop__type_term(spec->supervisor);
    bool significant = spec->significant;
    cop_term map =
        cop_build("%{id: id, start: start, restart: restart, shutdown: shutdown, type: type,"
                  " modules: modules, significant: significant}",
                  id, start, restart, shutdown, type, modules, significant);

    for (cop_term rest = cop__spec_extensions(spec); !cop_is_empty_list(rest);
         rest = cop_tail(rest))
        map = cop_map_put(map, cop_elem(cop_head(rest), 0), cop_elem(cop_head(rest), 1));
    return map;
}
