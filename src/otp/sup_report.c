/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of supervisors' reports. Nothing is built when they are not asked for. */
#include "otp/sup_report.h"

#include "coppice/node.h"
#include "otp/exception.h"
#include "otp/log_erlang.h"
#include "otp/log_settings.h"
#include "otp/sup_server.h"

static void add_name(struct cop__text *text, const struct cop__sup *sup)
{
    cop_term name = cop_kept_term(sup->name);

    if (cop_match(name, "{:via, _, name}", name) || cop_match(name, "{:global, name}", name) ||
        !cop_match(name, "nil")) {
        cop__text_add_term(text, name);
        return;
    }
    cop__text_add_term(text, cop_pid_term(cop_self()));
    cop__text_add(text, " (");
    cop__text_add_term(text, cop_kept_term(sup->module));
    cop__text_add(text, ")");
}

/* LOG-15. The arguments of a temporary child are not known any more: then a ? stands for them. */
static void add_start_call(struct cop__text *text, cop_term start, cop_term extra)
{
    cop_term args = cop_elem(start, 2);

    cop__text_add(text, "\nStart Call: ");
    if (cop_list_len(args) >= 0) {
        cop__text_add_call(text, cop_elem(start, 0), cop_elem(start, 1),
                           cop_list_append(extra, args));
        return;
    }
    cop__text_add_term(text, cop_elem(start, 0));
    cop__text_add(text, ".");
    cop__text_add_bytes(text, cop_atom_text(cop_elem(start, 1)));
    cop__text_add(text, "/?");
}

static void add_pid(struct cop__text *text, cop_pid pid)
{
    cop__text_add(text, "\nPid: ");
    cop__text_add_term(text, cop_pid_term(pid));
}

static void add_child(struct cop__text *text, const struct cop__sup *sup,
                      const struct cop__child *child)
{
    add_start_call(text, cop_kept_term(child->start), cop_kept_term(sup->extra));
    if (!cop__log_details_on()) return;
    cop__text_add(text, "\nRestart: ");
    cop__text_add_term(text, cop__restart_term(child->restart));
    cop__text_add(text, "\nShutdown: ");
    cop__text_add_term(text, cop__shutdown_term(child->shutdown));
    cop__text_add(text, "\nType: ");
    cop__text_add_term(text, cop__type_term(child->supervisor));
}

/* what: "Child " or "Children ". */
static void add_head(struct cop__text *text, const char *what, const struct cop__sup *sup,
                     const struct cop__child *child)
{
    cop__text_add(text, what);
    cop__text_add_term(text, cop_kept_term(child->id));
    cop__text_add(text, " of Supervisor ");
    add_name(text, sup);
}

static void log_text(enum cop_level level, const struct cop__text *text)
{
    cop_log(level, "%.*s", (int)text->len, text->data);
}

/* SUP-64. At the limit of restarts the process was named before; at a failed start there is none,
 * but for a Supervisor's first attempt to restart, which still knows the dead one. */
static bool names_pid(const struct cop__sup *sup, enum cop__sup_context context,
                      const struct cop__child *child)
{
    switch (context) {
    case COP__CHILD_TERMINATED:
    case COP__SHUTDOWN_ERROR: return true;
    case COP__START_ERROR: return !sup->kind->dynamic && child->state == COP__CHILD_RUNNING;
    case COP__CAUSED_SHUTDOWN: return false;
    }
    return false;
}

/* --- In Erlang's form ------------------------------------------------------------------------- */

static bool is_erlang(void)
{
    return cop_logger_form() != COP_FORM_ELIXIR;
}

static bool is_one_line(void)
{
    return cop_logger_form() == COP_FORM_ERLANG_LINE;
}

static cop_term supervisor_name(const struct cop__sup *sup)
{
    cop_term name = cop_kept_term(sup->name), module = cop_kept_term(sup->module);

    if (cop_match(name, "nil")) return cop_tuple(cop_self(), module);
    return cop_is_atom(name) ? cop_tuple(COP(":local"), name) : name;
}

/* "Word: term. " */
static void add_sentence(struct cop__text *text, const char *word, cop_term t)
{
    cop__text_add_format(text, "%s: ", word);
    cop__text_add_erlang(text, t);
    cop__text_add(text, ". ");
}

static void add_key(struct cop__text *text, const char *key, cop_term t)
{
    cop__text_add_format(text, "%s=", key);
    cop__text_add_erlang(text, t);
}

/* "Word: id=a,pid=<0.1.0>." or "Word: id=a,nb_children=2." of an offender; what is not known is
 * left out. */
static void add_short_offender(struct cop__text *text, const char *word, cop_term offending)
{
    cop_term pid = cop_keyword_get(offending, COP(":pid"), cop_none());
    cop_term number = cop_keyword_get(offending, COP(":nb_children"), cop_none());

    cop__text_add_format(text, "%s: ", word);
    add_key(text, "id", cop_keyword_get(offending, COP(":id"), cop_nil()));
    if (!cop_is_none(pid)) add_key(text, ",pid", pid);
    if (!cop_is_none(number)) add_key(text, ",nb_children", number);
    cop__text_add(text, ".");
}

/* [first, {:id, id}, {:mfargs, start}, ...] (SUP-64); first: the pid or a number, or cop_none(). */
static cop_term offender(const struct cop__sup *sup, const struct cop__child *child, cop_term first)
{
    cop_term id = cop_kept_term(child->id), start = cop_kept_term(child->start);
    cop_term restart = cop__restart_term(child->restart), type = cop__type_term(child->supervisor);
    cop_term shutdown = cop__shutdown_term(child->shutdown);
    cop_term significant = cop_bool(child->significant), args = cop_elem(start, 2);
    cop_term list;

    if (cop_list_len(args) >= 0)
        start = cop_tuple(cop_elem(start, 0), cop_elem(start, 1),
                          cop_list_append(cop_kept_term(sup->extra), args));
    list = cop_build("[id: id, mfargs: start, restart_type: restart, significant: significant,"
                     " shutdown: shutdown, child_type: type]",
                     id, start, restart, significant, shutdown, type);
    return cop_is_none(first) ? list : cop_cons(first, list);
}

/* LOG-16 */
static void log_erlang(const struct cop__sup *sup, enum cop__sup_context context, cop_term reason,
                       cop_term offending)
{
    static const char *const contexts[] = {[COP__START_ERROR] = "start_error",
                                           [COP__CHILD_TERMINATED] = "child_terminated",
                                           [COP__CAUSED_SHUTDOWN] = "shutdown",
                                           [COP__SHUTDOWN_ERROR] = "shutdown_error"};
    COP__TEXT(text);

    if (is_one_line()) {
        add_sentence(&text, "Supervisor", supervisor_name(sup));
        add_sentence(&text, "Context", cop_atom(contexts[context]));
        add_sentence(&text, "Reason", reason);
        add_short_offender(&text, "Offender", offending);
    } else {
        cop__text_add_field(&text, "supervisor", supervisor_name(sup));
        cop__text_add_field(&text, "errorContext", cop_atom(contexts[context]));
        cop__text_add_field(&text, "reason", reason);
        cop__text_add_field(&text, "offender", offending);
    }
    cop__log_report(COP_ERROR, "SUPERVISOR REPORT", &text);
}

/* --- The reports ------------------------------------------------------------------------------ */

void cop__sup_report(const struct cop__sup *sup, enum cop__sup_context context, cop_term reason,
                     const struct cop__child *child)
{
    static const char *const words[] = {
        [COP__START_ERROR] = " failed to start",
        [COP__CHILD_TERMINATED] = " terminated",
        [COP__CAUSED_SHUTDOWN] = " caused shutdown",
        [COP__SHUTDOWN_ERROR] = " shut down abnormally",
    };
    cop_term inner;
    COP__TEXT(text);

    if (!cop__log_sasl_on()) return;
    if (is_erlang()) {
        cop_term pid = cop_tuple(COP(":pid"), child->pid);

        log_erlang(sup, context, reason,
                   offender(sup, child, names_pid(sup, context, child) ? pid : cop_none()));
        return;
    }
    if (context == COP__START_ERROR && cop_match(reason, "{:EXIT, inner}", inner)) reason = inner;
    add_head(&text, "Child ", sup, child);
    cop__text_add(&text, words[context]);
    cop__text_add(&text, "\n** (exit) ");
    cop__add_exit(&text, reason);
    if (names_pid(sup, context, child)) add_pid(&text, child->pid);
    add_child(&text, sup, child);
    log_text(COP_ERROR, &text);
}

void cop__sup_report_together(const struct cop__sup *sup, cop_term reason,
                              const struct cop__child *template, int64_t number)
{
    COP__TEXT(text);

    if (!cop__log_sasl_on()) return;
    if (is_erlang()) {
        log_erlang(sup, COP__SHUTDOWN_ERROR, reason,
                   offender(sup, template, cop_tuple(COP(":nb_children"), number)));
        return;
    }
    add_head(&text, "Children ", sup, template);
    cop__text_add(&text, " shut down abnormally\n** (exit) ");
    cop__add_exit(&text, reason);
    cop__text_add(&text, "\nNumber: ");
    cop__text_add_term(&text, cop_int(number));
    add_child(&text, sup, template);
    log_text(COP_ERROR, &text);
}

void cop__sup_report_progress(const struct cop__sup *sup, const struct cop__child *child)
{
    COP__TEXT(text);

    if (!cop__log_sasl_on()) return;
    if (is_erlang()) {
        cop_term started = offender(sup, child, cop_tuple(COP(":pid"), child->pid));

        if (is_one_line()) {
            add_sentence(&text, "Supervisor", supervisor_name(sup));
            add_short_offender(&text, "Started", started);
        } else {
            cop__text_add_field(&text, "supervisor", supervisor_name(sup));
            cop__text_add_field(&text, "started", started);
        }
        cop__log_report(COP_INFO, "PROGRESS REPORT", &text);
        return;
    }
    add_head(&text, "Child ", sup, child);
    cop__text_add(&text, " started");
    add_pid(&text, child->pid);
    add_child(&text, sup, child);
    log_text(COP_INFO, &text);
}

void cop__sup_report_unexpected(const char *who, cop_term msg)
{
    COP__TEXT(text);

    cop__text_add_term(&text, msg);
    cop_log(COP_ERROR, "%s received unexpected message: %.*s", who, (int)text.len, text.data);
}
